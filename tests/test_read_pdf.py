"""PDF and scans: the same law, printed, gives the same provisions as typed; pages and confidence are known."""

# ruff: noqa: E501 (a paragraph of the law is a line)

from __future__ import annotations

import difflib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import ARGUMENTS, EXECUTABLE
from test_structure import check, outline

from rag.__main__ import main
from rag.errors import DocumentError
from rag.ingest import parse
from rag.read import read
from rag.read.lines import clean
from rag.records import Document

pytestmark = pytest.mark.slow

LAW = """\
某某数据管理条例
（2024年5月6日某某市人民代表大会常务委员会第三次会议通过　自2024年9月1日起施行）
第一章　总则
第一条　为了规范数据处理活动，保障数据安全，促进数据开发利用，保护个人、组织的合法权益，维护公共利益，根据有关法律、行政法规，制定本条例。
第二条　在本市行政区域内开展数据处理活动及其安全监管，适用本条例。
法律、行政法规另有规定的，从其规定。
第三条　本条例所称数据，是指任何以电子或者其他方式对信息的记录。本条例所称数据处理，包括数据的收集、存储、使用、加工、传输、提供、公开等。
第二章　数据处理者的义务
第一节　一般规定
第四条　处理个人数据，应当具有明确、合理的目的，并应当与处理目的直接相关，采取对个人权益影响最小的方式。有下列情形之一的，方可处理：
（一）取得个人的同意；
（二）为订立、履行个人作为一方当事人的合同所必需，或者按照依法制定的劳动规章制度和依法签订的集体合同实施人力资源管理所必需；
（三）为应对突发公共卫生事件，或者紧急情况下为保护自然人的生命健康和财产安全所必需。
依照前款规定处理个人数据的，应当记录处理情况，并至少保存三年。
第五条　违反本条例规定，未履行数据安全保护义务，情节严重的，由市数据主管部门依照本条例第六十五条第一款的规定处罚；构成犯罪的，依法追究刑事责任。
第三人有过错的，应当承担相应的责任。
第二节　特别规定
第六条　处理不满十四周岁未成年人个人数据的，应当取得未成年人的父母或者其他监护人的同意。
第七条　数据处理者应当按照下列要求开展数据安全评估，并将评估报告报市数据主管部门备案：
（一）每年至少开展一次；
（二）评估内容包括：
1.处理的数据种类、数量；
2.面临的数据安全风险及其应对措施。
第三章　监督管理
第八条　市数据主管部门会同公安、市场监督管理等部门建立健全数据安全监督检查协作机制，依法处理涉及数据安全的投诉、举报。
任何个人和组织有权对违反本条例的行为向市数据主管部门投诉、举报。收到投诉、举报的部门应当及时依法处理，并为投诉人、举报人保密。
第九条　市数据主管部门及其工作人员在履行职责中，不得泄露、出售或者非法向他人提供所知悉的个人数据、商业秘密和保密商务信息。
第四章　附则
第十条　本条例自2024年9月1日起施行。
"""
HEAD = '<div style="font-size:9px;width:100%;text-align:center">某某市人民代表大会常务委员会公报 2024年第5号</div>'
FOOT = '<div style="font-size:9px;width:100%;text-align:center">— <span class="pageNumber"></span> —</div>'
STYLE = """<meta charset="utf-8"><style>body{font:12pt/1.7 'Noto Serif CJK SC';margin:0}p{margin:0;text-indent:2em;
text-align:justify}p.t{font-size:20pt;text-align:center;text-indent:0}p.c{text-align:center;text-indent:0;font-weight:bold}
.two{columns:2;column-gap:2em}</style>"""


def page_of(law: str, two: bool = False) -> str:
    title, *lines = law.splitlines()
    kinds = [
        "i"
        if line[0] in "（12" and "通过" not in line
        else "c"
        if (line.startswith("第") and line[2] in "章节") or line.startswith("（2024")
        else ""
        for line in lines
    ]
    body = "".join(f'<p class="{kind}">{line}</p>' for kind, line in zip(kinds, lines, strict=True))
    return f'{STYLE}<p class="t">{title}</p><div class="{"two" if two else ""}">{body}</div>'


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield browser.new_page()
        browser.close()


