/* SPDX-License-Identifier: Apache-2.0 */
/* What a statement is, by its words, as typed and as the server's formatter writes it. */
#include "base/buf.h"
#include "cli/sql/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct stmt_case {
    const char *sql;
    enum lc_stmt_kind kind;
    enum lc_stmt_class class;
    const char *database, *name;
    bool mutates;
};

static const struct stmt_case cases[] = {
    {"SELECT 1", LC_STMT_READ, LC_CLASS_READ, "", "", false},
    {"WITH 1 AS x SELECT x", LC_STMT_READ, LC_CLASS_READ, "", "", false},
    {"(SELECT 1)", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"GRANT ALL ON *.* TO x", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"SYSTEM RELOAD FUNCTIONS", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"INSERT INTO a.t VALUES ('x', 1)", LC_STMT_INSERT, LC_CLASS_INSERT, "a", "t", false},
    {"insert into table t (x) format CSV\n'", LC_STMT_INSERT, LC_CLASS_INSERT, "", "t", false},
    {"INSERT INTO FUNCTION file('x') SELECT 1", LC_STMT_INSERT, LC_CLASS_INSERT, "", "", false},
    {"CREATE DATABASE IF NOT EXISTS a", LC_STMT_CREATE_DATABASE, LC_CLASS_METADATA, "", "a", false},
    {"CREATE TABLE a.t (x Int8) ENGINE = Log", LC_STMT_CREATE, LC_CLASS_METADATA, "a", "t", false},
    {"CREATE TABLE t ENGINE = Log AS SELECT 1", LC_STMT_CREATE, LC_CLASS_INSERT, "", "t", false},
    {"CREATE TABLE t AS u", LC_STMT_CREATE, LC_CLASS_METADATA, "", "t", false},
    {"CREATE OR REPLACE TABLE t (x Int8) ENGINE = Log", LC_STMT_CREATE, LC_CLASS_DESTRUCTIVE, "",
     "t", false},
    {"CREATE OR REPLACE VIEW v AS SELECT 1", LC_STMT_CREATE, LC_CLASS_METADATA, "", "v", false},
    {"CREATE MATERIALIZED VIEW v TO t AS SELECT 1", LC_STMT_CREATE, LC_CLASS_METADATA, "", "v",
     false},
    {"CREATE DICTIONARY d (x UInt8) PRIMARY KEY x", LC_STMT_CREATE, LC_CLASS_METADATA, "", "d",
     false},
    {"CREATE FUNCTION f AS x -> x", LC_STMT_CREATE_FUNCTION, LC_CLASS_METADATA, "", "f", false},
    {"CREATE TEMPORARY TABLE t (x Int8)", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"CREATE USER u", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"DROP TABLE IF EXISTS a.t SYNC", LC_STMT_DROP, LC_CLASS_DESTRUCTIVE, "a", "t", false},
    {"DROP DATABASE a", LC_STMT_DROP_DATABASE, LC_CLASS_DESTRUCTIVE, "", "a", false},
    {"DROP FUNCTION f", LC_STMT_DROP_FUNCTION, LC_CLASS_DESTRUCTIVE, "", "f", false},
    {"TRUNCATE TABLE t", LC_STMT_TRUNCATE, LC_CLASS_DESTRUCTIVE, "", "t", false},
    {"TRUNCATE t", LC_STMT_TRUNCATE, LC_CLASS_DESTRUCTIVE, "", "t", false},
    {"TRUNCATE ALL TABLES FROM d", LC_STMT_TRUNCATE, LC_CLASS_DESTRUCTIVE, "", "", false},
    {"TRUNCATE DATABASE d", LC_STMT_TRUNCATE, LC_CLASS_DESTRUCTIVE, "", "", false},
    {"TRUNCATE all ON CLUSTER c", LC_STMT_TRUNCATE, LC_CLASS_DESTRUCTIVE, "", "all", false},
    {"INSERT INTO TABLE FUNCTION file('x') SELECT 1", LC_STMT_INSERT, LC_CLASS_INSERT, "", "",
     false},
    {"RENAME TABLE a.t TO a.u", LC_STMT_RENAME, LC_CLASS_READERS, "a", "t", false},
    {"EXCHANGE TABLES t AND u", LC_STMT_RENAME, LC_CLASS_READERS, "", "", false},
    {"DELETE FROM a.t WHERE 1", LC_STMT_DELETE, LC_CLASS_DESTRUCTIVE, "a", "t", true},
    {"UPDATE t SET x = 1 WHERE 1", LC_STMT_UPDATE, LC_CLASS_MUTATION, "", "t", true},
    {"OPTIMIZE TABLE t FINAL", LC_STMT_OPTIMIZE, LC_CLASS_OTHER, "", "t", false},
    {"-- why\nALTER TABLE a.t ADD COLUMN c Int8", LC_STMT_ALTER, LC_CLASS_METADATA, "a", "t",
     false},
    {"ALTER TABLE `a.b`.`t``x` (DROP COLUMN c)", LC_STMT_ALTER, LC_CLASS_DESTRUCTIVE, "a.b", "t`x",
     true},
    {"ALTER TABLE t MATERIALIZE COLUMN c", LC_STMT_ALTER, LC_CLASS_MUTATION, "", "t", true},
    {"ALTER TABLE t UPDATE a = 1, delete = 2 WHERE b IN (1, 2)", LC_STMT_ALTER, LC_CLASS_MUTATION,
     "", "t", true},
    {"ALTER TABLE t DELETE WHERE 1", LC_STMT_ALTER, LC_CLASS_DESTRUCTIVE, "", "t", true},
    {"ALTER TABLE t CLEAR COLUMN c IN PARTITION 1", LC_STMT_ALTER, LC_CLASS_DESTRUCTIVE, "", "t",
     true},
    {"ALTER TABLE t MODIFY COLUMN c UInt16", LC_STMT_ALTER, LC_CLASS_READERS, "", "t", true},
    {"ALTER TABLE t MODIFY COLUMN c REMOVE DEFAULT", LC_STMT_ALTER, LC_CLASS_METADATA, "", "t",
     false},
    {"ALTER TABLE t MODIFY COLUMN c DEFAULT f(x)", LC_STMT_ALTER, LC_CLASS_METADATA, "", "t", true},
    {"ALTER TABLE t RENAME COLUMN a TO b", LC_STMT_ALTER, LC_CLASS_READERS, "", "t", true},
    {"ALTER TABLE t MODIFY ORDER BY (a, b)", LC_STMT_ALTER, LC_CLASS_KEY, "", "t", false},
    {"ALTER TABLE t MODIFY TTL d + INTERVAL 1 DAY", LC_STMT_ALTER, LC_CLASS_DESTRUCTIVE, "", "t",
     true},
    {"ALTER TABLE t MODIFY COLUMN c String TTL d", LC_STMT_ALTER, LC_CLASS_DESTRUCTIVE, "", "t",
     true},
    {"REPLACE TABLE a.t ENGINE = Memory AS SELECT 1", LC_STMT_CREATE, LC_CLASS_DESTRUCTIVE, "a",
     "t", false},
    {"CREATE TABLE p (a Int8) ENGINE = Memory PARALLEL WITH DROP TABLE t", LC_STMT_CREATE,
     LC_CLASS_DESTRUCTIVE, "", "p", false},
    {"EXECUTE AS u DROP TABLE t", LC_STMT_DROP, LC_CLASS_DESTRUCTIVE, "", "t", false},
    {"DETACH TABLE t PERMANENTLY", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"SYSTEM DROP REPLICA 'r' FROM TABLE t", LC_STMT_OTHER, LC_CLASS_DESTRUCTIVE, "", "", false},
    {"SYSTEM DROP DATABASE REPLICA 'r'", LC_STMT_OTHER, LC_CLASS_DESTRUCTIVE, "", "", false},
    {"GRANT SELECT ON t TO u", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"GRANT r TO u WITH REPLACE OPTION", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"CREATE USER OR REPLACE u", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"CREATE USER u", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"CREATE ROLE OR REPLACE r", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"CREATE SETTINGS PROFILE OR REPLACE p", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"OPTIMIZE TABLE t FINAL DEDUPLICATE BY k", LC_STMT_OPTIMIZE, LC_CLASS_DESTRUCTIVE, "", "t",
     false},
    {"ALTER TABLE t DROP PARTITION 202601", LC_STMT_ALTER, LC_CLASS_DESTRUCTIVE, "", "t", false},
    {"ALTER TABLE t ADD INDEX i x TYPE minmax", LC_STMT_ALTER, LC_CLASS_METADATA, "", "t", false},
    {"ALTER TABLE t DROP INDEX i", LC_STMT_ALTER, LC_CLASS_MUTATION, "", "t", true},
    {"ALTER TABLE t COMMENT COLUMN c 'x'", LC_STMT_ALTER, LC_CLASS_METADATA, "", "t", false},
    {"ALTER TABLE t FREEZE", LC_STMT_ALTER, LC_CLASS_OTHER, "", "t", true},
    {"ALTER TABLE t ADD COLUMN a Int8, DROP COLUMN b", LC_STMT_ALTER, LC_CLASS_DESTRUCTIVE, "", "t",
     true},
    {"ALTER USER u IDENTIFIED BY 'x'", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"ALTER USER IF EXISTS u DEFAULT ROLE NONE", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"ALTER ROLE r SETTINGS readonly = 1", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"ALTER QUOTA q TO ALL", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"ALTER SETTINGS PROFILE p SETTINGS readonly = 1", LC_STMT_OTHER, LC_CLASS_READERS, "", "",
     false},
    {"ALTER PROFILE p DROP ALL SETTINGS", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"ALTER NAMED COLLECTION c DELETE k", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"ALTER ROW POLICY p ON t USING 1", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"ALTER MASKING POLICY p ON t UPDATE a = '' WHERE 1", LC_STMT_OTHER, LC_CLASS_READERS, "", "",
     false},
    {"ALTER DATABASE d MODIFY COMMENT 'x'", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"CREATE MASKING POLICY p ON t UPDATE a = '' WHERE 1 TO ALL", LC_STMT_OTHER, LC_CLASS_READERS,
     "", "", false},
    {"CREATE QUOTA q MAX queries = 1 TO ALL", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"CREATE QUOTA q", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"CREATE PROFILE p SETTINGS readonly = 1 TO u", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"CREATE SETTINGS PROFILE p SETTINGS max_threads = 1", LC_STMT_OTHER, LC_CLASS_OTHER, "", "",
     false},
    {"CREATE NAMED COLLECTION c AS a = 1", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"SET DEFAULT ROLE NONE TO u", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"DROP MASKING POLICY p ON t", LC_STMT_OTHER, LC_CLASS_DESTRUCTIVE, "", "", false},
    {"DROP WORKLOAD w", LC_STMT_OTHER, LC_CLASS_DESTRUCTIVE, "", "", false},
    {"DROP SOMETHING NEW x", LC_STMT_OTHER, LC_CLASS_DESTRUCTIVE, "", "", false},
    {"DROP INDEX i ON t", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"KILL MUTATION WHERE 1", LC_STMT_OTHER, LC_CLASS_DESTRUCTIVE, "", "", false},
    {"KILL QUERY WHERE 1", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"SYSTEM SHUTDOWN", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"SYSTEM STOP LISTEN HTTP", LC_STMT_OTHER, LC_CLASS_READERS, "", "", false},
    {"SYSTEM STOP MERGES t", LC_STMT_OTHER, LC_CLASS_OTHER, "", "", false},
    {"SYSTEM UNFREEZE WITH NAME 'x'", LC_STMT_OTHER, LC_CLASS_DESTRUCTIVE, "", "", false},
    {"ALTER TABLE t UNFREEZE WITH NAME 'x'", LC_STMT_ALTER, LC_CLASS_DESTRUCTIVE, "", "t", true},
    {"ALTER TABLE t EXECUTE expire_snapshots('x')", LC_STMT_ALTER, LC_CLASS_DESTRUCTIVE, "", "t",
     true},
    {"ALTER TABLE t ADD COLUMN a Int8, EXECUTE f()", LC_STMT_ALTER, LC_CLASS_DESTRUCTIVE, "", "t",
     true},
    {"CREATE OR REPLACE MATERIALIZED VIEW d.v ENGINE = Log AS SELECT 1 AS to", LC_STMT_CREATE,
     LC_CLASS_DESTRUCTIVE, "d", "v", false},
    {"CREATE OR REPLACE MATERIALIZED VIEW v (to Int8) ENGINE = Log AS SELECT 1", LC_STMT_CREATE,
     LC_CLASS_DESTRUCTIVE, "", "v", false},
    {"CREATE OR REPLACE MATERIALIZED VIEW v REFRESH EVERY 1 DAY TO d.t AS SELECT 1", LC_STMT_CREATE,
     LC_CLASS_METADATA, "", "v", false},
    {"CREATE OR REPLACE VIEW v AS SELECT 1", LC_STMT_CREATE, LC_CLASS_METADATA, "", "v", false},
    {"WITH 1 AS x INSERT INTO d.t SELECT x", LC_STMT_INSERT, LC_CLASS_INSERT, "d", "t", false},
    {"WITH q AS (SELECT 1) INSERT INTO t SELECT * FROM q", LC_STMT_INSERT, LC_CLASS_INSERT, "", "t",
     false},
    {"WITH 1 AS insert SELECT insert", LC_STMT_READ, LC_CLASS_READ, "", "", false},
};

