"""Claims about bringing files into the index, with the real embedder."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from plan import TEXT

from rag import ingest as ingesting
from rag import models
from rag.embed import Embedder
from rag.errors import IndexError_
from rag.index import Index
from rag.ingest import Ingested, ingest
from rag.pipeline import Engine
from rag.prompt import template
from rag.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("loaded_once")]


@pytest.fixture
def place(home: Path, tmp_path: Path) -> Settings:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "plan.md").write_text(TEXT, encoding="utf-8")
    return Settings(home=home, index=tmp_path / "index")


def run(settings: Settings, prune: bool = False) -> tuple[Ingested, int]:
    """What an ingest did, and how many chunks it embedded."""
    embedded = []
    done = ingest(
        settings,
        [settings.index.parent / "in"],
        prune=prune,
        report=lambda what, at, total: embedded.append(at) if what == "embed" else None,
    )
    return done, max(embedded, default=0)


def test_running_again_does_nothing_and_says_so(place: Settings) -> None:
    first, embedded = run(place)
    assert (len(first.added), first.written, embedded) == (1, True, first.chunks)
    build = Index(place.index).build
    again, embedded = run(place)
    assert (again.added, len(again.unchanged), again.written, embedded) == ((), 1, False, 0)
    assert (again.documents, again.chunks) == (first.documents, first.chunks)
    assert Index(place.index).build == build


@pytest.mark.parametrize("text", [TEXT, ""])
def test_garbage_is_collected_again_after_an_ingest_that_did_or_did_not_succeed(place: Settings, text: str) -> None:
    (place.index.parent / "in" / "plan.md").write_text(text, encoding="utf-8")
    on: list[bool] = []
    ingest(place, [place.index.parent / "in"], prune=False, report=lambda what, at, total: on.append(gc.isenabled()))
    assert on and not any(on) and gc.isenabled()


def test_a_changed_file_is_replaced_and_only_what_changed_is_embedded(place: Settings) -> None:
    first, _ = run(place)
    file = place.index.parent / "in" / "plan.md"
    file.write_text(TEXT.replace("百分之五", "百分之八"), encoding="utf-8")
    done, embedded = run(place)
    assert (len(done.added), done.documents, done.chunks) == (1, 1, first.chunks)
    assert 0 < embedded < first.chunks / 2
    (document,) = Index(place.index).documents.values()
    assert "百分之八" in document.text
    assert "百分之五" not in document.text


def test_a_file_that_is_gone_stays_until_it_is_pruned(place: Settings) -> None:
    other = place.index.parent / "in" / "other.txt"
    other.write_text("第一条 本办法自公布之日起施行。\n第二条 另一条。\n第三条 又一条。\n", encoding="utf-8")
    run(place)
    other.unlink()
    kept, _ = run(place)
    assert (kept.documents, kept.written) == (2, False)
    pruned, embedded = run(place, prune=True)
    assert (len(pruned.removed), pruned.documents, embedded) == (1, 1, 0)


def test_a_file_that_cannot_be_read_does_not_stop_the_others(place: Settings) -> None:
    (place.index.parent / "in" / "empty.md").write_text("", encoding="utf-8")
    (place.index.parent / "in" / "binary.txt").write_bytes(b"\x00\x01\x02" * 100)
    done, _ = run(place)
    assert len(done.added) == 1
    assert sorted(Path(name).name for name in done.failed) == ["binary.txt", "empty.md"]


def test_an_index_of_another_chunker_is_refused_by_readers_and_mended_by_ingest(
    place: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(place)
    monkeypatch.setattr(ingesting.chunk, "VERSION", "another")
    with pytest.raises(IndexError_, match="tiaoyin ingest"):
        Engine(place).documents()
    done, embedded = run(place)
    assert done.written
    assert len(done.added) == 1  # read anew: the structure may be what has changed
    assert embedded == 0  # the texts are the same, and so are their vectors
    assert len(Engine(place).documents()) == 1


def test_a_running_engine_follows_a_switch(place: Settings) -> None:
    run(place)
    engine = Engine(place)
    assert len(engine.documents()) == 1
    (place.index.parent / "in" / "news.txt").write_text("标题\n\n今天公园开放。", encoding="utf-8")
    run(place)
    assert len(engine.documents()) == 2


def test_the_exported_embedder_gives_the_vectors_of_sentence_transformers(home: Path) -> None:
    name = Settings().embedder
    folder, exported = models.require(name, home), models.export_place(name, home)
    assert exported
    texts = ["推广低功耗芯片、高效算法等绿色计算技术。", "Women and children", "第七条 " * 300]
    for made in (lambda model: model.passages(texts), lambda model: model.queries(texts)):
        one, other = made(Embedder(folder, exported)), made(Embedder(folder))
        assert one.shape == other.shape == (3, 384)
        assert np.min(np.sum(one * other, axis=1)) > 0.999


def test_a_folder_without_a_model_is_a_clear_error(place: Settings, tmp_path: Path) -> None:
    from rag.errors import ModelError

    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError):
        ingest(replace(place, embedder=str(tmp_path / "empty")), [tmp_path / "in"], prune=False, report=lambda *_: None)


def test_a_server_started_before_its_index_answers_once_there_is_one(place: Settings) -> None:
    engine = Engine(replace(place, llm="extractive"))
    engine.start_model()
    engine.start_search()
    assert "tiaoyin" in until(engine, lambda told: told is not None and "ingest" in told)
    run(place)
    assert until(engine, lambda told: told is None) is None


def test_a_model_reads_its_prompts_ahead_only_once_something_was_searched_for(place: Settings) -> None:
    run(place)
    read: list[str] = []
    model: Any = SimpleNamespace(read_ahead=lambda messages: read.append(messages[0].content))
    engine = Engine(replace(place, llm="extractive"), model)
    engine.start_model()
    time.sleep(0.5)
    assert read == ["?"]
    engine.start_search()
    assert until(engine, lambda told: told is None) is None
    deadline = time.monotonic() + 60
    while len(read) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sorted(read[1:]) == sorted(template(lang)[0].content for lang in ("zh", "en"))


def until(engine: Engine, wanted: Callable[[str | None], bool]) -> Any:
    """What `ready` tells, as soon as it is `wanted`; an error counts by its sentence."""
    deadline = time.monotonic() + 60
    told: str | None = ""
    while time.monotonic() < deadline:
        try:
            told = engine.ready()
        except IndexError_ as error:
            told = str(error)
        if wanted(told):
            return told
        time.sleep(0.05)
    pytest.fail(f"still {told!r} after a minute")
