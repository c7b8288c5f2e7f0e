"""Reply and Hits -> sentences with citations, or the reason why they may not be shown. Pure.

Three gates stand before every sentence:
1. the provision it cites was in the prompt;
2. every number, date, bound, name, article reference, denial and permission in it stands there, in its place;
3. so does the rest of it, in the same order (`carried.py`), or across languages by a glossary and the embedder.
The provision that carries it best is cited, whatever marker the model wrote, and of that the narrowest clause.
No threshold is lowered to find one: a sentence that nothing carries is removed, with the reason.
It does not call models; what it needs of the embedder is handed in as a function of two texts.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from rag import across, aligned, facts
from rag.aligned import Sentence
from rag.carried import Carried, carried
from rag.labels import NUMBERED, article_of, nested
from rag.records import Citation, Document, Hit, Path, Provision, Removed
from rag.worded import PLACE, words

RENDERED = 0.8
"""Share of a sentence's content that its clause must have in another language, by the glossary (`across.py`)."""

SIMILARITY = 0.72
"""Cosine that the two must reach besides: a floor, since corrupted sentences lie as high as true ones (e5-small)."""

MARKER = re.compile(r"\s*[\[【［]\s*(\d+(?:\s*[,，、]\s*\d+)*)\s*[\]】］]")
END = re.compile(r"[。！？!?;；\n]|\.(?=\s|$|\[)")
# A full stop that ends no sentence: of a list number or an abbreviation.
INSIDE = re.compile(r"(?:^\s*\(?\d{1,2}|\b(?:e\.g|i\.e|cf|vs|Art|Nos?|Sec|para))$", re.IGNORECASE | re.MULTILINE)
BULLET = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.)、](?=\D))\s*")
# 根据《…》第七条第一款的规定, or 该计划提出, says where a sentence stands, not what; `_is_at` looks at its places.
_SAYS = "规定|提出|明确|指出|提到|提及|涉及|要求|呼吁"
_WRITING = "(?:本|该)(?:行动)?(?:法|条例|办法|计划|规定)|《[^》]*》"
LEAD = re.compile(
    rf"\A(?:根据|依据|依照|按照|按)?\s*(?:(?:{_WRITING})?[的中]?\s*第[0-9零〇一二两三四五六七八九十百千]+条"
    rf"(?:之[一二三四五六七八九十]+)?(?:第[（(]?[0-9一二三四五六七八九十]+[）)]?[款项句目])*的?(?:{_SAYS})?[,，:：]?"
    rf"|(?:{_WRITING})的?(?:(?:{_SAYS})[,，:：]?|[,，:：]))"
    r"|\A(?:(?:Under|According to|Pursuant to|In accordance with|As stated in|In) )?(?:the )?"
    r"(?:Article|Art\.|Annex|Recital) ?[\dIVX]+(?: ?\(\w{1,4}\))*(?: of [^,]{2,60}?)?"
    r"(?:,| (?:states|says|provides|requires)(?: that)?)"
    r"|\A(?:The|This) (?:action )?(?:plan|regulation|law|act|article) (?:states|says|provides|requires)(?: that)?",
    re.IGNORECASE,
)
ITEMS = ("item", "point", "subpoint")
STEPS = {"article": "条", "paragraph": "款", "item": "项", "point": "目", "sentence": "句"}
CJK = re.compile(r"[\u3400-\u9fff]")

Similarity = Callable[[str, str], float]


@dataclass(frozen=True)
class Marked:
    """A sentence as the model wrote it, without its markers."""

    text: str
    markers: tuple[int, ...]


@dataclass(frozen=True)
class Support:
    """A provision that carries a sentence. `coverage` is 0 to 1; `quoted`: the sentence stands there verbatim."""

    hit: Hit
    provision: Provision
    coverage: float
    quoted: bool


def sentences(pieces: Iterator[str]) -> Iterator[Marked]:
    """Whole sentences of a streamed reply, each as soon as it and the markers after it are complete."""
    buffer = ""
    for piece in pieces:
        buffer += piece
        while (cut := _cut(buffer, final=False)) is not None:
            yield from _marked(buffer[:cut])
            buffer = buffer[cut:]
    while (cut := _cut(buffer, final=True)) is not None:
        yield from _marked(buffer[:cut])
        buffer = buffer[cut:]
    yield from _marked(buffer)


