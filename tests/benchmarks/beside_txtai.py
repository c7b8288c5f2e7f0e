"""Retrieval against txtai: `python tests/benchmarks/beside_txtai.py [--out FILE] [--quick]`.

Baseline, in the same run: txtai's Embeddings over the same articles with the same vectors (of this program's embedder),
dense as it is by default, and hybrid (its own BM25 beside). Lay questions of `--shared` whose articles are all in these
laws; recall and MRR at article level, milliseconds a question. Without `--shared` there is nothing to compare.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from embedding import short
from measuring import BUILD, Result, at, laws, questions, run

from rag.ingest import ingest
from rag.pipeline import Engine
from rag.settings import load

DEPTH = 10
ASKED = 200
Key = tuple[str, str]


def measure(args: argparse.Namespace) -> Result:
    title, baseline = "Retrieval beside txtai", "txtai's Embeddings over the same articles and vectors"
    if not args.shared:
        return Result("beside_txtai", title, baseline, notes=["There are no laws and questions here."])
    try:
        import txtai as _txtai  # noqa: F401 - here, so that its import is not in the time of an index
    except ImportError:
        sys.exit("txtai is not installed: pip install -c constraints.txt 'txtai>=9.14,<10'")
    with TemporaryDirectory() as folder:
        ready = (BUILD / "laws" / "current").exists() and not args.quick
        engine = Engine(load({"index": BUILD / "laws" if ready else folder}))
        if not ready:
            ingest(engine.settings, asked_for(args, 2 if args.quick else 24), prune=False, report=lambda *_: None)
        found = engine.search().index
        titles = {document.doc_id: short(document.title) for document in engine.documents()}
        rows_of = [n for n, piece in enumerate(found.chunks) if len(piece.path) == 1]
        texts = {row: found.chunks[row].text for row in rows_of}
        articles = {(titles[found.chunks[row].doc_id], found.chunks[row].path[0][1]): row for row in rows_of}
        vectors = found.vectors()
        asked = [
            (row["question"], gold) for row in questions(args, "zh_consult_train") if (gold := golden(row, articles))
        ]
        asked = asked[:: max(1, len(asked) // ASKED)][:ASKED]
        rows = [["TiaoYin", 0.0, *scored(lambda question: ours(engine, question), asked)]]
        for hybrid in (False, True):
            started = time.perf_counter()
            search = txtai(engine, articles, texts, vectors, hybrid)
            built = time.perf_counter() - started
            rows.append([f"txtai, {'hybrid' if hybrid else 'dense (default)'}", built, *scored(search, asked)])
    columns = ["", "indexed s", "recall@1", "recall@5", "recall@10", "MRR", "ms p50", "p95"]
    what = f"{len(asked)} lay questions, {len(articles):,} articles"
    notes = ["txtai is given whole articles with titles, and our vectors: neither side embeds anything but questions."]
    return Result("beside_txtai", title, baseline, tables=[(what, columns, rows)], notes=notes)


def asked_for(args: argparse.Namespace, n: int) -> list[Path]:
    """The n laws that most questions ask for."""
    named = Counter(short(gold["doc"]) for row in questions(args, "zh_consult_train") for gold in row["gold"])
    return sorted(laws(args), key=lambda file: -named[short(file.stem)])[1 : n + 1]


def golden(row: dict[str, Any], articles: dict[Key, int]) -> set[Key] | None:
    """The articles that answer a question, None where one of them is not there."""
    found = {(short(gold["doc"]), gold["article"]) for gold in row["gold"]}
    return found if found and found <= articles.keys() else None


def ours(engine: Engine, question: str) -> list[Key]:
    hits = engine.find(question, k=DEPTH).hits
    return [(short(hit.document.title), hit.provision.path[0][1]) for hit in hits]


def txtai(
    engine: Engine, articles: dict[Key, int], texts: dict[int, str], vectors: Any, hybrid: bool
) -> Callable[[str], list[Key]]:
    """A search of txtai over the articles, whose vectors are known: it need not embed them again."""
    from txtai import Embeddings

    keys, embedder = list(articles), engine.embedder()
    known = {texts[row]: vectors[row] for row in articles.values()}

    def transform(asked: Sequence[str]) -> Any:
        return np.array([known[text] if text in known else embedder.queries([text])[0] for text in asked])

    index = Embeddings(method="external", transform=transform, hybrid=hybrid)
    index.index((n, texts[articles[key]], None) for n, key in enumerate(keys))

    def search(question: str) -> list[Key]:
        return [keys[int(row)] for row, _ in index.search(question, DEPTH)]

    return search


def scored(search: Callable[[str], Sequence[Key]], asked: Sequence[tuple[str, set[Key]]]) -> list[float]:
    """recall@1, @5, @10, MRR, and the milliseconds of a question (p50, p95)."""
    recalls: dict[int, list[float]] = {1: [], 5: [], 10: []}
    ranks, times = [], []
    search(asked[0][0])
    for question, gold in asked:
        started = time.perf_counter()
        found = list(search(question))
        times.append((time.perf_counter() - started) * 1000)
        for k, values in recalls.items():
            values.append(len(gold.intersection(found[:k])) / len(gold))
        ranks.append(next((1 / n for n, key in enumerate(found, 1) if key in gold), 0.0))
    means = [sum(values) / len(values) for values in (*recalls.values(), ranks)]
    return [*means, at(times, 0.5), at(times, 0.95)]


if __name__ == "__main__":
    run(__doc__, measure)
