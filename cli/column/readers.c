/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns are found by rounds: what reads the column is level 1, what reads a column of level n is level
 * n + 1, until a round finds nothing new. Indexes, projections, constraints and TTLs come from the text
 * of the table's CREATE, views from the texts of theirs.
 */
#include "cli/column/readers.h"

#include "cli/server/query.h"
#include "cli/sql/create_parts.h"
#include "cli/sql/expression.h"
#include "cli/sql/references.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SQL_MAX_BYTES = 4 << 20 };

/*
 * The new last entry, of level 1, with a copy of the name; NULL: no memory. Invalidates
 * pointers to other entries.
 */
static struct lc_reader *new_reader(struct lc_readers *r, enum lc_reader_kind kind,
                                    const char *name)
{
    struct lc_reader *v = realloc(r->v, (r->n + 1) * sizeof *v);

    if (!v)
        return NULL;
    r->v = v;
    v += r->n++;
    *v = (struct lc_reader){.kind = kind, .name = strdup(name), .type = "", .expr = "", .level = 1};
    return v->name ? v : NULL;
}

/* The reader that is a column of this name; NULL: none. Other kinds may have any name. */
static const struct lc_reader *find_column(const struct lc_readers *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->v[i].kind <= LC_READER_ALIAS && strcmp(r->v[i].name, name) == 0)
            return &r->v[i];
    return NULL;
}

/*
 * An EPHEMERAL column stores nothing, and hands on what it computes, as an ALIAS one does.
 * False: the column has no expression, and reads nothing.
 */
static bool reader_kind(const char *kind, enum lc_reader_kind *out)
{
    *out = strcmp(kind, "DEFAULT") == 0        ? LC_READER_DEFAULT
           : strcmp(kind, "MATERIALIZED") == 0 ? LC_READER_MATERIALIZED
                                               : LC_READER_ALIAS;
    return *kind != '\0';
}

/* The level of a column that reads these; 0: it reads neither the column nor one of its readers. */
static unsigned level_of(const struct lc_readers *r, const struct lc_column *d, char *const *inputs,
                         size_t n)
{
    unsigned level = 0;

    for (size_t i = 0; i < n; i++) {
        const struct lc_reader *parent = find_column(r, inputs[i]);
        unsigned at = strcmp(inputs[i], d->column) == 0 ? 1 : parent ? parent->level + 1 : 0;

        level = at > level ? at : level;
    }
    return level;
}

/* Does the expression name the column or a reader that is known, going by its words alone? */
static bool mentions_any(const struct lc_readers *r, const struct lc_column *d, const char *expr)
{
    size_t at, n;

    if (lc_expr_find_column(expr, d->column, 0, &at, &n))
        return true;
    for (size_t i = 0; i < r->n; i++)
        if (lc_expr_find_column(expr, r->v[i].name, 0, &at, &n))
            return true;
    return false;
}

/* By level, then by name: a column comes after all those that it reads. */
static int by_level(const void *a, const void *b)
{
    const struct lc_reader *x = a, *y = b;

    return x->level != y->level ? (x->level < y->level ? -1 : 1) : strcmp(x->name, y->name);
}

/* No row stores an EPHEMERAL column: what was computed from it cannot be computed again. */
static bool reads_ephemeral(const struct lc_column *d, char *const *inputs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct lc_table_column *c = lc_table_column(&d->t, inputs[i]);

        if (c && strcmp(c->kind, "EPHEMERAL") == 0)
            return true;
    }
    return false;
}

/*
 * Sets r->lost and r->expiring. Where a TTL has reset what a DEFAULT reader reads, it differs from its
 * expression and keeps its value; a MATERIALIZED one is computed from what is left. 0 or the failures of a
 * query.
 */
static int find_lost(const struct lc_column *d, struct lc_reader *r, struct lc_error *err)
{
    char *unsteady = NULL;
    int rc = lc_column_unsteady(d, r->expr, &unsteady, err);

    r->lost = unsteady || reads_ephemeral(d, r->inputs, r->inputs_n);
    if (rc == 0 && r->kind == LC_READER_MATERIALIZED)
        rc = lc_column_expiring(d, r->expr, &r->expiring, err);
    if (r->expiring && strcmp(r->expiring->name, d->column) == 0)
        r->expiring = NULL;
    free(unsteady);
    return rc;
}

