"""Processes that a test may kill: real ingests, readers, pulls and evaluations, each saying what it has acknowledged.

They come from a fork server that has imported the heavy libraries once, so that one is there in some 30 ms. Only the
embedder is played, as vectors are not the point: index, Chroma, files and locks are real.
"""

from __future__ import annotations

import _strptime  # noqa: F401 (`as_nobody` may not be allowed to read this Python)
import encodings.cp437  # noqa: F401
import multiprocessing
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import numpy.typing as npt

from rag import convert_e5, ingest, keep, loaded, mend, models, pipeline
from rag.catalogue import Model
from rag.errors import TiaoYinError
from rag.evaluate.questions import Question
from rag.evaluate.run import run
from rag.index import Index
from rag.once import made_once
from rag.read import find_files
from rag.search import Search
from rag.settings import Settings
from tests.built import Characters, counted

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.faults", "chromadb.api.rust", "bm25s", "rjieba", "Stemmer", "filelock", "httpx"])
Say = Callable[[Any], None]


def trials(usual: int = 20) -> int:
    """How often a fault is tried: `usual`, or TIAOYIN_TRIALS."""
    return int(os.environ.get("TIAOYIN_TRIALS", usual))


def chance() -> random.Random:
    """TIAOYIN_SEED repeats a run as far as moments go; what is printed is shown when a test fails."""
    seed = int(os.environ.get("TIAOYIN_SEED", random.randrange(10**6)))
    print(f"TIAOYIN_SEED={seed}")
    return random.Random(seed)


class Child:
    """A process that does `work(say, *given)` and keeps what it says; an error of ours is said as its key and words."""

    def __init__(self, work: Callable[..., None], *given: Any) -> None:
        self._hears, says = CONTEXT.Pipe(duplex=False)
        self.process = CONTEXT.Process(target=_run, args=(says, work, given), daemon=True)
        self.process.start()
        says.close()
        assert self._hears.recv() == "begun"
        self.begun = time.monotonic()

    def killed(self, after: float) -> list[Any]:
        """Kill it so many seconds after it has begun, if it still runs; what it had said by then."""
        self.process.join(max(0.0, self.begun + after - time.monotonic()))
        self.process.kill()
        return self.said()

    def said(self, seconds: float = 60) -> list[Any]:
        """All that it says until it ends."""
        heard, until = [], time.monotonic() + seconds
        try:
            while self._hears.poll(max(0.0, until - time.monotonic())):
                heard.append(self._hears.recv())
        except EOFError:
            self.process.join()
            return heard
        self.process.kill()
        raise AssertionError(f"it does not end; it said {heard}")


def timed(work: Callable[..., None], *given: Any) -> float:
    """Seconds that it takes undisturbed."""
    child = Child(work, *given)
    said = child.said()
    assert "done" in said, said
    return time.monotonic() - child.begun


class Embedder(Characters):
    """Stands in for the embedder's model."""

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self.prompts = {"query": "", "passage": ""}

    def passages(self, texts: Sequence[str], report: Callable[[int], None] = lambda _: None) -> npt.NDArray[np.float32]:
        report(len(texts))
        return counted(texts)


def _run(says: Any, work: Callable[..., None], given: tuple[Any, ...]) -> None:
    for module in (ingest, mend, loaded):
        module.Embedder = Embedder  # type: ignore[attr-defined]
    says.send("begun")
    try:
        work(says.send, *given)
    except TiaoYinError as error:
        says.send((error.key, str(error)))
    says.close()
    os._exit(0)


def place(folder: Path, chroma: str = "") -> Settings:
    """Settings with all they name in `folder`."""
    model = folder / "model"
    if not model.exists():
        model.mkdir()
        (model / "model.safetensors").write_bytes(b"played")
    return Settings(home=folder, index=folder / "index", embedder=str(model), llm="extractive", chroma=chroma)


def law(name: str, version: int, articles: int = 3) -> str:
    """A law each of whose clauses tells its version."""
    return f"# {name}\n\n" + "\n\n".join(
        f"第{n}条 {name}第{n}号事项按版本{version}备案。" for n in range(1, articles + 1)
    )


def ingesting(say: Say, folder: Path, files: Sequence[Path], chroma: str = "", wait: float = 0.0) -> None:
    time.sleep(wait)
    ingest.ingest(place(folder, chroma), files, prune=False, report=lambda *_: None)
    say("done")


def ingesting_apart(say: Say, *given: Any) -> None:
    """As a large one does: rows anew, added by a process of their own, which outlives this one for a moment."""
    keep.APART, keep.CHANGED = 8, 0.0
    ingesting(say, *given)


