"""The 4-bit file of multilingual-e5-small (`e5-small-q4.bin`) -> a sentence-transformers folder.

In: the file, already checked against its SHA-256 by `models.py`. Out: a folder that any version of
sentence-transformers or transformers opens: weights in float32, tokenizer, mean pooling, normalisation, prompts.
Every count and offset is checked all the same: a file that is not what it says raises ModelError, never a traceback.
It fetches nothing, runs nothing from the package the file came in, and needs no torch.

The file, little-endian: "E5S1"; a header; the vocabulary (offsets, scores, UTF-8); a normalisation map, code point to
code points; a directory of tensors; the tensors, float32 or blocks of 32 four-bit weights with one float16 scale.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelError

Floats = npt.NDArray[np.float32]
BLOCK = 32
BLOCK_BYTES = 18
DENSE = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
NORM = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
MODULES = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))


class _Damaged(ValueError):
    """The file contradicts itself; the text says where."""


@dataclass(frozen=True)
class _Header:
    hidden: int
    layers: int
    heads: int
    ffn: int
    vocab: int
    positions: int
    types: int
    epsilon: float
    pieces: int
    bos: int
    eos: int
    pad: int
    unk: int


class _Reader:
    """A cursor over the file's bytes that never leaves them."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def bytes(self, count: int, what: str) -> bytes:
        if not 0 <= count <= len(self.raw) - self.at:
            raise _Damaged(f"{what}: {count} bytes at {self.at} of {len(self.raw)}")
        self.at += count
        return self.raw[self.at - count : self.at]

    def take(self, form: str, what: str) -> tuple[Any, ...]:
        return struct.unpack("<" + form, self.bytes(struct.calcsize("<" + form), what))

    def array(self, dtype: str, count: int, what: str) -> npt.NDArray[Any]:
        return np.frombuffer(self.bytes(count * np.dtype(dtype).itemsize, what), dtype)


def convert(source: Path, folder: Path) -> None:
    """Write the sentence-transformers folder of `source` into the empty `folder` (471 MB; twice that of memory).

    Raises ModelError when the file is damaged, OSError when the folder cannot be written.
    """
    reader = _Reader(source.read_bytes())
    try:
        header = _header(reader)
        vocabulary = _vocabulary(reader, header)
        spaces, dropped = _blanks(reader)
        state = _state(reader, header, _directory(reader))
    except _Damaged as damage:
        raise ModelError("model_convert", file=source, why=damage) from damage
    _write_weights(folder, header, state)
    _write_tokenizer(folder, header, vocabulary, spaces, dropped)
    _write_modules(folder, header)


def _header(reader: _Reader) -> _Header:
    if reader.bytes(4, "magic") != b"E5S1" or reader.take("i", "version") != (1,):
        raise _Damaged("magic: not an E5S1 file of version 1")
    sizes = hidden, layers, heads, ffn, vocab, positions, types = reader.take("7i", "header")
    epsilon, block = reader.take("fi", "header")
    pieces, bos, eos, pad, unk = reader.take("5i", "header")
    header = _Header(hidden, layers, heads, ffn, vocab, positions, types, epsilon, pieces, bos, eos, pad, unk)
    # Bounds far above this model family: what lies outside is damage, and must not ask for gigabytes.
    sane = (
        all(0 < size <= 1_000_000 for size in (*sizes, pieces))
        and block == BLOCK
        and hidden % BLOCK == ffn % BLOCK == hidden % heads == 0
        and 0 < epsilon < 1
        and pieces <= vocab
        and all(0 <= token < pieces for token in (bos, eos, pad, unk))
    )
    if not sane:
        raise _Damaged(f"header: {header}")
    return header


