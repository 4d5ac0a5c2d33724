#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/switching.md, typed as it is written, by a person of each tool: with that tool's own table and rows, some migrations applied,
# one reverted or not yet applied. The other tool's table stays as it is, and what was applied does not run again.
# shellcheck disable=SC2317 # each tool's function is called by its name
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
engine_start_chdb "$work/engine" || exit 1

# The commands of the page's first block, but for the server's address.
steps=$(awk '/^```sh$/ { on = 1; next } /^```$/ { exit } on && !/CLICKHOUSE_URL/' "$LIVECOL_SOURCE/docs/switching.md")
expect 'the page has steps' 6 "$(wc -l <<<"$steps")"

# Of each tool: its files of three versions, its table, and rows by which the first two are applied.
seed() { echo "CREATE TABLE seeds (n UInt8) ENGINE = MergeTree ORDER BY n;"; }
goose() {
  { echo '-- +goose Up'; seed; printf -- '-- +goose Down\nDROP TABLE seeds;\n'; } | migration "$1" 00001_seeds
  printf -- '-- +goose Up\nINSERT INTO seeds VALUES (1);\n' | migration "$1" 00002_first
  printf -- '-- +goose Up\nINSERT INTO seeds VALUES (2);\n-- +goose Down\nTRUNCATE TABLE seeds;\n' | migration "$1" 00003_second
  sql "CREATE TABLE $db.goose_db_version (version_id Int64, is_applied UInt8, date Date default now(), tstamp DateTime default now())
    ENGINE = MergeTree() ORDER BY (date)"
  sql "INSERT INTO $db.goose_db_version (version_id, is_applied, tstamp) VALUES (0, 1, 1), (1, 1, 2), (2, 1, 2), (3, 1, 3), (3, 0, 9)"
}
dbmate() {
  { echo '-- migrate:up'; seed; printf -- '-- migrate:down\nDROP TABLE seeds;\n'; } | migration "$1" 20260101000000_seeds
  printf -- '-- migrate:up transaction:false\nINSERT INTO seeds VALUES (1);\n-- migrate:down\n' | migration "$1" 20260102000000-first
  printf -- '-- migrate:up\nINSERT INTO seeds VALUES (2);\n-- migrate:down\nTRUNCATE TABLE seeds;\n' | migration "$1" 20260103000000_second
  sql "CREATE TABLE $db.schema_migrations (version String, ts DateTime default now(), applied UInt8 default 1)
    ENGINE = ReplacingMergeTree(ts) PRIMARY KEY version ORDER BY version"
  sql "INSERT INTO $db.schema_migrations (version, ts) VALUES ('20260101000000', 1), ('20260102000000', 1), ('20260103000000', 2)"
  sql "INSERT INTO $db.schema_migrations (version, ts, applied) VALUES ('20260103000000', 3, 0)"
}
golang_migrate() {
  seed | migration "$1" 000001_seeds.up
  echo 'DROP TABLE seeds' | migration "$1" 000001_seeds.down
  echo 'INSERT INTO seeds VALUES (1)' | migration "$1" 000002_first.up
  echo 'INSERT INTO seeds VALUES (2)' | migration "$1" 000003_second.up
  echo 'TRUNCATE TABLE seeds' | migration "$1" 000003_second.down
  sql "CREATE TABLE $db.schema_migrations (version Int64, dirty UInt8, sequence UInt64) ENGINE = TinyLog"
  sql "INSERT INTO $db.schema_migrations VALUES (1, 1, 1), (1, 0, 2), (2, 1, 3), (2, 0, 4), (3, 1, 5), (3, 0, 6), (2, 1, 7), (2, 0, 8)"
}
clickhouse_migrations() {
  seed | migration "$1" 1_seeds
  printf 'SET max_threads = 1;\nINSERT INTO seeds VALUES (1);\n' | migration "$1" 2_first
  printf 'SET max_threads = 1;\nINSERT INTO seeds VALUES (2);\n' | migration "$1" 3_second
  sql "CREATE TABLE $db._migrations (uid UUID DEFAULT generateUUIDv4(), version UInt32, checksum String, migration_name String,
    applied_at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY tuple(applied_at)"
  sql "INSERT INTO $db._migrations (version, checksum, migration_name) VALUES (1, 'a', '1_seeds.sql'), (2, 'b', '2_first.sql')"
}
python_migrations() {
  seed | migration "$1" 001_seeds
  echo 'DROP TABLE seeds' | migration "$1" 001_seeds.down
  echo 'INSERT INTO seeds VALUES (1)' | migration "$1" 002_first
  echo 'INSERT INTO seeds VALUES (2)' | migration "$1" 003_second
  echo 'TRUNCATE TABLE seeds' | migration "$1" 003_second.down
  sql "CREATE TABLE $db.schema_versions (version UInt32, md5 String, script String, created_at DateTime DEFAULT now())
    ENGINE = MergeTree ORDER BY tuple(created_at)"
  sql "INSERT INTO $db.schema_versions (version, md5, script) VALUES (1, 'a', 'x'), (2, 'b', 'y'), (2, 'b', 'y')"
}

for tool in goose dbmate golang_migrate clickhouse_migrations python_migrations; do
  fresh "$tool"
  mkdir -p "$work/$tool" && cd "$work/$tool" || exit 1
  "$tool" db/migrations
  sql "CREATE TABLE $db.seeds (n UInt8) ENGINE = MergeTree ORDER BY n" && sql "INSERT INTO $db.seeds VALUES (1)"
  table=$(sql "SELECT name FROM system.tables WHERE database = '$db' AND name != 'seeds'")
  before=$(sql "SELECT COLUMNS('.') FROM $db.\`$table\` ORDER BY ALL")

  # Who forgets the first step repeats nothing.
  "$LIVECOL_BIN" up -d db/migrations --migrations-table livecol_migrations >"$work/out" 2>"$work/err"
  expect "$tool: up without the baseline" 3 $?
  expect_in "$tool: up without the baseline" 'says that 2 of these migrations are applied' "$work/err"
  expect "$tool: it has no table yet" 0 "$(sql "EXISTS TABLE $db.livecol_migrations")"

  while IFS= read -r step; do
    eval "${step/livecol /\"\$LIVECOL_BIN\" }" >"$work/out" 2>"$work/err" </dev/null
    code=$?
    said_good "$tool: $step"
  done <<<"$steps"
  expect "$tool: the seeds" $'1\n2' "$(sql "SELECT n FROM $db.seeds ORDER BY n")"
  expect "$tool: its own table" "$before" "$(sql "SELECT COLUMNS('.') FROM $db.\`$table\` ORDER BY ALL")"
  "$LIVECOL_BIN" up >"$work/out" 2>"$work/err"
  expect_in "$tool: the next up" 'applied 0, skipped 3' "$work/out"
  [ "$tool" = clickhouse_migrations ] || run "$tool: down" 0 down --yes
  unset LIVECOL_MIGRATIONS_TABLE LIVECOL_MIGRATIONS_DIR
done
finish
