/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One query compares: over whole granules, chosen by a hash of part and block so that the others are
 * not read. How many is found by samples that grow until one takes long enough to tell how many rows
 * fit the time. A second query, only where rows differ, fetches the first keys.
 */
#include "cli/column/verify.h"

#include "base/format.h"
#include "cli/server/server_error.h"
#include "base/clock.h"
#include "cli/server/query.h"
#include "cli/sql/fragment.h"
#include "cli/sql/quote.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_SQL_BYTES = 1 << 20,
    DEFAULT_BUDGET_MS = 10000,
    ALWAYS_FULL_ROWS = 200000, /* fewer rows than these are not worth a sample */
    PROBE_ROWS = 500000,
    PROBE_GROWTH = 8,
    PROBE_SHARE = 20,       /* of the budget, at least, is a probe that tells */
    LEAST_ROWS = 16 * 8192, /* so that a sample of granules is not none of them */
    QUERY_WAIT_MS = 24 * 3600 * 1000,
    PER_MILLION = 1000000
};

/* One verification. d, o and out are the caller's; seed makes another sample of each run. */
struct run {
    const struct lc_column *d;
    const struct lc_verify_options *o;
    struct lc_verify *out;
    uint32_t per_million; /* of the granules */
    uint64_t seed;
    bool plain_sample; /* a server without _part_offset: single rows are drawn */
};

/*
 * What is counted, a row a partition. The partition's id is what a part's name has before its
 * first '_'.
 */
enum counted { COUNTED_ID, COUNTED_ROWS, COUNTED_DIFFER, COUNTED_WIDTH };

static const struct lc_sql_column counted_columns[] = {
    {"id", LC_SQL_KEY}, {"n", LC_SQL_UINT}, {"d", LC_SQL_UINT}};
static const struct lc_sql counted_shape = {.name = "the comparison",
                                            .columns = counted_columns,
                                            .width = COUNTED_WIDTH,
                                            .rows = LC_SQL_ROWS_ANY,
                                            .sealed = true};

/*
 * Into *out, which is released first. A full table may take hours. shape: what is promised, sealed; NULL: nothing.
 */
static int ask(const struct run *r, struct lc_buf *sql, const struct lc_sql *shape,
               struct lc_answer *out, struct lc_error *err)
{
    int rc = shape ? lc_answer_seal(sql, shape) : 0;
    struct lc_query q = {.sql = lc_buf_str(sql),
                         .sql_n = sql->n,
                         .timeout_ms = QUERY_WAIT_MS,
                         .cancel = r->o->cancel};

    if (rc || !q.sql)
        return lc_no_memory(err);
    return shape ? lc_query_checked(r->d->b, &q, shape, out, err)
                 : lc_backend_query(r->d->b, &q, out, err);
}

/*
 * Which rows: whole granules by a hash of their place, so that the others are not even read.
 * 8192 is the default granule. Appends nothing where all rows are read.
 */
static int add_sample(const struct run *r, struct lc_buf *sql)
{
    if (r->per_million >= PER_MILLION)
        return 0;
    if (r->plain_sample)
        return lc_buf_addf(sql, " PREWHERE rand() %% %d < %u", PER_MILLION, r->per_million);
    return lc_buf_addf(
        sql, " PREWHERE cityHash64(_part, intDiv(_part_offset, 8192), %" PRIu64 ") %% %d < %u",
        r->seed, PER_MILLION, r->per_million);
}

static int make_count(const struct run *r, struct lc_buf *sql)
{
    return lc_buf_adds(sql, "SELECT substring(livecol_part, 1, position(livecol_part, '_') - 1) AS "
                            "id, sum(livecol_n) AS n, sum(livecol_d) AS d FROM (SELECT _part AS "
                            "livecol_part, count() AS livecol_n, countIf(") ||
           lc_column_add_differs(r->d, r->out->against, sql) ||
           lc_buf_adds(sql, ") AS livecol_d FROM ") || lc_column_add_table(r->d, sql) ||
           add_sample(r, sql) || lc_buf_adds(sql, " GROUP BY _part) GROUP BY id ORDER BY id");
}

/* With the sample that r has: 0, or the failures of a query. */
static int count_once(struct run *r, struct lc_answer *t, struct lc_error *err)
{
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = make_count(r, &sql) ? lc_no_memory(err) : ask(r, &sql, &counted_shape, t, err);
    lc_buf_release(&sql);
    return rc;
}

