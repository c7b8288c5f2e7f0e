"""SPEC -> a Generator: one module a back end, one explicit choice.

In: what a person wrote for `--llm`. Out: an object with `stream`. Loading happens here, and takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rag.errors import UsageError
from rag.records import Generator


def check(spec: str) -> None:
    """Raise UsageError unless `spec` is one that `load` understands."""
    if spec not in ("embedded", "extractive"):
        raise UsageError("llm_spec", spec=spec)


def load(spec: str, model: Callable[[], Path]) -> Generator:
    """The generator `spec` means; `model` gives the bundled model's file, and is asked only when it is needed.

    Raises UsageError for a SPEC of no known form, ModelError when the model does not load.
    """
    check(spec)
    if spec == "extractive":
        from rag.generate.extractive import Extractive

        return Extractive()
    from rag.generate.embedded import Embedded

    return Embedded(model())
