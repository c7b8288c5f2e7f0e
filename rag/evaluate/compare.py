"""Two runs of the same questions -> what was won and lost, metric by metric.

In: Questions, the scores of an earlier and of this run. Out: Differences with p-values of a paired test. It reads no
files and decides nothing; a caller fails when `is_worse` says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.evaluate.statistics import paired

SIGNIFICANT = 0.05
LOWER_IS_BETTER = ("first_token", "total", "retrieve", "prompt_tokens", "answer_tokens")
_LEAST = 1e-9

Scores = Mapping[str, float | None]


@dataclass(frozen=True)
class Difference:
    """A metric's means over the `n` questions that both runs have it for; `won` and `lost` are ids of questions."""

    metric: str
    n: int
    before: float
    after: float
    p: float
    won: tuple[str, ...]
    lost: tuple[str, ...]

    def is_worse(self, margin: float = 0.0) -> bool:
        """Whether it fell by more than `margin`, and not by chance (p below 0.05)."""
        fall = self.after - self.before if self.metric in LOWER_IS_BETTER else self.before - self.after
        return fall > margin and self.p < SIGNIFICANT


def compare(before: Mapping[str, Scores], after: Mapping[str, Scores]) -> list[Difference]:
    """The differences of two runs, each the scores by question id, over the questions that both have."""
    ids = [id_ for id_ in after if id_ in before]
    metrics = list(dict.fromkeys(name for id_ in ids for name in after[id_]))
    found = []
    for metric in metrics:
        pairs = [(id_, before[id_].get(metric), after[id_].get(metric)) for id_ in ids]
        known = [(id_, a, b) for id_, a, b in pairs if a is not None and b is not None]
        if known:
            found.append(_difference(metric, known))
    return found


def _difference(metric: str, known: Sequence[tuple[str, float, float]]) -> Difference:
    a, b = [each[1] for each in known], [each[2] for each in known]
    sign = -1 if metric in LOWER_IS_BETTER else 1
    won = tuple(id_ for id_, x, y in known if sign * (y - x) > _LEAST)
    lost = tuple(id_ for id_, x, y in known if sign * (x - y) > _LEAST)
    return Difference(metric, len(known), sum(a) / len(a), sum(b) / len(b), paired(a, b).p, won, lost)
