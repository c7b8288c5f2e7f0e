"""Question and Hits -> the messages a language model reads, from the files in `rag/prompts/`.

The fixed part (rules and shots) comes first and is the same for every question of a language, so an engine with a
prefix cache reads it once. A long article is trimmed around its nearest clause, at sentence boundaries.
It does not decide what is retrieved, nor what of the reply is shown.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from importlib import resources

from rag.records import Document, Hit, Message, Path, Prompt
from rag.unseen import tamed, without_orders
from rag.words import say

LEAST = 80
"""Characters below which no further article is begun."""

PLACEHOLDERS = frozenset({"clauses", "question", "nearest"})
SECTION = re.compile(r"^## (system|user|assistant)\n", re.MULTILINE)


@functools.cache
def template(lang: str) -> tuple[Message, ...]:
    """The messages of `prompts/answer.LANG.md`; the last one holds {clauses}, {question} and {nearest}.

    Raises ValueError when the file is not a list of turns that ends so.
    """
    text = (resources.files("rag.prompts") / f"answer.{lang}.md").read_text(encoding="utf-8")
    parts = SECTION.split(text)[1:]
    turns = tuple(Message(role, body.strip()) for role, body in zip(parts[::2], parts[1::2], strict=True))
    found = set(re.findall(r"\{(\w+)\}", turns[-1].content if turns else ""))
    if found != PLACEHOLDERS:
        raise ValueError(f"answer.{lang}.md: last turn has placeholders {sorted(found)}, not {sorted(PLACEHOLDERS)}")
    return turns


def prompt(
    question: str,
    lang: str,
    hits: Sequence[Hit],
    context_chars: int,
    follows: str = "",
    nearest: tuple[int, str] | None = None,
) -> Prompt:
    """The prompt for a question; the clauses together take at most about `context_chars` characters.

    `nearest` is the number and the text of the clause nearest to the question, None for the one found nearest.
    Where the question was put together from two turns, `follows` is the second: else a small model answers the first.

    Hits are kept in their order; those beyond the budget are left out, and a reply can only mark those kept.
    """
    kept: list[Hit] = []
    shown: list[str] = []
    left = context_chars
    for hit in hits:
        if kept and left < LEAST:
            break
        text = _trimmed(hit, left)
        kept.append(hit)
        article = without_orders(f"{hit.document.label(hit.provision.path)}\n{text}")
        shown.append(f"[{len(kept)}] {article}")
        left -= len(text)
    asked = " ".join((without_orders(question) or question).split())
    if follows and asked.endswith(follows := follows.strip()):
        asked = say("prompt_follows", lang, before=asked.removesuffix(follows).strip(), question=follows)
    number, clause = nearest if nearest and nearest[0] <= len(kept) else _nearest(kept)
    told = without_orders(clause)
    marked = f"[{number}] {told}" if told else ""
    *fixed, last = template(lang)
    filled = re.sub(
        r"\{(\w+)\}",
        lambda found: {"clauses": "\n".join(shown), "question": asked, "nearest": marked}[found[1]],
        last.content,
    )
    return Prompt(question, lang, tuple(kept), (*fixed, Message(last.role, tamed(filled))), (number, clause))


def _nearest(hits: Sequence[Hit]) -> tuple[int, str]:
    """The clause nearest to the question as found: a small model finds its place in an article by it."""
    best = max(
        ((hit.nearest[1], -n, hit.document.text_of(hit.nearest[0])) for n, hit in enumerate(hits, 1) if hit.nearest),
        default=None,
    )
    return (-best[1], best[2]) if best else (0, "")


def _trimmed(hit: Hit, budget: int) -> str:
    """The article, or the leaves around its nearest clause that fit the budget (in characters)."""
    if len(hit.text) <= budget:
        return hit.text
    document, top = hit.document, hit.provision
    leaves = [p for p in document.provisions if p.path[:1] == top.path and _is_leaf(document, p.path)]
    nearest = hit.clauses[0][0] if hit.clauses else top.path
    at = next((n for n, leaf in enumerate(leaves) if leaf.path[: len(nearest)] == nearest), 0)
    first = last = at
    while leaves:
        if last + 1 < len(leaves) and leaves[last + 1].end - leaves[first].start <= budget:
            last += 1
        elif first > 0 and leaves[last].end - leaves[first - 1].start <= budget:
            first -= 1
        else:
            return document.text[leaves[first].start : leaves[last].end][:budget]
    return hit.text[:budget]


def _is_leaf(document: Document, path: Path) -> bool:
    return not document.children(path)
