"""Inside a section of European law: paragraphs 1., points (a), subpoints (i), decimals 1.1, and sentences.

In: the text of a document and a Section. Out: Provisions, parents before children. A list goes on where its numbers do:
(i) below (h) is the next letter or the first Roman number, as what follows says. Text below a list belongs to the
point while the list goes on, else to the paragraph. It does not decide what an article is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.records import Path, Provision
from rag.structure.articles import Section
from rag.structure.blocks import Block, sentences
from rag.structure.european import is_footnote, roman

_MARKS = (
    ("1.1", re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})+)\.?(?=\s|$)\s*")),
    ("1.", re.compile(r"([0-9]{1,3}[a-z]?)[.)](?=\s|$)\s*")),
    ("(1)", re.compile(r"\(([0-9]{1,3}[a-z]?)\)\s*")),
    ("(a)", re.compile(r"\(?([a-z]{1,5})\)\s*")),
    ("(A)", re.compile(r"\(([A-Z]{1,4})\)\s*")),
)
_ROMAN = re.compile("(x{0,3})(ix|iv|v?i{0,3})")
_PART = re.compile(r"(?:Section|SECTION|Part|PART)\s+([A-Z]|[0-9]+|[IVX]+)\b(?!\s*[,(a-z])")
_NAMES = {"article": ("paragraph", "point", "subpoint", "item"), "annex": ("point", "subpoint", "item")}
_LONGEST_TITLE = 250


@dataclass(frozen=True)
class _Mark:
    style: str
    number: str
    length: int


@dataclass
class _Node:
    """A provision in the making: `own` are the spans of its text that are no provision's below it."""

    path: Path
    start: int
    end: int
    own: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class _Open:
    """A list that is open: its style, the last number, the slot in `_NAMES`, its last node."""

    style: str
    number: str
    slot: int
    node: _Node


def clauses(text: str, lang: str, section: Section) -> list[Provision]:
    """The provisions of a recital, article or annex, its own first."""
    assert section.step is not None
    nodes = _Placing(text, section).nodes
    found: list[Provision] = []
    for node in nodes:
        found.append(Provision(node.path, node.start, node.end, section.headings))
        parts = [part for span in node.own for part in sentences(text, *span, lang)]
        if len(parts) > 1:
            steps = [(*node.path, ("sentence", str(n))) for n in range(1, len(parts) + 1)]
            found += [Provision(path, *part, section.headings) for path, part in zip(steps, parts, strict=True)]
    return sorted(found, key=lambda p: (p.start, -p.end, len(p.path)))


