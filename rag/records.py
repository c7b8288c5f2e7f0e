"""The records that travel along the arrows: frozen dataclasses, derived values as properties.

Nothing here reads files or decides anything. Spans are character offsets into `Document.text`, end exclusive.
"""

from __future__ import annotations

from collections import abc, defaultdict
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Protocol

from rag.facts import parted
from rag.labels import article_of, label_of, to_path
from rag.source import Piece
from rag.words import say

Path = tuple[tuple[str, str], ...]
"""A provision's place from the article down, e.g. (("article", "6"), ("paragraph", "1"))."""

TITLE = 20  # characters at most of a title that opens an article as its first sentence


@dataclass(frozen=True)
class Provision:
    """One node of a document's tree, in document order; its children are the provisions whose path extends its own."""

    path: Path
    start: int
    end: int
    headings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """One document: its whole text, its provisions (parents before children, in order), and where it was read."""

    doc_id: str
    title: str
    lang: str
    kind: str
    source: str
    text: str
    provisions: tuple[Provision, ...]
    issuer: str | None = None
    date: str | None = None  # of publication, ISO form
    effective: str | None = None  # from which it applies
    history: tuple[tuple[str, str], ...] = ()  # (date, 通过 or 修正 or the like)
    pieces: tuple[Piece, ...] = ()

    @cached_property
    def by_path(self) -> dict[Path, Provision]:
        return {provision.path: provision for provision in self.provisions}

    @cached_property
    def _below(self) -> dict[Path, list[Provision]]:
        below = defaultdict[Path, list[Provision]](list)
        for each in self.provisions:
            below[each.path[:-1]].append(each)
        return below

    def text_of(self, provision: Provision) -> str:
        return self.text[provision.start : provision.end]

    def label(self, path: Path) -> str:
        """The citation label of a path, e.g. 《人工智能全球治理行动计划》第六条第2句."""
        return label_of(self.title, self.lang, path, self.begins(path))

    def begins(self, path: Path) -> tuple[str, ...]:
        """How the text of each provision on the way down a path begins: 1.2 there is cited as 1.2, not as 1(2)."""
        places = [self.by_path.get(path[: n + 1]) for n in range(len(path))]
        return tuple(self.text[p.start : p.start + 20] if p else "" for p in places)

    def piece_at(self, offset: int) -> Piece | None:
        """What is known of where the character `offset` was read: its page, and whether it was joined there."""
        return next((piece for piece in self.pieces if piece.start <= offset < piece.end), None)

    def children(self, path: Path) -> list[Provision]:
        """The provisions directly below `path`; `()` gives the top level."""
        return list(self._below.get(path, ()))

    def is_title(self, path: Path) -> bool:
        """Whether a provision is only the title an article of a plan begins with (有效应对能源环境问题。)."""
        size = self.by_path[path].end - self.by_path[path].start
        return self.kind != "statute" and path[0][0] == "article" and path[1:] == (("sentence", "1"),) and size <= TITLE

    def to_json(self) -> dict[str, Any]:
        """The form of one document that `tiaoyin parse --json` prints."""
        provisions = [
            {"path": [list(step) for step in p.path], "label": self.label(p.path), "headings": list(p.headings)}
            | {"start": p.start, "end": p.end, "text": self.text_of(p)}
            for p in self.provisions
        ]
        names = ("doc_id", "title", "lang", "kind", "source", "issuer", "date", "effective", "history", "text")
        pieces = [asdict(piece) for piece in self.pieces]
        return {**{name: getattr(self, name) for name in names}, "pieces": pieces, "provisions": provisions}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Document:
        """The inverse of `to_json`; labels and texts of provisions are derived again."""
        provisions = tuple(
            Provision(to_path(p["path"]), p["start"], p["end"], tuple(p["headings"])) for p in data["provisions"]
        )
        pieces = tuple(Piece(**piece) for piece in data.get("pieces", ()))
        history = tuple((day, event) for day, event in data.get("history", ()))
        rest = {name: value for name, value in data.items() if name not in ("provisions", "pieces", "history")}
        return cls(provisions=provisions, pieces=pieces, history=history, **rest)


@dataclass(frozen=True)
class Chunk:
    """What is embedded and searched: one provision with its breadcrumb in front."""

    chunk_id: str
    doc_id: str
    path: Path
    text: str


