"""The page in a real Chromium, served by `serve()` in a process of its own with an engine that plays a script."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from browser import ask, in_view, page_at, until
from played import HOSTILE, ODD, SIX, PlayedEngine, played

from ui.app import Page, Turn

slow = pytest.mark.slow
SHOTS = os.environ.get("SHOTS")  # a folder for screenshots to look at


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    with played(tmp_path_factory.mktemp("page")) as running:
        yield running


@slow
def test_an_answer_streams_and_its_citation_opens_the_right_clause_highlighted(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        message = ask(page, "很久的问题", settled=False)
        message.get_by_text("找到的条文").wait_for()  # the provisions come before the answer
        message.locator(".ty-cite").first.wait_for()  # a first sentence before the last one
        assert message.locator(".ty-cite").count() == 1
        assert page.get_by_role("button", name="停止").is_visible()
        site.finish()
        page.get_by_role("button", name="提问").wait_for()
        assert message.locator(".ty-cite").all_inner_texts() == ["第七条第2句", "第六条第3句"]
        message.get_by_role("link", name="第六条第3句").click()
        assert "《人工智能全球治理行动计划》第六条第3句" in message.locator("details[open] summary").inner_text()
        assert message.locator("details[open] mark").inner_text() == "加强个人隐私保护。"
        assert message.locator("details[open] blockquote").inner_text() == SIX
        until(lambda: in_view(page, "#src-1-2 mark"))
        assert urlsplit(page.url).fragment == ""
        assert (page.foreign, page.faults) == ([], [])
        assert {urlsplit(url).hostname for url in page.requests} == {"127.0.0.1"}


@slow
def test_the_keyboard_alone_asks_and_opens_a_clause(site: SimpleNamespace) -> None:
    with page_at(site.url, height=400) as page:
        until(lambda: page.evaluate("document.activeElement.tagName") == "TEXTAREA")  # no click needed to type
        message = ask(page, "推广哪些绿色计算技术？")
        for _ in range(12):
            page.keyboard.press("Shift+Tab")
            if page.evaluate("document.activeElement.getAttribute('href')") == "#src-1-2":
                break
        else:
            raise AssertionError("no citation was reached by Tab")
        page.keyboard.press("Enter")
        assert message.locator("details[open] mark").inner_text() == "加强个人隐私保护。"
        until(lambda: in_view(page, "#src-1-2 mark"))
        assert page.evaluate("document.activeElement.parentElement.id") == "src-1-2"
        page.keyboard.press("Enter")  # the focus is on the clause: the same key folds it
        assert message.locator("details[open]").count() == 0


@slow
def test_a_clause_opened_while_the_answer_streams_stays_open_and_keeps_the_focus(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        message = ask(page, "很久的问题", settled=False)
        message.locator(".ty-cite").first.focus()
        page.keyboard.press("Enter")
        site.finish()
        message.locator(".ty-cite").nth(1).wait_for()
        page.locator("#ty-send").wait_for()
        assert message.locator("details[open] mark").inner_text().startswith("倡导可持续发展理念")
        assert page.evaluate("document.activeElement.parentElement.id") == "src-1-1"


@slow
def test_a_second_turn_leaves_the_first_ones_citations_working_and_knows_the_first_question(
    site: SimpleNamespace,
) -> None:
    with page_at(site.url) as page:
        first = ask(page, "第一问：推广哪些技术？")
        second = ask(page, "那么隐私呢？")
        assert site.log()[-1] == {"asked": "那么隐私呢？", "history": ["第一问：推广哪些技术？"]}
        first.get_by_role("link", name="第七条第2句").click()
        assert first.locator("details[open]").get_attribute("id") == "src-1-1"
        second.get_by_role("link", name="第七条第2句").click()
        assert second.locator("details[open]").get_attribute("id") == "src-2-1"
        page.get_by_role("button", name="新对话").click()
        page.locator(".ty-question").first.wait_for(state="detached")
        ask(page, "重新开始")
        assert site.log()[-1] == {"asked": "重新开始", "history": []}


@slow
def test_an_example_is_asked_by_one_click(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        page.get_by_role("button", name="行动计划推广哪些绿色计算技术").click()
        page.locator(".ty-cite").nth(1).wait_for()
        assert page.locator(".ty-question").inner_text() == "行动计划推广哪些绿色计算技术？"
        assert page.locator("#ty-examples").is_hidden()


@slow
def test_a_refusal_says_why_and_shows_no_citation(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        message = ask(page, "规定的罚款金额是多少？")
        assert "没有找到能回答这个问题的内容" in message.inner_text()
        assert message.locator("a").count() == 0
        nearest = message.locator(".ty-nearest li").first
        assert nearest.is_hidden()
        message.get_by_text("最接近的条文（不是答案）").click()
        assert nearest.inner_text().startswith("《人工智能全球治理行动计划》第七条")


@slow
def test_markup_in_question_answer_and_clause_neither_runs_nor_sends_a_request(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        message = ask(page, f"攻击 {HOSTILE}")
        message.locator(".ty-cite").nth(1).click()
        message.locator(".ty-removed summary").click()
        assert page.locator(".ty-question").inner_text() == f"攻击 {HOSTILE}"
        assert message.locator("#src-1-2 mark").inner_text() == ODD
        assert HOSTILE in message.locator(".ty-text").inner_text()
        ours = page.locator(".ty-question, .ty-answer")
        for tag in ("img", "form", "script", "iframe", "a:not(.ty-cite)", ".katex"):
            assert ours.locator(tag).count() == 0, tag
        assert page.title() == "TiaoYin 条引"
        assert (page.foreign, page.faults) == ([], [])


@slow
def test_stopping_keeps_what_stands_stops_the_engine_and_lets_the_reader_ask_again(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        message = ask(page, "很久的问题", settled=False)
        message.locator(".ty-cite").wait_for()
        page.get_by_role("button", name="停止").click()
        message.get_by_text("已停止").wait_for()
        until(lambda: {"stopped": "很久的问题"} in site.log())
        assert message.locator(".ty-cite").count() == 1
        assert message.get_by_text("正在作答").is_hidden()
        again = ask(page, "再问一次")
        assert again.locator(".ty-cite").count() == 2
        assert message.get_by_text("已停止").is_visible()


@slow
def test_a_question_asked_while_a_stopped_answer_is_still_ending_is_answered(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        ask(page, "很久的问题，迟停", settled=False).locator(".ty-cite").wait_for()
        page.get_by_role("button", name="停止").click()
        page.locator("#ty-send").wait_for()
        assert ask(page, "马上再问").locator(".ty-cite").count() == 2


@slow
def test_a_question_stopped_in_the_queue_frees_the_box_at_once_and_never_reaches_the_engine(
    site: SimpleNamespace,
) -> None:
    with page_at(site.url) as page:
        other = page.context.new_page()
        other.goto(site.url)
        ask(page, "很久的问题", settled=False).locator(".ty-cite").wait_for()
        waiting = ask(other, "不问了", settled=False)
        other.get_by_role("button", name="停止").click()
        waiting.get_by_text("已停止").wait_for()
        after = ask(other, "改问这个", settled=False)
        after.get_by_text("排队中").wait_for()
        page.get_by_role("button", name="停止").click()
        after.locator(".ty-cite").nth(1).wait_for()
        assert waiting.inner_text().strip() == "已停止。"
        assert [note["asked"] for note in site.log() if "asked" in note][-2:] == ["很久的问题", "改问这个"]


@slow
@pytest.mark.parametrize(("stage", "words"), [("waiting", "这个问题没有排上"), ("answering", "程序内部出错")])
def test_a_question_that_the_full_queue_turned_away_is_not_called_a_fault(stage: str, words: str) -> None:
    turns = [Turn("问", "", stage)]
    Page(PlayedEngine(Path())).fail(turns, "zh")
    assert words in turns[0].body
    assert turns[0].stage == "over"


@slow
@pytest.mark.parametrize(("question", "words"), [("出错", "没有端口 99"), ("故障", "程序内部出错")])
def test_an_error_is_plain_words_and_the_next_question_is_answered(
    site: SimpleNamespace, question: str, words: str
) -> None:
    with page_at(site.url) as page:
        message = ask(page, question)
        assert words in message.inner_text()
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{question}.png")
        assert "Traceback" not in page.locator("body").inner_text()
        assert ask(page, "推广什么？").locator(".ty-cite").count() == 2


@slow
def test_those_who_wait_are_told_so_and_are_answered_in_turn(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        other = page.context.new_page()
        other.goto(site.url)
        ask(page, "很久的问题", settled=False).locator(".ty-cite").wait_for()
        message = ask(other, "隐私呢？", settled=False)
        message.get_by_text("排队中").wait_for()
        site.finish()
        message.locator(".ty-cite").nth(1).wait_for()
        assert page.locator(".ty-cite").count() == 2


@slow
@pytest.mark.parametrize(
    ("locale", "query", "words"),
    [("zh-CN", "", "提问"), ("en-GB", "", "Ask"), ("en-GB", "/?lang=zh", "提问"), ("zh-TW", "/?lang=en", "Ask")],
)
def test_the_page_speaks_the_browsers_language_or_the_addresss(
    site: SimpleNamespace, locale: str, query: str, words: str
) -> None:
    with page_at(site.url + query, locale=locale) as page:
        page.get_by_role("button", name=words, exact=True).wait_for()
        assert page.evaluate("document.documentElement.lang") == ("zh" if words == "提问" else "en")


@slow
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, False), (1280, True), (360, True)])
def test_nothing_is_wider_than_the_screen(site: SimpleNamespace, width: int, dark: bool) -> None:
    with page_at(site.url, width=width, height=800, dark=dark) as page:
        message = ask(page, f"攻击 {HOSTILE} {'长' * 200} {'w' * 200}")
        message.locator(".ty-cite").first.click()
        page.locator(".ty-documents summary").click()
        if SHOTS:  # to look at
            page.wait_for_timeout(800)
            page.screenshot(path=f"{SHOTS}/{width}{'-dark' * dark}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".ty-documents li").inner_text().startswith("人工智能全球治理行动计划")


@slow
def test_a_question_asked_while_the_models_load_is_answered_when_they_have(tmp_path: Path) -> None:
    with played(tmp_path, loading=True) as site, page_at(site.url) as page:
        assert json.load(urllib.request.urlopen(f"{site.url}/healthz"))["note"] == "正在装载模型…"
        page.locator("#ty-status").get_by_text("正在装载模型").wait_for()
        message = ask(page, "推广什么？", settled=False)
        message.get_by_text("正在装载模型").wait_for()
        site.loaded()
        message.locator(".ty-cite").nth(1).wait_for()
        page.locator("#ty-status").get_by_text("正在装载模型").wait_for(state="hidden")
        page.locator(".ty-documents").wait_for()
