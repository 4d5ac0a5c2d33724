#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the server shows of a statement is not its text: however a DEFAULT is spelled, ADD COLUMN is not
# reported as failed, and a mutation that was interrupted is found again, not sent twice.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
engine_start_chdb "$work/engine" || exit 1
gate=$work/gate

# --- defaults -----------------------------------------------------------------------------------
tables() {
  sql "CREATE TABLE $1.t (k UInt32, v UInt32, s String, d DateTime) ENGINE = MergeTree ORDER BY k"
  sql "CREATE TABLE $1.o (id UInt64, n String) ENGINE = MergeTree ORDER BY id"
  sql "INSERT INTO $1.t VALUES (1, 0, 'a', '2026-01-01 00:00:00'), (2, 0, 'b', '2026-01-01 00:00:00')"
  sql "INSERT INTO $1.o VALUES (1, 'one'), (2, 'two')"
  sql "CREATE VIEW $1.one AS SELECT id FROM $1.o"
  sql "CREATE DICTIONARY $1.names (id UInt64, n String) PRIMARY KEY id
    SOURCE(CLICKHOUSE(TABLE 'o' DB '$1')) LAYOUT(FLAT()) LIFETIME(0)"
}
sql 'CREATE FUNCTION lc_plus AS x -> x + 1'
sql 'CREATE FUNCTION lc_both AS (x, y) -> lc_plus(x) * y'
fresh spelled
tables spelled
mkdir -p "$work/spelled"
n=0
while IFS= read -r expression; do
  for kind in DEFAULT MATERIALIZED ALIAS; do
    n=$((n + 1))
    # Each spelling once, every fifth in all three kinds.
    [ "$kind" = DEFAULT ] || [ $((n % 5)) = 0 ] || continue
    echo "ALTER TABLE t ADD COLUMN c$n Nullable(String) $kind $expression;"
  done
done >"$work/spelled/0001_columns.sql" <<'END'
NOW()
CURRENT_TIMESTAMP()
Today()
LOWER(s)
UPPER(CONCAT(s, 'x'))
SUBSTR(s, 1, 2)
SUBSTRING(s FROM 1 FOR 2)
MID(s, 1, 2)
LEFT(s, 2)
COALESCE(s, 'x')
IFNULL(s, 'x')
IF(v = 1, 'a', 'b')
CASE WHEN v = 1 THEN 'a' ELSE 'b' END
CASE v WHEN 1 THEN 'a' ELSE 'b' END
date_trunc('month', d)
DATE_TRUNC('month', d)
YEAR(d)
EXTRACT(MONTH FROM d)
DATE_ADD(DAY, 1, d)
DATEDIFF(day, d, d)
d - INTERVAL 1 DAY
CAST(v AS VARCHAR)
v::String
s || 'x' || 'y'
v BETWEEN 1 AND 2
v NOT IN (1, 2)
s ILIKE 'a%'
s IS NOT NULL
MOD(v, 2)
((v) + (1))
GREATEST(v, 2)
CONNECTION_ID()
[1, 2][1]
arrayMap((x) -> (x + 1), [v])[1]
0x10
1.50
'it''s'
dictGet('names', 'n', toUInt64(k))
dictGetOrDefault('names', 'n', toUInt64(k), LOWER('X'))
lc_plus(v)
lc_plus(v + 2) * 3
LOWER(toString(lc_both(v, k)))
END
up "$work/spelled" --allow-unsafe
said_good 'spelled'
expect 'spelled: nothing was left in doubt' 0 "$(grep -c 'could not be compared' "$work/err")"
expect 'spelled: columns' "$(grep -c . "$work/spelled/0001_columns.sql")" \
  "$(sql "SELECT count() FROM system.columns WHERE database = 'spelled' AND table = 't' AND name LIKE 'c%'")"

