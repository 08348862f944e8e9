# Every task of the project; `make` alone lists them. PYTHON, VENV, PORT, DATA_DIR and ARGS can be set.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
DATA_DIR ?= var
ARGS ?=
EXAMPLES ?= 100000
CASES ?= 5000
MINUTES ?= 60
TRIAL_MINUTES ?=
WORKERS ?= 2
FUZZED := tests/orders/api/test_fuzz.py tests/providers/adapters/test_fuzz.py tests/machine/test_machine.py
BIN := $(VENV)/bin
export VENV PORT DATA_DIR

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev tools run test quick trials fuzz doubts fairness attack mutants chaos lint format bench screenshots shell lock sbom audit docs clean

help: ## List the tasks
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: ## Set everything up: environment, locked dependencies, database, static files
	@$(PYTHON) -m scripts.setup

setup-dev: ## The same, with what tests and development need
	@$(PYTHON) -m scripts.setup --dev

tools: ## Only the environment for tests and development; no database is touched
	@$(PYTHON) -m scripts.setup --dev --no-database

run: setup ## Set up and run the panel with a demo provider; Ctrl-C stops it (PORT, DATA_DIR, PROVIDER_URL, PROVIDER_KEY)
	@$(BIN)/python -m scripts.start

test: tools lint ## Set up, check, and run the tests on SQLite and on PostgreSQL, long trials in small (ARGS go to pytest)
	@$(BIN)/python -m scripts.test $(ARGS)

quick: tools lint ## Check, and run what needs neither processes nor a browser, on SQLite: two minutes (ARGS go to pytest)
	@$(BIN)/python -m scripts.test --extent quick $(ARGS)

trials: tools ## Everything in full: all tests on both databases, attacks, planted bugs, chaos, … (TRIAL_MINUTES: how long at most)
	@MINUTES=$(TRIAL_MINUTES) $(BIN)/python -m scripts.trials

fuzz: tools ## 100,000 calls of the API, as many answers of providers, a thousand lives of shops (EXAMPLES, ARGS)
	@FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m scripts.test --extent full $(FUZZED) --durations=0 $(ARGS)

doubts: tools ## Days of shops with 5,000 doubtful orders: what the evidence says of each (CASES, ARGS go to pytest)
	@DOUBTS=$(CASES) $(BIN)/python -m pytest -q -n $(WORKERS) tests/doubts $(ARGS)

fairness: tools ## Hostile providers and customers beside good ones, sixty times as quick (MINUTES, ARGS go to pytest)
	@FAIRNESS=$(MINUTES) $(BIN)/python -m pytest -q -s -p no:xdist tests/fairness $(ARGS)

attack: tools ## The attacks of a penetration test on the running panel, and a table of what held (ARGS go to pytest)
	@$(BIN)/python -m scripts.attack $(ARGS)

mutants: tools ## Plant every known bug, one at a time; any that the tests' machine does not see fails (ARGS go to pytest)
	@MUTANTS=all $(BIN)/python -m pytest -q -n $(WORKERS) tests/machine/test_mutants.py $(ARGS)

lint: tools ## Style, types, layers, migrations and Django's own checks
	@$(BIN)/python -m scripts.lint

format: tools ## Put the code into the project's format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: tools ## Run the benchmarks, each beside its limit and the common way
	@$(BIN)/python -m scripts.bench $(ARGS)

chaos: tools ## Kill and break everything under load, then compare the books (ARGS=--orders 1000, --sqlite, --naive, …)
	@$(BIN)/python -m scripts.chaos $(ARGS)

screenshots: tools ## Take the README's pictures from a demo of its own
	@$(BIN)/python -m scripts.screenshots

shell: setup ## Open a Python shell with the panel loaded
	@$(BIN)/python manage.py shell

lock: tools ## Write the lock files anew from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(BIN)/python -m scripts.lock $(ARGS)

sbom: tools ## Write the bill of materials (CycloneDX) of the lock files to requirements/sbom.json
	@$(BIN)/python -m scripts.sbom

audit: tools ## Look up whether a locked part is known to be vulnerable (ADVISORIES=folder or zip of OSV records)
	@$(BIN)/python -m scripts.audit

docs: tools ## Build the documentation as a site into docs/_build; a broken link fails
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build

clean: ## Remove what was built; the data stays
	@rm -rf $(VENV) staticfiles docs/_build bench/out .ruff_cache .mypy_cache .import_linter_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
