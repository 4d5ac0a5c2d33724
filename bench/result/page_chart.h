/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The charts of a page. A picture stretches to the width that there is (its SVG has no ratio of its
 * own), its words are HTML at places in percent: so it can be read on a phone and on paper.
 */
#ifndef LC_BENCH_RESULT_PAGE_CHART_H
#define LC_BENCH_RESULT_PAGE_CHART_H
#include "bench/result/html.h"

/* What fits the scenario: the time line with its phases, latency by percentile, medians as bars. */
void lc_page_charts(struct lc_html *h, const struct lc_json *result);

#endif
