"""The default embedder as a stock pipeline has it: sentence-transformers in float32 behind LlamaIndex' interface.

LlamaIndex' own HuggingFaceEmbedding is a package of its own, and drops the prompts that are saved with a model; here
they are kept, so that only speed differs.
"""

from __future__ import annotations

from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from pydantic import PrivateAttr
from sentence_transformers import SentenceTransformer

from rag import models
from rag.embed import prompts_of
from rag.settings import load


class Float32(BaseEmbedding):
    """The model that the settings name."""

    _model: Any = PrivateAttr()
    _prompts: dict[str, str] = PrivateAttr()

    def __init__(self) -> None:
        super().__init__(model_name="float32", embed_batch_size=32)
        settings = load({})
        folder = models.require(settings.embedder, settings.home)
        self._model = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": "float32"}
        )
        self._prompts = prompts_of(folder)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._vectors([query], "query")[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._vectors([text], "passage")[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._vectors(texts, "passage")

    def _vectors(self, texts: list[str], kind: str) -> list[list[float]]:
        found = self._model.encode(
            texts, prompt=self._prompts[kind], normalize_embeddings=True, show_progress_bar=False
        )
        return [list(map(float, vector)) for vector in found]