static void test_statements_are_classed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct stmt_case *c = &cases[i];
        struct lc_stmt s;
        struct lc_error err = LC_ERROR_INIT;

        print_message("  %s\n", c->sql);
        assert_int_equal(lc_stmt_parse(&s, c->sql, strlen(c->sql), &err), 0);
        assert_int_equal(s.kind, c->kind);
        assert_string_equal(lc_class_name(s.class), lc_class_name(c->class));
        assert_string_equal(s.database, c->database);
        assert_string_equal(s.name, c->name);
        assert_int_equal(s.mutates, c->mutates);
        lc_stmt_release(&s);
    }
}

static void check_slice(struct lc_slice s, const char *want)
{
    assert_int_equal(s.n, strlen(want));
    if (s.n)
        assert_memory_equal(s.p, want, s.n);
}

struct column_case {
    const char *sql;
    size_t commands;
    const char *column, *type, *default_kind, *default_expr; /* of the last command, as the rest */
    enum lc_stmt_kind kind;
    bool conditional;
};

static const struct column_case column_cases[] = {
    {"ALTER TABLE t ADD COLUMN IF NOT EXISTS r LowCardinality(String) DEFAULT f(u) AFTER u", 1, "r",
     "LowCardinality(String)", "DEFAULT", "f(u)", LC_STMT_ADD_COLUMN, true},
    {"ALTER TABLE t (ADD COLUMN `r` String DEFAULT f(u, 'a,b') FIRST) SETTINGS mutations_sync = 1",
     1, "r", "String", "DEFAULT", "f(u, 'a,b')", LC_STMT_ADD_COLUMN, false},
    {"ALTER TABLE t ADD COLUMN a Enum8('x' = 1, 'y' = 2) MATERIALIZED b CODEC(ZSTD(1)) COMMENT 'c'",
     1, "a", "Enum8('x' = 1, 'y' = 2)", "MATERIALIZED", "b", LC_STMT_ADD_COLUMN, false},
    {"ALTER TABLE t ADD COLUMN a Map(String, UInt8), ADD COLUMN n.b Array(Int8) ALIAS [1, 2]", 2,
     "n.b", "Array(Int8)", "ALIAS", "[1, 2]", LC_STMT_ADD_COLUMN, false},
    {"ALTER TABLE t ADD COLUMN a DEFAULT 1", 1, "a", "", "DEFAULT", "1", LC_STMT_ADD_COLUMN, false},
    {"ALTER TABLE t ADD COLUMN a String EPHEMERAL", 1, "a", "String", "EPHEMERAL", "",
     LC_STMT_ADD_COLUMN, false},
    {"ALTER TABLE t MODIFY COLUMN IF EXISTS c Nullable(String)", 1, "c", "Nullable(String)", "", "",
     LC_STMT_MODIFY_COLUMN, true},
    {"ALTER TABLE t ALTER COLUMN c TYPE UInt16", 1, "c", "UInt16", "", "", LC_STMT_MODIFY_COLUMN,
     false},
    {"ALTER TABLE t MODIFY COLUMN c DEFAULT g(u)", 1, "c", "", "DEFAULT", "g(u)",
     LC_STMT_MODIFY_COLUMN, false},
    {"CREATE TABLE t (a String, b LowCardinality(String) DEFAULT f(a), INDEX i a TYPE minmax, "
     "CONSTRAINT c CHECK a != '') ENGINE = MergeTree ORDER BY a",
     2, "b", "LowCardinality(String)", "DEFAULT", "f(a)", LC_STMT_ADD_COLUMN, false},
};

