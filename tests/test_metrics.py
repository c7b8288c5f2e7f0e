"""The metrics of a question: ranking against ir-measures, the rest worked out by hand."""

from __future__ import annotations

import random
from typing import Any

import pytest
from test_evaluate import made_up

from rag.evaluate.metrics import scores, summary
from rag.evaluate.questions import Gold, Question
from rag.evaluate.statistics import bootstrap, paired, percentile

DOC = "甲法"


def hit(article: str | None, doc: str = DOC) -> dict[str, Any]:
    return {"doc": doc, "article": article, "path": [], "score": 1.0, "how": "dense"}


def test_ranking_metrics_are_those_of_ir_measures() -> None:
    import ir_measures
    from ir_measures import RR, R, nDCG

    chance = random.Random(5)
    names = {"recall@1": R @ 1, "recall@5": R @ 5, "recall@10": R @ 10, "mrr": RR, "ndcg@10": nDCG @ 10}
    for n in range(40):
        ranked = chance.sample([str(a) for a in range(1, 31)], chance.randint(1, 15))
        gold = chance.sample([str(a) for a in range(1, 31)], chance.randint(1, 4))
        qrels = [ir_measures.Qrel(str(n), article, 1) for article in gold]
        run = [ir_measures.ScoredDoc(str(n), article, -float(at)) for at, article in enumerate(ranked)]
        expected = ir_measures.calc_aggregate(list(names.values()), qrels, run)
        question = Question("q", "?", gold=tuple(Gold(DOC, article) for article in gold))
        found = scores(question, made_up(0, retrieved=[hit(article) for article in ranked]))
        for name, measure in names.items():
            assert found[name] == pytest.approx(expected[measure]), (name, ranked, gold)


def test_an_article_found_twice_counts_once_and_a_document_without_articles_as_a_whole() -> None:
    question = Question("q", "?", gold=(Gold(DOC, "3"), Gold("某新闻", None)))
    row = made_up(0, retrieved=[hit("1"), hit("1"), hit(None, "某新闻"), hit("3")])
    found = scores(question, row)
    assert (found["recall@1"], found["recall@5"], found["mrr"]) == (0.0, 1.0, 0.5)


def citation(article: str, *deeper: tuple[str, str]) -> dict[str, Any]:
    path = [["article", article], *map(list, deeper)]
    return {"n": 1, "doc": DOC, "article": article, "path": path, "label": "", "quote": "", "verbatim": True}


GOLD = Question(
    "q", "?", answerable=True, gold=(Gold(DOC, "6", (("article", "6"), ("paragraph", "1"))), Gold(DOC, "7"))
)


@pytest.mark.parametrize(
    ("question", "citations", "precision", "recall", "f1", "exact"),
    [
        (GOLD, [citation("6", ("paragraph", "1"))], 1.0, 0.5, 2 / 3, 1.0),
        (GOLD, [citation("6", ("paragraph", "1"), ("item", "2")), citation("7")], 1.0, 1.0, 1.0, 0.5),
        (GOLD, [citation("6", ("paragraph", "2")), citation("9")], 0.5, 0.5, 0.5, 0.0),
        (GOLD, [citation("8")], 0.0, 0.0, 0.0, 0.0),
        (GOLD, [], None, 0.0, None, None),
        (Question("q", "?", answerable=False), [citation("6")], 0.0, None, None, None),
        (Question("q", "?"), [citation("6")], None, None, None, None),
    ],
)
def test_citations_by_hand(
    question: Question, citations: list[Any], precision: Any, recall: Any, f1: Any, exact: Any
) -> None:
    found = scores(question, made_up(0, citations=citations))
    assert found["citation_precision"] == precision
    assert found["citation_recall"] == recall
    assert found["citation_f1"] == (None if f1 is None else pytest.approx(f1))
    assert found["citation_exact_clause"] == exact


