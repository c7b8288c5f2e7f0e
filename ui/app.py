"""The page's widgets and what binds them, nothing else: an engine in, a gradio Blocks out.

Panels: asking, documents, evaluation, settings; the document beside the answer is not gradio's (`reader.js`,
`ui.read`). What is done by a listener is in `ui.page` and `ui.evaluating`; questions wait in `rag.lanes`. Serving,
ports and styles handed to the server are in `rag.serve`; gradio is imported on the first call only.
"""

from __future__ import annotations

import inspect
import logging
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

from rag.allowance import Allowance
from rag.lanes import Lanes
from rag.visiting import visitor_of, whom
from rag.words import reader_language, say
from ui import evaluating, library, present
from ui.choices import LANGUAGES, THEMES, amounts, kept, models
from ui.page import Engine, Page, update
from ui.turns import Turns
from ui.worded import Worded

LOG = logging.getLogger("tiaoyin.http")
EXAMPLES = tuple(f"page_example_{n}" for n in range(1, 6))
STATUS_POLL = 2.0  # seconds between looks of an open page at an engine that is still loading
# "multiple": the browser would drop a question asked while the stream of a stopped one is still ending.
IN_TURN = {"queue": True, "concurrency_limit": None, "trigger_mode": "multiple"}  # `rag.lanes` lets them wait
QUIET: dict[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}
LATEST = QUIET | {"trigger_mode": "always_last"}  # two arrow keys are faster than an answer of the server
WAITING = 20  # events in gradio's own queue, in which none stays: questions and evaluations wait in theirs
PLAIN: dict[str, Any] = {"js_on_load": None, "apply_default_css": False}
SMALL: dict[str, Any] = {"size": "sm", "scale": 0, "min_width": 0}
SPECS = {"embedded": "choose_embedded", "extractive": "choose_extractive"}
LANGUAGE_NAMES = {"": "choose_follow_browser", "zh": "choose_zh", "en": "choose_en"}
THEME_NAMES = {"": "choose_follow_system", "light": "choose_light", "dark": "choose_dark"}


def import_gradio() -> Any:
    """gradio, kept from calling home, and from a statistic of its own over all events after each one."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # both are read on its import
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)
    import gradio
    from gradio import queueing, routes

    queueing.traceback = routes.traceback = SimpleNamespace(print_exc=_noted)
    return gradio


def _noted() -> None:
    """Log a fault in place of gradio's traceback: not its message, which may hold a question."""
    kind, _, trace = sys.exc_info()
    last = traceback.extract_tb(trace)[-1]
    LOG.error("page fault=%s at=%s:%s", kind.__name__ if kind else "", last.filename, last.lineno)


def build(engine: Engine, lang: str | None = None, allowed: Allowance | None = None, lanes: Lanes | None = None) -> Any:
    """The page as gradio Blocks. `lang` ("zh" or "en") fixes its language; without, it follows each browser.

    `allowed`: how many questions each visitor may ask, None for any number; `lanes`: where they wait, own ones if None.
    """
    gr = import_gradio()
    page, worded = Page(engine, allowed, lanes or Lanes()), Worded(lang or reader_language())
    with gr.Blocks(title="TiaoYin 条引", analytics_enabled=False, fill_width=True) as blocks:
        w = SimpleNamespace(turns=gr.State(Turns()), timer=gr.Timer(STATUS_POLL))
        w.spoken = worded(gr.Textbox, lambda lang: {"value": lang}, visible=False)
        w.kept = gr.Textbox(visible=False)
        w.stored, w.query = gr.Textbox(visible=False), gr.Textbox(visible=False)
        w.switch = gr.Button(visible="hidden", elem_id="ty-switch")  # which history.js presses
        w.head = worded(gr.HTML, lambda lang: {"value": present.header(lang)}, elem_id="ty-head", **PLAIN)
        w.status = gr.HTML(elem_id="ty-status", **PLAIN)
        with gr.Tabs(elem_id="ty-tabs"):
            with worded.says(gr.Tab, "page_tab_ask", id="ask", elem_id="ty-tab-ask"):
                _asking(gr, worded, w)
            with worded.says(gr.Tab, "page_tab_documents", id="documents", elem_id="ty-tab-documents"):
                gr.HTML(library.place(engine.settings), elem_id="ty-library", **PLAIN)
            with worded.says(gr.Tab, "page_tab_evaluate", id="evaluate", elem_id="ty-tab-evaluate") as w.evaluating:
                _evaluating(gr, worded, w, engine)
            with worded.says(gr.Tab, "page_tab_settings", id="settings", elem_id="ty-tab-settings"):
                _settings(gr, worded, w, engine)
        _bind_asking(gr, page, w)
        _bind_history(gr, blocks, page, w)
        _bind_marking(gr, page, w)
        _bind_evaluating(gr, evaluating.Evaluating(engine, allowed), w)
        _bind_settings(gr, blocks, page, worded, w)
    return blocks.queue(max_size=WAITING, default_concurrency_limit=1, api_open=False)


