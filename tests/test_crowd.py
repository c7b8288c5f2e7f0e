"""Many visitors at once, at a server of its own: all are answered rightly, in their turn, and each with their own."""

from __future__ import annotations

import asyncio
import html
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from browser import free_port, served
from crowd import visitor
from played import played

from rag.lanes import WAITING, FullError, Lane, Lanes
from rag.settings import Settings
from rag.words import say

MANY = 20
P95 = 3.0  # seconds
ASKED = [
    ("行动计划推广哪些绿色计算技术？", "第七条第2句"),
    ("行动计划怎样保护个人隐私？", "第六条第3句"),
    ("行动计划支持在联合国框架下建立哪两项机制？", "第十一条第3句"),
    ("行动计划第五条讲什么？", "第五条第1句"),
    ("第八条第一句是什么？", "第八条第1句"),
]
"""Questions, and what the first sentence of each answer cites."""


def asked_at_once(
    url: str, rounds: Sequence[Sequence[str]], llm: str | None = None, seen: Callable[[str], None] = lambda html: None
) -> list[list[tuple[str, float]]]:
    """Each round is a question of every visitor, all asked at once; what each page then shows, and the seconds."""

    async def visit() -> list[list[tuple[str, float]]]:
        async with AsyncExitStack() as pages:
            asks = [await pages.enter_async_context(visitor(url, llm, seen)) for _ in rounds[0]]
            return [await asyncio.gather(*(ask(q) for ask, q in zip(asks, each, strict=True))) for each in rounds]

    return asyncio.run(visit())


def questions(shown: str) -> list[str]:
    return [html.unescape(each) for each in re.findall(r'class="ty-question">(.*?)</div>', shown)]


@pytest.mark.slow
@pytest.mark.alone
def test_twenty_at_once_are_all_answered_rightly_within_three_seconds(settings: Settings, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rag", "serve", "--llm", "extractive", "--port", str(free_port())]
    command += ["--index", str(settings.index), "--home", str(settings.home)]
    with served(command, tmp_path / "output.txt") as site:
        asked_at_once(site.url, [[ASKED[0][0]]])  # until it has loaded what it needs
        rows = [ASKED[n % len(ASKED)] for n in range(MANY)]
        (got,) = asked_at_once(site.url, [[question for question, _ in rows]])
    for (question, label), (shown, _) in zip(rows, got, strict=True):
        assert questions(shown) == [question]
        assert re.search(r'class="ty-cite"[^>]*>([^<]+)', shown)[1] == label  # type: ignore[index]
    seconds = sorted(each for _, each in got)
    assert seconds[int(MANY * 0.95) - 1] <= P95, seconds


@pytest.mark.slow
def test_five_at_once_wait_for_the_model_in_turn_are_told_so_and_keep_their_own_conversation(tmp_path: Path) -> None:
    waiting = [say("queue_ahead", "zh", n=n) for n in range(1, 5)]
    told, answering = set[str](), list[int]()

    def seen(page: str) -> None:
        told.update(words for words in waiting if words in page)
        if told.issuperset(waiting[-1:]):  # all five are there: the first may end, and then each of the others
            answering.append(sum("asked" in each for each in site.log()))
            site.finish()

    with played(tmp_path) as site:
        rounds = [[f"第{n}人{each}" for n in range(5)] for each in ("先问很久的问题", "后问")]
        _, second = asked_at_once(site.url, rounds, seen=seen)
        log = [each for each in site.log() if "asked" in each]
    for n, (shown, _) in enumerate(second):
        assert questions(shown) == [rounds[0][n], rounds[1][n]]
        assert shown.count('class="ty-cite"') == 4 and f"第{(n + 1) % 5}人" not in shown
    assert {each["asked"]: each["history"] for each in log} == {
        **{question: [] for question in rounds[0]},
        **{question: [rounds[0][n]] for n, question in enumerate(rounds[1])},
    }
    assert told == set(waiting)
    assert answering[0] == 1


@pytest.mark.parametrize(("at_once", "before"), [(1, [0, 1, 2, 3]), (3, [0, 0, 0, 1])])
def test_a_lane_answers_in_order_and_those_who_leave_make_room(at_once: int, before: list[int]) -> None:
    lane = Lane(at_once)
    places = [lane.place() for _ in before]
    asks = [place.__enter__() for place in places]
    assert [ahead(0) for ahead in asks] == before
    places[0].__exit__(None, None, None)
    assert [ahead(0) for ahead in asks[1:]] == [max(0, n - 1) for n in before[1:]]


def test_a_lane_holds_so_many_and_says_that_it_is_full() -> None:
    lane = Lane(2)
    places = [lane.place() for _ in range(2 + WAITING)]
    for place in places:
        place.__enter__()
    with pytest.raises(FullError), lane.place():
        pass
    places[-1].__exit__(None, None, None)
    with lane.place() as ahead:
        assert ahead(0) == WAITING


@pytest.mark.parametrize(
    ("spec", "alone"),
    [("embedded", True), ("gguf:x", True), ("hf:a/b", True), ("extractive", False), ("openai:x@http://h/v1", False)],
)
def test_what_computes_in_this_process_answers_one_question_at_a_time(spec: str, alone: bool) -> None:
    lanes = Lanes()
    assert (lanes.of(spec) is lanes.alone) is alone
