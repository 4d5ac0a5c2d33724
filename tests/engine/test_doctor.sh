#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol doctor on an engine that is well, and on one that is not.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

# doctor WHAT WANTED-EXIT [OPTION...]
doctor() {
  local what=$1 wanted=$2
  shift 2
  "$LIVECOL_BIN" doctor -d "$work/none" "$@" >"$work/out" 2>"$work/err" </dev/null
  code=$?
  expect "$what: exit" "$wanted" "$code"
  [ "$code" = "$wanted" ] || cat "$work/out" "$work/err"
}
# line WHAT LEVEL ABOUT TEXT: such a line is there.
line() {
  checks=$((checks + 1))
  if ! awk -v level="$2" -v about="$3" -v text="$4" \
    '$1 == level && $2 == about && index($0, text) { found = 1 } END { exit !found }' "$work/out"; then
    fail "$1: no $2 $3 <$4> in:"
    cat "$work/out"
  fi
}
# function_xml NAME SED...: the shipped function under another name, changed.
function_xml() {
  local name=$1
  shift
  sed -e "s/<name>region_v1</<name>$name</" "$@" "$LIVECOL_SOURCE/config/livecol_function.xml" \
    >"$work/engine/${name}_function.xml"
}
rules=$LIVECOL_SOURCE/config/region.csv

# --- well ---------------------------------------------------------------------------------------
engine_functions "$work/engine"
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1
fresh d
sql "CREATE TABLE d.t (k String, region LowCardinality(String) DEFAULT region_v1(k)) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO d.t (k) SELECT concat('u', toString(number)) FROM numbers(1000)"
doctor 'well' 0 --rules "region_v1=$rules"
line 'well' ok server 'version'
line 'well' ok server 'tells the state of functions, why a mutation fails'
line 'well' ok disk 'free, the largest part has'
line 'well' ok limit 'd.t has 1 part in'
line 'well' ok function 'region_v1: loaded, answers 1000 made-up keys with 3 different values'
line 'well' ok function "region_v1 answers 14 keys as $rules says"
line 'well' ok default 'd.t.region depends on region_v1(k): INSERTs alone'
line 'well' ok lock free
line 'well' ok mutation none
expect_in 'well: the sum' ', 0 fail' "$work/out"
printf 'prefix,region\nu1,us-west\n,unknown\n' >"$work/other.csv"
doctor 'other rules' 8 --rules "$work/other.csv"
line 'other rules' fail function 'region_v1 answers "us-east" for the key "u1"'
doctor 'a function that is not there' 8 --rules "region_v9=$rules"
line 'a function that is not there' fail function 'region_v9 is not registered'
doctor 'as objects' 8 --rules "$work/other.csv" --json
python3 - "$work/out" <<'END' || fail 'as objects: not what they should be'
import json, sys
rows = [json.loads(text) for text in open(sys.argv[1])]
assert {r["level"] for r in rows} <= {"ok", "warn", "fail"}, rows
bad = [r for r in rows if r["level"] == "fail"]
assert bad and all(r["hint"] and r["text"] and r["about"] for r in bad), bad
END

# --- a column that is not stored everywhere -----------------------------------------------------
sql 'ALTER TABLE d.t ADD COLUMN later String DEFAULT region_v1(k)'
doctor 'not stored' 0
line 'not stored' warn default 'd.t.later depends on region_v1(k): reads and merges too'
expect_in 'not stored' 'hint: livecol backfill d.t.later' "$work/out"

# --- functions that will hurt -------------------------------------------------------------------
function_xml slow -e 's/60000</10000</' -e '/command_write_timeout/s/10000/5000/' -e 's/<pool_size>16/<pool_size>1/' \
  -e 's/<deterministic>1/<deterministic>0/'
