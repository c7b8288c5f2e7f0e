"""What a reader sees of an answer: records in, HTML of one message out. Pure; knows no widget library.

What stands around an answer speaks the page's language, `lang`; the answer that of its question, a clause that of its
document, and each says so where it is another, for whoever has it read aloud.

The page puts a message in place of the one before it node by node, so its parts keep their order while it grows: what
is to come is there from the start, empty. Ids are `src-TURN-N`, so that an earlier turn's citations keep working.
Whatever comes from a model, a reader or a document goes through `escaped`. This module does not decide anything about
an answer and does not style it (style.css does).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from rag.facts import parted
from rag.labels import short_label
from rag.records import Answer, Citation, Document, Hit, Path, Sentence, Update
from rag.reference import HEAD
from rag.words import LANGUAGES, say
from ui.escape import address, escaped, unsigned

NEAREST = 3  # provisions offered beside a refusal
FIRST_WORDS = 120  # characters of a provision in a list
STAGES = ("page_retrieving", "page_answering", "page_checking")


def question(text: str) -> str:
    """A reader's question as a chat message."""
    return _block("ty-question", escaped(text))


def note(text: str, kind: str) -> str:
    """A plain remark in place of an answer; `kind` is "wait", "error" or "stopped"."""
    return _block(f"ty-note ty-{kind}", f"<p>{escaped(text)}</p>")


def message(update: Update, turn: int, documents: Mapping[str, Document], lang: str) -> str:
    """The answer so far as a message.

    `turn` counts the questions of the conversation from 1; `documents` maps doc_id to Document and may lack some:
    then the cited clause stands without its headings.
    """
    answer, done = update.answer, update.stage == "done"
    refused = done and (answer.refused or not answer.sentences)
    shown = answer.sentences and not answer.refused
    sources = "".join(_source(each, turn, documents, lang) for each in answer.citations) if shown else ""
    parts = [
        _rewritten(answer, lang),
        _text(answer, turn, documents, lang) if shown else "",
        _refusal(answer, turn, lang) if refused else _remark(answer, lang) if done else "",
        "" if done else _stage(update, lang),
        f'<ol class="ty-sources">{sources}</ol>',
        "" if refused else _found(answer, turn, lang),
        _footnotes(answer, turn, lang) if done else "",
    ]
    return _block("ty-answer", "".join(f"<div>{part}</div>" for part in parts), lang)


def header(lang: str) -> str:
    """The page's name and what it is for; what opens the list of conversations, and what exports this one."""
    export = f'<button type="button" id="ty-export-open" popovertarget="ty-export">{escaped(say("talk_export", lang))}'
    talks = f'<button type="button" id="ty-talks-open" aria-haspopup="dialog">{escaped(say("talk_list", lang))}'
    return (
        f'<header class="ty-header"><h1>{escaped(say("page_title", lang))}</h1>'
        f"<div>{export}</button>{talks}</button></div><p>{escaped(say('page_tagline', lang))}</p></header>"
    )


def _block(kind: str, inner: str, lang: str | None = None) -> str:
    return f'<div class="{kind}"{_in(lang, None)}>{inner}</div>'


def _in(lang: str | None, around: str | None) -> str:
    """The attribute of words in `lang` where those around them are in another."""
    return f' lang="{_spoken(lang)}"' if lang and _spoken(lang) != around else ""


def _spoken(lang: str) -> str:
    """Of an answer that a browser kept, `lang` may be anything."""
    return lang if lang in LANGUAGES else "en"


def _text(answer: Answer, turn: int, documents: Mapping[str, Document], lang: str) -> str:
    """The sentences: sides that are compared as rows of a table, items as a list, all others as paragraphs."""
    known = {citation.n: citation for citation in answer.citations}
    joint = "" if answer.lang == "zh" else " "
    parts, rows = "", ""
    for side, sentences in groupby(answer.sentences, key=lambda each: each.side):
        runs = ""
        for item, run in groupby(sentences, key=lambda each: each.item):
            said = [_sentence(each, known, turn, documents) for each in run]
            runs += f"<ul>{''.join(f'<li>{each}</li>' for each in said)}</ul>" if item else f"<p>{joint.join(said)}</p>"
        if side:
            rows += f'<tr><th scope="row">{escaped(side)}</th><td>{runs}</td></tr>'
        else:
            parts += runs
    table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
    return f'<div class="ty-text"{_in(answer.lang, lang)}>{parts}{table}</div>'


def _sentence(sentence: Sentence, known: Mapping[int, Citation], turn: int, documents: Mapping[str, Document]) -> str:
    """The sentence with its citations before the full stop, as printed law and `Answer.text` have them."""
    body, end = parted(sentence.text)
    links = "".join(_link(known[n], turn, documents) for n in sentence.citations if n in known)
    return escaped(body) + links + escaped(end)


def _link(citation: Citation, turn: int, documents: Mapping[str, Document]) -> str:
    document = documents.get(citation.doc_id)
    words = short_label(document.lang, citation.path, document.begins(citation.path)) if document else citation.label
    more = f' data-source="src-{turn}-{citation.n}"{_in(document.lang if document else None, None)}'
    return _opening("ty-cite", citation.doc_id, citation.path, words, more)


def _opening(kind: str, doc_id: str, path: Path, words: str, more: str = "") -> str:
    return f'<a class="{kind}" href="{address(doc_id, path)}"{more}>{escaped(words)}</a>'


