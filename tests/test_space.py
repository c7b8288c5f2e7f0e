"""The program as a Space runs it: another user, an empty home, models still to come, visitors already there."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from browser import ask, free_port, page_at, served, shared, until
from conftest import DOCUMENTS
from played import PlayedEngine, played

from rag import bringing, models
from rag.errors import IndexError_, ModelError
from rag.keys import door
from rag.loaded import LLM
from rag.pipeline import Engine
from rag.settings import Settings
from rag.words import say
from tests.here import Here
from tests.listening import listening
from tests.plan import plan
from ui.space import defaults

NOBODY = 65534
ROOT = os.getuid() == 0
# As root: a user who may write nothing but his own, yet read what lies in root's home, such as the interpreter.
UNPRIVILEGED = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --no-new-privs".split()
UNPRIVILEGED += [
    "--bounding-set=-all,+dac_read_search",
    *(f"--{kind}-caps=-all,+dac_read_search" for kind in ("inh", "ambient")),
]
QUESTIONS = ("行动计划推广哪些绿色计算技术？", "行动计划怎样保护个人隐私？")


@contextlib.contextmanager
def slow_hub(file: Path, held: int, release: threading.Event) -> Iterator[str]:
    """The address of a model hub that gives `file`, of which the last part, after `held` bytes, waits for `release`."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(file.stat().st_size))
            self.end_headers()
            with file.open("rb") as source, contextlib.suppress(ConnectionError):
                while piece := source.read(1 << 20):
                    if source.tell() > held:
                        release.wait(0.5)  # meanwhile a little comes, so that the connection does not count as stalled
                    self.wfile.write(piece)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        release.set()
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def clean_home(models: Path) -> Iterator[Path]:
    """A home of nobody's with the embedder in it, and the language model's converted form, which takes a minute.

    Not below `tmp_path`, whose parents are closed to other users: access(2) heeds no capability.
    """
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder)
        (own / ".tiaoyin" / "models" / LLM).mkdir(parents=True)
        for name in (Settings().embedder, f"{LLM}/openvino-int8"):
            if (models / name).is_dir():
                (own / ".tiaoyin" / "models" / name).symlink_to(models / name)
        if ROOT:
            for each in (own, *own.rglob("*")):
                os.chown(each, NOBODY, NOBODY, follow_symlinks=False)
        yield own


@pytest.mark.slow
def test_a_space_answers_with_clauses_while_the_model_comes_and_then_with_the_model(home: Path, tmp_path: Path) -> None:
    release = threading.Event()
    unset = [f"--unset={name}" for name in os.environ if name.startswith(("TIAOYIN_", "HF_"))]
    with slow_hub(models.require(LLM, home), 200_000_000, release) as hub, clean_home(home / "models") as own:
        space = {"SPACE_ID": "somebody/tiaoyin", "HOME": own, "HF_ENDPOINT": hub, "GRADIO_SERVER_NAME": "127.0.0.1"}
        space |= {"GRADIO_SERVER_PORT": free_port()}
        command = [*(UNPRIVILEGED if ROOT else []), "env", *unset, "--unset=PYTHONPATH"]
        command += [*(f"{name}={value}" for name, value in space.items()), sys.executable, "ui/space.py"]
        with served(command, tmp_path / "output.txt") as site, page_at(site.url) as page:
            status = page.locator("#ty-status")
            until(lambda: "/ 1117 MB。" in status.inner_text(), 120)
            assert status.inner_text().startswith(f"正在下载模型 {LLM}：")
            first = ask(page, QUESTIONS[0])
            assert "低功耗芯片" in first.inner_text()
            assert say("page_extractive", "zh") in first.inner_text()
            assert say("engine_standby", "zh") in status.inner_text()
            release.set()
            until(lambda: not status.inner_text(), 180)
            second = ask(page, QUESTIONS[1])
            assert second.locator(".ty-cite").count()
            assert say("page_extractive", "zh") not in second.inner_text()
            assert page.foreign == []
            assert site.output() == site.url + "\n"
        pulled = own / ".tiaoyin" / "models" / LLM / f"{LLM}.gguf"
        assert pulled.stat().st_uid == (NOBODY if ROOT else os.getuid())


