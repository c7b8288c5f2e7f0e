"""What several test files need, once for each process that runs tests: models, an index, a page, axe-core."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from xdist.scheduler import LoadScopeScheduling

from rag import ingest as ingesting
from rag import loaded, mend, models
from rag.embed import Embedder
from rag.ingest import ingest
from rag.loaded import LLM
from rag.pipeline import Engine
from rag.settings import Settings, load

ROOT = Path(__file__).parent.parent
DOCUMENTS = ROOT / "data" / "documents"
WRITES = {"test_command_line", "test_embedded", "test_end_to_end", "test_injection", "test_servers", "test_space"}
"""Whose tests let the language model write."""


class ByFile(LoadScopeScheduling):
    """Of the processes that share the tests one takes all that write, since two such hinder each other and each hold
    the model; else a file is not divided, so that what its tests share is made once.

    xdist's own groups go by a mark that it writes into ids, where pytest 9.2 reads it no longer: all was divided.
    """

    def _split_scope(self, nodeid: str) -> str:
        name = Path(nodeid.partition("::")[0]).stem
        return "writes" if name in WRITES else name


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="session")
def home() -> Path:
    """Where the default models are; `make test` pulls them first."""
    place = load({}).home
    for name in (Settings().embedder, LLM):
        if models.locate(name, place) is None:
            pytest.fail(f"{name} is not in {place}: run `tiaoyin pull`, or `make test`, which does")
    return place


@pytest.fixture(scope="session")
def settings(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with the first document in an index of this run's own."""
    made = Settings(home=home, index=tmp_path_factory.mktemp("index"))
    ingest(made, [DOCUMENTS], prune=False, report=lambda what, done, total: None)
    return made


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Engine:
    """The real thing."""
    return Engine(settings)


@pytest.fixture(scope="session")
def embedder(home: Path) -> Embedder:
    """The real one."""
    name = Settings().embedder
    return Embedder(models.require(name, home), models.export_place(name, home))


@pytest.fixture
def loaded_once(embedder: Embedder, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever embeds takes the one that is loaded, which takes a second anew: for tests that are not about loading."""
    own = models.require(Settings().embedder, home)

    def load(folder: Path, exported: Path | None = None) -> Embedder:
        return embedder if folder == own else Embedder(folder, exported)

    for module in (ingesting, mend, loaded):
        monkeypatch.setattr(module, "Embedder", load)


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working folder, and no setting from outside."""
    for name in [name for name in os.environ if name.startswith("TIAOYIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A page that plays a script, as `played` serves it by default."""
    from played import played

    with played(tmp_path_factory.mktemp("page")) as running:
        yield running


@pytest.fixture(scope="module")
def site(serving: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """That page, with a Chromium for the tests of a module; nothing of another module's is still to come."""
    from browser import shared

    (serving.folder / "finish").unlink(missing_ok=True)
    with shared():
        yield serving


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    place = ROOT / ".venv" / "axe"
    told = subprocess.run(["sh", "scripts/axe.sh", str(place)], cwd=ROOT, capture_output=True, text=True).stderr
    script = place / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        pytest.skip(f"axe-core is not here: {told.strip()}")
    return script.read_text(encoding="utf-8")
