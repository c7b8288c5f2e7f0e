"""The HTTP interface as other programs use it: OpenAI's own client, LlamaIndex, bare requests good and bad."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from rag.errors import GenerateError
from rag.generate.extractive import Extractive
from rag.pipeline import Engine as Real
from rag.settings import Settings
from tests.browser import until
from tests.listening import QUESTION, Engine, listening

slow = pytest.mark.slow
PAGE = "行动计划推广哪些绿色计算技术?"
CHAT, ASK = "/v1/chat/completions", "/api/ask"
README = Path(__file__).parent.parent / "README.md"


@pytest.fixture(scope="module")
def real(settings: Settings) -> Iterator[httpx.Client]:
    """The first document behind the interface; what writes quotes."""
    engine = Real(replace(settings, llms="extractive"), Extractive())
    engine._load_model()
    engine._load_search()
    with listening(engine) as client:
        client.engine = engine  # type: ignore[attr-defined]
        yield client


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with listening(Engine(tmp_path_factory.mktemp("http"), Extractive(), llms="extractive")) as client:
        yield client


@pytest.fixture(scope="module")
def bot(real: httpx.Client) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{real.base_url}/v1", api_key="any", max_retries=0)


def turns(*said: str) -> Any:
    """User turns with an assistant's between them."""
    between = {"role": "assistant", "content": "……"}
    return [turn for each in said for turn in ({"role": "user", "content": each}, between)][:-1]


@slow
def test_the_official_client_gets_an_answer_with_its_citations(bot: openai.OpenAI, real: Any) -> None:
    assert [model.id for model in bot.models.list()] == ["embedded", "extractive"]
    done = bot.chat.completions.create(model="embedded", messages=turns(PAGE), temperature=0.2, seed=3, user="u")
    (choice,) = done.choices
    message: Any = choice.message
    assert "推广低功耗芯片、高效算法等绿色计算技术[1]。" in message.content
    (cited,) = message.citations
    texts = {document.doc_id: document.text for document in real.engine.documents()}
    assert texts[cited["doc_id"]][cited["start"] : cited["end"]] == cited["quote"]
    assert cited["label"] == "《人工智能全球治理行动计划》第七条第2句"
    assert (choice.finish_reason, message.role, message.refused, done.usage and done.usage.total_tokens) == (
        "stop", "assistant", False, 0,
    )  # fmt: skip


@slow
def test_a_stream_says_the_same_in_checked_sentences_and_ends_with_the_citations(bot: openai.OpenAI) -> None:
    whole: Any = bot.chat.completions.create(model="extractive", messages=turns(PAGE)).choices[0].message
    stream = bot.chat.completions.create(
        model="extractive", messages=turns(PAGE), stream=True, stream_options={"include_usage": True}
    )
    *chunks, last, usage = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.content
    assert last.choices[0].delta.citations == whole.citations  # type: ignore[attr-defined]
    assert last.choices[0].finish_reason == "stop"
    assert (usage.choices, usage.usage and usage.usage.total_tokens) == ([], 0)
    assert len({chunk.id for chunk in (*chunks, last, usage)}) == 1


@slow
def test_earlier_user_turns_are_the_history(bot: openai.OpenAI) -> None:
    done = bot.chat.completions.create(model="embedded", messages=turns("行动计划第七条讲什么?", "那下一条呢?"))
    assert {cited["article"] for cited in done.choices[0].message.citations} == {"8"}  # type: ignore[attr-defined]


@slow
def test_a_refusal_is_said_in_words_with_its_reason_beside_it(bot: openai.OpenAI) -> None:
    message: Any = (
        bot.chat.completions.create(model="embedded", messages=turns("行动计划第十五条讲什么")).choices[0].message
    )
    assert (message.refused, message.reason, message.citations) == (True, "no_such_provision", [])
    assert message.content.startswith("所问的条款不存在。\n《人工智能全球治理行动计划》没有第十五条")
    stream = bot.chat.completions.create(model="embedded", messages=turns("红烧肉怎么做?"), stream=True)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert said.startswith("所问的内容与已收入的文件无关")


