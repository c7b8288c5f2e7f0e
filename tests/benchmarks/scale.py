"""Ten thousand, a hundred thousand, a million clauses: `python tests/benchmarks/scale.py [--rows N...] [--out FILE]`.

Vectors are real ones of an index, mixed in pairs with a little noise, of unit length; texts are real ones joined in
pairs. They go through the program's own writing of an index: documents, rows by a process of its own, checks, switch.
Baseline, in the same run: exact search over the same vectors (numpy), and Chroma by itself with its default settings at
the smallest size. Each size is a process of its own, so that memory can be told. `--server` sizes go to a `chroma run`
by HTTP; `--words` sizes to the lexical index. The source is build/bench/laws (which `ingest.py` leaves), else the first
document, ingested here. A million takes a quarter of an hour: `--rows 1000000 --server --words --out scale-1m.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
from measuring import BUILD, DOCUMENTS, Result, Target, at, child, environment, run

from rag import index, keep, lexical
from rag.index import Index, Manifest
from rag.ingest import ingest
from rag.records import Chunk
from rag.settings import load
from rag.vectors import COLLECTION, FOLDER

ROWS, SERVED, WORDS = [10_000, 100_000, 300_000], [10_000, 100_000], [10_000, 100_000]
QUERIES, K, DEEP = 200, 10, 600
EF = (10, 50, 100, 200, 400)
"""Values of ef_search, which is how many neighbours HNSW keeps in mind; the program asks for 400."""
FOLDED, EFFORT = "In the index folder", "recall@10 by ef_search"
BARE = 10_000
"""Clauses at most for Chroma by itself, which slows down as it grows with its defaults."""
COLUMNS = ["clauses", "written s", "clauses/s", "MB on disk", "peak GB", "open s", f"query ms p50 (k={K})", "p95"]
COLUMNS += [f"p50 (k={DEEP})", "exact ms", "recall@10"]


def measure(args: argparse.Namespace) -> Result:
    rows, served, words = args.rows, args.server, args.words
    if args.quick:
        rows, served, words = [2_000, 6_000], [2_000], [2_000]
    tables = []
    with TemporaryDirectory(dir=args.folder) as folder:
        source = ["--source", args.source or known(Path(folder))]
        found = [one(n, "--one", n, "--place", Path(folder) / str(n), *source) for n in rows]
        tables.append((FOLDED, COLUMNS, [each["row"] for each in found]))
        effort = [[each["rows"], *each["recalls"]] for each in found]
        tables.append((EFFORT, ["clauses", *map(str, EF)], effort))
        if rows:
            size = min(rows[0], BARE)
            bare = one(size, "--bare", size, "--place", Path(folder) / "bare", *source)
            tables.append(("Chroma by itself, defaults, rows without text", COLUMNS, [bare["row"]]))
        if served:
            tables.append(("On a Chroma server by HTTP", COLUMNS, on_server(Path(folder), served, source)))
        if words:
            each = [one(n, "--lexical", n, "--place", Path(folder) / f"w{n}", *source)["row"] for n in words]
            tables.append(("Words (BM25)", ["clauses", "written s", "clauses/s", "MB on disk", "peak GB", "open s",
                                            "query ms p50", "p95"], each))  # fmt: skip
    worst = min((each["row"][-1] for each in found), default=None)
    targets = []
    if worst is not None:
        reached = f"{worst:.3f} at worst, ef_search 400, up to {max(rows):,} clauses"
        targets.append(Target("recall@10 against exact search", "≥ .98", reached, worst >= 0.98))
    return Result(
        "scale", f"Scale, up to {max([*rows, *served, *words]):,} clauses",
        "exact search over the same vectors, and Chroma by itself with its defaults",
        targets, tables, growth([each["row"] for each in found]),
        plot({title: rows for title, _, rows in tables}),
    )  # fmt: skip


def growth(rows: list[list[Any]]) -> list[str]:
    """How time, disk and memory grow from the smallest to the largest size, as powers of the number of clauses."""
    if len(rows) < 2:
        return []
    first, last = rows[0], rows[-1]
    ratio = np.log(last[0] / first[0])
    power = {name: np.log(last[n] / first[n]) / ratio for n, name in ((1, "writing"), (3, "disk"), (6, "a query"))}
    said = ", ".join(f"{name} as n^{value:.2f}" for name, value in power.items())
    return [f"From {first[0]:,} to {last[0]:,} clauses: {said}; exact search as n^1."]


def plot(tables: dict[str, list[list[Any]]]) -> dict[str, Any]:
    """Four pictures of the tables by title: a query, writing and disk by the number of clauses, recall by effort."""
    time, written, kept, recall = [], [], [], []
    for title, rows in tables.items():
        if title == EFFORT:
            recall += [
                (ef, value, f"{n:,} clauses") for n, *values in rows for ef, value in zip(EF, values, strict=False)
            ]
            continue
        time += [(row[0], row[6], title) for row in rows]
        written += [(row[0], row[1], title) for row in rows]
        kept += [(row[0], row[3], title) for row in rows]
        time += [(row[0], row[9], "exact search") for row in rows if title == FOLDED]
    drawn = [("clauses", "a query, ms (p50)", time), ("clauses", "written, s", written),
             ("clauses", "MB on disk", kept), ("ef_search", "recall@10", recall)]  # fmt: skip
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "concat": [_lines(*each) for each in drawn],
        "columns": 2,
        "resolve": {"scale": {"color": "independent"}},
        "config": {"background": "white", "font": "sans-serif"},
    }


def _lines(across: str, up: str, points: list[tuple[Any, Any, str]]) -> dict[str, Any]:
    scale = {"type": "log"} if across == "clauses" else {"zero": False}
    legend = {"orient": "bottom", "columns": 1, "labelLimit": 300}
    return {
        "width": 300,
        "height": 200,
        "data": {"values": [{across: x, up: y, "of": of} for x, y, of in points]},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": across, "type": "quantitative", "scale": {"type": "log"}, "axis": {"format": "~s"}},
            "y": {"field": up, "type": "quantitative", "scale": scale},
            "color": {
                "field": "of",
                "type": "nominal",
                "title": None,
                "legend": legend,
            },
        },
    }


def one(n: int, *command: object) -> dict[str, Any]:
    found, _, peak = child(__file__, *command)
    found["row"][4] = round(peak, 2)
    print(f"{n:,}: {found['row']}", file=sys.stderr, flush=True)
    return found


def on_server(folder: Path, sizes: list[int], source: list[object]) -> list[list[Any]]:
    port = 20000 + os.getpid() % 20000
    command = [Path(sys.executable).parent / "chroma", "run", "--path", folder / "server", "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, env=environment(), **quiet)
    address, until = f"http://127.0.0.1:{port}", time.monotonic() + 60
    try:
        while time.monotonic() < until:
            with suppress(httpx.HTTPError):
                httpx.get(f"{address}/api/v2/heartbeat")
                break
            time.sleep(0.1)
        places = [(n, folder / f"s{n}") for n in sizes]
        return [one(n, "--one", n, "--place", place, "--at", address, *source)["row"] for n, place in places]
    finally:
        server.terminate()
        server.wait()


def known(folder: Path) -> Path:
    """The index whose vectors and texts are varied."""
    if (BUILD / "laws" / "current").exists():
        return BUILD / "laws"
    ingest(load({"index": folder / "source"}), [DOCUMENTS], prune=False, report=lambda *_: None)
    return folder / "source"


def varied(vectors: Any, n: int, seed: int) -> Any:
    """n unit vectors, shape (n, dimension): each a real one mixed with another, and noise."""
    chance, size = np.random.default_rng(seed), vectors.shape[1]
    made = np.empty((n, size), dtype=np.float32)
    for start in range(0, n, 50_000):
        part = made[start : start + 50_000]
        of, other = chance.integers(0, len(vectors), (2, len(part)))
        share = chance.uniform(0.6, 0.95, (len(part), 1)).astype(np.float32)
        noise = chance.standard_normal(part.shape, dtype=np.float32) * np.float32(0.25 / size**0.5)
        part[:] = share * vectors[of] + (1 - share) * vectors[other] + noise
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return made


def chunks_of(texts: list[str], n: int, seed: int) -> list[Chunk]:
    """n chunks, each with the first half of one real text and the second of another."""
    pairs = np.random.default_rng(seed).integers(0, len(texts), (n, 2)).tolist()
    path = (("article", "1"),)
    return [
        Chunk(f"c{row}", "d", path, texts[a][: len(texts[a]) // 2] + texts[b][len(texts[b]) // 2 :] + str(row))
        for row, (a, b) in enumerate(pairs)
    ]


def disk(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def exact(vectors: Any, queries: Any) -> tuple[list[set[int]], float]:
    """The K nearest rows of each query, and the milliseconds of one."""
    found, started = [], time.perf_counter()
    for query in queries:
        cosines = vectors @ query
        found.append(set(np.argpartition(-cosines, K)[:K].tolist()))
    return found, (time.perf_counter() - started) / len(queries) * 1000


def through_index(args: argparse.Namespace) -> dict[str, Any]:
    real, n = index.Content(args.source), args.one
    base, texts = real.vectors(), [piece.text for piece in real.chunks]
    vectors, chunks = varied(base, n, 1), chunks_of(texts, n, 2)
    made_with = Manifest("varied", "0" * 64, vectors.shape[1], {}, "1", n, chroma=args.at)
    started = time.perf_counter()
    with keep.writing(args.place):
        keep.switch(args.place, keep.write(args.place, made_with, (), chunks, vectors))
    written = time.perf_counter() - started
    del chunks, texts
    started = time.perf_counter()
    opened = Index(args.place)
    opening = time.perf_counter() - started
    queries = varied(base, QUERIES, 3)
    right, spent = exact(vectors, queries)
    times, deep, recall = asked(lambda q, k: [int(i[1:]) for i, _ in opened.nearest(q, k)], queries, right)
    size = disk(args.place)
    opened.close()
    recalls = [] if args.at else efforts(args.place, queries, right)
    row = [n, written, n / written, size, 0.0, opening, at(times, 0.5), at(times, 0.95), at(deep, 0.5), spent, recall]
    return {"rows": n, "row": row, "recalls": recalls}


def asked(nearest: Any, queries: Any, right: list[set[int]]) -> tuple[list[float], list[float], float]:
    """Milliseconds of every query for K and for DEEP rows, and recall@K."""
    times, deep, found = [], [], 0
    for query in queries[:10]:
        nearest(query, K)
    for query, wanted in zip(queries, right, strict=True):
        started = time.perf_counter()
        rows = nearest(query, K)
        times.append((time.perf_counter() - started) * 1000)
        found += len(wanted.intersection(rows))
    for query in queries:
        started = time.perf_counter()
        nearest(query, DEEP)
        deep.append((time.perf_counter() - started) * 1000)
    return times, deep, found / (K * len(queries))


def efforts(place: Path, queries: Any, right: list[set[int]]) -> list[float]:
    """recall@K by ef_search, which Chroma heeds only when a collection is opened; this one is thrown away."""
    import chromadb

    found, folder = [], str(index.current(place) / FOLDER)
    for ef in EF:
        client = chromadb.PersistentClient(folder)
        client.get_collection(COLLECTION).modify(configuration={"hnsw": {"ef_search": ef}})
        client.close()
        client = chromadb.PersistentClient(folder)
        collection, hits = client.get_collection(COLLECTION), 0
        for query, wanted in zip(queries, right, strict=True):
            ids = collection.query(query_embeddings=[query.tolist()], n_results=K, include=[])["ids"][0]
            hits += len(wanted.intersection(int(i[1:]) for i in ids))
        client.close()
        found.append(hits / (K * len(queries)))
    return found


def bare(args: argparse.Namespace) -> dict[str, Any]:
    import chromadb

    base, n = index.Content(args.source).vectors(), args.bare
    vectors, queries = varied(base, n, 1), varied(base, QUERIES, 3)
    started = time.perf_counter()
    client = chromadb.PersistentClient(str(args.place))
    collection = client.create_collection("bare", configuration={"hnsw": {"space": "cosine"}})
    for start in range(0, n, 5000):
        part = vectors[start : start + 5000]
        collection.add(ids=[f"c{start + row}" for row in range(len(part))], embeddings=part)
    written = time.perf_counter() - started
    right, spent = exact(vectors, queries)

    def nearest(query: Any, k: int) -> list[int]:
        found = collection.query(query_embeddings=[query.tolist()], n_results=k, include=[])
        return [int(i[1:]) for i in found["ids"][0]]

    times, deep, recall = asked(nearest, queries, right)
    row = [n, written, n / written, disk(args.place), 0.0, 0.0, at(times, 0.5), at(times, 0.95), at(deep, 0.5), spent]
    return {"rows": n, "row": [*row, recall]}


def in_words(args: argparse.Namespace) -> dict[str, Any]:
    texts, n = [piece.text for piece in index.Content(args.source).chunks], args.lexical
    varied_texts = [piece.text for piece in chunks_of(texts, n, 2)]
    args.place.mkdir(parents=True)
    started = time.perf_counter()
    lexical.build(varied_texts, args.place)
    written = time.perf_counter() - started
    started = time.perf_counter()
    opened = lexical.Lexical(args.place)
    opening, times = time.perf_counter() - started, []
    for text in texts[:: max(1, len(texts) // QUERIES)][:QUERIES]:
        started = time.perf_counter()
        opened.scores(text[:30])
        times.append((time.perf_counter() - started) * 1000)
    return {"row": [n, written, n / written, disk(args.place), 0.0, opening, at(times, 0.5), at(times, 0.95)]}


def more(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, nargs="*", default=ROWS)
    parser.add_argument("--server", type=int, nargs="*", default=SERVED)
    parser.add_argument("--words", type=int, nargs="*", default=WORDS)
    parser.add_argument("--folder", type=Path, help="where indexes are made; a million clauses take 6 GB")
    parser.add_argument("--source", type=Path, help="the index that is varied")
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--at", default="", help=argparse.SUPPRESS)
    for name in ("--one", "--bare", "--lexical"):
        parser.add_argument(name, type=int, help=argparse.SUPPRESS)


def parts(args: argparse.Namespace) -> Result:
    """A child's part, when that is what is asked."""
    work = through_index if args.one else bare if args.bare else in_words if args.lexical else None
    if not work:
        return measure(args)
    print(json.dumps(work(args)), flush=True)
    os._exit(0)


if __name__ == "__main__":
    run(__doc__, parts, more)
