"""References inside provisions: what each one means where it stands, and whether it is there."""

import gc
import random
import time
import timeit
from itertools import pairwise

import pytest

from rag.records import Document, Path, Provision
from rag.reference import Link, links
from rag.source import Source
from rag.structure import structure

LAW = """# 试验法

第一条 甲。

第二条 甲。

乙。有下列情形之一的，应当登记：

（一）丙；

（二）丁；

（三）{item}。

戊{third}。

第二条之一 己。

第三条 {text}。
"""
OTHER = "中华人民共和国民法典"


def path(words: str) -> Path:
    """A path from "article 2, item 1"."""
    steps = (step.split(" ") for step in words.split(", ") if step)
    return tuple((kind, number) for kind, number in steps)


def shown(document: Document, link: Link) -> tuple[str, str | None, str, str, bool | None]:
    """The link with its paths written out, "" for none."""
    place, to = (", ".join(" ".join(step) for step in each or ()) for each in (link.path, link.to))
    return document.text[link.start : link.end], link.document, place, to, link.exists


def check(document: Document, found: list[Link], expected: str) -> None:
    """`expected`: a link a line, its words, document, path, last path and existence between bars."""
    rows = [tuple(cell.strip() for cell in line.split("|")) for line in expected.strip().splitlines() if line.strip()]
    exists = {"yes": True, "no": False, "": None}
    want = [(words, other or None, place, to, exists[there]) for words, other, place, to, there in rows]
    assert [shown(document, link) for link in found] == want
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("违反本法第二条第一款的", "本法第二条第一款||article 2, paragraph 1||yes"),
        ("依照第二条第二款第（二）项", "第二条第二款第（二）项||article 2, paragraph 2, item 2||yes"),
        ("依照第二条第二项", "第二条第二项||article 2, paragraph 2, item 2||yes"),
        ("依照第一条第一款", "第一条第一款||article 1||yes"),
        ("依照第二条之一", "第二条之一||article 2-1||yes"),
        ("依照第2条", "第2条||article 2||yes"),
        ("依照本法第九条", "本法第九条||article 9||no"),
        ("依照第二条第九款", "第二条第九款||article 2, paragraph 9||no"),
        ("第一条至第二条之一规定", "第一条至第二条之一||article 1|article 2-1|yes"),
        ("第二条第二款第一项至第三项", "第二条第二款第一项至第三项||article 2, paragraph 2, item 1|"
         "article 2, paragraph 2, item 3|yes"),
        ("第一条、第二条和第九条", "第一条||article 1||yes\n第二条||article 2||yes\n第九条||article 9||no"),
        ("第二条第一款或者第三款", "第二条第一款||article 2, paragraph 1||yes\n第三款||article 2, paragraph 3||yes"),
        ("前条第一款、前两条", "前条第一款||article 2-1||yes\n前两条||article 2|article 2-1|yes"),
        ("前款", "前款||||no"),
        ("本条、本款、本项", "本条||article 3||yes\n本款||article 3||yes\n本项||||no"),
        ("本法第二条规定的，又有第二项", "本法第二条||article 2||yes\n第二项||article 2, paragraph 2, item 2||yes"),
        ("本法第二条第二款中，该款第一项", "本法第二条第二款||article 2, paragraph 2||yes\n"
         "该款第一项||article 2, paragraph 2, item 1||yes"),
        (f"《{OTHER}》第一千零七十三条", f"《{OTHER}》第一千零七十三条|{OTHER}|article 1073||"),
        ("《公司法》第二条第三款、第五条",
         "《公司法》第二条第三款|公司法|article 2, paragraph 3||\n第五条|公司法|article 5||"),
        ("依照《公司法》办理", "《公司法》|公司法|||"),
        ("依照民法典第九条和本法第二条", "民法典第九条|民法典|article 9||\n本法第二条||article 2||yes"),
        ("构成违反刑法第二条", "刑法第二条|刑法|article 2||"),
        ("属于海关法第二条、同法第三条", "海关法第二条|海关法|article 2||\n同法第三条|海关法|article 3||"),
        ("依照行政诉讼法的，有第七十条情形", "第七十条||article 70||no"),
        ("中华人民共和国试验法第二条，《试验法》第一条",
         "中华人民共和国试验法第二条||article 2||yes\n第一条||article 1||yes"),
        ("有第三人、第一审、第二次、第一项目、本章、本节、本条例、《营业执照》", ""),
        ("第一条、第百千条", "第一条||article 1||yes"),
    ],
)  # fmt: skip
def test_a_reference_of_chinese_law_is_what_it_means(text: str, expected: str) -> None:
    (document,) = structure(Source(LAW.format(text=text, item="", third="")), "x.md", "0" * 64)
    check(document, links(document, document.by_path[path("article 3")]), expected)


