"""The blocks that a text is made of: paragraphs and headings with their spans.

In: text. Out: Blocks in document order, wrapped lines joined, blank lines gone.
It does not know what the blocks mean to each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from rag.structure.marks import group_rank, opens

_TERMINAL = tuple("。！？；：…!?;:")
_CLOSING = "”’」』）)》〉\"'*_ "
_SENTENCE = re.compile(r"(?<!<)[。！？!?]+[”’」』）)》\"']*|\n\s*\n")
_SENTENCE_EN = re.compile(r"[.!?]+[”’)\"']*(?=\s+[\"“‘(]?[A-Z0-9])|\n\s*\n")
_HEADING = re.compile(r"(#{1,6})\s+\S")
_LINE = 60
_WORDS = 3  # spaces from which a line that ends in "." is a sentence and not 1. or Art.
_WRAPPED = 15
_COMMA = re.compile("[，,；;、]")


@dataclass(frozen=True)
class Block:
    """A paragraph or heading. `start`, `end`: its span in the text; `level`: 1 to 6 for a Markdown heading, else 0."""

    text: str
    start: int
    end: int
    level: int = 0

    @cached_property
    def plain(self) -> str:
        """The text without Markdown's marks, white space made single: what a title or heading reads."""
        return " ".join(self.text.lstrip("#").replace("**", "").replace("__", "").split())

    @property
    def is_comment(self) -> bool:
        return self.text.startswith("<!--") and self.text.endswith("-->")

    @property
    def is_closed(self) -> bool:
        """Whether the block ends as a finished paragraph does, or as what announces a list."""
        text = self.text.rstrip(_CLOSING)
        return text.endswith(_TERMINAL) or (text.endswith(".") and text.count(" ") >= _WORDS)

    @cached_property
    def is_line(self) -> bool:
        """Whether the block may be a title, byline or chapter: short, and without a finished sentence."""
        return len(self.text) <= _LINE and not self.is_closed and "。" not in self.text

    @property
    def rank(self) -> int | None:
        """`group_rank` of a heading or short line, else None."""
        return group_rank(self.plain) if self.level or self.is_line else None

    def moved(self, by: int) -> Block:
        return Block(self.text, self.start + by, self.end + by, self.level) if by else self


def blocks_of(text: str) -> list[Block]:
    """The blocks of `text`, their spans trimmed of white space, not overlapping."""
    spans: list[tuple[int, int, int]] = []
    before, gap, at = "", True, 0
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped:
            start = at + len(line) - len(line.lstrip())
            heading = _HEADING.match(stripped)
            level = len(heading[1]) if heading else 0
            if len(spans) > 1 and not gap and not level and not spans[-1][2] and _goes_on(before, stripped):
                start = spans.pop()[0]
            spans.append((start, at + len(line.rstrip()), level))
            before = stripped
        gap = not stripped
        at += len(line) + 1
    return [Block(text[start:end], start, end, level) for start, end, level in spans]


def _goes_on(before: str, line: str) -> bool:
    """Whether `line` is the rest of a wrapped line `before`, which is then long enough and not finished."""
    if (len(before) < _WRAPPED and not _COMMA.search(before)) or before.endswith("-->"):
        return False
    if before.rstrip(_CLOSING).endswith((*_TERMINAL, ".")):
        return False
    return group_rank(before) is None and not opens(line)


def sentences(text: str, start: int, end: int, lang: str) -> list[tuple[int, int]]:
    """The spans of the sentences of `text[start:end]`, trimmed, together all of it but white space."""
    pattern = _SENTENCE if lang == "zh" else _SENTENCE_EN
    ends = [match.end() for match in pattern.finditer(text, start, end)]
    found: list[tuple[int, int]] = []
    for stop in [*ends, end]:
        piece = text[start:stop]
        if piece.strip():
            found.append((start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())))
        start = stop
    return found
