#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The benchmarks from the command line, on small data: exit codes, what is printed and exported, and
# that every JSON is as bench/schema.json says. No time is asserted.
set -eu

# shellcheck source=tests/support/wait.sh
. "$LIVECOL_SOURCE/tests/support/wait.sh"
folder=$(mktemp -d)
cleanup() {
  local pid
  for pid in $(jobs -p); do { kill -KILL "$pid"; wait "$pid"; } 2>/dev/null || true; done
  rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
# A benchmark of a debug build on a busy machine must not be judged: budgets here are met or missed by far.
# What a phase lacks is repeated until it is there: the limit of that guards against hanging only.
# The rates are ones that a busy machine serves too: what an open loop owes grows without end on one that does not.
small=(--rows 5000 --phase-seconds 0.2 --samples 10 --write-rate 8 --limit-rate 40 --batch-rows 50 --repeat-seconds 600)
engine=(--backend embedded --path "$folder/engine")

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  for f in out err; do
    sed "s/^/  $f: /" "$f" >&2
  done
  exit 1
}

# expect CODE ARGUMENT...: livecol with these arguments ends with that code; see the files out and err.
expect() {
  local want=$1 code=0
  shift
  "$LIVECOL_BIN" "$@" >out 2>err || code=$?
  [ "$code" = "$want" ] || fail "livecol $*: exit $code, not $want"
}

expect_says() {
  grep -qF -- "$2" "$1" || fail "$1 does not say: $2"
}

# value FILE EXPRESSION: python's value of it, the JSON being j.
value() {
  python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"
}

# expect_value FILE EXPRESSION WANT
expect_value() {
  local got
  got=$(value "$1" "$2")
  [ "$got" = "$3" ] || fail "$2 of $1 is $got, not $3"
}

valid() {
  python3 "$LIVECOL_SOURCE/tests/support/check_schema.py" "$LIVECOL_SOURCE/bench/schema.json" "$@" ||
    fail "not as the schema says"
}

# bench live: a good run that leaves its table, with all exports and pictures
expect 0 bench live "${engine[@]}" "${small[@]}" -b max=90000s -b errors=0 --keep \
  --export-json live.json --export-csv live.csv --export-markdown live.md --plot pictures --report live.html
grep -qE '"group_before_ms": *[0-9.]*[1-9]' live.json || fail 'how long a GROUP BY read takes before the change'
python3 "$LIVECOL_SOURCE/tests/support/check_page.py" live.json live.html >said || fail 'the page of bench live'
expect_says out 'ok      rows are exactly those put in'
expect_says out 'ok      a second up changes nothing: applied 0, skipped 1'
expect_says out 'e1 us-east, e2 us-east, e3 eu-west, e4 us-east, e5 unknown'
expect_says out 'ok      LIMIT reads keep errors=0: 0 in the worst phase'
valid live.json
expect_value live.json 'j["scenario"]' live
expect_value live.json 'j["facts"]["backfill_rows"]' 5005
expect_value live.json 'all(p["ok"] for p in j["facts"]["proofs"])' True
expect_value live.json 'len(j["series"])' 12
expect_value live.json 'all(s["n"] == len(s["times_ms"]) == len(s["at_ms"]) for s in j["series"])' True
expect_value live.json 'all(s["n"] >= 10 for s in j["series"] if s["name"].startswith("limit/"))' True
expect_value live.json '[p["name"] for p in j["phases"]][:4]' "['before', 'after ADD', 'backfill', 'after']"
[ "$(wc -l <live.csv)" = 13 ] || fail "live.csv has not 12 lines and a header"
head -n 1 live.csv | grep -q '^name,n,errors,qps,mean_ms,sd_ms,min_ms' || fail "live.csv begins otherwise"
grep -q '^| limit/backfill | ' live.md || fail "live.md lacks a row"
for picture in percentiles timeline; do
  xmllint --noout "pictures/$picture.svg" || fail "$picture.svg is no XML"
  grep -q 'latency, ms' "pictures/$picture.svg" || fail "$picture.svg lacks its label"
