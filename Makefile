# Everything that is done with a checkout. Needs Python 3.11, 3.12 or 3.13, make, and the package index.
#   make demo    set up, train LeNet on scikit-learn's digits, print its test accuracy
#   make test    set up, then lint, types and all tests

VENV ?= .venv
JOBS ?= 2
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)

.PHONY: demo test fast lint format generated clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	$(BIN)/specc check specs/lenet/lenet_digits.yaml
	$(BIN)/specc train specs/lenet/lenet_digits.yaml --run-dir runs/demo --overwrite
	$(BIN)/specc evaluate runs/demo

test: lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

fast: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "not slow" -n $(JOBS) --dist loadfile

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What is generated and committed; tests hold each to be current.
generated: $(VENV)/.installed-dev
	$(BIN)/specc schema -o schemas/spec.schema.json
	$(BIN)/python tests/generated_docs.py

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "specc needs Python 3.11, 3.12 or 3.13, and none was found: say make PYTHON=…"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

clean:
	rm -rf $(VENV) runs/demo
