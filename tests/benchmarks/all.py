"""Every benchmark in turn, each with a time limit, and BENCHMARKS.md of what they found: `make bench`.

    python tests/benchmarks/all.py [--quick] [--only NAME...] [--compose] [--out BENCHMARKS.md] [--results DIR]

Each leaves its JSON in the folder of results; `--compose` runs nothing and writes BENCHMARKS.md of what is there, so
that one benchmark can be run again by itself. What a benchmark could not do is said in its place; the rest go on. What
takes too long for every run is kept as JSON in kept/ and told behind the rest. Plots go to data/pictures beside the
page. What was tried without success is told by hand in notes.md, which BENCHMARKS.md ends with.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measuring import BUILD, ROOT, Target, environment, table, verdict

HERE = Path(__file__).parent
KEPT = HERE / "kept"
PICTURES = Path("data") / "pictures"
NOTES = HERE / "notes.md"
PLAN: dict[str, int] = {
    "embedding": 300, "ingest": 800, "compare": 720, "beside_txtai": 150, "start": 150, "scale": 900, "throughput": 300,
    "memory": 120, "profiled": 150,
}  # fmt: skip
"""Benchmarks in order, and the seconds that each may take at most; all together they take less than 40 minutes."""

WHY = {
    "embedding a query": "the model's own time for twenty to forty tokens on two cores; the tokenizer takes 0.02 ms",
    "ingest beside LlamaIndex": "an article and each of its clauses get a vector, 2.5 times the text, so that "
    "the clause is found; the stock pipeline embeds its text once",
    "memory of `serve`, answering": "the weights are there twice: as OpenVINO has arranged them, and the file as "
    "mapped, 1.6 GB that the system may drop",
    "`serve` ready, models present": "the page's library (gradio) takes half of it to be imported",
}
"""What limits a target that is missed."""


def measure(names: Sequence[str], results: Path, quick: bool) -> None:
    results.mkdir(parents=True, exist_ok=True)
    for name in names:
        out, failed, started = results / f"{name}.json", results / f"{name}.failed", time.perf_counter()
        for old in (out, failed):
            old.unlink(missing_ok=True)
        command = [sys.executable, str(HERE / f"{name}.py"), "--out", str(out), *(["--quick"] if quick else [])]
        print(f"== {name}", flush=True)
        running = subprocess.Popen(command, cwd=ROOT, env=environment(), start_new_session=True)
        try:
            status = running.wait(PLAN[name])
            why = f"ended with status {status}" if status else ""
        except subprocess.TimeoutExpired:
            why = f"was stopped after {PLAN[name]} s"
        finally:  # with the processes that it started, which would run on beside the next one
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        if why:
            failed.write_text(why, encoding="utf-8")
        print(f"== {name} {why or 'done'}, {time.perf_counter() - started:.0f} s", flush=True)


def composed(found: dict[str, dict[str, Any] | str], notes: str) -> str:
    """BENCHMARKS.md of the results by name (a text where there is none: why), and the notes written by hand."""
    results = {name: each for name, each in found.items() if isinstance(each, dict)}
    lines = ["# Benchmarks", "", "Written by `make bench` (`tests/benchmarks/all.py`); do not edit.", ""]
    lines += ["Every ratio is of one run on one machine; absolute times are of this machine and no other.", ""]
    for machine in list({json.dumps(each["machine"]): each["machine"] for each in results.values()}.values())[:1]:
        lines += [table(["machine and versions", ""], [list(row) for row in machine.items()])]
    run = [each["seconds"] for name, each in results.items() if name in PLAN]
    lines += [f"{len(run)} benchmarks in {sum(run) / 60:.0f} minutes.", "", "## Targets", ""]
    targets = [(name, Target(**target)) for name, each in results.items() for target in each["targets"]]
    rows = [[t.what, t.wanted, t.reached, verdict(t), limit(t), name] for name, t in targets]
    lines += [table(["what", "wanted", "reached", "", "limit, and why", "by"], rows)]
    for name, each in found.items():
        lines += section(name, each)
    return "\n".join([*lines, notes.strip(), ""])


def limit(target: Target) -> str:
    return target.why or WHY.get(target.what, "") if target.met is False else target.why


def section(name: str, result: dict[str, Any] | str) -> list[str]:
    if isinstance(result, str):
        return [f"## {name}", "", f"No figures: it {result}.", ""]
    lines = [f"## {result['title']}", "", f"`{result['command']}` at {result['commit']}, {result['made']},"]
    lines += [f"{result['seconds']:.0f} s{', small sizes (--quick)' if result['quick'] else ''}."]
    lines += [f"Baseline: {result['baseline']}.", ""]
    for title, columns, rows in result["tables"]:
        lines += [f"{title}:", "", table(columns, rows)]
    if result.get("plot"):
        lines += [f"![{result['title']}]({picture(name)})", ""]
    return [*lines, *(f"- {note}" for note in result["notes"]), *([""] if result["notes"] else [])]


def picture(name: str) -> Path:
    return PICTURES / f"bench_{name}.svg"


def draw(found: dict[str, dict[str, Any] | str], folder: Path) -> None:
    """The plots of the results, as pictures in `folder`, where BENCHMARKS.md is."""
    import vl_convert

    for name, each in found.items():
        if isinstance(each, dict) and each.get("plot"):
            (folder / PICTURES).mkdir(parents=True, exist_ok=True)
            (folder / picture(name)).write_text(vl_convert.vegalite_to_svg(each["plot"]), encoding="utf-8")


def read(results: Path) -> dict[str, dict[str, Any] | str]:
    """What the folder of results holds, those of PLAN first and in its order, what was run by itself, what is kept."""
    found: dict[str, dict[str, Any] | str] = {}
    for name in [*PLAN, *sorted(file.stem for file in results.glob("*.json") if file.stem not in PLAN)]:
        file, failed = results / f"{name}.json", results / f"{name}.failed"
        if file.exists():
            found[name] = json.loads(file.read_text(encoding="utf-8"))
        elif failed.exists():
            found[name] = failed.read_text(encoding="utf-8")
    for file in sorted(KEPT.glob("*.json")):
        found.setdefault(file.stem, json.loads(file.read_text(encoding="utf-8")))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=list(PLAN), metavar="NAME", default=list(PLAN))
    parser.add_argument("--compose", action="store_true", help="write BENCHMARKS.md of the results that are there")
    parser.add_argument("--out", type=Path, default=ROOT / "BENCHMARKS.md")
    parser.add_argument("--results", type=Path, default=BUILD)
    args = parser.parse_args()
    if not args.compose:
        measure(args.only, args.results, args.quick)
    found = read(args.results)
    draw(found, args.out.parent)
    args.out.write_text(composed(found, NOTES.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()
