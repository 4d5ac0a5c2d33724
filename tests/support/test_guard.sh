#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/guard.c: what a test starts and writes goes with it, however the test ends.
# shellcheck disable=SC2016 # what is in single quotes is for the shell in the guard
set -u
# shellcheck source=tests/support/wait.sh
. "$LIVECOL_SOURCE/tests/support/wait.sh"
guard=$LIVECOL_BUILD/tests/support/guard
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0 checks=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# expect WHAT WANTED GOT
expect() {
  checks=$((checks + 1))
  [ "$2" = "$3" ] || fail "$1: wanted <$2>, got <$3>"
}

# expect_said WHAT TEXT: the guard's output holds it.
expect_said() {
  checks=$((checks + 1))
  if ! grep -qF -e "$2" "$work/said"; then
    fail "$1: no <$2> in:"
    cat "$work/said"
  fi
}

# guarded COMMAND...: by bash, in a guard; its exit code is in $code, its output in said.
guarded() {
  "$guard" --dir "$work/dir" -- bash -c "$*" >"$work/said" 2>&1
  code=$?
}

# runs FILE: the process whose id is in the file. gone FILE: the other way round.
runs() {
  local state
  read -r _ _ state _ 2>/dev/null <"/proc/$(cat "$1")/stat" && [ "$state" != Z ] && echo "runs: $state"
}
gone() { ! runs "$1"; }
no_folder() { ! ls -d "$(cat "$1")" 2>/dev/null; }

# A test that starts a server out of its group, session and tree, makes a folder, and hangs.
cat >"$work/hangs" <<'END'
#!/usr/bin/env bash
trap 'echo trapped >"$1/trapped"; exit 1' TERM INT
mkdir "$TMPDIR/data"
(setsid bash -c 'echo $$ >"$0/server"; exec tail -f /dev/null' "$1" >/dev/null 2>&1 &)
until [ -s "$1/server" ]; do sleep 0.02; done
echo "$TMPDIR" >"$1/folder.new"
mv "$1/folder.new" "$1/folder"
tail -f /dev/null &
wait
END
chmod +x "$work/hangs"

# nothing_left WHAT: of `hangs`.
nothing_left() {
  wait_until "$1: the server to be gone" gone "$work/server"
  wait_until "$1: the folder to be gone" no_folder "$work/folder"
  checks=$((checks + 1))
  "$guard" --left "$work/dir" || fail "$1: something is left"
  rm -f "$work/server" "$work/folder" "$work/trapped"
}

# --- a test that ends by itself ------------------------------------------------------------------
for wanted in 0 1 77; do
  guarded "exit $wanted"
  expect "the exit code" "$wanted" "$code"
done
guarded 'echo "$TMPDIR"; [ -d "$TMPDIR" ] && touch "$TMPDIR/f" && rm "$TMPDIR/f"'
expect "a folder of its own" 0 "$code"
expect "which goes" no "$([ -e "$(cat "$work/said")" ] && echo yes || echo no)"

# Those that do not end are named after a grace; here there is none, so each has its own name first.
tail_runs='until grep -q "^tail" /proc/$!/cmdline; do sleep 0.02; done'
export LIVECOL_GUARD_GRACE_MS=0
guarded 'setsid tail -f /dev/null >/dev/null 2>&1 & echo $! >'"$work/server; $tail_runs"
expect "a process is left" 1 "$code"
expect_said "which is named" "the test left process"
expect_said "by its command line" "tail -f /dev/null"
expect "and ended" "" "$(runs "$work/server")"
guarded 'env -i setsid tail -f /dev/null >/dev/null 2>&1 & echo $! >'"$work/server; $tail_runs"
expect "one without the mark is left" 1 "$code"
expect_said "which is named too" "tail -f /dev/null"
expect "and ended too" "" "$(runs "$work/server")"
guarded 'mkdir -p "$TMPDIR/deep/er"; chmod 0 "$TMPDIR/deep"; echo "$TMPDIR"'
expect "a folder is left" 1 "$code"
expect_said "which is named" /deep
expect "and removed" no "$([ -e "$(head -n 1 "$work/said")" ] && echo yes || echo no)"
unset LIVECOL_GUARD_GRACE_MS
guarded 'touch "$TMPDIR/f"; exit 77'
expect "a skipped test leaves nothing either" 1 "$code"
guarded 'touch "$TMPDIR/f"; exit 3'
expect "a failure keeps its code" 3 "$code"
guarded 'kill -SEGV $$'
expect "a test that crashes" 139 "$code"
expect_said "is named by its signal" "ended by signal 11"
mkdir "$work/gate"
gate_close "$work/gate" end
guarded "(: >$work/gate/end.reached; while [ -e $work/gate/end.hold ]; do sleep 0.02; done) &
  (until [ -e $work/gate/end.reached ]; do sleep 0.02; done; rm $work/gate/end.hold) & exit 0"
