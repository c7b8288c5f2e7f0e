"""Work that goes on when the page that began it is gone: a thread takes its steps, pages watch how far it is.

In: the steps of an answer or of an evaluation, each what is shown then. Out: the same to each page that watches; by
visitor and name, what was begun, so that a page opened anew finds it. It knows no widget library, and keeps nothing
on the disk.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
import traceback
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, closing
from functools import partial
from types import TracebackType
from typing import Generic, TypeVar

LOG = logging.getLogger("tiaoyin.http")
LOOK = 1.0
"""Seconds after which a page that watches is shown the same once more, by which it is found to be gone."""
GRACE = 5 * LOOK
"""Seconds that a page which watches, but could not show it, has to do so."""


class Going:
    """One piece of work: what it shows now, and its `stage`: "waiting", then another word, at last "over"."""

    body: str
    stage: str

    def __post_init__(self) -> None:
        self.begun, self.seen, self._told = False, time.monotonic(), 0
        self._changed = threading.Condition()

    def go(self, bodies: Generator[str, None, None], patience: float, broken: str) -> None:
        """Begin: `bodies` are taken in a thread, and closed early when it is ended or nobody watched for `patience`
        seconds.

        `broken` is shown when they raise, which the log tells without the message, since that may hold a question.
        """
        self.begun, self.seen = True, time.monotonic()
        run = contextvars.copy_context().run  # for a library that asks whose request it is
        threading.Thread(target=run, args=(self._go, bodies, patience, broken), daemon=True).start()

    def _go(self, bodies: Generator[str, None, None], patience: float, broken: str) -> None:
        with Noted() as noted, closing(bodies):
            for body in bodies:
                if self._left(patience) or not self._show(body):
                    break
        if noted.fault:  # told here, where a log that fails itself cannot tell of the error and the words in it
            LOG.error("page fault=%s at=%s:%s", *noted.fault)
        self.end(broken if noted.fault else self.body)

    def _left(self, patience: float) -> bool:
        """Whether nobody watched for `patience` seconds. A page that watches may have been kept from it by what held
        Python's lock as long, so it is given GRACE to show itself."""

        def seen() -> bool:
            return time.monotonic() - self.seen <= patience

        with self._changed:
            return not self._changed.wait_for(seen, 0 if seen() else GRACE)

    def _show(self, body: str) -> bool:
        """Whether it still goes on, and shows that."""
        with self._changed:
            if self.stage == "over":
                return False
            self.body = body
            self._told += 1
            self._changed.notify_all()
            return True

    def become(self, stage: str) -> None:
        """Its next stage, unless it was ended."""
        with self._changed:
            self.stage = self.stage if self.stage == "over" else stage

    def end(self, body: str) -> None:
        """It is over, and shows `body`; what is over stays as it is."""
        with self._changed:
            if self.stage != "over":
                self.body, self.stage, self.seen = body, "over", time.monotonic()
                self._changed.notify_all()

    def watch(self) -> Iterator[None]:
        """A step each time there is something new to be shown, until it is over; what it shows then is the last."""
        told = -1
        while self.stage != "over":
            with self._changed:
                self.seen = time.monotonic()
                self._changed.notify_all()
                self._changed.wait_for(partial(self._is_news, told), LOOK)
                told = self._told
            yield

    def _is_news(self, known: int) -> bool:
        return self._told != known or self.stage == "over"


Work = TypeVar("Work", bound=Going)


class Begun(Generic[Work]):
    """What visitors began: the `most` latest, each until it has been over for `seconds`. For any number of threads."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds, self._works = most, seconds, dict[tuple[str, str], Work]()
        self._lock = threading.Lock()

    def put(self, visitor: str, name: str, work: Work) -> None:
        """Keep it for `visitor`, in place of what had the name; who has no id finds nothing again."""
        with self._lock:
            self._works.pop((visitor, name), None)
            if visitor:
                self._works[visitor, name] = work
            self._clear()

    def get(self, visitor: str, name: str) -> Work | None:
        with self._lock:
            self._clear()
            return self._works.get((visitor, name))

    def _clear(self) -> None:
        since = time.monotonic() - self.seconds
        old = [key for key, each in self._works.items() if each.stage == "over" and each.seen < since]
        for key in [*old, *list(self._works)[: -self.most]]:
            self._works.pop(key, None)


class Noted(AbstractContextManager["Noted"]):
    """A fault inside ends the work, not the thread's other duties: its kind, file and line."""

    fault: tuple[str, str, int | None] | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if kind and kind is not GeneratorExit:  # which says that nobody wants the rest
            last = traceback.extract_tb(trace)[-1]
            self.fault = kind.__name__, last.filename, last.lineno
        return self.fault is not None
