"""How many questions a second a running server answers, how fast, and whether its memory stays flat.

    tiaoyin serve --llm extractive
    python tests/benchmarks/load.py [--rate 200] [--seconds 60] [--readers 64] [--url http://127.0.0.1:7860]

It asks `/api/ask` the questions of `data/eval/page.jsonl` in turn, `--rate` a second and never more than `--readers`
at once, and reads `/metrics` before, between and after. A question that finds no free reader is not asked, and counted.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import statistics
import time
from collections import Counter
from pathlib import Path

import httpx

QUESTIONS = Path(__file__).parents[2] / "data" / "eval" / "page.jsonl"


def at(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


async def memory(client: httpx.AsyncClient) -> float:
    """Resident memory of the server, in MB."""
    found = re.search(r"^process_resident_memory_bytes (\S+)$", (await client.get("/metrics")).text, re.MULTILINE)
    return float(found[1]) / 1e6 if found else 0.0


async def run(url: str, rate: float, seconds: float, readers: int, key: str) -> None:
    questions = itertools.cycle([json.loads(line)["question"] for line in QUESTIONS.read_text("utf-8").splitlines()])
    took, counted, memories, free = list[float](), Counter[str](), list[float](), asyncio.Semaphore(readers)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    limits = httpx.Limits(max_connections=readers + 1, max_keepalive_connections=readers + 1)
    async with httpx.AsyncClient(base_url=url, timeout=120, headers=headers, limits=limits) as client:

        async def ask(question: str) -> None:
            begun = time.perf_counter()
            try:
                got = await client.post("/api/ask", json={"question": question})
                counted[str(got.status_code)] += 1
                if got.status_code == 200:
                    took.append(time.perf_counter() - begun)
            except httpx.TransportError as error:
                counted[type(error).__name__] += 1
            finally:
                free.release()

        memories.append(await memory(client))
        begun, tasks = time.perf_counter(), set[asyncio.Task[None]]()
        for n in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + n / rate - time.perf_counter()))
            if free.locked():
                counted["not asked"] += 1
                continue
            await free.acquire()
            tasks.add(task := asyncio.create_task(ask(next(questions))))
            task.add_done_callback(tasks.discard)
            if n % max(1, int(rate * seconds / 10)) == 0:
                memories.append(await memory(client))
        await asyncio.gather(*tasks)
        spent = time.perf_counter() - begun
        memories.append(await memory(client))
    print(f"asked {rate:g}/s for {spent:.0f} s; responses {dict(counted)}")
    print(
        f"answered {counted['200'] / spent:.1f}/s; ms p50 {at(took, 0.5) * 1000:.0f}, p95 {at(took, 0.95) * 1000:.0f}"
    )
    print(f"MB {' '.join(f'{each:.0f}' for each in memories)}; median of the second half ", end="")
    half = memories[len(memories) // 2 :]
    print(f"{statistics.median(half):.0f}, of the first {statistics.median(memories[: len(memories) // 2]):.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:7860")
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--readers", type=int, default=64)
    parser.add_argument("--key", default="")
    given = parser.parse_args()
    asyncio.run(run(given.url, given.rate, given.seconds, given.readers, given.key))
