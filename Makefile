# `make demo` and `make test` set up their own environment from constraints.txt the first time.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
READY := $(VENV)/.ready
# Two processes share the suite, a file each at a time: what a file sets up once is set up once.
# The longest files come first (tests/sooner.py).
SPREAD := --numprocesses 2 --dist loadfile --no-loadscope-reorder
SUITE := -m "not faults and not docs_run and not prefect" $(SPREAD)

.PHONY: demo test test-docs test-prefect test-faults coverage lint docs wheel setup clean

demo: $(READY)
	$(BIN)/fusion demo

test: $(READY)
	$(BIN)/python -m pytest $(SUITE)

# Flows, schedules and the temporary server, each on a real Prefect server.
test-prefect: $(READY)
	$(BIN)/python -m pytest -m "prefect and not faults" $(SPREAD)

# Runs every block of the README and the pages that is marked `run`, on small data.
test-docs: $(READY)
	$(BIN)/python -m pytest -m docs_run --numprocesses 2 --dist worksteal tests/docs_run

# A share of the long suites, another one each day; SHARE=3/16 is that one, SHARE=all is all of them,
# which goes on where it stopped (see tests/shares.py).
test-faults: SHARE ?= today
test-faults: $(READY)
	SHARE=$(SHARE) $(BIN)/python -m pytest -m faults $(SPREAD)

coverage: $(READY)
	$(BIN)/coverage run -m pytest -m "not faults and not docs_run" $(SPREAD)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --show-missing --skip-covered

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

# The pages as a site in `site/`; a broken link or an unreadable docstring is an error.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Builds the wheel and tries it in environments of its own, without this folder: every verb with all
# extras, and what each extra alone lacks. Takes minutes and gigabytes.
wheel: $(READY)
	$(PYTHON) examples/try_wheel.py

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; PYTHON=... names it")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all,demo,dev,docs]'
	touch $(READY)

clean:
	rm -rf $(VENV) demo site dist .mypy_cache .ruff_cache .pytest_cache .hypothesis build .coverage* *.egg-info
