"""A sentence of a statute that is shown -> with it what it leans on, and what leans on it. Pure.

In: what is to be shown. Out: the same between the other sentences of its paragraph, where that is short; of a long one
those that go on with 但是 or 其中; and the paragraph before one that speaks of 前款. Half of a rule without its
exception misleads; what tells a model how to answer is no part of it. Other documents are left as they are: their
sentences stand alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.records import Document, Path, Provision
from rag.spread import Shown
from rag.told import clauses
from rag.unseen import without_orders

SHORT = 160
"""Characters of a paragraph at most that is told whole."""

BEFORE = 300
"""Characters at most of a paragraph that is told because the next one speaks of it."""

_GOES_ON = re.compile("但是?|除|其中|超过|逾期|前[述款]|上述|该|此|不足|未")
_OF_THE_LAST = re.compile(r"[^，。；]{0,14}前[一1]?款")


def around(one: Shown) -> list[Shown]:
    """What is shown, and around it what it cannot be understood without; each cited where it stands."""
    document, path = one.document, one.provision.path
    if document.kind != "statute" or document.lang != "zh" or one.item:
        return [one]
    shown = [one]
    if path[-1][0] == "sentence":
        shown = list(_beside(one, document, document.children(path[:-1])))
    if len(path) > 1 and path[1][0] == "paragraph" and _OF_THE_LAST.match(one.text):
        return [*_before(document, path), *shown]
    return shown


def _beside(one: Shown, document: Document, sentences: list[Provision]) -> Iterator[Shown]:
    texts = [document.text_of(each) for each in sentences]
    at = sentences.index(one.provision)
    first, last = at, at
    if sum(map(len, texts)) <= SHORT:
        first, last = 0, len(sentences) - 1
    else:
        while first and _GOES_ON.match(texts[first]):
            first -= 1
        while last + 1 < len(sentences) and _GOES_ON.match(texts[last + 1]):
            last += 1
    for n in range(first, last + 1):
        if n == at:
            yield one
        elif without_orders(texts[n]) == texts[n]:
            yield from _said(document, sentences[n])


def _before(document: Document, path: Path) -> list[Shown]:
    paragraphs = [each for each in document.children(path[:1]) if each.path[-1][0] == "paragraph"]
    n = next(n for n, each in enumerate(paragraphs) if each.path == path[:2])
    if not n or paragraphs[n - 1].end - paragraphs[n - 1].start > BEFORE:
        return []
    return _said(document, paragraphs[n - 1])


def _said(document: Document, provision: Provision) -> list[Shown]:
    return [
        Shown(text, document, each, item=each.path[-1][0] in ("item", "point"))
        for text, _, each in clauses(document, provision)
    ]
