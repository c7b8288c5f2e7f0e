"""Where one document of a file ends and the next begins: newspaper pages, and several laws in one file.

In: a file's text and Blocks. Out: Parts, each the title, span and blocks of one document, in order, which together hold
all blocks. A page's stories begin at its headings. What stands below the end of a numbered plan, or below a paragraph
that breaks off, may be of any story: it is set apart rather than cited under a title that may not be its own.
It does not join the pieces of a torn story.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.structure.about import title_block
from rag.structure.articles import contents, plan_heads, plan_tail, statute_heads
from rag.structure.blocks import Block
from rag.structure.marks import article_head

_NEWSPAPER = re.compile(
    r"(本报|新华社)[^。]{0,12}[0-9]+月[0-9]+日电|^本报记者\s|[（(]上接[^)）]{1,8}版[)）]|[（(](本报)?记者|——访"
)
_CONTINUED = re.compile("[（(]上接")
_FEWEST_SIGNS = 2
_KICKER = 30
_STORY_LEVEL = 2
_LAW = re.compile(r".*(法|法典|条例|规定|办法|解释|决定|细则|规则|章程|准则|规范|公约|合同|协议)([（(].{1,12}[)）])?")


@dataclass(frozen=True)
class Part:
    """One document of a file. `title` is None where the text has none; `above`: a line over the headline."""

    title: str | None
    blocks: tuple[Block, ...]
    start: int
    end: int
    above: tuple[str, ...] = ()
    is_story: bool = False
    is_orphan: bool = False


def split(text: str, blocks: Sequence[Block]) -> list[Part]:
    """The documents of a file; a file of one document gives one Part that spans all of `text`."""
    headlines = _headlines(blocks) if _is_page(blocks) else []
    if headlines:
        return _stories(text, _with_kickers(blocks), headlines)
    starts = [0, *_later_laws(blocks)]
    if len(starts) == 1:
        return [_titled(blocks, 0, len(text))]
    stops = [*starts[1:], len(blocks)]
    return [_titled(blocks[a:b], blocks[a].start, blocks[b - 1].end) for a, b in zip(starts, stops, strict=True)]


def _titled(blocks: Sequence[Block], start: int, end: int) -> Part:
    at = title_block(blocks) if len(blocks) > 1 else None
    if at is None:
        return Part(None, tuple(blocks), start, end)
    return Part(blocks[at].plain, (*blocks[:at], *blocks[at + 1 :]), start, end)


def _is_page(blocks: Sequence[Block]) -> bool:
    signs = sum(1 for block in blocks if _NEWSPAPER.search(block.text[:200]))
    return signs >= _FEWEST_SIGNS and sum(1 for block in blocks if block.level) >= _FEWEST_SIGNS


def _headlines(blocks: Sequence[Block]) -> list[int]:
    """The headings at which a story begins.

    Not those are headlines that stand below a kicker with a colon (a heading inside the story), directly below another
    heading (a column or an author), or say the running title again.
    """
    found: list[int] = []
    for n, block in enumerate(blocks):
        before = blocks[n - 1] if n else None
        if not 0 < block.level <= _STORY_LEVEL or block.rank or article_head(block.plain):
            continue
        if before and (before.level or _opens_section(before) or (found and block.plain == blocks[found[-1]].plain)):
            continue
        found.append(n)
    return found


def _opens_section(block: Block) -> bool:
    return block.text.endswith((":", "：")) and len(block.text) <= _KICKER and not re.search("[。，,；]", block.text)


def _is_kicker(block: Block) -> bool:
    """A line over a headline: short, without punctuation; a dateline or byline in brackets closes a story instead."""
    return not block.level and 6 <= len(block.text) <= _KICKER and block.is_line and block.text[0] not in "（("


def _with_kickers(blocks: Sequence[Block]) -> list[Block]:
    """The blocks with each heading inside a story moved one level down and its kicker made a heading above it."""
    found = list(blocks)
    for n in range(1, len(found)):
        if found[n].level and not found[n - 1].level and _opens_section(found[n - 1]):
            found[n - 1 : n + 1] = [replace(found[n - 1], level=3), replace(found[n], level=4)]
    return found


def _stories(text: str, blocks: Sequence[Block], headlines: Sequence[int]) -> list[Part]:
    firsts = [n - 1 if n and _is_kicker(blocks[n - 1]) else n for n in headlines]
    parts: list[Part] = []
    if firsts[0]:
        parts.append(_orphan(blocks[: firsts[0]]))
    for first, headline, stop in zip(firsts, headlines, [*firsts[1:], len(blocks)], strict=True):
        title = blocks[headline].plain
        above = (blocks[first].plain,) if first < headline else ()
        inside = blocks[headline + 1 : stop]
        tail = _tail(inside)
        end = inside[tail - 1].end if tail else blocks[headline].end
        parts.append(Part(title, tuple(inside[:tail]), blocks[first].start, end, above, is_story=True))
        if inside[tail:]:
            parts.append(_orphan(inside[tail:]))
    return parts


def _orphan(blocks: Sequence[Block]) -> Part:
    return Part(None, tuple(blocks), blocks[0].start, blocks[-1].end, is_orphan=True)


def _tail(blocks: Sequence[Block]) -> int:
    """Where what surely belongs to a story ends: behind the last article of a plan, else at the first tear."""
    ignore = contents(blocks)
    if statute_heads(blocks, ignore):
        return len(blocks)
    if heads := plan_heads(blocks, ignore):
        return plan_tail(blocks, heads)
    for n in range(1, len(blocks)):
        if not blocks[n].level and (_is_torn(blocks[n - 1]) or _CONTINUED.match(blocks[n].text)):
            return n
    return len(blocks)


def _is_torn(block: Block) -> bool:
    """Whether a paragraph breaks off in mid-sentence; what stands below it may be of any story."""
    return not (block.level or block.is_line or block.is_closed or block.text.endswith((")", "）")))


def _later_laws(blocks: Sequence[Block]) -> list[int]:
    """The title lines of the second and later laws of a file: there the numbering begins again at 第一条."""
    ignore = contents(blocks)
    found: list[int] = []
    title, seen = None, False
    for n, block in enumerate(blocks):
        head = article_head(block.text) if n not in ignore else None
        if head and head.number == (1, 0) and seen and title is not None:
            found.append(title)
        if head:
            title, seen = None, True
        elif seen and title is None and not block.rank and block.is_line and _LAW.fullmatch(block.plain):
            title = n
    return found
