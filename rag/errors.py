"""What can go wrong, as a small tree.

    TiaoYinError                exit status 1
    ├── UsageError              exit status 2: a flag, setting or SPEC that cannot be meant
    ├── ModelError              a model is missing, unreachable, damaged, or does not load
    ├── DocumentError           a file cannot be read as a document
    ├── IndexError_             no index, a damaged or unfitting one, or one that somebody else is writing
    ├── GenerateError           the language model failed while answering
    └── ServeError              the address cannot be served (rag/serve.py)

An error carries the key of a sentence in `rag/words/*.toml` and its values; `str(error)` is that sentence in
the reader's language. Every such sentence says what is wrong, where, and what to type next.
Errors are for the caller to show; nothing here prints or exits.
"""

from __future__ import annotations

from rag.unseen import seen
from rag.words import say


class TiaoYinError(Exception):
    """Base of every error that a user is meant to read. `key` names the sentence, `values` fill it."""

    exit_status = 1

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        return seen(say(self.key, **self.values))  # a server's words may hold what a terminal would obey


class UsageError(TiaoYinError):
    exit_status = 2


class ModelError(TiaoYinError):
    pass


class DocumentError(TiaoYinError):
    pass


class IndexError_(TiaoYinError):
    pass


class GenerateError(TiaoYinError):
    pass
