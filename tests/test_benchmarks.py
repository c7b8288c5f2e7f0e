"""Claims about the benchmarks: each explains itself, and BENCHMARKS.md says what they found and what they did not."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import measuring
import numpy as np
import pytest
from measuring import Result, Target

every = importlib.import_module("all")
HERE = Path(measuring.__file__).parent


def test_a_missed_target_tells_its_limit_and_a_met_one_none() -> None:
    for what in every.WHY:
        assert every.limit(Target(what, "", "", False)) == every.WHY[what]
        assert every.limit(Target(what, "", "", True)) == ""
    named = "\n".join((HERE / f"{name}.py").read_text(encoding="utf-8") for name in every.PLAN)
    assert all(what in named for what in every.WHY)


def result(**more: Any) -> Result:
    return Result(
        "start", "Start", "an empty Python", [Target("`--help`", "≤ 0.5 s", "0.7 s", False, "imports")],
        [("Seconds", ["start", "s"], [["`--help`", 0.7123], ["serve", 1234.5], ["chat", None]])], ["A note."],
        command="python tests/benchmarks/start.py", seconds=90.0, machine={"cores": "2"}, commit="abc", **more,
    )  # fmt: skip


@pytest.mark.parametrize("name", every.PLAN)
def test_each_benchmark_of_the_plan_says_what_it_measures_against_which_baseline(name: str) -> None:
    code = ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))
    said = ast.get_docstring(code) or ""
    assert f"tests/benchmarks/{name}.py" in said
    assert "Baseline" in said or "LlamaIndex" in said


@pytest.mark.parametrize("name", ["all", "start", "scale"])
def test_help_comes_at_once(name: str) -> None:
    asked = [sys.executable, str(HERE / f"{name}.py"), "--help"]
    assert "--quick" in subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def test_the_plan_takes_less_than_forty_minutes_unless_something_hangs() -> None:
    assert sum(every.PLAN.values()) < 60 * 60  # the limits; what they usually take is in BENCHMARKS.md


def test_the_page_tells_targets_tables_machine_failures_and_what_was_tried(tmp_path: Path) -> None:
    (tmp_path / "start.json").write_text(json.dumps(asdict(result())), encoding="utf-8")
    (tmp_path / "scale-1m.json").write_text(json.dumps(asdict(result(quick=True))), encoding="utf-8")
    (tmp_path / "memory.failed").write_text("was stopped after 120 s", encoding="utf-8")
    page = every.composed(every.read(tmp_path), "## Tried without success\n\nNothing yet.\n")
    for line in (
        "| cores | 2 |", "| `--help` | ≤ 0.5 s | 0.7 s | **missed** | imports | start |",
        "`python tests/benchmarks/start.py` at abc", "Baseline: an empty Python.", "| `--help` | 0.712 |",
        "| serve | 1,234 |", "| chat | – |", "- A note.", "No figures: it was stopped after 120 s.",
        "## Tried without success", "90 s, small sizes (--quick).",
    ):  # fmt: skip
        assert line in page.replace("\n90 s", "90 s"), line
    assert page.index("## memory") < page.index("small sizes")  # what the plan does not name comes last


def test_what_is_kept_comes_behind_the_rest_with_its_plot_and_counts_no_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(every, "KEPT", tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "scale_1m.json").write_text(
        json.dumps(asdict(result(plot={"mark": "line"}))), encoding="utf-8"
    )
    (tmp_path / "start.json").write_text(json.dumps(asdict(result())), encoding="utf-8")
    page = every.composed(every.read(tmp_path), "")
    assert "1 benchmarks in 2 minutes." in page  # 90 s, not 180
    assert page.count("data/pictures/bench_") == page.count("(data/pictures/bench_scale_1m.svg)") == 1
    assert page.count("| `--help` | ≤ 0.5 s | 0.7 s |") == 2


def test_a_plot_has_a_line_for_every_table_and_exact_search_beside_the_first() -> None:
    from scale import plot

    row = [1000, 2.0, 0, 3.0, 0, 0, 1.5, 0, 0, 9.0, 0.99]
    drawn = plot({"In the index folder": [row], "On a server": [row], "recall@10 by ef_search": [[1000, 0.8, 0.9]]})
    values = [part["data"]["values"] for part in drawn["concat"]]
    assert values[0] == [
        {"clauses": 1000, "a query, ms (p50)": 1.5, "of": "In the index folder"},
        {"clauses": 1000, "a query, ms (p50)": 9.0, "of": "exact search"},
        {"clauses": 1000, "a query, ms (p50)": 1.5, "of": "On a server"},
    ]
    assert [len(each) for each in values] == [3, 2, 2, 2]
    assert values[3][1] == {"ef_search": 50, "recall@10": 0.9, "of": "1,000 clauses"}


@pytest.mark.parametrize("grown", [lambda n: n, lambda n: n**0.5])
def test_growth_is_the_power_of_the_number_of_clauses(grown: Callable[[float], float]) -> None:
    from scale import growth

    rows = [[n, grown(n), 0, 3.0 * grown(n), 0, 0, grown(n)] for n in (10, 100, 1000)]
    power = f"{np.log10(grown(10)):.2f}"
    assert growth(rows) == [
        f"From 10 to 1,000 clauses: writing as n^{power}, disk as n^{power}, a query as n^{power}; exact search as n^1."
    ]
    assert growth(rows[:1]) == []


def test_varied_vectors_are_of_unit_length_near_real_ones_and_the_same_again() -> None:
    from scale import varied

    real = np.eye(8, 64, dtype=np.float32)
    made = varied(real, 40, 1)
    assert made.shape == (40, 64)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert (made @ real.T).max(axis=1).min() > 0.5
    assert len(np.unique(made, axis=0)) == 40
    assert np.array_equal(made, varied(real, 40, 1))


def test_memory_counts_children_and_a_peak_is_kept() -> None:
    found, seconds, peak = measuring.child("-c", "import time; x = bytearray(300_000_000); time.sleep(0.5); print(1)")
    assert found == 1 and seconds > 0.5
    assert 0.3 < peak < 0.4


def test_a_profile_tells_own_code_of_every_thread_and_leaves_out_what_waits() -> None:
    from profiled import profile

    from rag.numerals import to_chinese  # any own function that computes

    def work() -> None:
        for n in range(20_000):
            to_chinese(n % 9999)

    whole, rows = profile(work)
    assert rows[0][0].startswith("rag/numerals.py ")
    assert 0 < rows[0][1] <= whole
