#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/chdb-http is as honest as a server: what it does not do it refuses, rather than answer 200.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
engine_gate "$work/engine"
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

# ask WHAT STATUS WORDS STATEMENT-FILE [CURL-OPTION...] [-- PARAMETERS]
ask() {
  local what=$1 status=$2 words=$3 body=$4
  shift 4
  got=$(curl -s --noproxy '*' -o "$work/answer" -w '%{http_code}' --data-binary "@$body" "$@")
  expect "$what: status" "$status" "$got"
  [ -z "$words" ] || expect_in "$what" "$words" "$work/answer"
}
sql 'CREATE TABLE t (k String) ENGINE = MergeTree ORDER BY k'
echo "INSERT INTO t VALUES ('a')" | gzip >"$work/gzip"
echo "x" | gzip >"$work/row"
ask 'a gzipped statement' 501 'Code: 48' "$work/gzip" -H 'Content-Encoding: gzip' "$engine_url/"
ask 'a gzipped body' 501 'Code: 48' "$work/row" -H 'Content-Encoding: gzip' "$engine_url/?query=INSERT+INTO+t+FORMAT+CSV"
for encoding in lz4 deflate br zstd x-gzip; do
  ask "$encoding" 501 'Code: 48' "$work/row" -H "Content-Encoding: $encoding" "$engine_url/?query=INSERT+INTO+t+FORMAT+CSV"
done
ask 'decompress=1' 501 'Code: 48' "$work/row" "$engine_url/?decompress=1&query=INSERT+INTO+t+FORMAT+CSV"
expect 'nothing was inserted' 0 "$(sql 'SELECT count() FROM t')"
printf 'row\n' >"$work/plain"
ask 'a plain body' 200 '' "$work/plain" -H 'Content-Encoding: identity' "$engine_url/?query=INSERT+INTO+t+FORMAT+CSV"
expect 'it was inserted' row "$(sql 'SELECT k FROM t')"

for text in '' '  ' ';' '-- a comment' '/* and another */' $'\n\n'; do
  printf %s "$text" >"$work/empty"
  ask "an empty statement: '$text'" 400 'Code: 62' "$work/empty" "$engine_url/"
done
echo 'SELECT 1' >"$work/one"
ask 'Bearer' 403 'Code: 516' "$work/one" -H 'Authorization: Bearer token' "$engine_url/"
ask 'Basic' 200 1 "$work/one" -u default: "$engine_url/"
ask 'a protocol version' 501 'Code: 48' "$work/one" "$engine_url/?client_protocol_version=54460"
ask 'protocol version 0' 200 1 "$work/one" "$engine_url/?client_protocol_version=0"
ask 'a session that is demanded' 500 'Code: 372' "$work/one" "$engine_url/?session_id=x&session_check=1"
ask 'a session' 200 1 "$work/one" "$engine_url/?session_id=x"
ask 'the session' 200 1 "$work/one" "$engine_url/?session_id=x&session_check=1"

# summary WHAT MEMBER VALUE STATEMENT: of X-ClickHouse-Summary; VALUE "" where it is not said.
summary() {
  printf '%s' "$4" >"$work/statement"
  ask "$1" 200 '' "$work/statement" -D "$work/head" "$engine_url/"
  expect "$1" "$3" "$(sed -n 's/^X-ClickHouse-Summary: .*"'"$2"'":"\([0-9]*\)".*/\1/Ip' "$work/head" | tr -d '\r')"
}
for format in TabSeparated TSVWithNames TabSeparatedWithNamesAndTypes JSONEachRow; do
  summary "rows of $format" result_rows 3 "SELECT concat('a', char(10)), number FROM numbers(3) FORMAT $format"
  summary "no rows of $format" result_rows 0 "SELECT number FROM numbers(3) WHERE number > 5 FORMAT $format"
done
summary 'rows of CSV' result_rows '' "SELECT concat('a', char(10)) FROM numbers(3) FORMAT CSV"
summary 'rows that were read' read_rows 1 'SELECT k FROM t'
summary 'rows that were written' written_rows 2 "INSERT INTO t VALUES ('b'), ('c')"
summary 'bytes of the answer' result_bytes 2 'SELECT 1 FORMAT TabSeparated'

# KILL QUERY by the id that the client gave.
gate_close "$work/engine/gate" held
echo "SELECT at_gate('held') FROM numbers(3) SETTINGS max_block_size = 1" >"$work/held"
curl -s --noproxy '*' -o "$work/killed" --data-binary "@$work/held" "$engine_url/?query_id=mine" &
held=$!
gate_wait "$work/engine/gate" held
running() { sql "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'mine'"; }
expect 'it runs' 1 "$(running)"
ask 'the same id' 500 'Code: 216' "$work/one" "$engine_url/?query_id=mine"
sql "KILL QUERY WHERE query_id = 'other' ASYNC" >/dev/null
expect 'another id: it still runs' 1 "$(running)"
sql "KILL QUERY WHERE query_id = 'mine' ASYNC" >/dev/null
gate_open "$work/engine/gate" held
wait "$held"
expect_in 'it was killed' 'Code: 394' "$work/killed"
finish
