#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# livecol rules: check, compile, match and diff, word for word, with their exit codes.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$LIVECOL_SOURCE/config/region.csv" region.csv

# expect CODE STDOUT STDERR ARGUMENT...
expect() {
  local code=$1 out=$2 err=$3 got=0
  shift 3
  "$LIVECOL_BIN" "$@" >out.all 2>err </dev/null || got=$?
  grep -v '^speed: [0-9]* ns a key, of 100,000 of its own keys$' out.all >out || true
  rm out.all
  if [ "$got" != "$code" ] || [ "$(cat out)" != "$out" ] || [ "$(cat err)" != "$err" ]; then
    printf 'FAILED: livecol %s\nexit %s, expected %s\nstdout: %s\nexpected: %s\nstderr: %s\nexpected: %s\n' \
      "$*" "$got" "$code" "$(cat out)" "$out" "$(cat err)" "$err"
    exit 1
  fi
}

expect 0 'region.csv: prefix, 3 rules, with a default
attribute region: 3 values
rules by length: 2:2 default:1
longest key: 2 bytes (line 2)
conflicts: none
shadowed: 0
never met: 0
memory: 257.9 KiB' '' rules check region.csv
expect 0 $'u1_001\tus-east\trule u1\tline 2
u3_001\tunknown\trule (default)\tline 4' '' rules match region.csv u1_001 u3_001
expect 0 '{"key":"u2","region":"eu-west","rule":"u2","line":3}' '' rules match --json region.csv u2

"$LIVECOL_BIN" rules check region.csv >checked
grep -q '^speed: ' checked || { echo 'FAILED: no speed is measured'; exit 1; }
"$LIVECOL_BIN" rules check --json region.csv | python3 -c '
import json, sys
o = json.load(sys.stdin)
assert o["ns_per_key"] > 0 and o["longest_key_bytes"] == 2 and o["warnings"] == [], o'
rm checked

printf 'prefix,v\nu,a\nu1,a\nu12,b\n' >shadow.csv
expect 0 "shadow.csv: prefix, 3 rules, no default: a miss gives '' or NULL
attribute v: 2 values
rules by length: 1:1 2:1 3:1
longest key: 3 bytes (line 4)
conflicts: none
shadowed: 1
never met: 0
  line 3: u1 gives what u (line 2) gives without it
memory: 258.0 KiB" '' rules check shadow.csv
expect 0 $'x\t\tno rule' '' rules match shadow.csv x

# Rules that a file could do without: NAME, HEADER AND RULES, SHADOWED, NEVER MET, with `printf` escapes.
while IFS='|' read -r name rules shadowed never; do
  printf '%b' "$rules" >idle.csv
  "$LIVECOL_BIN" rules check --json idle.csv | python3 -c '
import json, sys
o = json.load(sys.stdin)
assert (o["shadowed"], o["never_met"]) == (int(sys.argv[2]), int(sys.argv[3])), (sys.argv[1], o)' "$name" "$shadowed" "$never" ||
    { echo "FAILED: rules check of $name"; exit 1; }
done <<'END'
networks that say what the wider one says|cidr,v\n10.0.0.0/8,a\n10.1.0.0/16,a\n10.1.1.0/24,b\n10.1.1.7,b\n,z\n|2|0
a network that its halves cover|cidr,v\n10.0.0.0/8,a\n10.0.0.0/9,b\n10.128.0.0/9,c\n|0|1
a network that the default would do|cidr,v\n10.0.0.0/8,a\n,a\n|1|0
every address, and a default for other texts|cidr,v\n::/0,a\n,b\n|0|0
IPv4 within ::/0|cidr,v\n::/0,a\n0.0.0.0/0,b\n0.0.0.0/1,c\n128.0.0.0/1,d\n|0|1
ranges apart|from,to,v\n1,9,a\n10,19,a\n|0|0
ranges that nest|from:narrowest,to,v\n1,9,a\n2,8,a\n3,7,b\n,,b\n|1|0
a range in the place of the default|from,to,v\n1,9,a\n,,a\n|1|0
a range that others cover, but for fractions|from:narrowest,to,v\n1,2,a\n1,1,b\n2,2,c\n-1,-1,d\n|0|0
a range of times that others cover|from:narrowest,to,v\n2024-01-01T00:00:00Z,2024-01-01T00:00:01Z,a\n2024-01-01T00:00:00Z,2024-01-01T00:00:00Z,b\n2024-01-01T00:00:01Z,2024-01-01T00:00:01Z,c\n|0|1
days that others cover|from:narrowest,to,v\n2024-01-01,2024-01-02,a\n2024-01-01,2024-01-01,b\n2024-01-02,2024-01-02,c\n|0|1
a bucket that is never chosen|bucket,v\n1,a\n0,b\n|0|1
a suffix|suffix,v\n.gz,a\n.tar.gz,a\n.zip,b\n|1|0
a domain and what is below it|domain,v\na.com,x\n*.a.com,x\nb.a.com,x\n|2|0
exact rules that the default would do|exact,v\na,x\nb,y\n*,x\n|1|0
END
rm idle.csv

