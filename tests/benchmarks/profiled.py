"""Where the time of one question and of an ingest goes: `python tests/benchmarks/profiled.py [--out FILE] [--quick]`.

cProfile in every thread, by the processor time of each (its cost weighs on Python code alone, so shares of own code are
upper bounds). Own time of the program's modules as a share of the whole, that of what they call apart, and of waiting
for a library that keeps Python's lock. Baseline: the whole time of the same work. Listed are own functions above 1 %;
above 5 % outside of reading and parsing is too much.
(It is not called profile.py: that would be the standard library's for every script here.)
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from measuring import BUILD, DOCUMENTS, ROOT, Result, Target, laws, run

from rag.ingest import ingest
from rag.pipeline import Engine
from rag.settings import load

QUESTIONS = [
    "行动计划推广哪些绿色计算技术?", "支持在联合国框架下建立哪两项机制?", "全球人工智能治理要坚持什么原则?",
    "试用期最长可以约定多久?", "拖欠工资多久可以解除劳动合同?", "个人信息处理者什么情况下可以处理敏感个人信息?",
]  # fmt: skip
PARSING = ("rag/read/", "rag/structure/", "rag/chunk.py")
LIMIT = 0.05


def measure(args: argparse.Namespace) -> Result:
    with TemporaryDirectory() as folder:
        files, index = laws(args, 1 if args.quick else 5), Path(folder) / "index"
        settings = load({"index": index})
        works = [(f"ingest of {len(files)} files", lambda: ingest(settings, files, prune=False, report=unsaid))]
        ready = (BUILD / "laws" / "current").exists() and not args.quick
        asking = load({"index": BUILD / "laws" if ready else Path(folder) / "page"})
        if not ready:
            ingest(asking, [DOCUMENTS], prune=False, report=unsaid)
        engine = Engine(asking)
        engine._load_search()
        several = QUESTIONS[:2] if args.quick else QUESTIONS * 3
        for llm, those in (("extractive", several), ("embedded", QUESTIONS[:1] if args.quick else QUESTIONS[:3])):
            works.append((f"{len(those)} questions, `{llm}`", asks(engine, llm, those)))
        tables, worst = [], (0.0, "")
        for name, work in works:
            whole, rows = profile(work)
            shares = [[where, seconds / whole * 100] for where, seconds in rows if seconds / whole >= 0.01]
            own = sum(seconds for _, seconds in rows) / whole * 100
            tables.append((f"{name}: {whole:.2f} s, {own:.1f} % of it own code; functions above 1 %",
                           ["function", "% of the time"], shares))  # fmt: skip
            for where, share in shares:
                if not where.startswith(PARSING) and share > worst[0]:
                    worst = (share, f"{where} ({name})")
    reached = f"{worst[0]:.1f} %: {worst[1]}" if worst[1] else "none above 1 %"
    return Result(
        "profiled", "Profile", "the whole time of the same work",
        [Target("own code outside parsing, one function", "≤ 5 %", reached, worst[0] <= LIMIT * 100)],
        tables,
        ["By threads' processor time; cProfile slows Python code down and nothing else: without it they are smaller."],
    )  # fmt: skip


def unsaid(what: str, done: int, of: int) -> None:
    pass


def asks(engine: Engine, llm: str, questions: list[str]) -> Callable[[], None]:
    """Work that asks the questions; what is loaded once is loaded before."""
    engine.generator(llm)
    *_, _last = engine.ask(questions[0], llm=llm)

    def work() -> None:
        for question in questions:
            for _update in engine.ask(question, llm=llm):
                pass

    return work


def profile(work: Callable[[], Any]) -> tuple[float, list[tuple[str, float]]]:
    """Seconds of the work, and those of each own function by itself, most first; of all threads."""
    profiles: list[cProfile.Profile] = []

    def begin(*_: Any) -> None:
        profiles.append(cProfile.Profile(time.thread_time))  # not the wait for another thread
        profiles[-1].enable()  # in place of this, in the thread that has just begun

    threading.setprofile(begin)
    started = time.perf_counter()
    begin()
    try:
        work()
    finally:
        profiles[0].disable()
        threading.setprofile(None)  # type: ignore[arg-type]
    whole = time.perf_counter() - started
    spent: dict[str, float] = defaultdict(float)
    for each in profiles:
        each.create_stats()
        for (file, _, name), (_, _, own, *_) in pstats.Stats(each).stats.items():  # type: ignore[attr-defined]
            if file.startswith((f"{ROOT}/rag/", f"{ROOT}/ui/")):
                spent[f"{Path(file).relative_to(ROOT)} {name}"] += own
    return whole, sorted(spent.items(), key=lambda row: -row[1])


if __name__ == "__main__":
    run(__doc__, measure)
