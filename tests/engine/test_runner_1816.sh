#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The runner on Debian's clickhouse-server 18.16: plain DDL, its own way of filling a column in, its
# errors, and lost answers, which its query_log settles.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
engine_start_1816 "$work/engine" || exit 1

migration "$work/m" 0001_events <<'END'
-- migrate:up
CREATE TABLE events (event_id String, user_id String) ENGINE = MergeTree() ORDER BY event_id;
INSERT INTO events VALUES ('e1', 'u1;_1'), ('e2', 'u2_1');
-- migrate:down
DROP TABLE events;
END
migration "$work/m" 0002_region <<'END'
-- migrate:up
ALTER TABLE events ADD COLUMN region String DEFAULT concat(user_id, '!') AFTER user_id;
ALTER TABLE events UPDATE region = region WHERE 1;
-- migrate:down
ALTER TABLE events DROP COLUMN region;
END
fresh plain
up "$work/m"
said_good 'plain'
expect 'plain: rows' $'e1\tu1;_1\tu1;_1!\ne2\tu2_1\tu2_1!' \
  "$(sql 'SELECT event_id, user_id, region FROM plain.events ORDER BY event_id')"
expect 'plain: its mutation is done' 1 \
  "$(sql "SELECT min(is_done) FROM system.mutations WHERE database = 'plain'")"
up "$work/m"
expect_in 'again' 'applied 0, skipped 2' "$work/out"
"$LIVECOL_BIN" plan -d "$work/m" >"$work/out" 2>"$work/err"
expect 'plan: exit' 0 $?
"$LIVECOL_BIN" doctor -d "$work/m" >"$work/out" 2>"$work/err"
expect 'doctor: exit' 0 $?
# Verified there too; where a sample is one of rows, not of granules.
"$LIVECOL_BIN" verify events.region >"$work/out" 2>"$work/err"
expect 'verify: exit' 0 $?
expect_in 'verify' '2 rows: 0 differ' "$work/out"
sql 'CREATE TABLE plain.many (k String, r String DEFAULT upper(k)) ENGINE = MergeTree() ORDER BY k'
sql 'INSERT INTO plain.many (k) SELECT toString(number) FROM system.numbers LIMIT 300000'
"$LIVECOL_BIN" verify many.r --sample 0.5 >"$work/out" 2>"$work/err"
expect 'verify a sample: exit' 0 $?
expect_in 'verify a sample' ' of 300000 rows, a sample: 0 differ' "$work/out"
"$LIVECOL_BIN" verify many.r --full --against "concat(upper(k), '!')" >"$work/out" 2>"$work/err"
expect 'verify against: exit' 8 $?
expect_in 'verify against' "k '0', stored '0', computed '0!'" "$work/out"
sql 'DROP TABLE plain.many'
"$LIVECOL_BIN" down -d "$work/m" --to 0 --yes >"$work/out" 2>"$work/err"
expect 'down: exit' 0 $?
expect 'down: tables' 'schema_migrations' \
  "$(sql "SELECT name FROM system.tables WHERE database = 'plain'")"

# An INSERT that fails after it has written blocks: the query_log says how many rows stay.
fresh partial
sql 'CREATE TABLE partial.t (k UInt64) ENGINE = MergeTree() ORDER BY k'
migration "$work/partial" 0001_fill <<'END'
INSERT INTO t SELECT throwIf(number = 2500000) + number FROM system.numbers LIMIT 3000000;
END
for _ in 1 2; do
  up "$work/partial"
  expect 'a partial INSERT: exit' 7 "$code"
  expect_in 'a partial INSERT' "after it had inserted $(sql 'SELECT count() FROM partial.t') rows" "$work/err"
done
migration "$work/partial" 0001_fill <<<'INSERT INTO t SELECT n FROM system.one;'
sql 'DROP TABLE partial.t'
sql 'CREATE TABLE partial.t (k UInt64) ENGINE = MergeTree() ORDER BY k'
"$LIVECOL_BIN" repair -d "$work/partial" --redo 1 --yes >/dev/null || fail 'a partial INSERT: repair'
up "$work/partial"
expect 'an INSERT that never began: exit' 1 "$code"
migration "$work/partial" 0001_fill <<<'INSERT INTO t (k) VALUES (1);'
up "$work/partial"
said_good 'an INSERT that never began, fixed'

