#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The limits of a derived column: what nobody can compute again, what no UPDATE may touch, and names that
# an expression makes by itself. Each is refused before anything is changed, or counted rightly.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

engine_functions "$work/engine"
scripts=$work/engine/user_scripts
printf 'prefix,region\nu1,us-west\nu2,eu-west\nu3,ap-south\n,unknown\n' >"$scripts/region_v2.csv"
printf 'prefix,continent\nus,america\neu,europe\n,none\n' >"$scripts/continent_v1.csv"
for f in region_v2 continent_v1; do engine_function_like "$work/engine" "$f"; done
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

with_v2() { echo "${1//region_v1(/region_v2(}"; }

# --- what reads the column and cannot be brought along ------------------------------------------------
# kept NAME WORDS COLUMNS [ENGINE [STATEMENT]]: a table g.NAME, region re-derived; refused with WORDS.
kept() {
  local engine=${4:-MergeTree}
  sql "CREATE TABLE g.$1 (k String, id UInt32, region String DEFAULT region_v1(lower(k))$3) ENGINE = $engine ORDER BY id"
  sql "INSERT INTO g.$1 (k, id) SELECT concat('U', toString(number % 5)), number FROM numbers(1000)"
  [ -z "${5:-}" ] || sql "$5"
  mkdir -p "$work/g"
  run "$1: new" 0 new v2 -d "$work/g/$1" --migrations-table "g.m_$1" --rederive "g.$1.region" --to region_v2
  run "$1: up" 3 up -d "$work/g/$1" --migrations-table "g.m_$1"
  expect_in "$1: up" "$2" "$work/err"
  expect "$1: nothing is changed" "region_v1(lower(k))" \
    "$(sql "SELECT default_expression FROM system.columns WHERE database = 'g' AND table = '$1' AND name = 'region'")"
}
fresh g
kept version 'the key column ver is derived from g.version.region' ', ver UInt64 DEFAULT length(region)' 'ReplacingMergeTree(ver)'
kept sign 'the key column sign is derived from g.sign.region' ", ver UInt8, sign Int8 DEFAULT if(region = 'x', -1, 1)" 'VersionedCollapsingMergeTree(sign, ver)'
kept ephemeral 'the column note is derived from g.ephemeral.region' ', e String EPHEMERAL upper(region), note String DEFAULT lower(e)'
kept clock 'the column note is derived from g.clock.region' ', note String DEFAULT concat(region, toString(now()))'
kept alias 'f of g.alias is MATERIALIZED and reads al, an ALIAS column' ", al String ALIAS concat(region, '?'), f String MATERIALIZED upper(al)"
kept view 'the materialized view g.mv is derived from g.view.region' ', a String DEFAULT continent_v1(region)' MergeTree \
  'CREATE MATERIALIZED VIEW g.mv ENGINE = Memory AS SELECT a, count() AS n FROM g.view GROUP BY a'
kept lacking '1000 rows of g.lacking are in parts that do not store region' ', old String' MergeTree \
  'ALTER TABLE g.lacking DROP COLUMN region, ADD COLUMN region String DEFAULT region_v1(lower(k))'
run 'lacking: stored first' 0 backfill g.lacking.region
run 'lacking: up again' 0 up -d "$work/g/lacking" --migrations-table g.m_lacking
expect 'lacking: rows' 0 "$(sql 'SELECT countIf(region != region_v2(lower(k))) FROM g.lacking')"
run 'clock, all the same' 0 up -d "$work/g/clock" --migrations-table g.m_clock --allow-unsafe
expect_in 'clock, all the same' 'the column note: derived from region, and not updated with it' "$work/err"
migration "$work/g/more" 0001_alias <<'END'
ALTER TABLE g.clock ADD COLUMN al String ALIAS upper(k), ADD COLUMN f String MATERIALIZED region_v1(al);
END
run 'MATERIALIZED over an ALIAS' 3 up -d "$work/g/more" --migrations-table g.m_more
expect_in 'MATERIALIZED over an ALIAS' 'the server fails every UPDATE and DELETE FROM of such a table' "$work/err"
# What takes a new value as it comes is named.
sql "CREATE TABLE g.ttl (k String, d Date, region String DEFAULT region_v1(k), CONSTRAINT known CHECK region != 'moon') ENGINE = MergeTree ORDER BY k TTL d + INTERVAL 50 YEAR DELETE WHERE region = 'us-west'"
run 'TTL: new' 0 new v2 -d "$work/g/ttl" --migrations-table g.m_ttl --rederive g.ttl.region --to region_v2
run 'TTL: plan' 0 plan -d "$work/g/ttl" --migrations-table g.m_ttl
expect_in 'TTL' 'hazard: the TTL ttl reads region' "$work/out"
expect_in 'constraint' 'hazard: the constraint known reads region' "$work/out"

