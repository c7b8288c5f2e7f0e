"""Documents -> drafts of questions for a person to correct, each with its gold clause and key fact.

In: Documents and any Generator. Out: rows in the form of a question set. A draft is kept only when its answer stands in
the clause word for word and its question does not give it away; whether it is a good question is for the person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rag import facts
from rag.evaluate.asking import messages, reply
from rag.labels import article_of
from rag.records import Document, Generator, Provision

_QUESTION = re.compile(r"(?:问题|Question)\s*[：:]\s*(.+)", re.IGNORECASE)
_ANSWER = re.compile(r"(?:答案|Answer)\s*[：:]\s*(.+)", re.IGNORECASE)
_LEAST, _MOST = 25, 400
"""Characters of a clause about which a question can be asked."""
_LONGEST = 60
_TOKENS = 90


def drafts(
    documents: Sequence[Document], writer: Generator, n: int, report: Callable[[int, int], None]
) -> Iterator[dict[str, Any]]:
    """Up to `n` drafts, from clauses spread evenly over the documents."""
    clauses = [(d, p) for d in documents for p in d.provisions if _LEAST <= p.end - p.start <= _MOST and _is_leaf(d, p)]
    made = 0
    for tried, (document, provision) in enumerate(_spread(clauses)):
        if made == n or tried == 3 * n:
            break
        report(made, n)
        if row := _draft(document, provision, writer):
            made += 1
            yield {"id": f"draft-{made:03}", **row}
    report(made, n)


def _is_leaf(document: Document, provision: Provision) -> bool:
    return provision.path[0][0] != "preamble" and not document.children(provision.path)


def _spread(clauses: Sequence[tuple[Document, Provision]]) -> Iterator[tuple[Document, Provision]]:
    """All clauses, first those far apart: by halves, quarters, eighths of the way."""
    seen: set[int] = set()
    parts = 1
    while len(seen) < len(clauses):
        for k in range(parts):
            at = (2 * k + 1) * len(clauses) // (2 * parts)
            if at not in seen:
                seen.add(at)
                yield clauses[at]
        parts *= 2


def _draft(document: Document, provision: Provision, writer: Generator) -> dict[str, Any] | None:
    clause = document.text_of(provision)
    said_by = reply(writer, messages("draft", document.lang, clause=clause), document.lang, _TOKENS)
    asked, said = _QUESTION.search(said_by), _ANSWER.search(said_by)
    if not asked or not said:
        return None
    question, answer = asked[1].strip(), said[1].strip(' 。.“”"')
    folded = facts.plain(answer)
    if not folded or len(answer) > _LONGEST or folded not in facts.plain(clause) or folded in facts.plain(question):
        return None
    gold = {"doc": document.title, "article": article_of(provision.path), "path": [list(s) for s in provision.path]}
    return {
        "lang": document.lang, "kind": "draft", "question": question, "answerable": True, "gold": [gold],
        "keys": [[answer]], "answer": answer,
    }  # fmt: skip
