"""read: a file -> its text, the first arrow.

In: a path. Out: a Source, the whole text with newlines as `\\n`, without the characters that nobody sees; of plain text
and Markdown nothing else is changed but that comments go, so that spans and quotations stay true to the file.
`find_files` walks folders. One module a format; the ending chooses. It does not look for structure or titles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path

from rag.errors import DocumentError
from rag.read import docx, html, pdf, scan, table
from rag.read.files import File, bytes_of, find, uploaded
from rag.read.text import decode
from rag.source import Source
from rag.unseen import seen

# All but the marks that a collection of laws sets between heading and text: <!-- INFO END -->.
_COMMENT = re.compile(r"<!--(?! [A-Z ]{1,20} -->).*?(?:-->|\Z)", re.DOTALL)


def _plain(data: bytes, path: Path) -> Source:
    return Source(decode(data, path))


def _markdown(data: bytes, path: Path) -> Source:
    return Source(_COMMENT.sub("", decode(data, path)))


_Reader = Callable[[bytes, Path], Source]
_READERS: dict[str, _Reader] = {
    ".csv": table.csv_source,
    ".docx": docx.source,
    ".htm": html.source,
    ".html": html.source,
    ".md": _markdown,
    ".pdf": pdf.source,
    ".txt": _plain,
    ".xlsx": table.source,
    **dict.fromkeys((".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"), scan.source),
}
SUFFIXES = tuple(_READERS)
"""The file endings that can be read, lower case."""


@dataclass(frozen=True)
class Limits:
    """How much of a file from a stranger is read.

    `pages` of a PDF, of which a tenth may be scanned, and a tenth as many of an image, since recognition takes long;
    `unpacked` bytes of an Office package: 20 MB take some 15 s, and 570 KB can unpack to 190 MB.
    """

    pages: int
    unpacked: int


def offered() -> tuple[str, ...]:
    """Those of SUFFIXES that are worth offering: pictures only where their characters can be recognised."""
    return tuple(suffix for suffix, reader in _READERS.items() if reader is not scan.source or scan.is_there())


def read(path: Path) -> Source:
    """The text of one file. Raises DocumentError: missing, unknown kind, too large, unreadable, damaged, empty."""
    return text_of(File(str(path), path.suffix.lower(), lambda: bytes_of(path)))


def text_of(file: File, data: bytes | None = None, limits: Limits | None = None) -> Source:
    """The text of a File, whose bytes may be loaded already. Raises DocumentError."""
    data = file.load() if data is None else data
    reader = _READERS.get(file.suffix)
    if reader is None:
        raise DocumentError("document_kind_unknown", path=file.name, suffixes=" ".join(offered()))
    reader = _limited(limits).get(reader, reader) if limits else reader
    try:
        found = reader(data, Path(file.name))
    except DocumentError as error:  # a Path would change https:// and the name of a member of an archive
        raise DocumentError(error.key, **{**error.values, "path": file.name}) from error
    found = _seen(found)
    if not found.text.strip():
        raise DocumentError("document_empty", path=file.name)
    return found


def _seen(source: Source) -> Source:
    """The source without the characters that nobody sees; its pages begin where they did."""
    if (text := seen(source.text)) == source.text:
        return source
    starts = [page.start for page in source.pages]
    parts = [seen(source.text[a:b]) for a, b in pairwise([0, *starts, len(source.text)])]
    moved = [*accumulate(len(part) for part in parts)]
    pages = tuple(replace(page, start=at) for page, at in zip(source.pages, moved, strict=False))
    return Source(text, pages)


def find_files(names: Sequence[str | Path], private: bool = False) -> list[File]:
    """The Files that paths, folders, archives and addresses mean; see `files.find`."""
    return find(names, SUFFIXES, private)


def files_in(name: str, data: bytes) -> list[File]:
    """The Files in what somebody sent under a name: itself, or the members of an archive. Raises DocumentError."""
    return uploaded(name, data, SUFFIXES)


def _limited(limits: Limits) -> dict[_Reader, _Reader]:
    few = max(1, limits.pages // 10)
    return {
        pdf.source: partial(pdf.source, pages=limits.pages, scans=few),
        scan.source: partial(scan.source, most=few),
        docx.source: partial(docx.source, unpacked=limits.unpacked),
        table.source: partial(table.source, unpacked=limits.unpacked),
    }
