"""OpenVINO without its telemetry, and safe to be first used by several threads.

Importing openvino sends a request to an analytics service unless the user has opted out in a file of its own. Here the
module that sends is made unimportable first; openvino then takes the stub that it carries for that case.
When a tensor is first read as an array (2026.4), openvino fills a table once, and gives up Python's lock in between: of
two threads that read their first tensors at the same time each could wait for the other for ever, as two batches of an
ingest did. So one is read here.
Out: the modules. Nothing else of openvino is changed.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

_FIRST = threading.Lock()


def openvino() -> Any:
    """The openvino module."""
    _silence()
    import openvino

    with _FIRST:
        _ = openvino.Tensor(openvino.Type.i64, openvino.Shape([1])).data
    return openvino


def openvino_genai() -> Any:
    """The openvino_genai module, which imports openvino."""
    openvino()
    import openvino_genai

    return openvino_genai


def _silence() -> None:
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
