/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, sizes and times as people read them. Each writes into `out` and returns it. */
#ifndef LC_BASE_FORMAT_H
#define LC_BASE_FORMAT_H
#include <stddef.h>
#include <stdint.h>

/* What ends the noun behind a count: "1 row", "2 rows". A verb of its own: n == 1 ? "differs" : "differ". */
#define LC_S(n) ((n) == 1 ? "" : "s")

/* v in three significant digits or more, without a unit, into out; returns out. */
const char *lc_format_number(double v, char *out, size_t size);

/* v with commas: "5,000,005". */
const char *lc_format_integer(uint64_t v, char *out, size_t size);

/* v with a metric prefix: "12.3 M", "950"; for counts and rates. */
const char *lc_format_count(double v, char *out, size_t size);

/* A duration: "0.8 ms", "12.3 s", "2 m 05 s". */
const char *lc_format_ms(double ms, char *out, size_t size);

/* Bytes: "1.2 GiB". */
const char *lc_format_bytes(double bytes, char *out, size_t size);

/* A count as people say it: 950, 12.3 k, 5.0 M, 1.2 G. */
const char *lc_short_count(char out[16], double n);

/* Bytes the same way, with their unit: "688 B", "2.0 kB". */
const char *lc_short_bytes(char out[16], double n);

/* A time as people say it: "850 ms", "2.1 s", "3 min 20 s", "2 h 5 min". */
const char *lc_short_time(char out[24], uint64_t ms);

/* A time as a clock shows it, in whole seconds: "7s", "3m05s", "2h05m". */
const char *lc_clock_time(char out[24], uint64_t ms);

/*
 * v without its fraction, as far as 64 bits go: what is below 0, and NaN, is 0. A cast alone is
 * undefined for what does not fit.
 */
uint64_t lc_double_to_u64(double v);

#endif
