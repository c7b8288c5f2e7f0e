"""The waiting line of a process: who is before whom, for the model in it and for what needs none.

In: a question's SPEC. Out: a place in its lane, which tells how many must be answered before its turn comes. The model
in this process answers one question at a time; what only quotes, or asks a server, several. Page and HTTP share it. It
answers nothing and knows no visitor.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rag.errors import TiaoYinError

WAITING = 20
"""Questions that may wait in a lane; one more is turned away."""
SEVERAL = max(2, min(4, os.cpu_count() or 1))


class FullError(TiaoYinError):
    """Too many questions wait already, or the server ends."""


class Lane:
    """`at_once` questions are answered, in the order in which they came. For any number of threads."""

    def __init__(self, at_once: int) -> None:
        self.at_once, self._line = at_once, list[object]()
        self._changed = threading.Condition()

    @contextmanager
    def place(self) -> Iterator[Callable[[float], int]]:
        """At the end of the line: waits so many seconds at most and says how many are still before, 0 for one's turn.

        Left at the end of the block. Raises FullError.
        """
        own = object()
        with self._changed:
            if len(self._line) >= self.at_once + WAITING:
                raise FullError("page_full")
            self._line.append(own)

        def before() -> int:
            return max(0, self._line.index(own) - self.at_once + 1)

        def ahead(seconds: float) -> int:
            with self._changed:
                self._changed.wait_for(lambda: not before(), seconds)
                return before()

        try:
            yield ahead
        finally:
            with self._changed:
                self._line.remove(own)
                self._changed.notify_all()


class Lanes:
    """Of one process. `closing`: it ends, and nothing more is to come in."""

    def __init__(self) -> None:
        self.alone, self.several, self.closing = Lane(1), Lane(SEVERAL), False

    def of(self, spec: str) -> Lane:
        return self.several if spec == "extractive" or spec.startswith("openai:") else self.alone

    def empty(self) -> bool:
        return not (self.alone._line or self.several._line)
