"""The container's own steps without a container engine: what it copies, whom it runs as, how it starts and is asked."""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from browser import free_port, served, until
from carriers import Site, site, wheel
from test_space import NOBODY, UNPRIVILEGED, clean_home
from test_space import ROOT as AS_ROOT

from rag.settings import load

__all__ = ["site"]
ROOT = Path(__file__).parent.parent
TEXT = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
STEPS = [tuple(line.split(maxsplit=1)) for line in TEXT.splitlines() if line and not line.startswith("#")]
LAST = STEPS[max(n for n, step in enumerate(STEPS) if step[0] == "FROM") :]
"""The instructions of the stage that is kept."""
ENV = dict(pair.split("=", 1) for name, rest in LAST if name == "ENV" for pair in shlex.split(rest))
LAUNCHER = "/usr/local/bin/tiaoyin"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
PINS = dict(each.split("==") for each in (ROOT / "constraints.txt").read_text().splitlines() if "==" in each)


def value(name: str) -> str:
    """What the last instruction of this name says."""
    return [rest for each, rest in LAST if each == name][-1]


def copied() -> list[tuple[list[str], str]]:
    """Sources and target of each COPY from this folder."""
    found = [rest.split() for name, rest in STEPS if name == "COPY" and not rest.startswith("--from")]
    return [(parts[:-1], parts[-1]) for parts in found]


def sent(path: str) -> bool:
    """Whether .dockerignore lets this path into the build; the last rule that fits it or a folder above decides."""
    kept = True
    for rule in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = rule.lstrip("!").removeprefix("**/")
        above = [path, *map(str, Path(path).parents)][:-1]
        if any(fnmatch.fnmatch(each, pattern) or fnmatch.fnmatch(Path(each).name, pattern) for each in above):
            kept = rule.startswith("!")
    return kept


def test_what_is_copied_is_there_and_sent_and_nothing_else_is_sent() -> None:
    sources = [each for several, _ in copied() for each in several]
    assert {"rag", "ui", "data/documents", "requirements.lock"} <= set(sources)
    for each in sources:
        assert (ROOT / each).exists() and sent(each), each
    assert sent("rag/words/page.toml") and sent("data/documents/any.md")
    for each in (".git/config", ".venv/x", "tests/tiny.py", "data/eval/page.jsonl", "rag/__pycache__/x.pyc", ".env"):
        assert not sent(each), each


def test_packages_come_by_their_hashes_in_a_stage_of_their_own_and_torch_is_the_cpu_build() -> None:
    first, last = (re.sub(r":\S+| AS .*", "", step[1]) for step in STEPS if step[0] == "FROM")
    assert first == last == "python"
    (install,) = [rest for name, rest in STEPS if name == "RUN" and "pip install" in rest]
    assert all(word in install for word in ("--require-hashes", "--no-deps", "--no-cache-dir", "-r /requirements.lock"))
    assert f"torch=={PINS['torch']}+cpu --hash" in (ROOT / "requirements.lock").read_text()
    assert not any("pip" in rest for name, rest in LAST if name == "RUN")


def run(step: str, *replaced: tuple[str, str], **environment: str) -> subprocess.CompletedProcess[str]:
    """The command of a RUN instruction, with another text for each of `replaced`."""
    for text, other in replaced:
        assert text in step, text
        step = step.replace(text, other)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-ec", step], capture_output=True, text=True, env=os.environ | environment | {"PATH": path}
    )


RUNS = [rest for name, rest in STEPS if name == "RUN"]


def test_no_packages_are_brought_without_the_index_of_cpu_builds() -> None:
    (asks,) = [each for each in RUNS if "TORCH_INDEX=ADDRESS" in each]
    refused = run(asks, TORCH_INDEX="")
    assert refused.returncode == 1 and "--build-arg TORCH_INDEX=ADDRESS" in refused.stderr
    assert run(asks, TORCH_INDEX="http://127.0.0.1:9").returncode == 0


def test_packages_are_installed_where_their_hashes_are_those_of_the_lock(site: Site, tmp_path: Path) -> None:
    packed, lock = wheel(site, "tiny-package", b"1" * 100), tmp_path / "requirements.lock"
    (install,) = [each for each in RUNS if "pip install" in each]
    pip, torch = ("pip install", f"{sys.executable} -m pip install"), f"{site.url}/simple"
    for sha256, right in ((packed.sha256, True), ("0" * 64, False)):
        lock.write_text(f"tiny-package==1.0 --hash=sha256:{sha256}\n")
        prefix = tmp_path / str(right)
        done = run(install, pip, ("/packages", str(prefix)), ("/requirements.lock", str(lock)), TORCH_INDEX=torch)
        assert (done.returncode == 0) == right, done.stderr
        assert bool(list(prefix.rglob("tiny_package/data/part.bin"))) == right
    assert "DO NOT MATCH THE HASHES" in done.stderr


def launcher(folder: Path) -> str:
    """The command `tiaoyin`, as the image's own step writes it, in `folder`."""
    _, printed, made = next(each for each in RUNS if "useradd" in each).partition("printf")
    done = run(printed + made, (LAUNCHER, str(folder / "tiaoyin")))
    assert done.returncode == 0, done.stderr
    return str(folder / "tiaoyin")


