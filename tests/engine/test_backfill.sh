#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol backfill on the real engine over HTTP: partitions, throttles, failures, kills.
#   LIVECOL_BIN, LIVECOL_CHDB_HTTP, LIVECOL_UDF, LIVECOL_SOURCE, LIVECOL_BUILD must be set.
# With LIVECOL_LONG=1 the kills are repeated: 50 of the tool, 20 of the function, 10 of the engine.
set -u
# shellcheck source=tests/support/runner.sh
. "$LIVECOL_SOURCE/tests/support/runner.sh"
export LC_ALL=C.UTF-8
RANDOM=${LC_TEST_SEED:-$$}
echo "seed ${LC_TEST_SEED:-$$} (LC_TEST_SEED=${LC_TEST_SEED:-$$} repeats it)"

engine_functions "$work/engine"
engine_gated_function "$work/engine" region_gated
gate=$work/engine/gate
broken=$gate/region_gated.broken

# The engine in the process has two threads for mutations; 16 are a server's default. It reads the
# configuration of its working folder.
echo '<clickhouse><background_pool_size>16</background_pool_size></clickhouse>' >"$work/engine/config.xml"
cd "$work/engine" || exit 1

start_engine() { engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml"; }
start_engine || exit 1

# backfill ARGUMENT...: its exit code in $code, its output in $work/out and $work/err.
backfill() {
  "$LIVECOL_BIN" backfill "$@" >"$work/out" 2>"$work/err" </dev/null
  code=$?
}

# What region has to be, without the function; column x holds what an INSERT gave, or ''.
right="region = if(x != '', x, multiIf(startsWith(user_id, 'u1'), 'us-east', startsWith(user_id, 'u2'), 'eu-west', 'unknown'))"

# filled PARTITIONS ROWS [SETTINGS]: database.t with the column added, and explicit values in some
# rows that were inserted afterwards.
filled() {
  local by='' p
  [ "$1" = 0 ] || by='PARTITION BY d'
  sql "CREATE TABLE $db.t (d UInt16, user_id String, x String) ENGINE = MergeTree $by ORDER BY user_id ${3:-}"
  for ((p = 1; p <= ($1 == 0 ? 3 : $1); p++)); do
    sql "INSERT INTO $db.t SELECT $p, concat('u', toString(number % 4), '_', toString(number)), '' FROM numbers($2)"
  done
  sql "ALTER TABLE $db.t ADD COLUMN region LowCardinality(String) DEFAULT region_gated(user_id) AFTER user_id"
  sql "INSERT INTO $db.t (d, user_id, region, x) SELECT 1, concat('u1_x', toString(number)), 'given', 'given' FROM numbers(100)"
}

lacking() {
  sql "SELECT count() FROM system.parts WHERE database = '$db' AND table = 't' AND active AND rows > 0 AND name NOT IN
    (SELECT name FROM system.parts_columns WHERE database = '$db' AND table = 't' AND active AND column = 'region')"
}

# all_right WHAT ROWS: every part stores the column, and every value is what it has to be.
all_right() {
  expect "$1: parts without it" 0 "$(lacking)"
  expect "$1: rows, right ones" "$2"$'\t'"$2" "$(sql "SELECT count(), countIf($right) FROM $db.t")"
  expect "$1: nothing unfinished" 0 \
    "$(sql "SELECT count() FROM system.mutations WHERE database = '$db' AND NOT is_done")"
}

# said TEXT: until the tool in the background has said it.
said() { wait_until "the tool says: $1" says "$work/err" "$1"; }

# shellcheck disable=SC2317 # by wait_until
in_work() { sql "SELECT count() FROM system.merges WHERE database = '$db' AND is_mutation"; }
unfinished() { sql "SELECT uniqExact(mutation_id) FROM system.mutations WHERE database = '$db' AND NOT is_done"; }

# held BLOCKS ARGUMENT...: backfill in the background, its pid in $pid, at a part of its first mutation:
# the function has answered that many blocks and is held before the next one. It is closed only when
# the tool has looked at everything and is about to send, since it asks the function itself before.
sends='before partitions are sent'
held() {
  local blocks=$1
  shift
  gate_close "$gate" "$sends"
  LIVECOL_TEST_GATE=$gate "$hooks" backfill "$@" >"$work/out" 2>"$work/err" </dev/null &
  pid=$!
  gate_wait "$gate" "$sends"
  gate_close "$gate" region_gated "$blocks"
  gate_open "$gate" "$sends"
  gate_wait "$gate" region_gated
}

# --- the plan, the work, the second time --------------------------------------------------------
fresh plain
filled 6 40000
backfill t.region --dry-run
expect 'dry run: exit' 0 "$code"
expect_in 'dry run' '6 of 7 lack it' "$work/out"
expect_in 'dry run' 'partitions    6, the newest first: 6 (1 part, 40 k rows), 5' "$work/out"
expect 'dry run: nothing done' 6 "$(lacking)"
# shellcheck disable=SC2016 # the hook's shell is to replace them
backfill plain.t.region --batch-rows 1 --on-success 'echo "hook $LIVECOL_TABLE $LIVECOL_COLUMN $LIVECOL_ROWS $LIVECOL_EXIT_CODE"'
expect 'plain: exit' 0 "$code"
expect_in 'plain' 'stored for 240 k rows in 6 parts' "$work/out"
expect_in 'plain' 'hook t region 240000 0' "$work/err"
all_right 'plain' 240100
expect 'plain: the newest first' '6,5,4,3,2,1' "$(sql "SELECT arrayStringConcat(groupArray(p), ',') FROM
  (SELECT extract(command, 'ID .([0-9]+)') AS p FROM system.mutations WHERE database = 'plain' ORDER BY length(mutation_id), mutation_id)")"
backfill t.region --quiet
expect 'quiet: exit, words' '0 ' "$code $(cat "$work/out" "$work/err")"
backfill t.region
expect 'again: exit' 0 "$code"
expect_in 'again' 'nothing to do' "$work/out"
expect 'again: no mutation more' 6 "$(sql "SELECT count() FROM system.mutations WHERE database = 'plain'")"

fresh oldest
filled 3 20000
backfill t.region --quiet --order oldest --max-parallel 2 --batch-rows 1 --json
expect 'json: exit' 0 "$code"
expect 'json: events' 'plan done' \
  "$(python3 -c 'import json,sys; print(*[e["event"] for e in map(json.loads, open(sys.argv[1])) if e["event"] in ("plan", "done")])' "$work/out")"
all_right 'oldest' 60100

# --- without partitions; a hundred; wide and compact; what else a table may have --------------------
fresh single
filled 0 40000 'SETTINGS min_bytes_for_wide_part = 0'
backfill t.region
expect 'no partitions: exit' 0 "$code"
expect_in 'no partitions' 'none: one mutation' "$work/out"
expect 'no partitions: mutations' 1 "$(sql "SELECT count() FROM system.mutations WHERE database = 'single'")"
all_right 'no partitions' 120100

fresh hundred
sql "CREATE TABLE hundred.t (d UInt16, user_id String, x String, n UInt64, INDEX i user_id TYPE bloom_filter,
  PROJECTION p (SELECT d, count() GROUP BY d)) ENGINE = ReplacingMergeTree PARTITION BY d ORDER BY user_id
  TTL toDate('2020-01-01') + toIntervalYear(100 + d % 20) SETTINGS deduplicate_merge_projection_mode = 'drop', min_bytes_for_wide_part = 60000"
