/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migration has two statements in each direction:
 *
 *   ALTER TABLE t MODIFY COLUMN c DEFAULT region_v2(k);      new rows
 *   -- migrate:rederive
 *   ALTER TABLE t UPDATE c = region_v2(k)                     old ones, but not values that
 *       WHERE c = region_v1(k) AND c != region_v2(k);         an INSERT gave
 */
#include "cli/commands/new_rederive.h"

#include "cli/column/narrow_key.h"
#include "cli/column/schema.h"
#include "cli/commands/narrow.h"
#include "cli/migrate/plan.h"
#include "cli/migrate/session.h"
#include "cli/server/connect.h"
#include "cli/sql/expression.h"
#include "cli/sql/name.h"
#include "cli/sql/quote.h"
#include "cli/sql/type_name.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 1 << 20 };

/*
 * Note the pending migrations in the schema: what has not been applied yet is taken as if it
 * had been, since the new file runs after them.
 */
static int note_pending(const struct lc_migrate *m, struct lc_backend *b, struct lc_schema *schema,
                        struct lc_error *err)
{
    struct lc_session s = {0};
    struct lc_abilities facts;
    struct lc_plan plan = {0};
    int rc = lc_session_open(&s, b, &m->up, lc_migrate_has_files(m), err);

    if (rc == 0)
        rc = lc_abilities_ask(&facts, b, err);
    if (rc == 0)
        rc = lc_plan_make(&plan, &s.files, &s.tracking, &m->up, false, err);
    if (rc == 0)
        rc = lc_plan_parse(&plan, b, &facts, err);
    for (size_t i = 0; rc == 0 && i < plan.n; i++)
        for (unsigned k = plan.v[i].first; rc == 0 && k < plan.v[i].stmt_n; k++)
            rc = lc_schema_note(schema, &plan.v[i].stmts[k].parsed, err);
    lc_plan_release(&plan);
    lc_session_end(&s);
    return rc;
}

/*
 * Fill *d with the column as the new migration will find it, and its calls. LC_ERR_REFUSED
 * where it has no expression that is stored.
 */
static int find_column(const struct lc_migrate *m, const struct lc_new_rederive *w,
                       struct lc_backend *b, struct lc_column *d, struct lc_error *err)
{
    struct lc_schema schema = {.b = b};
    struct lc_table *table = NULL;
    char *database = NULL, *name = NULL, *column = NULL;
    int rc = lc_column_name_parse(w->column, &database, &name, &column, err);

    if (rc == 0)
        rc = note_pending(m, b, &schema, err);
    if (rc == 0)
        rc = lc_schema_table(&schema, database ? database : lc_backend_database(b), name, &table,
                             err);
    if (rc == 0)
        rc = lc_column_find_in(d, b, table, column, err);
    if (rc == 0 && strcmp(d->kind, "DEFAULT") != 0 && strcmp(d->kind, "MATERIALIZED") != 0) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s.%s.%s %s", d->database, d->table, d->column,
                     *d->kind ? "is stored nowhere" : "has no DEFAULT to change");
        if (*d->kind)
            lc_hint(err, "MODIFY COLUMN alone changes it: it is %s", d->kind);
    }
    if (rc == 0)
        rc = lc_column_read_calls(d, err);
    lc_schema_release(&schema);
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

/* Is the whole expression one call? What cannot be read is none. */
static bool is_one_call(const char *expr)
{
    struct lc_expr_call *v = NULL;
    size_t n = 0;
    bool one =
        lc_expr_calls(expr, &v, &n, NULL) == 0 && n && v[0].at == 0 && v[0].n == strlen(expr);

    lc_expr_free_calls(v, n);
    return one;
}

/* In a comparison: in parentheses unless it is one call. */
static int add_operand(struct lc_buf *b, const char *expr)
{
    return lc_buf_addf(b, is_one_call(expr) ? "%s" : "(%s)", expr);
}

/*
 * Do `=` and `!=` say of column and expression what is wanted? Not where a value may be NULL or
 * NaN, or holds such, nor where the expression has another type than the column: then the value
 * as the column would store it is compared.
 */
static bool compares_plainly(const struct lc_column *d, const char *expr)
{
    char *type = NULL, a[LC_TYPE_BYTES], b[LC_TYPE_BYTES];
    static const char *const others[] = {"Nullable(", "Float",   "Tuple(", "Map(",
                                         "Variant(",  "Dynamic", "JSON",   "Array("};
    bool plain = strlen(d->type) < LC_TYPE_BYTES;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        plain = plain && !strstr(d->type, others[i]);
    /* Where the function is not there yet, it is taken to give what the column holds. */
    if (plain && lc_column_type_of_expr(d, expr, &type, NULL) == 0)
        plain = strlen(type) < LC_TYPE_BYTES &&
                strcmp(lc_type_plain(d->type, a), lc_type_plain(type, b)) == 0;
    free(type);
    return plain;
}

