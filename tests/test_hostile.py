"""Markup in what a visitor brings along: files and their names, kept conversations, question sets. All of it is text.

One page, on which the tests follow each other; what the engine answers with is in `test_markup`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser import ask, page_at, shared, until
from payloads import PAYLOADS
from played import played
from test_markup import FOREIGN, flat

pytestmark = pytest.mark.slow
PLACES = "#ty-chat, #ty-library, #ty-chosen, .ty-reader, #ty-talks, #ty-export, #ty-progress, #ty-said"
LINES = [each for each in (flat(payload.split("\n")[0]) for payload in PAYLOADS) if each]
"""The first line of each as it can be seen, which is what a title or a name shows."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("hostile")
    with shared(), played(folder, attacked=True, upload_files=80) as site, page_at(site.url) as page:
        page.dialogs = []
        page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
        yield SimpleNamespace(page=page)


def tab(page: Any, name: str) -> None:
    page.locator(f"#ty-tab-{name}-button").click()


def unharmed(page: Any) -> None:
    found = "roots => [...document.querySelectorAll(roots)].map(root => root.querySelector(`%s`)?.outerHTML || '')"
    assert not any(page.evaluate(found % FOREIGN, PLACES))
    assert page.evaluate("[...document.querySelectorAll('*')].every(e => !e.onerror && !e.ontoggle && !e.onmouseover)")
    assert (page.title(), page.dialogs, page.foreign, page.faults) == ("TiaoYin 条引", [], [], [])


def test_titles_and_names_of_uploaded_files_are_text(site: SimpleNamespace) -> None:
    page = site.page
    tab(page, "documents")
    names = [re.sub(r"[\x00-\x1f]", " ", payload[:60].translate({47: "∕", 92: "∖"})) for payload in PAYLOADS]
    texts = [f"# {flat(payload)}\n\n第一条 {n}。\n" for n, payload in enumerate(PAYLOADS)]
    files = [(f"{name}.md", text) for name, text in zip(names, texts, strict=True)]
    files += [(f"{name}.exe", "MZ") for name in names]
    script = """files => {
        const data = new DataTransfer();
        for (const [name, text] of files) data.items.add(new File([text], name));
        const input = document.querySelector(".ty-files");
        input.files = data.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
    }"""
    page.evaluate(script, files)
    until(lambda: page.locator(".ty-sending").get_attribute("aria-busy") == "false", 60)
    until(lambda: page.locator(".ty-file").count() == len(PAYLOADS))
    assert page.locator('.ty-sending [data-stage="failed"]').count() == len(PAYLOADS)
    lists = (page.locator(".ty-own"), page.locator(".ty-sending"))
    kept, failed = (flat(each.inner_text().replace("\ufffd", "")) for each in lists)  # which stands for what is unseen
    for name in names:
        assert flat(name) in kept and flat(name) in failed
    unharmed(page)
    page.locator(".ty-tick-none").click()
    for n in range(3):
        page.locator(".ty-own .ty-tick").nth(n).check()
    page.locator(".ty-own .ty-title").first.click()
    page.locator(".ty-law").wait_for()
    page.keyboard.press("Escape")
    tab(page, "ask")
    assert page.locator("#ty-chosen").inner_text()
    assert ask(page, "上传的怎么说？").locator(".ty-cite").count() == 3
    unharmed(page)
    page.locator(".ty-ask-all").click()


def test_a_conversation_comes_back_from_the_browsers_storage_as_text(site: SimpleNamespace) -> None:
    page = site.page
    page.goto(page.url.partition("?")[0])  # whatever was opened before
    page.evaluate("localStorage.clear()")
    page.reload()
    page.locator("#ty-box textarea").wait_for()
    ask(page, f"攻击 {PAYLOADS[0]}")
    kept = """() => Object.values(localStorage).some(text => text.startsWith("{") &&
        JSON.parse(text).turns?.every(turn => turn.answer && turn.question.startsWith("攻击")))"""
    until(lambda: bool(page.evaluate(kept)))
    page.reload()
    page.locator(".ty-cite").nth(len(PAYLOADS) - 1).wait_for()
    shown = flat(
        page.locator(".ty-text").evaluate(
            "e => { e = e.cloneNode(true); e.querySelectorAll('a').forEach(a => a.remove()); return e.textContent }"
        )
    )
    assert all(flat(payload) in shown for payload in PAYLOADS)
    unharmed(page)


