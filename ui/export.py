"""A conversation -> Markdown, or JSON, for keeping: every sentence with footnotes of its clauses, word for word.

In: a Conversation and the language of its reader. Out: text, or the `Block`s of which word.py makes a Word document.
What the check removed is not in it. Pure; whatever comes from a document, a model or a reader is written as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from rag.facts import parted
from rag.records import Answer, Citation, Sentence
from rag.words import say
from ui.conversations import Conversation, to_json

NEAREST = 3
"""Provisions named beside an answer that was declined."""
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$!&])")
_START = re.compile(r"^(\s*(?:\d+(?=[.)]))?)([-+=:.)])", re.MULTILINE)
_MARKED = {
    "title": "# {}", "about": "*{}*", "question": "## {}", "remark": "> {}", "item": "- {}", "side": "**{}**",
}  # fmt: skip

Run = tuple[str, tuple[Citation, ...]]
"""A piece of text, and the citations behind it."""


@dataclass(frozen=True)
class Block:
    """A paragraph; `kind` is "title", "about", "question", "answer", "item" (of a list), "side" (what the following is
    of, where several are compared) or "remark"; `turn` counts the questions from 1."""

    kind: str
    turn: int
    runs: tuple[Run, ...]


def blocks(conversation: Conversation, lang: str) -> Iterator[Block]:
    """The paragraphs of a conversation, in order."""
    yield Block("title", 0, _plain(conversation.title))
    yield Block("about", 0, _plain(f"{conversation.day} · {say('visitor_export', lang)}"))
    for n, turn in enumerate(conversation.turns, 1):
        yield Block("question", n, _plain(turn.question))
        if turn.answer:
            yield from _answer(turn.answer, n, lang)
        if turn.partial or not turn.answer:
            yield Block("remark", n, _plain(say("visitor_unanswered", lang)))


def clean(text: str) -> str:
    """Text without characters that cannot be seen, which may turn what stands beside them about."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n"))


def markdown(conversation: Conversation, lang: str) -> str:
    """The conversation in Markdown, the clauses as footnotes."""
    parts: list[str] = []
    notes: dict[str, Citation] = {}
    for block in blocks(conversation, lang):
        text = ""
        for words, citations in block.runs:
            named = {f"{block.turn}-{each.n}": each for each in citations}
            notes |= named
            text += _escaped(words) + "".join(f"[^{name}]" for name in named)
        text = text if block.kind == "answer" else " ".join(text.split())
        parts.append(_MARKED.get(block.kind, "{}").format(text))
    for name, each in notes.items():
        quote = "\n\n    ".join(line for line in _escaped(clean(each.quote)).splitlines() if line.strip())
        label = _escaped(" ".join(clean(each.label).split()))
        parts.append(f"[^{name}]: {label}\n\n    {quote}")
    return "\n\n".join(parts) + "\n"


def as_json(conversation: Conversation) -> str:
    """The conversation in the form of `tiaoyin ask --json`, which `conversations.loaded` reads."""
    text = json.dumps(to_json(conversation, removed=False), ensure_ascii=False, indent=2) + "\n"
    return text.encode("utf-8", "replace").decode()  # half a character cannot be written into a file


def _plain(text: str) -> tuple[Run, ...]:
    return ((clean(text).strip(), ()),)


def _answer(answer: Answer, n: int, lang: str) -> Iterator[Block]:
    if answer.rewritten and answer.rewritten != answer.question:
        yield Block("remark", n, _plain(say("page_rewritten", lang, question=answer.rewritten)))
    if answer.refused or not answer.sentences:
        yield Block("remark", n, _plain(say(f"page_refused_{answer.reason or 'unsupported'}", lang)))
    else:
        side = ""
        for (of, item), sentences in groupby(answer.sentences, key=lambda each: (each.side, each.item)):
            if of != side:
                yield Block("side", n, _plain(of))
            side = of
            for run in [[each] for each in sentences] if item else [sentences]:
                yield Block("item" if item else "answer", n, tuple(_runs(answer, run)))
    if answer.note:
        yield Block("remark", n, _plain(answer.note))
    if answer.refused and answer.retrieved:
        labels = (hit.document.label(hit.provision.path) for hit in answer.retrieved[:NEAREST])
        yield Block("remark", n, _plain(f"{say('page_nearest', lang)}: {' · '.join(labels)}"))
    if answer.llm == "extractive" and answer.sentences:
        yield Block("remark", n, _plain(say("page_extractive", lang)))


def _runs(answer: Answer, sentences: Iterable[Sentence]) -> Iterator[Run]:
    """The sentences with their citations before the full stop, as `Answer.text` has them."""
    known = {each.n: each for each in answer.citations}
    for sentence in sentences:
        body, end = parted(sentence.text)
        yield clean(body), tuple(known[n] for n in sentence.citations)
        yield clean(end) + ("" if answer.lang == "zh" else " "), ()


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is, and HTML in it too."""
    return _START.sub(r"\1\\\2", _MARKS.sub(r"\\\1", text)).replace("\\&", "&amp;").replace("\\<", "&lt;")
