#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The dictionaries that livecol describes, on a real engine of today: every layout and format; what the
# engine makes of a program that fails; and a column that is added and filled in by one.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
engine=$work/engine
scripts=$engine/user_scripts
mkdir -p "$scripts"
cp "$LIVECOL_UDF" "$scripts/livecol-udf"
engine_start_chdb "$engine" || exit 1

# dictionary NAME RULES OPTION...: made as the XML says that livecol config prints.
dictionary() {
  local name=$1 rules=$2
  shift 2
  cp "$rules" "$scripts/${name}_v1.csv"
  "$LIVECOL_BIN" config dictionary --rules "$rules" --name "$name" --version 1 "$@" >"$work/$name.xml" ||
    fail "$name: no XML"
  xmllint --noout "$work/$name.xml" || fail "$name: no good XML"
  sql "$(python3 "$LIVECOL_SOURCE/tests/support/dictionary_ddl.py" "$work/$name.xml")"
}

keys="(SELECT arrayJoin(['u1_001', 'u2', 'zz', '']) AS k)"
printf 'exact,region,tier\nu1_001,one,7\nu2,"it'"'"'s",9\n*,other,300\n' >"$work/exact.csv"
printf 'prefix,region,tier\nu1,short,1\nu1_0,"a\\b",2\nu.,dot,3\n,none,4\n' >"$work/long.csv"
printf 'from,to,region\n0,9,low\n10,300,high\n' >"$work/range.csv"
region=$LIVECOL_SOURCE/config/region.csv
for format in Native RowBinary TabSeparated; do
  for layout in complex_key_direct complex_key_cache; do
    dictionary "rows_${layout}_$format" "$region" --format "$format" --layout "$layout" --key user_id
    expect "rows, $layout, $format" $'u1_001\tus-east\nu2\teu-west\nzz\tunknown\n\tunknown' \
      "$(sql "SELECT k, dictGet('rows_${layout}_${format}_v1', 'region', tuple(k)) FROM $keys")"
    dictionary "two_${layout}_$format" "$work/exact.csv" --format "$format" --layout "$layout" \
      --attribute tier --attribute region --type UInt16 --type 'Nullable(String)'
    expect "two attributes, $layout, $format" $'(7,\'one\')\n(9,\'it\\\'s\')\n(300,\'other\')\n(300,\'other\')' \
      "$(sql "SELECT dictGet('two_${layout}_${format}_v1', ('tier', 'region'), tuple(k)) FROM $keys" | sed 's/\\\\/\\/g')"
    dictionary "range_${layout}_$format" "$work/range.csv" --format "$format" --layout "$layout"
    expect "numbers, $layout, $format" $'low.\nhigh.\n.' \
      "$(sql "SELECT concat(dictGet('range_${layout}_${format}_v1', 'region', tuple(toUInt64(n))), '.') FROM (SELECT arrayJoin([9, 10, 301]) AS n)")"
  done
  dictionary "all_$format" "$work/exact.csv" --format "$format" --type String --type UInt16
  expect "exact rules, whole, $format: a miss is the default" \
    $'one\t7\nit\\\'s\t9\nother\t300\nother\t300' \
    "$(sql "SELECT dictGet('all_${format}_v1', 'region', tuple(k)), dictGet('all_${format}_v1', 'tier', tuple(k)) FROM $keys")"
  dictionary "tree_$format" "$work/long.csv" --format "$format" --layout regexp_tree --type String --type UInt16
  expect "prefixes, whole, $format: the longest wins" \
    $'u1x\tshort\t1\nu1_0\ta\\\\b\t2\nu.5\tdot\t3\nux\tnone\t4\n\tnone\t4' \
    "$(sql "SELECT k, dictGet('tree_${format}_v1', 'region', k), dictGet('tree_${format}_v1', 'tier', k) FROM (SELECT arrayJoin(['u1x', 'u1_0', 'u.5', 'ux', '']) AS k)")"
done
# Many keys: as the function of the same rules would say, here told by a built-in expression.
expect 'two hundred thousand keys' 0 \
  "$(sql "SELECT countIf(dictGet('rows_complex_key_direct_Native_v1', 'region', tuple(k)) != multiIf(startsWith(k, 'u1'), 'us-east', startsWith(k, 'u2'), 'eu-west', 'unknown')) FROM (SELECT concat('u', toString(number % 30), '_', toString(number)) AS k FROM numbers(200000))")"