# --- names that the expression makes, a clock, a comparison, columns of livecol's own words -----------
sql "CREATE TABLE g.t (k String, n UInt32, keys String, id UInt32) ENGINE = MergeTree ORDER BY id"
sql "INSERT INTO g.t SELECT concat('u', toString(number % 5)), number, '', number FROM numbers(1000)"
# NAME, exit of rules diff, exit of a re-derivation, TYPE, EXPRESSION
cat >"$work/made" <<'END'
lambda 3 0 Array(String) arrayMap(k -> region_v1(k), ['u2', 'u3'])
alias 3 0 String concat(upper(k) AS x, region_v1(lower(x)))
own_alias 3 0 String concat(region_v1(lower(k) AS y), y)
clock 3 3 String concat(region_v1(k), toString(now()))
yes 0 0 Bool region_v1(k) = 'us-west'
number 0 0 String length(region_v1(k))
keys 3 0 String if(keys = '', region_v1(k), keys)
END
while read -r name _ _ type expr; do
  printf 'ALTER TABLE g.t ADD COLUMN c_%s %s DEFAULT %s;\nALTER TABLE g.t MATERIALIZE COLUMN c_%s;\n' "$name" "$type" "$expr" "$name"
done <"$work/made" >"$work/made.sql"
migration "$work/g/made" 0001_made <"$work/made.sql"
run 'made names: up' 0 up -d "$work/g/made"
expect_in 'made names: said' 'what region_v1 is called with (lower(x)) is not tried by itself' "$work/err"
while read -r name diff up type expr; do
  run "$name: rules diff" "$diff" rules diff "$scripts/region_v1.csv" "$scripts/region_v2.csv" --table "g.t.c_$name" --json
  [ "$diff" != 0 ] || expect_in "$name: rules diff" "\"would_change\":$(sql "SELECT countIf(c_$name != CAST(($(with_v2 "$expr")), '$type')) FROM g.t")," "$work/out"
  if [ "$up" = 0 ]; then
    run "$name: new" 0 new "$name" -d "$work/g/made" --rederive "g.t.c_$name" --to region_v2
  else
    run "$name: new" 0 new "$name" -d "$work/g/alone" --migrations-table g.m_alone --rederive "g.t.c_$name" --to region_v2
    run "$name: re-derive" "$up" up -d "$work/g/alone" --migrations-table g.m_alone
    expect_in "$name: re-derive" 'cannot be re-derived: now gives a different answer each time' "$work/err"
  fi
done <"$work/made"
run 'made names: re-derive' 0 up -d "$work/g/made"
while read -r name _ up type expr; do
  [ "$up" != 0 ] || expect "$name: rows" 0 "$(sql "SELECT countIf(c_$name != CAST(($(with_v2 "$expr")), '$type')) FROM g.t")"
