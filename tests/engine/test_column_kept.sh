#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What no statement can derive again: keys that no row stores (EPHEMERAL), keys that a TTL resets. Columns
# that the table's engine works with. Tables over the one that is re-derived, with a DEFAULT of their own.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

engine_functions "$work/engine"
scripts=$work/engine/user_scripts
printf 'prefix,region\nu1,us-west\nu2,eu-west\nu3,ap-south\n,unknown\n' >"$scripts/region_v2.csv"
engine_function_like "$work/engine" region_v2
printf 'from,to,band\n1,9,x\n' >"$scripts/band_v1.csv"
engine_function_like "$work/engine" band_v1 -e 's/<type>String/<type>LowCardinality(UInt64)/' -e 's/--argument String/--argument LowCardinality(UInt64)/'
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

# --- the version, sign and is_deleted of an engine: plan refuses what the server does ------------------
fresh en
columns='id UInt32, k String, sign Int8 DEFAULT 1, ver UInt32 DEFAULT 1, del UInt8 DEFAULT 0'
# shellcheck disable=SC2034 # they are read by their names, below
replacing='ReplacingMergeTree(ver, del)' collapsing='VersionedCollapsingMergeTree(sign, ver)'
n=0
while IFS='|' read -r engine command; do
  n=$((n + 1))
  sql "CREATE TABLE en.t$n ($columns) ENGINE = ${!engine} ORDER BY id"
  printf 'ALTER TABLE en.t%s %s;\n' "$n" "$command" | migration "$work/en" "$(printf %04d $n)_t"
  commands[n]=$command
done <<'END'
replacing|MODIFY COLUMN del DEFAULT 1
replacing|MODIFY COLUMN del UInt8 DEFAULT 1
replacing|MODIFY COLUMN del UInt16
replacing|MODIFY COLUMN del REMOVE DEFAULT
replacing|DROP COLUMN del
replacing|RENAME COLUMN del TO z
replacing|UPDATE del = 1 WHERE 1
replacing|MODIFY COLUMN ver DEFAULT 2
replacing|MODIFY COLUMN ver UInt64
replacing|MODIFY COLUMN ver UInt16
replacing|MODIFY COLUMN ver Int64
replacing|MODIFY COLUMN ver DateTime
replacing|UPDATE ver = 1 WHERE 1
collapsing|MODIFY COLUMN sign Int8 DEFAULT -1
collapsing|MODIFY COLUMN sign COMMENT 'x'
collapsing|COMMENT COLUMN sign 'x'
collapsing|MODIFY COLUMN ver UInt64
collapsing|MODIFY COLUMN ver DEFAULT 2
collapsing|RENAME COLUMN ver TO z
END
# One that the run makes, too.
migration "$work/en" 0050_t <<'END'
CREATE TABLE made (id UInt32, ver UInt32, del UInt8 DEFAULT 0) ENGINE = ReplacingMergeTree(ver, del) ORDER BY id;
END
migration "$work/en" 0051_t <<'END'
ALTER TABLE made MODIFY COLUMN del DEFAULT 1;
END
run 'engine columns: plan' 3 plan -d "$work/en" --allow-unsafe
awk -v to="$work/said." '/^[0-9][0-9][0-9][0-9] t$/ { file = to ($1 + 0) } file { print >file }' "$work/out"
refused=0
for ((i = 1; i <= n; i++)); do
  if sql "ALTER TABLE en.t$i ${commands[i]} SETTINGS mutations_sync = 2" >"$work/answer"; then wanted=0; else wanted=1; fi
  expect "${commands[i]}: refused as the server does ($(head -c 100 "$work/answer"))" "$wanted" "$(grep -c refused: "$work/said.$i")"
  refused=$((refused + wanted))
