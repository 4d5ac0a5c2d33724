#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol-udf on the command line: what it says, its exit codes, and that it ends when its input ends.
set -eu
dir=$(mktemp -d)
cleanup() {
  local pid
  for pid in $(jobs -p); do { kill -KILL "$pid"; wait "$pid"; } 2>/dev/null || true; done
  rm -rf "$dir"
}
trap cleanup EXIT
# shellcheck source=tests/support/wait.sh
. "$LIVECOL_SOURCE/tests/support/wait.sh"
udf=$dir/livecol-udf
cp "$LIVECOL_UDF" "$udf"
cp "$LIVECOL_SOURCE/config/region.csv" "$dir/region.csv"

# expect CODE STDOUT STDERR COMMAND...: runs the command from another folder, stdin given by the caller.
expect() {
  local code=$1 out=$2 err=$3 got=0
  shift 3
  (cd / && "$@") >"$dir/out" 2>"$dir/err" || got=$?
  err=${err//@/$dir}
  out=${out//@/$dir}
  if [ "$got" != "$code" ] || [ "$(cat "$dir/out")" != "$out" ] || [ "$(cat "$dir/err")" != "$err" ]; then
    printf 'FAILED: %s\nexit %s, expected %s\nstdout: %s\nexpected: %s\nstderr: %s\nexpected: %s\n' \
      "$*" "$got" "$code" "$(cat "$dir/out")" "$out" "$(cat "$dir/err")" "$err"
    exit 1
  fi
}

# A relative path is looked up next to the program, whatever the working directory.
printf 'u1_001\nu1_002\nu2_001\nu1_003\nu3_001\n' |
  expect 0 $'us-east\nus-east\neu-west\nus-east\nunknown' '' "$udf" --rules region.csv --format TabSeparated
printf '\x02u1\x02u2\x00' |
  expect 0 $'\x07us-east\x07eu-west\x07unknown' '' "$udf" --rules "$dir/region.csv" --format RowBinary
printf '2\nu1\nu2\n' |
  expect 0 $'us-east\neu-west' '' "$udf" --rules region.csv --format TSV --chunk-header
expect 0 '' '' "$udf" --rules region.csv </dev/null
expect 0 '@/region.csv: prefix, 3 rules, attribute region (3 values), with a default, answers String' '' \
  "$udf" --rules region.csv --check </dev/null

# What a terminal would obey comes out as \xNN, whatever it is the text of, on one line.
steer=$(printf 'a\033[31m\302\233\342\200\256\n\377b') shown='a\x1b[31m\xc2\x9b\xe2\x80\xae\x0a\xffb'
cp "$dir/region.csv" "$dir/$steer"
expect 0 "@/$shown: prefix, 3 rules, attribute region (3 values), with a default, answers String" '' \
  "$udf" --rules "$dir/$steer" --check </dev/null
expect 2 '' "livecol-udf: what is '$shown'; livecol-udf --help lists the options" "$udf" "$steer" </dev/null
expect 1 '' "livecol-udf: @/$shown.csv: cannot open the rules: No such file or directory" \
  "$udf" --rules "$dir/$steer.csv" </dev/null

# RowBinary that ends inside a row: what was whole is answered, the rest is an error.
printf '\x02u1\x05u2' |
  expect 1 $'\x07us-east' 'livecol-udf: the input ends inside a row (byte 6, row 1 of the input)' \
    "$udf" --rules region.csv --format RowBinary
printf '\x01\x01\x01k\x07Float32\0\0\0\0' |
  expect 1 '' "livecol-udf: the argument type Float32 is not supported: a fraction is not a key (byte 5, row 0 of the input); declare Int64, and call it with toInt64(floor(key)); or String, with toString(key)" \
    "$udf" --rules region.csv

# --argument says what comes; what is not taken is refused before anything is read.
printf '\x00\x02u1\x01\x00\x02u2' |
  expect 0 $'\x07us-east\x07unknown\x07eu-west' '' "$udf" --rules region.csv --format RowBinary \
    --argument 'Nullable(String)'
printf 'LowCardinality(Nullable( FixedString(3) ))\n' >"$dir/argument"
printf '\x00u1\0\x01' |
  expect 0 $'\x07us-east\x07unknown' '' "$udf" --rules region.csv --format RowBinary --argument "@$dir/argument"
printf '\x01\x01\x01k\x06String\x02u1' |
  expect 1 '' "livecol-udf: the key column is String, and --argument says Nullable(String) (byte 5, row 0 of the input); use the same type in the function's XML and in its command" \
    "$udf" --rules region.csv --argument 'Nullable(String)'
expect 0 '@/region.csv: prefix, 3 rules, attribute region (3 values), with a default, answers String, of IPv4' '' \
  "$udf" --rules region.csv --argument IPv4 --check </dev/null
printf 'bucket,v\n1,a\n1,b\n' >"$dir/arms.csv"
expect 1 '' "livecol-udf: @/arms.csv: a NULL key is in no bucket, and Enum8('a'=1,'b'=2) has no name '' to answer it with; add ''=0 to the Enum, or declare the argument without Nullable" \
  "$udf" --rules arms.csv --type "Enum8('a'=1,'b'=2)" --argument 'Nullable(String)' --check </dev/null
expect 0 "@/arms.csv: bucket, 2 rules, attribute v (2 values), no default, answers Enum8('a'=1,'b'=2), of String" '' \
  "$udf" --rules arms.csv --type "Enum8('a'=1,'b'=2)" --argument String --check </dev/null
expect 2 '' "livecol-udf: the argument type UInt256 is not supported: integers go up to 64 bits; declare String, and call it with toString(key)" \
  "$udf" --rules region.csv --argument UInt256 </dev/null
expect 2 '' "livecol-udf: the text of DateTime depends on a time zone, which livecol-udf does not know; declare DateTime('UTC'), or String and call it with toString(key)" \
  "$udf" --rules region.csv --argument DateTime </dev/null
expect 2 '' "livecol-udf: a dictionary's key is String, or UInt64 for ranges: not --argument 'String'; livecol-udf --help lists the options" \
  "$udf" --rules region.csv --emit rows --argument String </dev/null

usage='; livecol-udf --help lists the options'
expect 2 '' "livecol-udf: --rules is missing; livecol-udf --rules region.csv; --help lists the options" "$udf" </dev/null
expect 2 '' "livecol-udf: unknown option '--rulez=x'$usage" "$udf" --rulez=x </dev/null
expect 2 '' "livecol-udf: an argument is missing after '--rules'$usage" "$udf" --rules </dev/null
expect 2 '' "livecol-udf: what is 'extra'$usage" "$udf" --rules region.csv extra </dev/null
expect 2 '' "livecol-udf: unknown format (Native, RowBinary or TabSeparated) 'JSON'$usage" \
  "$udf" --rules region.csv --format JSON </dev/null
expect 2 '' "livecol-udf: unknown result type 'Int128'; one of String, LowCardinality(String), Nullable(String), LowCardinality(Nullable(String)), Enum8('a'=1,'b'=2), Enum16(...), UInt8 to UInt64, Int8 to Int64, Float32, Float64, Decimal(P,S) of up to 38 digits, Date, DateTime, DateTime('UTC'), Bool, and Nullable(...) of a number, date or Bool" \
  "$udf" --rules region.csv --type Int128 </dev/null
expect 2 '' "livecol-udf: @/region.csv: no attribute 'tier' in it; it has region" \
  "$udf" --rules region.csv --attribute tier </dev/null
printf 'exact,region,tier\na,b,c\n' >"$dir/two.csv"
expect 2 '' "livecol-udf: @/two.csv: several attributes: choose one by --attribute; it has region, tier" \
  "$udf" --rules two.csv </dev/null
expect 1 '' "livecol-udf: @/none.csv: cannot open the rules: No such file or directory; a relative path is looked up next to livecol-udf itself" \
  "$udf" --rules none.csv </dev/null
expect 1 '' "livecol-udf: @/region.csv:4: column 2 (region): the value 'unknown' is not one of Enum8('us-east'=1,'eu-west'=2); add it to the Enum, or correct the rule" \
  "$udf" --rules region.csv --type "Enum8('us-east'=1,'eu-west'=2)" </dev/null
printf "Enum8('us-east' = 1, 'eu-west' = 2, 'unknown' = 3)\n" >"$dir/type"
printf '\x02u1' | expect 0 $'\x01' '' "$udf" --rules region.csv --type @type --format RowBinary
expect 1 '' "livecol-udf: @/notype: cannot open the type: No such file or directory; a relative path is looked up next to livecol-udf itself" \
  "$udf" --rules region.csv --type @notype </dev/null

# A number of rules is written as one: the server reads no 007.
printf 'exact,v\na,007\nb,00\n*,10\n' >"$dir/zeros.csv"
printf 'a\nb\nz\n' | expect 0 $'7\n0\n10' '' "$udf" --rules zeros.csv --type UInt64 --format TabSeparated
printf 'a\n' | expect 0 007 '' "$udf" --rules zeros.csv --format TabSeparated

# Rows for a dictionary: all attributes unless some are named; a whole rule set, stdin left alone.
printf 'a\nz\n' | expect 0 $'a\tb\tc\nz\t\t' '' "$udf" --rules two.csv --emit rows --format TabSeparated
printf 'a\nz\n' | expect 0 $'a\tc\nz\t\\N' '' \
  "$udf" --rules two.csv --emit rows --attribute tier --type 'Nullable(String)' --format TabSeparated
expect 0 '@/two.csv: exact, 1 rule, attributes region (1 value), tier (1 value), no default, answers Nullable(String), String' '' \
  "$udf" --rules two.csv --emit rows --attribute tier --attribute region --type 'Nullable(String)' --type String --check </dev/null
mkfifo "$dir/open"
exec 3<>"$dir/open" # never closed, never written to
expect 0 $'^u1\t1\t0\t[\'region\']\t[\'us-east\']\tus-east\n^u2\t2\t0\t[\'region\']\t[\'eu-west\']\teu-west\n^\t3\t0\t[\'region\']\t[\'unknown\']\tunknown' '' \
  timeout 300 "$udf" --rules region.csv --emit all --format TSV <"$dir/open"
expect 0 $'a\tb\tc' '' timeout 300 "$udf" --rules two.csv --emit all --format TSV <"$dir/open"
exec 3>&-
expect 2 '' "livecol-udf: unknown to --emit (values, rows or all) 'row'$usage" "$udf" --rules two.csv --emit row </dev/null
expect 2 '' "livecol-udf: only --emit rows and all take more than one '--attribute'$usage" \
  "$udf" --rules two.csv --attribute tier --attribute region </dev/null
expect 2 '' "livecol-udf: 1 --type for 2 attributes: one for each" "$udf" --rules two.csv --emit rows --type String </dev/null
expect 2 '' "livecol-udf: a dictionary's attribute cannot be LowCardinality(String)" \
  "$udf" --rules region.csv --emit rows --type 'LowCardinality(String)' </dev/null
printf 'from,to,v\n1,2,x\n' >"$dir/range.csv"
expect 2 '' "livecol-udf: @/range.csv: range rules cannot be loaded whole; use a layout that asks key by key (--emit rows)" \
  "$udf" --rules range.csv --emit all </dev/null

# A FIFO that nobody writes to is refused, not waited for.
mkfifo "$dir/fifo"
expect 1 '' 'livecol-udf: /dev/zero: not a regular file' "$udf" --rules /dev/zero </dev/null
expect 1 '' 'livecol-udf: @/fifo: not a regular file; a relative path is looked up next to livecol-udf itself' "$udf" --rules fifo </dev/null
expect 1 '' 'livecol-udf: @/fifo: cannot open the type: not a regular file; a relative path is looked up next to livecol-udf itself' \
  "$udf" --rules region.csv --type @fifo </dev/null

# A compiled file that is cut under a running process ends it with one line, not a crash.
if [ -n "${LIVECOL_BIN:-}" ]; then
  { echo prefix,region && seq -f 'k%07.0f,v' 200000; } >"$dir/big.csv"
  "$LIVECOL_BIN" -q rules compile "$dir/big.csv" -o "$dir/big.rules" 2>/dev/null ||
    "$LIVECOL_BIN" rules compile -q "$dir/big.csv" -o "$dir/big.rules"
  mkfifo "$dir/keys"
  "$udf" --rules big.rules --format TSV <"$dir/keys" >"$dir/out" 2>"$dir/err" &
  pid=$!
  exec 3>"$dir/keys"
  echo k0000001x >&3
  wait_until 'an answer' says "$dir/out" ''
  truncate -s 4096 "$dir/big.rules"
  { seq -f 'k%07.0fx' 200000 >&3; } 2>/dev/null || true
  exec 3>&-
  code=0
  wait "$pid" || code=$?
  [ "$code" = 1 ] || { echo "FAILED: a cut rules file: exit $code, expected 1"; exit 1; }
  grep -q 'the rules file was cut while it was in use' "$dir/err"

  # One that is written into ends it before an answer of that block, by either rule set.
  printf 'prefix,region\nu1,old\n' >"$dir/old.csv"
  printf 'prefix,region\nu1,new\n' >"$dir/new.csv"
  for name in old new; do
    "$LIVECOL_BIN" rules compile -q "$dir/$name.csv" -o "$dir/$name.rules"
  done
  cp "$dir/old.rules" "$dir/live.rules"
  touch -d @1000 "$dir/live.rules"
  "$udf" --rules live.rules --format TSV <"$dir/keys" >"$dir/out" 2>"$dir/err" &
  pid=$!
  exec 3>"$dir/keys"
  echo u1 >&3
  wait_until 'an answer' says "$dir/out" old
  cp "$dir/new.rules" "$dir/live.rules"
  echo u1 >&3
  exec 3>&-
  code=0
  wait "$pid" || code=$?
  echo "$code: $(cat "$dir/out"): $(cat "$dir/err")" >"$dir/got"
  echo "1: old: livecol-udf: $dir/live.rules: the rules file was written to while it was in use; replace it by rename only" |
    diff - "$dir/got"
  # One that is replaced by rename, to another name before, serves its processes to their end.
  "$udf" --rules old.rules --format TSV <"$dir/keys" >"$dir/out" 2>"$dir/err" &
  pid=$!
  exec 3>"$dir/keys"
  echo u1 >&3
  wait_until 'an answer' says "$dir/out" old
  mv "$dir/old.rules" "$dir/away.rules"
  "$LIVECOL_BIN" rules compile -q "$dir/new.csv" -o "$dir/old.rules"
  rm "$dir/away.rules"
  echo u1 >&3
  exec 3>&-
  wait "$pid"
  printf 'old\nold\n' | diff - "$dir/out"
fi
# The sandbox: what must not be possible there is tried by a build that can, and is refused; outside of it, it works.
hooks=$LIVECOL_BUILD/tests/support/livecol-udf-hooks
tries() { printf 'u1\n' | LIVECOL_TEST_ATTEMPTS=1 "$hooks" --rules "$dir/region.csv" --format TSV "$@"; }
if "$hooks" --rules "$dir/region.csv" --check --sandbox >"$dir/out" 2>"$dir/err"; then
  expect 0 us-east '' tries
  expect 0 us-east '' tries --sandbox
  code=0
  tries --no-sandbox >"$dir/out" 2>"$dir/err" || code=$?
  [ "$code" = 42 ] || { echo "FAILED: attempts outside of a sandbox: exit $code"; exit 1; }
  [ ! -s "$dir/out" ]
  for what in open open-to-write stat unlink socket local-socket fork mmap-exec mprotect-exec kill dup memfd io_uring exec; do
    grep -qw -e "$what" "$dir/err" || { echo "FAILED: no $what outside of a sandbox: $(cat "$dir/err")"; exit 1; }
  done
else
  echo 'livecol-udf: no sandbox: this build has none; remove --sandbox, or use another build' | diff - "$dir/err"
fi
# Descriptors that the server left open are closed: /proc shows those of a process that waits.
if "$udf" --rules region.csv --check --sandbox >/dev/null 2>&1; then
  "$udf" --rules region.csv --format TSV --sandbox <"$dir/open" >"$dir/out" 2>"$dir/err" 7<"$dir/region.csv" &
  pid=$!
  exec 3>"$dir/open"
  echo u1 >&3
  wait_until 'an answer' says "$dir/out" us-east
  readlink "/proc/$pid/fd/"* >"$dir/fds"
  if grep -q region.csv "$dir/fds"; then
    echo "FAILED: a descriptor was left open: $(cat "$dir/fds")"
    exit 1
  fi
  grep -E '^(Seccomp|NoNewPrivs):' "/proc/$pid/status" >"$dir/got"
  printf 'NoNewPrivs:\t1\nSeccomp:\t2\n' | diff - "$dir/got"
  exec 3>&-
  wait "$pid"
fi
echo "all as expected"
