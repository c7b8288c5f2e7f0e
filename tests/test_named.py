"""What questions name: documents by title and short name, provisions, and what is asked of them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rag.ingest import parse
from rag.labels import article_of
from rag.named import Named, named
from rag.titles import Titles, mentioned, sole
from tests.laws import law, laws
from tests.plan import plan

LAWS = Titles(laws())
PLAN = Titles([plan(), law("第一公园的新闻", 0)])
PIPL, CRIMES, PLANNED = "中华人民共和国个人信息保护法", "中华人民共和国刑法", "城市公园行动计划"
GDPR = "Regulation (EU) 2016/679 (General Data Protection Regulation)"
SHARED = Path(__file__).parents[2] / "shared"


def shown(found: Named | None) -> tuple[str, str, str]:
    """What is asked, of which documents, and the paths, those that are not there behind a minus."""
    if found is None:
        return "", "", ""
    paths = [", ".join(" ".join(step) for step in path) for _, path in found.paths]
    paths += ["-" + ", ".join(" ".join(step) for step in path) for _, path in found.missing]
    return found.asks, " + ".join(each.title for each in found.documents), "; ".join(paths)


@pytest.mark.parametrize(
    ("question", "asks", "document", "paths"),
    [
        ("《中华人民共和国个人信息保护法》第二条", "text", PIPL, "article 2"),
        ("个人信息保护法第2条的内容是什么？", "text", PIPL, "article 2"),
        ("个保法第二条第二款第2句的原话是什么？", "text", PIPL, "article 2, paragraph 2, sentence 2"),
        ("个保法第二条第二款第2句（标题那句也算一句）写的什么", "text", PIPL, "article 2, paragraph 2, sentence 2"),
        ("个保法第二条的小标题叫什么？", "text", PIPL, "article 2"),
        ("个保法第二条的条标是什么？", "text", PIPL, "article 2"),
        ("个保法第二条的题目叫啥来着", "text", PIPL, "article 2"),
        ("写目录要用，个保法末尾第三条叫什么", "text", PIPL, "article 3"),
        ("请调出个保法第二条全文。", "text", PIPL, "article 2"),
        ("个保法第二条第二款的末句是什么内容？", "text", PIPL, "article 2, paragraph 2, sentence 2"),
        ("个保法第二条第二款首句怎么写的", "text", PIPL, "article 2, paragraph 2, sentence 1"),
        ("请问个保法第二条讲什么", "text", PIPL, "article 2"),
        ("《个保法》第二条怎么规定的？", "text", PIPL, "article 2"),
        ("个保法第二条第一款第二项", "text", PIPL, "article 2, paragraph 1, item 2"),
        ("个保法第2条第1款第(2)项", "text", PIPL, "article 2, paragraph 1, item 2"),
        ("个保法第二条第（二）项说了什么", "text", PIPL, "article 2, paragraph 1, item 2"),
        ("个保法第二条第二款第2句", "text", PIPL, "article 2, paragraph 2, sentence 2"),
        ("个保法第二条第一款和第二款", "text", PIPL, "article 2, paragraph 1; article 2, paragraph 2"),
        ("个保法第二条第三款", "text", PIPL, "-article 2, paragraph 3"),
        ("个保法第九条", "text", PIPL, "-article 9"),
        ("个保法第0条", "text", PIPL, "-article 0"),
        ("个保法第一条至第三条", "text", PIPL, "article 1; article 2; article 3"),
        ("个保法第2到4条", "text", PIPL, "article 2; article 3; -article 4"),
        ("个保法第1、3条", "text", PIPL, "article 1; article 3"),
        ("个保法第三条和第一条", "text", PIPL, "article 3; article 1"),
        ("个保法最后一条", "text", PIPL, "article 3"),
        ("个保法打头的那一条叫什么名字", "text", PIPL, "article 1"),
        ("个保法第一条和第三条之间的是哪一条?", "text", PIPL, "article 2"),
        ("个保法压轴的那一条讲什么", "text", PIPL, "article 3"),
        ("个保法倒数第二条是什么", "text", PIPL, "article 2"),
        ("个保法第二条的最后一款", "text", PIPL, "article 2, paragraph 2"),
        ("刑法第2条之一", "text", CRIMES, "article 2-1"),
        ("刑法第二条之一", "text", CRIMES, "article 2-1"),
        ("刑法2条之一", "text", CRIMES, "article 2-1"),
        ("刑法第二条之九", "text", CRIMES, "-article 2-9"),
        ("刑法第一条至第三条", "text", CRIMES, "article 1; article 2; article 2-1; article 2-2; article 3"),
        ("刑法第三条和个保法第三条", "text", f"{CRIMES} + {PIPL}", "article 3; article 3"),
        ("违反个保法第二条怎么处罚", "within", PIPL, "article 2"),
        ("个保法第二条和第三条有什么区别", "within", PIPL, "article 2; article 3"),
        ("根据刑法第三条,可以辞退我吗", "within", CRIMES, "article 3"),
        ("行动计划第三条推广哪些技术?", "within", PLANNED, "article 3"),
        ("行动计划第八点讲什么", "text", PLANNED, "-article 8"),
        ("行动计划的第二点", "text", PLANNED, "article 2"),
        ("行动计划第1条第3句", "text", PLANNED, "article 1, sentence 3"),
        ("第二条在行动计划里讲了什么", "text", PLANNED, "article 2"),
        ("行动计划的序言", "text", PLANNED, "preamble 0"),
        ("行动计划有多少条?", "count", PLANNED, ""),
        ("个保法共有几章", "count", PIPL, ""),
        ("个保法第二条有几款", "count", PIPL, "article 2"),
        ("个保法第一章有几条", "", "", ""),
        ('行动计划哪几条提到"公园"?', "mentions", PLANNED,
         "article 1, sentence 2; article 2, sentence 2; article 3, sentence 3"),
        ("行动计划哪些条款涉及能耗或者照明", "mentions", PLANNED, "article 3, sentence 2"),
        ("行动计划哪几条提到“火星”?", "mentions", PLANNED, ""),
        ("行动计划哪几条提到火星?", "", "", ""),
        ("Article 1(2)(b) GDPR", "text", GDPR, "article 1, paragraph 2, point b"),
        ("What does Article 1 of the GDPR say?", "text", GDPR, "article 1"),
        ("GDPR Art. 1(2)(a)", "text", GDPR, "article 1, paragraph 2, point a"),
        ("art 1 para 2 lit. a GDPR", "text", GDPR, "article 1, paragraph 2, point a"),
        ("paragraph 2 of Article 1 of the GDPR", "text", GDPR, "article 1, paragraph 2"),
        ("Articles 1 to 3 of the GDPR", "text", GDPR, "article 1; article 2; article 3"),
        ("Article 1 of Regulation (EU) 2016/679", "text", GDPR, "article 1"),
        ("Recital 2 of the GDPR", "text", GDPR, "recital 2"),
        ("GDPR Annex I point 1(b)", "text", GDPR, "annex I, point 1, subpoint b"),
        ("GDPR Annex II(2)", "text", GDPR, "annex II, point 2"),
        ("the last article of the GDPR", "text", GDPR, "article 3"),
        ("What does Article 2 of the GDPR say about fines?", "within", GDPR, "article 2"),
        ("Article 120 GDPR", "text", GDPR, "-article 120"),
        ("How many articles does the GDPR have?", "count", GDPR, ""),
        ("Which articles of the GDPR mention rights?", "mentions", GDPR, "article 1, paragraph 2, point a"),
        ("GDPR第1条第2款a项讲什么", "text", GDPR, "article 1, paragraph 2, point a"),
        ("GDPR附件一第1点", "text", GDPR, "annex I, point 1"),
        ("What does Article 2 of the action plan say?", "text", PLANNED, "article 2"),
    ],
)  # fmt: skip
def test_a_question_that_names_a_provision_leads_to_it(question: str, asks: str, document: str, paths: str) -> None:
    assert shown(named(question, LAWS)) == (asks, document, paths)


@pytest.mark.parametrize(
    "question",
    [
        "第二条路怎么走", "第三条消息是什么", "第一款游戏叫什么", "第三人有什么权利", "第一时间做什么",
        "第十四届大会", "2024年第6期", "有3条建议", "海关法第三条", "《海关法》第三条", "公司法实施细则第三条",
        "公司法解释三第三条", "保险法解释三第三条", "保险法第三条", "管理办法第三条", "行政法第三条", "裤子一共有几条",
        "刑法修正案第三条", "第二条", "民法典婚姻家庭编的解释第三条", "Article 5 of the Charter", "CCPA Article 2",
        "Article 2 of the Company Law", "I read an article 2 pages long", "Article 2",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_reference_or_means_another_document_is_left_alone(question: str) -> None:
    assert named(question, LAWS) is None


@pytest.mark.parametrize(
    ("question", "before", "document", "paths"),
    [
        ("第二条讲什么?", ["个保法第一条讲什么?"], PIPL, "article 2"),
        ("第二条讲什么?", ["刑法是什么?", "个保法第一条?", "为什么?"], PIPL, "article 2"),
        ("该法第二条讲什么?", ["刑法第一条?"], CRIMES, "article 2"),
        ("这部民法典第二条讲什么?", ["刑法第一条?"], "中华人民共和国民法典", "article 2"),
        ("民法典第二条讲什么?", ["刑法第一条?"], "中华人民共和国民法典", "article 2"),
        ("第八条讲什么?", [], "中华人民共和国民法典", "article 8"),  # the only one with so many
    ],
)
def test_without_a_name_the_conversation_or_the_number_says_which(
    question: str, before: list[str], document: str, paths: str
) -> None:
    assert shown(named(question, LAWS, before))[1:] == (document, paths)


@pytest.mark.parametrize(
    ("question", "asks", "paths"),
    [
        ("帮我用几句话概括第三条。", "text", "article 3"),
        ("麻烦概括一下第三条", "text", "article 3"),
        ("我要引用第三条，能不能把这一条全文贴出来？", "text", "article 3"),
        ("帮我找一下第三条，做PPT要用", "text", "article 3"),
        ("麻烦把第三条的原文发给我看看，写论文参考", "text", "article 3"),
        ("第三条能不能引用来要求赔偿？", "within", "article 3"),
        ("请概括公园行动计划第三条的主要内容。", "text", "article 3"),
        ("简述公园行动计划第三条", "text", "article 3"),
        ("What is covered by Article 3?", "text", "article 3"),
        ("What does point 3 of the plan say?", "text", "article 3"),
        ("Compare points 1 and 3", "within", "article 1; article 3"),
        ("“节能”这个提法出现在第几条?原话怎么说?", "mentions", "article 3, sentence 1"),
        ("哪一条提到“节能技术”?后面紧跟着的说法是什么?", "mentions", "article 3, sentence 1"),
        ("哪几条都说到了“节能技术”?用的动词一样吗?", "mentions", "article 3, sentence 1"),
        (
            "“公园”这个词在计划里三处出现,一处说什么,另外两处又说什么?",
            "mentions",
            "article 1, sentence 2; article 2, sentence 2; article 3, sentence 3",
        ),
        (
            "“公园”在计划里出现了三回,原话各是什么?",
            "mentions",
            "article 1, sentence 2; article 2, sentence 2; article 3, sentence 3",
        ),
        ("这份行动计划第三条讲什么?", "text", "article 3"),
        ("上述行动计划第三条讲什么?", "text", "article 3"),
        ("刚才那份行动计划的第三条讲了什么?", "text", "article 3"),
        ("整份行动计划收尾的那一条,标题怎么写的?", "text", "article 3"),
        ("“推广节能技术”这一条要求能耗降多少?", "within", "article 3"),
    ],
)
def test_the_plan_is_asked_about_in_many_ways(question: str, asks: str, paths: str) -> None:
    found = shown(named(question, PLAN))
    assert (found[0], found[2]) == (asks, paths)


@pytest.mark.parametrize(
    "question", ["麻烦把三条各自的标题列一遍", "每条的标题是什么?", "What are the headings of all articles?"]
)
def test_titles_are_those_of_every_article_and_a_law_has_none(question: str) -> None:
    found = named(question, PLAN)
    assert found and found.asks == "text"
    assert [path[-1] for _, path in found.paths] == [("sentence", "1")] * len(found.paths)
    assert {path[0][1] for _, path in found.paths} == {"1", "2", "3"}
    assert named(f"个保法{question}", LAWS) is None


def test_the_only_document_with_articles_needs_no_name() -> None:
    assert shown(named("第三条讲什么?", PLAN)) == ("text", PLANNED, "article 3")
    assert shown(named("What does Article 3 say?", PLAN)) == ("text", PLANNED, "article 3")
    assert shown(named("第十五条讲什么?", PLAN)) == ("text", PLANNED, "-article 15")
    assert shown(named("一共有多少条?", PLAN)) == ("count", PLANNED, "")
    assert named("第三条鱼多大?", PLAN) is None


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("民诉法", ["中华人民共和国民事诉讼法"]),
        ("民诉法解释", ["最高人民法院关于适用《中华人民共和国民事诉讼法》的解释"]),
        ("民事诉讼法司法解释", ["最高人民法院关于适用《中华人民共和国民事诉讼法》的解释"]),
        ("消法", ["中华人民共和国消费者权益保护法"]),
        ("消保法", ["中华人民共和国消费者权益保护法"]),
        ("治安法", ["中华人民共和国治安管理处罚法"]),
        ("治安处罚法", ["中华人民共和国治安管理处罚法"]),
        ("劳动合同法怎么规定试用期", ["中华人民共和国劳动合同法"]),
        ("劳动合同法实施条例", ["中华人民共和国劳动合同法实施条例"]),
        ("保险法解释二", ["最高人民法院关于适用《中华人民共和国保险法》若干问题的解释（二）"]),
        ("算法推荐规定", ["互联网信息服务算法推荐管理规定"]),
        ("民法", ["中华人民共和国民法典"]),
        ("the General Data Protection Regulation", [GDPR]),
        ("消法和治安管理处罚法", ["中华人民共和国治安管理处罚法", "中华人民共和国消费者权益保护法"]),  # longest first
        ("怎样合法经营", []),
        ("有什么办法", []),
        ("劳动法", []),
        ("社会保障法", []),
    ],
)
def test_documents_are_known_by_their_short_names(text: str, titles: list[str]) -> None:
    assert [each.title for each in mentioned(text, LAWS)] == titles


def test_of_two_versions_the_newer_is_taken_unless_its_year_is_named() -> None:
    newer, older = named("公司法第四条", LAWS), named("2018年公司法第三条", LAWS)
    assert newer and older
    assert (newer.documents[0].date, [each.date for each in newer.others]) == ("2023-12-29", ["2018-10-26"])
    assert (older.documents[0].date, older.others) == ("2018-10-26", ())


@pytest.mark.skipif(not SHARED.exists(), reason="needs the 206 laws")
def test_every_look_up_of_206_laws_is_found_at_once_and_none_that_does_not_exist() -> None:
    titles = Titles([document for path in sorted(SHARED.glob("corpora/zh_laws/*.md")) for document in parse(path)])
    rows = [json.loads(row) for row in (SHARED / "eval/zh_lookup.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows:
        found = named(row["question"], titles)
        assert found and found.asks == "text" and not found.missing, row["question"]
        document, path = found.paths[0]
        gold = (row["gold"][0]["doc"], row["gold"][0]["article"])
        assert (document.title.removeprefix("中华人民共和国"), article_of(path)) == gold
    for document in [each for each in titles.documents if each.title.endswith("法")][:60]:
        last = max(int(each.path[0][1].split("-")[0]) for each in document.provisions if each.path[0][0] == "article")
        for place in (f"第{last + 1}条", f"第{last + 50}条", "第三条之九", "第一条第九款", "第0条"):
            found = named(f"{document.title}{place}的内容是什么？", titles)
            assert found and found.missing and not found.paths and found.documents == (document,), place


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("这份计划希望公园怎么做?", True),
        ("公园说得上话吗？计划里写了什么", True),
        ("计划里有没有讲节能?", True),
        ("文件要求公园开放多久?", True),
        ("Does the plan mention pumps?", True),
        ("该条例怎么规定?", False),  # there is none
        ("公园开放太短,计划打算怎么办?", True),
        ("想办新游乐设施又怕出事,文件是劝人先等等吗?", True),
        ("公园的五年计划怎么写?", False),
        ("公园开放多久?", False),
    ],
)
def test_the_only_plan_or_document_is_meant_by_those_words(text: str, means: bool) -> None:
    assert [each.title for each in sole(text, Titles([plan()]))] == (["城市公园行动计划"] if means else [])
    assert sole(text, Titles([plan(), replace(plan(), doc_id="other")])) == []


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("该条例第三条怎么规定?", False),  # there is none: not the third article of the plan
        ("该法第三条怎么规定?", False),
        ("该计划第三条怎么规定?", True),
        ("第三条怎么规定?", True),
    ],
)
def test_a_document_of_a_kind_that_is_not_there_is_not_the_one_that_is(question: str, meant: bool) -> None:
    assert (named(question, Titles([plan()])) is not None) is meant
    assert named("该法第三条怎么规定?", Titles([law("中华人民共和国公园法", 3)])) is not None


@pytest.mark.parametrize("question", ["行动计划一共二十条,对吗?", "行动计划有3条吧,对不对?", "一共有几条?"])
def test_a_wrong_number_of_articles_is_put_right_by_counting(question: str) -> None:
    found = named(question, Titles([plan()]))
    assert found and found.asks == "count"


def test_a_law_that_is_not_here_is_not_the_only_plan_that_is() -> None:
    assert named("民法典一共有几条?", Titles([plan()])) is None
