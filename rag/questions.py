"""A question -> the questions in it. Pure.

In: a question, Chinese or English. Out: its parts that ask something of their own. Whether anything answers them is not
judged here.
"""

from __future__ import annotations

import re

from rag import evidence, facts
from rag.cut import tagged

BARE = 4
"""Characters of a part of a question that asks of nothing by itself (补多少)."""

FEW = 2
"""Content words of a part of a question below which it is looked for in the documents of the rest alone."""

# Two questions in one: 吞吐量是多少?利润呢?
_PARTS = re.compile(
    r"[?？;；]\s*|[,，]\s*(?=(?:以及|还有|并且|同时)?[^,，?？]{0,12}(?:多少|什么|哪|谁|怎|如何|几|是否|吗))|\?\s+(?=[A-Z])"
)
_WHERE = re.compile(
    r"(?:请问|那么?|这|它|具体|分别|都|是|写|规定|出现)*(?:在|于|见)?(?:文件|计划|法律?)?的?(?:第几|哪一?|哪几)[条款项段章](?:里|中|呢|规定的?)*"
    r"|(?:它|其|这)?(?:的|[前后]面|紧[跟接]着?|接下来|接着|原[话文句])+的?(?:说法|内容|表述|[话词句])?(?:各?是|是?怎么|分别是?)(?:什么|[说写讲])的?"
    r"|(?:and )?(?:in|under) which (?:article|point|paragraph|section)",
    re.IGNORECASE,
)
_HOW_ALONE = re.compile(
    r"怎|如何|咋|什么(?!时候|地方|人|日子|职|头衔|身份|名)|哪些(?!人|地方|国)|[吗么]\W*$|有没有|是否|是不是"
)
_OF_BEFORE = re.compile(
    r"[它他她]们?|这[种样类些么]|那[种样类些么]|\b(?:if so|it|its|they|them|their|this|that|those|these|he|she)\b",
    re.IGNORECASE,
)
_IF = re.compile(r"\s*(?:要是|如果|假如|假设|倘若|万一|若是?)(?!.{0,40}(?:多少|什么|怎|如何|是否|吗|谁|何时))")


def asked(question: str) -> list[str]:
    """The questions in a question.

    What asks nothing leads to the one behind it, and what asks of nothing (补多少, 是不是这么要求的), or of what was
    just spoken of (要给它立规矩吗), is of the one before it; what only asks where it stands, as every citation says, is
    none.
    """
    parts: list[str] = []
    led = ""
    for piece in filter(None, _PARTS.split(question)):
        if parts and _WHERE.fullmatch(piece):
            continue
        led += piece
        if parts and not led.endswith("，") and _asks_of_nothing(piece):
            parts[-1] += f"{', ' if facts.language(piece) == 'en' else '，'}{piece}"
            led = ""
        elif facts.ASKS.search(piece) and not _IF.match(piece):
            parts.append(led)
            led = ""
        else:
            led += "，"
    if not parts or not led:
        return parts or [question]
    lang = facts.language(question)
    if not any(not term.light for term in evidence.terms(led, lang)):
        return parts  # 第九条最后一句怎么写的？我要引用
    return [*parts[:-1], f"{parts[-1]}{', ' if lang == 'en' else '，'}{led.rstrip('，')}"]


def is_bare(part: str) -> bool:
    """Whether a part of a question has no more than a word to be found by, as 世界 of 排在世界第几 is anywhere."""
    return len([term for term in evidence.terms(part, facts.language(part)) if not term.light]) < FEW


def _asks_of_nothing(piece: str) -> bool:
    lang = facts.language(piece)
    content = [term.text for term in evidence.terms(piece, lang) if not term.light]
    if lang == "en":
        return len(content) < FEW and bool(_OF_BEFORE.search(piece))
    if not _HOW_ALONE.search(piece) or facts.ASKS_NUMBER.search(piece):
        return len(piece) <= BARE and not content
    if len(content) < FEW and _OF_BEFORE.search(piece):
        return True
    return all(tag.startswith("v") for word, _, tag in tagged(piece) if word in content[:1]) and len(content) < 2
