"""The report of an evaluation: what it shows, what it never runs, how it stands on a phone, in the dark, in print."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from browser import ARGUMENTS, EXECUTABLE

from rag.evaluate import charts, metrics, report
from rag.evaluate.questions import Gold, Question

LAW = "中华人民共和国个人信息保护法"
EVIL = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
LONG = "个人信息处理者应当采取必要措施,保障所处理的个人信息的安全,并对其处理活动负责[1]。" * 12
VOID = {"meta", "input", "br", "img", "link", "hr"}


class Balanced(HTMLParser):
    """Fails on an end tag that closes another element; `seen` holds every start tag, `open` what was not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


def question(n: int, **values: Any) -> Question:
    given: dict[str, Any] = {
        "lang": ("zh", "en")[n % 2],
        "kind": ("事实", "列举", "off_topic")[n % 3],
        "answerable": n % 3 != 2,
        "gold": (Gold(LAW, str(n), (("article", str(n)), ("paragraph", "1"))),) if n % 3 != 2 else (),
        "keys": (("必要措施",), ("没有说到",)) if n % 3 != 2 else (),
        "answer": "应当采取必要措施。",
        "history": ("之前的问题?",) if n % 4 == 0 else (),
    }
    return Question(f"q{n}", f"第{n}个问题:处理个人信息应当采取什么措施?", **(given | values))


def row(n: int, **values: Any) -> dict[str, Any]:
    path = [["article", str(n)], ["paragraph", "1"]]
    cited = {"n": 1, "doc": LAW, "article": str(n), "path": path, "label": f"《{LAW}》第{n}条第一款"}
    given: dict[str, Any] = {
        "id": f"q{n}", "question": "…", "lang": "zh", "error": None, "answer": LONG, "refused": False, "reason": None,
        "sentences": [{"text": LONG, "citations": [1], "verdict": "supported"}],
        "citations": [cited | {"quote": LONG, "verbatim": True}],
        "removed": [{"text": "被删去的一句。", "why": "数字不在条文里"}] if n % 5 == 0 else [],
        "retrieved": [{"doc": LAW, "article": str(n), "path": path, "score": 0.9 - n / 100, "how": "dense"}],
        "timings": {"first_token": 0.4 + n / 20, "total": 1.0 + n / 10}, "evidence": 0.9 - n / 100,
    }  # fmt: skip
    return given | values


def refusal(n: int) -> dict[str, Any]:
    return row(n, answer="", refused=True, reason="no_evidence", citations=[], sentences=[])


def retrieved_only(n: int) -> dict[str, Any]:
    return row(n, answer=None, refused=None, citations=[], sentences=[], removed=[], timings={"retrieve": 0.1})


def run_of(count: int) -> tuple[list[Question], list[dict[str, Any]]]:
    rows = [refusal(n) if n % 3 == 2 else row(n) for n in range(count)]
    rows[3] = row(3, error="模型没有应答。", answer=None, citations=[], sentences=[], removed=[], retrieved=[])
    rows[4] = refusal(4)
    return [question(n) for n in range(count)], rows


def written(place: Path, questions: list[Question], rows: list[dict[str, Any]], lang: str = "zh") -> str:
    made = {"llm": "embedded:x", "embedder": "y", "index": {"chunks": 1}, "commit": "c"}
    scores = [metrics.scores(q, r) for q, r in zip(questions, rows, strict=True)]
    report.write(place, questions, rows, scores, metrics.summary(questions, rows) | made, lang)
    return place.read_text(encoding="utf-8")


@pytest.mark.parametrize(("lang", "words"), [("zh", "主要数字"), ("en", "Headline figures")])
def test_it_parses_in_both_languages_and_has_a_place_for_every_question(tmp_path: Path, lang: str, words: str) -> None:
    text = written(tmp_path / "report.html", *run_of(40), lang)
    page = Balanced()
    page.feed(text)
    assert page.open == []
    assert words in text and f'<html lang="{lang}">' in text and "http" not in text
    assert page.seen.count("details") == 40 and page.seen.count("svg") == page.seen.count("desc") >= 4


def test_a_question_shows_its_history_answer_gold_keys_removed_and_retrieved(tmp_path: Path) -> None:
    text = written(tmp_path / "report.html", *run_of(40))
    one = text[text.index('<details id="d0">') : text.index('<details id="d1">')]
    for said in ("之前的问题?", f"《{LAW}》第0条第一款", "被删去的一句。", "数字不在条文里", "应当采取必要措施。"):
        assert said in one
    assert '<li class="right">必要措施</li>' in one and '<li class="wrong">没有说到</li>' in one
    assert one.count(f"{LAW} article 0 paragraph 1") == 2  # gold and retrieved, both with their paths
    assert "0.900 dense" in one
    assert "模型没有应答。" in text


@pytest.mark.parametrize("field", ["id", "question", "kind", "lang", "answer", "history", "keys", "gold"])
def test_markup_in_a_question_is_shown_not_run(tmp_path: Path, field: str) -> None:
    values: dict[str, Any] = {"history": (EVIL,), "keys": ((EVIL,),), "gold": (Gold(EVIL, EVIL),)}
    given = {"id": "a", "question": "?", field: values.get(field, EVIL)}
    text = written(tmp_path / "report.html", [Question(**given)], [row(0)])
    assert "<script>document" not in text and "<img" not in text and "taken" in text


