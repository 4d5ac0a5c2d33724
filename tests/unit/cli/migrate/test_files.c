/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of migrations: names, sections, order, hashes, and all that can
 * be wrong with them. */
#include "cli/sql/name.h"
#include "cli/migrate/file_name.h"
#include "cli/migrate/files.h"
#include "cli/migrate/variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* A new folder with these files: name, text, name, text, …, NULL. */
static char *make_dir(const char *const *files)
{
    const char *under = getenv("TMPDIR");
    char *dir = NULL;

    assert_true(asprintf(&dir, "%s/livecol-test-XXXXXX", under ? under : "/tmp") > 0);
    assert_non_null(mkdtemp(dir));
    for (; *files; files += 2) {
        char path[512];
        FILE *f;

        snprintf(path, sizeof path, "%s/%s", dir, files[0]);
        f = fopen(path, "w");
        assert_non_null(f);
        fputs(files[1], f);
        fclose(f);
    }
    return dir;
}

static void remove_dir(char *dir, const char *const *files)
{
    for (; *files; files += 2) {
        char path[512];

        snprintf(path, sizeof path, "%s/%s", dir, files[0]);
        unlink(path);
    }
    assert_int_equal(rmdir(dir), 0);
    free(dir);
}

static void scan(const char *const *files, struct lc_migrations *m)
{
    char *dir = make_dir(files);
    struct lc_error err = LC_ERROR_INIT;

    assert_int_equal(lc_migrations_scan(m, dir, &err), 0);
    remove_dir(dir, files);
}

static void test_files_become_migrations(void **state)
{
    static const char *const files[] = {
        "0002_b.sql",
        "-- migrate:up\nSELECT 1;\nSELECT 2;\n-- migrate:down\nSELECT 3;\n",
        "0001_a.sql",
        "SELECT 'a';",
        "0003_c.up.sql",
        "SELECT 4;",
        "0003_c.down.sql",
        "SELECT 5; SELECT 6",
        ".hidden.sql",
        "'",
        "README.md",
        "none",
        NULL};
    struct lc_migrations m;
    struct lc_error err = LC_ERROR_INIT;

    (void)state;
    scan(files, &m);
    assert_int_equal(lc_migrations_check(&m, true, NULL, NULL, &err), 0);
    assert_int_equal(m.n, 3);
    assert_string_equal(m.v[0].version_text, "0001");
    assert_string_equal(m.v[0].name, "a");
    assert_int_equal(m.v[0].up.n, 1);
    assert_int_equal(m.v[0].down.n, 0);
    assert_string_equal(m.v[0].file.sha256,
                        "636e4be7bb2481ce31798519723e1ab70cb0f85c5f1b7f39fbcaddf2805c9851");
    assert_int_equal(m.v[1].up.n, 2);
    assert_int_equal(m.v[1].up.v[1].line, 3);
    assert_int_equal(m.v[1].up.v[1].byte, 24);
    assert_int_equal(m.v[1].down.n, 1);
    assert_true(m.v[2].pair);
    assert_int_equal(m.v[2].down.n, 2);
    assert_string_not_equal(lc_migration_sha256(&m.v[2], false),
                            lc_migration_sha256(&m.v[2], true));
    assert_string_equal(lc_migration_sha256(&m.v[1], false), lc_migration_sha256(&m.v[1], true));
    assert_ptr_equal(lc_migrations_find(&m, 2), &m.v[1]);
    assert_null(lc_migrations_find(&m, 4));
    lc_migrations_release(&m);
}

static void test_requires_orders(void **state)
{
    static const char *const files[] = {
        "0001_a.sql", "-- migrate:requires 3\nSELECT 1",    "0002_b.sql", "SELECT 2",
        "0003_c.sql", "-- migrate:requires 0002\nSELECT 3", NULL};
    struct lc_migrations m;

    (void)state;
    scan(files, &m);
    assert_int_equal(m.problems.n, 0);
    assert_int_equal(m.v[0].version, 2);
    assert_int_equal(m.v[1].version, 3);
    assert_int_equal(m.v[2].version, 1);
    lc_migrations_release(&m);
}

