"""Claims about language models behind a server: a played server for every failure, a real one for the rest.

The played server is real HTTP on this machine; each test says what it does with one request after the other.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser import free_port

from rag import generate, models
from rag.__main__ import main
from rag.errors import GenerateError, UsageError
from rag.generate import openai_like
from rag.generate.llama_index import from_llama_index
from rag.generate.openai_like import Server
from rag.generate.shown import Shown
from rag.loaded import LLM
from rag.pipeline import Engine
from rag.records import Message, Prompt, Tokens
from rag.settings import Settings, load

KEY = "sk-very-secret-0123456789"
Act = Callable[[BaseHTTPRequestHandler], None]


def asked(text: str = "推广哪些绿色计算技术?") -> Prompt:
    return Prompt(text, "zh", (), (Message("system", "只依据条文回答。"), Message("user", text)))


def event(content: str | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": content} if content is not None else {}, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}


USAGE = event() | {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}}


def send(page: BaseHTTPRequestHandler, *events: dict[str, Any]) -> None:
    for each in events:
        page.wfile.write(b"data: " + json.dumps(each).encode() + b"\n\n")
        page.wfile.flush()


def begin(page: BaseHTTPRequestHandler, kind: str = "text/event-stream") -> None:
    page.send_response(200)
    page.send_header("Content-Type", kind)
    page.end_headers()


def says(*events: dict[str, Any], done: bool = True) -> Act:
    def act(page: BaseHTTPRequestHandler) -> None:
        begin(page)
        send(page, *events)
        if done:
            page.wfile.write(b"data: [DONE]\n\n")

    return act


def fails(status: int, message: str, **headers: str) -> Act:
    def act(page: BaseHTTPRequestHandler) -> None:
        body = json.dumps({"error": {"message": message, "code": status}}).encode()
        page.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            page.send_header(name.replace("_", "-"), value)
        page.end_headers()
        page.wfile.write(body)

    return act


FINE = says(event("高效"), event("算法[1]。"), event(finish="stop"), USAGE)


@contextlib.contextmanager
def playing(*acts: Act) -> Iterator[SimpleNamespace]:
    """A server that does one act a request, then the last one again; `seen` holds the requests, `spec` names it."""
    seen: list[dict[str, Any]] = []

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append({"path": self.path, "key": self.headers["Authorization"], **body})
            acts[min(len(seen), len(acts)) - 1](self)

        def do_GET(self) -> None:
            begin(self, "application/json")
            self.wfile.write(json.dumps({"object": "list", "data": [{"id": "qwen3"}, {"id": "glm"}]}).encode())

        def log_message(self, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        looks = 0.02  # seconds between two looks whether it is to end, half a second by default
        threading.Thread(target=server.serve_forever, args=(looks,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/v1"
        yield SimpleNamespace(seen=seen, address=address, spec=f"openai:m@{address}")
        server.shutdown()


@pytest.fixture(autouse=True)
def known_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIAOYIN_API_KEY", KEY)
    monkeypatch.setattr(openai_like, "WAITS", (0.01, 0.01, 0.01))


def replied(server: Any, max_tokens: int = 50) -> tuple[str, Tokens | None]:
    """The whole reply, and what the stream returns at its end."""
    pieces, text = server.stream(asked(), max_tokens), ""
    while True:
        try:
            text += next(pieces)
        except StopIteration as end:
            return text, end.value


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ("openai:qwen", openai_like.FORM),
        ("OpenAI:qwen@http://127.0.0.1:8000/v1", openai_like.FORM),
        ("openai:qwen@127.0.0.1:8000/v1", openai_like.FORM),
        ("openai:@http://127.0.0.1:8000/v1", openai_like.FORM),
        ("openai:qwen@http://127.0.0.1:eight/v1", openai_like.FORM),
        ("http://127.0.0.1:8000/v1", openai_like.FORM),
        ("openai:qwen@http://127.0.0.1:11434", "openai:qwen@http://127.0.0.1:11434/v1"),
        ("embeded", "embedded"),
        ("extractiv", "extractive"),
        ("ollama", openai_like.FORM),
    ],
)
def test_a_spec_that_is_nearly_right_is_told_the_right_form(spec: str, shown: str) -> None:
    with pytest.raises(UsageError) as caught:
        generate.check(spec)
    assert shown in str(caught.value)
    assert spec in str(caught.value)


@pytest.mark.parametrize("address", [f"http://me:{KEY}@127.0.0.1/v1", f"https://host/v1?key={KEY}"])
def test_a_key_in_the_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(UsageError, match="TIAOYIN_API_KEY") as caught:
        generate.check(f"openai:m@{address}")
    assert KEY not in str(caught.value)


def test_a_model_name_may_hold_what_separates_it() -> None:
    assert openai_like.parsed("openai:@cf/qwen:7b@https://host:8443/v1/") == ("@cf/qwen:7b", "https://host:8443/v1")


def test_a_reply_comes_in_pieces_and_the_server_is_asked_as_it_should_be() -> None:
    with playing(FINE) as played:
        server = generate.load(played.spec, lambda: pytest.fail("no bundled model is needed"))
        assert server.name == played.spec
        assert list(server.stream(asked(), 50)) == ["高效", "算法[1]。"]
        assert replied(server) == ("高效算法[1]。", Tokens(11, 3))
    request = played.seen[0]
    assert (request["path"], request["key"]) == ("/v1/chat/completions", f"Bearer {KEY}")
    assert (request["model"], request["max_tokens"], request["temperature"]) == ("m", 50, 0)
    assert request["messages"][0] == {"role": "system", "content": "只依据条文回答。"}


def test_a_server_that_does_not_count_tokens_leaves_them_unknown() -> None:
    with playing(says(event("好。"), event(finish="stop"))) as played:
        assert replied(Server(played.spec)) == ("好。", None)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(status: int) -> None:
    with playing(fails(status, "loading"), fails(status, "loading"), FINE) as played:
        assert replied(Server(played.spec))[0] == "高效算法[1]。"
        assert len(played.seen) == 3


def test_a_server_that_says_when_to_come_again_is_asked_then() -> None:
    with playing(fails(429, "slow down", Retry_After="1"), FINE) as played:
        started = time.monotonic()
        assert replied(Server(played.spec))[0] == "高效算法[1]。"
        assert time.monotonic() - started >= 1


def hangs(page: BaseHTTPRequestHandler) -> None:
    begin(page)
    send(page, event("高效"))
    time.sleep(3)


def html(page: BaseHTTPRequestHandler) -> None:
    begin(page, "text/html")
    page.wfile.write(b"<html>Welcome</html>")


BAD_KEY = f"Incorrect API key provided: {KEY}"
LONG = "This model's maximum context length is 512 tokens, you asked for 1300"


@pytest.mark.parametrize(
    ("act", "key", "shown", "requests"),
    [
        (fails(503, "Loading model"), "server_busy", "Loading model", 4),
        (fails(401, BAD_KEY), "server_key", "export TIAOYIN_API_KEY", 1),
        (fails(403, BAD_KEY), "server_key", "export TIAOYIN_API_KEY", 1),
        (fails(500, f"{BAD_KEY}\nat line 7"), "llm_failed", "***", 1),
        (fails(404, "The model `m` does not exist."), "server_model", "qwen3, glm", 1),
        (fails(400, "m is not a valid model ID"), "server_model", "qwen3, glm", 1),
        (fails(400, LONG), "server_context", "TIAOYIN_CONTEXT_CHARS", 1),
        (says(event("高效"), done=False), "server_cut", "/v1", 1),
        (says(event("高效"), {"error": {"message": f"out of memory, {KEY}"}}), "llm_failed", "out of memory, ***", 1),
        (says(event("<think>嗯"), event("……"), event(finish="length")), "llm_only_thought", "TIAOYIN_ANSWER_TOKENS", 1),
        (hangs, "server_silent", "0.5", 1),
        (html, "server_other", "/models", 1),
    ],
)
def test_what_goes_wrong_is_said_without_the_key(
    act: Act, key: str, shown: str, requests: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with playing(act) as played, pytest.raises(GenerateError) as caught:
        server = Server(played.spec, silence=0.5)
        replied(server)
    assert caught.value.key == key
    assert shown in str(caught.value)
    assert len(played.seen) == requests
    for said in (str(caught.value), repr(caught.value), repr(server), caplog.text):
        assert KEY not in said


def test_a_server_that_is_not_there_is_named_with_what_to_type() -> None:
    address = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(GenerateError, match=f"curl {address}/models"):
        replied(Server(f"openai:m@{address}"))


def test_nothing_is_asked_again_once_a_reply_has_begun() -> None:
    with playing(says(event("高效"), done=False), FINE) as played:
        pieces = Server(played.spec).stream(asked(), 50)
        assert next(pieces) == "高效"
        with pytest.raises(GenerateError):
            next(pieces)
        assert len(played.seen) == 1


def test_closing_a_reply_hangs_up() -> None:
    gone = threading.Event()

    def endless(page: BaseHTTPRequestHandler) -> None:
        begin(page)
        with contextlib.suppress(ConnectionError):
            while True:
                send(page, event("高效"))
                time.sleep(0.01)
        gone.set()

    with playing(endless) as played:
        pieces = Server(played.spec).stream(asked(), 50)
        assert next(pieces) == "高效"
        pieces.close()
        assert gone.wait(60)


def test_a_proxy_for_the_outside_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with playing(FINE) as played:
        assert replied(Server(played.spec))[0] == "高效算法[1]。"


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["<think>想一想</think>高效算法。"], "高效算法。"),
        (["<th", "ink>想", "<b>一想</thi", "nk>", "\n\n高效", "算法。"], "高效算法。"),
        (["高效", "<think>想", "</think>算法。"], "高效算法。"),
        (["a < b", "，c <t", "d"], "a < b，c <td"),
        (["高效<thin"], "高效<thin"),
        (["<think>没有想完"], ""),
    ],
)
def test_reasoning_is_kept_out_however_it_is_cut(pieces: list[str], shown: str) -> None:
    for cut in (pieces, list("".join(pieces))):
        kept = Shown()
        assert ("".join(map(kept.add, cut)) + kept.rest()).strip() == shown
        assert kept.came == bool(shown)


def test_any_llm_of_llamaindex_can_be_passed_in() -> None:
    from llama_index.core.llms import MockLLM

    generator = from_llama_index(MockLLM())
    text, tokens = replied(generator, 1000)
    assert "推广哪些绿色计算技术?" in text
    assert tokens is None
    assert generator.name == "llama_index:unknown"
    assert len(list(generator.stream(asked(), 3))) == 3
    assert Engine(Settings(), generator=generator).generator() is generator


def test_the_key_is_no_setting(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIAOYIN_API_KEY", KEY)
    assert KEY not in repr(load({}))


@pytest.mark.slow
def test_four_questions_of_an_evaluation_are_with_the_server_at_once(settings: Settings, tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def act(page: BaseHTTPRequestHandler) -> None:
        together.wait(60)  # breaks, and fails the question, unless four have come
        FINE(page)

    questions = tmp_path / "questions.jsonl"
    asks = ["推广哪些绿色计算技术", "特别保障谁的数字和智能权益", "建立哪两项机制", "依托哪些国际组织"]
    rows = [json.dumps({"id": str(n), "question": ask}) for n, ask in enumerate(asks)]
    questions.write_text("\n".join(rows), encoding="utf-8")
    with playing(act) as played:
        command = ["eval", str(questions), "--out", str(tmp_path / "out"), "--concurrency", "4", "--llm", played.spec]
        assert main([*command, "--home", str(settings.home), "--index", str(settings.index)]) == 0
        assert len(played.seen) == 4
    results = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text("utf-8").splitlines()]
    assert [row["error"] for row in results] == [None] * 4
    assert {row["llm"] for row in results} == {played.spec}


REAL = """
import sys, xllamacpp
how = xllamacpp.CommonParams()
how.model.path, how.port, how.api_keys = sys.argv[1], int(sys.argv[2]), [sys.argv[3]]
how.n_ctx, how.n_parallel, how.kv_unified, how.verbosity = 4096, 4, False, 0
server = xllamacpp.Server(how)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def real(home: Path) -> Iterator[str]:
    """The SPEC of a llama.cpp server with the default model and four places of 1,024 tokens."""
    model, port = models.require(LLM, home), free_port()
    command = [sys.executable, "-c", REAL, str(model), str(port), KEY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin and server.stdout
        while (line := server.stdout.readline()) != "ready\n":
            assert line, "the server ended"
        yield f"openai:qwen@http://127.0.0.1:{port}/v1"
        server.kill()


@pytest.mark.slow
def test_a_real_server_answers_and_counts(real: str) -> None:
    text, tokens = replied(Server(real), 8)
    assert text
    assert tokens and tokens.prompt > 20 and 0 < tokens.answer <= 8


@pytest.mark.slow
def test_a_real_server_answers_four_at_once(real: str) -> None:
    server, began, ended = Server(real), [], []

    def ask(n: int) -> None:
        pieces = server.stream(asked(f"从{n}数到一百。"), 24)
        next(pieces)
        began.append(time.monotonic())
        assert list(pieces)
        ended.append(time.monotonic())

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 4
    assert max(began) < min(ended)


@pytest.mark.slow
def test_a_real_server_refuses_a_wrong_key_and_what_is_too_long(real: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GenerateError) as caught:
        list(Server(real).stream(asked("绿色计算" * 2000), 8))
    assert caught.value.key == "server_context"
    monkeypatch.setenv("TIAOYIN_API_KEY", "sk-wrong")
    with pytest.raises(GenerateError) as caught:
        replied(Server(real))
    assert caught.value.key == "server_key"
