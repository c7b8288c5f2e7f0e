"""Claims about the embedded engine that writes several replies at once: the real model, without retrieval."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from rag.errors import GenerateError
from rag.generate.embedded import Embedded, bound
from rag.pipeline import Engine
from rag.records import Message, Prompt, Tokens
from rag.retrieve import at
from tests.plan import plan

pytestmark = pytest.mark.slow
ASKS = ["鸟和鱼有什么不同?一句话。", "用表情符号和汉字写一行春联😀", "从一数到二十。", "Name three rivers."]


def prompt(ask: str) -> Prompt:
    return Prompt(ask, "zh", (), (Message("user", ask),))


@pytest.fixture(scope="module")
def model(engine: Engine) -> Embedded:
    generator = engine.generator()
    assert isinstance(generator, Embedded)
    return generator


def replied(model: Embedded, ask: str, max_tokens: int = 40) -> tuple[list[str], Tokens]:
    """The pieces of a reply, and what the stream returns at its end."""
    pieces, stream = [], model.stream(prompt(ask), max_tokens)
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as end:
            return pieces, end.value


def at_once(model: Embedded, asks: Sequence[str]) -> dict[str, tuple[list[str], Tokens]]:
    found = {}

    def ask(text: str) -> None:
        found[text] = replied(model, text)

    threads = [threading.Thread(target=ask, args=(text,)) for text in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_replies_written_at_once_are_those_written_alone(model: Embedded) -> None:
    alone = {ask: replied(model, ask) for ask in ASKS}
    together = at_once(model, ASKS)
    for ask, (pieces, tokens) in alone.items():
        assert "".join(together[ask][0]) == "".join(pieces)
        assert together[ask][1] == tokens
        assert len(pieces) > 1
        assert "\ufffd" not in "".join(pieces)  # half a character
        assert tokens.prompt > 20
        assert 3 < tokens.answer <= 40


def test_the_first_token_of_a_reply_is_told_with_its_probability(model: Embedded) -> None:
    asked = Message("user", "二加二等于四吗?只写“是”或“否”。")
    word, probability = model.first([asked])
    assert word == replied(model, asked.content, 1)[0][0]
    assert 0 < probability <= 1
    unsure = model.first([Message("user", "写一个你喜欢的字。")])[1]
    assert unsure < probability


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("十二小时[1]。十元[2][3]。", True),
        ("十二小时[1,3]、十元【2】", True),
        ("附注[注]，没有标号。", True),
        ("十二小时[4]。", False),
        ("十二小时[13]。", False),
        ("十二小时[1,4]。", False),
    ],
)
def test_markers_are_bound_to_the_list(text: str, within: bool) -> None:
    assert bool(re.fullmatch(bound(3), text)) is within


def test_the_model_cannot_write_a_marker_outside_the_list(model: Embedded) -> None:
    ask = "在每句话末尾照抄编号。公园每日开放十二小时[1]。门票十元[2]。禁止吸烟[9]。"
    hit = at(plan(), (("article", "1"),), "dense")

    def written(hits: int) -> str:
        return "".join(model.stream(Prompt(ask, "zh", (hit,) * hits, (Message("user", ask),)), 40))

    assert "[9]" in written(0)
    assert "[9]" not in written(2) and "[1]" in written(2)


def test_a_closed_reply_does_not_hold_up_or_change_the_others(model: Embedded) -> None:
    expected, _ = replied(model, ASKS[2])
    closed, kept = model.stream(prompt("写一篇很长的文章。"), 5000), model.stream(prompt(ASKS[2]), 40)
    first = [next(closed), next(kept)]
    closed.close()
    assert first[1] + "".join(kept) == "".join(expected)
    end = time.monotonic() + 60
    while any(thread.name == "generate" for thread in threading.enumerate()) and time.monotonic() < end:
        time.sleep(0.05)
    assert time.monotonic() < end  # 5,000 tokens take minutes


def test_an_error_comes_out_of_its_own_reply(model: Embedded) -> None:
    good, bad = model.stream(prompt(ASKS[3]), 20), model.stream(prompt("?"), 0)
    assert next(good)
    with pytest.raises(GenerateError, match="max_new_tokens"):
        next(bad)
    assert "".join(good)


ABANDON = """
import sys
from pathlib import Path
from rag.generate.embedded import Embedded, bound
from rag.records import Message, Prompt
model = Embedded(Path(sys.argv[1]))
stream = model.stream(Prompt("", "zh", (), (Message("user", "写一篇很长的文章。"),)), 5000)
print(next(stream), flush=True)
"""


def test_a_process_ends_cleanly_in_the_middle_of_a_reply(model: Embedded, home: Path) -> None:
    gguf = next((home / "models").glob("*/*.gguf"))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-c", ABANDON, str(gguf)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
