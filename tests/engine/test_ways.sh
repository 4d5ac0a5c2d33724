#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every way to apply the rules gives the same: the program, the SQL function and the rules themselves,
# for rules and keys that are chosen to be hard.
#   LC_TEST_SEED repeats a run.
set -u
# shellcheck source=tests/support/hard_rules.sh
. "${LIVECOL_SOURCE:?}/tests/support/hard_rules.sh"

# Rule sets, NAME.csv, and keys.
hard_rules ways <<'PY'
keys = set()
for default in (True, False):
    prefixes = {word(n) for n in range(1, 9) for _ in range(12)} - {""}
    write_csv(f"prefix_{int(default)}", ["prefix", "v"],
              [[p, value()] for p in prefixes] + ([["", "the default"]] if default else []))
    exacts = {word(rng.randrange(1, 20)) for _ in range(200)} - {"", "*"}
    write_csv(f"exact_{int(default)}", ["exact", "v"],
              [[e, value()] for e in exacts] + ([["*", "other"]] if default else []))
    for text in prefixes | exacts:
        raw = text.encode()
        keys |= {raw, raw + b"x", raw[:-1], raw + raw, bytes([raw[0] ^ 1]) + raw[1:], raw + b"\0", raw.upper()}
keys |= {b"", b"\0", b"\xff", b"\xff" * 40, b"u" * 5000}
bounds = sorted(rng.sample(range(0, 1 << 40), 400) + [0, 1, (1 << 63), (1 << 64) - 2, (1 << 64) - 1])
ranges = [[a, b, f"r{i % 10}"] for i, (a, b) in enumerate(zip(bounds[0::2], bounds[1::2]))]
write_csv("range", ["from", "to", "v"], ranges)
with open(f"{folder}/keys.tsv", "w", encoding="ascii") as f:
    f.writelines(k.hex() + "\n" for k in sorted(keys))
with open(f"{folder}/numbers.tsv", "w", encoding="ascii") as f:
    for b in bounds:
        f.writelines(f"{n}\n" for n in (b - 1, b, b + 1) if 0 <= n < 1 << 64)
PY

