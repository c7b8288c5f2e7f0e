"""A conversation between the turns of an open page and what its browser stores: out after each change, and back in.

In: turns, or JSON from a browser. Out: JSON; turns with their answers shown anew; a file for keeping. It keeps nothing,
so that nobody's conversation can become another's. Storing is done by history.js.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rag.records import Document, Update
from rag.words import say
from ui import present
from ui.conversations import SIZE, Asked, Conversation, dumped, loaded
from ui.export import as_json, markdown
from ui.turns import Turn, Turns
from ui.word import docx

KINDS = {
    "md": "text/markdown",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
}
"""The files a conversation is exported as, by the ending of their names."""
LONGEST = 4 * SIZE
"""Bytes of a stored conversation at most: what `dumped` writes, each character of which may take four."""


def stored(turns: Turns) -> str:
    """The conversation as JSON; "" where nothing was asked."""
    asked = tuple(_asked(turn) for turn in turns)
    return dumped(Conversation(turns.id, turns.day, asked)) if turns else ""


def reopen(
    text: str, turns: Turns, lang: str, documents: Sequence[Document], kept: Callable[[str], Turn | None]
) -> None:
    """Put the conversation in `text`, if any, in the place of `turns`. Raises ConversationError; then there is none.

    `kept`: by a conversation's id the answer that a page which is gone left behind. It is more than its browser has.
    """
    turns.clear()
    if not text:
        return
    here = {document.doc_id: document for document in documents}
    found = loaded(text, here)
    turns.id, turns.day = found.id, found.day
    for n, asked in enumerate(found.turns, 1):
        turns.append(_turn(asked, n, lang, here))
    last = kept(turns.id)
    if last and turns and last.begun and last.question == turns[-1].question and not turns[-1].answer:
        turns[-1] = last if last.stage != "over" else _turn(_asked(last), len(turns), lang, here)
        turns.regained = True


def _asked(turn: Turn) -> Asked:
    return Asked(turn.question, turn.answer or turn.said, partial=not turn.answer and turn.said is not None)


def _turn(asked: Asked, n: int, lang: str, here: Mapping[str, Document]) -> Turn:
    """The question with its answer; of one that was not finished the sentences that it has, and that it was not."""
    answer = asked.answer
    body = present.message(Update("done", answer), n, here, lang) if answer else ""
    if answer and not asked.partial:
        return Turn(asked.question, body, "over", answer, lang=lang)
    body += present.note(say("visitor_unanswered", lang), "stopped")
    return Turn(asked.question, body, "over", said=answer, lang=lang)


def exported(kind: str, text: str, lang: str, documents: Sequence[Document]) -> bytes:
    """The stored conversation as a file of one of `KINDS`. Raises ConversationError."""
    conversation = loaded(text, {document.doc_id: document for document in documents})
    if kind == "docx":
        return docx(conversation, lang)
    return (markdown(conversation, lang) if kind == "md" else as_json(conversation)).encode("utf-8", "replace")
