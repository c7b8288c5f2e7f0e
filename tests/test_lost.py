"""A connection that is lost and comes back: nothing is lost, nothing is there twice, and what cannot be had is said."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from browser import ask, page_at, said, until
from played import played
from screens import some_views
from test_history import answered, asked, stored


class Wire:
    """What lies between a browser and the server at `port`, and can be cut."""

    def __init__(self, port: int) -> None:
        self.port, self.whole, self.ends = port, True, list[socket.socket]()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self.whole = False
        for end in self.ends:
            hang_up(end)

    def mend(self) -> None:
        self.whole = True

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener is closed at the end
            while True:
                near, _ = self.listener.accept()
                if not self.whole:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.port))
                self.ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=pass_on, args=(one, other), daemon=True).start()


def pass_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    hang_up(one)
    hang_up(other)


def hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    with played(tmp_path) as site:
        wire = Wire(int(site.url.rsplit(":", 1)[1]))
        wire.site = site  # type: ignore[attr-defined]
        with contextlib.closing(wire.listener):
            yield wire


@pytest.mark.slow
@pytest.mark.parametrize(("width", "locale"), [(1280, "zh-CN"), (390, "en-GB")])
@pytest.mark.alone
def test_a_connection_lost_in_mid_answer_is_said_and_the_answer_is_there_when_it_comes_back(
    wire: Wire, width: int, locale: str
) -> None:
    site = wire.site  # type: ignore[attr-defined]
    with page_at(wire.url, width=width, locale=locale) as page:
        ask(page, "第一问")
        ask(page, "很久的问题", settled=False).locator(".ty-cite").first.wait_for()
        page.locator("#ty-box textarea").fill("还没问的")
        wire.cut()
        page.get_by_text(said(page, "page_lost")).wait_for()
        assert page.get_by_text(said(page, "page_lost_then")).is_visible()
        site.finish()
        assert asked(page) == ["第一问", "很久的问题"]
        wire.mend()
        page.locator(".ty-cite").nth(3).wait_for()
        until(lambda: answered(page))
        assert page.get_by_text(said(page, "page_lost")).count() == 0
        assert asked(page) == ["第一问", "很久的问题"]
        assert stored(page) == [["第一问", "很久的问题"]]
        assert [note["asked"] for note in site.log() if "asked" in note] == ["第一问", "很久的问题"]
        assert page.locator("#ty-box textarea").input_value() == "还没问的"
        ask(page, "第三问")
        page.reload()
        until(lambda: len(asked(page)) == 3)
        assert page.locator("#ty-box textarea").input_value() == ""


@pytest.mark.slow
@some_views
def test_what_cannot_be_had_meanwhile_is_said_where_it_was_asked_for(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        message = ask(page, "长法")
        until(lambda: answered(page))
        page.context.set_offline(True)
        message.locator(".ty-cite").nth(1).click()  # of a law that was not opened yet
        reader = page.locator(".ty-reader")
        reader.get_by_text(said(page, "read_failed")).wait_for()
        page.keyboard.press("Escape")
        reader.wait_for(state="hidden")
        page.get_by_role("button", name=said(page, "talk_export"), exact=True).click()
        page.locator("#ty-export button").first.click()
        page.locator("#ty-export").get_by_text(said(page, "talk_unexported")).wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("tab", name=said(page, "page_tab_documents")).click()
        trouble = page.locator(".ty-trouble")
        trouble.get_by_text(said(page, "library_unreachable")).wait_for()
        page.context.set_offline(False)
        page.locator(".ty-shared").wait_for()  # by itself
        assert trouble.is_hidden()
        page.locator(".ty-files").set_input_files(
            {"name": "a.md", "mimeType": "", "buffer": "# 公约\n\n第一条 甲。".encode()}
        )
        page.locator(".ty-remove").wait_for()
        page.context.set_offline(True)
        page.locator(".ty-remove").click()
        trouble.get_by_text(said(page, "library_unreachable")).wait_for()
        assert page.locator("#ty-said").inner_text() == said(page, "library_unreachable")
        assert page.locator(".ty-own").is_visible()
        page.context.set_offline(False)
        page.locator(".ty-own").wait_for(state="detached")
        assert trouble.is_hidden()
        assert page.faults == []
