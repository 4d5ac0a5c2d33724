/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The n-th allocation of the program's own code fails: linked with --wrap, so that what libraries
 * allocate for themselves is left alone.
 *
 *   LIVECOL_TEST_FAIL_ALLOC=n       the n-th fails, those after it do not; unset or 0: none does
 *   LIVECOL_TEST_FAIL_ALLOC=count   none fails; how many there were is said at the end
 */
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_asprintf(char **out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static atomic_ulong count;

static void say_count(void)
{
    fprintf(stderr, "allocations: %lu\n", atomic_load(&count));
}

static bool fails(void)
{
    static atomic_flag known = ATOMIC_FLAG_INIT;
    const char *text = getenv("LIVECOL_TEST_FAIL_ALLOC");

    if (text && strcmp(text, "count") == 0 && !atomic_flag_test_and_set(&known))
        (void)atexit(say_count);
    if (!text || atomic_fetch_add(&count, 1) + 1 != strtoul(text, NULL, 10))
        return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    return fails() ? NULL : __real_aligned_alloc(align, n);
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
    return fails() ? NULL : __real_strndup(s, n);
}

int __wrap_asprintf(char **out, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (fails()) {
        *out = NULL;
        return -1;
    }
    va_start(ap, fmt);
    n = vasprintf(out, fmt, ap);
    va_end(ap);
    return n;
}
