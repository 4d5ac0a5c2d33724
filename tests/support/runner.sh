# SPDX-License-Identifier: Apache-2.0
# What the tests of the migration runner share; to be sourced.
# shellcheck shell=bash
# shellcheck source=tests/support/engines.sh
. "$LIVECOL_SOURCE/tests/support/engines.sh"
# shellcheck source=tests/support/wait.sh
. "$LIVECOL_SOURCE/tests/support/wait.sh"
unset CLICKHOUSE_URL CLICKHOUSE_PASSWORD CLICKHOUSE_PASSWORD_FILE
export NO_COLOR=1
# shellcheck disable=SC2034 # for the script that sources this
hooks=$LIVECOL_BUILD/tests/support/livecol-hooks
work=$(mktemp -d)
proxy_pid=''
failures=0
checks=0

runner_cleanup() {
  local pid
  for pid in $(jobs -p); do kill -KILL "$pid" 2>/dev/null || true; done
  if [ -n "$proxy_pid" ]; then
    kill -KILL "$proxy_pid" 2>/dev/null || true
    wait "$proxy_pid" 2>/dev/null || true
  fi
  engines_stop
  rm -rf "$work"
}
trap runner_cleanup EXIT

# fail TEXT...: noted, shown; the test goes on.
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# expect WHAT WANTED GOT
expect() {
  checks=$((checks + 1))
  [ "$2" = "$3" ] || fail "$1: wanted <$2>, got <$3>"
}

# expect_in WHAT TEXT FILE: the file holds the text.
expect_in() {
  checks=$((checks + 1))
  if ! grep -qF -e "$2" "$3"; then
    fail "$1: no <$2> in:"
    cat "$3"
  fi
}

finish() {
  echo "$checks checks, $failures failed"
  [ "$failures" = 0 ] && [ "$checks" -gt 0 ]
  exit
}

sql() { engine_sql "$engine_url" "$1"; }

# fresh NAME: a database of that name, empty; CLICKHOUSE_URL names it, by way of the proxy if there
# is one.
fresh() {
  sql "DROP DATABASE IF EXISTS $1" >/dev/null
  sql "CREATE DATABASE $1" >/dev/null
  db=$1
  export CLICKHOUSE_URL=${proxy_url:-$engine_url}/$1
}

# proxy_start: between CLICKHOUSE_URL and the engine, from the next `fresh` on.
proxy_start() {
  mkdir -p "$work/proxy"
  python3 "$LIVECOL_SOURCE/tests/support/fault_proxy.py" "${engine_url#http://}" "$work/proxy" \
    >"$work/proxy/port" 2>"$work/proxy/stderr" &
  proxy_pid=$!
  wait_until 'the proxy that listens' says "$work/proxy/port" 'port '
  proxy_url=http://127.0.0.1:$(sed -n 's/^port //p' "$work/proxy/port")
}

# fault MODE COUNT TEXT: for the next requests that hold TEXT. See fault_proxy.py.
fault() {
  : >"$work/proxy/applied"
  printf '%s %s %s\n' "$1" "$2" "$3" >"$work/proxy/fault"
}
no_fault() { rm -f "$work/proxy/fault"; }

# migration FOLDER NAME: standard input becomes FOLDER/NAME.sql.
migration() {
  mkdir -p "$1"
  cat >"$1/$2.sql"
}

# scenario FILE NAME DATABASE CHANGES COMMAND...: a line for tests/support/replay.py; CHANGES: does it change data,
# yes or no?
scenario() {
  python3 - "${@:2}" >>"$1" <<'PY'
import json
import sys

name, database, changes, *args = sys.argv[1:]
print(json.dumps({"name": name, "database": database, "changes": changes == "yes", "args": args}))
PY
}

# run WHAT WANTED-EXIT COMMAND...: livecol; its output in $work/out and $work/err.
run() {
  local what=$1 wanted=$2
  shift 2
  "$LIVECOL_BIN" "$@" >"$work/out" 2>"$work/err" </dev/null
  code=$?
  expect "$what: exit" "$wanted" "$code"
  [ "$code" = "$wanted" ] || cat "$work/out" "$work/err"
}

# up FOLDER [OPTION...]: livecol up; its output in $work/out and $work/err, its exit code in $code.
up() {
  local folder=$1
  shift
  "${livecol:-$LIVECOL_BIN}" up -d "$folder" "$@" >"$work/out" 2>"$work/err" </dev/null
  code=$?
}

# up_start FOLDER [OPTION...]: the same next to the test, as process $up_pid; up_end waits for its end.
up_start() {
  local folder=$1
  shift
  : >"$work/out" # here, so that nobody takes what an earlier run said for this one's
  : >"$work/err"
  "${livecol:-$LIVECOL_BIN}" up -d "$folder" "$@" >"$work/out" 2>"$work/err" </dev/null &
  up_pid=$!
}
up_end() {
  wait "$up_pid"
  code=$?
}

# schema: names and types of all columns of the database but those of livecol's own tables.
schema() {
  sql "SELECT table, name, type FROM system.columns WHERE database = '$db' AND NOT startsWith(table, 'schema_migrations') AND NOT startsWith(table, '.') ORDER BY table, name"
}

# said_good: the last run's exit code is 0, else its words are shown.
said_good() {
  checks=$((checks + 1))
  if [ "$code" != 0 ]; then
    fail "$1: exit $code"
    cat "$work/out" "$work/err"
  fi
}
