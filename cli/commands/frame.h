/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of a command:
 *
 *   parse ─► check ─► connect ─► files and tracking ─► look ─► lock ─► act ─► finish ─► end
 *                     └─ LC_REACH_SERVER
 *                     └──────────── LC_REACH_TRACKING ──────────────┘
 *
 * A step that fails skips the steps up to `finish`. The end prints the first error and turns it into
 * the exit code; it closes the session and the connection in any case.
 */
#ifndef LC_CLI_COMMANDS_FRAME_H
#define LC_CLI_COMMANDS_FRAME_H
#include "cli/commands/shared.h"
#include "cli/migrate/session.h"

/* What the frame opens before the command looks and acts. */
enum lc_frame_reach {
    LC_REACH_NOTHING, /* the command connects itself, or needs no server */
    LC_REACH_SERVER,
    LC_REACH_TRACKING /* the cluster, the files as `files` says, the tracking table */
};

enum lc_frame_files {
    LC_FILES_NONE,     /* not read */
    LC_FILES_IF_THERE, /* read where the folder exists */
    LC_FILES_READ,     /* read; the command itself looks at their problems */
    LC_FILES_SOUND     /* read, and any problem is an error */
};

/* What a failure means. With --json each is an object on stdout too (lc_message_fail). */
enum lc_frame_failure {
    LC_FAILURE_PLAIN,
    LC_FAILURE_READS,  /* the command changes nothing, so no outcome is unknown */
    LC_FAILURE_WRITES, /* a signal waits for the open statement, and that is said */
    LC_FAILURE_SHOWN   /* set by a step: the command's own objects tell it */
};

/*
 * One run of a command: what its steps read and write. The caller zeroes it and sets ctx; its options
 * may point into m. The members from `reach` on begin as the frame says, and `check` may change them.
 */
struct lc_frame_run {
    struct lc_migrate m;
    struct lc_backend
        *b; /* from LC_REACH_SERVER on, or what the command opens; the frame frees it */
    struct lc_session s; /* with LC_REACH_TRACKING; else zero, and the command may fill it */
    enum lc_frame_reach reach;
    enum lc_frame_files files;
    enum lc_frame_failure failure;
    const char *lock;
    int exit_code; /* of a run without an error: 0, or what `act` sets */
    void *ctx;     /* the command's own */
};

struct lc_frame {
    struct lc_command command;
    unsigned which;               /* LC_MIGRATE_… */
    const struct lc_option *more; /* NULL: none of its own */
    size_t least, most;           /* operands */
    const char *operands;         /* "a VERSION", for the error; "" */
    enum lc_frame_reach reach;
    enum lc_frame_files files;
    enum lc_frame_failure failure;
    const char *lock; /* the name that it is held under; NULL: not taken */
    bool tells_wait;  /* say whom the lock is waited for */
    /* Each may be NULL. 0 or an error, in err. */
    int (*check)(struct lc_frame_run *r, struct lc_error *err); /* before anything is connected */
    int (*look)(struct lc_frame_run *r, struct lc_error *err);  /* what needs no lock */
    int (*act)(struct lc_frame_run *r, struct lc_error *err);
    /* Once the command line has been parsed and counted, however the rest ended: rc and err say how. */
    void (*finish)(struct lc_frame_run *r, int rc, struct lc_error *err);
};

/* Run it. Returns the exit code. */
int lc_frame_command(const struct lc_frame *c, struct lc_frame_run *r, int argc, const char **argv);

/* What a run says of its lock's holder: struct lc_lock_wait's `waiting`. */
void lc_frame_on_wait(void *ctx, const struct lc_lock_info *holder);

#endif
