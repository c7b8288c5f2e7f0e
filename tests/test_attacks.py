"""Attempts on files, on the network, on the log and on other visitors: a table, all refused.

Beside what is tested where it belongs: addresses and archives in `test_read_sources`, names of uploads and their limits
in `test_visitors`, ids of requests and sizes of bodies in `test_http`, markup in `test_markup` and `test_hostile`.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import logging
import os
import secrets
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag.__main__ import main
from rag.errors import DocumentError
from rag.generate.extractive import Extractive
from rag.ingest import parse
from rag.read import address, find_files, read, text_of
from rag.visiting import COOKIE
from rag.visitors import new_id
from tests.browser import until
from tests.listening import QUESTION, Engine, listening
from tests.plan import TEXT, plan

SECRET = "第一条 谁也不该读到这一句。\n"
DOGS = "# 小区养犬公约\n\n第一条 犬只应当拴绳。\n"


class Visited(Engine):
    """With what each visitor uploaded."""

    def search(self, visitor: str = "") -> Any:
        return self.visitors.search(visitor, self.opened)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The whole application; beside its folder lies a file with a secret."""
    folder = tmp_path_factory.mktemp("attacked")
    (folder / "secret.md").write_text(SECRET, encoding="utf-8")
    with listening(Visited(folder / "home", Extractive(), llms="extractive")) as client:
        client.secret = folder / "secret.md"  # type: ignore[attr-defined]
        yield client


def raw(client: httpx.Client, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """A request whose target goes out as it is, dots and all."""
    connection = http.client.HTTPConnection("127.0.0.1", client.base_url.port, timeout=20)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, text in {"content-length": str(len(body)), **headers}.items():
            connection.putheader(name.replace("_", "-"), text)
        connection.endheaders(body)
        got = connection.getresponse()
        return got.status, got.read()
    finally:
        connection.close()


WAYS = (
    "{up}{file}", "/{file}", "/file={file}", "/gradio_api/file={file}", "/gradio_api/file=/proc/self/environ",
    "/gradio_api/file={up}{file}", "/gradio_api/file/{file}", "/static/{up}{file}", "/static/%2e%2e/%2e%2e/{file}",
    "/assets/{up}{file}", "/assets/..%2f..%2f..%2f..%2f..{file}", "/assets/....//....//{file}", "/svelte/{up}{file}",
    "/theme.css/{up}{file}", "/gradio_api/component_server/{up}{file}", "/custom_component/{up}{file}",
    "/gradio_api/custom_component/x/client/component/{up}{file}", "/read/{up}{file}", "/read/{quoted}", "/read/%00",
    "/export/{up}{file}", "/library/{up}{file}", "/deep_link/{up}{file}", "/gradio_api/deep_link?x={file}",
    "/gradio_api/proxy=http://127.0.0.1:{port}/metrics", "/gradio_api/proxy=file://{file}", "//{file}",
    "/%5c..%5c{file}",
    "/gradio_api/stream/x/1/{up}{file}", "/gradio_api/process_recording", "/monitoring", "/gradio_api/vibe-code/",
    "/tiaoyin.toml", "/home/index/current", "/.git/config", "/rag/serve.py",
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_way_leads_to_a_file(site: Any, way: str, method: str) -> None:
    file = str(site.secret)
    target = way.format(file=file, up="/.." * 12, quoted=file.replace("/", "%2F"), port=site.base_url.port)
    status, body = raw(site, method, target)
    assert status >= 400 or "谁也不该" not in body.decode("utf-8", "replace"), target
    assert status in (400, 403, 404, 405, 422) or b"<!doctype html>" in body[:200].lower(), (target, status, body[:80])
    for told in ("谁也不该".encode(), b"root:", b"PATH=", b"tiaoyin_requests_total", b"Traceback"):
        assert told not in body, target


def multipart(name: str, data: bytes) -> tuple[bytes, str]:
    head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return head.encode() + data + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"


@pytest.mark.parametrize("name", ["a.md", "../../a.md", "/etc/cron.d/a", "a\x00.md", "..\\..\\a.md"])
def test_the_upload_of_the_widget_library_takes_no_file(
    site: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    body, kind = multipart(name, b"x" * 5000)
    status, answer = raw(site, "POST", "/gradio_api/upload", body, content_type=kind)
    assert status in (400, 403, 404, 413), (status, answer[:200])
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 1] == []


def test_a_multipart_body_is_ended_where_it_is_too_large_or_has_no_end(site: Any) -> None:
    body, kind = multipart("a.md", b"x" * (33 * 2**20))
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may hang up while it is sent, as good
        assert raw(site, "POST", "/gradio_api/upload", body, content_type=kind)[0] == 413
    parts = b"".join(f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n1\r\n'.encode() for n in range(20_000))
    assert raw(site, "POST", "/gradio_api/upload", parts, content_type=kind)[0] in (400, 403, 404, 413)
    assert raw(site, "POST", "/api/ask", body[:9000], content_type=kind)[0] == 415
    assert raw(site, "GET", "/healthz")[0] == 200


@pytest.mark.parametrize("length", ["-1", "1e9", "99999999999999999999", "0x10", "1, 1", "+5", "５", ""])
@pytest.mark.parametrize("path", ["/api/ask", "/library", "/export/md", "/gradio_api/upload"])
def test_a_length_that_is_none_is_no_fault(site: Any, path: str, length: str) -> None:
    with socket.create_connection(("127.0.0.1", site.base_url.port), timeout=20) as to:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
        )
        to.sendall(head.encode() + b"Connection: close\r\n\r\n{}")
        to.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: to.recv(65536), b""))
    assert not answer or answer.split()[1] in (b"200", b"400", b"403", b"404", b"413", b"422"), answer[:300]


