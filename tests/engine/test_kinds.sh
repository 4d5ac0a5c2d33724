#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Rules by suffix, by domain and without case, networks and buckets, on a real engine: every format, in DEFAULT,
# INSERT and MATERIALIZE, as a dictionary that asks key by key, and as SQL where there is such a form, against
# an oracle that looks at every rule; keys are chosen to be hard.
#   LC_TEST_SEED repeats a run.
set -u
# shellcheck source=tests/support/hard_rules.sh
. "${LIVECOL_SOURCE:?}/tests/support/hard_rules.sh"

# NAME.csv, and NAME.tsv: keys and what they give.
hard_rules kinds <<'PY'
import ipaddress
from xxh3 import xxh3_64

labels = ["com", "COM", "org", "a", "B", "www", "mail", "example", "Example", "co", "uk", "x-1", "ü", "Ü", "_tcp", "1"]


def lower(raw):  # A-Z alone
    return bytes(c + 32 if 65 <= c <= 90 else c for c in raw)


def same(raw):
    return raw


def name():
    return ".".join(rng.choice(labels) for _ in range(rng.randrange(1, 5)))


def host(key):
    h = key.rsplit(b"@", 1)[-1]
    h = h[:-1] if h.endswith(b".") else h
    return [] if b"" in h.split(b".") else lower(h).split(b".")


def by_domain(rules, key):
    parts, best, fit = host(key), rules.get("", ""), (0, 0)
    for rule, value in rules.items():
        below = rule.startswith("*.")
        want = lower(rule[2:].encode() if below else rule.encode()).split(b".")
        if not rule or len(parts) < len(want) + below or parts[len(parts) - len(want):] != want:
            continue
        # Of one name, the rule for what is below wins over that for the name.
        if (len(want), below) > fit:
            best, fit = value, (len(want), below)
    return best


def by_text(rules, key, fold, fits):
    best, n = rules.get("", ""), -1
    for rule, value in rules.items():
        raw = fold(rule.encode())
        if rule and fits(fold(key), raw) and len(raw) > n:
            best, n = value, len(raw)
    return best


def write(kind, rules, keys, answer, default):
    file = kind.replace(":", "_")
    write_csv(file, [kind, "v"], [[k if k else default, v] for k, v in rules.items()], csv.QUOTE_ALL)
    with open(f"{folder}/{file}.tsv", "w", encoding="ascii") as f:
        f.writelines(f"{k.hex()} {answer(rules, k).encode().hex()}\n" for k in sorted(keys))


def near(raw):
    return {raw, raw + b"x", b"x" + raw, raw[:-1], raw[1:], raw.upper(), raw.swapcase(), raw + b"\0", b"\xff" + raw,
            raw + raw, raw + b".", b"." + raw}


hard = {b"", b"\0", b"\xff" * 40, b".", b"..", b"@", b"@@", b"*", b"*.", b"!", b"a..b", b"." * 50, b"a." * 2000, b"x" * 5000}
for kind in ("suffix", "suffix:nocase", "prefix:nocase", "exact:nocase"):
    fold = lower if ":" in kind else same
    fits = {"s": bytes.endswith, "p": bytes.startswith, "e": bytes.__eq__}[kind[0]]
    rules, seen = {"": "the default"}, set()
    for _ in range(60):
        rule = word(rng.randrange(1, 9))
        if rule not in ("", "*") and fold(rule.encode()) not in seen:
            seen.add(fold(rule.encode()))
            rules[rule] = value()
    keys = set(hard)
    for rule in rules:
        keys |= near(rule.encode())
    write(kind, rules, keys, lambda r, k: by_text(r, k, fold, fits), "*" if kind[0] == "e" else "")
rules, seen = {"": "no host"}, set()
for _ in range(120):
    rule = rng.choice(["", "", "*."]) + name()
    if lower(rule.encode()) not in seen:
        seen.add(lower(rule.encode()))
        rules[rule] = value()
