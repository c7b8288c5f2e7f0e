"""Every sentence a person reads, in Chinese and English: one TOML file an area, one table a sentence.

In: a key such as "model_missing" and the values of its placeholders. Out: the sentence in the asked language,
or in the reader's own (`TIAOYIN_LANG`, else the locale). Keys are unique over all files; a test holds that.
This module does not print.
"""

from __future__ import annotations

import functools
import os
import tomllib
from importlib import resources

LANGUAGES = ("zh", "en")


@functools.cache
def sentences() -> dict[str, dict[str, str]]:
    """All sentences: key -> {"zh": ..., "en": ...}. Raises ValueError when two files share a key."""
    found: dict[str, dict[str, str]] = {}
    for entry in sorted(resources.files(__name__).iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        table = tomllib.loads(entry.read_text(encoding="utf-8"))
        if doubles := found.keys() & table.keys():
            raise ValueError(f"{entry.name} defines again: {', '.join(sorted(doubles))}")
        found |= table
    return found


def reader_language() -> str:
    """ "zh" or "en": `TIAOYIN_LANG` when set, else what the locale variables say, else "en"."""
    for name in ("TIAOYIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def say(key: str, lang: str | None = None, /, **values: object) -> str:
    """The sentence `key` in `lang` (default: the reader's), its {placeholders} filled from `values`.

    Raises KeyError for an unknown key or a missing value: both are mistakes of the program.
    """
    return sentences()[key][lang or reader_language()].format_map(values)
