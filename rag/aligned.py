"""A sentence on an article in the same language -> the place in it that carries the sentence, or why none does. Pure.

In: the words of a sentence (`worded.py`) and an article with the spans of its provisions. A sentence is carried by a
`Scope`, one sentence of the article or a list with its lead-in, when its words stand there in the same order: what is left
over in the sentence may not count, bound, refer, deny, bid or allow, nor stand before its verb; what is left out of the
clause may not deny or except what remains, nor be another's subject. It knows no meaning beyond the forms of `worded.py`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from rag.worded import BOUND, DENY, EXCEPT, MARK, MAY, MUST, NAME, NUMBER, PLACE, PLAIN, Word, words

LOST = 0.12
"""Share of a sentence's words that need not stand in what carries it: set on the tuning half of the calibration pairs."""

PART_LOST = 0.34
"""The same share for each comma-separated part or member of a list, so that an invented one does not hide."""

MOST = 16
"""How many places a sentence is cut at to find its two stretches in two sentences of the article."""

SHARED = 0.6
"""Share of a sentence's words that a scope must have in any order to be looked at."""

REASON = {
    NUMBER: "number",
    BOUND: "number",
    PLACE: "article",
    DENY: "negation",
    MAY: "negation",
    MUST: "negation",
    EXCEPT: "negation",
    NAME: "name",
}
ORDER = ("number", "name", "article", "negation", "content")
# What says that something is said: 规定, 提出, states.
HARMLESS = re.compile("(?:规定|明确|提出|指出|要求|包括|内容|相关|有关|具体|主要|通过|以下|如下|需要|到|上|中|会|state|say|provid|requir|must|"
                      "accord|given|certain|follow|person|mean|includ|specify|stipulat|shall| )*")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Scope:
    """Words of one sentence of an article, or of a list with its lead-in; for each its part, member, group and piece.

    Parts lie between commas, members also between 、; groups between semicolons, colons and full stops, and items.
    """

    words: tuple[Word, ...]
    part: tuple[int, ...]
    member: tuple[int, ...]
    group: tuple[int, ...]
    piece: tuple[int, ...]
    matcher: SequenceMatcher[str]
    have: frozenset[str]


@dataclass(frozen=True)
class Carried:
    """What carries a sentence: pieces of the article, and the share of the sentence's words that stand there."""

    scope: Scope
    pieces: frozenset[int]
    groups: frozenset[int]
    share: float
    headed: bool  # from the beginning of a sentence of the article


Piece = tuple[int, int, bool]
"""Start and end of a stretch of an article that no provision's bound divides, and whether it is an item of a list."""


@functools.lru_cache(maxsize=512)
def scopes(text: str, pieces: tuple[Piece, ...]) -> tuple[Scope, ...]:
    """What of an article may carry a sentence."""
    runs: list[list[tuple[Word, int]]] = []
    open_list = False
    for n, (start, end, is_item) in enumerate(pieces):
        found = words(text[start:end])
        if not any(word.kind != MARK for word in found):
            continue
        if not runs or not (is_item or open_list):
            runs.append([])
        runs[-1] += [(word, n) for word in found]
        open_list = found[-1].kind == MARK and ":" in found[-1].key
    return tuple(_scope(run) for run in runs)


def _scope(run: Sequence[tuple[Word, int]]) -> Scope:
    rows: list[tuple[Word, int, int, int, int]] = []
    part = member = group = 0
    before = run[0][1]
    for word, piece in run:
        if word.kind == MARK or piece != before:
            deep = piece != before or any(mark in word.key for mark in ";:。.!?\n")
            part, member, group = part + (word.key != "、" or deep), member + 1, group + deep
            before = piece
        if word.kind != MARK:
            rows.append((word, part, member, group, piece))
    own, parts, members, groups, pieces = zip(*rows, strict=True)
    keys = tuple(word.key for word in own)
    matcher: SequenceMatcher[str] = SequenceMatcher(None, "", keys, autojunk=False)
    return Scope(own, parts, members, groups, pieces, matcher, frozenset(keys))


class Sentence:
    """The words of a sentence, divided as a scope is; `places` are the provisions that its lead names."""

    def __init__(self, text: str) -> None:
        run = [(word, 0) for word in words(text)]
        scope = _scope(run) if any(word.kind != MARK for word, _ in run) else None
        self.words = scope.words if scope else ()
        self.part = scope.part if scope else ()
        self.member = scope.member if scope else ()
        self.have = scope.have if scope else frozenset()

    def cut(self, begin: int, end: int) -> Sentence:
        """Its words from `begin` to `end`."""
        new = object.__new__(Sentence)
        new.words, new.part, new.member = self.words[begin:end], self.part[begin:end], self.member[begin:end]
        new.have = frozenset(word.key for word in new.words)
        return new


