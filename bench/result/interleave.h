/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements run by turns: A B C A B C …, never all A then all B, so that what drifts on the
 * machine meanwhile meets them alike. With a rate each has a schedule and connections of its own,
 * due between those of the others, so that none waits for another's. Every answer's checksum is
 * noted, and a series' runs must agree.
 */
#ifndef LC_BENCH_RESULT_INTERLEAVE_H
#define LC_BENCH_RESULT_INTERLEAVE_H
#include "bench/result/result.h"
#include "cli/server/backend.h"

#include <stdatomic.h>

/* One of the statements. */
struct lc_contestant {
    const char *name;
    const char *sql;
    struct lc_backend *backend; /* where it runs; cloned for every worker */
    bool reference;
    int against; /* number of the contestant that it is compared with; -1: none */
};

struct lc_interleave {
    const struct lc_contestant *contestants;
    size_t n;
    unsigned workers;  /* at least 1; with a rate, so many for each contestant */
    uint64_t runs;     /* of each contestant; 0: until `seconds` have passed */
    double seconds;    /* with runs 0 */
    uint64_t warm_up;  /* runs of each that are not counted */
    double rate_per_s; /* of all together, open loop, each with a schedule of its own; 0: closed */
    bool cold;         /* drop the engine's caches before each run, outside its time; 1 worker */
    const atomic_bool *cancel;
    void (*line)(void *ctx, const char *text, bool passing); /* progress; NULL: none */
    void *ctx;
};

/*
 * Run it and add a series a contestant, and the comparisons asked for, to the outcome. 0 (runs that
 * failed are in the series), LC_ERR_STOPPED with what there was, or the failure to begin: a
 * connection, or a contestant's first run.
 */
int lc_interleave_run(const struct lc_interleave *trial, struct lc_result *o, struct lc_error *err);

/* A checksum of the answer that does not depend on the order of its rows. */
uint64_t lc_interleave_checksum(const struct lc_answer *t);

/* The caches that `cold` has dropped on this server, "mark cache, …"; others are not there. */
const char *lc_interleave_caches(struct lc_backend *b, char *out, size_t size);

#endif
