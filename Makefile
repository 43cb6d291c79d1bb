# Two commands do everything: `make up` and `make test`. Each sets up what it needs first.

PYTHON ?= python3
UV_VERSION := 0.13.9
CACHE := $(or $(SLIPWAY_CACHE),$(HOME)/.cache/slipway)
UV := $(CACHE)/uv-$(UV_VERSION)/bin/uv
READY := .venv/.ready
RUN := .venv/bin
export ORT_DISABLE_TELEMETRY := 1
export UV_COMPILE_BYTECODE := 1

.PHONY: help up down test test-cluster test-gpu lint bench bench-gpu docs locks engine browser

help: ## show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

up: $(READY) ## set up, then train and serve on this machine
	@$(RUN)/slipway up

down: $(READY) ## remove all that runs
	@$(RUN)/slipway down

test: $(READY) engine browser ## set up, then run the tests
	@$(RUN)/python -m pytest -p tests.whole_files -m "not cluster and not gpu" -n 2

test-cluster: $(READY) engine ## tests on a real Kubernetes control plane, built first where it is not yet
	@$(RUN)/python -m tools.cluster.build
	@$(RUN)/python -m pytest -p tests.whole_files -m cluster -n 2 tests/cluster

test-gpu: $(READY) ## tests that need a GPU
	@$(RUN)/python tools/run_tests.py gpu

lint: $(READY) ## style, format, types
	@$(RUN)/ruff check . && $(RUN)/ruff format --check . && $(RUN)/pyright

bench: $(READY) ## each bar beside its peers
	@$(RUN)/python -m tests.bench

bench-gpu: $(READY) ## training speed on a GPU beside its peers
	@$(RUN)/python -m tests.bench.gpu

docs: $(READY) ## build the site into site/
	@NO_MKDOCS_2_WARNING=1 $(RUN)/mkdocs build --strict --quiet

locks: $(UV) ## resolve the locks again
	@tools/locks.sh $(UV)

engine: $(READY)
	@$(RUN)/python -m slipway.toolchain

browser:
	@tools/browser.sh

$(READY): locks/all.txt pyproject.toml | $(UV)
	@test -x $(RUN)/python || $(UV) venv --quiet --python 3.11 .venv
	@$(PYTHON) tools/pulumi/compile.py --ahead >/dev/null 2>&1 &
	@echo "installing the locked environment" && $(UV) pip sync --quiet --require-hashes locks/all.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# keyed by version and shared by every clone, so it is made once and never for a newer checkout
$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "error: $(PYTHON) is not Python 3.11; try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(CACHE)/uv-$(UV_VERSION)
	@$(CACHE)/uv-$(UV_VERSION)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r locks/uv.txt
	@touch $@
