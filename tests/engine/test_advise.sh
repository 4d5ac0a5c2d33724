#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol advise: every way is measured or said not to be, nothing is left behind, nothing is changed.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

engine_functions "$work/engine"
engine_gated_function "$work/engine" gated_v1
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1
rules=$LIVECOL_SOURCE/config/region.csv
fresh advise
sql "CREATE TABLE advise.t (k String, \`odd name\` String, n UInt64, e UInt8 EPHEMERAL, s String ALIAS upper(k)) ENGINE = MergeTree ORDER BY n"
sql "INSERT INTO advise.t (k, \`odd name\`, n) SELECT concat('u', toString(number % 10), '_', toString(number)), 'u1', number FROM numbers(20000)"
sql "CREATE TABLE advise.empty (k String) ENGINE = MergeTree ORDER BY k"
is_now() {
  sql "SELECT groupArray((name, engine, create_table_query)) FROM (SELECT name, engine, create_table_query FROM system.tables WHERE database = 'advise' ORDER BY name)"
  sql "SELECT count() FROM system.dictionaries"
  sql "SELECT groupArray(name) FROM (SELECT name FROM system.functions WHERE origin = 'SQLUserDefined' ORDER BY name)"
  sql "SELECT count(), sum(cityHash64(k, n)) FROM advise.t"
  sql "SELECT groupArray((name, modification_time)) FROM (SELECT name, modification_time FROM system.parts WHERE table = 't' AND database = 'advise' AND active ORDER BY name)"
}
was=$(is_now)
advise() { # WANTED-EXIT [OPTION...]
  local wanted=$1
  shift
  "$LIVECOL_BIN" advise --rounds 1 "$@" >"$work/out" 2>"$work/err" </dev/null
  expect "advise $*: exit" "$wanted" $?
  expect "advise $*: all is as it was" "$was" "$(is_now)"
}
# of WAY MEMBER: of the JSON in out.
of() {
  python3 -c 'import json, sys
for line in open(sys.argv[1]):
    o = json.loads(line)
    if sys.argv[2] in (o.get("way"), o["event"]):
        print(o[sys.argv[3]])' "$work/out" "$1" "$2"
}
cut="region_v1(toLowCardinality(left(%s, 2)))"
# shellcheck disable=SC2059 # the format is the expression
narrow() { printf "$cut" "$1"; }

# --- every way, of a column, an expression, a number, and names that want quotes --------------------
for key in 'lower(s)' 'odd name' n; do
  advise 0 advise.t --key "$key" --rules "$rules" --json
  case $key in
    'odd name') written="\`odd name\`" ;;
    n) written='toString(n)' ;;
    *) written=$key ;;
  esac
  for way in whole narrow sql dictionary; do
    expect "$key, $way: measured" 'True None' "$(of "$way" measured) $(of "$way" why_not)"
    expect "$key, $way: took some time" 1 "$(python3 -c 'import sys; print(int(all(float(x) > 0 for x in sys.argv[1:])))' \
      "$(of "$way" select_ns)" "$(of "$way" insert_ns)" "$(of "$way" materialize_ns)")"
  done
  expect "$key: the narrow form" "$(narrow "$written")" "$(of narrow expression)"
  expect "$key: rows" 20000 "$(of advice rows)"
  # Its commands are commands.
  of advice commands | sed -n "s|^livecol new|'$LIVECOL_BIN' new -d '$work/m'|p" >"$work/command"
  rm -rf "$work/m"
  bash "$work/command" >"$work/path" 2>"$work/err" || fail "$key: its command: $(cat "$work/command" "$work/err")"
  expect_in "$key: its migration" 'ADD COLUMN IF NOT EXISTS region' "$(cat "$work/path")"
done
up "$work/m"
said_good 'the migration that it writes'
"$LIVECOL_BIN" down -d "$work/m" --steps 1 --yes >"$work/out" 2>&1 || fail "down: $(cat "$work/out")"
sql 'DROP TABLE advise.schema_migrations'
was=$(is_now)
advise 0 advise.t --key k --rules "$rules"
expect_in 'text' 'Best here: ' "$work/out"
expect_in 'text: what is lost' 'lost:  nothing: the DEFAULT contains the rules' "$work/out"

# --- what could not be measured is said ----------------------------------------------------------------
advise 0 advise.t --key k --rules "$rules" --function none_v1 --json
for way in whole narrow; do
  expect "no function, $way" 'False the function none_v1 is not on this server None' \
    "$(of "$way" measured) $(of "$way" why_not) $(of "$way" select_ns)"
