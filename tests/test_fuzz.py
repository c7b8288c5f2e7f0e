"""Input that nobody meant: what is read, asked and set, with bytes turned, cut and doubled. Only errors of ours may
come out, each in plain words, within seconds.

In `make test` each runs for a moment; `make fuzz` gives each TIAOYIN_FUZZ_SECONDS, with seeds of its own every time.
What was found stays below as a literal case.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import os
import random
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed
from hypothesis import settings as run_with
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from rag import terminal, worded
from rag.arguments import history
from rag.checks import parsed
from rag.chunk import chunk
from rag.errors import GenerateError, TiaoYinError
from rag.evaluate.questions import read_questions
from rag.generate.extractive import Extractive
from rag.ingest import documents_in
from rag.named import named
from rag.read import Limits, files_in, scan, text_of
from rag.read.files import File
from rag.reference import links
from rag.referred import references, written_out
from rag.settings import PREFIX, load
from rag.source import Source
from rag.structure import structure
from rag.titles import Titles
from tests.here import Here
from tests.laws import laws
from tests.listening import Engine, listening
from tests.plan import TEXT
from ui.conversations import loaded
from ui.library import asked as choice

SECONDS = float(os.environ.get("TIAOYIN_FUZZ_SECONDS", "0"))
LONGEST = 20.0
"""Seconds of this process that one input may take; the inputs are small."""
LAST = Path(tempfile.gettempdir()) / f"tiaoyin-fuzz-{os.getuid()}"
"""The input at hand, in a long run: of one that ends the process nothing else is left."""
PAGE = Path(__file__).parent.parent / "data" / "documents" / "newspaper_page_2025-07-27.md"


def fuzzed(check: Callable[[int], None], examples: int, kinds: int = 1) -> int:
    """Check with numbers, from which each check makes its input; the one that fails is shown as small as it gets.

    A test for each of several `kinds` takes its part of the time. Returns how many were tried.
    """
    tried = 0

    @run_with(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**48))
    def one(number: int) -> None:
        nonlocal tried
        begun = time.process_time()
        check(number)
        tried += 1
        assert time.process_time() - begun < LONGEST

    until = time.monotonic() + SECONDS / kinds
    while True:
        seed(random.randrange(2**32))(one)()
        if time.monotonic() >= until:
            return tried


def refused(work: Callable[[], Any]) -> Any:
    """What it gives, None where it says in one line that it will not."""
    try:
        return work()
    except TiaoYinError as error:
        said = str(error)
        assert said and "Traceback" not in said
        assert len(said.splitlines()) <= 2 + said.count("→"), said
        return None


def turned(data: bytes, chance: random.Random, tokens: tuple[bytes, ...] = ()) -> bytes:
    """The bytes with a few of them turned, cut, doubled, moved, or with tokens between them."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 9, 30))):
        at = chance.randrange(len(made) + 1)
        to = min(len(made), at + chance.choice((1, 2, 8, 60, 500)))
        kind = chance.randrange(7 if tokens else 5)
        if kind == 0 and made:
            made[at % len(made)] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del made[at:to]
        elif kind == 2:
            made[at:at] = made[at:to] * chance.choice((1, 3, 40))
        elif kind == 3:
            made[at:to] = chance.randbytes(chance.choice((1, 4, 9)))
        elif kind == 4:
            piece, there = made[at:to], chance.randrange(len(made) + 1)
            made[there:there] = piece
        elif kind >= 5:
            made[at:at] = chance.choice(tokens) * chance.choice((1, 1, 1, 3, 200))
        del made[200_000:]
    return bytes(made)


def rezipped(data: bytes, chance: random.Random, tokens: tuple[bytes, ...]) -> bytes:
    """A package with a member or two turned, or the package itself."""
    if chance.random() < 0.15:
        return turned(data, chance)
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen = {chance.choice(names), chance.choice([name for name in names if name.endswith(".xml")])}
        for name in names:
            member = old.read(name)
            if name in chosen and chance.random() < 0.03:
                continue
            new.writestr(name, turned(member, chance, tokens) if name in chosen else member)
    return packed.getvalue()


