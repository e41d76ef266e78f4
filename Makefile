# make demo: score the example series with the core install (no torch), and report it.
# make test: install everything, then lint, types and tests.
# make docs: build the site in build/docs, without the network; a warning is an error.
# make bench: measure speed side by side; writes benchmarks/results and docs/performance.md.

PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin

export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
INSTALL := $(BIN)/python -m pip install --quiet

.PHONY: demo test test-slow lint format docs bench clean

demo: $(VENV)/core.stamp
	$(BIN)/distiliqa demo

test: lint
	scripts/install_test_tools.sh
	$(BIN)/pytest

test-slow: $(VENV)/dev.stamp
	$(BIN)/pytest -m slow

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/docs.stamp
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs build/docs

bench: $(VENV)/bench.stamp
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/core.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable .
	touch $@

$(VENV)/docs.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[docs]"
	touch $@ $(VENV)/core.stamp

$(VENV)/bench.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[dev,bench]"
	touch $@ $(VENV)/dev.stamp $(VENV)/core.stamp

$(VENV)/dev.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[dev]"
	touch $@ $(VENV)/core.stamp
