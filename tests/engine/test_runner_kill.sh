#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The runner killed by SIGKILL, at points of its own and between the send and the answer, while the
# server lives on: the next run converges. Where an INSERT's outcome is unknown it stops with 7.
#   LIVECOL_LONG=1: every point; else some, by the printed seed (LC_TEST_SEED).
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
END
migration "$work/ddl" 0002_more <<'END'
ALTER TABLE t UPDATE v = 'x' WHERE k = 1;
ALTER TABLE t RENAME COLUMN w TO u;
END
migration "$work/insert" 0001_make <<'END'
CREATE TABLE t (k UInt32) ENGINE = MergeTree ORDER BY k;
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2);
END

fresh plain
livecol=$hooks LIVECOL_TEST_POINTS=1 up "$work/ddl" --allow-unsafe
said_good 'without a kill'
points=$(grep -c '^point ' "$work/err")
want=$(schema)
fresh plain_insert
livecol=$hooks LIVECOL_TEST_POINTS=1 up "$work/insert"
insert_points=$(grep -c '^point ' "$work/err")
if [ "$points" -lt 20 ] || [ "$insert_points" -lt 15 ]; then
  fail "only $points and $insert_points points"
fi

# killed FOLDER POINT: a run that ends there.
killed() {
  livecol=$hooks LIVECOL_TEST_KILL_AT=$2 up "$1" --allow-unsafe 2>/dev/null
  expect "point $2: killed" 137 "$code"
}

# The lock that was left behind.
unlock() { "$LIVECOL_BIN" unlock --force >/dev/null || fail 'unlock'; }

ddl_at() {
  fresh kills
  killed "$work/ddl" "$1"
  unlock
  up "$work/ddl" --allow-unsafe
  said_good "point $1: the next run"
  expect "point $1: schema" "$want" "$(schema)"
  expect "point $1: applied" $'1\n2' \
    "$(sql "SELECT version FROM kills.schema_migrations WHERE event = 'applied' ORDER BY seq")"
}

insert_at() {
  fresh kills
  killed "$work/insert" "$1"
  unlock
  up "$work/insert"
  if [ "$code" = 7 ]; then
    expect_in "insert, point $1" 'never sent twice' "$work/err"
    stmt=$(sed -n 's/.*--done \([0-9]\).*/\1/p' "$work/err")
    if [ "$(sql "SELECT count() FROM kills.t WHERE k = $((stmt - 1))")" = 1 ]; then
      "$LIVECOL_BIN" repair -d "$work/insert" --done "$stmt" --yes >/dev/null || fail repair
    else
      "$LIVECOL_BIN" repair -d "$work/insert" --redo "$stmt" --yes >/dev/null || fail repair
    fi
    up "$work/insert"
  fi
  said_good "insert, point $1: in the end"
  expect "insert, point $1: rows" $'1\n2' "$(sql 'SELECT k FROM kills.t ORDER BY k')"
}

if [ -n "${LIVECOL_LONG:-}" ]; then
  for at in $(seq "$points"); do ddl_at "$at"; done
  for at in $(seq "$insert_points"); do insert_at "$at"; done
else
  for _ in 1 2 3 4 5; do ddl_at $((RANDOM % points + 1)); done
  for _ in 1 2 3; do insert_at $((RANDOM % insert_points + 1)); done
fi

# Between the send and the answer: the proxy kills the runner once the server has the statement.
between() {
  fresh kills
  fault kill 1 "^$2"
  # The shell's own id is the runner's, since it becomes the runner.
  {
    bash -c 'echo $$ >"$1/victim"; exec "$2" up -d "$3" --allow-unsafe' \
      - "$work/proxy" "$LIVECOL_BIN" "$1" >"$work/out" 2>"$work/err" </dev/null
    code=$?
  } 2>/dev/null
  expect "killed in $2" 137 "$code"
  expect "killed in $2: the fault was met" kill "$(head -1 "$work/proxy/applied")"
  no_fault
  unlock
  up "$1" --allow-unsafe
}
for statement in 'CREATE TABLE t' 'ALTER TABLE t MATERIALIZE' 'ALTER TABLE t RENAME'; do
  between "$work/ddl" "$statement"
  said_good "after a kill in $statement"
  expect "after a kill in $statement: schema" "$want" "$(schema)"
done
between "$work/insert" 'INSERT INTO t VALUES (2)'
expect 'after a kill in an INSERT: exit' 7 "$code"
expect 'after a kill in an INSERT: rows' $'1\n2' "$(sql 'SELECT k FROM kills.t ORDER BY k')"

# The lock of a runner that was killed is taken over once it is stale.
fresh kills
killed "$work/ddl" 1
livecol=$hooks LIVECOL_TEST_STALE_S=1 up "$work/ddl" --allow-unsafe --lock-timeout 600
said_good 'the lock is taken over'
expect 'the lock is taken over: schema' "$want" "$(schema)"
expect 'no lock is left' 0 \
  "$(sql "SELECT count() FROM system.tables WHERE database = 'kills' AND name LIKE '%lock%'")"
finish
