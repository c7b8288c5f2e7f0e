"""The bundled language model, in this process, by OpenVINO GenAI reading the GGUF file.

In: the path of the GGUF. Out: pieces of replies. The first load converts the file (about 30 s) and keeps the result in
`openvino-int8/` beside it (1.8 GB); later loads read that (about 4 s). Replies asked for at once are written together
(continuous batching): each step computes a token of every one. Prefix caching computes a prompt's fixed beginning
once; prompt lookup speculates from the clauses themselves, which pays because replies quote them. A regular expression
binds the output: a marker outside the list of provisions cannot be written.
Greedy decoding: the same question on the same index gives the same reply. It opens no port.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import os
import queue
import shutil
import threading
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.errors import GenerateError, ModelError
from rag.generate.eight_bits import widen
from rag.once import made_once
from rag.quiet import openvino_genai
from rag.records import Message, Prompt, Tokens

CACHE_GB = 1
"""Memory for the key-value cache: about 37,000 tokens of a model of this size, of all replies being written."""
STEP = 64
"""Tokens of prompts read in a step, during which Python's lock is held and no page is served: .2 s where the usual 256
take .8 s, and as fast in all (300 tokens a second; 230 with 32)."""
MAPS, DONTNEED = Path("/proc/self/maps"), 4
"""What is mapped into this process, and Linux's MADV_DONTNEED, which loses nothing of a file that is only read."""


class Embedded:
    """A loaded model, for any number of threads. Raises ModelError when it does not load."""

    def __init__(self, gguf: Path) -> None:
        self.name = f"embedded:{gguf.stem}"
        self._lock = threading.Lock()
        self._waiting: list[_Request] = []
        self._stepping = False
        self._numbers = itertools.count()
        try:
            ready = made_once(gguf.parent / "openvino-int8", lambda place: _convert(gguf, place))
            self._weights = ready / "openvino_model.bin"
            self._pipe: Any = _pipeline(ready)
        except RuntimeError as error:
            raise ModelError("llm_load", file=gguf, why=_first_line(error)) from error
        self._tokenizer: Any = self._pipe.get_tokenizer()

    def read_ahead(self, messages: Sequence[Message]) -> None:
        """Cache the beginning that every prompt shares. The first call of all also compiles, for some seconds."""
        for _ in self.stream(Prompt("", "", (), tuple(messages)), max_tokens=1):
            pass
        _give_back(self._weights)

    def first(self, messages: Sequence[Message]) -> tuple[str, float]:
        """The token that a reply begins with, and its probability, 0 to 1. Raises GenerateError."""
        request = _Request(self._ids(messages), 1, 0, logprobs=1)
        came = [token for tokens in self._came(request) for token in tokens]
        return str(self._tokenizer.decode(came)), math.exp(request.logs[0]) if came else 0.0

    def stream(self, prompt: Prompt, max_tokens: int) -> Generator[str, None, Tokens]:
        ov = openvino_genai()

        request = _Request(self._ids(prompt.messages), max_tokens, len(prompt.hits))
        pieces: list[str] = []

        def take(piece: str) -> Any:
            pieces.append(piece)
            return ov.StreamingStatus.RUNNING

        words = ov.TextStreamer(self._tokenizer, take)  # holds back what is half a character
        written = 0
        try:
            for tokens in self._came(request):
                written += len(tokens)
                words.write(tokens)
                yield from pieces
                pieces.clear()
            words.end()
            yield from pieces
        finally:
            request.stopped = True
        return Tokens(request.prompt.shape[1], written)

    def _ids(self, messages: Sequence[Message]) -> Any:
        turns = [{"role": m.role, "content": m.content} for m in messages]
        text = self._tokenizer.apply_chat_template(turns, add_generation_prompt=True)
        return self._tokenizer.encode(text, add_special_tokens=False).input_ids

    def _came(self, request: _Request) -> Iterator[list[int]]:
        """The tokens of a reply as they come."""
        self._begin(request)
        while tokens := request.came.get():
            if isinstance(tokens, RuntimeError):
                raise GenerateError("llm_failed", llm=self.name, why=_first_line(tokens)) from tokens
            yield tokens

    def _begin(self, request: _Request) -> None:
        with self._lock:
            self._waiting.append(request)
            if self._stepping:
                return
            self._stepping = True
        # It ends when nothing is left to write, and at exit is waited for: a thread that Python freezes inside
        # OpenVINO aborts the process.
        threading.Thread(target=self._step, name="generate").start()

    def _step(self) -> None:
        """Write all replies that are asked for. Nothing but this thread touches the pipeline."""
        live: list[_Request] = []
        while True:
            with self._lock:
                new, self._waiting = self._waiting, []
                self._stepping = bool(live or new)
                if not self._stepping:
                    return
            live += [request for request in new if request.begun(self._pipe, next(self._numbers))]
            for request in live:
                if request.stopped or not threading.main_thread().is_alive():
                    request.handle.cancel()
            try:
                self._pipe.step()
            except RuntimeError as error:
                for request in live:
                    request.handle.cancel()
                    request.came.put(error)
                live = []
            live = [request for request in live if request.more()]


