#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ranges of every order and networks, with keys of every type that they take, in every format: compared with
# the same rules written in SQL, and networks with the server's own ip_trie.
set -u
# shellcheck source=tests/support/runner.sh
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

engine=$work/engine
mkdir -p "$engine/user_scripts" "$work/rules"
cp "$LIVECOL_UDF" "$engine/user_scripts/livecol-udf"
printf '%s\n' from,to,v ,-100,a -10,-1,b 0,0,c 5,,d >"$work/rules/whole.csv"
printf '%s\n' from,to,v -1.50,-0.01,a 0,9.99,b 10,99.99,c 100,,d ,,none >"$work/rules/cents.csv"
printf '%s\n' from:float,to,v ,-1e300,a -0.5,-0.0,b 0.1,1.005,c 1.0051,,d >"$work/rules/real.csv"
printf '%s\n' from:float,to,v 0,0,a 0.1,0.7,b >"$work/rules/tenth.csv"
printf '%s\n' from,to,v ,1969-12-31,a 1970-01-01,1970-01-31,b 2024-02-29,2024-02-29,c 2100-01-01,,d >"$work/rules/day.csv"
printf '%s\n' from,to,v 1970-01-01T00:00:01Z,1970-01-01T00:16:39Z,a 2001-09-09T01:46:40Z,,b >"$work/rules/time.csv"
printf '%s\n' from,to,v 1969-12-31T23:59:30Z,1969-12-31T23:59:50Z,a 1969-12-31T23:59:59Z,1970-01-01T00:00:00Z,b >"$work/rules/old.csv"
printf '%s\n' cidr,v 10.0.0.0/8,a 10.1.0.0/16,b 10.1.2.3,c 2001:db8::/32,d ::/0,e 255.255.255.255,f >"$work/rules/net.csv"
printf '%s\n' cidr,v 10.0.0.0/8,a 10.1.0.0/16,b 10.1.2.3,c 255.255.255.255,f ,none >"$work/rules/four.csv"
printf '%s\n' from,to,v ::1,::1,a 10.0.0.0,10.0.0.9,b 2001:db8::ffff:ffff:ffff:fffe,2001:db8:0:1::,c \
  ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0,,d ,,none >"$work/rules/six.csv"
