"""A sentence on an article in the same language -> what of the article carries it, or why nothing does. Pure.

In: the words of a sentence, and the scopes of an article (`aligned.py`). A scope must have its words in the same order.
What is left over in the sentence may not count, bound, refer, name, deny, bid or allow, nor stand before its verb; what
is left out of the clause may not deny, allow, bound or except what remains, nor be another's subject. It knows no
meaning beyond the forms of `worded.py`. Rules and thresholds were set on `tests/benchmarks/calibrate.py --half 0`; on
104 laws that were not looked at 99.7 % of changed facts and 99 % of changed subjects are caught, and 0.5 % of what is
true is thrown out; on the AI Act 99.7 %, 100 % and 0.3 %.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.aligned import Scope, Sentence, alignment
from rag.worded import BOUND, DENY, EXCEPT, MAY, MUST, NAME, NUMBER, PLACE, PLAIN, Word

LOST = 0.12
"""Share of a sentence's words that need not stand in what carries it."""

PART_LOST = 0.34
"""The same share for each comma-separated part and each member of a list, so that an invented one does not hide."""

SHARED = 0.6
"""Share of a sentence's words that a scope must have in any order to be looked at."""

NEAR, CUTS = 3, 16
"""How many scopes are looked at; and how many places a sentence is cut at to find its two halves in two of them."""

REASONS = {NUMBER: "number", BOUND: "number", NAME: "name", PLACE: "article"} | dict.fromkeys(
    (DENY, MUST, MAY, EXCEPT), "negation"
)
ORDER = ("negation", "number", "name", "article")
VERBS = (MUST, MAY, DENY)
SAYING = re.compile("(?:规定|提出|指出|state|say|provid)+")
# What says nothing of its own.
HARMLESS = re.compile(
    "(?:规定|提出|指出|相关|有关|以下|如下|需要|到|上|中|会|state|say|provid|requir|given|certain|follow|mean|specify)+"
)
DENYING = re.compile("[不未无非].")
# Characters that say where or when: 范围内 is not 范围外.
SIDES = frozenset("内外前后")
# Prepositions: what is left out behind one is nobody who acts.
TO = frozenset("向按依自经至")


@dataclass(frozen=True)
class Carried:
    """What carries a sentence: pieces of the article, and the share of the sentence's words that stand there."""

    scope: Scope
    places: frozenset[int]  # of its words
    pieces: frozenset[int]
    groups: frozenset[int]
    share: float
    headed: bool  # from the beginning of a sentence of the article


def carried(said: Sentence, among: Sequence[Scope]) -> Carried | str:
    """What of `among` carries a sentence: one scope, or one for each of two stretches of it; else the first reason."""
    whole, every = _one(said, among), frozenset().union(*(scope.have for scope in among))
    if isinstance(whole, Carried) or len(said.have & every) < (1 - LOST) * len(said.have):
        return whole
    cuts = [n for n, (one, other) in enumerate(pairwise(said.part), 1) if one != other]
    for cut in cuts[:CUTS]:
        first = _one(said.cut(0, cut), among)
        rest = _one(said.cut(cut, len(said.words)), among) if isinstance(first, Carried) else "content"
        if isinstance(first, str) or isinstance(rest, str):
            continue
        if rest.headed or _swapped(first, rest):
            share = (first.share * cut + rest.share * (len(said.words) - cut)) / len(said.words)
            pieces, groups = first.pieces | rest.pieces, first.groups | rest.groups
            return Carried(first.scope, first.places, pieces, groups, share, first.headed)
    return whole


def _swapped(first: Carried, rest: Carried) -> bool:
    """Whether both stand in one sentence of a list or in one group, such as an item before what its lead-in orders."""
    if first.scope is not rest.scope or first.places & rest.places:
        return False
    return first.groups >= rest.groups or (0 in rest.groups and rest.groups <= first.scope.leads)


def _one(said: Sentence, among: Sequence[Scope]) -> Carried | str:
    """The first of the nearest scopes that carries all of it, else why the very nearest does not."""
    near = sorted(among, key=lambda scope: -len(scope.have & said.have))[:NEAR]
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
    at = alignment(said, scope)
    if not at:
        return "content"
    if reason := _left_over(said, scope, at) or _left_out(scope, sorted(at.values())):
        return reason
    pieces, groups = (frozenset(of[j] for j in at.values()) for of in (scope.piece, scope.group))
    return Carried(scope, frozenset(at.values()), pieces, groups, len(at) / len(said.words), min(at.values()) <= 1)


def _left_over(said: Sentence, scope: Scope, at: dict[int, int]) -> str | None:
    """Why the words of the sentence that do not stand in the scope may not be there."""
    over = [i for i in range(len(said.words)) if i not in at]
    groups, parts = ({of[j] for j in at.values()} for of in (scope.group, scope.part))
    bidden = any(
        word.kind in VERBS or word.key in "≥≤"
        for word, group in zip(scope.words, scope.group, strict=True)
        if group in groups
    )
    found = {_reason(said.words[i], bidden) for i in over}
    for reason in ORDER:
        if reason in found:
            return reason
    near = [word for word, part in zip(scope.words, scope.part, strict=True) if part in parts]
    lost: set[int] = set()
    for run in _runs(over, said):
        own = [said.words[i] for i in run]
        spoken = HARMLESS.fullmatch(_joined(own)) and said.member.count(said.member[run[0]]) > len(run)
        if _is_head(run, said, at) and not (run[0] == 0 and SAYING.fullmatch(_joined(own))):
            return "content"
        if not spoken and not _stands(own, near):
            lost.update(run)
    if len(lost) > LOST * len(said.words) or any(said.words[i].key in SIDES for i in lost):
        return "content"
    for of in (said.part, said.member):
        for n in {of[i] for i in lost}:
            mine = [i for i, m in enumerate(of) if m == n]
            if sum(i in lost for i in mine) > PART_LOST * len(mine):
                return "content"
    return None


