#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `livecol plan` says that a backfill takes, next to what it took, for tables of three sizes.
#
#   bench/plan.sh [BUILD] [ROWS...]
#
#   BUILD   a build with the tests' programs in it (default: build/dev)
#   ROWS    of the tables (default: 30000000 60000000 120000000)
#
# A line each: rows, what plan said, what MATERIALIZE COLUMN took, and their ratio, each time in seconds. The mutation
# begins when no merge is left: one that meets a merge waits for it, and the server looks for work once a second.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${1:-$root/build/dev}" && pwd)
shift $(($# > 0))
[ $# -gt 0 ] || set -- 30000000 60000000 120000000
export LIVECOL_SOURCE=$root LIVECOL_CHDB_HTTP=$build/tests/support/chdb-http LIVECOL_UDF=$build/udf/livecol-udf
LIVECOL_LIBCHDB=${LIVECOL_LIBCHDB:-$(find -L "$root/.deps/chdb" -name libchdb.so 2>/dev/null | head -n 1)}
export LIVECOL_LIBCHDB NO_COLOR=1
# shellcheck source=tests/support/engines.sh
. "$root/tests/support/engines.sh"
work=$(mktemp -d)
trap 'engines_stop; rm -rf "$work"' EXIT
engine_functions "$work/engine"
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml"
export CLICKHOUSE_URL=$engine_url/default
sql() { curl -sS --fail-with-body "$engine_url/" --data-binary "$1"; }

printf '%12s %10s %10s %8s\n' rows said took ratio
for rows in "$@"; do
  sql "CREATE TABLE t$rows (n UInt64, user_id String) ENGINE = MergeTree ORDER BY n"
  sql "INSERT INTO t$rows SELECT number, concat('u', toString(number % 9), '_', toString(cityHash64(number) % 100000)) FROM numbers($rows)"
  sleep 1 # a merge that is due has begun by then
  while [ "$(sql "SELECT count() FROM system.merges")" != 0 ]; do sleep 0.2; done
  mkdir -p "$work/$rows"
  echo "ALTER TABLE t$rows ADD COLUMN region LowCardinality(String) DEFAULT region_v1(user_id);
ALTER TABLE t$rows MATERIALIZE COLUMN region;" >"$work/$rows/0001_region.sql"
  "$build/cli/livecol" plan -d "$work/$rows" --migrations-table "m$rows" >"$work/said" 2>&1 || true
  "$build/cli/livecol" up -d "$work/$rows" --migrations-table "m$rows" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
  took=$(sql "SELECT max(execution_ms) FROM m$rows WHERE event = 'stmt_done' AND stmt = 2")
  python3 - "$rows" "$took" "$work/said" <<'PY'
import re, sys
rows, took, said = int(sys.argv[1]), float(sys.argv[2]) / 1000, open(sys.argv[3], encoding="utf-8").read()
found = re.search(r"about (.*?) if the server does nothing else", said)
units = {"ms": 0.001, "s": 1, "min": 60, "m": 60, "h": 3600}
parts = re.findall(r"([0-9.]+) ?(ms|min|s|m|h)\b", found.group(1)) if found else []
if not parts:
    sys.exit("plan says no time:\n" + said)
seconds = sum(float(n) * units[u] for n, u in parts)
print(f"{rows:12d} {seconds:10.2f} {took:10.2f} {seconds / took:8.2f}")
PY
done
