#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# New rules: a column comes to hold what another function answers, while rows are read and written.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

engine_functions "$work/engine"
printf 'prefix,region\nu1,us-west\nu2,eu-west\nu3,ap-south\n,unknown\n' \
  >"$work/engine/user_scripts/region_v2.csv"
engine_function_like "$work/engine" region_v2
# Nullable, and without a default: a miss is NULL.
printf 'prefix,region\nu1,us-east\nu2,eu-west\n' >"$work/engine/user_scripts/null_v1.csv"
printf 'prefix,region\nu2,eu-west\nu3,ap-south\nu9,unknown\n' >"$work/engine/user_scripts/null_v2.csv"
for f in null_v1 null_v2; do
  engine_function_like "$work/engine" "$f" -e 's/LowCardinality(String)/Nullable(String)/'
done
engine_gate "$work/engine"
gate=$work/engine/gate
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

# make_table NAME ROWS: by month; keys of the third month are the same by both rule sets.
make_table() {
  fresh "$1"
  sql "CREATE TABLE $1.t (k String, d Date, n UInt32, region LowCardinality(String) DEFAULT region_v1(k)) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY n"
  sql "INSERT INTO $1.t (k, d, n) SELECT concat(if(number % 3 = 2, 'u2', concat('u', toString(number % 5))), '_', toString(number)), addMonths(toDate('2026-01-15'), number % 3), number FROM numbers($2)"
  sql "INSERT INTO $1.t (k, d, n, region) SELECT concat('u1_', toString(number)), '2026-01-20', number, 'given' FROM numbers(100)"
}

# slow_insert TABLE ROWS MIDDLE: begins an INSERT, as $slow, and holds it at the gate "half" before row MIDDLE; the
# rows before that one are there.
slow_insert() {
  gate_close "$gate" half
  sql "INSERT INTO $1 (k, d, n) SELECT concat('u1_slow', at_gate(if(number = $3, 'half', 'go')), toString(number)), '2026-01-02', 2000000 + number FROM numbers($2) SETTINGS max_block_size = 1, max_threads = 1, min_insert_block_size_rows = 1, min_insert_block_size_bytes = 1" \
    >"$work/slow" 2>&1 &
  slow=$!
  gate_wait "$gate" half
}
# more LINES FILE: that the file gets so many more lines.
more() { wait_until "$1 more lines of $2" at_least $(($(wc -l <"$2") + $1)) wc -l "$2"; }

new_migration() {
  "$LIVECOL_BIN" new region_v2 -d "$work/$1" --rederive "$1.t.region" --key k --from region_v1 \
    --to region_v2 >"$work/out" || fail "new: $(cat "$work/out")"
}

# --- said before: how many rows will change -----------------------------------------------------
make_table p 600000 # more keys than one portion of them
printf 'prefix,region\nu1,us-east\nu2,eu-west\n,unknown\n' >"$work/region_v1.csv"
"$LIVECOL_BIN" rules diff "$work/region_v1.csv" "$work/engine/user_scripts/region_v2.csv" \
  --table p.t.region --json >"$work/out" 2>"$work/err"
code=$?
said_good 'rules diff'
expect_in 'rules diff: rows' "\"rows\":600100,\"would_change\":$(sql 'SELECT countIf(region = region_v1(k) AND region != region_v2(k)) FROM p.t'),\"already\":0,\"given\":100" "$work/out"
sql 'DROP DATABASE p'

# --- under a reader, a writer, and a slow INSERT that began before ------------------------------
make_table r 100000
new_migration r
slow_insert r.t 20 10
# Every value that a reader sees is the old one, the new one, or one that was given; no row is lost.
(
  while [ ! -e "$work/stop" ]; do
    sql "SELECT countIf(NOT (region = region_v1(k) OR region = region_v2(k) OR (region = 'given' AND n < 100))), countIf(region = ''), count() < 100100, countIf(n < 100 AND region = 'given') = 100 FROM r.t"
  done
) >"$work/seen" &
reader=$!
# The writer pauses while the file "pause" is there.
(
  while [ ! -e "$work/stop" ]; do
    if [ -e "$work/pause" ]; then
      touch "$work/paused"
      sleep 0.02
      continue
    fi
    sql "INSERT INTO r.t (k, d, n) SELECT concat('u', toString(number % 5), '_w'), '2026-02-01', 1000000 + number FROM numbers(500)" ||
      echo 'INSERT' >>"$work/write.failed"
    echo written
  done
) >"$work/written" 2>&1 &
writer=$!
more 3 "$work/seen"
more 3 "$work/written"
# The DEFAULT is changed among INSERTs; after that none but the slow one is of before.
gate_close "$work/points" 'after the answer'
livecol=$hooks LIVECOL_TEST_GATE=$work/points up_start "$work/r"
gate_wait "$work/points" 'after the answer'
expect 're-derive: the DEFAULT is changed' 'region_v2(k)' \
  "$(sql "SELECT default_expression FROM system.columns WHERE database = 'r' AND name = 'region'")"
