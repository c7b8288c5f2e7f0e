"""Found -> Looked: what was found, what of it an answer may be drawn from, and how good a ground that is.

In: a question as asked, what was found for it, the weights of words. Out: what `answering.py` and the prompt go on
with. Of a question that was joined to an earlier turn, the ground is judged by what it asks itself. It finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag import answering, decide, evidence, spread
from rag.facts import language
from rag.records import Hit
from rag.search import Found, Search
from rag.unseen import without_orders

FIRST, READ = 3, 500
"""How many hits are judged, and characters of each."""

VERDICT, VERDICT_STATUTE = 0.6, 0.45
"""What a verdict weighs beside the score of a clause. Of 69 doubtful questions on a newspaper page the hit so chosen is
of the right article for .957, by score and words alone for .928; of 157 questions on 206 laws for .764 and .720, with
0.6 for .732."""


@dataclass(frozen=True)
class Looked:
    """`question` is as asked and `own` what of it is answered, without the earlier turn that it may be `joined` to;
    `telling` are the hits that speak of it."""

    question: str
    found: Found
    own: str
    joined: bool
    telling: tuple[Hit, ...]
    ground: decide.Ground
    weight: evidence.Weight

    @property
    def near(self) -> Sequence[Hit]:
        """The hits that an answer may be drawn from: where little is spoken of, the best of them alone."""
        if self.ground.quotable or not self.telling:
            return self.telling
        return decide.best(self.ground.asked, language(self.question), self.telling, self.weight)

    def tells(self, part: str = "") -> Callable[[str], float]:
        """How much a text speaks of what is asked, or of a part of it, 0 to 1."""
        return decide.teller(part or self.own, language(self.question), self.near, self.weight)

    def judged(self, states: Callable[[str, str], float]) -> Looked:
        """The same with the verdicts of `states`, the log-odds that a text states what is asked, where words alone
        leave in doubt whether any hit does: how good a ground they are, and the one that an answer is drawn from."""
        if not self.ground.doubtful:
            return self
        tells, hits = self.tells(), self.telling[:FIRST]
        weight = VERDICT_STATUTE if hits[0].document.kind == "statute" else VERDICT
        odds = [states(self.ground.asked, _read(hit)) for hit in hits]

        def score(n: int) -> float:
            clause = spread.clearest(spread.places([hits[n]]), tells, self.own)
            return weight * odds[n] + (spread.clear(clause, tells, self.own) if clause else 0.0)

        best = hits[max(range(len(hits)), key=score)]
        return replace(self, telling=(best,), ground=decide.judged(self.ground, max(odds)))


def looked(question: str, found: Found, search: Search) -> Looked:
    """How good a ground for an answer is what `search` found."""
    lang, weight, documents = language(question), search.lexical.weight, search.layout.documents.values()
    joined = found.rewritten is not None and found.rewritten not in question
    own = question if joined and any(not t.light for t in evidence.terms(question, lang)) else found.asked
    telling = decide.telling(own, lang, answering.near(found), weight)
    others = () if found.about else [document.title for document in documents]
    ground = decide.ground(own, lang, telling, weight, others, whole=found.asked if joined else "")
    if not joined:
        own = ground.asked
    return Looked(question, found, without_orders(own) or own, joined, tuple(telling), ground, weight)


def adds_nothing(told: str, turns: Sequence[str], lang: str) -> bool:
    """Whether a wording of the last of the `turns` by somebody else says something, and has no content but theirs."""
    said = [term.text for term in evidence.terms(told, lang) if not term.light]
    theirs = {term.text for turn in turns for term in evidence.terms(turn, lang)}
    there = " ".join(turns)
    return bool(said) and told != turns[-1] and all(text in theirs or (lang == "zh" and text in there) for text in said)


def _read(hit: Hit) -> str:
    """The provision, or what of a long one is around the clause found nearest."""
    begin = hit.nearest[0].start - hit.provision.start - READ // 4 if hit.nearest else 0
    begin = max(0, min(begin, len(hit.text) - READ))
    return hit.text[begin : begin + READ].replace("\n", " ")
