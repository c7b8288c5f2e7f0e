"""What every command takes, and what the longer ones do: arguments with their help.

In: what `__main__` runs for each command, or a file that an argument names. Out: a parser. It reads no setting and runs
nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import UsageError
from rag.words import LANGUAGES, say

if TYPE_CHECKING:
    from rag.search import Only


def parser(commands: Mapping[str, Callable[..., int]]) -> argparse.ArgumentParser:
    """The parser of the whole command line; `run` of what it returns is the command's entry in `commands`."""
    whole = argparse.ArgumentParser(prog="tiaoyin", description=say("help_program"), epilog=say("help_settings"))
    made, common = whole.add_subparsers(metavar="COMMAND", required=True), shared()
    for name, run in commands.items():
        words = say(f"help_{name}")
        each = made.add_parser(name, help=words, description=words, parents=[common])
        each.set_defaults(run=run)
        TAKES[name](each)
    return whole


def shared() -> argparse.ArgumentParser:
    """The flags of every command."""
    made = argparse.ArgumentParser(add_help=False)
    made.add_argument("--home", metavar="DIR", help=say("help_home"))
    made.add_argument("--index", metavar="DIR", help=say("help_index_folder"))
    made.add_argument("--chroma", metavar="URL", help=say("help_chroma"))
    made.add_argument("--lang", choices=LANGUAGES, help=say("help_lang"))
    return made


def as_json(made: argparse.ArgumentParser) -> None:
    made.add_argument("--json", action="store_true", help=say("help_json"))


def with_models(made: argparse.ArgumentParser, *, llm: bool) -> None:
    made.add_argument("--embedder", metavar="NAME", help=say("help_embedder"))
    if llm:
        made.add_argument("--llm", metavar="SPEC", help=say("help_llm"))
        made.add_argument("--check", action="store_const", const="model", help=say("help_check"))


def ingest(made: argparse.ArgumentParser) -> None:
    made.add_argument("paths", nargs="+", metavar="PATH", help=say("help_paths"))
    made.add_argument("--allow-private", action="store_true", help=say("help_private"))
    made.add_argument("--prune", action="store_true", help=say("help_prune"))
    with_models(made, llm=False)


def evaluate(made: argparse.ArgumentParser) -> None:
    made.add_argument("questions", type=Path, nargs="?", metavar="QUESTIONS", help=say("help_questions"))
    made.add_argument("--draft", type=Path, action="append", metavar="PATH", help=say("help_draft"))
    made.add_argument("--from-feedback", action="store_true", help=say("help_from_feedback"))
    made.add_argument("-n", type=positive, default=50, metavar="N", help=say("help_drafts"))
    made.add_argument("--concurrency", type=positive, default=1, metavar="N", help=say("help_concurrency"))
    made.add_argument("--judge", metavar="SPEC", help=say("help_judge"))
    made.add_argument("--out", type=Path, metavar="DIR", required=True, help=say("help_out"))
    made.add_argument("--retrieval-only", action="store_true", help=say("help_retrieval_only"))
    made.add_argument("--compare", type=Path, metavar="DIR", help=say("help_compare"))
    made.add_argument("--fail-if-worse", action="append", default=[], metavar="METRIC[:MARGIN]", help=say("help_worse"))
    models(made)
    with_models(made, llm=True)


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def index(made: argparse.ArgumentParser) -> None:
    made.add_argument("action", choices=("list", "show", "check", "rebuild"), help=say("help_index_action"))
    made.add_argument("document", nargs="?", metavar="DOC", help=say("help_index_document"))
    as_json(made)
    with_models(made, llm=False)


def models(made: argparse.ArgumentParser) -> None:
    """What takes part in a search beside the embedder."""
    made.add_argument("--reranker", metavar="NAME", help=say("help_reranker"))
    made.add_argument("--widen", action="store_const", const="model", help=say("help_widen"))


def search(made: argparse.ArgumentParser) -> None:
    """How to search, and in which documents."""
    models(made)
    made.add_argument("--document", default="", metavar="NAME", help=say("help_only_document"))
    made.add_argument("--kind", default="", metavar="KIND", help=say("help_only_kind"))
    made.add_argument("--since", default="", metavar="DATE", help=say("help_only_since"))
    made.add_argument("--until", default="", metavar="DATE", help=say("help_only_until"))


def ask(made: argparse.ArgumentParser) -> None:
    made.add_argument("question", metavar="QUESTION")
    made.add_argument("--provisions", metavar="N", help=say("help_provisions"))
    made.add_argument("--history", type=Path, metavar="FILE", help=say("help_history"))
    search(made)
    as_json(made)
    with_models(made, llm=True)


def chat(made: argparse.ArgumentParser) -> None:
    search(made)
    with_models(made, llm=True)


def key(made: argparse.ArgumentParser) -> None:
    made.add_argument("action", choices=("new", "list", "remove"), help=say("help_key_action"))
    made.add_argument("name", nargs="?", metavar="NAME", help=say("help_key_name"))


def serve(made: argparse.ArgumentParser) -> None:
    made.add_argument("--host", help=say("help_host"))
    made.add_argument("--port", help=say("help_port"))
    with_models(made, llm=True)


def mcp(made: argparse.ArgumentParser) -> None:
    models(made)
    with_models(made, llm=True)


def history(file: Path | None) -> list[str]:
    """The earlier questions of a conversation: a JSON list of strings in `file`. Raises UsageError."""
    if file is None:
        return []
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError("terminal_history", file=file, why=error) from error
    if not isinstance(found, list) or not all(isinstance(turn, str) for turn in found):
        raise UsageError("terminal_history", file=file, why="not a list of strings")
    return found


def only(args: argparse.Namespace) -> Only:
    """Which documents may answer, as the flags say."""
    from rag.search import Only

    return Only(args.document, args.kind, args.since, args.until)


def pull(made: argparse.ArgumentParser) -> None:
    made.add_argument("names", nargs="*", metavar="NAME", help=say("help_names"))


def parse(made: argparse.ArgumentParser) -> None:
    made.add_argument("file", metavar="FILE", help=say("help_file"))
    made.add_argument("--allow-private", action="store_true", help=say("help_private"))
    as_json(made)


def retrieve(made: argparse.ArgumentParser) -> None:
    made.add_argument("question", metavar="QUESTION")
    made.add_argument("-k", type=positive, default=10, metavar="N", help=say("help_k"))
    search(made)
    as_json(made)
    with_models(made, llm=False)


TAKES = {
    "pull": pull, "parse": parse, "ingest": ingest, "index": index, "retrieve": retrieve, "ask": ask, "chat": chat,
    "eval": evaluate, "serve": serve, "mcp": mcp, "key": key, "doctor": as_json,
}  # fmt: skip
