#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol up --jobs on the real engine: what may go on next to a backfill, and what waits.
#   LIVECOL_BIN, LIVECOL_CHDB_HTTP, LIVECOL_UDF, LIVECOL_SOURCE, LIVECOL_BUILD must be set.
set -u
# shellcheck source=tests/support/runner.sh
. "$LIVECOL_SOURCE/tests/support/runner.sh"
export LC_ALL=C.UTF-8
seed=${LC_TEST_SEED:-$RANDOM}
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"
RANDOM=$seed

engine_functions "$work/engine"
engine_breakable_function "$work/engine"
broken=$work/engine/user_scripts/broken
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

backfill_of() { # TABLE: the migration that adds region to it and fills it in
  echo "ALTER TABLE $1 ADD COLUMN region String DEFAULT region_breakable(user_id) AFTER user_id;"
  echo "ALTER TABLE $1 MATERIALIZE COLUMN region;"
}
#   1 a ─────────────── backfill, the slow one
#   2 b ─── backfill    next to 1
#   3 a                 after 1: the same table
#   4 d, requires 1     after 1
#   5 c                 next to 1; overtakes 3 and 4
#   6 a view            after all, and nothing next to it
backfill_of a | migration "$work/m" 0001_a
backfill_of b | migration "$work/m" 0002_b
migration "$work/m" 0003_a_again <<<'ALTER TABLE a ADD COLUMN note String DEFAULT upper(region);'
printf -- '-- migrate:requires 0001\nALTER TABLE d ADD COLUMN n UInt8;\n' | migration "$work/m" 0004_d
migration "$work/m" 0005_c <<<'ALTER TABLE c ADD COLUMN region String DEFAULT region_v1(user_id);'
migration "$work/m" 0006_view <<<'CREATE VIEW seen AS SELECT region FROM a;'

filled() { # ROWS_OF_A ROWS_OF_B
  local t
  for t in a b c d; do
    sql "CREATE TABLE $db.$t (d UInt8, user_id String) ENGINE = MergeTree PARTITION BY d ORDER BY user_id"
  done
  sql "INSERT INTO $db.a SELECT number % 4, concat('u', toString(number % 4), '_', toString(number)) FROM numbers($1)"
  sql "INSERT INTO $db.b SELECT number % 2, concat('u', toString(number % 4), '_', toString(number)) FROM numbers($2)"
}

# order EVENT...: these events, as the tracking table has them, one after the other: "event.version"
order() {
  sql "SELECT arrayStringConcat(groupArray(e), ' ') FROM (SELECT concat(event, '.', toString(version), if(stmt = 0, '', concat('.', toString(stmt)))) AS e
    FROM $db.schema_migrations WHERE e IN ($(printf "'%s'," "$@")'') ORDER BY seq)"
}
want_rows="countIf(region != multiIf(startsWith(user_id, 'u1'), 'us-east', startsWith(user_id, 'u2'), 'eu-west', 'unknown'))"
all_there() { # WHAT
  expect "$1: applied" '1,2,3,4,5,6' \
    "$(sql "SELECT arrayStringConcat(arraySort(groupUniqArray(toString(version))), ',') FROM $db.schema_migrations WHERE event = 'applied'")"
  expect "$1: each once" 6 "$(sql "SELECT count() FROM $db.schema_migrations WHERE event = 'applied'")"
  expect "$1: wrong values" $'0\t0' "$(sql "SELECT (SELECT $want_rows FROM $db.a), (SELECT $want_rows FROM $db.b)")"
  expect "$1: parts without it" 0 "$(sql "SELECT count() FROM system.parts WHERE database = '$db' AND table IN ('a', 'b') AND active AND name NOT IN
    (SELECT name FROM system.parts_columns WHERE database = '$db' AND active AND column = 'region')")"
  expect "$1: schema" "$want" "$(schema)"
  expect "$1: no lock is left" 0 "$(sql "SELECT count() FROM system.tables WHERE database = '$db' AND name LIKE '%lock%'")"
}

fresh one
filled 30000 20000
up "$work/m"
said_good 'one at a time'
want=$(schema)
all_there 'one at a time'
expect 'one at a time: in order' 'applied.1 started.2 applied.2 started.3 started.4' \
  "$(order applied.1 started.2 applied.2 started.3 started.4)"

# --- next to, and after ------------------------------------------------------------------------------
# A pause file holds each backfill where it begins; what does not wait for one goes on meanwhile.
fresh pair
filled 30000 20000
touch "$work/hold"
up_start "$work/m" --jobs 4 --pause-file "$work/hold"
wait_until 'the end of 5' is applied.5 order applied.5 # it began once 3 and 4 had been passed over
expect 'held: 1 and 2 wait, 5 is done' 'stmt_started.1.2 stmt_started.2.2 applied.5' \
  "$(order stmt_started.1.2 stmt_started.2.2 stmt_done.1.2 stmt_done.2.2 applied.1 applied.2 applied.5)"
expect 'held: the others wait for them' '' "$(order stmt_started.3.1 stmt_started.4.1 stmt_started.6.1)"
rm "$work/hold"
up_end
said_good 'jobs'
all_there 'jobs'
expect 'jobs: 3 and 4 after 1' 'applied.1 stmt_started.3.1 applied.1 stmt_started.4.1' \
  "$(order applied.1 stmt_started.3.1) $(order applied.1 stmt_started.4.1)"
expect 'jobs: 6 after all' 'stmt_started.6.1 stmt_done.6.1 applied.6' \
  "$(sql "SELECT arrayStringConcat(arrayReverse(groupArray(e)), ' ') FROM (SELECT concat(event, '.', toString(version), if(stmt = 0, '', '.1')) AS e
    FROM pair.schema_migrations ORDER BY seq DESC LIMIT 3)")"
