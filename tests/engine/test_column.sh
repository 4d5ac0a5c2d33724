#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The derived column: keys that are expressions, what is derived from a derived column, and what
# pending migrations will have made. Every count is compared with one SELECT that recomputes all.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

engine_functions "$work/engine"
scripts=$work/engine/user_scripts
printf 'prefix,region\nu1,us-west\nu2,eu-west\nu3,ap-south\n,unknown\n' >"$scripts/region_v2.csv"
printf 'prefix,region\nu4,moon\n,unknown\n' >"$scripts/region_v10.csv"
printf 'prefix,continent\nus,america\neu,europe\n,none\n' >"$scripts/continent_v1.csv"
printf 'from,to,band\n1000,1999,thousands\n' >"$scripts/band_v1.csv"
for f in region_v2 region_v10 continent_v1; do engine_function_like "$work/engine" "$f"; done
engine_function_like "$work/engine" band_v1 -e 's/<type>String/<type>UInt64/' -e 's/--argument String/--argument UInt64/'
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

# --- key expressions: each shape through every command ---------------------------------------------
# NAME TYPE EXIT-OF-RULES-DIFF EXPRESSION: a column each, of one table.
cat >"$work/shapes" <<'END'
plain LowCardinality(String) 0 region_v1(k)
lower LowCardinality(String) 0 region_v1(lower(k))
nested_calls String 0 region_v1(reverse(reverse(lower(ifNull(kn, '')))))
element LowCardinality(String) 0 region_v1(n.k[1])
tuple String 0 region_v1(tu.a)
map String 0 region_v1(m['x'])
json String 0 region_v1(toString(j.a.b))
alias String 0 region_v1(al)
concat String 0 region_v1(concat(lower(k), tu.a))
whole String 0 concat('r-', upper(region_v1(lower(k))))
twice String 0 if(region_v1(lower(k)) = 'unknown', 'other', region_v1(lower(k)))
odd_name String 0 region_v1(`odd name`)
like_its_function LowCardinality(String) 0 region_v1(region_v1)
fixed FixedString(12) 0 region_v1(lc)
other_column String 3 concat(region_v1(lower(k)), k)
two_calls String 3 concat(region_v1(lower(k)), region_v1(k))
a_text String 0 concat('region_v1(', region_v1(lower(k)), ')')
END
fresh s
sql "CREATE TABLE s.t (k String, kn Nullable(String), lc LowCardinality(String), n Nested(k String), tu Tuple(a String, b UInt8), m Map(String, String), j JSON, al String ALIAS lower(k), \`odd name\` String, region_v1 String, id UInt32) ENGINE = MergeTree ORDER BY id"
sql "INSERT INTO s.t (k, kn, lc, n.k, tu, m, j, \`odd name\`, region_v1, id) SELECT concat(if(number % 2, 'U', 'u'), toString(number % 5), '_', toString(number % 50)) AS k, if(number % 7 = 0, NULL, k), k, [lower(k), 'x'], (lower(k), 1), map('x', lower(k)), concat('{\"a\":{\"b\":\"', lower(k), '\"}}'), lower(k), lower(k), number FROM numbers(2000)"
while read -r name type _ expr; do
  printf 'ALTER TABLE s.t ADD COLUMN c_%s %s DEFAULT %s;\nALTER TABLE s.t MATERIALIZE COLUMN c_%s;\n' \
    "$name" "$type" "$expr" "$name"