keys = set(hard)
for rule in rules:
    raw = rule.encode().removeprefix(b"*.")
    keys |= near(raw) | {b"me@" + raw, b"a@b@" + raw + b".", b"www." + raw, b"A.b." + raw, b"x." + raw + b"..", raw + b":80",
                         b"http://" + raw + b"/", raw + b"@", raw.replace(b".", b"..", 1)}
write("domain", rules, keys, by_domain, "*")


def by_weight(fold):
    def answer(rules, key):
        at = xxh3_64(fold(key)) * sum(weight for weight, _ in rules) >> 64
        for weight, value in rules:
            if at < weight:
                return value
            at -= weight
    return answer


class Weights(list):  # weights may be there twice
    items = list.__iter__


keys = hard | {word(rng.randrange(1, 300)).encode() for _ in range(600)} | {b"U%d" % n for n in range(300)}
for kind in ("bucket", "bucket:nocase"):
    weights = Weights(("%d" % rng.choice([0, 1, rng.getrandbits(58) | 1 << 58]), value()) for _ in range(20))
    weights += [("%d" % (1 << 58), v) for v in ("us", "é漢", "7", "line\nbreak")]
    write(kind, weights, keys, lambda r, k: by_weight(lower if ":" in kind else same)([(int(w), v) for w, v in r], k), "")


def by_network(rules, key):
    try:
        address = ipaddress.ip_address(key.decode("ascii"))
    except ValueError:
        return rules[""]
    address = ipaddress.IPv6Address("::ffff:%s" % address) if address.version == 4 else address
    found = [n for n in rules if n and address in n]
    return rules[max(found, key=lambda n: n.prefixlen)] if found else rules[""]


rules, keys = {"": "none"}, {k for k in hard if k.isascii()} | {b"1.2.3", b"1.2.3.04", b"::1", b"ffff::ffff", b"010.0.0.1"}
while len(rules) < 90:
    bits = rng.choice([96 + rng.randrange(33), rng.randrange(129)])
    top = 0xffff << 32 | 10 << 24 if bits >= 96 and rng.random() < 0.6 else rng.choice([0, 0x20010db8 << 96, 0xffff << 112])
    address = top | rng.getrandbits(rng.choice([8, 24]))
    rules[ipaddress.IPv6Network((address >> 128 - bits << 128 - bits, bits))] = value()
for network in list(rules)[1:]:
    for end in (int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1):
        address = ipaddress.IPv6Address(end % (1 << 128))
        keys.add(str(address.ipv4_mapped or address).encode())
write("cidr", rules, keys, by_network, "")
PY

kinds="suffix suffix_nocase prefix_nocase exact_nocase domain bucket bucket_nocase cidr"
# Case is folded before the formats differ.
formats_of() { if [ "$1" = bucket_nocase ]; then echo Native; else echo Native RowBinary TabSeparated; fi; }
engine=$work/engine
cp "$LIVECOL_UDF" "$engine/user_scripts/livecol-udf"
for kind in $kinds; do
  for format in $(formats_of "$kind"); do
    cp "$work/kinds/$kind.csv" "$engine/user_scripts/${kind}_${format}_v1.csv"
    "$LIVECOL_BIN" config function --rules "$work/kinds/$kind.csv" --name "${kind}_$format" --version 1 \
      --format "$format" --type String --pool-size 2 --out "$engine" >/dev/null || fail "config function, $kind, $format"
  done
  cp "$work/kinds/$kind.csv" "$engine/user_scripts/${kind}_d_v1.csv"
