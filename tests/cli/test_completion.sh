#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Completion as a person meets it: an interactive bash on a terminal, the tab key, and what became of the line.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/here" "$work/here/rules.d"
touch "$work/here/region 1.csv"
cat >"$work/rc" <<RC
PS1='$ '
HISTFILE=
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
livecol() { { printf '<%s>' "\$@"; echo; } >>"$work/got"; }
. "$LIVECOL_BUILD/docs/livecol.bash"
cd "$work/here"
RC
: >"$work/got"
cat >"$work/type.py" <<'PY'
import os
import pty
import select
import sys

rc, got = sys.argv[1:3]
lines = [line.rstrip("\n").replace("^I", "\t") for line in sys.stdin]
pid, terminal = pty.fork()
if pid == 0:
    os.execvpe("bash", ["bash", "--noprofile", "--rcfile", rc, "-i"],
               {"PATH": "/usr/bin:/bin", "TERM": "dumb", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"})
shown = b""


def read_until(done):
    """Take what the shell prints until done() is true; the test's time-out ends a shell that hangs."""
    global shown
    while not done():
        if select.select([terminal], [], [], 0.05)[0]:
            shown += os.read(terminal, 65536)


read_until(lambda: shown.endswith(b"$ "))
for n, line in enumerate(lines, 1):
    os.write(terminal, line.encode() + b"\n")
    read_until(lambda n=n: open(got).read().count("\n") == n)
os.write(terminal, b"exit\n")
try:
    read_until(lambda: False)
except OSError:
    pass
os.waitpid(pid, 0)
for word in (b"command not found", b"bash: "):
    if word in shown.replace(b"no job control", b""):
        rest = [s for s in shown.split(b"\r\n") if word in s and b"job control" not in s and b"terminal process" not in s]
        if rest:
            sys.exit(b"\n".join(rest).decode())
PY

# A line typed, ^I the tab key; behind it what the program must be given.
cat >"$work/cases" <<'CASES'
livecol stat^I	<status>
livecol hel^Ibackf^I	<help><backfill>
livecol help rules ma^I	<help><rules><match>
livecol rules ma^I	<rules><match>
livecol rules match reg^I	<rules><match><region 1.csv>
livecol up --stri^I	<up><--strict>
livecol up --migrations-d^Irul^I	<up><--migrations-dir><rules.d/>
livecol up --backend=emb^I	<up><--backend=embedded>
livecol up --steps ru^I	<up><--steps><ru>
livecol bench live --export-j^Iregion^I	<bench><live><--export-json><region 1.csv>
livecol nothing --x^I	<nothing><--x>
livecol --vers^I	<--version>
livecol backfill --order ol^I	<backfill><--order><oldest>
livecol config function --format Row^I	<config><function><--format><RowBinary>
livecol config dictionary --layout reg^I	<config><dictionary><--layout><regexp_tree>
livecol new --as=dict^I	<new><--as=dictionary>
livecol up --max-load p9^I50	<up><--max-load><p99=50>
livecol verify shop.or^I	<verify><shop.or>
CASES
cut -f 1 "$work/cases" | env -u CLICKHOUSE_URL timeout 400 python3 "$work/type.py" "$work/rc" "$work/got"
cut -f 2 "$work/cases" | diff -u - "$work/got"

# Every command of --help is offered, and every option of each.
# shellcheck disable=SC1091
. "$LIVECOL_BUILD/docs/livecol.bash"
offer() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  _livecol
}
"$LIVECOL_BIN" --help | sed -n 's/^  \([a-z]\+\( [a-z]\+\)\?\)  .*/\1/p' >"$work/commands"
[ "$(wc -l <"$work/commands")" -gt 20 ]
while read -r name; do
  read -ra words <<<"$name"
  offer livecol "${words[@]}"
  printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -- "${words[-1]}" || { echo "$name is not offered" >&2; exit 1; }
  offer livecol "${words[@]}" -
  printf '%s\n' "${COMPREPLY[@]}" | sort -u >"$work/offered"
  "$LIVECOL_BIN" "${words[@]}" --help | sed -n '/^Examples:/q; s/^ \{2,6\}\(-., \)\?\(--[a-z-]*\).*/\2/p' |
    sort -u >"$work/options"
  "$LIVECOL_BIN" "${words[@]}" --help | sed -n '/^Examples:/q; s/^  \(-.\), --.*/\1/p' >>"$work/options"
  sort -u "$work/options" | diff - "$work/offered" || { echo "so much for livecol $name" >&2; exit 1; }
done <"$work/commands"
