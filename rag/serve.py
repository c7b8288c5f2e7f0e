"""The page and the HTTP interface in one process: an engine, a host and a port in, a server until Ctrl-C.

Beside the page: `GET /read/DOC_ID`, a document as HTML; `POST /export/KIND`, the conversation that a browser sends as a
file; the Documents tab (`rag.uploading`), and what `rag.http` lists.

The socket is bound before anything heavy is imported, so that a taken port is said at once, and the server answers
while the engine is still loading its models. This module loads no model and prints nothing; `announce` is told the
address. gradio is mounted here and wired in `ui.app`.
"""

from __future__ import annotations

import errno
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.errors import TiaoYinError
from rag.keys import Door, door
from rag.lanes import Lanes
from rag.words import LANGUAGES, sentences

# A second wall behind the escaping: whatever slips into a page cannot call another host or send a form.
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; form-action 'none'; object-src 'none'; base-uri 'self'"
)
HERE = Path(__file__).parents[1] / "ui"
STYLES = ("style.css", "reader.css", "library.css", "history.css", "evaluating.css")
SCRIPTS = ("page.js", "reader.js", "library.js", "history.js", "evaluating.js")
SAID = (
    "read_panel", "read_empty", "read_outline", "read_search", "read_count", "read_none", "read_next", "read_previous",
    "read_close", "read_loading", "read_gone", "read_failed", "read_copied", "read_uncopied",
    "page_lost", "page_lost_then",
)  # fmt: skip
"""The keys of the sentences that scripts say, beside those that begin with library_ or talk_."""
SWEEP = 600.0  # seconds between two looks for documents that nobody used for too long
GOODBYE = 2  # seconds that open streams of the page get when the server is asked to end
GRACE = 30.0  # seconds that running answers get before that
SILENT = 20.0  # seconds until the head of a request must be here
STUCK = 30_000  # milliseconds after which a reader that takes nothing is hung up on


class ServeError(TiaoYinError):
    """The address cannot be served: taken, forbidden or unknown."""


def serve(
    engine: Any,
    host: str = "127.0.0.1",
    port: int = 7860,
    lang: str | None = None,
    announce: Callable[[str], None] | None = None,
    ending: Callable[[int], None] | None = None,
) -> None:
    """Serves until Ctrl-C or SIGTERM.

    `engine` is a `ui.app.Engine`; `lang` fixes the page's language; `announce` is called with the page's address
    once it can be opened, `ending` with the seconds that running answers get, if there are any when it is to end.
    Port 0 takes a free one. Raises ServeError; UsageError where the address needs keys and there are none.
    """
    with bound(host, port) as listener:
        threading.Thread(target=_sweep, args=(engine.visitors,), daemon=True).start()
        app = application(engine, lang, door(engine.settings, listener.getsockname()[0]))
        listener.listen()  # from here on a visitor waits for the server rather than being turned away
        if announce:
            shown = f"[{host}]" if ":" in host else host
            announce(f"http://{shown}:{listener.getsockname()[1]}")
        try:
            server(app, ending).run(sockets=[listener])
        except KeyboardInterrupt:
            return  # uvicorn has ended cleanly and hands the signal on


def _sweep(visitors: Any) -> None:
    while True:
        time.sleep(SWEEP)
        visitors.sweep()


