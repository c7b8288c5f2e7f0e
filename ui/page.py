"""The page's listeners: what a visitor does -> what the widgets show then. Pure of any widget library.

Each takes and returns widget values in the order in which `ui.app` binds them. A conversation is a list of Turns kept
by the server for one open page; it is shown as HTML made by `ui.present`. What a visitor chose comes in with each
question and is kept nowhere here.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rag import feedback
from rag.allowance import Allowance
from rag.errors import TiaoYinError
from rag.lanes import FullError, Lanes
from rag.records import Document, Update
from rag.settings import Settings
from rag.visitors import Visitors
from rag.words import say
from ui import history, library, present
from ui.choices import fit
from ui.conversations import linked
from ui.going import Begun
from ui.turns import Turn, Turns, busy, mark, markable, shown, words

LOADING_POLL = 0.5  # seconds between looks at an engine that is still loading while a question waits for it
QUEUE_POLL = 1.0  # seconds after which a question that waits is shown anew, or found to have been left
PATIENCE = 20.0  # seconds that an answer goes on without a page that shows it, as long as a reload or a new line takes
KEPT = 200, 600.0  # answers at most, and seconds that one is over, which a page opened anew may find


class Engine(Protocol):
    """What answers. Raises TiaoYinError, whose words the page shows; what readers mark is kept in `settings.home`."""

    settings: Settings
    visitors: Visitors

    def ask(self, question: str, history: Sequence[str], **chosen: Any) -> Iterator[Update]:
        """The answer as it grows; `history` holds the earlier questions of the conversation.

        `chosen` has `llm` (a SPEC) and `provisions` (a number) where the visitor chose other than the settings',
        `only` where not all documents are asked, and the `visitor` who has documents of their own.
        """
        ...

    def documents(self, visitor: str = "") -> Sequence[Document]:
        """What is indexed, and behind it what a visitor uploaded."""
        ...

    def ready(self, lang: str | None = None) -> str | None:
        """None when questions are answered at once, else a sentence that says what is still being loaded."""
        ...

    def news(self, lang: str | None = None) -> str:
        """What else a visitor is to know, such as a model that is on its way; "" when there is nothing."""
        ...


def update(**properties: Any) -> dict[str, Any]:
    """New properties for a widget, in the form that gradio's own `update` has."""
    return {**properties, "__type__": "update"}


