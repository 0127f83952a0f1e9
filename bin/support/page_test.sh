#!/usr/bin/env bash
# Opens the page of `replay show ID --html FILE` in Chromium and checks what it shows:
# native/cli/tests/page. Too slow for bin/test.
#
#     bin/support/page_test.sh [NAME OF A TEST]
set -euo pipefail
cd "$(dirname "$0")/../.."
. bin/support/toolchain.sh
command -v cargo >/dev/null || die "Rust is needed: install it from https://rustup.rs and run this again."

find_chromium() {
  local name
  for name in "${CHROMIUM:-}" chromium google-chrome chromium-browser; do
    # Ubuntu's chromium-browser only says that it has to be installed in another way.
    if [ -n "$name" ] && "$name" --version >/dev/null 2>&1; then
      printf '%s\n' "$name"
      return
    fi
  done
  return 1
}

if ! CHROMIUM=$(find_chromium); then
  install_packages chromium fonts-dejavu-core || die "Chromium is needed, and could not be installed."
  CHROMIUM=$(find_chromium) || die "Chromium is needed: install it, or name it in CHROMIUM."
fi
export CHROMIUM

say "The page, in $("$CHROMIUM" --version 2>/dev/null)"
cargo test --locked -p replay-cli --test page -- --ignored "$@"