@slow
def test_llama_index_uses_it_unchanged(real: httpx.Client) -> None:
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    llm = OpenAILike(model="extractive", api_base=f"{real.base_url}/v1", api_key="any", is_chat_model=True)
    assert "低功耗芯片" in llm.complete(PAGE).text
    asked = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content=PAGE)]
    assert "低功耗芯片" in (llm.chat(asked).message.content or "")
    assert "低功耗芯片" in (list(llm.stream_chat(asked))[-1].message.content or "")


@slow
def test_what_api_ask_gives_is_the_answer_object(real: Any) -> None:
    body = {"question": "那下一条呢?", "history": ["行动计划第七条讲什么?"], "llm": "extractive", "provisions": 2}
    *_, last = real.engine.ask(body["question"], body["history"], llm="extractive", provisions=2)
    wanted, got = last.answer.to_json(), real.post(ASK, json=body).json()
    assert got.pop("timings").keys() == wanted.pop("timings").keys()
    assert got == json.loads(json.dumps(wanted))
    others = [document.doc_id for document in real.engine.documents() if "行动计划" not in document.title]
    kept = real.post(ASK, json={"question": PAGE, "doc_ids": others}).json()
    assert {cited["doc_id"] for cited in kept["citations"]} <= set(others)
    assert {each["doc"] for each in kept["retrieved"]}.isdisjoint({"人工智能全球治理行动计划"})


@slow
def test_the_readme_example_runs(real: httpx.Client) -> None:
    section = README.read_text(encoding="utf-8").partition("## From your own programs")[2].partition("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert "http://127.0.0.1:7860" in code
    with redirect_stdout(StringIO()) as out:
        exec(code.replace("http://127.0.0.1:7860", str(real.base_url)), {})
    assert "低功耗芯片" in out.getvalue() and "第七条第2句" in out.getvalue()


USER = [{"role": "user", "content": QUESTION}]
BAD: list[tuple[str, Any, int, str]] = [
    (ASK, b"{", 400, "no_json"),
    (ASK, b"\xff\xfe", 400, "no_json"),
    (ASK, b"[" * 100_000, 400, "no_json"),
    (ASK, b"", 400, "missing"),
    (ASK, b"null", 400, "wrong_value"),
    (ASK, [], 400, "wrong_value"),
    (ASK, "x", 400, "wrong_value"),
    (ASK, {}, 400, "missing"),
    (ASK, {"question": ""}, 400, "empty"),
    (ASK, {"question": " \n\u200b"}, 400, "question_empty"),
    (ASK, {"question": None}, 400, "wrong_value"),
    (ASK, {"question": ["x"]}, 400, "wrong_value"),
    (ASK, b'{"question": "\\ud800"}', 400, "wrong_value"),
    (ASK, {"question": "x" * 2001}, 400, "too_long"),
    (ASK, {"question": "x", "history": "y"}, 400, "wrong_value"),
    (ASK, {"question": "x", "history": [1]}, 400, "wrong_value"),
    (ASK, {"question": "x", "history": ["y"] * 101}, 400, "too_long"),
    (ASK, {"question": "x", "provisions": 0}, 400, "wrong_value"),
    (ASK, {"question": "x", "provisions": 10**30}, 400, "wrong_value"),
    (ASK, {"question": "x", "provisions": "4"}, 400, "wrong_value"),
    (ASK, {"question": "x", "provisions": True}, 400, "wrong_value"),
    (ASK, {"question": "x", "doc_id": "y"}, 400, "unknown_field"),
    (ASK, {"question": "x", "doc_ids": ["../../etc/passwd"]}, 404, "no_document"),
    (ASK, {"question": "x", "llm": "gguf:/etc/passwd"}, 404, "model_not_found"),
    (ASK, {"question": "x", "llm": "openai:m@http://169.254.169.254/v1"}, 404, "model_not_found"),
    (CHAT, {"messages": USER}, 400, "missing"),
    (CHAT, {"model": "gpt-4o", "messages": USER}, 404, "model_not_found"),
    (CHAT, {"model": "embedded", "messages": []}, 400, "empty"),
    (CHAT, {"model": "embedded", "messages": [{"role": "system", "content": "x"}]}, 400, "no_question"),
    (CHAT, {"model": "embedded", "messages": [{"role": "user", "content": " "}]}, 400, "no_question"),
    (CHAT, {"model": "embedded", "messages": [{"role": "root", "content": "x"}]}, 400, "wrong_value"),
    (CHAT, {"model": "embedded", "messages": [{"role": "user", "content": {"a": 1}}]}, 400, "wrong_value"),
    (CHAT, {"model": "embedded", "messages": [{"role": "user", "content": "x" * 2001}]}, 400, "too_long"),
    (CHAT, {"model": "embedded", "messages": USER, "n": 2}, 400, "wrong_value"),
    (CHAT, {"model": "embedded", "messages": USER, "stream": "yes"}, 400, "wrong_value"),
    (CHAT, {"model": "gpt-4o", "messages": USER, "stream": True}, 404, "model_not_found"),
    (CHAT, {"model": "embedded", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
     400, "text_only"),
    ("/v1/completions", {"prompt": "x"}, 404, "not_found"),
    ("/v1/../v1/x", {}, 404, "not_found"),
    ("/api/predict", {}, 404, "not_found"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "status", "code"), BAD)
def test_a_bad_request_is_one_clear_sentence(small: httpx.Client, path: str, body: Any, status: int, code: str) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    got = small.post(path, content=data, headers={"content-type": "application/json"})
    error = got.json()["error"]
    assert (got.status_code, error["code"], error["type"]) == (status, code, "invalid_request_error")
    assert len(error["message"].splitlines()) == 1 and "Traceback" not in got.text and len(got.text) < 600


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", ASK, 405),
        ("DELETE", CHAT, 405),
        ("POST", "/v1/models", 405),
        ("GET", "/v1/x", 404),
        ("PUT", "/api/", 404),
    ],
)
def test_other_methods_and_paths_are_no_page(small: httpx.Client, method: str, path: str, status: int) -> None:
    got = small.request(method, path, headers={"content-type": "application/json"})
    assert (got.status_code, got.json()["error"]["param"]) == (status, None)
    assert ("allow" in got.headers) == (status == 405)