touch "$work/pause"
wait_until 'the pause of the writer' ls "$work/paused"
gate_open "$work/points" 'after the answer'
wait_until 'the wait for the slow INSERT' says "$work/err" 'waiting for 1 INSERT'
rm "$work/pause"
more 3 "$work/seen"
more 3 "$work/written"
expect 're-derive: nothing is changed before the slow INSERT has ended' 0 \
  "$(sql "SELECT count() FROM system.mutations WHERE database = 'r'")"
gate_open "$gate" half
up_end
wait "$slow" || fail "the slow INSERT failed: $(cat "$work/slow")"
more 2 "$work/seen" # the second began after up had ended
touch "$work/stop"
wait "$reader" "$writer"
expect 're-derive: verified, and 100 rows hold what neither rule set says' 8 "$code"
expect_in 're-derive: verify' '100 differ from region_v2(k); every part stores it' "$work/err"
[ ! -e "$work/write.failed" ] || fail "an INSERT failed: $(cat "$work/written")"
expect_in 're-derive: waited' "began before the DEFAULT was changed: INSERT INTO r.t (k, d, n) SELECT concat('u1_slow'" "$work/err"
expect_in 're-derive: end' 'no row is left to change; 100 hold a value of their own' "$work/err"
expect 're-derive: a reader saw only old or new' $'0\t0\t0\t1' "$(sort -u "$work/seen")"
expect 're-derive: drift' 0 "$(sql "SELECT countIf(region != region_v2(k)) FROM r.t WHERE region != 'given'")"
expect 're-derive: the slow rows' 20 "$(sql "SELECT countIf(region = 'us-west') FROM r.t WHERE n >= 2000000")"
expect 're-derive: given' 100 "$(sql "SELECT countIf(region = 'given') FROM r.t")"
expect 're-derive: a partition in which nothing differs is left alone' 0 \
  "$(sql "SELECT count() FROM system.mutations WHERE database = 'r' AND command LIKE '%202603%'")"
expect 're-derive: the others are not' 2 \
  "$(sql "SELECT uniqExact(extract(command, '2026[0-9]+')) FROM system.mutations WHERE database = 'r' AND command LIKE '%IN PARTITION ID%'")"
expect 're-derive: never the whole table' 0 \
  "$(sql "SELECT count() FROM system.mutations WHERE database = 'r' AND command NOT LIKE '%IN PARTITION ID%'")"
"$LIVECOL_BIN" verify r.t.region --full >"$work/out" 2>&1
expect 're-derive: verify finds those that were given' 8 $?
expect_in 're-derive: verify' '100 rows of r.t.region differ from region_v2(k)' "$work/out"

# And back.
"$LIVECOL_BIN" down -d "$work/r" --yes >"$work/out" 2>"$work/err"
code=$?
said_good 'down'
expect 'down: old again' 0 "$(sql "SELECT countIf(region != region_v1(k)) FROM r.t WHERE region != 'given'")"

# --- rows that an INSERT leaves behind the back of the first round ------------------------------
# The DEFAULT was changed by another client, and old values are still being written.
make_table o 3000
# (Its WHERE looks for the function of before, which the DEFAULT does not call any more.)
migration "$work/o" 0001_rest <<'END'
-- migrate:rederive
ALTER TABLE o.t UPDATE region = region_v2(k) WHERE region = region_v1(k) AND region != region_v2(k);
END
sql 'ALTER TABLE o.t MODIFY COLUMN region DEFAULT region_v2(k)'
"$LIVECOL_BIN" plan -d "$work/o" >"$work/out" 2>&1
expect 'plan' 0 $?
expect_in 'plan' 'partition by partition, where a value differs' "$work/out"
up "$work/o" --json
expect 'UPDATE alone: exit, of those that were given' 8 "$code"
expect_in 'UPDATE alone: events' '"event":"rederive"' "$work/out"
expect 'UPDATE alone' 0 "$(sql "SELECT countIf(region != region_v2(k)) FROM o.t WHERE region != 'given'")"

