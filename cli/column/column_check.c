/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types and expressions are compared as the server writes them, first as text and then through the
 * server's own formatter. Where neither tells, the verdict is "unsure", which is said and is no failure.
 */
#include "cli/column/column_check.h"

#include "base/clock.h"
#include "cli/server/query.h"
#include "cli/server/same_sql.h"
#include "cli/sql/fragment.h"
#include "cli/sql/lexer.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The table's rows of system.columns, on the connected server. */
static int read_columns(struct lc_backend *b, const struct lc_stmt *s, struct lc_answer *t,
                        struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", lc_stmt_database(s, lc_backend_database(b))},
                                      {"table", s->name},
                                      {NULL, NULL}};

    return lc_query_read(b, lc_sql_columns, args, t, err);
}

/* Where the answer has the column; false: *row is the number of rows. */
static bool find_row(const struct lc_answer *t, const char *column, size_t *row)
{
    for (*row = 0; *row < t->rows; ++*row) {
        if (strcmp(lc_answer_at(t, *row, LC_SQL_COLUMNS_NAME)->p, column) == 0)
            return true;
    }
    return false;
}

/*
 * Is the type that the statement declares the one that system.columns names? Names differ in
 * writing (DECIMAL(9,2) and Decimal(9, 2)), so the server names the declared one too.
 *
 *   text is the same ─► LC_SAME    server names it ─► LC_SAME or LC_DIFFERENT    else LC_UNSURE
 */
static int compare_types(struct lc_backend *b, struct lc_slice type, const struct lc_cell *is,
                         enum lc_sameness *verdict, struct lc_error *err)
{
    char *plain = lc_fragment_declared_type(type), *name = NULL;
    struct lc_error one = LC_ERROR_INIT;
    int rc = 0;

    if (!plain)
        return lc_no_memory(err);
    *verdict = lc_lex_same(plain, strlen(plain), is->p, is->n) ? LC_SAME : LC_UNSURE;
    free(plain);
    if (*verdict == LC_UNSURE)
        rc = lc_type_name(b, type, &name, &one);
    if (name)
        *verdict = lc_lex_same(name, strlen(name), is->p, is->n) ? LC_SAME : LC_DIFFERENT;
    free(name);
    return rc && rc != LC_ERR_SERVER ? lc_error_pass(err, &one) : 0;
}

int lc_column_has_type(struct lc_backend *b, const struct lc_stmt *s,
                       const struct lc_stmt_command *c, bool *same, struct lc_error *err)
{
    struct lc_answer t = {0};
    enum lc_sameness v = LC_DIFFERENT;
    size_t row;
    int rc = read_columns(b, s, &t, err);

    if (rc == 0 && find_row(&t, c->column, &row))
        rc = compare_types(b, c->type, lc_answer_at(&t, row, LC_SQL_COLUMNS_TYPE), &v, err);
    *same = rc == 0 && v == LC_SAME;
    lc_answer_release(&t);
    return rc;
}

/*
 * Older servers store CAST(expr, 'Type'), of the column's own type, where the types differ. A CAST to
 * that type that the statement has itself is the same in either writing, and in any spacing of the
 * type.
 */
static bool same_within_cast(struct lc_slice expr, const struct lc_cell *is,
                             const struct lc_cell *column_type)
{
    struct lc_slice stored, own;
    char *type = NULL, *declared = NULL;
    bool same =
        lc_fragment_cast((struct lc_slice){(const uint8_t *)is->p, is->n}, &stored, &type) &&
        lc_lex_same(type, strlen(type), column_type->p, column_type->n);

    if (same && !lc_lex_same((const char *)expr.p, expr.n, (const char *)stored.p, stored.n))
        same = lc_fragment_cast(expr, &own, &declared) &&
               lc_lex_same(type, strlen(type), declared, strlen(declared)) &&
               lc_lex_same((const char *)own.p, own.n, (const char *)stored.p, stored.n);
    free(type);
    free(declared);
    return same;
}

