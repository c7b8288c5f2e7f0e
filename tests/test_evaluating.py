"""The Evaluate tab in a real Chromium: a set is sent or chosen, watched, stopped, its report read and kept; marks."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from browser import ask, page_at, reload, said, tab_to, until
from played import PlayedEngine, played
from screens import SHOTS, faults, looks, some_views, views

from rag.settings import Settings
from rag.visitors import new_id
from ui.evaluating import OWN, Evaluating, Runs, may_export

slow = pytest.mark.slow
GOLD = [{"doc": "人工智能全球治理行动计划", "article": "7"}]
SET: list[dict[str, Any]] = [
    {"id": "a", "question": "推广什么？", "answerable": True, "gold": GOLD, "keys": [["低功耗芯片"]], "kind": "fact"},
    {"id": "b", "question": "罚款多少？<img src=http://evil.example/x>", "answerable": False, "kind": "none"},
    {"id": "c", "question": "很久的问题", "answerable": True, "gold": GOLD, "kind": "fact"},
]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def workbook(folder: Path) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["id", "question", "gold"])
    book.active.append(["x", "推广什么？", json.dumps(GOLD)])
    book.save(folder / "x.xlsx")
    return (folder / "x.xlsx").read_bytes()


def button(page: Any, key: str) -> Any:
    return page.locator("#ty-evaluate").get_by_role("button", name=said(page, key), exact=True)


def tab(page: Any) -> None:
    page.get_by_role("tab", name=said(page, "page_tab_evaluate")).click()
    button(page, "watch_start").wait_for()


def sends(page: Any, name: str, data: bytes, how: str = "choose_whole") -> None:
    page.get_by_role("radio", name=said(page, "choose_own_set")).check()
    page.locator(".ty-set input").set_input_files({"name": name, "mimeType": "text/plain", "buffer": data})
    page.get_by_role("radio", name=said(page, how)).check()
    button(page, "watch_start").click()


@slow
@views
def test_a_set_is_sent_watched_even_over_a_reload_and_its_report_is_shown_without_scripts_and_kept(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        page.on("filechooser", lambda _: None)  # or a busy machine opens a real one
        tab(page)
        page.get_by_role("radio", name=said(page, "choose_own_set")).check()
        file = page.get_by_label(said(page, "watch_pick"))
        assert said(page, "watch_unpicked") in page.locator(".ty-set").inner_text()
        assert file.bounding_box()["width"] <= 1  # in its place, and in the page's words, stands ours
        tab_to(page, ".ty-set input")
        with page.expect_file_chooser():
            page.keyboard.press("Enter")
        sends(page, "我的.jsonl", lines(SET))
        page.locator(".ty-picked").get_by_text("我的.jsonl").wait_for()
        page.get_by_text(said(page, "watch_progress", done=2, of=3)).wait_for()
        bar = page.locator(".ty-run progress")
        assert (bar.get_attribute("value"), bar.get_attribute("max")) == ("2", "3")
        assert page.locator(".ty-run dt").first.inner_text() == "recall@5"
        assert button(page, "watch_start").is_hidden() and button(page, "page_stop").is_visible()
        assert page.locator(".ty-report").count() == 0
        reload(page)
        tab_to(page, "#ty-tab-evaluate-button", "Shift+Tab")
        page.keyboard.press("Enter")
        page.get_by_text(said(page, "watch_progress", done=2, of=3)).wait_for()
        assert button(page, "watch_start").is_hidden() and button(page, "page_stop").is_visible()
        site.finish()
        page.get_by_text(said(page, "watch_done", of=3)).wait_for()
        reload(page)
        tab(page)
        page.get_by_text(said(page, "watch_done", of=3)).wait_for()
        frame = page.locator(".ty-report")
        assert frame.get_attribute("sandbox") == "" and frame.get_attribute("title") == said(page, "watch_report")
        report = page.frame_locator(".ty-report")
        report.get_by_role("heading", name=said(page, "report_title")).wait_for()
        assert report.locator("#all tbody tr").count() == 3 and report.locator("#text").is_hidden()
        assert report.locator("img").count() == 0
        report.get_by_role("link", name="b", exact=True).click()  # to a place in the report, not out of it
        page.wait_for_timeout(300)
        assert report.get_by_role("heading", name=said(page, "report_title")).count() == 1
        with page.expect_download() as download:
            button(page, "watch_download").click()
        assert download.value.suggested_filename == "report.html"
        text = Path(download.value.path()).read_text(encoding="utf-8")
        assert text.startswith("<!doctype html>") and "低功耗芯片" in text
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert (page.foreign, page.faults) == ([], [])


@slow
@pytest.mark.parametrize("width", [1280, 390])
def test_a_run_is_stopped_and_another_started_by_keyboard(site: SimpleNamespace, width: int) -> None:
    with page_at(site.url, width=width) as page:
        tab(page)
        sends(page, "a.jsonl", lines(SET))
        page.get_by_text("2 / 3 个问题").wait_for()
        tab_to(page, "#ty-run button")
        page.keyboard.press("Enter")
        page.locator("#ty-progress").get_by_text("已停止").wait_for()
        assert button(page, "watch_start").is_visible()
        site.finish()
        sends(page, "a.csv", "id,question\n1,推广什么？\n".encode())
        page.get_by_text("评测完成，共 1 个问题").wait_for()
        assert page.locator(".ty-report").count() == 1


@slow
def test_a_workbook_is_run_and_retrieval_alone_asks_no_model(site: SimpleNamespace, tmp_path: Path) -> None:
    with page_at(site.url) as page:
        tab(page)
        sends(page, "x.xlsx", workbook(tmp_path), how="choose_retrieve")
        page.get_by_text("评测完成，共 1 个问题").wait_for()
        assert page.locator(".ty-run dt").all_inner_texts() == ["recall@5"]


@slow
@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("坏.jsonl", b"{", "坏.jsonl 第 1 行不是正确的 JSON"),
        ("多.jsonl", lines([{"id": str(n), "question": "?"} for n in range(201)]), "有 201 个问题，这里最多 200 个"),
        ("大.csv", b"x" * (10 * 2**20 + 5), "大.csv"),
        ("<b>.exe", b"x", "问题集 <b>.exe 的类型不认识"),
        ("", b"", "请先选一个文件"),
    ],
)
def test_what_is_wrong_with_a_set_is_said_in_words(site: SimpleNamespace, name: str, data: bytes, words: str) -> None:
    with page_at(site.url) as page:
        tab(page)
        if name:
            sends(page, name, data)
        else:
            page.get_by_role("radio", name="自己的文件").check()
            button(page, "watch_start").click()
        page.locator("#ty-progress .ty-error").get_by_text(words).wait_for()
        assert button(page, "watch_start").is_visible()


@slow
def test_a_set_that_came_with_the_program_can_be_chosen(site: SimpleNamespace) -> None:
    with page_at(site.url) as page:
        tab(page)
        page.get_by_role("radio", name=said(page, "choose_set_page"), exact=True).check()
        assert page.locator(".ty-set").is_hidden()
        button(page, "watch_start").click()
        page.get_by_text("不在索引里").wait_for()  # this engine's documents are others


@slow
def test_a_second_visitor_waits_and_sees_nothing_of_the_first_ones_run(site: SimpleNamespace) -> None:
    with page_at(site.url) as page, page_at(site.url) as other:
        for each in (page, other):
            tab(each)
        sends(page, "a.jsonl", lines(SET))
        page.get_by_text("2 / 3 个问题").wait_for()
        sends(other, "b.jsonl", lines(SET[:1]))
        other.get_by_text("一次只做一个评测").wait_for()
        site.finish()
        other.get_by_text("评测完成，共 1 个问题").wait_for()
        assert page.get_by_text("评测完成，共 3 个问题").is_visible()
        assert other.frame_locator(".ty-report").locator("#all tbody tr").count() == 1


def test_a_run_is_found_again_by_its_visitor_alone_goes_on_unwatched_and_is_stopped_from_elsewhere(
    tmp_path: Path,
) -> None:
    evaluating, mine, runs = Evaluating(PlayedEngine(tmp_path)), new_id(), Runs()
    evaluating.begin(runs, "zh", mine)
    data = base64.b64encode(lines([SET[0], SET[2], {**SET[0], "id": "d"}])).decode()
    watching = evaluating.go(data, "a.jsonl", OWN, "whole", runs, "zh", mine)
    until(lambda: "1 / 3" in next(watching)[2])
    watching.close()
    for visitor in (new_id(), ""):
        others = Runs()
        assert list(evaluating.rejoin(others, visitor)) == [({"__type__": "update"},) * 5] and not others
    again = Runs()
    assert "1 / 3" in next(evaluating.rejoin(again, mine))[2]
    evaluating.stop(again, "zh")
    (tmp_path / "finish").touch()
    *_, last = evaluating.rejoin(Runs(), mine)
    assert "1 / 3" in last[2] and "已停止" in last[2]
    other = Runs()
    evaluating.begin(other, "zh")
    data = base64.b64encode(lines(SET[:1])).decode()
    *_, last = evaluating.go(data, "b.jsonl", OWN, "retrieve", other, "zh")  # the line is free again
    assert "评测完成，共 1 个问题" in last[2]


@slow
def test_strangers_are_limited_and_are_not_given_the_marks_of_others(tmp_path: Path) -> None:
    with played(tmp_path, demo="on", demo_questions=1, eval_questions=2) as site, page_at(site.url) as page:
        tab(page)
        assert button(page, "watch_export").count() == 0
        sends(page, "a.jsonl", lines(SET))
        page.locator("#ty-progress").get_by_text("有 3 个问题，这里最多 2 个").wait_for()
        sends(page, "b.jsonl", lines(SET[:2]))
        page.locator("#ty-progress").get_by_text("这里每小时最多提 1 个问题").wait_for()
        sends(page, "b.jsonl", lines(SET[:2]), how="choose_retrieve")
        page.get_by_text("评测完成，共 2 个问题").wait_for()


@slow
@some_views
def test_marks_are_exported_as_questions(site: SimpleNamespace, width: int, locale: str) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        (site.folder / "feedback.jsonl").unlink(missing_ok=True)
        tab(page)
        button(page, "watch_export").click()
        page.locator("#ty-evaluate .ty-error").get_by_text(said(page, "feedback_none", place="")[-10:]).wait_for()
        page.get_by_role("tab", name=said(page, "page_tab_ask")).click()
        ask(page, "推广什么？")
        page.get_by_role("button", name=said(page, "feedback_like"), exact=True).click()
        page.get_by_text(said(page, "feedback_noted_like")).wait_for()
        tab(page)
        with page.expect_download() as download:
            button(page, "watch_export").click()
        (row,) = [json.loads(line) for line in Path(download.value.path()).read_text(encoding="utf-8").splitlines()]
        assert (row["question"], row["verdict"], row["answerable"]) == ("推广什么？", "like", True)
        assert [gold["article"] for gold in row["gold"]] == ["7", "6"]
        assert page.locator("#ty-evaluate .ty-error").count() == 0


@pytest.mark.parametrize(
    ("settings", "may"),
    [
        (Settings(), True),
        (Settings(demo="on"), False),
        (Settings(host="0.0.0.0"), False),
        (Settings(keys="on"), False),
        (Settings(keys="on", host="localhost"), False),
    ],
)
def test_marks_are_exported_only_where_the_page_is_ones_own(settings: Settings, may: bool) -> None:
    assert may_export(settings) is may


@slow
@looks
def test_the_tab_has_no_serious_fault(site: SimpleNamespace, axe: str, width: int, locale: str, dark: bool) -> None:
    with page_at(site.url, width=width, locale=locale, dark=dark) as page:
        tab(page)
        found = {"start": faults(page, axe)}
        sends(page, "a.jsonl", lines(SET))
        page.get_by_text(said(page, "watch_progress", done=2, of=3)).wait_for()
        found["running"] = faults(page, axe)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/running-{width}-{locale}{'-dark' * dark}.png")
        site.finish()
        page.locator(".ty-report").wait_for()
        found["report"] = faults(page, axe)
        if SHOTS:
            page.wait_for_timeout(500)
            page.screenshot(path=f"{SHOTS}/report-{width}-{locale}{'-dark' * dark}.png", full_page=True)
        assert {view: each for view, each in found.items() if each} == {}
