/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/progress.h"

#include "base/format.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Append to the text in out, as printf. What does not fit is cut at a whole character, since
 * the line may be drawn on a terminal.
 */
static void add(char *out, size_t size, const char *fmt, ...)
{
    size_t n = strlen(out);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(out + n, size - n, fmt, ap);
    va_end(ap);
    lc_utf8_cut(out);
}

void lc_progress_line(char *out, size_t size, const struct lc_run_event *e)
{
    const struct lc_mutation_progress *p = e->progress;
    char a[16], b[16], t[24];

    snprintf(out, size, "%s %s %u/%u %s: %.0f %%", e->version_text, e->name, e->stmt, e->stmts,
             lc_class_name(e->class), p->fraction * 100);
    if (p->rows_total)
        add(out, size, ", %s of %s row%s", lc_short_count(a, (double)p->rows_done),
            lc_short_count(b, (double)p->rows_total), LC_S(p->rows_total));
    if (p->rows_per_s > 0)
        add(out, size, ", %s rows/s", lc_short_count(a, p->rows_per_s));
    add(out, size, ", %" PRIu64 " of %" PRIu64 " part%s left", p->parts_to_do, p->parts_total,
        LC_S(p->parts_total));
    /* 0: there is no estimate yet. */
    if (p->left_ms)
        add(out, size, ", %s to go", lc_short_time(t, p->left_ms));
    if (p->waiting)
        add(out, size, ", throttled: %s", p->waiting);
}
