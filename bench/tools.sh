#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What docs/comparison.md says of the npm package clickhouse-migrations, tried: livecol and it get the same files, each with
# a database of its own, on the engine 26.7 behind chdb-http.
#
#   bench/tools.sh [BUILD]     BUILD: a build with the tests' programs in it (default: build/dev)
#
# A line for each trap, a column for each tool: what was seen, in words. The package is installed by npm into a folder
# that is removed again. Exit code: 0 once all was tried, whatever was seen.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${1:-$root/build/dev}" && pwd)
export LIVECOL_SOURCE=$root LIVECOL_CHDB_HTTP=$build/tests/support/chdb-http
LIVECOL_LIBCHDB=${LIVECOL_LIBCHDB:-$(find -L "$root/.deps/chdb" -name libchdb.so 2>/dev/null | head -n 1)}
export LIVECOL_LIBCHDB
# shellcheck source=tests/support/engines.sh
. "$root/tests/support/engines.sh"
work=$(mktemp -d)
trap 'engines_stop; rm -rf "$work"' EXIT
npm install --no-audit --no-fund --silent --prefix "$work/npm" clickhouse-migrations@1.4.0
bin=$work/npm/node_modules/.bin
engine_start_chdb "$work/engine"
sql() { engine_sql "$engine_url" "$1"; }

# up TOOL DATABASE FOLDER: what it says goes to $work/said.TOOL; its exit code is returned.
up() {
  case $1 in
    livecol) CLICKHOUSE_URL=$engine_url/$2 timeout 15 "$build/cli/livecol" up -d "$3" --quiet --allow-unsafe ;;
    clickhouse-migrations)
      timeout 15 "$bin/clickhouse-migrations" migrate --host="$engine_url" --user=default --password= --db="$2" \
        --migrations-home="$3" --db-engine='ENGINE=Atomic' --timeout=60000
      ;;
  esac >"$work/said.$1" 2>&1 </dev/null
}

# file FOLDER NAME: standard input as a migration.
file() {
  mkdir -p "$1"
  cat >"$1/$2.sql"
}
# begin TOOL TRAP: an empty database and folder.
begin() {
  db=${1//-/_}_$2
  folder=$work/files/$db
  sql "DROP DATABASE IF EXISTS $db" >/dev/null
  sql "CREATE DATABASE $db" >/dev/null
}
count() { sql "SELECT count() FROM $db.t" 2>/dev/null || echo 'no table'; }

several() { # statements in a file
  printf 'CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a;\nINSERT INTO t (a) SELECT 1;\n' | file "$folder" 1_t
  if up "$1" "$db" "$folder" && [ "$(count)" = 1 ]; then echo 'yes'; else echo 'no'; fi
}
semicolons() { # in a string, in a comment, and a comment mark in a string
  file "$folder" 1_t <<'END'
CREATE TABLE t (s String) ENGINE = MergeTree ORDER BY s;
-- it's a comment; with a semicolon
INSERT INTO t (s) SELECT 'a;b -- c';
/* another; one */ INSERT INTO t (s) SELECT 'it''s; /* no comment */';
END
  if up "$1" "$db" "$folder"; then code=0; else code=$?; fi
  if [ $code = 0 ] && [ "$(sql "SELECT arrayStringConcat(groupArray(s), '|') FROM (SELECT s FROM $db.t ORDER BY s)")" = "a;b -- c|it\\'s; /* no comment */" ]; then
    echo 'right'
  elif [ $code != 0 ]; then
    echo "fails"
  else
    echo "says done, stores $(sql "SELECT groupArray(s) FROM $db.t" 2>/dev/null | head -c 60)"
  fi
}
resume() { # the second statement fails, the file is fixed: is the first sent again?
  sql "CREATE TABLE $db.t (a UInt8) ENGINE = MergeTree ORDER BY a" >/dev/null
  printf 'INSERT INTO t (a) SELECT 1;\nINSERT INTO t (a) SELECT 2 FROM nowhere;\n' | file "$folder" 1_t
  up "$1" "$db" "$folder" && { echo 'takes a failure for done'; return; }
  printf 'INSERT INTO t (a) SELECT 1;\nINSERT INTO t (a) SELECT 2;\n' | file "$folder" 1_t
  if ! up "$1" "$db" "$folder"; then echo "does not go on"; return; fi
  case $(count) in 2) echo 'goes on behind it' ;; 3) echo 'sends the first again' ;; *) echo "$(count) rows" ;; esac
}
two_at_once() { # three trials of two runs: is an INSERT applied once?
  local worst=1 n trial
  for trial in 1 2 3; do
    begin "$1" "once$trial"
    sql "CREATE TABLE $db.t (a UInt8) ENGINE = MergeTree ORDER BY a" >/dev/null
    printf 'INSERT INTO t (a) SELECT sleep(1);\n' | file "$folder" 1_t
    up "$1" "$db" "$folder" &
    up "$1" "$db" "$folder" || true
    wait || true
    n=$(sql "SELECT count() FROM $db.t" || true)
    [ "$n" = 1 ] || worst=$n
  done
  if [ "$worst" = 1 ]; then echo 'applied once'; else echo "applied $worst times"; fi
}
edited() { # an applied file is edited
  printf 'CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a;\n' | file "$folder" 1_t
  up "$1" "$db" "$folder" || { echo 'fails'; return; }
  printf 'CREATE TABLE t (b UInt8) ENGINE = MergeTree ORDER BY b;\n' | file "$folder" 1_t
  if up "$1" "$db" "$folder"; then echo 'not noticed'; else echo 'refused'; fi
}
waits() { # is a mutation done when the tool says so?
  sql "CREATE TABLE $db.t (a UInt64, b UInt64) ENGINE = MergeTree ORDER BY a" >/dev/null
  sql "INSERT INTO $db.t (a, b) SELECT number, 0 FROM numbers(3000000)" >/dev/null
  printf 'ALTER TABLE t UPDATE b = a %% 7 + sleepEachRow(0) WHERE 1;\n' | file "$folder" 1_t
  up "$1" "$db" "$folder" || { echo 'fails'; return; }
  case $(sql "SELECT min(is_done) FROM system.mutations WHERE database = '$db'") in
    1) echo 'done' ;; 0) echo 'still running' ;; *) echo 'no mutation' ;;
  esac
}
tools=(livecol clickhouse-migrations)
printf '%-16s' ''
printf ' | %-24s' "${tools[@]}"
echo
for trap_name in several semicolons resume two_at_once edited waits; do
  printf '%-16s' "$trap_name"
  for tool in "${tools[@]}"; do
    begin "$tool" "$trap_name"
    printf ' | %-24s' "$($trap_name "$tool")"
  done
  echo
done