# Rules, argument type, a key of that type over n (0 to 1999), and what it must be, as SQL over k.
cases=$work/cases
cat >"$cases" <<'END'
whole|Int8|toInt8(n)|multiIf(k <= -100, 'a', k >= -10 AND k <= -1, 'b', k = 0, 'c', k >= 5, 'd', '')
whole|Int32|toInt32(n) - 1000|multiIf(k <= -100, 'a', k >= -10 AND k <= -1, 'b', k = 0, 'c', k >= 5, 'd', '')
whole|Int64|if(n = 0, -9223372036854775808, toInt64(n) - 1000)|multiIf(k <= -100, 'a', k >= -10 AND k <= -1, 'b', k = 0, 'c', k >= 5, 'd', '')
whole|UInt64|if(n = 0, 18446744073709551615, toUInt64(n % 10))|multiIf(k = 0, 'c', k >= 5, 'd', '')
whole|Decimal(18,1)|toDecimal64(toInt64(n) - 1000, 1) / 10|multiIf(k <= -100, 'a', k >= -10 AND k <= -1, 'b', k = 0, 'c', k >= 5, 'd', '')
whole|Nullable(Int16)|if(n % 5 = 0, NULL, toInt16(n % 40) - 20)|multiIf(k <= -100, 'a', k >= -10 AND k <= -1, 'b', k = 0, 'c', k >= 5, 'd', '')
cents|Decimal(9,2)|toDecimal32(toInt32(n) * 7 - 500, 2) / 100|multiIf(k >= -1.5 AND k <= -0.01, 'a', k >= 0 AND k <= toDecimal32('9.99', 2), 'b', k >= 10 AND k <= toDecimal32('99.99', 2), 'c', k >= 100, 'd', 'none')
cents|Decimal(18,4)|toDecimal64(toInt64(n) * 31 - 9000, 4) / 1000|multiIf(k >= toDecimal64('-1.5', 4) AND k <= toDecimal64('-0.01', 4), 'a', k >= 0 AND k <= toDecimal64('9.99', 4), 'b', k >= 10 AND k <= toDecimal64('99.99', 4), 'c', k >= 100, 'd', 'none')
cents|Decimal(38,0)|if(n = 0, toDecimal128('99999999999999999999999999999999999999', 0), toDecimal128(toInt64(n) - 50, 0))|multiIf(k = -1, 'a', k >= 0 AND k <= 9, 'b', k >= 10 AND k <= 99, 'c', k >= 100, 'd', 'none')
cents|Int32|toInt32(n) - 50|multiIf(k = -1, 'a', k >= 0 AND k <= 9, 'b', k >= 10 AND k <= 99, 'c', k >= 100, 'd', 'none')
real|Float64|[-inf, -1e300, -1e299, -0.5, -0.0, 0, 0.05, 0.1, 1.005, 1.0050000000000003, 1.0051, inf, nan, 1e308, 5e-324][n % 15 + 1]|multiIf(isNaN(k), '', k <= -1e300, 'a', k >= -0.5 AND k <= 0, 'b', k >= 0.1 AND k <= 1.005, 'c', k >= 1.0051, 'd', '')
real|Float32|toFloat32((toInt32(n) - 1000) / 300)|multiIf(k <= -1e300, 'a', k >= -0.5 AND k <= 0, 'b', toFloat64(k) >= 0.1 AND toFloat64(k) <= 1.005, 'c', toFloat64(k) >= 1.0051, 'd', '')
real|Int32|toInt32(n % 7) - 3|multiIf(k = 0, 'b', k = 1, 'c', k > 1, 'd', '')
day|Date|toDate(n * 33)|multiIf(k >= '1970-01-01' AND k <= '1970-01-31', 'b', k = '2024-02-29', 'c', k >= '2100-01-01', 'd', '')
day|Date32|toDate32('1970-01-01') + (toInt64(n) - 200)|multiIf(k < toDate32('1970-01-01'), 'a', k <= toDate32('1970-01-31'), 'b', '')
day|DateTime('UTC')|toDateTime(n * 3601, 'UTC')|multiIf(toDate(k, 'UTC') <= '1970-01-31', 'b', '')
time|DateTime('UTC')|toDateTime(if(n < 1100, n, n * 1000000), 'UTC')|multiIf(toUnixTimestamp(k) BETWEEN 1 AND 999, 'a', toUnixTimestamp(k) >= 1000000000, 'b', '')
time|DateTime64(3,'UTC')|fromUnixTimestamp64Milli(toInt64(n) * 777 - 5000, 'UTC')|multiIf(toUnixTimestamp64Milli(k) BETWEEN 1000 AND 999999, 'a', '')
net|IPv4|toIPv4(toUInt32([167772160, 167772159, 184549375, 184549376, 167837696, 167838211, 167838212, 4294967295, 0, 1][n % 10 + 1]))|dictGet('net', 'v', tuple(k))
net|UInt32|toUInt32([167772160, 167772159, 184549375, 184549376, 167837696, 167838211, 167838212, 4294967295, 0, 1][n % 10 + 1])|dictGet('net', 'v', tuple(toIPv4(k)))
net|IPv6|toIPv6(['::', '::ffff:10.1.2.3', '2001:db8::', '2001:db9::', '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'][n % 6 + 1])|dictGet('net', 'v', tuple(k))
net|String|['10.1.2.3', '::1', '10.1.2.3.4', '', 'x', '2001:db8::5', '010.0.0.1', '10.255.255.255'][n % 8 + 1]|['c', 'e', '', '', '', 'd', '', 'a'][n % 8 + 1]
tenth|Float32|toFloat32(n / 10)|if(n = 0, 'a', if(toFloat64(k) <= 0.7, 'b', ''))
four|IPv4|toIPv4(toUInt32([167772160, 167772159, 184549375, 184549376, 167837696, 167838211, 167838212, 4294967295, 0, 1][n % 10 + 1]))|multiIf(k = toIPv4('10.1.2.3'), 'c', k BETWEEN toIPv4('10.1.0.0') AND toIPv4('10.1.255.255'), 'b', k BETWEEN toIPv4('10.0.0.0') AND toIPv4('10.255.255.255'), 'a', k = toIPv4('255.255.255.255'), 'f', 'none')
four|Nullable(UInt32)|if(n % 9 = 5, NULL, toUInt32([167772160, 167772159, 184549375, 184549376, 167837696, 167838211, 167838212, 4294967295, 0, 1][n % 10 + 1]))|multiIf(k = 167838211, 'c', k BETWEEN 167837696 AND 167903231, 'b', k BETWEEN 167772160 AND 184549375, 'a', k = 4294967295, 'f', 'none')
four|IPv6|toIPv6(['::', '::10.1.2.3', '::ffff:10.1.2.3', '2001:db8::', '::ffff:255.255.255.255', '::1:0:0:0'][n % 6 + 1])|['none', 'none', 'c', 'none', 'f', 'none'][n % 6 + 1]
four|FixedString(12)|toFixedString(['10.1.2.3', '::1', '10.1.2.3.4', '', '10.1.2.03', '010.0.0.1', '10.255.255.2', '7'][n % 8 + 1], 12)|['c', 'none', 'none', 'none', 'none', 'none', 'a', 'none'][n % 8 + 1]
six|IPv6|toIPv6(['::', '::1', '::2', '::ffff:9.255.255.255', '::ffff:10.0.0.0', '::ffff:10.0.0.9', '::ffff:10.0.0.10', '2001:db8::ffff:ffff:ffff:fffd', '2001:db8::ffff:ffff:ffff:fffe', '2001:db8:0:1::', '2001:db8:0:1::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffef', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'][n % 14 + 1])|['none', 'a', 'none', 'none', 'b', 'b', 'none', 'none', 'c', 'c', 'none', 'none', 'd', 'd'][n % 14 + 1]
six|Nullable(IPv4)|if(n % 5 = 4, NULL, toIPv4(['9.255.255.255', '10.0.0.0', '10.0.0.9', '10.0.0.10'][n % 5 + 1]))|['none', 'b', 'b', 'none', 'none'][n % 5 + 1]
six|FixedString(24)|toFixedString(['::1', '10.0.0.9', '2001:db8:0:1::', '2001:DB8:0:1:0:0:0:0', 'FFFF::', 'x', ''][n % 7 + 1], 24)|['a', 'b', 'c', 'c', 'none', 'none', 'none'][n % 7 + 1]
whole|Enum16('1' = -5, '-5' = 3, '5' = 7, '9' = -100)|[-5, 3, 7, -100][n % 4 + 1]|multiIf(k = '1', 'b', k = '5', 'd', k = '9', 'a', '')
whole|Bool|n % 2|if(k, '', 'c')
whole|Date|toDate(n % 9)|multiIf(toUInt16(k) = 0, 'c', toUInt16(k) >= 5, 'd', '')
whole|DateTime64(3,'UTC')|fromUnixTimestamp64Milli(toInt64(n) * 77 - 20000, 'UTC')|multiIf(toUnixTimestamp64Milli(k) < -10000, '', toUnixTimestamp64Milli(k) < 0, 'b', toUnixTimestamp64Milli(k) < 1000, 'c', toUnixTimestamp64Milli(k) >= 5000, 'd', '')
old|DateTime64(6,'UTC')|fromUnixTimestamp64Micro(toInt64(n) * 77777 - 40000000, 'UTC')|multiIf(toUnixTimestamp64Micro(k) BETWEEN -30000000 AND -9000001, 'a', toUnixTimestamp64Micro(k) BETWEEN -1000000 AND 999999, 'b', '')
END
n=0
while IFS='|' read -r rules argument _; do
  n=$((n + 1))
  for format in Native RowBinary TabSeparated; do
    "$LIVECOL_BIN" config function --rules "$work/rules/$rules.csv" --name "f${n}_$format" --version 1 \
      --argument "$argument" --type String --format "$format" --pool-size 2 --out "$engine" >/dev/null ||
      fail "config function of $rules by $argument in $format"
    cp "$work/rules/$rules.csv" "$engine/user_scripts/f${n}_${format}_v1.csv"
  done
done <"$cases"
# Rules with two attributes: two functions of one file.
printf '%s\n' cidr,v,n 10.0.0.0/8,a,-1 ::/0,e,2 >"$work/rules/two.csv"
"$LIVECOL_BIN" config function --rules "$work/rules/two.csv" --name two --version 1 --type String --type Int8 \
  --argument IPv4 --out "$engine" >/dev/null || fail 'config function of two attributes'
cp "$work/rules/two.csv" "$engine/user_scripts/two_v1.csv"
engine_start_chdb "$engine" --functions "$engine/*_function.xml" || exit 1
sql() { curl -sS --fail-with-body "$engine_url/" --data-binary "$1"; }

# ip_trie of the same networks. It has no default, and its own order of looking.
sql 'CREATE TABLE nets (prefix String, v String) ENGINE = MergeTree ORDER BY prefix'
sed -n '2,$s,^\([0-9.]*\)\,,\1/32\,,; 2,$p' "$work/rules/net.csv" | sed "s/^/('/; s/,/', '/; s/\$/'),/" | tr -d '\n' |
  sed 's/,$//; s/^/INSERT INTO nets VALUES /' | curl -sS "$engine_url/" --data-binary @-
sql "CREATE DICTIONARY net (prefix String, v String) PRIMARY KEY prefix SOURCE(CLICKHOUSE(TABLE 'nets')) LAYOUT(IP_TRIE) LIFETIME(0)"

n=0
while IFS='|' read -r rules argument key wanted; do
  n=$((n + 1))
  type=${argument/,\'/, \'}
  sql "CREATE TABLE k$n (n UInt64, k $type) ENGINE = MergeTree ORDER BY n"
  sql "INSERT INTO k$n SELECT number AS n, $key FROM numbers(2000)" || fail "keys of $argument"
  for format in Native RowBinary TabSeparated; do
    expect "$rules by $argument in $format" '' \
      "$(sql "SELECT k, f${n}_${format}_v1(k) AS got, ifNull($wanted, '') AS wanted FROM k$n WHERE got != wanted LIMIT 2" 2>&1)"
  done
  # As built-in expressions. What has a number and is none is given as that.
  case $rules:$argument in
    *:Enum16* | whole:Bool | whole:Date) asked='toInt64(k)' ;;
    whole:DateTime64*) asked='toInt64(floor(toDecimal128(k, 3)))' ;;
    *) asked=k ;;
  esac
  "$LIVECOL_BIN" config function --as sql --rules "$work/rules/$rules.csv" --name "s$n" --version 1 --type String \
    >"$work/function.sql" 2>"$work/err" || fail "$rules as sql: $(cat "$work/err")"
  sql "$(sed '$s/;$//' "$work/function.sql")" || fail "CREATE FUNCTION of $rules"
  expect "$rules by $argument as an expression" '' \
    "$(sql "SELECT k, s${n}_v1($asked) AS got, ifNull($wanted, '') AS wanted FROM k$n WHERE got != wanted LIMIT 2" 2>&1)"
