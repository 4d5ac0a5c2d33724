#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job on Debian's clickhouse-server 18.16, by a dictionary: installed by livecol, the column
# added and filled in under load; what the server cannot run is refused; what ClickHouse's own client
# writes and reads; and what the server makes of a program that fails.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
engine=$work/engine
home=${LIVECOL_CLICKHOUSE_1816:-$LIVECOL_SOURCE/.deps/clickhouse-18.16}
rules=$LIVECOL_SOURCE/config/region.csv
mkdir -p "$engine/user_scripts"

client() {
  LD_LIBRARY_PATH=$home/usr/lib/x86_64-linux-gnu "$home/usr/bin/clickhouse-client" --host 127.0.0.1 \
    --port "$(sed -n 's/.*<tcp_port>\([0-9]*\)<.*/\1/p' "$engine/config.xml")" "$@"
}

# config WHAT OPTION...: livecol config, for this server and these folders.
config() {
  "$LIVECOL_BIN" config "$1" "${@:2}" --scripts "$engine/user_scripts" --config "$engine" \
    >"$work/out" 2>"$work/err"
  code=$?
}

# broken NAME COMMAND: a dictionary whose program is that of the shell.
broken() {
  cat >"$engine/$1_dictionary.xml" <<XML
<dictionaries><dictionary><name>$1</name>
  <source><executable><command>$2</command><format>TabSeparated</format></executable></source>
  <lifetime>0</lifetime><layout><complex_key_cache><size_in_cells>1024</size_in_cells></complex_key_cache></layout>
  <structure><key><attribute><name>k</name><type>String</type></attribute></key>
    <attribute><name>region</name><type>String</type><null_value>none</null_value></attribute></structure>
</dictionary></dictionaries>
XML
}

# Every layout and format that livecol writes for it, side by side.
printf 'exact,region,tier\nu1_001,one,7\n*,"<&>",300\n' >"$work/exact.csv"
printf 'from,to,region\n0,9,low\n10,300,high\n' >"$work/range.csv"
config install --rules "$rules" --name region --version 1 --key user_id --target 18.16
expect 'install: exit' 0 "$code"
for format in TabSeparated RowBinary Native; do
  config install --rules "$rules" --name "rows$format" --version 1 --target 18.16 --format "$format"
  config install --rules "$work/exact.csv" --name "all$format" --version 2 --target 18.16 \
    --format "$format" --type String --type UInt16
  config install --rules "$work/range.csv" --name "range$format" --version 1 --target 18.16 \
    --format "$format"
done
# A dictionary of every other kind: RULES, and what keys give; - is nothing.
every_kind=$work/every_kind
cat >"$every_kind" <<'END'
suffix:nocase,v;.gz,packed;.tar.gz,archive;,other|a.TAR.GZ archive|b.gz packed|gz other
domain,v;example.com,acme;*.ck,wild;!www.ck,not;*,none|bob@mail.Example.com acme|notexample.com none|a.ck wild|www.ck not
cidr,v;10.0.0.0/8,a;10.1.2.3,b;2001:db8::/32,c;,none|10.9.9.9 a|10.1.2.3 b|::ffff:10.1.2.3 b|2001:db8::1 c|x none
from,to,v;10.0.0.0,10.0.0.9,a;2001:db8::,,b|10.0.0.9 a|10.0.0.10 -|2001:db9:: b
bucket,v;10,a;30,b;60,c|u1_001 b|u1_002 c|u3_001 a|alice b
END
n=0
while IFS='|' read -r text _; do
  n=$((n + 1))
  tr ';' '\n' <<<"$text" >"$work/kind$n.csv"
  config install --rules "$work/kind$n.csv" --name "kind$n" --version 1 --target 18.16
  expect "install of $text: exit" 0 "$code"