sql "CREATE TABLE hundred.seen (user_id String) ENGINE = MergeTree ORDER BY user_id"
sql "CREATE MATERIALIZED VIEW hundred.mv TO hundred.seen AS SELECT user_id FROM hundred.t"
sql "INSERT INTO hundred.t SELECT number % 100, concat('u', toString(number % 4), '_', toString(number)), '', number FROM numbers(5000) SETTINGS max_partitions_per_insert_block = 0"
sql "INSERT INTO hundred.t SELECT 7, concat('u', toString(number % 4), '_', toString(number)), '', number FROM numbers(5000, 20000)"
sql "ALTER TABLE hundred.t ADD COLUMN region String DEFAULT region_v1(user_id)"
expect 'hundred: both kinds of parts' 2 \
  "$(sql "SELECT uniq(part_type) FROM system.parts WHERE database = 'hundred' AND table = 't' AND active")"
backfill t.region --max-parallel 4
expect 'hundred: exit' 0 "$code"
expect_in 'hundred: each counted once' 'stored for 25 k rows in 101 parts' "$work/out"
all_right 'hundred' 25000
expect 'hundred: the view' 25000 "$(sql 'SELECT count() FROM hundred.seen')"

# --- what is refused -------------------------------------------------------------------------------
fresh refused
sql "CREATE TABLE refused.t (k UInt32 DEFAULT 1, v UInt32, a UInt32 ALIAS v) ENGINE = MergeTree PARTITION BY v ORDER BY k"
sql "CREATE TABLE refused.l (k UInt32, v UInt32 DEFAULT k) ENGINE = Log"
for case in 't.k|is part of a key' 't.v|is part of a key' 't.a|has the kind ALIAS' 't.none|has no column none' \
  'none.v|there is no table refused.none' 'l.v|stores no parts of its own'; do
  backfill "${case%%|*}"
  expect "refused ${case%%|*}: exit" 3 "$code"
  expect_in "refused ${case%%|*}" "${case##*|}" "$work/err"
