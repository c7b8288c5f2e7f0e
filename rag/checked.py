"""What a model on the disk was when it was last read: its record, and the identity that follows from it.

In: a file, or the folder of a sentence-transformers model. Out: SHA-256. The record lies beside the file or in the
folder (size, mtime and SHA-256 of each file that matters), so that a start does not read a gigabyte; when size or mtime
differ, it is read again. It judges nothing: `models.py` does.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rag.errors import ModelError
from rag.wheels import sha256_of

RECORD = "tiaoyin.checked.json"
WEIGHTS = ("*.safetensors", "*.bin", "*.gguf")
SHAPES = ("tokenizer.json", "config.json", "modules.json", "config_sentence_transformers.json")
"""What, beside the weights, a vector depends on: words, layers, pooling, prompts."""


@dataclass(frozen=True)
class Record:
    """What was checked: `files` maps a name to size, mtime_ns and SHA-256; `sha256` identifies the whole.

    `pulled` is true when `pull` wrote it; then files that differ are damage, otherwise they are a new model; one
    without files says that the pull is not done.
    `revision` is the commit of a hub's repository: damage is mended from the same one.
    """

    sha256: str
    pulled: bool
    files: dict[str, tuple[int, int, str]]
    revision: str = ""


def checksum(path: Path) -> str:
    """The identity of a ready model, as hexadecimal SHA-256: the catalogue's for what was pulled, else of its files.

    Raises ModelError when a folder holds no weights.
    """
    record = read(path)
    if record and (same := refreshed(path, record)):
        if same is not record:
            write(path, same)
        return same.sha256
    found = looked_at(path)
    if not (record and record.pulled):  # the record of what was pulled stays: the difference is damage, and is told
        write(path, Record(identity(found), False, found))
    return identity(found)


def record_of(path: Path) -> Path:
    return path / RECORD if path.is_dir() else path.with_name(f"{path.name}.{RECORD}")


def read(path: Path) -> Record | None:
    """The record of a model; None when there is none or somebody spoilt it."""
    try:
        data = json.loads(record_of(path).read_text(encoding="utf-8"))
        files = {str(name): (int(size), int(mtime), str(sha)) for name, (size, mtime, sha) in data["files"].items()}
        return Record(str(data["sha256"]), bool(data["pulled"]), files, str(data.get("revision", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(path: Path, record: Record) -> None:
    """Remember, where one may write; elsewhere the model is read again at the next start."""
    text = json.dumps(asdict(record), indent=1)
    with suppress(OSError):
        new = record_of(path).with_suffix(".new")
        new.write_text(text + "\n", encoding="utf-8")
        new.replace(record_of(path))


def refreshed(path: Path, record: Record) -> Record | None:
    """The record if its files are what they were, with new mtimes where only those differ (a copied folder)."""
    files = {}
    for name, (size, mtime, sha256) in record.files.items():
        file = path / name if path.is_dir() else path
        if not file.is_file() or file.stat().st_size != size:
            return None
        if file.stat().st_mtime_ns != mtime and sha256_of(file) != sha256:
            return None
        files[name] = (size, file.stat().st_mtime_ns, sha256)
    if not files:
        return None
    return record if files == record.files else replace(record, files=files)


def looked_at(path: Path) -> dict[str, tuple[int, int, str]]:
    """Size, mtime_ns and SHA-256 of a file, or of a folder's weights and `SHAPES` by their names within it."""
    files = {path.name: path}
    if path.is_dir():
        weights = next((found for kind in WEIGHTS if (found := sorted(path.rglob(kind)))), [])
        if not weights:
            raise ModelError("model_no_weights", folder=path)
        shapes = sorted(file for name in SHAPES for file in path.rglob(name))
        files = {str(file.relative_to(path)): file for file in (*weights, *shapes)}
    return {name: (file.stat().st_size, file.stat().st_mtime_ns, sha256_of(file)) for name, file in files.items()}


def identity(files: dict[str, tuple[int, int, str]]) -> str:
    """One SHA-256 for all of them."""
    hashes = [sha256 for _, _, sha256 in files.values()]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
