"""The figures of the README: the question set on the first document, with the default models.

    .venv/bin/python tests/benchmarks/page.py [SPEC]

In: `data/eval/page.jsonl` and the index that `make setup` made. Out: one line a question that went wrong, then the
figures. Times are of a loaded engine, and of this machine.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

from rag.errors import TiaoYinError
from rag.pipeline import Engine
from rag.records import Answer
from rag.settings import load

SET = Path(__file__).parent.parent.parent / "data" / "eval" / "page.jsonl"


def main() -> None:
    engine = Engine(load({"llm": sys.argv[1] if len(sys.argv) > 1 else None}))
    engine.start_model()
    engine.start_search()
    started = time.perf_counter()
    while engine.ready():
        time.sleep(0.05)
    print(f"ready after {time.perf_counter() - started:.1f} s")
    rows = [json.loads(line) for line in SET.read_text(encoding="utf-8").splitlines()]
    answers = [(row, last(engine, row["question"])) for row in rows]
    answerable = [(row, answer) for row, answer in answers if row["answerable"]]
    rest = [answer for row, answer in answers if not row["answerable"]]
    cited = [(row, c) for row, answer in answerable for c in answer.citations]
    right = [c for row, c in cited if is_gold(row, c.doc, c.article)]
    documents = {document.doc_id: document for document in engine.documents()}
    print(f"all key facts given    {sum(has_keys(*pair) for pair in answerable)} of {len(answerable)} answerable")
    print(f"citations right        {len(right)} of {len(cited)}")
    print(f"quotations verbatim    {sum(documents[c.doc_id].text[c.start : c.end] == c.quote for _, c in cited)}")
    print(f"declined wrongly       {sum(answer.refused for _, answer in answerable)} of {len(answerable)}")
    print(f"unanswerable declined  {sum(answer.refused for answer in rest)} of {len(rest)}")
    for name in ("first_token", "total"):
        spent = sorted(answer.timings[name] for _, answer in answers if name in answer.timings)
        print(f"{name:<22} median {statistics.median(spent):.1f} s, longest {spent[-1]:.1f} s ({len(spent)} questions)")


def last(engine: Engine, question: str) -> Answer:
    *_, update = engine.ask(question)
    return update.answer


def is_gold(row: dict[str, object], doc: str, article: str | None) -> bool:
    return {"doc": doc, "article": article} in row["gold"]  # type: ignore[operator]


def has_keys(row: dict[str, object], answer: Answer) -> bool:
    text = answer.text.lower()
    found = not answer.refused and all(any(word.lower() in text for word in key) for key in row["keys"])  # type: ignore
    if not found:
        print(f"{row['id']} {row['question']} -> {answer.reason or answer.text}")
    return found


if __name__ == "__main__":
    try:
        main()
    except TiaoYinError as error:
        sys.exit(f"page.py: {error}")
