"""Claims about damage: every kind is found and named with its cure, and mended without the files; the real embedder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plan import TEXT

from rag import index, mend
from rag import vectors as stores
from rag.__main__ import main
from rag.errors import IndexError_
from rag.index import Index, manifest, sealed
from rag.ingest import ingest
from rag.mend import faults, rebuild
from rag.pipeline import Engine
from rag.settings import Settings
from rag.vectors import DATABASE, Store

pytestmark = pytest.mark.slow
once = pytest.mark.usefixtures("loaded_once")
"""For all that mend but the command, which loads the embedder itself."""


@pytest.fixture(scope="module")
def sound(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An index of 1,100 short articles, so that Chroma has written its graph out, and of the plan."""
    place = tmp_path_factory.mktemp("sound")
    law = "长法\n" + "\n".join(f"第{n}条 第{n}号。" for n in range(1, 1101))
    for name, text in {"plan.md": TEXT, "law.md": law}.items():
        (place / "in").mkdir(exist_ok=True)
        (place / "in" / name).write_text(text, encoding="utf-8")
    settings = Settings(home=home, index=place / "index")
    ingest(settings, [place / "in"], prune=False, report=lambda *_: None)
    return settings


@pytest.fixture
def place(sound: Settings, tmp_path: Path) -> Settings:
    """A copy of it to damage; the files it was made from are not at hand."""
    shutil.copytree(sound.index, tmp_path / "index")
    return Settings(home=sound.home, index=tmp_path / "index")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def drop_line(file: Path) -> None:
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))


def drop_rows(build: Path) -> None:
    store = Store(build)
    store.delete([piece.chunk_id for piece in index.chunks_in(build, None)[:3]])
    store.close()


def swap_rows(build: Path) -> None:
    one, other = index.chunks_in(build, None)[:2]
    store = Store(build)
    kept = store.vectors([one.chunk_id])[one.chunk_id]
    store.delete([other.chunk_id])
    store.add([other], np.asarray([kept]))
    store.close()


def edit_manifest(build: Path) -> None:
    values = json.loads((build / "manifest.json").read_text(encoding="utf-8"))
    (build / "manifest.json").write_text(json.dumps(values | {"embedder": "another"}), encoding="utf-8")


def foreign_manifest(build: Path) -> None:
    values = json.loads((build / "manifest.json").read_text(encoding="utf-8"))
    del values["seal"]
    values["build"] = "20200101-000000-abcdef"
    (build / "manifest.json").write_text(json.dumps(values | {"seal": sealed(values)}), encoding="utf-8")


DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "cut graph": (lambda build: cut(next(build.glob("chroma/*/data_level0.bin"))), "data_level0.bin"),
    "changed graph": (lambda build: flip(next(build.glob("chroma/*/data_level0.bin"))), "data_level0.bin"),
    "graph gone": (lambda build: next(build.glob("chroma/*/header.bin")).unlink(), "header.bin"),
    "no collection": (lambda build: shutil.rmtree(build / "chroma"), "chroma"),
    "database gone": (lambda build: (build / "chroma" / DATABASE).unlink(), "chroma"),
    "rows missing": (drop_rows, "chroma"),
    "another row's vector": (swap_rows, "chroma"),
    "edited manifest": (edit_manifest, "manifest.json"),
    "foreign manifest": (foreign_manifest, "manifest.json"),
    "torn manifest": (lambda build: cut(build / "manifest.json"), "manifest.json"),
    "torn chunks": (lambda build: cut(build / "chunks.jsonl"), "chunks.jsonl"),
    "changed chunks": (lambda build: flip(build / "chunks.jsonl"), "chunks.jsonl"),
    "a chunk less": (lambda build: drop_line(build / "chunks.jsonl"), "chunks.jsonl"),
    "cut vectors": (lambda build: cut(build / "vectors.npy"), "vectors.npy"),
    "no words": (lambda build: shutil.rmtree(build / "lexical"), "lexical/"),
    "no pointer": (lambda build: (build.parent.parent / "current").write_text("nowhere"), "current"),
    "empty pointer": (lambda build: (build.parent.parent / "current").write_text(""), "current"),
}


@once
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_named_and_mended_without_the_files(
    damage: str, place: Settings, sound: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    assert faults(place) == []
    harm, what = DAMAGE[damage]
    harm(index.current(place.index))
    found = faults(place)
    assert any(fault.what.startswith(what) or fault.what.endswith(what) for fault in found), found
    assert {fault.cure for fault in found} == {f"tiaoyin index rebuild --index {place.index}"}
    embedded: list[int] = []
    rebuild(place, lambda what, done, of: embedded.append(of) if what == "embed" else None)
    assert faults(place) == []
    assert sum(embedded[:1]) == 0, "vectors were at hand"
    mended, before = Index(place.index), Index(sound.index)
    assert (mended.documents, mended.chunks) == (before.documents, before.chunks)
    assert np.allclose(mended.vectors(), before.vectors(), atol=1e-5)
    assert mended.manifest.files.keys() == before.manifest.files.keys()
    assert Engine(place).find("公园每日开放多久").hits[0].document.title == "城市公园行动计划"


@once
def test_documents_that_cannot_be_trusted_are_not_made_up(place: Settings) -> None:
    file = index.current(place.index) / "documents.jsonl"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("十二小时", "十三小时"), encoding="utf-8")
    (fault,) = faults(place)
    assert (fault.what, "tiaoyin ingest" in fault.cure) == ("documents.jsonl", True)
    with pytest.raises(IndexError_) as error:
        rebuild(place, lambda *_: None)
    assert error.value.key == "index_lost"
    cut(file)
    assert [fault.what for fault in faults(place)] == ["documents.jsonl"]


