#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The runner on real engines: what it does to tables, what it waits for, and how it stops.
# First on the embedded engine in livecol's own process, then on the same engine over HTTP.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"

# --- in this process ---------------------------------------------------------------------------
engine_functions "$work/embedded"
embedded=(--backend embedded --path "$work/embedded")
migration "$work/start" 0001_start <<'END'
CREATE DATABASE analytics;
CREATE TABLE analytics.events (event_id String, event_ts DateTime, event_type String, user_id String)
    ENGINE = MergeTree() ORDER BY (event_ts, event_id);
INSERT INTO analytics.events (event_id, event_ts, event_type, user_id) VALUES
    ('e1', now(), 'a;b', 'u1_001'), ('e2', now(), '''', 'u1_002'), ('e3', now(), '', 'u2_001');
INSERT INTO analytics.events FORMAT CSV
"e4","2026-01-01 00:00:00","x","u1_003"
"e5","2026-01-01 00:00:00","x;y","u3_001"

END
cp "$LIVECOL_SOURCE/migrations/0001_add_region_to_events.sql" "$work/start/0002_region.sql"
cat >"$work/start/0003_prove.sql" <<'END'
-- Fails unless every row has the region that it should have.
SELECT throwIf(count() != 5 OR countIf(region != multiIf(startsWith(user_id, 'u1'), 'us-east',
    startsWith(user_id, 'u2'), 'eu-west', 'unknown')) != 0) FROM analytics.events;
END
# A path that is not there is a mistyped one to all but up, which makes it and says so.
mistyped=(--backend embedded --path "$work/mistyped")
for words in 'up --dry-run' 'plan' 'status' 'doctor' 'down --yes' 'redo --yes'; do
  # shellcheck disable=SC2086 # a command and its options
  "$LIVECOL_BIN" $words -d "$work/start" "${mistyped[@]}" >"$work/out" 2>"$work/err"
  expect "mistyped: $words" 3 $?
  expect_in "mistyped: $words" "there is no data path $work/mistyped" "$work/err"
  expect "mistyped: $words: nothing is made" '' "$(ls -d "$work/mistyped" 2>/dev/null)"
done
up "$work/none" "${mistyped[@]}"
expect 'no migrations' 1 "$code"
expect 'no migrations: nothing is made' '' "$(ls -d "$work/mistyped" 2>/dev/null)"
up "$work/start" --backend embedded --path "$work/mistyped/below/data"
expect 'parents are not made' 1 "$code"
expect 'parents are not made: nothing is' '' "$(ls -d "$work/mistyped" 2>/dev/null)"
up "$work/start" "${mistyped[@]}" --to 1
said_good 'a new database'
expect_in 'a new database' "made $work/mistyped, a new database" "$work/err"
up "$work/start" "${mistyped[@]}" --to 1
said_good 'a new database: again'
expect 'a new database: again' '' "$(grep 'a new database' "$work/err")"
# The engine would take stdin for the rows of an INSERT.
"$LIVECOL_BIN" up -d "$work/start" "${embedded[@]}" --rules "$LIVECOL_SOURCE/config/region.csv" \
  >"$work/out" 2>"$work/err" <<<"(1, 'of no row')"
code=$?
said_good embedded
expect 'embedded: all' '3' "$(grep -c ': applied in' "$work/out")"
up "$work/start" "${embedded[@]}"
expect_in 'embedded: again' 'applied 0, skipped 3' "$work/out"
"$LIVECOL_BIN" down -d "$work/start" "${embedded[@]}" --yes >"$work/out" 2>"$work/err"
expect 'embedded: no down section' 3 $?
rm "$work/start/0003_prove.sql"
"$LIVECOL_BIN" down -d "$work/start" "${embedded[@]}" --yes >"$work/out" 2>"$work/err"
expect 'embedded: down, a file is gone' 3 $?
"$LIVECOL_BIN" down -d "$work/start" "${embedded[@]}" --yes --to 1 >"$work/out" 2>"$work/err"
expect 'embedded: down' 0 $?
"$LIVECOL_BIN" doctor -d "$work/start" "${embedded[@]}" >"$work/out"
expect 'embedded: doctor' 0 $?
expect_in 'embedded: doctor' '1 pending' "$work/out"

# Killed at some of its points: the engine dies with it, and the next run converges.
migration "$work/kill" 0001_make <<'END'
CREATE TABLE t (k String) ENGINE = MergeTree ORDER BY k;
ALTER TABLE t ADD COLUMN r LowCardinality(String) DEFAULT region_v1(k);
ALTER TABLE t MATERIALIZE COLUMN r;
END
for at in 4 9 15; do
  engine_functions "$work/kill$at"
  embedded=(--backend embedded --path "$work/kill$at")
  {
    LIVECOL_TEST_KILL_AT=$at "$hooks" up -d "$work/kill" "${embedded[@]}" >"$work/out" 2>&1
    code=$?
  } 2>/dev/null
  expect "embedded, point $at: killed" 137 "$code"
  if [ $at = 9 ]; then
    "$LIVECOL_BIN" unlock "${embedded[@]}" >"$work/out"
    expect "embedded, point $at: the lock" 0 $?
    expect_in "embedded, point $at: the lock" 'removed the lock' "$work/out"
    up "$work/kill" "${embedded[@]}"
  else # its holder cannot live, or the path would not open: nothing is waited for
    up "$work/kill" "${embedded[@]}" --lock-timeout 0
    expect_in "embedded, point $at: taken over" 'took over the lock of livecol up' "$work/err"
  fi
  said_good "embedded, point $at: the next run"
  "$LIVECOL_BIN" status -d "$work/kill" "${embedded[@]}" --exit-code >"$work/out"
  expect "embedded, point $at: all applied" 0 $?
done

# --- over HTTP ---------------------------------------------------------------------------------
# A function that fails at one key while a file says so: no sample of a thousand rows meets it.
engine_functions "$work/engine"
cat >"$work/engine/user_scripts/flaky" <<'END'
#!/usr/bin/env bash
# shellcheck disable=SC2034
broken=$(dirname "$0")/broken
while IFS= read -r line; do
  if [ "$line" = poison ] && [ -e "$broken" ]; then
    echo 'no answer for poison' >&2
    exit 1
  fi
  echo "v_$line"
done
END
chmod +x "$work/engine/user_scripts/flaky"
engine_program "$work/engine" flaky k
engine_gate "$work/engine"
gate=$work/engine/gate
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

# A mutation that fails ends the wait, with its reason; once fixed, the next run waits for it.
fresh flaky
sql "CREATE TABLE flaky.t (k String) ENGINE = MergeTree ORDER BY tuple()"
sql "INSERT INTO flaky.t SELECT concat('k', toString(number)) FROM numbers(3000)"
sql "INSERT INTO flaky.t VALUES ('poison')"
sql 'OPTIMIZE TABLE flaky.t FINAL'
migration "$work/flaky" 0001_add <<'END'
ALTER TABLE t ADD COLUMN v String DEFAULT flaky(k);
ALTER TABLE t MATERIALIZE COLUMN v;
END
touch "$work/engine/user_scripts/broken"
up "$work/flaky"
expect 'a mutation fails: exit' 1 "$code"
expect_in 'a mutation fails' 'statement 2 of 2: mutation' "$work/err"
expect_in 'a mutation fails' 'no answer for poison' "$work/err"
expect_in 'a mutation fails' 'livecol backfill flaky.t.v --cancel' "$work/err"
rm "$work/engine/user_scripts/broken"
up "$work/flaky"
said_good 'the mutation is fixed'
expect 'the mutation is fixed: one mutation' 1 \
  "$(sql "SELECT count() FROM system.mutations WHERE database = 'flaky'")"
expect 'the mutation is fixed: rows' 3001 \
  "$(sql "SELECT countIf(v = concat('v_', k)) FROM flaky.t")"

# SIGINT while the answer to a statement is open: said at once, awaited, recorded; nothing is left open.
fresh awaits
sql "CREATE TABLE awaits.t (k UInt32, v UInt32) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO awaits.t SELECT number, 0 FROM numbers(20)"
sql 'SYSTEM STOP MERGES awaits.t' # MODIFY COLUMN answers when the parts are written anew
migration "$work/awaits" 0001_awaits <<'END'
-- migrate:allow-unsafe nobody reads it
ALTER TABLE t MODIFY COLUMN v UInt64;
ALTER TABLE t ADD COLUMN w UInt8;
END
up_start "$work/awaits"
wait_until 'the ALTER of awaits.t' is 1 sql "SELECT count() FROM system.mutations WHERE database = 'awaits'"
kill -INT "$up_pid"
wait_until 'what up says of the signal' says "$work/err" 'stopping once the open statement has ended'
sql 'SYSTEM START MERGES awaits.t'
up_end
expect 'SIGINT in an ALTER: exit' 130 "$code"
expect 'SIGINT in an ALTER: the next statement is not sent' $'k\tUInt32\nv\tUInt64' \
  "$(sql "SELECT name, type FROM system.columns WHERE database = 'awaits' AND table = 't'")"
up_start "$work/awaits"
up_end
expect 'SIGINT in an ALTER: the next run' 0 "$code"

# SIGINT in a mutation: 130, the mutation goes on, the next run waits for it and sends nothing.
fresh slow
sql "CREATE TABLE slow.t (k UInt32, v UInt32) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO slow.t SELECT number, 0 FROM numbers(20)"
sql 'SYSTEM STOP MERGES slow.t' # mutations wait too
migration "$work/slow" 0001_slow <<'END'
ALTER TABLE t UPDATE v = v + 1 WHERE 1;
END
up_start "$work/slow"
wait_until 'the mutation of slow.t' is 1 sql "SELECT count() FROM system.mutations WHERE database = 'slow'"
kill -INT "$up_pid"
up_end
expect 'SIGINT: exit' 130 "$code"
expect_in 'SIGINT' 'continues on the server' "$work/err"
expect_in 'SIGINT: at once' 'stopping once the open statement has ended' "$work/err"
expect 'SIGINT: not undone' 0 \
  "$(sql "SELECT is_done FROM system.mutations WHERE database = 'slow'")"
expect 'SIGINT: no lock is left' 0 \
  "$(sql "SELECT count() FROM system.tables WHERE database = 'slow' AND name LIKE '%lock%'")"
up_start "$work/slow"
wait_until 'the next run, waiting for the mutation' says "$work/err" 'has taken effect'
sql 'SYSTEM START MERGES slow.t'
up_end
said_good 'after SIGINT'
expect 'after SIGINT: once' 20 "$(sql 'SELECT sum(v) FROM slow.t')"
expect 'after SIGINT: one mutation' 1 \
  "$(sql "SELECT count() FROM system.mutations WHERE database = 'slow'")"

# An answer that comes late: the statement is found running, waited for, and not sent again.
proxy_start
fresh late
migration "$work/late" 0001_late <<'END'
CREATE TABLE u ENGINE = MergeTree ORDER BY k
    AS SELECT at_gate(if(number = 3, 'late', toString(number))) AS k FROM numbers(5) SETTINGS max_block_size = 1;
END
fault early 1 '^CREATE TABLE u'
gate_close "$gate" late
up_start "$work/late"
gate_wait "$gate" late
wait_until 'the statement found running' says "$work/err" 'the statement still runs in the server'
gate_open "$gate" late
up_end
expect 'late: exit' 7 "$code"
expect 'late: its rows' 5 "$(sql 'SELECT count() FROM late.u')"
no_fault

# The server's own limit for one statement.
fresh limit
migration "$work/limit" 0001_limit <<'END'
SELECT sleepEachRow(0.1) FROM numbers(50) SETTINGS max_block_size = 1;
END
up "$work/limit" --statement-timeout 1
expect '--statement-timeout: exit' 1 "$code"
expect_in '--statement-timeout' 'Code: 159' "$work/err"

# A table that has too many mutations: 692 from the server itself, until merges go on.
fresh many
sql "CREATE TABLE many.t (k UInt32, v UInt32) ENGINE = MergeTree ORDER BY k SETTINGS number_of_mutations_to_throw = 1, number_of_mutations_to_delay = 0"
sql "INSERT INTO many.t VALUES (1, 1)"
sql "SYSTEM STOP MERGES many.t"
sql "ALTER TABLE many.t UPDATE v = 2 WHERE 1 SETTINGS mutations_sync = 0"
migration "$work/many" 0001_many <<'END'
ALTER TABLE t UPDATE v = v + 10 WHERE 1;
END
gate_close "$work/tries" 'before another try'
livecol=$hooks LIVECOL_TEST_GATE=$work/tries up_start "$work/many"
gate_wait "$work/tries" 'before another try'
sql "SYSTEM START MERGES many.t"
wait_until 'the end of the first mutation' is 1 sql "SELECT min(is_done) FROM system.mutations WHERE database = 'many'"
expect 'too many mutations: ours is not sent yet' 1 "$(sql "SELECT count() FROM system.mutations WHERE database = 'many'")"
gate_open "$work/tries" 'before another try'
up_end
said_good 'too many mutations'
expect_in 'too many mutations' 'Code: 692' "$work/err"
expect 'too many mutations: once' 12 "$(sql 'SELECT v FROM many.t')"

# Rows that are written while the column is filled in.
fresh load
sql "CREATE TABLE load.t (k String, n UInt32) ENGINE = MergeTree ORDER BY n"
sql "INSERT INTO load.t SELECT concat('u', toString(number % 4)), number FROM numbers(300000)"
migration "$work/load" 0001_region <<'END'
ALTER TABLE t ADD COLUMN region LowCardinality(String) DEFAULT region_v1(k);
ALTER TABLE t MATERIALIZE COLUMN region;
END
# From before the column is there until after all: some while its mutation is sent and held.
sql 'SYSTEM STOP MERGES load.t'
(
  while [ ! -e "$work/load.stop" ]; do
    sql "INSERT INTO load.t (k, n) SELECT concat('u', toString(number % 4)), number FROM numbers(100)" ||
      echo insert >>"$work/load.failed"
    sql 'SELECT k, n FROM load.t LIMIT 10 FORMAT Null' || echo select >>"$work/load.failed"
    echo written
  done
) >"$work/load.written" &
writer=$!
wrote() { wait_until "5 more INSERTs, $1" at_least $(($(wc -l <"$work/load.written") + 5)) wc -l "$work/load.written"; }
wrote 'before the column'
up_start "$work/load"
wait_until 'the mutation of load.t' is_not 0 \
  sql "SELECT count() FROM system.mutations WHERE database = 'load' AND NOT is_done"
wrote 'while it is filled in'
sql 'SYSTEM START MERGES load.t'
up_end
wrote 'after it'
touch "$work/load.stop"
wait "$writer"
said_good 'under load'
[ ! -e "$work/load.failed" ] || fail "under load: $(cat "$work/load.failed")"
expect 'under load: rows, and those whose region is wrong' \
  $((300000 + 100 * $(wc -l <"$work/load.written")))$'\t0' \
  "$(sql 'SELECT count(), countIf(region != region_v1(k)) FROM load.t')"
expect 'under load: parts without the column' 0 \
  "$(sql "SELECT countIf(has_it = 0) FROM (SELECT name, countIf(column = 'region') AS has_it FROM system.parts_columns WHERE database = 'load' AND table = 't' AND active GROUP BY name)")"
finish
