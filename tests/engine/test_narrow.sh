#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Narrow keys: what new, new --rederive and inline write, and who else reads such a DEFAULT.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

# Rules of bytes that no character ends at, and of several lengths; the next version looks at more.
printf 'prefix,v,w\nu1,us-east,1\nu2,eu-west,2\n漢,kanji,3\nu1é,acute,4\n,unknown,0\n' >"$work/p_v1.csv"
printf 'prefix,v,w\nu1,us-east,1\nu2,eu-west,2\nu1_77,new,5\n漢,kanji,3\nu1é,acute,4\n,unknown,0\n' >"$work/p_v2.csv"
printf 'suffix,v\n7,seven\n77,double\né,acute\n,other\n' >"$work/s_v1.csv"
printf 'prefix:nocase,v\nU1,us-east\nu2,eu-west\nU1É,acute\n,unknown\n' >"$work/n_v1.csv"
printf 'exact,v\nu1_70,seven\nu2,two\n漢,kanji\n*,none\n' >"$work/e_v1.csv"
printf 'from,to,v\n0,9,low\n10,99,high\n' >"$work/r_v1.csv"
printf 'bucket,v\n50,a\n50,b\n' >"$work/b_v1.csv"
install() { # RULES NAME VERSION [OPTION...]
  local rules=$1 name=$2 version=$3
  shift 3
  mkdir -p "$work/engine/user_scripts"
  "$LIVECOL_BIN" config install --rules "$rules" --name "$name" --version "$version" --attribute v --type String "$@" \
    --scripts "$work/engine/user_scripts" --config "$work/engine" >"$work/out" 2>&1 || fail "install $name: $(cat "$work/out")"
}
install "$work/p_v1.csv" p 1
install "$work/p_v2.csv" p 2
install "$work/e_v1.csv" e 1
install "$work/p_v1.csv" pn 1 --argument 'Nullable(String)'
install "$work/r_v1.csv" r 1
install "$work/s_v1.csv" s 1
install "$work/n_v1.csv" n 1
install "$work/b_v1.csv" b 1
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

fresh narrow
sql "CREATE TABLE narrow.t (n UInt32, k String, f FixedString(7), l LowCardinality(String), m Nullable(String), q LowCardinality(Nullable(String)), u UInt64, d Date, v0 UInt8) ENGINE = MergeTree ORDER BY n"
# Keys that end in the middle of a character, of zero bytes, empty, and NULL.
sql "INSERT INTO narrow.t SELECT number, [concat('u1_', toString(number)), concat('u2', toString(number)), '漢', left('漢', 2), concat('u1', left('é', 1)), 'u1é', '', '\\0', '\\xff\\xfe', concat('u', toString(number % 10))][1 + number % 10] AS k, left(k, 7), k, if(number % 5 = 0, NULL, k), if(number % 7 = 0, NULL, k), number, toDate(number), 0 FROM numbers(20000)"

# new WANTED-EXIT [OPTION...]: the migration's path goes into $file, its expression into $expr.
new() {
  local wanted=$1
  shift
  rm -rf "$work/m"
  "$LIVECOL_BIN" new x -d "$work/m" "$@" >"$work/out" 2>"$work/err" </dev/null
  expect "new $*: exit" "$wanted" $?
  [ "$wanted" = 0 ] || expect "new $*: no file" '' "$(ls "$work/m" 2>/dev/null)"
  file=$(cat "$work/out")
  expr=''
  [ "$wanted" != 0 ] || expr=$(sed -n '/ADD COLUMN/{s/.* DEFAULT //;s/ AFTER [a-z]*;$//;s/;$//;p}' "$file")
}
of() { # KEY FUNCTION WHEN RULES
  new "${5:-0}" --table narrow.t --column v --type String --key "$1" --function "$2" --narrow "$3" --rules "$4"
}

