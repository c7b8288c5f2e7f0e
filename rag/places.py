"""Question and text -> whether a figure, a date or a mayor of one place is asked, and the text is of another. Pure.

In: a question, what was found, the whole document. Out: yes or no. It knows countries by a list, other places by their
part of speech, and English names by the glossary.
"""

from __future__ import annotations

import functools
import re

from rag.across import WORD, read
from rag.cut import tagged
from rag.widen import forms

_AMERICA = re.compile(r"\b(?:US|U\.S\.|USA)(?![\w-])")
_FIGURE = re.compile(
    r"多少|(?<![哪那这好第])几(?!乎)|几月|何时|什么时候|多[大高快久长]|增速|\bhow (?:many|much|fast|large|long|big)\b"
    r"|\bwhen\b|\bwhat (?:is|was|were|are)\b.{0,40}"
    r"\b(?:growth|rate|total|value|share|number|population|volume|output|throughput)",
    re.IGNORECASE,
)
_ANYWHERE = frozenset("外国 国外 海外 境外 国内 国际 东方 西方 各国 本国 我国".split())
_COUNTRY = frozenset(
    "美国 英国 法国 德国 日本 韩国 朝鲜 印度 俄罗斯 欧盟 巴西 加拿大 澳大利亚 意大利 西班牙 葡萄牙 荷兰 瑞士 瑞典 挪威 "
    "波兰 希腊 匈牙利 土耳其 乌克兰 以色列 伊朗 沙特 埃及 南非 尼日利亚 肯尼亚 墨西哥 阿根廷 智利 越南 泰国 老挝 缅甸 "
    "柬埔寨 菲律宾 新加坡 马来西亚 印度尼西亚 巴基斯坦 孟加拉国 哈萨克斯坦 新西兰 中国 香港 澳门 台湾".split()
)


_OFFICE = re.compile(r"(?:市|州|省)?的?(?P<office>副?市长|州长|省长)(?!对话|论坛|代表)")
_WHO = re.compile(r"谁|哪位|叫(?:什么|啥)|姓名|名字|\bwho(?: is| was|'s)\b|\bname of\b", re.IGNORECASE)
_OFFICE_EN = re.compile(r"\b(?P<office>(?:deputy )?mayor|governor) of (?P<place>[a-z]+)", re.IGNORECASE)


def elsewhere(question: str, lang: str, text: str, whole: str) -> bool:
    """Whether a figure or a date is asked of a place of which the text says nothing: not of a country in the `text`
    found, nor of another place in the `whole` document, where that names any. The growth of one is not that of another.
    """
    places = _places(question, lang) if _FIGURE.search(question) else []

    def speaks(name: str) -> bool:
        if name == "中国" and not any(other in text for other in _COUNTRY):
            return True  # it goes without saying
        return name in (text if name in _COUNTRY else whole) or (name not in _COUNTRY and not _towns(whole))

    return bool(places) and not any(speaks(name) for names in places for name in names)


@functools.lru_cache(64)
def _towns(whole: str) -> frozenset[str]:
    """The places in a text that are no countries: a story that names none may be of any."""
    return frozenset(word for word, _, tag in tagged(whole) if tag == "ns") - _COUNTRY - _ANYWHERE


def holds_another(question: str, lang: str, text: str) -> bool:
    """Whether it is asked who is the mayor of a city, or a governor, of whom the text says nothing."""
    held = _offices(question, lang) if _WHO.search(question) else []
    return any(not re.search(f"(?:{place})[^\\W副]{{0,2}}(?:{office})", text) for place, office in held)


def _offices(question: str, lang: str) -> list[tuple[str, str]]:
    """The offices of places that a question names: patterns of the place and of the office, in Chinese."""
    if lang == "zh":
        held = ((question[: found.start()], found["office"]) for found in _OFFICE.finditer(question))
        ends = [(next((p for n in range(2, 7) if _is_place(p := before[-n:])), ""), office) for before, office in held]
        return [(place, office) for place, office in ends if place]
    table = read("glossary.toml")["en_zh"]
    found = [
        (table.get(each["place"].lower(), ()), table[each["office"].lower()]) for each in _OFFICE_EN.finditer(question)
    ]
    return [("|".join(p), "|".join(offices)) for p, offices in found if any(map(_is_place, p))]


def _is_place(word: str) -> bool:
    return any([tag for *_, tag in tagged(each)] == ["ns"] for each in (word, f"{word}市"))  # 大连 alone is an adverb


def _places(question: str, lang: str) -> list[tuple[str, ...]]:
    """The places that a question names, each with the words for it in Chinese."""
    if lang == "zh":
        return [(word,) for word, _, tag in tagged(question) if tag == "ns" and word not in _ANYWHERE]
    words = [word for word in WORD.findall(_AMERICA.sub("America", question)) if word[0].isupper()]
    table = read("glossary.toml")["en_zh"]
    found = [next((table[form] for form in forms(word.lower(), "en") if form in table), ()) for word in words]
    return [names for names in found if names and any(tag == "ns" for name in names for _, _, tag in tagged(name))]
