"""Found -> Looked: what was found, what of it an answer may be drawn from, and how good a ground that is.

In: a question as asked, what was found for it, the weights of words. Out: what `answering.py` and the prompt go on
with. Of a question that was joined to an earlier turn, the ground is judged by what it asks itself. It finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from rag import answering, decide, evidence
from rag.facts import language
from rag.records import Document, Hit
from rag.search import Found
from rag.unseen import without_orders


@dataclass(frozen=True)
class Looked:
    """`question` is as asked and `own` what of it is answered, without the earlier turn that it may be `joined` to;
    `near` are the hits that an answer may be drawn from."""

    question: str
    found: Found
    own: str
    joined: bool
    near: tuple[Hit, ...]
    ground: decide.Ground
    weight: evidence.Weight

    def tells(self, part: str = "") -> Callable[[str], float]:
        """How much a text speaks of what is asked, or of a part of it, 0 to 1."""
        return decide.teller(part or self.own, language(self.question), self.near, self.weight)


def looked(question: str, found: Found, weight: evidence.Weight, documents: Collection[Document]) -> Looked:
    """How good a ground for an answer `found` is, in an index of these documents."""
    lang = language(question)
    joined = found.rewritten is not None and found.rewritten not in question
    own = question if joined and any(not t.light for t in evidence.terms(question, lang)) else found.asked
    near = decide.telling(own, lang, answering.near(found), weight)
    others = () if found.about else [document.title for document in documents]
    ground = decide.ground(own, lang, near, weight, others, whole=found.asked if joined else "")
    if not joined:
        own = ground.asked
    read = near if ground.quotable else decide.best(ground.asked, lang, near, weight) if near else near
    return Looked(question, found, without_orders(own) or own, joined, tuple(read), ground, weight)


def adds_nothing(told: str, turns: Sequence[str], lang: str) -> bool:
    """Whether a wording of the last of the `turns` by somebody else says something, and has no content but theirs."""
    said = [term.text for term in evidence.terms(told, lang) if not term.light]
    theirs = {term.text for turn in turns for term in evidence.terms(turn, lang)}
    there = " ".join(turns)
    return bool(said) and told != turns[-1] and all(text in theirs or (lang == "zh" and text in there) for text in said)
