#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A backfill on a disk that is nearly full, and on one that fills in the middle. The disk is a small
# tmpfs in a mount namespace of this test's own; where none can be made, the test is skipped.
#   LIVECOL_BIN, LIVECOL_CHDB_HTTP, LIVECOL_UDF, LIVECOL_SOURCE, LIVECOL_BUILD must be set.
set -u
SKIPPED=77
if [ -z "${LC_TEST_OWN_MOUNTS:-}" ]; then
  if ! unshare -Urm mount -t tmpfs -o size=1m tmpfs /mnt 2>/dev/null; then
    echo 'SKIPPED: this machine lets nobody make a mount namespace (unshare -Urm)'
    exit $SKIPPED
  fi
  LC_TEST_OWN_MOUNTS=1 exec unshare -Urm bash "$0"
fi
# shellcheck source=tests/support/runner.sh
. "$LIVECOL_SOURCE/tests/support/runner.sh"
export LC_ALL=C.UTF-8

trap 'engines_stop; umount "$work/engine"; runner_cleanup' EXIT
mkdir "$work/engine"
mount -t tmpfs -o size=160m tmpfs "$work/engine" || exit 1
engine_functions "$work/engine"
gate=$work/gate # not on the disk that becomes full
mkdir "$gate" && ln -s "$gate" "$work/engine/gate"
engine_gated_function "$work/engine" region_gated
engine_start_chdb "$work/engine" --functions "$work/engine/*_function.xml" || exit 1

free_kb() { df -Pk "$work/engine" | awk 'NR == 2 { print $4 }'; }
# leave KB: so much is free, the rest is taken.
leave() { fallocate -l "$(($(free_kb) - $1))K" "$work/engine/taken"; }
give_back() { rm -f "$work/engine/taken"; }
right="region = multiIf(startsWith(user_id, 'u1'), 'us-east', startsWith(user_id, 'u2'), 'eu-west', 'unknown')"
all_right() { # WHAT ROWS
  expect "$1: rows, right ones" "$2"$'\t'"$2" "$(sql "SELECT count(), countIf($right) FROM $db.t")"
}
lacking() {
  sql "SELECT count() FROM system.parts WHERE database = '$db' AND table = 't' AND active AND rows > 0 AND name NOT IN
    (SELECT name FROM system.parts_columns WHERE database = '$db' AND table = 't' AND active AND column = 'region')"
}

# Text that does not compress: a part of some 40 MB, and three small ones.
fresh disk
sql "CREATE TABLE disk.t (d UInt8, user_id String) ENGINE = MergeTree PARTITION BY d ORDER BY tuple()"
sql "INSERT INTO disk.t SELECT 1, concat('u', toString(number % 4), '_', randomPrintableASCII(90)) FROM numbers(400000)"
for d in 2 3 4; do
  sql "INSERT INTO disk.t SELECT $d, concat('u', toString(number % 4), '_', toString(number)) FROM numbers(100000)"
done
sql "ALTER TABLE disk.t ADD COLUMN region String DEFAULT region_gated(user_id)"
rows=700000

# --- the plan ---------------------------------------------------------------------------------------
leave 20000
for option in --dry-run --quiet; do
  "$LIVECOL_BIN" backfill t.region "$option" >"$work/out" 2>"$work/err" </dev/null
  expect "nearly full, $option: exit" 3 $?
  expect_in "nearly full, $option" 'free' "$work/err"
  expect_in "nearly full, $option" 'free some space first' "$work/err"
done
expect 'nearly full: nothing sent' 0 "$(sql "SELECT count() FROM system.mutations WHERE database = 'disk'")"
migration "$work/m" 0001_fill <<<'ALTER TABLE t MATERIALIZE COLUMN region;'
up "$work/m"
expect 'nearly full, up: exit' 3 "$code"
expect_in 'nearly full, up' 'free some space first' "$work/err"
all_right 'nearly full' "$rows"
give_back

