"""Keys: made, kept, asked for, ended; and on which addresses nobody is served without one."""

from __future__ import annotations

import base64
import hmac
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from rag.__main__ import main
from rag.errors import IndexError_, UsageError
from rag.generate.extractive import Extractive
from rag.keys import FILE, Door, Keys, door
from rag.serve import serve
from rag.settings import Settings
from tests.listening import QUESTION, Engine, listening

BODY = {"question": QUESTION}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("keys")
    with listening(Engine(folder, Extractive()), Door(Keys(folder), local=False)) as client:
        client.keys = Keys(folder)  # type: ignore[attr-defined]
        client.key = client.keys.new("anna")  # type: ignore[attr-defined]
        yield client


class Unready(Engine):
    """Has no index, and says where."""

    def ready(self, lang: str | None = None) -> str | None:
        raise IndexError_("index_missing", folder="/srv/secret-place")


@pytest.mark.parametrize("asked", [True, False])
def test_why_a_start_failed_is_told_only_where_no_key_is_asked_for(asked: bool, tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    shown = bearer(keys.new("anna"))
    with listening(Unready(tmp_path, Extractive()), Door(keys, local=False) if asked else None) as client:
        for path in ("/healthz", "/readyz"):
            assert ("secret-place" in client.get(path).text) is not asked, path
        got = client.get("/readyz")
        assert got.status_code == 503 and "retry-after" in got.headers
        assert got.json()["error"]["code"] == ("loading" if asked else "index_missing")
        assert "secret-place" in client.post("/api/ask", json=BODY, headers=shown).text


def login(name: str, key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()}


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_a_key_opens_everything_and_the_official_client_sends_it(site: Any) -> None:
    bot = openai.OpenAI(base_url=f"{site.base_url}/v1", api_key=site.key, max_retries=0)
    assert bot.chat.completions.create(model="embedded", messages=[{"role": "user", "content": QUESTION}]).choices
    for path in ("/metrics", "/openapi.json", "/", "/read/nothing"):
        assert site.get(path, headers=login("anna", site.key)).status_code in (200, 404), path
    wrong = openai.OpenAI(base_url=f"{site.base_url}/v1", api_key="ty-wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError) as raised:
        wrong.models.list()
    assert raised.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": ""}, {"authorization": "Bearer"}, bearer("ty-"), bearer("anna"), {"authorization": "Basic"},
     {"authorization": "Basic %%%"}, {"authorization": "Basic /////w=="}, login("anna", ""), login("", "x"),
     {"authorization": b"Bearer \xe4\xff"}, {"authorization": "Digest x"}],
)  # fmt: skip
def test_without_a_key_nothing_is_told_but_that_the_server_lives(site: httpx.Client, headers: Any) -> None:
    for path in ("/", "/v1/models", "/metrics", "/openapi.json", "/read/x", "/config", "/gradio_api/info", "/v1/x",
                 "/gradio_api/file=/etc/passwd", "/theme.css", "/gradio_api/queue/data?session_hash=x"):  # fmt: skip
        got = site.get(path, headers=headers)
        assert (got.status_code, got.json()["error"]["code"]) == (401, "invalid_api_key"), path
        assert got.headers["www-authenticate"].startswith("Bearer" if path.startswith("/v1") else "Basic realm=")
    assert site.post("/api/ask", json=BODY, headers=headers).status_code == 401
    for path in ("/healthz", "/readyz"):
        assert site.get(path).status_code == 200


def test_the_name_must_be_the_keys_own(site: Any) -> None:
    assert site.get("/v1/models", headers=login("anna", site.key)).status_code == 200
    assert site.get("/v1/models", headers=login("bert", site.key)).status_code == 401


def test_an_ended_key_is_dead_at_once_and_a_damaged_file_lets_nobody_in(site: Any) -> None:
    key = site.keys.new("bert")
    assert site.get("/v1/models", headers=bearer(key)).status_code == 200
    site.keys.remove("bert")
    assert site.get("/v1/models", headers=bearer(key)).status_code == 401
    file = site.keys.home / FILE
    before = file.read_bytes()
    for damage in (b"", b"[]", b"\xff", b'"x"'):
        file.write_bytes(damage)
        got = site.get("/v1/models", headers=bearer(site.key))
        assert (got.status_code, got.json()["error"]["code"]) == (500, "fault"), damage
        assert str(site.keys.home) not in got.text
    file.write_bytes(before)


