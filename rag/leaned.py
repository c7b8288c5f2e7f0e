"""The best hits -> the provisions that their clauses refer to, of the same document or another that is here.

In: hits, the best first, and the names of the documents. Out: a hit for each provision that is not among them. What a
reference means is read by `reference.py`; nothing is searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag import reference, retrieve
from rag.records import Document, Hit
from rag.titles import Titles, mentioned


def leaned_on(hits: Sequence[Hit], titles: Titles) -> Iterator[Hit]:
    """The provisions that the best clauses refer to, of the same document or another that is here."""
    known = {(hit.document.doc_id, hit.provision.path) for hit in hits}
    for hit in hits[:2]:
        clause = hit.nearest[0] if hit.nearest else hit.provision
        for link in reference.links(hit.document, clause):
            document: Document | None = hit.document
            if link.document:
                document = next(iter(mentioned(f"《{link.document}》", titles)), None)
            if not document or not link.path or (top := link.path[:1]) not in document.by_path:
                continue
            if (document.doc_id, top) not in known:
                known.add((document.doc_id, top))
                path = link.path if link.path in document.by_path else top
                yield retrieve.at(document, path, "crossref", hit.score * retrieve.BESIDE)
