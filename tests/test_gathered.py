"""Claims about questions for all the places that speak of a matter."""

from __future__ import annotations

import pytest

from rag.facts import language
from rag.gathered import asks_for_whole, places
from rag.retrieve import at
from tests.laws import PRIVACY, document
from tests.plan import plan

LAW = document("中华人民共和国个人信息保护法", PRIVACY)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("涉及公园和节能技术的内容在哪几条?", ["1.2", "2.2", "3.2"]),
        ("游乐设施检查与捐赠参与分别写在哪几条?", ["1.2", "2.2"]),
        ("计划里有三条提到公园,分别怎么说的?", ["1.2", "2.2", "3.3"]),
        ("哪些条款说的是月球基地?", []),  # none speaks of it
        ("哪几条说到“游乐设施”?", []),  # what is quoted stands there letter by letter, here in one
        ("哪几条说节能技术的能耗降低?", []),  # one place is no gathering: the model tells it
        ("节能技术能降低多少能耗?", []),  # does not ask for places
        ("分别在哪几条?", []),  # of nothing that is named
        ("进入公园和节能技术需要哪些条件?", []),  # 条件 are no articles
        ("公园里有哪些地方可以停车?", []),  # 地方 are places in the park
    ],
)
def test_one_clause_of_each_article_that_speaks_of_it_in_their_order(question: str, expected: list[str]) -> None:
    park = plan()
    hits = [at(park, (("article", n),), "dense") for n in ("3", "1", "2")]
    told = places(question, "zh", hits, lambda word: 1.0)
    assert [".".join(number for _, number in one.provision.path) for one in told] == expected
    assert all(one.text in park.text for one in told)


def test_where_articles_are_asked_for_a_text_without_articles_is_not_told() -> None:
    story = document("公园开园", "公园今天开园。市民参观公园。", "2025-01-01")
    hits = [at(plan(), (("article", "1"),), "dense"), at(plan(), (("article", "3"),), "dense")]
    hits += [at(story, story.provisions[0].path[:1], "dense")]
    told = places("讲到公园的是哪几条?", "zh", hits, lambda word: 1.0)
    assert {one.document.title for one in told} == {"城市公园行动计划"}


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("列出第三条的措施", True),
        ("第三条对数据提出了什么要求?", True),
        ("第三条怎么规定数据的?", True),
        ("第三条怎么界定数据?", True),
        ("第三条有什么要求?", True),  # of nothing that is named
        ("What does Article 3 require of data?", True),
        ("第三条列了什么?", True),
        ("第三条对偏见提出了什么要求?", False),  # one clause says it
        ("第三条对数据流动提出了什么要求?", False),  # 数据 stands in another clause too, which is not about its flow
        ("数据安全那条对算法偏见怎么规定?", False),  # the name of the article is not what is asked of it
        ("第三条的数据供给什么时候开始?", False),
        ("What does Article 3 say about data?", False),
        ("第四条对数据提出了什么要求?", False),  # too long to be told whole
    ],
)
def test_what_a_short_article_requires_is_told_whole_where_several_of_its_clauses_say_it(
    question: str, whole: bool
) -> None:
    said = "推进数据供给。\n\n推动数据流动。\n\n防止算法偏见。"
    plan = document("合作计划", f"第一条 略。\n\n第三条 {said}\n\n第四条 {said}\n\n{'加强管理。' * 80}")
    path = (("article", "4" if "四" in question else "3"),)
    assert asks_for_whole(question, language(question), [(plan, path)]) is whole