def _vocabulary(reader: _Reader, header: _Header) -> list[tuple[str, float]]:
    (length,) = reader.take("Q", "vocabulary")
    offsets = reader.array("<u4", header.pieces + 1, "vocabulary offsets").astype(np.int64)
    scores = reader.array("<f4", header.pieces, "vocabulary scores")
    blob = reader.bytes(length, "vocabulary text")
    if offsets[0] != 0 or offsets[-1] != length or (np.diff(offsets) <= 0).any() or not np.isfinite(scores).all():
        raise _Damaged("vocabulary: offsets or scores out of range")
    try:
        pieces = [blob[a:b].decode() for a, b in pairwise(offsets.tolist())]
    except UnicodeDecodeError as error:
        raise _Damaged(f"vocabulary: {error}") from error
    if len(set(pieces)) != len(pieces):
        raise _Damaged("vocabulary: a piece stands twice")
    return list(zip(pieces, scores.tolist(), strict=True))


def _blanks(reader: _Reader) -> tuple[str, str]:
    """The characters that the model reads as a space, and those it does not read at all.

    The rest of the map is NFKC, which the tokenizer does itself; without these, a line break would be an unknown word.
    """
    count, length = reader.take("iI", "normalisation map")
    body = _Reader(reader.bytes(length, "normalisation map"))
    spaces: list[str] = []
    dropped: list[str] = []
    for _ in range(count):
        code, size = body.take("IB", "normalisation map")
        becomes = body.array("<u4", size, "normalisation map").tolist()
        if code > 0x10FFFF:
            raise _Damaged(f"normalisation map: no such character {code}")
        if becomes in ([], [0x20]):
            (spaces if becomes else dropped).append(chr(code))
    return "".join(spaces), "".join(dropped)


def _directory(reader: _Reader) -> dict[str, tuple[int, int, int]]:
    """Tensor name -> kind (0 float32, 1 four-bit), offset and length in bytes."""
    entries = {}
    (count,) = reader.take("i", "directory")
    for _ in range(count):
        (length,) = reader.take("H", "directory")
        name = reader.bytes(length, "directory").decode("ascii", "replace")
        kind, _elements, offset, size = reader.take("BIQQ", f"directory: {name}")
        entries[name] = (kind, offset, size)
    return entries


def _shapes(header: _Header) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """(name in the file, name in transformers, shape) of every tensor of the model."""
    hidden, ffn = header.hidden, header.ffn
    yield "emb.word", "embeddings.word_embeddings.weight", (header.vocab, hidden)
    yield "emb.pos", "embeddings.position_embeddings.weight", (header.positions, hidden)
    yield "emb.type", "embeddings.token_type_embeddings.weight", (header.types, hidden)
    yield "emb.ln.w", "embeddings.LayerNorm.weight", (hidden,)
    yield "emb.ln.b", "embeddings.LayerNorm.bias", (hidden,)
    for layer in range(header.layers):
        for short, full in DENSE.items():
            rows, columns = {"fi": (ffn, hidden), "fo": (hidden, ffn)}.get(short, (hidden, hidden))
            yield f"l{layer}.{short}.w", f"encoder.layer.{layer}.{full}.weight", (rows, columns)
            yield f"l{layer}.{short}.b", f"encoder.layer.{layer}.{full}.bias", (rows,)
        for short, full in NORM.items():
            yield f"l{layer}.{short}.w", f"encoder.layer.{layer}.{full}.weight", (hidden,)
            yield f"l{layer}.{short}.b", f"encoder.layer.{layer}.{full}.bias", (hidden,)


def _state(reader: _Reader, header: _Header, directory: dict[str, tuple[int, int, int]]) -> dict[str, Floats]:
    state = {}
    for short, full, shape in _shapes(header):
        if short not in directory:
            raise _Damaged(f"tensor {short}: missing")
        state[full] = _tensor(reader.raw, short, directory[short], shape)
    # Embeddings do not use the pooler, but transformers prints a report about weights that a BERT file lacks.
    state["pooler.dense.weight"] = np.zeros((header.hidden, header.hidden), np.float32)
    state["pooler.dense.bias"] = np.zeros(header.hidden, np.float32)
    return state


