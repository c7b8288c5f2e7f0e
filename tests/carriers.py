"""Tiny models in tiny wheels, and one local server that is both their package index and their model hub.

The server writes a log of what it sent, whole or not, so that a test can say what was fetched how often.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rag.catalogue import Hub, Model, Wheel

ROOT = Path(__file__).parent.parent
PIECE = 65536


@dataclass(frozen=True)
class Sent:
    """One answered GET: the path's last part, the Range asked for, and whether the body went out whole."""

    name: str
    range: str
    whole: bool


@dataclass
class Site:
    """What the server does: `delay` in seconds, `rate` in bytes a second, a break after `cut` bytes (`cuts` times).

    `repository` is the name and the files of one on the hub, the same at every commit, of which `commit` is the newest.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    log: list[Sent] = field(default_factory=list)
    url: str = ""
    delay: float = 0
    rate: int = 0
    cut: int = 0
    cuts: int = 1
    ranges: bool = True
    hub: bool = True
    page: bytes = b""
    repository: tuple[str, dict[str, bytes]] = ("", {})
    commit: str = ""

    def whole(self, ending: str) -> list[str]:
        return sorted(sent.name for sent in self.log if sent.whole and sent.name.endswith(ending))


def wheel(site: Site, distribution: str, payload: bytes) -> Wheel:
    """A wheel that pip accepts, carrying `payload`, added to the site."""
    package = distribution.replace("-", "_")
    info, member = f"{package}-1.0.dist-info", f"{package}/data/part.bin"
    texts = {
        member: payload,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = Path(os.environ["TMPDIR_FOR_WHEELS"]) / f"{package}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        rows = []
        for name, data in texts.items():
            archive.writestr(name, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{name},sha256={digest},{len(data)}\n")
        archive.writestr(f"{info}/RECORD", "".join([*rows, f"{info}/RECORD,,\n"]))
    data = path.read_bytes()
    site.files[path.name] = data
    return Wheel(distribution, "1.0", member, len(payload), len(data), hashlib.sha256(data).hexdigest())


def tiny(
    site: Site, *, hub: bool = False, parts: int = 3, size: int = 3_000_000, sha256: str = ""
) -> tuple[Model, bytes]:
    """A model of `parts` wheels of `size` random bytes each, and its bytes."""
    chance = random.Random(7)
    payloads = [chance.randbytes(size + n) for n in range(parts)]
    data = b"".join(payloads)
    site.files["tiny.gguf"] = data
    wheels = tuple(wheel(site, f"tiny-model-part{n}", payload) for n, payload in enumerate(payloads, 1))
    place = Hub("some/repo", "main", "tiny.gguf") if hub else None
    sha256 = sha256 or hashlib.sha256(data).hexdigest()
    return Model("tiny", "llm", "a test", "none", "tiny.gguf", len(data), sha256, wheels, place), data


def killed(model: Model, home: Path, point: str) -> None:
    """Bring `model` in another process, which kills itself with SIGKILL when the report `p` fulfils `point`."""
    program = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from rag.catalogue import Hub, Model, Wheel\nfrom rag.models import bring\n"
        f"def report(p):\n    if {point}: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"bring({model!r}, Path({str(home)!r}), report)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            name = self.path.rstrip("/").split("/")[-1]
            if self.path.startswith("/simple/"):
                own = [file for file in site.files if file.startswith(name.replace("-", "_") + "-")]
                self._send(name, "".join(f'<a href="/files/{file}">{file}</a>' for file in own).encode())
            elif self.path.startswith("/files/"):
                self._send(name, site.files[name])
            elif self.path.startswith("/api/models/"):
                self._send(name, site.page) if site.page else self._describe()
            elif site.repository[0] and self.path.startswith(f"/{site.repository[0]}/resolve/"):
                inner = self.path.split("/", 5)[5]
                self._send(name, site.repository[1][inner], ranged=True)
            elif site.hub:
                time.sleep(site.delay)
                self._send(name, site.page or site.files[name], ranged=site.ranges and not site.page)
            else:
                self.send_error(404)

        def _describe(self) -> None:
            """What the hub's interface says of the repository at one commit, and of its files."""
            repository, files = site.repository
            parts = self.path.split("?")[0].split("/")[3:]  # ORG, NAME, "revision" and a commit or branch
            if "/".join(parts[:2]) != repository:
                self.send_error(404)
                return
            commit = site.commit if parts[3] == "main" else parts[3]
            described: list[dict[str, object]] = [
                {"rfilename": name, "size": len(data)} for name, data in files.items()
            ]
            for each in described:
                if str(each["rfilename"]).endswith((".safetensors", ".bin")):
                    each["lfs"] = {"sha256": hashlib.sha256(files[str(each["rfilename"])]).hexdigest()}
            self._send(repository, json.dumps({"sha": commit, "siblings": described}).encode())

        def _send(self, name: str, body: bytes, ranged: bool = False) -> None:
            asked = self.headers.get("Range", "")
            start = int(asked[6:].rstrip("-")) if ranged and asked else 0
            self.send_response(206 if ranged and asked else 200)
            if ranged and asked:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Type", "text/html" if self.path.startswith("/simple/") else "application/zip")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            whole = self._body(body[start:], name)
            site.log.append(Sent(name, asked, whole))

        def _body(self, body: bytes, name: str) -> bool:
            slow = not self.path.startswith("/simple/")
            for at in range(0, len(body), PIECE):
                if slow and site.cuts and site.cut and at >= site.cut:
                    site.cuts -= 1
                    self.close_connection = True
                    return False
                try:
                    self.wfile.write(body[at : at + PIECE])
                except OSError:
                    return False
                if slow and site.rate:
                    time.sleep(PIECE / site.rate)
            return True

    return Handler


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A running Site that pip's settings and HF_ENDPOINT point to; nothing else is within reach."""
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    server.daemon_threads = True
    looks = 0.02  # seconds between two looks whether it is to end, half a second by default
    threading.Thread(target=server.serve_forever, args=(looks,), daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    for name in [name for name in os.environ if name.startswith(("PIP_", "HF_")) or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    (tmp_path / "carriers").mkdir()
    monkeypatch.setenv("TMPDIR_FOR_WHEELS", str(tmp_path / "carriers"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{site.url}/simple")
    monkeypatch.setenv("HF_ENDPOINT", site.url)
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    yield site
    server.shutdown()
    server.server_close()


def record_of(file: Path) -> dict[str, object]:
    return json.loads(file.with_name(f"{file.name}.tiaoyin.checked.json").read_text())
