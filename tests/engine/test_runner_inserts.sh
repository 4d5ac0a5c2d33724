#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What adds rows and fails in its middle leaves them: never sent again by itself, exit 7 with how many
# rows there are, until a person says --redo or --done. What provably left nothing goes on as ever.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
engine_gate "$work/engine"
gate=$work/engine/gate
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

rows() { sql "SELECT count() FROM $db.t"; }
one_by_one='SETTINGS max_block_size = 1, min_insert_block_size_rows = 1, min_insert_block_size_bytes = 1, max_threads = 1, max_insert_threads = 1'

# partial WHAT SETUP ROWS BROKEN FIXED: 7 with the rows that are there (ROWS from before), and again, and with the fixed file.
partial() {
  local what=$1 left
  fresh partial
  [ -z "$2" ] || sql "$2" || fail "$what: setup"
  rm -rf "$work/partial"
  migration "$work/partial" 0001_fill <<<"$4;"
  up "$work/partial"
  expect "$what: exit" 7 "$code"
  expect_in "$what" 'never sent twice' "$work/err"
  left=$(rows)
  if [ "$left" -le "$3" ]; then fail "$what: the test left no rows"; fi
  expect_in "$what: rows" "after it had inserted $((left - $3)) rows" "$work/err"
  up "$work/partial"
  expect "$what, again: exit" 7 "$code"
  migration "$work/partial" 0001_fill <<<"$5;"
  up "$work/partial"
  expect "$what, fixed: exit" 7 "$code"
  expect_in "$what, fixed" "--redo 1" "$work/err"
  expect_in "$what, fixed: rows" "after it had inserted $((left - $3)) rows" "$work/err"
  expect "$what: rows are as they were" "$left" "$(rows)"
  "$LIVECOL_BIN" status -d "$work/partial" >"$work/out"
  expect_in "$what: status" 'never sent twice' "$work/out"
}
break_at() { echo "SELECT throwIf(number = $1) + number FROM numbers(30) $one_by_one"; }
insert="INSERT INTO t $(break_at 20)"
fixed="INSERT INTO t $(break_at 99)"
partial 'an INSERT' 'CREATE TABLE partial.t (k UInt64) ENGINE = MergeTree ORDER BY k' 0 "$insert" "$fixed"
left=$(rows)
"$LIVECOL_BIN" repair -d "$work/partial" --done 1 --yes >"$work/out" || fail 'repair --done'
up "$work/partial"
said_good 'repair --done'
expect 'repair --done: rows' "$left" "$(rows)"
partial 'an INSERT next to rows' 'CREATE TABLE partial.t ENGINE = MergeTree PARTITION BY k % 3 ORDER BY k AS SELECT number AS k FROM numbers(5)' \
  5 "$insert" "$fixed"
sql 'TRUNCATE TABLE partial.t'
"$LIVECOL_BIN" repair -d "$work/partial" --redo 1 --yes >"$work/out" || fail 'repair --redo'
up "$work/partial"
said_good 'repair --redo'
expect 'repair --redo: rows' 30 "$(rows)"

# Somebody else says redo while this repair is on its way, and the INSERT is sent again: what this one says is about
# what was, and is refused, or its rows would be there twice.
partial 'a late repair' 'CREATE TABLE partial.t (k UInt64) ENGINE = MergeTree ORDER BY k' 0 "$insert" "$fixed"
gate_close "$work" 'repair has looked'
LIVECOL_TEST_GATE=$work "$hooks" repair -d "$work/partial" --redo 1 --yes >"$work/late.out" 2>"$work/late.err" </dev/null &
late=$!
gate_wait "$work" 'repair has looked'
"$LIVECOL_BIN" repair -d "$work/partial" --redo 1 --yes >"$work/out" 2>&1 || fail "the other repair: $(cat "$work/out")"
migration "$work/partial" 0001_fill <<<"$insert;"
up "$work/partial"
expect 'sent again: exit' 7 "$code"
left=$(rows)
gate_open "$work" 'repair has looked'
code=0
wait "$late" || code=$?
expect 'a late repair: exit' 3 "$code"
expect_in 'a late repair' 'has changed since this repair began' "$work/late.err"
up "$work/partial"
expect 'after a late repair: exit' 7 "$code"
expect 'after a late repair: rows' "$left" "$(rows)"