def _source(citation: Citation, turn: int, documents: Mapping[str, Document], lang: str) -> str:
    """The clause under its label, folded; beside it what copies both."""
    title, copy = escaped(say("page_verbatim_title", lang)), escaped(say("page_copy", lang))
    label, document = escaped(citation.label), documents.get(citation.doc_id)
    spoken = _in(document.lang if document else None, lang)
    verbatim = f'<span class="ty-verbatim" title="{title}">{say("page_verbatim", lang)}</span>'
    opening = _opening("ty-open", citation.doc_id, citation.path, say("page_open", lang))
    crumbs = _breadcrumb(document, citation.path)
    return (
        f'<li id="src-{turn}-{citation.n}"><details id="fold-{turn}-{citation.n}"><summary>'
        f'<span class="ty-label"{spoken}>{label}</span> {verbatim}</summary>{crumbs}'
        f"<blockquote{spoken}>{escaped(unsigned(citation.quote))}</blockquote><p>{opening}</p></details>"
        f'<button type="button" class="ty-copy" aria-label="{copy} {label}">{copy}</button></li>'
    )


def _breadcrumb(document: Document | None, path: Path) -> str:
    article = document.by_path.get(path[:1]) if document else None
    if article is None or not article.headings:
        return ""
    return f'<p class="ty-breadcrumb">{" › ".join(escaped(heading) for heading in article.headings)}</p>'


def _stage(update: Update, lang: str) -> str:
    """What is being done: searching, answering, and, since a sentence is shown once it is checked, checking."""
    now = STAGES[0 if update.stage == "retrieve" else 2 if update.answer.sentences else 1]
    return f'<p class="ty-stage">{escaped(say(now, lang))}</p>'


def _found(answer: Answer, turn: int, lang: str) -> str:
    """What was found, open until there is an answer to read."""
    if not answer.retrieved:
        return ""
    state = "" if answer.sentences else " open"
    title, rows = escaped(say("page_found", lang)), _provisions(answer.retrieved, lang)
    return f'<details class="ty-found" id="found-{turn}"{state}><summary>{title}</summary><ul>{rows}</ul></details>'


def _provisions(hits: Iterable[Hit], lang: str) -> str:
    rows = (f"<li{_in(hit.document.lang, lang)}>{_provision(hit)} {_first_words(hit)}</li>" for hit in hits)
    return "".join(rows)


def _provision(hit: Hit) -> str:
    path = hit.provision.path
    return _opening("ty-open", hit.document.doc_id, path, hit.document.label(path))


def _first_words(hit: Hit) -> str:
    """How the provision begins, without its number, which the label says."""
    text = hit.text
    head = HEAD.match(text)
    text = " ".join(unsigned(text[head.end() :] if head else text).split())
    if len(text) <= FIRST_WORDS:
        return escaped(text)
    cut = text[:FIRST_WORDS]
    return escaped(cut + "……" if hit.document.lang == "zh" else cut.rsplit(" ", 1)[0] + "…")


def _refusal(answer: Answer, turn: int, lang: str) -> str:
    """Why there is no answer, and what is nearest to it, folded.

    An answer without a sentence and without a reason is one that nothing supported.
    """
    reason = say("page_refused_" + (answer.reason or "unsupported"), lang)
    words = f'<p class="ty-refusal">{escaped(reason)}</p>' + _remark(answer, lang)
    if not answer.retrieved:
        return words
    summary = escaped(say("page_nearest", lang))
    rows = _provisions(answer.retrieved[:NEAREST], lang)
    return (
        f'{words}<details class="ty-nearest" id="nearest-{turn}"><summary>{summary}</summary><ul>{rows}</ul></details>'
    )


def _remark(answer: Answer, lang: str) -> str:
    """What code says beside an answer, in the answer's language."""
    return f'<p class="ty-remark"{_in(answer.lang, lang)}>{escaped(answer.note)}</p>' if answer.note else ""


def _rewritten(answer: Answer, lang: str) -> str:
    if not answer.rewritten or answer.rewritten == answer.question:
        return ""
    return f'<p class="ty-rewritten">{escaped(say("page_rewritten", lang, question=answer.rewritten))}</p>'


def _footnotes(answer: Answer, turn: int, lang: str) -> str:
    parts = ""
    if answer.llm == "extractive" and answer.sentences and not answer.refused:
        parts += f'<p class="ty-foot">{escaped(say("page_extractive", lang))}</p>'
    if answer.removed:
        spoken = _in(answer.lang, lang)
        rows = "".join(
            f"<li><s{spoken}>{escaped(r.text)}</s> <i>{escaped(r.why(lang))}</i></li>" for r in answer.removed
        )
        summary = escaped(say("page_removed", lang, count=len(answer.removed)))
        parts += (
            f'<details class="ty-removed" id="removed-{turn}"><summary>{summary}</summary><ul>{rows}</ul></details>'
        )
    return parts


def facts(document: Document, lang: str) -> list[str]:
    """Who made a document, when, and how many articles it has."""
    articles = sum(1 for p in document.provisions if len(p.path) == 1 and p.path[0][0] == "article")
    paragraphs = sum(1 for p in document.provisions if len(p.path) == 1)
    counted = say("page_articles", lang, count=articles) if articles else say("page_provisions", lang, count=paragraphs)
    return [fact for fact in (document.issuer, document.date, counted) if fact]


def opening(document: Document) -> str:
    """A document's title as a link that opens it."""
    return _opening("ty-open ty-title", document.doc_id, (), document.title)