def carried(said: Sentence, among: Sequence[Scope]) -> Carried | str:
    """What of `among` carries a sentence: one scope, or one for each of two stretches of it; else the first reason."""
    whole, every = _one(said, among), frozenset().union(*(scope.have for scope in among))
    if isinstance(whole, Carried) or len(said.have & every) < (1 - LOST) * len(said.have):
        return whole
    cuts = [n for n, (one, other) in enumerate(pairwise(said.part), 1) if one != other]
    for cut in cuts[:MOST]:
        first = _one(said.cut(0, cut), among)
        rest = _one(said.cut(cut, len(said.words)), among) if isinstance(first, Carried) else "content"
        if isinstance(first, Carried) and isinstance(rest, Carried):
            if rest.headed or (first.scope is rest.scope and first.groups >= rest.groups):
                share = (first.share * cut + rest.share * (len(said.words) - cut)) / len(said.words)
                return Carried(first.scope, first.pieces | rest.pieces, first.groups | rest.groups, share, first.headed)
    return whole


def _one(said: Sentence, among: Sequence[Scope]) -> Carried | str:
    """The first of the nearest scopes that carries all of it, else why the very nearest does not."""
    near = sorted(among, key=lambda scope: -len(scope.have & said.have))[:3]
    reasons = []
    for scope in near:
        if len(scope.have & said.have) < SHARED * len(said.have):
            break
        found = _on(said, scope)
        if isinstance(found, Carried):
            return found
        reasons.append(found)
    return reasons[0] if reasons else "content"


def _on(said: Sentence, scope: Scope) -> Carried | str:
    at = _alignment(said, scope)
    if not at:
        return "content"
    touched = {scope.group[j] for j in at.values()}
    if reason := _left_over(said, scope, at, touched) or _left_out(scope, at):
        return reason
    pieces = frozenset(scope.piece[j] for j in at.values())
    first = min(at.values())
    return Carried(scope, pieces, frozenset(touched), len(at) / len(said.words), first <= 1)


def _alignment(said: Sentence, scope: Scope) -> dict[int, int]:
    """Word of the sentence -> word of the scope, in order; a single character alone is chance."""
    scope.matcher.set_seq1([word.key for word in said.words])
    blocks = [[block.a, block.b, block.size] for block in scope.matcher.get_matching_blocks() if block.size]
    for before, after in pairwise(blocks):
        _slide(said, scope, before, after)
    blocks = [block for block in blocks if block[2]]
    at: dict[int, int] = {}
    for n, (i, j, size) in enumerate(blocks):
        if size == 1 and said.words[i].kind == PLAIN and len(said.words[i].key) == 1:
            near = min(j - sum(blocks[n - 1][1:]) if n else 99, blocks[n + 1][1] - j - 1 if n + 1 < len(blocks) else 99)
            if near > 2 and scope.member.count(scope.member[j]) > 1:
                continue
        at.update((i + k, j + k) for k in range(size))
    return at


def _slide(said: Sentence, scope: Scope, before: list[int], after: list[int]) -> None:
    """Where two stretches meet in words that the clause has at both places, they are parted where its own parts are."""
    (i, j, size), (k, m, _) = before, after
    if k != i + size:
        return
    left = right = 0
    while left < size and said.words[k - left - 1].key == scope.words[m - left - 1].key:
        left += 1
    while right < after[2] and said.words[k + right].key == scope.words[j + size + right].key:
        right += 1

    def fit(by: int) -> tuple[int, int]:
        end, begin = j + size + by, m + by
        clean = sum(of[end - 1] != of[end] for of in (scope.part, scope.group)) if by > -size else 2
        clean += sum(of[begin - 1] != of[begin] for of in (scope.part, scope.group)) if by < after[2] else 2
        return clean, -abs(by)

    by = max(range(-left, right + 1), key=fit)
    before[2] += by
    after[:] = k + by, m + by, after[2] - by