@cache
def samples() -> dict[str, bytes]:
    """A small real file of each kind."""
    import docx
    import openpyxl
    from PIL import Image

    from tests.test_properties import long_pdf

    words = docx.Document()
    words.add_heading("养犬管理规定", 0)
    for line in ("第一条 为了邻里和睦，制定本规定。", "第二条 有下列情形之一的，应当备案：", "（一）拴绳；"):
        words.add_paragraph(line)
    words.add_paragraph("一项", style="List Number")
    words.add_table(2, 2).cell(0, 0).text = "表"
    book = openpyxl.Workbook()
    for row in (("id", "question", "keys"), ("a", "问?", '["三十日"]'), (1, 2.5, None)):
        book.active.append(row)
    made = {}
    for suffix, saved in ((".docx", words.save), (".xlsx", book.save)):
        saved(held := io.BytesIO())
        made[suffix] = held.getvalue()
    for suffix, kind in ((".png", "PNG"), (".jpg", "JPEG"), (".tiff", "TIFF"), (".webp", "WEBP"), (".bmp", "BMP")):
        pages = {"save_all": True, "append_images": [Image.new("L", (9, 30), 90)]} if kind == "TIFF" else {}
        Image.new("RGB", (40, 30), "white").save(held := io.BytesIO(), kind, **pages)
        made[suffix] = held.getvalue()
    body = "".join(f"<p>{line}</p>" for line in TEXT.splitlines())
    html = f"<html><head><style>.a{{color:#fff}}p,li{{display:block}}</style><title>规定</title></head><body>{body}"
    made[".html"] = (html + "<ol><li>甲<li>乙</ol><table><tr><td>a<td>b</table><p class=a>x</p></html>").encode()
    made[".pdf"] = long_pdf(3)
    made[".md"] = PAGE.read_bytes()[:9000]
    made[".txt"] = "\n".join(each.text[:2500] for each in laws()[:3]).encode("gb18030")
    made[".csv"] = '条,内容\n第一条,备案\n"第二条","公布,\n并施行"\n'.encode()
    return made


TOKENS = {
    ".html": (b"<table>", b"</td>", b"<ol start=-9>", b"<li value=9999999999999>", b"<div style='display:none'>",
              b"<style>@media{", b"<p hidden>", b"&#1114112;", b"<!--", b"<br>", b"<svg>", b"<base href=//x>",
              b"<meta charset=utf-7>", b"<a href='%", b"colspan=999999 ", b"<tr rowspan=-1>", b"<pre>", b"<b>"),
    ".docx": (b"<w:p>", b"</w:p>", b"<w:numPr>", b"w:val=\"-1\"", b"w:val=\"99999999999\"", b"<w:tab/>", b"<w:br/>",
              b"<!DOCTYPE a [<!ENTITY b \"b\">]>", b"&b;", b"<w:vanish/>", b"<w:tbl>", b"\0", b"<w:ilvl w:val=\"x\"/>"),
    ".xlsx": (b"<c r=\"ZZZ9999999\">", b"<v>1e99", b"t=\"s\"", b"<row r=\"-1\">", b"<row r=\"999999999\">", b"t=\"d\""),
    ".pdf": (b"/Count -1", b"/Kids[3 0 R]", b" obj", b"stream\n", b"/Length 99999999", b"<<", b">>", b"/MediaBox[0 0]",
             b"9999999999 0 R", b"BT ", b"(", b" 1e38 0 0 1e38 Tm", b" Tz ", b"/Rotate 45"),
    ".csv": (b"\"", b",", b"\r", b"\"\"", b"\t", b";", b"\xff\xfe"),
}  # fmt: skip
LAW = tuple(
    each.encode()
    for each in (
        *"""第一条 第九百九十九条之九 （一） （二） 1. 第二章 第一编 ** # | 附件 目录 (1) (a) 一、 二、 2025年13月45日
        第零条 第０条 第①条 〇 Whereas: (26) —— 公布 第一条的 之一 第 条 款 Art.""".split(),
        *("\n", "　", "<!-- INFO END -->", "Article 5", "CHAPTER IV", "ANNEX III", "\u2028", "\ufeff", "\u202e"),
    )
)