@pytest.mark.skipif(not AS_ROOT, reason="only root may make users and give folders away")
def test_its_user_is_made_with_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group", "shadow", "gshadow"):
        (tmp_path / "etc" / name).touch()
    (tmp_path / "etc" / "login.defs").write_text("USERGROUPS_ENAB yes\n")  # as Debian has it
    made = next(each for each in RUNS if "useradd" in each)
    folder, number = tmp_path / "data", value("USER").partition(":")[0]
    # `install` would look for the name in the users of this machine
    done = run(
        made, ("useradd", f"useradd --prefix {tmp_path}"), ("-o tiaoyin -g tiaoyin", f"-o {number} -g {number}"),
        ("0700 /data", f"0700 {folder}"), (LAUNCHER, str(tmp_path / "tiaoyin")),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "etc" / "passwd").read_text().startswith(f"tiaoyin:x:{number}:{number}::/data:")
    assert (folder.stat().st_uid, folder.stat().st_gid, folder.stat().st_mode & 0o777) == (10001, 10001, 0o700)
    assert value("USER") == "10001:10001"


def test_it_runs_as_nobody_special_and_keeps_what_it_keeps_in_the_volume() -> None:
    assert int(value("USER").partition(":")[0]) >= 10000
    assert ENV["HOME"] == ENV["TIAOYIN_HOME"] == value("VOLUME") == "/data"
    assert "-m 0700 /data" in next(rest for name, rest in LAST if name == "RUN")
    assert ENV["TIAOYIN_PORT"] == value("EXPOSE")


def test_the_compose_file_fits_the_image_and_the_pins() -> None:
    services: dict[str, Any] = COMPOSE["services"]
    assert set(services) == {"tiaoyin", "chroma", "llama"}
    assert services["chroma"]["image"] == f"chromadb/chroma:{PINS['chromadb']}"
    assert services["llama"]["profiles"] == ["llama"]
    for name, service in services.items():
        assert re.search(r":[\w.-]*\d", service["image"]), name  # never latest
        assert set(service) <= {
            "build", "image", "user", "profiles", "command", "ports", "environment", "volumes", "depends_on", "init",
            "cap_drop", "security_opt", "stop_grace_period", "restart",
        }, name  # fmt: skip
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] if source[0] != "." else (ROOT / source).is_dir(), volume
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
    (port,) = services["tiaoyin"]["ports"]
    assert port.rpartition(":")[2] == ENV["TIAOYIN_PORT"]
    assert services["llama"]["user"] == value("USER")


def test_the_settings_of_the_compose_file_are_settings(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_there = COMPOSE["services"]["tiaoyin"]["environment"]
    for name, given in (ENV | set_there).items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(.*)\}", r"\1", given))
    made = load({})
    assert (made.host, made.port, made.llm, made.chroma) == ("0.0.0.0", 7860, "embedded", "http://chroma:8000")
    (other,) = re.findall(r"TIAOYIN_LLM=(\S+)", (ROOT / "compose.yaml").read_text())
    from rag import generate

    generate.check(other)


def is_ready(address: str) -> bool:
    with contextlib.suppress(httpx.TimeoutException):
        return httpx.get(address, timeout=10).status_code == 200
    return False


@pytest.fixture
def image(home: Path) -> Iterator[Path]:
    """A folder with what the image has in /app, and in data what a first start would bring into /data."""
    with clean_home(home / "models") as own:
        (own / ".tiaoyin").rename(own / "data")
        for sources, target in copied():
            for each in sources:
                place = own / "app" / (each if target == "./" else target)
                place.parent.mkdir(parents=True, exist_ok=True)
                if (ROOT / each).is_dir():
                    shutil.copytree(ROOT / each, place, ignore=shutil.ignore_patterns("__pycache__"))
                elif target.startswith("./"):
                    shutil.copy(ROOT / each, place)
        yield own


def started(image: Path, command: list[str], port: int) -> list[str]:
    """The command with the image's environment alone, as its user, /app and /data being folders of `image`."""
    given = {name: re.sub(r"^/(data|app)\b", rf"{image}/\1", value) for name, value in ENV.items()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where `python` is
    given |= {"TIAOYIN_PORT": str(port), "TIAOYIN_LLM": "extractive", "TIAOYIN_LANG": "en", "PATH": path}
    command = [sys.executable if word == "python" else word for word in command]
    inside = ["sh", "-c", f'cd {image}/app && exec "$@"', "sh", *command]
    return [*(UNPRIVILEGED if AS_ROOT else []), "env", "-i", *(f"{k}={v}" for k, v in given.items()), *inside]


@pytest.mark.slow
@pytest.mark.alone
def test_its_command_asks_for_a_key_then_serves_and_is_found_healthy(image: Path, tmp_path: Path) -> None:
    command, port, tiaoyin = json.loads(value("CMD")), free_port(), launcher(image)
    refused = subprocess.run(started(image, command, port), capture_output=True, text=True, timeout=60)
    assert (refused.returncode, "tiaoyin key new NAME" in refused.stderr) == (1, True)
    made = subprocess.run(
        started(image, [tiaoyin, "key", "new", "anna"], port), capture_output=True, text=True, check=True
    )
    key = made.stdout.splitlines()[0]
    health = json.loads(value("HEALTHCHECK").partition("CMD ")[2])
    with served(started(image, command, port), tmp_path / "output.txt") as site:
        # As an engine does: a look that comes while models are being loaded may be too late, and the next is not.
        until(lambda: subprocess.run(started(image, health, port), timeout=60).returncode == 0, 120)
        address = f"http://127.0.0.1:{port}"
        until(lambda: is_ready(f"{address}/readyz"), 120)
        body = {"question": "行动计划推广哪些绿色计算技术?"}
        assert httpx.post(f"{address}/api/ask", json=body).status_code == 401
        got = httpx.post(f"{address}/api/ask", json=body, headers={"authorization": f"Bearer {key}"}, timeout=60)
        assert got.json()["citations"][0]["article"] == "7"
        assert site.output() == f"http://0.0.0.0:{port}\n"
    assert subprocess.run(started(image, health, port), capture_output=True).returncode != 0
    for each in ("keys.json", "index"):
        assert (image / "data" / each).stat().st_uid == (NOBODY if AS_ROOT else os.getuid())
