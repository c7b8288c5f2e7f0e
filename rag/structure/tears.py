"""The pieces of torn newspaper stories brought together: which loose paragraphs go on which story, and how surely.

In: the stories of a page, each with the blocks that surely belong to it, and the runs of blocks that may be anybody's.
Out: for each story the Runs that go on it, in reading order, and what nobody claims. The words decide, not the place on
the page: what a paragraph shares with a story that other stories have not (a Viterbi path through the loose blocks, so
that neighbours stay together unless the words part them), and at a tear whether the two halves make a word or phrase
that the page has elsewhere (雄安 + 新区) and balance the quotation marks.
It knows no headlines and cuts no sentences.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.structure.blocks import Block

SURE = 0.4
"""Confidence below which a run stays apart."""
# Costs and rewards in units of `nearness`, chosen on the stories of the sample page torn and shuffled at random: with
# them 274 of 300 stories are whole again (tests/test_pages.py runs 100 of them).
PASSES = 4
_SWITCH = 0.6
_FOREIGN = 0.4
_UNTORN = 0.2
_NOBODY = 0.35
_REACH = 4
_SHORT = 25
_COMMA = re.compile("[，,；;、]")
_WORDS = re.compile(r"[\u3400-\u9fff]+|[A-Za-z]{2,}|[0-9]+")
_OPENING, _CLOSING = "“「『", "”」』"


@dataclass(frozen=True)
class Run:
    """Loose blocks that go on a story, sure of it from 0 to 1; `inside`: in the middle of a sentence."""

    blocks: tuple[Block, ...]
    joined: float
    inside: bool


@dataclass
class Story:
    """A story while it is put together. `open`: whether it may go on elsewhere; `whole`: it has no foreign blocks."""

    title: str
    blocks: tuple[Block, ...]
    open: bool = True
    whole: bool = False
    runs: list[Run] = field(default_factory=list)

    @property
    def end(self) -> Block:
        return self.runs[-1].blocks[-1] if self.runs else self.blocks[-1]


def is_torn(block: Block) -> bool:
    """Whether a paragraph breaks off in mid-sentence; what stands below it may be of any story."""
    short = block.is_line and len(block.text) < (_SHORT if _COMMA.search(block.text) else 2 * _SHORT)
    return not (block.level or short or block.is_closed or block.text.endswith((")", "）")))


def join(stories: Sequence[Story], loose: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """Give every story its runs, in place; returns what is left of `loose`, each list cut where something went."""
    able = [n for n, story in enumerate(stories) if story.open]
    if not able or not loose:
        return [list(group) for group in loose]
    page = Page(stories, loose)
    owner: dict[Block, int] = {}
    for _ in range(PASSES):
        owner, before = {}, owner
        for group in loose:
            owner |= page.assigned(group, able, before)
        if owner == before:
            break
    claimed: set[Block] = set()
    for n in able:
        runs = [run for group in loose for run in _runs(group, owner, n)]
        while runs:
            run, sure, inside = page.next_run(stories[n], n, runs, owner)
            runs.remove(run)
            if sure >= SURE:
                stories[n].runs.append(Run(tuple(run), sure, inside))
                claimed |= set(run)
    return [part for group in loose for part in _cut(group, claimed)]


def foreign_tails(stories: Sequence[Story]) -> list[tuple[Block, ...]]:
    """What stands below a story that is not torn and goes on another that is: taken off the story, in place.

    Such a tail begins where another story's torn end goes on, and its words are nearer to that story.
    """
    torn = [n for n, story in enumerate(stories) if story.open and is_torn(story.end)]
    found = []
    for n, story in enumerate(stories):
        if story.whole or is_torn(story.end) or not torn:
            continue
        page = Page(stories, [story.blocks])
        best, at = 0.0, 0
        for k in range(1, len(story.blocks)):
            page.own[n] = _grams(story.title + "\n" + "\n".join(b.text for b in story.blocks[:k]))
            fit = max(page.fit(stories[m].end, story.blocks[k]) for m in torn)
            near = [page.nearness(block, [n, *torn], {}) for block in story.blocks[k:]]
            gain = max(sum(each[m] - each[n] for each in near) for m in torn)
            if fit >= 0 and gain / len(near) + fit > best:
                best, at = gain / len(near) + fit, k
        if best > _FOREIGN:
            found.append(story.blocks[at:])
            story.blocks = story.blocks[:at]
    return found


class Page:
    """What the words of a page say about which block goes with which story."""

    def __init__(self, stories: Sequence[Story], loose: Sequence[Sequence[Block]]) -> None:
        self.stories = stories
        self.text = "\n".join(b.text for part in (*(s.blocks for s in stories), *loose) for b in part)
        self.own = [_grams(story.title + "\n" + "\n".join(b.text for b in story.blocks)) for story in stories]
        self.grams = {block: _grams(block.text) for group in loose for block in group}
        spread = Counter(gram for grams in self.own for gram in grams)
        every = {gram for grams in (*self.own, *self.grams.values()) for gram in grams}
        self.weight = {gram: math.log(len(self.own) / max(1, spread[gram]) + 0.1) for gram in every}

    def assigned(self, group: Sequence[Block], able: Sequence[int], before: dict[Block, int]) -> dict[Block, int]:
        """The best path through a group: the story of each block, those of nobody left out."""
        states = [*able, -1]
        best = dict.fromkeys(states, 0.0)
        back: list[dict[int, int]] = []
        for at, block in enumerate(group):
            near = self.nearness(block, able, before)
            entered, came = {}, {}
            switch = 0.0 if at and is_torn(group[at - 1]) else _SWITCH
            for state in states:
                entry = self.entry(state, block, before)
                ways = {
                    old: best[old] + (0.0 if old == state and at else entry - (switch if at else 0)) for old in states
                }
                # A story that breaks off in the group goes on elsewhere: staying in it must close the tear as well.
                if at and state >= 0 and is_torn(group[at - 1]):
                    ways[state] = best[state] + self.fit(group[at - 1], block)
                came[state] = max(ways, key=lambda old: ways[old])
                entered[state] = ways[came[state]] + near[state]
            best = entered
            back.append(came)
        state = max(best, key=lambda s: best[s])
        found: dict[Block, int] = {}
        for block, came in zip(reversed(group), reversed(back), strict=True):
            found[block] = state
            state = came[state]
        return {block: state for block, state in found.items() if state >= 0}

    def nearness(self, block: Block, able: Sequence[int], before: dict[Block, int]) -> dict[int, float]:
        """0 to 1 for each story: what share of the nearest story's common wording it has; a constant for nobody."""
        shared: dict[int, float] = {}
        for n in able:
            more = [self.grams[b] for b, owner in before.items() if owner == n and b is not block]
            theirs = self.own[n].union(*more)
            total = sum(self.weight[gram] for gram in theirs) or 1.0
            common = sum(self.weight[gram] for gram in self.grams[block] & theirs)
            shared[n] = common / math.sqrt(total)
        most = max(shared.values()) or 1.0
        return {**{n: value / most for n, value in shared.items()}, -1: _NOBODY}

    def entry(self, state: int, block: Block, before: dict[Block, int]) -> float:
        """What speaks for a story going on at `block`: the best fit with one of its torn ends."""
        if state < 0:
            return 0.0
        theirs = [b for b, owner in before.items() if owner == state and b is not block]
        torn = [end for end in (self.stories[state].blocks[-1], *theirs) if is_torn(end)]
        # A tear is closed once: what another block closes better says nothing for this one.
        fits = [(self.fit(end, block), max((self.fit(end, b) for b in theirs), default=-1.0)) for end in torn]
        return max((fit for fit, best in fits if fit > best), default=-_UNTORN)

    def fit(self, end: Block, start: Block) -> float:
        """-1 to 1: whether `start` goes on in the sentence in which `end` breaks off."""
        left, right = end.text.rstrip()[-_REACH:], start.text[:_REACH]
        open_ = _depth(end.text) > 0
        closes = next((c in _CLOSING for c in start.text if c in _OPENING + _CLOSING), False)
        if open_ != closes or start.level:
            return -1.0
        longest = max(
            (
                i + j
                for i in range(1, len(left) + 1)
                for j in range(1, len(right) + 1)
                if left[-i:] + right[:j] in self.text
            ),
            default=0,
        )
        return min(1.0, (longest - 1) / 3) * 0.8 + 0.2 * open_ if longest or open_ else 0.0

    def next_run(
        self, story: Story, n: int, runs: Sequence[list[Block]], owner: dict[Block, int]
    ) -> tuple[list[Block], float, bool]:
        """Of a story's runs the one to be read next, how sure that is, and whether it goes on inside a sentence."""
        inside = is_torn(story.end)
        fits = [self.fit(story.end, run[0]) if inside else 0.0 for run in runs]
        at = max(range(len(runs)), key=lambda i: (fits[i], -i))
        others = [m for m, other in enumerate(self.stories) if other.open and m != n]
        gaps = []
        for block in runs[at]:
            near = self.nearness(block, [n, *others], owner)
            gaps.append(near[n] - max((near[m] for m in others), default=0.0))
        words = min(1.0, max(0.0, 0.5 + sum(gaps) / len(gaps)))
        return runs[at], round((words + fits[at]) / 2 if fits[at] > 0 else words * 0.8, 2), inside


def _runs(group: Sequence[Block], owner: dict[Block, int], n: int) -> list[list[Block]]:
    runs: list[list[Block]] = []
    for at, block in enumerate(group):
        if owner.get(block) == n:
            if at and owner.get(group[at - 1]) == n and not is_torn(group[at - 1]):
                runs[-1].append(block)
            else:
                runs.append([block])
    return runs


def _cut(group: Sequence[Block], claimed: set[Block]) -> list[list[Block]]:
    parts: list[list[Block]] = [[]]
    for block in group:
        if block in claimed:
            parts.append([])
        else:
            parts[-1].append(block)
    return [part for part in parts if part]


def _grams(text: str) -> frozenset[str]:
    """Two and three characters of Chinese, and the other words: enough to tell names and subjects."""
    runs = _WORDS.findall(text)
    chinese = {run[i : i + n] for run in runs if run[0] >= "\u3400" for n in (2, 3) for i in range(len(run) - n + 1)}
    return frozenset(chinese | {run for run in runs if run[0] < "\u3400"})


def _depth(text: str) -> int:
    return sum((c in _OPENING) - (c in _CLOSING) for c in text)
