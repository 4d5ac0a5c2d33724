/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that take turns, and which migrations may go on next to each other. */
#include "base/turns.h"
#include "cli/migrate/conflict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

enum { TASKS = 12, ROUNDS = 200 };

struct plan {
    bool may_pair[TASKS][TASKS];
    unsigned most;
    int fails_at;  /* this task; -1: none */
    unsigned meet; /* no task ends before so many have been open at a time */
    /* what happened; only the task that has the turn writes */
    atomic_int turn; /* how many have it: never above 1 */
    bool begun[TASKS], ended[TASKS], overtaken[TASKS];
    unsigned open, most_open, wrong, failed_too;
};

static void take(struct plan *p)
{
    if (atomic_fetch_add(&p->turn, 1) != 0)
        p->wrong++;
}

static void give(struct plan *p)
{
    atomic_fetch_sub(&p->turn, 1);
}

static bool may_pair(void *ctx, size_t earlier, size_t later)
{
    const struct plan *p = ctx;

    assert_true(earlier < later);
    return p->may_pair[earlier][later];
}

static int overtaken(void *ctx, size_t i, struct lc_error *err)
{
    struct plan *p = ctx;

    (void)err;
    p->wrong += p->overtaken[i] || p->begun[i];
    p->overtaken[i] = true;
    return 0;
}

static void failed_too(void *ctx, size_t i, const struct lc_error *err)
{
    struct plan *p = ctx;

    (void)i;
    p->failed_too++;
    p->wrong += err->code != LC_ERR_SERVER;
}

static int task(void *ctx, struct lc_turns *jobs, size_t i, struct lc_error *err)
{
    struct plan *p = ctx;

    take(p);
    p->begun[i] = true;
    p->open++;
    p->most_open = p->open > p->most_open ? p->open : p->most_open;
    for (size_t e = 0; e < i; e++)
        p->wrong += !p->ended[e] && !p->may_pair[e][i];
    for (size_t e = 0; e < i; e++)
        p->wrong += !p->begun[e] && !p->overtaken[e];
    for (unsigned k = 0; k < 3 || p->most_open < p->meet; k++) {
        give(p);
        lc_turns_leave(jobs, i);
        nanosleep(&(struct timespec){.tv_nsec = (long)((i * 37 + k * 91) % 200) * 1000}, NULL);
        lc_turns_enter(jobs, i);
        take(p);
    }
    p->open--;
    p->ended[i] = true;
    give(p);
    return (int)i == p->fails_at || p->fails_at == TASKS
               ? lc_fail(err, LC_ERR_SERVER, "task %zu fails", i)
               : 0;
}

static void run(struct plan *p, int want, const char *message)
{
    const struct lc_turns_hooks hooks = {may_pair, overtaken, task, failed_too, p};
    struct lc_error err = LC_ERROR_INIT;

    assert_int_equal(lc_turns_run(TASKS, p->most, &hooks, &err), want);
    if (message)
        assert_string_equal(err.msg, message);
    assert_int_equal(p->wrong, 0);
    assert_true(p->most_open <= p->most);
    for (size_t i = 0; i < TASKS; i++)
        assert_int_equal(p->begun[i], p->ended[i]);
}

static void test_turns(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct plan p = {.most = 1 + round % 5, .fails_at = -1};

        for (size_t a = 0; a < TASKS; a++) {
            for (size_t b = a + 1; b < TASKS; b++)
                p.may_pair[a][b] = rand() % 3 != 0;
        }
        run(&p, 0, NULL);
        for (size_t i = 0; i < TASKS; i++)
            assert_true(p.ended[i]);
    }
}

static void test_alone_and_all_together(void **state)
{
    struct plan alone = {.most = 4, .fails_at = -1};
    struct plan together = {.most = 4, .fails_at = -1, .meet = 4};

    (void)state;
    run(&alone, 0, NULL);
    assert_int_equal(alone.most_open, 1);
    memset(together.may_pair, true, sizeof together.may_pair);
    run(&together, 0, NULL);
    assert_int_equal(together.most_open, 4);
}

static void test_failures(void **state)
{
    struct plan one = {.most = 1, .fails_at = 3};
    struct plan each = {.most = 3, .fails_at = TASKS, .meet = 3};

    (void)state;
    run(&one, LC_ERR_SERVER, "task 3 fails");
    assert_true(one.ended[3]);
    assert_false(one.begun[4]);
    memset(each.may_pair, true, sizeof each.may_pair);
    run(&each, LC_ERR_SERVER, NULL);
    assert_int_equal(each.failed_too, 2);
}

