"""axe-core on each view of the page: nothing that it calls serious or critical. `scripts/axe.sh` brings it by npm."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser import VIEWS, ask, page_at, said, shared
from played import played

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def axe() -> str:
    place = ROOT / ".venv" / "axe"
    told = subprocess.run(["sh", "scripts/axe.sh", str(place)], cwd=ROOT, capture_output=True, text=True).stderr
    script = place / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        pytest.skip(f"axe-core is not here: {told.strip()}")
    return script.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    with shared(), played(tmp_path_factory.mktemp("axe")) as running:
        yield running


def faults(page: Any, axe: str) -> list[str]:
    """What axe finds on the page as it stands, after its animations."""
    page.wait_for_timeout(400)
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("width", "locale"), VIEWS)
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
