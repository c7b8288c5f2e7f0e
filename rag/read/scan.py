"""Scans and images: a picture -> its text by character recognition, with how sure it is.

In: the bytes of an image, or a page drawn by `pdf`. Out: a Source made by `layout`, each page with its confidence.
The recognition and its models come with the extra `ocr`; nothing is fetched. It does not straighten crooked pages.
"""

from __future__ import annotations

import functools
import importlib.util
import io
import logging
import struct
import warnings
from collections.abc import Iterator
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
PIXELS = 80_000_000
"""The largest picture that is unpacked: A3 at 600 dots an inch. Some 300 MB."""
FRAMES = 300
_SURE = 0.5
"""Confidence below which a line is noise."""
_LONG = 6
_THIN = 4
_LEAST = 64
_ORIENTATION = 0x112
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, struct.error)
"""What PIL raises for files that are cut off or not what they say."""
_UNEVEN = 0.35


def is_there() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec("rapidocr") is not None


def source(data: bytes, path: Path, most: int = FRAMES) -> Source:
    """The text of an image or of the pages of a TIFF. Raises DocumentError: damaged, too large, more than `most` pages,
    no recognition."""
    return layout.source([sheet(image, number, path) for number, image in enumerate(_pictures(data, path, most), 1)])


def _pictures(data: bytes, path: Path, most: int) -> Iterator[Image]:
    """The pages of the file, unpacked."""
    from PIL import Image

    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data)) as image:
            frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
            for number in range(frames):
                image.seek(number)
                if image.width * image.height > PIXELS or frames > most:
                    what = f"{frames} x {image.width} x {image.height}"
                    raise DocumentError("document_too_long", path=path, what=what, limit=f"{most} x {PIXELS} pixels")
                image.load()
                yield _upright(image)
    except Image.DecompressionBombError as error:
        raise DocumentError("document_too_long", path=path, what=error, limit=f"{PIXELS} pixels") from error
    except _BROKEN as error:
        raise DocumentError("document_damaged", path=path) from error


def _upright(image: Image) -> Image:
    """A photograph as it was seen, not as the camera was held."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image) if image.getexif().get(_ORIENTATION, 1) != 1 else image


def _on_white(image: Image) -> Image:
    """The picture in colours, no larger than EDGE, on white where it is transparent, and padded where it is very thin:
    the recognition fails with pictures that are."""
    import numpy as np
    from PIL import Image

    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) // 256).astype("uint8"))
    if image.mode not in ("RGB", "L"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    scale = min(1.0, EDGE / max(image.size))
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    thick = max(image.size) // _THIN
    white = Image.new("RGB", (max(image.width, thick, _LEAST), max(image.height, thick, _LEAST)), "white")
    white.paste(image, mask=image if image.mode == "RGBA" else None)
    return white


def sheet(image: Image, number: int, path: Path) -> Sheet:
    """The lines of one picture. Raises DocumentError when the extra is not installed."""
    import numpy as np

    if not is_there():
        raise DocumentError("document_needs_ocr", path=path, page=number)
    found = _engine()(np.asarray(_on_white(image))[:, :, ::-1])
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
