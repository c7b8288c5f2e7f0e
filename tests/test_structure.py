"""Text to documents and provisions: hard layouts of statutes and plans, and what holds for every text."""

import hashlib
import itertools
import json
import random
from pathlib import Path

import pytest

from rag.read import read
from rag.records import Document
from rag.source import Source
from rag.structure import structure

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"


def parse(text: str, name: str = "file.md") -> list[Document]:
    found = structure(Source(text), name, hashlib.sha256(text.encode()).hexdigest())
    for document in found:
        check(document)
    return found


def outline(document: Document) -> dict[str, str]:
    """Path -> text, e.g. "article 3, paragraph 1" -> "有下列情形之一的：…", sentences left out."""
    return {
        ", ".join(" ".join(step) for step in p.path): document.text_of(p)
        for p in document.provisions
        if p.path[-1][0] != "sentence"
    }


def check(document: Document) -> None:
    """What holds for every document whatever its text."""
    seen = set()
    siblings: dict[object, int] = {}
    for p in document.provisions:
        text = document.text[p.start : p.end]
        assert text and text == text.strip() == document.text_of(p), p
        assert p.path not in seen, p
        seen.add(p.path)
        if len(p.path) > 1:
            parent = document.by_path[p.path[:-1]]
            assert parent.path in seen and parent.start <= p.start and p.end <= parent.end, p
        assert siblings.get(p.path[:-1], 0) <= p.start, p
        siblings[p.path[:-1]] = p.end
        assert document.label(p.path)


STATUTE = """某某管理法
（2019年4月23日第十三届全国人民代表大会常务委员会第十次会议通过　根据2021年8月20日第十三届全国人民代表大会常务委员会\
第三十次会议《关于修改〈某某管理法〉的决定》修正　自2021年11月1日起施行）

目　录
第一章　总则
第二章　处理规则
第一节　一般规定
第三章　附则

第一章　总则
第 一 条　为了规范处理活动，制定本法。
第二条违反国家有关规定的，由有关部门依照
第六十五条第一款的规定处罚。
第三人有过错的，由第三人承担责任。
第三条至第五条另有规定的，从其规定。

第二章　处理规则
第一节　一般规定
第３条　有下列情形之一的：
（一）取得同意；
（二）为订立合同所必需，包括：
1.甲方提出；
2.乙方提出。
（三）其他情形。
单位犯前款罪的，依照前款的规定处罚。
第三条之一　和解协议应当书面订立。另有规定的除外。
第〇四条　删除。

第三章　附则
第一百二十条　本法自2021年11月1日起施行。
"""


def test_a_statute_with_every_trap_gives_its_tree() -> None:
    (document,) = parse(STATUTE, "law.txt")
    assert (document.title, document.kind, document.lang) == ("某某管理法", "statute", "zh")
    assert (document.issuer, document.date) == ("全国人民代表大会常务委员会", "2021-08-20")
    assert document.effective == "2021-11-01"
    assert document.history == (("2019-04-23", "通过"), ("2021-08-20", "修正"))
    assert document.text == STATUTE
    tree = outline(document)
    assert list(tree) == [
        "preamble 0",
        "article 1",
        "article 2",
        "article 2, paragraph 1",
        "article 2, paragraph 2",
        "article 2, paragraph 3",
        "article 3",
        "article 3, paragraph 1",
        "article 3, paragraph 1, item 1",
        "article 3, paragraph 1, item 2",
        "article 3, paragraph 1, item 2, point 1",
        "article 3, paragraph 1, item 2, point 2",
        "article 3, paragraph 1, item 3",
        "article 3, paragraph 2",
        "article 3-1",
        "article 4",
        "article 120",
    ]
    assert tree["preamble 0"].startswith("（2019年")
    assert tree["article 1"] == "第 一 条　为了规范处理活动，制定本法。"
    assert tree["article 2, paragraph 1"].endswith("依照\n第六十五条第一款的规定处罚。")
    assert tree["article 2, paragraph 2"].startswith("第三人")
    assert tree["article 3, paragraph 1, item 2"].endswith("2.乙方提出。")
    assert tree["article 3, paragraph 2"] == "单位犯前款罪的，依照前款的规定处罚。"
    assert document.label((("article", "3-1"), ("sentence", "2"))) == "《某某管理法》第三条之一第2句"
    headings = {p.path[0][1]: p.headings for p in document.provisions if p.path[0][0] == "article"}
    assert headings["2"] == ("第一章 总则",)
    assert headings["3"] == ("第二章 处理规则", "第一节 一般规定")
    assert headings["120"] == ("第三章 附则",)


