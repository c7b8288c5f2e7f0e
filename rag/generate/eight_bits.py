"""The weights of a saved OpenVINO model, from 4 bits with a zero point to 8 bits without: the same values.

In: the folder of a model that OpenVINO GenAI saved from a GGUF. Out: `model` written anew into another folder, its
tokenizer beside it. OpenVINO's CPU plugin rearranges all weights at the first inference, and for 4-bit ones it does so
seven times more slowly (10.5 against 1.5 ns a weight): a start waits 2 s instead of 6.5. q - z of a 4- or 6-bit group
lies within a signed byte, so that (q - z) * scale is what it was; replies do not change. It costs 0.5 GB of disk.
The embedding table, which is only looked up, stays as it is.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.quiet import openvino

MODEL = "openvino_model.xml"


def widen(saved: Path, place: Path) -> None:
    """Write the model in `saved` into `place` with 8-bit weights. Raises RuntimeError and OSError."""
    ov = openvino()
    ops = ov.opset13
    model = ov.Core().read_model(saved / MODEL)
    for node in model.get_ordered_ops():
        found = _weights(node) if node.get_type_name() == "MatMul" else None
        if found is None:
            continue
        shifted = _values(_constant(found, 0)) - _values(_constant(found, 1))
        if shifted.min() >= -128 and shifted.max() < 128:
            kind = found.get_output_element_type(0).get_type_name()
            found.output(0).replace(ops.convert(ops.constant(shifted.astype(np.int8)), kind).output(0))
    ov.save_model(model, place / MODEL, compress_to_fp16=False)
    for file in saved.iterdir():
        if not file.name.startswith("openvino_model."):
            shutil.copy(file, place / file.name)


def _weights(matmul: Any) -> Any:
    """The node that subtracts a zero point from the weights of a MatMul, or None where there is none."""
    node = matmul.input_value(1).get_node()
    while node.get_type_name() in ("Convert", "Reshape", "Multiply"):
        node = node.input_value(0).get_node()
    if node.get_type_name() != "Subtract":
        return None
    constants = [_constant(node, n).get_type_name() == "Constant" for n in (0, 1)]
    return node if all(constants) else None


def _constant(subtract: Any, n: int) -> Any:
    node = subtract.input_value(n).get_node()
    return node.input_value(0).get_node() if node.get_type_name() == "Convert" else node


def _values(constant: Any) -> npt.NDArray[np.int16]:
    """The numbers in an 8-bit constant, or in a 4-bit one, which holds two a byte, the lower first."""
    shape = list(constant.get_output_shape(0))
    data = np.asarray(constant.data)
    if constant.get_element_type().get_type_name() == "u4":
        packed = data.view(np.uint8).reshape(-1)
        data = np.stack([packed & 15, packed >> 4], axis=-1)
    return data.reshape(shape).astype(np.int16)
