# Sourced by ./run and ./test: installs what is missing and builds. Works on Debian 12 and 13 and Ubuntu 24.04.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# What building and running needs; beside each group, why.
build_packages=(
  gcc meson ninja-build pkg-config libc6-dev        # the compiler and the build
  libuv1-dev node-llhttp                            # event loop, HTTP parsing
  libsqlite3-dev libpq-dev                          # the two databases
  libjansson-dev libsodium-dev libssl-dev libcurl4-openssl-dev # JSON, passwords, HTTPS out
  libutf8proc-dev libdeflate-dev libbrotli-dev zlib1g-dev # text folding, compression
  npm ca-certificates                               # the web application's packages
)
test_packages=(
  ccache clang clang-format clang-tidy libcmocka-dev # unit tests, fuzzing, style
  postgresql sqlite3 curl                           # the second database, checks beside it
  chromium fonts-dejavu-core                        # what a person sees
)
bench_packages=(nginx-light wrk)

missing_packages() {
  local p
  for p in "$@"; do
    # npm may have come with another Node; any npm will do.
    if [ "$p" = npm ] && command -v npm >/dev/null 2>&1; then continue; fi
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || printf '%s\n' "$p"
  done
}

# install_packages WHY PACKAGE...: asks for root only when something is missing, and says what and why.
install_packages() {
  local why=$1; shift
  local need; mapfile -t need < <(missing_packages "$@")
  [ ${#need[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null 2>&1 || die "this script knows Debian and Ubuntu; please install by hand: ${need[*]}"
  say "Installing for $why: ${need[*]}"
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || die "root is needed to install packages and sudo is missing; as root run: apt-get install ${need[*]}"
    say "(sudo asks for your password to run apt-get)"
    root=(sudo)
  fi
  "${root[@]}" apt-get update -qq || say "warning: package lists could not be refreshed; trying with those here"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null ||
    die "apt-get could not install: ${need[*]}"
}

# Newest modification time among the given paths is later than the stamp file.
newer_than() {
  local stamp=$1; shift
  [ -e "$stamp" ] || return 0
  [ -n "$(find "$@" -newer "$stamp" -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -print -quit 2>/dev/null)" ]
}

build_web() {
  if newer_than web/node_modules/.voronka-stamp web/package.json web/package-lock.json web/.npmrc; then
    say "Installing the web application's packages (npm ci)"
    (cd web && npm ci --no-audit --no-fund --loglevel=error >/dev/null) || die "npm ci failed in web/"
    touch web/node_modules/.voronka-stamp
  fi
  if newer_than web/dist/.voronka-stamp web i18n; then
    say "Building the web application"
    (cd web && npm run --silent build >/tmp/voronka-web-build.$$ 2>&1) || { cat /tmp/voronka-web-build.$$ >&2; rm -f /tmp/voronka-web-build.$$; die "the web build failed"; }
    rm -f /tmp/voronka-web-build.$$
    touch web/dist/.voronka-stamp
  fi
}

build_server() {
  if [ ! -e build/build.ninja ]; then
    say "Configuring the server"
    local cc=gcc
    command -v ccache >/dev/null 2>&1 && cc="ccache gcc"
    CC="$cc" meson setup build --buildtype=release -Db_lto=false >build.log.tmp 2>&1 || { cat build.log.tmp >&2; rm -f build.log.tmp; die "meson setup failed"; }
    rm -f build.log.tmp
  fi
  say "Building the server"
  ninja -C build --quiet >&2 || die "the server build failed"
}
