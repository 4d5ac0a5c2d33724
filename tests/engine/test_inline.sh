#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol inline: a column without its function, and the rescue where the function is gone.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

engine_functions "$work/engine"
functions() {
  engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1
  export CLICKHOUSE_URL=$engine_url/$db
}
# The function's XML is taken away, and the engine opened anew.
lose_function() {
  mv "$work/engine/livecol_function.xml" "$work/lost.xml"
  engines_stop 2>/dev/null
  functions
}
find_function() {
  mv "$work/lost.xml" "$work/engine/livecol_function.xml"
  sql 'SYSTEM RELOAD FUNCTIONS'
}
# inline WHAT WANTED-EXIT [OPTION...]
inline() {
  local what=$1 wanted=$2
  shift 2
  "$LIVECOL_BIN" inline "$@" >"$work/out" 2>"$work/err" </dev/null
  ended "$what" "$wanted" $?
}
ended() { # WHAT WANTED-EXIT EXIT
  expect "$1: exit" "$2" "$3"
  [ "$3" = "$2" ] || cat "$work/out" "$work/err"
}
default_of() {
  sql "SELECT default_expression FROM system.columns WHERE database = '$db' AND table = '$1' AND name = '$2'"
}
rules=$LIVECOL_SOURCE/config/region.csv

db=default
functions
fresh i
sql "CREATE TABLE i.t (k String, n UInt32) ENGINE = MergeTree ORDER BY n"
sql "INSERT INTO i.t SELECT concat('u', toString(number % 5), '_', toString(number % 100)), number FROM numbers(10000)"
sql "ALTER TABLE i.t ADD COLUMN region LowCardinality(String) DEFAULT region_v1(k)"

# --- refused: not stored yet, other rules, too many, no rules at all ----------------------------
inline 'not stored' 3 t.region --rules "$rules"
expect_in 'not stored' '10000 rows of i.t do not store region yet' "$work/err"
"$LIVECOL_BIN" backfill t.region --quiet >"$work/out" 2>"$work/err" || fail "backfill: $(cat "$work/err")"
printf 'prefix,region\nu1,us-west\nu2,eu-west\n,unknown\n' >"$work/other.csv"
inline 'other rules' 3 t.region --rules "$work/other.csv"
expect_in 'other rules' 'region_v1 answers "us-east" for the key "u1"' "$work/err"
{
  cat "$rules"
  for n in 1 2 3 4 5 6 7 8; do printf "u1%0${n}d,us-east\n" 7; done
} >"$work/many.csv"
inline 'many lengths' 3 t.region --rules "$work/many.csv"
expect_in 'many lengths' 'have 9 lengths' "$work/err"
printf 'domain,region\na.com,a\nb.com,b\n' >"$work/domain.csv"
inline 'domains' 3 t.region --rules "$work/domain.csv"
inline 'no column' 3 t.k --rules "$rules"
inline 'two ways' 2 t.region --rules "$rules" --remove
inline 'no way' 2 t.region
expect 'refused: as it was' 'region_v1(k)' "$(default_of t region)"

# --- built-in expressions, and life without the function -----------------------------------------------------
inline 'dry run' 0 t.region --rules "$rules" --dry-run
expect 'dry run: as it was' 'region_v1(k)' "$(default_of t region)"
inline 'built in' 0 t.region --rules "$rules"
expect_in 'built in: compared' 'the same for every one of 100 distinct keys' "$work/err"
case $(default_of t region) in
  transform*) checks=$((checks + 1)) ;;
  *) fail "built in: $(default_of t region)" ;;
esac
inline 'built in: again' 3 t.region --rules "$work/other.csv"
# The same by a dictionary, with a key of several parts and with a pattern tree.
sql "CREATE TABLE i.source (k String, area String) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO i.source SELECT DISTINCT k, region FROM i.t"
sql "CREATE DICTIONARY i.areas (k String, area String) PRIMARY KEY k SOURCE(CLICKHOUSE(TABLE 'source' DB 'i')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)"
sql "CREATE TABLE i.d (k String, region String DEFAULT region_v1(k), area String DEFAULT region_v1(k)) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO i.d (k) SELECT DISTINCT k FROM i.t"
inline 'dictionary: no such attribute' 3 d.region --dictionary areas
expect_in 'dictionary: no such attribute' "no attribute 'region'" "$work/err"
inline 'dictionary' 0 d.region --dictionary areas --attribute area
inline 'dictionary of its name' 0 d.area --dictionary i.areas --json
expect_in 'dictionary: object' '"event":"send"' "$work/out"
inline 'no dictionary' 3 d.region --dictionary nothing --attribute area
# No DEFAULT at all.
sql "CREATE TABLE i.r (k String, n UInt32 MATERIALIZED length(region_v1(k)), region String DEFAULT region_v1(k)) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO i.r (k) VALUES ('u1')"
inline 'remove' 0 r.region --remove
inline 'remove: MATERIALIZED' 0 r.n --remove

