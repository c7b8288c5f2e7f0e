"""A question -> the provisions it names, in the documents it means, and what it asks of them.

In: a question, the `Titles` of an index, and the earlier questions of the conversation. Out: `Named`, or None where a
question names no provision and asks nothing that code answers exactly: a wrong reference is worse than none, so an
article of a law that is not in the index, or of one document among many, is left to retrieval.
It reads a document's text only to find the words of 哪几条提到"开源".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.bare import LEAD, MARKS, MENTION, MENTION_WHERE, PURPOSE, TEXT_EN, TEXT_ZH, TITLES, as_articles
from rag.entitled import by_title
from rag.numerals import roman
from rag.records import Document, Path, Provision
from rag.reference import Reading, Reference
from rag.referred import references, written_out
from rag.statutes import is_law
from rag.titles import Name, Titles, plain

Place = tuple[Document, Path]

_COUNT = re.compile(
    r"(?:多少|几|(?<=[共有是])[0-9一二三四五六七八九十百]+(?=.{1,6}(?:吗|对吧|对不对|是吧)[?？]?$))个?(?P<zh>条|章|款|项|附件|句|段|点)(?:目|条文|规定|内容)?"
    r"|\bhow many (?P<en>articles|chapters|recitals|annexes|paragraphs)\b",
    re.IGNORECASE,
)
_COUNTED = {"条": "article", "点": "article", "章": "chapter", "附件": "annex"}
_COUNTED |= {"款": "paragraph", "段": "paragraph", "项": "item", "句": "sentence"}
_COUNT_REST = re.compile(
    rf"(?:{LEAD}|一共|总共|总计|共|全部|全文|从头到尾|前后|拢共|列出|载有|[里中由的分成为有含是它呢吗对吧不,，]|包括|包含|组成|划分|法律?|条例|文件|计划"
    rf"|\b(?:are|there|in|does|do|the|have|has|of|it|contain|altogether|total|eu|action|plan|regulation|act|law)\b"
    rf"|{MARKS})*+",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“「『‘']([^\"“”「」『』‘’']+)[\"”」』’']")
_PART = re.compile(r"、|和|与|或者?|以及|,|\band\b|\bor\b")
_NOISE = re.compile(r"(?:这个词|这些词|一词|字样|的内容|[的呢吗])+\Z|\A(?:关于|有关)")
_OF = re.compile(r"\)?,?\s*(?:(?:of|in|under|from|to)\s+)?(?:the\s+)?(?:EU\s+)?")
_ELSEWHERE = re.compile(
    r"\)?,?\s*(?:of|in|under|from)\s+(?:the\s+)?(?:[A-Z][\w'-]*\s+(?:of\s+|on\s+|the\s+)*)+"
    r"(?:Law|Act|Code|Regulation|Directive|Charter|Treaty|Convention|Constitution)\b"
)
_ABBREVIATED = re.compile(r"(?:》|\b[A-Z]{3,}),?\s*(?:的|\([^()]*\)|’s|'s)?\s*\Z")
_BRACKETED = re.compile(r"《([^《》]+(?:《[^《》]+》[^《》]*)*)》\s*(?:\([^()]*\))?(?:的|[中里])?\s*\Z")
_NEAR = re.compile(r"[)》”\"\s]*(?:\([^()]*\))?[》\s的中里]*")


@dataclass(frozen=True)
class Named:
    """What a question names. `documents` were taken; `others` fit as well.

    `paths` exist, in the order asked, ranges expanded; `missing` do not. `asks` is "text" (the provision itself),
    "within" (something about it), "count" (of `counted`: article, chapter, recital, annex, or what is below the one of
    `paths`) or "mentions" (`paths` are the narrowest clauses that hold one of `words`, the first of each article).
    """

    asks: str
    documents: tuple[Document, ...]
    paths: tuple[Place, ...] = ()
    missing: tuple[Place, ...] = ()
    others: tuple[Document, ...] = ()
    words: tuple[str, ...] = ()
    counted: str = ""


def named(question: str, titles: Titles, before: Sequence[str] = ()) -> Named | None:
    """What `question` names, counts or looks for; `before` are the earlier questions, oldest first."""
    text = written_out(as_articles(question))
    names = titles.named(text)
    found = references(text)
    spoken = next((each for each in names if each.documents), None) or _earlier(titles, before)
    # A law that is not here is not the only document that is.
    lone = () if any(map(is_law, _spelled(text, names))) else _lone(titles, text, [("article", "")])
    if not found and (match := MENTION.search(text) or MENTION_WHERE.search(text)):
        return _mentions(match, spoken.documents if spoken else lone)
    if not found and TITLES.search(text):
        return _titled(spoken.documents if spoken else lone)
    if not found:
        found = by_title(text, (spoken.documents if spoken else lone or (None,))[0])
    places: list[tuple[Reference, tuple[Document, ...]]] = []
    for reference in found:
        if _is_elsewhere(reference, names, text):
            continue
        name = _meant(reference, [each for each in names if each.documents], text) or _earlier(titles, before)
        documents = name.documents if name else _lone(titles, text, [r.steps[0] for r in found])
        if text[: reference.end].endswith("点") and len(reference.steps) == 1:  # 第八点 of a plan, not of a law
            documents = tuple(document for document in documents if document.kind != "statute")
        if documents:
            places.append((reference, documents))
    rest = _without(text, [(n.start, n.end) for n in names] + [(r.start, r.end) for r in found])
    count = _COUNT.search(rest)
    if count and _COUNT_REST.fullmatch(rest[: count.start()] + " " + rest[count.end() :]):
        return _count(count, places, bool(found), spoken.documents if spoken else lone)
    rest = PURPOSE.sub(" ", rest)
    asks = "text" if TEXT_ZH.fullmatch(rest) or TEXT_EN.fullmatch(rest) else "within"
    return _named(asks, places) if places else None


def _spelled(text: str, names: Sequence[Name]) -> list[str]:
    return [text[name.start : name.end].strip("《》").removeprefix("中华人民共和国") for name in names]


def _named(asks: str, places: Sequence[tuple[Reference, tuple[Document, ...]]], counted: str = "") -> Named:
    paths, missing = dict[tuple[str, Path], Place](), dict[tuple[str, Path], Place]()
    for reference, (document, *_) in places:
        for path in _range(document, reference):
            known = paths if path in document.by_path else missing
            known.setdefault((document.doc_id, path), (document, path))
    taken = {documents[0].doc_id: documents[0] for _, documents in places}
    others = {each.doc_id: each for _, documents in places for each in documents[1:] if each.doc_id not in taken}
    return Named(
        asks,
        tuple(taken.values()),
        tuple(paths.values()),
        tuple(missing.values()),
        tuple(others.values()),
        counted=counted,
    )


def _is_elsewhere(reference: Reference, names: Sequence[Name], text: str) -> bool:
    """Whether it belongs to a document that is not there: 海关法第三条, Article 5 of the Charter, 《…》第三条."""
    bracketed = _BRACKETED.search(text[: reference.start])
    for name in names:
        # The last bracket of 解释(三) is left out of names.
        in_brackets = bracketed and name.end >= bracketed.end(1) - 1
        if bracketed and in_brackets and plain(text[name.start : bracketed.end(1)]) == plain(bracketed[1]):
            return not name.documents
        if not bracketed and name.end <= reference.start and _NEAR.fullmatch(text[name.end : reference.start]):
            return not name.documents
        if name.documents and name.start < reference.end and name.end > reference.start:
            return False
        if name.documents and name.start >= reference.end and _OF.fullmatch(text[reference.end : name.start]):
            return False
    if reference.other is not None or _ELSEWHERE.match(text, reference.end):
        return True
    return bool(_ABBREVIATED.search(text[: reference.start]))


def _meant(reference: Reference, names: Sequence[Name], text: str) -> Name | None:
    """The name directly behind it (Article 6 of the GDPR), else the nearest before, else the nearest behind."""
    behind = [name for name in names if name.end > reference.start]
    ahead = [name for name in names if name.end <= reference.start]
    is_english = text[reference.start].isascii() and not text[reference.start].isdigit()
    if behind and is_english and _OF.fullmatch(text[reference.end : max(reference.end, behind[0].start)]):
        return behind[0]
    return ahead[-1] if ahead else behind[0] if behind else None


def _earlier(titles: Titles, before: Sequence[str]) -> Name | None:
    """The document that the latest earlier question named."""
    names = ((name for name in titles.named(written_out(past)) if name.documents) for past in reversed(before))
    return next((name for each in names for name in each), None)


def _lone(titles: Titles, text: str, steps: Sequence[tuple[str, str]]) -> tuple[Document, ...]:
    """The only document that has all these, or has any such articles at all; its versions are one. () when several."""
    having = titles.having.get(steps[0][0], {})
    if re.search(r"\bplan\b", text, re.IGNORECASE):
        having = {
            key: document for key, document in having.items() if re.search("(?:计划|规划|Plan)》?$", document.title)
        }
    numbers = [step for step in steps if step[1].lstrip("-").isalnum() and not step[1].startswith("-")]
    all_ids = [{document.doc_id for document in titles.tops.get(step, ())} for step in numbers]
    full = [document for key, document in having.items() if all(key in ids for ids in all_ids)]
    fits = full or list(having.values())
    if len({document.title for document in fits}) != 1:
        return ()
    return tuple(sorted(fits, key=lambda document: document.date or "", reverse=True))


def _range(document: Document, reference: Reference) -> list[Path]:
    """The paths of a reference in a document, existing or not; of a range those between, and an end that is missing."""
    first = _resolved(document, reference.steps)
    if not reference.to:
        return [first]
    last = _resolved(document, reference.to)
    siblings = [each.path for each in document.children(first[:-1]) if each.path[-1][0] == first[-1][0]]
    inside = [path for path in siblings if _number(first) <= _number(path) <= _number(last)]
    return [path for path in (first,) if path not in inside] + inside + [path for path in (last,) if path not in inside]


def _number(path: Path) -> tuple[int, ...]:
    """For comparing siblings: 120-1 lies between 120 and 121, b between a and c."""
    return tuple(int(part) if part.isdigit() else ord(part[0]) for part in path[-1][1].split("-"))


def _resolved(document: Document, steps: Path) -> Path:
    """The path that `steps` mean in this document, whether or not it is there."""
    path: Path = ()
    if (
        steps[0][0] == "preamble"
        and len(steps) > 1
        and any(each.path[0][0] == "recital" for each in document.provisions)
    ):
        steps = (("recital", steps[1][1]), *steps[2:])  # 序言第26段
    for kind, number in steps:
        if kind == "sentence":
            return _sentence(document, path, number)
        step = _called(document, path, kind, number)
        if number.startswith("-") and number[1:].isdigit():
            children = [each.path for each in document.children(path) if each.path[-1][0] == step[0]]
            path = children[int(number)] if len(children) >= -int(number) else (*path, (step[0], number[1:]))
        else:
            path = Reading(document, document.provisions[0]).find((*path, step), ())[0]
    return path


def _called(document: Document, path: Path, kind: str, number: str) -> tuple[str, str]:
    """A step as this document's kind names it: 第f项 is a point of European law, 附件三 its Annex III."""
    if document.lang != "zh":
        kind = "point" if kind == "item" else kind
        number = roman(int(number)).upper() if kind == "annex" and number.isdigit() else number
    return kind, number


