"""No language model: the clause nearest to the question, quoted.

In: a Prompt. Out: that clause with its marker, as a reply, or the sentinel where it is not about what is asked. It
writes nothing of its own, and does not answer across languages.
"""

from __future__ import annotations

from collections.abc import Generator

from rag import facts
from rag.records import SENTINELS, Prompt

SHARED = 0.3
"""Share of the question's wording that the clause and its document's title must have. On our question set the clauses
that answer have 0.30 and more but for one, those nearest to unanswerable questions 0.29 and less but for two of ten."""


class Extractive:
    name = "extractive"

    def stream(self, prompt: Prompt, max_tokens: int) -> Generator[str, None, None]:
        number, clause = prompt.nearest
        context = f"{prompt.hits[max(number, 1) - 1].document.title} {clause}"
        asked = facts.numbers(prompt.question)
        if facts.coverage(prompt.question, context) >= SHARED and asked <= facts.numbers(context):
            yield f"{clause}[{number}]"
        else:
            yield SENTINELS[prompt.lang]
