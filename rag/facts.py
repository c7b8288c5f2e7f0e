"""Text -> what of it must not change: numbers with their units, titles, article references, negations, and its wording.

In: a sentence or a clause, Chinese or English. Out: sets of normalised strings, so that 三十日 is 30日, 百分之五 is 5%,
１０ is 10 and 1,000 is 1000. It does not judge; `cite.py` compares the sets.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from rag.numerals import to_int

UNITS = "年月日天周岁时分秒个名人次倍元万亿条款项编章节部份家国类级届期种批件台辆只艘座处所吨米里克度点小时"
DIGITS = "零〇一二两三四五六七八九十百千万亿"
CHINESE = re.compile(rf"(百分之)?([{DIGITS}]+)(?:点([{DIGITS}]+))?")
# "thousand" and larger words only multiply, and laws write those amounts in digits.
ENGLISH_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
ENGLISH = {word: n for n, word in enumerate(ENGLISH_WORDS)} | {
    word: 10 * n for n, word in enumerate("thirty forty fifty sixty seventy eighty ninety hundred".split(), 3)
}
YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
DATED_NAME = re.compile(r"(?<!\d)(?:19|20)\d\d(?![年度财])[\u3400-\u9fff]{2}")
"""A year that a name begins with, and that name's beginning: 2025世界 of 2025世界人工智能大会."""
NUMBER = re.compile(rf"(\d+(?:\.\d+)?)\s*(%|[{UNITS}]*)")
ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth".split()
COUNTS = ENGLISH | {word: n for n, word in enumerate(ORDINALS, 2)} | {"one": 1, "a": 1}
MONTHS = "january february march april may june july august september october november december".split()
SCALES = {"百": 2, "千": 3, "万": 4, "亿": 8, "hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
MEASURES = {
    "年": r"年|years?\b",
    "月": r"个?月|months?\b",
    "日": r"个?工作日|日|天|(?:working )?days?\b",
    "时": r"个?小时|hours?\b",
    "%": r"%|per ?cent\b",
    "元": r"元|yuan\b",
    "吨": r"吨|ton(?:ne)?s?\b",
}
_SCALED = rf"(?:\s*(?:{'|'.join(SCALES)}))*"
VALUE = re.compile(rf"(第?)(\d+(?:\.\d+)?)(st|nd|rd|th)?({_SCALED})[多余]?[\s-]*({'|'.join(MEASURES.values())})?")
_MONTH = re.compile(rf"\b({'|'.join(MONTHS)})(?=,? \d)|(?<=\d )({'|'.join(MONTHS)})\b")
_TENS, _WORDS = list(ENGLISH)[20:28], [word for word in COUNTS if word not in ("one", "a", "hundred")]
# "one" and "a" count only before a larger word: a hundred, one million.
_COUNT = re.compile(
    rf"\b(?:({'|'.join(_TENS)})[ -])?({'|'.join(_WORDS)}|"
    r"(?:one|a)(?= (?:hundred|thousand|million|billion|trillion)\b))\b"
)
ARTICLE = re.compile(r"(?<!倒数)第\s*(\d+)\s*条(?:之(\d+))?|\b(?:Article|Art\.)\s*(\d+)", re.IGNORECASE)
RANGE = re.compile(r"条\s*[至到－—~-]\s*第|\bArticles\s+\d+\s*(?:to|[–-])", re.IGNORECASE)
PREAMBLE = re.compile(r"序言|前言|\bpreamble\b", re.IGNORECASE)
NEGATION = re.compile(
    r"不得|禁止|严禁|不予|不应|不能|不可|无须|不需|没有|除外|不|未|无|非|"
    r"\b(?:not|no|never|neither|nor|without|unless|except|prohibited|cannot)\b|n't\b",
    re.IGNORECASE,
)
# Words in which the character denies nothing.
HARMLESS = re.compile(
    "不仅|不断|不同|不少于|不低于|不超过|不限于|不可分割|无人|非常|非洲|未来|无论|莫不|not only", re.IGNORECASE
)

# What a question asks for that an answer must then have: a time, or a number.
ASKS_TIME = re.compile(
    r"时间表|日程|哪一?[年天]|几[月号]|何[日时]|什么时候|日期|截止|期限|多久|多长时间|"
    r"how long|^when\b|deadline|timetable|what (?:date|year)",
    re.IGNORECASE,
)
TIME = re.compile(
    r"\d\s*(?:年|月|日|天|周|个|小时|分钟)|\b\d{4}\b|时间|期限|期间|之日|立即|尽早|尽快|终身|永久|长期|当[日天]|每[年月周日天季]|"
    r"\b(?:hour|day|week|month|year|date|period)s?\b",
    re.IGNORECASE,
)
ASKS_NUMBER = re.compile(
    r"多少|[金数]额|百分之几|how many|what percentage|"
    r"how much (?:is|are|was|were|does|do|did|will|can|must|money|time)\b",
    re.IGNORECASE,
)

ASKS = re.compile(
    r"多[少久长大高远]|什么|哪|谁|怎|如何|几|是否|吗|呢|何|(?P<w>[是能要会可])不(?P=w)|有没有|"
    r"\b(?:what|which|who|when|where|why|how|is|are|does|do|did|can|may)\b",
    re.I,
)
YES_NO = re.compile(
    r"(?:吗|(?<![什怎多那这要])么|对不对|[对是了的错]吧)\s*(?:[?？]|$)|吧\s*[?？]|是不是|是否|能不能|可不可以|能否|可否|要不要|会不会|算不算|"
    r"^\s*(?:is|are|was|were|does|do|did|has|have|can|could|may|must|should|will|would)\b",
    re.IGNORECASE,
)

END = re.compile(r"[。！？!?.；;]+[”\"]?\Z")

STOPWORDS = frozenset(
    "the a an of to in on for and or is are be been by with that this it its as at from has have".split()
)


def arabic(text: str) -> str:
    """The text with full-width forms folded and Chinese numbers of two digits or with a unit written in Arabic."""

    def replace(match: re.Match[str]) -> str:
        percent, digits, decimals = match.groups()
        after = match.string[match.end() : match.end() + 1]
        before = match.string[max(0, match.start() - 2) : match.start()]
        # A lone 一 in 统一 or 进一步 is no number; 三十, 两项, 第七条 and the last of 第三条之一 are.
        if not percent and len(digits) == 1 and not (after and after in UNITS) and not before.endswith(("第", "条之")):
            return match.group()
        if all(d in "百千万亿" for d in digits):
            return match.group()
        try:
            number = str(to_int(digits)) + (f".{''.join(str(to_int(d)) for d in decimals)}" if decimals else "")
        except ValueError:
            return match.group()
        return number + ("%" if percent else "")

    return CHINESE.sub(replace, folded(text))


def folded(text: str) -> str:
    """The text with full-width forms folded, and no commas inside numbers."""
    return re.sub(r"(?<=\d),(?=\d{3})", "", unicodedata.normalize("NFKC", text))


def numbers(text: str) -> set[str]:
    """Numbers with the unit that follows them ("30日", "5%", "7.1亿吨", "2025年"); not those of articles."""
    found = {n + unit for n, unit in NUMBER.findall(ARTICLE.sub(" ", arabic(text)))}
    return found | {str(ENGLISH[w]) for w in re.findall(r"[a-z]+", text.lower()) if w in ENGLISH and w != "one"}


def values(text: str) -> set[tuple[str, str]]:
    """Numbers by value and measure, the same in either language: 7.1亿吨 and 710 million tonnes, 7月 and July 26.

    The measure is one of `MEASURES`, 第 for an ordinal, or "" for any other. Numbers of articles are left out.
    """
    folded = ARTICLE.sub(" ", arabic(text)).lower()
    folded = _MONTH.sub(lambda found: f"{MONTHS.index(found[1] or found[2]) + 1}月", folded)
    folded = _COUNT.sub(_counted, folded)
    read = set()
    for before, number, after, scales, measure in VALUE.findall(folded):
        power = sum(SCALES[scale] for scale in re.findall("|".join(SCALES), scales))
        kind = (
            "第"
            if before or after
            else next((kind for kind, wording in MEASURES.items() if re.fullmatch(wording, measure)), "")
        )
        read.add((f"{(Decimal(number) * 10**power).normalize():f}", kind))
    return read


def _counted(found: re.Match[str]) -> str:
    return f"{COUNTS.get(found[1], 0) + COUNTS[found[2]]}{'th' if found[2] in ORDINALS else ''}"


def has_values(said: set[tuple[str, str]], there: set[tuple[str, str]]) -> bool:
    """Every value said is there; one said without a measure may have any there."""
    bare = {value for value, _ in there}
    return all((value, measure) in there or (not measure and value in bare) for value, measure in said)


def titles(text: str) -> set[str]:
    """What stands in 《》, without 中华人民共和国 and 的."""
    found = re.findall(r"《([^《》]+)》", arabic(text))
    return {plain(title).removeprefix("中华人民共和国").replace("的", "") for title in found}


def articles(text: str) -> set[str]:
    """Article references as paths number them: {"7", "120-1"}."""
    return {(zh or en) + (f"-{of}" if of else "") for zh, of, en in ARTICLE.findall(arabic(text))}


def parts(text: str) -> set[str]:
    """The parts of a document that a text names, as `article_of` does."""
    return articles(text) | ({"preamble 0"} if PREAMBLE.search(text) else set())


def has_what_is_asked(question: str, text: str) -> bool:
    """Whether `text` has a time where a question asks for one (期限, 多久), and a number for 多少."""
    if ASKS_TIME.search(question) and not TIME.search(arabic(text)):
        return False
    return not ASKS_NUMBER.search(question) or bool(numbers(text)) or bool(NONE.search(text))


NONE = re.compile(r"可以不|无需|不需|不得(?:再|向[^，。；]{1,12})?收取|不(?:再)?收取|免收|免[于予除缴交]|免费|无偿")
"""How a law says that nothing is to be paid or done: an answer to 多少 too."""

SPAN = re.compile(r"个?(?:工作日|小时|月|星期)|天(?!然)|日(?!元|常)|周(?!岁|边)|年(?!轻|龄|级|人)")
"""A unit of time, behind 多少 or 几."""


QUOTED = re.compile(r"[“\"]([^“”\"]+)[”\"]")
"""What stands in quotation marks."""

_SOME_TIME = re.compile(rf"几(?={SPAN.pattern})")
_WISHED = re.compile("[想了过请]")
_NO_NUMBER = re.compile(
    r"(?<=[头好这那])几|(?<=(?<![目之以])前)几|(?<=(?<!附)近)几|几(?=句话)"
    rf"|几(?=(?:{SPAN.pattern})(?:以|之|过)?[后前去][，,])"
    r"|多少(?=[^，,]{0,6}[，,]?(?:主?要|都|具体)?(?:看|取决于|根据|按)(?:什么|哪|啥|怎))"
    r"|多少(?=[^，,]{0,4}[，,]?(?:怎么|如何|由?谁来?)(?:算|定|确定|计算|决定))"
)
"""前几年, 用几句话概括, 几天后，他发现…, 赔多少钱要看哪些因素."""
_THINGS_TOLD = "几[项个条种类点件样]"
_TOLD = r"列(?![入为席])|逐[一项条个]|都[说讲写]"
_EACH = re.compile(rf"{_THINGS_TOLD}.*(?:{_TOLD})|(?:{_TOLD}).*{_THINGS_TOLD}")
"""把要做的几件事都列出来: the things are asked for, not how many they are."""
_MAY = re.compile(r"可以?|能|得|允许")
_ASKED_OF = re.compile("告诉|知道|请问|[查说讲问数提写]|规定")
_SOME = re.compile(r"(?:(?:我们|他们|咱们?)几|几个?(?=(?:人|家|位)(?:一起|合|共|按份|打算|想|约|商量|凑)))")


def without_some(question: str) -> str:
    """The question with 数 for a 几 or 多少 that asks for no number: 想借用几天，我能借给他吗, 几件事都列出来."""
    question = _NO_NUMBER.sub("数", question)
    if _EACH.search(question):
        return question.replace("几", "数")
    *told, asks = re.split(r"(?<=[，,])", question)
    if not asks_whether(asks):
        return question
    if _MAY.search(asks) and not _ASKED_OF.search(asks):
        asks = asks.replace("几", "数")  # 可以拆分为几批申报吗
    return "".join(_SOME_TIME.sub("数", piece) if _WISHED.search(piece) else piece for piece in told) + asks


def asking(question: str) -> list[str]:
    """The pieces of a question that ask something: 能存多久, 能拿去训练吗; not the 几 of who is there, 几个人合租,."""
    question = without_some(question)
    pieces = [piece for piece in re.split(r"[?？;；,，、]", question) if ASKS.search(piece)] or [question]
    return [piece for piece in pieces[:-1] if not _SOME.match(piece)] + pieces[-1:]


def asks_whether(question: str) -> bool:
    """Whether yes or no is asked for."""
    return bool(YES_NO.search(question))


def is_range(text: str) -> bool:
    """Whether a text names articles by the first and the last, 第十条至第十二条: those between are meant too."""
    return bool(RANGE.search(arabic(text)))


def negations(text: str) -> set[str]:
    """Whether something is denied, and how: "ban" (不得, 禁止, must not) or "not" (不, 未, no)."""
    found = {match.group().lower() for match in NEGATION.finditer(HARMLESS.sub("", text))}
    kinds = {"ban" for word in found if word in ("不得", "禁止", "严禁", "prohibited")}
    return kinds | {"not" for word in found if word not in ("不得", "禁止", "严禁", "prohibited", "非")}


def plain(text: str) -> str:
    """Letters and digits only, folded and lower-cased: for comparing wordings."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())


def coverage(text: str, context: str) -> float:
    """Share of the units of `text` that `context` has, 0 to 1."""
    wanted = units(text)
    return len(wanted & units(context)) / len(wanted) if wanted else 0.0


def units(text: str) -> set[str]:
    """What coverage counts: character bigrams of the Chinese, and the words of the rest."""
    folded = arabic(text).lower()
    found = {run[i : i + 2] for run in re.findall(r"[\u3400-\u9fff]+", folded) for i in range(max(1, len(run) - 1))}
    return found | {w for w in re.findall(r"[a-z0-9.%]+", folded) if w not in STOPWORDS and w.strip(".")}


def language(text: str) -> str:
    """Either "zh", when at least a fifth of the letters are Chinese, or "en"."""
    letters = len(re.findall(r"[^\W\d_]", text))
    chinese = len(re.findall(r"[\u3400-\u9fff]", text))
    return "zh" if chinese and chinese * 5 >= letters else "en"


def parted(text: str) -> tuple[str, str]:
    """A sentence without its final mark, and the mark with the quotation mark behind it."""
    end = END.search(text)
    at = end.start() if end else len(text)
    return text[:at], text[at:]