printf 'from,to,issuer\n400000,499999,visa\n' >range.csv
expect 0 $'400000\tvisa\trule 400000-499999\tline 2' '' rules match range.csv 400000
expect 2 '' "livecol: 'x1': range rules match whole numbers" rules match range.csv x1

# The narrowest range: of those without an end, and of floats, only what is within another is narrower.
hint='end one before the other begins, or write a rule of its own for the part that both cover'
printf 'from:narrowest,to,v\n,10,a\n5,,b\n' >cross.csv
expect 1 '' "livecol: cross.csv:3: the range 5 and up overlaps line 2 (up to 10), and neither is the narrower one
  hint: $hint" rules match cross.csv 7
printf 'from:narrowest:float,to,v\n0,10,a\n5,1000,b\n' >cross.csv
expect 1 '' "livecol: cross.csv:3: the range 5 to 1000 overlaps line 2 (0 to 10), and neither is the narrower one
  hint: $hint" rules match cross.csv 7
printf 'from:narrowest:float,to,v\n0,1000,a\n5,10,b\n,,c\n' >within.csv
expect 0 $'7\tb\trule 5 to 10\tline 3' '' rules match within.csv 7
printf 'from:narrowest,to,v\n0,10,a\n5,1000,b\n' >widths.csv
expect 0 $'7\ta\trule 0 to 10\tline 2' '' rules match widths.csv 7
rm cross.csv within.csv widths.csv

expect 0 '' 'region.rules: prefix, 3 rules, 257.9 KiB' rules compile region.csv -o region.rules
expect 0 '' '' rules compile --quiet region.csv -o region.rules
expect 3 '' 'livecol: region.csv exists and is not a file of compiled rules
  hint: use another name with -o, or move the file away' rules compile region.csv -o region.csv
expect 2 '' "livecol: -o takes the path of a file, not '-'" rules compile region.csv -o -
expect 0 $'u1_001\tus-east\trule u1\tline 2' '' rules match region.rules u1_001
[ "$(ls)" = "$(printf 'err\nout\nrange.csv\nregion.csv\nregion.rules\nshadow.csv')" ] ||
  { echo "FAILED: rules compile left something behind: $(ls)"; exit 1; }

printf 'prefix,region\nu1,us-west\nu22,x\n,unknown\n' >new.csv
expect 0 $'~ u1\tus-east -> us-west\n- u2\teu-west\n+ u22\tx\nadded 1, removed 1, changed 1' '' \
  rules diff region.csv new.csv
expect 8 $'~ u1\tus-east -> us-west\n- u2\teu-west\n+ u22\tx\nadded 1, removed 1, changed 1' '' \
  rules diff --exit-code region.rules new.csv
expect 0 'added 0, removed 0, changed 0' '' rules diff --exit-code region.csv region.rules
expect 1 '' 'livecol: the old rules are prefix, the new ones range: nothing to compare' \
  rules diff region.csv range.csv

printf 'prefix,region\nu1,a\nu1,b\n' >bad.csv
expect 1 '' "livecol: bad.csv:3: the key 'u1' is already in line 2, with another value: region is 'a' there and 'b' here
  hint: keep one of the two lines" rules check bad.csv
expect 1 '' 'livecol: none.csv: cannot open the rules: No such file or directory' rules check none.csv
printf 'x' | dd of=region.rules bs=1 seek=4000 conv=notrunc status=none
expect 1 '' 'livecol: region.rules: the content is damaged: its hash does not match (byte 304)
  hint: compile it again: livecol rules compile RULES.csv -o FILE' rules check region.rules
head -c 5000 region.rules >cut.rules
expect 1 '' "livecol: cut.rules: 5000 bytes, its header says $(stat -c %s region.rules)
  hint: the file was cut or added to: copy it again, or compile it again" rules check cut.rules
expect 1 '' 'livecol: cannot write nowhere/r.rules: No such file or directory' \
  rules compile region.csv -o nowhere/r.rules

expect 2 '' 'livecol: rules check: a rules FILE is missing
  hint: livecol rules check --help' rules check
expect 2 '' 'livecol: rules compile: -o FILE is missing
  hint: livecol rules compile region.csv -o region_v1.rules' rules compile region.csv
expect 2 '' 'livecol: rules diff takes two files, OLD and NEW
  hint: livecol rules diff region_v1.csv region_v2.csv' rules diff region.csv
# A FIFO that nobody writes to is refused, not waited for.
mkfifo fifo.csv
expect 1 '' 'livecol: fifo.csv: not a regular file' rules check fifo.csv
echo "all as expected"
