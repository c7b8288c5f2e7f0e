"""Markup from anyone, through the whole page in a real Chromium: shown as text, nothing runs, no request leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from browser import ask, page_at, shared
from payloads import PAYLOADS
from played import played

pytestmark = pytest.mark.slow
FOREIGN = (
    "img, form:not([role=search]), script, iframe, object, embed, link, style, base, meta, video, audio, svg, math"
)
OURS = "#ty-chat, #ty-library, .ty-reader, #ty-card"


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A page on which a hostile document is indexed, with an answer all of whose sentences are payloads."""
    with shared(), played(tmp_path_factory.mktemp("markup"), attacked=True) as site, page_at(site.url) as page:
        page.dialogs = []
        page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
        ask(page, "攻击")
        yield SimpleNamespace(page=page, message=page.locator(".ty-turn").first)


def flat(text: str) -> str:
    """Without what is not shown at all, and without spaces, which a line end may have become."""
    return re.sub(r"[\x00-\x20\x7f\u202a-\u202e\u2066-\u2069\u3000]", "", text)


def unharmed(page: Any) -> None:
    found = """([roots, tags]) => [...document.querySelectorAll(roots)].map(root => [
      [...root.querySelectorAll(tags)].map(e => e.outerHTML),
      [...root.querySelectorAll("a")].map(link => link.getAttribute("href"))])"""
    for foreign, links in page.evaluate(found, [OURS, FOREIGN]):
        assert foreign == []
        assert all(re.fullmatch(r"\?read=[\w-]+(&at=[\w/-]+)?", link) for link in links)
    assert page.evaluate("[...document.querySelectorAll('*')].every(e => !e.onerror && !e.ontoggle && !e.onmouseover)")
    assert (page.title(), page.dialogs, page.foreign, page.faults) == ("TiaoYin 条引", [], [], [])


@pytest.mark.parametrize("n", range(len(PAYLOADS)), ids=lambda n: flat(PAYLOADS[n])[:20])
def test_a_payload_in_answer_clause_removed_sentence_and_document_is_text(attacked: SimpleNamespace, n: int) -> None:
    page, message, payload = attacked.page, attacked.message, flat(PAYLOADS[n])
    script = (
        "e => { e = e.cloneNode(true); e.querySelectorAll('.ty-cite').forEach(a => a.remove()); return e.textContent }"
    )
    said = flat(message.locator(".ty-text").evaluate(script))
    assert payload in said
    assert payload in flat(message.locator(".ty-removed").text_content())
    line = flat(PAYLOADS[n].split("\n")[0]).replace("**", "")
    assert line in flat(message.locator(f"#src-1-{n + 1} blockquote").text_content())
    message.locator(".ty-cite").nth(n).hover()
    assert line in flat(page.locator("#ty-card").text_content())
    message.locator(".ty-cite").nth(n).evaluate("link => link.click()")
    page.locator(f'.ty-cited[id="article/{n + 1}"]').wait_for()
    assert line in flat(page.locator(".ty-cited").inner_text())
    unharmed(page)


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: flat(p)[:20])
def test_a_payload_as_question_is_text(attacked: SimpleNamespace, payload: str) -> None:
    page = attacked.page
    message = ask(page, f"问 {payload}")
    assert flat(message.locator(".ty-question").inner_text()) == flat(f"问 {payload}")
    assert message.locator(".ty-cite").count() == 2
    unharmed(page)


def test_a_hostile_title_and_file_name_are_text_in_list_and_panel(attacked: SimpleNamespace) -> None:
    page = attacked.page
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="文件").click()
    page.get_by_role("link", name=PAYLOADS[0]).click()
    page.locator(".ty-law").wait_for()
    assert page.locator(".ty-law-title").inner_text() == PAYLOADS[0]
    assert PAYLOADS[2] in page.locator(".ty-law header").inner_text()
    page.locator(".ty-reader-outline").click()
    page.locator(".ty-reader-query").fill("<script>")
    unharmed(page)
