"""Documents, chunks and vectors -> a new build of an index, checked and then served, by one writer at a time.

In: what `index.py` reads back. Out: the folder of a build. What is served is never changed in place: a build is made
beside it, its collection anew or, where little has changed, from a copy of the one before, and `switch` renames.
It embeds nothing, and does not know how chunks were made.
"""

from __future__ import annotations

import calendar
import contextlib
import getpass
import json
import os
import shutil
import socket
import sys
import time
import uuid
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import IndexError_
from rag.index import FORMAT, Content, Manifest, current, manifest, sealed, sum_of
from rag.records import Chunk, Document
from rag.rows import Rows
from rag.vectors import COLLECTION, DATABASE, FOLDER, Store, Vectors, copy, drop

CHANGED = 0.2
"""Share of a collection's rows that may change, or that may have been deleted since it was made anew: deleted rows stay
in its graph, and slow it down."""

WRITTEN = "index_metadata.pickle"  # stands beside a graph that Chroma has written out

APART = 4096
"""Rows of a new collection from which on another process adds them."""

STAMP = "%Y%m%d-%H%M%S"

SAMPLE = 500  # rows that are compared one by one, of all and of the new ones


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the only writer of `folder`. Raises IndexError_ naming the holder when somebody else is; a full disk too."""
    import filelock

    holder = folder / "lock.holder"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # whole documents lie in it
        # Who has only just got the lock needs a moment until its name stands there.
        with filelock.FileLock(folder / "lock", timeout=0.2):
            _put(holder, f"{_user()}@{socket.gethostname()}, process {os.getpid()}")
            yield
    except filelock.Timeout as error:
        who = holder.read_text(encoding="utf-8") if holder.exists() else "?"
        raise IndexError_("index_locked", folder=folder, holder=who) from error
    except OSError as error:
        raise IndexError_("index_unwritten", folder=folder, why=error) from error


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container a user may have a number only
        return str(os.getuid())


def _put(path: Path, text: str) -> None:
    """`text` in place of what the file held, whole or not at all, and on the disk."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _name(folder: Path) -> str:
    """Of a new build: in order of name the last, also within one second, and where the clock was set back."""
    last = max((each.name[:15] for each in folder.glob("builds/????????-??????-*")), default="19700101-000000")
    at = max(time.time(), calendar.timegm(time.strptime(last, STAMP)) + 1)
    return f"{time.strftime(STAMP, time.gmtime(at))}-{uuid.uuid4().hex[:6]}"


def write(
    folder: Path, made_with: Manifest, documents: Iterable[Document], chunks: Sequence[Chunk], vectors: Vectors,
    *, base: Content | None = None, lexical: Callable[[Path], None] | None = None, filled: Iterable[int] | None = None,
) -> Path:  # fmt: skip
    """Make a build that nothing points to yet, and check it; `vectors` has shape (chunks, dimension). Hold `writing`.

    The collection goes where `made_with.chroma` says. `base` is a build with the same embedder whose collection may be
    copied; `lexical` writes the lexical index into the folder it is given; `filled` says, as it is gone through, how
    many rows of `vectors` are there already: they are taken in while the next are made.
    Raises IndexError_ when what was written cannot be read back.
    """
    build = folder / "builds" / _name(folder)
    build.mkdir(parents=True)
    with contextlib.ExitStack() as undo:
        undo.callback(_sweep, folder, build, made_with.chroma)  # half a build may be what fills the disk
        # The words are counted in one thread, Chroma takes rows from another, and the vectors are made in this one.
        with _fair(), ThreadPoolExecutor(1) as words:
            counted = words.submit(lexical, build / "lexical") if lexical else None
            _dump(build / "documents.jsonl", map(_slim, documents))
            _dump(build / "chunks.jsonl", map(vars, chunks))
            stale = _fill(build, made_with.chroma, chunks, vectors, base, filled or [len(chunks)])
            if counted:
                counted.result()
        _finish(build, replace(made_with, chunks=len(chunks), stale=stale))
        undo.pop_all()
    return build


def _finish(build: Path, made_with: Manifest) -> None:
    collection = _collection(build, made_with.chroma)
    sums = {name: sum_of(build / name) for name in _files(build)}
    values = asdict(replace(made_with, format=FORMAT, build=build.name, collection=collection, sums=sums))
    text = json.dumps(values | {"seal": sealed(json.loads(json.dumps(values)))}, ensure_ascii=False, indent=1)
    _put(build / "manifest.json", text)


def switch(folder: Path, build: Path) -> None:
    """Serve `build` from now on, and sweep the builds before the last one. Hold `writing`."""
    try:
        last = current(folder).name
    except IndexError_:
        last = build.name
    _put(folder / "current", build.name)
    # A reader may still have the last build open; it moves on at its next question.
    for other in (folder / "builds").iterdir():
        if other.name not in (build.name, last):
            _sweep(folder, other, manifest(folder).chroma)