@pytest.mark.parametrize("field", ["answer", "error", "removed", "retrieved", "citations", "reason"])
def test_markup_in_a_row_is_shown_not_run(tmp_path: Path, field: str) -> None:
    place = {"doc": EVIL, "article": EVIL, "path": [[EVIL, EVIL]]}
    values: dict[str, Any] = {
        "removed": [{"text": EVIL, "why": EVIL}],
        "retrieved": [place | {"score": 0.5, "how": EVIL}],
        "citations": [place | {"n": 1, "label": EVIL, "quote": EVIL, "verbatim": True}],
    }
    given = row(0, **{field: values.get(field, EVIL)}) | ({"answer": "", "refused": True} if field == "reason" else {})
    text = written(tmp_path / "report.html", [question(0)], [given])
    assert "<script>document" not in text and "<img" not in text and "taken" in text


@pytest.mark.parametrize("kind", ["$", "$x$", r"$\frac$", "a & b", "<b>", "很长的类别名称" * 6])
def test_any_kind_can_be_charted(tmp_path: Path, kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a chart without room for its bars
        text = written(tmp_path / "report.html", [question(0, kind=kind)], [row(0)])
    assert text.count("<svg") >= 4


def test_what_does_not_apply_is_a_dash_and_not_nought(tmp_path: Path) -> None:
    questions = [question(n) for n in (0, 1)]
    text = written(tmp_path / "report.html", questions, [retrieved_only(0), retrieved_only(1)])
    figures = text[text.index('<div class="figures">') : text.index('<div class="charts">')]
    assert figures.count("<b>–</b>") == 11 and figures.count("<div>") == 16
    assert "<b>1.000</b>" in figures and "<b>0.000</b>" not in figures
    questions, rows = [Question("a", "?")], [refusal(0)]
    summary = {"n": 1, "overall": nulls(metrics.summary(questions, rows)["overall"]), "by": {"kind": {}}}
    scores = [dict.fromkeys(metrics.NAMES)]
    report.write(tmp_path / "empty.html", questions, rows, scores, summary, "zh")
    empty = (tmp_path / "empty.html").read_text(encoding="utf-8")
    assert empty.count("<b>–</b>") == 16


def test_a_run_without_answers_has_no_empty_chart_and_no_empty_column(tmp_path: Path) -> None:
    text = written(tmp_path / "report.html", [question(n) for n in range(2)], [retrieved_only(n) for n in range(2)])
    page = Balanced()
    page.feed(text)
    assert page.open == []
    drawn = text[text.index('<div class="charts">') : text.index('<div class="tools">')]
    named = [each.split("<")[0] for each in drawn.split("<figcaption>")[1:]]
    assert named == ["recall@5 · 按类别", "检索 · 用时分布", "证据分数与正确率"]
    assert "key_recall" not in text and "<table>" not in drawn


def test_what_an_answer_cost_stands_with_its_intervals_and_beside_the_answer(tmp_path: Path) -> None:
    rows = [row(n, tokens={"prompt": 800 + 10 * n, "answer": 40 + n}) for n in range(2)]
    rows[0]["timings"]["retrieve"] = 0.012
    text = written(tmp_path / "report.html", [question(n) for n in range(2)], rows, "en")
    assert 'Prompt tokens<b>805</b><small class="soft">mean 800–810 · n=2<br>p95 810 (800–810)</small>' in text
    assert 'Search<b>12 ms</b><small class="soft">p50 12–12 · n=1<br>p95 12 (12–12)</small>' in text
    one = text[text.index('<details id="d0">') : text.index('<details id="d1">')]
    assert "First token 0.4 s · Whole answer 1.0 s · Search 12 ms · Prompt tokens 800 · Reply tokens 40" in one


def nulls(group: Any) -> Any:
    """A summary's group with every metric null."""
    parts = ("retrieval", "citation", "answer", "refusal")
    return {
        **{part: dict.fromkeys(group[part]) for part in parts},
        **{part: {name: dict.fromkeys(each) for name, each in group[part].items()} for part in ("latency", "tokens")},
    }


def test_the_matrix_counts_only_what_is_known_to_have_an_answer_or_none(tmp_path: Path) -> None:
    asked = [question(0), question(2), question(1, answerable=None), question(4)]
    text = written(tmp_path / "report.html", asked, [row(0), refusal(2), row(1), refusal(4)])
    matrix = text[text.index("作答与拒答") : text.index("</table>")]
    assert [each.split("<")[0] for each in matrix.split("<td>")[1:]] == ["", "1", "1", "0", "1"]


STATES = [
    ("right", question(0), row(0)),
    ("right", question(2), refusal(2)),
    ("wrong", question(0), row(1)),
    ("wrong", question(0), row(0, citations=[])),
    ("wrong", question(0), row(0, answer="别的话。")),
    ("wrong", question(2), row(2)),
    ("declined", question(0), refusal(0)),
    ("error", question(0), row(0, error="坏了。")),
    ("found", question(0), retrieved_only(0)),
    ("missed", question(0), retrieved_only(1)),
]


@pytest.mark.parametrize(("state", "asked", "given"), STATES)
def test_the_state_of_a_question(state: str, asked: Question, given: dict[str, Any]) -> None:
    assert report.state_of(asked, given, metrics.scores(asked, given)) == state


def test_a_chart_is_well_formed_says_its_numbers_and_is_the_same_twice() -> None:
    def made() -> str:
        return charts.bars("引用 · 按类别", ["事实 (3)", "a & b"], [(0.5, 0.25, 0.75), None])

    svg = made()
    assert svg == made()
    root = ElementTree.fromstring(svg)
    words = [text for text in root.itertext() if text.strip()]
    assert words[0] == "引用 · 按类别" and words[1] == "事实 (3) 0.50 (0.25–0.75); a & b –"
    assert "事实 (3)" in words[2:] and "a & b" in words[2:]
    assert "currentColor" in svg and "var(--mark)" in svg and "#0102" not in svg
    other = charts.bars("另一张", ["x"], [(0.5, 0.25, 0.75)])
    assert not set(ids(svg)) & set(ids(other))  # two charts of one page share no id


def ids(svg: str) -> list[str]:
    return [each.attrib["id"] for each in ElementTree.fromstring(svg).iter() if "id" in each.attrib]


@contextlib.contextmanager
def shown(place: Path, width: int, **options: Any) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        page = context.new_page()
        page.emulate_media(reduced_motion="reduce")
        page.goto(place.as_uri())
        yield page
        browser.close()


WIDER = """() => [...document.querySelectorAll("body *")].filter(e => !e.closest("#all") && !e.closest("svg")
    && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.tagName + "." + e.className)"""
CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(v => { v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const page = light(getComputedStyle(document.body).backgroundColor);
  const ratio = c => { const l = light(c); return (Math.max(l, page) + 0.05) / (Math.min(l, page) + 0.05); };
  return Math.min(...[...document.querySelectorAll("body, .soft, .right, .wrong, .error, a, button")].map(
    e => ratio(getComputedStyle(e).color)));
}"""


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone_and_everything_can_be_read(tmp_path: Path, scheme: str) -> None:
    written(tmp_path / "report.html", *run_of(40))
    with shown(tmp_path / "report.html", 360, color_scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert page.evaluate(WIDER) == []
        assert page.evaluate(CONTRAST) >= 4.5
        page.locator("#theme").click()
        assert page.evaluate(CONTRAST) >= 4.5


@pytest.mark.slow
def test_the_table_filters_and_sorts_with_what_has_no_value_last(tmp_path: Path) -> None:
    written(tmp_path / "report.html", *run_of(40))
    with shown(tmp_path / "report.html", 1280) as page:
        visible = page.locator("#all tbody tr:visible")
        page.select_option("#lang", "en")
        assert visible.count() == 20 and page.locator("#details details:visible").count() == 20
        page.select_option("#kind", "列举")
        assert visible.count() == 7 and page.locator("#shown").inner_text() == "7 / 40"
        page.select_option("#lang", "")
        page.select_option("#kind", "")
        page.fill("#text", "第39个")
        assert visible.count() == 1
        page.fill("#text", "")
        for name, cells in (("ascending", ["q0", "q1", "q2"]), ("descending", ["q39", "q38", "q37"])):
            page.locator("#all th button").first.press("Enter")  # by keyboard
            assert page.locator("#all th").first.get_attribute("aria-sort") == name
            assert page.locator("#all tbody tr td:first-child").all_inner_texts()[:3] == cells
        for _ in range(2):
            page.locator("#all th button", has_text="key_recall").click()
            last = page.locator("#all tbody tr td:nth-last-child(2)").all_inner_texts()
            known = [text for text in last if text]
            assert last == known + [""] * (40 - len(known)) and 0 < len(known) < 40
            assert known in (sorted(known), sorted(known, reverse=True))


@pytest.mark.slow
def test_without_scripts_it_is_a_plain_table_and_in_print_every_question_is_open(tmp_path: Path) -> None:
    written(tmp_path / "report.html", *run_of(40))
    with shown(tmp_path / "report.html", 1280, java_script_enabled=False) as page:
        assert page.locator("#all tbody tr:visible").count() == 40 and not page.locator(".tools").is_visible()
    with shown(tmp_path / "report.html", 1280, color_scheme="dark") as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details[open]").count() == 40
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(253, 252, 248)"
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details[open]").count() == 0


@pytest.mark.slow
def test_markup_runs_nothing_in_a_browser(tmp_path: Path) -> None:
    asked = Question(EVIL, EVIL, EVIL, EVIL, (EVIL,), True, (Gold(EVIL, "1"),), ((EVIL,),), EVIL)
    written(tmp_path / "report.html", [asked], [row(0, answer=EVIL)])
    with shown(tmp_path / "report.html", 360) as page:
        assert page.title() == "评测报告" and page.locator("img").count() == 0
