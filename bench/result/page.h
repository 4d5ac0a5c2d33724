/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result as one page of HTML that people pass round: the verdict on top, charts, the table, the
 * machine. It is made of the result's JSON (bench/schema.json) and nothing else, and needs nothing
 * but itself: page.html, which is built into the program, has the style and the script. What is
 * shown is there without the script, which adds the value under the pointer and the buttons.
 */
#ifndef LC_BENCH_RESULT_PAGE_H
#define LC_BENCH_RESULT_PAGE_H
#include "base/buf.h"
#include "base/json.h"

/* Append the page. 0 or LC_ERR_NOMEM. */
int lc_page_write(const struct lc_json *result, struct lc_buf *out);

#endif
