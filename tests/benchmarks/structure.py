"""What reading structure costs: MB/s beside LlamaIndex' SentenceSplitter on the same texts, in one run.

    .venv/bin/python tests/benchmarks/structure.py FOLDER [ROUNDS]

FOLDER holds texts (.md, .txt), such as a collection of laws. Both sides get the same strings, already in memory; rounds
alternate, and the best of each side counts, so that what else the machine does weighs least. Prints a line of JSON,
with how many references inside the texts lead to a provision that is there, and how many do not.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from llama_index.core.node_parser import SentenceSplitter

from rag.read import read
from rag.reference import links
from rag.source import Source
from rag.structure import structure


def seconds(work: Callable[[str], object], texts: list[str]) -> float:
    start = time.perf_counter()
    for text in texts:
        work(text)
    return time.perf_counter() - start


def main() -> None:
    folder, rounds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".md", ".txt"))
    texts = [read(path).text for path in files]
    size = sum(len(text.encode()) for text in texts) / 1e6
    splitter = SentenceSplitter()
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        ours.append(seconds(lambda text: structure(Source(text), "law.md", "0" * 64), texts))
        theirs.append(seconds(splitter.split_text, texts))
    found = [document for text in texts for document in structure(Source(text), "law.md", "0" * 64)]
    inside = [link.exists for d in found for p in d.children(()) for link in links(d, p)]
    print(
        json.dumps(
            {
                "files": len(files),
                "megabytes": round(size, 2),
                "provisions": sum(len(document.provisions) for document in found),
                "structure_mb_s": round(size / min(ours), 2),
                "sentence_splitter_mb_s": round(size / min(theirs), 2),
                "references_inside": sum(exists for exists in inside if exists is not None),
                "references_nowhere": sum(exists is False for exists in inside),
                "ratio": round(min(theirs) / min(ours), 2),
            }
        )
    )


if __name__ == "__main__":
    main()