/* The same of a DEFAULT; an empty one on one side alone differs. */
static int compare_expressions(struct lc_backend *b, const struct lc_abilities *facts,
                               const struct lc_stmt *s, struct lc_slice expr,
                               const struct lc_cell *is, const struct lc_cell *type,
                               enum lc_sameness *verdict, struct lc_error *err)
{
    *verdict = LC_SAME;
    if (same_within_cast(expr, is, type))
        return 0;
    *verdict = LC_DIFFERENT;
    if (!is->n || !expr.n)
        return 0;
    return lc_same_expression(b, facts, lc_stmt_database(s, lc_backend_database(b)), expr,
                              (struct lc_slice){(const uint8_t *)is->p, is->n}, verdict, err);
}

/* DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL; "" where the column has no expression. */
static bool same_kind(struct lc_slice kind, const struct lc_cell *is)
{
    return kind.n == is->n && (kind.n == 0 || strncasecmp((const char *)kind.p, is->p, is->n) == 0);
}

/* One host's table, looked at after a statement. */
struct look {
    const struct lc_cluster *c;
    size_t host;
    const struct lc_abilities *facts;
    const struct lc_stmt *s;
    const char *database;
    const struct lc_column_hooks *hooks;
    bool told_lag;
    bool doubtful;      /* the command may have passed over the column that is compared */
    size_t told_unsure; /* what comes before this one, in the order in which they are met */
};

/* What a column has, and what the statement says; the kind is of a default, else "". */
struct difference {
    size_t at;        /* its place among all that is compared */
    const char *what; /* "type" or "default" */
    const char *is_kind, *is;
    struct lc_slice want_kind, want;
};

/*
 * The error where the column is another. conditional: IF NOT EXISTS explains why it was left
 * alone.
 */
static int differs(const struct look *l, const struct lc_stmt_command *c,
                   const struct difference *d, struct lc_error *err)
{
    const char *want = d->want.n ? (const char *)d->want.p : "none";

    lc_fail(err, LC_ERR_SERVER,
            "column %s.%s.%s has the %s %s%s%s, and the statement says %.*s%s%.*s", l->database,
            l->s->name, c->column, d->what, d->is_kind, *d->is_kind ? " " : "",
            *d->is ? d->is : "none", (int)d->want_kind.n,
            d->want_kind.n ? (const char *)d->want_kind.p : "", d->want_kind.n ? " " : "",
            d->want.n ? (int)d->want.n : 4, want);
    lc_hint(
        err,
        c->conditional
            ? "IF NOT EXISTS keeps the existing column: change it with MODIFY COLUMN, write the "
              "statement to match it, or go on with --keep-columns"
            : "somebody else changed the column meanwhile: compare, then run up again");
    return LC_ERR_SERVER;
}

/*
 * Say what cannot be compared here, but not again in each round of a wait. A round ends at the
 * first difference, so a later one may be the first to meet it.
 */
static void tell_unsure(struct look *l, const struct lc_stmt_command *c, const struct difference *d)
{
    char text[512];

    if (!l->hooks->unsure || d->at < l->told_unsure)
        return;
    l->told_unsure = d->at + 1;
    snprintf(text, sizeof text,
             "the %s of column %s could not be compared on this server: it is %s, and the "
             "statement says %.*s",
             d->what, c->column, d->is, (int)d->want.n, (const char *)d->want.p);
    l->hooks->unsure(l->hooks->ctx, text);
}

/* A verdict of LC_UNSURE is told, and is no failure. */
static int judge(struct look *l, const struct lc_stmt_command *c, enum lc_sameness v,
                 const struct difference *d, struct lc_error *err)
{
    if (v == LC_DIFFERENT && l->doubtful)
        v = LC_UNSURE;
    if (v == LC_DIFFERENT && l->hooks->any_kept && c->conditional &&
        c->kind == LC_STMT_ADD_COLUMN) {
        struct lc_error kept = LC_ERROR_INIT;
        char text[1100];

        (void)differs(l, c, d, &kept);
        snprintf(text, sizeof text, "%s: IF NOT EXISTS has kept it", kept.msg);
        if (d->at >= l->told_unsure)
            l->hooks->unsure(l->hooks->ctx, text);
        l->told_unsure = d->at + 1;
        return 0;
    }
    if (v == LC_DIFFERENT)
        return differs(l, c, d, err);
    if (v == LC_UNSURE)
        tell_unsure(l, c, d);
    return 0;
}

/*
 * Does a later command of the ALTER say what the column is? Then this one does not any more. ADD COLUMN
 * says it behind MODIFY COLUMN IF EXISTS, which has passed over one that was not there.
 */
