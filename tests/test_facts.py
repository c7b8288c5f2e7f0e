"""Claims about the facts that a sentence must share with the clause it cites."""

from __future__ import annotations

import pytest

from rag import facts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("三十日内", {"30日"}),
        ("30日内", {"30日"}),
        ("３０日内", {"30日"}),
        ("百分之五", {"5%"}),
        ("增长5.3%", {"5.3%"}),
        ("二〇二五年", {"2025年"}),
        ("罚款一千二百元", {"1200元"}),
        ("1,200元", {"1200元"}),
        ("7.1亿吨", {"7.1亿吨"}),
        ("两项机制", {"2项"}),
        ("within thirty days", {"30"}),
        ("统一标准,进一步推进,一方面", set()),
        ("千行百业", set()),
    ],
)
def test_a_number_is_the_same_however_it_is_written(text: str, found: set[str]) -> None:
    assert facts.numbers(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("依照第一百二十条之一", {"120-1"}),
        ("第7条和第十一条", {"7", "11"}),
        ("under Article 6", {"6"}),
        ("没有条号", set()),
    ],
)
def test_article_references_are_read_as_paths_number_them(text: str, found: set[str]) -> None:
    assert facts.articles(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("不得少于十二小时", {"ban"}),
        ("禁止销售", {"ban"}),
        ("可以不予处罚", {"not"}),
        ("不仅是经验,也不断创新", set()),
        ("shall not apply unless", {"not"}),
        ("应当公布", set()),
    ],
)
def test_what_denies_is_told_from_what_only_looks_so(text: str, found: set[str]) -> None:
    assert facts.negations(text) == found


def test_titles_are_what_stands_in_brackets_without_the_name_of_the_country() -> None:
    assert facts.titles("落实《全球数字契约》和“可持续人工智能”理念") == {"全球数字契约"}
    assert facts.titles("《中华人民共和国民法典》") == facts.titles("《民法典》")


@pytest.mark.parametrize(
    ("question", "text", "has"),
    [
        ("实施时间表是什么?", "推广低功耗芯片、高效算法等绿色计算技术。", False),
        ("实施时间表是什么?", "到二〇三〇年全面推广。", True),
        ("保存期限有多久?", "保存期限应当为实现处理目的所必要的最短时间。", True),
        ("多久内报告?", "应当立即报告。", True),
        ("罚款金额是多少?", "处一百万元以下罚款。", True),
        ("罚款金额是多少?", "依法给予处罚。", False),
        ("谁可以处罚?", "依法给予处罚。", True),
        ("How long may data be kept?", "Data are kept for no longer than thirty days.", True),
        ("How much is the fine?", "A fine may be imposed.", False),
    ],
)
def test_a_time_or_number_asked_for_must_stand_in_the_clause(question: str, text: str, has: bool) -> None:
    assert facts.has_what_is_asked(question, text) == has


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("7.1亿吨", "710 million tonnes"),
        ("21.79万亿元人民币", "21.79 trillion yuan"),
        ("罚款十万元", "a fine of one hundred thousand yuan"),
        ("9000万人次", "90 million visitors"),
        ("1979年10月", "October 1979"),
        ("7月26日", "July 26"),
        ("增长5.3%", "by 5.3 per cent"),
        ("六个月", "six months"),
        ("第二十五条所称二十五日", "twenty-five days"),
        ("排名第四", "ranked fourth"),
        ("第八届", "the 8th"),
    ],
)
def test_a_value_is_the_same_in_both_languages(chinese: str, english: str) -> None:
    assert facts.has_values(facts.values(english), facts.values(chinese))


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("7.1亿吨", "7.1 billion tonnes"),
        ("六个月", "six years"),
        ("为期9天", "the 9th"),
        ("0.3个百分点", "0.3 percent"),
        ("7月26日", "June 26"),
    ],
)
def test_another_value_is_another(chinese: str, english: str) -> None:
    assert not facts.has_values(facts.values(english), facts.values(chinese))


@pytest.mark.parametrize(
    ("question", "pieces"),
    [
        ("几个人按份共有一套房，优先购买权多久之内行使？", ["优先购买权多久之内行使"]),
        ("由几位专家组成，任期几年？", ["由几位专家组成", "任期几年"]),
        ("几个人？", ["几个人"]),
    ],
)
def test_who_is_there_in_a_story_is_no_question(question: str, pieces: list[str]) -> None:
    assert facts.asking(question) == pieces


@pytest.mark.parametrize(
    ("question", "pieces"),
    [
        ("市长说到的几种做法，逐个列一下", ["市长说到的数种做法，逐个列一下"]),  # no number is asked for
        ("一共有几种做法？", ["一共有几种做法"]),
        ("目前几家企业加入？", ["目前几家企业加入"]),
        ("近几年有没有变化？目前几家加入？", ["近数年有没有变化", "目前几家加入"]),
        ("赔多少钱，看哪些因素？", ["看哪些因素"]),
        ("前几年脱了贫，有没有说怎么帮?", ["有没有说怎么帮"]),
    ],
)
def test_a_few_that_are_told_of_are_no_question(question: str, pieces: list[str]) -> None:
    assert facts.asking(question) == pieces


def test_as_soon_as_possible_is_a_time_and_the_last_but_one_is_no_number_of_an_article() -> None:
    assert facts.has_what_is_asked("两项机制什么时候运行?", "建立两项机制并尽早运行。")
    assert not facts.has_what_is_asked("两项机制什么时候运行?", "建立两项机制并运行。")
    assert facts.parts("倒数第二条讲什么?") == set()
    assert facts.parts("第二条讲什么?") == {"2"}
