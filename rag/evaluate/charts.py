"""Numbers -> charts as SVG, whose lines and letters take the colour of the page they stand in.

In: values already computed. Out: strings of SVG without fonts, scripts or addresses. It knows no questions.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _MARK = "#010203", "#010204"
"""Stand for the page's own colours; matplotlib knows no names of CSS."""
_WIDTH = 6.4


def bars(title: str, names: Sequence[str], series: Mapping[str, Sequence[tuple[float, float, float] | None]]) -> str:
    """Horizontal bars with intervals, 0 to 1: for each series one (value, low, high) a name, or None."""
    figure, axes = _empty(0.6 + 0.34 * max(1, len(names)) * max(1, len(series)) + 0.5)
    thick = 0.8 / max(1, len(series))
    for n, (label, values) in enumerate(series.items()):
        known = [(at + (n + 0.5) * thick - 0.4, value) for at, value in enumerate(values) if value]
        places, sizes = [at for at, _ in known], [value[0] for _, value in known]
        errors = [[max(0.0, v[0] - v[1]) for _, v in known], [max(0.0, v[2] - v[0]) for _, v in known]]
        fill: dict[str, Any] = {"color": _MARK, "alpha": 0.75} if n == 0 else {"color": _INK, "alpha": 0.35}
        axes.barh(places, sizes, height=thick * 0.85, label=label, **fill)
        axes.errorbar(sizes, places, xerr=errors, fmt="none", ecolor=_INK, elinewidth=1, capsize=2)
    axes.set_yticks(range(len(names)), [])
    for at, name in enumerate(names):
        axes.text(
            -0.02, at, name, ha="right", va="center", color=_INK, fontsize=9, transform=axes.get_yaxis_transform()
        )
    axes.set_xlim(0, 1)
    axes.invert_yaxis()
    if len(series) > 1:
        axes.legend(frameon=False, labelcolor=_INK, fontsize=8, loc="lower right")
    return _svg(figure, title)


def histogram(title: str, unit: str, values: Sequence[float]) -> str:
    """How often values fall where, at most 20 bins."""
    figure, axes = _empty(2.4)
    axes.hist(values, bins=min(20, max(5, len(values) // 4)), color=_MARK, alpha=0.75)
    axes.set_xlabel(unit, color=_INK)
    return _svg(figure, title)


def calibration(title: str, across: str, up: str, bins: Sequence[tuple[float, float, int]]) -> str:
    """What share went right at which score: (score, share, how many), the size of a point its number."""
    figure, axes = _empty(2.8)
    axes.plot([x for x, _, _ in bins], [y for _, y, _ in bins], color=_MARK, linewidth=1)
    axes.scatter([x for x, _, _ in bins], [y for _, y, _ in bins], s=[12 + 4 * n for *_, n in bins], color=_MARK)
    axes.set_ylim(-0.05, 1.05)
    axes.set_xlabel(across, color=_INK)
    axes.set_ylabel(up, color=_INK)
    return _svg(figure, title)


def _empty(height: float) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    axes.tick_params(colors=_INK, labelsize=9)
    for side, spine in axes.spines.items():
        spine.set_color(_INK)
        spine.set_visible(side in ("left", "bottom"))
    return figure, axes


def _svg(figure: Figure, title: str) -> str:
    """The figure as SVG that scales with the page; the same figure gives the same bytes."""
    import matplotlib
    from matplotlib.text import Text

    # Its own font has no Chinese letters: room is made with W, which is as wide, and the page's font writes the words.
    said = {}
    for n, text in enumerate(figure.findobj(Text)):
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
    own = "c" + title.encode().hex()[:16]
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{own}", svg).replace("xlink:href", "href")
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
