/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk under a backfill.
 *
 * A server begins no further part where the disk has no room for it, and says so nowhere: nothing
 * fails. Worse, a part that is being written when the disk becomes full may be kept with empty
 * files, without an error (26.7, on tmpfs), and is lost when the server is started the next time.
 * So the plan refuses a disk that is nearly full, a backfill pauses when it becomes so, and what it
 * wrote by then is read again.
 */
#ifndef LC_CLI_COLUMN_BACKFILL_DISK_H
#define LC_CLI_COLUMN_BACKFILL_DISK_H
#include "cli/column/backfill_target.h"

/* The fullest of the disks that hold the table's parts. */
struct lc_backfill_disk {
    char name[64]; /* "default"; "": the server does not say */
    uint64_t free_bytes;
};

/* Ask for it. 0 or the failures of a query. */
int lc_backfill_disk(const struct lc_backfill_target *t, struct lc_backfill_disk *disk,
                     struct lc_error *err);

/*
 * Has it room for the largest part that is left, which a mutation writes anew next to the old one?
 * 0, also where the server does not say; LC_ERR_REFUSED.
 */
int lc_backfill_check_disk(const struct lc_backfill_target *t, const struct lc_backfill_disk *disk,
                           struct lc_error *err);

/*
 * Read every part of the table that was written at or after since_s (the server's time), by CHECK
 * TABLE. 0, also where the server knows no such check; LC_ERR_SERVER with those that are damaged,
 * and what to do; the failures of a query.
 */
int lc_backfill_check_written(const struct lc_backfill_target *t, uint64_t since_s,
                              struct lc_error *err);

#endif
