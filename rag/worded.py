"""A sentence or a clause -> its words as the check compares them, one form for what is said in several ways. Pure.

In: Chinese or English text. Out: `Word`s, one for each Chinese character or English stem, or for a number with its
unit, a reference, or what bids, allows, denies, bounds or excepts; empty words are left out. 三十日, 30日 and thirty
days are one word, and so are 应当, 必须 and shall; 30日 and 30个工作日 are two, so are 以上 and 以下, and 不得超过 and
不得少于. It judges nothing.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import NamedTuple

from rag import facts

PLAIN, NUMBER, PLACE, BOUND, EXCEPT = "plain", "number", "place", "bound", "except"
DENY, MUST, MAY = "deny", "must", "may"
NAME = "name"
"""A plain word within 《》 or short quotation marks."""

MARK = "mark"
"""Kinds of words; a MARK is punctuation, which divides."""


class Word(NamedTuple):
    key: str
    kind: str


MEASURES = (
    ("工作日", r"个?工作日|(?:working|business) days?\b"), ("日", r"日|天|(?:calendar )?days?\b"), ("月",
     r"个?月|months?\b"),
    ("年", r"周?年|years?\b"), ("周", r"周|个?星期|weeks?\b"), ("时", r"个?小时|hours?\b"), ("分", r"分钟|minutes?\b"),
    ("%", r"%|per ?cent\b"), ("元", r"元|yuan\b"),
)  # fmt: skip
_UNITS = "|".join(wording for _, wording in MEASURES)
SCALES = {"百": 2, "千": 3, "万": 4, "亿": 8, "hundred": 2, "thousand": 3, "million": 6, "billion": 9}
_DO = "(?:(?:shall|must|may|can|should|could|will|would|do|does|did|is|are|has|have) )?"
# Kind, form, Chinese, English, tried in this order at each place; the form "=" is the wording itself, "" an empty word.
FORMS: tuple[tuple[str, str, str, str], ...] = (
    # what a character or a word is only part of
    (PLAIN, "=",
     "不仅|不断|不同|不限于|不可分割|不可抗力|不动产|不正当|不良|不特定|不法|不当|不利|无人|"
     "无论|无线|无障碍|无形|无偿|非常|非洲|未来|未成年|莫不|应用|应急|应对|响应|供应|相应|"
     "适应|反应|对应|效应|感应|应邀|应届|可能|可靠|可持续|可信|可控|可及|可追溯|可解释|"
     "可行|可再生|可见|可用|认可|许可|统一|同一|唯一|单一|一般|一致|一切|一定|一并|一律|"
     "一方|一旦|一体|一道|一起|进一步|之一|任一|需要|需求|所需|必需|急需|供需|必要|非法|"
     "免除|解除|扣除|除名|消除|删除|排除|清除|拆除|开除|废除|去除|以内容",
     "in so far as|not only"),
    (PLAIN, "=", "无固定期限|民办非企业|非营利|非公有|非歧视|非专利|非专有", ""), (PLAIN, "其他", "其他|其它", ""),
    (NUMBER, "=", "半年|半个?月|半日|半数|过半", ""),
    # bounds, before the denials in them
    (BOUND, "≥", "(?:最[低少短])?(?:应当?|必须|须)?(?:不得?|禁止)(?:少于|低于|短于|小于)|至少",
     "at least|not? (?:be )?(?:less|fewer|lower|shorter) than|(?:a )?minimum of"),
    (BOUND, "≤", "(?:最[长高多])?(?:应当?|必须|须)?(?:不得?|禁止)(?:超过|超出|高于|多于|长于|大于|晚于|迟于)|至多|最多",
     rf"{_DO}not? (?:to )?(?:be )?(?:more|longer|later|higher|greater) than|{_DO}not (?:to )?exceed(?:ing|s)?|"
     rf"at most|up to"),
    (BOUND, ">", "超过|超出|高于|多于|大于",
     r"(?:more|greater|higher|longer) than|exceed(?:ing|s|ed)?|over(?= \d)|above"),
    (BOUND, "<", "不满|不足|少于|低于|小于", "(?:less|fewer|lower) than|below"),
    (BOUND, "以上", "以上", ""), (BOUND, "以下", "以下", ""), (BOUND, "以内", "以内|之内|(?<=[日月年天时周])内",
     "within"),
    (BOUND, "以前", "以前|之前|(?<=[日月年天时周满])前", "before|prior to|in advance of"),
    (BOUND, "以后", "以后|之后|(?<=[日月年天时周满])后",
     "after|(?<!the )(?<!of )following(?= (?:the|that|this|its|such|receipt|processing|notification|publication)\\b)"),
    (BOUND, "+", "增加|增长|提高|上升|提升", "increas(?:e|es|ed|ing)|rais(?:e|es|ed|ing)"),
    (BOUND, "-", "减少|降低|下降|缩短", "decreas(?:e|es|ed|ing)|reduc(?:e|es|ed|ing|tion)"),
    (BOUND, "max", "最高|最长|最大", "maximum|highest|longest"), (BOUND, "min", "最低|最短|最小",
     "minimum|lowest|shortest"),
    # exceptions
    (PLAIN, "另有", "[,，]?(?:但是?[,，]?)?除?(?:法律|行政法规|、|和|或者|本法|国家|合同|章程)*"
     "另有(?:规定|约定)的?(?:除外|以外|外)?", ""),
    (EXCEPT, "除", "除(?=[^,。;]{1,60}?(?:以外|之外|外)(?!,(?:应当)?[还也]))", ""),
    (EXCEPT, "除外", "除外|不在此限", "unless|except(?:ing)?|with the exception of"),
    # denials, and what is bidden or allowed
    (DENY, "不得", "不得|禁止|严禁|不准|不许|不应当?|不可以?|不能够?",
     rf"{_DO}(?:not|never)|cannot|\w+n['’]t|prohibit(?:ed|s)?|forbidden"),
    (DENY, "无须", "无需|无须|不需要?|不必|毋须", ""), (DENY, "无权", "无权", ""), (DENY, "不予", "不予", ""),
    (DENY, "未经", "未经", "without"), (DENY, "未", "没有|未|尚未|并未", ""), (DENY, "不", "不", ""),
    (DENY, "非", "(?<![是除])非(?!营利|公有|国有|物质|金融|银行)", ""), (DENY, "无", "无", "no|neither|nor|none"),
    (DENY, "反对", "反对|抵制", "oppos(?:e|es|ed)|refus(?:e|es|ed)"),
    (MUST, "应", "应当|应该|必须|应|须|(?<![所急])需(?=[^要求])",
     "shall|must|(?:has|have|is|are) (?:required |obliged )?to(?= [a-z])"),
    (MUST, "should", "", "should|ought to"), (MUST, "鼓励", "鼓励", "encourag(?:e|es|ed|ing)"),
    (MAY, "可", "方可|可以|可|有权",
     "may|can|could|(?:is|are) (?:entitled|permitted|allowed) to|(?:has|have) the right to"),
    # the same said otherwise
    (PLAIN, "依", "依照|按照|根据|依据|遵照",
     "pursuant to|in accordance with|according to|under|on (?:the )?basis of|in line with"),
    (PLAIN, "if", "", "where|if|when|in (?:the )?(?:case|event)(?: of| that)?|once|whenever"),
    (PLAIN, "re", "", "concerning|regarding|with regard to|in relation to|relating to|in respect of|as regards|about"),
    (PLAIN, "named", "", "referred to|mentioned|set out|laid down|provided for|specified"),
    (PLAIN, "自", "自|从", ""), (PLAIN, "有", "具有|具备", ""), (PLAIN, "日", "之日", ""),
    (PLAIN, "促", "促进|推动|推进", ""), (PLAIN, "强", "加强|强化|增强", ""), (PLAIN, "建", "建立|构建|搭建|打造", ""),
    (PLAIN, "", "如果|因为|由于|以及|及其|和其|并且|或者|进行|但是|同时|其中|"
     "[的了所等该此这其之由并且而则也都均地和与及或但将把被对于在为以是]",
     "such as|including|in particular|in order to|as well as|where applicable|the|an?|of|to|in|on|for|and|or|is|are|"
     "be|been|being|by|with|that|this|those|these|it|its|as|at|from|has|have|which|who|whose|such|any|also|upon|into|his|her|he|she|their|"
     "they|them|was|were|"
     "will|would|all|every|each|both|there|so|than|then|thereof|but"),
)  # fmt: skip

_PLACE = (
    r"第(?P<zh>\d+(?:-\d+)?|[a-z]+)(?P<step>[条款项目句章节编])(?:之(?P<of>\d+))?|\b(?:articles?|"
    r"art\.) (?P<article>\d+)"
    r"|(?:\b(?:paragraphs?|points?) )?\((?P<short>\d{1,2}|[a-z]{1,4})\)|\bparagraphs? (?P<paragraph>\d+)"
)
_VALUE = (
    rf"(?P<value>\d+(?:\.\d+)?)(?:st|nd|rd|th)?(?P<scale>(?: ?(?:{'|'.join(SCALES)}))*)"
    rf"[ -]?(?P<unit>{_UNITS})?"
)
_FORMS = "|".join(
    f"(?P<f{n}>{'|'.join(filter(None, (zh, en and rf'{chr(92)}b(?:{en}){chr(92)}b')))})"
    for n, (_, _, zh, en) in enumerate(FORMS)
)
_WORD = re.compile(
    rf"{_PLACE}|{_VALUE}|{_FORMS}|(?P<word>[a-z][a-z’&-]*)|(?P<char>[\u3400-\u9fff])|(?P<mark>[,;:。、.!?\n]+)",
    re.IGNORECASE,
)
_NAME = re.compile(r"《[^》]+》|[“‘「\"](?=[^，,。]{1,24}?[”’」\"])[^”’」\"]+[”’」\"]")
# The number that an article or an item begins with.
_ITEM = re.compile(
    r"\A[*#\s]*第[^\s第]{1,12}条(?:\*\*)?\s"
    r"|(?:\A|(?<=[:;,\n])) *(?:\([一二三四五六七八九十\d]{1,3}\)|\([a-z]{1,4}\)|\d{1,2}\. )"
)
_COUNT = re.compile(
    rf"\b({'|'.join(word for word in facts.COUNTS if word not in ('a', 'one'))}|one(?= (?:{_UNITS})))\b", re.IGNORECASE
)


@functools.lru_cache(maxsize=8192)
def words(text: str) -> tuple[Word, ...]:
    """The words of a text in order, with the marks between them."""
    folded = re.sub(r"第\(([^()]+)\)(?=[项款])", r"第\1", _ITEM.sub(" ", facts.folded(text)))
    folded = re.sub(r"(?<=\d) (?=\d{3}\b)", "", facts.arabic(folded))
    folded = _COUNT.sub(lambda found: str(facts.COUNTS[found[1].lower()]), folded)
    found: list[Word] = []
    folded = folded.lower()
    named = [match.span() for match in _NAME.finditer(folded)]
    for match in _WORD.finditer(folded):
        word = _word(match)
        if word.key and word.kind == PLAIN and any(start <= match.start() < end for start, end in named):
            word = Word(word.key, NAME)
        if word.key:
            found.append(word)
    return tuple(found)


def _word(found: re.Match[str]) -> Word:
    group = str(found.lastgroup)
    if group == "mark":
        return Word(found[0], MARK)
    if group == "char":
        return Word(found[0], NUMBER if found[0] in facts.DIGITS else PLAIN)
    if group == "word":
        return Word(stem(found[0]), PLAIN)
    if group[0] == "f" and group[1:].isdigit():
        kind, form, _, _ = FORMS[int(group[1:])]
        return Word(found[0] if form == "=" else form, kind)
    if found["value"]:
        power = sum(SCALES[scale] for scale in re.findall("|".join(SCALES), found["scale"]))
        unit = next((kind for kind, wording in MEASURES if re.fullmatch(wording, found["unit"] or "")), "")
        return Word(f"{(Decimal(found['value']) * 10**power).normalize():f}{unit}", NUMBER)
    if found["zh"]:
        return Word(f"{found['zh']}{'-' + found['of'] if found['of'] else ''}{found['step']}", PLACE)
    return Word(f"{found['article']}条" if found["article"] else f"({found['short'] or found['paragraph']})", PLACE)


@functools.lru_cache(maxsize=8192)  # its words are a stranger's too
def stem(word: str) -> str:
    """An English word without the ending of its form: records, recorded, recording -> record."""
    word = word.lower().removesuffix("'s").removesuffix("’s")
    for ending, instead in (("ies", "y"), ("ied", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            return word.removesuffix(ending) + instead
    return word
