"""On which screens the page is tried, and what axe-core says of one."""

from __future__ import annotations

import os
from typing import Any

import pytest
from browser import VIEWS

SHOTS = os.environ.get("SHOTS")  # a folder for screenshots to look at

views = pytest.mark.parametrize(("width", "locale"), VIEWS)
"""Every width in every language: for what is laid out anew on each."""

some_views = pytest.mark.parametrize(
    ("width", "locale"), VIEWS if os.environ.get("VIEWS") == "all" else [VIEWS[0], VIEWS[3]]
)
"""Every width and every language once, for what the two do not change together; all four with VIEWS=all."""

looks = pytest.mark.parametrize(("width", "locale", "dark"), [(*view, n in (1, 2)) for n, view in enumerate(VIEWS)])
"""Every width in every language, each width and each language in both themes."""


def faults(page: Any, axe: str) -> list[str]:
    """What axe finds on the page as it stands, after its animations, and calls serious or critical."""
    page.wait_for_timeout(400)
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    # What else it finds, 200 kB of all that is as it should be, takes as long to gather as this.
    found = page.evaluate("axe.run({ resultTypes: ['violations'] }).then((found) => found.violations)")
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
