#include "mutation.h"

#include "lexer.h"
#include "livecol_sql.h"
#include "query.h"
#include "server_error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Columns of sql/mutations.sql. */
enum { C_ID, C_COMMAND, C_PARTS_TO_DO, C_IS_DONE, C_MADE_S, C_FAIL_REASON, C_FAIL_PART, C_FAIL_S };

enum {
    FIRST_PAUSE_MS = 5,
    LAST_PAUSE_MS = 500,
    ABORTED = 236 /* a pause (merges stopped, a restart), not a failure: the server goes on */
};

static int no_memory(struct lc_error *err)
{
    lc_fail(err, LC_ERR_NOMEM, "no memory to follow a mutation");
    return LC_ERR_NOMEM;
}

static int list(const struct lc_mutation_watch *w, struct lc_table *t, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", w->database}, {"table", w->table}, {NULL, NULL}};

    return lc_query_read(w->b, w->facts->fail_reason ? lc_sql_mutations : lc_sql_mutations_plain,
                         args, t, err);
}

/* What was there of that id before, or NULL. */
static struct lc_mutation_seen *seen(const struct lc_mutation_watch *w, const char *id)
{
    for (size_t i = 0; i < w->before_n; i++) {
        if (strcmp(w->before[i].id, id) == 0)
            return &w->before[i];
    }
    return NULL;
}

static int count_rows(struct lc_mutation_watch *w, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", w->database}, {"table", w->table}, {NULL, NULL}};
    struct lc_table t = {0};
    int rc = lc_query_read(w->b, lc_sql_table_rows, args, &t, err);

    if (rc == 0)
        w->rows_total = lc_table_u64(&t, 0, 0, 0);
    lc_table_release(&t);
    return rc;
}

int lc_mutation_watch(struct lc_mutation_watch *w, struct lc_backend *b,
                      const struct lc_facts *facts, const char *database, const char *table,
                      struct lc_error *err)
{
    struct lc_table t = {0};
    int rc;

    *w = (struct lc_mutation_watch){
        .b = b, .facts = facts, .database = database, .table = table, .begun_ms = lc_now_ms()};
    rc = list(w, &t, err);
    if (rc == 0) {
        w->before = calloc(t.rows + 1, sizeof *w->before);
        if (!w->before)
            rc = no_memory(err);
    }
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        w->before[i] = (struct lc_mutation_seen){.id = strdup(lc_table_at(&t, i, C_ID)->p),
                                                 .fail_s = lc_table_u64(&t, i, C_FAIL_S, 0)};
        if (!w->before[i].id)
            rc = no_memory(err);
        else
            w->before_n++;
    }
    lc_table_release(&t);
    return rc ? rc : count_rows(w, err);
}

/* A stored command is the statement's, reformatted, and in newer servers in parentheses. */
static bool same_command(const struct lc_cell *stored, const char *command, size_t n)
{
    const char *p = stored->p;
    size_t stored_n = stored->n;

    if (lc_lex_same(p, stored_n, command, n))
        return true;
    return stored_n > 2 && p[0] == '(' && p[stored_n - 1] == ')' &&
           lc_lex_same(p + 1, stored_n - 2, command, n);
}

int lc_mutation_find(struct lc_mutation_watch *w, const char *command, size_t command_n,
                     uint64_t since_s, bool *found, bool *others, struct lc_error *err)
{
    struct lc_table t = {0};
    int rc = list(w, &t, err);

    *found = *others = false;
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        struct lc_mutation_seen *before;

        if (lc_table_u64(&t, i, C_MADE_S, 0) < since_s)
            continue;
        if (!same_command(lc_table_at(&t, i, C_COMMAND), command, command_n)) {
            *others = true;
            continue;
        }
        *found = true;
        before = seen(w, lc_table_at(&t, i, C_ID)->p);
        if (before)
            before->ours = true;
    }
    lc_table_release(&t);
    return rc;
}

/* The error of a mutation that fails, with the ways out. */
static int failed(const struct lc_mutation_watch *w, const struct lc_table *t, size_t row,
                  struct lc_error *err)
{
    const struct lc_cell *reason = lc_table_at(t, row, C_FAIL_REASON);
    const char *id = lc_table_at(t, row, C_ID)->p;
    struct lc_error one = LC_ERROR_INIT;

    lc_server_error(&one, reason->p, reason->n);
    if (err && err->code == 0)
        err->server_code = one.server_code;
    lc_fail(err, LC_ERR_SERVER, "mutation %s of %s.%s fails at part %s: %s", id, w->database,
            w->table, lc_table_at(t, row, C_FAIL_PART)->p, one.msg);
    lc_hint(err,
            "the server retries it for ever, and it blocks later mutations of the table: mend the "
            "cause and run up again, which waits for it; or end it by KILL MUTATION WHERE "
            "database = '%s' AND table = '%s' AND mutation_id = '%s'",
            w->database, w->table, id);
    return LC_ERR_SERVER;
}