/* One folder, the problem that is found, and whether it is a gap. */
static const struct {
    const char *files[7];
    const char *file; /* end of the path that is named; "" where any */
    uint64_t line;
    const char *text;
    enum lc_problem_kind kind;
} wrong[] = {
    {{"first.sql", "SELECT 1"},
     "first.sql",
     0,
     "is not the name of a migration: use NNNN_name.sql, or NNNN_name.up.sql with "
     "NNNN_name.down.sql",
     LC_PROBLEM_FILE},
    {{"0001_.sql", "SELECT 1"},
     "0001_.sql",
     0,
     "is not the name of a migration: use NNNN_name.sql, or NNNN_name.up.sql with "
     "NNNN_name.down.sql",
     LC_PROBLEM_FILE},
    {{"0000_zero.sql", "SELECT 1"},
     "0000_zero.sql",
     0,
     "has the version 0: versions are numbers from 1",
     LC_PROBLEM_FILE},
    {{"1234567890123456789_x.sql", "SELECT 1"},
     "_x.sql",
     0,
     "is not the name of a migration: use NNNN_name.sql, or NNNN_name.up.sql with "
     "NNNN_name.down.sql",
     LC_PROBLEM_FILE},
    {{"0001_a\nb.sql", "SELECT 1"},
     "0001_a\\x0ab.sql",
     0,
     "is not the name of a migration: use NNNN_name.sql, or NNNN_name.up.sql with "
     "NNNN_name.down.sql",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "SELECT 1", "1_b.sql", "SELECT 1"}, "1_b.sql", 0, NULL, LC_PROBLEM_FILE},
    {{"0001_a.undo.sql", "SELECT 1"},
     "0001_a.undo.sql",
     0,
     "is a down migration by its name, but would be applied: NNNN_name.down.sql next to "
     "NNNN_name.up.sql is read as one",
     LC_PROBLEM_FILE},
    {{"0001_a.Down.sql", "SELECT 1"}, "0001_a.Down.sql", 0, NULL, LC_PROBLEM_FILE},
    {{"0001_a.ROLLBACK.sql", "SELECT 1"}, "0001_a.ROLLBACK.sql", 0, NULL, LC_PROBLEM_FILE},
    {{"0001_a.teardown.sql", "SELECT 1"}, "0001_a.teardown.sql", 0, NULL, LC_PROBLEM_FILE},
    {{"0001_a.SQL", "SELECT 1"},
     "0001_a.SQL",
     0,
     "a migration's name ends in .sql, in small letters",
     LC_PROBLEM_FILE},
    {{"0001_a.up.Sql", "SELECT 1"}, "0001_a.up.Sql", 0, NULL, LC_PROBLEM_FILE},
    {{"0001_a.up.sql", "SELECT 1", "0001_b.down.sql", "SELECT 1"}, NULL, 0, NULL, LC_PROBLEM_FILE},
    {{"0001_a.down.sql", "SELECT 1"},
     "0001_a.down.sql",
     0,
     "has no .up.sql next to it",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "SELECT 1", "0003_b.sql", "SELECT 1"},
     "0003_b.sql",
     0,
     "follows version 0001: 2 is missing",
     LC_PROBLEM_GAP},
    {{"0001_a.sql", "-- migrate:up\nSELECT 1;\n-- migrate:up\nSELECT 2"},
     "0001_a.sql",
     3,
     "a second section -- migrate:up (the first is at line 1)",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "SELECT 1;\n-- migrate:down\nSELECT 2"},
     "0001_a.sql",
     1,
     "a statement is before the first section: put -- migrate:up above it",
     LC_PROBLEM_FILE},
    {{"0001_a.up.sql", "-- migrate:up\nSELECT 1", "0001_a.down.sql", "SELECT 2"},
     "0001_a.up.sql",
     1,
     "a file of an .up.sql and .down.sql pair has no sections",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "-- migrate:sideways\nSELECT 1"},
     "0001_a.sql",
     1,
     "no such directive: -- migrate:sideways (there are up, down, rederive, requires NNNN, "
     "settings, vars, and allow-unsafe REASON)",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "-- migrate:requires later\nSELECT 1"},
     "0001_a.sql",
     1,
     "-- migrate:requires takes one version, not \"later\"",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "-- migrate:requires 7\nSELECT 1"}, "0001_a.sql", 0, NULL, LC_PROBLEM_FILE},
    {{"0001_a.sql", "-- migrate:requires 2\nSELECT 1", "0002_b.sql",
      "-- migrate:requires 1\nSELECT 1"},
     "0002_b.sql",
     0,
     "requires version 0001, which in turn requires it",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "SELECT 1;\nSELECT 'x"},
     "0001_a.sql",
     2,
     "a string does not end: it begins at line 2, byte 17, and needs a closing '",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "\xff\xfeS"}, "0001_a.sql", 0, "is UTF-16: save it as UTF-8", LC_PROBLEM_FILE},
    {{"0001_a.sql", "\nCREATE MATERIALIZED VIEW v\nENGINE = Log POPULATE AS SELECT 1"},
     "0001_a.sql",
     3,
     "POPULATE loses the rows that are inserted while it runs: create the view without it, then "
     "fill it by INSERT INTO ... SELECT ... WHERE, bounded to the rows from before",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "SET ROLE r; SELECT 1"},
     "0001_a.sql",
     1,
     "SET has no effect here, since each statement is sent by itself: what it sets is the session's",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "SET a = (1); SELECT 1"},
     "0001_a.sql",
     1,
     "settings are written name = value, with commas between, not \"a = (1)\"",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "-- migrate:settings a\nSELECT 1"},
     "0001_a.sql",
     1,
     "settings are written name = value, with commas between, not \"a\"",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "SELECT 1; commit"},
     "0001_a.sql",
     1,
     "commit has no effect here, since each statement is sent by itself, in no transaction: leave "
     "it out",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "use analytics; SELECT 1"},
     "0001_a.sql",
     1,
     "use has no effect here, since each statement is sent by itself: name the database with the "
     "table",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "CREATE TEMPORARY TABLE t (a UInt8)"},
     "0001_a.sql",
     1,
     "a temporary table is gone at the next statement, since each is sent by itself: create a "
     "table, and drop it at the end",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "-- +goose Up\nSELECT 1;\n-- +goose Sideways\n"},
     "0001_a.sql",
     3,
     "this mark of goose is not read: Sideways (Up, Down, StatementBegin, StatementEnd, NO "
     "TRANSACTION and ENVSUB are)",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "SELECT 1;\nSTART TRANSACTION;"},
     "0001_a.sql",
     2,
     "START has no effect here, since each statement is sent by itself, in no transaction: leave it out",
     LC_PROBLEM_FILE},
    {{"0001_a.sql", "EXECUTE AS carol; DROP TABLE t"},
     "0001_a.sql",
     1,
     "EXECUTE AS without a statement has no effect here, since each statement is sent by itself: "
     "write the statement after the user",
     LC_PROBLEM_FILE},
};

static void test_problems_name_their_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct lc_migrations m;
        struct lc_error err = LC_ERROR_INIT;
        const struct lc_problem *p;

        print_message("  %s\n", wrong[i].files[0]);
        scan(wrong[i].files, &m);
        assert_true(m.problems.n >= 1);
        p = &m.problems.v[0];
        assert_int_equal(p->kind, wrong[i].kind);
        assert_int_equal(p->line, wrong[i].line);
        if (wrong[i].text)
            assert_string_equal(p->text, wrong[i].text);
        if (wrong[i].file) {
            size_t n = strlen(p->file), w = strlen(wrong[i].file);

            assert_true(n > w && strcmp(p->file + n - w, wrong[i].file) == 0);
        }
        assert_int_equal(lc_migrations_check(&m, true, NULL, NULL, &err), LC_ERR_INPUT);
        assert_non_null(strstr(err.msg, p->file));
        assert_int_equal(lc_migrations_check(&m, false, NULL, NULL, NULL),
                         wrong[i].kind == LC_PROBLEM_GAP ? 0 : LC_ERR_INPUT);
        lc_migrations_release(&m);
    }
}

