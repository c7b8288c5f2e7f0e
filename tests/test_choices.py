"""What a visitor sets: it is used, stays in that visitor's browser, and nothing that is not offered is taken."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser import ask, page_at, reload, said, tab_to, until
from screens import some_views

from rag.settings import Settings
from ui.choices import Choices, amounts, fit, kept, models

slow = pytest.mark.slow
SERVER = Settings(home=Path("/nowhere"), llms="extractive openai:m@http://127.0.0.1:1/v1")


def test_the_servers_own_is_offered_first_and_alone_by_default() -> None:
    assert models(Settings(home=Path("/nowhere"))) == ["embedded"]
    assert models(SERVER) == ["embedded", "extractive", "openai:m@http://127.0.0.1:1/v1"]
    assert 3 in amounts(Settings(home=Path("/nowhere"), provisions=3))


@pytest.mark.parametrize(
    ("llm", "provisions", "used"),
    [
        ("embedded", 4, Choices()),
        ("extractive", 8, Choices("extractive", 8)),
        ("openai:m@http://evil.example/v1", 4, Choices()),
        ("gguf:/etc/passwd", 10_000, Choices()),
        (None, -1, Choices()),
    ],
)
def test_only_what_is_offered_is_used(llm: Any, provisions: Any, used: Choices) -> None:
    assert fit(SERVER, llm, provisions) == used


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "3", '"x"', "{", '{"llm": {"a": 1}, "provisions": [4]}', '{"language": "xx", "theme": "<b>"}',
     '{"provisions": true, "unknown": 1}', '{"llm": "gguf:/x", "provisions": 1e99}'],
)  # fmt: skip
def test_whatever_a_browser_has_kept_does_no_harm(text: str) -> None:
    assert kept(SERVER, text) == Choices()


def test_what_a_browser_has_kept_is_taken_up() -> None:
    text = json.dumps({"llm": "extractive", "provisions": 8, "language": "en", "theme": "dark"})
    assert kept(SERVER, text) == Choices("extractive", 8, "en", "dark")


def settings(page: Any) -> None:
    page.get_by_role("tab", name=said(page, "page_tab_settings")).click()


@slow
@some_views
def test_model_and_number_of_provisions_go_with_the_question_outlive_a_reload_and_are_nobody_elses(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page, page_at(site.url) as other:
        settings(page)
        page.get_by_role("radio", name="extractive").check()
        page.get_by_role("radio", name="8", exact=True).check()
        for again in (False, True):
            if again:
                reload(page)
                settings(page)
                until(lambda: page.get_by_role("radio", name="8", exact=True).is_checked())
                assert page.get_by_role("radio", name="extractive").is_checked()
            page.get_by_role("tab", name=said(page, "page_tab_ask")).click()
            ask(page, "推广什么？")
            before = ["推广什么？"] * again  # the conversation outlives the reload too
            chosen = {"llm": "extractive", "provisions": 8}
            assert site.log()[-1] == {"asked": "推广什么？", "history": before, **chosen}
        ask(other, "别人的问题")
        assert site.log()[-1] == {"asked": "别人的问题", "history": []}
        reload(other)
        settings(other)
        assert other.get_by_role("radio", name="embedded").is_checked()


@slow
def test_what_is_chosen_before_the_server_has_said_the_last_choices_is_not_lost_nor_loses_them(
    site: SimpleNamespace,
) -> None:
    held: list[Any] = []
    with page_at(site.url) as page:
        settings(page)
        page.get_by_role("radio", name="8", exact=True).check()
        until(lambda: "8" in page.evaluate("localStorage.getItem('tiaoyin.choices') || ''"))
        page.context.route("**/run/predict*", lambda route: held.append(route))
        page.reload()
        page.locator("#ty-box textarea").wait_for()
        until(lambda: len(held) > 0)
        page.locator("#ty-tab-settings-button").click()
        page.get_by_role("radio", name="extractive").check()
        until(lambda: "extractive" in page.evaluate("localStorage.getItem('tiaoyin.choices') || ''"))
        for route in held:
            route.continue_()
        page.context.unroute("**/run/predict*")  # which also lets go what came meanwhile
        page.get_by_text(said(page, "choose_theme"), exact=True).wait_for()
        page.get_by_role("tab", name=said(page, "page_tab_ask")).click()
        ask(page, "推广什么？")
        assert site.log()[-1] == {"asked": "推广什么？", "history": [], "llm": "extractive", "provisions": 8}
        assert page.faults == []


@slow
@pytest.mark.parametrize("width", [1280, 390])
def test_the_language_changes_at_once_and_stays_and_goes_back_to_the_browsers(
    site: SimpleNamespace, width: int
) -> None:
    with page_at(site.url, width=width, locale="zh-CN") as page:
        mark = ask(page, "推广什么？").locator(".ty-verbatim").first
        assert mark.inner_text() == "原文"
        page.keyboard.press("Escape")
        settings(page)
        page.get_by_role("radio", name="English").check()
        page.get_by_text("Theme", exact=True).wait_for()
        page.get_by_role("tab", name="Ask").click()
        page.get_by_role("button", name="Ask", exact=True).wait_for()
        until(lambda: mark.inner_text() == "verbatim")  # around an answer too
        page.reload()
        page.get_by_role("button", name="Ask", exact=True).wait_for()
        assert page.evaluate("document.documentElement.lang") == "en"
        page.get_by_role("tab", name="Documents").click()
        page.get_by_text("Shared documents: 4").wait_for()
        settings(page)
        page.get_by_role("radio", name="As the browser").check()
        page.get_by_text("颜色", exact=True).wait_for()
        page.get_by_role("tab", name="文件").click()
        page.get_by_text("共用的文件：4 篇").wait_for()


@slow
@some_views
def test_the_theme_is_set_by_the_keyboard_and_otherwise_follows_the_system(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale, dark=True) as page:
        is_dark = lambda: page.evaluate("document.body.classList.contains('dark')")  # noqa: E731
        until(is_dark)
        settings(page)
        tab_to(page, "#ty-settings fieldset:last-of-type input", steps=12)
        page.keyboard.press("ArrowRight")
        until(lambda: not is_dark())
        until(page.get_by_role("radio", name=said(page, "choose_light")).is_checked)
        page.reload()
        page.locator("#ty-box").wait_for()
        page.wait_for_timeout(500)
        assert not is_dark()
        page.emulate_media(color_scheme="light")
        settings(page)
        page.get_by_role("radio", name=said(page, "choose_dark")).check()
        until(is_dark)
        page.get_by_role("radio", name=said(page, "choose_follow_system")).check()
        until(lambda: not is_dark())
        page.emulate_media(color_scheme="dark")
        until(is_dark)
