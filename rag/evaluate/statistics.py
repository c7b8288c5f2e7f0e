"""How sure a mean is: bootstrap intervals and paired tests.

In: values of questions. Out: intervals and p-values, the same for the same values. It knows no metrics.
Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 (percentile intervals) and 16 (tests).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 10_000
_CELLS = 4_000_000
"""Numbers drawn at once, so that a large set takes no more memory than a small one."""
LEVEL = 0.95


@dataclass(frozen=True)
class Paired:
    """The mean difference b - a over `n` questions, its 95 % interval, and a two-sided p-value."""

    n: int
    difference: float
    low: float
    high: float
    p: float


def bootstrap(rows: Sequence[Sequence[float]], of: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float] | None:
    """The percentile interval at 95 % of a statistic of resampled rows.

    `rows`: n rows of m values; `of`: sums over a resample, shape (r, m), and the statistic of each, shape (r,), where
    nan is left out. None when no resample has one.
    """
    import numpy as np

    table = np.asarray(rows, dtype=float)
    n = len(table)
    chance = np.random.default_rng(0)
    found = []
    left = RESAMPLES
    while left:
        size = min(left, max(1, _CELLS // n))
        # How often each row is drawn, which is all that a sum needs.
        drawn = chance.multinomial(n, np.full(n, 1 / n), size=size)
        found.append(of(drawn @ table))
        left -= size
    values = np.concatenate(found)
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def percentile(values: Sequence[float], share: float) -> tuple[float, float, float]:
    """A percentile of at least one value by nearest rank (0.5 is the median), and its 95 % bootstrap interval.

    The interval is that of endless resamples, worked out instead of drawn: the k-th smallest of a resample is at most
    the i-th smallest value when k or more of its n draws fall among the i smallest, whose chance is binomial (Efron,
    Bootstrap Methods: Another Look at the Jackknife, 1979, section 3). It never leaves the values seen: the upper end
    of a 95th percentile of fewer than 60 values is always the largest of them, and may be too low.
    """
    ordered, n = sorted(values), len(values)
    rank = max(1, math.ceil(share * n))
    levels = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    low, high = (bisect_left(range(1, n), level, key=lambda i: _at_least(rank, n, i / n)) for level in levels)
    return ordered[rank - 1], ordered[low], ordered[high]


def _at_least(k: int, n: int, p: float) -> float:
    """The chance that k or more of n draws fall where one falls with the chance p, above 0 and below 1."""
    ways = (math.lgamma(n + 1) - math.lgamma(j + 1) - math.lgamma(n - j + 1) for j in range(k, n + 1))
    return math.fsum(math.exp(w + j * math.log(p) + (n - j) * math.log1p(-p)) for j, w in enumerate(ways, k))


def paired(a: Sequence[float], b: Sequence[float]) -> Paired:
    """Two runs over the same questions: how likely a difference this large is if the runs do not differ.

    Each difference keeps or changes its sign at random (Efron & Tibshirani, chapter 15). Differences shifted to a mean
    of 0 and resampled would give the smallest p of all to one question, or to a few that changed alike.
    """
    import numpy as np

    apart = np.asarray(b, dtype=float) - np.asarray(a, dtype=float)
    n, mean = len(apart), float(apart.mean())
    if not apart.any():
        return Paired(n, 0.0, 0.0, 0.0, 1.0)
    low, high = bootstrap([[d] for d in apart], lambda sums: sums[:, 0] / n) or (mean, mean)
    chance = np.random.default_rng(0)
    extreme = drawn = 0
    while drawn < RESAMPLES:
        size = min(RESAMPLES - drawn, max(1, _CELLS // n))
        sums = chance.choice((-1.0, 1.0), size=(size, n)) @ apart
        extreme += int((np.abs(sums / n) >= abs(mean) - 1e-12).sum())
        drawn += size
    return Paired(n, mean, low, high, (extreme + 1) / (RESAMPLES + 1))
