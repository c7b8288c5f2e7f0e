"""Folders, zip archives and addresses: what is read of them, what is refused, and that the others go on."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rag.errors import DocumentError
from rag.ingest import parse
from rag.read import address, files, find_files, text_of

LAW = "甲法\n第一条 甲。\n第二条 乙。\n"


def zipped(members: dict[str, bytes], raw: str | None = None) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    data = packed.getvalue()
    return data.replace(b"NAME", raw.encode("gb18030")) if raw else data


def why(name: str | Path) -> str:
    """The error of the one file that a name means."""
    (file,) = find_files([name])
    with pytest.raises(DocumentError) as refused:
        text_of(file)
    assert str(refused.value)
    return refused.value.key


def test_an_archive_is_its_readable_members_each_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "laws.zip"
    members = {"a/甲法.md": LAW, "乙.txt": LAW, "图.bin": "x", "__MACOSX/a/甲法.md": "x", ".hidden.md": "x"}
    path.write_bytes(zipped({name: text.encode() for name, text in members.items()}))
    found = find_files([tmp_path])
    assert [file.name.removeprefix(str(path)) for file in found] == ["!/a/甲法.md", "!/乙.txt"]
    assert [document.title for document in parse(path)] == ["甲法", "甲法"]
    assert parse(path)[0].source == f"{path}!/a/甲法.md"


def test_names_of_members_that_an_old_archiver_wrote_in_gb18030_are_right(tmp_path: Path) -> None:
    path = tmp_path / "old.zip"
    path.write_bytes(zipped({"NAME.md": LAW.encode()}, raw="甲法"))
    assert [file.name for file in find_files([path])] == [f"{path}!/甲法.md"]


def test_what_is_wrong_with_a_member_is_said_and_the_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "mixed.zip"
    inner = zipped({"x.md": b"x"})
    path.write_bytes(zipped({"good.md": LAW.encode(), "inner.zip": inner, "bomb.txt": b" " * (files.LIMIT + 1)}))
    keys = {}
    for file in find_files([path]):
        try:
            text_of(file)
            keys[file.name.rpartition("/")[2]] = "read"
        except DocumentError as error:
            keys[file.name.rpartition("/")[2]] = error.key
    assert keys == {"good.md": "read", "inner.zip": "document_kind_unknown", "bomb.txt": "document_unpacks_too_large"}


def test_damaged_encrypted_empty_and_overfull_archives_are_refused(tmp_path: Path) -> None:
    good = zipped({"a.md": LAW.encode()})
    locked = bytearray(good)
    locked[6] |= 1
    locked[good.index(b"PK\x01\x02") + 8] |= 1
    wrong = bytearray(good)
    wrong[40] ^= 255
    cases = {
        b"not a zip": "document_damaged",
        good[:-30]: "document_damaged",
        bytes(wrong): "document_damaged",
        bytes(locked): "document_encrypted",
        zipped({"a.bin": b"x"}): "document_none",
        zipped({f"{n}.md": b"x" for n in range(files.MEMBERS + 1)}): "document_too_long",
    }
    for n, (data, key) in enumerate(cases.items()):
        path = tmp_path / f"{n}.zip"
        path.write_bytes(data)
        assert why(path) == key, n


def test_what_has_left_an_archive_is_gone_and_an_address_never_is(tmp_path: Path) -> None:
    path = tmp_path / "laws.zip"
    path.write_bytes(zipped({"a.md": b"x"}))
    assert not files.is_gone(f"{path}!/a.md")
    assert files.is_gone(f"{path}!/b.md")
    assert files.is_gone(f"{tmp_path}/other.zip!/a.md")
    assert files.is_gone(str(tmp_path / "b.md"))
    assert not files.is_gone("https://example.org/a.md")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind, body = {
            "/law.md": ("text/markdown", LAW.encode()),
            "/page?id=7": ("text/html; charset=gb2312", "<h1>甲法</h1><p>第一条 甲。<p>第二条 乙。".encode("gb2312")),
            "/laws": ("application/zip", zipped({"a.md": LAW.encode()})),
            "/large.txt": ("text/plain", b"x" * (files.LIMIT + 1)),
        }.get(self.path, ("text/plain", b""))
        status = 302 if self.path in ("/there", "/loop") else 200 if body else 404
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "/law.md" if self.path == "/there" else "/loop")
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            return  # the reader has had enough

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize("path", ["/law.md", "/page?id=7", "/laws", "/there"])
def test_an_address_is_read_by_what_the_server_says_it_is(path: str, site: str) -> None:
    (document,) = parse(site + path, private=True)
    assert [p.path[0] for p in document.children(())] == [("article", "1"), ("article", "2")]
    assert document.source.startswith(site)


@pytest.mark.parametrize(
    ("path", "key"),
    [("/large.txt", "document_too_large"), ("/gone", "address_failed"), ("/loop", "address_failed")],
)
def test_an_address_that_cannot_be_read_says_so(path: str, key: str, site: str) -> None:
    (file,) = find_files([site + path], private=True)
    with pytest.raises(DocumentError) as refused:
        file.load()
    assert refused.value.key == key and site in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost:8000/a", "http://[::1]/", "http://10.0.0.1/a.md", "http://2130706433/",
     "http://169.254.169.254/latest", "http://100.64.0.1/", "http://0.0.0.0/", "http://[::ffff:192.168.0.1]/"],
)  # fmt: skip
def test_private_networks_are_refused_unless_allowed(url: str) -> None:
    assert why(url) == "address_private"


@pytest.mark.parametrize("url", ["http://user:pw@example.org/", "http://", "http://exa mple/", "https://[::1"])
def test_an_address_that_cannot_be_meant_is_refused(url: str) -> None:
    assert why(url) in ("address_bad", "address_failed")


def test_a_redirect_into_a_private_network_is_refused(site: str) -> None:
    port = site.rpartition(":")[2]
    asked = []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if host == "127.0.0.1" else ["93.184.216.34"]

    with pytest.raises(DocumentError) as refused:
        address.fetch(f"http://127.0.0.1:{port}/law.md", 1000, False, resolve)
    assert refused.value.key == "address_private" and asked == ["127.0.0.1"]


def test_the_connection_goes_to_the_address_that_was_checked(site: str) -> None:
    """A name is looked up once: what it means by the time of the connection does not matter."""
    port = site.rpartition(":")[2]
    looked_up = iter([["127.0.0.1"]])
    data, ending = address.fetch(f"http://laws.invalid:{port}/law.md", 1000, True, lambda *_: next(looked_up))
    assert (data.decode(), ending) == (LAW, ".md")