function_xml each -e 's/executable_pool/executable/'
function_xml named -e 's/<return_name>result/<return_name>region/'
# Of another program nothing is known but what it answers.
cp "$LIVECOL_UDF" "$work/engine/user_scripts/another-program"
function_xml another -e 's/<return_name>result/<return_name>region/' -e 's/<command>livecol-udf/<command>another-program/'
function_xml narrow -e 's/<return_type>LowCardinality(String)/<return_type>Enum8('"'"'us-east'"'"'=1,'"'"'eu-west'"'"'=2,'"'"'unknown'"'"'=3)/'
# Of an argument that no text of a number is.
function_xml of_uuid -e 's/--argument String/--argument UUID/' -e 's/<type>String</<type>UUID</'
function_xml of_date -e "s/--argument String/--argument Nullable(Date)/" -e 's/<type>String</<type>Nullable(Date)</'
function_xml nowhere -e 's/livecol-udf --rules/no-such-program --rules/'
sql 'SYSTEM RELOAD FUNCTIONS'
doctor 'functions' 8 --rules "another=$rules"
line 'functions' warn function 'slow: time-outs under 60 s'
line 'functions' warn function 'slow: not deterministic'
[ "$(nproc)" -lt 2 ] || line 'functions' warn function 'slow: pool_size 1, and one query calls from'
line 'functions' warn function 'each: a process is started for every block'
line 'functions' fail function 'the function named does not fit its program: its return_name is region'
line 'functions' warn function 'another answers the empty value'
line 'functions' fail function 'another answers "" for the key'
line 'functions' warn function 'narrow answers LowCardinality(String), which the server casts to Enum8'
line 'functions' ok function 'of_uuid: loaded, answers 1000 made-up keys'
line 'functions' ok function 'of_date: loaded, answers 1000 made-up keys'
line 'functions' fail function 'nowhere does not answer'
migration "$work/slow" 0001_slow <<<'ALTER TABLE d.t ADD COLUMN slow String DEFAULT slow(k)'
run 'the time-out that ends a call first' 0 plan -d "$work/slow"
expect_in 'the time-out that ends a call first' 'slow gives up after 5000 ms (command_write_timeout)' "$work/out"
rm "$work"/engine/{slow,each,named,another,narrow,of_uuid,of_date,nowhere}_function.xml
sql 'SYSTEM RELOAD FUNCTIONS'

# --- rules that are nearly the function's: one key in many tells them apart -----------------------
# NAME|ARGUMENT|THE FUNCTION'S RULES|THE FILE'S
cases='letters|String|exact,v\n1ab,x\n|exact:nocase,v\n1ab,x\n
starts|String|prefix,v\nab,x\n|prefix:nocase,v\nab,x\n
names|String|suffix:nocase,v\na.example,x\n|domain,v\na.example,x\n
below|String|domain,v\na.example,x\n|domain,v\n*.a.example,x\n
early|UInt64|from,to,v\n9,20,x\n|from,to,v\n10,20,x\n
late|UInt64|from,to,v\n10,21,x\n|from,to,v\n10,20,x\n
ahead|Int64|from,to,v\n-11,20,x\n|from,to,v\n-10,20,x\n
nets|IPv4|cidr,v\n10.0.0.0/8,x\n9.255.255.255,x\n|cidr,v\n10.0.0.0/8,x\n'
while IFS='|' read -r name argument of file; do
  printf '%b' "$of" >"$work/engine/user_scripts/$name.csv"
  printf '%b' "$file" >"$work/$name.csv"
  engine_function_like "$work/engine" "$name" -e "s/--argument String/--argument $argument/" -e "s/<type>String</<type>$argument</"
done <<<"$cases"
sql 'SYSTEM RELOAD FUNCTIONS'
options=()
while IFS='|' read -r name _; do
  options+=(--rules "$name=$work/$name.csv" --rules "$name=$work/engine/user_scripts/$name.csv")
done <<<"$cases"
doctor 'nearly the same rules' 8 "${options[@]}"
while IFS='|' read -r name _; do
  line "$name: its own rules" ok function " keys as $work/engine/user_scripts/$name.csv says"
  line "$name: the other rules" fail function "and $work/$name.csv says"
  rm "$work/engine/${name}_function.xml"
done <<<"$cases"
sql 'SYSTEM RELOAD FUNCTIONS'

