# Two commands: `make run` starts everything on this machine, `make test` tests everything. Both set up what is missing.
PYTHON ?= python3
UV := $(shell sed -n '/^name = "uv"$$/{n;s/^version = "\(.*\)"/\1/p;}' uv.lock)
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never

.PHONY: help setup run test faults images check format clean
.DEFAULT_GOAL := help

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: .venv/.ready ## Install what is missing: the Python environment, the JVM, Kafka.

.venv/.ready: pyproject.toml uv.lock deploy/kafka/jgo.lock.toml
	@command -v $(PYTHON) >/dev/null || { echo "Parley needs Python 3.11 or newer; no '$(PYTHON)' was found. Install it, or say where it is: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Parley needs Python 3.11 or newer, $(PYTHON) is older. Say where a newer one is: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; install its venv module (on Debian: apt install python3-venv)"; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv ..."; $(PYTHON) -m venv .venv; }
	@test "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = "$(UV)" || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV)"
	@echo "Installing the locked packages ..."
	@$(BIN)/uv sync --frozen --quiet
	@echo "Installing Kafka ..."
	@$(BIN)/python -c 'from deploy.local.broker import install; install()'
	@touch $@

run: setup ## Start Kafka, the three services and a sample receiver; Ctrl-C stops them.
	@exec $(BIN)/python -m deploy.local.run

test: setup ## Run every test, on a real Kafka and a real PostgreSQL.
	$(BIN)/pytest

images: setup ## Build what the images hold by the Dockerfile's own steps, and start it (minutes).
	$(BIN)/pytest -m slow tests/deploy

faults: setup ## Kill services, stop servers, fill the disk, while 5,000 texts go through (seven minutes).
	$(BIN)/pytest -m slow tests/faults -s

check: setup ## Lint, format, types, import contracts, schemas.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m shared.schemas --check

format: setup ## Format the code and mend what the linter can.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## Remove what was installed and built; what Parley keeps (var/) stays.
	rm -rf .venv deploy/kafka/.jgo .pytest_cache .mypy_cache .ruff_cache .hypothesis
