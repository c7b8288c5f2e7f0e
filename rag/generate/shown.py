"""The pieces of a reply -> those that are shown: without the reasoning that some models write first.

In: a generator of pieces, and where to listen to a call that blocks until its reply is whole. Out: generators of
pieces. It knows no library, and does not judge what is shown: cite.py does.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any

from rag.errors import GenerateError
from rag.records import Tokens

OPEN, CLOSE = "<think>", "</think>"
THOUGHT = OPEN + CLOSE
"""What stands for a piece of reasoning that an engine hands over beside the reply."""
SILENCE = 180.0
"""Seconds until a model in this process must have written the first or next piece: as for a server."""

Pieces = Generator[str, None, Tokens | None]


def shown(pieces: Pieces, name: str, max_tokens: int, inside: bool = False) -> Pieces:
    """The pieces but for <think>…</think>; `inside`: the prompt has opened it. Closing it closes `pieces`.

    Returns what `pieces` returns. Raises what it raises, and GenerateError when nothing came but reasoning.
    """
    kept = Shown(inside)
    with closing(pieces):
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                tokens: Tokens | None = end.value
                break
            if text := kept.add(piece):
                yield text
    if text := kept.rest():
        yield text
    if kept.thought and not kept.came:
        raise GenerateError("llm_only_thought", llm=name, tokens=max_tokens)
    return tokens


class Shown:
    """What of a reply is shown: all but <think>…</think>, whose marks may come in pieces.

    `came` says whether anything to be shown has come, `thought` whether reasoning has.
    """

    def __init__(self, inside: bool = False) -> None:
        self.came, self.thought = False, inside
        self._inside = inside
        self._held = ""

    def add(self, piece: str) -> str:
        """What may be shown after one more piece; what may be the beginning of a mark is held back."""
        self._held += piece
        text = ""
        while (mark := CLOSE if self._inside else OPEN) in self._held:
            before, _, self._held = self._held.partition(mark)
            text += "" if self._inside else before
            self._inside, self.thought = not self._inside, True
        held = max(n for n in range(len(mark)) if self._held.endswith(mark[:n]))
        sure = len(self._held) - held
        text += "" if self._inside else self._held[:sure]
        self._held = self._held[sure:]
        self.came |= bool(text.strip())
        return text

    def rest(self) -> str:
        """What is left to show when the reply has ended."""
        self.came |= bool(self._held) and not self._inside
        return "" if self._inside else self._held


Tell = Callable[[Any], bool]


def relayed(write: Callable[[Tell], object], name: str) -> Generator[Any, None, None]:
    """What `write(tell)`, in a thread of its own, hands to `tell`, which answers whether to stop.

    Closing the generator does not wait for `write`. Raises GenerateError when `write` fails or is silent.
    """
    came: queue.Queue[Any] = queue.Queue()
    closed = threading.Event()

    def tell(piece: Any) -> bool:
        came.put(piece)
        # A thread that Python freezes in foreign code at exit aborts the process, so the exit waits for this one.
        return closed.is_set() or not threading.main_thread().is_alive()

    def run() -> None:
        end = _End("it ended in the middle")
        try:
            write(tell)
            end = _End("")
        except (RuntimeError, ValueError, IndexError) as error:
            end = _End((str(error).strip().splitlines() or [""])[-1][:200] or type(error).__name__)
        finally:  # what else is raised, Python reports
            came.put(end)

    threading.Thread(target=run, name="generate").start()
    try:
        while not isinstance(piece := came.get(timeout=SILENCE), _End):
            yield piece
    except queue.Empty:
        raise GenerateError("llm_silent", llm=name, seconds=f"{SILENCE:g}") from None
    finally:
        closed.set()
    if piece.why:
        raise GenerateError("llm_failed", llm=name, why=piece.why)


class _End:
    def __init__(self, why: str) -> None:
        self.why = why
