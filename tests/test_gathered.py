"""Claims about questions for all the places that speak of a matter."""

from __future__ import annotations

import pytest

from rag.gathered import places
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
        ("哪几条说节能技术的能耗降低?", []),  # one place is no gathering: the model tells it
        ("节能技术能降低多少能耗?", []),  # does not ask for places
        ("分别在哪几条?", []),  # of nothing that is named
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