/* Rows that hold what `from` says, and not what `to` does; from NULL: that differ from `to`. */
static int add_where(struct lc_buf *b, const struct lc_column *d, const char *from, const char *to)
{
    int rc = lc_buf_adds(b, "\n    WHERE ");

    if (compares_plainly(d, to) && (!from || compares_plainly(d, from))) {
        if (from)
            rc = rc || lc_sql_add_name(b, d->column) || lc_buf_adds(b, " = ") ||
                 add_operand(b, from) || lc_buf_adds(b, " AND ");
        return rc || lc_sql_add_name(b, d->column) || lc_buf_adds(b, " != ") || add_operand(b, to);
    }
    /* NULL and NaN are values like others: nothing equals them, in SQL. */
    if (from)
        rc = rc || lc_buf_adds(b, "NOT (") || lc_column_add_differs(d, from, b) ||
             lc_buf_adds(b, ")\n      AND ");
    return rc || lc_column_add_differs(d, to, b);
}

/*
 * What the server takes for nondeterministic in an UPDATE: functions that are not its own,
 * dictGet….
 */
static bool needs_setting(const struct lc_column *d)
{
    return d->replicated && d->calls_n &&
           lc_backend_has_setting(d->b, "allow_nondeterministic_mutations");
}

static int add_alter(struct lc_buf *b, const struct lc_column *d)
{
    return lc_buf_adds(b, "ALTER TABLE ") || lc_sql_add_name(b, d->database) ||
           lc_buf_adds(b, ".") || lc_sql_add_name(b, d->table);
}

/*
 * Append the statement that changes the rows; from NULL: all that differ. A MATERIALIZED column
 * holds no given values, and is computed again as a whole. The server refuses functions of
 * rules in the UPDATE of a Replicated table, unless a setting allows them. The mark makes
 * livecol run it partition by partition, until no row is left.
 */
static int add_update(struct lc_buf *b, const struct lc_column *d, const char *from, const char *to)
{
    int rc = lc_buf_adds(b, "-- migrate:rederive\n") || add_alter(b, d);

    if (strcmp(d->kind, "MATERIALIZED") == 0)
        return rc || lc_buf_adds(b, " MATERIALIZE COLUMN ") || lc_sql_add_name(b, d->column) ||
               lc_buf_adds(b, ";\n");
    return rc || lc_buf_adds(b, "\n    UPDATE ") || lc_sql_add_name(b, d->column) ||
           lc_buf_addf(b, " = %s", to) || add_where(b, d, from, to) ||
           (needs_setting(d) &&
            lc_buf_adds(b, "\n    SETTINGS allow_nondeterministic_mutations = 1")) ||
           lc_buf_adds(b, ";\n");
}

/* One direction: the DEFAULT, then the rows. */
static int add_direction(struct lc_buf *b, const struct lc_column *d, const char *from,
                         const char *to)
{
    return add_alter(b, d) || lc_buf_adds(b, " MODIFY COLUMN ") || lc_sql_add_name(b, d->column) ||
           lc_buf_addf(b, " %s %s;\n\n", d->kind, to) || add_update(b, d, from, to);
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

int lc_new_rederive_text(const struct lc_migrate *m, const struct lc_new_rederive *w,
                         struct lc_buf *out, struct lc_error *err)
{
    struct lc_backend *b = NULL;
    struct lc_column d = {0};
    struct lc_buf to;
    const char *from = NULL;
    int rc = lc_connection_open(&m->global, &b, err);

    lc_buf_init(&to, TEXT_MAX_BYTES);
    if (rc == 0)
        rc = find_column(m, w, b, &d, err);
    if (rc == 0 && w->recompute) {
        if (lc_buf_adds(out, about_recompute) || lc_buf_adds(out, "-- migrate:up\n") ||
            add_update(out, &d, NULL, d.expr))
            rc = lc_no_memory(err);
    } else if (rc == 0) {
        rc = choose_from(w, &d, &from, err);
        if (rc == 0)
            rc = make_new_default(w, &d, from, &to, err);
        if (rc == 0 && (!lc_buf_str(&to) || lc_buf_addf(out, about, from, w->to) ||
                        lc_buf_adds(out, "-- migrate:up\n") ||
                        add_direction(out, &d, d.expr, lc_buf_str(&to)) ||
                        lc_buf_adds(out, "\n-- migrate:down\n") ||
                        add_direction(out, &d, lc_buf_str(&to), d.expr)))
            rc = lc_no_memory(err);
    }
    lc_buf_release(&to);
    lc_column_release(&d);
    lc_backend_free(b);
    return rc;
}
