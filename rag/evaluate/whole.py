"""A question set -> everything that `tiaoyin eval` leaves behind, the arrows of this package as code.

In: Settings, a file of questions, a folder. Out: `results.jsonl`, `results.csv`, `summary.json` and `report.html` in
the folder, and `Evaluated` for whoever prints. It prints nothing.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from rag import feedback
from rag.errors import UsageError
from rag.evaluate import metrics, report
from rag.evaluate.compare import Difference, compare
from rag.evaluate.draft import drafts
from rag.evaluate.judge import judge
from rag.evaluate.judge import summary as verdicts_summary
from rag.evaluate.questions import Question, read_questions, resolved
from rag.evaluate.run import Row, made_with, read_rows, run, write
from rag.ingest import parse
from rag.pipeline import Engine
from rag.settings import Settings
from rag.words import reader_language

_RUNNING = ("recall@5", "citation_precision", "key_recall")
_CSV = ("id", "lang", "kind", "question", "answer", "refused", "reason", "error")


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation found; `worse` are the differences because of which it is to be taken as failed."""

    n: int
    failed: int
    report: Path
    summary: dict[str, Any]
    differences: tuple[Difference, ...] = ()
    worse: tuple[Difference, ...] = ()


def evaluate(
    settings: Settings,
    path: Path,
    out: Path,
    *,
    only_retrieve: bool,
    before: Path | None = None,
    fail_if_worse: Sequence[str] = (),
    judge_by: str | None = None,
    concurrency: int = 1,
    progress: Callable[[int, int, str], None],
) -> Evaluated:
    """Ask every question of `path` and measure the answers; `before` is the folder of a run to compare with.

    Raises UsageError before anything is asked: a question set that is wrong, gold that the index does not hold, a
    folder with another run, a metric that does not exist; and at the end, all written, for one that cannot be compared.
    """
    if out.exists() and not out.is_dir():
        raise UsageError("eval_out_file", out=out)
    questions = read_questions(path)
    margins = dict(_margin(each) for each in fail_if_worse)
    if margins and not before:
        raise UsageError("eval_no_before")
    judging = _writer(settings, judge_by) if judge_by else None
    engine = Engine(settings)
    questions = resolved(questions, [(document.title, document.source) for document in engine.documents()], path)
    earlier = _earlier(before, questions) if before else {}
    scores: dict[str, dict[str, float | None]] = {}

    def told(question: Question, row: Row) -> None:
        scores[question.id] = metrics.scores(question, row)
        progress(len(scores), len(questions), running(list(scores.values())))

    progress(0, len(questions), "")
    rows = run(questions, engine, out, only_retrieve, told, concurrency)
    summary = metrics.summary(questions, rows) | made(engine, only_retrieve)
    if judging:
        given = {id_: score["key_recall"] for id_, score in scores.items()}
        verdicts = judge(questions, rows, judging.generator(), out / "judged.jsonl", lambda n, of: progress(n, of, ""))
        summary["judge"] = verdicts_summary(verdicts, given, judging.generator().name)
    write(out / "summary.json", json.dumps(summary, ensure_ascii=False, indent=2) + "\n")
    write(out / "results.csv", _table(questions, rows, list(scores.values())))
    report.write(out / "report.html", questions, rows, list(scores.values()), summary, reader_language())
    found = compare(earlier, scores) if earlier else []
    if missing := margins.keys() - {each.metric for each in found}:  # a gate that cannot close is no gate
        raise UsageError("eval_not_compared", place=before, name=" ".join(sorted(missing)))
    worse = tuple(each for each in found if each.metric in margins and each.is_worse(margins[each.metric]))
    failed = sum(row["error"] is not None for row in rows)
    return Evaluated(len(rows), failed, out / "report.html", summary, tuple(found), worse)


def write_drafts(
    settings: Settings, paths: Sequence[Path], out: Path, n: int, progress: Callable[[int, int], None]
) -> int:
    """Draft `n` questions from files into `out`, JSONL; how many. Raises UsageError, DocumentError, ModelError."""
    _is_file(out)
    documents = [document for path in paths for document in parse(path)]
    writer = _writer(settings, settings.llm).generator()
    found = list(drafts(documents, writer, n, progress))
    return _write_questions(out, found)


def write_feedback(settings: Settings, out: Path) -> int:
    """The questions that readers marked, into `out`, JSONL; how many. Raises FeedbackError, UsageError."""
    _is_file(out)
    return _write_questions(out, feedback.as_questions(settings.home / feedback.FILE))


def _is_file(out: Path) -> None:
    if out.is_dir():
        raise UsageError("eval_out_folder", out=out)


def _write_questions(out: Path, rows: Sequence[Row]) -> int:
    out.parent.mkdir(parents=True, exist_ok=True)
    write(out, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return len(rows)


def _writer(settings: Settings, spec: str) -> Engine:
    """An engine whose language model writes freely. Raises UsageError for one that only quotes."""
    if spec == "extractive":
        raise UsageError("eval_no_writer", spec=spec)
    return Engine(replace(settings, llm=spec))


def running(scores: Sequence[dict[str, float | None]]) -> str:
    """The scores so far, for a progress bar."""
    shown = []
    for name in _RUNNING:
        known = [value for each in scores if (value := each[name]) is not None]
        shown += [f"{name} {sum(known) / len(known):.2f}"] if known else []
    return " ".join(shown)


def _margin(text: str) -> tuple[str, float]:
    """METRIC[:MARGIN] as typed. Raises UsageError."""
    name, _, margin = text.partition(":")
    if name not in metrics.NAMES:
        raise UsageError("eval_no_metric", name=name, known=" ".join(metrics.NAMES))
    try:
        return name, float(margin or 0)
    except ValueError as error:
        raise UsageError("eval_no_metric", name=text, known="METRIC:0.01") from error


def _earlier(place: Path, questions: Sequence[Question]) -> dict[str, dict[str, float | None]]:
    """The scores of the run in `place`, by the gold of today's questions."""
    made_with(place)
    by_id = {question.id: question for question in questions}
    rows = read_rows(place / "results.jsonl")
    same = [row for row in rows if row["id"] in by_id and row["question"] == by_id[row["id"]].question]
    return {row["id"]: metrics.scores(by_id[row["id"]], row) for row in same}


def made(engine: Engine, only_retrieve: bool) -> dict[str, Any]:
    manifest = engine.search().index.manifest
    return {
        "llm": None if only_retrieve else engine.settings.llm,
        "embedder": manifest.embedder,
        "index": {"build": engine.search().index.build.name, "files": len(manifest.files), "chunks": manifest.chunks},
        "commit": _commit(),
    }


@functools.cache
def _commit() -> str:
    """The commit of a checkout, else the installed version."""
    here = Path(__file__).parent
    done = subprocess.run(["git", "-C", here, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else metadata.version("tiaoyin")


def _table(questions: Sequence[Question], rows: Sequence[Row], scores: Sequence[dict[str, float | None]]) -> str:
    """The results as CSV, with a byte order mark so that spreadsheets read the Chinese."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow([*_CSV, "citations", *metrics.NAMES])
    for question, row, score in zip(questions, rows, scores, strict=True):
        said = {**row, "lang": question.lang or row.get("lang"), "kind": question.kind}
        cited = "; ".join(citation["label"] for citation in row["citations"])
        values = [score.get(name) for name in metrics.NAMES]
        table.writerow(
            [
                *(_safe(said.get(name)) for name in _CSV),
                _safe(cited),
                *("" if v is None else round(v, 4) for v in values),
            ]
        )
    return "\ufeff" + written.getvalue()


def _safe(value: object) -> object:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t" and value else value
