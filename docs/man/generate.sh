#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make man pages and the bash completion from what the programs say of themselves by --help, so that
# an option is described in one place alone: its option table.
#
#   generate.sh livecol LIVECOL TEMPLATE OUT      livecol(1): @COMMANDS@ and @SHARED@ are replaced
#   generate.sh udf LIVECOL-UDF TEMPLATE OUT      livecol-udf(1): @OPTIONS@ is replaced
#   generate.sh completion LIVECOL TEMPLATE OUT   the bash completion: @TABLE@ and @WORDS@ are replaced
#
# tests/cli/test_man.sh compares it with --help by other means.
set -eu
here=$(dirname "$0")
what=$1 program=$2 template=$3 out=$4
case $program in
  /*) ;;
  *) program=./$program ;;
esac

# A line a command, as livecol --help lists them: two blanks, the name, two blanks, what it does.
commands() {
  "$program" --help | sed -n 's/^  \([a-z][a-z]*\( [a-z][a-z]*\)\{0,1\}\)  .*/\1/p'
}

# Every command's help, each after a line "@ NAME".
helps() {
  commands | while read -r name; do
    printf '@ %s\n' "$name"
    # A name may have two words.
    # shellcheck disable=SC2086
    "$program" $name --help
  done
}

# replace MARK FILE: the template with FILE in place of the line MARK.
replace() {
  awk -v mark="$1" -v file="$2" '
    $0 == mark { while ((getline line < file) > 0) print line; next }
    { print }'
}

part=$(mktemp)
shared=$(mktemp)
trap 'rm -f "$part" "$shared" "$out.new"' EXIT
case $what in
  livecol)
    helps | awk -f "$here/help.awk" -v part=commands >"$part"
    helps | awk -f "$here/help.awk" -v part=shared >"$shared"
    replace @COMMANDS@ "$part" <"$template" | replace @SHARED@ "$shared" >"$out.new"
    ;;
  udf)
    "$program" --help | awk -f "$here/help.awk" -v part=flat >"$part"
    replace @OPTIONS@ "$part" <"$template" >"$out.new"
    ;;
  completion)
    helps | awk -f "$here/help.awk" -v part=completion >"$part"
    commands | awk '
      { if (!($1 in second)) first = first (first == "" ? "" : " ") $1
        second[$1] = second[$1] (second[$1] == "" ? "" : " ") $2 }
      END {
        printf "    \047\047) echo \047%s\047 ;;\n", first
        for (w in second) if (second[w] != "") printf "    %s) echo \047%s\047 ;;\n", w, second[w]
      }' >"$shared"
    replace @TABLE@ "$part" <"$template" | replace @WORDS@ "$shared" >"$out.new"
    ;;
esac
mv "$out.new" "$out"
