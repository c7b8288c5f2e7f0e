"""The pieces of a language model's reply, until nobody wants more of them, and the seconds that they took.

In: a generator of pieces that returns its Tokens. Out: the same, and timings for an Answer. It judges no piece.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from rag.records import Tokens


def until(
    stopped: Callable[[], bool], pieces: Generator[str, None, Tokens | None]
) -> Generator[str, None, Tokens | None]:
    """The pieces of a reply until nobody wants more of them: a sentence may be long in coming."""
    with closing(pieces):
        while not stopped():
            try:
                yield next(pieces)
            except StopIteration as end:
                tokens: Tokens | None = end.value
                return tokens
    return None


class Watch:
    """Seconds of one answer: until the first piece of the reply, of generating, of checking; and its tokens."""

    def __init__(self, asked: float, generating: float) -> None:
        self.asked, self.generating = asked, generating
        self.first_token: float | None = None
        self.verify = 0.0
        self.tokens: Tokens | None = None

    def first(self, pieces: Generator[str, None, Tokens | None]) -> Iterator[str]:
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                self.tokens = end.value
                return
            if self.first_token is None:
                self.first_token = time.perf_counter() - self.asked
            yield piece

    def timings(self) -> dict[str, float]:
        spent = time.perf_counter() - self.generating - self.verify
        found = {"generate": spent, "verify": self.verify}
        return found if self.first_token is None else {"first_token": self.first_token, **found}
