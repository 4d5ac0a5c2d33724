#include "cli/server/abilities.h"

#include "cli/column/preflight.h"
#include "livecol_sql.h"
#include "cli/server/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *column;
    size_t at;
} known[] = {
    {"mutations.latest_fail_reason", offsetof(struct lc_facts, fail_reason)},
    {"merges.is_mutation", offsetof(struct lc_facts, merge_mutation)},
    {"functions.origin", offsetof(struct lc_facts, function_origin)},
    {"user_defined_functions.name", offsetof(struct lc_facts, udf_table)},
    {"query_log.query_id", offsetof(struct lc_facts, query_log)},
    {"processes.Settings", offsetof(struct lc_facts, comments)},
    {"zookeeper.path", offsetof(struct lc_facts, keeper)},
    {"replicas.zookeeper_path", offsetof(struct lc_facts, replicas)},
    {"table_functions.clusterAllReplicas", offsetof(struct lc_facts, all_replicas)},
    {"processes.query_kind", offsetof(struct lc_facts, query_kind)},
    {"tables.engine_full", offsetof(struct lc_facts, engine_full)},
    {"disks.free_space", offsetof(struct lc_facts, disks)},
};

int lc_facts_ask(struct lc_facts *f, struct lc_backend *b, struct lc_error *err)
{
    static const struct lc_sql_arg args[] = {{"name", "formatQuerySingleLine"}, {NULL, NULL}};
    struct lc_table t = {0};
    int rc = lc_query_read(b, lc_sql_facts, NULL, &t, err);

    *f = (struct lc_facts){0};
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            if (strcmp(lc_table_at(&t, i, 0)->p, known[k].column) == 0)
                *(bool *)((char *)f + known[k].at) = true;
        }
    }
    if (rc == 0)
        rc = lc_query_read(b, lc_sql_function_known, args, &t, err);
    if (rc == 0)
        f->format_query = lc_table_u64(&t, 0, 0, 0) > 0;
    lc_table_release(&t);
    return rc;
}

#define NO_SUCH_TABLE "livecol_probe_of_no_table"
enum { SYNTAX_ERROR = 62 };

/* What a command may need; the last is about the expression of a DEFAULT. */
static const struct feature {
    const char *name;
    enum lc_stmt_kind kind;
    bool conditional; /* only with IF EXISTS or IF NOT EXISTS */
    const char *probe;
} features[] = {
    {"ADD COLUMN IF NOT EXISTS", LC_STMT_ADD_COLUMN, true, lc_sql_probe_add_column},
    {"DROP COLUMN IF EXISTS", LC_STMT_DROP_COLUMN, true, lc_sql_probe_drop_column},
    {"MATERIALIZE COLUMN", LC_STMT_MATERIALIZE_COLUMN, false, lc_sql_probe_materialize},
    {"executable functions", LC_STMT_OTHER, false, NULL},
};

enum { FEATURES = sizeof features / sizeof *features, FUNCTIONS = FEATURES - 1 };

/* A syntax error, or any other answer? */
static int probe(struct lc_backend *b, const char *sql, bool *knows, struct lc_error *err)
{
    static const struct lc_sql_arg args[] = {
        {"table", NO_SUCH_TABLE}, {"column", "c"}, {NULL, NULL}};
    struct lc_error answer = LC_ERROR_INIT;
    int rc = lc_query_run(b, sql, args, NULL, &answer);

    *knows = rc != LC_ERR_SERVER || answer.server_code != SYNTAX_ERROR;
    if (rc == LC_ERR_SERVER || rc == 0)
        return 0;
    if (err && err->code == 0)
        *err = answer;
    return rc;
}

/* Is every function of the expression one that the server has? */
static int functions_there(struct lc_backend *b, struct lc_slice expr, bool *there,
                           struct lc_error *err)
{
    size_t at = 0;
    char *name;
    int rc = 0;

    *there = true;
    while (rc == 0 && *there && (name = lc_expr_function(expr, &at))) {
        const struct lc_sql_arg args[] = {{"name", name}, {NULL, NULL}};
        struct lc_table t = {0};

        rc = lc_query_read(b, lc_sql_function_any, args, &t, err);
        *there = rc == 0 && t.rows > 0;
        lc_table_release(&t);
        free(name);
    }
    return rc;
}

int lc_facts_lacking(const struct lc_facts *f, struct lc_backend *b, const struct lc_stmt *s,
                     unsigned *lacks, struct lc_error *err)
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

int lc_facts_update_in_partition(const struct lc_facts *f, struct lc_backend *b, bool *knows,
                                 struct lc_error *err)
{
    *knows = f->format_query;
    return *knows ? 0 : probe(b, lc_sql_probe_update_partition, knows, err);
}

const char *lc_facts_lack_names(unsigned lacks, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (unsigned k = 0; k < FEATURES && n < size; k++)
        if (lacks & 1u << k)
            n += (size_t)snprintf(out + n, size - n, "%sno %s", n ? ", " : "", features[k].name);
    return out;
}
