#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Before a change: does a DEFAULT answer for every value that its columns may hold? For each type of key
# what is refused, with the value, and that the form the hint names is taken; and what passes.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

mkdir -p "$work/engine/user_scripts"
cp "$LIVECOL_UDF" "$work/engine/user_scripts/livecol-udf"
cp "$LIVECOL_SOURCE/config/region.csv" "$work/prefix.csv"
printf 'from,to,tier\n0,9,low\n10,99,mid\n100,18446744073709551615,high\n' >"$work/range.csv"
# install_function NAME RULES [OPTION...]
install_function() {
  local name=$1 rules=$2
  shift 2
  "$LIVECOL_BIN" config install --rules "$work/$rules.csv" --name "$name" --version 1 "$@" \
    --scripts "$work/engine/user_scripts" --config "$work/engine" >/dev/null 2>&1 || fail "function $name"
}
mkdir -p "$work/engine"
install_function land prefix
install_function landn prefix --argument 'Nullable(String)'
install_function landuuid prefix --argument UUID --format RowBinary
install_function tier range
install_function tieri range --argument Int64
install_function tiern range --argument 'Nullable(Int64)' --format TabSeparated
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1
fresh d

# A case is a table and a column with a DEFAULT, in a migration of its own; one plan looks at them all.
n=0
# add TYPES EXPRESSION: the next case, numbered $n.
add() {
  n=$((n + 1))
  sql "CREATE TABLE d.t$n ($1) ENGINE = MergeTree ORDER BY tuple()" || fail "table: $1"
  migration "$work/m" "$(printf %04d $n)_add" <<END
ALTER TABLE t$n ADD COLUMN v LowCardinality(String) DEFAULT $2;
END
  what[n]="$1: $2"
  types[n]=$1
}
# look [OPTION...]: the plan; of case N what it says is in $work/said.N.
look() {
  rm -f "$work"/said.*
  "$LIVECOL_BIN" plan -d "$work/m" "$@" >"$work/out" 2>"$work/err" </dev/null
  code=$?
  awk -v to="$work/said." '/^[0-9][0-9][0-9][0-9] add$/ { file = to ($1 + 0) } file { print >file }' "$work/out"
}
what=() types=() wanted=()
passes() { add "$1" "$2"; wanted[n]=''; }
# refused TYPES EXPRESSION TEXT: with that text.
refused() { add "$1" "$2"; wanted[n]=$3; }
# judge: every case, as it is wanted.
judge() {
  local i
  for ((i = 1; i <= n; i++)); do
    if [ -n "${wanted[i]}" ]; then
      expect_in "${what[i]}" "${wanted[i]}" "$work/said.$i"
      expect "${what[i]}: refused" 1 "$(grep -c '^ *refused: ' "$work/said.$i")"
    else
      expect "${what[i]}: passes" '' "$(grep '^ *refused: ' "$work/said.$i")"
      expect_in "${what[i]}: tried" ' metadata only: ' "$work/said.$i"
    fi
  done
}
# anew: no case.
anew() {
  rm -rf "$work/m"
  fresh d
  n=0 what=() types=() wanted=()
}

# --- what passes ----------------------------------------------------------------------------------
for type in String 'LowCardinality(String)' 'FixedString(5)' "Enum8('u1'=-1,'x y'=2)" UInt32 Int64; do
  passes "k $type" 'land_v1(k)'
done
for type in 'Nullable(String)' 'LowCardinality(Nullable(String))' String 'Nullable(FixedString(3))'; do
  passes "k $type" 'landn_v1(k)'
done
passes 'k UUID' 'landuuid_v1(k)'
for type in UInt8 UInt16 UInt32 UInt64 Bool Date DateTime IPv4 "Enum8('a'=0,'b'=2)"; do
  passes "k $type" 'tier_v1(k)'
done
for type in Int8 Int32 Int64 UInt32 Date32 "Enum16('a'=-300)"; do
  passes "k $type" 'tieri_v1(k)'
