"""Which documents a text names: by title, by part of it, or by the short names that people make of titles.

In: the Documents of an index, prepared once as `Titles`, and a text such as a question. Out: where in the text each
name stands and which documents it fits, the best first. Short names follow from the titles by rule: 个保法 takes
beginnings of the words of 个人信息保护法 in their order, GDPR the first letters of General Data Protection Regulation.
It reads no document's text and knows no law by itself.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from rag.records import Document

# Longer ones first; the order of `_ORDER` is the one in which documents that fit equally well are taken.
_TYPE = (
    "法典|法(?![律院定规人庭官学治制])|条例|办法|细则|规定|规则|解释|规范|计划|方案|规划|纲要|意见|决定|通知"
    "|准则|章程|倡议"
)
_ORDER = ("法典", "法", "条例", "细则", "办法", "规则", "规定", "解释")
_DROPPED = re.compile(
    r"中华人民共和国|最高人民(?:法院|检察院)|[《》〈〉“”\"'·、]|(?<![A-Za-z0-9])\s+|\s+(?![A-Za-z0-9])|的?若干|有关|暂行|试行|司法(?=解释)"
    r"|(?:问题)?的(?=司法解释|解释(?!一下|下)|规定[(一二三四五])|[()](?=[一二三四五六七八九十][)])|(?<=[一二三四五六七八九十])[)]"
)
_COURT = re.compile(
    r"关于|(?:在|人民法院)?(?:审理|办理|适用(?!法律)|确定)|涉及|(?:纠纷)?(?:刑事|民事|行政)?案件|(?:具体)?[适应]用法律(?:问题)?"
)
# What may stand before a name in a question and is no part of it, beside punctuation.
_LEFT = re.compile(
    r"(?:[^\u3400-\u9fff]|[的了年版条款项在和与跟及或对把从由是于按依据照问查找看读说讲下里中到给]|请问|一下|我国|中国|现行|根据|违反|适用"
    r"|概括|总结|归纳|概述|综述|简述|梳理|复述|引述|摘录|摘抄|背诵|默写|翻译|解读|说明|阐述|阐释|讨论|分析|请教|简要|简单|大致"
    r"|[调找贴翻抄]出|调[取阅]|了解|知道|解释|介绍|列出|引用|按照|依照|告诉我|帮我|关于|对比|比较|监督|落实|执行|实施|发布|公布|制定|通过|提出|推进|贯彻|遵守|适用于|什么是|那么?|还有|换个话题|为什么|为何|如果"
    r"|[这那整此该](?:一?[份个部项篇])?|[上前]述|刚才)\Z"
)
# What follows a law's name and makes it another document's.
_RIGHT = re.compile(
    r"(?:司法)?解释(?!一下|下|说明)|(?:实施)?(?:细则|条例|办法)|修正案|草案|(?<=解释|规定)[一二三四五六](?![下条款])"
)
_WORD = re.compile(
    r"反(?!垄断)|互联网|[\u3400-\u9fff]{2}(?:[者人车金社式院员会制]|权(?!益))?|[\u3400-\u9fff]|[A-Za-z0-9]+"
)
_POINTS = re.compile(r"[这该本此那同其上述部个项家的]*\Z")  # 这部法, 该条例: no name but the conversation says which
_OF_KIND = re.compile(r"(?<=[这该此那述部])(法典?|条例|细则)(?=的?第[\d零〇一二两三四五六七八九十百]+条)")
# Words, and laws of their own, made of the beginning of another's title: 合法, 刑法 (刑事诉讼法), 劳动法 (劳动合同法).
_OWN = frozenset(
    "合法 公法 商法 国法 军法 刑法 民法 税法 教法 无法 司法 立法 执法 非法 违法 方法 用法 民事法 刑事法 劳动法 "
    "证券法 行政法 国防法 农业法 监察法 国家法 国际法 社会法 个人法 经济法 环境法 人民法 企业法 "
    "网络法 电子法 安全法 保护法 管理法 诉讼法 工会规定 管理办法".split()
)
_NAMED = re.compile(rf"(?:{_TYPE})(?:(?<=解释|规定)[一二三四五六](?![条款共、]))?")
# 这份计划, and 计划 where it can be no verb and no part of a longer name.
_BARE = re.compile(
    rf"(?:[这该本此]|上述)[份项个部]?({_TYPE}|文件)"
    rf"|(?:\A|[,，;；、:：。?？!！]|[在跟与]|知道|AI)({_TYPE}|文件)(?=[的里中对给要怎有提说让没能允鼓支写呼拿把]|上|如何|希望|打算|准备|针对|强调|主张|是|引用|规定)"
    r"|\b(?:the|this) (plan|document|text|act|regulation)\b",
    re.IGNORECASE,
)
_FEW = 3  # documents at most that a part of a title may fit; what fits more is a word such as 管理办法


_Span = tuple[int, int, tuple[Document, ...]]


@dataclass(frozen=True)
class Name:
    """A name at `text[start:end]` and the documents it fits, the best first; none: a document that is not there."""

    start: int
    end: int
    documents: tuple[Document, ...]


class Titles:
    """The names of `documents`, worked out once; building takes about a millisecond for ten documents."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = tuple(documents)
        self._names: dict[str, list[tuple[int, Document]]] = {}  # each with how far it is from the title
        self._words: dict[str, list[tuple[tuple[str, ...], Document]]] = {}  # by type
        self.tops: dict[tuple[str, str], list[Document]] = {}  # which documents have an article, annex or recital
        for document in documents:
            for distance, name in _names(document):
                self._names.setdefault(name, []).append((distance, document))
                core, kind = _split(name)
                if kind and not name.startswith("关于"):
                    words = tuple(_WORD.findall(core.removesuffix("管理")))
                    self._words.setdefault(kind, []).append((words, document))
            for provision in document.provisions:
                if len(provision.path) == 1:
                    self.tops.setdefault(provision.path[0], []).append(document)
        self.having: dict[str, dict[str, Document]] = {}  # the same by kind alone, each document once
        for (kind, _), those in self.tops.items():
            self.having.setdefault(kind, {}).update((document.doc_id, document) for document in those)
        self._starts: dict[str, list[str]] = {}  # names by their first two characters
        for name in self._names:
            self._starts.setdefault(name[:2], []).append(name)

    def named(self, text: str) -> list[Name]:
        """The names in `text`, in order, not overlapping; longer ones go before those inside them."""
        plain, places = _squeezed(text)
        found = ((at, name) for at in range(len(plain)) for name in self._starts.get(plain[at : at + 2], ()))
        here = [(at, at + len(name)) for at, name in found if plain.startswith(name, at)]
        taken: list[_Span] = []
        for at, end in sorted(here, key=lambda span: span[0] - span[1]):
            if _is_free(at, end, taken) and _stands_alone(plain, at, end):
                taken.append((at, end, _best(self._names[plain[at:end]], plain)))
        for at, end, documents in self._short(plain):
            inside = max((stop for _, stop, _ in taken if at < stop < end), default=at)
            if inside > at and not documents:  # 民法典|婚姻家庭编解释, when that is not there
                at = inside
            if _is_free(at, end, taken) and _split(plain[at:end])[0]:
                taken.append((at, end, documents))
        spans = [
            (places[at], places[end - 1] + 1, documents) for at, end, documents in sorted(taken, key=lambda t: t[:2])
        ]
        return [Name(*span) for span in spans]

    def _short(self, plain: str) -> list[_Span]:
        """Names that end in 法, 条例 or the like, the longest first; then those that fit no document of these."""
        known, unknown = list[_Span](), list[_Span]()
        for match in _NAMED.finditer(plain):
            start, end = _begins(plain, match.start()), match.end()
            if _POINTS.fullmatch(plain, start, match.start()):
                kind = _OF_KIND.match(plain, match.start())
                if kind and kind[1] not in self._words:  # 该条例第三条, asked of a plan
                    unknown.append((match.start() - 1, end, ()))
            else:
                documents = self._short_for(plain, start, end) if not _RIGHT.match(plain, end) else ()
                (known if documents else unknown).append((start, end, documents))
        return known[::-1] + unknown[::-1]

    def _short_for(self, plain: str, start: int, end: int) -> tuple[Document, ...]:
        name = plain[start:end]
        core, kind = _split(name)
        joins = start > 0 and plain[start - 1] in "和与及或、"  # 医疗纠纷预防和处理条例 is not 医疗事故处理条例
        if name in _OWN:
            return ()
        core = core.removesuffix("管理")
        whole, begun = list[tuple[int, Document]](), list[tuple[int, Document]]()
        for words, document in self._words.get(kind, ()):
            used = _taken_from(core, words, 0)
            if used is None and kind not in ("法", "法典") and len(core) >= 2 and not joins:
                starts = [n for n, word in enumerate(words) if word.startswith(core[0])]
                found = [_taken_from(core, words, n) for n in starts] if len(core) > 2 else []
                used = len(words) if "".join(words).endswith(core) or len(words) in found else None
            if used == len(words):
                whole.append((2, document))
            elif used and (len(core) <= 4 or kind not in ("法", "法典")):  # 消法; a longer one is a title of its own
                begun.append((2, document))
        fits = whole or begun
        same = {_title(document.title) for _, document in fits}
        return _best(fits, plain) if 0 < len(same) <= (_FEW if whole else 1) else ()