expect "helpers that are about to end" 0 "$code"
"$guard" -- /no/such/program 2>"$work/said"
expect "a program that is not there" 127 $?
"$guard" -- "$guard" -- bash -c 'touch "$TMPDIR/f"' 2>"$work/said"
expect "a guard in a guard" 1 $?

# --- a test that is ended -------------------------------------------------------------------------
# hang [GUARD-OPTION...]: the guard's id in $pid, when the test has all that it starts.
hang() {
  "$guard" --dir "$work/dir" "$@" -- "$work/hangs" "$work" >"$work/said" 2>&1 &
  pid=$!
  wait_until "the test to have started all" ls "$work/folder"
}
hang
"$guard" --left "$work/dir" >/dev/null 2>&1
expect "--left says nothing of what runs" 0 $?
kill -TERM "$pid"
wait "$pid"
expect "SIGTERM: it ends by it" 143 $?
expect "SIGTERM: the test has had its trap" trapped "$(cat "$work/trapped")"
expect "SIGTERM: not a word" "" "$(cat "$work/said")"
nothing_left SIGTERM
hang
kill -KILL "$pid"
wait "$pid" 2>/dev/null
nothing_left SIGKILL
hang --suite
kill -KILL "$pid"
wait "$pid" 2>/dev/null
nothing_left "SIGKILL of a whole suite"

# Its parent, as ctest is, is killed.
bash -c '"$@" & echo $! >"$0/guard"; wait' "$work" \
  "$guard" --dir "$work/dir" -- "$work/hangs" "$work" >"$work/said" 2>&1 &
pid=$!
wait_until "the test to have started all" ls "$work/folder"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
nothing_left "SIGKILL of the parent"
wait_until "the guard to be gone" gone "$work/guard"

# ctest's time limit.
mkdir "$work/ctest"
for limit in 2 20 200; do # a busy machine may not have started the test in two seconds
  cat >"$work/ctest/CTestTestfile.cmake" <<END
add_test(hangs "$guard" --dir "$work/dir" -- "$work/hangs" "$work")
set_tests_properties(hangs PROPERTIES TIMEOUT $limit)
END
  ctest --test-dir "$work/ctest" >"$work/said" 2>&1
  expect "ctest fails" 8 $?
  [ ! -e "$work/folder" ] || break
done
expect_said "by its time limit" "Timeout"
nothing_left "ctest's time limit"

# --- what is left, if all else fails --------------------------------------------------------------
# A folder and a process whose guard is gone, made by hand: no guard leaves them.
export TMPDIR=$work
mkdir "$work/livecol-test.gone"
printf '%s' "$work/dir:2147483647-1" >"$work/livecol-test.gone/.livecol-test"
LIVECOL_GUARD_GRACE_MS=0 "$guard" --left "$work/dir" 2>"$work/said"
expect "a folder" 1 $?
expect_said "is named" "$work/livecol-test.gone"
"$guard" --left "$work/other" 2>"$work/said"
expect "of another build" 0 $?
rm -r "$work/livecol-test.gone"
LIVECOL_TEST_MARK=$work/dir:2147483647-1 tail -f /dev/null &
pid=$!
LIVECOL_GUARD_GRACE_MS=0 "$guard" --left "$work/dir" 2>"$work/said"
expect "a process" 1 $?
expect_said "is named" "tail -f /dev/null"
kill -KILL "$pid"

echo "$checks checks, $failures failed"
[ "$failures" = 0 ] && [ "$checks" -gt 0 ]