# A run that is about to send: what a person has seen of it is not its end, whether it is alive or not.
fresh partial
sql 'CREATE TABLE partial.t (k UInt64) ENGINE = MergeTree ORDER BY k'
migration "$work/partial" 0001_fill <<<'INSERT INTO t SELECT 1;'
gate_close "$work" 'before the send'
LIVECOL_TEST_GATE=$work "$hooks" up -d "$work/partial" >"$work/late.out" 2>"$work/late.err" </dev/null &
late=$!
gate_wait "$work" 'before the send'
code=0
"$LIVECOL_BIN" repair -d "$work/partial" --redo 1 --yes >"$work/out" 2>"$work/err" || code=$?
expect 'repair of a run: exit' 5 "$code"
expect_in 'repair of a run' 'is unknown until it has ended' "$work/err"
kill -KILL "$late"
wait "$late" 2>"$work/ignored"
code=0
LIVECOL_TEST_STALE_S=1 "$hooks" repair -d "$work/partial" --redo 1 --yes >"$work/out" 2>"$work/err" || code=$?
expect 'repair of a killed run: exit' 5 "$code"
"$LIVECOL_BIN" unlock --force >"$work/out" 2>&1 || fail 'unlock'
"$LIVECOL_BIN" repair -d "$work/partial" --redo 1 --yes >"$work/out" 2>&1 || fail "repair, unlocked: $(cat "$work/out")"
up "$work/partial"
said_good 'repair of a killed run'
expect 'repair of a killed run: rows' 1 "$(rows)"

# whole WHAT BROKEN FIXED: exit 1, nothing is left, and the fixed file goes on.
whole() {
  fresh whole
  sql 'CREATE TABLE whole.t (k UInt64) ENGINE = MergeTree ORDER BY k'
  rm -rf "$work/whole"
  migration "$work/whole" 0001_fill <<END
INSERT INTO t VALUES (1);
$2;
END
  up "$work/whole"
  expect "$1: exit" 1 "$code"
  migration "$work/whole" 0001_fill <<END
INSERT INTO t VALUES (1);
$3;
END
  up "$work/whole"
  said_good "$1, fixed"
  expect "$1, fixed: rows" 2 "$(sql 'SELECT count() FROM whole.t')"
}
whole 'a value that does not fit' "INSERT INTO t VALUES (2), ('x')" 'INSERT INTO t VALUES (2)'
whole 'no such column' 'INSERT INTO t SELECT n FROM numbers(2)' 'INSERT INTO t (k) VALUES (2)'
whole 'no such table' "INSERT INTO t SELECT number FROM merge('whole', '^nowhere\$')" 'INSERT INTO t VALUES (2)'
whole 'the first row' "INSERT INTO t SELECT throwIf(1) FROM numbers(3) $one_by_one" 'INSERT INTO t VALUES (2)'

fresh whole
rm -rf "$work/whole"
migration "$work/whole" 0001_fill <<<"CREATE TABLE IF NOT EXISTS t ENGINE = MergeTree ORDER BY tuple() AS $(break_at 20);"
up "$work/whole"
expect 'CREATE AS SELECT: exit' 1 "$code"
migration "$work/whole" 0001_fill <<<"CREATE TABLE IF NOT EXISTS t ENGINE = MergeTree ORDER BY tuple() AS $(break_at 99);"
up "$work/whole"
said_good 'CREATE AS SELECT, fixed'
expect 'CREATE AS SELECT, fixed: rows' 30 "$(rows)"

# One that an older livecol recorded as failed, which did not look what was left of it.
fresh older
sql 'CREATE TABLE older.t (k UInt64) ENGINE = MergeTree ORDER BY k'
rm -rf "$work/older"
migration "$work/older" 0001_fill <<<"INSERT INTO t SELECT number FROM merge('older', '^nowhere\$');"
up "$work/older"
expect 'an older one: exit' 1 "$code"
sql "ALTER TABLE older.schema_migrations UPDATE layout = 1 WHERE 1 SETTINGS mutations_sync = 1"
migration "$work/older" 0001_fill <<<"INSERT INTO t SELECT number FROM numbers(3);"
up "$work/older"
expect 'an older one, not looked at: exit' 7 "$code"
expect_in 'an older one' 'never sent twice' "$work/err"
expect 'an older one: rows' 0 "$(rows)"
"$LIVECOL_BIN" repair -d "$work/older" --redo 1 --yes >/dev/null || fail 'an older one: repair'
up "$work/older"
said_good 'an older one, repaired'
expect 'an older one, repaired: rows' 3 "$(rows)"

