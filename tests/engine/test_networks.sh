#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Networks of real files (LIVECOL_NETWORKS: a folder with *-ipv4.csv and *-ipv6.csv of first,last,value, as the npm
# packages @ip-location-db/* have): 2 million addresses give what another matcher, ranges of the same
# file, and the server's ip_trie say. Says how long the function and ip_trie take.
set -u
# shellcheck source=tests/support/runner.sh
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
[ -d "${LIVECOL_NETWORKS:-}" ] || {
  echo 'LIVECOL_NETWORKS names no folder: nothing is compared'
  exit 77
}

engine=$work/engine
mkdir -p "$engine/user_scripts"
cp "$LIVECOL_UDF" "$engine/user_scripts/livecol-udf"
python3 "$LIVECOL_SOURCE/tests/support/networks.py" rules "$LIVECOL_NETWORKS" "$work" || fail 'rules'
python3 "$LIVECOL_SOURCE/tests/support/networks.py" keys "$work" 2000000 || fail 'keys'
for kind in cidr range; do
  "$LIVECOL_BIN" rules compile "$work/$kind.csv" -o "$engine/user_scripts/${kind}_v1.rules" || fail "compile $kind"
  for format in Native RowBinary TabSeparated; do
    [ $kind$format = rangeTabSeparated ] && continue
    "$LIVECOL_BIN" config function --rules "$engine/user_scripts/${kind}_v1.rules" --name "${kind}_$format" --version 1 \
      --argument IPv6 --type String --format $format --pool-size 2 --out "$engine" >/dev/null || fail "config $kind"
    ln -f "$engine/user_scripts/${kind}_v1.rules" "$engine/user_scripts/${kind}_${format}_v1.rules"
  done
done

# Text in, text out: every address as the other matcher says.
"$LIVECOL_UDF" --rules "$engine/user_scripts/cidr_v1.rules" --format TabSeparated <"$work/keys" >"$work/got" || fail 'livecol-udf'
checks=$((checks + 1))
cmp "$work/got" "$work/wanted" || fail 'not as the other matcher says'

engine_start_chdb "$engine" --functions "$engine/*_function.xml" || exit 1
sql() { curl -sS --fail-with-body "$engine_url/" --data-binary "$1"; }
load() { { printf '%s\n' "$1"; cat "$2"; } | curl -sS --fail-with-body "$engine_url/" --data-binary @-; }
sql 'CREATE TABLE nets (prefix String, v String) ENGINE = MergeTree ORDER BY prefix'
sed 1d "$work/cidr.csv" >"$work/nets"
load 'INSERT INTO nets FORMAT CSV' "$work/nets"
sql "CREATE DICTIONARY trie (prefix String, v String) PRIMARY KEY prefix SOURCE(CLICKHOUSE(TABLE 'nets')) LAYOUT(IP_TRIE) LIFETIME(0)"
sql 'CREATE TABLE keys (k IPv6) ENGINE = MergeTree ORDER BY tuple()'
load 'INSERT INTO keys FORMAT TSV' "$work/keys"
sql 'SYSTEM RELOAD DICTIONARY trie'
for f in cidr_Native cidr_RowBinary cidr_TabSeparated range_Native range_RowBinary; do
  expect "$f and ip_trie" 0 "$(sql "SELECT countIf(${f}_v1(k) != dictGet('trie', 'v', tuple(k))) FROM keys")"
done
clock() { date +%s%N; }
took() { # EXPRESSION: the best of five, ms
  local best='' start ms
  for _ in 1 2 3 4 5; do
    start=$(clock)
    sql "SELECT count() FROM keys WHERE NOT ignore($1)" >/dev/null
    ms=$((($(clock) - start) / 1000000))
    if [ -z "$best" ] || [ "$ms" -lt "$best" ]; then best=$ms; fi
  done
  echo "$best"
}
echo "$(wc -l <"$work/nets") networks, 2,000,000 addresses: function $(took 'cidr_Native_v1(k)') ms, ip_trie $(took "dictGet('trie', 'v', tuple(k))") ms, scan $(took k) ms"
finish
