/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables are read when first asked for. A statement that is noted changes the copy here, never the
 * server: DROP and CREATE forget its rows, and functions that the run makes are remembered by name. What a
 * statement does that is not read here leaves a mark (unclear, hidden, rekeyed), so that nothing is
 * claimed of it later.
 */
#include "cli/column/schema.h"

#include "base/strings.h"
#include "cli/server/query.h"
#include "cli/sql/walk.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lc_table *find(const struct lc_schema *s, const char *database, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->v[i]->database, database) == 0 && strcmp(s->v[i]->name, name) == 0)
            return s->v[i];
    return NULL;
}

/* An array of pointers: tables that were handed out stay where they are when it grows. */
static struct lc_table *new_table(struct lc_schema *s)
{
    struct lc_table **v = realloc(s->v, (s->n + 1) * sizeof(struct lc_table *));

    if (!v)
        return NULL;
    s->v = v;
    v[s->n] = calloc(1, sizeof(**v));
    return v[s->n] ? v[s->n++] : NULL;
}

static struct lc_schema_database *find_database(const struct lc_schema *s, const char *name)
{
    for (size_t i = 0; i < s->databases_n; i++)
        if (strcmp(s->databases[i].name, name) == 0)
            return &s->databases[i];
    return NULL;
}

/* Of a database that the run has emptied the server's tables do not count. */
int lc_schema_table(struct lc_schema *s, const char *database, const char *name,
                    struct lc_table **t, struct lc_error *err)
{
    const struct lc_schema_database *d;
    int rc;

    database = *database ? database : lc_backend_database(s->b);
    d = find_database(s, database);
    *t = find(s, database, name);
    if (*t)
        return 0;
    *t = new_table(s);
    if (!*t)
        return lc_no_memory(err);
    if (!d || !d->anew)
        return lc_table_read_of_many(*t, s->b, database, name, err);
    rc = lc_table_start(*t, database, name, err);
    (*t)->gone = rc == 0;
    return rc;
}

int lc_schema_doubt(struct lc_schema *s, const char *database, const char *name,
                    struct lc_error *err)
{
    struct lc_table *t = find(s, database, name);
    int rc = 0;

    if (!t) {
        t = new_table(s);
        rc = t ? lc_table_start(t, database, name, err) : lc_no_memory(err);
    }
    if (rc == 0)
        t->unclear = t->hidden = true;
    return rc;
}

