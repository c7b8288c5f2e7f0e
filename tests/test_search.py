"""Claims about chunks, their words and fusion: which articles go first, without any model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag import lexical, retrieve
from rag.chunk import chunk
from rag.records import Document, Hit
from tests.laws import REGULATION, document, law, laws
from tests.plan import plan

INTERPRETATION = "最高人民法院关于适用《中华人民共和国民事诉讼法》的解释"
GDPR = "Regulation (EU) 2016/679 (General Data Protection Regulation)"


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("哪些绿色计算技术?GDPR的", "绿色 计算 技术 计算技术 gdpr | 哪些 些绿 绿色 色计 计算 算技 技术"),
        ("处理 Article 6", "处理 articl 6 | 处理"),
        ("the processing of processed AI systems", "process process ai system |"),
        ("的 了 the ?! ", "|"),
        ("法", "法 |"),
    ],
)
def test_words_are_those_of_chinese_its_pairs_of_characters_and_the_stems_of_english(text: str, words: str) -> None:
    own, pairs = (part.split() for part in words.split("|"))
    assert sorted(lexical.words(text)[: len(own)]) == sorted(own)
    assert lexical.words(text)[len(own) :] == pairs


def test_the_wording_of_a_question_finds_its_article(tmp_path: Path) -> None:
    document = plan()
    scores = lexical_scores(document, "能耗降低多少?", tmp_path)
    best = chunk(document)[int(np.argmax(scores))]
    assert best.path[0] == ("article", "3")


def test_a_plural_finds_the_singular_and_the_reverse(tmp_path: Path) -> None:
    document = laws()[-2]
    assert document.title == GDPR
    for question, article in {"is a person protecting?": "1", "the scopes": "2", "does it apply": "2"}.items():
        scores = lexical_scores(document, question, tmp_path / article)
        assert chunk(document)[int(np.argmax(scores))].path[0] in (("article", article), ("recital", article)), question


@pytest.mark.parametrize("question", ["zzz", "的", "?"])
def test_a_question_without_known_words_scores_nothing(question: str, tmp_path: Path) -> None:
    assert set(lexical_scores(plan(), question, tmp_path)) == {0.0}


class Fused:
    """What is fused for chunks of some documents, with cosines and BM25 given by (document number, path)."""

    def __init__(self, *documents: Document) -> None:
        self.documents = documents
        self.chunks = [piece for each in documents for piece in chunk(each)]
        self.layout = retrieve.layout(self.chunks, {each.doc_id: each for each in documents})

    def row(self, document: int, *path: str) -> int:
        steps = tuple((step.split()[0], step.split()[1]) for step in path)
        return next(
            n for n, c in enumerate(self.chunks) if (c.doc_id, c.path) == (self.documents[document].doc_id, steps)
        )

    def __call__(self, *scores: dict[int, float], **options: Any) -> list[tuple[int, str]]:
        return [place(hit, self.documents) for hit in self.hits(*scores, **options)]

    def hits(
        self,
        cosines: dict[int, float],
        bm25: dict[int, float],
        k: int = 10,
        named: Sequence[int] = (),
        left_out: Sequence[int] = (),
    ) -> list[Hit]:
        words = np.zeros(len(self.chunks), dtype=np.float32)
        for row, score in bm25.items():
            words[row] = score
        near = [(self.chunks[row].chunk_id, cosine) for row, cosine in cosines.items()]
        ids = [{self.documents[n].doc_id for n in ns} for ns in (named, left_out)]
        return retrieve.fuse(self.layout, near, words, k, "zh", *ids)


def place(hit: Hit, documents: Sequence[Document]) -> tuple[int, str]:
    ids = [each.doc_id for each in documents]
    return ids.index(hit.document.doc_id), " ".join(hit.provision.path[0])


def test_meaning_and_words_add_up_and_what_neither_found_is_not_there() -> None:
    fused = Fused(plan())
    one, two, three = (fused.row(0, f"article {n}") for n in "123")
    hits = fused.hits({one: 0.9, two: 0.8}, {two: 2.0, three: 1.0})
    assert [(hit.provision.path[0][1], hit.how, hit.cosine) for hit in hits] == [
        ("2", "dense", pytest.approx(0.8)),
        ("1", "dense", pytest.approx(0.9)),
        ("3", "lexical", 0.0),
    ]
    # The other chunks count as near as the farthest found, 0.8, which is nothing.
    assert [hit.score for hit in hits] == pytest.approx([0.55, 0.45, 0.275])
    assert retrieve.close(hits) == hits


def test_the_best_clause_counts_for_its_article_and_is_told() -> None:
    fused = Fused(laws()[0])  # of which Article 2 has paragraphs and items
    item = fused.row(0, "article 2", "paragraph 1", "item 2")
    clause = (("article", "2"), ("paragraph", "1"), ("item", "2"))
    hits = fused.hits({item: 0.9, fused.row(0, "article 1"): 0.8, fused.row(0, "article 3"): 0.7}, {item: 1.0})
    assert [hit.provision.path[0][1] for hit in hits] == ["2", "1", "3"]
    assert (hits[0].cosine, [path for path, _ in hits[0].clauses]) == (pytest.approx(0.9), [clause])
    assert hits[0].nearest and hits[0].nearest[0].path == clause


# The interpretation before the law, the recitals before the articles: where nothing else decides, the order does.
CASES = Fused(law(INTERPRETATION, 3), law("中华人民共和国民事诉讼法", 3), document(GDPR, REGULATION))
LAW_1, EXPLAINED, RECITAL, ARTICLE = (
    CASES.row(1, "article 1"),
    CASES.row(0, "article 2"),
    CASES.row(2, "recital 2"),
    CASES.row(2, "article 2"),
)


@pytest.mark.parametrize(
    ("cosines", "options", "expected"),
    [
        # equally near: the statute before what interprets it, the article before the recital
        ({EXPLAINED: 0.9, LAW_1: 0.9}, {}, [(1, "article 1"), (0, "article 2")]),
        ({RECITAL: 0.9, ARTICLE: 0.9}, {}, [(2, "article 2"), (2, "recital 2")]),
        # and not when the other is clearly nearer
        ({EXPLAINED: 0.9, LAW_1: 0.5, ARTICLE: 0.4}, {}, [(0, "article 2"), (1, "article 1"), (2, "article 2")]),
        # a document that is named goes first though farther; of it the best
        ({EXPLAINED: 0.9, LAW_1: 0.8, ARTICLE: 0.4}, {"named": [1]}, [(1, "article 1"), (0, "article 2"),
                                                                     (2, "article 2")]),
        ({EXPLAINED: 0.9, LAW_1: 0.9, ARTICLE: 0.4}, {"named": [0]}, [(0, "article 2"), (1, "article 1"),
                                                                     (2, "article 2")]),
        # what does not answer never comes, though it is named
        ({EXPLAINED: 0.9, LAW_1: 0.8, ARTICLE: 0.4}, {"left_out": [1, 2]}, [(0, "article 2")]),
        ({EXPLAINED: 0.9, LAW_1: 0.8}, {"left_out": [1], "named": [1]}, [(0, "article 2")]),
        ({LAW_1: 0.8}, {"left_out": [0, 1, 2]}, []),
        # no more than asked for
        ({EXPLAINED: 0.9, LAW_1: 0.8, ARTICLE: 0.4}, {"k": 1}, [(0, "article 2")]),
        ({EXPLAINED: 0.9, LAW_1: 0.8, ARTICLE: 0.4}, {"k": 2}, [(0, "article 2"), (1, "article 1")]),
        ({}, {}, []),
    ],
)  # fmt: skip
def test_what_goes_first(cosines: dict[int, float], options: dict[str, Any], expected: list[tuple[int, str]]) -> None:
    assert CASES(cosines, {}, **options) == expected


def test_articles_that_say_the_same_are_one() -> None:
    own = "经营者应当向消费者出具发票等购货凭证或者服务单据，消费者索要的，必须出具。"
    fused = Fused(
        document("甲市规定", f"第一条 {own}"),
        document("乙市规定", f"第一条 为了公平，制定本规定。\n\n第二条 {own}"),
        document("丙市规定", f"第一条 {own}违反的，由市场监督管理部门责令改正，并处二千元以上二万元以下的罚款。"),
    )
    rows = {fused.row(1, "article 2"): 0.9, fused.row(0, "article 1"): 0.8, fused.row(2, "article 1"): 0.7}
    assert fused(rows, {}) == [(1, "article 2"), (2, "article 1")]
    assert fused(rows, {}, k=1) == [(1, "article 2")]


def test_articles_of_one_law_that_differ_in_a_few_words_are_all_there() -> None:
    """合伙企业法 83 and 84, 公司法 81 and 132 and fifteen more pairs of 206 laws are as alike, and not the same."""
    rest = "期间有限合伙企业发生的债务承担无限连带责任。"
    fused = Fused(
        document(
            "合伙法",
            f"第一条 有限合伙人转变为普通合伙人的，对其作为有限合伙人{rest}\n\n"
            f"第二条 普通合伙人转变为有限合伙人的，对其作为普通合伙人{rest}",
        )
    )
    rows = {fused.row(0, "article 2"): 0.9, fused.row(0, "article 1"): 0.8}
    assert fused(rows, {}) == [(0, "article 2"), (0, "article 1")]


def test_nothing_found_or_nothing_there_is_an_empty_list() -> None:
    empty = Fused()
    assert empty({}, {}) == []
    assert Fused(plan())({}, {}) == []
    assert retrieve.close([]) == []


def test_an_index_of_words_made_from_an_earlier_one_scores_as_one_made_anew(tmp_path: Path) -> None:
    texts = [piece.text for piece in chunk(plan())]
    lexical.build(texts[1:], tmp_path / "before")
    lexical.build([*texts, "的"], tmp_path / "after", (tmp_path / "before", texts[1:]))
    lexical.build([*texts, "的"], tmp_path / "anew")
    found, anew = (lexical.Lexical(tmp_path / name).scores("公园的安全检查 2030") for name in ("after", "anew"))
    assert found.max() > 0
    assert np.allclose(found, anew)
