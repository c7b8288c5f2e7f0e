"""The Documents tab in a real Chromium, and what stands behind it: whose documents they are, and how many."""

from __future__ import annotations

import base64
import contextlib
import html
import io
import json
import re
import signal
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docx
import openpyxl
import pytest
from browser import ask, page_at, reload, said, shared, tab_to, until
from PIL import Image, ImageDraw, ImageFont
from played import PlayedEngine, played
from screens import faults, some_views, views

from rag import serve
from rag.allowance import questions
from rag.errors import UsageError
from rag.read import scan
from rag.serve import application
from rag.settings import Settings
from rag.visiting import COOKIE, visitor_of, whom
from rag.visitors import MB, new_id
from rag.words import say
from ui.library import asked, place
from ui.page import Page
from ui.turns import Turn

slow = pytest.mark.slow
DOGS = "# 小区养犬公约\n\n第一条 为了邻里和睦，制定本公约。\n\n第二条 犬只应当拴绳。\n\n第四条 违反的，劝阻。\n"
CATS = DOGS.replace("犬", "猫")
DEMO = {"demo": "on", "demo_questions": 2, "demo_files": 9}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    with shared(), played(tmp_path_factory.mktemp("library"), stocked=True, **DEMO) as running:
        yield running


def file(name: str, data: str | bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "", "buffer": data.encode() if isinstance(data, str) else data}


