# make run: from a fresh clone to the page. Each step leaves a stamp, so a second run does no work that is done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DOCUMENTS := data/documents

.PHONY: setup run test faults fuzz check bench sbom release clean

run: setup
	@$(BIN)/tiaoyin serve

setup: $(VENV)/installed
	@$(BIN)/tiaoyin pull
	@$(BIN)/tiaoyin ingest $(DOCUMENTS)

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

test: $(VENV)/installed-test
	@sh scripts/chromium.sh
	@sh scripts/axe.sh $(VENV)/axe
	@$(BIN)/tiaoyin pull
	$(BIN)/python -m pytest -n 2 --durations=40 --durations-min=5 -m 'not alone'
	$(BIN)/python -m pytest -m alone

# Every fault twenty times, those too that `make test` tries less often as they take seconds each; TIAOYIN_TRIALS says
# otherwise.
faults: $(VENV)/installed-test
	TIAOYIN_TRIALS=$${TIAOYIN_TRIALS:-20} $(BIN)/python -m pytest tests/test_faults.py

# Ten minutes for each kind of input, an hour and a half in all; TIAOYIN_FUZZ_SECONDS says otherwise. Only this needs
# schemathesis, so that it is not among what is locked.
fuzz: $(VENV)/installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt 'schemathesis>=4,<5'
	TIAOYIN_FUZZ_SECONDS=$${TIAOYIN_FUZZ_SECONDS:-600} $(BIN)/python -m pytest tests/test_fuzz.py

check: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile
	$(BIN)/python scripts/supply.py audit

# What a release is made of, for whoever has to know: dist/tiaoyin.cdx.json.
sbom: $(VENV)/installed-test
	@$(BIN)/python scripts/supply.py sbom

# Everything a release consists of, in dist/: after all checks, the lock files' sums among them, which takes minutes.
release: check sbom
	$(BIN)/python scripts/supply.py relock
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

# All benchmarks, each beside its baseline: under 40 minutes, on an otherwise idle machine. Writes BENCHMARKS.md.
# txtai, one of the baselines, and what draws the plots are no part of the program, so that they are not locked.
$(VENV)/installed-bench: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[gguf]' 'txtai>=9.14,<10' 'vl-convert-python>=1.9,<2'
	@touch $@

bench: $(VENV)/installed-bench
	@$(BIN)/tiaoyin pull
	$(BIN)/python tests/benchmarks/all.py

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
