#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The migration runner on a cluster: two of Debian's servers with ZooKeeper, all of them real.
# What is refused, the main job with a dictionary, two runners on two hosts, two shards, the server's
# own time-out; and faults: a replica killed in mid-backfill, a replica that is down, ZooKeeper gone.
# Each ends with equal counts and checksums on all replicas.
#   LIVECOL_LONG=1: ZooKeeper gone for longer, kills at other points, a holder's host lost.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
# shellcheck source=tests/support/process.sh
. "$LIVECOL_SOURCE/tests/support/process.sh"
seed=${LC_TEST_SEED:-$RANDOM}
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"
RANDOM=$seed
cluster=$LIVECOL_SOURCE/tests/support/cluster
on=$work/cluster

# shellcheck disable=SC2317 # called by the trap
cluster_cleanup() {
  "$cluster" down "$on"
  runner_cleanup
}
trap cluster_cleanup EXIT
if ! "$cluster" available; then
  echo "ZooKeeper or Debian's server is not unpacked: run scripts/bootstrap test" >&2
  exit 1
fi
"$cluster" up "$on" >"$work/urls" || exit 1
url_a=$(sed -n 's/^a //p' "$work/urls")
url_b=$(sed -n 's/^b //p' "$work/urls")
host_a=127.0.0.1:$(cut -d' ' -f2 "$on/a/ports")
host_b=127.0.0.1:$(cut -d' ' -f2 "$on/b/ports")
expect 'status' 0 "$("$cluster" status "$on" >/dev/null && echo $?)"

on_a() { engine_sql "$url_a" "$1"; }
on_b() { engine_sql "$url_b" "$1"; }

# eventually WHAT WANTED COMMAND...: the command comes to print that.
eventually() {
  local what=$1
  shift
  wait_until "$what" is "$@"
  checks=$((checks + 1))
}

# clean NAME: a database of that name on both hosts, empty; CLICKHOUSE_URL is host a's.
clean() {
  db=$1
  for name in $(on_a "SELECT name FROM system.tables WHERE database = '$db'"); do
    on_a "DROP TABLE IF EXISTS $db.$name ON CLUSTER replicas" >/dev/null
  done
  on_a "CREATE DATABASE IF NOT EXISTS $db ON CLUSTER replicas" >/dev/null
  export CLICKHOUSE_URL=$url_a/$db
}

