/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all connections do around a statement, whatever carries it:
 *
 *   cancelled? ─▶ fence (a change only): is the lock still mine? ─▶ send ─▶ does the answer have a form?
 *
 * `changes` of known_settings is counted up on both sides of the send, since an answer that was read meanwhile
 * may be of either time.
 */
#include "cli/server/backend.h"

#include "base/test_points.h"
#include "cli/server/backend_impl.h"
#include "livecol_sql.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

size_t lc_query_bytes(const struct lc_query *q)
{
    return q->sql_n ? q->sql_n : strlen(q->sql);
}

bool lc_query_only_reads(const struct lc_query *q)
{
    static const char *const words[] = {"SELECT", "SHOW", "EXISTS", "DESCRIBE", "DESC", "EXPLAIN"};
    const char *sql = q->sql + strspn(q->sql, " \t\r\n");

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);

        if (strncasecmp(sql, words[i], n) == 0 && strspn(sql + n, " \t\r\n("))
            return true;
    }
    return false;
}

const struct lc_fence *lc_query_fence(const struct lc_backend *b, const struct lc_query *q)
{
    return q->changes || !lc_query_only_reads(q) ? b->fence : NULL;
}

void lc_backend_use_session(struct lc_backend *b, const char *id, unsigned lease_s)
{
    b->used_session = id;
    b->used_lease_s = lease_s;
}

void lc_backend_set_fence(struct lc_backend *b, const struct lc_fence *fence)
{
    b->fence = fence;
}

/*
 * Answers that are kept (query.c) may not hold after this statement. They are about tables and
 * functions, so an INSERT changes none of them.
 */
static void note_change(struct lc_backend *b, const struct lc_query *q)
{
    bool adds_rows = strncmp(q->sql, "INSERT ", strlen("INSERT ")) == 0;

    if (b->known && !adds_rows && (q->changes || !lc_query_only_reads(q)))
        atomic_fetch_add(&b->known->changes, 1);
}

void lc_kept_forget(struct known_settings *known)
{
    for (size_t i = 0; i < known->kept_n; i++) {
        free(known->kept[i].sql);
        lc_answer_release(&known->kept[i].answer);
    }
    free(known->kept);
    known->kept = NULL;
    known->kept_n = 0;
}

int lc_backend_query(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                     struct lc_error *err)
{
    const struct lc_fence *fence = lc_query_fence(b, q);
    int rc = 0;

    if (out)
        lc_answer_release(out);
    if (q->cancel && atomic_load(q->cancel))
        return lc_fail(err, LC_ERR_STOPPED, "stopped before the statement was sent");
    if (fence) {
        char *session = b->ops->session ? b->ops->session(b) : NULL;

        LC_TEST_POINT("before the fence");
        rc = fence->pass(fence->ctx, session, err);
        if (rc && session)
            *session = '\0';
    }
    if (rc == 0) {
        note_change(b, q);
        rc = b->ops->query(b, q, out, err);
        note_change(b, q);
    }
    /* A table of no rows has names and types: what has none is no answer, and no empty table. */
    if (rc == 0 && out && out->cols == 0 && lc_query_only_reads(q))
        return lc_fail(err, LC_ERR_UNKNOWN, "%s: the answer is empty", b->where);
    if (rc == 0 && out && out->rows_said && out->rows_said != out->rows)
        return lc_fail(err, LC_ERR_UNKNOWN, "%s: %zu rows came, where the server counts %llu",
                       b->where, out->rows, (unsigned long long)out->rows_said);
    return rc;
}

int lc_backend_run(struct lc_backend *b, const char *sql, struct lc_answer *out,
                   struct lc_error *err)
{
    struct lc_query q = {.sql = sql};

    return lc_backend_query(b, &q, out, err);
}

const char *lc_backend_where(const struct lc_backend *b)
{
    return b->where;
}

const char *lc_backend_database(const struct lc_backend *b)
{
    return b->database;
}

const char *lc_backend_kind(const struct lc_backend *b)
{
    return b->ops->kind;
}

const char *lc_backend_version(const struct lc_backend *b)
{
    return b->version;
}

/* For bsearch in known->names, which are sorted by bytes: names of settings have one spelling. */
static int compare_name(const void *key, const void *name)
{
    return strcmp(key, *(const char *const *)name);
}

bool lc_backend_has_setting(struct lc_backend *b, const char *name)
{
    const struct known_settings *k = b->known;

    return k && k->names_n &&
           bsearch(name, k->names, k->names_n, sizeof *k->names, compare_name) != NULL;
}
