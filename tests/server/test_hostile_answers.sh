#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A server whose answers are changed on their way (tests/support/hostile_answers.py): whatever comes, no command
# crashes, takes memory or time without end, or changes other things than it would with true answers.
#   LIVECOL_LONG=1  100,000 runs     LC_TEST_SEED  the seed     LIVECOL_HOSTILE_RUNS  how many runs
set -u
# shellcheck source=tests/support/runner.sh
. "$LIVECOL_SOURCE/tests/support/runner.sh"

# The program next to the tested one that has hooks: its pauses are short.
program=${LIVECOL_BIN%/cli/livecol}/tests/support/livecol-hooks
livecol=$program
engine_functions "$work/engine"
engine_start_chdb "$work/engine" || exit 1
say_scenario() { # NAME DATABASE CHANGES ARG...
  python3 - "$@" >>"$work/scenarios" <<'PY'
import json
import sys

name, database, changes, *args = sys.argv[1:]
print(json.dumps({"name": name, "database": database, "changes": changes == "yes", "args": args}))
PY
}

migration "$work/m" 0001_create <<'SQL'
CREATE TABLE events (user_id String, n UInt64) ENGINE = MergeTree ORDER BY n PARTITION BY n % 3;
INSERT INTO events (user_id, n) SELECT concat('u', toString(number % 5)), number FROM numbers(90);
SQL
migration "$work/m" 0002_region <<'SQL'
-- migrate:up
ALTER TABLE events ADD COLUMN region LowCardinality(String) DEFAULT region_v1(user_id);
ALTER TABLE events MATERIALIZE COLUMN region;
-- migrate:down
ALTER TABLE events DROP COLUMN region;
SQL
migration "$work/m" 0003_more <<'SQL'
INSERT INTO events (user_id, n) VALUES ('u1', 1000);
INSERT INTO events (user_id, n) VALUES ('u2', 1001);
SQL
mkdir "$work/first"
cp "$work/m/0001_create.sql" "$work/first/"

for db in applied todo begun; do
  fresh "$db"
  up "$work/first"
  said_good "$db"
done
CLICKHOUSE_URL=$engine_url/applied up "$work/m"
said_good 'all of them'
# One that failed at its second statement goes on there.
mkdir "$work/b"
cp "$work/m/0001_create.sql" "$work/m/0002_region.sql" "$work/b/"
sed '2s/.*/INSERT INTO events (user_id, n) SELECT user_id, no_such_function(n) FROM events;/' "$work/m/0003_more.sql" >"$work/b/0003_more.sql"
CLICKHOUSE_URL=$engine_url/begun up "$work/b"
expect 'the run that fails' 1 "$code"

say_scenario up-again applied no up -d "$work/m" --lock-timeout 1
say_scenario up todo yes up -d "$work/m" --lock-timeout 1
say_scenario up-on begun yes up -d "$work/m" --lock-timeout 1
say_scenario plan applied no plan -d "$work/m"
say_scenario status applied no status -d "$work/m"
say_scenario doctor applied no doctor -d "$work/m"
say_scenario dump applied no dump --output -
say_scenario backfill applied no backfill applied.events.region --dry-run
say_scenario verify applied no verify applied.events.region

sanitized=()
if grep -q __asan_init "$program"; then sanitized=(--sanitized); fi
runs=${LIVECOL_HOSTILE_RUNS:-$([ -n "${LIVECOL_LONG:-}" ] && echo 100000 || echo 300)}
checks=$((checks + 1))
python3 "$LIVECOL_SOURCE/tests/support/hostile_answers.py" "$work/scenarios" --livecol "$program" \
  --upstream "${engine_url#http://}" --runs "$runs" ${LC_TEST_SEED:+--seed "$LC_TEST_SEED"} \
  ${sanitized[@]+"${sanitized[@]}"} || fail 'answers that were changed'
finish
