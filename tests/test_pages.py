"""The newspaper page: the plan exact, the other stories apart, nothing lost and nothing under a wrong title."""

import hashlib
from pathlib import Path

import pytest
from test_structure import parse

from rag.numerals import to_chinese
from rag.read import read
from rag.records import Document

PAGE = Path(__file__).parents[1] / "data" / "documents" / "newspaper_page_2025-07-27.md"
PLAN = "人工智能全球治理行动计划"


@pytest.fixture(scope="module")
def page() -> dict[str, Document]:
    return {document.title: document for document in parse(read(PAGE).text)}


def test_the_plan_is_one_preamble_and_thirteen_articles(page: dict[str, Document]) -> None:
    plan = page[PLAN]
    assert (plan.kind, plan.lang, plan.date, plan.issuer) == ("policy", "zh", "2025-07-26", None)
    assert plan.doc_id == hashlib.sha256(PAGE.read_bytes()).hexdigest()[:12] + "-1"
    top = [p.path[0] for p in plan.children(())]
    # The news lead above the plan (7月26日,…全文如下:) is a paragraph of the document, not of its preamble.
    assert top == [("paragraph", "1"), ("preamble", "0"), *(("article", str(n)) for n in range(1, 14))]


def test_every_article_of_the_plan_is_exactly_its_paragraph_of_the_page(page: dict[str, Document]) -> None:
    plan = page[PLAN]
    lines = read(PAGE).text.split("\n")
    for n in range(1, 14):
        (line,) = [line for line in lines if line.startswith(to_chinese(n) + "、")]
        assert plan.text_of(plan.by_path[(("article", str(n)),)]) == line
    seventh = plan.text_of(plan.by_path[(("article", "7"),)])
    assert seventh.startswith("七、有效应对能源环境问题。") and seventh.endswith("分享最佳实践。")
    last = plan.text_of(plan.by_path[(("article", "13"),)])
    assert last.endswith("技术和政策沟通。")
    preamble = plan.text_of(plan.by_path[(("preamble", "0"),)])
    assert preamble.startswith("人工智能是人类发展的新领域") and preamble.endswith("协力推进全球人工智能发展与治理。")
    assert "新华社" not in plan.text and "青岛" not in plan.text


def test_the_clauses_of_the_plan_are_its_sentences(page: dict[str, Document]) -> None:
    plan = page[PLAN]
    clause = plan.by_path[(("article", "7"), ("sentence", "2"))]
    assert plan.text_of(clause).endswith("推广低功耗芯片、高效算法等绿色计算技术。")
    assert plan.label(clause.path) == "《人工智能全球治理行动计划》第七条第2句"
    preamble = [("preamble", "0"), ("paragraph", "2")]
    assert plan.text_of(plan.by_path[tuple(preamble)]).startswith("为此,")


def test_the_other_stories_are_documents_under_their_own_headings(page: dict[str, Document]) -> None:
    assert list(page) == [
        PLAN,
        "未归属片段 1",
        "秉持诚意和原则,推动中美经贸相向而行",
        "“在中国,我感受到世界发展的未来”",
        "“携手打造具有国际竞争力的华语电影”",
        "未归属片段 2",
        "中国政府倡议成立世界人工智能合作组织",
        "未归属片段 3",
        "文旅互动 擘画互利共赢新画卷",
    ]
    for title, document in page.items():
        if title != PLAN:
            assert document.kind == "news"
            assert {p.path[0][0] for p in document.provisions} == {"paragraph"}


def test_kickers_and_columns_are_headings_inside_their_story(page: dict[str, Document]) -> None:
    travel = page["文旅互动 擘画互利共赢新画卷"]
    assert travel.provisions[-1].headings == ("城市治理:", "从历史活化到数智赋能的创新实践")
    assert page["秉持诚意和原则,推动中美经贸相向而行"].provisions[0].headings == ("钟声",)
    film = page["“携手打造具有国际竞争力的华语电影”"]
    assert film.provisions[0].headings == ("中马电影交流合作近年来日益密切",)
    assert film.text_of(film.provisions[0]).startswith("本报记者 杨一\n\n为期9天")


def test_what_stands_below_a_tear_is_not_cited_under_the_title_above_it(page: dict[str, Document]) -> None:
    story = page["中国政府倡议成立世界人工智能合作组织"]
    assert story.text.endswith("旨在加强人工智能")
    assert page["未归属片段 3"].text.startswith("义。中国的发展成就")
    assert page["未归属片段 2"].text.startswith("(上接第一版)")


def test_no_text_of_the_page_is_lost(page: dict[str, Document]) -> None:
    kept = "\n".join(document.text for document in page.values())
    assert [line for line in read(PAGE).text.split("\n") if line.strip() and line not in kept] == []
