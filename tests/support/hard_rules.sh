# SPDX-License-Identifier: Apache-2.0
# Rule sets and keys that are hard to quote, made at random; to be sourced, in place of runner.sh.
#   LC_TEST_SEED repeats a run.
# shellcheck shell=bash
# shellcheck source=tests/support/runner.sh
. "${LIVECOL_SOURCE:?}/tests/support/runner.sh"
seed=${LC_TEST_SEED:-$$}
echo "seed $seed (LC_TEST_SEED=$seed repeats it)"

# hard_rules NAME: runs standard input, Python that writes files into the new folder $work/NAME, with `folder`, `rng` and
# the functions below. It writes keys as hexadecimal text, which no format can spoil.
hard_rules() {
  mkdir -p "$work/$1" "$work/engine/user_scripts"
  {
    cat <<'PY'
import csv, random, sys
folder, rng = sys.argv[1], random.Random(int(sys.argv[2]))
odd = ["'", "\\", "\"", ",", ";", "`", "\n", "\t", "%", "_", "é", "É", "漢", "a", "A", "b", "B", "u", "Z", "1", "7", " ", "$",
       "[", "]", ")", "{", "@", "--", "/*"]


def word(n):  # n bytes of UTF-8, fewer where the last character does not fit
    text = ""
    while len(text.encode()) < n:
        text += rng.choice(odd)
    return text.encode()[:n].decode(errors="ignore")


def value():
    return rng.choice(["us", "it's", "back\\slash", "quo\"te", "", "é漢", "7", "line\nbreak"])


def write_csv(name, header, rows, quoting=csv.QUOTE_MINIMAL):
    with open(f"{folder}/{name}.csv", "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n", quoting=quoting).writerows([header, *rows])


PY
    cat
  } | PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$LIVECOL_SOURCE/tests/support python3 - "$work/$1" "$seed"
}
