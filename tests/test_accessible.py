"""Who sees the page otherwise: what axe-core calls serious or critical, edges of fields, and motion.

`scripts/axe.sh` brings axe-core by npm; without it the test that needs it is skipped, and no other.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from browser import ask, page_at, said, until
from screens import faults, looks, some_views


@pytest.mark.slow
@looks
def test_no_view_of_the_page_has_a_serious_fault(
    site: SimpleNamespace, axe: str, width: int, locale: str, dark: bool
) -> None:
    with page_at(site.url, width=width, locale=locale, dark=dark) as page:
        found = {"start": faults(page, axe)}
        message = ask(page, "很久的问题", settled=False)
        message.locator(".ty-stage").wait_for()
        found["waiting"] = faults(page, axe)
        site.finish()
        page.locator("#ty-send").wait_for()
        for fold in message.locator("summary").all():
            fold.click()
        page.locator("#ty-mark button").last.click()
        page.locator("#ty-why").wait_for()
        found["answer"] = faults(page, axe)
        ask(page, "罚款多少？").locator(".ty-nearest summary").click()
        found["refusal"] = faults(page, axe)
        message.locator(".ty-cite").first.hover()
        found["card"] = faults(page, axe)
        message.locator(".ty-cite").first.click()
        page.locator(".ty-cited").wait_for()
        page.locator(".ty-reader-query").fill("绿色")
        page.locator(".ty-reader-outline").click()
        found["law"] = faults(page, axe)
        page.locator(".ty-reader-close").click()
        for tab in ("documents", "settings"):
            page.get_by_role("tab", name=said(page, f"page_tab_{tab}")).click()
            found[tab] = faults(page, axe)
        assert {view: each for view, each in found.items() if each} == {}


EDGES = """() => {
  const light = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((n) => n / 255);
    const [r, g, b] = parts.map((n) => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const seen = [...document.querySelectorAll("textarea, input[type=search]")].filter((e) => e.checkVisibility());
  return seen.map((e) => [e.className, light(getComputedStyle(e).borderTopColor)])
    .map(([name, edge]) => [name, Math.max(edge, paper) / Math.min(edge, paper)]);
}"""
"""The contrast of the edge of each field that is seen with the page, which axe does not look at (WCAG 1.4.11)."""


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_the_edge_of_every_field_stands_out_from_the_page(site: SimpleNamespace, dark: bool) -> None:
    with page_at(site.url, dark=dark) as page:
        until(lambda: page.evaluate("document.body.classList.contains('dark')") is dark)
        ask(page, "推广什么？")
        page.locator(".ty-cited").wait_for()
        page.locator("#ty-mark button").last.click()
        page.locator("#ty-why").wait_for()
        edges = page.evaluate(EDGES)
        page.get_by_role("tab", name=said(page, "page_tab_documents")).click()
        page.locator(".ty-shared").wait_for()
        edges += page.evaluate(EDGES)
        assert len(edges) == 5  # the question, the reason, words in the law; names of documents, and the law's again
        assert [(name, contrast) for name, contrast in edges if contrast < 3] == []


MOVED = """() => {
  window.moved = new Set();
  const look = () => {
    for (const each of document.getAnimations()) {
      const { target, pseudoElement } = each.effect;
      const kind = each.animationName || each.transitionProperty || "script";
      moved.add([kind, target.id || target.className, pseudoElement].join(" "));
    }
    requestAnimationFrame(look);
  };
  look();
}"""
"""Notes whatever moves from now on."""


@pytest.mark.slow
@some_views
def test_nothing_moves_for_those_who_want_it_so(site: SimpleNamespace, width: int, locale: str) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        page.evaluate(MOVED)
        message = ask(page, "很久的问题", settled=False)
        message.locator(".ty-stage").wait_for()
        until(lambda: any("ty-breathe" in each for each in page.evaluate("[...moved]")))  # for the others
        page.emulate_media(reduced_motion="reduce")
        page.wait_for_timeout(200)
        page.evaluate("moved.clear()")
        site.finish()
        page.locator("#ty-send").wait_for()
        message.locator(".ty-cite").nth(1).click()
        page.locator(".ty-cited").wait_for()
        page.locator(".ty-reader-outline").click()
        page.locator(".ty-reader-close").click()
        ask(page, "推广什么？")
        page.keyboard.press("Escape")
        for name in ("documents", "evaluate", "settings", "ask"):
            page.get_by_role("tab", name=said(page, f"page_tab_{name}"), exact=True).click()
        page.get_by_role("button", name=said(page, "talk_list"), exact=True).click()
        page.wait_for_timeout(300)
        assert page.evaluate("[...moved]") == []