def zipped(**members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.md", text)
    return packed.getvalue()


def tab(page: Any, name: str = "documents") -> None:
    page.get_by_role("tab", name=said(page, f"page_tab_{name}")).click()
    if name == "documents":
        page.locator(".ty-shared").wait_for()


def send(page: Any, *files: dict[str, Any], seconds: float = 10) -> None:
    """Chooses files on the Documents tab and waits until each is done or has failed."""
    tab(page)
    page.locator(".ty-files").set_input_files(list(files))
    until(lambda: page.locator(".ty-sending").get_attribute("aria-busy") == "false", seconds)


@slow
@some_views
def test_files_are_chosen_by_keyboard_say_how_far_they_are_and_are_removed(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, height=800, locale=locale) as page:
        page.on("filechooser", lambda _: None)  # or a busy machine opens a real one
        tab(page)
        with site.embedding():
            tab_to(page, ".ty-choose")
            with page.expect_file_chooser() as chooser:
                page.keyboard.press("Enter")
            files = [file("公约.md", DOGS), file("<b>.exe", "MZ"), file("大.txt", b"x" * (10 * MB + 1))]
            chooser.value.set_files(files)
            rows = page.locator(".ty-sending li")
            rows.nth(0).get_by_text(said(page, "library_embed", done=0, total=3)).wait_for()
            assert [row.split("\n")[0] for row in rows.all_inner_texts()] == ["公约.md", "<b>.exe", "大.txt"]
            assert said(page, "library_wait") in rows.nth(1).inner_text()
            assert said(page, "library_large", size=11, mb=10) in rows.nth(2).inner_text()
        own = page.locator(".ty-own")
        own.wait_for()
        assert "小区养犬公约" in own.inner_text() and "公约.md · 1 KB" in own.inner_text()
        assert say("kind_article", page.evaluate("document.documentElement.lang"), n=3) in own.inner_text()
        assert own.locator(".ty-warning").count() == 1  # 第二条 is followed by 第四条
        rows.get_by_text(
            said(page, "document_kind_unknown", path="<b>.exe", suffixes="").split(".csv")[0][:12]
        ).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        tab_to(page, ".ty-remove")
        page.keyboard.press("Enter")
        own.wait_for(state="detached")
        until(lambda: page.evaluate("document.activeElement.className") == "ty-choose")
        assert page.locator("#ty-said").inner_text() == said(page, "library_removed")
        assert (page.foreign, page.faults) == ([], [])


FEW = "document.querySelectorAll('.ty-shared .ty-row:nth-child(n + 4)').forEach(row => row.remove())"
"""The others are as these, and axe takes seconds for them."""


@slow
@some_views
def test_the_tab_has_no_serious_fault_while_files_are_sent_and_when_they_were(
    site: SimpleNamespace, axe: str, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, height=800, locale=locale) as page:
        tab(page)
        with site.embedding():
            page.locator(".ty-files").set_input_files([file("公约.md", DOGS), file("<b>.exe", "MZ")])
            page.get_by_text(said(page, "library_embed", done=0, total=3)).wait_for()
            page.evaluate(FEW)
            found = {"sending": faults(page, axe)}
        page.locator(".ty-own").wait_for()
        page.locator('.ty-sending [data-stage="failed"]').wait_for()
        page.evaluate(FEW)
        found["sent"] = faults(page, axe)
        page.emulate_media(color_scheme="dark")
        found["dark"] = faults(page, axe)
        assert {view: each for view, each in found.items() if each} == {}


DROP = """(files) => {
    const data = new DataTransfer();
    for (const [name, text] of files)
        data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
    const drop = (kind) => document.querySelector(".ty-limits").dispatchEvent(
        new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    return [drop("dragover"), document.querySelector(".ty-over") !== null, drop("drop")];
}"""


def printed(page: Any) -> bytes:
    """A PDF of two pages, each with an article."""
    with contextlib.closing(page.context.new_page()) as paper:
        text = "<p>{}条 为了邻里和睦，制定本公约。</p>"
        paper.set_content(f"{text.format('第一')}<div style='break-before: page'>{text.format('第二')}</div>")
        return bytes(paper.pdf(format="A5"))


def saved(made: Any, **how: Any) -> bytes:
    """What a document of another library is as a file."""
    data = io.BytesIO()
    made.save(data, **how)
    return data.getvalue()


def pictured(words: str) -> bytes:
    picture = Image.new("RGB", (700, 120), "white")
    ImageDraw.Draw(picture).text((20, 30), words, "black", ImageFont.load_default(40))
    return saved(picture, format="PNG")


def of_each_kind(page: Any) -> dict[str, bytes]:
    """By name a small file of each kind that is read here."""
    word, book = docx.Document(), openpyxl.Workbook()
    for line in DOGS.splitlines()[2:]:
        word.add_paragraph(line)
    book.active.append(["条", "内容"])
    book.active.append(["第一条", "犬只应当拴绳。"])
    made = {"甲.md": DOGS.encode(), "乙.txt": DOGS.encode("gb18030"), "丙.docx": saved(word), "丁.xlsx": saved(book)}
    made |= {"戊.csv": "条,内容\n第一条,犬只应当拴绳。\n".encode(), "己.pdf": printed(page)}
    made["庚.html"] = f"<title>公约</title><p>{'</p><p>'.join(DOGS.splitlines()[2:])}</p>".encode()
    return made | ({"辛.png": pictured("Dogs shall be kept on a lead.")} if scan.is_there() else {})


@slow
@some_views
def test_a_file_of_each_kind_that_is_read_is_taken_and_a_pdf_shows_its_pages(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        files = of_each_kind(page)
        send(page, *(file(name, data) for name, data in files.items()), seconds=60)  # characters are recognised too
        offered = page.locator(".ty-files").get_attribute("accept").split(",")
        assert {f".{name.split('.')[1]}" for name in files} <= set(offered)
        assert page.locator(".ty-sending li").all_inner_texts() == []  # none has failed
        rows = page.locator(".ty-file")
        assert [row.locator(".ty-name").inner_text() for row in rows.all()] == [*files]
        assert all(re.search(r"\d", row.locator(".ty-facts").first.inner_text()) for row in rows.all())  # 条 counts
        rows.filter(has_text="己.pdf").locator(".ty-title").click()
        marks = page.locator(".ty-law .ty-page")
        marks.nth(1).wait_for()
        told = "mark => getComputedStyle(mark, '::before').content"
        assert [mark.evaluate(told) for mark in marks.all()] == [f'"{said(page, "read_page", n=n)}"' for n in (1, 2)]
        assert (page.foreign, page.faults) == ([], [])


def test_pictures_are_offered_only_where_they_can_be_read_and_a_visitor_is_not_told_to_install_anything(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if scan.is_there():
        assert "png" in re.split(r'[" ]', place(Settings()))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    kinds = re.split(r'[" ]', place(Settings()))
    assert {"md", "pdf", "docx", "xlsx", "csv", "html", "txt"} <= set(kinds)
    assert not {"bmp", "jpeg", "jpg", "png", "tif", "tiff", "webp"} & set(kinds)
    (*_, (stage, words)) = posted(client(app, new_id()), "scan.png", pictured("Dogs"))
    assert (stage, words) == ("failed", say("library_needs_ocr", "en", path="scan.png", page=1))
    assert "Run pip" not in words
    (*_, (_, words)) = posted(client(app, new_id()), "x.exe", "MZ")
    assert ".pdf" in words and ".png" not in words


@slow
@views
def test_several_files_and_an_archive_are_dropped_and_each_member_is_there(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        tab(page)
        files = [("公约.md", DOGS.encode()), ("包.zip", zipped(猫=CATS, 空=" "))]
        dropped = page.evaluate(DROP, [(name, base64.b64encode(data).decode()) for name, data in files])
        assert dropped == [False, True, False]  # the browser opens neither, and the place is marked
        page.locator(".ty-file").nth(1).wait_for()
        names = page.locator(".ty-file .ty-name").all_inner_texts()
        assert names == ["公约.md", "包.zip!/猫.md"]
        failed = page.locator('.ty-sending [data-stage="failed"]')
        assert failed.count() == 1 and "空.md" in failed.inner_text()
        assert page.locator(".ty-own .ty-remove").count() == 2
        assert page.locator(".ty-shared").locator(".ty-remove, .ty-clear").count() == 0
        failed.get_by_role("button").click()
        assert page.locator(".ty-sending li").count() == 0
        page.get_by_role("button", name=said(page, "library_clear")).click()
        page.get_by_role("button", name=said(page, "library_clear_sure")).click()
        page.locator(".ty-own").wait_for(state="detached")


@slow
def test_a_file_that_is_cancelled_is_not_kept_and_the_next_one_is(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        tab(page)
        with site.embedding():
            page.locator(".ty-files").set_input_files([file("犬.md", DOGS), file("猫.md", CATS)])
            page.get_by_text(said(page, "library_embed", done=0, total=3)).wait_for()
            page.get_by_role("button", name=said(page, "library_cancel", name="犬.md")).click()
        page.locator(".ty-file").wait_for()
        page.wait_for_timeout(500)
        assert page.locator(".ty-file .ty-name").all_inner_texts() == ["猫.md"]


@slow
def test_a_lost_connection_is_said_and_what_was_taken_in_is_there_after_a_reload(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        send(page, file("犬.md", DOGS))
        page.context.set_offline(True)
        page.locator(".ty-files").set_input_files([file("猫.md", CATS)])
        page.locator(".ty-sending").get_by_text(said(page, "library_broken")).wait_for()
        page.context.set_offline(False)
        reload(page)
        tab(page)
        page.locator(".ty-file").wait_for()
        assert page.locator(".ty-file .ty-name").all_inner_texts() == ["犬.md"]


@slow
def test_nobody_sees_anothers_documents(site: SimpleNamespace) -> None:
    with page_at(site.url) as mine, page_at(site.url) as theirs:
        send(mine, file("犬.md", DOGS))
        send(theirs, file("猫.md", CATS))
        assert mine.locator(".ty-file .ty-name").all_inner_texts() == ["犬.md"]
        assert theirs.locator(".ty-file .ty-name").all_inner_texts() == ["猫.md"]
        own = mine.locator(".ty-own .ty-tick").get_attribute("value")
        key = mine.locator(".ty-file").get_attribute("data-key")
        status = "async (path) => (await fetch(path)).status"
        assert mine.evaluate(status, f"read/{own}") == 200
        assert theirs.evaluate(status, f"read/{own}") == 404
        theirs.evaluate("async (key) => await fetch(`library/${key}`, { method: 'DELETE' })", key)
        # A script can neither read the cookie nor put another in its place.
        assert mine.evaluate("document.cookie") == ""
        (cookie,) = mine.context.cookies()
        theirs.evaluate("cookie => { document.cookie = cookie }", f"{COOKIE}={cookie['value']}; path=/")
        assert theirs.evaluate(status, f"read/{own}") == 404
        for page, pet in ((mine, "犬"), (theirs, "猫")):
            page.get_by_role("button", name=said(page, "library_tick_none")).click()
            page.locator(".ty-own .ty-tick").check()
            tab(page, "ask")
            message = ask(page, "上传的说什么？")
            assert message.locator(".ty-label").all_inner_texts() == [f"《小区养{pet}公约》第一条"]
        tab(mine)
        assert mine.locator(".ty-file").count() == 1  # the other's removing did nothing
        mine.context.clear_cookies()
        assert mine.evaluate(status, f"read/{own}") == 404


@slow
@some_views
def test_of_206_documents_those_that_are_ticked_are_asked_and_it_is_shown_beside_the_box(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        chosen = page.locator(".ty-chosen")
        tab(page)
        assert page.locator(".ty-count").inner_text() == said(page, "library_count", n=206, of=206)
        tab_to(page, ".ty-filter")
        page.keyboard.type("第二百号")
        until(lambda: page.locator(".ty-row:visible").count() == 1)
        page.locator(".ty-filter").fill("没有这个")
        page.locator(".ty-no-match").wait_for()
        page.locator(".ty-filter").fill("")
        page.get_by_role("button", name=said(page, "library_tick_none")).click()
        assert said(page, "library_none_asked") in chosen.text_content()
        page.locator(".ty-filter").fill("第二百")
        page.get_by_role("button", name=said(page, "library_tick_all")).click()
        page.locator(".ty-filter").fill("第二百号")
        tab_to(page, ".ty-row:not([hidden]) .ty-tick")
        page.keyboard.press("Space")
        assert page.locator(".ty-count").inner_text() == said(page, "library_count", n=2, of=206)
        tab(page, "ask")
        words = said(page, "library_only", n=2, of=206, titles="").rstrip("：: ")
        assert words in chosen.inner_text() and "第二百零一号规定" in chosen.inner_text()
        reload(page)
        chosen.get_by_text(words).wait_for()
        message = ask(page, "上传的说什么？")
        assert message.locator(".ty-label").count() == 2
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("button", name=said(page, "library_ask_all")).click()
        until(lambda: chosen.inner_text() == "")


@slow
def test_a_question_to_no_document_says_what_to_do(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        tab(page)
        page.get_by_role("button", name=said(page, "library_tick_none")).click()
        tab(page, "ask")
        assert said(page, "library_none_asked") in ask(page, "推广什么？").inner_text()


@slow
@some_views
def test_on_a_page_for_strangers_each_may_ask_and_upload_so_often_and_is_told_when_to_come_again(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page, page_at(site.url) as other:
        for n in range(2):
            assert ask(page, f"推广什么{n}？").locator(".ty-cite").count() == 2
        assert ask(page, "还有呢？").locator(".ty-reply").inner_text().strip() == said(
            page, "visitor_questions", limit=2, minutes=60
        )
        send(page, file("包.zip", zipped(**{f"{n}": DOGS + str(n) for n in range(10)})))
        assert page.locator(".ty-file").count() == 9
        failed = page.locator('.ty-sending [data-stage="failed"]')
        assert failed.inner_text().split("\n")[0] == "包.zip!/9.md"
        assert said(page, "visitor_uploads", limit=9, minutes=60) in failed.inner_text()
        assert ask(other, "推广什么？").locator(".ty-cite").count() == 2
        send(other, file("犬.md", DOGS))
        assert other.locator(".ty-file").count() == 1


@slow
def test_ctrl_c_while_a_file_is_taken_in_ends_the_server_without_a_traceback(tmp_path: Path) -> None:
    with played(tmp_path) as site, site.embedding():
        headers = {"x-name": "a.md", "cookie": f"{COOKIE}={new_id()}"}
        sent = urllib.request.Request(f"{site.url}/library", DOGS.encode(), headers)
        with urllib.request.urlopen(sent, timeout=60) as reply:
            assert [json.loads(reply.readline())["stage"] for _ in range(2)] == ["read", "embed"]
            site.process.send_signal(signal.SIGINT)
            assert site.process.wait(60) == 0
        assert site.output() == f"{site.url}\nended\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    engine = PlayedEngine(tmp_path_factory.mktemp("app"), Settings(upload_mb=1, demo="on", demo_files=2))
    return application(engine)


def client(app: Any, visitor: str = "", host: str = "10.0.0.1") -> Any:
    from starlette.testclient import TestClient

    return TestClient(app, "http://127.0.0.1", cookies={COOKIE: visitor} if visitor else {}, client=(host, 1))


def posted(to: Any, name: str, data: str | bytes) -> list[tuple[str, str]]:
    reply = to.post("/library?lang=en", content=data, headers={"x-name": name})
    return [(each["stage"], each["words"]) for each in map(json.loads, reply.text.splitlines())]


def test_a_file_that_is_too_large_is_not_even_held(app: Any) -> None:
    visitor = client(app, new_id())
    ((stage, words),) = posted(visitor, "big.md", b"x" * (MB + 1))
    assert (stage, words[:34]) == ("failed", "big.md has 2 MB, more than the lim")
    pieces = (b"x" * 1000 for _ in range(2000))  # of no length that is told
    assert visitor.post("/library", content=pieces, headers={"x-name": "a.md"}).status_code == 413


def test_what_is_shared_cannot_be_removed_by_anybody(app: Any) -> None:
    visitor = client(app, new_id())
    listed = visitor.get("/library?lang=en").text
    assert "read only" in listed and listed.count("ty-tick") == 4
    assert "ty-remove" not in listed and "ty-clear" not in listed
    for to in (visitor, client(app)):
        for path in ("", "/plan", f"/{'f' * 64}", f"/{'f' * 12}-1", "/..", "/%2e%2e/read/plan"):
            to.delete(f"/library{path}")
    for to in (visitor, client(app, new_id()), client(app)):
        assert to.get("/library?lang=en").text == listed
        assert to.get("/read/plan").status_code == 200


@pytest.mark.parametrize("visitor", ["", "me", "é" * 43])
def test_who_has_no_cookie_of_ours_uploads_nothing(visitor: str, app: Any) -> None:
    to = client(app)
    to.headers.update({b"cookie": f"{COOKIE}={visitor}".encode()})
    assert posted(to, "a.md", DOGS) == [("failed", say("visitor_id", "en"))]


def test_each_visitor_has_so_many_files_and_who_has_no_cookie_so_many_questions_by_address(
    app: Any, tmp_path: Path
) -> None:
    one, same = client(app, new_id()), client(app, new_id())
    assert [posted(one, f"{n}.md", DOGS + str(n))[-1][0] for n in range(3)] == ["done", "done", "failed"]
    assert posted(same, "1.md", DOGS)[-1][0] == "done"
    page = Page(PlayedEngine(tmp_path), questions(1))
    replies = []
    near, visitors = "10.0.0.1", ["", "", "", *[new_id()] * 3]
    hosts, keys = [near, near, "10.0.0.2", near, near, near], [*"-----", "anna"]
    for visitor, host, key in zip(visitors, hosts, keys, strict=True):
        turns, cookies = [Turn("上传的？", "")], {COOKIE: visitor}
        who = SimpleNamespace(state=SimpleNamespace(who=key), cookies=cookies, client=SimpleNamespace(host=host))
        *_, _ = page.answer(turns, "en", "", 4, "", visitor, whom(who))
        replies.append(say("visitor_questions", "en", limit=1, minutes=60)[:30] in html.unescape(turns[0].body))
    assert replies == [False, True, False, False, True, False]


def test_the_name_of_a_file_is_escaped_in_the_list_and_kept_out_of_the_address(app: Any) -> None:
    visitor = client(app, new_id())
    assert posted(visitor, "%3Cimg%20src%3Dx%3E.md", DOGS)[-1][0] == "done"
    listed = visitor.get("/library?lang=en").text
    assert "&#60;img src&#61;x&#62;&#46;md" in listed and "<img" not in listed


@pytest.mark.parametrize(
    ("path", "headers", "cookie"),
    [
        ("/", {}, "; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"),
        ("/", {"x-forwarded-proto": "https"}, "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"),
        (
            "/",
            {"x-forwarded-proto": "https", "sec-fetch-dest": "iframe"},
            "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=None; Partitioned",
        ),
        ("/healthz", {}, None),
        ("/library", {}, None),
    ],
)
def test_who_opens_the_page_has_an_id_in_a_cookie_that_no_script_reads(
    path: str, headers: dict[str, str], cookie: str | None, app: Any
) -> None:
    given = client(app).get(path, headers=headers).headers.get("set-cookie")
    assert (given and re.sub(r"^\w+=[\w-]{43}", "", given)) == cookie


@pytest.mark.parametrize(("sent", "kept"), [("v" * 43, True), ("v" * 42, False), ("v" * 44, False), ("é" * 43, False)])
def test_an_id_that_came_is_kept_if_it_can_be_one(sent: str, kept: bool, app: Any) -> None:
    header = f"a=b; {COOKIE}={sent}; c=d".encode()
    given = client(app).get("/", headers={"cookie": header}).headers["set-cookie"]
    assert given.startswith(f"{COOKIE}={sent};") is kept
    assert visitor_of({COOKIE: sent}) == (sent if kept else "")


@pytest.mark.parametrize(
    ("left_out", "left"),
    [
        ("", None),
        ("[]", None),
        ('["x", 1, null]', None),
        ("no json", None),
        ('{"plan": 1}', None),
        ('["plan"]', {"law", "scan"}),
        ('["plan", "law"]', {"scan"}),
    ],
)
def test_the_documents_left_out_are_not_asked(left_out: str, left: set[str] | None) -> None:
    documents = [SimpleNamespace(doc_id=name) for name in ("plan", "law", "scan")]
    only = asked(documents, left_out)  # type: ignore[arg-type]
    assert (set(only.doc_ids or ()) if only else None) == left
    with pytest.raises(UsageError) as refused:
        asked(documents, '["plan", "law", "scan"]')  # type: ignore[arg-type]
    assert refused.value.key == "library_none_asked"
    assert asked([], left_out) is None


def test_while_serving_what_nobody_used_is_swept_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    swept: list[float] = []
    engine = PlayedEngine(tmp_path)
    monkeypatch.setattr(serve, "SWEEP", 0.01)
    monkeypatch.setattr(engine.visitors, "sweep", lambda: swept.append(time.monotonic()))
    monkeypatch.setattr(serve, "application", lambda *_: None)
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: until(lambda: len(swept) > 2))
    serve.serve(engine, port=0)
    assert len(swept) > 2
