/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backfill's looks at the server: the table's mutations, the parts that are left, the parts in
 * work. An int is 0 or the failures of a query unless it says more. Private to cli/column/backfill*.c.
 */
#ifndef LC_CLI_COLUMN_BACKFILL_LOOK_H
#define LC_CLI_COLUMN_BACKFILL_LOOK_H
#include "cli/column/backfill_state.h"

/* Tell the hooks a line, as printf. */
void lc_backfill_say(const struct lc_backfill_state *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Read the table's mutations, and count ours. */
int lc_backfill_list_mutations(struct lc_backfill_state *r, struct lc_error *err);

/* The command of the mutation in that row; valid until they are listed again. */
struct lc_slice lc_backfill_command_of(const struct lc_backfill_state *r, size_t row);

/* LC_ERR_SERVER where one of those listed fails, ours or one that is before ours. */
int lc_backfill_check_mutations(struct lc_backfill_state *r, struct lc_error *err);

/* KILL MUTATION for each of ours; one that has ended meanwhile is as good. *killed: how many. */
int lc_backfill_kill(struct lc_backfill_state *r, unsigned *killed, struct lc_error *err);

/* Which parts are left: as often as it is cheap, since a table may have very many parts. */
int lc_backfill_look_when_due(struct lc_backfill_state *r, struct lc_error *err);

/* Rows that mutations have read of the parts in work; r->parts_in_work is how many these are. */
int lc_backfill_look_at_work(struct lc_backfill_state *r, uint64_t *rows, struct lc_error *err);

/* Count what is done, with that many rows of the parts in work. It never shrinks. */
void lc_backfill_count_done(struct lc_backfill_state *r, uint64_t in_work);

/* Count, estimate what is left, and tell the hooks. */
int lc_backfill_update_progress(struct lc_backfill_state *r, struct lc_error *err);

#endif
