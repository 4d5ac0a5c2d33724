#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The page of livecol bench --report: of the results that are in bench/results, and of worse ones, it says what the result
# says. Where Chromium is installed, as it is with LIVECOL_LONG=1 scripts/bootstrap test, those of bench/results are looked at
# in it too (tests/support/check_page.py).
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
page=$LIVECOL_BUILD/tests/support/result-page
pictures=()

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
if command -v chromium >/dev/null; then
  mkdir "$work/pictures"
  pictures=("$work/pictures")
elif [ -n "${LIVECOL_LONG:-}" ]; then
  fail 'there is no chromium: LIVECOL_LONG=1 scripts/bootstrap test'
else
  echo 'skipped: the pages are not looked at in Chromium, which is not installed'
fi
# check RESULT: its page is good.
check() {
  "$page" "$1" >page.html
  python3 "$LIVECOL_SOURCE/tests/support/check_page.py" "$1" page.html "${pictures[@]}" || fail "the page of ${1##*/}"
}
for what in live query udf; do check "$LIVECOL_SOURCE/bench/results/$what.json"; done
if [ ${#pictures[@]} != 0 ]; then
  for view in light dark 'narrow light' narrow paper; do [ -s "pictures/$view.png" ] || fail "there is no picture $view"; done
  [ "$(md5sum <pictures/light.png)" != "$(md5sum <pictures/dark.png)" ] || fail 'the dark scheme is the light one'
fi
pictures=()

# changed WHAT EXPRESSION: the result WHAT with that done to j, as changed.json; its page is good.
changed() {
  python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); exec(sys.argv[2]); json.dump(j, open("changed.json", "w"))' \
    "$LIVECOL_SOURCE/bench/results/$1.json" "$2"
  check changed.json
}
changed live 'j["budgets"][2]["verdict"] = "missed"'
grep -q '<h1>Budget missed</h1>' page.html || fail 'a budget that is missed'
changed live 'j["facts"]["proofs"][0]["ok"] = False'
grep -q '<h1>Failed</h1>' page.html || fail 'a proof that fails'
changed query 'j["series"][1]["errors"] = 3; j["series"][1]["error"] = "Code: 1"'
changed query 'j["series"][1]["errors"] = 3; j["budgets"].append({"budget": "errors=5", "series": "limit 10", "actual": 3, "verdict": "met"})'
changed query 'j["partial"] = True; j["budgets"] = []'
changed query 'j["budgets"][0]["verdict"] = "too few"'
changed query 'j["series"] = j["series"][:1]; j["series"][0].update(n=1, at_ms=[0.5], times_ms=[2.5], max_ms=2.5)'
changed query 'j["comparisons"] = [{"series": "point", "reference": "filter", "ratio": 2.0, "difference_ms": 1.0, "low_ms": 0.5,
  "high_ms": 1.5, "t": 9.0, "df": 9.0, "p": 0.001, "proven": True, "regressed": True, "answers_agree": True}]'
changed query 'j["series"] = [dict(j["series"][0], name=f"s{i}") for i in range(12)]; j["budgets"] = []'
# A name, an error and a statement that would end what they are in.
hostile='</script><script>x</script><!-- <b a="'
changed query "h = '''$hostile'''"'; s = j["series"][0]; s["name"] = h; s["sql"] = h; s["error"] = h; s["errors"] = 1; j["how"] = h
for b in j["budgets"]: b["series"] = s["name"] if b["series"] == "point" else b["series"]'
[ "$(grep -c '<script' page.html)" = 3 ] || fail 'a name has become a script'

# The check is no rubber stamp: a page of another result, and one that was changed.
"$page" "$LIVECOL_SOURCE/bench/results/query.json" >page.html
refused() {
  if python3 "$LIVECOL_SOURCE/tests/support/check_page.py" "$LIVECOL_SOURCE/bench/results/query.json" other.html >said 2>&1; then
    fail "the check passes $1"
  fi
}
for change in 's/Budget kept/Budget missed/' 's/data-v="\([0-9][0-9]*\)\./data-v="9\1./' 's/"y":\[\([0-9]\)/"y":[9\1/' 's/<\/figure>//' \
  's/<h1>/<img src="http:\/\/x\/"><h1>/' "s/default-src 'none'/default-src x/" 's/<td data-v="1000">1,000/<td data-v="1000">1,001/'; do
  sed "$change" page.html >other.html
  ! cmp -s page.html other.html || fail "nothing is changed by $change"
  refused "$change"
done