def printed(chromium: Any, html: str, path: Path) -> Path:
    chromium.set_content(html)
    margin = {"top": "60px", "bottom": "60px", "left": "70px", "right": "70px"}
    chromium.pdf(
        path=path, format="A5", margin=margin, display_header_footer=True, header_template=HEAD, footer_template=FOOT
    )
    return path


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Document:
    path = tmp_path_factory.mktemp("law") / "law.txt"
    path.write_text(LAW, encoding="utf-8")
    (document,) = parse(path)
    return document


@pytest.fixture(scope="module")
def pdf(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return printed(chromium, page_of(LAW), tmp_path_factory.mktemp("pdf") / "law.pdf")


def texts(document: Document) -> dict[str, str]:
    check(document)
    return {path: "".join(words.split()) for path, words in outline(document).items()}


def test_a_printed_law_gives_the_provisions_of_the_typed_one(typed: Document, pdf: Path) -> None:
    (document,) = parse(pdf)
    assert texts(document) == texts(typed)
    assert (document.title, document.date, document.issuer) == (typed.title, typed.date, typed.issuer)
    assert "公报" not in document.text and "— 1 —" not in document.text
    assert [p.headings for p in document.provisions] == [p.headings for p in typed.provisions]


def test_a_law_in_html_and_in_word_gives_the_same_provisions(typed: Document, tmp_path: Path) -> None:
    import docx

    html = tmp_path / "law.html"
    html.write_text(page_of(LAW), encoding="utf-8")
    word = docx.Document()
    for line in LAW.splitlines():
        word.add_paragraph(line)
    word.save(str(tmp_path / "law.docx"))
    for path in (html, tmp_path / "law.docx"):
        (document,) = parse(path)
        assert texts(document) == texts(typed), path.suffix


def test_every_provision_knows_its_page(pdf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (document,) = parse(pdf)
    pages = []
    for provision in document.children(()):
        piece = document.piece_at(provision.start)
        assert piece and piece.page and piece.read is None
        pages.append(piece.page)
    assert pages == sorted(pages) and pages[0] == 1 and 2 <= pages[-1] <= 4
    assert main(["parse", str(pdf), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["documents"][0]["provisions"]
    assert [p["page"] for p in shown if len(p["path"]) == 1] == pages


def test_two_columns_are_read_one_after_the_other(typed: Document, chromium: Any, tmp_path: Path) -> None:
    (document,) = parse(printed(chromium, page_of(LAW, two=True), tmp_path / "two.pdf"))
    assert texts(document) == texts(typed)


STYLES = {
    "spaced, not indented": "p{text-indent:0;margin-bottom:1em}",
    "ragged, not justified": "p{text-align:left}",
    "hanging items": "p.i{text-indent:-2em;margin-left:4em}",
    "narrow lines": "body{line-height:1.15}",
    "large letters on A4": "body{font-size:16pt}",
    "a sans-serif face": "body{font-family:'Noto Sans CJK SC'}",
}


@pytest.mark.parametrize("style", STYLES)
def test_other_ways_to_set_a_law_give_the_same_provisions(
    style: str, typed: Document, chromium: Any, tmp_path: Path
) -> None:
    html = page_of(LAW).replace("</style>", STYLES[style] + "</style>")
    (document,) = parse(printed(chromium, html, tmp_path / "law.pdf"))
    assert texts(document) == texts(typed)


ACT = """\
Regulation on the Keeping of Bees
CHAPTER I
General provisions
Article 1
Subject matter
1. This Regulation lays down rules on the keeping of bees in the territory of the Union, and on the information which keepers are to give to the authorities of the Member States.
2. It applies to all keepers established in the Union, including those who keep bees without a commercial purpose:
(a) whose hives stand within one kilometre of a public road, a school, a hospital or another building open to the public;
(b) who sell honey or other products of the hive.
3. It does not apply to wild bees.
Article 2
Duties of keepers
Keepers shall give notice of any disease of their bees to the competent authority without undue delay and at the latest within three days of becoming aware of it.
The competent authority shall keep a public register of the notices that it has received under the first paragraph.
Article 3
Entry into force
This Regulation shall enter into force on the twentieth day following that of its publication.
"""


@pytest.mark.parametrize("align", ["left", "justify"])
def test_a_printed_regulation_gives_the_provisions_of_the_typed_one(align: str, chromium: Any, tmp_path: Path) -> None:
    typed = tmp_path / "act.txt"
    typed.write_text(ACT.replace("\n", "\n\n"), encoding="utf-8")
    heads = ("CHAPTER", "General", "Article", "Subject", "Duties", "Entry")
    lines = [(line, ' class="c"' if line.startswith(heads) else "") for line in ACT.splitlines()[1:]]
    style = STYLE.replace("text-indent:2em;\ntext-align:justify", f"margin-bottom:.6em;text-align:{align}")
    html = f'{style}<p class="t">{ACT.splitlines()[0]}</p>' + "".join(f"<p{kind}>{line}</p>" for line, kind in lines)
    (printed_one,) = parse(printed(chromium, html, tmp_path / "act.pdf"))
    (typed_one,) = parse(typed)
    assert texts(printed_one) == texts(typed_one)
    assert "article 1, paragraph 2, point b" in texts(typed_one)


def test_a_scan_gives_the_same_provisions_but_for_a_few_letters(typed: Document, pdf: Path, tmp_path: Path) -> None:
    import pypdfium2

    pages = [page.render(scale=200 / 72).to_pil() for page in pypdfium2.PdfDocument(pdf)]
    scanned = tmp_path / "scan.pdf"
    pages[0].save(scanned, save_all=True, append_images=pages[1:])
    (document,) = parse(scanned)
    expected, found = texts(typed), texts(document)
    assert list(found) == list(expected)
    right = difflib.SequenceMatcher(None, "".join(expected.values()), "".join(found.values()), autojunk=False).ratio()
    assert right > 0.98
    piece = document.piece_at(document.by_path[(("article", "8"),)].start)
    assert piece and piece.page and piece.read and piece.read > 0.9


def test_a_photograph_of_a_page_is_read(pdf: Path, tmp_path: Path) -> None:
    import pypdfium2

    path = tmp_path / "page.png"
    pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil().save(path)
    (document,) = parse(path)
    assert "某某数据管理条例" in document.text
    assert (("article", "2"), ("paragraph", "2")) in document.by_path


def test_headings_and_last_lines_at_the_edges_of_pages_are_no_running_heads(chromium: Any, tmp_path: Path) -> None:
    one = "<p>1. Keepers shall keep a register of their hives.</p><p>(a) A copy is open to everybody who asks.</p>"
    body = "".join(f'<h4 style="break-before:page">Article {n}</h4>{one}' for n in range(1, 6))
    text = read(printed(chromium, f"<body>{body}", tmp_path / "act.pdf")).text
    assert [line for line in text.splitlines() if "Article" in line] == [f"Article {n}" for n in range(1, 6)]
    assert text.count("register") == text.count("everybody") == 5
    assert "公报" not in text and "—" not in text


def test_rare_letters_come_whole_and_radicals_as_letters(chromium: Any, tmp_path: Path) -> None:
    words = "第一条 𠮷林市的𬭸元素由主管机关登记，客户第1页签字即可。"
    path = printed(chromium, f"<p style=\"font-family:'Noto Serif CJK SC'\">{words}", tmp_path / "rare.pdf")
    assert words in read(path).text
    assert clean("客⼾⻚⻓⾸⺠⽤，（ﬁ）") == "客户页长首民用，（fi）"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_is_read_whichever_way_it_is_turned(turn: int, pdf: Path, tmp_path: Path) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        page.set_rotation(turn)
    path = tmp_path / "turned.pdf"
    document.save(path)
    assert read(path).text == read(pdf).text


def made(drawn: str, more: str = "", box: str = "0 0 600 800") -> bytes:
    """A PDF of one page with these drawing commands."""
    parts = (
        f"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
        f"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj "
        f"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj {more} "
    )
    stream = f"4 0 obj<</Length {len(drawn)}>>stream\n{drawn}\nendstream endobj "
    encrypted = "/Encrypt 6 0 R/ID[(a)(a)]" if more else ""
    return f"%PDF-1.7\n{parts}{stream}trailer<</Size 7/Root 1 0 R{encrypted}>>\n%%EOF".encode()


@pytest.mark.parametrize("way", ["0 1 -1 0 {} 100", "0 -1 1 0 -{} 700", "-1 0 0 -1 500 {}"])
def test_a_table_set_across_the_page_is_read_along_its_lines(way: str, tmp_path: Path) -> None:
    path = tmp_path / "across.pdf"
    places = (way.format(300), way.format(315))
    drawn = "BT /F 12 Tf {} Tm (Article 1 Keepers keep) Tj {} Tm (a register of bees.) Tj ET".format(*places)
    path.write_bytes(made(drawn, box="-600 0 600 800"))
    assert read(path).text == "Article 1 Keepers keep a register of bees.\n"


def test_an_encrypted_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    path.write_bytes(made("", f"6 0 obj<</Filter/Standard/V 1/R 2/O({'a' * 32})/U({'b' * 32})/P -4>>endobj"))
    with pytest.raises(DocumentError) as refused:
        read(path)
    assert refused.value.key == "document_encrypted"


def test_a_page_that_takes_too_long_to_draw_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.read.pdf._DRAWING", 0.2)
    path = tmp_path / "drawn.pdf"
    path.write_bytes(made("0 0 m 500 500 l S " * 50_000))
    with pytest.raises(DocumentError) as refused:
        read(path)
    assert refused.value.key == "document_too_long"


def test_thin_transparent_and_sideways_pictures_are_read_as_they_are_seen(pdf: Path, tmp_path: Path) -> None:
    import pypdfium2
    from PIL import Image

    grey = pypdfium2.PdfDocument(pdf)[2].render(scale=2, grayscale=True).to_pil()
    clear = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    clear.putalpha(grey.point(lambda value: 255 - value))
    clear.save(tmp_path / "clear.png")
    turned = Image.Exif()
    turned[0x112] = 6
    grey.rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=turned)
    for name in ("clear.png", "turned.jpg"):
        assert "第十条 本条例自2024年9月1日起施行。" in read(tmp_path / name).text
    Image.new("RGB", (3, 5000), "white").save(tmp_path / "thin.png")
    with pytest.raises(DocumentError) as refused:
        read(tmp_path / "thin.png")
    assert refused.value.key == "document_empty"


@pytest.mark.parametrize("keep", [10, 200, 2000, -50])
def test_a_truncated_or_garbled_file_is_refused_in_plain_words(keep: int, pdf: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.pdf"
    path.write_bytes(pdf.read_bytes()[:keep])
    try:
        assert read(path).text.strip()
    except DocumentError as error:
        assert error.key in ("document_damaged", "document_empty")


def test_a_picture_of_nothing_is_empty_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    from PIL import Image

    blank = tmp_path / "blank.png"
    Image.new("RGB", (300, 200), "white").save(blank)
    with pytest.raises(DocumentError) as refused:
        read(blank)
    assert refused.value.key == "document_empty"
    broken = tmp_path / "broken.png"
    broken.write_bytes(blank.read_bytes()[:60])
    with pytest.raises(DocumentError) as refused:
        read(broken)
    assert refused.value.key == "document_damaged"


def test_without_the_extra_a_scan_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    picture = io.BytesIO()
    Image.new("RGB", (300, 200), "white").save(picture, "PNG")
    path = tmp_path / "scan.png"
    path.write_bytes(picture.getvalue())
    with pytest.raises(DocumentError) as refused:
        read(path)
    assert refused.value.key == "document_needs_ocr" and "tiaoyin[ocr]" in str(refused.value)