@dataclass(frozen=True)
class Hit:
    """A retrieved provision at article level (the whole of it is what the language model reads).

    `score` is the fused one, 0 to 1 within this question; `cosine` is the best cosine of any of its clauses with
    the question, comparable between questions; `clauses` are those of its provisions that were found, with their own
    fused scores, best first; `how` is reference, dense, lexical or crossref.
    """

    document: Document
    provision: Provision
    score: float
    how: str
    cosine: float = 0.0
    clauses: tuple[tuple[Path, float], ...] = ()

    @property
    def text(self) -> str:
        return self.document.text_of(self.provision)

    @property
    def nearest(self) -> tuple[Provision, float] | None:
        """The best clause found that has no clauses below it, and its score; a bare title does not count."""
        for path, score in self.clauses:
            if not self.document.children(path) and not self.document.is_title(path):
                return self.document.by_path[path], score
        return None

    def to_json(self) -> dict[str, Any]:
        return {
            "doc": self.document.title,
            "article": article_of(self.provision.path),
            "path": [list(step) for step in self.provision.path],
            "score": round(self.score, 4),
            "how": self.how,
        }


@dataclass(frozen=True)
class Citation:
    """A clause that carries a sentence; `quote` is always `document.text[start:end]`."""

    n: int
    doc_id: str
    doc: str
    article: str | None
    path: Path
    label: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True)
class Sentence:
    """A shown sentence. `verdict` is "quoted" (verbatim in what it cites) or "supported"; `item`: it is one of a list;
    `side`: the document or article that it is of, where several are compared."""

    text: str
    citations: tuple[int, ...]
    verdict: str
    item: bool = False
    side: str = ""


@dataclass(frozen=True)
class Removed:
    """A sentence that the check threw out; `reason` is the end of a key `removed_...` in the words."""

    text: str
    reason: str

    def why(self, lang: str) -> str:
        return say(f"removed_{self.reason}", lang)


@dataclass(frozen=True)
class Tokens:
    """How many tokens of a language model a prompt had, and its reply."""

    prompt: int
    answer: int


@dataclass(frozen=True)
class Answer:
    """The answer to one question; `note` is what code says beside it, `documents` are those cited, by doc_id."""

    question: str
    lang: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    removed: tuple[Removed, ...] = ()
    retrieved: tuple[Hit, ...] = ()
    reason: str | None = None
    rewritten: str | None = None
    note: str | None = None
    llm: str = ""
    tokens: Tokens | None = None
    timings: dict[str, float] = field(default_factory=dict)
    documents: abc.Mapping[str, Document] = field(default_factory=dict, repr=False)

    @property
    def refused(self) -> bool:
        return self.reason is not None

    @property
    def text(self) -> str:
        """The shown answer, each sentence with its markers, "……[1]。"; items and sides begin lines."""
        text, side, colon = "", "", "：" if self.lang == "zh" else ": "
        for each in self.sentences:
            begin = f"\n{each.side}{colon}" if each.side != side else "\n- " if each.item else " " * (self.lang != "zh")
            text, side = text + begin + with_markers(each), each.side
        return text.strip()

    def to_json(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "lang": self.lang,
            "rewritten": self.rewritten,
            "answer": self.text,
            "refused": self.refused,
            "reason": self.reason,
            "note": self.note,
            "sentences": [asdict(s) for s in self.sentences],
            "citations": [asdict(c) for c in self.citations],
            "removed": [{"text": r.text, "why": r.why("en")} for r in self.removed],
            "retrieved": [hit.to_json() for hit in self.retrieved],
            "llm": self.llm,
            "tokens": asdict(self.tokens) if self.tokens else None,
            "timings": {name: round(seconds, 3) for name, seconds in self.timings.items()},
        }


@dataclass(frozen=True)
class Update:
    """The answer so far, while a question is being answered.

    `stage` is "retrieve", "generate" or at last "done", with the whole answer; `answer` holds what may be shown: the
    provisions found, then each sentence once it has passed the check."""

    stage: str
    answer: Answer


def with_markers(sentence: Sentence) -> str:
    """The sentence with its [n] before the final punctuation mark, and before quotation marks behind that."""
    body, end = parted(sentence.text)
    return body + "".join(f"[{n}]" for n in sentence.citations) + end


@dataclass(frozen=True)
class Message:
    """One turn of what a language model reads; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Prompt:
    """A question and what may answer it: [n] in a reply is `hits[n - 1]`; `nearest` is n and text of a clause."""

    question: str
    lang: str
    hits: tuple[Hit, ...]
    messages: tuple[Message, ...]
    nearest: tuple[int, str] = (0, "")


SENTINELS = {"zh": "条文未载明", "en": "NOT STATED"}
"""What a generator writes when the provisions do not answer, the same in prompts, code and tests."""


class Generator(Protocol):
    """What writes replies. `name` is what an answer reports as `llm`."""

    name: str

    def stream(self, prompt: Prompt, max_tokens: int) -> abc.Generator[str, None, Tokens | None]:
        """Pieces of the reply as they come; closing cancels. Returns its tokens, where known. Raises GenerateError."""