# INSERTs that a new column breaks are found in the server's query_log.
fresh positional
sql 'CREATE TABLE positional.counted (k String) ENGINE = MergeTree() ORDER BY k'
sql "INSERT INTO positional.counted VALUES ('a')"
sql "INSERT INTO positional.counted (k) VALUES ('b')"
sql 'CREATE TABLE positional.counted2 (k String) ENGINE = MergeTree() ORDER BY k'
for i in $(seq 20); do # one query with other literals; and another table's
  sql "INSERT INTO positional.counted SELECT concat('v$i', toString($i))"
  sql "INSERT INTO positional.counted2 SELECT 'counted$i'"
done
migration "$work/positional" 0001_add <<'END'
ALTER TABLE counted ADD COLUMN v String;
END
# shellcheck disable=SC2317 # called by wait_until
plan_names_inserts() {
  "$LIVECOL_BIN" plan -d "$work/positional" >"$work/out" 2>"$work/err"
  says "$work/out" 'hazard: 21 INSERT(s)'
}
wait_until 'the INSERTs in the log, which is written now and then' plan_names_inserts
expect_in 'positional INSERTs' \
  "hazard: 21 INSERT(s) of the last 7 days name no columns and will fail: INSERT INTO positional.counted SELECT concat('v" \
  "$work/out"

# A missing function is refused before anything is changed.
fresh missing
migration "$work/missing" 0001_table <<'END'
CREATE TABLE t (k String) ENGINE = MergeTree() ORDER BY k;
ALTER TABLE t ADD COLUMN r String DEFAULT region_v1(k);
END
up "$work/missing"
expect 'missing function: exit' 3 "$code"
expect 'missing function: nothing is there' '' \
  "$(sql "SELECT name FROM system.tables WHERE database = 'missing'")"

# A failure in the middle is recorded with its code, and the next run goes on there.
fresh failing
migration "$work/failing" 0001_failing <<'END'
CREATE TABLE t (k String) ENGINE = MergeTree() ORDER BY k;
ALTER TABLE t ADD COLUMN r Nullable(Array(String));
END
up "$work/failing"
expect 'failing: exit' 1 "$code"
expect 'failing: recorded' $'2\t43' \
  "$(sql "SELECT stmt, error_code FROM failing.schema_migrations WHERE event = 'failed'")"
sed -i 's/Nullable.*;/String;/' "$work/failing/0001_failing.sql"
up "$work/failing"
said_good 'failing: fixed'

# A column of the same name and another type.
fresh other
sql 'CREATE TABLE other.t (k String, r UInt8) ENGINE = MergeTree() ORDER BY k'
migration "$work/other" 0001_other <<'END'
ALTER TABLE t MODIFY COLUMN r UInt8 DEFAULT length(k);
ALTER TABLE t ADD COLUMN r String;
END
up "$work/other"
expect 'other type: exit' 3 "$code"
expect_in 'other type' 'other.t has the column r already, of type UInt8' "$work/err"

# Lost answers. The server's log says what became of an INSERT.
proxy_start
migration "$work/insert" 0001_make <<'END'
CREATE TABLE t (k UInt32) ENGINE = MergeTree() ORDER BY k;
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2);
END
for mode in after 503-after; do
  fresh lost
  fault "$mode" 1 '^INSERT INTO t VALUES (1)'
  up "$work/insert"
  said_good "$mode: settled by the log"
  expect "$mode: the fault was met" "$mode" "$(head -1 "$work/proxy/applied")"
  expect "$mode: rows" $'1\n2' "$(sql 'SELECT k FROM lost.t ORDER BY k')"
  no_fault
done
for statement in 'CREATE TABLE t' "INSERT INTO \`lost\`.\`schema_migrations\`"; do
  fresh lost
  fault after 1 "^$statement"
  up "$work/insert"
  said_good "the answer to $statement is lost"
  expect "the answer to $statement is lost: rows" $'1\n2' \
    "$(sql 'SELECT k FROM lost.t ORDER BY k')"
  no_fault
done
finish
