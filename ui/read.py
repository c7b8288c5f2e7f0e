"""A whole document -> HTML to read: its outline, its provisions nested as they are, its references as links.

In: a Document, the reader's language, and what finds another document by its title. Out: one `<article>`, escaped, in
which a provision's id is its path (`article/6/paragraph/1`), so that a citation, a link and a search land on it. The
text is the document's own, but for the signs of Markdown around headings and numbers. Pure; it styles nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from rag.labels import short_label
from rag.records import Document, Path, Provision
from rag.reference import HEAD, links
from rag.words import say
from ui.escape import address, anchor, inert, unsigned

Find = Callable[[str], Document | None]
Mark = tuple[int, int, str]  # start, end, and the tag that opens there; an empty span is a mark that stands by itself

CAPTION = {"zh": 24, "en": 80}  # characters at most of a line that is the title of its article
_PAGE = re.compile(r'<span class="ty-page"[^>]*></span>')


def reading(document: Document, lang: str, find: Find) -> str:
    """The document as one HTML element: `nav.ty-outline`, then `div.ty-body` with a `section` for each article."""
    tops = [p for p in document.provisions if len(p.path) == 1]
    body = "".join(_body(document, tops, _Text(document, _marks(document, tops, lang, find))))
    title = inert(document.title)
    outline = f'<nav class="ty-outline" aria-label="{say("read_outline", lang)}">{_outline(document, tops)}</nav>'
    head = f'<header><h2 class="ty-law-title" tabindex="-1">{title}</h2><p>{_facts(document, lang)}</p></header>'
    spoken = "zh" if document.lang == "zh" else "en"
    return f'<article class="ty-law" lang="{spoken}">{outline}<div class="ty-body">{head}{body}</div></article>'


def _facts(document: Document, lang: str) -> str:
    since = say("read_effective", lang, date=document.effective) if document.effective else None
    changes = (f"{day} {event}" for day, event in document.history)
    facts = (document.issuer, document.date, since, *changes)
    return " · ".join(dict.fromkeys(inert(fact) for fact in facts if fact))


def _marks(document: Document, tops: Sequence[Provision], lang: str, find: Find) -> list[Mark]:
    """References that lead somewhere, and where each page of the file begins, in the order of the text."""
    found: list[Mark] = []
    for link in (link for top in tops for link in links(document, top)):
        target: Document | None = document
        if link.document:
            target = find(link.document)
        elif not (link.exists and link.path):
            continue
        if target:
            path = link.path if link.path in target.by_path else (link.path or ())[:1]
            href = address(target.doc_id, path if path in target.by_path else ())
            found.append((link.start, link.end, f'<a class="ty-ref" href="{href}">'))
    pages = [piece for piece in document.pieces if piece.page is not None]
    for before, piece in pairwise((None, *pages)):
        if piece and piece.page is not None and (before is None or before.page != piece.page):
            said = say("read_page", lang, n=piece.page)
            found.append((piece.start, piece.start, f'<span class="ty-page" role="img" aria-label="{said}"></span>'))
    return sorted(found)


class _Text:
    """The document's text by spans, asked for in order, with the marks that fall into each."""

    def __init__(self, document: Document, marks: Sequence[Mark]) -> None:
        self.text, self.marks, self.next = document.text, marks, 0

    def html(self, start: int, end: int) -> str:
        """`text[start:end]`; line ends inside are kept, those at its edges not. A link cut by the span is text."""
        parts, at = [], start
        while self.next < len(self.marks) and self.marks[self.next][0] < end:
            begin, stop, tag = self.marks[self.next]
            self.next += 1
            if begin == stop:
                parts += [self._plain(at, max(at, begin)), tag]
                at = max(at, begin)
            elif begin >= at and stop <= end:
                parts += [self._plain(at, begin), f"{tag}{self._plain(begin, stop)}</a>"]
                at = stop
        parts.append(self._plain(at, end))
        return re.sub(r"\s*\n\s*", "<br>", "".join(parts).strip("\n"))

    def _plain(self, start: int, end: int) -> str:
        return inert(unsigned(self.text[start:end]))


def _body(document: Document, tops: Sequence[Provision], text: _Text) -> Iterator[str]:
    at = 0
    above: tuple[str, ...] = ()
    provisions = document.provisions
    starts = {id(provision): n for n, provision in enumerate(provisions)}
    for top in tops:
        yield _between(document, text, at, top.start, top.headings, above)
        kind = inert(top.path[0][0])
        inner = _Nodes(document, text).inside(starts[id(top)])
        yield f'<section class="ty-top ty-{kind}" id="{inert(anchor(top.path))}">{inner}</section>'
        at, above = max(at, top.end), top.headings
    yield _between(document, text, at, len(document.text), (), ())


