"""A question for all the places that speak of a matter -> those places, each in its own words. Pure.

In: a question such as 照顾发展中国家的内容分别在哪几条, and the provisions found for it. Out: one clause of each
article that speaks of the matter, in the order of the text; [] where nothing is asked so, or where fewer than two do.
And whether a provision that a question names answers it as a whole.
Words that stand there letter by letter are found by `named.py`; here meaning and other wordings count too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag import compared, evidence, facts
from rag.entitled import without_names
from rag.records import Document, Hit, Path, Provision
from rag.spread import Shown, leaves, quote
from rag.told import clauses

ASKED = re.compile(
    r"哪几[条点处段]|有[两三四五六]条(?:都|均|里|中)?[^,，。?？]{0,2}[提谈讲说涉]|哪些(?:条(?!件|例)文?|条款|段落|点|地方.{0,6}[提说谈讲涉写出])|不止一[处条次]"
    r"|\b(?:which|what) (?:articles|points|provisions|parts|sections|paragraphs)\b",
    re.IGNORECASE,
)
_OF_ARTICLES = re.compile(r"条|article", re.IGNORECASE)
_PARTS = re.compile(r"[、,，]|和|与|以及|或者?|\b(?:and|or)\b")
ALL_OF = re.compile(
    r"列[出举]|列了(?:什么|哪些)|逐[项条句]|哪些(?:规定|措施|内容|要求|举措|安排|方面)|\ball\b|\blist\b", re.IGNORECASE
)
WHAT_OF = re.compile(
    r"(?:什么样?的?|何)(?:规定|措施|要求|举措|安排|主张|倡议)|(?:怎么?样?|如何)(?:规定|要求|界定|定义|判|罚|说)"
    r"|管的?是?什么|什么行为|(?:指|说|讲)的?是?(?:什么|哪)"
    r"|\bwhat (?:does|do|is|are) .*\b(?:required?|demand(?:ed)?)\b",
    re.IGNORECASE,
)
SHORT = 400
"""Characters of a provision at most that is told whole where it is asked what it requires: half of it is no answer."""

SPEAKS = 0.55
"""Share of a matter that a clause must speak of."""

OF_ALL = 0.2
"""Share of the question's content that one of its matters must be, to be looked for alone."""

MOST = 8
"""How many places are told."""


def places(question: str, lang: str, hits: Sequence[Hit], weight: evidence.Weight) -> list[Shown]:
    """The clauses that speak of what is asked, one of each article; `hits` are searched, in any order."""
    if not ASKED.search(question):
        return []
    if _OF_ARTICLES.search(question) and (articles := [hit for hit in hits if hit.provision.path[0][0] == "article"]):
        hits = articles
    matters, quoted = list(_matters(question, lang, weight)), facts.QUOTED.findall(question)
    if not matters:
        return []
    told: list[tuple[Document, Provision]] = []
    for hit in hits:
        texts = [(hit.document.text_of(leaf), leaf) for leaf in leaves(hit)]
        found = [
            (max(evidence.share(matter, text, weight)[0] for matter in matters), leaf)
            for text, leaf in texts
            if not quoted or any(facts.plain(each) in facts.plain(text) for each in quoted)
        ]
        share, leaf = max(found, key=lambda each: each[0], default=(0.0, hit.provision))
        if share >= SPEAKS:
            told.append((hit.document, leaf))
    told = sorted(told[:MOST], key=lambda place: (place[0].doc_id, place[1].start)) if len(told) > 1 else []
    return [shown for document, leaf in told for shown in quote(document, leaf, "")]


def _matters(
    question: str, lang: str, weight: evidence.Weight, titles: Sequence[str] = ()
) -> Iterator[tuple[evidence.Term, ...]]:
    """What is looked for: what is quoted, else all that is asked, and each of the matters named side by side."""
    if quoted := facts.QUOTED.findall(question):
        yield from filter(None, (evidence.terms(each, lang) for each in quoted))
        return
    whole = evidence.terms(question, lang, titles)
    size = sum(weight(term.text) for term in whole)
    if whole:
        yield whole
    for part in _PARTS.split(question):
        terms = evidence.terms(part, lang, titles)
        if sum(not term.light for term in terms) and sum(weight(term.text) for term in terms) >= OF_ALL * size:
            yield terms


def asks_for_whole(asked: str, lang: str, paths: Sequence[tuple[Document, Path]]) -> bool:
    """Whether a question about the provisions at `paths` is answered by the whole of them: what they list, or what they
    require of a matter that more than one of their clauses speaks of, where they are short; not where several are
    compared."""
    if len(paths) > 1 and compared.ASKED.search(asked):
        return False
    if ALL_OF.search(asked):
        return True
    said = [text for document, path in paths for text, *_ in clauses(document, document.by_path[path])]
    if not WHAT_OF.search(asked) or sum(map(len, said)) > SHORT:
        return False
    titles = [document.title for document, _ in paths]
    matter = WHAT_OF.sub(" ", without_names(asked))
    matters = list(_matters(matter, lang, lambda word: 1.0, titles))
    speaking = sum(any(evidence.share(each, text, lambda word: 1.0)[0] >= SPEAKS for each in matters) for text in said)
    return speaking > 1 or not matters
