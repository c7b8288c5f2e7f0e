"""Claims about settings: where they come from, and how a wrong one is refused."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from rag.__main__ import COMMANDS, FLAGS
from rag.arguments import parser
from rag.errors import UsageError
from rag.settings import Settings, load


def test_flags_beat_variables_beat_the_file_beat_defaults(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clean / "tiaoyin.toml").write_text('llm = "extractive"\nport = 1111\nprovisions = 2\n', encoding="utf-8")
    monkeypatch.setenv("TIAOYIN_PORT", "2222")
    monkeypatch.setenv("TIAOYIN_PROVISIONS", "5")
    found = load({"provisions": "7", "host": None})
    assert (found.llm, found.port, found.provisions, found.host) == ("extractive", 2222, 7, "127.0.0.1")


def test_the_index_lies_in_the_home_unless_it_is_named(clean: Path) -> None:
    assert load({"home": "/a"}).index == Path("/a/index")
    assert load({"home": "/a", "index": "/b"}).index == Path("/b")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"prot": 1}, "Did you mean 'port'"),
        ({"port": "many"}, "whole number above 0"),
        ({"port": 0}, "whole number above 0"),
        ({"lang": "fr"}, "zh or en"),
        ({"demo": "yes"}, "on or empty"),
        ({"upload_mb": "0"}, "whole number above 0"),
    ],
)
def test_a_wrong_setting_is_one_clear_error(
    flags: dict[str, Any], words: str, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    with pytest.raises(UsageError) as error:
        load(flags)
    assert words in str(error.value)
    assert error.value.exit_status == 2


def test_a_misspelt_variable_and_a_broken_file_are_refused(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIAOYIN_EMBEDER", "x")
    with pytest.raises(UsageError, match="embedder"):
        load({})
    monkeypatch.delenv("TIAOYIN_EMBEDER")
    (clean / "tiaoyin.toml").write_text("port = ", encoding="utf-8")
    with pytest.raises(UsageError, match=r"tiaoyin\.toml"):
        load({})


def test_every_flag_that_is_named_as_a_setting_sets_it() -> None:
    """A flag that the command line took and no setting heard of did nothing, and nobody was told."""
    names = {field.name for field in fields(Settings)}
    wanted = {"pull": [], "parse": ["x"], "ingest": ["x"], "retrieve": ["x"], "ask": ["x"], "index": ["list"]}
    wanted |= {"chat": [], "eval": ["x", "--out", "y"], "serve": [], "mcp": [], "key": ["list"], "doctor": []}
    assert wanted.keys() == COMMANDS.keys()
    for command, given in wanted.items():
        taken = vars(parser(COMMANDS).parse_args([command, *given])).keys()
        assert taken & names <= set(FLAGS), command
