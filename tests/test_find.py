"""Claims about what is found for a question: by reference, meaning and words, in which documents. No model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rag.records import Path as Place
from rag.search import LEANED_ON, Found, Only, Search
from tests.built import Characters, counted, searched
from tests.laws import document, laws
from tests.plan import plan

LEANING = document(
    "中华人民共和国图书馆法",
    "第一条 国家鼓励建立图书馆。\n\n第二条 图书馆应当对公众开放，开放时间每周不少于五十六小时。\n\n"
    "第三条 图书馆违反规定收取押金的，依照本法第四条和《中华人民共和国刑法》第三条的规定处理。\n\n"
    "第四条 由主管部门责令改正，并处罚款。\n\n第五条 本法自2018年1月1日起施行。",
    "2017-11-04",
)
OLD = document("中华人民共和国公司法", "第一条 股东应当在章程规定的期限内缴足出资。\n\n第二条 公司是企业法人。",
               "2018-10-26")  # fmt: skip
NEW = document("中华人民共和国公司法", "第一条 股东应当自公司成立之日起五年内缴足出资。\n\n第二条 公司是法人。",
               "2023-12-29")  # fmt: skip
DOCUMENTS = [LEANING, OLD, NEW, *(each for each in laws() if "公司法" not in each.title)]


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Search:
    return searched(tmp_path_factory.mktemp("index"), DOCUMENTS)


def unused() -> Characters:
    raise AssertionError("the embedder was asked for")


def shown(found: Found) -> list[str]:
    """The hits, each with its short title, its best clause, and how it was found."""

    def path(place: Place) -> str:
        return ".".join(number for _, number in place)

    return [
        f"{hit.document.title.removeprefix('中华人民共和国')} {path(hit.clauses[0][0])} {hit.how}" for hit in found.hits
    ]


def test_this_article_is_the_one_that_answers_the_question_before(search: Search) -> None:
    first = search.find("图书馆收取押金怎么处理?", [], 1, Characters).hits[0]
    label = first.document.label(first.provision.path[:1])
    found = search.find("这一条对罚款怎么规定?", ["图书馆收取押金怎么处理?"], 4, Characters)
    assert found.rewritten == f"{label}对罚款怎么规定?"
    assert shown(found)[0] == shown(search.find(label, [], 1, unused))[0]


@pytest.mark.parametrize(
    ("question", "history"), [("这一条件怎么规定?", ["图书馆收取押金怎么处理?"]), ("这一条怎么规定?", [])]
)
def test_what_is_no_article_or_follows_nothing_is_not_taken_for_one(
    question: str, history: list[str], search: Search
) -> None:
    assert "第" not in (search.find(question, history, 4, Characters).rewritten or "")


@pytest.mark.parametrize(
    ("question", "history", "expected"),
    [
        ("图书馆法第三条", [], ["图书馆法 3 reference"]),
        ("图书馆法第三条和第一条讲什么?", [], ["图书馆法 3 reference", "图书馆法 1 reference"]),
        ("个保法第二条第二款", [], ["个人信息保护法 2.2 reference"]),
        ("最后一条呢?", ["图书馆法第三条讲什么?"], ["图书馆法 5 reference"]),
        ("那下一条呢?", ["图书馆法第三条讲什么?"], ["图书馆法 4 reference"]),
        ("图书馆法哪几条提到“押金”和“罚款”?", [], ["图书馆法 3 reference", "图书馆法 4 reference"]),
    ],
)
def test_what_is_looked_up_is_found_by_reference_without_the_embedder(
    question: str, history: list[str], expected: list[str], search: Search
) -> None:
    assert shown(search.find(question, history, 4, unused)) == expected


def test_a_range_brings_no_more_than_asked_for(search: Search) -> None:
    assert shown(search.find("图书馆法第一条至第五条", [], 3, unused)) == [f"图书馆法 {n} reference" for n in (1, 2, 3)]


def test_a_provision_that_is_asked_about_goes_first_and_others_follow_once(search: Search) -> None:
    found = search.find("图书馆法第五条规定的图书馆开放时间是多少小时?", [], 3, Characters)
    assert found.named and found.named.asks == "within"
    assert shown(found)[:2] == ["图书馆法 5 reference", "图书馆法 2 dense"]
    assert len({(hit.document.doc_id, hit.provision.path) for hit in found.hits}) == len(found.hits) == 3


def test_the_provisions_that_the_best_lean_on_come_last(search: Search) -> None:
    found = search.find("图书馆收取押金怎么处理?", [], 2, Characters)
    first, *_ = shown(found)
    assert first == "图书馆法 3 dense"
    assert shown(found)[2:] == ["图书馆法 4 crossref", "刑法 3 crossref"]
    assert len(found.hits) == 2 + LEANED_ON
    assert found.hits[0].score > found.hits[2].score > 0
    # What is found anyway does not come a second time.
    more = shown(search.find("图书馆收取押金怎么处理?", [], 9, Characters))
    assert not any(row.startswith("图书馆法 4") and row.endswith("crossref") for row in more)


def sources(found: Found) -> set[str]:
    return {hit.document.title.removeprefix("中华人民共和国") for hit in found.hits}


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (Only(document="图书馆"), {"图书馆法"}),
        (Only(document="公园"), {"城市公园行动计划"}),
        (Only(document="laws/none"), set()),
        (Only(kind="policy"), {"城市公园行动计划"}),
        (Only(since="2021-01-01"), {"个人信息保护法", "公司法"}),
        (Only(since="2021-01-01", until="2021"), {"个人信息保护法"}),
        (Only(until="2017-11"), {"图书馆法"}),
        (Only(until="2017-11-03"), set()),
        (Only(document="图书馆", kind="policy"), set()),
    ],
)
def test_only_the_documents_meant_may_answer(only: Only, expected: set[str], search: Search) -> None:
    found = search.find("公司处理的个人信息和公园、图书馆开放", [], 50, Characters, only)
    assert sources(found) == expected
    named = search.find("图书馆法第二条", [], 4, Characters, only)
    assert ("图书馆法 2 reference" in shown(named)) == ("图书馆法" in expected)


@pytest.mark.parametrize(
    ("question", "history", "date"),
    [
        ("股东应当何时缴足出资?", [], "2023-12-29"),
        ("公司法第一条", [], "2023-12-29"),
        ("公司法规定股东何时缴足出资?", [], "2023-12-29"),
        ("2018年的公司法第一条", [], "2018-10-26"),
        ("2018年的公司法规定股东何时缴足出资?", [], "2018-10-26"),
        ("2019年的公司法规定股东何时缴足出资?", [], "2018-10-26"),
        ("旧公司法规定股东何时缴足出资?", [], "2018-10-26"),
        ("第二条呢?", ["2018年的公司法第一条"], "2018-10-26"),
    ],
)
def test_of_two_versions_one_answers_and_the_other_is_not_among_the_hits(
    question: str, history: list[str], date: str, search: Search
) -> None:
    found = search.find(question, history, 50, Characters)
    dates = {hit.document.date for hit in found.hits if hit.document.title == OLD.title}
    assert dates == {date}
    assert found.hits[0].document.title == OLD.title
    assert found.named is None or found.named.others == ()


def test_a_follow_up_is_searched_for_as_the_question_it_means(search: Search) -> None:
    embedder = Characters()
    found = search.find("它每周开放多久?", ["图书馆应当对谁开放?"], 3, lambda: embedder)
    assert found.rewritten == found.asked == "图书馆应当对谁开放? 它每周开放多久?"
    assert embedder.asked == [found.asked]
    assert shown(found)[0] == "图书馆法 2 dense"
    assert search.find("图书馆每周开放多久?", ["刑法讲什么?"], 3, Characters).rewritten is None


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("第二条讲什么?", {"图书馆法"}),
        ("换个话题,第二条讲什么?", None),  # of many laws: none is named
    ],
)
def test_a_change_of_subject_drops_the_document_of_the_conversation(
    question: str, titles: set[str] | None, search: Search
) -> None:
    found = search.find(question, ["图书馆法第一条讲什么?"], 2, Characters)
    assert (sources(found) if found.named else None) == titles


class Scores:
    """A reranker that holds the second of what it is given for the best, and notes its texts."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def scores(self, question: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.read += texts
        return np.array([0.9 if n == 1 else 0.5 / (n + 1) for n in range(len(texts))], dtype=np.float32)


