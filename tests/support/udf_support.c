/* SPDX-License-Identifier: Apache-2.0 */
#include "udf/rules/csv.h"
#include "udf_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct lc_rules *support_rules(const char *csv)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;

    if (lc_rules_parse_csv(&r, csv, strlen(csv), "rules.csv", &err)) {
        fprintf(stderr, "rules do not load: %s\n", err.msg);
        abort();
    }
    return r;
}

static int feed(struct lc_stream *s, struct lc_slice in, size_t piece, struct lc_buf *out,
                struct lc_error *err)
{
    int rc = 0;

    for (size_t at = 0; at < in.n && !rc;) {
        size_t n = in.n - at < piece ? in.n - at : piece, room;
        uint8_t *p;

        rc = lc_stream_space(s, &p, &room, err);
        if (rc)
            break;
        if (n > room)
            n = room;
        memcpy(p, in.p + at, n);
        at += n;
        rc = lc_stream_feed(s, n, err);
        if (rc)
            break;
        rc = lc_buf_add(out, lc_stream_ready(s).p, lc_stream_ready(s).n);
        lc_stream_written(s);
    }
    return rc ? rc : lc_stream_end(s, err);
}

int support_stream(const struct lc_column_type *res, enum lc_format format, bool chunk_header,
                   struct lc_slice in, size_t piece, struct lc_buf *out, struct lc_error *err)
{
    struct lc_stream *s = NULL;
    int rc = lc_stream_new(&s, res, format, chunk_header);

    rc = rc ? rc : feed(s, in, piece, out, err);
    lc_stream_free(s);
    return rc;
}

int support_stream_of(const struct lc_column_type *res, const char *argument, enum lc_format format,
                      bool chunk_header, struct lc_slice in, size_t piece, struct lc_buf *out,
                      struct lc_error *err)
{
    struct lc_argument arg = {0};
    struct lc_stream *s = NULL;
    int rc = lc_argument_parse(&arg, argument, err);

    rc = rc ? rc : lc_stream_new(&s, res, format, chunk_header);
    rc = rc ? rc : lc_stream_expect(s, &arg, argument, err);
    rc = rc ? rc : feed(s, in, piece, out, err);
    lc_stream_free(s);
    lc_argument_release(&arg);
    return rc;
}

int support_rows(const struct lc_column_type *results, unsigned n, enum lc_format format,
                 bool chunk_header, struct lc_slice in, size_t piece, struct lc_buf *out,
                 struct lc_error *err)
{
    struct lc_stream *s = NULL;
    int rc = lc_stream_new_rows(&s, results, n, format, chunk_header);

    rc = rc ? rc : feed(s, in, piece, out, err);
    lc_stream_free(s);
    return rc;
}

uint64_t support_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t support_seed(const char *test)
{
    const char *given = getenv("LC_TEST_SEED");
    struct timespec now;
    uint64_t seed;

    clock_gettime(CLOCK_REALTIME, &now);
    seed =
        given ? strtoull(given, NULL, 10) : (uint64_t)now.tv_sec * 1000003 + (uint64_t)now.tv_nsec;
    printf("%s: LC_TEST_SEED=%llu\n", test, (unsigned long long)seed);
    fflush(stdout);
    return seed;
}

bool support_long(void)
{
    const char *on = getenv("LIVECOL_LONG");

    return on && strcmp(on, "1") == 0;
}

/* Counting goes through the linker's --wrap: see tests/unit/CMakeLists.txt. */
static size_t allocations;

size_t support_allocations(void)
{
    return allocations;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    allocations++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    allocations++;
    return __real_realloc(p, n);
}
