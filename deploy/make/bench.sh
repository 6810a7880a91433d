#!/bin/sh
# Runs the nine benchmarks; each prints its figures and, last, one line of JSON. Arguments go to each.
set -u
status=0
for name in ingest ledger segments living flips policy profiles backtest mirror; do
  printf '== shuke bench %s %s\n' "$name" "$*"
  .venv/bin/shuke bench "$name" "$@" || status=1
done
exit $status
