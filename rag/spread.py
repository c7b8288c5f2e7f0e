"""A checked sentence, or one that failed -> what is shown of the provision that it stands on. Pure.

In: the question, the sentence, the provisions that were in the prompt. Out: a list told item by item where one is asked
for; the words of the law themselves in place of a sentence that it does not carry. Whether there is ground enough for
that is not judged here; `tells` says how much of what is asked a text speaks of, 0 to 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from rag import facts
from rag.cite import CJK, Marked, Support
from rag.labels import NUMBERED, nested
from rag.records import Document, Hit, Provision
from rag.told import clauses
from rag.unseen import without_orders

Tells = Callable[[str], float]

LIST = re.compile(
    r"哪些|哪几|哪[两三四五]|列[出举]|顺序|次序|步骤|流程|分别|逐[项条]|包括什么|有什么(?!用)|什么(?:义务|权利|条件|情形|材料|措施|举措|方式|内容|要求|行业|领域|职责)|"
    r"\bwhich\b|\bwhat (?:are|kinds?|measures|rights|obligations|duties|conditions)\b|\blist\b",
    re.IGNORECASE,
)
SUMMARY = re.compile(r"概括|归纳|总结|概述|综述|梳理|\b(?:summar|overview|main points)", re.IGNORECASE)
SUMMED = 700
"""Characters of an article at most that a summary of it is told by whole."""
STORY = re.compile(
    r"(?:概括|归纳|总结|概述|综述).*(?:报道|文章|新闻|评论|稿)|(?:报道|文章|新闻|评论|稿子?)[^,，。?？]{0,4}(?:主要|大[致概意])"
    r"|\bsummar\w+ .*\b(?:story|report|news|commentary)\b|\b(?:story|report|commentary) .*\babout\b\?",
    re.IGNORECASE,
)
LEAD, IN_SHORT = 3, 7
"""Sentences of the first paragraph of a story told in short, and of all of it."""
CLEAR = 0.5
"""What all of the question's content weighs beside the score of a clause: of 306 questions the clause so chosen has a
key fact for .85, by score alone for .80; 0.25 to 2 give the same within a point."""

ARTICLE = 0.15
"""What the score of the article weighs beside that of the clause: of 1,631 questions on a page and 467 on laws, quoted
without a model, 7 more come from the right article, 2 no longer; with 0.3 10 and 4."""

LESSER = 0.4
"""By how much less clear a clause is than another to be beside: of 122 cited so on a page, 2 of 3 were wrong, and the
clearest was right each time."""

LISTED = 0.15  # added for an item where a list is asked for
ADDED, ADDS = 3, 0.6
"""How many units a sentence must add to the question, and the share of them that its clause must have."""

SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*[”’」』\"]*")
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_LEAD = re.compile(r"[:：]\W*\Z")  # what leads to a list says nothing without it
DATELINE = re.compile(r"[(（][^()（）]{0,40}电[)）]|[—–-]{2}[^。！？!?]{2,60}")
BARE, BARE_LATIN = 6, 12  # characters up to which a sentence is no more than a word, in Chinese and else
MADE = 16  # characters up to which a Chinese name must stand as it is
_SAYS = re.compile(r"[\d是为有由在到了的不应可须得将被把向从]")  # what makes a short sentence more than a name
QUOTED = 400
"""Characters of a clause at most that is shown in place of a sentence."""


@dataclass(frozen=True)
class Shown:
    """A sentence to be shown and the provision it is cited to."""

    text: str
    document: Document
    provision: Provision
    quoted: bool = True
    item: bool = False


@dataclass(frozen=True)
class Place:
    """A clause of the `n`th hit, from 1."""

    n: int
    hit: Hit
    leaf: Provision

    @property
    def text(self) -> str:
        return self.hit.document.text_of(self.leaf)

    @property
    def before(self) -> str:
        """The sentence before it in its paragraph; "" where there is none, and in a statute, where each is its own."""
        document, (*above, (kind, n)) = self.hit.document, self.leaf.path
        if document.kind == "statute" or kind != "sentence":
            return ""
        one = document.by_path.get((*above, (kind, str(int(n) - 1))))
        return document.text_of(one) if one and not tells_nothing(document, one) else ""

    @property
    def titled(self) -> str:
        """Its words behind those of its article's title, which says of whom all of its clauses speak."""
        document, top = self.hit.document, self.leaf.path[:1]
        title = next((document.text_of(each) for each in document.children(top) if document.is_title(each.path)), "")
        return title + self.text