def test_a_body_that_another_sites_form_could_send_is_refused(small: httpx.Client) -> None:
    got = small.post(ASK, content=json.dumps({"question": "x"}), headers={"content-type": "text/plain"})
    assert (got.status_code, got.json()["error"]["code"]) == (415, "not_json")


@pytest.mark.parametrize(
    ("accepted", "words"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "缺少 question。"), ("en-GB", "question is missing."),
     ("fr;q=1, en;q=0.2, zh;q=0.3", "缺少 question。"), ("en;q=9999999;;q=,zh;q=x", "question is missing.")],
)  # fmt: skip
def test_errors_are_in_the_callers_language(small: httpx.Client, accepted: str, words: str) -> None:
    got = small.post(ASK, json={}, headers={"accept-language": accepted})
    assert got.json()["error"] == {
        "message": words, "type": "invalid_request_error", "param": "question", "code": "missing",
    }  # fmt: skip


def test_parts_of_text_and_fields_of_tomorrow_are_taken(small: httpx.Client) -> None:
    parts = [{"role": "assistant", "content": None, "tool_calls": [], "tomorrow": 1}, {"role": "user", "content": [
        {"type": "text", "text": QUESTION}]}]  # fmt: skip
    got = small.post(CHAT, json={"model": "embedded", "messages": parts, "tomorrow": {"a": 1}, "stream": None})
    assert "不得少于十二小时[1]" in got.json()["choices"][0]["message"]["content"]


IDS = ["a" * 65, "", "a b", "a\tb", "ä", "a;b", "%0d%0aset-cookie:x", "<b>", 'a"b']


