"""PDF: bytes -> its text with the page of every character.

In: the bytes of a file. Out: a Source made by `layout` from the lines of the text layer; pages without one are read by
character recognition (`scan`). It runs no scripts of the PDF and reads no forms or attachments.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import DocumentError
from rag.read import layout, scan
from rag.read.lines import Line, Sheet, clean
from rag.source import Source

if TYPE_CHECKING:
    import pypdfium2

PAGES = 3_000
CHARACTERS = 2_000_000
"""The most that is read of one file, so that no file takes longer than some ten seconds."""
_FEW = 20
_UNKNOWN = 0.3
_DPI = 200
_OUTLINES = 100
_LARGEST = 14_400
"""The largest page there may be, in points; the format's own limit."""


def source(data: bytes, path: Path) -> Source:
    """The text of the PDF. Raises DocumentError: encrypted, damaged, too long, or scanned and no recognition here."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        key = "document_encrypted" if "password" in str(error).lower() else "document_damaged"
        raise DocumentError(key, path=path) from error
    try:
        if len(document) > PAGES:
            raise DocumentError("document_too_long", path=path, what=f"{len(document)} pages", limit=f"{PAGES} pages")
        return layout.source(list(_sheets(document, path)))
    except pypdfium2.PdfiumError as error:
        raise DocumentError("document_damaged", path=path) from error
    finally:
        document.close()


def _sheets(document: pypdfium2.PdfDocument, path: Path) -> Iterator[Sheet]:
    read = 0
    for number in range(1, len(document) + 1):
        page = document[number - 1]
        width, height = page.get_size()
        text = page.get_textpage()
        read += text.count_chars()
        if read > CHARACTERS:
            raise DocumentError("document_too_long", path=path, what=f"{read} characters", limit=f"{CHARACTERS}")
        lines = tuple(_lines(text, height)) if max(width, height) <= _LARGEST else ()
        letters = "".join(line.text for line in lines)
        unknown = sum(not c.isprintable() or c == "\ufffd" or "\ue000" <= c <= "\uf8ff" for c in letters)
        if (len(letters) < _FEW or unknown > _UNKNOWN * len(letters)) and _has_image(page):
            scale = min(_DPI / 72, scan.EDGE / max(width, height))
            yield scan.sheet(page.render(scale=scale).to_pil(), number, path)
        else:
            yield Sheet(number, lines)
        text.close()
        page.close()


def _has_image(page: Any) -> bool:
    """Whether a page without text shows something: a picture, or letters drawn as outlines."""
    import pypdfium2.raw as raw

    if any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
        return True
    drawn = page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3)
    return sum(1 for _ in islice(drawn, _OUTLINES)) == _OUTLINES


def _lines(text: Any, height: float) -> Iterator[Line]:
    """The lines of a page, cut where letters stand far apart."""
    import pypdfium2.raw as raw

    box = raw.FS_RECTF()
    place = ctypes.byref(box)
    letters: list[str] = []
    frame = [0.0] * 4
    gap = False

    def line() -> Line:
        left, top, right, bottom = frame
        return Line(clean("".join(letters)).strip(), left, top, right, bottom, bottom - top)

    for n in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, n)
        if code in (10, 13):
            if letters:
                yield line()
            letters, gap = [], False
            continue
        if code in (32, 160):
            gap = True
            continue
        if not code or not raw.FPDFText_GetLooseCharBox(text, n, place):
            continue
        left, top, right, bottom = box.left, height - box.top, box.right, height - box.bottom
        middle = (top + bottom) / 2
        letter = chr(code)
        if _is_wide(letter) and bottom - top < 0.7 * (right - left):  # the box of 一 is its stroke
            top, bottom = middle - (right - left) / 2, middle + (right - left) / 2
        size = bottom - top
        if letters and (left - frame[2] > 2 * size or left < frame[0] - size or not frame[1] < middle < frame[3]):
            yield line()
            letters, gap = [], False
        if not letters:
            frame = [left, top, right, bottom]
        elif gap and (left - frame[2] > 0.25 * size or not (_is_wide(letter) and _is_wide(letters[-1]))):
            letters.append(" ")
        letters.append(letter)
        frame = [min(frame[0], left), min(frame[1], top), max(frame[2], right), max(frame[3], bottom)]
        gap = False
    if letters:
        yield line()


def _is_wide(letter: str) -> bool:
    return letter >= "\u2e80"