def read_whole(data: bytes, suffix: str) -> None:
    """Read as `parse` and `ingest` do, with the limits for a stranger's file."""
    file = File(f"文件{suffix}", suffix, lambda: data)
    text_of(file, data, Limits(30, 2**22))
    for document in documents_in(file):
        shown = parsed(document)
        assert all(document.text[p["start"] : p["end"]] == p["text"] for p in shown["provisions"])
        assert list(terminal.tree(document)) and chunk(document) is not None
        json.dumps(shown, ensure_ascii=False)


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are unpacked and not looked at, which would take a second each."""

    def looked(image: Any, number: int, path: Path) -> Any:
        scan._on_white(image)
        return scan.Sheet(number, ())

    monkeypatch.setattr(scan, "sheet", looked)


@pytest.mark.parametrize("suffix", sorted(samples()))
def test_a_broken_file_is_read_whole_or_refused_in_plain_words(suffix: str, unread: None) -> None:
    sample = samples()[suffix]

    def check(number: int) -> None:
        chance = random.Random(number)
        tokens = TOKENS.get(suffix, ()) + LAW
        made = rezipped if suffix in (".docx", ".xlsx") else turned
        data = made(sample, chance, tokens)
        if SECONDS:
            LAST.write_bytes(data)
        refused(lambda: read_whole(data, suffix))

    assert fuzzed(check, 40, len(samples())) >= 40 // 2


def test_a_broken_archive_is_read_or_refused_in_plain_words() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("甲.md", "a/b.txt", "内.zip"):
            archive.writestr(name, TEXT)

    def check(number: int) -> None:
        data = turned(packed.getvalue(), random.Random(number), (b"PK\1\2", b"PK\3\4", b"PK\5\6", b"\xff\xff\xff\xff"))
        for file in refused(lambda: files_in("包.zip", data)) or ():
            refused(lambda file=file: documents_in(file))

    assert fuzzed(check, 150) >= 150 // 2


def text_from(chance: random.Random, pieces: tuple[str, ...]) -> str:
    """Pieces in any order, among them any characters at all."""
    strange = (
        "",
        "\0",
        "\u2028",
        "\ud800",
        "\U0001f600",
        "é",
        "\x1b[31m",
        "\u202e",
        "％",
        "٣",
        "²",
        "½",
        "Ⅳ",
        "㈠",
        "⑴",
        "9" * 50,
    )
    made = [chance.choice(pieces if chance.random() < 0.9 else strange) for _ in range(chance.choice((1, 3, 8, 25)))]
    return chance.choice(("", " ", "")).join(made) * chance.choice((1, 1, 1, 1, 12))


ASKED = tuple(
    """第 条 款 项 目 第七条 第一百二十条之一 之 一 十 百 千 万 〇 零 两 2 12 第二款第（三）项 和 至 、 到 — -
    《城市公园行动计划》 《 》 个人信息保护法 劳动合同法 GDPR 上一条 下一条 前款 本法 同条 最后一条 倒数第二条 有多少条
    哪些条提到 讲什么 怎么规定 第二章 附件 附件三 第一句 的 ？ 。 ， Article Art. Articles 6 6(1)(f) ( ) (1)
    (a) (iv) points point paragraph recital Annex III and to of the
    how many articles which articles mention ? , . last next first
    公园 开放 多少小时 比较 区别 什么是 谁 何时 不 那 呢 open parks hours what differ between""".split()
)


@cache
def documents() -> tuple[Any, ...]:
    return tuple(laws())


def test_any_wording_of_a_reference_is_read_without_a_fault() -> None:
    titles = Titles(documents())

    def check(number: int) -> None:
        chance = random.Random(number)
        text, before = text_from(chance, ASKED), text_from(chance, ASKED)
        references(text)
        references(written_out(text))
        named(text, titles, [before])
        law = f"# 某某法\n\n第一条 {text}\n\n第二条 {before}\n\n（一）{text}\n"
        for document in structure(Source(law.replace("\0", "")), "a.md", "0" * 64):
            for provision in document.provisions:
                for link in links(document, provision):
                    assert 0 <= link.start < link.end <= len(document.text)

    assert fuzzed(check, 150) >= 150 // 2


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Here:
    """The whole way of a question over real laws; what writes quotes."""
    made = Here(tmp_path_factory.mktemp("fuzz"), documents())
    made._generators = {"embedded": Extractive(), "extractive": Extractive()}
    return made


def test_any_question_is_answered_or_refused_in_plain_words(engine: Here) -> None:
    """Beside that nothing goes wrong: what is quoted stands there, and what is answered is cited."""

    def check(number: int) -> None:
        chance = random.Random(number)
        history = [text_from(chance, ASKED) for _ in range(chance.choice((0, 0, 1, 3)))]
        question = text_from(chance, ASKED)
        last = refused(lambda: [*engine.ask(question, history)][-1])
        if last:
            answer = last.answer
            whole = json.dumps(answer.to_json(), ensure_ascii=False)
            whole.encode()
            held = {each.doc_id: each.text for each in documents()}
            assert all(held[c.doc_id][c.start : c.end] == c.quote for c in answer.citations)
            assert all(sentence.citations for sentence in answer.sentences)
            assert answer.refused == (not answer.sentences)

    assert fuzzed(check, 60) >= 60 // 2


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from starlette.testclient import TestClient

    from rag.serve import application

    served = application(Engine(tmp_path_factory.mktemp("served"), Extractive(), llms="extractive"))
    with TestClient(served, "http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


def value(chance: random.Random, depth: int = 0) -> Any:
    """Any JSON at all."""
    plain = (None, True, 0, -1, 1e308, 10**400, "", "x", "embedded", "user", "\ud800", "公园", [], {}, "9" * 3000)
    kind = chance.randrange(4 if depth < 3 else 1)
    if kind == 1:
        return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 2:
        keys = ("role", "content", "type", "text", "question", "n", "\ud800", "include_usage")
        return {chance.choice(keys): value(chance, depth + 1) for _ in range(chance.randrange(4))}
    return text_from(chance, ASKED) if kind == 3 else chance.choice(plain)


FORMS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/api/ask", {"question": "公园?", "history": ["x"], "llm": "extractive", "provisions": 3, "doc_ids": ["x"]}),
    ("/v1/chat/completions", {"model": "extractive", "messages": [{"role": "user", "content": "公园?"}],
                              "stream": True, "stream_options": {"include_usage": True}, "n": 1}),
    ("/export/md", {"id": "a", "day": "2025-01-01", "turns": [{"question": "x", "answer": None}]}),
    ("/export/docx", {"id": "a", "day": "2025-01-01", "turns": [{"question": "x", "answer": {
        "question": "x", "lang": "zh", "rewritten": None, "answer": "x", "refused": False, "reason": None, "note": None,
        "sentences": [{"text": "x", "citations": [1], "verdict": "quoted", "item": False, "side": ""}],
        "citations": [{"n": 1, "doc_id": "z", "doc": "x", "article": None, "path": [["article", "1"]], "label": "x",
                       "quote": "x", "start": 0, "end": 1}],
        "removed": [{"text": "x", "why": "x", "reason": "number"}], "retrieved": [], "llm": "x"}}]}),
)  # fmt: skip


def changed(form: Any, chance: random.Random) -> Any:
    """A form with a value or two put in another's place, left out or added."""
    if isinstance(form, dict) and form:
        key = chance.choice([*form, *form, "tomorrow"])
        if chance.random() < 0.15:
            return {name: each for name, each in form.items() if name != key}
        return {**form, key: changed(form.get(key), chance) if chance.random() < 0.7 else value(chance)}
    if isinstance(form, list) and form:
        return [changed(each, chance) for each in form] * chance.choice((1, 1, 3))
    return value(chance)


