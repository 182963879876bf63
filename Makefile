# Python 3.11 or newer, git and make are all that this needs; the rest goes into .venv and .cache.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

.PHONY: demo test test-long check format parts pictures messages lock clean

## Try onboard: the whole wizard on a sample project, with no account and no network.
demo: $(VENV)/.ready
	$(BIN)/onboard demo

## The tests, under 5 minutes on two cores; the summary says which parts this machine lacks.
test: $(VENV)/.ready-dev parts
	$(BIN)/pytest -n 3 --dist worksteal -m "not long"

## Those that repeat, fuzz and kill at many points; CI runs them too.
test-long: $(VENV)/.ready-dev parts
	$(BIN)/pytest -n 2 --dist worksteal -m long

## Format, lint, types.
check: $(VENV)/.ready-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

format: $(VENV)/.ready-dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

## The real parts of the tests that come from npm (into .cache/parts), where npm is there.
parts:
	bash .ci/parts.sh

## The screens as pictures, from the running program, into docs/pictures.
pictures: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.pictures

## Every message and every key of the program, out of the code, into docs/messages.md and docs/keys.md.
messages: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.messages
	$(BIN)/python -m benchmarks.keys

## Pin every Python package again, with its hashes.
lock: $(VENV)/.ready-dev
	$(PIP) uv
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) pyproject.toml --extra dev --constraint requirements.txt --output-file requirements-dev.txt

$(VENV)/bin/pip:
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $@ || $(BIN)/python -m ensurepip --default-pip >/dev/null

$(VENV)/.ready: requirements.txt pyproject.toml | $(VENV)/bin/pip
	$(PIP) --require-hashes --requirement requirements.txt
	$(PIP) --no-deps --editable .
	touch $@

$(VENV)/.ready-dev: requirements-dev.txt pyproject.toml | $(VENV)/bin/pip
	$(PIP) --require-hashes --requirement requirements-dev.txt
	$(PIP) --no-deps --editable .
	touch $@ $(VENV)/.ready

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache
