"""Numerals both ways, and the numbers of articles."""

import pytest

from rag.numerals import article_number, article_words, to_chinese, to_int


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("零", 0),
        ("〇", 0),
        ("两", 2),
        ("十", 10),
        ("十二", 12),
        ("一十二", 12),
        ("二十", 20),
        ("一百零八", 108),
        ("一百〇八", 108),
        ("一百一十", 110),
        ("一百十", 110),
        ("一百二十", 120),
        ("两千", 2000),
        ("一千零三十六", 1036),
        ("一千二百六十", 1260),
        ("一万零五百", 10500),
        ("一万五百", 10500),
        ("十万", 100000),
        ("一亿零三万", 100030000),
        ("二〇二五", 2025),
        ("120", 120),
        ("１２０", 120),
        ("1 2 0", 120),
        ("一百 二十", 120),
        ("一　百", 100),
        ("3万", 30000),
        ("壹佰貳拾", 120),
        ("兩萬", 20000),
    ],
)
def test_every_way_of_writing_a_number_is_read(written: str, number: int) -> None:
    assert to_int(written) == number


@pytest.mark.parametrize(
    "written",
    ["", " ", "第三", "三人", "一百二", "十百", "百", "万", "十十", "零一百", "一零十", "a", "-1", "1.5", "三、"],
)
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        to_int(written)


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "零"), (10, "十"), (15, "十五"), (110, "一百一十"), (120, "一百二十"), (1005, "一千零五"), (2000, "二千"),
     (10010, "一万零一十"), (100500, "十万零五百"), (10**8, "一亿")],
)  # fmt: skip
def test_numbers_are_written_as_statutes_write_them(number: int, written: str) -> None:
    assert to_chinese(number) == written


def test_reading_undoes_writing_for_every_article_number_there_may_be() -> None:
    assert [to_int(to_chinese(n)) for n in range(12_000)] == list(range(12_000))


@pytest.mark.parametrize("number", [-1, 10**12])
def test_numbers_that_cannot_be_written_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        to_chinese(number)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("第七条", "7"),
        ("一百二十条之一", "120-1"),
        ("第一百二十条之一", "120-1"),
        ("第 一百二十 条之 二", "120-2"),
        ("第120条之1", "120-1"),
        ("120-1", "120-1"),
        ("第１２条", "12"),
    ],
)
def test_article_numbers_take_the_form_of_paths(written: str, number: str) -> None:
    assert article_number(written) == number


@pytest.mark.parametrize("written", ["第三人", "第七条第二款", "条", "之一", "第一百二条"])
def test_what_is_no_article_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"no (article )?number"):
        article_number(written)


@pytest.mark.parametrize(("number", "words"), [("7", "第七条"), ("120-1", "第一百二十条之一")])
def test_article_numbers_are_put_into_words(number: str, words: str) -> None:
    assert article_words(number) == words
    assert article_number(words) == number