done
expect 'engine columns: some of each' 1 $((refused > 8 && refused < n - 4))
expect_in 'is_deleted: the way' 'write its type too: MODIFY COLUMN del UInt8' "$work/said.1"
expect_in 'is_deleted of a pending table' 'del is the is_deleted of en.made' "$work/said.51"
# Derived ones: is_deleted is re-derived, with its type; a version is a new column.
sql "CREATE TABLE en.d (id UInt32, k String, region String DEFAULT region_v1(k), ver UInt64 DEFAULT length(region_v1(k)), del UInt8 DEFAULT region_v1(k) = 'us-east', dm UInt8 DEFAULT region = 'us-west') ENGINE = ReplacingMergeTree(ver, del) ORDER BY id"
sql "INSERT INTO en.d (id, k) SELECT number, concat('u', toString(number % 5)) FROM numbers(100)"
run 'is_deleted: new' 0 new del -d "$work/del" --migrations-table en.m --rederive en.d.del --to region_v2
run 'is_deleted: up' 0 up -d "$work/del" --migrations-table en.m
expect 'is_deleted: rows' $'0\t0' "$(sql "SELECT countIf(del != (region_v2(k) = 'us-east')), sum(del) FROM en.d")"
run 'is_deleted: inline' 0 inline en.d.del --rules "$scripts/region_v2.csv"
run 'version: new' 3 new ver -d "$work/ver" --migrations-table en.m --rederive en.d.ver --to region_v2
expect_in 'version: new' 'new rules for it are a new column' "$work/err"

# --- EPHEMERAL keys: a MATERIALIZE of one fails for good -------------------------------------------------
fresh e
sql "CREATE TABLE e.t (id UInt32, k String, e String EPHEMERAL, f String EPHEMERAL concat(k, 'x')) ENGINE = MergeTree ORDER BY id"
sql "INSERT INTO e.t (id, k) VALUES (1, 'u1'), (2, 'u2')"
run 'EPHEMERAL: new' 0 new r -d "$work/e" --table e.t --column r --key e --function region_v1
run 'EPHEMERAL: up' 3 up -d "$work/e"
expect_in 'EPHEMERAL: said' 'no row stores e (EPHEMERAL): rows that are older than e.t.r read as the answer for its default' "$work/err"
expect_in 'EPHEMERAL: up' 'MATERIALIZE COLUMN r of e.t would fail for good: region_v1(e) reads e, which is EPHEMERAL' "$work/err"
expect 'EPHEMERAL: nothing is changed' 0 "$(sql "SELECT count() FROM system.columns WHERE database = 'e' AND name = 'r'")"
expect 'EPHEMERAL: the way' 1 "$(grep -c 'ALTER TABLE e.t UPDATE r = r WHERE 1' "$work/err")"
sed -i 's/^ALTER TABLE e.t MATERIALIZE COLUMN r;/ALTER TABLE e.t UPDATE r = r WHERE 1;/' "$work"/e/0001_r.sql
run 'EPHEMERAL: up, the way' 0 up -d "$work/e"
sql "INSERT INTO e.t (id, k, e) VALUES (3, 'u3', 'u2')"
expect 'EPHEMERAL: rows' $'1\tunknown\n2\tunknown\n3\teu-west' "$(sql 'SELECT id, r FROM e.t ORDER BY id')"
sql "ALTER TABLE e.t ADD COLUMN s String DEFAULT region_v1(f), ADD COLUMN m String MATERIALIZED region_v1(f), ADD COLUMN n String DEFAULT concat(region_v1(e), k)"
for c in s m; do
  run "EPHEMERAL, $c: backfill" 3 backfill "e.t.$c"
  expect_in "EPHEMERAL, $c: backfill" "MATERIALIZE COLUMN $c of e.t would fail for good" "$work/err"
done
# The engine itself: what is refused would fail.
sql "CREATE TABLE e.u (id UInt32, e String EPHEMERAL) ENGINE = MergeTree ORDER BY id"
sql "INSERT INTO e.u (id) VALUES (1)"
sql "ALTER TABLE e.u ADD COLUMN r String DEFAULT region_v1(e)"
checks=$((checks + 1))
! sql "ALTER TABLE e.u MATERIALIZE COLUMN r SETTINGS mutations_sync = 2" >"$work/answer" || fail 'EPHEMERAL: the engine materializes it by now'
expect_in 'EPHEMERAL: the engine' 'Code: 16.' "$work/answer"
sql 'DROP TABLE e.u'
for c in m n; do
  run "EPHEMERAL, $c: new rules" 3 new "v$c" -d "$work/e2" --rederive "e.t.$c" --to region_v2
  run "EPHEMERAL, $c: recompute" 3 new "v$c" -d "$work/e2" --rederive "e.t.$c" --recompute
  expect_in "EPHEMERAL, $c: recompute" "e.t.$c cannot be re-derived: it reads" "$work/err"
  run "EPHEMERAL, $c: rules diff" 3 rules diff "$scripts/region_v1.csv" "$scripts/region_v2.csv" --table "e.t.$c"
