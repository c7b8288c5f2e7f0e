"""A question that compares, with the articles or documents it names -> what each of them says, side by side.

In: the question, what it names, and a search within one document. Out: sentences in the words of each side, with the
side's name; None where it compares nothing that is here. It asks no model: two sides told by a small one get mixed up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from rag import awaited, evidence, facts
from rag.entitled import without_names
from rag.labels import short_label
from rag.named import Named
from rag.records import Document, Hit, Path, Provision
from rag.retrieve import at
from rag.spread import Shown, leaves, near, quote
from rag.told import clauses

ASKED = re.compile(
    r"比较|对[比照]|(?<!首)都[把将点提讲谈说写对有怎]|区别|不同|异同|差别|差异|分别|一致|一样[长久多高重大]|差多少|哪个更?[长久多高重大]|各(?![国方类级地种项位界个])|"
    r"\bcompar|\bdiffer|\brespectively\b|\bboth\b",
    re.IGNORECASE,
)
_MATTERS = re.compile(
    r"(?:[^：:]{2,30}[：:]|比较一下|比较|对比|关于|请问)?\s*([^，,。：:和与]{2,24}?)(?:和|与|[，,]?以及)"
    r"([^，,。：:和与]{2,24}?)(?=对|在|的|各|分别|有|之间|[，,])"
)
_BESIDE = re.compile(
    r"(?:^|[，,。：:]|在)\s*([^，,。：:和与跟把]{2,24}?)(?:和|与|跟|以及)([^，,。：:和与跟把]{2,24}?)(?=(?:这|那)?[两俩][条处篇个则者]|"
    r"里|中(?![国方])|都|各|分别|之间|对|有|是|说法|表述|提法|的(?!报道|消息|访谈|专访|采访|倡议|评论|文章|新闻|条文|条款|规定|那|[^，,]{1,8}[，,])|[，,])"
)
"""Two sides that are said after what is asked of both: 去除偏见，数据供给和标准规范两条里分别…"""
_HOW = r"(?:又|则|是|都)*(?:怎么|如何|怎样|咋)(?:讲|说|提|写|看)(?:的|待)?"
_IN_TURN = re.compile(
    rf"([^，,？?]{{4,40}})[，,]([^，,？?]{{2,24}}?){_HOW}[，,；;？?]\s*([^，,？?]{{2,30}}?){_HOW}[？?呢]*\Z"
)
"""The same in two questions: 对联合国的角色，行动计划怎么讲？那篇报道又怎么讲？"""
_MEASURE = re.compile(r"期限|时效|时限|多[久长少高重大]|几[年月天日倍岁成]|哪个更?[长高重多]")
_KIND = re.compile(r"[这那]?[篇条]?的?(?:报道|消息|访谈|专访|采访|新闻|评论|文章|条款|条文|规定|倡议)?$")
_IN = re.compile(r"^[^在]*(?<!存)在(?![职校建线押册编岗])(?=..)")
MOSTLY = 0.6
"""Share of the name of a matter that a clause must have to speak of it."""

SHORT = 150
"""Characters up to which an article is told whole when it is a side."""

LEAST = 0.3
"""Share of the question's content that a clause must have to be told, where the question has content."""

LEAST_OF_BOTH = 0.2
"""The same of what is asked of two sides, which is most often a word among 放在, 位置."""

NEAREST = 0.9
"""Score of a clause that is found for a matter, from which on it need not have most of its words: 索赔 is 要求赔偿."""

MOST = 3
"""How many clauses of a side are told."""

Side = tuple[str, list[Shown]]


def sides(
    question: str, lang: str, named: Named | None, about: Sequence[Document],
    within: Callable[[Document], Sequence[Hit]], find: Callable[[str], Sequence[Hit]], weight: evidence.Weight,
) -> list[Side] | None:  # fmt: skip
    """Each side with what it says, [] for one that says nothing of it.

    `within` finds the hits in one document, `find` those for a wording. Sides are articles, documents, or two matters
    (甲和乙各…), of which both must be spoken of.
    """
    if not (ASKED.search(question) or _IN_TURN.match(question)):
        return None
    _, matter = _scene(without_names(question))
    asks = matter if ASKED.search(matter) else question  # and not 谢谢 behind it
    wanted = evidence.terms(asks, lang, [document.title for document in about])
    if named and len(named.paths) > 1:
        one = len({document.doc_id for document, _ in named.paths}) == 1
        labels = [short_label(d.lang, path) if one else d.label(path) for d, path in named.paths]
        said = [_of_provision(d, path, question, lang, wanted, weight) for d, path in named.paths]
        found = list(zip(labels, said, strict=True))
    elif len(about) > 1:
        found = [(d.label(()), _of_document(within(d), question, wanted, weight)) for d in about]
    else:
        return _beside(question, lang, named, find, weight) or _matters(question, lang, find, weight)
    return found if any(said for _, said in found) else None


def _matters(
    question: str, lang: str, find: Callable[[str], Sequence[Hit]], weight: evidence.Weight
) -> list[Side] | None:
    """Two matters that a question begins with, each with the clause that speaks of it and of what is asked."""
    matters = _MATTERS.match(question)
    if not matters or any(evidence.PART.search(each) for each in matters.groups()):
        return None
    rest = question[matters.end() :]
    names = [(facts.QUOTED.findall(each) or [each])[-1] for each in matters.groups()]
    found = [(each, _of_matter(each, rest, lang, find, weight)) for each in names]
    return found if all(said for _, said in found) else None


def _scene(question: str) -> tuple[str, str]:
    """Who asks, and what of: 我在医院上班，领导让比较：医疗这一块，…"""
    at = max(map(question.rfind, "。：:")) + 1
    return question[:at], question[at:]


