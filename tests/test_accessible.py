"""axe-core on each view of the page: nothing that it calls serious or critical. `scripts/axe.sh` brings it by npm."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from browser import ask, page_at, said
from screens import faults, looks


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
        moves = "getComputedStyle(document.querySelector('.ty-stage'), '::before').animationName"
        assert page.evaluate(moves) == "ty-breathe"
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate(moves) == "none"
        page.emulate_media(reduced_motion="no-preference")
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
