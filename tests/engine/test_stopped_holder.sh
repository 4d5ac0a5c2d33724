#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A holder of the lock that is stopped (SIGSTOP) at one of its points, and goes on after another run
# has taken over: it sends nothing more, records nothing, drops nobody's lock, and exits with 5.
#   LIVECOL_LONG=1: every point of every command; else some, by the printed seed (LC_TEST_SEED).
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
seed=${LC_TEST_SEED:-$RANDOM}
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"
RANDOM=$seed
export LIVECOL_TEST_STALE_S=2

engine_functions "$work/engine"
printf 'prefix,region\nu1,us-west\nu2,eu-west\nu3,ap-south\n,unknown\n' \
  >"$work/engine/user_scripts/region_v2.csv"
engine_function_like "$work/engine" region_v2
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

migration "$work/up" 0001_make <<'END'
CREATE TABLE t (k UInt32, d UInt32) ENGINE = MergeTree ORDER BY k;
INSERT INTO t VALUES (1, 1);
ALTER TABLE t ADD COLUMN v String;
ALTER TABLE t DROP COLUMN d;
INSERT INTO t VALUES (2, 'x');
END
migration "$work/down" 0001_make.up <<'END'
CREATE TABLE t (k UInt32, d UInt32) ENGINE = MergeTree ORDER BY k;
END
migration "$work/down" 0001_make.down <<'END'
INSERT INTO t VALUES (3, 3);
DROP TABLE t;
END

# derived TABLE: with a column that is not stored yet.
derived() {
  sql "CREATE TABLE $db.t (k String, n UInt32) ENGINE = MergeTree PARTITION BY n % 3 ORDER BY n"
  sql "INSERT INTO $db.t SELECT concat('u', toString(number % 5)), number FROM numbers(300)"
  sql "ALTER TABLE $db.t ADD COLUMN region LowCardinality(String) DEFAULT region_v1(k)"
}

# What each command finds in $db.
down_prepare() {
  "$LIVECOL_BIN" up -d "$work/down" >"$work/out" 2>&1 || fail "before down: $(cat "$work/out")"
}
repair_prepare() {
  local point
  point=$(sed -n 's/^point \([0-9]*\): before the send/\1/p' "$work/points.up" | sed -n 2p)
  { LIVECOL_TEST_KILL_AT=$point "$hooks" up -d "$work/up" --allow-unsafe; } >/dev/null 2>&1
  "$LIVECOL_BIN" unlock --force >/dev/null 2>&1 || fail 'before repair: unlock'
}
inline_prepare() {
  derived
  "$LIVECOL_BIN" backfill t.region --quiet >"$work/out" 2>&1 || fail "before $1: $(cat "$work/out")"
}
rederive_prepare() {
  inline_prepare "$1"
  "$LIVECOL_BIN" new region_v2 -d "$work/$db" --rederive t.region --key k --from region_v1 \
    --to region_v2 >"$work/out" 2>&1 || fail "before rederive: $(cat "$work/out")"
}

prepare() {
  case $1 in
    up) ;;
    down) down_prepare ;;
    repair) repair_prepare ;;
    backfill) derived ;;
    inline) inline_prepare "$1" ;;
    rederive) rederive_prepare "$1" ;;
  esac
}

# words COMMAND: of the run that is stopped, and of the one that takes over.
words() {
  case $1 in
    up) first=(up -d "$work/up" --allow-unsafe) ;;
    down) first=(down -d "$work/down" --steps 1 --yes) ;;
    repair) first=(repair -d "$work/up" 1 --redo 2 --yes) ;;
    backfill) first=(backfill t.region) ;;
    inline) first=(inline t.region --rules "$LIVECOL_SOURCE/config/region.csv") ;;
    rederive) first=(up -d "$work/$db") ;;
  esac
  second=("${first[@]}")
  if [ "$1" = repair ]; then second=(repair -d "$work/up" 1 --done 2 --yes); fi
}

locks() {
  sql "SELECT count() FROM system.tables WHERE database = '$db' AND name LIKE '%lock%'"
}

# All that a run could have left: its own rows, the schema, the data, mutations.
state() {
  sql "SELECT seq, run_id, version, event, stmt FROM $db.schema_migrations ORDER BY ALL" 2>&1
  sql "SELECT table, name, type, default_expression FROM system.columns WHERE database = '$db' AND table NOT LIKE '%lock%' ORDER BY ALL"
  sql "SELECT count(), sum(cityHash64(*)) FROM $db.t" 2>&1 | grep -v '^Code: '
  sql "SELECT table, mutation_id, command FROM system.mutations WHERE database = '$db' ORDER BY ALL"
}

# shellcheck disable=SC2317 # called by wait_until
stopped_or_ended() {
  sed 's/.*) \(.\).*/\1/' "/proc/$1/stat"
  ! grep -q ') [RSD] ' "/proc/$1/stat" 2>/dev/null
}

# The points that each command passes when nothing comes in between, and on any machine: a heartbeat that fails, a
# question that is asked again and another try are points too, the latter two with another look at the fence, and
# come where the machine is busy.
count_points() {
  local busy
  fresh "p_$1"
  prepare "$1"
  words "$1"
  LIVECOL_TEST_POINTS=1 "$hooks" "${first[@]}" >"$work/out" 2>"$work/points.$1" </dev/null
  expect "$1 alone: exit" 0 $?
  busy=$(grep -cE ': (a heartbeat has failed|asking again|before another try)$' "$work/points.$1")
  busy=$((busy + $(grep -cE ': (asking again|before another try)$' "$work/points.$1")))
  points=$(($(grep -c '^point ' "$work/points.$1") - busy))
  [ "$points" -ge "$2" ] || fail "$1: only $points points"
}

