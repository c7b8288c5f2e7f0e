"""The engine for programs that speak the Model Context Protocol, over standard input and output: `tiaoyin mcp`.

In: calls of three tools. Out: what `tiaoyin ask --json` and `tiaoyin retrieve --json` give, and provisions word for
word. Standard output holds the protocol and nothing else: the library moves what anything else prints to standard
error. Nothing that is asked gets into a log. What to answer is decided by the engine alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import rag
from rag.errors import TiaoYinError, UsageError
from rag.labels import article_of, to_path
from rag.named import named
from rag.records import Document
from rag.titles import Titles
from rag.told import remark

MOST = 50
"""How many provisions `retrieve` gives at most."""


class Tools:
    """What a client may call. `engine` is a `rag.pipeline.Engine`; every method raises TiaoYinError."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine

    def ask(self, question: str, history: list[str] | None = None) -> dict[str, Any]:
        """Answer a question from the indexed laws and policy documents. Every sentence cites its provision as [n], see
        `citations`; `refused` is true where the documents do not answer. `history`: earlier questions, oldest first."""
        *_, last = self.engine.ask(question, history or ())
        answer: dict[str, Any] = last.answer.to_json()
        return answer

    def retrieve(self, question: str, k: int = 5) -> dict[str, Any]:
        """Find the provisions nearest to a question, best first, without an answer. `k`: how many, 1 to 50."""
        hits = self.engine.find(question, k=min(max(k, 1), MOST)).hits
        return {"hits": [{"label": h.document.label(h.provision.path), "text": h.text, **h.to_json()} for h in hits]}

    def read_provision(self, document: str, provision: str | list[tuple[str, str]]) -> dict[str, Any]:
        """Read a provision word for word. `document`: its title, a part or short name of it, or a doc_id.
        `provision`: 第六条第二款, 第三条至第五条, Article 6(1)(f), Recital 26, or a `path` from another tool."""
        found = self._document(document)
        paths, instead = [], None
        if isinstance(provision, str):
            meant = named(f"{provision} {found.title}", Titles([found]))
            if meant:
                paths, instead = [path for _, path in meant.paths], remark(meant, found.lang)
        elif to_path(provision) in found.by_path:
            paths = [to_path(provision)]
        if not paths:
            raise UsageError("mcp_no_provision", title=found.title, instead=instead or "")
        about = {"doc": found.title, "doc_id": found.doc_id, "date": found.date}
        return about | {"note": instead, "provisions": [_read(found, path) for path in paths]}

    def _document(self, name: str) -> Document:
        search = self.engine.search()
        documents = search.layout.documents
        for each in documents.values():
            if name in (each.doc_id, each.title):
                return each  # type: ignore[no-any-return]
        for spoken in search.titles(frozenset()).named(f"《{name}》"):
            if spoken.documents:
                return spoken.documents[0]  # type: ignore[no-any-return]
        raise UsageError("mcp_no_document", n=len(documents))


def _read(document: Document, path: Any) -> dict[str, Any]:
    found = document.by_path[path]
    where = {"label": document.label(path), "article": article_of(path), "path": [list(step) for step in path]}
    return where | {"start": found.start, "end": found.end, "text": document.text_of(found)}


def serve(engine: Any) -> None:
    """Answers until standard input ends. Raises UsageError where the extra is not installed."""
    try:
        from mcp.server import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
    except ImportError as error:
        raise UsageError("mcp_not_installed", why=error) from error

    def told(tool: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        @functools.wraps(tool)
        def call(*args: Any, **values: Any) -> dict[str, Any]:
            try:
                return tool(*args, **values)
            except TiaoYinError as error:  # which the client's model reads
                raise ToolError(str(error)) from error

        return call

    # Anything below CRITICAL the library logs with the words of the call.
    server = MCPServer("tiaoyin", title="TiaoYin 条引", version=rag.__version__, log_level="CRITICAL")
    tools = Tools(engine)
    for tool in (tools.ask, tools.retrieve, tools.read_provision):
        server.add_tool(told(tool))
    server.run("stdio")
