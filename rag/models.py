"""Names -> model files on disk, checked once: HOME/models/NAME/.

In: a name of `catalogue.toml`, a repository ORG/NAME of the model hub, or a path to a model of the user's own. Out:
the path of a file (GGUF) or a folder (sentence-transformers) that is ready to be loaded. It loads no model and prints
nothing: progress goes to a callback. `checked.py` keeps what was checked, `fetch.py` knows where bytes come from.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag import checked
from rag.catalogue import Model, Progress, Report, SourceFailed, catalogue
from rag.checked import checksum
from rag.errors import ModelError
from rag.fetch import cached_repository, fetch, fetch_files, repository
from rag.wheels import PIECE, salvage

__all__ = [
    "Model", "Progress", "Report", "bring", "catalogue", "checksum", "export_place", "is_repository", "locate", "pull",
    "require",
]  # fmt: skip

FREE_BYTES = 3_000_000_000
FOLDER = "sentence-transformers"


def pull(name: str, home: Path, report: Report) -> Path:
    """Bring a catalogue model or a hub's repository below `home`; the ready file or folder. See `bring`.

    A repository is brought once, at its newest commit: delete its folder to have a newer one.
    """
    if is_repository(name):
        return _bring_repository(name, home, report)
    if name not in catalogue():
        near = difflib.get_close_matches(name, catalogue(), n=1, cutoff=0.0)[0]
        raise ModelError("model_unknown", name=name, near=near, known=", ".join(catalogue()))
    return bring(catalogue()[name], home, report)


def is_repository(name: str) -> bool:
    """Whether `name` has the form ORG/NAME."""
    return re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name) is not None


def locate(name_or_path: str, home: Path) -> Path | None:
    """The ready model of a name, or the path itself when something is there; None otherwise. Fast, and no network.

    A repository is looked for below `home`, then in the cache that other programs of the hub share.
    """
    if model := catalogue().get(name_or_path):
        return _ready(model, home)
    path = Path(name_or_path).expanduser()
    if path.exists():
        return path
    if not is_repository(name_or_path):
        return None
    own = home / "models" / name_or_path
    return own if _whole(own) else cached_repository(name_or_path)


def require(name_or_path: str, home: Path) -> Path:
    """As `locate`, but what is not there raises ModelError saying what to type, or what to place where."""
    if found := locate(name_or_path, home):
        return found
    if is_repository(name_or_path):
        raise ModelError("repository_missing", name=name_or_path, folder=home / "models" / name_or_path)
    model = catalogue().get(name_or_path)
    if model is None:
        raise ModelError("model_nowhere", name=name_or_path, known=", ".join(catalogue()))
    ready = _place(model, home)
    if ready.exists():
        raise ModelError("model_damaged", name=model.name, file=ready, sha256=model.sha256)
    file = _folder(model, home) / model.file
    raise ModelError("model_missing", name=model.name, file=file, bytes=f"{model.bytes:,}", sha256=model.sha256)


def export_place(name_or_path: str, home: Path) -> Path | None:
    """Where a faster form of a model may be kept: beside a catalogue model; a user's own folder is not written to."""
    model = catalogue().get(name_or_path)
    return _folder(model, home) / "openvino-fastest" if model else None


def bring(model: Model, home: Path, report: Report) -> Path:
    """Make `model` ready: what is there is kept, what is missing is fetched, and the whole is checked.

    A second process waits for the first. Raises ModelError: a wrong checksum (the file is deleted first, unless the
    user placed it), no source within reach, too little disk (3 GB), a folder that cannot be written.
    """
    folder = _folder(model, home)
    try:
        if not (ready := _ready(model, home)):
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(folder, Progress(model.name, "wait", 0, model.bytes), report):
                ready = _ready(model, home) or _made(model, home, report)
        elif (left := folder / ".staging").exists():  # of a pull that was killed once all was there
            shutil.rmtree(left, ignore_errors=True)
            if model.convert:
                (folder / model.file).unlink(missing_ok=True)
    except OSError as error:
        raise ModelError("model_write", folder=folder, why=error.strerror or error) from error
    report(Progress(model.name, "ready", model.bytes, model.bytes))
    return ready


