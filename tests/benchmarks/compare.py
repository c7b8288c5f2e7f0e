"""The same model, embedder, files and questions put to LlamaIndex' query engines, to txtai's RAG and to this program.

    python tests/benchmarks/compare.py [--n N] [--seconds S] [--same] [--questions FILE] [--index DIR] [--out FILE]

In: the first document, whose file the others get too, or an index. N questions are drawn across their kinds, by a
fixed seed, and no further one is begun after S seconds. Every question is put to the four in turn, so that what else
the machine does weighs on all alike. The others have the model file through the prebuilt llama.cpp wheel, as one would
install it, with `--same` through the engine that this program has. Nothing of LlamaIndex is tuned: SentenceSplitter,
VectorStoreIndex, `as_query_engine()` and CitationQueryEngine have their defaults and prompts, and nothing is set for
the whole process. txtai has its paragraphs, the three nearest of them (its default) and the prompt of its own
documentation, since it has no other. It needs no network. Out: a table, and with `--out` also all answers.

How the four are judged, alike and by code:
- key facts: the share of facts that stand in the answer, of answerable questions;
- supported: the share of sentences that `cite.support` finds carried by the text that the engine names for them: ours
  by the articles a sentence cites, CitationQueryEngine's by the sources it marks, an unmarked sentence and those of the
  stock engine and of txtai by everything the model was given;
- cited: the share of sentences with a marker that leads to a source;
- declined: of unanswerable questions, and falsely of answerable ones. The others decline when their answer is empty, is
  "Empty Response", or says one of `DECLINES`; this is lenient, since it does not ask what else is said;
- first s: until the first token of the answer is there; of an answer in several calls, of the last.
The limit of the last is what the engine of this program takes by itself to read our prompts and write one token.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import measuring
import numpy as np
from llama_index.core import Document as Text
from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse, LLMMetadata
from llama_index.core.base.response.schema import Response
from llama_index.core.llms import CustomLLM
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.core.schema import NodeWithScore, TextNode
from pydantic import PrivateAttr

from rag import cite, models
from rag.errors import TiaoYinError
from rag.evaluate.metrics import given
from rag.evaluate.questions import Question, read_questions
from rag.facts import language
from rag.generate import embedded
from rag.generate.gguf import Gguf
from rag.ingest import ingest
from rag.loaded import LLM
from rag.pipeline import Engine
from rag.read import read
from rag.records import Document, Hit, Message, Prompt, Provision
from rag.settings import load

SET = Path(__file__).parent.parent.parent / "data" / "eval" / "page.jsonl"
WARM_UP = "这份文件讲什么?"
TXTAI = """
Answer the following question using the provided context.

Question:
{question}

Context:
{context}
"""
"""The prompt in txtai's documentation of its RAG pipeline."""
_ABOVE = re.compile(r"^\s*Source (\d+):", re.MULTILINE)
_SOURCE = re.compile(r"\ASource \d+:\n")  # what CitationQueryEngine writes above each: its number is no fact
DECLINES = (
    *("empty response", "do not know", "don't know", "cannot answer", "can't answer", "cannot provide", "unable to"),
    *(
        "not mentioned",
        "not provided",
        "not specified",
        "not stated",
        "not contain",
        "no information",
        "not possible to",
    ),
    *("does not mention", "does not specify", "does not provide", "doesn't mention", "not available", "not related"),
    *("不知道", "无法回答", "不能回答", "没有提到", "没有提及", "未提到", "未提及", "未提供", "没有提供", "没有相关"),
    *(
        "无法确定",
        "无法得知",
        "没有说明",
        "未说明",
        "未载明",
        "没有明确",
        "未明确",
        "不清楚",
        "无法提供",
        "没有信息",
        "无关",
    ),
)


