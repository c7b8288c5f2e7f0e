"""Who is at the page: a cookie with an id that nobody can guess, which no script reads and no widget holds.

In: requests. Out: the id in a request's cookies, a cookie for whoever opens the page without one, and sessions of the
page that are their visitor's alone. What an id owns `visitors.py` knows. A browser that refuses cookies asks the shared
documents and uploads nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from rag.visitors import is_id, new_id

COOKIE = "tiaoyin_visitor"
AGE = 30 * 24 * 3600
"""Seconds that a browser keeps it after the page was last opened."""
SESSION = "session_hash"
ALIVE = "/gradio_api/heartbeat/"
NAMED = ("/gradio_api/run/predict", "/gradio_api/queue/join", "/gradio_api/cancel")
"""Where the page names its session in a body."""
_SENT = re.compile(COOKIE.encode() + rb"=([A-Za-z0-9_-]{43})(?:;|$)")


def visitor_of(cookies: Mapping[str, str]) -> str:
    """The visitor's id; "" without one, who owns nothing."""
    given = cookies.get(COOKIE, "")
    return given if is_id(given) else ""


def whom(request: Any) -> str:
    """Whom a limit on a page's request is for: a key, else the visitor, else an address."""
    key: str = request.state.who
    return key if key != "-" else visitor_of(request.cookies) or str(request.client.host)


class Visiting:
    """ASGI middleware: an opened page carries the cookie, the one that came or a new one."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return

        async def sending(event: dict[str, Any]) -> None:
            if event["type"] == "http.response.start":
                event = {**event, "headers": [*event["headers"], (b"set-cookie", _cookie(scope).encode())]}
            await send(event)

        await self.app(scope, receive, sending)


class Sessions:
    """ASGI middleware: what a page calls its session becomes a name that only its visitor's requests lead to.

    gradio takes whoever sends a `session_hash` for the page that made it up, and shows and sends it that page's
    conversation; but it stands in addresses, which others may see. Where it is not looked for here, it leads to a
    session that no page has.
    """

    def __init__(self, app: Any) -> None:
        from starlette.requests import HTTPConnection

        self.app, self._connection, self._salt = app, HTTPConnection, secrets.token_hex()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/gradio_api/"):
            own = partial(self._own, f"{scope['state']['who']} {visitor_of(self._connection(scope).cookies)}")
            scope = {**scope, **_renamed(scope, own)}
            if scope["method"] == "POST" and scope["path"] in NAMED:
                receive = _read(receive, own)
        await self.app(scope, receive, send)

    def _own(self, who: str, given: str) -> str:
        return hashlib.sha256(f"{self._salt} {who} {given}".encode("utf-8", "surrogatepass")).hexdigest()


def _renamed(scope: Mapping[str, Any], own: Callable[[str], str]) -> dict[str, Any]:
    """The path and the query of a request with its session's name."""
    if scope["path"].startswith(ALIVE):
        path = ALIVE + own(scope["path"].removeprefix(ALIVE))
        return {"path": path, "raw_path": path.encode()}
    if SESSION.encode() not in scope["query_string"]:
        return {}
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return {"query_string": urlencode([(n, own(value) if n == SESSION else value) for n, value in query]).encode()}


def _read(receive: Any, own: Callable[[str], str]) -> Any:
    """`receive` of a whole body, with its session's name."""
    body, whole = bytearray(), False

    async def receiving() -> Any:
        nonlocal whole
        event = await receive()
        while not whole and event["type"] == "http.request":
            body.extend(event.get("body", b""))
            if whole := not event.get("more_body", False):
                return {"type": "http.request", "body": _named(bytes(body), own), "more_body": False}
            event = await receive()
        return event

    return receiving


def _named(body: bytes, own: Callable[[str], str]) -> bytes:
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(sent, dict) or not isinstance(given := sent.get(SESSION), str):
        return body
    return json.dumps(sent | {SESSION: own(given)}).encode()


def _cookie(scope: Mapping[str, Any]) -> str:
    headers = dict(scope["headers"])
    came = _SENT.search(headers.get(b"cookie", b""))
    text = f"{COOKIE}={came[1].decode() if came else new_id()}; Path=/; Max-Age={AGE}; HttpOnly"
    if b"https" not in (scope["scheme"].encode(), headers.get(b"x-forwarded-proto", b"")):
        return f"{text}; SameSite=Lax"
    if (
        headers.get(b"sec-fetch-dest") == b"iframe"
    ):  # in another site's page a cookie is kept for that site alone, or not
        return f"{text}; Secure; SameSite=None; Partitioned"
    return f"{text}; Secure; SameSite=Lax"