/* One migration of up to four statements, between ';'. */
struct one {
    struct lc_migration file;
    struct lc_migration_stmt texts[4];
    struct lc_plan_stmt stmts[4];
    struct lc_plan_migration m;
};

static void make(struct one *o, uint64_t version, const char *sql)
{
    *o = (struct one){.file.version = version};
    o->m = (struct lc_plan_migration){.m = &o->file, .stmts = o->stmts};
    while (*sql) {
        size_t n = strcspn(sql, ";"), i = o->m.stmt_n++;

        assert_true(i < 4);
        o->texts[i] = (struct lc_migration_stmt){.p = sql, .n = n};
        o->stmts[i].text = &o->texts[i];
        assert_int_equal(lc_stmt_parse(&o->stmts[i].parsed, sql, n, NULL), 0);
        sql += n + (sql[n] == ';');
    }
}

static bool allowed(const char *earlier, const char *later, bool required)
{
    struct one a, b;
    uint64_t first = 1;
    bool may;

    make(&a, 1, earlier);
    make(&b, 2, later);
    if (required) {
        b.file.requires = &first;
        b.file.requires_n = 1;
    }
    may = lc_conflict_allowed(&a.m, &b.m);
    for (size_t i = 0; i < 4; i++) {
        lc_stmt_release(&a.stmts[i].parsed);
        lc_stmt_release(&b.stmts[i].parsed);
    }
    return may;
}

static void test_overlap(void **state)
{
#define FILL_T "ALTER TABLE t ADD COLUMN c String DEFAULT f(k);ALTER TABLE t MATERIALIZE COLUMN c"
    static const struct {
        const char *later;
        bool may;
    } cases[] = {
        {"ALTER TABLE u ADD COLUMN c String", true},
        {"ALTER TABLE u ADD COLUMN c String DEFAULT f(k);ALTER TABLE u MATERIALIZE COLUMN c", true},
        {"CREATE TABLE u (k UInt8) ENGINE = MergeTree ORDER BY k", true},
        {"ALTER TABLE u UPDATE c = 'x' WHERE k IN (1, 2) IN PARTITION ID 'a'", true},
        {"ALTER TABLE u UPDATE c = 'x' WHERE k IN (SELECT k FROM v)", false},
        {"ALTER TABLE u UPDATE c = 'x' WHERE k IN v", false},
        {"CREATE TABLE u ENGINE = MergeTree ORDER BY k AS SELECT k FROM v", false},
        {"CREATE TABLE u ENGINE = Merge(db, '.*')", false},
        {"CREATE TABLE u AS merge(db, '.*')", false},
        {"ALTER TABLE t ADD COLUMN d String", false},
        {"ALTER TABLE other.t ADD COLUMN d String", false},
        {"ALTER TABLE u ADD COLUMN c String;ALTER TABLE `t` ADD COLUMN d String", false},
        {"ALTER TABLE u UPDATE c = 'x' WHERE k IN (SELECT k FROM t)", false},
        {"ALTER TABLE u ADD COLUMN c String DEFAULT dictGet('db.t', 'c', k)", false},
        {"CREATE TABLE u AS t", false},
        {"CREATE TABLE u (k UInt8) ENGINE = Distributed(c, db, t)", false},
        {"CREATE TABLE u (k UInt8) ENGINE = Buffer('', 't', 1, 1, 1, 1, 1, 1, 1)", false},
        {"CREATE OR REPLACE TABLE u (k UInt8) ENGINE = Memory", false},
        {"CREATE VIEW u AS SELECT 1", false},
        {"CREATE FUNCTION g AS x -> x", false},
        {"INSERT INTO u VALUES (1)", false},
        {"DROP TABLE u", false},
        {"RENAME TABLE u TO w", false},
        {"SYSTEM RELOAD DICTIONARIES", false},
        {"ALTER TABLE u ADD COLUMN c String;SYSTEM FLUSH LOGS", false},
        {"ALTER TABLE u WHATEVER THIS IS", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (allowed(FILL_T, cases[i].later, false) != cases[i].may)
            fail_msg("next to t: %s", cases[i].later);
        if (allowed(FILL_T, cases[i].later, true))
            fail_msg("though required: %s", cases[i].later);
    }
    /* What the earlier one has left to do counts as well. */
    assert_false(allowed(FILL_T ";DROP TABLE v", "ALTER TABLE u ADD COLUMN c String", false));
    assert_false(allowed(FILL_T ";ALTER TABLE t UPDATE c = '' WHERE k IN (SELECT k FROM u)",
                         "ALTER TABLE u ADD COLUMN c String", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_alone_and_all_together),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_overlap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
