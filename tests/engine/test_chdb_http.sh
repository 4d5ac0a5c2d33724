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
# What its source says of sessions: nothing is kept in them.
echo 'SET max_threads = 7' >"$work/set"
echo 'CREATE TEMPORARY TABLE kept (x UInt8)' >"$work/temporary"
echo "SELECT getSetting('max_threads') = 7" >"$work/is_set"
echo 'SELECT x FROM kept' >"$work/kept"
ask 'SET in a session' 200 '' "$work/set" "$engine_url/?session_id=x"
ask 'does not hold' 200 0 "$work/is_set" "$engine_url/?session_id=x&session_check=1"
ask 'a temporary table in a session' 200 '' "$work/temporary" "$engine_url/?session_id=x"
ask 'is gone' 404 'Code: 60' "$work/kept" "$engine_url/?session_id=x&session_check=1"

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

# An answer is sent as it comes once it has 1 MiB, or buffer_size; what fails behind that is an exception with the
# answer's tag, behind which the connection is closed without the last chunk.
# stream WHAT STATUS CURL-EXIT STATEMENT PARAMETERS: the body goes into $work/answer, the head into $work/head.
stream() {
  printf '%s' "$4" >"$work/statement"
  got=$(curl -s --noproxy '*' -D "$work/head" -o "$work/answer" -w '%{http_code}' --data-binary "@$work/statement" "$engine_url/?$5")
  expect "$1: curl" "$3" $?
  expect "$1: status" "$2" "$got"
}
# shape: the body is rows 0, 1, 2 ... behind HEAD-LINES lines, and an exception as a server from 25.11 on writes it, or
# none. Prints how many rows there are, and the exception's code.
shape() {
  python3 - "$work/head" "$work/answer" "$1" <<'PY'
import re
import sys

head = open(sys.argv[1], newline="").read()
body = open(sys.argv[2], "rb").read()
tag = re.search("^X-ClickHouse-Exception-Tag: ([a-z]{16})\r$", head, re.M)[1].encode()
rows, mark, rest = body.partition(b"\r\n__exception__\r\n" + tag + b"\r\n")
code = b"none"
if mark:
    text, number = re.fullmatch(rb"(.*\n)(\d+) " + tag + b"\r\n__exception__\r\n", rest, re.S).groups()
    assert len(text) == int(number), (len(text), number)
    code = re.match(rb"Code: (\d+)\. DB::Exception: .* \(version [^\n]*\)\n", text)[1]
assert rows.endswith(b"\n")
lines = rows.split(b"\n")[int(sys.argv[3]):-1]
assert [int(line.split(b"\t")[0]) for line in lines] == list(range(len(lines))), lines[:3]
print(min(len(lines), 1), len(lines) if code == b"none" else "", code.decode())
PY
}
slow='SETTINGS max_block_size = 1000, max_threads = 1'
fails="SELECT number, throwIf(number = 100000, 'boom') FROM numbers(200000)"
stream 'fails behind rows' 200 18 "$fails $slow" 'buffer_size=1'
expect_in 'fails behind rows' 'Transfer-Encoding: chunked' "$work/head"
expect 'fails behind rows: rows in order, then it' '1  395' "$(shape 0)"
stream 'fails behind names and types' 200 18 "$fails $slow FORMAT TabSeparatedWithNamesAndTypes" 'buffer_size=0'
expect 'names and types come once' '1  395' "$(shape 2)"
stream 'waits for its end' 500 0 "$fails $slow" 'buffer_size=1&wait_end_of_query=1'
expect_in 'waits for its end' 'Code: 395' "$work/answer"
stream 'fails before 1 MiB' 500 0 "SELECT number, throwIf(number = 3000) FROM numbers(9000) $slow" ''
expect_in 'fails before 1 MiB' 'X-ClickHouse-Exception-Code: 395' "$work/head"
stream 'fails behind 1 MiB' 200 18 "SELECT number, repeat('x', 100), throwIf(number = 100000) FROM numbers(200000) $slow" ''
expect 'fails behind 1 MiB' '1  395' "$(shape 0)"
stream 'is whole' 200 0 'SELECT number FROM numbers(300000) FORMAT TSVWithNames' ''
expect_in 'is whole' 'Transfer-Encoding: chunked' "$work/head"
expect 'is whole' '1 300000 none' "$(shape 1)"
for format in Native RowBinary CSV JSONEachRow TSVRaw; do
  sql 'CREATE OR REPLACE TABLE copied (number UInt64) ENGINE = Memory'
  stream "$format" 200 0 "SELECT number FROM numbers(300000) FORMAT $format" 'buffer_size=1'
  case $format in TSVRaw) into=TSV ;; *) into=$format ;; esac
  ask "$format goes in again" 200 '' "$work/answer" "$engine_url/?query=INSERT+INTO+copied+FORMAT+$into"
  expect "$format: rows" '300000	300000	44999850000' "$(sql 'SELECT count(), uniqExact(number), sum(number) FROM copied')"
done
stream 'totals' 200 0 'SELECT number, count() FROM numbers(1) GROUP BY number WITH TOTALS' 'buffer_size=0'
expect 'totals' $'0\t1\n\n0\t1' "$(cat "$work/answer")"
stream 'JSON' 200 0 'SELECT number FROM numbers(100000) FORMAT JSON' 'buffer_size=0'
expect 'JSON is one document' 100000 "$(python3 -c 'import json, sys; print(len(json.load(sys.stdin)["data"]))' <"$work/answer")"

# The first rows are there before the last ones are made.
gate_close "$work/engine/gate" later
echo "SELECT number, at_gate(if(number = 0, 'first', 'later')) FROM numbers(3) SETTINGS max_block_size = 1, max_threads = 1" >"$work/later"
curl -sN --noproxy '*' -o "$work/streamed" --data-binary "@$work/later" "$engine_url/?buffer_size=0&query_id=streamed" &
streamed=$!
gate_wait "$work/engine/gate" later
wait_until 'the first row, with the others held' is $'0\tfirst' cat "$work/streamed"
ask 'its id is in use' 500 'Code: 216' "$work/one" "$engine_url/?query_id=streamed"
gate_open "$work/engine/gate" later
wait "$streamed"
expect 'it ends well' 0 $?
expect 'all rows' $'0\tfirst\n1\tlater\n2\tlater' "$(cat "$work/streamed")"
ask 'its id is free' 200 1 "$work/one" "$engine_url/?query_id=streamed"

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
