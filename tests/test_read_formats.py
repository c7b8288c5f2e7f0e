"""Web pages, Word documents and tables: the text that a reader of them sees, above all the numbers of articles."""

import struct
import zipfile
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from rag.errors import DocumentError
from rag.numerals import list_number
from rag.read import read
from rag.read.docx import LIMIT
from rag.structure import structure

LAW = [
    ("title", "", "试验管理办法"),
    ("chapter", "第一章 ", "总则"),
    ("article", "第一条 ", "为了规范试验，制定本办法。"),
    ("article", "第二条 ", "有下列情形之一的，应当登记："),
    ("item", "（一）", "初次试验；"),
    ("item", "（二）", "重复试验。"),
    ("chapter", "第二章 ", "附则"),
    ("article", "第三条 ", "登记分为下列两种："),
    ("item", "（一）", "书面登记；"),
    ("item", "（二）", "口头登记。"),
    ("plain", "", "登记不收费。"),
    ("article", "第四条 ", "本办法自发布之日起施行。"),
]
LEVELS = [
    '<w:numFmt w:val="chineseCountingThousand"/><w:pStyle w:val="Heading1"/><w:suff w:val="space"/>'
    '<w:lvlText w:val="第%1章"/>',
    '<w:numFmt w:val="chineseCountingThousand"/><w:lvlRestart w:val="0"/><w:suff w:val="space"/>'
    '<w:lvlText w:val="第%2条"/>',
    '<w:numFmt w:val="chineseCounting"/><w:suff w:val="nothing"/><w:lvlText w:val="（%3）"/>',
]


