"""The parts of a question that what was found for all of it leaves open -> each looked for by itself, and answered
behind the rest.

In: what was found for the whole question, and how to find for a part of it. Out: the same without those parts, each of
them as it is found alone; and the Answers to all of them as one. It finds nothing itself, and asks no model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rag import answering, decide, facts, retrieve
from rag.evidence import PART
from rag.looked import Looked
from rag.questions import asked
from rag.records import Answer, Tokens

BETTER = 0.2
"""By how much surer what is found for a part alone must be than the provision that another part names."""

SPENT = ("generate", "verify")
"""Timings that add up over the parts; of the others the first counts."""


def apart(at: Looked, find: Callable[[str], Looked]) -> tuple[Looked, tuple[Looked, ...]]:
    """What is left of a question, and the parts of it to be answered by themselves.

    These are the parts that nothing found speaks of, and those that name no provision where another does, if something
    else is a surer ground for them.
    """
    ground, named = at.ground, at.found.named
    if at.joined:
        return at, ()
    left = {part: find(part) for part in ground.open_parts}
    parts = asked(ground.asked)
    if named and named.paths and any(PART.search(part) for part in parts):
        for part in parts:
            if PART.search(part):
                continue
            alone = find(part)
            within = decide.ground(part, facts.language(part), at.telling, at.weight)
            refers = alone.found.named and alone.found.named.paths
            if not refers and alone.ground.sure >= within.sure + BETTER:
                left[part] = alone
    if not left:
        return at, ()
    kept = "？".join(part for part in parts if part not in left)
    return replace(at, own=kept, ground=replace(ground, asked=kept, open_parts=())), tuple(left.values())


def together(answers: Sequence[tuple[str, Answer]], lang: str) -> Answer:
    """The answers to the parts of a question, each with its part, as one that says for which nothing was found."""
    (_, whole), *rest = answers
    for _, more in rest:
        whole = _behind(whole, more)
    silent = [part for part, answer in answers if not answer.sentences]
    if not whole.sentences or not rest:
        return whole
    return replace(whole, reason=None, note=answering.noted(whole.note, "told_open", lang, parts=silent))


def _behind(answer: Answer, more: Answer) -> Answer:
    citations, numbers = list(answer.citations), dict[int, int]()
    for each in more.citations:
        same = next((c.n for c in citations if (c.doc_id, c.path) == (each.doc_id, each.path)), len(citations) + 1)
        numbers[each.n] = same
        if same > len(citations):
            citations.append(replace(each, n=same))
    said = {each.text for each in answer.sentences}
    added = [
        replace(each, citations=tuple(numbers[n] for n in each.citations))
        for each in more.sentences
        if each.text not in said
    ]
    notes = dict.fromkeys(filter(None, (answer.note, more.note if more.sentences else None)))
    spent = {name: answer.timings.get(name, 0.0) + more.timings[name] for name in SPENT if name in more.timings}
    return replace(
        answer,
        sentences=(*answer.sentences, *added),
        citations=tuple(citations),
        removed=(*answer.removed, *more.removed),
        retrieved=tuple(retrieve.together(answer.retrieved, more.retrieved)),
        note=" ".join(notes) or None,
        llm=more.llm if more.sentences else answer.llm,
        tokens=_sum(answer.tokens, more.tokens),
        timings={**more.timings, **answer.timings, **spent},
        documents={**answer.documents, **more.documents},
    )


def _sum(one: Tokens | None, other: Tokens | None) -> Tokens | None:
    if not (one and other):
        return one or other
    return Tokens(one.prompt + other.prompt, one.answer + other.answer)
