"""A language model in a folder of transformers, in this process: on the GPU where there is one, else on the CPU.

In: a folder with weights, a tokenizer and its chat template (`models.py` brings it by name). Out: pieces of replies,
greedy; a marker outside the list of provisions is not written. On a Space of the hub each reply asks for its GPU.
It asks no hub, runs no code that comes with a model, and caches no prompt: on a CPU, a GGUF is faster.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from rag.errors import GenerateError, ModelError
from rag.generate.shown import OPEN, Pieces, Tell, relayed, shown
from rag.records import Prompt, Tokens

TAIL = 32
"""Tokens before the next one in which a marker that it belongs to begins."""
_MARKER = re.compile(r"[\[【［]\s*(\d[\d\s,，、]*)")


class HuggingFace:
    """A loaded model, for any number of threads. Raises ModelError when the folder holds none that chats."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._written = _on_space(self._write)
        try:
            self._tokenizer, self._model = _loaded(folder)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise ModelError("hf_load", folder=folder, why=_last_line(error)) from error
        if not self._tokenizer.chat_template:
            raise ModelError("hf_no_chat", folder=folder)

    def stream(self, prompt: Prompt, max_tokens: int) -> Pieces:
        from jinja2 import TemplateError

        turns = [{"role": m.role, "content": m.content} for m in prompt.messages]
        how: dict[str, Any] = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
        try:
            text = self._tokenizer.apply_chat_template(turns, **how)
        except TemplateError as error:
            raise GenerateError("llm_failed", llm=self.name, why=_last_line(error)) from error
        asked = self._tokenizer(text, add_special_tokens=False).input_ids
        context = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)
        if context and len(asked) + max_tokens > context:
            known = {"prompt": len(asked), "answer": max_tokens, "context": context}
            raise GenerateError("llm_context", llm=self.name, **known)
        pieces = self._pieces(asked, max_tokens, len(prompt.hits))
        return (yield from shown(pieces, self.name, max_tokens, inside=text.rstrip().endswith(OPEN)))

    def _pieces(self, asked: list[int], max_tokens: int, markers: int) -> Pieces:
        tokens = None
        for piece in self._written(asked, max_tokens, markers):
            if isinstance(piece, Tokens):
                tokens = piece
            else:
                yield piece
        return tokens

    def _write(self, asked: list[int], max_tokens: int, markers: int) -> Generator[str | Tokens, None, None]:
        """The pieces, then the tokens: a generator of plain values, since a Space runs it in another process."""
        import torch
        from transformers import LogitsProcessorList, StoppingCriteriaList, TextStreamer

        def generate(tell: Tell) -> None:
            given = torch.tensor([asked], device=self._model.device)
            words = TextStreamer(self._tokenizer, skip_prompt=True, skip_special_tokens=True)
            words.on_finalized_text = lambda text, stream_end=False: tell(text)
            bound = [self._within(markers, len(asked))] if markers else []
            whole = self._model.generate(
                given,
                attention_mask=torch.ones_like(given),
                max_new_tokens=max_tokens,
                streamer=words,
                stopping_criteria=StoppingCriteriaList([lambda ids, scores: tell("")]),
                logits_processor=LogitsProcessorList(bound),
            )
            tell(Tokens(len(asked), whole.shape[1] - len(asked)))

        yield from relayed(generate, self.name)

    def _within(self, markers: int, start: int) -> Callable[[Any, Any], Any]:
        """Takes the best token away as long as it would write a marker that is not one of 1 to `markers`."""

        def bound(ids: Any, scores: Any) -> Any:
            tail = ids[0, start:][-TAIL:].tolist()
            while _outside(self._tokenizer.decode([*tail, best := int(scores[0].argmax())]), markers):
                scores[0, best] = -float("inf")
            return scores

        return bound


def _outside(text: str, markers: int) -> bool:
    found = [int(number) for marker in _MARKER.findall(text) for number in re.findall(r"\d+", marker)]
    return not all(1 <= number <= markers for number in found)


def _loaded(folder: Path) -> tuple[Any, Any]:
    """Tokenizer and model; the weights as they were saved on a GPU, in float32 on a CPU, which may know no other."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    device, dtype = ("cuda", "auto") if torch.cuda.is_available() else ("cpu", "float32")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=dtype).to(device).eval()
    ends = model.generation_config.eos_token_id
    first = ends[0] if isinstance(ends, list) else ends
    # Greedy, whatever sampling the model's authors advise.
    model.generation_config = GenerationConfig(do_sample=False, eos_token_id=ends, pad_token_id=first)
    return tokenizer, model


def _on_space(written: Callable[..., Generator[Any, None, None]]) -> Callable[..., Generator[Any, None, None]]:
    """With a GPU for as long as it runs, on a Space that lends one."""
    if "SPACE_ID" not in os.environ or importlib.util.find_spec("spaces") is None:
        return written
    import spaces

    gpu: Callable[..., Generator[Any, None, None]] = spaces.GPU(written)
    return gpu


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[-1][:200] or type(error).__name__
