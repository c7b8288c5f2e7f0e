"""Newspaper pages: the plan exact, the torn stories joined, nothing lost and nothing under a wrong title."""

import hashlib
import random
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
    # The dateline (新华社上海7月26日电) closes the document and is no part of its last article.
    articles = [("article", str(n)) for n in range(1, 14)]
    assert top == [("paragraph", "1"), ("preamble", "0"), *articles, ("paragraph", "2")]
    assert plan.text.endswith("\n(新华社上海7月26日电)")


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
    assert "青岛" not in plan.text


def test_the_clauses_of_the_plan_are_its_sentences(page: dict[str, Document]) -> None:
    plan = page[PLAN]
    clause = plan.by_path[(("article", "7"), ("sentence", "2"))]
    assert plan.text_of(clause).endswith("推广低功耗芯片、高效算法等绿色计算技术。")
    assert plan.label(clause.path) == "《人工智能全球治理行动计划》第七条第2句"
    preamble = [("preamble", "0"), ("paragraph", "2")]
    assert plan.text_of(plan.by_path[tuple(preamble)]).startswith("为此,")


def test_the_page_is_seven_documents_one_for_each_story(page: dict[str, Document]) -> None:
    assert list(page) == [
        PLAN,
        "秉持诚意和原则,推动中美经贸相向而行",
        "“在中国,我感受到世界发展的未来”",
        "“携手打造具有国际竞争力的华语电影”",
        "上接第一版：要坚持统筹发展和安全",
        "中国政府倡议成立世界人工智能合作组织",
        "文旅互动 擘画互利共赢新画卷",
    ]
    for title, document in page.items():
        if title != PLAN:
            assert document.kind == "news"
            assert {p.path[0][0] for p in document.provisions} == {"paragraph"}


def test_kickers_and_columns_are_headings_inside_their_story(page: dict[str, Document]) -> None:
    travel = page["文旅互动 擘画互利共赢新画卷"]
    (bridge,) = [p for p in travel.provisions if travel.text_of(p).startswith("1979年10月,青岛市与日本下关市")][:1]
    assert bridge.headings == ("文明交流:", "从文旅为桥到民心相通的世界纽带")
    assert page["秉持诚意和原则,推动中美经贸相向而行"].provisions[0].headings == ("钟声",)
    film = page["“携手打造具有国际竞争力的华语电影”"]
    assert film.provisions[0].headings == ("中马电影交流合作近年来日益密切",)
    assert film.text_of(film.provisions[0]).startswith("本报记者 杨一\n\n为期9天")


@pytest.mark.parametrize(
    ("title", "across"),
    [
        ("秉持诚意和原则,推动中美经贸相向而行", "不仅是自身正当权益,更是国际公平正义。"),
        ("“在中国,我感受到世界发展的未来”", "“雄安新区不仅实现了高水平的城市规划,"),
        ("“携手打造具有国际竞争力的华语电影”", "因此影片在全球不同国家观众中都能引发情感共鸣。"),
        ("中国政府倡议成立世界人工智能合作组织", "旨在加强人工智能领域的国际合作。"),
        ("文旅互动 擘画互利共赢新画卷", "拍摄的“老照片”"),
    ],
)
def test_a_sentence_torn_in_two_is_one_sentence_again(title: str, across: str, page: dict[str, Document]) -> None:
    document = page[title]
    tear = next(piece.start for piece in document.pieces if piece.joined)
    # A paragraph that is one sentence has no sentence below it.
    at_tear = [document.text_of(p) for p in document.provisions if p.start < tear < p.end]
    torn = min(at_tear, key=len)
    assert across in torn and torn.count("。") == 1
    at = document.text.index(across)
    assert at < tear < at + len(across)


def test_a_story_of_page_one_is_named_by_its_mark_and_joined_between_sentences(page: dict[str, Document]) -> None:
    story = page["上接第一版：要坚持统筹发展和安全"]
    first, second = story.children(())
    assert story.text_of(first).startswith("(上接第一版)要坚持") and story.text_of(first).endswith("合作组织。")
    assert story.text_of(second).startswith("联合国秘书长古特雷斯等")


def test_every_piece_of_a_joined_story_is_verbatim_in_the_page_and_says_how_sure_it_is(
    page: dict[str, Document],
) -> None:
    text = read(PAGE).text
    joined = 0
    for document in page.values():
        for piece in document.pieces:
            own = document.text[piece.start : piece.end]
            assert own and text[piece.source : piece.source + len(own)] == own
            assert piece.joined is None or 0.4 <= piece.joined <= 1
            joined += piece.joined is not None
    assert joined == 6


def test_what_no_story_claims_stays_apart_and_is_not_cited_under_the_title_above_it() -> None:
    text = read(PAGE).text
    foreign = "水稻机插秧每亩成本下降,早稻收割进度过半,粮库开仓收购。"
    torn = text.replace("旨在加强人工智能\n", f"旨在加强人工智能\n\n{foreign}\n", 1)
    assert torn != text
    found = {document.title: document for document in parse(torn)}
    (apart,) = [title for title, document in found.items() if foreign in document.text]
    assert apart.startswith("未归属片段")


def test_no_text_of_the_page_is_lost(page: dict[str, Document]) -> None:
    kept = "\n".join(document.text for document in page.values())
    assert [line for line in read(PAGE).text.split("\n") if line.strip() and line not in kept] == []


def torn_page(stories: dict[str, list[str]], seed: int) -> str:
    """The stories as headlines and first parts in any order, each torn in mid-sentence, and their ends below others."""
    chance = random.Random(seed)
    heads, tails = [], []
    for title, paragraphs in stories.items():
        at = chance.randrange(1, len(paragraphs))
        cut = chance.randrange(len(paragraphs[at]) // 4, len(paragraphs[at]) * 3 // 4)
        while not all("\u4e00" <= c <= "\u9fff" for c in paragraphs[at][cut - 1 : cut + 1]):
            cut += 1
        heads.append([f"## {title}", "本报记者 某某", *paragraphs[:at], paragraphs[at][:cut]])
        tails.append([paragraphs[at][cut:], *paragraphs[at + 1 :]])
    chance.shuffle(heads)
    chance.shuffle(tails)
    return "\n\n".join("\n\n".join(head + tail) for head, tail in zip(heads, tails, strict=True)) + "\n"


def test_most_stories_torn_at_any_place_are_whole_again_and_few_go_wrong(page: dict[str, Document]) -> None:
    stories = {
        title: [document.text_of(p).split("\n")[-1] for p in document.children(())]
        for title, document in page.items()
        if document.kind == "news" and not title.startswith("上接")
    }
    whole = wrong = 0
    for seed in range(20):
        for document in parse(torn_page(stories, seed)):
            if document.title in stories:
                text = document.text.replace("\n", "")
                whole += text.endswith("".join(stories[document.title]))
                others = [line for title, lines in stories.items() if title != document.title for line in lines]
                wrong += any(line[-20:] in text for line in others)
    # Each of the 100 stories is whole, or its end stands apart, or (worst) it ends with another story's text.
    assert (whole >= 80) and (wrong <= 10), (whole, wrong)
