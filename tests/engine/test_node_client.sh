#!/usr/bin/env bash
# ClickHouse's own Node client does its work against the embedded engine behind chdb-http.
set -eu

node_client=${LIVECOL_NODE_CLIENT:?the folder that holds node_modules/@clickhouse/client}
if ! [ -d "$node_client/node_modules/@clickhouse/client" ]; then
  echo "the Node client is not in $node_client: run scripts/bootstrap test" >&2
  exit 1
fi

folder=$(mktemp -d)
server=''
cleanup() {
  if [ -n "$server" ]; then
    kill -KILL "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap cleanup EXIT

: >"$folder/port" # there, before it is read
"$LIVECOL_CHDB_HTTP" --path "$folder/data" --user me --password 'open sesame' >"$folder/port" &
server=$!
for _ in $(seq 100); do
  port=$(sed -n 's/^port //p' "$folder/port")
  [ -z "$port" ] || break
  sleep 0.1
done
export CLICKHOUSE_URL="http://me:open%20sesame@127.0.0.1:${port:?chdb-http does not answer}/"
NODE_CLIENT_DIR=$node_client node "$LIVECOL_SOURCE/tests/engine/node_client.mjs"
kill -TERM "$server"
wait "$server"
server=''
