"""Which blocks open an article, and what stands between: the numbering checked over a whole document.

In: the Blocks of one document. Out: for each opening block its Head; then Sections, each an article, an annex, or text
outside both, with the chapters above it. It does not look inside a section; that is for `clauses`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.structure.about import DATE
from rag.structure.blocks import Block
from rag.structure.marks import Head, annex_number, article_head, marker_of

_CONTENTS = re.compile(r"目\s*[录錄次]|(table of )?contents", re.IGNORECASE)
_LEADER = re.compile(r"[\s.·…．]*[0-9]*$|[\s#*\-\[\]]")
_DATELINE = re.compile(r"[（(]?[^。]{0,12}(新华社|本报|记者)[^。]{0,30}[)）]?")
_FEWEST_POINTS = 3
_SUBSTANCE = 20


@dataclass(frozen=True)
class Section:
    """Consecutive blocks that belong together.

    `step`: ("article", "6") or ("annex", "1"), None outside both; `headings`: the chapters above, outermost first;
    `skip`: how many characters of the first block are its number.
    """

    step: tuple[str, str] | None
    blocks: tuple[Block, ...]
    headings: tuple[str, ...]
    skip: int = 0


def contents(blocks: Sequence[Block]) -> set[int]:
    """The indexes of the blocks of a table of contents, which repeats the headings and opens nothing."""
    at = next((n for n, block in enumerate(blocks) if _CONTENTS.fullmatch(block.plain)), None)
    if at is None:
        return set()
    found, first = {at}, ""
    for index in range(at + 1, len(blocks)):
        entry = _LEADER.sub("", blocks[index].plain)
        if not blocks[index].is_line or entry == first:
            break
        first = first or entry
        found.add(index)
    return found


def statute_heads(blocks: Sequence[Block], ignore: Collection[int]) -> dict[int, Head]:
    """The blocks that open 第X条: the longest run of candidates whose numbers rise; {} when it is no statute.

    A run rather than "one more than the last": statutes have gaps where an article was repealed, and a stray
    reference with a high number must not hide all the articles that follow it.
    """
    candidates = {n: head for n, block in enumerate(blocks) if n not in ignore and (head := _article(block))}
    kept = rising([(n, head.number) for n, head in candidates.items()])
    heads = {n: candidates[n] for n in kept}
    if len(heads) > 1 or [head.number for head in heads.values()] == [(1, 0)]:
        return heads
    return {}


def plan_heads(blocks: Sequence[Block], ignore: Collection[int]) -> dict[int, Head]:
    """The blocks that open 一、 二、 三、: the longest gapless run from 一, each point of substance; {} without one."""
    points = {n: head for n, block in enumerate(blocks) if n not in ignore and (head := _point(block))}
    best: dict[int, Head] = {}
    run: dict[int, Head] = {}
    for n, head in points.items():
        if head.number == (1, 0):
            run = {}
        if head.number == (len(run) + 1, 0):
            run[n] = head
            best = max(best, run, key=len)
    stops = [*list(best)[1:], len(blocks)]
    sizes = [sum(len(block.text) for block in blocks[n:stop]) for n, stop in zip(best, stops, strict=False)]
    return best if len(best) >= _FEWEST_POINTS and min(sizes) >= _SUBSTANCE else {}


def is_dateline(block: Block) -> bool:
    """Whether a block only says who reports and when, (新华社上海7月26日电): it closes what stands above it."""
    return bool(_DATELINE.fullmatch(block.text))


def plan_tail(blocks: Sequence[Block], heads: Mapping[int, Head]) -> int:
    """The index of the first block after a plan's last article; `len(blocks)` when the plan ends the document.

    Where every other article is one paragraph the last one is too; else a dateline in brackets or a signature and a
    date end it.
    """
    openings = list(heads)
    last = openings[-1]
    if all(after - before == 1 or blocks[before + 1].level for before, after in pairwise(openings)):
        return last + 1
    for n in range(last + 1, len(blocks)):
        if is_dateline(blocks[n]):
            return n
    signed = len(blocks) - 2
    return signed if signed > last and blocks[signed].is_line and DATE.fullmatch(blocks[-1].text) else len(blocks)


def sections(
    blocks: Sequence[Block], heads: Mapping[int, Head], ignore: Collection[int] = (), tail: int | None = None
) -> list[Section]:
    """The sections of a document in order; from the block `tail` on no article is open."""
    found: list[Section] = []
    above: list[Block] = []
    step: tuple[str, str] | None = None
    skip = 0
    group: list[Block] = []
    annexes: set[str] = set()

    def close() -> None:
        if group:
            found.append(Section(step, tuple(group), tuple(heading.plain for heading in above), skip))
            group.clear()

    last = max(heads, default=len(blocks))
    for n, block in enumerate(blocks):
        annex = annex_number(block.plain) if n > last and block.is_line else None
        if n == tail or n in ignore:
            close()
            step, skip = None, 0
        if n in ignore:
            continue
        if n in heads:
            close()
            step, skip = ("article", _number(heads[n])), heads[n].length
        elif annex and annex not in annexes:
            close()
            annexes.add(annex)
            above, step, skip = [], ("annex", annex), len(block.text)
        elif block.level or block.rank or _names_what_follows(blocks, n):
            close()
            above, step, skip = [*_above(above, block), block], None, 0
            continue
        elif block.is_comment:
            if step is None:
                close()
            continue
        group.append(block)
    close()
    return found


def _names_what_follows(blocks: Sequence[Block], n: int) -> bool:
    """Whether an unfinished line such as （二）动产抵押 stands directly above 第X条: a heading, not the last item."""
    below = blocks[n + 1] if n + 1 < len(blocks) else None
    return bool(below and blocks[n].is_line and marker_of(blocks[n].plain) and _article(below))


def _above(above: Sequence[Block], heading: Block) -> list[Block]:
    """The headings that stay above a new one: those of higher rank, or of higher level where one has no rank."""
    if not heading.rank and not heading.level:
        return [b for b in above if b.rank or b.level]
    if heading.rank:
        return [b for b in above if (b.rank < heading.rank if b.rank else b.level < heading.level)]
    return [b for b in above if b.level and b.level < heading.level]


def _article(block: Block) -> Head | None:
    marks = len(block.text) - len(block.text.lstrip("# "))
    head = article_head(block.text[marks:])
    return Head(head.number, marks + head.length) if head else None


def _point(block: Block) -> Head | None:
    marks = len(block.text) - len(block.text.lstrip("#* "))
    marker = marker_of(block.text[marks:])
    return Head((marker.number, 0), marks + marker.length) if marker and marker.style == "一、" else None


def _number(head: Head) -> str:
    base, insert = head.number
    return f"{base}-{insert}" if insert else str(base)


def rising(candidates: Sequence[tuple[int, tuple[int, int]]]) -> list[int]:
    """The keys of the longest strictly rising subsequence of the numbers."""
    ends: list[tuple[int, int]] = []
    where: list[int] = []
    before: list[int] = []
    for at, (_, number) in enumerate(candidates):
        length = bisect_left(ends, number)
        before.append(where[length - 1] if length else -1)
        ends[length:] = [number] if length == len(ends) else [number, *ends[length + 1 :]]
        where[length:] = [at] if length == len(where) else [at, *where[length + 1 :]]
    chain: list[int] = []
    at = where[-1] if where else -1
    while at >= 0:
        chain.append(candidates[at][0])
        at = before[at]
    return chain[::-1]
