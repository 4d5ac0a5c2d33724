#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The n-th allocation fails, for n = 1 … until the command succeeds: a message and an exit code, no
# crash; and after `up` the next one ends well. What libraries allocate for themselves is left alone.
#   LIVECOL_LONG=1: each n; else some, by the printed seed (LC_TEST_SEED).
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
seed=${LC_TEST_SEED:-$RANDOM}
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"
RANDOM=$seed
oom=$LIVECOL_BUILD/tests/support/livecol-oom
printf 'prefix,region\nu1,us\nu2,eu\n,un\n' >"$work/r.csv"
printf 'prefix,region\nu1,us\nu3,eu\n,un\n' >"$work/s.csv"
migration "$work/m" 0001_make <<'END'
CREATE TABLE t (k UInt8) ENGINE = MergeTree ORDER BY k;
ALTER TABLE t ADD COLUMN v String DEFAULT 'x';
END

# fails N COMMAND...: with the n-th allocation failing; its exit code in $code. It must say why it fails.
fails() {
  local n=$1
  shift
  LIVECOL_TEST_FAIL_ALLOC=$n "$oom" "$@" >"$work/out" 2>"$work/err" </dev/null
  code=$?
  checks=$((checks + 1))
  if [ "$code" -ge 124 ]; then
    fail "allocation $n of $*: exit $code: $(cat "$work/err")"
  elif [ "$code" != 0 ] && ! grep -q '^livecol: ' "$work/err"; then
    fail "allocation $n of $*: exit $code without a word: $(cat "$work/err")"
  fi
}

# sweep STEP COMMAND...: until twenty in a row have succeeded.
sweep() {
  local step=$1 n good=0
  shift
  [ -z "${LIVECOL_LONG:-}" ] || step=1
  for ((n = 1 + RANDOM % step; good < 20 && n < 5000; n += step)); do
    fails "$n" "$@"
    good=$((code ? 0 : good + 1))
  done
  [ "$good" = 20 ] || fail "$*: does not succeed"
}

sweep 1 rules check "$work/r.csv"
sweep 1 rules match "$work/r.csv" u1 --json
sweep 1 rules diff "$work/r.csv" "$work/s.csv"
sweep 1 rules compile "$work/r.csv" -o "$work/r.rules"
sweep 1 config function --rules "$work/r.csv" --key user_id --name region --version 1
sweep 1 validate -d "$work/m"
sweep 1 rules import "$work/r.csv" --key-column prefix --value-column region --skip-empty
sweep 1 config dictionary --rules "$work/r.csv" --key user_id --name region --version 1
sweep 1 config show --url http://localhost/d

engine_start_chdb "$work/engine" || exit 1
fresh oom
sweep 7 status -d "$work/m"
sweep 23 plan -d "$work/m"
# What is left of a run that failed is gone on with.
step=${LIVECOL_LONG:+1}
for ((n = 1 + RANDOM % 40; n < 600; n += ${step:-40})); do
  fresh oom
  fails "$n" up -d "$work/m"
  "$LIVECOL_BIN" unlock --force >"$work/out" 2>&1 || fail 'unlock'
  up "$work/m"
  said_good "after allocation $n failed"
  expect "after allocation $n failed: schema" $'t\tk\tUInt8\nt\tv\tString' "$(schema)"
done
# The others, where all is applied: what they read, and what they write of it.
sql "INSERT INTO $db.t (k) SELECT number FROM numbers(10)"
for words in 'doctor -d @' 'dump -d @ --output -' "verify $db.t.v" "backfill $db.t.v --dry-run" "backfill $db.t.v" 'up -d @' \
  'baseline 1 -d @' 'unlock'; do
  read -ra words <<<"${words//@/$work/m}"
  sweep 37 "${words[@]}"
  "$LIVECOL_BIN" unlock --force >"$work/out" 2>&1 || fail 'unlock'
done
finish
