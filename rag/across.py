"""A sentence and a clause in two languages -> the share of what the sentence says that the clause says. Pure.

In: an English and a Chinese text, either way round. Out: 0 to 1, by two tables written by hand (`glossary.toml` and
`common.toml`); 0 where something is counted, denied, bidden or named in the one and not in the other. It sets no
threshold, `cite.py` does, and knows no meaning beyond the tables. `widen.py` finds expressions in the same way.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from typing import TypeVar

from rag import facts
from rag.bidden import OUGHT, agree
from rag.worded import stem

Table = Mapping[str, tuple[str, ...]]
T = TypeVar("T")

LONGEST = {"zh": 14, "en": 6}
"""Units (characters, or words) of the longest expression looked for."""

OWN = 2
"""How many different things of what a sentence says must stand in the clause itself, if it says as many."""

ABSENT = 2
"""What a word that the tables know and the clause lacks weighs; an unknown one, which it may have, weighs 1."""

# What a sentence does with its object: renderings of one kind stand for one another (promotes: 推广, 推动, 促进).
KINDS = tuple(
    tuple(kind.split())
    for kind in (
        "促进 推动 推进 推广 支持 鼓励 倡导 提倡 呼吁 助力 加强 强化 提高 提升 增强 加快 加速 完善 改善 发展 扩大 "
        "拓展 加大",
        "建立 构建 搭建 打造 营造 建设 设立 成立 形成 制定 制修订 开展 实施 落实 举办 进行",
        "保护 保障 维护 确保 保全 保证 尊重 坚持 遵守 遵循 严格",
        "消除 避免 防范 防止 预防 降低 减少 杜绝",
        "分享 共享 交流 交换",
        "禁止 不得 严禁",
        "限制 约束 限定 限于",
        "反对 抵制",
        "允许 准许",
        "增长 增加 上升",
        "下降 下跌",
        "应当 应 必须 须 要",
        "提供 供给",
        "评估 评价 测评 测试",
        "医疗 卫生 健康",
        "依托 依靠",
    )
)
EMPTY = frozenset(
    "the a an of to in on for and or is are be been being was were by with that this it its as at from has have had "
    "which who whom whose their they them these those there then than into under within through between about such "
    "also both each any all other others so so-called not no nor never neither cannot without unless except only if "
    "when where while will would should shall must may can could do does did done his her he she we our you your "
    "state stated say said mention mentioned accord according include included including provide stipulate specify "
    "aim call called calls especially particularly respectively more most up out over above upon per percent "
    "least day days month months year years hour hours yuan ton tons tonne tonnes "
    "million billion trillion thousand hundred one two three four five six seven eight nine ten "
    "january february march april june july august september october november december".split()
)
"""Words that say nothing of their own, and what other checks hold: numbers, months, denials, modal verbs."""

EMPTY_ZH = re.compile(
    r"[的了和与及或等在对为以之其所并将于把被是有也该此这那应当须不得未无零〇一二两三四五六七八九十百千万亿年月日个\W\d_]"
)
WORD = re.compile(r"(?:[A-Za-z]\.){2,}|[A-Za-z0-9]+(?:['&.][A-Za-z0-9]+)*")
CHINESE = re.compile(r"[\u3400-\u9fff]")
SENTENCE = re.compile(r"(?<=[。！？!?\n])|(?<=\.)\s")
QUOTED = re.compile(r"[“\"‘]([^“”\"‘’]{2,})[”\"’]")
"""What is quoted is a name: no likeness of its words is a rendering of it."""

PART = re.compile(r"(?<=[，,；;：:])")
LEAD = re.compile(
    r"\A(?:According to |Under |In )?(?:the )?Article \d+\b(?: of [^,]*?)?(?:,| (?:states|says|provides)(?: that)?)",
    re.I,
)
EXAMPLES = re.compile(r"\b(?:such as|including|namely)\b(.+)", re.I)
"""Examples, which must stand in the clause itself: its title, which may say of what it is, is none of them."""

_BIDS = re.compile(rf"(?:\A|[，,。；;：:])([^，,。；;：:]{{2,30}}?)(?:{OUGHT})")
_BIDDING = re.compile(
    r"\b(?:shall|should|must|may|can(?:not)?|ought to|(?:is|are) (?:required )?to)\b(?! (?:not )?be )", re.I
)
# What a clause bids or plans is not said to be done.
_UNDERWAY = re.compile(r"\b(?:is|are) being\b|\b(?:is|are) (?:\w+ly )?\w+ing\b|\beffort is made\b", re.I)
_EVERY = re.compile("各[国级地类方个]?")
_DOING = re.compile("正在|正|已|不断|持续|目前|如今|着|逐步|日益")


def longest(
    units: Sequence[str], most: int, known: Callable[[Sequence[str]], T | None]
) -> Iterator[tuple[int, int, T | None]]:
    """Begin, end and what is known of the longest known runs of `units` from left to right; of others one by one."""
    at = 0
    while at < len(units):
        size, found = 1, None
        for size in range(min(most, len(units) - at), 0, -1):
            if (found := known(units[at : at + size])) is not None:
                break
        yield at, at + size, found
        at += size


def share(text: str, clause: str, label: str) -> float:
    """The share of the content of `text` that one sentence of `clause` has, 0 to 1; `label` may say of what."""
    said = LEAD.sub("", text)
    named = EXAMPLES.search(said)
    return max(
        (
            min(_share(said, place, label), _share(named[1], place, "") if named else 1.0)
            for place in SENTENCE.split(clause)
            if place.strip()
        ),
        default=0.0,
    )


def _share(text: str, place: str, label: str) -> float:
    lang = "zh" if CHINESE.search(text) else "en"
    if not facts.has_values(facts.values(text), facts.values(f"{label} {place}")):
        return 0.0
    units, names = _units(text, lang)
    table, joint = _table(lang), "" if lang == "zh" else " "
    parts = [_written(part, lang) for part in PART.split(place)]
    written = "".join((_written(label, lang), *parts))

    def there(run: Sequence[str]) -> tuple[str, ...] | None:
        return tuple(term for term in table.get(joint.join(run), ()) if term in written) or None

    if lang == "en" and any(not there(_units(name, lang)[0]) for name in QUOTED.findall(text)):
        return 0.0
    had, lost, wanted = 0, [], []
    for begin, end, found in longest(units, LONGEST[lang], there):
        size = _size(units[begin:end], lang)
        if found and size:
            had += size
            wanted.append(found)
        elif size and begin in names:
            return 0.0
        elif size:
            lost.append(begin)
    near = _nearest([terms for terms in wanted if not _acts(terms)], parts)
    if any(_acts(terms) and not any(term in near for term in terms) for terms in wanted):
        return 0.0
    if not agree(text, place, near, lang) or _alone(wanted, parts) < min(OWN, len(wanted)):
        return 0.0
    if lang == "en" and not (_whom(text, near) and (_DOING.search(near) or not _UNDERWAY.search(text))):
        return 0.0
    missing = 0
    for begin, end, terms in longest([units[n] for n in lost], LONGEST[lang], lambda run: table.get(joint.join(run))):
        if terms and _acts(terms):
            return 0.0
        missing += (ABSENT if terms else 1) * (end - begin)
    return had / (had + missing) if had + missing else float(_sole(facts.values(text), facts.values(place)))


def _sole(said: set[tuple[str, str]], there: set[tuple[str, str]]) -> bool:
    """Whether bare numbers can only be those of a clause: it has no others of their measure (5.3%, and not 2.9%)."""
    return bool(said) and all(
        len({n for n, other in there if measure in ("", other) and (measure or other in ("", "元", "吨"))}) == 1
        for _, measure in said
    )


def _units(text: str, lang: str) -> tuple[list[str], set[int]]:
    """The units of a sentence, and which of them are written as a name, which must be there."""
    if lang == "zh":
        return [c for c in text.lower() if not c.isspace()], set()
    words = WORD.findall(text.replace("-", " "))
    return [stem(w) for w in words], {n for n, w in enumerate(words) if n and w[0].isupper()}


def _size(units: Sequence[str], lang: str) -> int:
    """How many of the units have content."""
    if lang == "zh":
        return sum(not EMPTY_ZH.match(unit) for unit in units)
    return sum(unit not in _empty() and not unit[0].isdigit() for unit in units)


def _written(text: str, lang: str) -> str:
    """What a sentence in `lang` is looked for in: Chinese as it stands, or the stems of English words."""
    return text if lang == "en" else f" {' '.join(map(stem, WORD.findall(text.replace('-', ' '))))} "


def _acts(terms: Sequence[str]) -> bool:
    """Whether these renderings say what is done, by `KINDS`."""
    return all(any(term in kind for kind in KINDS) for term in terms)


def _nearest(wanted: list[tuple[str, ...]], parts: Sequence[str]) -> str:
    """The parts of a clause that hold what is wanted: the fewest."""
    picked: list[str] = []
    while wanted:
        best = max(parts, key=lambda part: sum(any(t in part for t in terms) for terms in wanted))
        left = [terms for terms in wanted if not any(t in best for t in terms)]
        if len(left) == len(wanted):
            break
        picked.append(best)
        wanted = left
    return "".join(picked)


def _alone(wanted: Sequence[tuple[str, ...]], parts: Sequence[str]) -> int:
    """How many different things that are said stand in the clause itself, and not in its label."""
    there, counted, used = "".join(parts), 0, set[str]()
    for terms in wanted:
        own = {term for term in terms if term in there}
        counted += bool(own) and not own & used
        used |= own
    return counted


def _whom(text: str, near: str) -> bool:
    """Whether an English sentence bids whom its clause bids, by any word for them, or names nobody (shall be read)."""
    bid = _BIDS.search(near)
    if not bid or not _BIDDING.search(text):
        return True
    table, whom = _table("en"), bid[1]
    covered = set[int]()
    for _, _, terms in longest(_units(text, "en")[0], LONGEST["en"], lambda run: table.get(" ".join(run))):
        for term in terms or ():
            covered |= {n + k for n in range(len(whom)) if whom.startswith(term, n) for k in range(len(term))}
    known = longest(
        _EVERY.sub(lambda found: " " * len(found[0]), whom), LONGEST["zh"], lambda run: _table("zh").get("".join(run))
    )
    said = [not covered.isdisjoint(range(begin, end)) for begin, end, terms in known if terms and end - begin > 1]
    return not said or any(said)


@functools.cache
def _empty() -> frozenset[str]:
    return frozenset(map(stem, EMPTY | facts.COUNTS.keys()))


@functools.cache
def _table(lang: str) -> Table:
    """Expressions of `lang` (English in stems) -> renderings as `_written` has them, with those of the same kind."""
    found: dict[str, dict[str, None]] = {}
    for name in ("glossary.toml", "common.toml"):
        for english, chinese in read(name)["en_zh"].items():
            stems = " ".join(map(stem, english.split()))
            for term in (alike for given in chinese for alike in _kind(given)):
                key, value = (stems, term) if lang == "en" else (term.lower(), f" {stems} ")
                found.setdefault(key, {})[value] = None
    return {key: tuple(terms) for key, terms in found.items()}


def _kind(term: str) -> tuple[str, ...]:
    return (term, *(other for kind in KINDS if term in kind for other in kind if other != term))


@functools.cache
def read(name: str) -> dict[str, Table]:
    """The tables of a file beside this module: an expression in lower case -> its terms."""
    tables = tomllib.loads((resources.files("rag") / name).read_text(encoding="utf-8"))
    return {
        table: {key.lower().replace("-", " "): tuple(value.split()) for key, value in rows.items()}
        for table, rows in tables.items()
    }