def test_a_conversation_that_was_tampered_with_is_text_in_the_list_and_when_it_is_opened(site: SimpleNamespace) -> None:
    page = site.page
    put = """payloads => payloads.forEach((payload, n) => localStorage.setItem(`tiaoyin.talk.${n ? n : payload}`,
        JSON.stringify({ at: n, id: payload, title: payload, day: payload, turns: [{ question: payload, lang: payload,
            answer: { question: payload, answer: payload, citations: [{ quote: payload, label: payload }] } }] })))"""
    page.evaluate(put, PAYLOADS)
    page.locator("#ty-talks-open").click()
    listed = flat(page.locator("#ty-talks").inner_text())
    assert all(line in listed for line in LINES)
    unharmed(page)
    rows = page.locator(".ty-talk")
    for n in range(rows.count() - 3, rows.count()):
        rows.nth(n).click()
        page.locator("#ty-chat .ty-error").wait_for()
        page.locator("#ty-talks-open").click()
        unharmed(page)
    page.locator(".ty-talk-delete").last.click()
    assert LINES[0] in flat(page.locator(".ty-talks-gone").inner_text())
    unharmed(page)
    page.keyboard.press("Escape")
    page.evaluate("Object.keys(localStorage).forEach(key => localStorage.removeItem(key))")


def test_an_export_is_named_without_markup_or_a_folder(site: SimpleNamespace) -> None:
    page = site.page
    page.goto(page.url.split("?")[0])
    page.get_by_role("button", name="新对话", exact=True).or_(page.locator("#ty-examples")).first.wait_for()
    ask(page, '../../<img src="http://evil.example/x" onerror=alert(1)>.html')
    until(
        lambda: bool(
            page.evaluate(
                "Object.values(localStorage).some(text => text.includes('evil.example') && text.includes('citations'))"
            )
        )
    )
    page.locator("#ty-export-open").click()
    with page.expect_download() as download:
        page.locator("#ty-export button").first.click()
    name = download.value.suggested_filename
    assert name.endswith(".md") and not set('<>/\\"') & set(name) and ".." not in name
    unharmed(page)


def test_a_question_set_and_its_report_are_text(site: SimpleNamespace) -> None:
    page = site.page
    several = [" ¦ ".join(PAYLOADS[n : n + 9]) for n in range(0, len(PAYLOADS), 9)]
    rows = [{"id": each, "question": each, "kind": each, "keys": [[each]], "answer": each} for each in several]
    tab(page, "evaluate")
    page.get_by_role("radio", name="自己的文件").check()
    page.get_by_role("radio", name="只检索").check()
    for data, done in (("{", ".ty-error"), ("\n".join(map(json.dumps, rows)), ".ty-report")):
        file = {"name": f"{PAYLOADS[0]}.jsonl", "mimeType": "text/plain", "buffer": data.encode()}
        page.locator(".ty-set input").set_input_files(file)
        page.locator("#ty-run button").first.click()
        page.locator(f"#ty-evaluate {done}").wait_for(timeout=60_000)
        unharmed(page)
    frame = page.frame_locator(".ty-report")
    shown = flat(frame.locator("body").inner_text())
    assert all(line in shown for line in LINES)
    for tag in "img, form, iframe, object, embed, base, video, audio, math, script + script".split(", "):
        assert frame.locator(tag).count() == 0, tag  # the report has one script, which the frame does not run
    with page.expect_download() as download:
        page.locator("#ty-run button").last.click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert "<img" not in text and "<form" not in text
    tab(page, "settings")
    unharmed(page)
