# SPDX-License-Identifier: Apache-2.0
# Waiting for a state and holding it there; to be sourced.
# shellcheck shell=bash
#
# A test never waits for a time. It waits for what it needs, says so where that does not come, and
# holds it with a gate while it looks. The limit guards against hanging only: no machine is so busy
# that a state takes LC_WAIT_S seconds (300) to come, and one that will never come ends the test.

# wait_until WHAT COMMAND...: runs COMMAND again and again until it exits 0. What it prints is the
# state that is shown if the wait ends in vain; the test ends then.
wait_until() {
  local what=$1 state='' begun=$SECONDS ms=20 pause
  shift
  while ! state=$("$@" 2>&1); do
    if [ $((SECONDS - begun)) -ge "${LC_WAIT_S:-300}" ]; then
      echo "FAILED: waited $((SECONDS - begun)) s for: $what"
      printf 'last state: %s\n' "$state"
      exit 1
    fi
    printf -v pause '0.%03d' "$ms" # what takes long is looked for less often
    ms=$((ms < 160 ? ms * 5 / 4 : 200))
    sleep "$pause"
  done
}

# is WANTED COMMAND...: for wait_until: what COMMAND prints is WANTED.
is() {
  local wanted=$1 got
  shift
  got=$("$@")
  printf '%s\n' "$got"
  [ "$got" = "$wanted" ]
}

# is_not UNWANTED COMMAND...
is_not() {
  local unwanted=$1 got
  shift
  got=$("$@")
  printf '%s\n' "$got"
  [ "$got" != "$unwanted" ]
}

# at_least N COMMAND...: for wait_until: the first word that COMMAND prints is a number from N on.
at_least() {
  local wanted=$1 got
  shift
  got=$("$@")
  printf '%s\n' "$got"
  [ "${got%%[!0-9]*}" -ge "$wanted" ]
}

# says FILE TEXT: for wait_until: the file holds the text; the file is the state.
says() {
  cat "$1"
  grep -qF -e "$2" "$1"
}

# --- gates: a program that waits for a file -------------------------------------------------------
# A gate is a folder. Who comes to it leaves NAME.reached and waits while NAME.hold is there:
# livecol-hooks at a named point (LIVECOL_TEST_GATE=DIR, see base/test_points.h), and the engine's
# functions of engine_gated_function.

# gate_close DIR NAME [N]: whoever comes to NAME from now on waits there, once N (0) of a function's
# calls have passed.
gate_close() {
  local i
  mkdir -p "$1"
  rm -rf "$1/$2".pass.*
  for ((i = 0; i < ${3:-0}; i++)); do
    mkdir "$1/$2.pass.$i"
  done
  rm -f "$1/$2.reached" "$1/$2.keep"
  : >"$1/$2.hold"
}

# gate_keep DIR NAME: those calls of a function that wait stay there, whoever comes later passes.
gate_keep() {
  : >"$1/$2.keep"
  rm -f "$1/$2.hold"
}

# gate_open DIR NAME: those who wait go on.
gate_open() { rm -f "$1/$2.hold" "$1/$2.keep"; }

# gate_wait DIR NAME: until somebody has come to it. A function leaves its process's id in
# NAME.reached.
gate_wait() { wait_until "somebody at the gate $2" ls "$1/$2.reached"; }
