"""Claims about the sentences people read."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from rag.words import LANGUAGES, reader_language, say, sentences

ROOT = Path(__file__).parent.parent
CODE = [path for each in ("rag/**/*.py", "ui/**/*.py", "ui/*.js") for path in ROOT.glob(each)]
PREFIXED = tuple(
    "kind_ report_ terminal_pull_ terminal_work_ refused_ page_refused_ removed_ help_ page_example_ told_kind_ "
    "choose_set_".split()
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_is_in_both_languages_with_the_same_placeholders() -> None:
    for key, table in sentences().items():
        assert set(table) == set(LANGUAGES), key
        assert placeholders(table["zh"]) == placeholders(table["en"]), key


def test_every_key_that_the_code_names_exists() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in CODE)
    named = set(re.findall(r'(?:say|[A-Za-z]*Error_?|SourceFailed)\(\s*"([a-z_0-9]+)"', text))
    assert len(named) > 40
    assert {name for name in named if not name.endswith("_")} <= set(sentences())


def test_every_sentence_is_used() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in CODE)
    unused = [key for key in sentences() if not re.search(rf"""["']{key}["']""", text) and not key.startswith(PREFIXED)]
    assert unused == []


@pytest.mark.parametrize(
    ("variables", "lang"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "TIAOYIN_LANG": "zh"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_terminal_follows_the_reader(variables: dict[str, str], lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TIAOYIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert reader_language() == lang
    assert say("question_empty") == sentences()["question_empty"][lang]
