"""The waiting line before the engine: questions in, the Updates of each out, from a bounded number of threads.

The engine is synchronous; a question runs in a thread of its lane and hands its updates to the event loop. What is
in this process answers one question at a time, what only quotes or asks a server several. Who comes when the line is
full is told so at once. A caller who goes away, or takes too long, stops the model. It knows no HTTP but Refused.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from rag.http.errors import SOON, Refused
from rag.lanes import SEVERAL, FullError, Lanes
from rag.records import Update

WAITING = 16
"""Questions that may wait in a lane; one more is turned away."""
PATIENCE = 60.0
"""Seconds that one may wait before it is turned away."""
LONGEST = 600.0
"""Seconds that an answer may take; as long as OpenAI's client waits."""
LOOK = 0.5
"""Seconds between two looks of a question that waits whether its caller is still there."""
STORED = 1.0
"""Seconds in which a page has stored in its browser the answer that was the last to end."""

Ask = Callable[[Callable[[], bool]], Iterator[Update]]
"""Begins an answer; what it is given says whether it is to stop."""


@dataclass
class Lane:
    """Threads, and how many questions wait for one and are in one."""

    threads: int
    waiting: int = 0
    running: int = 0
    free: asyncio.Semaphore = field(init=False)
    pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self.free = asyncio.Semaphore(self.threads)
        self.pool = ThreadPoolExecutor(self.threads, "answer")


class Line:
    """One for a process; belongs to one event loop."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.alone, self.several = Lane(1), Lane(SEVERAL)

    @property
    def waiting(self) -> int:
        return self.alone.waiting + self.several.waiting

    @property
    def running(self) -> int:
        return self.alone.running + self.several.running

    async def updates(self, spec: str, ask: Ask) -> AsyncGenerator[Update, None]:
        """The updates of an answer by the model `spec`; closing stops it. Raises Refused, and what `ask` raises."""
        lane = self.several if self.lanes.of(spec) is self.lanes.several else self.alone
        await self._turn(lane)
        loop, came, stopped = asyncio.get_running_loop(), asyncio.Queue[Update | None](), threading.Event()

        def work() -> None:
            with self.lanes.of(spec).place() as ahead:  # behind those of the page
                while ahead(LOOK):
                    if stopped.is_set():
                        return
                with closing(ask(stopped.is_set)) as updates:  # type: ignore[type-var]
                    for update in updates:
                        if stopped.is_set():
                            return
                        loop.call_soon_threadsafe(came.put_nowait, update)

        def ended(done: asyncio.Future[Any]) -> None:
            done.exception()  # taken here too, where nobody waits for it any more
            lane.running -= 1
            lane.free.release()
            came.put_nowait(None)

        lane.running += 1
        running = loop.run_in_executor(lane.pool, work)
        running.add_done_callback(ended)
        until = loop.time() + LONGEST
        try:
            while True:
                async with asyncio.timeout_at(until):
                    update = await came.get()
                if update is None:
                    break
                yield update
            running.result()
        except FullError:
            raise Refused(503, "http_full", wait=SOON) from None
        except TimeoutError:
            raise Refused(504, "http_too_slow", seconds=int(LONGEST)) from None
        finally:
            stopped.set()

    async def _turn(self, lane: Lane) -> None:
        """Wait for a thread of the lane."""
        if self.lanes.closing:
            raise Refused(503, "http_ending", wait=SOON)
        if lane.waiting >= WAITING:
            raise Refused(503, "http_full", wait=SOON)
        lane.waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await lane.free.acquire()
        except TimeoutError:
            raise Refused(503, "http_full", wait=SOON) from None
        finally:
            lane.waiting -= 1

    def busy(self) -> bool:
        """Somebody waits for an answer, or has one being written, on the page too."""
        return bool(self.waiting + self.running) or not self.lanes.empty()

    async def drained(self, seconds: float, hurry: Callable[[], bool]) -> None:
        """Take nothing more, and wait for what is being answered, on the page too: so many seconds at most, or until
        `hurry`.
        """
        self.lanes.closing, end, stored = True, time.monotonic() + seconds, 0.0
        while (now := time.monotonic()) < end and not hurry():
            if self.busy():
                stored = now + STORED
            elif now >= stored:
                break
            await asyncio.sleep(0.05)