@pytest.mark.parametrize("name", ["x%0d%0aset-cookie:%20a=b.md", "%0a%0d.md", "a%22;filename=b.exe", "%e2%80%a8.md"])
def test_a_name_adds_no_header(site: Any, name: str) -> None:
    headers = {"x-name": name, "cookie": f"{COOKIE}={new_id()}"}
    got = site.post("/library?lang=en", content=DOGS.encode(), headers=headers)
    assert got.status_code == 200 and "set-cookie" not in got.headers and "content-disposition" not in got.headers
    assert all("\n" not in json.loads(line)["name"] for line in got.text.splitlines())


@pytest.mark.parametrize(
    "text", ["\r\nid=forged status=200 key=admin", "\x1b[2J\x1b]0;owned\x07", "\u2028id=forged", "%0aid=forged", "\x00"]
)
def test_nothing_of_a_caller_stands_in_the_log(site: Any, text: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        cookie = {"cookie": f"{COOKIE}={new_id()}"}
        bodies = [{"question": QUESTION + text}, {"question": QUESTION, "llm": text}, {text: 1}]
        for body in (*bodies, {"question": "x", "doc_ids": [text]}):
            site.post("/api/ask", json=body)
        for path in ("/v1/chat/completions", "/export/md", "/library"):
            content = json.dumps({"model": text, "messages": [{"role": "user", "content": text}]})
            site.post(path, content=content, headers={"content-type": "application/json", **cookie})
        until(lambda: sum("/v1/chat" in record.getMessage() for record in caplog.records) >= 1)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("tiaoyin")]
    assert len(lines) >= 5
    assert not any(each in line for line in lines for each in ("forged", "owned", "\x1b", "\n", "\r", "\u2028", "公园"))


