"""What an answer says -> the clauses that it left out. Pure.

In: the question, what is cited, the provisions that were read. Out: the clauses that are to be told too: of other
places of a matter, of a part of the question, of what is named beside another, and one that is nearly as clear as
the one told. `tells` says how much of what is asked a text speaks of, 0 to 1. It judges no sentence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from rag import evidence, spread
from rag.cut import tagged
from rag.evidence import Term
from rag.questions import asked, is_bare
from rag.records import Hit, Path

SEVERAL = re.compile(r"哪[两三四五]|哪几[种类]|哪些(?:规定|要求|条(?!件)款?|地方)(?!.*第.{1,4}条)")
ALL, MORE = 0.95, 2
"""Share of what is asked from which on a clause speaks of all of it, and how many such are added."""
SPEAKS, MORE_THAN = 0.6, 0.25
"""Share of a part of a question that a clause must speak of to be added for it, and by how much more than others."""

AS_CLEAR = 0.15
"""How much less clear than the clearest a clause of the same article may be to be told beside it. Of 210 questions on a
newspaper page, of which one clause told the key facts of .78, two so chosen tell .84, with an eighth more of text."""

_JOINT = re.compile(r"[、和与跟及]|以及|还有")
_COUNTED = re.compile(r"哪(?:[两三四五]|几(?=[种类]))[个种类项条家款门]?大?([\u3400-\u9fff]{2})")
_QUOTED = re.compile(r"[“\"《]([^“”\"《》]+)[”\"》]")
_NAMES = "nr", "ns", "nt"


def more(
    question: str, cited: Collection[tuple[str, Path]], hits: Sequence[Hit], tells: spread.Tells
) -> list[spread.Shown]:
    """Clauses beside those `cited` (doc_id, path) that speak of all of a matter, where several are asked for."""
    if not SEVERAL.search(question):
        return []
    told = [(hit.document, path) for hit in hits for doc_id, path in cited if holds(hit, doc_id, path)]
    said = [document.text_of(document.by_path[path]) for document, path in told]
    counted = _COUNTED.search(question)
    if counted and any(_names(counted[1], text) for text in said):
        return []
    new = [place for place in spread.places(hits) if (place.hit.document.doc_id, place.leaf.path) not in cited]
    telling = [place for place in new if tells(place.text) >= ALL]
    return [one for place in telling[:MORE] for one in spread.quote(place.hit.document, place.leaf, question)]


def _names(noun: str, clause: str) -> bool:
    """Whether a clause names several of a kind side by side: 自动驾驶、智慧城市等场景."""
    beside = rf"[^，,。；;、和与]{{1,10}}{noun}" if noun in clause else ""
    return bool(re.search(rf"(?:{_JOINT.pattern}){beside}", clause))


def as_clear(
    question: str, cited: Collection[tuple[str, Path]], hits: Sequence[Hit], tells: spread.Tells
) -> list[spread.Shown]:
    """The clause that is the clearest of the article cited, or nearly, where another of them was told: which of two
    answers is not known well enough to leave one out."""
    of = [hit for hit in hits if any(holds(hit, *each) for each in cited)][:1]
    ranked = sorted(spread.places(of), key=lambda place: -spread.clear(place, tells, question))
    best = spread.clear(ranked[0], tells, question) if ranked else 0.0
    for place in ranked[:2]:
        known = any(doc == place.hit.document.doc_id and place.leaf.path[: len(path)] == path for doc, path in cited)
        of_title = tells(place.titled) > 0 >= tells(place.text)  # all that it tells is its article's title
        if not (known or of_title) and spread.clear(place, tells, question) >= best - AS_CLEAR:
            return spread.quote(place.hit.document, place.leaf, question)
    return []


def holds(hit: Hit, doc_id: str, path: Path) -> bool:
    """Whether a provision of a document is within a hit."""
    top = hit.provision.path
    return hit.document.doc_id == doc_id and path[: len(top)] == top


def left_out(
    parts: Sequence[spread.Tells], cited: Sequence[str], hits: Sequence[Hit], question: str
) -> list[spread.Shown]:
    """For each part of a question of which none of the clauses `cited` speaks, the clause that does: of their document
    where a part is bare."""
    found: list[spread.Shown] = []
    same = [hit for hit in hits if any(text in hit.document.text for text in cited)]
    for tells, part in zip(parts, asked(question), strict=True) if len(parts) > 1 else ():
        best = spread.clearest(spread.places(same if is_bare(part) else hits), tells)
        told = tells(best.text) if best else 0.0
        if best and told >= SPEAKS and all(tells(other) <= told - MORE_THAN for other in cited):
            found += spread.quote(best.hit.document, best.leaf, question)
    return found


def side_by_side(question: str, lang: str) -> list[Term]:
    """What a Chinese question names side by side: nouns with 和 between them, and names with 和 anywhere between them.

    Fewer than two are none.
    """
    words = list(tagged(question)) if lang == "zh" else []
    ends = [(at, at + len(word), tag.lstrip("?")) for word, at, tag in words]
    spans = [found.span(1) for found in _QUOTED.finditer(question)]
    spans += [(at, end) for at, end, tag in ends if tag.startswith(_NAMES)]
    chosen = {span for span in spans if any(_JOINT.search(question[min(span, o)[1] : max(span, o)[0]]) for o in spans)}
    for (at, end, tag), (behind, last, kind) in pairwise(
        e for e in ends if not _JOINT.fullmatch(question[e[0] : e[1]])
    ):
        if _JOINT.fullmatch(question[end:behind].strip('“”" ')) and tag[0] == kind[0] == "n":
            chosen |= {(at, end), (behind, last)}
    found = [term for at, end in sorted(chosen) for term in evidence.terms(question[at:end], lang)[-1:]]
    return found if len(found) > 1 else []


def beside(
    wanted: Sequence[Term], cited: Sequence[str], hits: Sequence[Hit], tells: spread.Tells, of: Collection[str]
) -> tuple[list[spread.Shown], list[str]]:
    """For each of the words named side by side of which no clause `cited` speaks, the clause that does; and those
    names of which none does. A word that is no name is looked for in the documents `of` alone, by doc_id: 外宾 of
    another story are others."""
    there = [(place, evidence.Text(place.text)) for place in spread.places(hits)]
    spoken = [evidence.Text(text) for text in cited]
    found, silent = list[spread.Shown](), list[str]()

    def speaks(text: evidence.Text, term: Term) -> bool:
        return text.has(term) >= evidence.PARTLY

    if not any(speaks(text, term) for text in spoken for term in wanted):
        return [], []
    for term in wanted:
        if any(speaks(text, term) for text in spoken):
            continue
        name = any(tag.startswith(_NAMES) for _, _, tag in tagged(term.text))
        among = [place for place, text in there if speaks(text, term) and (name or place.hit.document.doc_id in of)]
        best = spread.clearest(among, tells)
        if best:
            found += spread.quote(best.hit.document, best.leaf, "")
            spoken.append(evidence.Text(best.text))
        elif name:
            silent.append(term.text)
    return found, silent