static void test_columns_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof column_cases / sizeof *column_cases; i++) {
        const struct column_case *c = &column_cases[i];
        const struct lc_stmt_command *last;
        struct lc_stmt s;

        print_message("  %s\n", c->sql);
        assert_int_equal(lc_stmt_parse(&s, c->sql, strlen(c->sql), NULL), 0);
        assert_int_equal(s.command_n, c->commands);
        last = &s.commands[s.command_n - 1];
        assert_int_equal(last->kind, c->kind);
        assert_string_equal(last->column, c->column);
        check_slice(last->type, c->type);
        check_slice(last->default_kind, c->default_kind);
        check_slice(last->default_expr, c->default_expr);
        assert_int_equal(last->conditional, c->conditional);
        lc_stmt_release(&s);
    }
}

static void test_rename_says_where_to(void **state)
{
    static const char table[] = "RENAME TABLE a.t TO b.u";
    static const char column[] = "ALTER TABLE t RENAME COLUMN IF EXISTS a TO `b c`";
    struct lc_stmt s;

    (void)state;
    assert_int_equal(lc_stmt_parse(&s, table, sizeof table - 1, NULL), 0);
    assert_string_equal(s.renamed_db, "b");
    assert_string_equal(s.renamed_to, "u");
    lc_stmt_release(&s);
    assert_int_equal(lc_stmt_parse(&s, column, sizeof column - 1, NULL), 0);
    assert_string_equal(s.commands[0].renamed_to, "b c");
    lc_stmt_release(&s);
}