# A view below the table may hold rows that the table does not.
fresh views
sql 'CREATE TABLE views.t (k UInt64, v UInt64) ENGINE = MergeTree ORDER BY k'
sql 'CREATE MATERIALIZED VIEW views.mv ENGINE = MergeTree ORDER BY k AS SELECT k FROM views.t'
migration "$work/views" 0001_fill <<<"INSERT INTO t SELECT throwIf(1) FROM numbers(3);"
up "$work/views"
expect 'a view below it: exit' 7 "$code"
expect_in 'a view below it' 'it is unknown whether it left rows' "$work/err"
# An UPDATE writes to no view: this table takes none, and nothing is left of it.
rm -rf "$work/views"
migration "$work/views" 0002_key <<<"UPDATE t SET v = 1 WHERE 1;"
up "$work/views" --allow-unsafe
expect 'an UPDATE over a view: exit' 1 "$code"

# Refused before its first row, by its own query: nothing is there, and the fixed file goes on.
fresh analysed
sql 'CREATE TABLE analysed.t (k UInt64) ENGINE = MergeTree ORDER BY k'
sql 'CREATE TABLE analysed.u (k UInt64) ENGINE = MergeTree ORDER BY k'
sql 'CREATE MATERIALIZED VIEW analysed.v TO analysed.u AS SELECT k FROM analysed.t'
for query in 'nosuch(number) FROM numbers(3)' 'nosuch FROM numbers(3)' 'toDate(number, 1, 2, 3) FROM numbers(3)'; do
  rm -rf "$work/analysed"
  migration "$work/analysed" 0001_fill <<<"INSERT INTO t SELECT $query;"
  up "$work/analysed"
  expect "refused, $query: exit" 1 "$code"
done
migration "$work/analysed" 0001_fill <<<'INSERT INTO t SELECT number FROM numbers(3);'
up "$work/analysed"
said_good 'refused, then fixed'
expect 'refused, then fixed: rows' $'3\t3' "$(sql 'SELECT (SELECT count() FROM analysed.t), count() FROM analysed.u')"
# Not by its own: what the view's query lacks shows when the rows are there.
sql 'DROP TABLE analysed.v'
sql 'CREATE MATERIALIZED VIEW analysed.v TO analysed.u AS SELECT throwIf(k = 5) + k AS k FROM analysed.t'
migration "$work/analysed" 0002_more <<<'INSERT INTO t SELECT number + 4 FROM numbers(3);'
up "$work/analysed"
expect 'a view that throws: exit' 7 "$code"

# Stopped in its middle: by a signal it runs to its end; killed, nobody knows, and nothing is sent again.
held() { # SIGNAL
  fresh held
  sql 'CREATE TABLE held.t (k String) ENGINE = MergeTree ORDER BY k'
  rm -rf "$work/held"
  migration "$work/held" 0001_fill <<<"INSERT INTO t SELECT at_gate(if(number = 10, 'half', 'go')) FROM numbers(20) $one_by_one;"
  gate_close "$gate" half
  up_start "$work/held"
  gate_wait "$gate" half
  kill "-$1" "$up_pid"
}
held INT
gate_open "$gate" half
up_end
up "$work/held"
said_good 'SIGINT in an INSERT: the next run'
expect 'SIGINT in an INSERT: rows' 20 "$(rows)"
held KILL
{ up_end; } 2>/dev/null
"$LIVECOL_BIN" unlock --force >/dev/null
gate_open "$gate" half
wait_until 'the end of the INSERT' is 0 sql "SELECT count() FROM system.processes WHERE query LIKE '%at_gate%' AND query NOT LIKE '%processes%'"
left=$(rows)
for _ in 1 2; do
  up "$work/held"
  expect 'SIGKILL in an INSERT: exit' 7 "$code"
  expect_in 'SIGKILL in an INSERT' 'never sent twice' "$work/err"
done
expect 'SIGKILL in an INSERT: rows' "$left" "$(rows)"
finish
