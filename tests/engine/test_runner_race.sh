#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Several runners at once over one database: each migration is applied exactly once, all end well.
# On the embedded engine behind HTTP, and on Debian's server.
#   LIVECOL_LONG=1: a hundred races on each; else three.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

migration "$work/m" 0001_make <<'END'
CREATE TABLE t (k UInt32) ENGINE = MergeTree() ORDER BY k;
INSERT INTO t VALUES (1);
END
migration "$work/m" 0002_more <<'END'
INSERT INTO t VALUES (2);
ALTER TABLE t ADD COLUMN v String;
END

# race RUNNERS
race() {
  local pids=() i applied=0 skipped=0
  fresh races
  for i in $(seq "$1"); do
    "$LIVECOL_BIN" up -d "$work/m" --lock-timeout 600 >"$work/out.$i" 2>"$work/err.$i" </dev/null &
    pids+=($!)
  done
  for i in $(seq "$1"); do
    if ! wait "${pids[i - 1]}"; then
      fail "runner $i of $1"
      cat "$work/out.$i" "$work/err.$i"
    fi
    applied=$((applied + $(sed -n 's/^applied \([0-9]*\),.*/\1/p' "$work/out.$i")))
    skipped=$((skipped + $(sed -n 's/^applied .* skipped \([0-9]*\) .*/\1/p' "$work/out.$i")))
  done
  expect "$1 runners: applied in all" 2 "$applied"
  expect "$1 runners: skipped in all" $((2 * $1 - 2)) "$skipped"
  expect "$1 runners: rows" $'1\n2' "$(sql 'SELECT k FROM races.t ORDER BY k')"
  expect "$1 runners: rows of the log" "$(sql 'SELECT count() FROM races.schema_migrations')" 12
  expect "$1 runners: locks left" 0 \
    "$(sql "SELECT count() FROM system.tables WHERE database = 'races' AND name LIKE '%lock%'")"
}

races() {
  if [ -n "${LIVECOL_LONG:-}" ]; then
    for _ in $(seq 50); do
      race 2
      race 8
    done
  else
    race 2
    race 2
    race 8
  fi
}
engine_start_chdb "$work/chdb" || exit 1
races
engine_start_1816 "$work/1816" || exit 1
races
finish
