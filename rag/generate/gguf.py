"""A language model in a GGUF file, in this process, by llama.cpp's own server (xllamacpp), which is called directly.

In: the path of a GGUF. Out: pieces of replies; four may be written at once, of any number of threads that ask. What a
prompt shares with an earlier one is not read again; a grammar keeps markers within the list of provisions. Greedy.
It opens no port: llama.cpp must listen somewhere, so it does on a socket file that is gone once the model is loaded.
A reply that is closed while its prompt is read ends with its first token.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rag.errors import GenerateError, ModelError
from rag.generate.shown import THOUGHT, Pieces, relayed, shown
from rag.records import Message, Prompt, Tokens

CONTEXT = 16384
"""Tokens of all prompts and replies at once, at most: 0.5 GB of memory for a model of 1.5B, 2.4 GB for one of 8B."""
AT_ONCE = 4

_GRAMMAR = r"""root ::= ([^\[【［] | [\[【［] (number ([,，、] " "? number)* [\]】］] | [^0-9０-９ \t\r\n　\[【［]))*
number ::= """


class Gguf:
    """A loaded model, for any number of threads. Raises ModelError when the file is not there or does not load."""

    def __init__(self, file: Path, name: str) -> None:
        self.name = name
        self._ahead, self._asked = threading.Lock(), False
        try:
            with file.open("rb") as opened:
                if opened.read(4) != b"GGUF":
                    raise ModelError("gguf_not_one", file=file)
        except OSError as error:
            raise ModelError("gguf_unreadable", file=file, why=error.strerror) from error
        try:
            import xllamacpp
        except ImportError as error:
            raise ModelError("gguf_not_installed", why=error) from error
        how = xllamacpp.CommonParams()
        how.model.path = str(file)
        how.n_ctx, how.n_parallel, how.kv_unified = CONTEXT, AT_ONCE, True
        how.cache_ram_mib = 0  # else up to 8 GB of memory for prompts that no reply is being written to
        how.enable_reasoning = 0  # a model that can leave it, leaves it: it takes longer than an answer may
        how.verbosity = 0
        with TemporaryDirectory() as folder:
            how.hostnames = [f"{folder}/llama.sock"]
            try:
                self._server = xllamacpp.Server(how)
            except RuntimeError as error:
                raise ModelError("gguf_load", file=file) from error

    def read_ahead(self, messages: Sequence[Message]) -> None:
        """Cache the beginning that every prompt shares, as long as nobody has asked, who would have to wait for it."""
        with self._ahead:
            if not self._asked:
                for _ in self._pieces(Prompt("", "", (), tuple(messages)), max_tokens=1):
                    pass

    def stream(self, prompt: Prompt, max_tokens: int) -> Pieces:
        self._asked = True
        with self._ahead:  # a beginning that is being read is probably this prompt's
            pass
        return (yield from shown(self._pieces(prompt, max_tokens), self.name, max_tokens))

    def _pieces(self, prompt: Prompt, max_tokens: int) -> Pieces:
        asked: dict[str, Any] = {
            "messages": [{"role": m.role, "content": m.content} for m in prompt.messages],
            "max_tokens": max_tokens,
            "temperature": 0,
            "cache_prompt": True,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if prompt.hits:
            asked["grammar"] = grammar(len(prompt.hits))
        finish, tokens = "", Tokens(0, 0)
        for event in self._events(asked):
            if error := event.get("error"):
                raise self._told(error, max_tokens)
            for choice in event["choices"]:
                finish = choice["finish_reason"] or finish
                delta = choice["delta"]
                yield THOUGHT if delta.get("reasoning_content") else delta.get("content") or ""
            if usage := event.get("usage"):
                tokens = Tokens(usage["prompt_tokens"], usage["completion_tokens"])
        if finish == "length" and tokens.answer < max_tokens:
            known = {"prompt": tokens.prompt, "context": tokens.prompt + tokens.answer}
            raise GenerateError("llm_context", llm=self.name, answer=max_tokens, **known)
        return tokens

    def _events(self, asked: dict[str, Any]) -> Generator[dict[str, Any], None, None]:
        return relayed(lambda tell: self._server.handle_chat_completions(asked, tell), self.name)

    def _told(self, error: dict[str, Any], max_tokens: int) -> GenerateError:
        if error.get("type") == "exceed_context_size_error":
            known = {"prompt": error["n_prompt_tokens"], "context": error["n_ctx"]}
            return GenerateError("llm_context", llm=self.name, answer=max_tokens, **known)
        return GenerateError("llm_failed", llm=self.name, why=str(error.get("message"))[:200])


def grammar(count: int) -> str:
    """GBNF: any text, but in brackets that begin with a digit nothing but numbers from 1 to `count`."""
    return _GRAMMAR + " | ".join(f'"{n}"' for n in range(1, count + 1))