@pytest.mark.parametrize(
    ("at", "item", "third", "expected"),
    [
        ("article 2", "前款规定、前两项", "有前款第一项和前两款、前三款情形的", """
            前款||article 2, paragraph 1||yes
            前两项||article 2, paragraph 2, item 1|article 2, paragraph 2, item 2|yes
            前款第一项||article 2, paragraph 2, item 1||yes
            前两款||article 2, paragraph 1|article 2, paragraph 2|yes
            前三款||||no"""),
        ("article 2, paragraph 2", "第一项、前款第五项", "", """
            第一项||article 2, paragraph 2, item 1||yes
            前款第五项||article 2, paragraph 1, item 5||no"""),
        ("article 2, paragraph 2, item 3", "前项、本项、本款、第一款", "", """
            前项||article 2, paragraph 2, item 2||yes
            本项||article 2, paragraph 2, item 3||yes
            本款||article 2, paragraph 2||yes
            第一款||article 2, paragraph 1||yes"""),
    ],
)  # fmt: skip
def test_what_stands_before_is_counted_from_where_the_words_are(at: str, item: str, third: str, expected: str) -> None:
    (document,) = structure(Source(LAW.format(text="庚", item=item, third=third)), "x.md", "0" * 64)
    check(document, links(document, document.by_path[path(at)]), expected)


def test_the_number_of_an_article_is_no_reference_to_it() -> None:
    text = "**第一条** 第二条规定的除外。\n\n### 第二条 甲。\n\n第三条第一款甲。\n"
    (document,) = structure(Source(text), "x.md", "0" * 64)
    found = [shown(document, link)[0] for p in document.provisions if len(p.path) == 1 for link in links(document, p)]
    assert found[0] == "第二条"
    assert "第一条" not in found


REGULATION = """recital 26|(26) Bees.
article 5|Article 5
article 5, paragraph 1|1. Keepers:
article 5, paragraph 1, point a|(a) feed;
article 5, paragraph 1, point b|(b) water.
article 5, paragraph 2|2. {text}
article 6|Article 6
article 6, point a|(a) bees;
article 6, point a, subpoint i|(i) wild;
article 7|Article 7
annex III|ANNEX III
annex III, point 5|5. Forms.
annex III, point 5, point b|(b) names.
annex VIII|ANNEX VIII"""


def regulation(text: str) -> Document:
    """The regulation with `text` in Article 5(2); every provision reaches as far as those below it."""
    spans: list[tuple[Path, int, int]] = []
    whole = ""
    for line in REGULATION.splitlines():
        place, words = line.split("|")
        words = words.format(text=text)
        spans.append((path(place), len(whole), len(whole) + len(words)))
        whole += words + "\n\n"
    provisions = tuple(
        Provision(own, start, max(end for other, _, end in spans if other[: len(own)] == own))
        for own, start, _ in spans
    )
    return Document("x-1", "Regulation (EU) 2030/7", "en", "statute", "x.md", whole, provisions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Article 5(1), point (b) applies", "Article 5(1), point (b)||article 5, paragraph 1, point b||yes"),
        ("Article 5(1)(b)", "Article 5(1)(b)||article 5, paragraph 1, point b||yes"),
        ("point (b) of Article 5(1).", "point (b) of Article 5(1)||article 5, paragraph 1, point b||yes"),
        ("points (a) and (c) of the first subparagraph of Article 5(1)",
         "points (a)||article 5, paragraph 1, point a||yes\n"
         "(c) of the first subparagraph of Article 5(1)||article 5, paragraph 1, point c||no"),
        ("Article 5(1) and (2)", "Article 5(1)||article 5, paragraph 1||yes\n(2)||article 5, paragraph 2||yes"),
        ("Articles 6 and 9", "Articles 6||article 6||yes\n9||article 9||no"),
        ("Articles 5 to 7", "Articles 5 to 7||article 5|article 7|yes"),
        ("Article 6(a)(i); Article 7(1)", "Article 6(a)(i)||article 6, point a, subpoint i||yes\n"
         "Article 7(1)||article 7||yes"),
        ("paragraph 1 of this Article", "paragraph 1 of this Article||article 5, paragraph 1||yes"),
        ("paragraphs 1 and 2", "paragraphs 1||article 5, paragraph 1||yes\n2||article 5, paragraph 2||yes"),
        ("point (a)", "point (a)||article 5, paragraph 1, point a||yes"),
        ("the first subparagraph, Chapter III, Section 2, the Annex", ""),
        ("Annex III, point 5(b), and Section 2 of Annex VIII",
         "Annex III, point 5(b)||annex III, point 5, point b||yes\nSection 2 of Annex VIII||annex VIII||yes"),
        ("recital 26 of this Regulation", "recital 26 of this Regulation||recital 26||yes"),
        ("Article 6 and 30 days", "Article 6||article 6||yes"),
        ("Article 8 of the Charter and Article 16 TFEU",
         "Article 8 of the Charter|Charter|article 8||\nArticle 16 TFEU|TFEU|article 16||"),
        ("Article 6(1) of Directive (EU) 2016/680 and Article 7 of that Directive",
         "Article 6(1) of Directive (EU) 2016/680|Directive (EU) 2016/680|article 6, paragraph 1||\n"
         "Article 7 of that Directive|Directive (EU) 2016/680|article 7||"),
        ("Articles 6 and 7, and Article 8 of Council Regulation (EC) No 765/2008",
         "Articles 6|Regulation (EC) No 765/2008|article 6||\n7|Regulation (EC) No 765/2008|article 7||\n"
         "Article 8 of Council Regulation (EC) No 765/2008|Regulation (EC) No 765/2008|article 8||"),
        ("under Regulation (EC) No 765/2008, and Regulation (EU) 2030/7",
         "Regulation (EC) No 765/2008|Regulation (EC) No 765/2008|||"),
    ],
)  # fmt: skip
def test_a_reference_of_european_law_is_what_it_means(text: str, expected: str) -> None:
    document = regulation(text)
    check(document, links(document, document.by_path[path("article 5")]), expected)


