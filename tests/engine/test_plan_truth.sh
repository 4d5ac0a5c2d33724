#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What plan says of a migration is what becomes of it: where the tables tell that the server would refuse a
# statement, plan and up end with 3 and nothing is changed; what the server takes they let through. The
# server itself is the judge: each statement is sent to it as well.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
engine_start_chdb "$work/engine" || exit 1

# tables DATABASE: what the statements are about.
tables() {
  sql "CREATE TABLE $1.t (k String, a UInt8, d String DEFAULT upper(k), n Nested(x UInt8, y String), p Date,
    al UInt8 ALIAS a + 1) ENGINE = MergeTree PARTITION BY toYYYYMM(p) ORDER BY k"
  sql "CREATE TABLE $1.r (k UInt64, v UInt32, s Int8, w UInt8) ENGINE = ReplacingMergeTree(v) ORDER BY cityHash64(k)"
  sql "CREATE TABLE $1.m (k UInt64, q UInt8) ENGINE = Memory"
  sql "CREATE TABLE $1.ix (k UInt64, a UInt8, b String, c String, d Date, f UInt8, INDEX ia (a) TYPE minmax,
    PROJECTION pb (SELECT b, count() GROUP BY b), CONSTRAINT cc CHECK c != 'x')
    ENGINE = MergeTree ORDER BY k TTL d + INTERVAL 50 YEAR"
  sql "CREATE VIEW $1.vw AS SELECT k FROM $1.t"
  sql "CREATE DICTIONARY $1.dic (id UInt64, n String) PRIMARY KEY id SOURCE(NULL()) LAYOUT(FLAT()) LIFETIME(0)"
}

# sent DATABASE STATEMENTS: what the server says of the last of them, sent one by one: 0 or 1.
sent() {
  local statement code=0
  while IFS= read -r statement; do
    engine_sql_in "$1" "$statement" >/dev/null && code=0 || code=1
  done <<<"${2//; /$'\n'}"
  return $code
}

# engine_sql_in DATABASE STATEMENT
engine_sql_in() {
  [ "$(curl -s --noproxy '*' -o "$work/said" -w '%{http_code}' "$engine_url/?database=$1" --data-binary "$2")" = 200 ]
}

# --- refused --------------------------------------------------------------------------------------
# A `*`: the server takes it, and up finds afterwards that the column is another one.
fresh refused
tables refused
sql 'CREATE DATABASE elsewhere' && sql 'CREATE TABLE elsewhere.o (k String, z UInt8) ENGINE = MergeTree ORDER BY k'
before=$(schema)
number=0
while IFS='|' read -r statements message; do
  number=$((number + 1))
  rm -rf "$work/refused"
  taken=0
  if [ "${statements#\* }" != "$statements" ]; then
    statements=${statements#\* } taken=1
  fi
  migration "$work/refused" 0001_m <<<"${statements//; /$';\n'}"
  run "plan: $statements" 3 plan -d "$work/refused" --allow-unsafe
  expect_in "plan: $statements" "$message" "$work/out"
  up "$work/refused" --allow-unsafe
  expect "up: $statements" 3 "$code"
  expect_in "up: $statements" "$message" "$work/err"
  if [ $taken = 0 ]; then
    case $statements in
      *'; '* | 'DROP TABLE m,'* | 'RENAME TABLE m TO m2,'* | *'TO w2, MATERIALIZE'*) # its first part is done
        sql 'DROP DATABASE IF EXISTS truth' && sql 'CREATE DATABASE truth'
        tables truth
        sent truth "$statements" && fail "the server takes: $statements"
        ;;
      *) sent refused "$statements" && fail "the server takes: $statements" ;;
    esac
  fi
