/* SPDX-License-Identifier: Apache-2.0 */
/* What a live run is told and what it finds: the types and numbers that its parts share. */
#ifndef LC_BENCH_LIVE_SCENARIO_H
#define LC_BENCH_LIVE_SCENARIO_H
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/stats.h"
#include "bench/measure/load.h"
#include "bench/result/result.h"
#include "cli/server/backend.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LC_LIVE_DATABASE "analytics"

#define LC_LIVE_TABLE "events"

enum lc_live_phase {
    LC_LIVE_BEFORE,
    LC_LIVE_ADDING, /* only with add_apart: from the sending of ADD COLUMN to its answer */
    LC_LIVE_ADDED,
    LC_LIVE_BACKFILL,
    LC_LIVE_AFTER,
    LC_LIVE_PHASES
};

enum lc_live_stream {
    LC_LIVE_WRITE,
    LC_LIVE_LIMIT,
    LC_LIVE_GROUP,
    LC_LIVE_POINT, /* only with four_readers, from here on */
    LC_LIVE_RANGE,
    LC_LIVE_STREAMS
};

struct lc_live_options {
    uint64_t rows;    /* generated ones, besides the five named */
    bool partitioned; /* by month; else not at all */
    const char *migrations_dir;
    const char *rules; /* the CSV behind the function: what the answers are compared with */
    double phase_s;    /* each phase lasts at least so long … */
    uint64_t samples;  /* … and has at least so many LIMIT samples */
    bool add_apart;    /* see above */
    double write_rate; /* batches a second; open loop */
    uint64_t batch_rows;
    double limit_rate; /* LIMIT reads a second; open loop */
    double group_rate; /* GROUP BY reads a second; 0: one after the other */
    bool group_fits;   /* fewer of them where the table is so large that they could not be served */
    bool four_readers; /* a point and a range reader too */
    double point_rate; /* reads by key a second; open loop */
    double range_rate; /* reads of ten minutes of events a second; open loop */
    uint64_t nice;     /* GROUP BY reads have this nice value, where the server knows such */
    double hold_ms;    /* first find the highest rate of all readers at which LIMIT and point reads
                           keep this p99 before the change, and run at half of it; 0: do not */
    double search_s;   /* a trial of that lasts so long, 100 samples at least */
    double repeat_s;   /* give up to repeat a backfill that is too quick after so long */
    bool drop_existing; /* drop the tables that are in the way, rather than refuse */
    const atomic_bool *cancel;
    /* What goes on, for a person: a passing line replaces the one before it. NULL: nobody looks. */
    void (*line)(void *ctx, const char *text, bool passing);
    void *ctx;
};

/* The defaults: what the demo runs. */
struct lc_live_options lc_live_defaults(void);

/* What --long runs: 20 M rows, four readers at half the rate that is found. */
struct lc_live_options lc_live_long(void);

enum { LC_LIVE_PROOFS = 16, LC_LIVE_SEGMENTS = 256 };

/* One thing that must be so. */
struct lc_live_proof {
    char what[120];   /* "rows are exactly those put in" */
    char detail[160]; /* "5,000,005 seeded + 23,000 written = 5,023,005" */
    bool ok;
};

/* A stretch of time that belongs to a phase. */
struct lc_live_segment {
    enum lc_live_phase phase;
    uint64_t from_ns; /* since the load was started */
    uint64_t to_ns;
};

struct lc_live {
    struct lc_live_options options;
    struct lc_load *load; /* stopped: its samples may be read; NULL where it never began */
    double rate_found;    /* the scaled readers' rates as given, times this, is the highest; 0: not
                             looked */
    double rate_used;     /* times this is what the run has */
    double found_p99_ms;  /* there, the worse of LIMIT and point reads */
    char async_insert[8]; /* the server's setting; "": it has none */
    bool nice_known;      /* the server knows the nice value that was asked for */
    double add_ms;        /* ADD COLUMN, from the sending to the answer; < 0: not reached */
    double backfill_ms;   /* of the table itself, the mutation waited for; < 0: not reached */
    uint64_t backfill_rows;
    unsigned repeats;        /* backfills on fresh copies */
    unsigned copies_wrong;   /* copies of which a proof failed */
    double group_ms;         /* a GROUP BY read before the change: the median; 0: not measured */
    double function_ms;      /* GROUP BY of the function: the median; 0: not measured */
    double builtin_ms;       /* GROUP BY of the built-in expression: the median */
    char function_sql[200];  /* region_v1(user_id) */
    char builtin_sql[400];   /* multiIf(startsWith(…)) */
    double bytes_per_row[2]; /* on disk: before, after */
    double ms_in_all;
    struct lc_live_proof proofs[LC_LIVE_PROOFS];
    size_t n_proofs;
    struct lc_live_segment segments[LC_LIVE_SEGMENTS];
    size_t n_segments;
    bool made_tables; /* what lc_live_clean drops */
    bool made_database;
    bool partial; /* it was cut short: what is here is what there was until then */
};

/* "before", "ADD COLUMN", "after ADD", "backfill", "after"; "write", "limit", "group by", "point",
   "range". */
const char *lc_live_phase_name(enum lc_live_phase phase);

const char *lc_live_stream_name(enum lc_live_stream stream);

/* How many streams a run has: those below this number. */
unsigned lc_live_streams(const struct lc_live_options *o);

/* Is it one whose rate is found by rate.c? The writer's and GROUP BY's are as given. */
bool lc_live_scales(enum lc_live_stream stream);

/*
 * GROUP BY reads a second that a reader serves who has one after the other: as many as are wanted, or as
 * keep it busy for a quarter of the time, where one takes read_ms before the change.
 */
double lc_live_fitting_rate(double wanted, double read_ms);

/*
 * Is a trial of a rate long enough: so many seconds, with as many samples of the LIMIT reads, and of the
 * point reads where there are any, as a p99 takes? Or so long that the samples will not come.
 */
bool lc_live_enough(const struct lc_live_options *o, double seconds, size_t limit_reads,
                    size_t point_reads);

/* Samples of a stream before its p99 counts. */
enum { LC_LIVE_ENOUGH = 100 };

/* How often a second a stream is due, as given; 0: one after the other. */
double lc_live_rate(const struct lc_live_options *o, enum lc_live_stream stream);

/* Is it one that lasts as long as asked for, has its samples, and is held to the budget? */
bool lc_live_phase_counts(enum lc_live_phase phase);

/* How long a phase has lasted until now, all its segments together. */
double lc_live_phase_seconds(const struct lc_live *live, enum lc_live_phase phase);

/* The latencies in ms, sorted, of the good samples of a stream in a phase;
 * malloc'ed, NULL: none. */
double *lc_live_ms(const struct lc_live *live, enum lc_live_stream stream, enum lc_live_phase phase,
                   size_t *n);

#endif
