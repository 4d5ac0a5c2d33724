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
at_most 'up with nothing to do' 2
requests status -d "$work/thousand"
at_most 'status' 5

# What a run without work asks first is one hash of what is applied. Where anything is not as the files are, it reads the rows.
# upon CODE SAID REQUESTS OPTIONS...: up ends so, says so, and asks as often ("": as often as it likes).
upon() {
  local want=$1 said=$2 n=$3
  shift 3
  : >"$work/proxy/requests"
  "$LIVECOL_BIN" up -d "$work/short" "$@" >"$work/out" 2>"$work/err" </dev/null
  expect "$said: exit code" "$want" $?
  checks=$((checks + 1))
  grep -q -e "$said" "$work/out" "$work/err" || fail "up does not say \"$said\": $(cat "$work/out" "$work/err")"
  [ -z "$n" ] || expect "$said: requests" "$n" "$(wc -l <"$work/proxy/requests")"
}
# row VERSION EVENT SEQ RUN: as another run would have written it.
row() {
  sql "INSERT INTO short.schema_migrations SELECT layout, $3, '$4', version, name, direction, '$2', stmt, stmts, file_sha256,
    stmt_sha256, query_id, at, execution_ms, error_code, error, host, pid, tool_version
    FROM short.schema_migrations WHERE version = $1 AND event IN ('applied', 'baselined') ORDER BY seq DESC LIMIT 1"
}
fresh short
for name in 0009_a 0010_b 11_c; do migration "$work/short" "$name" <<<"CREATE TABLE t${name%_*} (k UInt32) ENGINE = MergeTree ORDER BY k;"; done
"$LIVECOL_BIN" baseline -d "$work/short" 9 >/dev/null 2>&1
"$LIVECOL_BIN" up -d "$work/short" >/dev/null 2>&1
upon 0 'applied 0, skipped 3' 2
upon 0 'applied 0, skipped 3' 2 --strict
last=$(sql 'SELECT max(seq) FROM short.schema_migrations')
cp "$work/short/0010_b.sql" "$work/0010_b.sql"
echo '-- more' >>"$work/short/0010_b.sql"
upon 3 'was edited after it was applied' 4
sed 's/$/\r/' "$work/0010_b.sql" >"$work/short/0010_b.sql"
upon 0 'other line endings' 4
cp "$work/0010_b.sql" "$work/short/0010_b.sql"
mv "$work/short/11_c.sql" "$work/11_c.sql"
upon 3 'has no file of version 11' 4 --strict
upon 0 'applied 0, skipped 2' 4
mv "$work/11_c.sql" "$work/short/11_c.sql"
upon 0 'applied 0, skipped 3' 2
# The same row twice, as a write that was sent again leaves it; and rows of two runs with one seq.
row 11 applied "$last" twice
upon 0 'applied 0, skipped 3' 4
sql "ALTER TABLE short.schema_migrations DELETE WHERE run_id = 'twice' SETTINGS mutations_sync = 1"
upon 0 'applied 0, skipped 3' 2
row 11 event_of_a_newer_livecol $((last + 1)) newer
upon 3 'an event of a newer livecol' 4
row 11 applied $((last + 2)) newer
upon 0 'applied 0, skipped 3' 2
sql "ALTER TABLE short.schema_migrations DELETE WHERE run_id = 'newer' SETTINGS mutations_sync = 1"
row 11 started $((last + 3)) started
upon 3 'is there already' ''
row 11 applied $((last + 4)) applied
upon 0 'applied 0, skipped 3' 2
columns='layout, seq, run_id, version, name, direction, event, stmt, stmts, file_sha256, stmt_sha256, query_id, at, execution_ms,
  error_code, error, host, pid, tool_version'
sql "CREATE TABLE short.other ENGINE = ReplacingMergeTree ORDER BY seq AS SELECT $columns FROM short.schema_migrations"
upon 0 'applied 0, skipped 3' 4 --migrations-table other
row 11 reverted $((last + 50)) reverted
sql 'DROP TABLE short.t11'
: >"$work/proxy/requests"
"$LIVECOL_BIN" up -d "$work/short" >"$work/out" 2>&1
expect 'a reverted one is applied again' 0:1 "$?:$(sql "EXISTS TABLE short.t11")"
finish
