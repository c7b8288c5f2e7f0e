"""What the READMEs promise: the Space's fields hold, and the Chinese one says what the English one says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = dict(
    line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if "==" in line
)
_, FRONT, ENGLISH = ENGLISH.split("---\n", 2)  # of the file's beginning, which a Space reads
FENCED = re.compile(r"^```(?:\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """The lines of each block without what is said about them: all that a reader types or sees the program print."""
    blocks = FENCED.findall(text)
    return [[line.split("#")[0].rstrip() for line in block.splitlines()] for block in blocks if "rag/   " not in block]


def files(text: str) -> list[list[str]]:
    """The names in each line of the tree."""
    tree = next(block for block in FENCED.findall(text) if "rag/   " in block)
    return [re.findall(r"[\w/]+\.(?:py|toml|js|md|\*)|\w+/", tree)]


def tables(text: str) -> list[list[list[str]]]:
    """The numbers of each row of each table, cell by cell, with their emphasis."""
    rows = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    cells = [[row.strip("|").split("|") for row in table.splitlines()] for table in rows]
    return [[[" ".join(sorted(numbers(cell))) for cell in row] for row in table] for table in cells]


def numbers(text: str) -> list[str]:
    return re.findall(r"\*{0,2}(?<![A-Za-z\d])\.?\d(?:[\d,.]*\d)?\*{0,2}", text)


def sections(text: str) -> list[str]:
    return re.split(r"^#+ ", FENCED.sub("", text), flags=re.MULTILINE)


def figures(text: str) -> list[set[str]]:
    return [set(numbers(section)) for section in sections(text)]


def code(text: str) -> list[set[str]]:
    """What stands between backticks, section by section."""
    return [set(re.findall(r"`([^`\n]+)`", section)) for section in sections(text)]


def headings(text: str) -> list[str]:
    return re.findall(r"^(#+) ", FENCED.sub("", text), re.MULTILINE)


def links(text: str) -> list[str]:
    found = re.findall(r"(?:\]\(|(?<=\s)(?=http))([^)\s`]+)", FENCED.sub("", text))
    return [re.sub(r"README(\.zh)?\.md$", "the other", each) for each in found if each != "data/README.md"]


@pytest.mark.parametrize("said", [commands, files, tables, figures, code, headings, links], ids=lambda f: f.__name__)
def test_the_chinese_readme_is_in_step(said: Callable[[str], list[object]]) -> None:
    assert said(CHINESE) == said(ENGLISH)
    assert said(ENGLISH)


def test_each_readme_opens_with_the_one_sentence_and_leads_to_the_other() -> None:
    for text, other, begins in ((ENGLISH, "README.zh.md", "Ask "), (CHINESE, "README.md", "向")):
        title, sentence = text.split("\n\n")[:2]
        assert title.strip() == "# TiaoYin 条引"
        assert sentence.startswith(begins)
        assert sentence.endswith(f"]({other})")


def test_the_fields_that_a_space_reads_hold() -> None:
    fields = dict(line.split(": ", 1) for line in FRONT.splitlines())
    assert fields["title"] == "TiaoYin 条引"
    assert fields["sdk"] == "gradio"
    assert fields["sdk_version"] == PINS["gradio"]
    assert fields["license"] == PROJECT["license"].lower()
    assert PROJECT["requires-python"] == ">=" + fields["python_version"].strip('"')
    assert (ROOT / fields["app_file"]).is_file()
    assert len(fields["short_description"]) <= 60


def test_a_space_installs_what_the_project_depends_on_as_pinned() -> None:
    names = [re.split(r"[<>=]", dependency)[0] for dependency in PROJECT["dependencies"]]
    wanted = [f"{name}=={PINS[name]}" for name in names]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == wanted
