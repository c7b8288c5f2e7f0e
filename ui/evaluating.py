"""The Evaluate tab: which question set, run while somebody watches, and the report; the marks of readers as questions.

In: an engine and what a visitor chose or sent. Out: values of widgets in the order in which `ui.app` binds them, and
escaped HTML. A run belongs to its visitor, goes on without the page that began it, and is found again by one opened
anew, for a while; nothing of it is kept on the disk. The asking is `rag.evaluate.watched`'s.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from rag import feedback
from rag.allowance import Allowance
from rag.errors import TiaoYinError, UsageError
from rag.evaluate.watched import Watched, watched
from rag.lanes import Lane
from rag.words import say, sentences
from ui import present
from ui.going import Begun, Going
from ui.page import update
from ui.turns import words

SETS = Path(__file__).parents[1] / "data" / "eval"
"""The question sets that come with the program; an installation without its folder has none."""
OWN = ""
HOWS = {"retrieve": "choose_retrieve", "whole": "choose_whole"}
HOME = ("127.0.0.1", "localhost", "::1")
FIGURES = {"citation_precision": ("citation", "precision"), "key_recall": ("answer", "key_recall")}


KEPT = 20, 3600.0
"""Runs at most, and seconds that one is over, which a page opened anew may find: each holds its report."""
QUEUE_POLL = 1.0
FOREVER = float("inf")


@dataclass(eq=False)
class Run(Going):
    """One run; `stage` is "waiting", "running" or "over". Mutable, as a Turn is, and for the same reason."""

    body: str
    lang: str
    stage: str = "waiting"
    report: str = ""


Runs = list[Run]


def sets() -> dict[str, str]:
    """The names of the question sets that may be chosen, and what they are called: their names, where no words are."""
    found = {
        path.name: key if (key := f"choose_set_{path.stem}") in sentences() else path.name
        for path in sorted(SETS.glob("*.jsonl"), key=lambda path: (path.stem != "page", path))
    }
    return found | {OWN: "choose_own_set"}


def chooser(settings: Any, lang: str) -> str:
    """Where a file is chosen, in the page's words: the browser's own button, in the browser's, is not seen.

    evaluating.js writes the file's name, and reads of the file at most one byte more than is allowed.
    """
    label = escape(say("watch_file", lang, limit=settings.eval_questions))
    return (
        f'<label class="ty-set"><span>{label}</span>'
        f'<input type="file" class="ty-unseen" accept=".jsonl,.csv,.xlsx" data-mb="{settings.upload_mb}">'
        f'<span class="ty-pick"><b>{escape(say("watch_pick", lang))}</b> '
        f'<span class="ty-picked">{escape(say("watch_unpicked", lang))}</span></span></label>'
    )


def may_export(settings: Any) -> bool:
    """Whether whoever sees the page is whose machine it is: marks hold what all visitors asked.

    Where keys are asked for on this machine, a proxy stands before it for others.
    """
    return settings.demo != "on" and not settings.keys and settings.host in HOME


@dataclass(frozen=True)
class Evaluating:
    """The listeners of the tab; most return what `_shown` says."""

    engine: Any
    allowed: Allowance | None = None
    """How many questions each visitor may have answered in an hour; None for any number."""

    line: Lane = field(default_factory=lambda: Lane(1))
    begun: Begun[Run] = field(default_factory=lambda: Begun(*KEPT))
    """By visitor the run begun last."""

    def begin(self, runs: Runs, lang: str, visitor: str = "") -> tuple[Any, ...]:
        """Shows at once that a run waits; one that is going on goes on."""
        if not _busy(runs):
            runs[:] = [Run(present.note(say("watch_queued", lang), "wait"), lang)]
            self.begun.put(visitor, "", runs[-1])
        return _shown(runs)

    def go(
        self, data: str, name: str, which: str, how: str, runs: Runs, lang: str, visitor: str = "", whom: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Runs what waits, question by question; ends early when it was stopped. `data` is a file in base 64."""
        run = next((run for run in runs if run.stage == "waiting" and not run.begun), None)
        if run:
            bodies = self._bodies(run, data, name, which, how == "retrieve", whom)
            run.go(bodies, FOREVER, present.note(say("page_broken", lang), "error"))
            yield from self._watched(run, runs)
        yield _shown(runs)

    def rejoin(self, runs: Runs, visitor: str = "", whom: str = "") -> Iterator[tuple[Any, ...]]:
        """When the tab is opened: the run that the visitor began on a page which is gone, or on another."""
        run = self.begun.get(visitor, "")
        if run and run.begun and not runs:
            runs[:] = [run]
            yield from self._watched(run, runs)
            yield _shown(runs)
        else:
            yield (update(),) * len(_shown(runs))

    def _watched(self, run: Run, runs: Runs) -> Iterator[tuple[Any, ...]]:
        for _ in run.watch():
            if run not in runs:
                break
            yield _shown(runs)

    def _bodies(
        self, run: Run, data: str, name: str, which: str, only_retrieve: bool, who: str
    ) -> Generator[str, None, None]:
        try:
            file, called = _file(data, name, which)
            with self.line.place() as ahead:
                while ahead(QUEUE_POLL):
                    yield run.body
                run.become("running")
                with closing(watched(self.engine, file, called, run.lang, only_retrieve=only_retrieve)) as steps:
                    for step in steps:
                        if run.stage == "over":
                            break
                        if self.allowed and not only_retrieve and not step.done:
                            self.allowed.spend(who, step.of)
                        run.report = step.report
                        yield _progress(step, run.lang)
        except TiaoYinError as error:
            yield present.note(words(error, run.lang), "error")

    def stop(self, runs: Runs, lang: str) -> tuple[Any, ...]:
        return _ended(runs, present.note(say("page_stopped", lang), "stopped"))

    def fail(self, runs: Runs, lang: str) -> tuple[Any, ...]:
        """After a fault of the program, or when the queue was full."""
        return _ended(runs, present.note(say("page_broken", lang), "error"))

    def marks(self, lang: str) -> tuple[str, str]:
        """The marks of readers as JSONL, and what is said where there are none."""
        try:
            rows = feedback.as_questions(self.engine.settings.home / feedback.FILE)
        except feedback.FeedbackError as error:
            return "", present.note(words(error, lang), "error")
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), ""


