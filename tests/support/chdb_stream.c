/* SPDX-License-Identifier: Apache-2.0 */
#include "chdb_stream.h"

#include "cli/server/chdb_lib.h"
#include "cli/server/chdb_watch.h"
#include "cli/server/server_error.h"

#include <stdlib.h>
#include <string.h>

struct chdb_stream {
    const struct lc_chdb_lib *lib;
    void **conn;
    void *handle;
    char *id; /* of the statement, for the watch */
    struct lc_watched watched;
    bool ended;
};

/* What the engine says of a result; 0: no error. */
static int error_of(const struct chdb_stream *s, const void *result, struct lc_error *err)
{
    const char *text = result ? s->lib->result_error((void *)(uintptr_t)result)
                              : "Code: 1000. DB::Exception: the embedded engine gave no answer";

    return text ? lc_server_error(err, text, strlen(text)) : 0;
}

int chdb_stream_open(struct chdb_stream **out, const struct lc_chdb_call *call,
                     struct lc_error *err)
{
    struct chdb_stream *s = calloc(1, sizeof *s);
    int rc = LC_ERR_NOMEM;

    *out = NULL;
    if (!s || !(s->id = strdup(call->id))) {
        free(s);
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a statement");
    }
    if (lc_chdb_lib_load(NULL, &s->lib, err) == 0)
        s->conn = lc_chdb_connect(call, err);
    if (!s->conn) {
        rc = err->code;
        free(s->id);
        free(s);
        return rc;
    }
    lc_watch_add(&s->watched, s->id, call->timeout_ms, call->cancel);
    s->handle = s->lib->stream_query_with_params_n(*s->conn, call->sql, call->sql_n, call->format,
                                                   strlen(call->format), call->param_names, NULL,
                                                   call->param_values, NULL, call->params);
    rc = error_of(s, s->handle, err);
    s->ended = rc != 0;
    if (rc)
        chdb_stream_close(s);
    else
        *out = s;
    return rc;
}

int chdb_stream_next(struct chdb_stream *s, struct lc_chdb_answer *block, struct lc_error *err)
{
    void *result = s->lib->stream_fetch_result(*s->conn, s->handle);
    int rc = error_of(s, result, err);

    *block = (struct lc_chdb_answer){.result = result};
    if (rc) {
        lc_chdb_release(block);
    } else {
        block->p = s->lib->result_buffer(result);
        block->n = block->p ? s->lib->result_length(result) : 0;
        block->rows_read = s->lib->result_storage_rows_read(result);
        block->bytes_read = s->lib->result_storage_bytes_read(result);
    }
    s->ended = rc || block->n == 0;
    return rc;
}

void chdb_stream_close(struct chdb_stream *s)
{
    if (!s)
        return;
    if (!s->ended)
        s->lib->stream_cancel_query(*s->conn, s->handle);
    if (s->handle)
        s->lib->destroy_query_result(s->handle);
    lc_watch_remove(&s->watched);
    lc_chdb_close(s->conn);
    free(s->id);
    free(s);
}
