"""A sentence and an article in the same language -> which words of the article are those of the sentence. Pure.

In: a sentence, and an article with the spans of its provisions. Out: `Scope`s, one for each sentence of the article and
each list with its lead-in, and which word of one a word of the sentence is, in order. It judges nothing; `carried.py`
does.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from rag.worded import MARK, PLAIN, Word, words


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
    leads: frozenset[int]  # the groups of the lead-in of a list
    matcher: SequenceMatcher[str]
    have: frozenset[str]


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
    leads: set[int] = set()
    before = run[0][1]
    for word, piece in run:
        if word.kind == MARK and ":" in word.key and not leads:
            leads = set(range(group + 1))
        if word.kind == MARK or piece != before:
            deep = piece != before or any(mark in word.key for mark in ";:。.!?\n")
            part, member, group = part + (word.key != "、" or deep), member + 1, group + deep
            before = piece
        if word.kind != MARK:
            rows.append((word, part, member, group, piece))
    own, parts, members, groups, pieces = zip(*rows, strict=True)
    keys = tuple(word.key for word in own)
    matcher: SequenceMatcher[str] = SequenceMatcher(None, "", keys, autojunk=False)
    return Scope(own, parts, members, groups, pieces, frozenset(leads), matcher, frozenset(keys))


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


def alignment(said: Sentence, scope: Scope) -> dict[int, int]:
    """Word of the sentence -> word of the scope, in order; a single character alone is chance."""
    matcher = copy.copy(scope.matcher)  # its index of the scope is shared, between threads too; what it compares is not
    matcher.set_seq1([word.key for word in said.words])
    blocks = [[block.a, block.b, block.size] for block in matcher.get_matching_blocks() if block.size]
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

    levels = (scope.member, scope.part, scope.group)

    def fit(by: int) -> tuple[int, int]:
        end, begin = j + size + by, m + by
        clean = sum(of[end - 1] != of[end] for of in levels) if by > -size else 3
        clean += sum(of[begin - 1] != of[begin] for of in levels) if by < after[2] else 3
        return clean, -abs(by)

    by = max(range(-left, right + 1), key=fit)
    before[2] += by
    after[:] = k + by, m + by, after[2] - by
