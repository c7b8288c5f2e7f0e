"""Documents that a visitor of the page uploads: read -> structure -> chunk -> embed, in memory, for that visitor alone.

In: a visitor's id, which the page keeps, and files. Out: `Step`s while they are taken in, then what is `Kept`, and a
Search over the shared index with these beside it. Nothing of it reaches the disk or the index; what was not used for
`upload_hours` goes, and everything when the process ends. How often somebody may upload, `allowance.py` says.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rag.checks import counts, notes
from rag.chunk import chunk
from rag.errors import DocumentError, UsageError
from rag.read import Limits, files_in, text_of
from rag.read.files import File, digest, shown
from rag.records import Chunk, Document
from rag.search import OWN, Search
from rag.settings import Settings
from rag.structure import structure
from rag.words import say

MB = 2**20
NAME = 100  # characters of a file's name that are kept
SLICE = 64  # chunks embedded between two steps
PER_CLAUSE = 250
"""Characters of text that are structured for each clause that a visitor may have: laws have 130 of them in one, and
structuring a million takes up to six seconds, in which no other upload is read."""
IDLE = 3600.0
"""Seconds without use after which a visitor's documents may go to make room for another's."""
_ID = re.compile(r"[A-Za-z0-9_-]{43}")
Vectors = npt.NDArray[np.float32]


class Passages(Protocol):
    dimension: int

    def passages(self, texts: Sequence[str]) -> Vectors: ...


@dataclass(frozen=True)
class Upload:
    """A file that a browser sent, and the name it had there, which may be anything."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class Kept:
    """A file of a visitor's, read and embedded; `key` names it, `size` is in bytes."""

    key: str
    name: str
    size: int
    documents: tuple[Document, ...]
    chunks: tuple[Chunk, ...] = field(repr=False)
    vectors: Vectors = field(repr=False)


@dataclass(frozen=True)
class Step:
    """How far the file `n` of `of` is: "read", "embed" with `done` of `total` chunks, "done" with what is `kept`, or
    "failed" with the `error`."""

    n: int
    of: int
    name: str
    stage: str
    done: int = 0
    total: int = 0
    kept: Kept | None = None
    error: DocumentError | None = None


@dataclass
class _Visitor:
    used: float
    files: dict[str, Kept] = field(default_factory=dict)  # replaced, never changed: others may be reading it
    joined: tuple[dict[str, Kept], Search, Search] | None = None


def new_id() -> str:
    """An id that nobody can guess; who has it, has the documents."""
    return secrets.token_urlsafe(32)


def is_id(text: str) -> bool:
    """Whether `new_id` may have made it."""
    return _ID.fullmatch(text) is not None


def found(document: Document, lang: str) -> tuple[str, list[str]]:
    """What was found in a document, in words: its provisions by kind, and what its reader should know."""
    counted = " · ".join(say(f"kind_{kind}", lang, n=n) for kind, n in counts(document).items())
    return counted, [note.words(lang) for note in notes(document)]


