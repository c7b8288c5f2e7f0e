"""Document -> what its reader should know before trusting it: gaps in the numbering, unsure letters, joined pieces.

In: a Document. Out: Notes, each the key of a sentence in `rag/words` with its values; its JSON with them. It changes
nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from rag.labels import short_label
from rag.records import Document, Provision
from rag.reference import links
from rag.words import say

UNSURE = 0.9
"""Confidence of the character recognition below which a page is named."""


@dataclass(frozen=True)
class Note:
    key: str
    values: dict[str, object]

    def words(self, lang: str | None = None) -> str:
        return say(self.key, lang, **self.values)


def counts(document: Document) -> dict[str, int]:
    """How many provisions of each kind there are, in the order in which the kinds first stand in the text."""
    return dict(Counter(provision.path[-1][0] for provision in document.provisions))


def notes(document: Document) -> list[Note]:
    """What is to be said of a document; empty when there is nothing."""
    found = [
        Note("note_gap", {"before": short_label(document.lang, a.path), "after": short_label(document.lang, b.path)})
        for a, b in pairwise(document.children(()))
        if _is_gap(a, b)
    ]
    unsure = {piece.page: piece.read for piece in document.pieces if piece.read is not None and piece.read < UNSURE}
    found += [Note("note_unsure", {"page": page, "confidence": sure}) for page, sure in unsure.items()]
    joined = [piece.joined for piece in document.pieces if piece.joined is not None]
    if joined:
        found.append(Note("note_joined", {"n": len(joined), "least": min(joined)}))
    return found


def parsed(document: Document) -> dict[str, Any]:
    """A document as `tiaoyin parse --json` prints it: with pages, the references in it, and what is to be doubted."""
    found = [asdict(link) for provision in document.children(()) for link in links(document, provision)]
    warnings = [{"kind": note.key, **note.values} for note in notes(document)]
    data = document.to_json() | {"references": found, "warnings": warnings}
    for provision in data["provisions"]:
        piece = document.piece_at(provision["start"])
        if piece and piece.page is not None:
            provision |= {"page": piece.page, "confidence": piece.read}
    return data


def _is_gap(a: Provision, b: Provision) -> bool:
    """Whether numbers are left out between neighbours of one kind: 5 and 7, but not 5 and 5-1, 5-1 and 6, 5 and 5a."""
    (kind, first), (other, second) = a.path[0], b.path[0]
    before, after = (number.partition("-")[0].rstrip("abcdefghijklmnopqrstuvwxyz") for number in (first, second))
    return kind == other and before.isdecimal() and after.isdecimal() and int(after) - int(before) > 1
