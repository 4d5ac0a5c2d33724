#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The model of the runner's protocol holds within a small bound, and breaks where a part of the
# fence is taken out, so that it can break.
#   LIVECOL_LONG=1: with a kill; and with two runs a process.
set -eu
model=$LIVECOL_SOURCE/tests/model/runner.pml
if ! command -v spin >/dev/null; then
  echo 'SKIPPED: no spin: scripts/bootstrap installs it'
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$model" .

# search OPTION...: 0 where nothing breaks; what the verifier said is in $work/said.
search() {
  spin -a "$@" runner.pml >said 2>&1 || {
    cat said
    exit 1
  }
  cc -O2 -w -DSAFETY -DCOLLAPSE -DMEMLIM=3000 -o pan pan.c
  ./pan -m1000000 >said 2>&1 || true
  grep -E 'errors:|states, stored|elapsed' said
  grep -q 'errors: 0' said
}

# breaks WHAT OPTION...: something does, and it is a property.
breaks() {
  local what=$1
  shift
  if search "$@"; then
    echo "FAILED: nothing breaks with $what: the model shows nothing"
    exit 1
  fi
  grep -q 'assertion violated' said
}

holds() {
  # A search that was cut short has shown nothing.
  if ! search "$@" || grep -qE 'out of memory|max search depth too small|not completed' said; then
    cat said
    echo 'FAILED: the protocol breaks'
    exit 1
  fi
}

holds -DRUNS=1 -DTICKS=4 -DKILLS=0
breaks 'no fence' -DNO_FENCE
breaks 'no session' -DNO_SESSION
breaks 'any beat' -DANY_BEAT
breaks 'no fence, the INSERT' -DNO_FENCE -DP1_ALONE -DRUNS=2
holds -DRUNS=2 -DTICKS=0
breaks 'a late redo' -DNO_SEQ -DRUNS=2 -DTICKS=0
if [ -n "${LIVECOL_LONG:-}" ]; then
  holds -DRUNS=1 -DTICKS=5 -DKILLS=1
  holds -DRUNS=2 -DTICKS=2 -DKILLS=0
fi
echo 'as expected'
