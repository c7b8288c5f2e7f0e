"""A question set in JSONL, CSV or Excel -> Questions.

In: a file in the form of the documentation, one question a line or row; only `id` and `question` are required, lists
are JSON in a table. Out: Questions in their order. What is wrong is one error with line and cure. It asks nothing.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from rag.errors import UsageError
from rag.labels import to_path
from rag.read.text import decode
from rag.records import Path as Steps

_LISTS = ("history", "gold", "keys")
_COLUMNS = ("id", "lang", "kind", "question", "history", "answerable", "gold", "keys", "answer")
_FALSE = ("false", "0", "no", "否", "不可")
_MARKS = re.compile(r"[\s《》〈〉()（）\[\]【】“”\"'‘’,，·、:：]|\.(?:md|txt|html?|docx|pdf)$")


@dataclass(frozen=True)
class Gold:
    """Where an answer stands: `article` as in a path ("6", "recital 26"), None for the whole document."""

    doc: str
    article: str | None = None
    path: Steps | None = None


@dataclass(frozen=True)
class Question:
    """One question of a set; `keys` are facts, each the wordings that are accepted for it."""

    id: str
    question: str
    lang: str | None = None
    kind: str | None = None
    history: tuple[str, ...] = ()
    answerable: bool | None = None
    gold: tuple[Gold, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    answer: str | None = None
    line: int = field(default=0, compare=False)


def read_questions(path: Path) -> list[Question]:
    """The questions of a file. Raises UsageError that names the line (or row) and what is wrong with it; DocumentError
    for a file that is no text or no workbook."""
    try:
        rows = list(_rows(path))
    except (OSError, csv.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError("eval_unreadable", path=path, why=why) from error
    found: dict[str, tuple[int, Question]] = {}
    for line, row in rows:
        question = _question(row, path, line)
        if question.id in found:
            raise UsageError("eval_twice", path=path, line=line, id=question.id, first=found[question.id][0])
        found[question.id] = line, question
    if not found:
        raise UsageError("eval_empty", path=path)
    return [question for _, question in found.values()]


def same_document(gold: str, title: str, source: str = "") -> bool:
    """Whether a set's name for a document means the one with this title, or with this file name."""
    wanted = _plain(gold)
    return wanted in (_plain(title), _plain(PurePath(source).name) if source else None)


def resolved(questions: Sequence[Question], documents: Sequence[tuple[str, str]], path: Path) -> list[Question]:
    """The questions with the titles of `documents` (title, source) in their gold, in place of names a set has for them.

    Raises UsageError for gold in none of them.
    """
    known: dict[str, str] = {}
    for question in questions:
        for doc in {gold.doc for gold in question.gold} - known.keys():
            title = next((title for title, source in documents if same_document(doc, title, source)), None)
            if title is None:
                raise UsageError("eval_unknown_document", path=path, line=question.line, id=question.id, doc=doc)
            known[doc] = title
    return [replace(q, gold=tuple(replace(gold, doc=known[gold.doc]) for gold in q.gold)) for q in questions]


def _plain(name: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", name).lower()).removeprefix("中华人民共和国")


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each question with the number of its line or row, one-based."""
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        for line, text in enumerate(decode(path.read_bytes(), path).split("\n"), 1):  # U+2028 may stand in a string
            if text.strip():
                yield line, _json(text, path, line)
    elif suffix == ".csv":
        reader = csv.DictReader(io.StringIO(decode(path.read_bytes(), path), newline=""))
        _check_columns(reader.fieldnames or (), path)
        for row in reader:
            yield reader.line_num, _table_row(row, path, reader.line_num)
    elif suffix == ".xlsx":
        yield from _sheet(path)
    else:
        raise UsageError("eval_kind_unknown", path=path)


def _sheet(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    from rag.read.table import sheets

    names, *rows = next((rows for _, rows in sheets(path.read_bytes(), path) if rows), [[]])
    _check_columns(names, path)
    for line, row in enumerate(rows, 2):
        if any(row):
            yield line, _table_row(dict(zip(names, row, strict=False)), path, line)


def _check_columns(names: Sequence[str], path: Path) -> None:
    missing = [name for name in ("id", "question") if name not in names]
    if missing:
        raise UsageError("eval_column_missing", path=path, name=missing[0], known=" ".join(_COLUMNS))


def _table_row(row: Mapping[str, str], path: Path, line: int) -> dict[str, Any]:
    found: dict[str, Any] = {name: value.strip() for name, value in row.items() if name and (value or "").strip()}
    for name in _LISTS:
        if name in found:
            found[name] = _json(found[name], path, line)
    if "answerable" in found:
        found["answerable"] = found["answerable"].lower() not in _FALSE
    return found


def _json(text: str, path: Path, line: int) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError("eval_broken_json", path=path, line=line, why=error) from error


def _question(row: Mapping[str, Any], path: Path, line: int) -> Question:
    for name in ("id", "question"):
        if not isinstance(row, dict) or not str(row.get(name) or "").strip():
            raise UsageError("eval_value_missing", path=path, line=line, name=name)
    try:
        _check_types(row)
        gold = tuple(
            Gold(str(each["doc"]), _article(each.get("article")), to_path(each["path"]) if each.get("path") else None)
            for each in row.get("gold") or ()
        )
        keys = tuple((key,) if isinstance(key, str) else tuple(map(str, key)) for key in row.get("keys") or ())
        history = tuple(map(str, row.get("history") or ()))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError("eval_value_wrong", path=path, line=line, why=f"{type(error).__name__}: {error}") from error
    return Question(
        str(row["id"]), str(row["question"]), row.get("lang"), row.get("kind"), history,
        row.get("answerable"), gold, keys, row.get("answer"), line,
    )  # fmt: skip


def _check_types(row: Mapping[str, Any]) -> None:
    """Raises TypeError for what would be taken silently for something else: the letters of a text for its members."""
    wanted = dict.fromkeys(_LISTS, list) | {"answerable": bool} | dict.fromkeys(("lang", "kind", "answer"), str)
    for name, kind in wanted.items():
        if not isinstance(value := row.get(name), kind | None):
            raise TypeError(f"{name} is {json.dumps(value)[:80]}")
    json.dumps(row, ensure_ascii=False).encode()  # UnicodeEncodeError, a ValueError: half a character, as in "\ud800"


def _article(value: object) -> str | None:
    """An article is a text, "6" or "120-1"; a bare number means the same."""
    return None if value is None else str(value)
