# SPDX-License-Identifier: Apache-2.0
"""livecol-udf against rules, hash and formats that are written here and share nothing with it.

  rules_oracle.py LIVECOL-UDF FOLDER SEED    random rules of every kind of text, and networks, asked with keys of
                                             String, UUID and Bool in every format (--emit values), for rows of a
                                             dictionary (--emit rows), and put out whole (--emit all); and ranges of
                                             every order, asked with keys of every type that they take. Says
                                             what differs, and how much was compared.
"""
import csv
import ipaddress
import random
import re
import subprocess
import sys
import uuid

from range_keys import ARGUMENTS, empty_of, narrowest, ranges_of, some_key, wrappings
from xxh3 import xxh3_64

UDF, FOLDER, SEED = sys.argv[1:]
rng = random.Random(SEED)
FORMATS = ("Native", "RowBinary", "TabSeparated")
# Text rules that keys of each type meet, at either end and in the middle.
PIECES = ["'", "\\", '"', ",", ";", "\n", "\t", "é", "É", "a", "A", "b", "B", "Z", "1", " ", ".", "@", "$", "(", "*", "^", "tr"]
VALUES = ["us", "it's", "back\\slash", 'quo"te', "", "é漢", "7", "line\nbreak", "tab\t"]
BOOLS = ["t", "tr", "TRUE", "true", "f", "False", "fal", "e", "ue", "SE", "false"]
compared = wrong = 0


def bad(what, *more):
    global wrong
    wrong += 1
    if wrong < 20:
        print("FAILED:", what, *more)


# ── Rules ────────────────────────────────────────────────────────────────────────────────────────

def lower(raw):  # A-Z alone
    return bytes(c + 32 if 65 <= c <= 90 else c for c in raw)


def longest(rules, key, fits):
    found = [rule for rule in rules if rule and fits(key, rule)]
    return rules[max(found, key=len)] if found else rules.get(b"")


def by_domain(rules, key):
    host = key.rsplit(b"@", 1)[-1]
    labels = lower(host[:-1] if host.endswith(b".") else host).split(b".")
    best, fit = rules.get(b""), (0, False)
    for rule, value in rules.items():
        below = rule.startswith(b"*.")
        name = rule[2 * below:].split(b".")
        if rule and b"" not in labels and len(labels) >= len(name) + below and labels[-len(name):] == name and \
                (len(name), below) > fit:
            best, fit = value, (len(name), below)
    return best


def by_bucket(weights, key):
    at = xxh3_64(key) * sum(weight for weight, _ in weights) >> 64
    for weight, value in weights:
        if at < weight:
            return value
        at -= weight
    raise AssertionError


def by_network(rules, key):
    try:
        address = ipaddress.ip_address(key.decode("ascii"))
    except ValueError:
        return rules.get("")
    mapped = ipaddress.IPv6Address("::ffff:%s" % address) if address.version == 4 else address
    found = [n for n in rules if n and mapped in n]
    return rules[max(found, key=lambda n: n.prefixlen)] if found else rules.get("")


FITS = {"prefix": bytes.startswith, "suffix": bytes.endswith, "exact": bytes.__eq__}


class Rules:
    """A file of rules, and what they give for a key: a list of values, None where no rule has it."""

    def __init__(self, kind, texts):
        self.kind, self.attributes = kind, ["v", "w"]
        self.base, _, option = kind.partition(":")
        self.fold = lower if option or self.base == "domain" else bytes
        self.path = "%s/%s_%d.csv" % (FOLDER, kind.replace(":", "_"), len(texts))
        value = lambda: [rng.choice(VALUES), str(rng.randrange(60000))]
        if self.base == "bucket":
            self.rules = [(rng.randrange(1, 1 << rng.randrange(1, 40)), value()) for _ in range(12)]
            rows = [[str(weight), *v] for weight, v in self.rules]
        elif self.base == "cidr":
            self.rules = {"": value(), **{n: value() for n in texts}}
            rows = [[self.written(n), *v] for n, v in self.rules.items()]
        else:
            chosen = {self.fold(t.encode()): (t, value()) for t in texts}
            chosen[b""] = ("", value())
            self.rules = {raw: v for raw, (_, v) in chosen.items()}
            default = "*" if self.base in ("exact", "domain") else ""
            rows = [[t or default, *v] for t, v in chosen.values()]
        rng.shuffle(rows) if self.base != "bucket" else None
        with open(self.path, "w", newline="", encoding="utf-8") as f:
            csv.writer(f, quoting=csv.QUOTE_ALL).writerows([[kind, *self.attributes], *rows])

    @staticmethod
    def written(network):
        """IPv4 as such, half of it; the other half as the IPv6 network that it is."""
        if not network or network.prefixlen < 96 or int(network[0]) >> 32 != 0xffff or int(network[0]) & 256:
            return str(network)
        return "%s/%d" % (ipaddress.IPv4Address(int(network[0]) & 0xffffffff), network.prefixlen - 96)

    def give(self, key):
        if self.base == "bucket":
            return by_bucket(self.rules, self.fold(key))
        if self.base == "cidr":
            return by_network(self.rules, key)
        if self.base == "domain":
            return by_domain(self.rules, key)
        return longest(self.rules, self.fold(key), FITS[self.base])


