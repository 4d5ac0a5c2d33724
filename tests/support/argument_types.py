# SPDX-License-Identifier: Apache-2.0
"""The matrix of argument types: functions of each type in each format, and what they must answer.

  argument_types.py make LIVECOL DIR    write DIR/*_function.xml and the rules: a function by `livecol
                                        config function`, and one by hand, for each type, format and
                                        kind of rules
  argument_types.py ask URL             compare what each answers, over a column of its type, with the
                                        same rules written in SQL; prints what differs, and a count
"""
import subprocess
import sys
import urllib.request
from xml.sax.saxutils import escape

FORMATS = ["Native", "RowBinary", "TabSeparated"]

# Type, whether text and number are given to rules, an expression over n (0 to 999) of that type.
UTC = "'UTC'"
MILLIS = "toInt64((n - 500) * 7654321987)"
ENUM8 = "Enum8(''=-1,'a'=1,'2024'=20,'t'=100)"
ENUM16 = "Enum16('1.2'=1000,'f'=-1000,'it''s'=5)"
IPV6 = ("CAST(toFixedString(unhex(substring(concat(if(n % 3 = 0, repeat('0', 20), ''), "
        "hex(sipHash128(n)), repeat('0', 32)), 1, 32)), 16) AS IPv6)")
TYPES = [
    ("String", "t", "if(n % 3 = 0, toString(n), concat(char(n % 256), toString(n)))"),
    ("FixedString(5)", "t", "toFixedString(substring(concat(char(n % 256), toString(n)), 1, 5), 5)"),
    ("UInt8", "tn", "toUInt8(n)"),
    ("UInt16", "tn", "toUInt16(n * 77)"),
    ("UInt32", "tn", "toUInt32(n * 4321987)"),
    ("UInt64", "tn", "if(n = 999, 18446744073709551615, toUInt64(n * n * n))"),
    ("Int8", "tn", "toInt8(n)"),
    ("Int16", "tn", "toInt16(n * 77)"),
    ("Int32", "tn", "toInt32(n * 4321987)"),
    ("Int64", "tn", "if(n = 999, toInt64(-9223372036854775808), toInt64((toInt64(n) - 500) * n * n))"),
    ("Bool", "tn", "toBool(n % 2)"),
    (ENUM8, "tn", "CAST([-1, 1, 20, 100][n %% 4 + 1] AS %s)" % ENUM8),
    (ENUM16, "tn", "CAST([1000, -1000, 5][n %% 3 + 1] AS %s)" % ENUM16),
    ("Date", "tn", "toDate(n * 65)"),
    ("Date32", "tn", "toDate32('1970-01-01') + (toInt64(n) - 500) * 145"),
    ("DateTime", "n", "toDateTime(n * 4294967)"),
    ("DateTime('UTC')", "tn", "toDateTime(n * 4294967, 'UTC')"),
    ("DateTime('Asia/Tokyo')", "n", "toDateTime(n * 4294967, 'Asia/Tokyo')"),
    ("DateTime64(3)", "n", "fromUnixTimestamp64Milli(%s)" % MILLIS),
    ("DateTime64(3,'UTC')", "tn", "fromUnixTimestamp64Milli(%s, 'UTC')" % MILLIS),
    ("DateTime64(9,'UTC')", "tn", "fromUnixTimestamp64Nano(%s * 1000, 'UTC')" % MILLIS),
    ("UUID", "t", "reinterpretAsUUID(sipHash128(n))"),
    ("IPv4", "tn", "toIPv4(toUInt32(n * 4294967))"),
    ("IPv6", "t", IPV6),
    ("Nullable(String)", "t", "if(n % 5 = 0, NULL, toString(n))"),
    ("Nullable(FixedString(3))", "t", "if(n % 5 = 0, NULL, toFixedString(toString(n), 3))"),
    ("Nullable(Int32)", "tn", "if(n % 5 = 0, NULL, toInt32(n) - 500)"),
    ("Nullable(UInt64)", "tn", "if(n % 5 = 0, NULL, toUInt64(n))"),
    ("Nullable(%s)" % ENUM8, "tn", "if(n % 5 = 0, NULL, CAST([-1, 1, 20, 100][n % 4 + 1] AS " + ENUM8 + "))"),
    ("Nullable(Date)", "tn", "if(n % 5 = 0, NULL, toDate(n * 65))"),
    ("Nullable(DateTime64(3,'UTC'))", "tn", "if(n %% 5 = 0, NULL, fromUnixTimestamp64Milli(%s, 'UTC'))" % MILLIS),
    ("Nullable(UUID)", "t", "if(n % 5 = 0, NULL, reinterpretAsUUID(sipHash128(n)))"),
    ("LowCardinality(String)", "t", "toLowCardinality(toString(n % 50))"),
    ("LowCardinality(FixedString(3))", "t", "toFixedString(toString(n % 50), 3)"),
    ("LowCardinality(Int32)", "tn", "toInt32(n % 50) - 25"),
    ("LowCardinality(UInt64)", "tn", "toUInt64(n % 50)"),
    ("LowCardinality(Date)", "tn", "toDate(n % 50 * 365)"),
    ("LowCardinality(UUID)", "t", "reinterpretAsUUID(sipHash128(n % 50))"),
    ("LowCardinality(Nullable(String))", "t", "if(n % 5 = 0, NULL, toString(n % 50))"),
    ("LowCardinality(Nullable(UInt64))", "tn", "if(n % 5 = 0, NULL, toUInt64(n % 50))"),
    ("LowCardinality(Nullable(IPv4))", "tn", "if(n % 5 = 0, NULL, toIPv4(toUInt32(n % 50 * 85899345)))"),
]

