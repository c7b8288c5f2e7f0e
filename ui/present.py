"""What a reader sees of an answer: records in, HTML for one chat message out. Pure; knows no widget library.

Each message is one HTML element on one line: Markdown renderers pass such a block through untouched, and every
character of punctuation that comes from a model, a reader or a document is written as a character reference, so that
it is neither markup nor Markdown wherever it lands. Ids are `src-TURN-N`, so that an earlier turn's citations keep
working. This module does not decide anything about an answer and does not style it (style.css does).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from rag.facts import parted
from rag.labels import short_label
from rag.records import Answer, Citation, Document, Hit, Path, Sentence, Update
from rag.words import LANGUAGES, say

NEAREST = 3  # provisions offered beside a refusal
WHOLE_ARTICLE = 1600  # characters; a longer article is cut around the cited clause
AROUND = 500  # characters kept on each side of the clause then
FIRST_WORDS = 120  # characters of a provision in a list


def escaped(text: str) -> str:
    """`text` as inert HTML: ASCII punctuation as character references, line ends as <br>, control characters gone."""
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", text)
    text = re.sub(r"[!-/:-@\[-`{-~]", lambda found: f"&#{ord(found[0])};", text)
    return re.sub(r"\s*[\r\n\u2028\u2029]\s*", "<br>", text.strip())


def question(text: str) -> str:
    """A reader's question as a chat message."""
    return _block("ty-question", escaped(text))


def note(text: str, kind: str) -> str:
    """A plain remark in place of an answer; `kind` is "wait", "error" or "stopped"."""
    return _block(f"ty-note ty-{kind}", f"<p>{escaped(text)}</p>")


def message(update: Update, turn: int, documents: Mapping[str, Document]) -> str:
    """The answer so far as a chat message.

    `turn` counts the questions of the conversation from 1; `documents` maps doc_id to Document and may lack some:
    then the cited clause stands without the article around it.
    """
    answer, done = update.answer, update.stage == "done"
    lang = answer.lang if answer.lang in LANGUAGES else "en"
    parts = [_rewritten(answer, lang)]
    if answer.sentences and not answer.refused:
        parts.append(_text(answer, turn, documents))
        parts.extend(_source(citation, turn, documents, lang) for citation in answer.citations)
    if not done:
        parts.append(_stage(update, lang))
    elif answer.refused or not answer.sentences:
        parts.append(_refusal(answer, lang))
    elif answer.note:
        parts.append(_remark(answer.note))
    if done:
        parts.append(_footnotes(answer, lang))
    return _block("ty-answer", "".join(parts), lang)


def header(lang: str) -> str:
    """The page's name and what it is for."""
    return f'<header class="ty-header"><h1>{escaped(say("page_title", lang))}</h1>' + (
        f"<p>{escaped(say('page_tagline', lang))}</p></header>"
    )


def document_list(documents: Sequence[Document], lang: str) -> str:
    """What is indexed, folded under its count."""
    if not documents:
        return note(say("page_no_documents", lang), "wait")
    rows = "".join(f"<li>{_document(document, lang)}</li>" for document in documents)
    summary = escaped(say("page_documents", lang, count=len(documents)))
    return f'<details class="ty-documents"><summary>{summary}</summary><ul>{rows}</ul></details>'


def _block(kind: str, inner: str, lang: str | None = None) -> str:
    spoken = f' lang="{lang}"' if lang else ""
    return f'<div class="{kind}"{spoken}>{inner}</div>'


def _text(answer: Answer, turn: int, documents: Mapping[str, Document]) -> str:
    known = {citation.n: citation for citation in answer.citations}
    joint = "" if answer.lang == "zh" else " "
    sentences = joint.join(_sentence(sentence, known, turn, documents) for sentence in answer.sentences)
    return f'<p class="ty-text">{sentences}</p>'


def _sentence(sentence: Sentence, known: Mapping[int, Citation], turn: int, documents: Mapping[str, Document]) -> str:
    """The sentence with its citations before the full stop, as printed law and `Answer.text` have them."""
    body, end = parted(sentence.text)
    links = "".join(_link(known[n], turn, documents) for n in sentence.citations if n in known)
    return escaped(body) + links + escaped(end)


def _link(citation: Citation, turn: int, documents: Mapping[str, Document]) -> str:
    document = documents.get(citation.doc_id)
    words = short_label(document.lang, citation.path, document.begins(citation.path)) if document else citation.label
    target = f"#src-{turn}-{citation.n}"
    return f'<a class="ty-cite" href="{target}" title="{escaped(citation.label)}">{escaped(words)}</a>'


