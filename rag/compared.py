"""A question that compares, with the articles or documents it names -> what each of them says, side by side.

In: the question, what it names, and a search within one document. Out: sentences in the words of each side, with the
side's name; None where it compares nothing that is here. It asks no model: two sides told by a small one get mixed up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from rag import evidence
from rag.labels import short_label
from rag.named import Named
from rag.records import Document, Hit, Path
from rag.retrieve import at
from rag.spread import Shown, leaves, quote
from rag.told import clauses

ASKED = re.compile(
    r"比较|对[比照]|(?<!首)都[把将点提讲谈说写对有怎]|区别|不同|异同|差别|差异|分别|一致|各(?![国方类级地种项位界个])|"
    r"\bcompar|\bdiffer|\brespectively\b|\bboth\b",
    re.IGNORECASE,
)
_MATTERS = re.compile(
    r"(?:[^：:]{2,30}[：:]|比较一下|比较|对比|关于|请问)?\s*([^，,。：:和与]{2,24}?)(?:和|与|[，,]?以及)"
    r"([^，,。：:和与]{2,24}?)(?=对|在|的|各|分别|有|之间|[，,])"
)
_QUOTED = re.compile(r"[“\"]([^“”\"]+)[”\"]")
MOSTLY = 0.6
"""Share of the name of a matter that a clause must have to speak of it."""

SHORT = 150
"""Characters up to which an article is told whole when it is a side."""

LEAST = 0.3
"""Share of the question's content that a clause must have to be told, where the question has content."""

MOST = 3
"""How many clauses of a side are told."""

Side = tuple[str, list[Shown]]


def sides(
    question: str, lang: str, named: Named | None, about: Sequence[Document],
    within: Callable[[Document], Sequence[Hit]], find: Callable[[str], Sequence[Hit]], weight: evidence.Weight,
) -> list[Side] | None:  # fmt: skip
    """Each side with what it says, [] for one that says nothing of it.

    `within` finds the hits in one document, `find` those for a wording. Sides are articles, documents, or two matters
    (甲和乙各…), of which both must be spoken of.
    """
    if not ASKED.search(question):
        return None
    wanted = evidence.terms(question, lang, [document.title for document in about])
    if named and len(named.paths) > 1:
        one = len({document.doc_id for document, _ in named.paths}) == 1
        labels = [short_label(d.lang, path) if one else d.label(path) for d, path in named.paths]
        said = [_of_provision(d, path, question, lang, wanted, weight) for d, path in named.paths]
        found = list(zip(labels, said, strict=True))
    elif len(about) > 1:
        found = [(d.label(()), _of_document(within(d), question, wanted, weight)) for d in about]
    elif matters := _MATTERS.match(question):
        rest = question[matters.end() :]
        names = [(_QUOTED.findall(each) or [each])[-1] for each in matters.groups()]
        found = [(each, _of_matter(each, rest, lang, find, weight)) for each in names]
        return found if all(said for _, said in found) else None
    else:
        return None
    return found if any(said for _, said in found) else None


def _of_matter(
    matter: str, rest: str, lang: str, find: Callable[[str], Sequence[Hit]], weight: evidence.Weight
) -> list[Shown]:
    """The clause that speaks most of one matter, and of what is asked of both."""
    own, both = evidence.terms(matter, lang), evidence.terms(matter + rest, lang)
    places = [(hit.document, leaf.path) for hit in find(matter + rest) for leaf in leaves(hit)]
    telling = _telling(places, own, weight)
    most = telling[0][0] if telling else 0.0  # 数字鸿沟 is much of 智能鸿沟, which stands elsewhere
    spoken = [place for share, place in telling if share >= max(MOSTLY, most - 0.1)]
    ranked = _telling(spoken, both, weight)
    return quote(ranked[0][1][0], ranked[0][1][0].by_path[ranked[0][1][1]], "") if ranked else []


def _of_provision(
    document: Document, path: Path, question: str, lang: str, wanted: Sequence[evidence.Term], weight: evidence.Weight
) -> list[Shown]:
    provision = document.by_path[path]
    # Across languages what an article lacks may only be worded otherwise.
    if wanted and lang == document.lang and evidence.share(wanted, document.text_of(provision), weight)[0] < LEAST:
        return []
    if not wanted or provision.end - provision.start <= SHORT:
        return [Shown(text, document, each) for text, document, each in clauses(document, provision)]
    below = [leaf.path for leaf in leaves(at(document, path, "reference")) if leaf.path[: len(path)] == path]
    ranked = _telling([(document, leaf) for leaf in below], wanted, weight)
    chosen = [leaf for _, (_, leaf) in ranked] or below
    return [shown for leaf in chosen[:MOST] for shown in quote(document, document.by_path[leaf], question)]


def _of_document(
    hits: Sequence[Hit], question: str, wanted: Sequence[evidence.Term], weight: evidence.Weight
) -> list[Shown]:
    places = [(hit.document, leaf.path) for hit in hits for leaf in leaves(hit)]
    ranked = _telling(places, wanted, weight)
    best = ranked[0][0] if ranked else 0.0
    near = [place for share, place in ranked if share >= best * 0.8][:MOST]
    return [shown for document, path in near for shown in quote(document, document.by_path[path], question)]


def _telling(
    places: Sequence[tuple[Document, Path]], wanted: Sequence[evidence.Term], weight: evidence.Weight
) -> list[tuple[float, tuple[Document, Path]]]:
    """Those of the places that speak of what is wanted, with how much of it, the most telling first."""

    def told() -> Iterator[tuple[float, tuple[Document, Path]]]:
        for document, path in places:
            share, _ = evidence.share(wanted, document.text_of(document.by_path[path]), weight)
            if share >= LEAST:
                yield share, (document, path)

    return sorted(told(), key=lambda found: -found[0])