done <"$work/made"
# Behind a column over an EPHEMERAL one that the same run adds: rows that are there have no such value.
sql "CREATE TABLE g.eph (k String, e String EPHEMERAL, f String EPHEMERAL concat(k, 'x')) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO g.eph (k) VALUES ('u1')"
migration "$work/g/eph" 0001_eph <<'END'
ALTER TABLE g.eph ADD COLUMN a String DEFAULT region_v1(concat(e, f));
ALTER TABLE g.eph ADD COLUMN b String DEFAULT region_v1(k);
ALTER TABLE g.eph ADD COLUMN c String DEFAULT concat(a, region_v2(k));
END
run 'behind EPHEMERAL: plan' 0 plan -d "$work/g/eph" --migrations-table g.m_eph
run 'behind EPHEMERAL: up' 0 up -d "$work/g/eph" --migrations-table g.m_eph
expect 'behind EPHEMERAL: a row' $'us-east\tus-east\tus-eastus-west' "$(sql 'SELECT a, b, c FROM g.eph')"
# An answer of the rules that the column does not take: of no row, nobody asks; of some, there is no count.
sql "CREATE TABLE g.narrow (k String, r LowCardinality(String) DEFAULT nullIf(region_v1(k), 'unknown')) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO g.narrow (k) VALUES ('u1'), ('u2')"
run 'no row has it: rules diff' 0 rules diff "$scripts/region_v1.csv" "$scripts/region_v2.csv" --table g.narrow.r --json
expect_in 'no row has it: rules diff' '"rows":2,"would_change":1,"already":0,"given":0' "$work/out"
sql "INSERT INTO g.narrow VALUES ('x', 'given')"
run 'a row has it: rules diff' 3 rules diff "$scripts/region_v1.csv" "$scripts/region_v2.csv" --table g.narrow.r
expect_in 'a row has it: rules diff' 'the old rules answer "unknown" for rows of g.narrow' "$work/err"
# Rows that the parts have and no SELECT shows.
sql "DELETE FROM g.narrow WHERE k = 'x'"
run 'rows that are deleted: verify' 0 verify g.narrow.r --full
expect_in 'rows that are deleted: verify' '2 of 3 rows (the others are deleted, or a row policy hides them): 0 differ' "$work/out"
run 'rows that are deleted: rules diff' 0 rules diff "$scripts/region_v1.csv" "$scripts/region_v2.csv" --table g.narrow.r
expect_in 'rows that are deleted: rules diff' '1 of 2 rows would change' "$work/out"
expect_in 'rows that are deleted: rules diff' '1 row that the parts of g.narrow have is in no count: deleted, merged away since, or hidden by a row policy' "$work/err"
# A column that is called as a count is.
migration "$work/g/n" 0001_n <<'END'
ALTER TABLE g.t ADD COLUMN m UInt32 DEFAULT n + 1;
ALTER TABLE g.t UPDATE n = 7 WHERE n < 100;
END
run 'a column n: plan' 0 plan -d "$work/g/n" --migrations-table g.m_n
expect_in 'a column n: counted' 'goes stale: 100 rows' "$work/out"

