"""Text -> words: jieba's for Chinese, Snowball's stems for English. Pure; the home of both libraries.

In: any text, Chinese and English mixed. Out: words with where they stand, or what a search counts. It drops nothing
but what holds no letter, digit or character.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Any

WORD = re.compile(r"[0-9A-Za-z\u3400-\u9fff]")
CHINESE = re.compile(r"[\u3400-\u9fff]+")
_NAMES = ("nr", "ns")


@functools.cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def stem(word: str) -> str:
    """The stem of an English word in lower case."""
    return str(_stemmer().stemWord(word))


def cut(text: str) -> Iterator[tuple[str, int]]:
    """The words of a text, each once, with where each begins."""
    import rjieba

    return ((word, start) for word, start, _ in rjieba.tokenize(text, "default", True) if WORD.search(word))


def tagged(text: str) -> Iterator[tuple[str, int, str]]:
    """The words of a Chinese text with where each begins and its part of speech, "?" before that of a guessed word."""
    import rjieba

    at = 0
    for word, tag in rjieba.tag(text):
        if WORD.search(word):
            tag = "n" if tag in _NAMES and word in _common() else tag
            yield word, at, tag if len(word) == 1 or rjieba.has_word(word) else f"?{tag}"
        at += len(word)


@functools.cache
def _common() -> frozenset[str]:
    lists = tomllib.loads((resources.files("rag") / "generic.toml").read_text(encoding="utf-8"))
    return frozenset(lists["no_names"].split())


def searched(text: str) -> Iterator[str]:
    """The words of a text in lower case, long Chinese ones with the shorter ones inside them."""
    import rjieba

    return (found for word in rjieba.cut_for_search(text) if WORD.search(found := word.strip().lower()))
