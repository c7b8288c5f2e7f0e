"""Settings -> Findings: what is installed, reachable and indexed, and what to type to mend what is not.

It looks and mends nothing, loads no model, and asks no network but the Chroma server that an index is on.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag import index, models
from rag.errors import TiaoYinError
from rag.settings import Settings
from rag.words import say

LIBRARIES = ("torch", "sentence-transformers", "chromadb", "llama-index", "openvino-genai", "gradio")


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `cure` is what to do about it, "" where nothing is wrong."""

    what: str
    ok: bool
    found: str
    cure: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Findings in the order in which things are needed."""
    found = [Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0])]
    found += [_library(name) for name in LIBRARIES]
    found.append(_disk(settings.home))
    found += _models(settings)
    found.append(_index(settings))
    return found


def _library(name: str) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, say("doctor_missing"), say("doctor_install"))


def _disk(home: Path) -> Finding:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    return Finding(say("doctor_disk"), free > 10**9, f"{free / 10**9:.1f} GB ({there})")


def _models(settings: Settings) -> Iterator[Finding]:
    for name, model in models.catalogue().items():
        if not model.default:
            continue
        place = models.locate(name, settings.home)
        cure = "" if place else f"tiaoyin pull {name}"
        yield Finding(name, place is not None, str(place or say("doctor_missing")), cure)
    if importlib.util.find_spec("pip") is None:
        yield Finding("pip", False, say("doctor_missing"), f"{sys.executable} -m ensurepip")


def _index(settings: Settings) -> Finding:
    name = say("doctor_index")
    try:
        opened = index.Index(settings.index, settings.chroma)
    except TiaoYinError as error:
        return Finding(name, False, say("doctor_missing"), str(error))
    size = say("doctor_size", documents=len(opened.documents), chunks=len(opened.chunks), folder=settings.index)
    opened.close()
    return Finding(name, True, size)
