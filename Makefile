# Two commands do everything on a fresh machine with Python 3.11+ and make: `make gate` and `make test`.
# All that is made stays inside the project (.venv and the tools' caches).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2
INSTALL ?= --editable '.[dev,examples]'

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_CACHE_DIR := 1
export PIP_ROOT_USER_ACTION := ignore
# where it is set, as in images, each command that a test starts would compile all our modules again
export PYTHONDONTWRITEBYTECODE :=

.PHONY: gate test test-slow setup lint types contract tests bench clean

.NOTPARALLEL:  # the quick checks first; the tests have workers of their own

gate: setup  ## hold the manager against its model under controlled interleavings
	@$(BIN)/subwarden gate

test: setup lint types contract tests  ## lint, types, import contract, and all tests but the slow ones

test-slow: setup  ## the slow tests: exhaustive comparisons, long hunts, TLC, documents and examples that are run; SHARE=2/16: a part of them
	@SUBWARDEN_SHARE=$(or $(SHARE),1/1) $(BIN)/pytest -m slow -n $(JOBS) --dist worksteal

setup: $(VENV)/.done

$(VENV)/.done: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "subwarden needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 3; }
	@echo "setting up $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt $(INSTALL)
	@touch $@

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup .types/subwarden
	@$(BIN)/mypy

.types/subwarden:  # the package under its name, for mypy: the folder itself may be called anything
	@mkdir -p .types && ln -sfn .. $@

contract: setup
	@$(BIN)/lint-imports

tests: setup
	@$(BIN)/pytest -m "not slow" -n $(JOBS) --dist worksteal

bench: setup  ## speed as ratios in one run; never a test
	@$(BIN)/python -m subwarden.benchmarks

clean:
	rm -rf $(VENV) .venv-3* .venv-peers .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .types .hypothesis *.egg-info
