"""Chinese numerals to numbers and back, the numbers of articles, and the numbers that lists are written with.

In: 一百二十, 二〇二五, 两千, １２０, "一 百", 3万; out: int. In: 第一百二十条之一; out: "120-1", and the reverse.
It does not find numerals in running text, knows no fractions or ordinals, and cannot read Roman numbers.
"""

from __future__ import annotations

import functools
import re
import unicodedata

_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_DIGITS = "零一二三四五六七八九"
_SAME = str.maketrans("〇○◯两兩壹贰貳叁參肆伍陆陸柒捌玖拾佰仟萬億", "零零零二二一二二三三四五六六七八九十百千万亿")

NUMERAL = r"[0-9０-９零〇○一二两三四五六七八九十百千万兩萬]"
"""One character of an article number, for use inside regular expressions."""

_ARTICLE = re.compile(rf"第?((?:{NUMERAL}|\s)+)条?(?:(?:之|-)((?:{NUMERAL}|\s)+))?")


@functools.lru_cache(maxsize=4096)
def to_int(text: str) -> int:
    """The number that `text` writes in Chinese, Arabic or full-width digits; spaces inside are allowed.

    Raises ValueError for anything else, also for 一百二, which means 120 to some and 102 to others.
    """
    compact = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).translate(_SAME)
    if re.fullmatch("[0-9]+", compact):
        return int(compact)
    if mixed := re.fullmatch("([0-9]+)([百千万亿])", compact):
        return int(mixed[1]) * (_SMALL | _LARGE)[mixed[2]]
    if re.fullmatch(f"[{_DIGITS}]+", compact):
        return int("".join(str(_DIGITS.index(char)) for char in compact))
    if not re.fullmatch(f"[{_DIGITS}十百千万亿]+", compact):
        raise ValueError(f"no number: {text!r}")
    value = _with_units(compact)
    if compact[0] == "零" or not _same_writing(compact, to_chinese(value)):
        raise ValueError(f"no number: {text!r}")
    return value


def _with_units(compact: str) -> int:
    total = section = digit = 0
    for char in compact:
        if char in _LARGE:
            total, section, digit = total + (section + digit) * _LARGE[char], 0, 0
        elif char in _SMALL:
            section, digit = section + (digit or 1) * _SMALL[char], 0
        else:
            digit = _DIGITS.index(char)
    return total + section + digit


def _same_writing(given: str, canonical: str) -> bool:
    """十 may be written 一十 everywhere, and 零 may be missing where the last character is a unit (一万五百)."""
    given, canonical = given.replace("一十", "十"), canonical.replace("一十", "十")
    return given == canonical or (given[-1] not in _DIGITS and given.replace("零", "") == canonical.replace("零", ""))


def to_chinese(number: int) -> str:
    """`number` in Chinese numerals: 120 -> 一百二十, 1005 -> 一千零五. Raises ValueError below 0 and from 10^12 on."""
    if not 0 <= number < 10**12:
        raise ValueError(f"cannot be written: {number}")
    if number == 0:
        return _DIGITS[0]
    words = ""
    for unit, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        section = number // unit % 10**4
        if not section:
            continue
        gap = "零" if words and section < 1000 else ""
        words += gap + _section(section) + name
    return words.removeprefix("一") if words.startswith("一十") else words


def _section(number: int) -> str:
    """1 to 9999; a run of zeros inside is one 零."""
    words = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            words += _DIGITS[digit] + name
        elif words and number % unit:
            words += _DIGITS[0]
    return re.sub("零+", "零", words)


def article_number(text: str) -> str:
    """The number of an article as paths have it: 第一百二十条之一 or 120-1 -> "120-1". Raises ValueError."""
    match = _ARTICLE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"no article number: {text!r}")
    return "-".join(str(to_int(part)) for part in match.groups() if part)


def article_words(number: str) -> str:
    """The reverse: "120-1" -> 第一百二十条之一. Raises ValueError when it is no such number."""
    base, _, insert = number.partition("-")
    return f"第{to_chinese(to_int(base))}条" + (f"之{to_chinese(to_int(insert))}" if insert else "")


_ROMAN = tuple(
    zip((1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1), "m cm d cd c xc l xl x ix v iv i".split(), strict=True)
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def list_number(number: int, style: str) -> str:
    """`number` as a list in a `style` of Word's (its numFmt) shows it; in Arabic digits where the style has no way."""
    digits = str(number)
    if style == "decimalZero":
        return digits.zfill(2)
    if style == "decimalFullWidth":
        return digits.translate({ord("0") + n: chr(ord("０") + n) for n in range(10)})
    if not 0 < number < 4000:
        return digits
    if style == "decimalEnclosedCircle" and number <= 20:
        return chr(ord("①") + number - 1)
    if style in ("lowerLetter", "upperLetter"):
        words = _LETTERS[(number - 1) % 26] * ((number - 1) // 26 + 1)  # z is followed by aa, bb
        return words.upper() if style == "upperLetter" else words
    if style in ("lowerRoman", "upperRoman"):
        words = roman(number)
        return words.upper() if style == "upperRoman" else words
    return _list_chinese(number, style)


def _list_chinese(number: int, style: str) -> str:
    digitwise = str(number).translate({ord("0") + n: char for n, char in enumerate("〇一二三四五六七八九")})
    match style:
        case "ideographDigital" | "taiwaneseDigital" | "japaneseDigitalTenThousand":
            return digitwise
        case "chineseCounting" | "taiwaneseCounting":
            return to_chinese(number) if number < 100 else digitwise.replace("〇", "○")
        case "chineseCountingThousand" | "taiwaneseCountingThousand":
            return to_chinese(number)
        case "japaneseCounting":
            return re.sub("一(?=[十百千])|零", "", to_chinese(number))
    return str(number)


def roman(number: int) -> str:
    """`number` in small Roman numerals: 4 -> iv."""
    words = ""
    for value, letters in _ROMAN:
        words += letters * (number // value)
        number %= value
    return words
