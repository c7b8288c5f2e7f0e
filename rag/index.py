"""Documents, chunks and vectors <-> a folder with a Chroma collection in it, or beside it on a Chroma server.

    INDEX/current              the name of the build that is served, replaced in one rename
    INDEX/builds/NAME/         documents.jsonl and chunks.jsonl (the truth), vectors.npy (a row a chunk), chroma/
                               (unless on a server), lexical/, and manifest.json with the checksums of the others
    INDEX/lock, lock.holder    one writer at a time, and who it is

In: what the pipeline has read, cut and embedded. Out: the same, and the nearest chunks of a vector.
A build is made in a folder of its own, checked, and becomes current by replacing `current`; what is served is never
changed in place, and a build that was killed is a folder that nothing points to, swept by the next writer. Where little
has changed a build starts from a copy of the collection of the one before.
The manifest is written last: a build without it was never finished. `keep.py` writes all this, and this reads it.
It does not know how chunks were made, nor the lexical index but for the folder it leaves to it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from rag.errors import IndexError_
from rag.labels import to_path
from rag.records import Chunk, Document
from rag.vectors import COLLECTION, FOLDER, Exact, Store, Vectors, may_write

T = TypeVar("T")

FORMAT = 1
"""Of the build's files. 0 had no checksums and no vectors.npy; it is read, and the next build is of this format."""

HERE = "folder"
"""The setting `chroma` for vectors in the index folder."""


@dataclass(frozen=True)
class Manifest:
    """What an index was made with. `files` maps each source file to {"sha256", "documents"}.

    `build`: the name of the build it belongs to.   `chroma`: the server of the collection, "" for the build's folder.
    `collection`: its name.   `stale`: rows deleted since the collection was made anew.
    `sums`: file of the build -> [bytes, SHA-256]; Chroma's database, in which readers write, is not among them.
    """

    embedder: str
    checksum: str
    dimension: int
    prompts: dict[str, str]
    chunker: str
    chunks: int
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    format: int = 0
    build: str = ""
    chroma: str = ""
    collection: str = COLLECTION
    stale: int = 0
    sums: dict[str, tuple[int, str]] = field(default_factory=dict)


class Content:
    """What a build holds beside its collection. Raises IndexError_ when there is none or it is damaged."""

    def __init__(self, folder: Path, build: Path | None = None) -> None:
        self.folder, self.build = folder, build or current(folder)
        self.manifest = manifest(folder, self.build)  # not of `current`, which may be another by now
        for name, (size, _) in self.manifest.sums.items():
            if not (file := self.build / name).is_file() or file.stat().st_size != size:
                raise IndexError_("index_damaged", folder=folder, why=f"{file} is cut or missing")
        digests = {name: digest for name, (_, digest) in self.manifest.sums.items()}
        self.documents = {d.doc_id: d for d in documents_in(self.build, digests.get("documents.jsonl"))}
        self.chunks = chunks_in(self.build, digests.get("chunks.jsonl"))

    @property
    def lexical(self) -> Path:
        """The folder of the lexical index of the same chunks."""
        return self.build / "lexical"

    def vectors(self) -> Vectors:
        """The vectors of all chunks, in their order."""
        if self.manifest.format:
            return np.asarray(np.load(self.build / "vectors.npy"), dtype=np.float32)
        store = Store(self.build)
        stored = store.vectors([c.chunk_id for c in self.chunks])
        store.close()
        if len(stored) != len(self.chunks):
            raise IndexError_("index_damaged", folder=self.folder, why=f"{len(stored)} vectors")
        return np.asarray([stored[c.chunk_id] for c in self.chunks], dtype=np.float32)


