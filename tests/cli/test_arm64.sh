#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol-udf for arm64, built by Debian's cross compiler and run by an emulator: the golden streams and the matcher's
# tests, and answers that are those of this machine's livecol-udf, of a CSV and of rules that were compiled here.
#   LIVECOL_ARM64 is the folder of libraries for it (scripts/bootstrap test with LIVECOL_LONG=1).
set -eu
: "${LIVECOL_SOURCE:?}" "${LIVECOL_BIN:?}" "${LIVECOL_UDF:?}" "${LIVECOL_ARM64:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
libraries=$LIVECOL_ARM64/usr/lib/aarch64-linux-gnu
headers=$LIVECOL_ARM64/usr/include

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
for tool in aarch64-linux-gnu-gcc qemu-aarch64-static; do
  command -v $tool >/dev/null || fail "there is no $tool: LIVECOL_LONG=1 scripts/bootstrap test"
done
[ -f "$libraries/libcsv.a" ] || fail "there is no $libraries/libcsv.a: LIVECOL_LONG=1 scripts/bootstrap test"
cd "$LIVECOL_SOURCE"
{ cmake --preset arm64 -B "$work/build" "-DCSV_INCLUDE_DIR=$headers" "-DXXHASH_INCLUDE_DIR=$headers" \
  "-DCSV_LIBRARY=$libraries/libcsv.a" && cmake --build "$work/build" --target livecol-udf; } >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  fail 'the build'
}
udf=$work/build/udf/livecol-udf
readelf -h "$udf" | grep -q AArch64 || fail 'it is not for arm64'
! readelf -d "$udf" | grep -q NEEDED || fail 'it is not static'
emulated() { qemu-aarch64-static -L /usr/aarch64-linux-gnu -E "LD_LIBRARY_PATH=$libraries" "$@"; }

for test in stream rules/match; do
  aarch64-linux-gnu-gcc -std=c17 -D_GNU_SOURCE -O1 -I. -Itests/support "-I$headers" -o "$work/test" \
    "tests/unit/udf/$(dirname "$test")/test_${test##*/}.c" tests/support/udf_support.c tests/support/match_naive.c \
    "$work/build/udf/liblc_udf.a" "$work/build/udf/liblc_udf_rules.a" "$work/build/base/liblc_base.a" "$libraries/libcsv.a" \
    "-L$libraries" -lcmocka -lm -lpthread -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
  emulated "$work/test" >"$work/out" 2>&1 || {
    cat "$work/out" >&2
    fail "unit.$test"
  }
  tail -n 1 "$work/out"
done

# The same rules and keys here and there.
awk 'BEGIN { srand(1); print "prefix,region"; for (i = 0; i < 3000; i++) print "k" i ",v" i % 40; print ",none" }' >"$work/rules.csv"
awk 'BEGIN { srand(2); for (i = 0; i < 50000; i++) print "k" int(rand() * 6000) "_" i }' >"$work/keys"
"$LIVECOL_BIN" rules compile "$work/rules.csv" -o "$work/rules.lcr" >/dev/null
for rules in rules.csv rules.lcr; do
  emulated "$udf" --rules "$work/$rules" --format TabSeparated <"$work/keys" >"$work/there"
  "$LIVECOL_UDF" --rules "$work/$rules" --format TabSeparated <"$work/keys" >"$work/here"
  cmp "$work/here" "$work/there" || fail "$rules is read otherwise"
  [ "$(sort -u "$work/there" | wc -l)" -gt 30 ] || fail 'hardly anything is matched'
done