def _tensor(raw: bytes, name: str, entry: tuple[int, int, int], shape: tuple[int, ...]) -> Floats:
    kind, offset, size = entry
    count = math.prod(shape)
    expected = {0: count * 4, 1: count // BLOCK * BLOCK_BYTES}.get(kind)
    if size != expected or offset + size > len(raw) or (kind == 1 and count % BLOCK):
        raise _Damaged(f"tensor {name}: kind {kind}, {size} bytes at {offset} of {len(raw)}, shape {shape}")
    values: Floats
    if kind == 0:
        values = np.frombuffer(raw, "<f4", count, offset).astype(np.float32)
    else:
        blocks = np.frombuffer(raw, np.uint8, size, offset).reshape(-1, BLOCK_BYTES)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        values = np.empty((len(blocks), BLOCK), np.float32)
        values[:, : BLOCK // 2] = blocks[:, 2:] & 15
        values[:, BLOCK // 2 :] = blocks[:, 2:] >> 4
        values -= 8
        values *= scale
    if not np.isfinite(values).all():
        raise _Damaged(f"tensor {name}: holds values that are no numbers")
    return values.reshape(shape)


def _write_weights(folder: Path, header: _Header, state: dict[str, Floats]) -> None:
    from safetensors.numpy import save_file

    weights = folder / "model.safetensors"
    save_file(state, weights, metadata={"format": "pt"})
    weights.chmod(0o644)  # the library writes it for its owner alone
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": header.hidden,
        "num_hidden_layers": header.layers,
        "num_attention_heads": header.heads,
        "intermediate_size": header.ffn,
        "hidden_act": "gelu",
        "layer_norm_eps": header.epsilon,
        "vocab_size": header.vocab,
        "max_position_embeddings": header.positions,
        "type_vocab_size": header.types,
        "pad_token_id": header.pad,
        "dtype": "float32",
    }
    _write_json(folder / "config.json", config)


def _write_tokenizer(
    folder: Path, header: _Header, vocabulary: list[tuple[str, float]], spaces: str, dropped: str
) -> None:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokens = {name: vocabulary[getattr(header, name)][0] for name in ("bos", "eos", "pad", "unk")}
    bos, eos = tokens["bos"], tokens["eos"]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=header.unk))
    blanks = [(f"[{re.escape(dropped)}]", "")] if dropped else []
    blanks += [(f"[{re.escape(spaces)}]", " ")] if spaces else []
    steps: list[Any] = [normalizers.Replace(Regex(pattern), text) for pattern, text in blanks]
    # The model keeps the full-width tilde of 3～5年, which NFKC would narrow: a private-use character carries it over.
    steps += [normalizers.Replace("～", "\ue000"), normalizers.NFKC(), normalizers.Replace("\ue000", "～")]
    tokenizer.normalizer = normalizers.Sequence([*steps, normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, header.bos), (eos, header.eos)],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    named = {f"{name}_token": token for name, token in tokens.items()}
    more = {"cls_token": bos, "sep_token": eos, "model_max_length": header.positions}
    _write_json(folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", **named, **more})


def _write_modules(folder: Path, header: _Header) -> None:
    """What makes a transformers folder a sentence-transformers one."""
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (path, kind) in enumerate(MODULES)
    ]
    for path, _ in MODULES[1:]:
        (folder / path).mkdir()
    _write_json(folder / "modules.json", modules)
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": header.positions, "do_lower_case": False})
    pooling = {"word_embedding_dimension": header.hidden, "pooling_mode_mean_tokens": True}
    _write_json(folder / "1_Pooling" / "config.json", pooling)
    _write_json(folder / "2_Normalize" / "config.json", {})
    prompts = {"query": "query: ", "passage": "passage: "}
    _write_json(folder / "config_sentence_transformers.json", {"prompts": prompts, "similarity_fn_name": "cosine"})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
