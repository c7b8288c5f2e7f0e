"""What stands in a text without being meant for a reader: unseen characters, tokens of chat models, orders, passwords.

In and out: text. `seen` is for what is read and asked, before anything is searched or cited, `without_password` for an
address that a message repeats. `tamed` and `without_orders` are only for what a language model is given: what is shown
and quoted stays whole.
Wordings of orders are without end, so this only keeps a small model from being led astray by the common ones. That
nothing is shown which no clause carries is the work of the checks.
"""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters, which a terminal would obey
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\u202a-\u202e\u2066-\u206f\ufff0-\ufffb"  # what turns the direction of letters, notes between lines
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # tags, which spell out words unseen
    "\ud800-\udfff]"  # halves of characters, which nothing can write
)
"""Unicode's Default_Ignorable_Code_Point, the bidirectional controls and the control characters that are no space."""

_TOKEN = (
    r"(?:<[|｜][^<>|｜\n]{1,40}[|｜]>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>"
    r"|<\|?/?(?:system|assistant)\|?>)"
)
_TURNS = re.compile(rf"{_TOKEN}.*{_TOKEN}|{_TOKEN}.*", re.DOTALL)
_SENTENCE = re.compile(r"[^。！？!?\n.]*(?:[。！？!?\n.]+[”’」』）)\"']*|\Z)")
_ORDER = re.compile(
    r"(?:忽略|无视|忘记|忘掉)[^。]{0,6}(?:以上|上述|之前|前面|此前|所有|全部)[^。]{0,8}(?:要求|指令|指示|规则|提示|内容|资料)"
    r"|(?:系统|管理员|助手)(?:提示|指令|消息|已授权)?\s*[:：]|提示词|(?:取消|关闭|不[要许必用]写?|省略)(?:引用|出处|编号)"
    r"|(?:只|都|一律|总是|统一)回答|(?:回答|答案|作答)[^。]{0,12}(?:末尾|开头|里请?|中请?)[^。]{0,6}(?:写|加|以|说)"
    r"|回答[^。]{0,12}[时候][^。]{0,4}(?:应当|请|必须|要)?(?:引用|说|写)|[从凭][^。]{0,2}(?:记忆|常识)[^。，,]{0,3}(?:作答|回答|说)"
    r"|正确答案\s*[:：]|角色扮演|从现在起[^。]{0,6}(?:你|回答|所有)"
    r"|\b(?:ignore|disregard|forget)\b[^.]{0,20}\b(?:previous|above|prior|earlier|all|your)\b[^.]{0,20}"
    r"\b(?:instructions?|rules?|prompts?|messages?|documents)\b"
    r"|(?:\bassistant|\boverride|(?-i:SYSTEM(?: \w+)?))\s*:|\b(?:system|your|hidden) prompt\b|\bthis assistant\b"
    r"|\b(?:answer|reply|respond)\b(?: only\b|[^.]{0,30}(?:\bonly with\b|\bevery question\b|\bwith the word|:))"
    r"|\bwhen(?:ever)?\b[^.]{0,20}\basks?(?:ed)?\b[^.]{0,40}(?:\b(?:cite|say)\b|\b(?:answer|reply)\s*:)"
    r"|\b(?:do not|don't|never|always) cite\b|\b(?:answer|reply|speak)\b[^.]{0,12}\bfrom memory\b"
    r"|\bpretend\b[^.]{0,9}\byou\b",
    re.IGNORECASE,
)
_FEW = r"[一二两三四五六七八九十几\d]+"
_LENGTH = rf"(?:用|以){_FEW}(?:[到至、-]{_FEW})?[句段](?:简[短单洁]的|通俗的)?话来?"
_MANNER = re.compile(
    rf"(?<=[，,。；;？?！!])\s*请?{_LENGTH}(?:总结|概括|归纳|说明|回答|介绍|讲|说)(?:一下|出来)?[吧呢。.！!？?]*\s*$"
    rf"|{_LENGTH}"
    r"|\A[^:：,，。?？《》第]{0,12}(?:作业|核[实对稿]?一下|核[实对稿]用?|稿子|对照一?下|查一下|确认一?下|[想请]问(?:一?下|问)?|打听一?下|请教|求助|备课|写稿)[^:：,，。?？《》第]{0,4}[:：]\s*"
    r"|\A我们?(?:[是做搞跑在][^,，。?？!！]{0,14})?(?:记者|编辑|合规|法务|法学院?学?生|研究[生员]?|论文|调研)(?:的|员|工作)*[,，]\s*"
    r"(?=[想请帮问]|麻烦|需要)(?!.*(?:我们|咱|我[这该的]|[这本]行))"
    r"|\A(?:fact[- ]?check|(?:quick )?question|query)\s*[:：]\s*"
    r"|,?\s*\bin (?:one|two|three|four|five|a few|[1-9])(?: (?:or|to) (?:two|three|four|five|[1-9]))? sentences?\b",
    re.IGNORECASE,
)
_OPENS = re.compile(r"<(?=[|｜/<A-Za-z])|\[(?=/?[A-Za-z])")


def seen(text: str) -> str:
    """The text without the characters that nobody sees; joiners and variants of letters go too."""
    return _UNSEEN.sub("", text)


def without_password(address: str) -> str:
    """An address with *** for a user and password; a password may hold a slash, so that all up to the last @ goes."""
    return re.sub(r"//.*@", "//***@", address, flags=re.DOTALL)


def tamed(text: str) -> str:
    """The text in which no tokenizer finds a turn's beginning or end: `<|im_start|>` is `< |im_start|>`.

    Also `</s>`, `<think>`, `[INST]`, and the like of other models. The letters and digits stay, so that a reply which
    quotes it is still found in the text itself.
    """
    return _OPENS.sub(r"\g<0> ", text)


def without_manner(question: str) -> str:
    """A question without how long its answer is to be, or what it is for: 请用两三句话总结, in two sentences, 核稿："""
    return _MANNER.sub("", question)


def without_orders(text: str) -> str:
    """The text without what poses as turns of a conversation, and without sentences that tell a model how to answer.

    Laws give orders too (应当如实回答, shall not cite); only wordings that speak of an answer to be given here count.
    """
    return _SENTENCE.sub(lambda found: "" if _ORDER.search(found[0]) else found[0], _TURNS.sub("", text)).strip()