def test_a_language_model_that_cannot_be_had_leaves_the_standby_and_says_so_plainly(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure, told = ModelError("model_disk", folder="x", free="1 GB", need="3 GB"), list[Exception]()

    def pull(name: str, home: Path, report: models.Report) -> Path:
        assert (name, engine.ready()) == (LLM, None)
        report(models.Progress(name, "fetch", 12_300_000, 1_117_320_768))
        heard.append(engine.news("en"))
        raise failure

    heard, locate = list[str](), models.locate
    monkeypatch.setattr(models, "locate", lambda name, home: None if name == LLM else locate(name, home))
    monkeypatch.setattr(models, "pull", pull)
    engine = Engine(settings)
    engine.start_bare(DOCUMENTS, "extractive", told.append)
    until(lambda: bool(told), 60)
    assert told == [failure]
    assert heard == [f"Downloading the model {LLM}: 12 of 1117 MB. Until then, answers quote the clauses themselves."]
    assert engine.news("en") == "The language model could not be had; answers quote the clauses themselves."
    assert engine.news("zh") == "语言模型没有取到，答案直接引用条文原文。"
    *_, last = engine.ask(QUESTIONS[0])
    assert last.answer.llm == "extractive"
    assert last.answer.citations


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (IndexError_("chroma_unreachable", server="http://h", port=1, why="?"), say("engine_chroma", "en")),
        (IndexError_("index_locked", folder="x", holder="y"), None),  # which `ready` raises, and tries again
    ],
)
def test_what_an_index_fails_with_is_tried_again_and_then_the_language_model_comes(
    failure: IndexError_, words: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, heard = list[int](), list[object]()

    def ingest(*given: object, **named: object) -> None:
        tried.append(1)
        if len(tried) < 3:
            raise failure

    def ready() -> bool:
        try:
            heard.append(engine.ready("en"))
        except IndexError_ as error:
            heard.append(error)
        return heard[-1] is None and not engine.standby

    monkeypatch.setattr(models, "locate", lambda name, home: tmp_path)
    monkeypatch.setattr(bringing, "ingest", ingest)
    monkeypatch.setattr(bringing, "WAITS", (0.2,))
    engine = Here(tmp_path, [plan()])
    engine.start_bare(DOCUMENTS, "extractive", pytest.fail)
    until(ready)
    assert len(tried) == 3 and (words or failure) in heard
    assert engine.news() == ""


def test_without_an_embedder_nothing_is_answered_and_what_is_waited_for_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pull(name: str, home: Path, report: models.Report) -> Path:
        report(models.Progress(name, "fetch", 12_300_000, 71_622_400))
        heard.append(engine.ready("en"))
        report(models.Progress(name, "convert", 71_622_400, 71_622_400))
        heard.append(engine.ready("en"))
        raise ModelError("model_disk", folder="x", free="1 GB", need="3 GB")

    heard = list[str | None]()
    monkeypatch.setattr(models, "pull", pull)
    engine = Engine(Settings(home=tmp_path))
    engine.start_bare(DOCUMENTS, "extractive", pytest.fail)
    with pytest.raises(ModelError, match="1 GB"):
        until(lambda: engine.ready() is None)
    name = Settings().embedder
    assert heard == [f"Downloading the model {name}: 12 of 71 MB.", f"Preparing the model {name}."]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (
            {"SPACE_ID": "a/b"},
            {"TIAOYIN_HOST": "0.0.0.0", "TIAOYIN_PORT": "7860", "TIAOYIN_DEMO": "on"},
        ),
        (
            {"SPACE_ID": "a/b", "GRADIO_SERVER_NAME": "::", "GRADIO_SERVER_PORT": "80", "TIAOYIN_DEMO": ""},
            {"TIAOYIN_HOST": "::", "TIAOYIN_PORT": "80"},
        ),
        ({"TIAOYIN_HOST": "x", "TIAOYIN_PORT": "1"}, {"TIAOYIN_DEMO": ""}),
    ],
)
def test_a_space_is_a_demo_on_its_own_port_unless_a_variable_says_otherwise(
    given: dict[str, str], wanted: dict[str, str], tmp_path: Path
) -> None:
    assert defaults(given, tmp_path / "data") == wanted
    (tmp_path / "data").mkdir()
    kept = {"TIAOYIN_HOME": str(tmp_path / "data" / "tiaoyin")}
    assert defaults(given, tmp_path / "data") == wanted | kept
    assert defaults(given | {"TIAOYIN_HOME": "/h"}, tmp_path / "data") == wanted


def test_a_space_is_opened_under_the_name_of_its_host_and_its_cookie_goes_over_https_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPACE_ID", "somebody/tiaoyin")
    engine = PlayedEngine(tmp_path, Settings(demo="on"))
    through = {"host": "somebody-tiaoyin.hf.space", "x-forwarded-proto": "https", "sec-fetch-dest": "iframe"}
    with listening(engine, door(engine.settings, "0.0.0.0")) as client:  # which is heard at 127.0.0.1 alone
        page = client.get("/", headers=through)
        assert page.status_code == 200 and "window.tiaoyin" in page.text
        assert "; Secure; SameSite=None; Partitioned" in page.headers["set-cookie"]
        for path in ("/config", "/library", "/healthz", "/read/plan"):
            assert client.get(path, headers=through).status_code == 200, path


@pytest.mark.slow
def test_who_waits_is_told_how_many_are_before(tmp_path: Path) -> None:
    with played(tmp_path) as site, shared(), contextlib.ExitStack() as pages:
        first, second, third = (pages.enter_context(page_at(site.url)) for _ in range(3))
        ask(first, "很久的问题", settled=False).locator(".ty-cite").wait_for()
        for page, ahead in ((second, 1), (third, 2)):
            ask(page, "行动计划推广哪些技术？", settled=False)
            page.locator(".ty-reply").get_by_text(say("queue_ahead", "zh", n=ahead)).wait_for()
        site.finish()
        for page in (second, third):
            page.locator("#ty-send").wait_for()
            assert page.locator(".ty-cite").count()
            assert page.locator(".ty-reply").get_by_text("排队中").count() == 0
