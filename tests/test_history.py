"""Conversations on the page: kept over a reload, several, shared by tabs, linked to, exported. An engine that plays."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser import ask, free_port, page_at, reload, said, served, tab_to, until
from played import PlayedEngine
from screens import SHOTS, faults, looks, some_views, views

from rag.visitors import new_id
from ui.going import Going
from ui.page import Page
from ui.turns import Turns

pytestmark = pytest.mark.slow


def asked(page: Any) -> list[str]:
    return list(page.locator(".ty-question").all_inner_texts())


def stored(page: Any) -> list[list[str]]:
    """The questions of each conversation that the browser holds, the latest first."""
    script = "Object.keys(localStorage).filter(k => k.startsWith('tiaoyin.talk.')).map(k => localStorage[k])"
    rows = sorted((json.loads(text) for text in page.evaluate(script)), key=lambda row: -row["at"])
    return [[turn["question"] for turn in row["turns"]] for row in rows]


def answered(page: Any) -> bool:
    """Whether all that is on the page is also in the browser's storage, answers too."""
    script = "Object.keys(localStorage).filter(k => k.startsWith('tiaoyin.talk.')).map(k => localStorage[k])"
    rows = [json.loads(text)["turns"] for text in page.evaluate(script)]
    return any(
        [turn["question"] for turn in row] == asked(page) and all(turn["answer"] for turn in row) for row in rows
    )


def reloaded(page: Any, turns: int) -> None:
    page.reload()
    until(lambda: len(asked(page)) == turns)


def talks(page: Any) -> Any:
    """The list of conversations, opened."""

    def button() -> Any:
        return page.get_by_role("button", name=said(page, "talk_list"), exact=True)

    until(lambda: button().count() == 1)  # a page that is being loaded does not speak its language yet
    button().click()
    page.locator("#ty-talks[open]").wait_for()
    return page.locator("#ty-talks")


