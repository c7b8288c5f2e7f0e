"""Questions -> rows: every question asked, each result kept as it comes, a stopped run continued.

In: Questions, an Engine, a folder. Out: `results.jsonl` in it, one row a question in the order of the set, and
`run.json`, what the run was made with; a row torn by a sudden end is asked again. It computes no metrics.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.errors import TiaoYinError, UsageError
from rag.evaluate.questions import Question
from rag.labels import article_of
from rag.pipeline import Engine
from rag.records import Hit

Row = dict[str, Any]
DEPTH = 10
"""How many articles are kept as retrieved when only retrieval is evaluated; the metrics look no deeper."""


def run(
    questions: Sequence[Question],
    engine: Engine,
    place: Path,
    only_retrieve: bool,
    report: Callable[[Question, Row], None],
    concurrency: int = 1,
) -> list[Row]:
    """The rows of all questions, those that `place` holds already taken from there; `report` is told of each.

    `concurrency` questions are asked at once, which helps where the back end answers several together.

    Raises UsageError when `place` holds another run, ModelError when a model does not load; an error of one question is
    in its row.
    """
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    _same_run(place, _made_with(questions, engine, only_retrieve))
    results = place / "results.jsonl"
    rows = {row["id"]: row for row in read_rows(results)}
    _rewrite(results, list(rows.values()))
    for question in questions:
        if question.id in rows:
            report(question, rows[question.id])
    left = [question for question in questions if question.id not in rows]
    if left:
        warm(engine, only_retrieve)
    with results.open("a", encoding="utf-8") as file, ThreadPoolExecutor(concurrency) as pool:
        asked = {pool.submit(row_of, question, engine, only_retrieve): question for question in left}
        try:
            for done in as_completed(asked):
                question = asked[done]
                rows[question.id] = row = done.result()
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
                report(question, row)
        finally:
            pool.shutdown(cancel_futures=True)  # after Ctrl-C, only what is being answered is waited for
    ordered = [rows[question.id] for question in questions]
    _rewrite(results, ordered)
    return ordered


def read_rows(results: Path) -> list[Row]:
    """The whole rows of a results file; a last line that was torn is left out."""
    if not results.exists():
        return []
    rows = []
    for line in results.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue  # the torn line: its question is asked again
    return rows


def made_with(place: Path) -> dict[str, Any]:
    """What the run in `place` was made with. Raises UsageError when there is none."""
    if not (place / "run.json").exists():
        raise UsageError("eval_no_run", place=place)
    found: dict[str, Any] = json.loads((place / "run.json").read_text(encoding="utf-8"))
    return found


def _made_with(questions: Sequence[Question], engine: Engine, only_retrieve: bool) -> dict[str, Any]:
    asked = [{name: value for name, value in asdict(question).items() if name != "line"} for question in questions]
    said = json.dumps(asked, ensure_ascii=False)
    index = engine.search().index
    return {
        "questions": hashlib.sha256(said.encode()).hexdigest(),
        "llm": None if only_retrieve else engine.settings.llm,
        "embedder": index.manifest.embedder,
        "index": index.build.name,
        "provisions": engine.settings.provisions,
    }


def _same_run(place: Path, made: dict[str, Any]) -> None:
    if not (place / "run.json").exists():
        if read_rows(place / "results.jsonl"):
            raise UsageError("eval_other_run", place=place, what="run.json")
        write(place / "run.json", json.dumps(made, ensure_ascii=False, indent=2) + "\n")
        return
    before = made_with(place)
    if other := [name for name, value in made.items() if before.get(name) != value]:
        raise UsageError("eval_other_run", place=place, what=", ".join(other))


def warm(engine: Engine, only_retrieve: bool) -> None:
    """What is loaded once would else be in the time of the first question, and a missing model in every row."""
    engine.embedder().queries(["?"])
    if not only_retrieve:
        engine.generator()


def row_of(question: Question, engine: Engine, only_retrieve: bool) -> Row:
    row: Row = {"id": question.id, "question": question.question, "error": None}
    try:
        if only_retrieve:
            started = time.perf_counter()
            hits = engine.find(question.question, question.history, DEPTH).hits
            timings = {"retrieve": round(time.perf_counter() - started, 4)}
            empty: Row = {"answer": None, "refused": None, "sentences": [], "citations": [], "removed": []}
            return row | empty | {"retrieved": [hit.to_json() for hit in hits], "timings": timings} | _evidence(hits)
        *_, last = engine.ask(question.question, question.history)
    except TiaoYinError as error:  # a row of its own, never the end
        return row | {"error": str(error), "retrieved": [], "citations": [], "sentences": [], "removed": []}
    found = last.answer.to_json()
    for citation in found["citations"]:
        text = last.answer.documents[citation["doc_id"]].text
        citation["verbatim"] = text[citation["start"] : citation["end"]] == citation["quote"]
        citation["article"] = article_of(tuple(citation["path"]))
    return found | row | _evidence(last.answer.retrieved)


def _evidence(hits: Sequence[Hit]) -> Row:
    """The best cosine of anything found, which is what decides whether a question is answered at all."""
    return {"evidence": round(max((hit.cosine for hit in hits), default=0.0), 4)}


def _rewrite(results: Path, rows: Sequence[Row]) -> None:
    write(results, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write(path: Path, text: str) -> None:
    """`text` in place of what the file held, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
