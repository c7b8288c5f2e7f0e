"""The whole application on a free port of this machine, in this process, with an engine that a test holds."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import httpx

from rag.keys import Door
from rag.records import Prompt, Tokens
from rag.serve import application, bound, server
from tests.browser import until
from tests.here import Here
from tests.plan import plan

QUESTION = "公园每日开放时间多久?"
SAID = "公园每日开放时间不得少于十二小时[1]。"


@contextlib.contextmanager
def listening(engine: Any, entrance: Door | None = None) -> Iterator[httpx.Client]:
    """A client of the served engine; `client.app` is the application."""
    app = application(engine, "en", entrance)
    running = server(app)
    with bound("127.0.0.1", 0) as listener:
        listener.listen()
        thread = threading.Thread(target=running.run, args=([listener],))
        thread.start()
        until(lambda: running.started)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=60) as client:
                client.app = app  # type: ignore[attr-defined]
                yield client
        finally:
            running.should_exit = running.force_exit = True
            thread.join(20)


class Held:
    """A language model that writes a sentence, then waits until a test lets it go on; it notes where it was stopped."""

    name = "held"

    def __init__(self) -> None:
        self.go, self.begun, self.stopped = threading.Event(), threading.Semaphore(0), threading.Semaphore(0)

    def stream(self, prompt: Prompt, max_tokens: int) -> Generator[str, None, Tokens | None]:
        try:
            yield SAID
            self.begun.release()
            while not self.go.wait(0.02):
                yield ""
        except GeneratorExit:
            self.stopped.release()
            raise
        return Tokens(100, 20)


class Engine(Here):
    """The engine over a small plan, always loaded; what writes is given."""

    def __init__(self, folder: Path, writer: Any, **settings: Any) -> None:
        super().__init__(folder, [plan()])
        self._generators = {"embedded": writer, "extractive": writer}
        for name, value in settings.items():
            object.__setattr__(self.settings, name, value)

    def ready(self, lang: str | None = None) -> str | None:
        return None
