"""A clause in another language than the question -> what a language model is to render of it, and in which words.

In: the clause's sentence, the language to put it in, and what tells how much a text speaks of the question. Out: the
part of the sentence that speaks of it most, and the glossary's words for what stands there. It asks no model and judges
no rendering: `cite.py` does, by the same glossary.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from rag.across import LONGEST, SENTENCE, WORD, longest, read
from rag.facts import language
from rag.worded import stem

PART = {"zh": 48, "en": 130}
"""Characters of a sentence that are rendered at most: a small model takes a second for ten words."""

_CUT = {"zh": re.compile(r"(?<=[，,；;：:])(?!\d)"), "en": re.compile(r"(?<=[,;:])\s")}


def part(text: str, tells: Callable[[str], float]) -> str:
    """The parts of one sentence around the one that speaks of the question most, as many as may be rendered."""
    lang = language(text)
    pieces = [piece for sentence in SENTENCE.split(text) for piece in _CUT[lang].split(sentence) if piece.strip()]
    joint = "" if lang == "zh" else " "
    first = last = max(range(len(pieces)), key=lambda n: tells(pieces[n]))
    while True:
        wider = [(a, b) for a, b in ((first, last + 1), (first - 1, last)) if a >= 0 and b < len(pieces)]
        fits = [(a, b) for a, b in wider if len(joint.join(pieces[a : b + 1])) <= PART[lang]]
        if not fits:
            return joint.join(pieces[first : last + 1]).strip().rstrip("，,；;：:")
        first, last = max(fits, key=lambda ends: tells(joint.join(pieces[ends[0] : ends[1] + 1])))


def words(text: str) -> str:
    """The glossary's words for a text in the other language: "开源 open source; 平台 platform"; each once."""
    lang = language(text)
    units = list(text.lower()) if lang == "zh" else [stem(word) for word in WORD.findall(text.replace("-", " "))]
    joint = "" if lang == "zh" else " "
    table = _table(lang)
    known = longest(units, LONGEST[lang], lambda run: table.get(joint.join(run)))
    found = {joint.join(units[begin:end]): word for begin, end, word in known if word}
    return "; ".join(f"{said} {word}" for said, word in found.items() if len(said) > 1)


@functools.cache
def _table(lang: str) -> dict[str, str]:
    """Expressions of `lang` (English in stems) -> the other language's most usual, and shortest, word for each."""
    found: dict[str, tuple[tuple[int, int], str]] = {}
    for name in ("glossary.toml", "common.toml"):
        for english, chinese in read(name)["en_zh"].items():
            for n, term in enumerate(chinese):
                said, word = (term.lower(), english) if lang == "zh" else (" ".join(map(stem, english.split())), term)
                rank = (n, word.count(" "))
                if said not in found or found[said][0] > rank:
                    found[said] = (rank, word)
    return {said: word for said, (_, word) in found.items()}