def test_a_callers_id_comes_back_and_stands_in_the_log(small: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tiaoyin.http"):
        small.post(ASK, json={"question": QUESTION}, headers={"x-request-id": "Case-7.b_c"})
        for each in IDS:
            got = small.get("/v1/models", headers={"x-request-id": each.encode("latin-1")})
            assert re.fullmatch("[0-9a-f]{32}", got.headers["x-request-id"]), each
        small.get("/v1/%0aid=forged status=200")
        until(lambda: len(caplog.records) >= len(IDS) + 2)  # a line follows its response
    lines = [record.getMessage() for record in caplog.records]
    (own,) = [each for each in lines if "Case-7" in each]
    assert re.fullmatch(r"id=Case-7\.b_c route=/api/ask status=200 ms=\d+ key=-", own)
    assert not any("\n" in each or "forged" in each or "公园" in each for each in lines)


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_too_large_is_ended(small: httpx.Client, declared: bool) -> None:
    data = b'{"question": "' + b"x" * 300_000 + b'"}'
    content = data if declared else (data[at : at + 8192] for at in range(0, len(data), 8192))
    got = small.post(ASK, content=content, headers={"content-type": "application/json"})
    assert (got.status_code, got.json()["error"]["code"]) == (413, "body_too_large")


def test_health_readiness_and_figures_tell_no_text(small: httpx.Client) -> None:
    small.post(ASK, json={"question": QUESTION})
    small.post(ASK, json={"question": "红烧肉怎么做?"})
    assert small.get("/healthz").json() == small.get("/readyz").json() == {"status": "ok", "ready": True, "note": None}
    text = small.get("/metrics").text
    for line in ('tiaoyin_answers_total{outcome="answered"}', 'tiaoyin_answers_total{outcome="off_topic"}',
                 'tiaoyin_seconds_count{stage="retrieve"}', 'tiaoyin_requests_total{route="/api/ask",status="200"}',
                 "tiaoyin_waiting 0.0", "tiaoyin_running 0.0", "process_resident_memory_bytes"):  # fmt: skip
        assert line in text
    assert "公园" not in text and "红烧肉" not in text


def test_the_description_is_of_exactly_these_routes(small: httpx.Client) -> None:
    found = small.get("/openapi.json").json()["paths"]
    routes = {
        (path, method): set(told["responses"]) for path, methods in found.items() for method, told in methods.items()
    }
    assert set(routes) == {
        (CHAT, "post"), (ASK, "post"), ("/v1/models", "get"), ("/healthz", "get"), ("/readyz", "get"),
        ("/metrics", "get"),
    }  # fmt: skip
    assert all(codes == {"200", "4XX", "5XX"} for codes in routes.values())


class Failing(Engine):
    """What is asked of it decides how it fails."""

    def ask(self, question: str, *args: Any, **chosen: Any) -> Any:
        if "fault" in question:
            raise ZeroDivisionError(question)
        for update in super().ask(QUESTION, *args, **chosen):
            if update.answer.sentences:
                yield update
                raise GenerateError("llm_failed", llm="played", why="gone")


def test_a_fault_is_told_by_its_id_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with listening(Failing(tmp_path, Extractive())) as client:
        got = client.post(ASK, json={"question": "fault 机密"}, headers={"x-request-id": "seven"})
        assert (got.status_code, got.json()["error"]["code"], got.headers["x-request-id"]) == (500, "fault", "seven")
        assert "seven" in got.json()["error"]["message"]
        assert "id=seven fault=ZeroDivisionError at=" in caplog.text
        assert "机密" not in caplog.text + got.text
        assert 'status="500"' in client.get("/metrics").text


def test_a_model_that_fails_is_a_status_before_the_first_sentence_and_an_event_after_it(tmp_path: Path) -> None:
    with listening(Failing(tmp_path, Extractive())) as client:
        got = client.post(ASK, json={"question": "x"})
        assert (got.status_code, got.json()["error"]["code"]) == (502, "llm_failed")
        bot = openai.OpenAI(base_url=f"{client.base_url}/v1", api_key="any", max_retries=0)
        said = ""
        with pytest.raises(openai.APIError, match="gone"):
            for chunk in bot.chat.completions.create(model="embedded", messages=turns("x"), stream=True):
                said += chunk.choices[0].delta.content or ""
        assert "十二小时[1]" in said