# Other than the function for keys that the table does not have yet: a miss of a function that knows no
# NULL, in a column that does; a value with a zero byte.
printf 'exact,v\na,A\nb,B\n' >"$work/engine/user_scripts/exact_v1.csv"
engine_function_like "$work/engine" exact_v1 -e 's/LowCardinality(String)/String/g'
printf 'prefix,v\nu1,"a\0b"\n,x\n' >"$work/engine/user_scripts/zero_v1.csv"
engine_function_like "$work/engine" zero_v1 -e 's/LowCardinality(String)/String/g'
sql 'SYSTEM RELOAD FUNCTIONS'
sql "CREATE TABLE i.n (k String, v Nullable(String) DEFAULT exact_v1(k), z String DEFAULT zero_v1(k)) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO i.n (k) VALUES ('a')"
inline 'a miss' 0 n.v --rules "$work/engine/user_scripts/exact_v1.csv"
inline 'a zero byte' 0 n.z --rules "$work/engine/user_scripts/zero_v1.csv"
sql "INSERT INTO i.n (k) VALUES ('u1'), ('zz')"
expect 'answers of keys to come' $'a\tA\t78\nu1\t\t610062\nzz\t\t78' "$(sql 'SELECT k, v, hex(z) FROM i.n ORDER BY k')"
# A label of an Enum that looks like a type.
printf 'prefix,s\nu1,Internal\nu2,External\n' >"$work/engine/user_scripts/label_v1.csv"
engine_function_like "$work/engine" label_v1 -e "s/LowCardinality(String)/Enum8('Internal'=1,'External'=2,''=3)/g"
sql 'SYSTEM RELOAD FUNCTIONS'
sql "CREATE TABLE i.label (k String, s String DEFAULT label_v1(k)) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO i.label (k) VALUES ('u1')"
printf 'prefix,s\nu1,External\nu2,Internal\n' >"$work/swapped.csv"
inline 'a label, other rules' 3 label.s --rules "$work/swapped.csv"
inline 'a label' 0 label.s --rules "$work/engine/user_scripts/label_v1.csv"
sql "INSERT INTO i.label (k) VALUES ('zz')"
expect 'a label' $'u1\tInternal\nzz\t' "$(sql 'SELECT k, s FROM i.label ORDER BY k')"
# Keys of other types: those are compared that such a column can hold.
printf 'range_from,range_to,v\n10,255,a\n300,4294967295,b\n' >"$work/engine/user_scripts/num_v1.csv"
engine_function_like "$work/engine" num_v1 -e 's/LowCardinality(String)/String/g; s/<type>String/<type>UInt64/'
printf 'prefix,code\n1,7\n20,008\n' >"$work/engine/user_scripts/code_v1.csv"
engine_function_like "$work/engine" code_v1 -e 's/LowCardinality(String)/UInt16/g'
sql 'SYSTEM RELOAD FUNCTIONS'
sql "CREATE TABLE i.types (small UInt8, f FixedString(4), i Int64, e Enum8('a1' = 1), r1 UInt16 DEFAULT code_v1(small), r2 UInt16 DEFAULT code_v1(f), r3 UInt16 DEFAULT code_v1(i), r4 UInt16 DEFAULT code_v1(e)) ENGINE = MergeTree ORDER BY small"
sql "INSERT INTO i.types (small, f, i, e) VALUES (20, '1', -5, 'a1'), (1, '20', 100, 'a1')"
for n in 1 2 3 4; do
  inline "keys of other types, $n" 0 types.r$n --rules "$work/engine/user_scripts/code_v1.csv" --attribute code --dry-run
