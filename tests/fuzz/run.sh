#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/run.sh PROGRAM CORPUS: fuzz for LIVECOL_FUZZ_SECONDS (2), from the seeds in CORPUS. What is
# found goes to a temporary folder, so that the seeds stay as they are; an input that fails is shown
# in base64, to be kept as a test.
set -eu
program=$1
corpus=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/found"
seed=${LC_TEST_SEED:-$RANDOM}
echo "LC_TEST_SEED=$seed"
# Freed memory is kept from reuse for a while by ASan: little of it, or the runs are slow.
export ASAN_OPTIONS=${ASAN_OPTIONS:-quarantine_size_mb=4}
if ! "$program" -seed="$seed" -max_total_time="${LIVECOL_FUZZ_SECONDS:-2}" -max_len=20000 -timeout=20 \
  -rss_limit_mb=4096 -artifact_prefix="$dir/" -print_final_stats=1 "$dir/found" "$corpus" >"$dir/log" 2>&1; then
  tail -n 60 "$dir/log"
  for f in "$dir"/crash-* "$dir"/oom-* "$dir"/timeout-*; do
    if [ -f "$f" ]; then echo "input:" && base64 "$f"; fi
  done
  exit 1
fi
grep -E 'number_of_executed_units|DONE' "$dir/log"
