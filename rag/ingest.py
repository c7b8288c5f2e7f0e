"""read -> structure -> chunk -> embed -> index: files into the index that questions are answered from.

In: Settings and paths. Out: `Ingested`, what became of each file. Unchanged files are not read again, unchanged chunks
not embedded again, and what is served is replaced only when the new build is whole and checked. It prints nothing.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from rag import chunk, index, keep, lexical, models
from rag.embed import Embedder, prompts_of
from rag.errors import DocumentError, IndexError_, TiaoYinError
from rag.read import find_files, text_of
from rag.read.files import File, digest, is_gone
from rag.records import Chunk, Document
from rag.settings import Settings
from rag.structure import structure
from rag.vectors import Vectors

Report = Callable[[str, int, int], None]
"""Told of long work: what ("read", "embed"), how much of it is done, of how much."""


SLICE = 2048
"""Chunks embedded before they go to the index, which takes them in while the next are embedded."""


@dataclass(frozen=True)
class Ingested:
    """What an ingest did: the files by what became of them, and the size of the index now."""

    added: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    failed: Mapping[str, TiaoYinError] = field(default_factory=dict)
    documents: int = 0
    chunks: int = 0
    written: bool = False


def parse(name: str | Path, private: bool = False) -> list[Document]:
    """The documents in a file, all files of a folder or archive, or at an address. Raises DocumentError."""
    return [document for file in find_files([name], private) for document in documents_in(file)]


def documents_in(file: File) -> list[Document]:
    """The documents in one File. Raises DocumentError."""
    data = file.load()
    return structure(text_of(file, data), file.name, digest(data))


def ingest(
    settings: Settings, names: Sequence[str | Path], *, prune: bool, report: Report, private: bool = False
) -> Ingested:
    """Bring files, folders, archives and addresses into the index: unchanged ones are skipped, changed ones replaced.

    With `prune`, documents whose file is gone leave it. An index made with another embedder is made anew from
    the documents it holds, one of another version from the files named.
    Raises ModelError, IndexError_; a file that cannot be read is reported, not raised.
    """
    files = find_files(names, private)
    folder = models.require(settings.embedder, settings.home)
    checksum = models.checksum(folder)
    with keep.writing(settings.index), _uncollected():
        before = _manifest(settings.index)
        known = dict(before.files) if before else {}
        anew = before is not None and before.chunker != chunk.VERSION
        # Then the vector of a text is still its vector.
        same = before is not None and (before.checksum, before.prompts) == (checksum, prompts_of(folder))
        # First, so that a file that only has another name now is read under it, and not taken for known and then lost.
        gone = tuple(name for name in known if prune and is_gone(name))
        for name in gone:
            del known[name]
        done, found = _take(files, known, anew, report)
        if before and same and not anew and not done.added and not gone:
            held = sum(len(entry["documents"]) for entry in known.values())
            return replace(done, documents=held, chunks=before.chunks)
        if not gone and not any(entry["documents"] for entry in known.values()):
            return done
        # The embedder takes as long to load as what is known does to be read.
        with ThreadPoolExecutor(1) as ahead:
            loading = ahead.submit(_compiled, folder, models.export_place(settings.embedder, settings.home))
            old = index.Content(settings.index) if before else None
            documents = {**(old.documents if old else {}), **found}
            kept = [documents[doc_id] for entry in known.values() for doc_id in entry["documents"]]
            # A file that was read again is cut again: under another name it may have another title.
            cut: dict[str, list[Chunk]] = {}
            for piece in old.chunks if old and not anew else ():
                if piece.doc_id not in found:
                    cut.setdefault(piece.doc_id, []).append(piece)
            chunks = [piece for document in kept for piece in cut.get(document.doc_id) or chunk.chunk(document)]
            have = dict(zip([piece.text for piece in old.chunks], old.vectors(), strict=True)) if old and same else {}
            embedder = loading.result()
        server = place(settings, before)
        put(settings, embedder, known, kept, chunks, have, server=server, base=old if same else None, report=report)
    return replace(done, removed=gone, documents=len(kept), chunks=len(chunks), written=True)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for garbage that refers to itself: it goes through all documents and chunks again and again,
    which stay to the end anyway."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _compiled(folder: Path, exported: Path | None) -> Embedder:
    embedder = Embedder(folder, exported)
    embedder.passages([])  # compiles it, outside Python's lock
    return embedder


def put(
    settings: Settings, embedder: Embedder, files: dict[str, dict[str, Any]], documents: Sequence[Document],
    chunks: Sequence[Chunk], have: Mapping[str, Vectors],
    *, server: str, base: index.Content | None, report: Report,
) -> None:  # fmt: skip
    """Make a build and serve it; `have` holds the vectors of known texts. Hold `keep.writing`. Raises IndexError_."""
    vectors = np.zeros((len(chunks), embedder.dimension), dtype=np.float32)
    filled = _fill(vectors, chunks, have, embedder, report)
    checksum = models.checksum(models.require(settings.embedder, settings.home))
    made_with = index.Manifest(
        settings.embedder, checksum, embedder.dimension, embedder.prompts, chunk.VERSION, len(chunks), files,
        chroma=server,
    )  # fmt: skip
    texts = [piece.text for piece in chunks]
    # Not across versions of the chunker, which stand for other words too.
    same = base is not None and base.manifest.chunker == chunk.VERSION
    counted = (base.lexical, [piece.text for piece in base.chunks]) if base and same else None
    build = keep.write(
        settings.index, made_with, documents, chunks, vectors,
        base=base, lexical=lambda to: lexical.build(texts, to, counted), filled=filled,
    )  # fmt: skip
    keep.switch(settings.index, build)


def place(settings: Settings, before: index.Manifest | None) -> str:
    """The Chroma server of the next build: as the settings say, else as `before`; "" for the index folder."""
    return settings.chroma.removeprefix(index.HERE) if settings.chroma else before.chroma if before else ""


def _manifest(folder: Path) -> index.Manifest | None:
    try:
        return index.manifest(folder)
    except IndexError_ as error:
        if error.key == "index_missing":
            return None
        raise


def _take(
    files: Sequence[File], known: dict[str, dict[str, Any]], anew: bool, report: Report
) -> tuple[Ingested, dict[str, Document]]:
    """Read the files that are new or changed, or all `anew`, and put them into `known`; their documents by id."""
    added: list[str] = []
    unchanged: list[str] = []
    failed: dict[str, TiaoYinError] = {}
    documents: dict[str, Document] = {}
    for n, file in enumerate(files):
        report("read", n, len(files))
        name = file.name
        try:
            data = file.load()
            key = digest(data)
            if not anew and any(entry["sha256"] == key for entry in known.values()):
                unchanged.append(name)
                continue
            found = structure(text_of(file, data), name, key)
        except DocumentError as error:
            failed[name] = error
            continue
        known[name] = {"sha256": key, "documents": [d.doc_id for d in found]}
        documents |= {d.doc_id: d for d in found}
        added.append(name)
    report("read", len(files), len(files))
    return Ingested(tuple(added), tuple(unchanged), failed=failed), documents


def _fill(
    vectors: Vectors, chunks: Sequence[Chunk], have: Mapping[str, Vectors], embedder: Embedder, report: Report
) -> Iterator[int]:
    """Fill `vectors` from the first row on, from `have` where it knows the text; yields how many rows are filled."""
    left = sum(piece.text not in have for piece in chunks)
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        report("embed", done, left)

    for at in range(0, len(chunks), SLICE):
        rows = range(at, min(at + SLICE, len(chunks)))
        new = [n for n in rows if chunks[n].text not in have]
        known = [n for n in rows if chunks[n].text in have]
        if known:
            vectors[known] = [have[chunks[n].text] for n in known]
        if new:
            vectors[new] = embedder.passages([chunks[n].text for n in new], count)
        yield rows.stop
