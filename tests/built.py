"""A real index of a few small documents, searched with vectors that count characters: no model, the rest real."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag import keep, lexical
from rag.chunk import chunk
from rag.index import Index, Manifest
from rag.records import Document
from rag.search import Reranks, Search

DIMENSION = 256


class Characters:
    """Stands in for an embedder: texts are as near as their characters; it notes what it was asked."""

    dimension = DIMENSION

    def __init__(self) -> None:
        self.asked: list[str] = []

    def queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.asked += texts
        return counted(texts)

    def passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return counted(texts)


def counted(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Unit vectors, shape (texts, DIMENSION)."""
    vectors = np.full((len(texts), DIMENSION), 1e-3, dtype=np.float32)
    for row, text in enumerate(texts):
        for char in filter(str.isalnum, text.lower()):
            vectors[row, zlib.crc32(char.encode()) % DIMENSION] += 1
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def searched(folder: Path, documents: Sequence[Document], reranker: Reranks | None = None) -> Search:
    """The documents in a new index in `folder`, opened for searching."""
    chunks = [piece for document in documents for piece in chunk(document)]
    texts = [piece.text for piece in chunks]
    made_with = Manifest("e", "c" * 64, DIMENSION, {}, "1", len(chunks))
    with keep.writing(folder):
        build = keep.write(
            folder, made_with, documents, chunks, counted(texts), lexical=lambda to: lexical.build(texts, to)
        )
        keep.switch(folder, build)
    return Search(Index(folder), reranker)
