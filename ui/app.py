"""The page's widgets and what binds them, nothing else: an engine in, a gradio Blocks out.

A conversation is a list of Turns kept by the server for one open page; the chat shows `Turn.body`, HTML made by
`ui.present`. One question at a time crosses the engine; the others wait in the queue and are told so. Serving,
ports and styles handed to the server are in `rag.serve`; gradio is imported on the first call, never on import.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rag import feedback
from rag.errors import TiaoYinError
from rag.records import Document, Update
from rag.settings import Settings
from rag.words import reader_language, say
from ui import present
from ui.turns import Turn, Turns, busy, mark, markable, messages, words

HERE = Path(__file__).parent
MARKS = ("feedback_like", "feedback_dislike")
EXAMPLES = tuple(f"page_example_{n}" for n in range(1, 6))
STATUS_POLL = 2.0  # seconds between looks of an open page at an engine that is still loading
LOADING_POLL = 0.5  # the same while a question waits for it
# "multiple": the browser would drop a question asked while the stream of a stopped one is still ending.
IN_TURN = {"queue": True, "concurrency_id": "engine", "concurrency_limit": 1, "trigger_mode": "multiple"}
WAITING = 20  # questions in the queue; one more is turned away
# `?lang=` in the address, else the language the server was told to speak, else the browser's own.
FIND_LANGUAGE = """() => {
  const wanted = new URLSearchParams(location.search).get("lang") || "%s" || navigator.language || "";
  const lang = wanted.toLowerCase().startsWith("zh") ? "zh" : "en";
  document.documentElement.lang = lang;
  return [lang];
}"""
SHOW_QUESTION = """() => requestAnimationFrame(() => {
  const asked = document.querySelectorAll(".ty-question");
  if (asked.length > 1) asked[asked.length - 1].scrollIntoView({ block: "start" });
})"""

# The line for a reason opens below the question box that stays at the window's foot.
SHOW_WHY = """() => requestAnimationFrame(
  () => document.getElementById("ty-why")?.scrollIntoView({ block: "nearest" }))"""


class Engine(Protocol):
    """What answers. Raises TiaoYinError, whose words the page shows; what readers mark is kept in `settings.home`."""

    settings: Settings

    def ask(self, question: str, history: Sequence[str]) -> Iterator[Update]:
        """The answer as it grows; `history` holds the earlier questions of the conversation."""
        ...

    def documents(self) -> Sequence[Document]:
        """What is indexed."""
        ...

    def ready(self) -> str | None:
        """None when questions are answered at once, else a sentence that says what is still being loaded."""
        ...


def import_gradio() -> Any:
    """gradio, kept from calling home: the variable is read on its import."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio

    return gradio


