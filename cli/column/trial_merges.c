/* SPDX-License-Identifier: Apache-2.0 */
/* What the expression reads is found in the table's columns; an ALIAS stores nothing and is followed. */
#include "cli/column/trial_merges.h"

#include "cli/server/query.h"
#include "cli/sql/merged.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FAULT_BYTES = 400 };

static bool is_stored(const struct lc_table_column *c)
{
    return strcmp(c->kind, "ALIAS") != 0 && strcmp(c->kind, "EPHEMERAL") != 0;
}

/* What a column keeps of rows that are merged. */
static const char *kept(enum lc_merged merged)
{
    return merged == LC_MERGED_LAST       ? "the last one's value"
           : merged == LC_MERGED_COMPUTED ? "one of several rows"
                                          : "the first one's value";
}

/* What a merge would make wrong of the column that reads c, as a sentence; "": nothing. */
static void find_fault_with(const struct lc_table_column *c, const char *storage,
                            const char *column, enum lc_merged own, char fault[FAULT_BYTES])
{
    enum lc_merged merged = lc_merged_column(storage, c->name, c->type);

    if (merged == LC_MERGED_COMPUTED || merged == LC_MERGED_ADDED)
        snprintf(fault, FAULT_BYTES,
                 "merges compute %.100s of several rows, and %.100s, which is derived from it, "
                 "keeps what it was for one of them",
                 c->name, column);
    else if (merged != LC_MERGED_KEY && merged != own && own != LC_MERGED_ADDED &&
             own != LC_MERGED_KEY)
        snprintf(
            fault, FAULT_BYTES,
            "of rows that are merged %.100s keeps %s, and %.100s, which is derived from it, %s",
            c->name, kept(merged), column, kept(own));
}

/* The same of all that it reads, and of the column itself. */
static void find_fault(const struct lc_trial *t, const char *storage, enum lc_merged own,
                       const bool *reads, char fault[FAULT_BYTES])
{
    *fault = '\0';
    for (size_t i = 0; i < t->column.t.n && !*fault; i++)
        if (reads[i] && is_stored(&t->column.t.v[i]))
            find_fault_with(&t->column.t.v[i], storage, t->c->column, own, fault);
    if (!*fault && own == LC_MERGED_ADDED)
        snprintf(fault, FAULT_BYTES, "merges add up %.100s itself: two rows of 1 become one of 2",
                 t->c->column);
}

static int refuse(const struct lc_trial *t, const char *fault, bool added, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED, "%s.%s.%s would be wrong after a merge of the %s: %s", t->database,
            t->stmt->name, t->c->column, t->column.t.engine, fault);
    if (added)
        lc_hint(
            err,
            "give it a type that merges do not add up (String, LowCardinality(String), Enum), or "
            "an ALIAS column, which is computed when it is read. Nothing was changed");
    else
        lc_hint(
            err,
            "an ALIAS column is computed when it is read; --allow-unsafe stores it all the same. "
            "Nothing was changed");
    return LC_ERR_REFUSED;
}

/* The storage is that of the server's table, or of the CREATE that this run sends before. */
static int judge(const struct lc_preflight *d, const struct lc_trial *t, const char *storage,
                 struct lc_error *err)
{
    const struct lc_table_column *c = lc_table_column(&t->column.t, t->c->column);
    enum lc_merged own = lc_merged_column(storage, t->c->column, t->type);
    bool *reads = calloc(t->column.t.n + 1, sizeof *reads);
    char fault[FAULT_BYTES] = "";
    int rc = reads ? lc_column_mark_reads(&t->column, t->inputs, t->inputs_n, reads, err)
                   : lc_no_memory(err);

    if (rc == 0)
        find_fault(t, storage, own, reads, fault);
    free(reads);
    if (rc || !*fault)
        return rc;
    if (!d->allow_unsafe && !(c && *c->was_expr))
        return refuse(t, fault, own == LC_MERGED_ADDED, err);
    lc_trial_say(d, !d->in_use, "%s.%s.%s is wrong after a merge of the %s: %s", t->database,
                 t->stmt->name, t->c->column, t->column.t.engine, fault);
    return 0;
}

int lc_trial_merges(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err)
{
    const struct lc_table *table = &t->column.t;
    const struct lc_sql_arg args[] = {
        {"database", table->database}, {"table", table->name}, {NULL, NULL}};
    const struct lc_slice kind = t->c->default_kind;
    const char *storage = table->storage;
    struct lc_answer a = {0};
    int rc = 0;

    if (t->no_table || (strncasecmp((const char *)kind.p, "DEFAULT", kind.n) != 0 &&
                        strncasecmp((const char *)kind.p, "MATERIALIZED", kind.n) != 0))
        return 0;
    if (!storage && table->there && !table->partless)
        rc = lc_query_kept(d->b, lc_sql_create_query, args, &a, err);
    if (rc == 0 && a.rows)
        storage = lc_merged_storage(lc_answer_at(&a, 0, LC_SQL_CREATE_QUERY_CREATE_TABLE_QUERY)->p);
    if (rc == 0 && storage && lc_merged_makes_rows(storage))
        rc = judge(d, t, storage, err);
    lc_answer_release(&a);
    return rc;
}
