# Sourced by the scripts beside it: Node from the environment, and packages fetched only when the lock changed.
PATH="$PWD/.venv/bin:$PATH"
NODE_USE_SYSTEM_CA=1
export PATH NODE_USE_SYSTEM_CA
# Quiet and deterministic: no notices, no telemetry, no scripts of packages.
NPM_CONFIG_FUND=false NPM_CONFIG_AUDIT=false NPM_CONFIG_UPDATE_NOTIFIER=false NPM_CONFIG_IGNORE_SCRIPTS=true
export NPM_CONFIG_FUND NPM_CONFIG_AUDIT NPM_CONFIG_UPDATE_NOTIFIER NPM_CONFIG_IGNORE_SCRIPTS

# packages FOLDER: node_modules of that folder as its lock says.
packages() {
  stamp="$1/node_modules/.fetched"
  if [ ! -f "$stamp" ] || [ "$1/package-lock.json" -nt "$stamp" ]; then
    printf 'Fetching the packages of %s ...\n' "$1" >&2
    (cd "$1" && npm ci --ignore-scripts --loglevel=error >&2)
    touch "$stamp"
  fi
}
