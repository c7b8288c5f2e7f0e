"""Document -> Chunks: what is embedded and searched. The clause is found, the article is given to the model.

Every article (or recital, annex, news paragraph) is one chunk; so is each of its paragraphs, items and points, and
each sentence of a provision that is long. A chunk's text begins with its breadcrumb: document, heading, article.
It does not cut texts to a model's window: a long article is also there as its clauses.
"""

from __future__ import annotations

import hashlib

from rag.labels import short_label
from rag.records import Chunk, Document, Provision

VERSION = "5"
"""Raise it whenever the same file would give other documents, chunks or words: an index of another is made anew."""

LONG = 120
"""Characters from which a provision's sentences are chunks of their own."""


def chunk(document: Document) -> list[Chunk]:
    """The chunks of a document, in document order."""
    return [_chunk(document, p) for p in document.provisions if _is_searched(document, p)]


def _is_searched(document: Document, provision: Provision) -> bool:
    if len(provision.path) == 1 or provision.path[-1][0] != "sentence":
        return True
    parent = document.by_path[provision.path[:-1]]
    return parent.end - parent.start >= LONG


def _chunk(document: Document, provision: Provision) -> Chunk:
    heading = provision.headings[-1] + " " if provision.headings else ""
    label = short_label(document.lang, provision.path[:1])
    text = f"《{document.title}》{heading}{label}\n{document.text_of(provision)}"
    key = repr((document.doc_id, provision.path, text))
    return Chunk(hashlib.sha256(key.encode()).hexdigest()[:24], document.doc_id, provision.path, text)