/*
 * One look at every column that is not in the list; *more: one was added, or moved up. A column
 * may move up a level when a column that it reads is found later.
 */
static int add_columns(struct lc_readers *r, const struct lc_column *d, bool *more,
                       struct lc_error *err)
{
    int rc = 0;

    *more = false;
    for (size_t i = 0; rc == 0 && i < d->t.n; i++) {
        const struct lc_table_column *c = &d->t.v[i];
        struct lc_reader *known = (struct lc_reader *)find_column(r, c->name), *added;
        enum lc_reader_kind kind;
        char **inputs = NULL;
        size_t n = 0;
        unsigned level;

        if (strcmp(c->name, d->column) == 0 || !reader_kind(c->kind, &kind))
            continue;
        if (known) {
            level = level_of(r, d, known->inputs, known->inputs_n);
            *more = *more || level > known->level;
            known->level = level;
            continue;
        }
        /* A cheap look at the words first: lc_column_inputs asks the server. */
        if (!mentions_any(r, d, c->expr))
            continue;
        rc = lc_column_inputs(d, c->expr, &inputs, &n, err);
        level = rc ? 0 : level_of(r, d, inputs, n);
        if (rc || !level) {
            lc_column_free_names(inputs, n);
            continue;
        }
        added = new_reader(r, kind, c->name);
        if (!added) {
            lc_column_free_names(inputs, n);
            return lc_no_memory(err);
        }
        added->type = c->type;
        added->expr = c->expr;
        added->inputs = inputs;
        added->inputs_n = n;
        added->level = level;
        added->in_key = c->in_key;
        rc = find_lost(d, added, err);
        *more = true;
    }
    return rc;
}

/* The list never has more than the table's columns, and no expression reads itself. */
static int find_columns(struct lc_readers *r, const struct lc_column *d, struct lc_error *err)
{
    bool more = true;
    int rc = 0;

    for (size_t round = 0; rc == 0 && more && round <= 2 * d->t.n; round++)
        rc = add_columns(r, d, &more, err);
    if (r->n)
        qsort(r->v, r->n, sizeof *r->v, by_level);
    return rc;
}

/* As mentions_any, once the list also holds readers that are not columns. */
static bool names_any(const struct lc_readers *r, const struct lc_column *d, const char *text)
{
    size_t at, n;

    if (lc_expr_find_column(text, d->column, 0, &at, &n))
        return true;
    for (size_t i = 0; i < r->n; i++)
        if (r->v[i].kind <= LC_READER_ALIAS && lc_expr_find_column(text, r->v[i].name, 0, &at, &n))
            return true;
    return false;
}

/* Whose parts are looked at, and where the readers among them go. */
struct search {
    struct lc_readers *r;
    const struct lc_column *d;
};

/* For lc_create_parts. The TTL of the table has no name, and gets the table's. */
static int take_part(void *ctx, const struct lc_create_part *part)
{
    static const enum lc_reader_kind kinds[] = {[LC_CREATE_INDEX] = LC_READER_INDEX,
                                                [LC_CREATE_PROJECTION] = LC_READER_PROJECTION,
                                                [LC_CREATE_CONSTRAINT] = LC_READER_CONSTRAINT,
                                                [LC_CREATE_COLUMN_TTL] = LC_READER_TTL,
                                                [LC_CREATE_TABLE_TTL] = LC_READER_TTL};
    const struct search *s = ctx;
    char *text = strndup((const char *)part->text.p, part->text.n);
    bool added = true;

    if (text && names_any(s->r, s->d, text))
        added = new_reader(s->r, kinds[part->kind], part->name ? part->name : s->d->table);
    free(text);
    return text && added ? 0 : LC_ERR_NOMEM;
}

/* Indexes, projections, constraints and TTLs, from the CREATE that the server keeps. */
static int find_elements(struct lc_readers *r, const struct lc_column *d, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", d->database}, {"table", d->table}, {NULL, NULL}};
    struct search search = {r, d};
    struct lc_answer t = {0};
    int rc = lc_query_kept(d->b, lc_sql_create_query, args, &t, err);

    if (rc == 0 && t.rows)
        rc = lc_create_parts(lc_answer_at(&t, 0, LC_SQL_CREATE_QUERY_CREATE_TABLE_QUERY)->p,
                             take_part, &search)
                 ? lc_no_memory(err)
                 : 0;
    lc_answer_release(&t);
    return rc;
}

