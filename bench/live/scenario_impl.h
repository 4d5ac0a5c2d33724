/* What the parts of bench live share. Not for others. */
#ifndef LC_LIVE_IMPL_H
#define LC_LIVE_IMPL_H

#include "bench/live/run.h"
#include "udf/rules/ruleset.h"
#include "cli/sql/quote.h"
#include "cli/server/answer.h"

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
    struct lc_stream spec[LC_LIVE_STREAMS];
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
char *live_sql(const char *template_sql, const char *table, const char *name, const char *value,
               struct lc_error *err);

/* Run a statement of sql/ with {database}, {table} and one more value (name NULL: none). */
int live_run(struct lc_backend *b, const char *template_sql, const char *table, const char *name,
             const char *value, struct lc_table *out, struct lc_error *err);

/* As live_run, for an answer of one number. */
int live_number(struct lc_backend *b, const char *template_sql, const char *table, uint64_t *out,
                struct lc_error *err);

/* Say something to the person. */
void live_line(const struct lc_live_options *o, bool passing, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* data.c: what is in the way is refused or dropped; the table is made with its named rows. */
int live_make(struct lc_live *live, struct lc_backend *b, struct lc_error *err);
/* It gets the generated rows, and the snapshot is taken. */
int live_fill(struct lc_backend *b, const struct lc_live_options *o, struct lc_error *err);
/* A fresh copy of the seeded rows gets the table's name; the table waits as LIVE_DONE. */
int live_swap_in(struct lc_backend *b, const struct lc_live_options *o, struct lc_error *err);
/* The copy is dropped and the table gets its name back. */
int live_swap_out(struct lc_backend *b, struct lc_error *err);

/* streams.c */
int live_streams_init(struct live_streams *s, const struct lc_live_options *o,
                      struct lc_error *err);
void live_streams_release(struct live_streams *s);

/* keyed_reads.c: a row by its key, and ten minutes of events; each must answer what was generated. */
int live_read_point(void *ctx, struct lc_call *call, struct lc_error *err);
int live_read_range(void *ctx, struct lc_call *call, struct lc_error *err);

/* rate.c: what hold_ms says, and the streams' rates set by it. */
int live_find_rate(struct lc_live *live, struct lc_backend *b, struct live_streams *s,
                   struct lc_error *err);

/* Read into t, and note what it cost. settings may be NULL. */
int live_ask(const struct live_streams *s, struct lc_call *call, const char *sql,
             const struct lc_setting *settings, struct lc_table *t, struct lc_error *err);

/* proof.c: note one proof. */
void live_prove(struct lc_live *live, bool ok, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Prove the table as it stands: rows, named rows, drift, parts. suffix: "" or " (copy 3)". */
int live_prove_table(struct lc_live *live, struct lc_backend *b, uint64_t rows_want,
                     const char *suffix, struct lc_error *err);
/* GROUP BY of the function beside that of the built-in expression, by turns. */
int live_compare(struct lc_live *live, struct lc_backend *b, struct lc_error *err);

#endif
