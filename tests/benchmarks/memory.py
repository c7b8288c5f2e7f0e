"""Where the memory goes: `python tests/benchmarks/memory.py [--out FILE] [--quick]`.

One process takes up what `tiaoyin serve` has, a part at a time, and says what each added; then `tiaoyin serve` with the
default model is asked, at rest, while it answers, and after. Baseline: what a bare Python has. RSS is all that the
process has in memory; of it, pages of files (the models, the libraries) can be read again and are given up first.
The index is build/bench/laws (which `ingest.py` leaves), else the first document, ingested here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from measuring import BUILD, DOCUMENTS, ROOT, Result, Target, child, environment, memory, run, watched
from start import until

from rag.ingest import ingest
from rag.settings import load

ASKED = ["行动计划推广哪些绿色计算技术?", "支持在联合国框架下建立哪两项机制?", "行动计划如何对待发展中国家?"]


def measure(args: argparse.Namespace) -> Result:
    with TemporaryDirectory() as folder:
        index = BUILD / "laws"
        if args.quick or not (index / "current").exists():
            index = Path(folder)
            ingest(load({"index": index}), [DOCUMENTS], prune=False, report=lambda *_: None)
        parts, _, _ = child(__file__, "--parts", index)
        rest, peak, after = serving(index, ASKED[:1] if args.quick else ASKED)
    rows = [[name, now["rss"], now["file"], now["rss"] - before["rss"]] for (_, before), (name, now) in pairs(parts)]
    served = [["at rest", rest["rss"], rest["file"]], ["at most, while it answers", peak["rss"], peak["file"]]]
    served.append(["after its answers", after["rss"], after["file"]])
    reached = f"{peak['rss']:.2f} GB, {peak['file']:.2f} of it pages of files"
    return Result(
        "memory", "Memory", "a bare Python process",
        [Target("memory of `serve`, answering", "≤ 4.5 GB", reached, peak["rss"] <= 4.5)],
        [
            ("By part, GB, each after the one before", ["with", "RSS", "of it files", "more"], rows),
            (f"`tiaoyin serve`, index {index.name if index == BUILD / 'laws' else 'of the first document'}, GB",
             ["", "RSS", "of it files"], served),
        ],
    )  # fmt: skip


def pairs(parts: list[list[object]]) -> list[object]:
    empty = ["", {"rss": 0.0, "file": 0.0}]
    return list(zip([empty, *parts], parts, strict=False))


def serving(index: Path, questions: list[str]) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Memory of a server at rest, at most, and after the questions."""
    port = 20000 + os.getpid() % 20000
    command = [sys.executable, "-m", "rag", "serve", "--port", str(port), "--index", str(index)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=ROOT, env=environment(), **quiet)
    try:
        until(process, port, "readyz", time.perf_counter())
        rest = memory(process.pid)
        with watched(process.pid) as most:
            for question in questions:
                asked = {"question": question}
                httpx.post(f"http://127.0.0.1:{port}/api/ask", json=asked, timeout=300).raise_for_status()
        return rest, most, memory(process.pid)
    finally:
        process.terminate()
        process.wait()


def by_part(index: Path) -> None:
    found = []

    def now(name: str) -> None:
        found.append([name, memory(os.getpid())])

    now("this script (httpx)")
    from rag.pipeline import Engine

    engine = Engine(load({"index": index}))
    now("the program's own modules")
    engine.search()
    now(f"the index, {len(engine.search().index.chunks):,} clauses")
    engine.find(ASKED[0])
    now("the embedder, and a search")
    from rag.serve import application

    application(engine)
    now("the page (gradio)")
    engine._load_model()
    now("the language model")
    *_, _last = engine.ask(ASKED[0])
    now("an answer")
    print(json.dumps(found), flush=True)
    os._exit(0)


if __name__ == "__main__":
    if "--parts" in sys.argv:
        by_part(Path(sys.argv[-1]))
    run(__doc__, measure)