done

# what is there now is in the way of another run, and stays
expect 3 bench live "${engine[@]}" "${small[@]}"
expect_says err 'already holds a table analytics.events'
expect_says err '--drop-existing'

# bench query: the five of a column
expect 0 bench query "${engine[@]}" analytics.events.region -i 20 -b p95=60s --json
valid out
cp out first.json
expect_value out '[s["name"] for s in j["series"]]' \
  "['point', 'limit 10', 'group by', 'filter', 'whole row']"
expect_value out '{s["n"] for s in j["series"]}' '{20}'
expect_value out '[b["verdict"] for b in j["budgets"]]' "['met', 'met', 'met', 'met', 'met']"
expect_value out 'j["rows"] >= 5005' True
expect_value out 'all(s["p99_ms"] is None and s["p95_ms"] > 0 for s in j["series"])' True

# budgets: missed, and refused where there are too few runs
expect 4 bench query "${engine[@]}" -q 'SELECT sleep(0.02)' -i 5 -b p50=1ms
expect_says out 'MISSED  budget p50=1ms of query: '
expect 4 bench query "${engine[@]}" -q 'SELECT 1' -i 99 -b p99=60s
expect_says out 'MISSED  budget p99=60s of query: refused, 99 runs are too few (100 needed)'
expect 4 bench query "${engine[@]}" -q 'SELECT 1' -i 10 -b ratio=2
expect_says out 'there is no reference to compare with'

# a reference: by turns, answers compared, slower proven
group='SELECT region, count() FROM analytics.events GROUP BY region'
expect 0 bench query "${engine[@]}" -q "$group" --reference "$group ORDER BY region DESC" -i 30 \
  --tolerance 100000 -b ratio=10000 --export-json with.json
valid with.json
expect_value with.json '[s["reference"] for s in j["series"]]' '[False, True]'
expect_value with.json 'j["comparisons"][0]["answers_agree"]' True
expect_value with.json 'len({s["answer"] for s in j["series"]})' 1
expect_value with.json 'all(a < b for a, b in zip(j["series"][0]["at_ms"], j["series"][1]["at_ms"]))' True
expect 6 bench query "${engine[@]}" -q 'SELECT sleep(1)' --reference 'SELECT sleep(0.001)' -i 10 -w 0
expect_says out 'query against reference: slower, proven at 99.5 %'
expect 1 bench query "${engine[@]}" -q 'SELECT 1' --reference 'SELECT 2' -i 10
expect_says out 'FAILED  query and reference give different answers'
expect 1 bench query "${engine[@]}" -q 'SELECT rand64()' --reference 'SELECT rand64()' -i 10
expect 0 bench query "${engine[@]}" -q 'SELECT rand64()' -i 10
expect_says out 'note    query: the answer was not the same in all runs'
expect 1 bench query "${engine[@]}" -q 'SELECT 1 FORMAT CSV' -i 10

# open loop, several connections, a file, for a time
printf 'SELECT 1; SELECT 2;\nSELECT count()\nFROM numbers(10);\n' >queries.sql
begun=$EPOCHREALTIME
expect 0 bench query "${engine[@]}" --queries queries.sql -c 2 -t 0.5 --rate 100 --json
took=$(python3 -c 'import sys; print(float(sys.argv[1]) - float(sys.argv[2]))' "$EPOCHREALTIME" "$begun")
valid out
expect_value out '[s["name"] for s in j["series"]]' "['line 1', 'line 1, statement 2', 'line 2']"
# What was due while it ran, and no more: each of the three every 30 ms.
expect_value out "48 <= sum(s['n'] for s in j['series']) <= 100 * $took + 3" True
expect_value out 'all(abs(b - a - 30) < 0.1 for s in j["series"] for a, b in zip(s["at_ms"], s["at_ms"][1:]))' True
expect_value out 'j["how"]' 'open loop, 100 a second, 2 connections a statement, 3 runs to warm up'