/* The column, or one that is derived from it? */
static bool is_one_of(const void *ctx, const char *name)
{
    const struct search *s = ctx;

    return strcmp(name, s->d->column) == 0 || find_column(s->r, name);
}

/* Does the view's query name the table, and one of these columns (or all of them)? */
static bool view_reads(struct lc_readers *r, const struct lc_column *d, const struct lc_cell *sql)
{
    const struct search s = {r, d};

    return lc_references_columns((struct lc_slice){(const uint8_t *)sql->p, sql->n}, d->database,
                                 d->table, is_one_of, &s);
}

/* The views of all databases: one may read a table of another than its own. */
static int find_views(struct lc_readers *r, const struct lc_column *d, struct lc_error *err)
{
    struct lc_answer t = {0};
    int rc = lc_query_kept(d->b, lc_sql_all_tables, NULL, &t, err);

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        struct lc_buf name;

        if (strcmp(lc_answer_at(&t, i, LC_SQL_ALL_TABLES_ENGINE)->p, "MaterializedView") != 0 ||
            !view_reads(r, d, lc_answer_at(&t, i, LC_SQL_ALL_TABLES_CREATE_TABLE_QUERY)))
            continue;
        lc_buf_init(&name, 1 << 16);
        if (lc_buf_addf(&name, "%s.%s", lc_answer_at(&t, i, LC_SQL_ALL_TABLES_DATABASE)->p,
                        lc_answer_at(&t, i, LC_SQL_ALL_TABLES_NAME)->p) ||
            !lc_buf_str(&name) || !new_reader(r, LC_READER_VIEW, lc_buf_str(&name)))
            rc = lc_no_memory(err);
        lc_buf_release(&name);
    }
    lc_answer_release(&t);
    return rc;
}

int lc_readers_find(struct lc_readers *r, const struct lc_column *d, struct lc_error *err)
{
    int rc;

    *r = (struct lc_readers){0};
    rc = find_columns(r, d, err);
    if (rc == 0 && d->t.there)
        rc = find_elements(r, d, err);
    return rc ? rc : find_views(r, d, err);
}

void lc_readers_release(struct lc_readers *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->v[i].name);
        lc_column_free_names(r->v[i].inputs, r->v[i].inputs_n);
    }
    free(r->v);
    *r = (struct lc_readers){0};
}

const char *lc_reader_what(enum lc_reader_kind kind)
{
    static const char *const names[] = {[LC_READER_DEFAULT] = "column",
                                        [LC_READER_MATERIALIZED] = "MATERIALIZED column",
                                        [LC_READER_ALIAS] = "ALIAS column",
                                        [LC_READER_INDEX] = "skip index",
                                        [LC_READER_PROJECTION] = "projection",
                                        [LC_READER_CONSTRAINT] = "constraint",
                                        [LC_READER_TTL] = "TTL",
                                        [LC_READER_VIEW] = "materialized view"};

    return names[kind];
}

bool lc_reader_stores(const struct lc_reader *r)
{
    return r->kind == LC_READER_DEFAULT || r->kind == LC_READER_MATERIALIZED ||
           r->kind == LC_READER_VIEW;
}

bool lc_reader_keeps(const struct lc_reader *r)
{
    return (r->in_key || r->lost) &&
           (r->kind == LC_READER_DEFAULT || r->kind == LC_READER_MATERIALIZED);
}

/* The name of reader i's new value, while other values are put in. */
static void placeholder(size_t i, char out[40])
{
    snprintf(out, 40, "livecol_new_value_%zu", i);
}

/* Put `by` in the place of the column, in *text itself. Nonzero: no memory. */
static int replace(struct lc_buf *text, const char *column, const char *by)
{
    struct lc_buf out;
    int rc;

    lc_buf_init(&out, SQL_MAX_BYTES);
    rc = !lc_buf_str(text) || lc_expr_replace_column(lc_buf_str(text), column, by, &out);
    lc_buf_reset(text);
    rc = rc || lc_buf_add(text, out.p, out.n);
    lc_buf_release(&out);
    return rc;
}

/*
 * The reader's expression over the new values of what it reads. All names become placeholders
 * before the first is replaced: a new value may itself read an old one. Placeholder i is the
 * column itself here. Readers after i are left alone: i reads none of them.
 */