done
fresh missing
sql "CREATE TABLE missing.t (d UInt16, user_id String, x String) ENGINE = MergeTree ORDER BY user_id"
sql "INSERT INTO missing.t SELECT 1, toString(number), '' FROM numbers(1000)"
sql "ALTER TABLE missing.t ADD COLUMN region String DEFAULT region_gated(user_id)"
touch "$broken"
backfill t.region
expect 'the function fails: exit' 3 "$code"
expect 'the function fails: nothing sent' 0 "$(sql "SELECT count() FROM system.mutations WHERE database = 'missing'")"
rm "$broken"

# --- somebody else is at the table, too -------------------------------------------------------------
# Dropped while it waits: that is no success.
fresh gone
filled 2 20000
touch "$work/hold"
"$LIVECOL_BIN" backfill t.region --pause-file "$work/hold" >"$work/out" 2>"$work/err" </dev/null &
pid=$!
said waiting
sql "RENAME TABLE gone.t TO gone.other"
rm "$work/hold"
wait "$pid"
expect 'renamed meanwhile: exit' 1 $?
expect_in 'renamed meanwhile' 'somebody changed the table meanwhile: there is no table gone.t' "$work/err"

# What a lightweight UPDATE has given to rows of parts that lack the column is kept, as is what is
# updated in other columns; its own parts are no part of the plan.
fresh patched
sql "CREATE TABLE patched.t (d UInt16, user_id String, x String, y String) ENGINE = MergeTree PARTITION BY d ORDER BY user_id
  SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1"
sql "INSERT INTO patched.t SELECT number % 3, concat('u', toString(number % 4), '_', toString(number)), '', '' FROM numbers(30000)"
sql "ALTER TABLE patched.t ADD COLUMN region LowCardinality(String) DEFAULT region_v1(user_id)"
light() { sql "UPDATE patched.t SET $1 WHERE $2 SETTINGS allow_experimental_lightweight_update = 1"; }
light "region = 'mine', x = 'mine'" "d = 1 AND user_id LIKE 'u2_1%'"
light "y = 'seen'" "user_id LIKE 'u1%'"
backfill t.region --batch-rows 1
expect 'lightweight updates: exit' 0 "$code"
expect_in 'lightweight updates' 'parts         3 of 3 lack it' "$work/out"
expect_in 'lightweight updates' 'in 1 partition(s) first' "$work/err"
expect 'lightweight updates: kept' $'30000\t925\t7500' \
  "$(sql "SELECT countIf($right), countIf(region = 'mine'), countIf(y = 'seen') FROM patched.t")"