done
passes 'k Nullable(Int32)' 'tiern_v1(k)'
passes 'k Nullable(String)' "land_v1(ifNull(k, ''))"
passes 'k SimpleAggregateFunction(max, UInt32)' 'tier_v1(k)'
passes 'k Int32' 'tier_v1(greatest(k, 0))'
passes 'k UUID' 'land_v1(toString(k))'
passes 'k Array(String)' 'land_v1(k[1])'
passes 'k Map(String, String)' "land_v1(k['country'])"
passes 'k Tuple(a String, b UInt8)' 'land_v1(k.1)'
passes 'k String, l LowCardinality(String)' 'land_v1(concat(k, l))'
passes 'k DateTime' 'land_v1(toString(k))'
passes 'k Float64' 'tier_v1(accurateCastOrDefault(floor(k), '"'UInt64'"'))'

# --- what is refused, and that the form which the hint says to write passes ------------------------------------------------------------------------------
refused 'k Int8' 'tier_v1(k)' "fails for k = '-1' (Int8)"
refused 'k Int32' 'tier_v1(k)' "fails for k = '-1' (Int32)"
refused 'k Int64' 'tier_v1(k)' "fails for k = '-1' (Int64)"
refused 'k Int128' 'tier_v1(k)' "fails for k = '-1' (Int128)"
refused 'k UInt128' 'tier_v1(k)' "fails for k = '340282366920938463463374607431768211455' (UInt128)"
refused 'k UInt256' 'tier_v1(k)' '(UInt256)'
refused 'k Float32' 'tier_v1(k)' "fails for k = '1.5' (Float32)"
refused 'k Float64' 'tier_v1(k)' "fails for k = '1.5' (Float64)"
refused 'k Float64' 'tier_v1(floor(k))' "fails for k = '-1' (Float64)"
refused 'k Decimal(9, 2)' 'tier_v1(k)' "fails for k = '-9999999.99' (Decimal(9, 2))"
refused 'k Decimal(18, 4)' 'tieri_v1(k)' 'gets another key than k'
refused "k Enum8('a'=-5,'b'=2)" 'tier_v1(k)' "gets another key than k = 'a'"
refused 'k Time' 'tier_v1(k)' 'gets another key than k'
refused 'k Time64(3)' 'tier_v1(k)' '(Time64(3))'
refused 'k Date32' 'tier_v1(k)' 'gets another key than k'
refused 'k DateTime64(3)' 'tier_v1(k)' '(DateTime64(3))'
refused 'k SimpleAggregateFunction(max, Int32)' 'tier_v1(k)' "fails for k = '-1'"
refused 'k UInt64' 'tieri_v1(k)' "fails for k = '18446744073709551615' (UInt64)"
refused 'k String' 'tier_v1(k)' "fails for k = '' (String)"
refused 'k Nullable(UInt64)' 'tier_v1(k)' 'NULL'
refused 'k Nullable(Int32)' 'tier_v1(k)' 'NULL'
refused 'k Nullable(String)' 'land_v1(k)' 'does not accept NULL, which its column may hold'
refused 'k LowCardinality(Nullable(String))' 'land_v1(k)' 'NULL'
refused 'k Array(String)' 'land_v1(k)' 'the server would pass it a text like'
refused 'k Array(UInt8)' 'land_v1(k)' 'the server would pass it a text like'
refused 'k UUID' 'land_v1(k)' 'land_v1 takes String, and k is UUID'
refused 'k Nullable(UUID)' 'landn_v1(k)' 'and k is Nullable(UUID)'
refused 'k DateTime' 'land_v1(k)' 'land_v1 takes String, and k is DateTime'
refused 'k DateTime64(3)' 'land_v1(k)' 'and k is DateTime64(3)'
refused 'k Date' 'land_v1(k)' 'and k is Date'
refused 'k Float64' 'land_v1(k)' 'and k is Float64'
refused 'k IPv6' 'land_v1(k)' 'and k is IPv6'
refused 'k Map(String, String)' 'land_v1(k)' 'and k is Map(String, String)'
refused 'k Tuple(String, UInt8)' 'land_v1(k)' 'and k is Tuple(String, UInt8)'
refused 'k JSON' 'land_v1(k.a)' 'Dynamic'
refused 'k Variant(String, UInt8)' 'land_v1(k)' 'Variant(String, UInt8)'
refused 'k Dynamic' 'land_v1(k)' 'Dynamic'
refused 'k Point' 'land_v1(k)' 'and k is Point'
refused 'l String, k Ring' 'concat(land_v1(l), land_v1(k))' 'and k is Ring'
refused 'k QBit(Float32, 4)' 'land_v1(k)' 'and k is QBit(Float32, 4)'
refused 'k Int32' 'upper(tier_v1(k))' "fails for k = '-1'"
look
expect 'all: exit' 3 "$code"
judge
forms=()
for ((i = 1; i <= n; i++)); do
  way=$(sed -n 's/^ *refused: .*; \(or \)\?write \([a-z_]*v1(.*\)$/\2/p' "$work/said.$i" |
    sed -e 's/): .* for the rules.*/)/; s/\. Nothing was changed.*//; s/\. INSERTs .*//; s/, or another element .*//')
  [ -z "$way" ] || forms+=("${types[i]}" "$way")
