/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of the commands that read or write the tracking table:
 *
 *   parse ─► check ─► connect ─► files and tracking ─► look ─► lock ─► act ─► end
 *
 * A step that fails ends it: its error is printed, and gives the exit code.
 */
#ifndef LC_CLI_COMMANDS_SESSION_COMMAND_H
#define LC_CLI_COMMANDS_SESSION_COMMAND_H
#include "cli/commands/shared.h"
#include "cli/migrate/session.h"

enum lc_session_files {
    LC_FILES_NONE, /* they are not read */
    LC_FILES_IF_THERE,
    LC_FILES_SOUND /* they are there, and nothing is wrong with them */
};

/* What the steps have; ctx is the command's own. */
struct lc_session_run {
    struct lc_migrate m;
    struct lc_session s;
    enum lc_session_files files; /* the command's; check may want less */
    void *ctx;
};

struct lc_session_command {
    struct lc_command command;
    unsigned which;               /* LC_MIGRATE_… */
    const struct lc_option *more; /* NULL: none of its own */
    size_t least, most;           /* operands */
    const char *operands;         /* "a VERSION", for the error; "" */
    enum lc_session_files files;
    const char *lock; /* the name that it is held under; NULL: not taken */
    /* Each may be NULL. 0 or an error, in err. */
    int (*check)(struct lc_session_run *r, struct lc_error *err); /* the command line alone */
    int (*look)(struct lc_session_run *r, struct lc_error *err);  /* what needs no lock */
    int (*act)(struct lc_session_run *r, struct lc_error *err);
};

/* Run it. Returns the exit code. */
int lc_session_command(const struct lc_session_command *c, void *ctx, int argc, const char **argv);

#endif