done <"$every_kind"
expect 'install: the last exit' 0 "$code"
echo $$ >"$work/never" # what hangs below waits for a line of this pipe
rm "$work/never"
mkfifo "$work/never"
broken dies 'cat &gt;/dev/null; echo "no rules" &gt;&amp;2; exit 3'
broken dies_late 'sed s/\$/\\teast/; exit 3'
broken few 'head -n 1 | sed s/\$/\\teast/; cat &gt;/dev/null'
broken other 'sed s/.*/zzz\\teast/'
broken hangs "exec cat $work/never"
broken missing "$engine/user_scripts/none --rules x"
engine_start_1816 "$engine" || exit 1

keys="(SELECT arrayJoin(['u1_001', 'u2', 'zz', '']) AS k)"
for format in TabSeparated RowBinary Native; do
  expect "rows, $format" $'u1_001\tus-east\nu2\teu-west\nzz\tunknown\n\tunknown' \
    "$(sql "SELECT k, dictGetString('rows${format}_v1', 'region', tuple(k)) FROM $keys")"
  expect "all, $format: a miss is the default" $'one\t7\n<&>\t300\n<&>\t300\n<&>\t300' \
    "$(sql "SELECT dictGetString('all${format}_v2', 'region', tuple(k)), dictGetUInt16('all${format}_v2', 'tier', tuple(k)) FROM $keys")"
  expect "numbers, $format: a miss is empty" $'low.\nhigh.\n.' \
    "$(sql "SELECT concat(dictGetString('range${format}_v1', 'region', tuple(toUInt64(n))), '.') FROM (SELECT arrayJoin([9, 10, 301]) AS n)")"
done

n=0
while IFS='|' read -r text pairs; do
  n=$((n + 1))
  keys_of=$(tr '|' '\n' <<<"$pairs" | sed "s/ .*//; s/.*/'&'/" | paste -sd,)
  expect "$text" "$(tr '|' '\n' <<<"$pairs" | sed 's/ -$/ /')" \
    "$(sql "SELECT concat(k, ' ', dictGetString('kind${n}_v1', 'v', tuple(k))) FROM (SELECT arrayJoin([$keys_of]) AS k)")"
done <"$every_kind"

# A program that fails. What is written is in docs/dictionaries.md.
asks() { sql "SELECT k, dictGetString('$1', 'region', tuple(k)) FROM $keys" 2>&1; }
expect_in 'it dies: 302' 'Code: 302' <(asks dies)
expect_in 'it dies after all its rows: 302 too' 'Code: 302' <(asks dies_late)
expect 'too few rows: the null value, and no error' $'u1_001\teast\nu2\tnone\nzz\tnone\n\tnone' "$(asks few)"
expect 'other keys than asked for: as if missing' $'u1_001\tnone\nu2\tnone\nzz\tnone\n\tnone' "$(asks other)"
expect_in 'no program: 302' 'Code: 302' <(asks missing)
asks hangs >"$work/hung" &
hung=$!
wait_until 'the program that hangs' pgrep -f "^cat $work/never"
child=$(pgrep -f "^cat $work/never")
expect 'it hangs: the query runs on' 1 \
  "$(sql "SELECT count() FROM system.processes WHERE query LIKE '%hangs%' AND query NOT LIKE '%processes%'")"
# With SIGKILL: the server starts its children with SIGTERM blocked.
kill -KILL "$child"
wait "$hung"
expect_in 'its end is the end of the query' 'Code: ' "$work/hung"

# What this server cannot run is refused, with what it lacks and where to go; nothing is changed.
sql 'CREATE DATABASE analytics' && sql 'CREATE TABLE analytics.events (event_id String, event_ts DateTime, event_type String, user_id String) ENGINE = MergeTree() ORDER BY (event_ts, event_id)'
export CLICKHOUSE_URL=$engine_url/analytics
for command in up plan; do
  "$LIVECOL_BIN" "$command" -d "$LIVECOL_SOURCE/migrations" >"$work/out" 2>"$work/err"
  expect "$command of what it cannot run: exit" 3 $?
  expect_in "$command: what it lacks" \
    'which has no ADD COLUMN IF NOT EXISTS, no MATERIALIZE COLUMN, no executable functions' "$work/err"
  expect_in "$command: where to go" '-d migrations/dictionary' "$work/err"