@some_views
def test_a_reload_brings_the_conversation_back_with_its_citations(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        ask(page, "第一问：推广什么？")
        ask(page, "罚款多少？")
        until(lambda: answered(page))
        turns = "turns => turns.map(turn => turn.outerHTML)"
        before = page.locator(".ty-turn").evaluate_all(turns)
        reloaded(page, 2)
        until(lambda: page.locator(".ty-turn").evaluate_all(turns) == before)
        message = page.locator(".ty-turn").first
        message.get_by_role("link", name="第六条第3句").click()
        until(lambda: page.locator(".ty-cited").inner_text() == "加强个人隐私保护。")
        page.locator(".ty-reader-close").click()
        message.locator(".ty-removed summary").click()
        assert "罚款五万元。" in message.locator(".ty-removed li").inner_text()
        ask(page, "第三问")
        assert site.log()[-1] == {"asked": "第三问", "history": ["第一问：推广什么？", "罚款多少？"]}
        until(lambda: answered(page))
        assert stored(page) == [["第一问：推广什么？", "罚款多少？", "第三问"]]
        assert (page.foreign, page.faults) == ([], [])


@some_views
def test_a_reload_in_mid_answer_shows_the_question_once_and_its_answer_to_the_end(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        ask(page, "第一问")
        ask(page, "很久的问题", settled=False).locator(".ty-cite").first.wait_for()
        until(lambda: stored(page) == [["第一问", "很久的问题"]])
        count = len(site.log())
        for _ in range(2):
            reloaded(page, 2)
            page.locator(".ty-turn").last.locator(".ty-cite").wait_for()  # what was checked by then
            page.locator("#ty-stop").wait_for()
        site.finish()
        page.locator("#ty-send").wait_for()
        assert page.locator(".ty-turn").last.locator(".ty-cite").count() == 2
        until(lambda: answered(page))
        assert stored(page) == [["第一问", "很久的问题"]]
        assert len(site.log()) == count  # it was neither stopped nor asked again
        ask(page, "第三问")
        until(lambda: answered(page))
        reloaded(page, 3)
        assert page.locator(".ty-cite").count() == 6
        assert stored(page) == [["第一问", "很久的问题", "第三问"]]


@some_views
def test_what_was_checked_before_an_answer_was_stopped_comes_back_and_it_is_asked_again_by_one_click(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        ask(page, "很久的问题", settled=False).locator(".ty-cite").first.wait_for()
        page.reload()
        page.locator("#ty-stop").click()  # of the page that came after the one that asked
        until(lambda: {"stopped": "很久的问题"} in site.log())
        until(lambda: "低功耗芯片" in json.dumps(page.evaluate("localStorage"), ensure_ascii=False))
        reloaded(page, 1)
        reply = page.locator(".ty-reply")
        assert said(page, "visitor_unanswered") in reply.inner_text()
        assert reply.locator(".ty-cite").count() == 1 and reply.locator(".ty-stage").count() == 0
        site.finish()
        page.get_by_role("button", name=said(page, "page_again"), exact=True).click()
        page.locator(".ty-cite").nth(1).wait_for()
        until(lambda: answered(page))
        assert stored(page) == [["很久的问题"]]


def test_an_answer_that_goes_on_is_nobody_elses_and_ends_when_nobody_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.page.PATIENCE", 3)
    page, mine, turns = Page(PlayedEngine(tmp_path)), new_id(), Turns()
    page.begin("很久的问题", turns, "zh", "", mine)
    stored, shown = page.save(turns), page.answer(turns, "zh", "", 4, "", mine)
    until(lambda: bool(next(shown)) and turns[0].said is not None)
    shown.close()
    for visitor, stage in ((new_id(), "over"), ("", "over"), (mine, "answering")):
        again = Turns()
        page.reopen(stored, again, "zh", visitor)
        assert (again[0].stage, again.regained) == (stage, visitor == mine)
        assert ("推广" in again[0].body) is (visitor == mine)
    until(lambda: "stopped" in page.engine.log.read_text())  # type: ignore[attr-defined]
    page.reopen(stored, again, "zh", mine)
    *_, last = page.rejoin(again)
    assert "没有答完" in again[0].body and "推广低功耗芯片" in last[0] and '"partial": true' in last[-1]
    assert next(page.rejoin(Turns()))[-1] == ""  # a page that finds nothing opens nothing of what it had
    page.begun.seconds = 0  # ten minutes later
    page.reopen(stored, again, "zh", mine)
    assert "推广" not in again[0].body


@dataclass
class Held(Going):
    """Three steps, and before each of the last two nobody could look for 100 seconds."""

    body: str = ""
    stage: str = "waiting"

    def steps(self) -> Generator[str, None, None]:
        yield "1"
        self.seen -= 100
        yield "2"
        self.seen -= 100
        yield "3"


def test_an_answer_whose_page_could_not_look_for_long_goes_on_for_it_and_ends_when_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ui.going.GRACE", 2)
    watched, left = Held(), Held()
    for work in (watched, left):
        work.go(work.steps(), 20, "broken")
    assert [work.body for _ in watched.watch()] and watched.body == "3"
    until(lambda: left.stage == "over")
    assert left.body == "1"


@views
def test_conversations_are_begun_switched_and_deleted_with_a_way_back_by_keyboard_too(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        ask(page, "甲问")
        page.get_by_role("button", name=said(page, "page_new"), exact=True).click()
        until(lambda: asked(page) == [])
        ask(page, "乙问")
        until(lambda: stored(page) == [["乙问"], ["甲问"]])
        assert site.log()[-1] == {"asked": "乙问", "history": []}
        sheet = talks(page)
        assert sheet.locator(".ty-talk span").all_inner_texts() == ["乙问", "甲问"]
        until(lambda: page.evaluate("document.activeElement.getAttribute('aria-current')") == "true")
        tab_to(page, ".ty-talk:not([aria-current])")
        page.keyboard.press("Enter")
        until(lambda: asked(page) == ["甲问"])
        assert sheet.is_hidden()
        ask(page, "甲的第二问")
        assert site.log()[-1] == {"asked": "甲的第二问", "history": ["甲问"]}
        until(lambda: stored(page) == [["甲问", "甲的第二问"], ["乙问"]])
        talks(page).get_by_role("button", name=f"{said(page, 'talk_delete')} 甲问").click()
        until(lambda: asked(page) == [])  # it was the one on the page
        assert stored(page) == [["乙问"]]
        page.keyboard.press("Enter")  # the focus is on what takes it back
        until(lambda: asked(page) == ["甲问", "甲的第二问"])
        assert sorted(stored(page)) == [["乙问"], ["甲问", "甲的第二问"]]
        page.keyboard.press("Escape")
        sheet.wait_for(state="hidden")
        talks(page).get_by_role("button", name=said(page, "talk_new")).click()
        until(lambda: asked(page) == [])
        page.reload()
        page.locator("#ty-examples").wait_for()
        assert asked(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_who_leaves_a_conversation_while_it_is_answered_finds_what_was_said_by_then(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        ask(page, "甲问")
        page.get_by_role("button", name="新对话").click()
        until(lambda: asked(page) == [])
        ask(page, "很久的问题", settled=False).locator(".ty-cite").first.wait_for()
        until(lambda: len(stored(page)) == 2)
        talks(page).locator(".ty-talk", has_text="甲问").click()
        until(lambda: asked(page) == ["甲问"])
        page.locator("#ty-send").wait_for()
        until(lambda: {"stopped": "很久的问题"} in site.log())
        ask(page, "甲的第二问")
        until(lambda: stored(page) == [["甲问", "甲的第二问"], ["很久的问题"]])
        talks(page).locator(".ty-talk", has_text="很久的问题").click()
        until(lambda: asked(page) == ["很久的问题"])
        assert "没有答完" in page.locator(".ty-reply").inner_text()
        assert page.locator(".ty-cite").count() == 1
        reloaded(page, 1)
        assert page.locator(".ty-cite").count() == 1


def test_two_tabs_that_see_one_answer_written_store_it_once(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        ask(page, "很久的问题", settled=False).locator(".ty-cite").wait_for()
        until(lambda: stored(page) == [["很久的问题"]])
        other = page.context.new_page()
        other.goto(site.url)
        talks(other).locator(".ty-talk").click()
        other.locator("#ty-stop").wait_for()
        site.finish()
        for each in (page, other):
            each.locator(".ty-cite").nth(1).wait_for()
            each.locator("#ty-send").wait_for()
        until(lambda: answered(other))
        other.wait_for_timeout(500)
        assert stored(page) == [["很久的问题"]]


@some_views
def test_two_tabs_lose_nothing_of_each_other_even_in_one_conversation(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        other = page.context.new_page()
        other.goto(site.url)
        ask(page, "甲问")
        ask(other, "乙问")
        until(lambda: stored(page) == [["乙问"], ["甲问"]])
        talks(other).locator(".ty-talk", has_text="甲问").click()
        until(lambda: asked(other) == ["甲问"])
        ask(other, "在那边接着问")
        until(lambda: stored(page)[0] == ["甲问", "在那边接着问"])
        ask(page, "在这边接着问")
        ask(page, "再问")
        until(lambda: answered(page))
        assert stored(page) == [["甲问", "在这边接着问", "再问"], ["甲问", "在那边接着问"], ["乙问"]]
        reloaded(page, 3)
        assert asked(page) == ["甲问", "在这边接着问", "再问"]


@some_views
def test_the_back_button_comes_back_to_the_conversation(site: SimpleNamespace, width: int, locale: str) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        ask(page, "推广什么？").get_by_role("link", name="第六条第3句").click()
        page.locator(".ty-cited").wait_for()
        until(lambda: answered(page))
        page.go_back()
        page.locator(".ty-reader").wait_for(state="hidden")
        assert asked(page) == ["推广什么？"]
        page.goto(f"{site.url}/healthz")
        page.go_back()
        until(lambda: asked(page) == ["推广什么？"])
        ask(page, "然后呢？")
        assert site.log()[-1] == {"asked": "然后呢？", "history": ["推广什么？"]}


@some_views
def test_who_leaves_in_mid_answer_and_comes_back_by_the_back_button_has_it_once_and_to_its_end(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        ask(page, "很久的问题", settled=False).locator(".ty-cite").first.wait_for()
        until(lambda: stored(page) == [["很久的问题"]])
        count = len(site.log())
        page.goto(f"{site.url}/healthz")
        page.go_back()
        page.locator(".ty-cite").first.wait_for()
        page.locator("#ty-stop").wait_for()
        site.finish()
        page.locator("#ty-send").wait_for()
        assert page.locator(".ty-cite").count() == 2
        until(lambda: answered(page))
        assert asked(page) == ["很久的问题"] and stored(page) == [["很久的问题"]]
        assert len(site.log()) == count


def test_an_answer_from_ones_own_document_comes_back_as_it_was(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        page.get_by_role("tab", name="文件").click()
        text = "# 小区养犬公约\n\n第一条 为了邻里和睦，制定本公约。\n\n第二条 犬只应当拴绳。\n"
        page.locator(".ty-files").set_input_files({"name": "公约.md", "mimeType": "", "buffer": text.encode()})
        page.locator(".ty-own").wait_for()
        page.get_by_role("tab", name="提问").click()
        message = ask(page, "上传的文件怎么说？")
        until(lambda: answered(page))
        before = message.evaluate("turn => turn.outerHTML")
        assert "为了邻里和睦" in before
        reloaded(page, 1)
        until(lambda: bool(page.locator(".ty-turn").evaluate("turn => turn.outerHTML") == before))
        message.locator(".ty-cite").last.click()
        until(lambda: "为了邻里和睦" in page.locator(".ty-cited").inner_text())


def test_a_server_that_begins_anew_goes_on_with_the_conversation_on_the_page(tmp_path: Path) -> None:
    command = [sys.executable, str(Path(__file__).with_name("played.py")), str(free_port()), str(tmp_path), "{}"]
    with contextlib.ExitStack() as stack:
        with served(command, tmp_path / "output.txt") as site:
            page = stack.enter_context(page_at(site.url))
            ask(page, "第一问")
            until(lambda: answered(page))
        with served(command, tmp_path / "output.txt"):
            ask(page, "第二问")
            until(lambda: answered(page))
            assert asked(page) == ["第一问", "第二问"] and stored(page) == [["第一问", "第二问"]]
            log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
            assert log[-1] == {"asked": "第二问", "history": ["第一问"]}
            page.get_by_role("button", name="新对话").click()
            until(lambda: asked(page) == [])


def test_what_was_being_read_is_open_again_after_a_reload(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        ask(page, "推广什么？").get_by_role("link", name="第六条第3句").click()
        until(lambda: page.locator(".ty-cited").inner_text() == "加强个人隐私保护。")
        until(lambda: answered(page))
        reloaded(page, 1)
        page.wait_for_timeout(500)
        assert page.locator(".ty-cited").inner_text() == "加强个人隐私保护。"


def test_what_is_stored_wrongly_is_said_and_can_be_deleted_and_nothing_of_it_is_shown(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        ask(page, "推广什么？")
        until(lambda: answered(page))
        change = """change => { const key = Object.keys(localStorage).find(k => k.startsWith('tiaoyin.talk.'));
                    localStorage[key] = localStorage[key].replace(...change); }"""
        page.evaluate(change, ["加强个人隐私保护。", "不保护个人隐私。"])  # in its quotation or its sentence
        page.evaluate(change, ["加强个人隐私保护。", "不保护个人隐私。"])
        page.context.clear_cookies()  # else the server has the answer itself, for a while
        reloaded(page, 1)
        assert "没有答完" in page.locator(".ty-reply").inner_text()
        assert "不保护个人隐私" not in page.locator("#ty-chat").inner_text()
        page.evaluate(change, ['"day":"2', '"day":"x2'])
        page.reload()
        page.get_by_text("这个对话读不出来").wait_for()
        sheet = talks(page)
        sheet.get_by_role("button", name="删除 推广什么？").click()
        assert stored(page) == []
        page.keyboard.press("Escape")
        assert ask(page, "再问").locator(".ty-cite").count() == 2


def test_markup_in_a_question_is_text_in_the_list_and_after_a_reload(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        evil = '<img src=http://evil.example/p onerror="alert(1)">'
        ask(page, evil)
        until(lambda: answered(page))
        reloaded(page, 1)
        assert asked(page) == [evil]
        sheet = talks(page)
        assert sheet.locator(".ty-talk span").inner_text() == f"{evil[:39]}…"
        sheet.get_by_role("button", name="删除 <img").click()
        assert sheet.locator(".ty-talks-gone span").inner_text() == f"已删除：{evil[:39]}…"
        assert page.locator("#ty-chat img, #ty-talks img").count() == 0
        assert (page.foreign, page.faults) == ([], [])


def test_the_oldest_conversations_make_room_when_the_browser_has_none(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        page.evaluate("""() => { for (const at of [1, 2]) localStorage.setItem(`tiaoyin.talk.${at}`,
            JSON.stringify({ at, day: "2026-01-01", turns: [{ question: at + "旧".repeat(20_000), answer: null }] }));
            for (let n = 22, fill = ""; n >= 0; n--) try { localStorage.fill = fill + "x".repeat(2 ** n);
              fill = localStorage.fill; } catch { /* full */ } }""")
        ask(page, "推广什么？")
        until(lambda: answered(page))
        assert [turns[0][0] for turns in stored(page)] == ["推", "2"]


def test_nobody_is_shown_anothers_conversation(site: SimpleNamespace) -> None:
    with page_at(site.url) as mine, page_at(site.url) as other:
        ask(mine, "只有我知道的问题")
        until(lambda: answered(mine))
        reload(other)
        assert talks(other).locator(".ty-talk").count() == 0
        assert "只有我知道" not in other.content() and stored(other) == []


@some_views
def test_a_link_puts_its_question_into_the_box_and_each_turn_gives_one(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        message = ask(page, "a&b=c#d? <b>“问”</b>")
        tab_to(page, ".ty-link", "Shift+Tab")
        page.keyboard.press("Enter")
        until(lambda: page.locator("#ty-said").inner_text() == said(page, "read_copied"))
        link = page.evaluate("navigator.clipboard.readText()")
        lang = page.evaluate("document.documentElement.lang")
        assert link.startswith(f"{site.url}/?q=") and link.endswith(f"&lang={lang}")
        assert message.locator(".ty-link").count() == 1
        count = len(site.log())
        other = page.context.new_page()
        other.goto(link)
        box = other.locator("#ty-box textarea")
        until(lambda: box.input_value() == "a&b=c#d? <b>“问”</b>")
        assert asked(other) == [] and len(site.log()) == count  # put into the box, not asked
        box.press("Enter")
        other.locator("#ty-send").wait_for()
        other.locator(".ty-cite").nth(1).wait_for()
        until(lambda: "q=" not in other.url)
        reloaded(other, 1)
        assert other.locator("#ty-box textarea").input_value() == ""


@some_views
def test_the_conversation_is_exported_as_markdown_word_and_json(
    site: SimpleNamespace, width: int, locale: str, tmp_path: Path
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        export = page.get_by_role("button", name=said(page, "talk_export"), exact=True)
        assert export.is_hidden()  # there is nothing yet
        ask(page, "推广什么？")
        until(lambda: answered(page))
        made = {}
        for name, words in (("md", "Markdown"), ("docx", said(page, "talk_word")), ("json", "JSON")):
            export.focus()
            page.keyboard.press("Enter")
            menu = page.locator("#ty-export")
            menu.wait_for()
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/export-{width}.png")
            tab_to(page, "#ty-export button")
            with page.expect_download() as download:
                menu.get_by_role("button", name=words).click()
            assert download.value.suggested_filename == f"推广什么？.{name}"
            made[name] = Path(download.value.path()).read_bytes()
            menu.wait_for(state="hidden")
        assert "推广低功耗芯片、高效算法等绿色计算技术[^1-1]。" in made["md"].decode()
        assert "[^1-2]: 《人工智能全球治理行动计划》第六条第3句\n\n    加强个人隐私保护。" in made["md"].decode()
        assert "加强个人隐私保护。" in zipfile.ZipFile(io.BytesIO(made["docx"])).read("word/footnotes.xml").decode()
        data = json.loads(made["json"])
        assert data["turns"][0]["answer"]["citations"][1]["quote"] == "加强个人隐私保护。"
        assert (page.foreign, page.faults) == ([], [])


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [("json", b"{", 400), ("md", b"", 400), ("exe", b"{}", 404), ("md", b"x" * 4_000_001, 413)],
)
def test_what_is_no_conversation_is_not_exported(site: SimpleNamespace, kind: str, body: bytes, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(urllib.request.Request(f"{site.url}/export/{kind}", body, method="POST"))
    assert error.value.code == status


@looks
def test_the_list_and_the_menu_have_no_serious_fault(
    site: SimpleNamespace, axe: str, width: int, locale: str, dark: bool
) -> None:
    with page_at(site.url, width=width, locale=locale, dark=dark) as page:
        ask(page, "推广什么？")
        page.get_by_role("button", name=said(page, "page_new"), exact=True).click()
        until(lambda: asked(page) == [])
        ask(page, "行动计划支持在联合国框架下建立哪两项机制，又由谁来落实？")
        until(lambda: answered(page))
        page.get_by_role("button", name=said(page, "talk_export"), exact=True).click()
        page.locator("#ty-export").wait_for()
        found = {"menu": faults(page, axe)}
        page.keyboard.press("Escape")
        sheet = talks(page)
        found["list"] = faults(page, axe)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/talks-{width}-{locale}{'-dark' * dark}.png")
        sheet.get_by_role("button", name=re.compile("推广什么")).last.click()
        found["deleted"] = faults(page, axe)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/deleted-{width}-{locale}{'-dark' * dark}.png")
            page.keyboard.press("Escape")
            page.screenshot(path=f"{SHOTS}/talk-{width}-{locale}{'-dark' * dark}.png")
        assert {view: each for view, each in found.items() if each} == {}
