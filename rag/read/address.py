"""An http(s) address that the user gives -> the bytes behind it, within limits.

In: the address. Out: its bytes and the ending that its content type means. Every hop is checked: http or https only,
and no address on a private network unless allowed. It follows no links and keeps nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

from rag.errors import DocumentError

SECONDS = 60.0
"""The longest that one address may take."""
HOPS = 5
_ENDINGS = {
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/xhtml+xml": ".html",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/markdown": ".md",
}

Resolve = Callable[[str, int], Sequence[str]]
"""A host and port -> its IP addresses. Raises OSError."""


def is_address(name: str) -> bool:
    return name.lower().startswith(("http://", "https://"))


def addresses_of(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def fetch(url: str, limit: int, private: bool, resolve: Resolve = addresses_of) -> tuple[bytes, str]:
    """The bytes behind `url`, at most `limit`, and their ending. Raises DocumentError."""
    import httpx

    until = time.monotonic() + SECONDS
    at = url
    try:
        for _ in range(HOPS + 1):
            place, host, ip = _checked(at, private, resolve)
            # The connection goes to the very IP that was checked, so that the name cannot mean another one by then.
            # Proxies of the environment are not used: they would resolve the name themselves.
            headers = {"Host": host, "User-Agent": "tiaoyin", "Accept": "*/*"}
            extensions = {"sni_hostname": urlsplit(at).hostname}
            target = httpx.URL(place).copy_with(host=ip)
            with (
                httpx.Client(timeout=httpx.Timeout(20, connect=10), trust_env=False) as client,
                client.stream("GET", target, headers=headers, extensions=extensions) as answer,
            ):
                if answer.has_redirect_location:
                    at = urljoin(at, answer.headers["location"])
                    continue
                if answer.status_code != httpx.codes.OK:
                    raise DocumentError("address_failed", url=url, reason=f"HTTP {answer.status_code}")
                return _body(answer, url, limit, until), _ending(answer.headers.get("content-type", ""), at)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise DocumentError("address_failed", url=url, reason=str(error) or type(error).__name__) from error
    raise DocumentError("address_failed", url=url, reason=f"more than {HOPS} redirects")


def _checked(url: str, private: bool, resolve: Resolve) -> tuple[str, str, str]:
    """The address, its Host header, and the IP to connect to. Raises DocumentError for what must not be fetched."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise DocumentError("address_bad", url=url) from error
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise DocumentError("address_bad", url=url)
    found = [ipaddress.ip_address(ip.partition("%")[0]) for ip in resolve(host, port)]
    mapped = [getattr(ip, "ipv4_mapped", None) or ip for ip in found]
    if not private and not all(ip.is_global and not ip.is_multicast for ip in mapped):
        raise DocumentError("address_private", url=url, host=host)
    return url, parts.netloc, str(found[0])


def _body(answer: object, url: str, limit: int, until: float) -> bytes:
    pieces, size = [], 0
    for piece in answer.iter_bytes():  # type: ignore[attr-defined]
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise DocumentError("document_too_large", path=url, size=f">{limit // 2**20}", limit=limit // 2**20)
        if time.monotonic() > until:
            raise DocumentError("address_failed", url=url, reason=f"more than {SECONDS:.0f} s")
    return b"".join(pieces)


def _ending(content_type: str, url: str) -> str:
    """The ending that a content type means; where it says too little, that of the address, else plain text."""
    kind = content_type.partition(";")[0].strip().lower()
    own = PurePosixPath(unquote(urlsplit(url).path)).suffix.lower()
    return _ENDINGS.get(kind) or own or (".txt" if kind.startswith("text/") else ".html")
