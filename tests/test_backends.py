"""Claims about language models in this process: GGUF files by llama.cpp, and folders of transformers.

Most are made of both, on tiny models that write what a table says (`chain.py`).
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import chain
import pytest
from laws import document

from rag import generate
from rag.cite import MARKER
from rag.errors import GenerateError, ModelError, TiaoYinError, UsageError
from rag.generate import shown
from rag.generate.gguf import Gguf
from rag.records import Generator, Hit, Message, Prompt, Tokens

Make = Callable[..., Generator]
ANSWER = {":": "算", "算": "法", "法": "[", "[": "92", "9": "]", "2": "]", "]": "。", "。": [chain.END]}
ENDLESS = {":": "算", "算": "法", "法": "算"}
THINKS = {":": ["<think>"], "<think>": "条", "条": ["</think>"], "</think>": "算", "算": "。", "。": [chain.END]}
# As the templates of models that cannot but think, and of those that are particular about turns.
THINKING = (
    "{% for m in messages %}{{ m.role }}:{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n"
    "{% endif %}{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant:<think>\n{% endif %}"
)
STRICT = "{% if '算法?' in messages[-1].content %}{{ raise_exception('no such turn') }}{% endif %}" + chain.TEMPLATE


@pytest.fixture(params=["gguf", "hf"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """A back end with the model that a table describes."""

    def made(table: chain.Table, **how: Any) -> Generator:
        if request.param == "gguf":
            spec = f"gguf:{chain.gguf(tmp_path / 'model.gguf', table, **how)}"
        else:
            spec = f"hf:{chain.folder(tmp_path / 'model', table, **how)}"
        generator = generate.load(spec, lambda: pytest.fail("no bundled model is needed"))
        assert generator.name == spec
        return generator

    return made


def asked(text: str = "算法?", provisions: int = 0) -> Prompt:
    law = document("测试法", "第一条 算法条文。")
    hits = (Hit(law, law.provisions[0], 1.0, "dense"),) * provisions
    return Prompt(text, "zh", hits, (Message("system", "条文"), Message("user", text)))


def replied(model: Generator, prompt: Prompt, max_tokens: int = 20) -> tuple[str, Tokens | None]:
    """The whole reply, and what the stream returns at its end."""
    pieces, text = model.stream(prompt, max_tokens), ""
    while True:
        try:
            text += next(pieces)
        except StopIteration as end:
            return text, end.value


def waited(done: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not done() and time.monotonic() < end:
        time.sleep(0.02)
    return done()


def idle() -> bool:
    return all(thread.name != "generate" for thread in threading.enumerate())


def test_a_reply_comes_in_pieces_ends_by_itself_and_is_counted(make: Make) -> None:
    model = make(ANSWER)
    assert len(list(model.stream(asked(), 20))) > 1
    text, tokens = replied(model, asked())
    assert text == "算法[9]。"
    assert tokens is not None
    assert tokens.prompt >= len("system:条文user:算法?ut:") / 2
    assert tokens.answer in (6, 7)  # the end of the text is one to some


def test_a_reply_ends_with_its_limit(make: Make) -> None:
    text, tokens = replied(make(ENDLESS), asked(), 7)
    assert text == "算法算法算法算"
    assert tokens is not None
    assert tokens.answer == 7


@pytest.mark.parametrize(
    ("table", "provisions", "text"),
    [
        (ANSWER, 9, "算法[9]。"),
        (ANSWER, 3, "算法[2]。"),
        ({**ANSWER, "9": "7]", "7": "]"}, 97, "算法[97]。"),
        ({**ANSWER, "9": "7]", "7": "]"}, 12, "算法[9]。"),  # 9 would do, 97 does not
        ({**ANSWER, "[": "19", "1": "9]", "9": "]"}, 3, "算法[1]。"),
        ({**ANSWER, "[": "02", "0": "2"}, 3, "算法[2]。"),
        ({**ANSWER, "[": "2", "2": ",]", ",": "93", "3": "]"}, 3, "算法[2,3]。"),
        ({**ANSWER, "法": "【", "【": "９2", "９": "]"}, 3, "算法【2]。"),
        ({**ANSWER, "[": " 2", " ": "9", "9": "]"}, 3, None),
    ],
)
def test_a_marker_outside_the_list_cannot_be_written(
    make: Make, table: chain.Table, provisions: int, text: str | None
) -> None:
    written, _ = replied(make(table), asked(provisions=provisions))
    assert text is None or written == text
    markers = [int(n) for found in MARKER.findall(written) for n in found.replace(",", " ").split()]
    assert all(1 <= n <= provisions for n in markers)


def test_reasoning_is_kept_out(make: Make) -> None:
    model = make(THINKS)
    assert replied(model, asked())[0] == replied(model, asked(provisions=3))[0] == "算。"


def test_reasoning_that_the_prompt_has_begun_is_kept_out(make: Make) -> None:
    opened = {"<think>": "条", "\n": "条", "条": ["</think>"], "</think>": "算", "算": "。", "。": [chain.END]}
    model = make(opened, template=THINKING)
    assert replied(model, asked())[0] == replied(model, asked(provisions=3))[0] == "算。"


def test_a_model_that_only_thinks_is_told(make: Make) -> None:
    with pytest.raises(GenerateError) as caught:
        replied(make({**THINKS, "条": "条"}), asked())
    assert caught.value.key == "llm_only_thought"


def test_a_closed_reply_is_not_written_on(make: Make) -> None:
    model = make(ENDLESS, context=16384)
    pieces = model.stream(asked(), 16000)
    assert next(pieces)
    pieces.close()
    assert waited(idle)
    assert replied(model, asked(), 3)[0] == "算法算"


def test_threads_may_share_one(make: Make) -> None:
    model = make(ANSWER)
    with ThreadPoolExecutor(6) as threads:
        texts = threads.map(lambda n: replied(model, asked("算" * n, provisions=9))[0], range(6))
        assert set(texts) == {"算法[9]。"}


@pytest.mark.parametrize(("question", "max_tokens"), [("算" * 300, 10), ("算" * 20, 250)])
def test_a_context_that_is_too_small_is_told_in_figures(make: Make, question: str, max_tokens: int) -> None:
    model = make(ENDLESS, context=256)
    with pytest.raises(GenerateError) as caught:
        replied(model, asked(question), max_tokens)
    assert caught.value.key == "llm_context"
    known = caught.value.values
    assert (known["context"], known["answer"]) == (256, max_tokens)
    assert isinstance(known["prompt"], int)
    assert known["prompt"] > len(question)
    assert "TIAOYIN_CONTEXT_CHARS" in str(caught.value)


def test_a_chat_template_that_refuses_is_told(make: Make) -> None:
    with pytest.raises(GenerateError, match="no such turn") as caught:
        replied(make(ANSWER, template=STRICT), asked())
    assert caught.value.key == "llm_failed"


def test_an_engine_that_fails_or_is_silent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(tell: shown.Tell) -> None:
        tell("算")
        raise RuntimeError("out of memory")

    pieces = shown.relayed(fails, "m")
    assert next(pieces) == "算"
    with pytest.raises(GenerateError, match="out of memory"):
        next(pieces)
    monkeypatch.setattr(shown, "SILENCE", 0.1)
    with pytest.raises(GenerateError) as caught:
        next(shown.relayed(lambda tell: time.sleep(0.5), "m"))
    assert caught.value.key == "llm_silent"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("gguf", "gguf:PATH"),
        ("gguf:", "gguf:PATH"),
        ("GGUF:/model.gguf", "gguf:PATH"),
        ("ggfu:/model.gguf", "gguf:PATH"),
        ("hf:", "hf:ORG/NAME"),
        ("hff:Qwen/Qwen3-4B", "hf:ORG/NAME"),
        ("embedded:x", "embedded"),
    ],
)
def test_a_spec_that_is_nearly_right_is_told_the_right_form(spec: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        generate.check(spec)
    assert said in str(caught.value.values)
    assert spec in str(caught.value)


def test_each_form_of_the_table_is_understood() -> None:
    for form in generate.FORMS.values():
        generate.check(form)


def failing(spec: str) -> TiaoYinError:
    with pytest.raises(ModelError) as caught:
        generate.load(spec, lambda: Path("unused"))
    assert str(caught.value)
    return caught.value


def test_a_file_that_is_no_whole_gguf_is_told(tmp_path: Path) -> None:
    whole = chain.gguf(tmp_path / "model.gguf", ANSWER)
    part, other = tmp_path / "part.gguf", tmp_path / "other.gguf"
    part.write_bytes(whole.read_bytes()[:200_000])
    other.write_text("<html>not found</html>")
    assert failing(f"gguf:{part}").key == "gguf_load"
    assert failing(f"gguf:{other}").key == "gguf_not_one"
    assert failing(f"gguf:{tmp_path}").key == failing(f"gguf:{tmp_path}/none.gguf").key == "gguf_unreadable"


def test_what_to_install_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    error = failing(f"gguf:{chain.gguf(tmp_path / 'model.gguf', ANSWER)}")
    assert "pip install 'tiaoyin[gguf]'" in str(error)


def test_a_folder_without_a_model_that_chats_is_told(tmp_path: Path) -> None:
    assert failing(f"hf:{tmp_path}").key == "hf_load"
    assert failing(f"hf:{chain.folder(tmp_path / 'model', ANSWER, template=None)}").key == "hf_no_chat"


def test_a_name_is_looked_up(tmp_path: Path) -> None:
    folder = chain.folder(tmp_path / "model", ANSWER)
    model = generate.load("hf:Org/Name", lambda: Path("unused"), {"Org/Name": folder}.__getitem__)
    assert (model.name, replied(model, asked())[0]) == ("hf:Org/Name", "算法[9]。")


def test_a_space_lends_its_gpu_to_each_reply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lent = []

    def lend(written: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any) -> Any:
            lent.append(given)
            yield from written(*given)

        return wrapped

    (tmp_path / "spaces.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lend, __spec__=object()))
    spec = f"hf:{chain.folder(tmp_path / 'model', ANSWER)}"
    replied(generate.load(spec, lambda: Path("unused")), asked())
    assert lent == []
    monkeypatch.setenv("SPACE_ID", "org/space")
    assert replied(generate.load(spec, lambda: Path("unused")), asked())[0] == "算法[9]。"
    assert len(lent) == 1


def test_a_prompt_s_beginning_is_read_once(tmp_path: Path) -> None:
    model = Gguf(chain.gguf(tmp_path / "model.gguf", ANSWER), "gguf:m")
    model.read_ahead([Message("system", "条文"), Message("user", "算" * 50)])
    assert cached(model, "算" * 51) > 50
    assert replied(model, asked())
    model.read_ahead([Message("system", "条文"), Message("user", "法" * 50)])  # too late: who asks does not wait
    assert cached(model, "法" * 51) < 50


def cached(model: Gguf, question: str) -> int:
    """How many tokens of a question the model has read before."""
    turns = [{"role": "system", "content": "条文"}, {"role": "user", "content": question}]
    events = list(model._events({"messages": turns, "stream": True, "stream_options": {"include_usage": True}}))
    return int(events[-1]["usage"]["prompt_tokens_details"]["cached_tokens"])


QUIET = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
import test_backends
from rag import generate
model = generate.load(sys.argv[1], lambda: Path("unused"))
pieces = model.stream(test_backends.asked(provisions=3), 16000)
print(next(pieces), flush=True)
print(test_backends.ports())
"""


def ports() -> list[str]:
    """The addresses at the ends of the connections that this process holds, and those it listens on."""
    links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    own = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    rows = [line.split() for file in ("tcp", "tcp6") for line in Path(f"/proc/net/{file}").read_text().splitlines()]
    return [row[1] for row in rows if row[9] in own]


def test_it_opens_no_port_prints_nothing_and_ends_cleanly_in_the_middle_of_a_reply(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)):
        assert ports()
    spec = f"gguf:{chain.gguf(tmp_path / 'model.gguf', ENDLESS, context=16384)}"
    command = [sys.executable, "-c", QUIET, spec]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("算\n[]\n", "", 0)