def mentioned(text: str, titles: Titles) -> list[Document]:
    """The documents that `text` names, the longest name first."""
    names = sorted(titles.named(text), key=lambda name: name.start - name.end)
    return list(_once(document for name in names for document in name.documents))


def sole(text: str, titles: Titles) -> list[Document]:
    """The document that 这份计划, 文件 or "the plan" must mean among these; none where there are several or none."""
    found = _BARE.search(text)
    kind = found and next(filter(None, found.groups()))
    if not kind:
        return []
    ruled = [document for document in titles.documents if document.kind in ("statute", "policy")]
    if kind.lower() not in ("文件", "document", "text"):
        endings = ("plan", "计划", "规划", "方案") if kind.lower() == "plan" else (kind.lower(),)
        ruled = [document for document in ruled if _title(document.title).endswith(endings)]
    return ruled if len(ruled) == 1 else []


def plain(name: str) -> str:
    """A name without what people leave out of names."""
    return _squeezed(name)[0]


def _squeezed(text: str) -> tuple[str, list[int]]:
    """`text` without what people leave out of names, in lower case; and where in `text` each character stands."""
    folded = (
        text.lower()
        if text.isascii()
        else "".join(f if len(f := unicodedata.normalize("NFKC", c).lower()) == 1 else c for c in text)
    )
    gone = {n for match in _DROPPED.finditer(folded) for n in range(*match.span())}
    places = [n for n in range(len(folded)) if n not in gone]
    return "".join(folded[n] for n in places), places