# A default that is another one fails, however close its spelling is.
number=0
while IFS='|' read -r is wanted; do
  number=$((number + 1))
  fresh differs
  tables differs
  sql "ALTER TABLE differs.t ADD COLUMN c String DEFAULT $is"
  migration "$work/differs$number" 0001_add <<<"ALTER TABLE t ADD COLUMN IF NOT EXISTS c String DEFAULT $wanted;"
  up "$work/differs$number" --allow-unsafe
  expect "$is is not $wanted: exit" 3 "$code"
  expect_in "$is is not $wanted" 'and the statement says' "$work/err"
done <<'END'
lower(s)|UPPER(s)
now()|TODAY()
'1'|'2'
concat(s, 'x')|CONCAT(s, 'x', 'y')
toString((v + 1) * 2)|toString(v + (1 * 2))
dictGet('differs.names', 'n', toUInt64(k))|dictGet('names', 'n', toUInt64(v))
END

# Words of the language in strings: types, units and aggregate functions have other spellings there too.
number=0
while IFS='|' read -r is wanted; do
  number=$((number + 1))
  fresh words
  tables words
  sql "ALTER TABLE words.t ADD COLUMN c String DEFAULT toString($is)"
  migration "$work/words$number" 0001_add <<<"ALTER TABLE t ADD COLUMN IF NOT EXISTS c String DEFAULT toString(${wanted#!});"
  up "$work/words$number" --allow-unsafe
  if [ "${wanted#!}" = "$wanted" ]; then
    said_good "$is is $wanted"
  else
    expect "$is is not ${wanted#!}: exit" 3 "$code"
  fi
done <<'END'
CAST(d, 'Date')|CAST(d,'DATE')
CAST(d, 'Date')|!CAST(d, 'Date32')
CAST(v, 'Int32')|v::INT
CAST(v, 'Int32')|CAST(v AS INTEGER)
CAST([v], 'Array(Nullable(Int32))')|CAST([v] AS Array(Nullable(INT)))
accurateCastOrNull(s, 'Decimal(9, 2)')|accurateCastOrNull(s, 'DEC(9,2)')
JSONExtract(s, 'a', 'Int32')|JSONExtract(s, 'a', 'INT')
JSONExtract(s, 'A', 'Int32')|!JSONExtract(s, 'a', 'Int32')
dateDiff('day', d, d)|DATEDIFF('DAY', d, d)
dateDiff('day', d, d)|!dateDiff('month', d, d)
arrayReduce('sum', [v])|arrayReduce('SUM', [v])
arrayReduce('sum', [v])|!arrayReduce('max', [v])
END
expect 'there were words' yes "$([ $number -ge 10 ] && echo yes)"

# --- mutations ----------------------------------------------------------------------------------
# Stopped in its wait, by a signal or for good; the next run finds it, waits, and sends nothing.
mutations() { sql "SELECT count() FROM system.mutations WHERE database = '$db' AND table = 't'"; }
interrupted() { # SIGNAL STATEMENT
  fresh again
  tables again
  sql 'SYSTEM STOP MERGES again.t'
  rm -rf "$work/again"
  migration "$work/again" 0001_update <<<"$2;"
  up_start "$work/again" --allow-unsafe
  wait_until "the mutation of $2" is 1 mutations
  kill "-$1" "$up_pid"
  { up_end; } 2>/dev/null
  expect "$1, $2: exit" "$([ "$1" = INT ] && echo 130 || echo 137)" "$code"
  [ "$1" = INT ] || "$LIVECOL_BIN" unlock --force >/dev/null
  up_start "$work/again" --allow-unsafe
  wait_until "the next run of $2" says "$work/err" 'has taken effect'
  sql 'SYSTEM START MERGES again.t'
  up_end
  said_good "$1, $2"
  expect "$1, $2: mutations" 1 "$(mutations)"
}
while IFS='|' read -r signal statement; do
  interrupted "$signal" "$statement"
