"""Answers that code gives exactly: the provision asked for, how many there are, where words stand.

In: what a question names, and the language to say it in. Out: sentences with the provision each is cited to, and the
remark that belongs before them: which document was taken, and what there is in place of a provision that is not.
A provision is told in its own words, whatever the language of the question. It asks no model and finds nothing itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.labels import short_label
from rag.named import Named
from rag.records import Document, Path, Provision
from rag.reference import HEAD
from rag.words import say

Told = tuple[str, Document, Provision]

WHOLE = {"zh": 120, "en": 320}
"""Characters up to which a clause is one sentence; a longer one is told by what is below it."""

FEW = 3
"""Up to how many places of a word longer clauses are told whole."""

MENTIONS, SHOWN = 20, 60
"""How many places of a word, and how many sentences of provisions, are told at most; `remark` says when it is more."""

_OPENING = re.compile(r"[*#_\s\u3000]*")


def told(named: Named, lang: str) -> tuple[Told, ...]:
    """The sentences, without markers, each with its document and the provision cited; () when there is nothing."""
    if named.asks == "count":
        return tuple(_count(named, lang))
    if named.asks == "mentions":
        return tuple(_mention(named, *place, lang) for place in named.paths[:MENTIONS])
    return tuple(_clauses(named))[:SHOWN] if named.asks == "text" else ()


def remark(named: Named, lang: str) -> str | None:
    """Which document was taken when several fit, what exists in place of the missing, and what is left out."""
    said = [_missing(document, path, lang) for document, path in named.missing]
    if named.others and named.documents:
        others = ("、" if lang == "zh" else ", ").join(_dated(each, lang) for each in named.others)
        said.insert(0, say("told_taken", lang, document=_dated(named.documents[0], lang), others=others))
    if named.asks == "mentions" and len(named.paths) > MENTIONS:
        said.append(say("told_more", lang, n=len(named.paths), shown=MENTIONS))
    if named.asks == "text" and (n := sum(1 for _ in _clauses(named))) > SHOWN:
        said.append(say("told_more", lang, n=n, shown=SHOWN))
    return ("" if lang == "zh" else " ").join(said) or None


def _clauses(named: Named) -> Iterator[Told]:
    for document, path in named.paths:
        yield from clauses(document, document.by_path[path])


def clauses(document: Document, provision: Provision) -> Iterator[Told]:
    """A provision in its own words: whole when it is short or has nothing below it, else clause by clause."""
    opens = provision.start == document.by_path[provision.path[:1]].start  # with its article, and so with 第一条
    head = HEAD.match(document.text, provision.start, provision.end) if opens else None
    start = _OPENING.match(document.text, head.end() if head else provision.start).end()  # type: ignore[union-attr]
    text = document.text[start : provision.end]
    below = document.children(provision.path)
    if not below or (len(text) <= WHOLE.get(document.lang, WHOLE["en"]) and "\n" not in text.strip()):
        yield from _part(document, provision, start, provision.end)
        return
    for child in below:
        yield from _part(document, provision, start, child.start, least=5)
        yield from clauses(document, child)
        start = max(start, child.end)
    yield from _part(document, provision, start, provision.end, least=5)


def _part(document: Document, provision: Provision, start: int, end: int, least: int = 1) -> Iterator[Told]:
    """The words there as one sentence; what has fewer letters than `least` is the number of what follows."""
    text = re.sub(r"\s*\n\s*", "" if document.lang == "zh" else " ", document.text[start:end].strip("*#_ \u3000\n\t"))
    if sum(char.isalnum() for char in text) >= least:
        yield text, document, provision


def _count(named: Named, lang: str) -> Iterator[Told]:
    if named.counted == "chapter":
        yield from _chapters(named.documents[0], lang)
        return
    places = named.paths if named.paths or named.missing else ((named.documents[0], ()),)
    for document, path in places:
        if found := _siblings(document, path, named.counted):
            yield _sum(document, path, found, lang), document, found[-1]


def _siblings(document: Document, above: Path, kind: str) -> list[Provision]:
    found = [each for each in document.children(above) if each.path[-1][0] == kind]
    if not found and kind == "paragraph" and above and document.lang == "zh":
        return [document.by_path[above]]  # an article without 款 is its only one
    return found


def _sum(document: Document, above: Path, found: list[Provision], lang: str) -> str:
    kind = say(f"told_kind_{found[0].path[-1][0] if len(found) > 1 or not above else 'paragraph'}", lang)
    name, n = document.label(above), len(found)
    if above or n == 1:
        return say("told_count_only", lang, document=name, n=n, kind=kind.removesuffix("s") if n == 1 else kind)
    first, last = (short_label(document.lang, each.path) for each in (found[0], found[-1]))
    inserted = sum("-" in each.path[-1][1] for each in found)
    values = {"inserted": inserted} if inserted else {}
    key = "told_count_inserted" if inserted else "told_count"
    return say(key, lang, document=name, n=n, kind=kind, first=first, last=last, **values)


def _chapters(document: Document, lang: str) -> Iterator[Told]:
    chapters: dict[str, Provision] = {}
    for provision in document.provisions:
        for heading in provision.headings:
            if re.match(r"第\S{1,4}章|chapter\b", heading, re.IGNORECASE):
                chapters.setdefault(heading, provision)
    if chapters:
        *_, last = chapters.values()
        kind = say("told_kind_chapter", lang)
        yield say("told_count_only", lang, document=document.label(()), n=len(chapters), kind=kind), document, last


def _mention(named: Named, document: Document, path: Path, lang: str) -> Told:
    """The words around one of the words, or that it stands there where they are too many."""
    provision = document.by_path[path]
    if provision.end - provision.start <= WHOLE[lang] * (1 if len(named.paths) > FEW else 3):
        return next(clauses(document, provision))
    whole = document.text_of(document.by_path[path[:1]]).lower()
    words = [word for word in named.words if word.lower() in whole]
    place = short_label(document.lang, path[:1])
    return say("told_mentions", lang, place=place, words=say("told_between", lang).join(words)), document, provision


def _dated(document: Document, lang: str) -> str:
    if not document.date:
        return document.label(())
    return say("told_of_date", lang, document=document.label(()), date=document.date)


def _missing(document: Document, path: Path, lang: str) -> str:
    """What there is in place of a provision that is not: how many of the kind, below the narrowest that is there."""
    there = next(n for n in range(len(path) - 1, -1, -1) if n == 0 or path[:n] in document.by_path)
    kind, name = path[there][0], document.label(())
    place = short_label(document.lang, path[: there + 1])
    found = _siblings(document, path[:there], kind)
    if not found:
        return say("told_missing_kind", lang, document=name, place=place)
    words, n = say(f"told_kind_{kind}", lang), len(found)
    if there:
        above = short_label(document.lang, path[:there])
        return say("told_missing_below", lang, document=name, place=place, above=above, n=n, kind=words)
    first, last = (short_label(document.lang, each.path) for each in (found[0], found[-1]))
    return say("told_missing", lang, document=name, place=place, n=n, kind=words, first=first, last=last)
