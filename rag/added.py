"""An Answer and what is shown next -> the Answer with it, cited. Pure.

In: an Answer, sentences with the provisions they stand on. Out: the Answer with those it has not got; a clause that is
cited already keeps its number. It judges nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rag import cite, spread
from rag.around import around
from rag.labels import short_label
from rag.records import Answer, Sentence

WHERE = re.compile(
    r"第几[条款点章]|哪一?[条款点](?!路)|\b(?:which|what) (?:article|point|provision|section|paragraph)\b",
    re.IGNORECASE,
)
"""Where the place itself is asked for: it is said before the sentence, and not only in the citation."""


def added(answer: Answer, shown: spread.Shown, side: str = "") -> Answer:
    """The answer with one more sentence, if it has not got it; a clause cited before keeps its number."""
    if any((one.text, one.side) == (shown.text, side) for one in answer.sentences):
        return answer
    citation = cite.citation(shown.document, shown.provision, len(answer.citations) + 1)
    same = (c for c in answer.citations if (c.doc_id, c.path) == (citation.doc_id, citation.path))
    number = next((c.n for c in same), citation.n)
    citations = answer.citations if number != citation.n else (*answer.citations, citation)
    verdict = "quoted" if shown.quoted else "supported"
    sentence = Sentence(shown.text, (number,), verdict, shown.item, side)
    documents = {**answer.documents, citation.doc_id: shown.document}
    return replace(answer, sentences=(*answer.sentences, sentence), citations=citations, documents=documents)


def among(answer: Answer, one: spread.Shown, own: str) -> Answer:
    """The answer with one more sentence, between those of its statute that it cannot be understood without."""
    for each in around(one):
        answer = added(answer, each, place(own, each))
    return answer


def place(question: str, shown: spread.Shown) -> str:
    """The article of a sentence where a question asks in which one something stands, else ""."""
    articles = shown.provision.path[0][0] == "article" and WHERE.search(question)
    return short_label(shown.document.lang, shown.provision.path[:1]) if articles else ""
