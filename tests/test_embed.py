"""Embedders of any family by folder: prompts, length, norm and order, against sentence-transformers itself."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tiny

from rag.embed import BATCH_CHARACTERS, LONGEST, Embedder, _batches, prompts_of
from rag.errors import ModelError

ROOT = Path(__file__).parent.parent
INSTRUCT = "the act applies to providers \n query : "
BGE = "为这个句子生成表示以用于检索相关文章："
TEXTS = [
    "第一条 人工智能应当安全。",
    "不得",
    "the act applies to providers of systems",
    "第 二 条 " * 9,
    "处理信息？",
] * 5


def bare(folder: Path, texts: list[str], prompt: str = "") -> np.ndarray:
    """The vectors that sentence-transformers gives, with unit length."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    found = model.encode([prompt + text for text in texts], prompt="", batch_size=1, normalize_embeddings=True)
    return np.asarray(found)


@pytest.mark.parametrize("decoder", [False, True], ids=["mean pooling", "last token, padded on the left"])
def test_vectors_are_those_of_sentence_transformers_with_the_saved_prompts_in_order(
    tmp_path: Path, decoder: bool
) -> None:
    saved = {"query": INSTRUCT} if decoder else {"query": "query: ", "passage": "passage: "}
    folder = tiny.embedder(tmp_path / "model", decoder=decoder, prompts=saved)
    embedder = Embedder(folder)
    queries, passages = embedder.queries(TEXTS), embedder.passages(TEXTS)
    assert embedder.dimension == 32
    assert (queries.dtype, queries.shape, passages.shape) == (np.float32, (25, 32), (25, 32))
    assert np.allclose(queries, bare(folder, TEXTS, saved["query"]), atol=1e-5)
    assert np.allclose(passages, bare(folder, TEXTS, saved.get("passage", "")), atol=1e-5)
    for vectors in (queries, passages):
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert not np.allclose(queries, passages, atol=0.05)  # so the prompt is there
    assert not np.allclose(passages[0], passages[1], atol=0.05)  # and the order can be told


@pytest.mark.parametrize("decoder", [False, True], ids=["mean pooling", "last token"])
def test_a_text_is_read_up_to_the_models_own_length_and_no_further_than_the_cap(tmp_path: Path, decoder: bool) -> None:
    for own, read in ((16, 16), (900, LONGEST)):
        embedder = Embedder(tiny.embedder(tmp_path / str(own), decoder=decoder, longest=own))
        marks = 1 if decoder else 2
        full = "人" * (read - marks)
        at, beyond, within = embedder.passages([full, full + "工" * 300, full[:-1] + "工"])
        assert np.allclose(at, beyond, atol=1e-5)
        assert not np.allclose(at, within, atol=1e-4)


PROMPTS = [
    # folder, saved prompts (None: no such file), those of a query and of a passage
    ("models/BAAI/bge-m3", {}, "", ""),
    ("models/BAAI/bge-large-zh-v1.5", {}, BGE, ""),
    ("models/BAAI/bge-small-en-v1.5", None, "Represent this sentence for searching relevant passages: ", ""),
    ("models/BAAI/bge-reranker-base", {}, "", ""),
    ("hub/models--BAAI--bge-base-zh-v1.5/snapshots/0f1e", {}, BGE, ""),
    ("hub/models--BAAI--bge-base-zh-v1.5/snapshots/0f1e", {"query": "", "document": ""}, BGE, ""),
    ("models/BAAI/bge-base-zh-v1.5", {"query": "own: "}, "own: ", ""),
    ("models/intfloat/multilingual-e5-base", None, "query: ", "passage: "),
    ("models/intfloat/E5-large-v2", None, "query: ", "passage: "),
    ("models/intfloat/multilingual-e5-large-instruct", None, "", ""),
    ("models/e5-of-mine", {"query": "query: ", "document": "", "passage": "passage: "}, "query: ", "passage: "),
    ("models/thenlper/gte-large-zh", {}, "", ""),
    ("models/Qwen/Qwen3-Embedding-0.6B", {"query": INSTRUCT, "document": ""}, INSTRUCT, ""),
    ("models/own", {"query": "q: ", "document": "d: ", "passage": "p: "}, "q: ", "d: "),
]