class Visitors:
    """What all visitors have uploaded; one for a process, for any number of threads.

    `embedder` is called when the first file is embedded; `clock` gives seconds.
    """

    def __init__(
        self, settings: Settings, embedder: Callable[[], Passages], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings, self._embedder, self._clock = settings, embedder, clock
        self._visitors: dict[str, _Visitor] = {}
        self._lock = threading.Lock()
        self._reading = threading.Lock()  # pdfium is not made for threads

    def add(self, visitor: str, uploads: Sequence[Upload]) -> Generator[Step, None, None]:
        """Take in files, archives member by member; each that is "done" may be asked from then on.

        Closing the generator stops: the file being read is dropped. What is wrong with a file is in its step.
        Raises UsageError for an id that `new_id` did not make, DocumentError for more files than a visitor may have.
        """
        most = self.settings.upload_files
        if not is_id(visitor):
            raise UsageError("visitor_id")
        if len(uploads) > most:
            raise DocumentError("visitor_files", path=_name(uploads[most].name), n=len(uploads), limit=most)
        files = [file for upload in uploads for file in self._files(upload)]
        for n, file in enumerate(files, 1):
            step = Step(n, len(files), file.name, "read")
            yield step
            try:
                yield from self._take(visitor, file, step)
            except DocumentError as error:
                yield replace(step, stage="failed", error=error)

    def files(self, visitor: str) -> list[Kept]:
        """What a visitor has, in the order in which it came; nothing for one who is not known or was away too long."""
        with self._lock:
            known = self._known(visitor)
            return list(known.files.values()) if known else []

    def documents(self, visitor: str) -> list[Document]:
        return [document for kept in self.files(visitor) for document in kept.documents]

    def remove(self, visitor: str, key: str) -> None:
        """Forget a file; one that is not there is none of this visitor's, and nothing happens."""
        with self._lock:
            if known := self._known(visitor):
                known.files, known.joined = {k: kept for k, kept in known.files.items() if k != key}, None

    def clear(self, visitor: str) -> None:
        """Forget a visitor."""
        with self._lock:
            self._visitors.pop(visitor, None)

    def search(self, visitor: str, shared: Search) -> Search:
        """`shared` with the visitor's documents beside it; made again only when either has changed."""
        with self._lock:
            known = self._known(visitor)
            for each in self._visitors.values():
                if each.joined and each.joined[1] is not shared:
                    each.joined = None  # over a build before, whose index it would keep open
            if known is None or not known.files:
                return shared
            files, joined = known.files, known.joined
        if joined and joined[0] is files and joined[1] is shared:
            return joined[2]
        documents = {document.doc_id: document for kept in files.values() for document in kept.documents}
        chunks = [piece for kept in files.values() for piece in kept.chunks]
        both = shared.beside(documents, chunks, np.concatenate([kept.vectors for kept in files.values()]))
        known.joined = (files, shared, both)
        return both

    def sweep(self) -> None:
        """Forget who was away too long. Every call does so; this is for when nobody calls."""
        with self._lock:
            self._swept()

    def _files(self, upload: Upload) -> list[File]:
        """The files of an upload, of which only archives are opened; what is wrong with one its loading raises."""
        name, most = _name(upload.name), self.settings.upload_files
        suffix = PurePosixPath(name).suffix.lower()
        if suffix != ".zip":
            return [File(name, suffix, lambda: upload.data)]
        try:
            self._small(name, upload.data)
            found = files_in(name, upload.data)
            if len(found) > most:
                raise DocumentError("visitor_files", path=name, n=len(found), limit=most)
            return found
        except DocumentError as error:
            raised = error

            def load() -> bytes:
                raise raised

            return [File(name, "", load)]

    def _small(self, name: str, data: bytes) -> None:
        if len(data) > self.settings.upload_mb * MB:
            size = -(-len(data) // MB)
            raise DocumentError("document_too_large", path=name, size=size, limit=self.settings.upload_mb)

    def _take(self, visitor: str, file: File, step: Step) -> Generator[Step, None, None]:
        data = file.load()
        self._small(file.name, data)
        key = digest(data)
        with self._lock:
            known = self._known(visitor)
            kept = known.files.get(key) if known else None
            if kept is None:
                self._room(visitor, file.name, len(data), 0)
        if kept is None:
            with self._reading:
                source = text_of(file, data, Limits(self.settings.upload_pages, 2 * self.settings.upload_mb * MB))
                if len(source.text) > (most := self.settings.upload_clauses * PER_CLAUSE):
                    what, limit = f"{len(source.text)} characters", f"{most} characters"
                    raise DocumentError("document_too_long", path=file.name, what=what, limit=limit)
                read = structure(source, file.name, key)
            documents = tuple(replace(document, doc_id=OWN + document.doc_id) for document in read)
            if not documents:
                raise DocumentError("document_empty", path=file.name)
            chunks = tuple(piece for document in documents for piece in chunk(document))
            with self._lock:
                self._room(visitor, file.name, len(data), len(chunks))
            embedder = self._embedder()
            vectors = np.zeros((len(chunks), embedder.dimension), dtype=np.float32)
            for at in range(0, len(chunks), SLICE):
                yield replace(step, stage="embed", done=at, total=len(chunks))
                vectors[at : at + SLICE] = embedder.passages([piece.text for piece in chunks[at : at + SLICE]])
            yield replace(step, stage="embed", done=len(chunks), total=len(chunks))  # who stops here has nothing kept
            kept = Kept(key, file.name, len(data), documents, chunks, vectors)
            with self._lock:
                known = self._room(visitor, file.name, len(data), len(chunks))
                known.files = {**known.files, key: kept}
        yield replace(step, stage="done", done=len(kept.chunks), total=len(kept.chunks), kept=kept)

    def _room(self, visitor: str, name: str, size: int, clauses: int) -> _Visitor:
        """The visitor, who may have one more file of so many bytes and chunks. Raises DocumentError. Hold the lock."""
        settings = self.settings
        known = self._known(visitor) or self._new(visitor, name)
        kept = known.files.values()
        if len(kept) >= settings.upload_files:
            raise DocumentError("visitor_files", path=name, n=len(kept) + 1, limit=settings.upload_files)
        total = size + sum(each.size for each in kept)
        if total > settings.upload_total_mb * MB:
            raise DocumentError("visitor_total", path=name, size=-(-total // MB), limit=settings.upload_total_mb)
        pieces = clauses + sum(len(each.chunks) for each in kept)
        if pieces > settings.upload_clauses:
            raise DocumentError("visitor_clauses", path=name, n=pieces, limit=settings.upload_clauses)
        return known

    def _known(self, visitor: str) -> _Visitor | None:
        self._swept()
        known = self._visitors.get(visitor)
        if known:
            known.used = self._clock()
        return known

    def _new(self, visitor: str, name: str) -> _Visitor:
        """Room for a visitor; where there is none, the one who was away longest goes, after `IDLE` at the earliest."""
        if len(self._visitors) >= self.settings.upload_visitors:
            longest = min(self._visitors, key=lambda each: self._visitors[each].used)
            if self._clock() - self._visitors[longest].used < IDLE:
                raise DocumentError("visitor_crowd", path=name)
            del self._visitors[longest]
        return self._visitors.setdefault(visitor, _Visitor(self._clock()))

    def _swept(self) -> None:
        oldest = self._clock() - self.settings.upload_hours * 3600
        for visitor in [each for each, known in self._visitors.items() if known.used < oldest]:
            del self._visitors[visitor]


def _name(given: str) -> str:
    """The last part of a name from a browser, as it may be shown; never empty, with its ending however long it is."""
    last = PurePosixPath(shown(given)).name or "?"
    suffix = PurePosixPath(last).suffix[:10]
    return last if len(last) <= NAME else last[: NAME - len(suffix) - 1] + "…" + suffix