/* Comments that were to be a section's mark, by the line that is named; 0: it is none, and runs. */
static const struct {
    const char *text;
    uint64_t line;
} near_marks[] = {
    {"SELECT 1;\n-- Migrate:Down\nDROP TABLE t", 2},
    {"SELECT 1;\n# migrate:down\nDROP TABLE t", 2},
    {"SELECT 1;\n/* migrate:down */\nDROP TABLE t", 2},
    {"SELECT 1;\n/*\n * migrate:down\n */\nDROP TABLE t", 3},
    {"SELECT 1; -- migrate:down\nDROP TABLE t", 1},
    {"SELECT 1\n-- migrate :down\n", 2},
    {"SELECT 1;\n-- migration:down\nDROP TABLE t", 2},
    {"SELECT 1;\n-- goose Down\nDROP TABLE t", 2},
    {"SELECT 1;\n/* +goose Down */\nDROP TABLE t", 2},
    {"SELECT 1;\n--+gooseDown\nSELECT 2", 2},
    {"SELECT 1;\n-- migrate_down\nDROP TABLE t", 2},
    {"SELECT 1;\n-- migrateDown\nDROP TABLE t", 2},
    {"SELECT 1;\n#migrate:down\nDROP TABLE t", 2},
    {"SELECT 1;\n# --- !Downs\nDROP TABLE t", 2},
    {"SELECT 1;\n-- Downs\nDROP TABLE t", 2},
    {"SELECT 1;\n-- [down]\nDROP TABLE t", 2},
    {"SELECT 1;\n-- \"Down\"\nDROP TABLE t", 2},
    {"SELECT 1;\n-- Downgrade script v2\nDROP TABLE t", 2},
    {"SELECT 1;\n-- Down Migration Below\nDROP TABLE t", 2},
    {"SELECT 1;\n-- section: down\nDROP TABLE t", 2},
    {"SELECT 1;\n-- to undo this change:\nDROP TABLE t", 2},
    {"SELECT 1;\n-- //@UNDO SQL to undo the change goes here.\nDROP TABLE t", 2},
    {"SELECT 1;\n---- create above / drop below ----\nDROP TABLE t", 2},
    {"SELECT 1\n-- Down\nDROP TABLE t", 2},
    {"SELECT 1;\n-- Rollback:\n-- goose down\n", 3},
    {"SELECT 1;\n-- Rollback:\n-- DROP TABLE t\n", 0},
    {"SELECT 1;\n-- no down migration\nSELECT 2", 0},
    {"SELECT 1;\n-- down the road it is dropped\nSELECT 2", 0},
    {"SELECT 1;\n-- rollback is by hand\nSELECT 2", 0},
    {"SELECT 1;\n-- migration: down-sample the events\nSELECT 2", 0},
    {"SELECT 1;\n-- backup\nSELECT 2", 0},
    {"CREATE TABLE t (\n  a Int8, -- up\n  b Int8 -- down\n)", 0},
    {"CREATE TABLE t (\n  -- up / down\n  a Int8\n)", 0},
    {"SELECT 1;\n-- rambler down\nDROP TABLE t", 2},
    {"SELECT 1;\n-- +micrate Down\nDROP TABLE t", 2},
    {"SELECT 1;\n---- DOWN ----\nDROP TABLE t", 2},
    {"SELECT 1;\n-- //@UNDO\nDROP TABLE t", 2},
    {"-- Up Migration\nSELECT 1;\n-- Down Migration\nDROP TABLE t", 1},
    {"SELECT 1;\n-- Down Migration\nDROP TABLE t", 2},
    {"SELECT 1;\n-- undo script:\nDROP TABLE t", 2},
    {"SELECT 1;\n-- rollback:\nDROP TABLE t", 2},
    {"INSERT INTO t FORMAT CSV\n1\n-- Migrate:Down\nDROP TABLE t", 3},
    {"SELECT 1;\n-- ─── DOWN ───\nDROP TABLE t", 2},
    {"SELECT 1;\n-- ↓ down ⬇️\nDROP TABLE t", 2},
    {"SELECT 1;\n-- 🔙 Rollback 🔙\nDROP TABLE t", 2},
    {"SELECT 1;\n-- «Down»\nDROP TABLE t", 2},
    {"SELECT 1;\n-- Roll-back\nDROP TABLE t", 2},
    {"SELECT 1;\n-- To roll back:\nDROP TABLE t", 2},
    {"SELECT 1;\n-- backwards\nDROP TABLE t", 2},
    {"SELECT 1;\n-- sqlx: down\nDROP TABLE t", 2},
    {"SELECT 1;\n-- down — it is dropped\nSELECT 2", 0},
    /* tools of any name */
    {"SELECT 1;\n-- +duckdb-migrate down\nDROP TABLE t", 2},
    {"SELECT 1;\n-- +gose Down\nSELECT 2", 2},
    {"SELECT 1;\n-- mirgate:down\nSELECT 2", 2},
    {"SELECT 1;\n-- mytool: rollback\nSELECT 2", 2},
    {"SELECT 1;\n-- :name down :!\nSELECT 2", 2},
    {"SELECT 1;\n-- def downgrade():\nSELECT 2", 2},
    {"SELECT 1;\n-- exports.down\nSELECT 2", 2},
    {"SELECT 1;\n-- downMigration\nSELECT 2", 2},
    {"SELECT 1;\n-- DownSQL\nSELECT 2", 2},
    {"SELECT 1;\n-- rolled back by:\nDROP TABLE t", 2},
    {"SELECT 1;\n-- Rollback instructions\nSELECT 2", 2},
    {"SELECT 1;\n-- down\xef\xbc\x9a\nSELECT 2", 2},
    {"SELECT 1;\n-- \xe5\x9b\x9e\xe6\xbb\x9a\nSELECT 2", 2},
    {"SELECT 1;\n---- create above / drop below ---- (tern)\nDROP TABLE t", 2},
    {"SELECT 1;\n// migrate:down\nDROP TABLE t", 2},
    {"SELECT 1;\n\xe2\x80\x93\xe2\x80\x93 migrate:down\nDROP TABLE t", 2},
    {"INSERT INTO t FORMAT CSV\n1\n# migrate:down\nDROP TABLE t", 3},
    {"INSERT INTO t FORMAT CSV\n1\n/* +goose Down */\nDROP TABLE t", 3},
    {"SELECT 1;\n-- status: up\nSELECT 2", 0},
    {"-- mytool: rollback\nSELECT 1", 0},
    /* a sentence, by what follows it */
    {"SELECT 1;\n-- Down: drop it\nDROP TABLE t", 2},
    {"SELECT 1;\n-- 0001_create.down.sql\nDROP TABLE t", 2},
    {"SELECT 1;\n-- scale down\nALTER TABLE t DROP COLUMN a", 2},
    {"CREATE TABLE t (a Int8) ENGINE = Log;\n-- SQL to run when this is rolled back\nDROP TABLE t",
     2},
    {"ALTER TABLE t ADD COLUMN a Int8;\n-- this is undone by\nALTER TABLE t DROP COLUMN a", 2},
    {"INSERT INTO t VALUES (1);\n-- what undoing it takes\nDELETE FROM t WHERE a = 1", 2},
    {"SELECT 1;\n-- Down: drop it\nSELECT 2", 0},
    {"-- Rollback: drop it\nDROP TABLE t", 0},
    {"SELECT 1;\n-- scale down\nSELECT 2", 0},
    {"CREATE TABLE t (a Int8) ENGINE = Log;\n-- slow down merges\nALTER TABLE t MODIFY SETTING x = 1",
     0},
    {"CREATE TABLE t (a Int8) ENGINE = Log;\n-- what is no longer rolled back\nDROP TABLE old", 0},
    {"SELECT 1;\n-- roll back what was wrong\nALTER TABLE t DELETE WHERE a = 1", 0},
    {"CREATE TABLE n AS t;\nEXCHANGE TABLES t AND n;\n-- takes the old one down\nDROP TABLE n", 0},
    {"CREATE TABLE n (a Int8) ENGINE = Log;\nINSERT INTO t SELECT a FROM n;\n-- takes the help down again\n"
     "DROP TABLE n",
     0},
    /* where the words are at home */
    {"-- migrate:up\n-- Up\nSELECT 1;\n-- migrate:down\n-- Rollback:\nSELECT 2", 0},
    {"-- +goose Up\nSELECT 1;\n-- +goose Down\n-- SQL section 'Down' is run when it is rolled back\nDROP TABLE t",
     0},
    {"-- migrate:up\nSELECT 1;\n-- Down\nSELECT 2;\n-- migrate:down\nSELECT 3", 3},
    {"CREATE TABLE t (\n  -- down\n  a Int8,\n  # rollback\n  b Int8\n) ENGINE = Log", 0},
    {"SELECT 1;\n-- naïve down\nSELECT 2", 0},
    {"SELECT 1;\n-- roll the table back by hand\nSELECT 2", 0},
    {"-- what goes down must come up\nSELECT 1", 0},
    {"-- migrate the events down to one table\nSELECT 1", 0},
    {"-- downstream tables\nSELECT 1", 0},
    {"SELECT '-- migrate:down', `-- Down`", 0},
    {"INSERT INTO t VALUES ('\n-- migrate:down\n')", 0},
};

