"""Reply and Hits -> sentences with citations, or the reason why they may not be shown. Pure.

Three gates stand before every sentence:
1. the provision it cites was in the prompt;
2. every number, date, name in 《》 or quotation marks, article reference and negation in it stands in what it cites;
3. the rest of its content is covered by that text: by wording, or across languages by a glossary and the embedder.
The provision that covers it best is cited, whatever marker the model wrote, and of that the narrowest clause that
carries the sentence. No threshold is lowered to find one: a sentence that nothing carries is removed, with the reason.
It does not call models; what it needs of the embedder is handed in as a function of two texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag import across, facts
from rag.labels import article_of
from rag.records import Citation, Document, Hit, Provision, Removed

COVERAGE = 0.75
"""Share of a sentence's content that its clause must have, in bigrams (Chinese) or words (others)."""

PART = 0.5
"""The same share for each comma-separated part of a sentence, so that an invented part does not hide in a long one."""

RENDERED = 0.8
"""Share of a sentence's content that its clause must have in another language, by the glossary (`across.py`)."""

SIMILARITY = 0.72
"""Cosine that the two must reach besides: a floor, since corrupted sentences lie as high as true ones (e5-small)."""

MARKER = re.compile(r"\s*[\[【［]\s*(\d+(?:\s*[,，、]\s*\d+)*)\s*[\]】］]")
END = re.compile(r"[。！？!?;；\n]|\.(?=\s|$|\[)")
# A full stop that ends no sentence: of a list number or an abbreviation.
INSIDE = re.compile(r"(?:^\s*\(?\d{1,2}|\b(?:e\.g|i\.e|cf|vs|Art|Nos?|Sec|para))$", re.IGNORECASE | re.MULTILINE)
BULLET = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.)、](?=\D))\s*")
# 根据《…》第七条第一款的规定, says where a sentence stands, not what: its names and numbers are checked as facts.
LEAD = re.compile(
    r"(?:根据|依据|依照|按照|按)?\s*(?:《[^》]*》)?\s*第[0-9零〇一二两三四五六七八九十百千]+条"
    r"(?:之[一二三四五六七八九十]+)?(?:第[0-9一二三四五六七八九十]+[款项句])*的?(?:规定)?[,，:：]?"
)
YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
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
    text = BULLET.sub("", MARKER.sub("", raw).strip())
    if facts.plain(text):
        numbers = [int(n) for group in MARKER.findall(raw) for n in re.findall(r"\d+", group)]
        yield Marked(text, tuple(dict.fromkeys(numbers)))


def support(sentence: Marked, hits: Sequence[Hit], similar: Similarity) -> Support | Removed:
    """The provision that carries `sentence` best among `hits`, or why none does."""
    found: list[Support] = []
    reasons: dict[int, str] = {}
    for n, hit in enumerate(hits, 1):
        verdict = _carried(sentence.text, hit.document, hit.provision, similar)
        if isinstance(verdict, str):
            reasons[n] = verdict
        else:
            found.append(_narrowest(sentence.text, hit, verdict, similar))
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

    Its article, title or date has every year of the question: the nearest figure of another year is no answer. It is of
    a part that the question names (第十条, 序言), or speaks of one: what 违反第十条 costs stands elsewhere. And it
    is of the best hit, or was found nearly as near as the best clause: a small model, given several articles, sometimes
    copies a sentence that is true but beside the question.
    """
    document = support.hit.document
    there = facts.arabic(f"{document.title} {document.date or ''} {support.hit.text}")
    if any(year not in there for year in YEAR.findall(facts.arabic(question))):
        return False
    if not facts.has_what_is_asked(question, document.text_of(support.provision)):
        return False
    named = set() if facts.is_range(question) else facts.parts(question)
    if named and not named & {article_of(support.provision.path), *facts.parts(support.hit.text)}:
        return False
    if support.hit == hits[0]:
        return True
    best = max((score for hit in hits for _, score in hit.clauses), default=0.0)
    path = support.provision.path
    return max((score for found, score in support.hit.clauses if found[: len(path)] == path), default=0.0) >= best / 2


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


def _carried(text: str, document: Document, provision: Provision, similar: Similarity) -> tuple[float, bool] | str:
    """(coverage, verbatim) when the provision passes gates 2 and 3, else the reason."""
    clause = document.text_of(provision)
    context = f"{document.label(provision.path)} {' '.join(provision.headings)} {clause}"
    quoted = len(facts.plain(text)) >= 6 and facts.plain(text) in facts.plain(clause)
    if quoted:
        return 1.0, True
    if reason := _changed(text, context, clause):
        return reason
    if bool(CJK.search(text)) != bool(CJK.search(clause)):
        share = across.share(text, clause, context.removesuffix(clause))
        return (share, False) if share >= RENDERED and similar(text, clause) >= SIMILARITY else "meaning"
    said = LEAD.sub("", text) or text
    coverage = facts.coverage(said, context)
    parts = [part for part in re.split(r"[，,；;：:、]\s*", said) if facts.plain(part)]
    weakest = min((facts.coverage(part, context) for part in parts), default=0.0)
    return (coverage, False) if coverage >= COVERAGE and weakest >= PART else "content"


def _changed(text: str, context: str, clause: str) -> str | None:
    """The first kind of fact in `text` that the clause does not have."""
    same_script = bool(CJK.search(text)) == bool(CJK.search(clause))
    if same_script and not _numbers_in(facts.numbers(text), facts.numbers(context)):
        return "number"
    if not same_script and not facts.has_values(facts.values(text), facts.values(context)):
        return "number"
    plain = facts.plain(context)
    if same_script and any(name not in plain for name in facts.names(text)):
        return "name"
    if not facts.articles(text) <= facts.articles(context):
        return "article"
    if same_script and facts.negations(text) != facts.negations(_nearest_segment(text, clause)):
        return "negation"
    return None


def _numbers_in(said: set[str], there: set[str]) -> bool:
    """Every number said is there; one said without its unit may have any there."""
    bare = {re.match(r"[\d.]+", n).group() for n in there if re.match(r"[\d.]+", n)}  # type: ignore[union-attr]
    return all(n in there or (re.fullmatch(r"[\d.]+", n) and n in bare) for n in said)


def _nearest_segment(text: str, clause: str) -> str:
    """The comma-separated parts of `clause` that `text` speaks of: the fewest that hold what the two share."""
    parts = [(part, facts.units(part)) for part in re.split(r"(?<=[，,；;。！？!?])", clause) if part.strip()]
    # Without its own denial, lest that be looked up in some other part that denies.
    wanted = facts.units(facts.NEGATION.sub(" ", text)) & facts.units(clause)
    picked: list[str] = []
    while wanted and parts:
        best = max(parts, key=lambda part: len(part[1] & wanted))
        if not best[1] & wanted:
            break
        picked.append(best[0])
        wanted -= best[1]
    return "".join(picked) or clause


def _narrowest(text: str, hit: Hit, whole: tuple[float, bool], similar: Similarity) -> Support:
    """The smallest provision inside `hit` that carries the sentence as well as the whole article does."""
    document, top = hit.document, hit.provision
    inside = [p for p in document.provisions if p.path[: len(top.path)] == top.path]
    for provision in sorted(inside, key=lambda p: (p.end - p.start, -len(p.path))):
        verdict = _carried(text, document, provision, similar)
        if not isinstance(verdict, str) and verdict[0] >= whole[0] - 0.02 and verdict[1] >= whole[1]:
            return Support(hit, provision, *verdict)
    return Support(hit, top, *whole)
