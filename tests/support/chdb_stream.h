/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer of the embedded engine block by block, as it makes them:
 *
 *   open ── next, next, next … (n 0: that was all) ── close
 */
#ifndef CHDB_STREAM_H
#define CHDB_STREAM_H
#include "cli/server/chdb.h"

struct chdb_stream;

/*
 * Begin a statement that reads. call->id is needed. 0 and *out, to be closed; else as lc_chdb_run. That all
 * of it can be done is not known yet.
 */
int chdb_stream_open(struct chdb_stream **out, const struct lc_chdb_call *call,
                     struct lc_error *err);

/*
 * Wait for the next block: an answer in the call's format, with that format's head. block->n 0: the answer is
 * complete. To be released. An error ends the stream; the engine may say it before blocks that it has made.
 */
int chdb_stream_next(struct chdb_stream *s, struct lc_chdb_answer *block, struct lc_error *err);

/* Ends the statement, too, where it is not complete. NULL does nothing. */
void chdb_stream_close(struct chdb_stream *s);

#endif