done
run 'EPHEMERAL: inline' 3 inline e.t.r --rules "$scripts/region_v1.csv"
expect_in 'EPHEMERAL: inline' 'e.t.r cannot be compared: it reads e' "$work/err"
migration "$work/e3" 0001_by_hand <<'END'
-- migrate:rederive
ALTER TABLE e.t UPDATE r = region_v2(e) WHERE r = region_v1(e) AND r != region_v2(e);
-- migrate:rederive
ALTER TABLE e.t MATERIALIZE COLUMN m;
ALTER TABLE e.t UPDATE k = lower(k) WHERE 1;
END
run 'EPHEMERAL: by hand' 3 plan -d "$work/e3" --migrations-table e.m
expect 'EPHEMERAL: by hand' 2 "$(grep -c 'refused: .*EPHEMERAL, and stored by no row' "$work/out")"
expect_in 'EPHEMERAL: goes stale' 'It also reads an EPHEMERAL column or a clock, and nothing can compute it again' "$work/out"
"$LIVECOL_BIN" doctor -d "$work/none" --migrations-table e.m >"$work/out" 2>"$work/err"
expect_in 'EPHEMERAL: doctor' 'hint: ALTER TABLE e.t UPDATE s = s WHERE 1 stores what rows that are older than the column read as' "$work/out"
expect_in 'doctor: an argument that no CAST takes' 'band_v1: loaded' "$work/out"
expect 'EPHEMERAL: doctor fails none' 0 "$(grep -c '^fail' "$work/out")"

# --- a TTL resets the key ------------------------------------------------------------------------------
fresh t
sql "CREATE TABLE t.t (id UInt32, k String TTL d + INTERVAL 1 DAY, kd String DEFAULT 'u9' TTL d + INTERVAL 1 DAY, d Date, al String ALIAS lower(k), k2 String, r String DEFAULT region_v1(k), m String MATERIALIZED region_v1(kd), a String DEFAULT region_v1(al), r2 String DEFAULT region_v1(k2), note String MATERIALIZED concat(r2, kd), own String DEFAULT region_v1(k2) TTL d + INTERVAL 1 DAY) ENGINE = MergeTree ORDER BY id SETTINGS min_bytes_for_wide_part = 0"
# rows FIRST DATE: ten; of those with an old date a merge resets the keys.
rows() {
  sql "INSERT INTO t.t (id, k, kd, k2, d) SELECT number, k, k, k, '$2' FROM (SELECT number, concat('u', toString(number % 5)) AS k FROM numbers($1, 10))"
  sql 'OPTIMIZE TABLE t.t FINAL'
}
# rederive NAME EXIT WORDS COLUMN OPTION...: a migration of one column, planned.
mkdir -p "$work/t"
rederive() {
  local name=$1 wanted=$2 words=$3
  shift 3
  run "TTL, $name: new" 0 new "$name" -d "$work/t/$name" --migrations-table "t.m_$name" --rederive "$@"
  expect_in "TTL, $name: new says it" 'warning: a TTL resets k' "$work/err"
  run "TTL, $name: plan" "$wanted" plan -d "$work/t/$name" --migrations-table "t.m_$name"
  expect_in "TTL, $name: plan" "$words" "$work/out"
}
rows 0 2090-01-01
rederive early 0 'hazard: a TTL resets kd: in rows where it has, m gets the answer for the value that is left' t.t.m --to region_v2
rows 10 2020-01-01
expect 'TTL: the engine has reset ten keys, and what is derived from them stays' $'10\t10\t4\t4' \
  "$(sql "SELECT countIf(k = ''), countIf(kd = 'u9'), countIf(k = '' AND r != 'unknown'), countIf(kd = 'u9' AND m != 'unknown') FROM t.t")"
run 'TTL: verify' 8 verify t.t.r --full
expect_in 'TTL: verify' '4 rows of t.t.r differ' "$work/err"
expect_in 'TTL: verify' 'a TTL resets k: rows where it has hold what they were derived to before' "$work/err"
rederive late 3 't.t.m is derived from kd, which a TTL resets: what such rows hold cannot be derived again, and this would overwrite it' t.t.m --to region_v2
rederive recompute 3 't.t.r is derived from k, which a TTL resets' t.t.r --recompute
rederive alias 3 't.t.a is derived from k, which a TTL resets' t.t.a --recompute
rederive rules 0 'hazard: a TTL resets k: in rows where it has, r keeps what it holds' t.t.r --to region_v2
run 'TTL: new rules' 8 up -d "$work/t/rules" --migrations-table t.m_rules
expect 'TTL: rows that are not reset follow, the others keep it' $'0\t0' \
  "$(sql "SELECT countIf(k != '' AND r != region_v2(k)), countIf(k = '' AND r != region_v1(k2)) FROM t.t")"
