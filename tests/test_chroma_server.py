"""Claims about an index whose vectors are on a Chroma server: the same contract, and clear words when it is away."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import chromadb
import httpx
import pytest
from plan import TEXT, plan

from rag import bringing, index, keep
from rag.chunk import chunk
from rag.errors import IndexError_
from rag.generate.extractive import Extractive
from rag.index import Index
from rag.ingest import ingest
from rag.mend import faults, rebuild
from rag.pipeline import Engine
from rag.settings import Settings
from rag.vectors import Store
from rag.words import say
from tests.browser import until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("loaded_once")]


class Server:
    """A `chroma run` on a loopback port that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        chroma = Path(sys.executable).parent / "chroma"
        command = [chroma, "run", "--path", self.folder, "--host", "127.0.0.1", "--port", str(self.port)]
        quiet = os.environ | {"ANONYMIZED_TELEMETRY": "False"}
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                httpx.get(f"{self.address}/api/v2/heartbeat")
                return
            time.sleep(0.1)
        pytest.fail("chroma run does not answer")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def names(self) -> set[str]:
        quiet = chromadb.Settings(anonymized_telemetry=False)
        client = chromadb.HttpClient("127.0.0.1", self.port, settings=quiet)
        return {collection.name for collection in client.list_collections()}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "server")
    yield running
    running.stop()


@pytest.fixture
def place(home: Path, server: Server, tmp_path: Path) -> Settings:
    """The plan, ingested with its vectors on the server."""
    (tmp_path / "plan.md").write_text(TEXT, encoding="utf-8")
    settings = Settings(home=home, index=tmp_path / "index", chroma=server.address)
    again(settings)
    return settings


def again(settings: Settings, text: str = TEXT) -> None:
    file = settings.index.parent / "plan.md"
    file.write_text(text, encoding="utf-8")
    ingest(settings, [file], prune=False, report=lambda *_: None)


def test_vectors_go_to_the_server_and_the_rest_stays_in_the_folder(place: Settings, server: Server) -> None:
    found = Index(place.index)  # the manifest knows the server
    assert (found.manifest.chroma, {found.manifest.collection}) == (server.address, server.names())
    assert not (found.build / "chroma").exists()
    assert found.documents.keys() == {plan().doc_id}
    best = Engine(place).find("公园每日开放多久").hits[0]
    assert best.provision.path == (("article", "1"),)
    assert faults(place) == []


def test_each_build_has_its_collection_and_those_before_the_last_are_deleted(place: Settings, server: Server) -> None:
    builds = [index.current(place.index)]
    with keep.writing(place.index):  # killed while it was writing: nothing points to it
        keep.write(place.index, index.manifest(place.index), [plan()], chunk(plan()), Index(place.index).vectors())
        Store(place.index / "builds" / "killed", server.address, "tiaoyin-killed", new=True).close()
        (place.index / "builds" / "killed").mkdir()
    for n in (1, 2):
        again(Settings(home=place.home, index=place.index), TEXT + f"\n四、第{n}次改动。\n")  # stays on the server
        builds.append(index.current(place.index))
    assert server.names() == {f"tiaoyin-{build.name}" for build in builds[1:]}
    assert {path.name for path in (place.index / "builds").iterdir()} == {build.name for build in builds[1:]}


def test_a_server_that_is_away_is_one_clear_error_and_it_may_come_back(
    place: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    engine = Engine(place)
    before = engine.find("公园每日开放多久").hits
    server.stop()
    words = f"{server.address} does not answer.*chroma run --path .* --port {server.port}"
    for attempt in (
        lambda: engine.find("公园每日开放多久").hits,
        lambda: Engine(place).documents(),
        lambda: again(place, TEXT + "\n四、又一条。\n"),
    ):
        with pytest.raises(IndexError_, match=words):
            attempt()
    (fault,) = faults(place)
    assert fault.what == server.address and "chroma run" in fault.why
    server.start()
    assert engine.find("公园每日开放多久").hits == before
    assert faults(place) == []


def test_what_the_server_has_lost_is_found_and_mended(place: Settings, server: Server) -> None:
    build = index.current(place.index)
    quiet = chromadb.Settings(anonymized_telemetry=False)
    chromadb.HttpClient("127.0.0.1", server.port, settings=quiet).delete_collection(f"tiaoyin-{build.name}")
    with pytest.raises(IndexError_) as error:
        Index(place.index)
    assert error.value.key == "index_damaged"
    assert [fault.what for fault in faults(place)] == [server.address]
    rebuild(place, lambda *_: None)
    assert faults(place) == []


def test_an_index_moves_between_folder_and_server_when_told_so(place: Settings, server: Server) -> None:
    home = Settings(home=place.home, index=place.index, chroma=index.HERE)
    with pytest.raises(IndexError_, match="tiaoyin index rebuild"):
        Index(home.index, home.chroma)
    rebuild(home, lambda *_: None)
    assert (index.manifest(home.index).chroma, faults(home)) == ("", [])
    with pytest.raises(IndexError_, match="tiaoyin index rebuild"):
        Index(place.index, place.chroma)
    rebuild(place, lambda *_: None)
    assert (index.manifest(place.index).chroma, faults(place)) == (server.address, [])


@pytest.mark.parametrize("indexed", [True, False])
def test_a_program_that_is_started_before_its_server_answers_once_that_is_there_and_with_its_model(
    indexed: bool, place: Settings, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringing, "WAITS", (0.2, 0.5))
    server.stop()
    settings = place if indexed else replace(place, index=tmp_path / "other")
    engine = Engine(settings, Extractive())
    engine.start_bare(tmp_path / "plan.md", "extractive", pytest.fail)
    until(lambda: engine.ready("en") == say("engine_chroma", "en"), 60)
    time.sleep(1)  # some trials
    server.start()
    until(lambda: engine.ready() is None and not engine.standby, 60)
    assert engine.news() == ""
    assert engine.find("公园每日开放多久").hits[0].provision.path == (("article", "1"),)
