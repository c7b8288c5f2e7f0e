"""Question -> the words that a law or plan would use for what it says in everyday words, or in another language.

In: a question. Out: terms to search for beside its own words, from two tables written by hand: `lay.toml` (everyday ->
legal) and `glossary.toml` (English <-> Chinese, everyday -> the wording of policy). The longest expression wins, and
what stands in 《》 is left alone. It searches nothing, and asks no model.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from rag.across import LONGEST, Table, longest, read

_TITLE = re.compile(r"《[^《》]*》")
_UNITS = {"zh": re.compile(r"[a-z0-9]+|[^\s]"), "en": re.compile(r"(?:[a-z]\.){2,}|[a-z0-9]+(?:['&.][a-z0-9]+)*")}


def terms(question: str, lang: str) -> tuple[str, ...]:
    """The terms for a question in `lang`, each once, in the order in which what they stand for is said."""
    text = _TITLE.sub(" ", question).lower()
    units = _UNITS[lang].findall(text.replace("-", " "))
    found = (term for table in tables(lang) for key in _expressions(units, table, lang) for term in table[key])
    return tuple(dict.fromkeys(term for term in found if term.lower() not in text))


def _expressions(units: Sequence[str], table: Table, lang: str) -> Iterator[str]:
    joint = "" if lang == "zh" else " "

    def known(run: Sequence[str]) -> str | None:
        return next((form for form in forms(joint.join(run), lang) if form in table), None)

    return (key for _, _, key in longest(units, LONGEST[lang], known) if key)


def forms(said: str, lang: str) -> tuple[str, ...]:
    if lang == "zh":
        return (said,)
    return (said, *(said.removesuffix(ending) for ending in ("s", "es", "'s")))


@functools.cache
def tables(lang: str) -> tuple[Table, ...]:
    lay, glossary = (read(name) for name in ("lay.toml", "glossary.toml"))
    if lang == "en":
        return lay["en"], glossary["en_zh"]
    english: dict[str, tuple[str, ...]] = {}
    for expression, chinese in glossary["en_zh"].items():
        for term in chinese:
            english[term.lower()] = (*english.get(term.lower(), ()), expression)
    return {**glossary["zh_policy"], **lay["zh"]}, english
