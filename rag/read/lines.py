"""The lines of a page: their letters as meant, and their order where the page has columns.

In: what stands where on a page. Out: Lines, and lists of Lines, a column each, from top to bottom. It joins no
lines to paragraphs; that is for `layout`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

WIDE = re.compile("[\u2e80-\u9fff\uff00-\uffef\u3000-\u303f]")
_RADICALS = str.maketrans(
    "⺠⻚⻅⻋⻓⻔⻢⻥⻦⻩⻬⻰⻛⻜⻉⻘⻤⻨⻝⺟⻄⻆⻣⻁⻮⻳⻙⺝⺼⻌⻧⻐⻑⻒⻠⻪⻫⻭⻯⻲⺁⺄⺊⺎⺒⺓⺧⺩⺪⺫⺬⺮⺶⻊⻗⼾⾭",
    "民页见车长门马鱼鸟黄齐龙风飞贝青鬼麦食母西角骨虎齿龟韦月肉辶卤钅長镸饣黾斉歯竜亀厂乙卜兀巳幺牛王疋目示竹羊足雨户青",
)
"""Radicals without an ordinary letter in Unicode's tables, and two whose letter there is not the one now in use."""


@dataclass(frozen=True)
class Line:
    """One line or part of it: its box in any unit with y downwards, the height of its letters, and how sure it is."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    confidence: float | None = None

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True)
class Sheet:
    """The lines of page `number` (one-based), in any order."""

    number: int
    lines: tuple[Line, ...]
    confidence: float | None = None


def width(text: str) -> float:
    """How wide a text is, in letters as high as wide: a Chinese one is 1, another about half of it."""
    return sum(1.0 if WIDE.match(letter) else 0.5 for letter in text)


def clean(text: str) -> str:
    """Letters as they are meant: radicals and ligatures as ordinary letters; full-width punctuation stays."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # a rare letter may come as two halves
    text = text.translate(_RADICALS).replace("\xa0", " ")
    return re.sub("[\u2f00-\u2fdf\ufb00-\ufb06]+", lambda found: unicodedata.normalize("NFKC", found[0]), text)


def weighted(values: Sequence[tuple[float, int]]) -> float:
    """The value in the middle of all letters."""
    ordered = sorted(values)
    half, seen = sum(weight for _, weight in ordered) / 2, 0
    for value, weight in ordered:
        seen += weight
        if seen >= half:
            return value
    return 1.0


def columns(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The columns of a page in reading order, each with its lines from top to bottom; what runs across all of them
    parts the page into bands."""
    if not lines:
        return
    gutters = _gutters(lines)
    across = [line for line in lines if any(line.left < gutter < line.right for gutter in gutters)]
    cuts = sorted(line.middle for line in across)
    bands: dict[int, list[Line]] = {}
    for line in lines:
        if line not in across:
            bands.setdefault(2 * sum(cut < line.middle for cut in cuts), []).append(line)
    for n, line in enumerate(sorted(across, key=lambda each: each.middle)):
        bands.setdefault(2 * n + 1, []).append(line)
    run: list[Line] = []
    for key in sorted(bands):
        if key % 2:
            run += bands[key]
            continue
        if run:
            yield _rows(run)
        run = []
        for n in range(len(gutters) + 1):
            inside = [line for line in bands[key] if sum(gutter <= line.left for gutter in gutters) == n]
            if inside:
                yield _rows(inside)
    if run:
        yield _rows(run)


def _gutters(lines: Sequence[Line]) -> list[float]:
    """Where between the left and right edge of a page hardly a line stands over some width: the middles of gutters."""
    size = weighted([(line.size, len(line.text)) for line in lines])
    long = [line for line in lines if line.right - line.left > 4 * size]
    if len(long) < 8:
        return []
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    step = max(size / 4, (right - left) / 2000, 0.01)
    covered = [0] * (int((right - left) / step) + 2)
    for line in lines:
        for at in range(int((line.left - left) / step), int((line.right - left) / step) + 1):
            covered[at] += 1
    few = 0.12 * len(lines)
    found, start = [], None
    for at, count in enumerate(covered):
        if count <= few and start is None:
            start = at
        elif count > few and start is not None:
            if start and (at - start) * step > size:
                found.append(left + (start + at) / 2 * step)
            start = None
    sides = [float("-inf"), *found, float("inf")]
    filled = all(sum(a <= line.left < b for line in long) >= 0.15 * len(long) for a, b in pairwise(sides))
    return found if filled else []


def _rows(lines: Sequence[Line]) -> list[Line]:
    """Lines from top to bottom; parts of one line, far apart, made one."""
    rows: list[Line] = []
    for line in sorted(lines, key=lambda each: (each.middle, each.left)):
        last = rows[-1] if rows else None
        if last and abs(line.middle - last.middle) < 0.5 * min(line.size, last.size):
            first, other = (last, line) if last.left <= line.left else (line, last)
            joint = " " if other.left - first.right > 0.3 * line.size else ""
            rows[-1] = replace(
                first,
                text=first.text + joint + other.text,
                top=min(first.top, other.top),
                right=max(first.right, other.right),
                bottom=max(first.bottom, other.bottom),
                size=max(first.size, other.size),
            )
        else:
            rows.append(line)
    return rows