def test_bold_numbers_and_books_beyond_one_thousand_articles_are_read() -> None:
    text = "# 某法典\n\n# 第四编　人格权\n\n### 第六章　隐私权\n\n**第一千零三十六条**　处理信息，有下列情形的：\n\n"
    text += "（一）同意的；\n\n（二）公开的。\n\n"
    text += "# 第五编　婚姻\n\n## 第一分编　通则\n\n**第一千零三十七条**　甲。\n\n乙。\n"
    (document,) = parse(text)
    tree = outline(document)
    assert tree["article 1036, paragraph 1, item 2"] == "（二）公开的。"
    assert tree["article 1036, paragraph 1"].startswith("处理信息")
    assert tree["article 1036"].startswith("**第一千零三十六条**")
    assert tree["article 1037, paragraph 2"] == "乙。"
    assert document.by_path[(("article", "1036"),)].headings == ("第四编 人格权", "第六章 隐私权")
    assert document.by_path[(("article", "1037"),)].headings == ("第五编 婚姻", "第一分编 通则")


def test_a_quoted_article_out_of_order_is_not_an_article_of_the_document() -> None:
    text = "某办法\n\n第一条 甲。\n\n第二条 原文如下：\n\n第九十条 旧的规定。\n\n第三条 乙。\n\n第四条 丙。\n"
    (document,) = parse(text)
    assert [p.path[0][1] for p in document.children(())] == ["1", "2", "3", "4"]
    assert outline(document)["article 2, paragraph 2"] == "第九十条 旧的规定。"


def test_annexes_and_text_under_foreign_headings_are_not_swallowed_by_the_last_article() -> None:
    text = "# 某法\n\n第一条 甲。\n\n第二条 乙。\n\n# 某决定\n\n为了惩治，补充如下。\n\n"
    text += "## 附件一\n\n1．条例甲\n\n2．条例乙\n\n附件二：表\n\n说明。\n"
    (document,) = parse(text)
    tree = outline(document)
    assert tree["article 2"] == "第二条 乙。"
    assert tree["paragraph 1"] == "为了惩治，补充如下。"
    assert document.by_path[(("paragraph", "1"),)].headings == ("某决定",)
    assert tree["annex 1, item 2"] == "2．条例乙"
    assert tree["annex 2"] == "附件二：表\n\n说明。"


PLAN_TEXT = """# 国务院关于推进某某工作的意见

国发〔2024〕3号

为推进某某工作，现提出以下意见。

一、总体要求

（一）指导思想。坚持发展。
（二）基本原则。坚持创新。

二、重点任务

（三）加强建设。推进设施建设。

1. 建设平台。平台要开放。
平台要安全。

（四）提升能力。落实下列要求：

（1）甲；
（2）乙。

三、保障措施

各地区要加强组织领导，切实落实责任。

国务院

2024年3月5日
"""


def test_a_plan_counts_its_points_as_articles_and_its_items_through() -> None:
    (document,) = parse(PLAN_TEXT)
    assert (document.kind, document.date) == ("policy", "2024-03-05")
    tree = outline(document)
    assert [path for path in tree if not path.startswith("preamble")] == [
        "article 1",
        "article 1, item 1",
        "article 1, item 2",
        "article 2",
        "article 2, item 3",
        "article 2, item 3, point 1",
        "article 2, item 4",
        "article 2, item 4, point 1",
        "article 2, item 4, point 2",
        "article 3",
        "paragraph 1",
    ]
    assert tree["article 2, item 3, point 1"].endswith("平台要安全。")
    assert tree["article 3"] == "三、保障措施\n\n各地区要加强组织领导，切实落实责任。"
    assert tree["paragraph 1"] == "国务院\n\n2024年3月5日"


@pytest.mark.parametrize(
    "text",
    ["一、甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲。\n\n二、乙乙乙乙乙乙乙乙乙乙乙乙乙乙乙乙乙乙乙。\n",
     "一、甲\n\n二、乙\n\n三、丙\n",
     "二、甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲。\n\n三、乙乙乙乙乙乙乙乙乙乙乙乙乙乙乙乙乙乙。\n\n四、丙丙丙丙丙丙丙丙丙丙丙丙丙丙丙丙丙。"],
    ids=["two points", "no substance", "not from one"],
)  # fmt: skip
def test_a_short_list_is_no_plan(text: str) -> None:
    (document,) = parse("# 标题\n\n" + text)
    assert document.kind == "other"
    assert {p.path[0][0] for p in document.provisions} == {"paragraph"}


def test_two_laws_in_one_file_are_two_documents() -> None:
    found = parse("甲条例\n第一条 甲一。\n第二条 甲二。\n\n乙条例\n第一条 乙一。\n第二条 乙二。\n")
    assert [(d.title, d.doc_id[-2:], len(d.children(()))) for d in found] == [("甲条例", "-1", 2), ("乙条例", "-2", 2)]
    assert found[1].text_of(found[1].provisions[0]) == "第一条 乙一。"