done
expect 'nothing was changed' 'events' "$(sql "SELECT name FROM system.tables WHERE database = 'analytics'")"

# The migration by ClickHouse's own client, unchanged; then what clients write and read.
echo "INSERT INTO analytics.events VALUES ('e0', '2026-01-01 00:00:00', 'view', 'u2_000')" | client --multiquery
client --multiquery <"$LIVECOL_SOURCE/migrations/dictionary/0001_add_region_to_events.up.sql"
expect 'clickhouse-client --multiquery: exit' 0 $?
wait_until 'its mutation is done' is 1 sql "SELECT min(is_done) FROM system.mutations WHERE table = 'events'"
printf 'e1,2026-01-01 00:00:01,view,u1_001\n' |
  client --query 'INSERT INTO analytics.events (event_id, event_ts, event_type, user_id) FORMAT CSV'
sql "INSERT INTO analytics.events (event_id, event_ts, event_type, user_id) VALUES ('e2', '2026-01-01 00:00:02', 'view', 'u2_001')"
client --query "INSERT INTO analytics.events (event_id, event_ts, event_type, user_id) SELECT concat('s', event_id), event_ts, event_type, concat(user_id, '_') FROM analytics.events WHERE event_id = 'e1'"
client --query "INSERT INTO analytics.events (event_id, event_ts, event_type, user_id, region) VALUES ('e3', '2026-01-01 00:00:03', 'view', 'u1_1', 'given')"
printf '{"event_id":"e4","event_ts":"2026-01-01 00:00:04","event_type":"view","user_id":"zz"}' |
  client --query 'INSERT INTO analytics.events (event_id, event_ts, event_type, user_id) FORMAT JSONEachRow'
expect 'what clients wrote, read by clickhouse-client' \
  $'e0\teu-west\ne1\tus-east\ne2\teu-west\ne3\tgiven\ne4\tunknown\nse1\tus-east' \
  "$(client --query 'SELECT event_id, region FROM analytics.events ORDER BY event_id')"
expect 'and by HTTP' $'e0\teu-west\ne1\tus-east' \
  "$(sql "SELECT event_id, region FROM analytics.events WHERE event_id < 'e2' ORDER BY event_id")"

# While a column depends on it, it is not taken away.
export CLICKHOUSE_URL=$engine_url/analytics
config uninstall --name region --version 1
expect 'uninstall in use: exit' 3 "$code"
expect_in 'uninstall in use' 'is in use: analytics.events.region depends on it' "$work/err"

# The same by livecol, which waits for the mutation and looks at what it stored; and back.
sql 'ALTER TABLE analytics.events DROP COLUMN region'
up "$LIVECOL_SOURCE/migrations/dictionary"
said_good 'up'
expect 'up: values' $'eu-west\t2\nunknown\t1\nus-east\t3' \
  "$(sql 'SELECT region, count() FROM analytics.events GROUP BY region ORDER BY region')"
expect_in 'up: the dictionary was asked first' "tuple(user_id)) answers: " "$work/err"
"$LIVECOL_BIN" down -d "$LIVECOL_SOURCE/migrations/dictionary" --to 0 --yes >"$work/out" 2>"$work/err"
expect 'down: exit' 0 $?
expect 'down: the column' '' "$(sql "SELECT name FROM system.columns WHERE database = 'analytics' AND table = 'events' AND name = 'region'")"
sql 'DROP DATABASE analytics'

