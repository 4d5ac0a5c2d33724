#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Random files of thirty kinds of statements, in each tool's form: livecol leaves the same tables, columns
# and rows as the same statements sent one by one. LC_TEST_SEED=N repeats one; LIVECOL_LONG=1: many.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
# The normal run has one seed: a failure there is the change's, not the dice's.
seed=${LC_TEST_SEED:-$([ -n "${LIVECOL_LONG:-}" ] && echo "$RANDOM" || echo 13787)}
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"
engine_start_chdb "$work/engine" || exit 1

# What a database holds, its own name left out.
state() { # DATABASE
  sql "SELECT replaceAll(name, '.inner_id.', ''), replaceAll(replaceRegexpAll(create_table_query, '[0-9a-f]{8}-[0-9a-f-]{27}', ''), '$1', 'DB')
    FROM system.tables WHERE database = '$1' AND NOT startsWith(name, 'schema_migrations') AND NOT startsWith(name, '.inner') ORDER BY name"
  local table
  sql "SELECT name FROM system.tables WHERE database = '$1' AND engine LIKE '%MergeTree' AND NOT startsWith(name, 'schema_migrations') AND NOT startsWith(name, '.inner') ORDER BY name FORMAT TSVRaw" |
    while IFS= read -r table; do
      echo "rows of $table"
      sql "SELECT k, s, count() FROM \`$1\`.\`$table\` GROUP BY k, s ORDER BY k, s"
    done
}
one_by_one() { # DATABASE FOLDER
  local file answer
  for file in "$2"/*.sql; do
    answer=$(curl -s --noproxy '*' -w '\n%{http_code}' "$engine_url/?database=$1&mutations_sync=2" --data-binary "@$file")
    [ "${answer##*$'\n'}" = 200 ] || fail "sent by itself: $(cat "$file"): $answer"
  done
}
try() { # SEED FORM
  local dir=$work/$1-$2
  python3 "$LIVECOL_SOURCE/tests/support/random_migration.py" "$1" "$2" "$dir" || fail 'the generator'
  fresh byhand
  one_by_one byhand "$dir/statements"
  fresh through
  up "$dir/migrations" --allow-unsafe --no-verify
  said_good "seed $1, $2"
  expect "seed $1, $2: what is there" "$(state byhand)" "$(state through)"
  if [ "$failures" != 0 ]; then cat "$dir"/migrations/*; fi
}
for form in plain livecol goose goose-envsub sql-migrate sql-migrate-pairs dbmate dbmate-pairs pair; do
  try "$seed" "$form"
  if [ -n "${LIVECOL_LONG:-}" ]; then
    for more in $(seq 30); do try $((seed + more)) "$form"; done
  fi
done
finish
