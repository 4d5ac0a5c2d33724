#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job over HTTP, from the command line: livecol in one process, a modern engine in another.
set -eu
# shellcheck source=tests/support/engines.sh
. "$LIVECOL_SOURCE/tests/support/engines.sh"

folder=$(mktemp -d)
trap 'engines_stop; rm -rf "$folder"' EXIT
engine_functions "$folder/data"
engine_start_chdb "$folder/data"
export CLICKHOUSE_URL=$engine_url/default
export NO_PROXY='*' no_proxy='*'

code=0
"$LIVECOL_BIN" bench live --rows 5000 --phase-seconds 0.3 --samples 10 --write-rate 8 --repeat-seconds 600 \
  --batch-rows 50 --budget max=90000s --keep >"$folder/out" 2>"$folder/err" || code=$?
cat "$folder/out" "$folder/err"
[ "$code" = 0 ]
for line in 'ok      rows are exactly those put in' \
  'e1 us-east, e2 us-east, e3 eu-west, e4 us-east, e5 unknown' \
  'ok      every stored region is what the rules say: 0 differ' \
  'ok      every part has the column: 0 without' \
  'ok      a second up changes nothing: applied 0, skipped 1' \
  'ok      no read or write failed'; do
  grep -qF -- "$line" "$folder/out" || {
    echo "not said: $line" >&2
    exit 1
  }
done
rows=$(engine_sql "$engine_url" "SELECT count() FROM analytics.events WHERE region = multiIf(
  startsWith(user_id, 'u1'), 'us-east', startsWith(user_id, 'u2'), 'eu-west', 'unknown')")
[ "$rows" = "$(engine_sql "$engine_url" 'SELECT count() FROM analytics.events')" ]
[ "$rows" -ge 5005 ]
code=0
"$LIVECOL_BIN" bench live --rows 5000 >"$folder/out" 2>"$folder/err" || code=$?
[ "$code" = 3 ]
grep -q 'already holds a table analytics.events' "$folder/err"
