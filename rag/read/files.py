"""What a user names -> Files: paths, folders, zip archives and their members, http(s) addresses.

In: names as typed. Out: Files in order of name, each once, whose bytes are loaded when asked for; what cannot be had is
a File that says why when it is loaded, so that the others go on. Nothing is unpacked to disk. It reads no formats.
"""

from __future__ import annotations

import hashlib
import io
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
INSIDE = "!/"
"""What stands between the name of an archive and that of a member."""


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


def is_gone(name: str) -> bool:
    """Whether what was read under a name is no longer there; an address is never taken to be gone."""
    if address.is_address(name):
        return False
    outer, inside, member = name.partition(INSIDE)
    if not inside or not Path(outer).exists():
        return not Path(outer).exists()
    try:
        with zipfile.ZipFile(outer) as archive:
            return member not in {_name(info) for info in archive.infolist()}
    except (zipfile.BadZipFile, OSError):
        return False


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def _named(name: str, suffixes: Collection[str], private: bool) -> Iterator[File]:
    try:
        if address.is_address(name):
            data, suffix = address.fetch(name, LIMIT, private)
            if suffix == ".zip":
                yield from _members(name, io.BytesIO(data), suffixes)
            else:
                yield File(name, suffix, lambda: data)
            return
        path = Path(name)
        if path.is_dir():
            yield from _below(path, suffixes)
        else:
            yield from _file(path, suffixes)
    except DocumentError as error:
        yield _refused(name, error)


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
    for path in inside:
        yield from _file(path, suffixes)


def _file(path: Path, suffixes: Collection[str]) -> Iterator[File]:
    name = str(path.absolute())
    if path.suffix.lower() == ".zip":
        try:
            bytes_of(path, None)
            yield from _members(name, path, suffixes)
        except DocumentError as error:
            yield _refused(name, error)
    else:
        yield File(name, path.suffix.lower(), partial(bytes_of, path))


def _members(name: str, packed: Path | io.BytesIO, suffixes: Collection[str]) -> Iterator[File]:
    try:
        archive = zipfile.ZipFile(packed)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DocumentError("document_damaged", path=name) from error
    members = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(_name(info))]
    if len(members) > MEMBERS:
        raise DocumentError("document_too_long", path=name, what=f"{len(members)} files", limit=f"{MEMBERS} files")
    wanted = [info for info in members if PurePosixPath(_name(info)).suffix.lower() in (*suffixes, ".zip")]
    if not wanted:
        raise DocumentError("document_none", path=name, suffixes=" ".join(suffixes))
    for info in wanted:
        known = name + INSIDE + _name(info)
        yield File(known, PurePosixPath(_name(info)).suffix.lower(), partial(_unpacked, archive, info, known))


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    if info.flag_bits & 1:
        raise DocumentError("document_encrypted", path=name)
    try:
        with archive.open(info) as member:
            data = member.read(LIMIT + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise DocumentError("document_damaged", path=name) from error
    if len(data) > LIMIT:
        size = max(info.file_size, len(data)) // 2**20
        raise DocumentError("document_unpacks_too_large", path=name, size=size, limit=LIMIT // 2**20)
    return data


def _name(info: zipfile.ZipInfo) -> str:
    """A member's name; archivers that say nothing of its encoding mean UTF-8 or, in China, GB18030."""
    if info.flag_bits & 0x800:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _refused(name: str, error: DocumentError) -> File:
    def load() -> bytes:
        raise error

    return File(name, "", load)


def bytes_of(path: Path, limit: int | None = LIMIT) -> bytes:
    """The file's bytes, none without a `limit`; pipes and devices are refused because reading them may never end.

    Raises DocumentError.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise DocumentError("document_not_a_file", path=path)
        if limit is None:
            return b""
        if size > limit:
            raise DocumentError("document_too_large", path=path, size=-(-size // 2**20), limit=limit // 2**20)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError("document_missing", path=path) from error
    except OSError as error:
        raise DocumentError("document_unreadable", path=path, reason=error.strerror or error) from error