done <<'END'
ALTER TABLE t ADD COLUMN a String|has the column a already, of type UInt8
ALTER TABLE `t` ADD COLUMN `a` UInt8|has the column a already
* ALTER TABLE t ADD COLUMN IF NOT EXISTS a String|has the type UInt8, and the statement says String
* ALTER TABLE t ADD COLUMN IF NOT EXISTS d String DEFAULT lower(k)|has the default DEFAULT upper(k)
* ALTER TABLE t ADD COLUMN b UInt8; ALTER TABLE t ADD COLUMN IF NOT EXISTS b String|has the type UInt8, and the statement says String
* ALTER TABLE t ADD COLUMN b UInt8 DEFAULT 1; ALTER TABLE t ADD COLUMN IF NOT EXISTS b UInt8|has the default DEFAULT 1
* ALTER TABLE t MODIFY COLUMN a INT; ALTER TABLE t ADD COLUMN IF NOT EXISTS a UInt8|has the type Int32, and the statement says UInt8
ALTER TABLE nosuch ADD COLUMN a String|there is no table refused.nosuch
ALTER TABLE elsewhere.o ADD COLUMN z UInt8|elsewhere.o has the column z already
ALTER TABLE t MODIFY COLUMN kk String|t has no column kk
ALTER TABLE t DROP COLUMN kk|t has no column kk
ALTER TABLE t CLEAR COLUMN kk|t has no column kk
ALTER TABLE t RENAME COLUMN kk TO c|t has no column kk
ALTER TABLE t COMMENT COLUMN kk 'x'|t has no column kk
ALTER TABLE t ADD COLUMN b UInt8 AFTER kk|t has no column kk
ALTER TABLE t RENAME COLUMN a TO d|has a column d already
ALTER TABLE t RENAME COLUMN a TO a2; ALTER TABLE t DROP COLUMN a|t has no column a
ALTER TABLE t ADD COLUMN b UInt8; ALTER TABLE t ADD COLUMN b UInt8|has the column b already
ALTER TABLE t ADD COLUMN b UInt8, ADD COLUMN b UInt8|has the column b already
ALTER TABLE r RENAME COLUMN w TO w2, MODIFY COLUMN w UInt16|r has no column w
ALTER TABLE t ADD COLUMN b String DEFAULT upper(kk)|reads what refused.t does not have
ALTER TABLE t UPDATE kk = 1 WHERE 1|UPDATE: refused.t has no column kk
ALTER TABLE t UPDATE a = 1 WHERE kk = 1|reads what refused.t does not have
ALTER TABLE t DELETE WHERE kk = 1|reads what refused.t does not have
ALTER TABLE t UPDATE k = 'x' WHERE 1|is part of a key
ALTER TABLE t DROP COLUMN a|al of refused.t is computed from a
ALTER TABLE r DROP COLUMN k|is made of k
ALTER TABLE r RENAME COLUMN v TO v2|is made of v
ALTER TABLE t MODIFY COLUMN k UInt8|is made of k
ALTER TABLE t MODIFY COLUMN a REMOVE DEFAULT|has no expression
ALTER TABLE t ADD COLUMN n UInt8|has the column n.x already
ALTER TABLE t COMMENT COLUMN n 'x'|t has no column n
ALTER TABLE t DROP COLUMN n; ALTER TABLE t DROP COLUMN n.x|t has no column n.x
ALTER TABLE ix DROP COLUMN a|the index ia of refused.ix is made of a
ALTER TABLE ix DROP COLUMN b|the projection pb of refused.ix is made of b
ALTER TABLE ix DROP COLUMN c|the constraint cc of refused.ix is made of c
ALTER TABLE ix DROP COLUMN d|the TTL of refused.ix is made of d
ALTER TABLE ix RENAME COLUMN b TO b2|the projection pb of refused.ix is made of b
ALTER TABLE ix ADD INDEX x f TYPE minmax, DROP COLUMN f|the index x of refused.ix is made of f
ALTER TABLE ix RENAME COLUMN a TO a2; ALTER TABLE ix DROP COLUMN a2|the index ia of refused.ix is made of a2
ALTER TABLE ix ADD INDEX ia f TYPE minmax|ix has the index ia
ALTER TABLE ix DROP PROJECTION nosuch|ix has no projection nosuch
ALTER TABLE ix DROP CONSTRAINT cc; ALTER TABLE ix DROP CONSTRAINT cc|ix has no constraint cc
CREATE TABLE n (k UInt8, a UInt8, INDEX x a TYPE minmax) ENGINE = MergeTree ORDER BY k; ALTER TABLE n DROP COLUMN a|the index x of refused.n is made of a
ALTER TABLE r MODIFY COLUMN w UInt16, DROP COLUMN w|the same ALTER changes w before
ALTER TABLE r CLEAR COLUMN w, DROP COLUMN w|the same ALTER changes w before
* ALTER TABLE r UPDATE w = 1 WHERE 1, DROP COLUMN w|the same ALTER changes w before
ALTER TABLE r MODIFY COLUMN IF EXISTS w UInt16, RENAME COLUMN IF EXISTS w TO w2|the server does one of the two
ALTER TABLE r ADD COLUMN q UInt8, MODIFY COLUMN q UInt16, RENAME COLUMN q TO q2|the server does one of the two
ALTER TABLE r ADD COLUMN q UInt8, RENAME COLUMN q TO q2, MODIFY COLUMN q2 UInt16|the server does one of the two
ALTER TABLE r RENAME COLUMN w TO w2, MATERIALIZE COLUMN w2|the column will have no DEFAULT then
ALTER TABLE r ADD COLUMN q UInt8 DEFAULT 2, MODIFY COLUMN q REMOVE DEFAULT|has no expression
ALTER TABLE r MODIFY COLUMN w DEFAULT 3, MODIFY COLUMN w REMOVE DEFAULT|has no expression
DROP TABLE dic|DROP DICTIONARY drops it
TRUNCATE TABLE vw|which takes no such statement
INSERT INTO vw SELECT 'x'|which takes no such statement
OPTIMIZE TABLE m|which takes no such statement
INSERT INTO t (k) SELECT nosuch FROM t|the query names what is not there
INSERT INTO t (k) WITH 1 AS one SELECT x.k FROM t AS x WHERE x.nosuch|the query names what is not there
INSERT INTO t (k) SELECT nosuchfunc(k) FROM t|the query names what is not there
SELECT k FROM t WHERE nosuch|the query names what is not there
CREATE VIEW v2 AS SELECT k FROM t ORDER BY nosuch|the query names what is not there
CREATE TABLE n ENGINE = MergeTree ORDER BY k AS SELECT k, nosuch FROM t|the query names what is not there
ALTER TABLE t ADD COLUMN w UInt8; CREATE VIEW v2 AS SELECT k, w, w2 FROM t|the query names what is not there
ALTER TABLE r DROP COLUMN w; CREATE VIEW v2 AS SELECT w FROM r|the query names what is not there
CREATE TABLE n (k UInt8) ENGINE = MergeTree ORDER BY (k, nosuch)|reads what refused.n does not have
CREATE TABLE n (k UInt8) ENGINE = MergeTree PARTITION BY nosuch ORDER BY k|reads what refused.n does not have
CREATE TABLE n (k UInt8) ENGINE = MergeTree ORDER BY k TTL nosuch + INTERVAL 1 DAY|reads what refused.n does not have
CREATE TABLE n (k UInt8, INDEX i nosuch TYPE minmax) ENGINE = MergeTree ORDER BY k|reads what refused.n does not have
CREATE TABLE n (k UInt8) ENGINE = SummingMergeTree((k, nosuch)) ORDER BY k|refused.n has no such column
CREATE TABLE n (k NoSuchType) ENGINE = MergeTree ORDER BY k|the server has no type NoSuchType
ALTER TABLE t ADD COLUMN b NoSuchType|the server has no type NoSuchType
CREATE TABLE n (k UInt8) ENGINE = NoSuchEngine ORDER BY k|the server has no engine NoSuchEngine
CREATE TABLE n (k UInt8) ENGINE = mergetree ORDER BY k|the server has no engine mergetree
CREATE TABLE n ENGINE = MergeTre ORDER BY k AS SELECT k FROM t|the server has no engine MergeTre
CREATE TABLE n (k UInt8) ENGINE = MergeTree(k) ORDER BY k|the engine MergeTree takes 0 arguments, not 1
CREATE TABLE n (k UInt8, v UInt8) ENGINE = ReplacingMergeTree(k, v, v) ORDER BY k|the engine ReplacingMergeTree takes at most 2 arguments
CREATE TABLE n (k UInt8, v UInt8) ENGINE = CollapsingMergeTree ORDER BY k|the engine CollapsingMergeTree takes 1 argument, not 0
CREATE TABLE n (k UInt8) ENGINE = Memory(1)|the engine Memory takes 0 arguments, not 1
CREATE TABLE n (k UInt8) ENGINE = Memory ORDER BY k|the engine Memory takes no keys
CREATE TABLE n (k UInt8, d Date) ENGINE = Log TTL d + INTERVAL 1 DAY|the engine Log takes no TTL
CREATE TABLE n (k UInt8, INDEX i k TYPE minmax) ENGINE = Log|the engine Log takes no indexes
CREATE TABLE n (k UInt8, s UInt8) ENGINE = CollapsingMergeTree(s) ORDER BY k|s is the sign column
CREATE TABLE n (k UInt8, v String) ENGINE = ReplacingMergeTree(v) ORDER BY k|v is the version column
CREATE TABLE n (k UInt8, v UInt8, d Int8) ENGINE = ReplacingMergeTree(v, d) ORDER BY k|d is the is_deleted column
CREATE TABLE n (k UInt8) ENGINE = MergeTree ORDER BY k SETTINGS nosuch_setting = 1|the server has no setting nosuch_setting of a MergeTree
CREATE TABLE n (k UInt8) ENGINE = MergeTree ORDER BY k SETTINGS index_granularity = 1024, indx = 1|the server has no setting indx
ALTER TABLE t MODIFY SETTING nosuch_setting = 1|the server has no setting nosuch_setting of a MergeTree
ALTER TABLE t RESET SETTING parts_to_throw_insert, nosuch_setting|the server has no setting nosuch_setting of a MergeTree
CREATE TABLE n (k Nullable(UInt8)) ENGINE = MergeTree ORDER BY k|SETTINGS allow_nullable_key = 1 allows it
CREATE TABLE n (k UInt8, b LowCardinality(Nullable(String))) ENGINE = MergeTree ORDER BY (k, b)|SETTINGS allow_nullable_key = 1 allows it
CREATE TABLE n (k UInt8, f Float32) ENGINE = MergeTree PARTITION BY f ORDER BY k|SETTINGS allow_floating_point_partition_key = 1 allows it
CREATE TABLE n (k UInt8) ENGINE = MergeTree ORDER BY (k, 1)|is made of a constant, 1
CREATE TABLE n (k UInt8) ENGINE = MergeTree ORDER BY nosuchfn(k)|the server cannot compute nosuchfn(k)
CREATE TABLE n (k String) ENGINE = MergeTree ORDER BY toDate(k, 1, 2, 3)|the server cannot compute toDate
CREATE TABLE n (k UInt8, d Date) ENGINE = MergeTree ORDER BY k TTL k|TTL k is UInt8, and no date or time
CREATE TABLE n (k UInt8, d Date) ENGINE = MergeTree ORDER BY k TTL k + INTERVAL 1 DAY|the server cannot compute k + toIntervalDay(1)
CREATE TABLE n (k UInt8, b UInt8 TTL k) ENGINE = MergeTree ORDER BY k|TTL k is UInt8, and no date or time
ALTER TABLE t MODIFY TTL k|TTL k is String, and no date or time
ALTER TABLE t ADD COLUMN b UInt8 TTL a|TTL a is UInt8, and no date or time
ALTER TABLE t MODIFY COLUMN a UInt8 TTL k|TTL k is String, and no date or time
CREATE TABLE n (k UInt8, INDEX i k TYPE nosuch) ENGINE = MergeTree ORDER BY k|the server has no type of index nosuch
ALTER TABLE t ADD INDEX i a TYPE nosuch|the server has no type of index nosuch
ALTER TABLE t ADD INDEX i nosuchfn(a) TYPE minmax|the server cannot compute nosuchfn(a)
CREATE TABLE n (k UInt8 CODEC(NoSuch)) ENGINE = MergeTree ORDER BY k|Unknown codec family: NoSuch
CREATE TABLE n (k String, b String CODEC(Delta)) ENGINE = MergeTree ORDER BY k|Codec Delta is not applicable
ALTER TABLE t ADD COLUMN b UInt8 CODEC(ZSTD(99))|ZSTD codec can't have level more than 22
ALTER TABLE t MODIFY COLUMN d CODEC(DoubleDelta)|Codec DoubleDelta is not applicable
CREATE TABLE n (k Decimal(99, 2)) ENGINE = MergeTree ORDER BY k|Wrong precision
CREATE TABLE n (k LowCardinality(UInt8)) ENGINE = MergeTree ORDER BY k|prohibited by default
ALTER TABLE t ADD COLUMN b Nullable(Array(UInt8))|cannot be inside Nullable type
ALTER TABLE t ADD COLUMN b AggregateFunction(nosuch, UInt8)|Unknown aggregate function nosuch
ALTER TABLE t UPDATE a = nosuchfn(a) WHERE 1|the server cannot compute nosuchfn(a)
ALTER TABLE t UPDATE a = 1 WHERE nosuchfn(a)|the server cannot compute nosuchfn(a)
ALTER TABLE t UPDATE a = toUInt8(k, 2, 3, 4) WHERE 1|the server cannot compute toUInt8
ALTER TABLE t DELETE WHERE nosuchfn(a) = 1|the server cannot compute nosuchfn(a) = 1
DELETE FROM t WHERE nosuchfn(a) = 1|the server cannot compute nosuchfn(a) = 1
CREATE TABLE t (a UInt8) ENGINE = Memory|the table refused.t is there already
CREATE VIEW t AS SELECT 1|the table refused.t is there already
CREATE TABLE nodb.t (a UInt8) ENGINE = Memory|there is no database nodb
CREATE TABLE s AS nosuch|there is no table refused.nosuch
CREATE TABLE s AS r; ALTER TABLE s DROP COLUMN q|s has no column q
CREATE TABLE s (k UInt8) ENGINE = Memory; DROP TABLE s; INSERT INTO s VALUES (1)|there is no table refused.s
CREATE OR REPLACE TABLE m (x UInt8) ENGINE = MergeTree ORDER BY x; ALTER TABLE m DROP COLUMN q|m has no column q
CREATE VIEW v2 AS SELECT k FROM nosuch|there is no table refused.nosuch
DROP TABLE m; ALTER TABLE m ADD COLUMN x UInt8|there is no table refused.m
DROP TABLE m, nosuch|there is no table refused.nosuch
DROP VIEW t|is no view
DROP DICTIONARY nosuch|there is no table refused.nosuch
DROP DATABASE nodb|there is no database nodb
RENAME TABLE m TO m2; ALTER TABLE m ADD COLUMN z UInt8|there is no table refused.m
RENAME TABLE m TO m2; ALTER TABLE m2 DROP COLUMN nosuch|m2 has no column nosuch
RENAME TABLE m TO m2, r TO m; ALTER TABLE m DROP COLUMN q|m has no column q
RENAME TABLE m TO m2, m TO m3|there is no table refused.m
RENAME TABLE m TO t|the table refused.t is there already
EXCHANGE TABLES r AND nosuch|there is no table refused.nosuch
EXCHANGE TABLES r AND t; ALTER TABLE r DROP COLUMN s|r has no column s
INSERT INTO t (k, nosuch) VALUES ('a', 1)|INSERT: refused.t has no column nosuch
INSERT INTO m (k) SELECT k FROM nosuch|there is no table refused.nosuch
DELETE FROM nosuch WHERE 1|there is no table refused.nosuch
TRUNCATE TABLE nosuch|there is no table refused.nosuch
END
expect 'there were statements' yes "$([ $number -ge 50 ] && echo yes)"
expect 'nothing was changed' "$before" "$(schema)"

