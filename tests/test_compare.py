"""Claims about the comparison with LlamaIndex: what counts as declining, as supported, and how the figures are made."""

from __future__ import annotations

import pytest
from benchmarks.compare import Tapped, as_hit, declines, drawn, figures, limit, said, supported, table

from rag.evaluate.questions import Question

CLAUSE = "第七条　推广低功耗芯片、高效算法等绿色计算技术，三十日内公布。"
OTHER = "第八条　标准制修订依托国际电信联盟。"


def similar(one: str, other: str) -> float:
    return 0.0


@pytest.mark.parametrize(
    ("text", "no_answer"),
    [
        ("", True),
        ("Empty Response", True),
        ("The documents do not mention a fine; I don't know.", True),
        ("根据所给资料，无法确定罚款金额。", True),
        ("推广低功耗芯片、高效算法等绿色计算技术。", False),
        ("The plan promotes low-power chips.", False),
    ],
)
def test_an_answer_declines_when_it_says_so(text: str, no_answer: bool) -> None:
    assert declines(text) is no_answer
    assert said(text, [CLAUSE], True).declined is no_answer


def test_a_marked_sentence_is_judged_by_what_it_marks_and_another_by_all() -> None:
    true = "推广低功耗芯片、高效算法"
    text = f"{true}[1]。{true}[2]。{true}[7]。{true}，六十日内公布。"
    marking, plain = said(text, [CLAUSE, OTHER], True), said(text, [CLAUSE, OTHER], False)
    assert [marked for *_, marked in marking.sentences] == [True, True, False, False]
    assert supported(marking, similar) == [True, False, True, False]
    assert [marked for *_, marked in plain.sentences] == [False] * 4
    assert supported(plain, similar) == [True, True, True, False]
    assert as_hit(CLAUSE).text == CLAUSE


def test_a_source_named_above_sentences_marks_them_and_a_line_that_announces_is_no_sentence() -> None:
    spoken = said(f"有下列技术:\nSource 2:\n标准制修订依托国际电信联盟。\nSource 1:\n{OTHER}", [CLAUSE, OTHER], True)
    assert [marked for *_, marked in spoken.sentences] == [True, True]
    assert supported(spoken, similar) == [True, False]


def test_figures_are_shares_of_what_was_asked() -> None:
    kinds = [
        (True, False, [True, False], [True]),
        (True, True, [False], []),
        (False, True, [], []),
        (False, False, [], [False]),
    ]
    rows = [
        {
            "answerable": a,
            "declined": d,
            "keys": keys,
            "supported": fine,
            "cited": fine,
            "seconds": 1.0 + n,
            "first": n or None,
        }
        for n, (a, d, keys, fine) in enumerate(kinds)
    ]
    found = figures(rows)
    assert found == {
        "key facts": 1 / 3, "supported": 0.5, "cited": 0.5, "declined": 0.5, "falsely declined": 0.5,
        "first s": 2.0, "median s": 2.5, "p95 s": pytest.approx(3.85),
    }  # fmt: skip
    assert table({"x": found}) == [["x", ".33", ".50", ".50", ".50", ".50", "2.0", "2.5", "3.8"]]
    assert figures(rows[2:3])["supported"] is None and "–" in table({"x": figures(rows[2:3])})[0]


def test_a_few_questions_are_drawn_across_their_kinds_and_the_same_ones_again() -> None:
    asked = [
        Question(f"{kind}{n}", "?", kind=kind)
        for kind, many in (("fact", 9), ("cite", 2), ("none", 1))
        for n in range(many)
    ]
    chosen = drawn(asked, 6)
    assert chosen == drawn(asked, 6)
    assert sorted(each.kind for each in chosen) == ["cite", "cite", "fact", "fact", "fact", "none"]
    assert {each.kind for each in drawn(asked, 3)} == {"fact", "cite", "none"}
    assert len(drawn(asked, 99)) == 12


def test_the_limit_is_told_of_the_questions_that_a_model_answered() -> None:
    rows = [{"first": 3.0, "alone": 2.0}, {"first": 1.5, "alone": 1.0}, {"first": None, "alone": None}, {"first": 9.0}]
    (told,) = limit(rows)
    assert "1.5 s at the median" in told and "2.2 s of the same 2 questions, 1.5 times" in told
    assert limit(rows[2:]) == []


def test_what_is_asked_of_a_model_is_noted_and_answered_all_the_same() -> None:
    class Writer:
        def stream(self, prompt: str, tokens: int) -> list[str]:
            return [f"{prompt} {tokens}"]

    writer = Writer()
    tapped = Tapped(writer)
    assert tapped.alone() is None
    assert writer.stream("甲", 3) == ["甲 3"]
    assert tapped.prompts == ["甲"]