# a stall at the end hides nothing: what was due is done, as late as it is; what is not even begun has failed
expect 1 bench query "${engine[@]}" -q 'SELECT sleep(0.1)' -w 0 --rate 100 -t 0.5 --json
expect_value out 'j["series"][0]["n"] + j["series"][0]["errors"] >= 49 and j["series"][0]["max_ms"] >= 400' True
expect_value out '"the rate is not held" in j["series"][0]["error"]' True
# with a reference each has its own schedule: the quick one does not wait for the slow one, which falls behind
# further and further; else it would take about as long
expect 6 bench query "${engine[@]}" -q 'SELECT sleep(0.4)' --reference 'SELECT toUInt8(0)' --rate 8 -i 6 -w 0 --json
expect_value out '2 * j["series"][1]["p50_ms"] < j["series"][0]["p50_ms"] >= 700' True

# what cannot be written is said before the run; stdout is for one thing
expect 1 bench query "${engine[@]}" -q 'SELECT 1' --export-csv none/x.csv
expect_says err 'cannot write none/x.csv'
PATH=/nowhere expect 1 bench query "${engine[@]}" -q 'SELECT 1' --plot pictures
expect_says err 'gnuplot-nox'
expect 2 bench query "${engine[@]}" -q 'SELECT 1' --json --export-csv -
expect 0 bench query "${engine[@]}" -q 'SELECT 1' -i 2 --export-json -
valid out
expect_says err 'mean ms'
expect 2 bench query "${engine[@]}" -q 'SELECT 1' --rate -5
expect 2 bench query "${engine[@]}" -q 'SELECT 1' -t -5
expect 0 bench query "${engine[@]}" -q "$group" --cold -i 3 -w 0
expect_says err 'cold: mark cache'

# compare: the same is no regression, ten times slower is one. The times are given: those of a busy machine can
# differ so much among themselves that nothing is proven.
cat >steady.py <<'PY'
import json, sys
j = json.load(open(sys.argv[1]))
for s in j["series"]:
    s["times_ms"] = [10 + i % 3 for i in range(len(s["times_ms"]))]
json.dump(j, open(sys.argv[2], "w"))
PY
python3 steady.py first.json steady.json
mv steady.json first.json
cat >slower.py <<'PY'
import json, sys
j = json.load(open(sys.argv[1]))
for s in j["series"]:
    s["times_ms"] = [10 * t for t in s["times_ms"]]
json.dump(j, open(sys.argv[2], "w"))
PY
python3 slower.py first.json second.json
expect 0 bench compare first.json first.json
expect_says out 'no difference proven'
expect 6 bench compare first.json second.json
expect_says out 'slower, proven'
expect 0 bench compare second.json first.json
expect_says out 'faster, proven'
expect 6 bench compare first.json second.json --json
expect_value out 'any(s["regressed"] for s in j["series"]) and j["b"]["file"]' second.json

# what makes two results no comparison is not passed over
changed() { # EXPRESSION: first.json as changed.json, with that done to j
  python3 -c 'import json, sys; j = json.load(open("first.json")); exec(sys.argv[1]); json.dump(j, open("changed.json", "w"))' "$1"
}
changed 'j["series"][0]["errors"] = 3'
expect 1 bench compare first.json changed.json
expect_says out 'FAILED  point: 3 runs failed in B'
changed 'j["series"][0]["times_ms"] = j["series"][0]["times_ms"][:1]'
expect 4 bench compare first.json changed.json
expect_says out 'too few runs'
changed 'j["partial"] = True; j["how"] = "cold"; j["series"][1]["sql"] = "SELECT 2"; j["series"][4]["answer"] = "0" * 16'
expect 0 bench compare first.json changed.json
expect_says out 'note    B was interrupted: incomplete'
expect_says out 'note    the loads differ: A closed loop, 1 connection, 3 runs to warm up; B cold'
expect_says out 'note    limit 10: the statements differ'
expect_says out 'note    whole row: the answers differ'
changed 'j["series"][0]["name"] = "a\x1b[2J"'
expect 0 bench compare first.json changed.json
expect_says out 'note    a\x1b[2J is in B only'
changed 'j["series"] = []'
expect 1 bench compare first.json changed.json
expect_says err 'no series in common'
for bad in 'j["format"] = "1"' 'j["series"][0]["times_ms"] = 5' 'j["series"][0]["name"] = "filter"'; do
  changed "$bad"
  expect 1 bench compare first.json changed.json
  expect_says err 'changed.json'