# ── Formats ──────────────────────────────────────────────────────────────────────────────────────

def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def string(raw):
    return varint(len(raw)) + raw


def escaped(raw):
    for c, as_text in ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\0", b"\\0")):
        raw = raw.replace(c, as_text)
    return raw


def wire(base, key):
    """A value's bytes. Keys are their text; those of ranges have their bytes with them."""
    if hasattr(key, "raw"):
        return key.raw
    if base == "UUID":
        raw = uuid.UUID(key.decode()).bytes
        return raw[7::-1] + raw[:7:-1]
    return bytes([key == b"true"]) if base == "Bool" else string(key)


def base_of(kind):
    for wrapping in ("LowCardinality(", "Nullable("):
        kind = kind[len(wrapping):-1] if kind.startswith(wrapping) else kind
    return kind


def empty_key(base):
    if base == "UUID":
        return b"00000000-0000-0000-0000-000000000000"
    return b"" if base in ("String", "Bool") else empty_of(base)


def low_cardinality(kind, keys):
    """The dictionary begins with the type's own empty value; of a Nullable one with NULL before that."""
    base = base_of(kind)
    empty = [empty_key(base)]
    words = ([None] if "Nullable" in kind else []) + empty
    words += [k for k in dict.fromkeys(keys) if k not in words]
    body = b"".join(wire(base, empty[0] if w is None else w) for w in words)
    numbers = b"".join(words.index(k).to_bytes(2, "little") for k in keys)
    return b"".join(n.to_bytes(8, "little") for n in (1, 0x601, len(words))) + body + len(keys).to_bytes(8, "little") + numbers


def encode(form, kind, keys):
    base, nullable = base_of(kind), "Nullable" in kind
    if form == "TabSeparated":
        return b"".join((b"\\N" if k is None else escaped(k)) + b"\n" for k in keys)
    if form == "RowBinary":
        return b"".join(b"\1" if k is None else b"\0" * nullable + wire(base, k) for k in keys)
    head = b"\1" + varint(len(keys)) + string(b"k") + string(kind.replace(",", ", ").encode())
    if kind.startswith("LowCardinality"):
        return head + low_cardinality(kind, keys)
    nulls = bytes(k is None for k in keys) if nullable else b""
    some = next((k for k in keys if k is not None), b"") # in the place of NULL, where a value means nothing
    return head + nulls + b"".join(wire(base, some if k is None else k) for k in keys)


