"""Documents, chunks and vectors <-> a folder with a Chroma collection in it.

    INDEX/current              the name of the build that is served, replaced in one rename
    INDEX/builds/NAME/         documents.jsonl and chunks.jsonl (the truth), chroma/, lexical/, manifest.json
    INDEX/lock, lock.holder    one writer at a time, and who it is

In: what the pipeline has read, cut and embedded. Out: the same, and the nearest chunks of a vector.
A build is made in a folder of its own, checked, and becomes current by replacing `current`; what is served is never
changed in place, and a build that was killed is a folder that nothing points to, swept by the next writer.
Chunks go in as LlamaIndex nodes through its ChromaVectorStore, so that its tools can open the collection too; searches
ask Chroma itself, which gives true cosines and spares a reader the import.
It does not know how chunks were made, nor the lexical index but for the folder it leaves to it.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import shutil
import socket
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import IndexError_
from rag.records import Chunk, Document, to_path

COLLECTION = "clauses"
BATCH = 5000  # Chroma takes 5,461 rows at most
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Manifest:
    """What an index was made with. `files` maps each source file to {"sha256", "documents"}."""

    embedder: str
    checksum: str
    dimension: int
    prompts: dict[str, str]
    chunker: str
    chunks: int
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


class Index:
    """One build, opened for reading. Raises IndexError_ when there is none or it is damaged."""

    def __init__(self, folder: Path) -> None:
        self.build = current(folder)
        self.manifest = manifest(folder)
        try:
            self.documents = {d.doc_id: d for d in map(Document.from_json, _lines(self.build / "documents.jsonl"))}
            self.chunks = [_chunk(line) for line in _lines(self.build / "chunks.jsonl")]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise IndexError_("index_damaged", folder=folder, why=error) from error
        self._client, self._collection = _open(self.build / "chroma", new=False)
        if (rows := self._collection.count()) != len(self.chunks):
            raise IndexError_("index_damaged", folder=folder, why=f"{rows} vectors, {len(self.chunks)} chunks")

    @property
    def lexical(self) -> Path:
        """The folder of the lexical index of the same chunks."""
        return self.build / "lexical"

    def nearest(self, vector: npt.NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        """The k nearest chunks to a unit vector: (chunk_id, cosine), nearest first."""
        return _nearest(self._collection, vector, min(k, len(self.chunks)))

    def vectors(self, chunk_ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors of these chunks."""
        found: dict[str, Vectors] = {}
        for at in range(0, len(chunk_ids), BATCH):
            rows = self._collection.get(ids=list(chunk_ids[at : at + BATCH]), include=["embeddings"])
            found |= dict(zip(rows["ids"], rows["embeddings"], strict=True))
        return found

    def close(self) -> None:
        self._client.close()


def current(folder: Path) -> Path:
    """The build that `folder` serves. Raises IndexError_ when there is none."""
    try:
        build = folder / "builds" / (folder / "current").read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IndexError_("index_missing", folder=folder) from error
    if not build.is_dir():
        raise IndexError_("index_damaged", folder=folder, why=f"{build} is missing")
    return build