def _between(
    document: Document, text: _Text, start: int, end: int, headings: tuple[str, ...], above: tuple[str, ...]
) -> str:
    """What stands between two articles: the headings that begin there, and loose lines."""
    found, at = [], start
    names = {" ".join(heading.split()): level for level, heading in enumerate(headings)}
    for line in document.text[start:end].splitlines(keepends=True):
        shown = text.html(at, at + len(line))
        bare = " ".join(unsigned(line).split())
        level = names.pop(bare, None)
        at += len(line)
        if level is not None and headings[: level + 1] != above[: level + 1]:
            found.append(f'<h{min(level + 3, 6)} class="ty-heading">{shown}</h{min(level + 3, 6)}>')
        elif bare and bare != document.title:
            found.append(f'<p class="ty-loose">{shown}</p>')
        else:
            found += _PAGE.findall(shown)
    return "".join(found)


class _Nodes:
    """A provision with those below it. What begins on a line of its own is a block, the rest runs on."""

    def __init__(self, document: Document, text: _Text) -> None:
        self.document, self.text, self.next = document, text, 0

    def inside(self, n: int) -> str:
        """The HTML of what is in `provisions[n]`; afterwards `next` is the first provision behind it."""
        provisions, whole = self.document.provisions, self.document.text
        own = provisions[n]
        at, self.next = own.start, n + 1
        parts = []
        if len(own.path) == 1 and (head := HEAD.match(whole, own.start, own.end)) and head[0].strip():
            parts.append(f'<b class="ty-number">{self.text.html(own.start, head.end())}</b>')
            at = head.end()
        while self.next < len(provisions) and provisions[self.next].path[: len(own.path)] == own.path:
            child = provisions[self.next]
            parts += [self._lead(at, child.start), self._node(self.next, "\n" in whole[at : child.start])]
            at = max(at, child.end)
        parts.append(self._lead(at, own.end))
        return "".join(parts)

    def _lead(self, start: int, end: int) -> str:
        words = self.document.text[start:end]
        if not words.strip():
            return " " if words else ""
        return ("<br>" if "\n" in words[: len(words) - len(words.lstrip())] else "") + self.text.html(start, end)

    def _node(self, n: int, block: bool) -> str:
        path = self.document.provisions[n].path
        kind = inert(path[-1][0]) + (" ty-block" if block else "")
        return f'<span class="ty-{kind}" id="{inert(anchor(path))}">{self.inside(n)}</span>'


def _outline(document: Document, tops: Sequence[Provision]) -> str:
    """The headings as folds in folds, the articles in them as links."""
    parts, open_ = ["<ul>"], tuple[str, ...]()
    for top in tops:
        common = next((n for n, (a, b) in enumerate(zip(open_, top.headings, strict=False)) if a != b), None)
        common = min(len(open_), len(top.headings)) if common is None else common
        parts.append("</ul></details></li>" * (len(open_) - common))
        for heading in top.headings[common:]:
            parts.append(f"<li><details><summary>{inert(heading)}</summary><ul>")
        open_ = top.headings
        label = inert(short_label(document.lang, top.path, document.begins(top.path)))
        title = inert(caption(document, top))
        href = address(document.doc_id, top.path)
        parts.append(f'<li><a href="{href}">{label}{f" <span>{title}</span>" if title else ""}</a></li>')
    parts.append("</ul></details></li>" * len(open_) + "</ul>")
    return "".join(parts)


def caption(document: Document, top: Provision) -> str:
    """The title of an article where it has one: a line of its own behind its number, or a plan's first sentence."""
    head = HEAD.match(document.text, top.start, top.end)
    start = head.end() if head else top.start
    line = unsigned(document.text[start : top.end].strip().split("\n", 1)[0]).strip()
    first: Path = (*top.path, ("sentence", "1"))
    if document.kind != "statute" and first in document.by_path and document.is_title(first):
        line = document.text_of(document.by_path[first]).strip("。 ")
    elif document.lang == "zh" or not head or not head[0].strip() or line.endswith((".", ";", ":", ",")):
        return ""
    return line if len(line) <= CAPTION.get(document.lang, CAPTION["en"]) else ""