class Bytes:
    """What came out, taken from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        assert self.at + n <= len(self.data), "it ends within a value"
        self.at += n
        return self.data[self.at - n:self.at]

    def varint(self):
        n = shift = 0
        while True:
            c = self.take(1)[0]
            n |= (c & 127) << shift
            shift += 7
            if c < 128:
                return n

    def number(self, width):
        return int.from_bytes(self.take(width), "little")

    def value(self, kind):
        if kind.startswith("Nullable("):
            return None if self.take(1) == b"\1" else self.value(kind[9:-1])
        if kind.startswith("Array("):
            return [self.value(kind[6:-1]) for _ in range(self.varint())]
        return self.take(self.varint()) if kind == "String" else self.number(int(kind[4:]) // 8)

    def column(self, kind, rows):
        if kind.startswith("Array("):
            ends = [self.number(8) for _ in range(rows)]
            every = [self.value(kind[6:-1]) for _ in range(ends[-1])]
            return [every[a:b] for a, b in zip([0, *ends], ends)]
        nulls = self.take(rows) if kind.startswith("Nullable(") else bytes(rows)
        inner = kind[9:-1] if kind.startswith("Nullable(") else kind
        return [None if null else v for null, v in zip(nulls, [self.value(inner) for _ in range(rows)])]


ESCAPES = {b"n": b"\n", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"r": b"\r", b"0": b"\0"}


def plain(raw):
    return re.sub(rb"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), raw, flags=re.DOTALL)


def field(raw, kind):
    if kind.startswith("Nullable("):
        return None if raw == b"\\N" else field(raw, kind[9:-1])
    if kind.startswith("Array("):
        return [plain(v) for v in re.findall(rb"'((?:[^'\\]|\\.)*)'", raw, flags=re.DOTALL)]
    return plain(raw) if kind == "String" else int(raw)


def decode(form, columns, data):
    """Rows, by the columns' names and types."""
    kinds = [kind for _, kind in columns]
    if form == "TabSeparated":
        lines = data.split(b"\n")
        assert lines.pop() == b"", "the last line has no end"
        return [[field(f, kind) for f, kind in zip(line.split(b"\t"), kinds, strict=True)] for line in lines]
    out, rows = Bytes(data), []
    while out.at < len(data):
        if form == "RowBinary":
            rows.append([out.value(kind) for kind in kinds])
            continue
        assert out.varint() == len(columns), "another number of columns"
        n = out.varint()
        block = []
        for name, kind in columns:
            got = out.take(out.varint()).decode(), out.take(out.varint()).decode()
            assert got == (name, kind), "column %s %s, wanted %s %s" % (*got, name, kind)
            block.append(out.column(kind, n))
        rows += zip(*block)
    return [list(row) for row in rows]


def run(options, data, rules, form):
    done = subprocess.run([UDF, "--rules", rules.path, "--format", form, *options], input=data, capture_output=True)
    if done.returncode or done.stderr:
        bad(rules.kind, form, options, done.stderr.decode())
    return done.stdout


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

def near(raw):
    return [raw, raw + b"x", b"x" + raw, raw[:-1], raw[1:], raw.upper(), raw.swapcase(), raw + b"\0", b"\xff" + raw, raw + raw,
            raw + b".", b"www." + raw, b"me@" + raw]


def word(n):
    return "".join(rng.choice(PIECES) for _ in range(n))


def texts_and_keys(kind):
    """Rules for keys of every type at once, and the keys by type."""
    uuids = [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(60)]
    uuids += [str(uuid.UUID(int=n)) for n in (0, 1, (1 << 128) - 1)]
    texts = set(BOOLS)
    for text in rng.sample(uuids, 40):
        cut = rng.randrange(1, 36)
        text = text.upper() if rng.random() < 0.5 else text
        texts.add({"prefix": text[:cut], "suffix": text[cut:]}.get(kind.split(":")[0], text))
    if kind == "domain":
        labels = ["com", "COM", "a", "B", "mail", "example", "uk", "ü", "_tcp", "1"]
        texts |= {rng.choice(["", "", "*."]) + ".".join(rng.choice(labels) for _ in range(rng.randrange(1, 5))) for _ in range(60)}
    else:
        texts |= {word(rng.randrange(1, 7)) for _ in range(60)} - {"*"}
    keys = [b"", b"\xff" * 40, b"a..b", b".", b"@", b"x" * 300, b"a." * 700]
    for text in texts:
        keys += near(text.encode().removeprefix(b"*."))
    every = {"UUID": [u.encode() for u in uuids], "Bool": [b"true", b"false"], "String": keys}
    return {t for t in texts if t}, every


