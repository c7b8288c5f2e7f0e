"""Folders, zip archives and addresses: what is read of them, what is refused, and that the others go on."""

from __future__ import annotations

import io
import random
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rag.__main__ import main
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
    (tmp_path / "urgent!").mkdir()
    (tmp_path / "urgent!" / "a.md").write_text(LAW)
    assert not files.is_gone(str(tmp_path / "urgent!" / "a.md"))
    path.write_bytes(b"PK damaged")
    assert not files.is_gone(f"{path}!/b.md")  # cannot be told
    assert not files.is_gone("https://example.org/a.md")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_zipfile_would_unpack_without_a_limit_is_not_unpacked(method: int, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.md", b"x" * 1000)
    assert why(path) == "document_packing_unknown"


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({f"{n}.txt": b" " * files.LIMIT for n in range(4)}))
    assert why(path) == "document_unpacks_too_large"


def test_names_of_members_lead_nowhere_and_move_no_cursor(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"../../etc/a.md": b"x", "/b.md": b"x", "c\\d.md": b"x", "\x1b[31me.md": b"x"}))
    found = [file.name.removeprefix(f"{path}!/") for file in find_files([path])]
    assert found == ["b.md", "c/d.md", "etc/a.md", "\ufffd[31me.md"]


def test_any_change_to_an_archive_gives_members_or_an_error(tmp_path: Path) -> None:
    good, chooser, path = zipped({"a.md": LAW.encode(), "b.txt": b"x" * 500}), random.Random(1), tmp_path / "a.zip"
    outcomes = set()
    for _ in range(500):
        data = bytearray(good)
        for _ in range(chooser.randint(1, 3)):
            data[chooser.randrange(len(data))] = chooser.randrange(256)
        path.write_bytes(data)
        files.is_gone(f"{path}!/a.md")
        for file in find_files([path]):
            try:
                file.load()
                outcomes.add("read")
            except DocumentError as error:
                outcomes.add(error.key)
    assert {"read", "document_damaged"} <= outcomes


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted there")
def test_many_archives_do_not_stay_open(tmp_path: Path) -> None:
    for n in range(50):
        (tmp_path / f"{n}.zip").write_bytes(zipped({"a.md": LAW.encode()}))
    before = len(list(Path("/proc/self/fd").iterdir()))
    found = find_files([tmp_path])
    assert len(found) == 50
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_parse_shows_the_members_that_can_be_read_and_fails_for_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"a.md": LAW.encode(), "b.md": b""}))
    assert main(["parse", str(path)]) == 1
    shown = capsys.readouterr()
    assert "甲法" in shown.out
    assert f"{path}!/b.md" in shown.err


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind, body = {
            "/law.md": ("text/markdown", LAW.encode()),
            "/page?id=7": ("text/html; charset=gb2312", "<h1>甲法</h1><p>第一条 甲。<p>第二条 乙。".encode("gb2312")),
            "/laws": ("application/zip", zipped({"a.md": LAW.encode()})),
            "/packed": ("text/plain", b"x"),
            "/large.txt": ("text/plain", b"x" * (files.LIMIT + 1)),
        }.get(self.path, ("text/plain", b""))
        places = {"/there": "/law.md", "/loop": "/loop", "/inside": "http://inside.invalid/law.md"}
        status = 302 if self.path in places else 200 if body else 404
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", places[self.path])
        if self.path == "/packed":
            self.send_header("Content-Encoding", "br")
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
    [
        ("/large.txt", "document_too_large"),
        ("/gone", "address_failed"),
        ("/loop", "address_failed"),
        ("/packed", "address_failed"),
    ],
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


@pytest.mark.parametrize(
    "url",
    ["http://user:pw@example.org/", "http://", "http://exa mple/", "https://[::1", "http://a..b/", "http://h:99999/"],
)
def test_an_address_that_cannot_be_meant_is_refused(url: str) -> None:
    assert why(url) in ("address_bad", "address_failed")


@pytest.mark.parametrize(
    "ip",
    ["10.0.0.1", "100.64.0.1", "224.0.0.1", "::1", "fe80::1", "fec0::1", "fc00::1", "::ffff:10.0.0.1", "::7f00:1",
     "64:ff9b::7f00:1", "2002:7f00:1::"],
)  # fmt: skip
def test_a_host_with_one_private_address_among_its_addresses_is_refused(ip: str) -> None:
    with pytest.raises(DocumentError) as refused:
        address.fetch("http://laws.invalid/", 1000, False, lambda *_: ["93.184.216.34", ip])
    assert refused.value.key == "address_private"


def test_a_redirect_into_a_private_network_is_refused(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first hop is taken for public and is fetched; what it points to is looked up and refused."""
    public = address._is_public
    monkeypatch.setattr(address, "_is_public", lambda ip: ip == "127.0.0.1" or public(ip))
    asked = []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if host == "open.invalid" else ["10.0.0.1"]

    with pytest.raises(DocumentError) as refused:
        address.fetch(f"http://open.invalid:{site.rpartition(':')[2]}/inside", 1000, False, resolve)
    assert refused.value.key == "address_private"
    assert asked == ["open.invalid", "inside.invalid"]


def test_the_connection_goes_to_the_address_that_was_checked(site: str) -> None:
    """A name is looked up once: what it means by the time of the connection does not matter."""
    port = site.rpartition(":")[2]
    looked_up = iter([["127.0.0.1"]])
    data, ending = address.fetch(f"http://laws.invalid:{port}/law.md", 1000, True, lambda *_: next(looked_up))
    assert (data.decode(), ending) == (LAW, ".md")


def test_a_server_that_never_finishes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "SECONDS", 0.3)
    # It takes the connection and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DocumentError, match="0 s") as refused:
        address.fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/", 1000, True)
    assert refused.value.key == "address_failed"


@pytest.mark.parametrize(
    ("kind", "url", "ending"),
    [
        ("text/plain", "http://x/download.php", ".txt"),
        ("text/plain; charset=utf-8", "http://x/law.md", ".md"),
        ("application/octet-stream", "http://x/law.docx", ".docx"),
        ("application/octet-stream", "http://x/download", ""),
        ("application/x-zip-compressed", "http://x/download", ".zip"),
        ("text/html", "http://x/law.pdf", ".html"),
    ],
)
def test_the_kind_that_the_server_names_goes_before_the_ending(kind: str, url: str, ending: str) -> None:
    assert address._ending(kind, url) == ending
