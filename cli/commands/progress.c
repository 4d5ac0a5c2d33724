#include "cli/commands/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *lc_short_count(char out[16], double n)
{
    static const char units[] = " kMG";
    int unit = 0;

    while (n >= 999.5 && unit < 3) {
        n /= 1000;
        unit++;
    }
    if (unit == 0)
        snprintf(out, 16, "%.0f", n);
    else
        snprintf(out, 16, "%.*f %c", n < 9.95 ? 1 : 0, n, units[unit]);
    return out;
}

const char *lc_short_time(char out[24], uint64_t ms)
{
    uint64_t s = (ms + 500) / 1000;

    if (ms < 1000)
        snprintf(out, 24, "%" PRIu64 " ms", ms);
    else if (ms < 9950)
        snprintf(out, 24, "%.1f s", (double)ms / 1000);
    else if (s < 60)
        snprintf(out, 24, "%" PRIu64 " s", s);
    else if (s < 3600)
        snprintf(out, 24, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
    else
        snprintf(out, 24, "%" PRIu64 " h %" PRIu64 " min", s / 3600 % 10000, s % 3600 / 60);
    return out;
}

const char *lc_clock_time(char out[24], uint64_t ms)
{
    uint64_t s = (ms + 500) / 1000;

    if (s < 60)
        snprintf(out, 24, "%" PRIu64 "s", s);
    else if (s < 3600)
        snprintf(out, 24, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
    else
        snprintf(out, 24, "%" PRIu64 "h%02" PRIu64 "m", s / 3600 % 100000, s % 3600 / 60);
    return out;
}

static void add(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void add(char *out, size_t size, const char *fmt, ...)
{
    size_t n = strlen(out);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(out + n, size - n, fmt, ap);
    va_end(ap);
}

void lc_progress_line(char *out, size_t size, const struct lc_run_event *e)
{
    const struct lc_run_progress *p = e->progress;
    char a[16], b[16], t[24];

    snprintf(out, size, "%s %s %u/%u %s: %.0f %%", e->version_text, e->name, e->stmt, e->stmts,
             lc_class_name(e->class), p->fraction * 100);
    if (p->rows_total)
        add(out, size, ", %s of %s rows", lc_short_count(a, (double)p->rows_done),
            lc_short_count(b, (double)p->rows_total));
    if (p->rows_per_s > 0)
        add(out, size, ", %s rows/s", lc_short_count(a, p->rows_per_s));
    add(out, size, ", %" PRIu64 " of %" PRIu64 " parts left", p->parts_to_do, p->parts_total);
    if (p->left_ms)
        add(out, size, ", %s to go", lc_short_time(t, p->left_ms));
    if (p->waiting)
        add(out, size, ", throttled: %s", p->waiting);
}