# begin COMMAND POINT: until it is stopped there.
begin() {
  fresh "s_$1_$2"
  prepare "$1"
  words "$1"
  LIVECOL_TEST_POINTS=1 LIVECOL_TEST_STOP_AT=$2 "$hooks" "${first[@]}" \
    >"$work/out.$db" 2>"$work/err.$db" </dev/null &
  pid[$2]=$!
  wait_until "$1 stopped at point $2" stopped_or_ended $!
  if grep -q ') T ' "/proc/$!/stat" 2>/dev/null; then return; fi
  wait $!
  fail "$1 ended before point $2, with exit $?: $(cat "$work/err.$db")"
  unset "pid[$2]"
}

# go_on COMMAND POINT: another run takes over and ends; then the first one goes on.
go_on() {
  local before taken at="$1, stopped at $2" wanted='0|3'
  db=s_$1_$2
  export CLICKHOUSE_URL=$engine_url/$db
  words "$1"
  "$hooks" "${second[@]}" --lock-timeout 600 >"$work/out" 2>"$work/err" </dev/null
  code=$?
  case $1:$code in
    *:0 | up:7 | down:7 | repair:3) ;;
    inline:3) expect_in "$at: it was inlined before it was stopped" 'calls no function of rules' "$work/err" ;;
    *) fail "$at: who takes over: exit $code" && cat "$work/out" "$work/err" ;;
  esac
  before=$(state)
  # Who found nothing left to do has not taken over.
  taken=$(locks)
  kill -CONT "${pid[$2]}"
  wait "${pid[$2]}"
  code=$?
  # What still had something to send must have found out; what had not may end well, or refuse by
  # what it reads.
  if [ "$taken" = 0 ] && sed -n "/^point $2:/,\$p" "$work/err.$db" | grep -q ': before the fence'; then
    wanted=5
    overtaken=$((overtaken + 1))
    expect_in "$at" 'while this run held it' "$work/err.$db"
  fi
  checks=$((checks + 1))
  if ! [[ $code =~ ^($wanted)$ ]]; then
    fail "$at: exit $code, wanted $wanted"
    cat "$work/out.$db" "$work/err.$db"
  fi
  expect "$at: it touched nothing" "$before" "$(state)"
  expect "$at: no lock is left" 0 "$(locks)"
}

# holders COMMAND LEAST-POINTS SAMPLE
holders() {
  local at chosen
  count_points "$1" "$2"
  if [ -n "${LIVECOL_LONG:-}" ]; then
    chosen=$(seq "$points")
  else
    chosen=$(shuf -i "1-$points" -n "$3" --random-source=<(yes "$RANDOM"))
  fi
  local -a pid=()
  for at in $chosen; do begin "$1" "$at"; done
  for at in "${!pid[@]}"; do go_on "$1" "$at"; done
}
overtaken=0
holders up 20 7
holders down 10 2
holders repair 2 1
holders backfill 3 2
holders inline 2 1
holders rederive 5 2

# Rows that a livecol without the fence may have left: two runs wrote one seq, and the row of the one
# that was overtaken came in before or behind what a person recorded. A row that was sent twice
# counts once, also with another one between.
for at in '2026-01-01 00:00:00' '2099-01-01 00:00:00'; do
  fresh seqs
  repair_prepare
  "$LIVECOL_BIN" repair -d "$work/up" 1 --done 2 --yes >"$work/out" 2>&1 || fail "repair: $(cat "$work/out")"
  row="seq, '$at', 'other', version, name, 'up', 'stmt_started', 2, stmts, layout, host, pid FROM seqs.schema_migrations WHERE event = 'repaired'"
  for _ in 1 2; do
    sql "INSERT INTO seqs.schema_migrations (seq, at, run_id, version, name, direction, event, stmt, stmts, layout, host, pid) SELECT $row"
  done
  expect 'one seq: rows of it' 3 \
    "$(sql "SELECT count() FROM seqs.schema_migrations WHERE seq = (SELECT max(seq) FROM seqs.schema_migrations)")"
  up "$work/up" --allow-unsafe
  said_good "one seq of two runs, at $at: the repair counts"
  expect 'one seq: the INSERT was not sent again' 2 "$(sql 'SELECT k FROM seqs.t ORDER BY k')"
done

# Stopped after the last look at the fence, with the connection made and no byte sent: a server that
# keeps sessions refuses what comes too late. It looks once a second for sessions that are over: with
# these numbers, as with a lock of 60 s, that is long after the session's end and long before a take-over.
export LIVECOL_TEST_STALE_S=10
engine_start_1816 "$work/1816" || exit 1
migration "$work/send" 0001_add <<'END'
INSERT INTO t VALUES (1);
END
fresh late
sql 'CREATE TABLE late.t (k UInt32) ENGINE = MergeTree() ORDER BY k'
gate=$work/gate
gate_close "$gate" 'before the first byte'
LIVECOL_TEST_GATE=$gate "$hooks" up -d "$work/send" >"$work/out.late" 2>"$work/err.late" </dev/null &
late=$!
gate_wait "$gate" 'before the first byte'
kill -STOP $late
gate_open "$gate" 'before the first byte'
livecol=$hooks up "$work/send" --lock-timeout 600
expect 'late: who takes over' 7 "$code"
before=$(sql 'SELECT seq, run_id, event FROM late.schema_migrations ORDER BY seq')
kill -CONT $late
wait $late
expect 'late: exit' 5 $?
expect_in 'late' 'the server refused a late statement' "$work/err.late"
expect 'late: rows' '' "$(sql 'SELECT k FROM late.t')"
expect 'late: the log' "$before" \
  "$(sql 'SELECT seq, run_id, event FROM late.schema_migrations ORDER BY seq')"

[ "$overtaken" -ge 6 ] || fail "only $overtaken runs were overtaken"
finish
