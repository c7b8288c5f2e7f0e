"""What the check catches: sentences with one fact changed, and true ones thrown out, by kind of change.

    .venv/bin/python tests/benchmarks/calibrate.py [FOLDER...] [--half 0|1] [--show KIND]

Pairs are made (`tests/pairs.py`; the same seed makes the same) from the page in data/documents and from FOLDERs of
laws, of large ones every fourth file. The articles at hand are the right one and its four neighbours.
Rules and thresholds were set on `--half 0` of the documents; without it, both. `--show KIND` prints what went wrong in
that kind, or in `true`, `changed` or `all`. Prints shares with Wilson's 95 % interval.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import sqrt
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLAN = "人工智能全球治理行动计划"
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from pairs import CRITICAL, Maker, Pair  # noqa: E402
from renderings import RENDERINGS  # noqa: E402

from rag.cite import Marked, Support, support  # noqa: E402
from rag.read import read  # noqa: E402
from rag.records import Document  # noqa: E402
from rag.structure import structure  # noqa: E402


def documents(paths: Iterable[Path], every: int, first: int) -> Iterator[Document]:
    for path in paths:
        files = sorted(f for f in path.rglob("*") if f.suffix in (".md", ".txt"))
        for file in files[first::every] if len(files) > 2 * every else files:
            yield from structure(read(file), file.name, "0" * 64)


def alike(one: str, other: str) -> float:
    """In place of the embedder, whose floor is passed: across languages the tables of words alone are measured."""
    return 1.0


def interval(k: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share k of n."""
    if not n:
        return 0.0, 1.0
    z, p = 1.96, k / n
    middle, wide = p + z * z / 2 / n, z * sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return max(0.0, (middle - wide) / (1 + z * z / n)), min(1.0, (middle + wide) / (1 + z * z / n))


def line(name: str, good: int, n: int) -> str:
    low, high = interval(good, n)
    return f"{name:32} {good:5} / {n:5}  {good / n if n else 0:7.2%}  [{low:.2%}, {high:.2%}]"


def pairs_of(document: Document, each: int, seed: int) -> Iterator[tuple[str, Pair]]:
    """The pairs of a document with their source; of the plan also English sentences written by hand."""
    maker = Maker(document, seed)
    source = "page" if document.kind in ("policy", "news") else "laws" if document.lang == "zh" else "eu"
    many = {"page": 12, "laws": each, "eu": 60 * each}[source]
    yield from ((source, pair) for pair in maker.pairs(many))
    if document.title == PLAN:
        yield from (("across", pair) for pair in maker.rendered(RENDERINGS))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folders", nargs="*", type=Path)
    asked.add_argument("--each", type=int, default=2, help="pairs of a kind from a law of a FOLDER")
    asked.add_argument("--every", type=int, default=4, help="every Nth file of a large folder")
    asked.add_argument("--first", type=int, default=0, help="which of them is the first")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--half", type=int, choices=(0, 1))
    asked.add_argument("--show", default="")
    asked.add_argument("--lang", default="")
    given = asked.parse_args()
    results: dict[tuple[str, bool, str], list[bool]] = defaultdict(list)
    right, spent, n = 0, 0.0, 0
    for n_th, document in enumerate(documents([ROOT / "data" / "documents", *given.folders], given.every, given.first)):
        if given.half not in (None, n_th % 2) or given.lang not in ("", document.lang):
            continue
        for source, pair in pairs_of(document, given.each, given.seed):
            start = time.perf_counter()
            verdict = support(Marked(pair.text, (1,)), pair.hits, alike)
            spent, n = spent + time.perf_counter() - start, n + 1
            good = isinstance(verdict, Support) == pair.true
            results[source, pair.true, pair.kind].append(good)
            if pair.true and isinstance(verdict, Support):
                right += verdict.provision.path[:1] == pair.path[:1]
            if not good and given.show in (pair.kind, "all", "true" if pair.true else "changed"):
                show(pair, verdict)
    report(results)
    shown = sum(sum(found) for (_, true, _), found in results.items() if true)
    print(line("true, cited in the right article", right, shown), f"\n{n} pairs, {1000 * spent / n:.2f} ms each")


def show(pair: Pair, verdict: object) -> None:
    print(f"-- {'true' if pair.true else 'changed'} {pair.kind}: {pair.document.label(pair.path)}")
    print(f"   {pair.text}\n   [{pair.document.text_of(pair.document.by_path[pair.path])}]")
    if isinstance(verdict, Support):
        print("   on", verdict.provision.path, verdict.hit.document.text_of(verdict.provision)[:300].replace("\n", " "))
    else:
        print("   ", getattr(verdict, "reason", verdict))


def report(results: dict[tuple[str, bool, str], list[bool]]) -> None:
    for (source, true, kind), found in sorted(results.items(), key=lambda row: (row[0][1], row[0][2], row[0][0])):
        print(line(f"{'kept' if true else 'caught'} {kind} ({source})", sum(found), len(found)))
    total = {
        "true kept": [g for (_, true, _), f in results.items() if true for g in f],
        "changed caught": [g for (_, true, _), f in results.items() if not true for g in f],
        "of them critical": [g for (_, true, k), f in results.items() if not true and k in CRITICAL for g in f],
        "subjects": [g for (_, _, k), f in results.items() if k == "subject" for g in f],
    }
    for name, found in total.items():
        print(line(name, sum(found), len(found)))


if __name__ == "__main__":
    main()
