"""Rerankers: scores, order, and what is refused, on tiny models with random weights."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tiny

from rag.errors import ModelError
from rag.rerank import Reranker

QUESTION = "人工智能应当安全？"
TEXTS = ["第一条 人工智能应当安全。", "不得", "the act applies to providers", "第 二 条 " * 30, "处理信息"] * 8


def predicted(folder: Path, texts: list[str]) -> np.ndarray:
    """The scores of sentence-transformers, one pair at a time."""
    import torch
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    return model.predict([(QUESTION, text) for text in texts], batch_size=1, activation_fn=torch.nn.Sigmoid())


@pytest.mark.parametrize("identity", [False, True], ids=["saved with a sigmoid", "saved without one"])
def test_scores_are_those_of_the_cross_encoder_in_order_and_within_0_and_1(tmp_path: Path, identity: bool) -> None:
    folder = tiny.reranker(tmp_path / "model", identity=identity)
    scores = Reranker(folder).scores(QUESTION, TEXTS)
    assert (scores.dtype, scores.shape) == (np.float32, (40,))
    assert np.allclose(scores, predicted(folder, TEXTS), atol=1e-5)
    assert 0 <= scores.min() < scores.max() <= 1
    assert np.ptp(scores[:5]) > 0.01  # so the order can be told


def test_no_text_has_no_score(tmp_path: Path) -> None:
    assert Reranker(tiny.reranker(tmp_path / "model")).scores(QUESTION, []).shape == (0,)


def test_threads_may_share_one(tmp_path: Path) -> None:
    reranker = Reranker(tiny.reranker(tmp_path / "model"))
    alone = [reranker.scores(text, TEXTS) for text in TEXTS[:5]]
    with ThreadPoolExecutor(5) as threads:
        together = list(threads.map(lambda text: reranker.scores(text, TEXTS), TEXTS[:5]))
    assert all(np.allclose(one, other, atol=1e-5) for one, other in zip(alone, together, strict=True))


def test_a_model_of_several_labels_is_refused(tmp_path: Path) -> None:
    folder = tiny.reranker(tmp_path / "model", labels=3)
    with pytest.raises(ModelError) as caught:
        Reranker(folder)
    assert (caught.value.key, caught.value.values["labels"]) == ("reranker_labels", 3)


def test_an_embedder_or_nothing_is_refused(tmp_path: Path) -> None:
    for folder in (tiny.embedder(tmp_path / "bert"), tiny.embedder(tmp_path / "qwen", decoder=True), tmp_path):
        with pytest.raises(ModelError) as caught:
            Reranker(folder)
        assert caught.value.key == "reranker_load"
        assert str(folder) in str(caught.value)
