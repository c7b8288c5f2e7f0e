"""What each part of the search is worth: `ablation.py INDEX QUESTIONS.jsonl [QUESTIONS...]`.

Baseline, in the same run: the search as it is. Every other row leaves one part out or changes it, over the same index.
Prints a Markdown table of recall@5, recall@10 and MRR (article level, as `tiaoyin eval` counts) for each set.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rag import retrieve, search
from rag.evaluate.metrics import scores
from rag.evaluate.questions import Question, read_questions, resolved
from rag.pipeline import Engine
from rag.settings import load

ROWS: list[tuple[str, Mapping[str, Any]]] = [
    ("the search as it is", {}),
    ("meaning alone", {"DENSE": 1.0, "ACROSS": 1.0}),
    ("words alone", {"DENSE": 0.0, "ACROSS": 0.0}),
    ("without the terms of law for everyday words", {"TERMS": 0.0}),
    ("without preferring statutes and articles", {"STATUTE": 0.0, "RECITAL": 0.0}),
    ("articles by their own chunk only", {"OWN": {"cosine": 1.0, "bm25": 1.0}}),
    ("articles by their best clause only", {"OWN": {"cosine": 0.0, "bm25": 0.0}}),
    ("60 chunks by meaning in place of 600", {"DEPTH": 60}),
]


def main(index: Path, sets: list[Path]) -> None:
    engine = Engine(load({"index": index}))
    documents = [(document.title, document.source) for document in engine.documents()]
    asked = {path.stem: resolved(read_questions(path), documents, path) for path in sets}
    print("| | " + " | ".join(asked) + " |\n|---|" + "---|" * len(asked))
    as_is = {name: getattr(search if name == "TERMS" else retrieve, name) for _, changed in ROWS for name in changed}
    for what, changed in ROWS:
        for name, value in (as_is | dict(changed)).items():
            setattr(search if name == "TERMS" else retrieve, name, value)
        found = engine.search()
        found.layout = retrieve.layout(found.index.chunks, found.index.documents)  # the preferences are in it
        print(f"| {what} |", *(f"{measured(engine, questions)} |" for questions in asked.values()), flush=True)


def measured(engine: Engine, questions: list[Question]) -> str:
    rows = []
    for question in questions:
        hits = engine.find(question.question, question.history, 10).hits
        rows.append(scores(question, {"error": None, "answer": None, "retrieved": [hit.to_json() for hit in hits]}))
    means = []
    for name in ("recall@5", "recall@10", "mrr"):
        known = [value for row in rows if (value := row[name]) is not None]
        means.append(f"{sum(known) / len(known):.3f}")
    return " ".join(means)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