done
engine_start_chdb "$engine" --functions "$engine/*_function.xml" || exit 1
fresh kinds
for kind in $kinds; do
  sql "CREATE TABLE kinds.$kind (k String, want String) ENGINE = MergeTree ORDER BY k"
  sql "INSERT INTO kinds.$kind SELECT unhex(splitByChar(' ', line)[1]), unhex(splitByChar(' ', line)[2]) FROM file('$work/kinds/$kind.tsv', 'LineAsString')"
  expect "$kind: keys are there" 1 "$(sql "SELECT count() > 200 AND uniqExact(want) > 3 FROM kinds.$kind")"
  for format in $(formats_of "$kind"); do
    f=${kind}_${format}
    # The rows that are there are materialized, those behind them inserted.
    sql "ALTER TABLE kinds.$kind ADD COLUMN $f String DEFAULT ${f}_v1(k)"
    expect "$f: DEFAULT, as it is read" 0 "$(sql "SELECT countIf($f != want) FROM kinds.$kind")"
    sql "ALTER TABLE kinds.$kind MATERIALIZE COLUMN $f SETTINGS mutations_sync = 2"
    expect "$f: MATERIALIZE" 0 "$(sql "SELECT countIf($f != want) FROM kinds.$kind")"
    sql "INSERT INTO kinds.$kind (k, want) SELECT k, want FROM kinds.$kind LIMIT 500"
    expect "$f: INSERT" 0 "$(sql "SELECT countIf($f != want) FROM kinds.$kind")"
    expect "$f: LowCardinality" 0 "$(sql "SELECT countIf(${f}_v1(toLowCardinality(k)) != want) FROM kinds.$kind")"
  done
  "$LIVECOL_BIN" config dictionary --rules "$work/kinds/$kind.csv" --name "${kind}_d" --version 1 >"$work/d.xml" ||
    fail "config dictionary, $kind"
  sql "$(python3 "$LIVECOL_SOURCE/tests/support/dictionary_ddl.py" "$work/d.xml")"
  expect "$kind: a dictionary, key by key" 0 "$(sql "SELECT countIf(dictGet('${kind}_d_v1', 'v', tuple(k)) != want) FROM kinds.$kind")"
  for layout in regexp_tree complex_key_hashed; do
    refused=0
    "$LIVECOL_BIN" config dictionary --rules "$work/kinds/$kind.csv" --name x --version 1 --layout $layout >/dev/null 2>"$work/err" ||
      refused=$?
    expect "$kind: no dictionary that is loaded whole ($layout)" 2 "$refused"
  done
  # As SQL, equal or refused.
  code=0
  "$LIVECOL_BIN" config function --as sql --rules "$work/kinds/$kind.csv" --name "$kind" --version 2 --type String \
    >"$work/function.sql" 2>"$work/err" || code=$?
  if [ "$kind" = domain ]; then
    expect 'domain: as SQL' 3 "$code"
    expect_in 'domain: as SQL' 'domain rules cannot be written as an expression' "$work/err"
    continue
  fi
  expect "$kind: as SQL: $(cat "$work/err")" 0 "$code"
  sql "$(sed '$ s/;$//' "$work/function.sql")" || fail "CREATE FUNCTION $kind"
  expect "$kind: as SQL" 0 "$(sql "SELECT countIf(${kind}_v2(k) != want) FROM kinds.$kind")"
  expect "$kind: as SQL, LowCardinality" 0 "$(sql "SELECT countIf(${kind}_v2(toLowCardinality(k)) != want) FROM kinds.$kind")"
done
# What compares a function with its rules knows the kinds, and finds rules that differ.
good='' other=''
for kind in $kinds; do
  sed 's/"us"$/"eu"/' "$work/kinds/$kind.csv" >"$work/$kind.other.csv"
  good+=" --rules ${kind}_Native_v1=$work/kinds/$kind.csv"
  other+=" --rules ${kind}_Native_v1=$work/$kind.other.csv"
done
# shellcheck disable=SC2086 # options
"$LIVECOL_BIN" doctor $good >"$work/out" 2>&1
# shellcheck disable=SC2086 # options
"$LIVECOL_BIN" doctor $other >"$work/other" 2>&1
for kind in $kinds; do
  expect_in "$kind: doctor" "ok    function   ${kind}_Native_v1: " "$work/out"
  expect_in "$kind: doctor, other rules" "fail  function   ${kind}_Native_v1 answers" "$work/other"
done
finish