@pytest.mark.parametrize(
    ("answer", "keys", "share"),
    [
        ("应当在30日内书面答复[1]。", (("三十日",), ("书面", "纸质")), 1.0),
        ("应当答复[1]。", (("三十日",), ("答复",)), 0.5),
        ("百分之五的罚款[1]。", (("5%",),), 1.0),
        ("", (("三十日",),), 0.0),
        ("期限为130日[1]。", (("三十日",),), 0.0),
        ("罚款十二万元[1]。", (("2万元",), ("十二万元",)), 0.5),
        ("71亿吨、5日[1]。", (("7.1亿吨",), ("5%",)), 0.0),
        ("罚款五万元[1][12]。", (("1",),), 0.0),
        ("第5、10条[1]。", (("10条",),), 1.0),
        ("At most 5 per cent [1].", (("5%",),), 1.0),
    ],
)
def test_key_facts_by_hand(answer: str, keys: tuple[tuple[str, ...], ...], share: float) -> None:
    assert scores(Question("q", "?", keys=keys), made_up(0, answer=answer))["key_recall"] == share


@pytest.mark.parametrize(
    ("answer", "wanted", "rouge", "chars"),
    [
        ("甲乙丙丁", "甲乙丙丁", 1.0, 1.0),
        ("甲乙[1][2]。丙丁[10]。", "甲乙。丙丁。", 1.0, 1.0),
        ("甲丙乙丁", "甲乙丙丁", 0.75, 1.0),
        ("甲乙", "甲乙丙丁", 2 / 3, 2 / 3),
        ("戊", "甲乙", 0.0, 0.0),
    ],
)
def test_wording_by_hand(answer: str, wanted: str, rouge: float, chars: float) -> None:
    found = scores(Question("q", "?", answer=wanted), made_up(0, answer=answer))
    assert (found["rouge_l"], found["char_f1"]) == (pytest.approx(rouge), pytest.approx(chars))


def test_what_does_not_apply_is_none_and_an_error_counts_as_saying_nothing() -> None:
    only = made_up(0, answer=None, refused=None, sentences=[], citations=[])
    found = scores(GOLD, only)
    assert found["recall@1"] == 0.0 and found["citation_recall"] is None and found["declined"] is None
    failed = scores(Question("q", "?", gold=(Gold(DOC, "6"),), keys=(("a",),)), made_up(0, error="boom"))
    assert (failed["citation_recall"], failed["key_recall"], failed["recall@1"]) == (0.0, 0.0, None)


def test_refusals_are_counted_over_the_set_and_groups_have_their_own() -> None:
    able, not_able = Question("a", "?", kind="x", answerable=True), Question("b", "?", kind="y", answerable=False)
    declined = {"refused": True, "answer": "", "citations": [], "sentences": []}
    pairs = [(able, made_up(0)), (able, made_up(0, **declined)), (not_able, made_up(0, **declined))]
    pairs += [(not_able, made_up(0, **declined)), (not_able, made_up(0))]
    found = summary([q for q, _ in pairs], [row for _, row in pairs])
    refusal = {name: value["value"] for name, value in found["overall"]["refusal"].items()}
    assert refusal == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "false_refusals": 0.5})
    assert found["by"]["kind"]["x"]["refusal"]["recall"] is None
    assert found["by"]["kind"]["y"]["n"] == 3 and found["overall"]["answer"]["key_recall"] is None
    assert found["overall"]["refusal"]["recall"]["low"] < 2 / 3 < found["overall"]["refusal"]["recall"]["high"]


