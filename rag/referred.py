"""A question -> the provisions it refers to, as written, in no document yet.

In: a question. Out: References in order: where their words stand, their steps, the last of a range. A number counted
from the end (最后一条, the last article) is negative. What only looks like one (第二条路, 第一款游戏, 8点, "an article
5 pages long") is left out. It knows no documents: which one is meant, and whether the provision is there, `named` says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from rag.numerals import NUMERAL, to_int
from rag.records import Document, Provision
from rag.reference import AND, KIND, KINDS, RANK, Reading, Reference

# What follows 第二条 or 第一款 where these count roads, fishes or games.
_AFTER = (
    r"(?!\s?(?:[路街河鱼狗蛇龙船腿裤裙命线虫车衣钱贷裂]|道路|消息|新闻|信息|短信|微博|评论|建议|意见|理由|生产|铁路|地铁|高铁|公路"
    r"|航线|管道|隧道|跑道|赛道|产业链|毛巾|围巾|领带|项链|视频|推文|弹幕|回复|留言|语音|记录|公告|动态|走廊|游戏|产品|手机|汽车|软件|大型|国产))"
)
_STEP = rf"{KIND}|句|段|点"
_INSERT = r"之(?:[一二三四五六七八九十]{1,3}|[0-9]{1,2})"
_TOKEN = re.compile(
    rf"(?P<end>(?:最后|最末)第?一?|倒数第?(?P<back>{NUMERAL}{{1,3}}))(?P<endkind>{_STEP}){_AFTER}"
    r"|(?P<preamble>序言|前言|序文)|附件(?P<annex>[一二三四五六七八九十]{1,3}|[IVX]{1,5}|[0-9]{1,2})"
    rf"|(?P<th>第?)\s?\(?(?P<number>{NUMERAL}{{1,9}}|(?<=[第(])[a-z]|[a-z](?=项))\)?\s?(?P<early>{_INSERT})?(?P<kind>{_STEP})"
    rf"(?P<insert>{_INSERT})?{_AFTER}"
)
_KINDS = {**KINDS, "句": "sentence", "段": "paragraph", "点": "point"}
_TO = re.compile(r"\s?(?:至|到|[-~—–])\s?")
_IN = re.compile(r"\s?(?:的|中的?|里的?)?\s?")
_LIST = re.compile(rf"第({NUMERAL}{{1,9}}(?:[、,和]{NUMERAL}{{1,9}})+)条")
_RANGE = re.compile(rf"第({NUMERAL}{{1,9}})\s?(至|到|[-~—–])\s?第?({NUMERAL}{{1,9}})条")
_MIDDLE = re.compile(
    rf"(?:夹在|介于|位于|排在|在)?第(?P<one>{NUMERAL}{{1,9}})条[和与跟同]第(?P<other>{NUMERAL}{{1,9}})条的?(?:正中间|中间|之间|当中)"
    r"的?[,，]?(?:是?哪|[这那])一?条"
)
"""The article between two: 第三条和第五条之间的是哪一条."""
_ORDINALS = {word: n for n, word in enumerate("first second third fourth fifth".split(), 1)}
_Rewrite = str | Callable[[re.Match[str]], str]
# What questions write in other ways than provisions do, which `Reading` reads.
_ENGLISH: tuple[tuple[re.Pattern[str], _Rewrite], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), new)
    for pattern, new in (
        (r"\barts?\.?\s*(?=\d)|\barticles?(?=\d)", "Article "),
        (r"\brec\.?\s*(?=\d)", "Recital "),
        (r"\bparas?\.?\s*(?=[\d(])|§\s*(?=\d)", "paragraph "),
        (r"\bannex(es)?\s+(?=[IVXLC0-9]+\b)", "Annex "),
        (r"\b(?:point|letter|lit\.?)\s*\(?([a-z])\)?(?![a-z])", r"point (\1)"),
        (r"\b(Annex [IVXLC]+|Annex \d+)(?:\s?\((\d+)\)|,?\s*no\.?\s*(\d+))", r"\1 point \2\3"),
        (
            r"\bthe\s+(first|second|third|fourth|fifth)\s+(paragraph|article)\b",
            lambda m: f"{m[2]} {_ORDINALS[m[1].lower()]}",
        ),
    )
)
_LAST = re.compile(
    r"\b(?:the\s+|its\s+)?(?:last|final|(?P<second>second[- ](?:to[- ])?last|last but one|penultimate))"
    r"\s+(?P<kind>article|recital|annex)\b",
    re.IGNORECASE,
)
_HERE = r"(?<![\u3400-\u9fff])|(?<=[条款段言]的)|(?<=[条款段言])"
_PLACED = tuple(
    (re.compile(pattern), new)
    for at, end, new in (
        ("压轴|压尾|殿后|垫底|收尾|收官|最末尾?", "末尾?", "最后一"),
        ("打头阵?|领头|排头|开篇|起首|打前阵", "首", "第一"),
    )
    for pattern in (rf"(?:{at})(?:的|处|位置)*(?:那|这)?(?:一)?(?=条)", rf"(?:{_HERE})(?:{end})(?=[条段句])")
)
_OPENING = re.compile(
    r"(?<=文件|计划|方案|宣言|公约)(?:里|中|最)?的?(?:开篇|开头|开场白?|引言)(?!的?(?:第|[这那]?[一首头几]?[条款段句章]))"
)
"""How a plan begins, before its first article."""
_NO_ARTICLE = re.compile(r"\b(?:an?|news|magazine|journal|newspaper|blog|my|his|her|their)\s+\Z", re.IGNORECASE)


def written_out(question: str) -> str:
    """The question with full-width forms folded, and each reference in the form that provisions use."""
    text = unicodedata.normalize("NFKC", question).strip()
    text = _MIDDLE.sub(_middle, text)
    text = _RANGE.sub(r"第\1条\2第\3条", text)
    text = _LIST.sub(lambda m: "、".join(f"第{number}条" for number in re.split("[、,和]", m[1])), text)
    text = _OPENING.sub("序言", text)
    for pattern, new in (*_PLACED, *_ENGLISH):
        text = pattern.sub(new, text)
    return text


def _middle(found: re.Match[str]) -> str:
    first, last = sorted((to_int(found["one"]), to_int(found["other"])))
    return f"第{first + 1}条" if last - first == 2 else found[0]


def references(text: str) -> list[Reference]:
    """The references in a text that is `written_out`, in order. `other` is that of `Reference`."""
    own = Provision((), 0, len(text))
    reading = Reading(Document("", "", "en", "", "", text, ()), own)
    reading.european()
    english = [found for found in reading.found if found.steps and not _NO_ARTICLE.search(text[: found.start])]
    for match in _LAST.finditer(text):
        number = "-2" if match["second"] else "-1"
        english.append(Reference(*match.span(), steps=((match["kind"].lower(), number),)))
    return sorted(_chinese(text) + english, key=lambda found: found.start)


def _chinese(text: str) -> list[Reference]:
    found: list[Reference] = []
    for token in _TOKEN.finditer(text):
        try:
            step = _step(token)
        except ValueError:  # 第百千条 is no number
            continue
        last = found[-1] if found else None
        if last and _goes_on(last, step, text[last.end : token.start()], token):
            last.end = token.end()
        elif joined := _joined(last, step, text, token):
            found.append(joined)
        elif step[0] in ("article", "preamble", "annex") and _is_whole(text, token):
            found.append(Reference(*token.span(), steps=(step,)))
        elif step[0] in ("paragraph", "point") and token["kind"] in ("段", "点") and token["th"]:
            kind = "article" if step[0] == "point" else "paragraph"  # 第八点 of a plan, 第3段 of a story
            found.append(Reference(*token.span(), steps=((kind, step[1]),)))
    return found


def _step(token: re.Match[str]) -> tuple[str, str]:
    if token["preamble"]:
        return "preamble", "0"
    if token["annex"]:
        return "annex", token["annex"] if token["annex"][0] in "IVX" else str(to_int(token["annex"]))
    if token["end"]:
        return _KINDS[token["endkind"]], str(-to_int(token["back"] or "一"))
    insert = token["insert"] or token["early"]
    number = (
        token["number"] if token["number"].isascii() and token["number"].isalpha() else str(to_int(token["number"]))
    )
    return _KINDS[token["kind"]], number + (f"-{to_int(insert[1:])}" if insert else "")


def _is_whole(text: str, token: re.Match[str]) -> bool:
    """第 may be missing only from 120条之一, and from 1183条 directly behind a name."""
    if token["number"] is None or token["th"]:
        return True
    behind = token.start() > 0 and re.search(r"[法典例定释》则]\Z", text[: token.start()]) is not None
    return bool(token["insert"] or token["early"] or (behind and token["number"].isdecimal()))


def _goes_on(last: Reference, step: tuple[str, str], gap: str, token: re.Match[str]) -> bool:
    """Whether `step` goes on the `last` reference (第二款 after 第六条) or ends a range that it began; then it does."""
    rank, past = _rank(step[0]), last.to or last.steps
    if _IN.fullmatch(gap) and rank > _rank(past[-1][0]):
        step = ("item", step[1]) if step[0] == "point" and token["kind"] == "点" and past[0][0] == "article" else step
        last.steps, last.to = (last.steps, (*past, step)) if last.to else ((*past, step), ())
        return True
    if not last.to and _TO.fullmatch(gap) and step[0] == past[-1][0]:
        last.to = (*past[:-1], step)
        return True
    return False


def _joined(last: Reference | None, step: tuple[str, str], text: str, token: re.Match[str]) -> Reference | None:
    """第三款 of 第六条第一款和第三款."""
    if not last or not AND.fullmatch(text[last.end : token.start()]):
        return None
    above = tuple(each for each in last.steps if _rank(each[0]) < _rank(step[0]))
    return Reference(*token.span(), steps=(*above, step)) if above else None


def _rank(kind: str) -> int:
    return 0 if kind == "preamble" else RANK.get(kind, len(RANK))