class Index(Content):
    """One build, opened for searching; `chroma` is where the settings have the vectors, "" where they do not say.

    A server named there is asked in place of the manifest's: it may have moved.
    Raises IndexError_ when there is no build, it is damaged, its server does not answer, or its vectors are elsewhere.
    """

    def __init__(self, folder: Path, chroma: str = "") -> None:
        super().__init__(folder)
        server = self.manifest.chroma
        if chroma and (chroma == HERE) == bool(server):
            raise IndexError_("index_elsewhere", folder=folder, has=server or HERE, wants=chroma)
        self._store: Store | Exact
        if not server and self.manifest.format and (self.build / FOLDER).exists() and not may_write(self.build):
            self._store = Exact(self.chunks, self.vectors())
        else:
            self._store = self._chroma(server and (chroma or server))
        self.close = self._store.close  # without the index itself, so that it outlives it
        if (rows := self._store.count()) != len(self.chunks):
            self.close()
            raise IndexError_("index_damaged", folder=folder, why=f"{rows} vectors, {len(self.chunks)} chunks")

    def _chroma(self, server: str) -> Store | Exact:
        try:
            return Store(self.build, server, self.manifest.collection)
        except IndexError_ as error:
            if server or not self.manifest.format or error.key != "index_unwritten":
                raise
            return Exact(self.chunks, self.vectors())  # the disk is full, and Chroma writes when it only reads

    def nearest(self, vector: npt.NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        """The k nearest chunks to a unit vector: (chunk_id, cosine), nearest first."""
        return self._store.nearest(vector, min(k, len(self.chunks)))

    def cosines(self, vector: npt.NDArray[np.float32], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The cosines of the chunks `rows` with a unit vector: of 40,000 in some 30 ms, of a law's in less than one."""
        return np.asarray(self._vectors[rows] @ vector, dtype=np.float32)

    @cached_property
    def _vectors(self) -> Vectors:
        if not self.manifest.format:
            return self.vectors()
        return np.asanyarray(np.load(self.build / "vectors.npy", mmap_mode="r"))


def current(folder: Path) -> Path:
    """The build that `folder` serves. Raises IndexError_ when there is none."""
    try:
        name = (folder / "current").read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IndexError_("index_missing", folder=folder) from error
    build = folder / "builds" / name
    if not name or not build.is_dir():
        raise IndexError_("index_damaged", folder=folder, why=f"current names {name!r}, and there is no such build")
    return build


def manifest(folder: Path, build: Path | None = None) -> Manifest:
    """The manifest of a build (default: the one that `folder` serves). Raises IndexError_: none, or damaged."""
    build = build or current(folder)
    try:
        values = json.loads((build / "manifest.json").read_text(encoding="utf-8"))
        seal = values.pop("seal", None)
        made_with = Manifest(**values)
    except (OSError, ValueError, TypeError) as error:
        raise IndexError_("index_damaged", folder=folder, why=error) from error
    if made_with.format > FORMAT:
        raise IndexError_("index_newer", folder=folder, format=made_with.format)
    if made_with.format and (seal != sealed(values) or made_with.build != build.name):
        raise IndexError_("index_damaged", folder=folder, why="manifest.json was changed or is another build's")
    return made_with


def documents_in(build: Path, digest: str | None) -> list[Document]:
    """The documents of a build. Raises IndexError_ when they cannot be read, or not to the checksum `digest`."""
    return _parsed(build / "documents.jsonl", digest, Document.from_json)


def chunks_in(build: Path, digest: str | None) -> list[Chunk]:
    """The chunks of a build. Raises IndexError_ when they cannot be read, or not to the checksum `digest`."""
    return _parsed(build / "chunks.jsonl", digest, _chunk)


def _parsed(file: Path, digest: str | None, parse: Callable[[dict[str, Any]], T]) -> list[T]:
    try:
        data = file.read_bytes()
        if digest and hashlib.sha256(data).hexdigest() != digest:
            raise ValueError(f"{file} was changed")
        return [parse(json.loads(line)) for line in data.splitlines()]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IndexError_("index_damaged", folder=file.parents[2], why=error) from error


def sum_of(file: Path) -> tuple[int, str]:
    """Bytes and SHA-256 of a file, written through to the disk."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return opened.tell(), digest


def sealed(values: dict[str, Any]) -> str:
    """The checksum of a manifest's own values, in their JSON form."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _chunk(line: dict[str, Any]) -> Chunk:
    return Chunk(line["chunk_id"], line["doc_id"], to_path(line["path"]), line["text"])
