"""Claims about what is quoted in another language than the question: a part of it is put into that of the question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from rag import rendering
from tests.built import Characters
from tests.here import Here
from tests.laws import document

CLAUSE = "探索人工智能服务可追溯管理制度，防范人工智能技术误用、滥用。"
QUESTION = "According to Article 1, what system is to be explored so that AI services are not misused?"
TRUE = "An AI service traceability system is explored, to guard against misuse and abuse of AI technology."
UNTRUE = "An AI service traceability system is prohibited, to guard against misuse and abuse of AI technology."


class Alike(Characters):
    """An embedder to which all texts mean the same: what tells them apart is the glossary."""

    def passages(self, texts: Sequence[str]) -> Any:
        return np.ones((len(texts), 1), dtype=np.float32)


class Across(Here):
    def embedder(self) -> Any:
        return Alike()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Across:
    text = f"第一条 {CLAUSE}\n第二条 主管部门每年公布能效水效标准。"
    return Across(tmp_path_factory.mktemp("index"), [document("人工智能办法", text)])


def test_a_rendering_that_passes_the_check_stands_behind_the_words_of_the_law(engine: Across) -> None:
    answer = engine.answer(QUESTION, reply=f"A permit for every model [1].\n===\n{TRUE}")
    assert [each.text for each in answer.sentences] == [CLAUSE, TRUE]
    assert [each.verdict for each in answer.sentences] == ["quoted", "supported"]
    assert {each.article for each in answer.citations} == {"1"}
    assert answer.note is None


def test_one_that_does_not_is_not_shown_and_the_reader_learns_why_the_answer_is_in_another_language(
    engine: Across,
) -> None:
    answer = engine.answer(QUESTION, reply=f"A permit for every model [1].\n===\n{UNTRUE}")
    assert [each.text for each in answer.sentences] == [CLAUSE]
    assert answer.note == "This is quoted in the original language: no translation of it passed the check."


def test_what_is_told_by_code_is_rendered_too(engine: Across) -> None:
    answer = engine.answer("What does Article 1 say?", reply=TRUE)
    assert [each.text for each in answer.sentences] == [CLAUSE, TRUE]


def test_an_answer_in_the_language_of_the_question_is_rendered_by_nobody(engine: Across) -> None:
    assert engine.answer("第一条的内容是什么?").text == f"{CLAUSE[:-1]}[1]。"


def test_a_model_without_words_renders_nothing(engine: Across) -> None:
    *_, last = engine.ask(QUESTION, llm="extractive")
    assert [each.text for each in last.answer.sentences] == [CLAUSE]
    assert last.answer.note


@pytest.mark.parametrize(
    ("text", "word", "part"),
    [
        (CLAUSE, "误用", CLAUSE[:-1]),
        ("探索" + "甲" * 50 + "，防范误用，" + "乙" * 50 + "。", "误用", "防范误用"),
        ("统一标准；开放平台，共享资源，" + "丙" * 50, "共享", "统一标准；开放平台，共享资源"),
        ("Parks shall be open daily; tickets are free.", "tickets", "Parks shall be open daily; tickets are free."),
    ],
)
def test_the_part_that_speaks_of_the_question_is_rendered_with_what_stands_around_it(
    text: str, word: str, part: str
) -> None:
    assert rendering.part(text, lambda piece: float(word in piece)).rstrip("。") == part


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("开源社区", "开源社区 open source community"),
        ("捐赠与志愿服务", "捐赠 donation"),
        ("Parks shall be open for twelve hours", "park 公园"),
        ("甲乙丙", ""),
    ],
)
def test_the_words_of_the_glossary_go_with_it(text: str, words: str) -> None:
    assert rendering.words(text).startswith(words)
