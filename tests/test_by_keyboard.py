"""The page by keys alone: nothing here points, fills in, or gives the focus to anything."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser import ask, page_at, said, tab_to, until
from screens import some_views
from test_history import answered, asked

pytestmark = pytest.mark.slow
BOX = "#ty-box textarea"


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def to_tab(page: Any, name: str) -> None:
    tab_to(page, f"#ty-tab-{name}-button", "Shift+Tab")
    press(page, "Enter")


def focused(page: Any, selector: str) -> None:
    until(lambda: page.evaluate("selector => document.activeElement.matches(selector)", selector))


@some_views
def test_an_example_is_asked_an_answer_stopped_and_asked_again_and_one_types_on_at_once(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        box = page.locator(BOX)
        focused(page, BOX)
        tab_to(page, ".ty-example", "Shift+Tab")
        press(page, "Enter")
        page.locator(".ty-cite").nth(1).wait_for()
        page.locator("#ty-send").wait_for()
        focused(page, BOX)
        page.keyboard.type("很久的问题")
        tab_to(page, "#ty-send")
        press(page, "Enter")
        message = page.locator(".ty-turn").nth(1)
        message.locator(".ty-cite").wait_for()
        focused(page, BOX)
        tab_to(page, "#ty-stop")
        press(page, "Enter")
        page.keyboard.type("马上打字")
        message.get_by_text(said(page, "page_stopped")).wait_for()
        page.locator("#ty-send").wait_for()
        assert box.input_value() == "马上打字"
        count = len(site.log())
        tab_to(page, "#ty-again", "Shift+Tab")
        press(page, "Enter")
        until(lambda: len(site.log()) > count)
        focused(page, BOX)
        site.finish()
        page.locator("#ty-send").wait_for()
        assert message.locator(".ty-cite").count() == 2
        assert len(asked(page)) == 2
        focused(page, BOX)
        assert page.faults == []


@some_views
def test_the_law_is_gone_about_in_by_its_outline_and_its_references(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        focused(page, BOX)
        ask(page, "长法")
        tab_to(page, '[data-source="src-1-2"]', "Shift+Tab")
        press(page, "Enter")
        cited = page.locator(".ty-cited")
        until(lambda: cited.get_attribute("id") == "article/1165/paragraph/2")
        focused(page, ".ty-cited")
        tab_to(page, ".ty-reader-outline", "Shift+Tab")
        press(page, "Enter")
        tab_to(page, ".ty-outline summary")
        part = page.locator(".ty-outline > ul > li > details").first
        assert part.get_attribute("open") is None
        press(page, "Enter")
        until(lambda: part.get_attribute("open") is not None)
        tab_to(page, ".ty-outline details details > summary", steps=1)
        press(page, "Enter")
        tab_to(page, ".ty-outline a", steps=1)
        press(page, "Enter")
        until(lambda: cited.get_attribute("id") == "article/1")
        focused(page, ".ty-cited")
        tab_to(page, ".ty-ref", steps=2)
        press(page, "Enter")
        until(lambda: cited.get_attribute("id") == "article/1/paragraph/1")  # 前款
        focused(page, ".ty-cited")
        press(page, "Escape")
        page.locator(".ty-reader").wait_for(state="hidden")
        focused(page, '[data-source="src-1-2"]')
        assert page.faults == []


@some_views
def test_settings_are_chosen_by_arrows_files_removed_and_the_conversation_exported(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        page.on("filechooser", lambda _: None)  # or a busy machine opens a real one
        focused(page, BOX)
        to_tab(page, "settings")
        fields = "#ty-settings fieldset:nth-of-type({}) input"
        tab_to(page, fields.format(1))
        press(page, "ArrowRight")
        tab_to(page, fields.format(2), steps=1)
        press(page, "ArrowRight")
        tab_to(page, fields.format(3), steps=1)
        press(page, "ArrowRight", *["ArrowRight"] * (locale == "zh-CN"))  # to the language that it does not speak yet
        other = "en" if locale == "zh-CN" else "zh"
        until(lambda: page.evaluate("document.documentElement.lang") == other)
        page.get_by_text(said(page, "choose_theme"), exact=True).wait_for()
        to_tab(page, "ask")
        tab_to(page, BOX)
        page.keyboard.type("推广什么？")
        press(page, "Enter")
        page.locator(".ty-cite").nth(1).wait_for()
        page.locator("#ty-send").wait_for()
        assert site.log()[-1] == {"asked": "推广什么？", "history": [], "llm": "extractive", "provisions": 6}
        until(lambda: answered(page))
        to_tab(page, "documents")
        tab_to(page, ".ty-choose")
        with page.expect_file_chooser() as chooser:
            press(page, "Enter")
        texts = {name: f"# {name}公约\n\n第一条 {name}。".encode() for name in "甲乙"}
        chooser.value.set_files([{"name": f"{n}.md", "mimeType": "", "buffer": text} for n, text in texts.items()])
        page.locator(".ty-file").nth(1).wait_for()
        tab_to(page, ".ty-clear")
        press(page, "Enter", "Enter")  # to be sure
        page.locator(".ty-own").wait_for(state="detached")
        focused(page, ".ty-choose")
        tab_to(page, "#ty-export-open", "Shift+Tab")
        press(page, "Enter")
        page.locator("#ty-export").wait_for()
        for form in ("md", "docx"):
            tab_to(page, "#ty-export button", steps=2)
            with page.expect_download() as download:
                press(page, "Enter")
            assert download.value.suggested_filename == f"推广什么？.{form}"
            assert Path(download.value.path()).stat().st_size
            page.locator("#ty-export").wait_for(state="hidden")
            press(page, "Enter")  # the focus came back to what opened it
            page.locator("#ty-export").wait_for()
            tab_to(page, "#ty-export button", steps=2)
        assert page.faults == []
