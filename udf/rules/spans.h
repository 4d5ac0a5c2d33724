/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of ranges and networks against each other: in what order they are kept, and which overlap.
 */
#ifndef LC_UDF_RULES_SPANS_H
#define LC_UDF_RULES_SPANS_H
#include "base/error.h"
#include "udf/rules/segments.h"

/* Where a span is written, for messages. */
struct lc_spans_at {
    const char *name; /* of the file */
    enum lc_kind kind;
    const struct lc_takes *takes;
    const uint32_t *lines; /* by the spans' rule */
};

/* By first points, of those that begin alike the widest first; then by rule. */
void lc_spans_sort(struct lc_span *v, uint32_t n);

/* "10 to 19", "10.0.0.0/8", "up to 9". */
void lc_span_text(enum lc_kind kind, const struct lc_takes *takes, lc_point first, lc_point last,
                  char *out, size_t size);

/*
 * Spans, sorted, of which none may share a point: 0; LC_ERR_INPUT, which names the first two that do,
 * how many more pairs there are, and their lines, as many as a message holds; LC_ERR_NOMEM.
 */
int lc_spans_apart(const struct lc_span *v, uint32_t n, const struct lc_spans_at *at,
                   struct lc_error *err);

/*
 * Spans, sorted, of which the narrowest wins: 0, or LC_ERR_INPUT where two of one width share points of which no
 * narrower one takes care; LC_ERR_NOMEM.
 */
int lc_spans_nest(const struct lc_span *v, uint32_t n, const struct lc_spans_at *at,
                  struct lc_error *err);

#endif