# --- merges that make one row of several: what they would make wrong is refused --------------------------
# A case is an engine, its columns, the derived column and two rows; each is merged by the engine, too: what
# is refused must come out wrong, and what passes must be right.
#   WANTED|STORAGE|COLUMNS|DERIVED|EXPRESSION|ROW|ROW
cat >"$work/merges" <<'END'
add up|SummingMergeTree ORDER BY id|id UInt32|n UInt32 DEFAULT|length(region_v1(toString(id)))|(1)|(1)
add up|SummingMergeTree ORDER BY id|id UInt32, k String|n Nullable(Decimal(9, 2)) MATERIALIZED|length(region_v1(k))|(1, 'u1')|(1, 'u1')
compute n|SummingMergeTree ORDER BY id|id UInt32, n UInt64|r String DEFAULT|region_v1(concat('u', toString(n)))|(1, 1)|(1, 1)
compute n|SummingMergeTree ORDER BY id|id UInt32, n UInt64, al String ALIAS concat('u', toString(n))|r String DEFAULT|region_v1(al)|(1, 1)|(1, 1)
|SummingMergeTree ORDER BY id|id UInt32, n UInt64, k String|r LowCardinality(String) DEFAULT|region_v1(k)|(1, 1, 'u1')|(1, 1, 'x')
|SummingMergeTree(n) ORDER BY id|id UInt32, n UInt64, k String|m UInt32 DEFAULT|length(region_v1(k))|(1, 1, 'u1')|(1, 1, 'u2_xx')
|SummingMergeTree ORDER BY (id, toYYYYMM(d))|id UInt32, n UInt64, d Date|r String DEFAULT|region_v1(concat('u', toString(toDayOfMonth(d))))|(1, 1, '2026-01-01')|(1, 1, '2026-01-02')
compute k|AggregatingMergeTree ORDER BY id|id UInt32, k SimpleAggregateFunction(max, String)|r String DEFAULT|region_v1(k)|(1, 'u1')|(1, 'x')
the first one's|AggregatingMergeTree ORDER BY id|id UInt32, k SimpleAggregateFunction(anyLast, String)|r String DEFAULT|region_v1(k)|(1, 'u1')|(1, 'x')
|AggregatingMergeTree ORDER BY id|id UInt32, k SimpleAggregateFunction(anyLast, String)|r SimpleAggregateFunction(anyLast, String) DEFAULT|region_v1(k)|(1, 'u1')|(1, 'x')
|AggregatingMergeTree ORDER BY id|id UInt32, k SimpleAggregateFunction(any, String)|r String DEFAULT|region_v1(k)|(1, 'u1')|(1, 'x')
add up|AggregatingMergeTree ORDER BY id|id UInt32|n SimpleAggregateFunction(sum, UInt64) DEFAULT|length(region_v1(toString(id)))|(1)|(1)
|CoalescingMergeTree ORDER BY id|id UInt32, k String|r String DEFAULT|region_v1(k)|(1, 'u1')|(1, 'x')
compute k|CoalescingMergeTree ORDER BY id|id UInt32, k Nullable(String)|r String DEFAULT|region_v1(ifNull(k, ''))|(1, 'u1')|(1, NULL)
one of several|CoalescingMergeTree ORDER BY id|id UInt32, k String|r Nullable(String) DEFAULT|nullIf(region_v1(k), 'unknown')|(1, 'u1')|(1, 'x')
the first one's|CoalescingMergeTree(k) ORDER BY id|id UInt32, k String|r String DEFAULT|region_v1(k)|(1, 'u1')|(1, 'x')
compute n|MergeTree ORDER BY id TTL d + INTERVAL 1 DAY GROUP BY id SET n = sum(n)|id UInt32, n UInt64, d Date DEFAULT '2020-01-01'|r String DEFAULT|region_v1(concat('u', toString(n)))|(1, 1, '2020-01-01')|(1, 1, '2020-01-01')
|ReplacingMergeTree(n) ORDER BY id|id UInt32, n UInt64|r String DEFAULT|region_v1(concat('u', toString(n)))|(1, 1)|(1, 2)
END
fresh me
n=0
while IFS='|' read -r wanted storage columns derived expr first second; do
  n=$((n + 1))
  sql "CREATE TABLE me.t$n ($columns) ENGINE = $storage"
  printf 'ALTER TABLE me.t%s ADD COLUMN %s %s;\n' "$n" "$derived" "$expr" | migration "$work/me" "$(printf %04d $n)_t"
done <"$work/merges"
run 'merges: plan' 3 plan -d "$work/me"
awk -v to="$work/merged." '/^[0-9][0-9][0-9][0-9] t$/ { file = to ($1 + 0) } file { print >file }' "$work/out"
n=0
while IFS='|' read -r wanted storage columns derived expr first second; do
  n=$((n + 1))
  given=$(sql "SELECT arrayStringConcat(groupArray(name), ', ') FROM system.columns WHERE database = 'me' AND table = 't$n' AND default_kind != 'ALIAS'")
  sql "ALTER TABLE me.t$n ADD COLUMN $derived $expr"
  for row in "$first" "$second"; do sql "INSERT INTO me.t$n ($given) VALUES $row"; done
  sql "OPTIMIZE TABLE me.t$n FINAL"
  type=$(sed -E 's/^[a-z]+ (.*) [A-Z]+$/\1/' <<<"$derived")
  wrong=$(sql "SELECT countIf(NOT (${derived%% *} <=> CAST(($expr), '$type'))), count() FROM me.t$n")
  if [ -n "$wanted" ]; then
    expect_in "merges: $storage, $columns, $derived: refused" "$wanted" "$work/merged.$n"
    expect_in "merges: $storage, $columns, $derived: why" 'would be wrong after a merge of the' "$work/merged.$n"
    expect "merges: $storage, $columns, $derived: the engine" $'1\t1' "$wrong"
  else
    expect "merges: $storage, $columns, $derived: passes" '' "$(grep refused: "$work/merged.$n")"
    expect "merges: $storage, $columns, $derived: the engine" $'0\t1' "$wrong"
  fi
