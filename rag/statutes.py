"""A question in Chinese -> the laws whose own words stand in it, and what took the place of a repealed law. Pure.

In: a question, or the title of a law without 中华人民共和国. Out: titles, by a table written by hand (`statutes.toml`).
It knows nothing of the documents of an index, and a question without such words is governed by no law it could name.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from rag import across


def governing(question: str) -> tuple[str, ...]:
    """Titles of the laws that the question belongs to, the longest of the terms found first; empty if there is none.

    A term inside a longer one of whichever law does not count; of equally long ones the earlier comes first.
    """
    found: dict[str, None] = {}
    terms = _laws()
    for term in sorted((t for t in terms if t in question), key=lambda t: (-len(t), question.index(t))):
        if term in question:
            question = question.replace(term, " ")
            found[terms[term]] = None
    return tuple(found)


def titled(question: str) -> tuple[str, ...]:
    """Titles of laws that stand in a question whole, of four characters or more: 合同法 may be any, 著作权法 is one."""
    return tuple(title for title in across.read("statutes.toml")["zh"] if len(title) > 3 and title in question)


def is_law(name: str) -> bool:
    """Whether a law of the table has this title."""
    return name in across.read("statutes.toml")["zh"]


def successor(title: str) -> str | None:
    """The law in force that took the place of a repealed one; None if the table has no repealed law of that title."""
    gone = across.read("statutes.toml")["gone"]
    after = None
    while title in gone:
        after = title = gone[title][0]
    return after


def above(title: str) -> str:
    """The law that a regulation carries out, by the table or by its title; "" for any other."""
    told = across.read("statutes.toml")["under"].get(title, ())
    return " ".join(told) or (title.removesuffix("实施条例") if title.endswith("法实施条例") else "")


@functools.cache
def _laws() -> Mapping[str, str]:
    """Each term -> the title of its law."""
    return {term: title for title, terms in across.read("statutes.toml")["zh"].items() for term in terms}
