/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the migration is to say is found here: the column as pending migrations leave it, the function
 * that is replaced, the new DEFAULT, and those of the tables over it. rederive_text.c writes it.
 */
#include "cli/commands/new_rederive.h"

#include "cli/column/engine.h"
#include "cli/column/narrow_key.h"
#include "cli/column/schema.h"
#include "cli/commands/narrow.h"
#include "cli/commands/rederive_text.h"
#include "cli/migrate/plan.h"
#include "cli/migrate/session.h"
#include "cli/server/connect.h"
#include "cli/sql/expression.h"
#include "cli/sql/name.h"
#include "cli/term/message.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 1 << 20 };

/* A Buffer or Distributed table over the column's, and what its own column computes. */
struct over {
    struct lc_column d;
    struct lc_buf to; /* its new expression */
};

/* All that is found out. */
struct work {
    const struct lc_new_rederive *w;
    struct lc_backend *b;
    struct lc_abilities facts;
    struct lc_schema schema; /* as the pending migrations leave it */
    struct lc_column d;
    const char *from; /* the function that is replaced; d's or the caller's */
    struct lc_buf to; /* the new expression */
    struct over *over;
    size_t over_n;
};

/*
 * Note the pending migrations in the schema: what has not been applied yet is taken as if it
 * had been, since the new file runs after them.
 */
static int note_pending(const struct lc_migrate *m, struct work *k, struct lc_error *err)
{
    struct lc_session s = {0};
    struct lc_plan plan = {0};
    int rc = lc_session_open(&s, k->b, &m->up,
                             lc_migrate_has_files(m) ? LC_SESSION_FILES : LC_SESSION_TABLE, err);

    if (rc == 0)
        rc = lc_abilities_ask(&k->facts, k->b, err);
    if (rc == 0)
        rc = lc_plan_make(&plan, &s.files, &s.tracking, &m->up, false, err);
    if (rc == 0)
        rc = lc_plan_parse(&plan, k->b, &k->facts, err);
    for (size_t i = 0; rc == 0 && i < plan.n; i++)
        for (unsigned j = plan.v[i].first; rc == 0 && j < plan.v[i].stmt_n; j++)
            rc = lc_schema_note(&k->schema, &plan.v[i].stmts[j].parsed, err);
    lc_plan_release(&plan);
    lc_session_end(&s);
    return rc;
}

/*
 * Fill k->d with the column as the new migration will find it, and its calls. LC_ERR_REFUSED
 * where it has no expression that is stored.
 */
static int find_column(const struct lc_migrate *m, struct work *k, struct lc_error *err)
{
    struct lc_column *d = &k->d;
    struct lc_table *table = NULL;
    char *database = NULL, *name = NULL, *column = NULL;
    int rc = lc_column_name_parse(k->w->column, &database, &name, &column, err);

    k->schema.b = k->b;
    if (rc == 0)
        rc = note_pending(m, k, err);
    if (rc == 0)
        rc = lc_schema_table(&k->schema, database ? database : lc_backend_database(k->b), name,
                             &table, err);
    if (rc == 0)
        rc = lc_column_find_in(d, k->b, table, column, err);
    if (rc == 0 && strcmp(d->kind, "DEFAULT") != 0 && strcmp(d->kind, "MATERIALIZED") != 0) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s.%s.%s %s", d->database, d->table, d->column,
                     *d->kind ? "is stored nowhere" : "has no DEFAULT to change");
        if (*d->kind)
            lc_hint(err, "MODIFY COLUMN alone changes it: it is %s", d->kind);
    }
    if (rc == 0)
        rc = lc_column_read_calls(d, err);
    free(database);
    free(name);
    free(column);
    return rc;
}

/* What answers by rules: the function, or the dictionary that is asked, without its database. */
static const char *answers_of(const struct lc_column_call *c)
{
    const char *dot = c->dictionary ? strrchr(c->dictionary, '.') : NULL;

    return dot ? dot + 1 : c->dictionary ? c->dictionary : c->function;
}

/*
 * The only function of d's calls that may be meant by "not `to`"; NULL where there is none, or
 * several (*several). by_base: among those of the same family as `to` alone, as region_v1 for
 * region_v2.
 */
static const char *only_function(const struct lc_column *d, const char *to, bool by_base,
                                 bool *several)
{
    const char *found = NULL;

    *several = false;
    for (size_t i = 0; i < d->calls_n; i++) {
        const char *name = answers_of(&d->calls[i]);

        if (strcmp(name, to) == 0 || (by_base && !lc_expr_same_family(name, to)))
            continue;
        *several = *several || (found && strcmp(found, name) != 0);
        found = name;
    }
    return *several ? NULL : found;
}