def _joined(run: Sequence[Word]) -> str:
    return "".join(word.key for word in run)


def _reason(word: Word, bidden: bool) -> str:
    """Why a word may not be left over; what a law plainly states (`bidden` is false) is bidden all the same."""
    if word.kind == PLAIN and DENYING.match(word.key):
        return "negation"
    return "content" if word.kind == MUST and not bidden else REASONS.get(word.kind, "content")


def _runs(left: Sequence[int], said: Sentence) -> Iterator[list[int]]:
    run: list[int] = []
    for i in left:
        if run and not (run[-1] == i - 1 and said.part[i] == said.part[i - 1]):
            yield run
            run = []
        run.append(i)
    if run:
        yield run


def _is_head(run: Sequence[int], said: Sentence, at: dict[int, int]) -> bool:
    """Whether words stand before what their part of the sentence says is done: who acts, most often."""
    part = said.part[run[0]]
    begin = said.part.index(part)
    rest = range(run[-1] + 1, begin + said.part.count(part))
    if any(said.words[i].kind in VERBS for i in rest):
        return True
    return bool(rest) and (run[0] - begin < len(rest) or not any(i in at for i in range(begin, run[0])))


def _stands(run: Sequence[Word], within: Sequence[Word]) -> bool:
    if len(run) < 2 and len(run[0].key) == 1:
        return False
    return any(within[n : n + len(run)] == run for n in range(len(within) - len(run) + 1))


def _left_out(scope: Scope, kept: Sequence[int]) -> str | None:
    """Why what is left out of the clause may not be."""
    there = set(kept)
    ends: dict[int, tuple[int, int]] = {}
    for k in kept:
        ends[scope.part[k]] = (ends.get(scope.part[k], (k, k))[0], k)
    for j, word in enumerate(scope.words):
        if j in there or word.kind in (NAME, PLACE, NUMBER) or (word.kind == PLAIN and len(word.key) == 1):
            continue
        first, last = ends.get(scope.part[j], (j, j))
        inside = j - 1 in there and j + 1 in there
        if word.kind == DENY and last > j and (first < j or scope.member[j] == scope.member[first] or _opens(scope, j)):
            return "negation"
        if word.kind == MAY and kept[0] < j < last and not any(scope.words[k].kind == MAY for k in kept if k < j):
            return "negation"
        if word.kind == PLAIN and inside and DENYING.match(word.key):
            return "negation"
        beside = (k for k in (j - 1, j + 1) if k in there and scope.part[k] == scope.part[j])
        if word.kind == BOUND and (inside or any(scope.words[k].kind == NUMBER for k in beside)):
            return "number"
        if word.kind == EXCEPT and _excepts(scope, j, ends):
            return "negation"
    return "content" if _crosses(scope, kept) or _widens(scope, there) else None


def _excepts(scope: Scope, j: int, kept: Container[int]) -> bool:
    """Whether an exception is one to a part that is kept: 除…外 to the next, 除外 and unless to the one before."""
    other = scope.part[j] + (1 if scope.words[j].key == "除" else -1)
    near = (k for k in range(len(scope.words)) if scope.part[k] == other and scope.group[k] == scope.group[j])
    return scope.part[j] in kept or (other in kept and next(near, None) is not None)


def _opens(scope: Scope, j: int) -> bool:
    """Whether word `j` stands in the first member of its part, so that the members after it hang on it."""
    return scope.member[j] == scope.member[scope.part.index(scope.part[j])]


def _crosses(scope: Scope, kept: Sequence[int]) -> bool:
    """Whether it goes on behind the subject of another part of the clause, or behind where another group begins."""
    for one, other in pairwise(kept):
        if _spliced(scope, one, other):
            return True
        if scope.part[one] == scope.part[other]:
            continue
        begin = scope.part.index(scope.part[other])
        if scope.group[one] != scope.group[other] and begin != scope.group.index(scope.group[other]):
            return True
        skipped = [word for word in scope.words[begin:other] if word.kind in (PLAIN, NAME)]
        if skipped and skipped[0].key in TO:
            continue
        if len(skipped) >= 2 or (skipped and scope.group[one] != scope.group[other] and len(skipped[0].key) > 1):
            return True
    return False


def _spliced(scope: Scope, one: int, other: int) -> bool:
    """Whether what was kept begins as one member of a list and ends as another: 数据生成 of 数据采集、模型生成."""
    if scope.member[one] == scope.member[other]:
        return False
    left = [j for j in range(one + 1, other) if scope.words[j].kind == PLAIN]
    ends = [sum(len(scope.words[j].key) for j in left if scope.member[j] == scope.member[k]) for k in (one, other)]
    return min(ends) > 1


def _widens(scope: Scope, there: set[int]) -> bool:
    """Whether who acts has lost a word before the one it belongs to: 平台经营者 is not 经营者."""
    for verb in (j for j in there if scope.words[j].kind in (MUST, MAY)):
        begin = scope.member.index(scope.member[verb])
        kept = next((j + 1 for j in range(verb - 1, begin - 1, -1) if j not in there), begin)
        if kept in (begin, verb):
            continue
        ends = (j + 1 for j in range(kept - 1, begin - 1, -1) if j in there or scope.words[j].kind != PLAIN)
        lost = next(ends, begin)
        least = 1 if scope.words[kept].key.isascii() else 2
        if kept - lost >= least and (least == 1 or lost > begin):
            return True
    return False
