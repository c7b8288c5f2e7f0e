"""One frozen `Settings`, put together from flags, `TIAOYIN_*` variables, `tiaoyin.toml` and defaults, in that order.

In: the flags a person typed. Out: `Settings`. Unknown names are refused with the near one named.
Stages never see this: the pipeline, the command line and the page hand them plain values.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rag.errors import UsageError
from rag.unseen import without_password

FILE = "tiaoyin.toml"
PREFIX = "TIAOYIN_"


def _home() -> Path:
    return Path("~/.tiaoyin").expanduser()


@dataclass(frozen=True)
class Settings:
    """What can be set.

    home: where models and the index live.   index: the index folder (default: HOME/index).
    chroma: where its vectors lie: http://host:port of a Chroma server, "folder" for the index folder itself,
        "" for where they lie already, else the folder.
    llm: a SPEC, see rag/generate.   llms: other SPECs that visitors of the page may choose, parted by spaces.
    embedder: catalogue name, a repository ORG/NAME of the model hub, or a sentence-transformers folder.
    reranker: a repository ORG/NAME, or the folder of a sentence-transformers CrossEncoder ("": none).
    widen: "model" lets the language model word a question as a law would, to search for that too ("": a table does).
    check: "model" lets the language model itself judge again each sentence that passed ("": code alone checks).
    provisions: how many articles the language model reads at most.
    context_chars: how many characters of them, together.   answer_tokens: how long a reply may get.
    keys: "on" to ask for a key on this machine too; any other address always does.
    questions_per_hour: what each key, or each visitor where there are none, may ask within an hour (0: any number).
    host, port: where the page is served.   lang: "zh" or "en" for terminal and page ("" follows the reader).
    upload_mb: size of one file that a visitor of the page may upload; an Office file may unpack to twice that.
    upload_total_mb: size of all files of one visitor.
    upload_files: how many they may be.   upload_clauses: how many chunks they may make together.
    upload_pages: pages of one of them, where it is a PDF or an image; one that must be recognised counts as ten.
    upload_hours: after how many hours without use they go.   upload_visitors: how many visitors may have some at once.
    eval_questions: how many questions a set may have that is run on the page.
    demo: "on" for a page that strangers share.   demo_questions, demo_files: what each may ask, upload in an hour then.
    """

    home: Path = field(default_factory=_home)
    index: Path = Path()
    chroma: str = ""
    llm: str = "embedded"
    llms: str = ""
    embedder: str = "multilingual-e5-small"
    reranker: str = ""
    widen: str = ""
    check: str = ""
    provisions: int = 4
    context_chars: int = 1600
    answer_tokens: int = 320
    keys: str = ""
    questions_per_hour: int = 0
    host: str = "127.0.0.1"
    port: int = 7860
    lang: str = ""
    upload_mb: int = 10
    upload_total_mb: int = 30
    upload_files: int = 20
    upload_clauses: int = 4000
    upload_pages: int = 300
    upload_hours: int = 12
    upload_visitors: int = 50
    eval_questions: int = 200
    demo: str = ""
    demo_questions: int = 40
    demo_files: int = 20

    def __post_init__(self) -> None:
        if self.index == Path():
            object.__setattr__(self, "index", self.home / "index")


def load(flags: Mapping[str, Any], folder: Path | None = None) -> Settings:
    """Settings from `flags` (None means: not given), the environment, `folder`/tiaoyin.toml and the defaults.

    Raises UsageError for an unknown name, a value of the wrong kind, or a file that is no TOML.
    """
    path = (folder or Path.cwd()) / FILE
    layers = [(str(path), _file(path)), (PREFIX + "*", _environment()), ("--", flags)]
    chosen: dict[str, Any] = {}
    for where, layer in layers:
        for name, value in layer.items():
            if value is not None:
                chosen[name] = _value(name, value, where)
    return Settings(**chosen)


def _file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:  # a number of 5,000 digits, or brackets as deep
        raise UsageError("settings_file", path=path, why=error) from error


def _environment() -> dict[str, str]:
    given = {name[len(PREFIX) :].lower(): value for name, value in os.environ.items() if name.startswith(PREFIX)}
    given.pop("api_key", None)  # read where it is sent, so that no setting shows it
    return given


def _value(name: str, value: Any, where: str) -> Any:
    """`value` as the kind of the setting `name`."""
    defaults = {f.name: getattr(Settings(), f.name) for f in fields(Settings)}
    if name not in defaults:
        near = difflib.get_close_matches(name, defaults, n=1, cutoff=0.0)[0]
        raise UsageError("settings_unknown", name=name, where=where, near=near)
    kind = type(defaults[name])
    if issubclass(kind, Path):
        try:
            return Path(value).expanduser().absolute()
        except (TypeError, RuntimeError) as error:  # no text, or the home of nobody
            raise UsageError("settings_folder", name=name, value=value, where=where) from error
    if kind is int:
        try:
            number = int(str(value))
        except ValueError as error:
            raise UsageError("settings_number", name=name, value=value, where=where) from error
        if number < 1:
            raise UsageError("settings_number", name=name, value=value, where=where)
        return number
    if name == "lang" and value not in ("", "zh", "en"):
        raise UsageError("settings_lang", value=value, where=where)
    if name == "widen" and value not in ("", "model"):
        raise UsageError("settings_widen", value=value, where=where)
    if name == "check" and value not in ("", "model"):
        raise UsageError("settings_check", value=value, where=where)
    if name == "keys" and value not in ("", "on"):
        raise UsageError("settings_keys", value=value, where=where)
    if name == "demo" and value not in ("", "on"):
        raise UsageError("settings_demo", value=value, where=where)
    if name == "chroma" and not re.fullmatch(r"folder|(https?://[^/?#@\s]+)?", str(value)):
        raise UsageError("settings_chroma", value=without_password(str(value)), where=where)
    return str(value)