def server(app: Any, ending: Callable[[int], None] | None = None) -> Any:
    """A uvicorn server of an `application`; for `ending` see `serve`."""
    import uvicorn
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    class Hurried(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        """Hangs up on who connects and then says nothing, or says it byte by byte."""

        due: Any = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.due = self.loop.call_later(SILENT, transport.close)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle and not self.cycle.response_complete:
                self.due.cancel()
            elif self.due.cancelled():
                self.due = self.loop.call_later(SILENT, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            self.due.cancel()
            super().connection_lost(exc)

    class Server(uvicorn.Server):
        """Lets the answers in the line end first; a second Ctrl-C does not."""

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            if ending and app.state.line.busy():
                ending(round(GRACE))
            await app.state.line.drained(GRACE, lambda: self.force_exit)
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app, http=Hurried, log_level="critical", access_log=False, timeout_graceful_shutdown=GOODBYE
    )
    return Server(config)


def bound(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not listening yet. Raises ServeError."""
    other = port + 1 if 1024 <= port < 65535 else 7861
    if not 0 <= port <= 65535:
        raise ServeError("page_port_range", port=port, other=other)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise ServeError("page_host_unknown", host=host, port=port, reason=error) from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections have it from their listener
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        key = {errno.EADDRINUSE: "page_port_in_use", errno.EACCES: "page_port_forbidden"}.get(error.errno or 0)
        raise ServeError(key or "page_host_unknown", host=host, port=port, other=other, reason=error.strerror) from None
    return listener


def application(engine: Any, lang: str | None = None, entrance: Door | None = None) -> Any:
    """The FastAPI application: the routes, and the page at the root. `entrance`: who gets in, this machine if None."""
    from rag.allowance import hourly, questions, uploads
    from rag.uploading import add_library
    from rag.visiting import Sessions, Visiting
    from ui.app import build, import_gradio

    gr = import_gradio()
    from fastapi import FastAPI

    import rag
    from rag.http import routes

    demo, settings = engine.settings.demo == "on", engine.settings
    allowed = questions(settings.demo_questions) if demo else hourly(settings.questions_per_hour)
    app = FastAPI(title="TiaoYin 条引", version=rag.__version__, docs_url=None, redoc_url=None)
    lanes = Lanes()
    app.add_middleware(Sessions)  # within what counts bodies
    routes.add(app, engine, entrance or Door(), allowed, lanes)
    _add_reading(app, engine)
    _add_exporting(app, engine)
    add_library(app, engine, uploads(settings.demo_files) if demo else None)
    app.add_middleware(Visiting)
    app.add_middleware(Guarded)
    app.add_middleware(Packed)
    return gr.mount_gradio_app(
        app,
        build(engine, lang, allowed, lanes),
        path="/",
        theme=theme(gr),
        head=head(lang or ""),
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=1,  # bytes: files come by `rag.uploading`, and nobody fills the disk
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        mcp_server=False,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )


def _add_reading(app: Any, engine: Any) -> None:
    from fastapi.responses import HTMLResponse

    from rag.uploading import spoken
    from rag.versions import begins, name_of
    from rag.visiting import visitor_of
    from ui.read import reading

    def read(request: Any) -> Any:
        """A document as HTML, shared or the visitor's own; references lead to the newest version of what they name."""
        doc_id, visitor = request.path_params["doc_id"], visitor_of(request.cookies)
        try:
            documents = {document.doc_id: document for document in engine.documents(visitor)}
        except TiaoYinError:  # there is no index, or it is damaged; the page says which
            return HTMLResponse("", status_code=503)
        if doc_id not in documents:
            return HTMLResponse("", status_code=404)
        named = {name_of(each.title): each for each in sorted(documents.values(), key=begins)}
        html = reading(documents[doc_id], spoken(request), lambda title: named.get(name_of(title)))
        return HTMLResponse(html, headers={"cache-control": "private"})

    app.add_route("/read/{doc_id}", read, methods=["GET"], include_in_schema=False)


def _add_exporting(app: Any, engine: Any) -> None:
    from fastapi.responses import Response
    from starlette.concurrency import run_in_threadpool

    from rag.uploading import spoken
    from rag.visiting import visitor_of
    from ui.history import KINDS, LONGEST, exported

    async def export(request: Any) -> Any:
        """The conversation that a browser sends back as the file it asks for; nothing of it stays here."""
        kind, body = request.path_params["kind"], bytearray()
        if kind not in KINDS:
            return Response(status_code=404)
        async for piece in request.stream():
            body += piece
            if len(body) > LONGEST:
                return Response(status_code=413)
        text, visitor = body.decode("utf-8", "replace"), visitor_of(request.cookies)
        try:
            made = await run_in_threadpool(lambda: exported(kind, text, spoken(request), engine.documents(visitor)))
        except TiaoYinError as error:
            return Response(error.key, status_code=400)
        return Response(made, media_type=KINDS[kind])

    app.add_route("/export/{kind}", export, methods=["POST"], include_in_schema=False)


def head(lang: str) -> str:
    """The page's style, and what runs in the browser with its sentences in both languages; `lang` fixes which.

    Not gradio's `css`, which rewrites every rule, and those inside a media query wrongly.
    """
    style, code = ("".join((HERE / name).read_text(encoding="utf-8") for name in names) for names in (STYLES, SCRIPTS))
    words = {
        lang: {
            key: table[lang]
            for key, table in sentences().items()
            if key in SAID or key.startswith(("library_", "talk_"))
        }
        for lang in LANGUAGES
    }
    given = f"const WORDS = {json.dumps(words)}, SERVED = {json.dumps(lang)};"
    return f"<style>{style}</style><script>{given}\n{code}</script>"


class Packed:
    """ASGI middleware: the page, 200 kB, and documents go over the wire compressed; no stream is held up by that."""

    def __init__(self, app: Any) -> None:
        from starlette.middleware.gzip import GZipMiddleware

        self.app, self.packed = app, GZipMiddleware(app, compresslevel=6)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        await (self.packed if path == "/" or path.startswith("/read/") else self.app)(scope, receive, send)


class Guarded:
    """ASGI middleware: POLICY on every response. Touches no body, so streams pass as they come."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def sending(event: dict[str, Any]) -> None:
            if event["type"] == "http.response.start":
                policy = [(b"content-security-policy", POLICY.encode()), (b"referrer-policy", b"no-referrer")]
                event = {**event, "headers": [*event["headers"], *policy]}
            await send(event)

        await self.app(scope, receive, sending)


def theme(gr: Any) -> Any:
    """Plain, with the system's own fonts: a named web font would be fetched."""
    return gr.themes.Base(
        primary_hue="stone",
        neutral_hue="stone",
        radius_size="sm",
        font=["system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
