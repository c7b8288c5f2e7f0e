"""question -> rewrite -> retrieve -> prompt -> generate -> cite: the arrows as code.

In: Settings and a question. Out: `Update`s, the last of which holds the whole Answer. What a question asks of
provisions that it names, code tells exactly; the rest a language model writes, and the check lets through. Refusal is
decided here, by code: no_such_provision when what is named is not there, off_topic when nothing retrieved is near the
question, no_evidence when the model finds no answer in it, unsupported when nothing it wrote passed the check. Models
are loaded when first needed and kept. It prints nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from rag import asking, chunk, cite, generate, index, models, retrieve
from rag.embed import Embedder, prompts_of
from rag.errors import IndexError_, TiaoYinError, UsageError
from rag.facts import language
from rag.prompt import prompt, template
from rag.records import SENTINELS, Answer, Citation, Document, Hit, Message, Removed, Sentence, Tokens, Update
from rag.records import Generator as Writer
from rag.rerank import Reranker
from rag.search import EXACT, Found, Only, Search
from rag.settings import Settings
from rag.told import remark, told
from rag.visitors import Visitors
from rag.words import LANGUAGES, reader_language, say

LLM = "qwen2.5-coder-1.5b-instruct-q4_k_m"
EVIDENCE, EVIDENCE_ACROSS = 0.85, 0.76
"""Cosine a hit must reach to be evidence, in the question's language and across languages; else no model is asked.

