# Sourced by the scripts beside it: makes sure that what they need is there,
# installing what Debian can bring. Rust itself has to be installed.

# Elixir warns, and file names break, without a UTF-8 locale.
export LC_ALL=C.UTF-8

say() { printf '\n== %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# Installs Debian packages, as root or through sudo.
install_packages() {
  command -v apt-get >/dev/null || die "Please install: $*"
  local as_root=""
  [ "$(id -u)" = 0 ] || as_root="sudo"
  say "Installing $*"
  export DEBIAN_FRONTEND=noninteractive
  $as_root apt-get update -qq
  $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

ensure_toolchain() {
  command -v cargo >/dev/null ||
    die "Rust is needed: install it from https://rustup.rs and run this again."
  local missing=""
  # libdeflate and zstd are C, and Rust links through the C compiler.
  command -v cc >/dev/null || missing="build-essential"
  command -v mix >/dev/null || missing="$missing elixir"
  # shellcheck disable=SC2086 # a list of package names
  [ -z "$missing" ] || install_packages $missing
}
