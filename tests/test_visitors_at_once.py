"""Many who ask in the same moment: all are answered rightly, soon, in their turn, and once."""

from __future__ import annotations

import json
import re
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest
from browser import ask, free_port, page_at, served, shared
from played import played

from rag.settings import Settings
from rag.words import say

pytestmark = pytest.mark.slow
MANY, P95 = 20, 3.0  # visitors; seconds, from pressing the button to the whole answer
ASKED = [
    ("行动计划推广哪些绿色计算技术？", "第七条第2句"),
    ("行动计划怎样保护个人隐私？", "第六条第3句"),
    ("行动计划支持在联合国框架下建立哪两项机制？", "第十一条第3句"),
    ("第八条第一句是什么？", "第八条第1句"),
]
"""Questions, and what each answer cites first."""


class Visitor:
    """What the page's scripts send to gradio, from a session with a cookie of its own; no browser."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=60)
        self.client.get("/").raise_for_status()
        config = self.client.get("/config").json()
        send = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "ty-send")
        self.begin = next(each for each in config["dependencies"] if [send, "click"] in each["targets"])
        self.stream = next(
            each for each in config["dependencies"] if each["queue"] and each["trigger_after"] == self.begin["id"]
        )
        self.own = {"session_hash": secrets.token_hex(6)}

    def post(self, path: str, which: dict[str, Any], data: list[Any]) -> None:
        self.client.post(
            f"/gradio_api/{path}", json={"fn_index": which["id"], "data": data, **self.own}
        ).raise_for_status()

    def ask(self, question: str, together: Barrier) -> tuple[str, float]:
        """The conversation as the page shows it at the end, and the seconds."""
        together.wait(30)
        started = time.perf_counter()
        self.post("run/predict", self.begin, [question, None, "zh", ""])
        self.post("queue/join", self.stream, [None, "zh", None, None, ""])
        with self.client.stream("GET", "/gradio_api/queue/data", params=self.own) as events:
            for line in events.iter_lines():
                event = json.loads(line.removeprefix("data: ") or "{}")
                if event.get("msg") == "process_completed":
                    assert event["success"], event
                    shown = event["output"]["data"][self.stream["outputs"].index(self.begin["outputs"][1])]
                    return str(shown), time.perf_counter() - started
        raise AssertionError("the stream ended before the answer")


def at_once(url: str, questions: list[str]) -> list[tuple[str, float]]:
    visitors, together = [Visitor(url) for _ in questions], Barrier(len(questions))
    with ThreadPoolExecutor(len(questions)) as pool:
        return list(pool.map(lambda visitor, question: visitor.ask(question, together), visitors, questions))


def test_twenty_at_once_are_all_answered_rightly_within_three_seconds(settings: Settings, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rag", "serve", "--llm", "extractive", "--port", str(free_port())]
    command += ["--index", str(settings.index), "--home", str(settings.home)]
    rows = [ASKED[n % len(ASKED)] for n in range(MANY)]
    with served(command, tmp_path / "output.txt") as site:
        at_once(site.url, [ASKED[0][0]])  # until it has loaded what it needs
        got = at_once(site.url, [question for question, _ in rows])
    for (question, label), (shown, _) in zip(rows, got, strict=True):
        assert re.findall(r'class="ty-question">(.*?)</', shown) == [question]
        assert re.findall(r'class="ty-cite"[^>]*>([^<]+)', shown)[:1] == [label], question
    seconds = sorted(each for _, each in got)
    print("seconds:", [round(each, 2) for each in seconds])
    assert seconds[int(MANY * 0.95) - 1] <= P95, seconds


def test_five_at_once_wait_for_a_slow_model_are_told_their_places_and_are_answered_once(tmp_path: Path) -> None:
    questions = ["很久的问题", *(f"第{n}个等的人问推广什么？" for n in range(1, 5))]
    with played(tmp_path) as site, shared(), ExitStack() as stack:
        pages = [stack.enter_context(page_at(site.url)) for _ in questions]
        ask(pages[0], questions[0], settled=False).locator(".ty-cite").wait_for()
        for n in range(1, 5):
            ask(pages[n], questions[n], settled=False)
            pages[n].get_by_text(say("queue_ahead", "zh", n=n)).first.wait_for()
        assert [page.locator(".ty-cite").count() for page in pages[1:]] == [0] * 4
        site.finish()
        for page, question in zip(pages, questions, strict=True):
            page.locator(".ty-cite").nth(1).wait_for()
            page.locator("#ty-send").wait_for()
            assert page.locator(".ty-question").all_inner_texts() == [question]
            assert page.locator(".ty-cite").count() == 2
        asked = [each["asked"] for each in site.log() if "asked" in each]
    assert asked == questions
