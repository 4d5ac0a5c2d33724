#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol try: the sample and a table of one's own, on the engine in the process; the README's session
# is what it prints.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
cd "$work" || exit 1

# try_it ARGUMENT...: its output in $work/out, its exit code in $code.
try_it() {
  "$LIVECOL_BIN" try "$@" >"$work/out" 2>"$work/err" </dev/null
  code=$?
}
# stable: figures and paths that differ from run to run.
stable() { sed -E 's/[0-9]+(\.[0-9]+)?( ?[kMG]?i?B| ms| s| k| M)?/N/g'; }
engine() { "$LIVECOL_BIN" "$1" --backend embedded --path "$2" "${@:3}"; }

try_it
said_good 'the sample'
expect 'the sample: steps' 7 "$(grep -c '^\$ livecol ' "$work/out")"
expect_in 'the sample: verified' 'shop.orders.country: 100000 rows: 0 differ from country_v1(phone)' "$work/out"
# The README shows this session word for word, except for figures.
awk '/^<!-- run by tests\/engine\/test_try.sh -->$/ { on = 1; next } on && /^```/ { if (fence++) exit; next } on' \
  "$LIVECOL_SOURCE/README.md" | stable >"$work/readme"
expect 'the README has the session' 1 "$([ -s "$work/readme" ] && echo 1)"
checks=$((checks + 1))
# shellcheck disable=SC2016 # a prompt
(printf '$ livecol try\n' && cat "$work/out") | stable | diff "$work/readme" - ||
  fail 'the README shows another session than livecol try has'
# It can be gone on with by hand, and once more it is refused.
(cd livecol-try && engine status data --exit-code) >"$work/status"
expect 'by hand: status' 0 $?
(cd livecol-try && engine down data --yes) >"$work/down" 2>&1
expect 'by hand: down' 0 $?
before=$(find livecol-try -type f | sort | xargs sha256sum)
try_it
expect 'again: exit' 3 "$code"
expect_in 'again' 'livecol-try is not empty' "$work/err"
expect 'again: nothing is changed' "$before" "$(find livecol-try -type f | sort | xargs sha256sum)"

# One's own: odd names, a column that cannot be given, several attributes.
cat >schema.sql <<'END'
CREATE TABLE visits (at DateTime, `user id` String, n UInt32, m UInt32 MATERIALIZED n + 1)
ENGINE = MergeTree ORDER BY at;
END
printf 'at,user id,n\n2026-01-01 00:00:00,u1_1,1\n2026-01-02 00:00:00,u2_7,2\n2026-01-02 00:00:00,zz,3\n' >rows.csv
printf 'prefix,region,tier\nu1,us,a\nu2,eu,b\n,none,c\n' >rules.csv
mkdir elsewhere
try_it elsewhere --schema schema.sql --rows rows.csv --rules rules.csv --key 'user id' --column tier
said_good 'own'
# shellcheck disable=SC2016 # a name in backticks
expect_in 'own' 'default.visits.tier: 3 rows: 0 differ from tier_v1(`user id`)' "$work/out"

# A database of the schema's, a key that is no String, and fields between semicolons.
cat >hits.sql <<'END'
CREATE TABLE web.hits (at DateTime, ip Nullable(IPv4), note String DEFAULT 'none') ENGINE = MergeTree ORDER BY at;
END
printf 'at;ip\n2026-01-01 00:00:00;10.1.2.3\n2026-01-01 00:00:00;8.8.8.8\n' >hits.csv
printf 'cidr,net\n10.0.0.0/8,inside\n,outside\n' >nets.csv
try_it hits --schema hits.sql --rows hits.csv --rules nets.csv --key ip
said_good 'hits'
expect_in 'hits: the key' "--argument 'Nullable(IPv4)'" "$work/out"
expect_in 'hits: verified' 'web.hits.net: 2 rows: 0 differ from net_v1(ip)' "$work/out"
printf 'at,note\n2026-01-01 00:00:00,x\n' >lacking.csv
try_it lacking --schema hits.sql --rows lacking.csv --rules nets.csv --key ip
expect 'a column is lacking: exit' 1 "$code"
expect_in 'a column is lacking' 'lacking.csv:1: the header does not name ip, a column of web.hits: it has at, note' "$work/err"
expect_in 'a column is lacking: then' 'then remove lacking and run livecol try again' "$work/err"

# What is wrong is said before a file is made.
for case in '2|a second|a b' '2|needs --schema, --rules and --key|c --schema schema.sql' \
  '3|makes no table|c --schema rows.csv --rules rules.csv --key k' '1|No such file|c --schema none.sql --rules rules.csv --key k' \
  '1|none.csv: No such file|c --schema schema.sql --rules none.csv --key k' \
  '1|No such file|c --schema schema.sql --rows none.csv --rules rules.csv --key k'; do
  IFS='|' read -r wanted text arguments <<<"$case"
  read -ra words <<<"$arguments"
  try_it "${words[@]}"
  expect "wrong: $arguments: exit" "$wanted" "$code"
  expect_in "wrong: $arguments" "$text" "$work/err"
  expect "wrong: $arguments: no folder" '' "$(ls -d a c 2>/dev/null)"
done
LIVECOL_LIBCHDB=/none try_it d
expect 'no engine: exit' 1 "$code"
expect_in 'no engine' 'scripts/bootstrap demo fetches it' "$work/err"
expect 'no engine: no folder' '' "$(ls -d d 2>/dev/null)"
# A step that fails ends it, with the step's own words.
printf 'prefix,region\nu1,us\nu1,eu\n' >twice.csv
try_it e --schema schema.sql --rules twice.csv --key 'user id'
expect 'a step fails: exit' 1 "$code"
expect_in 'a step fails' "the key 'u1' is already in line 2" "$work/err"
finish