class _Placing:
    """The nodes of one section, put in place block by block."""

    def __init__(self, text: str, section: Section) -> None:
        assert section.step is not None
        self.text = text
        self.kind = section.step[0]
        self.names = _NAMES.get(self.kind, ())
        self.number = section.step[1]
        first, *rest = section.blocks
        self.base = _Node((section.step,), first.start, first.end)
        self.nodes = [self.base]
        self.top = self.base
        self.lists: list[_Open] = []
        self.seen: set[Path] = {self.base.path}
        spans = [(block.start, block.end) for block in self._bodies(first, rest, section.skip)]
        self.marks = [self._mark(start, end) for start, end in spans]
        self.spans = spans
        self.counted = self._counted()
        self.paragraph = 0
        for n in range(len(spans)):
            self._place(n)
        self._close()

    def _bodies(self, first: Block, rest: Sequence[Block], skip: int) -> list[Block]:
        """The blocks below the title, the first one without its number."""
        said = first.text[skip:].strip("*_ ")
        bodies = [block for block in rest if not block.is_comment and not is_footnote(block)]
        if said and (self.kind == "recital" or not (first.level or not first.text.rstrip().endswith(tuple('.:;”’"')))):
            return [Block(first.text[skip:], first.start + skip, first.end), *bodies]
        if not said and len(bodies) > 1 and self._is_title(bodies[0]):
            return bodies[1:]
        return bodies

    def _is_title(self, block: Block) -> bool:
        closed = block.is_closed or block.text.rstrip().endswith((".", ","))
        marked = self._mark_of(block.text) or _PART.match(block.plain)
        return block.level > 0 or (len(block.text) <= _LONGEST_TITLE and not closed and not marked)

    def _counted(self) -> bool:
        """Whether the unnumbered paragraphs of an article count: it has none with numbers, and more than one."""
        if self.kind != "article" or any(mark and mark.style in ("1.", "1.1") for mark in self.marks):
            return False
        return sum(1 for n, mark in enumerate(self.marks) if mark is None and not self._goes_on(n)) > 1

    def _goes_on(self, n: int) -> bool:
        """Whether an unnumbered block stands inside a list that goes on below it."""
        before = next((m for m in reversed(self.marks[:n]) if m), None)
        after = next((m for m in self.marks[n + 1 :] if m), None)
        return bool(before and after and not _is_first(after))

    def _mark_of(self, text: str) -> _Mark | None:
        for style, pattern in _MARKS:
            if match := pattern.match(text):
                return _Mark(style, match[1], match.end())
        return None

    def _mark(self, start: int, end: int) -> _Mark | None:
        return self._mark_of(self.text[start:end])

    def _place(self, n: int) -> None:
        start, end = self.spans[n]
        mark = self.marks[n]
        part = _PART.match(self.text[start:end].lstrip("#* ")) if self.kind == "annex" else None
        if part:
            self._open_part(part[1], start, end)
        elif mark is None or not self.names:
            self._text(n)
        elif (slot := self._slot(mark, n)) is None or not self._open_node(mark, slot, start, end):
            self._text(n, inside=True)

    def _open_part(self, number: str, start: int, end: int) -> None:
        path: Path = (*self.base.path, ("section", number))
        self.lists = []
        if path in self.seen:
            self._own(self.base, start, end)
            return
        self.top = self._add(path, start, end)
        self._own(self.top, start, end)

    def _slot(self, mark: _Mark, n: int) -> int | None:
        """In which list a mark stands; None where it goes on none and begins none. Deeper lists are closed."""
        if mark.style == "1.1":
            return self._decimal_slot(mark)
        for at in reversed(range(len(self.lists))):
            above = self.lists[at]
            if above.style == mark.style and _follows(above.number, mark.number):
                roman_below = mark.style == "(a)" and mark.number == "i" and self._is_roman(n)
                if not roman_below:
                    self.lists = self.lists[: at + 1]
                    return above.slot
            if above.style == "i" and mark.style == "(a)" and _follows_roman(above.number, mark.number):
                self.lists = self.lists[: at + 1]
                return above.slot
        if mark.style == "1.":
            return None if self.lists else 0
        if not _is_first(mark):
            return None
        lowest = 0 if self.kind == "annex" else 1
        return max(lowest, self.lists[-1].slot + 1) if self.lists else lowest

    def _decimal_slot(self, mark: _Mark) -> int | None:
        parts = mark.number.split(".")
        depth = len(parts) - (2 if self.kind == "article" and parts[0] == self.number else 1)
        self.lists = [above for above in self.lists if above.slot < depth]
        return depth if depth < len(self.names) else None

    def _is_roman(self, n: int) -> bool:
        """Whether (i) below (h) begins a list of its own: (ii) follows and not (j), or (h) announces a list."""
        after = next((m.number for m in self.marks[n + 1 :] if m and m.style == "(a)"), "")
        if after in ("ii", "j"):
            return after == "ii"
        return self.text[self.spans[n - 1][0] : self.spans[n - 1][1]].endswith((":", "：", "—"))

    def _open_node(self, mark: _Mark, slot: int, start: int, end: int) -> bool:
        if slot >= len(self.names):
            return False
        above = [each for each in self.lists if each.slot < slot]
        parent = above[-1].node if above else self.top
        number = mark.number.rpartition(".")[2] if mark.style == "1.1" else mark.number
        path: Path = (*parent.path, (self.names[slot], number))
        if path in self.seen:
            return False
        style = mark.style
        if style == "(a)" and mark.number == "i" and any(each.style == "(a)" for each in above):
            style = "i"
        node = self._add(path, start, end)
        self._own(node, start + mark.length, end)
        same = bool(self.lists) and self.lists[-1].slot == slot
        style = self.lists[-1].style if same else style
        self.lists = [*above, _Open(style, mark.number, slot, node)]
        return True

    def _text(self, n: int, inside: bool = False) -> None:
        """A block without a mark: of the point whose list goes on below it, else of the paragraph."""
        start, end = self.spans[n]
        if self.lists and (inside or self._goes_on(n)):
            after = next((m for m in self.marks[n + 1 :] if m), None)
            own = next((each for each in reversed(self.lists) if after and _continues(each, after)), self.lists[-1])
            self._own(own.node, start, end)
            return
        numbered = [each for each in self.lists if each.style in ("1.", "1.1") and self.kind == "article"]
        self.lists = numbered[:1]
        if numbered:
            self._own(numbered[0].node, start, end)
        elif self.counted:
            self.paragraph += 1
            self.top = self._add((*self.base.path, ("paragraph", str(self.paragraph))), start, end)
            self._own(self.top, start, end)
        else:
            self._own(self.top, start, end)

    def _add(self, path: Path, start: int, end: int) -> _Node:
        node = _Node(path, start, end)
        self.nodes.append(node)
        self.seen.add(path)
        return node

    def _own(self, node: _Node, start: int, end: int) -> None:
        if start < end:
            node.own.append((start, end))
        node.end = max(node.end, end)

    def _close(self) -> None:
        """Every node reaches as far as what stands below it."""
        ends = {node.path: node for node in self.nodes}
        for node in reversed(self.nodes):
            for depth in range(1, len(node.path)):
                parent = ends.get(node.path[:depth])
                if parent:
                    parent.end = max(parent.end, node.end)


def _is_first(mark: _Mark) -> bool:
    return mark.number in ("1", "a", "i", "A", "I")


def _continues(above: _Open, mark: _Mark) -> bool:
    if above.style == "i":
        return mark.style == "(a)" and _follows_roman(above.number, mark.number)
    return above.style == mark.style and _follows(above.number, mark.number)


def _follows(last: str, number: str) -> bool:
    """Whether a number goes on a list of digits or letters: 2 after 1, 1a after 1, c after b, aa after z or a."""
    return (last, number) == ("z", "aa") or (_rank(number) > _rank(last) and _rank(number)[0] - _rank(last)[0] <= 3)


def _rank(number: str) -> tuple[int, str]:
    digits = re.match("[0-9]+", number)
    if digits:
        return int(digits[0]), number[digits.end() :]
    letter = number[0].lower()
    if len(number) > 1 and len(set(number)) == 1 and letter >= "a":
        return ord(letter) - 96, number  # (aa) stands between (a) and (b), or below (z)
    return ord(letter) - 96, number[1:]


def _follows_roman(last: str, number: str) -> bool:
    return bool(_ROMAN.fullmatch(number)) and 0 < roman(number) - roman(last) <= 3
