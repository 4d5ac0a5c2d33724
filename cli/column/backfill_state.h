/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run of the backfill supervisor (backfill.c) knows: shared by the modules that look
 * at the server, send mutations, and go round. Private to cli/column/backfill*.c.
 */
#ifndef LC_CLI_COLUMN_BACKFILL_STATE_H
#define LC_CLI_COLUMN_BACKFILL_STATE_H
#include "cli/column/backfill_options.h"
#include "cli/column/backfill_target.h"

/* The pause between two rounds: it doubles from the first to the last. */
enum { LC_BACKFILL_FIRST_PAUSE_MS = 5, LC_BACKFILL_LAST_PAUSE_MS = 150 };

/* How often a partition was sent without a part of it having become done. */
struct lc_backfill_sent {
    char *id;
    uint64_t parts; /* that lacked the column when it was last sent */
    unsigned without_gain;
};

struct lc_backfill_state {
    struct lc_backfill_target *t;
    const struct lc_backfill_options *o;
    const struct lc_backfill_hooks *hooks;
    const char *query_id; /* begins the ids of what is sent; NULL: the server makes them */
    struct lc_backfill_progress *p;
    struct lc_throttle *throttle;
    struct lc_answer mutations; /* as of the last look at them */
    unsigned in_flight;         /* of ours */
    unsigned sends;
    uint64_t since_s; /* the server's time when this run began */
    uint64_t begun_ms, next_look_ms, wait_begun_ms;
    uint64_t unknown_since_ms; /* a function is unknown to the server; 0: none is */
    bool waits;
    struct lc_backfill_sent *sent;
    size_t sent_n;
    size_t patched;   /* partitions with values to apply, when last sent */
    unsigned applies; /* sent in turn, without their becoming fewer */
    unsigned pause_ms;
    uint64_t parts_in_work, next_disk_ms;
    uint64_t largest_bytes; /* of the parts that were left when it began */
};

#endif
