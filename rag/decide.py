"""Question and Hits -> is this evidence, before any model is asked. Pure.

In: a question, the Hits that an answer may be drawn from, and how telling a word is. Out: Ground: how sure it is that
one of them answers, and which parts of the question nothing speaks of. Statutes are asked about in everyday words that
they do not use, and there the embedder tells more; a plan or the news are asked about in their own words, and what
those lack is not told. The weights are fitted by `tests/benchmarks/evidence.py`. What a model writes is not judged here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag import evidence, facts
from rag.records import Hit

STATUTE = (2.9, 0.4, 93.5, -83.4)
OTHER = (0.7, 5.8, 0.0, -2.9)
"""Weights of the share of the question's content in the best clause and in its article, of the cosine, and a constant,
for statutes and for all else: logistic regression on answerable and unanswerable questions."""

ACROSS = 1.3
"""Added across languages, where the glossary and the embedder tell less."""

WHETHER = 0.8
"""Added where yes or no is asked for: what the text lacks may be what is wrong with the question."""

REFERRED = 1.0
"""Added for a provision that the question names."""

NEAR = 0.9
"""Cosine above which nearness tells no more; that of a provision found by its number is no cosine."""

ENOUGH = 0.4
"""Probability below which nothing is answered."""

SURE = 0.75
"""Probability from which on the nearest clause is an answer although a model found none."""

# Two questions in one: 吞吐量是多少?利润呢?
_PARTS = re.compile(
    r"[?？;；]\s*|[,，]\s*(?=(?:以及|还有|并且|同时)?[^,，?？]{0,12}(?:多少|什么|哪|谁|怎|如何|几|是否|吗))|\?\s+(?=[A-Z])"
)
_ASKS = re.compile(
    r"多少|什么|哪|谁|怎|如何|几|是否|吗|呢|何|\b(?:what|which|who|when|where|why|how|is|are|does|do|did|can|may)\b",
    re.I,
)
_COUNTED = re.compile(
    r"(?:多少|(?<!哪)几)(?:[\u3400-\u9fff]{0,4}?)([\u3400-\u9fff]{2})(?=[?？,，。了的在由于被]|\Z)"
    r"|([\u3400-\u9fff]{2})(?:总?[是为有]|达)多少"
)
YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")


@dataclass(frozen=True)
class Ground:
    """`sure` is the probability, 0 to 1, that the question is answered by one of the hits; `open_parts` are those of
    its parts that nothing found speaks of, where others are spoken of."""

    sure: float
    open_parts: tuple[str, ...] = ()

    @property
    def enough(self) -> bool:
        return self.sure >= ENOUGH


def ground(question: str, lang: str, hits: Sequence[Hit], weight: evidence.Weight) -> Ground:
    """How well `hits` are a ground to answer on; hits found by reference are one."""
    if not hits:
        return Ground(0.0)
    parts = [part for part in _PARTS.split(question) if _ASKS.search(part)] or [question]
    sure = [_sure(part, lang, hits, weight) for part in parts]
    left = tuple(part.strip() for part, found in zip(parts, sure, strict=True) if found < ENOUGH)
    return Ground(max(sure), left if len(left) < len(parts) else ())


def _sure(question: str, lang: str, hits: Sequence[Hit], weight: evidence.Weight) -> float:
    wanted = evidence.terms(question, lang, [hit.document.title for hit in hits])
    return max(_of_hit(question, lang, hit, wanted, weight) for hit in hits)


def _of_hit(question: str, lang: str, hit: Hit, wanted: Sequence[evidence.Term], weight: evidence.Weight) -> float:
    label = f"{hit.document.title} {' '.join(hit.provision.headings)} {hit.document.date or ''} "
    if lang == hit.document.lang and not _has_what_is_counted(question, label + hit.text):
        return 0.0
    article, _ = evidence.share(wanted, label + hit.text, weight)
    nearest = hit.document.text_of(hit.nearest[0]) if hit.nearest else hit.text
    clause, _ = evidence.share(wanted, label + nearest, weight)
    one, whole, near, constant = STATUTE if hit.document.kind == "statute" else OTHER
    odds = one * clause + whole * article + near * min(hit.cosine, NEAR) + constant
    odds += REFERRED * (hit.how == "reference") + ACROSS * (lang != hit.document.lang)
    odds += WHETHER * evidence.asks_whether(question)
    return 1 / (1 + math.exp(-odds))


def _has_what_is_counted(question: str, text: str) -> bool:
    """Whether the year asked about, and what is counted or measured, are spoken of at all: 多少标准箱, 票房是多少."""
    there = facts.arabic(text)
    if any(year not in there for year in YEAR.findall(facts.arabic(question))):
        return False
    counted = (found[1] or found[2] for found in _COUNTED.finditer(question))
    return all(thing in there or thing in evidence.GENERIC["zh"] for thing in counted)
