"""Answers -> verdicts of a language model: correct, and grounded in what they cite.

In: Questions, rows and any Generator. Out: Verdicts, kept in a file so that no answer is judged twice. A model's word
is a second opinion: its agreement with the key facts is reported beside it. It changes no other metric.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.asking import messages, reply
from rag.evaluate.questions import Question
from rag.evaluate.run import Row, read_rows, write
from rag.facts import language
from rag.records import Generator, Message

_CORRECT = re.compile(r"(?:正确|correct)\s*[：:]\s*(是|否|yes|no)", re.IGNORECASE)
_GROUNDED = re.compile(r"(?:有据|grounded)\s*[：:]\s*(是|否|yes|no)", re.IGNORECASE)
_TOKENS = 40


@dataclass(frozen=True)
class Verdict:
    """What a judge says of one answer; None where its reply cannot be read."""

    id: str
    key: str
    correct: bool | None
    grounded: bool | None


def judge(
    questions: Sequence[Question],
    rows: Sequence[Row],
    judge_: Generator,
    place: Path,
    report: Callable[[int, int], None],
) -> list[Verdict]:
    """The verdicts on all answers that were given to questions with a reference or key facts.

    Those in `place` on the very same question, answer, quotations, rubric and judge are taken from there.
    """
    known = {row["key"]: row for row in read_rows(place)}
    asked = [(q, row) for q, row in zip(questions, rows, strict=True) if row.get("answer") and (q.answer or q.keys)]
    found = []
    write(place, "".join(json.dumps(row) + "\n" for row in known.values()))  # without a line that a kill tore
    with place.open("a", encoding="utf-8") as file:
        for n, (question, row) in enumerate(asked):
            report(n, len(asked))
            turns = _asked(question, row)
            key = hashlib.sha256(f"{judge_.name}\n{turns}".encode()).hexdigest()[:24]
            if key in known:
                kept = known[key]
                found.append(Verdict(question.id, key, kept["correct"], kept["grounded"]))
                continue
            said = reply(judge_, turns, language(question.question), _TOKENS)
            found.append(Verdict(question.id, key, _said(_CORRECT, said), _said(_GROUNDED, said)))
            file.write(json.dumps(asdict(found[-1])) + "\n")
            file.flush()
    report(len(asked), len(asked))
    return found


def summary(verdicts: Sequence[Verdict], key_recall: dict[str, float | None], name: str) -> dict[str, Any]:
    """The shares judged correct and grounded, and how often "correct" agrees with all key facts being given.

    `kappa` is Cohen's (1960), the agreement beyond chance; None where one side never varies.
    """
    correct = [v.correct for v in verdicts if v.correct is not None]
    grounded = [v.grounded for v in verdicts if v.grounded is not None]
    pairs = [
        (v.correct, share == 1) for v in verdicts if v.correct is not None and (share := key_recall[v.id]) is not None
    ]
    return {
        "llm": name,
        "n": len(verdicts),
        "unreadable": len(verdicts) - len(correct),
        "correct": sum(correct) / len(correct) if correct else None,
        "grounded": sum(grounded) / len(grounded) if grounded else None,
        "agreement": sum(a == b for a, b in pairs) / len(pairs) if pairs else None,
        "kappa": _kappa(pairs),
    }


def _kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    if not pairs:
        return None
    n = len(pairs)
    first, second = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    chance = first * second + (1 - first) * (1 - second)
    return (sum(a == b for a, b in pairs) / n - chance) / (1 - chance) if chance < 1 else None


def _asked(question: Question, row: Row) -> tuple[Message, ...]:
    reference = [question.answer] if question.answer else []
    return messages(
        "judge",
        language(question.question),
        question=question.question,
        keys="; ".join(" / ".join(key) for key in question.keys) or "; ".join(reference),
        answer=row["answer"],
        clauses="\n".join(f"[{c['n']}] {c['quote']}" for c in row["citations"]) or "–",
    )


def _said(pattern: re.Pattern[str], text: str) -> bool | None:
    match = pattern.search(text)
    return match[1].lower() in ("是", "yes") if match else None
