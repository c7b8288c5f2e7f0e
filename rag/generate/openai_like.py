"""A language model behind a server that speaks OpenAI's form: vLLM, SGLang, Ollama, llama-server, LM Studio, hosted.

In: `openai:MODEL@http://host:port/v1`, and a key in the environment where one is needed (TIAOYIN_API_KEY, else
OPENAI_API_KEY). Out: pieces of replies, through LlamaIndex' OpenAILike; as many at once as the server takes. What is
over before the reply has begun is tried again; a key is in no message. It starts no server.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Generator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from rag.errors import GenerateError, UsageError
from rag.generate.llama_index import FromLlamaIndex, messages
from rag.records import Prompt

FORM = "openai:MODEL@http://127.0.0.1:8000/v1"
CONNECT, SILENCE = 5.0, 180.0
"""Seconds until a server must have taken a connection, and until the first or next piece of a reply. A server on a
CPU may read four prompts at once before it writes anything."""
WAITS = (0.5, 1.0, 2.0)
"""Seconds before each further trial; a server that asks for more in Retry-After gets up to `PATIENCE`."""
PATIENCE = 30.0

_NO_MODEL = re.compile(r"model.*(not found|not exist|not a valid)|not a valid model|model_not_found", re.I | re.S)


def parsed(spec: str) -> tuple[str, str]:
    """Model and address of an `openai:` SPEC. Raises UsageError, which shows the form it should have."""
    found = re.fullmatch(r"openai:(.+)@(https?://.+)", spec)
    address = urlsplit(found[2]) if found else urlsplit("")
    if "@" in (found[2] if found else "") or address.query:  # the message must not repeat what may be a key
        raise UsageError("llm_spec_key", form=FORM)
    if not found or not address.hostname or not re.fullmatch(r"[^:]+|.*:\d+", address.netloc):
        raise UsageError("llm_spec_openai", spec=spec, form=FORM)
    if not address.path.strip("/"):
        raise UsageError("llm_spec_openai", spec=spec, form=f"{spec.rstrip('/')}/v1")
    return found[1], found[2].rstrip("/")


class Server(FromLlamaIndex):
    """A model of a server, for any number of threads. Nothing is asked of the server before the first reply."""

    def __init__(self, spec: str, silence: float = SILENCE) -> None:
        import openai
        from llama_index.llms.openai_like import OpenAILike

        self._model, self._address = parsed(spec)
        self._silence = silence
        self._key = (os.environ.get("TIAOYIN_API_KEY") or os.environ.get("OPENAI_API_KEY") or "no-key").strip()
        # A proxy that the environment names for the outside does not know this machine's own servers.
        here = urlsplit(self._address).hostname in ("127.0.0.1", "::1", "localhost")
        self._of_thread = threading.local()
        client = openai.DefaultHttpxClient(trust_env=not here, event_hooks={"response": [self._note]})
        self._how: dict[str, Any] = {"api_key": self._key, "max_retries": 0, "http_client": client}
        more: dict[str, Any] = {"is_chat_model": True, "temperature": 0, **self._how}
        super().__init__(OpenAILike(model=self._model, api_base=self._address, **more), spec)

    def _note(self, response: Any) -> None:
        self._of_thread.response = response

    def _responses(self, prompt: Prompt, max_tokens: int) -> Generator[Any, None, None]:
        import httpx
        import openai

        asked = {
            "max_tokens": max_tokens,
            "stream_options": {"include_usage": True},
            "timeout": openai.Timeout(self._silence, connect=CONNECT),
        }
        waits = iter(WAITS)
        while True:
            begun = finished = False
            try:
                with closing(self._llm.stream_chat(messages(prompt), **asked)) as responses:
                    for response in responses:
                        if not begun:
                            begun, opened = True, self._of_thread.response
                        finished |= any(choice.finish_reason for choice in response.raw.choices)
                        yield response
            except (openai.OpenAIError, httpx.TransportError, ValueError) as error:
                wait = None if begun or not _passing(error) else next(waits, None)
                if wait is None:
                    raise self._told(error) from None  # the cause may repeat the key
                time.sleep(max(wait, _asked_for(error)))
                continue
            finally:
                if begun:  # the client's own stream holds itself, and would hang up whenever Python looks for cycles
                    opened.close()
            if not finished:
                raise GenerateError("server_cut" if begun else "server_other", llm=self.name, address=self._address)
            return

    def _told(self, error: Exception) -> GenerateError:
        """What went wrong, for the reader."""
        import httpx
        import openai

        status, why = getattr(error, "status_code", None), self._why(error)
        key, more = "llm_failed", {"why": why, "address": self._address, "model": self._model}
        if isinstance(error.__cause__, httpx.ConnectTimeout):
            key = "server_unreachable"
        elif isinstance(error, openai.APITimeoutError | httpx.TimeoutException):
            key, more = "server_silent", more | {"seconds": f"{self._silence:g}"}
        elif isinstance(error, openai.APIConnectionError):
            key = "server_unreachable"
        elif isinstance(error, httpx.TransportError):
            key = "server_cut"
        elif status in (401, 403):
            key = "server_key"
        elif status in (429, 503):
            key = "server_busy"
        elif status == 404 or (status == 400 and _NO_MODEL.search(why)):
            offered = self._offered()
            key, more = "server_model" if offered else "server_other", more | {"offered": ", ".join(offered)}
        elif status in (400, 413, 500) and "context" in why:
            key = "server_context"
        return GenerateError(key, llm=self.name, **more)

    def _offered(self) -> list[str]:
        """The models that the server names, or none where it does not answer that."""
        import httpx
        import openai

        try:
            client = openai.OpenAI(base_url=self._address, timeout=CONNECT, **self._how)
            return [model.id for model in client.models.list().data][:20]
        except (openai.OpenAIError, httpx.TransportError, ValueError):
            return []

    def _why(self, error: Exception) -> str:
        body = getattr(error, "body", None)
        said = str(body["message"] if isinstance(body, dict) and "message" in body else error.__cause__ or error)
        return said.replace(self._key, "***").strip().partition("\n")[0][:200]


def _passing(error: Exception) -> bool:
    """Whether it may be over soon: no connection, or a server that is busy or still loading its model."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return error.status_code in (429, 503)
    return isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)


def _asked_for(error: Exception) -> float:
    """The seconds in Retry-After, as far as we are patient."""
    response = getattr(error, "response", None)
    said = response.headers.get("retry-after", "") if response is not None else ""
    return min(float(said), PATIENCE) if said.isdigit() else 0.0
