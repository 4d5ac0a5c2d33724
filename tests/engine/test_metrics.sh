#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --metrics-file of backfill and up: valid text at the start, while it waits, at the end, after a failure and after Ctrl-C.
# And status --json, line by line, by docs/status.schema.json.
set -u
# shellcheck source=tests/support/runner.sh
. "$LIVECOL_SOURCE/tests/support/runner.sh"
export LC_ALL=C.UTF-8
engine_functions "$work/engine"
engine_breakable_function "$work/engine"
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1
cd "$work" || exit 1
prom=$work/livecol.prom

# figures NAME...: the file is valid and has these; its samples go to $work/figures.
figures() {
  python3 "$LIVECOL_SOURCE/tests/support/check_exposition.py" "$prom" "$@" >"$work/figures" 2>"$work/wrong"
  expect "$what: valid" '' "$(cat "$work/wrong")"
}
is() { expect_in "$what" "$1" "$work/figures"; }
backfill() {
  "$LIVECOL_BIN" backfill "$@" --metrics-file "$prom" >"$work/out" 2>"$work/err" </dev/null
  code=$?
}
table() { # NAME FUNCTION
  sql "CREATE TABLE $db.$1 (d UInt16, user_id String) ENGINE = MergeTree PARTITION BY d ORDER BY user_id"
  sql "INSERT INTO $db.$1 SELECT number % 3, concat('u', toString(number % 4)) FROM numbers(3000)"
  sql "ALTER TABLE $db.$1 ADD COLUMN region String DEFAULT $2(user_id)"
}

fresh metrics
what='a backfill'
table t region_v1
backfill t.region
said_good "$what"
figures livecol_update_time_seconds livecol_start_time_seconds
is 'livecol_running{"command": "backfill"} 0'
is 'livecol_exit_code{"command": "backfill"} 0'
is 'livecol_errors{"command": "backfill"} 0'
for figure in 'rows 3000' 'rows_done 3000' 'parts 3' 'parts_done 3' 'eta_seconds 0'; do
  is "livecol_${figure% *}{\"column\": \"region\", \"command\": \"backfill\", \"database\": \"metrics\", \"table\": \"t\"} ${figure#* }"
done
expect "$what: nothing else is left" '' "$(find "$work" -maxdepth 1 -name 'livecol.prom.*')"
expect "$what: mode" 644 "$(stat -c %a "$prom")"

what='a name that must be escaped'
# shellcheck disable=SC2016 # a name in backticks, with the engine's escapes
name='`a"b\\c\nd{}é`'
table "$name" region_v1
backfill "$name.region"
said_good "$what"
figures livecol_rows
is '"table": "a\"b\\c\nd{}é"} 3000'

what='it waits, and is interrupted'
table waits region_v1
: >hold
"$LIVECOL_BIN" backfill waits.region --pause-file hold --metrics-file "$prom" >"$work/out" 2>"$work/err" </dev/null &
pid=$!
wait_until "it waits for the file" says "$prom" 'reason="hold is there"} 1'
figures livecol_waiting livecol_rows
is 'livecol_running{"command": "backfill"} 1'
is '"reason": "hold is there"'
expect "$what: no exit code yet" 0 "$(grep -c exit_code "$work/figures")"
kill -INT $pid
wait $pid
expect "$what: exit" 130 $?
figures livecol_rows
is 'livecol_running{"command": "backfill"} 0'
is 'livecol_exit_code{"command": "backfill"} 130'
is 'livecol_errors{"command": "backfill"} 0'
is '"reason": "", "table": "waits"} 0'
rm hold

what='it is refused'
table breaks region_breakable
: >"$work/engine/user_scripts/broken"
backfill breaks.region
expect "$what: exit" 3 "$code"
figures
is 'livecol_exit_code{"command": "backfill"} 3'
is 'livecol_errors{"command": "backfill"} 1'
rm "$work/engine/user_scripts/broken"

what='no server'
CLICKHOUSE_URL=http://127.0.0.1:1/none "$LIVECOL_BIN" backfill t.region --metrics-file "$prom" >"$work/out" 2>"$work/err"
expect "$what: exit" 1 $?
figures
is 'livecol_exit_code{"command": "backfill"} 1'

what='a file that cannot be written'
before=$(sql "SELECT count() FROM system.mutations")
table untouched region_v1
"$LIVECOL_BIN" backfill untouched.region --metrics-file "$work/nowhere/x.prom" >"$work/out" 2>"$work/err"
expect "$what: exit" 1 $?
expect_in "$what" '--metrics-file: ' "$work/err"
expect "$what: nothing is changed" "$before" "$(sql "SELECT count() FROM system.mutations")"
backfill untouched.region --dry-run
expect "$what: a dry run writes none" 1 "$(grep -c 'exit_code{command="backfill"} 1' "$prom")"

what='up'
migration m 0001_region <<END
ALTER TABLE breaks MATERIALIZE COLUMN region;
ALTER TABLE t ADD COLUMN n UInt8;
END
migration m 0002_fails <<END
ALTER TABLE t MODIFY SETTING index_granularity = 1;
END
up m --metrics-file "$prom"
expect "$what: exit" 1 "$code"
figures livecol_parts livecol_rows_done
is 'livecol_migrations_applied{"command": "up"} 1'
is 'livecol_exit_code{"command": "up"} 1'
is 'livecol_errors{"command": "up"} 1'
is 'livecol_parts_done{"command": "up", "name": "region", "statement": "1", "version": "0001"} 3'

# Readiness: pending and failed ones are not ready; each line is as the schema says.
status() {
  "$LIVECOL_BIN" status -d m "$@" >"$work/status" 2>"$work/err"
  code=$?
}
schema() {
  checks=$((checks + 1))
  python3 "$LIVECOL_SOURCE/tests/support/check_schema.py" --lines "$LIVECOL_SOURCE/docs/status.schema.json" "$1" >"$work/wrong" ||
    fail "status --json is not as its schema says: $(cat "$work/wrong")"
}
status --json
expect 'status: exit' 0 "$code"
schema "$work/status"
expect_in 'status' '"status":"failed"' "$work/status"
status --exit-code --quiet
expect 'not ready: exit' 8 "$code"
rm m/0002_fails.sql
migration m 0003_good <<<'ALTER TABLE t ADD COLUMN o UInt8'
status --json
schema "$work/status"
expect_in 'status' 'its file is gone' "$work/status"
migration n 0001_good <<<'ALTER TABLE t ADD COLUMN p UInt8'
up n --migrations-table ready
said_good 'the rest'
status --json --exit-code -d n --migrations-table ready
expect 'ready: exit' 0 "$code"
schema "$work/status"
expect 'ready: lines' 2 "$(wc -l <"$work/status")"
CLICKHOUSE_URL=http://127.0.0.1:1/none status --json
expect 'no server: exit' 1 "$code"
schema "$work/status"
# The schema is no rubber stamp.
for change in 's/"status":"[a-z]*"/"status":"fine"/' 's/"version"/"wersion"/' 's/"ms":[0-9]*/"ms":"none"/' 's/"note":null/"note":null,"x":1/'; do
  "$LIVECOL_BIN" status -d m --json | sed "$change" >"$work/status"
  python3 "$LIVECOL_SOURCE/tests/support/check_schema.py" --lines "$LIVECOL_SOURCE/docs/status.schema.json" "$work/status" >"$work/wrong"
  expect "the schema takes $change" 1 $?
done
finish