/* Ask, with the sample that the server can take. */
static int count(struct run *r, struct lc_answer *t, struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    int rc = count_once(r, t, &one);

    if (rc == LC_ERR_SERVER && one.server_code == LC_SERVER_UNKNOWN_IDENTIFIER &&
        !r->plain_sample && r->per_million < PER_MILLION) {
        r->plain_sample = true;
        return count_once(r, t, err);
    }
    if (rc)
        lc_error_pass(err, &one);
    return rc;
}

/*
 * Fills out->v and the sums with the partitions' rows and parts, and with those parts that do
 * not store the column. Nothing is compared yet.
 */
static int look_at_parts(struct run *r, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", r->d->database},
                                      {"table", r->d->table},
                                      {"column", r->d->column},
                                      {NULL, NULL}};
    struct lc_verify *out = r->out;
    struct lc_answer t = {0};
    int rc = lc_query_read(r->d->b, lc_sql_verify_parts, args, &t, err);

    if (rc == 0 && !(out->v = calloc(t.rows + 1, sizeof *out->v)))
        rc = lc_no_memory(err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        struct lc_verify_partition *p = &out->v[i];

        *p = (struct lc_verify_partition){
            .id = strdup(lc_answer_at(&t, i, LC_SQL_VERIFY_PARTS_ID)->p),
            .rows = lc_answer_u64(&t, i, LC_SQL_VERIFY_PARTS_PART_ROWS, 0),
            .parts = lc_answer_u64(&t, i, LC_SQL_VERIFY_PARTS_PARTS, 0),
            .parts_lacking = lc_answer_u64(&t, i, LC_SQL_VERIFY_PARTS_PARTS_LACKING, 0),
            .rows_lacking = lc_answer_u64(&t, i, LC_SQL_VERIFY_PARTS_ROWS_LACKING, 0)};
        if (!p->id) {
            rc = lc_no_memory(err);
            break;
        }
        out->n++;
        out->sum.rows += p->rows;
        out->sum.parts += p->parts;
        out->sum.parts_lacking += p->parts_lacking;
        out->sum.rows_lacking += p->rows_lacking;
    }
    lc_answer_release(&t);
    return rc;
}

/* One at least, and a million at most. */
static uint32_t per_million_of(double share)
{
    double n = share * PER_MILLION;

    return n >= PER_MILLION ? PER_MILLION : n < 1 ? 1 : (uint32_t)n;
}

/* One timed sample: how many rows it had, and how long it took. */
static int probe(struct run *r, uint64_t *checked, uint64_t *ms, struct lc_error *err)
{
    struct lc_answer t = {0};
    uint64_t begun = lc_now_ms();
    int rc = count(r, &t, err);

    *ms = lc_now_ms() - begun;
    *checked = 0;
    for (size_t i = 0; rc == 0 && i < t.rows; i++)
        *checked += lc_answer_u64(&t, i, COUNTED_ROWS, 0);
    lc_answer_release(&t);
    return rc;
}

/*
 * How many rows fit into the budget, by timed samples that grow until one is long enough to tell:
 * the first meets processes that have still to start, and columns that are not in memory.
 */
static int size_sample(struct run *r, struct lc_error *err)
{
    double rows = (double)r->out->sum.rows, least = LEAST_ROWS / rows, share;
    unsigned budget_ms = r->o->budget_ms ? r->o->budget_ms : DEFAULT_BUDGET_MS;
    uint64_t checked = 0, ms = 0;

    r->per_million = PER_MILLION;
    if (r->o->full || rows <= ALWAYS_FULL_ROWS)
        return 0;
    if (r->o->sample > 0) {
        r->per_million = per_million_of(r->o->sample > least ? r->o->sample : least);
        return 0;
    }
    for (double n = PROBE_ROWS; ms * PROBE_SHARE < budget_ms; n *= PROBE_GROWTH) {
        int rc;

        r->per_million = per_million_of(n / rows);
        /* The next probe would be the whole table: then that is the sample. */
        if (r->per_million == PER_MILLION)
            return 0;
        rc = probe(r, &checked, &ms, err);
        if (rc)
            return rc;
    }
    share = (double)checked / (double)ms * budget_ms / rows;
    r->per_million = per_million_of(share > least ? share : least);
    return 0;
}

static struct lc_verify_partition *partition_of(struct lc_verify *out, const char *id)
{
    for (size_t i = 0; i < out->n; i++) {
        if (strcmp(out->v[i].id, id) == 0)
            return &out->v[i];
    }
    return NULL;
}