def test_any_body_is_answered_with_a_status_of_ours(client: Any) -> None:
    def check(number: int) -> None:
        chance = random.Random(number)
        path, form = chance.choice(FORMS)
        body = form
        for _ in range(chance.choice((1, 1, 2, 4))):
            body = changed(body, chance)
        data = json.dumps(body).encode()
        if chance.random() < 0.2:
            data = turned(data, chance, (b"[", b"{", b'"', b"\\ud800", b"1e999", b"Infinity", b"NaN", b"\\u0000"))
        got = client.post(path, content=data, headers={"content-type": "application/json"})
        assert got.status_code in (200, 400, 404, 413), (got.status_code, data[:500])
        assert "Traceback" not in got.text

    assert fuzzed(check, 80) >= 80 // 2


@pytest.mark.skipif(not SECONDS, reason="`make fuzz` installs schemathesis")
def test_what_the_description_allows_and_forbids_is_answered_as_it_says(tmp_path: Path) -> None:
    """What our OpenAPI description allows and what it does not, generated by schemathesis, with its own checks."""
    import schemathesis.config
    from schemathesis.specs.openapi import checks

    # A body may be too large as well as wrong: 413 rejects it, which the tool does not know of itself.
    rejects = {"negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 413, 415, 422, 429, "5xx"]}}
    config = schemathesis.config.SchemathesisConfig.from_dict({"checks": rejects})
    with listening(Engine(tmp_path, Extractive(), llms="extractive")) as to:
        described = schemathesis.openapi.from_url(f"{to.base_url}/openapi.json", config=config)
        operations = [each.ok() for each in described.get_all_operations()]
        # A question that fits its form may still name a model or a document that is not there.
        left_out = [checks.positive_data_acceptance]
        for operation in operations:
            for mode in schemathesis.GenerationMode:
                strategy = operation.as_strategy(generation_mode=mode)

                @run_with(deadline=None, database=None, suppress_health_check=list(HealthCheck), max_examples=100)
                @given(case=strategy)
                def one(case: Any) -> None:
                    assert case.call_and_validate(excluded_checks=left_out).status_code < 500

                until = time.monotonic() + SECONDS / len(operations) / 2
                with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be sent anything wrong
                    while time.monotonic() < until:
                        seed(random.randrange(2**32))(one)()


ROWS = (
    '{"id": "p01", "lang": "zh", "kind": "fact", "question": "问?", "history": ["前"], "answerable": true, '
    '"gold": [{"doc": "甲法", "article": "7", "path": [["article", "7"], ["sentence", "2"]]}], '
    '"keys": [["甲", "乙"], "丙"], "answer": "答"}'
)


def question_file(suffix: str, chance: random.Random) -> bytes:
    row: Any = json.loads(ROWS)
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        row = changed(row, chance)
    tokens = (b"[", b"{", b'"', b"\n", b",", b"\\ud800", b"1e999", b"NaN", b"\xff", b"9" * 5000, b'""')
    if suffix == ".xlsx":
        return rezipped(samples()[suffix], chance, TOKENS[suffix])
    if suffix == ".jsonl":
        text = ROWS + "\n" + json.dumps(row)
    else:
        table = io.StringIO()
        writer = csv.writer(table)
        row = row if isinstance(row, dict) else {"x": row}
        writer.writerow(row)
        writer.writerow([json.dumps(each) if isinstance(each, list | dict) else each for each in row.values()])
        text = table.getvalue()
    data = text.encode("utf-8", "replace")
    return turned(data, chance, tokens) if chance.random() < 0.6 else data


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".xlsx"])
def test_a_broken_question_set_is_read_or_refused_in_plain_words(suffix: str, tmp_path: Path) -> None:
    def check(number: int) -> None:
        path = tmp_path / f"set{suffix}"
        path.write_bytes(question_file(suffix, random.Random(number)))
        for question in refused(lambda: read_questions(path)) or ():
            json.dumps(vars(question), default=vars, ensure_ascii=False).encode()  # what a run of it writes

    assert fuzzed(check, 100, 3) >= 100 // 2


