"""Claims about articles that a question means by their titles."""

from __future__ import annotations

import pytest

from rag.entitled import by_title, without_names
from rag.referred import written_out
from tests.laws import document
from tests.plan import plan


@pytest.mark.parametrize(
    ("question", "articles"),
    [
        ("“加强安全检查”那条讲什么?", ["1"]),
        ("我是物业的,帮我把安全检查那一条里的几件事列出来。", ["1"]),
        ("节能技术这条,能耗要降多少?", ["3"]),
        ("安全检查那条和公众参与那条,分别提了什么要求?", ["1", "2"]),
        ("讲公众参与的条文怎么写?", ["2"]),
        ("推广节能那条", ["3"]),  # with a gap
        ("夹在讲检查的那条和讲节能的那条中间的,是哪一条?", ["2"]),
        ("讲参与的那条和讲节能的那条之间的是哪一条?", []),  # none is between them
        ("安全检查那条路怎么走?", []),
        ("安全检查讲什么?", []),  # no article is named
        ("公园喷泉那条讲什么?", []),
        ("推广那条讲什么?", []),  # too little of the title
        ("检查安全那条讲什么?", []),  # in another order
    ],
)
def test_an_article_is_meant_by_its_title_said_in_its_order(question: str, articles: list[str]) -> None:
    assert [found.steps[0][1] for found in by_title(question, plan())] == articles


def test_articles_without_titles_are_not_meant_so() -> None:
    law = document("中华人民共和国公园法", "第一条 加强安全检查。\n\n第二条 鼓励公众参与。", "2020-01-01")
    assert by_title("加强安全检查那条讲什么?", law) == []
    assert by_title("加强安全检查那条讲什么?", None) == []


@pytest.mark.parametrize(
    ("question", "written"),
    [
        ("行动计划开头讲了什么?", "行动计划序言讲了什么?"),
        ("这个理儿文件开篇讲没讲?", "这个理儿文件序言讲没讲?"),
        ("计划的开头那一条讲什么?", "计划的开头那一条讲什么?"),
        ("第一条和第三条之间有什么关系?", "第一条和第三条之间有什么关系?"),
        ("第一条和第三条之间的是哪一条?", "第2条?"),
    ],
)
def test_the_opening_is_the_preamble_and_between_two_articles_is_one(question: str, written: str) -> None:
    assert written_out(question) == written


def test_names_are_left_out_of_what_is_asked() -> None:
    assert without_names("安全检查那条和公众参与那条,对公园有什么要求?").split() == [",对公园有什么要求?"]
