/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of keys, as rules are asked about them. */
#ifndef LC_UDF_RULES_BATCH_H
#define LC_UDF_RULES_BATCH_H
#include "udf/rules/point.h"

/* Keys a batch: 256 keep slices, ids and search state well within a 32 KiB level-1 cache. */
#define LC_BATCH 256

/* A batch of keys; `n` of them, at most LC_BATCH. */
struct lc_batch {
    size_t n;
    /* Byte keys: key i is p[i][0 .. len[i]). Sixteen bytes from p[i] may be
     * read, whatever len[i]. */
    const uint8_t *p[LC_BATCH];
    size_t len[LC_BATCH];
    uint64_t number[LC_BATCH]; /* number keys (range sets) */
    lc_point point[LC_BATCH];  /* of sets that are searched by segments */
};

#endif
