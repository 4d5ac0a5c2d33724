#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian's clickhouse-benchmark next to bench query, on the same statement and the same server: both
# run it as often as asked, and both figures are printed. How quick either is, is not asserted.
set -eu

home=${LIVECOL_CLICKHOUSE_1816:-$LIVECOL_SOURCE/.deps/clickhouse-18.16}
server=$LIVECOL_SOURCE/tests/support/server1816.sh
if ! "$server" available; then
  echo "Debian's server is not unpacked: run scripts/bootstrap test" >&2
  exit 1
fi

folder=$(mktemp -d)
cleanup() {
  "$server" stop "$folder/server" || true
  rm -rf "$folder"
}
trap cleanup EXIT
url=$("$server" start "$folder/server")
tcp_port=$(sed -n 's/.*<tcp_port>\([0-9]*\)<.*/\1/p' "$folder/server/config.xml")

ask() {
  curl -sf --noproxy '*' "$url/" --data-binary "$1"
}

ask 'CREATE TABLE t (a UInt64) ENGINE = MergeTree() ORDER BY a'
ask 'INSERT INTO t (a) SELECT number FROM numbers(200000)'
echo 'SELECT count() FROM t WHERE a % 7 = 1' >"$folder/query.sql"

LD_LIBRARY_PATH=$home/usr/lib/x86_64-linux-gnu "$home/usr/bin/clickhouse-benchmark" \
  --host 127.0.0.1 --port "$tcp_port" --iterations 200 --concurrency 1 \
  --json "$folder/theirs.json" <"$folder/query.sql" >"$folder/theirs.txt" 2>&1
CLICKHOUSE_URL=$url/default "$LIVECOL_BIN" bench query --queries "$folder/query.sql" \
  --iterations 200 --quiet --export-json "$folder/ours.json" -b errors=0

python3 "$LIVECOL_SOURCE/tests/support/check_schema.py" "$LIVECOL_SOURCE/bench/schema.json" \
  "$folder/ours.json"
python3 - "$folder/theirs.json" "$folder/ours.json" <<'PY'
import json
import sys

theirs, ours = (json.load(open(name)) for name in sys.argv[1:])
series = ours["series"][0]
assert theirs["statistics"]["num_queries"] == 200, theirs
assert series["n"] == 200 and series["errors"] == 0, series["n"]
assert ours["engine"].startswith("18.16"), ours["engine"]
times = sorted(series["times_ms"])
assert series["p99_ms"] == times[197] and series["max_ms"] == times[199]
print(f"{'':20} {'p50 ms':>8} {'p90 ms':>8} {'p99 ms':>8} {'qps':>8}")
percent = theirs["query_time_percentiles"]
print(f"{'clickhouse-benchmark':20} {percent['50'] * 1e3:8.2f} {percent['90'] * 1e3:8.2f} "
      f"{percent['99'] * 1e3:8.2f} {theirs['statistics']['QPS']:8.1f}")
print(f"{'livecol bench query':20} {series['p50_ms']:8.2f} {series['p90_ms']:8.2f} "
      f"{series['p99_ms']:8.2f} {series['qps']:8.1f}")
PY

# --reference-url: the same statement on another server, here the same one under another database. The
# same answers are compared; others are a failure, and so is a server that is not there. One statement is
# no slower than itself, but a busy machine can make it look so: hence the tolerance.
reference() { # CODE URL SQL
  local code=0
  CLICKHOUSE_URL=$url/default "$LIVECOL_BIN" bench query -q "$3" --iterations 20 --quiet \
    --tolerance 100000 --reference-url "$2" --json >"$folder/reference.json" 2>"$folder/reference.err" || code=$?
  if [ "$code" != "$1" ]; then
    echo "FAILED: --reference-url $2, $3: exit $code, not $1" >&2
    cat "$folder/reference.json" "$folder/reference.err" >&2
    exit 1
  fi
}
reference 0 "$url/system" 'SELECT sum(number) FROM (SELECT number FROM system.numbers LIMIT 100000)'
python3 - "$folder/reference.json" <<'PY'
import json
import sys

outcome = json.loads(open(sys.argv[1]).read().splitlines()[-1])
assert len(outcome["series"]) == 2 and len(outcome["comparisons"]) == 1, outcome["series"]
assert all(s["n"] == 20 for s in outcome["series"])
PY
reference 1 "$url/system" 'SELECT currentDatabase()'
reference 1 "${url%:*}:1/" 'SELECT 1'
