# Every command, one line each. The only needs are git, make and Python 3.11 or later; the rest is fetched
# into this folder. All paths here are relative, so that the folder may have any name, with spaces too.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:
.PHONY: help run demo test check fmt simulate simulate-segments bench api docs console env dev clean

ARGS ?=
SH := sh deploy/make
WEB := $(shell [ -d web ] && find web -type f ! -path '*/node_modules/*' ! -path '*/dist/*' ! -name '* *')

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' Makefile

run: env console ## build what is missing, start everything in one process, print the address and the login
	@exec .venv/bin/shuke up $(ARGS)

demo: env ## load the demonstration merchant again, ending yesterday
	@exec .venv/bin/shuke demo $(ARGS)

test: dev console ## everything: checks, Python tests, browser tests, web tests (ARGS="-k points" narrows pytest)
	@$(SH)/test.sh $(ARGS)

check: dev ## format, lint, types, floor plan, stale documents, house tests: no database, under a minute
	@$(SH)/check.sh house

fmt: dev ## format the code and mend what can be mended by itself
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format .

simulate: dev ## months of random work beside an auditor's own books (make simulate SEED=7 STEPS=5000 MEMBERS=200)
	@SEED=$(or $(SEED),1) STEPS=$(or $(STEPS),2000) MEMBERS=$(or $(MEMBERS),40) \
		.venv/bin/python -m pytest -q -s tests/simulation/test_ledger_world.py

simulate-segments: dev ## random rules over random lives: live membership, full SQL and reference agree (SEED=7 STEPS=300)
	@SEED="$(or $(SEED),1)" STEPS=$(or $(STEPS),100) .venv/bin/python -m pytest -q -s tests/insight/segments/test_living_world.py

bench: dev ## the figures of docs/benchmarks.md, as ratios measured in one run
	@$(SH)/bench.sh $(ARGS)

api: dev ## write web/api from the OpenAPI document
	@$(SH)/api.sh

docs: dev ## write docs/reference from the code
	@.venv/bin/python deploy/make/reference.py

console: env .stamps/console ## build the merchant console
env: .stamps/env
dev: .stamps/dev

.stamps/env: pyproject.toml uv.lock deploy/make/env.sh
	@$(SH)/env.sh --no-dev --inexact
	@touch .stamps/env

.stamps/dev: pyproject.toml uv.lock deploy/make/env.sh
	@$(SH)/env.sh
	@touch .stamps/env .stamps/dev

.stamps/console: $(WEB) | .stamps/env
	@$(SH)/console.sh
	@touch .stamps/console

clean: ## remove all that make built or fetched here; the data stay
	@rm -rf .tools .venv .stamps .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@rm -rf web/*/node_modules web/*/dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
