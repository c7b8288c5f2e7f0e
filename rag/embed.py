"""Texts -> vectors, by a sentence-transformers model in a local folder.

In: the folder of a model (`models.py` brings the default one). Out: unit vectors, float32, shape (texts, dimension).
The model's own prompts are used where it has them ("query: " and "passage: " for e5).
It never asks a hub: the folder must be there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelError

Vectors = npt.NDArray[np.float32]
BATCH = 16


class Embedder:
    """A loaded embedding model. Raises ModelError when the folder does not hold one."""

    def __init__(self, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        # Its progress bar and its report on the unused pooler are no news to a reader.
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        try:
            self._model: Any = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise ModelError("embedder_load", folder=folder, why=error) from error
        self._lock = threading.Lock()

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension())

    @property
    def prompts(self) -> dict[str, str]:
        """The model's prompts, part of what an index depends on."""
        return dict(self._model.prompts)

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, "query")

    def passages(self, texts: Sequence[str], report: Callable[[int], None] | None = None) -> Vectors:
        """Vectors of documents; `report` is told how many more are done, after every batch of 16."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        # Batches of like length waste no padding; the order is restored at the end.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for at in range(0, len(order), BATCH):
            batch = order[at : at + BATCH]
            vectors[batch] = self._encode([texts[i] for i in batch], "passage")
            if report:
                report(len(batch))
        return vectors

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        name = prompt if self._model.prompts.get(prompt) else None
        with self._lock:
            found = self._model.encode(
                list(texts), prompt_name=name, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(found, dtype=np.float32)
