"""What a text says about itself: its title, language, issuer and date of publication.

In: the first blocks of a document. Out: plain values, None where the text does not clearly say.
It does not look at file names or guess from the subject.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from rag.numerals import to_int
from rag.structure.blocks import Block

_D = "[0-9零〇○一二三四五六七八九十]"
DATE = re.compile(rf"({_D}{{4}})\s*年\s*({_D}{{1,3}})\s*月\s*({_D}{{1,3}})\s*日")
_DAY_THEN_YEAR = re.compile(r"([0-9]{1,2})月([0-9]{1,2})日[^。]{0,40}?(?<![0-9])((?:19|20)[0-9]{2})(?![0-9])")
_ISSUED = re.compile("通过|公布|发布|發布|颁布|修订|修正|修改|批准|印发|發表|发表|令")
_EFFECT = re.compile(rf"(?:{DATE.pattern}|公布之日|发布之日|印发之日)\s*起?\s*(?:施行|实施|生效|执行)")
_BODY = re.compile(r"全国人民代表大会常务委员会|全国人民代表大会|最高人民法院|最高人民检察院")
_ORDER = re.compile(r"(?:中华人民共和国)?([\u4e00-\u9fff]{2,20}?)(?:等[一二两三四五六七八九十]+个?部门)?(?:令|公告)")


_SHORT = 120
_MONTHS = "January February March April May June July August September October November December".split()
_DAY_EN = re.compile(rf"(?:^of|, (?:on )?)\s*([0-9]{{1,2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}})\.?$")
_MADE_BY = re.compile(
    r"OF THE (EUROPEAN PARLIAMENT(?: AND OF THE COUNCIL)?|COUNCIL|EUROPEAN CENTRAL BANK)|^COMMISSION ", re.IGNORECASE
)


def title_block(blocks: Sequence[Block]) -> int | None:
    """The index of the block that is the title: a short first line, else the first Markdown heading, else None."""
    for n, block in enumerate(blocks):
        if block.is_comment:
            continue
        if block.level or (block.is_line and block.rank is None):
            return n
        break
    return next((n for n, block in enumerate(blocks) if block.level), None)


def published(front: Sequence[Block], back: Sequence[Block] = ()) -> str | None:
    """The date of publication, ISO form: the last one said to be of passing or issue in `front`, the blocks before
    the first article; else a day whose year follows it in a short lead; else a date alone on a line of `back`."""
    dates = [found for found, _ in history(front)]
    for block in front:
        if not dates and len(block.text) <= _SHORT and _ISSUED.search(block.text):
            dates = [day for m in _DAY_THEN_YEAR.finditer(block.text) if (day := _iso(m[3], m[1], m[2]))][:1]
    for block in back:
        if not dates and (match := DATE.fullmatch(block.text)):
            dates = [day for day in [_iso(*match.groups())] if day]
    for block in (*front, *back):
        if not dates and len(block.text) <= _SHORT and (match := _DAY_EN.search(block.plain)):
            dates = [day for day in [_iso(match[3], str(_MONTHS.index(match[2]) + 1), match[1])] if day]
    return dates[-1] if dates else None


def history(front: Sequence[Block]) -> tuple[tuple[str, str], ...]:
    """When the text was passed, published and changed, as the lines before its first article say: (date, word)."""
    return tuple(event for block in front for event in _events(block.text))


def effective(front: Sequence[Block], back: Sequence[Block], date: str | None) -> str | None:
    """From which day the text applies, ISO form: as said before its first article, else at its end in `back`."""
    for block in (*front, *reversed(back)):
        if (match := _EFFECT.search(block.text)) and (day := _iso(*match.groups()) if match[1] else date):
            return day
    return None


def issuer(front: Sequence[Block]) -> str | None:
    """The body that passed or issued the text, where a line with a date of issue names it."""
    for block in front:
        if made := _MADE_BY.search(block.plain) if block.is_line or block.plain.isupper() else None:
            words = made[1] or "European Commission"
            return words.title().replace(" And Of The ", " and ")
        if not _events(block.text):
            continue
        if body := _BODY.search(block.text):
            return body[0]
        match = DATE.search(block.text)
        if match and (order := _ORDER.search(re.sub(r"[公发發颁]布|[（(\s]", " ", block.text[match.end() :]))):
            return order[1]
    return None


def _events(text: str) -> list[tuple[str, str]]:
    """The dates followed by a word of issue before the sentence ends; 自……起施行 is when a text takes effect."""
    found = []
    for match in DATE.finditer(text):
        behind = re.split("[。；;]", text[match.end() : match.end() + 400])[0]
        effect = text[max(0, match.start() - 1) : match.start()] == "自" or behind.lstrip().startswith("起")
        words = _ISSUED.findall(re.sub("《[^》]*》?", "", DATE.split(behind)[0])) or _ISSUED.findall(behind)
        if not effect and words and (day := _iso(*match.groups())):
            found.append((day, words[-1]))
    return found


def _iso(year: str, month: str, day: str) -> str | None:
    try:
        return date(to_int(year), to_int(month), to_int(day)).isoformat()
    except ValueError:
        return None
