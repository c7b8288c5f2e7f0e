"""What stands before page and routes: a request's id, its key, the size of its body, one line in the log.

ASGI in and out; it touches no body but to count it, so streams pass as they come. Our own routes are logged and
counted by their path; of the page only what is refused. No address, header or body of a caller gets into the log:
an id is taken over only where it is plain letters and digits.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import logging
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers

from rag.errors import UsageError
from rag.http.errors import Refused, response, spoken
from rag.http.meters import Meters
from rag.keys import Door

LOG = logging.getLogger("tiaoyin.http")
OPEN = ("/healthz", "/readyz")  # what asks here is a container's engine, which has no key
BODY = 256 * 1024  # bytes of a body of ours
READING = 20.0  # seconds until a body must be here
PACE = 16 * 1024  # bytes for which it gets a second more: files and conversations of the page are long
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Front:
    """`methods`: our routes' paths, each with its method; `page_bytes` bounds what the page is sent, which is files."""

    def __init__(self, app: Any, door: Door, meters: Meters, methods: Mapping[str, str], page_bytes: int) -> None:
        self.app, self.door, self.meters, self.methods, self.page_bytes = app, door, meters, methods, page_bytes

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":  # there are no websockets here
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers, started, status, who = Headers(scope=scope), time.perf_counter(), 499, "-"
        given = headers.get("x-request-id", "")
        number = given if _ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {}).update(id=number, lang=spoken(headers.get("accept-language", "")))

        async def sending(event: Any) -> None:
            nonlocal status
            if event["type"] == "http.response.start":
                status = event["status"]
                event = {**event, "headers": [*event["headers"], (b"x-request-id", number.encode())]}
            await send(event)

        try:
            who = self._who(scope, headers)
            scope["state"]["who"] = who
            self._routed(scope)
            await self.app(scope, self._counted(scope, headers, receive), sending)
        except Refused as error:
            await response(error, scope["state"]["lang"])(scope, receive, sending)
        except UsageError as error:  # the file of keys is damaged: for whoever runs this, not for the caller
            LOG.error("id=%s %s", number, error)
            await response(Refused(500, "http_fault", id=number), scope["state"]["lang"])(scope, receive, sending)
        except Exception:
            status = 500
            raise
        finally:
            self._note(scope, number, status, who, time.perf_counter() - started)

    def _who(self, scope: dict[str, Any], headers: Headers) -> str:
        """The name of the caller's key, "-" where none is asked for. Raises Refused."""
        if self.door.local and not _here(headers.get("host", "")):
            # a page of another site whose name its owner points at this machine
            raise Refused(421, "http_wrong_host")
        if self.door.keys is None or scope["path"] in OPEN:
            return "-"
        kind, _, shown = headers.get("authorization", "").partition(" ")
        name, key = _login(shown) if kind.lower() == "basic" else (None, shown.strip())
        owner = self.door.keys.owner(key)
        if owner is None or name not in (None, owner):
            wrong = Refused(401, "http_invalid_api_key")
            asks = "Bearer" if _ours(scope) else 'Basic realm="TiaoYin", charset="UTF-8"'
            wrong.headers = {"www-authenticate": asks}
            raise wrong
        return owner

    def _routed(self, scope: dict[str, Any]) -> None:
        """What is no route of ours must not fall through to the page. Raises Refused."""
        method = self.methods.get(scope["path"], scope["method"])
        if scope["method"] != method:
            wrong = Refused(405, "http_method")
            wrong.headers = {"allow": method}
            raise wrong
        if _ours(scope) and scope["path"] not in self.methods:
            raise Refused(404, "http_not_found")

    def _counted(self, scope: dict[str, Any], headers: Headers, receive: Any) -> Any:
        """`receive` that ends a body which is too large or too slow. Raises Refused."""
        ours = _ours(scope)
        limit = BODY if ours else self.page_bytes
        size, whole, begun, loop = 0, scope["method"] != "POST", 0.0, asyncio.get_running_loop()
        too_large = Refused(413, "http_body_too_large", limit=limit // 1024)
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or len(declared) > 12 or int(declared) > limit:
            raise too_large
        if ours and scope["method"] == "POST" and "json" not in headers.get("content-type", ""):
            raise Refused(415, "http_not_json")  # a form of another site could be sent without it

        async def receiving() -> Any:
            nonlocal size, whole, begun
            begun = begun or loop.time()  # of reading: before it a file waits for its turn
            try:
                async with asyncio.timeout_at(None if whole else begun + READING + size / PACE):
                    event = await receive()
            except TimeoutError:
                slow = Refused(408, "http_slow_body", seconds=int(loop.time() - begun))
                slow.headers = {"connection": "close"}
                raise slow from None
            if event["type"] == "http.request":
                size, whole = size + len(event.get("body", b"")), not event.get("more_body", False)
                if size > limit:
                    raise too_large
            return event

        return receiving

    def _note(self, scope: dict[str, Any], number: str, status: int, who: str, seconds: float) -> None:
        route = scope["path"] if scope["path"] in self.methods else "other" if _ours(scope) else "page"
        self.meters.responded(route, status)
        if route != "page" or status >= 400:
            LOG.info("id=%s route=%s status=%d ms=%d key=%s", number, route, status, seconds * 1000, who)


def _ours(scope: dict[str, Any]) -> bool:
    """Whether it is asked for by programs; the page does not use it."""
    path: str = scope["path"]
    return path.startswith(("/v1/", "/api/"))


def _here(host: str) -> bool:
    """Whether a Host header names this machine: its own names, a loopback address."""
    name = re.sub(r":\d*$", "", host).strip("[]").lower()
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _login(shown: str) -> tuple[str, str]:
    """Name and password of a browser's login; empty where it is none."""
    try:
        name, _, password = base64.b64decode(shown, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return "", ""
    return name, password