/* Does the expression ask this function, or dictionary? */
static bool calls(const struct lc_column *d, const char *function)
{
    for (size_t i = 0; i < d->calls_n; i++)
        if (strcmp(answers_of(&d->calls[i]), function) == 0)
            return true;
    return false;
}

/*
 * The function whose answers the column holds: --from, or by the DEFAULT: the one of the family
 * of `to`, else the only one. *from belongs to the column or the caller. LC_ERR_REFUSED where
 * that is not clear: a wrong one would leave rows as they are, or take given values for
 * computed ones.
 */
static int choose_from(const struct lc_new_rederive *w, const struct lc_column *d,
                       const char **from, struct lc_error *err)
{
    bool several = false;

    *from = w->from;
    if (w->from && calls(d, w->from))
        return 0;
    if (w->from) {
        lc_fail(err, LC_ERR_REFUSED, "the DEFAULT of %s.%s.%s does not call %s: it is %s",
                d->database, d->table, d->column, w->from, d->expr);
        lc_hint(err,
                "leave out --from: livecol takes the function from the DEFAULT. For rows that hold "
                "the answers of another function, use --recompute");
        return LC_ERR_REFUSED;
    }
    *from = only_function(d, w->to, true, &several);
    if (!*from && !several)
        *from = only_function(d, w->to, false, &several);
    if (*from)
        return 0;
    if (several) {
        lc_fail(err, LC_ERR_REFUSED, "the DEFAULT of %s.%s.%s calls several functions: %s",
                d->database, d->table, d->column, d->expr);
        lc_hint(err, "--from names the one that %s replaces", w->to);
    } else if (calls(d, w->to)) {
        lc_fail(err, LC_ERR_REFUSED, "the DEFAULT of %s.%s.%s calls %s already: %s", d->database,
                d->table, d->column, w->to, d->expr);
        lc_hint(err, "rows that hold something else: --recompute instead of --to");
    } else {
        lc_fail(err, LC_ERR_REFUSED, "the DEFAULT of %s.%s.%s calls no function of rules: %s",
                d->database, d->table, d->column, d->expr);
    }
    return LC_ERR_REFUSED;
}

static const char about[] =
    "-- Changes the rows that hold the answer of %s to that of %s, and the columns that are\n"
    "-- derived from this one; values that were given in an INSERT stay. livecol waits for older\n"
    "-- INSERTs and repeats the UPDATE, partition by partition, until no row is left. Another\n"
    "-- client runs it once over the whole table, and does not change the derived columns.\n\n";

static const char about_recompute[] =
    "-- Changes every row to the value of the DEFAULT, and with it the columns that are derived\n"
    "-- from this one. Values that were given in an INSERT are lost.\n\n";

/*
 * Nobody has said what the new function's rules look at, and the key is cut for those of the
 * old one.
 */
static int refuse_cut(const struct lc_new_rederive *w, const struct lc_column *d,
                      struct lc_error *err)
{
    struct lc_narrow narrow;
    struct lc_slice key;

    for (size_t i = 0; i < d->calls_n; i++) {
        const struct lc_column_call *c = &d->calls[i];

        if (strcmp(answers_of(c), w->to) != 0 || !c->argument ||
            !lc_narrow_read(c->argument, &key, &narrow) || narrow.bytes == 0)
            continue;
        lc_fail(
            err, LC_ERR_REFUSED,
            "the DEFAULT of %s.%s.%s cuts its key to the %u bytes that the rules of its function "
            "look at, and those of %s may look at more: %s",
            d->database, d->table, d->column, narrow.bytes, w->to, d->expr);
        lc_hint(err,
                "--narrow measured --rules FILE, the rules of %s, cuts it for them; --narrow "
                "never gives the function the whole key",
                w->to);
        return LC_ERR_REFUSED;
    }
    return 0;
}

/*
 * The new DEFAULT: the old one with the other function, and the key as it is to be for that one's
 * rules. A key that was cut for the old rules may be too short for them.
 */
static int make_new_default(const struct lc_new_rederive *w, const struct lc_column *d,
                            const char *from, struct lc_buf *to, struct lc_error *err)
{
    struct lc_column next = *d;
    struct lc_buf renamed;
    bool narrow;
    int rc;

    next.calls = NULL;
    next.calls_n = 0;
    lc_buf_init(&renamed, TEXT_MAX_BYTES);
    rc = lc_expr_rename(d->expr, from, w->to, &renamed, err);
    next.expr = rc ? NULL : lc_buf_str(&renamed);
    if (rc == 0)
        rc = next.expr ? lc_column_read_calls(&next, err) : lc_no_memory(err);
    if (rc == 0 && w->narrow)
        rc = lc_narrow_choose(&next, w->rules, w->narrow, to, &narrow, err);
    else if (rc == 0)
        rc = refuse_cut(w, &next, err);
    if (rc == 0 && !w->narrow && lc_buf_add(to, renamed.p, renamed.n))
        rc = lc_no_memory(err);
    lc_column_free_calls(next.calls, next.calls_n);
    lc_buf_release(&renamed);
    return rc;
}

