"""Marks on answers: the file they are kept in, the questions made of it, and the page that takes them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser import ask, page_at, until
from played import cite, plan

from rag import feedback
from rag.__main__ import main
from rag.evaluate.questions import Gold, Question, read_questions
from rag.feedback import DISLIKE, LIKE, FeedbackError, as_questions, keep
from rag.records import Answer, Sentence
from ui.turns import Turn, mark

SHOTS = os.environ.get("SHOTS")  # a folder for screenshots to look at
ROOT = Path(__file__).parent.parent
TITLE = "人工智能全球治理行动计划"
CITED = (cite(plan(), 1, "7", "2"), cite(plan(), 2, "6", "3"))
ANSWER = Answer("推广什么？", "zh", (Sentence("推广高效算法。", (1,), "quoted"),), CITED)
REFUSED = Answer("罚款多少？", "zh", reason="no_evidence")


def lines(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]


def test_a_mark_is_a_line_that_only_its_owner_can_read(tmp_path: Path) -> None:
    place = tmp_path / "new" / feedback.FILE
    keep(place, ANSWER, ["先前的问题"], DISLIKE, "第一行\n第二行 \ud800")
    keep(place, REFUSED, [], LIKE)
    first, second = lines(place)
    assert first.pop("time").startswith("20")
    assert first == {
        "question": "推广什么？", "history": ["先前的问题"], "lang": "zh", "refused": False,
        "answer": "推广高效算法[1]。",
        "citations": [{"doc": TITLE, "article": "7", "path": [["article", "7"], ["sentence", "2"]]},
                      {"doc": TITLE, "article": "6", "path": [["article", "6"], ["sentence", "3"]]}],
        "verdict": "dislike", "reason": "第一行\n第二行 ?",
    }  # fmt: skip
    assert (second["refused"], second["verdict"], second["reason"]) == (True, "like", None)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_processes_that_write_at_once_tear_no_line(tmp_path: Path) -> None:
    place = tmp_path / feedback.FILE
    code = """if True:
        import sys; from pathlib import Path; from rag import feedback; from rag.records import Answer
        for n in range(300):
            feedback.keep(Path(sys.argv[1]), Answer("长" * 3000, "zh", reason="unsafe"), [], "like", f"{n}")"""
    command = [sys.executable, "-c", code, str(place)]
    for process in [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]:
        assert process.wait(60) == 0
    assert sorted(int(each["reason"]) for each in lines(place)) == sorted([*range(300)] * 3)


def test_the_last_mark_of_a_question_counts_and_becomes_a_question_that_can_be_read(tmp_path: Path) -> None:
    place = tmp_path / feedback.FILE
    keep(place, ANSWER, [], DISLIKE, "漏了一项")
    keep(place, REFUSED, [], LIKE)
    keep(place, replace(ANSWER, citations=(CITED[0], CITED[0])), ["先前的问题"], LIKE)
    keep(place, replace(ANSWER, question="隐私呢？"), [], DISLIKE, "答非所问")
    keep(place, ANSWER, [], LIKE, "现在对了")
    out = tmp_path / "deep" / "set.jsonl"
    assert main(["eval", "--from-feedback", "--home", str(tmp_path), "--out", str(out)]) == 0
    gold = (Gold(TITLE, "7", (("article", "7"), ("sentence", "2"))), Gold(TITLE, "6", CITED[1].path))
    assert read_questions(out) == [
        Question("feedback-001", "推广什么？", "zh", "feedback", (), True, gold),
        Question("feedback-002", "罚款多少？", "zh", "feedback", (), False),
        Question("feedback-003", "推广什么？", "zh", "feedback", ("先前的问题",), True, gold[:1]),
        Question("feedback-004", "隐私呢？", "zh", "feedback", (), None),
    ]
    rows = lines(out)
    assert [row["reason"] for row in rows] == ["现在对了", None, None, "答非所问"]
    assert (rows[3]["verdict"], rows[3]["shown"]) == ("dislike", "推广高效算法[1]。")


@pytest.mark.parametrize(
    ("more", "line"), [("", None), ("\n{torn", 3), ("\n{torn\n\n", 3), ("{}\n", 2), ("[1]", 2), ('"x"\n', 2)]
)
def test_a_line_that_is_no_mark_is_named_and_a_blank_one_passed_over(
    more: str, line: int | None, tmp_path: Path
) -> None:
    place = tmp_path / feedback.FILE
    with pytest.raises(FeedbackError, match=str(place)):
        as_questions(place)
    place.touch()
    with pytest.raises(FeedbackError, match="serve"):
        as_questions(place)
    keep(place, ANSWER, [], LIKE)
    place.write_text(place.read_text(encoding="utf-8") + more, encoding="utf-8")
    if line is None:
        assert len(as_questions(place)) == 1
        return
    with pytest.raises(FeedbackError, match=f"{line}"):
        as_questions(place)


def test_a_set_a_draft_and_marks_exclude_each_other_and_need_a_file_to_write(tmp_path: Path) -> None:
    home = ["--home", str(tmp_path)]
    keep(tmp_path / feedback.FILE, ANSWER, [], LIKE)
    assert main(["eval", "x.jsonl", "--from-feedback", "--out", str(tmp_path / "a"), *home]) == 2
    assert main(["eval", "--from-feedback", "--draft", "x.md", "--out", str(tmp_path / "a"), *home]) == 2
    assert main(["eval", "--from-feedback", "--out", str(tmp_path), *home]) == 2
    assert main(["eval", "--from-feedback", "--out", str(tmp_path / "a"), "--home", str(tmp_path / "none")]) == 1
    assert {each.name for each in tmp_path.iterdir()} == {feedback.FILE}


def test_a_mark_that_cannot_be_written_is_said_and_one_that_changes_nothing_is_not_written(tmp_path: Path) -> None:
    place = tmp_path / feedback.FILE
    turns = [Turn("推广什么？", "", "over", ANSWER)]
    place.mkdir()
    mark(turns, LIKE, "", place, "zh")
    assert "评价没有记下" in turns[0].noted and turns[0].verdict == ""
    place.rmdir()
    for verdict, reason in ((LIKE, ""), (LIKE, ""), (DISLIKE, ""), (DISLIKE, "缺一项"), ("", "没有先点")):
        mark(turns, verdict, reason, place, "zh")
    assert [(each["verdict"], each["reason"]) for each in lines(place)] == [
        ("like", None), ("dislike", None), ("dislike", "缺一项"),
    ]  # fmt: skip
    for turn in (Turn("停", "", "over"), Turn("写", "", "answering", ANSWER)):
        mark([turn], LIKE, "", place, "zh")
    mark([], LIKE, "", place, "zh")
    assert len(lines(place)) == 3


@pytest.mark.slow
def test_a_reader_marks_an_answer_says_why_and_the_export_is_a_question_set(
    site: SimpleNamespace, tmp_path: Path
) -> None:
    place = site.folder / feedback.FILE
    place.unlink(missing_ok=True)
    with page_at(site.url) as page:
        bad = page.get_by_role("button", name="踩")
        assert bad.count() == 0 or not bad.is_visible()
        ask(page, "推广哪些技术？")
        bad.click()
        page.get_by_text("已记下：踩").wait_for()
        page.get_by_label("理由").fill('漏了 <b>"高效算法"</b>')
        page.get_by_role("button", name="记下理由").click()
        page.get_by_text('连同理由：漏了 <b>"高效算法"</b>').wait_for()
        assert [(m["verdict"], m["reason"]) for m in lines(place)] == [
            ("dislike", None), ("dislike", '漏了 <b>"高效算法"</b>'),
        ]  # fmt: skip
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/marked.png", full_page=True)
        ask(page, "那么隐私呢？")  # a new answer is not marked yet
        page.get_by_text("已记下").wait_for(state="hidden")
        assert page.get_by_label("理由").count() == 0 or page.get_by_label("理由").is_hidden()
        page.get_by_role("button", name="赞").focus()
        page.keyboard.press("Enter")  # by the keyboard alone
        page.get_by_text("已记下：赞").wait_for()
        assert (page.foreign, page.faults) == ([], [])
    out = tmp_path / "set.jsonl"
    assert main(["eval", "--from-feedback", "--home", str(site.folder), "--out", str(out)]) == 0
    first, second = read_questions(out)
    assert (first.question, first.answerable, first.gold, first.kind) == ("推广哪些技术？", None, (), "feedback")
    assert (second.history, second.answerable) == (("推广哪些技术？",), True)
    assert [(each.doc, each.article) for each in second.gold] == [(TITLE, "7"), (TITLE, "6")]


FREE = """() => { const box = name => document.querySelector(name).getBoundingClientRect();
  return box("#ty-why textarea").bottom <= box("#ty-composer").top; }"""
"""Whether the line for a reason is not behind the question box."""


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_marking_fits_the_screen_and_waits_for_a_whole_answer(site: SimpleNamespace, width: int, dark: bool) -> None:
    with page_at(f"{site.url}/?lang=en", width=width, height=560, dark=dark) as page:
        good = page.get_by_role("button", name="Good", exact=True)
        ask(page, "很久的问题", settled=False).locator(".ty-cite").wait_for()
        assert good.is_hidden()
        page.get_by_role("button", name="Stop").click()
        page.locator("#ty-send").wait_for()
        assert good.is_hidden()  # of half an answer nobody can say
        ask(page, "规定的罚款金额是多少？")
        good.click()
        page.get_by_label("Why").wait_for()
        until(lambda: page.evaluate(FREE))
        until(lambda: page.evaluate("document.documentElement.scrollWidth") <= width)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/why-{width}{'-dark' * dark}.png", full_page=True)
        page.get_by_label("Why").fill("rightly declined")
        page.keyboard.press("Enter")
        page.get_by_text("with your reason: rightly declined").wait_for()
        until(lambda: page.evaluate("document.documentElement.scrollWidth") <= width)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/marked-{width}{'-dark' * dark}.png", full_page=True)
    last = lines(site.folder / feedback.FILE)[-1]
    assert (last["question"], last["refused"], last["reason"]) == ("规定的罚款金额是多少？", True, "rightly declined")
