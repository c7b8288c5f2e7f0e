"""The 4-bit embedder file becomes a sentence-transformers folder, and a damaged one a clear error."""

from __future__ import annotations

import json
import os
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from rag.convert_e5 import convert
from rag.errors import ModelError
from rag.models import locate

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "第", "一条", "▁为了", "～", "3", "5", "年", "a"]
SPACES, DROPPED, OTHER = "\n\u200b", "\x01", "Ａ"
HIDDEN, FFN, VOCAB, POSITIONS = 32, 64, len(PIECES) + 3, 16
SHAPES = {"emb.word": VOCAB * HIDDEN, "emb.pos": POSITIONS * HIDDEN, "emb.type": 2 * HIDDEN}
SHAPES |= {"emb.ln.w": HIDDEN, "emb.ln.b": HIDDEN}
SHAPES |= {f"l0.{name}.w": HIDDEN * HIDDEN for name in ("q", "k", "v", "ao")}
SHAPES |= {"l0.fi.w": HIDDEN * FFN, "l0.fo.w": HIDDEN * FFN, "l0.fi.b": FFN}
SHAPES |= {f"l0.{name}": HIDDEN for name in ("q.b", "k.b", "v.b", "ao.b", "fo.b", "aln.w", "aln.b", "oln.w", "oln.b")}
FOUR_BIT = {name for name in SHAPES if name == "emb.word" or name.split(".")[-2] in ("q", "k", "v", "ao", "fi", "fo")}
FOUR_BIT = {name for name in FOUR_BIT if name.endswith(("word", ".w"))}


def block(nibbles: list[int], scale: float) -> bytes:
    """One Q4_0 block: the low nibbles are weights 0 to 15, the high ones 16 to 31."""
    return struct.pack("<e16B", scale, *(low | high << 4 for low, high in zip(nibbles[:16], nibbles[16:], strict=True)))