done <"$cases"

n=0
while IFS='|' read -r rules argument key wanted; do
  n=$((n + 1))
  # New rules that say A for a, counted before they come: in the rows that have it, and the old ones explain every row.
  sed 's/,a$/,A/' "$work/rules/$rules.csv" >"$work/new.csv"
  sql "ALTER TABLE k$n ADD COLUMN v String DEFAULT f${n}_Native_v1(k)"
  "$LIVECOL_BIN" rules diff "$work/rules/$rules.csv" "$work/new.csv" --url "$engine_url" --json \
    --table "default.k$n.v" >"$work/out" 2>"$work/err" || fail "rules diff of $rules by $argument: $(cat "$work/err")"
  expect_in "rules diff of $rules by $argument" \
    "\"rows\":2000,\"would_change\":$(sql "SELECT countIf($wanted = 'a') FROM k$n"),\"already\":0,\"given\":0" "$work/out"
done <"$cases"

printf '%s\n' from,to,v 0.1234567890123456789,1,a >"$work/rules/digits.csv"
"$LIVECOL_BIN" config function --as sql --rules "$work/rules/digits.csv" --name digits --version 1 --type String >"$work/out" 2>&1
expect 'many digits as sql: exit' 3 $?
expect_in 'many digits as sql' 'the bounds have too many digits for an expression' "$work/out"

