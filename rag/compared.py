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
from rag.spread import Shown, quote
from rag.told import clauses

ASKED = re.compile(
    r"比较|对比|区别|不同|异同|差别|差异|分别|一致|各(?:自|是|有|指|讲|说|谈|怎么|如何|要求|规定)|"
    r"\bcompar|\bdiffer|\brespectively\b|\bboth\b",
    re.IGNORECASE,
)
SHORT = 150
"""Characters up to which an article is told whole when it is a side."""

LEAST = 0.3
"""Share of the question's content that a clause must have to be told, where the question has content."""

MOST = 3
"""How many clauses of a side are told."""

Side = tuple[str, list[Shown]]


def sides(
    question: str, lang: str, named: Named | None, about: Sequence[Document],
    within: Callable[[Document], Sequence[Hit]], weight: evidence.Weight,
) -> list[Side] | None:  # fmt: skip
    """Each side with what it says, [] for one that says nothing of it; `within` finds the hits in one document."""
    if not ASKED.search(question):
        return None
    wanted = evidence.terms(question, lang, [document.title for document in about])
    if named and len(named.paths) > 1:
        one = len({document.doc_id for document, _ in named.paths}) == 1
        found = [
            (short_label(d.lang, path) if one else d.label(path), _of_provision(d, path, question, wanted, weight))
            for d, path in named.paths
        ]
    elif len(about) > 1:
        found = [(d.label(()), _of_document(within(d), question, wanted, weight)) for d in about]
    else:
        return None
    return found if any(said for _, said in found) else None


def _of_provision(
    document: Document, path: Path, question: str, wanted: Sequence[evidence.Term], weight: evidence.Weight
) -> list[Shown]:
    provision = document.by_path[path]
    if not wanted or provision.end - provision.start <= SHORT:
        return [Shown(text, document, each) for text, document, each in clauses(document, provision)]
    leaves = [p for p in document.provisions if p.path[: len(path)] == path and not document.children(p.path)]
    ranked = _telling([(document, p.path) for p in leaves], wanted, weight)
    return [shown for _, (_, leaf) in ranked[:MOST] for shown in quote(document, document.by_path[leaf], question)]


def _of_document(
    hits: Sequence[Hit], question: str, wanted: Sequence[evidence.Term], weight: evidence.Weight
) -> list[Shown]:
    places = [(hit.document, path) for hit in hits for path, _ in hit.clauses if not hit.document.children(path)]
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
            if not document.is_title(path):
                share, _ = evidence.share(wanted, document.text_of(document.by_path[path]), weight)
                if share >= LEAST:
                    yield share, (document, path)

    return sorted(told(), key=lambda found: -found[0])