@dataclass(frozen=True)
class Page:
    """`turns` and `lang` come last but for the visitor's choices; most return what `_shown` says."""

    engine: Engine
    allowed: Allowance | None = None
    """How many questions each visitor may ask in an hour; None for any number."""
    lanes: Lanes = field(default_factory=Lanes)
    begun: Begun[Turn] = field(default_factory=lambda: Begun(*KEPT))
    """By visitor and conversation its last question, which a page may have left before its browser had the answer."""

    def begin(self, text: str, turns: Turns, lang: str, stored: str = "", visitor: str = "") -> tuple[Any, ...]:
        """Shows the question at once; one asked while another is being answered stays in the box.

        `stored`: what the browser has of a conversation that this server may have forgotten, after a restart.
        """
        if stored and not turns:
            self.reopen(stored, turns, lang, visitor)
        question = text.strip()
        if not question or busy(turns):
            return text, *_shown(turns)
        if turns and turns[-1].edited:
            turns.pop()
        turns.begin()
        turns.append(Turn(question, present.note(say("page_queued", lang), "wait"), lang=lang))
        self.begun.put(visitor, turns.id, turns[-1])
        return "", *_shown(turns)

    def again(self, turns: Turns, lang: str, stored: str = "", visitor: str = "") -> tuple[Any, ...]:
        """The last question once more, in its own place; `stored` as in `begin`."""
        if stored and not turns:
            self.reopen(stored, turns, lang, visitor)
        if busy(turns) or not turns:
            return _shown(turns)
        return self.begin(turns.pop().question, turns, lang, "", visitor)[1:]

    def edit(self, turns: Turns) -> tuple[Any, ...]:
        """Puts the last question into the box; what is asked next takes its place."""
        if busy(turns) or not turns:
            return update(), *_shown(turns)
        turns[-1].edited = True
        return turns[-1].question, *_shown(turns)

    def keep(self, turns: Turns) -> tuple[Any, ...]:
        """The last question is not edited after all."""
        for turn in turns:
            turn.edited = False
        return "", *_shown(turns)

    def answer(
        self, turns: Turns, lang: str, llm: str, provisions: int, left_out: str = "", visitor: str = "", whom: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Streams the answer to the question that waits; ends early when its turn was stopped or cleared away.

        It goes on for a while when the page is gone. `left_out`: the documents not to ask, as `library.asked` reads
        them; `whom` a limit is for.
        """
        turn = next((turn for turn in turns if turn.stage == "waiting"), None)
        if turn:
            turn.become("answering")
            chosen = fit(self.engine.settings, llm, provisions)
            wanted = {"llm": chosen.llm, "provisions": chosen.provisions, "visitor": visitor or None}
            before = [turn.question for turn in turns[:-1]]
            bodies = self._bodies(turn, before, lang, wanted, left_out, whom)
            turn.go(bodies, PATIENCE, present.note(say("page_broken", lang), "error"))
            for _ in turn.watch():
                yield _shown(turns)
        yield _shown(turns)

    def rejoin(self, turns: Turns) -> Iterator[tuple[Any, ...]]:
        """Behind `restore` and `reopen`: streams an answer that another page began; at the end what is to be stored."""
        if turns.regained:
            turns.regained = False
            for _ in turns[-1].watch():
                yield *_shown(turns), ""
            yield *_shown(turns), self.save(turns)
        else:
            yield *(update() for _ in _shown(turns)), ""  # not what was stored of the conversation before

    def _bodies(
        self, turn: Turn, before: list[str], lang: str, wanted: dict[str, Any], left_out: str, who: str
    ) -> Generator[str, None, None]:
        try:
            if self.lanes.closing:
                raise FullError("http_ending")
            with self.lanes.of(wanted["llm"] or self.engine.settings.llm).place() as ahead:
                place = ahead(0)
                while place:
                    yield present.note(say("queue_ahead", lang, n=place), "wait")
                    place = ahead(QUEUE_POLL)
                if turn.stage != "over":  # stopped, or its conversation left, while it waited
                    yield from self._answered(turn, before, lang, wanted, left_out, who)
        except TiaoYinError as error:
            yield present.note(words(error, lang), "error")

    def _answered(
        self, turn: Turn, before: list[str], lang: str, wanted: dict[str, Any], left_out: str, who: str
    ) -> Iterator[str]:
        while (loading := self.engine.ready(lang)) is not None:
            yield present.note(loading, "wait")
            time.sleep(LOADING_POLL)
        documents = {document.doc_id: document for document in self.engine.documents(wanted["visitor"] or "")}
        wanted["only"] = library.asked(list(documents.values()), left_out)
        if self.allowed:
            self.allowed.spend(who)
        updates = self.engine.ask(turn.question, before, **{k: v for k, v in wanted.items() if v is not None})
        try:
            for each in updates:
                turn.answer = each.answer if each.stage == "done" else None
                turn.said = each.answer if each.answer.sentences else turn.said
                yield present.message(each, len(before) + 1, documents, lang)
        finally:  # the stop button ends this generator early: let the model stop with it
            if isinstance(updates, Generator):
                updates.close()

    def stop(self, turns: Turns, lang: str) -> tuple[Any, ...]:
        """The stop button: what stands stays."""
        stands = turns[-1].body if turns and "ty-text" in turns[-1].body else ""
        return _closed(turns, stands + present.note(say("page_stopped", lang), "stopped"))

    def fail(self, turns: Turns, lang: str) -> tuple[Any, ...]:
        """After a fault of the program, or when the queue was full and the question never got into it."""
        full = turns and turns[-1].stage == "waiting"
        return _closed(turns, present.note(say("page_full" if full else "page_broken", lang), "error"))

    def anew(self, turns: Turns) -> tuple[Any, ...]:
        """A new conversation."""
        turns.clear()
        return _shown(turns)

    def save(self, turns: Turns) -> str:
        """What the browser stores of the conversation as it stands."""
        return history.stored(turns)

    def restore(self, text: str, query: str, turns: Turns, lang: str, visitor: str = "") -> tuple[Any, ...]:
        """On opening the page: what the browser stored, and a question in the address, which goes into the box."""
        shown = self.reopen(text, turns, lang, visitor) if text else _shown(turns)
        return linked(query)[0] or update(), *shown

    def reopen(self, text: str, turns: Turns, lang: str, visitor: str = "") -> tuple[Any, ...]:
        """What the browser stored takes the place of the conversation; "" begins a new one."""
        before = list(turns)
        try:
            documents = self.engine.documents(visitor) if text else ()
            if turns == before:  # else, while the index was loading, something was asked
                history.reopen(text, turns, lang, documents, lambda name: self.begun.get(visitor, name))
        except TiaoYinError as error:
            return present.note(words(error, lang), "error"), *_shown(turns)[1:]
        return _shown(turns)

    def speak(self, turns: Turns, lang: str, visitor: str = "") -> str:
        """The page speaks another language, and so does what stands around the answers that are whole."""
        try:
            documents = {document.doc_id: document for document in self.engine.documents(visitor) if turns}
        except TiaoYinError:
            return shown(turns)
        for n, turn in enumerate(turns, 1):
            if turn.answer and turn.stage == "over":
                turn.body, turn.lang = present.message(Update("done", turn.answer), n, documents, lang), lang
        return shown(turns)

    def like(self, turns: Turns, lang: str) -> tuple[Any, ...]:
        return self._mark(turns, lang, feedback.LIKE)

    def dislike(self, turns: Turns, lang: str) -> tuple[Any, ...]:
        return self._mark(turns, lang, feedback.DISLIKE)

    def explain(self, reason: str, turns: Turns, lang: str) -> tuple[Any, ...]:
        return self._mark(turns, lang, turns[-1].verdict if turns else "", reason.strip())

    def _mark(self, turns: Turns, lang: str, verdict: str, reason: str = "") -> tuple[Any, ...]:
        mark(turns, verdict, reason, self.engine.settings.home / feedback.FILE, lang)
        return "", *_marking(turns)

    def status(self, lang: str) -> tuple[Any, ...]:
        """Whether the engine still loads; the timer goes on until all is as it will be."""
        try:
            told = self.engine.ready(lang) or self.engine.news(lang)
        except TiaoYinError as error:
            return present.note(words(error, lang), "error"), update(active=False)
        return present.note(told, "wait") if told else "", update(active=bool(told))


def _closed(turns: Turns, body: str) -> tuple[Any, ...]:
    if turns:
        turns[-1].end(body)
    return _shown(turns)


def _shown(turns: Turns) -> tuple[Any, ...]:
    """The conversation; the send and the stop button (one of them is seen); the examples (until the first turn); the
    buttons that ask again, and the line that says a question is being edited; the marking."""
    answering = busy(turns)
    edited = bool(turns) and turns[-1].edited
    seen = (not answering, answering, not turns, bool(turns) and not answering and not edited, edited)
    return shown(turns), *(update(visible=each) for each in seen), *_marking(turns)


def _marking(turns: Turns) -> tuple[Any, ...]:
    """The buttons that mark the last answer, what was noted, and, once one was pressed, the line for a reason."""
    last = markable(turns)
    explaining = last is not None and bool(last.verdict) and not last.reason
    return update(visible=last is not None), last.noted if last else "", update(visible=explaining)