# In a DEFAULT: INSERT, MATERIALIZE; new rules counted before they come.
sql 'INSERT INTO k2 (n, k) VALUES (5000, -5)'
sql 'ALTER TABLE k2 MATERIALIZE COLUMN v SETTINGS mutations_sync = 2'
expect 'stored in a DEFAULT' 11 "$(sql "SELECT countIf(v = 'b') FROM k2")"
printf '%s\n' from,to,v ,-100,a -10,-2,b 0,0,c 5,,d ,,z >"$work/new.csv"
"$LIVECOL_BIN" rules diff "$work/rules/whole.csv" "$work/new.csv" --url "$engine_url" --table default.k2.v >"$work/out" 2>&1 ||
  fail "rules diff of negative keys: $(cat "$work/out")"
expect_in 'rules diff of negative keys' 'default.k2.v: 94 of 2001 rows would change' "$work/out"
"$LIVECOL_BIN" doctor --url "$engine_url" --rules "f2_Native_v1=$work/rules/whole.csv" \
  --rules "f7_Native_v1=$work/rules/cents.csv" --rules "f14_Native_v1=$work/rules/day.csv" \
  --rules "f19_Native_v1=$work/rules/net.csv" --rules "f23_Native_v1=$work/rules/tenth.csv" >"$work/out" 2>&1
for n in 2 7 14 19 23; do
  grep -q "f${n}_Native_v1.* answers .* keys as .* says" "$work/out" || fail "doctor does not compare f$n: $(grep -v '^ok' "$work/out")"
done
expect 'two attributes' 'a -1,e 2' \
  "$(sql "SELECT arrayStringConcat(groupArray(concat(two_v1(k), ' ', toString(two_v1_n(k)))), ',') FROM (SELECT toIPv4(arrayJoin(['10.0.0.1', '11.0.0.1'])) AS k)")"
finish
