"""What a line may begin with: the number of an article, a list marker, the name of a chapter.

In: the text of a line. Out: the mark found there, or None. Each answer looks at one line only; whether the numbering
makes sense over the document is checked in `articles` and `clauses`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.numerals import NUMERAL, to_int

_COUNT = rf"((?:{NUMERAL}\s*){{1,20}})"

_ARTICLE = re.compile(rf"(\*\*|__)?\s*第\s*{_COUNT}[条條](?:\s*之\s*([一二三四五六七八九十]+))?\s*(?:\*\*|__)?")
# What follows a reference to an article rather than its heading: 第六十五条第一款的规定处罚, 第三条至第五条.
_NO_HEADING = re.compile(
    rf"第\s*{_COUNT}[条條款项項目章节節]|[规規]定|的|至|和|或|及|与|與|所|之|款|项|項|以[外下上内內]|、|，|,|；|。"
)
# After white space a clause may well begin with 和解 or 所有: only what cannot begin one counts there.
_NO_CLAUSE = re.compile(rf"第\s*{_COUNT}[款项項目]|的|[规規]定的|[至和或与與及]\s*第|、|，|,|；|。")

_GROUPS = {"编": 1, "編": 1, "分编": 2, "分編": 2, "章": 3, "节": 4, "節": 4}
_GROUP = re.compile(rf"第\s*{_COUNT}(编|編|分编|分編|章|节|節)(?=\s|$|[^\s，,、。；;的])")
_TAIL = re.compile(r"[附总總]\s*[则則]")
_ANNEX = re.compile(rf"附\s*[件表录錄]\s*({NUMERAL}*)\s*(?:$|[:：]|\s)")

_MARKERS = (
    ("一、", re.compile(r"([零〇一二三四五六七八九十百]+)\s*、")),
    ("（一）", re.compile(r"[（(]\s*([零〇一二三四五六七八九十百]+)\s*[)）]")),
    ("1.", re.compile(r"([0-9０-９]{1,3})\s*[.．、](?![0-9０-９])")),
    ("（1）", re.compile(r"[（(]\s*([0-9０-９]{1,3})\s*[)）]")),
    ("①", re.compile(r"([①-⑳])")),
)


@dataclass(frozen=True)
class Head:
    """The heading of an article: (120, 1) for 第一百二十条之一, (120, 0) without 之; `length`: all before its text."""

    number: tuple[int, int]
    length: int


@dataclass(frozen=True)
class Marker:
    """A list marker: its style ("一、", "（一）", "1.", "（1）" or "①"), number, and length with the space behind."""

    style: str
    number: int
    length: int


def article_head(text: str) -> Head | None:
    """The article that `text` (without Markdown's #) opens; None for a mere reference such as 第三条至第五条."""
    match = _ARTICLE.match(text)
    if not match:
        return None
    behind = text[match.end() :]
    if match[1] is None:
        spaced = text[match.end() - 1].isspace()
        if (_NO_CLAUSE if spaced else _NO_HEADING).match(behind):
            return None
    try:
        number = to_int(match[2]), to_int(match[3]) if match[3] else 0
    except ValueError:
        return None
    return Head(number, len(text) - len(behind.lstrip()))


def marker_of(text: str) -> Marker | None:
    """The list marker that `text` begins with."""
    for style, pattern in _MARKERS:
        if match := pattern.match(text):
            try:
                return Marker(style, to_int(match[1]), len(text) - len(text[match.end() :].lstrip()))
            except ValueError:
                return None
    return None


def group_rank(line: str) -> int | None:
    """1 to 4 for the name of a 编, 分编, 章 or 节, 3 for a bare 总则 or 附则, else None. `line` is short already."""
    if match := _GROUP.match(line):
        return _GROUPS[match[2]]
    return 3 if _TAIL.fullmatch(line) else None


def annex_number(line: str) -> str | None:
    """The number of the annex that a short line names, "0" for 附件 without one; None when it names none."""
    match = _ANNEX.match(line)
    if not match:
        return None
    try:
        return str(to_int(match[1])) if match[1] else "0"
    except ValueError:
        return None


def opens(line: str) -> bool:
    """Whether a paragraph begins at `line` even when the line before it was not finished."""
    if line.startswith(("<!--", "——", "**", ">", "|", "- ", "* ")):
        return True
    return bool(article_head(line) or marker_of(line) or _GROUP.match(line) or _ANNEX.match(line))