def killed_in_the_switch(say: Say, folder: Path, files: Sequence[Path], at: int, inner: bool) -> None:
    """It ends itself at the line `at` of the switch, counted from 0, those of what it calls too if `inner`."""
    real, lines = keep.switch, 0

    def traced(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if event == "line" and (inner or frame.f_code.co_filename == keep.__file__):
            if lines == at:
                os.kill(os.getpid(), signal.SIGKILL)
            lines += 1
        return traced

    def switch(*given: Any) -> None:
        sys.settrace(traced)
        real(*given)
        sys.settrace(None)

    keep.switch = ingest.keep.switch = switch
    ingesting(say, folder, files)
    say(lines)


def limited(say: Say, folder: Path, files: Sequence[Path], limit: int) -> None:
    """No file may have more than `limit` bytes, as with a quota."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    ingesting(say, folder, files)


def as_nobody(say: Say, work: Callable[..., None], *given: Any) -> None:
    """As a user without rights and, as in a container, without a name."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        os.environ.pop(name, None)
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(54321, 54321, 54321)
        os.setresuid(54321, 54321, 54321)
    work(say, *given)


def clocked(say: Say, folder: Path, files: Sequence[Path], seconds: float) -> None:
    """With a clock that is `seconds` off."""
    now = time.time
    time.time = lambda: now() + seconds
    ingesting(say, folder, files)


def telling(say: Say, folder: Path) -> None:
    say(held(folder))


def reading(say: Say, folder: Path, stop: Path, chroma: str = "") -> None:
    """Ask until the file `stop` is there; the versions that the hits of a question are of, or the quotes of an answer,
    each time they change. Of a server that may die the key of an error, too, and hits alone.
    """
    engine, last, n = pipeline.Engine(place(folder, chroma)), None, 0
    while not stop.exists():
        if n % 5 == 4:
            engine = pipeline.Engine(place(folder, chroma))  # one that opens it anew
        try:
            found = [[hit.text for hit in engine.find("应当备案的事项", k=9 if not chroma else 99).hits]]
            if not chroma:
                *_, told = engine.ask("《变法》第一条和第三条的内容是什么？")
                found.append([each.quote for each in told.answer.citations])
            seen = [
                {text.partition("版本")[2].partition("备案")[0] for text in each if "变法" in text} for each in found
            ]
        except TiaoYinError as error:
            if not chroma:
                raise
            seen = [{error.key}]
            time.sleep(0.1)
        for versions in seen:
            if versions != last:
                say(sorted(versions))
                last = versions
        n += 1
    say(n)


def pulling(say: Say, model: Model, home: Path, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    models.bring(model, home, lambda at: None)
    say("done")


MADE = {"config.json": b"{}", "tokenizer.json": b"[]" * 5000, "model.safetensors": b"weights" * 50_000}


def filled(folder: Path) -> None:
    """Write MADE, which takes a moment."""
    for name, data in MADE.items():
        with (folder / name).open("wb") as file:
            for at in range(0, len(data), 20_000):
                file.write(data[at : at + 20_000])
                file.flush()
                time.sleep(0.01)


def converting(say: Say, model: Model, home: Path) -> None:
    """Bring a model whose file is there; only what is made of it is played."""
    convert_e5.convert = lambda source, folder: filled(folder)
    pulling(say, model, home, {})


def making(say: Say, model: Model, home: Path) -> None:
    made_once(home / "models" / model.name / models.FOLDER, filled)
    say("done")


def evaluating(say: Say, folder: Path, questions: Sequence[Question], out: Path, concurrency: int) -> None:
    run(questions, pipeline.Engine(place(folder)), out, False, lambda _, row: say(row), concurrency)
    say("done")


def held(folder: Path, chroma: str = "") -> dict[str, str]:
    """What the index answers, by content: file -> text; each document's clauses are found by meaning and by words."""
    search = Search(Index(folder / "index", chroma))
    opened = search.index
    clauses = {piece.chunk_id: piece.text for piece in opened.chunks}
    try:
        for at, piece in enumerate(opened.chunks):
            ((nearest, cosine),) = opened.nearest(counted([piece.text])[0], 1)
            assert sorted(clauses[nearest]) == sorted(piece.text) and cosine > 0.999, piece  # of 12 and 21 either
            assert search.lexical.scores(piece.text)[at] > 0, piece
            assert piece.text.split("\n")[-1][:20] in opened.documents[piece.doc_id].text, piece
        assert {piece.doc_id for piece in opened.chunks} == opened.documents.keys()
        return {Path(document.source).name: document.text for document in opened.documents.values()}
    finally:
        opened.close()


def texts(files: Sequence[Path]) -> dict[str, str]:
    """What an index of the files answers."""
    return {Path(file.name).name: file.load().decode() for file in find_files(files)}
