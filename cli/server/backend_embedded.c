/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded backend: a thin layer over cli/server/chdb.h. */
#include "cli/server/backend_impl.h"
#include "cli/server/chdb.h"

#include <stdio.h>
#include <stdlib.h>

static int embedded_open(struct lc_backend *b, struct lc_error *err)
{
    int rc = lc_chdb_start(&b->to, err);

    if (rc)
        return rc;
    b->state = b; /* started: there is something to stop */
    if (asprintf(&b->where, "embedded %s", b->to.path) < 0) {
        b->where = NULL;
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a connection");
    }
    return 0;
}

static void embedded_close(struct lc_backend *b)
{
    if (b->state)
        lc_chdb_stop();
}

/*
 * The settings that the engine knows, as a new array that ends with name NULL; NULL: no
 * memory. It is to be freed, and its strings are the caller's. SET of an unknown one would
 * fail the whole statement.
 */
static struct lc_setting *known_only(struct lc_backend *b, const struct lc_setting *s)
{
    struct lc_setting *out;
    size_t n = 0, at = 0;

    while (s && s[n].name)
        n++;
    out = calloc(n + 1, sizeof *out);
    for (size_t i = 0; out && i < n; i++)
        if (lc_backend_has_setting(b, s[i].name))
            out[at++] = s[i];
    return out;
}

static int embedded_query(struct lc_backend *b, const struct lc_query *q, struct lc_answer *out,
                          struct lc_error *err)
{
    struct lc_setting *settings = known_only(b, q->settings);
    struct lc_chdb_call call = {
        .sql = q->sql,
        .sql_n = lc_query_bytes(q),
        .format = out ? "TabSeparatedWithNamesAndTypes" : "Null",
        .database = b->to.database,
        .id = q->query_id,
        .settings = settings,
        .timeout_ms = q->timeout_ms ? q->timeout_ms : b->to.timeout_ms,
        .cancel = q->cancel,
    };
    struct lc_chdb_answer answer;
    int rc;

    if (!settings)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a statement");
    rc = lc_chdb_run(&call, &answer, err);
    free(settings);
    if (rc)
        return rc;
    if (out) {
        rc = lc_answer_parse(out, answer.p, answer.n, err);
        if (!rc) {
            out->elapsed_s = answer.elapsed_s;
            out->rows_read = answer.rows_read;
            out->bytes_read = answer.bytes_read;
        }
    }
    lc_chdb_release(&answer);
    return rc;
}

const struct lc_backend_ops lc_backend_embedded = {
    .kind = "embedded",
    .open = embedded_open,
    .close = embedded_close,
    .query = embedded_query,
};
