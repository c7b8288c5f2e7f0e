"""Question and text -> whether the text has the number, the sum or the length of time that is asked for.

In: a question and a text whose numerals are digits. Out: yes or no. It knows no document; `awaited.py` asks it for one
of the kinds of thing that a question may wait for.
"""

from __future__ import annotations

import re

from rag import facts
from rag.cut import CHINESE, tagged

_NUMERAL = rf"[\d{facts.DIGITS}]"
LASTS = re.compile(rf"{_NUMERAL}[多余来]?\s*(?:个?工作日|个?小时|个?月|[天日周年时]|分钟)")
"""A length of time in digits or Chinese numerals."""
_ALIKE = ("家个间所户处", "人名位", "元块", "倍%成")
"""Units that stand for one another in laws: 几家店 is answered by 两个."""
_ANY = "家个间所户处人名位"
"""What 个 may stand for there: 投资人最多能有多少个 is answered by 二百人."""
_THINGS = ("个座所", "处片")
"""The same where what is counted is told apart by its name: 多少座城市 by 95个城市."""
_HOW_MANY = re.compile(r"多少|(?<![哪那这好第])几(?!乎|月)")
_HOW_MANY_EN = re.compile(
    r"\bhow many\b|\bwhat (?:\w+ )?(?:rate|percentage|price|amount|number|sum|budget)\b", re.IGNORECASE
)
_MANY = r"\d[\d.]*\s*[百千万亿]?[多余来]?"
_COUNTED_EN = [
    (re.compile(rf"\bhow many (?:\w+ )?(?:{asked})\b", re.IGNORECASE), re.compile(told))
    for asked, told in (
        ("(?:hour|day|week|month|year)s?", LASTS.pattern),
        ("countries|nations|(?:member )?states", rf"{_MANY}个?(?:国|成员|缔约)"),
        (
            "people|persons|guests|attendees|participants|employees|workers|experts|members",
            rf"{_MANY}[名位个]?[^,，、。\d]{{0,4}}(?:人(?!工)|[名位])",
        ),
        ("cities|towns", rf"{_MANY}[个座](?:城|市)"),
        ("films?|movies?", rf"{_MANY}部"),
    )
]
"""What is counted in English, and how a Chinese text counts it."""
_DATED = re.compile(r"\d{4}\s*年?(?=\d|[“”世])|\d+\s*[年月日届]|第\d+")
_MONEY = re.compile(
    r"多少钱|(?<!哪)几[块元]|多少元|\bhow much (?:is|does|do|are|will|money|funding|funds?|capital|investment)\b",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"\d[\d.]*\s*[万亿千百]?(?:美|欧|日|港)?元|免费|无偿|[$€¥]|\b(?:euro|yuan|dollar|EUR|USD|free)", re.IGNORECASE
)


def lacks(question: str, lang: str, clause: str, text: str, *, names: bool) -> bool:
    """Whether a sum that is asked for is not in `clause`, or a number not in the `text` around it."""
    if not names and facts.NONE.search(clause):
        return False
    if _MONEY.search(question):
        return not _PRICE.search(clause)
    if lang == "zh":
        return not _counted(question, text, names)
    told = [told.search(text) for asked, told in _COUNTED_EN if CHINESE.search(text) and asked.search(question)]
    if told:
        return not all(told)
    return _HOW_MANY_EN.search(question) is not None and not _counts(text)


def _counted(question: str, text: str, names: bool) -> bool:
    """Whether a number stands before the unit that is asked for, or, where none is named, anywhere.

    Laws, which have no `names`, count in what units they like; elsewhere 日 is the day of a date.
    """
    for match in _HOW_MANY.finditer(question):
        rest = question[match.end() :]
        behind = [word for word, at, _ in tagged(rest) if at <= 4][:1]
        unit = behind[0] if behind else ""
        if not names and facts.SPAN.match(rest):
            if not LASTS.search(text):
                return False
        elif len(unit) == 1 and unit in facts.UNITS + "瓦亩句篇笔届场户":
            units = next((one for one in (_THINGS if names else _ALIKE) if unit in one), unit)
            units = _ANY if unit == "个" and not names else units
            if not re.search(rf"{_NUMERAL}[多余来]?周?[{units}]", text):
                return False
        elif not _counts(text):
            return False
    return True


def _counts(text: str) -> bool:
    """Whether a number stands in the text that is no part of a date or a title."""
    return bool(re.search(rf"{_NUMERAL}", _DATED.sub("", text)) or facts.numbers(_DATED.sub("", text)))
