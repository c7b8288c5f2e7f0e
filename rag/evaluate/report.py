"""Questions, rows and their scores -> one HTML file that shows a run to whoever has to believe it.

In: what `run` and `metrics` give. Out: a file without any outside address: figures with intervals, charts, a table that
filters and sorts, and every answer beside its gold. It computes no metric.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from rag.evaluate import charts, metrics
from rag.evaluate.questions import Question
from rag.words import say

Row = Mapping[str, Any]
Scores = Mapping[str, float | None]

_FIGURES = (
    ("citation", "precision"),
    ("citation", "recall"),
    ("citation", "exact_clause"),
    ("citation", "verbatim"),
    ("answer", "key_recall"),
    ("refusal", "recall"),
    ("refusal", "false_refusals"),
    ("retrieval", "recall@1"),
    ("retrieval", "recall@5"),
    ("retrieval", "mrr"),
    ("retrieval", "ndcg@10"),
)
_CHARTED = (("retrieval", "recall@5"), ("citation", "precision"), ("citation", "recall"), ("answer", "key_recall"))
_COLUMNS = ("id", "kind", "lang", "question", "state", "recall@5", "citation_precision", "key_recall", "total")
_STATES = ("right", "wrong", "declined", "error", "found", "missed")
_BINS = 8


def write(
    place: Path,
    questions: Sequence[Question],
    rows: Sequence[Row],
    scores: Sequence[Scores],
    summary: Mapping[str, Any],
    lang: str,
) -> None:
    """Write the report to `place`, whole or not at all."""
    t = partial(say_report, lang)
    each = list(zip(questions, rows, scores, strict=True))
    kinds = sorted({question.kind for question in questions if question.kind})
    langs = sorted({lang_ for question, row, _ in each if (lang_ := _lang(question, row))})
    columns = [name for name in _COLUMNS if name not in metrics.NAMES or any(s[name] is not None for s in scores)]
    template = Template(resources.files(__package__).joinpath("report.html").read_text(encoding="utf-8"))
    text = template.substitute(
        lang=lang,
        title=t("title"),
        theme=t("theme"),
        made=_made(summary, t),
        h_figures=t("figures"),
        figures="".join(_figures(summary["overall"], t)),
        h_charts=t("charts"),
        charts="".join(_charts(each, summary, t)),
        h_questions=t("questions"),
        filter=t("filter"),
        h_state=t("state"),
        states=_options(t("any_state"), [(state, t(f"state_{state}")) for state in _STATES]),
        h_kind=t("kind"),
        kinds=_options(t("any_kind"), [(kind, escape(kind)) for kind in kinds]),
        h_lang=t("lang"),
        langs=_options(t("any_lang"), [(each_lang, escape(each_lang)) for each_lang in langs]),
        heads="".join(f'<th scope="col"><button type="button">{_head(name, t)}</button></th>' for name in columns),
        rows="".join(_row(n, *one, columns, t) for n, one in enumerate(each)),
        h_details=t("details"),
        details="".join(_detail(n, *one, t) for n, one in enumerate(each)),
    )
    partial_file = place.with_name(place.name + ".partial")
    partial_file.write_text(text, encoding="utf-8")
    partial_file.replace(place)


def say_report(lang: str, key: str, /, **values: object) -> str:
    return escape(say(f"report_{key}", lang, **values))


def state_of(question: Question, row: Row, scores: Scores) -> str:
    """One word for a question: error, declined, right (also rightly declined), wrong; of retrieval found or missed."""
    if row["error"] is not None:
        return "error"
    if row.get("answer") is None:
        return "found" if scores["recall@10"] else "missed"
    if row["refused"]:
        return "right" if question.answerable is False else "declined"
    # Recall, not precision: an answer without any citation has no precision, and is not right either.
    if question.answerable is False or scores["citation_recall"] == 0 or scores["key_recall"] == 0:
        return "wrong"
    return "right"


def _made(summary: Mapping[str, Any], t: Any) -> str:
    index = summary.get("index") or {}
    parts = {"n": summary["n"], "llm": summary.get("llm") or "–", "embedder": summary.get("embedder", "–")}
    return str(t("made", **parts, chunks=index.get("chunks", "–"), commit=str(summary.get("commit", "–"))[:12]))


def _figures(overall: Mapping[str, Any], t: Any) -> Iterator[str]:
    for group, name in _FIGURES:
        found = overall[group].get(name)
        under = f"{found['low']:.2f}–{found['high']:.2f} · n={found['n']}" if found else ""
        yield _box(_label(group, name, t), f"{found['value']:.3f}" if found else "–", under)
    for name, found in overall["latency"].items():
        yield _box(t(f"metric_{name}"), *_spread(found, ("p50", "p95"), t, _unit(found["p50"])))
    for name, found in overall["tokens"].items():
        yield _box(t(f"metric_{name}_tokens"), *_spread(found, ("mean", "p95"), t))


def _spread(
    found: Mapping[str, Any], names: tuple[str, str], t: Any, unit: tuple[float, int, str] = (1, 0, "")
) -> tuple[str, str]:
    """A figure of a latency or of tokens; under it its name and interval, and the same of another figure."""
    first, second = (found[name] for name in names)
    if first is None:
        return "–", ""
    times, digits, name = unit
    value, low, high = (f"{first[at] * times:.{digits}f}" for at in ("value", "low", "high"))
    other, least, most = (f"{second[at] * times:.{digits}f}" for at in ("value", "low", "high"))
    said = [f"{t(f'metric_{each}')}" for each in names]
    return f"{value}{name}", f"{said[0]} {low}–{high} · n={first['n']}<br>{said[1]} {other} ({least}–{most})"


def _unit(found: Mapping[str, float] | None) -> tuple[float, int, str]:
    """How seconds are shown, all of one box alike: times what, with how many digits, and the unit."""
    return (1000, 0, " ms") if found and found["value"] < 0.1 else (1, 1, " s")


def _seconds(value: float) -> str:
    times, digits, unit = _unit({"value": value})
    return f"{value * times:.{digits}f}{unit}"


def _label(group: str, name: str, t: Any) -> str:
    return escape(name) if group == "retrieval" else t(f"metric_{group}") + " " + t(f"metric_{name}")


def _box(label: str, value: str, under: str) -> str:
    return f'<div>{label}<b>{value}</b><small class="soft">{under}</small></div>'


def _charts(each: Sequence[tuple[Question, Row, Scores]], summary: Mapping[str, Any], t: Any) -> Iterator[str]:
    kinds = summary["by"]["kind"]
    names = [f"{kind} ({group['n']})" for kind, group in kinds.items()]
    for group_name, name in _CHARTED:
        values = [_interval(group[group_name][name]) for group in kinds.values()]
        if any(values):
            title = f"{_label(group_name, name, t)} · {t('by_kind')}"
            yield _figure(title, charts.bars(title, names, values))
    for name in ("total", "retrieve"):  # a run without answers has only the second
        if spent := [seconds for *_, scores in each if (seconds := scores[name]) is not None]:
            title = f"{t(f'metric_{name}')} · {t('latency')}"
            yield _figure(title, charts.histogram(title, t("seconds"), spent))
            break
    answered = [(q, row) for q, row, _ in each if row["error"] is None and row.get("answer") is not None]
    if answered := [(q, row) for q, row in answered if q.answerable is not None]:
        yield _figure(t("refusals"), _matrix(answered, t))
    if bins := _bins(each):
        yield _figure(t("calibration"), charts.calibration(t("calibration"), t("score"), t("share_right"), bins))


def _figure(title: str, inside: str) -> str:
    return f"<figure><figcaption>{title}</figcaption>{inside}</figure>"


def _interval(found: Mapping[str, float] | None) -> tuple[float, float, float] | None:
    return (found["value"], found["low"], found["high"]) if found else None


def _matrix(answered: Sequence[tuple[Question, Row]], t: Any) -> str:
    counts = Counter((bool(q.answerable), bool(row["refused"])) for q, row in answered)
    head = f'<tr><td></td><th scope="col">{t("answered")}</th><th scope="col">{t("state_declined")}</th></tr>'
    lines = "".join(
        f'<tr><th scope="row">{t(key)}</th><td>{counts[able, False]}</td><td>{counts[able, True]}</td></tr>'
        for able, key in ((True, "answerable"), (False, "unanswerable"))
    )
    return f"<table>{head}{lines}</table>"


def _bins(each: Sequence[tuple[Question, Row, Scores]]) -> list[tuple[float, float, int]]:
    """Of the answerable questions, by the best cosine of anything found: the share answered (or found) rightly."""
    known = sorted(
        (row["evidence"], state_of(q, row, scores) in ("right", "found"))
        for q, row, scores in each
        if q.answerable is not False and row.get("evidence") and row["error"] is None
    )
    size = max(1, -(-len(known) // _BINS))
    parts = [known[at : at + size] for at in range(0, len(known), size)]
    return [(sum(s for s, _ in part) / len(part), sum(r for _, r in part) / len(part), len(part)) for part in parts]


def _options(every: str, options: Sequence[tuple[str, str]]) -> str:
    values = [("", every), *options]
    return "".join(f'<option value="{escape(value)}">{words}</option>' for value, words in values)


def _head(name: str, t: Any) -> str:
    return str(t(f"column_{name}")) if name in ("question", "state", "kind", "lang") else escape(name)


def _row(n: int, question: Question, row: Row, scores: Scores, columns: Sequence[str], t: Any) -> str:
    state = state_of(question, row, scores)
    kind, lang = escape(question.kind or ""), escape(_lang(question, row))
    cells = [f'<a href="#d{n}">{escape(question.id)}</a>', kind, lang, escape(question.question)]
    cells.append(f'<span class="{state}">{t(f"state_{state}")}</span>')
    cells += ["" if scores[name] is None else f"{scores[name]:.2f}" for name in columns[5:]]
    inside = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr data-n="{n}" data-state="{state}" data-kind="{kind}" data-lang="{lang}">{inside}</tr>'


def _lang(question: Question, row: Row) -> str:
    return str(question.lang or row.get("lang") or "")


def _detail(n: int, question: Question, row: Row, scores: Scores, t: Any) -> str:
    state = state_of(question, row, scores)
    history = "".join(f"<li>{escape(turn)}</li>" for turn in question.history)
    cited = "".join(
        f"<li>[{c['n']}] {escape(c['label'])}<blockquote>{escape(c['quote'])}</blockquote></li>"
        for c in row["citations"]
    )
    said = escape(row["error"] or row.get("answer") or "") or escape(row.get("reason") or "–")
    removed = "".join(f"<li>{escape(r['text'])} <small>({escape(r['why'])})</small></li>" for r in row["removed"])
    hits = "".join(
        f"<li>{escape(_place(h['doc'], h['article'], h['path']))} "
        f"<small>{h['score']:.3f} {escape(h['how'])}</small></li>"
        for h in row["retrieved"]
    )
    answer = f"<div><b>{t('answer')}</b><p>{said}</p><ul>{cited}</ul></div>"
    parts = [f'<div class="pair">{answer}<div><b>{t("gold")}</b>{_gold(question, row, t)}</div></div>']
    parts += [f"<b>{t('removed')}</b><ul>{removed}</ul>"] if removed else []
    parts += [f"<b>{t('retrieved')}</b><ul>{hits}</ul>"] if hits else []
    cost = [f"{t(f'metric_{name}')} {_seconds(v)}" for name in metrics.LATENCY if (v := scores[name]) is not None]
    cost += [f"{t(f'metric_{n}_tokens')} {v:.0f}" for n in metrics.TOKENS if (v := scores[f"{n}_tokens"]) is not None]
    parts += [f'<small class="soft">{" · ".join(cost)}</small>'] if cost else []
    head = f'<span class="{state}">{t(f"state_{state}")}</span> {escape(question.id)} · {escape(question.question)}'
    turns = f"<ul>{history}</ul>" if history else ""
    return f'<details id="d{n}"><summary>{head}</summary>{turns}{"".join(parts)}</details>'


def _gold(question: Question, row: Row, t: Any) -> str:
    said = metrics.given(question, str(row.get("answer") or ""))
    places = "".join(f"<li>{escape(_place(gold.doc, gold.article, gold.path))}</li>" for gold in question.gold)
    keys = "".join(
        f'<li class="{"right" if has else "wrong"}">{escape(" / ".join(key))}</li>'
        for key, has in zip(question.keys, said, strict=True)
    )
    unanswerable = f"<p>{t('unanswerable')}</p>" if question.answerable is False else ""
    return f"{unanswerable}<p>{escape(question.answer or '')}</p><ul>{places}{keys}</ul>"


def _place(doc: str, article: str | None, path: Sequence[Sequence[str]] | None) -> str:
    steps = " ".join(f"{kind} {number}" for kind, number in path or ())
    return f"{doc} {steps or article or ''}"