static void test_near_marks_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof near_marks / sizeof *near_marks; i++) {
        const char *const files[] = {"0001_a.sql", near_marks[i].text, NULL};
        struct lc_migrations m;
        size_t wanted = near_marks[i].line ? 1 : 0;

        scan(files, &m);
        if (m.problems.n != wanted || (wanted && m.problems.v[0].line != near_marks[i].line))
            fail_msg("%s: %zu problems, at line %d", near_marks[i].text, m.problems.n,
                     m.problems.n ? (int)m.problems.v[0].line : 0);
        if (wanted)
            assert_non_null(strstr(m.problems.v[0].text, "looks like the mark of a section"));
        lc_migrations_release(&m);
    }
}

static void test_files_of_other_tools_are_read(void **state)
{
    static const char *const files[] = {
        "00001_goose.sql",
        "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n"
        "-- +goose StatementEnd\nSELECT 2;\n--  +GOOSE down\nSELECT 3;\n",
        "2_sql_migrate.sql",
        "-- +migrate Up notransaction\nSELECT 1;\n-- +migrate Down\nSELECT 2; SELECT 3\n",
        "20260131000000_dbmate.sql",
        "-- migrate:up transaction:false\r\nSELECT 1;\r\n\r\n-- migrate:down transaction:false\r\n"
        "SELECT 2;\r\n",
        "1700000000_golang.up.sql",
        "SELECT 1;\n-- down\n",
        "1700000000_golang.down.sql",
        "-- Down\nSELECT 2;\n",
        "20250101.sql",
        "SELECT 1",
        NULL};
    static const struct {
        const char *name;
        size_t up, down;
        unsigned marks;
    } want[] = {{"goose", 2, 1, LC_MARKS_GOOSE},
                {"sql_migrate", 1, 2, LC_MARKS_SQL_MIGRATE},
                {"20250101", 1, 0, 0},
                {"golang", 1, 1, 0},
                {"dbmate", 1, 1, LC_MARKS_LIVECOL | LC_MARKS_DBMATE}};
    struct lc_migrations m;

    (void)state;
    scan(files, &m);
    for (size_t i = 0; i < m.problems.n; i++)
        assert_int_equal(m.problems.v[i].kind, LC_PROBLEM_GAP);
    assert_int_equal(m.n, sizeof want / sizeof *want);
    for (size_t i = 0; i < m.n; i++) {
        assert_string_equal(m.v[i].name, want[i].name);
        assert_int_equal(m.v[i].up.n, want[i].up);
        assert_int_equal(m.v[i].down.n, want[i].down);
        assert_int_equal(m.v[i].marks, want[i].marks);
    }
    lc_migrations_release(&m);
}

/* What looks like what is refused, and is not. */
static void test_what_is_no_session_and_no_populate(void **state)
{
    static const char *const files[] = {
        "0001_a.sql",
        "SET DEFAULT ROLE r TO u",
        "0002_b.sql",
        "CREATE MATERIALIZED VIEW v (populate UInt8) ENGINE = Log AS SELECT populate FROM t",
        "0003_c.sql",
        "CREATE MATERIALIZED VIEW populate ENGINE = MergeTree ORDER BY populate AS SELECT 1",
        "0004_d.sql",
        "CREATE TABLE t (temporary UInt8) ENGINE = Log",
        "0005_e.sql",
        "EXECUTE AS carol CREATE TABLE t (a UInt8) ENGINE = Log",
        NULL};
    struct lc_migrations m;

    (void)state;
    scan(files, &m);
    for (size_t i = 0; i < m.problems.n; i++)
        print_message("  %s: %s\n", m.problems.v[i].file, m.problems.v[i].text);
    assert_int_equal(m.problems.n, 0);
    lc_migrations_release(&m);
}

static void check_setting(const struct lc_migration_stmt *s, size_t i, const char *name,
                          const char *value)
{
    assert_true(i < s->settings.n);
    assert_string_equal(s->settings.v[2 * i], name);
    assert_string_equal(s->settings.v[2 * i + 1], value);
}

