#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every kind of statement that rewrites parts, stopped by SIGINT and by SIGKILL: while its mutation cannot
# go on, or between its answer and the record of it. Resumed, it has taken effect once, also where the run
# ends with 7 and a person looks; and the next statement runs only when it has ended.
#   LIVECOL_LONG=1: each kind by both signals and at both gates; else one of them, in turn.
# shellcheck disable=SC2317 # called by their names
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
engine_start_chdb "$work/engine" || exit 1
gate=$work/gate
sevens=0

tables() {
  fresh kinds
  sql "CREATE TABLE kinds.t (k UInt32, v UInt32, s String, d Date, e UInt8, w UInt32, INDEX i v TYPE minmax,
    PROJECTION p (SELECT v, count() GROUP BY v)) ENGINE = MergeTree PARTITION BY k % 2 ORDER BY k
    SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1,
    lightweight_mutation_projection_mode = 'rebuild'"
  sql "INSERT INTO kinds.t SELECT number, number * 10, toString(number), '2026-01-01', 1, 3 FROM numbers(6)"
}
mutations() { sql "SELECT count() FROM system.mutations WHERE database = 'kinds' AND table = 't'"; }
unfinished() { sql "SELECT countIf(NOT is_done) FROM system.mutations WHERE database = 'kinds' AND table = 't'"; }
seen() { sql "SELECT COLUMNS('.') FROM kinds.t ORDER BY k"; }

# The end of a run that was started: its folder, with a second statement that shows that the first has ended.
resume() { # WHAT MUTATIONS WANTED
  up_start "$work/kinds" --allow-unsafe --no-verify
  wait_until "the next run of $1" answered
  sql 'SYSTEM START MERGES kinds.t'
  up_end
  if [ "$code" = 7 ]; then # a person looks: what the table shows is what counts
    sevens=$((sevens + 1))
    wait_until "the end of $1" is 0 unfinished
    answer=--redo
    [ "$(seen)" = "$3" ] && answer=--done
    "$LIVECOL_BIN" repair -d "$work/kinds" $answer 1 --yes >/dev/null || fail "$1: repair"
    up "$work/kinds" --allow-unsafe --no-verify
  fi
  said_good "$1: the next run"
  expect "$1: rows" "$3" "$(seen)"
  expect "$1: nothing is left to do" 0 "$(unfinished)"
  [ "$(mutations)" -le "$2" ] || fail "$1: $(mutations) mutations"
}
# It has found out what became of the statement, or it has ended.
answered() {
  cat "$work/err"
  grep -qE 'taken effect|still runs|had no effect|never sent twice|applied' "$work/err" "$work/out" || ! kill -0 "$up_pid" 2>/dev/null
}

# start STATEMENT: without a stop its rows are $want, with as many mutations as $made.
start() {
  rm -rf "$work/kinds"
  migration "$work/kinds" 0001_m <<<"$1;
CREATE TABLE after (x UInt8) ENGINE = Memory;"
}
undisturbed() {
  tables
  start "$1"
  up "$work/kinds" --allow-unsafe --no-verify
  said_good "$1"
  want=$(seen)
  made=$(mutations)
}

in_mutation() { # SIGNAL STATEMENT
  tables
  sql 'SYSTEM STOP MERGES kinds.t'
  up_start "$work/kinds" --allow-unsafe --no-verify
  wait_until "the mutation of $2" at_least 1 mutations
  kill "-$1" "$up_pid"
  if [ "$1" = INT ]; then # the answer may be open: a second one ends at once
    wait_until "the answer to $1, $2" stopping
    kill -INT "$up_pid" 2>/dev/null
  fi
  { up_end; } 2>/dev/null
  expect "$1, $2: exit" "$([ "$1" = INT ] && echo 130 || echo 137)" "$code"
  "$LIVECOL_BIN" unlock --force >/dev/null 2>&1
  resume "$1 in the mutation, $2" "$made" "$want"
}
stopping() {
  cat "$work/err"
  grep -qE 'stopping once|stopped' "$work/err" || ! kill -0 "$up_pid" 2>/dev/null
}

at_gate() { # SIGNAL GATE STATEMENT
  tables
  gate_close "$gate" "$2"
  livecol=$hooks LIVECOL_TEST_GATE=$gate up_start "$work/kinds" --allow-unsafe --no-verify
  gate_wait "$gate" "$2"
  kill "-$1" "$up_pid"
  gate_open "$gate" "$2"
  { up_end; } 2>/dev/null
  expect "$1 $2, $3: exit" "$([ "$1" = INT ] && echo 130 || echo 137)" "$code"
  "$LIVECOL_BIN" unlock --force >/dev/null 2>&1
  resume "$1 $2, $3" "$made" "$want"
}

number=0
while IFS= read -r statement; do
  number=$((number + 1))
  undisturbed "$statement"
  signals=(INT KILL) gates=('after the answer' 'before the send')
  if [ -z "${LIVECOL_LONG:-}" ]; then
    signals=("${signals[number % 2]}") gates=("${gates[number % 2]}")
  fi
  for signal in "${signals[@]}"; do
    if [ "$made" != 0 ]; then in_mutation "$signal" "$statement"; fi
    if [ "$made" = 0 ] || [ -n "${LIVECOL_LONG:-}" ]; then
      for at in "${gates[@]}"; do at_gate "$signal" "$at" "$statement"; done
    fi
  done
done <<'END'
ALTER TABLE t MODIFY COLUMN w UInt64
ALTER TABLE t MODIFY COLUMN s LowCardinality(String), COMMENT COLUMN v 'x', ADD COLUMN z UInt8 DEFAULT 7
ALTER TABLE t DROP COLUMN s
ALTER TABLE t RENAME COLUMN s TO s2
ALTER TABLE t MATERIALIZE INDEX i
ALTER TABLE t MATERIALIZE PROJECTION p
ALTER TABLE t MODIFY TTL d + INTERVAL 50 YEAR
ALTER TABLE t CLEAR COLUMN e
ALTER TABLE t CLEAR COLUMN e IN PARTITION 1
ALTER TABLE t CLEAR INDEX i
ALTER TABLE t DROP INDEX i
ALTER TABLE t DROP PARTITION 1
ALTER TABLE t UPDATE v = v + 1 IN PARTITION 1 WHERE s != 'x', DELETE WHERE k = 4
DELETE FROM t WHERE k = 3
UPDATE t SET v = v + 1 WHERE k > 2
END
expect 'there were statements' yes "$([ $number -ge 14 ] && echo yes)"
echo "$number statements, $sevens times 7"
finish