def manifest(folder: Path) -> Manifest:
    """The manifest of the build that `folder` serves. Raises IndexError_ when there is none or it is damaged."""
    try:
        return Manifest(**json.loads((current(folder) / "manifest.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise IndexError_("index_damaged", folder=folder, why=error) from error


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the only writer of `folder`. Raises IndexError_ naming the holder when somebody else is."""
    import filelock

    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / "lock.holder"
    try:
        with filelock.FileLock(folder / "lock", timeout=0):
            me = f"{getpass.getuser()}@{socket.gethostname()}, process {os.getpid()}"
            holder.write_text(me, encoding="utf-8")
            yield
    except filelock.Timeout as error:
        who = holder.read_text(encoding="utf-8") if holder.exists() else "?"
        raise IndexError_("index_locked", folder=folder, holder=who) from error


def write(
    folder: Path, made_with: Manifest, documents: Sequence[Document], chunks: Sequence[Chunk], vectors: Vectors
) -> Path:
    """Make a build that nothing points to yet, and check it; `vectors` has shape (chunks, dimension). Hold `writing`.

    Raises IndexError_ when what was written cannot be read back.
    """
    from llama_index.vector_stores.chroma import ChromaVectorStore

    build = folder / "builds" / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"
    build.mkdir(parents=True)
    _dump(build / "documents.jsonl", (d.to_json() for d in documents))
    _dump(build / "chunks.jsonl", (asdict(c) for c in chunks))
    client, collection = _open(build / "chroma", new=True)
    store = ChromaVectorStore(chroma_collection=collection)
    for at in range(0, len(chunks), BATCH):
        store.add([_node(c, v) for c, v in zip(chunks[at : at + BATCH], vectors[at : at + BATCH], strict=True)])
    client.close()
    (build / "manifest.json").write_text(json.dumps(asdict(made_with), ensure_ascii=False, indent=1), encoding="utf-8")
    _check(build, chunks, vectors)
    return build


def switch(folder: Path, build: Path) -> None:
    """Serve `build` from now on, and sweep the builds before the last one. Hold `writing`."""
    try:
        last = current(folder).name
    except IndexError_:
        last = build.name
    pointer = folder / "current.new"
    pointer.write_text(build.name, encoding="utf-8")
    pointer.replace(folder / "current")
    # A reader may still have the last build open; it moves on at its next question.
    for other in (folder / "builds").iterdir():
        if other.name not in (build.name, last):
            shutil.rmtree(other)


def _open(folder: Path, *, new: bool) -> tuple[Any, Any]:
    """The Chroma client of `folder` and its collection."""
    import chromadb
    from chromadb.errors import ChromaError

    try:
        client = chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))
        if not new:
            return client, client.get_collection(COLLECTION)
        space: Any = {"hnsw": {"space": "cosine", "ef_search": 400}}
        return client, client.create_collection(COLLECTION, configuration=space)
    except (ChromaError, ValueError, OSError) as error:
        raise IndexError_("index_damaged", folder=folder, why=error) from error


def _nearest(collection: Any, vector: npt.NDArray[np.float32], k: int) -> list[tuple[str, float]]:
    found = collection.query(query_embeddings=[vector.tolist()], n_results=k, include=["distances"])
    # The collection's distance is 1 - cosine.
    return [(i, 1.0 - d) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]


def _node(chunk: Chunk, vector: Vectors) -> Any:
    from llama_index.core.schema import TextNode

    return TextNode(
        id_=chunk.chunk_id,
        text=chunk.text,
        metadata={"doc_id": chunk.doc_id, "path": json.dumps(chunk.path)},
        embedding=vector.tolist(),
    )


def _check(build: Path, chunks: Sequence[Chunk], vectors: Vectors) -> None:
    """Every chunk is there with its own vector, and a search for the first and last finds a text equally near."""
    client, collection = _open(build / "chroma", new=False)
    try:
        if (rows := collection.count()) != len(chunks):
            raise IndexError_("index_damaged", folder=build, why=f"{rows} vectors, {len(chunks)} chunks")
        for at in range(0, len(chunks), BATCH):
            ids = [c.chunk_id for c in chunks[at : at + BATCH]]
            found = collection.get(ids=ids, include=["embeddings"])
            stored = dict(zip(found["ids"], found["embeddings"], strict=True))
            for i, vector in zip(ids, vectors[at : at + BATCH], strict=True):
                if i not in stored or not np.allclose(stored[i], vector, atol=1e-4):
                    raise IndexError_("index_damaged", folder=build, why=f"vector of chunk {i}")
        for n in {0, len(chunks) - 1} if chunks else ():
            if _nearest(collection, vectors[n], 1)[0][1] < 0.999:
                raise IndexError_("index_damaged", folder=build, why=f"search for chunk {chunks[n].chunk_id}")
    finally:
        client.close()


def _chunk(line: dict[str, Any]) -> Chunk:
    return Chunk(line["chunk_id"], line["doc_id"], to_path(line["path"]), line["text"])


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _dump(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