/* SET and its directive hold for what is behind them in their section, and are no statements. */
static void test_settings_go_with_the_statements_behind_them(void **state)
{
    static const char *const files[] = {
        "0001_a.sql",
        "-- migrate:up\nSELECT 1;\nSET a = 1, b = 'x''y';\nSELECT 2;\n-- migrate:settings c = -2.5, d = true\n"
        "SELECT 3;\nSET a = DEFAULT, b=DEFAULT, c = 1e3, d = 0x1F, e, f = {'}': 'a'}, g = 1.50;\nSELECT 3.5;\n"
        "-- migrate:down\nSELECT 4;\nSET h;\nSELECT 5;\n",
        NULL};
    struct lc_migrations m;

    (void)state;
    scan(files, &m);
    assert_int_equal(m.problems.n, 0);
    assert_int_equal(m.v[0].up.n, 4);
    check_setting(&m.v[0].up.v[3], 2, "c", "1000"); /* the first two are the former ones */
    check_setting(&m.v[0].up.v[3], 3, "d", "31");
    check_setting(&m.v[0].up.v[3], 4, "e", "1");
    check_setting(&m.v[0].up.v[3], 5, "f", "{'}': 'a'}");
    check_setting(&m.v[0].up.v[3], 6, "g", "1.50");
    check_setting(&m.v[0].down.v[1], 0, "h", "1");
    assert_int_equal(m.v[0].up.v[0].settings.n, 0);
    assert_int_equal(m.v[0].up.v[1].settings.n, 2);
    check_setting(&m.v[0].up.v[1], 0, "a", "1");
    check_setting(&m.v[0].up.v[1], 1, "b", "x'y");
    assert_int_equal(m.v[0].up.v[2].settings.n, 4);
    check_setting(&m.v[0].up.v[2], 2, "c", "-2.5");
    check_setting(&m.v[0].up.v[2], 3, "d", "1");
    assert_int_equal(m.v[0].down.v[0].settings.n, 0);
    lc_migrations_release(&m);
}

/* What is wrong in a lone .down.sql is told of that file. */
static void test_problems_of_a_lone_down_file_name_it(void **state)
{
    static const char *const files[] = {"0001_a.down.sql",
                                        "-- migrate:vars a\nSELECT ${b}, ${a};\n", NULL};
    const struct lc_strings given = {0};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_migrations m;
    size_t before;

    (void)state;
    scan(files, &m);
    before = m.problems.n;
    assert_int_equal(lc_variables_fill(&m, &given), 0);
    assert_int_equal(lc_migrations_force(&m, "goose", &err), 0);
    assert_int_equal(m.problems.n, before + 3);
    for (size_t i = before; i < m.problems.n; i++)
        assert_non_null(strstr(m.problems.v[i].file, "/0001_a.down.sql"));
    lc_migrations_release(&m);
}

static void test_variables_are_filled_in(void **state)
{
    static const char *const files[] = {
        "0001_a.sql", "-- migrate:vars cluster, days\nSELECT '${cluster}', ${days:-7}, ${days:-}",
        "0002_b.sql", "SELECT '${cluster}'",
        "0003_c.sql", "-- migrate:vars other\nSELECT 1;\nSELECT\n${other}",
        "0004_d.sql", "-- migrate:vars cluster\nSELECT ${clusters}",
        "0005_e.sql", "-- +goose ENVSUB ON\n-- +goose Up\nSELECT '${LC_TEST_ENVSUB}'",
        NULL};
    static const char *given_v[] = {"cluster=first", "cluster=main"};
    const struct lc_strings given = {given_v, 2}, none = {NULL, 0};
    static const char *secret_v[] = {"cluster"};
    const struct lc_strings secret = {secret_v, 1};
    char hash[LC_SHA256_HEX], *used;
    struct lc_migrations m;

    (void)state;
    setenv("LC_TEST_ENVSUB", "from the environment", 1);
    scan(files, &m);
    memcpy(hash, m.v[0].up.v[0].sha256, sizeof hash);
    assert_int_equal(lc_variables_fill(&m, &given), 0);
    assert_int_equal(m.v[0].up.v[0].n, strlen("SELECT 'main', 7, "));
    assert_memory_equal(m.v[0].up.v[0].p, "SELECT 'main', 7, ", m.v[0].up.v[0].n);
    assert_memory_equal(m.v[0].up.v[0].sha256, hash, sizeof hash);
    assert_memory_equal(m.v[1].up.v[0].p, "SELECT '${cluster}'", m.v[1].up.v[0].n);
    assert_memory_equal(m.v[4].up.v[0].p, "SELECT 'from the environment'", m.v[4].up.v[0].n);
    assert_int_equal(m.problems.n, 2);
    assert_int_equal(m.problems.v[0].version, 3);
    assert_int_equal(m.problems.v[0].line, 4);
    assert_non_null(strstr(m.problems.v[0].text, "the variable other has no value"));
    assert_int_equal(m.problems.v[1].version, 4);
    assert_non_null(strstr(m.problems.v[1].text, "${clusters} is not a variable of this file"));
    used = lc_variables_used(&m.v[0], &given, &none);
    assert_string_equal(used, "cluster=main");
    free(used);
    used = lc_variables_used(&m.v[0], &given, &secret);
    assert_string_equal(used, "cluster=(secret)");
    free(used);
    lc_migrations_release(&m);
}