# dictionary HOST RULES: livecol's dictionary region_v1 of these rules, on host a or b.
dictionary() {
  rm -rf "$on/$1"/*_dictionary.xml "$on/$1/scripts"
  mkdir -p "$on/$1/scripts"
  "$LIVECOL_BIN" config install --rules "$2" --name region --version 1 --key user_id --target 18.16 \
    --scripts "$on/$1/scripts" --config "$on/$1" >"$work/out" 2>"$work/err"
  expect "config install on host $1" 0 $?
  "on_$1" 'SYSTEM RELOAD DICTIONARIES' >/dev/null
}
rules=$LIVECOL_SOURCE/config/region.csv
sed 's/eu-west/elsewhere/' "$rules" >"$work/other.csv"

# same WHAT TABLE WANTED-ROWS: both hosts have as many rows, and the same in them, none without a
# region that the rules give.
same() {
  local question="SELECT count(), sum(cityHash64(k, region)), countIf(region != multiIf(startsWith(k, 'u1'), 'us-east', startsWith(k, 'u2'), 'eu-west', 'unknown')) FROM $2"
  local a
  a=$(on_a "$question")
  eventually "$1: host b has what host a has" "$a" on_b "$question" # an INSERT reaches it a moment later
  expect "$1: rows" "$3" "$(echo "$a" | cut -f1)"
  expect "$1: rows with another region" 0 "$(echo "$a" | cut -f3)"
  for host in on_a on_b; do
    expect "$1: undone mutations, $host" 0 \
      "$($host "SELECT count() FROM system.mutations WHERE concat(database, '.', table) = '$2' AND NOT is_done")"
  done
}

default="dictGetString('region_v1', 'region', tuple(k))"

# events FOLDER: a Replicated table, a Distributed one over it, rows.
events() {
  migration "$1" 0001_events <<'END'
-- migrate:up
CREATE TABLE ev ON CLUSTER replicas (k String) ENGINE = ReplicatedMergeTree('/tables/{database}/ev', '{replica}') ORDER BY k;
CREATE TABLE ev_all ON CLUSTER replicas AS {database}.ev ENGINE = Distributed(replicas, DATABASE, ev, rand());
INSERT INTO ev (k) SELECT concat('u', toString(number)) FROM numbers(100000);
-- migrate:down
DROP TABLE ev_all ON CLUSTER replicas;
DROP TABLE ev ON CLUSTER replicas;
END
  sed -i "s/{database}/$2/g; s/DATABASE/$2/" "$1/0001_events.sql"
}

# --- refused before any change: the function is missing, or differs, on one host
events "$work/main" main
migration "$work/main" 0002_region <<END
ALTER TABLE ev ADD COLUMN region String DEFAULT $default AFTER k;
ALTER TABLE ev UPDATE region = region WHERE 1;
END
clean main
dictionary a "$rules"
up "$work/main" --cluster replicas
expect 'missing on host b: exit' 3 "$code"
expect_in 'missing on host b' "host $host_b" "$work/err"
dictionary b "$work/other.csv"
up "$work/main" --cluster replicas
expect 'other rules on host b: exit' 3 "$code"
expect_in 'other rules on host b' "answers differently on host $host_b than on host $host_a" "$work/err"
up "$work/main" --cluster replicas --rules "region_v1=$rules"
expect 'other rules on host b, --rules: exit' 3 "$code"
expect 'refused: nothing is there' '' "$(on_a "SELECT name FROM system.tables WHERE database = 'main'")"
up "$work/main" --cluster nowhere
expect 'no such cluster: exit' 3 "$code"
expect_in 'no such cluster' 'it knows: apart, degraded, guarded, replicas, shards' "$work/err"
up "$work/main" --cluster guarded
expect 'a user with a password: exit' 3 "$code"
expect_in 'a user with a password' 'the user of the cluster'\''s definition, guarded; before 20.1, which brought clusterAllReplicas' "$work/err"
# The cache of a dictionary keeps what it has answered until it is loaded anew.
dictionary b "$rules"
eventually 'the dictionary of host b' 'eu-west' \
  on_b "SELECT dictGetString('region_v1', 'region', tuple(materialize('u2')))"

# --- the main job; the Distributed table is named, since nothing adds the column to it
up "$work/main" --cluster replicas --to 1
said_good 'events'
up "$work/main" --cluster replicas --strict
expect 'a table over the target, --strict: exit' 3 "$code"
up "$work/main" --cluster replicas --strict --dry-run
expect 'a table over the target, --strict --dry-run: exit' 3 "$code"
on_a "CREATE TABLE default.ev_elsewhere (k String) ENGINE = Distributed(replicas, elsewhere, ev, rand())"
up "$work/main" --cluster replicas --rules "$rules"
said_good 'the main job'
expect_in 'the main job, --rules' 'says, on every host' "$work/err"
expect_in 'the main job' 'the same on every host of the cluster' "$work/err"
expect_in 'the main job' 'main.ev_all (Distributed' "$work/err"
expect 'a table over another database is not named' 0 "$(grep -c ev_elsewhere "$work/err")"
same 'the main job' main.ev 100000
# That server refuses ON CLUSTER of a table that is not replicated where shards have replicas; the
# cluster "apart" is the same hosts without replicas.
migration "$work/main" 0003_over <<'END'
ALTER TABLE ev_all ON CLUSTER apart ADD COLUMN region String AFTER k;
END
up "$work/main" --cluster replicas
expect 'the table over it, without the DEFAULT: exit' 3 "$code"
expect_in 'the table over it, without the DEFAULT' 'would store an empty value' "$work/err"
migration "$work/main" 0003_over <<END
ALTER TABLE ev_all ON CLUSTER apart ADD COLUMN region String DEFAULT $default AFTER k;
CREATE TABLE ev_buffer ON CLUSTER apart (k String) ENGINE = Buffer(main, ev, 1, 1, 1, 1, 1, 1, 1);
END
migration "$work/main" 0004_buffer <<END
ALTER TABLE ev_buffer ON CLUSTER apart ADD COLUMN region String DEFAULT $default AFTER k;
END
up "$work/main" --cluster replicas
said_good 'the tables over it'
on_a "INSERT INTO main.ev_buffer (k) VALUES ('u2_buffer')"
on_b "INSERT INTO main.ev_all (k) VALUES ('u2_distributed')"
eventually 'written through the Buffer and the Distributed table' $'u2_buffer\teu-west\nu2_distributed\teu-west' \
  on_b "SELECT k, region FROM main.ev WHERE k IN ('u2_buffer', 'u2_distributed') ORDER BY k"
on_a "DROP TABLE main.ev_buffer ON CLUSTER apart" >/dev/null
expect 'through the Distributed table' 11111 "$(on_b "SELECT count() FROM main.ev_all WHERE region = 'us-east'")"
CLICKHOUSE_URL=$url_b/main up "$work/main" --cluster replicas
expect_in 'again, from host b' 'applied 0, skipped 4' "$work/out"
expect 'the tracking table has a replica on each host' 2 \
  "$(on_b "SELECT total_replicas FROM system.replicas WHERE database = 'main' AND table = 'schema_migrations'")"

migration "$work/alone" 0001_more <<'END'
ALTER TABLE ev UPDATE region = region WHERE 1;
END
up "$work/alone" --migrations-table alone
said_good 'a Replicated table, without --cluster'
expect_in 'a Replicated table, without --cluster' 'has 2 replicas, 2 of them active' "$work/err"

# --- no --cluster: the replicas are found in Keeper, and each is asked
# dictionary_2 HOST: region_v2, next to what is there.
printf 'prefix,region\nu1,us-west\nu2,eu-west\n,unknown\n' >"$work/region_2.csv"
dictionary_2() {
  "$LIVECOL_BIN" config install --rules "$work/region_2.csv" --name region --version 2 --key user_id --target 18.16 \
    --scripts "$on/$1/scripts" --config "$on/$1" >"$work/out" 2>"$work/err"
  expect "region_v2 on host $1" 0 $?
  "on_$1" 'SYSTEM RELOAD DICTIONARIES' >/dev/null
}
dictionary_2 a
migration "$work/alone" 0002_second <<'END'
ALTER TABLE ev ADD COLUMN second String DEFAULT dictGetString('region_v2', 'region', tuple(k));
END
up "$work/alone" --migrations-table alone
expect 'no --cluster, missing on a replica: exit' 3 "$code"
expect_in 'no --cluster, missing on a replica' "does not answer on the replicas of main.ev: host $host_b: Code: 36" "$work/err"
rm "$work/alone/0002_second.sql"
"$LIVECOL_BIN" new v2 -d "$work/alone" --migrations-table alone --rederive main.ev.region --to region_v2 >"$work/out" 2>"$work/err"
code=$?
said_good 'new --rederive of a dictionary'
up "$work/alone" --migrations-table alone
expect 'new rules, missing on a replica: exit' 3 "$code"
expect_in 'new rules, missing on a replica' "host $host_b: Code: 36" "$work/err"
expect 'new rules, missing on a replica: nothing is changed' "$default" \
  "$(on_a "SELECT default_expression FROM system.columns WHERE database = 'main' AND table = 'ev' AND name = 'region' FORMAT TabSeparatedRaw")"
# The UPDATE by itself, with --cluster and without.
sed -n '/-- migrate:rederive/,$p' "$work/alone/0002_v2.sql" | sed '/;/q' | migration "$work/update" 0001_update
for option in --cluster=replicas --no-verify; do
  up "$work/update" --migrations-table update "$option"
  expect "the UPDATE alone, $option: exit" 3 "$code"
  expect_in "the UPDATE alone, $option" "the UPDATE would fail for good on a replica of main.ev: host $host_b: Code: 36" "$work/err"
done
dictionary_2 b
# ev_all_default VERSION: what the Distributed table computes for those who leave the column out.
ev_all_default() {
  on_a "ALTER TABLE main.ev_all ON CLUSTER apart MODIFY COLUMN region String DEFAULT dictGetString('region_v$1', 'region', tuple(k))" >/dev/null
}
up "$work/alone" --migrations-table alone
expect 'new rules, and the old DEFAULT over the table: exit' 3 "$code"
expect_in 'new rules, and the old DEFAULT over the table' 'main.ev_all (Distributed) is over this table, and its own DEFAULT of region stays the old one' "$work/err"
ev_all_default 2
on_b "INSERT INTO main.ev_all (k) VALUES ('u1_new_rules')"
up "$work/alone" --migrations-table alone
said_good 'new rules, on each replica'
expect_in 'new rules, on each replica' 'the same on every replica' "$work/err"
for host in on_a on_b; do
  eventually "new rules: $host" 0 $host "SELECT countIf(region != multiIf(startsWith(k, 'u1'), 'us-west', startsWith(k, 'u2'), 'eu-west', 'unknown')) FROM main.ev"
done
ev_all_default 1
CLICKHOUSE_URL=$url_a/main "$LIVECOL_BIN" down -d "$work/alone" --migrations-table alone --yes >"$work/out" 2>"$work/err"
code=$?
said_good 'new rules, back'

# --- several migrations at once, waited for on every host
clean jobs
migration "$work/jobs" 0001_tables <<'END'
CREATE TABLE a ON CLUSTER replicas (k String) ENGINE = ReplicatedMergeTree('/tables/jobs/a', '{replica}') ORDER BY k;
CREATE TABLE b ON CLUSTER replicas (k String) ENGINE = ReplicatedMergeTree('/tables/jobs/b', '{replica}') ORDER BY k;
INSERT INTO a (k) SELECT concat('u', toString(number)) FROM numbers(50000);
INSERT INTO b (k) SELECT concat('u', toString(number)) FROM numbers(20000);
END
for table in a b; do
  migration "$work/jobs" "000$([ $table = a ] && echo 2 || echo 3)_$table" <<END
ALTER TABLE $table ADD COLUMN region String DEFAULT $default AFTER k;
ALTER TABLE $table UPDATE region = region WHERE 1;
END
done
up "$work/jobs" --cluster replicas --jobs 3
said_good 'jobs'
same 'jobs, the one' jobs.a 50000
same 'jobs, the other' jobs.b 20000

# --- hosts that differ in what only the table's own rows meet
clean rows
migration "$work/rows" 0001_t <<'END'
CREATE TABLE t ON CLUSTER replicas (k String) ENGINE = ReplicatedMergeTree('/tables/rows/t', '{replica}') ORDER BY k;
INSERT INTO t (k) SELECT concat('abc', toString(number)) FROM numbers(100);
END
migration "$work/rows" 0002_region <<END
ALTER TABLE t ADD COLUMN region String DEFAULT $default AFTER k;
ALTER TABLE t UPDATE region = region WHERE 1;
END
up "$work/rows" --cluster replicas --to 1
said_good 'own rows'
(cat "$rules" && echo 'abc,elsewhere') >"$work/abc.csv"
dictionary b "$work/abc.csv"
eventually 'the other rules of host b' 'elsewhere' \
  on_b "SELECT dictGetString('region_v1', 'region', tuple(materialize('abc1')))"
up "$work/rows" --cluster replicas
expect 'own rows: exit' 3 "$code"
expect_in 'own rows' "answers differently on host $host_b than on host $host_a, for rows that the table has" "$work/err"
up "$work/rows" --cluster replicas --rules "$rules"
expect 'own rows, --rules: exit' 3 "$code"
expect_in 'own rows, --rules' "host $host_b: dictGetString answers \"elsewhere\" for the key \"abc" "$work/err"
dictionary b "$rules"
eventually 'the rules of host b' 'unknown' \
  on_b "SELECT dictGetString('region_v1', 'region', tuple(materialize('abc1')))"
up "$work/rows" --cluster replicas --rules "$rules"
said_good 'own rows, alike'

# --- ON CLUSTER that one host refused: what the others did of it is not sent to them again
clean half
migration "$work/half" 0001_t <<'END'
CREATE TABLE t ON CLUSTER apart (k String) ENGINE = MergeTree() ORDER BY k;
END
up "$work/half" --cluster apart
said_good 'half'
on_b 'ALTER TABLE half.t ADD COLUMN v UInt8'
migration "$work/half" 0002_v <<'END'
ALTER TABLE t ON CLUSTER apart ADD COLUMN v String DEFAULT upper(k);
END
up "$work/half" --cluster apart
expect 'half: exit' 1 "$code"
on_b 'ALTER TABLE half.t DROP COLUMN v'
on_b 'ALTER TABLE half.t ADD COLUMN v String DEFAULT upper(k)'
up "$work/half" --cluster apart
said_good 'half, fixed'

# --- asked of a host that has no replica of the tracking table, nothing is taken as not applied
on_b "DROP TABLE half.schema_migrations"
CLICKHOUSE_URL=$url_b/half up "$work/half" --cluster apart
expect 'a host without the tracking table: exit' 3 "$code"
expect_in 'a host without the tracking table' "host $host_a has the tracking table half.schema_migrations, and http" "$work/err"

# --- one server's own tracking table is not taken for the cluster's
clean own
migration "$work/own" 0001_t <<'END'
CREATE TABLE t ON CLUSTER replicas (k String) ENGINE = MergeTree() ORDER BY k;
END
up "$work/own"
said_good 'without --cluster'
migration "$work/own" 0002_c <<'END'
ALTER TABLE t ADD COLUMN v String;
END
up "$work/own" --cluster replicas
expect 'one server alone: exit' 3 "$code"
for command in 'up --to 1' status doctor; do # nothing is pending, and it is another host
  # shellcheck disable=SC2086 # words
  CLICKHOUSE_URL=$url_b/own "$LIVECOL_BIN" $command -d "$work/own" --cluster replicas >"$work/out" 2>"$work/err"
  expect "one server alone, $command on the other: exit" 3 $?
  expect_in "one server alone, $command on the other" "own.schema_migrations of host $host_a belongs to that server only" "$work/err"
done
# --- an ALTER that does not reach a host which has the table
up "$work/own" --cluster replicas --migrations-table cluster_migrations --to 1
expect_in 'no ON CLUSTER' 'the table own.t is there already' "$work/err"
rm "$work/own/0001_t.sql"
up "$work/own" --cluster replicas --migrations-table other_migrations --allow-missing
expect 'no ON CLUSTER: exit' 3 "$code"
expect_in 'no ON CLUSTER' "has no ON CLUSTER, and host" "$work/err"

# --- two runners on two hosts: each statement once
race() {
  local which pids=() n=0
  clean "$1"
  for which in a b a b; do
    n=$((n + 1))
    CLICKHOUSE_URL=$([ $which = a ] && echo "$url_a" || echo "$url_b")/$1 \
      "$LIVECOL_BIN" up -d "$work/$1" --cluster replicas --lock-timeout 600 >"$work/out.$n" 2>&1 </dev/null &
    pids+=($!)
  done
  for n in 1 2 3 4; do
    wait "${pids[n - 1]}" || { fail "runner $n" && cat "$work/out.$n"; }
  done
  expect 'two hosts at once: applied' $'1\t1\n2\t1' \
    "$(on_b "SELECT version, count() FROM $1.schema_migrations WHERE event = 'applied' GROUP BY version ORDER BY version")"
  expect 'two hosts at once: locks left' 0 \
    "$(on_a "SELECT count() FROM system.zookeeper WHERE path = '/livecol/replicas/$1.schema_migrations-locks'")"
  same 'two hosts at once' "$1.ev" 100000
}
for n in 1 ${LIVECOL_LONG:+2 3 4 5 6}; do
  events "$work/race$n" "race$n"
  cp "$work/main/0002_region.sql" "$work/race$n/"
  race "race$n"
done

# --- two shards; and a statement that takes longer than the server waits for it
clean shards
migration "$work/shards" 0001_ev <<'END'
CREATE TABLE ev ON CLUSTER shards (k String) ENGINE = ReplicatedMergeTree('/tables/shards/{replica}', 'only') ORDER BY k;
END
migration "$work/shards" 0002_region <<END
ALTER TABLE ev ADD COLUMN region String DEFAULT $default AFTER k;
END
up "$work/shards" --cluster shards --to 1
said_good 'shards'
on_a "INSERT INTO shards.ev (k) SELECT concat('u', toString(number)) FROM numbers(20000)"
on_b "INSERT INTO shards.ev (k) SELECT concat('u2', toString(number)) FROM numbers(30000)"
up "$work/shards" --cluster shards
expect 'an ALTER of one shard: exit' 3 "$code"
expect_in 'an ALTER of one shard' "host $host_b has a table shards.ev" "$work/err"
migration "$work/shards" 0002_region <<END
ALTER TABLE ev ON CLUSTER shards ADD COLUMN region String DEFAULT $default AFTER k;
ALTER TABLE ev ON CLUSTER shards UPDATE region = region WHERE 1;
END
# That server's ADD COLUMN waits for the SELECTs that run: this one keeps host b from it until it is killed.
on_b 'SELECT sum(sleepEachRow(0.1)) FROM (SELECT k FROM shards.ev) SETTINGS max_block_size = 1' >/dev/null &
select_pid=$!
held="query LIKE 'SELECT sum(sleepEachRow%'"
wait_until 'a SELECT reads the table on host b' is 1 \
  on_b "SELECT count() FROM system.processes WHERE $held AND read_rows > 0"
"$LIVECOL_BIN" up -d "$work/shards" --cluster shards --ddl-timeout 1 >"$work/out" 2>"$work/err" </dev/null &
up_pid=$!
wait_until 'it says whom it waits for' says "$work/err" "the statement is not done yet on $host_b"
on_b "KILL QUERY WHERE $held" >/dev/null
wait "$up_pid"
code=$?
said_good 'past the server'\''s time-out'
wait "$select_pid"
for host in on_a on_b; do
  expect "shards: undone, $host" 0 \
    "$($host "SELECT countIf(NOT is_done) FROM system.mutations WHERE database = 'shards'")"
  expect "shards: rows without their region, $host" 0 \
    "$($host "SELECT countIf(region = '') FROM shards.ev")"
done

# --- faults in mid-backfill
# What the mutations ask: a dictionary of each host whose program waits at the gate of that host's name.
gate=$work/gate
mkdir "$gate"
cat >"$gate/program" <<'END'
#!/bin/sh
# Answers its keys, each with "yes", and passes the gate $1 before.
gate=${0%/*}/$1
waits() {
  [ -e "$gate.hold" ] || return 1
  for pass in "$gate".pass.*; do
    ! rmdir "$pass" 2>/dev/null || return 1
  done
}
if waits; then
  echo $$ >"$gate.writing" && mv "$gate.writing" "$gate.reached"
  while [ -e "$gate.hold" ]; do sleep 0.02; done
fi
exec sed 's/$/\tyes/'
END
chmod +x "$gate/program"
for host in a b; do
  cat >"$on/$host/gated_dictionary.xml" <<END
<dictionaries><dictionary><name>gated</name>
  <source><executable><command>$gate/program $host</command><format>TabSeparated</format></executable></source>
  <lifetime>0</lifetime><layout><complex_key_cache><size_in_cells>262144</size_in_cells></complex_key_cache></layout>
  <structure><key><attribute><name>k</name><type>String</type></attribute></key>
    <attribute><name>here</name><type>String</type><null_value>no</null_value></attribute></structure>
</dictionary></dictionaries>
END
  "on_$host" 'SYSTEM RELOAD DICTIONARIES' >/dev/null
done

# faulty NAME: the table with its column; then the backfill, begun in the background, and held on both
# hosts in the middle of the part. They are held from when the tool is about to send, since it asks the
# dictionaries itself before.
faulty() {
  events "$work/$1" "$1"
  migration "$work/$1" 0002_region <<END
ALTER TABLE ev ADD COLUMN region String DEFAULT $default AFTER k;
END
  clean "$1"
  up "$work/$1" --cluster replicas
  said_good "$1: before"
  migration "$work/$1" 0003_fill <<'END'
ALTER TABLE ev UPDATE region = region WHERE dictGetString('gated', 'here', tuple(k)) = 'yes';
INSERT INTO ev (k) VALUES ('u1_last');
END
  gate_close "$gate" 'before the send'
  LIVECOL_TEST_GATE=$gate "$hooks" up -d "$work/$1" --cluster replicas >"$work/out" 2>"$work/err" </dev/null &
  up_pid=$!
  gate_wait "$gate" 'before the send'
  gate_close "$gate" a 2
  gate_close "$gate" b 2
  gate_open "$gate" 'before the send'
  gate_wait "$gate" a
  gate_wait "$gate" b
  expect "$1: its mutation runs" 1 \
    "$(on_a "SELECT count() FROM system.mutations WHERE database = '$1' AND NOT is_done")"
}
# lose HOST: it is killed, and with it the program that waits, which would keep its data's lock.
lose() {
  local program
  program=$(cat "$gate/$1.reached")
  "$cluster" kill "$on" "$1"
  kill -KILL "$program"
  wait_until "the program of host $1 has ended" has_ended "$program"
}
# shellcheck disable=SC2317 # by wait_until
has_ended() { ! process_runs "$1"; }

both_go_on() {
  gate_open "$gate" a
  gate_open "$gate" b
}

# ended NAME ROWS
ended() {
  wait "$up_pid"
  code=$?
  said_good "$1"
  same "$1" "$1.ev" "$2"
  expect "$1: recorded once" 1 \
    "$(on_a "SELECT count() FROM $1.schema_migrations WHERE event = 'applied' AND version = 3")"
}

faulty killed
lose b
on_a "INSERT INTO killed.ev (k) VALUES ('u2_meanwhile')"
eventually 'killed: host a knows it' 1 \
  on_a "SELECT active_replicas FROM system.replicas WHERE database = 'killed' AND table = 'ev'"
gate_close "$gate" b
"$cluster" start "$on" b >/dev/null
gate_wait "$gate" b # it is at the part again
both_go_on
ended 'killed' 100002

faulty keeper
gate_close "$gate" 'a heartbeat has failed'
"$cluster" kill "$on" zk
for host in on_a on_b; do
  eventually "keeper: $host has noticed" 1 \
    $host "SELECT is_session_expired FROM system.replicas WHERE database = 'keeper' AND table = 'ev'"
done
gate_wait "$gate" 'a heartbeat has failed' # so has the tool
"$cluster" start "$on" zk >/dev/null
gate_open "$gate" 'a heartbeat has failed'
both_go_on
ended 'keeper' 100001

# --- a replica that is down at the start
events "$work/down" down
clean down
up "$work/down" --cluster replicas
said_good 'down: before'
migration "$work/down" 0002_region <<END
ALTER TABLE ev ADD COLUMN region String DEFAULT $default AFTER k;
ALTER TABLE ev UPDATE region = region WHERE 1;
END
"$cluster" kill "$on" b
up "$work/down" --cluster replicas
expect 'a replica is down: exit' 3 "$code"
expect_in 'a replica is down' "$host_b" "$work/err"
up "$work/down" --cluster replicas --allow-degraded
said_good 'a replica is down, --allow-degraded'
expect_in 'a replica is down, --allow-degraded' "host $host_b of the cluster replicas does not answer" \
  "$work/err"
"$cluster" start "$on" b >/dev/null
eventually 'a replica that was down: its mutation' 1 \
  on_b "SELECT count() FROM system.mutations WHERE database = 'down' AND is_done"
same 'a replica was down' down.ev 100000
# --- longer: the holder's host is lost with its runner, other moments, writers all the while
# lost NAME: the host that is connected to is killed, and livecol with it; b goes on.
lost() {
  faulty "$1"
  lose a
  kill -KILL "$up_pid"
  wait "$up_pid" 2>/dev/null
  both_go_on
  CLICKHOUSE_URL=$url_b/$1 LIVECOL_TEST_STALE_S=5 "$hooks" up -d "$work/$1" --cluster replicas \
    --allow-degraded --lock-timeout 600 >"$work/out" 2>"$work/err" </dev/null
  code=$?
  said_good "$1: from host b"
  "$cluster" start "$on" a >/dev/null
  eventually "$1: the host that was lost" 0 \
    on_a "SELECT count() FROM system.mutations WHERE database = '$1' AND NOT is_done"
  same "$1" "$1.ev" 100001
  eventually "$1: locks left" 0 \
    on_b "SELECT count() FROM system.tables WHERE database = '$1' AND name LIKE '%lock%'"
}

# written NAME: INSERTs on the host that stays, while b is killed and started three times, each time at some
# block of the part.
written() {
  local i
  faulty "$1"
  for i in 1 2 3; do
    lose b
    on_a "INSERT INTO $1.ev (k) SELECT concat('u', toString(number), '_$i') FROM numbers(1000)"
    gate_close "$gate" b "$((RANDOM % 10))"
    "$cluster" start "$on" b >/dev/null
    gate_wait "$gate" b
  done
  both_go_on
  ended "$1" 103001
}
if [ -n "${LIVECOL_LONG:-}" ]; then
  lost lost
  for n in 1 2 3; do
    written "written$n"
  done
fi
finish
