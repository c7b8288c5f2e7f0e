"""A question set that somebody uploads -> the report, while they watch.

In: the page's own Engine and the bytes of a file. Out: `Watched`, one a question, the last with the report. Closing the
generator stops behind the question being asked. Nothing stays on the disk; visitors' own documents are not asked.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from rag.errors import DocumentError, UsageError
from rag.evaluate import metrics, report
from rag.evaluate.questions import Question, read_questions, resolved
from rag.evaluate.run import Row, row_of, warm
from rag.evaluate.whole import made, running
from rag.pipeline import Engine
from rag.read.docx import check_package
from rag.read.files import bytes_of, shown


@dataclass(frozen=True)
class Watched:
    """`done` of `of` questions, the scores so far in a line; at the end the report, HTML, and the summary behind it."""

    done: int
    of: int
    scores: str = ""
    report: str = field(default="", repr=False)
    summary: dict[str, Any] | None = field(default=None, repr=False)


def watched(
    engine: Engine, data: bytes, name: str, lang: str, *, only_retrieve: bool = False
) -> Generator[Watched, None, None]:
    """Ask every question of the file `data`, which its owner calls `name`; the report is in `lang`.

    Raises UsageError or DocumentError before anything is asked: a set that is wrong, larger than `upload_mb`, of more
    than `eval_questions`, or about documents that are not here; ModelError when a model does not load.
    """
    with TemporaryDirectory() as folder:
        place = Path(folder)
        questions = _questions(engine, data, place, PurePath(shown(name)))
        yield Watched(0, len(questions))
        warm(engine, only_retrieve)
        rows: list[Row] = []
        scores: list[dict[str, float | None]] = []
        for question in questions:
            rows.append(row_of(question, engine, only_retrieve))
            scores.append(metrics.scores(question, rows[-1]))
            yield Watched(len(rows), len(questions), running(scores))
        summary = metrics.summary(questions, rows) | made(engine, only_retrieve)
        report.write(place / "report.html", questions, rows, scores, summary, lang)
        text = (place / "report.html").read_text(encoding="utf-8")
    yield Watched(len(rows), len(rows), running(scores), text, summary)


def _questions(engine: Engine, data: bytes, folder: Path, name: PurePath) -> list[Question]:
    """The questions of an upload; errors call it by the name that its owner gave it."""
    copy = folder / f"questions{name.suffix.lower()}"
    try:
        limit = engine.settings.upload_mb * 2**20
        copy.write_bytes(data)
        bytes_of(copy, limit)
        if copy.suffix == ".xlsx":
            check_package(data, copy, 2 * limit)
        questions = read_questions(copy)
        if len(questions) > (most := engine.settings.eval_questions):
            raise UsageError("eval_too_many", path=name, n=len(questions), limit=most)
        return resolved(questions, [(each.title, each.source) for each in engine.documents()], copy)
    except (UsageError, DocumentError) as error:
        raise type(error)(error.key, **error.values | {"path": name.name}) from error
