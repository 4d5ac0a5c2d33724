#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What docs/comparison.md says was tried: livecol, the npm packages clickhouse-migrations and dbmate, and clickhouse-client
# alone get the same files, each with a database of its own.
#
#   bench/tools.sh [BUILD]     BUILD: a build with the tests' programs in it (default: build/dev)
#
# The engine is 26.7 behind chdb-http. dbmate reads newer blocks than that writes: bench/native_proxy.py is between them, and
# each file gets dbmate's two marks. clickhouse-client is Debian's 18.16 at its own server; without it, that column says so.
# A line for each trap, a column for each tool: what was seen, in words. The packages are installed by npm into a folder
# that is removed again. Exit code: 0 once all was tried, whatever was seen.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${1:-$root/build/dev}" && pwd)
export LIVECOL_SOURCE=$root LIVECOL_CHDB_HTTP=$build/tests/support/chdb-http
LIVECOL_LIBCHDB=${LIVECOL_LIBCHDB:-$(find -L "$root/.deps/chdb" -name libchdb.so 2>/dev/null | head -n 1)}
export LIVECOL_LIBCHDB
old_home=$root/.deps/clickhouse-18.16
# shellcheck source=tests/support/engines.sh
. "$root/tests/support/engines.sh"
work=$(mktemp -d)
trap 'engines_stop; rm -rf "$work"' EXIT
npm install --no-audit --no-fund --silent --prefix "$work/npm" clickhouse-migrations@1.4.0 dbmate@2.36.0
bin=$work/npm/node_modules/.bin
engine_start_chdb "$work/engine"
new_url=$engine_url
python3 "$root/bench/native_proxy.py" "${new_url#http://}" >"$work/proxy" &
engine_pids+=($!)
until [ -s "$work/proxy" ]; do
  kill -0 $!
  sleep 0.05
done
proxy=127.0.0.1:$(sed -n 's/^port //p' "$work/proxy")
tools=(livecol clickhouse-migrations dbmate)
if "$root/tests/support/server1816.sh" available; then
  . "$root/tests/support/process.sh"
  mkdir -p "$work/1816"
  free_ports 3 >"$work/1816/ports"
  engine_start_1816 "$work/1816"
  old_url=$engine_url
  read -ra old_ports <"$work/1816/ports"
  tools+=(clickhouse-client)
else
  echo "clickhouse-client is not tried: no server 18.16 in .deps" >&2
fi
sql() { # QUERY, to the server that the tool of this trap uses
  engine_sql "$url" "$1"
}

# up TOOL DATABASE FOLDER: what it says goes to $work/said.TOOL; its exit code is returned.
up() {
  case $1 in
    livecol) CLICKHOUSE_URL=$url/$2 timeout 15 "$build/cli/livecol" up -d "$3" --quiet --allow-unsafe ;;
    clickhouse-migrations)
      timeout 15 "$bin/clickhouse-migrations" migrate --host="$url" --user=default --password= --db="$2" \
        --migrations-home="$3" --db-engine='ENGINE=Atomic' --timeout=60000
      ;;
    dbmate) timeout 15 "$bin/dbmate" -u "clickhouse+http://default:@$proxy/$2" -d "$3" --no-dump-schema up ;;
    clickhouse-client) # one call for all files, as a script would have it
      cat "$3"/*.sql | timeout 15 env LD_LIBRARY_PATH="$old_home/usr/lib/x86_64-linux-gnu" "$old_home/usr/bin/clickhouse-client" \
        --host 127.0.0.1 --port "${old_ports[1]}" --database "$2" --multiquery
      ;;
  esac >"$work/said.$1" 2>&1 </dev/null
}

# file FOLDER NAME: standard input as a migration of the tool of this trap.
file() {
  mkdir -p "$1"
  if [ "$tool" = dbmate ]; then
    { echo '-- migrate:up' && cat && echo '-- migrate:down'; } >"$1/$2.sql"
  else
    cat >"$1/$2.sql"
  fi
}
# begin TOOL TRAP: an empty database and folder.
begin() {
  if [ "$1" = clickhouse-client ]; then url=$old_url; else url=$new_url; fi
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
semicolons() { # in a string, in a comment, and a comment mark in a string; one statement
  sql "CREATE TABLE $db.t (s String) ENGINE = MergeTree ORDER BY s" >/dev/null
  file "$folder" 1_t <<'END'
-- it's a comment; with a semicolon
INSERT INTO t (s) /* another; one */ SELECT 'a;b -- c; /* no comment */';
END
  if up "$1" "$db" "$folder"; then code=0; else code=$?; fi
  if [ $code != 0 ]; then
    echo 'fails'
  elif [ "$(sql "SELECT s FROM $db.t")" = 'a;b -- c; /* no comment */' ]; then
    echo 'right'
  else
    echo "says done, stores $(sql "SELECT groupArray(s) FROM $db.t" 2>/dev/null | head -c 60)"
  fi
}
resume() { # the second statement fails, the file is fixed: is the first sent again?
  sql "CREATE TABLE $db.t (a UInt8) ENGINE = MergeTree ORDER BY a" >/dev/null
  printf 'INSERT INTO t (a) SELECT 1;\nINSERT INTO t (a) SELECT 2 FROM nowhere;\n' | file "$folder" 1_t
  up "$1" "$db" "$folder" && { echo 'takes a failure for done'; return; }
  [ "$(count)" = 1 ] || { echo 'takes no such file'; return; }
  printf 'INSERT INTO t (a) SELECT 1;\nINSERT INTO t (a) SELECT 2;\n' | file "$folder" 1_t
  if ! up "$1" "$db" "$folder"; then echo 'does not continue'; return; fi
  case $(count) in 2) echo 'continues after it' ;; 3) echo 'sends the first again' ;; *) echo "$(count) rows" ;; esac
}
resume_files() { # the same, a file each: is the first sent again?
  sql "CREATE TABLE $db.t (a UInt8) ENGINE = MergeTree ORDER BY a" >/dev/null
  printf 'INSERT INTO t (a) SELECT 1;\n' | file "$folder" 1_t
  printf 'INSERT INTO t (a) SELECT 2 FROM nowhere;\n' | file "$folder" 2_t
  up "$1" "$db" "$folder" && { echo 'takes a failure for done'; return; }
  printf 'INSERT INTO t (a) SELECT 2;\n' | file "$folder" 2_t
  if ! up "$1" "$db" "$folder"; then echo 'does not continue'; return; fi
  case $(count) in 2) echo 'continues after it' ;; 3) echo 'sends the first again' ;; *) echo "$(count) rows" ;; esac
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
  printf 'CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a;\n' | file "$folder" 1_t
  up "$1" "$db" "$folder" || { echo 'fails'; return; }
  printf 'CREATE TABLE IF NOT EXISTS t (b UInt8) ENGINE = MergeTree ORDER BY b;\n' | file "$folder" 1_t
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
printf '%-16s' ''
printf ' | %-24s' "${tools[@]}"
echo
for trap_name in several semicolons resume resume_files two_at_once edited waits; do
  printf '%-16s' "$trap_name"
  for tool in "${tools[@]}"; do
    begin "$tool" "$trap_name"
    printf ' | %-24s' "$($trap_name "$tool")"
  done
  echo
done
