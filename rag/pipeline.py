"""question -> retrieve -> prompt -> generate -> cite: the arrows as code.

In: Settings and a question. Out: `Update`s, the last of which holds the whole Answer. Refusal is decided here, by code:
off_topic when nothing retrieved is near the question, no_evidence when the model finds no answer in it, unsupported
when nothing it wrote passed the check. Models are loaded when first needed and kept. It prints nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from rag import chunk, cite, generate, index, lexical, models, retrieve, rewrite
from rag.embed import Embedder
from rag.errors import IndexError_, TiaoYinError, UsageError
from rag.prompt import prompt, template
from rag.records import (
    SENTINELS,
    Answer,
    Citation,
    Document,
    Generator,
    Hit,
    Message,
    Removed,
    Sentence,
    Update,
    language,
)
from rag.settings import Settings
from rag.words import LANGUAGES, reader_language, say

LLM = "qwen2.5-coder-1.5b-instruct-q4_k_m"
EVIDENCE, EVIDENCE_ACROSS = 0.85, 0.76
"""Cosine a hit must reach to be evidence, in the question's language and across languages; else no model is asked.

For multilingual-e5-small. Of 283 lay questions on Chinese laws the lowest to its gold article was 0.852; of 50
encyclopaedia questions put to the newspaper page 38 stay below 0.85 with every provision, the highest reaching 0.869.
"""

PATIENCE = 3
"""Sentences in a row that fail the check before anything passed; then the model is stopped."""


@dataclass(frozen=True)
class Opened:
    """An index in use, with its lexical side."""

    index: index.Index
    lexical: lexical.Lexical


class Engine:
    """Answers questions from the index of `settings`; one for a process, for any number of threads."""

    def __init__(self, settings: Settings, generator: Generator | None = None) -> None:
        generate.check(settings.llm)
        self.settings = settings
        self._generator = generator
        self._embedder: Embedder | None = None
        self._opened: Opened | None = None
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
        self.opened()
        self.embedder().queries(["?"])
        self._loaded.add("search")

    def embedder(self) -> Embedder:
        with self._lock:
            if self._embedder is None:
                name, home = self.settings.embedder, self.settings.home
                self._embedder = Embedder(models.require(name, home), models.export_place(name, home))
            return self._embedder

    def generator(self) -> Generator:
        with self._llm_lock:
            if self._generator is None:
                self._generator = generate.load(self.settings.llm, lambda: models.require(LLM, self.settings.home))
            return self._generator

    def opened(self) -> Opened:
        """The current index; opened again when another build has become current."""
        with self._lock:
            build = index.current(self.settings.index)
            if self._opened is None or self._opened.index.build != build:
                found = index.Index(self.settings.index, self.settings.chroma)
                self._fits(found)
                self._opened = Opened(found, lexical.Lexical(found.lexical))
            return self._opened

    def _fits(self, found: index.Index) -> None:
        checksum = models.checksum(models.require(self.settings.embedder, self.settings.home))
        if (found.manifest.checksum, found.manifest.chunker) != (checksum, chunk.VERSION):
            raise IndexError_(
                "index_unfit", folder=self.settings.index, has=found.manifest.embedder, wants=self.settings.embedder
            )

    def documents(self) -> Sequence[Document]:
        return list(self.opened().index.documents.values())

    def retrieve(self, question: str, k: int | None = None) -> list[Hit]:
        """The k best articles for a question (default: as many as the language model reads)."""
        opened = self.opened()
        vector = self.embedder().queries([question])[0]
        return retrieve.fuse(
            opened.index.chunks,
            dict(opened.index.nearest(vector, retrieve.DEPTH)),
            opened.lexical.scores(question),
            opened.index.documents,
            k or self.settings.provisions,
        )

    def found(self, question: str, history: Sequence[str], k: int) -> list[Hit]:
        """What is retrieved for a question that follows the earlier questions `history`, without an answer."""
        return self.retrieve(rewrite.standalone(question, history, language(question)) or question, k)

    def ask(self, question: str, history: Sequence[str] = ()) -> Iterator[Update]:
        """Answer a question that follows the earlier questions `history`, oldest first.

        The last update is "done" and holds the whole answer. Raises TiaoYinError.
        """
        if not question.strip():
            raise UsageError("question_empty")
        started = time.perf_counter()
        lang = language(question)
        answer = Answer(question, lang, rewritten=rewrite.standalone(question, history, lang), llm=self.settings.llm)
        yield Update("retrieve", answer)
        searching = time.perf_counter()
        hits = self.retrieve(answer.rewritten or question)
        timings = {"rewrite": searching - started, "retrieve": time.perf_counter() - searching}
        answer = replace(answer, retrieved=tuple(hits), timings=timings)
        if not any(_is_evidence(hit, lang) for hit in hits):
            answer = replace(answer, reason="off_topic")
        else:
            generator = self.generator()
            answer = replace(answer, llm=generator.name)
            yield Update("generate", answer)
            for so_far in self._checked(answer, generator, started):
                answer = so_far
                yield Update("generate", answer)
        timings = {**answer.timings, "total": time.perf_counter() - started}
        yield Update("done", replace(answer, timings=timings))

    def _checked(self, answer: Answer, generator: Generator, started: float) -> Iterator[Answer]:
        """The answer so far, each time a sentence has passed the check, and at the end."""
        near = retrieve.close(answer.retrieved)
        asked = prompt(answer.rewritten or answer.question, answer.lang, near, self.settings.context_chars)
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
                    answer = _with(answer, marked, verdict)
                    yield answer
                if len(removed) >= PATIENCE and not answer.sentences:
                    break
        reason = None if answer.sentences else "no_evidence" if declined else "unsupported"
        timings = {**answer.timings, **watch.timings()}
        yield replace(answer, removed=tuple(removed), reason=reason, timings=timings)

    def _similar(self, one: str, other: str) -> float:
        """Cosine of two texts as passages; across languages this is what tells a rendering from another matter."""
        first, second = self.embedder().passages([one, other])
        return float(first @ second)


def _is_evidence(hit: Hit, lang: str) -> bool:
    return hit.cosine >= (EVIDENCE if hit.document.lang == lang else EVIDENCE_ACROSS)


class Watch:
    """Seconds of one answer: until the first piece of the reply, of generating, of checking."""

    def __init__(self, asked: float, generating: float) -> None:
        self.asked, self.generating = asked, generating
        self.first_token: float | None = None
        self.verify = 0.0

    def first(self, pieces: Iterator[str]) -> Iterator[str]:
        for piece in pieces:
            if self.first_token is None:
                self.first_token = time.perf_counter() - self.asked
            yield piece

    def timings(self) -> dict[str, float]:
        spent = time.perf_counter() - self.generating - self.verify
        found = {"generate": spent, "verify": self.verify}
        return found if self.first_token is None else {"first_token": self.first_token, **found}


def _with(answer: Answer, marked: cite.Marked, support: cite.Support) -> Answer:
    """The answer with one more sentence; a clause cited before keeps its number."""
    citation: Citation = cite.cited(support, len(answer.citations) + 1)
    same = (c for c in answer.citations if (c.doc_id, c.path) == (citation.doc_id, citation.path))
    number = next((c.n for c in same), citation.n)
    citations = answer.citations if number != citation.n else (*answer.citations, citation)
    sentence = Sentence(marked.text, (number,), "quoted" if support.quoted else "supported")
    return replace(answer, sentences=(*answer.sentences, sentence), citations=citations)
