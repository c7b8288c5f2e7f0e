"""Plain text and Markdown: bytes -> str.

In: the bytes of a file. Out: its text, newlines as `\\n`, without a byte order mark.
Markdown is not interpreted: its marks stay in the text, because quotations are slices of it.
"""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path

from rag.errors import DocumentError

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAMPLE = 20_000


def decode(data: bytes, path: Path) -> str:
    """The text in `data`, encoded as UTF-8, UTF-16 with a mark, or GB18030. Raises DocumentError; `path` is named."""
    marked = [name for mark, name in _MARKS if data.startswith(mark)]
    for encoding in marked or ["utf-8", "gb18030"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text or _strange(text, ("Cc",)):
            raise DocumentError("document_binary", path=path)
        # GB18030 decodes almost anything; what was not written in it comes out as code points nobody uses.
        if encoding == "gb18030" and _strange(text, ("Cn", "Co")):
            break
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise DocumentError("document_binary" if b"\0" in data else "document_encoding_unknown", path=path)


def _strange(text: str, categories: tuple[str, ...]) -> bool:
    """Whether more than one in a hundred of the first characters is of these Unicode categories."""
    sample = text[:_SAMPLE]
    found = sum(1 for char in sample if char not in "\t\n\r\v\f\x85" and unicodedata.category(char) in categories)
    return found * 100 > len(sample)
