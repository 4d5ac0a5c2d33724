/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/session_command.h"

#include "cli/server/connect.h"

static int open_session(struct lc_session_run *r, struct lc_backend **b, struct lc_error *err)
{
    bool files = r->files == LC_FILES_SOUND ||
                 (r->files == LC_FILES_IF_THERE && lc_migrate_has_files(&r->m));
    int rc = lc_connection_open(&r->m.global, b, err);

    if (rc == 0)
        rc = lc_session_open(&r->s, *b, &r->m.up, files, err);
    if (rc == 0 && r->files == LC_FILES_SOUND)
        rc = lc_migrations_check(&r->s.files, false, lc_migrations_none, NULL, err);
    return rc;
}

int lc_session_command(const struct lc_session_command *c, void *ctx, int argc, const char **argv)
{
    struct lc_session_run r = {.files = c->files, .ctx = ctx};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_backend *b = NULL;
    int rc = lc_migrate_parse(&r.m, c->command, c->which, c->more, argc, argv, &err);

    if (rc == 0)
        rc = lc_migrate_operands(&r.m, c->least, c->most, c->operands, &err);
    if (rc == 0 && c->check)
        rc = c->check(&r, &err);
    if (rc == 0)
        rc = open_session(&r, &b, &err);
    if (rc == 0 && c->look)
        rc = c->look(&r, &err);
    if (rc == 0 && c->lock)
        rc = lc_session_lock(&r.s, c->lock, &r.m.up, NULL, NULL, &err);
    if (rc == 0 && c->act)
        rc = c->act(&r, &err);
    lc_session_end(&r.s);
    lc_backend_free(b);
    return lc_migrate_end(rc, &err);
}
