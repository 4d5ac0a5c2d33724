/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that has formatQuery knows all the syntax that livecol writes. An older one is given
 * the command, for a table that is not there: a syntax error (62) says that it does not know
 * it, any other error that it does. Nothing is changed either way.
 */
#include "cli/migrate/requirements.h"

#include "cli/server/server_error.h"
#include "cli/server/query.h"
#include "cli/sql/expression.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_SUCH_TABLE "livecol_probe_of_no_table"

/*
 * What a command may need. Bit k of a set of lacks is features[k]; the last entry is about the
 * expression of a DEFAULT and has no probe.
 */
static const struct feature {
    const char *name;
    enum lc_stmt_kind kind;
    bool conditional; /* only with IF EXISTS or IF NOT EXISTS */
    const struct lc_sql *probe;
} features[] = {
    {"ADD COLUMN IF NOT EXISTS", LC_STMT_ADD_COLUMN, true, lc_sql_probe_add_column},
    {"DROP COLUMN IF EXISTS", LC_STMT_DROP_COLUMN, true, lc_sql_probe_drop_column},
    {"MATERIALIZE COLUMN", LC_STMT_MATERIALIZE_COLUMN, false, lc_sql_probe_materialize},
    {"executable functions", LC_STMT_OTHER, false, NULL},
};

enum { FEATURES = sizeof features / sizeof *features, FUNCTIONS = FEATURES - 1 };

/* A syntax error, or any other answer? */
static int probe(struct lc_backend *b, const struct lc_sql *sql, bool *knows, struct lc_error *err)
{
    static const struct lc_sql_arg args[] = {
        {"table", NO_SUCH_TABLE}, {"column", "c"}, {NULL, NULL}};
    struct lc_error answer = LC_ERROR_INIT;
    int rc = lc_query_run(b, sql, args, NULL, &answer);

    *knows = rc != LC_ERR_SERVER || answer.server_code != LC_SERVER_SYNTAX_ERROR;
    if (rc == LC_ERR_SERVER || rc == 0)
        return 0;
    lc_error_pass(err, &answer);
    return rc;
}

/*
 * Is every function of the expression one that the server has? Asked only of servers that do
 * not say where a function comes from: those list their built-in functions alone.
 */
static int functions_there(struct lc_backend *b, struct lc_slice expr, bool *there,
                           struct lc_error *err)
{
    size_t at = 0;
    char *name;
    int rc = 0;

    *there = true;
    while (rc == 0 && *there && (name = lc_expr_function(expr, &at))) {
        const struct lc_sql_arg args[] = {{"name", name}, {NULL, NULL}};
        struct lc_answer t = {0};

        rc = lc_query_read(b, lc_sql_function_any, args, &t, err);
        *there = rc == 0 && t.rows > 0;
        lc_answer_release(&t);
        free(name);
    }
    return rc;
}

int lc_abilities_lacking(const struct lc_abilities *f, struct lc_backend *b,
                         const struct lc_stmt *s, unsigned *lacks, struct lc_error *err)
{
    bool has = true;
    int rc = 0;

    for (size_t i = 0; i < s->command_n && s->kind == LC_STMT_ALTER && rc == 0; i++) {
        const struct lc_stmt_command *c = &s->commands[i];

        for (unsigned k = 0; k < FUNCTIONS && rc == 0 && !f->format_query; k++) {
            const struct feature *feature = &features[k];

            if (c->kind != feature->kind || (feature->conditional && !c->conditional) ||
                (*lacks & 1u << k))
                continue;
            rc = probe(b, feature->probe, &has, err);
            *lacks |= has ? 0 : 1u << k;
        }
        if (rc == 0 && c->default_expr.n && !f->function_origin) {
            rc = functions_there(b, c->default_expr, &has, err);
            *lacks |= has ? 0 : 1u << FUNCTIONS;
        }
    }
    return rc;
}

int lc_abilities_update_in_partition(const struct lc_abilities *f, struct lc_backend *b,
                                     bool *knows, struct lc_error *err)
{
    *knows = f->format_query;
    return *knows ? 0 : probe(b, lc_sql_probe_update_partition, knows, err);
}

const char *lc_abilities_lack_names(unsigned lacks, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (unsigned k = 0; k < FEATURES && n < size; k++)
        if (lacks & 1u << k)
            n += (size_t)snprintf(out + n, size - n, "%sno %s", n ? ", " : "", features[k].name);
    return out;
}
