"""How often each visitor may do a thing within an hour, for a page that strangers share, or for those who have a key.

In: a name for the visitor, a key's, an id or an address. Out: nothing, or an error that says when to come again. It
keeps nothing when the process ends, and knows neither what is done nor by whom.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from rag.errors import TiaoYinError

HOUR = 3600.0
VISITORS = 10_000
"""How many visitors are remembered; of more, the one who did nothing for longest is forgotten."""


class AllowanceError(TiaoYinError):
    """A visitor has done all that is allowed within an hour. Values: `limit`, and the `minutes` until the next."""


class Allowance:
    """At most `limit` times in any hour; `key` is the sentence of the error. For any number of threads."""

    def __init__(
        self, key: str, limit: int, visitors: int = VISITORS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.key, self.limit, self._most, self._clock = key, limit, visitors, clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, visitor: str, n: int = 1) -> None:
        """Note that a visitor does the thing `n` times now. Raises AllowanceError, and then nothing is noted."""
        now = self._clock()
        with self._lock:
            times = self._times.setdefault(visitor, deque())
            self._times.move_to_end(visitor)
            while len(self._times) > self._most:
                self._times.popitem(last=False)
            while times and times[0] <= now - HOUR:
                times.popleft()
            if n > self.limit - len(times):
                over = min(len(times), len(times) + n - self.limit)
                wait = HOUR - (now - times[over - 1]) if over else 0.0
                raise AllowanceError(self.key, limit=self.limit, minutes=math.ceil(wait / 60))
            times.extend([now] * n)


def questions(limit: int) -> Allowance:
    return Allowance("visitor_questions", limit)


def hourly(limit: int) -> Allowance | None:
    """Of questions where there are keys: for each key; none where the limit is 0."""
    return Allowance("http_rate_limit", limit) if limit else None


def uploads(limit: int) -> Allowance:
    return Allowance("visitor_uploads", limit)