# Migrations of each kind, unchanged, by livecol and by ClickHouse's own client: plain statements with
# what a splitter may stumble over, a derived column, new rules, and the DEFAULT freed of the dictionary.
kinds=$work/kinds
migration "$kinds" 0001_plain.up <<'END'
/* a block; with a semicolon */ CREATE TABLE t (k String, n UInt32) ENGINE = MergeTree() ORDER BY n; -- done; next
INSERT INTO t (k, n) SELECT concat('u', toString(number % 4), ';--', toString(number)), number FROM numbers(30000);
CREATE TABLE q (`a;b` String) ENGINE = MergeTree() ORDER BY `a;b`;
INSERT INTO q SELECT 'it\'s; /* no */ comment -- here';
END
migration "$kinds" 0002_derived.up <<'END'
ALTER TABLE t ADD COLUMN region String DEFAULT dictGetString('region_v1', 'region', tuple(k)) AFTER k;
ALTER TABLE t UPDATE region = region WHERE 1;
END
migration "$kinds" 0003_rules.up <<'END'
ALTER TABLE t MODIFY COLUMN region DEFAULT if(startsWith(k, 'u3'), 'asia', dictGetString('region_v1', 'region', tuple(k)));
-- migrate:rederive
ALTER TABLE t UPDATE region = if(startsWith(k, 'u3'), 'asia', dictGetString('region_v1', 'region', tuple(k)))
    WHERE region = dictGetString('region_v1', 'region', tuple(k)) AND region != if(startsWith(k, 'u3'), 'asia', dictGetString('region_v1', 'region', tuple(k)));
END
migration "$kinds" 0004_inline.up <<'END'
ALTER TABLE t MODIFY COLUMN region DEFAULT multiIf(startsWith(k, 'u1'), 'us-east', startsWith(k, 'u2'), 'eu-west', startsWith(k, 'u3'), 'asia', 'unknown');
INSERT INTO t (k, n) VALUES ('u3_last', 30000), ('u9', 30001);
END
sql 'CREATE DATABASE by_livecol' && sql 'CREATE DATABASE by_client'
export CLICKHOUSE_URL=$engine_url/by_livecol
up "$kinds"
said_good 'each kind by livecol'
for file in "$kinds"/*.sql; do
  client --database by_client --multiquery <"$file" >"$work/out" 2>&1 || fail "$(basename "$file"): $(cat "$work/out")"
  wait_until "the mutations of $(basename "$file")" is 0 \
    sql "SELECT count() FROM system.mutations WHERE database = 'by_client' AND NOT is_done"
done
for database in by_livecol by_client; do
  expect "each kind, $database: values" $'asia\t7501\neu-west\t7500\nunknown\t7501\nus-east\t7500' \
    "$(sql "SELECT region, count() FROM $database.t GROUP BY region ORDER BY region")"
  expect "each kind, $database: text" "it\\'s; /* no */ comment -- here" "$(sql "SELECT \`a;b\` FROM $database.q")"
  sql "DROP DATABASE $database"
done

# The whole job, under load, with its proofs. How quick it is, is not asserted.
CLICKHOUSE_URL=$engine_url/default "$LIVECOL_BIN" bench live -d "$LIVECOL_SOURCE/migrations/dictionary" \
  --add-apart --rows 100k --phase-seconds 0.5 --samples 20 --repeat-seconds 600 -b errors=0 --quiet \
  >"$work/out" 2>"$work/err"
expect 'bench live: exit' 0 $?
for proof in 'rows are exactly those put in' 'e1 us-east, e2 us-east, e3 eu-west, e4 us-east, e5 unknown' \
  'every part has the column: 0 without' 'a second up changes nothing' 'no read or write failed'; do
  expect_in "bench live: $proof" "$proof" "$work/out"
done
expect_in 'bench live: ADD COLUMN by itself' 'ADD COLUMN ' "$work/out"
if grep -q FAILED "$work/out"; then
  fail 'bench live' && cat "$work/out" "$work/err"
fi
export CLICKHOUSE_URL=$engine_url/default
config uninstall --name region --version 1
expect 'uninstall: exit' 0 "$code"
expect 'uninstall: what is left of it' '' "$(find "$engine" -name data -prune -o -name 'region_v1*' -print)"
finish