@functools.lru_cache(maxsize=4096)
def _title(title: str) -> str:
    return _squeezed(title)[0]


def _split(name: str) -> tuple[str, str]:
    """The rest of a name and its type, 法 or 条例; a number behind it belongs to the type."""
    match = re.search(rf"(?:{_TYPE})[一二三四五六]?\Z", name)
    return (name[: match.start()], match[0]) if match else (name, "")


def _names(document: Document) -> Iterator[tuple[int, str]]:
    """What a document may be called, each with its distance from the title: 0 the title itself."""
    stem = re.sub(r"[_\s]*[(（]?\d{4}(?:[-_]\d+)*[)）]?\Z", "", PurePath(document.source).stem)
    title = _title(document.title)
    yield 0, title
    if document.lang == "zh":
        yield from ((1, name) for name in _chinese_names(title))
        if _split(_squeezed(stem)[0])[1]:
            yield 1, _squeezed(stem)[0]
        return
    inner = re.search(r"\(([^()]*[a-z][^()]* [^()]*)\)", document.title)
    number = re.search(r"\d+/\d+", document.title)
    yield from ((1, part[0].lower()) for part in (number,) if part)
    for name in (inner[1] if inner else document.title, stem.replace("_", " ")):
        words = re.findall(r"[A-Z][A-Za-z]*", name)
        first = "".join(word[0] for word in words).lower()
        yield 1, name.lower()
        if any(word.isupper() for word in words[:-1]):
            yield 1, " ".join(words[-2:]).lower()
        elif len(words) > 2:
            yield 1, first
            yield 1, f"{first[:-1]} {words[-1].lower()}"


