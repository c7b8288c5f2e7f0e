"""Settings -> the models and the index that questions are answered with, loaded when first needed and kept.

In: Settings. Out: a language model by its SPEC, the embedder, the search over the current index, and whether they are
there yet. It answers nothing; `pipeline.py` does.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rag import chunk, generate, index, models
from rag.bringing import Bringing
from rag.embed import Embedder, prompts_of
from rag.errors import IndexError_, TiaoYinError
from rag.prompt import template
from rag.records import Document, Message
from rag.records import Generator as Writer
from rag.rerank import Reranker
from rag.search import Search
from rag.settings import Settings
from rag.visitors import Visitors
from rag.words import LANGUAGES, reader_language, say

LLM = "qwen2.5-coder-1.5b-instruct-q4_k_m"


class Loaded:
    """What the `settings` name, loaded once; one for a process, for any number of threads."""

    def __init__(self, settings: Settings, generator: Writer | None = None) -> None:
        for spec in (settings.llm, *settings.llms.split()):
            generate.check(spec)
        self.settings = settings
        self.standby = ""  # the SPEC that answers as long as the settings' own is being brought
        self.visitors = Visitors(settings, self.embedder)
        self._generators = {settings.llm: generator} if generator else dict[str, Writer]()
        self._embedder: Embedder | None = None
        self._search: Search | None = None
        self._unused: list[Callable[[], None]] = []  # what closes the indexes that nobody answers from any more
        self._loaded: set[str] = set()
        self._found = threading.Event()  # something was searched for once
        self._bringing = Bringing(settings, lambda: "search" in self._loaded)
        self._failed: tuple[TiaoYinError, Callable[[], None]] | None = None  # and what was being done
        self._lock = threading.RLock()
        self._llm_lock = threading.Lock()

    def start_model(self) -> None:
        """Load the language model in the background; then, when asked nothing, let it read its prompts' beginnings."""
        self._in_background(self._load_model)

    def start_search(self) -> None:
        """Load the index and the embedder in the background."""
        self._in_background(self._load_search)

    def start_bare(self, documents: Path, standby: str, failed: Callable[[TiaoYinError], None]) -> None:
        """Both of these where nothing may be there yet, in the background: bring the embedder, index the folder
        `documents`, let the SPEC `standby` answer, bring the language model, and let that answer instead.

        Where that is not to be had, `standby` goes on: visitors learn it by `news`, and `failed` is told why.
        """
        self.generator(standby)
        self.standby = standby
        kind, _, rest = self.settings.llm.partition(":")
        model = {"embedded": LLM, "hf": rest}.get(kind, "")
        self._in_background(lambda: self._bringing.bring(documents, model, self._load_search, self._load_model, failed))

    def news(self, lang: str | None = None) -> str:
        """What is being brought, or that the standby goes on; "" when all is as the settings say."""
        return self._bringing.news(lang)

    def ready(self, lang: str | None = None) -> str | None:
        """None when a question is answered at once, else what is being waited for. Raises what made a start fail."""
        if failed := self._failed:
            failure, work = failed
            if isinstance(failure, IndexError_):  # which an ingest mends while this process runs
                self._failed = None
                self._in_background(work)
            raise failure
        ready = ({"search"} if self.standby else {"model", "search"}) <= self._loaded
        return None if ready else self.news(lang) or say("engine_loading", lang)

    def _in_background(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except TiaoYinError as error:
                self._failed = error, work

        threading.Thread(target=run, daemon=True).start()

    def _load_model(self) -> None:
        generator = self.generator(self.settings.llm)
        read_ahead = getattr(generator, "read_ahead", None)
        if read_ahead:
            read_ahead([Message("user", "?")])
        self._loaded.add("model")
        self.standby = ""
        self._bringing.done()
        if read_ahead:
            self._found.wait()  # reading would get in the way of a page and a search that are still being loaded
            for lang in sorted(LANGUAGES, key=lambda lang: lang != reader_language()):
                read_ahead(template(lang)[:-1])

    def _load_search(self) -> None:
        self.search()
        self.embedder().queries(["?"])
        self._loaded.add("search")
        self._found.set()

    def embedder(self) -> Embedder:
        with self._lock:
            if self._embedder is None:
                name, home = self.settings.embedder, self.settings.home
                self._embedder = Embedder(models.require(name, home), models.export_place(name, home))
            return self._embedder

    def generator(self, spec: str = "") -> Writer:
        """What writes for this SPEC, loaded once; without one for the standby, or else the settings' own."""
        spec = spec or self.standby or self.settings.llm
        if ready := self._generators.get(spec):  # which does not wait for another that is being loaded
            return ready
        with self._llm_lock:
            if spec not in self._generators:
                find = partial(models.require, home=self.settings.home)
                self._generators[spec] = generate.load(spec, lambda: find(LLM), find)
            return self._generators[spec]

    def search(self, visitor: str = "") -> Search:
        """The current index, opened again when another build has become current; what a visitor uploaded beside it."""
        with self._lock:
            build = index.current(self.settings.index)
            if self._search is None or self._search.index.build != build:
                self._search = self._opened(build)
                while self._unused:
                    self._unused.pop()()
            shared = self._search
        return self.visitors.search(visitor, shared)

    def _opened(self, build: Path) -> Search:
        folder = self.settings.index
        try:
            with contextlib.ExitStack() as undo:
                found = index.Index(folder, self.settings.chroma)
                undo.callback(found.close)
                self._fits(found)
                name, home = self.settings.reranker, self.settings.home
                search = Search(found, Reranker(models.require(name, home)) if name else None)
                undo.pop_all()
        except (IndexError_, OSError, ValueError) as error:
            if build != (now := index.current(folder)):
                return self._opened(now)  # two others have become current meanwhile, and the first was swept
            if isinstance(error, IndexError_):
                raise
            raise IndexError_("index_damaged", folder=folder, why=error) from error  # its words cannot be read
        # An answer that is being written may search it still: it is closed behind the last one, at a later switch.
        weakref.finalize(found, self._unused.append, found.close)
        return search

    def _fits(self, found: index.Index) -> None:
        folder = models.require(self.settings.embedder, self.settings.home)
        made_with = (found.manifest.checksum, found.manifest.prompts, found.manifest.chunker)
        if made_with != (models.checksum(folder), prompts_of(folder), chunk.VERSION):
            raise IndexError_(
                "index_unfit", folder=self.settings.index, has=found.manifest.embedder, wants=self.settings.embedder
            )

    def documents(self, visitor: str = "") -> Sequence[Document]:
        """What is indexed, and behind it what the visitor with this id uploaded."""
        return list(self.search(visitor).layout.documents.values())
