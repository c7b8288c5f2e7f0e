"""The embedder against sentence-transformers' own loop: `python tests/benchmarks/embedding.py [--out FILE] [--quick]`.

Baseline, in the same run: the same model in float32 by `SentenceTransformer.encode`, over the same clauses; the two
take turns, slice by slice, so that what else the machine does weighs on both. Then single queries; then, with the laws
and lay questions of `--shared`, what is found: recall@10 over the articles that these questions ask for and others of
the same laws. Laws and questions beside the checkout are not part of it; without them the first document is embedded.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from measuring import Result, Target, at, laws, questions, run

from rag import models
from rag.chunk import chunk
from rag.embed import Embedder, prompts_of
from rag.ingest import documents_in
from rag.read import find_files
from rag.records import Document
from rag.settings import load

SLICE = 128
ASKED, ARTICLES = 400, 1200
QUERIES = 200
Vectors = Any


def measure(args: argparse.Namespace) -> Result:
    settings = load({})
    folder = models.require(settings.embedder, settings.home)
    ours = Embedder(folder, models.export_place(settings.embedder, settings.home))
    bare, prompts = loop(folder), prompts_of(folder)
    texts, gold, asked = corpus(args, 100 if args.quick else ARTICLES)
    spent, made = [0.0, 0.0], (list[Vectors](), list[Vectors]())
    sides = (ours.passages, lambda texts: bare(texts, prompts["passage"]))
    asking = (ours.queries, lambda texts: bare(texts, prompts["query"]))
    for side in sides:
        side(texts[:8])
    for n in range(0, len(texts), SLICE):
        for which, side in enumerate(sides):
            started = time.perf_counter()
            made[which].append(side(texts[n : n + SLICE]))
            spent[which] += time.perf_counter() - started
    passages = [np.concatenate(each) for each in made]
    shorts = (asked or texts)[: 20 if args.quick else QUERIES]
    times = [[timed(query, text) for text in shorts] for query in asking]
    cosines = (passages[0] * passages[1]).sum(axis=1)
    rate = [len(texts) / seconds for seconds in spent]
    p50 = at(times[0], 0.5) * 1000
    rows = [
        [who, rate[n], sum(map(len, texts)) / spent[n], at(times[n], 0.5) * 1000, at(times[n], 0.95) * 1000]
        for n, who in enumerate(("TiaoYin", "sentence-transformers, float32"))
    ]
    targets = [Target("embedding a query", "≤ 8 ms", f"{p50:.1f} ms (p50 of {len(shorts)})", p50 <= 8)]
    notes = [
        f"{rate[0] / rate[1]:.1f} times as fast; cosine to float32 {cosines.mean():.5f}, at least {cosines.min():.5f}."
    ]
    if gold:
        found = [recall(query(asked), p, gold) for query, p in zip(asking, passages, strict=True)]
        for row, value in zip(rows, found, strict=True):
            row.append(value)
        reached = f"{100 * (found[0] - found[1]):+.2f} points ({len(asked)} questions, {len(texts)} articles)"
        targets.append(Target("recall@10 beside float32", "≥ −0.5 points", reached, found[0] >= found[1] - 0.005))
    else:
        targets.append(Target("recall@10 beside float32", "≥ −0.5 points", "no question set here", None))
    columns = ["embedder", "passages/s", "characters/s", "query ms p50", "p95", *(["recall@10"] if gold else [])]
    title = f"{len(texts)} passages of {sum(map(len, texts)) / len(texts):.0f} characters on average"
    return Result(
        "embedding", "Embedding", "`SentenceTransformer.encode` in float32, same model, texts and prompts",
        targets, [(title, columns, rows)], notes,
    )  # fmt: skip


def loop(folder: Any) -> Callable[[Sequence[str], str], Vectors]:
    """The library's own loop, its defaults, in float32."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": "float32"})

    def encode(texts: Sequence[str], prompt: str) -> Vectors:
        return model.encode(list(texts), prompt=prompt, normalize_embeddings=True, show_progress_bar=False)

    return encode


def timed(query: Callable[[list[str]], Vectors], text: str) -> float:
    started = time.perf_counter()
    query([text])
    return time.perf_counter() - started


def corpus(args: argparse.Namespace, n: int) -> tuple[list[str], list[set[int]], list[str]]:
    """About n texts; where there are questions, of each the rows that answer it, and the questions."""
    documents = [document for file in laws(args) for each in find_files([file]) for document in documents_in(each)]
    if not args.shared:
        pieces = [piece.text for document in documents for piece in chunk(document)]
        return pieces[:n], [], []
    rows = questions(args, "zh_consult_train")[: n if args.quick else ASKED]
    wanted = {(short(gold["doc"]), gold["article"]) for row in rows for gold in row["gold"]}
    every = {(short(d.title), path[0][1]): text for d in documents for path, text in articles(d)}
    keys = [key for key in every if key in wanted]
    others = [key for key in every if key not in wanted]
    more = max(0, n - len(keys))
    keys += others[:: max(1, len(others) // more)][:more] if more else []
    place = {key: row for row, key in enumerate(keys)}
    known = [{place[key] for g in row["gold"] if (key := (short(g["doc"]), g["article"])) in place} for row in rows]
    asked = [(row["question"], gold) for row, gold in zip(rows, known, strict=True) if gold]
    return [every[key] for key in keys], [gold for _, gold in asked], [question for question, _ in asked]


def articles(document: Document) -> list[tuple[Any, str]]:
    return [(piece.path, piece.text) for piece in chunk(document) if len(piece.path) == 1]


def short(title: str) -> str:
    return title.removeprefix("中华人民共和国").strip("《》")


def recall(queries: Vectors, passages: Vectors, gold: Sequence[set[int]], k: int = 10) -> float:
    """The mean share of a question's articles that are among its k nearest."""
    nearest = np.argsort(-(queries @ passages.T), axis=1)[:, :k]
    return float(
        np.mean([len(wanted & set(row.tolist())) / len(wanted) for wanted, row in zip(gold, nearest, strict=True)])
    )


if __name__ == "__main__":
    run(__doc__, measure)
