"""SPEC -> a Generator: one module a back end, one explicit choice.

In: what a person wrote for `--llm`, in one of the forms of `FORMS`. Out: an object with `stream`. Loading happens here,
and takes seconds.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

from rag.errors import UsageError
from rag.generate.openai_like import FORM, parsed
from rag.records import Generator

FORMS = {"embedded": "embedded", "gguf": "gguf:PATH", "openai": FORM, "hf": "hf:ORG/NAME", "extractive": "extractive"}


def check(spec: str) -> None:
    """Raise UsageError unless `spec` is one that `load` understands."""
    kind, colon, rest = spec.partition(":")
    if kind in ("gguf", "hf"):
        if not rest.strip():
            raise UsageError("llm_spec_empty", spec=spec, form=FORMS[kind])
    elif kind.lower() == "openai" or "@" in spec or "://" in spec:
        parsed(spec)
    elif colon or FORMS.get(spec) != spec:
        near = difflib.get_close_matches(kind.lower(), FORMS, n=1, cutoff=0.0)[0]
        raise UsageError("llm_spec", spec=spec, near=FORMS[near], form=FORM)


def load(spec: str, model: Callable[[], Path], find: Callable[[str], Path] = Path) -> Generator:
    """The generator `spec` means. `model` gives the bundled model's file, `find` the folder of `hf:` by name or path;
    each is asked only when it is needed.

    Raises UsageError for a SPEC of no known form, ModelError when the model is not there or does not load.
    """
    check(spec)
    kind, _, rest = spec.partition(":")
    if kind == "extractive":
        from rag.generate.extractive import Extractive

        return Extractive()
    if kind == "embedded":
        from rag.generate.embedded import Embedded

        return Embedded(model())
    if kind == "gguf":
        from rag.generate.gguf import Gguf

        return Gguf(Path(rest).expanduser(), spec)
    if kind == "hf":
        from rag.generate.hugging_face import HuggingFace

        return HuggingFace(find(rest), spec)
    from rag.generate.openai_like import Server

    return Server(spec)


def writes(generator: Generator) -> bool:
    """Whether it writes words of its own: what only quotes neither rewrites a question nor renders a clause."""
    return generator.name != "extractive"