NAMES = (
    "home",
    "index",
    "port",
    "lang",
    "provisions",
    "chroma",
    "llm",
    "widen",
    "upload_mb",
    "colour",
    "",
    "键",
    "demo",
)
VALUES = ("1", "0", "-3", "9" * 5000, "1.5", "zh", "~", "~nobody-here/x", "on", "http://a:8000", "http://[", "a\tb",
          "embedded", "", "１２", "true", "\u2028", "x" * 5000)  # fmt: skip
TOML = ("3", "1.5", "true", "[]", "[1]", "{}", "{a = 1}", "inf", "nan", "1979-05-27", "0x10", "1" * 5000, "[" * 3000)


def test_any_settings_are_taken_or_refused_in_plain_words(clean: Path) -> None:
    def check(number: int) -> None:
        chance = random.Random(number)
        lines = []
        for _ in range(chance.randrange(4)):
            quoted = json.dumps(chance.choice(VALUES))
            lines.append(f"{chance.choice(NAMES)} = {chance.choice((quoted, quoted, chance.choice(TOML)))}")
        data = "\n".join(lines).encode()
        tokens = (b"[", b"=", b'"""', b"[[a]]", b"\\U0011ffff", b".", b"\r")
        (clean / "tiaoyin.toml").write_bytes(turned(data, chance, tokens) if chance.random() < 0.5 else data)
        given = {f"{PREFIX}{chance.choice(NAMES).upper()}": chance.choice(VALUES) for _ in range(chance.randrange(3))}
        flags = {chance.choice(NAMES[:8]): chance.choice((*VALUES, None)) for _ in range(chance.randrange(3))}
        with pytest.MonkeyPatch.context() as patch:
            for name, text in given.items():
                patch.setenv(name, text)
            refused(partial(load, flags, clean))

    assert fuzzed(check, 150) >= 150 // 2


