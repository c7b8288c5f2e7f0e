"""Claims about the thesaurus of everyday expressions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

FILE = Path(__file__).parent.parent / "rag" / "lay.toml"
LINES = FILE.read_text(encoding="utf-8").splitlines()
TABLES: dict[str, dict[str, str]] = tomllib.loads("\n".join(LINES))
ENTRY = re.compile(r'"([^"]+)" = "([^"]+)"')


def test_two_tables_each_of_a_useful_size() -> None:
    assert set(TABLES) == {"zh", "en"}
    assert len(TABLES["zh"]) > 1500
    assert len(TABLES["en"]) > 100


def test_every_line_is_a_heading_or_one_entry_and_keys_are_unique() -> None:
    entries = [line for line in LINES if line and not line.startswith(("#", "["))]
    assert [line for line in entries if not ENTRY.fullmatch(line)] == []
    assert len(entries) == sum(len(table) for table in TABLES.values())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_entry_adds_something(lang: str) -> None:
    for key, value in TABLES[lang].items():
        terms = value.split()
        assert terms, key
        assert value != key, key
        assert key == key.strip(), key
        assert value == " ".join(terms), key


def test_chinese_entries_hold_one_to_six_distinct_terms() -> None:
    for key, value in TABLES["zh"].items():
        terms = value.split()
        assert 1 <= len(terms) <= 6, key
        assert len(set(terms)) == len(terms), key


def test_english_keys_are_lower_case_as_they_are_looked_for() -> None:
    assert [key for key in TABLES["en"] if key != key.lower()] == []


def test_every_entry_stands_in_a_named_section_of_its_table() -> None:
    heading = ""
    for line in LINES:
        if line.startswith("["):
            heading = ""
        elif line.startswith("# -- "):
            heading = line
        elif ENTRY.fullmatch(line):
            assert heading, line


@pytest.mark.parametrize(
    ("lang", "key", "term"),
    [
        ("zh", "老板", "用人单位"),
        ("zh", "炒鱿鱼", "解除劳动合同"),
        ("zh", "上班路上", "上下班途中"),
        ("zh", "老赖", "被执行人"),
        ("zh", "保释", "取保候审"),
        ("zh", "租客", "承租人"),
        ("zh", "派出所", "公安机关"),
        ("en", "face recognition", "biometric identification"),
        ("en", "fine", "administrative fines"),
    ],
)
def test_everyday_expressions_lead_to_the_statutes_words(lang: str, key: str, term: str) -> None:
    assert term in TABLES[lang][key]