def _asking(gr: Any, worded: Worded, w: SimpleNamespace) -> None:
    w.chat = gr.HTML(elem_id="ty-chat", **PLAIN)
    with gr.Row(elem_id="ty-after") as w.after:
        with gr.Row(elem_id="ty-mark", visible=False) as w.marking:
            worded(gr.HTML, lambda lang: {"value": present.note(say("feedback_asked", lang), "asked")}, **PLAIN)
            w.like = worded.says(gr.Button, "feedback_like", **SMALL)
            w.dislike = worded.says(gr.Button, "feedback_dislike", **SMALL)
        with gr.Row(elem_id="ty-repeat", visible=False) as w.repeating:
            w.again = worded.says(gr.Button, "page_again", elem_id="ty-again", **SMALL)
            w.edit = worded.says(gr.Button, "page_edit", elem_id="ty-edit", **SMALL)
            w.new = worded.says(gr.Button, "page_new", elem_id="ty-new", **SMALL)
    w.noted = gr.HTML(elem_id="ty-noted", **PLAIN)
    with gr.Row(elem_id="ty-why", visible=False) as w.explaining:
        looks: dict[str, Any] = {"container": False, "show_label": False, "max_lines": 4, "max_length": 1000}
        w.why = worded.asks(gr.Textbox, "feedback_why", "feedback_why", **looks)
        w.told = worded.says(gr.Button, "feedback_send", **SMALL)
    with gr.Column(elem_id="ty-examples") as w.examples:
        worded(gr.HTML, lambda lang: {"value": present.note(say("page_try", lang), "try")}, **PLAIN)
        w.asks = [worded.says(gr.Button, key, elem_classes="ty-example", size="sm") for key in EXAMPLES]
    with gr.Column(elem_id="ty-composer"):
        gr.HTML('<div class="ty-chosen"></div>', elem_id="ty-chosen", **PLAIN)
        w.left_out = gr.Textbox(visible=False)
        with gr.Row(elem_id="ty-editing", visible=False) as w.editing:
            worded(gr.HTML, lambda lang: {"value": present.note(say("page_editing", lang), "asked")}, **PLAIN)
            w.keep = worded.says(gr.Button, "page_keep", **SMALL)
        with gr.Row(elem_id="ty-line"):
            looks = {"elem_id": "ty-box", "container": False, "show_label": False, "lines": 1, "max_lines": 6}
            looks |= {"max_length": 2000, "autofocus": True, "scale": 1}
            w.box = worded.asks(gr.Textbox, "page_question_label", "page_placeholder", **looks)
            tall: dict[str, Any] = {"scale": 0, "min_width": 72}
            w.send = worded.says(gr.Button, "page_send", variant="primary", elem_id="ty-send", **tall)
            w.stop = worded.says(gr.Button, "page_stop", visible=False, elem_id="ty-stop", **tall)


def _settings(gr: Any, worded: Worded, w: SimpleNamespace, engine: Engine) -> None:
    settings = engine.settings
    with gr.Column(elem_id="ty-settings"):
        specs = {spec: SPECS.get(spec, spec) for spec in models(settings)}
        w.llm = worded.offers(gr.Radio, "choose_llm", specs, value=settings.llm)
        numbers = {number: str(number) for number in amounts(settings)}
        w.provisions = worded.offers(gr.Radio, "choose_provisions", numbers, value=settings.provisions)
        languages = {each: LANGUAGE_NAMES[each] for each in LANGUAGES}
        w.language = worded.offers(gr.Radio, "choose_language", languages, value="")
        themes = {each: THEME_NAMES[each] for each in THEMES}
        w.theme = worded.offers(gr.Radio, "choose_theme", themes, value="")
        worded(gr.HTML, lambda lang: {"value": present.note(say("choose_yours", lang), "foot")}, **PLAIN)