done
expect_in 'an enum is not made up' 'keys of the type Enum8(' "$work/err"
# What another run changes meanwhile is looked at once its lock is free.
sql "CREATE TABLE i.late (k String, region String DEFAULT region_v1(k)) ENGINE = MergeTree ORDER BY k"
migration "$work/late" 0001_slow <<<'ALTER TABLE late MODIFY COLUMN region String DEFAULT upper(k);'
gate_close "$work/gate" 'before the send'
LIVECOL_TEST_GATE=$work/gate "$hooks" up -d "$work/late" --allow-unsafe --quiet >"$work/late.out" 2>&1 </dev/null &
late=$!
gate_wait "$work/gate" 'before the send'
: >"$work/err"
"$LIVECOL_BIN" inline late.region --rules "$rules" >"$work/out" 2>"$work/err" </dev/null &
pid=$!
wait_until 'inline waiting for the lock' says "$work/err" 'waiting for livecol up'
gate_open "$work/gate" 'before the send'
wait "$late" || fail "changed meanwhile: $(cat "$work/late.out")"
wait "$pid"
ended 'changed meanwhile' 3 $?
expect 'changed meanwhile: as it was' 'upper(k)' "$(default_of late region)"

lose_function
sql "INSERT INTO i.t (k, n) VALUES ('u1_x', 1), ('u9_x', 2)" || fail 'an INSERT needs the function still'
expect 'without the function: multiIf' $'us-east\nunknown' \
  "$(sql "SELECT region FROM i.t WHERE k IN ('u1_x', 'u9_x') ORDER BY n")"
sql "INSERT INTO i.d (k) VALUES ('u1_1')" || fail 'an INSERT needs the function still (dictionary)'
expect 'without the function: dictionary' $'us-east\tus-east' \
  "$(sql "SELECT DISTINCT region, area FROM i.d WHERE k = 'u1_1'")"
sql "INSERT INTO i.r (k) VALUES ('u2')" || fail 'an INSERT needs the function still (none)'
expect 'without the function: none' $'u1\tus-east\nu2\t' "$(sql 'SELECT k, region FROM i.r ORDER BY k')"
sql 'ALTER TABLE i.t ADD COLUMN more String' || fail 'an ALTER needs the function still'
sql 'OPTIMIZE TABLE i.t FINAL' || fail 'a merge needs the function still'

