"""The real engine over a real index of a few documents, with a played model and vectors that count characters."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from rag.pipeline import Engine
from rag.records import Answer, Document, Message, Prompt, Tokens
from rag.settings import Settings
from tests.built import Characters, searched


class Played:
    """A language model that writes what it is told to, each time the next of what === parts, and notes the prompts."""

    name = "played"

    def __init__(self) -> None:
        self.reply, self.asked = "", list[Prompt]()
        self.verdict = "有", 0.55  # which leaves what the words say nearly as it is

    def first(self, messages: Sequence[Message]) -> tuple[str, float]:
        return self.verdict

    def stream(self, prompt: Prompt, max_tokens: int) -> Generator[str, None, Tokens | None]:
        self.asked.append(prompt)
        now, _, later = self.reply.partition("\n===\n")
        self.reply = later or now
        yield from now
        return Tokens(100, len(now))


class Here(Engine):
    """The real engine over an index of its own, without an embedder's model."""

    def __init__(self, folder: Path, documents: Sequence[Document]) -> None:
        self.played, self.opened = Played(), searched(folder, documents)
        super().__init__(Settings(home=folder, index=folder), self.played)

    def search(self, visitor: str = "") -> Any:
        return self.opened

    def embedder(self) -> Any:
        return Characters()

    def answer(self, question: str, history: Sequence[str] = (), reply: str | None = None) -> Answer:
        """The answer; `reply` is what the model writes, None for one that must not be asked."""
        before, self.played.reply = len(self.played.asked), reply or ""
        *_, last = self.ask(question, history)
        assert last.stage == "done"
        assert (len(self.played.asked) > before) == (reply is not None)
        return last.answer