class Model(CustomLLM):
    """A language model of this program as one of LlamaIndex, which writes no more tokens than it does for us.

    `first` is when the first token of its last reply was there.
    """

    _writer: Any = PrivateAttr()
    _tokens: int = PrivateAttr()
    _first: float = PrivateAttr(default=0.0)

    def __init__(self, writer: Any, tokens: int) -> None:
        super().__init__()
        self._writer, self._tokens = writer, tokens

    @property
    def metadata(self) -> LLMMetadata:
        name = self._writer.name
        return LLMMetadata(context_window=32768, num_output=self._tokens, is_chat_model=True, model_name=name)

    def chat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:
        turns = tuple(Message(message.role.value, message.content or "") for message in messages)
        with closing(self._writer.stream(Prompt("", "", (), turns), self._tokens)) as pieces:
            text = ""
            for piece in pieces:
                if not text:
                    self._first = time.perf_counter()
                text += piece
        return ChatResponse(message=ChatMessage(role="assistant", content=text))

    @property
    def first(self) -> float:
        return self._first

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        return CompletionResponse(text=self.chat([ChatMessage(role="user", content=prompt)]).message.content or "")

    def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> Any:
        yield self.complete(prompt)


class Embedding(BaseEmbedding):
    """This program's embedder as one of LlamaIndex."""

    _embedder: Any = PrivateAttr()

    def __init__(self, embedder: Any) -> None:
        super().__init__(model_name="ours")
        self._embedder = embedder

    def _get_query_embedding(self, query: str) -> list[float]:
        return list(map(float, self._embedder.queries([query])[0]))

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [list(map(float, vector)) for vector in self._embedder.passages(texts)]


@dataclass(frozen=True)
class Said:
    """What an engine said: its sentences, each with the text it stands on and whether it marks that itself."""

    text: str
    declined: bool
    sentences: tuple[tuple[str, tuple[Hit, ...], bool], ...]
    first: float | None = None  # seconds until its first token, None where no model wrote


def declines(text: str) -> bool:
    """Whether an answer without a state says that it is none."""
    return not text.strip() or any(phrase in text.lower() for phrase in DECLINES)


def said(text: str, sources: Sequence[str], marks: bool) -> Said:
    """An answer of LlamaIndex and its source nodes; `marks`: whether [n] in it means the nth of them.

    "Source n:" above sentences marks them as well. What ends in a colon announces what follows, and claims nothing.
    """
    if declines(text):
        return Said(text, True, ())
    hits = tuple(map(as_hit, sources))
    rows = []
    first, *rest = _ABOVE.split(text)
    for above, body in [("0", first), *zip(rest[::2], rest[1::2], strict=True)]:
        for sentence in cite.sentences(iter([body])):
            if sentence.text.endswith((":", "：")):
                continue
            named = tuple(hits[n - 1] for n in sentence.markers or (int(above),) if marks and 0 < n <= len(hits))
            rows.append((sentence.text, named or hits, bool(named)))
    return Said(text, False, tuple(rows))


def as_hit(text: str) -> Hit:
    """A piece of text as a document of one paragraph, so that it is judged as a provision is."""
    whole = Provision((("paragraph", "1"),), 0, len(text))
    return Hit(Document("", "", language(text), "other", "", text, (whole,)), whole, 1.0, "dense")


def ours(engine: Engine, question: Question) -> Said:
    *_, last = engine.ask(question.question, question.history)
    answer, documents = last.answer, {document.doc_id: document for document in engine.documents()}
    cited = {}
    for citation in answer.citations:
        document = documents[citation.doc_id]
        cited[citation.n] = Hit(document, document.by_path[citation.path[:1]], 1.0, "dense")
    rows = tuple((s.text, tuple(cited[n] for n in s.citations), bool(s.citations)) for s in answer.sentences)
    first = answer.timings.get("first_token") if answer.tokens or answer.removed else None
    return Said(answer.text, answer.refused, rows, first)


def supported(spoken: Said, similar: Callable[[str, str], float]) -> list[bool]:
    """Of every sentence whether the text it stands on carries it; markers of its own do not matter."""
    return [
        isinstance(cite.support(cite.Marked(text, tuple(range(1, len(hits) + 1))), hits, similar), cite.Support)
        for text, hits, _ in spoken.sentences
    ]


