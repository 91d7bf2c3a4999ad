# What a fresh clone needs is made by the first target that needs it; nothing is installed outside the
# clone, but for Debian packages named in NEEDS.
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

# Programs that tests start, as COMMAND:DEBIAN-PACKAGE; `make test` installs what is missing.
NEEDS := git:git prometheus:prometheus promtool:prometheus prometheus-alertmanager:prometheus-alertmanager amtool:prometheus-alertmanager
# The interpreter to make .venv with; empty: the newest that this machine has.
PYTHON =
# Test processes at once.
JOBS = 2
# `make test COVERAGE= ARGS=tests/probes/tcp` runs a part, without demanding that it covers everything.
COVERAGE = --cov --cov-report=term
ARGS =

export PYTHON
# Somebody's settings for other projects must not reach this one; unwritten bytecode doubles start-up.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint lint-style lint-types lint-imports lint-image lint-texts format bench lock image clean

help:  ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

demo: $(READY)  ## Start the sample system and run profiles/demo.yaml against it
	$(VENV)/bin/gonogo demo $(ARGS)

test: $(READY)  ## Run all tests (a part: make test COVERAGE= ARGS=tests/probes)
	@scripts/need $(NEEDS)
	$(PY) -m pytest -n $(JOBS) $(COVERAGE) $(ARGS)

lint: lint-style lint-types lint-imports lint-image lint-texts  ## Check style, types, import directions, Dockerfile and texts

lint-style: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

lint-types: $(READY)
	$(PY) -m mypy

lint-imports: $(READY)
	$(VENV)/bin/lint-imports --no-logo

lint-image: $(READY)
	$(VENV)/bin/hadolint Dockerfile

lint-texts: $(READY)
	@scripts/need git:git
	$(PY) scripts/check_texts.py

format: $(READY)  ## Let ruff rewrite what it can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(READY)  ## Measure speed and size; prints ratios
	$(PY) -m tests.bench $(ARGS)

lock: $(READY)  ## Resolve all dependencies anew (LOCK_ARGS=--upgrade takes newer versions)
	scripts/lock $(VENV) $(LOCK_ARGS)

image:  ## Build the container image with buildah and try it
	scripts/build-image

clean:  ## Remove everything that was made
	rm -rf $(VENV) dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Made in another folder, then moved or copied here: set up again.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

$(READY): pyproject.toml requirements.lock scripts/setup
	@scripts/setup $(VENV)
