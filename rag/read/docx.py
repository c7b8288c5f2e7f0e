"""Word documents: bytes -> text with the numbers that Word shows but does not store in the text.

In: the bytes of a .docx. Out: a Source with a blank line between paragraphs, `#` before headings, automatic list
numbers (in laws those of chapters and articles) in front of their paragraphs, a table's row on one line.
Headers, footers, notes, comments, deleted text and text that is hidden, tiny or white on white are left out.
`check_package` serves spreadsheets too.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from rag.errors import DocumentError
from rag.numerals import list_number
from rag.read.html import joined_row
from rag.read.look import Colour, alike, colour
from rag.source import Source

LIMIT = 200 * 2**20
"""The most bytes that the parts of a package may unpack to."""
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError),
    *(SyntaxError, LookupError, ValueError, TypeError, AttributeError),
)
"""What libraries raise for packages that are cut off or not what their name says; errors of XML are SyntaxErrors."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_OTHER = {_W + name for name in "pPr rPr del moveFrom rt txbxContent".split()} | {
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
}
_SIGNS = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}
_LINE = 60


def source(data: bytes, path: Path, unpacked: int = LIMIT) -> Source:
    """The text of the document. Raises DocumentError: encrypted, damaged, or too large when unpacked."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    check_package(data, path, unpacked)
    try:
        document = docx.Document(BytesIO(data))
        parts = {part.partname: part for part in document.part.package.iter_parts()}
        numbering = getattr(parts.get("/word/numbering.xml"), "element", None)
        body, styles = document.element.body, document.styles.element
    except (*BROKEN, PackageNotFoundError) as error:
        raise DocumentError("document_damaged", path=path) from error
    found = _Body(styles, numbering).paragraphs(body) if body is not None else []
    return Source("\n\n".join(found) + "\n" if found else "")


def check_package(data: bytes, path: Path, limit: int = LIMIT) -> None:
    """Refuse what is empty, no zip package, encrypted, or would unpack to more than `limit` bytes."""
    if not data.strip():
        raise DocumentError("document_empty", path=path)
    if data.startswith(_OLE):
        raise DocumentError("document_encrypted", path=path)
    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            parts = package.infolist()
    except BROKEN as error:
        raise DocumentError("document_damaged", path=path) from error
    if any(part.flag_bits & 1 for part in parts):
        raise DocumentError("document_encrypted", path=path)
    size = sum(part.file_size for part in parts)
    if size > limit:
        raise DocumentError("document_unpacks_too_large", path=path, size=-(-size // 2**20), limit=limit // 2**20)
    try:  # in steps, because a part that holds more than it declares would be unpacked whole by what reads it next
        with zipfile.ZipFile(BytesIO(data)) as package:
            for part in parts:
                if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise DocumentError("document_damaged", path=path)
                with package.open(part) as opened:
                    while opened.read(2**20):
                        pass
    except BROKEN as error:
        raise DocumentError("document_damaged", path=path) from error


def _value(element: Any, *names: str) -> str | None:
    """The w:val at the end of a chain of children."""
    for name in names:
        element = element.find(_W + name) if element is not None else None
    return None if element is None else element.get(_W + "val")


def _int(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch("-?[0-9]{1,9}", text) else default


def _given(element: Any) -> dict[str, str]:
    """What a run or style itself says of its letters, by the names of Word."""
    properties = element.find(_W + "rPr")
    return {p.tag.removeprefix(_W): p.get(_W + "val", "1") for p in (() if properties is None else properties)}


class _Body:
    """The paragraphs of a document while it is walked, and how far each of its lists has counted."""

    def __init__(self, styles: Any, numbering: Any) -> None:
        self.styles = {style.get(_W + "styleId"): style for style in styles.iter(_W + "style")}
        paragraph = [style for style in styles.iter(_W + "style") if style.get(_W + "type") == "paragraph"]
        self.default = next((s.get(_W + "styleId") for s in paragraph if s.get(_W + "default") in ("1", "true")), None)
        self.lists = _Lists(numbering)
        self._styled: dict[str | None, dict[str, str]] = {}

    def paragraphs(self, parent: Any) -> list[str]:
        found: list[str] = []
        for child in parent:
            if child.tag == _W + "p":
                found += self._paragraph(child)
                for box in child.iter(_W + "txbxContent"):
                    if not any(above.tag in _OTHER for above in box.iterancestors()):
                        found += self.paragraphs(box)
            elif child.tag == _W + "tr":
                cells = []
                for cell in child.iter(_W + "tc"):
                    if next(cell.iterancestors(_W + "tr")) is child:
                        cells.append(len(found))
                        found += self.paragraphs(cell)
                found = joined_row(found, cells)
            elif child.tag not in _OTHER:
                found += self.paragraphs(child)
        return found

    def _text(self, element: Any) -> str:
        """The text of a paragraph as shown: without deleted and hidden runs; text boxes are paragraphs of their own."""
        if element.tag == _W + "r" and self._is_hidden(element):
            return ""
        if element.tag == _W + "t":
            return element.text or ""
        if element.get(_W + "type") in ("page", "column"):
            return ""
        return _SIGNS.get(element.tag) or "".join(self._text(child) for child in element if child.tag not in _OTHER)

    def _is_hidden(self, run: Any) -> bool:
        """Whether nobody sees a run: marked as hidden, in letters of a point, or white where nothing is dark."""
        paragraph = next(run.iterancestors(_W + "p"))
        named = _value(run, "rPr", "rStyle"), _value(paragraph, "pPr", "pStyle") or self.default
        letters = {name: value for each in reversed(named) for name, value in self._letters(each).items()} | _given(run)
        if letters.get("vanish", "0") not in ("0", "false"):
            return True
        size, ink = letters.get("sz", ""), letters.get("color", "")
        if size and _int(size, 99) <= 2:  # half points
            return True
        paper: Colour = (255, 255, 255)
        return alike(found if isinstance(found := colour(ink), tuple) else None, paper) and not self._is_dark(run)

    def _letters(self, name: str | None) -> dict[str, str]:
        """What a style says of its letters."""
        if name not in self._styled:
            self._styled[name] = {k: v for style in [*self._chain(name)][::-1] for k, v in _given(style).items()}
        return self._styled[name]

    def _is_dark(self, run: Any) -> bool:
        """Whether anything around a run is painted: itself, its paragraph, cell or table, a text box or the page."""
        around = list(run.iterancestors())
        tables = [each for each in around if each.tag == _W + "tbl"]
        named = [_value(each, "tblPr", "tblStyle") for each in tables] + [_value(run, "rPr", "rStyle")]
        named += [_value(each, "pPr", "pStyle") for each in around if each.tag == _W + "p"]
        painted = [each.find(f"{_W}{each.tag.removeprefix(_W)}Pr") for each in [run, *around]]
        painted += [style for name in named for style in self._chain(name)]
        if any(each.tag == _W + "txbxContent" for each in around) or around[-1].find(_W + "background") is not None:
            return True
        marks = [mark for each in painted if each is not None for mark in each.iter(_W + "shd", _W + "highlight")]
        kinds = {(mark.get(_W + "fill") or mark.get(_W + "val") or "auto").lower() for mark in marks}
        return not kinds <= {"auto", "clear", "nil", "none", "white", "ffffff"}

    def _paragraph(self, element: Any) -> list[str]:
        text = self._text(element).strip()
        properties = element.find(_W + "pPr")
        if not text and element.find(f"{_W}pPr/{_W}rPr/{_W}del") is not None:
            return []
        chain = list(self._chain(_value(properties, "pStyle") or self.default))
        number = self.lists.number(properties, chain)
        if not text:
            return []
        level = self._level(properties, chain)
        # A whole clause in a heading's style is no heading: its text would be lost to the article.
        if level and len(text) <= _LINE and not text.endswith(("。", "；", "：")):
            return ["#" * level + " " + " ".join((number + text).split())]
        return [number + text]

    def _chain(self, name: str | None) -> Iterator[Any]:
        """The style and those it is based on, nearest first."""
        seen = set()
        while name in self.styles and name not in seen:
            seen.add(name)
            yield self.styles[name]
            name = _value(self.styles[name], "basedOn")

    def _level(self, properties: Any, chain: list[Any]) -> int:
        """1 to 6 for a heading, else 0: Word's outline level, or the name of a built-in style."""
        outline = [_value(properties, "outlineLvl"), *(_value(style, "pPr", "outlineLvl") for style in chain)]
        level = next((_int(text, 9) for text in outline if text), None)
        if level is not None:
            return min(level + 1, 6) if 0 <= level < 9 else 0
        names = [(_value(style, "name") or "").lower() for style in chain]
        numbered = [int(match[1]) for name in names if (match := re.fullmatch("(?:heading|标题) ([1-6])", name))]
        return numbered[0] if numbered else int("title" in names)


