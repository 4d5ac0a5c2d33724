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
printf 'prefix,region\nu1,us-west\nu2,eu-west\nu3,ap-south\n,unknown\n' >"$work/engine/user_scripts/region_v2.csv"
engine_function_like "$work/engine" region_v2
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1
say_scenario() { scenario "$work/scenarios" "$@"; }

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
cp -r "$work/m" "$work/two"
migration "$work/m" 0003_more <<'SQL'
INSERT INTO events (user_id, n) VALUES ('u1', 1000);
INSERT INTO events (user_id, n) VALUES ('u2', 1001);
SQL
mkdir "$work/first"
cp "$work/m/0001_create.sql" "$work/first/"

# made DATABASE FOLDER...: a database to which the folders' migrations were applied.
made() {
  fresh "$1"
  shift
  for folder in "$@"; do
    up "$folder"
    said_good "$db: $folder"
  done
}
made applied "$work/first" "$work/m"
made todo "$work/first"
# One that failed at its second statement goes on there, or a person says that it is done.
mkdir "$work/b"
cp "$work/m/0001_create.sql" "$work/m/0002_region.sql" "$work/b/"
sed '2s/.*/INSERT INTO events (user_id, n) SELECT user_id, throwIf(n >= 0) FROM events;/' "$work/m/0003_more.sql" >"$work/b/0003_more.sql"
for name in begun failed; do
  made "$name" "$work/first"
  up "$work/b"
  expect 'the run that fails' 1 "$code"
done
for name in pending reverted redone inlined; do made "$name" "$work/two"; done
fresh unknown
sql "CREATE TABLE unknown.events (user_id String, n UInt64) ENGINE = MergeTree ORDER BY n"
made unfilled "$work/first"
sql "ALTER TABLE unfilled.events ADD COLUMN region LowCardinality(String) DEFAULT region_v1(user_id)"
made rederived "$work/two"
cp -r "$work/two" "$work/v2"
"$LIVECOL_BIN" new region_v2 -d "$work/v2" --rederive events.region --key user_id --from region_v1 --to region_v2 \
  >"$work/out" 2>&1 || fail "new: $(cat "$work/out")"

say_scenario up-again applied no up -d "$work/m" --lock-timeout 1
say_scenario up todo yes up -d "$work/m" --lock-timeout 1
say_scenario up-on begun yes up -d "$work/m" --lock-timeout 1
say_scenario plan applied no plan -d "$work/m"
say_scenario plan-todo pending no plan -d "$work/m" --json
say_scenario status applied no status -d "$work/m"
say_scenario status-json failed no status -d "$work/b" --json
say_scenario validate applied no validate -d "$work/m"
say_scenario doctor applied no doctor -d "$work/m"
say_scenario dump applied no dump --output -
say_scenario dry applied no backfill applied.events.region --dry-run
say_scenario verify applied no verify applied.events.region
say_scenario verify-full applied no verify applied.events.region --full --json
say_scenario down reverted yes down -d "$work/two" --to 1 --yes --lock-timeout 1
say_scenario redo redone yes redo -d "$work/two" --yes --lock-timeout 1
say_scenario repair failed no repair -d "$work/b" 3 --done 2 --yes --lock-timeout 1
say_scenario baseline unknown no baseline 2 -d "$work/m" --lock-timeout 1
say_scenario backfill unfilled yes backfill unfilled.events.region
say_scenario inline inlined yes inline inlined.events.region --rules "$LIVECOL_SOURCE/config/region.csv"
say_scenario rederive rederived yes up -d "$work/v2" --lock-timeout 1

sanitized=()
if grep -q __asan_init "$program"; then sanitized=(--sanitized); fi
runs=${LIVECOL_HOSTILE_RUNS:-$([ -n "${LIVECOL_LONG:-}" ] && echo 100000 || echo 300)}
checks=$((checks + 1))
python3 -B "$LIVECOL_SOURCE/tests/support/hostile_answers.py" "$work/scenarios" --livecol "$program" \
  --upstream "${engine_url#http://}" --runs "$runs" ${LC_TEST_SEED:+--seed "$LC_TEST_SEED"} \
  ${sanitized[@]+"${sanitized[@]}"} || fail 'answers that were changed'
finish
