"""Tiny sentence-transformers models with random weights, of the shapes of the real ones, made in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] yes no query passage : 为 这 个 句 子 生 成 表 示 以 用 于 检 索 相 关 文 章 ： "
)
WORDS += "第 一 二 三 条 人 工 智 能 应 当 不 得 处 理 信 息 安 全 the act applies to providers of systems ， 。 ？"


def tokenizer(*, left: bool = False, longest: int = 64) -> Any:
    """Words and Chinese characters; BERT's [CLS] and [SEP], or a decoder's padding on the left and end of text."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordPiece({word: n for n, word in enumerate(WORDS.split())}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    single, pair = ("$A [SEP]", "$A $B:1 [SEP]:1") if left else ("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1")
    made.post_processor = processors.TemplateProcessing(
        single=single, pair=pair, special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    marks = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    side = "left" if left else "right"
    return PreTrainedTokenizerFast(tokenizer_object=made, padding_side=side, model_max_length=longest, **marks)


def _sizes() -> dict[str, Any]:
    return {
        "vocab_size": len(WORDS.split()), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 4, "max_position_embeddings": 1024, "pad_token_id": 0, "initializer_range": 0.5,
    }  # fmt: skip


def embedder(place: Path, *, decoder: bool = False, longest: int = 64, prompts: dict[str, str] | None = None) -> Path:
    """A BERT with mean pooling and no normalisation, or a Qwen3 with last-token pooling and padding on the left."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, Qwen3Config, Qwen3Model

    torch.manual_seed(7)
    bare = place.with_name(place.name + "-bare")
    if decoder:
        Qwen3Model(Qwen3Config(**_sizes(), num_key_value_heads=2, head_dim=8)).save_pretrained(bare)
    else:
        BertModel(BertConfig(**_sizes())).save_pretrained(bare)
    tokenizer(left=decoder, longest=longest).save_pretrained(bare)
    pooling = Pooling(32, "lasttoken" if decoder else "mean")
    model = SentenceTransformer(modules=[Transformer(str(bare)), pooling], prompts=prompts, device="cpu")
    model.save(str(place))
    return place


def reranker(place: Path, labels: int = 1, *, identity: bool = False) -> Path:
    """A BERT that classifies pairs; `identity`: saved without its sigmoid, as the ms-marco models are."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(7)
    bare = place.with_name(place.name + "-bare")
    BertForSequenceClassification(BertConfig(**_sizes(), num_labels=labels)).save_pretrained(bare)
    tokenizer().save_pretrained(bare)
    activation = torch.nn.Identity() if identity else None
    CrossEncoder(str(bare), device="cpu", activation_fn=activation).save(str(place))
    return place
