"""Where one document of a file ends and the next begins: newspaper pages, and several laws in one file.

In: a file's text and Blocks. Out: Parts, each the title, span and blocks of one document, in order, which together hold
all blocks. A page's stories begin at its headings. What stands below the end of a numbered plan, or below a paragraph
that breaks off, may be of any story: `tears` says whose it is, and what nobody surely claims is set apart rather than
cited under a title that may not be its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.structure.about import title_block
from rag.structure.articles import contents, is_dateline, plan_heads, plan_tail, statute_heads
from rag.structure.blocks import Block
from rag.structure.marks import article_head
from rag.structure.tears import Run, Story, foreign_tails, is_torn, join

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
    """One document of a file. `title` is None where the text has none; `above`: a line over the headline.

    `runs` go on it from elsewhere on the page, in reading order.
    """

    title: str | None
    blocks: tuple[Block, ...]
    start: int
    end: int
    above: tuple[str, ...] = ()
    is_story: bool = False
    is_orphan: bool = False
    runs: tuple[Run, ...] = ()


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
    loose: list[Sequence[Block]] = [blocks[: firsts[0]]] if firsts[0] else []
    for first, headline, stop in zip(firsts, headlines, [*firsts[1:], len(blocks)], strict=True):
        above = (blocks[first].plain,) if first < headline else ()
        inside = blocks[headline + 1 : stop]
        tail = _tail(inside)
        end = inside[tail - 1].end if tail else blocks[headline].end
        parts.append(Part(blocks[headline].plain, tuple(inside[:tail]), blocks[first].start, end, above, is_story=True))
        if inside[tail:]:
            loose.append(inside[tail:])
    loose = [part for group in loose for part in _from_marks(group, parts)]
    stories = [Story(part.title or "", part.blocks, *_openness(part)) for part in parts]
    loose += foreign_tails(stories)
    left = join(stories, loose)
    joined = [
        replace(
            part, blocks=story.blocks, end=story.blocks[-1].end if story.blocks else part.end, runs=tuple(story.runs)
        )
        for part, story in zip(parts, stories, strict=True)
    ]
    orphans = [Part(None, tuple(group), group[0].start, group[-1].end, is_orphan=True) for group in left]
    return sorted([*joined, *orphans], key=lambda part: part.start)


def _from_marks(group: Sequence[Block], parts: list[Part]) -> list[Sequence[Block]]:
    """A loose group without what continues another page (上接第一版): its first paragraph is a story without headline.

    It is named by the mark and its first words, because the headline stands on another page.
    """
    marks = [n for n, block in enumerate(group) if _CONTINUED.match(block.text)]
    for n in marks:
        mark, rest = re.split("[)）]", group[n].text, maxsplit=1)
        words = re.split("[，,。；;]", rest.strip(), maxsplit=1)[0]
        title = f"{mark[1:]}：{words[:_KICKER]}"
        parts.append(Part(title, (group[n],), group[n].start, group[n].end, is_story=True))
    kept = [0, *(n + 1 for n in marks)]
    return [group[a:b] for a, b in zip(kept, [*marks, len(group)], strict=True) if group[a:b]]


def _openness(part: Part) -> tuple[bool, bool]:
    """Whether a story may have pieces elsewhere: no signature or dateline ends it; and whether it is surely whole."""
    blocks = part.blocks
    plan = bool(plan_heads(blocks, contents(blocks)))
    return bool(blocks) and not plan and not blocks[-1].text.endswith((")", "）")), plan or not blocks


def _tail(blocks: Sequence[Block]) -> int:
    """Where what surely belongs to a story ends: behind the last article of a plan, else at the first tear."""
    ignore = contents(blocks)
    if statute_heads(blocks, ignore):
        return len(blocks)
    if heads := plan_heads(blocks, ignore):
        tail = plan_tail(blocks, heads)
        return tail + (tail < len(blocks) and is_dateline(blocks[tail]))
    for n in range(1, len(blocks)):
        if not blocks[n].level and (is_torn(blocks[n - 1]) or _CONTINUED.match(blocks[n].text)):
            return n
    return len(blocks)


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
