"""Claims about the question sets: what they call gold is there, and says what the keys say."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest

from rag.evaluate.questions import Gold, Question, read_questions, same_document
from rag.facts import plain
from rag.labels import article_of
from rag.read import read
from rag.records import Document
from rag.structure import structure
from rag.words import sentences

DATA = Path(__file__).parent.parent / "data"
PAGE = DATA / "documents" / "newspaper_page_2025-07-27.md"
FILES = ("page.jsonl", "page_more.jsonl", "page_held.jsonl")
QUESTIONS = [question for name in FILES for question in read_questions(DATA / "eval" / name)]
MORE = [question for name in FILES[1:] for question in read_questions(DATA / "eval" / name)]
LAWS_HELD = read_questions(DATA / "eval" / "laws_held.jsonl")
LAWS = DATA.parents[1] / "shared" / "corpora" / "zh_laws"
ANSWERABLE = [question for question in QUESTIONS if question.answerable]
KINDS = {
    "fact", "list", "lookup", "multi", "everyday", "english", "followup", "torn", "news",
    "unanswerable", "off_topic", "premise", "injection", "partial",
}  # fmt: skip
CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    """The seven stories of the page."""
    return structure(read(PAGE), str(PAGE), hashlib.sha256(PAGE.read_bytes()).hexdigest())


def test_no_two_questions_share_an_id_or_a_wording() -> None:
    assert [id for id, n in Counter(question.id for question in QUESTIONS).items() if n > 1] == []
    asked = Counter((*question.history, question.question) for question in QUESTIONS)
    assert [wording for wording, n in asked.items() if n > 1] == []


def test_there_are_at_least_100_questions_and_8_of_each_kind() -> None:
    kinds = Counter(question.kind for question in QUESTIONS)
    assert len(QUESTIONS) >= 100 and set(kinds) == KINDS
    assert {kind: n for kind, n in kinds.items() if n < 8} == {}


def test_the_readme_counts_the_kinds_as_they_are() -> None:
    text = (DATA / "eval" / "README.md").read_text("utf-8")
    told = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|", text, re.M)
    counts = [Counter(q.kind for q in read_questions(DATA / "eval" / name)) for name in FILES]
    assert {kind: [int(n) for n in ns] for kind, *ns in told} == {kind: [c[kind] for c in counts] for kind in KINDS}


def test_an_answerable_question_has_gold_and_keys_and_the_others_have_neither() -> None:
    assert [q.id for q in QUESTIONS if q.answerable is None] == []
    assert [q.id for q in QUESTIONS if bool(q.gold) != q.answerable or bool(q.keys) != q.answerable] == []
    assert [q.id for q in MORE if bool(q.answer) != q.answerable] == []


def test_a_followup_has_earlier_turns_and_no_other_kind_has() -> None:
    assert [q.id for q in QUESTIONS if bool(q.history) != (q.kind == "followup")] == []


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_a_question_and_its_answer_are_in_the_language_it_names(question: Question) -> None:
    texts = [question.question, *filter(None, [question.answer])]
    assert [bool(CHINESE.search(text)) for text in texts] == [question.lang == "zh"] * len(texts)


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question.id)
def test_the_gold_of_a_question_stands_on_the_page(question: Question, documents: list[Document]) -> None:
    for gold in question.gold:
        assert gold_text(gold, documents)
        if gold.path is not None:
            assert article_of(gold.path) == gold.article


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question.id)
def test_every_key_fact_stands_in_the_gold(question: Question, documents: list[Document]) -> None:
    """A Chinese question's first wording; of an English question, the Chinese wording its answer would translate."""
    gold = plain("".join(gold_text(each, documents) for each in question.gold))
    for key in question.keys:
        if question.lang == "zh":
            assert plain(key[0]) in gold
        elif question in MORE:
            assert any(plain(wording) in gold for wording in key)


@pytest.mark.parametrize("question", [q for q in MORE if q.answerable], ids=lambda question: question.id)
def test_a_reference_answer_gives_every_key_fact(question: Question) -> None:
    answer = plain(question.answer or "")
    assert [key for key in question.keys if not any(plain(wording) in answer for wording in key)] == []


@pytest.mark.parametrize("question", [q for q in MORE if q.kind == "multi"], ids=lambda question: question.id)
def test_a_question_on_several_provisions_has_a_key_fact_in_each(question: Question, documents: list[Document]) -> None:
    assert len({(gold.doc, gold.article) for gold in question.gold}) > 1
    for gold in question.gold:
        text = plain(gold_text(gold, documents))
        assert any(plain(key[0]) in text for key in question.keys)


def test_of_the_questions_on_laws_half_can_be_answered() -> None:
    assert len({question.id for question in [*QUESTIONS, *LAWS_HELD]}) == len(QUESTIONS) + len(LAWS_HELD)
    assert len({question.question for question in LAWS_HELD}) == len(LAWS_HELD) == 60
    assert sum(bool(question.answerable) for question in LAWS_HELD) == 30
    filled = [(bool(q.gold), bool(q.keys), bool(q.answer)) for q in LAWS_HELD]
    assert filled == [(q.answerable,) * 3 for q in LAWS_HELD]


@pytest.mark.skipif(not LAWS.is_dir(), reason="the laws are not part of the repository")
@pytest.mark.parametrize("question", [q for q in LAWS_HELD if q.answerable], ids=lambda question: question.id)
def test_every_key_fact_on_a_law_stands_in_the_gold_and_in_the_answer(question: Question) -> None:
    texts = []
    for gold in question.gold:
        source = LAWS / f"{gold.doc}.md"
        (law,) = structure(read(source), str(source), hashlib.sha256(source.read_bytes()).hexdigest())
        texts.append(plain(gold_text(gold, [law])))
        assert gold.path is None or article_of(gold.path) == gold.article
        assert any(plain(key[0]) in texts[-1] for key in question.keys)
    answer = plain(question.answer or "")
    assert [key for key in question.keys if plain(key[0]) not in "".join(texts)] == []
    assert [key for key in question.keys if not any(plain(wording) in answer for wording in key)] == []


def gold_text(gold: Gold, documents: list[Document]) -> str:
    """What the page says there: of the clause, else of the article, else of the whole story."""
    (document,) = [each for each in documents if same_document(gold.doc, each.title)]
    if gold.path is not None:
        return document.text_of(document.by_path[gold.path])
    if gold.article is None:
        return document.text
    (top,) = [p for p in document.provisions if len(p.path) == 1 and article_of(p.path) == gold.article]
    return document.text_of(top)


@pytest.mark.parametrize("name", sorted(path.stem for path in (DATA / "eval").glob("*.jsonl")))
def test_every_set_has_a_name_on_the_page(name: str) -> None:
    assert f"choose_set_{name}" in sentences()


def test_no_two_questions_of_any_sets_share_an_id() -> None:
    ids = Counter(question.id for path in (DATA / "eval").glob("*.jsonl") for question in read_questions(path))
    assert [id for id, n in ids.items() if n > 1] == []


@pytest.mark.parametrize("path", sorted((DATA / "eval").glob("*.jsonl")), ids=lambda path: path.stem)
def test_gold_in_an_article_or_the_preamble_names_it(path: Path) -> None:
    """Gold without an article means its document as a whole, where any citation of it would count as right."""
    inside = [
        (q.id, g) for q in read_questions(path) for g in q.gold if g.path and g.path[0][0] in ("article", "preamble")
    ]
    assert [(id, gold.article) for id, gold in inside if gold.article != article_of(gold.path)] == []
