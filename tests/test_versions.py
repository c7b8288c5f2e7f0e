"""Claims about which version of a law answers, and which one a question asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.ingest import parse
from rag.records import Document
from rag.versions import asked_date, begins, name_of, superseded

CORPORA = Path(__file__).parent.parent.parent / "shared" / "corpora"
NAMES = ("公司法", "中华人民共和国民法典", "最高人民法院关于适用《中华人民共和国民事诉讼法》的解释")


def law(doc_id: str, title: str, date: str | None, effective: str | None = None, source: str = "a.md") -> Document:
    return Document(doc_id, title, "zh", "statute", source, "", (), date=date, effective=effective)


LAWS = [
    law("2018", "中华人民共和国公司法(2018修正)", "2018-10-26", "2006-01-01"),
    law("2023", "《中华人民共和国公司法》", "2023-12-29", "2024-07-01"),
    law("2005", "公司法（2005年修订）", "2005-10-27", "2006-01-01"),
    law("alone", "中华人民共和国民法典", "2020-05-28", "2021-01-01"),
    law("other", "最高人民法院关于适用《中华人民共和国公司法》的解释", "2019-01-01"),
]


@pytest.mark.parametrize(
    ("on", "today", "answers"),
    [
        (None, "2026-01-01", "2023"),
        (None, "2024-07-01", "2023"),
        (None, "2024-06-30", "2018"),  # passed, and not in force yet
        ("2018", "2026-01-01", "2018"),
        ("2019", "2026-01-01", "2018"),
        ("2018-10", "2026-01-01", "2018"),
        ("2018-10-25", "2026-01-01", "2005"),
        ("2018-10-26", "2026-01-01", "2018"),
        ("2023", "2026-01-01", "2023"),  # 2023年公司法 is the one passed in 2023
        ("2024-03", "2026-01-01", "2018"),
        ("1999", "2026-01-01", "2005"),  # the oldest there is
        ("before", "2026-01-01", "2018"),
        ("before", "2024-01-01", "2005"),
    ],
)
def test_of_the_versions_of_a_law_one_answers(on: str | None, today: str, answers: str) -> None:
    assert {d.doc_id for d in LAWS} - superseded(LAWS, on, today) == {answers, "alone", "other"}
    assert superseded(LAWS[::-1], on, today) == superseded(LAWS, on, today)


def test_the_date_in_a_file_name_is_a_last_resort() -> None:
    assert begins(law("x", "甲法", None, None, "甲法(2018-10-26).md")) == "2018-10-26"
    assert begins(law("x", "甲法", "2019-01-01", None, "甲法(2018-10-26).md")) == "2019-01-01"
    assert begins(law("x", "甲法", None)) == ""


def test_texts_that_no_date_tells_apart_all_answer() -> None:
    assert superseded([law("a", "甲法", "2019-01-01"), law("b", "甲法", "2019-01-01")], None, "2026-01-01") == set()


@pytest.mark.parametrize(
    "title",
    [
        "中华人民共和国公司法",
        "《公司法》",
        "公司法（2018年修正）",
        "中华人民共和国 公司法 (2018-10-26)",
        "公司法2018年修订版",
    ],
)
def test_titles_of_one_law_have_one_name(title: str) -> None:
    assert name_of(title) == "公司法"


@pytest.mark.parametrize(
    ("question", "date"),
    [
        ("2019年的公司法怎么规定股东的出资期限？", "2019"),
        ("2018年版公司法第二十六条", "2018"),
        ("2018年《公司法》第二十六条", "2018"),
        ("２０１８年公司法第二十六条", "2018"),
        ("二〇一八年修正的公司法第二十六条", "2018"),
        ("公司法（2018修正）第二十六条", "2018"),
        ("《公司法》(2018年)第二十六条", "2018"),
        ("公司法在2018年修正后，第一百四十二条是什么", "2018"),
        ("2020年5月施行的公司法", "2020-05"),
        ("2020年5月1日时的中华人民共和国公司法", "2020-05-01"),
        ("2019年签的合同，按当时的公司法怎么办？", "2019"),
        ("2018年版有什么不同？", "2018"),
        ("旧公司法怎么规定？", "before"),
        ("原《公司法》第二十六条", "before"),
        ("修订前的公司法怎么规定？", "before"),
        ("What did the 2018 version say on capital?", "2018"),
        ("the Company Law as amended in 2018", "2018"),
        ("What did the old version say?", "before"),
        ("公司法第二十六条是什么？", None),
        ("新公司法第二十六条是什么？", None),
        ("2019年公司成立，股东什么时候缴足出资？", None),
        ("公司成立于2019年，公司法规定股东何时缴足？", None),
        ("2019年公司法定代表人变更，要登记吗？", None),
        ("2019年修订公司章程时要几票？", None),
        ("2019年5月1日发生的交通事故怎么赔？", None),
        ("罚款2000元的是哪一条公司法？", None),
        ("民法典第1183条", None),
        ("我是2018年入职的，公司没交社保怎么办", None),
        ("The company was founded in 2019. Who pays?", None),
    ],
)
def test_a_year_counts_only_where_it_is_of_a_law(question: str, date: str | None) -> None:
    assert asked_date(question, NAMES) == date


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the corpora are not here")
def test_of_eighteen_pairs_of_laws_the_one_in_force_answers_and_the_older_when_its_year_is_asked_for() -> None:
    files = sorted((CORPORA / "zh_laws_old_versions").glob("*.md"))
    assert len(files) == 18
    for file in files:
        (old,), (new,) = parse(file), parse(CORPORA / "zh_laws" / f"{file.stem.split('(')[0]}.md")
        assert superseded([old, new], None, "2026-07-01") == {old.doc_id}, file.name
        question = f"{(old.date or '')[:4]}年的{name_of(old.title)}第一条是什么？"
        assert superseded([old, new], asked_date(question, [old.title]), "2026-07-01") == {new.doc_id}, file.name
