"""How long a search takes, by stage, and what it holds in memory: `retrieval.py INDEX QUESTIONS.jsonl [QUESTIONS...]`.

Baseline, in the same run: the bare libraries, that is one query through the embedder and one through Chroma. Prints p50
and p95 in milliseconds of every stage over all questions, after a warm-up, and the resident memory (VmRSS) of the
process. Run it on an idle machine.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rag import lexical, retrieve, rewrite, search, versions, widen
from rag.embed import Embedder
from rag.index import Index
from rag.pipeline import Engine
from rag.settings import load

WARM, DEPTH = 20, 10
STAGES = [
    (rewrite, "standalone"), (versions, "asked_date"), (search, "named"),
    (search, "mentioned"), (Embedder, "queries"), (Index, "nearest"), (lexical.Lexical, "scores"), (widen, "terms"),
    (retrieve, "fuse"), (search, "leaned_on"), (search.Search, "find"),
]  # fmt: skip


def main(index: Path, sets: list[Path]) -> None:
    questions = [json.loads(line)["question"] for path in sets for line in path.open(encoding="utf-8")]
    spent: dict[str, list[float]] = {name: [] for _, name in STAGES}
    for home, name in STAGES:
        setattr(home, name, timed(getattr(home, name), spent[name]))
    engine = Engine(load({"index": index}))
    for question in questions[:WARM]:
        engine.find(question, k=DEPTH)
    totals: dict[str, list[float]] = {name: [] for name in spent}
    for question in questions:
        for times in spent.values():
            times.clear()
        engine.find(question, k=DEPTH)
        for name, times in spent.items():
            totals[name].append(sum(times))
    print(f"{len(questions)} questions, {len(engine.search().index.chunks)} chunks, {memory():.0f} MB resident")
    for name, times in totals.items():
        print(f"{name:<12} p50 {percentile(times, 50):6.1f} ms   p95 {percentile(times, 95):6.1f} ms")
    bare = [a + b for a, b in zip(totals["queries"], totals["nearest"], strict=True)]
    print(f"whole / embedder and Chroma alone: {percentile(totals['find'], 50) / percentile(bare, 50):.2f}")


def timed(run: Callable[..., Any], times: list[float]) -> Callable[..., Any]:
    def wrapper(*args: Any, **more: Any) -> Any:
        started = time.perf_counter()
        found = run(*args, **more)
        found = list(found) if hasattr(found, "__next__") else found
        times.append(time.perf_counter() - started)
        return found

    return wrapper


def percentile(times: list[float], share: int) -> float:
    return float(np.percentile(times, share)) * 1000


def memory() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
