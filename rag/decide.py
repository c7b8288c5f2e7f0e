"""Question and Hits -> is this evidence, before any model is asked. Pure.

In: a question, the Hits that an answer may be drawn from, and how telling a word is. Out: Ground: how sure it is that
one of them answers, and which parts of the question nothing speaks of. Statutes are asked about in everyday words that
they do not use, and there the embedder tells more; a plan or the news are asked about in their own words, and what
those lack, they do not tell. The weights are fitted by `tests/benchmarks/evidence.py`. It judges no model's reply.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from rag import awaited, evidence, facts, places, statutes
from rag.cut import tagged
from rag.questions import asked
from rag.records import Document, Hit

STATUTE = (2.9, 0.4, 93.5, -83.4)
OTHER = (3.3, 2.6, 0.0, -1.3)
"""Weights of the share of the question's content in the best clause and in its article, of the cosine, and a constant,
for statutes and for all else: logistic regression on answerable and unanswerable questions."""

ACROSS = 0.8
"""Added across languages, where the glossary and the embedder tell less."""

WHETHER = 0.5
"""Added where yes or no is asked for: what the text lacks may be what is wrong with the question."""

REFERRED = 0.6
"""Added for a provision that the question names."""

FARTHER = 0.06
"""How much lower cosines across languages are at least: `ON_TOPIC` and `ON_TOPIC_ACROSS` are .09 apart."""

NEAR = 0.9
"""Cosine above which nearness tells no more; that of a provision found by its number is no cosine."""

UNSPOKEN = 2.0
"""Taken off where what is asked for by name (哪些协议) is not spoken of: of 5 in 222 answerable, 11 in 59 others."""

ENOUGH, ENOUGH_STATUTE = 0.5, 0.4
"""Probability below which nothing is answered, and no model asked."""

SURE = 0.75
"""Probability from which on the nearest clause is an answer although a model found none, or wrote what does not stand:
of 83 such questions 51 of the 74 above it were then answered rightly and wholly, 10 wrongly; of the 9 below 3 and 5."""

QUOTED_STATUTE = 0.5
"""The same of statutes, for what a model wrote that does not stand."""

SCENE = 2
"""Content words that what asks must have, for what stands before it to be the scene alone: 我们和国外互传数据，…"""

LACKS = 0.4
"""Taken off a clause that has no name, number, time or place where one is asked for."""

DOUBT = (0.1, 0.9)
"""Between these the words alone leave it in doubt, and a language model is asked too."""

JUDGED = (1.5, 1.5, -0.35)
"""Weights of the log-odds by words, of those by the model, and a constant: logistic regression on 156 doubtful
questions on a newspaper page, 48 of them unanswerable; area under the curve .96 cross-validated, by words alone .85.
The constant is above the fitted -0.8: of 88 later doubtful questions 3 of the 69 answerable are lost and 1 of the 19
others is kept, with -0.8 7 and 1."""

SHORT = 500
"""Characters of an article of a statute at most that is looked through whole: 几天 may stand in another paragraph."""

SPEAKS = 0.5
"""Share of the most that a hit speaks of, below which it is not read: a small model copies from it all the same."""

SPOKEN = 0.7
"""Share of a question's content in the best article from which on no regulation is missed."""

ON_TOPIC, ON_TOPIC_ACROSS = 0.86, 0.77
"""Cosine below which a question is said to be about something else altogether: a word for the reader, no gate."""

