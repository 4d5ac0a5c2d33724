#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Random tables, keys, expressions and rules: what `rules diff --table`, `verify` and a re-derivation count
# and leave, against one SELECT that recomputes everything. LC_TEST_SEED=N repeats one; LIVECOL_LONG=1: many.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
# The normal run has one seed: a failure there is the change's, not the dice's.
seed=${LC_TEST_SEED:-$([ -n "${LIVECOL_LONG:-}" ] && echo "$RANDOM" || echo 4711)}
cases=$([ -n "${LIVECOL_LONG:-}" ] && echo 300 || echo 8)
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"

mkdir -p "$work/engine/user_scripts"
python3 "$LIVECOL_SOURCE/tests/support/random_column.py" make "$LIVECOL_BIN" "$work/engine" || exit 1
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1
checks=$((checks + 1))
python3 "$LIVECOL_SOURCE/tests/support/random_column.py" ask "$LIVECOL_BIN" "$engine_url" "$work/engine" "$seed" "$cases" ||
  fail 'a count, or what a re-derivation leaves, is not what the recomputation says'
finish
