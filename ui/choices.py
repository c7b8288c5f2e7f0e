"""What a visitor may set, and what of it is fit to be used: language model, provisions, language, theme.

In: the Settings of the server, and what a browser has kept, which may be anything. Out: `Choices`. Nothing here is
stored: the browser keeps it and sends it with each question, so that nobody's choice is another's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

LANGUAGES = ("", "zh", "en")  # "": the browser's
THEMES = ("", "light", "dark")  # "": the system's
PROVISIONS = (2, 4, 6, 8, 12)


@dataclass(frozen=True)
class Choices:
    """`llm` and `provisions` are None where the server's own are meant."""

    llm: str | None = None
    provisions: int | None = None
    language: str = ""
    theme: str = ""


def models(settings: Any) -> list[str]:
    """The SPECs that may be chosen, the server's own first."""
    return list(dict.fromkeys([settings.llm, *settings.llms.split()]))


def amounts(settings: Any) -> list[int]:
    """How many provisions may be chosen, the server's own among them."""
    return sorted({settings.provisions, *PROVISIONS})


def fit(settings: Any, llm: Any, provisions: Any, language: Any = "", theme: Any = "") -> Choices:
    """The choices as they are used: what is not offered is the server's own."""
    allowed, numbers = models(settings)[1:], amounts(settings)
    return Choices(
        llm if llm in allowed else None,
        provisions if provisions in numbers and provisions != settings.provisions else None,
        language if language in LANGUAGES else "",
        theme if theme in THEMES else "",
    )


def kept(settings: Any, text: str) -> Choices:
    """The choices that a browser has kept as JSON."""
    try:
        values = json.loads(text)
    except ValueError:
        values = {}
    names = [field.name for field in fields(Choices)]
    values = values if isinstance(values, dict) else {}
    plain = {name: values.get(name) for name in names if isinstance(values.get(name), (str, int))}
    return fit(settings, plain.pop("llm", None), plain.pop("provisions", None), **plain)
