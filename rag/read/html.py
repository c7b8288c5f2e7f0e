"""HTML: bytes -> the text that a reader of the page sees, as Markdown paragraphs.

In: the bytes of a page. Out: a Source with a blank line between paragraphs, `#` before headings, the numbers of ordered
lists written out, a table's row on one line. What is hidden, navigation and scripts are left out.
It runs no scripts and loads no style sheets: what hides an element stands in the page (`look`), and only an element
itself gives its list a style.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rag.numerals import list_number
from rag.read.look import Look, Sheet, inherited, is_gone
from rag.read.text import decode
from rag.source import Source
from rag.unseen import seen

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_DROPPED = set(
    "script style nav template noscript svg iframe object select textarea title rt rp audio video canvas datalist "
    "noembed noframes".split()
)
_NESTING = (
    "address article aside blockquote center details div dl fieldset figure footer form header main ol section ul"
)
_BLOCKS = {*_NESTING.split(), *"p pre li dt dd table caption tr td th h1 h2 h3 h4 h5 h6 hr figcaption body".split()}
_WIDE = "[\u2e80-\u9fff\uff00-\uffef]"
_BREAK = re.compile(rf"(?<={_WIDE})[ \t]*[\r\n]\s*(?={_WIDE})")  # a line break of the source between Chinese characters
_SPACE = re.compile("[ \t\r\n\f\xa0]+")
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*(utf-8|gb2312|gbk|gb18030|big5|windows-125\d|"""
                      rb"iso-8859-\d+|shift_jis|euc-jp|euc-kr)", re.IGNORECASE)  # fmt: skip
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso-8859-1": "cp1252", "shift_jis": "cp932"}
_TAG = re.compile(rf"<(/?)(?:{_NESTING.replace(' ', '|')})\b[^>]*>", re.IGNORECASE)
_DEEPEST = 2_000
_TYPES = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_STYLES = {"lower-alpha": "lowerLetter", "upper-alpha": "upperLetter", "lower-roman": "lowerRoman"} | {
    "upper-roman": "upperRoman", "cjk-ideographic": "chineseCountingThousand", "none": "",
    "simp-chinese-informal": "chineseCountingThousand", "trad-chinese-informal": "chineseCountingThousand"
}  # fmt: skip
_LIST_STYLE = re.compile(r"list-style(?:-type)?\s*:[^;]*?(" + "|".join(_STYLES) + ")")
_NUMBERED = re.compile(r"第\S{1,9}[条章节编款项]|[（(]?[0-9一二三四五六七八九十]{1,4}[)）.、．]|[①-⑳]")
_CELL_PARAGRAPHS = 3


