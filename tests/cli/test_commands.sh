#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every command has its help, and what cannot be understood is said with a way out and exit code 2.
set -u
livecol=${LIVECOL_BIN:?the program under test}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset CLICKHOUSE_URL CLICKHOUSE_PASSWORD CLICKHOUSE_PASSWORD_FILE
mkdir "$folder/migrations"
echo 'CREATE DATABASE a;' >"$folder/migrations/0001_first.sql"
cd "$folder" || exit 1
host=127.0.0.1
nobody=$host:1 # a port that nobody listens at
failures=0

# check CODE STDOUT STDERR ARGUMENT...: exit code, and a text that each output holds ('' is: empty).
check() {
  local code=$1 out=$2 err=$3 got
  shift 3
  "$livecol" "$@" >"$folder/out" 2>"$folder/err" </dev/null
  got=$?
  if [ "$got" != "$code" ] || ! holds "$folder/out" "$out" || ! holds "$folder/err" "$err"; then
    echo "FAILED: livecol $*: exit $got, not $code; or not \"$out\" and \"$err\" in:"
    cat "$folder/out" "$folder/err"
    failures=$((failures + 1))
  fi
}

holds() {
  if [ -z "$2" ]; then
    ! [ -s "$1" ]
  else
    grep -qF -e "$2" "$1"
  fi
}

check 0 'Usage: livecol COMMAND [OPTIONS]' '' --help
check 0 'Usage: livecol COMMAND [OPTIONS]' '' -h
check 0 'Usage: livecol COMMAND [OPTIONS]' '' help
check 0 'livecol 0.' '' --version
check 2 '' 'livecol: no command is given'
check 2 '' 'livecol: frobnicate is not a command' frobnicate
check 2 '' 'hint: livecol --help lists the commands' frobnicate
check 2 '' 'hint: did you mean livecol status?' statsu
check 2 '' 'hint: did you mean livecol up?' upp
check 2 '' 'livecol: --no-such is not a command' --no-such
check 2 '' 'livecol: rules needs a second word' rules
check 2 '' 'hint: livecol rules --help lists its commands' rules
check 2 '' 'hint: did you mean livecol rules check?' rules chekc
check 0 'rules check' '' rules --help

# Each command of the list: its own help, on stdout, with its name and the common options in it.
mapfile -t names < <("$livecol" --help | sed -n 's/^  \([a-z][a-z ]*[a-z]\)  .*/\1/p')
if [ ${#names[@]} -lt 4 ]; then
  echo "FAILED: the help lists ${#names[@]} commands"
  failures=$((failures + 1))
fi
for name in "${names[@]}"; do
  read -ra words <<<"$name"
  check 0 "Usage: livecol $name " '' "${words[@]}" --help
  check 0 '-h, --help' '' "${words[@]}" -h
  check 2 '' 'livecol: unknown option --no-such-option' "${words[@]}" --no-such-option
  check 2 '' 'livecol: unknown option --jsno' "${words[@]}" --jsno
  check 2 '' 'hint: did you mean --json?' "${words[@]}" --jsno
  if "$livecol" "${words[@]}" --help | awk 'length > 80 { exit 1 }'; then :; else
    echo "FAILED: the help of $name is wider than 80 columns"
    failures=$((failures + 1))
  fi
done

# No server, no library, a path that cannot be: what to do is said.
check 2 '' 'livecol: no server is named' status
check 2 '' 'CLICKHOUSE_URL' status
check 2 '' '--backend embedded --path DIR' status
check 2 '' 'which every user of this machine can see' status -u "http://me:password@$nobody/"
if grep -q example "$folder/err"; then
  echo 'FAILED: the password is shown'
  failures=$((failures + 1))
fi
mkdir "$folder/data" # a missing one is refused without the library
LIVECOL_LIBCHDB=$folder/none.so check 1 '' "cannot read the embedded engine's library, $folder/none.so: No such file or directory" \
  status --backend embedded --path "$folder/data"
LIVECOL_LIBCHDB=$folder/none.so check 1 '' 'npm package @chdb/lib-linux-x64-gnu' \
  status --backend embedded --path "$folder/data"
printf 'no library' >"$folder/bad.so"
LIVECOL_LIBCHDB=$folder/bad.so check 1 '' 'cannot load the embedded engine' \
  status --backend embedded --path "$folder/data"
check 1 '' 'is the server running' status -u "http://$nobody/"

[ "$failures" = 0 ] || exit 1
echo "${#names[@]} commands: ${names[*]}"
