/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool is recognised by two columns that only its table has, never by the table's name alone. What is
 * marked as dirty or half done there is refused: nobody can say how much of it is applied.
 */
#include "cli/migrate/history.h"

#include "cli/server/query.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A tool's table, by its usual name and by two columns that only it has. */
static const struct tool {
    const char *name, *table, *columns[2]; /* for messages; usual name; both must be there */
    const struct lc_sql *read;             /* rows of version and dirty, ascending */
    bool last_only;                        /* it keeps one version: all before it are applied too */
} tools[] = {
    {"goose", "goose_db_version", {"version_id", "is_applied"}, lc_sql_history_goose, false},
    {"dbmate", "schema_migrations", {"ts", "applied"}, lc_sql_history_dbmate, false},
    {"golang-migrate", "schema_migrations", {"dirty", "sequence"}, lc_sql_history_golang, true},
    {"clickhouse-migrations",
     "_migrations",
     {"migration_name", "checksum"},
     lc_sql_history_node,
     false},
};

enum { TOOLS = sizeof tools / sizeof *tools };

/* Of the answer to lc_sql_columns. */
static bool has_column(const struct lc_answer *columns, const char *name)
{
    for (size_t i = 0; i < columns->rows; i++) {
        if (strcmp(lc_answer_at(columns, i, LC_SQL_COLUMNS_NAME)->p, name) == 0)
            return true;
    }
    return false;
}

/* Whose table is it? NULL: nobody's that is known here, or there is no such table. */
static int tool_of(struct lc_backend *b, const char *table, const struct tool **out,
                   struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", lc_backend_database(b)}, {"table", table}, {NULL, NULL}};
    struct lc_answer columns = {0};
    int rc = lc_query_read(b, lc_sql_columns, args, &columns, err);

    *out = NULL;
    for (size_t i = 0; rc == 0 && i < TOOLS; i++) {
        if (has_column(&columns, tools[i].columns[0]) && has_column(&columns, tools[i].columns[1]))
            *out = &tools[i];
    }
    lc_answer_release(&columns);
    return rc;
}

/*
 * The tool and its table: `named` by --history-table, else each tool's usual name.
 * LC_ERR_REFUSED where none is there, or the tables of two tools.
 */
static int find(struct lc_backend *b, const char *named, const struct tool **tool,
                const char **table, struct lc_error *err)
{
    const char *before = "";
    int rc = 0;

    *tool = NULL;
    if (named) {
        *table = named;
        rc = tool_of(b, named, tool, err);
    }
    for (size_t i = 0; rc == 0 && !named && i < TOOLS; i++) {
        const struct tool *one;

        /*
         * dbmate and golang-migrate share a name, and are neighbours in the list: tool_of tells
         * which it is, so it is asked once.
         */
        if (strcmp(tools[i].table, before) == 0)
            continue;
        before = tools[i].table;
        rc = tool_of(b, tools[i].table, &one, err);
        if (rc == 0 && one && *tool) {
            lc_fail(err, LC_ERR_REFUSED,
                    "there are the tables of two tools in %s: %s (%s) and %s (%s)",
                    lc_backend_database(b), *table, (*tool)->name, tools[i].table, one->name);
            lc_hint(err, "name the one that is meant: --history-table NAME");
            return LC_ERR_REFUSED;
        }
        if (rc == 0 && one) {
            *tool = one;
            *table = tools[i].table;
        }
    }
    if (rc || *tool)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "%s%s%s contains no history of another tool",
            lc_backend_database(b), named ? "." : "", named ? named : "");
    lc_hint(err,
            "known are goose_db_version (goose), schema_migrations (dbmate, golang-migrate) and "
            "_migrations (clickhouse-migrations); --history-table NAME if it has another name");
    return LC_ERR_REFUSED;
}

static int add(struct lc_history *h, uint64_t version)
{
    uint64_t *v = realloc(h->versions, (h->n + 1) * sizeof *v);

    if (!v)
        return LC_ERR_NOMEM;
    h->versions = v;
    v[h->n++] = version;
    return 0;
}

/*
 * Rows of (version, dirty), by version. A tool that keeps the last version only has applied all
 * files up to it. That version is added even where no file has it: check_files refuses it then.
 */
static int take_rows(struct lc_history *h, const struct tool *tool, const struct lc_answer *t,
                     const struct lc_migrations *files, struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < t->rows; i++) {
        uint64_t version = lc_answer_u64(t, i, LC_SQL_HISTORY_GOOSE_VERSION, 0);

        if (lc_answer_u64(t, i, LC_SQL_HISTORY_GOOSE_DIRTY, 0)) {
            lc_fail(err, LC_ERR_REFUSED,
                    "%s says that version %" PRIu64 " is dirty: what was done of it is not known",
                    h->table, version);
            lc_hint(err,
                    "finish it, or revert it, and record that in %s, before livecol takes over",
                    tool->name);
            return LC_ERR_REFUSED;
        }
        if (!tool->last_only)
            rc = add(h, version);
        for (size_t k = 0; rc == 0 && tool->last_only && k < files->n; k++) {
            if (files->v[k].version <= version)
                rc = add(h, files->v[k].version);
        }
        if (rc == 0 && tool->last_only && !lc_migrations_find(files, version))
            rc = add(h, version);
    }
    return rc == LC_ERR_NOMEM ? lc_no_memory(err) : rc;
}

/* A version without a file would count as applied, and nobody could say what it did. */
static int check_files(const struct lc_history *h, const struct lc_migrations *files,
                       struct lc_error *err)
{
    for (size_t i = 0; i < h->n; i++) {
        if (lc_migrations_find(files, h->versions[i]))
            continue;
        lc_fail(err, LC_ERR_REFUSED,
                "%s says that version %" PRIu64 " is applied, and %s has no file of it", h->table,
                h->versions[i], files->dir);
        lc_hint(err, "name the folder of its files with -d; nothing was changed");
        return LC_ERR_REFUSED;
    }
    return 0;
}

int lc_history_read(struct lc_history *h, struct lc_backend *b, const char *table,
                    const struct lc_migrations *files, struct lc_error *err)
{
    const struct tool *tool;
    struct lc_answer t = {0};
    const char *name;
    int rc;

    *h = (struct lc_history){0};
    rc = find(b, table, &tool, &name, err);
    if (rc)
        return rc;
    h->tool = tool->name;
    h->table = strdup(name);
    if (!h->table)
        return lc_no_memory(err);
    rc = lc_query_read(b, tool->read,
                       (const struct lc_sql_arg[]){
                           {"database", lc_backend_database(b)}, {"table", name}, {NULL, NULL}},
                       &t, err);
    if (rc == 0)
        rc = take_rows(h, tool, &t, files, err);
    lc_answer_release(&t);
    return rc ? rc : check_files(h, files, err);
}

bool lc_history_has(const struct lc_history *h, uint64_t version)
{
    for (size_t i = 0; i < h->n; i++) {
        if (h->versions[i] == version)
            return true;
    }
    return false;
}

void lc_history_release(struct lc_history *h)
{
    free(h->table);
    free(h->versions);
    *h = (struct lc_history){0};
}
