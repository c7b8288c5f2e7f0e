"""The HTTP of the Documents tab: what there is, sending a file, removing one or all; each visitor's by their cookie.

    GET /library                the list as HTML; 503 with a sentence while the index loads
    POST /library               a file as the body, its name in `X-Name`; the steps of taking it in as lines of JSON
    DELETE /library[/KEY]       a file of the visitor's, or all of them

A file is in memory only. A script of another site cannot send here: its browser asks first, and nothing allows it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import unquote
from weakref import WeakValueDictionary

from rag.allowance import Allowance
from rag.errors import DocumentError, TiaoYinError
from rag.visiting import visitor_of
from rag.visitors import MB, Upload
from rag.words import LANGUAGES, reader_language
from ui import library
from ui.going import LOG, Noted
from ui.turns import words

SENDERS = 8
"""Files that are taken in at the same time, each in memory; the others wait before they are received."""
SECONDS = 300.0
"""How long a file may take to arrive."""


def add_library(app: Any, engine: Any, allowed: Allowance | None) -> None:
    """Adds the routes to a FastAPI application. `allowed`: how many files each may send, None for any number."""
    from fastapi.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

    receiving, own = asyncio.Semaphore(SENDERS), WeakValueDictionary[str, asyncio.Lock]()

    def listed(request: Any) -> Any:
        lang = spoken(request)
        try:
            if loading := engine.ready(lang):
                return PlainTextResponse(loading, 503)
            shared = engine.documents()
        except TiaoYinError as error:
            return PlainTextResponse(words(error, lang), 503)
        html = library.listing(shared, engine.visitors.files(visitor_of(request.cookies)), lang)
        return HTMLResponse(html, headers={"cache-control": "no-store"})

    def sent(request: Any) -> Any:
        async def respond(*channel: Any) -> None:
            # One of a visitor's at a time, as the page sends them.
            async with own.setdefault(_sender(request), asyncio.Lock()), receiving:
                await (await taken(request))(*channel)

        return respond

    async def taken(request: Any) -> Any:
        name, most = unquote(request.headers.get("x-name", "")), engine.settings.upload_mb * MB
        try:
            async with asyncio.timeout(SECONDS):
                data = await _body(request, name, most)
        except TimeoutError:
            return Response(status_code=408)
        except DocumentError as error:
            return PlainTextResponse(json.dumps(library.refused(name, error, spoken(request))), 413)
        spend = partial(allowed.spend, _sender(request)) if allowed else None
        steps = _steps(engine, visitor_of(request.cookies), Upload(name, data), spoken(request), spend)
        return StreamingResponse(_apart(steps), media_type="application/x-ndjson", headers={"x-accel-buffering": "no"})

    def removed(request: Any) -> Any:
        visitor, key = visitor_of(request.cookies), request.path_params.get("key")
        if key:
            engine.visitors.remove(visitor, key)
        else:
            engine.visitors.clear(visitor)
        return Response(status_code=204)

    app.add_route("/library", listed, methods=["GET"])
    app.add_route("/library", sent, methods=["POST"])
    app.add_route("/library", removed, methods=["DELETE"])
    app.add_route("/library/{key}", removed, methods=["DELETE"])


def _sender(request: Any) -> str:
    """Whose turn and allowance it is: the visitor's, or an address's."""
    return visitor_of(request.cookies) or str(request.client.host)


def spoken(request: Any) -> str:
    """The language that the page asks for, else the server's."""
    lang = request.query_params.get("lang", "")
    return lang if lang in LANGUAGES else reader_language()


async def _body(request: Any, name: str, most: int) -> bytes:
    """What was sent, of which no more is held than is allowed. Raises DocumentError."""
    size, data = int(request.headers.get("content-length", "0")), bytearray()
    if size <= most:
        async for piece in request.stream():
            data += piece
            if len(data) > most:
                break
    if (size := max(size, len(data))) > most:
        raise DocumentError("document_too_large", path=name, size=-(-size // MB), limit=most // MB)
    return bytes(data)


async def _apart(lines: Iterator[str]) -> AsyncIterator[str]:
    """The lines, made in a thread of their own: an upload that takes minutes does not hold up the server's end."""
    loop, made, gone = asyncio.get_running_loop(), asyncio.Queue[str | None](), threading.Event()

    def tell(line: str | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody listens
            loop.call_soon_threadsafe(made.put_nowait, line)

    def make() -> None:
        try:
            for line in lines:
                tell(line)
                if gone.is_set():
                    break
        finally:
            tell(None)

    threading.Thread(target=make, daemon=True).start()
    try:
        while (line := await made.get()) is not None:
            yield line
    finally:
        gone.set()


def _steps(engine: Any, visitor: str, upload: Upload, lang: str, spend: Callable[[], None] | None) -> Iterator[str]:
    n, name = 1, upload.name
    with Noted() as noted:
        try:
            for step in engine.visitors.add(visitor, [upload]):
                n, name = step.n, step.name
                if step.stage == "read" and spend:
                    spend()
                yield json.dumps(library.told(step, lang)) + "\n"
        except TiaoYinError as error:
            yield json.dumps(library.refused(name, error, lang, n)) + "\n"
    if noted.fault:  # without its message, which may hold words of the document
        LOG.error("upload fault=%s at=%s:%s", *noted.fault)
        yield json.dumps(library.refused(name, DocumentError("library_fault"), lang, n)) + "\n"