def _sentence(document: Document, path: Path, number: str) -> Path:
    """The n-th sentence below `path`, counted through its paragraphs where it has no sentences of its own."""
    below = [each.path for each in document.children(path)]
    if not any(each[-1][0] == "sentence" for each in below):
        deeper = [[p.path for p in document.children(each)] or [each] for each in below]
        below = [each for inner in deeper for each in inner]
    if not number.removeprefix("-").isdecimal():  # 第一句之二: sentences have no such numbers
        return (*path, ("sentence", number))
    n = int(number)
    at = n - 1 if n > 0 else n
    return below[at] if n and -len(below) <= at < len(below) else (*path, ("sentence", number.lstrip("-")))


def _count(
    match: re.Match[str],
    places: Sequence[tuple[Reference, tuple[Document, ...]]],
    referred: bool,
    documents: tuple[Document, ...],
) -> Named | None:
    """How many articles a document has, or how many 款 an article."""
    kind = (
        _COUNTED[match["zh"]] if match["zh"] else match["en"].lower().removesuffix("es" if "ex" in match["en"] else "s")
    )
    if referred:
        return _named("count", places, kind) if places and kind in ("paragraph", "item", "sentence") else None
    if not documents or kind in ("item", "sentence"):
        return None
    return Named("count", documents[:1], others=documents[1:], counted=kind)


