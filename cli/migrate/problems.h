/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with migration files, or worth a word: a list, so that a scan shows all of it. */
#ifndef LC_CLI_MIGRATE_PROBLEMS_H
#define LC_CLI_MIGRATE_PROBLEMS_H
#include <stddef.h>
#include <stdint.h>

enum lc_problem_kind {
    LC_PROBLEM_FILE,         /* the file itself, or its name */
    LC_PROBLEM_NOTE,         /* nothing wrong: worth a word */
    LC_PROBLEM_GAP,          /* a number is left out */
    LC_PROBLEM_EDITED,       /* changed since it was applied */
    LC_PROBLEM_GONE,         /* applied, and the file is not there */
    LC_PROBLEM_RENUMBERED,   /* pending, with the text of one that is gone */
    LC_PROBLEM_OUT_OF_ORDER, /* pending below a version that is applied */
    LC_PROBLEM_HALF          /* half reverted */
};

struct lc_problem {
    enum lc_problem_kind kind;
    uint64_t version; /* what a file holds: of no matter where it is not run; 0: the folder's */
    char *file;       /* path; "" where it is about none */
    uint64_t line;    /* from 1; 0: the file as a whole */
    char *text;
};

struct lc_problems {
    struct lc_problem *v;
    size_t n, cap;
};

/* Note a problem; text as printf. 0 or LC_ERR_NOMEM. */
int lc_problems_add(struct lc_problems *p, enum lc_problem_kind kind, const char *file,
                    uint64_t line, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Free what it holds and zero it. A zeroed struct may be released. */
void lc_problems_release(struct lc_problems *p);

#endif
