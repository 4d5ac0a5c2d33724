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

/* Which way concerns it: a run of the other one goes on. */
enum lc_problem_section { LC_PROBLEM_OF_BOTH, LC_PROBLEM_OF_UP, LC_PROBLEM_OF_DOWN };

struct lc_problem {
    enum lc_problem_kind kind;
    enum lc_problem_section section;
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

/* Those from the one at `before` on are of that version; of that section, where they are of none yet. */
void lc_problems_place(struct lc_problems *p, size_t before, uint64_t version,
                       enum lc_problem_section section);

/* Free what it holds and zero it. A zeroed struct may be released. */
void lc_problems_release(struct lc_problems *p);

#endif
