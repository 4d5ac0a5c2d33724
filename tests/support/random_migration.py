#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a migration of random statements, in one tool's form, and the statements by themselves.

    random_migration.py SEED FORM DIR

DIR/migrations holds the file or the pair; DIR/statements/NNN.sql the statements, in their order, as a
client would send them one by one. Every statement is valid where those before it have run: the
generator keeps count of tables, columns and the rest. FORM: plain, livecol, goose, goose-envsub, sql-migrate,
sql-migrate-pairs, dbmate, dbmate-pairs, pair.
"""
import os
import random
import sys

seed, form, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
rng = random.Random(f"{seed} {form}")
tables, views, dictionaries = {}, [], []
no_projection, projected = set(), set()  # tables that may have none, and that have one
count = 0


def name(prefix):
    global count
    count += 1
    return rng.choice([f"{prefix}{count}", f"`{prefix} {count}; --`", f'"{prefix}{count}"', f"{prefix}{count}"])


def table():
    return rng.choice(sorted(tables))


def spaces():
    return rng.choice([" ", "  ", "\n    ", " /* ; */ ", " -- a ; comment\n    "])


def create_table():
    t = name("t")
    tables[t] = {}
    engine = rng.choice(["MergeTree ORDER BY k", "MergeTree() PARTITION BY k % 2 ORDER BY (k, d)", "ReplacingMergeTree ORDER BY k"])
    if "Replacing" in engine:
        no_projection.add(t)
    return f"CREATE TABLE {t}{spaces()}(k UInt32, s String DEFAULT 'a;''b', d DateTime DEFAULT toDateTime(0)) ENGINE = {engine}"


def create_table_as():
    old, t = table(), name("t")
    tables[t] = dict(tables[old])
    for marks in (no_projection, projected):
        if old in marks:
            marks.add(t)
    return f"CREATE TABLE IF NOT EXISTS {t} AS {old}"


def create_filled():
    t = name("t")
    tables[t] = {}
    return (f"CREATE TABLE {t} ENGINE = MergeTree ORDER BY k AS SELECT toUInt32(number) AS k, 'x' AS s, "
            f"toDateTime(number) AS d FROM numbers({rng.randrange(5)})")


DEFAULTS = ["DEFAULT LOWER(s)", "MATERIALIZED k + 1", "ALIAS CONCAT(s, ';')", "DEFAULT 'x''y\\\\'", "DEFAULT IF(k > 1, 1, 2)", "DEFAULT YEAR(d)",
            "DEFAULT CASE WHEN k = 1 THEN 'a' ELSE 'b' END", "DEFAULT [1, 2][1]", "DEFAULT (k + 1) * 2", "", "CODEC(ZSTD(1))", "COMMENT 'c;d'"]


def add_column():
    t, c = table(), name("c")
    default = rng.choice(DEFAULTS)
    tables[t][c] = default
    where = rng.choice(["", " FIRST", " AFTER k"])
    return f"ALTER TABLE {t}{spaces()}ADD COLUMN{rng.choice(['', ' IF NOT EXISTS'])} {c} String {default}{where}"


def with_column(kind):
    def make():
        usable = [(t, c) for t in sorted(tables) for c in sorted(tables[t])]
        if not usable:
            return add_column()
        t, c = rng.choice(usable)
        return kind(t, c)
    return make


def drop_column(t, c):
    del tables[t][c]
    return f"ALTER TABLE {t} DROP COLUMN {c}"


def rename_column(t, c):
    new = name("c")
    tables[t][new] = tables[t].pop(c)
    return f"ALTER TABLE {t} RENAME COLUMN {c} TO {new}"


def add_and_rename():
    t, c, new = table(), name("c"), name("c")
    tables[t][new] = ""
    return f"ALTER TABLE {t} ADD COLUMN {c} String, RENAME COLUMN {c} TO {new}"


def modify_default(t, c):
    if tables[t][c].startswith(("ALIAS", "MATERIALIZED")):
        return f"ALTER TABLE {t} COMMENT COLUMN {c} 'of {seed}'"
    tables[t][c] = "DEFAULT UPPER(s)"
    return f"ALTER TABLE {t} MODIFY COLUMN {c} DEFAULT UPPER(s)"


def materialize(t, c):
    if not tables[t][c].startswith(("DEFAULT", "MATERIALIZED")):
        return f"ALTER TABLE {t} COMMENT COLUMN {c} 'is {seed}'"
    return f"ALTER TABLE {t} MATERIALIZE COLUMN {c}"


def insert():
    t = table()
    rows = ", ".join(f"({rng.randrange(100)}, '{rng.choice(['a', ';', '--', 'it'])}')" for _ in range(rng.randrange(1, 4)))
    return f"INSERT INTO {t} (k, s) VALUES {rows}"


def insert_select():
    t = table()
    return f"INSERT INTO {t} (k, s) SELECT number, toString(number) FROM numbers({rng.randrange(1, 5)})"


def insert_format():
    t = table()
    return f'INSERT INTO {t} (k, s) FORMAT JSONEachRow\n{{"k": {rng.randrange(9)}, "s": "a;b"}}\n{{"k": 77, "s": "x"}}\n'


def update():
    return f"ALTER TABLE {table()} UPDATE s = CONCAT(s, 'u') WHERE k IN (SELECT k FROM {table()})"


def delete():
    return f"ALTER TABLE {table()} DELETE WHERE k = {rng.randrange(9)}"


def lightweight_delete():
    t = table()
    if t in projected:
        return delete()
    no_projection.add(t)
    return f"DELETE FROM {t} WHERE k = {rng.randrange(9)}"


def add_index():
    return f"ALTER TABLE {table()} ADD INDEX {name('i')} LOWER(s) TYPE bloom_filter GRANULARITY 1"


def add_constraint():
    return f"ALTER TABLE {table()} ADD CONSTRAINT {name('x')} CHECK k < 1000000"


def add_projection():
    t = table()
    if t in no_projection:
        return add_index()
    projected.add(t)
    return f"ALTER TABLE {t} ADD PROJECTION {name('p')} (SELECT s, COUNT() GROUP BY s)"


def modify_ttl():
    return f"ALTER TABLE {table()} MODIFY TTL d + INTERVAL {rng.randrange(100, 200)} YEAR"


def modify_setting():
    return f"ALTER TABLE {table()} MODIFY SETTING parts_to_throw_insert = {rng.randrange(1000, 2000)}"


def comment_table():
    return f"ALTER TABLE {table()} MODIFY COMMENT 'it''s ; {seed}'"


def create_view():
    v = name("v")
    views.append(v)
    return f"CREATE VIEW {v} AS{spaces()}SELECT k, UPPER(s) AS u FROM {table()}"


def create_materialized_view():
    v = name("v")
    views.append(v)
    return f"CREATE MATERIALIZED VIEW {v} ENGINE = MergeTree ORDER BY k AS SELECT k, COUNT() AS n FROM {table()} GROUP BY k"


def create_dictionary():
    d = name("d")
    dictionaries.append(d)
    return (f"CREATE DICTIONARY {d} (k UInt64, s String DEFAULT ';') PRIMARY KEY k SOURCE(CLICKHOUSE(TABLE 'nowhere')) "
            f"LAYOUT(HASHED()) LIFETIME(MIN 0 MAX {rng.randrange(100)})")


def drop_view():
    return f"DROP VIEW {views.pop(rng.randrange(len(views)))}" if views else create_view()


def drop_dictionary():
    return f"DROP DICTIONARY {dictionaries.pop()}" if dictionaries else create_dictionary()


def rename_table():
    if views:
        return comment_table()
    old, new = table(), name("t")
    tables[new] = tables.pop(old)
    for marks in (no_projection, projected):
        if old in marks:
            marks.add(new)
    return f"RENAME TABLE {old} TO {new}"


def truncate():
    return f"TRUNCATE TABLE {table()}"


def optimize():
    return f"OPTIMIZE TABLE {table()} FINAL"


def replace_view():
    return f"CREATE OR REPLACE VIEW {rng.choice(views)} AS SELECT k, '$HOME ${{HOME}} $$' AS u FROM {table()}" if views else create_view()


def view_with_parameter():
    v = name("v")
    views.append(v)
    return f"CREATE VIEW {v} AS SELECT k FROM {rng.choice([table(), 'nowhere'])} WHERE k = {{x:UInt32}}"


def insert_with():
    return f"WITH 7 AS seven INSERT INTO {table()} (k, s) SELECT seven, 'a$;b'"


def read():
    return "SELECT ';' AS `a;b`, \"s\" FROM (SELECT 1 AS s) /* ; */"


KINDS = [create_table, create_table_as, create_filled, add_column, add_column, add_column, with_column(drop_column), with_column(rename_column),
         add_and_rename, with_column(modify_default), with_column(materialize), insert, insert_select, insert_format, update, delete,
         lightweight_delete, add_index, add_constraint, add_projection, modify_ttl, modify_setting, comment_table, create_view,
         create_materialized_view, create_dictionary, replace_view, view_with_parameter, insert_with, drop_view, drop_dictionary, rename_table, truncate, optimize, read]
statements = [create_table(), create_table(), insert()] + [rng.choice(KINDS)() for _ in range(int(os.environ.get("LC_TEST_STATEMENTS", "12")))]

os.makedirs(f"{folder}/migrations")
os.makedirs(f"{folder}/statements")
for i, text in enumerate(statements):
    with open(f"{folder}/statements/{i:03}.sql", "w", encoding="utf-8") as f:
        f.write(text)


def separated(text):
    return text + "\n" if text.endswith("\n") else text + rng.choice([";\n", " ;\n\n", "\n;\n", ";\n--> statement-breakpoint\n"])


body = "".join(separated(s) for s in statements)
goose = "".join(f"-- +goose StatementBegin\n{separated(s)}-- +goose StatementEnd\n" if rng.random() < 0.3 else separated(s) for s in statements)
# dbmate and sql-migrate: several pairs of sections in one file.
cut = rng.randrange(1, len(statements))
halves = ["".join(separated(s) for s in statements[:cut]), "".join(separated(s) for s in statements[cut:])]


def pairs(mark, option):
    return "".join(f"-- {mark('up')}{option}\n{half}-- {mark('down')}\nDROP TABLE nothing_of_this_runs;\n" for half in halves)


# goose with ENVSUB: each $ is escaped where it is on, and none where it is off.
substituted = "".join(
    f"-- +goose ENVSUB ON\n{separated(s.replace('$', '$$'))}-- +goose ENVSUB OFF\n" if rng.random() < 0.5 else separated(s) for s in statements)
files = {
    "plain": {"0001_all.sql": body},
    "livecol": {"0001_all.sql": f"-- migrate:up\n{body}-- migrate:down\nSELECT 1;\n"},
    "goose": {"00001_all.sql": f"-- +goose NO TRANSACTION\n-- +goose Up\n{goose}-- +goose Down\nDROP TABLE nothing_of_this_runs;\n"},
    "sql-migrate": {"1_all.sql": f"-- +migrate Up notransaction\n{body}-- +migrate Down\nDROP TABLE nothing_of_this_runs;\n"},
    "dbmate": {"20260131120000_all.sql": f"-- migrate:up transaction:false\n{body}-- migrate:down transaction:false\nDROP TABLE nothing_of_this_runs;\n"},
    "dbmate-pairs": {"20260131120000-all.sql": pairs(lambda way: f"migrate:{way}", " transaction:false")},
    "sql-migrate-pairs": {"1_all.sql": pairs(lambda way: f"+migrate {way.capitalize()}", "")},
    "goose-envsub": {"00001_all.sql": f"-- +goose Up\n{substituted}-- +goose Down\nDROP TABLE nothing_of_this_runs;\n"},
    "pair": {"1700000000_all.up.sql": body, "1700000000_all.down.sql": "DROP TABLE nothing_of_this_runs;\n"},
}
for file, text in files[form].items():
    with open(f"{folder}/migrations/{file}", "w", encoding="utf-8", newline="") as f:
        f.write(text)