static void test_names_of_files(void **state)
{
    static const struct {
        const char *file, *name; /* NULL: it is no name of a migration */
        uint64_t version;
    } cases[] = {
        {"0001_a.sql", "a", 1},
        {"0001-a.sql", "a", 1},
        {"20260131-a_b.sql", "a_b", 20260131},
        {"7-x-2.up.sql", "x-2", 7},
        {"20260131.sql", "20260131", 20260131},
        {"2026-01-31.sql", NULL, 0},
        {"2026-01-31_a.sql", NULL, 0},
        {"0001-.sql", NULL, 0},
        {"0001 a.sql", NULL, 0},
        {"0001.sql", NULL, 0},
        {"0001a.sql", NULL, 0},
        {"a_1.sql", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_file_name name;
        bool is = lc_file_name_parse(cases[i].file, &name);

        if (is != (cases[i].name != NULL))
            fail_msg("%s", cases[i].file);
        if (!is)
            continue;
        assert_int_equal(name.version, cases[i].version);
        assert_int_equal(name.name_n, strlen(cases[i].name));
        assert_memory_equal(name.name, cases[i].name, name.name_n);
    }
}

/* What is sent of statement i, and the environment that ENVSUB reads. */
static void check_sent(const struct lc_migrations *m, size_t i, const char *wanted)
{
    const struct lc_migration_stmt *s = &m->v[0].up.v[i];

    if (s->n != strlen(wanted) || memcmp(s->p, wanted, s->n) != 0)
        fail_msg("statement %zu is <%.*s>, wanted <%s>", i, (int)s->n, s->p, wanted);
}

static void set_envsub_environment(void)
{
    setenv("LC_A", "x$y", 1);
    setenv("LC_EMPTY", "", 1);
    unsetenv("LC_NONE");
}

/* ENVSUB holds from its line to OFF, within a statement too, and knows what goose knows. */
static void test_envsub_holds_from_line_to_line(void **state)
{
    static const char *const files[] = {
        "0001_a.sql",
        "-- +goose Up\nSELECT '${LC_A}', '$LC_A';\n"
        "-- +goose envsub on\nSELECT '${LC_A}', '$LC_A.', '${LC_EMPTY:-d}', '${LC_EMPTY-d}', '${LC_NONE-}', "
        "'${LC_NONE:-a b}', '${LC_A?m}', '$$LC_A', '\\$LC_A', '\\\\', '$(LC_A)', '\n$\n';\n"
        "-- +goose NO TRANSACTION\n"
        "SELECT $LC_A,\n-- +goose ENVSUB OFF\n'$LC_A',\n-- +goose ENVSUB ON\n${LC_A};\n"
        "SELECT '$LC_A';\n-- +goose ENVSUB OFF\nSELECT '$LC_A ${LC_A';\n",
        NULL};
    const struct lc_strings none = {NULL, 0};
    struct lc_migrations m;

    (void)state;
    set_envsub_environment();
    scan(files, &m);
    assert_int_equal(lc_variables_fill(&m, &none), 0);
    assert_int_equal(m.problems.n, 0);
    assert_int_equal(m.v[0].up.n, 5);
    check_sent(&m, 0, "SELECT '${LC_A}', '$LC_A'");
    check_sent(&m, 1,
               "SELECT 'x$y', 'x$y.', 'd', '', '', 'a b', 'x$y', '$LC_A', '$LC_A', '\\\\', "
               "'$(LC_A)', '\n$\n'");
    check_sent(&m, 2, "SELECT x$y,\n-- +goose ENVSUB OFF\n'$LC_A',\n-- +goose ENVSUB ON\nx$y");
    check_sent(&m, 3, "SELECT 'x$y'");
    check_sent(&m, 4, "SELECT '$LC_A ${LC_A'");
    lc_migrations_release(&m);
}

/* What would be sent as it is, or as something else than one statement, is a problem. */
static void test_variables_that_are_refused(void **state)
{
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"-- +goose ENVSUB ON\n-- +goose Up\nSELECT '${LC_A:0:1}'", "${LC_A:0:1} is not read"},
        {"-- +goose ENVSUB ON\n-- +goose Up\nSELECT '${LC_NONE:-$LC_A}'", "within another"},
        {"-- +goose ENVSUB ON\n-- +goose Up\nSELECT '$LC_NONE'", "LC_NONE is not set"},
        {"-- +goose ENVSUB ON\n-- +goose Up\nSELECT '${LC_NONE?by the release}'", "by the release"},
        {"-- +goose ENVSUB ON\n-- +goose Up\nSELECT '^a$'", "$' is no variable"},
        {"-- +goose ENVSUB ON\n-- +goose Up\nSELECT '${LC_A'", "has no }"},
        {"-- migrate:vars a\nSELECT '${a'", "has no }"},
        {"-- migrate:vars a\nSELECT '${a:-${a}}'", "within another"},
        {"-- migrate:vars a\nSELECT '${a-b}'", "${a-b} is not read"},
        {"-- migrate:vars a\nSELECT '${1a}'", "names have letters"},
        {"-- migrate:vars a\nSELECT ${a};", NULL},
        {"-- migrate:vars semicolon\nSELECT ${semicolon}", "more than one statement"},
        {"-- migrate:vars semicolon\nSELECT '${semicolon}'", NULL},
        {"-- migrate:vars mark\nSELECT 1\n${mark}", "more than one statement"},
        {"-- migrate:vars quote\nSELECT '${quote}'", "a string does not end"},
        {"-- migrate:vars comment\n${comment}", "nothing is left"},
        {"-- migrate:vars comment\nSELECT 1 ${comment}", NULL},
        {"-- migrate:vars empty\n${empty}", "nothing is left"},
        {"-- migrate:vars set\n${set}", "this is a SET"},
        {"-- migrate:vars use\n${use}", "USE has no effect"},
    };
    static const char *given_v[] = {"a=1",           "semicolon=1; DROP TABLE t",
                                    "quote=it's",    "mark=-- migrate:down",
                                    "comment=-- x",  "empty=",
                                    "set=SET a = 1", "use=USE d"};
    const struct lc_strings given = {given_v, 8};

    (void)state;
    set_envsub_environment();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const files[] = {"0001_a.sql", cases[i].text, NULL};
        struct lc_migrations m;

        scan(files, &m);
        assert_int_equal(lc_variables_fill(&m, &given), 0);
        if (m.problems.n != (cases[i].problem ? 1 : 0) ||
            (cases[i].problem && !strstr(m.problems.v[0].text, cases[i].problem)))
            fail_msg("%s: %zu problems: %s", cases[i].text, m.problems.n,
                     m.problems.n ? m.problems.v[0].text : "");
        lc_migrations_release(&m);
    }
}

/* A name on the command line that no file has is a slip: its value would go nowhere. */
static void test_names_that_no_file_declares(void **state)
{
    static const char *const files[] = {"0001_a.sql", "-- migrate:vars days\nSELECT ${days:-7}",
                                        NULL};
    static const char *const with_envsub[] = {"0001_a.sql",
                                              "-- +goose ENVSUB ON\n-- +goose Up\nSELECT 1", NULL};
    static const char *day_v[] = {"days=1", "day=30"}, *secret_v[] = {"LC_A"};
    const struct lc_strings none = {NULL, 0}, good = {day_v, 1}, bad = {day_v, 2},
                            secret = {secret_v, 1};
    struct lc_error err = LC_ERROR_INIT, of_secret = LC_ERROR_INIT;
    struct lc_migrations m;

    (void)state;
    set_envsub_environment();
    scan(files, &m);
    assert_int_equal(lc_variables_check_names(&m, &good, &none, &err), 0);
    assert_int_equal(lc_variables_check_names(&m, &bad, &none, &err), LC_ERR_USAGE);
    assert_non_null(strstr(err.msg, "declares the variable day"));
    assert_string_equal(err.hint, "did you mean days?");
    assert_int_equal(lc_variables_check_names(&m, &none, &secret, &of_secret), LC_ERR_USAGE);
    assert_non_null(strstr(of_secret.msg, "--secret-var: no file"));
    lc_migrations_release(&m);
    scan(with_envsub, &m);
    assert_int_equal(lc_variables_check_names(&m, &none, &secret, NULL), 0);
    secret_v[0] = "LC_NONE";
    assert_int_equal(lc_variables_check_names(&m, &none, &secret, NULL), LC_ERR_USAGE);
    lc_migrations_release(&m);
}