for rules in "$work"/ways/*.csv; do
  name=$(basename "$rules" .csv)
  "$LIVECOL_BIN" config install --rules "$rules" --name "$name" --version 1 --type String \
    --scripts "$work/engine/user_scripts" --config "$work/engine" >"$work/out" 2>&1 ||
    fail "install $name: $(cat "$work/out")"
done
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1
fresh ways
sql "CREATE TABLE ways.keys (k String) ENGINE = MergeTree ORDER BY k"
sql "CREATE TABLE ways.numbers (k UInt64) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO ways.keys SELECT unhex(line) FROM file('$work/ways/keys.tsv', 'LineAsString')"
sql "INSERT INTO ways.numbers SELECT toUInt64(line) FROM file('$work/ways/numbers.tsv', 'LineAsString')"
expect 'keys are there' 1 "$(sql 'SELECT count() > 2000 FROM ways.keys')"
for rules in "$work"/ways/*.csv; do
  name=$(basename "$rules" .csv)
  table=keys
  [ "$name" != range ] || table=numbers
  # The same name with another version, so that both are there.
  "$LIVECOL_BIN" config function --as sql --rules "$rules" --name "$name" --version 2 --type String \
    >"$work/function.sql" 2>"$work/err" || fail "as sql, $name: $(cat "$work/err")"
  sql "$(sed '$s/;$//' "$work/function.sql")" || fail "CREATE FUNCTION $name"
  expect "$name: the program and the SQL function" 0 \
    "$(sql "SELECT countIf(${name}_v1(k) != ${name}_v2(k)) FROM ways.$table")"
  expect "$name: more than one answer" 1 "$(sql "SELECT uniqExact(${name}_v2(k)) > 3 FROM ways.$table")"
  # As a DEFAULT the server stores the expression itself: nothing of the function is left to lose.
  sql "CREATE TABLE ways.$name (k $([ $table = keys ] && echo String || echo UInt64), v String DEFAULT ${name}_v2(k)) ENGINE = MergeTree ORDER BY k"
  sql "DROP FUNCTION ${name}_v2"
  sql "INSERT INTO ways.$name (k) SELECT k FROM ways.$table" || fail "$name: an INSERT without the function"
  expect "$name: stored" 0 "$(sql "SELECT countIf(${name}_v1(k) != v) FROM ways.$name")"
  # Nullable and LowCardinality keys, too.
  [ $table = keys ] || continue
  sql "$(sed '$s/;$//' "$work/function.sql")" || fail "CREATE FUNCTION $name"
  expect "$name: LowCardinality" 0 "$(sql "SELECT countIf(${name}_v2(toLowCardinality(k)) != ${name}_v2(k)) FROM ways.keys")"
  expect "$name: Nullable" 0 "$(sql "SELECT countIf(${name}_v2(toNullable(k)) != ${name}_v2(k)) FROM ways.keys")"
  # A FixedString is its bytes without the NULs at the end, as it is to the program.
  expect "$name: FixedString" 0 "$(sql "SELECT countIf(${name}_v2(f) != ${name}_v1(f)) FROM (SELECT toFixedString(k, 24) AS f FROM ways.keys WHERE length(k) <= 24)")"
  # NULL matches only the default rule, like a key that matches no rule.
  expect "$name: NULL" 1 "$(sql "SELECT ${name}_v2(NULL::Nullable(String)) = ${name}_v2(unhex('ffffffffffffffff'))")"
done

# As a dictionary over a table, by a migration that makes both and goes back.
fresh dict
for rules in "$work"/ways/*.csv; do
  name=$(basename "$rules" .csv)
  sql "CREATE TABLE dict.$name (k String) ENGINE = MergeTree ORDER BY k"
  sql "INSERT INTO dict.$name SELECT k FROM ways.keys"
  rm -rf "$work/dict"
  "$LIVECOL_BIN" new x -d "$work/dict" --table "dict.$name" --column v --key k --function "${name}_v3" --type String \
    --as dictionary --rules "$rules" >"$work/out" 2>"$work/err"
  code=$?
  if [ "$name" = range ]; then
    expect 'a dictionary of ranges: exit' 3 "$code"
    expect_in 'a dictionary of ranges' 'range rules cannot be in a dictionary over a table' "$work/err"
    continue
  fi
  said_good "$name: as a dictionary"
  up "$work/dict" --migrations-table "schema_migrations_$name"
  said_good "$name: as a dictionary: up"
  expect "$name: as a dictionary: stored" 0 "$(sql "SELECT countIf(${name}_v1(k) != v) FROM dict.$name")"
  expect "$name: as a dictionary: more than one answer" 1 "$(sql "SELECT uniqExact(v) > 3 FROM dict.$name")"
  "$LIVECOL_BIN" down -d "$work/dict" --steps 1 --yes --migrations-table "schema_migrations_$name" >"$work/out" 2>"$work/err" ||
    fail "$name: as a dictionary: down: $(cat "$work/out" "$work/err")"
  expect "$name: as a dictionary: gone" 0 \
    "$(sql "SELECT count() FROM system.tables WHERE database = 'dict' AND startsWith(name, '${name}_v3')")"
done

# As a migration: it makes the function, adds the column and fills it in, and goes back.
fresh made
sql "CREATE TABLE made.t (phone String, n UInt32) ENGINE = MergeTree ORDER BY n"
sql "INSERT INTO made.t SELECT concat(['+1', '+49', 'x'][1 + number % 3], toString(number)), number FROM numbers(3000)"
printf 'prefix,country,code\n+1,US,1\n+49,DE,49\n,unknown,0\n' >"$work/phone.csv"
for column in country code; do
  "$LIVECOL_BIN" new "add $column" -d "$work/made" --table made.t --column $column --key phone --function ${column}_v1 \
    --as sql --rules "$work/phone.csv" --type "$([ $column = code ] && echo UInt16 || echo 'LowCardinality(String)')" >"$work/out" 2>&1 ||
    fail "new --as sql: $(cat "$work/out")"
done
up "$work/made"
said_good 'new --as sql'
expect 'new --as sql: rows' $'3000\t0\tUInt16' \
  "$(sql "SELECT count(), countIf((country, code) != multiIf(startsWith(phone, '+49'), ('DE', 49), startsWith(phone, '+1'), ('US', 1), ('unknown', 0))), any(toTypeName(code)) FROM made.t")"
up "$work/made"
expect_in 'new --as sql: again' 'applied 0, skipped 2' "$work/out"
sql 'DROP FUNCTION country_v1' # it is needed by nobody
sql "INSERT INTO made.t (phone, n) VALUES ('+49', 1)" || fail 'an INSERT without the SQL function'
"$LIVECOL_BIN" down -d "$work/made" --steps 2 --yes >"$work/out" 2>"$work/err"
expect 'new --as sql: down' 0 $?
expect 'new --as sql: gone' $'phone\nn\n0' \
  "$(sql "SELECT name FROM system.columns WHERE database = 'made' AND table = 't'")
$(sql "SELECT count() FROM system.functions WHERE name IN ('country_v1', 'code_v1')")"
for wrong in '--as sql' "--rules $work/phone.csv" "--as wasm --rules $work/phone.csv" "--as sql --rules $work/phone.csv --attribute none"; do
  # shellcheck disable=SC2086 # options
  "$LIVECOL_BIN" new wrong -d "$work/wrong" --table made.t --column country --key phone --function f_v1 $wrong >"$work/out" 2>"$work/err"
  expect "new $wrong: exit" 2 $?
  expect "new $wrong: no file" '' "$(ls "$work/wrong" 2>/dev/null)"
done

# What cannot be written so is refused, with the way that can.
refused() { # TEXT RULES
  "$LIVECOL_BIN" config function --as sql --rules "$2" --name f --version 1 >"$work/out" 2>"$work/err"
  expect "refused: $1: exit" 3 $?
  expect_in "refused: $1" "$1" "$work/err"
  expect "refused: $1: nothing is printed" '' "$(cat "$work/out")"
}
printf 'domain,v\na.com,a\nb.com,b\n' >"$work/domain.csv"
refused 'domain rules cannot be written as an expression' "$work/domain.csv"
(printf 'prefix,v\n' && for n in 1 2 3 4 5 6 7 8 9; do printf "%0${n}d,x\n" 1; done) >"$work/lengths.csv"
refused 'have 9 lengths' "$work/lengths.csv"
(printf 'exact,v\n' && echo '*,other' && for n in $(seq 20000); do echo "key_$n,value"; done) >"$work/large.csv"
refused 'max_query_size' "$work/large.csv"
"$LIVECOL_BIN" new large -d "$work/large" --table made.t --column v --key phone --function large_v1 --type String \
  --as dictionary --rules "$work/large.csv" >"$work/out" 2>"$work/err" || fail "a large dictionary: $(cat "$work/err")"
up "$work/large" --migrations-table large
said_good 'a large dictionary'
expect 'a large dictionary: its rows' 20000 "$(sql 'SELECT count() FROM made.large_v1_rules')"
expect 'a large dictionary: answers' value "$(sql "SELECT dictGet('made.large_v1', 'v', tuple('key_17777'))")"
for wrong in '--table t' '--cluster c --table made.t'; do
  # shellcheck disable=SC2086 # options
  "$LIVECOL_BIN" new x -d "$work/wrong" $wrong --column v --key phone --function f_v1 --as dictionary --rules "$work/large.csv" >"$work/out" 2>"$work/err"
  expect "a dictionary, $wrong: exit" 2 $?
done
"$LIVECOL_BIN" config function --as wasm --rules "$work/large.csv" --name f --version 1 >"$work/out" 2>"$work/err"
expect 'another way: exit' 2 $?
finish