def _cut(buffer: str, final: bool) -> int | None:
    """Where the first whole sentence of `buffer` ends, with closing quotes and markers; None while more may come."""
    for end in END.finditer(buffer):
        at = end.end()
        if end.group() == "." and INSIDE.search(buffer[: end.start()]):
            continue
        while at < len(buffer) and buffer[at] in '”"』」）)':
            at += 1
        while marker := MARKER.match(buffer, at):
            at = marker.end()
        rest = buffer[at:]
        if not final and (not rest.strip() or rest.lstrip()[0] in "[【［" or (buffer[at - 1] == "." and len(rest) < 2)):
            return None
        if facts.plain(MARKER.sub("", buffer[:at])):
            return at
    return None


def _marked(raw: str) -> Iterator[Marked]:
    text = NUMBERED.sub("", BULLET.sub("", MARKER.sub("", raw).strip()))
    if facts.plain(text):
        numbers = [int(n) for group in MARKER.findall(raw) for n in re.findall(r"\d+", group)]
        yield Marked(text, tuple(dict.fromkeys(numbers)))


def support(sentence: Marked, hits: Sequence[Hit], similar: Similarity) -> Support | Removed:
    """The provision that carries `sentence` best among `hits`, or why none does."""
    found: list[Support] = []
    reasons: dict[int, str] = {}
    for n, hit in enumerate(hits, 1):
        same = bool(CJK.search(sentence.text)) == bool(CJK.search(hit.text))
        verdict = _worded(sentence.text, hit) if same else _rendered(sentence.text, hit, similar)
        if isinstance(verdict, str):
            reasons[n] = verdict
        else:
            found.append(verdict)
    if found:
        # max keeps the first of equals: the marked one before the others, then the better retrieved.
        marked = [hits[n - 1] for n in sentence.markers if 1 <= n <= len(hits)]
        found.sort(key=lambda s: s.hit not in marked)
        return max(found, key=lambda s: (s.quoted, s.coverage))
    known = [n for n in sentence.markers if n in reasons] or sorted(reasons)
    if not sentence.markers:
        return Removed(sentence.text, "unmarked")
    return Removed(sentence.text, reasons[known[0]] if known else "unmarked")


def on_question(question: str, support: Support, hits: Sequence[Hit]) -> bool:
    """Whether the cited provision is what was asked about.

    Its article, title or date has every year of the question: the nearest figure of another year is no answer. (A year
    in a name that stands in one of the hits, 2025世界人工智能大会, asks of no year.) It is of a part that the question
    names (第十条, 序言), or speaks of one: what 违反第十条 costs stands elsewhere. And it is of the best hit, or was
    found nearly as near as the best clause: a small model, given several articles, sometimes copies a sentence that is
    true but beside the question.
    """
    document = support.hit.document
    there = facts.arabic(f"{document.title} {document.date or ''} {support.hit.text}")
    years = set() if facts.asks_whether(question) else set(facts.YEAR.findall(facts.arabic(question)))
    names = (name for name in facts.DATED_NAME.findall(facts.arabic(question)) for hit in hits if name in hit.text)
    if any(year not in there for year in years - {name[:4] for name in names}):
        return False
    text = document.text_of(support.provision)
    if not any(facts.has_what_is_asked(piece, text) for piece in facts.asking(question)):
        return False
    named = set() if facts.is_range(question) else facts.parts(question)
    if named and not named & {article_of(support.provision.path), *facts.parts(support.hit.text)}:
        return False
    if support.hit == hits[0]:
        return True
    best = max((score for hit in hits for _, score in hit.clauses), default=0.0)
    path = support.provision.path
    # A short paragraph is found whole, and its sentences with it.
    of = (score for found, score in support.hit.clauses if nested(found, path))
    return max(of, default=0.0) >= best / 3


def citation(document: Document, provision: Provision, n: int) -> Citation:
    """The citation number `n`, of a provision that carries a sentence."""
    return Citation(
        n=n,
        doc_id=document.doc_id,
        doc=document.title,
        article=article_of(provision.path),
        path=provision.path,
        label=document.label(provision.path),
        quote=document.text_of(provision),
        start=provision.start,
        end=provision.end,
    )