PREFIXES = ["", "1", "12", "123", "-", "-1", "2", "20", "2024", "2024-0", "19", "197", "1970-01-01 0", "a",
            "ab", "b", "c", "d", "e", "f", "fe", "t", "false", "0", "00", "::", "255.", "1.", "1.2", "it's"]
RANGES = [(0, 0), (1, 9), (10, 99), (100, 19999), (20000, 99999), (100000, 2000000000),
          (2000000001, 4294967295), (5000000000, 18446744073709551615)]


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def text_oracle():
    """The longest prefix; a NULL key has the default's value."""
    ordered = sorted(PREFIXES[1:], key=len, reverse=True)
    tests = ", ".join("startsWith(toString(k), %s), %s" % (quoted(p), quoted("p" + p)) for p in ordered)
    return "ifNull(multiIf(isNull(k), 'p', %s, 'p'), 'p')" % tests


def number_oracle(kind):
    """The range of the number; one that is negative, and a NULL, is in none."""
    base = kind.replace("LowCardinality(", "").replace("Nullable(", "")
    wide = "toInt256(toInt64(k))" if not base.startswith("UInt64") else "toInt256(k)"
    if base.startswith("IPv4"):
        wide = "toInt256(toUInt32(k))"
    if base.startswith("DateTime64"):
        # Whole seconds, rounded down: toInt64 rounds towards 0.
        wide = "toInt256(toInt64(floor(toDecimal128(k, 9))))"
    tests = ", ".join("%s BETWEEN %d AND %d, 'r%d'" % (wide, low, high, low) for low, high in RANGES)
    return "ifNull(multiIf(%s, ''), '')" % tests


def functions():
    for i, (kind, given, value) in enumerate(TYPES):
        for rules in given:
            for form in FORMATS:
                zoned = ("DateTime" in kind and "UTC" not in kind)
                if zoned and form == "TabSeparated":
                    continue  # refused: its text depends on the zone
                for way in ("config", "hand"):
                    yield "f%d_%s_%s_%s" % (i, rules, form, way), kind, rules, form, way, value


BY_HAND = """<functions><function><type>executable</type><name>%s_v1</name>
<command>livecol-udf --rules %s --format %s --argument %s --type String</command><execute_direct>1</execute_direct>
<argument><type>%s</type><name>k</name></argument><return_type>String</return_type>
<return_name>result</return_name><format>%s</format><check_exit_code>1</check_exit_code>
<stderr_reaction>throw</stderr_reaction></function></functions>
"""


def make(livecol, folder):
    with open(folder + "/prefixes.csv", "w", encoding="utf-8") as f:
        f.write("prefix,v\n" + "".join("%s,p%s\n" % (p, p) for p in PREFIXES))
    with open(folder + "/ranges.csv", "w", encoding="utf-8") as f:
        f.write("from,to,v\n" + "".join("%d,%d,r%d\n" % (a, b, a) for a, b in RANGES))
    for name, kind, rules, form, way, _ in functions():
        csv = "prefixes.csv" if rules == "t" else "ranges.csv"
        if way == "hand":
            text = BY_HAND % (name, csv, form, escape(kind), escape(kind), form)
        else:
            text = subprocess.run([livecol, "config", "function", "--rules", folder + "/" + csv, "--name", name,
                                   "--version", "1", "--format", form, "--argument", kind, "--type", "String",
                                   "--key", "k", "--pool-size", "2"],
                                  check=True, capture_output=True, text=True).stdout
            text = text.replace(name + "_v1.csv", csv)
        with open("%s/%s_function.xml" % (folder, name), "w", encoding="utf-8") as f:
            f.write(text)


def query(url, sql):
    with urllib.request.urlopen(url + "/?default_format=TabSeparated", sql.encode()) as answer:
        return answer.read().decode()


def ask(url):
    good = bad = 0
    for i, (kind, given, value) in enumerate(TYPES):
        # Of the type itself, as a column has it; the server casts nothing then.
        typed = "SELECT CAST(%s, %s) AS k FROM (SELECT number AS n FROM numbers(1000))" % (value, quoted(kind))
        for rules in given:
            names = [f[0] for f in functions() if f[0].startswith("f%d_%s_" % (i, rules))]
            oracle = text_oracle() if rules == "t" else number_oracle(kind)
            sql = "SELECT uniqExact(want), %s FROM (SELECT k, %s AS want FROM (%s))" \
                " SETTINGS max_block_size = 300, allow_suspicious_low_cardinality_types = 1" % (
                ", ".join("countIf(%s_v1(k) != want)" % n for n in names), oracle, typed)
            try:
                counts = query(url, sql).split()
            except urllib.error.HTTPError as e:
                print("%s, %s: %s" % (kind, names[0], e.read().decode()[:400]))
                bad += len(names)
                continue
            if int(counts[0]) < 2:
                print("%s: all rows give the same, which proves nothing" % kind)
                bad += 1
            for name, count in zip(names, counts[1:]):
                if count == "0":
                    good += 1
                else:
                    bad += 1
                    print("%s, %s: %s of 1000 rows differ" % (kind, name, count))
    print("%d functions of %d types answer as the rules say, %d do not" % (good, len(TYPES), bad))
    return bad == 0 and good > 300


if sys.argv[1] == "make":
    make(sys.argv[2], sys.argv[3])
else:
    sys.exit(0 if ask(sys.argv[2]) else 1)
