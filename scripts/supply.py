"""What the program is made of, by the metadata of what is installed here: `python scripts/supply.py WHAT`.

relock    whether pip would take the same files today as the lock files say; 1 where one differs
lock      requirements.lock, what the program needs, and requirements-test.lock, the rest of constraints.txt: each with
          the SHA-256 of the file that pip takes on CPython 3.11 and Linux x86-64; torch is its CPU build
licences  LICENSES.md, a row for each of these packages that a user may install, and for each model
sbom      dist/tiaoyin.cdx.json, the same as a CycloneDX bill of materials
audit     the pins against PyPI's advisories; fails on one that scripts/advisories.txt does not excuse

It installs nothing, and names no package host: pip and pip-audit know theirs.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
import tomllib
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from rag.catalogue import catalogue  # noqa: E402

LOCKS = ("requirements.lock", "requirements-test.lock")
OFFERED = ("ocr", "gguf", "mcp")
"""The extras that users install."""
PATIENCE = 15.0
"""Seconds in which the advisory service must have told of one package; the whole set may take twenty times that."""
REMARKS = {
    "copyleft of single files: nothing here changes one": ("mpl", "mozilla"),
    "used as a library, unchanged, and replaceable": ("lgpl", "lesser general public"),
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins() -> dict[str, str]:
    """Versions by normalised name, as constraints.txt pins them."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {
        canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines) if version
    }


def needed(extras: Iterable[str] = ()) -> set[str]:
    """The normalised names of all that the program needs with these extras, on this platform."""
    asked = [*PROJECT["dependencies"], *(each for extra in extras for each in PROJECT["optional-dependencies"][extra])]
    found, waiting = set[tuple[str, str]](), [(Requirement(each), "") for each in asked]
    while waiting:
        wanted, extra = waiting.pop()
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        for each in ({(name, ""), *((name, more) for more in wanted.extras)}) - found:
            found.add(each)
            waiting += [(Requirement(line), each[1]) for line in importlib.metadata.requires(name) or ()]
    return {name for name, _ in found}


def locked() -> dict[str, tuple[str, str, str]]:
    """What the lock files pin: version, SHA-256 and file, by normalised name. Raises ValueError for any other line."""
    found = {}
    for file in LOCKS:
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            match = re.fullmatch(r"([\w.-]+)==([\w.+]+) --hash=sha256:([0-9a-f]{64})", line)
            if match:
                found[canonicalize_name(match[1])] = (match[2], match[3], file)
            elif line and not line.startswith("#") and line != f"-r {LOCKS[0]}":
                raise ValueError(f"{file}: {line}")
    return found


def taken(command: Sequence[str] = (sys.executable, "-m", "pip")) -> dict[str, str]:
    """A line of a lock file by normalised name: pip says which files it would take, and their sums.

    Raises CalledProcessError where it cannot say.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        call = [*command, "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
        subprocess.run([*call, "--report", str(report), "-r", str(ROOT / "constraints.txt")], check=True)
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {
        canonicalize_name(each["metadata"]["name"]): f"{each['metadata']['name']}=={each['metadata']['version']} "
        f"--hash=sha256:{each['download_info']['archive_info']['hashes']['sha256']}\n"
        for each in found
    }


def relock(command: Sequence[str] = (sys.executable, "-m", "pip")) -> int:
    """Say which lines of the lock files pip would not write today; 0 too where no index is within reach."""
    try:
        lines = taken(command)
    except (subprocess.CalledProcessError, OSError):
        print("lock: skipped: pip reaches no index")
        return 0
    wrong = 0
    for name, (version, sha256, file) in locked().items():
        now = lines.get(name, "nothing\n").strip()
        if now.endswith(f"=={version} --hash=sha256:{sha256}"):
            continue
        if "+" in version and "+" not in now:
            print(f"lock: {name} {version}: not looked at, its index is another")
            continue
        print(f"lock: {file} has {name}=={version} with {sha256}; pip takes {now}")
        wrong += 1
    return 1 if wrong else 0


def lock() -> None:
    """Write the lock files."""
    lines, own = taken(), needed()
    for file, begins, mine in (
        (LOCKS[0], "# What the program needs, as tested", True),
        (LOCKS[1], f"# What extras and tests need beside it, as tested\n-r {LOCKS[0]}", False),
    ):
        title, *more = begins.splitlines(keepends=True)
        head = f"{title.strip()}: CPython 3.11, Linux x86-64, CPU. Made by scripts/supply.py lock.\n"
        told = head + "".join(f"{each.strip()}\n" for each in more)
        told += "".join(line for name, line in sorted(lines.items()) if (name in own) == mine)
        (ROOT / file).write_text(told, encoding="utf-8")


def licence(name: str) -> str:
    """The licence of an installed package in its own words: SPDX, a field's first line, or classifiers."""
    told = importlib.metadata.metadata(name)
    field = next(iter((told.get("License") or "").strip().splitlines()), "")
    classified = [each.rpartition(" :: ")[2] for each in told.get_all("Classifier") or () if each.startswith("License")]
    return told.get("License-Expression") or field or ", ".join(classified) or "not told"


