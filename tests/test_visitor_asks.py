"""Claims about asking documents of one's own, with the real embedder over a real index; answers are quotations."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from rag.pipeline import Engine
from rag.records import Answer
from rag.search import OWN, Only
from rag.settings import Settings
from rag.visitors import Upload, new_id
from tests.test_visitors import RULES


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Engine:
    return Engine(replace(settings, llm="extractive"))


def asked(engine: Engine, question: str, visitor: str, only: Only | None = None) -> Answer:
    *_, last = engine.ask(question, only=only, visitor=visitor)
    return last.answer


@pytest.mark.slow
def test_a_visitors_document_answers_that_visitor_and_nobody_else(engine: Engine) -> None:
    me, other = new_id(), new_id()
    *_, done = engine.visitors.add(me, [Upload("公约.md", RULES.encode())])
    assert done.kept and done.stage == "done"
    question = "小区养犬时，犬绳长度不得超过多少？"
    mine = asked(engine, question, me)
    (cited,) = {each.doc_id for each in mine.citations}
    documents = {each.doc_id: each for each in engine.documents(me)}
    assert cited.startswith(OWN) and "不超过一米五" in mine.text
    assert all(documents[c.doc_id].text[c.start : c.end] == c.quote for c in mine.citations)
    assert not asked(engine, question, me, Only(whose="shared")).citations
    assert not asked(engine, question, me, Only(doc_ids=frozenset({engine.documents()[0].doc_id}))).citations
    for visitor in (other, "", "x" * 43):
        nobodys = asked(engine, question, visitor)
        assert nobodys.citations == () and not any(h.document.doc_id == cited for h in nobodys.retrieved)
        assert cited not in {each.doc_id for each in engine.documents(visitor)}
    shared = "行动计划推广哪些绿色计算技术？"
    assert asked(engine, shared, me).text == asked(engine, shared, "").text
    assert asked(engine, shared, me, Only(whose="own")).citations == ()
    assert "公约" in asked(engine, "小区养犬公约第二条", me).citations[0].label
    assert asked(engine, "小区养犬公约第二条", other).refused
    engine.visitors.remove(me, done.kept.key)
    assert asked(engine, question, me).citations == ()


@pytest.mark.slow
def test_many_visitors_at_once_are_each_answered_from_their_own(engine: Engine) -> None:
    pets = "犬猫兔鸟鱼龟鼠猪牛羊马鸡"
    answers: dict[str, Answer] = {}

    def visit(pet: str) -> None:
        visitor = new_id()
        list(engine.visitors.add(visitor, [Upload(f"{pet}.md", RULES.replace("犬", pet).encode())]))
        answers[pet] = asked(engine, f"小区养{pet}公约第二条", visitor)

    threads = [threading.Thread(target=visit, args=(pet,)) for pet in pets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for pet in pets:
        assert [each.quote for each in answers[pet].citations] == [f"第二条 {pet}只应当拴绳，绳长不超过一米五。"]
