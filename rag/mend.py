"""An index -> what is damaged in it, and the index mended from what it holds, without the files it was made from.

In: Settings. Out: `Fault`s, each with its cure; or a new build from the documents, with the vectors that can still be
read and belong to the embedder. It repairs nothing in place, and invents no document: where the text itself is damaged,
and no other build has it, it says so. It prints nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rag import chunk, index, keep, models
from rag.embed import Embedder
from rag.errors import IndexError_
from rag.ingest import Ingested, Report, place, put
from rag.records import Chunk, Document
from rag.settings import Settings
from rag.vectors import Store, Vectors
from rag.words import say

PROBES = 8
"""How many texts are embedded again before their vectors, and all others, are taken over."""


@dataclass(frozen=True)
class Fault:
    """One damaged thing, why it is thought so, and what to type."""

    what: str
    why: str
    cure: str


def faults(settings: Settings) -> list[Fault]:
    """What is damaged in the index, [] when nothing is. Raises IndexError_ when there is no index.

    Every file is compared with its checksum, every row of the collection with the chunk and vector it should hold.
    """
    folder = settings.index
    rebuild = f"tiaoyin index rebuild --index {folder}"
    try:
        build = index.current(folder)
        made_with = index.manifest(folder, build)
    except IndexError_ as error:
        if error.key != "index_damaged":
            raise
        what = "current" if "current names" in str(error.values["why"]) else "manifest.json"
        return [Fault(what, str(error.values["why"]), rebuild)]
    if not made_with.format:
        return [Fault("manifest.json", say("fault_old"), rebuild)]
    found = list(_files(build, made_with, rebuild))
    try:
        _texts(settings, build, made_with)
    except IndexError_ as error:
        found = [fault for fault in found if fault.what != "documents.jsonl"]
        found.append(Fault("documents.jsonl", str(error.values["why"]), say("fault_lost", folder=folder)))
    # A damaged graph can end the process that opens it, and what cannot be read cannot be compared.
    return found or list(_rows(settings, build, made_with, rebuild))


def _files(build: Path, made_with: index.Manifest, cure: str) -> Iterator[Fault]:
    for name, (size, digest) in made_with.sums.items():
        if not (build / name).is_file():
            yield Fault(name, say("fault_missing"), cure)
        elif (found := index.sum_of(build / name)) != (size, digest):
            yield Fault(name, say("fault_changed" if found[0] == size else "fault_cut", size=found[0], of=size), cure)


def _rows(settings: Settings, build: Path, made_with: index.Manifest, cure: str) -> Iterator[Fault]:
    content = index.Content(settings.index, build)
    what = made_with.chroma or "chroma"
    try:
        store = Store(build, made_with.chroma and (place(settings, made_with)), made_with.collection)
        if (rows := store.count()) != len(content.chunks):
            yield Fault(what, say("fault_rows", rows=rows, chunks=len(content.chunks)), cure)
        elif why := store.differs(content.chunks, content.vectors()):
            yield Fault(what, why, cure)
        store.close()
    except IndexError_ as error:
        if error.key in ("index_read_only", "index_unwritten"):
            return  # Chroma writes where it only reads; questions are answered from vectors.npy, which is whole
        yield Fault(what, str(error), cure if error.key == "index_damaged" else "")


def rebuild(settings: Settings, report: Report) -> Ingested:
    """Make the index anew from the documents it holds, and serve it.

    Vectors are taken over where they can be read and a sample of them is what the embedder gives; else embedded again.
    Raises IndexError_: index_lost where the documents themselves are damaged, index_unfit where they were cut by
    another version and must be read again; ModelError.
    """
    folder = models.require(settings.embedder, settings.home)
    with keep.writing(settings.index):
        build, made_with = _last(settings.index)
        if made_with and made_with.chunker != chunk.VERSION:
            has = f"{made_with.embedder}, chunker {made_with.chunker}"
            raise IndexError_("index_unfit", folder=settings.index, has=has, wants=settings.embedder)
        documents, chunks = _texts(settings, build, made_with)
        embedder = Embedder(folder, models.export_place(settings.embedder, settings.home))
        have = _readable(build, made_with, chunks)
        if not _are_of(embedder, have):
            have = {}
        files = made_with.files if made_with else _sources(documents)
        server = place(settings, made_with)
        put(settings, embedder, files, documents, chunks, have, server=server, base=None, report=report)
    return Ingested(documents=len(documents), chunks=len(chunks), written=True)


def _last(folder: Path) -> tuple[Path, index.Manifest | None]:
    """The build that is served, or where `current` does not say the newest that was finished; its manifest if sound."""
    try:
        build = index.current(folder)
    except IndexError_ as error:
        finished = sorted(folder.glob("builds/*/manifest.json"))
        if not finished:
            raise IndexError_("index_missing", folder=folder) from error
        build = finished[-1].parent
    try:
        return build, index.manifest(folder, build)
    except IndexError_ as error:
        if error.key != "index_damaged":
            raise
        return build, None


def _texts(settings: Settings, build: Path, made_with: index.Manifest | None) -> tuple[list[Document], list[Chunk]]:
    """Documents and chunks of a build, what is lost taken from another one that holds the same.

    Raises IndexError_ index_lost where neither a checksum nor the chunks vouch for a document.
    """
    try:
        return _own(settings, build, made_with)
    except IndexError_:
        documents = _gathered(settings.index, build, made_with) if made_with else None
        if documents is None:
            raise
        return documents, [piece for document in documents for piece in chunk.chunk(document)]


def _own(settings: Settings, build: Path, made_with: index.Manifest | None) -> tuple[list[Document], list[Chunk]]:
    try:
        documents = index.documents_in(build, None)
        chunks = [piece for document in documents for piece in chunk.chunk(document)]
    except (IndexError_, KeyError, IndexError, AttributeError, TypeError, ValueError) as error:
        raise IndexError_("index_lost", folder=settings.index, why=f"documents.jsonl: {error}") from error
    if made_with and _intact(build, made_with, "documents.jsonl"):
        return documents, chunks
    try:
        same = index.chunks_in(build, None) == chunks
    except IndexError_:
        same = False
    if not same:
        raise IndexError_("index_lost", folder=settings.index, why="documents.jsonl: " + say("fault_texts"))
    return documents, chunks


def _gathered(folder: Path, build: Path, made_with: index.Manifest) -> list[Document] | None:
    """The documents that the manifest names, each from wherever it is whole; None where one is not.

    The id of a document is its file's checksum, and other builds of the same chunker have read it the same; what the
    build itself still holds counts where its chunks, which have a checksum of their own, are those that were cut of it.
    """
    cut: dict[str, list[Chunk]] = {}
    if _intact(build, made_with, "chunks.jsonl"):
        for piece in index.chunks_in(build, None):
            cut.setdefault(piece.doc_id, []).append(piece)
    kept = dict(_vouched(folder, build, made_with.chunker))
    own = dict(_whole_lines(build)) if cut else {}
    found = []
    for name, entry in made_with.files.items():
        for doc_id in entry["documents"]:
            candidates = [each[doc_id] for each in (kept, own) if doc_id in each]
            same = (each for each in candidates if not cut or chunk.chunk(each) == cut.get(doc_id, []))
            if not (document := next(same, None)):
                return None
            found.append(replace(document, source=name))
    return found


def _vouched(folder: Path, build: Path, chunker: str) -> Iterator[tuple[str, Document]]:
    """The documents of the other builds, by id, where the build's own checksum is right."""
    for other in sorted((folder / "builds").iterdir()):
        try:
            its = index.manifest(folder, other) if other != build else None
            if its and its.chunker == chunker and "documents.jsonl" in its.sums:
                for document in index.documents_in(other, its.sums["documents.jsonl"][1]):
                    yield document.doc_id, document
        except IndexError_:
            continue