class _Request:
    """A reply that is asked for. `came` gives its tokens as they come, then an empty list, or the error; `logs` are
    their natural logarithms of probability, if `logprobs` are asked for."""

    def __init__(self, prompt: Any, max_tokens: int, markers: int, logprobs: int = 0) -> None:
        self.prompt, self.config = prompt, _config(max_tokens, markers)
        self.config.logprobs = logprobs
        self.logs: list[float] = []
        self.came: queue.Queue[list[int] | RuntimeError] = queue.Queue()
        self.handle: Any = None
        self.stopped = False

    def begun(self, pipe: Any, number: int) -> bool:
        """Whether the pipeline took it."""
        try:
            self.handle = pipe.add_request(number, self.prompt, self.config)
        except RuntimeError as error:
            self.came.put(error)
        return self.handle is not None

    def more(self) -> bool:
        """Hand on what the last step wrote; whether there is more to come."""
        known = openvino_genai().GenerationStatus
        status = self.handle.get_status()
        if status == known.IGNORED:  # what can be read then are no tokens
            self.came.put(RuntimeError("the key-value cache is full"))
            return False
        while self.handle.can_read():
            for output in self.handle.read().values():
                self.logs += output.generated_log_probs
                self.came.put(output.generated_ids)
        if status != known.RUNNING:
            self.came.put([])
        return bool(status == known.RUNNING)


def bound(markers: int) -> str:
    """A regular expression of all text whose markers are of 1 to `markers`; a bracket before anything else is none.

    xgrammar takes no character of several bytes in a negated class, so full-width brackets are left to the check.
    """
    number = f"({'|'.join(map(str, range(1, markers + 1)))})"
    return rf"([^\[]|\[{number}([,，、] ?{number})*\]|\[[^0-9 \[])*"


def _config(max_tokens: int, markers: int) -> Any:
    ov = openvino_genai()

    config = ov.GenerationConfig()
    config.max_new_tokens = max_tokens
    config.do_sample = False
    config.num_assistant_tokens = 6
    config.max_ngram_size = 3
    config.apply_chat_template = False
    if markers:
        config.structured_output_config = ov.StructuredOutputConfig(regex=bound(markers))
    return config


def _pipeline(source: Path) -> Any:
    ov = openvino_genai()

    scheduler = ov.SchedulerConfig()
    scheduler.enable_prefix_caching = True
    scheduler.cache_size = CACHE_GB
    scheduler.max_num_batched_tokens = STEP
    return ov.ContinuousBatchingPipeline(str(source), scheduler, "CPU", {"prompt_lookup": True})


def _convert(gguf: Path, place: Path) -> None:
    # OpenVINO writes beside the GGUF that it reads: a link makes that our folder.
    saved = place / "saved"
    saved.mkdir()
    link = saved / gguf.name
    link.symlink_to(gguf.absolute())
    # The pipeline for one reply: the other saves no chat template.
    openvino_genai().LLMPipeline(str(link), "CPU", enable_save_ov_model=True)
    link.unlink()
    widen(saved, place)
    shutil.rmtree(saved)


def _give_back(file: Path) -> None:
    """Let go of the pages of a file that is mapped here, on Linux: 1.6 GB that OpenVINO does not look at again once it
    has arranged the weights. What is looked up after all is read anew.
    """
    if not MAPS.exists():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    for line in MAPS.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.endswith(f" {file.resolve()}"):
            start, end = (int(at, 16) for at in line.split(" ", 1)[0].split("-"))
            if libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), DONTNEED):
                raise GenerateError("llm_failed", llm=file.name, why=os.strerror(ctypes.get_errno()))


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[-1][:200] if str(error).strip() else type(error).__name__
