#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How long the runner takes next to the npm package clickhouse-migrations, each file one statement of
# metadata: `up` of 100 and of 1,000 files, and `up` of 1,000 that are all applied.
#
#   bench/runner.sh [--server] [BUILD]
#
#   BUILD      a build with the tests' programs in it (default: build/dev)
#   --server   against Debian's server 18.16; otherwise against the engine behind chdb-http
#
# The package is installed by npm into a folder that is removed again. The two take turns, round by round, so
# that both meet the machine as it is; the fastest of three rounds counts, since what else the machine does
# only ever adds to a time. A line each:
#
#   what   livecol seconds   npm seconds   livecol / npm   how much it may be
#
# Exit codes: 0 · 1 something failed · 4 livecol took longer than it may.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
package=clickhouse-migrations@1.4.0
rounds=3
server=0
if [ "${1:-}" = --server ]; then
  server=1
  shift
fi
build=$(cd "${1:-$root/build/dev}" && pwd)
export LIVECOL_SOURCE=$root LIVECOL_CHDB_HTTP=$build/tests/support/chdb-http
LIVECOL_LIBCHDB=${LIVECOL_LIBCHDB:-$(find -L "$root/.deps/chdb" -name libchdb.so 2>/dev/null | head -n 1)}
export LIVECOL_LIBCHDB
livecol=$build/cli/livecol
# shellcheck source=tests/support/engines.sh
. "$root/tests/support/engines.sh"
work=$(mktemp -d)
trap 'engines_stop; rm -rf "$work"' EXIT

npm install --no-audit --no-fund --silent --prefix "$work/npm" "$package"
npm_cli=$work/npm/node_modules/.bin/clickhouse-migrations
if [ "$server" = 1 ]; then engine_start_1816 "$work/engine"; else engine_start_chdb "$work/engine"; fi

# folder DIR N: files whose names both read.
folder() {
  local i
  mkdir -p "$1"
  for ((i = 1; i <= $2; i++)); do
    echo "CREATE TABLE t$i (k UInt32, s String) ENGINE = MergeTree() ORDER BY k;" >"$1/${i}_t.sql"
  done
}

# timed FILE COMMAND...: appends its seconds to FILE.
timed() {
  local out=$1 begun
  shift
  begun=$(date +%s%N)
  if ! "$@" >"$work/said" 2>&1; then
    cat "$work/said" >&2
    exit 1
  fi
  echo $((($(date +%s%N) - begun) / 1000000)) >>"$out"
}

ours() { timed "$1" env CLICKHOUSE_URL="$engine_url/$2" "$livecol" up -d "$3" --quiet; }
theirs() {
  timed "$1" "$npm_cli" migrate --host="$engine_url" --user=default --password= --db="$2" \
    --migrations-home="$3" --db-engine='ENGINE=Ordinary' --timeout=300000
}

failed=0
# compare WHAT MAY-BE-PERCENT: the fastest of what was timed.
compare() {
  local a b
  a=$(sort -n "$work/$1.ours" | head -n 1)
  b=$(sort -n "$work/$1.theirs" | head -n 1)
  awk -v what="$1" -v a="$a" -v b="$b" -v may="$2" \
    'BEGIN { printf "%-12s %8.2f %8.2f %8.2f %8.2f\n", what, a / 1000, b / 1000, a / b, may / 100; exit a * 100 > b * may }' ||
    failed=4
}

folder "$work/100" 100
folder "$work/1000" 1000
printf '%-12s %8s %8s %8s %8s\n' what livecol npm ratio 'may be'
for ((round = 1; round <= rounds; round++)); do
  for n in 100 1000; do
    for who in ours theirs; do
      engine_sql "$engine_url" "DROP DATABASE IF EXISTS ${who}_$n" >/dev/null
      engine_sql "$engine_url" "CREATE DATABASE ${who}_$n" >/dev/null
      $who "$work/up-$n.$who" "${who}_$n" "$work/$n"
    done
  done
  ours "$work/no-op-1000.ours" ours_1000 "$work/1000"
  theirs "$work/no-op-1000.theirs" theirs_1000 "$work/1000"
done
compare up-100 100
compare up-1000 100
compare no-op-1000 25
exit $failed
