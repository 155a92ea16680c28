# Sourced by ./test: one function a part. Each adds to passed, failed and skipped.
# shellcheck shell=bash

heading() { printf '\n== %s (%d:%02d since the start)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)) >&3; }
# What failed, out of a log: TAP's "not ok" with what follows it, findings of compilers, clang-tidy and sanitizers, Playwright's
# numbered failures. The end of the log when it knows none of these.
failures() { # LOG
  local found
  found=$(awk '
    /^ *(ok [0-9]|# Subtest|1\.\.[0-9]|\[[0-9]+\/[0-9]+\])/ { on = 0 }
    (/^ *not ok [0-9]/ && !/# SKIP/) || /^  [0-9]+\) / || /^  [0-9]+ (failed|flaky|interrupted|did not run)/ { on = 1 }
    /ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:|ERROR: libFuzzer/ { on = 1 }
    /: (warning|error|fatal error): / { some = 5 }
    on || some > 0 { print; some-- }' "$1" | head -n 400)
  if [ -n "$found" ]; then printf '%s\n' "$found"; else tail -n 150 "$1"; fi
}
# Counts, and shows what failed.
count() { # NAME PASSED FAILED SKIPPED LOG
  passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
  printf '   %s: %s passed, %s failed%s\n' "$1" "$2" "$3" "$([ "$4" -gt 0 ] && printf ', %s skipped' "$4")" >&3
  if [ "$3" -gt 0 ]; then failures "$5" >&3; fi
}
# Counts the lines of a TAP stream; a program that died without finishing its plan counts as a failure.
count_tap() { # NAME LOG STATUS
  local ok bad skip
  # cmocka says "not ok 3 # SKIP name"
  skip=$(grep -cE '^(not )?ok .*# SKIP' "$2") ok=$(grep -E '^ok ' "$2" | grep -cv '# SKIP') bad=$(grep -E '^not ok ' "$2" | grep -cv '# SKIP')
  [ "$3" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
  [ $((ok + bad + skip)) -eq 0 ] && bad=1
  count "$1" "$ok" "$bad" "$skip" "$2"
}
# node's runner: reads its closing summary.
count_node() { # NAME LOG STATUS
  local ok bad skip
  ok=$(awk '/^# pass /{n+=$3} END{print n+0}' "$2")
  bad=$(awk '/^# fail /{n+=$3} /^# cancelled /{n+=$3} END{print n+0}' "$2")
  skip=$(awk '/^# skipped /{n+=$3} END{print n+0}' "$2")
  [ "$3" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
  [ $((ok + bad)) -eq 0 ] && bad=1
  count "$1" "$ok" "$bad" "$skip" "$2"
}
# One command that passes or fails as a whole.
count_command() { # NAME COMMAND...
  local name=$1 status; shift
  "$@" >"$work/command.log" 2>&1; status=$?
  if [ $status -eq 0 ]; then count "$name" 1 0 0 "$work/command.log"; else count "$name" 0 1 0 "$work/command.log"; fi
}

# Runs a function for every NUL-ended word of its input, as many at a time as there are processors.
at_a_time() { # FUNCTION WORD...
  local run=$1; shift
  export -f "${run?}" postgres_database; export work pg_dir
  xargs -0 -n 1 -P "$(nproc)" bash -c "$run"' "$@"' "$run" "$@"
}
programs_of() { # PATTERN...
  local program
  for program in "$@"; do
    if [ -x "$program" ] && [ ! -d "$program" ]; then printf '%s\0' "$program"; fi
  done
}
# Each has a database of its own: they empty it.
one_unit_program() { # LABEL PROGRAM
  local name all=${VORONKA_TEST_PG:-}; name=$(basename "$2")
  local log="$work/$1-$name.log"
  # Over PostgreSQL all programs start the same threads: ThreadSanitizer sees them in those of the store, the server and memory.
  if [ "$1" = thread ] && [[ ! $name =~ ^test_(store|http|insight_projection|crm$) ]]; then unset VORONKA_TEST_PG; all=; fi
  if [ -n "$all" ]; then VORONKA_TEST_PG=$(postgres_database "$1_$name"); fi
  CMOCKA_MESSAGE_OUTPUT=TAP VORONKA_SOURCE="$PWD" timeout 300 "$2" >"$log" 2>&1
  echo $? >"$log.status"
  if [ -n "$all" ]; then psql -q "$all" -c "DROP DATABASE $1_$name"; fi
}
unit_programs() { # DIRECTORY LABEL [WHICH]
  local program log
  programs_of "$1"/tests/unit/test_* | "${3:-cat}" | at_a_time one_unit_program "$2"
  for program in "$1"/tests/unit/test_*; do
    log="$work/$2-$(basename "$program").log"
    if [ -e "$log" ]; then count_tap "$2 $(basename "$program")" "$log" "$(cat "$log.status")"; fi
  done
}

part_unit() {
  if [ -z "$quick" ]; then
    heading "Unit tests, both databases"
    postgres_start
  else heading "Unit tests, SQLite"; fi
  # The build may have been set up before the test library was there.
  ninja -C build -t query unit >/dev/null 2>&1 || meson setup --reconfigure build >/dev/null 2>&1
  ninja -C build unit >"$work/ninja.log" 2>&1 || { count "unit build" 0 1 0 "$work/ninja.log"; return; }
  unit_programs build unit
}

part_api() {
  local files=(tests/api/*.test.mjs) sqlite="$work/api-sqlite.log" postgres="$work/api-postgres.log" other="" at_once=2 status
  # SQLite waits for the disk where PostgreSQL works, and the other way round: both at once leave no processor idle.
  if [ -z "$quick" ]; then
    heading "Behaviour over HTTP, SQLite and PostgreSQL"
    postgres_start
    postgres_template
    timeout 900 node --test --test-reporter=tap --test-concurrency=2 "${files[@]}" >"$postgres" 2>&1 &
    other=$!
  else
    heading "Behaviour over HTTP, SQLite, without the scenarios that read years of history or try every field"
    mapfile -t files < <(printf '%s\n' "${files[@]}" |
      grep -vE '/(hostile|import|report_cohorts|report_cycle|report_forecast|report_stages)\.test')
    at_once=4 # nothing else fills the time in which a scenario waits
  fi
  (unset VORONKA_TEST_PG; timeout 900 node --test --test-reporter=tap --test-concurrency=$at_once "${files[@]}" >"$sqlite" 2>&1); status=$?
  count_node "api on SQLite" "$sqlite" "$status"
  if [ -n "$other" ]; then
    wait "$other"; status=$?
    count_node "api on PostgreSQL" "$postgres" "$status"
  fi
}

part_web() {
  heading "Web application: unit tests and budgets"
  web_tool vitest run >"$work/web.log" 2>&1
  local status=$? ok bad
  ok=$(sed -n 's/\x1b\[[0-9;]*m//g; s/^ *Tests .* \([0-9]*\) passed.*/\1/p' "$work/web.log" | tail -n 1)
  bad=$(sed -n 's/\x1b\[[0-9;]*m//g; s/^ *Tests .* \([0-9]*\) failed.*/\1/p' "$work/web.log" | tail -n 1)
  ok=${ok:-0} bad=${bad:-0}
  if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  if [ $((ok + bad)) -eq 0 ]; then bad=1; fi
  count "web" "$ok" "$bad" 0 "$work/web.log"
}

check_with_svelte-check() { web_tool svelte-check --fail-on-warnings; }
check_with_eslint() { web_tool eslint .; }
check_with_prettier() { web_tool prettier --config .prettierrc.json --check . '../tests/e2e/*.ts'; }
part_style() {
  local name web_checks
  heading "Style: formatting, static checks, the arrows of the house"
  count_command "clang-format" bash -c 'git ls-files -z "*.c" "*.h" | xargs -0 clang-format --dry-run --Werror'
  # One processor for the web's checks, which have one thread each, beside clang-tidy, which gives way to everything.
  for name in svelte-check eslint prettier; do
    "check_with_$name" >"$work/$name.log" 2>&1
    echo $? >"$work/$name.status"
  done &
  web_checks=$!
  count_command "clang-tidy" nice -n 10 node tests/style/tidy.mjs
  count_command "folders include only what stands above them" node tests/style/arrows.mjs
  count_command "files under 600 lines, components under 250" node tests/style/sizes.mjs
  wait "$web_checks"
  for name in svelte-check eslint prettier; do
    if [ "$(cat "$work/$name.status")" = 0 ]; then count "$name" 1 0 0 "$work/$name.log"; else count "$name" 0 1 0 "$work/$name.log"; fi
  done
}

# The names under Playwright's closing "N flaky".
second_tries() { # LOG
  awk '/^  [0-9]+ flaky/ { on = 1; next } /^  [0-9]+ / { on = 0 } on && /^    / { sub(/^ +(\.\.\/)*/, ""); sub(/[ ─]+$/, ""); print }' "$1"
}
part_e2e() {
  heading "What a person sees and does (Chromium)"
  local log="$work/e2e.log" status ok bad skip retries=1
  # In a full run a machine that stutters refuses nothing: what fails once is tried again, and named at the end.
  [ "$only" = e2e ] && retries=0
  (cd web && E2E_RETRIES=$retries timeout 1200 npx --no-install playwright test --reporter=line) >"$log" 2>&1; status=$?
  tally() { sed -n "s/^ *\([0-9]*\) $1.*/\1/p" "$log" | tail -n 1; }
  ok=$(tally passed) bad=$(tally failed) skip=$(tally skipped)
  ok=$((${ok:-0} + $(tally flaky | grep . || echo 0))) skip=${skip:-0}
  mapfile -t -O "${#again[@]}" again < <(second_tries "$log")
  bad=$((${bad:-0} + $(tally 'did not run' | grep . || echo 0) + $(tally interrupted | grep . || echo 0)))
  if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  if [ $((ok + bad)) -eq 0 ]; then bad=1; fi
  # What the application costs: name, figure, budget.
  sed -nE 's/^([a-z0-9_]+_(kb|mb|ms|elements)( [^ ]+)? [0-9.]+ [0-9]+( MISS)?)$/     \1/p' "$log" >&3
  count "e2e" "$ok" "$bad" "$skip" "$log"
}

# Faults wait for the disk, for servers that come and go, and for time to pass. Begun by fault_begin and counted by
# fault_end: what needs a processor goes on between the two.
fault_run() { # LABEL
  timeout 900 node --test --test-reporter=tap --test-concurrency=1 tests/fault/*.test.mjs >"$work/fault-$1.log" 2>&1
  echo $? >"$work/fault-$1.status"
}
fault_begin() {
  postgres_start
  # SQLite's are tried on the disk.
  { (unset VORONKA_TEST_PG; TMPDIR=$on_disk fault_run SQLite); fault_run PostgreSQL; } &
  faults=$!
}
fault_end() {
  local name
  heading "Faults: kill -9, full disk, lost database"
  wait "$faults"
  for name in SQLite PostgreSQL; do count_node "faults on $name" "$work/fault-$name.log" "$(cat "$work/fault-$name.status")"; done
}

# The build with AddressSanitizer and UBSan is one for the unit programs and the fuzz targets. Without optimisation: clang
# takes three times as long to optimise what the sanitizers put in as the programs then take to run without.
sanitized_build() { # KIND TARGET
  local dir="build-$1" options=(-Db_lundef=false -Doptimization=0 -Ddebug=false) cc=gcc flags=-g1
  case $1 in
    thread) options+=(-Db_sanitize=thread) ;;
    address) cc=clang flags='-g1 -fno-sanitize-recover=all'; options+=('-Db_sanitize=address,undefined' -Dfuzz=true) ;;
  esac
  if [ ! -e "$dir/build.ninja" ]; then
    CC="ccache $cc" CFLAGS="$flags" meson setup "$dir" "${options[@]}" >"$work/meson.log" 2>&1 ||
      { count "$1 build" 0 1 0 "$work/meson.log"; return 1; }
  fi
  ninja -C "$dir" "$2" >"$work/ninja.log" 2>&1 || { count "$1 build" 0 1 0 "$work/ninja.log"; return 1; }
}

# Of programs those that can start a thread at all: the others have nothing for ThreadSanitizer to see.
with_threads() {
  local program starts=' (pthread_create|thrd_create|uv_thread_create(_ex)?|uv_queue_work|uv_getaddrinfo|uv_getnameinfo|uv_random|uv_fs_[a-z]+)(@|$)'
  while IFS= read -r -d '' program; do
    if nm -D --undefined-only "$program" | grep -E "$starts" >/dev/null; then printf '%s\0' "$program"; fi
  done
}
part_sanitize() {
  heading "Unit tests under AddressSanitizer and UBSan, then ThreadSanitizer"
  local kind which
  postgres_start
  for kind in address thread; do
    which="cat"
    [ "$kind" = thread ] && which=with_threads
    sanitized_build "$kind" unit || continue
    ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
      TSAN_OPTIONS=halt_on_error=1:suppressions="$PWD/tests/tsan.supp" unit_programs "build-$kind" "$kind" "$which"
  done
}

one_fuzz_target() { # TARGET
  local name; name=$(basename "$1")
  mkdir -p "$work/corpus-$name"
  timeout 60 "$1" -max_total_time="${FUZZ_SECONDS:-3}" -rss_limit_mb=2048 -timeout=10 -artifact_prefix="$work/" \
    "$work/corpus-$name" "tests/fuzz/seeds/${name#fuzz_}" >"$work/$name.log" 2>&1
  echo $? >"$work/$name.log.status"
}
part_fuzz() {
  heading "Fuzz targets, a short run each over their seeds"
  sanitized_build address fuzz || return
  local log name target
  programs_of build-address/tests/fuzz/fuzz_* | at_a_time one_fuzz_target
  for target in build-address/tests/fuzz/fuzz_*; do
    name=$(basename "$target") log="$work/${target##*/}.log"
    [ -e "$log" ] || continue
    if [ "$(cat "$log.status")" = 0 ]; then count "$name" 1 0 0 "$log"; else count "$name" 0 1 0 "$log"; fi
  done
}
