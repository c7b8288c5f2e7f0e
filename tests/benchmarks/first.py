"""Whether the right article comes first: `first.py QUESTIONS.jsonl [QUESTIONS...] [--index INDEX] [--show]`.

In: question sets with gold, and an index (by default that of `make setup`). Out: of the answerable questions the share
whose first retrieved article is one of the gold (success@1), and that have one among the first three (success@3), by
kind and language. `recall@1` of `tiaoyin eval --retrieval-only` is another figure: of a question with two gold articles
it can be a half at most. No language model is asked.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

from rag.evaluate.questions import Question, read_questions, same_document
from rag.labels import article_of
from rag.pipeline import Engine
from rag.records import Hit
from rag.settings import load

DEEP = 10


def main(args: argparse.Namespace) -> None:
    engine = Engine(load({"index": args.index, "llm": "extractive"}))
    ranks: dict[str, list[int]] = defaultdict(list)
    for question in (each for path in args.sets for each in read_questions(path)):
        if question.answerable is False or not question.gold:
            continue
        hits = engine.find(question.question, question.history, k=DEEP).hits
        rank = next((n for n, hit in enumerate(hits, 1) if is_gold(question, hit)), DEEP + 1)
        for group in ("all", question.lang, question.kind):
            ranks[group].append(rank)
        if args.show and rank > 1:
            print(rank, question.id, question.question)
    print(f"{'':<14}{'questions':>10}{'success@1':>11}{'success@3':>11}")
    for group, found in ranks.items():
        first, third = (sum(rank <= k for rank in found) / len(found) for k in (1, 3))
        print(f"{group:<14}{len(found):>10}{first:>11.3f}{third:>11.3f}")


def is_gold(question: Question, hit: Hit) -> bool:
    """Whether a hit is of a gold article; gold without one means its document as a whole."""
    article = article_of(hit.provision.path)
    return any(g.article in (None, article) and same_document(g.doc, hit.document.title) for g in question.gold)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--show", action="store_true", help="list the questions whose first article is another")
    main(parser.parse_args())
