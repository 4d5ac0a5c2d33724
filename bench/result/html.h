/* SPDX-License-Identifier: Apache-2.0 */
/* HTML, written: markup by printf, text escaped. The first failure is kept; later calls do nothing. */
#ifndef LC_BENCH_RESULT_HTML_H
#define LC_BENCH_RESULT_HTML_H
#include "base/buf.h"
#include "base/json.h"

struct lc_html {
    struct lc_buf *out; /* the caller's */
    int rc;             /* 0 or LC_ERR_NOMEM */
};

/* Markup, and numbers: nothing in it is escaped. */
void lc_html_put(struct lc_html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Text, for an element or an attribute in quotes; NULL is nothing. */
void lc_html_text(struct lc_html *h, const char *text);

/* A value for a <script type="application/json">, which nothing in it can end; it is freed. */
void lc_html_json(struct lc_html *h, struct lc_json *v);

#endif
