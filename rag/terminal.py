"""How records look in a terminal: lines of text and progress bars. `__main__` prints the lines.

In: documents, answers, reports of progress. Out: lines; the bars draw themselves on standard error, and only where that
is a terminal: elsewhere a line is written for each step, so that logs stay readable.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rag.checks import counts, notes
from rag.words import say

if TYPE_CHECKING:
    from rag.evaluate.compare import Difference
    from rag.models import Progress
    from rag.records import Answer, Document


def tree(document: Document, color: bool = False) -> Iterator[str]:
    """A document's provisions, indented, each with the beginning of its text; above them counts and warnings."""
    yield _ink(f"《{document.title}》", "1", color) + f" {document.kind} {document.lang} {document.date or ''}".rstrip()
    yield _ink(" · ".join(say(f"kind_{kind}", n=n) for kind, n in counts(document).items()), "2", color)
    for note in notes(document):
        yield _ink(f"! {note.words()}", "33", color)
    headings: tuple[str, ...] = ()
    for provision in document.provisions:
        if provision.headings != headings:
            headings = provision.headings
            yield _ink("  " + " / ".join(headings), "1", color)
        text = " ".join(document.text_of(provision).split())
        kind, number = provision.path[-1]
        piece = document.piece_at(provision.start)
        place = f"{provision.start}:{provision.end}"
        if piece and piece.page is not None:
            place += f" {say('tree_page', page=piece.page)}" + (f" {piece.read:.0%}" if piece.read is not None else "")
        begun = f"{text[:60]}{'…' if len(text) > 60 else ''}"
        name = "  " * len(provision.path) + _ink(f"{kind} {number}", "36", color)
        yield f"{name} {_ink(f'[{place}]', '2', color)} {begun}"


def _ink(words: str, code: str, color: bool) -> str:
    """The words in the style `code` of ECMA-48 (1 bold, 2 faint, 33 yellow, 36 cyan) where there is colour."""
    return f"\x1b[{code}m{words}\x1b[0m" if color and words else words


def quotations(answer: Answer) -> Iterator[str]:
    """What stands below an answer: its citations with the clauses' own words, or why there is no answer."""
    if answer.rewritten:
        yield say("terminal_rewritten", answer.lang, question=answer.rewritten)
    if answer.reason:
        yield say(f"refused_{answer.reason}", answer.lang)
    if answer.note:
        yield answer.note
    if answer.reason and answer.retrieved:
        yield say("terminal_nearest", answer.lang)
        yield from (f"  · {hit.document.label(hit.provision.path)}" for hit in answer.retrieved[:3])
    for citation in answer.citations:
        yield f"\n[{citation.n}] {citation.label}\n    {citation.quote}"
    if answer.removed and answer.sentences:
        yield "\n" + say("terminal_removed", answer.lang, n=len(answer.removed))


def asked(prompt: str) -> Iterator[str]:
    """The questions that a person types, until Ctrl-D, Ctrl-C or `exit`."""
    while True:
        try:
            question = input(f"\n{prompt} ").strip()
        except (EOFError, KeyboardInterrupt):
            return
        if question.lower() in ("exit", "quit", "退出"):
            return
        if question:
            yield question


def logged() -> None:
    """What the server notes of each request goes to standard error, a line each."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger("tiaoyin.http")
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def figures(summary: Mapping[str, Any], differences: Sequence[Difference], other: object) -> Iterator[str]:
    """The headline figures of an evaluation with their 95 % intervals, and what changed since another run."""
    for group, values in summary["overall"].items():
        for name, value in values.items() if isinstance(values, dict) else ():
            parts = {name: value} if value is None or "value" in value else {f"{name} {at}": value[at] for at in value}
            for full, each in parts.items():
                if each is not None:
                    interval = f"[{each['low']:.3f}, {each['high']:.3f}]"
                    yield f"{group + ' ' + full:<24} {each['value']:.3f}  {interval}  n={each['n']}"
    for name, value in summary.get("judge", {}).items():
        if isinstance(value, float):
            yield f"{'judge ' + name:<24} {value:.3f}"
    if differences:
        yield say("eval_compared", other=other, n=max(each.n for each in differences))
    for each in differences:
        changed = f"+{len(each.won)} -{len(each.lost)}"
        yield f"{each.metric:<24} {each.before:.3f} -> {each.after:.3f}  {changed:<10} p={each.p:.3g}"


class Bars:
    """Progress bars with rate and time left. Use as a context."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        console = Console(file=sys.stderr)
        self._live = console.is_terminal
        name = TextColumn("{task.description}")
        self._bytes: Any = Progress(
            name, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(), console=console
        )
        self._counts: Any = Progress(name, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console)
        self._tasks: dict[str, Any] = {}
        self._started: Any = None

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._started:
            self._started.stop()

    def pulled(self, progress: Progress) -> None:
        """Show how far a model is."""
        words = say(f"terminal_pull_{progress.what}", name=progress.name)
        self._show(self._bytes, words, progress.done_bytes, progress.total_bytes)

    def worked(self, what: str, done: int, total: int, note: str = "") -> None:
        """Show how far reading, embedding or evaluating is, and a note beside it."""
        self._show(self._counts, say(f"terminal_work_{what}"), done, total, note)

    def _show(self, bars: Any, words: str, done: int, total: int, note: str = "") -> None:
        if not self._live:
            if words not in self._tasks:
                self._tasks[words] = True
                sys.stderr.write(words + "\n")
            return
        if self._started is not bars:
            self._started = bars
            bars.start()
        if words not in self._tasks:
            self._tasks[words] = bars.add_task(words, total=total)
        bars.update(self._tasks[words], completed=done, total=total, description=f"{words} {note}".rstrip())