def test_intervals_and_p_values_are_what_theory_says() -> None:
    values = [1.0] * 70 + [0.0] * 30
    low, high = bootstrap([[v] for v in values], lambda sums: sums[:, 0] / 100) or (0, 0)
    assert (low, high) == (pytest.approx(0.61, abs=0.02), pytest.approx(0.79, abs=0.02))  # 0.7 ± 1.96 · 0.0458
    assert bootstrap([[v] for v in values], lambda sums: sums[:, 0] / 100) == (low, high)
    assert paired(values, values).p == 1.0
    assert paired(values, [0.0] * 100).p < 0.001
    assert paired([1.0], [0.0]).p == 1.0  # one question proves nothing, and three alike give 2 / 2**3
    assert paired([1.0] * 3, [0.0] * 3).p == pytest.approx(0.25, abs=0.02)
    chance = random.Random(1)
    noise = [float(chance.random() < 0.5) for _ in range(100)]
    assert paired(noise, noise[::-1]).p > 0.5


@pytest.mark.parametrize(
    ("n", "share", "expected"),
    [  # of the values 1 to n, by a printed table of the binomial distribution
        (1, 0.5, (1, 1, 1)),
        (3, 0.5, (2, 1, 3)),  # P(B(3, 1/3) >= 2) = 7/27, P(B(3, 2/3) >= 2) = 20/27
        (5, 0.5, (3, 1, 5)),  # P(B(5, 0.2) >= 3) = 0.058, P(B(5, 0.8) >= 3) = 0.942
        (10, 0.5, (5, 2, 8)),  # P(B(10, p) >= 5) = 0.002, 0.033 at p = 0.1, 0.2; 0.953, 0.994 at 0.7, 0.8
        (10, 0.95, (10, 7, 10)),  # P(B(10, p) >= 10) = 0.006, 0.028 at p = 0.6, 0.7
    ],
)
def test_the_interval_of_a_percentile_by_hand(n: int, share: float, expected: tuple[float, float, float]) -> None:
    assert percentile(range(n, 0, -1), share) == expected


def test_the_interval_of_a_percentile_is_that_of_drawn_resamples() -> None:
    chance = random.Random(7)
    values = [chance.lognormvariate(0, 1) for _ in range(83)]
    for share, rank in ((0.5, 42), (0.95, 79)):
        drawn = sorted(sorted(chance.choices(values, k=83))[rank - 1] for _ in range(20_000))
        low, high = sum(v < drawn[500] for v in values), sum(v < drawn[19_500] for v in values)
        at, *interval = (sorted(values).index(v) for v in percentile(values, share))
        assert at == rank - 1
        assert interval == [pytest.approx(low, abs=1), pytest.approx(high, abs=1)]


def test_what_a_question_cost_is_summed_where_it_is_known_and_null_where_not() -> None:
    given = [{"prompt": 900, "answer": 60}, {"prompt": 700, "answer": 20}, None]
    rows = [made_up(n, tokens=tokens, timings={"retrieve": 0.01 * (n + 1)}) for n, tokens in enumerate(given)]
    rows.append(made_up(3, answer=None, refused=None, sentences=[], citations=[], timings={"retrieve": 0.04}))
    questions = [Question(f"q{n}", "?", kind=("asked", "asked", "silent", "silent")[n]) for n in range(4)]
    found = summary(questions, rows)
    tokens, latency = found["overall"]["tokens"], found["overall"]["latency"]
    assert tokens["prompt"]["mean"] == {"value": 800.0, "low": 700.0, "high": 900.0, "n": 2}
    assert (tokens["answer"]["p50"]["value"], tokens["answer"]["p95"]["value"]) == (20, 60)
    assert (latency["retrieve"]["p50"]["value"], latency["retrieve"]["p95"]["n"]) == (0.02, 4)
    assert latency["total"] == {"p50": None, "p95": None}
    silent = found["by"]["kind"]["silent"]
    assert silent["tokens"] == {name: dict.fromkeys(("mean", "p50", "p95")) for name in ("prompt", "answer")}
    assert silent["latency"]["retrieve"]["p95"] == {"value": 0.04, "low": 0.03, "high": 0.04, "n": 2}
    assert found["by"]["kind"]["asked"]["tokens"]["prompt"]["p95"]["value"] == 900
