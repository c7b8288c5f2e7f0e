"""SPEC -> a Generator: one module a back end, one explicit choice.

In: what a person wrote for `--llm`: "embedded", "openai:MODEL@http://host:port/v1" or "extractive". Out: an object with
`stream`. Loading happens here, and takes seconds.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

from rag.errors import UsageError
from rag.generate.openai_like import FORM, parsed
from rag.records import Generator


def check(spec: str) -> None:
    """Raise UsageError unless `spec` is one that `load` understands."""
    if spec in ("embedded", "extractive"):
        return
    if "@" not in spec and "://" not in spec and not spec.lower().startswith("openai"):
        near = difflib.get_close_matches(spec, ("embedded", "extractive", "openai"), n=1, cutoff=0.0)[0]
        raise UsageError("llm_spec", spec=spec, near=near, form=FORM)
    parsed(spec)


def load(spec: str, model: Callable[[], Path]) -> Generator:
    """The generator `spec` means; `model` gives the bundled model's file, and is asked only when it is needed.

    Raises UsageError for a SPEC of no known form, ModelError when the model does not load.
    """
    check(spec)
    if spec == "extractive":
        from rag.generate.extractive import Extractive

        return Extractive()
    if spec == "embedded":
        from rag.generate.embedded import Embedded

        return Embedded(model())
    from rag.generate.openai_like import Server

    return Server(spec)
