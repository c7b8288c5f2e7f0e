"""The page served with an engine that plays a script: what it says depends on words in the question.

Run as a program it serves: `python tests/played.py PORT FOLDER`; in FOLDER/log.jsonl it notes what the engine was
asked and when it was stopped. `played(folder)` runs that in a process of its own, and lets a test say when the models
are loaded and when the answer to a question with 很久 or slowly in it may end: nothing here depends on who is faster.
No model, no index; everything between this engine and the screen is the real thing.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from browser import free_port, served
from built import Characters
from payloads import PAYLOADS
from shelf import european, hostile, law, many, plan, scanned

from rag.errors import GenerateError
from rag.facts import language
from rag.labels import article_of
from rag.records import Answer, Citation, Document, Hit, Removed, Sentence, Update
from rag.records import Path as Place
from rag.search import Only
from rag.serve import serve
from rag.settings import Settings
from rag.visitors import Visitors

SAID = {
    "zh": ("推广低功耗芯片、高效算法等绿色计算技术。", "加强个人隐私保护。", "罚款五万元。"),
    "en": (
        "Processing is lawful where it is necessary for legitimate interests.",
        "Personal data shall be processed lawfully, fairly and in a transparent manner.",
        "Whoever does otherwise pays 50 000 euros.",
    ),
}
"""What is answered in each language: two sentences, and one that the check removes."""
POINTS: tuple[Place, ...] = (
    (("article", "6"), ("paragraph", "1"), ("point", "f")),
    (("article", "5"), ("paragraph", "1"), ("point", "a")),
)


def is_long(question: str) -> bool:
    return "很久" in question or "slowly" in question


def cite(document: Document, n: int, article: str, sentence: str) -> Citation:
    return cite_at(document, n, (("article", article), ("sentence", sentence)))


def cite_at(document: Document, n: int, path: Place) -> Citation:
    found = document.by_path[path]
    quote = document.text_of(found)
    return Citation(
        n, document.doc_id, document.title, article_of(path), path, document.label(path), quote, found.start, found.end
    )


def by_id(documents: Sequence[Document]) -> dict[str, Document]:
    return {document.doc_id: document for document in documents}


class Slow(Characters):
    """An embedder that waits while FOLDER/embedding is there."""

    def __init__(self, folder: Path) -> None:
        self.held = folder / "embedding"

    def passages(self, texts: Sequence[str]) -> Any:
        wait(self.held)
        return super().passages(texts)


def wait(mark: Path) -> None:
    """As long as a test wants it, which has put the mark there."""
    end = time.monotonic() + 60
    while mark.exists() and time.monotonic() < end:
        time.sleep(0.05)


class PlayedEngine:
    """Answers by what the question contains; writes what happens to it into a log, but not whose it was."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        self.document, self.law, self.folder, self.log = plan(), law(), folder, folder / "log.jsonl"
        self.rules = european()
        self.shelf = [self.document, self.law, scanned(), self.rules] + [hostile()] * (folder / "hostile").exists()
        if (folder / "many").exists():
            self.shelf += many()
        self.settings = replace(settings or Settings(), home=folder, llms="extractive")
        self.visitors = Visitors(self.settings, lambda: Slow(folder))

    def note(self, **what: object) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(what, ensure_ascii=False) + "\n")

    def documents(self, visitor: str = "") -> Sequence[Document]:
        return [*self.shelf, *self.visitors.documents(visitor)]

    def ready(self, lang: str | None = None) -> str | None:
        return "正在装载模型…" if (self.folder / "loading").exists() else None

    def news(self, lang: str | None = None) -> str:
        return ""

    def ask(
        self, question: str, history: Sequence[str], only: Only | None = None, visitor: str = "", **chosen: object
    ) -> Iterator[Update]:
        chosen.pop("stopped", None)
        self.note(asked=question, history=list(history), **chosen)
        if "上传" in question:
            yield self.quoted(question, [each for each in self.documents(visitor) if not only or only.has(each)])
            return
        lang = language(question)
        document, found = (self.document, "76") if lang == "zh" else (self.rules, "65")
        hits = tuple(Hit(document, document.by_path[(("article", n),)], 0.9, "dense") for n in found)
        yield Update("retrieve", Answer(question, lang, llm="played"))
        time.sleep(0.05)
        wait(self.folder / "retrieving")
        answer = Answer(question, lang, retrieved=hits, llm="played")
        yield Update("generate", answer)
        if "出错" in question:
            raise GenerateError("page_port_range", port=99, other=1)
        if "故障" in question:
            raise ZeroDivisionError("a fault of the program")
        if "罚款" in question or "fine is" in question:
            yield Update("done", Answer(question, lang, retrieved=hits, reason="no_evidence"))
            return
        time.sleep(0.6 if is_long(question) else 0.1)  # time to see that it is being answered
        wait(self.folder / "answering")
        try:
            yield from self.sentences(question, lang, hits)
        except GeneratorExit:
            self.note(stopped=question)
            time.sleep(2 * ("迟停" in question))
            raise

    # What a run of a question set needs beside it.
    def embedder(self) -> SimpleNamespace:
        return SimpleNamespace(queries=lambda texts: None)

    def generator(self) -> None:
        pass

    def find(self, question: str, history: Sequence[str], k: int) -> SimpleNamespace:
        return SimpleNamespace(hits=list(self.ask(question, history))[-1].answer.retrieved)

    def search(self) -> SimpleNamespace:
        manifest = SimpleNamespace(embedder="played", files=[], chunks=3)
        return SimpleNamespace(index=SimpleNamespace(manifest=manifest, build=Path("1")))

    def quoted(self, question: str, documents: Sequence[Document]) -> Update:
        """The first article of each document that is asked."""
        cited = [
            cite_at(each, n, next(p.path for p in each.provisions if p.path[0][0] == "article"))
            for n, each in enumerate(documents, 1)
        ]
        said = [Sentence(each.quote, (each.n,), "quoted") for each in cited]
        return Update(
            "done", Answer(question, "zh", tuple(said), tuple(cited), llm="played", documents=by_id(documents))
        )

    def sentences(self, question: str, lang: str, hits: tuple[Hit, ...]) -> Iterator[Update]:
        cited = [cite(self.document, 1, "7", "2"), cite(self.document, 2, "6", "3")]
        if lang == "en":
            cited = [cite_at(self.rules, n, path) for n, path in enumerate(POINTS, 1)]
        said = [Sentence(SAID[lang][0], (1,), "supported"), Sentence(SAID[lang][1], (2,), "quoted")]
        removed = (Removed(SAID[lang][2], "number"),)
        if "长法" in question:
            cited[1] = cite_at(self.law, 2, (("article", "1165"), ("paragraph", "2")))
        if "攻击" in question:
            bad = self.shelf[-1]
            cited = [cite_at(bad, n, (("article", str(n)),)) for n in range(1, len(PAYLOADS) + 1)]
            said = [Sentence(payload, (n,), "quoted") for n, payload in enumerate(PAYLOADS, 1)]
            removed = tuple(Removed(payload, "number") for payload in PAYLOADS)
            hits = tuple(Hit(bad, bad.by_path[(("article", n),)], 0.9, "dense") for n in ("1", "2", "3"))
        begun = Answer(question, lang, tuple(said[:1]), tuple(cited[:1]), retrieved=hits)
        yield Update("generate", begun)
        held, end = self.folder / "finish", time.monotonic() + 60
        while is_long(question) and not held.exists() and time.monotonic() < end:
            time.sleep(0.1)
            yield Update("generate", begun)
        held.unlink(missing_ok=True)
        known = by_id(self.shelf)
        answer = Answer(question, lang, tuple(said), tuple(cited), removed, hits, llm="played", documents=known)
        yield Update("done", answer)


