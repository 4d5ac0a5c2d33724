#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol-udf against rules, hash and formats that Python has on its own: keys of String, UUID and Bool by every
# kind of text rules, by buckets and by networks, as values, as rows of a dictionary, and rule sets put out whole;
# and keys of every type that ranges take, of every order.
#   LC_TEST_SEED repeats a run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
seed=${LC_TEST_SEED:-$$}
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"
PYTHONDONTWRITEBYTECODE=1 python3 "$LIVECOL_SOURCE/tests/support/rules_oracle.py" "$LIVECOL_UDF" "$dir" "$seed"
