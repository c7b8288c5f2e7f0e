"""A file as read, and where in it the text of a document stands.

In and out: plain values. `read` makes a Source, `structure` makes Documents of it and tells by Pieces what part of a
document's text stands where in the source. Nothing here opens a file.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """A page of a PDF, scan or image: it begins at the character `start` of the source's text.

    `number` is one-based as a reader counts; `confidence` is that of the character recognition, 0 to 1, None where the
    characters stand in the file.
    """

    start: int
    number: int
    confidence: float | None = None


@dataclass(frozen=True)
class Source:
    """The text of one file with newlines as `\\n`; `pages` in order, empty for a file without pages."""

    text: str
    pages: tuple[Page, ...] = ()

    def page_at(self, offset: int) -> Page | None:
        """The page on which the character `offset` stands."""
        return next((page for page in reversed(self.pages) if page.start <= offset), None)


@dataclass(frozen=True)
class Piece:
    """`text[start:end]` of a document is what stands at `source` in the file's text, character for character.

    `page` and `read` are the number and the recognition confidence of its page; `joined` is how sure it is, 0 to 1,
    that this piece goes on from the one before it, None for the first and for what stands there unbroken.
    """

    start: int
    end: int
    source: int
    page: int | None = None
    read: float | None = None
    joined: float | None = None
