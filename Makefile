# Everything a person types here; `make` alone lists it.
PYTHON ?= python3
PORT ?= 8000
DATA_DIR ?= var
JOBS ?= 2
BIN := .venv/bin
SLOW := crash or browser or contract
export PORT DATA_DIR

# As it would run in production, for the checks that read the settings; nothing connects.
PRODUCTION := SECRET_KEY=checks-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKL BASE_URL=https://billing.example.es \
	ALLOWED_HOSTS=billing.example.es DATABASE_URL=postgres://nobody@localhost:1/none DEBUG=off SECURE=on INSTALLATION_NUMBER=checks \
	ENCRYPTION_KEYS=checks-only-0123456789-abcdefghijklmnopqrstuvwxyz

.DEFAULT_GOAL := help
.PHONY: help demo test check bench style types layers django tests slow-tests crash-tests queue-tests other-slow-tests format translations lock schemas clean tools

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: .venv/installed  ## start everything with demo data; PORT=8000 DATA_DIR=var (Ctrl-C ends it)
	@exec $(BIN)/python config/child.py -- $(BIN)/python -m config.demo

test: .venv/installed-dev  ## the fast tests, in some five minutes
	$(BIN)/pytest -n $(JOBS) -m "not ($(SLOW))"

bench: .venv/installed-dev  ## measure what the project promises about speed
	$(BIN)/python -m benchmarks

# --- the whole check, step by step; each is a target of its own ------------------------------------------------------
STEPS := style types layers django tests slow-tests

check: .venv/installed-dev tools  ## all that must hold before a change lands
	@failed=; for step in $(STEPS); do \
		echo "=== $$step"; begin=$$(date +%s); result=ok; \
		$(MAKE) --no-print-directory $$step || { result=FAILED; failed=1; }; \
		summary="$$summary$$(printf '\n%5d s  %-12s %s' $$(($$(date +%s) - begin)) $$step $$result)"; \
	done; echo "=== summary$$summary"; test -z "$$failed"

style:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(PRODUCTION) $(BIN)/mypy .

layers:
	$(BIN)/lint-imports

django:
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

tests:
	$(BIN)/pytest -n $(JOBS) -m "not ($(SLOW))" --cov --cov-report=term --cov-report=json:.coverage.json
	$(BIN)/python .ci/branch_coverage.py .coverage.json

# Those that kill processes, PostgreSQL among them, wait for leases and ticks most of the time: the others run beside
# them, each kind over a PostgreSQL of its own.
KINDS := crash-tests queue-tests other-slow-tests
slow-tests:
	@$(MAKE) --no-print-directory --keep-going --output-sync=target -j 3 $(KINDS)

$(KINDS): unmake := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL
crash-tests:  # some of which call make themselves
	$(unmake) $(BIN)/pytest -m crash --ignore tests/crash/test_queue.py

queue-tests:
	$(unmake) $(BIN)/pytest tests/crash/test_queue.py

other-slow-tests:
	$(unmake) $(BIN)/pytest -m "($(SLOW)) and not crash"

format:  ## rewrite the code in the house's style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

translations: .venv/installed-dev  ## bring the Spanish catalogue up to date, and list what it lacks
	@$(PRODUCTION) $(BIN)/python manage.py translations

# --- what it all needs -----------------------------------------------------------------------------------------------
.venv/installed: requirements.txt | .venv/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/installed-dev: requirements-dev.txt | .venv/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@ .venv/installed

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=…")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(call install,python3-venv); }
	$(PYTHON) -m venv --clear .venv

tools:
	@command -v chromium >/dev/null || { $(call install,chromium); }
	@command -v node >/dev/null || { $(call install,nodejs); }
	@command -v curl >/dev/null || { $(call install,curl); }
	@command -v pdftotext >/dev/null || { $(call install,poppler-utils); }
	@command -v redis-server >/dev/null || { $(call install,redis-server); }

# A Debian package, where we may install one; else the command that does.
define install
	if [ "$$(id -u)" != 0 ]; then echo 'Install it first: sudo apt-get install $(1)' >&2; exit 1; fi; \
	echo 'Installing $(1)…'; apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(1) >/dev/null
endef

schemas: .venv/installed-dev  ## write docs/openapi anew, after the API has grown
	@for version in v1 v2; do $(PRODUCTION) $(BIN)/python manage.py spectacular --api-version $$version --validate --fail-on-warn \
		--format openapi-json --file docs/openapi/$$version.json; done

lock:  ## pin the requirements anew (the newest that pyproject.toml allows)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile $(LOCK) --group demo -o requirements.txt
	$(BIN)/uv pip compile $(LOCK) --group demo --group dev -o requirements-dev.txt
# Extras stay: without them pip takes coverage[toml] for unpinned as soon as there is a newer coverage.
LOCK := --quiet --upgrade --generate-hashes --no-strip-extras --no-emit-index-url --no-annotate --no-header --python-version 3.11 pyproject.toml

clean:  ## remove the environment and the caches; data in var/ stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage* htmlcov
	find . -name __pycache__ -prune -exec rm -rf {} +
