"""Chunks and their vectors <-> one Chroma collection, in a folder or on a server.

In: chunks with unit vectors. Out: the nearest chunks of a vector, true cosines. A collection is made once, filled and
then only read; in a folder its name is always the same, on a server each build has one of its own.
Rows and searches go to Chroma itself: through LlamaIndex' ChromaVectorStore a row costs a quarter more, and its import
more than all rows of one changed law. A ChromaVectorStore opens the collection (a test does), so its tools can read it.
It does not know what a build is. A damaged HNSW file can end the process, so a file in doubt is compared with its
checksum before it is opened here.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from rag.errors import IndexError_
from rag.records import Chunk

COLLECTION = "clauses"
FOLDER, DATABASE = "chroma", "chroma.sqlite3"
BATCH = 5000  # Chroma takes 5,461 rows at most
UNWRITABLE = ("disk is full", "readonly database", "code: 778")
"""What SQLite says, also to who only wants to read; the number is an error of writing, as with a quota."""
PAGE = 200_000  # ids that are read at once: Chroma counts through those before a page
BATCH_SENT = 1000  # a server takes 40 MB at most
Vectors = npt.NDArray[np.float32]


class Store:
    """The collection of a build, opened; `new` makes it. `server` is "" for one in the build, else http(s)://host:port.

    Raises IndexError_, here and from every method: chroma_unreachable where a server does not answer, index_unwritten
    for what cannot be added or deleted, index_damaged for what cannot be read.
    """

    def __init__(self, build: Path, server: str = "", name: str = COLLECTION, *, new: bool = False) -> None:
        self._index, self._server = build.parent.parent, server
        self._batch = BATCH_SENT if server else BATCH
        # What cannot be read of a build that is being made is no damage to what is served.
        self._key = "index_damaged" if (build / "manifest.json").exists() else "index_unwritten"
        folder = build / FOLDER
        if not (new or server or (folder / DATABASE).exists()):
            raise IndexError_("index_damaged", folder=self._index, why=f"{folder / DATABASE} is missing")
        if not (new or server or may_write(build)):
            raise IndexError_("index_read_only", folder=self._index)
        with self._asking("index_unwritten" if new else ""):
            self._client = _client(folder, server)
            with contextlib.ExitStack() as undo:
                undo.callback(self._client.close)
                if new:
                    space: Any = {"hnsw": {"space": "cosine", "ef_search": 400}}
                    self._collection = self._client.create_collection(name, configuration=space)
                else:
                    self._collection = self._client.get_collection(name)
                undo.pop_all()

    @contextlib.contextmanager
    def _asking(self, key: str = "") -> Iterator[None]:
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield
        except httpx.HTTPError as error:
            raise unreachable(self._server, error) from error
        except (ChromaError, ValueError, OSError) as error:
            if isinstance(error.__context__, httpx.TransportError):
                raise unreachable(self._server, error) from error
            if any(words in str(error) for words in UNWRITABLE):
                key = "index_unwritten"
            key = key or self._key
            why = f"{self._server}: {error}" if self._server else error
            raise IndexError_(key, folder=self._index, why=why) from error

    def add(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Add chunks that are not there yet; `vectors` has shape (chunks, dimension)."""
        with self._asking("index_unwritten"):
            for at in range(0, len(chunks), self._batch):
                part = chunks[at : at + self._batch]
                self._collection.add(
                    ids=[piece.chunk_id for piece in part],
                    embeddings=vectors[at : at + len(part)],
                    documents=[piece.text for piece in part],
                    metadatas=[{"doc_id": piece.doc_id, "path": json.dumps(piece.path)} for piece in part],
                )

    def delete(self, chunk_ids: Sequence[str]) -> None:
        with self._asking("index_unwritten"):
            for at in range(0, len(chunk_ids), self._batch):
                self._collection.delete(ids=list(chunk_ids[at : at + self._batch]))

    def count(self) -> int:
        with self._asking():
            return int(self._collection.count())

    def ids(self) -> set[str]:
        """The ids of all chunks that are there."""
        with self._asking():
            pages = (self._collection.get(limit=PAGE, offset=at, include=[]) for at in range(0, self.count(), PAGE))
            return {chunk_id for page in pages for chunk_id in page["ids"]}

    def nearest(self, vector: npt.NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        """The k nearest chunks to a unit vector: (chunk_id, cosine), nearest first."""
        with self._asking():
            found = self._collection.query(query_embeddings=[vector.tolist()], n_results=k, include=["distances"])
        # The collection's distance is 1 - cosine.
        return [(i, 1.0 - d) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]

    def vectors(self, chunk_ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors of those of these chunks that are there."""
        found: dict[str, Vectors] = {}
        with self._asking():
            for at in range(0, len(chunk_ids), self._batch):
                rows = self._collection.get(ids=list(chunk_ids[at : at + self._batch]), include=["embeddings"])
                found |= dict(zip(rows["ids"], rows["embeddings"], strict=True))
        return found

    def differs(self, chunks: Sequence[Chunk], vectors: Vectors) -> str:
        """What is wrong with the rows of these chunks: "" when each has its vector, and most that are tried are found.

        Not all: an approximate search may pass by one among its near likenesses, and a broken graph loses far more.
        """
        stored = self.vectors([c.chunk_id for c in chunks])
        for piece, vector in zip(chunks, vectors, strict=True):
            if piece.chunk_id not in stored or not np.allclose(stored[piece.chunk_id], vector, atol=1e-4):
                return f"vector of chunk {piece.chunk_id}"
        tried = sorted({*range(0, len(chunks), max(1, len(chunks) // 8)), *range(len(chunks))[-1:]})
        lost = [n for n in tried if self.nearest(vectors[n], 1)[0][1] < 0.999]
        return f"search for chunk {chunks[lost[0]].chunk_id}" if lost and 2 * len(lost) >= len(tried) else ""

    def close(self) -> None:
        self._client.close()


class Exact:
    """The searches of a Store over vectors in memory, for a build that may not be written: Chroma cannot open it."""

    def __init__(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        self._chunks, self._vectors = chunks, vectors

    def count(self) -> int:
        return len(self._vectors)

    def nearest(self, vector: npt.NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        cosines = self._vectors @ vector
        return [(self._chunks[n].chunk_id, float(cosines[n])) for n in np.argsort(-cosines, kind="stable")[:k]]

    def close(self) -> None:
        pass


def may_write(build: Path) -> bool:
    """Whether the collection in a build may be written, as Chroma does even when it only reads."""
    return os.access(build / FOLDER, os.W_OK) and os.access(build / FOLDER / DATABASE, os.W_OK)


def unreachable(server: str, why: object) -> IndexError_:
    return IndexError_("chroma_unreachable", server=server, port=_port(server), why=str(why).splitlines()[0][:200])


def drop(server: str, name: str) -> None:
    """Delete a collection from a server; one that is not there is no error. Raises IndexError_ chroma_unreachable."""
    import httpx
    from chromadb.errors import NotFoundError

    try:
        client = _client(Path(), server)
        with contextlib.suppress(NotFoundError):
            client.delete_collection(name)
        client.close()
    except (httpx.HTTPError, ValueError) as error:
        raise unreachable(server, error) from error


def copy(old_build: Path, new_build: Path) -> None:
    """Copy the collection of a build as it is now, also while readers have it open. Raises OSError, IndexError_."""
    source, target = old_build / FOLDER, new_build / FOLDER
    shutil.copytree(source, target, ignore=lambda _, names: [name for name in names if name.startswith(DATABASE)])
    # A reader writes notes of its own into the database: a plain copy could catch it in the middle of one.
    try:
        with (
            contextlib.closing(sqlite3.connect(source / DATABASE)) as old,
            contextlib.closing(sqlite3.connect(target / DATABASE)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        raise IndexError_("index_unwritten", folder=new_build.parent.parent, why=error) from error


def _client(folder: Path, server: str) -> Any:
    import chromadb

    quiet = chromadb.Settings(anonymized_telemetry=False)
    if not server:
        return chromadb.PersistentClient(str(folder), quiet)
    at = urlsplit(server)
    return chromadb.HttpClient(at.hostname or "", _port(server), ssl=at.scheme == "https", settings=quiet)


def _port(server: str) -> int:
    at = urlsplit(server)
    return at.port or (443 if at.scheme == "https" else 8000)
