"""Claims about the index: replaced whole, checked, one writer, readers follow; with the real Chroma."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plan import plan

from rag import index, keep
from rag import vectors as stores
from rag.chunk import chunk
from rag.errors import IndexError_
from rag.index import Content, Index, Manifest
from rag.records import Chunk
from rag.vectors import Store, Vectors

DIMENSION = 8


def vectors(chunks: list[Chunk], seed: int = 0) -> Vectors:
    made = np.random.default_rng(seed).normal(size=(len(chunks), DIMENSION)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def built(folder: Path, seed: int = 0) -> Path:
    """A build of the small plan, served from now on."""
    document = plan()
    chunks = chunk(document)
    made_with = Manifest("e", "c" * 64, DIMENSION, {}, "1", len(chunks), {"plan.md": {"sha256": "d", "documents": []}})
    with keep.writing(folder):
        build = keep.write(folder, made_with, [document], chunks, vectors(chunks, seed))
        keep.switch(folder, build)
    return build


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    built(tmp_path)
    opened = Index(tmp_path)
    assert opened.documents == {plan().doc_id: plan()}
    assert opened.chunks == chunk(plan())
    assert opened.manifest.files["plan.md"]["sha256"] == "d"


def test_a_chunk_is_nearest_to_its_own_vector_and_cosines_are_exact(tmp_path: Path) -> None:
    built(tmp_path)
    opened, chunks = Index(tmp_path), chunk(plan())
    made = vectors(chunks)
    found = opened.nearest(made[3], len(chunks))
    assert found[0][0] == chunks[3].chunk_id
    exact = {c.chunk_id: float(v @ made[3]) for c, v in zip(chunks, made, strict=True)}
    assert {i: pytest.approx(cosine, abs=1e-4) for i, cosine in found} == exact
    assert opened.nearest(made[3], 10_000) == found


def test_llama_index_can_open_the_collection(tmp_path: Path) -> None:
    import chromadb
    from llama_index.vector_stores.chroma import ChromaVectorStore

    build = built(tmp_path)
    collection = chromadb.PersistentClient(
        str(build / "chroma"), chromadb.Settings(anonymized_telemetry=False)
    ).get_collection(index.COLLECTION)
    first = chunk(plan())[0]
    (node,) = ChromaVectorStore(chroma_collection=collection).get_nodes([first.chunk_id])
    assert node.get_content() == first.text
    assert node.metadata["doc_id"] == first.doc_id


def test_a_new_build_is_served_at_once_and_builds_before_the_last_are_swept(tmp_path: Path) -> None:
    one, two, three = (built(tmp_path, seed) for seed in range(3))
    assert index.current(tmp_path) == three
    assert sorted(path.name for path in (tmp_path / "builds").iterdir()) == sorted([two.name, three.name])
    assert not one.exists()


def test_a_build_that_was_never_finished_is_not_served(tmp_path: Path) -> None:
    build = built(tmp_path)
    document = plan()
    chunks = chunk(document)
    with keep.writing(tmp_path):
        keep.write(tmp_path, Manifest("e", "c", DIMENSION, {}, "1", 0), [document], chunks, vectors(chunks, 1))
    assert Index(tmp_path).build == build


def test_there_is_one_writer_and_the_error_names_it(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from rag import keep\n"
        "with keep.writing(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    root = Path(__file__).parent.parent
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=root) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(IndexError_) as error, keep.writing(tmp_path):
            pass
        assert f"process {other.pid}" in str(error.value)
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # the system frees the lock of a killed process
        try:
            with keep.writing(tmp_path):
                return
        except IndexError_:
            time.sleep(0.1)
    pytest.fail("the lock of a killed writer was never freed")


def test_no_index_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    with pytest.raises(IndexError_, match="tiaoyin ingest data/documents"):
        Index(tmp_path)


@pytest.mark.parametrize("damage", ["chunks.jsonl", "documents.jsonl", "manifest.json", "chroma/chroma.sqlite3"])
def test_a_damaged_index_is_one_clear_error(damage: str, tmp_path: Path) -> None:
    build = built(tmp_path)
    (build / damage).write_bytes(b"{broken")
    with pytest.raises(IndexError_) as error:
        Index(tmp_path)
    assert error.value.key == "index_damaged"


def test_missing_rows_are_noticed(tmp_path: Path) -> None:
    build = built(tmp_path)
    lines = (build / "chunks.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (build / "chunks.jsonl").write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(IndexError_, match=r"chunks\.jsonl"):
        Index(tmp_path)


def test_a_build_whose_vectors_are_not_those_it_was_given_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = plan()
    chunks = chunk(document)
    real = Store.add
    monkeypatch.setattr(Store, "add", lambda store, pieces, made: real(store, pieces, -made))
    with keep.writing(tmp_path), pytest.raises(IndexError_) as error:
        keep.write(tmp_path, Manifest("e", "c", DIMENSION, {}, "1", 0), [document], chunks, vectors(chunks))
    assert error.value.key == "index_damaged"


def test_vectors_come_back_for_reuse(tmp_path: Path) -> None:
    built(tmp_path)
    chunks = chunk(plan())
    made = vectors(chunks)
    assert np.array_equal(Content(tmp_path).vectors(), made)


def test_a_document_survives_its_json_form() -> None:
    document = plan()
    assert type(document).from_json(document.to_json()) == document
    assert replace(document, title="x") != document


def rows(n: int, changed: int = 0) -> list[Chunk]:
    """n short chunks, the last `changed` of them with ids of their own."""
    return [
        Chunk(f"{'b' if at >= n - changed else 'a'}{at}", "d", (("article", str(at)),), f"第{at}条") for at in range(n)
    ]


def written(folder: Path, chunks: list[Chunk], base: Content | None = None) -> Path:
    made_with = Manifest("e", "c", DIMENSION, {}, "1", 0)
    with keep.writing(folder):
        build = keep.write(folder, made_with, [plan()], chunks, vectors(chunks), base=base)
        keep.switch(folder, build)
    return build


def graph(build: Path) -> str:
    return next(path.name for path in (build / "chroma").iterdir() if path.is_dir())


def test_where_little_has_changed_the_collection_is_copied_and_holds_what_a_new_one_would(tmp_path: Path) -> None:
    first = written(tmp_path, rows(100))
    second = written(tmp_path, rows(100, changed=8), Content(tmp_path))
    assert graph(second) == graph(first)
    opened = Index(tmp_path)
    assert opened.chunks == rows(100, changed=8)
    made = vectors(opened.chunks)
    anew = written(tmp_path / "anew", rows(100, changed=8))
    assert graph(anew) != graph(first)
    for vector in made[::10]:
        assert opened.nearest(vector, 5) == Index(tmp_path / "anew").nearest(vector, 5)
    assert Index(tmp_path).manifest.stale == 8


@pytest.mark.parametrize(("changed", "copied"), [((8,), True), ((11,), False), ((9, 10), True), ((9, 10, 9), False)])
def test_a_collection_is_made_anew_when_a_fifth_of_it_changes_or_has_been_deleted(
    changed: tuple[int, ...], copied: bool, tmp_path: Path
) -> None:
    last = written(tmp_path, rows(100))
    for n, more in enumerate(changed):
        # Each time the last rows get other ids, so that `more` or, the next time, as many as before are deleted.
        chunks = [replace(c, chunk_id=f"{n}{c.chunk_id}") if c.chunk_id[0] == "b" else c for c in rows(100, more)]
        before, last = last, written(tmp_path, chunks, Content(tmp_path))
    assert (graph(last) == graph(before)) is copied


def test_a_damaged_graph_is_not_copied(tmp_path: Path) -> None:
    build = written(tmp_path, rows(1100))
    file = build / "chroma" / graph(build) / "data_level0.bin"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(IndexError_, match="tiaoyin index rebuild"):
        written(tmp_path, rows(1100, changed=3), Content(tmp_path))
    assert index.current(tmp_path) == build


def test_rows_that_another_process_adds_are_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "here", rows(300))
    monkeypatch.setattr(keep, "APART", 100)
    written(tmp_path / "apart", rows(300))
    here, apart = Index(tmp_path / "here"), Index(tmp_path / "apart")
    assert np.array_equal(here.vectors(), apart.vectors())
    for vector in vectors(rows(300))[::30]:
        assert here.nearest(vector, 5) == apart.nearest(vector, 5)


@pytest.mark.parametrize(
    ("filled", "why"),
    [
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("build().joinpath('chunks.jsonl').write_text('{')", "index_damaged"),
        ("os.kill(child(), 9)", "ended with status -9"),
    ],
)
def test_what_goes_wrong_where_another_process_adds_rows_is_one_error_and_nothing_half_made(
    filled: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = written(tmp_path, rows(100))
    monkeypatch.setattr(keep, "APART", 100)
    chunks, made_with, started = rows(300), Manifest("e", "c", DIMENSION, {}, "1", 0), list[Any]()

    class Popen(subprocess.Popen[str]):
        def __init__(self, *values: Any, **named: Any) -> None:
            super().__init__(*values, **named)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Popen)

    def build() -> Path:
        return next(path for path in (tmp_path / "builds").iterdir() if path != before)

    def child() -> int:
        return started[0].pid

    def rising() -> Iterator[int]:
        yield 100
        exec(filled, {"os": os, "build": build, "child": child})
        yield 200
        yield 300

    with keep.writing(tmp_path), pytest.raises(BaseException) as error:
        keep.write(tmp_path, made_with, [plan()], chunks, vectors(chunks), filled=rising())
    assert why in f"{error.type.__name__} {getattr(error.value, 'key', '')} {error.value}"
    assert list((tmp_path / "builds").iterdir()) == [before]
    assert Index(tmp_path).chunks == rows(100)


@pytest.mark.parametrize("limit", [10_000, 40_000, 100_000, 300_000, 700_000])
@pytest.mark.parametrize("apart", [100, 10_000])
def test_a_full_disk_leaves_the_index_as_it_was_and_nothing_half_made(
    limit: int, apart: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is of the bytes of a file: chunks.jsonl cannot be written with it, or vectors.npy, or the database."""
    build = written(tmp_path, rows(1100))
    monkeypatch.setattr(keep, "APART", apart)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(IndexError_) as error:
            written(tmp_path, rows(1100, changed=900), Content(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error.value.key == "index_unwritten"
    assert list((tmp_path / "builds").iterdir()) == [build]
    assert Index(tmp_path).chunks == rows(1100)


def test_an_index_that_may_not_be_written_answers_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, rows(100))
    made = vectors(rows(100))
    before = Index(tmp_path).nearest(made[7], 20)
    monkeypatch.setattr(stores.os, "access", lambda *_: False)  # root may write everywhere
    found = Index(tmp_path).nearest(made[7], 20)
    assert [(i, pytest.approx(cosine, abs=1e-5)) for i, cosine in found] == before