backfill t.region
expect_in 'lightweight updates, again' 'stored in all 3 parts' "$work/out"

# A mutation that does more than to fill in the column is not livecol's to kill. It is held at a part
# all the while that livecol could.
fresh mixed
filled 2 20000
gate_close "$gate" region_gated
sql "ALTER TABLE mixed.t MATERIALIZE COLUMN region, UPDATE x = '' WHERE x = 'none' SETTINGS mutations_sync = 0"
gate_wait "$gate" region_gated
gate_keep "$gate" region_gated
backfill t.region --cancel
expect_in 'not ours: cancel' '0 mutations ended' "$work/out"
LIVECOL_TEST_POINTS=1 "$hooks" backfill t.region >"$work/out" 2>"$work/err" </dev/null &
pid=$!
said 'partitions were sent' # or rather: none was, since that mutation does it
expect 'not ours: still there' 1 "$(unfinished)"
gate_open "$gate" region_gated
wait "$pid"
expect 'not ours: exit' 0 $?
all_right 'not ours' 40100
expect 'not ours: nothing sent' 1 "$(sql "SELECT uniq(mutation_id) FROM system.mutations WHERE database = 'mixed'")"

# More partitions than one statement of 256 KiB can name; a name of many bytes stands for many.
fresh long
long=$(printf 'PARTITION %03000d' 7)
sql "CREATE TABLE long.t (d UInt16, user_id String) ENGINE = MergeTree PARTITION BY d ORDER BY user_id"
sql "INSERT INTO long.t SELECT number, toString(number) FROM numbers(100)"
sql "ALTER TABLE long.t ADD COLUMN \`$long\` String DEFAULT upper(user_id)"
backfill "t.\`$long\`" --max-parallel 2
expect 'long: exit' 0 "$code"
expect 'long: several mutations' 1 "$(sql "SELECT uniq(mutation_id) > 4 FROM system.mutations WHERE database = 'long'")"

# Names that need quotes everywhere, and would steer a terminal; the hint is fit for a shell.
fresh names
table="\`t'a.b\\\`\\e[31m\`"
column="\`c\"o'l\\\\{id:x}\`"
sql "CREATE TABLE names.$table (p String, user_id String) ENGINE = MergeTree PARTITION BY (p, user_id LIKE 'u1%') ORDER BY user_id"
sql "INSERT INTO names.$table SELECT ['a', 'a''b', '\\n', 'ü', '', ')'][1 + number % 6], concat('u', toString(number)) FROM numbers(6000)"
sql "ALTER TABLE names.$table ADD COLUMN $column String DEFAULT region_gated(user_id)"
touch "$work/hold"
"$LIVECOL_BIN" backfill "$table.$column" --batch-rows 1 --pause-file "$work/hold" >"$work/out" 2>"$work/err" </dev/null &
pid=$!
said waiting
touch "$broken"
rm "$work/hold"
wait "$pid"
expect 'names: exit' 1 $?
expect 'names: nothing steers a terminal' 0 "$(cat "$work/out" "$work/err" | grep -c $'\e')"
eval "set -- $(sed -n 's/.*end it: livecol backfill //p' "$work/err")"
backfill "$@"
expect_in 'names: the hint' '1 mutation ended' "$work/out"
rm "$broken" # only now: else the server's next try ends it
backfill "$table.$column"
expect 'names, again: exit' 0 "$code"
expect 'names: right' 6000 "$(sql "SELECT countIf($column = multiIf(startsWith(user_id, 'u1'), 'us-east', startsWith(user_id, 'u2'), 'eu-west', 'unknown')) FROM names.$table")"