def e5(*, magic: bytes = b"E5S1", hidden: int = HIDDEN, unk: int = 3, epsilon: float = 1e-12, skip: str = "") -> bytes:
    """A whole tiny file of one layer, or one with a single thing wrong."""
    blob, offsets = b"", [0]
    for piece in PIECES:
        blob += piece.encode()
        offsets.append(len(blob))
    head = magic + struct.pack("<i7ifi", 1, hidden, 1, 2, FFN, VOCAB, POSITIONS, 2, epsilon, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, unk, len(blob))
    head += struct.pack(f"<{len(offsets)}I", *offsets)
    head += struct.pack(f"<{len(PIECES)}f", *(-float(n) for n in range(len(PIECES)))) + blob
    table = b"".join(struct.pack("<IBI", ord(c), 1, 0x20) for c in SPACES)
    table += struct.pack("<IB", ord(DROPPED), 0) + struct.pack("<IBI", ord(OTHER), 1, ord("A"))
    head += struct.pack("<iI", len(SPACES) + 2, len(table)) + table
    names = [name for name in SHAPES if name != skip]
    at = len(head) + 4 + sum(2 + len(name) + 21 for name in names)
    directory, tensors = struct.pack("<i", len(names)), b""
    for name in names:
        count = SHAPES[name]
        if name in FOUR_BIT:
            data = b"".join(block([(n + b) % 16 for n in range(32)], 0.5) for b in range(count // 32))
        else:
            data = np.arange(count, dtype="<f4").tobytes()
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", int(name in FOUR_BIT), count, at + len(tensors), len(data))
        tensors += data
    return head + directory + tensors


def converted(data: bytes, tmp_path: Path) -> Path:
    source, folder = tmp_path / "e5.bin", tmp_path / "out"
    source.write_bytes(data)
    folder.mkdir(exist_ok=True)
    convert(source, folder)
    return folder


def test_four_bit_blocks_and_floats_become_their_values(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    state = load_file(converted(e5(), tmp_path) / "model.safetensors")
    words = state["embeddings.word_embeddings.weight"]
    assert words.shape == (VOCAB, HIDDEN)
    assert words.dtype == np.float32
    assert words[0].tolist() == [((n % 16) - 8) * 0.5 for n in range(32)]
    assert words[3].tolist() == [(((n + 3) % 16) - 8) * 0.5 for n in range(32)]
    assert state["embeddings.position_embeddings.weight"][1, 2] == HIDDEN + 2
    assert state["encoder.layer.0.intermediate.dense.weight"].shape == (FFN, HIDDEN)
    assert state["encoder.layer.0.output.dense.weight"].shape == (HIDDEN, FFN)
    assert state["encoder.layer.0.output.LayerNorm.bias"].tolist() == list(range(HIDDEN))
    assert len(state) == len(SHAPES) + 2


TOKENS = [
    # text, its tokens, what would go wrong
    ("第一条", ["<s>", "▁", "第", "一条", "</s>"]),
    ("第一条\n\n为了", ["<s>", "▁", "第", "一条", "▁为了", "</s>"]),  # a line break as an unknown word
    ("第\x01一条", ["<s>", "▁", "第", "一条", "</s>"]),  # a control character as an unknown word
    ("第\u200b\u200b为了", ["<s>", "▁", "第", "▁为了", "</s>"]),
    ("3～5年", ["<s>", "▁", "3", "～", "5", "年", "</s>"]),  # the full-width tilde narrowed away
    ("３ａ", ["<s>", "▁", "3", "a", "</s>"]),
    ("", ["<s>", "</s>"]),
]


@pytest.mark.parametrize(("text", "tokens"), TOKENS)
def test_text_is_tokenised_as_the_model_learnt_it(tmp_path: Path, text: str, tokens: list[str]) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(converted(e5(), tmp_path) / "tokenizer.json"))
    assert tokenizer.encode(text).tokens == tokens


def test_the_folder_is_a_sentence_transformers_one(tmp_path: Path) -> None:
    folder = converted(e5(), tmp_path)
    kinds = [module["type"].rsplit(".", 1)[1] for module in json.loads((folder / "modules.json").read_text())]
    assert kinds == ["Transformer", "Pooling", "Normalize"]
    assert json.loads((folder / "config_sentence_transformers.json").read_text())["prompts"] == {
        "query": "query: ",
        "passage": "passage: ",
    }
    assert json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"] == POSITIONS
    assert json.loads((folder / "1_Pooling" / "config.json").read_text())["pooling_mode_mean_tokens"] is True
    assert (folder / "model.safetensors").stat().st_mode & 0o044


DAMAGE = [
    ("another kind of file", e5(magic=b"GGUF"), "magic"),
    ("a width that is no multiple of the block", e5(hidden=33), "header"),
    ("a width of gigabytes", e5(hidden=2**31 - 32), "header"),
    ("a negative width", e5(hidden=-32), "header"),
    ("a special token outside the vocabulary", e5(unk=len(PIECES)), "header"),
    ("an epsilon that is no number", e5(epsilon=float("nan")), "header"),
    ("a tensor missing", e5(skip="l0.oln.b"), "tensor l0.oln.b: missing"),
    ("another width than the tensors have", e5(hidden=64), "tensor emb.word"),
    ("the end missing", e5()[:-1], "tensor l0.oln.b"),
    ("text that is not UTF-8", e5().replace("条".encode(), b"\xff\xff\xff"), "vocabulary"),
    ("a piece twice", e5().replace(b"<pad>", b"<unk>"), "vocabulary"),
    ("weights that are no numbers", e5().replace(struct.pack("<e", 0.5), struct.pack("<e", float("nan"))), "tensor"),
    ("nothing", b"", "magic"),
]


@pytest.mark.parametrize(("data", "where"), [row[1:] for row in DAMAGE], ids=[row[0] for row in DAMAGE])
def test_a_damaged_file_is_a_model_error_that_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, where: str
) -> None:
    monkeypatch.setenv("TIAOYIN_LANG", "en")
    with pytest.raises(ModelError) as caught:
        converted(data, tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/e5.bin is damaged")
    assert f"({where}" in str(caught.value)
    assert not list((tmp_path / "out").iterdir())


def test_a_file_cut_anywhere_is_a_model_error(tmp_path: Path) -> None:
    whole = e5()
    for length in [*range(0, 1800, 7), *range(1800, len(whole), 997)]:
        with pytest.raises(ModelError):
            converted(whole[:length], tmp_path)


def test_flipped_bytes_never_end_in_a_traceback(tmp_path: Path) -> None:
    whole, chance, refused = e5(), random.Random(3), 0
    for _ in range(300):
        data = bytearray(whole)
        data[chance.randrange(1700)] = chance.randrange(256)
        for old in (tmp_path / "out").glob("*_*"):
            if old.is_dir():
                (old / "config.json").unlink()
                old.rmdir()
        try:
            converted(bytes(data), tmp_path)
        except ModelError:
            refused += 1
    assert 50 < refused < 300


@pytest.mark.slow
def test_the_pulled_embedder_tells_the_clause_from_the_recipe(capfd: pytest.CaptureFixture[str]) -> None:
    home = Path(os.environ.get("TIAOYIN_HOME", "~/.tiaoyin")).expanduser()
    folder = locate("multilingual-e5-small", home)
    if not folder:
        pytest.skip(f"multilingual-e5-small is not in {home}: tiaoyin pull multilingual-e5-small")
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    assert (model.prompts["query"], model.prompts["passage"]) == ("query: ", "passage: ")
    assert model.max_seq_length == 512
    query = model.encode("推广哪些绿色计算技术", prompt_name="query")
    clause, recipe, broken = model.encode(
        ["推广低功耗芯片、高效算法等绿色计算技术", "红烧肉怎么做", "推广低功耗芯片、\n高效算法等绿色计算技术"],
        prompt_name="passage",
    )
    assert query.shape == (384,)
    assert np.linalg.norm(clause) == pytest.approx(1, abs=1e-5)
    assert query @ clause > 0.9
    assert query @ clause > query @ recipe + 0.05
    assert clause @ broken > 0.98
    assert "MISSING" not in "".join(capfd.readouterr())
