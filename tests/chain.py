"""A tiny language model that writes what a table says: after each token the first one of its row that is allowed.

It is a Llama whose layer adds nothing, so that what comes next depends on the last token alone. Made as a GGUF and as
a folder of transformers, both with a tokenizer of single characters and a chat template that ends in ":".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

END = "</s>"
WORDS = ["<unk>", "<s>", END, *"\n:[]【0123456789９,。 算法条文?", "<think>", "</think>"]
TEMPLATE = (
    "{% for m in messages %}{{ m.role }}:{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}ut:{% endif %}"
)
Table = Mapping[str, Sequence[str]]


def weights(table: Table, words: Sequence[str]) -> tuple[Any, Any]:
    """Embeddings, one direction a word, and the scores of the next word after each."""
    size = -(-len(words) // 32) * 32
    embedded = np.eye(len(words), size, dtype=np.float32)
    scores = np.zeros((len(words), size), dtype=np.float32)
    for word, following in table.items():
        for rank, each in enumerate(following):
            scores[words.index(each), words.index(word)] = len(following) - rank
    return embedded, scores


def gguf(place: Path, table: Table, context: int = 512, template: str = TEMPLATE) -> Path:
    """The model as a GGUF file; what is not among the words is read and written byte by byte."""
    bytes_ = [f"<0x{n:02X}>" for n in range(256)]
    words = [*WORDS, *bytes_]
    embedded, scores = weights(table, words)
    size = embedded.shape[1]
    kinds = [2, 3, 3, *[1] * (len(WORDS) - 3), *[6] * 256]
    facts: dict[str, Any] = {
        "general.architecture": "llama", "llama.context_length": context, "llama.embedding_length": size,
        "llama.block_count": 1, "llama.feed_forward_length": 32, "llama.attention.head_count": 2,
        "llama.attention.layer_norm_rms_epsilon": 1e-5, "llama.rope.dimension_count": size // 2,
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.scores": [0.0] * len(words), "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.add_space_prefix": False, "tokenizer.chat_template": template,
    }  # fmt: skip
    square, one = np.zeros((size, size), np.float32), np.ones(size, np.float32)
    tensors = {
        "token_embd": embedded,
        "output_norm": one,
        "output": scores,
        "blk.0.attn_norm": one,
        "blk.0.ffn_norm": one,
        "blk.0.ffn_gate": np.zeros((32, size), np.float32),
        "blk.0.ffn_up": np.zeros((32, size), np.float32),
        "blk.0.ffn_down": np.zeros((size, 32), np.float32),
    }
    tensors |= {f"blk.0.attn_{name}": square for name in ("q", "k", "v", "output")}  # fmt: skip
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts))
    head += b"".join(_text(name) + _typed(value) for name, value in facts.items())
    at = 0
    for name, tensor in tensors.items():
        head += _text(f"{name}.weight") + struct.pack("<I", tensor.ndim)
        head += b"".join(struct.pack("<Q", n) for n in reversed(tensor.shape)) + struct.pack("<IQ", 0, at)
        at += tensor.nbytes  # a multiple of 32, as it must be
    body = b"".join(tensor.tobytes() for tensor in tensors.values())
    place.write_bytes(head + b"\0" * (-len(head) % 32) + body)
    return place


def folder(place: Path, table: Table, context: int = 512, template: str | None = TEMPLATE) -> Path:
    """The model as transformers saves one; what is not among the words is unknown to it."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    embedded, scores = (torch.from_numpy(each) for each in weights(table, WORDS))
    sizes = {"vocab_size": len(WORDS), "hidden_size": embedded.shape[1], "intermediate_size": 32}
    heads = {"num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": context}
    model = LlamaForCausalLM(LlamaConfig(**sizes, **heads, initializer_range=0.0, bos_token_id=1, eos_token_id=2))
    model.model.embed_tokens.weight.data = embedded
    model.lm_head.weight.data = scores
    model.save_pretrained(place)
    made = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    made.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>", bos_token="<s>", eos_token=END)
    tokenizer.chat_template = template
    tokenizer.save_pretrained(place)
    return place


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _typed(value: Any) -> bytes:
    """A value of a GGUF's head with its type in front: whole numbers are unsigned, and signed in a list."""
    if isinstance(value, list):
        kind, each = {str: (8, _text), int: (5, _packed("<i")), float: (6, _packed("<f"))}[type(value[0])]
        return struct.pack("<IIQ", 9, kind, len(value)) + b"".join(map(each, value))
    kind, one = {str: (8, _text), int: (4, _packed("<I")), float: (6, _packed("<f")), bool: (7, _packed("<B"))}[
        type(value)
    ]
    return struct.pack("<I", kind) + one(value)


def _packed(form: str) -> Callable[[Any], bytes]:
    return lambda value: struct.pack(form, value)
