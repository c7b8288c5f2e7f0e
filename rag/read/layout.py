"""Lines with their places on pages -> paragraphs in reading order.

In: for each page the Lines that a PDF's text layer or a character recognition gives. Out: a Source: running heads and
page numbers gone, columns one after the other, wrapped lines joined, also over the end of a column or page.
It knows letters and places only; what a paragraph means is for `structure`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median, quantiles

from rag.read.lines import WIDE, Line, Sheet, columns, weighted
from rag.source import Page, Source

_ENDED = re.compile("[。！？；：…!?;:.][”’」』）)》\"']*$")
_MARK = re.compile(
    r"第\s*[0-9０-９零〇一二三四五六七八九十百千两]{1,9}\s*[条條编章节款]|[（(][一二三四五六七八九十0-9a-zA-Z]{1,4}[)）]|"
    r"[一二三四五六七八九十]{1,3}、|[0-9]{1,3}[.、．](?![0-9])|Article\s|ARTICLE\s|CHAPTER\s|[—–•●]\s"
)
_GROUP = re.compile(
    r"第\s*\S{1,6}\s*[编章节]|[附总]\s*则$|目\s*录$|(PART|TITLE|CHAPTER|SECTION|ARTICLE)\s", re.IGNORECASE
)
_DASHES = r"[-—–·•\s]*"
_PAGE_NUMBER = re.compile(
    rf"{_DASHES}((第\s*[0-9]+\s*页)?[\s,，/]*(共\s*[0-9]+\s*页)?|(page\s*)?[0-9]{{1,4}}(\s*(/|of)\s*[0-9]{{1,4}})?|(?=[ivxl])x{{0,3}}(ix|iv|v?i{{0,3}}))"
    rf"{_DASHES}",
    re.IGNORECASE,
)
_SOFT = "\u00ad\u0002\ufffe"
_EDGE = 2
"""How many lines from the top and from the bottom of a page may be running heads."""


def source(sheets: Sequence[Sheet]) -> Source:
    """The text of the pages."""
    texts: list[str] = []
    pages: list[Page] = []
    length, end = 0, None
    for sheet in _without_heads(sheets):
        begun = False
        for column in columns(sheet.lines):
            frame = _Frame.of(column)
            for line, starts in _starts(column, frame, end):
                joint = ("\n\n" if texts else "") if starts else _joint(texts[-1], line.text)
                if not starts and texts and texts[-1][-1:] in ("-", *_SOFT) and not joint:
                    length -= 1
                    texts[-1] = texts[-1][:-1]
                if not begun:
                    pages.append(Page(length + len(joint), sheet.number, sheet.confidence))
                    begun = True
                texts.append(joint + line.text)
                length += len(texts[-1])
            if column:
                end = (column[-1], frame)
    text = "".join(texts)
    return Source(text + "\n" if text else "", tuple(pages))


@dataclass(frozen=True)
class _Frame:
    """What is usual in a column: its edges, the size of its letters, and the distance from line to line."""

    left: float
    right: float
    size: float
    pitch: float

    @staticmethod
    def of(lines: Sequence[Line]) -> _Frame:
        size = weighted([(line.size, len(line.text)) for line in lines])
        body = [line for line in lines if abs(line.size - size) < 0.15 * size] or list(lines)
        grid = max(size / 4, 0.5)
        lefts = Counter(round(line.left / grid) for line in body)
        often = [at for at, count in lefts.items() if count >= max(2, 0.15 * len(body))]
        left = min(often or list(lefts), default=0) * grid
        gaps = [b.middle - a.middle for a, b in pairwise(lines) if b.middle > a.middle]
        pitch = median(gap for gap in gaps if gap <= 3 * size) if any(gap <= 3 * size for gap in gaps) else 2 * size
        return _Frame(left, max((line.right for line in body), default=0), size, pitch)


def _starts(column: Sequence[Line], frame: _Frame, before: tuple[Line, _Frame] | None) -> Iterator[tuple[Line, bool]]:
    """Each line of a column and whether a paragraph starts there; `before` is the last line before it."""
    last, last_frame = before or (None, frame)
    first, same_column = True, False
    for line in column:
        starts = last is None or _is_start(line, last, frame, last_frame, first, same_column)
        yield line, starts
        first, last, last_frame, same_column = starts, line, frame, True


def _is_start(line: Line, last: Line, frame: _Frame, last_frame: _Frame, after_first: bool, same_column: bool) -> bool:
    """Whether `line` begins a paragraph below `last`, which itself begins one where `after_first`."""
    unit = frame.size
    if abs(line.size - last.size) > 0.15 * max(line.size, last.size):
        return True
    large = line.size > 1.15 * unit
    if same_column and line.middle - last.middle > (2.2 if large else 1.45) * frame.pitch:
        return True
    ended = bool(_ENDED.search(last.text))
    if _GROUP.match(last.text) and _is_short(last, last_frame):
        return True
    if not ended and (large or not _is_short(last, last_frame)):
        return bool(large and _GROUP.match(line.text))  # the rest of a title, or of a line that was full
    if _is_centred(line, frame) or _is_centred(last, last_frame):
        return True
    if _MARK.match(line.text) and (ended or _is_short(last, last_frame)):
        return True
    indent, above = line.left - frame.left, last.left - last_frame.left
    if indent > 1.2 * unit and indent - above > 0.8 * unit:
        return True
    if indent > 1.2 * unit and abs(indent - above) <= 0.8 * unit and after_first and _is_short(last, last_frame):
        return True
    if same_column and not after_first and above - indent > 0.8 * unit and ended:
        return True
    return _is_short(last, last_frame, line) and (ended or not WIDE.search(last.text[-1:]) or indent > 1.2 * unit)


def _is_short(line: Line, frame: _Frame, below: Line | None = None) -> bool:
    """Whether a line ends before the right edge although more would have fitted: two wide letters, or the next word."""
    room = frame.right - line.right
    if below is None or WIDE.match(below.text):
        return room > 1.6 * frame.size
    word = below.text.split(" ", 1)[0]
    return room > (len(word) + 1) * 0.62 * frame.size


def _is_centred(line: Line, frame: _Frame) -> bool:
    left, right = line.left - frame.left, frame.right - line.right
    return min(left, right) > 2.5 * frame.size and abs(left - right) < max(1.5 * frame.size, 0.06 * (left + right))


def _joint(before: str, text: str) -> str:
    """What stands between the two halves of a wrapped line: nothing in Chinese, a space in English."""
    if not before or not text or WIDE.match(before[-1]) or WIDE.match(text[0]):
        return ""
    if before[-1] in _SOFT or (before[-1] == "-" and before[-2:-1].isalpha() and text[0].islower()):
        return ""
    return " "


def _without_heads(sheets: Sequence[Sheet]) -> Iterator[Sheet]:
    """The pages without what stands apart at the same edge of several pages, and without page numbers."""
    pages = [_in_rows(sheet.lines) for sheet in sheets]
    said = Counter(key for rows in pages for key in {(top, _shape(rows[at])) for top, at in _edges(rows)})
    often = max(2, 0.25 * len(pages))
    gaps = [gap for rows in pages for above, below in pairwise(rows) if (gap := below[0].middle - above[0].middle) > 0]
    apart = 1.3 * quantiles(gaps)[0] if len(gaps) > 1 else 0.0  # of line from line, not of paragraphs
    for sheet, rows in zip(sheets, pages, strict=True):
        gone: set[int] = set()
        for top, at in _edges(rows):
            shape, inner = _shape(rows[at]), at + 1 if top else at - 1
            alone = not 0 <= inner < len(rows) or abs(rows[inner][0].middle - rows[at][0].middle) > apart
            if _PAGE_NUMBER.fullmatch(shape.replace("#", "1")) or (
                said[top, shape] >= often and (alone or inner in gone)
            ):
                gone.add(at)
        lost = {line for at in gone for line in rows[at]}
        yield replace(sheet, lines=tuple(line for line in sheet.lines if line not in lost))


def _in_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """What stands at one height, from top to bottom."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda each: (each.middle, each.left)):
        if rows and line.middle - rows[-1][0].middle < 0.5 * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _edges(rows: Sequence[object]) -> list[tuple[bool, int]]:
    """Whether it is at the top, and which row, from the inside of the page to its edges."""
    tops = [(True, at) for at in reversed(range(min(_EDGE, len(rows))))]
    return tops + [(False, at) for at in range(max(len(rows) - _EDGE, 0), len(rows))]


def _shape(row: Sequence[Line]) -> str:
    """The words of a row with every number alike, but for headings: Article 5 is not what Article 9 is."""
    words = " ".join(line.text for line in sorted(row, key=lambda each: each.left))
    return words if _MARK.match(words) or _GROUP.match(words) else re.sub("[0-9]+", "#", "".join(words.split()))
