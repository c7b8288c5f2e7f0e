"""European law, and contracts and policies numbered like it: recitals, articles, annexes, and the chapters above them.

In: the Blocks of one document. Out: Sections, each a recital, article or annex, or text outside them (title, formulas,
signatures, footnotes), with Part, Title, Chapter and Section as headings. Which block opens an article is decided over
the whole document: the numbers rise. It does not look inside a section; that is for `points`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from rag.structure.articles import Section, rising
from rag.structure.blocks import Block

_BOLD = r"(?:\*\*|__)?"
_HEAD = re.compile(
    rf"#*\s*{_BOLD}(?:Article|ARTICLE|Art\.)\s+([0-9]{{1,4}}[a-z]{{0,2}}|[IVXLC]+)\b{_BOLD}\s*[.:–—-]?\s*"
)
_CLAUSE = re.compile(
    rf"#*\s*{_BOLD}(?:(?:Clause|CLAUSE|Section|SECTION)\s+)?([0-9]{{1,3}})(?:[.)]\s*|\s+){_BOLD}(?=[^\s0-9])"
)
_DECIMAL = re.compile(r"#*\s*([0-9]{1,3})\.[0-9]{1,3}(?![0-9])")
_RECITAL = re.compile(r"\(([0-9]{1,3})\)\s*(?=\S)")
_GROUP = re.compile(
    rf"{_BOLD}((?i:PART|TITLE|CHAPTER|SECTION|SUBSECTION))\s+([IVXLC]+[a-z]?|[0-9]+[a-z]?|[A-Z])\b{_BOLD}(?!\s*[,(a-z])"
)
_RANKS = {"part": 1, "title": 2, "chapter": 3, "section": 4, "subsection": 5}
_ANNEX = re.compile(rf"{_BOLD}(?:ANNEX|Annex|SCHEDULE|Schedule)\b\s*([IVXLC]+|[0-9]+|[A-Z])?\b{_BOLD}(?!\s*[,(a-z])")
_ADOPTED = re.compile(r"HA(VE|S) (ADOPTED|DECIDED|AGREED)|Have (adopted|agreed)")
_FORMULA = re.compile(r"This (Regulation|Directive|Decision) shall be binding in its entirety|Done at \S")
_FOOTNOTE = re.compile(r"\[\^\w+\]:|\(?[0-9*]{1,3}\)?\s.{0,400}\bOJ [LC]\b|\(?[0-9*]{1,3}\)?\s(See |Ibid)")
_LONGEST_TITLE = 250
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


@dataclass
class _Open:
    """What is being read: the sections found so far and the one that is open."""

    found: list[Section] = field(default_factory=list)
    above: list[tuple[int, str]] = field(default_factory=list)
    step: tuple[str, str] | None = None
    skip: int = 0
    group: list[Block] = field(default_factory=list)

    def close(self, step: tuple[str, str] | None = None, skip: int = 0) -> None:
        if self.group:
            headings = tuple(words for _, words in self.above)
            self.found.append(Section(self.step, tuple(self.group), headings, self.skip))
        self.step, self.skip, self.group = step, skip, []

    def put_above(self, rank: int, words: str) -> None:
        self.close()
        self.above = [*((r, w) for r, w in self.above if r < rank), (rank, words)]


def sections(blocks: Sequence[Block], ignore: Collection[int]) -> list[Section]:
    """The sections of a document in order; [] when it has neither articles nor numbered clauses."""
    heads = _heads(blocks, ignore, _HEAD) or _clauses(blocks, ignore)
    if not heads:
        return []
    first, last = min(heads), max(heads)
    recitals = _recitals(blocks[:first], ignore)
    at, names = _Open(), 0
    for n, block in enumerate(blocks):
        if n in ignore or n < names:
            at.close() if n in ignore else None
        elif n in heads:
            number, skip = heads[n]
            at.close(("article", number), skip)
            at.group = [block]
        elif n in recitals:
            number, skip = recitals[n]
            at.close(("recital", number), skip)
            at.group = [block]
        elif n > last and (annex := annex_of(block)) is not None:
            at.close(("annex", annex), len(block.text))
            at.above, at.group = [], [block]
        elif at.step and at.step[0] == "annex":
            at.group.append(block)
        elif group := _group(block):
            below = blocks[n + 1] if n + 1 < len(blocks) else None
            named = below is not None and n + 1 not in heads and _is_name(block, below)
            names = n + 2 if named else names
            at.put_above(group, f"{block.plain} {below.plain}" if named and below else block.plain)
        elif block.level and not (at.step and at.step[0] == "article" and len(at.group) == 1):
            at.put_above(0, block.plain)
        else:
            if _ends(block, at.step, n > last):
                at.close()
            at.group.append(block)
    at.close()
    return at.found


def annex_of(block: Block) -> str | None:
    """The number of the annex that a heading or short line opens, "0" for the only one; None when it opens none."""
    if block.level or block.is_line:
        match = _ANNEX.match(block.plain)
        return (match[1] or "0") if match else None
    return None


def is_footnote(block: Block) -> bool:
    """Whether a block is a footnote: it cites the Official Journal or is marked as one."""
    return bool(_FOOTNOTE.match(block.text))


def order(number: str) -> tuple[int, int]:
    """A key by which the numbers of articles rise: 5 < 5a < 6, IV < V."""
    if number[0] in _ROMAN:
        return roman(number), 0
    digits = number.rstrip("abcdefghijklmnopqrstuvwxyz")
    return int(digits), int.from_bytes(number[len(digits) :].encode())


def roman(number: str) -> int:
    """The value of a Roman number; of letters that make none, some number."""
    values = [_ROMAN.get(letter.upper(), 0) for letter in number]
    return sum(-v if v < max(values[n:]) else v for n, v in enumerate(values))


def _heads(blocks: Sequence[Block], ignore: Collection[int], pattern: re.Pattern[str]) -> dict[int, tuple[str, int]]:
    """The blocks that open an article, each with its number and how many characters come before its text."""
    found: dict[int, tuple[str, int]] = {}
    for n, block in enumerate(blocks):
        match = pattern.match(block.text) if n not in ignore else None
        # "Article 8 of the Charter" and "Article 6(1) shall apply" speak of an article, they do not open it.
        if match and (match.end() == len(block.text) or re.match("[A-Z‘“\"'«*\\[0-9(]", block.text[match.end() :])):
            spoken_of = block.text[match.end(1) : match.end(1) + 1] in ("(", ",", "-")
            if not spoken_of:
                found[n] = (match[1], match.end())
    kept = rising([(n, order(number)) for n, (number, _) in found.items()])
    heads = {n: found[n] for n in kept}
    return heads if len(heads) > 1 or [number for number, _ in heads.values()] == ["1"] else {}


def _clauses(blocks: Sequence[Block], ignore: Collection[int]) -> dict[int, tuple[str, int]]:
    """The blocks that open 1, 2, 3 in a contract or policy: the longest gapless run of headings, or with 1.1 below."""
    below = {match[1] for n, block in enumerate(blocks) if n not in ignore and (match := _DECIMAL.match(block.text))}
    run: dict[int, tuple[str, int]] = {}
    best: dict[int, tuple[str, int]] = {}
    for n, block in enumerate(blocks):
        match = _CLAUSE.match(block.text) if n not in ignore else None
        if match is None or not (block.level or match[1] in below or _is_title(block)):
            continue
        if match[1] == "1":
            run = {}
        if match[1] == str(len(run) + 1):
            run[n] = (match[1], match.end())
            best = max(best, run, key=len)
    return best if len(best) > 2 or (len(best) > 1 and below) else {}


def _recitals(blocks: Sequence[Block], ignore: Collection[int]) -> dict[int, tuple[str, int]]:
    if not any(re.search("whereas|recital", block.plain[:60], re.IGNORECASE) for block in blocks):
        return {}
    found = {
        n: (match[1], match.end())
        for n, block in enumerate(blocks)
        if n not in ignore and (match := _RECITAL.match(block.text)) and not is_footnote(block)
    }
    return {n: found[n] for n in rising([(n, order(number)) for n, (number, _) in found.items()])}


def _group(block: Block) -> int | None:
    """The rank of a Part, Title, Chapter or Section that a heading or unfinished line names."""
    match = _GROUP.match(block.plain) if block.level or _is_title(block) else None
    return _RANKS[match[1].lower()] if match else None


def _is_title(block: Block) -> bool:
    return len(block.text) <= _LONGEST_TITLE and not block.is_closed and not block.text.rstrip().endswith((".", ","))


def _is_name(group: Block, below: Block) -> bool:
    """Whether the line below a bare CHAPTER I is its name."""
    bare = re.fullmatch(r"\S+\s+\S+", group.plain.strip("*_"))
    plain_line = not below.level or below.level == group.level
    return bool(bare and plain_line and _is_title(below) and not _group(below) and not below.text.startswith("("))


def _ends(block: Block, step: tuple[str, str] | None, after_last: bool) -> bool:
    """Whether the open section ends before this block: a formula, a signature, footnotes below them."""
    if step and step[0] == "recital":
        return bool(_ADOPTED.match(block.plain))
    return step is not None and after_last and bool(_FORMULA.match(block.plain) or is_footnote(block))