# --- waiting, and ending early ----------------------------------------------------------------------
fresh throttled
filled 4 30000
touch "$work/hold"
"$LIVECOL_BIN" backfill t.region --batch-rows 1 --pause-file "$work/hold" >"$work/out" 2>"$work/err" </dev/null &
pid=$!
said waiting
expect 'pause file: nothing is sent' 0 "$(sql "SELECT count() FROM system.mutations WHERE database = 'throttled'")"
gate_close "$gate" region_gated
rm "$work/hold"
gate_wait "$gate" region_gated
expect 'pause file: a mutation runs' 1 "$(unfinished)"
touch "$work/hold"
wait_until 'the tool waits again' is 2 grep -c waiting "$work/err"
wait_until 'it has ended its mutation' is 0 unfinished
gate_open "$gate" region_gated
wait_until 'the part in work is done' is 0 in_work
expect 'pause file: the others wait' 3 "$(lacking)"
rm "$work/hold"
wait "$pid"
expect 'pause file: exit' 0 $?
expect_in 'pause file' "waiting: $work/hold is there" "$work/err"
expect_in 'pause file' 'continuing after' "$work/err"
expect_in 'pause file' 'of it throttled' "$work/out"
all_right 'pause file' 120100

fresh critical
filled 3 20000
# shellcheck disable=SC2016 # the hook's shell is to replace them
backfill t.region --critical-load parts=2 --on-failure 'echo "hook $LIVECOL_EXIT_CODE $LIVECOL_ERROR"'
expect 'critical: exit' 9 "$code"
expect_in 'critical' 'active parts 4 ≥ 2' "$work/err"
expect_in 'critical' 'hook 9 critical load' "$work/err"
expect 'critical: nothing unfinished' 0 "$(sql "SELECT count() FROM system.mutations WHERE database = 'critical' AND NOT is_done")"
backfill t.region --max-load parts=1000,mutations=9,merges=9,queries=99,replica_queue=9,replica_delay=9s,p99=10000ms \
  --probe-query 'SELECT user_id FROM t LIMIT 10' --throttle-query "SELECT -number FROM numbers(1000000000)" --critical-load queries=1000
expect 'below every limit: exit' 0 "$code"
all_right 'below every limit' 60100
filled_again() { sql "ALTER TABLE $db.t DROP COLUMN region" && sql "ALTER TABLE $db.t ADD COLUMN region LowCardinality(String) DEFAULT region_gated(user_id)"; }
filled_again
for case in "SELECT throwIf(1)|throttle query fails" "SELECT 'x'|not a number" "SELECT nan|not a number" "SELECT 1 WHERE 0|returns no value"; do
  backfill t.region --throttle-query "${case%%|*}"
  [ "$code" = 1 ] || [ "$code" = 2 ] || fail "throttle query ${case%%|*}: exit $code"
  expect_in "throttle query ${case%%|*}" "${case##*|}" "$work/err"
done
backfill t.region --throttle-query 'SELEC 1' --dry-run
expect 'dry run of a wrong throttle query: exit' 1 "$code"
migration "$work/throttle" 0001_add <<<"ALTER TABLE t ADD COLUMN more String;"
up "$work/throttle" --throttle-query 'SELEC 1'
expect 'up with a wrong throttle query: exit' 1 "$code"
expect 'up with a wrong throttle query: nothing is changed' 0 \
  "$(sql "SELECT count() FROM system.columns WHERE database = '$db' AND name = 'more'")"
for file in '' /none/hold /etc/passwd/hold; do
  backfill t.region --pause-file "$file"
  expect "pause file '$file'" 2 "$code"
done