int lc_schema_has_database(struct lc_schema *s, const char *name, bool *there, struct lc_error *err)
{
    const char *database = *name ? name : lc_backend_database(s->b);
    const struct lc_schema_database *d = find_database(s, database);
    const struct lc_sql_arg args[] = {{"database", database}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = d ? 0 : lc_query_kept(s->b, lc_sql_database_there, args, &a, err);

    *there = d ? d->there : rc == 0 && lc_answer_u64(&a, 0, LC_SQL_DATABASE_THERE_N, 0) > 0;
    lc_answer_release(&a);
    return rc;
}

int lc_schema_reaches(const struct lc_schema *s, const struct lc_stmt *stmt, bool *reaches,
                      struct lc_error *err)
{
    struct lc_walk w = lc_walk_slice(stmt->cluster);
    char *name = stmt->on_cluster && lc_walk_next(&w) ? lc_tok_name(&w.tok) : NULL;
    const struct lc_sql_arg args[] = {{"cluster", name ? name : ""}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = 0;

    *reaches = !stmt->on_cluster;
    if (name)
        rc = lc_query_kept(s->b, lc_sql_cluster_local, args, &a, err);
    if (name && rc == 0)
        *reaches = lc_answer_u64(&a, 0, LC_SQL_CLUSTER_LOCAL_N, 0) > 0;
    lc_answer_release(&a);
    free(name);
    return rc;
}

/* Dictionaries are noted here too, by their full names. */
static int note_function(struct lc_schema *s, const char *name, struct lc_error *err)
{
    char **v = realloc(s->functions, (s->functions_n + 1) * sizeof(*v));

    if (!v)
        return lc_no_memory(err);
    s->functions = v;
    v[s->functions_n] = strdup(name);
    return v[s->functions_n++] ? 0 : lc_no_memory(err);
}

/* The columns and the rest go; its names stay. */
static int empty(struct lc_table *t, struct lc_error *err)
{
    struct lc_table none = {0};
    int rc = lc_table_start(&none, t->database, t->name, err);

    if (rc) {
        lc_table_release(&none);
        return rc;
    }
    lc_table_release(t);
    *t = none;
    t->gone = true;
    return 0;
}

/* *to becomes as *from, but for its own names. 0 or LC_ERR_NOMEM; *to is as before then. */
static int copy_into(struct lc_table *to, const struct lc_table *from, struct lc_error *err)
{
    struct lc_table copy = {0};
    int rc = lc_table_copy(&copy, from, err);

    if (rc == 0 && (lc_text_set(&copy.database, to->database) || lc_text_set(&copy.name, to->name)))
        rc = lc_no_memory(err);
    lc_table_release(rc ? &copy : to);
    if (rc == 0)
        *to = copy;
    return rc;
}

/*
 * Its rows are somewhere else from here on: what is known of it is its columns. The old name keeps an
 * empty entry: otherwise the server would be asked, and it still has the table. A renamed table is
 * pending, since the server does not have it under its new name yet. One that is not there leaves
 * open what the new name is: the statement may have been run before.
 */
static int move(struct lc_table *to, const struct lc_table *from, struct lc_error *err)
{
    bool known = from->there || from->pending;
    int rc = copy_into(to, from, err);

    if (rc)
        return rc;
    to->there = false;
    to->pending = known;
    to->gone = false;
    to->unclear = to->unclear || !known;
    to->hidden = to->hidden || !known;
    return 0;
}

static int note_pair(struct lc_schema *s, const struct lc_stmt *stmt, const struct lc_stmt_table *p,
                     struct lc_error *err)
{
    struct lc_table *from, *to, before = {0};
    int rc = lc_schema_table(s, p->database, p->name, &from, err);

    if (rc == 0)
        rc = lc_schema_table(s, p->to_database, p->to, &to, err);
    if (rc || from == to)
        return rc;
    rc = lc_table_copy(&before, to, err);
    if (rc == 0)
        rc = move(to, from, err);
    if (rc == 0)
        rc = stmt->exchanges ? move(from, &before, err) : empty(from, err);
    lc_table_release(&before);
    return rc;
}

static int note_tables(struct lc_schema *s, const struct lc_stmt *stmt, struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < stmt->table_n; i++) {
        const struct lc_stmt_table *p = &stmt->tables[i];
        struct lc_table *t;

        if (stmt->kind == LC_STMT_RENAME) {
            rc = *p->to ? note_pair(s, stmt, p, err) : 0;
            continue;
        }
        rc = lc_schema_table(s, p->database, p->name, &t, err);
        if (rc == 0)
            rc = empty(t, err);
    }
    return rc;
}

/* Functions have no dots in their names, so both kinds are in one list. */
static char *full_name(const struct lc_schema *s, const char *database, const char *name)
{
    char *full;

    if (asprintf(&full, "%s.%s", *database ? database : lc_backend_database(s->b), name) < 0)
        return NULL;
    return full;
}

static int note_dictionary(struct lc_schema *s, const struct lc_stmt *stmt, struct lc_error *err)
{
    char *name = full_name(s, stmt->database, stmt->name);
    int rc = name ? note_function(s, name, err) : lc_no_memory(err);

    free(name);
    return rc;
}

/* CREATE TABLE t AS other: the columns of that, as they are by then. */
static int take_columns_of(struct lc_schema *s, struct lc_table *t, const struct lc_stmt *stmt,
                           struct lc_error *err)
{
    struct lc_table *like;
    int rc = lc_schema_table(s, stmt->like_database, stmt->like, &like, err);

    if (rc == 0 && (like == t || !(like->there || like->pending) || like->hidden)) {
        t->hidden = true;
        return 0;
    }
    if (rc == 0)
        rc = copy_into(t, like, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < t->n; i++) {
        free(t->v[i].stored);
        t->v[i].stored = NULL;
    }
    t->there = t->gone = t->unclear = false;
    t->rekeyed = true; /* an ENGINE of its own has other keys */
    t->unparted = true;
    if (strstr(t->engine, "View") || strcmp(t->engine, "Dictionary") == 0)
        rc = lc_text_set(&t->engine, "") ? lc_no_memory(err) : 0;
    return rc;
}

/* What engine a view or a dictionary counts as; "": a table. */
static const char *engine_of(const struct lc_stmt *stmt)
{
    return strcmp(stmt->object, "view") == 0                ? "View"
           : strcmp(stmt->object, "materialized view") == 0 ? "MaterializedView"
           : strcmp(stmt->object, "dictionary") == 0        ? "Dictionary"
                                                            : "";
}

/* A table that CREATE leaves as it is stays so: IF NOT EXISTS. */
static int note_create(struct lc_schema *s, const struct lc_stmt *stmt, struct lc_error *err)
{
    struct lc_table *t;
    int rc = lc_schema_table(s, stmt->database, stmt->name, &t, err);

    if (rc || (stmt->conditional && (t->there || t->pending)))
        return rc;
    if (stmt->conditional && t->unclear) {
        t->unclear = false; /* there in any case, whatever it is */
        t->pending = true;
        return 0;
    }
    if (stmt->replaces || t->unclear)
        rc = empty(t, err);
    if (rc == 0 && *stmt->like)
        rc = take_columns_of(s, t, stmt, err);
    if (rc == 0 && *engine_of(stmt) && lc_text_set(&t->engine, engine_of(stmt)))
        rc = lc_no_memory(err);
    t->pending = true;
    t->gone = false;
    /* AS SELECT, a view's query, a dictionary's attributes: not read. */
    t->hidden = t->hidden || (!*stmt->like && stmt->command_n == 0);
    return rc ? rc : lc_table_apply(t, stmt, err);
}

static int note_database(struct lc_schema *s, const struct lc_stmt *stmt, struct lc_error *err)
{
    bool creates = stmt->kind == LC_STMT_CREATE_DATABASE, there;
    struct lc_schema_database *d;
    int rc = lc_schema_has_database(s, stmt->name, &there, err);

    if (rc || there == creates)
        return rc;
    d = find_database(s, stmt->name);
    if (!d) {
        d = realloc(s->databases, (s->databases_n + 1) * sizeof *d);
        if (!d)
            return lc_no_memory(err);
        s->databases = d;
        d += s->databases_n;
        *d = (struct lc_schema_database){.name = strdup(stmt->name)};
        if (!d->name)
            return lc_no_memory(err);
        s->databases_n++;
    }
    d->there = creates;
    d->anew = true;
    for (size_t i = 0; rc == 0 && !creates && i < s->n; i++)
        if (strcmp(s->v[i]->database, stmt->name) == 0)
            rc = empty(s->v[i], err);
    return rc;
}

/* Tables of another database engine are there without a CREATE. */
static bool is_plain_database(struct lc_slice engine)
{
    static const char *const plain[] = {"Atomic", "Ordinary", "Lazy", "Memory"};

    for (size_t i = 0; engine.n && i < sizeof plain / sizeof *plain; i++)
        if (engine.n == strlen(plain[i]) && memcmp(engine.p, plain[i], engine.n) == 0)
            return true;
    return engine.n == 0;
}

/* One that goes to other hosts, and perhaps to this one too. */
static int note_elsewhere(struct lc_schema *s, const struct lc_stmt *stmt, struct lc_error *err)
{
    if (stmt->kind == LC_STMT_ALTER && *stmt->name) {
        const char *database = lc_stmt_database(stmt, lc_backend_database(s->b));
        struct lc_table *t;
        int rc = lc_schema_table(s, database, stmt->name, &t, err);

        return rc ? rc : lc_schema_doubt(s, database, stmt->name, err);
    }
    s->unclear = s->unclear || stmt->kind == LC_STMT_CREATE || stmt->kind == LC_STMT_DROP ||
                 stmt->kind == LC_STMT_RENAME || stmt->kind == LC_STMT_CREATE_DATABASE ||
                 stmt->kind == LC_STMT_DROP_DATABASE;
    return 0;
}

int lc_schema_note(struct lc_schema *s, const struct lc_stmt *stmt, struct lc_error *err)
{
    struct lc_table *t;
    bool reaches;
    int rc = lc_schema_reaches(s, stmt, &reaches, err);

    if (rc)
        return rc;
    s->unclear = s->unclear || stmt->unclear ||
                 (stmt->kind == LC_STMT_CREATE_DATABASE && !is_plain_database(stmt->engine));
    if (stmt->kind == LC_STMT_CREATE_FUNCTION)
        return note_function(s, stmt->name, err);
    if (!reaches) {
        rc = note_elsewhere(s, stmt, err);
        if (rc)
            return rc;
    }
    if (stmt->kind == LC_STMT_CREATE_DATABASE || stmt->kind == LC_STMT_DROP_DATABASE)
        return note_database(s, stmt, err);
    if (stmt->kind == LC_STMT_DROP || stmt->kind == LC_STMT_RENAME)
        return note_tables(s, stmt, err);
    if (!*stmt->name)
        return 0;
    if (stmt->kind == LC_STMT_CREATE && strcmp(stmt->object, "dictionary") == 0)
        rc = note_dictionary(s, stmt, err);
    if (rc == 0 && stmt->kind == LC_STMT_CREATE)
        rc = note_create(s, stmt, err);
    if (rc || stmt->kind != LC_STMT_ALTER)
        return rc;
    rc = lc_schema_table(s, stmt->database, stmt->name, &t, err);
    return rc ? rc : lc_table_apply(t, stmt, err);
}

bool lc_schema_makes(const struct lc_schema *s, const char *function)
{
    for (size_t i = 0; i < s->functions_n; i++)
        if (strcmp(s->functions[i], function) == 0)
            return true;
    return false;
}

bool lc_schema_makes_dictionary(const struct lc_schema *s, const char *dictionary)
{
    char *full = strchr(dictionary, '.') ? NULL : full_name(s, "", dictionary);
    bool makes = lc_schema_makes(s, full ? full : dictionary);

    free(full);
    return makes;
}

void lc_schema_release(struct lc_schema *s)
{
    for (size_t i = 0; i < s->n; i++) {
        lc_table_release(s->v[i]);
        free(s->v[i]);
    }
    for (size_t i = 0; i < s->functions_n; i++)
        free(s->functions[i]);
    for (size_t i = 0; i < s->databases_n; i++)
        free(s->databases[i].name);
    free(s->v);
    free(s->functions);
    free(s->databases);
    *s = (struct lc_schema){0};
}
