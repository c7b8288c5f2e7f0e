"""Text of a model, a reader or a document -> inert HTML, and a provision's place -> an address of this page.

Pure. Every character of punctuation becomes a character reference, so that it is neither markup, Markdown nor a
template wherever it lands.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from rag.records import Path

_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

_SIGNS = re.compile(r"(?m)^#{1,6}[ \t]+|\*\*")


def escaped(text: str) -> str:
    """`text` as inert HTML: ASCII punctuation as character references, line ends as <br>, control characters gone."""
    text = re.sub(r"[!-/:-@\[-`{-~]", lambda found: f"&#{ord(found[0])};", _UNSEEN.sub("", text))
    return re.sub(r"\s*[\r\n\u2028\u2029]\s*", "<br>", text.strip())


def unsigned(text: str) -> str:
    """`text` without the signs of Markdown around headings and numbers, which are in files and not in laws."""
    return _SIGNS.sub("", text)


def inert(text: str) -> str:
    """The same for a whole document, which is served as HTML and read by nothing else: only markup is replaced."""
    text = _UNSEEN.sub("", text).replace("&", "&#38;").replace("<", "&#60;").replace(">", "&#62;")
    return text.replace('"', "&#34;").replace("'", "&#39;")


def anchor(path: Path) -> str:
    """The id of a provision in its document: article/6/paragraph/1."""
    return "/".join(part for step in path for part in step)


def address(doc_id: str, path: Path = ()) -> str:
    """Where a document is read, at a provision: `?read=DOC&at=article/6`, relative to the page, with & escaped."""
    at = f"&#38;at={quote(anchor(path), safe='/')}" if path else ""
    return f"?read={quote(doc_id, safe='')}{at}"
