/* SPDX-License-Identifier: Apache-2.0 */
/*
 * livecol bench udf: the function next to what else could compute the column, inside the engine.
 *
 * What is fixed, so that a figure means the same next year:
 *   - rows: user_id 'u1_000000' … 'u9_099999', random, in one MergeTree table ordered by nothing;
 *   - the statement: SELECT toString(EXPRESSION) AS r, count() FROM t GROUP BY r ORDER BY r; an
 * Enum or a LowCardinality is grouped as it is, and turned into text afterwards;
 *   - max_threads = cores; one pool_size (16) for every function;
 *   - the built-in form is multiIf(startsWith(user_id, …)), the longest prefix first;
 *   - the transport's limit is the same pool with a rule set that is one default rule, so that the
 *     program answers a constant without looking at a key;
 *   - all expressions run in turns, and each answer is compared with multiIf's.
 */
#ifndef LC_BENCH_UDF_COMPARISON_H
#define LC_BENCH_UDF_COMPARISON_H
#include "base/error.h"
#include "bench/udf/setup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of the result: an expression, or a MATERIALIZE. */
struct lc_entry {
    const char *what; /* "GROUP BY", "MATERIALIZE", "INSERT" */
    uint32_t rules;
    const char *name; /* "multiIf", "Native Enum8" */
    double seconds;   /* median over the rows that it ran on */
    double spread;    /* (largest - smallest) / median */
    uint64_t rows;    /* that it ran on; fewer than the table's where it is slow, and scaled */
    double
        of_builtin;  /* its time per row / multiIf's of as many rules (INSERT: of one that gives the
                           value); 0: none to compare */
    double of_limit; /* the transport's time / its time: its share of the limit; 0: none */
    double cpu_seconds; /* processor time, of the engine and its children; median */
    double
        cpu_of_builtin; /* the same two ratios, of processor time: they hold on a noisy machine */
    double cpu_of_limit;
    double goal; /* of of_builtin (at most) or, where goal_is_limit, of of_limit (at least) */
    bool goal_is_limit;
    unsigned rounds;
    double round_s[LC_ROUNDS_MAX]; /* the seconds of each round, in their order */
};

#define LC_ENTRIES 64

/*
 * Make the functions and the table, run everything. 0 and *n entries; LC_ERR_INPUT where two
 * expressions answered differently (err says which); LC_ERR_STOPPED with what there was; or what
 * the engine or the system said.
 */
int lc_comparison_run(const struct lc_comparison *how, struct lc_entry *out, size_t *n,
                      char *version, size_t version_size, struct lc_error *err);

#endif