done <"$work/shapes" >"$work/shapes.sql"
migration "$work/s" 0001_shapes <"$work/shapes.sql"
run 'shapes: plan' 0 plan -d "$work/s"
run 'shapes: up' 0 up -d "$work/s"
given=$(cut -d ' ' -f 1 "$work/shapes" | sed 's/^/, c_/' | tr -d '\n')
sql "INSERT INTO s.t (k, kn, id$given) SELECT 'u1', 'u1', number$(sed "s/.*/, 'given'/" "$work/shapes" | tr -d '\n') FROM numbers(10)"
default_of() { sql "SELECT default_expression FROM system.columns WHERE database = 's' AND table = 't' AND name = 'c_$1'"; }
# differs NAME TYPE EXPRESSION: rows that hold something else, by one SELECT.
differs() { sql "SELECT countIf(c_$1 != CAST(($3), '$2')) FROM s.t"; }
# with_v2 TEXT: its calls are of region_v2; the text 'region_v1(' is none.
with_v2() { sed -e "s/'region_v1(/@/g" -e 's/region_v1(/region_v2(/g' -e "s/@/'region_v1(/g" <<<"$1"; }
while read -r name type wanted expr; do
  new=$(with_v2 "$expr")
  should=$(sql "SELECT countIf(c_$name = CAST(($expr), '$type') AND c_$name != CAST(($new), '$type')) FROM s.t")
  expect "$name: there is something to count" 1 $((should > 100))
  run "$name: rules diff" "$wanted" rules diff "$scripts/region_v1.csv" "$scripts/region_v2.csv" --table "s.t.c_$name" --json
  [ "$wanted" != 0 ] || expect_in "$name: rules diff" "\"rows\":2010,\"would_change\":$should,\"already\":0,\"given\":10" "$work/out"
  run "$name: verify" 8 verify "s.t.c_$name" --full
  expect_in "$name: verify" "$(differs "$name" "$type" "$expr") rows of s.t.c_$name differ" "$work/err"
  default_of "$name" >"$work/default.$name"
  run "$name: new" 0 new "$name" -d "$work/s" --rederive "s.t.c_$name" --from region_v1 --to region_v2
done <"$work/shapes"
run 'verify against' 8 verify s.t.c_whole --full --against "upper(region_v2(k))" --json
expect_in 'verify against' "\"differ\":$(differs whole String 'upper(region_v2(k))')," "$work/out"
run 'shapes: re-derive' 8 up -d "$work/s" # of each there are rows that were given
while read -r name type _ expr; do
  expect "$name: nothing but the function has changed" "$(with_v2 "$(cat "$work/default.$name")")" "$(default_of "$name")"
  expect "$name: all rows but those that were given" 10 "$(differs "$name" "$type" "$(with_v2 "$expr")")"
done <"$work/shapes"
"$LIVECOL_BIN" doctor -d "$work/s" >"$work/out" 2>"$work/err"
expect_in 'shapes: doctor' 'region_v2(n.k[1]) answers: 1000 made-up rows and 1000 of s.t' "$work/out"
expect 'shapes: doctor fails none of them' 0 "$(grep -c '^fail.* s\.t\.' "$work/out")"

