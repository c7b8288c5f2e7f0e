"""OpenVINO without its telemetry.

Importing openvino sends a request to an analytics service unless the user has opted out in a file of its own. Here the
module that sends is made unimportable first; openvino then takes the stub that it carries for that case.
Out: the modules. Nothing else of openvino is changed.
"""

from __future__ import annotations

import sys
from typing import Any


def openvino() -> Any:
    """The openvino module."""
    _silence()
    import openvino

    return openvino


def openvino_genai() -> Any:
    """The openvino_genai module, which imports openvino."""
    _silence()
    import openvino_genai

    return openvino_genai


def _silence() -> None:
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
