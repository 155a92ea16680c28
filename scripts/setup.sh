# Sourced by ./run and ./test: installs what is missing and builds. Works on Debian 12 and 13 and Ubuntu 24.04.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# What building and running needs; beside each group, why.
build_packages=(
  gcc meson ninja-build pkg-config libc6-dev        # the compiler and the build
  libuv1-dev 'libllhttp-dev|node-llhttp'            # event loop, HTTP parsing (Debian 12 has it as sources)
  libsqlite3-dev libpq-dev                          # the two databases
  libjansson-dev libsodium-dev libssl-dev libcurl4-openssl-dev # JSON, passwords, HTTPS out
  libutf8proc-dev libdeflate-dev libbrotli-dev zlib1g-dev # text folding, compression
  libqrencode-dev                                   # the QR code of a second factor
  libgd-dev                                         # small pictures of files
  libpango1.0-dev fonts-dejavu-core                 # documents as PDF, and letters for them
  libzip-dev libexpat1-dev libxlsxwriter-dev # spreadsheets in and out, archives
  npm ca-certificates tzdata                        # the web application's packages; time zones
)
test_packages=(
  ccache clang clang-format clang-tidy libcmocka-dev # unit tests, fuzzing, style
  postgresql sqlite3 curl                           # the second database, checks beside it
  'chromium-headless-shell|chromium'                # what a person sees
)
bench_packages=(nginx-light)

is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }

# Prints those of the given packages that are not there. A|B is met by either.
missing_packages() {
  local p one
  for p in "$@"; do
    # npm may have come with another Node; any npm will do.
    if [ "$p" = npm ] && command -v npm >/dev/null 2>&1; then continue; fi
    for one in ${p//|/ }; do
      is_installed "$one" && continue 2
    done
    printf '%s\n' "$p"
  done
}

# Of A|B the first that this release has.
choose_package() {
  local one last=
  for one in ${1//|/ }; do
    last=$one
    apt-cache show "$one" >/dev/null 2>&1 && break
  done
  printf '%s\n' "$last"
}

# install_packages WHY PACKAGE...: asks for root only when something is missing, and says what and why.
install_packages() {
  local why=$1 p; shift
  local need chosen=(); mapfile -t need < <(missing_packages "$@")
  [ ${#need[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null 2>&1 || die "this script knows Debian and Ubuntu; please install by hand: ${need[*]}"
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || die "root is needed to install packages and sudo is missing; as root run: apt-get install ${need[*]}"
    say "(sudo asks for your password to run apt-get: packages for $why are missing)"
    root=(sudo)
  fi
  "${root[@]}" apt-get update -qq || say "warning: package lists could not be refreshed; trying with those here"
  for p in "${need[@]}"; do chosen+=("$(choose_package "$p")"); done
  say "Installing for $why: ${chosen[*]}"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${chosen[@]}" >/dev/null ||
    die "apt-get could not install: ${chosen[*]}"
}

# Newest modification time among the given paths is later than the stamp file.
newer_than() {
  local stamp=$1; shift
  [ -e "$stamp" ] || return 0
  [ -n "$(find "$@" -newer "$stamp" -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -print -quit 2>/dev/null)" ]
}

# The build's own Node and npm (ordinary npm packages, in web/tools): Debian 12's Node is too old for Vite, and its npm would
# leave out what needs a newer one.
use_own_node() {
  local arch=x64
  [ "$(uname -m)" = aarch64 ] && arch=arm64
  local own="$PWD/web/tools/node_modules/node-linux-$arch/bin"
  [ -x "$own/node" ] || die "the build's own Node is missing ($own); remove web/tools/node_modules and try again"
  PATH="$own:$PATH"
}
web_tool() ( # NAME ARGUMENT...: runs a tool of web/node_modules in web/
  use_own_node
  cd web && exec "node_modules/.bin/$1" "${@:2}"
)
# Brings a folder's node_modules up to its lock file with the given npm.
npm_ci() { # FOLDER NPM...
  local folder=$1; shift
  newer_than "$folder/node_modules/.voronka-stamp" "$folder/package.json" "$folder/package-lock.json" "$folder/.npmrc" || return 0
  say "Installing the packages of $folder (npm ci)"
  (cd "$folder" && "$@" ci --no-audit --no-fund --loglevel=error >/dev/null) || die "npm ci failed in $folder"
  touch "$folder/node_modules/.voronka-stamp"
}

build_web() {
  npm_ci web/tools npm
  (use_own_node && npm_ci web node "$PWD/web/tools/node_modules/npm/bin/npm-cli.js") || exit 1
  if newer_than web/dist/.voronka-stamp web i18n; then
    say "Building the web application"
    local log; log=$(mktemp)
    web_tool vite build >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; die "the web build failed"; }
    rm -f "$log"
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
  ninja -C build --quiet voronka >&2 || die "the server build failed"
}
