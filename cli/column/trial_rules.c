/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls are compared, not whole expressions: what a function answers is what rules can be held
 * against. lc_trial_compare asks every host for its answers and the matcher in this process for
 * the rules' own. lc_trial_cut asks the function twice, with the key that the expression cuts
 * and with the whole one.
 */
#include "cli/column/trial_rules.h"

#include "base/format.h"
#include "cli/column/compare_rules.h"
#include "cli/column/function_fit.h"
#include "cli/column/narrow_key.h"
#include "cli/server/answer_check.h"
#include "cli/server/query.h"
#include "udf/rules/open.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Different keys, of the first OWN_ROWS rows. */
enum { SAMPLE_ROWS = 1000, OWN_ROWS = 100000, MAX_SQL_BYTES = 1 << 20 };

/*
 * What the table's own rows ask the function about: the argument's values, as the server has
 * them. Where the server refuses to compute them, *keys stays empty, and made-up keys must do.
 */
static int read_own_keys(const struct lc_preflight *d, const struct lc_trial *t,
                         const char *argument, struct lc_answer *keys, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_buf sql;
    int rc;

    if (!t->has_rows)
        return 0;
    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_addf(&sql,
                     "SELECT DISTINCT toString(livecol_k) AS livecol_key FROM (SELECT (%s\n) AS "
                     "livecol_k FROM ",
                     argument) ||
         lc_column_add_rows(&t->column, &sql) ||
         lc_buf_addf(&sql, " LIMIT %d) LIMIT %d", OWN_ROWS, SAMPLE_ROWS) || !lc_buf_str(&sql);
    rc = rc ? lc_no_memory(&why) : lc_backend_run(d->b, lc_buf_str(&sql), keys, &why);
    lc_buf_release(&sql);
    if (rc && rc != LC_ERR_SERVER)
        return lc_error_pass(err, &why);
    return 0;
}

/*
 * One call and one rules file, on every host that is up; then says how many keys agreed. A
 * refusal names the host.
 */
static int compare_with(const struct lc_preflight *d, const char *path, const char *argument,
                        const struct lc_compare_call *call, struct lc_error *err)
{
    const char *name = call->dictionary ? call->dictionary : call->function;
    struct lc_rules *rules = NULL;
    uint64_t compared = 0;
    int rc = lc_rules_open(&rules, path, err);

    if (rc == 0)
        rc = lc_narrow_fits(argument, rules, path, err);
    for (size_t i = 0; rc == 0 && i < d->cluster->n; i++) {
        struct lc_error why = LC_ERROR_INIT;

        if (d->cluster->v[i].down)
            continue;
        rc = lc_compare_host(d->cluster, i, call, rules, path, &compared, &why);
        if (rc && err && err->code == 0) {
            *err = why;
            if (d->cluster->name && rc == LC_ERR_REFUSED)
                snprintf(err->msg, sizeof err->msg, "host %s: %.900s", d->cluster->v[i].name,
                         why.msg);
        }
    }
    lc_rules_free(rules);
    if (rc == 0 && compared == 0)
        lc_trial_say(d, true, "%s is not compared with %s: keys of the type %s cannot be made up",
                     name, path, call->column_type);
    else if (rc == 0)
        lc_trial_say(d, false, "%s answers %" PRIu64 " key%s as %s says%s", name, compared,
                     LC_S(compared), path, d->cluster->name ? ", on every host" : "");
    return rc;
}

/*
 * Compare one call with each rules file that is named for its function or dictionary, or for
 * all. `lone`: the expression has this call alone, so a file without FUNCTION= is about it.
 */
static int compare_call(const struct lc_preflight *d, const struct lc_trial *t,
                        const struct lc_column_call *c, bool lone, struct lc_error *err)
{
    const char *name = c->dictionary ? c->dictionary : c->function;
    struct lc_answer own = {0};
    char *type = NULL, *answered = NULL;
    int rc = lc_column_type_of_expr(&t->column, c->argument, &type, err);

    /* Which attribute a function answers its command says; a column need not have its name. */
    for (size_t i = 0; rc == 0 && !c->dictionary && !answered && i < d->cluster->n; i++)
        if (!d->cluster->v[i].down)
            rc = lc_function_fit_attribute(d->cluster, i, c->function, &answered, err);

    if (rc == 0)
        rc = read_own_keys(d, t, c->argument, &own, err);
    for (size_t i = 0; rc == 0 && i < d->rules.n; i++) {
        const struct lc_compare_call call = {.function = c->function,
                                             .dictionary = c->dictionary,
                                             .tuple = c->tuple,
                                             .column_type = type,
                                             .attribute = c->attribute ? c->attribute
                                                          : answered   ? answered
                                                                       : t->c->column,
                                             .own = own.rows ? &own : NULL};
        size_t n;
        const char *file = lc_compare_file(d->rules.v[i], &n);

        /* n: bytes of the name in FUNCTION=FILE, 0 where the file has none. */
        if (n ? strlen(name) == n && memcmp(name, d->rules.v[i], n) == 0 : lone)
            rc = compare_with(d, file, c->argument, &call, err);
    }
    lc_answer_release(&own);
    free(type);
    free(answered);
    return rc;
}

