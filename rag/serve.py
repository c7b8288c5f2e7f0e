"""The page and the HTTP interface in one process: an engine, a host and a port in, a server until Ctrl-C.

The socket is bound before anything heavy is imported, so that a taken port is said at once, and the server answers
while the engine is still loading its models. This module loads no model and prints nothing; `announce` is told the
address. gradio is mounted here and wired in `ui.app`.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any

from rag.errors import TiaoYinError

# A second wall behind the escaping: whatever slips into a page cannot call another host or send a form.
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; form-action 'none'; object-src 'none'; base-uri 'self'"
)
GOODBYE = 2  # seconds that open streams get when the server is asked to end


class ServeError(TiaoYinError):
    """The address cannot be served: taken, forbidden or unknown."""


def serve(
    engine: Any,
    host: str = "127.0.0.1",
    port: int = 7860,
    lang: str | None = None,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serves until Ctrl-C or SIGTERM.

    `engine` is a `ui.app.Engine`; `lang` fixes the page's language; `announce` is called with the page's address
    once it can be opened. Port 0 takes a free one. Raises ServeError.
    """
    with bound(host, port) as listener:
        import uvicorn

        config = uvicorn.Config(
            application(engine, lang), log_level="critical", access_log=False, timeout_graceful_shutdown=GOODBYE
        )
        listener.listen()  # from here on a visitor waits for the server rather than being turned away
        if announce:
            shown = f"[{host}]" if ":" in host else host
            announce(f"http://{shown}:{listener.getsockname()[1]}")
        try:
            uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt:
            return  # uvicorn has ended cleanly and hands the signal on


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
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        key = {errno.EADDRINUSE: "page_port_in_use", errno.EACCES: "page_port_forbidden"}.get(error.errno or 0)
        raise ServeError(key or "page_host_unknown", host=host, port=port, other=other, reason=error.strerror) from None
    return listener


def application(engine: Any, lang: str | None = None) -> Any:
    """The FastAPI application: `GET /healthz`, and the page at the root."""
    from ui.app import HERE, build, import_gradio

    gr = import_gradio()
    from fastapi import FastAPI

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, object]:
        """Answers as soon as the socket is open; `ready` says whether the models are loaded too."""
        try:
            loading = engine.ready()
        except TiaoYinError as error:
            return {"status": "ok", "ready": False, "note": str(error)}
        return {"status": "ok", "ready": loading is None, "note": loading}

    app.add_middleware(Guarded)
    return gr.mount_gradio_app(
        app,
        build(engine, lang),
        path="/",
        theme=theme(gr),
        css_paths=[HERE / "style.css"],
        js=(HERE / "citations.js").read_text(encoding="utf-8"),
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        mcp_server=False,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )


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
