"""structure: a file's text -> Documents with their trees of provisions, the second arrow.

In: the text as read. Out: one Document or several (a newspaper page), each with its own text and with provisions whose
spans are slices of it: articles of statutes and of numbered plans, or the paragraphs and sentences of anything else.
    blocks -> pages.split (tears.join) -> articles.sections -> clauses
It raises nothing: a text without any numbering has paragraphs. European law has no grammar of its own here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import PurePath

from rag.facts import language
from rag.records import Document, Path, Provision
from rag.source import Piece, Source
from rag.structure import about, european, points
from rag.structure.articles import Section, contents, plan_heads, plan_tail, sections, statute_heads
from rag.structure.blocks import Block, blocks_of
from rag.structure.clauses import clauses, paragraphs
from rag.structure.pages import Part, split
from rag.unseen import seen

_PREAMBLE: Path = (("preamble", "0"),)
_ORPHAN = "未归属片段 {}"
_BACK = 12
_FRONT = 12
"""How many blocks before the first article may say who passed the text, and when."""


def structure(read: Source, source: str, digest: str) -> list[Document]:
    """The documents in a file named `source`; `digest` is the file's SHA-256 in hex and names them.

    `doc_id` is the digest's first 12 characters, "-", and the number of the document in the file, one-based.
    """
    text = read.text
    found: list[Document] = []
    orphans = 0
    for number, part in enumerate(split(text, blocks_of(text)), 1):
        orphans += part.is_orphan
        title = part.title or (_ORPHAN.format(orphans) if part.is_orphan else seen(PurePath(source).stem))
        found.append(_document(read, part, title, source, f"{digest[:12]}-{number}"))
    return [document for document in found if document.provisions]


def _assembled(read: Source, part: Part) -> tuple[str, list[Block], tuple[Piece, ...]]:
    """A document's own text, its blocks in it, and where each piece of it was read.

    A run that goes on inside a sentence follows without a character between, so that the sentence is whole again.
    """
    own = read.text[part.start : part.end]
    blocks = [block.moved(-part.start) for block in part.blocks]
    pieces = [*_pieces(read, part.start, part.end, 0, None)]
    for run in part.runs:
        own += "" if run.inside else "\n\n"
        start, end, at = run.blocks[0].start, run.blocks[-1].end, len(own)
        own += read.text[start:end]
        pieces += _pieces(read, start, end, at, run.joined)
        first, *rest = [block.moved(at - start) for block in run.blocks]
        if run.inside:
            torn = blocks.pop()
            first = replace(torn, text=torn.text + first.text, end=first.end)
        blocks += [first, *rest]
    return own, blocks, tuple(pieces)


def _pieces(read: Source, start: int, end: int, at: int, joined: float | None) -> Iterator[Piece]:
    """`text[start:end]` of the source as pieces from `at` on, cut where its pages are."""
    cuts = [start, *(page.start for page in read.pages if start < page.start < end), end]
    for one, other in pairwise(cuts):
        page = read.page_at(one)
        number, confidence = (page.number, page.confidence) if page else (None, None)
        yield Piece(at + one - start, at + other - start, one, number, confidence, joined)


def _document(read: Source, part: Part, title: str, source: str, doc_id: str) -> Document:
    own, blocks, pieces = _assembled(read, part)
    lang = language(own[:5_000])
    kind, parts = _sections(blocks, lang, part)
    top = next((n for n, section in enumerate(parts) if section.step), None)
    front = blocks[:_FRONT] if top is None else [block for section in parts[:top] for block in section.blocks]
    front = [block for block in front if not block.rank][:_FRONT]
    provisions = _provisions(own, lang, parts, part, kind == "statute")
    date = about.published(front, blocks[-3:] if top is not None else ())
    return Document(
        doc_id=doc_id,
        title=title,
        lang=lang,
        kind=kind,
        source=source,
        text=own,
        # A text of headings only is quoted as it stands.
        provisions=tuple(provisions or paragraphs(own, lang, blocks, (), 1)),
        issuer=about.issuer(front) if top is not None else None,
        date=date,
        effective=about.effective(front, blocks[-_BACK:], date) if top is not None else None,
        history=about.history(front) if top is not None else (),
        pieces=pieces,
    )


def _sections(blocks: Sequence[Block], lang: str, part: Part) -> tuple[str, list[Section]]:
    """What kind of document the blocks are, and its sections by the grammar of that kind."""
    ignore = contents(blocks)
    if heads := statute_heads(blocks, ignore):
        return "statute", sections(blocks, heads, ignore)
    if heads := plan_heads(blocks, ignore):
        return "policy", sections(blocks, heads, ignore, plan_tail(blocks, heads))
    if lang != "zh" and (found := european.sections(blocks, ignore)):
        return "statute", found
    parts = sections(blocks, {}, ignore)
    if part.is_story or part.is_orphan:
        return "news", [_with_byline(section) for section in parts]
    return "other", parts


def _provisions(text: str, lang: str, parts: Sequence[Section], part: Part, statute: bool) -> list[Provision]:
    """The provisions of the sections; what stands directly before the first article is the preamble."""
    first = next((n for n, section in enumerate(parts) if section.step and section.step[0] == "article"), -1)
    found: list[Provision] = []
    loose = 1
    for n, section in enumerate(parts):
        headings = part.above + tuple(heading for heading in section.headings if heading != part.title)
        if section.step and lang != "zh":
            found += points.clauses(text, lang, section)
        elif section.step:
            counted = statute and section.step[0] == "article"
            found += clauses(text, lang, (section.step,), section.blocks, headings, counted, section.skip)
        elif n == first - 1:
            found += clauses(text, lang, _PREAMBLE, section.blocks, headings, statute)
        else:
            # Who passed the text and when, or a signature and its date, make sense together only.
            together = n < first or (first >= 0 and all(block.is_line for block in section.blocks))
            blocks = (_joined(section.blocks),) if together else section.blocks
            found += paragraphs(text, lang, blocks, headings, loose)
            loose += len(blocks)
    return found


def _with_byline(section: Section) -> Section:
    """The section with subtitle and byline made part of the paragraph below them: alone they say nothing."""
    lines = next((n for n, block in enumerate(section.blocks) if not block.is_line), 0)
    if not lines or section.blocks[0].text.startswith(("（", "(")):
        return section
    return replace(section, blocks=(_joined(section.blocks[: lines + 1]), *section.blocks[lines + 1 :]))


def _joined(blocks: Sequence[Block]) -> Block:
    return replace(blocks[-1], start=blocks[0].start)
