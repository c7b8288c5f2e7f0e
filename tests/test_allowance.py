"""Claims about how often a visitor may do a thing: within any hour, for each alone, in bounded memory."""

from __future__ import annotations

import threading

import pytest

from rag.allowance import HOUR, Allowance, AllowanceError, questions, uploads


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def spent(allowance: Allowance, visitor: str, n: int = 1) -> int | None:
    """None, or in how many minutes more is allowed."""
    try:
        allowance.spend(visitor, n)
    except AllowanceError as error:
        minutes = error.values["minutes"]
        assert isinstance(minutes, int) and str(minutes) in str(error) and error.values["limit"] == allowance.limit
        return minutes
    return None


def test_an_hour_is_the_last_hour_and_not_that_of_the_clock() -> None:
    clock = Clock()
    allowance = Allowance("visitor_questions", 3, clock=clock)
    assert [spent(allowance, "a") for _ in range(2)] == [None, None]
    clock.now += HOUR / 2
    assert spent(allowance, "a") is None
    assert spent(allowance, "a") == 30
    clock.now += HOUR / 2 - 61
    assert spent(allowance, "a") == 2
    clock.now += 61
    assert [spent(allowance, "a") for _ in range(3)] == [None, None, 30]


def test_several_at_once_are_all_or_none() -> None:
    clock = Clock()
    allowance = Allowance("visitor_uploads", 5, clock=clock)
    assert spent(allowance, "a", 3) is None
    clock.now += 600
    assert spent(allowance, "a", 3) == 50  # when the three before are forgotten, and no sooner
    assert spent(allowance, "a", 2) is None
    assert spent(allowance, "b", 6) == 0  # never so many, but fewer at once
    assert spent(allowance, "b", 5) is None


def test_each_visitor_has_an_allowance_of_their_own_and_many_do_not_fill_the_memory() -> None:
    clock = Clock()
    allowance = Allowance("visitor_questions", 1, visitors=100, clock=clock)
    assert spent(allowance, "me") is None and spent(allowance, "you") is None
    assert spent(allowance, "me") == 60
    for n in range(99):
        assert spent(allowance, str(n)) is None
    assert len(allowance._times) == 100
    assert spent(allowance, "me") == 60  # asked lately, so still known
    assert spent(allowance, "you") is None  # forgotten


def test_threads_get_no_more_than_is_allowed() -> None:
    allowance, granted, start = questions(50), list[int](), threading.Barrier(8)

    def ask() -> None:
        start.wait()
        for _ in range(20):
            if spent(allowance, "me") is None:
                granted.append(1)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(granted) == 50


@pytest.mark.parametrize(("allowance", "words"), [(questions(7), "提 7 个问题"), (uploads(9), "上传 9 个文件")])
def test_what_is_used_up_is_said(allowance: Allowance, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "zh")
    with pytest.raises(AllowanceError, match=words):
        for _ in range(10):
            allowance.spend("me")
