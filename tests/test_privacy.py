"""What stays here and in whose hands: no telemetry of a library, no words or keys in logs, files for their owner alone.

The logs of the HTTP interface are test_http's, the file of keys test_keys', marks test_feedback's, a model server's key
test_servers', and what a command asks of the network test_end_to_end's.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag.__main__ import main
from rag.feedback import FILE, keep
from rag.generate.extractive import Extractive
from rag.keys import Door, Keys
from rag.records import Answer
from rag.settings import Settings
from rag.visitors import Step
from rag.words import say
from tests.browser import ask, free_port, page_at, served, until
from tests.built import searched
from tests.listening import QUESTION, Engine, listening
from tests.plan import TEXT, plan
from tests.test_end_to_end import SPY

ROOT = Path(__file__).parent.parent
SECRET = "机密四七一一"


@pytest.mark.slow
def test_a_server_calls_nobody_whatever_the_environment_says_of_telemetry(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SPY, encoding="utf-8")
    noted = tmp_path / "noted"
    wanted = {
        "SPY": noted, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "HOME": tmp_path, "ANONYMIZED_TELEMETRY": "True",
        "GRADIO_ANALYTICS_ENABLED": "True", "HF_ENDPOINT": "http://127.0.0.1:9",
    }  # fmt: skip
    command = ["env", "--unset=CI", *(f"{name}={value}" for name, value in wanted.items())]
    command += [sys.executable, "-m", "rag", "serve", "--port", str(free_port()), "--llm", "extractive"]
    command += ["--home", str(settings.home), "--index", str(settings.index)]
    with served(command, tmp_path / "output.txt") as site, httpx.Client(base_url=site.url, timeout=60) as client:
        until(lambda: client.get("/readyz").status_code == 200, 60)
        assert client.post("/api/ask", json={"question": "行动计划推广哪些绿色计算技术?"}).json()["citations"]
        assert client.post("/api/ask", json={"question": SECRET}).json()["refused"]
        assert client.get("/").status_code == 200

        assert "绿色" not in site.output() and SECRET not in site.output()
    assert not noted.exists(), noted.read_text()


class Failing(Engine):
    """Fails in a way that nobody foresaw, with the question in its words."""

    def ask(self, question: str, *args: Any, **chosen: Any) -> Any:
        yield from ()
        raise ZeroDivisionError(question)


def test_a_fault_behind_the_page_leaves_no_word_of_the_question_in_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with listening(Failing(tmp_path, Extractive())) as client, page_at(str(client.base_url)) as page:
        ask(page, SECRET, settled=False)
        until(lambda: "page fault=ZeroDivisionError at=" in caplog.text)
    assert SECRET not in caplog.text + "".join(capfd.readouterr())


def test_a_fault_behind_an_upload_leaves_no_word_of_the_document_in_the_log_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    engine = Engine(tmp_path, Extractive())

    def failing(visitor: str, uploads: Any) -> Any:
        yield Step(2, 3, "b.md", "read")
        raise ValueError(SECRET)

    monkeypatch.setattr(engine.visitors, "add", failing)
    with listening(engine) as client:
        client.get("/")  # which gives the cookie
        reply = client.post("/library?lang=en", content=SECRET.encode(), headers={"x-name": "a.zip"})
    first, last = (json.loads(line) for line in reply.text.splitlines())
    assert (first["stage"], last["stage"], last["n"], last["name"]) == ("read", "failed", 2, "b.md")
    assert last["words"] == say("library_fault", "en")
    assert "upload fault=ValueError at=" in caplog.text
    assert SECRET not in reply.text + caplog.text + "".join(capfd.readouterr())


def test_a_key_that_is_shown_right_or_wrong_is_in_no_log_and_no_reply(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = Keys(tmp_path).new("anna")
    engine = Engine(tmp_path, Extractive())
    with caplog.at_level(logging.DEBUG), listening(engine, Door(Keys(tmp_path), local=False)) as client:
        for shown, status in ((key, 200), (key[:-1], 401)):
            headers = {"authorization": f"Bearer {shown}", "x-request-id": shown[:60] + "/"}
            for got in (
                client.post("/api/ask", json={"question": QUESTION}, headers=headers),
                client.get(f"/v1/models?key={shown}", headers=headers),
            ):
                assert got.status_code == status
                assert key[3:-1] not in got.text + str(got.headers)
        until(lambda: caplog.text.count("status=401") == 2)
    ours = "\n".join(each.getMessage() for each in caplog.records if not each.name.startswith(("httpx", "httpcore")))
    assert "key=anna" in ours and key[3:-1] not in ours


def test_the_key_of_a_model_server_is_in_no_report(
    clean: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIAOYIN_API_KEY", "sk-4711")
    assert main(["doctor", "--json", "--home", str(clean)]) in (0, 1)
    assert main(["ask", QUESTION, "--home", str(clean), "--llm", "openai:m@http://127.0.0.1:9/v1"]) == 1
    heard = capsys.readouterr()
    assert heard.err and "sk-4711" not in heard.out + heard.err


@pytest.mark.parametrize(
    "command",
    [
        ["parse", "http://anna:pw-4711@127.0.0.1:9/a.md"],
        ["parse", "https://anna:pw-4711/@127.0.0.1:9/a.md"],  # of which no port can be read
        ["parse", "http://:pw-4711@h/a.md"],
        ["index", "list", "--chroma", "http://anna:pw-4711@127.0.0.1:9"],
        ["index", "list", "--chroma", "http://anna:pw-4711 /@@127.0.0.1:9"],
        ["ask", QUESTION, "--llm", "openai:m@http://anna:pw-4711@127.0.0.1:9/v1"],
        ["ask", QUESTION, "--llm", "openai:m@http://anna:pw-4711/@127.0.0.1:9/v1"],
    ],
)
def test_a_password_in_an_address_is_in_no_message(
    command: list[str], clean: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, *(() if command[0] == "parse" else ("--home", str(clean)))]) in (1, 2)
    heard = capsys.readouterr()
    assert heard.err and "4711" not in heard.out + heard.err


def test_what_holds_documents_or_questions_is_made_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0)
    try:
        searched(tmp_path / "home" / "index", [plan()])
        from rag.evaluate.run import run

        run([], Engine(tmp_path / "other", Extractive()), tmp_path / "out", True, lambda question, row: None)
    finally:
        os.umask(before)
    for folder in ("home/index", "out"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700, folder


@pytest.mark.slow
def test_what_is_written_into_folders_that_are_open_is_for_its_owner_alone(settings: Settings, tmp_path: Path) -> None:
    document, questions = tmp_path / "plan.md", tmp_path / "set.jsonl"
    document.write_text(TEXT, encoding="utf-8")
    questions.write_text(json.dumps({"id": "1", "question": QUESTION}), encoding="utf-8")
    folders = [tmp_path / name for name in ("index", "out", "home", "marks")]
    for folder in folders:
        folder.mkdir()
        folder.chmod(0o755)
    index, out, home, marks = folders
    keep(home / FILE, Answer(QUESTION, "zh"), [], "like")
    places = ["--home", settings.home, "--index", index]
    for command in (
        ["ingest", document, *places],
        ["eval", questions, "--out", out, *places, "--llm", "extractive"],
        ["eval", "--from-feedback", "--out", marks / "marks.jsonl", "--home", home],
        ["key", "new", "anna", "--home", home],
    ):
        done = subprocess.run([sys.executable, "-m", "rag", *command], cwd=ROOT, umask=0, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
    for folder in folders:
        files = list(folder.rglob("*"))
        assert files and [str(file) for file in files if file.stat().st_mode & 0o077] == []


def test_a_space_writes_for_its_owner_alone() -> None:
    code = "import os, rag.serve, ui.space\nrag.serve.serve = lambda *given: print(oct(os.umask(0)))\nui.space.main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, umask=0, capture_output=True, text=True)
    assert done.stdout == "0o77\n", done.stderr