up "$work/m" --jobs 4
said_good 'jobs, again'
expect_in 'jobs, again' 'applied 0, skipped 6' "$work/out"

fresh told
filled 20000 20000
up "$work/m" --jobs 4 --json
said_good 'jobs, json'
expect 'jobs, json: each event is a line' 6 \
  "$(python3 -c 'import json,sys; print(sum(e["event"] == "migration_done" for e in map(json.loads, open(sys.argv[1]))))' "$work/out")"

# --- one fails --------------------------------------------------------------------------------------
backfill_of a | migration "$work/f" 0001_a
migration "$work/f" 0002_b <<<'ALTER TABLE b MODIFY SETTING index_granularity = 1;'
migration "$work/f" 0003_c <<<'ALTER TABLE c ADD COLUMN n UInt8;'
fresh fails
filled 20000 10
touch "$work/hold"
up_start "$work/f" --jobs 3 --pause-file "$work/hold"
wait_until 'the failure of 2' is failed.2.1 order failed.2.1
rm "$work/hold"
up_end
expect 'one fails: exit' 1 "$code"
expect_in 'one fails: which' '0002_b.sql:1: statement 1 of 1' "$work/err"
expect 'one fails: what waited has ended, nothing else began' 'applied.1' "$(order applied.1 started.3 applied.3)"
migration "$work/f" 0002_b <<<'ALTER TABLE b ADD COLUMN n UInt8;'
up "$work/f" --jobs 3
said_good 'one fails, fixed'
expect_in 'one fails, fixed' 'applied 2, skipped 1' "$work/out"

fresh both
filled 20000 20000
for table in a b; do sql "SYSTEM STOP MERGES both.$table"; done # mutations wait too
up_start "$work/m" --jobs 4
wait_until 'the mutations of both' is 2 \
  sql "SELECT uniq(table) FROM system.mutations WHERE database = 'both' AND NOT is_done"
touch "$broken"
for table in a b; do sql "SYSTEM START MERGES both.$table"; done
up_end
rm "$broken"
expect 'both fail: exit' 1 "$code"
expect_in 'both fail: the one' '0001_a.sql:2: statement 2 of 2' "$work/err"
expect_in 'both fail: the other' '0002_b.sql:2: statement 2 of 2' "$work/err"
up "$work/m" --jobs 4
said_good 'both fail, fixed'
all_there 'both fail, fixed'

# --- ended early: by a signal, by SIGKILL --------------------------------------------------------------
# At a point of the run that is drawn by the seed, the first time that it comes there.
points=('lock taken' 'migration started' 'statement recorded as started' 'before the send' 'after the answer'
  'statement done, not recorded' 'statement recorded as done' 'before partitions are sent' 'partitions were sent'
  'migration recorded')
for ((i = 1; i <= (${LIVECOL_LONG:+1} + 0 ? 30 : 1); i++)); do
  for signal in INT KILL; do
    point=${points[RANDOM % ${#points[@]}]}
    fresh ended
    filled 20000 20000
    gate_close "$work/points" "$point"
    livecol=$hooks LIVECOL_TEST_GATE=$work/points up_start "$work/m" --jobs 4
    gate_wait "$work/points" "$point"
    {
      kill "-$signal" "$up_pid"
      gate_open "$work/points" "$point"
      up_end
    } 2>/dev/null # the shell tells of a process that was killed
    expect "ended by $signal at <$point>: exit" "$([ "$signal" = INT ] && echo 130 || echo 137)" "$code"
    "$LIVECOL_BIN" unlock --force >/dev/null 2>&1
    up "$work/m" --jobs 4
    said_good "ended by $signal at <$point>"
    all_there "ended by $signal at <$point>"
  done
done

# --- the lock says since when, also in libchdb's own database, which knows no times of its tables -----------
db=default
export CLICKHOUSE_URL=$engine_url/default
touch "$work/hold"
sql "CREATE TABLE default.a (d UInt8, user_id String) ENGINE = MergeTree ORDER BY user_id"
sql "INSERT INTO default.a SELECT 1, toString(number) FROM numbers(10)"
backfill_of a | migration "$work/l" 0001_a
: >"$work/first"
"$LIVECOL_BIN" up -d "$work/l" --pause-file "$work/hold" >"$work/first" 2>&1 </dev/null &
pid=$!
wait_until 'the pause of the first run' says "$work/first" waiting
up "$work/l" --lock-timeout 0.5
expect 'locked: exit' 5 "$code"
expect_in 'locked' "since 20" "$work/err"

"$LIVECOL_BIN" doctor -d "$work/l" >"$work/out" 2>&1
expect_in 'the holder, doctor' '0001 a is under way, at statement 2' "$work/out"

# --- Ctrl-C in its backfill: the server does nothing more of it, and status says that it was stopped ---------
kill -INT "$pid"
wait "$pid"
expect 'the holder, stopped: exit' 130 $?
"$LIVECOL_BIN" status -d "$work/l" >"$work/out" 2>&1
expect_in 'the holder, stopped: status' 'was stopped in the middle: the next run continues it' \
  "$work/out"
"$LIVECOL_BIN" doctor -d "$work/l" >"$work/out" 2>&1
expect_in 'the holder, stopped: doctor' '0001 a is stopped at statement 2' "$work/out"
rm "$work/hold"
up "$work/l"
said_good 'the holder, gone on'

for bad in 0 65 x; do
  up "$work/m" --jobs "$bad"
  expect "--jobs $bad" 2 "$code"
done
finish