# --- let through ----------------------------------------------------------------------------------
# What the run itself makes, what IF EXISTS is for, and what livecol cannot know. Each line is a migration.
fresh through
tables through
rm -rf "$work/through"
number=0
while IFS= read -r statements; do
  number=$((number + 1))
  migration "$work/through" "$(printf %04d $number)_m" <<<"${statements//; /$';\n'}"
done <<'END'
ALTER TABLE t ADD COLUMN IF NOT EXISTS a UInt8
ALTER TABLE t ADD COLUMN IF NOT EXISTS d String DEFAULT UPPER(k)
ALTER TABLE t ADD COLUMN b INT UNSIGNED; ALTER TABLE t ADD COLUMN IF NOT EXISTS b UInt32
ALTER TABLE t ADD COLUMN c UInt8, ADD COLUMN e UInt8 DEFAULT c + 1 AFTER c
ALTER TABLE t DROP COLUMN IF EXISTS kk, MODIFY COLUMN IF EXISTS kk String, RENAME COLUMN IF EXISTS kk TO kk2
ALTER TABLE t MODIFY COLUMN IF EXISTS kk UInt16, RENAME COLUMN IF EXISTS kk TO d
ALTER TABLE t MODIFY COLUMN IF EXISTS kk UInt16, ADD COLUMN kk String; ALTER TABLE t DROP COLUMN kk
CREATE TABLE w (k UInt64, d DateTime, e Enum8('a' = 1), t Tuple(a UInt8, b String), INDEX i (k, d) TYPE minmax, CONSTRAINT c CHECK k >= 0) ENGINE = ReplacingMergeTree(d) PARTITION BY (toYYYYMM(d), e) PRIMARY KEY k ORDER BY (k, cityHash64(t.a)) TTL d + INTERVAL 30 YEAR SETTINGS index_granularity = 1024
INSERT INTO w (k) WITH c AS (SELECT k, w + 1 AS b FROM r) SELECT c.k FROM c WHERE b > 1; INSERT INTO w (k) SELECT number FROM numbers(3)
ALTER TABLE w ADD COLUMN x INT UNSIGNED; CREATE VIEW wv AS SELECT k, x AS y, y + 1 AS z FROM w WHERE z > 1; DROP VIEW wv; DROP TABLE w
CREATE FUNCTION lc_truth AS x -> x + 1; CREATE VIEW wv AS SELECT lc_truth(w) FROM r WHERE _part != ''; DROP VIEW wv; DROP FUNCTION lc_truth
ALTER TABLE ix RENAME COLUMN c TO c2; ALTER TABLE ix DROP INDEX ia, DROP COLUMN a; ALTER TABLE ix ADD INDEX ia f TYPE minmax
ALTER TABLE ix DROP COLUMN f, DROP INDEX ia, DROP CONSTRAINT cc; ALTER TABLE ix REMOVE TTL; ALTER TABLE ix DROP COLUMN d
ALTER TABLE ix DROP PROJECTION pb; ALTER TABLE ix RENAME COLUMN b TO b2; ALTER TABLE ix DROP INDEX IF EXISTS nosuch
ALTER TABLE r MODIFY COLUMN w DEFAULT 1, DROP COLUMN w; ALTER TABLE r ADD COLUMN w UInt8
ALTER TABLE r ADD COLUMN q UInt8, RENAME COLUMN q TO q2, DROP COLUMN q2; ALTER TABLE r ADD COLUMN IF NOT EXISTS q UInt8, RENAME COLUMN q TO q2, DROP COLUMN q2
ALTER TABLE r ADD CONSTRAINT cq CHECK q < 250, ADD COLUMN q UInt8; ALTER TABLE r DROP CONSTRAINT cq, DROP COLUMN q
ALTER TABLE t ADD COLUMN n.z Array(UInt8); ALTER TABLE t ADD COLUMN f UInt64 DEFAULT n.x.size0
ALTER TABLE t ADD COLUMN g String DEFAULT arrayMap(x -> x, [k])[1]
ALTER TABLE t UPDATE a = 2 WHERE _partition_id = 'x'
ALTER TABLE t RENAME COLUMN a TO a2; ALTER TABLE t ADD COLUMN a UInt8; ALTER TABLE t MODIFY COLUMN a2 UInt16
ALTER TABLE r ADD COLUMN z UInt8 DEFAULT w + 1; ALTER TABLE r MODIFY COLUMN z REMOVE DEFAULT; ALTER TABLE r DROP COLUMN w
ALTER TABLE r MODIFY COLUMN v UInt64; ALTER TABLE r DROP COLUMN s, ADD COLUMN s String
CREATE TABLE g1 (k UInt8, v DateTime64(3), d UInt8) ENGINE = ReplacingMergeTree(v, d) ORDER BY k; CREATE TABLE g2 (k UInt8, v Float64) ENGINE = ReplacingMergeTree(v) ORDER BY k; DROP TABLE g1, g2
CREATE TABLE g1 (k UInt8, s TINYINT) ENGINE = CollapsingMergeTree(s) ORDER BY k; CREATE TABLE g2 (k UInt8 PRIMARY KEY) ENGINE = MergeTree; CREATE TABLE g3 ENGINE = Merge('through', '^g2$'); DROP TABLE g1, g2, g3
CREATE TABLE g1 (k Nullable(UInt8)) ENGINE = MergeTree ORDER BY k SETTINGS allow_nullable_key = true, index_granularity = 1024; CREATE TABLE g2 (k Nullable(UInt8)) ENGINE = MergeTree ORDER BY (assumeNotNull(k), 1 + ifNull(k, 0)); DROP TABLE g1, g2
CREATE TABLE g1 (k UInt8 CODEC(Delta, LZ4), t DateTime CODEC(DoubleDelta, ZSTD(3)), f Float64 CODEC(Gorilla), a Array(UInt64) CODEC(Delta, ZSTD), z UInt8 CODEC(NONE), c String COMMENT 'CODEC(x) TTL y') ENGINE = MergeTree ORDER BY k COMMENT 'SETTINGS x = 1'; DROP TABLE g1
CREATE TABLE g1 (k UInt8, l LowCardinality(UInt8), e Enum8('a' = 1), d Decimal(18, 4), m Map(String, Array(UInt8)), g AggregateFunction(quantiles(0.5, 0.9), Float64)) ENGINE = MergeTree ORDER BY k SETTINGS allow_suspicious_low_cardinality_types = 1; DROP TABLE g1
CREATE TABLE g1 (k UInt8, d Date, x UInt64, `TTL` DateTime TTL `TTL` + INTERVAL 1 DAY) ENGINE = MergeTree ORDER BY k TTL if(k = 1, d, d + 7) + toIntervalDay(x); ALTER TABLE g1 ADD COLUMN y Date TTL y + INTERVAL 90 YEAR; DROP TABLE g1
CREATE TABLE g1 (k UInt8, s String, INDEX i1 k TYPE MINMAX, INDEX i2 lower(s) TYPE tokenbf_v1(256, 2, 0), CONSTRAINT c CHECK nosuchfn(s)) ENGINE = MergeTree ORDER BY k; ALTER TABLE g1 MODIFY SETTING parts_to_throw_insert = 500; ALTER TABLE g1 RESET SETTING parts_to_throw_insert; DROP TABLE g1
CREATE FUNCTION lc_truth AS x -> x + 1; CREATE TABLE g1 (k UInt8, a UInt8) ENGINE = MergeTree ORDER BY k; ALTER TABLE g1 UPDATE a = if(k = 1, 2, lc_truth(a)) WHERE has([1], a) AND 0; DROP FUNCTION lc_truth; DROP TABLE g1
CREATE TABLE IF NOT EXISTS t (z UInt8) ENGINE = Memory; ALTER TABLE t ADD COLUMN z UInt8
CREATE TABLE s (k String, l UInt64 DEFAULT length(k)) ENGINE = MergeTree ORDER BY k; ALTER TABLE s DROP COLUMN l
CREATE TABLE u ENGINE = MergeTree ORDER BY k AS SELECT k, 1 AS w FROM s; ALTER TABLE u DROP COLUMN w
RENAME TABLE s TO s2; CREATE TABLE s AS s2; ALTER TABLE s ADD COLUMN l UInt8
EXCHANGE TABLES s AND u; ALTER TABLE s ADD COLUMN w UInt8
DROP TABLE s, u; CREATE TABLE s (j UInt8) ENGINE = Memory; ALTER TABLE s ADD COLUMN k UInt8
DROP TABLE IF EXISTS nosuch; DROP TABLE IF EXISTS nodb.nosuch; TRUNCATE TABLE IF EXISTS nosuch
CREATE OR REPLACE TABLE m (x UInt8) ENGINE = MergeTree ORDER BY x; ALTER TABLE m ADD COLUMN q UInt8
CREATE OR REPLACE VIEW vw AS WITH c AS (SELECT k FROM t) SELECT EXTRACT(DAY FROM today()), k FROM c
DROP VIEW vw; CREATE VIEW vw AS SELECT j FROM s; DROP DICTIONARY dic
CREATE MATERIALIZED VIEW mv ENGINE = MergeTree ORDER BY j AS SELECT j FROM s; DROP TABLE mv
DETACH TABLE m; ATTACH TABLE m; ALTER TABLE m ADD COLUMN y UInt8
CREATE DATABASE made; CREATE TABLE made.t (k UInt8) ENGINE = MergeTree ORDER BY k; ALTER TABLE made.t ADD COLUMN z UInt8
RENAME TABLE made.t TO made.t2; ALTER TABLE made.t2 DROP COLUMN z; DROP DATABASE made
CREATE TABLE p1 (k UInt8) ENGINE = Memory PARALLEL WITH CREATE TABLE p2 (k UInt8) ENGINE = Memory; INSERT INTO p2 (k) VALUES (1)
INSERT INTO FUNCTION null('x UInt8') SELECT 1; INSERT INTO m (* EXCEPT(x)) VALUES (1, 2); TRUNCATE ALL TABLES FROM elsewhere
END
expect 'there were migrations' yes "$([ $number -ge 25 ] && echo yes)"
run 'plan of what is right' 0 plan -d "$work/through" --allow-unsafe
up "$work/through" --allow-unsafe
expect 'up of what is right' 0 "$code"
[ "$code" = 0 ] || cat "$work/err"
expect_in 'up of what is right' "applied $number, skipped 0" "$work/out"

# --- another run's work ---------------------------------------------------------------------------
# What failed may be edited, and is judged by what is there then.
fresh again
tables again
migration "$work/again" 0001_m <<'END'
ALTER TABLE t ADD COLUMN b UInt8;
SELECT throwIf(count() = 0, 'no rows') FROM t;
ALTER TABLE t ADD COLUMN c UInt8;
END
up "$work/again" --allow-unsafe
expect 'its second statement fails' 1 "$code"
migration "$work/again" 0001_m <<'END'
ALTER TABLE t ADD COLUMN b UInt8;
ALTER TABLE nosuch ADD COLUMN b UInt8;
ALTER TABLE t ADD COLUMN c UInt8;
END
run 'plan of the edited one' 3 plan -d "$work/again" --allow-unsafe
expect_in 'plan of the edited one' 'there is no table again.nosuch' "$work/out"
finish