def _file(data: str, name: str, which: str) -> tuple[bytes, str]:
    if which != OWN and which in sets():
        return (SETS / which).read_bytes(), which
    if not name:
        raise UsageError("watch_no_file")
    return base64.b64decode(data), name


def _busy(runs: Runs) -> bool:
    return bool(runs) and runs[-1].stage != "over"


def _ended(runs: Runs, note: str) -> tuple[Any, ...]:
    if _busy(runs):
        run = runs[-1]
        run.end(note if run.stage == "waiting" else run.body + note)
    return _shown(runs)


def _shown(runs: Runs) -> tuple[Any, ...]:
    """The start and the stop button, one of which is seen; how far it is; the report and what downloads it."""
    run, busy = runs[-1] if runs else Run("", "zh"), _busy(runs)
    seen = update(visible=not busy), update(visible=busy)
    return *seen, run.body, _framed(run) if run.report else "", update(visible=bool(run.report))


def _framed(run: Run) -> str:
    """The report in a frame without scripts. Not by `srcdoc`, in which a link to a place in the report leaves it."""
    address = "data:text/html;charset=utf-8;base64," + base64.b64encode(run.report.encode()).decode()
    return (
        f'<iframe class="ty-report" sandbox src="{address}" title="{escape(say("watch_report", run.lang))}"></iframe>'
    )


def _progress(step: Watched, lang: str) -> str:
    said = "watch_done" if step.report else "watch_progress"
    told = escape(say(said, lang, done=step.done, of=step.of))
    named = step.scores.split()
    figures = "".join(
        f"<div><dt>{escape(_named(name, lang))}</dt><dd>{escape(value)}</dd></div>"
        for name, value in zip(named[::2], named[1::2], strict=True)
    )
    bar = "" if step.report else f'<progress max="{step.of}" value="{step.done}" aria-label="{told}"></progress>'
    return f'<div class="ty-run"><p role="status">{told}</p>{bar}<dl>{figures}</dl></div>'


def _named(score: str, lang: str) -> str:
    """What a running score is called: as in the report."""
    return " ".join(say(f"report_metric_{part}", lang) for part in FIGURES[score]) if score in FIGURES else score
