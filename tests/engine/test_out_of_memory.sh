#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The n-th allocation fails, for n = 1 … until the command succeeds: a message and an exit code, no
# crash; and after `up` the next one ends well. What libraries allocate for themselves is left alone.
# Commands that ask a server are run against recorded answers, which takes milliseconds (failed_allocations.py); those
# that change something also against the engine, and then again, so that what was left is ended.
#   LIVECOL_LONG=1: each n, and with the engine the first n of each place that a run was left at; else some, by the
#   printed seed (LC_TEST_SEED).
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
seed=${LC_TEST_SEED:-$RANDOM}
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"
RANDOM=$seed
whole=0
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
sweep 1 config function --rules "$work/r.csv" --key user_id --name region --version 1
sweep 1 validate -d "$work/m"
sweep 1 rules import "$work/r.csv" --key-column prefix --value-column region --skip-empty
sweep 1 config dictionary --rules "$work/r.csv" --key user_id --name region --version 1
sweep 1 config show --url http://localhost/d

# A file that is written is whole, or is not there.
for ((n = 1; n < 5000 && whole < 20; n++)); do
  rm -f "$work/w.rules"
  fails "$n" rules compile "$work/r.csv" -o "$work/w.rules"
  whole=$((code ? 0 : whole + 1))
  [ "$code" != 0 ] || [ -e "$work/w.rules" ] || fail "allocation $n of rules compile: exit 0, and no file"
  [ ! -e "$work/w.rules" ] || cmp -s <("$LIVECOL_BIN" rules match "$work/w.rules" u1) <("$LIVECOL_BIN" rules match "$work/r.csv" u1) ||
    fail "allocation $n of rules compile left a file that is none"
done
expect 'rules compile: nothing else is left' '' "$(find "$work" -name 'w.rules?*' -o -name '.w.rules*')"

engine_functions "$work/engine"
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

# What changes something in more than one step.
migration "$work/w" 0001_make <<'END'
CREATE TABLE t (k String) ENGINE = MergeTree ORDER BY k;
END
migration "$work/w" 0002_add <<'END'
-- migrate:up
ALTER TABLE t ADD COLUMN v String DEFAULT 'x';
ALTER TABLE t ADD COLUMN w String;
-- migrate:down
ALTER TABLE t DROP COLUMN w;
ALTER TABLE t DROP COLUMN v;
END
cp -r "$work/w" "$work/f"
migration "$work/f" 0003_fails <<'END'
INSERT INTO t (k) VALUES ('u1');
INSERT INTO t (k) SELECT toString(throwIf(number = 0)) FROM numbers(1);
END
derived="i (k String, region String DEFAULT region_v1(k)) ENGINE = MergeTree ORDER BY k"

fresh r_new
for name in r_same r_down r_redo r_repair; do
  fresh "$name"
  up "$work/w"
  said_good "$name"
done
up "$work/f"
expect 'r_repair: the migration that fails' 1 "$code"
fresh r_derived
sql "CREATE TABLE r_derived.$derived"
sql "INSERT INTO r_derived.i (k) VALUES ('u1')"
fresh r_unfilled
sql "CREATE TABLE r_unfilled.i (k String) ENGINE = MergeTree ORDER BY k"
sql "INSERT INTO r_unfilled.i (k) VALUES ('u1')"
sql "ALTER TABLE r_unfilled.i ADD COLUMN region String DEFAULT region_v1(k)"
replayed() { scenario "$work/scenarios" "$@"; }
replayed plan r_new no plan -d "$work/w"
replayed up r_new yes up -d "$work/w"
replayed status r_same no status -d "$work/w"
replayed doctor r_same no doctor -d "$work/w"
replayed dump r_same no dump -d "$work/w" --output -
replayed up-again r_same no up -d "$work/w"
replayed baseline r_same no baseline 1 -d "$work/w"
replayed unlock r_same no unlock
replayed down r_down yes down -d "$work/w" --to 1 --yes
replayed redo r_redo yes redo -d "$work/w" --yes
replayed repair r_repair no repair -d "$work/f" 3 --done 2 --yes
replayed verify r_derived no verify r_derived.i.region --full
replayed inline r_derived yes inline r_derived.i.region --rules "$LIVECOL_SOURCE/config/region.csv"
replayed dry r_unfilled no backfill r_unfilled.i.region --dry-run
replayed backfill r_unfilled yes backfill r_unfilled.i.region
sanitized=()
if grep -q __asan_init "$oom"; then sanitized=(--sanitized); fi
checks=$((checks + 1))
python3 -B "$LIVECOL_SOURCE/tests/support/failed_allocations.py" "$work/scenarios" --livecol "$oom" \
  --upstream "${engine_url#http://}" --step "$([ -n "${LIVECOL_LONG:-}" ] && echo 1 || echo 41)" --from "$RANDOM" \
  ${sanitized[@]+"${sanitized[@]}"} >"$work/replayed" || fail 'replayed commands'
