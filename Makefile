# Short verbs. `make` alone lists them. Needs Python 3.11 or newer (with venv) and make; the rest comes from PyPI into .venv.

# The first interpreter that is new enough and can make a virtual environment; or say which: make PYTHON=python3.13 test
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

# Tests run in so many processes: half as many again as there are processors, since many of them wait for a screen or a disk.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) * 3 / 2 )))
PARALLEL = --numprocesses=$(WORKERS) --maxprocesses=8 --dist=worksteal

BIN := .venv/bin
# A PyPI wheel brings pyright and its node; without this it looks for newer ones.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo top pictures bench test check format coverage chaos fulfilment soak clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z.]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/installed ## replay a real year of grocery orders and check every view; SAMPLE=5000 for the first 5,000 baskets
	$(BIN)/python -m examples.shop.demo $(if $(SAMPLE),--sample $(SAMPLE))

top: .venv/installed ## an ordinary day in the shop, and the dashboard on it; q ends both
	$(BIN)/actum run examples.shop.demo.ordinary_day:main --top --rw

pictures: .venv/installed ## draw the pictures of docs/dashboard.md again; look at them before they are committed
	$(BIN)/python -m tests.pictures
	$(BIN)/pytest tests/pictures --quiet --snapshot-update

bench: .venv/installed ## measure a bit of everything, report in bench/results, tables in the docs; only on a quiet machine
	$(BIN)/actum bench all --quote README.md --quote docs/benchmarks.md

test: .venv/installed ## run all tests, those that measure time alone; TESTS=tests/unit for some
	@failed=; \
	$(BIN)/pytest -m timing $(TESTS) --quiet --no-header || test $$? -eq 5 || failed=1; \
	$(BIN)/pytest -m "not timing" $(TESTS) $(PARALLEL) || test $$? -eq 5 || failed=1; \
	test -z "$$failed" # pytest says 5 when it was left without a test

check: .venv/installed ## formatting, lint, types, imports; all of them, whatever the first one says
	@failed=; for check in "ruff format --check --output-format=concise" "ruff check --output-format=concise" mypy pyright "lint-imports --no-logo"; do \
		echo "-- $$check"; $(BIN)/$$check || failed="$$failed, $$check"; done; \
	if test -n "$$failed"; then echo "failed$${failed#,}"; exit 1; fi

format: .venv/installed ## format the code and mend what can be mended
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

coverage: .venv/installed ## run all tests and show the lines and branches that none reaches
	$(BIN)/coverage erase
	-$(BIN)/pytest --quiet --cov --cov-report= $(PARALLEL)
	$(BIN)/coverage report
	$(BIN)/coverage report --fail-under=100 --include='$(COVERED)'

# What the log and its readers trust with their lives: every branch is taken by a test.
COVERED := */frame.py,*/codec.py,*/committer.py,*/actor.py,*/table.py

chaos: .venv/installed ## attack the engine, print one table, fail on any violation (long); SCALE=0.1, ROWS=kill for some
	$(BIN)/python -m tests.chaos $(ROWS) $(if $(SCALE),--scale $(SCALE))

fulfilment: .venv/installed ## fulfil 20,000 real orders while kill -9 comes every few seconds, and count; BASKETS=2000 KILLS=10 for less
	$(BIN)/python -m tests.chaos.fulfilment $(if $(BASKETS),--baskets $(BASKETS)) $(if $(KILLS),--kills $(KILLS))

soak: .venv/installed ## ten minutes and a million events past the dashboard: its memory, its share of a core (quiet machine)
	$(BIN)/python -m tests.soak $(if $(SECONDS),--seconds $(SECONDS))

clean: ## remove everything that make made, also the demo's store
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* dist var
	find engine storage tui bench examples tests -name __pycache__ -prune -exec rm -rf {} +

.venv: .venv/installed ## install what the other verbs need; they do it by themselves

.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer that can make a virtual environment was found; \
	on Debian: apt-get install python3 python3-venv, or say PYTHON=/path/to/python3" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt 'pip>=25.1' hatchling
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[bench,cli,demo,otel,parquet,peers,prometheus,sql,tui,web-tui]' --group test
	@touch $@
