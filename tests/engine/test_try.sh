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
# zips FOLDER: key and column of each row, by an engine of its own.
zips() {
  engine_start_chdb "$PWD/$1/data"
  # shellcheck disable=SC2016 # a name in backticks
  sql 'SELECT zip, `my région` FROM `my db`.`zip-codes` ORDER BY zip'
  engines_stop
}
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

# Text is read as the types of the table: left to guess, the engine takes 01234 for a number, and
# refuses an empty array. Odd names are quoted in each command. A packed file is unpacked.
cat >zips.sql <<'END'
CREATE TABLE `my db`.`zip-codes` (zip String, tags Array(String), at DateTime64(3)) ENGINE = MergeTree ORDER BY at;
END
printf 'zip,at,tags,more\n01234,2026-01-01T00:00:00.500Z,[],1\n00045,2026-01-01 00:00:00,[],2\n' >zips.csv
printf 'zip\tat\ttags\n01234\t1767225600\t[]\n00045\t2026-01-01 00:00:00\t[]\n' >zips.tsv
printf '{"at":"2026-01-01T00:00:00Z","zip":"01234","tags":[]}\n{"at":"2026-01-01 00:00:00","zip":"00045","tags":["a"]}\n' >zips.jsonl
gzip -k zips.csv
printf 'prefix,region\n01,one\n00,zero\n,unknown\n' >zones.csv
for file in zips.csv zips.tsv zips.jsonl zips.csv.gz; do
  try_it "as.$file" --schema zips.sql --rows "$file" --rules zones.csv --key zip --column 'my région'
  said_good "$file"
  expect_in "$file" "livecol verify '\`my db\`.\`zip-codes\`.\`my région\`'" "$work/out"
  expect_in "$file: verified" 'my db.zip-codes.my région: 2 rows: 0 differ' "$work/out"
  engine_rows=$(zips "as.$file")
  expect "$file: rows" $'00045\tzero\n01234\tone' "$engine_rows"
done
printf '{"zip":"01234"}\n' >few.jsonl
try_it few --schema zips.sql --rows few.jsonl --rules zones.csv --key zip
expect 'a name is lacking: exit' 1 "$code"
expect_in 'a name is lacking' 'few.jsonl: the file does not name tags, a column of my db.zip-codes: it has zip' "$work/err"

# Ctrl-C, which all processes of a terminal get: the step stops, and no other one begins.
mkdir "$work/bin" # livecol looks for livecol-udf next to itself
cp "$hooks" "$LIVECOL_UDF" "$work/bin"
gate_close "$work/points" 'lock taken'
LIVECOL_TEST_GATE=$work/points setsid "$work/bin/livecol-hooks" try stopped >"$work/out" 2>"$work/err" </dev/null &
pid=$!
gate_wait "$work/points" 'lock taken'
kill -INT -- "-$pid"
gate_open "$work/points" 'lock taken'
wait "$pid"
expect 'Ctrl-C: exit' 130 $?
expect_in 'Ctrl-C' 'in stopped, continue by hand after that command; or remove the folder' "$work/err"
expect 'Ctrl-C: steps' 1 "$(grep -c '^\$ livecol ' "$work/out")"

# A table that only a cluster can make, and a schema as a client prints it, are known before a file is made.
cat >replicated.sql <<'END'
CREATE TABLE t (k String) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/{shard}', '{replica}') ORDER BY k
END
echo 'CREATE TABLE t ON CLUSTER c (k String) ENGINE = MergeTree ORDER BY k' >cluster.sql
printf '%s\n' "CREATE TABLE t\\n(\\n    k String DEFAULT \\'a\\'\\n)\\nENGINE = MergeTree\\nORDER BY k" >escaped.sql
printf 'prefix,region\nu1,us\nu1,eu\n' >twice.csv
echo x >rows.xlsx

# What is wrong is said before a file is made.
for case in '2|a second|a b' '2|needs --schema, --rules and --key|c --schema schema.sql' \
  '3|makes no table|c --schema rows.csv --rules rules.csv --key k' '1|No such file|c --schema none.sql --rules rules.csv --key k' \
  '1|none.csv: cannot open the rules: No such file|c --schema schema.sql --rules none.csv --key k' \
  '1|No such file|c --schema schema.sql --rows none.csv --rules rules.csv --key k' \
  '1|twice.csv:3|c --schema schema.sql --rules twice.csv --key k' \
  '2|rows.xlsx shows no format|c --schema schema.sql --rows rows.xlsx --rules rules.csv --key k' \
  '1|elsewhere is not a file|c --schema schema.sql --rows elsewhere --rules rules.csv --key k' \
  '3|write ENGINE = ReplacingMergeTree, without|c --schema replicated.sql --rules rules.csv --key k' \
  '3|remove ON CLUSTER|c --schema cluster.sql --rules rules.csv --key k' \
  '3|escaped.sql:1: line breaks are written as \n|c --schema escaped.sql --rules rules.csv --key k'; do
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
try_it e --schema schema.sql --rules rules.csv --key user
expect 'a step fails: exit' 1 "$code"
expect_in 'a step fails' 'default.visits has no column user' "$work/out"
expect_in 'a step fails' 'livecol plan ended with exit code 3' "$work/err"
finish