fresh stopped
filled 4 30000
for signal in INT HUP; do
  held 0 t.region --batch-rows 1
  "$LIVECOL_BIN" backfill t.region --cancel >/dev/null 2>"$work/cancel"
  expect_in "SIG$signal: --cancel next to it" 'it will send again what this command ends' "$work/cancel"
  kill "-$signal" "$pid"
  gate_open "$gate" region_gated
  wait "$pid"
  code=$?
  expect "SIG$signal: exit" $((128 + $(kill -l "$signal"))) "$code"
  expect_in "SIG$signal" 'paused with' "$work/err"
  expect "SIG$signal: nothing unfinished" 0 "$(sql "SELECT count() FROM system.mutations WHERE database = 'stopped' AND NOT is_done")"
done
backfill t.region
expect 'stopped, again: exit' 0 "$code"
all_right 'stopped, again' 120100

backfill t.region --json --critical-load parts=1
expect 'json, nothing left: exit' 0 "$code"
filled_again
backfill t.region --json --critical-load parts=1
expect 'failure as json' '9 True' \
  "$(tail -n 1 "$work/out" | python3 -c 'import json,sys; e = json.load(sys.stdin); print(e["exit_code"], "paused with 0" in e["error"])')"

# What cannot be printed is a failure, and goes nowhere else.
filled_again
"$LIVECOL_BIN" backfill t.region --json >/dev/full 2>"$work/err" </dev/null
expect 'disk of the output full: exit' 1 $?
expect_in 'disk of the output full' 'cannot write to standard output' "$work/err"
filled_again
"$LIVECOL_BIN" backfill t.region --json >&- 2>&- <&-
expect 'nothing open: exit' 1 $?
expect 'nothing open: stored' 0 "$(lacking)"

# --- a mutation that fails: each way out ------------------------------------------------------------
fails() { # NAME: a table whose backfill fails after it began
  fresh "$1"
  filled 4 30000
  held 0 t.region --batch-rows 1
  touch "$broken"
  gate_open "$gate" region_gated
  wait "$pid"
  expect "$1: exit" 1 $?
  expect_in "$1" 'broken on purpose' "$work/err"
  expect_in "$1" "livecol backfill $1.t.region --cancel" "$work/err"
}
fails fixed
rm "$broken"
backfill t.region
expect 'fixed: exit' 0 "$code"
all_right 'fixed' 120100
expect 'fixed: no partition was sent twice' 4 \
  "$(sql "SELECT count() FROM system.mutations WHERE database = 'fixed'")"

fails healed
sql "ALTER TABLE healed.t MODIFY COLUMN region LowCardinality(String) DEFAULT region_v1(user_id)"
backfill t.region
expect 'healed by MODIFY: exit' 0 "$code"
rm "$broken"
all_right 'healed by MODIFY' 120100

fails cancelled
backfill t.region --cancel
expect 'cancel: exit' 0 "$code"
expect_in 'cancel' '1 mutation ended' "$work/out"
expect 'cancel: nothing unfinished' 0 "$(sql "SELECT count() FROM system.mutations WHERE database = 'cancelled' AND NOT is_done")"
rm "$broken"

# Another mutation that fails is before it: named, and not called ours.
fresh behind
filled 2 20000
touch "$broken"
sql "ALTER TABLE behind.t UPDATE x = region_gated(user_id) WHERE 1 SETTINGS mutations_sync = 0"
wait_until 'the mutation before it fails' is 1 \
  sql "SELECT count() FROM system.mutations WHERE database = 'behind' AND latest_fail_reason != ''"
sql "ALTER TABLE behind.t MODIFY COLUMN region LowCardinality(String) DEFAULT region_v1(user_id)"
backfill t.region
expect 'behind another: exit' 1 "$code"
expect_in 'behind another' 'the mutation belongs to another column' "$work/err"
sql "KILL MUTATION WHERE database = 'behind'" >/dev/null
rm "$broken"

# --- kills --------------------------------------------------------------------------------------------
times() { [ -n "${LIVECOL_LONG:-}" ] && echo "$1" || echo 3; }

