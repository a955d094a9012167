# What a person types. `make help` tells each target in a line; the work is done in bootstrap/, audit/, perf/, release/ and tests/.

PYTHON ?= python3
COMPILER_SOURCE = compiler/main.0x0
ZERO = build/bin/zero
VERSION = $(shell cat VERSION)
WORKERS ?= 2
VENV = build/venv/bin/python
PYTEST = $(VENV) -m pytest -n $(WORKERS) --dist worksteal
CHECKS = normal-path-audit-check memory-architecture-check imports-check elf-check docs-check \
  memory-check memory-summary-check perf-check bench-check rss-limit-check optimizer-smoke

export PYTHONPYCACHEPREFIX := $(CURDIR)/build/pycache
MAKEFLAGS += $(if $(word 2,$(MAKECMDGOALS)),,--jobs=2)# one target: the environment is made while the chain is walked; of several, one after another
unexport MAKEFLAGS

.DEFAULT_GOAL := all
.PHONY: all trusted-chain bootstrap-from-seed test quick $(CHECKS) ddc release release-check trust-root fmt lint clean help

all: trusted-chain build/venv/ready ## build the compiler, build/bin/zero, and judge every claim
	@$(PYTHON) -m audit.environment build/venv tests/requirements.txt
	@$(VENV) -m audit all

trusted-chain: ## walk the chain from the trusted root if there is one, else from the seed
	@test -f $(COMPILER_SOURCE)
	@$(PYTHON) -m bootstrap

bootstrap-from-seed: ## walk the whole chain from the seed, whatever is built already
	@$(PYTHON) -m bootstrap --from-seed --again

test: trusted-chain build/venv/ready ## run every test
	@$(PYTEST)

quick: trusted-chain build/venv/ready ## run the tests that are not slow, a quarter of them
	@$(PYTEST) -m "not slow"

$(CHECKS): trusted-chain build/venv/ready
	@$(VENV) -m audit $(subst -audit,,$(@:-check=))

normal-path-audit-check: ## judge what `make all` is made of, and that the seed is not entered where there is a root
memory-architecture-check: ## judge how the compiler keeps its memory
imports-check: ## judge who imports whom
elf-check: ## judge the executable files
docs-check: ## judge what the pages say
memory-check: ## judge peaks of memory against budgets and baselines
memory-summary-check: ## judge the compiler's own account of its memory
optimizer-smoke: ## judge the optimiser on the compiler's own source: the same twice, and its memory
perf-check: ## judge times against what this machine did before
bench-check: ## judge compiled code beside gcc, and compile speed beside tcc
rss-limit-check: ## judge that the guard ends what breaks its limits

release: trusted-chain build/venv/ready ## make build/release/v$(VERSION), signed with KEY=FILE if given
	@$(VENV) -m release make $(if $(KEY),--key $(KEY))

release-check: ## verify that release, offline
	@$(PYTHON) release/verify.py build/release/v$(VERSION)

trust-root: trusted-chain build/venv/ready ## make that release the root from which the chain starts
	@$(VENV) -m release trust-root

ddc: trusted-chain ## grow the compiler by every route of this machine and compare: the table of witnesses
	@$(PYTHON) -m bootstrap.witness $(if $(FETCH),--fetch)

fmt: trusted-chain ## print every 0x0 file in the one form
	@find compiler lib examples perf -name '*.0x0' -exec $(ZERO) fmt {} +

lint: trusted-chain build/venv/ready build/lint/ready ## check the form of Python and 0x0 files
	@build/lint/bin/ruff check --quiet --cache-dir build/ruff .
	@build/lint/bin/mypy
	@find compiler lib examples perf -name '*.0x0' -exec $(ZERO) fmt --check {} +

clean: ## remove every product but releases and what was measured
	@mkdir -p build && find build -mindepth 1 -maxdepth 1 ! -name release ! -name perf -exec rm -rf {} +

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 27

build/venv/ready: tests/requirements.txt
build/lint/ready: tests/requirements-lint.txt
build/venv/ready build/lint/ready:
	@$(PYTHON) -m audit.environment $(@D) $<
