#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/check_sleeps.py: a sleep that waits for a time is found, one in a loop that looks for
# something is not.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0 checks=0

# found N NAME: of standard input, as the file NAME, the lines that begin with a `!` are found, N of
# them; the marks are taken off.
found() {
  local file=$folder/$2 wanted got
  checks=$((checks + 1))
  cat >"$folder/marked"
  sed 's/^!//' "$folder/marked" >"$file"
  wanted=$(grep -n '^!' "$folder/marked" | cut -d: -f1)
  got=$(python3 "$LIVECOL_SOURCE/tests/support/check_sleeps.py" "$file" | sed "s#^$file:##" | cut -d: -f1)
  if [ "$wanted" != "$got" ] || [ "$(grep -c '^!' "$folder/marked")" != "$1" ]; then
    printf 'FAILED: %s: lines wanted <%s>, found <%s>\n' "$2" "$wanted" "$got"
    failures=$((failures + 1))
  fi
}

found 12 a.sh <<'END'
#!/bin/sh
# sleep 1
!sleep 1
!a & sleep 0.5
!if a; then sleep 1; fi
!(exec sleep 1)
!timed 'kill it; sleep 1'
!bash -c "sleep 1000" &
!x=$(sleep 1)
!for i in 1 2 3; do sleep 1; done
while :; do
!  sleep 1
done
while true; do
  a
!  sleep 1
done
until a; do sleep 0.1; done
while ! a && b; do
  sleep 0.1
done
for _ in $(seq 200); do
  if a; then break; fi
  sleep 0.05
done
while :; do
  a || exit 1
  sleep 1
done
!sleep 1 # behind loops
cat <<'SCRIPT'
while [ -e "$gate" ]; do sleep 0.02; done
!sleep 3
SCRIPT
query 'SELECT sleep(1), sleepEachRow(0.1)'
echo "no sleep, and nobody is done"
END

found 6 a.c <<'END'
/* usleep(1) */
static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000}, NULL);
}
static void f(void)
{
!    usleep(100);
!    pause_ms(1);
    while (a())
        usleep(100);
    for (int i = 0; i < 3; i++) {
        if (b()) {
            pause_ms(2);
        }
    }
    do {
        nanosleep(&t, NULL);
    } while (a());
    while (a())
        b();
!    sleep(1);
    say("usleep(1)");
!    if (a()) nanosleep(&(struct timespec){.tv_nsec = 1}, NULL);
}
static void g(void)
{
!    lc_sleep_ms(1);
}
static int h(void) {
!    clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
    for (;;) { poll(); usleep(1); }
}
END

found 4 a.py <<'END'
import time
!time.sleep(1)
while not a():
    time.sleep(1)
while True:
!    time.sleep(1)
for i in range(3):
!    time.sleep(1)
for i in range(3):
    if a():
        break
    time.sleep(1)
def f():
!    sleep(1)
# time.sleep(1)
END

found 1 a.mjs <<'END'
!await new Promise((done) => setTimeout(done, 100));
while (!(await a())) {
  await new Promise((done) => setTimeout(done, 100));
}
// setTimeout(done)
END

echo "$checks files, $failures failed"
[ "$failures" = 0 ] && [ "$checks" -gt 0 ]
