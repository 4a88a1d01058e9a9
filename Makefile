# tramdo: `make demo` shows it, `make test` checks and tests it. Both set up what they need.

UV_VERSION := 0.13.9
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
export UV_SYSTEM_CERTS := 1
# Python keeps what it has compiled, whatever the environment says: every start takes half as long.
export UV_COMPILE_BYTECODE := 1
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check soak parts generated clean

demo: $(VENV)/.ready ## the main job on simulated instruments, in this terminal; Ctrl-C ends it
	@$(BIN)/tramdo demo $(ARGS)

test: check parts ## everything that must be true before a commit, in a few minutes
	@$(BIN)/pytest -n $$(( $$(nproc) * 2 )) --dist loadgroup $(ARGS)

check: $(VENV)/.ready-dev ## style, types and import rules
	@$(BIN)/ruff format --check --quiet . || { echo "run: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > $(VENV)/imports.log || { cat $(VENV)/imports.log; exit 1; }

soak: $(VENV)/.ready-dev parts ## the long runs
	@$(BIN)/pytest -m soak --timeout 7200 $(ARGS)

parts: ## the real parts that tests need: a broker, a database, a foreign Modbus client, fault tools
	@tests/parts.sh

generated: $(VENV)/.ready-dev ## files made from code: schemas, key table, SUPPORTED.md
	@$(BIN)/python -m tramdo.settings.schema
	@$(BIN)/python -m tramdo.contract
	@$(BIN)/python tests/supported.py > drivers/SUPPORTED.md

clean:
	rm -rf $(VENV)

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "tramdo needs Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "run: sudo apt-get install python3-venv"; exit 1; }
	@echo "setting up $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.ready: uv.lock pyproject.toml | $(BIN)/uv
	@$(BIN)/uv sync --quiet --frozen --inexact --no-default-groups --extra demo
	@touch $@

$(VENV)/.ready-dev: uv.lock pyproject.toml | $(BIN)/uv
	@$(BIN)/uv sync --quiet --frozen --inexact --all-extras
	@touch $@ $(VENV)/.ready
