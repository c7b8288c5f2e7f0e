"""Claims about the three gates: what is shown, what it cites, and what is thrown out and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan import hits

from rag.cite import Marked, Support, citation, on_question, sentences, support
from rag.records import Hit, Path, Removed
from rag.source import Source
from rag.structure import structure

FIRST, SECOND, THIRD = (("article", "1"),), (("article", "2"),), (("article", "3"),)


def never(one: str, other: str) -> float:
    return 0.0


def path_of(verdict: Support | Removed) -> Path:
    assert isinstance(verdict, Support), verdict
    return verdict.provision.path


@pytest.mark.parametrize(
    ("text", "path", "quoted"),
    [
        ("公园每日开放时间不得少于十二小时。", (*FIRST, ("sentence", "3")), True),
        ("公园每日开放时间不得少于12小时。", (*FIRST, ("sentence", "3")), False),
        ("单位和个人以捐赠、认养、志愿服务等方式参与公园的保护。", (*SECOND, ("sentence", "2")), True),
        ("推广低功耗照明、高效水泵等节能技术,能耗降低5%。", (*THIRD, ("sentence", "2")), False),
        ("到二〇三〇年,推广低功耗照明。", (*THIRD, ("sentence", "2")), False),
        (
            "根据《城市公园行动计划》第三条的规定,推广低功耗照明、高效水泵等节能技术。",
            (*THIRD, ("sentence", "2")),
            False,
        ),
    ],
)
def test_the_narrowest_clause_that_carries_the_sentence_is_cited(text: str, path: Path, quoted: bool) -> None:
    verdict = support(Marked(text, (1,)), hits(), never)
    assert path_of(verdict) == path
    assert isinstance(verdict, Support)
    assert verdict.quoted == quoted


@pytest.mark.parametrize("markers", [(), (1,), (3,), (9,), (2, 1)])
def test_a_wrong_missing_or_invented_marker_does_not_decide_what_is_cited(markers: tuple[int, ...]) -> None:
    sentence = Marked("鼓励单位和个人以捐赠、认养、志愿服务等方式参与公园的保护。", markers)
    assert path_of(support(sentence, hits(), never))[:1] == SECOND


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("公园每日开放时间不得少于十四小时。", "number"),
        ("推广低功耗照明、高效水泵等节能技术,能耗降低百分之六。", "number"),
        ("到2035年,推广低功耗照明、高效水泵等节能技术。", "number"),
        ("支持在《红色契约》框架下建立两项机制。", "name"),
        ("第九条规定公园管理机构应当每年对游乐设施进行安全检查。", "article"),
        ("公园每日开放时间应当少于十二小时。", "negation"),
        ("公园管理机构不得每年对游乐设施进行安全检查。", "negation"),
        ("公园门票由市政府统一定价并向社会公开。", "content"),
        ("公园管理机构应当每年对游乐设施进行安全检查,门票全部免费。", "content"),
        ("实施时间表:推广低功耗照明、高效水泵等节能技术。", "content"),
    ],
)
def test_a_changed_sentence_is_thrown_out_with_the_reason(text: str, reason: str) -> None:
    markers = (1,) if "节能" not in text and "契约" not in text else (3,) if "节能" in text else (2,)
    verdict = support(Marked(text, markers), hits(), never)
    assert isinstance(verdict, Removed), verdict
    assert verdict.reason == reason
    assert verdict.why("zh") != verdict.why("en")


LAW = """# 城市公园条例

第一条 公园管理机构有下列情形之一的，游客可以在三十日内要求退还门票：

（一）公园未按照公布的时间开放；

（二）游乐设施停用超过二个工作日。

公园管理机构不得要求游客说明理由，但游客使用过门票的除外。

