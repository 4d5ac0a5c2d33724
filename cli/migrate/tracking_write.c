/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows are noted in memory, and those that follow each other are written in one INSERT. A write may be
 * sent again after a lost answer, because each row has a seq and a run id: from the second try on, the
 * rows are inserted only where the last of them is not there. A signal does not end it: what was done
 * is recorded first.
 */
#include "base/secret.h"
#include "cli/migrate/tracking.h"
#include "cli/server/query.h"
#include "cli/server/retry.h"
#include "livecol_sql.h"
#include "livecol_version.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * An event whose row is not written yet. It owns copies of its texts: what they were made of
 * may be gone by then. The last one is the error, from which secrets are taken out.
 */
enum { NOTED_TEXTS = 5 };
struct lc_track_noted {
    struct lc_track_event e; /* its texts are those below */
    char *texts[NOTED_TEXTS];
};

void lc_tracking_forget_noted(struct lc_tracking *t)
{
    for (size_t i = 0; i < t->noted_n; i++) {
        for (size_t k = 0; k < NOTED_TEXTS; k++)
            free(t->noted[i].texts[k]);
    }
    t->noted_n = 0;
}

/* Is the row with this seq there, and this run's? */
static int has_row(struct lc_tracking *t, const char *seq, bool *has, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database},
                                      {"table", t->table},
                                      {"seq", seq},
                                      {"run_id", t->run_id},
                                      {NULL, NULL}};
    struct lc_answer n = {0};
    int rc = lc_query_read(t->b, lc_sql_tracking_has, args, &n, err);

    *has = rc == 0 && n.rows == 1 && lc_answer_u64(&n, 0, LC_SQL_TRACKING_HAS_N, 0) > 0;
    lc_answer_release(&n);
    return rc;
}

static const char *text_of(const char *s)
{
    return s ? s : "";
}

int lc_tracking_note(struct lc_tracking *t, const struct lc_track_event *e, struct lc_error *err)
{
    const char *texts[NOTED_TEXTS] = {e->name, e->file_sha256, e->stmt_sha256, e->query_id,
                                      e->error};
    struct lc_track_noted *more = realloc(t->noted, (t->noted_n + 1) * sizeof *more), *to;

    if (!more)
        return lc_no_memory(err);
    t->noted = more;
    to = &more[t->noted_n++];
    *to = (struct lc_track_noted){.e = *e};
    for (size_t k = 0; k < NOTED_TEXTS; k++) {
        to->texts[k] = strdup(text_of(texts[k]));
        if (!to->texts[k]) {
            lc_tracking_forget_noted(t);
            return lc_no_memory(err);
        }
    }
    lc_secret_redact(to->texts[NOTED_TEXTS - 1]);
    to->e.name = to->texts[0];
    to->e.file_sha256 = to->texts[1];
    to->e.stmt_sha256 = to->texts[2];
    to->e.query_id = to->texts[3];
    to->e.error = to->texts[4];
    return 0;
}

/* Append its values. */
static int add_row(struct lc_buf *sql, const struct lc_tracking *t, uint64_t at_seq,
                   const struct lc_track_event *e, const char *host, struct lc_error *err)
{
    char seq[24], version[24], stmt[16], stmts[16], ms[24], code[16], pid[16];
    const struct lc_sql_arg args[] = {{"seq", seq},
                                      {"run_id", t->run_id},
                                      {"version", version},
                                      {"name", e->name},
                                      {"direction", e->down ? "down" : "up"},
                                      {"event", lc_track_event_name(e->kind)},
                                      {"stmt", stmt},
                                      {"stmts", stmts},
                                      {"file_sha256", e->file_sha256},
                                      {"stmt_sha256", e->stmt_sha256},
                                      {"query_id", e->query_id},
                                      {"execution_ms", ms},
                                      {"error_code", code},
                                      {"error", e->error},
                                      {"host", host},
                                      {"pid", pid},
                                      {"tool_version", LIVECOL_VERSION},
                                      {NULL, NULL}};

    snprintf(seq, sizeof seq, "%" PRIu64, at_seq);
    snprintf(version, sizeof version, "%" PRIu64, e->version);
    snprintf(stmt, sizeof stmt, "%u", e->stmt);
    snprintf(stmts, sizeof stmts, "%u", e->stmts);
    snprintf(ms, sizeof ms, "%" PRIu64, e->execution_ms);
    snprintf(code, sizeof code, "%d", e->error_code);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    return lc_sql_format(sql, lc_sql_tracking_row, args, err);
}

/* The INSERT of the noted rows. */
static int make_insert(struct lc_buf *sql, const struct lc_tracking *t, const char *host,
                       struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->table}, {NULL, NULL}};
    int rc = lc_sql_format(sql, lc_sql_tracking_insert, args, err);

    for (size_t i = 0; rc == 0 && i < t->noted_n; i++) {
        rc = lc_buf_adds(sql, i ? ",\n" : "\n") ? lc_no_memory(err) : 0;
        if (rc == 0)
            rc = add_row(sql, t, t->state.seq + 1 + i, &t->noted[i].e, host, err);
    }
    return rc;
}

/* From the second time on: only where the rows are not there already. The last one says it of all. */
static int insert_once(struct lc_tracking *t, struct lc_buf *sql, bool again, struct lc_error *err)
{
    char last_seq[24];
    bool has = false;
    int rc;

    snprintf(last_seq, sizeof last_seq, "%" PRIu64, t->state.seq + t->noted_n);
    rc = again ? has_row(t, last_seq, &has, err) : 0;
    return rc || has ? rc : lc_query_run_made(t->b, lc_sql_tracking_insert, sql, err);
}

/*
 * Not ended by a signal: what was done is recorded. Without Keeper a Replicated table takes no row, or
 * cannot tell whether it took it.
 */
static int insert(struct lc_tracking *t, struct lc_buf *sql, struct lc_error *err)
{
    struct lc_retry retry = {.lost = true,
                             .tries = LC_RETRY_TRIES,
                             .keeper_ms = t->replicated ? LC_KEEPER_PATIENCE_MS : 0};
    struct lc_error why = LC_ERROR_INIT;
    int rc;

    do
        rc = insert_once(t, sql, retry.attempt > 0, &why);
    while (lc_retry_again(&retry, rc, &why));
    return rc ? lc_error_pass(err, &why) : 0;
}

int lc_tracking_flush(struct lc_tracking *t, struct lc_error *err)
{
    char host[256] = "";
    struct lc_buf sql;
    int rc;

    if (t->noted_n == 0)
        return 0;
    gethostname(host, sizeof host - 1);
    lc_buf_init(&sql, LC_SQL_MAX_BYTES);
    rc = make_insert(&sql, t, host, err);
    if (rc == 0)
        rc = insert(t, &sql, err);
    lc_buf_release(&sql);
    for (size_t i = 0; rc == 0 && i < t->noted_n; i++) {
        const struct lc_track_row r = {.e = t->noted[i].e,
                                       .run_id = t->run_id,
                                       .host = host,
                                       .at = "",
                                       .layout = LC_TRACK_LAYOUT};

        /* The state becomes what a reader of the table would make of it. */
        t->state.seq++;
        rc = lc_track_state_fold(&t->state, &r) ? lc_no_memory(err) : 0;
    }
    lc_tracking_forget_noted(t);
    return rc;
}

int lc_tracking_write(struct lc_tracking *t, const struct lc_track_event *e, struct lc_error *err)
{
    int rc = lc_tracking_note(t, e, err);

    return rc ? rc : lc_tracking_flush(t, err);
}