def test_a_reranker_reorders_what_was_found_and_reads_more_than_is_shown(search: Search, tmp_path: Path) -> None:
    reranker = Scores()
    question = "图书馆开放时间"
    plain = search.find(question, [], 3, Characters).hits
    ranked = searched(tmp_path, DOCUMENTS, reranker).find(question, [], 3, Characters).hits
    order = [(hit.document.doc_id, hit.provision.path) for hit in plain]
    assert [(hit.document.doc_id, hit.provision.path) for hit in ranked[:3]] == [order[1], order[0], order[2]]
    assert [hit.score for hit in ranked[:3]] == pytest.approx([0.9, 0.5, 0.5 / 3])
    assert len(reranker.read) > 3
    assert reranker.read[0] == f"{plain[0].document.title} {plain[0].text}"


def test_more_wording_is_searched_for_beside_the_question(search: Search) -> None:
    asked: list[tuple[str, str]] = []
    embedder = Characters()

    def wording(question: str, lang: str) -> str:
        asked.append((question, lang))
        return "缴足出资 股东"

    question = "开公司的钱要啥时候拿出来?"
    found = search.find(question, [], 1, lambda: embedder, wording=wording)
    assert asked == [(question, "zh")]
    assert embedder.asked == [question, f"{question} 缴足出资 股东"]
    assert shown(found)[0] == "公司法 1 dense"
    assert shown(search.find(question, [], 1, Characters))[0] != "公司法 1 dense"


