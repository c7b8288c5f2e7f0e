"""What the style of an element of a web page hides from its reader.

In: tags and attributes, and the style sheets inside the page. Out: whether an element, or text in it, is shown. It
follows what hides text: display, visibility, opacity, size, place and colour, by selectors of one step (`p.note`). It
loads nothing: what a style sheet elsewhere says is unknown, and a page without one is white.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

Colour = tuple[int, int, int]
Style = dict[str, str]

_SELECTOR = re.compile(r"([a-z][a-z0-9]*|\*)?((?:[.#][\w-]+)*)")
_NUMBER = re.compile(r"(-?[0-9]*\.?[0-9]+)\s*([a-z%]*)")
_MOST = 64
"""Rules kept for one class, id or tag, the last ones: what a page of any size may cost."""
_ALIKE = 32
"""The least difference of a channel, of 255, by which letters stand out from what is behind them."""
_FAR = -500.0
"""How far, in pixels or any other unit, a thing is moved out of the page when it is not meant to be seen."""
_NAMES: dict[str, Colour] = {"white": (255, 255, 255), "black": (0, 0, 0), "snow": (255, 250, 250)} | dict.fromkeys(
    ("ivory", "floralwhite", "ghostwhite", "whitesmoke", "azure", "mintcream"), (250, 250, 250)
)


class Look(NamedTuple):
    """How text in an element looks: what it inherits. `behind` is None where a picture or an unknown colour is."""

    ink: Colour | None = (0, 0, 0)
    behind: Colour | None = (255, 255, 255)
    clear: bool = False
    visible: bool = True
    sized: bool = True

    @property
    def is_seen(self) -> bool:
        return self.visible and self.sized and not self.clear and not alike(self.ink, self.behind)


class Sheet:
    """The rules of a page's own style sheets, by the first class or id of their selectors, else by their tag."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._rules: dict[str, dict[tuple[str, frozenset[str]], tuple[tuple[int, int], Style]]] = {}
        self._known: dict[tuple[str, str, str], Style] = {}
        for order, (selectors, declared) in enumerate(_rules(texts)):
            for selector in {each.strip() for each in selectors.split(",")} - {""}:
                if not (found := _SELECTOR.fullmatch(selector)):
                    continue
                tag, marks = found[1] or "*", re.findall(r"[.#][\w-]+", found[2])
                rules = self._rules.setdefault(marks[0] if marks else tag, {})
                _, before = rules.pop((tag, frozenset(marks)), (None, {}))
                weight = 100 * found[2].count("#") + 10 * found[2].count(".") + (tag != "*")
                rules[tag, frozenset(marks)] = (weight, order), before | declared
                if len(rules) > _MOST:
                    del rules[next(iter(rules))]

    def style(self, tag: str, given: Mapping[str, str | None]) -> Style:
        """What is declared of an element with these attributes: by the rules, then by itself."""
        own = _declared(style) if (style := given.get("style")) else {}
        if background := given.get("bgcolor"):
            own = {"background": background, **own}
        if tag == "font" and (ink := given.get("color")):
            own = {"color": ink, **own}
        return self._by_rules(tag, given.get("class") or "", given.get("id") or "") | own if self._rules else own

    def _by_rules(self, tag: str, classes: str, name: str) -> Style:
        if (tag, classes, name) not in self._known:
            marks = {f".{each}" for each in classes.lower().split()} | {f"#{name.lower()}"}
            found = [
                (weight, declared)
                for key in ("*", tag, *marks)
                for (wanted, needed), (weight, declared) in self._rules.get(key, {}).items()
                if wanted in ("*", tag) and needed <= marks
            ]
            style: Style = {}
            for _, declared in sorted(found, key=lambda rule: rule[0]):
                style |= declared
            self._known[tag, classes, name] = style
        return self._known[tag, classes, name]