@pytest.mark.parametrize(("name", "saved", "query", "passage"), PROMPTS)
def test_prompts_are_the_saved_ones_or_those_of_the_model_card(
    tmp_path: Path, name: str, saved: dict[str, str] | None, query: str, passage: str
) -> None:
    folder = tmp_path / name
    folder.mkdir(parents=True)
    if saved is not None:
        (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": saved}))
    assert prompts_of(folder) == {"query": query, "passage": passage}


def test_the_prompt_of_a_model_card_reaches_the_model(tmp_path: Path) -> None:
    folder = tiny.embedder(tmp_path / "bge-small-zh-v1.5")
    embedder = Embedder(folder)
    assert np.allclose(embedder.queries(TEXTS), bare(folder, TEXTS, BGE), atol=1e-5)
    assert np.allclose(embedder.passages(TEXTS), bare(folder, TEXTS), atol=1e-5)


def test_a_model_saved_in_half_precision_gives_the_vectors_of_float32(tmp_path: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    whole = tiny.embedder(tmp_path / "whole")
    SentenceTransformer(str(whole), device="cpu").to(torch.bfloat16).save(str(tmp_path / "half"))
    embedder = Embedder(tmp_path / "half")
    alone = np.concatenate([embedder.passages([text]) for text in TEXTS])
    assert np.allclose(embedder.passages(TEXTS), alone, atol=1e-5)  # bfloat16 differs by 1e-2 between batches


def test_every_passage_is_reported(tmp_path: Path) -> None:
    heard: list[int] = []
    Embedder(tiny.embedder(tmp_path / "model")).passages(TEXTS * 9, heard.append)
    assert sum(heard) == len(TEXTS * 9)
    assert len(heard) > 3


def test_batches_hold_every_text_once_and_little_padding() -> None:
    lengths = [0, 9, 5000, 1600, 1, 300, 299, 298] + [40] * 200
    batches = list(_batches(["人" * length for length in lengths]))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[i] for i in batch)
        assert len(batch) == 1 or len(batch) * longest <= BATCH_CHARACTERS
    assert len(batches) < 12


def test_the_exported_model_gives_the_same_vectors_from_many_threads(tmp_path: Path) -> None:
    folder = tiny.embedder(tmp_path / "model", prompts={"query": "query: ", "passage": "passage: "})
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 64}')
    one, other = Embedder(folder), Embedder(folder, tmp_path / "exported")
    assert np.sum(one.passages(TEXTS * 20) * other.passages(TEXTS * 20), axis=1).min() > 0.999
    with ThreadPoolExecutor(8) as threads:
        found = np.concatenate(list(threads.map(lambda text: other.queries([text]), TEXTS)))
    assert np.sum(found * one.queries(TEXTS), axis=1).min() > 0.999


def test_what_is_no_model_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "new"}')
    with pytest.raises(ModelError, match=str(tmp_path)):
        Embedder(tmp_path)


FIRST = """
import sys, threading
import numpy as np
from rag.quiet import openvino
ov = openvino()
ops, x = ov.opset13, ov.opset13.parameter([-1], ov.Type.i64)
model = ov.Core().compile_model(ov.Model([ops.relu(ops.convert(x, "f32"))], [x], "tiny"), "CPU")
requests, ready = [model.create_infer_request() for _ in range(4)], []
sys.setswitchinterval(1e-6)
def infer(request):
    ready.append(request)
    while len(ready) < 4:
        pass
    request.infer((np.zeros(2, np.int64),))
threads = [threading.Thread(target=infer, args=(request,)) for request in requests]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_first_inferences_of_several_threads_do_not_wait_for_each_other_for_ever() -> None:
    # Of three runs without the tensor that `openvino` reads, all hang.
    for _ in range(3):
        assert subprocess.run([sys.executable, "-c", FIRST], cwd=ROOT, timeout=60).returncode == 0