@dataclass(frozen=True)
class Page:
    """The listeners. Each takes and returns widget values in the order in which `build` binds them."""

    engine: Engine

    def begin(self, text: str, turns: Turns, lang: str) -> tuple[Any, ...]:
        """Puts the question into the chat at once; one asked while another is being answered stays in the box."""
        question = text.strip()
        if not question or busy(turns):
            return text, *_shown(turns)
        turns.append(Turn(question, present.note(say("page_queued", lang), "wait")))
        return "", *_shown(turns)

    def answer(self, turns: Turns, lang: str) -> Iterator[tuple[Any, ...]]:
        """Streams the answer to the question that waits; ends early when its turn was stopped or cleared away."""
        turn = next((turn for turn in turns if turn.stage == "waiting"), None)
        if turn:
            turn.stage = "answering"
            with closing(self._bodies(turn, turns, lang)) as bodies:
                for body in bodies:
                    if turn.stage == "over" or turn not in turns:
                        break
                    turn.body = body
                    yield _shown(turns)
            turn.stage = "over"
        yield _shown(turns)

    def _bodies(self, turn: Turn, turns: Turns, lang: str) -> Generator[str, None, None]:
        number, history = len(turns), [turn.question for turn in turns[:-1]]
        try:
            while (loading := self.engine.ready()) is not None:
                yield present.note(loading, "wait")
                time.sleep(LOADING_POLL)
            documents = {document.doc_id: document for document in self.engine.documents()}
            updates = self.engine.ask(turn.question, history)
            try:
                for update in updates:
                    turn.answer = update.answer if update.stage == "done" else None
                    yield present.message(update, number, documents)
            finally:  # the stop button ends this generator early: let the model stop with it
                if isinstance(updates, Generator):
                    updates.close()
        except TiaoYinError as error:
            yield present.note(words(error, lang), "error")

    def stop(self, turns: Turns, lang: str) -> tuple[Any, ...]:
        """The stop button: what stands stays."""
        kept = turns[-1].body if turns and "ty-text" in turns[-1].body else ""
        return _closed(turns, kept + present.note(say("page_stopped", lang), "stopped"))

    def fail(self, turns: Turns, lang: str) -> tuple[Any, ...]:
        """After a fault of the program, or when the queue was full and the question never got into it."""
        full = turns and turns[-1].stage == "waiting"
        return _closed(turns, present.note(say("page_full" if full else "page_broken", lang), "error"))

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
        """What is indexed and whether the engine still loads; the timer goes on until it has loaded."""
        gr = import_gradio()
        try:
            loading = self.engine.ready()
            listed = present.document_list(self.engine.documents(), lang) if loading is None else ""
        except TiaoYinError as error:
            return present.note(words(error, lang), "error"), "", gr.Timer(active=False)
        return present.note(loading, "wait") if loading else "", listed, gr.Timer(active=loading is not None)


def build(engine: Engine, lang: str | None = None) -> Any:
    """The page as gradio Blocks. `lang` ("zh" or "en") fixes its language; without, it follows each browser."""
    gr = import_gradio()
    page, first = Page(engine), lang or reader_language()
    with gr.Blocks(title="TiaoYin 条引", analytics_enabled=False, fill_width=True) as blocks:
        spoken, turns, timer = gr.Textbox(first, visible=False), gr.State([]), gr.Timer(STATUS_POLL)
        head, status = gr.HTML(present.header(first), elem_id="ty-head"), gr.HTML(elem_id="ty-status")
        chat = gr.Chatbot(**_chat_words(first), **_chat_looks())
        with gr.Row(elem_id="ty-mark", visible=False) as marking:
            asked = gr.HTML(present.note(say("feedback_asked", first), "asked"))
            like, dislike = (gr.Button(say(key, first), size="sm", scale=0, min_width=0) for key in MARKS)
        noted = gr.HTML(elem_id="ty-noted")
        with gr.Row(elem_id="ty-why", visible=False) as explaining:
            why = gr.Textbox(**_why_words(first), container=False, show_label=False, max_lines=4, max_length=1000)
            told = gr.Button(say("feedback_send", first), size="sm", scale=0, min_width=0)
        with gr.Column(elem_id="ty-examples") as examples:
            tryout = gr.HTML(present.note(say("page_try", first), "try"))
            asks = [gr.Button(say(key, first), elem_classes="ty-example", size="sm") for key in EXAMPLES]
        with gr.Row(elem_id="ty-composer"):
            box = gr.Textbox(**_box_words(first), **_box_looks())
            send = gr.Button(say("page_send", first), variant="primary", elem_id="ty-send", scale=0, min_width=72)
            stop = gr.Button(say("page_stop", first), visible=False, elem_id="ty-stop", scale=0, min_width=72)
        with gr.Row(elem_id="ty-foot"):
            listed = gr.HTML(elem_id="ty-library")
            new = gr.Button(say("page_new", first), elem_id="ty-new", size="sm", scale=0)

        quiet = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}
        worded = [spoken, head, chat, tryout, *asks, box, send, stop, new, asked, like, dislike, why, told]
        spoke = blocks.load(_speak, spoken, worded, js=FIND_LANGUAGE % (lang or ""), **quiet)
        for look in (spoke.then, timer.tick):
            look(page.status, spoken, [status, listed, timer], **quiet)
        asking, marked = [turns, spoken], [marking, noted, explaining]
        shown = [chat, send, stop, examples, *marked]
        begun = [gr.on([send.click, box.submit], page.begin, [box, *asking], [box, *shown], **quiet)]
        begun += [ask.click(page.begin, [ask, *asking], [box, *shown], **quiet) for ask in asks]
        for event in begun:
            event.then(None, js=SHOW_QUESTION, **quiet)
            stream = event.then(page.answer, asking, shown, **quiet | IN_TURN)
            stream.failure(page.fail, asking, shown, **quiet)
        stop.click(page.stop, asking, shown, **quiet)
        new.click(_anew, turns, shown, **quiet)
        for button, press in ((like, page.like), (dislike, page.dislike)):
            pressed = button.click(press, asking, [why, *marked], **quiet)
            pressed.then(None, js=SHOW_WHY, **quiet)
        gr.on([told.click, why.submit], page.explain, [why, *asking], [why, *marked], **quiet)
    return blocks.queue(max_size=WAITING, default_concurrency_limit=1, api_open=False)


