"""The names of provisions as people cite them, rendered from paths and never written by a model.

In: a document's title and language and a path such as (("article", "13"), ("paragraph", "1")).
Out: 《中华人民共和国个人信息保护法》第十三条第一款, or for English "GDPR, Article 6(1)(f)".
It does not read labels back; that is the work of the stage that finds references.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.numerals import article_words, to_chinese, to_int

Steps = Sequence[tuple[str, str]]

NUMBERED = re.compile(
    r"^\**第[零〇一二三四五六七八九十百千\d]+条(?:之[一二三四五六七八九十]+)?(?:\*+\s*|[\s\u3000]+)(?=\S{4})"
)
"""A Chinese article's number where its text begins with it: beside a citation it says nothing."""

_ZH_COUNTED = {"paragraph": "第{}款", "item": "第{}项", "point": "第{}目", "subpoint": "第{}小目", "annex": "附件{}"}
_EN_TOP = {"article": "Article", "recital": "Recital", "annex": "Annex", "section": "Section"}
_EN_SHORT = {"article": "Art.", "recital": "Rec.", "annex": "Annex", "section": "Section"}


def label_of(title: str, lang: str, path: Steps, begins: Sequence[str] = ()) -> str:
    """The citation label of `path` in the document `title`; an empty path gives the title's own.

    `begins` holds how the text of each step begins, by which numbers printed as 1.2 are told from (2) below 1.
    """
    place = short_label(lang, path) if lang == "zh" else _english(path, _EN_TOP, begins)
    if lang == "zh":
        return _in_brackets(title) + place
    return f"{title}, {place}" if place else title


def to_path(steps: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """A path from its JSON form, a list of [kind, number] lists."""
    return tuple((kind, number) for kind, number in steps)


def article_of(path: Steps) -> str | None:
    """The article as question sets name it: "6", "recital 26", "annex III", "preamble 0"; None without articles."""
    kind, number = path[0]
    if kind == "article":
        return number
    return f"{kind} {number}" if kind in ("recital", "annex", "preamble") else None


def nested(one: Steps, other: Steps) -> bool:
    """Whether one of two provisions is the other or lies in it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def short_label(lang: str, path: Steps, begins: Sequence[str] = ()) -> str:
    """The label without the title, for a chip or a table: 第七条, 第3段第2句, Art. 6(1)(f)."""
    if lang != "zh":
        return _english(path, _EN_SHORT, begins)
    return "".join(_chinese_step(path, at) for at in range(len(path)))


def _in_brackets(title: str) -> str:
    """《title》; marks inside become single ones, as Chinese typography has it: 《关于修改〈刑法〉的决定》."""
    inner = title[1:-1] if title.startswith("《") and title.find("》") == len(title) - 1 else title
    return f"《{inner.replace('《', '〈').replace('》', '〉')}》"


def _chinese_step(path: Steps, at: int) -> str:
    kind, number = path[at]
    if kind == "preamble":
        return "序言"
    if kind == "sentence":
        return f"第{number}句"
    if kind == "recital":
        return f"序言第{number}段"
    if kind == "annex" and number == "0":
        return "附件"  # the only one, without a number
    if kind == "paragraph" and path[0][0] in ("paragraph", "preamble"):
        return f"第{number}段"  # news and preambles have 段; 款 belong to articles
    try:
        return article_words(number) if kind == "article" else _ZH_COUNTED[kind].format(to_chinese(to_int(number)))
    except ValueError:  # letters and Roman numbers stay as they are
        return {"article": f"第{number}条", "annex": f"附件{number}"}.get(kind, f"({number})")


def _english(path: Steps, names: dict[str, str], begins: Sequence[str]) -> str:
    words = ""
    for at, (kind, number) in enumerate(path):
        if kind == "preamble":
            part = "Preamble"
        elif kind in names:
            part = f"{names[kind]} {number}"
        elif at and kind != "sentence" and path[at - 1][0] in ("article", "paragraph", "item", "point", "subpoint"):
            if at < len(begins) and re.match(rf"[0-9.]*{path[at - 1][1]}\.{number}(?![0-9])", begins[at]):
                words += f".{number}"
                continue
            words += f"({number})" if path[0][0] not in ("paragraph", "preamble") else f", {kind} {number}"
            continue
        else:
            part = f"{kind} {number}"
        words += f", {part}" if words else part
    return words
