"""Texts -> vectors, by a sentence-transformers model in a local folder.

In: the folder of a model (`models.py` brings the default one). Out: unit vectors, float32, shape (texts, dimension).
The model's own prompts are used where it has them ("query: " and "passage: " for e5).

Where it is told a place to keep it, the model that sentence-transformers loads is exported to OpenVINO once, pooling
and all, and run from there: twice as fast on a CPU, the same vectors (cosine 0.9999), and no import of torch, which
would be half of the time of a start. Without such a place sentence-transformers runs the model.
It never asks a hub: the folder must be there.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelError
from rag.once import made_once
from rag.quiet import openvino

Vectors = npt.NDArray[np.float32]
BATCH = 16


class Embedder:
    """A loaded embedding model. Raises ModelError when the folder does not hold one."""

    def __init__(self, folder: Path, exported: Path | None = None) -> None:
        self._lock = threading.Lock()
        try:
            self.prompts = _prompts(folder)
            if exported is None:
                self._run = _torch(folder)
            else:
                made_once(exported, lambda place: _export(folder, place))
                self._run = _compiled(folder, exported)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError("embedder_load", folder=folder, why=str(error).strip().splitlines()[-1][:200]) from error
        self.dimension = self.queries(["?"]).shape[1]

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, "query")

    def passages(self, texts: Sequence[str], report: Callable[[int], None] | None = None) -> Vectors:
        """Vectors of documents; `report` is told how many more are done, after every batch of 16."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # Batches of like length waste no padding; each vector goes back to its own row.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for at in range(0, len(order), BATCH):
            batch = order[at : at + BATCH]
            vectors[batch] = self._encode([texts[i] for i in batch], "passage")
            if report:
                report(len(batch))
        return vectors

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        with self._lock:
            found = self._run([self.prompts.get(prompt, "") + text for text in texts])
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def _prompts(folder: Path) -> dict[str, str]:
    file = folder / "config_sentence_transformers.json"
    return dict(json.loads(file.read_text(encoding="utf-8")).get("prompts", {})) if file.exists() else {}


def _loaded(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def _torch(folder: Path) -> Callable[[list[str]], Any]:
    model = _loaded(folder)
    return lambda texts: model.encode(texts, prompt="", batch_size=BATCH, show_progress_bar=False)


def _export(folder: Path, place: Path) -> None:
    """Write the model, pooling included, as an OpenVINO model into `place`."""
    import warnings

    import torch

    class Whole(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            for module in self.model:
                features = module(features)
            return features["sentence_embedding"]

    model = _loaded(folder)
    example = model.tokenizer(["例", "另一个例子"], padding=True, return_tensors="pt")
    ov = openvino()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing: branches on shapes, which the mask makes the same for every text
        made = ov.convert_model(Whole(model).eval(), example_input=(example["input_ids"], example["attention_mask"]))
    ov.save_model(made, place / "model.xml", compress_to_fp16=False)


def _compiled(folder: Path, exported: Path) -> Callable[[list[str]], Any]:
    from tokenizers import Tokenizer

    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    limits = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(limits["max_seq_length"])
    tokenizer.enable_padding(pad_id=tokenizer.token_to_id(config["pad_token"]), pad_token=config["pad_token"])
    model = openvino().Core().compile_model(exported / "model.xml", "CPU")

    def run(texts: list[str]) -> Any:
        found = tokenizer.encode_batch(texts)
        ids = np.array([encoding.ids for encoding in found], dtype=np.int64)
        mask = np.array([encoding.attention_mask for encoding in found], dtype=np.int64)
        return model((ids, mask))[0]

    return run
