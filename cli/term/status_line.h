/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a long run says while it goes on: on a terminal one line that is redrawn, else a plain line
 * every few seconds, so that a log stays readable.
 */
#ifndef LC_CLI_TERM_STATUS_LINE_H
#define LC_CLI_TERM_STATUS_LINE_H
#include "base/clock.h"

#include <stdbool.h>

struct lc_status_line {
    bool quiet;       /* say nothing at all */
    bool terminal;    /* redraw */
    uint64_t next_ns; /* when the next passing line may be shown */
    uint64_t every_ns;
};

void lc_status_line_init(struct lc_status_line *f, bool quiet);

/*
 * Show a line on stderr. A passing one is dropped where the last was shown too recently (a sixth of
 * a second on a terminal, else 3 s), and gives way to the next; another stays. ctx: a lc_status_line.
 */
void lc_status_line_line(void *ctx, const char *text, bool passing);

/* Take away the passing line, where there is one. */
void lc_status_line_end(struct lc_status_line *f);

#endif
