"""The routes: a body of a form in, the engine's answer out, whole or as server-sent events.

`add` puts them on an application. They decide nothing about an answer: what is shown is what the engine's check let
through, and a refusal is a sentence of its own with its reason beside it.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.responses import JSONResponse

from rag.allowance import Allowance
from rag.errors import TiaoYinError
from rag.http import forms
from rag.http.errors import SOON, Refused, content, handle, refused
from rag.http.front import Front
from rag.http.line import Line
from rag.http.meters import Meters
from rag.keys import Door
from rag.lanes import Lanes
from rag.records import Answer, Update
from rag.search import Only
from rag.words import say
from ui.choices import models

SLOW = 30.0
"""Seconds until a reader must have taken a piece of a stream."""
EARLIER = 20
"""Earlier questions of a conversation that are read; clients of OpenAI's form send all of it each time."""
STARTED = int(time.time())


class Api:
    """The handlers. `engine` is a `rag.pipeline.Engine`."""

    def __init__(self, engine: Any, line: Line, meters: Meters, door: Door, allowed: Allowance | None) -> None:
        self.engine, self.line, self.meters, self.door, self.allowed = engine, line, meters, door, allowed

    async def chat(self, body: forms.Chat, request: Request) -> Response:
        """Answer the last user turn, in OpenAI's form."""
        asked = [turn.content for turn in body.messages if turn.role == "user"]
        if not asked or not asked[-1].strip():
            raise Refused(400, "http_no_question", param="messages")
        if any(len(each) > forms.LONGEST for each in asked[-EARLIER - 1 :]):
            raise Refused(400, "http_too_long", param="messages", field="messages", limit=forms.LONGEST)
        updates = self._updates(request, asked[-1], asked[-EARLIER - 1 : -1], body.model)
        if body.stream:
            usage = bool(body.stream_options and body.stream_options.include_usage)
            return WhileThere(lambda send: self._streamed(request, updates, body.model, usage, send))
        return WhileThere(lambda send: self._whole(request, updates, send, lambda made: self._completion(made, body)))

    async def ask(self, body: forms.Ask, request: Request) -> Response:
        """Answer a question, as `tiaoyin ask --json` does."""
        updates = self._updates(request, body.question, body.history, body.llm, body.provisions, body.doc_ids)
        return WhileThere(lambda send: self._whole(request, updates, send, Answer.to_json))

    def models(self) -> dict[str, Any]:
        """The language models that may be named, this server's own first."""
        shared = {"object": "model", "created": STARTED, "owned_by": "tiaoyin"}
        return {"object": "list", "data": [{"id": spec, **shared} for spec in models(self.engine.settings)]}

    def healthz(self) -> dict[str, Any]:
        """Answers as soon as the socket is open; `ready` says whether the models are loaded too."""
        try:
            loading = self.engine.ready()
        except TiaoYinError as error:
            return {"status": "ok", "ready": False, "note": None if self.door.keys else str(error)}
        return {"status": "ok", "ready": loading is None, "note": loading}

    def readyz(self) -> dict[str, Any]:
        """200 once questions are answered at once, 503 before, and while the server ends."""
        try:
            self._ready()
        except Refused as error:
            if self.door.keys and not error.key.startswith("http_"):  # which asks for no key: no folder, no address
                raise Refused(503, "http_loading", wait=SOON) from error
            raise
        return {"status": "ok", "ready": True, "note": None}

    def metrics(self) -> Response:
        """Counts for Prometheus."""
        return Response(self.meters.text(), media_type="text/plain; version=0.0.4")

    def _ready(self) -> None:
        if self.line.lanes.closing:
            raise Refused(503, "http_ending", wait=SOON)
        try:
            loading = self.engine.ready()
        except TiaoYinError as error:
            raise refused(error) from error
        if loading is not None:
            raise Refused(503, "http_loading", wait=SOON)

    async def _updates(
        self, request: Request, question: str, history: Sequence[str], spec: str | None,
        provisions: int | None = None, doc_ids: Sequence[str] | None = None,
    ) -> AsyncGenerator[Update, None]:  # fmt: skip
        """The updates of an answer. Raises Refused before the first."""
        offered = models(self.engine.settings)
        spec = spec or offered[0]
        if spec not in offered:
            raise Refused(404, "http_model_not_found", param="model", known=", ".join(offered))
        self._ready()
        if self.allowed:
            self.allowed.spend(_visitor(request))

        def begin(stopped: Callable[[], bool]) -> Iterator[Update]:
            only = Only(doc_ids=self._known(doc_ids)) if doc_ids is not None else None
            llm = spec if spec != offered[0] else ""  # the server's own, or what stands in for it while it is brought
            yield from self.engine.ask(question, history, only=only, llm=llm, provisions=provisions, stopped=stopped)

        async with aclosing(self.line.updates(spec, begin)) as updates:
            async for update in updates:
                if update.stage == "done":
                    self.meters.answered(update.answer)
                yield update

    def _known(self, doc_ids: Sequence[str]) -> frozenset[str]:
        if unknown := set(doc_ids) - {document.doc_id for document in self.engine.documents()}:
            raise Refused(404, "http_no_document", param="doc_ids", n=len(unknown))
        return frozenset(doc_ids)

    async def _whole(self, request: Request, updates: Any, send: Any, form: Callable[[Answer], dict[str, Any]]) -> None:
        async with aclosing(updates):
            async for update in updates:
                last = update
        await JSONResponse(form(last.answer))(request.scope, request.receive, send)

    def _completion(self, answer: Answer, body: forms.Chat) -> dict[str, Any]:
        message = {"role": "assistant", "content": _content(answer), "refusal": None, **_beside(answer)}
        choice = {"index": 0, "message": message, "finish_reason": self._finish(answer), "logprobs": None}
        made = {"object": "chat.completion", "choices": [choice], "usage": _usage(answer)}
        return _named(body.model) | made

    async def _streamed(self, request: Request, updates: Any, model: str, usage: bool, send: Any) -> None:
        """A delta for each sentence that has passed the check; an error after the first is an event too."""
        named, begun, said = _named(model) | {"object": "chat.completion.chunk"}, False, ""

        async def event(data: dict[str, Any] | str) -> None:
            nonlocal begun
            if not begun:
                start = Response(media_type="text/event-stream", headers={"cache-control": "no-cache"}).raw_headers
                kept = [each for each in start if each[0] != b"content-length"]
                await send({"type": "http.response.start", "status": 200, "headers": kept})
                begun = True
            text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
            piece = {"type": "http.response.body", "body": f"data: {text}\n\n".encode(), "more_body": True}
            try:
                async with asyncio.timeout(SLOW):
                    await send(piece)
            except TimeoutError:
                raise StuckError from None

        async def delta(values: dict[str, Any], finish: str | None = None) -> None:
            choice = {"index": 0, "delta": values, "finish_reason": finish, "logprobs": None}
            await event(named | {"choices": [choice]})

        try:
            async with aclosing(updates):
                async for update in updates:
                    text = _content(update.answer) if update.stage == "done" else update.answer.text
                    if text != said:
                        await delta({"content": text[len(said) :]} | ({} if said else {"role": "assistant"}))
                        said = text
            await delta(_beside(update.answer), self._finish(update.answer))
            if usage:
                await event(named | {"choices": [], "usage": _usage(update.answer)})
            await event("[DONE]")
        except (Refused, TiaoYinError) as error:
            if not begun:
                raise
            await event(content(error if isinstance(error, Refused) else refused(error), request.state.lang))
        await send({"type": "http.response.body", "body": b""})

    def _finish(self, answer: Answer) -> str:
        cut = answer.tokens and answer.tokens.answer >= self.engine.settings.answer_tokens
        return "length" if cut else "stop"