def spread(question: str, text: str, support: Support) -> list[Shown]:
    """What is shown for a sentence that passed: the list it is of where one is asked for, else the whole sentence of
    the law that it was copied from (弥合智能鸿沟 alone leaves out 数字鸿沟), else itself."""
    document, provision = support.hit.document, support.provision
    same_script = bool(CJK.search(text)) == bool(CJK.search(support.hit.text))
    asked = bool(LIST.search(question))
    if same_script and (asked or _LEAD.search(text)) and (found := _list(document, provision)):
        return found
    sentence = _sentence(document.text_of(provision), text) if same_script else ""
    if sentence and (asked or facts.plain(text) in facts.plain(sentence)):
        return [Shown(sentence, document, provision)]
    if sentence and set(_FIGURE.findall(facts.folded(text))) - set(_FIGURE.findall(facts.folded(sentence))):
        return [Shown(sentence, document, provision)]  # 第4 for 第四: the law's own figures are shown
    said = [Shown(text, document, provision, support.quoted)]
    # A rendering stands with the law's own words behind it, for whoever can read them.
    return said if same_script else [*said, *quote(document, provision, question)]


def _sentence(clause: str, text: str) -> str:
    """The sentence of a clause that `text` is nearest to; "" where that is too long to show."""
    sentences = [NUMBERED.sub("", found.strip("*#_ \u3000\n\t")) for found in SENTENCE.findall(clause)]
    best = max(sentences, key=lambda each: facts.coverage(text, each), default="")
    return best if len(best) <= QUOTED else ""


def places(hits: Sequence[Hit]) -> list[Place]:
    """The clauses of the hits, in their order."""
    return [Place(n, hit, leaf) for n, hit in enumerate(hits, 1) for leaf in leaves(hit)]


def clearest(among: Sequence[Place], tells: Tells, question: str = "") -> Place | None:
    """The clause that retrieval and what it speaks of together point to; None of none."""
    return max(among, key=lambda place: choice(place, tells, question), default=None)


def clear(place: Place, tells: Tells, question: str = "") -> float:
    """How much retrieval and what it speaks of together point to a clause; an item speaks of what its whole list does
    where a `question` asks for one."""
    listed = place.leaf.path[-1][0] == "item" and bool(LIST.search(question))
    if not listed:
        return near(place.hit, place.leaf) + ARTICLE * place.hit.score + CLEAR * tells(place.titled)
    whole = place.hit.document.by_path[place.leaf.path[:-1]]
    found = max(near(place.hit, place.leaf), near(place.hit, whole))
    return found + ARTICLE * place.hit.score + CLEAR * tells(place.hit.document.text_of(whole)) + LISTED


def choice(place: Place, tells: Tells, question: str = "") -> float:
    """How clear a clause is where one is to be chosen: a sentence that tells anything itself may go on with the subject
    of the one before it, and has half of what that one adds."""
    alone = tells(place.titled) if place.before else 0.0
    more = tells(place.before + place.titled) - alone if alone > 0 else 0.0
    return clear(place, tells, question) + CLEAR * max(0.0, more) / 2


def is_lesser(support: Support, hits: Sequence[Hit], tells: Tells, question: str) -> bool:
    """Whether what carries a sentence is far less clear than another clause of the hits, where one clause is asked for:
    neither a list nor a summary, nor a provision that is named."""
    if LIST.search(question) or SUMMARY.search(question) or support.hit.how in ("reference", "crossref"):
        return False
    clearness = [(clear(place, tells, question), place) for place in places(hits)]
    top, document = support.provision.path, support.hit.document
    own = [told for told, place in clearness if place.hit.document is document and nested(place.leaf.path, top)]
    return bool(own) and max(told for told, _ in clearness) - max(own) >= LESSER


def instead(marked: Marked, hits: Sequence[Hit], question: str, tells: Tells) -> list[Shown]:
    """The clause that a sentence which did not pass speaks of, in its own words; [] when it is too long to show.

    It is the leaf that retrieval and the wording of the sentence together point to, of the provisions it marks if it
    marks any.
    """
    of = [hits[n - 1] for n in marked.markers if 1 <= n <= len(hits)] or list(hits)
    best = clearest(places(of), lambda text: tells(text) + facts.coverage(marked.text, text), question)
    return quote(best.hit.document, best.leaf, question) if best else []


def is_bare(text: str, clause: str) -> bool:
    """Whether a sentence is too short for its clause to be found by it, a 可以 or a name, or a name put together from
    those of the clause: 国际人工智能治理对话 is neither of the two bodies there. The clause tells more."""
    plain = facts.plain(text)
    if not CJK.search(plain):
        return len(plain) <= BARE_LATIN
    made = len(plain) <= MADE and not _SAYS.search(plain) and plain not in facts.plain(clause)
    return len(plain) <= BARE or made