def test_nobody_reaches_anothers_documents_by_key_id_or_cookie(site: Any) -> None:
    mine, theirs = new_id(), new_id()

    def asked(method: str, path: str, cookie: str, **more: Any) -> httpx.Response:
        return site.request(method, path, headers={"cookie": cookie, **more.pop("headers", {})}, **more)

    sent = asked("POST", "/library", f"{COOKIE}={mine}", content=DOGS.encode(), headers={"x-name": "犬.md".encode()})
    done = json.loads(sent.text.splitlines()[-1])
    assert done["stage"] == "done"
    listed = asked("GET", "/library", f"{COOKIE}={mine}").text
    doc_id = listed.partition('value="own')[2].partition('"')[0]
    doc_id = "own" + doc_id.replace("&#45;", "-")
    assert asked("GET", f"/read/{doc_id}", f"{COOKIE}={mine}").status_code == 200
    for cookie in (
        f"{COOKIE}={theirs}", "", f"{COOKIE}=", f"{COOKIE}={mine[:-1]}", f"{COOKIE}={mine}x", f"{COOKIE}=%00{mine}",
        f"{COOKIE.upper()}={mine}", f"x={COOKIE}={mine}", f"{COOKIE}={theirs}; {COOKIE}2={mine}",
    ):  # fmt: skip
        assert asked("GET", f"/read/{doc_id}", cookie).status_code == 404, cookie
        assert "养犬" not in asked("GET", "/library", cookie).text, cookie
        assert asked("DELETE", f"/library/{done['key']}", cookie).status_code == 204
        assert asked("DELETE", "/library", cookie).status_code == 204
        body = {"question": "犬只应当怎样？", "doc_ids": [doc_id]}
        assert asked("POST", "/api/ask", cookie, json=body).status_code == 404
    assert "养犬" in asked("GET", "/library", f"{COOKIE}={mine}").text
    # Nor does the HTTP interface see what its caller uploaded on the page, with the cookie or without.
    assert "拴绳" not in asked("POST", "/api/ask", f"{COOKIE}={mine}", json={"question": "犬只应当怎样？"}).text


CALLS = ("run/predict", "run/predict/", "api/predict", "run/save")


@pytest.mark.parametrize("call", CALLS)
def test_nobody_reaches_anothers_page_by_what_it_calls_its_session(site: Any, call: str) -> None:
    config, session, mine = site.get("/config").json(), secrets.token_hex(6), {"cookie": f"{COOKIE}={new_id()}"}
    send = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "ty-send")
    begin = next(each for each in config["dependencies"] if [send, "click"] in each["targets"])
    _, turns, _, stored = begin["inputs"]
    save = next(each for each in config["dependencies"] if (each["inputs"], each["outputs"]) == ([turns], [stored]))
    answer = next(each for each in config["dependencies"] if each["trigger_after"] == begin["id"] and each["queue"])

    def sent(to: str, each: Any, data: list[Any], headers: dict[str, str]) -> httpx.Response:
        body = {"fn_index": each["id"], "data": data, "session_hash": session}
        return site.post(f"/gradio_api/{to}", json=body, headers=headers)

    def streamed(headers: dict[str, str]) -> str:
        told, asked = (
            "",
            site.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}, headers=headers),
        )
        # gradio breaks off where there is no such session
        with contextlib.suppress(httpx.RemoteProtocolError), asked as events:
            for piece in events.iter_text():
                told += piece
        return told

    assert sent("run/predict", begin, [QUESTION, None, "zh", ""], mine).status_code == 200
    assert "公园" in sent("run/predict", save, [None], mine).text
    assert sent("queue/join", answer, [None, "zh", None, None, ""], mine).status_code == 200
    for headers in ({"cookie": f"{COOKIE}={new_id()}"}, {}):
        assert "公园" not in sent(call, save, [None], headers).text
        got = streamed(headers)
        assert "公园" not in got and "session_not_found" in got
        own = sent("run/predict", begin, ["别的问题", None, "zh", ""], headers).text
        assert "别的问题" in own and "公园" not in own
        site.post("/gradio_api/cancel", json={"session_hash": session, "fn_index": answer["id"], "event_id": "x"})
    got = streamed(mine)
    assert "不得少于十二小时" in got and "process_completed" in got