HALF = '{"id": "a", "question": "\\ud800"}'
DEEP = "[" * 100_000
NAMELESS = b"".join(
    (b"PK\3\4", bytes(26), b"PK\1\2", bytes(42), b"PK\5\6", bytes(4), b"\1\0\1\0\x2e\0\0\0\x1e\0\0\0\0\0")
)
FOUND: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "a member without a name": ("document_none", lambda path: files_in("a.zip", NAMELESS)),
    "a folder that is a number": ("settings_folder", lambda path: setting(path, "home = 3")),
    "the home of nobody": ("settings_folder", lambda path: setting(path, 'index = "~nobody-here/x"')),
    "a number of 5,000 digits": ("settings_file", lambda path: setting(path, "port = " + "1" * 5000)),
    "settings as deep as they go": ("settings_file", lambda path: setting(path, "home = " + DEEP)),
    "questions as deep as they go": ("eval_broken_json", lambda path: asked(path / "a.jsonl", DEEP)),
    "half a character": ("eval_value_wrong", lambda path: asked(path / "a.jsonl", HALF)),
    "a long cell": ("eval_unreadable", lambda path: asked(path / "a.csv", "id,question\na," + "x" * 200_000)),
    "a history as deep as it goes": ("terminal_history", lambda path: history(written(path / "a.json", DEEP))),
    "a number that is none": ("visitor_conversations", lambda path: loaded(
        json.dumps({"id": "a", "day": "2025-01-01", "turns": [{"question": "x", "answer": {"citations": [
            {"doc_id": "x", "doc": "x", "label": "x", "quote": "x", "n": math.inf}]}}]}), {})),
}  # fmt: skip
"""What was found, with the key of the error that it now is."""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def setting(folder: Path, text: str) -> Any:
    written(folder / "tiaoyin.toml", text)
    return load({}, folder)


def asked(path: Path, text: str) -> Any:
    return read_questions(written(path, text))


@pytest.mark.parametrize("case", FOUND)
def test_what_fuzzing_found_is_refused_in_plain_words(case: str, clean: Path) -> None:
    key, attempt = FOUND[case]
    with pytest.raises(TiaoYinError) as error:
        attempt(clean)
    assert error.value.key == key and len(str(error.value)) < 1000


def test_half_a_character_in_a_question_is_left_out(engine: Here) -> None:
    *_, last = engine.ask("公园\ud800每日\udcff开放时间多久?")
    assert last.answer.question == "公园每日开放时间多久?" and last.answer.sentences


@pytest.mark.parametrize("question", ["GDPR附件三第一句之6怎么规定？", "第一句之二", "第七条第一句之一到第三句"])
def test_a_sentence_of_no_number_is_not_there(question: str, engine: Here) -> None:
    assert [*engine.ask(question, ())][-1].stage == "done"


def test_words_of_strangers_are_not_kept_for_good() -> None:
    assert worded.stem.cache_info().maxsize


def test_an_error_of_a_server_moves_no_cursor() -> None:
    assert "\x1b" not in str(GenerateError("llm_failed", llm="x", why="\x1b[2J\x07"))


def test_a_choice_as_deep_as_it_goes_leaves_nothing_out() -> None:
    assert choice([], DEEP) is None
