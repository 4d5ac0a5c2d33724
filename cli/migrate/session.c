/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command that writes the tracking table begins with. lc_session_open reads: files,
 * variables, hosts of the cluster, tracking table. lc_session_lock then makes the table where
 * it is missing, takes the lock, and reads the table once more, since another run may have
 * written while this one waited.
 */
#include "cli/migrate/session.h"

#include "cli/migrate/variables.h"

enum { LOCK_TIMEOUT_MS = 60000 }; /* where --lock-timeout is not given */

/*
 * lc_cluster_open's callback: a host that is left out (--allow-degraded) is a warning of the
 * run.
 */
static void on_warning(void *ctx, const char *text)
{
    const struct lc_up_options *o = ctx;
    const struct lc_run_event e = {.kind = LC_RUN_WARNING, .text = text};

    if (o->hooks.event)
        o->hooks.event(o->hooks.ctx, &e);
}

/*
 * Without --cluster the cluster is the connected server alone, so that the rest of a run has
 * one way for both. What the server can do is asked for this step only; a run asks again once
 * it knows that there is something to do.
 */
static int open_cluster(struct lc_session *s, const struct lc_up_options *o, struct lc_error *err)
{
    const struct lc_cluster_wish wish = {o->cluster, o->allow_degraded, on_warning,
                                         (void *)(uintptr_t)o};
    struct lc_abilities facts;
    int rc;

    if (!o->cluster)
        return lc_cluster_alone(&s->cluster, s->b, err);
    rc = lc_abilities_ask(&facts, s->b, err);
    return rc ? rc : lc_cluster_open(&s->cluster, s->b, &facts, &wish, err);
}

int lc_session_scan(struct lc_session *s, const struct lc_up_options *o, struct lc_error *err)
{
    int rc = lc_migrations_scan(&s->files, o->migrations_dir, err);

    return rc == 0 && o->format ? lc_migrations_force(&s->files, o->format, err) : rc;
}

int lc_session_open(struct lc_session *s, struct lc_backend *b, const struct lc_up_options *o,
                    enum lc_session_reads reads, struct lc_error *err)
{
    bool with_files = reads != LC_SESSION_TABLE;
    int rc = 0;

    *s = (struct lc_session){.b = b};
    if (with_files)
        rc = lc_session_scan(s, o, err);
    if (rc == 0 && with_files && lc_variables_fill(&s->files, &o->vars))
        rc = lc_no_memory(err);
    if (rc == 0 && with_files)
        rc = lc_variables_check_names(&s->files, &o->vars, &o->secret_vars, err);
    if (rc == 0)
        rc = open_cluster(s, o, err);
    /* The tables of a cluster are looked at on each host. */
    if (rc == 0 && reads == LC_SESSION_RUN && !o->cluster)
        rc = lc_tracking_open_for(&s->tracking, b, o->table, &s->files, err);
    else if (rc == 0)
        rc = lc_tracking_open(&s->tracking, b, o->table, err);
    /* lc_tracking_open has zeroed it. The session must not move from here on. */
    s->tracking.cluster = &s->cluster;
    return rc ? rc : lc_tracking_check_hosts(&s->tracking, err);
}

int lc_session_lock(struct lc_session *s, const char *command, const struct lc_up_options *o,
                    void (*waiting)(void *ctx, const struct lc_lock_info *holder), void *ctx,
                    struct lc_error *err)
{
    const struct lc_lock_wait wait = {.timeout_ms =
                                          o->lock_timeout_ms ? o->lock_timeout_ms : LOCK_TIMEOUT_MS,
                                      .cancel = o->cancel,
                                      .waiting = waiting,
                                      .ctx = ctx};
    /* The lock's tables are named after the tracking table, and lie next to it in Keeper. */
    int rc = lc_tracking_create(&s->tracking, err);

    if (rc == 0)
        rc = lc_lock_take(&s->lock, &s->tracking, command, &wait, err);
    return rc ? rc : lc_tracking_load(&s->tracking, err);
}

void lc_session_end(struct lc_session *s)
{
    /* First, since the lock points to the tracking table. */
    lc_lock_free(s->lock);
    lc_tracking_release(&s->tracking);
    lc_cluster_release(&s->cluster);
    lc_migrations_release(&s->files);
    *s = (struct lc_session){0};
}