def test_an_export_holds_only_what_was_sent_and_quotes_nothing_false(site: Any) -> None:
    citation = {"n": 1, "doc_id": plan().doc_id, "doc": "x", "article": None, "path": [], "label": "x", "quote": "假的",
                "start": 0, "end": 2}  # fmt: skip
    answer = {"question": "x", "lang": "zh", "rewritten": None, "note": None, "reason": None, "llm": "x",
              "retrieved": [], "removed": [], "citations": [citation], "sentences": [
                  {"text": "x", "citations": [2], "verdict": "quoted", "item": False, "side": ""}]}  # fmt: skip
    body = {"id": "../../x", "day": "2025-01-01", "turns": [{"question": "x", "answer": answer}]}
    got = site.post("/export/md", json=body)
    assert got.status_code == 200 and "假的" not in got.text  # of a document that is here, which does not read so
    citation["doc_id"] = "elsewhere"
    assert site.post("/export/md", json=body).status_code == 400  # a sentence without its citation


LINKS = {
    "a file elsewhere": ("secret.md", "laws/a.md"),
    "a file above": ("../secret.md", "laws/a.md"),
    "the password file": ("/etc/passwd", "laws/a.txt"),
    "this process": ("/proc/self/environ", "laws/a.txt"),
    "a device": ("/dev/zero", "laws/a.txt"),
    "itself": ("a.md", "laws/a.md"),
    "a folder elsewhere": ("elsewhere", "laws/sub"),
    "a folder above": ("..", "laws/sub"),
}


@pytest.mark.parametrize("link", LINKS)
def test_a_link_in_a_folder_leads_nowhere(link: str, tmp_path: Path) -> None:
    (tmp_path / "laws").mkdir()
    (tmp_path / "laws" / "good.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "secret.md").write_text(SECRET, encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.md").write_text(SECRET, encoding="utf-8")
    to, place = LINKS[link]
    (tmp_path / place).symlink_to(tmp_path / to if (tmp_path / to).exists() and ".." not in to else to)
    (tmp_path / "laws" / "inside.md").symlink_to("good.md")  # within the folder: harmless
    found, refused = {}, []
    for file in find_files([tmp_path / "laws"]):
        try:
            found[Path(file.name).name] = text_of(file).text
        except DocumentError as error:
            refused.append(error.key)
    assert found.keys() == {"good.md", "inside.md"} and set(found.values()) == {TEXT}
    assert refused in ([], ["document_elsewhere"])


NAMES = [b"\x1b[2Jowned.md", b"a\ntiaoyin: all is well.md", b"a\rb.md", b"\xb7\xa8.md", "a\u2028b.md".encode()]


