"""How long a start takes: `python tests/benchmarks/start.py [--out FILE] [--quick]`.

`--help`, `ask --llm extractive` in a new process, and `serve` with the default model until /healthz and /readyz answer:
medians of three, over the first document, models present. Baseline: an empty Python, and the bare imports of the
libraries that a stock pipeline starts with. It lists what `ask` imports, by the time of its own (-X importtime).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from tempfile import TemporaryDirectory

import httpx
from measuring import DOCUMENTS, ROOT, Result, Target, environment, run

QUESTION = "行动计划推广哪些绿色计算技术?"
STOCK = "import llama_index.core, sentence_transformers, chromadb"


def measure(args: argparse.Namespace) -> Result:
    times = 1 if args.quick else 3
    with TemporaryDirectory() as folder:
        index = ["--index", folder]
        called(["-m", "rag", "ingest", str(DOCUMENTS), *index])
        ask = ["-m", "rag", "ask", QUESTION, "--llm", "extractive", *index]
        empty, help_ = median(["-c", ""], times), median(["-m", "rag", "--help"], times)
        asked, stock = median(ask, times), median(["-c", STOCK], 1)
        served = [serve(folder) for _ in range(times)]
        imports = imported(ask)
    healthy, ready = (statistics.median(each) for each in zip(*served, strict=True))
    rows = [
        ["an empty Python", empty], [f"`{STOCK}`", stock], ["`tiaoyin --help`", help_],
        ["`tiaoyin ask --llm extractive`, whole", asked], ["`tiaoyin serve` until /healthz", healthy],
        ["`tiaoyin serve` until /readyz", ready],
    ]  # fmt: skip
    total = sum(imports.values())
    top = sorted(imports.items(), key=lambda row: -row[1])[:10]
    return Result(
        "start", "Start", "an empty Python, and the imports of a stock pipeline",
        [
            Target("`--help`", "≤ 0.5 s", f"{help_:.2f} s", help_ <= 0.5),
            Target("`ask --llm extractive`, cold", "≤ 4 s", f"{asked:.1f} s", asked <= 4),
            Target("`serve` ready, models present", "≤ 10 s", f"{ready:.1f} s", ready <= 10),
        ],
        [
            (f"Seconds, median of {times}", ["start", "s"], rows),
            (f"What `ask` imports, {total:.2f} s in all", ["package", "own s"], [list(row) for row in top]),
        ],
    )  # fmt: skip


def called(command: list[str], **more: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment(), capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done


def median(command: list[str], times: int) -> float:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        called(command)
        took.append(time.perf_counter() - started)
    return statistics.median(took)


def serve(index: str) -> tuple[float, float]:
    """Seconds until a server is there, and until it answers at once."""
    port = 20000 + os.getpid() % 20000
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "rag", "serve", "--port", str(port), "--index", index],
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return until(process, port, "healthz", started), until(process, port, "readyz", started)
    finally:
        process.terminate()
        process.wait()


def until(process: subprocess.Popen[bytes], port: int, what: str, started: float, limit: float = 180) -> float:
    while time.perf_counter() - started < limit and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/{what}", timeout=5).status_code == 200:
                return time.perf_counter() - started
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    sys.exit(f"serve does not answer /{what}")


def imported(command: list[str]) -> dict[str, float]:
    """Seconds by package of what a command imports, each module's own time."""
    spent: dict[str, float] = defaultdict(float)
    for line in called(["-X", "importtime", *command]).stderr.splitlines():
        if line.startswith("import time:") and "[us]" not in line:
            own, _, name = line.removeprefix("import time:").split("|")
            spent[name.strip().split(".")[0]] += int(own) / 1e6
    return dict(spent)


if __name__ == "__main__":
    run(__doc__, measure)
