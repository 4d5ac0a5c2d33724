#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The runner when the network fails: each way of losing a request or an answer, at each kind of
# statement. DDL converges; an INSERT is never sent twice; the log tells the truth.
#   LIVECOL_LONG=1: every mode at every statement; else a choice by the printed seed (LC_TEST_SEED).
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
seed=${LC_TEST_SEED:-$RANDOM}
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"
RANDOM=$seed

engine_start_chdb "$work/engine" || exit 1
proxy_start

migration "$work/ddl" 0001_make <<'END'
CREATE TABLE t (k UInt32, v String) ENGINE = MergeTree ORDER BY k;
ALTER TABLE t ADD COLUMN w String DEFAULT concat(v, '!') AFTER v;
ALTER TABLE t MATERIALIZE COLUMN w SETTINGS mutations_sync = 0;
ALTER TABLE t ADD INDEX i v TYPE minmax GRANULARITY 1;
ALTER TABLE t MODIFY COLUMN w COMMENT 'made';
END
migration "$work/ddl" 0002_more <<'END'
CREATE VIEW v AS SELECT k FROM t;
ALTER TABLE t UPDATE v = 'x' WHERE k = 1;
CREATE DATABASE IF NOT EXISTS faults_extra;
ALTER TABLE t RENAME COLUMN w TO u;
RENAME TABLE v TO w;
DROP TABLE w;
END
statements=("CREATE TABLE t" "ALTER TABLE t ADD COLUMN w" "ALTER TABLE t MATERIALIZE COLUMN w"
  "ALTER TABLE t MODIFY COLUMN w COMMENT" "CREATE VIEW v" "ALTER TABLE t UPDATE v ="
  "CREATE DATABASE IF NOT EXISTS faults_extra" "ALTER TABLE t RENAME COLUMN w" "RENAME TABLE v"
  "DROP TABLE w")
modes=(before after early middle truncate 503 503-after error-517 error-242 hold)

fresh plain
up "$work/ddl" --allow-unsafe
said_good 'without a fault'
want=$(schema)
[ -n "$want" ] || fail 'the schema is empty'

# one MODE STATEMENT: a run with that fault ends well, with the same schema, each applied once.
one() {
  fresh faults
  fault "$1" 1 "^$2"
  gate_close "$work/proxy" answer
  up_start "$work/ddl" --allow-unsafe
  if [ "$1" = hold ]; then # the server has done it, and up waits for the answer
    gate_wait "$work/proxy" answer
    expect "$1 at $2: it waits" stmt_started \
      "$(sql 'SELECT event FROM faults.schema_migrations ORDER BY seq DESC LIMIT 1')"
  fi
  gate_open "$work/proxy" answer
  up_end
  said_good "$1 at $2"
  expect "$1 at $2: the fault was met" "$1" "$(head -1 "$work/proxy/applied")"
  expect "$1 at $2: schema" "$want" "$(schema)"
  expect "$1 at $2: applied" $'1\n2' \
    "$(sql "SELECT version FROM faults.schema_migrations WHERE event = 'applied' ORDER BY seq")"
  no_fault
}

if [ -n "${LIVECOL_LONG:-}" ]; then
  for mode in "${modes[@]}"; do
    for statement in "${statements[@]}"; do
      one "$mode" "$statement"
    done
  done
else
  for mode in "${modes[@]}"; do
    one "$mode" "${statements[RANDOM % ${#statements[@]}]}"
  done
fi

# Faults that last: nothing is reached at all for a while, then it goes on.
fresh faults
fault error-692 3 '^ALTER TABLE t ADD COLUMN w'
up "$work/ddl" --allow-unsafe
said_good 'three times 692'
expect_in 'three times 692' 'made by the test' "$work/err"
expect_in 'three times 692' 'try 4 of 6' "$work/err"
expect 'three times 692: schema' "$want" "$(schema)"

# An error that is not to be retried fails at once, and is recorded.
fresh faults
fault error-60 1 '^ALTER TABLE t ADD COLUMN w'
up "$work/ddl" --allow-unsafe
expect 'error 60: exit' 1 "$code"
expect 'error 60: recorded' $'2\t60' \
  "$(sql "SELECT stmt, error_code FROM faults.schema_migrations WHERE event = 'failed'")"
no_fault
up "$work/ddl" --allow-unsafe
said_good 'after error 60'
expect 'after error 60: schema' "$want" "$(schema)"

# livecol's own tables: rows of the log are neither lost nor written twice.
log_modes=(before after middle 503-after)
[ -n "${LIVECOL_LONG:-}" ] || log_modes=("${log_modes[RANDOM % 4]}")
for mode in "${log_modes[@]}"; do
  fresh faults
  fault "$mode" 3 'schema_migrations` ('
  up "$work/ddl" --allow-unsafe
  said_good "$mode in the log"
  expect "$mode in the log: seq" "$(sql 'SELECT count() FROM faults.schema_migrations')" \
    "$(sql 'SELECT uniqExact(seq) FROM faults.schema_migrations')"
  expect "$mode in the log: rows" "$(sql 'SELECT count() FROM plain.schema_migrations')" \
    "$(sql 'SELECT count() FROM faults.schema_migrations')"
  no_fault
done

# INSERTs. This engine keeps no query_log, so a lost answer stays unknown.
migration "$work/insert" 0001_make <<'END'
CREATE TABLE t (k UInt32) ENGINE = MergeTree ORDER BY k;
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2);
END
insert_modes=(before after early 503-after middle)
[ -n "${LIVECOL_LONG:-}" ] || insert_modes=(before "${insert_modes[RANDOM % 4 + 1]}")
for mode in "${insert_modes[@]}"; do
  fresh faults
  fault "$mode" 1 '^INSERT INTO t VALUES (1)'
  up "$work/insert"
  if [ "$mode" = middle ] && [ "$code" = 0 ]; then
    no_fault # the answer of an INSERT is empty: half of it is all of it
    expect "INSERT, $mode: rows" $'1\n2' "$(sql 'SELECT k FROM faults.t ORDER BY k')"
    continue
  fi
  expect "INSERT, $mode: exit" 7 "$code"
  expect_in "INSERT, $mode" 'livecol repair 0001 --done 2' "$work/err"
  "$LIVECOL_BIN" status -d "$work/insert" >"$work/out"
  expect_in "INSERT, $mode: status" 'statement 2 of 3 was sent' "$work/out"
  rows=$(sql 'SELECT count() FROM faults.t WHERE k = 1')
  up "$work/insert"
  expect "INSERT, $mode: the second run" 7 "$code"
  expect "INSERT, $mode: not sent again" "$rows" "$(sql 'SELECT count() FROM faults.t WHERE k = 1')"
  if [ "$rows" = 1 ]; then
    "$LIVECOL_BIN" repair -d "$work/insert" --done 2 --yes >"$work/out" 2>"$work/err"
  else
    "$LIVECOL_BIN" repair -d "$work/insert" --redo 2 --yes >"$work/out" 2>"$work/err"
  fi
  up "$work/insert"
  said_good "INSERT, $mode: after repair"
  expect "INSERT, $mode: rows" $'1\n2' "$(sql 'SELECT k FROM faults.t ORDER BY k')"
done

# Nobody there: nothing was sent, exit 1, and nothing is left behind.
kill -KILL "$proxy_pid"
wait "$proxy_pid" 2>/dev/null || true
proxy_pid=''
up "$work/insert" --connect-timeout 1
expect 'nobody there: exit' 1 "$code"
finish