def adds_of(clause: Sequence[Shown], text: str, question: str) -> bool:
    """Whether what a sentence adds to the question stands in the clause, though as a whole it did not pass."""
    added = facts.units(text) - facts.units(question)
    there = facts.units(" ".join(one.text for one in clause))
    return len(added) >= ADDED and len(added & there) >= ADDS * len(added)


def nearest(hits: Sequence[Hit], question: str, tells: Tells) -> list[Shown]:
    """The clause nearest to the question."""
    return instead(Marked("", ()), hits, question, tells)


def quote(document: Document, leaf: Provision, question: str) -> list[Shown]:
    """A clause in its own words, an item with what leads to it."""
    if LIST.search(question) and (found := _list(document, leaf)):
        return found
    above = document.by_path.get(leaf.path[:-1])
    if above and leaf.path[-1][0] in ("item", "point", "subpoint"):
        lead = [one for one in _said(document, above) if one.provision == above][:1]
        return [*lead, *(Shown(one.text, document, leaf, item=True) for one in _said(document, leaf))]
    return list(_said(document, leaf)) if leaf.end - leaf.start <= QUOTED else []


def whole(question: str, cited: Provision, hits: Sequence[Hit]) -> list[Shown]:
    """All of the article that holds the clause `cited`, where a summary is asked for; [] where that is too long."""
    hit = next((hit for hit in hits if hit.provision.path == cited.path[: len(hit.provision.path)]), None)
    if not hit or not SUMMARY.search(question) or len(hit.text) > SUMMED:
        return []
    return [one for leaf in leaves(hit) for one in _said(hit.document, leaf)]


def told_short(question: str, hits: Sequence[Hit]) -> list[Shown]:
    """A text without articles in short, where that is asked for: its first paragraph, and how each other one begins."""
    story = hits[0].document if hits else None
    if not story or not STORY.search(question) or any(each.path[0][0] != "paragraph" for each in story.provisions):
        return []
    told: list[Shown] = []
    for paragraph in story.children(()):
        of = [leaf for leaf in leaves(Hit(story, paragraph, 1.0, "dense")) if not story.is_title(leaf.path)]
        of = [leaf for leaf in of if story.text_of(leaf)[-1:] in '。！？!?.”"']  # a byline or a heading is no sentence
        told += [shown for leaf in of[: 1 if told else LEAD] for shown in _said(story, leaf)]
    return told[:IN_SHORT]


def _list(document: Document, provision: Provision) -> list[Shown]:
    """The whole list that a provision is, or is an item of; [] when it is none."""
    path = provision.path
    while path and path[-1][0] in ("item", "point", "subpoint"):
        path = path[:-1]
    below = [each for each in document.children(path) if each.path[-1][0] in ("item", "point")] if path else []
    if len(below) < 2:
        return []
    return [
        Shown(text, document, each, item=each.path != path)
        for text, document, each in clauses(document, document.by_path[path])
    ]


def _said(document: Document, provision: Provision) -> Iterator[Shown]:
    return (Shown(text, document, each) for text, document, each in clauses(document, provision))


def leaves(hit: Hit) -> Iterator[Provision]:
    """The clauses of a hit that have none below them, but titles and what only tells a model what to do."""
    document, top = hit.document, hit.provision.path
    for provision in document.provisions:
        inside = provision.path[: len(top)] == top and not document.children(provision.path)
        if inside and not tells_nothing(document, provision) and without_orders(document.text_of(provision)).strip():
            yield provision


def tells_nothing(document: Document, provision: Provision) -> bool:
    """Whether a provision is a title, a dateline or the line below a headline."""
    return document.is_title(provision.path) or bool(DATELINE.fullmatch(document.text_of(provision)))


def dateline(hits: Sequence[Hit], about: Collection[str]) -> list[Shown]:
    """Who sent a report, and where from, as its dateline says: that of the documents `about`, else of what is found."""
    lines = [hit for hit in hits if DATELINE.fullmatch(hit.text)]
    of = about or {hit.document.doc_id for hit in hits if hit not in lines}
    return [Shown(hit.text, hit.document, hit.provision, True) for hit in lines if hit.document.doc_id in of][:1]


def near(hit: Hit, leaf: Provision) -> float:
    """The score of a clause as found, or else of what is above it: short paragraphs are not cut into sentences."""
    found = dict(hit.clauses)
    return next((found[leaf.path[:n]] for n in range(len(leaf.path), 0, -1) if leaf.path[:n] in found), 0.0)