done
printf 'prefix,region\nu1,us-west\n,unknown\n' >"$work/other.csv"
advise 0 advise.t --key k --rules "$work/other.csv" --function region_v1 --json
of whole why_not >"$work/why"
expect_in 'a function of other rules' "and $work/other.csv says" "$work/why"
expect 'a function of other rules: not measured' False "$(of whole measured)"
printf 'domain,region\na.com,a\nb.com,b\n' >"$work/domain.csv"
advise 3 advise.t --key k --rules "$work/domain.csv" --function none_v1
expect_in 'no way at all' 'no way could be measured completely' "$work/err"
expect_in 'no way at all: why' 'domain rules cannot be written as an expression' "$work/out"
advise 3 advise.empty --key k --rules "$rules"
expect_in 'no rows' 'advise.empty has no rows to measure with' "$work/err"
advise 3 advise.none --key k --rules "$rules"
expect_in 'no table' 'there is no table advise.none' "$work/err"
advise 3 advise.t --key "'u1'" --rules "$rules"
advise 3 advise.t --key 'nosuch' --rules "$rules"
advise 2 advise.t --key k
advise 2 --key k --rules "$rules"
advise 2 advise.t --key k --rules "$rules" --attribute none

# --- what plan refuses is no advice; what is named, plan takes ------------------------------------------
# planned WHAT: the command that out names makes a migration, and plan takes it.
planned() {
  of advice commands | sed -n "s|^livecol new|'$LIVECOL_BIN' new -d '$work/m'|p" >"$work/command"
  rm -rf "$work/m"
  bash "$work/command" >"$work/path" 2>"$work/err" || fail "$1: its command: $(cat "$work/command" "$work/err")"
  "$LIVECOL_BIN" plan -d "$work/m" >"$work/plan" 2>&1
  expect "$1: plan" 0 $?
}
sql "CREATE TABLE advise.memory (k String) ENGINE = Memory"
sql "INSERT INTO advise.memory SELECT k FROM advise.t"
sql "CREATE TABLE advise.nulls (k Nullable(String), n UInt64) ENGINE = MergeTree ORDER BY n"
sql "INSERT INTO advise.nulls SELECT k, n FROM advise.t"
sql "CREATE TABLE advise.\`odd.name\` (k String, \`odd col\` String) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO advise.\`odd.name\` SELECT k, k FROM advise.t"
sql "CREATE TABLE advise.few (k LowCardinality(UInt64), n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS allow_suspicious_low_cardinality_types = 1" ||
  sql "CREATE TABLE advise.few (k LowCardinality(UInt64), n UInt64) ENGINE = MergeTree ORDER BY n"
sql "INSERT INTO advise.few SELECT n % 100, n FROM advise.t"
was=$(is_now)
advise 3 advise.memory --key k --rules "$rules" --json
for way in whole narrow sql dictionary; do
  expect "an engine that stores no parts, $way" 'False None' "$(of "$way" measured) $(of "$way" select_ns)"
  of "$way" why_not >"$work/why"
  expect_in "an engine that stores no parts, $way" 'plan refuses it: ' "$work/why"
done
advise 0 advise.nulls --key k --rules "$rules" --json
of whole why_not >"$work/why"
expect_in 'a key that may be NULL' 'plan refuses it: ' "$work/why"
planned 'a key that may be NULL'
advise 0 advise.nulls --key "ifNull(k, '')" --rules "$rules" --json
expect 'a NULL that is given a value' True "$(of whole measured)"
planned 'a NULL that is given a value'
advise 0 "advise.\`odd.name\`" --key 'odd col' --column 'new col' --attribute region --rules "$rules" --json
planned 'names that want quotes'
advise 3 advise.t --key k --rules "$rules" --column s
expect_in 'a column that is there' 'advise.t has a column s already' "$work/err"

# --- no copy can be made: SELECT is timed alone -----------------------------------------------------------
advise 3 advise.few --key k --rules "$rules" --json
for way in whole sql dictionary; do
  of "$way" why_not >"$work/why"
  expect_in "no copy, $way" 'no rows could be copied: ' "$work/why"
  expect "no copy, $way" 'False None None' "$(of "$way" measured) $(of "$way" insert_ns) $(of "$way" materialize_ns)"
  expect "no copy, $way: SELECT took some time" 1 "$(python3 -c 'import sys; print(int(float(sys.argv[1]) > 0))' "$(of "$way" select_ns)")"
done
expect 'no copy: nothing is said to be left behind' 0 "$(grep -c 'left behind' "$work/err")"

# --- stopped in its middle: what was made is dropped ---------------------------------------------------
gate_close "$work/engine/gate" gated_v1
"$LIVECOL_BIN" advise advise.t --key k --rules "$rules" --function gated_v1 >"$work/out" 2>"$work/err" </dev/null &
pid=$!
gate_wait "$work/engine/gate" gated_v1
expect 'stopped: there is something to drop' 1 \
  "$(sql "SELECT count() > 0 FROM system.tables WHERE database = 'advise' AND startsWith(name, 'livecol_advise_')")"
kill -INT "$pid"
gate_open "$work/engine/gate" gated_v1
wait "$pid"
expect 'stopped: exit' 130 $?
expect 'stopped: all is as it was' "$was" "$(is_now)"
finish
