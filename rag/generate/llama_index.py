"""Any LlamaIndex LLM as a Generator: `Engine(settings, from_llama_index(llm))`.

In: an LLM object. Out: pieces of its replies, without the reasoning that some models write first, between <think> and
</think> or beside the reply. It sets nothing of LlamaIndex that holds for the whole process, and retries nothing.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from itertools import islice
from typing import Any

from rag.errors import GenerateError
from rag.records import Prompt, Tokens

OPEN, CLOSE = "<think>", "</think>"


def from_llama_index(llm: Any) -> FromLlamaIndex:
    """A Generator of an LLM object of LlamaIndex; answers report it by the name of its model."""
    return FromLlamaIndex(llm, f"llama_index:{llm.metadata.model_name}")


class FromLlamaIndex:
    """See `from_llama_index`."""

    def __init__(self, llm: Any, name: str) -> None:
        self.name = name
        self._llm = llm

    def stream(self, prompt: Prompt, max_tokens: int) -> Generator[str, None, Tokens | None]:
        """Raises what the LLM raises, and GenerateError when nothing came but reasoning."""
        shown, tokens = Shown(), None
        with closing(self._responses(prompt, max_tokens)) as responses:
            for response in responses:
                if text := shown.add(response.delta or ""):
                    yield text
                shown.thought |= bool(response.additional_kwargs.get("thinking_delta"))
                if usage := getattr(response.raw, "usage", None):
                    tokens = Tokens(usage.prompt_tokens, usage.completion_tokens)
        if text := shown.rest():
            yield text
        if shown.thought and not shown.came:
            raise GenerateError("llm_only_thought", llm=self.name, tokens=max_tokens)
        return tokens

    def _responses(self, prompt: Prompt, max_tokens: int) -> Generator[Any, None, None]:
        # How a limit is told differs between LLMs: each piece is a token at least, so this many pieces are enough.
        with closing(self._llm.stream_chat(messages(prompt))) as responses:
            yield from islice(responses, max_tokens)


def messages(prompt: Prompt) -> list[Any]:
    from llama_index.core.llms import ChatMessage

    return [ChatMessage(role=message.role, content=message.content) for message in prompt.messages]


class Shown:
    """What of a reply is shown: all but <think>…</think>, whose marks may come in pieces.

    `came` says whether anything to be shown has come, `thought` whether reasoning has.
    """

    def __init__(self) -> None:
        self.came = self.thought = False
        self._inside = False
        self._held = ""

    def add(self, piece: str) -> str:
        """What may be shown after one more piece; what may be the beginning of a mark is held back."""
        self._held += piece
        text = ""
        while (mark := CLOSE if self._inside else OPEN) in self._held:
            before, _, self._held = self._held.partition(mark)
            text += "" if self._inside else before
            self._inside, self.thought = not self._inside, True
        held = max(n for n in range(len(mark)) if self._held.endswith(mark[:n]))
        sure = len(self._held) - held
        text += "" if self._inside else self._held[:sure]
        self._held = self._held[sure:]
        self.came |= bool(text.strip())
        return text

    def rest(self) -> str:
        """What is left to show when the reply has ended."""
        self.came |= bool(self._held) and not self._inside
        return "" if self._inside else self._held
