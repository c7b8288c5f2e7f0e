"""A question and texts -> how well each answers it, by a sentence-transformers CrossEncoder in a local folder.

In: the folder of a reranker (bge-reranker, gte-reranker, Qwen3-Reranker, ...; `models.py` brings it), a question and
the texts found. Out: a score in 0..1 a text. It runs on the CPU, asks no hub, runs no code that comes with a model,
and does not sort: what the scores are for is the business of the one who asks.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelError

BATCH = 16
LONGEST = 512
"""Tokens of question and text together that are read: what the rerankers of most families were trained on."""


class Reranker:
    """A loaded reranker, for any number of threads. Raises ModelError when the folder does not hold one."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        try:
            _check(folder)
            self._model = _loaded(folder)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise ModelError("reranker_load", folder=folder, why=str(error).strip().splitlines()[-1][:200]) from error
        if (labels := self._model.num_labels) != 1:
            raise ModelError("reranker_labels", folder=folder, labels=labels)

    def scores(self, question: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One score in 0..1 a text, in the order of `texts`, float32, shape (len(texts),)."""
        from torch.nn import Sigmoid

        if not texts:
            return np.zeros(0, dtype=np.float32)
        # predict() sorts by length, so a batch holds what is alike, and puts the scores back in order. The sigmoid is
        # named because some models (ms-marco) are saved with none.
        with self._lock:
            found = self._model.predict(
                [(question, text) for text in texts], batch_size=BATCH, activation_fn=Sigmoid(), show_progress_bar=False
            )
        return np.asarray(found, dtype=np.float32)


def _check(folder: Path) -> None:
    """Refuse what sentence-transformers would load all the same, such as an embedder, with a part left to chance."""
    saved = folder / "config_sentence_transformers.json"
    kind = json.loads(saved.read_text(encoding="utf-8")).get("model_type") if saved.exists() else None
    heads = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("architectures") or [""]
    if kind != "CrossEncoder" and not heads[0].endswith("ForSequenceClassification"):
        raise ValueError(f"{kind or heads[0]} is no CrossEncoder")


def _loaded(folder: Path) -> Any:
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    model = CrossEncoder(str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": "float32"})
    model.max_seq_length = min(model.max_seq_length or LONGEST, LONGEST)
    return model