# --- it fills in the middle: the server begins no further part ---------------------------------------
# shellcheck disable=SC2317 # by wait_until
unfinished() { sql "SELECT count() FROM system.mutations WHERE database = '$db' AND NOT is_done"; }
# held BLOCKS: the tool is begun, its pid in $pid, and the server is at the first part: the function has
# answered that many blocks and is held before the next one. It is closed only when the tool has looked
# at everything and is about to send, since it asks the function itself before.
sends='before partitions are sent'
held() {
  gate_close "$gate" "$sends"
  LIVECOL_TEST_GATE=$gate "$hooks" backfill t.region --batch-rows 1 --order oldest >"$work/out" 2>"$work/err" </dev/null &
  pid=$!
  gate_wait "$gate" "$sends"
  gate_close "$gate" region_gated "$1"
  gate_open "$gate" "$sends"
  gate_wait "$gate" region_gated
}
# whole NAME: parts that the server kept though their files are not whole, which the message then
# names, are written anew in the way it says.
whole() {
  if grep -q 'whose files are not whole' "$work/err"; then
    echo "note: $1: $(grep -o 'the disk became full.*' "$work/err")"
    expect_in "$1" 'CLEAR COLUMN region IN PARTITION ID' "$work/err"
    for partition in $(sql "SELECT DISTINCT partition_id FROM system.parts_columns WHERE database = '$db' AND active AND column = 'region'"); do
      sql "ALTER TABLE $db.t CLEAR COLUMN region IN PARTITION ID '$partition' SETTINGS mutations_sync = 1"
    done
  fi
}
held 0
leave 0
wait_until 'the tool has ended its mutation' is 0 unfinished
gate_open "$gate" region_gated
wait "$pid"
expect 'filled: exit' 1 $?
expect_in 'filled' 'the disk default has' "$work/err"
expect 'filled: nothing unfinished' 0 "$(sql "SELECT count() FROM system.mutations WHERE database = 'disk' AND NOT is_done")"
[ "$(lacking)" -gt 0 ] || fail 'filled: it was too late'
give_back
whole filled
all_right 'filled' "$rows"
sql "INSERT INTO disk.t (d, user_id) SELECT 4, concat('u2_', toString(number)) FROM numbers(1000)"
"$LIVECOL_BIN" backfill t.region >"$work/out" 2>"$work/err" </dev/null
expect 'filled, then room: exit' 0 $?
expect 'filled, then room: parts without it' 0 "$(lacking)"
all_right 'filled, then room' "$((rows + 1000))"
expect 'filled, then room: damaged parts' 0 "$(sql "CHECK TABLE disk.t SETTINGS check_query_single_value_result = 0" | awk '$2 != 1' | wc -l)"

# --- it fills while a part is written -------------------------------------------------------------------
fresh grows
sql "CREATE TABLE grows.t (user_id String) ENGINE = MergeTree ORDER BY tuple() SETTINGS min_bytes_for_wide_part = 0"
sql "INSERT INTO grows.t SELECT concat('u', toString(number % 4), '_', toString(number)) FROM numbers(400000)"
sql "ALTER TABLE grows.t ADD COLUMN region String DEFAULT concat(region_gated(user_id), hex(sipHash128(user_id)))"
right="startsWith(region, multiIf(startsWith(user_id, 'u1'), 'us-east', startsWith(user_id, 'u2'), 'eu-west', 'unknown')) AND length(region) > 32"
held 25 # of 49 blocks
leave 0
gate_open "$gate" region_gated
wait "$pid"
expect 'filled in a part: exit' 1 $?
give_back
whole 'filled in a part'
all_right 'filled in a part' 400000
"$LIVECOL_BIN" backfill t.region >"$work/out" 2>"$work/err" </dev/null
expect 'filled in a part, then room: exit' 0 $?
expect 'filled in a part, then room: parts without it' 0 "$(lacking)"
all_right 'filled in a part, then room' 400000
expect 'filled in a part, then room: damaged parts' 0 "$(sql "CHECK TABLE grows.t SETTINGS check_query_single_value_result = 0" | awk '$2 != 1' | wc -l)"
finish
