# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034 # variables are for those who source this
# What the scripts share. Sourced, never run; the caller has set `-eu` and wants paths from here:
#   root      the repository
#   deps      what bootstrap fetches (git-ignored)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$root/.deps

# say TEXT: a line of talk, on stderr as livecol's own.
say() {
  printf '%s\n' "$*" >&2
}

# die TEXT [HINT]: what happened, then what to do; ends the script.
die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  if [ $# -gt 1 ]; then
    printf '  hint: %s\n' "$2" >&2
  fi
  exit 1
}

# usage_error TEXT: the command line cannot be understood; exit 2 as livecol does.
usage_error() {
  printf '%s: %s\n  hint: %s --help\n' "${0##*/}" "$1" "$0" >&2
  exit 2
}

# print_help: the comment at the head of the calling script is its help.
print_help() {
  sed -n '2,/^[^#]/{/^# SPDX-/d;s/^# \{0,1\}//p;}' "$0"
}

# The pinned npm packages: the folder of their lock file, the folder that bootstrap puts them into, and
# a file that must be there.
chdb_lock=$root/scripts/npm
chdb_dir=$deps/chdb
chdb_so=$chdb_dir/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so
client_lock=$root/tests/support/node
client_dir=$deps/node
client_file=$client_dir/node_modules/@clickhouse/client/package.json

# npm_integrity LOCKDIR: the hashes that its lock file pins, a line each.
npm_integrity() {
  sed -n 's/^ *"integrity": *"\([^"]*\)".*/\1/p' "$1/package-lock.json"
}

# npm_ready LOCKDIR DIR FILE: true where all of it lies complete in its place.
npm_ready() {
  [ -f "$3" ] && [ -f "$2/integrity" ] && [ "$(cat "$2/integrity")" = "$(npm_integrity "$1")" ]
}

# use_libchdb: export LIVECOL_LIBCHDB, one's own or the pinned one.
use_libchdb() {
  export LIVECOL_LIBCHDB=${LIVECOL_LIBCHDB:-$chdb_so}
  [ -f "$LIVECOL_LIBCHDB" ] ||
    die "LIVECOL_LIBCHDB names no file: $LIVECOL_LIBCHDB" "unset it and run ./scripts/bootstrap demo"
}

# build PRESET DIR [OPTION...]: configure and build, with ccache where the machine has it; quiet
# unless it fails. All of it, or the names in $targets.
build() {
  local preset=$1 dir=$2 log names
  shift 2
  if command -v ccache >/dev/null; then
    set -- -DCMAKE_C_COMPILER_LAUNCHER=ccache "$@"
  fi
  read -ra names <<<"${targets:-all}"
  mkdir -p "$dir"
  log=$dir/build.log
  if ! { (cd "$root" && cmake --preset "$preset" -B "$dir" "$@") && cmake --build "$dir" --target "${names[@]}"; } >"$log" 2>&1; then
    grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking|Generating) |^-- ' "$log" >&2 || true
    die "building the preset $preset failed" "the whole log is in $log"
  fi
}
