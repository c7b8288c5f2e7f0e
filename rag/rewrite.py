"""Question and conversation -> a question that stands alone, or None when it does already.

By rules only: a question that points back (它, 那…呢, "what about", "its") or is too short to stand alone is put behind
the last question that did stand alone. It asks no model, and it drags no complete question back to an earlier subject.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

POINTS_BACK = re.compile(
    r"^(?:那么?|还有|以及|其中|为什么|另外)|[它其这该]|上述|前者|后者|呢\s*[?？]?$|"
    r"^(?:and|but|so|what about|how about|why)\b|\b(?:it|its|they|their|them|this|that|these|those)\b",
    re.IGNORECASE,
)
# 其他, 其中 and 这类 words in a question of its own length point at nothing before it.
LONG = {"zh": 18, "en": 60}


def standalone(question: str, history: Sequence[str], lang: str) -> str | None:
    """`question` with the earlier question it leans on in front; `history` is the earlier questions, oldest first."""
    if not history or not _leans(question, lang):
        return None
    before = next((past for past in reversed(history) if not _leans(past, lang)), history[-1])
    return f"{before} {question}"


def _leans(question: str, lang: str) -> bool:
    return len(question) < LONG[lang] and bool(POINTS_BACK.search(question.strip()))