def _source(citation: Citation, turn: int, documents: Mapping[str, Document], lang: str) -> str:
    """The clause inside its article, folded, under its label."""
    title = escaped(say("page_verbatim_title", lang))
    verbatim = f'<span class="ty-verbatim" title="{title}">{say("page_verbatim", lang)}</span>'
    document = documents.get(citation.doc_id)
    return (
        f'<details class="ty-source" id="src-{turn}-{citation.n}">'
        f"<summary><span>{escaped(citation.label)}</span> {verbatim}</summary>"
        f"{_breadcrumb(document, citation.path)}<blockquote>{_in_article(citation, document)}</blockquote></details>"
    )


def _breadcrumb(document: Document | None, path: Path) -> str:
    article = document.by_path.get(path[:1]) if document else None
    if article is None or not article.headings:
        return ""
    return f'<p class="ty-breadcrumb">{" › ".join(escaped(heading) for heading in article.headings)}</p>'


def _in_article(citation: Citation, document: Document | None) -> str:
    article = document.by_path.get(citation.path[:1]) if document else None
    marked = f"<mark>{escaped(citation.quote)}</mark>"
    if document is None or article is None or not article.start <= citation.start <= citation.end <= article.end:
        return marked
    before, after = document.text[article.start : citation.start], document.text[citation.end : article.end]
    if article.end - article.start > WHOLE_ARTICLE:
        before = before if len(before) <= AROUND else "……" + before[-AROUND:]
        after = after if len(after) <= AROUND else after[:AROUND] + "……"
    return _beside(before, end=True) + marked + _beside(after, end=False)


def _beside(text: str, end: bool) -> str:
    """Text next to the clause; `escaped` strips, so a line end that parts it from the clause is kept here."""
    edge = text[len(text.rstrip()) :] if end else text[: len(text) - len(text.lstrip())]
    parting = "<br>" if "\n" in edge and text.strip() else " " if edge else ""
    return escaped(text) + parting if end else parting + escaped(text)


def _stage(update: Update, lang: str) -> str:
    answer = update.answer
    words = say("page_retrieving" if update.stage == "retrieve" else "page_answering", lang)
    found = ""
    if answer.retrieved and not answer.sentences:
        rows = _provisions(answer.retrieved)
        found = f'<div class="ty-found"><p>{escaped(say("page_found", lang))}</p><ul>{rows}</ul></div>'
    return f'<p class="ty-stage">{escaped(words)}</p>{found}'


def _provisions(hits: Iterable[Hit]) -> str:
    return "".join(f"<li><b>{escaped(_label(hit))}</b> {_first_words(hit)}</li>" for hit in hits)


def _label(hit: Hit) -> str:
    return hit.document.label(hit.provision.path)


def _first_words(hit: Hit) -> str:
    text = " ".join(hit.text.split())
    return escaped(text if len(text) <= FIRST_WORDS else text[:FIRST_WORDS] + "……")


def _refusal(answer: Answer, lang: str) -> str:
    """Why there is no answer. An answer without a sentence and without a reason is one that nothing supported."""
    reason = say("page_refused_" + (answer.reason or "unsupported"), lang)
    words = f'<p class="ty-refusal">{escaped(reason)}</p>' + (_remark(answer.note) if answer.note else "")
    if not answer.retrieved:
        return words
    summary = escaped(say("page_nearest", lang))
    rows = _provisions(answer.retrieved[:NEAREST])
    return f'{words}<details class="ty-nearest"><summary>{summary}</summary><ul>{rows}</ul></details>'


def _remark(words: str) -> str:
    return f'<p class="ty-remark">{escaped(words)}</p>'


def _rewritten(answer: Answer, lang: str) -> str:
    if not answer.rewritten or answer.rewritten == answer.question:
        return ""
    return f'<p class="ty-rewritten">{escaped(say("page_rewritten", lang, question=answer.rewritten))}</p>'


def _footnotes(answer: Answer, lang: str) -> str:
    parts = ""
    if answer.llm == "extractive" and answer.sentences and not answer.refused:
        parts += f'<p class="ty-foot">{escaped(say("page_extractive", lang))}</p>'
    if answer.removed:
        rows = "".join(f"<li><s>{escaped(r.text)}</s> <i>{escaped(r.why(lang))}</i></li>" for r in answer.removed)
        summary = escaped(say("page_removed", lang, count=len(answer.removed)))
        parts += f'<details class="ty-removed"><summary>{summary}</summary><ul>{rows}</ul></details>'
    return parts


def _document(document: Document, lang: str) -> str:
    articles = sum(1 for p in document.provisions if len(p.path) == 1 and p.path[0][0] == "article")
    paragraphs = sum(1 for p in document.provisions if len(p.path) == 1)
    counted = say("page_articles", lang, count=articles) if articles else say("page_provisions", lang, count=paragraphs)
    facts = " · ".join(escaped(fact) for fact in (document.issuer, document.date, counted) if fact)
    return f'<span class="ty-title">{escaped(document.title)}</span> <span class="ty-facts">{facts}</span>'