/* ON CLUSTER holds for every statement that the cluster's queue takes, wherever its grammar has it. */
static void test_on_cluster_is_seen(void **state)
{
    static const struct {
        const char *sql;
        bool on_cluster;
    } statements[] = {
        {"DROP TABLE IF EXISTS a.t ON CLUSTER c SYNC", true},
        {"DROP DATABASE a ON CLUSTER 'c'", true},
        {"DROP FUNCTION f ON CLUSTER c", true},
        {"TRUNCATE TABLE t ON CLUSTER `c d`", true},
        {"RENAME TABLE a TO b, c TO d ON CLUSTER c", true},
        {"EXCHANGE TABLES a AND b ON CLUSTER c", true},
        {"DETACH TABLE t ON CLUSTER c", true},
        {"OPTIMIZE TABLE t ON CLUSTER c FINAL", true},
        {"DELETE FROM t ON CLUSTER c WHERE x = 1", true},
        {"CREATE DATABASE a ON CLUSTER c", true},
        {"CREATE FUNCTION f ON CLUSTER c AS x -> x", true},
        {"CREATE TABLE t ON CLUSTER c (x UInt8) ENGINE = Log", true},
        {"ALTER TABLE t ON CLUSTER c DROP COLUMN x", true},
        {"GRANT ON CLUSTER c SELECT ON t TO u", true},
        {"DROP TABLE t", false},
        {"DELETE FROM t WHERE x IN (SELECT a FROM u JOIN v ON cluster = a)", false},
        {"CREATE FUNCTION f AS x -> (SELECT 1 FROM u JOIN v ON cluster c)", false},
        {"INSERT INTO t SELECT a FROM u JOIN v ON cluster c", false},
        {"SELECT a FROM u JOIN v ON cluster c", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        const char *sql = statements[i].sql;
        struct lc_stmt s;

        assert_int_equal(lc_stmt_parse(&s, sql, strlen(sql), NULL), 0);
        if (s.on_cluster != statements[i].on_cluster)
            fail_msg("%s: on_cluster is %d", sql, s.on_cluster);
        lc_stmt_release(&s);
    }
}

static void test_populate_is_seen(void **state)
{
    static const char sql[] = "CREATE MATERIALIZED VIEW v ENGINE = Log POPULATE AS SELECT 1";
    struct lc_stmt s;

    (void)state;
    assert_int_equal(lc_stmt_parse(&s, sql, sizeof sql - 1, NULL), 0);
    assert_true(s.populate);
    lc_stmt_release(&s);
}

/* However a statement is cut, reading it ends, and within its bytes. */
static void test_any_cut_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof column_cases / sizeof *column_cases; i++) {
        for (size_t n = 0; n <= strlen(column_cases[i].sql); n++) {
            char *cut = strndup(column_cases[i].sql, n);
            struct lc_stmt s;

            if (lc_stmt_parse(&s, cut, n, NULL) == 0) {
                for (size_t k = 0; k < s.command_n; k++)
                    assert_true(s.commands[k].text.n <= n);
                lc_stmt_release(&s);
            }
            free(cut);
        }
    }
}