_HOW_MANY = re.compile(rf"(?:多少|(?<![哪第])几[个项条种类款部份]?)(?!{facts.SPAN.pattern})([\u3400-\u9fff]{{2,8}})")
_HOW_MANY_OF = re.compile(r"(?:(?:多少|(?<!哪)几)个?|最[高低]一?)([级类档层轮届批期])(?!别)")
_WHICH = re.compile(
    r"(?:哪一?[些个家位部座种类项条两]|什么(?!要?这样))([\u3400-\u9fff]{2,8}?)(?=[?？,，。了的在由于被上里内]|\Z)"
)
_KIND = re.compile("设备|设施|主体|行业|前提|别称|外号|手段|途径|渠道|群体|人群|店铺?|铺子")
"""Of what a text calls by its names: 智能垃圾箱 are devices."""
_CHANGES = (("增幅|涨幅|升幅|增速|增长率", "增长|上涨|上升|提高"), ("降幅|跌幅|下降率", "下降|下跌|降低|减少"))
_LATIN = re.compile(r"[a-z]{2,}", re.IGNORECASE)
_IN = re.compile("(?<=[馆厅店城园区院校])[里内中上]$")
_IS_HOW_MUCH = re.compile(r"[\u3400-\u9fff](?=(?:总?[是为有]|达|应当?|要)多少)")
_SUBJECT = re.compile(r"(?:监督管理|管理|保护|保障|实施|暂行|特别)*(?:条例|办法|细则|规定|法)\Z")
_CRIME = re.compile("罪|判刑|判几年|刑事|坐牢|死刑|缓刑|量刑")


@dataclass(frozen=True)
class Ground:
    """`sure` is the probability, 0 to 1, that the question is answered by one of the hits; `asked` is what of it is;
    `open_parts` are those of its parts that nothing found speaks of, where others are spoken of; `spoken_of` is whether
    any hit comes near the question; `elsewhere` is the law that governs it, where that is not here; `least` is
    how sure it must be for an answer."""

    sure: float
    asked: str = ""
    open_parts: tuple[str, ...] = ()
    spoken_of: bool = True
    elsewhere: str = ""
    least: float = ENOUGH

    @property
    def enough(self) -> bool:
        return self.sure >= self.least and not self.elsewhere

    @property
    def doubtful(self) -> bool:
        """Whether a language model is asked too: of laws always, where neighbours speak in the same words."""
        below = DOUBT[1] if self.least == ENOUGH else 1.0
        return DOUBT[0] <= self.sure < below and not self.elsewhere

    @property
    def quotable(self) -> bool:
        """Whether a clause may stand in its own words where the sentence of a model does not."""
        return self.sure >= (SURE if self.least == ENOUGH else QUOTED_STATUTE)


def ground(
    question: str, lang: str, hits: Sequence[Hit], weight: evidence.Weight, titles: Collection[str] = (),
    *, whole: str = "",
) -> Ground:  # fmt: skip
    """How well `hits` are a ground to answer on; `titles` are of all documents, where the question names none.

    A question is taken apart where it asks two things, but not one put together from two turns: of that `question` is
    what the last turn adds, and what is asked is the `whole`.
    """
    asks_nothing = titles and not whole and not evidence.terms(question, lang)  # 谢谢, 这个怎么办: of no document
    if not hits or (asks_nothing and not any(hit.how == "reference" for hit in hits)):
        return Ground(0.0, whole or question, (), False)
    pieces = [question] if whole else asked(question)
    parts = [(part, _sure(part, lang, hits, weight, whole or question)) for part in pieces]
    telling = [sure for part, sure in parts if evidence.PART.search(part) or evidence.terms(part, lang)]
    sure = max(telling or [sure for _, sure in parts])  # 前两次呢 alone is spoken of by every text
    least = ENOUGH_STATUTE if hits[0].document.kind == "statute" else ENOUGH
    left = tuple(part.strip() for part, sure in parts if sure < least)
    still = "？".join(part for part, sure in parts if sure >= least)
    spoken_of = any(hit.cosine >= (ON_TOPIC if hit.document.lang == lang else ON_TOPIC_ACROSS) for hit in hits)
    elsewhere = ""
    if hits[0].document.kind == "statute":
        wanted = evidence.terms(question, lang)
        spoken = max(evidence.share(wanted, f"{hit.document.title} {hit.text}", weight)[0] for hit in hits)
        elsewhere = _elsewhere(question, titles, spoken, hits[0].document.title.removeprefix("中华人民共和国"))
    return Ground(sure, whole or still or question, left if still else (), spoken_of, elsewhere, least)