def _bring_repository(name: str, home: Path, report: Report) -> Path:
    """As `bring`, with the hub as the only source. A record without files marks what is under way, and its commit."""
    folder = home / "models" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder, Progress(name, "wait", 0, 0), report):
            if not _whole(folder):
                begun = checked.read(folder)
                commit, files = repository(name, begun.revision if begun else "")
                checked.write(folder, checked.Record("", True, {}, commit))
                _check_disk(folder, sum(file.bytes for file in files))
                fetch_files(files, folder, report)
                found = checked.looked_at(folder)
                checked.write(folder, checked.Record(checked.identity(found), True, found, commit))
    except SourceFailed as error:
        raise ModelError("repository_failed", name=name, folder=folder, why=error) from error
    except OSError as error:
        raise ModelError("model_write", folder=folder, why=error.strerror or error) from error
    report(Progress(name, "ready", 1, 1))
    return folder


def _whole(folder: Path) -> bool:
    """Whether a repository's folder is as it was pulled, or was placed there by the user."""
    record = checked.read(folder)
    if record and record.pulled:
        return checked.refreshed(folder, record) is not None
    return (folder / "config.json").exists()


def _folder(model: Model, home: Path) -> Path:
    return home / "models" / model.name


def _place(model: Model, home: Path) -> Path:
    """Where the ready model is, whether it is there or not."""
    return _folder(model, home) / (FOLDER if model.convert else model.file)


def _ready(model: Model, home: Path) -> Path | None:
    place = _place(model, home)
    return place if place.exists() and checksum(place) == model.sha256 else None


@contextmanager
def _locked(folder: Path, wait: Progress, report: Report) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report(wait)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _made(model: Model, home: Path, report: Report) -> Path:
    """The steps of `bring`, under the lock: refuse what is wrong, fetch, check, convert, record."""
    folder, place = _folder(model, home), _place(model, home)
    file, staging = folder / model.file, folder / ".staging"
    _refuse(model, place, file, report)
    staging.mkdir(exist_ok=True)
    salvage(model, staging)
    try:
        if not file.exists():
            _fetched(model, file, staging, report)
        if model.convert:
            _converted(model, file, place, staging, report)
        else:
            status = place.stat()
            known = {place.name: (status.st_size, status.st_mtime_ns, model.sha256)}
            checked.write(place, checked.Record(model.sha256, True, known))
        shutil.rmtree(staging)
    finally:
        salvage(model, staging)
    return place


def _refuse(model: Model, place: Path, file: Path, report: Report) -> None:
    """Stop at something that is not the model: what was pulled and changed since is deleted, the user's own is not."""
    record = checked.read(place) if place.exists() else None
    if record and record.pulled:
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        checked.record_of(place).unlink(missing_ok=True)
        raise ModelError("model_changed", name=model.name, file=place)
    if place.is_dir():
        raise ModelError("model_refused", name=model.name, file=place, found=checksum(place), sha256=model.sha256)
    if file.exists() and (found := _sha256(file, model, report)) != model.sha256:
        raise ModelError("model_refused", name=model.name, file=file, found=found, sha256=model.sha256)


def _fetched(model: Model, file: Path, staging: Path, report: Report) -> None:
    """Fetch into FILE.partial; only bytes with the right checksum get the name FILE."""
    _check_disk(file.parent, FREE_BYTES)
    partial = file.with_name(file.name + ".partial")
    fetch(model, partial, staging, report)
    found = _sha256(partial, model, report)
    if found != model.sha256:
        partial.unlink()
        raise ModelError("model_checksum", name=model.name, file=partial, found=found, sha256=model.sha256)
    partial.replace(file)


def _converted(model: Model, file: Path, place: Path, staging: Path, report: Report) -> None:
    """The folder appears by one rename, with its record in it; the file is not needed after that."""
    from rag.convert_e5 import convert

    report(Progress(model.name, "convert", model.bytes, model.bytes))
    new = staging / FOLDER
    new.mkdir()
    convert(file, new)
    checked.write(new, checked.Record(model.sha256, True, checked.looked_at(new)))
    new.replace(place)
    file.unlink()


def _sha256(file: Path, model: Model, report: Report) -> str:
    digest, done = hashlib.sha256(), 0
    with file.open("rb") as source:
        while piece := source.read(PIECE * 8):
            digest.update(piece)
            done += len(piece)
            report(Progress(model.name, "check", done, model.bytes))
    return digest.hexdigest()


def _check_disk(folder: Path, need: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < need:
        raise ModelError("model_disk", folder=folder, free=f"{free / 1e9:.1f} GB", need=f"{need / 1e9:.1f} GB")
