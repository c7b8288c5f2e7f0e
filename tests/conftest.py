"""What several test files need: the real models, and the first document indexed with them, once a run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag import models
from rag.ingest import ingest
from rag.pipeline import LLM, Engine
from rag.settings import Settings, load

DOCUMENTS = Path(__file__).parent.parent / "data" / "documents"


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


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working folder, and no setting from outside."""
    for name in [name for name in os.environ if name.startswith("TIAOYIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path
