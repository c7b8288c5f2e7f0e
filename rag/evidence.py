"""Question and text -> how much of what is asked about the text speaks of, 0 to 1, and the words that it lacks. Pure.

In: a question, a clause with its article and title, and how telling a word is (`Lexical.weight`). Out: the share of the
question's content that stands there, each word weighed by its rarity. A word may stand there as the term that a law, a
plan or the other language has for it (`lay.toml`, `glossary.toml`). What only asks (什么, 多少), and the names of
provisions and documents, count for nothing. It decides nothing: `decide.py` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag import facts, widen
from rag.across import LONGEST, WORD, longest
from rag.cut import CHINESE, cut, stem

Weight = Callable[[str], float]

RENDERED = 0.9
"""What a word counts for that stands there as another term."""

PARTLY = 0.5
"""Share of a long word's bigrams from which on it is said to stand there."""

_PART = re.compile(
    r"(?:倒数)?第\s*[\d零〇一二两三四五六七八九十百]+\s*[条款项句段点章节]|最[后末][一\d][条款项句段]|[上下][一\d]条|"
    r"\b(?:Article|Art\.|Recital|Annex|Section|Chapter|Paragraph)\s+[\dIVX]+(?:\(\w+\))*",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"(?:吗|么|对不对|对吧|是吧)\s*[?？]?\s*$|是不是|是否|能不能|可不可以|能否|可否|要不要|会不会|算不算|"
    r"^\s*(?:is|are|was|were|does|do|did|has|have|can|could|may|must|should|will|would)\b",
    re.IGNORECASE,
)
GENERIC = {
    "zh": frozenset(
        """什么 哪 哪些 哪个 哪里 哪儿 哪些地方 哪种 哪类 哪几 哪几条 哪条 哪一 哪一天 哪一年 哪天 哪年 哪位 哪方 哪部 哪项 谁 几 几条 几个
        几项 几种 几部 几句 第几 多少 多久 多大 多长 多长时间 多高 怎么 怎么办 怎么样 怎样 怎么说 怎么做 如何 为何 为什么 何时 何种 有何
        什么样 什么时候 是什么 是不是 是否 能否 可否 能不能 可不可以 有没有 要不要 会不会 算不算 需不需要 对不对 对吗 吗 呢 吧 么
        可以 能够 能 会 要 应 应该 应当 需要 需 必须 得 可 可能 想 请 请问 请教 告诉 帮 帮我 一下 列出 逐项 说明 介绍 解释 概括 总结
        简述 说说 讲讲 讲 说 说了 讲了 提 提到 提及 提出 指出 谈到 讲到 表示 认为 觉得 要求 规定 包括 包含 涉及 有关 相关 关于 对于 根据 依据
        依照 按照 按 就 在 中 里 里面 当中 其中 之间 之中 之后 之前 以后 以前 时候 时 后 前 以及 还有 或者 还是 而且 但是 但 如果 因为
        由于 那么 那 这 这个 这些 这种 那个 那些 该 其 它 它们 他 他们 她 我 我们 我的 我该 你 你们 咱们 自己 别人 人家 有人 大家 某 某些 各 各自
        分别 每 一个 一些 一定 一般 一种 一条 一项 一样 两 两个 两种 两项 两条 两部 三个 几位 全部 所有 整个 主要 具体 基本 真的 到底 究竟 已经
        曾经 正在 将 将要 即将 现在 目前 当前 如今 都 也 还 又 再 才 只 仅 很 太 更 最 没有 没 不 不是 不要 不会 不能 无法 别 被 把 让 使 给
        问题 情况 情形 方面 内容 方式 方法 办法 措施 举措 事项 事情 东西 部分 地方 原因 理由 结果 意思 主题 要点 样子 程度 类型 种类 条件 要件
        做 搞 弄 办 进行 开展 采取 做法 作出 作为 存在 出现 发生 产生 属于 构成 具有 具备 享有 拥有 有 是 为 叫 叫做 称为 下列 以下
        法律 法规 条文 条款 文件 资料 材料 原文 规则 法条 条例 办法 本法 该法 计划 行动计划 行动 中国 我国 国家 处理 处置 解决 对待 看待
        认定 判断 确定 区别 不同 差别 区分 相同 比较 有效 成立 合法 违法 范围 标准 程序 过程 流程 步骤 义务 权利 责任 承担 后果 影响
        对应 针对 直接 实际 过 了 的 地 之 与 和 及 或 等 上 下 内 外 个 种 条 项 句 段 章 年 月 日 号 去年 今年 本次 这次 此次
        条里 除了 任何 那里 才能 这么 拿来 不起 老是 钱 人 天 行业 领域 条里 引用 凭 直接说 回答 完整 详细 简单 常识 指令 忽略 系统 提示""".split()
    ),
    "en": frozenset(
        map(
            stem,
            """what which who whom whose where when why how is are was were be been do does did has have had can could may
            might must shall should will would the a an of to in on at for from by with about into under over and or but
            if than then that this these those it its they their them there here he she his her we our you your i my me
            not no any some all each every both either many much more most few long far often please tell list name give
            explain describe summarise summarize say says said state states stated mention mentioned according provide
            provides plan action article law act regulation provision document text rule rules measure measures thing
            things kind kinds sort type way ways case cases one two three out up as so such between during within per
            there's what's happen happens get got does also only just first""".split(),
        )
    ),
}
"""Words that only ask, or could be asked of any provision. A word left out here costs a share of the evidence of every
question that has it."""