def test_text_without_numbering_gives_paragraphs_and_sentences_under_its_headings() -> None:
    (document,) = parse(
        "# Notes\n\nOne is here. Two follows! Is it?\n\n## Part\n\nA longer line that is\nwrapped by hand.\n"
    )
    assert (document.title, document.kind, document.lang) == ("Notes", "other", "en")
    assert [document.text_of(p) for p in document.children((("paragraph", "1"),))] == [
        "One is here.", "Two follows!", "Is it?",
    ]  # fmt: skip
    assert document.text_of(document.provisions[-1]) == "A longer line that is\nwrapped by hand."
    assert document.provisions[-1].headings == ("Part",)


def test_sentences_end_behind_their_closing_quotes() -> None:
    (document,) = parse("# 题\n\n他说：“好。”她问：“真的吗？”大家都笑……然后走了；没有回头。\n")
    assert [document.text_of(p) for p in document.children((("paragraph", "1"),))] == [
        "他说：“好。”", "她问：“真的吗？”", "大家都笑……然后走了；没有回头。",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "title", "provision"),
    [
        ("一行没有标点的文字", "file", "一行没有标点的文字"),
        ("# 只有标题", "file", "# 只有标题"),
        ("目录", "file", "目录"),
        ("<!-- 注释 -->", "file", "<!-- 注释 -->"),
        ("第三人", "file", "第三人"),
        ("**标题**\n\n正文。", "标题", "正文。"),
        ("第一条 只有一条。", "file", "第一条 只有一条。"),
    ],
)
def test_the_smallest_texts_keep_their_words(text: str, title: str, provision: str) -> None:
    (document,) = parse(text)
    assert (document.title, document.text_of(document.provisions[-1])) == (title, provision)


def test_white_space_is_no_document() -> None:
    assert parse(" \n\n　\n") == []


JUMBLE = """
第一条 |第二条|第十条 甲，乙。|第一条之一 |第９９９９９９９９９９９９９９９９条 |
第六十五条第一款的规定|第三人|之一|一、|二、|三、|（一）|(2)|1.|①
|# |## |目录|第一章 总则|附则|附件1：表|附件|海洋经济:|本报记者 张三|(上接第一版)|(新华社北京7月1日电)|——访某人|某某条例
|文字内容很长很长的一段话没有结束|完整的一句。|“引语。”|<!-- x -->|**|2021年8月20日通过|English text. More?
|一、文字内容很长很长的一段话是要点。\n二、文字内容很长很长的一段话是要点。\n三、文字内容很长很长的一段话是要点。\n
"""


def test_any_jumble_of_marks_gives_sound_trees() -> None:
    marks = [*JUMBLE.strip().split("|"), "\n", "\n\n", "\n", " ", "　"]
    chooser = random.Random(7)
    kinds = set()
    for _ in range(3000):
        kinds |= {d.kind for d in parse("".join(chooser.choices(marks, k=chooser.randint(1, 40))))}
    assert kinds == {"statute", "policy", "news", "other"}


@pytest.mark.skipif(not CORPORA.is_dir(), reason="needs the corpora of the workshop")
def test_every_article_of_206_laws_is_found_once_and_none_is_invented() -> None:
    laws = [e for e in json.loads((CORPORA / "zh_manifest.json").read_text("utf-8")) if e["set"] == "zh_laws"]
    wrong = {}
    for law in laws:
        found = parse(read(CORPORA.parent / law["file"]).text, law["file"])
        articles = [p.path[0][1] for d in found for p in d.children(()) if p.path[0][0] == "article"]
        bases = [int(number.split("-")[0]) for number in articles]
        gapless = bases[0] == 1 and all(b - a in (0, 1) for a, b in itertools.pairwise(bases))
        if (len(found), len(articles), gapless, found[0].title) != (1, law["n_articles"], True, law["title"]):
            wrong[law["doc"]] = (len(found), len(articles), law["n_articles"], found[0].title)
    assert len(laws) == 206
    assert wrong == {}


@pytest.mark.skipif(not CORPORA.is_dir(), reason="needs the corpora of the workshop")
def test_the_provisions_of_every_law_joined_are_its_text_less_the_headings() -> None:
    left: dict[str, list[str]] = {}
    for file in sorted((CORPORA / "zh_laws").glob("*.md")):
        for document in parse(read(file).text, file.name):
            ends = [0, *(p.end for p in document.children(()))]
            starts = [*(p.start for p in document.children(())), len(document.text)]
            between = "\n".join(document.text[a:b] for a, b in zip(ends, starts, strict=True))
            headings = {"".join(h.split()) for p in document.provisions for h in (*p.headings, document.title)}
            lines = ["".join(line.replace("#", "").replace("*", "").split()) for line in between.split("\n")]
            rest = [line for line in lines if line and line not in headings and not line.startswith("<!--")]
            left |= {file.name: rest} if rest else {}
    assert left == {}
