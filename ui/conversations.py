"""A conversation of one reader: what a browser stores of it, and the same back, citations intact. Pure.

In: questions with their Answers, JSON as it was stored, the query of an address. Out: JSON within a size, a
Conversation, a query. What comes from a browser may be anything: it is checked, and quotations are compared with the
documents that are here. It shows nothing (present.py, export.py do) and stores nothing (history.js does).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlencode

from rag.errors import TiaoYinError
from rag.labels import to_path
from rag.records import Answer, Citation, Document, Hit, Removed, Sentence
from rag.words import LANGUAGES, sentences

SIZE = 1_000_000
"""Characters of a conversation that are stored at most: a browser keeps five million of all of them."""
TITLE = 40
QUESTION = 2000
"""Characters of a question in an address, as many as the page's box takes."""
_WRONG = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)
"""What JSON of another form raises when it is read."""


class ConversationError(TiaoYinError):
    """What a browser stored is not what this program stores."""


@dataclass(frozen=True)
class Asked:
    """One question, and its answer if there was one; a `partial` one was stopped, and holds what was said by then."""

    question: str
    answer: Answer | None = None
    partial: bool = False


@dataclass(frozen=True)
class Conversation:
    """`day` is when it began, ISO form."""

    id: str
    day: str
    turns: tuple[Asked, ...] = ()

    @property
    def title(self) -> str:
        """The first question, cut; "" where nothing was asked."""
        first = " ".join(self.turns[0].question.split()) if self.turns else ""
        return first if len(first) <= TITLE else first[: TITLE - 1] + "…"


def dumped(conversation: Conversation, size: int = SIZE) -> str:
    """The conversation as JSON of at most `size` characters; of what does not fit the oldest questions go first."""
    row = to_json(conversation)
    while len(text := json.dumps(row, ensure_ascii=False)) > size:
        row["turns"].pop(0)
    return text.encode("utf-8", "replace").decode()  # half a character cannot be sent


def loaded(text: str, documents: Mapping[str, Document]) -> Conversation:
    """The conversation in what `dumped` or an export wrote; `documents` maps doc_id to those that are here.

    An answer that quotes one of them otherwise than it reads is left out, and its question stays. Of the provisions
    found those stay whose document is here. Raises ConversationError.
    """
    try:
        return _conversation(json.loads(text), documents)
    except _WRONG as error:
        raise ConversationError("visitor_conversations", why=type(error).__name__) from error


def to_json(conversation: Conversation, removed: bool = True) -> dict[str, Any]:
    """The form that is stored, and that is exported, then without the sentences that the check `removed`."""
    turns = [
        {"question": turn.question, "answer": _row(turn.answer, removed) if turn.answer else None}
        | ({"partial": True} if turn.partial else {})
        for turn in conversation.turns
    ]
    return {"id": conversation.id, "day": conversation.day, "title": conversation.title, "turns": turns}


def link(question: str, lang: str) -> str:
    """The query of an address that brings a question along: ?q=…&lang=zh."""
    return "?" + urlencode({"q": question.strip()[:QUESTION], "lang": lang}, errors="replace")


def linked(query: str) -> tuple[str, str]:
    """The question and the language of the query of an address; "" for what it does not hold.

    The question is to be put into the box, not asked: an address is another's.
    """
    try:
        values = parse_qs(query.removeprefix("?"), errors="replace", max_num_fields=20)
    except ValueError:  # more fields than any link of ours
        return "", ""
    asked = "".join(char if char.isprintable() else " " for char in values.get("q", [""])[0])
    lang = values.get("lang", [""])[0]
    return " ".join(asked.split())[:QUESTION], lang if lang in LANGUAGES else ""


def _row(answer: Answer, removed: bool) -> dict[str, Any]:
    """An answer as the command line prints it, and what it takes to be shown again: of a hit its document, of a removed
    sentence the reason."""
    row = answer.to_json()
    hits = zip(row["retrieved"], answer.retrieved, strict=True)
    row["retrieved"] = [each | {"doc_id": hit.document.doc_id} for each, hit in hits]
    gone = zip(row.pop("removed"), answer.removed, strict=True)
    return row | ({"removed": [each | {"reason": sentence.reason} for each, sentence in gone]} if removed else {})


def _conversation(row: Mapping[str, Any], documents: Mapping[str, Document]) -> Conversation:
    day = date.fromisoformat(row["day"]).isoformat()
    return Conversation(str(row["id"]), day, tuple(_asked(turn, documents) for turn in row["turns"]))


def _asked(row: Mapping[str, Any], documents: Mapping[str, Document]) -> Asked:
    answer = _answer(row["answer"], documents)
    return Asked(str(row["question"]), answer, partial=answer is not None and bool(row.get("partial")))


def _answer(row: Mapping[str, Any] | None, documents: Mapping[str, Document]) -> Answer | None:
    if row is None:
        return None
    citations = tuple(_citation(each) for each in row["citations"])
    if not all(_is_verbatim(each, documents.get(each.doc_id)) for each in citations):
        return None
    known = {each.n for each in citations}
    said = tuple(
        Sentence(
            str(each["text"]),
            tuple(int(n) for n in each["citations"]),
            str(each["verdict"]),
            bool(each["item"]),
            str(each["side"]),
        )
        for each in row["sentences"]
    )
    if not all(sentence.citations and known.issuperset(sentence.citations) for sentence in said):
        raise ValueError("a sentence without its citation")
    return Answer(
        question=str(row["question"]),
        lang=str(row["lang"]),
        sentences=said,
        citations=citations,
        removed=tuple(
            Removed(str(each["text"]), _word("removed_", each["reason"]) or "") for each in row.get("removed", ())
        ),
        retrieved=tuple(_hits(row["retrieved"], documents)),
        reason=_word("page_refused_", row["reason"]),
        rewritten=None if row["rewritten"] is None else str(row["rewritten"]),
        note=None if row["note"] is None else str(row["note"]),
        llm=str(row["llm"]),
    )


def _citation(row: Mapping[str, Any]) -> Citation:
    words = {name: str(row[name]) for name in ("doc_id", "doc", "label", "quote")}
    numbers = {name: int(row[name]) for name in ("n", "start", "end")}
    article = None if row["article"] is None else str(row["article"])
    return Citation(article=article, path=to_path(row["path"]), **words, **numbers)  # type: ignore[arg-type]


def _is_verbatim(citation: Citation, document: Document | None) -> bool:
    """Whether a document reads as it is quoted; of one that is not here that cannot be told."""
    return document is None or document.text[citation.start : citation.end] == citation.quote


def _hits(rows: Sequence[Mapping[str, Any]], documents: Mapping[str, Document]) -> list[Hit]:
    found = []
    for row in rows:
        document, path = documents.get(row["doc_id"]), to_path(row["path"])
        if document and path in document.by_path:
            found.append(Hit(document, document.by_path[path], float(row["score"]), str(row["how"])))
    return found


def _word(prefix: str, name: Any) -> str | None:
    """`name` if there is a sentence for it. Raises ValueError for any other but None."""
    if name is not None and f"{prefix}{name}" not in sentences():
        raise ValueError(f"no {prefix}{name}")
    return None if name is None else str(name)