def _evaluating(gr: Any, worded: Worded, w: SimpleNamespace, engine: Engine) -> None:
    w.runs, w.set, w.set_name = gr.State([]), gr.Textbox(visible=False), gr.Textbox(visible=False)
    with gr.Column(elem_id="ty-evaluate"):
        worded(gr.HTML, lambda lang: {"value": present.note(say("watch_about", lang), "foot")}, **PLAIN)
        names = evaluating.sets()
        w.which = worded.offers(gr.Radio, "watch_set", names, value=next(iter(names)))
        chooser = partial(evaluating.chooser, engine.settings)
        w.chooser = worded(gr.HTML, lambda lang: {"value": chooser(lang)}, visible=len(names) == 1, **PLAIN)
        w.how = worded.offers(gr.Radio, "watch_how", evaluating.HOWS, value="retrieve")
        with gr.Row(elem_id="ty-run"):
            w.start = worded.says(gr.Button, "watch_start", variant="primary", **SMALL)
            w.halt = worded.says(gr.Button, "page_stop", visible=False, **SMALL)
            w.download = worded.says(gr.Button, "watch_download", visible=False, **SMALL)
        w.progress, w.report = gr.HTML(elem_id="ty-progress", **PLAIN), gr.HTML(elem_id="ty-report", **PLAIN)
        if evaluating.may_export(engine.settings):
            w.marks = gr.Textbox(visible=False)
            worded(gr.HTML, lambda lang: {"value": present.note(say("watch_feedback", lang), "foot")}, **PLAIN)
            w.export = worded.says(gr.Button, "watch_export", **SMALL)
            w.unmarked = gr.HTML(**PLAIN)


def _bind_asking(gr: Any, page: Page, w: SimpleNamespace) -> None:
    asking, chosen = [w.turns, w.spoken], [w.llm, w.provisions, w.left_out]
    answer, leave_out = _visited(gr, page.answer), "(...given) => tiaoyin.leaveOut(given)"
    shown = w.shown = [w.chat, w.send, w.stop, w.examples, w.repeating, w.editing, w.marking, w.noted, w.explaining]
    with_stored: dict[str, Any] = QUIET | {"js": "(...given) => tiaoyin.asking(given)"}
    begin, again, inputs = _visited(gr, page.begin), _visited(gr, page.again), [*asking, w.stored]
    begun = [gr.on([w.send.click, w.box.submit], begin, [w.box, *inputs], [w.box, *shown], **with_stored)]
    begun += [ask.click(begin, [ask, *inputs], [w.box, *shown], **with_stored) for ask in w.asks]
    begun.append(w.again.click(again, inputs, shown, **with_stored))
    w.changed = [*begun]
    for event in begun:
        event.then(None, js="() => tiaoyin.asked()", **QUIET)
        stream = event.then(answer, [*asking, *chosen], shown, js=leave_out, **QUIET | IN_TURN)
        stream.failure(page.fail, asking, shown, **QUIET)
        w.changed.append(stream)
    w.stop.click(page.stop, asking, shown, **QUIET)
    w.changed.append(w.new.click(page.anew, w.turns, shown, js="() => tiaoyin.leave()", **QUIET))
    w.changed[-1].then(None, js="() => tiaoyin.write()", **QUIET)
    for button, press in ((w.edit, page.edit), (w.keep, page.keep)):
        button.click(press, w.turns, [w.box, *shown], **QUIET).then(None, js="() => tiaoyin.write()", **QUIET)


def _bind_history(gr: Any, blocks: Any, page: Page, w: SimpleNamespace) -> None:
    """The browser stores the conversation after each change, and brings it back: after a reload, or from its list."""
    asking, restore, reopen = [w.turns, w.spoken], _visited(gr, page.restore), _visited(gr, page.reopen)
    for event in w.changed:
        saved = event.then(page.save, w.turns, w.stored, **QUIET)
        saved.then(None, w.stored, js="(text) => tiaoyin.save(text)", **QUIET)
    restored = blocks.load(
        restore, [w.stored, w.query, *asking], [w.box, *w.shown], js="() => tiaoyin.restore()", **QUIET
    )
    chosen = w.switch.click(
        reopen, [w.stored, *asking], w.shown, js="() => tiaoyin.reopen()", trigger_mode="multiple", **QUIET
    )
    for event, then in ((restored, "latest"), (chosen, "arrived")):
        there = event.then(None, js=f"() => tiaoyin.{then}()", **QUIET)
        rejoined = there.then(page.rejoin, w.turns, [*w.shown, w.stored], **QUIET | IN_TURN)
        rejoined.then(None, w.stored, js="(text) => { if (text) tiaoyin.save(text); }", **QUIET)