static int new_expression(const struct lc_readers *r, const struct lc_column *d, size_t i,
                          const char *value, char *const *values, struct lc_buf *out)
{
    const struct lc_reader *reader = &r->v[i];
    char name[40];
    int rc = lc_buf_adds(out, reader->expr);

    for (size_t k = 0; rc == 0 && k <= i; k++) {
        placeholder(k, name);
        rc = replace(out, k == i ? d->column : r->v[k].name, name);
    }
    for (size_t k = 0; rc == 0 && k <= i; k++) {
        placeholder(k, name);
        rc = replace(out, name, k == i ? value : values[k]);
    }
    return rc;
}

/*
 * What a reader holds once the column holds `value`, as SQL over the values of before. Into
 * values[i]; those before i are there. A DEFAULT column keeps a value that its expression did
 * not give: an INSERT named it. MATERIALIZED and ALIAS columns have no such values.
 */
static int new_value(const struct lc_readers *r, const struct lc_column *d, size_t i,
                     const char *value, char **values)
{
    const struct lc_reader *reader = &r->v[i];
    const struct lc_column as = {.column = reader->name, .type = reader->type};
    struct lc_buf expr, out;
    int rc;

    lc_buf_init(&expr, SQL_MAX_BYTES);
    lc_buf_init(&out, SQL_MAX_BYTES);
    rc = new_expression(r, d, i, value, values, &expr) || !lc_buf_str(&expr);
    if (lc_reader_keeps(reader)) {
        rc = rc || lc_sql_add_id(&out, reader->name);
    } else if (reader->kind == LC_READER_DEFAULT) {
        rc = rc || lc_buf_adds(&out, "if(") || lc_column_add_differs(&as, reader->expr, &out) ||
             lc_buf_adds(&out, ", ") || lc_sql_add_id(&out, reader->name) ||
             lc_buf_adds(&out, ", ") || lc_column_add_expected(&as, lc_buf_str(&expr), &out) ||
             lc_buf_adds(&out, ")");
    } else {
        rc = rc || lc_column_add_expected(&as, lc_buf_str(&expr), &out);
    }
    values[i] = rc ? NULL : lc_buf_detach(&out);
    lc_buf_release(&expr);
    lc_buf_release(&out);
    return values[i] ? 0 : LC_ERR_NOMEM;
}

/*
 * The server itself computes a MATERIALIZED column anew that reads an updated one, no other.
 * One that reads another MATERIALIZED or an ALIAS column is left stale, and has to be
 * materialized.
 */
static bool is_computed_along(const struct lc_readers *r, const struct lc_column *d, size_t i)
{
    for (size_t k = 0; k < r->v[i].inputs_n; k++) {
        const struct lc_reader *parent = find_column(r, r->v[i].inputs[k]);

        if (parent && parent->kind != LC_READER_DEFAULT)
            return false;
    }
    return d->column != NULL;
}

int lc_readers_assign(const struct lc_readers *r, const struct lc_column *d, const char *value,
                      struct lc_buf *assign, struct lc_buf *tried, const char ***materialize,
                      struct lc_error *err)
{
    char **values = calloc(r->n + 1, sizeof *values);
    size_t n = 0;
    int rc = 0;

    *materialize = calloc(r->n + 1, sizeof **materialize);
    if (!values || !*materialize)
        rc = LC_ERR_NOMEM;
    /* An ALIAS column is neither set nor tried: its value is what others are computed from. */
    for (size_t i = 0; rc == 0 && i < r->n && r->v[i].kind <= LC_READER_ALIAS; i++) {
        const struct lc_reader *reader = &r->v[i];

        rc = new_value(r, d, i, value, values);
        if (rc || lc_reader_keeps(reader))
            continue;
        if (lc_reader_stores(reader))
            rc = lc_buf_addf(tried, ", %s", values[i]) ? LC_ERR_NOMEM : 0;
        if (rc)
            break;
        if (reader->kind == LC_READER_DEFAULT)
            rc = lc_buf_adds(assign, ", ") || lc_sql_add_id(assign, reader->name) ||
                 lc_buf_adds(assign, " = ") || lc_buf_adds(assign, values[i]);
        else if (reader->kind == LC_READER_MATERIALIZED && !is_computed_along(r, d, i))
            (*materialize)[n++] = reader->name;
    }
    for (size_t i = 0; values && i < r->n; i++)
        free(values[i]);
    free(values);
    return rc ? lc_no_memory(err) : 0;
}
