#!/bin/sh
# Puts uv into .tools and the locked environment into .venv. Arguments go to `uv sync`.
set -eu
UV_VERSION=0.13.9

say() { printf '%s\n' "$*" >&2; }

find_python() {
  for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if command -v "$name" >/dev/null 2>&1 &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      printf '%s' "$name"
      return
    fi
  done
  say "Python 3.11 or later is needed and was not found. / 需要 Python 3.11 或更高版本。"
  say "  Debian, Ubuntu: apt install python3 python3-venv    macOS: brew install python"
  exit 1
}

install_uv() {
  python=$(find_python)
  say "Fetching uv into .tools ..."
  rm -rf .tools
  if ! "$python" -c 'import ensurepip' >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then
    root=""
    [ "$(id -u)" = 0 ] || root="sudo -n"
    # Debian keeps the part of Python that makes environments in a package of its own.
    { $root apt-get update -qq && $root apt-get install -y -qq python3-venv; } >/dev/null 2>&1 || true
  fi
  if ! "$python" -m venv .tools >/dev/null 2>&1; then
    say "Python cannot make a virtual environment. / Python 无法创建虚拟环境。"
    say "  Debian, Ubuntu: apt install python3-venv"
    exit 1
  fi
  .tools/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
}

have=$(.tools/bin/uv --version 2>/dev/null || true)
case "$have" in
  "uv $UV_VERSION"*) ;;
  *) install_uv ;;
esac

# The environment of another folder must not be mistaken for ours.
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH
# The machine's own Python, and the certificates the machine trusts (a company's proxy may have one).
UV_PYTHON_PREFERENCE=${UV_PYTHON_PREFERENCE:-system} UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
export UV_PYTHON_PREFERENCE UV_SYSTEM_CERTS
if [ -x .venv/bin/python ]; then
  .tools/bin/uv sync --locked --quiet "$@"
else
  say "Fetching what Shuke needs into .venv (some 600 MB the first time) ..."
  .tools/bin/uv sync --locked "$@"
fi
mkdir -p .stamps