# A column that the server computes along, from what is left.
run 'TTL, along: new' 0 new along -d "$work/t/along" --migrations-table t.m_along --rederive t.t.r2 --to region_v2
run 'TTL, along: plan' 3 plan -d "$work/t/along" --migrations-table t.m_along
expect_in 'TTL, along: plan' 'refused: t.t.note is derived from kd, which a TTL resets' "$work/out"
run 'TTL, along: all the same' 0 plan -d "$work/t/along" --migrations-table t.m_along --allow-unsafe
expect_in 'TTL, along: all the same' 'hazard: a TTL resets kd: in rows where it has, note gets the answer' "$work/out"
# What statements that are still to run say of a TTL; a column of that name is none.
migration "$work/t/said" 0001_said <<'END'
ALTER TABLE t.t MODIFY COLUMN k2 String TTL d + INTERVAL 1 DAY;
ALTER TABLE t.t MODIFY COLUMN k REMOVE TTL;
ALTER TABLE t.t ADD COLUMN ttl String, ADD COLUMN x1 String DEFAULT region_v1(k) AFTER ttl, ADD COLUMN x2 String DEFAULT region_v1(k2), ADD COLUMN x3 String DEFAULT region_v1(ttl) CODEC(ZSTD) TTL d + INTERVAL 1 DAY;
CREATE TABLE t.c (k String CODEC(ZSTD) TTL d + INTERVAL 1 DAY, d Date, ttl String, r String DEFAULT region_v1(k), s String DEFAULT region_v1(ttl)) ENGINE = MergeTree ORDER BY d;
ALTER TABLE t.c ADD COLUMN l String ALIAS region_v1(k);
ALTER TABLE t.t UPDATE r2 = 'x' WHERE id < 3;
END
run 'TTL, pending: plan' 0 plan -d "$work/t/said" --migrations-table t.m_said --allow-unsafe
expect_in 'TTL, pending: MODIFY' 'r2 (region_v1(k2)) is derived from k2: where the TTL resets that, it keeps what it holds' "$work/out"
expect 'TTL, pending: not what reads that in its turn' 0 "$(grep -c 'note (.*where the TTL resets' "$work/out")"
expect 'TTL, pending: whose key is reset' $'t.c.r\nt.t.x2' \
  "$(sed -n 's/.*hazard: a TTL resets [k2]*, and \(t\.[^,]*\), which.*/\1/p' "$work/out" | sort)"
expect_in 'TTL, pending: an ALIAS' 'a TTL resets k: l of such rows is then computed from the value that is left' "$work/out"
expect_in 'TTL, pending: its own' 't.t.x3 has a TTL of its own, and reads ttl: MATERIALIZE TTL' "$work/out"
expect_in 'TTL, UPDATE' 'note (concat(r2, kd)) is computed again by the server: where a TTL has reset kd' "$work/out"
sql "CREATE TABLE t.w (k String, d Date, own String DEFAULT region_v1(k) TTL d + INTERVAL 1 DAY) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO t.w (k, d) VALUES ('u1', '2090-01-01')"
"$LIVECOL_BIN" doctor -d "$work/none" --migrations-table t.m >"$work/out" 2>"$work/err"
expect_in 'TTL: doctor' 'ok    default    a TTL resets k, and t.t.a, which is derived from it, then keeps what it holds' "$work/out"
expect_in 'TTL: doctor, its own' 't.w.own depends on region_v1(k): INSERTs, and merges, whose TTL resets it to that' "$work/out"
sql "ALTER TABLE t.t UPDATE d = '2020-01-01' WHERE id < 3 SETTINGS mutations_sync = 2" >"$work/answer"
expect_in 'TTL: the engine fails where a column has its own' 'Not found column or subcolumn k2' "$work/answer"

