/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Free space comes from system.disks; a server without that table is never found full. What is
 * compared with it is the largest part that is left, not their sum: a mutation writes one part
 * next to the old one, and the old one goes once the new one is there.
 */
#include "cli/column/backfill_disk.h"

#include "base/format.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_PARTS = 5 }; /* damaged parts that the message names */

int lc_backfill_disk(const struct lc_backfill_target *t, struct lc_backfill_disk *disk,
                     struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->table}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc = 0;

    *disk = (struct lc_backfill_disk){0};
    if (t->facts->disks)
        rc = lc_query_read(t->b, lc_sql_backfill_disk, args, &a, err);
    if (rc == 0 && a.rows == 1) {
        snprintf(disk->name, sizeof disk->name, "%s",
                 lc_answer_at(&a, 0, LC_SQL_BACKFILL_DISK_NAME)->p);
        disk->free_bytes = lc_answer_u64(&a, 0, LC_SQL_BACKFILL_DISK_FREE_SPACE, 0);
    }
    lc_answer_release(&a);
    return rc;
}

int lc_backfill_check_disk(const struct lc_backfill_target *t, const struct lc_backfill_disk *disk,
                           struct lc_error *err)
{
    char free_bytes[16], largest[16];

    if (!*disk->name || disk->free_bytes > t->left.sum.largest_bytes)
        return 0;
    lc_fail(err, LC_ERR_REFUSED,
            "the disk %s has %s free, and the largest part of %s.%s that lacks %s has %s: its "
            "mutation would fail",
            disk->name, lc_short_bytes(free_bytes, (double)disk->free_bytes), t->database, t->table,
            t->column, lc_short_bytes(largest, (double)t->left.sum.largest_bytes));
    lc_hint(err, "free some space first: a mutation writes a new part next to the old one");
    return LC_ERR_REFUSED;
}

/*
 * *good false: it is damaged. What cannot be checked is taken to be good: the part may have
 * been merged away since it was listed, and older servers cannot check a single part.
 */
static int check_part(const struct lc_backfill_target *t, const char *part, bool *good,
                      struct lc_error *err)
{
    const struct lc_sql_arg args[] = {
        {"database", t->database}, {"table", t->table}, {"part", part}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer a = {0};
    int rc = lc_query_read(t->b, lc_sql_check_part, args, &a, &why);

    /* A row for the part: its name, 1 or 0, and why; or 1 or 0 alone. */
    *good = rc || a.rows != 1 || strcmp(lc_answer_at(&a, 0, a.cols > 1 ? 1 : 0)->p, "0") != 0;
    lc_answer_release(&a);
    if (rc == 0 || rc == LC_ERR_SERVER)
        return 0;
    lc_error_pass(err, &why);
    return rc;
}

int lc_backfill_check_written(const struct lc_backfill_target *t, uint64_t since_s,
                              struct lc_error *err)
{
    char since[24], names[400] = "";
    const struct lc_sql_arg args[] = {
        {"database", t->database}, {"table", t->table}, {"since", since}, {NULL, NULL}};
    struct lc_answer parts = {0};
    size_t bad = 0, first = 0, n = 0;
    int rc;

    snprintf(since, sizeof since, "%" PRIu64, since_s);
    rc = lc_query_read(t->b, lc_sql_backfill_written, args, &parts, err);
    for (size_t i = 0; rc == 0 && i < parts.rows; i++) {
        bool good;

        rc = check_part(t, lc_answer_at(&parts, i, LC_SQL_BACKFILL_WRITTEN_NAME)->p, &good, err);
        if (rc || good)
            continue;
        first = bad++ ? first : i;
        if (bad <= SHOWN_PARTS && n < sizeof names)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", bad > 1 ? ", " : "",
                                  lc_answer_at(&parts, i, LC_SQL_BACKFILL_WRITTEN_NAME)->p);
    }
    if (rc == 0 && bad) {
        rc = lc_fail(err, LC_ERR_SERVER,
                     "the disk became full, and the server kept %zu part%s of %s.%s whose files "
                     "are not whole: %s%s",
                     bad, LC_S(bad), t->database, t->table, names, bad > SHOWN_PARTS ? ", …" : "");
        lc_hint(
            err,
            "do not restart the server: they would be lost. Free some space, then rewrite each "
            "of them: ALTER TABLE %s.%s CLEAR COLUMN %s IN PARTITION ID '%s', and run this again",
            t->database, t->table, t->column,
            lc_answer_at(&parts, first, LC_SQL_BACKFILL_WRITTEN_PARTITION_ID)->p);
    }
    lc_answer_release(&parts);
    return rc;
}
