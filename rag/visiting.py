"""Who is at the page: a cookie with an id that nobody can guess, which no script reads and no widget holds.

In: requests. Out: the id in a request's cookies, and a cookie for whoever opens the page without one. What an id owns
`visitors.py` knows. A browser that refuses cookies asks the shared documents and uploads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rag.visitors import is_id, new_id

COOKIE = "tiaoyin_visitor"
AGE = 30 * 24 * 3600
"""Seconds that a browser keeps it after the page was last opened."""
_SENT = re.compile(COOKIE.encode() + rb"=([A-Za-z0-9_-]{43})(?:;|$)")


def visitor_of(cookies: Mapping[str, str]) -> str:
    """The visitor's id; "" without one, who owns nothing."""
    given = cookies.get(COOKIE, "")
    return given if is_id(given) else ""


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