# --- a backfill alone, of a column whose key, or DEFAULT, has changed since other parts stored it ------------
fresh b
sql "CREATE TABLE b.t (id UInt32, k String) ENGINE = MergeTree ORDER BY id"
sql "INSERT INTO b.t VALUES (1, 'u1'), (2, 'u2')"
sql "ALTER TABLE b.t ADD COLUMN r String DEFAULT region_v1(k), ADD COLUMN c String DEFAULT upper(r), ADD COLUMN p String DEFAULT region_v1(k)"
sql "INSERT INTO b.t (id, k) VALUES (3, 'u3')"
run 'backfill: nothing has changed' 0 backfill b.t.p
expect_in 'backfill: nothing has changed' 'b.t.p: 3 rows: 0 differ from region_v1(k); every part stores it' "$work/err"
sql "ALTER TABLE b.t MATERIALIZE COLUMN c SETTINGS mutations_sync = 2"
sql "ALTER TABLE b.t MODIFY COLUMN r DEFAULT region_v2(k)"
run 'backfill: the DEFAULT has changed' 0 backfill b.t.r
expect_in 'backfill: the DEFAULT has changed' 'b.t.r: 3 rows: 1 differs from region_v2(k); every part stores it' "$work/err"
expect_in 'backfill: what is derived from it' 'warning: b.t.c: 3 rows: 1 differs from upper(r)' "$work/err"
sql "ALTER TABLE b.t ADD COLUMN q String DEFAULT region_v1(k)"
run 'backfill: not looked at' 0 backfill b.t.q --no-verify
expect 'backfill: not looked at' 0 "$(grep -c 'rows: . differ' "$work/err")"

# --- tables over the one that is re-derived ------------------------------------------------------------
fresh o
sql "CREATE TABLE o.t (k String, region String DEFAULT region_v1(lower(k)), id UInt32) ENGINE = MergeTree ORDER BY id"
buffer='1, 100, 100, 100, 100, 100000, 100000)'
sql "CREATE TABLE o.b AS o.t ENGINE = Buffer(o, t, $buffer"
sql "CREATE TABLE o.b2 (k String, region String DEFAULT concat(region_v1(k), ''), id UInt32) ENGINE = Buffer(o, t, $buffer"
sql "CREATE TABLE o.none (k String, id UInt32) ENGINE = Buffer(o, t, $buffer"
sql "CREATE TABLE o.other AS o.t ENGINE = Buffer(o, b, $buffer"
sql "CREATE TABLE o.merge AS o.t ENGINE = Merge(o, '^t\$')"
sql "INSERT INTO o.b (k, id) VALUES ('U1', 1)"
while read -r table words; do
  run "over $table" 3 new v2 -d "$work/o" --rederive o.t.region --to region_v2 --over "$table"
  expect_in "over $table" "$words" "$work/err"
done <<'END'
o.none has no column region with a DEFAULT of its own
o.other passes rows on to o.b, not to o.t
o.merge is of the engine Merge, and --over takes Buffer and Distributed tables
o.t is of the engine MergeTree
o.gone there is no table o.gone
END
sql 'DROP TABLE o.other'
run 'over: recompute' 2 new v2 -d "$work/o" --rederive o.t.region --recompute --over o.b
run 'over: cluster alone' 2 new v2 -d "$work/o" --rederive o.t.region --to region_v2 --cluster c
run 'over: one is left out' 0 new v2 -d "$work/o1" --migrations-table o.m --rederive o.t.region --to region_v2 --over b
run 'over: one is left out' 3 plan -d "$work/o1" --migrations-table o.m
expect_in 'over: one is left out' 'o.b2 (Buffer) is over this table, and its own DEFAULT of region stays the old one' "$work/out"
expect_in 'over: the way' 'livecol new --rederive … --over o.b2 writes' "$work/out"
run 'over: a cluster' 0 new v2 -d "$work/o2" --migrations-table o.m --rederive o.t.region --to region_v2 --over o.b --cluster c
expect 'over: ON CLUSTER is of the tables over it' 2 "$(grep -c 'ON CLUSTER c' "$work"/o2/0001_v2.sql)"
run 'over: new' 0 new v2 -d "$work/o" --rederive o.t.region --to region_v2 --over o.b --over b2
run 'over: up' 0 up -d "$work/o"
sql "INSERT INTO o.b (k, id) VALUES ('U3', 2)"
sql "INSERT INTO o.b2 (k, id) VALUES ('u1', 3)"
for t in b b2; do sql "OPTIMIZE TABLE o.$t"; done
expect 'over: rows' $'1\tus-west\n2\tap-south\n3\tus-west' "$(sql 'SELECT id, region FROM o.t ORDER BY id')"
run 'over: down' 0 down -d "$work/o" --yes
expect 'over: each has its own again' $'b\tregion_v1(lower(k))\nb2\tconcat(region_v1(k), \\\'\\\')' \
  "$(sql "SELECT table, default_expression FROM system.columns WHERE database = 'o' AND name = 'region' AND table LIKE 'b%' ORDER BY table")"
finish
