"""A real headless Chromium and a served page for tests, each as a context.

    with served([sys.executable, "-m", "rag", "serve", "--port", str(free_port())], folder / "output.txt") as site:
        with page_at(site.url, width=360) as page:
            message = ask(page, "...")
            assert page.foreign == []

It installs nothing (`scripts/chromium.sh` does).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rag.words import say

VIEWS = [(1280, "zh-CN"), (390, "zh-CN"), (1280, "en-GB"), (390, "en-GB")]
"""Width in pixels and language of the screens on which each point of the page is tried."""

EXECUTABLE = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
    or "/usr/bin/chromium-headless-shell"
)
"""The headless shell opens a page in a third of the time of the whole browser, which draws its own frame too."""
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--proxy-server=http://127.0.0.1:9",
]  # fmt: skip
"""All but this machine is behind a proxy that is not there. To stop what goes elsewhere by a route would hold up every
request until it is judged, and keep nothing: a reload then fetches all scripts anew, which no reader's browser does."""
FOREIGN = re.compile(r"^(?!data:|blob:|about:|chrome-error:|\w+://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/|$))")
"""The address of a request that would leave this machine."""


@contextlib.contextmanager
def page_at(
    url: str, width: int = 1280, height: int = 900, locale: str = "zh-CN", dark: bool = False, touch: bool = False
) -> Iterator[Any]:
    """A page opened at `url` in an empty profile, in pixels `width` by `height`, on a screen that may be touched.

    The page object also carries `requests` (every URL asked for), `foreign` (those that would leave this machine:
    they are stopped and noted), and `faults` (uncaught JavaScript errors).
    """
    with contextlib.nullcontext(_shared[-1]) if _shared else launched() as chromium:
        looks: dict[str, Any] = {"viewport": {"width": width, "height": height}, "has_touch": touch}
        context = chromium.new_context(locale=locale, color_scheme="dark" if dark else "light", **looks)
        context.set_default_timeout(60_000)
        try:
            page: Any = context.new_page()
            page.requests, page.foreign, page.faults = [], [], []
            context.on("request", lambda request: _note(page, request.url))
            page.on("pageerror", lambda error: page.faults.append(str(error)))
            page.goto(url)
            page.locator("textarea").first.wait_for()
            yield page
        finally:
            context.close()


@contextlib.contextmanager
def launched() -> Iterator[Any]:
    """A Chromium of one's own."""
    from playwright.sync_api import sync_playwright

    if not Path(EXECUTABLE).exists():
        raise FileNotFoundError(f"{EXECUTABLE} is missing: run scripts/chromium.sh")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        try:
            yield chromium
        finally:
            chromium.close()


_shared: list[Any] = []


@contextlib.contextmanager
def shared() -> Iterator[None]:
    """Meanwhile each `page_at` is a profile of its own in one Chromium, which takes a second less to open."""
    with launched() as chromium:
        _shared.append(chromium)
        try:
            yield
        finally:
            _shared.pop()


def _note(page: Any, url: str) -> None:
    page.requests.append(url)
    if FOREIGN.match(url):
        page.foreign.append(url)


@contextlib.contextmanager
def served(command: Sequence[str], output: Path, seconds: float = 60) -> Iterator[SimpleNamespace]:
    """Runs `command` until an address stands in what it prints; at the end it gets Ctrl-C, twice if it is slow.

    Gives `url`, `process` and `output()`, all that it has printed so far on either stream.
    """
    root = Path(__file__).parents[1]
    with output.open("w") as file:
        environment = {**os.environ, "PYTHONPATH": str(root)}
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=root, env=environment)
    try:
        until(lambda: "http://" in output.read_text() or process.poll() is not None, seconds)
        found = re.search(r"http://[\w.:\[\]]+", output.read_text())
        assert found, f"no address was printed, but: {output.read_text()}"
        yield SimpleNamespace(url=found[0], process=process, output=output.read_text)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.send_signal(signal.SIGINT)  # for a test that left in mid-answer
            process.wait(60)
        finally:
            process.kill()


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Waits for what is bound to happen; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"it did not come to pass within {seconds} s"
        time.sleep(0.05)


def ask(page: Any, question: str, settled: bool = True, seconds: float = 120) -> Any:
    """Types the question, presses Enter; returns the message that answers it, by default when it is complete."""
    turn = page.locator(".ty-question").count()
    page.locator("#ty-box textarea").fill(question)
    page.keyboard.press("Enter")
    page.locator(".ty-question").nth(turn).wait_for()
    if settled:
        page.locator("#ty-stop").wait_for(state="hidden", timeout=seconds * 1000)
        page.locator("#ty-send").wait_for()
    return page.locator(".ty-turn").nth(turn)


def reload(page: Any) -> None:
    """Opens the page once more; it is there, and speaks its language, when this returns."""
    page.reload()
    page.locator("textarea").first.wait_for()


def said(page: Any, key: str, **values: object) -> str:
    """The sentence `key` in the language that the page speaks."""
    return say(key, page.evaluate("document.documentElement.lang"), **values)


def tab_to(page: Any, selector: str, key: str = "Tab", steps: int = 40) -> None:
    """Presses Tab, or another `key`, until an element that `selector` matches has the focus."""
    for _ in range(steps):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} was not reached by {key}")


def in_view(page: Any, selector: str) -> bool:
    """Whether all of the element stands inside the window."""
    script = "e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; }"
    return bool(page.locator(selector).evaluate(script))