def judged(ground: Ground, states: float) -> Ground:
    """The ground with a model's verdict: `states` are the log-odds that what was found states what is asked.

    They may take the ground away, but where it stays make no clause unquotable that was not: of a false premise a model
    says that nothing is stated.
    """
    words, model, constant = JUDGED
    odds = words * math.log(ground.sure / (1 - ground.sure)) + model * states + constant
    sure = 1 / (1 + math.exp(-odds))
    return replace(ground, sure=max(sure, ground.sure) if sure >= ground.least else sure)


def teller(question: str, lang: str, hits: Sequence[Hit], weight: evidence.Weight) -> Callable[[str], float]:
    """How much of a question a text tells, 0 to 1; less without the kind asked for, or if it only says who spoke."""
    spoken = evidence.teller(question, lang, [hit.document.title for hit in hits], weight)
    names = any(hit.document.kind != "statute" for hit in hits)
    pieces = facts.asking(question)
    speakers = {hit.document.text: speaker for hit in hits if (speaker := _speaker(hit.document))}

    def tells(text: str) -> float:
        said = next((speaker for story, speaker in speakers.items() if text in story), "")
        lacks = all(awaited.lacks(each, lang, text, text, names=names, whole=question) for each in pieces)
        less = LACKS * (lacks or (names and awaited.says_little(question, text)))
        return spoken(f"{text} {said}") - less - (names and awaited.attributes(question, text))

    return tells


def telling(question: str, lang: str, hits: Sequence[Hit], weight: evidence.Weight) -> list[Hit]:
    """The hits that speak of nearly as much of the question as the one that speaks of most, and the best of all; where
    it is asked who the mayor of a city is, those alone that speak of that one, if any does."""
    hits = [h for h in hits if h.document.lang != "zh" or not places.holds_another(question, lang, h.text)] or hits
    wanted = evidence.terms(question, lang, [hit.document.title for hit in hits])
    shares = [evidence.share(wanted, _label(hit) + hit.text, weight)[0] for hit in hits]
    most = max(shares, default=0.0)
    return [hit for n, (hit, share) in enumerate(zip(hits, shares, strict=True)) if n == 0 or share >= most * SPEAKS]


def best(question: str, lang: str, hits: Sequence[Hit], weight: evidence.Weight) -> list[Hit]:
    """The hit that is the best ground alone: where little is spoken of, no other is read."""
    return [max(hits, key=lambda hit: _sure(question, lang, [hit], weight))]


def _elsewhere(question: str, titles: Collection[str], spoken: float, best: str) -> str:
    """The law that governs a question where it is not among `titles`, nor what it replaced or what replaced it.

    A neighbouring law would be cited for what it does not regulate. A regulation may say the same as a law that is
    here, so it counts only where little of the question is `spoken` of; and what is a crime is said by the 刑法. None
    is missed where the `best` title found is of the same subject, or of another law that governs the question.
    """
    here = {title.removeprefix("中华人民共和国") for title in titles}
    here |= {after for title in here if (after := statutes.successor(title))}
    law, *others = statutes.governing(question) or ("",)
    if not law or not here or {law, statutes.successor(law), statutes.above(law)} & here:
        return ""
    if (_CRIME.search(question) and "刑法" in here) or (not law.endswith("法") and spoken >= SPOKEN):
        return ""
    return "" if best in others or _SUBJECT.sub("", law) in best else law


def _sure(question: str, lang: str, hits: Sequence[Hit], weight: evidence.Weight, behind: str = "") -> float:
    titles = [hit.document.title for hit in hits]
    whole = evidence.terms(question, lang, titles)
    sure = max(_of_hit(question, lang, hit, whole, weight, behind) for hit in hits)
    scene, comma, asks = question.replace(",", "，").rpartition("，")
    wanted = [term for term in evidence.terms(asks, lang, titles) if not term.light]
    if not comma or facts.ASKS.search(scene) or hits[0].document.kind == "statute" or len(wanted) < SCENE:
        return sure
    return max(sure, *(_of_hit(question, lang, hit, wanted, weight, behind) for hit in hits))


