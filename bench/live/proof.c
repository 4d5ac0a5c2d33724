/* SPDX-License-Identifier: Apache-2.0 */
/* The proof that the change left nothing behind, nothing out and nothing wrong. */
#include "bench/live/proof.h"

#include "base/format.h"
#include "bench/live/parts.h"
#include "cli/column/multiif.h"
#include "livecol_sql.h"
#include "udf/rules/open.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SQL_MAX_BYTES = 1 << 24, COMPARE_ROUNDS = 7 };

/*
 * Note one thing that was proven or refuted. More than there is room for are dropped;
 * lc_live_run looks at all of them at the end, and fails where one failed.
 */
void live_prove(struct lc_live *live, bool ok, const char *what, const char *fmt, ...)
{
    if (live->n_proofs == LC_LIVE_PROOFS) {
        return;
    }
    struct lc_live_proof *p = &live->proofs[live->n_proofs++];
    p->ok = ok;
    (void)snprintf(p->what, sizeof p->what, "%s", what);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(p->detail, sizeof p->detail, fmt, args);
    va_end(args);
}

/*
 * The five rows that were seeded by hand: e1, e2, e4 are us-east, e3 eu-west, e5 unknown. Notes
 * whether that is so; 0 whatever came of it, or the failure of the statement.
 */
static int prove_named(struct lc_live *live, struct lc_backend *b, const char *suffix,
                       struct lc_error *err)
{
    static const char *const want[LIVE_NAMED_ROWS] = {"us-east", "us-east", "eu-west", "us-east",
                                                      "unknown"};
    struct lc_answer t = {0};
    int rc = live_run(b, lc_sql_live_named, LC_LIVE_TABLE, NULL, NULL, &t, err);
    if (rc != 0) {
        return rc;
    }
    char got[160] = "";
    size_t at = 0;
    bool ok = t.rows == LIVE_NAMED_ROWS;
    for (size_t i = 0; i < t.rows && i < LIVE_NAMED_ROWS; i++) {
        ok = ok && strcmp(lc_answer_at(&t, i, LC_SQL_LIVE_NAMED_REGION)->p, want[i]) == 0;
        int n = snprintf(got + at, sizeof got - at, "%s%s %s", i > 0 ? ", " : "",
                         lc_answer_at(&t, i, LC_SQL_LIVE_NAMED_EVENT_ID)->p,
                         lc_answer_at(&t, i, LC_SQL_LIVE_NAMED_REGION)->p);
        at += n > 0 && (size_t)n < sizeof got - at ? (size_t)n : 0;
    }
    char what[120];
    (void)snprintf(what, sizeof what, "the five named rows%s", suffix);
    live_prove(live, ok, what, "%s", got);
    lc_answer_release(&t);
    return 0;
}

/* Rows whose region differs from what the expression says: the server counts them. */
static int count_drift(struct lc_backend *b, const char *expression, uint64_t *out,
                       struct lc_error *err)
{
    struct lc_buf sql;
    struct lc_answer t = {0};
    lc_buf_init(&sql, SQL_MAX_BYTES);
    /*
     * The expression is the column's own DEFAULT or made from the rules:
     * neither is a value to be quoted.
     */
    int rc = lc_buf_addf(
        &sql, "SELECT count() FROM " LC_LIVE_DATABASE "." LC_LIVE_TABLE " WHERE region != %s",
        expression);
    rc = rc == 0 ? lc_backend_run(b, lc_buf_str(&sql), &t, err) : rc;
    *out = rc == 0 ? lc_answer_u64(&t, 0, 0, UINT64_MAX) : 0;
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rc;
}

/* What the column's DEFAULT calls, and what a person would have written instead. */
static int find_expressions(struct lc_live *live, struct lc_backend *b, struct lc_error *err)
{
    /* Found once a run: copies of the table get the same migration. */
    if (live->function_sql[0] != '\0') {
        return 0;
    }
    struct lc_answer t = {0};
    struct lc_buf builtin;
    struct lc_rules *rules = NULL;
    lc_buf_init(&builtin, SQL_MAX_BYTES);
    int rc = live_run(b, lc_sql_live_default, LC_LIVE_TABLE, NULL, NULL, &t, err);
    if (rc == 0 &&
        (t.rows != 1 || lc_answer_at(&t, 0, LC_SQL_LIVE_DEFAULT_DEFAULT_EXPRESSION)->n == 0)) {
        rc = lc_fail(err, LC_ERR_FOUND, "%s.%s has no column region with a DEFAULT",
                     LC_LIVE_DATABASE, LC_LIVE_TABLE);
    }
    rc = rc == 0 ? lc_rules_open(&rules, live->options.rules, err) : rc;
    rc = rc == 0 ? lc_multiif_multiif(rules, 0, "user_id", NULL, &builtin, err) : rc;
    if (rc == 0 && (lc_answer_at(&t, 0, LC_SQL_LIVE_DEFAULT_DEFAULT_EXPRESSION)->n >=
                        sizeof live->function_sql ||
                    builtin.n >= sizeof live->builtin_sql)) {
        rc = lc_fail(err, LC_ERR_USAGE, "%s has too many rules for this comparison",
                     live->options.rules);
    }
    if (rc == 0) {
        (void)snprintf(live->function_sql, sizeof live->function_sql, "%s",
                       lc_answer_at(&t, 0, LC_SQL_LIVE_DEFAULT_DEFAULT_EXPRESSION)->p);
        (void)snprintf(live->builtin_sql, sizeof live->builtin_sql, "%s", lc_buf_str(&builtin));
    }
    lc_answer_release(&t);
    lc_buf_release(&builtin);
    lc_rules_free(rules);
    return rc;
}

