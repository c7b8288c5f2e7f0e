"""Visitors without a browser: what the page's scripts send to gradio, and nothing else.

    async with visitor(url) as ask:
        html, seconds = await ask("...")

The widgets are found by their names in the page's own configuration. Seconds are from pressing the button to the whole
answer.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import httpx

Ask = Callable[[str], Awaitable[tuple[str, float]]]


@contextlib.asynccontextmanager
async def visitor(
    url: str,
    llm: str | None = None,
    seen: Callable[[str], None] = lambda html: None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Ask]:
    """An opened page with a cookie and a session of its own; `llm` is what it chose; `seen` is told what it shows."""
    async with httpx.AsyncClient(base_url=url, timeout=120, headers=headers) as client:
        await client.get("/")
        config = (await client.get("/config")).json()
        send = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "ty-send")
        after = {each["trigger_after"]: each for each in config["dependencies"] if each["queue"]}
        begin = next(each for each in config["dependencies"] if [send, "click"] in each["targets"])
        stream, own = after[begin["id"]], {"session_hash": secrets.token_hex(6)}
        chat = stream["outputs"].index(begin["outputs"][1])

        async def ask(question: str) -> tuple[str, float]:
            started = time.perf_counter()
            sent = {"fn_index": begin["id"], "data": [question, None, "zh", ""], **own}
            begun = (await client.post("/gradio_api/run/predict", json=sent)).raise_for_status().json()
            seen(begun["data"][1])
            sent = {"fn_index": stream["id"], "data": [None, "zh", llm, None, ""], **own}
            (await client.post("/gradio_api/queue/join", json=sent)).raise_for_status()
            async with client.stream("GET", "/gradio_api/queue/data", params=own) as events:
                async for event in messages(events):
                    if event["msg"] == "process_completed":
                        assert event["success"], event
                        return str(event["output"]["data"][chat]), time.perf_counter() - started
                    seen(json.dumps(event, ensure_ascii=False))
            raise AssertionError("the stream ended before the answer")

        yield ask


async def messages(events: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in events.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))
