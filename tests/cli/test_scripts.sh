#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The scripts that the README's commands run: help, usage, what they refuse, and what the lock files
# pin. Nothing is installed here.
set -eu
cd "$LIVECOL_SOURCE"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat "$folder/out" "$folder/err" >&2
  exit 1
}

# expect CODE COMMAND...
expect() {
  local want=$1 code=0
  shift
  "$@" >"$folder/out" 2>"$folder/err" </dev/null || code=$?
  [ "$code" = "$want" ] || fail "$*: exit $code, not $want"
}

for script in scripts/bootstrap scripts/demo scripts/test scripts/check bench/run.sh; do
  expect 0 "$script" --help
  grep -qF "$script" "$folder/out" || fail "the help of $script does not show its usage"
  [ ! -s "$folder/err" ] || fail "the help of $script goes to stderr"
done

expect 2 scripts/bootstrap
expect 2 scripts/bootstrap demo test
expect 2 scripts/bootstrap server demo
expect 2 scripts/bootstrap demo --now
grep -qF -- '--now' "$folder/err" || fail 'the unknown argument is not named'
expect 2 scripts/check nothing
for seconds in '' 0 12x -1 tonight; do
  expect 2 scripts/test --fuzz="$seconds" --help
  grep -qF -- "--fuzz=$seconds" "$folder/err" || fail "--fuzz=$seconds is not named"
done
expect 0 scripts/test --fuzz=overnight --help
expect 0 scripts/test --fuzz=5 --help
expect 2 bench/run.sh --nothing
expect 1 env LIVECOL_LIBCHDB="$folder/none.so" scripts/bootstrap demo --dry-run
grep -qF "$folder/none.so" "$folder/err" || fail 'the missing library is not named'
# The server's demo needs no libchdb.
expect 0 env LIVECOL_LIBCHDB="$folder/none.so" scripts/bootstrap server --dry-run
# What built this test is there: not a word of it.
expect 0 scripts/bootstrap demo --dry-run
if grep -qE 'cmake|libcurl' "$folder/err"; then
  fail 'bootstrap does not see what is installed'
fi
# In a source tree of its own nothing is there yet: it says so, and with --dry-run does no more.
mkdir -p "$folder/fresh/tests/support"
cp -r scripts "$folder/fresh/"
cp -r tests/support/node "$folder/fresh/tests/support/"
expect 0 env -u LIVECOL_LIBCHDB "$folder/fresh/scripts/bootstrap" test --dry-run
for what in '@chdb/lib-linux-x64-gnu 26.7.3-stable.1' '@clickhouse/client' clickhouse-server; do
  grep -qF -- "$what" "$folder/err" || fail "bootstrap does not say that it needs $what"
done
[ ! -e "$folder/fresh/.deps" ] || fail '--dry-run left something behind'

for lock in scripts/npm tests/support/node; do
  if grep -qE '"resolved"|://' "$lock/package-lock.json"; then
    fail "$lock/package-lock.json names an address"
  fi
  python3 - "$lock" <<'PY'
import json
import sys

lock = json.load(open(sys.argv[1] + "/package-lock.json"))
wanted = json.load(open(sys.argv[1] + "/package.json"))["dependencies"]
for name, version in wanted.items():
    assert version[0].isdigit(), f"{name} is not pinned: {version}"
    assert lock["packages"]["node_modules/" + name]["version"] == version, name
for path, package in lock["packages"].items():
    assert path == "" or package["integrity"].startswith("sha512-"), path
PY
done
