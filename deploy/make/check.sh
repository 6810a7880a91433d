#!/bin/sh
# Format, lint, types, floor plan, stale documents; with the word "house" the house tests too.
# Every step runs, so that one look shows everything; the exit is non-zero when any failed.
set -u
failed=""

step() {
  name=$1
  shift
  if output=$("$@" 2>&1); then
    printf '  ok     %s\n' "$name"
  else
    printf '  FAILED %s\n%s\n' "$name" "$output"
    failed="$failed $name"
  fi
}

step format .venv/bin/ruff format --check --output-format concise .
step lint .venv/bin/ruff check --output-format concise .
step types .venv/bin/python -m mypy
step floor-plan .venv/bin/lint-imports --no-logo --cache-dir .stamps/imports
step reference .venv/bin/python deploy/make/reference.py --check
step api .venv/bin/python deploy/make/api.py --check
[ "${1:-}" != house ] || step house .venv/bin/python -m pytest -q --tb=short tests/house

if [ -n "$failed" ]; then
  printf 'make check found something in:%s\n' "$failed"
  exit 1
fi
