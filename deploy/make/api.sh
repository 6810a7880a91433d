#!/bin/sh
# Writes web/api: the OpenAPI document from the application, then the types from the document.
set -eu
. deploy/make/node.sh
.venv/bin/python deploy/make/api.py
packages web/api
(cd web/api && npm run --silent write >&2)
.venv/bin/python deploy/make/api.py --seal
