#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random derived columns: what livecol counts against one SELECT that recomputes everything.

    random_column.py make LIVECOL DIR        the functions, their rules and XML, for an engine over DIR
    random_column.py ask LIVECOL URL DIR SEED CASES

A case is a table with a name, columns, rows and a derived column that are chosen at random. Asked are
`rules diff --table` and `verify --full`, then a re-derivation is run, and what it leaves is counted.
A refusal (3) is no wrong number; it has to be of a kind that the case may meet.
"""
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request

KEYS = ["u1", "U1", "u2", "u2_x", "u3", "", "x", "u", "it's", "u1\\", "u1\t", "u2\n", "ü1", "漢", "u1 \x01", "12", "-3"]
RULES = {
    1: [("u1", "us-east"), ("u2", "eu-west"), ("it", "it's"), ("1", "one")],
    2: [("u1", "us-west"), ("u2", "eu-west"), ("u3", "ap-south"), ("ü", "eu-ö"), ("-", "minus")],
}
# Function, the type of its argument, what a miss gives, its --type.
FUNCTIONS = {
    "land": ("String", "unknown", "LowCardinality(String)"),
    "miss": ("String", None, "String"),
    "nul": ("Nullable(String)", "unknown", "LowCardinality(String)"),
    "nulls": ("Nullable(String)", None, "Nullable(String)"),
}


def make(livecol, folder):
    for version, rules in RULES.items():
        for name, (argument, miss, gives) in FUNCTIONS.items():
            path = f"{folder}/{name}.csv"
            with open(path, "w", encoding="utf-8") as f:
                f.write("prefix,value\n")
                f.writelines(f'"{key}","{value}"\n' for key, value in rules)
                if miss:
                    f.write(f",{miss}\n")
            subprocess.run([livecol, "config", "install", "--rules", path, "--name", name, "--version", str(version),
                            "--argument", argument, "--type", gives, "--scripts", f"{folder}/user_scripts",
                            "--config", folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def text(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name):
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


# Of each kind of column: its type, a row's value of the text k and the number n, expressions of String.
ENUM = "Enum8('u1' = -1, 'u2' = 2, 'x' = 5)"
KINDS = [
    ("String", "k", ["{c}", "lower({c})", "{c} || ''", "trim(BOTH ' ' FROM {c})", "{c}::String", "substring({c}, 1, 2)",
                     "if({c} = '', 'u1', {c})", "CASE WHEN {c} = 'x' THEN 'u3' ELSE {c} END", "concat({c}, {c})",
                     "replaceAll({c}, 'x', 'u')", "splitByChar('_', {c})[1]", "reverse(reverse({c}))"]),
    ("FixedString(6)", "toFixedString(substring(k, 1, 6), 6)", ["{c}", "toString({c})", "trim(TRAILING '\\0' FROM {c})"]),
    ("LowCardinality(String)", "k", ["{c}", "lower({c})", "concat({c}, '_')"]),
    ("Nullable(String)", "if(n % 7 = 0, NULL, k)", ["ifNull({c}, '')", "coalesce({c}, 'u1')", "assumeNotNull({c})",
                                                    "if(isNull({c}), 'u2', assumeNotNull({c}))", "{c}", "lower({c})"]),
    ("LowCardinality(Nullable(String))", "if(n % 7 = 0, NULL, k)", ["ifNull({c}, '')", "{c}", "upper(lower({c}))"]),
    (ENUM, "CAST(['u1', 'u2', 'x'][n % 3 + 1] AS " + ENUM + ")", ["toString({c})", "{c}"]),
    ("Enum16('u1' = -300, 'u2' = 2)", "['u1', 'u2'][n % 2 + 1]", ["{c}", "CAST({c} AS String)"]),
    ("Int32", "toInt32(n) - 5", ["toString({c})", "concat('u', toString({c}))", "{c}::String"]),
    ("UInt256", "toUInt256(n) * 1000", ["toString({c})", "concat('u', toString({c}))"]),
    ("Decimal256(5)", "toDecimal256(n, 5) / 4", ["toString({c})", "concat('u', toString({c}))"]),
    ("DateTime64(3, 'UTC')", "toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + n", ["concat('u', toString(toHour({c})), {c}::String)"]),
    ("Date32", "toDate32('1950-01-01') + n", ["toString({c})", "concat('u', toString(toDayOfMonth({c})))"]),
    ("IPv6", "toIPv6(concat('::', toString(n % 10)))", ["toString({c})", "concat('u', replaceAll(toString({c}), ':', ''))"]),
    ("Bool", "n % 2", ["if({c}, 'u1', 'u2')", "toString({c})"]),
    ("UUID", "reinterpretAsUUID(sipHash128(n))", ["toString({c})", "concat('u', substring(toString({c}), 1, 1))"]),
    ("Array(String)", "[k, 'u3']", ["{c}[1]", "{c}[-1]", "arrayElement({c}, 2)", "arrayStringConcat({c}, '')",
                                    "arrayStringConcat(arrayMap(x -> lower(x), {c}), '')"]),
    ("Map(String, String)", "map('x', k, 'y', 'u3')", ["{c}['x']", "{c}['none']", "mapValues({c})[1]"]),
    ("Map(LowCardinality(String), LowCardinality(String))", "map('x', k)", ["{c}['x']"]),
    ("Tuple(a String, `b c` UInt8)", "(k, 1)", ["{c}.a", "{c}.1", "tupleElement({c}, 'a')", "concat({c}.a, toString({c}.`b c`))"]),
    ("Tuple(a Tuple(b Nullable(String)))", "tuple(tuple(if(n % 5 = 0, NULL, k)))", ["ifNull({c}.a.b, '')", "{c}.a.b"]),
    ("Point", "(n, 2)", ["concat('u', toString({c}.1))", "toString({c})"]),
    ("JSON", "concat('{\"a\":{\"b\":\"u', toString(n % 4), '\"}, \"n\":', toString(n), '}')::JSON",
     ["toString({c}.a.b)", "{c}.a.b::String", "CAST({c}.a.b, 'String')", "concat('u', toString({c}.n))", "toString({c}.none)",
      "ifNull({c}.a.b.:String, '')", "{c}.a.b.:String"]),
    ("JSON(a.b String)", "concat('{\"a\":{\"b\":\"u', toString(n % 4), '\"}}')::JSON(a.b String)", ["{c}.a.b", "lower({c}.a.b)"]),
    ("Dynamic", "if(n % 3 = 0, k::Dynamic, n::Dynamic)", ["toString({c})", "ifNull({c}.String, '')", "{c}.String"]),
    ("Variant(String, UInt64)", "if(n % 3 = 0, CAST(k, 'Variant(String, UInt64)'), CAST(n, 'Variant(String, UInt64)'))",
     ["toString({c})", "ifNull({c}.String, '')", "variantElement({c}, 'String')"]),
]
NAMES = ["k", "key", "odd name", "sel`ect", "select", "a.b", "ключ", "per cent%", 'quo"te', "it's", "x", "n", "livecol_key", "back\\slash", "from"]


class Failure(Exception):
    pass


class Case:
    def __init__(self, livecol, url, folder, rng, number):
        self.livecol, self.url, self.folder, self.rng, self.number = livecol, url, folder, rng, number
        for query in ("DROP DATABASE IF EXISTS rc", "CREATE DATABASE rc"):
            self.sql(query)

    def sql(self, query):
        request = urllib.request.Request(self.url + "/?default_format=TSVRaw", query.encode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return answer.read().decode(errors="replace").rstrip("\n")
        except urllib.error.HTTPError as e:
            raise Failure(f"{query}\n{e.read().decode(errors='replace')}") from e

    def run(self, *words):
        env = dict(os.environ, CLICKHOUSE_URL=self.url + "/rc")
        done = subprocess.run([self.livecol, *words], env=env, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def key(self):
        """An argument: of one column, or of two."""
        one = self.rng.choice(self.columns)
        out = self.rng.choice(one[2]).replace("{c}", quoted(one[0]))
        if self.rng.random() < 0.2:
            other = self.rng.choice(self.columns)
            more = self.rng.choice(other[2]).replace("{c}", quoted(other[0]))
            out = f"concat({out}, {more})"
        return out

    def whole(self, call):
        return self.rng.choice(["{}"] * 6 + ["concat('r-', {})", "upper({})", "{} || '!'", "if({0} = 'unknown', 'other', {0})",
                                             "substring({}, 1, 5)", "ifNull({}, '-')", "nullIf({}, 'unknown')"]).format(call)

    def create(self):
        rng = self.rng
        self.table = f"t {self.number}" if rng.random() < 0.3 else f"t{self.number}"
        if rng.random() < 0.2:
            self.table += rng.choice(["`", "'", ".x", "ü", "\\", '"'])
        names = rng.sample(NAMES, rng.randrange(1, 4))
        self.columns, self.values = [], []
        for name in names:
            kind, value, forms = rng.choice(KINDS)
            self.columns.append((name, kind, forms))
            self.values.append(value)
        function = rng.choice(list(FUNCTIONS))
        self.function = function
        self.argument = self.key()
        self.expr = self.whole(f"{function}_v1({self.argument})")
        self.kind = rng.choice(["DEFAULT", "DEFAULT", "DEFAULT", "MATERIALIZED"])
        self.type = rng.choice(["String", "LowCardinality(String)", "Nullable(String)", "LowCardinality(Nullable(String))", "FixedString(24)"])
        self.column = rng.choice(["region", "re gion", "value", "rows", "stored", "computed", "old"])
        partition = rng.choice(["", " PARTITION BY id % 3"])
        self.full = f"rc.{quoted(self.table)}"
        self.target = f"rc.{quoted(self.table)}.{quoted(self.column)}"
        columns = ", ".join(f"{quoted(c[0])} {c[1]}" for c in self.columns)
        self.sql(f"DROP TABLE IF EXISTS {self.full}")
        self.sql(f"CREATE TABLE {self.full} ({columns}, id UInt32) ENGINE = MergeTree{partition} ORDER BY id "
                 "SETTINGS allow_suspicious_low_cardinality_types = 1")
        self.insert(0, rng.randrange(40, 400))

    def insert(self, first, rows, given=None):
        keys = "[" + ", ".join(text(k) for k in KEYS) + "]"
        names = ", ".join(quoted(c[0]) for c in self.columns)
        more, value = (f", {quoted(self.column)}", f", {given}") if given else ("", "")
        self.sql(f"INSERT INTO {self.full} ({names}, id{more}) SELECT {', '.join(self.values)}, number{value} FROM (SELECT "
                 f"number, number AS n, {keys}[number % {len(KEYS)} + 1] AS k FROM numbers({first}, {rows})) SETTINGS "
                 "allow_suspicious_low_cardinality_types = 1")

    def file(self, name, body):
        folder = f"{self.folder}/m{self.number}"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        with open(f"{folder}/{name}", "w", encoding="utf-8") as f:
            f.write(body)
        return folder

    def count(self, condition):
        return int(self.sql(f"SELECT countIf({condition}) FROM {self.full}"))

    def can(self, expression):
        """Has the server a value for each row?"""
        try:
            self.count(f"ignore({expression})")
        except Failure:
            return False
        return True

    def unlike(self, a, b):
        return f"NOT (({a}) <=> ({b}))"

    def show(self):
        return (f"CREATE {self.full} ({', '.join(c[0] + ' ' + c[1] for c in self.columns)}); {self.column} {self.type} {self.kind} "
                f"{self.expr}")

    def check(self, what, wanted, got):
        if wanted != got:
            raise Failure(f"{what}: wanted {wanted}, got {got}")

    def go(self):
        """What came of it, for the statistics; Failure."""
        self.create()
        folder = self.file("0001_add.sql", f"ALTER TABLE {self.full} ADD COLUMN {quoted(self.column)} {self.type} {self.kind} {self.expr};\n"
                           f"ALTER TABLE {self.full} MATERIALIZE COLUMN {quoted(self.column)};\n")
        common = ["-d", folder, "--migrations-table", f"rc.m{self.number}"]
        code, out, err = self.run("plan", *common)
        if code == 3:
            code, _, again = self.run("up", *common)
            self.check(f"plan refuses, and up: {again}", 3, code)
            return "refused: " + self.refusal(out + err)
        self.check(f"plan: {out}{err}", 0, code)
        code, out, err = self.run("up", *common)
        self.check(f"up: {out}{err}", 0, code)
        if self.kind == "DEFAULT":
            self.insert(1000, 20, "'given'" if "Fixed" not in self.type else "toFixedString('given', 24)")
        self.insert(2000, 30)
        return self.counts() + self.again(common)

    def counts(self):
        old = f"CAST(({self.expr}), {text(self.type)})"
        self.expr2 = self.expr.replace("_v1(", "_v2(")
        new = f"CAST(({self.expr2}), {text(self.type)})"
        stored = quoted(self.column)
        differ = self.count(self.unlike(stored, old))
        code, out, err = self.run("verify", self.target, "--full", "--json")
        self.check(f"verify: {out}{err}", 8 if differ else 0, code)
        self.check("verify", differ, json.loads(out.splitlines()[-1])["differ"])
        code, out, err = self.run("verify", self.target, "--full", "--json", "--against", self.expr2)
        if not self.can(new):
            self.check(f"verify --against what cannot be stored: {out}{err}", 3, code)
            return "new rules cannot be stored"
        self.check(f"verify --against: {out}{err}", self.count(self.unlike(stored, new)), json.loads(out.splitlines()[-1])["differ"])
        self.change = self.count(f"NOT ({self.unlike(stored, old)}) AND {self.unlike(stored, new)}")
        rules = [f"{self.folder}/user_scripts/{self.function}_v{v}.csv" for v in (1, 2)]
        code, out, err = self.run("rules", "diff", *rules, "--table", self.target, "--json")
        if code == 3:
            return "diff refused: " + self.refusal(err)
        self.check(f"rules diff: {out}{err}", 0, code)
        said = json.loads(out.splitlines()[-1])
        wanted = {"rows": self.count("1"), "would_change": self.change,
                  "already": self.count(f"{self.unlike(stored, old)} AND NOT ({self.unlike(stored, new)})"),
                  "given": self.count(f"{self.unlike(stored, old)} AND {self.unlike(stored, new)}")}
        self.check("rules diff", wanted, {name: said[name] for name in wanted})
        return "counted"

    def again(self, common):
        """A re-derivation: every row that held the old answer has the new one, no other has changed."""
        if self.rng.random() < 0.4 or not self.can(f"CAST(({self.expr2}), {text(self.type)})"):
            return ""
        stored = quoted(self.column)
        old = f"CAST(({self.expr}), {text(self.type)})"
        new = f"CAST(({self.expr2}), {text(self.type)})"
        given = self.count(f"{self.unlike(stored, old)} AND {self.unlike(stored, new)}")
        code, out, err = self.run("new", "again", *common, "--rederive", self.target, "--to", f"{self.function}_v2")
        self.check(f"new: {out}{err}", 0, code)
        code, out, err = self.run("plan", *common)
        if code == 3:
            return ", re-derivation refused: " + self.refusal(out)
        self.check(f"plan again: {out}{err}", 0, code)
        code, out, err = self.run("up", *common)
        left = self.count(self.unlike(stored, new))
        self.check(f"re-derive: {out}{err}", 8 if left else 0, code)
        self.check(f"re-derive: {out}{err}", given, left)
        return ", re-derived"

    @staticmethod
    def refusal(err):
        for line in err.splitlines():
            if "refused:" in line or line.startswith("livecol: ") or line.startswith("error"):
                return " ".join(line.split())
        return err


def ask(livecol, url, folder, seed, cases):
    seen, bad = collections.Counter(), 0
    for number in range(cases):
        case = Case(livecol, url, folder, random.Random(f"{seed} {number}"), number)
        try:
            what = case.go()
            if os.environ.get("VERBOSE"):
                print(f"{number}: {what}: {case.show()}")
            seen[what.split(":")[0]] += 1
        except Failure as e:
            bad += 1
            print(f"seed {seed} case {number}: {case.show()}\n  {e}")
    print(f"{cases} cases: " + ", ".join(f"{n} {what}" for what, n in sorted(seen.items())))
    counted = sum(n for what, n in seen.items() if what.startswith("counted"))
    if 2 * counted < cases:
        print(f"only {counted} of {cases} were counted")
        bad += 1
    return bad


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(*sys.argv[2:4])
    else:
        sys.exit(1 if ask(*sys.argv[2:5], int(sys.argv[5]), int(sys.argv[6])) else 0)
