"""How well what is found tells answerable questions from others, and the weights that `rag/decide.py` has from it.

    .venv/bin/python tests/benchmarks/evidence.py INDEX SET...

In: an index, and question sets that say which questions are answerable. Out: a line a set: how many of either kind are
declined before a model is asked; then, by the kind of the best document, the weights of a logistic regression on these
questions, and the area under the curve of what it says, cross-validated. No language model is used.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from rag import answering, decide, evidence
from rag.evaluate.questions import Question, read_questions
from rag.facts import language
from rag.pipeline import Engine
from rag.search import EXACT, Found
from rag.settings import load

Row = tuple[str, bool, list[float]]


def main() -> None:
    engine = Engine(load({"index": sys.argv[1]}))
    rows: list[Row] = []
    for name in sys.argv[2:]:
        judged = [found for question in read_questions(Path(name)) if (found := row(engine, question))]
        rows += [found for found, _ in judged]
        for answerable in (True, False):
            enough = [enough for (_, kind, _), enough in judged if kind is answerable]
            if enough:
                kind = "answerable" if answerable else "unanswerable"
                print(f"{Path(name).stem:<28} {kind:<13} {len(enough):>4}, declined {len(enough) - sum(enough)}")
    for kind in ("statute", "other"):
        fitted(kind, [found for found in rows if found[0] == kind])


def row(engine: Engine, question: Question) -> tuple[Row, bool] | None:
    """Kind of document, answerable or not, the features; and whether there is ground enough. None for a look-up."""
    found = engine.find(question.question, question.history)
    lang, weight = language(question.question), engine.search().lexical.weight
    hits = decide.telling(found.asked, lang, answering.near(found), weight)
    if not hits or is_exact(found):
        return None
    titles = () if found.about else [document.title for document in engine.documents()]
    wanted = evidence.terms(found.asked, lang, [hit.document.title for hit in hits])
    shares = []
    for hit in hits:
        clause = hit.document.text_of(hit.nearest[0]) if hit.nearest else hit.text
        shares.append(
            [evidence.share(wanted, f"{hit.document.title} {text}", weight)[0] for text in (clause, hit.text)]
        )
    one, whole = np.max(shares, axis=0)
    kind = "statute" if hits[0].document.kind == "statute" else "other"
    cosine = max(min(hit.cosine, decide.NEAR) for hit in hits)
    enough = decide.ground(found.asked, lang, hits, weight, titles).enough
    return (kind, question.answerable is not False, [one, whole, cosine]), enough


def is_exact(found: Found) -> bool:
    return bool(found.named and (found.named.asks in EXACT or (found.named.missing and not found.named.paths)))


def fitted(kind: str, rows: list[Row]) -> None:
    said = np.array([answerable for _, answerable, _ in rows])
    if len(set(said.tolist())) < 2:
        return
    features = np.array([values for _, _, values in rows]) * [1, 1, 10]  # a cosine moves by hundredths
    model = LogisticRegression(C=10)
    chance = cross_val_predict(model, features, said, cv=5, method="predict_proba")[:, 1]
    one, whole, near = model.fit(features, said).coef_[0]
    print(f"{kind}: clause {one:.1f}, article {whole:.1f}, cosine {10 * near:.1f}, constant {model.intercept_[0]:.1f};")
    print(f"  area under the curve {roc_auc_score(said, chance):.3f} ({len(rows)} questions)")


if __name__ == "__main__":
    main()
