#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How many requests a run sends: a few a statement, and no more of them for a folder of a thousand files.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
engine_start_chdb "$work/engine" || exit 1
proxy_start

# requests COMMAND...: runs it, its exit code in $code; how many requests it sent in $sent. How often it
# looks at its lock, beats, opens a session and looks at a mutation is a matter of time: those are not counted.
requests() {
  : >"$work/proxy/requests"
  "$LIVECOL_BIN" "$@" >"$work/out" 2>"$work/err" </dev/null
  code=$?
  sent=$(grep -cv -e '^SELECT 1$' -e '^SELECT .* AS default_expression, rows_n' -e '_lock_[0-9]*` (at, beat_of)' \
    -e '^SELECT .* AS mutation_id,' -e '^SELECT .* AS table_rows,' -e '^SELECT .* AS parts, .* AS rows, rows_n' "$work/proxy/requests")
  said_good "$*"
}

# at_most WHAT N
at_most() {
  checks=$((checks + 1))
  if [ "$sent" -gt "$2" ]; then
    fail "$1: $sent requests, and not at most $2"
    cut -c1-120 "$work/proxy/requests"
  fi
}

# Each statement of a kind costs at most four: N of them next to one. Of one with a mutation the list of
# mutations is asked before it and after it, and again only while it is not done.
of_kind() { # WHAT STATEMENT, where % stands for its number; COST (4)
  local one i
  fresh kind
  sql 'CREATE TABLE kind.t (k UInt32, s String) ENGINE = MergeTree ORDER BY k'
  rm -rf "$work/kind"
  for ((i = 1; i <= 21; i++)); do
    migration "$work/kind" "$(printf '%04d_x' "$i")" <<<"${2//%/$i};"
  done
  requests up -d "$work/kind" --to 1 --allow-unsafe
  requests up -d "$work/kind" --to 2 --allow-unsafe
  one=$sent
  requests up -d "$work/kind" --allow-unsafe
  at_most "$1, 19 of them" $((one + 18 * ${3:-4}))
}
of_kind 'CREATE TABLE' 'CREATE TABLE n% (k UInt32) ENGINE = MergeTree ORDER BY k' 2
of_kind 'ADD COLUMN' 'ALTER TABLE t ADD COLUMN c% String DEFAULT upper(s)'
of_kind 'MODIFY a comment' "ALTER TABLE t COMMENT COLUMN s 'the %'"
of_kind 'INSERT' 'INSERT INTO t VALUES (%, 1)'
of_kind 'UPDATE' "ALTER TABLE t UPDATE s = '%' WHERE k = %" 2
of_kind 'DELETE' 'ALTER TABLE t DELETE WHERE k = %' 2
of_kind 'CREATE VIEW' 'CREATE VIEW v% AS SELECT k FROM t' 2

# A folder of a thousand.
fresh thousand
mkdir "$work/thousand"
for ((i = 1; i <= 1000; i++)); do
  echo "CREATE TABLE t$i (k UInt32) ENGINE = MergeTree ORDER BY k;" >"$work/thousand/$(printf '%04d_t' "$i").sql"
done
requests baseline -d "$work/thousand" 1000
at_most 'baseline of 1,000' 8 # and two looks at the lock
expect 'baseline of 1,000: rows' $'1000\t1000\t1000' \
  "$(sql "SELECT count(), uniq(version), max(seq) FROM thousand.schema_migrations WHERE event = 'baselined'")"
expect 'baseline of 1,000: in one part' 1 \
  "$(sql "SELECT count() FROM system.parts WHERE database = 'thousand' AND table = 'schema_migrations' AND level = 0")"
requests up -d "$work/thousand"
at_most 'up with nothing to do' 5
requests status -d "$work/thousand"
at_most 'status' 5
finish
