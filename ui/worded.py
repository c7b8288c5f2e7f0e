"""Widgets in the language of the page: made in the first, and said anew in another.

In: kinds of widgets, keys of sentences. Out: widgets, and new properties for all of them. It knows no widget library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rag.words import say
from ui.page import update

Words = Callable[[str], dict[str, Any]]


class Worded:
    """Makes widgets in the first language, and says them all anew in another."""

    def __init__(self, first: str) -> None:
        self.first = first
        self.made: list[tuple[Any, Words]] = []

    def __call__(self, kind: Any, words: Words, **looks: Any) -> Any:
        widget = kind(**words(self.first), **looks)
        self.made.append((widget, words))
        return widget

    def says(self, kind: Any, key: str, **looks: Any) -> Any:
        """A widget whose value, or label where it is a tab, is the sentence `key`."""
        name = "label" if kind.__name__ == "Tab" else "value"
        return self(kind, lambda lang: {name: say(key, lang)}, **looks)

    def asks(self, kind: Any, key: str, placeholder: str, **looks: Any) -> Any:
        """A text box with its label and placeholder."""
        return self(kind, lambda lang: {"label": say(key, lang), "placeholder": say(placeholder, lang)}, **looks)

    def offers(self, kind: Any, key: str, names: dict[Any, str], **looks: Any) -> Any:
        """A choice among values; the names are keys of sentences, or stand for themselves."""

        def words(lang: str) -> dict[str, Any]:
            choices = [(say(name, lang) if name.startswith("choose_") else name, each) for each, name in names.items()]
            return {"label": say(key, lang), "choices": choices}

        return self(kind, words, **looks)

    def spoken(self, lang: str) -> list[dict[str, Any]]:
        return [update(**words(lang)) for _, words in self.made]
