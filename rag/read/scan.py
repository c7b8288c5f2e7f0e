"""Scans and images: a picture -> its text by character recognition, with how sure it is.

In: the bytes of an image, or a page drawn by `pdf`. Out: a Source made by `layout`, each page with its confidence.
The recognition and its models come with the extra `ocr`; nothing is fetched. It does not straighten crooked pages.
"""

from __future__ import annotations

import functools
import importlib.util
import io
import logging
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rag.errors import DocumentError
from rag.read import layout
from rag.read.lines import Line, Sheet, clean, width
from rag.source import Source

if TYPE_CHECKING:
    from PIL.Image import Image

EDGE = 4_000
"""The longest edge of a picture that is looked at, in pixels; a larger one is made smaller."""
PIXELS = 120_000_000
FRAMES = 300
_SURE = 0.5
"""Confidence below which a line is noise."""
_LONG = 6
_UNEVEN = 0.35


def source(data: bytes, path: Path) -> Source:
    """The text of an image or of all pages of a TIFF. Raises DocumentError: damaged, too large, no recognition."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
            if image.width * image.height > PIXELS or frames > FRAMES:
                what = f"{frames} x {image.width} x {image.height}"
                raise DocumentError("document_too_long", path=path, what=what, limit=f"{FRAMES} x {PIXELS} pixels")
            sheets = []
            for number in range(1, frames + 1):
                image.seek(number - 1)
                sheets.append(sheet(image.convert("RGB"), number, path))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DocumentError("document_damaged", path=path) from error
    return layout.source(sheets)


def sheet(image: Image, number: int, path: Path) -> Sheet:
    """The lines of one picture. Raises DocumentError when the extra is not installed."""
    import numpy as np

    if importlib.util.find_spec("rapidocr") is None:
        raise DocumentError("document_needs_ocr", path=path, page=number)
    image.thumbnail((EDGE, EDGE))
    found = _engine()(np.asarray(image.convert("RGB"))[:, :, ::-1])
    if found.boxes is None:
        return Sheet(number, ())
    lines = []
    for corners, text, sure in zip(found.boxes, found.txts, found.scores, strict=True):
        left, top, right, bottom = (float(edge) for edge in (*corners.min(axis=0), *corners.max(axis=0)))
        if sure >= _SURE and text.strip():
            letters = clean(text.strip())
            lines.append(Line(letters, left, top, right, bottom, bottom - top, float(sure)))
    lines = _sized(lines)
    total = sum(len(line.text) for line in lines) or 1
    sure = sum((line.confidence or 0) * len(line.text) for line in lines) / total
    return Sheet(number, tuple(lines), round(sure, 3) if lines else None)


def _sized(lines: list[Line]) -> list[Line]:
    """The lines with sizes that can be compared: boxes found in a picture are higher or lower than the letters."""
    usual = median(line.size for line in lines) if lines else 1.0
    widths = [(line.right - line.left) / width(line.text) for line in lines if width(line.text) > _LONG]
    letter = median(widths) if widths else usual
    sizes = [1.0 if abs(line.size / usual - 1) < _UNEVEN else line.size / usual for line in lines]
    return [replace(line, size=size * letter) for line, size in zip(lines, sizes, strict=True)]


@functools.cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(params={"Global.log_level": "error"})