def _visited(gr: Any, listener: Callable[..., Any]) -> Any:
    """`listener` told whose request it is: the cookie's, which no script reads; if it streams, whom a limit is for."""

    def streaming(request: Any, *values: Any) -> Any:
        yield from listener(*values, visitor_of(request.cookies), whom(request))

    def answering(request: Any, *values: Any) -> Any:
        return listener(*values, visitor_of(request.cookies))

    listening = streaming if inspect.isgeneratorfunction(listener) else answering
    listening.__annotations__["request"] = gr.Request
    return listening


def _bind_marking(gr: Any, page: Page, w: SimpleNamespace) -> None:
    asking, marked = [w.turns, w.spoken], [w.marking, w.noted, w.explaining]
    for button, press in ((w.like, page.like), (w.dislike, page.dislike)):
        pressed = button.click(press, asking, [w.why, *marked], **QUIET)
        pressed.then(None, js="() => tiaoyin.reveal('ty-why')", **QUIET)
    gr.on([w.told.click, w.why.submit], page.explain, [w.why, *asking], [w.why, *marked], **QUIET)


def _bind_evaluating(gr: Any, tab: evaluating.Evaluating, w: SimpleNamespace) -> None:
    running = [w.runs, w.spoken]
    shown = [w.start, w.halt, w.progress, w.report, w.download]
    sent = "async (set, name, ...rest) => [...await tiaoyin.questions(), ...rest]"
    begun = w.start.click(_visited(gr, tab.begin), running, shown, **QUIET)
    run = begun.then(
        _visited(gr, tab.go), [w.set, w.set_name, w.which, w.how, *running], shown, js=sent, **QUIET | IN_TURN
    )
    run.failure(tab.fail, running, shown, **QUIET)
    w.evaluating.select(_visited(gr, tab.rejoin), w.runs, shown, **QUIET | IN_TURN)
    w.halt.click(tab.stop, running, shown, **QUIET)
    w.which.input(lambda which: update(visible=which == evaluating.OWN), w.which, w.chooser, **QUIET)
    w.download.click(None, js="() => tiaoyin.report()", **QUIET)
    if evaluating.may_export(tab.engine.settings):
        exported = w.export.click(tab.marks, w.spoken, [w.marks, w.unmarked], **QUIET)
        exported.then(None, w.marks, js="(marks) => tiaoyin.marks(marks)", **QUIET)


def _bind_settings(gr: Any, blocks: Any, page: Page, worded: Worded, w: SimpleNamespace) -> None:
    radios = {"llm": w.llm, "provisions": w.provisions, "language": w.language, "theme": w.theme}
    every = [widget for widget, _ in worded.made]

    def start(spoken: str, text: str) -> list[dict[str, Any]]:
        """Every word in the browser's language, and what this browser chose the last time."""
        found, settings = kept(page.engine.settings, text), page.engine.settings
        said = worded.spoken(spoken)
        for name, radio in radios.items():
            value = getattr(found, name)
            said[every.index(radio)]["value"] = getattr(settings, name) if value is None else value
        return said

    status = (page.status, w.spoken, [w.status, w.timer])
    begun = blocks.load(start, [w.spoken, w.kept], every, js="() => tiaoyin.start()", **QUIET)
    begun.then(*status, **QUIET)
    w.timer.tick(*status, **QUIET)
    every_radio = list(radios.values())
    begun.then(None, every_radio, every_radio, js="(...found) => tiaoyin.settle(found)", **QUIET)
    for name, radio in radios.items():
        radio.input(None, radio, js=f"(chosen) => tiaoyin.keep('{name}', chosen)", **LATEST)
    spoke = w.language.input(worded.spoken, w.language, every, js="(chosen) => [tiaoyin.speak(chosen)]", **LATEST)
    spoke.then(*status, **QUIET)
    spoke.then(_visited(gr, page.speak), [w.turns, w.spoken], w.chat, **QUIET)
