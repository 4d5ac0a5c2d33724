/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of bench live share. Not for others. */
#ifndef LC_BENCH_LIVE_PARTS_H
#define LC_BENCH_LIVE_PARTS_H
#include "bench/live/scenario.h"
#include "cli/server/answer.h"
#include "cli/sql/quote.h"
#include "udf/rules/ruleset.h"

#include <pthread.h>

/* Tables that a run makes, all in LC_LIVE_DATABASE. */
/* The rows as seeded, which fresh copies are made of; the table itself, while a copy has its name. */
#define LIVE_SNAPSHOT "events_livecol_seed"
#define LIVE_DONE     "events_livecol_done"
#define LIVE_TRACKING "livecol_bench_migrations"

#define LIVE_NICE_SETTING "os_threads_nice_value_query"

enum { LIVE_NAMED_ROWS = 5 };

/* What the streams know and note; shared by their threads. */
struct live_streams {
    struct lc_load_stream spec[LC_LIVE_STREAMS];
    uint64_t batch_rows;
    const atomic_bool *cancel;
    atomic_bool has_region;
    atomic_uint copy;                   /* which table has the name: part of the event ids */
    atomic_uint_least64_t rows_there;   /* rows acknowledged: a read must find as many */
    atomic_uint_least64_t rows_unknown; /* of writes that failed: they may be there or not */
    struct lc_buf batch;                /* the writer's statement: one worker only */
    char *read_before, *read, *group_before, *group;
    char nice[24];          /* of GROUP BY reads; "": as they are */
    uint64_t rows;          /* generated ones: what point and range reads pick from */
    struct lc_rules *rules; /* what a point read must answer; NULL without four_readers */
};

/* Text of a statement of sql/ for the table `table`; malloc'ed. NULL with *err. */
char *live_sql(const struct lc_sql *statement, const char *table, const char *name,
               const char *value, struct lc_error *err);

/* Run a statement of sql/ with {database}, {table} and one more value (name NULL: none). */
int live_run(struct lc_backend *b, const struct lc_sql *statement, const char *table,
             const char *name, const char *value, struct lc_answer *out, struct lc_error *err);

/* As live_run, for an answer of one number. */
int live_number(struct lc_backend *b, const struct lc_sql *statement, const char *table,
                uint64_t *out, struct lc_error *err);

/* Say something to the person. */
void live_line(const struct lc_live_options *o, bool passing, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Read into t, and note what it cost. settings may be NULL. */
int live_ask(const struct live_streams *s, struct lc_call *call, const char *sql,
             const struct lc_setting *settings, struct lc_answer *t, struct lc_error *err);

#endif