def networks():
    """Nested, of both families, and keys at their ends."""
    found, keys = set(), [b"", b"x", b"1.2.3", b"1.2.3.04", b"::1", b"::", b"ffff::ffff", b"255.255.255.255", b"::ffff:10.0.0.1"]
    while len(found) < 80:
        bits = rng.choice([96 + rng.randrange(1, 33), rng.randrange(1, 129)])
        top = 0xffff << 32 | rng.choice([10 << 24, 10 << 24 | 1 << 16]) if bits >= 96 and rng.random() < 0.7 else 0x20010db8 << 96
        address = top | rng.getrandbits(rng.choice([8, 24]))
        found.add(ipaddress.IPv6Network((address >> (128 - bits) << (128 - bits), bits)))
    for n in found:
        for end in (int(n[0]) - 1, int(n[0]), int(n[-1]), int(n[-1]) + 1):
            end %= 1 << 128
            text = str(ipaddress.IPv4Address(end & 0xffffffff)) if end >> 32 == 0xffff else str(ipaddress.IPv6Address(end))
            keys += [text.encode(), text.upper().encode()]
    return found, {"String": keys}


# ── What is compared ─────────────────────────────────────────────────────────────────────────────

def check(what, got, wanted, keys):
    global compared
    compared += len(wanted)
    if len(got) != len(wanted):
        bad(what, "%d rows, wanted %d" % (len(got), len(wanted)))
        return
    for g, w, key in zip(got, wanted, keys):
        if g != w:
            bad(what, key, "gives", g, "wanted", w)
            return


def ask_values(rules, every):
    for base, keys in every.items():
        for kind in (base, "Nullable(%s)" % base, "LowCardinality(%s)" % base, "LowCardinality(Nullable(%s))" % base):
            if base == "Bool" and kind.startswith("Low"):
                continue
            asked = [rng.choice(keys) for _ in range(500)]
            if "Nullable" in kind:
                asked = [None if rng.random() < 0.1 else k for k in asked]
            # A NULL has the default; a bucket, which has none, gives what a miss gives.
            null = b"" if rules.base == "bucket" else rules.rules[b"" if rules.base != "cidr" else ""][0].encode()
            wanted = [[null if k is None else rules.give(k)[0].encode()] for k in asked]
            for form in FORMATS:
                out = run(["--argument", kind, "--attribute", "v", "--type", "String"], encode(form, kind, asked), rules, form)
                got = decode(form, [("result", "String")], out)
                check("%s by %s in %s" % (rules.kind, kind, form), got, wanted, asked)


TWO = ["--attribute", "v", "--type", "Nullable(String)", "--attribute", "w", "--type", "UInt16"]
TWO_COLUMNS = [("v", "Nullable(String)"), ("w", "UInt16")]


def row_of(values):
    return [values[0].encode(), int(values[1])]


def ask_rows(rules, keys):
    asked = [rng.choice(keys) for _ in range(500)]
    wanted = [[k, *row_of(rules.give(k))] for k in asked]
    for form in FORMATS:
        out = run(["--emit", "rows", *TWO], encode(form, "String", asked), rules, form)
        check("rows of %s in %s" % (rules.kind, form), decode(form, [("k", "String"), *TWO_COLUMNS], out), wanted, asked)


def put_out_exact(rules, form):
    out = run(["--emit", "all", "--key", "id", *TWO], b"", rules, form)
    wanted = sorted([k, *row_of(v)] for k, v in rules.rules.items() if k)
    check("all of exact in %s" % form, sorted(decode(form, [("id", "String"), *TWO_COLUMNS], out)), wanted, wanted)


def put_out_prefix(rules, form, keys):
    """The first expression that matches, by id, has the values of the longest prefix."""
    columns = [("re", "String"), ("id", "UInt64"), ("parent_id", "UInt64"), ("keys", "Array(String)"), ("values", "Array(String)")]
    out = run(["--emit", "all", "--key", "re", *TWO], b"", rules, form)
    rows = sorted(decode(form, columns + TWO_COLUMNS, out), key=lambda row: row[1])
    tree = [(re.compile(row[0]), row[5:]) for row in rows]
    check("all of prefix in %s: ids" % form, [row[1:3] for row in rows], [[i + 1, 0] for i in range(len(rules.rules))], rows)
    check("all of prefix in %s: names" % form, [row[3] for row in rows], [[b"v", b"w"]] * len(rows), rows)
    check("all of prefix in %s: values" % form, [[row[4][0], int(row[4][1])] for row in rows], [row[5:] for row in rows], rows)
    got = [next((values for expression, values in tree if expression.match(k)), None) for k in keys]
    check("all of prefix in %s" % form, got, [row_of(rules.give(k)) for k in keys], keys)


