"""Claims about the terms that are searched for beside a question's own words, by the two real tables."""

from __future__ import annotations

import pytest

from rag.facts import language
from rag.widen import terms


def said(question: str) -> tuple[str, ...]:
    return terms(question, language(question))


@pytest.mark.parametrize(
    ("question", "added", "left_out"),
    [
        # everyday words and those of the law, or of policy
        ("老板没给钱怎么办?", ["用人单位"], []),
        ("怎么省电?", ["节能", "能耗"], []),
        ("Who pays for overtime?", ["延长工作时间"], []),
        # the longest expression, and none inside it
        ("试用期被开除怎么办?", ["试用期间被证明不符合录用条件"], ["严重违反用人单位的规章制度"]),
        ("开除", ["严重违反用人单位的规章制度"], ["试用期间被证明不符合录用条件"]),
        ("AI system", ["人工智能系统"], ["人工智能"]),
        ("algorithmic bias", ["算法偏见"], ["算法"]),
        # but both where both are said
        ("algorithmic bias and algorithms", ["算法偏见", "算法"], []),
        # plural, possessive, hyphen, capitals
        ("Are algorithms mentioned?", ["算法"], []),
        ("AI systems", ["人工智能系统"], ["人工智能"]),
        ("AI-systems", ["人工智能系统"], ["人工智能"]),
        ("the employer's duties", ["用人单位"], []),
        ("EMPLOYERS", ["用人单位"], []),
        ("self driving", ["自动驾驶"], []),
        ("self-driving", ["自动驾驶"], []),
        # parts of words are other words
        ("It said so in the parkway", [], ["人工智能", "公园"]),
        # what is said already
        ("试用期多久?", ["录用条件"], ["试用期"]),
        ("What is an algorithm (算法)?", [], ["算法"]),
        # titles are names
        ("《老板》讲什么?", [], ["用人单位"]),
        ("《老板》里的员工", ["劳动者"], ["用人单位"]),
        ("Is 《Algorithm》 a novel?", [], ["算法"]),
        # Chinese finds English documents
        ("算法是什么?", ["algorithm"], []),
        ("人工智能系统", ["ai system"], ["algorithm"]),
    ],
)
def test_what_is_searched_for_beside_the_words_of_a_question(
    question: str, added: list[str], left_out: list[str]
) -> None:
    found = said(question)
    assert [term for term in added if term not in found] == []
    assert [term for term in left_out if term in found] == []


def test_terms_come_in_the_order_of_what_they_stand_for_and_once() -> None:
    assert said("员工和老板")[:2] == ("劳动者", "职工")
    assert said("老板和员工")[0] == "用人单位"
    assert said("老板、老板和老板") == said("老板")


@pytest.mark.parametrize("question", ["", "?!", "xyzzy", "《》", "的的的"])
def test_what_no_table_knows_adds_nothing(question: str) -> None:
    assert said(question) == ()
