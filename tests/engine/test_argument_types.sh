#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every type of argument in every format, declared by livecol config and by hand: what the functions
# answer is compared with the same rules written in SQL.
set -u
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
types=$LIVECOL_SOURCE/tests/support/argument_types.py

mkdir -p "$work/engine/user_scripts"
cp "$LIVECOL_UDF" "$work/engine/user_scripts/livecol-udf"
python3 "$types" make "$LIVECOL_BIN" "$work/engine" || exit 1
cp "$work"/engine/*.csv "$work/engine/user_scripts"
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1
checks=$((checks + 1))
python3 "$types" ask "$engine_url" || fail 'types: not as the rules say'
finish
