#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measure everything that the README and bench/README.md say, and draw the pictures.
#
#   bench/run.sh [--quick] [--yes] [DIR]
#
#   DIR       where results go (default: bench/results)
#   --quick   less data and fewer rounds: minutes become one; for trying it out, not for figures
#   --yes     install what is missing without asking
#
# It takes about ten minutes on two cores. Nothing else should run on the machine meanwhile: each
# report says how busy it was. DIR then holds, of each scenario, a report for people and its raw
# times as JSON (bench/schema.json), and the pictures as SVG.
#
# Exit codes: 0 · 1 something failed · 4 a budget was missed · 130 interrupted.
set -eu
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

quick=0
bootstrap=(demo)
out=$root/bench/results
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      print_help
      exit 0
      ;;
    -y | --yes) bootstrap+=(--yes) ;;
    --quick) quick=1 ;;
    -*) usage_error "unknown option: $1" ;;
    *) out=$1 ;;
  esac
  shift
done

live=(--rows 20M --phase-seconds 20 --samples 1000 --group-rate 1
  --repeat-seconds 180)
query=(-i 1000 -w 20)
udf=(--rows 20M --scale)
match=()
if [ $quick = 1 ]; then
  live=(--rows 500k --phase-seconds 1 --samples 100 --limit-rate 100)
  query=(-i 100)
  udf=(--quick --rows 2M --rounds 3 --scale)
  match=(--max-rules 1k --rounds 3)
fi

"$root/scripts/bootstrap" "${bootstrap[@]}"
command -v gnuplot >/dev/null ||
  die "the pictures need gnuplot" "Debian's package is gnuplot-nox; scripts/bootstrap test installs it"
use_libchdb
build release "$root/build/release" -DLIVECOL_TESTS=OFF
livecol=$root/build/release/cli/livecol

mkdir -p "$out"
data=$(mktemp -d "${TMPDIR:-/tmp}/livecol-bench.XXXXXX")
trap 'rm -rf "$data"' EXIT
trap : INT TERM
worst=0

# run NAME ARGUMENT...: a benchmark; its report goes to the terminal and to DIR/NAME.txt. A budget
# that is missed does not keep the others from running.
run() {
  local name=$1 code=0
  shift
  say "== livecol bench $*"
  "$livecol" bench "$@" >"$out/$name.txt" || code=$?
  cat "$out/$name.txt"
  if [ "$code" -gt 6 ]; then
    exit "$code"
  fi
  if [ "$code" != 0 ] && [ "$worst" != 1 ]; then
    worst=$code
  fi
}

engine=(--backend embedded --path "$data/engine")
run live live "${engine[@]}" "${live[@]}" --details --keep --plot "$out/live" \
  --export-json "$out/live.json"
run query query "${engine[@]}" analytics.events.region "${query[@]}" -b p99=100ms \
  --plot "$out/query" --export-json "$out/query.json"
rm -rf "$data/engine"
run udf udf "${udf[@]}" --plot "$out/udf" --export-json "$out/udf.json"
run match match ${match[@]+"${match[@]}"} --export-json "$out/match.json"
say "All of it is in $out"
exit "$worst"
