/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool is recognised by two columns that only its table has, never by the table's name alone. What is
 * marked as dirty or half done there is refused: nobody can say how much of it is applied.
 */
#include "cli/migrate/history.h"

#include "cli/server/query.h"
#include "cli/sql/name.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A tool's table, by two columns that only it has; lc_sql_history_tables has its usual name. */
static const struct tool {
    const char *name, *columns[2]; /* for messages; both must be there */
    const struct lc_sql *read;     /* rows of version and dirty, ascending */
    bool last_only;                /* it keeps one version: all before it are applied too */
} tools[] = {
    {"goose", {"version_id", "is_applied"}, lc_sql_history_goose, false},
    {"dbmate", {"ts", "applied"}, lc_sql_history_dbmate, false},
    {"golang-migrate", {"dirty", "sequence"}, lc_sql_history_golang, true},
    {"clickhouse-migrations", {"migration_name", "checksum"}, lc_sql_history_node, false},
    {"clickhouse-migrations", {"script", "md5"}, lc_sql_history_node, false}, /* Python's */
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
static int tool_of(struct lc_backend *b, const char *database, const char *table,
                   const struct tool **out, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", database}, {"table", table}, {NULL, NULL}};
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

static const char *database_of(const struct lc_history *h, const struct lc_backend *b)
{
    return h->database ? h->database : lc_backend_database(b);
}

enum { TABLES_MAX = 8 };

/* The tables of other tools in the backend's database, by their usual names; tool NULL: it is nobody's. */
struct found {
    struct lc_answer names;
    const struct tool *tools[TABLES_MAX];
    size_t n;
};

static int find_tables(struct found *f, struct lc_backend *b, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", lc_backend_database(b)}, {NULL, NULL}};
    int rc = lc_query_read(b, lc_sql_history_tables, args, &f->names, err);

    for (size_t i = 0; rc == 0 && i < f->names.rows && i < TABLES_MAX; i++)
        rc = tool_of(b, lc_backend_database(b),
                     lc_answer_at(&f->names, i, LC_SQL_HISTORY_TABLES_NAME)->p, &f->tools[f->n++],
                     err);
    return rc;
}

static const char *name_of(const struct found *f, size_t i)
{
    return lc_answer_at(&f->names, i, LC_SQL_HISTORY_TABLES_NAME)->p;
}

/* The one table of a tool, into h and *tool; LC_ERR_REFUSED where there are two. NULL: there is none. */
static int find_one(struct lc_history *h, struct lc_backend *b, const struct tool **tool,
                    struct lc_error *err)
{
    struct found f = {0};
    int rc = find_tables(&f, b, err);

    for (size_t i = 0; rc == 0 && i < f.n; i++) {
        if (!f.tools[i])
            continue;
        if (*tool) {
            lc_fail(
                err, LC_ERR_REFUSED, "there are the tables of two tools in %s: %s (%s) and %s (%s)",
                lc_backend_database(b), h->table, (*tool)->name, name_of(&f, i), f.tools[i]->name);
            lc_hint(err, "name the one that is meant: --history-table NAME");
            rc = LC_ERR_REFUSED;
        } else {
            *tool = f.tools[i];
            h->table = strdup(name_of(&f, i));
            rc = h->table ? 0 : lc_no_memory(err);
        }
    }
    lc_answer_release(&f.names);
    return rc;
}

/*
 * The tool and its table: `named` by --history-table, else each tool's usual name.
 * LC_ERR_REFUSED where none is there, or the tables of two tools.
 */
static int find(struct lc_history *h, struct lc_backend *b, const char *named,
                const struct tool **tool, struct lc_error *err)
{
    int rc;

    *tool = NULL;
    if (named) {
        rc = lc_table_name_parse(named, &h->database, &h->table, err);
        if (rc == LC_ERR_USAGE)
            lc_error_prefix(err, "--history-table: ");
        rc = rc ? rc : tool_of(b, database_of(h, b), h->table, tool, err);
    } else {
        rc = find_one(h, b, tool, err);
    }
    if (rc || *tool)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "%s%s%s contains no history of another tool", database_of(h, b),
            named ? "." : "", named ? h->table : "");
    lc_hint(
        err,
        "known are goose_db_version (goose), schema_migrations (dbmate, golang-migrate), _migrations and "
        "schema_versions (clickhouse-migrations); --history-table NAME if it has another name");
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

static int read_table(struct lc_history *h, struct lc_backend *b, const struct tool *tool,
                      const struct lc_migrations *files, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc;

    h->tool = tool->name;
    rc = lc_query_read(b, tool->read,
                       (const struct lc_sql_arg[]){
                           {"database", database_of(h, b)}, {"table", h->table}, {NULL, NULL}},
                       &t, err);
    if (rc == 0)
        rc = take_rows(h, tool, &t, files, err);
    lc_answer_release(&t);
    return rc;
}

int lc_history_read(struct lc_history *h, struct lc_backend *b, const char *table,
                    const struct lc_migrations *files, struct lc_error *err)
{
    const struct tool *tool;
    int rc;

    *h = (struct lc_history){0};
    rc = find(h, b, table, &tool, err);
    if (rc == 0)
        rc = read_table(h, b, tool, files, err);
    return rc ? rc : check_files(h, files, err);
}

/* One table's word on what the plan would apply. */
static int refuse_again(const struct lc_history *h, const struct lc_plan *plan,
                        struct lc_error *err)
{
    const char *first = NULL;
    size_t n = 0;

    for (size_t i = 0; i < plan->n; i++) {
        if (!lc_history_has(h, plan->v[i].m->version))
            continue;
        first = first ? first : plan->v[i].m->version_text;
        n++;
    }
    if (!n)
        return 0;
    lc_fail(
        err, LC_ERR_REFUSED,
        "%s of %s says that %zu of these migrations %s applied, the first is %s: this run would apply "
        "%s again",
        h->table, h->tool, n, n == 1 ? "is" : "are", first, n == 1 ? "it" : "them");
    lc_hint(err,
            "livecol baseline --from-history records what it says; --allow-unsafe goes on if it is "
            "about other files");
    return LC_ERR_REFUSED;
}

int lc_history_refuse_again(struct lc_backend *b, const struct lc_tracking *t,
                            const struct lc_migrations *files, const struct lc_plan *plan,
                            struct lc_error *err)
{
    struct found f = {0};
    int rc = 0;

    if (t->exists || !plan->n)
        return 0;
    rc = find_tables(&f, b, err);
    for (size_t i = 0; rc == 0 && i < f.n; i++) {
        struct lc_history h = {0};

        if (!f.tools[i])
            continue;
        h.table = strdup(name_of(&f, i));
        rc = h.table ? read_table(&h, b, f.tools[i], files, err) : lc_no_memory(err);
        rc = rc ? rc : refuse_again(&h, plan, err);
        lc_history_release(&h);
    }
    lc_answer_release(&f.names);
    return rc;
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
    free(h->database);
    free(h->table);
    free(h->versions);
    *h = (struct lc_history){0};
}
