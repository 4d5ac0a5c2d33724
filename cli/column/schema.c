/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables are read when first asked for. A statement that is noted changes the copy here, never the
 * server: DROP and CREATE forget its rows, and functions that the run makes are remembered by name.
 */
#include "cli/column/schema.h"

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

int lc_schema_table(struct lc_schema *s, const char *database, const char *name,
                    struct lc_table **t, struct lc_error *err)
{
    *t = find(s, database, name);
    if (*t)
        return 0;
    *t = new_table(s);
    return *t ? lc_table_read_of_many(*t, s->b, database, name, err) : lc_no_memory(err);
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

/*
 * Its rows are somewhere else from here on: what is known of it is its columns. The old name
 * keeps an empty entry: otherwise the server would be asked, and it still has the table. A
 * renamed table is pending, since the server does not have it under its new name yet.
 */
static int forget_rows(struct lc_schema *s, const struct lc_stmt *stmt, struct lc_error *err)
{
    const char *database = lc_stmt_database(stmt, lc_backend_database(s->b));
    struct lc_table *from, *to;
    int rc = lc_schema_table(s, database, stmt->name, &from, err);

    if (rc == 0 && stmt->kind == LC_STMT_RENAME && *stmt->renamed_to) {
        rc = lc_schema_table(s, *stmt->renamed_db ? stmt->renamed_db : database, stmt->renamed_to,
                             &to, err);
        if (rc == 0) {
            struct lc_table copy;

            rc = lc_table_copy(&copy, from, err);
            free(copy.database);
            free(copy.name);
            copy.database = to->database;
            copy.name = to->name;
            to->database = to->name = NULL;
            lc_table_release(to);
            *to = copy;
            to->there = false;
            to->pending = true;
        }
    }
    if (rc == 0) {
        char *database_kept = from->database, *name_kept = from->name;

        from->database = from->name = NULL;
        lc_table_release(from);
        *from =
            (struct lc_table){.database = database_kept, .name = name_kept, .engine = strdup("")};
        rc = from->engine ? 0 : lc_no_memory(err);
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

int lc_schema_note(struct lc_schema *s, const struct lc_stmt *stmt, struct lc_error *err)
{
    struct lc_table *t;
    int rc;

    if (stmt->kind == LC_STMT_CREATE_FUNCTION)
        return note_function(s, stmt->name, err);
    if (!*stmt->name)
        return 0;
    if (stmt->kind == LC_STMT_CREATE && strcmp(stmt->object, "dictionary") == 0)
        return note_dictionary(s, stmt, err);
    if ((stmt->kind == LC_STMT_DROP || stmt->kind == LC_STMT_RENAME) &&
        strcmp(stmt->object, "table") == 0)
        return forget_rows(s, stmt, err);
    /* Of CREATEs only a table's gives columns. */
    if (stmt->kind != LC_STMT_ALTER &&
        (stmt->kind != LC_STMT_CREATE || strcmp(stmt->object, "table") != 0))
        return 0;
    rc = lc_schema_table(s, lc_stmt_database(stmt, lc_backend_database(s->b)), stmt->name, &t, err);
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
    free(s->v);
    free(s->functions);
    *s = (struct lc_schema){0};
}
