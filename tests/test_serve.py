"""The server around the page: what it answers, what it refuses, how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest
from browser import ask, page_at, until
from played import played

from rag.serve import ServeError, bound

slow = pytest.mark.slow


def fetched(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=60) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


@slow
def test_only_the_page_itself_is_served(serving: SimpleNamespace) -> None:
    assert json.loads(fetched(f"{serving.url}/healthz")[1]) == {"status": "ok", "ready": True, "note": None}
    listed = json.loads(fetched(f"{serving.url}/gradio_api/info")[1])
    assert (listed["named_endpoints"], listed["unnamed_endpoints"]) == ({}, {})
    for path in ("/docs", "/redoc", "/openapi.json"):  # these would load scripts from elsewhere
        assert "cdn" not in fetched(serving.url + path)[1], path
    with urllib.request.urlopen(serving.url) as reply:
        assert "form-action 'none'" in reply.headers["content-security-policy"]


@slow
@pytest.mark.parametrize(("path", "packed"), [("/", True), ("/read/plan", True), ("/library", False)])
def test_the_page_and_documents_go_over_the_wire_compressed(site: SimpleNamespace, path: str, packed: bool) -> None:
    wanted = urllib.request.Request(site.url + path, headers={"accept-encoding": "gzip"})
    with urllib.request.urlopen(wanted) as reply:
        assert reply.headers["content-encoding"] == ("gzip" if packed else None)
        assert len(reply.read()) < 50_000


@slow
def test_ctrl_c_in_mid_answer_says_what_is_waited_for_and_a_second_one_ends_the_server_without_a_traceback(
    tmp_path: Path,
) -> None:
    with played(tmp_path) as site, page_at(site.url) as page:
        ask(page, "很久的问题", settled=False).locator(".ty-cite").wait_for()
        site.process.send_signal(signal.SIGINT)
        until(lambda: site.output() == f"{site.url}\n30\n", 60)
        site.process.send_signal(signal.SIGINT)
        assert site.process.wait(60) == 0
        assert site.output() == f"{site.url}\n30\nended\n"


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("127.0.0.1", 70000, "There is no port 70000: ports are numbers from 0 to 65535."),
        ("no.such.host.invalid", 7860, "The page cannot be served on no.such.host.invalid, port 7860"),
        ("203.0.113.9", 7860, "The page cannot be served on 203.0.113.9, port 7860"),
    ],
)
def test_an_address_that_cannot_be_served_is_said_in_words(
    host: str, port: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    with pytest.raises(ServeError) as raised:
        bound(host, port)
    assert str(raised.value).startswith(words)
    assert raised.value.exit_status == 1


def test_a_taken_port_is_said_with_the_command_that_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "zh")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServeError) as raised:
            bound("127.0.0.1", port)
        other = port + 1 if port < 65535 else 7861
        said = f"端口 {port}（127.0.0.1）已被别的程序占用。换一个端口，请输入：tiaoyin serve --port {other}"
        assert str(raised.value) == said


def test_a_port_just_left_can_be_taken_again_at_once() -> None:
    with bound("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        first.listen()
        with socket.create_connection(("127.0.0.1", port)):
            first.accept()[0].close()
    with bound("127.0.0.1", port) as again:
        assert again.getsockname()[1] == port


def test_importing_the_page_imports_no_heavy_library_and_writes_no_environment() -> None:
    code = (
        "import os, sys; before = dict(os.environ); import ui.app, ui.present, rag.serve; "
        "print(sorted({'gradio', 'uvicorn', 'fastapi'} & set(sys.modules)), before == dict(os.environ))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=True)
    assert done.stdout == "[] True\n"