def _closed(turns: Turns, body: str) -> tuple[Any, ...]:
    if busy(turns):
        turns[-1].body, turns[-1].stage = body, "over"
    return _shown(turns)


def _shown(turns: Turns) -> tuple[Any, ...]:
    """Chat, the send and the stop button (one of them is shown), the examples (until the first turn), the marking."""
    gr, answering = import_gradio(), busy(turns)
    send, stop = gr.Button(visible=not answering), gr.Button(visible=answering)
    return messages(turns), send, stop, gr.Column(visible=not turns), *_marking(turns)


def _marking(turns: Turns) -> tuple[Any, ...]:
    """The buttons that mark the last answer, what was noted, and, once one was pressed, the line for a reason."""
    gr, last = import_gradio(), markable(turns)
    explaining = gr.Row(visible=last is not None and bool(last.verdict) and not last.reason)
    return gr.Row(visible=last is not None), last.noted if last else "", explaining


def _anew(turns: Turns) -> tuple[Any, ...]:
    turns.clear()
    return _shown(turns)


def _speak(lang: str) -> tuple[Any, ...]:
    """The words of the page in the language that FIND_LANGUAGE found, in the order of `worded`."""
    gr = import_gradio()
    buttons = [gr.Button(say(key, lang)) for key in ("page_send", "page_stop", "page_new")]
    return (
        lang,
        present.header(lang),
        gr.Chatbot(**_chat_words(lang)),
        present.note(say("page_try", lang), "try"),
        *(say(key, lang) for key in EXAMPLES),
        gr.Textbox(**_box_words(lang)),
        *buttons,
        present.note(say("feedback_asked", lang), "asked"),
        *(say(key, lang) for key in MARKS),
        gr.Textbox(**_why_words(lang)),
        say("feedback_send", lang),
    )


def _chat_words(lang: str) -> dict[str, Any]:
    return {"label": say("page_conversation_label", lang)}


def _chat_looks() -> dict[str, Any]:
    """No copy or share buttons: they would hand out the message's HTML, and sharing leaves this machine."""
    return {
        "elem_id": "ty-chat",
        "show_label": False,
        "container": False,
        "layout": "panel",
        "height": None,
        "buttons": [],
        "latex_delimiters": [],
        "allow_tags": False,
        "feedback_options": None,
        "autoscroll": False,
        "group_consecutive_messages": False,
    }


def _box_words(lang: str) -> dict[str, Any]:
    return {"label": say("page_question_label", lang), "placeholder": say("page_placeholder", lang)}


def _why_words(lang: str) -> dict[str, Any]:
    return dict.fromkeys(("label", "placeholder"), say("feedback_why", lang))


def _box_looks() -> dict[str, Any]:
    return {
        "elem_id": "ty-box",
        "show_label": False,
        "container": False,
        "lines": 1,
        "max_lines": 6,
        "max_length": 2000,
        "autofocus": True,
        "scale": 1,
    }
