"""The waiting line before the engine: bounded, stopped by those who leave, ended in order."""

from __future__ import annotations

import asyncio
import html
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from rag import serve
from rag.generate.extractive import Extractive
from rag.http import front, line, routes
from rag.keys import Door, Keys
from rag.records import Prompt
from rag.visiting import COOKIE
from rag.visitors import new_id
from rag.words import say
from tests.browser import until
from tests.crowd import visitor
from tests.listening import QUESTION, SAID, Engine, Held, listening
from tests.played import played
from ui.page import Page
from ui.turns import Turn, Turns

ASK, CHAT = "/api/ask", "/v1/chat/completions"
BODY = {"question": QUESTION}
STREAM = {"model": "embedded", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """A server whose model is held, and threads to ask it from."""
    model = Held()
    with ThreadPoolExecutor(40) as pool, listening(Engine(tmp_path, model, llms="extractive")) as client:
        try:
            ask = lambda **more: pool.submit(client.post, ASK, json=BODY | more)  # noqa: E731
            yield SimpleNamespace(model=model, client=client, ask=ask, line=client.app.state.line)  # type: ignore[attr-defined]
        finally:
            model.go.set()


def begun(site: SimpleNamespace) -> None:
    assert site.model.begun.acquire(timeout=60)


def test_one_is_answered_at_a_time_some_wait_and_further_ones_are_told_when_to_come(
    site: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "WAITING", 2)
    asked = [site.ask()]
    begun(site)
    asked += [site.ask(), site.ask()]
    until(lambda: site.line.waiting == 2)
    for path, body in ((ASK, BODY), (CHAT, STREAM)):
        got = site.client.post(path, json=body)
        assert (got.status_code, got.headers["retry-after"], got.json()["error"]["code"]) == (503, "5", "full")
    started = time.perf_counter()
    assert site.client.get("/healthz").status_code == 200
    assert "tiaoyin_waiting 2.0\n" in (text := site.client.get("/metrics").text) and "tiaoyin_running 1.0\n" in text
    assert time.perf_counter() - started < 2  # the loop is not blocked by those who are answered
    assert not site.model.begun.acquire(timeout=0.3)
    site.model.go.set()
    assert [each.result(20).json()["answer"] for each in asked] == [SAID] * 3
    until(lambda: site.line.waiting + site.line.running == 0)


def test_what_only_quotes_is_answered_beside_the_model(site: SimpleNamespace) -> None:
    site.ask()
    begun(site)
    site.ask(llm="extractive")
    begun(site)
    assert (site.line.alone.running, site.line.several.running) == (1, 1)


def test_who_waits_too_long_is_turned_away(site: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "PATIENCE", 0.2)
    site.ask()
    begun(site)
    assert site.client.post(ASK, json=BODY).json()["error"]["code"] == "full"


def test_an_answer_that_takes_too_long_is_stopped(site: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "LONGEST", 0.5)
    got = site.client.post(ASK, json=BODY)
    assert (got.status_code, got.json()["error"]["code"]) == (504, "too_slow")
    assert site.model.stopped.acquire(timeout=60)


@pytest.mark.parametrize(("path", "body"), [(ASK, BODY), (CHAT, STREAM)])
def test_a_reader_who_goes_away_stops_the_model_and_makes_room(site: SimpleNamespace, path: str, body: Any) -> None:
    for _ in range(3):
        with dropped(site.client, path, body):
            begun(site)
        assert site.model.stopped.acquire(timeout=60)
    until(lambda: site.line.running == 0)


def test_who_goes_away_while_waiting_leaves_the_line(site: SimpleNamespace) -> None:
    first = site.ask()
    begun(site)
    with dropped(site.client, ASK, BODY), dropped(site.client, CHAT, STREAM):
        until(lambda: site.line.waiting == 2)
    until(lambda: site.line.waiting == 0)
    site.model.go.set()
    assert first.result(20).status_code == 200
    assert not site.model.begun.acquire(timeout=0.3)


class dropped:
    """A request whose connection is cut at the end, by a reset."""

    def __init__(self, client: httpx.Client, path: str, body: Any) -> None:
        data = json.dumps(body).encode()
        self.socket = socket.create_connection(("127.0.0.1", client.base_url.port or 0))
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        self.socket.sendall(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


def begins(client: httpx.Client, path: str, *more: str) -> socket.socket:
    """A connection that has sent a request but for the end of its body."""
    slow = socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=10)
    head = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Content-Length: 99", *more]
    slow.sendall("\r\n".join([*head, "", "{"]).encode())
    return slow


def files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("path", [ASK, CHAT, "/export/md", "/gradio_api/queue/join", "/gradio_api/run/predict"])
def test_a_body_that_does_not_come_is_not_waited_for(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "READING", 0.3)
    with listening(Engine(tmp_path, Extractive())) as client:
        assert client.get("/healthz").status_code == 200
        before, slow = files(), [begins(client, path) for _ in range(20)]
        for each in slow:
            said = b"".join(iter(lambda each=each: each.recv(4096), b""))  # type: ignore[misc]
            assert said.startswith(b"HTTP/1.1 408"), said
        until(lambda: files() <= before + len(slow))  # this end of each, and not the server's
        for each in slow:
            each.close()


def test_a_long_body_that_keeps_coming_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "READING", 0.3)
    monkeypatch.setattr(front, "PACE", 30)

    def pieces() -> Iterator[bytes]:
        for each in (b'{"question": "' + QUESTION.encode(), b'"' + b" " * 60, b" " * 60, b"}"):
            yield each
            time.sleep(0.25)

    with listening(Engine(tmp_path, Extractive())) as client:
        got = client.post(ASK, content=pieces(), headers={"content-type": "application/json"})
        assert got.json()["answer"] == SAID