static bool is_said_later(const struct lc_stmt *s, size_t i)
{
    for (size_t k = i + 1; k < s->command_n; k++) {
        const struct lc_stmt_command *c = &s->commands[k];

        if ((c->kind == LC_STMT_MODIFY_COLUMN || c->kind == LC_STMT_REMOVE_DEFAULT ||
             (c->kind == LC_STMT_ADD_COLUMN && s->commands[i].conditional)) &&
            strcmp(c->column, lc_stmt_column_after(s, i) ? lc_stmt_column_after(s, i) : "") == 0)
            return true;
    }
    return false;
}

/* A column as it is there. */
struct found {
    struct lc_cell type, kind, expr;
};

static struct found found_at(const struct lc_answer *t, size_t row)
{
    return (struct found){*lc_answer_at(t, row, LC_SQL_COLUMNS_TYPE),
                          *lc_answer_at(t, row, LC_SQL_COLUMNS_DEFAULT_KIND),
                          *lc_answer_at(t, row, LC_SQL_COLUMNS_DEFAULT_EXPRESSION)};
}

static struct lc_cell cell_of(const char *text)
{
    return (struct lc_cell){.p = text, .n = strlen(text)};
}

static int check_type(struct look *l, size_t i, const struct found *is, struct lc_error *err)
{
    const struct lc_stmt_command *c = &l->s->commands[i];
    const struct difference d = {2 * i, "type", "", is->type.p, {0}, c->type};
    enum lc_sameness v = LC_SAME;
    int rc = c->type.n ? compare_types(l->c->b, c->type, &is->type, &v, err) : 0;

    return rc ? rc : judge(l, c, v, &d, err);
}

static int check_default(struct look *l, size_t i, const struct found *is, struct lc_error *err)
{
    const struct lc_stmt_command *c = &l->s->commands[i];
    const struct difference d = {2 * i + 1,  "default",       is->kind.p,
                                 is->expr.p, c->default_kind, c->default_expr};
    enum lc_sameness v = LC_DIFFERENT;
    int rc = 0;

    if (same_kind(c->default_kind, &is->kind)) {
        v = LC_SAME;
        if (c->default_expr.n)
            rc = compare_expressions(l->c->b, l->facts, l->s, c->default_expr, &is->expr, &is->type,
                                     &v, err);
    }
    return rc ? rc : judge(l, c, v, &d, err);
}

int lc_column_check_kept(struct lc_backend *b, const struct lc_abilities *facts,
                         const struct lc_stmt *s, size_t i, const struct lc_table_column *is,
                         struct lc_error *err)
{
    static const struct lc_column_hooks none = {0};
    struct lc_cluster alone = {.b = b};
    struct look l = {.c = &alone,
                     .facts = facts,
                     .s = s,
                     .database = lc_stmt_database(s, lc_backend_database(b)),
                     .hooks = &none};
    const char *after = lc_stmt_column_after(s, i);
    struct found found = {cell_of(is->type), cell_of(is->kind), cell_of(is->expr)};
    struct lc_error one = LC_ERROR_INIT;
    char *name = NULL;
    int rc = 0;

    /* Renamed, dropped or modified by the same ALTER: what is compared then is said there. */
    if (!after || strcmp(after, s->commands[i].column) != 0 || is_said_later(s, i))
        return 0;
    /* A pending statement's type is as that writes it: both are to be named by the server. */
    if (*is->type && (!is->stored || is->rewritten))
        rc = lc_type_name(b, (struct lc_slice){(const uint8_t *)is->type, strlen(is->type)}, &name,
                          &one);
    if (rc == LC_ERR_SERVER) {
        rc = 0;
        one = LC_ERROR_INIT;
    }
    if (name)
        found.type = cell_of(name);
    if (rc == 0 && *is->type && (name || (is->stored && !is->rewritten)))
        rc = check_type(&l, i, &found, &one);
    if (rc == 0)
        rc = check_default(&l, i, &found, &one);
    free(name);
    if (rc == LC_ERR_SERVER && one.server_code == 0)
        rc = one.code = LC_ERR_REFUSED;
    return rc ? lc_error_pass(err, &one) : 0;
}

/*
 * One ADD or MODIFY of the ALTER, against the rows of one host. All commands have run by now,
 * so what counts is the name that the column has at the end, and the last command that says
 * what it is.
 */
