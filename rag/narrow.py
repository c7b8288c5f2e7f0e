"""An exported embedder with weights of 8 bits, and which of the two this machine runs faster: measured once, when made.

In: an OpenVINO model in half precision, and how to run one. Out: the faster of the two in its place, and beside it
`chosen.json` with what was measured. A processor with bfloat16 runs half precision as fast as 8 bits (here 1.24 s of
processor time for 96 passages, and 1.10 to 1.24); one that would have to compute in float32 takes 2.09 s for it, and
1.23 s for 8 bits, whose activations are quantised as they come, 64 at a time. Eight bits are taken only where their
vectors are the same, to a cosine of 0.99, and half as fast again: they cost one of a hundred scenarios over 206 laws
its place among the first five. It knows nothing of texts but those it measures with.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rag.quiet import openvino

GROUP = 64
"""Activations that share a scale, of a layer with weights of 8 bits."""
SAME, FASTER = 0.99, 1.5
CLAUSE = "个人信息处理者应当对其处理活动负责，并在三十日内采取必要措施保障个人信息的安全；逾期的，处五万元罚款。"
ENGLISH = "Providers shall keep the logs referred to in Article 12(1), for at least six months, under their control. "
TEXTS = [(text[n:] + text[:n]) * 2 for n in range(0, 48, 3) for text in (CLAUSE, ENGLISH)] * 2

Run = Callable[[list[str]], Any]


def choose(model: Path, running: Callable[[Path], Run]) -> None:
    """Measure `model` (an .xml) against itself with 8-bit weights, and keep the faster; `running` loads a model."""
    narrow = model.with_name("narrow.xml")
    _narrow(model, narrow)
    files = (model, narrow)
    runs = [running(file) for file in files]
    vectors = [np.asarray(run(TEXTS[:32])) for run in runs]
    one, other = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in vectors)
    cosine = float((one * other).sum(axis=1).min())
    half, eight = (min(_seconds(run) for _ in range(2)) for run in runs)
    chosen = fitter(half, eight, cosine)
    rates = {"float16": round(len(TEXTS) / half, 1), "int8": round(len(TEXTS) / eight, 1)}
    found = {"chosen": "int8" if chosen else "float16", "passages_a_second": rates, "cosine": round(cosine, 5)}
    del runs
    for suffix in (".xml", ".bin"):
        if chosen:
            narrow.with_suffix(suffix).replace(model.with_suffix(suffix))
        else:
            narrow.with_suffix(suffix).unlink()
    (model.parent / "chosen.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def fitter(half: float, narrow: float, cosine: float) -> bool:
    """Whether 8 bits are taken, by the seconds of both and the least cosine between them."""
    return cosine >= SAME and half >= FASTER * narrow


def _seconds(run: Run) -> float:
    started = time.perf_counter()
    for n in range(0, len(TEXTS), 16):
        run(TEXTS[n : n + 16])
    return time.perf_counter() - started


def _narrow(source: Path, target: Path) -> None:
    """Write a model whose matrices are signed bytes with a scale an output; tables that are looked up stay."""
    ov = openvino()
    ops, model = ov.opset13, ov.Core().read_model(source)
    for node in model.get_ordered_ops():
        weights = _weights(node) if node.get_type_name() == "MatMul" else None
        if weights is None:
            continue
        axis = 1 if node.get_attributes()["transpose_b"] else 0
        scale = np.maximum(np.abs(weights).max(axis=axis, keepdims=True), 1e-8) / 127
        small = ops.constant(np.round(weights / scale).astype(np.int8))
        wide = ops.multiply(ops.convert(small, "f16"), ops.constant(scale.astype(np.float16)))
        node.input(1).replace_source_output(ops.convert(wide, "f32").output(0))
    model.set_rt_info(str(GROUP), ["runtime_options", "DYNAMIC_QUANTIZATION_GROUP_SIZE"])
    ov.save_model(model, target, compress_to_fp16=False)


def _weights(matmul: Any) -> Any:
    """The matrix that a MatMul multiplies with, float32, or None where that is computed."""
    node = matmul.input_value(1).get_node()
    while node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    if node.get_type_name() != "Constant" or len(node.get_output_shape(0)) != 2:
        return None
    return np.array(node.data, dtype=np.float32)
