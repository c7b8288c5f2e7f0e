"""Models by their name on the hub: what is fetched, pinned, continued, found again, and said when it cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from carriers import Site, site

from rag import models
from rag.catalogue import Progress
from rag.errors import ModelError
from rag.models import checksum, locate, pull, require

__all__ = ["site"]

NAME = "org/tiny-model"
COMMITS = ("1" * 40, "2" * 40)
WANTED = {
    "config.json": b'{"model_type": "bert"}',
    "modules.json": b"[]",
    "tokenizer.json": b"{}",
    "1_Pooling/config.json": b'{"pooling_mode_mean_tokens": true}',
    "model.safetensors": b"weights" * 400_000,
    "2_Dense/pytorch_model.bin": b"dense" * 9,
}
UNWANTED = {
    "pytorch_model.bin": b"the same weights",
    "onnx/model.onnx": b"onnx",
    "onnx/config.json": b"{}",
    "openvino/openvino_model.bin": b"openvino",
    "modeling.py": b"raise SystemExit",
    ".gitattributes": b"",
    "../../outside.json": b"{}",
    "README.md": b"#",
}


def silent(_: Progress) -> None:
    pass


@pytest.fixture
def hub(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site with one repository, and a cache of the hub's own that is empty."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    site.repository, site.commit = (NAME, WANTED | UNWANTED), COMMITS[0]
    return site


def files_in(folder: Path) -> dict[str, bytes]:
    kept = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: data for name, data in kept.items() if name not in (".lock", "tiaoyin.checked.json")}


def test_only_what_sentence_transformers_loads_is_fetched_once_and_its_commit_is_kept(
    hub: Site, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    folder = pull(NAME, tmp_path, heard.append)
    assert folder == tmp_path / "models" / NAME == require(NAME, tmp_path)
    assert files_in(folder) == WANTED
    assert json.loads((folder / "tiaoyin.checked.json").read_text())["revision"] == COMMITS[0]
    assert (heard[-1].what, heard[-1].name) == ("ready", NAME)
    fetched = [p.done_bytes for p in heard if p.what == "fetch"]
    assert fetched == sorted(fetched)
    assert fetched[-1] == sum(map(len, WANTED.values())) == heard[-2].total_bytes
    known, asked = checksum(folder), len(hub.log)
    hub.commit = COMMITS[1]
    assert pull(NAME, tmp_path, silent) == folder
    assert len(hub.log) == asked
    assert checksum(folder) == known


def test_weights_of_the_older_kind_are_fetched_where_there_are_no_others(hub: Site, tmp_path: Path) -> None:
    files = {name: data for name, data in (WANTED | UNWANTED).items() if not name.endswith(".safetensors")}
    hub.repository = (NAME, files)
    assert set(files_in(pull(NAME, tmp_path, silent))) == (WANTED.keys() | {"pytorch_model.bin"}) - {
        "model.safetensors"
    }


def test_a_broken_pull_is_not_taken_for_a_model_and_is_continued(hub: Site, tmp_path: Path) -> None:
    hub.cut = 1_000_000
    with pytest.raises(ModelError, match=f"tiaoyin pull {NAME}") as caught:
        pull(NAME, tmp_path, silent)
    assert caught.value.key == "repository_failed"
    assert locate(NAME, tmp_path) is None
    with pytest.raises(ModelError, match=f"tiaoyin pull {NAME}"):
        require(NAME, tmp_path)
    have = (tmp_path / "models" / NAME / "model.safetensors.partial").stat().st_size
    assert 0 < have < len(WANTED["model.safetensors"])
    hub.cut, hub.commit = 0, COMMITS[1]
    hub.log.clear()
    assert files_in(pull(NAME, tmp_path, silent)) == WANTED
    assert [sent.range for sent in hub.log if sent.name == "model.safetensors"] == [f"bytes={have}-"]
    record = json.loads((tmp_path / "models" / NAME / "tiaoyin.checked.json").read_text())
    assert record["revision"] == COMMITS[0]  # what was begun is ended


def test_damage_is_seen_and_mended_from_the_commit_that_was_pulled(hub: Site, tmp_path: Path) -> None:
    folder = pull(NAME, tmp_path, silent)
    known = checksum(folder)
    (folder / "model.safetensors").write_bytes(b"damage")
    assert checksum(folder) != known
    assert locate(NAME, tmp_path) is None
    hub.commit = COMMITS[1]
    hub.log.clear()
    assert checksum(pull(NAME, tmp_path, silent)) == known
    assert files_in(folder) == WANTED
    assert [sent.name for sent in hub.log if sent.whole and sent.name.endswith(("safetensors", "bin"))] == [
        "model.safetensors"
    ]


def test_a_folder_that_the_user_placed_is_found_without_a_network(tmp_path: Path) -> None:
    folder = tmp_path / "models" / NAME
    for name, data in WANTED.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    assert require(NAME, tmp_path) == pull(NAME, tmp_path, silent) == folder


def test_other_prompts_or_pooling_are_another_model(tmp_path: Path) -> None:
    found = set()
    for n, change in enumerate(("", "1_Pooling/config.json", "config_sentence_transformers.json", "README.md")):
        folder = tmp_path / str(n)
        for name, data in (WANTED | ({change: b"another"} if change else {})).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        found.add(checksum(folder))
    assert len(found) == 3  # a README changes nothing


def test_the_hubs_own_cache_is_looked_into_and_left_unasked(hub: Site, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        require(NAME, tmp_path)
    assert not hub.log
    place = tmp_path / "cache" / f"models--{NAME.replace('/', '--')}" / "snapshots" / COMMITS[0]
    for name, data in WANTED.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    (place.parent.parent / "refs").mkdir()
    (place.parent.parent / "refs" / "main").write_text(COMMITS[0])
    (tmp_path / "models" / NAME).mkdir(parents=True)  # what a pull without a network leaves
    assert require(NAME, tmp_path) == place
    assert not hub.log
    assert len(checksum(place)) == 64


def test_the_same_files_have_the_same_checksum_wherever_they_lie(hub: Site, tmp_path: Path) -> None:
    folder = pull(NAME, tmp_path, silent)
    shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns("tiaoyin*"))
    assert checksum(tmp_path / "copy") == checksum(folder)


def test_a_file_with_another_checksum_is_deleted_and_said(hub: Site, tmp_path: Path) -> None:
    hub.cut = 1_000_000
    with pytest.raises(ModelError):
        pull(NAME, tmp_path, silent)
    partial = tmp_path / "models" / NAME / "model.safetensors.partial"
    partial.write_bytes(b"other" + partial.read_bytes()[5:])
    hub.cut = 0
    with pytest.raises(ModelError, match=f"tiaoyin pull {NAME}") as caught:
        pull(NAME, tmp_path, silent)
    assert caught.value.key == "model_checksum"
    assert files_in(pull(NAME, tmp_path, silent)) == WANTED


def test_a_page_in_the_place_of_the_hub_is_said(hub: Site, tmp_path: Path) -> None:
    hub.page = b"<html>please log in</html>"
    with pytest.raises(ModelError, match="HTTP 200") as caught:
        pull(NAME, tmp_path, silent)
    assert caught.value.key == "repository_failed"


def test_an_unknown_repository_and_one_without_weights_are_told_apart(hub: Site, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        pull("org/another", tmp_path, silent)
    assert caught.value.key == "repository_unknown"
    hub.repository = (NAME, {"config.json": b"{}", "onnx/model.onnx": b"onnx"})
    with pytest.raises(ModelError) as caught:
        pull(NAME, tmp_path, silent)
    assert caught.value.key == "repository_no_weights"


def test_a_hub_out_of_reach_or_switched_off_is_said(hub: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=f"HF_HUB_OFFLINE is set(.|\n)*tiaoyin pull {NAME}"):
        pull(NAME, tmp_path, silent)
    assert not hub.log
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match=f"Connection refused(.|\n)*tiaoyin pull {NAME}"):
        pull(NAME, tmp_path, silent)


NAMES = [
    ("BAAI/bge-m3", True), ("Qwen/Qwen3-Embedding-0.6B", True), ("thenlper/gte-large-zh", True),
    ("multilingual-e5-small", False), ("./bge-m3", False), ("/models/bge-m3", False), ("../x/y", False),
    ("~/models", False), ("a/b/c", False), ("", False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "yes"), NAMES)
def test_a_name_of_the_hub_is_told_from_a_path(name: str, yes: bool) -> None:
    assert models.is_repository(name) is yes
