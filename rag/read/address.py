"""An http(s) address that the user gives -> the bytes behind it, within limits.

In: the address. Out: its bytes and the ending that its content type means. Every hop is checked: http or https only,
and no address on a private network unless allowed. It follows no links and keeps nothing.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from rag.errors import DocumentError
from rag.unseen import without_password

if TYPE_CHECKING:
    import httpx

SECONDS = 60.0
"""The longest that one address may take."""
HOPS = 5
_ENCODINGS = ("", "identity", "gzip", "deflate")  # these grow a thousandfold at most; 900 bytes of br may be 600 MB
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ENDINGS = {
    "application/pdf": ".pdf",
    "application/x-zip-compressed": ".zip",
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
    """The bytes behind `url`, at most `limit`, and their ending, within SECONDS. Raises DocumentError.

    A thread waits for it, because looking up a host has no time limit, and a server may send a byte now and then.
    """
    answers: queue.Queue[tuple[bytes, str] | DocumentError] = queue.Queue()
    late = threading.Event()

    def run() -> None:
        try:
            answers.put(_fetched(url, limit, private, resolve, late))
        except DocumentError as error:
            answers.put(error)

    threading.Thread(target=run, name="address", daemon=True).start()
    try:
        answer = answers.get(timeout=SECONDS)
    except queue.Empty:
        late.set()
        raise DocumentError("address_failed", url=url, reason=f"more than {SECONDS:.0f} s") from None
    if isinstance(answer, DocumentError):
        raise answer
    return answer


def _fetched(url: str, limit: int, private: bool, resolve: Resolve, late: threading.Event) -> tuple[bytes, str]:
    import httpx

    at = url
    try:
        context = httpx.create_ssl_context()  # with the certificates that SSL_CERT_FILE and SSL_CERT_DIR name
        for _ in range(HOPS + 1):
            asked, ip, proxy = _checked(at, private, resolve)
            # The connection goes to the very IP that was checked, so that the name cannot mean another one by then.
            # A proxy of the environment looks the name up itself; what is private from here is refused all the same.
            target = asked if proxy else asked.copy_with(host=ip)
            headers = {"Host": asked.netloc.decode(), "User-Agent": "tiaoyin", "Accept-Encoding": "gzip"}
            extensions = {"sni_hostname": asked.raw_host.decode()}
            timeout = httpx.Timeout(20, connect=10)
            with (
                httpx.Client(timeout=timeout, trust_env=False, verify=context, proxy=proxy) as client,
                client.stream("GET", target, headers=headers, extensions=extensions) as answer,
            ):
                if answer.has_redirect_location:
                    at = urljoin(at, answer.headers["location"])
                    continue
                if answer.status_code != httpx.codes.OK:
                    raise DocumentError("address_failed", url=url, reason=f"HTTP {answer.status_code}")
                return _body(answer, url, limit, late), _ending(answer.headers.get("content-type", ""), at)
    # ValueError, ImportError: a host that cannot be encoded, proxy settings that cannot be used.
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ImportError) as error:
        raise DocumentError("address_failed", url=url, reason=str(error) or type(error).__name__) from error
    raise DocumentError("address_failed", url=url, reason=f"more than {HOPS} redirects")


def _checked(url: str, private: bool, resolve: Resolve) -> tuple[httpx.URL, str, str | None]:
    """The address, the IP to connect to ("" if only the proxy knows it) and the proxy.

    Raises DocumentError for what must not be fetched, OSError and ValueError for what cannot be looked up.
    """
    import httpx

    try:
        asked = httpx.URL(url)
        parts = urlsplit(url)
        port = parts.port or (443 if asked.scheme == "https" else 80)
    except (httpx.InvalidURL, ValueError):
        raise DocumentError("address_bad", url=without_password(url)) from None  # the cause repeats it
    host = asked.raw_host.decode()
    if asked.scheme not in ("http", "https") or not host or parts.username is not None or asked.userinfo:
        raise DocumentError("address_bad", url=without_password(url))
    found = getproxies()
    proxy = None if proxy_bypass(host) else found.get(asked.scheme) or found.get("all")
    try:
        ips = [ip.partition("%")[0] for ip in resolve(host, port)]
    except OSError:
        if not proxy:
            raise
        ips = [""]
    if not private and not all(_is_public(ip) for ip in ips if ip):
        raise DocumentError("address_private", url=url, host=host)
    return asked, ips[0], proxy and (proxy if "://" in proxy else f"http://{proxy}")


def _is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also the IPv4 address that an IPv6 one may stand for."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip.is_site_local:
            return False
        ip = inner or ip
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _body(answer: httpx.Response, url: str, limit: int, late: threading.Event) -> bytes:
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise DocumentError("address_failed", url=url, reason=f"Content-Encoding: {encoding}")
    pieces, size = [], 0
    for piece in answer.iter_bytes():
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise DocumentError("document_too_large", path=url, size=f">{limit // 2**20}", limit=limit // 2**20)
        if late.is_set():
            break  # nobody waits for it any more
    return b"".join(pieces)


def _ending(content_type: str, url: str) -> str:
    """The ending that a content type means; where it says too little, that of the address."""
    kind = content_type.partition(";")[0].strip().lower()
    own = PurePosixPath(unquote(urlsplit(url).path)).suffix.lower()
    if kind == "text/plain":  # what servers say of Markdown and tables too
        return own if own in (".csv", ".md") else ".txt"
    return _ENDINGS.get(kind) or own or ("" if kind else ".html")
