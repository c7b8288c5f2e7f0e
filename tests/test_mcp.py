"""`tiaoyin mcp` as its clients use it: the protocol's own client, over the pipes of a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mcp
import pytest

from tests.listening import QUESTION, SAID
from tests.plan import TEXT

ROOT = Path(__file__).parent.parent
PLAN = "城市公园行动计划"
SERVED = """
import os, pathlib, sys
from rag.generate.extractive import Extractive
from rag.mcp_server import serve
from tests.laws import REGULATION, document
from tests.listening import Engine, Here
from tests.plan import plan

class Noisy(Engine):
    def ask(self, question, *args, **values):
        os.write(1, b"a library that prints\\n")
        print("another", flush=True)
        if "fault" in question:
            raise ZeroDivisionError(question)
        return super().ask(question, *args, **values)

engine = Noisy.__new__(Noisy)
Here.__init__(engine, pathlib.Path(sys.argv[1]), [plan(), document("Regulation on Bees", REGULATION)])
engine._generators = {"embedded": Extractive()}
serve(engine)
"""
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("ask", {"question": QUESTION}),
    ("ask", {"question": "那下一条呢?", "history": ["行动计划第一条讲什么?"]}),
    ("ask", {"question": "红烧肉怎么做?"}),
    ("ask", {"question": "fault 机密"}),
    ("ask", {"question": " "}),
    ("retrieve", {"question": "低功耗照明", "k": 1}),
    ("read_provision", {"document": PLAN, "provision": "第三条"}),
    ("read_provision", {"document": "公园行动计划", "provision": [["article", "1"], ["sentence", "2"]]}),
    ("read_provision", {"document": "Regulation on Bees", "provision": "Article 1"}),
    ("read_provision", {"document": PLAN, "provision": "第九条"}),
    ("read_provision", {"document": PLAN, "provision": [["article", "9"]]}),
    ("read_provision", {"document": PLAN, "provision": "what it says on 机密"}),
    ("read_provision", {"document": "机密法", "provision": "第一条"}),
    ("read_provision", {"document": PLAN, "provision": [["article"]]}),
]


async def asked(command: str, errors: Path) -> SimpleNamespace:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TIAOYIN_LANG": "en"}
    server = mcp.StdioServerParameters(command="sh", args=["-c", command], env=environment, cwd=ROOT)
    with errors.open("w") as errlog:
        async with mcp.Client(mcp.stdio_client(server, errlog)) as client:
            listed = (await client.list_tools()).tools
            results = [await client.call_tool(name, values) for name, values in CALLS]
    return SimpleNamespace(tools=listed, results=results)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """What a client heard, and what stood on both streams of the server."""
    folder = tmp_path_factory.mktemp("mcp")
    command = f"{shlex.join([sys.executable, '-c', SERVED, str(folder)])} | tee {folder}/out"
    heard = asyncio.run(asked(command, folder / "err"))
    heard.out, heard.err = (folder / "out").read_text(), (folder / "err").read_text()
    return heard


def test_there_are_three_tools_each_with_what_it_takes(spoken: SimpleNamespace) -> None:
    takes = {tool.name: tool.input_schema["required"] for tool in spoken.tools}
    assert takes == {"ask": ["question"], "retrieve": ["question"], "read_provision": ["document", "provision"]}
    assert all("_document" not in str(tool) and len(tool.description) > 80 for tool in spoken.tools)


def test_an_answer_is_the_object_of_ask_json(spoken: SimpleNamespace) -> None:
    first, follow_up, declined = (result.structured_content for result in spoken.results[:3])
    assert (first["answer"], first["refused"], first["llm"]) == (SAID, False, "extractive")
    (cited,) = first["citations"]
    assert (cited["quote"], cited["label"]) == (words_at(cited), f"《{PLAN}》第一条第3句")
    assert {each["article"] for each in follow_up["citations"]} == {"2"}
    assert (declined["refused"], declined["reason"], declined["citations"]) == (True, "off_topic", [])


def words_at(cited: dict[str, Any]) -> str:
    return TEXT[cited["start"] : cited["end"]]


def test_provisions_are_found_and_read_word_for_word(spoken: SimpleNamespace) -> None:
    (hit,) = spoken.results[5].structured_content["hits"]
    assert (hit["label"], hit["article"]) == (f"《{PLAN}》第三条", "3")
    whole, part, english = (result.structured_content for result in spoken.results[6:9])
    (third,) = whole["provisions"]
    assert third["text"] == hit["text"] == words_at(third)
    (sentence,) = part["provisions"]
    assert sentence["text"] == "公园管理机构应当每年对游乐设施进行安全检查,并公布检查结果。" == words_at(sentence)
    assert (sentence["label"], part["doc"]) == (f"《{PLAN}》第一条第2句", PLAN)
    assert [each["label"] for each in english["provisions"]] == ["Regulation on Bees, Article 1"]


def test_what_is_not_there_is_one_sentence_that_says_what_is(spoken: SimpleNamespace) -> None:
    def told(n: int) -> str:
        assert spoken.results[n].is_error
        (content,) = spoken.results[n].content
        return str(content.text)

    assert "The question is empty." in told(4)
    assert f"《{PLAN}》没有第九条，共3条（第一条至第三条）。" in told(9)
    assert "Article 6(1) or a path" in told(10) == told(11)
    assert "None of the 2 documents" in told(12)
    assert "provision" in told(13)
    assert told(3) == "Error executing tool ask"


def test_standard_output_is_the_protocol_and_no_log_holds_what_was_asked(spoken: SimpleNamespace) -> None:
    lines = spoken.out.splitlines()
    assert len(lines) > len(CALLS)
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in lines)
    assert spoken.err.count("a library that prints") == spoken.err.count("another") == 5  # it went there instead
    assert not any(words in spoken.err for words in ("公园", "红烧肉", "机密", "照明", "Traceback"))


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TIAOYIN_LANG": "en", **environment}
    return subprocess.run(command, cwd=ROOT, env=environment, input="", capture_output=True, text=True, timeout=60)


def test_the_command_ends_with_its_input_and_has_said_nothing(tmp_path: Path) -> None:
    done = run(sys.executable, "-m", "rag", "mcp", "--llm", "extractive", "--home", str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_the_extra_the_command_says_what_to_type(tmp_path: Path) -> None:
    code = "import sys; sys.modules['mcp'] = None; from rag.__main__ import main; sys.exit(main())"
    arguments: Sequence[str] = ("mcp", "--llm", "extractive", "--home", str(tmp_path))
    done = run(sys.executable, "-c", code, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'tiaoyin[mcp]'" in done.stderr and len(done.stderr.splitlines()) == 1
