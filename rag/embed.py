"""Texts -> vectors, by a sentence-transformers model in a local folder.

In: the folder of a model (`models.py` brings it). Out: unit vectors, float32, shape (texts, dimension).
The prompts are the ones saved with the model ("query: " and "passage: " for e5); for families that ask for one in
their model card only, see `CARDS`. Pooling, padding side and length are the model's own, the length up to `LONGEST`.

Where it is told a place to keep it, the model that sentence-transformers loads is exported to OpenVINO once, pooling
and all, in float16, or with weights of 8 bits where `narrow.py` measures that to be faster, and run from there: twice
as fast on a CPU, the same vectors (cosine 0.9999, or 0.9997), 250 MB less than in float32, and no import of torch,
which would be half of the time of a start. Without such a place sentence-transformers runs the model, in float32.
It never asks a hub, and runs no code that comes with a model.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelError
from rag.narrow import choose
from rag.once import made_once
from rag.quiet import openvino

Vectors = npt.NDArray[np.float32]
Run = Callable[[list[str], str], Any]
"""Texts and what they are ("query" or "passage") -> their vectors, of any length."""
Loaded = tuple[Run, Callable[[], int], int]
"""Also how many batches of passages it takes at once, and the dimension."""

BATCH = 16
BATCH_CHARACTERS = 1600
"""Characters of a batch of passages, padding counted, about 1,000 tokens: what a core's cache holds. Measured on two
cores and chunks of laws, with two batches at once: 0.73 of the time of batches of 16 texts, one at a time."""
MODEL = "model.xml"
HINTS = {"query": "LATENCY", "passage": "THROUGHPUT"}
"""OpenVINO's performance hints."""
STEP = 16
"""Tokens to whose multiple a query is padded: for each length that it has not met OpenVINO prepares anew. Of 200
questions, idle or not, both halve the time of a query."""
LONGEST = 512
"""Tokens of a text that are read, of models that could read more (bge-m3 8,192, Qwen3-Embedding 32,768): a longer
clause is also there as its parts, and no query is. It bounds what one long article costs all that share its batch."""

CARDS = (
    (r"bge-(small|base|large)-zh(-v1\.5)?", "为这个句子生成表示以用于检索相关文章：", ""),
    (r"bge-(small|base|large)-en(-v1\.5)?", "Represent this sentence for searching relevant passages: ", ""),
    (r"(multilingual-)?e5-(small|base|large)(-v2)?", "query: ", "passage: "),
)
"""Name, prompt of a query and of a passage, from the model cards of BAAI/bge-* and intfloat/*e5-*. bge-m3 and gte want
none, Qwen3-Embedding saves its own."""


class Embedder:
    """A loaded embedding model, for any number of threads. Raises ModelError when the folder does not hold one."""

    def __init__(self, folder: Path, exported: Path | None = None) -> None:
        try:
            self.prompts = prompts_of(folder)
            if exported is None:
                self._run, self._at_once, self.dimension = _torch(folder, self.prompts)
            else:
                made_once(exported, lambda place: _export(folder, place))
                self._run, self._at_once, self.dimension = _compiled(folder, exported / MODEL, self.prompts)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise ModelError("embedder_load", folder=folder, why=str(error).strip().splitlines()[-1][:200]) from error

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, "query")

    def passages(self, texts: Sequence[str], report: Callable[[int], None] | None = None) -> Vectors:
        """Vectors of documents; `report` is told how many more are done, after every batch."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        batches = list(_batches(texts))
        with ThreadPoolExecutor(self._at_once()) as threads:
            found = threads.map(lambda batch: self._encode([texts[i] for i in batch], "passage"), batches)
            for batch, made in zip(batches, found, strict=True):
                vectors[batch] = made
                if report:
                    report(len(batch))
        return vectors

    def _encode(self, texts: Sequence[str], kind: str) -> Vectors:
        found = np.asarray(self._run(list(texts), kind), dtype=np.float32)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Places of texts that are embedded together: of like length, so that little is padding."""
    batch: list[int] = []
    for i in sorted(range(len(texts)), key=lambda i: len(texts[i])):
        if batch and len(texts[i]) * (len(batch) + 1) > BATCH_CHARACTERS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def prompts_of(folder: Path) -> dict[str, str]:
    """The prompts of "query" and "passage".

    The first of the saved names that is not empty, since sentence-transformers adds an empty "document" to a model
    that has a "passage" and then prefers it. A hub's cache has the name two folders above the files.
    """
    file = folder / "config_sentence_transformers.json"
    saved = json.loads(file.read_text(encoding="utf-8")).get("prompts") or {} if file.exists() else {}
    passage = next((saved[name] for name in ("document", "passage", "corpus") if saved.get(name)), "")
    if any(saved.values()):
        return {"query": saved.get("query") or "", "passage": passage}
    names = [part.rsplit("--", 1)[-1] for part in folder.absolute().parts[-3:]]
    for pattern, query, document in CARDS:
        if any(re.fullmatch(pattern, name, re.IGNORECASE) for name in names):
            return {"query": query, "passage": document}
    return {"query": "", "passage": ""}


def _loaded(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    # float32: bfloat16, in which large models are saved, is slow on most CPUs and depends on what shares the batch.
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": "float32"})
    model.max_seq_length = min(model.max_seq_length or LONGEST, LONGEST)
    return model


def _torch(folder: Path, prompts: dict[str, str]) -> Loaded:
    model, lock = _loaded(folder), threading.Lock()

    def run(texts: list[str], kind: str) -> Any:
        encode = model.encode_query if kind == "query" else model.encode_document  # some have a part for each
        with lock:
            return encode(texts, prompt=prompts[kind], batch_size=BATCH, show_progress_bar=False)

    return run, lambda: 1, len(run(["?"], "query")[0])


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
    ov.save_model(made, place / MODEL, compress_to_fp16=True)
    prompts = prompts_of(folder)
    choose(place / MODEL, lambda file: _passages(_compiled(folder, file, prompts)[0]))


def _passages(run: Run) -> Callable[[list[str]], Any]:
    return lambda texts: run(texts, "passage")


def _compiled(folder: Path, file: Path, prompts: dict[str, str]) -> Loaded:
    """The exported model. It is compiled for what it is first asked for: passages get a core a batch, of which there
    are many, and a query all cores.
    """
    from tokenizers import Tokenizer

    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    limits = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(limits["max_seq_length"])
    padding = int(tokenizer.token_to_id(config["pad_token"]) or 0)
    tokenizer.enable_padding(pad_id=padding, pad_token=config["pad_token"])
    core = openvino().Core()
    model, ready, own, lock = core.read_model(file), dict[str, Any](), threading.local(), threading.Lock()

    def compiled(kind: str) -> Any:
        with lock:
            if kind not in ready:
                ready[kind] = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": HINTS[kind]})
            return ready[kind]

    def run(texts: list[str], kind: str) -> Any:
        found = tokenizer.encode_batch([prompts[kind] + text for text in texts])
        ids = np.array([encoding.ids for encoding in found], dtype=np.int64)
        mask = np.array([encoding.attention_mask for encoding in found], dtype=np.int64)
        if kind == "query" and (short := -ids.shape[1] % STEP):
            ids = np.pad(ids, ((0, 0), (0, short)), constant_values=padding)
            mask = np.pad(mask, ((0, 0), (0, short)))
        requests = own.__dict__
        if kind not in requests:
            requests[kind] = compiled(kind).create_infer_request()
        return requests[kind].infer((ids, mask))[0]

    def at_once() -> int:
        return int(compiled("passage").get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))

    return run, at_once, int(model.output(0).get_partial_shape()[1].get_length())
