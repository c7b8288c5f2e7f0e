"""Ingest against LlamaIndex' stock pipeline: `python tests/benchmarks/ingest.py [--out FILE] [--quick]`.

Baseline, in the same run and over the same files: SentenceSplitter with its defaults, VectorStoreIndex into Chroma, and
the same model in float32 by sentence-transformers; its own reader of folders is spared, it gets the texts. Each side is
a process of its own: whole time, characters a second, peak memory (PSS of the process and its children). Then what an
unchanged and a changed file cost, and all laws of `--shared`; that index stays in build/bench/laws, for others to use.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from measuring import BUILD, Result, Target, child, laws, run

LAWS = 12
"""Of both sides: the baseline takes two to four minutes for them."""


def measure(args: argparse.Namespace) -> Result:
    with TemporaryDirectory() as folder:
        files, index = Path(folder) / "files", Path(folder) / "index"
        files.mkdir()
        for file in laws(args, 2 if args.quick else LAWS):
            shutil.copy(file, files)
        ours = side("ours", files, index)
        theirs = side("theirs", files, Path(folder) / "chroma")
        again = side("ours", files, index)
        first = min(files.iterdir())
        first.write_text(first.read_text(encoding="utf-8") + "\n\n此处添加一句。\n", encoding="utf-8")
        changed = side("ours", files, index)
    rows = [
        ["TiaoYin", *row(ours)], ["LlamaIndex, stock", *row(theirs)], ["TiaoYin again, nothing changed", *row(again)],
        ["TiaoYin again, one file changed", *row(changed)],
    ]  # fmt: skip
    ratio = theirs["seconds"] / ours["seconds"]
    tables = [(f"The same {len(laws(args, 2 if args.quick else LAWS))} files, new processes", COLUMNS, rows)]
    notes = [
        "A piece is what gets a vector: with us an article and each clause of it, 2.5 times the text; with LlamaIndex "
        "1,024 tokens by its own count, some 860 characters, of which the model reads 93 % (its first 512 tokens).",
        "What is the same however many files there are (imports, loading the model, a new collection) is in the times.",
    ]
    if args.shared and not args.quick:
        everything = side("ours", args.shared / "corpora" / "zh_laws", BUILD / "laws", fresh=True)
        tables.append((f"All {everything['files']} laws", COLUMNS, [["TiaoYin", *row(everything)]]))
    return Result(
        "ingest", "Ingest", "LlamaIndex' SentenceSplitter and VectorStoreIndex into Chroma, same model in float32",
        [
            Target("ingest beside LlamaIndex", "≥ 3 times as fast", f"{ratio:.1f} times", ratio >= 3),
            Target("embedded again of unchanged files", "none", str(again["embedded"]), again["embedded"] == 0),
        ],
        tables, notes,
    )  # fmt: skip


COLUMNS = ["", "s", "pieces", "embedded", "pieces/s", "characters/s", "peak GB"]


def row(found: dict[str, Any]) -> list[Any]:
    seconds, pieces, done = found["seconds"], found["pieces"], found["embedded"]
    return [seconds, pieces, done, done / seconds, found["characters"] / seconds, found["peak"]]


def side(who: str, files: Path, place: Path, fresh: bool = False) -> dict[str, Any]:
    if fresh:
        shutil.rmtree(place, ignore_errors=True)
    found, seconds, peak = child(__file__, "--side", who, "--files", files, "--place", place)
    return {**found, "seconds": seconds, "peak": peak}


def ours(files: Path, place: Path) -> dict[str, int]:
    from rag.ingest import ingest
    from rag.settings import load

    embedded = 0

    def report(what: str, done: int, of: int) -> None:
        nonlocal embedded
        embedded = done if what == "embed" else embedded

    done = ingest(load({"index": place}), [files], prune=True, report=report)
    return {"pieces": done.chunks, "embedded": embedded}


def theirs(files: Path, place: Path) -> dict[str, int]:
    import chromadb
    from float32 import Float32
    from llama_index.core import Document, StorageContext, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.vector_stores.chroma import ChromaVectorStore

    from rag.read import read

    texts = [Document(text=read(file).text, metadata={"file_name": file.name}) for file in sorted(files.iterdir())]
    collection = chromadb.PersistentClient(str(place)).create_collection("stock")
    storage = StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=collection))
    VectorStoreIndex.from_documents(
        texts, storage_context=storage, transformations=[SentenceSplitter()], embed_model=Float32()
    )
    return {"pieces": collection.count(), "embedded": collection.count()}


def main(args: argparse.Namespace) -> None:
    work = {"ours": ours, "theirs": theirs}[args.side]
    started = time.perf_counter()
    found = work(args.files, args.place)
    files = [file for file in args.files.iterdir() if file.is_file()]
    characters = sum(len(file.read_text(encoding="utf-8")) for file in files)
    found |= {"files": len(files), "characters": characters}
    print(json.dumps(found | {"inside": time.perf_counter() - started}))


if __name__ == "__main__":
    if "--side" in sys.argv:
        parser = argparse.ArgumentParser()
        parser.add_argument("--side", choices=("ours", "theirs"))
        parser.add_argument("--files", type=Path)
        parser.add_argument("--place", type=Path)
        main(parser.parse_args())
    else:
        run(__doc__, measure)