int live_prove_table(struct lc_live *live, struct lc_backend *b, uint64_t rows_want,
                     const char *suffix, struct lc_error *err)
{
    uint64_t rows = 0;
    uint64_t drift = 0;
    uint64_t wrong = 0;
    uint64_t without = 0;
    char what[120];
    char have[32];
    char want[32];
    int rc = find_expressions(live, b, err);
    rc = rc == 0 ? live_number(b, lc_sql_live_count, LC_LIVE_TABLE, &rows, err) : rc;
    if (rc == 0) {
        (void)snprintf(what, sizeof what, "rows are exactly those put in%s", suffix);
        live_prove(live, rows == rows_want, what, "%s of %s",
                   lc_format_integer(rows, have, sizeof have),
                   lc_format_integer(rows_want, want, sizeof want));
        rc = prove_named(live, b, suffix, err);
    }
    /*
     * Twice: by the function, which agrees with itself even if it is wrong, and by multiIf,
     * which shares no code with it.
     */
    rc = rc == 0 ? count_drift(b, live->function_sql, &drift, err) : rc;
    rc = rc == 0 ? count_drift(b, live->builtin_sql, &wrong, err) : rc;
    if (rc == 0) {
        (void)snprintf(what, sizeof what, "every stored region is what the rules say%s", suffix);
        live_prove(live, drift == 0 && wrong == 0, what,
                   "%" PRIu64 " differ from %s, %" PRIu64 " from multiIf", drift,
                   live->function_sql, wrong);
        rc = live_number(b, lc_sql_live_parts_without, LC_LIVE_TABLE, &without, err);
    }
    if (rc == 0) {
        (void)snprintf(what, sizeof what, "every part has the column%s", suffix);
        live_prove(live, without == 0, what, "%" PRIu64 " without", without);
    }
    return rc;
}

/* One GROUP BY of the expression: its time, and its answer as text to be compared. */
static int group_once(struct lc_backend *b, const char *expression, double *ms,
                      struct lc_buf *answer, struct lc_error *err)
{
    enum { VALUE, COUNT }; /* of the SELECT below */
    struct lc_buf sql;
    struct lc_answer t = {0};
    lc_buf_init(&sql, SQL_MAX_BYTES);
    lc_buf_reset(answer);
    int rc = lc_buf_addf(&sql,
                         "SELECT %s AS r, count() FROM " LC_LIVE_DATABASE "." LC_LIVE_TABLE
                         " GROUP BY r ORDER BY r",
                         expression);
    uint64_t from = lc_clock_now(lc_clock_system());
    rc = rc == 0 ? lc_backend_run(b, lc_buf_str(&sql), &t, err) : rc;
    *ms = (double)(lc_clock_now(lc_clock_system()) - from) / 1e6;
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        rc = lc_buf_addf(answer, "%s%s %s", i > 0 ? ", " : "", lc_answer_at(&t, i, VALUE)->p,
                         lc_answer_at(&t, i, COUNT)->p);
    }
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rc;
}

/*
 * What a GROUP BY costs when the value is computed by the function, and by built-in means:
 * medians over the whole table, and a proof that both answer the same in every round.
 */
int live_compare(struct lc_live *live, struct lc_backend *b, struct lc_error *err)
{
    const char *const expressions[2] = {live->function_sql, live->builtin_sql};
    double ms[2][COMPARE_ROUNDS];
    struct lc_buf answers[2];
    bool same = true;
    int rc = 0;
    lc_buf_init(&answers[0], SQL_MAX_BYTES);
    lc_buf_init(&answers[1], SQL_MAX_BYTES);
    /* By turns, A B A B, after a round that warms up. */
    for (int round = -1; rc == 0 && round < COMPARE_ROUNDS; round++) {
        for (int i = 0; rc == 0 && i < 2; i++) {
            double once;
            rc = group_once(b, expressions[i], &once, &answers[i], err);
            if (rc == 0 && round >= 0) {
                ms[i][round] = once;
            }
        }
        same = same && rc == 0 && answers[0].n == answers[1].n &&
               memcmp(answers[0].p, answers[1].p, answers[0].n) == 0;
    }
    if (rc == 0) {
        live->function_ms = lc_stats_median(ms[0], COMPARE_ROUNDS);
        live->builtin_ms = lc_stats_median(ms[1], COMPARE_ROUNDS);
        live_prove(live, same, "the function and multiIf answer alike", "%.140s",
                   lc_buf_str(&answers[0]));
    }
    lc_buf_release(&answers[0]);
    lc_buf_release(&answers[1]);
    return rc;
}
