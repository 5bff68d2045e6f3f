# Every target sets up what it needs in .venv: uv where it is there, else venv and pip.
.DEFAULT_GOAL := help
.PHONY: help run test test-cluster lint format bench fuzz matrix races faults screenshots docs lock clean

PROFILE ?=
BUILD := build/gitops
UV := $(shell command -v uv 2>/dev/null)
PYTHON3 ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
DEV_STAMP := $(VENV)/.dev-stamp
DOCS_STAMP := $(VENV)/.docs-stamp

help:  ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(VENV):
ifdef UV
	@$(UV) venv --quiet --python $(PYTHON3) $(VENV)
else
	@$(PYTHON3) -m venv $(VENV)
endif

ifdef UV
INSTALL := VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --compile-bytecode
else
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

# What is installed is what the lock files say, hashes and all; then the project itself, editable.
$(STAMP): pyproject.toml requirements.lock requirements-build.lock | $(VENV)
	@echo "Setting up $(VENV), once; it may take a minute or two ..." >&2
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --require-hashes -r requirements-build.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements-dev.lock $(STAMP)
	@echo "Setting up what the tests and checks need, once ..." >&2
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

$(DOCS_STAMP): requirements-docs.lock $(DEV_STAMP)
	@echo "Setting up what the documentation needs, once ..." >&2
	@$(INSTALL) --require-hashes -r requirements-docs.lock
	@touch $@

run: $(STAMP)  ## Open the wizard; without a terminal or with PROFILE=FILE: render it
	@if [ -z "$(PROFILE)" ] && [ -t 0 ] && [ -t 1 ]; then \
		$(BIN)/runner-wizard; \
	else \
		$(BIN)/runner-wizard render $(or $(PROFILE),profiles/homelab.yaml) -o $(BUILD); \
	fi

# The tests start the wizard some thousand times; where Python may not keep bytecode, each of these
# would compile it again.
test: $(DEV_STAMP)  ## Run the tests
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto -m "not cluster"

test-cluster: $(DEV_STAMP)  ## Run the tests that need a real kube-apiserver (KUBEBUILDER_ASSETS)
	@$(BIN)/python -m pytest -m cluster -rs

lint: $(DEV_STAMP)  ## Check style, types and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 20

format: $(DEV_STAMP)  ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(DEV_STAMP)  ## Measure, as ratios against peers in one run
	@$(BIN)/python -m bench

screenshots: $(DEV_STAMP)  ## Take the pictures of the documentation anew, on fakes
	@$(BIN)/python -m tests.tui.screenshots assets/screenshots

fuzz: $(DEV_STAMP)  ## Throw ten thousand profiles, broken and odd, at it (FUZZ_EXAMPLES=N)
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-10000} $(BIN)/python -m pytest -m fuzz

matrix: $(DEV_STAMP)  ## Kill apply and destroy at every step and run them again
	@CRASH_MATRIX=all $(BIN)/python -m pytest -n auto tests/journeys -k killed

races: $(DEV_STAMP)  ## Run two and five applies at once, fifty times each (RACES=N)
	@RACES=$${RACES:-50} $(BIN)/python -m pytest -n auto tests/journeys/test_at_once.py -k race

faults: $(DEV_STAMP)  ## Meet every call to GitLab and Kubernetes with every fault on the wire
	@FAULT_MATRIX=all $(BIN)/python -m pytest -n auto -rP tests/faults

docs: $(DOCS_STAMP)  ## Build the documentation's site into build/docs, offline
	@$(BIN)/python -m sphinx --quiet --fail-on-warning -b html docs build/docs
	@echo "build/docs/index.html"

lock:  ## Bring the lock files up to date (needs uv)
	@$(UV) pip compile --quiet --universal --generate-hashes --no-header \
		--python-version 3.11 pyproject.toml -o requirements.lock
	@$(UV) pip compile --quiet --universal --generate-hashes --no-header \
		--python-version 3.11 --group build -c requirements.lock -o requirements-build.lock
	@$(UV) pip compile --quiet --universal --generate-hashes --no-header \
		--python-version 3.11 --group dev -c requirements.lock -o requirements-dev.lock
	@$(UV) pip compile --quiet --universal --generate-hashes --no-header \
		--python-version 3.11 --group docs -c requirements-dev.lock -o requirements-docs.lock

clean:  ## Remove what was built
	@rm -rf build dist .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
