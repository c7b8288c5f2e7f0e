"""Claims about a question set that is run from the page: its limits, its progress, its report. No language model."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import TiaoYinError
from rag.evaluate.watched import Watched, watched
from rag.evaluate.whole import evaluate
from rag.pipeline import Engine
from rag.settings import Settings

SET = Path(__file__).parent.parent / "data" / "eval" / "page.jsonl"
LINES = SET.read_text(encoding="utf-8").splitlines()[:3]


@pytest.fixture(scope="module")
def quoting(settings: Settings) -> Engine:
    return Engine(replace(settings, llm="extractive", upload_mb=1, eval_questions=5))


@pytest.mark.slow
def test_a_set_is_run_question_by_question_and_gives_the_report_of_the_command(
    quoting: Engine, settings: Settings, tmp_path: Path
) -> None:
    data = "\n".join(LINES).encode()
    seen = list(watched(quoting, data, "我的问题.jsonl", "zh"))
    assert [(each.done, each.of) for each in seen] == [(0, 3), (1, 3), (2, 3), (3, 3), (3, 3)]
    assert "recall@5" in seen[1].scores and not any(each.report for each in seen[:-1])
    last = seen[-1]
    assert last.report.startswith("<!doctype html>") and "评测报告" in last.report
    assert all(json.loads(line)["question"] in last.report for line in LINES)
    whole = tmp_path / "set.jsonl"
    whole.write_text("\n".join(LINES), encoding="utf-8")
    same = evaluate(
        replace(settings, llm="extractive"),
        whole,
        tmp_path / "out",
        only_retrieve=False,
        progress=lambda n, of, s: None,
    ).summary
    assert last.summary
    for group in ("retrieval", "citation", "answer", "refusal"):
        assert last.summary["overall"][group] == same["overall"][group]
    assert list(watched(quoting, data, "a.jsonl", "en", only_retrieve=True))[-1].summary


def test_what_is_wrong_with_a_set_is_said_with_its_own_name_before_anything_is_asked(
    quoting: Engine, tmp_path: Path
) -> None:
    six = "\n".join(json.dumps({"id": str(n), "question": "?"}) for n in range(6))
    cases = {
        "多.jsonl": (six, "eval_too_many"),
        "大.jsonl": ("x" * (2**20 + 1), "document_too_large"),
        "坏.jsonl": ("{", "eval_broken_json"),
        "缺.csv": ("id,text\n1,x\n", "eval_column_missing"),
        "别.exe": ("x", "eval_kind_unknown"),
        "坏.xlsx": ("PK\3\4 no more", "document_damaged"),
        "../../etc/无.jsonl": ("", "eval_empty"),
        "外.jsonl": (json.dumps({"id": "1", "question": "?", "gold": [{"doc": "没有的法"}]}), "eval_unknown_document"),
        "码.csv": ("\0\1\2" * 99, "document_binary"),
    }
    for name, (text, key) in cases.items():
        with pytest.raises(TiaoYinError) as refused:
            next(watched(quoting, text.encode(), name, "zh"))
        assert refused.value.key == key, name
        assert name.rpartition("/")[2] in str(refused.value) and str(tmp_path) not in str(refused.value)
        assert tempfile.gettempdir() not in str(refused.value)


@pytest.mark.slow
def test_a_run_can_be_stopped_and_leaves_nothing_behind(
    quoting: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    run = watched(quoting, "\n".join(LINES).encode(), "a.jsonl", "zh")
    assert next(run) == Watched(0, 3)
    assert next(run).done == 1 and list((tmp_path / "temporary").iterdir())
    run.close()
    assert list((tmp_path / "temporary").iterdir()) == []
