/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/frame.h"

#include "base/signals.h"
#include "cli/server/connect.h"
#include "cli/term/message.h"

#include <unistd.h>

#define STOP_NOTICE                                                                                \
    "stopping once the open statement has ended; a second signal ends at once, and the next run "  \
    "looks at what became of it\n"

void lc_frame_on_wait(void *ctx, const struct lc_lock_info *holder)
{
    char text[512];

    (void)ctx;
    lc_say("%s", lc_lock_words(holder, text, sizeof text));
}

/*
 * Fill r->s with the cluster, the files as r->files says, and the tracking table. With
 * LC_FILES_READ the command itself looks at s.files.problems. lc_frame_command ends the
 * session, also after a failure.
 */
static int open_session(struct lc_frame_run *r, struct lc_error *err)
{
    bool files =
        r->files == LC_FILES_IF_THERE ? lc_migrate_has_files(&r->m) : r->files != LC_FILES_NONE;
    int rc =
        lc_session_open(&r->s, r->b, &r->m.up, files ? LC_SESSION_FILES : LC_SESSION_TABLE, err);

    if (rc == 0 && r->files == LC_FILES_SOUND)
        rc = lc_migrations_check(&r->s.files, false, lc_migrations_none, NULL, err);
    return rc;
}

/*
 * All steps between the command line and `finish`, up to the first that fails. reach, files and
 * lock are read from *r and not from *c, since `check` may have changed them. Nothing is undone
 * here: what was opened stays in *r.
 */
static int run(const struct lc_frame *c, struct lc_frame_run *r, struct lc_error *err)
{
    int rc = c->check ? c->check(r, err) : 0;

    if (rc == 0 && r->reach >= LC_REACH_SERVER)
        rc = lc_connection_open(&r->m.global, &r->b, err);
    if (rc == 0 && r->reach >= LC_REACH_TRACKING)
        rc = open_session(r, err);
    if (rc == 0 && c->look)
        rc = c->look(r, err);
    if (rc == 0 && r->lock)
        rc = lc_session_lock(&r->s, r->lock, &r->m.up, c->tells_wait ? lc_frame_on_wait : NULL,
                             NULL, err);
    /* On a terminal ^C is in the line of the progress. */
    if (rc == 0 && (r->lock || r->failure == LC_FAILURE_WRITES) && !r->m.global.quiet)
        lc_stop_notice(isatty(STDERR_FILENO) ? "\n" STOP_NOTICE : STOP_NOTICE);
    if (rc == 0 && c->act)
        rc = c->act(r, err);
    return rc;
}

/*
 * Print the error, if any. Returns the exit code. A failure goes before r->exit_code, which is
 * for a run that went well and found something.
 */
static int end(const struct lc_frame_run *r, int rc, struct lc_error *err)
{
    if (rc == 0)
        return r->exit_code;
    if (rc == LC_HELP_PRINTED)
        return 0;
    if (r->failure == LC_FAILURE_READS && err->code == LC_ERR_UNKNOWN)
        err->code = LC_ERR_SERVER; /* an answer was lost, and nothing else */
    return lc_message_fail(r->m.global.json && r->failure != LC_FAILURE_SHOWN, err);
}

int lc_frame_command(const struct lc_frame *c, struct lc_frame_run *r, int argc, const char **argv)
{
    struct lc_error err = LC_ERROR_INIT;
    int rc = lc_migrate_parse(&r->m, c->command, c->which, c->more, argc, argv, &err);

    /* Also where the command line is wrong: end() looks at r->failure. */
    r->reach = c->reach;
    r->files = c->files;
    r->failure = c->failure;
    r->lock = c->lock;
    if (rc == 0)
        rc = lc_migrate_operands(&r->m, c->least, c->most, c->operands, &err);
    if (rc == 0) {
        rc = lc_error_reason(run(c, r, &err), &err);
        if (c->finish)
            c->finish(r, rc, &err);
    }
    /* The session first: it drops the lock over the connection. */
    lc_session_end(&r->s);
    lc_backend_free(r->b);
    return end(r, rc, &err);
}