def licences() -> str:
    """LICENSES.md."""
    versions, own = pins(), needed()
    rows = []
    for name in sorted(needed(OFFERED)):
        told = licence(name)
        remark = next((text for text, words in REMARKS.items() if any(word in told.lower() for word in words)), "")
        where = "" if name in own else "an extra"
        rows.append(f"| {name} | {versions[name]} | {told} | {'; '.join(filter(None, (where, remark)))} |\n")
    models = [f"| {each.name} | {each.licence} | `{each.sha256}` |\n" for each in catalogue().values()]
    return (
        "# Licences\n\nTiaoYin itself: Apache-2.0 (`LICENSE`). What it uses is installed from its makers, not shipped "
        "here; the licences are\nin their own words. Made by `python scripts/supply.py licences`.\n\n"
        f"## Models\n\n| model | licence | SHA-256 |\n|---|---|---|\n{''.join(models)}\n"
        f"## Packages\n\n| package | version | licence | remark |\n|---|---|---|---|\n{''.join(rows)}"
    )


def sbom() -> dict[str, Any]:
    """A CycloneDX 1.6 bill of materials: packages with the sums of the lock, models with those of the catalogue."""
    sums, offered = locked(), needed(OFFERED)
    components = [
        _component("library", name, version, licence(name), sums[name][1], f"pkg:pypi/{name}@{version}")
        for name, version in pins().items()
        if name in offered
    ]
    components += [
        _component(
            "machine-learning-model", each.name, each.sha256[:12], each.licence, each.sha256, f"model:{each.name}"
        )
        for each in catalogue().values()
    ]
    own = {"type": "application", "bom-ref": "tiaoyin", "name": "tiaoyin", "version": PROJECT["version"]}
    own |= {"licenses": [{"license": {"id": PROJECT["license"]}}]}
    made: dict[str, Any] = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    made["metadata"] = {"component": own}
    made["dependencies"] = [{"ref": "tiaoyin", "dependsOn": [each["bom-ref"] for each in components]}]
    return made | {"serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(made))}"}


def _component(kind: str, name: str, version: str, told: str, sha256: str, ref: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": kind, "bom-ref": ref, "name": name, "version": version}
    made |= {"purl": ref} if ref.startswith("pkg:") else {}
    return made | {
        "licenses": [{"license": {"name": told}}],
        "hashes": [{"alg": "SHA-256", "content": sha256}],
    }


def audit(command: Sequence[str] = (sys.executable, "-m", "pip_audit")) -> int:
    """Say what is known against the pins; 1 where it is not excused, 0 also where nobody can be asked."""
    lines = (ROOT / "scripts" / "advisories.txt").read_text(encoding="utf-8").splitlines()
    excused = dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    versions = pins()
    probe = _reported(command, {"requests": versions["requests"]}, PATIENCE)
    whole = _reported(command, versions, 20 * PATIENCE) if probe and "vulns" in probe[0] else []
    if not whole:
        print("audit: skipped: no advisory service within reach")
        return 0
    known = [(each, found) for each in whole for found in each.get("vulns", ())]
    new = [(each, found) for each, found in known if not {found["id"], *found.get("aliases", ())} & excused.keys()]
    for each, found in new:
        fixed = ", ".join(found.get("fix_versions", ())) or "no version yet"
        print(f"audit: {each['name']} {each['version']}: {found['id']}, mended in {fixed}")
    untold = [each["name"] for each in whole if "vulns" not in each]
    print(f"audit: {len(whole)} packages, {len(known)} advisories, {len(known) - len(new)} of them excused")
    print(f"audit: not known to the service: {', '.join(untold)}" if untold else "", end="\n" if untold else "")
    return 1 if new else 0


def _reported(command: Sequence[str], versions: dict[str, str], seconds: float) -> list[dict[str, Any]]:
    """What pip-audit tells of each package; nothing where it cannot ask."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "requirements.txt"
        asked.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()), encoding="utf-8")
        call = [*command, "-s", "pypi", "-r", str(asked), "--no-deps", "--disable-pip", "--timeout", "10", "-f", "json"]
        try:
            done = subprocess.run(call, capture_output=True, text=True, timeout=seconds, check=False)
            found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError):
            return []
    return found


def main(what: str) -> int:
    if what == "lock":
        lock()
    elif what == "relock":
        return relock()
    elif what == "licences":
        (ROOT / "LICENSES.md").write_text(licences(), encoding="utf-8")
    elif what == "sbom":
        place = ROOT / "dist" / "tiaoyin.cdx.json"
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(sbom(), indent=1) + "\n", encoding="utf-8")
        print(place)
    elif what == "audit":
        return audit()
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
