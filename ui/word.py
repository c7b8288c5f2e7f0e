"""A conversation -> a Word document with real footnotes.

In: a Conversation and the language of its reader. Out: the bytes of a .docx. What stands in it, export.py says.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from rag.records import Citation
from ui.conversations import Conversation
from ui.export import blocks, clean

STYLES = {
    "title": "Title", "about": "Subtitle", "question": "Heading 2", "remark": "Quote", "item": "List Bullet",
    "side": "Heading 3",
}  # fmt: skip
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
# Word wants the line above the notes as two notes of their own.
_HEAD = "".join(
    f'<w:footnote w:type="{kind}" w:id="{n}"><w:p><w:r><w:{mark}/></w:r></w:p></w:footnote>'
    for n, kind, mark in ((-1, "separator", "separator"), (0, "continuationSeparator", "continuationSeparator"))
)
_RAISED = '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'


def docx(conversation: Conversation, lang: str) -> bytes:
    """The conversation as a Word document; a clause is quoted in a footnote at every sentence that it carries."""
    from docx import Document
    from docx.oxml import parse_xml
    from docx.oxml.ns import qn

    document, notes = Document(), list[Citation]()
    document.core_properties.title = clean(conversation.title)
    document.core_properties.author = "TiaoYin 条引"
    document.styles["Normal"].element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")
    for block in blocks(conversation, lang):
        paragraph = document.add_paragraph(style=STYLES.get(block.kind))
        for words, citations in block.runs:
            paragraph.add_run(words)
            for citation in citations:
                notes.append(citation)
                reference = f'<w:r xmlns:w="{_W}">{_RAISED}<w:footnoteReference w:id="{len(notes)}"/></w:r>'
                paragraph._p.append(parse_xml(reference))
    _with_notes(document, notes)
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def _with_notes(document: Any, notes: list[Citation]) -> None:
    """Add the part that holds the footnotes, which python-docx has no words for."""
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    written = "".join(_note(n, citation) for n, citation in enumerate(notes, 1))
    xml = f'<?xml version="1.0" encoding="UTF-8"?><w:footnotes xmlns:w="{_W}">{_HEAD}{written}</w:footnotes>'
    part = Part(PackURI("/word/footnotes.xml"), _KIND, xml.encode(), document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)


def _note(n: int, citation: Citation) -> str:
    quote = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in _lines(citation.quote))
    label = f'<w:t xml:space="preserve"> {escape(clean(citation.label))}</w:t><w:br/>'
    size = '<w:rPr><w:sz w:val="18"/></w:rPr>'
    return (
        f'<w:footnote w:id="{n}"><w:p><w:r>{_RAISED}<w:footnoteRef/></w:r><w:r>{size}{label}{quote}</w:r></w:p>'
        "</w:footnote>"
    )


def _lines(quote: str) -> list[str]:
    return [line for line in clean(quote).split("\n") if line.strip()]
