"""Claims about conversations: stored and shown again with their citations, exported, and linked to. No browser."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from rag.cite import citation
from rag.read import text_of
from rag.read.files import File
from rag.records import Answer, Removed, Sentence, Update
from tests.plan import hits, plan
from ui import present
from ui.conversations import QUESTION, Asked, Conversation, ConversationError, dumped, link, linked, loaded
from ui.export import as_json, markdown
from ui.word import docx

PLAN = plan()
ONE, THREE = (("article", "1"), ("sentence", "3")), (("article", "3"), ("sentence", "2"))
ANSWERED = Answer(
    "公园每天开放多久？", "zh",
    sentences=(Sentence("公园每日开放不少于十二小时。", (1,), "supported"),
               Sentence("到2030年能耗降低5%。", (2, 1), "quoted")),
    citations=(citation(PLAN, PLAN.by_path[ONE], 1), citation(PLAN, PLAN.by_path[THREE], 2)),
    removed=(Removed("公园夜间关闭。", "number"),), retrieved=tuple(hits()), rewritten="公园每天开放多久？（城市公园）",
    note="另见第二条。", llm="embedded:x", timings={"total": 1.25},
)  # fmt: skip
DECLINED = Answer("火星上有公园吗？", "zh", reason="off_topic", retrieved=tuple(hits()), llm="extractive")
TALK = Conversation("a1", "2026-11-24", (Asked(ANSWERED.question, ANSWERED), Asked(DECLINED.question, DECLINED),
                                         Asked("停下的问题"),))  # fmt: skip
HERE = {PLAN.doc_id: PLAN}


def without(*names: str) -> Any:
    """The stored form of TALK, changed."""
    row = json.loads(dumped(TALK))
    answer = row["turns"][0]["answer"]
    for name in names:
        del answer[name]
    return row, answer


def test_what_is_loaded_again_shows_the_same_page() -> None:
    again = loaded(dumped(TALK), HERE)
    assert (again.id, again.day, again.title) == (TALK.id, TALK.day, "公园每天开放多久？")
    for before, after in zip(TALK.turns, again.turns, strict=True):
        assert after.question == before.question
        if before.answer:
            assert after.answer
            assert after.answer.citations == before.answer.citations and after.answer.text == before.answer.text
            shown = [present.message(Update("done", each), 1, HERE, "zh") for each in (before.answer, after.answer)]
            assert shown[0] == shown[1]
    assert again.turns[2].answer is None
    assert dumped(again).replace('"total": 1.25', "") == dumped(TALK).replace('"total": 1.25', "")


def test_citations_of_a_document_that_is_gone_stay_and_it_is_not_retrieved() -> None:
    again = loaded(dumped(TALK), {})
    answer = again.turns[0].answer
    assert answer and answer.citations == ANSWERED.citations and answer.retrieved == ()
    assert "quote" not in present.message(Update("done", answer), 1, {}, "zh") or ANSWERED.citations[0].quote


def test_words_that_a_document_does_not_have_are_not_shown_as_its_words() -> None:
    row, answer = without()
    answer["citations"][0]["quote"] = "公园每日开放时间不得少于二十四小时。"
    again = loaded(json.dumps(row), HERE)
    assert again.turns[0] == Asked(ANSWERED.question, None)
    assert again.turns[1].answer


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"id": 1}', '{"id": "a", "day": "gestern", "turns": []}',
        '{"id": "a", "day": "2026-11-24", "turns": 5}', "[" * 100_000,
        '{"id": "a", "day": "2026-11-24", "turns": [{"question": "?", "answer": {}}]}',
    ],
)  # fmt: skip
def test_what_is_no_conversation_is_one_clear_error(text: str) -> None:
    with pytest.raises(ConversationError) as error:
        loaded(text, HERE)
    assert error.value.key == "visitor_conversations" and str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reason", "__class__"), ("reason", 5), ("removed", [{"text": "x", "reason": "../x"}]), ("citations", []),
        ("sentences", [{"text": "x", "citations": [], "verdict": "quoted"}]), ("citations", [{"n": 1}]),
        ("sentences", "text"), ("retrieved", [{"doc_id": []}]),
    ],
)  # fmt: skip
def test_a_changed_answer_is_refused(name: str, value: Any) -> None:
    row, answer = without()
    answer[name] = value
    with pytest.raises(ConversationError):
        loaded(json.dumps(row), HERE)


def test_lists_and_tables_come_back_as_they_were() -> None:
    listed = tuple(replace(each, item=True) for each in ANSWERED.sentences)
    sides = tuple(replace(each, side=side) for each in ANSWERED.sentences for side in ("甲法", "乙法"))
    for sentences in (listed, sides):
        answer = replace(ANSWERED, sentences=sentences)
        again = loaded(dumped(replace(TALK, turns=(Asked("?", answer),))), HERE).turns[0].answer
        assert again and again.sentences == sentences and again.text == answer.text


def test_a_title_is_the_first_question_cut() -> None:
    assert Conversation("x", "2026-11-24", (Asked("一\n 二" + "长" * 99),)).title == "一 二" + "长" * 36 + "…"


def test_what_does_not_fit_goes_the_oldest_first() -> None:
    long = replace(TALK, turns=tuple(replace(TALK.turns[0], question=str(n)) for n in range(50)))
    size = 5 * len(dumped(TALK))
    text = dumped(long, size)
    asked = [turn.question for turn in loaded(text, HERE).turns]
    assert len(text) <= size and 1 < len(asked) < 50 and asked == [str(n) for n in range(50)][-len(asked) :]
    assert loaded(dumped(TALK, 80), HERE).turns == ()


def test_markdown_has_each_clause_word_for_word_below_its_label() -> None:
    text = markdown(TALK, "zh")
    lines = text.splitlines()
    assert lines[0] == "# 公园每天开放多久？" and "2026-11-24" in lines[2] and "通过了核对" in lines[2]
    assert "公园每日开放不少于十二小时[^1-1]。到2030年能耗降低5%[^1-2][^1-1]。" in lines
    for n, each in enumerate(ANSWERED.citations, 1):
        assert text.count(f"[^1-{n}]:") == 1
        assert f"[^1-{n}]: {each.label}\n\n    {each.quote}\n" in text
    assert "夜间关闭" not in text  # the check removed it
    assert "> 这个问题与所收的政策和法律文件无关，所以不作答。" in lines and "> 这个问题没有答完。" in lines
    assert "> 最接近的条文（不是答案）: 《城市公园行动计划》第一条" in text
    assert "Exported from TiaoYin" in markdown(TALK, "en")


EVIL = "\x00\ud800<img src=http://evil/x onerror=alert(1)> [x](javascript:alert(1)) `a` *b* | # c\n- d\n1. e & \\ $f$"
EVIL += "\x00\u202e\ud800"


def test_markup_in_questions_answers_and_quotations_is_text_in_an_export() -> None:
    said = replace(ANSWERED, sentences=(Sentence(EVIL, (1,), "supported"),), note=EVIL, rewritten=EVIL,
                   citations=(replace(ANSWERED.citations[0], quote=EVIL, label=EVIL),))  # fmt: skip
    talk = replace(TALK, turns=(Asked(EVIL, said), Asked(EVIL)))
    text = markdown(talk, "zh")
    assert not re.search(r"<|(?<!\\)[`|$]|(?<!\\)\](?!:)[(]|^\s*(?:-|1\.) |[\x00\u202e\ud800]", text, re.MULTILINE)
    text.encode()
    assert "<img src=http://evil/x" in word_text(docx(talk, "zh"))
    json.loads(as_json(talk).encode())


def test_lists_and_sides_are_lists_and_headings_in_an_export() -> None:
    one, two = (replace(each, item=True, side="甲法") for each in ANSWERED.sentences)
    answer = replace(ANSWERED, sentences=(one, two, replace(ANSWERED.sentences[0], side="乙法")))
    talk = replace(TALK, turns=(Asked("?", answer),))
    text = markdown(talk, "zh")
    listed = ["**甲法**", "- 公园每日开放不少于十二小时[^1-1]。", "- 到2030年能耗降低5%[^1-2][^1-1]。", "**乙法**"]
    assert "\n\n".join([*listed, "公园每日开放不少于十二小时[^1-1]。"]) in text
    paragraphs = part(docx(talk, "zh"), "word/document.xml").iter(f"{W}pStyle")
    assert [each.get(f"{W}val") for each in paragraphs][4:8] == ["Heading3", "ListBullet", "ListBullet", "Heading3"]


def part(data: bytes, name: str) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return ElementTree.fromstring(package.read(name))


W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def word_text(data: bytes) -> str:
    return text_of(File("x.docx", ".docx", lambda: data)).text


def test_a_word_document_has_real_footnotes() -> None:
    data = docx(TALK, "zh")
    notes = {each.get(f"{W}id"): each for each in part(data, "word/footnotes.xml")}
    references = [each.get(f"{W}id") for each in part(data, "word/document.xml").iter(f"{W}footnoteReference")]
    assert references == ["1", "2", "3"] and set(notes) == {"-1", "0", *references}
    cited = [ANSWERED.citations[n] for n in (0, 1, 0)]
    for number, each in zip(references, cited, strict=True):
        written = "".join(text.text or "" for text in notes[number].iter(f"{W}t"))
        assert written == f" {each.label}{each.quote}"
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert b"/word/footnotes.xml" in package.read("[Content_Types].xml")
        assert b"footnotes.xml" in package.read("word/_rels/document.xml.rels")
    text = word_text(data)
    assert "公园每日开放不少于十二小时。到2030年能耗降低5%。" in text and "夜间关闭" not in text
    assert text.index("通过了核对") < text.index("开放不少于") < text.index("火星上有公园吗")


def test_an_exported_conversation_is_in_the_form_of_the_command_line_and_comes_back() -> None:
    text = as_json(TALK)
    data = json.loads(text)
    assert data["title"] == TALK.title and data["turns"][0]["answer"]["citations"][0]["label"]
    assert "夜间关闭" not in text
    again = loaded(text, HERE)
    assert again.turns[0].answer and again.turns[0].answer.citations == ANSWERED.citations


@pytest.mark.parametrize("question", ["公园每天开放多久？", "a&b=c#d?e", "100% +1", "“引号” 'x' <script>", "😀 é"])
def test_a_link_brings_its_question_along(question: str) -> None:
    assert linked(link(question, "en")) == (question, "en")
    assert re.fullmatch(r"\?[A-Za-z0-9=&%+_.~*-]+", link(question, "zh"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ("", "")),
        ("?lang=zh", ("", "zh")),
        ("?q=%E5%85%AC%E5%9B%AD&lang=fr", ("公园", "")),
        ("q=a&q=b", ("a", "")),
        ("?q=%00a%0Ab%E2%80%AE", ("a b", "")),
        ("?q=%ff%fe", ("��", "")),
        ("?q=" + "x" * 9000, ("x" * QUESTION, "")),
        ("?" + "&".join("q=1" for _ in range(999)), ("", "")),
        ("?q=<script>alert(1)</script>", ("<script>alert(1)</script>", "")),  # text, for a box
    ],
)
def test_any_query_gives_a_question_for_the_box_or_none(query: str, found: tuple[str, str]) -> None:
    assert linked(query) == found