class _Lists:
    """The automatic numbers. Lists (w:num) of one definition (w:abstractNum) count on together, as in Word."""

    def __init__(self, numbering: Any) -> None:
        nodes = [] if numbering is None else list(numbering)
        self.nums = {n.get(_W + "numId"): n for n in nodes if n.tag == _W + "num"}
        kinds = [n for n in nodes if n.tag == _W + "abstractNum"]
        self.kinds = {n.get(_W + "abstractNumId"): n for n in kinds}
        self.by_style = {link: n for n in kinds if (link := _value(n, "styleLink"))}
        self.counts: dict[Any, dict[int, int]] = {}
        self.begun: set[tuple[str, int]] = set()

    def number(self, properties: Any, chain: list[Any]) -> str:
        """The number of the next paragraph with these properties and styles, with the gap behind it, or ""."""
        given = [properties, *(style.find(_W + "pPr") for style in chain)]
        num_id = next((value for p in given if (value := _value(p, "numPr", "numId"))), None)
        if num_id is None or num_id not in self.nums:
            return ""
        kind = self.kinds.get(_value(self.nums[num_id], "abstractNumId"))
        kind = self.by_style.get(_value(kind, "numStyleLink") or "", kind)
        if kind is None:
            return ""
        levels = {_int(lvl.get(_W + "ilvl"), 0): lvl for lvl in kind.iter(_W + "lvl")}
        starts = {n: _int(_value(lvl, "start"), 0) for n, lvl in levels.items()}
        forced: dict[int, int] = {}
        for override in self.nums[num_id].iter(_W + "lvlOverride"):
            n = _int(override.get(_W + "ilvl"), 0)
            if (own := override.find(_W + "lvl")) is not None:
                levels[n], starts[n] = own, _int(_value(own, "start"), 0)
            if start := _value(override, "startOverride"):
                starts[n] = forced[n] = _int(start, 1)
        at = self._at(given, chain, levels)
        if at not in levels:
            return ""
        counts = self.counts.setdefault(kind, {})
        again = at in counts and not (at in forced and (num_id, at) not in self.begun)
        counts[at] = counts[at] + 1 if again else starts[at]
        self.begun.add((num_id, at))
        for n in [n for n in counts if n > at]:
            restart = _int(_value(levels.get(n), "lvlRestart"), n)
            if at < restart:  # 0: the level never begins again
                del counts[n]
        return _shown(levels, at, {**starts, **counts})

    def _at(self, given: list[Any], chain: list[Any], levels: dict[int, Any]) -> int:
        """The level: the paragraph's own, else the one tied to its style, else the one a style names."""
        own = _value(given[0], "numPr", "ilvl")
        tied = {_value(lvl, "pStyle"): n for n, lvl in levels.items()}
        named = [tied[name] for style in chain if (name := style.get(_W + "styleId")) in tied]
        inherited = [_int(value, 0) for p in given[1:] if (value := _value(p, "numPr", "ilvl"))]
        return _int(own, 0) if own else [*named, *inherited, 0][0]


def _shown(levels: dict[int, Any], at: int, counts: dict[int, int]) -> str:
    level = levels[at]
    if _value(level, "numFmt") == "bullet":
        return ""
    legal = level.find(_W + "isLgl") is not None

    def one(match: re.Match[str]) -> str:
        n = int(match[1]) - 1
        style = _value(levels.get(n), "numFmt") or "decimal"
        return "" if style == "none" else list_number(counts.get(n, 1), "decimal" if legal else style)

    text = re.sub("%([1-9])", one, _value(level, "lvlText") or "").strip()
    return text + " " * (bool(text) and _value(level, "suff") != "nothing")
