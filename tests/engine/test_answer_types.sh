#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Answers of every type, in every format: in DEFAULT, INSERT and MATERIALIZE, and what compares them.
set -u
# shellcheck source=tests/support/runner.sh
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

rules=$work/answers.csv
cat >"$rules" <<'END'
exact,i8,i64,f32,f64,d9,d38,day,utc,time,flag,n_i8,n_f64,n_dec,n_time,n_flag
a,-128,-9223372036854775808,0.1,0.1,-1.50,-99999999999999999999.000000000000000001,1970-01-01,1970-01-01 00:00:00,0,false,,,,,
b,127,9223372036854775807,3.4e38,1.7976931348623157e308,9999999.99,99999999999999999999.999999999999999999,2149-06-06,2106-02-07 06:28:15,2024-02-29T12:00:00+02:00,true,-1,-0.0,2.5,1,1
c,007,0,nan,5e-324,.5,0,2024-02-29,2024-02-29 23:59:59,4294967295,0,007,inf,0.5,4294967295,0
END
# Attribute, type, and what a, b, c and a key without a rule give, as SQL.
types=$work/types
cat >"$types" <<'END'
i8|Int8|-128|127|7|0
i64|Int64|-9223372036854775808|9223372036854775807|0|0
f32|Float32|toFloat32(0.1)|toFloat32(3.4e38)|nan|0
f64|Float64|0.1|1.7976931348623157e308|5e-324|0
d9|Decimal(9,2)|'-1.50'|'9999999.99'|'0.5'|0
d38|Decimal(38,18)|'-99999999999999999999.000000000000000001'|'99999999999999999999.999999999999999999'|0|0
day|Date|'1970-01-01'|'2149-06-06'|'2024-02-29'|'1970-01-01'
utc|DateTime('UTC')|0|4294967295|'2024-02-29 23:59:59'|0
time|DateTime|0|1709200800|4294967295|0
flag|Bool|false|true|false|false
n_i8|Nullable(Int8)|NULL|-1|7|NULL
n_f64|Nullable(Float64)|NULL|-0.0|inf|NULL
n_dec|Nullable(Decimal(18,4))|NULL|2.5|0.5|NULL
n_time|Nullable(DateTime)|NULL|1|4294967295|NULL
n_flag|Nullable(Bool)|NULL|true|false|NULL
END

engine=$work/engine
mkdir -p "$engine/user_scripts"
cp "$LIVECOL_UDF" "$engine/user_scripts/livecol-udf"
while IFS='|' read -r name type _; do
  for format in Native RowBinary TabSeparated; do
    "$LIVECOL_BIN" config function --rules "$rules" --name "${name}_$format" --version 1 \
      --attribute "$name" --type "$type" --format "$format" --pool-size 2 --out "$engine" >/dev/null ||
      fail "config function of $type in $format"
    cp "$rules" "$engine/user_scripts/${name}_${format}_v1.csv"
  done
done <"$types"
engine_start_chdb "$engine" --functions "$engine/*_function.xml" || exit 1
sql() { curl -sS --fail-with-body "$engine_url/" --data-binary "$1"; }

# Over rows, and in a DEFAULT: rows before it are materialized, rows behind it inserted.
columns='' checked=''
sql 'CREATE TABLE keys (k String) ENGINE = MergeTree ORDER BY k'
sql "INSERT INTO keys VALUES ('a'), ('b'), ('c'), ('none')"
while IFS='|' read -r name type a b c miss; do
  want="CAST(multiIf(k = 'a', CAST($a AS $type), k = 'b', CAST($b AS $type), k = 'c', CAST($c AS $type), CAST($miss AS $type)) AS $type)"
  for format in Native RowBinary TabSeparated; do
    f=${name}_${format}
    columns+=", ADD COLUMN $f $type DEFAULT ${f}_v1(k)"
    # The bytes of a value as text; of a time its seconds, whatever the zone.
    checked+=", if(toString($f) IS NOT DISTINCT FROM toString($want), '', '$f ')"
  done
done <"$types"
sql "ALTER TABLE keys ${columns#,}" || fail 'ALTER with all types'
sql "INSERT INTO keys (k) VALUES ('a'), ('b'), ('c'), ('none')" || fail 'INSERT'
expect 'answers in a DEFAULT' '' "$(sql "SELECT DISTINCT concat(''$checked) AS bad FROM keys WHERE bad != ''")"
while IFS='|' read -r name _; do
  for format in Native RowBinary TabSeparated; do
    sql "ALTER TABLE keys MATERIALIZE COLUMN ${name}_$format SETTINGS mutations_sync = 2" || fail "MATERIALIZE $name"
  done
done <"$types"
expect 'rows' 8 "$(sql 'SELECT count() FROM keys')"
expect 'answers that are stored' '' "$(sql "SELECT DISTINCT concat(''$checked) AS bad FROM keys WHERE bad != ''")"

# livecol compares them with the rules, counts what new rules change, and writes them as SQL.
sed 's/^b,127,/b,126,/; s/,-0.0,2.5,/,,3.5,/; s/2024-02-29 23:59:59/2024-02-29 23:59:58/' "$rules" >"$work/new.csv"
compared=()
while IFS='|' read -r name _; do compared+=(--rules "${name}_Native_v1=$rules"); done <"$types"
"$LIVECOL_BIN" doctor --url "$engine_url" "${compared[@]}" >"$work/doctor" 2>&1
while IFS='|' read -r name type _; do
  f=${name}_Native
  grep -q "${f}_v1.* answers .* keys as .*answers.csv says" "$work/doctor" || fail "doctor compares $type: $(cat "$work/doctor")"
  "$LIVECOL_BIN" rules diff "$rules" "$work/new.csv" --url "$engine_url" --table "default.keys.$f" \
    --attribute "$name" >"$work/out" 2>&1 || fail "rules diff of $type: $(cat "$work/out")"
  case $name in
    i8 | n_f64 | n_dec | utc) wanted='2 of 8 rows would change' ;;
    *) wanted='0 of 8 rows would change' ;;
  esac
  expect_in "rules diff of $type" "$wanted" "$work/out"
  grep -q 'hold what neither says' "$work/out" && fail "rules diff of $type does not know what is stored: $(cat "$work/out")"
  "$LIVECOL_BIN" config function --rules "$rules" --name "sql_$name" --version 1 --attribute "$name" \
    --type "$type" --as sql >"$work/function.sql" || fail "config function --as sql of $type"
  sql "$(cat "$work/function.sql")" || fail "CREATE FUNCTION of $type: $(cat "$work/function.sql")"
  expect "the same rules as SQL, $type" 8 \
    "$(sql "SELECT countIf(toString(sql_${name}_v1(k)) IS NOT DISTINCT FROM toString($f)) FROM keys")"
  expect "type of the SQL, $type" 1 "$(sql "SELECT toTypeName(any(sql_${name}_v1(k))) = toTypeName(any($f)) FROM keys")"
done <"$types"

# A return type that is narrower than the program's, or has fewer digits, is refused.
sed 's,<return_type>Decimal(9\,2)</return_type>,<return_type>Decimal(9\,1)</return_type>,; s/d9_Native_v1</cut_v1</' \
  "$engine/d9_Native_v1_function.xml" >"$engine/cut_function.xml"
sql 'SYSTEM RELOAD FUNCTIONS'
"$LIVECOL_BIN" doctor --url "$engine_url" >"$work/out" 2>&1 && fail 'doctor takes a type that cuts digits'
expect_in 'a type that cuts digits' 'which the server cuts to' "$work/out"
finish