def _whole_lines(build: Path) -> Iterator[tuple[str, Document]]:
    """What can still be read of a damaged documents.jsonl, and cut."""
    for line in (build / "documents.jsonl").read_bytes().splitlines() if (build / "documents.jsonl").exists() else ():
        try:
            document = Document.from_json(json.loads(line))
            chunk.chunk(document)
        except (KeyError, IndexError, AttributeError, TypeError, ValueError):
            continue
        yield document.doc_id, document


def _readable(build: Path, made_with: index.Manifest | None, chunks: list[Chunk]) -> dict[str, Vectors]:
    """Vectors by text: from the build's own file, else from its collection, {} where neither can be read."""
    if made_with is None or _intact(build, made_with, "vectors.npy"):
        try:
            vectors = np.asarray(np.load(build / "vectors.npy"), dtype=np.float32)
        except (OSError, ValueError, EOFError):
            return {}
        whole = len(vectors) == len(chunks)
        return {piece.text: vector for piece, vector in zip(chunks, vectors, strict=True)} if whole else {}
    if not all(_intact(build, made_with, name) for name in made_with.sums if name.startswith("chroma/")):
        return {}
    try:
        store = Store(build, made_with.chroma, made_with.collection)
        stored = store.vectors([piece.chunk_id for piece in chunks])
        store.close()
    except IndexError_:
        return {}
    return {piece.text: stored[piece.chunk_id] for piece in chunks if piece.chunk_id in stored}


def _intact(build: Path, made_with: index.Manifest, name: str) -> bool:
    file = build / name
    return name in made_with.sums and file.is_file() and index.sum_of(file) == tuple(made_with.sums[name])


def _are_of(embedder: Embedder, vectors: dict[str, Vectors]) -> bool:
    """Whether a sample of the vectors is what the embedder gives for their texts."""
    texts = list(vectors)[:: len(vectors) // PROBES + 1]
    if not texts or len(vectors[texts[0]]) != embedder.dimension:
        return False
    return all(made @ vectors[text] > 0.99 for text, made in zip(texts, embedder.passages(texts), strict=True))


def _sources(documents: list[Document]) -> dict[str, dict[str, Any]]:
    """The manifest's `files` without their checksums: the next ingest reads each of them again."""
    files: dict[str, dict[str, Any]] = {}
    for document in documents:
        files.setdefault(document.source, {"sha256": "", "documents": []})["documents"].append(document.doc_id)
    return files
