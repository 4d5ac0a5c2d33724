/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table is made here as the statement would make it, and each expression is looked at over its
 * columns, as those of an ALTER are.
 */
#include "cli/column/create_check.h"

#include "cli/column/declared_check.h"
#include "cli/column/names_check.h"
#include "cli/column/storage_check.h"
#include "cli/sql/walk.h"

#include <stdlib.h>
#include <string.h>

enum { ENGINE_NAMES_MAX = 8 };

/* The table on trial. */
struct made {
    struct lc_backend *b;
    const struct lc_table *t;
    bool functions; /* the run makes some */
};

static int check_expression(const struct made *m, struct lc_slice expr, bool ttl,
                            struct lc_error *err)
{
    char *text = expr.n ? strndup((const char *)expr.p, expr.n) : NULL;
    int rc = !text ? 0
             : ttl ? lc_names_check_ttl(m->b, m->t, text, m->functions, err)
                   : lc_names_check(m->b, m->t, text, m->functions, err);

    free(text);
    return rc;
}

/* Behind the engine: each key's expression ends where another clause begins. */
static int check_keys(const struct made *m, struct lc_slice storage, struct lc_error *err)
{
    static const char *const keys[] = {"PARTITION BY", "PRIMARY KEY", "ORDER BY", "SAMPLE BY"};
    static const char *const ends[] = {"PARTITION", "PRIMARY", "ORDER", "SAMPLE", "TTL",
                                       "SETTINGS",  "COMMENT", "AS",    NULL};
    struct lc_walk w = lc_walk_slice(storage);
    int rc = 0;

    while (rc == 0 && !lc_walk_at_end(&w) && !w.rc) {
        bool found = false;

        for (size_t i = 0; rc == 0 && !found && i < sizeof keys / sizeof *keys; i++) {
            struct lc_walk expr = w;

            found = lc_walk_accept(&expr, keys[i]);
            if (found) {
                rc = check_expression(m, lc_walk_take_until(&expr, ends), false, err);
                lc_walk_accept(&w, keys[i]);
            }
        }
        if (!found && !lc_walk_next(&w))
            break;
    }
    return rc;
}

/* TTL, indexes and constraints, as the table holds them. */
static int check_parts(const struct made *m, struct lc_error *err)
{
    static const char *const ends[] = {"TYPE",       "DELETE",   "TO",      "WHERE", "GROUP",
                                       "RECOMPRESS", "SETTINGS", "COMMENT", "SET",   NULL};
    const struct lc_table *t = m->t;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < t->parts_n; i++) {
        struct lc_walk w = lc_walk_text(t->parts[i].text);
        struct made one = *m;
        bool ttl =
            t->parts[i].kind == LC_CREATE_TABLE_TTL || t->parts[i].kind == LC_CREATE_COLUMN_TTL;

        if (t->parts[i].kind == LC_CREATE_PROJECTION)
            continue;
        /* The server looks for a constraint's columns, and not for its functions. */
        one.functions = m->functions || t->parts[i].kind == LC_CREATE_CONSTRAINT;
        if (!lc_walk_accept(&w, "CHECK"))
            lc_walk_accept(&w, "ASSUME");
        rc = check_expression(&one, lc_walk_take_until(&w, ends), ttl, err);
    }
    return rc;
}

/* "d Date TTL d + INTERVAL 1 DAY" */
static int check_column_ttls(const struct made *m, const struct lc_stmt *stmt, struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < stmt->command_n; i++)
        rc = lc_names_check_column_ttl(m->b, m->t, stmt->commands[i].text, m->functions, err);
    return rc;
}

/* ReplacingMergeTree(version), SummingMergeTree((a, b)). */
static int check_engine(const struct lc_table *t, struct lc_slice storage, struct lc_error *err)
{
    char *text = strndup((const char *)storage.p, storage.n), *names[ENGINE_NAMES_MAX];
    size_t n = text && !strstr(t->engine, "Graphite")
                   ? lc_create_engine_names(text, t->engine, names, ENGINE_NAMES_MAX)
                   : 0;
    int rc = text ? 0 : lc_no_memory(err);

    for (size_t i = 0; i < n; i++) {
        if (rc == 0 && !lc_table_column_or_member(t, names[i])) {
            lc_fail(err, LC_ERR_REFUSED, "%s names %s, and %s.%s has no such column", t->engine,
                    names[i], t->database, t->name);
            lc_hint(err, "Nothing was changed");
            rc = LC_ERR_REFUSED;
        }
        free(names[i]);
    }
    free(text);
    return rc;
}

int lc_create_check(struct lc_backend *b, const struct lc_stmt *stmt, bool functions,
                    bool own_settings, struct lc_error *err)
{
    struct lc_table t = {0};
    const struct made m = {b, &t, functions};
    int rc = 0;

    if (!stmt->engine.n)
        return 0;
    for (size_t i = 0; rc == 0 && i < stmt->command_n; i++)
        rc = lc_type_check_family(b, stmt->commands[i].type, err);
    if (rc == 0)
        rc = lc_table_start(&t, lc_stmt_database(stmt, lc_backend_database(b)), stmt->name, err);
    if (rc == 0)
        rc = lc_table_apply(&t, stmt, err);
    if (rc == 0 && !own_settings)
        rc = lc_declared_check(b, &t, stmt, stmt->commands, stmt->command_n, err);
    if (rc == 0)
        rc = lc_storage_check(b, stmt, &t, err);
    if (rc == 0 && stmt->command_n && strstr(t.engine, "MergeTree")) {
        rc = check_engine(&t, stmt->storage, err);
        rc = rc ? rc : check_keys(&m, stmt->storage, err);
        rc = rc ? rc : check_parts(&m, err);
        rc = rc ? rc : check_column_ttls(&m, stmt, err);
    }
    lc_table_release(&t);
    return rc;
}