/*
 * A column that no UPDATE may change, and a key that no row stores, are refused; a key that a TTL has reset in
 * some rows is said.
 */
static int check_key(const struct work *k, struct lc_error *err)
{
    const struct lc_table_column *key;
    int rc;

    if (lc_table_column(&k->d.t, k->d.column)->in_key) {
        lc_fail(err, LC_ERR_REFUSED,
                "%s is part of a key (ORDER BY, PARTITION BY, SAMPLE BY), or the version or sign, "
                "of %s.%s, and cannot be updated",
                k->d.column, k->d.database, k->d.table);
        lc_hint(err, "new rules for it are a new column");
        return LC_ERR_REFUSED;
    }
    rc = lc_column_check_stored_key(&k->d, k->d.expr, "be re-derived", err);
    if (rc == 0)
        rc = lc_column_expiring(&k->d, k->d.expr, &key, err);
    if (rc == 0 && key)
        lc_warn("a TTL resets %s: in rows where it has, %s.%s.%s cannot be derived again, and %s",
                key->name, k->d.database, k->d.table, k->d.column,
                k->w->recompute || strcmp(k->d.kind, "MATERIALIZED") == 0
                    ? "would be overwritten with the answer for the value that is left"
                    : "keeps what it holds");
    return rc;
}

/* Does the table that o passes rows on to have another name? An older server does not say. */
static int check_behind(const struct work *k, const struct over *o, struct lc_error *err)
{
    char *database, *table;
    int rc = lc_engine_behind(k->b, &k->facts, &o->d.t, &database, &table, err);

    if (rc == 0 && table &&
        (strcmp(table, k->d.table) != 0 || (*database && strcmp(database, k->d.database) != 0))) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s.%s passes rows on to %s%s%s, not to %s.%s",
                     o->d.database, o->d.table, database, *database ? "." : "", table,
                     k->d.database, k->d.table);
        lc_hint(err, "--over names a table over %s.%s", k->d.database, k->d.table);
    }
    free(database);
    free(table);
    return rc;
}

/* Has it a DEFAULT of its own that calls the function which is replaced? */
static int check_over(const struct work *k, const struct over *o, struct lc_error *err)
{
    const struct lc_column *d = &o->d;

    if (!d->t.there && !d->t.pending) {
        lc_fail(err, LC_ERR_REFUSED, "there is no table %s.%s", d->database, d->table);
        lc_hint(err, "SHOW TABLES lists the tables");
    } else if (strcmp(d->t.engine, "Buffer") != 0 && strcmp(d->t.engine, "Distributed") != 0) {
        lc_fail(err, LC_ERR_REFUSED,
                "%s.%s is of the engine %s, and --over takes Buffer and "
                "Distributed tables",
                d->database, d->table, d->t.engine);
        lc_hint(err, "other tables have no DEFAULT of their own for rows that they pass on");
    } else if (!*d->expr) {
        lc_fail(err, LC_ERR_REFUSED, "%s.%s has no column %s with a DEFAULT of its own",
                d->database, d->table, d->column);
        lc_hint(err,
                "without one, INSERTs through it that leave %s out store an empty value: add "
                "ALTER TABLE %s.%s %s COLUMN %s … DEFAULT … to the migration",
                d->column, d->database, d->table,
                lc_table_column(&d->t, d->column) ? "MODIFY" : "ADD", d->column);
    } else if (!calls(d, k->from)) {
        lc_fail(err, LC_ERR_REFUSED, "the DEFAULT of %s.%s.%s does not call %s: it is %s",
                d->database, d->table, d->column, k->from, d->expr);
        lc_hint(err, "leave out --over for it, or change its DEFAULT by hand");
    } else {
        return check_behind(k, o, err);
    }
    return LC_ERR_REFUSED;
}