def engines(engine: Engine, same: bool) -> dict[str, Callable[[Question], Said]]:
    """The four, by name, over the same files; `same`: the others have the engine that this program has."""
    file = models.require(LLM, engine.settings.home)
    model = Model(engine.generator() if same else Gguf(file, "llama.cpp"), engine.settings.answer_tokens)
    files = sorted({document.source for document in engine.documents()})
    texts = [Text(text=read(Path(file)).text, metadata={"file_name": Path(file).name}) for file in files]
    embedding = Embedding(engine.embedder())
    index = VectorStoreIndex.from_documents(texts, transformations=[SentenceSplitter()], embed_model=embedding)
    stock, citing = index.as_query_engine(llm=model), CitationQueryEngine.from_args(index, llm=model)
    txtai = Txtai([text.text for text in texts], engine.embedder(), model)

    def asked(query_engine: Any, question: Question, marks: bool) -> Said:
        started = time.perf_counter()
        found = query_engine.query(question.question)
        nodes = [_SOURCE.sub("", node.node.get_content()) for node in found.source_nodes]
        return replace(said(str(found), nodes, marks), first=model.first - started)

    return {
        "LlamaIndex `as_query_engine()`": lambda question: asked(stock, question, False),
        "LlamaIndex `CitationQueryEngine`": lambda question: asked(citing, question, True),
        "txtai `RAG`": lambda question: asked(txtai, question, False),
        "TiaoYin 条引": lambda question: ours(engine, question),
    }


class Txtai:
    """txtai's RAG over the texts, with this program's embedder, asked like a query engine of LlamaIndex."""

    def __init__(self, texts: Sequence[str], embedder: Any, model: Model) -> None:
        from txtai import RAG, Embeddings
        from txtai.pipeline import Segmentation

        self._found: list[str] = []
        pieces = [piece for text in texts for piece in Segmentation(paragraphs=True)(text)]
        known = dict(zip(pieces, embedder.passages(pieces), strict=True))

        def transform(asked: Sequence[str]) -> Any:
            return np.array([known[text] if text in known else embedder.queries([text])[0] for text in asked])

        def near(asked: list[str], limit: int) -> Any:
            found = index.batchsearch(asked, limit)
            self._found = [row["text"] for row in found[0]]
            return found

        index = Embeddings(method="external", transform=transform, content=True)
        index.index(pieces)
        self._rag = RAG(near, lambda prompts: list(map(str, map(model.complete, prompts))), template=TXTAI)

    def query(self, question: str) -> Response:
        answer = self._rag(question)["answer"]
        return Response(answer, [NodeWithScore(node=TextNode(text=text)) for text in self._found])


class Tapped:
    """The prompts that a language model of this program gets from now on."""

    def __init__(self, writer: Any) -> None:
        self.writer, self.prompts, stream = writer, list[Prompt](), writer.stream

        def tapped(prompt: Prompt, tokens: int) -> Any:
            self.prompts.append(prompt)
            return stream(prompt, tokens)

        writer.stream = tapped

    def alone(self) -> float | None:
        """Seconds that the engine takes for the last prompt and one token, nothing of ours around it; None where there
        was none. Its beginning is cached, as for us; the rest is made another, which has not been read."""
        if not self.prompts:
            return None
        *before, last = self.prompts.pop().messages
        ids = self.writer._ids((*before, replace(last, content=f"另一问。{last.content}")))
        started = time.perf_counter()
        self.writer._pipe.generate([ids], [embedded._config(1, 0)])
        return time.perf_counter() - started


