"""PDF: bytes -> its text with the page of every character.

In: the bytes of a file. Out: a Source made by `layout` from the lines of the text layer; pages without one are read by
character recognition (`scan`). Letters that nobody sees on the page are left out: those without ink or in white are
looked for in its picture. It runs no scripts of the PDF and reads no forms or attachments, and does not find what is
painted over.
"""

from __future__ import annotations

import ctypes
import math
import time
from collections import Counter
from collections.abc import Container, Iterator
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
_SMALLEST = 600
"""How many times smaller than the short side of the page letters are that nobody can read: a point on A4."""
_FEW = 20
_UNKNOWN = 0.3
_DPI, _ROUGH = 200, 60
"""Of pages that are recognised, and of those on which letters are looked for."""
_OUTLINES = 100
_SECONDS = 9.0
"""The longest that the pages of a file may take without recognition."""
_DRAWING = 5.0
"""The longest that one page may take to be drawn for recognition."""
_LOOKING = 3.0
"""The longest that letters are looked for in one file; then those that would have to be are left out."""
_WHITE, _FAINT, _ALIKE = 224, 20, 32
"""Of 255: what is white, what lets all shine through, and the least difference of a letter from its ground."""


def source(data: bytes, path: Path, pages: int = PAGES, scans: int = scan.FRAMES) -> Source:
    """The text of the PDF. Raises DocumentError: encrypted, damaged, too long, or scanned and no recognition here."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        key = "document_encrypted" if "password" in str(error).lower() else "document_damaged"
        raise DocumentError(key, path=path) from error
    try:
        if len(document) > pages:
            raise DocumentError("document_too_long", path=path, what=f"{len(document)} pages", limit=f"{pages} pages")
        return layout.source(list(_sheets(document, path, scans)))
    except pypdfium2.PdfiumError as error:
        raise DocumentError("document_damaged", path=path) from error
    finally:
        document.close()


def _sheets(document: pypdfium2.PdfDocument, path: Path, scans: int) -> Iterator[Sheet]:
    read = scanned = 0
    spent = looked = 0.0
    for number in range(1, len(document) + 1):
        begun = time.monotonic()
        page = document[number - 1]
        shown = page.get_rotation()
        page.set_rotation(0)  # else the letters of a page that is shown upside down come in the wrong order
        text = page.get_textpage()
        read += text.count_chars()
        if read > CHARACTERS:
            raise DocumentError("document_too_long", path=path, what=f"{read} characters", limit=f"{CHARACTERS}")
        spent += time.monotonic() - begun
        begun = time.monotonic()
        unseen = _unseen(page, text, path, looked < _LOOKING)
        looked += time.monotonic() - begun
        begun = time.monotonic()
        lines = tuple(_lines(text, page.get_bbox(), unseen))
        letters = "".join(line.text for line in lines)
        unknown = sum(not c.isprintable() or c == "\ufffd" or "\ue000" <= c <= "\uf8ff" for c in letters)
        if (len(letters) < _FEW or unknown > _UNKNOWN * len(letters)) and _has_image(page):
            scanned += 1
            if scanned > scans:
                limit = f"{scans} scanned pages"
                raise DocumentError("document_too_long", path=path, what=f"{len(document)} pages", limit=limit)
            page.set_rotation(shown)
            picture = _drawn(page, path, _DPI)
            spent += time.monotonic() - begun
            yield scan.sheet(picture, number, path)
        else:
            spent += time.monotonic() - begun
            yield Sheet(number, lines)
        if spent > _SECONDS:
            raise DocumentError("document_too_long", path=path, what=f"{spent:.0f} s", limit=f"{_SECONDS:.0f} s")
        text.close()
        page.close()


def _drawn(page: Any, path: Path, dpi: int) -> Any:
    """The page as a picture. Raises DocumentError when drawing it takes too long."""
    import pypdfium2
    import pypdfium2.raw as raw

    scale = min(dpi / 72, scan.EDGE / max(*page.get_size(), 1))
    width, height = (max(1, math.ceil(edge * scale)) for edge in page.get_size())
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    end = time.monotonic() + _DRAWING
    pause = raw.IFSDK_PAUSE(version=1)
    pause.NeedToPauseNow = type(pause.NeedToPauseNow)(lambda _: time.monotonic() > end)
    status = raw.FPDF_RenderPageBitmap_Start(bitmap, page, 0, 0, width, height, 0, raw.FPDF_ANNOT, pause)
    raw.FPDF_RenderPage_Close(page)
    if status == raw.FPDF_RENDER_TOBECONTINUED:
        raise DocumentError("document_too_long", path=path, what="1 page", limit=f"{_DRAWING:.0f} s")
    if status != raw.FPDF_RENDER_DONE:
        raise DocumentError("document_damaged", path=path)
    return bitmap.to_pil()


def _has_image(page: Any) -> bool:
    """Whether a page without text shows something: a picture, or letters drawn as outlines."""
    import pypdfium2.raw as raw

    if any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
        return True
    drawn = page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3)
    return sum(1 for _ in islice(drawn, _OUTLINES)) == _OUTLINES


def _turn(text: Any) -> int:
    """How many quarter turns to the right most letters of a page have: tables are often set across the page."""
    import pypdfium2.raw as raw

    count = text.count_chars()
    angles = [raw.FPDFText_GetCharAngle(text, n) for n in range(0, count, count // 200 + 1)]
    turns = Counter(round(angle / (math.pi / 2)) % 4 for angle in angles if angle >= 0)
    return turns.most_common(1)[0][0] if turns else 0


def _upright(left: float, top: float, right: float, bottom: float, turn: int) -> tuple[float, float, float, float]:
    """A box of the PDF, y upwards, as left, top, right, bottom with y downwards in the direction that is read."""
    if turn == 1:
        return -top, -right, -bottom, -left
    if turn == 2:
        return -right, bottom, -left, top
    return (bottom, left, top, right) if turn else (left, -top, right, -bottom)


def _unseen(page: Any, text: Any, path: Path, may_look: bool) -> set[int]:
    """The letters of a page that are not to be seen in its picture; only those without ink or in white are looked for.

    Most of a page without ink and a picture: that is a scan with its recognised text, whose letters are in the picture.
    """
    import pypdfium2.raw as raw

    drawn = list(page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=3))
    inkless = {n for n, each in enumerate(drawn) if raw.FPDFTextObj_GetTextRenderMode(each.raw) in (3, 7)}
    if not inkless and not any(_is_pale(raw.FPDFPageObj_GetFillColor, each.raw) for each in drawn):
        return set()
    if 2 * len(inkless) > len(drawn) and _has_image(page):
        return set()
    suspects = {
        n
        for n in range(text.count_chars())
        if raw.FPDFTextObj_GetTextRenderMode(raw.FPDFText_GetTextObject(text, n)) in (3, 7)
        or _is_pale(raw.FPDFText_GetFillColor, text, n)
    }
    if not may_look or not min(page.get_size()):
        return suspects
    picture, (left, _, _, top) = _drawn(page, path, _ROUGH), page.get_bbox()
    wide, high = picture.width / page.get_width(), picture.height / page.get_height()
    found = set()
    for n in suspects:
        x, bottom, right, y = text.get_charbox(n)
        box = ((x - left) * wide - 1, (top - y) * high - 1, (right - left) * wide + 2, (top - bottom) * high + 2)
        ground = picture.crop(tuple(map(int, box))).getextrema() if right > x else ()
        if all(most - least < _ALIKE for least, most in ground):
            found.add(n)
    return found


def _is_pale(asked: Any, *of: Any) -> bool:
    """Whether what is asked of its colour is white or lets all shine through."""
    channels = [ctypes.c_uint() for _ in range(4)]
    if not asked(*of, *map(ctypes.byref, channels)):
        return False
    *ink, alpha = (channel.value for channel in channels)
    return alpha < _FAINT or min(ink) >= _WHITE


def _lines(text: Any, paper: tuple[float, float, float, float], unseen: Container[int] = ()) -> Iterator[Line]:
    """The lines of a page, cut where letters stand far apart; without letters `unseen`, off the paper or tiny."""
    import pypdfium2.raw as raw

    box = raw.FS_RECTF()
    place = ctypes.byref(box)
    letters: list[str] = []
    frame = [0.0] * 4
    gap = False
    turn = _turn(text)

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
        if not code or n in unseen or not raw.FPDFText_GetLooseCharBox(text, n, place) or not _is_on(paper, box):
            continue
        left, top, right, bottom = _upright(box.left, box.top, box.right, box.bottom, turn)
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


def _is_on(paper: tuple[float, float, float, float], box: Any) -> bool:
    """Whether a letter stands on the paper, in a size that can be read."""
    x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
    short = min(paper[2] - paper[0], paper[3] - paper[1])
    large = max(box.top - box.bottom, box.right - box.left) * _SMALLEST >= short
    return bool(large and paper[0] <= x <= paper[2] and paper[1] <= y <= paper[3])


def _is_wide(letter: str) -> bool:
    return letter >= "\u2e80"
