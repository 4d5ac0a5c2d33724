#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol verify, and up's own look at what it filled in, on a real engine.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

engine_functions "$work/engine"
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

# verify WHAT WANTED-EXIT [OPTION...]
verify() {
  local what=$1 wanted=$2
  shift 2
  "$LIVECOL_BIN" verify "$@" >"$work/out" 2>"$work/err" </dev/null
  expect "$what: exit" "$wanted" $?
}

fresh v
sql "CREATE TABLE v.t (k String, d Date, n UInt32) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY n"
sql "INSERT INTO v.t SELECT concat('u', toString(number % 5), '_', toString(number)), toDate('2026-01-01') + number % 90, number FROM numbers(300000)"
migration "$work/v" 0001_region <<'END'
ALTER TABLE t ADD COLUMN region LowCardinality(String) DEFAULT region_v1(k);
END
up "$work/v"
said_good 'add alone: there is nothing to verify'
verify 'not stored yet' 8 v.t.region
expect_in 'not stored yet' '3 parts (300000 rows) do not store v.t.region' "$work/err"
expect_in 'not stored yet' 'livecol backfill v.t.region' "$work/err"
migration "$work/v" 0002_fill <<'END'
ALTER TABLE t MATERIALIZE COLUMN region;
END
up "$work/v"
said_good 'fill in'
expect_in 'fill in: verified' '0 differ from region_v1(k); every part stores it' "$work/err"
verify 'stored' 0 t.region --full
expect_in 'stored' '300000 rows: 0 differ from region_v1(k); every part stores it' "$work/out"

# Rows whose value was given: found, by partition, with their keys.
sql "INSERT INTO v.t (k, d, n, region) SELECT concat('u1_', toString(number)), '2026-02-03', number, 'given' FROM numbers(7)"
verify 'given' 8 v.t.region --full
expect_in 'given' '7 rows of v.t.region differ from region_v1(k)' "$work/err"
expect_in 'given' 'may differ on purpose' "$work/err"
expect 'given: keys' 7 "$(grep -c "^differs: k 'u1_[0-9]*', stored 'given', computed 'us-east', partition 202602$" "$work/out")"
expect 'given: its partition' 7 "$(awk '$1 == "202602" { print $4 }' "$work/out")"
expect 'given: another partition' 0 "$(awk '$1 == "202601" { print $4 }' "$work/out")"
verify 'as objects' 8 v.t.region --full --json
python3 - "$work/out" <<'END' || fail 'as objects: not what they should be'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
last = rows[-1]
assert last["event"] == "verified" and not last["clean"] and not last["sampled"], last
assert (last["rows"], last["checked"], last["differ"], last["parts_lacking"]) == (300007, 300007, 7, 0), last
parts = [r for r in rows if r["event"] == "partition"]
assert sum(r["differ"] for r in parts) == 7 and len(parts) == 3, parts
example = [r for r in rows if r["event"] == "differs"][0]
assert example["stored"] == "given" and example["computed"] == "us-east", example
assert example["keys"]["k"].startswith("u1_"), example
END

# Values that hold a NULL, and NaN.
sql "CREATE TABLE v.kinds (k String, t Tuple(a Nullable(String), b String) DEFAULT (NULL, k), v Variant(String, UInt8) DEFAULT nullIf(k, 'u2'), y Dynamic DEFAULT nullIf(k, 'u2'), f Float64 DEFAULT if(k = 'u1', nan, 1), g Nullable(Float64) DEFAULT if(k = 'u1', nan, 1), a Array(Nullable(String)) DEFAULT [NULL], p Tuple(Float64, String) DEFAULT (nan, k), l LowCardinality(Nullable(String)) DEFAULT k) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO v.kinds (k) VALUES ('u1')"
sql "INSERT INTO v.kinds (k, t, v, y, f, g, a, p, l) VALUES ('u2', ('z', 'u2'), 'z', 'z', nan, NULL, ['x'], (1, 'u2'), NULL)"
for column in t v y f g a p l; do
  verify "one differs: $column" 8 "v.kinds.$column" --full
  expect_in "one differs: $column" "1 row of v.kinds.$column differs" "$work/err"
done
sql "ALTER TABLE v.kinds DELETE WHERE k = 'u2' SETTINGS mutations_sync = 2"
for column in t v y f g a p l; do
  verify "none differs: $column" 0 "v.kinds.$column" --full
done

# What is stored nowhere; an expression that is none.
sql "ALTER TABLE v.kinds ADD COLUMN al String ALIAS upper(k)"
verify 'ALIAS' 3 v.kinds.al --against 'upper(k)'
expect_in 'ALIAS' 'is stored nowhere: it is ALIAS' "$work/err"
verify 'no expression' 2 v.kinds.v --against '-- none'

