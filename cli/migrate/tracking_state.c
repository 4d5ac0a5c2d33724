/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A version's rows, in the order of their seq, and what each makes of it:
 *
 *               started          stmt_started            stmt_done
 *   PENDING ─────────────► RUNNING ──────────► UNKNOWN ─────────────► RUNNING ─► …
 *      ▲                                          │ failed                │ applied
 *      │ reverted                                 ▼                       ▼
 *      └───────────────────────────────────── FAILED, of which         APPLIED
 *                                             started goes on
 *
 * UNKNOWN is what is left where a run dies: its statement was sent, and nothing was noted since.
 * stmt_stopped says that nothing of it runs any more, stmt_partial that part of what it does is done.
 * repaired is a person's word for how many statements are done. A run of down goes the same way, and
 * the version counts as applied until the first of its statements is done.
 */
#include "cli/migrate/tracking_state.h"

#include "base/strings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const event_names[] = {
    [LC_TRACK_STARTED] = "started",           [LC_TRACK_STMT_STARTED] = "stmt_started",
    [LC_TRACK_STMT_DONE] = "stmt_done",       [LC_TRACK_EVENT_APPLIED] = "applied",
    [LC_TRACK_EVENT_FAILED] = "failed",       [LC_TRACK_REVERTED] = "reverted",
    [LC_TRACK_BASELINED] = "baselined",       [LC_TRACK_REPAIRED] = "repaired",
    [LC_TRACK_STMT_STOPPED] = "stmt_stopped", [LC_TRACK_STMT_PARTIAL] = "stmt_partial",
};

enum { EVENTS = sizeof event_names / sizeof *event_names };

bool lc_track_unfinished(const struct lc_track_version *v)
{
    return v && (v->status == LC_TRACK_RUNNING || v->status == LC_TRACK_UNKNOWN ||
                 v->status == LC_TRACK_FAILED);
}

/*
 * A revert that has done no statement has changed nothing; one that has sent a statement whose
 * outcome is not known (UNKNOWN), or of which something may be done though it failed, may have.
 */
bool lc_track_applied(const struct lc_track_version *v)
{
    return v && (v->status == LC_TRACK_APPLIED ||
                 (v->down && v->done == 0 && !v->begun &&
                  (v->status == LC_TRACK_FAILED || v->status == LC_TRACK_RUNNING)));
}

const char *lc_track_status_name(enum lc_track_status status)
{
    switch (status) {
    case LC_TRACK_RUNNING:
        return "running";
    case LC_TRACK_UNKNOWN:
        return "unknown";
    case LC_TRACK_FAILED:
        return "failed";
    case LC_TRACK_APPLIED:
        return "applied";
    case LC_TRACK_PENDING:
        break;
    }
    return "pending";
}

static void release_version(struct lc_track_version *v)
{
    free(v->name);
    free(v->done_sha256);
    free(v->up_sha256);
    free(v->query_id);
    free(v->at);
    free(v->run_id);
    free(v->host);
    free(v->vars);
    free(v->error);
}

void lc_track_state_release(struct lc_track_state *state)
{
    for (size_t i = 0; i < state->n; i++)
        release_version(&state->v[i]);
    free(state->v);
    *state = (struct lc_track_state){0};
}

const struct lc_track_version *lc_track_state_find(const struct lc_track_state *state,
                                                   uint64_t version)
{
    for (size_t i = 0; i < state->n; i++) {
        if (state->v[i].version == version)
            return &state->v[i];
    }
    return NULL;
}

const char *lc_track_event_name(enum lc_track_event_kind kind)
{
    return event_names[kind];
}

bool lc_track_event_named(const char *name, enum lc_track_event_kind *kind)
{
    for (int i = 0; i < EVENTS; i++) {
        if (strcmp(event_names[i], name) == 0) {
            *kind = (enum lc_track_event_kind)i;
            return true;
        }
    }
    return false;
}

static void set_hash(char to[LC_SHA256_HEX], const char *hash)
{
    snprintf(to, LC_SHA256_HEX, "%s", hash ? hash : "");
}

/*
 * The version's state, made where there is none; NULL: no memory. Valid until the next one is
 * made.
 */
static struct lc_track_version *version_of(struct lc_track_state *t, uint64_t version)
{
    struct lc_track_version *v;

    for (size_t i = 0; i < t->n; i++) {
        if (t->v[i].version == version)
            return &t->v[i];
    }
    v = realloc(t->v, (t->n + 1) * sizeof *v);
    if (!v)
        return NULL;
    t->v = v;
    v += t->n++;
    *v = (struct lc_track_version){.version = version};
    return v;
}

/* Statements 1 … n are done; hash is that of the n-th, where it was not known yet. */
static int set_done(struct lc_track_version *v, unsigned n, const char *hash)
{
    if (n > v->done) {
        void *grown = realloc(v->done_sha256, n * sizeof *v->done_sha256);

        if (!grown)
            return LC_ERR_NOMEM;
        v->done_sha256 = grown;
        memset(v->done_sha256[v->done], 0, (n - v->done) * sizeof *v->done_sha256);
        set_hash(v->done_sha256[n - 1], hash);
    }
    v->done = n;
    return 0;
}