# --- rules of nobody knows which function; a table's own limits; names that would steer a terminal ---
cp "$work/engine/user_scripts/region_v1.csv" "$work/engine/user_scripts/region_v2.csv"
sed 's/region_v1/region_v2/g' "$LIVECOL_SOURCE/config/livecol_function.xml" >"$work/engine/two_function.xml"
sql 'SYSTEM RELOAD FUNCTIONS'
sql "CREATE TABLE d.tight (k UInt32) ENGINE = MergeTree ORDER BY k SETTINGS parts_to_delay_insert = 3, parts_to_throw_insert = 5"
sql 'SYSTEM STOP MERGES d.tight'
sql "CREATE TABLE d.slows (k UInt32) ENGINE = MergeTree ORDER BY k SETTINGS parts_to_delay_insert = 4"
sql "CREATE TABLE d.shut (k UInt32) ENGINE = MergeTree ORDER BY k"
sql 'SYSTEM STOP MERGES d.slows'
for n in 1 2 3 4; do sql "INSERT INTO d.tight VALUES ($n)"; done
for n in 1 2 3; do sql "INSERT INTO d.slows VALUES ($n)"; done
sql "INSERT INTO d.shut VALUES (1)"
sql "ALTER TABLE d.shut MODIFY SETTING parts_to_throw_insert = 0"
steers=$'n\nfail  server     all is lost'
sql "CREATE TABLE d.\`$steers\` (k String, r String DEFAULT region_v1(k)) ENGINE = MergeTree ORDER BY k"
doctor 'more functions than one' 8 --rules "$LIVECOL_SOURCE/config/region.csv"
line 'more functions than one' warn function 'region.csv is compared with none of 2 functions'
line 'own limits' fail limit 'd.tight has 4 parts in partition all; its INSERTs slow down at 3, fail at 5'
line 'own limits: the other is the server'"'"'s' warn limit 'd.slows has 3 parts in partition all; its INSERTs slow down at 4, fail at 3000'
line 'own limits: no INSERT passes' fail limit 'd.shut has 1 part in partition all; its INSERTs fail at 0'
for table in tight slows shut; do sql "DROP TABLE d.$table SYNC"; done
sql "DROP TABLE d.\`$steers\` SYNC"
expect 'a name of two lines is one line' '0 2' "$(grep -c '^fail  server' "$work/out") $(grep -c 'all is lost' "$work/out")"
rm "$work/engine/two_function.xml"
sql 'SYSTEM RELOAD FUNCTIONS'

# --- mutations: waiting, many, failing ----------------------------------------------------------
sql 'CREATE TABLE d.m (k UInt32, v UInt32) ENGINE = MergeTree ORDER BY k SETTINGS number_of_mutations_to_delay = 0'
sql 'INSERT INTO d.m VALUES (1, 1)'
sql 'SYSTEM STOP MERGES d.m'
mutation='ALTER TABLE d.m UPDATE v = v + 1 WHERE 1 SETTINGS mutations_sync = 0'
for _ in $(seq 250); do printf 'url = "%s"\ndata-binary = "%s"\nnext\n' "$engine_url/" "$mutation"; done |
  curl -s --noproxy '*' -K -
doctor 'mutations' 0
line 'mutations' warn limit 'd.m has 250 unfinished mutations; the server slows down at 500, refuses at 1000'
line 'mutations' warn mutation 'd.m mutation_'
sql "KILL MUTATION WHERE database = 'd' AND table = 'm'" >/dev/null
sql 'SYSTEM START MERGES d.m'
sql 'ALTER TABLE d.m UPDATE v = throwIf(k = 1) WHERE 1 SETTINGS mutations_sync = 0'
wait_until 'the mutation that fails' is 1 \
  sql "SELECT countIf(latest_fail_reason != '') FROM system.mutations WHERE NOT is_done"
doctor 'a mutation that fails' 8
line 'a mutation that fails' fail mutation 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'
sql "KILL MUTATION WHERE database = 'd' AND table = 'm'" >/dev/null

# --- migrations ---------------------------------------------------------------------------------
migration "$work/pending" 0001_a <<<'SELECT throwIf(1)'
doctor 'pending' 0 -d "$work/pending"
line 'pending' warn migration '1 pending'
up "$work/pending"
doctor 'failed' 8 -d "$work/pending"
line 'failed' fail migration '0001 a is failed at statement 1'

# --- the function is lost -----------------------------------------------------------------------
rm "$work/engine/livecol_function.xml"
sql 'SYSTEM RELOAD FUNCTIONS'
doctor 'lost' 8
line 'lost' fail default 'd.t.region: the function region_v1, which the DEFAULT of d.t.region calls, is not registered'
finish
