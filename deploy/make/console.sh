#!/bin/sh
# Builds web/console into web/console/dist.
set -eu
. deploy/make/node.sh
if [ ! -f web/console/package.json ]; then
  echo "web/console is missing." >&2
  exit 1
fi
packages web/console
echo "Building the console ..." >&2
(cd web/console && npm run --silent build -- --logLevel error >&2)
