# ruff: noqa: E501
"""Documents -> sentences on their clauses with the verdict known: true ones, and ones with one fact changed.

True ones are what a small model writes from a clause: a part of it, led by its article, with its numbers rewritten, one
item with its lead-in, harmless rewordings. Changed ones differ from a true one in one fact, and are left out where the
articles at hand state them too. The same seed makes the same pairs. It does not judge; `cite.support` does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rag import facts
from rag.labels import short_label
from rag.numerals import to_chinese
from rag.records import Document, Hit, Path, Provision
from rag.worded import words

AROUND = 4
"""How many neighbouring articles are retrieved beside the right one: a changed sentence may find support there."""

CRITICAL = ("number", "date", "percent", "amount", "unit", "bound", "article", "negation", "modality", "exception")
"""Kinds of change that are to be caught at 99 %; `subject` at 95 %; for the others there is no bar."""


@dataclass(frozen=True)
class Pair:
    """`kind` is how a true sentence was written (`true`), or what was changed."""

    document: Document
    true: bool
    kind: str
    text: str
    hits: tuple[Hit, ...]
    path: Path


@dataclass(frozen=True)
class Base:
    """A clause to write from: its `text` without number, the `lead` before it where it is an item, and its siblings."""

    provision: Provision
    text: str
    lead: str
    others: tuple[str, ...]
    following: str


Make = Callable[[Base, "Maker"], "str | None"]

ZH = {
    "number": r"(\d+|[一二两三四五六七八九十百千]+)(?=[人个倍次项名家台件])",
    "date": r"([二一][〇一二三四五六七八九]{3}(?=年)|\d{4}(?=年)|(?:\d+|[一二两三四五六七八九十]+)(?=个?工作日|日(?!常|报)|个?月|年(?!度|龄)|小时))",
    "percent": r"(?<=百分之)([一二三四五六七八九十百]+)|(\d+(?:\.\d+)?)(?=%)",
    "amount": r"(\d+|[一二三四五六七八九十百千]+)(?=(?:[万亿]+)?元)",
}
EN = {
    "number": r"\b(two|three|four|five|six|seven|ten|twelve|twenty|\d+(?! ?(?:%|per ?cent|000|\())) "
              r"(?!days?|hours?|weeks?|months?|years?|per|EUR|of the|or |to |million)(?=[a-z])",
    "date": r"\b(\d+|two|three|four|five|six|seven|ten|twelve|fifteen|thirty|one)(?= (?:working )?(?:days?|hours?|weeks?|months?|years?)\b)"
            r"|\b(\d{1,2})(?= (?:January|February|August|May|June|April|December) 20)|(20\d\d)\b",
    "percent": r"\b(\d+)(?= ?%)",
    "amount": r"(?<=EUR )(\d+)(?= \d)|(?<=€)(\d+)",
}  # fmt: skip
UNITS = {
    "zh": (("个工作日", "日"), ("日内", "个工作日内"), ("日以", "个月以"), ("年以", "个月以"), ("个月", "年"), ("小时", "日"),
           ("万元", "元"), ("万元", "亿元"), ("年内", "个月内")),
    "en": (("working days", "days"), (" days", " weeks"), (" months", " years"), (" month", " week"), (" years", " months"),
           (" hours", " days"), ("million", "billion")),
}  # fmt: skip
BOUNDS = {
    "zh": (("以上", "以下"), ("以下", "以上"), ("不超过", "不少于"), ("不得超过", "不得少于"), ("不少于", "不超过"), ("不得少于", "不得超过"),
           ("日内", "日后"), ("届满前", "届满后"), ("之前", "之后"), ("增加", "减少"), ("减少", "增加"), ("高于", "低于"),
           ("提高", "降低"), ("降低", "提高"), ("最低", "最高"), ("至少", "至多"), ("不低于", "不高于"), ("不满", "超过")),
    "en": (("at least", "at most"), ("within", "after"), ("before", "after"), ("after", "before"), ("not exceed", "exceed"),
           ("more than", "less than"), ("higher", "lower"), ("lower", "higher"), ("increase", "decrease"), ("minimum", "maximum"),
           ("no later than", "no earlier than"), ("prior to", "following"), ("up to", "at least")),
}  # fmt: skip
MODES = {
    "zh": (("应当", "可以"), ("可以", "应当"), ("不得", "可以"), ("有权", "应当"), ("必须", "可以"), ("可以", "不得"), ("方可", "应当")),
    "en": (("shall", "may"), ("may", "shall"), ("shall not", "may"), ("must", "may"), ("should", "may"), ("may", "must")),
}  # fmt: skip
DENIALS = {
    "zh": (("不得", "应当"), ("不得", ""), ("应当", "不得"), ("应当", "不应当"), ("可以", "不得"), ("不予", "予以"), ("未经", "经"),
           ("禁止", ""), ("禁止", "鼓励"), ("没有", "有"), ("无权", "有权"), ("有权", "无权"), ("未", ""), ("不", ""), ("鼓励", "禁止"),
           ("支持", "不支持"), ("推动", "不推动"), ("加强", "不再加强"), ("促进", "反对")),
    "en": (("shall not", "shall"), ("shall", "shall not"), ("may", "may not"), (" not ", " "), ("without", "with"),
           ("is necessary", "is not necessary"), ("should", "should not"), ("is ", "is not "), ("prohibited", "permitted"),
           ("No ", "Any "), ("has ", "has no "), ("are ", "are not ")),
}  # fmt: skip
SAME = {
    "zh": (("应当", "应"), ("应当", "须"), ("应当", "必须"), ("不得", "禁止"), ("可以", "可"), ("以及", "和"), ("依照", "根据"), ("依照", "按照"),
           ("及其", "和其"), ("并且", "并"), ("或者", "或"), ("具有", "有"), ("的", ""), ("与", "和"), ("等", ""), ("其他", "其它"),
           ("之日起", "起"), ("应当", "需"), ("按照", "依照"), ("所", ""), ("进行", ""), ("并", "并且"), ("自", "从"), ("有权", "可以"),
           ("严禁", "禁止"), ("以及", "及"), ("但是", "但"), ("由", "")),
    "en": (("shall", "must"), ("shall not", "must not"), ("pursuant to", "under"), ("in accordance with", "under"), ("prior to", "before"),
           ("such as", "including"), ("in order to", "to"), ("upon", "on"), ("which", "that"), ("his or her", "their"),
           ("where", "if"), ("Where", "If"), ("Where", "When"), ("shall ensure", "must ensure"), ("the", ""), ("referred to in", "mentioned in"),
           ("with regard to", "regarding"), ("concerning", "regarding"), ("shall", "has to"), ("in the event of", "in case of")),
}  # fmt: skip
NAME = r"《([^《》]+)》|“([^“”]+)”|‘([^‘’]+)’"
PRONOUNS = ("it", "they", "that", "this", "he or she", "that period", "those periods", "the latter")
LOST = ("的", "等", "所", "进行", "由", "the")  # reworded by leaving out, at one place
INVENTED = {
    "zh": ("费用全部由国家承担", "并在三年内完成", "违者处以拘役", "并设立专项奖励基金", "由国务院总理签署", "同时免征所得税"),
    "en": ("and pay an annual fee", "with the consent of the Parliament", "free of any charge for life",
           "and publish it in a newspaper", "subject to a criminal conviction", "within the first week of January"),
}  # fmt: skip
EXCEPTION = {"zh": r"[，,](?:但是?[，,]?)?[^，。；]*(?:除外|不在此限)", "en": r",? (?:unless|except)\b[^.;:]*"}
ACTOR = {
    "zh": r"\A(?:[^，。；：]*[，,])?([^，。；：、的时后前]{2,16}?)(?=应当|应(?!对|用)|不得|可以|有权|负责|必须|主管)",
    "en": r"\A((?:[\w’'-]+ ){0,4}[\w’'-]+)(?= (?:shall|may|should|must)\b)",
}
LEAD_IN = {
    "zh": r"(?:履行下列\w{0,6}(?:职责|义务)|有下列行为(?:之一)?|从事下列\w{0,6}(?:活动|行为))：$",
    "en": r"\b(?!have)(\w+) the following(?: \w+)?:$",
}


class Maker:
    """Pairs of one document."""

    def __init__(self, document: Document, seed: int = 0) -> None:
        self.document, self.lang = document, document.lang
        self.random = random.Random(f"{seed}-{document.title}")
        self.tops = [p for p in document.provisions if len(p.path) == 1 and p.path[0][0] not in ("recital",)]
        self.bases = list(self._bases())
        self.actors = sorted(
            {
                found[1].strip()
                for b in self.bases
                if (found := re.search(ACTOR[self.lang], b.text)) and not re.match("以及|但是?|并|或者", found[1])
            }
        )
        self.names = sorted({"".join(g) for b in self.bases for g in re.findall(NAME, b.text)})

    def pairs(self, each: int) -> Iterator[Pair]:
        """At most `each` pairs of every kind."""
        for true, makes in ((True, TRUE), (False, CHANGED)):
            for kind, make in makes.items():
                order = self.random.sample(self.bases, len(self.bases))
                made = (pair for base in order if (pair := self._pair(base, true, kind, make)))
                for _, pair in zip(range(each), made, strict=False):
                    yield pair

    def rendered(self, table: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[Pair]:
        """The sentences in another language that are written down for its articles."""
        for number, rows in table.items():
            path = (("article", number),)
            for kind, text in rows:
                yield Pair(self.document, kind == "true", kind, text, self._hits(path), path)

    def _pair(self, base: Base, true: bool, kind: str, make: Make) -> Pair | None:
        text = make(base, self)
        if not text or not 8 <= len(facts.plain(text)) <= 400:
            return None
        hits = self._hits(base.provision.path[:1])
        if kind == "negation" and denials(text) == denials(base.lead + base.text):
            return None
        said = facts.plain(text)
        # a quotation is no change, unless of what it denies: the part before it is what was left out
        quoted = kind not in ("negation", "exception") and any(said in facts.plain(hit.text) for hit in hits)
        if quoted and not true:
            return None
        return Pair(self.document, true, kind, finished(text, self.lang), hits, base.provision.path)

    def _hits(self, path: Path) -> tuple[Hit, ...]:
        at = next(n for n, top in enumerate(self.tops) if top.path == path)
        near = sorted(range(len(self.tops)), key=lambda n: (abs(n - at), n))[: AROUND + 1]
        return tuple(Hit(self.document, self.tops[n], 1.0 - k / 10, "dense", 0.9) for k, n in enumerate(near))

    def _bases(self) -> Iterator[Base]:
        parents = {p.path[:-1] for p in self.document.provisions}
        leaves = [p for p in self.document.provisions if p.path not in parents and p.path[0][0] != "recital"]
        for n, leaf in enumerate(leaves):
            text = bare(self.document.text_of(leaf))
            lead, others = "", ()
            if (
                leaf.path[-1][0] in ("item", "point", "subpoint")
                and len(leaf.path) > 1
                and leaf.path[:-1] in self.document.by_path
            ):
                parent = self.document.by_path[leaf.path[:-1]]
                siblings = [p for p in self.document.children(parent.path) if p.path[-1][0] == leaf.path[-1][0]]
                lead = bare(self.document.text[parent.start : siblings[0].start]).split("\n")[-1]
                lead = re.split(r"(?<=[。.])\s*", lead.rstrip())[-1] if not lead.rstrip().endswith("。") else ""
                others = tuple(bare(self.document.text_of(p)) for p in siblings if p != leaf)
            after = leaves[n + 1] if n + 1 < len(leaves) else leaf
            same = (
                after.path[:-1] == leaf.path[:-1]
                and after.path[-1][0] == leaf.path[-1][0] == "sentence"
                and after != leaf
            )
            following = bare(self.document.text_of(after)) if same else ""
            if 10 <= len(text) <= 500 and not self.document.is_title(leaf.path):
                yield Base(leaf, text, lead if lead.endswith(("：", ":")) else "", others, following)


def denials(text: str) -> int:
    return len(facts.NEGATION.findall(facts.HARMLESS.sub("", text)))


def bare(text: str) -> str:
    """A clause without its number and markup."""
    text = re.sub(r"\A(?:#+[^\n]*\n+)?(?:\*\*)?(?:第[^　 ]{1,12}条(?:\*\*)?[　 ]+)?", "", text.strip())
    return re.sub(
        r"\A(?:（[一二三四五六七八九十]+）|\(\w{1,4}\)|\d{1,2}\.\s|[一二三四五六七八九十]+、)\s*", "", text
    ).strip()


def finished(text: str, lang: str) -> str:
    body = re.sub(r"(?:[，；：。,;:.、]|; (?:and|or))+\Z", "", text.strip())
    return body + ("。" if lang == "zh" else ".")


def parts(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[，,])\s*", text) if part.strip()]


def swapped(text: str, table: tuple[tuple[str, str], ...], maker: Maker) -> str | None:
    """`text` with one of the changes of `table` that apply, at one place of it."""
    words = [(old, new) for old, new in table if old in text]
    if not words:
        return None
    old, new = maker.random.choice(words)
    places = [
        m.start()
        for m in re.finditer(re.escape(old) if maker.lang == "zh" else rf"(?<![a-z]){re.escape(old)}(?![a-z])", text)
    ]
    if not places:
        return None
    at = maker.random.choice(places)
    if text[at + len(old) :].lstrip().startswith(("not ", "be,")) and old in ("shall", "may", "must"):
        return None
    return re.sub(r"(?<=[a-z])  +(?=[a-z])", " ", text[:at] + new + text[at + len(old) :])


# -- true sentences


def part(base: Base, maker: Maker) -> str | None:
    """Some comma-parts of the clause in a row, from its beginning, without an exception cut off."""
    own = parts(base.text)
    if base.lead or re.search(EXCEPTION[maker.lang], base.text):
        return None
    kept = (" " if maker.lang == "en" else "").join(own[: maker.random.randint(1, len(own))])
    return None if re.search(r" (?:shall|may|and|or|that|which),\Z", kept) else kept


def cited(base: Base, maker: Maker) -> str | None:
    own = part(base, maker) if base.provision.path[0][0] == "article" else None
    return led(own, base.provision.path, maker) if own and len(facts.plain(own)) > 12 else None


def led(text: str, path: Path, maker: Maker) -> str:
    """《…》第X条第Y款 before a sentence, in one of the ways that models write it."""
    steps = tuple(step for step in path if step[0] != "sentence")
    title = maker.document.label(())
    if maker.lang == "en":
        label = short_label("en", steps).replace("Art.", "Article")
        return (
            maker.random.choice(("Under {}, ", "According to {}, ", "{} states that ", "Pursuant to {}, ")).format(
                label
            )
            + text[0].lower()
            + text[1:]
        )
    label = short_label("zh", steps)
    if maker.random.random() < 0.3:
        label = re.sub(
            "第([零一二三四五六七八九十百千]+)(?=[条款项])",
            lambda m: f"第{facts.arabic('第' + m[1] + '条')[1:-1]}",
            label,
        )
    name = maker.random.choice((title, ""))
    return (
        maker.random.choice(("根据{}的规定，", "根据{}，", "依据{}规定，", "{}规定，", "按照{}的规定，")).format(
            name + label
        )
        + text
    )


def numbers(base: Base, maker: Maker) -> str | None:
    own = part(base, maker) or (base.lead and base.lead + base.text)
    if not own:
        return None
    if maker.lang == "en":
        words = {str(n): word for word, n in facts.ENGLISH.items() if 1 < n < 11}
        back = {word: n for n, word in words.items()} | {"thirty": "30", "twelve": "12"}
        new = re.sub(
            r"\b(two|three|four|five|six|seven|ten|thirty|twelve)(?= (?:days|hours|weeks|months|years|times|of))",
            lambda m: back[m[1]],
            own,
        )
        new = re.sub(r"\b([2-9])(?= (?:days|hours|weeks|months|years)\b)", lambda m: words[m[1]], new)
        new = re.sub(r"(\d)\s?%", lambda m: f"{m[1]} per cent", new)
    else:
        new = facts.arabic(own)
        if new == own:
            new = re.sub(
                r"(?<![\d.第])(\d{1,4})(?=[日年个月天])",
                lambda m: (
                    to_chinese(int(m[1])) if len(m[1]) < 4 else "".join("〇一二三四五六七八九"[int(d)] for d in m[1])
                ),
                own,
            )
            new = re.sub(r"(?<![\d.])(\d{1,2})%", lambda m: f"百分之{to_chinese(int(m[1]))}", new)
    return new if new != own and facts.plain(new) != facts.plain(own) else None


def one_item(base: Base, maker: Maker) -> str | None:
    """The lead-in with one of its items."""
    if not base.lead or re.search(r"其他|other", base.text[:12]):
        return None
    joint = maker.random.choice(("：", "")) if maker.lang == "zh" else maker.random.choice((": ", " "))
    return base.lead.rstrip("：: ") + joint + re.sub(r"[；;。.]?(?: ?(?:and|or))?\Z", "", base.text)


def some_items(base: Base, maker: Maker) -> str | None:
    if not base.lead or not base.others or any(len(text) > 90 for text in (base.text, *base.others)):
        return None
    kept = [base.text, *maker.random.sample(base.others, min(len(base.others), maker.random.randint(1, 3)))]
    whole = maker.document.text_of(maker.document.by_path[base.provision.path[:-1]]).split("\n")
    kept.sort(key=lambda text: next((n for n, line in enumerate(whole) if text in line), 0))
    kept = [re.sub(r"[；;。.]?(?: ?(?:and|or))?\Z", "", text) for text in kept]
    joint = (
        maker.random.choice(("；", "、", "，")) if maker.lang == "zh" else maker.random.choice(("; ", ", ", "; and "))
    )
    return (
        base.lead.rstrip("：: ")
        + maker.random.choice(("：", "")) * (maker.lang == "zh")
        + ": " * (maker.lang == "en")
        + joint.join(kept)
    )


def lead_and_item(base: Base, maker: Maker) -> str | None:
    """The subject of the lead-in with the predicate of an item: A应当履行下列义务:(一)保存记录 -> A应当保存记录."""
    if not re.search(LEAD_IN[maker.lang], base.lead):
        return None
    if maker.lang == "en":
        return re.sub(r" the following(?: \w+)?:$", " ", base.lead) + base.text
    return re.sub(LEAD_IN["zh"], "", base.lead) + base.text


def reworded(base: Base, maker: Maker) -> str | None:
    own = part(base, maker) or (base.lead and one_item(base, maker))
    new = own and swapped(own, SAME[maker.lang], maker)
    return new and (swapped(new, SAME[maker.lang], maker) if maker.random.random() < 0.4 else new)


def shortened(base: Base, maker: Maker) -> str | None:
    """Without what only says why, when or how: one part that denies nothing and counts nothing."""
    own = parts(base.text)
    loose = (
        r"的[，,]\Z|\A(?:为了?|根据|依照|按照|在|经|对|自).*[，,]\Z"
        if maker.lang == "zh"
        else r"\A(?:where|in accordance|taking|including|if|as|when|in order|for|without prejudice|in particular)\b.*,\Z"
    )
    able = [
        n
        for n, text in enumerate(own[:-1])
        if re.search(loose, text, re.I) and not facts.negations(text) and not facts.numbers(text)
    ]
    if base.lead or len(own) < 2 or not able or re.search(EXCEPTION[maker.lang], base.text):
        return None
    at = maker.random.choice(able)
    left = own[:at] + own[at + 1 :]
    if re.search("[；;]", own[at]):
        return None
    return left and (" " if maker.lang == "en" else "").join(left)


def sublist(base: Base, maker: Maker) -> str | None:
    """A list without one of its members."""
    found = (
        re.search(r"[^，。；、和与或]{2,12}、", base.text)
        if maker.lang == "zh"
        else re.search(r"(?<=[a-z], )[a-z-]+, (?=[a-z -]+ (?:and|or) )", base.text)
    )
    if base.lead or not found or facts.negations(found[0]) or re.search(EXCEPTION[maker.lang], base.text):
        return None
    members = list(re.finditer(r"(?<=、)[^，。；、和与或]{2,12}、", base.text)) if maker.lang == "zh" else [found]
    if not members:
        return None
    gone = maker.random.choice(members)
    return base.text[: gone.start()] + base.text[gone.end() :]


def joined(base: Base, maker: Maker) -> str | None:
    if not base.following or len(base.text) + len(base.following) > 300:
        return None
    return finished(base.text, maker.lang)[:-1] + ("，" if maker.lang == "zh" else ", and ") + base.following


TRUE: dict[str, Make] = {
    "part": part, "cited": cited, "numbers": numbers, "one item": one_item, "some items": some_items,
    "lead and item": lead_and_item, "reworded": reworded, "shortened": shortened, "sublist": sublist, "joined": joined,
}  # fmt: skip


# -- changed ones


def whole(base: Base, maker: Maker) -> str:
    """The clause to change, now and then shortened to its first parts or led by its article."""
    own = base.lead.rstrip("：: ") + ("：" if maker.lang == "zh" else ": ") + base.text if base.lead else base.text
    if base.provision.path[0][0] != "article":
        return own
    return own if maker.random.random() < 0.7 or base.lead else led(own, base.provision.path, maker)


def figure(kind: str) -> Make:
    def make(base: Base, maker: Maker) -> str | None:
        own = whole(base, maker)
        places = [
            m for m in re.finditer((ZH if maker.lang == "zh" else EN)[kind], own) if not own[: m.start()].endswith("第")
        ]
        if not places:
            return None
        place = maker.random.choice(places)
        old = next(group for group in place.groups() if group)
        at = place.start() + place[0].index(old)
        new = other_number(old, maker)
        return own[:at] + new + own[at + len(old) :] if new else None

    return make


def other_number(old: str, maker: Maker) -> str | None:
    if old in facts.ENGLISH:
        return maker.random.choice([word for word, n in facts.ENGLISH.items() if 1 < n <= 30 and word != old])
    digits = facts.arabic(old + "个")[:-1] if not old.isdigit() else old
    if len(old) == 4 and not old.isdigit():
        digits = facts.arabic(old + "年")[:-1]
    try:
        value = float(digits)
    except ValueError:
        return None
    new = maker.random.choice((value + 1, value + 2, value * 2, value + 5, value * 3, max(1.0, value - 1)))
    new = new if new != value else value + 1
    if len(digits) == 4 and 1900 < value < 2100:
        return str(int(value + maker.random.choice((1, -1, 5, 10))))
    if "." in digits:
        return f"{new:.1f}"
    return str(int(new)) if old.isdigit() or maker.random.random() < 0.3 else to_chinese(int(new))


def table(tables: dict[str, tuple[tuple[str, str], ...]]) -> Make:
    return lambda base, maker: swapped(whole(base, maker), tables[maker.lang], maker)


def wrong_article(base: Base, maker: Maker) -> str | None:
    """Another article, 款 or 项 in what leads a sentence, or in a reference inside it."""
    path, at = base.provision.path, maker.random.random()
    inside = (
        r"第([一二三四五六七八九十百]+)(?=[条款项])"
        if maker.lang == "zh"
        else r"(?:Articles? |point \(|paragraphs? )(\d+|[a-z])\b"
    )
    if at < 0.4 and (found := list(re.finditer(inside, base.text))):
        place = maker.random.choice(found)
        old = place[1]
        new = (
            str(int(old) + 1)
            if old.isdigit()
            else chr(ord(old) + 1)
            if maker.lang == "en"
            else to_chinese(int(facts.arabic(f"第{old}条")[1:-1]) + 1)
        )
        own = whole(base, maker)
        start = own.rindex(base.text[1:]) - 1 + place.start(1)
        return own[:start] + new + own[start + len(old) :]
    steps = [step for step in path if step[0] != "sentence"]
    own = part(base, maker)
    if base.lead or path[0][0] != "article" or not own or len(facts.plain(own)) < 13:
        return None
    n = maker.random.randrange(len(steps))
    kind, number = steps[n]
    new = str(int(number) + maker.random.choice((1, 2))) if number.isdigit() else chr(ord(number[0]) + 1)
    return led(own, (*steps[:n], (kind, new), *steps[n + 1 :]), maker)


def exception(base: Base, maker: Maker) -> str | None:
    """除外 or unless dropped where it stands, or added where it does not."""
    own = whole(base, maker)
    if found := re.search(EXCEPTION[maker.lang], own):
        return None if "另有" in found[0] or found.start() < 8 else own[: found.start()] + own[found.end() :]
    if maker.random.random() < 0.8:
        return None
    added = (
        ("，但经主管部门同意的除外", "，紧急情况除外")
        if maker.lang == "zh"
        else (" unless the Commission decides otherwise", ", except in urgent cases")
    )
    return re.sub(r"[。.；;]?\Z", "", own) + maker.random.choice(added)


def subject(base: Base, maker: Maker) -> str | None:
    """Who acts, replaced by another who acts elsewhere in the document: if there is one, in the same article."""
    own = base.text
    found = re.search(ACTOR[maker.lang], own)
    if not found or base.lead:
        return None
    old = found[1]
    near = maker.document.text[slice(*span(maker, base))]
    mine = {word.key for word in words(old)}
    others = [
        a
        for a in maker.actors
        if mine != {word.key for word in words(a)}
        and a not in old
        and old not in a
        and len(a) > 1
        and a.lower() not in PRONOUNS
    ]
    close = [a for a in others if a in near]
    if not others:
        return None
    new = maker.random.choice(close if close and maker.random.random() < 0.6 else others)
    rest = facts.plain(own[found.end(1) :])
    for sentence in re.split(r"[。\n]|\. ", " ".join(hit.text for hit in maker._hits(base.provision.path[:1]))):
        if facts.plain(new) in facts.plain(sentence).split(rest[:8])[0] and rest[:8] in facts.plain(sentence):
            return None  # it is said of both
    return own[: found.start(1)] + (new[0].upper() if old[0].isupper() else new[0]) + new[1:] + own[found.end(1) :]


def span(maker: Maker, base: Base) -> tuple[int, int]:
    top = maker.document.by_path[base.provision.path[:1]]
    return top.start, top.end


def name(base: Base, maker: Maker) -> str | None:
    found = list(re.finditer(NAME, base.text))
    if not found:
        return None
    place = maker.random.choice(found)
    others = [n for n in maker.names if n != (place[1] or place[2] or place[3])] or [
        "绿色契约" if maker.lang == "zh" else "Green Compact"
    ]
    return base.text[: place.start() + 1] + maker.random.choice(others) + base.text[place.end() - 1 :]


def other_item(base: Base, maker: Maker) -> str | None:
    """The lead-in of one list with an item of another, or a member of a list replaced by one of another's."""
    if base.lead:
        strange = [
            b for b in maker.bases if b.lead and b.lead != base.lead and b.provision.path[:1] != base.provision.path[:1]
        ]
        return (
            base.lead.rstrip("：: ") + ("：" if maker.lang == "zh" else ": ") + maker.random.choice(strange).text
            if strange
            else None
        )
    member = (
        r"(?<=、)[^，。；、和与或等]{2,10}(?=、)" if maker.lang == "zh" else r"(?<=[a-z], )[a-z]+(?=,? (?:and|or) )"
    )
    mine = list(re.finditer(member, base.text))
    others = [
        m
        for b in maker.random.sample(maker.bases, min(40, len(maker.bases)))
        for m in re.findall(member, b.text)
        if m not in base.text
    ]
    if not mine or not others:
        return None
    place = maker.random.choice(mine)
    return base.text[: place.start()] + maker.random.choice(others) + base.text[place.end() :]


def appended(base: Base, maker: Maker) -> str | None:
    own = re.sub(r"[。.；;，,]?\Z", "", whole(base, maker))
    return own + ("，" if maker.lang == "zh" else ", ") + maker.random.choice(INVENTED[maker.lang])


CHANGED: dict[str, Make] = {
    "number": figure("number"), "date": figure("date"), "percent": figure("percent"), "amount": figure("amount"),
    "unit": table(UNITS), "bound": table(BOUNDS), "article": wrong_article, "negation": table(DENIALS),
    "modality": table(MODES), "exception": exception, "subject": subject, "name": name, "item": other_item,
    "appended": appended,
}  # fmt: skip