# --- SIGINT while it waits for an INSERT: 130, and the next run goes on --------------------------
make_table c 3000
new_migration c
slow_insert c.t 10 5
up_start "$work/c"
wait_until 'the wait for the slow INSERT' says "$work/err" 'waiting for 1 INSERT'
kill -INT "$up_pid"
up_end
expect 'SIGINT: exit' 130 "$code"
expect_in 'SIGINT' 'rows that are not re-derived yet hold the old value' "$work/err"
expect_in 'SIGINT: status' 'was stopped in the middle: the next run continues it' \
  <("$LIVECOL_BIN" status -d "$work/c")
up_start "$work/c"
wait_until 'the next wait for the slow INSERT' says "$work/err" 'waiting for 1 INSERT'
gate_open "$gate" half
up_end
expect 'after SIGINT: exit, of those that were given' 8 "$code"
wait "$slow" || fail "the slow INSERT failed: $(cat "$work/slow")"
expect 'after SIGINT: drift' $'0\t3110' \
  "$(sql "SELECT countIf(region NOT IN (region_v2(k), 'given')), count() FROM c.t")"

# --- killed and run again -----------------------------------------------------------------------
points="6 9 11"
[ "${LIVECOL_LONG:-0}" = 0 ] || points="4 5 6 7 8 9 10 11 12"
for at in $points; do
  x=x$at
  make_table "$x" 3000
  new_migration "$x"
  {
    LIVECOL_TEST_KILL_AT=$at "$hooks" up -d "$work/$x" >"$work/out" 2>&1
    code=$?
  } 2>/dev/null
  expect "killed at $at" 137 "$code"
  expect "killed at $at: old, new or given" 0 \
    "$(sql "SELECT countIf(region NOT IN (region_v1(k), region_v2(k), 'given')) FROM $x.t")"
  "$LIVECOL_BIN" unlock --force >"$work/out" 2>&1
  up "$work/$x"
  expect "killed at $at: the next run, of those that were given" 8 "$code"
  expect "killed at $at: drift" $'0\t100' \
    "$(sql "SELECT countIf(region NOT IN (region_v2(k), 'given')), countIf(region = 'given') FROM $x.t")"
done

# --- NULL is a value ------------------------------------------------------------------------------
fresh n
sql "CREATE TABLE n.t (k String, r Nullable(String) DEFAULT null_v1(k)) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO n.t (k) VALUES ('u1'), ('u2'), ('u3'), ('u9')"
sql "INSERT INTO n.t VALUES ('u4', 'given')"
"$LIVECOL_BIN" new nulls -d "$work/n" --rederive n.t.r --to null_v2 >"$work/out"
up "$work/n"
expect 'NULL: exit, of the one that was given' 8 "$code"
expect 'NULL' $'u1\t\\N\nu2\teu-west\nu3\tap-south\nu4\tgiven\nu9\tunknown' \
  "$(sql 'SELECT k, r FROM n.t ORDER BY k')"

# A WHERE that says nothing of NULL would leave such rows: refused, with what to do.
migration "$work/nn" 0001_nulls <<'END'
ALTER TABLE n.t MODIFY COLUMN r DEFAULT null_v1(k);
-- migrate:rederive
ALTER TABLE n.t UPDATE r = null_v1(k) WHERE r = null_v2(k) AND r != null_v1(k);
END
up "$work/nn" --migrations-table n.other
expect 'NULL, not asked for: exit' 3 "$code"
expect_in 'NULL, not asked for' 'does not handle NULL' "$work/err"

# Names that are words of SQL.
fresh kw
sql 'CREATE TABLE kw.t ("null" String, "where" String DEFAULT region_v1("null"), "select" String DEFAULT region_v1("null")) ENGINE = MergeTree ORDER BY "null"'
sql "INSERT INTO kw.t (\"null\") VALUES ('u1'), ('u2'), ('u3')"
for column in where select; do
  "$LIVECOL_BIN" new "$column" -d "$work/kw" --rederive "kw.t.$column" --key null --from region_v1 --to region_v2 >"$work/out"
