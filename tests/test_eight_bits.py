"""Claims about widening a saved model's weights: another form, the same values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from rag.generate.eight_bits import MODEL, widen
from rag.quiet import openvino

ROWS, GROUPS, GROUP = 8, 2, 32


def four_bit_model(ov: Any, packed: np.ndarray, zeros: np.ndarray) -> Any:
    """x -> x W', W of shape (8, 64) as 4-bit groups of 32, each with a zero point and a scale."""
    ops = ov.opset13
    given = ops.parameter([-1, GROUPS * GROUP], ov.Type.f32, name="x")
    weights = ops.constant(ov.Tensor(packed, ov.Shape([ROWS, GROUPS, GROUP]), ov.Type.u4))
    points = ops.constant(ov.Tensor(zeros, ov.Shape([ROWS, GROUPS, 1]), ov.Type.u4))
    shifted = ops.subtract(ops.convert(weights, "f16"), ops.convert(points, "f16"))
    scales = np.linspace(0.5, 2, ROWS * GROUPS, dtype=np.float16).reshape(ROWS, GROUPS, 1)
    flat = ops.reshape(
        ops.multiply(shifted, ops.constant(scales)), ops.constant(np.array([ROWS, GROUPS * GROUP])), False
    )
    return ov.Model([ops.matmul(given, ops.convert(flat, "f32"), False, True)], [given])


def test_the_widened_model_computes_the_same_and_holds_no_four_bit_weights(tmp_path: Path) -> None:
    ov = openvino()
    random = np.random.default_rng(7)
    packed = random.integers(0, 256, ROWS * GROUPS * GROUP // 2, dtype=np.uint8)
    zeros = random.integers(0, 256, ROWS * GROUPS // 2, dtype=np.uint8)
    saved, place = tmp_path / "saved", tmp_path / "place"
    place.mkdir()
    ov.save_model(four_bit_model(ov, packed, zeros), saved / MODEL, compress_to_fp16=False)
    (saved / "openvino_tokenizer.xml").write_text("tokenizer", encoding="utf-8")

    widen(saved, place)

    kinds = {op.get_element_type().get_type_name() for op in ov.Core().read_model(place / MODEL).get_ordered_ops()}
    assert "i8" in kinds
    assert "u4" not in kinds
    assert (place / "openvino_tokenizer.xml").read_text(encoding="utf-8") == "tokenizer"
    # Worked out by hand from the bytes: the lower half of a byte comes first.
    numbers = np.stack([packed & 15, packed >> 4], axis=-1).reshape(ROWS, GROUPS, GROUP).astype(np.float32)
    points = np.stack([zeros & 15, zeros >> 4], axis=-1).reshape(ROWS, GROUPS, 1).astype(np.float32)
    scales = np.linspace(0.5, 2, ROWS * GROUPS, dtype=np.float16).reshape(ROWS, GROUPS, 1).astype(np.float32)
    weights = ((numbers - points) * scales).reshape(ROWS, -1)
    given = random.standard_normal((3, GROUPS * GROUP)).astype(np.float32)
    exact = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
    found = ov.Core().compile_model(place / MODEL, "CPU", exact)([given])[0]
    assert np.allclose(found, given @ weights.T, rtol=1e-3, atol=1e-2)
