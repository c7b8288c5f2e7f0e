"""How many questions a second a running server answers, how fast, whether its memory stays flat, and whether readers
who hang up or take nothing pile up.

    tiaoyin serve --llm extractive
    python tests/benchmarks/load.py [--rate 200] [--seconds 60] [--readers 64] [--warm 1000] [--requests 10000]
                                    [--dropped 300] [--stuck 50] [--pid PID] [--url http://127.0.0.1:7860]

It asks `/api/ask` the questions of `data/eval/page.jsonl` in turn: `--warm` of them first, then `--rate` a second and
never more than `--readers` at once (a question that finds no free reader is not asked, and counted), then `--requests`
as fast as they are answered, eight at once. Before these it hangs up in the middle of `--dropped` others, and leaves
`--stuck` connections that say or take nothing. `/metrics` is read between, and with `--pid` the number of the server's
threads. `tests/test_load.py` judges what `run` finds.
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

QUESTIONS = Path(__file__).parents[2] / "data" / "eval" / "page.jsonl"
AT_ONCE = 8
SPARE = 2  # threads of a pool that are made when many ask, and stay
GONE = 45  # seconds until the server must have hung up on who says or takes nothing


def at(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


async def figure(client: httpx.AsyncClient, name: str) -> float:
    """A figure of /metrics."""
    found = re.search(rf"^{name} (\S+)$", (await client.get("/metrics")).text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def memory(client: httpx.AsyncClient) -> float:
    """Resident memory of the server, in MB."""
    return await figure(client, "process_resident_memory_bytes") / 1e6


async def held(client: httpx.AsyncClient, pid: int) -> dict[str, int]:
    """Open files and sockets of the server, its questions, and its threads where its process is known."""
    names = {"files": "process_open_fds", "running": "tiaoyin_running", "waiting": "tiaoyin_waiting"}
    found = {what: int(await figure(client, name)) for what, name in names.items()}
    if pid:
        status = Path(f"/proc/{pid}/status").read_text()
        found["threads"] = int(re.search(r"Threads:\s*(\d+)", status)[1])  # type: ignore[index]
    return found


async def settled(client: httpx.AsyncClient, pid: int, before: dict[str, int]) -> dict[str, int]:
    """What it holds once that is no more than before, or after GONE seconds."""
    until = time.monotonic() + GONE
    while True:
        found = await held(client, pid)
        if time.monotonic() > until or all(
            found[what] <= n + SPARE * (what == "threads") for what, n in before.items()
        ):
            return found
        await asyncio.sleep(1)


class Load:
    """The questions in turn, and what came of them."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client, self.took, self.counted = client, list[float](), Counter[str]()
        lines = QUESTIONS.read_text("utf-8").splitlines()
        self.questions: Iterator[str] = itertools.cycle([json.loads(line)["question"] for line in lines])

    async def ask(self) -> None:
        begun = time.perf_counter()
        try:
            got = await self.client.post("/api/ask", json={"question": next(self.questions)})
            self.counted[str(got.status_code)] += 1
            if got.status_code == 200:
                self.took.append(time.perf_counter() - begun)
        except httpx.TransportError as error:
            self.counted[type(error).__name__] += 1

    async def answered(self, n: int) -> None:
        """Ask until `n` more are answered."""
        until = self.counted["200"] + n

        async def reader() -> None:
            while self.counted["200"] < until:
                await self.ask()

        await asyncio.gather(*(reader() for _ in range(AT_ONCE)))

    async def paced(self, rate: float, seconds: float, readers: int) -> None:
        free, tasks = asyncio.Semaphore(readers), set[asyncio.Task[None]]()

        async def one() -> None:
            try:
                await self.ask()
            finally:
                free.release()

        begun = time.perf_counter()
        for n in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + n / rate - time.perf_counter()))
            if free.locked():
                self.counted["not asked"] += 1
                continue
            await free.acquire()
            tasks.add(task := asyncio.create_task(one()))
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        spent = time.perf_counter() - begun
        print(f"asked {rate:g}/s for {spent:.0f} s; responses {dict(self.counted)}")
        p50, p95 = at(self.took, 0.5) * 1000, at(self.took, 0.95) * 1000
        print(f"answered {self.counted['200'] / spent:.1f}/s; ms p50 {p50:.0f}, p95 {p95:.0f}")


