"""From opening the page to being able to type: `python tests/benchmarks/opening.py [--out FILE] [--quick]`.

A server that is up and has answered (`--llm extractive`, the index of `make setup`), and Chromium opening its page ten
times, each in a profile of its own with nothing cached, until a letter typed stands in the box: median and longest.
Baseline: the same of a page with one line of text from the same server, which is what Chromium takes by itself.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from measuring import ROOT, Result, Target, environment, run
from start import until

WIDTHS = {1280: 900, 390: 844}
WANTED = 2.0  # seconds


def measure(args: argparse.Namespace) -> Result:
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import launched

    times, port = 3 if args.quick else 10, 20000 + os.getpid() % 20000
    server = subprocess.Popen(
        [sys.executable, "-m", "rag", "serve", "--port", str(port), "--llm", "extractive"],
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    rows, took = list[list[Any]](), list[float]()
    try:
        until(server, port, "readyz", time.perf_counter())
        with launched() as chromium:
            opened(chromium, f"http://127.0.0.1:{port}/", 1280, typed)  # what a server does at its first page only
            for width in WIDTHS:
                page = [opened(chromium, f"http://127.0.0.1:{port}/", width, typed) for _ in range(times)]
                bare = [opened(chromium, f"http://127.0.0.1:{port}/healthz", width, read) for _ in range(times)]
                rows.append([f"{width} pixels wide", statistics.median(page), max(page), statistics.median(bare)])
                took += page
    finally:
        server.terminate()
        server.wait()
    longest = max(took)
    reached = f"median {statistics.median(took):.2f} s, longest {longest:.2f} s"
    return Result(
        "opening", "Opening the page", "a page with one line of text",
        [Target("one can type", f"≤ {WANTED:.0f} s", reached, longest <= WANTED)],
        [(f"Seconds, of {times} each", ["page", "median", "longest", "one line of text, median"], rows)],
    )  # fmt: skip


def opened(chromium: Any, url: str, width: int, there: Callable[[Any], None]) -> float:
    """Seconds from asking for `url`, in an empty profile, until it is `there`."""
    context = chromium.new_context(locale="zh-CN", viewport={"width": width, "height": WIDTHS[width]})
    try:
        page = context.new_page()
        started = time.perf_counter()
        page.goto(url, wait_until="commit")
        there(page)
        return time.perf_counter() - started
    finally:
        context.close()


def typed(page: Any) -> None:
    """A letter typed, without a click, stands in the box."""
    page.wait_for_function("document.activeElement?.matches('#ty-box textarea')")
    page.keyboard.press("x")
    page.wait_for_function("document.activeElement.value === 'x'")


def read(page: Any) -> None:
    page.locator("body").wait_for()


if __name__ == "__main__":
    run(__doc__, measure)
