"""The `index` command: what an index holds, document by document, what is damaged in it, and making it anew.

In: Settings and an action. Out: `Seen`, the exit status with the same told as JSON and as lines. It prints nothing.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from rag import index
from rag.checks import counts
from rag.errors import UsageError
from rag.ingest import Report
from rag.mend import faults, rebuild
from rag.records import Document
from rag.settings import Settings
from rag.versions import name_of, superseded
from rag.words import say


@dataclass(frozen=True)
class Seen:
    status: int
    value: Any
    lines: tuple[str, ...]


def look(settings: Settings, action: str, document: str | None, report: Report) -> Seen:
    """Do `action`: list, show (a `document`), check or rebuild. Raises UsageError, IndexError_, ModelError."""
    if action == "rebuild":
        done = rebuild(settings, report)
        made = {"index": str(settings.index), "documents": done.documents, "chunks": done.chunks}
        return Seen(0, made, (say("index_rebuilt", **made),))
    if action == "check":
        found = [asdict(fault) for fault in faults(settings)]
        lines = tuple(say("index_fault", **fault).removesuffix("\n  → ") for fault in found)
        return Seen(1 if found else 0, found, lines or (say("index_whole", folder=settings.index),))
    if action == "show" and not document:
        raise UsageError("index_which")
    content = index.Content(settings.index)
    entries = list(_entries(content, document))
    if document and not entries:
        titles = [name_of(held.title) for held in content.documents.values()]
        near = ", ".join(difflib.get_close_matches(name_of(document), titles, n=3, cutoff=0.0))
        raise UsageError("index_no_document", folder=settings.index, name=document, near=near)
    return Seen(0, entries, (*_lines(entries), *([] if document else [_total(content)])))


def _entries(content: index.Content, name: str | None) -> Iterator[dict[str, Any]]:
    """What is known of each document, or of those that `name` names, and then their outlines too."""
    chunks = Counter(piece.doc_id for piece in content.chunks)
    old = superseded(content.documents.values(), None, date.today().isoformat())
    for held in content.documents.values():
        if name is not None and not _is_named(held, name):
            continue
        kinds = ("doc_id", "title", "kind", "lang", "issuer", "date", "effective", "source")
        articles = sum(provision.path[0][0] == "article" for provision in held.children(()))
        entry = {kind: getattr(held, kind) for kind in kinds}
        entry |= {"articles": articles, "chunks": chunks[held.doc_id], "superseded": held.doc_id in old}
        yield entry | ({"history": held.history, "provisions": counts(held)} if name is not None else {})


def _is_named(held: Document, name: str) -> bool:
    return name in (held.doc_id, held.source) or name_of(held.title) == name_of(name)


def _lines(entries: list[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        line = say("index_entry", **entry | {"date": entry["date"] or ""})
        yield line + (say("index_superseded") if entry["superseded"] else "")
        if "provisions" in entry:
            yield "  " + " · ".join(say(f"kind_{kind}", n=n) for kind, n in entry["provisions"].items())


def _total(content: index.Content) -> str:
    sizes = {"documents": len(content.documents), "chunks": len(content.chunks)}
    where = content.manifest.chroma or str(content.build)
    return say("index_total", embedder=content.manifest.embedder, build=where, **sizes)
