"""Any LlamaIndex LLM as a Generator: `Engine(settings, from_llama_index(llm))`.

In: an LLM object. Out: pieces of its replies, without the reasoning that some models write first, between <think> and
</think> or beside the reply. It sets nothing of LlamaIndex that holds for the whole process, and retries nothing.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from itertools import islice
from typing import Any

from rag.generate.shown import THOUGHT, Pieces, shown
from rag.records import Prompt, Tokens


def from_llama_index(llm: Any) -> FromLlamaIndex:
    """A Generator of an LLM object of LlamaIndex; answers report it by the name of its model."""
    return FromLlamaIndex(llm, f"llama_index:{llm.metadata.model_name}")


class FromLlamaIndex:
    """See `from_llama_index`."""

    def __init__(self, llm: Any, name: str) -> None:
        self.name = name
        self._llm = llm

    def stream(self, prompt: Prompt, max_tokens: int) -> Pieces:
        """Raises what the LLM raises, and GenerateError when nothing came but reasoning."""
        return shown(self._pieces(prompt, max_tokens), self.name, max_tokens)

    def _pieces(self, prompt: Prompt, max_tokens: int) -> Pieces:
        tokens = None
        with closing(self._responses(prompt, max_tokens)) as responses:
            for response in responses:
                if response.additional_kwargs.get("thinking_delta"):
                    yield THOUGHT
                yield response.delta or ""
                if usage := getattr(response.raw, "usage", None):
                    tokens = Tokens(usage.prompt_tokens, usage.completion_tokens)
        return tokens

    def _responses(self, prompt: Prompt, max_tokens: int) -> Generator[Any, None, None]:
        # How a limit is told differs between LLMs: each piece is a token at least, so this many pieces are enough.
        with closing(self._llm.stream_chat(messages(prompt))) as responses:
            yield from islice(responses, max_tokens)


def messages(prompt: Prompt) -> list[Any]:
    from llama_index.core.llms import ChatMessage

    return [ChatMessage(role=message.role, content=message.content) for message in prompt.messages]
