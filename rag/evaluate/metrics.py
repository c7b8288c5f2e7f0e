"""Questions and rows -> numbers: what was found, cited, said and declined.

In: a Question and the row of its answer. Out: scores of one question, then a summary of all with 95 % intervals. What
does not apply is None, never 0. It asks nothing and reads no files.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rag import facts
from rag.evaluate.questions import Gold, Question, same_document
from rag.evaluate.statistics import bootstrap, percentile

if TYPE_CHECKING:
    import numpy as np

Row = Mapping[str, Any]
Scores = dict[str, float | None]

RETRIEVAL = ("recall@1", "recall@5", "recall@10", "mrr", "ndcg@10")
CITATION = ("precision", "recall", "f1", "exact_clause", "verbatim", "cited_sentences")
ANSWER = ("key_recall", "rouge_l", "char_f1")
LATENCY = ("first_token", "total", "retrieve")
TOKENS = ("prompt", "answer")
NAMES = (
    *(*RETRIEVAL, *(f"citation_{name}" for name in CITATION), *ANSWER, "declined", *LATENCY),
    *(f"{name}_tokens" for name in TOKENS),
)
"""The scores of one question, in the order of tables."""
_DEEP = 10
_MARKERS = re.compile(r"(?:\[\d+\])+")


def scores(question: Question, row: Row) -> Scores:
    """Every metric of one question; an error counts as an answer that says nothing."""
    found: Scores = dict.fromkeys(NAMES)
    if question.gold and row["error"] is None:
        found |= _retrieval(question, row["retrieved"])
    found |= _spent(row)
    if row.get("answer") is None and row["error"] is None:
        return found
    if row["error"] is not None:
        lost = ("citation_recall",) if question.gold else ()
        return found | dict.fromkeys((*lost, *(("key_recall",) if question.keys else ())), 0.0)
    found["declined"] = float(row["refused"])
    if question.answerable is not False:
        found |= _said(question, str(row["answer"]))
    return found | _citation(question, row)


def _spent(row: Row) -> Scores:
    """What one question cost. Latency: seconds from the question until the first piece of the reply (`first_token`) and
    until the checked answer (`total`), and those of the search alone (`retrieve`). Tokens, as the language model's own
    tokenizer counts them: of the whole prompt, and of all that it wrote, what the check removed included. None where it
    was not asked, does not say, or failed."""
    spent, tokens = row.get("timings") or {}, row.get("tokens") or {}
    return {name: spent.get(name) for name in LATENCY} | {f"{name}_tokens": tokens.get(name) for name in TOKENS}


def _retrieval(question: Question, retrieved: Sequence[Row]) -> Scores:
    """Over distinct articles in the order found. Recall@k is the share of the gold articles among the first k; MRR the
    reciprocal rank of the first; nDCG@10 with binary gains and a log2 discount (Järvelin & Kekäläinen, 2002)."""
    ranked = list(dict.fromkeys((each["doc"], each["article"]) for each in retrieved))
    wanted = _articles(question.gold)
    hits = [_meant(place, wanted) for place in ranked]
    firsts = [hit if hit is not None and hit not in hits[:n] else None for n, hit in enumerate(hits)]
    gains = [0.0 if hit is None else 1.0 for hit in firsts]
    ideal = sum(1 / math.log2(n + 2) for n in range(min(_DEEP, len(wanted))))
    rank = next((n for n, gain in enumerate(gains, 1) if gain), None)
    found: Scores = {f"recall@{k}": sum(gains[:k]) / len(wanted) for k in (1, 5, 10)}
    found["mrr"] = 1 / rank if rank else 0.0
    found["ndcg@10"] = sum(gain / math.log2(n + 2) for n, gain in enumerate(gains[:_DEEP])) / ideal
    return found


def _articles(gold: Sequence[Gold]) -> list[tuple[str, str | None]]:
    return list(dict.fromkeys((each.doc, each.article) for each in gold))


def _meant(place: tuple[str, str | None], wanted: Sequence[tuple[str, str | None]]) -> int | None:
    """Which of the gold articles a place is; gold without an article means its document as a whole."""
    doc, article = place
    for n, (gold_doc, gold_article) in enumerate(wanted):
        if (gold_article is None or gold_article == article) and same_document(gold_doc, doc):
            return n
    return None


def _citation(question: Question, row: Row) -> Scores:
    """Precision and recall over distinct cited articles; a citation for what has no answer is a wrong one."""
    citations, found = row["citations"], Scores()
    if row["sentences"]:
        found["citation_cited_sentences"] = _share([bool(each["citations"]) for each in row["sentences"]])
    if citations and all("verbatim" in each for each in citations):
        found["citation_verbatim"] = _share([each["verbatim"] for each in citations])
    if question.answerable is False:
        return found | ({"citation_precision": 0.0} if citations else {})
    if not question.gold:
        return found
    wanted = _articles(question.gold)
    cited = list(dict.fromkeys((each["doc"], each["article"]) for each in citations))
    right = [_meant(place, wanted) for place in cited]
    recall = len({n for n in right if n is not None}) / len(wanted)
    found["citation_recall"] = recall
    if cited:
        precision = _share([n is not None for n in right])
        found["citation_precision"] = precision
        found["citation_f1"] = _f1(precision, recall)
        if any(each.path for each in question.gold):
            found["citation_exact_clause"] = _share([_is_exact(each, question.gold) for each in citations])
    return found


def _is_exact(citation: Row, gold: Sequence[Gold]) -> bool:
    """Whether a citation names a gold clause, or one inside it."""
    path = tuple((kind, number) for kind, number in citation["path"])
    return any(g.path and path[: len(g.path)] == g.path and same_document(g.doc, citation["doc"]) for g in gold)


def _said(question: Question, answer: str) -> Scores:
    """Key recall: the share of the facts of which an accepted wording stands in the answer, folded (三十日 is 30日).
    ROUGE-L (Lin, 2004) as F1 over the longest common subsequence of characters; char F1 over shared characters."""
    found: Scores = {}
    answer = _MARKERS.sub("", answer)  # reference answers have none
    if question.keys:
        found["key_recall"] = _share(given(question, answer))
    if question.answer:
        said = facts.plain(facts.arabic(answer))
        wanted = facts.plain(facts.arabic(question.answer))
        common = sum((Counter(said) & Counter(wanted)).values())
        found["char_f1"] = _f1_of(common, said, wanted)
        found["rouge_l"] = _f1_of(_longest_common(said, wanted), said, wanted)
    return found


def given(question: Question, answer: str) -> list[bool]:
    """Of each fact of a question, whether an accepted wording stands in the answer."""
    text = _folded(_MARKERS.sub("", answer))  # the digits of markers are no wording
    return [any(_states(text, way) for way in key) for key in question.keys]


def _folded(text: str) -> str:
    """As facts.plain, but 7.1 is not 71, 5% is not 5, and numbers that stood apart stay apart."""
    text = re.sub(r"(?<=\d)\.(?=\d)", "点", facts.arabic(text)).replace("%", "percent")
    return "|".join(facts.plain(part) for part in re.split(r"(?<=\d)[\W_]+(?=\d)", text))


def _states(text: str, wording: str) -> bool:
    """Whether a folded text has a wording, and not as the end or beginning of a longer number: 30日 is not in 130日."""
    wanted = _folded(wording)
    before = r"(?<!\d)(?<!\d点)" if wanted[:1].isdigit() else ""
    after = r"(?!\d|点\d)" if wanted[-1:].isdigit() else ""
    return re.search(before + re.escape(wanted) + after, text) is not None


def _f1_of(common: int, said: str, wanted: str) -> float:
    return _f1(common / len(said), common / len(wanted)) if said and wanted else 0.0


def _longest_common(a: str, b: str) -> int:
    """The length of the longest common subsequence, bit-parallel (Hyyrö, 2004): a row is one long integer."""
    places: dict[str, int] = {}
    for n, letter in enumerate(a):
        places[letter] = places.get(letter, 0) | 1 << n
    every = (1 << len(a)) - 1
    row = every
    for letter in b:
        matched = row & places.get(letter, 0)
        row = ((row + matched) | (row - matched)) & every
    return len(a) - row.bit_count()


def _share(given: Sequence[bool]) -> float:
    return sum(given) / len(given)


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def summary(questions: Sequence[Question], rows: Sequence[Row]) -> dict[str, Any]:
    """All metrics overall and by kind, language and document, each {"value", "low", "high", "n"} or None."""
    scored = [(question, row, scores(question, row)) for question, row in zip(questions, rows, strict=True)]
    kinds: dict[str, dict[str, list[Any]]] = {"kind": {}, "lang": {}, "doc": {}}
    for each in scored:
        question, row, _ = each
        docs = sorted({gold.doc for gold in question.gold})
        names = (("kind", question.kind), ("lang", question.lang or row.get("lang")), *(("doc", doc) for doc in docs))
        for kind, name in names:
            if name:
                kinds[kind].setdefault(name, []).append(each)
    by = {kind: {name: _group(each) for name, each in sorted(groups.items())} for kind, groups in kinds.items()}
    return {"n": len(scored), "overall": _group(scored), "by": by}


def _group(scored: Sequence[tuple[Question, Row, Scores]]) -> dict[str, Any]:
    means = {name: _mean([s[name] for _, _, s in scored]) for name in NAMES}
    return {
        "n": len(scored),
        "retrieval": {name: means[name] for name in RETRIEVAL},
        "citation": {name: means[f"citation_{name}"] for name in CITATION},
        "answer": {name: means[name] for name in ANSWER},
        "refusal": _refusal([(q.answerable, s["declined"]) for q, _, s in scored]),
        "latency": {name: _percentiles([s[name] for _, _, s in scored]) for name in LATENCY},
        "tokens": {
            name: {"mean": means[f"{name}_tokens"]} | _percentiles([s[f"{name}_tokens"] for _, _, s in scored])
            for name in TOKENS
        },
    }


def _mean(values: Sequence[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    return _ratio([(value, 1.0) for value in known]) if known else None


def _refusal(pairs: Sequence[tuple[bool | None, float | None]]) -> dict[str, dict[str, float] | None]:
    """Shares: of the declined without an answer, of those without one declined, of those with one declined."""
    known = [(a, bool(declined)) for a, declined in pairs if a is not None and declined is not None]
    return {
        "precision": _ratio([(float(not answerable), 1.0) for answerable, declined in known if declined]),
        "recall": _ratio([(float(declined), 1.0) for answerable, declined in known if not answerable]),
        "false_refusals": _ratio([(float(declined), 1.0) for answerable, declined in known if answerable]),
    }


def _ratio(rows: Sequence[tuple[float, float]]) -> dict[str, float] | None:
    """Sum over sum of two columns, with its interval; None without rows."""
    if not rows:
        return None

    def of(sums: np.ndarray) -> np.ndarray:
        quotient: np.ndarray = sums[:, 0] / sums[:, 1]
        return quotient

    low, high = bootstrap(rows, of) or (math.nan, math.nan)
    value = sum(a for a, _ in rows) / sum(b for _, b in rows)
    return {"value": value, "low": low, "high": high, "n": len(rows)}


def _percentiles(values: Sequence[float | None]) -> dict[str, dict[str, float] | None]:
    """The median and the 95th percentile, each with its interval; None without values."""
    known = [value for value in values if value is not None]
    if not known:
        return {"p50": None, "p95": None}
    found = {"p50": percentile(known, 0.5), "p95": percentile(known, 0.95)}
    return {name: {"value": at, "low": low, "high": high, "n": len(known)} for name, (at, low, high) in found.items()}