# --- every type of key: the form, and that it answers alike ---------------------------------------
alike() { # KEY FUNCTION RULES WANTED-EXPRESSION
  of "$1" "$2" always "$3"
  expect "$2($1): the form" "$4" "$expr"
  expect_in "$2($1): proven" 'both give the same for every one of' "$work/err"
  expect "$2($1): alike" 0 "$(sql "SELECT countIf($2($1) != $expr) FROM narrow.t")"
  expect "$2($1): several answers" 1 "$(sql "SELECT uniqExact($expr) > 1 FROM narrow.t")"
}
alike k p_v1 "$work/p_v1.csv" 'p_v1(toLowCardinality(left(k, 4)))'
alike f p_v1 "$work/p_v1.csv" 'p_v1(toLowCardinality(left(toString(f), 4)))'
alike l p_v1 "$work/p_v1.csv" 'p_v1(toLowCardinality(left(l, 4)))'
alike m pn_v1 "$work/p_v1.csv" 'pn_v1(toLowCardinality(left(m, 4)))'
alike q pn_v1 "$work/p_v1.csv" 'pn_v1(toLowCardinality(left(q, 4)))'
alike "ifNull(m, '')" p_v1 "$work/p_v1.csv" "p_v1(toLowCardinality(left(ifNull(m, ''), 4)))"
alike 'lower(k)' p_v1 "$work/p_v1.csv" 'p_v1(toLowCardinality(left(lower(k), 4)))'
alike k s_v1 "$work/s_v1.csv" 's_v1(toLowCardinality(right(k, 2)))'
alike u s_v1 "$work/s_v1.csv" 's_v1(toLowCardinality(right(toString(u), 2)))'
alike 'if(n % 2 = 0, upper(k), k)' n_v1 "$work/n_v1.csv" 'n_v1(toLowCardinality(left(if(n % 2 = 0, upper(k), k), 4)))'
alike k e_v1 "$work/e_v1.csv" 'e_v1(toLowCardinality(k))'
alike m pn_v1 "$work/p_v2.csv" 'pn_v1(toLowCardinality(left(m, 5)))' # longer than need be is right too
of u p_v1 always "$work/p_v1.csv"
expect 'a number: the form' 'p_v1(toLowCardinality(left(toString(u), 4)))' "$expr"
# A NULL that the function does not take fails narrow or whole: up refuses, whoever wrote it.
of m p_v1 always "$work/p_v1.csv" 1
expect_in 'NULL for a String' 'Cannot convert NULL' "$work/err"

# --- what it is not for ---------------------------------------------------------------------------
of u r_v1 always "$work/r_v1.csv" 3
expect_in 'ranges' 'no narrow form for range rules: they look at the whole number' "$work/err"
of k b_v1 always "$work/b_v1.csv" 3
expect_in 'buckets' 'no narrow form for bucket rules: they look at a hash of the whole key' "$work/err"
of k missing_v1 measured "$work/p_v1.csv" 3
expect_in 'measured without the function' 'cannot be timed: its function is not there' "$work/err"
of k missing_v1 always "$work/p_v1.csv"
expect_in 'always without the function' 'not compared with the whole key' "$work/err"
of k p_v1 sometimes "$work/p_v1.csv" 2
new 2 --table narrow.t --column v --key k --function p_v1 --narrow always
new 2 --table narrow.t --column v --key k --function p_v1 --as sql --rules "$work/p_v1.csv" --narrow always
new 2 --narrow always --rules "$work/p_v1.csv"
# Rules of another version than the function runs: keys that are cut too short are found.
of k p_v2 always "$work/p_v1.csv" 3
expect_in 'rules of another version' 'get another value' "$work/err"
sql "CREATE TABLE narrow.empty (k String) ENGINE = MergeTree ORDER BY k"
new 3 --table narrow.empty --column v --key k --function p_v1 --narrow measured --rules "$work/p_v1.csv"
expect_in 'no rows' 'has no rows to measure with' "$work/err"

# --- measured: where few cut keys are different it is the narrow one, else the whole ---------------
of k p_v1 measured "$work/p_v1.csv"
expect_in 'measured' 'different in 8,192 rows' "$work/err"
case $expr in
  'p_v1(toLowCardinality(left(k, 4)))') expect_in 'narrow: said' 'the narrow key is written' "$work/err" ;;
  'p_v1(k)') expect_in 'whole: said' 'the whole key is written' "$work/err" ;;
  *) fail "measured: $expr" ;;
esac
of k p_v1 never "$work/p_v1.csv"
expect 'never' 'p_v1(k)' "$expr"

# --- a migration of it, and all that reads the DEFAULT ---------------------------------------------
of k p_v1 always "$work/p_v1.csv"
up "$work/m"
said_good 'up'
default_of() { sql "SELECT default_expression FROM system.columns WHERE database = 'narrow' AND table = 't' AND name = '$1'"; }
expect 'as it is stored' 'p_v1(toLowCardinality(left(k, 4)))' "$(default_of v)"
"$LIVECOL_BIN" verify narrow.t.v >"$work/out" 2>"$work/err" || fail "verify: $(cat "$work/err")"
"$LIVECOL_BIN" rules diff "$work/p_v1.csv" "$work/p_v2.csv" --table narrow.t.v >"$work/out" 2>"$work/err" ||
  fail "rules diff: $(cat "$work/err")"