/* Brackets that close nothing, and what recursion would have followed to the stack's end. */
static void test_what_is_no_statement_ends(void **state)
{
    static const char *const texts[] = {"CREATE TABLE t (a UInt8 ], b String)",
                                        "CREATE TABLE t (}",
                                        "CREATE TABLE t (a }}}, b ]",
                                        "CREATE TABLE t (,,,]",
                                        "ALTER TABLE t }",
                                        "ALTER TABLE t ADD COLUMN a }, ]",
                                        "ALTER TABLE t ,,,",
                                        "CREATE TABLE t (INDEX ] , a String)"};
    struct lc_buf b;
    struct lc_stmt s;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lc_error err = LC_ERROR_INIT;

        assert_int_equal(lc_stmt_parse(&s, texts[i], strlen(texts[i]), &err), 0);
        assert_string_equal(s.name, "t");
        lc_stmt_release(&s);
    }
    assert_int_equal(lc_stmt_parse(&s, texts[0], strlen(texts[0]), NULL), 0);
    assert_int_equal(s.command_n, 2);
    assert_string_equal(s.commands[1].column, "b");
    lc_stmt_release(&s);
    lc_buf_init(&b, (size_t)1 << 24);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(lc_buf_adds(&b, "EXECUTE AS u "), 0);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(lc_buf_adds(&b, "ALTER TABLE t ADD COLUMN a Int8 PARALLEL WITH "), 0);
    assert_int_equal(lc_buf_adds(&b, "DROP TABLE u"), 0);
    assert_int_equal(lc_stmt_parse(&s, (const char *)b.p, b.n, NULL), 0);
    assert_int_equal(s.kind, LC_STMT_ALTER);
    assert_int_equal(s.command_n, 1);
    assert_int_equal(s.class, LC_CLASS_DESTRUCTIVE);
    lc_stmt_release(&s);
    lc_buf_release(&b);
}