done <<'END'
INT|ALTER TABLE t UPDATE v = v + 1 WHERE k IN (SELECT id FROM o)
KILL|ALTER TABLE t UPDATE v = v + 1 WHERE k IN (SELECT id FROM o)
INT|ALTER TABLE again.t UPDATE v = MOD(v, 7) + 1 WHERE k IN one
KILL|ALTER TABLE t UPDATE s = CONCAT(dictGet('names', 'n', toUInt64(k)), s) WHERE YEAR(d) = 2026
INT|ALTER TABLE t UPDATE v = lc_plus(v), s = concat(s, SUBSTR(s, 1)) WHERE lc_plus(k) > 0
KILL|ALTER TABLE t UPDATE v = v + (SELECT COUNT() FROM o AS x, o AS y) WHERE dictHas('names', toUInt64(k))
INT|ALTER TABLE t DELETE WHERE k IN (SELECT id FROM o WHERE LOWER(n) = 'one')
END

# One that cannot be told apart from ours ends the run with 7; one that is another's does not.
held_before_send() { # STATEMENT OF-SOMEBODY-ELSE
  fresh else
  tables else
  sql 'SYSTEM STOP MERGES else.t'
  gate_close "$gate" 'before the send'
  livecol=$hooks LIVECOL_TEST_GATE=$gate up_start "$work/else"
  gate_wait "$gate" 'before the send'
  kill -KILL "$up_pid"
  { up_end; } 2>/dev/null
  "$LIVECOL_BIN" unlock --force >/dev/null
  sql "$1"
  sql 'SYSTEM START MERGES else.t'
  wait_until "the end of $1" is 0 sql "SELECT countIf(NOT is_done) FROM system.mutations WHERE database = 'else'"
  up "$work/else"
}
migration "$work/else" 0001_update <<'END'
ALTER TABLE t UPDATE v = v + toUInt32(k) WHERE 1;
END
held_before_send 'ALTER TABLE else.t UPDATE v = v + 9 WHERE 1'
expect 'a mutation that may be it: exit' 7 "$code"
expect_in 'a mutation that may be it' 'never sent twice' "$work/err"
expect 'a mutation that may be it: mutations' 1 "$(mutations)"
"$LIVECOL_BIN" repair -d "$work/else" --redo 1 --yes >/dev/null || fail 'repair --redo'
up "$work/else"
said_good 'repair --redo'
expect 'repair --redo: rows' $'10\n11' "$(sql 'SELECT v FROM else.t ORDER BY k')"
# The same statement once more, in the same second: that the first one is done says nothing of it.
rm -rf "$work/else"
migration "$work/else" 0001_update <<'END'
ALTER TABLE t UPDATE v = v + toUInt32(k) WHERE 1;
END
migration "$work/else" 0002_again <<'END'
ALTER TABLE t UPDATE v = v + toUInt32(k) WHERE 1;
END
fresh twice
tables twice
up "$work/else" --to 1
said_good 'the first one'
gate_close "$gate" 'before the send'
livecol=$hooks LIVECOL_TEST_GATE=$gate up_start "$work/else"
gate_wait "$gate" 'before the send'
kill -KILL "$up_pid"
{ up_end; } 2>/dev/null
"$LIVECOL_BIN" unlock --force >/dev/null
# As if all had been in one second, however slow this machine is.
sql "ALTER TABLE twice.schema_migrations UPDATE at = (SELECT min(create_time) FROM system.mutations
  WHERE database = 'twice' AND table = 't') WHERE event = 'stmt_started' SETTINGS mutations_sync = 1"
up "$work/else"
said_good 'the second one'
expect 'the second one: rows' $'2\n4' "$(sql 'SELECT v FROM twice.t ORDER BY k')"

migration "$work/else" 0001_update <<'END'
ALTER TABLE t UPDATE v = v + toUInt32(k) WHERE 1;
END
rm "$work/else/0002_again.sql"
for other in "UPDATE s = 'x' WHERE 1" 'DELETE WHERE k = 99' 'UPDATE v = v * 1 WHERE 1'; do
  held_before_send "ALTER TABLE else.t $other"
  said_good "$other is not it"
  expect "$other is not it: rows" $'1\n2' "$(sql 'SELECT v FROM else.t ORDER BY k')"
done
finish
