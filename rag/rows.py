"""The rows of a new collection, added by a process of its own while this one embeds.

In: the folder of a build with its chunks.jsonl, where its collection is, and `vectors.npy`, filled from the first row
on; then, a line each, how many rows are filled. Out: the collection. Chroma holds Python's lock for as long as it takes
rows in (1.5.9: 1 s for 2,000), and the embedder's threads would stand still: 206 laws took 266 s with a thread, 240 s
so. A few rows are not worth the second that it takes to start.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import IndexError_
from rag.index import chunks_in
from rag.vectors import Store


class Rows:
    """The other process, until `close` or the end of the `with`, which without `close` gives it up.

    Raises IndexError_: what went wrong there, or index_unwritten where it ended by itself.
    """

    def __init__(self, build: Path, server: str, name: str) -> None:
        self._build = build
        # A session of its own: Ctrl-C in a terminal is for this process, and the end of its input ends the other.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rag.rows", str(build.absolute()), server, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=Path(__file__).parents[1], start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def upto(self, filled: int) -> None:
        """Rows before `filled` have their vectors in the file."""
        assert self._process.stdin
        try:
            self._process.stdin.write(f"{filled}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self.close()

    def close(self) -> None:
        """Wait until all rows are there."""
        said, _ = self._process.communicate()
        if said:
            error = json.loads(said)
            raise IndexError_(error["key"], **error["values"])
        if status := self._process.returncode:
            why = f"the process that adds rows ended with status {status}"
            raise IndexError_("index_unwritten", folder=self._build, why=why)


def main(build: Path, server: str, name: str) -> None:
    """Make the collection and add what standard input says is there."""
    store, chunks, at = Store(build, server, name, new=True), chunks_in(build, None), 0
    with (build / "vectors.npy").open("rb") as file:
        np.lib.format.read_magic(file)
        (_, dimension), _, kind = np.lib.format.read_array_header_1_0(file)
        for line in sys.stdin:
            upto = int(line)
            filled = np.frombuffer(file.read((upto - at) * dimension * kind.itemsize), kind)
            store.add(chunks[at:upto], filled.reshape(-1, dimension))
            at = upto
    store.close()


def _run(build: str, server: str, name: str) -> int:
    try:
        main(Path(build), server, name)
    except IndexError_ as error:
        values: dict[str, Any] = {key: str(value) for key, value in error.values.items()}
        sys.stdout.write(json.dumps({"key": error.key, "values": values}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_run(*sys.argv[1:]))
