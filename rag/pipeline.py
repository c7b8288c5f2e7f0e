"""question -> rewrite -> retrieve -> prompt -> generate -> cite: the arrows as code.

In: Settings and a question. Out: `Update`s, the last of which holds the whole Answer. What a question asks of
provisions that it names, code tells exactly; the rest a language model writes, and the check lets through. A part of a
question that is left open is looked for by itself. It prints nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

from rag import answering, asking, awaited, generate, parts, questions, rewrite, spread
from rag.errors import UsageError
from rag.facts import language
from rag.loaded import Loaded
from rag.looked import Looked, adds_nothing, looked
from rag.prompt import prompt
from rag.records import Answer, Document, Hit, Update
from rag.records import Generator as Writer
from rag.reply import until
from rag.search import Found, Only, Search
from rag.told import remark
from rag.unseen import seen, without_manner

EVERY = 40
"""Articles that are looked through where all places of a matter are asked for."""


class Engine(Loaded):
    """Answers questions from the index of `settings`; one for a process, for any number of threads."""

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
        before = [*history, at.ground.asked]
        at, rest = parts.apart(at, partial(_apart, at, history, before, search, find))
        found = at.found
        timings = {"rewrite": found.rewriting, "retrieve": time.perf_counter() - started - found.rewriting}
        answer = replace(answer, rewritten=found.rewritten, timings=timings)
        answers: list[tuple[str, Answer]] = []
        for part, each in ((at.ground.asked, at), *((each.question, each) for each in rest)):
            if answers and stopped():
                break
            so_far = answer
            answer = replace(answer, retrieved=each.found.hits)
            for so_far in self._answered(answer, each, llm, search, only, started, stopped):
                if so_far.sentences or not answers:
                    yield Update("generate", parts.together([*answers, (part, so_far)], lang))
            answers.append((part, so_far))
        answer = parts.together(answers, lang)
        yield Update("done", replace(answer, timings={**answer.timings, "total": time.perf_counter() - started}))

    def _answered(
        self, answer: Answer, at: Looked, llm: str, search: Search, only: Only | None, started: float,
        stopped: Callable[[], bool],
    ) -> Iterator[Answer]:  # fmt: skip
        """The answer so far to what was looked for, told by code, declined, or written by the model."""
        lang, timings = answer.lang, answer.timings
        answer = replace(answer, note=remark(at.found.named, lang) if at.found.named else None)
        told = self._told(answer, at, search, only)
        if not told and at.ground.doubtful and generate.writes(self.generator(llm)):
            yield answer
            at = at.judged(partial(asking.states, self.generator(llm), lang))
        if told := told or answering.declined(answer, at.ground):
            answer = replace(told, timings={**timings, "first_token": time.perf_counter() - started})
        else:
            answer = replace(answer, llm=self.generator(llm).name)
            yield answer
            for so_far in self._written(answer, at, self.generator(llm), started, stopped):
                answer = so_far
                yield answer
        if answering.foreign(answer):
            yield answer
            writer = self.generator(llm)
            render = partial(asking.rendering, writer, lang, stopped=stopped) if generate.writes(writer) else None
            answer = answering.rendered(answer, at.tells(), render, self._similar)
        yield answer

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
        tells = tuple(at.tells(part) for part in (at.own, *questions.asked(at.own)))
        clear = spread.clearest(spread.places(at.near), tells[0], at.own)
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


def _apart(
    at: Looked, history: Sequence[str], before: Sequence[str], search: Search, find: Callable[..., Found], part: str
) -> Looked:
    """What is found for a part of a question alone, or, where that is no ground, behind the rest of it, and then in the
    same documents: a model finds an answer to 那能查到吗 anywhere."""
    alone, of = looked(part, find(part, history), search), {hit.document.doc_id for hit in at.telling}
    bare = questions.is_bare(part)
    if alone.ground.enough and not (bare and _strange(alone, of)) and not awaited.of_no_body(part):
        return alone
    behind = looked(part, find(part, before), search)
    known = behind.ground.enough and not bare
    return behind if known or not _strange(behind, of) else replace(behind, ground=replace(behind.ground, sure=0.0))


def _strange(at: Looked, of: Collection[str]) -> bool:
    """Whether the best that was found is in none of the documents `of` these ids."""
    return bool(at.telling) and at.telling[0].document.doc_id not in of
