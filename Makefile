# The one definition of how this repository is set up, checked and run. pre-commit and CI only call it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MLEXPERT := $(BIN)/mlexpert
PYTEST := $(BIN)/python -m pytest --dist loadfile
WORKERS ?= 3
REQUEST := Train a PINN to solve the heat equation

.NOTPARALLEL:
.PHONY: help env host image box demo lint check test soak bench lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: host image box  ## make .venv, the box image where an engine answers, and the box environment

host: $(VENV)/.host

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mlexpert needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.host: locks/host.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement locks/host.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Never fails: without an engine, or without a base image to start from, boxes are plain processes, and the run says so.
image: host
	@if ! docker info >/dev/null 2>&1; then \
	    echo "no Docker engine answers: no box image is built"; \
	elif ! $(MLEXPERT) image list | grep -q '(current)'; then \
	    echo "building the box image"; \
	    $(MLEXPERT) image build >$(VENV)/image.log 2>&1 || \
	        echo "the box image could not be built ($(VENV)/image.log says why): boxes will not be containers"; \
	fi

box: host
	@$(MLEXPERT) env build

demo: env  ## train and check a physics-informed network for the heat equation
	$(MLEXPERT) run "$(REQUEST)"

lint: host  ## style, types and layers (under 30 s)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint  ## lint and the fast tests: no engine, no box environment
	$(PYTEST) -n $(WORKERS) -m "not docker and not bwrap and not box and not soak"

# Tests of a skill, of the warm box, and whole runs that only look at their own boxes: two at a time. The others count boxes,
# processes and leases of the whole machine.
SKILL_TESTS := tests/whole/test_series.py tests/whole/test_tables.py tests/whole/test_arrays.py tests/whole/test_people.py tests/whole/test_wheel.py tests/sandbox/test_pool_zygote.py tests/deep tests/deploy tests/evaluate tests/jaxpro tests/physics tests/pinn tests/runtime tests/series tests/simulate tests/tabular

test: env check  ## everything but the campaigns, with real engines and real boxes
	$(PYTEST) -n $(WORKERS) -m "(docker or bwrap) and not box and not soak"
	$(PYTEST) -n 2 -m "box and not soak" $(SKILL_TESTS)
	$(PYTEST) -m "box and not soak" $(addprefix --ignore=,$(SKILL_TESTS))

soak: env  ## the campaigns: long, many runs
	$(PYTEST) -m soak

bench: env  ## the benchmarks; their results go to benchmarks/results
	@for script in benchmarks/bench_*.py; do \
	    [ -e "$$script" ] || { echo "no benchmark"; exit 1; }; \
	    echo "== $$script"; $(BIN)/python "$$script"; \
	done

# The only writer of locks. torch is held by locks/constraints.in; its local build suffix is cut, so that one lock
# serves every build of that release.
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --no-emit-index-url \
    --no-emit-find-links --no-emit-trusted-host --no-emit-options --annotation-style line --constraint locks/constraints.in
EXTRA := import pathlib, sys, tomllib; \
    print(*tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]["optional-dependencies"][sys.argv[1]], sep="\n")
CUT_BUILD := sed -E -i 's/^([A-Za-z0-9_.-]+==[^ +;]+)\+[A-Za-z0-9.]+/\1/; s/-r -(,|$$)/mlexpert[box]\1/; s/-c locks\/box.txt, //'

lock: | $(BIN)/python  ## write locks/ anew from pyproject.toml (LOCK_ARGS=--upgrade for newer releases)
	@[ -x $(BIN)/pip-compile ] || $(BIN)/python -m pip install --quiet pip-tools
	@echo 'locks/box.txt, locks/box-cuda.txt (torch with CUDA, from the public index), locks/service.txt, then locks/host.txt'
	@$(BIN)/python -c '$(EXTRA)' box | $(COMPILE) $(LOCK_ARGS) --output-file locks/box.txt -
	@$(CUT_BUILD) locks/box.txt
	@$(BIN)/python -c '$(EXTRA)' box | env -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null $(COMPILE) $(LOCK_ARGS) \
	    --constraint locks/box.txt --output-file locks/box-cuda.txt -
	@$(BIN)/python -c '$(EXTRA)' service | $(COMPILE) $(LOCK_ARGS) --constraint locks/box.txt --output-file locks/service.txt -
	@$(CUT_BUILD) locks/service.txt; sed -i 's/mlexpert\[box\]/mlexpert[service]/' locks/service.txt
	@$(COMPILE) $(LOCK_ARGS) --extra dev --output-file locks/host.txt pyproject.toml locks/build.in
	@$(CUT_BUILD) locks/box-cuda.txt locks/host.txt
	@! grep -E '://|^-|/home/|/opt/' locks/*.txt || { echo "a lock names a place"; exit 1; }
	@! grep -i '^nvidia' locks/box.txt locks/host.txt || echo "warning: a lock holds NVIDIA packages (gigabytes)"

clean:  ## remove caches and build products (not .venv, not runs/)
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