def _rules(texts: Sequence[str]) -> Iterator[tuple[str, Style]]:
    """Selectors and what they declare; not what holds for a printer or a telephone only, inside @media."""
    for text in texts:
        first, *rest = text.lower().split("/*")
        depth = 0
        for block in (first + "".join(part.partition("*/")[2] for part in rest)).split("}"):
            selectors, _, body = block.rpartition("{")
            selectors = selectors.rpartition(";")[2].strip()
            if not depth and "{" not in selectors and not selectors.startswith("@") and (found := _declared(body)):
                yield selectors, found
            depth = max(0, depth + block.count("{") - 1)


def _declared(text: str) -> Style:
    pairs = (part.partition(":") for part in text.lower().replace("!important", "").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if value.strip()}


def is_gone(style: Style) -> bool:
    """Whether an element with all that is in it is not shown."""
    if style.get("display") == "none" or style.get("content-visibility") == "hidden":
        return True
    if (share := _number(style.get("opacity"))) and share[0] <= (0.05 if share[1] != "%" else 5):
        return True
    if any((far := _number(style.get(name))) and far[0] <= _FAR for name in _PLACES):
        return True
    if re.search(r"scale\(\s*0|\(\s*-[0-9]{4}", style.get("transform", "")):
        return True
    if re.search(r"rect\((?:[01]?(?:px)?[\s,]*){4}\)|inset\((?:50|100)%|circle\(0", _clip(style)):
        return True
    edges = [_number(style.get(name)) or (9.0, "") for name in ("height", "width", "max-height", "max-width")]
    small = any(edge == 0 or (edge <= 1 and unit == "px") for edge, unit in edges)
    return small and style.get("overflow") in ("hidden", "clip")


_PLACES = ("left", "top", "right", "bottom", "text-indent", "margin-left", "margin-top")


def _clip(style: Style) -> str:
    return f"{style.get('clip', '')} {style.get('clip-path', '')}"


def inherited(look: Look, style: Style) -> Look:
    """How text looks in an element with this style inside one with that look."""
    if (background := style.get("background-color") or style.get("background")) and background != "none":
        painted = colour(background)
        look = look if painted == "clear" else look._replace(behind=None if isinstance(painted, str) else painted)
    if style.get("background-image", "none") != "none":
        look = look._replace(behind=None)
    if ink := style.get("color"):
        found = colour(ink)
        look = look._replace(ink=None if isinstance(found, str) else found, clear=found == "clear")
    if "visibility" in style:
        look = look._replace(visible=style["visibility"] not in ("hidden", "collapse"))
    if size := _number(style.get("font-size")):
        large = size[0] > (1 if size[1] in ("px", "pt") else 0)
        look = look._replace(sized=large and (look.sized or size[1] not in ("em", "%")))
    return look


def colour(text: str) -> Colour | str:
    """The colour that a text names; "clear" for one without paint, "unknown" for any other."""
    text = text.strip().lower()
    if text in _NAMES:
        return _NAMES[text]
    if text == "transparent":
        return "clear"
    if found := re.fullmatch(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", text):
        digits = found[1] if len(found[1]) > 4 else "".join(digit * 2 for digit in found[1])
        red, green, blue, *rest = bytes.fromhex(digits)
        return "clear" if rest and rest[0] < 13 else (red, green, blue)
    if found := re.fullmatch(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,/]+([\d.]+)(%?))?\s*\)", text):
        if found[4] and float(found[4].strip(".") or 0) <= (5 if found[5] else 0.05):
            return "clear"
        return min(int(found[1]), 255), min(int(found[2]), 255), min(int(found[3]), 255)
    return "unknown"


def alike(one: Colour | None, other: Colour | None) -> bool:
    """Whether letters of one colour cannot be told from the other behind them; what is unknown can."""
    return one is not None and other is not None and all(abs(a - b) < _ALIKE for a, b in zip(one, other, strict=True))


def _number(text: str | None) -> tuple[float, str] | None:
    found = _NUMBER.match(text or "")
    return (float(found[1]), found[2]) if found else None