@pytest.mark.parametrize(
    ("unit", "size"),
    [("第", 10**6), ("《", 10**6), ("第（", 10**6), ("本法", 10**6), ("《法", 10**6), ("第一", 10**6),
     ("第一条", 30_000), ("前两款", 30_000), ("刑法第一条、", 30_000), ("第二项", 30_000), ("第一款第", 30_000)],
)  # fmt: skip
def test_the_time_of_a_chinese_line_grows_with_its_length(unit: str, size: int) -> None:
    assert_grows_with_length("zh", unit, size)


@pytest.mark.parametrize(
    ("unit", "size"),
    [("Article (((", 10**6), ("A", 10**6), ("Directive (EU) ", 10**6), ("Article 1 of the Charter", 30_000),
     ("Article 1(1)", 30_000), ("Articles 1, ", 30_000), ("point (a) of ", 30_000), ("Articles 1, 2, 3, ", 30_000)],
)  # fmt: skip
def test_the_time_of_a_european_line_grows_with_its_length(unit: str, size: int) -> None:
    assert_grows_with_length("en", unit, size)


def assert_grows_with_length(lang: str, unit: str, size: int) -> None:
    """A line four times as long takes about four times as long, where one read again from every place takes 16.

    Against the short line on the same machine, as a limit in seconds says how busy that machine is."""
    short, long = (seconds(lang, "第一条 " + unit * (size // part // len(unit))) for part in (4, 1))
    assert long < 10 * max(short, 0.01)


def seconds(lang: str, text: str) -> float:
    """The least time of the processor, of three, that `links` takes for a document of one article."""
    document = Document("x-1", "x", lang, "statute", "x.md", text, (Provision(path("article 1"), 0, len(text)),))
    gc.collect()
    gc.disable()  # how long a collection takes depends on what other tests left
    try:
        return min(
            timeit.repeat(lambda: links(document, document.provisions[0]), time.process_time, number=1, repeat=3)
        )
    finally:
        gc.enable()


def test_lines_of_any_marks_give_links_in_order_that_quote_the_text() -> None:
    chooser = random.Random(7)
    marks = [
        *"第 一 二 条 款 项 目 前 两 本 该 法 《 》 （ ） 、 至 和".split(),
        "第一条",
        "前款",
        "\n",
        "刑法",
        "第百千条",
    ]
    words = (
        "Article|Articles|Annex|point|of| |, | and | to |(a)|(1)|5|III|Section|TFEU|that Act|Directive 1/2|thereof|."
    )
    for n in range(2000):
        text = "".join(chooser.choices(marks if n % 2 else words.split("|"), k=40))
        own = (Provision(path("article 1"), 0, len(text)), Provision(path("article 1, paragraph 1"), 0, 20))
        found = links(Document("x-1", "x", "zh" if n % 2 else "en", "statute", "x.md", text, own), own[0])
        assert all(0 <= link.start < link.end <= len(text) and link.path != () for link in found), text
        assert all(one.end <= other.start for one, other in pairwise(found)), text
