"""The program as a Space of the Hugging Face hub: `python ui/space.py`, the `app_file` of README.md.

In: the environment of a Space (`SPACE_ID`, `GRADIO_SERVER_NAME`, `GRADIO_SERVER_PORT`) and `TIAOYIN_*` variables, which
come first. Out: the page, at once; meanwhile the models are brought and `data/documents` is indexed, and until the
language model is there, answers quote the clauses themselves. It needs no installation of this package: the
repository as it lies, and `requirements.txt`. It prints what a Space's log is to hold, and decides nothing else.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).absolute().parents[1]
KEPT = Path("/data")
"""What outlives a restart of the Space, where the Space has such a storage."""


def defaults(environment: dict[str, str], kept: Path = KEPT) -> dict[str, str]:
    """The `TIAOYIN_*` variables that a Space wants, without those that are set."""
    wanted = {"HOST": environment.get("GRADIO_SERVER_NAME", "0.0.0.0"), "DEMO": "on" * ("SPACE_ID" in environment)}
    wanted["PORT"] = environment.get("GRADIO_SERVER_PORT", "7860")
    if os.access(kept, os.W_OK):
        wanted["HOME"] = str(kept / "tiaoyin")
    return {f"TIAOYIN_{name}": value for name, value in wanted.items() if f"TIAOYIN_{name}" not in environment}


def main() -> None:
    """Serve until the process is ended."""
    os.umask(0o077)  # what visitors mark is nobody else's
    os.environ.update(defaults(dict(os.environ)))
    from rag.errors import TiaoYinError
    from rag.pipeline import Engine
    from rag.serve import serve
    from rag.settings import load

    def announce(address: str) -> None:
        sys.stderr.write(address + "\n")
        engine.start_bare(ROOT / "data" / "documents", "extractive", lambda error: told(str(error)))

    def told(words: str) -> None:
        sys.stderr.write(words + "\n")

    try:
        settings = load({})
        engine = Engine(settings)
        serve(engine, settings.host, settings.port, settings.lang or None, announce)
    except TiaoYinError as error:
        told(str(error))
        os._exit(1)


if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # which was ui/
    main()
    os._exit(0)  # a model still loading in the background would abort an orderly exit