@once
@pytest.mark.parametrize("harm", [flip, cut, drop_line, Path.unlink])
def test_documents_that_are_lost_are_taken_from_the_build_before(harm: Callable[[Path], Any], place: Settings) -> None:
    rebuild(place, lambda *_: None)  # so that there are two
    before = Index(place.index)
    harm(before.build / "documents.jsonl")
    flip(before.build / "chunks.jsonl")
    found = {fault.what: fault.cure for fault in faults(place)}
    assert found["documents.jsonl"] == f"tiaoyin index rebuild --index {place.index}"
    rebuild(place, lambda *_: None)
    assert faults(place) == []
    after = Index(place.index)
    assert (after.documents, after.chunks) == (before.documents, before.chunks)


@once
def test_a_document_of_the_last_build_alone_is_vouched_for_by_its_chunks(place: Settings, tmp_path: Path) -> None:
    more = tmp_path / "more.md"
    more.write_text("# 道路办法\n\n第一条 道路应当平整。\n", encoding="utf-8")
    ingest(place, [more], prune=False, report=lambda *_: None)
    before = Index(place.index)
    flip(before.build / "documents.jsonl")  # in the middle, of another
    rebuild(place, lambda *_: None)
    assert faults(place) == []
    after = Index(place.index)
    assert (after.documents, after.chunks) == (before.documents, before.chunks)


@once
def test_what_no_build_vouches_for_is_not_made_up(place: Settings, tmp_path: Path) -> None:
    more = tmp_path / "more.md"
    more.write_text("# 道路办法\n\n第一条 道路应当平整。\n", encoding="utf-8")
    ingest(place, [more], prune=False, report=lambda *_: None)
    file = index.current(place.index) / "documents.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace("平整", "不平"), encoding="utf-8")
    with pytest.raises(IndexError_) as error:
        rebuild(place, lambda *_: None)
    assert error.value.key == "index_lost"


def test_a_sound_index_that_may_not_be_written_is_whole(place: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores.os, "access", lambda *_: False)  # root may write everywhere
    assert faults(place) == []
    assert main(["index", "check", "--home", str(place.home), "--index", str(place.index)]) == 0
    flip(index.current(place.index) / "vectors.npy")
    assert [fault.what for fault in faults(place)] == ["vectors.npy"]


@once
def test_vectors_that_are_not_the_embedders_are_made_again(place: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    build = index.current(place.index)
    np.save(build / "vectors.npy", -np.load(build / "vectors.npy"))
    cut(build / "manifest.json")  # so that no checksum speaks against them
    embedded: list[int] = []
    done = rebuild(place, lambda what, made, of: embedded.append(of) if what == "embed" else None)
    assert embedded[0] == done.chunks
    assert faults(place) == []


@once
def test_an_index_without_checksums_is_read_and_rebuild_gives_it_some(place: Settings) -> None:
    build = index.current(place.index)
    values = json.loads((build / "manifest.json").read_text(encoding="utf-8"))
    for name in ("seal", "format", "build", "chroma", "collection", "stale", "sums"):
        del values[name]
    (build / "manifest.json").write_text(json.dumps(values), encoding="utf-8")
    (build / "vectors.npy").unlink()
    before = Index(place.index)
    assert before.vectors().shape == (len(before.chunks), before.manifest.dimension)
    assert [fault.what for fault in faults(place)] == ["manifest.json"]
    embedded: list[int] = []
    rebuild(place, lambda what, made, of: embedded.append(of) if what == "embed" else None)
    assert (embedded, faults(place), manifest(place.index).format) == ([], [], index.FORMAT)


def test_the_command_tells_what_is_there_and_what_is_damaged(
    place: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    where = ["--home", str(place.home), "--index", str(place.index)]
    assert main(["index", "list", "--json", *where]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert {(e["title"], e["articles"], e["superseded"]) for e in entries} == {
        ("长法", 1100, False),
        ("城市公园行动计划", 3, False),
    }
    assert main(["index", "show", "城市公园行动计划", *where]) == 0
    assert "3 articles" in capsys.readouterr().out
    assert main(["index", "show", "城市公园", *where]) == 2
    assert "城市公园行动计划" in capsys.readouterr().err
    assert main(["index", "check", *where]) == 0
    cut(index.current(place.index) / "vectors.npy")
    assert main(["index", "check", *where]) == 1
    assert f"tiaoyin index rebuild --index {place.index}" in capsys.readouterr().out
    assert main(["index", "rebuild", *where]) == 0
    assert main(["index", "check", "--json", *where]) == 0
    assert mend.faults(place) == []
