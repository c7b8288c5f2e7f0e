"""A question -> the articles that it means by their titles: 促进创新发展这条, “把握机遇”那一条, 公共部门应用的条文.

In: a question that is `written_out`, and the document that it is about. Out: References as `referred.py` finds them for
numbers. A name must be said of the whole title in its order, if with gaps, and of one title alone: a wrong reference is
worse than none. Articles of statutes have no titles that are sentences, so that it finds none there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rag.records import Document
from rag.reference import Reference

Step = tuple[str, str]

_SAID = re.compile(
    r"[“\"「『‘']?(?P<name>[\u3400-\u9fff+]{4,20}?)[”\"」』’']?(?:的?(?:[这那]一?|一)条(?![件例路])|的条[文款])"
)
_LEAD = re.compile(
    r".*(?:讲|谈|说|提|写|关于|有关|涉及|标题[是为]|题为|叫做?|把|在|看|对|跟|请|问|[,，和与及])(?=[\u3400-\u9fff]{4})"
)
_BETWEEN = re.compile(
    r"(?:夹在|介于|位于|排在|在)?(?:讲|谈|说|写|关于)?(?P<one>[\u3400-\u9fff]{2,20}?)的?(?:[这那]一?|一)条[和与跟同](?:讲|谈|说|写|关于)?"
    r"(?P<other>[\u3400-\u9fff]{2,20}?)的?(?:[这那]一?|一)条的?(?:正中间|中间|之间|当中)"
    r"的?[,，]?(?:是?哪|[这那])一?条"
)
_COMMON = re.compile("人工智能|AI|[的,，。、]")
LEAST = 0.4
"""Share of a title's characters, without what stands in most of them, that a name has at least."""


def by_title(text: str, document: Document | None) -> list[Reference]:
    """The articles of a document that a question means by their titles, in the order in which they are said."""
    said = list(_SAID.finditer(text))
    if not said or not document:
        return []
    titles = {
        each.path[0]: _COMMON.sub("", document.text_of(each))
        for each in document.provisions
        if len(each.path) == 2 and each.path[0][0] == "article" and document.is_title(each.path)
    }
    if (middle := _BETWEEN.search(text)) and (step := _between(titles, middle["one"], middle["other"])):
        return [Reference(middle.start(), middle.end(), steps=(step,))]
    found = []
    for one in said:
        for name in dict.fromkeys((one["name"], _LEAD.sub("", one["name"]))):
            bare = _COMMON.sub("", name)
            fits = [step for step, title in titles.items() if _in_order(bare, title)]
            if len(fits) == 1 and len(bare) >= max(4, LEAST * len(titles[fits[0]])):
                found.append(Reference(one.end("name") - len(name), one.end(), steps=(fits[0],)))
                break
    return found


def _between(titles: Mapping[Step, str], one: str, other: str) -> Step | None:
    """The article that stands between two, each of which a name means that is said of no other title."""
    steps = list(titles)
    ends = [
        [n for n, title in enumerate(titles.values()) if _in_order(_COMMON.sub("", name), title)]
        for name in (one, other)
    ]
    if any(len(end) != 1 for end in ends):
        return None
    (first,), (last,) = ends
    return steps[(first + last) // 2] if abs(first - last) == 2 else None


def without_names(question: str) -> str:
    """The question without what could be an article meant by its title."""
    return _SAID.sub(" ", question)


def _in_order(name: str, title: str) -> bool:
    rest = iter(title)
    return all(character in rest for character in name)
