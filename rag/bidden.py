"""A sentence and a clause in two languages -> whether what the one bids, allows or denies the other does too. Pure.

In: an English and a Chinese text, either way round. Out: yes or no, by patterns alone; `across.py` holds the rest.
"""

from __future__ import annotations

import re

from rag import facts

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
# What is yet to be made is not said to be there: 联合制定…标准 of a plan, which names nobody who has done it.
_THERE = re.compile(
    r"\b(?:is|are|was|were|been) (?:\w+ly |together )?(?:\w+ed,? and (?:\w+ly )?)?"
    r"(?:established|set up|built|created|formed|founded|formulated|developed|drafted|drawn up|launched)\b",
    re.I,
)
_YET = re.compile(
    r"(?:\A|[，,。；;：:]|推动|支持|鼓励|探索|呼吁|加快|推进|倡导)(?:联合|共同|合作|携手|积极|逐步|尽早|尽快|进一步|加快|推动|探索|支持|鼓励|推进)*"
    r"(?:建立|构建|搭建|打造|营造|建设|设立|成立|形成|制定|建成|研发|开发)(?!了)"
)
_STATES = re.compile(r"\b(?:is|are|was|were|has|have)\b", re.I)
_BIDS = re.compile(
    r"\b(?:shall|should|must|may|can|cannot|ought|requir\w+|oblig\w+|needs?|duty|responsib\w+|expect\w*|to be)\b"
    r"|\b(?:is|are) to\b",
    re.I,
)
_WISHED = re.compile(
    r"\b(?:to|should|shall|must|will|would|plans?|wants?|aims?|calls?|seeks?|hopes?|promot\w+|support\w*|encourag\w+|"
    r"explor(?:es?|ing)|propos\w+|urg\w+|advocat\w+|efforts?)\b",
    re.I,
)
INNOCENT = re.compile("无固定期限|不满|未成年|未来|非歧视|无论|不仅|不断|不同|非常|非洲|不可分割|无人")


def agree(text: str, place: str, near: str, lang: str) -> bool:
    """Whether what is bidden, allowed or denied in a sentence is so in the clause."""
    if lang == "zh":
        return bool(facts.negations(text)) == bool(facts.negations(place)) or bool(SOFT.search(place))
    bids = _BIDS.search(text) or facts.negations(text) or SOFT.search(text)
    if _STATES.search(text) and re.search(OUGHT, near) and not bids:
        return False  # what ought to be is not said to be so
    if _THERE.search(text) and _YET.search(near) and not _WISHED.search(text):
        return False
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
