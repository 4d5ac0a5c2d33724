/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run would do: which migrations, from which statement on, and what each statement is.
 *
 * Made from the files and the tracking table alone, without changing anything.
 */
#ifndef LC_CLI_MIGRATE_PLAN_H
#define LC_CLI_MIGRATE_PLAN_H
#include "cli/migrate/files.h"
#include "cli/migrate/run_options.h"
#include "cli/migrate/tracking.h"
#include "cli/server/abilities.h"
#include "cli/sql/statement.h"

struct lc_plan_stmt {
    const struct lc_migration_stmt *text;
    bool asked;            /* the server's formatter was: `formatted` is what it said */
    char *formatted;       /* by the server; NULL where it has no formatter, or does not know it */
    struct lc_stmt parsed; /* of `formatted`, else of the text */
};

struct lc_plan_migration {
    const struct lc_migration *m;
    unsigned first;             /* statements before this one, from 0, are done */
    struct lc_plan_stmt *stmts; /* all of the section */
    unsigned stmt_n;
    unsigned
        open;    /* from 1: the statement that an earlier run left open, or that failed; 0: none */
    bool failed; /* it failed */
};

struct lc_plan {
    bool down;
    struct lc_plan_migration *v;
    size_t n;
    unsigned skipped; /* applied before (down: 0) */
    char note[256];   /* what is worth a word about the files; "": nothing */
    unsigned left;    /* pending, and beyond `to` or `steps` */
};

/*
 * What is wrong between files and tracking: edited, gone, out of order, half reverted. 0 or
 * LC_ERR_NOMEM.
 */
int lc_plan_problems(const struct lc_migrations *files, const struct lc_tracking *t,
                     struct lc_problems *out);

/*
 * Choose what to do. 0; LC_ERR_INPUT where the folder, or a file that is to be run, is not what it
 * should be; LC_ERR_REFUSED where one of those problems is in the way (gone only
 * with strict, out of order unless allow_missing); LC_ERR_USAGE for a version that is not there;
 * LC_ERR_REFUSED for one that has no down section; LC_ERR_NOMEM. Release it in any case.
 */
int lc_plan_make(struct lc_plan *plan, const struct lc_migrations *files,
                 const struct lc_tracking *t, const struct lc_up_options *o, bool down,
                 struct lc_error *err);

/*
 * Read its statements, with the server's formatter where it has one. 0; LC_ERR_REFUSED where the
 * server has not what they need (lc_abilities_lacking); or a query's failures.
 */
int lc_plan_parse(struct lc_plan *plan, struct lc_backend *b, const struct lc_abilities *facts,
                  struct lc_error *err);

/* What the formatter said of statements of a plan that was made before of the same files. */
void lc_plan_reuse(struct lc_plan *plan, struct lc_plan *before);

void lc_plan_release(struct lc_plan *plan);

/*
 * May statement k (from 0) have taken effect already, since an earlier run has sent it? Of what failed an
 * ALTER alone may (submit.h).
 */
bool lc_plan_may_be_done(const struct lc_plan_migration *m, unsigned k);

/* The same for one statement, whose text is set. Release it in any case. */
int lc_plan_stmt_parse(struct lc_plan_stmt *s, struct lc_backend *b,
                       const struct lc_abilities *facts, struct lc_error *err);
void lc_plan_stmt_release(struct lc_plan_stmt *s);

#endif
