"""Model files on disk: what counts as ready, what is refused, what is deleted. See test_fetch.py for how bytes come."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from carriers import ROOT, Site, record_of, site, tiny

from rag import models
from rag.catalogue import Model, Progress
from rag.errors import ModelError
from rag.models import bring, catalogue, checksum, locate, pull, require
from rag.words import sentences

__all__ = ["site"]

LLM = "qwen2.5-coder-1.5b-instruct-q4_k_m"
EMBEDDER = "multilingual-e5-small"


def silent(_: Progress) -> None:
    pass


def placed(model: Model, home: Path, data: bytes) -> Path:
    file = home / "models" / model.name / model.file
    file.parent.mkdir(parents=True)
    file.write_bytes(data)
    return file


def test_the_catalogue_adds_up() -> None:
    assert {name for name, model in catalogue().items() if model.default} == {LLM, EMBEDDER}
    for model in catalogue().values():
        assert sum(wheel.bytes for wheel in model.wheels) == model.bytes
        checksums = [model.sha256, *(wheel.sha256 for wheel in model.wheels)]
        assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in checksums)
        assert len(set(checksums)) == len(checksums)
        assert len({wheel.member for wheel in model.wheels}) == len(model.wheels)
    assert len(catalogue()[LLM].wheels) == 22
    assert catalogue()[LLM].sha256 == "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
    assert catalogue()[EMBEDDER].hub is None
    assert catalogue()[EMBEDDER].convert == "e5"


def test_every_key_that_models_raise_has_its_sentence_and_no_sentence_is_idle() -> None:
    sources = "".join(
        (ROOT / "rag" / f"{name}.py").read_text() for name in ("models", "checked", "fetch", "wheels", "convert_e5")
    )
    raised = set(re.findall(r'(?:ModelError|SourceFailed)\(\s*"(model_\w+)"', sources))
    assert raised == {key for key in sentences() if key.startswith("model_")}


def test_a_file_the_user_placed_is_checked_once_and_nothing_is_fetched(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site)
    file = placed(model, tmp_path, data)
    assert bring(model, tmp_path, silent) == file
    assert record_of(file)["files"] == {"tiny.gguf": [len(data), file.stat().st_mtime_ns, model.sha256]}
    # Unread: with size and mtime as recorded, other bytes go unnoticed. That is what makes a start fast.
    stamp = file.stat()
    file.write_bytes(bytes(len(data)))
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert bring(model, tmp_path, silent) == file
    assert not site.log


def test_a_wrong_file_the_user_placed_is_refused_and_kept(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site)
    file = placed(model, tmp_path, data[:-1])
    with pytest.raises(ModelError) as caught:
        bring(model, tmp_path, silent)
    found = hashlib.sha256(data[:-1]).hexdigest()
    for part in (str(file), found, model.sha256, "tiaoyin pull tiny", "left as it is", "--llm gguf:PATH"):
        assert part in str(caught.value)
    assert file.read_bytes() == data[:-1]
    assert not site.log
    file.unlink()
    assert bring(model, tmp_path, silent).read_bytes() == data


def test_a_wrong_checksum_is_deleted_and_said(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site, parts=1, sha256="0" * 64)
    with pytest.raises(ModelError) as caught:
        bring(model, tmp_path, silent)
    for part in ("deleted", hashlib.sha256(data).hexdigest(), "0" * 64, "tiaoyin pull tiny"):
        assert part in str(caught.value)
    left = [path.name for path in (tmp_path / "models" / "tiny").rglob("*") if path.is_file()]
    assert left == [".lock"]


def test_a_pulled_file_that_changed_is_deleted_and_said_and_the_next_pull_brings_it(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site, parts=1)
    file = bring(model, tmp_path, silent)
    with file.open("r+b") as out:
        out.write(b"damage")
    assert checksum(file) != model.sha256
    with pytest.raises(ModelError, match=r"changed or damaged .* deleted"):
        bring(model, tmp_path, silent)
    assert not file.exists()
    assert bring(model, tmp_path, silent).read_bytes() == data


def test_a_copied_home_is_read_once_and_accepted(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site, parts=1)
    bring(model, tmp_path / "a", silent)
    shutil.copytree(tmp_path / "a", tmp_path / "b", copy_function=shutil.copyfile)
    site.log.clear()
    file = bring(model, tmp_path / "b", silent)
    assert file.read_bytes() == data
    assert record_of(file)["files"] == {"tiny.gguf": [len(data), file.stat().st_mtime_ns, model.sha256]}
    assert not site.log


def test_a_second_pull_does_nothing(site: Site, tmp_path: Path) -> None:
    model, _ = tiny(site, parts=1)
    bring(model, tmp_path, silent)
    site.log.clear()
    heard: list[Progress] = []
    bring(model, tmp_path, heard.append)
    assert [p.what for p in heard] == ["ready"]
    assert not site.log


def test_two_pulls_at_once_fetch_once(site: Site, tmp_path: Path) -> None:
    model, data = tiny(site, parts=1)
    site.rate = 3_000_000
    heard: list[Progress] = []
    program = (
        "from pathlib import Path\nfrom rag.catalogue import Hub, Model, Wheel\nfrom rag.models import bring\n"
        f"bring({model!r}, Path({str(tmp_path)!r}), lambda p: print(p.what, flush=True))\n"
    )
    first = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert first.stdout
    assert first.stdout.readline() == "fetch\n"
    assert bring(model, tmp_path, heard.append).read_bytes() == data
    first.communicate()
    assert first.returncode == 0
    assert [p.what for p in heard] == ["wait", "ready"]
    assert site.whole(".whl") == ["tiny_model_part1-1.0-py3-none-any.whl"]


def test_a_full_disk_is_said_before_anything_is_fetched(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _ = tiny(site)
    monkeypatch.setattr(models.shutil, "disk_usage", lambda _: SimpleNamespace(free=2_900_000_000))
    with pytest.raises(ModelError, match=r"has 2\.9 GB left; bringing models needs 3\.0 GB"):
        bring(model, tmp_path, silent)
    assert not site.log


def test_a_full_disk_does_not_matter_when_the_file_is_there(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data = tiny(site)
    file = placed(model, tmp_path, data)
    monkeypatch.setattr(models.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert bring(model, tmp_path, silent) == file


def test_a_home_that_cannot_be_written_is_said(site: Site, tmp_path: Path) -> None:
    model, _ = tiny(site)
    (tmp_path / "home").write_text("a file where a folder should be")
    with pytest.raises(ModelError, match=r"Cannot write to .*Not a directory.*TIAOYIN_HOME"):
        bring(model, tmp_path / "home", silent)


MISSING = [
    (LLM, f"models/{LLM}/{LLM}.gguf", "1,117,320,768", "cc324af070c2ecbfd324a30884d2f951"),
    (EMBEDDER, f"models/{EMBEDDER}/e5-small-q4.bin", "71,622,400", "1571fc9827503943b6bb2e2c03c071f7"),
]


@pytest.mark.parametrize(("name", "file", "size", "sha256"), MISSING)
def test_a_missing_model_says_what_to_place_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, file: str, size: str, sha256: str
) -> None:
    assert locate(name, tmp_path) is None
    for lang in ("zh", "en"):
        monkeypatch.setenv("TIAOYIN_LANG", lang)
        with pytest.raises(ModelError) as caught:
            require(name, tmp_path)
        for part in (f"{tmp_path}/{file}", size, sha256, f"tiaoyin pull {name}"):
            assert part in str(caught.value)


def test_a_wrong_file_is_not_ready_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    file = placed(catalogue()[LLM], tmp_path, b"GGUF, but not that one")
    assert locate(LLM, tmp_path) is None
    with pytest.raises(ModelError, match=f"is not the intact model {re.escape(LLM)}"):
        require(LLM, tmp_path)
    assert file.exists()


def test_names_that_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    with pytest.raises(ModelError, match=r"nearest is (multilingual-e5-small)\. Type: tiaoyin pull \1 "):
        pull("e5-small", tmp_path, silent)
    with pytest.raises(ModelError, match="no model named e5-small, and no such path"):
        require("e5-small", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_model_of_ones_own_is_its_path_and_the_checksum_of_its_weights(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "0_Transformer").mkdir(parents=True)
    weights = own / "0_Transformer" / "model.safetensors"
    weights.write_bytes(b"weights")
    assert require(str(own), tmp_path) == own
    first = checksum(own)
    assert first == hashlib.sha256(b"weights").hexdigest()
    assert checksum(own) == first
    weights.write_bytes(b"other weights")
    second = checksum(own)
    (own / "tokenizer.json").write_text("{}")
    (own / "tiaoyin.checked.json").write_text("spoilt")
    assert len({first, second, checksum(own)}) == 3


def test_a_folder_without_weights_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    with pytest.raises(ModelError, match="holds no model weights"):
        checksum(tmp_path)


def test_a_checksum_of_a_folder_that_cannot_be_written_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "tiaoyin.checked.json").mkdir()  # nobody can write a file of this name now, not even root
    assert checksum(tmp_path) == checksum(tmp_path) == hashlib.sha256(b"weights").hexdigest()


def test_pulling_prints_nothing(site: Site, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model, _ = tiny(site, parts=1)
    bring(model, tmp_path, silent)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_the_pulled_models_are_found_without_reading_them() -> None:
    home = Path(os.environ.get("TIAOYIN_HOME", "~/.tiaoyin")).expanduser()
    for name in (LLM, EMBEDDER):
        if not locate(name, home):
            pytest.skip(f"{name} is not in {home}: tiaoyin pull {name}")
    opened, looking = list[Path](), True

    def hook(event: str, values: tuple[object, ...]) -> None:
        if event == "open" and looking and home in (file := Path(str(values[0]))).parents:
            opened.append(file)

    sys.addaudithook(hook)  # which stays, and looks no longer
    for name in (LLM, EMBEDDER):
        assert checksum(require(name, home)) == catalogue()[name].sha256
    looking = False
    assert opened and {file.name.endswith("tiaoyin.checked.json") for file in opened} == {True}, opened