def _of_hit(
    question: str, lang: str, hit: Hit, wanted: Sequence[evidence.Term], weight: evidence.Weight, behind: str
) -> float:
    label = _label(hit)
    nearest = hit.document.text_of(hit.nearest[0]) if hit.nearest else hit.text
    close = hit.text if hit.document.kind == "statute" and len(hit.text) <= SHORT else nearest
    if lang == hit.document.lang and not _has_what_is_counted(question, lang, label + hit.text):
        return 0.0
    names = hit.document.kind != "statute"
    another = awaited.another(question, label + hit.text, statutes.titled(question) if names else (), names=names)
    if another or awaited.lacks(question, lang, close, hit.text, names=names, behind=behind):
        return 0.0
    if names and hit.document.lang == "zh":
        text, story = label + hit.text, label + hit.document.text
        if places.elsewhere(question, lang, text, story) or places.holds_another(question, lang, text):
            return 0.0
    article, _ = evidence.share(wanted, label + hit.text, weight)
    clause, _ = evidence.share(wanted, label + nearest, weight)
    one, whole, near, constant = STATUTE if hit.document.kind == "statute" else OTHER
    across = lang != hit.document.lang
    odds = one * clause + whole * article + near * min(hit.cosine + FARTHER * across, NEAR) + constant
    odds += REFERRED * (hit.how == "reference") + ACROSS * across
    odds += WHETHER * facts.asks_whether(question)
    odds -= UNSPOKEN * (lang == hit.document.lang and not _has_what_is_named(question, lang, label + hit.text))
    return 1 / (1 + math.exp(-odds))


def _label(hit: Hit) -> str:
    headings = " ".join(hit.provision.headings)
    return f"{hit.document.title} {headings} {hit.document.date or ''} {_speaker(hit.document)} "


def _speaker(document: Document) -> str:
    """Who a story is an interview of, as its first paragraph says: all of it is said by him."""
    if document.kind == "statute" or any(each.path[0][0] == "article" for each in document.provisions):
        return ""
    said = [document.text_of(each) for each in document.children((("paragraph", "1"),))]
    return " ".join(sentence for sentence in said if awaited.attributes("", sentence))


def _has_what_is_counted(question: str, lang: str, text: str) -> bool:
    """Whether the year asked about, and what is counted or measured, are spoken of at all: 多少标准箱, 票房是多少."""
    question = facts.without_some(question)
    years = () if facts.asks_whether(question) else facts.YEAR.findall(facts.arabic(question))
    if any(year not in facts.arabic(text) for year in years):
        return False
    if any(not re.search(rf"\d\s*{unit}", facts.arabic(text)) for unit in _HOW_MANY_OF.findall(question)):
        return False
    counted = [term for found in _HOW_MANY.finditer(question) for term in _noun(found[1])]
    if facts.ASKS_NUMBER.search(question):  # CPI涨幅
        counted += [term for term in evidence.terms(question, lang) if lang == "zh" and _LATIN.fullmatch(term.text)]
    for found in _IS_HOW_MUCH.finditer(question):
        before = question[: found.start() + 1].rstrip("各共总约")
        last = [term for term in evidence.terms(before, lang) if not term.light][-1:]
        counted += [term for term in last if before.endswith(term.text)]  # not 收拾 of 收拾以后来玩的人有多少
    there = evidence.Text(text)
    return all(there.has(term) >= evidence.PARTLY or _is_told_as_a_change(term.text, text) for term in counted)


def _is_told_as_a_change(name: str, text: str) -> bool:
    return any(re.fullmatch(of, name) and re.search(told, text) for of, told in _CHANGES)


def _noun(behind: str) -> list[evidence.Term]:
    """What is counted, of the words behind 多少: 标准箱, and 国家 of 个国家."""
    nouns = [
        word for word, at, tag in tagged(behind) if at <= 1 and len(word) > 1 and tag.startswith(("n", "v", "j", "l"))
    ]
    return list(evidence.terms(nouns[0], "zh")) if nouns else []


def _has_what_is_named(question: str, lang: str, text: str) -> bool:
    """Whether the last word of what is asked for by name is spoken of: 哪些协议, 什么限制."""
    there = evidence.Text(text)
    named = (evidence.terms(_IN.sub("", found[1]), lang)[-1:] for found in _WHICH.finditer(question))
    return all(there.has(term) >= evidence.PARTLY or _KIND.fullmatch(term.text) for terms in named for term in terms)
