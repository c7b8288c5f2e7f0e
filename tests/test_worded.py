"""Claims about the words that the check compares: one form for what is said in several ways, two for what differs."""

from __future__ import annotations

import pytest

from rag.worded import DENY, MAY, MUST, NAME, NUMBER, PLACE, words


def keys(text: str) -> list[str]:
    return [word.key for word in words(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("应当在三十日内支付", "须在30日内支付"),
        ("不得扣押证件", "禁止扣押证件"),
        ("处百分之五以上的罚款", "处5%以上罚款"),
        ("处一万元以下罚款", "处10000元以下罚款"),
        ("依照第二十条第（二）项的规定", "根据第20条第二项规定"),
        ("不得超过六个月", "不超过6个月"),
        ("可以查阅，以及复制", "有权查阅，和复制"),
        ("shall not exceed thirty days", "at most 30 days"),
        ("The controller shall not be required to", "the controller must not be required to"),
        ("pursuant to point (a) of Article 6(1)", "under (a) of Article 6(1)"),
        ("（一）取得同意", "取得同意"),
    ],
)
def test_what_means_the_same_has_one_form(one: str, other: str) -> None:
    assert keys(one) == keys(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("三十日内", "三十个工作日内"),
        ("三十日内", "三十日后"),
        ("一万元以上", "一万元以下"),
        ("一万元", "一万"),
        ("不得超过六个月", "不得少于六个月"),
        ("应当公布", "可以公布"),
        ("可以公布", "不得公布"),
        ("第二十条第一款", "第二十条第二款"),
        ("三分之二", "三分之一"),
        ("半年内", "半个月内"),
        ("within 30 days", "after 30 days"),
        ("at least two members", "at most two members"),
        ("Article 6(1)(f)", "Article 6(1)(e)"),
        ("shall notify", "may notify"),
        ("30 days", "30 working days"),
    ],
)
def test_what_differs_in_a_fact_has_two(one: str, other: str) -> None:
    assert keys(one) != keys(other)


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("不断完善，不同意见，未来，不动产", DENY, []),
        ("不同意的，不予登记", DENY, ["不予"]),
        ("响应要求，应用程序，应当保存", MUST, ["应"]),
        ("可能影响，可靠，可以更正", MAY, ["可"]),
        ("统一标准，进一步，二十人", NUMBER, ["20"]),
        ("依照《网络安全法》处罚", NAME, list("网络安全法")),
        ("倡导“可持续人工智能”理念", NAME, ["可持续", *"人工智能"]),
        ("他说：“我们看到，情况在变好，也在变得更复杂，需要一起努力。”", NAME, []),
        ("under Article 6(1)(f)", PLACE, ["6条", "(1)", "(f)"]),
    ],
)
def test_what_a_word_is_for_is_told_from_what_it_only_looks_like(text: str, kind: str, found: list[str]) -> None:
    assert [word.key for word in words(text) if word.kind == kind] == found