def figures(rows: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """What one engine's rows come to; None where there is nothing to count."""

    def share(values: Sequence[bool]) -> float | None:
        return sum(values) / len(values) if values else None

    answerable = [row for row in rows if row["answerable"]]
    seconds = [row["seconds"] for row in rows]
    return {
        "key facts": share([key for row in answerable for key in row["keys"]]),
        "supported": share([fine for row in rows for fine in row["supported"]]),
        "cited": share([marked for row in rows for marked in row["cited"]]),
        "declined": share([row["declined"] for row in rows if row["answerable"] is False]),
        "falsely declined": share([row["declined"] for row in answerable]),
        "first s": float(np.median(first))
        if (first := [row["first"] for row in rows if row["first"] is not None])
        else None,
        "median s": float(np.percentile(seconds, 50)),
        "p95 s": float(np.percentile(seconds, 95)),
    }


def table(found: dict[str, dict[str, float | None]]) -> list[list[str]]:
    """A row an engine: its name, then its figures, shares without the zero before the point."""
    rows = []
    for engine, values in found.items():
        cells = (
            "–" if v is None else f"{v:.1f}" if n.endswith(" s") else f"{v:.2f}".lstrip("0") for n, v in values.items()
        )
        rows.append([engine, *cells])
    return rows


def drawn(questions: Sequence[Question], n: int, seed: int = 9) -> list[Question]:
    """`n` questions, as evenly of all kinds as may be; the same seed draws the same."""
    chance = random.Random(seed)
    kinds: dict[str, list[Question]] = {}
    for question in chance.sample(questions, len(questions)):
        kinds.setdefault(question.kind or "", []).append(question)
    turns = [(turn, kind, question) for kind, those in kinds.items() for turn, question in enumerate(those)]
    return [question for *_, question in sorted(turns, key=lambda each: each[:2])][:n]


def measure(args: argparse.Namespace) -> measuring.Result:
    if not find_spec("txtai"):
        sys.exit("txtai is not installed: pip install -c constraints.txt 'txtai>=9.14,<10'")
    questions = read_questions(args.questions)
    chosen = drawn(questions, 2 if args.quick else args.n or len(questions))
    with TemporaryDirectory() as folder:
        engine = Engine(load({"index": args.index or folder}))
        if not args.index:
            ingest(engine.settings, [measuring.DOCUMENTS], prune=False, report=lambda *_: None)
        rows = put(engine, chosen, args)
    found = {name: figures(each) for name, each in rows.items()}
    stock, citing, _, own = found.values()
    targets = []
    for name in ("first s", "median s"):
        for who, theirs in (("stock", stock[name]), ("citing", citing[name])):
            if own[name] and theirs:
                what = f"{'first token' if name == 'first s' else 'whole answer'} beside LlamaIndex, {who}"
                share = own[name] / theirs
                targets.append(measuring.Target(what, "≤ 1/3", f"{share:.2f}", share <= 1 / 3))
    *_, ours = rows.values()
    asked = len(ours)
    through = "the engine of this program" if args.same else "the prebuilt llama.cpp wheel (xllamacpp)"
    return measuring.Result(
        "compare", "Answers",
        f"LlamaIndex' query engines and txtai's RAG, same files, embedder and model, the model by {through}",
        targets, [(f"{asked} questions of {args.questions.name}", ["", *own], table(found))], limit(ours),
        more={"llm": engine.generator().name, "rows": rows},
    )  # fmt: skip


def limit(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What the engine alone takes until its first token, beside what it took with all of ours around it."""
    known = [(row["first"], row["alone"]) for row in rows if row.get("alone") and row["first"] is not None]
    if not known:
        return []
    first, alone = (float(np.median(each)) for each in zip(*known, strict=True))
    return [
        f"The engine alone takes {alone:.1f} s at the median to read the same prompts, their beginning cached, and to "
        f"write one token; ours takes {first:.1f} s of the same {len(known)} questions, {first / alone:.1f} times as "
        "long, with the search and, where words leave in doubt whether what was found answers, the model's verdict."
    ]


def put(engine: Engine, chosen: Sequence[Question], args: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """Every question to each of the four; what they said."""
    asked = engines(engine, args.same)
    engine._load_search()  # which the prompts' beginnings wait for
    engine._load_model()  # the beginnings of its prompts are read, as they are when a page is opened
    for ask in asked.values():
        ask(Question("warm", WARM_UP))
    tapped = Tapped(engine.generator())
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in asked}
    begun = time.perf_counter()
    for n, question in enumerate(chosen, 1):
        for name, ask in asked.items():
            tapped.prompts.clear()
            started = time.perf_counter()
            spoken = ask(question)
            row = {"id": question.id, "answerable": question.answerable, "seconds": time.perf_counter() - started}
            row |= {"answer": spoken.text, "declined": spoken.declined, "keys": given(question, spoken.text)}
            row |= {"first": spoken.first, "supported": supported(spoken, engine._similar)}
            row["cited"] = [marked for *_, marked in spoken.sentences]
            if ask is list(asked.values())[-1]:
                row["alone"] = tapped.alone()
            rows[name].append(row)
        print(f"{n} of {len(chosen)} questions", file=sys.stderr, flush=True)
        if args.seconds and time.perf_counter() - begun > args.seconds:
            break
    return rows


def more(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--n", type=int, default=12, help="questions, 0 for all")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--same", action="store_true")
    parser.add_argument("--questions", type=Path, default=SET)
    parser.add_argument("--index")


if __name__ == "__main__":
    try:
        measuring.run(__doc__, measure, more)
    except TiaoYinError as error:
        sys.exit(f"compare.py: {error}")
