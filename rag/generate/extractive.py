"""No language model: the clause nearest to the question, quoted.

In: a Prompt. Out: that clause with its marker, as a reply. It writes nothing of its own, and cannot decline: whether
there is evidence enough to quote anything is decided before it is asked.
"""

from __future__ import annotations

from collections.abc import Generator

from rag.records import SENTINELS, Prompt


class Extractive:
    name = "extractive"

    def stream(self, prompt: Prompt, max_tokens: int) -> Generator[str, None, None]:
        best = prompt.hits[0]
        if best.nearest:
            yield f"{best.document.text_of(best.nearest[0])}[1]"
        else:
            yield SENTINELS[prompt.lang]
