#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Golden tests of the command line: a file a case.
#
#   run.sh [--update] [--server] CASE...
#
# A case holds a script, the exit code of its last command, and all that went to stdout and stderr:
#   === cmd / === exit N / === stdout / === stderr
# It runs in an empty folder of its own. `livecol` is the program under test; `migration NAME`
# writes its standard input to migrations/NAME.sql. With --server an engine is started once, and
# each case has a database of its own in CLICKHOUSE_URL; `sql QUERY` asks it.
# What differs from run to run is replaced: times, hashes, ports, folders. --update writes what is.
#
# Needs LIVECOL_BIN, LIVECOL_SOURCE; with --server LIVECOL_CHDB_HTTP, LIVECOL_UDF, LIVECOL_LIBCHDB.
set -u
update=0 server=0
while :; do
  case ${1:-} in
    --update) update=1 ;;
    --server) server=1 ;;
    *) break ;;
  esac
  shift
done
: "${LIVECOL_BIN:?the program under test}" "${LIVECOL_SOURCE:?the source folder}"
unset CLICKHOUSE_URL CLICKHOUSE_PASSWORD CLICKHOUSE_PASSWORD_FILE
export NO_COLOR=1 TZ=UTC LC_ALL=C
work=$(mktemp -d)
# shellcheck source=tests/support/engines.sh
. "$LIVECOL_SOURCE/tests/support/engines.sh"
trap 'engines_stop; rm -rf "$work"' EXIT

if [ $server = 1 ]; then
  engine_functions "$work/engine"
  engine_start_chdb "$work/engine" || exit 1
  engine=$engine_url
fi

livecol() { "$LIVECOL_BIN" "$@"; }
migration() {
  mkdir -p migrations
  cat >"migrations/$1.sql"
}
sql() { engine_sql "$engine" "$1"; }
export -f livecol migration sql engine_sql

# section CASE NAME: the lines of a section.
section() {
  awk -v want="$2" '/^=== / { on = ($2 == want); next } on' "$1"
}

# A line of progress is shown of what takes ten seconds: on some machines it does.
normal() {
  sed -E -e '/^[0-9]+ [^ ]+ [0-9]+\/[0-9]+ [a-z ]+: [0-9]+ %, .* parts? left/d' \
    -e '/^backfill [^ ]+  [0-9]+\/[0-9]+ parts  [0-9.]+%  /d' \
    -e 's/[0-9a-f]{64}/SHA256/g' \
    -e 's/livecol-[0-9a-f]{32}/livecol-RUN/g' \
    -e 's/in [0-9]+\.[0-9] s/in N s/g' \
    -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}/TIME/g' \
    -e 's/ +[0-9.]+ m?s  /  MS  /' \
    -e 's/"(ms|elapsed_ms|left_ms)":[0-9]+/"\1":N/g' \
    -e 's/about [0-9.]+ m?s if/about N s if/' \
    -e 's/free disk space [0-9.]+ [kMG]?B/free disk space N/' \
    -e 's/ on [^ ]+, pid [0-9]+/ on HOST, pid N/g' \
    -e 's/[0-9]+ s ago/N s ago/' \
    -e 's/after [0-9]+ ms/after N ms/' \
    -e 's#127\.0\.0\.1:[0-9]+#SERVER#g' \
    -e 's/case_[0-9]+(_|&#95;)/DB/g' \
    -e 's/livecol [^ ]+ on ClickHouse [0-9.]+/livecol V on ClickHouse V/' \
    -e 's/version [0-9]+(\.[0-9]+)+/version V/g' \
    -e 's/( does not exist\.) Maybe you meant [^(]*\?\./\1/' \
    -e 's/"server_version":"[^"]*"/"server_version":"V"/' \
    -e "s#$work#WORK#g" -e "s#$LIVECOL_SOURCE#SOURCE#g"
}

failed=0 number=0
for case in "$@"; do
  number=$((number + 1))
  folder=$work/$number
  mkdir "$folder"
  section "$case" cmd >"$folder.cmd"
  if [ $server = 1 ]; then
    db=case_${number}_
    engine_sql "$engine" "CREATE DATABASE $db" || exit 1
    export CLICKHOUSE_URL=$engine/$db engine db
  fi
  (cd "$folder" && bash "$folder.cmd" >"$folder.out" 2>"$folder.err" </dev/null)
  code=$?
  {
    printf '=== cmd\n'
    cat "$folder.cmd"
    printf '=== exit %s\n=== stdout\n' "$code"
    normal <"$folder.out"
    printf '=== stderr\n'
    normal <"$folder.err"
  } >"$folder.got"
  [ $server = 0 ] || engine_sql "$engine" "DROP DATABASE $db"
  if [ $update = 1 ]; then
    cp "$folder.got" "$case"
  elif ! diff -u "$case" "$folder.got" >"$folder.diff"; then
    echo "FAILED: ${case##*/}"
    cat "$folder.diff"
    failed=$((failed + 1))
  fi
done
echo "$number cases, $failed failed"
[ $failed = 0 ] && [ $number -gt 0 ]