class Ranges:
    """A file of ranges. Those that cross another of the same width are refused by their line, and taken out."""

    def __init__(self, order):
        self.kind = "ranges of %s numbers" % order if order in ("whole", "unsigned", "decimal") else "ranges of %ss" % order
        self.path = "%s/ranges_%s.csv" % (FOLDER, order)
        self.default = "d" if order != "unsigned" and rng.random() < 0.5 else ""
        self.ranges = ranges_of(rng, order)
        rng.shuffle(self.ranges)
        while True:
            with open(self.path, "w", newline="", encoding="utf-8") as f:
                rows = [[r.low_text, r.high_text, r.given] for r in self.ranges] + [["", "", "d"]] * (self.default != "")
                csv.writer(f).writerows([["from:float:narrowest" if order == "float" else "from:narrowest", "to", "v"], *rows])
            done = subprocess.run([UDF, "--rules", self.path, "--check"], capture_output=True, text=True)
            crossing = re.search(r":(\d+): .*neither is the narrower one", done.stderr)
            if not crossing:
                return
            del self.ranges[int(crossing[1]) - 2]


def ask_ranges(rules, order):
    for base in ARGUMENTS[order]:
        keys = [some_key(rng, base, order, rules.ranges) for _ in range(200)]
        for kind in wrappings(base):
            asked = [None if "Nullable" in kind and rng.random() < 0.1 else k for k in keys]
            wanted = [[narrowest(rules.ranges, rules.default, None if k is None else k.value).encode()] for k in asked]
            for form in FORMATS:
                if form == "TabSeparated" and base.startswith("DateTime") and "UTC" not in base:
                    continue # livecol-udf knows no other zone's text
                out = run(["--argument", kind, "--type", "String"], encode(form, kind, asked), rules, form)
                check("%s by %s in %s" % (rules.kind, kind, form), decode(form, [("result", "String")], out), wanted, asked)


class Network:
    """What range_keys wants of a range."""

    def __init__(self, network):
        self.low, self.high = int(network[0]), int(network[-1])


def ask_networks(rules):
    """Networks by addresses of every type; text is asked elsewhere."""
    ranges = [Network(n) for n in rules.rules if n]
    for base in ("IPv4", "IPv6", "UInt32", "FixedString(40)"):
        keys = [some_key(rng, base, "address", ranges) for _ in range(200)]
        wanted = [[rules.give(b"" if k.value is None else str(ipaddress.IPv6Address(k.value)).encode())[0].encode()] for k in keys]
        for form in FORMATS:
            out = run(["--argument", base, "--attribute", "v", "--type", "String"], encode(form, base, keys), rules, form)
            check("networks by %s in %s" % (base, form), decode(form, [("result", "String")], out), wanted, keys)


def main():
    for order in ARGUMENTS:
        ask_ranges(Ranges(order), order)
    for kind in ("prefix", "exact", "suffix", "domain", "bucket", "prefix:nocase", "exact:nocase", "suffix:nocase", "bucket:nocase",
                 "cidr"):
        texts, every = networks() if kind == "cidr" else texts_and_keys(kind)
        rules = Rules(kind, texts)
        ask_values(rules, every)
        ask_rows(rules, every["String"])
        if kind == "cidr":
            ask_networks(rules)
        if kind not in ("bucket", "bucket:nocase"): # a few short rules are searched in another way
            few = [t for t in sorted(texts, key=str) if len(str(t).encode()) < 14]
            ask_rows(Rules(kind, rng.sample(few, 4)), every["String"])
        if kind == "exact": # with more rows than a block has
            rules = Rules(kind, texts | {"%s%d" % (word(1), i) for i in range(9000)})
        for form in FORMATS:
            if kind == "exact":
                put_out_exact(rules, form)
            elif kind == "prefix":
                put_out_prefix(rules, form, rng.sample(every["String"], 200))
    print("%d answers compared, %d wrong" % (compared, wrong))
    return wrong == 0 and compared > 200000


sys.exit(0 if main() else 1)