static int check_command(struct look *l, size_t i, const struct lc_answer *t, struct lc_error *err)
{
    const struct lc_stmt_command *c = &l->s->commands[i];
    const char *name = lc_stmt_column_after(l->s, i);
    struct found is;
    size_t row;
    int rc;

    if (!name)
        return 0; /* dropped by the same ALTER */
    if (!find_row(t, name, &row)) {
        if (c->kind == LC_STMT_MODIFY_COLUMN && c->conditional)
            return 0;
        if (c->type.n >= 6 && strncasecmp((const char *)c->type.p, "Nested", 6) == 0)
            return 0; /* it is there as its parts */
        return lc_fail(err, LC_ERR_SERVER, "column %s.%s.%s does not exist after the statement",
                       l->database, l->s->name, c->column);
    }
    if (is_said_later(l->s, i))
        return 0;
    /*
     * IF EXISTS, then renamed: either it was there, or another column had the new name all along. Newer
     * servers refuse an ALTER that modifies and renames one column, so there it was the latter.
     */
    l->doubtful =
        c->kind == LC_STMT_MODIFY_COLUMN && c->conditional && strcmp(name, c->column) != 0;
    if (l->doubtful && l->facts->udf_types)
        return 0;
    is = found_at(t, row);
    rc = check_type(l, i, &is, err);
    if (rc || (c->kind == LC_STMT_MODIFY_COLUMN && !c->default_kind.n))
        return rc;
    return check_default(l, i, &is, err);
}

/* One look at one host. Nothing is said of a table that is not there, unless nobody has it. */
static int check_host(struct look *l, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", l->database}, {"table", l->s->name}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_cluster_read(l->c, l->host, lc_sql_columns, lc_sql_host_columns, args, &t, err);

    for (size_t i = 0; rc == 0 && (t.rows || !l->c->name) && i < l->s->command_n; i++) {
        const struct lc_stmt_command *command = &l->s->commands[i];

        if (command->kind == LC_STMT_ADD_COLUMN || command->kind == LC_STMT_MODIFY_COLUMN)
            rc = check_command(l, i, &t, err);
    }
    lc_answer_release(&t);
    return rc;
}

/* How long a host may be behind its cluster, and the pause between two looks. */
enum { LAG_MS = 60000, LAG_PAUSE_MS = 200 };

/* Until the host has it. One that answers, and has something else for a minute, is not behind. */
static int wait_for_host(struct look *l, struct lc_error *err)
{
    uint64_t end = lc_now_ms() + LAG_MS;

    for (;;) {
        struct lc_error why = LC_ERROR_INIT;
        char text[1400];
        int rc = check_host(l, &why);
        bool away = rc == LC_ERR_SERVER && lc_cluster_is_unreachable(&why);

        if (away)
            end = lc_now_ms() + LAG_MS;
        if (rc != LC_ERR_SERVER || !l->c->name || lc_now_ms() >= end)
            return away ? lc_error_pass(err, &why) : lc_cluster_pass(l->c, l->host, rc, &why, err);
        snprintf(text, sizeof text, "waiting for host %s: %s", l->c->v[l->host].name, why.msg);
        if (!l->told_lag)
            l->hooks->lagging(l->hooks->ctx, text);
        l->told_lag = true;
        if (lc_sleep_ms(LAG_PAUSE_MS, l->hooks->cancel))
            return lc_fail(err, LC_ERR_STOPPED, "stopped while %s", text);
    }
}

int lc_column_check(const struct lc_cluster *c, const struct lc_abilities *facts,
                    const struct lc_stmt *s, const struct lc_column_hooks *hooks,
                    struct lc_error *err)
{
    bool has_columns = false;
    int rc = 0;

    for (size_t i = 0; s->kind == LC_STMT_ALTER && i < s->command_n; i++)
        has_columns = has_columns || s->commands[i].kind == LC_STMT_ADD_COLUMN ||
                      s->commands[i].kind == LC_STMT_MODIFY_COLUMN;
    for (size_t i = 0; rc == 0 && has_columns && i < c->n; i++) {
        struct look l = {.c = c,
                         .host = i,
                         .facts = facts,
                         .s = s,
                         .database = lc_stmt_database(s, lc_backend_database(c->b)),
                         .hooks = hooks};

        if (!c->v[i].down)
            rc = wait_for_host(&l, err);
    }
    return rc;
}