# A program that fails. What is written is in docs/dictionaries.md.
program() {
  printf '#!/bin/sh\n%s\n' "$2" >"$scripts/$1"
  chmod 755 "$scripts/$1"
}
program dies 'head -n 1 >/dev/null; echo "no rules" >&2; exit 3'
program dies_late 'sed "s/$/\teast/"; exit 3'
program few 'head -n 1 | sed "s/$/\teast/"; cat >/dev/null'
program other 'sed "s/.*/zzz\teast/"'
# shellcheck disable=SC2016 # the program's own name
program hangs 'while [ -e "$0" ]; do sleep 0.1; done'
# fails NAME SOURCE LAYOUT [MS]: the answer, or the error, of a dictionary whose program is NAME. The server waits for
# its bytes so long, and kills it then; five minutes, where it is not the time-out that is looked at.
fails() {
  local limits="command_read_timeout ${4:-300000} command_write_timeout 300000 command_termination_timeout ${4:+0}"
  [ -n "${4:-}" ] || limits+=300
  [ "$2" = executable ] || limits="$limits pool_size 2 max_command_execution_time 300"
  sql "DROP DICTIONARY IF EXISTS failing"
  sql "CREATE DICTIONARY failing (k String, region String DEFAULT 'none') PRIMARY KEY k SOURCE($2(command '$1' format 'TabSeparated' execute_direct 1 implicit_key 0 $limits stderr_reaction 'log_last' check_exit_code 1)) LAYOUT($3) $([ "$3" = 'complex_key_direct()' ] || echo 'LIFETIME(0)')"
  sql "SELECT k, dictGet('failing', 'region', tuple(k)) FROM $keys" 2>&1
}
for layout in 'complex_key_direct()' 'complex_key_cache(size_in_cells 1000)'; do
  for source in executable executable_pool; do
    fails dies $source "$layout" >"$work/out"
    expect_in "dies, $source, $layout: its code" 'Child process was exited with return code 3' "$work/out"
    expect_in "dies, $source, $layout: its words" 'no rules' "$work/out"
  done
  expect_in "dies after its rows, $layout" 'Child process was exited with return code 3' \
    <(fails dies_late executable "$layout")
  expect "too few rows, a process a block, $layout: the null value, and no error" \
    $'u1_001\teast\nu2\tnone\nzz\tnone\n\tnone' "$(fails few executable "$layout")"
  expect "other keys than asked for, $layout: as if missing" \
    $'u1_001\tnone\nu2\tnone\nzz\tnone\n\tnone' "$(fails other executable "$layout")"
  for source in executable executable_pool; do
    expect_in "no program, $source, $layout" 'Executable file none does not exist' \
      <(fails none $source "$layout")
  done
  expect_in "too few rows, a pool, $layout: the time-out" 'Pipe read timeout exceeded 100 milliseconds' \
    <(fails few executable_pool "$layout" 100)
  expect_in "hangs, a pool, $layout: the time-out" 'Pipe read timeout exceeded 100 milliseconds' \
    <(fails hangs executable_pool "$layout" 100)
  expect_in "hangs, a process a block, $layout: the time-out" 'Pipe read timeout exceeded 100 milliseconds' \
    <(fails hangs executable "$layout" 100)
done

# A column by a dictionary, by the migration runner: tried, added, stored, verified.
fresh d
sql "CREATE TABLE d.t (k String, n UInt32) ENGINE = MergeTree ORDER BY n"
sql "INSERT INTO d.t SELECT concat('u', toString(number % 5), '_', toString(number)), number FROM numbers(20000)"
migration "$work/d" 0001_region <<'END'
ALTER TABLE t ADD COLUMN region LowCardinality(String)
    DEFAULT dictGet('default.rows_complex_key_direct_Native_v1', 'region', tuple(k));
ALTER TABLE t MATERIALIZE COLUMN region;
END
up "$work/d"
said_good 'a column by a dictionary'
expect_in 'a column by a dictionary: verified' 'every part stores it' "$work/err"
expect 'a column by a dictionary: its values' $'eu-west\t4000\nunknown\t12000\nus-east\t4000' \
  "$(sql "SELECT region, count() FROM d.t GROUP BY region ORDER BY region")"
finish
