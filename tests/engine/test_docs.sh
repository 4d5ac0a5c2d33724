#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every command of README.md and docs/, typed as it is written there (tests/support/run_docs.py), in one session of the
# engine. Then with pages that are wrong: each fault is found.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
cd "$work" || exit 1

mkdir -p engine/user_scripts bin template/config template/db/migrations
engine_start_chdb "$work/engine" || exit 1
ln -s "$LIVECOL_BIN" bin/livecol
# What the pages call besides livecol: ClickHouse's client, which sends what is behind -q.
cat >bin/clickhouse-client <<END
#!/bin/sh
[ "\$1" = -q ] || exit 2
exec curl -sS --noproxy '*' --fail-with-body "$engine_url/" --data-binary "\$2"
END
chmod +x bin/clickhouse-client
export PATH=$work/bin:$PATH LIVECOL_LIBCHDB
: >password

# The files that a reader has.
cp "$LIVECOL_SOURCE/config/region.csv" template/region.csv
cp "$LIVECOL_SOURCE/config/region.csv" template/region_v1.csv
cp "$LIVECOL_SOURCE/config/region.csv" template/config/region.csv
printf 'prefix,region\nu1,us-west\nu2,eu-west\nu3,ap-south\n,unknown\n' >template/region_v2.csv
printf 'exact,continent\nus-east,america\nus-west,america\neu-west,europe\nap-south,asia\n*,unknown\n' >template/continent_v1.csv
printf 'prefix,region\nu1,us\n,none\n' >template/rules.csv
printf 'from,to,tier\n0,9,low\n10,99,high\n' >template/ranges.csv
printf 'CREATE TABLE visits (at DateTime, user_id String) ENGINE = MergeTree ORDER BY at;\n' >template/schema.sql
printf 'at,user_id\n2026-01-01 00:00:00,u1_1\n' >template/rows.csv

printf -- '-- +goose Up\nCREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a;\n' >template/db/migrations/00001_t.sql
printf -- '-- +goose Up\nALTER TABLE t ADD COLUMN b UInt8;\n' >template/db/migrations/00002_b.sql

python3 "$LIVECOL_SOURCE/tests/support/run_docs.py" "$LIVECOL_SOURCE" "$work" "$engine_url" "$@" >out
expect 'the pages' 0 $?
cat out
expect 'so many are run' 1 "$(sed -n 's/^\([0-9]*\) commands .*/\1/p' out | awk '$1 >= 40 { print 1 }')"

# A page with one fault of each kind.
mkdir -p faults/docs
cat >faults/docs/page.md <<'END'
# Faults
`livecol up --stryct` and `livecol upp`
```
livecol up
```
```text
livecol status
```
<!-- not run: it measures -->
```sh
livecol validate
```
<!-- run by tests/engine/test_docs.sh -->
```sh
livecol validate
```
```sh
livecol validate -d nowhere
livecol rules check rules.csv --jsn
```
```console
$ livecol rules check rules.csv
rules.csv: prefix, 3 rules, with a default
attribute region: 2 values
$ livecol rules check rules.csv
attribute region: 3 values
conflicts: some
```
```sql
SELECT a FROM no_table
```
END
python3 "$LIVECOL_SOURCE/tests/support/run_docs.py" faults "$work" "$engine_url" >out
expect 'a page with faults' 1 $?
for fault in '2: livecol up has no --stryct' '2: livecol has no such command: livecol upp' '3: commands in a block of no language' \
  '3: a block without a language' '6: commands in a block of text' '10: this is not true of it: it measures' \
  '14: tests/engine/test_docs.sh does not read this page' '17: exit 1 of livecol validate' 'has no --jsn' \
  'does not say <conflicts: some>' '29: the statement fails'; do
  expect_in 'a page with faults' "$fault" out
done
expect 'what is right passes' 0 "$(grep -c 'does not say <.*values>' out)"
finish