class Blind(Characters):
    """An embedder to which all questions are the same."""

    def queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return super().queries(["x" for _ in texts])


def test_more_wording_counts_as_words_too(search: Search) -> None:
    found = search.find("啥时候拿出来?", [], 1, Blind, wording=lambda *_: "缴足出资")
    assert shown(found) == ["公司法 1 dense"]


def test_everyday_words_find_the_words_of_the_law(tmp_path: Path) -> None:
    texts = {"甲": "用人单位应当按照约定支付报酬。", "乙": "承租人应当按照约定支付租金。", "丙": "保险人应当支付。"}
    found = searched(tmp_path, [document(f"{title}规定", f"第一条 {text}") for title, text in texts.items()])
    for question, title in {"老板要给什么?": "甲规定", "租客要给什么?": "乙规定"}.items():
        assert found.find(question, [], 1, Characters).hits[0].document.title == title


def test_what_a_document_would_say_counts_for_more_where_it_is_no_statute(tmp_path: Path) -> None:
    text = "第一条 用人单位应当支付报酬。"
    plans, both = replace(document("甲计划", text), kind="plan"), [document("甲规定", text), document("甲计划", text)]
    for documents, first in ((both, "甲规定"), ([both[0], plans], "甲计划")):
        found = searched(tmp_path / first, documents).find("老板要给什么?", [], 1, Blind)
        assert found.hits[0].document.title == first


def test_a_question_in_english_finds_chinese_by_the_glossary(tmp_path: Path) -> None:
    found = searched(tmp_path, [document("甲规定", "第一条 推广高效算法。"), document("乙规定", "第一条 保护公园。")])
    for question, title in {"Are algorithms mentioned?": "甲规定", "Who protects a park's trees?": "乙规定"}.items():
        assert found.find(question, [], 1, Characters).hits[0].document.title == title


def test_a_question_that_names_no_subject_goes_on_from_the_one_before_where_that_finds_as_much(search: Search) -> None:
    going_on = search.find("有多少小时?", ["图书馆对公众开放吗?"], 3, Characters)
    assert going_on.rewritten == "图书馆对公众开放吗? 有多少小时?"
    assert shown(going_on)[0] == "图书馆法 2 dense"
    anew = search.find("收取押金怎么处理?", ["公司股东缴足出资的期限?"], 3, Characters)
    assert (anew.rewritten, shown(anew)[0]) == (None, "图书馆法 3 dense")


def test_how_many_articles_there_are_is_found_at_the_last_of_them(search: Search) -> None:
    assert shown(search.find("图书馆法一共有几条?", [], 3, Characters)) == ["图书馆法 5 reference"]


def test_what_the_graph_of_vectors_loses_is_found_by_its_words_with_its_own_cosine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = searched(tmp_path, [plan()])
    question = "公园每日开放时间多久?"
    whole = search.find(question, [], 3, Characters)
    best, *others = search.index.nearest(counted([question])[0], 600)
    monkeypatch.setattr(type(search.index), "nearest", lambda self, vector, n: others)
    assert search.layout.chunks[search.layout.rows[best[0]]].path[:1] == whole.hits[0].provision.path
    hits = search.find(question, [], 3, Characters).hits
    assert [(hit.provision.path, hit.how) for hit in hits] == [(hit.provision.path, hit.how) for hit in whole.hits]
    assert [hit.cosine for hit in hits] == pytest.approx([hit.cosine for hit in whole.hits], abs=1e-5)
