"""Numbers -> charts as SVG, whose lines and letters take the colour of the page they stand in.

In: values already computed, titles escaped. Out: strings of SVG without fonts, scripts or addresses. It knows no
questions.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _MARK = "#010203", "#010204"
"""Stand for the page's own colours; matplotlib knows no names of CSS."""
_WIDTH, _LETTERS = 4.4, 10
"""Inches and points: the whole width of a phone is about as many pixels, so letters keep their size there."""

_LONGEST = 20
"""Letters of a name: more would leave no room for its bar. The description holds it whole."""


def bars(title: str, names: Sequence[str], values: Sequence[tuple[float, float, float] | None]) -> str:
    """Horizontal bars with intervals, 0 to 1: one (value, low, high) a name, or None where there is none."""
    figure, axes = _empty(0.7 + 0.34 * max(1, len(names)))
    known = [(at, value) for at, value in enumerate(values) if value]
    places, sizes = [at for at, _ in known], [value[0] for _, value in known]
    errors = [[max(0.0, v[0] - v[1]) for _, v in known], [max(0.0, v[2] - v[0]) for _, v in known]]
    axes.barh(places, sizes, height=0.6, color=_MARK, alpha=0.75)
    axes.errorbar(sizes, places, xerr=errors, fmt="none", ecolor=_INK, elinewidth=1, capsize=2)
    axes.set_yticks(range(len(names)), [])
    axes.set_ylim(len(names) - 0.5, -0.5)
    beside: dict[str, Any] = {"ha": "right", "va": "center", "color": _INK, "transform": axes.get_yaxis_transform()}
    for at, (name, value) in enumerate(zip(names, values, strict=True)):
        short = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
        axes.text(-0.02, at, short, fontsize=_LETTERS, **beside)
        if value is None:
            axes.text(0.02, at, "–", va="center", color=_INK, fontsize=_LETTERS)
    axes.set_xlim(0, 1)
    said = [f"{n} {v[0]:.2f} ({v[1]:.2f}–{v[2]:.2f})" if v else f"{n} –" for n, v in zip(names, values, strict=True)]
    return _svg(figure, title, "; ".join(said))


def histogram(title: str, unit: str, values: Sequence[float]) -> str:
    """How often values fall where, at most 20 bins."""
    figure, axes = _empty(2.2)
    axes.hist(values, bins=min(20, max(5, len(values) // 4)), color=_MARK, alpha=0.75)
    axes.set_xlabel(unit, color=_INK, fontsize=_LETTERS)
    return _svg(figure, title, f"n = {len(values)}; {min(values):.3g}–{max(values):.3g} {unit}")


def calibration(title: str, across: str, up: str, bins: Sequence[tuple[float, float, int]]) -> str:
    """What share went right at which score: (score, share, how many), the size of a point its number."""
    figure, axes = _empty(2.4)
    axes.plot([x for x, _, _ in bins], [y for _, y, _ in bins], color=_MARK, linewidth=1)
    axes.scatter([x for x, _, _ in bins], [y for _, y, _ in bins], s=[12 + 4 * n for *_, n in bins], color=_MARK)
    axes.set_ylim(-0.05, 1.05)
    axes.set_xlabel(across, color=_INK, fontsize=_LETTERS)
    axes.set_ylabel(up, color=_INK, fontsize=_LETTERS)
    return _svg(figure, title, "; ".join(f"{x:.2f}: {y:.2f} (n={n})" for x, y, n in bins))


def _empty(height: float) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    axes.tick_params(colors=_INK, labelsize=_LETTERS)
    for side, spine in axes.spines.items():
        spine.set_color(_INK)
        spine.set_visible(side in ("left", "bottom"))
    return figure, axes


def _svg(figure: Figure, title: str, desc: str) -> str:
    """The figure as SVG that scales with the page; the same figure gives the same bytes."""
    import matplotlib
    from matplotlib.text import Text

    # Its own font has no Chinese letters: room is made with W, which is as wide, and the page's font writes the words.
    said = {}
    for n, text in enumerate(figure.findobj(Text)):
        text.set_parse_math(False)  # a kind of question may hold a dollar sign
        if re.search("[\u2e80-\uffef]", words := text.get_text()):
            said[f"words{n}"] = words
            text.set_gid(f"words{n}")
            text.set_text(re.sub("[\u2e80-\uffef]", "W", words))
    written = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    for gid, words in said.items():
        at = svg.index(">", svg.index("<text", svg.index(f'id="{gid}"'))) + 1
        svg = svg[:at] + escape(words) + svg[svg.index("<", at) :]
    svg = re.sub("<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*;?", "", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = svg.replace(_INK, "currentColor").replace(_MARK, "var(--mark)")
    svg = re.sub(
        r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1), count=1
    )
    svg = re.sub(r'\sxmlns(?::xlink)?="[^"]*"', "", svg)
    # Other charts on the page have clip paths of the same names.
    own = f"c{zlib.crc32(title.encode()):08x}"
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{own}", svg).replace("xlink:href", "href")
    head, at = f'<svg role="img" aria-labelledby="{own}-t {own}-d"', svg.index(">") + 1
    said_first = f'<title id="{own}-t">{title}</title><desc id="{own}-d">{escape(desc)}</desc>'
    return head + svg[len("<svg") : at] + said_first + svg[at:]
