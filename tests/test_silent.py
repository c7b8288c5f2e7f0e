"""Commands that need no network ask nobody: neither by Python's sockets nor by those of a library beneath it.

Those that write with a model, and the server, are test_end_to_end's and test_privacy's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rag.settings import Settings
from tests.test_end_to_end import SPY

ROOT = Path(__file__).parent.parent
QUESTION = "行动计划推广哪些绿色计算技术?"
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
CALLS: list[dict[str, Any]] = [
    {"id": 1, "method": "initialize", "params": HELLO},
    {"method": "notifications/initialized"},
    {"id": 2, "method": "tools/call", "params": {"name": "ask", "arguments": {"question": QUESTION}}},
]


def far(pid: int) -> set[str]:
    """The addresses beyond this machine to which a process has a connection, or begins one, in hexadecimal."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            found.add(str(link.readlink()))
        except OSError:
            continue  # closed meanwhile
    own = {each[len("socket:[") : -1] for each in found if each.startswith("socket:[")}
    rows = [
        line.split() for kind in ("tcp", "tcp6", "udp") for line in Path(f"/proc/net/{kind}").read_text().splitlines()
    ]
    ends = {row[2] for row in rows if row[9] in own}
    return {end for end in ends if int(end.split(":")[1], 16) and not here(end.split(":")[0])}


def here(address: str) -> bool:
    """Whether it is a loopback address, as /proc/net writes it: words in the order of this machine."""
    return (
        address.endswith("7F")
        if len(address) == 8
        else address in (f"{'0' * 24}01000000", f"{'0' * 16}FFFF00000100007F")
    )


@contextmanager
def silent(command: list[str], settings: Settings, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The command of this program; at the end it has ended well and has asked nobody."""
    (folder / "sitecustomize.py").write_text(SPY, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {
        "SPY": str(folder / "noted"), "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "HOME": str(folder),
        "TIAOYIN_HOME": str(settings.home), "TIAOYIN_INDEX": str(settings.index), "TIAOYIN_LLM": "extractive",
        "ANONYMIZED_TELEMETRY": "True", "HF_ENDPOINT": "http://127.0.0.1:9",
    }  # fmt: skip
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    process = subprocess.Popen([sys.executable, "-m", "rag", *command], cwd=folder, env=environment, **pipes)
    try:
        yield process
        seen, until = set[str](), time.monotonic() + 120
        while process.poll() is None and time.monotonic() < until:
            seen |= far(process.pid)
            time.sleep(0.01)
        assert (process.poll(), seen) == (0, set())
        assert not (folder / "noted").exists(), (folder / "noted").read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_an_evaluation_asks_nobody(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text(json.dumps({"id": "1", "question": QUESTION}) + "\n", encoding="utf-8")
    with silent(["eval", "set.jsonl", "--out", "out"], settings, tmp_path):
        pass
    assert json.loads((tmp_path / "out" / "results.jsonl").read_text(encoding="utf-8"))["citations"]


@pytest.mark.slow
def test_a_server_of_the_model_context_protocol_asks_nobody(settings: Settings, tmp_path: Path) -> None:
    with silent(["mcp"], settings, tmp_path) as process:
        assert process.stdin and process.stdout
        for call in CALLS:
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **call}) + "\n")
            process.stdin.flush()
            said = json.loads(process.stdout.readline()) if "id" in call else {}
        assert "低功耗芯片" in json.dumps(said, ensure_ascii=False)
        assert far(process.pid) == set()
        process.stdin.close()


def test_a_connection_beyond_this_machine_would_be_seen() -> None:
    code = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9)); "
        "print(flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdin
        process.stdout.readline()
        assert far(process.pid) == {"010200C0:0009"}
        process.stdin.close()
    assert here("0100007F") and not here("010200C0")