wanted=$(sql "SELECT countIf(p_v1(k) != p_v2(k)) FROM narrow.t")
expect 'rules diff: some change' 1 "$((wanted > 0))"
expect_in 'rules diff looks at the whole key' "narrow.t.v: $wanted of 20000 rows would change" "$work/out"
"$LIVECOL_BIN" rules diff "$work/p_v2.csv" "$work/p_v1.csv" --table narrow.t.v >"$work/out" 2>"$work/err"
expect 'rules diff, a cut that is too short: exit' 3 $?
expect_in 'rules diff, a cut that is too short' 'cuts keys to 4 bytes, and the rules of the old rules look at 5' "$work/err"
# By hand, another function for the same cut: refused by the rules, or by the rows.
mkdir "$work/hand"
printf 'ALTER TABLE narrow.t MODIFY COLUMN v DEFAULT p_v2(toLowCardinality(left(k, 4)));\n' >"$work/hand/0002_hand.sql"
"$LIVECOL_BIN" plan -d "$work/hand" --allow-missing >"$work/out" 2>&1
expect 'by hand: exit' 3 $?
expect_in 'by hand' 'since their key is cut to 4 bytes' "$work/out"
sql "CREATE TABLE narrow.e2 (k String) ENGINE = MergeTree ORDER BY k"
printf 'ALTER TABLE narrow.e2 ADD COLUMN v String DEFAULT p_v2(toLowCardinality(left(k, 4)));\n' >"$work/hand/0002_hand.sql"
"$LIVECOL_BIN" plan -d "$work/hand" --rules "$work/p_v2.csv" >"$work/out" 2>&1
expect 'by hand, with --rules: exit' 3 $?
expect_in 'by hand, with --rules' "and the rules of $work/p_v2.csv look at 5" "$work/out"

# Rules that look at the other end of a key.
printf 'ALTER TABLE narrow.e2 ADD COLUMN v String DEFAULT s_v1(toLowCardinality(left(k, 2)));\n' >"$work/hand/0002_hand.sql"
"$LIVECOL_BIN" plan -d "$work/hand" --rules "$work/s_v1.csv" >"$work/out" 2>&1
expect 'the other end: exit' 3 $?
expect_in 'the other end' "cuts keys to their beginning, and the rules of $work/s_v1.csv look at the other end" "$work/out"

# What a read costs until it is stored: said where there are rows enough to matter.
sql "CREATE TABLE narrow.big (k String) ENGINE = MergeTree ORDER BY tuple()"
sql "INSERT INTO narrow.big SELECT concat('u', toString(number)) FROM numbers(300000)"
printf "ALTER TABLE narrow.big ADD COLUMN v String DEFAULT p_v1(hex(SHA256(SHA256(k))));\n" >"$work/hand/0002_hand.sql"
"$LIVECOL_BIN" plan -d "$work/hand" >"$work/out" 2>&1 || fail "plan: $(cat "$work/out")"
expect_in 'plan: the cost of reading' 'until it is stored, reading it computes it: ' "$work/out"
expect_in 'plan: the cost of reading: rows' 'of one core for all 300 k rows (' "$work/out"

# --- new rules ---------------------------------------------------------------------------------------
rederive() { # WANTED-EXIT [OPTION...]
  local wanted=$1
  shift
  rm -rf "$work/r"
  "$LIVECOL_BIN" new again -d "$work/r" --rederive narrow.t.v --to p_v2 "$@" >"$work/out" 2>"$work/err" </dev/null
  expect "rederive $*: exit" "$wanted" $?
}
rederive 3
expect_in 'rederive' 'cuts its key to the 4 bytes that the rules of its function look at' "$work/err"
rederive 0 --narrow never
expect_in 'rederive: the whole key' 'MODIFY COLUMN v DEFAULT p_v2(k);' "$(cat "$work/out")"
rederive 3 --narrow always --rules "$work/p_v1.csv" # those of the old function
rederive 0 --narrow always --rules "$work/p_v2.csv"
expect_in 'rederive: cut anew' 'MODIFY COLUMN v DEFAULT p_v2(toLowCardinality(left(k, 5)));' "$(cat "$work/out")"
expect_in 'rederive: the way back' 'MODIFY COLUMN v DEFAULT p_v1(toLowCardinality(left(k, 4)));' "$(cat "$work/out")"
mv "$(cat "$work/out")" "$work/m/0002_again.sql"
up "$work/m"
said_good 'rederive: up'
expect 'rederive: rows' 0 "$(sql 'SELECT countIf(v != p_v2(k)) FROM narrow.t')"

# --- inline: to a whole key, back, and to a built-in expression ----------------------------------
inline() { # WANTED-EXIT [OPTION...]
  local wanted=$1
  shift
  "$LIVECOL_BIN" inline narrow.t.v "$@" >"$work/out" 2>"$work/err" </dev/null
  expect "inline $*: exit" "$wanted" $?
}
inline 0 --narrow never
expect 'inline --narrow never' 'p_v2(k)' "$(default_of v)"
inline 3 --narrow always --rules "$work/p_v1.csv"
inline 0 --narrow always --rules "$work/p_v2.csv"
expect 'inline --narrow always' 'p_v2(toLowCardinality(left(k, 5)))' "$(default_of v)"
inline 0 --narrow always --rules "$work/p_v2.csv"
expect_in 'inline --narrow: again' 'has it already' "$work/err"
inline 2 --narrow always --remove
inline 0 --rules "$work/p_v2.csv"
case $(default_of v) in
  'transform(substring(k, 1, 5)'*toLowCardinality* | p_v2*) fail "inline: $(default_of v)" ;;
  'transform(substring(k, 1, 5)'*) checks=$((checks + 1)) ;;
  *) fail "inline: $(default_of v)" ;;
esac
expect 'inline: rows' 0 "$(sql 'SELECT countIf(v != p_v2(k)) FROM narrow.t')"
finish
