#!/bin/sh
# Prints the path of a Chrome or Chromium for the browser tests; installs it and Chinese fonts where that is allowed.
set -u

find_chrome() {
  if [ -n "${SHUKE_CHROMIUM:-}" ] && [ -x "$SHUKE_CHROMIUM" ]; then
    printf '%s\n' "$SHUKE_CHROMIUM"
    return 0
  fi
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    # Ubuntu's chromium-browser may be a stub that only says: install the snap.
    if path=$(command -v "$name" 2>/dev/null) && "$path" --version >/dev/null 2>&1; then
      printf '%s\n' "$path"
      return 0
    fi
  done
  for path in "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
    "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    [ ! -x "$path" ] || { printf '%s\n' "$path" && return 0; }
  done
  path=$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright as start
with start() as browsers: print(browsers.chromium.executable_path)' 2>/dev/null)
  [ -x "$path" ] && printf '%s\n' "$path"
}

have_fonts() { ! command -v fc-list >/dev/null 2>&1 || [ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ]; }

install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  root=""
  if [ "$(id -u)" != 0 ]; then
    sudo -n true >/dev/null 2>&1 || return 1
    root="sudo -n"
  fi
  echo "Installing $* with apt ..." >&2
  $root apt-get update -qq >&2
  $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

find_chrome >/dev/null || install chromium fonts-noto-cjk fontconfig
have_fonts || install fonts-noto-cjk fontconfig
have_fonts || echo "Chinese fonts are missing: apt install fonts-noto-cjk, or pictures show boxes. / 缺少中文字体。" >&2
find_chrome || {
  echo "The browser tests need Chrome or Chromium. / 浏览器测试需要 Chrome 或 Chromium。" >&2
  echo "  Debian: apt install chromium fonts-noto-cjk    any system: .venv/bin/playwright install chromium" >&2
  exit 1
}