done

# bench match: the same shape, and comparable
expect 0 bench match --max-rules 100 --rounds 3 --keys 20k --json
valid out
cp out match.json
expect_value match.json 'all(f["hits"] <= 1 for f in j["facts"]["figures"]) and len(j["series"]) == 2 * len(j["comparisons"])' True
expect 0 bench compare match.json match.json
expect 2 bench compare first.json live.json
expect_says err 'cannot be compared'
expect 1 bench compare first.json queries.sql
expect_says err 'queries.sql'
echo '{"a": 1}' >other.json
expect 1 bench compare first.json other.json
expect_says err 'not a result of livecol bench'

# a statement that cannot run says why; so does bad usage
expect 1 bench query "${engine[@]}" -q 'SELECT nothing_of_the_kind'
expect_says err 'nothing_of_the_kind'
expect 2 bench query "${engine[@]}" -q 'SELECT 1' -b p99=fast
expect_says err 'p99=100ms'
expect 2 bench query "${engine[@]}"
expect 2 bench query "${engine[@]}" analytics.events
expect_says err 'database.table.column'
expect 2 bench query "${engine[@]}" -q 'SELECT 1' --cold -c 4
expect 2 bench live "${engine[@]}" --rows 0
expect 2 bench live "${engine[@]}" -b ratio=2

# four readers, at half the rate that is found; a rate that nothing can hold
long=(--long "${small[@]}" --rows 20000 --point-rate 40 --range-rate 10 --search-seconds 0.2)
expect 0 bench live "${engine[@]}" "${long[@]}" --hold 100000 -b max=90000s -b errors=0 --export-json long.json --drop-existing
expect_says out 'highest '
expect_says out 'async_insert 1; GROUP BY reads at nice 10'
for what in 'LIMIT reads' 'point reads' 'writes'; do
  expect_says out "ok      $what keep max=90000s"
done
valid long.json
expect_value long.json "len(j['series'])" 20
expect_value long.json "all(s['n'] >= 10 for s in j['series'] if s['name'].split('/')[0] in ('limit', 'point', 'write'))" True
expect_value long.json "abs(j['facts']['rate_used'] * 2 / j['facts']['rate_found'] - 1) < 1e-9" True
expect_value long.json "all(p['ok'] for p in j['facts']['proofs'])" True
expect 4 bench live "${engine[@]}" "${long[@]}" --hold 0 -b errors=0 -b max=1us
expect_says out 'MISSED  point reads keep max=1us'
expect 1 bench live "${engine[@]}" "${long[@]}" --hold 0.000001 --point-rate 20000 --limit-rate 20000
expect_says err 'p99 is above 0 ms'
expect 2 bench live "${engine[@]}" --long --point-rate 0
expect 2 bench live "${engine[@]}" --long --search-seconds 0
expect 2 bench live "${engine[@]}" --nice 20

# a budget missed by bench live, and what is in the way dropped because it was asked for
expect 4 bench live "${engine[@]}" "${small[@]}" -b max=1us --drop-existing
expect_says out 'MISSED  LIMIT reads keep max=1us'

# interrupted: what there was, exit 130, and the tables are gone
"$LIVECOL_BIN" bench live "${engine[@]}" --rows 5000 --phase-seconds 3600 >out 2>err &
pid=$!
wait_until 'the first phase' says err 'phase before'
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[ "$code" = 130 ] || fail "interrupted: exit $code, not 130"
expect_says err 'interrupted'
expect_says out 'before'
expect 0 bench query "${engine[@]}" -i 1 -w 0 --json \
  -q "SELECT count() FROM system.tables WHERE database = 'analytics'" \
  --reference 'SELECT toUInt64(0)'