# writes: rows come in meanwhile, with and without an explicit value.
writes() {
  sql "INSERT INTO $db.t (d, user_id, x) SELECT 1 + number % 3, concat('u2_w', toString(number)), '' FROM numbers(100)"
  sql "INSERT INTO $db.t (d, user_id, region, x) SELECT 1 + number % 3, concat('u2_g', toString(number)), 'mine', 'mine' FROM numbers(100)"
}

# some_blocks: so many blocks are done when it happens; all four partitions are 20.
some_blocks() { echo $((RANDOM % 16)); }

# The tool, in the middle of the server's work: the server lives on, and is left with one mutation at most.
for ((i = 1; i <= $(times 50); i++)); do
  fresh tool
  filled 4 40000
  held "$(some_blocks)" t.region --batch-rows 1
  { kill -KILL "$pid" && wait "$pid"; } 2>/dev/null
  expect "tool killed $i: what it leaves" 1 "$(unfinished)"
  gate_open "$gate" region_gated
  writes
  "$LIVECOL_BIN" unlock --force >/dev/null 2>&1 # rather than to wait until its lock is stale
  backfill t.region
  expect "tool killed $i: exit" 0 "$code"
  all_right "tool killed $i" 160300
done

# At points of its own, such as between a send and its answer.
at_point() { # VARIABLE=VALUE
  fresh point
  filled 2 20000
  env "$1" "$hooks" backfill t.region --batch-rows 1 >"$work/out" 2>"$work/err" </dev/null
}
at_point LIVECOL_TEST_POINTS=1
points=$(grep -c '^point ' "$work/err")
[ "$points" -ge 6 ] || fail "only $points points"
# The last of each name; all of them in the long run.
chosen=$(sed -n 's/^point \([0-9]*\): \(.*\)/\2 \1/p' "$work/err" | awk '{ n = $NF; $NF = ""; last[$0] = n } END { for (p in last) print last[p] }')
[ -z "${LIVECOL_LONG:-}" ] || chosen=$(seq "$points")
for i in $chosen; do
  at_point "LIVECOL_TEST_KILL_AT=$i" 2>/dev/null
  expect "killed at point $i" 137 $?
  "$LIVECOL_BIN" unlock --force >/dev/null 2>&1
  backfill t.region
  expect "killed at point $i: exit" 0 "$code"
  all_right "killed at point $i" 40100
done

# The function's processes: the mutation fails at that part, and the server tries it again.
for ((i = 1; i <= $(times 20); i++)); do
  fresh udf
  filled 4 40000
  held "$(some_blocks)" t.region --batch-rows 1
  kill -KILL "$(cat "$gate/region_gated.reached")"
  gate_open "$gate" region_gated
  wait "$pid"
  code=$?
  writes
  [ "$code" = 0 ] || [ "$code" = 1 ] || fail "function killed $i: exit $code"
  backfill t.region
  expect "function killed $i: exit" 0 "$code"
  all_right "function killed $i" 160300
done

# The engine, closed by SIGKILL and opened again: the data is there, and so is what is left.
for ((i = 1; i <= $(times 10); i++)); do
  fresh engine
  filled 4 40000
  gate_close "$gate" 'asking again'
  held "$(some_blocks)" t.region --batch-rows 1 --connect-timeout 5
  engines_stop
  gate_open "$gate" region_gated
  gate_wait "$gate" 'asking again' # it has met nobody
  if [ "$i" = 1 ]; then # the tool lives on, and goes on
    engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" --port "${engine_url##*:}" || exit 1
    gate_open "$gate" 'asking again'
    wait "$pid"
    expect 'engine killed below the tool: exit' 0 $?
  else
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    gate_open "$gate" 'asking again'
    start_engine || exit 1
  fi
  export CLICKHOUSE_URL=$engine_url/engine
  writes
  "$LIVECOL_BIN" unlock --force >/dev/null 2>&1 # rather than to wait until its lock is stale
  backfill t.region
  expect "engine killed $i: exit" 0 "$code"
  all_right "engine killed $i" 160300
done
finish