def _chinese_names(title: str) -> Iterator[str]:
    if title.endswith("法典"):
        yield title[:-1]
    core, kind = _split(title)
    short = re.sub(r"(?:问题)?的?\Z", "", _COURT.sub("", core))
    if kind[:2] not in ("解释", "规定") or short == core:
        return
    for name in (short, re.sub(r"\A.*法典?(?=..+编\Z)", "", short), short.removesuffix("纠纷")):
        for ending in dict.fromkeys((kind, kind[:2], "解释" + kind[2:])):
            if len(name) >= 3:
                yield name + ending


def _begins(plain: str, at: int) -> int:
    """Where the name that ends at `at` begins: after the nearest word that is no part of a name."""
    start = at
    while (
        start > at - 40
        and start
        and "\u3400" <= plain[start - 1] <= "\u9fff"
        and not _LEFT.search(plain[max(0, start - 4) : start])
    ):
        start -= 1
    return start


def _is_free(at: int, end: int, taken: Sequence[_Span]) -> bool:
    return all(end <= start or at >= stop for start, stop, _ in taken)


def _stands_alone(plain: str, at: int, end: int) -> bool:
    """Whether the name is no part of a longer one: 保险法 of 社会保险法 or of 保险法解释."""
    if plain[at].isascii():
        return not re.match(r"[a-z0-9]", plain[end : end + 1]) and not re.search(r"[a-z0-9]\Z", plain[:at])
    if _RIGHT.match(plain, end):
        return False
    return at == 0 or end - at >= 7 or bool(_LEFT.search(plain[max(0, at - 4) : at]))


def _taken_from(core: str, words: Sequence[str], at: int) -> int | None:
    """How many of `words` are used when `core` is beginnings of some, the word `at` first; None when it is not."""
    best = None
    for size in range(1, len(words[at]) + 1 if at < len(words) else 1):
        if not core.startswith(words[at][:size]):
            break
        if size == len(core):
            return at + 1
        ends = (_taken_from(core[size:], words, n) for n in range(at + 1, len(words)))
        best = max((end for end in ends if end), default=best or 0) or best
    return best


def _best(found: Sequence[tuple[int, Document]], text: str) -> tuple[Document, ...]:
    """The nearest to its title first; of equal ones of a year in `text`, a law, the newest."""
    years = set(re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", text))

    def order(item: tuple[int, Document]) -> tuple[int, int]:
        kind = _split(_title(item[1].title))[1][:2]
        rank = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
        return item[0], rank

    found = [item for item in found if (item[1].date or "")[:4] in years] or found
    newest = sorted(found, key=lambda item: item[1].date or "", reverse=True)
    nearest = min(distance for distance, _ in found)
    return _once(document for distance, document in sorted(newest, key=order) if distance == nearest)


def _once(documents: Iterable[Document]) -> tuple[Document, ...]:
    """Each document once; by its id, since hashing one would read its whole text."""
    return tuple({document.doc_id: document for document in documents}.values())
