/* SPDX-License-Identifier: Apache-2.0 */
/* The list grows by doubling; file and text are copied, so that what they were made of may go. */
#include "cli/migrate/problems.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int lc_problems_add(struct lc_problems *p, enum lc_problem_kind kind, const char *file,
                    uint64_t line, const char *fmt, ...)
{
    struct lc_problem one = {.kind = kind, .line = line};
    va_list ap;
    int rc;

    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 8;
        struct lc_problem *v = realloc(p->v, cap * sizeof *v);

        if (!v)
            return LC_ERR_NOMEM;
        p->v = v;
        p->cap = cap;
    }
    va_start(ap, fmt);
    rc = vasprintf(&one.text, fmt, ap);
    va_end(ap);
    if (rc < 0)
        return LC_ERR_NOMEM;
    one.file = strdup(file);
    if (!one.file) {
        free(one.text);
        return LC_ERR_NOMEM;
    }
    p->v[p->n++] = one;
    return 0;
}

void lc_problems_place(struct lc_problems *p, size_t before, uint64_t version,
                       enum lc_problem_section section)
{
    for (size_t i = before; i < p->n; i++) {
        p->v[i].version = version;
        if (p->v[i].section == LC_PROBLEM_OF_BOTH)
            p->v[i].section = section;
    }
}

void lc_problems_release(struct lc_problems *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->v[i].file);
        free(p->v[i].text);
    }
    free(p->v);
    *p = (struct lc_problems){0};
}
