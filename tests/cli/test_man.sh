#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The man pages against --help: every command and every option of it, both ways, with its argument; and that groff has
# nothing to say. The pages' option parts are made by awk from --help; here groff's output is read, by Python.
# Then the same again with pages that lack something: the check must see it, and name it.
set -eu
pages=$LIVECOL_BUILD/docs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# text PAGE: as a reader sees it, without overstrikes, unbroken.
text() {
  GROFF_NO_SGR=1 groff -K utf8 -man -ww -Tutf8 -rLL=300n -rHY=0 "$1" 2>"$work/warnings" | col -b -x
  if [ -s "$work/warnings" ]; then
    echo "groff says of ${1##*/}:" >&2
    cat "$work/warnings" >&2
    return 1
  fi
}

cat >"$work/check.py" <<'PY'
import re
import subprocess
import sys

page, udf_page = (open(name, encoding="utf-8").read().replace("\u2010", "-") for name in sys.argv[1:3])
livecol, udf = sys.argv[3:5]
OPTION = re.compile(r"^ +((?:-\w, )?--[a-z][a-z-]*(?: \S+)?)(?:  .*)?$", re.M)
SECTION = re.compile(r"^(Options|Connection|Common options|Examples):$", re.M)
wrong = []


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, encoding="utf-8").stdout


def parts(text, heading):
    """{heading: what is below it}"""
    found = heading.split(text)
    return dict(zip(found[1::2], found[2::2]))


def compare(where, said, shown):
    wrong.extend(f"{where}: {o} is in --help, not in the page" for o in sorted(said - shown))
    wrong.extend(f"{where}: {o} is in the page, not in --help" for o in sorted(shown - said))


def options(text):
    return set(OPTION.findall(text))


sections = parts(page, re.compile(r"^([A-Z][A-Z ]+)$", re.M))
shown = parts(sections["COMMANDS"], re.compile(r"^   livecol (\S.*)$", re.M))
shared = parts(sections["OPTIONS"], re.compile(r"^   (\S.*)$", re.M))
said = re.findall(r"^  ([a-z]+(?: [a-z]+)?) +\S", run(livecol, "--help"), re.M)
compare("livecol", set(said), set(shown))
assert len(said) > 20, "livecol --help is not understood"
seen = {"Connection": set(), "Common options": set()}
for name in said:
    if name not in shown:
        continue
    groups = parts(run(livecol, *name.split(), "--help"), SECTION)
    compare(f"livecol {name}", options(groups.get("Options", "")), options(shown[name].split("Examples:")[0]))
    if ("Connection" in groups) != ("see Connection options" in shown[name]):
        wrong.append(f"livecol {name}: the page is wrong on whether it connects")
    for group in seen:
        seen[group] |= options(groups.get(group, ""))
    for code in re.findall(r"exit (?:code )?(\d+)", shown[name]):
        if not re.search(rf"^ +.*\b{code}\b", sections["EXIT STATUS"], re.M):
            wrong.append(f"livecol {name}: exit code {code} is not in EXIT STATUS")
for group in seen.values():
    # A command may have the short name for itself.
    group -= {o[4:] for o in group if not o.startswith("--")}
compare("connection options", seen["Connection"], options(shared.get("Connection options", "")))
compare("common options", seen["Common options"], options(shared.get("Common options", "")))
udf_sections = parts(udf_page, re.compile(r"^([A-Z][A-Z ]+)$", re.M))
udf_help = run(udf, "--help").split("\n\n", 3)
said_udf = set(re.findall(r"^  (--[a-z-]+(?: [A-Z]+)?)(?:  |$)", udf_help[3], re.M))
assert len(said_udf) > 8, "livecol-udf --help is not understood"
compare("livecol-udf", said_udf, options(udf_sections["OPTIONS"]))
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
PY

check() {
  python3 "$work/check.py" "$1" "$2" "$LIVECOL_BIN" "$LIVECOL_UDF"
}

for page in livecol.1 livecol-udf.1 livecol-rules.5; do
  text "$pages/$page" >"$work/$page"
  grep -qx 'EXIT STATUS' "$work/$page" || { echo "$page has no exit codes" >&2; exit 1; }
done
check "$work/livecol.1" "$work/livecol-udf.1"

# missing SED WANTED [FILE]: with the page changed the check fails, and says what.
missing() {
  local file=${3:-livecol.1} code=0
  cp "$work"/livecol.1 "$work"/a.1
  cp "$work"/livecol-udf.1 "$work"/b.1
  case $file in
    livecol.1) sed "$1" "$work/$file" >"$work/a.1" ;;
    *) sed "$1" "$work/$file" >"$work/b.1" ;;
  esac
  check "$work/a.1" "$work/b.1" >"$work/said" || code=$?
  if [ $code != 1 ] || ! grep -qF -- "$2" "$work/said"; then
    echo "FAILED: a page without it passes, or is not told of: $2" >&2
    cat "$work/said" >&2
    exit 1
  fi
}
missing '/^   livecol verify$/d' 'livecol: verify is in --help, not in the page'
missing 's/^   livecol verify$/&\n   livecol veri/' 'livecol: veri is in the page, not in --help'
missing '/^ *--no-verify$/d' 'livecol up: --no-verify is in --help, not in the page'
missing 's/--ca-cert FILE/--ca-cart FILE/' 'connection options: --ca-cart FILE is in the page'
missing '/^ *--json$/d' 'common options: --json is in --help'
missing '/^ *--emit WHAT$/d' 'livecol-udf: --emit WHAT is in --help' livecol-udf.1
