"""Claims about chunks, words, fusion and follow-up questions: what is found, without any model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from plan import plan

from rag import lexical, retrieve
from rag.chunk import chunk
from rag.records import Document
from rag.rewrite import standalone


def lexical_scores(document: Document, question: str, folder: Path) -> list[float]:
    lexical.build([piece.text for piece in chunk(document)], folder)
    return [float(score) for score in lexical.Lexical(folder).scores(question)]


def test_a_chunk_is_a_provision_behind_its_breadcrumb() -> None:
    document = plan()
    for piece in chunk(document):
        assert piece.text.startswith("《城市公园行动计划》")
        assert piece.text.endswith(document.text_of(document.by_path[piece.path]))
    assert len({piece.chunk_id for piece in chunk(document)}) == len(chunk(document))


def test_every_article_can_be_found_and_the_sentences_of_long_ones_too() -> None:
    document = plan()
    paths = {piece.path for piece in chunk(document)}
    assert {(("article", n),) for n in "123"} <= paths
    long = next(p for p in document.provisions if p.path == (("article", "3"),))
    assert ((*long.path, ("sentence", "2")) in paths) == (long.end - long.start >= 120)


def test_words_are_chinese_words_without_function_words() -> None:
    assert lexical.words("哪些绿色计算技术?GDPR的") == ["绿色", "计算", "技术", "计算技术", "gdpr"]


def test_the_wording_of_a_question_finds_its_article(tmp_path: Path) -> None:
    document = plan()
    scores = lexical_scores(document, "能耗降低多少?", tmp_path)
    best = chunk(document)[int(np.argmax(scores))]
    assert best.path[0] == ("article", "3")


@pytest.mark.parametrize("question", ["zzz", "的", "?"])
def test_a_question_without_known_words_scores_nothing(question: str, tmp_path: Path) -> None:
    assert set(lexical_scores(plan(), question, tmp_path)) == {0.0}


def test_meaning_and_wording_weigh_the_same_and_clauses_count_for_their_article() -> None:
    document = plan()
    chunks = chunk(document)
    first = next(c for c in chunks if c.path == (("article", "1"),))
    second = next(c for c in chunks if c.path == (("article", "2"),))
    cosines = {first.chunk_id: 0.9, second.chunk_id: 0.8}
    bm25 = [2.0 if c is second else 1.0 if c.path == (("article", "3"),) else 0.0 for c in chunks]
    hits = retrieve.fuse(chunks, cosines, bm25, {document.doc_id: document}, 10)
    assert [(hit.provision.path[0][1], hit.score, hit.how) for hit in hits] == [
        ("1", 0.5, "dense"),
        ("2", 0.5, "dense"),
        ("3", 0.0, "lexical"),
    ]
    assert [hit.cosine for hit in hits] == [0.9, 0.8, 0.0]
    assert retrieve.close(hits) == hits[:2]


def test_nothing_found_is_an_empty_list() -> None:
    assert retrieve.fuse([], {}, [], {}, 4) == []
    assert retrieve.close([]) == []


@pytest.mark.parametrize(
    ("question", "history", "expected"),
    [
        ("它呢?", ["第七条推广什么技术?"], "第七条推广什么技术? 它呢?"),
        ("那么总部呢?", ["成立什么组织?", "它何时成立?"], "成立什么组织? 那么总部呢?"),
        ("And what about children?", ["Who is protected?"], "Who is protected? And what about children?"),
        ("标准制修订依托哪些国际组织?", ["第七条推广什么技术?"], None),
        ("它呢?", [], None),
    ],
)
def test_only_a_question_that_leans_on_the_last_is_rewritten(
    question: str, history: list[str], expected: str | None
) -> None:
    assert standalone(question, history, "zh" if "?" in question and question[0] > "z" else "en") == expected