# --- new: an expression as a key, a plain name as one; MATERIALIZED ---------------------------------
fresh k
sql 'CREATE TABLE k.t (email Nullable(String), "odd name" String, id UInt32) ENGINE = MergeTree ORDER BY id'
sql "INSERT INTO k.t SELECT if(number % 3 = 0, NULL, concat('U', toString(number % 5))), concat('u', toString(number % 5)), number FROM numbers(1000)"
run 'new: a key' 0 new by_email -d "$work/k" --table k.t --column region --key "lower(ifNull(email, ''))" --function region_v1
expect_in 'new: a key' "DEFAULT region_v1(lower(ifNull(email, '')));" "$work/k/0001_by_email.sql"
run 'new: a name' 0 new by_name -d "$work/k" --table k.t --column named --key 'odd name' --function region_v1 --materialized
# shellcheck disable=SC2016 # they are ClickHouse's backticks
expect_in 'new: a name' 'MATERIALIZED region_v1(`odd name`) AFTER `odd name`;' "$work/k/0002_by_name.sql"
run 'both' 0 up -d "$work/k"
expect 'both: rows' 0 "$(sql "SELECT countIf(region != region_v1(lower(ifNull(email, ''))) OR named != region_v1(\"odd name\")) FROM k.t")"
sql "INSERT INTO k.t (email, \"odd name\", id) VALUES ('u1', 'u2', 5000)"
# A MATERIALIZED column is re-derived too, and region_v10 is not taken for region_v1.
run 'new: of MATERIALIZED' 0 new named_v10 -d "$work/k" --rederive k.t.named --to region_v10
run 'MATERIALIZED' 0 up -d "$work/k"
expect 'MATERIALIZED: rows' 0 "$(sql 'SELECT countIf(named != region_v10("odd name")) FROM k.t')"
run 'MATERIALIZED: back' 0 down -d "$work/k" --yes
expect 'MATERIALIZED: rows, back' 0 "$(sql 'SELECT countIf(named != region_v1("odd name")) FROM k.t')"
run 'new: already' 3 new again -d "$work/k2" --rederive k.t.named --to region_v1
expect_in 'new: already' 'calls region_v1 already' "$work/err"

# --- 0001 adds the column, 0002 derives from it, 0003 re-derives it: all of them pending -------------
fresh p
sql "CREATE TABLE p.t (k String, id UInt32) ENGINE = MergeTree ORDER BY id"
sql "INSERT INTO p.t SELECT concat('U', toString(number % 5)), number FROM numbers(1000)"
run 'pending: new 1' 0 new a -d "$work/p" --table p.t --column region --key 'lower(k)' --function region_v1
run 'pending: new 2' 0 new b -d "$work/p" --table p.t --column continent --key region --function continent_v1
run 'pending: new 3' 0 new c -d "$work/p" --rederive p.t.region --to region_v2
expect_in 'pending: new 3' 'DEFAULT region_v2(lower(k));' "$work/p/0003_c.sql"
run 'pending: plan' 0 plan -d "$work/p"
expect_in 'pending: plan' 'continent (continent_v1(region)) is derived from region and updated in the same mutation' "$work/out"
run 'pending: up' 0 up -d "$work/p"
expect 'pending: rows' $'0\t0' "$(sql 'SELECT countIf(region != region_v2(lower(k))), countIf(continent != continent_v1(region)) FROM p.t')"
# What the last of them needs is missing: nothing is changed by the first.
migration "$work/p2" 0001_add <<'END'
ALTER TABLE p.t ADD COLUMN tier String DEFAULT region_v1(k);
END
migration "$work/p2" 0002_new_rules <<'END'
ALTER TABLE p.t MODIFY COLUMN tier DEFAULT region_v2(k);
-- migrate:rederive
ALTER TABLE p.t UPDATE tier = region_v2(k) WHERE tier = region_v7(k) AND tier != region_v2(k);
END
run 'pending, and wrong' 3 up -d "$work/p2" --migrations-table p.other
expect_in 'pending, and wrong' 'looks for what region_v7 answers' "$work/err"
expect 'pending, and wrong: nothing is changed' 0 "$(sql "SELECT count() FROM system.columns WHERE database = 'p' AND name = 'tier'")"

# A table that the same run makes, with members of a Nested column and several columns in one ALTER.
fresh c
migration "$work/c" 0001_table <<'END'
CREATE TABLE c.t (id UInt32, n Nested(k String, v UInt8), region String DEFAULT region_v1(n.k[1])) ENGINE = MergeTree ORDER BY id;
ALTER TABLE c.t ADD COLUMN code String DEFAULT 'u1', ADD COLUMN r2 String DEFAULT region_v1(code), ADD COLUMN cont String DEFAULT continent_v1(r2);
ALTER TABLE c.t RENAME COLUMN code TO "co de";
END
for column in region r2; do
  run "a pending table: new $column" 0 new "$column" -d "$work/c" --rederive "c.t.$column" --to region_v2
done
# shellcheck disable=SC2016 # they are ClickHouse's backticks
expect_in 'a pending table: the new name' 'DEFAULT region_v2(`co de`);' "$work/c/0003_r2.sql"
run 'a pending table: plan' 0 plan -d "$work/c" --allow-unsafe
expect_in 'a pending table: plan' 'cont (continent_v1(r2)) is derived from r2 and updated in the same mutation' "$work/out"
run 'a pending table: up' 0 up -d "$work/c" --allow-unsafe
sql "INSERT INTO c.t (id, n.k, n.v) VALUES (1, ['u3'], [1])"
expect 'a pending table: a row' $'ap-south\tus-west\tamerica' "$(sql 'SELECT region, r2, cont FROM c.t')"

# --- what is derived from a derived column: two levels and more, under a reader ----------------------
fresh d
sql "CREATE TABLE d.t (k String, d Date, region LowCardinality(String) DEFAULT region_v1(lower(k)), continent String DEFAULT continent_v1(region), world String MATERIALIZED upper(continent), both String MATERIALIZED concat(world, '/', region), note String DEFAULT concat(both, '!'), shown String ALIAS concat(region, '?'), end String DEFAULT concat(shown, '.'), id UInt32, INDEX ix region TYPE set(0) GRANULARITY 1, PROJECTION pr (SELECT region, count() GROUP BY region)) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY id"
sql "INSERT INTO d.t (k, d, id) SELECT concat(if(number % 2, 'U', 'u'), toString(number % 5)), addMonths(toDate('2026-01-01'), number % 5), number FROM numbers(20000)"
sql "INSERT INTO d.t (k, d, continent, id) VALUES ('u1', '2026-01-01', 'given', 100000)"
sql "INSERT INTO d.t (k, d, region, id) VALUES ('u1', '2026-01-01', 'eu-given', 100001)"
run 'derived: new' 0 new v2 -d "$work/d" --rederive d.t.region --to region_v2
run 'derived: plan' 0 plan -d "$work/d"
for c in continent world both note end; do
  expect_in "derived: plan: $c" "       $c (" "$work/out"
done
"$LIVECOL_BIN" doctor -d "$work/d" >"$work/out" 2>&1
expect_in 'derived: doctor' 'd.t.region is what the column continent' "$work/out"
# Every row that a reader sees is of the one rule set or of the other, as a whole.
(
  while [ ! -e "$work/stop" ]; do
    sql "SELECT countIf(region NOT IN (region_v1(lower(k)), region_v2(lower(k)), 'eu-given')), countIf(continent NOT IN (continent_v1(region), 'given')), countIf(world != upper(continent)), countIf(both != concat(world, '/', region)), countIf(note != concat(both, '!')), countIf(end != concat(region, '?.')), count() >= 20002 FROM d.t"
  done
) >"$work/seen" &
reader=$!
# Next to it a writer, who gives no value: its rows are of the old rules, then of the new ones.
(
  id=200000
  while [ ! -e "$work/stop" ]; do
    sql "INSERT INTO d.t (k, d, id) SELECT concat(if(number % 2, 'U', 'u'), toString(number % 5)), addMonths(toDate('2026-01-01'), number % 5), $id + number FROM numbers(10)" || echo failed
    id=$((id + 10))
    echo "$id"
  done
) >"$work/written" &
writer=$!
more() { wait_until "$1 more lines of $2" at_least $(($(wc -l <"$2") + $1)) wc -l "$2"; }
more 1 "$work/seen"
more 2 "$work/written"
gate_close "$work/points" 'partition re-derived'
livecol=$hooks LIVECOL_TEST_GATE=$work/points up_start "$work/d"
gate_wait "$work/points" 'partition re-derived'
more 2 "$work/seen" # the second began behind the mutation
more 2 "$work/written"
gate_open "$work/points" 'partition re-derived'
up_end
touch "$work/stop"
wait "$reader" "$writer"
expect 'derived: the writer is never refused' 0 "$(grep -c -v '^[0-9]*$' "$work/written")"
expect 'derived: what was written is there' "$(($(tail -1 "$work/written") - 200000))" "$(sql 'SELECT count() FROM d.t WHERE id >= 200000')"
expect 'derived: exit, of the values that were given' 8 "$code"
expect 'derived: a reader saw nothing else' $'0\t0\t0\t0\t0\t0\t1' "$(sort -u "$work/seen")"
stale="SELECT countIf(region != region_v2(lower(k)) AND region != 'eu-given'), countIf(continent != continent_v1(region) AND continent != 'given'), countIf(world != upper(continent)), countIf(both != concat(world, '/', region)), countIf(note != concat(both, '!')), countIf(end != concat(region, '?.')) FROM d.t"
expect 'derived: rows' $'0\t0\t0\t0\t0\t0' "$(sql "$stale")"
expect 'derived: values that were given' $'given\teu-given' \
  "$(sql "SELECT anyIf(continent, id = 100000), anyIf(region, id = 100001) FROM d.t")"
expect 'derived: one mutation' 1 "$(sql "SELECT uniqExact(mutation_id) FROM system.mutations WHERE database = 'd'")"
expect 'derived: the index and the projection' "$(sql "SELECT count() FROM d.t WHERE region = 'us-west' SETTINGS use_skip_indexes = 0, optimize_use_projections = 0")" \
  "$(sql "SELECT count() FROM d.t WHERE region = 'us-west'")"

# Odd names, and every kind of type: more columns than a function takes arguments.
fresh w
sql "CREATE TABLE w.\`odd t\` (k String, \`reg ion\` LowCardinality(String) DEFAULT region_v1(k), a LowCardinality(Nullable(String)) DEFAULT nullIf(continent_v1(\`reg ion\`), 'none'), b Enum8('america' = 2, 'europe' = 1, 'none' = 3) DEFAULT continent_v1(\`reg ion\`), c FixedString(9) DEFAULT \`reg ion\`, f Float64 DEFAULT if(\`reg ion\` = 'us-west', nan, length(\`reg ion\`)), arr Array(String) DEFAULT arrayMap(x -> concat(x, \`reg ion\`), ['p', 'q']), n8 LowCardinality(UInt8) DEFAULT length(\`reg ion\`), tup Tuple(x String, y Nullable(UInt8)) DEFAULT (\`reg ion\`, nullIf(length(\`reg ion\`), 7)), lam String DEFAULT arrayStringConcat(arrayMap(\`reg ion\` -> upper(\`reg ion\`), [\`reg ion\`])), d2 String DEFAULT concat(toString(b), '/reg ion/', ifNull(a, '-'), c), id UInt32) ENGINE = MergeTree ORDER BY id SETTINGS allow_suspicious_low_cardinality_types = 1"
sql "INSERT INTO w.\`odd t\` (k, id) SELECT concat('u', toString(number % 5)), number FROM numbers(1000)"
# shellcheck disable=SC2016 # they are ClickHouse's backticks
run 'odd names: new' 0 new v2 -d "$work/w" --rederive 'w.`odd t`.`reg ion`' --to region_v2
run 'odd names: up' 0 up -d "$work/w"
expect 'odd names: up has verified each' 10 "$(grep -c '1000 rows: 0 differ from' "$work/err")"
expect 'odd names: rows' $'400\t0\t0\t0\t0' "$(sql "SELECT countIf(\`reg ion\` != region_v1(k)), countIf(\`reg ion\` != region_v2(k)), countIf(b != continent_v1(\`reg ion\`)), countIf(lam != upper(\`reg ion\`)), countIf(d2 != concat(toString(b), '/reg ion/', ifNull(a, '-'), c)) FROM w.\`odd t\`")"

# An UPDATE of the key, and of the column in the middle: what goes stale, in how many rows.
migration "$work/u" 0001_key <<'END'
ALTER TABLE d.t UPDATE k = 'u2' WHERE id < 100;
ALTER TABLE d.t UPDATE region = 'mars' WHERE id < 7;
UPDATE d.t SET region = 'mars' WHERE id < 3;
END
run 'UPDATE: plan' 0 plan -d "$work/u" --migrations-table d.other
expect_in 'UPDATE of a key' 'region (region_v2(lower(k))) is derived from k, keeps what it holds, and goes stale: 100 rows' "$work/out"
expect_in 'UPDATE of a key: the next' 'continent (continent_v1(region)) is derived from k, keeps what it holds, and goes stale: 100 rows' "$work/out"
expect_in 'UPDATE of a column' 'continent (continent_v1(region)) is derived from region, keeps what it holds, and goes stale: 7 rows' "$work/out"
expect_in 'a lightweight UPDATE' 'goes stale: 3 rows' "$work/out"
sql "ALTER TABLE d.t UPDATE region = 'us-mars' WHERE id < 7 SETTINGS mutations_sync = 2"
run 'stale: verify' 8 verify d.t.continent --full
expect_in 'stale: the way' 'livecol new NAME --rederive d.t.continent --recompute' "$work/err"
run 'stale: new' 0 new recompute -d "$work/u2" --migrations-table d.again --rederive d.t.continent --recompute
# The UPDATE has left note behind too; it follows continent no more, as if it had been given.
run 'stale: new, the next' 0 new recompute_note -d "$work/u2" --migrations-table d.again --rederive d.t.note --recompute
run 'stale: up' 8 up -d "$work/u2" --migrations-table d.again
expect_in 'stale: up' "d.t.note: $(sql 'SELECT count() FROM d.t') rows: 0 differ" "$work/err"
expect 'stale: rows' $'0\t0\t0' "$(sql "SELECT countIf(continent != continent_v1(region)), countIf(world != upper(continent)), countIf(note != concat(both, '!')) FROM d.t")"

# A view has taken the old values: named, and not gone on with by itself.
sql 'CREATE TABLE d.counts (region String, n UInt64) ENGINE = SummingMergeTree ORDER BY region'
sql 'CREATE MATERIALIZED VIEW d.mv TO d.counts AS SELECT region, count() AS n FROM d.t GROUP BY region'
run 'a view: new' 0 new back -d "$work/v" --rederive d.t.region --to region_v1
run 'a view: up' 3 up -d "$work/v" --migrations-table d.third
expect_in 'a view: up' 'the materialized view d.mv is derived from d.t.region' "$work/err"
expect 'a view: nothing is changed' 'region_v2(lower(k))' \
  "$(sql "SELECT default_expression FROM system.columns WHERE database = 'd' AND table = 't' AND name = 'region'")"
run 'a view, all the same' 8 up -d "$work/v" --migrations-table d.third --allow-unsafe
sql 'DROP TABLE d.mv'

# MODIFY DEFAULT while parts lack the column: those rows change at once.
fresh l
sql 'CREATE TABLE l.t (k String, id UInt32) ENGINE = MergeTree ORDER BY id'
sql "INSERT INTO l.t SELECT 'u1', number FROM numbers(40)"
sql 'ALTER TABLE l.t ADD COLUMN region String DEFAULT region_v1(k), ADD COLUMN continent String DEFAULT continent_v1(region)'
sql 'ALTER TABLE l.t MATERIALIZE COLUMN continent SETTINGS mutations_sync = 2'
migration "$work/l" 0001_modify <<'END'
ALTER TABLE l.t MODIFY COLUMN region DEFAULT region_v2(k);
END
run 'MODIFY DEFAULT: plan' 0 plan -d "$work/l"
expect_in 'MODIFY DEFAULT' '40 rows are in parts that do not store region: they read as the new DEFAULT says immediately' "$work/out"
expect_in 'MODIFY DEFAULT: the next' 'continent (continent_v1(region)) is derived from region, keeps what it holds, and goes stale: 40 rows' "$work/out"
up "$work/l"
said_good 'MODIFY DEFAULT: up'
expect_in 'MODIFY DEFAULT: up says it too' 'goes stale: 40 rows' "$work/err"

# --- no false alarms of the doctor ------------------------------------------------------------------
fresh q
sql 'CREATE TABLE q.t (n UInt64, e String EPHEMERAL, band String DEFAULT band_v1(n), r String DEFAULT region_v1(e)) ENGINE = MergeTree ORDER BY n'
sql 'INSERT INTO q.t (n) SELECT number FROM numbers(100)'
run 'doctor: rules without a default, an EPHEMERAL key' 0 doctor -d "$work/none" --migrations-table q.m
expect_in 'doctor: rules without a default' 'band_v1: loaded, and none of 1000 made-up keys matches a rule' "$work/out"
run 'verify: an EPHEMERAL key' 3 verify q.t.r
expect_in 'verify: an EPHEMERAL key' 'reads e, which is EPHEMERAL' "$work/err"
run 'verify: a function that is gone' 3 verify q.t.band --against 'region_v7(band)'
expect_in 'verify: a function that is gone' 'cannot be verified: Code: 46' "$work/err"
"$LIVECOL_BIN" doctor -d "$work/none" --migrations-table q.m >"$work/out" 2>"$work/err"
expect 'doctor: no alarm' 0 "$(grep -c -e '^[fw]a.* q\.t\.' -e 'return_name' "$work/out")"
finish
