"""Claims about answers while other builds of the index become current: each is of one build, and none stays open."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from chromadb.api.shared_system_client import SharedSystemClient

from rag.evaluate.questions import Question
from rag.evaluate.run import row_of
from rag.generate.extractive import Extractive
from rag.pipeline import Engine
from rag.records import Document
from rag.search import Search
from rag.settings import Settings
from rag.visitors import Upload, new_id
from tests.built import Characters, searched
from tests.here import Here
from tests.laws import document
from tests.plan import TEXT
from tests.test_rendering import CLAUSE, TRUE, Alike


def version(n: int) -> Document:
    return document("人工智能办法", f"第一条 {CLAUSE}\n第二条 主管部门每年公布能效水效标准。\n第三条 第{n}版。")


def build(folder: Path, n: int) -> Search:
    return searched(folder, [version(n), document("城市公园行动计划", f"{TEXT}\n四、第{n}版。")])


class Switching(Here):
    """Each time that it looks for the current index, another build has become current."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, [version(0)])
        self.builds, self.looks = [build(folder / str(n), n) for n in range(3)], 0

    def search(self, visitor: str = "") -> Any:
        self.looks += 1
        return self.builds[self.looks % 3]

    def embedder(self) -> Any:
        return Alike()


@pytest.fixture(scope="module")
def switching(tmp_path_factory: pytest.TempPathFactory) -> Switching:
    return Switching(tmp_path_factory.mktemp("index"))


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("人工智能办法第三条的内容是什么?", None),
        ("比较人工智能办法第一条和第三条", None),
        ("公园每日开放时间多久?", "公园每日开放时间不得少于十二小时[1]。"),
    ],
)
def test_an_answer_is_of_one_build_whatever_becomes_current_meanwhile(
    question: str, reply: str | None, switching: Switching
) -> None:
    for _ in range(2):
        answer = switching.answer(question, reply=reply)
        assert answer.sentences
        used = {each.doc_id for each in answer.citations} | {hit.document.doc_id for hit in answer.retrieved}
        assert any(used <= each.layout.documents.keys() for each in switching.builds)
        for each in answer.citations:
            assert answer.documents[each.doc_id].text[each.start : each.end] == each.quote


@pytest.mark.parametrize("stage", ["retrieve", "generate", "done"])
def test_a_switch_between_two_updates_of_an_answer_does_not_end_it(stage: str, tmp_path: Path) -> None:
    engine, other = Here(tmp_path / "0", [version(0)]), searched(tmp_path / "1", [version(1)])
    engine.embedder = Alike  # type: ignore[method-assign]
    engine.played.reply = TRUE
    for update in engine.ask("What does Article 1 say?"):
        if update.stage == stage:
            engine.opened = other
    assert [each.text for each in update.answer.sentences] == [CLAUSE, TRUE]
    row = row_of(Question("1", "第一条的内容是什么?"), engine, False)
    assert [each["verbatim"] for each in row["citations"]] == [True]


def test_a_row_of_an_evaluation_is_of_one_build(switching: Switching) -> None:
    for _ in range(2):
        row = row_of(Question("1", "人工智能办法第三条的内容是什么?"), switching, False)
        assert row["error"] is None and [each["verbatim"] for each in row["citations"]] == [True]


class Following(Engine):
    def embedder(self) -> Any:
        return Characters()

    def _fits(self, found: Any) -> None:
        pass  # it is made without a model


def opened(folder: Path) -> tuple[int, int]:
    """How many indexes and files in the folder are open; others are those of other tests."""
    files = [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]
    systems = SharedSystemClient._identifier_to_system
    return sum(name.startswith(str(folder)) for name in systems), sum(each.startswith(str(folder)) for each in files)


def test_twenty_switches_leave_no_index_open_and_take_none_from_an_answer(tmp_path: Path) -> None:
    folder, me = tmp_path / "index", new_id()
    engine = Following(Settings(home=tmp_path, index=folder), Extractive())
    seen, held = list[tuple[int, int]](), None
    for n in range(20):
        searched(folder, [version(n)]).index.close()
        if n == 0:
            list(engine.visitors.add(me, [Upload("公约.md", "第一条 犬只应当拴绳。".encode())]))
        assert f"第{n}版" in engine.find("第几版", k=9).hits[-1].document.text
        assert len(engine.documents(me)) == 2
        if n == 4:
            held = engine.search(me)  # as an answer that is being written does
        if n == 5:  # the build before the current one is there until the next switch
            assert held and "第4版" in held.find("第几版", [], 9, Characters).hits[-1].document.text
            held = None
        seen.append(opened(tmp_path))
    systems, files = zip(*seen, strict=True)
    # An index has a few files more or fewer open from moment to moment, as many as it has connections to its database;
    # one file left open at each of the last ten switches would make ten more.
    assert 0 < systems[-1] == systems[2] and 0 < max(files[-5:]) < max(files[:10]) + 5, seen