def _worded(text: str, hit: Hit) -> Support | str:
    """The narrowest provision of `hit` that says what `text` says in its own words, else the reason."""
    document, top, inside = hit.document, hit.provision, _inside(hit)
    own = facts.titles(document.label(()))
    if any(not _is_title(title, own) for title in facts.titles(text) - facts.titles(hit.text)):
        return "name"
    spans = list(pairwise(sorted({bound for p in inside for bound in (p.start, p.end)})))
    owners = [_narrowest(inside, *span) for span in spans]
    pieces = tuple(
        (start - top.start, end - top.start, any(kind in ITEMS for kind, _ in owner.path[1:]))
        for (start, end), owner in zip(spans, owners, strict=True)
    )
    among = aligned.scopes(hit.text, pieces)
    found: Carried | str = "article"
    lead = LEAD.match(text)
    if lead and all(_is_title(title, own) for title in facts.titles(lead[0])):
        named = [word.key for word in words(lead[0]) if word.kind == PLACE]
        at = [_is_at(named, owner.path) for owner in owners]
        if text.removesuffix("。") == lead[0] and lead[0].endswith(("条", "款", "项")):  # 哪一条? 第四条。
            place = next((p for p in inside if _is_at(named, p.path)), None)
            return Support(hit, place, 1.0, False) if place else "article"
        there = [scope for scope in among if any(at[n] for n in scope.piece)]
        found = carried(Sentence(text[lead.end() :]), there) if there else "article"
        if isinstance(found, Carried) and not any(at[n] for n in found.pieces):
            found = "article"
    if isinstance(found, str):  # what looks like a lead may be the clause's own beginning
        whole = carried(Sentence(text), among)
        if isinstance(whole, str):
            return found if lead else whole
        found = whole
    said = facts.plain(text)
    narrowest = _narrowest(inside, min(spans[n][0] for n in found.pieces), max(spans[n][1] for n in found.pieces))
    return Support(hit, narrowest, found.share, len(said) >= 6 and said in facts.plain(document.text_of(narrowest)))


def _is_title(title: str, own: set[str]) -> bool:
    """Whether a document with the title `own` is called so: 行动计划 is short for 城市公园行动计划."""
    return any(name.endswith(title) for name in own)


def _narrowest(inside: Sequence[Provision], start: int, end: int) -> Provision:
    return min((p for p in inside if p.start <= start and end <= p.end), key=lambda p: (p.end - p.start, -len(p.path)))


def _inside(hit: Hit) -> list[Provision]:
    """The provisions of an article, itself first."""
    every, top = hit.document.provisions, hit.provision
    at = bisect_left(every, top.start, key=lambda p: p.start)
    return [p for p in takewhile(lambda p: p.start < top.end, every[at:]) if p.path[: len(top.path)] == top.path]


def _is_at(named: Sequence[str], path: Path) -> bool:
    """Whether a path has all the steps that a lead names, 6条 and 2款, or 6条 and (2)."""
    has = {f"({number})" for kind, number in path[1:] if kind != "sentence"} | {
        f"{number}{STEPS.get(kind, '')}" for kind, number in path
    }
    return all(step in has or (step == "1款" and all(kind != "paragraph" for kind, _ in path)) for step in named)


def _rendered(text: str, hit: Hit, similar: Similarity) -> Support | str:
    """The narrowest provision of `hit` that says what `text` says in another language, else the reason."""
    whole = _across(text, hit, hit.provision, similar)
    if isinstance(whole, str):
        return whole
    for provision in sorted(_inside(hit), key=lambda p: (p.end - p.start, -len(p.path))):
        verdict = _across(text, hit, provision, similar)
        if not isinstance(verdict, str) and verdict >= whole - 0.02:
            return Support(hit, provision, verdict, False)
    return Support(hit, hit.provision, whole, False)


def _across(text: str, hit: Hit, provision: Provision, similar: Similarity) -> float | str:
    clause = hit.document.text_of(provision)
    label = f"{hit.document.label(provision.path)} {' '.join(provision.headings)} "
    if not facts.has_values(facts.values(text), facts.values(label + clause)):
        return "number"
    if not facts.articles(text) <= facts.articles(label + clause):
        return "article"
    share = across.share(text, clause, label)
    return share if share >= RENDERED and similar(text, clause) >= SIMILARITY else "meaning"
