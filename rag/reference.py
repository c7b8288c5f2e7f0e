"""The references inside provisions become links: 前款, 本法第六十六条第一款, point (f) of Article 6(1).

In: a Document and one of its Provisions. Out: Links in order: where the words of each reference stand, which provision
or other document they mean, whether it is there. It opens no other document, and knows no chapters (本章, Chapter III).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import takewhile

from rag.numerals import NUMERAL, to_int
from rag.records import Document, Path, Provision

RANK = {kind: n for n, kind in enumerate("article annex recital section paragraph item point subpoint".split())}
_TOPS = ("article", "annex", "recital")
_ALSO = {"paragraph": ("point",), "point": ("subpoint", "item"), "subpoint": ("item", "point")}

KIND = "[条條](?![件例款约文])|款(?!项)|[项項](?!目)|目(?![标的录前])"
KINDS = dict(zip("条條款项項目", "article article paragraph item item point".split(), strict=True))
_TOKEN = re.compile(
    r"《(?P<title>[^《》\n]{1,60})》(?P<of>(?:（[^（）\n]{1,30}）)?[的中]?(?=第))?"
    rf"|第[（(]?(?P<number>\s?(?:{NUMERAL}\s?){{1,12}})[)）]?(?P<kind>{KIND})(?:之(?P<insert>[一二三四五六七八九十]{{1,3}}))?"
    rf"|(?P<near>[前本]|[该同](?=[条款]第))(?P<count>[两兩二三四五六七八九十]?)(?P<step>{KIND})"
)
AND = re.compile(r"\s?(?:[、，]?(?:以及|或者|[和或及与])|、)\s?")
HEAD = re.compile(r"[#*_\s]*(?:第[^条條]{1,20}[条條](?:之[一二三四五六七八九十]{1,3})?|(?i:article|annex)\s\w+)|")
_WORDS = tuple("法 规定 解释 决定 合同 协议 规划 意见 通知 方案 计划".split())  # alone no name of a law
_NAMES = (*_WORDS, *"法典 条例 办法 细则 规则 章程 公约 条约 准则 纲要 修正案".split())
# What stands before a name and is none of it: 属于|海关法, 违反|治安管理处罚法; but 共和国, 对外贸易法, 国有资产法.
_BEFORE = re.compile(
    "[依按参比]照|根据|依据|适用|符合|违反|遵守|实施(?![细办条规])|执行(?![细办条规])|规定(?=.)|应当|可以|包括|超过|出现|或者"
    r"|[的于或除在将因是]|(?<!共)和|(?<!普)及|(?<!参)与|(?<!行)为|(?<!自)由|(?<!国)(?<!所)有|对(?!外)|[^\u4e00-\u9fff]"
    r"|.(?=(?:民法典|刑法|宪法|(?:民事|刑事|行政)诉讼法|专利法|商标法|担保法|劳动合同法)\Z)"
)
_PAREN = r"\([0-9A-Za-z]{1,5}\)"
_COUNTED = r"(?![./]?[0-9]|\s(?:days?|weeks?|months?|years?|hours?|times|%|[A-Z][a-z]+\s[0-9]{4})\b)"
_ITEM = rf"(?:[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{0,3}}[a-z]{{0,2}}\b|{_PAREN})(?:\s?{_PAREN}){{0,4}}{_COUNTED}"
_UPPER = r"(?:[IVXLC]{1,6}|[0-9]{1,2}|[A-H])\b"
_SEP = r"(?:,\s(?:(?:and|or|to)\s)?|\s(?:and|or|to|and/or|as\swell\sas)\s|\s?[–-]\s?)"
_ACT = r"(?:Regulation|Directive|Decision)s?\s(?:\([A-Z][A-Za-z, ]{1,20}\)\s)?(?:No\s)?[0-9]+/[0-9]+(?:/[A-Z]+)?"
_TREATY = r"(?:Charter|Treaty|Protocol|Convention)(?:(?:\s(?:of|on|the|No)){0,3}\s(?:[A-Z][A-Za-z]+|[0-9]+)){0,8}"
_UNIT = re.compile(
    r"\b(?:(?:(?P<upper>(?i:annex(?:es)?|sections?))|(?i:articles?|recitals?|paragraphs?|points?)|Art\.)\s"
    rf"(?P<list>(?(upper){_UPPER}(?:{_SEP}{_UPPER})*|{_ITEM}(?:{_SEP}{_ITEM})*))|(?P<act>{_ACT}))"
)
_PART = r"(?:first|second|third|fourth|fifth|last)\ssubparagraph"
_DOWN = re.compile(rf",?\s(?:{_PART},?\s)?")
_UP = re.compile(rf",?\sof\s(?:the\s{_PART}\sof\s)?")
_LIST = re.compile(rf"{_SEP}(?:(?:in|of|with|under)\s)?")
_OF = re.compile(
    rf"(?:,?\s{_PART},?)?,?\s(?:(?P<short>TFEU|TEU)\b|thereof\b|(?:of\sthe\sAnnex\s)?(?:of|to)\s(?:the\s)?"
    rf"(?:[A-Z][a-z]+\s){{0,2}}(?:(?P<act>{_ACT})|(?P<treaty>{_TREATY})|that\s[A-Z][a-z]+|(?P<this>this\s[A-Za-z]+)))"
)


@dataclass(frozen=True)
class Link:
    """A reference, whose words are `text[start:end]` of the document that holds it.

    `path` is the narrowest provision meant, `to` the last one of a range (前两款), both in `document`: another's title
    as written there, None for this one. `path` is None where no provision is named, or none is there (前款 in a first
    paragraph); `exists`: whether this document has both, None for another.
    """

    start: int
    end: int
    path: Path | None
    document: str | None = None
    exists: bool | None = None
    to: Path | None = None


@dataclass
class Reference:
    start: int
    end: int
    base: Path = ()  # where it stands
    steps: Path = ()  # as written, () where nothing is
    other: str | None = None  # "" for a document that is not known
    to: Path = ()


def links(document: Document, provision: Provision) -> list[Link]:
    """The references in the text of `provision`, not overlapping; time is linear in its length."""
    reading = Reading(document, provision)
    reading.chinese() if document.lang == "zh" else reading.european()
    return [reading.link(found) for found in reading.found if found.other != ""]


class Reading:
    def __init__(self, document: Document, provision: Provision) -> None:
        self.document, self.text, self.known = document, document.text, document.by_path
        self.start, self.stop = provision.start, provision.end
        if len(provision.path) == 1 and (head := HEAD.match(self.text, self.start, self.stop)):
            self.start = head.end()  # the article's own number
        self.found: list[Reference] = []
        self.named: str | None = ""  # the document named last
        self.units: list[tuple[str, list[Reference]]] = []  # of the European reference that is open, broadest first
        self.run, self.end = 0, self.start  # how many references stand before the open list, and where that ends

    def before(self, at: int) -> Path:
        n = bisect_left(self.document.provisions, at, key=lambda p: p.start)
        return self.document.provisions[n - 1].path if n else ()

    def base(self, at: int) -> Path:
        """The path of the innermost provision around the character `at`, without its sentence."""
        path = self.before(at + 1)
        while path and (path[-1][0] == "sentence" or self.known[path].end <= at):
            path = path[:-1]
        return path

    def find(self, steps: Path, base: Path) -> tuple[Path, bool]:
        """The provision that `steps` name, and whether it is there; a level may be left out or be called otherwise."""
        path = steps[:1]
        for n, step in enumerate(steps[1:], 1):
            below = self.below(path, step, base)
            lone = step == ("paragraph", "1") and (*path, ("paragraph", "2")) not in self.known
            if not (below or lone or step[0] == "section"):
                return path + steps[n:], False
            path = below or path
        return path, path in self.known

    def below(self, path: Path, step: tuple[str, str], base: Path) -> Path | None:
        """`step` directly below `path` or in a paragraph of an article, the one around `base` before the first 99."""
        places = [path]
        if len(path) == 1 and step[0] not in ("paragraph", "section"):
            inside = ((*path, ("paragraph", str(n))) for n in range(1, 100))
            places += [base[:2]] * (base[:1] == path) + list(takewhile(self.known.__contains__, inside))
        paths = ((*place, (kind, step[1])) for place in places for kind in (step[0], *_ALSO.get(step[0], ())))
        return next((each for each in paths if each in self.known), None)

    def other(self, name: str) -> str | None:
        """`name` in the singular, or None when it is the title of this document, or its number the first in that."""
        own, given = (words.strip("《》").removeprefix("中华人民共和国") for words in (self.document.title, name))
        first, number = (re.search("[0-9]+/[0-9]+", words) for words in (own, given))
        is_own = own == given or (first and number and first[0] == number[0])
        return None if is_own else re.sub(r"s\b(?=\s[(N0-9])", "", name)

    def link(self, found: Reference) -> Link:
        if found.other is not None:
            return Link(found.start, found.end, found.steps or None, found.other, None, found.to or None)
        path, exists = self.find(found.steps, found.base)
        to, ends = self.find(found.to, found.base) if found.to else ((), True)
        return Link(found.start, found.end, path or None, None, exists and ends, to or None)

    def chinese(self) -> None:
        last: Reference | None = None  # the one that the next token may go on
        for token in _TOKEN.finditer(self.text, self.start, self.stop):
            found = Reference(*token.span(), self.base(token.start()))
            if title := token["title"]:
                found.other = self.named = self.other(title)
                is_law = token["of"] is not None or title.split("（")[0].endswith(_NAMES)
                last = found if found.other and is_law else None
            elif token["near"]:
                last = self._near(token, KINDS[token["step"]], found)
            else:
                last = self._step(found, token, last)
            if last is found:
                self.found.append(found)

    def _step(self, found: Reference, token: re.Match[str], last: Reference | None) -> Reference | None:
        """One 第…条, 款, 项 or 目: it goes on the `last` reference, ends its range, follows it in a list, or is new."""
        kind = KINDS[token["kind"]]
        try:
            number = str(to_int(token["number"])) + (f"-{to_int(token['insert'])}" if token["insert"] else "")
        except ValueError:  # 第百千条 is no number
            return None
        found.steps = ((kind, number),)
        past = last.to or last.steps if last else ()
        above, gap = steps_above(past, kind), self.text[last.end : found.start][:8] if last else "。"
        if last and not gap.strip() and above == past:
            last.end = found.end
            if last.to:
                last.to += found.steps
            elif past or last.other is not None:  # else 前款 of a first paragraph has no 第一项 either
                last.steps += found.steps
            return last
        if last and past and not last.to and gap.strip() in ("至", "到"):
            last.end, last.to = found.end, above + found.steps
            return last
        if last and past and AND.fullmatch(gap) and (above or kind == "article"):
            found.steps, found.other = above + found.steps, last.other
        elif kind == "article":
            self._name(found, last.end if last else self.start)
        else:  # in the same article, or where that has none in the provision named last
            step, last = found.steps, (self.found or [Reference(0, 0)])[-1]
            found.steps, above = self._anchored(step, found.base), steps_above(last.steps, kind)
            there = above and (last.other is not None or self.find(above + step, found.base)[1])
            if there and not self.find(found.steps, found.base)[1]:
                found.steps, found.other = above + step, last.other
        return found

    def _near(self, token: re.Match[str], kind: str, found: Reference) -> Reference:
        """本款 is around it, 前两款 are before that, 该条 is the one named last; they may mean nothing."""
        own = found.base[: next((n for n, step in enumerate(found.base, 1) if step[0] == kind), 0)]
        if token["near"] in "该同":
            last = (self.found or [Reference(0, 0)])[-1]
            found.steps, found.other = steps_above(last.steps, "paragraph" if kind == "article" else "item"), last.other
        elif token["near"] == "本":  # an article without 款 is its only one
            found.steps = own or (found.base if kind == "paragraph" and len(found.base) == 1 else ())
        else:
            found.steps = end = self._sibling(own)
            for _ in range(to_int(token["count"] or "一") - 1):
                found.steps = self._sibling(found.steps)
            found.to = end if found.steps and found.steps != end else ()
        return found

    def _sibling(self, path: Path) -> Path:
        """The path of the article, paragraph or item before one, () before the first."""
        if not path or path[-1][0] == "article":
            above = self.before(self.known[path].start)[:1] if path else ()
            return above if above and above[0][0] == "article" else ()
        number = int(path[-1][1]) - 1
        return (*path[:-1], (path[-1][0], str(number))) if number else ()

    def _name(self, found: Reference, after: int) -> None:
        """The name of a law directly before an article: 刑法; 本法 is this one, 该法 the one named last."""
        words = self.text[max(after, found.start - 30) : found.start]
        name = _BEFORE.split(words)[-1] if words.endswith(_NAMES) else ""
        own = re.search(r"本.{1,8}\Z", name)
        if name in ("", *_WORDS):  # an article that this document has not is of the law named before
            found.other = self.named if self.named and found.steps not in self.known else None
        else:
            found.start -= len(own[0] if own else name)
            self.named = found.other = None if own else self.named if name[0] in "该同其" else self.other(name)

    def european(self) -> None:  # units such as Articles 5 to 7 or points (a) and (b), nested by a comma or by of
        for token in _UNIT.finditer(self.text, self.start, self.stop):
            kind = next((name for name in RANK if name.startswith(token[0][:3].lower())), "")
            unit = (kind, [] if token["act"] else _items(token, kind))
            gap = self.text[self.end : token.start()][:40]
            if unit[1] and self.units and _DOWN.fullmatch(gap) and RANK[kind] > RANK[self.units[-1][0]]:
                self.units.append(unit)
            elif unit[1] and self.units and _UP.fullmatch(gap) and RANK[kind] < RANK[self.units[0][0]]:
                self.units.insert(0, unit)
            else:
                self._close()
                if token.start() < self.end:  # the act that the reference just closed belongs to
                    continue
                if token["act"]:
                    self.named = self.other(token["act"])
                    self.found += [Reference(*token.span(), other=self.named)] if self.named else []
                else:
                    self.start, self.units = token.start(), [unit]
                self.run = self.run if unit[1] and _LIST.fullmatch(gap) else len(self.found)
            self.end = token.end()
        self._close()

    def _close(self) -> None:
        """The open reference becomes as many as it lists; an act named behind it is that of the whole list."""
        units, self.units = self.units, []
        if not units or units[0][0] == "section":
            return
        other: str | None = None
        if of := _OF.match(self.text, self.end, self.stop):
            self.end = of.end()
            name = of["act"] or of["treaty"] or of["short"]
            other = self.other(name) if name else None if of["this"] else self.named
            self.named = other if name else self.named
        n, items = max(enumerate(items for _, items in units), key=lambda unit: len(unit[1]))
        above = tuple(step for _, each in units[:n] for step in each[0].steps)
        below = tuple(step for _, each in units[n + 1 :] for step in each[0].steps)
        items[0].start, items[-1].end, base = self.start, self.end, self.base(self.start)
        for item in items:
            item.base, item.other = base, other
            item.steps = self._anchored(above + item.steps + below, () if other else base)
            item.to = self._anchored(above + item.to + below, base) if item.to else ()
        self.found += items
        for found in self.found[self.run :] if other is not None else ():
            found.other = other if found.steps[:1] != base[:1] else found.other  # paragraph 1 stays of this article
        self.run = len(self.found) if of else self.run

    def _anchored(self, steps: Path, base: Path) -> Path:  # paragraph 1 of the same article, the nearest point (a)
        if steps[0][0] in _TOPS:
            return steps
        around = range(len(base), 0, -1) if steps[0][0] == "point" else ()
        near = next((n for n in around if self.below(base[:n], steps[0], base)), 1)
        return (*base[:near], *steps) if base and base[0][0] in _TOPS else ()


def _items(token: re.Match[str], kind: str) -> list[Reference]:  # Articles 5 to 7, 9 and 6(1), (2): 5 to 7, ... 6(2)
    found, parts = list[Reference](), list[str]()
    names = (kind, *"paragraph point subpoint item item".split()[{"article": 0, "point": 2}.get(kind, 1) :])
    for piece in re.finditer(rf"{_ITEM}|{_UPPER}", token["list"]):
        own = re.findall("[0-9A-Za-z]+", piece[0])
        parts = [*parts[: -len(own)], *own] if piece[0][0] == "(" else own
        start, end = (token.start("list") + n for n in piece.span())
        steps = tuple(zip(names, parts, strict=False))
        if found and token.string[found[-1].end : start].strip(" ,") in ("to", "–", "-"):
            found[-1].to, found[-1].end = steps, end
        else:
            found.append(Reference(start, end, (), steps))
    return found


def steps_above(steps: Path, kind: str) -> Path:
    return tuple(step for step in steps if RANK.get(step[0], 99) < RANK[kind])