/* Counts what differs in the sample, partition by partition. */
static int compare(struct run *r, struct lc_error *err)
{
    struct lc_verify *out = r->out;
    struct lc_answer t = {0};
    int rc = count(r, &t, err);

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        uint64_t checked = lc_answer_u64(&t, i, COUNTED_ROWS, 0),
                 differ = lc_answer_u64(&t, i, COUNTED_DIFFER, 0);
        struct lc_verify_partition *p = partition_of(out, lc_answer_at(&t, i, COUNTED_ID)->p);

        if (!p) { /* one that came meanwhile */
            p = realloc(out->v, (out->n + 1) * sizeof *p);
            if (!p) {
                rc = lc_no_memory(err);
                break;
            }
            out->v = p;
            p += out->n;
            *p = (struct lc_verify_partition){.id = strdup(lc_answer_at(&t, i, COUNTED_ID)->p)};
            if (!p->id) {
                rc = lc_no_memory(err);
                break;
            }
            out->n++;
        }
        /* Rows that were inserted since the parts were listed. */
        if (checked > p->rows) {
            out->sum.rows += checked - p->rows;
            p->rows = checked;
        }
        p->checked = checked;
        p->differ = differ;
        out->sum.checked += checked;
        out->sum.differ += differ;
    }
    out->share = r->per_million / (double)PER_MILLION;
    lc_answer_release(&t);
    return rc;
}

/*
 * Columns as in verify.h. A plain sample is drawn again, so it may hold other rows than those
 * that were counted.
 */
static int make_examples(const struct run *r, struct lc_buf *sql)
{
    const struct lc_verify *out = r->out;
    int rc = lc_buf_adds(sql, "SELECT DISTINCT substring(_part, 1, position(_part, '_') - 1)");

    for (size_t i = 0; rc == 0 && i < out->keys_n; i++)
        rc = lc_buf_adds(sql, ", toString(") || lc_sql_add_id(sql, out->key_names[i]) ||
             lc_buf_adds(sql, ")");
    return rc || lc_buf_adds(sql, ", toString(") || lc_sql_add_id(sql, r->d->column) ||
           lc_buf_adds(sql, "), toString(") || lc_column_add_expected(r->d, out->against, sql) ||
           lc_buf_adds(sql, ") FROM ") || lc_column_add_table(r->d, sql) || add_sample(r, sql) ||
           lc_buf_adds(sql, " WHERE ") || lc_column_add_differs(r->d, out->against, sql) ||
           lc_buf_addf(sql, " LIMIT %d", LC_VERIFY_EXAMPLES);
}

static int find_examples(const struct run *r, struct lc_error *err)
{
    struct lc_buf sql;
    int rc;

    if (r->out->sum.differ == 0)
        return 0;
    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = make_examples(r, &sql) ? lc_no_memory(err) : ask(r, &sql, NULL, &r->out->examples, err);
    lc_buf_release(&sql);
    return rc;
}

/*
 * Is there something to compare with, is the column stored, and does the expression give the
 * same twice?
 */
static int check_expression(const struct run *r, struct lc_error *err)
{
    const struct lc_column *d = r->d;
    int rc;

    if (r->o->against && lc_fragment_is_blank(r->o->against))
        return lc_fail(err, LC_ERR_USAGE, "--against contains no expression");
    if (!*r->out->against) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s.%s.%s has no DEFAULT to compare with", d->database,
                     d->table, d->column);
        lc_hint(err, "--against 'EXPRESSION' compares with one of your own");
        return rc;
    }
    if (strcmp(d->kind, "ALIAS") == 0 || strcmp(d->kind, "EPHEMERAL") == 0)
        return lc_fail(err, LC_ERR_REFUSED, "%s.%s.%s is stored nowhere: it is %s", d->database,
                       d->table, d->column, d->kind);
    rc = lc_column_check_steady(d, r->out->against, "verified", err);
    if (rc == LC_ERR_REFUSED)
        lc_hint(err, "--against 'EXPRESSION' compares with one that does not");
    return rc;
}

/* What no row stores cannot be computed again. */
static int check_inputs(const struct run *r, struct lc_error *err)
{
    const struct lc_table_column *c;
    int rc = lc_column_ephemeral(r->d, r->out->against, &c, err);

    if (rc || !c)
        return rc;
    lc_fail(err, LC_ERR_REFUSED,
            "%s cannot be verified: it reads %s, which is EPHEMERAL, and stored by no row",
            r->out->against, c->name);
    lc_hint(err, "--against 'EXPRESSION' compares with one over columns that are stored");
    return LC_ERR_REFUSED;
}