第二条 市级公园管理机构应当保存检查记录，区级公园管理机构可以委托他人保存。公园的负责人应当在届满前十日内报告。
"""


def in_the_law(text: str) -> Support | Removed:
    (document,) = structure(Source(LAW), "law.md", "0" * 64)
    articles = [document.by_path[("article", str(n)),] for n in (1, 2)]
    marker = 2 if any(words in text for words in ("负责人", "区级", "记录")) else 1
    return support(Marked(text, (marker,)), [Hit(document, article, 1.0, "dense") for article in articles], never)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("公园未按照公布的时间开放的，游客可以在30日内要求退还门票。", (*FIRST, ("paragraph", "1"))),
        (
            "公园管理机构有下列情形之一的，游客可以要求退还门票：游乐设施停用超过2个工作日。",
            (*FIRST, ("paragraph", "1")),
        ),
        ("根据第一条第一款第二项，游乐设施停用超过二个工作日。", (*FIRST, ("paragraph", "1"), ("item", "2"))),
        (
            "《城市公园条例》第一条第2款规定，公园管理机构禁止要求游客说明理由，但游客使用过门票的除外。",
            (*FIRST, ("paragraph", "2")),
        ),
        ("市级公园管理机构须保存检查记录，公园负责人应在届满前10日内报告。", SECOND),
        ("《公园条例》提出，市级公园管理机构应当保存检查记录。", (*SECOND, ("sentence", "1"))),
        ("该条例规定市级公园管理机构应当保存检查记录。", (*SECOND, ("sentence", "1"))),
        ("第二条提到“检查记录”。", (*SECOND, ("sentence", "1"))),
        ("第二条", SECOND),
    ],
)  # fmt: skip
def test_what_a_clause_says_in_other_words_is_cited_where_it_stands(text: str, path: Path) -> None:
    assert path_of(in_the_law(text)) == path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("游客可以在三十个工作日内要求退还门票。", "number"),
        ("公园的负责人应当在届满后十日内报告。", "number"),
        ("公园的负责人应当在届满前十五日内报告。", "number"),
        ("游乐设施停用不满二个工作日。", "number"),
        ("区级公园管理机构应当委托他人保存。", "negation"),
        ("公园管理机构可以要求游客说明理由。", "negation"),
        ("要求游客说明理由。", "negation"),
        ("公园管理机构不得要求游客说明理由。", "negation"),
        ("区级公园管理机构应当保存检查记录。", "content"),
        ("游客应当保存检查记录。", "content"),
        ("公园的负责人可以委托他人保存。", "content"),
        ("公园管理机构应当保存检查记录，并在届满前十日内报告。", "number"),
        ("根据第一条第一款第一项，游乐设施停用超过二个工作日。", "article"),
        ("根据第二条，公园未按照公布的时间开放。", "article"),
        ("《城市绿地条例》第二条规定，市级公园管理机构应当保存检查记录。", "name"),
        ("公园管理机构应当保存检查记录、财务报表。", "content"),
    ],
)
def test_another_unit_side_permission_subject_or_place_is_thrown_out(text: str, reason: str) -> None:
    verdict = in_the_law(text)
    assert isinstance(verdict, Removed), verdict
    assert verdict.reason == reason


def test_what_begins_as_one_member_of_a_list_and_ends_as_another_is_thrown_out() -> None:
    spliced = "推广低功耗水泵等节能技术。"
    assert support(Marked(spliced, (3,)), hits(), never) == Removed(spliced, "content")
    assert isinstance(support(Marked("推广高效水泵等节能技术。", (3,)), hits(), never), Support)


def test_nothing_is_cited_when_nothing_was_retrieved() -> None:
    assert support(Marked("公园每日开放。", (1,)), [], never) == Removed("公园每日开放。", "unmarked")


@pytest.mark.parametrize(("cosine", "shown"), [(0.9, True), (0.7, False)])
def test_a_sentence_in_another_language_is_carried_by_meaning(cosine: float, shown: bool) -> None:
    sentence = Marked("The park authority inspects the play equipment every year.", (1,))
    assert isinstance(support(sentence, hits(), lambda one, other: cosine), Support) == shown


def test_across_languages_a_number_must_still_stand_in_the_clause() -> None:
    sentence = Marked("Parks are open for at least 14 hours a day.", (1,))
    assert support(sentence, hits(), lambda one, other: 0.99) == Removed(sentence.text, "number")


def test_a_quotation_is_a_slice_of_its_document() -> None:
    found = support(Marked("公园每日开放时间不得少于十二小时。", (2,)), hits(), never)
    assert isinstance(found, Support)
    made = citation(found.hit.document, found.provision, 1)
    assert made.quote == found.hit.document.text[made.start : made.end] == "公园每日开放时间不得少于十二小时。"
    assert made.label == "《城市公园行动计划》第一条第3句"
    assert made.article == "1"


def test_a_clause_far_from_the_question_is_no_answer_to_it() -> None:
    first, second, _ = hits()
    near, far = (*FIRST, ("sentence", "3")), (*SECOND, ("sentence", "2"))
    first = replace(first, clauses=((near, 0.9),))
    sentence = Marked("鼓励单位和个人以捐赠、认养、志愿服务等方式参与公园的保护。", (2,))
    for score, shown in ((0.6, True), (0.2, False)):
        found = support(sentence, [first, replace(second, clauses=((far, score),))], never)
        assert isinstance(found, Support)
        assert on_question("怎样参与?", found, [first, second]) == shown


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("2025世界公园大会说能耗降低多少?", True),
        ("2025城市公园能耗降低多少?", False),
        ("2024世界公园大会能耗降低多少?", False),
    ],
)
def test_a_year_in_a_name_that_is_here_asks_of_no_year(question: str, shown: bool) -> None:
    first, _, third = hits()
    named = structure(Source("# 报道\n\n2025世界公园大会开幕。\n"), "a.md", "0" * 64)[0]
    beside = Hit(named, named.by_path[(("paragraph", "1"),)], 0.5, "dense")
    found = support(Marked("能耗降低百分之五。", (1,)), [third], never)
    assert isinstance(found, Support)
    assert on_question(question, found, [third, first, beside]) == shown


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("到2030年能耗降低多少?", True),
        ("到二〇三〇年能耗降低多少?", True),
        ("到2025年能耗降低多少?", False),
        ("能耗降低多少?", True),
    ],
)
def test_a_figure_of_another_year_is_no_answer(question: str, shown: bool) -> None:
    third = hits()[2]
    found = support(Marked("能耗降低百分之五。", (1,)), [third], never)
    assert isinstance(found, Support)
    assert on_question(question, found, [third]) == shown


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("第三条要求能耗降低多少?", True),
        ("第二条要求能耗降低多少?", False),
        ("第二条和第三条要求能耗降低多少?", True),
        ("第一条至第三条要求能耗降低多少?", True),
        ("序言要求能耗降低多少?", False),
        ("What does Article 2 say about energy?", False),
    ],
)
def test_a_part_that_the_question_names_binds_what_may_be_cited(question: str, shown: bool) -> None:
    third = hits()[2]
    found = support(Marked("能耗降低百分之五。", (1,)), [third], never)
    assert isinstance(found, Support)
    assert on_question(question, found, [third]) == shown


def test_what_a_provision_named_elsewhere_brings_is_cited_where_it_stands() -> None:
    points = (
        "一、关于公园的开放。公园应当免费开放，免费的范围由市政府公布。",
        "二、关于处罚。违反第一条的，处一万元以下罚款，并予公告。",
        "三、关于施行。本计划自公布之日起施行，由市政府负责解释。",
    )
    text = "\n\n".join(points)
    (document,) = structure(Source(text), "parks.md", "0" * 64)
    second = Hit(document, document.by_path[SECOND], 1.0, "dense")
    found = support(Marked("处一万元以下罚款。", (1,)), [second], never)
    assert isinstance(found, Support)
    assert on_question("违反第一条怎么处罚?", found, [second])
    assert not on_question("违反第三条怎么处罚?", found, [second])


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("甲应当公布[1]。乙可以参加[2]。", [("甲应当公布。", (1,)), ("乙可以参加。", (2,))]),
        ("甲应当公布。[1][2]乙可以参加。", [("甲应当公布。", (1, 2)), ("乙可以参加。", ())]),
        ("甲应当公布【1,3】。", [("甲应当公布。", (1, 3))]),
        ("1. 甲应当公布[1]\n2. 乙可以参加[2]", [("甲应当公布", (1,)), ("乙可以参加", (2,))]),
        ("Parks open daily [1]. Dogs, e.g. large ones, stay out [2].",
         [("Parks open daily.", (1,)), ("Dogs, e.g. large ones, stay out.", (2,))]),
        ("第四十五条**　甲应当公布方案[1]。", [("甲应当公布方案。", (1,))]),
        ("第三条规定了公布的时间[1]。", [("第三条规定了公布的时间。", (1,))]),
        ("增长7.1亿吨[1]", [("增长7.1亿吨", (1,))]),
        ("“甲应当公布。”[1]", [("“甲应当公布。”", (1,))]),
        ("。\n[1]", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_streamed_reply_gives_whole_sentences_with_their_markers(
    reply: str, expected: list[tuple[str, tuple[int, ...]]], size: int
) -> None:
    pieces = iter([reply[at : at + size] for at in range(0, len(reply), size)])
    assert [(found.text, found.markers) for found in sentences(pieces)] == expected


def test_a_sentence_is_given_before_the_reply_has_ended() -> None:
    read = []

    def pieces():  # type: ignore[no-untyped-def]
        for piece in ("甲应当", "公布[1]。", "乙", "可以参加[2]。"):
            read.append(piece)
            yield piece

    assert next(sentences(pieces())).text == "甲应当公布。"
    assert read == ["甲应当", "公布[1]。", "乙"]
