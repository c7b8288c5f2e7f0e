"""What benchmarks share: their arguments, the machine, texts, child processes and their memory, the JSON they leave.

A benchmark has `--out FILE` and `--quick`, prints its tables, and leaves a `Result`, from which `all.py` composes
BENCHMARKS.md. Laws are read from a folder beside the checkout, `shared/corpora/zh_laws`, or from `--shared`; where
there is none, from data/documents. Importing this makes the checkout's own `rag` the one that is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DOCUMENTS = ROOT / "data" / "documents"
BUILD = ROOT / "build" / "bench"
sys.path[:0] = [str(ROOT)]
LIBRARIES = (
    *("openvino", "openvino-genai", "torch", "sentence-transformers", "chromadb", "bm25s", "gradio"),
    *("llama-index-core", "xllamacpp", "txtai"),
)


@dataclass
class Target:
    """Something the project set out to reach, and what it reached; `met` is None where it could not be measured."""

    what: str
    wanted: str
    reached: str
    met: bool | None
    why: str = ""


@dataclass
class Result:
    """What one benchmark found. Tables are (title, names of columns, rows); a plot is a specification of Vega-Lite."""

    name: str
    title: str
    baseline: str
    targets: list[Target] = field(default_factory=list)
    tables: list[tuple[str, list[str], list[list[Any]]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    plot: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    command: str = ""
    quick: bool = False
    seconds: float = 0.0
    made: str = ""
    commit: str = ""
    machine: dict[str, str] = field(default_factory=dict)


def arguments(described: str | None) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=described, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--out", type=Path, help="the JSON that is left")
    made.add_argument("--quick", action="store_true", help="small sizes, to see that it works; the figures mean little")
    made.add_argument("--shared", type=Path, default=_shared(), help="a folder with corpora/zh_laws and eval")
    return made


def _shared() -> Path | None:
    places = (parent / "shared" for parent in ROOT.parents[:2])
    return next((place for place in places if (place / "corpora").is_dir()), None)


def run(described: str | None, measure: Callable[[argparse.Namespace], Result], *more: Callable[[Any], None]) -> None:
    """The main of a benchmark: `more` add arguments, `measure` makes the Result, which is printed and written."""
    parser = arguments(described)
    for add in more:
        add(parser)
    args = parser.parse_args()
    started = time.perf_counter()
    result = measure(args)
    result.seconds, result.quick = round(time.perf_counter() - started, 1), args.quick
    result.command = " ".join(["python", str(Path(sys.argv[0]).resolve().relative_to(ROOT)), *sys.argv[1:]])
    result.made, result.commit = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), commit()
    result.machine = machine()
    for title, columns, rows in result.tables:
        print(f"\n{title}\n\n{table(columns, rows)}")
    for target in result.targets:
        print(f"{target.what}: {target.reached} (wanted {target.wanted}) {verdict(target)}")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(asdict(result), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def verdict(target: Target) -> str:
    return {True: "met", False: "**missed**", None: "not measured"}[target.met]


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|---|" + "---|" * (len(columns) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(map(shown, row)) + " |" for row in rows)]) + "\n"


def shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def commit() -> str:
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def machine() -> dict[str, str]:
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    lines = dict(line.split("\t: ", 1) for line in info.splitlines() if "\t: " in line.replace("\t\t", "\t"))
    named = {key.strip(): value for key, value in lines.items()}
    flags = [flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8") if flag in info.split()]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    found = {
        "processor": named.get("model name", platform.processor()),
        "cores": str(cores),
        "memory": f"{size:.0f} GB",
    }
    found |= {"instructions": " ".join(flags), "system": platform.platform(), "python": platform.python_version()}
    return found | {"load at the end": f"{os.getloadavg()[0]:.1f}"} | _versions()


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def at(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def laws(args: argparse.Namespace, n: int | None = None) -> list[Path]:
    """`n` of the laws, evenly over their names (all when None); the first documents where there are none."""
    folder = args.shared / "corpora" / "zh_laws" if args.shared else DOCUMENTS
    files = sorted(path for path in folder.iterdir() if path.suffix in (".md", ".txt"))
    return files if n is None or n >= len(files) else [files[(2 * i + 1) * len(files) // (2 * n)] for i in range(n)]


def questions(args: argparse.Namespace, name: str) -> list[dict[str, Any]]:
    file = args.shared / "eval" / f"{name}.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def environment() -> dict[str, str]:
    """Of a child that measures the checkout's code, and asks the outside nothing."""
    silent = {"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False", "GRADIO_ANALYTICS_ENABLED": "False"}
    return os.environ | {"PYTHONPATH": str(ROOT)} | silent


def child(*command: object, **more: Any) -> tuple[Any, float, float]:
    """Run Python with these arguments: the last line of its output as JSON, seconds, and peak memory in GB."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *map(str, command)], stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT, **more
    )
    with watched(process.pid) as most:
        output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with status {process.returncode}")
    lines = output.strip().splitlines()
    return json.loads(lines[-1]) if lines else None, time.perf_counter() - started, most["pss"]


@contextmanager
def watched(pid: int, every: float = 0.2) -> Iterator[dict[str, float]]:
    """The `memory` of a process and its children when it was largest while this lasts."""
    most, over = memory(pid), threading.Event()

    def look() -> None:
        while not over.wait(every):
            if (now := memory(pid))["pss"] > most["pss"]:
                most.update(now)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def memory(pid: int) -> dict[str, float]:
    """GB of a process and its children: all of it (pss, rss), and what is pages of files that can be read again."""
    total = {"rss": 0.0, "pss": 0.0, "file": 0.0}
    for each in _family(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
            status = Path(f"/proc/{each}/status").read_text(encoding="ascii")
        except OSError:
            continue  # it has ended meanwhile
        files = re.search(r"RssFile:\s+(\d+)", status)
        if not files:
            continue  # it is ending
        kb = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        total["rss"] += kb["Rss"] * 1024 / 1e9
        total["pss"] += kb["Pss"] * 1024 / 1e9
        total["file"] += int(files[1]) * 1024 / 1e9
    return total


def _family(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        try:
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text(encoding="ascii").split())
        except OSError:
            continue
    return found
