# make run: from a fresh clone to the page. Each step leaves a stamp, so a second run does no work that is done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DOCUMENTS := data/documents

.PHONY: setup run test check bench clean

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
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m 'not alone'
	$(BIN)/python -m pytest -m alone

check: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/installed-bench: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $@

# All benchmarks, each beside its baseline: under 40 minutes, on an otherwise idle machine. Writes BENCHMARKS.md.
bench: $(VENV)/installed-bench
	@$(BIN)/tiaoyin pull
	$(BIN)/python tests/benchmarks/all.py

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
