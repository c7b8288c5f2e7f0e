"""What a user names -> Files: paths, folders, zip archives and their members, http(s) addresses.

In: names as typed. Out: Files in order of name, each once, whose bytes are loaded when asked for; what cannot be had is
a File that says why when it is loaded, so that the others go on. Nothing is unpacked to disk. It reads no formats.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from rag.errors import DocumentError
from rag.read import address

LIMIT = 64 * 1024 * 1024
"""The largest file that is read, in bytes, in an archive or out of it."""
MEMBERS = 2_000
"""The most members of an archive."""
UNPACKED = 200 * 1024 * 1024
"""The largest archive, and the most that its members may unpack to, in bytes."""
RATIO = 200
"""How many times smaller a large member may be packed; text rarely exceeds 20."""
INSIDE = "!/"
"""What stands between the name of an archive and that of a member."""

_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)
"""What zipfile raises for archives that are not what they say; NotImplementedError is a RuntimeError."""
_MEMBER = re.compile(r"(.+?\.zip)!/(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class File:
    """A file by the name under which it is known; its ending chooses the reader. `load` raises DocumentError."""

    name: str
    suffix: str
    load: Callable[[], bytes]


def find(names: Sequence[str | Path], suffixes: Collection[str], private: bool) -> list[File]:
    """The Files that are meant; those below folders and in archives only if their ending is one of `suffixes`.

    A file named outright is kept whatever its ending, so that it can be said what is wrong with it. Addresses are
    fetched here, those on private networks only if `private`.
    """
    found: dict[str, File] = {}
    for name in names:
        for file in _named(str(name), suffixes, private):
            found.setdefault(file.name, file)
    return [found[name] for name in sorted(found)]


def uploaded(name: str, data: bytes, suffixes: Collection[str]) -> list[File]:
    """The Files in what was sent under a name; those in an archive only if their ending is one of `suffixes`.

    Raises DocumentError for an archive that cannot be opened.
    """
    return list(_held(name, PurePosixPath(name).suffix.lower(), data, suffixes))


def is_gone(name: str) -> bool:
    """Whether what was read under a name is no longer there; an address is never taken to be gone."""
    if address.is_address(name):
        return False
    try:
        if Path(name).exists():  # first: a folder's name may end with "!"
            return False
        inside = _MEMBER.fullmatch(name)
        if inside is None or not Path(inside[1]).exists():
            return True
        with zipfile.ZipFile(inside[1]) as archive:
            return inside[2] not in {_name(info) for info in archive.infolist()}
    except _BROKEN:  # whether it is gone cannot be told: it stays
        return False


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def _named(name: str, suffixes: Collection[str], private: bool) -> Iterator[File]:
    try:
        if address.is_address(name):
            data, suffix = address.fetch(name, LIMIT, private)
            yield from _held(name, suffix, data, suffixes)
            return
        path = Path(name)
        if path.is_dir():
            yield from _below(path, suffixes)
        else:
            yield from _file(path, suffixes)
    except DocumentError as error:
        yield _refused(name, error)


def _held(name: str, suffix: str, data: bytes, suffixes: Collection[str]) -> Iterator[File]:
    if suffix == ".zip":
        yield from _members(name, data, data, suffixes)
    else:
        yield File(name, suffix, lambda: data)


def _below(folder: Path, suffixes: Collection[str]) -> Iterator[File]:
    """The readable files and archives below a folder; hidden ones are left out."""
    inside = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in (*suffixes, ".zip")
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
    if not inside:
        raise DocumentError("document_none", path=folder, suffixes=" ".join((*suffixes, ".zip")))
    top = folder.resolve()
    for path in inside:
        if path.resolve().is_relative_to(top):
            yield from _file(path, suffixes)
        else:
            error = DocumentError("document_elsewhere", path=_tame(str(path)), to=_tame(str(path.resolve())))
            yield _refused(_tame(str(path.absolute())), error)


def _file(path: Path, suffixes: Collection[str]) -> Iterator[File]:
    name = str(path.absolute())
    if name != (tame := _tame(name)):
        yield _refused(tame, DocumentError("document_name", path=tame))
    elif path.suffix.lower() == ".zip":
        try:
            yield from _members(name, path, bytes_of(path, UNPACKED), suffixes)
        except DocumentError as error:
            yield _refused(name, error)
    else:
        yield File(name, path.suffix.lower(), partial(bytes_of, path))


def _tame(name: str) -> str:
    """A name without what a terminal would obey, a list show as two lines, or no file could hold: no Unicode."""
    return "".join("\ufffd" if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in name)


def _members(name: str, place: Path | bytes, data: bytes, suffixes: Collection[str]) -> Iterator[File]:
    """The members of the archive `data`, which are read from `place`: a folder of archives must not fill the memory."""
    # Listing a million members takes the memory of a gigabyte; the members may be packages with members of their own.
    if (count := data.count(b"PK\1\2")) > 20 * MEMBERS:
        raise DocumentError("document_too_long", path=name, what=f"{count} files", limit=f"{MEMBERS} files")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            named = [info for info in archive.infolist() if info.filename]
            members = [info for info in named if not info.is_dir() and not _is_hidden(_name(info))]
    except _BROKEN as error:
        raise DocumentError("document_damaged", path=name) from error
    if len(members) > MEMBERS:
        raise DocumentError("document_too_long", path=name, what=f"{len(members)} files", limit=f"{MEMBERS} files")
    wanted = [info for info in members if PurePosixPath(_name(info)).suffix.lower() in (*suffixes, ".zip")]
    if not wanted:
        raise DocumentError("document_none", path=name, suffixes=" ".join(suffixes))
    _check_size(name, sum(info.file_size for info in wanted), UNPACKED)
    for info in wanted:
        known = name + INSIDE + _name(info)
        yield File(known, PurePosixPath(_name(info)).suffix.lower(), partial(_unpacked, place, info, known))


def _unpacked(place: Path | bytes, info: zipfile.ZipInfo, name: str) -> bytes:
    if info.flag_bits & 1:
        raise DocumentError("document_encrypted", path=name)
    _check_size(name, info.file_size, min(LIMIT, max(RATIO * info.compress_size, 2**20)))
    # zipfile unpacks deflate in steps, but all that bzip2 and LZMA give at once: 1,400 bytes may become gigabytes.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DocumentError("document_packing_unknown", path=name, method=info.compress_type)
    try:
        packed = io.BytesIO(place) if isinstance(place, bytes) else place
        with zipfile.ZipFile(packed) as archive, archive.open(info) as member:
            return member.read(info.file_size + 1)  # zipfile gives no more than the declared size
    except _BROKEN as error:
        raise DocumentError("document_damaged", path=name) from error


def _check_size(name: str, size: int, limit: int) -> None:
    if size > limit:
        raise DocumentError(
            "document_unpacks_too_large", path=name, size=-(-size // 2**20), limit=f"{limit / 2**20:.3g}"
        )


def _name(info: zipfile.ZipInfo) -> str:
    """A member's name; archivers that say nothing of its encoding mean UTF-8 or, in China, GB18030.

    Without steps upwards, and without control characters, which a terminal would obey.
    """
    name = info.filename
    if not info.flag_bits & 0x800:
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return shown(name)


def shown(name: str) -> str:
    """A name that somebody else gave, as it may be shown: no steps upwards, no characters that cannot be seen."""
    parts = name.replace("\\", "/").split("/")
    kept = "/".join(part for part in parts if part not in ("", ".", ".."))
    return "".join(char if char.isprintable() else "\ufffd" for char in kept)


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _refused(name: str, error: DocumentError) -> File:
    def load() -> bytes:
        raise error

    return File(name, "", load)


def bytes_of(path: Path, limit: int = LIMIT) -> bytes:
    """The file's bytes; pipes and devices are refused because reading them may never end. Raises DocumentError."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise DocumentError("document_not_a_file", path=path)
        if size > limit:
            raise DocumentError("document_too_large", path=path, size=-(-size // 2**20), limit=limit // 2**20)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError("document_missing", path=path) from error
    except OSError as error:
        raise DocumentError("document_unreadable", path=path, reason=error.strerror or error) from error
