"""Question and conversation -> a question that stands alone, or None when it does already.

By rules only, nearest first: 下一条 and "And Article 7?" move the reference of the question before, 那2022年呢 changes
its year, 它 takes the title it spoke of; what points back otherwise, or is too bare to stand alone, is put behind it.
A complete question is never dragged back, and 换个话题 or "by the way" is taken off. The earlier questions may be
follow-ups themselves: they are resolved first, in order. It asks no model and knows no documents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.cut import tagged
from rag.numerals import NUMERAL, to_chinese, to_int

# 其他, 应该 and 这类 words in a question of its own length point at nothing before it.
LONG = {"zh": 18, "en": 60}
BARE = {"zh": 12, "en": 28}

_NEW_SUBJECT = re.compile(
    r"(?:换个(?:话题|问题)|说点别的|不说这个了?|题外话|(?:let'?s\s+)?chang(?:e|ing) (?:the )?(?:subject|topic)"
    r"|new (?:question|topic)|(?:on )?another (?:question|topic|note)"
    r"|different (?:question|topic))[\s,，.。:：;；!！-]*",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"(?:顺便(?:再?问一?下?|说一?下?)?|对了|by the way|btw|incidentally)[\s,，.。:：;；!！-]*", re.IGNORECASE
)
_OPENING = re.compile(
    r"(?:那么?|还有|以及|而|再|往|接着|它的?|其|and|but|so|then|or|what about|how about|what does|what is)[\s,，]*",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:[说讲写](?:了|的)?些?(?:啥|什么)|(?:[说讲写]的)?(?:又|都)?是(?:啥|什么)|呢|吗|say|about)?\s*[?？。.!！]*\Z"
)
_POINTS_BACK = re.compile(
    r"^(?:那(?!么多)|还有|以及|其中|里[面头]|当中|另外?[一两几]|剩下|除此)|它|(?<!其)(?<!吉)他(?![人国乡])|她"
    r"|^(?:那么?)?其(?![他它中实余])|这(?![样次])|那(?=[些个里儿种时边次年项])"
    r"|(?<![应活])该(?=[法条款项规办组机公计文])|上述|前者|后者|上面|此(?=[类项条外])"
    r"|^(?:and|but|so|or|what about|how about|what if)\b|\b(?:its?|they|their|them|he|she|his|her|him|these|those)\b"
    r"|\bthis\b|\bthat(?=\s*(?:[?.!]|$|is\b|was\b|mean|appl|include|work|happen))|\bthere\s*\?",
    re.IGNORECASE,
)
# What goes on from the turn before however long it is: 要是我一直没收到通知呢,多少天之内得去报?
_GOES_ON = re.compile(
    r"(?:那么?)?(?:要是|如果|假如|若是?|万一)[^,，;；?？。]{1,16}呢[,，?？]"
    r"|[\u3400-\u9fff]{1,5}(?:之后|以后|的话|了)呢[,，?？]|那么?[^,，;；?？。]{0,6}这[个些种项](?!行动|计划|文件|办法|条例|[^，,]?法|规定|报道|文章)"
)
# Whoever was spoken of before, at the beginning of a question of any length.
_THEY = re.compile(
    r"(?:除了?[^,，]{1,8}[,，])?(?:那么?|还有)?(?:[他她它]们(?:两[个座]|俩|还|又|都|各|分别|之间)|[这那]?两[座个](?:城市?|国家?)|两[市国])"
    r"|(?:and|but|so|then)\b(?:(?! (?-i:[A-Z])).)*\b(?:he|she|they|his|her|their)\b",
    re.IGNORECASE,
)
# What says nothing without the thing it is said of, at the beginning of a bare question.
_BARE = re.compile(
    r"(?:为什么|为何|多久|怎么[办算罚]?|怎样|如何|在?哪里?|何时|什么时候|谁|多少|几[个年月天次]|哪[些几]?|举个?例|具体|然后)[^\u3400-\u9fff]*$"
    r"|(?:图|为|要|干|算|说)的?(?:是|了)?(?:个)?(?:什么|啥)[^\u3400-\u9fff]*$"
    r"|(?:哪一?[年天月]|几[年月]|何时|什么时候|啥时候)[\u3400-\u9fff]{1,4}的?[^\u3400-\u9fff]*$"
    r"|(?:在?(?:全球|全?世界|全国|国内))?(?:又|还|也|能|可以)*(?:排|位居|位列|名列)[名在到]*第?几"
    r"|(?:总部|处罚|罚款|后果|期限|条件|标准|程序|范围|例外|原因|理由|目的|意义|时间|地点|费用|金额|赔偿|责任|主题|作用|区别|定义"
    r"|成员|依据|结果|效果|规模|由谁|分别)(?!法)"
    r"|(?:首任|现任)?(?:秘书长|主席|会长|理事长|负责人|总干事|董事长|总裁|主任|院长|校长)(?:会?是|会?由|打算由|准备由|叫)?(?:谁|哪位|什么人)"
    r"|(?:why|when|where|who|how long|how much|how many|how often|since when|by when|and then|for example)\W*$"
    r"|(?:the|any|other|another)\s+(?:\w+\s?){1,3}\?*$",
    re.IGNORECASE,
)
_AND_THIS = re.compile(r"(?!.*(?:什么|怎么|怎样|如何|哪|是否|多少|谁)).{1,12}呢\s*[?？]?$")  # 处罚呢?
_OWN = re.compile(r"《|[\u3400-\u9fff](?:法|法典|条例|办法|细则|计划)第?[0-9一二三四五六七八九十百千]+条")
THIS = re.compile(r"(?:那么?)?(?:请问)?(?:[这那该同]|上述)一?条(?![件例款])")
"""An article that only the turn before says which."""
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TITLE = re.compile(r"《[^《》]+》")
_PLACE = re.compile(r"[(（][^()（）]{2,12}[)）]")
_LAW = re.compile(r"(?:《?[\u3400-\u9fff]{1,20}?(?:法典|法|条例|办法|细则|计划|规定)》?)(?=第|的|里|一共|共)")

# Parts of speech of a first word that is no subject, and of names, one of which is enough of one.
_NO_SUBJECT, _NAMES = ("p", "r", "v", "d", "m", "c"), ("nr", "ns", "nt")
_NONE = re.compile("一共|总共|具体")

_LEVELS = "条点段款项目句"  # from the broadest; 点 and 段 may stand where 条 does
_STEP = re.compile(
    rf"(?:第(?P<number>{NUMERAL}{{1,9}})|(?P<last>最后一))(?P<kind>[条款项目句段点])(?:之[一二三四五六七八九十]{{1,3}})?"
)
_NEXT = re.compile(
    r"(?P<way>[上下前后])(?:面的?)?[一1]?(?P<kind>[条款项句段点])"
    r"|(?:紧?[挨跟接靠]着?(?:在)?它?的?|它的?)(?P<side>[前后])[面边]的?(?:那|这)?[一1]?[条款项句段点]?"
    r"|(?:它的?)?(?P<by>[前后])[面边]?紧?[挨跟接靠]着?的?(?:那|这)?[一1]?[条款项句段点]"
    r"|(?P<en>next|previous|preceding|following)\s+(?P<unit>\w+)",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\b(?P<unit>articles?|art\.?|recitals?|annex)\s+(?P<number>\d+|[IVX]+\b)(?P<below>(?:\([0-9a-z]+\))*)",
    re.IGNORECASE,
)
_BELOW = re.compile(r"(?:the\s+)?(?P<kind>paragraph|para\.?|point|letter)\s+\(?(?P<number>\d+|[a-z])\)?", re.IGNORECASE)


def standalone(question: str, history: Sequence[str], lang: str) -> str | None:
    """`question` with what it leans on filled in; `history` is the earlier questions, oldest first."""
    before = ""
    for past in history:
        resolved = _resolved(past, before, lang)
        before = before if resolved and before and resolved == _behind(before, past) else resolved or past
    return _resolved(question, before, lang)


def behind(question: str, history: Sequence[str], lang: str) -> str | None:
    """`question` behind the one before it where nothing in it says what it is about: 通过哪些办法来帮?, 哪天提出的?

    Such a one may stand alone all the same: which of the two finds more, the caller has to see.
    """
    words = list(tagged(question)) if lang == "zh" and history and len(question) < LONG["zh"] else []
    named = _OWN.search(question) or any(tag.startswith(_NAMES) or word.isascii() for word, _, tag in words)
    if not words or named or not (words[0][2].lstrip("?").startswith(_NO_SUBJECT) or _NONE.match(question)):
        return None
    return _behind(last(history, lang), question)


def last(history: Sequence[str], lang: str) -> str:
    """The last of the earlier questions, with what it leans on filled in."""
    return standalone(history[-1], history[:-1], lang) or history[-1]


def _resolved(question: str, before: str, lang: str) -> str | None:
    text = question.strip()
    if new := _NEW_SUBJECT.match(text):
        return text[new.end() :] or None
    if aside := _ASIDE.match(text):
        rest = text[aside.end() :]
        return _resolved(rest, before, lang) or rest or None
    if not before:
        return None
    bare = _bare(text)
    moved = _moved(bare, before) or _moved_english(bare, before) or _exchanged(text, bare, before)
    if moved:
        return moved if moved != before else None
    if not _leans(text, lang):
        return None
    titles = list(dict.fromkeys(_TITLE.findall(before)))
    if len(titles) == 1 and re.match(r"(?:那么?)?(?:它|其|这部\w{1,2}|该片)(?!们)", text) and not _TITLE.search(text):
        return re.sub(
            r"\A(?:那么?)?(?:它|其|这部[\u3400-\u9fff]{1,2}?(?=的|在|是|有|由|要)|该片)", titles[0], text, count=1
        )
    return _behind(before, text)


def _behind(before: str, text: str) -> str:
    return f"{before} {text.strip()}"


def _bare(text: str) -> str:
    """What is left of 那么第九条呢? or "And Article 7?" without the words around it."""
    while opening := _OPENING.match(text):
        text = text[opening.end() :]
    return _CLOSING.sub("", text).strip()


def _moved(bare: str, before: str) -> str | None:
    """第二款, 下一条 or 最后一条 in place of the reference of the question before, or below it."""
    steps = _trail(before)
    if not steps:
        return None
    if (near := _NEXT.fullmatch(bare)) and (near["kind"] or near["side"] or near["by"]):
        step = next((each for each in steps if each["kind"] == (near["kind"] or steps[-1]["kind"])), None)
        if step is None or step["number"] is None:
            return None
        number = to_int(step["number"]) + (1 if (near["way"] or near["side"] or near["by"]) in "下后" else -1)
        if number < 1:
            return None
        written = str(number) if step["number"].isdecimal() else to_chinese(number)
        new, kind = f"第{written}{step['kind']}", step["kind"]
    elif (own := list(_STEP.finditer(bare))) and "".join(step[0] for step in own) == bare:
        new, kind = bare, own[0]["kind"]
    else:
        return None
    above = [step for step in steps if _LEVELS.index(step["kind"]) < _LEVELS.index(kind) and step["kind"] != kind]
    start = above[-1].end() if above else steps[0].start()
    return before[:start] + new + before[steps[-1].end() :]


def _trail(before: str) -> list[re.Match[str]]:
    """The steps of the last reference in a text: 第十条, 第二款."""
    steps = list(_STEP.finditer(before))
    first = len(steps) - 1
    while first > 0 and steps[first].start() == steps[first - 1].end():
        first -= 1
    return steps[max(first, 0) :]


def _moved_english(bare: str, before: str) -> str | None:
    units = list(_UNIT.finditer(before))
    if not units:
        return None
    unit = units[-1]
    below = re.findall(r"\([^()]+\)", unit["below"])
    near, own, part = _NEXT.fullmatch(bare.removeprefix("the ")), _UNIT.fullmatch(bare), _BELOW.fullmatch(bare)
    if (
        near
        and near["unit"]
        and unit["number"].isdecimal()
        and near["unit"].lower() in ("one", unit["unit"].lower().rstrip("s"))
    ):
        number = int(unit["number"]) + (1 if near["en"].lower() in ("next", "following") else -1)
        new = f"{unit['unit']} {number}" if number else None
    elif own:
        new = bare
    elif part:
        kept = below[: 0 if part["kind"].lower().startswith("para") else 1]
        new = f"{unit['unit']} {unit['number']}{''.join(kept)}({part['number']})"
    else:
        new = None
    return before[: unit.start()] + new + before[unit.end() :] if new else None


def _exchanged(text: str, bare: str, before: str) -> str | None:
    """那2022年呢, 那《民法典》呢: the only year, title, law or place of the question before exchanged."""
    if not re.search(r"呢\s*[?？]*$|^(?:and|what about|how about)\b", text, re.IGNORECASE):
        return None
    plain = re.sub(r"^in\s+", "", bare, flags=re.IGNORECASE)
    if re.fullmatch(r"(?:19|20)\d\d年?(?:的|份)?", plain):
        years = set(_YEAR.findall(before))
        return _YEAR.sub(plain[:4], before) if len(years) == 1 else None
    for pattern in (_TITLE, _PLACE):
        if pattern.fullmatch(bare) and len(set(pattern.findall(before))) == 1:
            return pattern.sub(lambda _: bare, before)
    law = _LAW.match(before)
    if law and re.fullmatch(r"[\u3400-\u9fff]{1,20}(?:法典|法|条例|办法|细则|计划|规定)", bare):
        return bare + before[law.end() :]
    return None


def _leans(text: str, lang: str) -> bool:
    """Whether a question points back, in its first clause, or is too bare to stand alone."""
    if not _OWN.search(text) and (_GOES_ON.match(text) or _THEY.match(text)):
        return True
    if _OWN.search(text) or len(text) >= LONG.get(lang, LONG["en"]):
        return False
    if len(text) < BARE.get(lang, BARE["en"]) and _BARE.match(text):
        return True
    first = re.split(r"[,，;；?？。]", text)[0]
    found = _POINTS_BACK.search(first) or _AND_THIS.match(text)
    if found and found.start() and re.search(r"\s[A-Z]\w+", text[: found.start()]):
        return False  # "When was the AI Act adopted and when does it apply?"
    return bool(found)
