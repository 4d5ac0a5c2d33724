#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol-udf, where its n-th allocation fails, for n = 1 … until none is left to fail: one line on stderr and
# exit 1; what it has written is the start of the right answer, cut where a block or a row ends.
#   LIVECOL_LONG=1: each n; else some, by the printed seed (LC_TEST_SEED).
set -u
seed=${LC_TEST_SEED:-$RANDOM}
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"
RANDOM=$seed
oom=$LIVECOL_BUILD/tests/support/livecol-udf-oom
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0 runs=0

fail() {
  echo "FAILED: $*"
  failed=1
}

printf 'prefix,region,n\nu1,us,1\nu2,eu,2\nu2_and_a_long_rule,eu,3\n,un,4\n' >"$dir/prefix.csv"
printf 'domain,v\nexample.com,a\n*.example.com,b\nb.org,c\n' >"$dir/domain.csv"
printf 'suffix:nocase,v\n.DE,a\n,b\n' >"$dir/suffix.csv"
printf 'cidr,v\n10.0.0.0/8,a\n10.1.0.0/16,b\n2001:db8::/32,c\n,d\n' >"$dir/cidr.csv"
printf 'from:narrowest,to,v\n-5,9.5,a\n0,1,b\n100,,c\n' >"$dir/range.csv"
printf 'bucket,v\n1,a\n2,b\n' >"$dir/bucket.csv"
printf 'String\n' >"$dir/type"
"$LIVECOL_BIN" rules compile "$dir/prefix.csv" -o "$dir/prefix.rules" >"$dir/out" 2>&1 || fail "compile: $(cat "$dir/out")"
long=$(printf '%03000d' 0) # longer than what buffers begin with
# Two blocks of Native, the second of a key as long as that; two rows of TabSeparated, and of RowBinary.
printf '\x01\x02\x01k\x06String\x02u1\x02u2\x01\x01\x01k\x06String\xb8\x17%s' "$long" >"$dir/native"
printf 'u1\n%s\n' "$long" >"$dir/tsv"
printf '\x02u1\xb8\x17%s' "$long" >"$dir/rowbinary"
printf '10.1.2.3\n2001:db8::1\n' >"$dir/addresses"
printf '3\n0.5\n' >"$dir/numbers"

# is_start CUTS: is out a start of good, of one of the lengths CUTS?
is_start() {
  local n=$1
  n=$(stat -c %s "$dir/out")
  head -c "$n" "$dir/good" | cmp -s - "$dir/out" || return 1
  case " $1 " in *" $n "*) return 0 ;; esac
  return 1
}

# sweep INPUT CUTS OPTIONS...: CUTS are the lengths at which the answer may end.
sweep() {
  local input=$1 cuts=$2 n code step=1
  shift 2
  "$oom" "$@" <"$dir/$input" >"$dir/good" 2>"$dir/err" || fail "$*: $(cat "$dir/err")"
  [ -n "${LIVECOL_LONG:-}" ] || step=3
  for ((n = 1 + RANDOM % step; n < 2000; n += step)); do
    code=0
    LIVECOL_TEST_FAIL_ALLOC=$n "$oom" "$@" <"$dir/$input" >"$dir/out" 2>"$dir/err" || code=$?
    runs=$((runs + 1))
    if [ "$code" = 0 ]; then
      cmp -s "$dir/good" "$dir/out" || fail "$*: allocation $n: another answer"
      # None was left to fail, or its failure did no harm: then the next ones are tried too.
      [ "$n" -lt "$(allocations "$input" "$@")" ] || return
    elif [ "$code" != 1 ] || [ "$(wc -l <"$dir/err")" != 1 ] || ! grep -q '^livecol-udf: .*memory' "$dir/err"; then
      fail "$*: allocation $n: exit $code: $(cat "$dir/err")"
    elif ! is_start "0 $cuts"; then
      fail "$*: allocation $n: half an answer of $(stat -c %s "$dir/out") bytes"
    fi
  done
  fail "$*: does not come to an end"
}

# allocations INPUT OPTIONS...: how many there are, as the program counts them.
allocations() {
  local input=$1
  shift
  LIVECOL_TEST_FAIL_ALLOC=count "$oom" "$@" <"$dir/$input" 2>&1 >"$dir/ignored" | sed -n 's/^allocations: //p'
}

native=$(printf '\x01\x02\x06result\x06String\x02us\x02eu' | wc -c)
for set in prefix.csv prefix.rules; do
  sweep native "$native" --rules "$dir/$set" --attribute region
  sweep native "$native" --rules "$dir/$set" --attribute region --type "@$dir/type"
  sweep tsv '3' --rules "$dir/$set" --attribute region --format TabSeparated
  sweep rowbinary '3' --rules "$dir/$set" --attribute region --format RowBinary
done
sweep native "$(printf '\x01\x02\x06result\x05UInt8\x01\x02' | wc -c)" --rules "$dir/prefix.csv" --attribute n --type UInt8
sweep tsv '6' --rules "$dir/prefix.csv" --emit rows --format TabSeparated
sweep tsv '' --rules "$dir/prefix.csv" --emit all --format TabSeparated
sweep tsv '' --rules "$dir/domain.csv" --format TabSeparated
sweep tsv '2' --rules "$dir/suffix.csv" --format TabSeparated
sweep addresses '2' --rules "$dir/cidr.csv" --format TabSeparated --argument String
sweep numbers '2' --rules "$dir/range.csv" --format TabSeparated --argument 'Decimal(9,1)'
sweep tsv '2' --rules "$dir/bucket.csv" --format TabSeparated
sweep tsv '' --rules "$dir/prefix.csv" --attribute region --check
[ $failed = 0 ] && echo "ok ($runs runs)"
exit $failed
