"""Our own question sets: in the documented form, with gold that exists and says what the keys say."""

from collections import Counter
from pathlib import Path

import pytest
from test_structure import parse

from rag import facts
from rag.evaluate.questions import Question, read_questions
from rag.read import read
from rag.records import Document

DATA = Path(__file__).parent.parent / "data"
SETS = ("page.jsonl", "page_more.jsonl")
QUESTIONS = [question for name in SETS for question in read_questions(DATA / "eval" / name)]
KINDS = {"fact", "list", "lookup", "multi", "everyday", "english", "followup", "torn", "news"}
KINDS |= {"unanswerable", "off_topic", "premise", "injection"}


@pytest.fixture(scope="module")
def page() -> dict[str, Document]:
    text = read(DATA / "documents" / "newspaper_page_2025-07-27.md").text
    return {document.title: document for document in parse(text)}


def test_there_are_enough_questions_of_every_kind_each_with_its_own_id() -> None:
    kinds = Counter(question.kind for question in QUESTIONS)
    assert len(QUESTIONS) >= 100 and set(kinds) == KINDS
    assert min(kinds.values()) >= 5
    assert len({question.id for question in QUESTIONS}) == len(QUESTIONS)


def gold_text(question: Question, page: dict[str, Document]) -> str:
    """The text of the articles and paragraphs that are gold."""
    found = []
    for gold in question.gold:
        document = page[gold.doc]
        if gold.path:
            found.append(document.text_of(document.by_path[gold.path]))
        elif gold.article:
            kind, number = gold.article.split() if " " in gold.article else ("article", gold.article)
            found.append(document.text_of(document.by_path[((kind, number),)]))
        else:
            found.append(document.text)
    return facts.plain(facts.arabic("\n".join(found)))


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.answerable], ids=lambda q: q.id)
def test_the_gold_of_an_answerable_question_says_every_key(question: Question, page: dict[str, Document]) -> None:
    assert question.gold and question.keys
    text = gold_text(question, page)
    for key in question.keys if question.lang == "zh" else ():
        assert any(facts.plain(facts.arabic(way)) in text for way in key), key


def test_an_unanswerable_question_has_no_gold() -> None:
    unanswerable = [question for question in QUESTIONS if question.answerable is False]
    assert len(unanswerable) >= 30
    assert all(not question.gold and not question.keys for question in unanswerable)