def _left_over(said: Sentence, scope: Scope, at: dict[int, int], touched: set[int]) -> str | None:
    """Why the words of the sentence that do not stand in the scope may not be there."""
    found = {_kind_of(said.words[i], scope, at) for i in range(len(said.words)) if i not in at}
    for reason in ORDER[:-1]:
        if reason in found:
            return reason
    plain = [word for word, group in zip(scope.words, scope.group, strict=True) if group in touched]
    lost: set[int] = set()
    for run in _runs([i for i in range(len(said.words)) if i not in at], said):
        heads = _is_head(run, said, at)
        if HARMLESS.fullmatch(
            " ".join(said.words[i].key for i in run)
            if said.words[run[0]].key.isascii()
            else "".join(said.words[i].key for i in run)
        ):
            continue
        if heads:
            return "content"
        if not _stands([said.words[i] for i in run], plain):
            lost.update(run)
    if len(lost) > LOST * len(said.words):
        return "content"
    for of in (said.part, said.member):
        for n in set(of):
            own = [i for i, m in enumerate(of) if m == n]
            if sum(i in lost for i in own) > PART_LOST * len(own):
                return "content"
    return None


def _kind_of(word: Word, scope: Scope, at: dict[int, int]) -> str:
    if word.kind == MUST:  # what a law plainly states is bidden
        parts = {scope.part[j] for j in at.values()}
        if not any(
            w.kind in (MUST, MAY, DENY) for w, part in zip(scope.words, scope.part, strict=True) if part in parts
        ):
            return "content"
    return REASON.get(word.kind, "content")


def _runs(left: list[int], said: Sentence) -> list[list[int]]:
    runs: list[list[int]] = []
    for i in left:
        if runs and runs[-1][-1] == i - 1 and said.part[i] == said.part[i - 1]:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs


def _is_head(run: list[int], said: Sentence, at: dict[int, int]) -> bool:
    """Whether words stand before what their part of the sentence says is done: who acts, most often."""
    part = said.part[run[0]]
    rest = [i for i in range(run[-1] + 1, len(said.words)) if said.part[i] == part]
    if not rest:
        return False
    begin = said.part.index(part)
    if any(said.words[i].kind in (MUST, MAY, DENY) for i in rest) or all(i not in at for i in range(begin, run[0])):
        return True
    return run[0] - begin < len(rest)


def _stands(run: Sequence[Word], within: Sequence[Word]) -> bool:
    if len(run) < 2 and len(run[0].key) == 1:
        return False
    return any(within[n : n + len(run)] == run for n in range(len(within) - len(run) + 1))


def _left_out(scope: Scope, at: dict[int, int]) -> str | None:
    """Why what is left out of the clause may not be."""
    there = set(at.values())
    first, last = min(there), max(there)
    parts = {scope.part[j] for j in there}
    for j, word in enumerate(scope.words):
        if j in there or word.kind in (PLAIN, NAME, PLACE, NUMBER):
            continue
        later = [k for k in there if k > j and scope.part[k] == scope.part[j]]
        before = [k for k in there if k < j and scope.part[k] == scope.part[j]]
        if (
            word.kind == DENY
            and later
            and (before or scope.member[j] == min(scope.member[k] for k in later) or _opens(scope, j))
        ):
            return "negation"
        if word.kind == MAY and later and before:
            return "negation"
        if word.kind == BOUND and (
            (j + 1 in there and scope.words[j + 1].kind == NUMBER)
            or (j - 1 in there and scope.words[j - 1].kind == NUMBER)
        ):
            return "number"
        if word.kind == EXCEPT and (
            scope.part[j] in parts or (scope.part[j] - 1 in parts and scope.part[j] - 1 == scope.part[last])
        ):
            return "negation"
    return "content" if _crosses(scope, sorted(there), first) else None


def _opens(scope: Scope, j: int) -> bool:
    """Whether word `j` stands in the first member of its part, so that the members after it hang on it."""
    return scope.member[j] == scope.member[scope.part.index(scope.part[j])]


def _crosses(scope: Scope, there: list[int], first: int) -> bool:
    """Whether the sentence goes on in another part of the clause behind its subject, or in a group behind its beginning."""
    for one, other in pairwise(there):
        if scope.part[one] == scope.part[other]:
            continue
        begin = scope.part.index(scope.part[other])
        skipped = scope.words[begin:other]
        if scope.group[one] != scope.group[other] and begin != scope.group.index(scope.group[other]):
            return True
        if sum(word.kind in (PLAIN, NAME) for word in skipped) >= 2:
            return True
    return False
