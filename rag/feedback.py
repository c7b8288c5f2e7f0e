"""Readers' marks on answers -> lines of a file of their own machine -> questions for a person to correct.

In: an Answer and what a reader thought of it. Out: one JSON a line in `FILE`, which is only ever added to; from that,
rows in the form of a question set. Nothing is sent anywhere, and no mark changes an answer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.errors import TiaoYinError
from rag.records import Answer

FILE = "feedback.jsonl"
LIKE, DISLIKE = "like", "dislike"
_NAMES = ("question", "history", "lang", "answer", "refused", "citations", "verdict", "reason")


class FeedbackError(TiaoYinError):
    """The file of marks cannot be written, read, or is not there."""


def keep(place: Path, answer: Answer, history: Sequence[str], verdict: str, reason: str | None = None) -> None:
    """Add a mark to the file `place`; who marks an answer again adds a line that counts instead of the one before.

    `verdict` is LIKE or DISLIKE. Only its owner can read the file. A line is one write at the end of the file, so two
    processes do not tear each other's. Raises FeedbackError.
    """
    cited = [{"doc": c.doc, "article": c.article, "path": c.path} for c in answer.citations]
    said = {"lang": answer.lang, "answer": answer.text, "refused": answer.refused, "citations": cited}
    mark = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "question": answer.question} | said
    mark |= {"history": list(history), "verdict": verdict, "reason": reason}
    line = (json.dumps(mark, ensure_ascii=False) + "\n").encode("utf-8", "replace")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            written = os.write(file, line)
        finally:
            os.close(file)
    except OSError as error:
        raise FeedbackError("feedback_unwritable", place=place, why=error.strerror) from error
    if written < len(line):
        raise FeedbackError("feedback_unwritable", place=place, why=f"{written} / {len(line)}")


def as_questions(place: Path) -> list[dict[str, Any]]:
    """The questions marked in `place`, each once, by its last mark, in the order in which they were first marked.

    A liked answer's citations are the gold, and a liked refusal means that nothing answers; of a disliked one nothing
    is known (`answerable` is null). `verdict`, `reason` and `shown`, the answer, are for the person who corrects.
    Raises FeedbackError.
    """
    last = {(mark["question"], *mark["history"]): mark for mark in _marks(place)}
    if not last:
        raise FeedbackError("feedback_none", place=place)
    return [_as_question(n, mark) for n, mark in enumerate(last.values(), 1)]


def _marks(place: Path) -> Iterator[dict[str, Any]]:
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise FeedbackError("feedback_none", place=place) from error
    except (OSError, UnicodeDecodeError) as error:
        raise FeedbackError("feedback_unreadable", place=place, why=error) from error
    for line, each in enumerate(text.split("\n"), 1):
        if each.strip():
            try:
                mark = json.loads(each)
                yield {name: mark[name] for name in _NAMES}
            except (ValueError, KeyError, TypeError) as error:
                raise FeedbackError("feedback_broken", place=place, line=line, why=repr(error)) from error


def _as_question(n: int, mark: dict[str, Any]) -> dict[str, Any]:
    liked = mark["verdict"] == LIKE
    gold = [each for at, each in enumerate(mark["citations"]) if each not in mark["citations"][:at]] if liked else []
    asked = {name: mark[name] for name in ("question", "history", "lang")}
    row = {"id": f"feedback-{n:03}", **asked, "kind": "feedback", "gold": gold}
    row |= {"answerable": not mark["refused"] if liked else None, "keys": [], "answer": None}
    return row | {"verdict": mark["verdict"], "reason": mark["reason"], "shown": mark["answer"]}