/* One table over the column's: what its column computes, and will compute. */
static int find_over(struct work *k, struct over *o, const char *text, struct lc_error *err)
{
    struct lc_error without_parts = LC_ERROR_INIT;
    struct lc_table *table = NULL;
    char *database = NULL, *name = NULL;
    int rc = lc_table_name_parse(text, &database, &name, err);

    lc_buf_init(&o->to, TEXT_MAX_BYTES);
    if (rc == 0)
        rc = lc_schema_table(&k->schema, database ? database : lc_backend_database(k->b), name,
                             &table, err);
    if (rc == 0) {
        rc = lc_column_find_in(&o->d, k->b, table, k->d.column, &without_parts);
        if (rc == LC_ERR_REFUSED) /* it stores no parts of its own: what is known of it is there */
            rc = o->d.expr && *o->d.expr ? lc_column_read_calls(&o->d, err) : 0;
        else if (rc)
            lc_error_pass(err, &without_parts);
    }
    if (rc == 0)
        rc = check_over(k, o, err);
    if (rc == 0 && strcmp(o->d.expr, k->d.expr) == 0)
        rc = lc_buf_add(&o->to, k->to.p, k->to.n) ? lc_no_memory(err) : 0;
    else if (rc == 0)
        rc = make_new_default(k->w, &o->d, k->from, &o->to, err);
    free(database);
    free(name);
    return rc;
}

static int find_overs(struct work *k, struct lc_error *err)
{
    int rc = 0;

    k->over = calloc(k->w->over.n + 1, sizeof *k->over);
    if (!k->over)
        return lc_no_memory(err);
    while (rc == 0 && k->over_n < k->w->over.n) {
        struct over *o = &k->over[k->over_n];

        rc = find_over(k, o, k->w->over.v[k->over_n++], err);
    }
    return rc;
}

/* One direction: the DEFAULTs, those of tables over it first, then the rows. */
static int add_direction(struct lc_buf *b, struct work *k, bool up)
{
    const struct lc_column *d = &k->d;
    const char *to = up ? lc_buf_str(&k->to) : d->expr, *from = up ? d->expr : lc_buf_str(&k->to);
    const struct lc_rederive_default own = {.database = d->database,
                                            .table = d->table,
                                            .column = d->column,
                                            .type = lc_column_type_to_say(d),
                                            .kind = d->kind,
                                            .expr = to};
    int rc = !to || !from || lc_buf_adds(b, up ? "-- migrate:up\n" : "\n-- migrate:down\n");

    for (size_t i = 0; rc == 0 && i < k->over_n; i++) {
        struct over *o = &k->over[i];
        const struct lc_rederive_default over = {.database = o->d.database,
                                                 .table = o->d.table,
                                                 .cluster = k->w->cluster,
                                                 .column = o->d.column,
                                                 .kind = o->d.kind,
                                                 .expr = up ? lc_buf_str(&o->to) : o->d.expr};

        rc = !over.expr || lc_rederive_text_default(b, &over);
    }
    return rc || lc_rederive_text_default(b, &own) || lc_rederive_text_rows(b, d, from, to);
}

/* Another function in the place of the old one, in both directions. */
static int add_replacement(struct work *k, struct lc_buf *out, struct lc_error *err)
{
    int rc = choose_from(k->w, &k->d, &k->from, err);

    if (rc == 0)
        rc = make_new_default(k->w, &k->d, k->from, &k->to, err);
    if (rc == 0)
        rc = find_overs(k, err);
    if (rc == 0 && (lc_buf_addf(out, about, k->from, k->w->to) || add_direction(out, k, true) ||
                    add_direction(out, k, false)))
        rc = lc_no_memory(err);
    return rc;
}

static void release(struct work *k)
{
    for (size_t i = 0; i < k->over_n; i++) {
        lc_column_release(&k->over[i].d);
        lc_buf_release(&k->over[i].to);
    }
    free(k->over);
    lc_buf_release(&k->to);
    lc_column_release(&k->d);
    lc_schema_release(&k->schema);
    lc_backend_free(k->b);
}

int lc_new_rederive_text(const struct lc_migrate *m, const struct lc_new_rederive *w,
                         struct lc_buf *out, struct lc_error *err)
{
    struct work k = {.w = w};
    int rc = lc_connection_open(&m->global, &k.b, err);

    lc_buf_init(&k.to, TEXT_MAX_BYTES);
    if (rc == 0)
        rc = find_column(m, &k, err);
    if (rc == 0)
        rc = check_key(&k, err);
    if (rc == 0 && w->recompute)
        rc = lc_buf_adds(out, about_recompute) || lc_buf_adds(out, "-- migrate:up\n") ||
                     lc_rederive_text_rows(out, &k.d, NULL, k.d.expr)
                 ? lc_no_memory(err)
                 : 0;
    else if (rc == 0)
        rc = add_replacement(&k, out, err);
    release(&k);
    return rc;
}