class StuckError(Exception):
    """A reader takes nothing: nobody is left to tell."""


class WhileThere(Response):
    """Runs what sends a response for as long as its reader is there; an error before the first byte has its status."""

    def __init__(self, work: Callable[[Any], Awaitable[None]]) -> None:
        super().__init__()
        self._work = work

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        working, leaving = (asyncio.ensure_future(each) for each in (self._work(send), gone()))
        try:
            await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                with suppress(StuckError):
                    working.result()
        finally:
            for each in (working, leaving):
                each.cancel()
            await asyncio.gather(working, leaving, return_exceptions=True)


def add(app: FastAPI, engine: Any, door: Door, allowed: Allowance | None = None, lanes: Lanes | None = None) -> None:
    """Put the routes on `app`, what says errors, and what stands before both; the line is `app.state.line`.

    `allowed` is how many questions each visitor may ask, here and in the page; `lanes` is where they wait with
    those of the page.
    """
    line = Line(lanes or Lanes())
    meters = Meters(line)
    api = Api(engine, line, meters, door, allowed)
    wrong: dict[int | str, Any] = {"4XX": {"model": forms.Error}, "5XX": {"model": forms.Error}}

    def route(method: str, path: str, handler: Any, form: Any, *kinds: str) -> None:
        told = {200: {"content": {kind: {} for kind in kinds}} | ({"model": form} if form else {}), **wrong}
        app.add_api_route(path, handler, methods=[method], responses=told, response_model=None)

    route("POST", "/v1/chat/completions", api.chat, forms.Completion, "text/event-stream")
    route("POST", "/api/ask", api.ask, forms.Answer)
    route("GET", "/v1/models", api.models, forms.Models)
    route("GET", "/healthz", api.healthz, forms.Health)
    route("GET", "/readyz", api.readyz, forms.Health)
    route("GET", "/metrics", api.metrics, None, "text/plain")
    handle(app)
    settings = engine.settings
    methods = {path: next(iter(how)).upper() for path, how in app.openapi()["paths"].items()}
    page_bytes = (settings.upload_total_mb + 1) * 2**20
    app.add_middleware(Front, door=door, meters=meters, methods=methods, page_bytes=page_bytes)
    app.state.line = line


def _content(answer: Answer) -> str:
    """What is shown: the checked sentences, or that there are none and why."""
    if not answer.reason:
        return answer.text
    return "\n".join(filter(None, (say(f"refused_{answer.reason}", answer.lang), answer.note)))


def _beside(answer: Answer) -> dict[str, Any]:
    cited = [asdict(citation) for citation in answer.citations]
    return {"citations": cited, "refused": answer.refused, "reason": answer.reason, "note": answer.note}


def _usage(answer: Answer) -> dict[str, int]:
    """Tokens of the model; none where none was asked, or it does not say."""
    read, written = (answer.tokens.prompt, answer.tokens.answer) if answer.tokens else (0, 0)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _named(model: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}


def _visitor(request: Request) -> str:
    """Whom a limit is for: a key, else an address; behind the front of a Space, the one that it has added."""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    who: str = request.state.who
    return who if who != "-" else forwarded or (request.client.host if request.client else "")
