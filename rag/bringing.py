"""What is not there yet -> brought, one after the other: the embedder, an index of a folder, the language model.

In: Settings, and what the engine does once each is there. Out: `news`, what is being brought, for whoever waits.
A Chroma server that does not answer is waited for: containers start in any order, and are started anew. It starts no
thread, and answers nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from pathlib import Path

from rag import models
from rag.errors import IndexError_, TiaoYinError
from rag.ingest import ingest
from rag.settings import Settings
from rag.words import say

WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each further trial to reach a Chroma server; the last of them again and again."""


class Bringing:
    """`answering` says whether questions are answered already, by what stands in for the language model."""

    def __init__(self, settings: Settings, answering: Callable[[], bool]) -> None:
        self.settings, self._answering = settings, answering
        self.done()

    def done(self) -> None:
        """All is as the settings say: there are no news."""
        self.news: Callable[[str | None], str] = lambda lang: ""

    def bring(
        self, documents: Path, model: str, load_search: Callable[[], None], load_model: Callable[[], None],
        failed: Callable[[TiaoYinError], None],
    ) -> None:  # fmt: skip
        """Bring all; `model` is the language model's name, "" for one that is not ours to bring.

        A language model that is not to be had is told to `failed`; what else is not there raises.
        """
        self._pull(self.settings.embedder)
        told = partial(self._tell, "engine_indexing")
        self._patiently(lambda: ingest(self.settings, [documents], prune=False, report=lambda what, n, of: told()))
        self._patiently(load_search)
        try:
            self._pull(model)
            self._tell("engine_preparing", name=model or self.settings.llm)
            load_model()
        except TiaoYinError as error:
            self.news = partial(say, "engine_failed")
            failed(error)

    def _patiently(self, work: Callable[[], object]) -> None:
        for wait in chain(WAITS, repeat(WAITS[-1])):
            try:
                work()
                return
            except IndexError_ as error:
                if error.key != "chroma_unreachable":
                    raise
            self._tell("engine_chroma")
            time.sleep(wait)

    def _pull(self, name: str) -> None:
        """Bring a model unless it is there, or is not one of ours to bring."""

        def told(at: models.Progress) -> None:
            key = "engine_fetching" if at.what in ("fetch", "join") else "engine_preparing"
            self._tell(key, name=name, done=at.done_bytes // 10**6, total=at.total_bytes // 10**6)

        if name and models.locate(name, self.settings.home) is None:
            models.pull(name, self.settings.home, told)

    def _tell(self, key: str, **values: object) -> None:
        def told(lang: str | None) -> str:
            return say(key, lang, **values) + (say("engine_standby", lang) if self._answering() else "")

        self.news = told