@contextlib.contextmanager
def held(mark: Path) -> Iterator[None]:
    mark.touch()
    try:
        yield
    finally:
        mark.unlink()


@contextlib.contextmanager
def played(
    folder: Path, loading: bool = False, attacked: bool = False, stocked: bool = False, **settings: object
) -> Iterator[SimpleNamespace]:
    """The served page, as `browser.served` gives it, with `log()` (what the engine noted), `loaded()`, `finish()`.

    `stocked`: 206 documents are shared. `settings` in place of the defaults. `with embedding():` the embedder waits,
    `with retrieving():` the search, and `with answering():` what comes behind the provisions found.
    """
    port, log = free_port(), folder / "log.jsonl"
    log.touch()
    for name, wanted in (("loading", loading), ("hostile", attacked), ("many", stocked)):
        if wanted:
            (folder / name).touch()
    command = [sys.executable, __file__, str(port), str(folder), json.dumps(settings)]
    with served(command, folder / "output.txt") as site:
        site.log = lambda: [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        site.loaded = (folder / "loading").unlink
        site.finish, site.folder = (folder / "finish").touch, folder
        for stage in ("embedding", "retrieving", "answering"):
            setattr(site, stage, partial(held, folder / stage))
        yield site


if __name__ == "__main__":
    engine = PlayedEngine(Path(sys.argv[2]), Settings(**json.loads(sys.argv[3])))
    serve(engine, port=int(sys.argv[1]), announce=partial(print, flush=True), ending=partial(print, flush=True))
    print("ended", flush=True)
