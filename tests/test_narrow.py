"""Claims about an embedder with weights of 8 bits: the same vectors, taken only where it is faster."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny

from rag import narrow
from rag.embed import MODEL, Embedder
from rag.quiet import openvino

TEXTS = ["第一条 人工智能应当安全。", "处理信息？", "the act applies to providers"]


@pytest.mark.parametrize(
    ("half", "eight", "cosine", "taken"),
    [
        (2.09, 1.23, 0.9998, True),
        (1.2, 1.24, 0.9998, False),
        (1.3, 1.24, 1.0, False),
        (1.5, 1.24, 1.0, False),
        (2.09, 1.23, 0.98, False),
    ],
)
def test_eight_bits_are_taken_where_they_are_faster_and_the_vectors_the_same(
    half: float, eight: float, cosine: float, taken: bool
) -> None:
    assert narrow.fitter(half, eight, cosine) is taken


@pytest.mark.parametrize("taken", [True, False])
def test_what_is_chosen_is_what_runs_and_is_told_beside_it(
    taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrow, "fitter", lambda *_: taken)
    folder = tiny.embedder(tmp_path / "model", prompts={"query": "query: ", "passage": "passage: "})
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 64}')
    found = Embedder(folder, tmp_path / "made").passages(TEXTS)
    told = json.loads((tmp_path / "made" / "chosen.json").read_text(encoding="utf-8"))
    assert told["chosen"] == ("int8" if taken else "float16")
    # Of weights at random, eight bits keep more or less by what the processor quantises: it is measured, and told.
    alike = np.sum(found * Embedder(folder).passages(TEXTS), axis=1).min()
    assert alike > (0.5 if taken else 0.99) and -1 <= told["cosine"] <= 1.001
    assert {file.name for file in (tmp_path / "made").iterdir()} == {"chosen.json", MODEL, "model.bin"}
    operations = openvino().Core().read_model(tmp_path / "made" / MODEL).get_ordered_ops()
    kinds = [op.get_element_type().get_type_name() for op in operations if op.get_type_name() == "Constant"]
    assert ("i8" in kinds) is taken
