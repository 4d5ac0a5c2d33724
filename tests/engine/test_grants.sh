#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The GRANTs of docs/operations.md: with those of the first block alone the commands that look run, and those that change
# do not; with both, up, verify, backfill, inline and down run. The engine's own user gets them, by a users file.
set -u
: "${LIVECOL_BIN:?}" "${LIVECOL_SOURCE:?}"
work=$(mktemp -d)
# shellcheck source=tests/support/engines.sh
. "$LIVECOL_SOURCE/tests/support/engines.sh"
trap 'engines_stop; rm -rf "$work"' EXIT
unset CLICKHOUSE_URL CLICKHOUSE_PASSWORD CLICKHOUSE_PASSWORD_FILE
engine=$work/engine failed=0

# grants WORD...: the GRANTs of these blocks ("-- WORD") of the page, as a users file has them.
grants() {
  awk -v words=" $* " '
    /^-- (look|change)$/ { on = index(words, " " $2 " ") }
    /^```/ { on = 0 }
    on && /^GRANT / { sub(/ TO livecol;$/, ""); print "<query>" $0 "</query>" }' "$LIVECOL_SOURCE/docs/operations.md"
}

# start WORD...: the engine, over the same data; with words its user has these GRANTs alone. The embedded engine takes
# config.xml of its working folder.
start() {
  engines_stop
  mkdir -p "$work/config"
  rm -f "$work/config/config.xml"
  if [ $# != 0 ]; then
    grants "$@" >"$work/grants"
    [ -s "$work/grants" ] || exit 1
    printf '<clickhouse><users_config>%s</users_config></clickhouse>\n' "$work/config/users.xml" >"$work/config/config.xml"
    {
      echo '<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default><password></password>'
      echo '<networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota><grants>'
      cat "$work/grants"
      echo '</grants></default></users></clickhouse>'
    } >"$work/config/users.xml"
  fi
  cd "$work/config" || exit 1
  engine_start_chdb "$engine" || exit 1
  cd "$work" || exit 1
  export CLICKHOUSE_URL=$engine_url/analytics
}

# expect CODE WORD...: livecol with these words.
expect() {
  local want=$1 code=0
  shift
  "$LIVECOL_BIN" "$@" >"$work/out" 2>&1 </dev/null || code=$?
  if [ $code != "$want" ]; then
    echo "FAILED: livecol $*: exit $code, not $want"
    cat "$work/out"
    failed=1
  fi
}

engine_functions "$engine"
printf 'prefix,region\nu1,us-west\nu2,eu-west\n,unknown\n' >"$engine/user_scripts/region_v2.csv"
sed 's/region_v1/region_v2/g' "$LIVECOL_SOURCE/config/livecol_function.xml" >"$engine/livecol_v2_function.xml"
start
engine_sql "$engine_url" 'CREATE DATABASE analytics' || exit 1
engine_sql "$engine_url" 'CREATE TABLE analytics.events (event_id String, user_id String, ts DateTime)
  ENGINE = MergeTree ORDER BY event_id' || exit 1
engine_sql "$engine_url" "INSERT INTO analytics.events (event_id, user_id, ts)
  SELECT toString(number), concat('u', toString(number % 5)), now() FROM numbers(1000)" || exit 1
mkdir -p "$work/migrations"
cp "$LIVECOL_SOURCE"/migrations/*.sql "$work/migrations/"

start look
for command in status validate plan doctor dump; do
  expect 0 "$command"
done
expect 1 up
grep -q 'Not enough privileges' "$work/out" || failed=1

start look change
expect 0 up
expect 0 verify analytics.events.region
expect 0 backfill analytics.events.region
expect 0 inline analytics.events.region --rules "$LIVECOL_SOURCE/config/region.csv"
expect 0 down --yes
expect 0 up
printf "ALTER TABLE analytics.events UPDATE region = 'moon' WHERE user_id = 'u1';\n" >migrations/0002_update.sql
expect 0 up
expect 0 unlock
# New rules; and a statement that never came to be, taken back.
expect 0 new rules --rederive analytics.events.region --key user_id --from region_v1 --to region_v2
expect 0 rules diff "$LIVECOL_SOURCE/config/region.csv" "$engine/user_scripts/region_v2.csv" --table analytics.events.region
expect 8 up # re-derived and verified: one row holds what neither rule set says
[ "$(engine_sql "$engine_url" "SELECT countIf(region != region_v2(user_id) AND region != 'moon') FROM analytics.events")" = 0 ] ||
  { echo 'FAILED: not re-derived' && failed=1; }
printf 'ALTER TABLE analytics.events ADD COLUMN n UInt8;\nALTER TABLE analytics.events ADD COLUMN nothing Nothing;\n' >migrations/0004_breaks.sql
expect 1 up
expect 0 repair 4 --redo 2 --yes
expect 0 reset --yes
expect 0 baseline 4

start look
expect 0 status
# The UPDATE has changed rows: found with the GRANTs to look alone.
expect 8 verify analytics.events.region
expect 0 rules diff "$LIVECOL_SOURCE/config/region.csv" "$engine/user_scripts/region_v2.csv" --table analytics.events.region
exit $failed