def _sweep(folder: Path, build: Path, server: str) -> None:
    """Delete a build and its collection; one on a server that does not answer stays for the next sweep."""
    with contextlib.suppress(IndexError_):  # killed before its manifest was written: on the server of this build
        server = manifest(folder, build).chroma
    try:
        if server:
            drop(server, _collection(build, server))
    except IndexError_:
        return
    # First what makes it a build. What stays, as where a reader puts a file beside it, goes with the next sweep.
    with contextlib.suppress(OSError):
        (build / "manifest.json").unlink(missing_ok=True)
    shutil.rmtree(build, ignore_errors=True)


def _collection(build: Path, server: str) -> str:
    return f"tiaoyin-{build.name}" if server else COLLECTION


def _fill(
    build: Path, server: str, chunks: Sequence[Chunk], vectors: Vectors, base: Content | None,
    filled: Iterable[int],
) -> int:  # fmt: skip
    """Make the collection of a build and check it; how many rows were deleted since it was made anew."""
    before = {c.chunk_id for c in base.chunks} if base and not (server or base.manifest.chroma) else set()
    new = [n for n, c in enumerate(chunks) if c.chunk_id not in before]
    gone = sorted(before - {c.chunk_id for c in chunks})
    stale = len(gone) + (base.manifest.stale if base else 0)
    copied = before != set() and max(stale, len(new) + len(gone)) <= CHANGED * len(chunks)
    if base and copied:
        copy(base.build, build)
        for name, (_, digest) in base.manifest.sums.items():
            if name.startswith(f"{FOLDER}/") and sum_of(build / name)[1] != digest:
                raise IndexError_("index_damaged", folder=base.folder, why=f"{base.build / name} was changed")
    else:
        new, gone, stale = list(range(len(chunks))), [], 0
    if len(new) >= APART and not copied:
        _add_apart(build, server, vectors, filled)
    else:
        store = Store(build, server, _collection(build, server), new=not copied)
        with ThreadPoolExecutor(1) as rows:
            jobs, at = [rows.submit(store.delete, gone)], 0
            for upto in filled:
                part = new[bisect_left(new, at) : bisect_left(new, upto)]
                jobs.append(rows.submit(store.add, [chunks[n] for n in part], vectors[part]))
                at = upto
        for job in jobs:
            job.result()
        store.close()
        np.save(build / "vectors.npy", vectors)
    _check(build, server, chunks, vectors, new, gone)
    return stale


def _add_apart(build: Path, server: str, vectors: Vectors, filled: Iterable[int]) -> None:
    """Save the vectors as they are filled, and have their rows added meanwhile."""
    kind = {"descr": np.lib.format.dtype_to_descr(vectors.dtype), "fortran_order": False, "shape": vectors.shape}
    # Written, not mapped: of a full disk a write says so, a mapped page ends the process.
    with (build / "vectors.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, kind)
        file.flush()
        with Rows(build, server, _collection(build, server)) as rows:
            at = 0
            for upto in filled:
                file.write(vectors[at:upto].tobytes())
                file.flush()
                rows.upto(upto)
                at = upto
            rows.close()


@contextlib.contextmanager
def _fair() -> Iterator[None]:
    """Let threads that compute outside Python have it back soon: at 5 ms a turn the embedder waits a tenth of the time
    for the threads that count words and add rows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _check(
    build: Path, server: str, chunks: Sequence[Chunk], vectors: Vectors, new: Sequence[int], gone: Sequence[str]
) -> None:
    """The collection has a row a chunk and none gone; samples of the new rows and of all have their vectors."""
    store = Store(build, server, _collection(build, server))
    every = range(0, len(chunks), max(1, len(chunks) // SAMPLE))
    sample = sorted({*new[:: max(1, len(new) // SAMPLE)], *every, *range(len(chunks))[-1:]})
    try:
        why = (
            ""
            if store.ids() == {piece.chunk_id for piece in chunks}
            else f"{store.count()} rows, not those of {len(chunks)} chunks"
        )
        why = why or ("deleted chunks are still there" if store.vectors(gone) else "")
        if why := why or store.differs([chunks[n] for n in sample], vectors[sample]):
            raise IndexError_("index_damaged", folder=build, why=why)
    finally:
        store.close()


def _files(build: Path) -> list[str]:
    """The files of a build that nobody changes once it is made."""
    files = [file for file in build.rglob("*") if file.is_file() and not file.name.startswith(DATABASE)]
    # Where Chroma has not yet written a graph out, every reader fills its files with something else.
    graph = build / FOLDER
    files = [file for file in files if graph not in file.parents or (file.parent / WRITTEN).exists()]
    return sorted(file.relative_to(build).as_posix() for file in files)


def _slim(document: Document) -> dict[str, Any]:
    """A document without what follows from its text: `to_json` spells each provision's out."""
    provisions = [vars(provision) for provision in document.provisions]
    pieces = [asdict(piece) for piece in document.pieces]
    return {f.name: getattr(document, f.name) for f in fields(document)} | {"pieces": pieces, "provisions": provisions}


def _dump(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    encode = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` makes one a row
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{encode(row)}\n" for row in rows)
