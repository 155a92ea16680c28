# Sourced by tests and benchmarks: a private PostgreSQL in a temporary folder, reached by a Unix socket only.
# shellcheck shell=bash

pg_dir=
postgres_start() {
  [ -n "$pg_dir" ] && return 0
  local bin
  bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin -type d 2>/dev/null | sort -V | tail -n 1)
  [ -n "$bin" ] || die "PostgreSQL's server programs are missing"
  pg_dir=$(mktemp -d "${TMPDIR:-/tmp}/vpg.XXXXXX")
  pg_as=()
  if [ "$(id -u)" -eq 0 ]; then # the server refuses to run as root
    chown postgres "$pg_dir"
    pg_as=(setpriv --reuid postgres --regid postgres --clear-groups env -u XDG_RUNTIME_DIR)
  fi
  (cd / && "${pg_as[@]}" "$bin/initdb" -D "$pg_dir/data" -U voronka -A trust -E UTF8 --locale=C.UTF-8 -N >"$pg_dir.log" 2>&1) ||
    { cat "$pg_dir.log" >&2; die "initdb failed"; }
  printf "listen_addresses=''\nunix_socket_directories='%s'\nfsync=%s\nmax_connections=200\nmax_wal_size=128MB\n" \
    "$pg_dir" "${1:-off}" >>"$pg_dir/data/postgresql.conf"
  # What outlives no run needs neither whole pages in its log nor a sweeper, and its queries are too short to be compiled.
  if [ "${1:-off}" = off ]; then printf 'full_page_writes=off\nautovacuum=off\njit=off\n' >>"$pg_dir/data/postgresql.conf"; fi
  (cd / && "${pg_as[@]}" "$bin/pg_ctl" -D "$pg_dir/data" -w -s -l "$pg_dir/log" start) ||
    { cat "$pg_dir/log" >&2; die "PostgreSQL did not start"; }
  pg_bin=$bin
  rm -f "$pg_dir.log"
  # A URL of the maintenance database; each test file makes its own database beside it.
  export VORONKA_TEST_PG="postgresql:///postgres?host=$pg_dir&user=voronka"
  # For the fault tests: how to stop and start it.
  export VORONKA_PG_CTL="${pg_as[*]} $bin/pg_ctl -D $pg_dir/data -w -s -l $pg_dir/log"
}
postgres_stop() {
  [ -n "$pg_dir" ] || return 0
  (cd / && "${pg_as[@]}" "$pg_bin/pg_ctl" -D "$pg_dir/data" -s -m immediate stop >/dev/null 2>&1) || true
  rm -rf "$pg_dir"
  pg_dir=
}
# A database with the tables of the program and nothing in them: copied for each test file instead of being made anew each time
# (the unit tests make theirs from nothing).
postgres_template() {
  [ -z "${VORONKA_TEST_TEMPLATE:-}" ] || return 0
  "$VORONKA_BIN" reindex --postgres "$(postgres_database voronka_template)" >/dev/null && export VORONKA_TEST_TEMPLATE=voronka_template
}
# A fresh database; prints its URL.
postgres_database() {
  psql -q "$VORONKA_TEST_PG" -c "CREATE DATABASE $1" >/dev/null && printf 'postgresql:///%s?host=%s&user=voronka\n' "$1" "$pg_dir"
}