grep -v '^stops ' "$work/replayed"
# stops NAME: the first n of each place that the command was left at.
stops() { sed -n "s/^stops $1 //p" "$work/replayed"; }

# What is left of a run that failed is gone on with.
for n in ${LIVECOL_LONG:+$(stops up)} $(seq $((1 + RANDOM % 70)) 70 600); do
  fresh oom
  fails "$n" up -d "$work/m"
  "$LIVECOL_BIN" unlock --force >"$work/out" 2>&1 || fail 'unlock'
  up "$work/m"
  said_good "after allocation $n failed"
  expect "after allocation $n failed: schema" $'t\tk\tUInt8\nt\tv\tString' "$(schema)"
done
# restore, mark: to what was saved as $db.saved, and all that a run could have changed.
restore() {
  local statement
  for statement in "TRUNCATE TABLE $db.schema_migrations" "INSERT INTO $db.schema_migrations SELECT COLUMNS('.') FROM $db.saved" \
    "ALTER TABLE $db.t ADD COLUMN IF NOT EXISTS v String DEFAULT 'x'" "ALTER TABLE $db.t ADD COLUMN IF NOT EXISTS w String" \
    "ALTER TABLE $db.i MODIFY COLUMN region String DEFAULT region_v1(k)"; do
    sql "$statement" >/dev/null
  done
}
mark() {
  sql "SELECT groupArray((seq, version, event, stmt)), (SELECT groupArray((table, name, default_expression)) FROM system.columns WHERE database = '$db'), (SELECT count() FROM system.tables WHERE database = '$db') FROM (SELECT seq, version, event, stmt FROM $db.schema_migrations ORDER BY seq)"
}

# changes STEP WANTED QUESTION AGAIN COMMAND...: QUESTION has the answer WANTED when the command, or AGAIN after it,
# a function, has succeeded.
changes() {
  local step=$1 wanted=$2 question=$3 again=$4 n before all
  shift 4
  before=$(mark)
  fails count "$@"
  expect "$1: exit" 0 "$code"
  all=$(sed -n 's/^allocations: //p' "$work/err")
  restore
  for n in ${LIVECOL_LONG:+$(stops "$1")} $(seq $((1 + RANDOM % step)) "$step" "$all"); do
    fails "$n" "$@"
    [ "$code" = 0 ] || [ "$(mark)" != "$before" ] || continue
    if [ "$code" != 0 ]; then
      "$LIVECOL_BIN" unlock --force >"$work/out" 2>&1 || fail 'unlock'
      "$again" "$n" "$@"
    fi
    expect "allocation $n of $1: what it was to do" "$wanted" "$(sql "$question")"
    restore
  done
  expect "$1: as before" "$before" "$(mark)"
  checks=$((checks + 1))
  [ "$all" -ge 200 ] || fail "$1: only $all allocations"
}

# The same again; 3 where the run that failed had nothing left to do.
# shellcheck disable=SC2317 # called by changes
same() {
  local n=$1
  shift
  "$LIVECOL_BIN" "$@" >"$work/out" 2>"$work/err" </dev/null
  code=$?
  checks=$((checks + 1))
  [[ $1:$code =~ ^([a-z]*:0|(repair|inline):3)$ ]] || fail "after allocation $n of $1: exit $code: $(cat "$work/err")"
}
# Up again; one that is half reverted is refused, and ended by down.
# shellcheck disable=SC2317 # called by changes
up_again() {
  up "$work/w"
  if [ "$code" = 3 ] && grep -q 'is half reverted: ' "$work/err"; then
    run "down after allocation $1 of $2" 0 down -d "$work/w" --to 1 --yes
    up "$work/w"
  fi
  said_good "up after allocation $1 of $2"
}

fresh writes
up "$work/w"
said_good 'before down'
sql "CREATE TABLE $db.$derived"
sql "INSERT INTO $db.i (k) VALUES ('u1')"
sql "CREATE TABLE $db.saved AS $db.schema_migrations"
sql "INSERT INTO $db.saved SELECT COLUMNS('.') FROM $db.schema_migrations"
columns="SELECT groupArray(name) FROM (SELECT name FROM system.columns WHERE database = '$db' AND table = 't' ORDER BY name)"
changes 131 "['k']" "$columns" same down -d "$work/w" --to 1 --yes
changes 311 "['k','v','w']" "$columns" up_again redo -d "$work/w" --yes
changes 131 0 "SELECT position(default_expression, 'region_v1') FROM system.columns WHERE database = '$db' AND table = 'i' AND name = 'region'" \
  same inline "$db.i.region" --rules "$LIVECOL_SOURCE/config/region.csv"
up "$work/f"
expect 'the migration that fails' 1 "$code"
sql "TRUNCATE TABLE $db.saved"
sql "INSERT INTO $db.saved SELECT COLUMNS('.') FROM $db.schema_migrations"
changes 67 1 "SELECT uniqExact(version, stmt) FROM $db.schema_migrations WHERE event = 'repaired'" same repair -d "$work/f" 3 --done 2 --yes
finish
