"""A conversation as the server keeps it for one open page: its turns, how they look, and the mark on the last.

In: questions, HTML of `ui.present`, a reader's mark. Out: the conversation's HTML; a line in the file of marks. It
knows no widget library and answers nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rag import feedback
from rag.errors import TiaoYinError
from rag.records import Answer
from rag.words import say
from ui import present
from ui.conversations import link
from ui.escape import escaped
from ui.going import Going

NOTED = {feedback.LIKE: "feedback_noted_like", feedback.DISLIKE: "feedback_noted_dislike"}


@dataclass(eq=False)
class Turn(Going):
    """One question and the HTML shown below it; `stage` is "waiting" (for the engine), "answering" or "over".

    `edited`: the question is in the box again, and the next one asked takes its place.

    `answer` is there once it is whole; then a reader may mark it: `verdict`, `reason`, and what they are told, `noted`.
    `said`: the sentences that were checked so far.

    Mutable on purpose: the answer being streamed, the stop button and a new question all act on a conversation at
    once, and each then shows what the conversation holds, not what it held when they were called.
    """

    question: str
    body: str
    stage: str = "waiting"
    answer: Answer | None = None
    said: Answer | None = None
    verdict: str = ""
    reason: str = ""
    noted: str = ""
    edited: bool = False
    lang: str = ""  # of the page on which it was asked


class Turns(list[Turn]):
    """A conversation; `id` and `day` (ISO, when it began) are what its browser stores it with, "" while it is new.

    `regained`: the last answer goes on, or ended, where its browser has only the question.
    """

    id = day = ""
    regained = False

    def begin(self) -> None:
        if not self.id:
            self.id, self.day = secrets.token_hex(8), date.today().isoformat()

    def clear(self) -> None:
        """Leaves the conversation; an answer that is being written ends."""
        for turn in self:
            turn.end(turn.body)
        super().clear()
        self.id, self.day, self.regained = "", "", False


def shown(turns: Turns) -> str:
    """The conversation as HTML, each turn an article."""
    return "".join(
        f'<article class="ty-turn">{present.question(turn.question)}<div class="ty-reply">{turn.body}</div>'
        f"{_link(turn)}</article>"
        for turn in turns
    )


def _link(turn: Turn) -> str:
    """What copies an address that puts this question into the box."""
    words, address = escaped(say("talk_link", turn.lang)), escaped(link(turn.question, turn.lang))
    return f'<button type="button" class="ty-link" data-link="{address}">{words}</button>'


def busy(turns: Turns) -> bool:
    return bool(turns) and turns[-1].stage != "over"


def markable(turns: Turns) -> Turn | None:
    """The last turn when its answer is whole, and neither stopped nor being written."""
    return turns[-1] if turns and not busy(turns) and turns[-1].answer else None


def mark(turns: Turns, verdict: str, reason: str, place: Path, lang: str) -> None:
    """Keep a mark on the last answer in `place`. A reason is a second line, so that a mark without one is not lost."""
    turn = markable(turns)
    if not turn or not turn.answer or not verdict or (verdict == turn.verdict and not reason):
        return
    try:
        feedback.keep(place, turn.answer, [each.question for each in turns[:-1]], verdict, reason or None)
    except feedback.FeedbackError as error:
        turn.noted = present.note(words(error, lang), "error")
        return
    told = say("feedback_explained" if reason else NOTED[verdict], lang, reason=reason)
    turn.verdict, turn.reason, turn.noted = verdict, reason, present.note(told, "marked")


def words(error: TiaoYinError, lang: str) -> str:
    """The error in the page's language, which need not be the server's."""
    return say(error.key, lang, **error.values)
