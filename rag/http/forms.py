"""What comes in and what goes out, as pydantic models: they check the one, and describe both in /openapi.json.

Bodies of OpenAI's form may hold fields that are not read here, as that interface grows; /api/ask takes its own only.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from rag.records import Citation, Sentence, Tokens

LONGEST, TURNS = 2000, 100  # characters of a question, earlier questions


def _joined(content: Any) -> Any:
    """The text of a message's parts; a message of a tool call has none."""
    if content is None:
        return ""
    if not isinstance(content, list):
        return content
    if not all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in content):
        raise PydanticCustomError("http_text_only", "a part is no text")
    return "\n".join(part["text"] for part in content)


_TEXT: dict[str, Any] = {"type": {"const": "text"}, "text": {"type": "string"}}
_PART = {"type": "object", "required": ["type", "text"], "properties": _TEXT}
_CONTENT = {"anyOf": [{"type": "string"}, {"type": "null"}, {"type": "array", "items": _PART}]}
Content = Annotated[str, BeforeValidator(_joined), WithJsonSchema(_CONTENT)]
Question = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
Earlier = Annotated[str, StringConstraints(max_length=LONGEST)]


class Form(BaseModel):
    model_config = ConfigDict(strict=True)


class Ask(Form):
    """A question; `history` holds the earlier ones, oldest first. `llm` is one of /v1/models."""

    model_config = ConfigDict(strict=True, extra="forbid")
    question: Question
    history: list[Earlier] = Field([], max_length=TURNS)
    llm: str | None = None
    provisions: int | None = Field(None, ge=1, le=12)
    doc_ids: list[str] | None = Field(None, max_length=1000)


class Turn(Form):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Content = ""


class StreamOptions(Form):
    include_usage: bool | None = None


class Chat(Form):
    """The last user turn is the question, the earlier ones its history; other turns and fields change nothing."""

    model: str = Field(min_length=1)
    messages: list[Turn] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None


class Removed(Form):
    text: str
    why: str


class Retrieved(Form):
    doc: str
    article: str | None
    path: list[tuple[str, str]]
    score: float
    how: str


class Answer(Form):
    """The object that `tiaoyin ask --json` prints."""

    question: str
    lang: str
    rewritten: str | None
    answer: str
    refused: bool
    reason: str | None
    note: str | None
    sentences: list[Sentence]
    citations: list[Citation]
    removed: list[Removed]
    retrieved: list[Retrieved]
    llm: str
    tokens: Tokens | None
    timings: dict[str, float]


class Message(Form):
    """`citations`, `refused`, `reason` and `note` are as in an Answer, beside OpenAI's own fields."""

    role: Literal["assistant"]
    content: str
    citations: list[Citation]
    refused: bool
    reason: str | None
    note: str | None


class Choice(Form):
    index: int
    message: Message
    finish_reason: str


class Usage(Form):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(Form):
    """With `stream`, server-sent events instead: a delta for each checked sentence, the last with the citations."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage


class Model(Form):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class Models(Form):
    object: Literal["list"]
    data: list[Model]


class Health(Form):
    status: str
    ready: bool
    note: str | None


class Wrong(Form):
    message: str
    type: str
    param: str | None
    code: str


class Error(Form):
    error: Wrong