done
anew
for ((i = 0; i < ${#forms[@]}; i += 2)); do passes "${forms[i]}" "${forms[i + 1]}"; done
checks=$((checks + 1))
[ "$n" -gt 30 ] || fail "only $n hints name a form"
look
expect 'what the hints say: exit' 0 "$code"
judge

# --- said rather than refused ---------------------------------------------------------------------
anew
add 'k Int32' 'tier_v1(k)'
look --allow-unsafe
expect 'allow-unsafe: exit' 0 "$code"
expect_in 'allow-unsafe' "fails for k = '-1' (Int32)" "$work/said.1"
add 'k AggregateFunction(count), l String' "land_v1(concat(l, toString(finalizeAggregation(k))))"
look --allow-unsafe
expect_in 'no values: said' 'is not tried for every value' "$work/said.2"

# --- XML written by hand, which does not fit its command: refused, or said ------------------------------
by_hand() {
  cat >"$work/engine/$1_function.xml" <<END
<functions><function><type>executable</type><name>$1_v1</name><command>livecol-udf --rules land_v1.csv $4</command>
<execute_direct>1</execute_direct><argument><type>$3</type><name>k</name></argument><return_type>String</return_type>
<return_name>result</return_name><format>$2</format></function></functions>
END
}
anew
by_hand hanull RowBinary 'Nullable(String)' '--format RowBinary'
by_hand hafixed RowBinary 'FixedString(3)' '--format RowBinary'
by_hand haint TabSeparated Int32 '--format TabSeparated'
by_hand haformat RowBinary String ''
by_hand haother Native 'LowCardinality(String)' '--argument String'
by_hand hagood RowBinary 'Nullable(String)' '--format RowBinary --argument Nullable(String)'
by_hand hafile Native String '--argument @argument.txt'
echo String >"$work/engine/user_scripts/argument.txt"
sql 'SYSTEM RELOAD FUNCTIONS'
refused 'k Nullable(String)' 'hanull_v1(k)' 'does not fit its program: the server sends Nullable(String) in RowBinary'
refused 'k FixedString(3)' 'hafixed_v1(k)' 'the server sends FixedString(3) in RowBinary'
refused 'k Int32' 'haint_v1(k)' 'the server sends Int32 in TabSeparated'
refused 'k String' 'haformat_v1(k)' 'the server speaks RowBinary, and the command leaves --format at Native'
refused 'k String' 'haother_v1(k)' 'the server sends LowCardinality(String), and the command says --argument String'
passes 'k Nullable(String)' 'hagood_v1(k)'
passes 'k String' 'hafile_v1(k)'
look
judge
expect_in 'a file on the server' '--argument @argument.txt is a file on the server' "$work/said.7"
# --- engines: judged before the first statement of a run is sent ------------------------------------
anew
sql 'CREATE TABLE d.base (k String) ENGINE = MergeTree ORDER BY k'
# engine ENGINE TEXT: refused with the engine's name and that way.
engine() {
  n=$((n + 1))
  sql "CREATE TABLE d.t$n (k String) ENGINE = $1" || fail "engine: $1"
  migration "$work/m" "$(printf %04d $n)_add" <<END
ALTER TABLE t$n ADD COLUMN v LowCardinality(String) DEFAULT land_v1(k);
ALTER TABLE t$n MATERIALIZE COLUMN v;
END
  what[n]="engine $1" wanted[n]="refused: d.t$n is of the engine ${1%%(*}, which"
  ways[n]=$2
}
ways=()
for name in Memory Log TinyLog StripeLog 'File(CSV)'; do engine "$name" 'copy its rows into a MergeTree table'; done
engine Null 'the tables that its materialized views fill'
engine "Merge(d, '^base\$')" 'each of the tables it reads'
engine 'Buffer(d, base, 1, 10, 100, 10, 100, 10, 100)' 'livecol new NAME --table d.base --column v'
engine Set 'create it again'
engine 'Join(ANY, LEFT, k)' 'create it again'
sql 'CREATE VIEW d.seen AS SELECT k FROM d.base'
migration "$work/m" 0011_add <<'END'
ALTER TABLE seen ADD COLUMN v LowCardinality(String) DEFAULT land_v1(k);
END
n=11 what[11]='a view' wanted[11]='refused: d.seen is of the engine View, which' ways[11]='CREATE OR REPLACE VIEW'
look
expect 'engines: exit' 3 "$code"
for ((i = 1; i <= n; i++)); do
  expect_in "${what[i]}" "${wanted[i]}" "$work/said.$i"
  expect_in "${what[i]}: the way" "${ways[i]}" "$work/said.$i"
done
before=$(schema)
up "$work/m"
expect 'engines: up' 3 "$code"
expect 'engines: nothing was changed' "$before" "$(schema)"
# One that the run itself makes.
anew
migration "$work/m" 0001_make <<'END'
CREATE TABLE made (k String) ENGINE = Memory;
END
migration "$work/m" 0002_add <<'END'
ALTER TABLE made ADD COLUMN v LowCardinality(String) DEFAULT land_v1(k);
END
up "$work/m"
expect 'an engine to come: exit' 3 "$code"
expect_in 'an engine to come' 'd.made is of the engine Memory' "$work/err"
expect 'an engine to come: nothing was made' '' "$(schema)"
# An engine whose name the server's own formatter quotes.
anew
migration "$work/m" 0001_make <<'END'
CREATE TABLE made (k String) ENGINE = Null;
ALTER TABLE made ADD COLUMN v LowCardinality(String) DEFAULT land_v1(k);
END
look
expect_in 'an engine that is a word' 'd.made is of the engine Null, which stores no parts' "$work/out"
# A plain column, and one of the table behind: not refused.
anew
sql 'CREATE TABLE d.base (k String) ENGINE = MergeTree ORDER BY k'
sql 'CREATE TABLE d.over (k String) ENGINE = Buffer(d, base, 1, 10, 100, 10, 100, 10, 100)'
sql 'CREATE TABLE d.kept (k String) ENGINE = Memory'
migration "$work/m" 0001_add <<'END'
ALTER TABLE kept ADD COLUMN plain UInt8;
ALTER TABLE base ADD COLUMN v LowCardinality(String) DEFAULT land_v1(k);
ALTER TABLE over ADD COLUMN v LowCardinality(String) DEFAULT land_v1(k);
ALTER TABLE base MATERIALIZE COLUMN v;
END
up "$work/m"
said_good 'a column and the table over it'
migration "$work/m" 0002_more <<'END'
ALTER TABLE kept ADD COLUMN v LowCardinality(String) DEFAULT land_v1(k);
END
up "$work/m"
expect 'Memory: refused' 3 "$code"
up "$work/m" --allow-unsafe
said_good 'Memory, unsafe'
expect_in 'Memory, unsafe: said' 'd.kept is of the engine Memory: existing rows read the empty value of v' "$work/err"
finish