@pytest.mark.parametrize("reading", [0.3, 60])
def test_files_that_do_not_come_keep_nobody_from_sending_one(
    reading: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many visitors for a moment only, and of one never."""
    monkeypatch.setattr(front, "READING", reading)
    with listening(Engine(tmp_path, Extractive())) as client:
        theirs = [f"Cookie: {COOKIE}={new_id()}" for _ in range(20)]
        slow = [begins(client, "/library", each if reading < 1 else theirs[0]) for each in theirs]
        sent = client.post("/library", content=b"# x\n", headers={"cookie": f"{COOKIE}={new_id()}", "x-name": "x.md"})
        assert sent.status_code == 200
        for each in slow:
            each.close()


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: local", b"whole"])
def test_who_connects_and_says_nothing_is_hung_up_on(
    said: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "SILENT", 0.5)
    with listening(Engine(tmp_path, Extractive())) as client:
        slow = socket.create_connection(("127.0.0.1", client.base_url.port or 0))
        slow.settimeout(3)  # less than a connection is kept after a response
        if said == b"whole":
            slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert slow.recv(9000).startswith(b"HTTP/1.1 200")
            said = b"GET /healthz HTTP/1.1\r\n"
        slow.sendall(said)
        assert slow.recv(100) == b""
        slow.close()


class Long:
    """A language model that writes without end, a sentence the check lets through at the beginning."""

    name = "long"
    ended = False

    def stream(self, prompt: Prompt, max_tokens: int) -> Any:
        try:
            yield SAID
            while True:
                time.sleep(0.001)
                yield "。"
        finally:
            self.ended = True


def test_a_question_over_http_waits_behind_one_of_the_page_and_one_of_the_page_behind_it(site: SimpleNamespace) -> None:
    lanes = site.line.lanes
    with lanes.alone.place() as first:  # of the page
        assert first(0) == 0
        asked = site.ask()
        until(lambda: site.line.running == 1)
        assert not site.model.begun.acquire(timeout=0.3)
    begun(site)
    with lanes.alone.place() as next_:
        assert next_(0) == 1
        site.model.go.set()
        assert asked.result().status_code == 200
        until(lambda: next_(0) == 0)


def test_a_reader_who_takes_nothing_holds_no_thread_for_longer_than_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "LONGEST", 1.0)
    with listening(Engine(tmp_path, Long())) as client:
        readers = [dropped(client, CHAT, STREAM) for _ in range(3)]
        waiting = client.app.state.line  # type: ignore[attr-defined]
        until(lambda: waiting.running == 1)
        until(lambda: waiting.running + waiting.waiting == 0, 20)
        assert all(reader.socket.fileno() >= 0 for reader in readers)  # who are still there
        for reader in readers:
            reader.socket.close()


def test_a_stream_that_is_not_taken_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(routes, "SLOW", 0.2)
    app, model = FastAPI(), Long()
    routes.add(app, Engine(tmp_path, model), Door(local=False))
    body = [{"type": "http.request", "body": json.dumps(STREAM).encode()}]

    async def receive() -> Any:
        return body.pop() if body else await asyncio.Event().wait()

    async def send(event: Any) -> None:
        if event["type"] == "http.response.body":
            await asyncio.Event().wait()

    scope = {"type": "http", "method": "POST", "path": CHAT, "raw_path": CHAT.encode(), "query_string": b""}
    serving = app(scope | {"headers": [(b"content-type", b"application/json")]}, receive, send)
    asyncio.run(asyncio.wait_for(serving, 20))
    until(lambda: model.ended)
    assert "fault" not in caplog.text


def test_a_demo_gives_each_visitor_so_many_questions_an_hour(tmp_path: Path) -> None:
    with listening(Engine(tmp_path, Extractive(), demo="on", demo_questions=2)) as client:
        for _ in range(2):
            assert client.post(ASK, json=BODY).status_code == 200
        got = client.post(CHAT, json=STREAM)
        assert (got.status_code, got.json()["error"]["type"]) == (429, "rate_limit_error")
        assert 3000 < int(got.headers["retry-after"]) <= 3600
        assert client.post(ASK, json=BODY, headers={"x-forwarded-for": "1.1.1.1, 203.0.113.7"}).status_code == 200


def test_a_key_has_so_many_questions_an_hour_on_the_page_too(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    anna, ben = (("authorization", f"Bearer {keys.new(name)}") for name in ("anna", "ben"))
    engine = Engine(tmp_path, Extractive(), questions_per_hour=2)
    with listening(engine, Door(Keys(tmp_path), local=False)) as client:
        url = str(client.base_url)

        def shown(key: tuple[str, str]) -> str:
            async def visit() -> str:
                async with visitor(url, headers=dict([key])) as ask:
                    return (await ask(QUESTION))[0]

            return html.unescape(asyncio.run(visit()))

        for path, body in ((ASK, BODY), (CHAT, STREAM)):
            assert client.post(path, json=body, headers=[anna]).status_code == 200
        got = client.post(ASK, json=BODY, headers=[anna, ("x-forwarded-for", "203.0.113.7")])
        assert (got.status_code, got.json()["error"]["code"]) == (429, "rate_limit")
        assert 3000 < int(got.headers["retry-after"]) <= 3600
        assert say("http_rate_limit", "zh", limit=2, minutes=60) in shown(anna)
        assert "十二小时" in shown(ben)
        assert client.post(ASK, json=BODY, headers=[ben]).status_code == 200
        assert client.post(ASK, json=BODY, headers=[ben]).status_code == 429


def test_nobody_is_limited_where_nothing_is_set(tmp_path: Path) -> None:
    with listening(Engine(tmp_path, Extractive())) as client:
        assert {client.post(ASK, json=BODY).status_code for _ in range(60)} == {200}


def test_what_stands_in_for_a_model_that_is_being_brought_answers(tmp_path: Path) -> None:
    engine = Engine(tmp_path, Held())
    engine._generators = {"extractive": Extractive()}  # the server's own would have to be loaded
    engine.standby = "extractive"
    with listening(engine) as client:
        got = client.post(CHAT, json=STREAM | {"stream": False}).json()
        assert "十二小时[1]" in got["choices"][0]["message"]["content"]


class Loading(Engine):
    def ready(self, lang: str | None = None) -> str | None:
        return "loading"


def test_nothing_is_asked_of_an_engine_that_still_loads(tmp_path: Path) -> None:
    with listening(Loading(tmp_path, Extractive())) as client:
        for got in (client.get("/readyz"), client.post(ASK, json=BODY), client.post(CHAT, json=STREAM)):
            assert (got.status_code, got.headers["retry-after"], got.json()["error"]["code"]) == (503, "5", "loading")
        assert client.get("/healthz").json() == {"status": "ok", "ready": False, "note": "loading"}


def over_http(url: str, question: str) -> int:
    """How many citations the answer has."""
    return len(httpx.post(f"{url}/api/ask", json={"question": question}, timeout=60).json()["citations"])


def streamed(url: str, question: str) -> int:
    body = STREAM | {"model": "embedded", "messages": [{"role": "user", "content": question}]}
    events = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60).text.split("\n\n")
    assert events[-2] == "data: [DONE]"
    return len(json.loads(events[-3].removeprefix("data: "))["choices"][0]["delta"]["citations"])


def on_the_page(url: str, question: str) -> int:
    async def visit() -> int:
        async with visitor(url) as ask:
            shown, _ = await ask(question)
            return shown.count('class="ty-cite"')

    return asyncio.run(visit())


@pytest.mark.parametrize("way", [over_http, streamed, on_the_page])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_ends_lets_running_answers_end_first(
    way: Callable[[str, str], int], number: signal.Signals, tmp_path: Path
) -> None:
    with played(tmp_path) as site, ThreadPoolExecutor() as pool:
        running = pool.submit(way, site.url, "很久的问题")
        until(lambda: any("asked" in each for each in site.log()))
        site.process.send_signal(number)
        until(lambda: httpx.get(f"{site.url}/readyz").status_code == 503)
        assert httpx.post(f"{site.url}/api/ask", json={"question": "新的问题"}).json()["error"]["code"] == "ending"
        time.sleep(serve.GOODBYE + 0.5)
        assert site.process.poll() is None
        site.finish()
        assert running.result(60) == 2
        ended = site.process.wait(60)  # of SIGTERM by the signal, as a container's engine expects
        assert (ended, site.output()) == (
            (0, f"{site.url}\n30\nended\n") if number == signal.SIGINT else (-number, f"{site.url}\n30\n")
        )


def test_a_server_that_ends_takes_no_question_of_the_page(site: SimpleNamespace, tmp_path: Path) -> None:
    site.line.lanes.closing = True
    page, turns = Page(Engine(tmp_path / "page", Extractive()), lanes=site.line.lanes), Turns([Turn(QUESTION, "")])
    list(page.answer(turns, "en", "", 4))
    assert say("http_ending", "en") in html.unescape(turns[0].body)
