#!/bin/sh
# Checks, web tests, then pytest last, so that its summary closes the output. Arguments go to pytest.
set -u
failed=""
. deploy/make/node.sh

SHUKE_CHROMIUM=$(sh deploy/make/browser.sh) || exit 1
export SHUKE_CHROMIUM

sh deploy/make/check.sh || failed="$failed check"
for folder in web/*/; do
  folder=${folder%/}
  grep -q '"test":' "$folder/package.json" 2>/dev/null || continue
  packages "$folder" || { failed="$failed $folder"; continue; }
  (cd "$folder" && npm run --silent --if-present types && npm run --silent --if-present test) ||
    failed="$failed $folder"
done
[ -z "$failed" ] || printf 'Failed before pytest:%s\n' "$failed"

.venv/bin/python -m pytest "$@" || failed="$failed pytest"
[ -z "$failed" ]
