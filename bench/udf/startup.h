/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process of the pool costs before its first answer, with a million compiled rules: what the
 * server waits for when a pool grows, and what sixteen of them hold in memory.
 */
#ifndef LC_BENCH_UDF_STARTUP_H
#define LC_BENCH_UDF_STARTUP_H
#include "base/error.h"

struct lc_startup {
    double compile_s;       /* CSV of a million rules to a compiled file, in this process */
    double first_answer_ms; /* from exec to the first answer of livecol-udf, median of 21 */
    double private_bytes;   /* of that process: what it does not share with others */
    double granule_ms; /* a call of 8,192 rows, as in a mutation: written, answered, read; median */
    double insert_ms;  /* a call of 1,048,576 rows, the largest that an INSERT makes; median */
    unsigned rules;
};

/*
 * Measure in an existing folder; leaves nothing in it. 0, LC_ERR_IO, LC_ERR_NOMEM.
 */
int lc_startup_measure(const char *folder, struct lc_startup *out, struct lc_error *err);

#endif
