/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a migration is recorded as applied, and outside of its turn, since it may read much. What it
 * finds is counted and told; it never turns an applied migration into a failed one.
 */
#include "cli/migrate/verify_after.h"

#include "base/test_points.h"
#include "cli/column/readers.h"
#include "cli/column/verify.h"
#include "cli/migrate/rederive.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_EXAMPLES = 3 };

/* What each look needs: a connection, the run's stop flag, and where lines go. */
struct after {
    struct lc_backend *b;
    const atomic_bool *cancel;
    void (*say)(void *ctx, bool warning, const char *text);
    void *ctx;
};

static void say(const struct after *a, bool warning, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct after *a, bool warning, const char *fmt, ...)
{
    char text[2048];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    a->say(a->ctx, warning, text);
}

/*
 * The first rows that differ. A value that an INSERT gave differs rightly: verify cannot tell
 * it from a wrong one, and says so.
 */
static void say_examples(const struct after *a, const struct lc_verify *v)
{
    for (size_t i = 0; i < v->examples.rows && i < SHOWN_EXAMPLES; i++) {
        char line[1024];

        lc_verify_example(line, sizeof line, v, i);
        say(a, true, "differs: %s", line);
    }
    if (v->sum.differ)
        say(a, true, "values that an INSERT gave may differ on purpose; livecol verify shows more");
}

/*
 * Verify one column by the rules of cli/column/verify.h; true where something is wrong. A
 * column that cannot be compared (LC_ERR_REFUSED) is said, and is not wrong.
 */
static bool look(const struct after *a, const char *database, const char *table, const char *column)
{
    const struct lc_verify_options o = {.cancel = a->cancel};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_column d = {0};
    struct lc_verify v = {0};
    bool wrong = false;
    char line[1024];
    int rc;

    LC_TEST_GATE("before verifying");
    rc = lc_column_find(&d, a->b, database, table, column, &err);
    if (rc == 0)
        rc = lc_verify(&v, &d, &o, &err);
    if (rc == 0) {
        wrong = !lc_verify_is_clean(&v);
        lc_verify_line(line, sizeof line, &v);
        say(a, wrong, "%s.%s.%s: %s", d.database, d.table, d.column, line);
        say_examples(a, &v);
    } else {
        say(a, rc != LC_ERR_REFUSED, "%s.%s.%s is not verified: %s", database, table, column,
            err.msg);
    }
    lc_verify_release(&v);
    lc_column_release(&d);
    return wrong;
}

/*
 * Is it the last of the migration's commands that fill in this column? An earlier one's values
 * are written over: looking at them would read the table twice.
 */
static bool is_last(const struct lc_plan_migration *m, unsigned stmt, size_t command)
{
    const struct lc_stmt *s = &m->stmts[stmt].parsed;
    const char *column = s->commands[command].column;

    for (unsigned i = stmt; i < m->stmt_n; i++) {
        const struct lc_stmt *t = &m->stmts[i].parsed;

        if (strcmp(t->database, s->database) != 0 || strcmp(t->name, s->name) != 0)
            continue;
        for (size_t k = i == stmt ? command + 1 : 0; k < t->command_n; k++) {
            if (t->commands[k].kind == LC_STMT_MATERIALIZE_COLUMN &&
                strcmp(t->commands[k].column, column) == 0)
                return false;
        }
    }
    return true;
}

/*
 * A column that was filled in or re-derived, and the stored columns that are derived from it. How many of
 * them are wrong.
 */
static unsigned look_at_rederived(const struct after *a, const char *database, const char *table,
                                  const char *column)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_readers readers = {0};
    struct lc_column d = {0};
    unsigned wrong = look(a, database, table, column);

    if (lc_column_find(&d, a->b, database, table, column, &err) == 0)
        lc_readers_find(&readers, &d, &err);
    for (size_t i = 0; i < readers.n; i++) {
        if (readers.v[i].kind == LC_READER_DEFAULT || readers.v[i].kind == LC_READER_MATERIALIZED)
            wrong += look(a, database, table, readers.v[i].name);
    }
    if (err.code)
        say(a, true, "what is derived from %s.%s.%s is not verified: %s", database, table, column,
            err.msg);
    lc_readers_release(&readers);
    lc_column_release(&d);
    return wrong;
}

unsigned lc_verify_after_column(struct lc_backend *b, const char *database, const char *table,
                                const char *column, const atomic_bool *cancel,
                                void (*say_line)(void *ctx, bool warning, const char *text),
                                void *ctx)
{
    const struct after a = {b, cancel, say_line, ctx};

    return look_at_rederived(&a, database, table, column);
}

bool lc_verify_after_wants(const struct lc_plan_migration *m)
{
    for (unsigned i = m->first; i < m->stmt_n; i++) {
        const struct lc_stmt *s = &m->stmts[i].parsed;

        if (m->stmts[i].text->rederive)
            return true;
        for (size_t k = 0; k < s->command_n; k++) {
            if (s->commands[k].kind == LC_STMT_MATERIALIZE_COLUMN)
                return true;
        }
    }
    return false;
}

unsigned lc_verify_after(struct lc_backend *b, const struct lc_plan_migration *m,
                         const atomic_bool *cancel,
                         void (*say_line)(void *ctx, bool warning, const char *text), void *ctx)
{
    const struct after a = {b, cancel, say_line, ctx};
    unsigned wrong = 0;

    /* Statements before `first` were done by an earlier run. */
    for (unsigned i = m->first; i < m->stmt_n; i++) {
        const struct lc_stmt *s = &m->stmts[i].parsed;
        char *column = m->stmts[i].text->rederive ? lc_rederive_column(&m->stmts[i]) : NULL;

        if (column)
            wrong +=
                look_at_rederived(&a, lc_stmt_database(s, lc_backend_database(b)), s->name, column);
        for (size_t k = 0; !column && k < s->command_n; k++) {
            if (s->commands[k].kind == LC_STMT_MATERIALIZE_COLUMN && is_last(m, i, k))
                wrong += look(&a, lc_stmt_database(s, lc_backend_database(b)), s->name,
                              s->commands[k].column);
        }
    }
    return wrong;
}