/*
 * A revert begins: what is done of it is counted anew. The hashes of what was applied are kept,
 * so that the down section may be edited while all above it is what it was (plan.c).
 */
static void keep_applied_statements(struct lc_track_version *v)
{
    free(v->up_sha256);
    v->up_sha256 = v->done_sha256;
    v->up_n = v->done;
    v->done_sha256 = NULL;
    v->done = 0;
}

/* A run that is taken up again still has its open statement to settle. */
static void fold_started(struct lc_track_version *v, const struct lc_track_event *e)
{
    if (v->status == LC_TRACK_APPLIED && e->down)
        keep_applied_statements(v);
    if (!lc_track_unfinished(v) || v->down != e->down) {
        v->done = v->open = 0;
        v->status = LC_TRACK_RUNNING;
    }
    v->down = e->down;
    v->stmts = e->stmts;
    if (e->down)
        return; /* until something of it is done it is applied, by the file that it was */
    v->baselined = false;
    set_hash(v->file_sha256, e->file_sha256);
}

static int fold_stmt_started(struct lc_track_version *v, const struct lc_track_row *r)
{
    v->status = LC_TRACK_UNKNOWN;
    v->open = r->e.stmt;
    v->open_at_s = r->at_s;
    set_hash(v->open_sha256, r->e.stmt_sha256);
    return lc_text_set(&v->query_id, r->e.query_id);
}

static void fold_applied(struct lc_track_version *v, const struct lc_track_event *e)
{
    v->status = LC_TRACK_APPLIED;
    v->baselined = e->kind == LC_TRACK_BASELINED;
    v->down = false;
    v->open = 0;
    v->execution_ms = e->execution_ms;
    set_hash(v->file_sha256, e->file_sha256);
}

static void fold_reverted(struct lc_track_version *v)
{
    v->status = LC_TRACK_PENDING;
    v->applied_seq = 0;
    v->baselined = false;
    v->done = v->open = 0;
}

/* A person has said that statements 1 … e->stmt are done, and no more. */
static int fold_repaired(struct lc_track_version *v, const struct lc_track_event *e)
{
    v->status = LC_TRACK_FAILED;
    v->down = e->down;
    v->stmts = e->stmts;
    v->open = 0;
    return set_done(v, e->stmt, e->stmt_sha256);
}

/*
 * One row, by the picture above. `stopped` is about the last row alone; `partial` and `begun` outlive
 * a `started`, since a run that takes it up again has not settled it. A `failed` row has the query id of a
 * statement of which something may be done.
 */
static int fold_event(struct lc_track_version *v, const struct lc_track_row *r)
{
    const struct lc_track_event *e = &r->e;

    v->stopped = e->kind == LC_TRACK_STMT_STOPPED;
    if (e->kind != LC_TRACK_STARTED) {
        v->partial = e->kind == LC_TRACK_STMT_PARTIAL;
        v->begun = e->kind == LC_TRACK_EVENT_FAILED && e->query_id && *e->query_id;
    }
    switch (e->kind) {
    case LC_TRACK_STARTED:
        fold_started(v, e);
        return lc_text_set(&v->vars, e->error);
    case LC_TRACK_STMT_STARTED:
        return fold_stmt_started(v, r);
    case LC_TRACK_STMT_DONE:
        v->status = LC_TRACK_RUNNING;
        v->open = 0;
        return set_done(v, e->stmt, e->stmt_sha256);
    case LC_TRACK_EVENT_FAILED:
        v->status = LC_TRACK_FAILED;
        v->open = e->stmt;
        v->unlooked = r->layout < LC_TRACK_LAYOUT;
        return 0;
    case LC_TRACK_EVENT_APPLIED:
    case LC_TRACK_BASELINED:
        fold_applied(v, e);
        return 0;
    case LC_TRACK_REVERTED:
        fold_reverted(v);
        return 0;
    case LC_TRACK_REPAIRED:
        return fold_repaired(v, e);
    case LC_TRACK_STMT_PARTIAL:
        v->status = LC_TRACK_UNKNOWN;
        v->open = e->stmt;
        return 0;
    case LC_TRACK_STMT_STOPPED:
        break;
    }
    return 0;
}

int lc_track_state_fold(struct lc_track_state *t, const struct lc_track_row *r)
{
    struct lc_track_version *v = version_of(t, r->e.version);

    if (!v || fold_event(v, r) || lc_text_set(&v->name, r->e.name) || lc_text_set(&v->at, r->at) ||
        lc_text_set(&v->run_id, r->run_id) || lc_text_set(&v->host, r->host))
        return LC_ERR_NOMEM;
    v->seq = t->seq;
    /* What `down` goes by: the order in which versions were applied. */
    if (r->e.kind == LC_TRACK_EVENT_APPLIED || r->e.kind == LC_TRACK_BASELINED)
        v->applied_seq = t->seq;
    if (v->partial && r->e.kind == LC_TRACK_STARTED)
        return 0; /* taken up again, it is still as broken as it was */
    v->error_code = r->e.error_code;
    return lc_text_set(&v->error, r->e.error);
}