async def flat(load: Load, requests: int) -> float:
    """By how much memory grows over so many answers, as a share."""
    memories = [await memory(load.client)]
    for _ in range(10):
        await load.answered(requests // 10)
        memories.append(await memory(load.client))
    first, last = memories[0], statistics.median(memories[-3:])
    print(
        f"{requests} answers, responses {dict(load.counted)}: MB {' '.join(f'{each:.0f}' for each in memories)}; ",
        end="",
    )
    print(f"the last are {100 * (last / first - 1):+.1f} % of what it was before them")
    return last / first - 1


def question(url: httpx.URL, key: str) -> tuple[bytes, bytes]:
    """The head of a question's request, and all of it."""
    body = json.dumps({"model": "extractive", "stream": True, "messages": [{"role": "user", "content": "x"}]}).encode()
    told = f"Authorization: Bearer {key}\r\n" if key else ""
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {url.host}\r\n{told}Content-Type: application/json\r\n"
    return head.encode(), head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def hang_up(url: httpx.URL, key: str, n: int) -> None:
    """Ask so many questions, and go before the answer, or in the middle of the question."""
    _, whole = question(url, key)
    for each in range(n):
        _, out = await asyncio.open_connection(url.host, url.port or 80)
        out.write(whole[: len(whole) * (each % 7 + 1) // 7])
        await out.drain()
        out.transport.abort()


async def stay_silent(url: httpx.URL, key: str, n: int) -> list[asyncio.StreamWriter]:
    """So many connections that say nothing, or not all, or take nothing."""
    head, whole = question(url, key)
    ways, kept = (b"", b"POST /api/ask HT", head, whole[:-5], whole, whole * 40), []
    for each in range(n):
        reader, out = await asyncio.open_connection(url.host, url.port or 80, limit=1024)
        out.write(ways[each % len(ways)])
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        kept.append(out)
    return kept


async def run(given: argparse.Namespace) -> dict[str, Any]:
    """What came of it: `statuses` by number, the `growth` of memory, what the server held `before` and `after`."""
    headers = {"authorization": f"Bearer {given.key}"} if given.key else {}
    limits = httpx.Limits(max_connections=given.readers + 1, max_keepalive_connections=given.readers + 1)
    async with httpx.AsyncClient(base_url=given.url, timeout=120, headers=headers, limits=limits) as client:
        load, url = Load(client), client.base_url
        print(f"{await memory(client):.0f} MB")
        await load.answered(given.warm)
        before = await held(client, given.pid)
        print(f"{await memory(client):.0f} MB after {given.warm} answers; {before}")
        load.counted.clear()
        load.took.clear()
        await load.paced(given.rate, given.seconds, given.readers)
        await hang_up(url, given.key, given.dropped)
        kept = await stay_silent(url, given.key, given.stuck)
        print(f"{given.dropped} hung up, {given.stuck} silent: {await held(client, given.pid)}")
        growth = await flat(load, given.requests) if given.requests else 0.0
        after = await settled(client, given.pid, before)
        print(f"then: {after}")
        for out in kept:
            out.transport.abort()
    return {"statuses": load.counted, "growth": growth, "before": before, "after": after}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:7860")
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    for name, usual in (
        ("readers", 64),
        ("warm", 1000),
        ("requests", 10_000),
        ("dropped", 300),
        ("stuck", 50),
        ("pid", 0),
    ):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--key", default="")
    asyncio.run(run(parser.parse_args()))