def source(data: bytes, path: Path) -> Source:
    """The text of the page. Raises DocumentError when its characters cannot be read."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(_shallow(_characters(data, path)))
    page = _Page(Sheet([node.text() for node in tree.css("style")]))
    root = tree.body or tree.root
    for node, entering in _walk(root, page.shows) if root else ():
        page.enter(node) if entering else page.leave(node)
    page.flush()
    return Source("\n\n".join(page.found) + "\n" if page.found else "")


def _characters(data: bytes, path: Path) -> str:
    """The page decoded as it declares, if that is possible, else as a plain text would be."""
    if (declared := _CHARSET.search(data[:4096])) and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        name = declared[1].decode("ascii").lower()
        try:
            data = data.decode(_SUPERSETS.get(name, name)).encode()
        except UnicodeDecodeError:
            return decode(data, path)
    return decode(data, path)


def _shallow(html: str) -> str:
    """The page with elements nested deeper than anybody writes made line breaks: parsing takes the depth squared."""
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        inside = depth
        depth = max(0, depth + (-1 if tag[1] else 1))
        return tag[0] if max(inside, depth) <= _DEEPEST else "<br><br>"

    return _TAG.sub(kept, html)


def _walk(root: LexborNode, shows: Callable[[LexborNode], bool]) -> Iterator[tuple[LexborNode, bool]]:
    """Each node when it is entered (True) and left, but for what is not shown. No recursion: pages nest deeply."""
    node: LexborNode | None = root
    above: list[LexborNode] = []
    while node is not None:
        if shows(node):
            yield node, True
            if child := node.first_child:
                above.append(node)
                node = child
                continue
            yield node, False
        while above and node.next is None:
            node = above.pop()
            yield node, False
        node = node.next if above else None


def _is_dropped(tag: str, given: Mapping[str, str | None]) -> bool:
    return (
        tag in _DROPPED
        or "hidden" in given
        or given.get("aria-hidden") == "true"
        or given.get("role") == "navigation"
        or (tag == "dialog" and "open" not in given)
    )


class _Page:
    """The paragraphs of a page while it is walked."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._looks = [Look()]
        """How the text in each open element looks, after that of the page around it."""
        self._next = self._looks[0]
        self.found: list[str] = []
        self._text: list[str] = []
        self._number = ""
        self._lists: list[tuple[int, int, str]] = []
        """Of each open ordered or bulleted list the next number, the step, and the style ("" writes none)."""
        self._rows: list[list[int]] = []
        """Of each open table row how many paragraphs were found when each of its cells began."""

    def shows(self, node: LexborNode) -> bool:
        """Whether a node is seen; to be asked directly before it is entered."""
        look = self._next = self._looks[-1]
        if not node.is_element_node:
            return bool(node.is_text_node) and (look is self._looks[0] or look.is_seen)
        tag, given = node.tag or "", node.attributes
        if style := self._sheet.style(tag, given):
            self._next = inherited(look, style)
        return not _is_dropped(tag, given) and not (style and is_gone(style))

    def enter(self, node: LexborNode) -> None:
        self._looks.append(self._next)
        if node.is_text_node:
            text = node.text_content or ""
            self._text.append(text if self._is_kept(node) else _SPACE.sub(" ", _BREAK.sub("", text)))
        elif node.tag == "br":
            self._text.append("\n")
        elif node.tag in _BLOCKS:
            self.flush()
        if node.tag in ("ol", "ul"):
            self._lists.append(_list(node))
        elif node.tag == "li" and self._lists:
            self._count(node)
        elif node.tag == "tr":
            self._rows.append([])
        elif node.tag in ("td", "th") and self._rows:
            self._rows[-1].append(len(self.found))

    def leave(self, node: LexborNode) -> None:
        self._looks.pop()
        tag = node.tag or ""
        if tag in _BLOCKS:
            self.flush(int(tag[1]) if re.fullmatch("h[1-6]", tag) else 0)
        if tag in ("ol", "ul"):
            self._lists.pop()
        elif tag == "li":
            self._number = ""
        elif tag == "tr":
            self.found = joined_row(self.found, self._rows.pop())

    def flush(self, level: int = 0) -> None:
        """The inline text so far becomes a paragraph, or two where there were empty lines."""
        text = seen("".join(self._text)).replace("\xa0", " ")
        self._text.clear()
        text = " ".join(_BREAK.sub("", text).split()) if level else re.sub(r" *\n *", "\n", text)
        for part in re.split(r"\n\s*\n", text):
            part = re.sub("(?<!\n)  +", " ", part).strip()
            if part:
                number = "" if _NUMBERED.match(part) else self._number
                self.found.append("#" * level + " " * bool(level) + number + part)
                self._number = ""

    def _count(self, node: LexborNode) -> None:
        number, step, style = self._lists[-1]
        number = _int(node.attributes.get("value"), number)
        self._lists[-1] = (number + step, step, style)
        if style:
            self._number += list_number(number, style) + ("、" if style.startswith("chinese") else ". ")

    def _is_kept(self, node: LexborNode) -> bool:
        return bool(node.parent and node.parent.tag == "pre")


def _list(node: LexborNode) -> tuple[int, int, str]:
    given = node.attributes
    style = _TYPES.get(given.get("type") or "", "decimal") if node.tag == "ol" else ""
    if node.tag == "ol" and (named := _LIST_STYLE.search(given.get("style") or "")):
        style = _STYLES[named[1]]
    if "reversed" not in given:
        return _int(given.get("start"), 1), 1, style
    return _int(given.get("start"), sum(child.tag == "li" for child in node.iter())), -1, style


def _int(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch(r"\s*-?[0-9]{1,9}\s*", text) else default


def joined_row(found: list[str], cells: list[int]) -> list[str]:
    """`found` with the paragraphs of a table's row, whose cells begin at `cells`, made one line.

    A row with a single filled cell, with headings or with long cells arranges a page; its paragraphs stay.
    """
    parts = [found[a:b] for a, b in zip(cells, [*cells[1:], len(found)], strict=True)] if cells else []
    filled = [part for part in parts if part]
    if len(filled) < 2 or any(len(part) > _CELL_PARAGRAPHS or part[0].startswith("#") for part in filled):
        return found
    return [*found[: cells[0]], " | ".join(" ".join(" ".join(part).split()) for part in parts)]