# Against another expression, over other columns.
verify 'against' 8 v.t.region --full --against "if(n < 7 AND region = 'given', 'given', upper(region_v1(k)))"
expect_in 'against' '300000 rows of v.t.region differ' "$work/err"
verify 'against: the same' 0 v.t.region --against "if(region = 'given', 'given', region_v1(k)) -- as stored"

# A sample reads whole granules, and says that it is one.
verify 'sample' 8 v.t.region --sample 0.5 --against "'x'"
expect_in 'sample' ' of 300007 rows, a sample: ' "$work/out"
expect 'sample: fewer than all' 1 "$(sed -n 's/^v.t.region: \([0-9]*\) of 300007 rows.*/\1/p' "$work/out" | awk '{ print ($1 > 0 && $1 < 300007) }')"

# NULL is a value like others.
sql "CREATE TABLE v.n (k String, r Nullable(String) DEFAULT nullIf(region_v1(k), 'unknown')) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO v.n (k) VALUES ('u1'), ('u9')"
verify 'NULL' 0 v.n.r
sql "INSERT INTO v.n (k, r) VALUES ('u1', NULL), ('u9', 'x'), ('u8', NULL)"
verify 'NULL differs' 8 v.n.r
expect_in 'NULL differs' '2 rows of v.n.r differ' "$work/err"
expect_in 'NULL differs' "k 'u1', stored NULL, computed 'us-east'" "$work/out"
expect_in 'NULL differs' "k 'u9', stored 'x', computed NULL" "$work/out"

# What cannot be compared is refused.
sql "CREATE TABLE v.w (k String, at DateTime DEFAULT now(), x String, \`a.b\` String DEFAULT upper(k)) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO v.w (k) VALUES ('one')"
verify 'now()' 3 v.w.at
expect_in 'now()' 'now gives a different answer each time' "$work/err"
verify 'no default' 3 v.w.x
verify 'no default, against' 8 v.w.x --against "'y'"
# shellcheck disable=SC2016 # backticks of SQL
verify 'an odd name' 0 'w.`a.b`'
verify 'no column' 3 v.w.nothing
verify 'no table' 3 v.nothing.x
verify 'no rows' 8 v.t.region --against "'x'" --sample 0.01
sql 'TRUNCATE TABLE v.w'
# shellcheck disable=SC2016
verify 'empty' 0 'v.w.`a.b`'

# up looks at what it has filled in: applied, and exit 8 where rows differ.
fresh u
sql "CREATE TABLE u.t (k String) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO u.t SELECT concat('u', toString(number % 4)) FROM numbers(5000)"
migration "$work/u" 0001_add <<'END'
ALTER TABLE t ADD COLUMN region LowCardinality(String) DEFAULT region_v1(k);
INSERT INTO t (k, region) VALUES ('u1', 'given');
ALTER TABLE t MATERIALIZE COLUMN region;
END
up "$work/u"
expect 'up: exit' 8 "$code"
expect_in 'up: it is applied' '0001 add: applied' "$work/out"
expect_in 'up: says so' 'u.t.region: 5001 rows: 1 differs from region_v1(k)' "$work/err"
expect_in 'up: shows the first' "k 'u1', stored 'given', computed 'us-east'" "$work/err"
up "$work/u"
said_good 'up: nothing to do, nothing to look at'
"$LIVECOL_BIN" down -d "$work/u" --yes >"$work/out" 2>&1 || true
sql 'ALTER TABLE u.t DROP COLUMN region'
sql 'DROP TABLE u.schema_migrations'
up "$work/u" --no-verify
said_good 'up --no-verify'

# Stopped while it verifies: what is applied stays so, and that it was not looked at is said.
fresh stopped
migration "$work/s" 0001_add <<'END'
CREATE TABLE t (k String) ENGINE = MergeTree ORDER BY k;
INSERT INTO t (k) VALUES ('u1');
ALTER TABLE t ADD COLUMN region LowCardinality(String) DEFAULT region_v1(k);
ALTER TABLE t MATERIALIZE COLUMN region;
END
gate_close "$work/points" 'before verifying'
livecol=$hooks LIVECOL_TEST_GATE=$work/points up_start "$work/s"
gate_wait "$work/points" 'before verifying'
kill -INT "$up_pid"
gate_open "$work/points" 'before verifying'
up_end
expect 'stopped while verifying: exit' 130 "$code"
expect_in 'stopped while verifying' 'the migration is applied, and what it has stored is not verified' "$work/err"
"$LIVECOL_BIN" status -d "$work/s" --exit-code >"$work/out"
expect 'stopped while verifying: applied' 0 $?
finish