def numbered(document, levels, overrides: str = "") -> int:
    """A new list of these levels in the document; its number."""
    root = document.part.numbering_part.element
    name = 900 + len(root)
    inner = "".join(f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/>{level}</w:lvl>' for n, level in enumerate(levels))
    kind = parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{name}">{inner}</w:abstractNum>')
    root.insert(0, kind)
    return another(document, name, overrides)


def another(document, kind: int, overrides: str = "") -> int:
    root = document.part.numbering_part.element
    name = 900 + len(root)
    link = f'<w:abstractNumId w:val="{kind}"/>{overrides}'
    root.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="{name}">{link}</w:num>'))
    return name


def put(document, text: str, num: int | None = None, level: int | None = None, style: str | None = None):
    paragraph = document.add_paragraph(text, style)
    if num is not None:
        place = "" if level is None else f'<w:ilvl w:val="{level}"/>'
        paragraph._p.get_or_add_pPr().append(
            parse_xml(f'<w:numPr {nsdecls("w")}>{place}<w:numId w:val="{num}"/></w:numPr>')
        )
    return paragraph


def saved(document, path: Path) -> str:
    document.save(path)
    return read(path).text


def shape(path: Path):
    (document,) = structure(read(path), str(path), "0" * 64)
    found = [(p.path, p.headings, " ".join(document.text_of(p).split())) for p in document.provisions]
    return document.title, document.kind, found


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "law.txt"
    path.write_text("\n\n".join(number + text for _, number, text in LAW) + "\n")
    return path


def test_a_law_numbered_by_word_has_the_provisions_of_the_same_law_as_text(plain: Path) -> None:
    document = docx.Document()
    num = numbered(document, LEVELS)
    heading = document.styles["Heading 1"].element.get_or_add_pPr()
    heading.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:numId w:val="{num}"/></w:numPr>'))
    for kind, _, text in LAW:
        match kind:
            case "title" | "chapter":
                document.add_paragraph(text, "Title" if kind == "title" else "Heading 1")
            case "plain":
                document.add_paragraph(text)
            case _:
                put(document, text, num, 1 if kind == "article" else 2)
    path = plain.with_suffix(".docx")
    document.save(path)
    assert shape(path) == shape(plain)
    assert [p[0][1] for p, _, _ in shape(path)[2] if len(p) == 1] == ["1", "2", "3", "4"]


def test_a_law_on_a_web_page_has_the_provisions_of_the_same_law_as_text(plain: Path) -> None:
    tags = {"title": "h1", "chapter": "h2"}
    body = "\n".join(f"<{(t := tags.get(kind, 'p'))}>{number}{text}</{t}>" for kind, number, text in LAW)
    path = plain.with_suffix(".html")
    page = f'<html><head><meta charset="gb2312"><title>x</title></head><body><nav>首页</nav>{body}</body></html>'
    path.write_bytes(page.encode("gb18030"))
    assert shape(path) == shape(plain)


NUMBERS = """
100 chineseCounting 一○○, 21 chineseCounting 二十一, 101 chineseCountingThousand 一百零一, 10 ideographDigital 一〇,
120 japaneseCounting 百二十, 28 lowerLetter bb, 3 upperLetter C, 1994 upperRoman MCMXCIV, 4 lowerRoman iv,
7 decimalZero 07, 12 decimalFullWidth １２, 3 decimalEnclosedCircle ③, 0 upperRoman 0, 5 aiueo 5,
1000000000 lowerLetter 1000000000"""


@pytest.mark.parametrize(("number", "style", "written"), [case.split() for case in NUMBERS.split(",")])
def test_a_list_number_is_written_as_word_shows_it(number: str, style: str, written: str) -> None:
    assert list_number(int(number), style) == written


def test_lists_of_one_definition_count_on_and_a_start_override_begins_again(tmp_path: Path) -> None:
    document = docx.Document()
    level = [
        '<w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/>',
        '<w:numFmt w:val="decimal"/><w:isLgl/><w:lvlText w:val="%1.%2"/>',
    ]
    one = numbered(document, level)
    root = document.part.numbering_part.element
    kind = int(root.num_having_numId(one).abstractNumId.val)
    same = another(document, kind)
    again = another(document, kind, '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>')
    for num, at in ((one, 0), (same, 0), (same, 1), (same, 1), (again, 0), (again, 0), (again, 1), (0, 0)):
        put(document, "文", num, at)
    expected = ["1. 文", "2. 文", "2.1 文", "2.2 文", "5. 文", "6. 文", "6.1 文", "文"]
    assert saved(document, tmp_path / "a.docx").split("\n\n") == [*expected[:-1], "文\n"]


def test_word_text_leaves_out_what_is_deleted_or_hidden_and_keeps_links_and_tables(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("甲")
    for xml in (
        "<w:del {}><w:r><w:delText>删</w:delText></w:r></w:del>",
        "<w:moveFrom {}><w:r><w:t>移</w:t></w:r></w:moveFrom>",
        "<w:r {}><w:rPr><w:vanish/></w:rPr><w:t>隐</w:t></w:r>",
        "<w:ins {}><w:r><w:t>增</w:t></w:r></w:ins>",
        "<w:hyperlink {}><w:r><w:t>链</w:t></w:r></w:hyperlink>",
    ):
        paragraph._p.append(parse_xml(xml.format(nsdecls("w"))))
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ("名", "值", "乙", "3"), strict=True):
        cell.text = text
    document.add_paragraph("末")
    assert saved(document, tmp_path / "a.docx") == "甲增链\n\n名 | 值\n\n乙 | 3\n\n末\n"


def test_a_clause_in_a_heading_style_is_no_heading(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("第一条 为了规范，制定本办法。", "Heading 2")
    document.add_paragraph("总则", "Heading 2")
    assert saved(document, tmp_path / "a.docx") == "第一条 为了规范，制定本办法。\n\n## 总则\n"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>甲&amp;乙&nbsp;&ldquo;丙&rdquo;</p><p>丁\u200b戊", "甲&乙 “丙”\n\n丁戊\n"),
        ("<p>为了规范\n  数据 and\nmore</p>", "为了规范数据 and more\n"),
        ("<h1>数据<br>办法</h1><h3>a</h3>", "# 数据办法\n\n### a\n"),
        ("甲<br>乙<br><br>丙", "甲\n乙\n\n丙\n"),
        ("<p>a<script>x</script><style>y</style><!--z--><b hidden>h</b><i style='display: none'>n</i>", "a\n"),
        ("<nav>n</nav><div aria-hidden=true>x</div><div role=navigation>y</div>a", "a\n"),
        ("<ol start=3><li>a<li value=9>b<ul><li>c</ul><li>d</ol>", "3. a\n\n9. b\n\nc\n\n10. d\n"),
        ("<ol type=i><li>a<li>b</ol><ol reversed><li>x<li>y</ol>", "i. a\n\nii. b\n\n2. x\n\n1. y\n"),
        ("<ol><li>第一条 甲<li>（二）乙</ol>", "第一条 甲\n\n（二）乙\n"),
        ("<ol style='list-style-type:cjk-ideographic'><li>甲</ol>", "一、甲\n"),
        ("<table><tr><th>名<th>值<tr><td>a<td><p>1<p>2</table>", "名 | 值\n\na | 1 2\n"),
        ("<table><tr><td><h2>章</h2><p>一<p>二</table>", "## 章\n\n一\n\n二\n"),
    ],
)
def test_a_page_reads_as_it_is_seen(tmp_path: Path, html: str, text: str) -> None:
    path = tmp_path / "a.htm"
    path.write_text(html)
    assert read(path).text == text


