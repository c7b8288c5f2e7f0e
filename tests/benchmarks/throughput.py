"""Questions a minute of an evaluation: `python tests/benchmarks/throughput.py [--n N] [--out FILE] [--quick]`.

The same N questions of the first document by `eval`, one at a time and four at once: with the embedded model, and with
the same file behind an OpenAI-compatible server (llama.cpp's, of the prebuilt wheel, four places). Baseline: one at a
time. Only what a model writes counts: questions that code answers are left out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from compare import SET, drawn
from measuring import DOCUMENTS, ROOT, Result, environment, run

from rag import models
from rag.evaluate import run as evaluating
from rag.evaluate.questions import Question, read_questions
from rag.ingest import ingest
from rag.loaded import LLM
from rag.pipeline import Engine
from rag.settings import load

AT_ONCE = 4
SERVER = """
import sys, xllamacpp
how = xllamacpp.CommonParams()
how.model.path, how.port = sys.argv[1], int(sys.argv[2])
how.n_ctx, how.n_parallel, how.kv_unified, how.verbosity = 16384, int(sys.argv[3]), True, 0
server = xllamacpp.Server(how)
print("ready", flush=True)
sys.stdin.read()
"""


def measure(args: argparse.Namespace) -> Result:
    rows: list[list[Any]] = []
    with TemporaryDirectory() as folder:
        place = Path(folder)
        settings = load({"index": place / "index"})
        ingest(settings, [DOCUMENTS], prune=False, report=lambda *_: None)
        asked = written(Engine(load({"index": place / "index", "llm": "extractive"})), 2 if args.quick else args.n)
        # Each run has a model that has read none of these prompts yet: what it read it would not read again.
        for name in ("a server (llama.cpp)", "embedded"):
            for at_once in (1, AT_ONCE):
                server = nullcontext(name) if name == "embedded" else serving(models.require(LLM, settings.home))
                with server as spec:
                    engine = Engine(load({"index": place / "index", "llm": spec}))
                    engine._load_search()
                    engine._load_model()
                    rows.append([name, at_once, *timed(engine, asked, place / f"{name[:2]}{at_once}", at_once)])
    for row in rows:
        row.append(row[3] / rows[rows.index(row) // 2 * 2][3])
    columns = ["model", "at once", "s", "questions/minute", "failed", "times as many as one at a time"]
    return Result(
        "throughput", "Throughput of `eval`", "the same questions one at a time",
        tables=[(f"{len(asked)} questions of {SET.name}", columns, rows)],
    )  # fmt: skip


def written(engine: Engine, n: int) -> list[Question]:
    """n questions, across kinds, that a model is asked."""
    found = []
    for question in drawn(read_questions(SET), 1000):
        *_, last = engine.ask(question.question, question.history)
        if last.answer.llm and "generate" in last.answer.timings:
            found.append(question)
        if len(found) == n:
            break
    return found


def timed(engine: Engine, asked: list[Question], place: Path, at_once: int) -> list[Any]:
    started = time.perf_counter()
    rows = evaluating.run(asked, engine, place, False, lambda *_: None, at_once)
    spent = time.perf_counter() - started
    failed = sum(row["error"] is not None for row in rows)
    return [spent, (len(rows) - failed) * 60 / spent, failed]


@contextmanager
def serving(file: Path) -> Iterator[str]:
    """The SPEC of a llama.cpp server with this model."""
    port = 20000 + os.getpid() % 20000
    command = [sys.executable, "-c", SERVER, str(file), str(port), str(AT_ONCE)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=environment(), **pipes) as server:
        while (line := server.stdout.readline()) != "ready\n":
            if not line:
                sys.exit("the llama.cpp server ended")
        yield f"openai:qwen@http://127.0.0.1:{port}/v1"
        server.kill()


def more(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--n", type=int, default=4)


if __name__ == "__main__":
    run(__doc__, measure, more)