@pytest.mark.parametrize("name", NAMES)
def test_a_files_name_moves_no_cursor_and_adds_no_line(
    name: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:  # noqa: PTH123 (a Path is text)
        file.write(SECRET.encode())
    assert main(["parse", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "\x1b" not in said and "\r" not in said and "\u2028" not in said
    assert not any(line.startswith("tiaoyin: all is well") for line in said.splitlines())
    assert said.count("\n") == 1


PACKED = {
    "an entity of a file": '<!DOCTYPE x [<!ENTITY e SYSTEM "file://{file}">]>',
    "an entity of a server": '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/">]>',
    "entities of entities": '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8))
    + '<!ENTITY e "&i;">]>',
    "a stylesheet": '<?xml-stylesheet href="file://{file}"?>',
}


@pytest.mark.parametrize("attempt", PACKED)
def test_a_document_draws_nothing_in(attempt: str, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text(SECRET, encoding="utf-8")
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    held = "&e;" if "ENTITY" in PACKED[attempt] else ""
    text = (
        '<?xml version="1.0"?>' + PACKED[attempt].replace("{file}", str(tmp_path / "secret.md")) + f'<w:document '
        f'xmlns:w="{space}"><w:body><w:p><w:r><w:t>第一条 好。{held}</w:t></w:r></w:p></w:body></w:document>'
    )  # fmt: skip
    import docx

    docx.Document().save(good := io.BytesIO())
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, text if name == "word/document.xml" else old.read(name))
    try:
        found = read(path).text
    except DocumentError:
        return
    assert "谁也不该" not in found and len(found) < 100


URLS = (
    "file:///etc/passwd", "FILE:///etc/passwd", "ftp://127.0.0.1/a.md", "gopher://127.0.0.1/", "data:text/plain,x",
    "http://127.1/", "http://0x7f.1/", "http://0177.0.0.1/", "http://0x7f000001/", "http://127.0.0.1.nip.invalid/",
    "http://[::]/", "http://[::ffff:7f00:1]/", "http://[0:0:0:0:0:ffff:127.0.0.1]/", "http://[fe80::1%25eth0]/",
    "http://[64:ff9b::169.254.169.254]/", "http://[2002:a9fe:a9fe::]/", "http://[fd00:ec2::254]/latest/meta-data",
    "http://169.254.169.254/latest/meta-data", "http://metadata.google.internal/", "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/", "http://localhost./", "http://LOCALHOST/", "http://a@127.0.0.1/", "http://127.0.0.1#@example.org/",
    "http://example.org@127.0.0.1/", "http://127.0.0.1\\@example.org/", "http:/127.0.0.1/", "http:127.0.0.1", "http:///x",
    "http://198.18.0.1/", "http://192.0.2.1/", "http://240.0.0.1/", "http://255.255.255.255/", "http://[ff02::1]/",
    "\thttp://127.0.0.1/", "http://127.0.0.1\r\nHost: x/", "https://127.0.0.1/", "http://[::127.0.0.1]/", "http://[100::1]/",
)  # fmt: skip


@pytest.mark.parametrize("url", URLS)
def test_an_address_leads_to_nothing_within(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is connected to is noted, and nothing is."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    tried: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, to: tried.append(to))
    monkeypatch.setattr(socket, "create_connection", lambda to, *_, **__: tried.append(to))
    (file,) = find_files([url])
    with pytest.raises(DocumentError) as error:
        text_of(file)
    assert error.value.key in ("address_bad", "address_private", "address_failed", "document_missing", "document_name")
    assert tried == []


@pytest.mark.parametrize("ip", ["127.0.0.1", "169.254.169.254", "::1", "fd00:ec2::254", "0.0.0.0", "::ffff:a00:1"])
def test_a_name_that_means_this_machine_is_refused(ip: str) -> None:
    with pytest.raises(DocumentError) as error:
        address.fetch("http://laws.example.org/a.md", 1000, False, lambda *_: [ip])
    assert error.value.key == "address_private"


@pytest.mark.parametrize(
    "to",
    ["http://127.0.0.1:{port}/metrics", "//127.0.0.1:{port}/metrics", "http://[::1]:{port}/", "file:///etc/passwd",
     "ftp://x/", "http://2130706433:{port}/metrics", "http://a:b@x/", "http://inner.invalid/", "/\\127.0.0.1:{port}/"],
)  # fmt: skip
def test_a_redirect_leads_to_nothing_within(to: str, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first hop is taken for public, the second is not followed to what is within."""
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        if len(asked) == 1:
            return ["127.0.0.1"]
        return ["10.0.0.1"] if host.endswith(".invalid") or host == "x" else address.addresses_of(host, port)

    public, first = address._is_public, []

    def once(ip: str) -> bool:
        first.append(ip)
        return public(ip) or len(first) == 1

    monkeypatch.setattr(address, "_is_public", once)
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = to.format(port=site.base_url.port)

        def answer() -> None:
            to, _ = server.accept()
            with to:
                to.recv(65536)
                to.sendall(f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(DocumentError) as error:
            address.fetch(f"http://open.invalid:{server.getsockname()[1]}/", 10_000, False, resolve)
    assert error.value.key in ("address_bad", "address_private", "address_failed")


def test_the_members_of_an_archive_are_written_nowhere(tmp_path: Path) -> None:
    path, inner = tmp_path / "in" / "a.zip", tmp_path / "in"
    inner.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../out.md", "/tmp/tiaoyin-out.md", "..\\out.md", "a/../../out.md"):
            archive.writestr(name, DOGS)
        link = zipfile.ZipInfo("link.md")
        link.external_attr = 0o120777 << 16  # a symbolic link
        archive.writestr(link, "/etc/passwd")
    assert {document.title for document in parse(path)} <= {"小区养犬公约", "/etc/passwd", "link"}
    assert [each.name for each in tmp_path.rglob("*")] == ["in", "a.zip"]
    assert not Path("/tmp/tiaoyin-out.md").exists()
