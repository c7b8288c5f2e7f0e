"""A prompt file with its values -> the reply of a language model, for judging and drafting.

In: the name of a file in `rag/prompts/` whose turns are headed `## user` and `## assistant`, and values for its $names.
Out: the whole reply. It checks nothing in it.
"""

from __future__ import annotations

import re
from contextlib import closing
from importlib import resources
from string import Template

from rag.records import Generator, Message, Prompt
from rag.unseen import tamed

_TURN = re.compile(r"^## (user|assistant)\n", re.MULTILINE)


def messages(name: str, lang: str, **values: str) -> tuple[Message, ...]:
    """The turns of `name.lang.md` with `values` filled into the last one."""
    text = resources.files("rag.prompts").joinpath(f"{name}.{lang}.md").read_text("utf-8")
    parts = _TURN.split(text)[1:]
    *shots, last = [Message(role, body.strip()) for role, body in zip(parts[::2], parts[1::2], strict=True)]
    return (
        *shots,
        Message(last.role, Template(last.content).substitute({name: tamed(value) for name, value in values.items()})),
    )


def reply(writer: Generator, turns: tuple[Message, ...], lang: str, tokens: int) -> str:
    """All that the model writes, at most `tokens`. Raises GenerateError."""
    with closing(writer.stream(Prompt("", lang, (), turns), tokens)) as pieces:
        return "".join(pieces)
