#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ClickHouse's own Node client does its work against the embedded engine behind chdb-http.
set -eu

node_client=${LIVECOL_NODE_CLIENT:?the folder that holds node_modules/@clickhouse/client}
if ! [ -d "$node_client/node_modules/@clickhouse/client" ]; then
  echo "the Node client is not in $node_client: run scripts/bootstrap test" >&2
  exit 1
fi

# shellcheck source=tests/support/engines.sh
. "$LIVECOL_SOURCE/tests/support/engines.sh"
folder=$(mktemp -d)
trap 'engines_stop; rm -rf "$folder"' EXIT
engine_start_chdb "$folder" --user me --password 'open sesame'
export CLICKHOUSE_URL="http://me:open%20sesame@${engine_url#http://}/"
NODE_CLIENT_DIR=$node_client node "$LIVECOL_SOURCE/tests/engine/node_client.mjs"
kill -TERM "${engine_pids[0]}"
wait "${engine_pids[0]}"
engine_pids=()
