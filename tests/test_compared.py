"""Claims about questions that compare: each side in its own words, and what a side does not speak of."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag.compared import sides
from rag.named import named
from rag.records import Document, Hit
from rag.retrieve import at
from rag.titles import Titles
from tests.laws import PRIVACY, document
from tests.plan import plan

LAW = document("中华人民共和国个人信息保护法", PRIVACY)
CLAUSES = {
    LAW.doc_id: (("article", "2"), ("paragraph", "2")),
    plan().doc_id: (("article", "1"), ("sentence", "2")),
}


def within(document: Document) -> Sequence[Hit]:
    return [at(document, CLAUSES[document.doc_id], "dense")]


def everywhere() -> Sequence[Hit]:
    document = plan()
    return [at(document, provision.path, "dense") for provision in document.provisions if provision.path[1:]]


def compared(question: str, about: Sequence[Document] = ()) -> list[tuple[str, list[str]]] | None:
    meant = named(question, Titles([LAW, plan()]))
    found = sides(question, "zh", meant, about, within, lambda wording: everywhere(), lambda word: 1.0)
    return None if found is None else [(side, [one.text for one in said]) for side, said in found]


def test_articles_of_one_document_are_told_side_by_side() -> None:
    found = compared("比较行动计划第一条和第三条对公园的要求")
    assert found
    assert [side for side, _ in found] == ["第一条", "第三条"]
    assert found[0][1][0].startswith("一、加强安全检查。公园管理机构应当每年")
    assert found[1][1][0].endswith("非机动车可以进入公园外环。")


def test_an_article_that_does_not_speak_of_what_is_compared_is_silent() -> None:
    found = compared("比较行动计划第一条和第三条对照明的要求")
    assert found
    assert found[0] == ("第一条", [])
    assert "低功耗照明" in found[1][1][0]


def test_documents_are_told_by_what_each_says_of_it_and_one_may_say_nothing() -> None:
    assert compared("个人信息保护法和城市公园行动计划对公布结果的要求有什么不同?", [LAW, plan()]) == [
        ("《中华人民共和国个人信息保护法》", []),
        ("《城市公园行动计划》", ["公园管理机构应当每年对游乐设施进行安全检查,并公布检查结果。"]),
    ]


def test_two_matters_are_told_by_the_clause_that_speaks_of_each_and_not_where_one_is_not_spoken_of() -> None:
    found = compared("游乐设施和节能技术各有什么要求?")
    assert found == [
        ("游乐设施", ["公园管理机构应当每年对游乐设施进行安全检查,并公布检查结果。"]),
        ("节能技术", ["到2030年,推广低功耗照明、高效水泵等节能技术,能耗降低百分之五。"]),
    ]
    assert compared("计划里提到的两件事：游乐设施，以及节能技术，各有什么要求?") == found
    assert compared("计划说到“游乐设施”和“节能技术”，各有什么要求?") == found
    assert compared("游乐设施和喷泉各有什么要求?") is None


def test_thanks_behind_a_question_are_not_what_is_compared() -> None:
    plainly = compared("比较行动计划第一条和第三条对照明的要求。")
    assert plainly and compared("比较行动计划第一条和第三条对照明的要求。谢谢！") == plainly


def test_who_asks_is_no_part_of_what_is_compared() -> None:
    found = compared("我在市政处的信息科上班，领导让比较：公园这一块，安全检查的条文和非机动车的条文各提了什么?")
    assert found
    assert [(side, said[0][:6]) for side, said in found] == [
        ("安全检查的条文", "公园管理机构"),
        ("非机动车的条文", "非机动车可以"),
    ]


@pytest.mark.parametrize(
    ("question", "about"),
    [("行动计划第一条和第三条讲什么?", []), ("两者有什么不同?", []), ("个人信息保护法有什么不同?", [LAW])],
)
def test_what_compares_nothing_that_is_here_is_left_to_others(question: str, about: list[Document]) -> None:
    assert compared(question, about) is None
