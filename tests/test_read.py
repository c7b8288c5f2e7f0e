"""Files to text: what is read, and what is said about what cannot be."""

import os
from pathlib import Path

import pytest

from rag.errors import DocumentError
from rag.read import SUFFIXES, find_files, read, text_of
from rag.read.files import LIMIT

TEXT = "第一条　为了规范“数据”处理，制定本办法。\n第二条　〇〇八。\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("gb18030"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode("gb18030"),
    ],
    ids=["utf-8", "utf-8 bom", "utf-16 le", "utf-16 be", "gb18030", "crlf", "gb18030 cr"],
)
def test_every_encoding_and_newline_gives_the_same_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "办法.txt"
    path.write_bytes(data)
    assert read(path).text == TEXT


@pytest.mark.parametrize(
    ("name", "data", "key"),
    [
        ("empty.md", b"", "document_empty"),
        ("blank.txt", " \n\t\n　\n".encode(), "document_empty"),
        ("only_mark.txt", b"\xef\xbb\xbf", "document_empty"),
        ("picture.md", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "document_binary"),
        ("nul.txt", b"text\0text", "document_binary"),
        ("no_mark.txt", TEXT.encode("utf-16-le"), "document_binary"),
        ("cut.txt", b"\xff\xfe\x41", "document_encoding_unknown"),
        ("latin.txt", "Déjà vu, à côté, naïf".encode("latin-1"), "document_encoding_unknown"),
        ("control.txt", bytes(range(1, 32)) * 9, "document_binary"),
        ("law.doc", b"%PDF-1.7", "document_kind_unknown"),
        ("README", b"text", "document_kind_unknown"),
    ],
)
def test_a_file_that_is_no_text_is_refused_by_name(tmp_path: Path, name: str, data: bytes, key: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DocumentError) as raised:
        read(path)
    assert raised.value.key == key
    assert name in str(raised.value)


def test_a_file_over_the_limit_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(LIMIT + 1)
    with pytest.raises(DocumentError) as raised:
        read(path)
    assert raised.value.key == "document_too_large"
    assert "65 MB" in str(raised.value)


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    cases = {"gone.md": "document_missing", "pipe.txt": "document_not_a_file", "folder.txt": "document_not_a_file"}
    for name, key in cases.items():
        with pytest.raises(DocumentError) as raised:
            read(tmp_path / name)
        assert raised.value.key == key


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.md"
    path.write_text(TEXT)
    path.chmod(0)
    with pytest.raises(DocumentError) as raised:
        read(path)
    assert raised.value.key == "document_unreadable"


def test_a_folder_gives_its_readable_files_sorted_and_each_once(tmp_path: Path) -> None:
    names = ["b.md", "a.TXT", "sub/c.md", "README.md"]
    for name in [*names, ".hidden.md", ".git/d.md", "e.doc", "sub/f"]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(TEXT)
    found = find_files([tmp_path, tmp_path / "b.md"])
    assert [file.name for file in found] == sorted(str(tmp_path / name) for name in names)


def test_a_file_named_outright_is_kept_so_that_its_error_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "law.doc"
    path.write_bytes(b"%PDF-1.7")
    (file,) = find_files([path])
    assert (file.name, file.suffix, file.load()) == (str(path), ".doc", b"%PDF-1.7")
    with pytest.raises(DocumentError) as raised:
        text_of(file)
    assert raised.value.key == "document_kind_unknown"


def test_a_folder_below_a_hidden_one_is_walked_when_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / ".cache" / "a.md"
    path.parent.mkdir()
    path.write_text(TEXT)
    assert [file.name for file in find_files([path.parent])] == [str(path)]


def test_a_path_that_leads_nowhere_and_an_empty_folder_are_errors(tmp_path: Path) -> None:
    (tmp_path / "e.doc").write_bytes(b"%PDF-1.7")
    for path, key in ((tmp_path / "gone", "document_missing"), (tmp_path, "document_none")):
        (file,) = find_files([path])
        with pytest.raises(DocumentError) as raised:
            file.load()
        assert raised.value.key == key
    assert " ".join(SUFFIXES) in str(raised.value)