@pytest.mark.parametrize("tag", ["div", "ol><li", "table><tr><td", "b", "span"])
def test_a_page_nested_100000_levels_deep_is_read(tmp_path: Path, tag: str) -> None:
    path = tmp_path / "deep.html"
    path.write_text(f"<{tag}>" * (100_000 // (tag.count("<") + 1)) + "第一条")
    assert read(path).text.endswith("第一条\n")


@pytest.mark.parametrize(
    "data",
    [
        "<meta charset=gbk>文".encode("gbk"),
        '<meta http-equiv=x content="text/html; charset=Big5">文'.encode("big5"),
        "<p>文".encode("gb18030"),
        "<meta charset=gb2312>文".encode("utf-8-sig"),
        "<meta charset=gb2312><p>文<p>".encode(),
    ],
    ids=["gbk", "big5", "undeclared", "bom", "wrongly declared"],
)
def test_the_declared_encoding_of_a_page_is_respected_where_it_fits(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(data)
    assert read(path).text == "文\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_a_row_is_a_line_with_the_names_of_its_columns(tmp_path: Path, encoding: str, sign: str) -> None:
    path = tmp_path / "a.csv"
    rows = (("名称", "数量"), ('"甲\n厂"', "3"), ("乙", ""), ("", "", "多"))
    path.write_bytes("\n".join(sign.join(row) for row in rows).encode(encoding))
    assert read(path).text == "名称：甲 厂；数量：3。\n\n名称：乙。\n\n多。\n"


def test_a_workbook_gives_its_shown_sheets_each_under_its_name(tmp_path: Path) -> None:
    from datetime import datetime

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "产量"
    for row in (
        ["二〇二四年产量"],
        ["地区", "比例", "日期"],
        ["北京", 0.125, datetime(2024, 5, 1)],
        ["上海", 2.0, None],
    ):
        sheet.append(row)
    sheet["B3"].number_format = "0.0%"
    book.create_sheet("密").append(["甲", "乙"])
    book["密"].sheet_state = "hidden"
    book.create_sheet("空")
    path = tmp_path / "a.xlsx"
    book.save(path)
    expected = ["# 产量", "二〇二四年产量", "地区：北京；比例：12.5%；日期：2024-05-01。", "地区：上海；比例：2。\n"]
    assert read(path).text.split("\n\n") == expected


def word() -> bytes:
    out = BytesIO()
    docx.Document().save(out)
    return out.getvalue()


def bomb() -> bytes:
    """A small package which says that it unpacks to more than the limit."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b"0")
    data = bytearray(out.getvalue())
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, LIMIT + 1)
    return bytes(data)


def locked() -> bytes:
    data = bytearray(word())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "data", "key"),
    [
        ("a.doc", b"x", "document_kind_unknown"),
        ("a.docx", b"", "document_empty"),
        ("a.xlsx", b"", "document_empty"),
        ("a.csv", b"\n", "document_empty"),
        ("a.html", b"<p hidden>x", "document_empty"),
        ("blank.docx", word(), "document_empty"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "document_encrypted"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "document_encrypted"),
        ("locked.docx", locked(), "document_encrypted"),
        ("cut.docx", word()[:5000], "document_damaged"),
        ("cut.xlsx", word()[:5000], "document_damaged"),
        ("word.xlsx", word(), "document_damaged"),
        ("text.docx", "文".encode(), "document_damaged"),
        ("bomb.docx", bomb(), "document_unpacks_too_large"),
        ("bomb.xlsx", bomb(), "document_unpacks_too_large"),
        ("a.html", b"\x89PNG\0" + bytes(range(256)), "document_binary"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path, name: str, data: bytes, key: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DocumentError) as raised:
        read(path)
    assert raised.value.key == key
    assert name in str(raised.value)