/* A failure from before is history: its cause may have been mended since. */
static bool is_failing(const struct lc_table *t, size_t row, const struct lc_mutation_seen *before)
{
    const struct lc_cell *reason = lc_table_at(t, row, C_FAIL_REASON);

    return reason->n && (!before || lc_table_u64(t, row, C_FAIL_S, 0) > before->fail_s) &&
           lc_server_error_code(reason->p, reason->n) != ABORTED;
}

/* One look: how many of ours are undone, and how many parts they have left. */
static int look(const struct lc_mutation_watch *w, unsigned *undone, uint64_t *parts,
                struct lc_error *err)
{
    struct lc_table t = {0};
    int rc = list(w, &t, err);

    *undone = 0;
    *parts = 0;
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        const struct lc_mutation_seen *before = seen(w, lc_table_at(&t, i, C_ID)->p);

        if ((before && !before->ours) || lc_table_u64(&t, i, C_IS_DONE, 1))
            continue;
        ++*undone;
        *parts += lc_table_u64(&t, i, C_PARTS_TO_DO, 0);
        if (is_failing(&t, i, before))
            rc = failed(w, &t, i, err);
    }
    lc_table_release(&t);
    return rc;
}

/* What the parts in work add: shares of parts, and rows read. */
static int look_within(const struct lc_mutation_watch *w, double *shares, uint64_t *rows,
                       struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", w->database}, {"table", w->table}, {NULL, NULL}};
    struct lc_table t = {0};
    int rc;

    *shares = 0;
    *rows = 0;
    if (!w->facts->merge_mutation)
        return 0;
    rc = lc_query_read(w->b, lc_sql_mutation_merges, args, &t, err);
    if (rc == 0) {
        *shares = lc_table_f64(&t, 0, 0, 0);
        *rows = lc_table_u64(&t, 0, 1, 0);
    }
    lc_table_release(&t);
    return rc;
}

static int tell(struct lc_mutation_watch *w, const struct lc_mutation_hooks *hooks,
                uint64_t parts_to_do, struct lc_error *err)
{
    struct lc_run_progress p = {.parts_to_do = parts_to_do,
                                .rows_total = w->rows_total,
                                .elapsed_ms = lc_now_ms() - w->begun_ms};
    double shares = 0;
    uint64_t rows = 0;
    int rc;

    if (!hooks->progress)
        return 0;
    rc = look_within(w, &shares, &rows, err);
    if (rc)
        return rc;
    if (parts_to_do > w->parts_total)
        w->parts_total = parts_to_do;
    p.parts_total = w->parts_total;
    if (shares > (double)parts_to_do)
        shares = (double)parts_to_do;
    if (p.parts_total)
        p.fraction = ((double)(p.parts_total - parts_to_do) + shares) / (double)p.parts_total;
    p.rows_done = (uint64_t)(p.fraction * (double)p.rows_total);
    if (p.elapsed_ms >= 200 && p.fraction > 0) {
        p.rows_per_s = (double)p.rows_done * 1000 / (double)p.elapsed_ms;
        p.left_ms = (uint64_t)((double)p.elapsed_ms * (1 - p.fraction) / p.fraction);
    }
    hooks->progress(hooks->ctx, &p);
    return 0;
}

int lc_mutation_wait(struct lc_mutation_watch *w, const struct lc_mutation_hooks *hooks,
                     struct lc_error *err)
{
    unsigned pause = FIRST_PAUSE_MS;

    w->begun_ms = lc_now_ms();
    for (;;) {
        unsigned undone;
        uint64_t parts;
        int rc = look(w, &undone, &parts, err);

        if (rc || undone == 0)
            return rc;
        rc = tell(w, hooks, parts, err);
        if (rc)
            return rc;
        if (lc_sleep_ms(pause, hooks->cancel)) {
            lc_fail(err, LC_ERR_STOPPED, "stopped; the mutation of %s.%s goes on in the server",
                    w->database, w->table);
            lc_hint(err, "run up again to wait for its end");
            return LC_ERR_STOPPED;
        }
        pause = pause * 2 < LAST_PAUSE_MS ? pause * 2 : LAST_PAUSE_MS;
    }
}

void lc_mutation_release(struct lc_mutation_watch *w)
{
    for (size_t i = 0; i < w->before_n; i++)
        free(w->before[i].id);
    free(w->before);
    *w = (struct lc_mutation_watch){0};
}
