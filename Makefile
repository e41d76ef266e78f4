# make demo: score the example series with the core install (no torch), and report it.
# make test: install everything, then lint, types and tests.
# make docs: build the site in build/docs, without the network; a warning is an error.
# make wheel: build it, score with it in a fresh environment, and write its bill of materials.
# make model DATA="DIR DIR" WORK=DIR: make the shipped model from CT folders, see training/compact.
# make bench: measure speed side by side; writes benchmarks/results and docs/performance.md.

# Another Python takes an environment of its own: make test PYTHON=python3.12 VENV=.venv-3.12

# The first that is here; versions are pinned with 3.11.
PYTHON ?= $(or $(shell for python in python3.11 python3.12 python3.13 python3.10 python3; do \
    command -v $$python && break; done),python3.11)
VENV ?= .venv
BIN := $(VENV)/bin
FRESH := $(VENV)-wheel

export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
INSTALL := $(BIN)/python -m pip install --quiet

.PHONY: demo test test-slow lint format docs wheel bench model viewer-library clean

demo: $(VENV)/core.stamp
	$(BIN)/distiliqa demo

# The networks of tests are tiny: threads of PyTorch would only wait for each other. Two processes
# take whole files, so that each fixture is made once. Without the last option pytest-xdist replaces
# a process that died, and then waits for ever.
test: lint
	tools/ci/install_test_tools.sh
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist loadfile --max-worker-restart 0

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
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --fresh-env --quiet docs build/docs

# In a folder of its own, where the checkout is not on the path.
wheel: $(VENV)/release.stamp
	rm -rf dist $(FRESH)
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	$(PYTHON) -m venv $(FRESH)
	$(FRESH)/bin/python -m pip install --quiet dist/*.whl
	cd $(FRESH) && bin/distiliqa demo
	test $$(wc -l < $(FRESH)/distiliqa-demo/scores.csv) -eq 13
	$(FRESH)/bin/python -m pip uninstall --quiet --yes pip setuptools
	$(BIN)/cyclonedx-py environment --output-reproducible \
	    --output-file dist/bill-of-materials.cdx.json $(FRESH)/bin/python

bench: $(VENV)/bench.stamp
	tools/ci/install_test_tools.sh
	$(BIN)/python benchmarks/run.py

# Hours; it goes on where it stopped. STEPS holds options such as --until simulate. Memory in large
# pages makes a step of training a quarter shorter where glibc has them, and changes no figure.
model: $(VENV)/dev.stamp
	GLIBC_TUNABLES=glibc.malloc.hugetlb=1 $(BIN)/python -m tools.make_model training/compact/model.yaml \
	    --data $(DATA) --work $(WORK) $(STEPS)

# The library of the viewer of distiliqa serve, bundled from its lock file; nothing else needs node.
viewer-library:
	cd web && npm ci --ignore-scripts && npm run build

clean:
	rm -rf $(VENV) $(FRESH) build dist .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/core.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable .
	touch $@

$(VENV)/docs.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[docs]"
	touch $@ $(VENV)/core.stamp

$(VENV)/release.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[release]"
	touch $@ $(VENV)/core.stamp

$(VENV)/bench.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[dev,bench]"
	touch $@ $(VENV)/dev.stamp $(VENV)/docs.stamp $(VENV)/core.stamp

$(VENV)/dev.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[dev]"
	touch $@ $(VENV)/docs.stamp $(VENV)/core.stamp
