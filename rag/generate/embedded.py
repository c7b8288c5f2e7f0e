"""The bundled language model, in this process, by OpenVINO GenAI reading the GGUF file.

In: the path of the GGUF. Out: pieces of replies. The first load converts the file (about 30 s) and keeps the result in
`openvino-int8/` beside it (1.8 GB); later loads read that (about 4 s). Prefix caching computes a prompt's fixed
beginning once; prompt lookup speculates from the clauses themselves, which pays because replies quote them.
Greedy decoding: the same question on the same index gives the same reply. It opens no port.
"""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from rag.errors import GenerateError, ModelError
from rag.generate.eight_bits import widen
from rag.once import made_once
from rag.quiet import openvino_genai
from rag.records import Message, Prompt

CACHE_GB = 1
"""Memory for the key-value cache: about 37,000 tokens of a model of this size."""


class Embedded:
    """A loaded model; one reply at a time. Raises ModelError when it does not load."""

    def __init__(self, gguf: Path) -> None:
        self.name = f"embedded:{gguf.stem}"
        self._lock = threading.Lock()
        try:
            ready = made_once(gguf.parent / "openvino-int8", lambda place: _convert(gguf, place))
            self._pipe: Any = _pipeline(ready)
        except RuntimeError as error:
            raise ModelError("llm_load", file=gguf, why=_first_line(error)) from error
        self._tokenizer: Any = self._pipe.get_tokenizer()

    def read_ahead(self, messages: Sequence[Message]) -> None:
        """Cache the beginning that every prompt shares. The first call of all also compiles, for some seconds."""
        for _ in self.stream(Prompt("", "", (), tuple(messages)), max_tokens=1):
            pass

    def stream(self, prompt: Prompt, max_tokens: int) -> Generator[str, None, None]:
        ov = openvino_genai()

        turns = [{"role": m.role, "content": m.content} for m in prompt.messages]
        text = self._tokenizer.apply_chat_template(turns, add_generation_prompt=True)
        pieces: queue.Queue[str | BaseException | None] = queue.Queue()
        stopped = threading.Event()

        def take(piece: str) -> Any:
            pieces.put(piece)
            return ov.StreamingStatus.CANCEL if stopped.is_set() else ov.StreamingStatus.RUNNING

        def run() -> None:
            try:
                with self._lock:
                    if not stopped.is_set():
                        self._pipe.generate(text, _config(max_tokens), take)
                pieces.put(None)
            except RuntimeError as error:
                pieces.put(error)

        worker = threading.Thread(target=run, name="generate", daemon=True)
        worker.start()
        try:
            while (piece := pieces.get()) is not None:
                if isinstance(piece, BaseException):
                    raise GenerateError("llm_failed", llm=self.name, why=_first_line(piece)) from piece
                yield piece
        finally:
            stopped.set()
            worker.join()


def _config(max_tokens: int) -> Any:
    ov = openvino_genai()

    config = ov.GenerationConfig()
    config.max_new_tokens = max_tokens
    config.do_sample = False
    config.num_assistant_tokens = 6
    config.max_ngram_size = 3
    config.apply_chat_template = False
    return config


def _pipeline(source: Path, **more: Any) -> Any:
    ov = openvino_genai()

    scheduler = ov.SchedulerConfig()
    scheduler.enable_prefix_caching = True
    scheduler.cache_size = CACHE_GB
    return ov.LLMPipeline(str(source), "CPU", scheduler_config=scheduler, prompt_lookup=True, **more)


def _convert(gguf: Path, place: Path) -> None:
    # OpenVINO writes beside the GGUF that it reads: a link makes that our folder.
    saved = place / "saved"
    saved.mkdir()
    link = saved / gguf.name
    link.symlink_to(gguf.absolute())
    _pipeline(link, enable_save_ov_model=True)
    link.unlink()
    widen(saved, place)
    shutil.rmtree(saved)


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[-1][:200] if str(error).strip() else type(error).__name__
