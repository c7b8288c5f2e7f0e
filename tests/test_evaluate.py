"""Batch evaluation: question sets and what is wrong with them, runs that go on, comparisons, the report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import ARGUMENTS, EXECUTABLE
from test_structure import parse

from rag.__main__ import main
from rag.errors import DocumentError, ModelError, UsageError
from rag.evaluate import draft, judge, metrics, report
from rag.evaluate.compare import compare
from rag.evaluate.questions import Gold, Question, read_questions, resolved, same_document
from rag.evaluate.run import read_rows
from rag.records import Prompt
from rag.settings import Settings

ROOT = Path(__file__).parent.parent
PLAN = "人工智能全球治理行动计划"
SET = ROOT / "data" / "eval" / "page.jsonl"
once = pytest.mark.usefixtures("loaded_once")
"""For runs in this process."""
GOOD = '{"id": "a", "question": "问?", "gold": [{"doc": "甲法", "article": "6"}], "keys": [["三十日", "30日"], "书面"]}'


def test_a_set_is_the_same_in_jsonl_csv_and_excel(tmp_path: Path) -> None:
    import openpyxl

    gold, keys = '[{"doc": "甲法", "article": "6"}]', '[["三十日", "30日"], "书面"]'
    (tmp_path / "a.jsonl").write_text(GOOD + "\n\n", encoding="utf-8")
    (tmp_path / "a.csv").write_text(
        'id,question,answerable,gold,keys\na,问?,,"{}","{}"\n'.format(*(t.replace('"', '""') for t in (gold, keys))),
        encoding="utf-8-sig",
    )
    book = openpyxl.Workbook()
    book.active.append(["id", "question", "gold", "keys"])
    book.active.append(["a", "问?", gold, keys])
    book.save(tmp_path / "a.xlsx")
    expected = Question("a", "问?", gold=(Gold("甲法", "6"),), keys=(("三十日", "30日"), ("书面",)))
    for name in ("a.jsonl", "a.csv", "a.xlsx"):
        assert read_questions(tmp_path / name) == [expected], name


@pytest.mark.parametrize(
    ("name", "text", "key", "words"),
    [
        ("a.jsonl", GOOD + '\n{"id": "b", "question"', "eval_broken_json", "2"),
        ("a.jsonl", GOOD + "\n" + GOOD, "eval_twice", "a"),
        ("a.jsonl", '{"id": "a"}', "eval_value_missing", "question"),
        ("a.jsonl", "[1]", "eval_value_missing", "id"),
        ("a.jsonl", '{"id": "a", "question": "?", "gold": [{"article": "6"}]}', "eval_value_wrong", "doc"),
        ("a.jsonl", "\n", "eval_empty", "a.jsonl"),
        ("a.jsonl", GOOD + '\n\n{"id": "b", "question": "?", "answerable": "no"}', "eval_value_wrong", "3"),
        ("a.jsonl", '{"id": "b", "question": "?", "keys": "三十日"}', "eval_value_wrong", "keys"),
        ("a.jsonl", '{"id": "b", "question": "?", "answer": ["x"]}', "eval_value_wrong", "answer"),
        (
            "a.jsonl",
            '{"id": "b", "question": "?", "gold": [{"doc": "甲", "path": [["article"]]}]}',
            "eval_value_wrong",
            "1",
        ),
        ("a.csv", "id,text\n1,x\n", "eval_column_missing", "question"),
        ("a.csv", 'id,question,gold\n1,x,"[{"\n', "eval_broken_json", "2"),
        ("a.txt", "x", "eval_kind_unknown", ".jsonl"),
    ],
)
def test_what_is_wrong_with_a_set_is_named_with_its_line(
    name: str, text: str, key: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        read_questions(path)
    assert refused.value.key == key and words in str(refused.value)


def test_gold_means_a_document_by_title_short_title_or_file_and_nothing_else() -> None:
    assert same_document("民法典", "中华人民共和国民法典")
    assert same_document("《个人信息保护法》", "中华人民共和国个人信息保护法")
    assert same_document("EU_AI_Act_2024_1689", "Regulation (EU) 2024/1689", "/laws/EU_AI_Act_2024_1689.md")
    assert not same_document("民法", "中华人民共和国民法典")
    question = Question("q", "?", gold=(Gold("民法典", "1"),))
    assert resolved([question], [("中华人民共和国民法典", "x.md")], Path("s"))[0].gold[0].doc == "中华人民共和国民法典"
    with pytest.raises(UsageError) as refused:
        resolved([replace(question, line=17)], [("刑法", "y.md")], Path("s"))
    assert refused.value.key == "eval_unknown_document" and "17" in str(refused.value)


def test_a_table_of_a_chinese_spreadsheet_and_odd_characters_of_json_are_read(tmp_path: Path) -> None:
    table = 'id,question,answerable,gold\n一,处理者应当报告吗？,否,"[{""doc"": ""甲法"", ""article"": 6}]"\n'
    (tmp_path / "a.csv").write_bytes(table.encode("gb18030"))
    (found,) = read_questions(tmp_path / "a.csv")
    assert found == Question("一", "处理者应当报告吗？", answerable=False, gold=(Gold("甲法", "6"),))
    (tmp_path / "a.jsonl").write_text('{"id": "a", "question": "一\u2028二"}\r\n', encoding="utf-8")
    assert read_questions(tmp_path / "a.jsonl") == [Question("a", "一\u2028二")]
    (tmp_path / "b.jsonl").write_bytes(b"\x00\xff{")
    with pytest.raises(DocumentError, match=r"b\.jsonl"):
        read_questions(tmp_path / "b.jsonl")


def test_nothing_is_written_when_the_set_is_wrong(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(GOOD, encoding="utf-8")
    places = ["--home", str(settings.home), "--index", str(settings.index)]
    assert main(["eval", str(path), "--out", str(tmp_path / "out"), *places]) == 2
    assert not (tmp_path / "out").exists()
    assert main(["eval", str(SET), "--out", str(path), *places]) == 2
    assert path.read_text(encoding="utf-8") == GOOD


def command(settings: Settings, out: Path, *more: str) -> list[str]:
    places = ["--home", str(settings.home), "--index", str(settings.index), "--llm", "extractive"]
    return ["eval", str(SET), "--out", str(out), *places, *more]


def undated(out: Path) -> dict[str, Any]:
    """The files of a run without what it cost: two runs never take the same time, nor the same tokens if one stops."""
    rows = read_rows(out / "results.jsonl")
    for row in rows:
        row.pop("timings", None)
        row.pop("tokens", None)
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    for group in (summary["overall"], *(g for by in summary["by"].values() for g in by.values())):
        group.pop("latency")
        group.pop("tokens")
    return {"rows": rows, "summary": summary, "made": (out / "run.json").read_text("utf-8")}


@pytest.mark.slow
@once
def test_a_run_killed_at_any_moment_and_started_again_gives_the_files_of_one_undisturbed(
    settings: Settings, tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main(command(settings, whole)) == 0
    results = killed / "results.jsonl"
    for rows in (1, 9, 20):
        process = subprocess.Popen([sys.executable, "-m", "rag", *command(settings, killed)], cwd=ROOT)
        while len(read_rows(results)) < rows and process.poll() is None:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with results.open("a", encoding="utf-8") as file:
            file.write('{"id": "torn')  # as a disk leaves it
    assert main(command(settings, killed)) == 0
    assert undated(killed) == undated(whole)
    # The report and the table show times: with those of the undisturbed run they are its own, to the byte.
    (killed / "results.jsonl").write_bytes((whole / "results.jsonl").read_bytes())
    assert main(command(settings, killed)) == 0
    assert {p.name: p.read_bytes() for p in killed.iterdir()} == {p.name: p.read_bytes() for p in whole.iterdir()}


@pytest.mark.slow
@once
def test_the_same_run_twice_does_not_differ_and_a_worse_retriever_fails(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rag.pipeline import Engine

    first, again, worse = tmp_path / "first", tmp_path / "again", tmp_path / "worse"
    gates = ["--compare", str(first), "--fail-if-worse", "recall@1", "--fail-if-worse", "mrr:0.01"]
    assert main(command(settings, first, "--retrieval-only")) == 0
    assert main(command(settings, again, "--retrieval-only", "--concurrency", "4", *gates)) == 0
    assert undated(again) == undated(first)
    assert "p=1" in capsys.readouterr().out
    find = Engine.find

    def reversed_hits(*args: Any) -> Any:
        found = find(*args)
        return replace(found, hits=found.hits[::-1])

    monkeypatch.setattr(Engine, "find", reversed_hits)
    assert main(command(settings, worse, "--retrieval-only", *gates)) == 3
    assert "recall@1" in capsys.readouterr().err


@pytest.mark.slow
@once
def test_a_folder_with_another_run_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(command(settings, out, "--retrieval-only")) == 0
    before = undated(out)
    assert main(command(settings, out)) == 2
    assert undated(out) == before
    assert main([*command(settings, tmp_path / "new"), "--compare", str(tmp_path / "none")]) == 2
    assert main([*command(settings, tmp_path / "new"), "--fail-if-worse", "recall@7"]) == 2
    assert main([*command(settings, tmp_path / "new"), "--fail-if-worse", "mrr"]) == 2  # than what?
    assert not (tmp_path / "new").exists()
    gate = ["--retrieval-only", "--compare", str(out), "--fail-if-worse", "prompt_tokens"]
    assert main([*command(settings, tmp_path / "new"), *gate]) == 2  # neither run has it: a gate that cannot close


@pytest.mark.slow
def test_a_model_that_does_not_load_is_one_error_and_not_that_of_every_question(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.pipeline import Engine

    def missing(engine: Engine) -> None:
        raise ModelError("model_missing", name="x", file="y", bytes=1, sha256="z")

    with monkeypatch.context() as broken:
        broken.setattr(Engine, "generator", missing)
        assert main(command(settings, tmp_path / "out")) == 1
    assert read_rows(tmp_path / "out" / "results.jsonl") == []
    assert main(command(settings, tmp_path / "out")) == 0


def test_what_was_won_and_lost_is_counted_and_a_lower_time_is_better() -> None:
    before = {str(n): {"mrr": 0.0, "total": 2.0, "key_recall": None} for n in range(30)}
    after = {str(n): {"mrr": 1.0 if n < 20 else 0.0, "total": 1.0, "key_recall": 1.0} for n in range(30)}
    found = {each.metric: each for each in compare(before, after)}
    assert set(found) == {"mrr", "total"}
    assert (len(found["mrr"].won), len(found["mrr"].lost), found["mrr"].p < 0.001) == (20, 0, True)
    assert len(found["total"].won) == 30 and not found["total"].is_worse()
    back = {each.metric: each for each in compare(after, before)}
    assert back["mrr"].is_worse(0.5) and not back["mrr"].is_worse(0.7) and back["total"].is_worse()
    assert all(each.p == 1.0 for each in compare(before, before))
    more = {str(n): {"prompt_tokens": 900.0} for n in range(30)}
    (dearer,) = compare({str(n): {"prompt_tokens": 600.0} for n in range(30)}, more)
    assert len(dearer.lost) == 30 and dearer.is_worse(200) and not dearer.is_worse(400)


class Played:
    """A language model that says what it is told to, and keeps what it was asked."""

    name = "played"

    def __init__(self, *replies: str) -> None:
        self.replies = iter(replies)
        self.asked: list[str] = []

    def stream(self, prompt: Prompt, max_tokens: int) -> Generator[str, None, None]:
        self.asked.append(prompt.messages[-1].content)
        yield next(self.replies)


def test_a_judge_is_asked_once_for_an_answer_and_its_agreement_is_counted(tmp_path: Path) -> None:
    questions = [Question(f"q{n}", "问?", keys=(("答案",),)) for n in range(3)]
    rows = [made_up(n, answer=f"答案{n}[1]。") for n in range(3)]
    place = tmp_path / "judged.jsonl"
    model = Played("正确:是\n有据:是", "正确: 否\n有据:是", "我不知道")
    verdicts = judge.judge(questions, rows, model, place, lambda n, of: None)
    assert [(v.correct, v.grounded) for v in verdicts] == [(True, True), (False, True), (None, None)]
    assert "答案0" in model.asked[0] and "第七条" not in model.asked[0]
    silent = Played()
    silent.name = "played"
    assert judge.judge(questions, rows, silent, place, lambda n, of: None) == verdicts
    with place.open("a", encoding="utf-8") as file:
        file.write('{"id": "torn')  # as a kill leaves it: the next verdict would be written behind it
    assert judge.judge(questions, rows, silent, place, lambda n, of: None) == verdicts
    assert [json.loads(line)["id"] for line in place.read_text("utf-8").splitlines()] == ["q0", "q1", "q2"]
    found = judge.summary(verdicts, {"q0": 1.0, "q1": 1.0, "q2": 1.0}, "played")
    assert (found["correct"], found["grounded"], found["agreement"], found["unreadable"]) == (0.5, 1.0, 0.5, 1)


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ("问题:处理者应当在几日内报告?\n答案:三十日", True),
        ("问题:处理者应当在几日内报告?\n答案:六十日", False),  # not in the clause
        ("问题:处理者应当在三十日内做什么?\n答案:三十日", False),  # given away
        ("处理者应当报告。", False),
    ],
)
def test_a_draft_is_kept_only_when_its_answer_stands_in_the_clause(reply: str, kept: bool) -> None:
    (document,) = parse("甲法\n第一条 处理者应当在三十日内向主管部门书面报告处理情况和风险评估结果。\n第二条 施行。\n")
    found = list(draft.drafts([document], Played(*[reply] * 3), 1, lambda n, of: None))
    assert len(found) == kept
    for row in found:
        assert row["gold"] == [{"doc": "甲法", "article": "1", "path": [["article", "1"]]}]
        assert row["keys"] == [["三十日"]] and row["id"] == "draft-001"


def test_a_set_and_drafts_exclude_each_other_and_extractive_writes_nothing(tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "x")]
    assert main(["eval", *out]) == 2
    assert main(["eval", str(SET), "--draft", str(SET), *out]) == 2
    assert main(["eval", "--draft", str(SET), "--llm", "extractive", *out]) in (1, 2)
    assert not (tmp_path / "x").exists()


def made_up(n: int, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": f"q{n}", "question": "问?", "lang": "zh", "error": None, "answer": "答案[1]。",
        "refused": False, "reason": None,
        "sentences": [{"text": "答案。", "citations": [1], "verdict": "quoted"}], "removed": [], "evidence": 0.9,
        "citations": [{"n": 1, "doc": PLAN, "article": "7", "path": [["article", "7"]], "label": "第七条",
                       "quote": "答案。", "verbatim": True}],
        "retrieved": [{"doc": PLAN, "article": "7", "path": [["article", "7"]], "score": 0.9, "how": "dense"}],
        "timings": {"first_token": 0.5 + n / 9, "total": 1.0 + n / 7},
    }  # fmt: skip
    return row | values


def reported(tmp_path: Path, lang: str) -> str:
    evil = "<script>document.title = 'taken'</script>"
    questions = [
        Question(f"q{n}", f"第{n}个问题?" * 6, "zh", ("事实", "列举")[n % 2], answerable=n % 5 != 0,
                 gold=(Gold(PLAN, "7"),) if n % 5 else (), keys=(("答案",),), answer=evil)
        for n in range(30)
    ]  # fmt: skip
    rows = [made_up(n) for n in range(28)]
    rows += [made_up(28, error=evil, citations=[], sentences=[]), made_up(29, refused=True, answer="", citations=[])]
    rows[3]["removed"] = [{"text": evil, "why": evil}]
    summary = metrics.summary(questions, rows) | {"llm": "x", "embedder": "y", "index": {"chunks": 1}, "commit": "c"}
    scores = [metrics.scores(*pair) for pair in zip(questions, rows, strict=True)]
    report.write(tmp_path / "report.html", questions, rows, scores, summary, lang)
    return (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.parametrize(("lang", "title"), [("zh", "评测报告"), ("en", "Evaluation report")])
def test_the_report_names_no_outside_address_and_runs_nothing_of_an_answer(
    lang: str, title: str, tmp_path: Path
) -> None:
    text = reported(tmp_path, lang)
    assert title in text and "http" not in text and "<script>document" not in text
    assert text == reported(tmp_path, lang)  # the same run gives the same file


@pytest.mark.slow
def test_the_report_filters_sorts_and_fits_a_phone(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    reported(tmp_path, "zh")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme="dark")
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto((tmp_path / "report.html").as_uri())
        assert page.title() == "评测报告" and faults == []
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.select_option("#state", "error")
        assert page.locator("#all tbody tr:visible").count() == 1
        page.select_option("#state", "")
        head = page.locator("#all th").last
        head.get_by_role("button").click()
        first = page.locator("#all tbody tr").first.inner_text()
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == "descending"
        assert page.locator("#all tbody tr").first.inner_text() != first
        browser.close()
