#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is no harm to be sent twice hides a second send. So these are sums: an UPDATE that adds one, and an
# INSERT ... SELECT, stopped by SIGINT and by SIGKILL at the points that the runner passes, which are found by
# a run of its own. Resumed, each has taken effect once, or the run ends with 7 and a person looks.
#   Over HTTP, where the server lives on, and embedded, where it ends with the runner.
#   LIVECOL_LONG=1: every point; else some, by the printed seed (LC_TEST_SEED).
# shellcheck disable=SC2317 # called by their names
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
seed=${LC_TEST_SEED:-$RANDOM}
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"
RANDOM=$seed
sevens=0
stops=0
migrations=$work/migrations

migration "$migrations" 0001_make <<'END'
CREATE TABLE o (id UInt64) ENGINE = MergeTree ORDER BY id;
CREATE TABLE t (k UInt32, v UInt32) ENGINE = MergeTree PARTITION BY k % 2 ORDER BY k;
INSERT INTO o VALUES (1), (2), (3);
INSERT INTO t VALUES (1, 0), (2, 0), (3, 0), (4, 100);
END
migration "$migrations" 0002_add <<'END'
ALTER TABLE t UPDATE v = v + 1 WHERE k IN (SELECT id FROM o AS some WHERE NOT id > 100);
INSERT INTO t SELECT k + 10, v FROM t WHERE k < 10;
END
migration "$migrations" 0003_again <<'END'
ALTER TABLE t UPDATE v = v + 1 WHERE k IN (SELECT id FROM o AS some WHERE NOT id > 100);
ALTER TABLE t UPDATE v = IF(k > 10, v + 5, v) WHERE dateDiff('day', NOW(), now()) = 0;
END
what='SELECT k, v, count() FROM t GROUP BY k, v ORDER BY k'
want=$'1\t2\t1\n2\t2\t1\n3\t2\t1\n4\t100\t1\n11\t6\t1\n12\t6\t1\n13\t6\t1\n14\t105\t1'

# --- over HTTP ------------------------------------------------------------------------------------
http_fresh() { fresh points; }
http_rows() { sql "${1//FROM t/FROM points.t}"; }

# --- embedded: the engine is asked by a server of its own, between two runs -------------------------
embedded_fresh() {
  rm -rf "$work/path"
  unset CLICKHOUSE_URL
}
embedded_sql() {
  local url=$engine_url
  engine_start_chdb "$work/path" || exit 1
  sql "$1"
  engine_url=$url
  kill -KILL "${engine_pids[-1]}"
  wait "${engine_pids[-1]}" 2>/dev/null
  unset 'engine_pids[-1]'
}
embedded_rows() { embedded_sql "${1//FROM t/FROM default.t}"; }

# The options of a backend.
options() { [ "$1" = http ] || echo "--backend embedded --path $work/path"; }

# What a person finds: is statement STMT of VERSION done? By its own trace, not by livecol's word.
is_done() { # BACKEND VERSION STMT
  case $2.$3 in
    1.3) [ "$("${1}_rows" 'SELECT count() FROM o' | tail -n 1)" = 3 ] ;;
    1.4) [ "$("${1}_rows" 'SELECT count() FROM t')" = 4 ] ;;
    2.1) [ "$("${1}_rows" 'SELECT max(v) FROM t WHERE k = 1')" = 1 ] ;;
    2.2) [ "$("${1}_rows" 'SELECT count() FROM t')" = 8 ] ;;
    3.1) [ "$("${1}_rows" 'SELECT max(v) FROM t WHERE k = 1')" = 2 ] ;;
    3.2) [ "$("${1}_rows" 'SELECT max(v) FROM t WHERE k = 14')" = 105 ] ;;
    *) fail "statement $3 of $2 is not to end with 7" ;;
  esac
}

# resume WHAT BACKEND: up until it is good; where it ends with 7 a person looks.
resume() {
  local version stmt answer
  for _ in 1 2 3 4 5 6; do
    # shellcheck disable=SC2046 # several words
    up "$migrations" --allow-unsafe --no-verify $(options "$2")
    [ "$code" = 7 ] || break
    sevens=$((sevens + 1))
    read -r version stmt <<<"$(sed -n 's/.*livecol repair 0*\([0-9]*\) --done \([0-9]*\).*/\1 \2/p' "$work/err")"
    answer=--redo
    if is_done "$2" "$version" "$stmt"; then answer=--done; fi
    # shellcheck disable=SC2046 # several words
    "$LIVECOL_BIN" repair -d "$migrations" "$version" "$answer" "$stmt" --yes $(options "$2") >/dev/null ||
      fail "$1: repair"
  done
  said_good "$1: in the end"
}

# stopped BACKEND SIGNAL POINT
stopped() {
  local name="$1, $2 at point $3"
  "${1}_fresh"
  # shellcheck disable=SC2046 # several words
  { livecol=$hooks eval "LIVECOL_TEST_$2_AT=$3 up \"$migrations\" --allow-unsafe --no-verify $(options "$1")"; } 2>/dev/null
  case $2.$code in
    KILL.137 | INT.130) stops=$((stops + 1)) ;;
    INT.0 | KILL.0) ;; # it was at its end, or had fewer points
    *)
      fail "$name: exit $code"
      cat "$work/err"
      ;;
  esac
  # shellcheck disable=SC2046 # several words
  if [ "$code" = 137 ]; then "$LIVECOL_BIN" unlock --force $(options "$1") >/dev/null 2>&1; fi
  resume "$name" "$1"
  expect "$name: rows" "$want" "$("${1}_rows" "$what")"
  if [ "$failures" != 0 ]; then finish; fi # the rest would say the same
}

engine_start_chdb "$work/engine" || exit 1
for backend in http embedded; do
  "${backend}_fresh"
  # shellcheck disable=SC2046 # several words
  livecol=$hooks LIVECOL_TEST_POINTS=1 up "$migrations" --allow-unsafe --no-verify $(options $backend)
  said_good "$backend: without a stop"
  expect "$backend: rows" "$want" "$("${backend}_rows" "$what")"
  points=$(grep -c '^point ' "$work/err")
  if [ "$points" -lt 25 ]; then fail "$backend: only $points points"; fi
  echo "$backend: $points points"
  if [ -n "${LIVECOL_LONG:-}" ]; then
    for at in $(seq "$points"); do
      stopped "$backend" KILL "$at"
      stopped "$backend" INT "$at"
    done
  elif [ "$backend" = http ]; then
    for _ in 1 2 3; do stopped http KILL $((RANDOM % points + 1)); done
    for _ in 1 2; do stopped http INT $((RANDOM % points + 1)); done
  else
    stopped embedded KILL $((RANDOM % points + 1))
  fi
done
echo "$stops stops, $sevens times 7"
finish
