"""The Documents tab: what is shared and what a visitor uploaded -> HTML; the steps of an upload -> words; a choice.

In: documents, what a visitor has, what the browser left out of asking. Out: escaped HTML, plain values for
`library.js`, which shows and sends, and an Only. It keeps nothing and knows neither widgets nor HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rag.errors import TiaoYinError, UsageError
from rag.read import offered
from rag.records import Document
from rag.search import Only
from rag.visitors import Kept, Step, found
from rag.words import say
from ui import present
from ui.escape import escaped
from ui.turns import words

KB, MB = 2**10, 2**20
OTHERWISE = {"document_needs_ocr": "library_needs_ocr"}
"""What is said in other words to a visitor, who can install nothing here."""


def place(settings: Any) -> str:
    """Where `library.js` builds the tab, with what it must know of the limits."""
    limits = {
        "kinds": " ".join(suffix[1:] for suffix in offered()), "mb": settings.upload_mb,
        "total": settings.upload_total_mb, "files": settings.upload_files, "hours": settings.upload_hours,
    }  # fmt: skip
    held = " ".join(f'data-{name}="{escaped(str(value))}"' for name, value in limits.items())
    return f'<div class="ty-shelf" {held}></div>'


def listing(shared: Sequence[Document], own: Sequence[Kept], lang: str) -> str:
    """The visitor's own files, which can be removed, and apart from them what all visitors ask."""
    parts = []
    if own:
        clear = f'<button type="button" class="ty-clear">{escaped(say("library_clear", lang))}</button>'
        files = "".join(_file(kept, lang) for kept in own)
        parts.append(_section("own", say("library_own", lang, n=len(own)), clear, files))
    if shared:
        rows = "".join(_row(document, present.facts(document, lang), lang) for document in shared)
        parts.append(_section("shared", say("library_shared", lang, n=len(shared)), "", rows))
    else:
        parts.append(present.note(say("page_no_documents", lang), "wait"))
    return f'<div class="ty-documents">{"".join(parts)}</div>'


def told(step: Step, lang: str) -> dict[str, Any]:
    """A step as `library.js` shows it: which file, how far, in words."""
    what = {"n": step.n, "name": step.name, "stage": step.stage, "done": step.done, "total": step.total}
    if step.error:
        return {**what, "words": _wrong(step.error, lang)}
    if step.kept:
        return {**what, "key": step.kept.key, "words": _summary(step.kept, lang)}
    key = "library_embed" if step.stage == "embed" else "library_read"
    return {**what, "words": say(key, lang, done=step.done, total=step.total)}


def refused(name: str, error: TiaoYinError, lang: str, n: int = 1) -> dict[str, Any]:
    """The same for a file that was not even looked at."""
    return {"n": n, "name": name, "stage": "failed", "words": _wrong(error, lang)}


def asked(documents: Sequence[Document], left_out: str) -> Only | None:
    """Which documents answer: all but those that the browser names, as a JSON list of ids, which may be anything.

    None for all. Raises UsageError where none is left.
    """
    try:
        names = json.loads(left_out or "[]")
    except (ValueError, RecursionError):
        names = []
    out = {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()
    left = frozenset(document.doc_id for document in documents) - out
    if documents and not left:
        raise UsageError("library_none_asked")
    return Only(doc_ids=left) if len(left) < len(documents) else None


def _wrong(error: TiaoYinError, lang: str) -> str:
    key = OTHERWISE.get(error.key)
    return say(key, lang, **error.values) if key else words(error, lang)


def _section(kind: str, heading: str, button: str, rows: str) -> str:
    head = f'<div class="ty-shelf-head"><h2 id="ty-{kind}">{escaped(heading)}</h2>{button}</div>'
    return f'<section class="ty-{kind}" aria-labelledby="ty-{kind}">{head}<ul>{rows}</ul></section>'


def _file(kept: Kept, lang: str) -> str:
    rows = ""
    for document in kept.documents:
        counted, remarks = found(document, lang)
        rows += _row(document, [counted], lang, remarks)
    size = f"{kept.size / MB:.1f} MB" if kept.size >= MB else f"{max(1, kept.size // KB)} KB"
    name = f'<span class="ty-facts"><span class="ty-name">{escaped(kept.name)}</span> · {escaped(size)}</span>'
    label = escaped(say("library_remove_it", lang, name=kept.name))
    remove = (
        f'<button type="button" class="ty-remove" aria-label="{label}">{escaped(say("library_remove", lang))}</button>'
    )
    return (
        f'<li class="ty-file" data-key="{kept.key}"><ul>{rows}</ul><div class="ty-shelf-head">{name}{remove}</div></li>'
    )


def _row(document: Document, facts: Sequence[str], lang: str, remarks: Sequence[str] = ()) -> str:
    label = escaped(say("library_ask_it", lang, title=document.title))
    tick = f'<input type="checkbox" class="ty-tick" value="{escaped(document.doc_id)}" aria-label="{label}" checked>'
    under = "".join(f'<span class="ty-warning">{escaped(remark)}</span>' for remark in remarks)
    said = " · ".join(escaped(fact) for fact in facts)
    about = f'{present.opening(document)} <span class="ty-facts">{said}</span>{under}'
    return f'<li class="ty-row">{tick}<div>{about}</div></li>'


def _summary(kept: Kept, lang: str) -> str:
    return say("library_taken", lang, found="; ".join(found(document, lang)[0] for document in kept.documents))
