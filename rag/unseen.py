"""What stands in a text without being meant for its reader: characters that nobody sees, and the tokens of chat models.

In and out: text. Both may carry orders to a language model. `seen` is for what is read and asked, before anything is
searched or cited; `tamed` only for what a language model is given, because it changes what is seen.
It does not judge what a visible sentence says: that no order is obeyed is the work of the checks.
"""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters, which a terminal would obey
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\u202a-\u202e\u2066-\u206f\ufff0-\ufffb"  # what turns the direction of letters, notes between lines
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"  # tags, which spell out words unseen
)
"""Unicode's Default_Ignorable_Code_Point, the bidirectional controls and the control characters that are no space."""

_OPENS = re.compile(r"<(?=[|｜/<A-Za-z])|\[(?=/?[A-Za-z])")


def seen(text: str) -> str:
    """The text without the characters that nobody sees; joiners and variants of letters go too."""
    return _UNSEEN.sub("", text)


def tamed(text: str) -> str:
    """The text in which no tokenizer finds a turn's beginning or end: `<|im_start|>` is `< |im_start|>`.

    Also `</s>`, `<think>`, `[INST]`, and the like of other models. The letters and digits stay, so that a reply which
    quotes it is still found in the text itself.
    """
    return _OPENS.sub(r"\g<0> ", text)
