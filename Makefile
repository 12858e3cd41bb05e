# Needs python3 (3.11 or later) with its venv module, and the package index for the first run.
PYTHON ?= python3
BIN := .venv/bin
# How many processes run the tests: a number, or auto for one a core.
WORKERS ?= auto
# Compiled modules are kept, whatever the shell says: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: help run test test-all check demo scrape nightly bench damage trust findings clean

help: ## say what can be made (plain make)
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

run: .venv/run ## serve the catalog on http://127.0.0.1:8001/, the bundled one if there is no other
	@test -f catalog.db || $(BIN)/winkb demo
	$(BIN)/winkb serve --host 127.0.0.1 --port 8001

test: .venv/dev ## run the tests, save the slow ones, on all cores: about two minutes on two
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow"

test-all: .venv/dev ## run all tests: browser, damages, hostile pages, load and kills, too
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: .venv/dev ## style, types, and that locks, imports and README agree
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy scraper
	$(BIN)/python -m pip --disable-pip-version-check check
	$(BIN)/python -m pytest tests/test_project.py

demo: .venv/run ## build catalog.db anew from the bundled pages, without network
	$(BIN)/winkb demo

scrape: .venv/run ## read Microsoft's pages now: the nightly job
	$(BIN)/winkb scrape

nightly: .venv/run ## the job of every night: scrape, summary, check (docs/nightly.md)
	WINKB=$(abspath $(BIN)/winkb) deploy/nightly $(SCRAPE_OPTIONS)

bench: .venv/dev ## measure speed
	@set -e; for script in bench/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script; done

damage: .venv/dev ## damage pages and articles, 13,000 times; no wrong fact may be published silently
	$(BIN)/python -m tests.damage

trust: .venv/dev ## kill, starve and race what fetches, publishes and serves; nothing may be lost or mixed
	$(BIN)/python trust/crawl_kills.py
	$(BIN)/python trust/publish_kills.py
	$(BIN)/python trust/machine_troubles.py
	$(BIN)/python trust/odd_runs.py
	$(BIN)/python trust/under_readers.py
	$(BIN)/python trust/rebuild_equals.py

findings: .venv/dev ## write the tables of docs/findings.md anew, from the checks
	$(BIN)/python docs/findings.py

clean: ## remove .venv and caches; catalog.db and archive.db stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist winkb.egg-info
	find scraper tests bench trust site -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is written last: what was interrupted is done again.
.venv/run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "winkb needs Python 3.11 or later")'
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
