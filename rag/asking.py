"""A prompt file with its values -> the reply of a language model, for all that it writes beside answers.

In: the name of a file in `rag/prompts/` whose turns are headed `## user` and `## assistant`, and values for its $names.
Out: the whole reply, or what it says. It checks nothing in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import closing
from importlib import resources
from string import Template

from rag.records import Generator, Message, Prompt
from rag.unseen import tamed

WIDEST = 48
"""Tokens at most of the wording that is added to a question."""

LONGEST = 80
"""Tokens at most of a rendering."""

SAID, LEAST = 0.88, 1e-6
"""Probability of what a model only says, and the least of what is left."""

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


def reply(
    writer: Generator, turns: tuple[Message, ...], lang: str, tokens: int, stopped: Callable[[], bool] = lambda: False
) -> str:
    """All that the model writes, at most `tokens`, or until it is `stopped`. Raises GenerateError."""
    said = ""
    with closing(writer.stream(Prompt("", lang, (), turns), tokens)) as pieces:
        while not stopped() and (piece := next(pieces, None)) is not None:
            said += piece
    return said


def wording(writer: Generator, question: str, lang: str) -> str:
    """The words of law for an everyday question."""
    return reply(writer, messages("widen", lang, question=question), lang, WIDEST).splitlines()[0]


def follows(writer: Generator, lang: str, sentence: str, clause: str) -> bool:
    """Whether the model finds that a sentence follows from a clause."""
    said = reply(writer, messages("check", lang, clause=clause, sentence=sentence), lang, 4)
    return said.strip().lower().startswith(("是", "yes"))


def states(writer: Generator, lang: str, question: str, clauses: str) -> float:
    """Whether the model finds that clauses state what is asked: the log-odds of its yes, the natural logarithm.

    A back end that tells no probabilities is asked for the word, which counts as `SAID`; 0 where it says neither.
    """
    turns = messages("states", lang, question=question, clauses=clauses)
    first = getattr(writer, "first", None)
    word, probability = first(turns) if first else (reply(writer, turns, lang, 4), SAID)
    odds = math.log(probability / max(1 - probability, LEAST)) if probability else 0.0
    said = word.strip().lower()
    return odds * (said.startswith(("有", "yes")) - said.startswith(("没", "无", "no")))


def standalone(writer: Generator, lang: str, question: str, before: str) -> str:
    """A question that follows another, said so that it needs no other."""
    said = reply(writer, messages("rewrite", lang, question=question, before=before), lang, WIDEST)
    return said.strip().partition("\n")[0]


def rendering(writer: Generator, lang: str, text: str, words: str, stopped: Callable[[], bool]) -> str:
    """A text in the language `lang`, with the `words` given for it; "" where the model was stopped."""
    said = reply(writer, messages("render", lang, text=text, words=words), lang, LONGEST, stopped)
    return "" if stopped() else said
