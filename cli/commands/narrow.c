/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/narrow.h"

#include "base/format.h"
#include "base/signals.h"
#include "cli/column/narrow_key.h"
#include "cli/column/replace_default.h"
#include "cli/term/message.h"

#include <inttypes.h>
#include <string.h>

int lc_narrow_check_when(const char *when, struct lc_error *err)
{
    if (!when || strcmp(when, "measured") == 0 || strcmp(when, "always") == 0 ||
        strcmp(when, "never") == 0)
        return 0;
    return lc_fail(err, LC_ERR_USAGE, "--narrow takes measured, always or never, not %s", when);
}

/*
 * Is there nothing to try the expression on? A function that the server does not have, or a
 * table that a pending migration is to make. d->calls must be known.
 */
static bool is_missing(const struct lc_column *d)
{
    for (size_t i = 0; i < d->calls_n; i++)
        if (d->calls[i].missing)
            return true;
    return !d->t.there;
}

/*
 * Time both forms over the table's rows, and say what came out. `whole` is the column with the
 * whole key in its expression, `narrow` the other expression. *pays: the narrow form is faster,
 * by more than such times vary. LC_ERR_REFUSED where the table is empty.
 */
static int measure(const struct lc_column *whole, const char *narrow, bool *pays,
                   struct lc_error *err)
{
    struct lc_narrow_times times;
    int rc = lc_narrow_measure(whole, narrow, lc_stop_flag(), &times, err);

    if (rc)
        return rc;
    if (times.rows == 0) {
        lc_fail(err, LC_ERR_REFUSED, "%s.%s has no rows to measure with", whole->database,
                whole->table);
        lc_hint(err, "--narrow always or --narrow never says which form to write");
        return LC_ERR_REFUSED;
    }
    *pays = lc_narrow_pays(&times);
    lc_say("%" PRIu64 " row%s: %.0f ns a row with the whole key, %.0f with the narrow one (%.0f "
           "different in 8,192 rows): the %s is written",
           times.rows, LC_S(times.rows), (double)times.whole_ns / (double)times.rows,
           (double)times.narrow_ns / (double)times.rows, times.distinct,
           *pays ? "narrow key" : "whole key");
    return 0;
}

/*
 * Compare both forms over every distinct key of the table. Rules that are not those of the
 * function would cut too much of a key: here that is seen, before anything is written.
 */
static int prove(const struct lc_column *whole, const char *narrow, struct lc_error *err)
{
    uint64_t keys = 0;
    int rc = lc_replace_compare(whole, narrow, lc_stop_flag(), &keys, err);

    if (rc == 0)
        lc_say("both give the same for every one of %" PRIu64 " distinct key%s", keys, LC_S(keys));
    return rc;
}

/*
 * *narrow becomes the narrow expression, *whole the other one. The DEFAULT may be narrow
 * already, so the whole form is made and not copied. With `never` *narrow stays empty, and
 * rules may be NULL.
 */
static int both_forms(const struct lc_column *d, const struct lc_rules *rules, bool never,
                      struct lc_buf *narrow, struct lc_buf *whole, struct lc_error *err)
{
    struct lc_narrow of;
    int rc = lc_narrow_expression(d, NULL, whole, err);

    if (rc == 0 && !never)
        rc = lc_narrow_of(rules, &of, err);
    if (rc == 0 && !never)
        rc = lc_narrow_expression(d, &of, narrow, err);
    if (rc == 0 && (!lc_buf_str(whole) || !lc_buf_str(narrow)))
        rc = lc_no_memory(err);
    return rc;
}

int lc_narrow_choose(const struct lc_column *d, const struct lc_rules *rules, const char *when,
                     struct lc_buf *out, bool *narrow, struct lc_error *err)
{
    bool never = strcmp(when, "never") == 0, measured = strcmp(when, "measured") == 0;
    struct lc_buf forms[2];      /* whole, narrow */
    struct lc_column whole = *d; /* borrows from d: not released */
    int rc;

    lc_buf_init(&forms[0], (size_t)1 << 20);
    lc_buf_init(&forms[1], (size_t)1 << 20);
    rc = both_forms(d, rules, never, &forms[1], &forms[0], err);
    *narrow = !never;
    whole.expr = rc ? NULL : lc_buf_str(&forms[0]);
    /*
     * Nothing can be tried. `measured` needs times, and refuses; `always` writes the form
     * unproven, and says so.
     */
    if (rc == 0 && !never && is_missing(d)) {
        if (measured) {
            rc = lc_fail(err, LC_ERR_REFUSED, "%s cannot be timed: %s is not there", d->expr,
                         d->t.there ? "its function" : "the table");
            lc_hint(err, "--narrow always writes the narrow form untried; up compares both then");
        } else {
            lc_say("not compared with the whole key: the %s is not there yet",
                   d->t.there ? "function" : "table");
        }
    } else if (rc == 0 && !never) {
        /* Without times, with `always`, *narrow is true already. */
        rc = measured ? measure(&whole, lc_buf_str(&forms[1]), narrow, err) : 0;
        if (rc == 0 && *narrow)
            rc = prove(&whole, lc_buf_str(&forms[1]), err);
    }
    if (rc == 0 && lc_buf_add(out, forms[*narrow].p, forms[*narrow].n))
        rc = lc_no_memory(err);
    lc_buf_release(&forms[0]);
    lc_buf_release(&forms[1]);
    return rc;
}