For multilingual-e5-small. Of 283 lay questions on Chinese laws the lowest to its gold article was 0.852; of 50
encyclopaedia questions put to the newspaper page 38 stay below 0.85 with every provision, the highest reaching 0.869.
"""

WIDEST = 48
"""Tokens at most of the wording that the language model adds to a question."""

PATIENCE = 3
"""Sentences in a row that fail the check before anything passed; then the model is stopped."""


class Engine:
    """Answers questions from the index of `settings`; one for a process, for any number of threads."""

    def __init__(self, settings: Settings, generator: Writer | None = None) -> None:
        generate.check(settings.llm)
        self.settings = settings
        self.visitors = Visitors(settings, self.embedder)
        self._generator = generator
        self._embedder: Embedder | None = None
        self._search: Search | None = None
        self._loaded: set[str] = set()
        self._failure: TiaoYinError | None = None
        self._lock = threading.RLock()
        self._llm_lock = threading.Lock()

    def start_model(self) -> None:
        """Load the language model in the background; then, when asked nothing, let it read its prompts' beginnings."""
        self._in_background(self._load_model)

    def start_search(self) -> None:
        """Load the index and the embedder in the background."""
        self._in_background(self._load_search)

    def ready(self) -> str | None:
        """None when a question is answered at once, else what is being waited for. Raises what made a start fail."""
        if failure := self._failure:
            if isinstance(failure, IndexError_):  # which an ingest mends while this process runs
                self._failure = None
                self.start_search()
            raise failure
        return None if self._loaded == {"model", "search"} else say("engine_loading")

    def _in_background(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except TiaoYinError as error:
                self._failure = error

        threading.Thread(target=run, daemon=True).start()

    def _load_model(self) -> None:
        generator = self.generator()
        read_ahead = getattr(generator, "read_ahead", None)
        if read_ahead:
            read_ahead([Message("user", "?")])
        self._loaded.add("model")
        if read_ahead:
            for lang in sorted(LANGUAGES, key=lambda lang: lang != reader_language()):
                read_ahead(template(lang)[:-1])

    def _load_search(self) -> None:
        self.search()
        self.embedder().queries(["?"])
        self._loaded.add("search")

    def embedder(self) -> Embedder:
        with self._lock:
            if self._embedder is None:
                name, home = self.settings.embedder, self.settings.home
                self._embedder = Embedder(models.require(name, home), models.export_place(name, home))
            return self._embedder

    def generator(self) -> Writer:
        with self._llm_lock:
            if self._generator is None:
                self._generator = generate.load(self.settings.llm, lambda: models.require(LLM, self.settings.home))
            return self._generator

    def search(self, visitor: str = "") -> Search:
        """The current index, opened again when another build has become current; what a visitor uploaded beside it."""
        with self._lock:
            build = index.current(self.settings.index)
            if self._search is None or self._search.index.build != build:
                found = index.Index(self.settings.index, self.settings.chroma)
                self._fits(found)
                name, home = self.settings.reranker, self.settings.home
                self._search = Search(found, Reranker(models.require(name, home)) if name else None)
            shared = self._search
        return self.visitors.search(visitor, shared)

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
        self,
        question: str,
        history: Sequence[str] = (),
        k: int | None = None,
        only: Only | None = None,
        visitor: str = "",
    ) -> Found:
        """What is retrieved, without an answer: the k best articles (default: as many as the language model reads)."""
        wording = self._wording if self.settings.widen else None
        search = self.search(visitor)
        return search.find(question, history, k or self.settings.provisions, self.embedder, only, wording)

    def ask(
        self, question: str, history: Sequence[str] = (), only: Only | None = None, visitor: str = ""
    ) -> Iterator[Update]:
        """Answer a question that follows the earlier questions `history`, oldest first, of a visitor or anybody.

        The last update is "done" and holds the whole answer. Raises TiaoYinError.
        """
        if not question.strip():
            raise UsageError("question_empty")
        started = time.perf_counter()
        lang = language(question)
        answer = Answer(question, lang, llm=self.settings.llm)
        yield Update("retrieve", answer)
        found = self.find(question, history, only=only, visitor=visitor)
        searched = time.perf_counter() - started
        timings = {"rewrite": found.rewriting, "retrieve": searched - found.rewriting}
        answer = replace(answer, rewritten=found.rewritten, retrieved=found.hits, timings=timings)
        if found.named:
            answer = replace(answer, note=remark(found.named, lang))
        if (exact := _exact(answer, found)) or not any(_is_evidence(hit, lang) for hit in found.hits):
            answer = exact or replace(answer, reason="off_topic")
            timings = {**timings, "first_token": time.perf_counter() - started}
        else:
            generator = self.generator()
            answer = replace(answer, llm=generator.name)
            yield Update("generate", answer)
            for so_far in self._checked(answer, found, generator, started):
                answer = so_far
                yield Update("generate", answer)
        timings = {**timings, **answer.timings, "total": time.perf_counter() - started}
        yield Update("done", replace(answer, timings=timings))

    def _checked(self, answer: Answer, found: Found, generator: Writer, started: float) -> Iterator[Answer]:
        """The answer so far, each time a sentence has passed the check, and at the end."""
        near = retrieve.close(found.hits, found.about)
        asked = prompt(found.asked, answer.lang, near, self.settings.context_chars)
        watch = Watch(started, time.perf_counter())
        removed: list[Removed] = []
        declined = False
        with closing(generator.stream(asked, self.settings.answer_tokens)) as pieces:
            for marked in cite.sentences(watch.first(pieces)):
                if any(sentinel in marked.text for sentinel in SENTINELS.values()):
                    declined = True
                    continue
                checking = time.perf_counter()
                verdict = cite.support(marked, asked.hits, self._similar)
                if isinstance(verdict, cite.Support) and not cite.on_question(asked.question, verdict, asked.hits):
                    verdict = Removed(marked.text, "beside")
                watch.verify += time.perf_counter() - checking
                if isinstance(verdict, Removed):
                    removed.append(verdict)
                elif not any(s.text == marked.text for s in answer.sentences):
                    clause = cite.citation(verdict.hit.document, verdict.provision, len(answer.citations) + 1)
                    answer = _with(answer, marked.text, clause, verdict.quoted)
                    yield answer
                if len(removed) >= PATIENCE and not answer.sentences:
                    break
        reason = None if answer.sentences else "no_evidence" if declined else "unsupported"
        timings = {**answer.timings, **watch.timings()}
        yield replace(answer, removed=tuple(removed), reason=reason, timings=timings, tokens=watch.tokens)

    def _wording(self, question: str, lang: str) -> str:
        """The words of law for an everyday question, from the language model."""
        turns = asking.messages("widen", lang, question=question)
        return asking.reply(self.generator(), turns, lang, WIDEST).splitlines()[0]

    def _similar(self, one: str, other: str) -> float:
        """Cosine of two texts as passages; across languages this is what tells a rendering from another matter."""
        first, second = self.embedder().passages([one, other])
        return float(first @ second)


def _is_evidence(hit: Hit, lang: str) -> bool:
    return hit.cosine >= (EVIDENCE if hit.document.lang == lang else EVIDENCE_ACROSS)


def _exact(answer: Answer, found: Found) -> Answer | None:
    """The answer that code gives to what is asked of the provisions a question names; None for any other question."""
    if not found.named or (found.named.asks not in EXACT and (found.named.paths or not found.named.missing)):
        return None
    for text, document, provision in told(found.named, answer.lang):
        quoted = found.named.asks == "text"
        answer = _with(answer, text, cite.citation(document, provision, len(answer.citations) + 1), quoted)
    if answer.sentences:
        return answer
    return replace(answer, reason="no_such_provision" if found.named.missing else "no_evidence")


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


def _with(answer: Answer, text: str, citation: Citation, quoted: bool) -> Answer:
    """The answer with one more sentence; a clause cited before keeps its number."""
    same = (c for c in answer.citations if (c.doc_id, c.path) == (citation.doc_id, citation.path))
    number = next((c.n for c in same), citation.n)
    citations = answer.citations if number != citation.n else (*answer.citations, citation)
    sentence = Sentence(text, (number,), "quoted" if quoted else "supported")
    return replace(answer, sentences=(*answer.sentences, sentence), citations=citations)