# --- the rescue ---------------------------------------------------------------------------------
find_function
fresh s
sql "CREATE TABLE s.a (k String, r1 String DEFAULT region_v1(k), r2 Nullable(String) DEFAULT region_v1(k), upper String DEFAULT upper(k), m String MATERIALIZED region_v1(k), v String ALIAS region_v1(k)) ENGINE = MergeTree ORDER BY k"
sql "CREATE TABLE s.b (k String, region LowCardinality(String) DEFAULT region_v1(k)) ENGINE = MergeTree ORDER BY k"
sql "CREATE TABLE s.c (k String, l UInt8 DEFAULT (length(k)) IN (1, 2)) ENGINE = MergeTree ORDER BY k"
sql "CREATE TABLE s.b_buffer (k String, region LowCardinality(String) DEFAULT region_v1(k)) ENGINE = Buffer('s', 'b', 1, 100, 100, 1000, 1000, 100000, 100000)"
sql "CREATE TABLE s.aa_log (k String, region String DEFAULT region_v1(k)) ENGINE = Log"
sql "CREATE TABLE s.aa_more (k String, r String DEFAULT concat(region_v1(k), region_v1(upper(k)))) ENGINE = MergeTree ORDER BY k"
sql "CREATE TABLE s.seen (r String) ENGINE = MergeTree ORDER BY r"
sql "CREATE MATERIALIZED VIEW s.view TO s.seen AS SELECT region_v1(k) AS r FROM s.c"
sql "INSERT INTO s.a (k) VALUES ('u1'), ('u2'), ('u3')"
sql "INSERT INTO s.b (k) VALUES ('u1')"
inline 'rescue: nothing is gone' 3 --rescue region_v1
lose_function
sql "INSERT INTO s.a (k) VALUES ('u4')" >/dev/null && fail 'an INSERT works without the function: no test'
sql 'ALTER TABLE s.a DROP COLUMN r1' >/dev/null && fail 'an ALTER works without the function: no test'
inline 'rescue: an ALIAS is stored nowhere' 3 --rescue region_v1
expect_in 'rescue: ALIAS' 's.a.v (ALIAS) is stored nowhere' "$work/err"
inline 'rescue: dry run' 1 --rescue region_v1 --rules "$rules" --attribute region --dry-run
expect 'rescue: one ALTER a table' 4 "$(grep -c '^ALTER TABLE' "$work/out")"
expect 'rescue: dry run: as it was' 'region_v1(k)' "$(default_of b region)"
inline 'rescue by rules' 1 --rescue region_v1 --rules "$rules" --attribute region
expect_in 'rescue by rules' 'freed 6 columns of 3 tables' "$work/err"
expect_in 'rescue: the view is named' 's.view (MaterializedView) calls region_v1 too' "$work/err"
expect_in 'rescue: one that the server cannot change' 's.aa_log is not freed: Code: 48' "$work/err"
expect_in 'rescue: one that rules cannot make' 's.aa_more is not freed' "$work/err"
sql 'DROP TABLE s.aa_log'
inline 'rescue: the rest without rules' 0 --rescue region_v1
expect_in 'rescue: the rest without rules' 'freed 1 column of 1 table' "$work/err"
sql "INSERT INTO s.b_buffer (k) VALUES ('u1_buffered')" && sql 'OPTIMIZE TABLE s.b_buffer'
expect 'rescue: through the Buffer' 'us-east' "$(sql "SELECT region FROM s.b WHERE k = 'u1_buffered'")"
inline 'rescue: nothing depends' 3 --rescue no_such_function
expect 'rescue: others are left alone' 'upper(k)' "$(default_of a upper)"
sql "INSERT INTO s.a (k) VALUES ('u4'), ('u1_x')" || fail 'rescue: an INSERT fails still'
sql "INSERT INTO s.b (k) VALUES ('u2')" || fail 'rescue: an INSERT fails still'
expect 'rescue: what rows hold' $'u1\tus-east\tus-east\tus-east\tus-east\nu1_x\tus-east\tus-east\tus-east\tus-east\nu4\tunknown\tunknown\tunknown\tunknown' \
  "$(sql "SELECT k, r1, r2, m, v FROM s.a WHERE k IN ('u1', 'u1_x', 'u4') ORDER BY k")"

# Two functions are gone: one ALTER frees the columns of both, or none would.
find_function
cp "$work/engine/user_scripts/region_v1.csv" "$work/engine/user_scripts/region_v2.csv"
fresh w
engine_function_like "$work/engine" region_v2
sql 'SYSTEM RELOAD FUNCTIONS'
sql "CREATE TABLE w.t (k String, r1 String DEFAULT region_v1(k), r2 String DEFAULT region_v2(k)) ENGINE = MergeTree ORDER BY k"
sql "CREATE TABLE w.buffer (k String, r1 String DEFAULT region_v1(k), r2 String) ENGINE = Buffer('w', 't', 1, 1, 1, 1, 1, 1, 1)"
rm "$work/engine/region_v2_function.xml"
lose_function
inline 'rescue: two functions' 0 --rescue region_v1
expect_in 'rescue: two functions' 'w.t.r2 depends on another function that is not there' "$work/err"
expect_in 'rescue: a Buffer' 'freed 3 columns of 2 tables' "$work/err"
sql "INSERT INTO w.t (k) VALUES ('u4')" || fail 'rescue of two: an INSERT fails still'

# Without rules: what is stored stays, the rest is asked for.
find_function
fresh g
sql "CREATE TABLE g.a (k String, r String DEFAULT region_v1(k)) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO g.a (k) VALUES ('u1')"
sql "CREATE TABLE g.b (k String) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO g.b VALUES ('u1')"
sql 'ALTER TABLE g.b ADD COLUMN r String DEFAULT region_v1(k)'
lose_function
inline 'rescue: rows that are not stored' 3 --rescue region_v1
expect_in 'rescue: rows that are not stored' '1 row of g.b does not store r' "$work/err"
inline 'rescue --force' 0 --rescue region_v1 --force
expect_in 'rescue --force: says so' 'g.b.r now reads as empty in rows that do not store it' "$work/err"
expect 'rescue --force' $'us-east\t' "$(sql 'SELECT a.r, b.r FROM g.a AS a, g.b AS b')"
sql "INSERT INTO g.a (k) VALUES ('u2')" || fail 'rescue --force: an INSERT fails still'
finish
