"""Inside a section: paragraphs (款), items (项), points (目) and sentences.

In: the text of a document and the blocks of one article, preamble, annex or loose run. Out: Provisions, parents before
children, their spans trimmed and free of the number in front, so that a quotation begins with the clause's own words.
It does not decide what an article is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.records import Path, Provision
from rag.structure.blocks import Block, sentences
from rag.structure.marks import Marker, marker_of

_DEPTHS = ("item", "point", "subpoint")
_REFERENCE = re.compile(r"[款项項目](?!目)|规定的")


@dataclass(frozen=True)
class _Piece:
    """One block in its place; `body` is where its text begins behind a number."""

    path: Path
    start: int
    body: int
    end: int


def clauses(
    text: str, lang: str, base: Path, blocks: Sequence[Block], headings: tuple[str, ...], statute: bool, skip: int = 0
) -> list[Provision]:
    """The provision `base` over `blocks` and all below it; `skip` characters of the first block are its number.

    A statute counts its 款: text below a list is a new one, and items are cited as 第一款第二项 even when there is no
    second. Elsewhere lists may begin at any number (a plan counts on from point to point), and text below an item
    goes on with it, unless a colon announced the list.
    """
    first, *rest = [_Piece(base, block.start, block.start, block.end) for block in blocks]
    own = _Piece(base, first.start, first.end, first.end)
    first = _Piece(base, first.start, first.start + skip, first.end)
    if first.body >= first.end or (skip and rest and _is_title(blocks[0], skip)):
        below = _placed(text, base, rest, statute)
    else:
        below = _placed(text, base, [first, *rest], statute)
    if below and below[0].path == base:
        own, below = replace(below[0], start=first.start), below[1:]
    return _provisions(text, lang, [own, *below], headings)


def _is_title(block: Block, skip: int) -> bool:
    """Whether the line behind an article's number only names it: 第一条 立法目的, 一、总体要求."""
    return bool(block.level) or (block.is_line and not re.search("[，,；;]", block.text[skip:]))


def paragraphs(text: str, lang: str, blocks: Sequence[Block], headings: tuple[str, ...], first: int) -> list[Provision]:
    """Each block as a top-level paragraph, numbered from `first`."""
    pieces = [
        _Piece((("paragraph", str(n)),), block.start, block.start, block.end) for n, block in enumerate(blocks, first)
    ]
    return _provisions(text, lang, pieces, headings)


def _placed(text: str, base: Path, pieces: Sequence[_Piece], statute: bool) -> list[_Piece]:
    """The pieces with their paths below `base`; a lone paragraph keeps `base` itself unless 款 are counted."""
    placed: list[tuple[int, tuple[Marker, ...], _Piece]] = []
    paragraph = 0
    open_: tuple[Marker, ...] = ()
    announced = False
    for piece in pieces:
        numbered = piece.body > piece.start  # the article's own number: what follows it is its first paragraph
        marker = None if numbered else _marker(text[piece.body : piece.end], open_, statute)
        depth = next((d for d, m in enumerate(open_) if marker and m.style == marker.style), len(open_))
        if open_ and (depth == len(_DEPTHS) or (marker is None and not statute and not announced)):
            number, items, above = placed[-1]  # deeper than there are names, or going on
            placed[-1] = (number, items, _Piece(above.path, above.start, above.body, piece.end))
        elif marker is None:
            paragraph, open_ = paragraph + 1, ()
            placed.append((paragraph, (), _Piece(base, piece.body, piece.body, piece.end)))
        else:
            if not open_:
                announced = bool(placed) and text[placed[-1][2].end - 1] in "：:"
            open_ = (*open_[:depth], marker)
            placed.append((paragraph, open_, _Piece(base, piece.start, piece.body + marker.length, piece.end)))
    counted = paragraph > 1 or (statute and any(items for _, items, _ in placed))
    return [
        _Piece(base + _steps(number if counted else 0, items), piece.start, piece.body, piece.end)
        for number, items, piece in placed
    ]


def _steps(paragraph: int, items: Sequence[Marker]) -> Path:
    steps = [("paragraph", str(paragraph))] if paragraph else []
    return tuple(steps + [(kind, str(marker.number)) for kind, marker in zip(_DEPTHS, items, strict=False)])


def _marker(body: str, open_: Sequence[Marker], statute: bool) -> Marker | None:
    """The list marker that opens `body`, if its number goes on an open list or begins one."""
    marker = marker_of(body)
    if marker is None or _REFERENCE.match(body, marker.length):
        return None
    for above in open_:
        if above.style == marker.style:
            return marker if marker.number > above.number else None
    return marker if marker.number == 1 or not statute else None


def _provisions(text: str, lang: str, pieces: Sequence[_Piece], headings: tuple[str, ...]) -> list[Provision]:
    found: list[Provision] = []
    for n, piece in enumerate(pieces):
        end = _end(pieces, n)
        found.append(Provision(piece.path, piece.start, end, headings))
        parts = sentences(text, piece.body, piece.end, lang)
        if len(parts) > 1:
            for number, (start, stop) in enumerate(parts, 1):
                found.append(Provision((*piece.path, ("sentence", str(number))), start, stop, headings))
    return found


def _end(pieces: Sequence[_Piece], n: int) -> int:
    """Where the piece `n` ends with everything below it."""
    path, last = pieces[n].path, n
    while last + 1 < len(pieces) and pieces[last + 1].path[: len(path)] == path:
        last += 1
    return pieces[last].end
