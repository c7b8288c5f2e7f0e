"""What is counted, for Prometheus: requests, answers, refusals, seconds by stage, who waits, the process itself.

In: numbers. Out: the text of /metrics. No label comes from a caller: routes are ours, outcomes the reasons of answers.
"""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from rag.http.line import Line
from rag.records import Answer

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Meters:
    """One for a server; not prometheus_client's registry for the whole process."""

    def __init__(self, line: Line) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter("tiaoyin_requests", "Responses sent", ["route", "status"], registry=self.registry)
        self._answers = Counter(
            "tiaoyin_answers", "Answers by outcome: answered, or why not", ["outcome"], registry=self.registry
        )
        self._seconds = Histogram(
            "tiaoyin_seconds", "Seconds by stage", ["stage"], buckets=SECONDS, registry=self.registry
        )
        gauges = {"running": "Questions being answered", "waiting": "Questions in the line"}
        for name, help_ in gauges.items():
            Gauge(f"tiaoyin_{name}", help_, registry=self.registry).set_function(partial(getattr, line, name))

    def responded(self, route: str, status: int) -> None:
        self._requests.labels(route, str(status)).inc()

    def answered(self, answer: Answer) -> None:
        self._answers.labels(answer.reason or "answered").inc()
        for stage, seconds in answer.timings.items():
            self._seconds.labels(stage).observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self.registry)