def _beside(
    question: str, lang: str, named: Named | None, find: Callable[[str], Sequence[Hit]], weight: evidence.Weight
) -> list[Side] | None:
    """Two sides, each with the clause of the provision or document it names that speaks of what is asked of both."""
    if in_turn := _IN_TURN.match(question):
        rest, *names = in_turn.groups()
    elif sides := _BESIDE.search(question):
        names = [_IN.sub("", name) for name in sides.groups()]
        scene, matter = _scene(question[: sides.end(1) - len(names[0])])
        rest = (matter or scene) + question[sides.end() :]
    else:
        return None
    asked, found = evidence.terms(rest, lang), list[Side]()
    for name in names if asked else ():
        hits, paths = find(f"{name} {rest}"), named.paths if named else ()
        if paths and evidence.PART.search(name):
            hits = [at(document, path, "reference") for document, path in paths]
        ranked = sorted(_spoken(hits, name, rest, lang, asked, weight), key=lambda each: -each[0])
        found += [(name, quote(hit.document, leaf, "")) for _, hit, leaf in ranked[:1]]
    told = [said[0].provision for _, said in found if said]
    return found if len(told) == len(names) and told[0] != told[1] else None


def _spoken(
    hits: Sequence[Hit], name: str, question: str, lang: str, asked: Sequence[evidence.Term], weight: evidence.Weight
) -> Iterator[tuple[float, Hit, Provision]]:
    """The clauses of provisions that speak of a side, with how much they speak of it and of what is asked of both.

    A story speaks of a side where any of its paragraphs does.
    """
    bare = _KIND.sub("", name).rpartition("的")[2]
    own = evidence.terms(bare, lang)
    for hit in hits:
        story = all(each.path[0][0] == "paragraph" for each in hit.document.provisions)
        around = f"{hit.document.title} {hit.document.text if story else hit.text}"
        whole = evidence.share(own, around, weight)[0] if own else float(bare in around)
        if whole < MOSTLY and hit.how != "reference":
            continue
        for leaf in leaves(hit):
            said = evidence.share(asked, hit.document.text_of(leaf), weight)[0]
            if said >= LEAST_OF_BOTH and _measures(hit, leaf, question):
                yield whole + said + near(hit, leaf), hit, leaf


def _of_matter(
    matter: str, rest: str, lang: str, find: Callable[[str], Sequence[Hit]], weight: evidence.Weight
) -> list[Shown]:
    """The clause that speaks most of one matter, and of what is asked of both."""
    own, both = evidence.terms(matter, lang), evidence.terms(matter + rest, lang)
    places = [(hit, leaf) for hit in find(matter + rest) for leaf in leaves(hit) if _measures(hit, leaf, rest)]
    shares = [evidence.share(own, hit.document.text_of(leaf), weight)[0] for hit, leaf in places]
    least = max([MOSTLY, *(share - 0.1 for share in shares)])  # 数字鸿沟 is much of 智能鸿沟, which stands elsewhere
    told = [(place, share) for place, share in zip(places, shares, strict=True) if share >= LEAST]
    spoken = [place for place, share in told if share >= least] or [
        place for place, _ in told if near(*place) >= NEAREST
    ]
    hit, leaf = max(
        spoken,
        key=lambda place: (
            place[0].score + near(*place) + evidence.share(both, place[0].document.text_of(place[1]), weight)[0]
        ),
        default=(None, None),
    )
    return quote(hit.document, leaf, "") if hit and leaf else []


def _measures(hit: Hit, leaf: Provision, question: str) -> bool:
    """Whether a clause has a figure, or the post of a person, where one is asked for."""
    text, names = hit.document.text_of(leaf), hit.document.kind != "statute"
    if _MEASURE.search(question) and not re.search(r"\d", facts.arabic(text)):
        return False
    return not awaited.lacks(question, hit.document.lang, text, hit.text, names=names)


def _of_provision(
    document: Document, path: Path, question: str, lang: str, wanted: Sequence[evidence.Term], weight: evidence.Weight
) -> list[Shown]:
    provision = document.by_path[path]
    # Across languages what an article lacks may only be worded otherwise.
    if wanted and lang == document.lang and evidence.share(wanted, document.text_of(provision), weight)[0] < LEAST:
        return []
    if not wanted or provision.end - provision.start <= SHORT:
        return [Shown(text, document, each) for text, document, each in clauses(document, provision)]
    below = [leaf.path for leaf in leaves(at(document, path, "reference")) if leaf.path[: len(path)] == path]
    ranked = _telling([(document, leaf) for leaf in below], wanted, weight)
    chosen = [leaf for _, (_, leaf) in ranked] or below
    return [shown for leaf in chosen[:MOST] for shown in quote(document, document.by_path[leaf], question)]


def _of_document(
    hits: Sequence[Hit], question: str, wanted: Sequence[evidence.Term], weight: evidence.Weight
) -> list[Shown]:
    places = [(hit.document, leaf.path) for hit in hits for leaf in leaves(hit)]
    ranked = _telling(places, wanted, weight)
    best = ranked[0][0] if ranked else 0.0
    near = [place for share, place in ranked if share >= best * 0.8][:MOST]
    return [shown for document, path in near for shown in quote(document, document.by_path[path], question)]


def _telling(
    places: Sequence[tuple[Document, Path]], wanted: Sequence[evidence.Term], weight: evidence.Weight
) -> list[tuple[float, tuple[Document, Path]]]:
    """Those of the places that speak of what is wanted, with how much of it, the most telling first."""

    def told() -> Iterator[tuple[float, tuple[Document, Path]]]:
        for document, path in places:
            share, _ = evidence.share(wanted, document.text_of(document.by_path[path]), weight)
            if share >= LEAST:
                yield share, (document, path)

    return sorted(told(), key=lambda found: -found[0])