int lc_trial_compare(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err)
{
    const struct lc_column *c = &t->column;
    bool lone = lc_column_one_call(c, &(const struct lc_column_call *){NULL}, NULL) == 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && d->rules.n && i < c->calls_n; i++) {
        if (!c->calls[i].argument)
            lc_trial_say(d, true, "%s is not compared with --rules: %s has no single argument",
                         t->expr, c->calls[i].function);
        else if (c->calls[i].bound)
            lc_trial_say(
                d, true,
                "%s is not compared with --rules: %s is called with a name that the expression "
                "defines (%s)",
                t->expr, c->calls[i].function, c->calls[i].argument);
        else if (i == 0 || !lone) /* several of one function and argument are one */
            rc = compare_call(d, t, &c->calls[i], lone, err);
    }
    if (rc == 0 && d->rules.n && c->calls_n && !lone)
        lc_trial_say(
            d, false,
            "%s makes several calls: --rules FUNCTION=FILE names the function of the rules",
            t->expr);
    return rc;
}

/*
 * Over the table's own rows: how many get another answer from the key that is cut than from all
 * of it. NULL and NULL are alike. `key` is the part of the argument that is cut.
 */
static int count_cut(const struct lc_preflight *d, const struct lc_trial *t,
                     const struct lc_column_call *c, struct lc_slice key, uint64_t *rows,
                     uint64_t *differ, struct lc_error *err)
{
    enum { ROWS, DIFFER, WIDTH }; /* of the SELECT below */
    static const struct lc_sql_column columns[] = {{"n", LC_SQL_UINT}, {"differ", LC_SQL_UINT}};
    static const struct lc_sql counted = {.name = "the comparison",
                                          .columns = columns,
                                          .width = WIDTH,
                                          .rows = LC_SQL_ROWS_ONE,
                                          .sealed = true};
    struct lc_query q = {0};
    struct lc_answer out = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_adds(&sql,
                     "SELECT count() AS n, countIf(ifNull(toString(a) != toString(b), isNull(a) "
                     "!= isNull(b))) AS differ FROM (SELECT ") ||
         lc_sql_add_id(&sql, c->function) || lc_buf_addf(&sql, "(%s\n) AS a, ", c->argument) ||
         lc_sql_add_id(&sql, c->function) ||
         lc_buf_addf(&sql, "(%.*s\n) AS b FROM ", (int)key.n, (const char *)key.p) ||
         lc_column_add_rows(&t->column, &sql) || lc_buf_addf(&sql, " LIMIT %d)", OWN_ROWS) ||
         lc_answer_seal(&sql, &counted);
    q.sql = lc_buf_str(&sql);
    rc = rc || !q.sql ? lc_no_memory(err) : lc_query_checked(d->b, &q, &counted, &out, err);
    *rows = rc ? 0 : lc_answer_u64(&out, 0, ROWS, 0);
    *differ = rc ? 0 : lc_answer_u64(&out, 0, DIFFER, 0);
    lc_answer_release(&out);
    lc_buf_release(&sql);
    return rc;
}

int lc_trial_cut(const struct lc_preflight *d, const struct lc_trial *t, struct lc_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && t->has_rows && i < t->column.calls_n; i++) {
        const struct lc_column_call *c = &t->column.calls[i];
        struct lc_narrow narrow;
        struct lc_slice key;
        uint64_t rows, differ;

        if (c->dictionary || !c->argument || !lc_narrow_read(c->argument, &key, &narrow) ||
            narrow.bytes == 0)
            continue;
        rc = count_cut(d, t, c, key, &rows, &differ, err);
        if (rc || differ == 0)
            continue;
        rc = lc_fail(err, LC_ERR_REFUSED,
                     "%s answers differently for %" PRIu64 " of %" PRIu64
                     " rows of %s.%s, since their key is cut to %u bytes",
                     t->expr, differ, rows, t->database, t->stmt->name, narrow.bytes);
        lc_hint(err,
                "the rules of %s look at more: livecol new … --narrow measured --rules FILE cuts "
                "keys for them",
                c->function);
    }
    return rc;
}
