"""Question and text -> how much of what is asked about the text speaks of, 0 to 1, and the words that it lacks. Pure.

In: a question, a clause with its article and title, and how telling a word is (`Lexical.weight`). Out: the share of the
question's content that stands there, each word weighed by its rarity. A word may stand there as the term that a law, a
plan or the other language has for it (`lay.toml`, `glossary.toml`). What only asks (什么, 多少), and the names of
provisions and documents, count for nothing. It decides nothing: `decide.py` does.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources

from rag import facts, widen
from rag.across import LONGEST, WORD, Table, longest
from rag.cut import CHINESE, stem, tagged
from rag.unseen import without_orders

Weight = Callable[[str], float]

RENDERED = 0.9
"""What a word counts for that stands there as another term."""

LIGHT = re.compile(r"[cpuyrqz?]|mq?$")
"""Parts of speech of words whose absence tells nothing: particles, pronouns, measures, and what is no word
(里点, 地管), unless it is longer than two characters, as names are."""

DOUBTED = re.compile(
    r"(?<![要若但还])是(?P<by>[\u3400-\u9fff·]{2,16}?)(?:倡议|提议|提出|发起|牵头|创[办立]|[建成]立|主办|举办|颁[发布]|写|拍|执导)[^,，。?？]{0,6}的"
)
"""By whom it is asked whether something was done: 是古特雷斯倡议建立的，对不对 may be wrong in that alone."""

PARTLY = 0.5
"""Share of a long word's bigrams from which on it is said to stand there."""

PART = re.compile(
    r"序言|前言|(?:倒数)?第\s*[\d零〇一二两三四五六七八九十百]+\s*[条款项句段点章节]|最[后末][一\d][条款项句段]|[上下][一\d]条|"
    r"\b(?:Article|Art\.|Recital|Annex|Section|Chapter|Paragraph)\s+[\dIVX]+(?:\(\w+\))*",
    re.IGNORECASE,
)
"""How a question names a provision."""


@dataclass(frozen=True)
class Term:
    """A content word of a question, as it is looked for, and the other wordings of it.

    The absence of a `light` one tells nothing.
    """

    text: str
    others: frozenset[str]
    light: bool = False


@functools.cache
def generic(lang: str) -> frozenset[str]:
    """Words that only ask, or could be asked of any provision (`generic.toml`); the English ones as stems too."""
    lists = tomllib.loads((resources.files("rag") / "generic.toml").read_text(encoding="utf-8"))
    words = lists[lang].split()
    return frozenset((*words, *map(stem, words)) if lang == "en" else words)


def terms(question: str, lang: str, titles: Sequence[str] = ()) -> tuple[Term, ...]:
    """The content words of a question in their order; `titles` are of the documents that it names."""
    return _terms(question, lang, tuple(titles))


@functools.lru_cache(64)  # an answer asks for those of its question some ten times
def _terms(question: str, lang: str, titles: tuple[str, ...]) -> tuple[Term, ...]:
    text = facts.arabic(PART.sub(" ", without_orders(question) or question)).lower()
    for title in titles:
        text = text.replace(facts.arabic(title).lower(), " ")
    words = list(tagged(text)) if lang == "zh" else [(word, at, "n") for word, at in _words(text)]
    alike = _alike(text, lang, [(word, at) for word, at, _ in words])
    doubted = DOUBTED.search(text) if lang == "zh" and facts.asks_whether(question) else None
    first, last = doubted.span("by") if doubted else (0, 0)
    found = []
    for word, at, tag in words:
        known = word if CHINESE.match(word) else stem(word)
        if {known, word} & generic(lang) or len(word) == 1 or first <= at < last:
            continue
        others = {term for place in range(at, at + len(word)) for term in alike.get(place, ())}
        light = bool(LIGHT.match(tag)) and len(word) == 2 and not word.isascii()
        found.append(Term(known, frozenset(others), light))
    return tuple(found)


def share(wanted: Sequence[Term], text: str, weight: Weight) -> tuple[float, tuple[str, ...]]:
    """The share of the content that `text` has, 0 to 1, and the words it lacks; 1 where nothing is wanted.

    0 where all that is wanted are words whose absence alone would tell nothing.
    """
    there = Text(text)
    had = whole = 0.0
    missing = []
    for term in wanted:
        part, size = there.has(term), weight(term.text)
        if term.light and part < PARTLY:
            continue
        whole, had = whole + size, had + size * part
        if part < PARTLY:
            missing.append(term.text)
    return (had / whole if whole else float(not wanted)), tuple(missing)


def teller(question: str, lang: str, titles: Sequence[str], weight: Weight) -> Callable[[str], float]:
    """How much of what is asked a text speaks of, 0 to 1, for many texts."""
    wanted = terms(question, lang, titles)
    return lambda text: share(wanted, text, weight)[0]


class Text:
    """A text in which words are looked for: Chinese as it stands, English by its stems."""

    def __init__(self, text: str) -> None:
        self._plain = facts.arabic(text).lower()
        self._stems = f" {' '.join(stem(word) for word, _ in _words(self._plain))} "

    def has(self, term: Term) -> float:
        """1 for the word itself, `RENDERED` for another term, the share of its bigrams for a long Chinese word."""
        if self._stands(term.text):
            return 1.0
        pairs = [term.text[n : n + 2] for n in range(len(term.text) - 1)] if CHINESE.match(term.text) else []
        part = sum(pair in self._plain for pair in pairs) / len(pairs) if len(pairs) > 1 else 0.0
        return max(part, RENDERED * any(self._stands(other) for other in term.others))

    def _stands(self, wording: str) -> bool:
        if CHINESE.search(wording):
            return wording in self._plain
        return f" {' '.join(stem(word) for word, _ in _words(wording))} " in self._stems


def _words(text: str) -> list[tuple[str, int]]:
    return [(found.group(), found.start()) for found in WORD.finditer(text)]


def _alike(text: str, lang: str, words: Sequence[tuple[str, int]]) -> dict[int, set[str]]:
    """What the tables have for the expressions of a question, by the places of their characters."""
    units = [(char, at) for at, char in enumerate(text)] if lang == "zh" else words
    joint = "" if lang == "zh" else " "
    found: dict[int, set[str]] = {}
    for table in widen.tables(lang):

        def known(run: Sequence[str], table: Table = table) -> tuple[str, ...] | None:
            return next((table[form] for form in widen.forms(joint.join(run), lang) if form in table), None)

        for begin, end, alike in longest([unit for unit, _ in units], LONGEST[lang], known):
            if alike:
                last, at = units[end - 1]
                for place in range(units[begin][1], at + len(last)):
                    found.setdefault(place, set()).update(facts.arabic(term).lower() for term in alike)
    return found