static void test_the_engine_of_a_table(void **state)
{
    static const char *const tables[][2] = {
        {"CREATE TABLE t (a String) ENGINE = ReplicatedMergeTree('/p', 'r') ORDER BY a",
         "ReplicatedMergeTree"},
        {"CREATE TABLE t (engine String) ENGINE MergeTree ORDER BY engine", "MergeTree"},
        {"CREATE TABLE t (a String DEFAULT 'ENGINE = Log') ENGINE=Memory", "Memory"},
        {"CREATE TABLE t AS u", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct lc_stmt s;

        assert_int_equal(lc_stmt_parse(&s, tables[i][0], strlen(tables[i][0]), NULL), 0);
        assert_int_equal(s.engine.n, strlen(tables[i][1]));
        assert_memory_equal(s.engine.n ? (const void *)s.engine.p : "", tables[i][1], s.engine.n);
        lc_stmt_release(&s);
    }
}

/* All tables of a RENAME, EXCHANGE or DROP, as "database.name>to_database.to " in order. */
static void test_all_tables_are_told(void **state)
{
    static const struct {
        const char *sql, *tables;
        bool unclear;
    } statements[] = {
        {"RENAME TABLE a TO b, c.d TO `e f`.g ON CLUSTER x", ".a>.b c.d>e f.g ", false},
        {"RENAME a TO b", ".a>.b ", false},
        {"RENAME TABLE a TO", ".a>. ", true},
        {"RENAME DATABASE a TO b", "", true},
        {"EXCHANGE TABLES a AND b.c", ".a>b.c ", false},
        {"DROP TABLE IF EXISTS a, b.c SYNC", ".a>. b.c>. ", false},
        {"DROP TABLE IF EMPTY a", ".a>. ", false},
        {"DROP DATABASE a", "", false},
        {"DETACH TABLE t", "", true},
        {"ATTACH TABLE t", "", false},
        {"ATTACH DATABASE d", "", true},
        {"UNDROP TABLE t", "", true},
        {"DROP TABLE a PARALLEL WITH DROP TABLE b", ".a>. ", true},
        {"SYSTEM RELOAD DICTIONARIES", "", false},
        {"SYSTEM RESTORE REPLICA t", "", true},
        {"EXECUTE AS u GRANT SELECT ON t TO v", "", false},
        {"CREATE OR REPLACE USER u", "", false},
        {"CREATE TEMPORARY TABLE t (a UInt8)", "", false},
        {"CREATE INDEX i ON t (a) TYPE minmax", "", false},
        {"(SELECT 1)", "", false},
        {"RESTORE TABLE t FROM Disk('d', 'x')", "", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        const char *sql = statements[i].sql;
        struct lc_stmt s;
        struct lc_buf b;

        lc_buf_init(&b, 4096);
        assert_int_equal(lc_stmt_parse(&s, sql, strlen(sql), NULL), 0);
        for (size_t k = 0; k < s.table_n; k++)
            assert_int_equal(lc_buf_addf(&b, "%s.%s>%s.%s ", s.tables[k].database, s.tables[k].name,
                                         s.tables[k].to_database, s.tables[k].to),
                             0);
        if (strcmp(lc_buf_str(&b), statements[i].tables) != 0 || s.unclear != statements[i].unclear)
            fail_msg("%s: %s, unclear is %d", sql, lc_buf_str(&b), s.unclear);
        lc_buf_release(&b);
        lc_stmt_release(&s);
    }
}

static void test_what_a_table_is_made_like(void **state)
{
    static const char *const tables[][3] = {
        {"CREATE TABLE t AS u", "", "u"},
        {"CREATE TABLE t ON CLUSTER c CLONE AS a.u ENGINE = Memory", "a", "u"},
        {"CREATE TABLE t AS SELECT 1", "", ""},
        {"CREATE TABLE t AS numbers(10)", "", ""},
        {"CREATE TABLE t AS a.merge('x')", "", ""},
        {"CREATE TABLE t (a UInt8) ENGINE = Memory AS SELECT 1", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct lc_stmt s;

        assert_int_equal(lc_stmt_parse(&s, tables[i][0], strlen(tables[i][0]), NULL), 0);
        assert_string_equal(s.like_database, tables[i][1]);
        assert_string_equal(s.like, tables[i][2]);
        lc_stmt_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_engine_of_a_table),
        cmocka_unit_test(test_statements_are_classed),
        cmocka_unit_test(test_columns_are_found),
        cmocka_unit_test(test_rename_says_where_to),
        cmocka_unit_test(test_all_tables_are_told),
        cmocka_unit_test(test_what_a_table_is_made_like),
        cmocka_unit_test(test_on_cluster_is_seen),
        cmocka_unit_test(test_populate_is_seen),
        cmocka_unit_test(test_any_cut_is_read),
        cmocka_unit_test(test_what_is_no_statement_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
