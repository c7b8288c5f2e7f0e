"""Claims about the glossary: English and everyday Chinese -> the wording of laws, policies and official news."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

RAG = Path(__file__).parent.parent / "rag"
LINES = (RAG / "glossary.toml").read_text(encoding="utf-8").splitlines()
TABLES: dict[str, dict[str, str]] = tomllib.loads("\n".join(LINES))
ENTRY = re.compile(r'"([^"]+)" = "([^"]+)"')
# Chinese characters, with the figures and Latin capitals of an acronym: 人工智能+, 2030年可持续发展议程, GDP, 5G.
TERM = re.compile(r"(?=.*[\u4e00-\u9fff]|[A-Z0-9]+$)[\u4e00-\u9fffA-Z0-9+]+")


def test_two_tables_each_of_a_useful_size() -> None:
    assert set(TABLES) == {"en_zh", "zh_policy"}
    assert len(TABLES["en_zh"]) > 1500
    assert len(TABLES["zh_policy"]) > 350


def test_every_line_is_a_heading_or_one_entry() -> None:
    entries = [line for line in LINES if line and not line.startswith(("#", "["))]
    assert [line for line in entries if not ENTRY.fullmatch(line)] == []
    assert len(entries) == sum(len(table) for table in TABLES.values())


@pytest.mark.parametrize("table", ["en_zh", "zh_policy"])
def test_every_value_is_one_to_five_distinct_chinese_terms(table: str) -> None:
    for key, value in TABLES[table].items():
        terms = value.split()
        assert 1 <= len(terms) <= 5, key
        assert len(set(terms)) == len(terms), key
        assert value == " ".join(terms), key
        assert [term for term in terms if not TERM.fullmatch(term)] == [], key
        assert value != key, key


def test_english_keys_are_written_as_they_are_looked_for() -> None:
    assert [key for key in TABLES["en_zh"] if not re.fullmatch(r"[a-z0-9&'.-]+(?: [a-z0-9&'.-]+)*", key)] == []


def test_no_english_key_stands_twice_up_to_plural_and_hyphen() -> None:
    keys = [key.replace("-", " ") for key in TABLES["en_zh"]]
    assert len(set(keys)) == len(keys)
    assert [key for key in keys for ending in ("s", "es") if key + ending in keys] == []


def test_everyday_chinese_keys_hold_no_space() -> None:
    assert [key for key in TABLES["zh_policy"] if re.search(r"\s", key)] == []


@pytest.mark.skipif(not (RAG / "lay.toml").exists(), reason="this copy has no thesaurus for law beside the glossary")
def test_no_key_is_one_of_the_thesaurus_for_law() -> None:
    thesaurus = tomllib.loads((RAG / "lay.toml").read_text(encoding="utf-8"))
    assert set(TABLES["zh_policy"]) & set(thesaurus["zh"]) == set()


def test_words_of_a_question_s_form_are_no_entries() -> None:
    """`us` is a pronoun, `will` a verb, `may` and `march` months: they would mislead far more often than help."""
    forms = {"who", "what", "which", "when", "how", "how long", "article", "us", "will", "may", "march", "it", "who is"}
    assert forms & set(TABLES["en_zh"]) == set()


@pytest.mark.parametrize(
    ("table", "key", "term"),
    [
        ("en_zh", "green computing", "绿色计算"),
        ("en_zh", "energy efficiency", "能效"),
        ("en_zh", "headquarters", "总部"),
        ("en_zh", "sister city", "友城"),
        ("en_zh", "employer", "用人单位"),
        ("en_zh", "overtime", "延长工作时间"),
        ("en_zh", "personal information", "个人信息"),
        ("en_zh", "gdp", "国内生产总值"),
        ("zh_policy", "老百姓", "公众"),
        ("zh_policy", "省电", "节能"),
        ("zh_policy", "穷国", "发展中国家"),
        ("zh_policy", "带头", "率先"),
    ],
)
def test_expressions_lead_to_the_documents_words(table: str, key: str, term: str) -> None:
    assert term in TABLES[table][key].split()