done <"$work/merges"
# Of a table that the same run makes; --allow-unsafe says it; so does new rules for a column that is there.
migration "$work/me2" 0001_makes <<'END'
CREATE TABLE me.made (id UInt32, k String) ENGINE = SummingMergeTree ORDER BY id;
ALTER TABLE me.made ADD COLUMN n UInt32 DEFAULT length(region_v1(k));
END
run 'merges: a pending table' 3 up -d "$work/me2"
expect_in 'merges: a pending table' 'me.made.n would be wrong after a merge of the SummingMergeTree: merges add up n itself' "$work/err"
run 'merges: all the same' 0 up -d "$work/me2" --allow-unsafe
expect_in 'merges: all the same' 'me.made.n is wrong after a merge' "$work/err"
run 'merges: new rules' 0 new v2 -d "$work/me2" --rederive me.made.n --to region_v2
run 'merges: new rules' 0 plan -d "$work/me2"
expect_in 'merges: new rules' 'hazard: me.made.n is wrong after a merge' "$work/out"

# --- a Buffer with the old DEFAULT would go on storing what the old rules give ------------------------
fresh bu
sql "CREATE TABLE bu.t (k String, region String DEFAULT region_v1(k)) ENGINE = MergeTree ORDER BY k"
sql "CREATE TABLE bu.b AS bu.t ENGINE = Buffer(bu, t, 1, 100, 100, 100, 100, 100000, 100000)"
sql "INSERT INTO bu.b (k) VALUES ('u1')"
run 'Buffer: new' 0 new v2 -d "$work/bu" --rederive bu.t.region --to region_v2
run 'Buffer: plan' 3 plan -d "$work/bu"
expect_in 'Buffer: plan' 'refused: bu.b (Buffer) is over this table, and its own DEFAULT of region stays the old one' "$work/out"
run 'Buffer: up' 3 up -d "$work/bu"
expect_in 'Buffer: the way' 'ALTER TABLE bu.b MODIFY COLUMN region DEFAULT' "$work/err"
expect 'Buffer: nothing is changed' 'region_v1(k)' "$(sql "SELECT default_expression FROM system.columns WHERE database = 'bu' AND table = 't' AND name = 'region'")"
sed -i 's/^-- migrate:up$/&\nALTER TABLE bu.b MODIFY COLUMN region DEFAULT region_v2(k);/' "$work/bu/0001_v2.sql"
run 'Buffer: both' 0 up -d "$work/bu"
sql "INSERT INTO bu.b (k) VALUES ('u3')"
sql 'OPTIMIZE TABLE bu.b'
expect 'Buffer: rows' $'u1\tus-west\nu3\tap-south' "$(sql 'SELECT k, region FROM bu.t ORDER BY k')"

# --- engines: every command that one does not take; one that nobody knows -----------------------------
sql "CREATE TABLE g.file (k String) ENGINE = File(TSV)"
sql "CREATE TABLE g.null (k String) ENGINE = Null"
sql "CREATE TABLE g.alias_of ENGINE = Alias(g, t)"
sql "CREATE TABLE g.pipe (k String) ENGINE = Executable('cat', TSV)"
n=0
# engine WORDS STATEMENT: refused with the words, and nothing before it is done.
engine() {
  n=$((n + 1))
  printf 'ALTER TABLE g.t ADD COLUMN e%s UInt8;\n%s;\n' "$n" "$2" | migration "$work/g/e$n" 0001_e
  run "engine: $2" 3 up -d "$work/g/e$n" --migrations-table g.m_e --allow-unsafe
  expect_in "engine: $2" "$1" "$work/err"
}
engine 'g.file is of the engine File, which accepts no ALTER of its columns' 'ALTER TABLE g.file ADD COLUMN z String'
engine 'g.file is of the engine File, which takes no RENAME COLUMN' 'ALTER TABLE g.file RENAME COLUMN k TO z'
engine 'g.file is of the engine File, which accepts no ALTER of its columns' 'ALTER TABLE g.file DROP COLUMN k'
engine 'g.pipe is of the engine Executable, which has no UPDATE' "ALTER TABLE g.pipe UPDATE k = '' WHERE 1"
engine 'g.null is of the engine Null, which takes no RENAME COLUMN' 'ALTER TABLE g.null RENAME COLUMN k TO z'
engine 'run it on the table that it passes rows to, g.t' 'ALTER TABLE g.alias_of MATERIALIZE COLUMN c_yes'
expect 'engines: nothing was done' 0 "$(sql "SELECT count() FROM system.columns WHERE database = 'g' AND table = 't' AND match(name, '^e[0-9]')")"
finish
