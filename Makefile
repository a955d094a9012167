# What a person types. `make help` tells each target in a line; the work is done in bootstrap/ and tests/.

PYTHON ?= python3
COMPILER_SOURCE = compiler/main.0x0
ZERO = build/bin/zero
WORKERS ?= 2
PYTEST = build/venv/bin/python -m pytest -n $(WORKERS)

export PYTHONPYCACHEPREFIX := $(CURDIR)/build/pycache

.DEFAULT_GOAL := all
.PHONY: all trusted-chain bootstrap-from-seed test quick fmt lint clean help

all: trusted-chain ## build the compiler, build/bin/zero

trusted-chain: ## walk the chain from the trusted root if there is one, else from the seed
	@test -f $(COMPILER_SOURCE)
	@$(PYTHON) -m bootstrap

bootstrap-from-seed: ## walk the whole chain from the seed, whatever is built already
	@$(PYTHON) -m bootstrap --from-seed --again

test: trusted-chain build/venv/ready ## run every test
	@$(PYTEST)

quick: trusted-chain build/venv/ready ## run the tests that take less than half a minute together
	@$(PYTEST) -m "not slow"

fmt: trusted-chain ## print every 0x0 file of compiler, lib and examples in the one form
	@find compiler lib examples -name '*.0x0' -exec $(ZERO) fmt {} +

lint: trusted-chain build/venv/ready build/lint/ready ## check the form of Python and 0x0 files
	@build/lint/bin/ruff check --quiet --cache-dir build/ruff .
	@build/lint/bin/mypy
	@find compiler lib examples -name '*.0x0' -exec $(ZERO) fmt --check {} +

clean: ## remove every product but the releases
	@mkdir -p build && find build -mindepth 1 -maxdepth 1 ! -name release -exec rm -rf {} +

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 22

build/venv/ready: tests/requirements.txt
build/lint/ready: tests/requirements-lint.txt
build/venv/ready build/lint/ready:
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