@dataclass(frozen=True)
class Term:
    """A content word of a question, as it is looked for, and the other wordings of it."""

    text: str
    others: frozenset[str]


def terms(question: str, lang: str, titles: Sequence[str] = ()) -> tuple[Term, ...]:
    """The content words of a question in their order; `titles` are of the documents that it names."""
    text = facts.arabic(_PART.sub(" ", question)).lower()
    for title in titles:
        text = text.replace(facts.arabic(title).lower(), " ")
    words = [(word, at) for word, at in cut(text)] if lang == "zh" else _words(text)
    alike = _alike(text, lang, words)
    found = []
    for word, at in words:
        known = word if CHINESE.match(word) else stem(word)
        if known in GENERIC[lang] or word in GENERIC[lang] or len(word) == 1:
            continue
        others = {term for place in range(at, at + len(word)) for term in alike.get(place, ())}
        found.append(Term(known, frozenset(others)))
    return tuple(found)


def share(wanted: Sequence[Term], text: str, weight: Weight) -> tuple[float, tuple[str, ...]]:
    """The share of the content that `text` has, 0 to 1, and the words it lacks; 1 where nothing is wanted."""
    there = Text(text)
    had = whole = 0.0
    missing = []
    for term in wanted:
        part, size = there.has(term), weight(term.text)
        whole, had = whole + size, had + size * part
        if part < PARTLY:
            missing.append(term.text)
    return (had / whole if whole else 1.0), tuple(missing)


def asks_whether(question: str) -> bool:
    """Whether yes or no is asked for."""
    return bool(_YES_NO.search(question))


class Text:
    """A text in which words are looked for: Chinese as it stands, English by its stems."""

    def __init__(self, text: str) -> None:
        self._plain = facts.arabic(text).lower()
        self._stems = f" {' '.join(stem(word) for word, _ in _words(self._plain))} "

    def has(self, term: Term) -> float:
        """1 for the word itself, `RENDERED` for another term, the share of its bigrams for a long Chinese word."""
        if self._stands(term.text):
            return 1.0
        pairs = [term.text[n : n + 2] for n in range(len(term.text) - 1)] if CHINESE.match(term.text) else []
        part = sum(pair in self._plain for pair in pairs) / len(pairs) if len(pairs) > 1 else 0.0
        return max(part, RENDERED * any(self._stands(other) for other in term.others))

    def _stands(self, wording: str) -> bool:
        if CHINESE.search(wording):
            return wording in self._plain
        return f" {' '.join(stem(word) for word, _ in _words(wording))} " in self._stems


def _words(text: str) -> list[tuple[str, int]]:
    return [(found.group(), found.start()) for found in WORD.finditer(text)]


def _alike(text: str, lang: str, words: Sequence[tuple[str, int]]) -> dict[int, set[str]]:
    """What the tables have for the expressions of a question, by the places of their characters."""
    units = [(char, at) for at, char in enumerate(text)] if lang == "zh" else words
    joint = "" if lang == "zh" else " "
    found: dict[int, set[str]] = {}
    for table in widen.tables(lang):

        def known(run: Sequence[str], table: widen.Table = table) -> tuple[str, ...] | None:
            return next((table[form] for form in widen.forms(joint.join(run), lang) if form in table), None)

        for begin, end, alike in longest([unit for unit, _ in units], LONGEST[lang], known):
            if alike:
                last, at = units[end - 1]
                for place in range(units[begin][1], at + len(last)):
                    found.setdefault(place, set()).update(term.lower() for term in alike)
    return found