def test_what_is_kept_is_no_key_and_its_owners_alone(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    made = [keys.new(name) for name in ("anna", "b.c-d_1")]
    text = (tmp_path / FILE).read_text()
    assert len(set(made)) == 2 and all(len(key) > 43 and key not in text and key[3:] not in text for key in made)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [keys.owner(key) for key in (*made, made[0][:-1], made[0] + "x", "", "\ud800")] == [
        "anna", "b.c-d_1", None, None, None, None,
    ]  # fmt: skip


def test_every_kept_hash_is_compared_in_constant_time_after_a_hit_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys(tmp_path)
    made = {name: keys.new(name) for name in ("anna", "bert", "carl")}
    kept, compared, real = list(keys.kept().values()), list[str](), hmac.compare_digest

    def compare(shown: str, known: str) -> bool:
        compared.append(known)
        return real(shown, known)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for name, key in (*made.items(), (None, "ty-nobody's")):
        assert keys.owner(key) == name
        assert compared == kept, name
        compared.clear()


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "äöü", "x" * 41, "../x", "a:b"])
def test_a_name_that_could_not_stand_in_a_log_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        Keys(tmp_path).new(name)


def test_keys_are_made_named_and_ended_on_the_command_line(
    clean: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    home = ["--home", str(clean)]
    assert main(["key", "list", *home]) == 0
    assert "tiaoyin key new NAME" in capsys.readouterr().out
    assert main(["key", "new", "anna", *home]) == 0
    key = capsys.readouterr().out.splitlines()[0]
    assert Keys(clean).owner(key) == "anna"
    assert main(["key", "new", "anna", *home]) == 2
    assert main(["key", "list", *home]) == 0
    said = capsys.readouterr()
    assert said.out == "anna\n" and "tiaoyin key remove anna" in said.err and key not in said.err
    assert main(["key", "remove", "anna", *home]) == 0
    assert main(["key", "remove", "anna", *home]) == 2
    assert main(["key", "new", *home]) == 2
    assert Keys(clean).kept() == {}


@pytest.mark.parametrize(
    ("address", "kept", "settings", "space", "opens"),
    [
        ("127.0.0.1", False, {}, False, Door()),
        ("127.8.9.1", True, {}, False, Door()),
        ("::1", False, {}, False, Door()),
        ("127.0.0.1", False, {"keys": "on"}, False, None),
        ("127.0.0.1", True, {"keys": "on"}, False, "keys"),
        ("0.0.0.0", False, {}, False, None),
        ("::", False, {}, False, None),
        ("192.168.1.5", False, {"demo": "on"}, False, None),
        ("192.168.1.5", True, {}, False, "keys"),
        ("0.0.0.0", False, {}, True, None),
        ("0.0.0.0", False, {"demo": "on"}, True, Door(local=False)),
        ("0.0.0.0", True, {"demo": "on", "keys": "on"}, True, "keys"),
    ],
)
def test_who_gets_in_on_which_address(
    address: str, kept: bool, settings: dict[str, str], space: bool, opens: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("SPACE_ID", "a/b") if space else monkeypatch.delenv("SPACE_ID", raising=False)
    if kept:
        Keys(tmp_path).new("anna")
    made = Settings(home=tmp_path, **settings)  # type: ignore[arg-type]
    if opens is None:
        with pytest.raises(UsageError, match="tiaoyin key new"):
            door(made, address)
    else:
        assert door(made, address) == (Door(Keys(tmp_path), local=False) if opens == "keys" else opens)


def test_serve_refuses_an_address_of_others_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    with pytest.raises(UsageError, match=r"0\.0\.0\.0") as raised:
        serve(Engine(tmp_path, Extractive()), "0.0.0.0", 0)
    assert raised.value.exit_status == 2


HOSTS = [
    ("127.0.0.1:80", 200), ("localhost", 200), ("LOCALHOST:1", 200), ("[::1]:5", 200), ("127.0.0.1.evil.example", 421),
     ("evil.example", 421), ("localhost.evil.example:7860", 421), ("", 421), ("192.168.1.5", 421),
]  # fmt: skip


def test_a_name_that_points_here_is_not_answered_where_no_key_is_asked_for(tmp_path: Path) -> None:
    with listening(Engine(tmp_path, Extractive())) as client:
        for host, status in HOSTS:
            for path in ("/v1/models", "/"):
                assert client.get(path, headers={"host": host}).status_code == status, host