def _titled(documents: tuple[Document, ...]) -> Named | None:
    """The title of each article, as the text of its own provision; None where articles have no titles."""
    places = tuple(
        (document, each.path)
        for document in documents[:1]
        for each in document.provisions
        if each.path[0][0] == "article" and len(each.path) == 2 and document.is_title(each.path)
    )
    return Named("text", documents[:1], places, others=documents[1:]) if places else None


def _mentions(match: re.Match[str], documents: tuple[Document, ...]) -> Named | None:
    """Where the words stand; None when they are not quoted and do not stand there so: then meaning has to find them."""
    if not documents:
        return None
    groups = match.groupdict()
    tail = groups["zh"] or groups.get("en") or groups["said"]
    quoted = tuple(_QUOTED.findall(tail)) or ((tail,) if match.re is MENTION_WHERE else ())
    words = quoted or tuple(_NOISE.sub("", part.strip()).strip() for part in _PART.split(tail))
    text = documents[0].text.lower()
    if not quoted and not all(word.lower() in text for word in words):
        words = tuple(filter(None, (part.strip() for part in _PART.split(tail.partition("的")[0]))))  # 隐私的保护
    if not quoted and not all(len(word) > 1 and word.lower() in text for word in words):
        return None
    kind = (groups.get("enkind") or groups["zhkind"] or groups.get("kind") or "条").lower()
    tops = {"recital": ("recital",), "provision": (), "地方": ()}.get(kind, ("article", "annex"))
    places = tuple((documents[0], path) for path in _holding(documents[0], [word.lower() for word in words], tops))
    return Named("mentions", documents[:1], places, others=documents[1:], words=words)


def _holding(document: Document, words: Sequence[str], tops: Sequence[str]) -> Iterable[Path]:
    """The narrowest provision with one of the words in each of the `tops`: articles, recitals; () for all of them."""
    found: dict[Path, Provision] = {}
    has_articles = any(provision.path[0][0] == "article" for provision in document.provisions)
    tops = tops or (("article", "annex", "recital", "preamble") if has_articles else ("paragraph",))
    for provision in document.provisions:
        if provision.path[0][0] not in tops:
            continue
        text = document.text_of(provision).lower()
        best = found.get(provision.path[:1])
        if any(word in text for word in words) and (best is None or provision.path[: len(best.path)] == best.path):
            found[provision.path[:1]] = provision
    return [provision.path for provision in found.values()]


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + " " + text[end:]
    return text
