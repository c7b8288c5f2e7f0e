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
from rag.worded import stem

Table = Mapping[str, tuple[str, ...]]
T = TypeVar("T")

LONGEST = {"zh": 14, "en": 6}
"""Units (characters, or words) of the longest expression looked for."""

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

OUGHT = "应当|应该|(?<![供响适反效相])应(?![用对急])|必须|须|不得|禁止|严禁"
# What, said in the one language, must be said in the other; the first two may look like denials, and are none.
ALIKE = tuple(
    (re.compile(en, re.I), re.compile(zh))
    for en, zh in (
        (r"\bat least\b|\b(?:not?|never) (?:be )?(?:less|fewer|lower) than\b|\bminimum of\b",
         "不得?(?:少于|低于)|以上|至少|最低"),
        (r"\bat most\b|\bnot (?:be )?exceed\w*|\b(?:not?|never) (?:be )?(?:more|longer|later|higher) than\b|\bup to\b",
         "不得?(?:超过|高于|多于|晚于|迟于)|以下|以内|至多|最高"),
        (r"\b(?:have|has|had) the right\b|\bentitled\b", "有权|权利"),
        (r"\bonly\b", "只|仅|唯一|方可"),
        (r"\b(?:must|required|obliged|obligation)\b", f"{OUGHT}|(?<![重主必需])要(?![求素约])|义务"),
        # "shall" also renders what a law plainly states, but nothing that it leaves open
        (r"\bshall\b", OUGHT + r"|\A(?!.*(?:可以|有权|鼓励))"),
        (r"\bmore than\b|\bover \d|\babove\b|\bor more\b", r"超过|以上|[\d百千万亿][多余]"),
        (r"\bless than\b|\bfewer than\b|\bbelow\b|\bunder \d", "不满|不足|以下|(?<!不)(?<!不得)(?:低于|少于)"),
    )
)  # fmt: skip
LEAVE = (
    re.compile(r"\b(?:may|permitted|allowed)\b(?! not)", re.I),
    re.compile("可以|方可|有权|允许|准许|鼓励|(?<![智功性不])能(?![力源效])"),
)
# Words in which an English sentence may deny without a "not".
SOFT = re.compile(
    r"\b(?:prohibit|forbid|ban|refus|avoid|oppos|reject|fail|lack|illegal|unlawful|exclud|prevent|only|free of|"
    r"un\w{5}|non-?\w{4}|in(?:visible|divid|alien)|instead|rather than|regardless)\w*", re.I
)  # fmt: skip
DENIES = re.compile("避免|拒绝|反对|防止|免除|而非|取消")
INNOCENT = re.compile("无固定期限|不满|未成年|未来|非歧视|无论|不仅|不断|不同|非常|非洲|不可分割|无人")


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
    if not _agree(text, place, near, lang):
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


def _agree(text: str, place: str, near: str, lang: str) -> bool:
    """Whether what is bidden, allowed or denied in a sentence is so in the clause."""
    if lang == "zh":
        return bool(facts.negations(text)) == bool(facts.negations(place)) or bool(SOFT.search(place))
    english, chinese = text, INNOCENT.sub("", near)
    for n, (en, zh) in enumerate(ALIKE):
        if en.search(english) and not zh.search(place):
            return False
        if n < 2 and en.search(english):
            english, chinese = en.sub("", english), zh.sub("", chinese)
    denied = bool(facts.negations(english))
    if not denied and LEAVE[0].search(english) and not LEAVE[1].search(place):
        return False
    there = bool(facts.negations(chinese))
    if denied:
        return there or bool(DENIES.search(chinese))
    return not there or bool(SOFT.search(english))


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