static bool runs_second(const void *ctx, const struct lc_problem *p)
{
    (void)ctx;
    return p->version == 2;
}

static bool runs_up(const void *ctx, const struct lc_problem *p)
{
    (void)ctx;
    return p->section != LC_PROBLEM_OF_DOWN;
}

static bool runs_down(const void *ctx, const struct lc_problem *p)
{
    (void)ctx;
    return p->section != LC_PROBLEM_OF_UP;
}

/* What is wrong with the way back does not keep `up` from its work, nor the other way round. */
static void test_problems_are_of_their_section(void **state)
{
    static const struct {
        const char *name, *text;
        int up, down;
    } cases[] = {
        {"0001_a.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\nUSE d;", 0, LC_ERR_INPUT},
        {"0001_a.sql", "-- migrate:up\nUSE d;\n-- migrate:down\nSELECT 1;", LC_ERR_INPUT, 0},
        {"0001_a.sql", "-- migrate:vars a\n-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT ${a};",
         0, LC_ERR_INPUT},
        {"0001_a.sql", "-- migrate:vars a\n-- migrate:up\nSELECT ${a};\n-- migrate:down\nSELECT 1;",
         LC_ERR_INPUT, 0},
        {"0001_a.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT ';", LC_ERR_INPUT,
         LC_ERR_INPUT},
        {"0001_a.up.sql", "SELECT ';", LC_ERR_INPUT, 0},
    };
    const struct lc_strings none = {NULL, 0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const files[] = {cases[i].name, cases[i].text, NULL};
        struct lc_error up = LC_ERROR_INIT, down = LC_ERROR_INIT;
        struct lc_migrations m;

        scan(files, &m);
        assert_int_equal(lc_variables_fill(&m, &none), 0);
        assert_int_equal(lc_migrations_check(&m, false, runs_up, NULL, &up), cases[i].up);
        assert_int_equal(lc_migrations_check(&m, false, runs_down, NULL, &down), cases[i].down);
        lc_migrations_release(&m);
    }
}

/* Statements i of the section are 1, 2, … as the file has them. */
static void check_numbers(const struct lc_section_stmts *s, size_t n)
{
    assert_int_equal(s->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(s->v[i].n, strlen("SELECT 1"));
        assert_int_equal(s->v[i].p[s->v[i].n - 1], (char)('1' + i));
    }
}

