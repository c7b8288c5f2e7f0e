"""question -> rewrite -> retrieve -> prompt -> generate -> cite: the arrows as code.

In: Settings and a question. Out: `Update`s, the last of which holds the whole Answer. What a question asks of
provisions that it names, code tells exactly; the rest a language model writes, and the check lets through. Models are
loaded when first needed and kept. It prints nothing.
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rag import answering, asking, chunk, decide, generate, index, models, rewrite, spread
from rag.bringing import Bringing
from rag.embed import Embedder, prompts_of
from rag.errors import IndexError_, TiaoYinError, UsageError
from rag.facts import language
from rag.looked import Looked, adds_nothing, looked
from rag.prompt import prompt, template
from rag.records import Answer, Document, Hit, Message, Update
from rag.records import Generator as Writer
from rag.reply import until
from rag.rerank import Reranker
from rag.search import Found, Only, Search
from rag.settings import Settings
from rag.unseen import seen, without_manner
from rag.visitors import Visitors
from rag.words import LANGUAGES, reader_language, say

LLM = "qwen2.5-coder-1.5b-instruct-q4_k_m"
EVERY = 40
"""Articles that are looked through where all places of a matter are asked for."""


class Engine:
    """Answers questions from the index of `settings`; one for a process, for any number of threads."""

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

    def find(
        self, question: str, history: Sequence[str] = (), k: int | None = None, only: Only | None = None,
        visitor: str = "",
    ) -> Found:  # fmt: skip
        """What is retrieved, without an answer: the k best articles (default: as many as the language model reads)."""
        return self._find(self.search(visitor), without_manner(question), history, k, only)

    def _find(
        self, search: Search, question: str, history: Sequence[str] = (), k: int | None = None, only: Only | None = None
    ) -> Found:
        widen = self.settings.widen and not self.standby
        wording = (lambda asked, lang: asking.wording(self.generator(), asked, lang)) if widen else None
        found = search.find(question, history, k or self.settings.provisions, self.embedder, only, wording)
        self._found.set()
        return found

    def ask(
        self, question: str, history: Sequence[str] = (), only: Only | None = None, visitor: str = "",
        *, llm: str = "", provisions: int | None = None, stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Update]:  # fmt: skip
        """Answer a question that follows the earlier questions `history`, oldest first, for a `visitor` with uploads.

        `llm` is a SPEC and `provisions` a number of articles in place of the settings'. `stopped` is asked from the
        thread that answers; once it is true the model writes no more. The last update is "done" and holds the whole
        answer. Raises TiaoYinError.
        """
        question, history = seen(question), [without_manner(seen(turn)) for turn in history]
        if not question.strip():
            raise UsageError("question_empty")
        started = time.perf_counter()
        lang = language(question)
        answer = Answer(question, lang, llm=llm or self.standby or self.settings.llm)
        yield Update("retrieve", answer)
        question = without_manner(question)
        search = self.search(visitor)  # one for the whole answer: another build may become current meanwhile
        find = partial(self._find, search, k=provisions, only=only)
        at = looked(question, find(question, history), search)
        if history and not (at.ground.enough or at.found.named) and generate.writes(self.generator(llm)):
            at = self._again(at, llm, history, search, find)
        found, note = at.found, answering.note(at.found, at.ground, lang)
        timings = {"rewrite": found.rewriting, "retrieve": time.perf_counter() - started - found.rewriting}
        answer = replace(answer, rewritten=found.rewritten, retrieved=found.hits, timings=timings, note=note)
        told = self._told(answer, at, search, only)
        if not told and at.ground.doubtful and generate.writes(self.generator(llm)):
            yield Update("generate", answer)
            at = at.judged(partial(asking.states, self.generator(llm), lang))
        if told := told or answering.declined(answer, at.ground):
            answer = told
            timings = {**timings, "first_token": time.perf_counter() - started}
        else:
            answer = replace(answer, llm=self.generator(llm).name)
            yield Update("generate", answer)
            for so_far in self._written(answer, at, self.generator(llm), started, stopped):
                answer = so_far
                yield Update("generate", answer)
        if answering.foreign(answer):
            yield Update("generate", answer)
            writer = self.generator(llm)
            render = partial(asking.rendering, writer, lang, stopped=stopped) if generate.writes(writer) else None
            answer = answering.rendered(answer, at.tells(), render, self._similar)
        timings = {**timings, **answer.timings, "total": time.perf_counter() - started}
        yield Update("done", replace(answer, timings=timings))

    def _again(
        self, at: Looked, llm: str, history: Sequence[str], search: Search, find: Callable[..., Found]
    ) -> Looked:
        """What is found for a follow-up as the model rewrites it, if that is a ground and adds nothing of its own."""
        started, lang = time.perf_counter(), language(at.question)
        before = rewrite.standalone(history[-1], history[:-1], lang) or history[-1]
        told = asking.standalone(self.generator(llm), lang, at.question, before)
        if not adds_nothing(told, (before, at.question), lang):
            return at
        found = replace(find(told), rewritten=told)
        again = looked(at.question, replace(found, rewriting=time.perf_counter() - started), search)
        return again if again.ground.enough else at

    def _written(
        self, answer: Answer, at: Looked, generator: Writer, started: float, stopped: Callable[[], bool]
    ) -> Iterator[Answer]:
        """The answer so far, each time that a sentence which the model wrote has passed the check."""
        tells = tuple(at.tells(part) for part in (at.own, *decide.asked(at.own)))
        clear = spread.clearest(spread.places(at.near), tells[0])
        chars, last = self.settings.context_chars, at.question if at.joined else ""
        asked = prompt(at.ground.asked, answer.lang, at.near, chars, last, (clear.n, clear.text) if clear else None)
        pieces = until(stopped, generator.stream(asked, self.settings.answer_tokens))
        again = partial(asking.follows, generator, answer.lang) if self.settings.check else None
        return answering.checked(answer, asked, at.ground, at.own, pieces, self._similar, tells, started, again)

    def _told(self, answer: Answer, at: Looked, search: Search, only: Only | None) -> Answer | None:
        """The answer that needs no model; None where one is to be asked."""

        def within(document: Document) -> Sequence[Hit]:
            return self._find(search, at.found.asked, only=Only(doc_ids=frozenset({document.doc_id}))).hits

        def find(wording: str) -> Sequence[Hit]:
            return self._find(search, wording, only=only).hits

        def every(wording: str) -> Sequence[Hit]:
            among = replace(only or Only(), doc_ids=at.found.about or (only.doc_ids if only else None))
            return self._find(search, wording, k=EVERY, only=among).hits

        about = [document for document in search.layout.documents.values() if document.doc_id in at.found.about]
        return (
            answering.exact(answer, at.found, at.ground)
            or answering.in_short(answer, at.found, at.ground)
            or answering.all_places(answer, at.found, at.ground, every, at.weight)
            or answering.side_by_side(answer, at.found, about, within, find, at.weight)
            or answering.misplaced(answer, at.found, at.ground, at.weight)
        )

    def _similar(self, one: str, other: str) -> float:
        """Cosine of two texts as passages."""
        first, second = self.embedder().passages([one, other])
        return float(first @ second)
