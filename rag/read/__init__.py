"""read: a file -> its text, the first arrow.

In: a path. Out: a Source, the whole text with newlines as `\\n`; of plain text and Markdown nothing else is changed, so
that spans and quotations stay true to the file. `find_files` walks folders. One module a format; the ending chooses.
It does not look for structure or titles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rag.errors import DocumentError
from rag.read import docx, html, pdf, scan, table
from rag.read.text import decode
from rag.source import Source


def _plain(data: bytes, path: Path) -> Source:
    return Source(decode(data, path))


_READERS: dict[str, Callable[[bytes, Path], Source]] = {
    ".csv": table.csv_source,
    ".docx": docx.source,
    ".htm": html.source,
    ".html": html.source,
    ".md": _plain,
    ".pdf": pdf.source,
    ".txt": _plain,
    ".xlsx": table.source,
    **dict.fromkeys((".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"), scan.source),
}
SUFFIXES = tuple(_READERS)
"""The file endings that can be read, lower case."""

LIMIT = 20 * 1024 * 1024
"""The largest file that is read, in bytes."""


def read(path: Path) -> Source:
    """The text of one file. Raises DocumentError: missing, unknown kind, too large, unreadable, damaged, empty."""
    data = _bytes(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DocumentError("document_kind_unknown", path=path, suffixes=" ".join(SUFFIXES))
    found = reader(data, path)
    if not found.text.strip():
        raise DocumentError("document_empty", path=path)
    return found


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The readable files among `paths` and below its folders, sorted, each once; hidden files are left out.

    A file named outright is kept whatever its ending, so that `read` can say what is wrong with it.
    Raises DocumentError for a path that does not exist and a folder that holds nothing readable.
    """
    found: set[Path] = set()
    for path in paths:
        try:
            found |= _below(path) if path.is_dir() else {path}
            path.stat()
        except FileNotFoundError as error:
            raise DocumentError("document_missing", path=path) from error
        except OSError as error:
            raise DocumentError("document_unreadable", path=path, reason=error.strerror or error) from error
    return sorted(found)


def _below(folder: Path) -> set[Path]:
    inside = {file for file in folder.rglob("*") if _is_readable(file.relative_to(folder)) and file.is_file()}
    if not inside:
        raise DocumentError("document_none", path=folder, suffixes=" ".join(SUFFIXES))
    return inside


def _is_readable(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.parts)


def _bytes(path: Path) -> bytes:
    """The file's bytes; pipes and devices are refused because reading them may never end."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise DocumentError("document_not_a_file", path=path)
        if size > LIMIT:
            raise DocumentError("document_too_large", path=path, size=-(-size // 2**20), limit=LIMIT // 2**20)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError("document_missing", path=path) from error
    except OSError as error:
        raise DocumentError("document_unreadable", path=path, reason=error.strerror or error) from error
