/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A MATERIALIZE COLUMN of a column that has no expression is an error of the server, and would
 * come after the statements before it have changed the table. So the plan is followed up to the
 * statement: CREATE, ADD and MODIFY COLUMN say what the column will be. Where none of them
 * speaks of it the server is asked; where one is not clear, nothing is refused.
 */
#include "cli/migrate/materialize.h"

#include "cli/server/query.h"
#include "livecol_sql.h"

#include <string.h>

/*
 * What is known of a column's expression. NOT_SAID: no statement speaks of the column so far.
 * UNCLEAR: one does, in a way that cannot be followed.
 */
enum expression { NOT_SAID, HAS, HAS_NONE, UNCLEAR };

struct column {
    const char *database, *table, *name;
};

/*
 * What a command about the column makes of what was known. Of a CREATE the commands are its
 * columns.
 */
static enum expression of_command(const struct lc_stmt *s, const struct lc_stmt_command *c,
                                  enum expression before)
{
    bool given = c->default_kind.n > 0;

    if (s->kind == LC_STMT_CREATE)
        return given ? HAS : HAS_NONE;
    switch (c->kind) {
    case LC_STMT_ADD_COLUMN:
        /* IF NOT EXISTS may leave a column that has one. */
        return given ? HAS : c->conditional ? UNCLEAR : HAS_NONE;
    case LC_STMT_MODIFY_COLUMN:
        return given ? HAS : before;
    case LC_STMT_REMOVE_DEFAULT: /* or another property */
    case LC_STMT_DROP_COLUMN:
        return UNCLEAR;
    default:
        return before;
    }
}

static bool is_about(const struct lc_stmt *s, const struct column *c, const char *database)
{
    return strcmp(s->name, c->table) == 0 &&
           strcmp(lc_stmt_database(s, database), c->database) == 0;
}

/*
 * Follow one statement of the plan, up to but without the given number of its commands, so that
 * the checked statement's own earlier commands count. database: that of names without one.
 */
static void follow(const struct lc_stmt *s, size_t commands, const struct column *c,
                   const char *database, enum expression *e)
{
    if (!is_about(s, c, database)) {
        /* It may make the table, or change it, by another name. */
        if (s->kind == LC_STMT_RENAME && strcmp(s->renamed_to, c->table) == 0)
            *e = UNCLEAR;
        return;
    }
    if (s->kind != LC_STMT_ALTER && s->kind != LC_STMT_CREATE) {
        *e = s->kind == LC_STMT_INSERT ? *e : UNCLEAR;
        return;
    }
    if (s->kind == LC_STMT_CREATE && (s->command_n == 0 || s->conditional)) {
        *e = UNCLEAR; /* AS another table, or AS SELECT; or it is there already */
        return;
    }
    for (size_t i = 0; i < commands; i++) {
        if (strcmp(s->commands[i].column, c->name) == 0)
            *e = of_command(s, &s->commands[i], *e);
        else if (strcmp(s->commands[i].renamed_to, c->name) == 0)
            *e = UNCLEAR;
    }
}

static int ask_server(struct lc_backend *b, const struct column *c, enum expression *e,
                      struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", c->database}, {"table", c->table}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_query_read(b, lc_sql_columns, args, &t, err);

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        if (strcmp(lc_answer_at(&t, i, LC_SQL_COLUMNS_NAME)->p, c->name) == 0)
            *e = lc_answer_at(&t, i, LC_SQL_COLUMNS_DEFAULT_KIND)->n ? HAS : HAS_NONE;
    }
    lc_answer_release(&t);
    return rc;
}

/*
 * One MATERIALIZE COLUMN: command `command` of statement i. The plan's migrations up to m are
 * followed from the first statement that is not done; what is done shows on the server.
 */
static int check_column(const struct lc_plan *plan, const struct lc_plan_migration *m, unsigned i,
                        size_t command, struct lc_backend *b, struct lc_error *err)
{
    const struct lc_stmt *s = &m->stmts[i].parsed;
    const struct column c = {lc_stmt_database(s, lc_backend_database(b)), s->name,
                             s->commands[command].column};
    enum expression e = NOT_SAID;
    int rc = 0;

    for (const struct lc_plan_migration *v = plan->v; v <= m; v++) {
        for (unsigned k = v->first; k < (v == m ? i : v->stmt_n); k++)
            follow(&v->stmts[k].parsed, v->stmts[k].parsed.command_n, &c, lc_backend_database(b),
                   &e);
    }
    follow(s, command, &c, lc_backend_database(b), &e);
    if (e == NOT_SAID)
        rc = ask_server(b, &c, &e, err);
    if (rc || e != HAS_NONE)
        return rc;
    lc_fail(
        err, LC_ERR_REFUSED,
        "MATERIALIZE COLUMN %s: the column will have no DEFAULT then, and no MATERIALIZED expression",
        c.name);
    lc_hint(err, "give it one in ADD COLUMN, or leave the statement out; nothing was changed");
    return LC_ERR_REFUSED;
}

int lc_materialize_check(const struct lc_plan *plan, const struct lc_plan_migration *m, unsigned i,
                         struct lc_backend *b, struct lc_error *err)
{
    const struct lc_stmt *s = &m->stmts[i].parsed;
    int rc = 0;

    for (size_t k = 0; rc == 0 && s->kind == LC_STMT_ALTER && k < s->command_n; k++) {
        if (s->commands[k].kind == LC_STMT_MATERIALIZE_COLUMN)
            rc = check_column(plan, m, i, k, b, err);
    }
    return rc;
}