/* A function that is gone: whether rows differ cannot be known. */
static int refuse_unknown(const struct run *r, const struct lc_error *why, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED, "%s cannot be verified: %s", r->out->against, why->msg);
    lc_hint(err, "install the function: livecol config install; or --against 'EXPRESSION'");
    return LC_ERR_REFUSED;
}

int lc_verify(struct lc_verify *out, const struct lc_column *d, const struct lc_verify_options *o,
              struct lc_error *err)
{
    struct run r = {.d = d, .o = o, .out = out, .seed = lc_now_ns()};
    struct lc_error why = LC_ERROR_INIT;
    int rc;

    *out = (struct lc_verify){.against = o->against ? o->against : d->expr};
    rc = check_expression(&r, err);
    if (rc == 0)
        rc = lc_column_inputs(d, out->against, &out->key_names, &out->keys_n, err);
    if (rc == 0)
        rc = check_inputs(&r, err);
    if (rc)
        return rc;
    /* Failures go to `why` first: a missing function gets a message of its own. */
    rc = look_at_parts(&r, &why);
    if (rc == 0)
        rc = size_sample(&r, &why);
    if (rc == 0)
        rc = compare(&r, &why);
    if (rc == 0)
        rc = find_examples(&r, &why);
    if (rc == LC_ERR_SERVER && why.server_code == LC_SERVER_UNKNOWN_FUNCTION)
        return refuse_unknown(&r, &why, err);
    return rc ? lc_error_pass(err, &why) : 0;
}

bool lc_verify_is_clean(const struct lc_verify *v)
{
    return v->sum.differ == 0 && v->sum.parts_lacking == 0;
}

void lc_verify_release(struct lc_verify *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->v[i].id);
    free(v->v);
    lc_column_free_names(v->key_names, v->keys_n);
    lc_answer_release(&v->examples);
    *v = (struct lc_verify){0};
}

void lc_verify_line(char *out, size_t size, const struct lc_verify *v)
{
    char looked[160], lacking[128] = "every part stores it";

    if (v->share >= 1 && v->sum.checked < v->sum.rows)
        snprintf(looked, sizeof looked,
                 "%" PRIu64 " of %" PRIu64
                 " row%s (the others are deleted, or a row policy hides them)",
                 v->sum.checked, v->sum.rows, LC_S(v->sum.rows));
    else if (v->share >= 1)
        snprintf(looked, sizeof looked, "%" PRIu64 " row%s", v->sum.checked, LC_S(v->sum.checked));
    else
        snprintf(looked, sizeof looked, "%" PRIu64 " of %" PRIu64 " row%s, a sample",
                 v->sum.checked, v->sum.rows, LC_S(v->sum.rows));
    if (v->sum.parts_lacking)
        snprintf(lacking, sizeof lacking, "%" PRIu64 " of %" PRIu64 " part%s %s not store it",
                 v->sum.parts_lacking, v->sum.parts, LC_S(v->sum.parts),
                 v->sum.parts_lacking == 1 ? "does" : "do");
    snprintf(out, size, "%s: %" PRIu64 " %s from %s; %s", looked, v->sum.differ,
             v->sum.differ == 1 ? "differs" : "differ", v->against, lacking);
}

/* Append to the string in out, cut at size bytes in all. */
static void add_text(char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void add_text(char *out, size_t size, const char *fmt, ...)
{
    size_t n = strlen(out);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(out + n, size - n, fmt, ap);
    va_end(ap);
}

/* Append "name 'value', ", its control bytes escaped. */
static void add_cell(char *out, size_t size, const char *name, const struct lc_cell *c)
{
    char shown[200];

    if (c->is_null)
        add_text(out, size, "%s NULL, ", name);
    else
        add_text(out, size, "%s '%s', ", name, lc_printable(c->p, c->n, shown, sizeof shown));
}

void lc_verify_example(char *out, size_t size, const struct lc_verify *v, size_t i)
{
    const struct lc_answer *t = &v->examples;

    *out = '\0';
    for (size_t k = 0; k < v->keys_n; k++)
        add_cell(out, size, v->key_names[k], lc_answer_at(t, i, LC_VERIFY_KEYS + k));
    add_cell(out, size, "stored", lc_answer_at(t, i, lc_verify_stored(v)));
    add_cell(out, size, "computed", lc_answer_at(t, i, lc_verify_computed(v)));
    add_text(out, size, "partition %s", lc_answer_at(t, i, LC_VERIFY_PARTITION)->p);
}
