"""Claims about what a language model reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan import hits

from rag.prompt import PLACEHOLDERS, prompt, template
from rag.records import SENTINELS


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_prompt_file_teaches_the_sentinel_that_the_code_looks_for(lang: str) -> None:
    turns = template(lang)
    assert turns[0].role == "system"
    assert SENTINELS[lang] in turns[0].content
    assert sum(turn == type(turn)("assistant", SENTINELS[lang]) for turn in turns) >= 2
    assert all(f"{{{name}}}" in turns[-1].content for name in PLACEHOLDERS)


def test_the_beginning_is_the_same_for_every_question() -> None:
    one, other = prompt("公园开放多久?", "zh", hits(), 2000), prompt("谁可以参与?", "zh", hits()[1:], 2000)
    assert one.messages[:-1] == other.messages[:-1]
    assert one.messages[-1] != other.messages[-1]


def test_articles_are_numbered_as_their_markers_and_given_whole() -> None:
    found = hits()
    last = prompt("谁可以参与?", "zh", found, 2000).messages[-1].content
    for n, hit in enumerate(found, 1):
        assert f"[{n}] {hit.document.label(hit.provision.path)}\n{hit.text}" in last
    assert "谁可以参与?" in last


def test_braces_in_a_question_are_only_characters() -> None:
    last = prompt("{clauses} {nearest} {x}", "zh", hits(), 2000).messages[-1].content
    assert "{clauses} {nearest} {x}" in last


def test_what_does_not_fit_is_left_out_and_cannot_be_marked() -> None:
    found = hits()
    made = prompt("谁可以参与?", "zh", found, len(found[0].text) + 10)
    assert made.hits == (found[0],)
    assert "[2]" not in made.messages[-1].content


def test_a_long_article_is_trimmed_around_its_nearest_clause() -> None:
    nearest = (("article", "1"), ("sentence", "3"))
    hit = replace(hits()[0], clauses=((nearest, 1.0),))
    last = prompt("公园开放多久?", "zh", [hit], 30).messages[-1].content
    assert "公园每日开放时间不得少于十二小时。" in last
    assert "加强安全检查" not in last


def test_of_a_question_put_behind_an_earlier_one_the_last_turn_is_what_is_asked() -> None:
    last = prompt("公园开放多久? 谁可以参与?", "zh", hits(), 2000, "谁可以参与?").messages[-1].content
    assert "问题:(前面问过:公园开放多久?)现在问:谁可以参与?" in last
