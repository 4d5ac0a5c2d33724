#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol config install and uninstall, killed at every point at which the disk changes: no file is there in
# part, no XML without its program and rules, and the next run goes on to the end.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin" # where livecol finds livecol-udf next to it
hooks=$dir/bin/livecol
cp "$LIVECOL_BUILD/tests/support/livecol-hooks" "$hooks"
cp "$LIVECOL_UDF" "$dir/bin/livecol-udf"
cp "$LIVECOL_SOURCE/config/region.csv" "$dir/region.csv"
cd "$dir"
names='--name region --version 1 --scripts scripts --config etc'
checks=0

fail() {
  printf 'FAILED: %s\n' "$*"
  ls scripts etc
  exit 1
}

fresh() {
  rm -rf scripts etc
  mkdir scripts etc
}

# install PROCESSES, uninstall: by the program with the hooks; words are to be split.
# shellcheck disable=SC2086
install() { "$hooks" config install --rules region.csv $names --what all --pool-size "$1" >out 2>err; }
# shellcheck disable=SC2086
uninstall() { "$hooks" config uninstall $names --offline >out 2>err; }

# Each file is absent or whole, as one of the two installs makes it; XML is on program and rules.
look() {
  local f
  for f in scripts/* etc/*; do
    case $f in
      *.new | *\*) continue ;;
    esac
    cmp -s "$f" "good4/$f" || cmp -s "$f" "good8/$f" || cmp -s "$f" "upgraded/$f" || fail "$1: $f is neither the old nor the new"
    checks=$((checks + 1))
  done
  for f in etc/*.xml; do
    [ ! -e "$f" ] || { [ -x scripts/livecol-udf ] && [ -e scripts/region_v1.csv ]; } ||
      fail "$1: $f without what it names"
  done
  if [ -e scripts/region_v1.csv ] || [ -e scripts/livecol-udf ]; then
    [ -e etc/region_v1.livecol.json ] || fail "$1: files that no manifest names"
  fi
}

# killed WHAT COMMAND...: the command is killed at each point in turn, what is there is looked at, and it is
# run again; `before` makes what it begins with.
killed() {
  local what=$1 at=0 code
  shift
  while :; do
    at=$((at + 1))
    before
    code=0
    LIVECOL_TEST_KILL_AT=$at "$@" || code=$?
    [ "$code" != 0 ] || break
    [ "$code" = 137 ] || fail "$what, point $at: exit $code: $(cat err)"
    look "$what, point $at"
    "$@" || fail "$what, point $at: again: $(cat err)"
    look "$what, point $at: again"
    after
  done
  [ $at -gt 4 ] || fail "$what: only $at points"
}

for n in 4 8; do
  fresh
  install $n || fail "install: $(cat err)"
  mkdir "good$n"
  cp -r scripts etc "good$n"
done
# The manifest of an upgrade also says what it replaces.
fresh
install 4
install 8
mkdir -p upgraded/etc
cp etc/region_v1.livecol.json upgraded/etc/

before() { fresh; }
after() {
  uninstall || fail "uninstall: $(cat err)"
  [ -z "$(find scripts etc -type f)" ] || fail 'something is left'
}
killed 'install' install 4

before() {
  fresh
  install 4
}
after() {
  for f in function dictionary; do
    cmp -s "etc/region_v1_$f.xml" "good8/etc/region_v1_$f.xml" || fail "upgrade: $f is not the new one"
  done
  uninstall || fail "uninstall: $(cat err)"
}
killed 'upgrade' install 8

after() { [ -z "$(find scripts etc -type f)" ] || fail 'uninstall: something is left'; }
uninstall_again() {
  # Killed behind its last step, there is nothing to uninstall any more.
  if [ -z "${LIVECOL_TEST_KILL_AT:-}" ] && [ ! -e etc/region_v1.livecol.json ]; then return 0; fi
  uninstall
}
killed 'uninstall' uninstall_again
# Two at once, on the same folders: one after the other.
printf 'prefix,region\nu1,asia\n' >other.csv
for _ in $(seq 10); do
  fresh
  install 4
  uninstall &
  "$hooks" config install --rules other.csv --name region --version 2 --scripts scripts --config etc >/dev/null
  wait $! || fail 'uninstall next to install'
  [ -x scripts/livecol-udf ] || fail 'uninstall next to install: the program is gone'
  fresh
  install 4 &
  code=0
  "$hooks" config install --rules other.csv --name region --version 1 --scripts scripts --config etc >/dev/null 2>&1 || code=$?
  both=$code
  wait $! || both=$((both + $?))
  [ "$both" = 3 ] || fail "two installs of one name: exit codes add up to $both, not to one refusal"
  uninstall || fail "two installs of one name: $(cat err)"
  checks=$((checks + 3))
done
echo "$checks checks, all as expected"