/* A file without sections and its way back are a pair, whichever is read first. */
static void test_a_whole_file_may_have_its_way_back(void **state)
{
    static const struct {
        const char *files[7], *problem;
    } cases[] = {
        {{"0001_a.sql", "SELECT 1;\nSELECT 2", "0001_a.down.sql", "SELECT 1;SELECT 2;SELECT 3"},
         NULL},
        {{"001_a.sql", "SELECT 1;\nSELECT 2", "1_a.down.sql", "SELECT 1;SELECT 2;SELECT 3"}, NULL},
        {{"0001_a.sql", "-- migrate:up\nSELECT 1", "0001_a.down.sql", "SELECT 1"},
         "has no sections"},
        {{"001_a.sql", "-- migrate:up\nSELECT 1", "1_a.down.sql", "SELECT 1"},
         "has the version of"},
        {{"0001_a.sql", "SELECT 1", "0001_b.down.sql", "SELECT 1"}, "has the version of"},
        {{"0001_a.sql", "SELECT 1", "0001_a.up.sql", "SELECT 1"}, "has the version of"},
        {{"0001_a.sql", "SELECT 1", "0001_a.up.sql", "SELECT 1", "0001_a.down.sql", "SELECT 1"},
         "has the version of"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_migrations m;

        scan(cases[i].files, &m);
        if (cases[i].problem) {
            if (!m.problems.n || !strstr(m.problems.v[0].text, cases[i].problem))
                fail_msg("case %zu: %s", i, m.problems.n ? m.problems.v[0].text : "no problem");
        } else {
            assert_int_equal(m.problems.n, 0);
            assert_int_equal(m.n, 1);
            assert_true(m.v[0].pair);
            check_numbers(&m.v[0].up, 2);
            check_numbers(&m.v[0].down, 3);
            assert_string_not_equal(lc_migration_sha256(&m.v[0], false),
                                    lc_migration_sha256(&m.v[0], true));
        }
        lc_migrations_release(&m);
    }
}

/* goose leaves out each "--" of the line, so that what is commented twice is a mark there, too. */
static void test_marks_of_goose_with_more_dashes(void **state)
{
    static const char *const files[] = {
        "0001_a.sql",
        "---- +goose Up ----\nSELECT 1;\n-- -- +goose StatementBegin\nSELECT 2;\n--  --+goose StatementEnd --\n"
        "-- -- +goose Down\n-- -- +goose StatementBegin\n-- -- DROP TABLE t;\n-- -- +goose StatementEnd\n",
        NULL};
    struct lc_migrations m;

    (void)state;
    scan(files, &m);
    check_numbers(&m.v[0].up, 2);
    assert_int_equal(m.v[0].down.n, 0);
    assert_true(m.v[0].has_down);
    assert_int_equal(m.problems.n, 0);
    lc_migrations_release(&m);
}

/* Consent is to what the way there does. */
static void test_consent_is_of_the_way_there(void **state)
{
    static const struct {
        const char *files[5], *reason;
    } cases[] = {
        {{"0001_a.sql", "-- migrate:allow-unsafe why\nDROP TABLE t"}, "why"},
        {{"0001_a.sql", "-- migrate:up\nDROP TABLE t;\n-- migrate:allow-unsafe why"}, "why"},
        {{"0001_a.sql",
          "-- migrate:up\nDROP TABLE t;\n-- migrate:down\n-- migrate:allow-unsafe why"},
         NULL},
        {{"0001_a.sql",
          "-- migrate:allow-unsafe why\n-- migrate:up\nDROP TABLE t;\n-- migrate:down\n"
          "-- migrate:allow-unsafe back"},
         "why"},
        {{"0001_a.up.sql", "DROP TABLE t", "0001_a.down.sql", "-- migrate:allow-unsafe why"}, NULL},
        {{"0001_a.sql",
          "SELECT '\n-- migrate:allow-unsafe why\n'; /*\n-- migrate:allow-unsafe why */ DROP TABLE t"},
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_migrations m;
        const char *reason;

        scan(cases[i].files, &m);
        reason = m.v[0].allow_unsafe;
        if (!reason != !cases[i].reason || (reason && strcmp(reason, cases[i].reason) != 0))
            fail_msg("case %zu: %s", i, reason ? reason : "none");
        lc_migrations_release(&m);
    }
}

/* Several pairs of sections in one file, as dbmate has them: both ways in the order of the file. */
static void test_sections_may_come_in_pairs(void **state)
{
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"-- migrate:up\nSET a = 1;\nSELECT 1;\n-- migrate:down\nSELECT 1;\n-- migrate:up transaction:false\nSELECT 2\n"
         "-- migrate:down\nSELECT 2;\nSELECT 3",
         NULL},
        {"-- +migrate Up\nSELECT 1\n-- +migrate Down\nSELECT 1;\n-- +migrate Up\nSELECT 2;\n-- +migrate Down\n"
         "SELECT 2;\nSELECT 3;",
         NULL},
        {"-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\n-- +goose Up\nSELECT 2;",
         "a second section -- migrate:up"},
        {"-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 1;\n-- migrate:down\nSELECT 2;",
         "a second section -- migrate:down"},
        {"-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 1;\n-- migrate:up\nSELECT 2;\n-- migrate:up\nSELECT 3;",
         "a second section -- migrate:up (the first is at line 5)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const files[] = {"0001_a.sql", cases[i].text, NULL};
        struct lc_migrations m;

        scan(files, &m);
        assert_int_equal(m.problems.n, cases[i].problem ? 1 : 0);
        if (cases[i].problem) {
            assert_non_null(strstr(m.problems.v[0].text, cases[i].problem));
        } else {
            check_numbers(&m.v[0].up, 2);
            check_numbers(&m.v[0].down, 3);
            assert_int_equal(m.v[0].up.v[1].settings.n, 0);
        }
        lc_migrations_release(&m);
    }
}

/* Of a file that is not run it is of no matter what it holds; and nothing to do is no problem. */
static void test_only_what_is_run_is_checked(void **state)
{
    static const char *const files[] = {"0001_a.sql", "USE db", "0002_b.sql", "-- nothing\n", NULL};
    struct lc_migrations m;

    (void)state;
    scan(files, &m);
    assert_int_equal(m.problems.n, 2);
    assert_int_equal(m.problems.v[0].version, 1);
    assert_int_equal(m.problems.v[1].kind, LC_PROBLEM_NOTE);
    assert_int_equal(lc_migrations_check(&m, true, NULL, NULL, NULL), LC_ERR_INPUT);
    assert_int_equal(lc_migrations_check(&m, true, runs_second, NULL, NULL), 0);
    assert_int_equal(lc_migrations_check(&m, true, lc_migrations_none, NULL, NULL), 0);
    lc_migrations_release(&m);
}

static void test_time_stamps_may_have_gaps(void **state)
{
    static const char *const files[] = {"20260101120000_a.sql", "SELECT 1", "20260301090000_b.sql",
                                        "SELECT 2", NULL};
    struct lc_migrations m;

    (void)state;
    scan(files, &m);
    assert_int_equal(m.problems.n, 0);
    assert_int_equal(m.v[1].version, 20260301090000);
    lc_migrations_release(&m);
}

static void test_missing_directory_is_said(void **state)
{
    struct lc_migrations m;
    struct lc_error err = LC_ERROR_INIT;

    (void)state;
    assert_int_equal(lc_migrations_scan(&m, "/nonexistent/migrations", &err), LC_ERR_IO);
    assert_string_equal(err.msg, "cannot read the migrations directory /nonexistent/migrations: "
                                 "No such file or directory");
    assert_string_equal(err.hint,
                        "name it with --migrations-dir, or create one with: livecol new NAME");
}

static void check_table_name(const char *text, const char *database, const char *table)
{
    char *d, *t;
    struct lc_error err = LC_ERROR_INIT;

    assert_int_equal(lc_table_name_parse(text, &d, &t, &err), 0);
    if (database)
        assert_string_equal(d, database);
    else
        assert_null(d);
    assert_string_equal(t, table);
    free(d);
    free(t);
}

static void test_table_names(void **state)
{
    static const char *const bad[] = {"", ".t", "d.", "`d", "`d`x.t", "\"\".t"};

    (void)state;
    check_table_name("schema_migrations", NULL, "schema_migrations");
    check_table_name("t", NULL, "t");
    check_table_name("d.t", "d", "t");
    check_table_name("d.t.u", "d", "t.u");
    check_table_name("`d.e`.`t``; DROP TABLE x`", "d.e", "t`; DROP TABLE x");
    check_table_name("\"d\".t'x", "d", "t'x");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *d, *t;

        assert_int_equal(lc_table_name_parse(bad[i], &d, &t, NULL), LC_ERR_USAGE);
        assert_null(d);
        assert_null(t);
    }
}

static void test_sha256_of_known_text(void **state)
{
    char hex[LC_SHA256_HEX];

    (void)state;
    assert_int_equal(lc_sha256_hex("abc", 3, hex), 0);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(lc_sha256_hex(NULL, 0, hex), 0);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_become_migrations),
        cmocka_unit_test(test_requires_orders),
        cmocka_unit_test(test_problems_name_their_file),
        cmocka_unit_test(test_time_stamps_may_have_gaps),
        cmocka_unit_test(test_near_marks_are_refused),
        cmocka_unit_test(test_files_of_other_tools_are_read),
        cmocka_unit_test(test_what_is_no_session_and_no_populate),
        cmocka_unit_test(test_only_what_is_run_is_checked),
        cmocka_unit_test(test_settings_go_with_the_statements_behind_them),
        cmocka_unit_test(test_variables_are_filled_in),
        cmocka_unit_test(test_envsub_holds_from_line_to_line),
        cmocka_unit_test(test_variables_that_are_refused),
        cmocka_unit_test(test_names_that_no_file_declares),
        cmocka_unit_test(test_names_of_files),
        cmocka_unit_test(test_consent_is_of_the_way_there),
        cmocka_unit_test(test_a_whole_file_may_have_its_way_back),
        cmocka_unit_test(test_marks_of_goose_with_more_dashes),
        cmocka_unit_test(test_problems_are_of_their_section),
        cmocka_unit_test(test_sections_may_come_in_pairs),
        cmocka_unit_test(test_problems_of_a_lone_down_file_name_it),
        cmocka_unit_test(test_missing_directory_is_said),
        cmocka_unit_test(test_table_names),
        cmocka_unit_test(test_sha256_of_known_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