done
up "$work/kw"
said_good 'names that are words'
expect 'names that are words' $'u1\tus-west\tus-west\nu2\teu-west\teu-west\nu3\tap-south\tap-south' \
  "$(sql 'SELECT "null", "where", "select" FROM kw.t ORDER BY "null"')"

# How many rows would change, where values are numbers, keys are NULL, and keys are no texts.
printf 'prefix,code\nu1,1\nu2,002\n' >"$work/code_v1.csv"
printf 'prefix,code\nu1,1\nu2,7\nu3,9\n' >"$work/code_v2.csv"
sql "CREATE TABLE n.codes (k Nullable(String), code UInt16, a Array(String)) ENGINE = MergeTree ORDER BY tuple()"
sql "INSERT INTO n.codes SELECT concat('u', toString(number % 5)), [0, 1, 2, 0, 0][1 + number % 5], ['u1'] FROM numbers(10)"
sql "INSERT INTO n.codes (k, code) VALUES (NULL, 5)"
"$LIVECOL_BIN" rules diff "$work/code_v1.csv" "$work/code_v2.csv" --table n.codes.code --key k --json >"$work/out" 2>"$work/err"
expect_in 'rules diff of numbers' '"rows":11,"would_change":4,"already":0,"given":1' "$work/out"
"$LIVECOL_BIN" rules diff "$work/code_v1.csv" "$work/code_v2.csv" --table n.codes.code --key a >"$work/out" 2>"$work/err"
expect 'rules diff of arrays: exit' 3 $?
expect_in 'rules diff of arrays' 'rules take texts and whole numbers' "$work/err"

# --- refused before anything is changed ---------------------------------------------------------
make_table f 10
"$LIVECOL_BIN" new gone -d "$work/f" --rederive f.t.region --from region_v0 --to region_v2 >"$work/out" 2>"$work/err"
expect 'a function that the DEFAULT does not call: exit' 3 $?
expect_in 'a function that the DEFAULT does not call' 'does not call region_v0: it is region_v1(k)' "$work/err"
# rederive_by_hand FOLDER OLD: what a person writes, who takes OLD for the function of before.
rederive_by_hand() {
  migration "$work/$1" 0001_by_hand <<END
ALTER TABLE f.t MODIFY COLUMN region DEFAULT region_v2(k);
-- migrate:rederive
ALTER TABLE f.t UPDATE region = region_v2(k) WHERE region = $2(k) AND region != region_v2(k);
END
  up "$work/$1"
}
rederive_by_hand f region_v0
expect 'the old function is gone: exit' 3 "$code"
expect_in 'the old function is gone' 'looks for what region_v0 answers' "$work/err"
rederive_by_hand fw at_gate
expect 'another function is taken for the old one: exit' 3 "$code"
expect_in 'another function is taken for the old one' 'looks for what at_gate answers, and the DEFAULT of f.t.region does not call it: region_v1(k)' "$work/err"
migration "$work/fb" 0001_broken <<'END'
-- migrate:rederive
ALTER TABLE f.t UPDATE region = region_v1(k) WHERE region = region_v0(k);
END
up "$work/fb"
expect 'a WHERE that does not answer: exit' 3 "$code"
expect_in 'a WHERE that does not answer' 'the WHERE of the UPDATE, or a value that it assigns, does not answer' "$work/err"
expect 'nothing is changed' 'region_v1(k)' \
  "$(sql "SELECT default_expression FROM system.columns WHERE database = 'f' AND table = 't' AND name = 'region'")"
sql "CREATE TABLE f.m (k String, region String DEFAULT region_v1(k)) ENGINE = Memory"
"$LIVECOL_BIN" new memory -d "$work/fm" --rederive f.m.region --to region_v2 >"$work/out" 2>"$work/err"
expect 'no parts: exit' 3 $?
expect_in 'no parts' 'f.m (Memory) stores no parts of its own' "$work/err"
migration "$work/g" 0001_other <<'END'
-- migrate:rederive
ALTER TABLE f.t DELETE WHERE 0;
END
up "$work/g" --allow-unsafe
expect 'another statement: exit' 1 "$code"
expect_in 'another statement' 'precedes a statement other than' "$work/err"
finish
