/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key can be cut where no rule looks beyond its first bytes: fewer distinct values then cross the pipe
 * to the program. Whether that pays is measured by the distinct keys in a block, because a block is what
 * the server hands over at once.
 */
#include "cli/column/narrow_key.h"

#include "cli/column/time_expression.h"
#include "cli/server/query.h"
#include "cli/sql/expression.h"
#include "cli/sql/quote.h"
#include "cli/sql/type_name.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    /*
     * TURNS: how often each form is timed. GAIN_PERCENT: what the narrow form must save before
     * it counts as faster, since such times vary.
     */
    SQL_BYTES = 1 << 20,
    TURNS = 5,
    GRANULE_ROWS = 8192, /* what a backfill, a merge and a mutation give a function at once */
    GAIN_PERCENT = 5
};

/*
 * Of the rules themselves: a file's header may say anything. Bytes; 0 where there is a default
 * alone.
 */
static uint32_t longest_key(const struct lc_rules *rules)
{
    size_t longest = 0;

    for (uint32_t i = 0; i < rules->rules; i++) {
        struct lc_slice key = lc_rules_key(rules, i);

        if (key.n > longest)
            longest = key.n;
    }
    return (uint32_t)longest;
}

/* Always LC_ERR_REFUSED, for a caller to return. */
static int refuse_kind(const struct lc_rules *rules, const char *why, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED, "there is no narrow form for %s rules: %s",
            lc_kind_name(rules->kind), why);
    lc_hint(err, "give the function the whole key");
    return LC_ERR_REFUSED;
}

int lc_narrow_of(const struct lc_rules *rules, struct lc_narrow *narrow, struct lc_error *err)
{
    *narrow = (struct lc_narrow){0};
    switch (rules->kind) {
    case LC_KIND_PREFIX:
    case LC_KIND_SUFFIX:
        narrow->end = rules->kind == LC_KIND_SUFFIX;
        narrow->bytes = longest_key(rules);
        narrow->bytes += narrow->bytes == 0; /* a default alone looks at nothing */
        return 0;
    /* An exact rule needs the whole key (bytes 0): only the dictionary saves something. */
    case LC_KIND_EXACT:
        return 0;
    case LC_KIND_RANGE:
        return refuse_kind(rules, "they look at the whole number", err);
    case LC_KIND_SPAN:
        return refuse_kind(rules, "they look at the whole value", err);
    case LC_KIND_CIDR:
        return refuse_kind(rules, "they look at the whole address", err);
    case LC_KIND_BUCKET:
        return refuse_kind(rules, "they look at a hash of the whole key", err);
    case LC_KIND_DOMAIN:
        return refuse_kind(rules, "they look at the whole name of a host", err);
    default:
        return refuse_kind(rules, "livecol does not know which part of a key they look at", err);
    }
}

/* "2": an integer and nothing else. */
static bool read_bytes(struct lc_slice s, uint32_t *bytes)
{
    uint64_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || n > LC_MAX_KEY_BYTES)
            return false;
        n = n * 10 + (uint64_t)(s.p[i] - '0');
    }
    *bytes = (uint32_t)n;
    return s.n > 0 && n > 0;
}

bool lc_narrow_read(const char *argument, struct lc_slice *key, struct lc_narrow *narrow)
{
    struct lc_expr_call *v = NULL;
    size_t n = 0;
    /*
     * Calls are listed by place, the outer first: v[0] has to be the whole argument, and v[1],
     * a cut, all that v[0] is given.
     */
    bool is = lc_expr_calls(argument, &v, &n, NULL) == 0 && n && v[0].at == 0 &&
              v[0].n == strlen(argument) && v[0].args == 1 &&
              strcasecmp(v[0].name, "toLowCardinality") == 0;

    *narrow = (struct lc_narrow){0};
    if (is)
        *key = lc_expr_argument(argument, &v[0], 0);
    /* A cut that is no part of it, left(key, n + 1), is the key's own. */
    if (is && n > 1 && v[1].at == v[0].args_at && v[1].n == v[0].args_len && v[1].args == 2 &&
        (strcasecmp(v[1].name, "left") == 0 || strcasecmp(v[1].name, "right") == 0) &&
        read_bytes(lc_expr_argument(argument, &v[1], 1), &narrow->bytes)) {
        *key = lc_expr_argument(argument, &v[1], 0);
        narrow->end = strcasecmp(v[1].name, "right") == 0;
    }
    lc_expr_free_calls(v, n);
    return is;
}

int lc_narrow_fits(const char *argument, const struct lc_rules *rules, const char *path,
                   struct lc_error *err)
{
    struct lc_narrow has, need = {0};
    struct lc_slice key;

    if (!lc_narrow_read(argument, &key, &has) || has.bytes == 0)
        return 0;
    if (lc_narrow_of(rules, &need, NULL)) {
        lc_fail(err, LC_ERR_REFUSED,
                "%s cuts keys to %u bytes, and the %s rules of %s need them whole", argument,
                has.bytes, lc_kind_name(rules->kind), path);
    } else if (rules->kind != LC_KIND_EXACT && need.end != has.end) {
        lc_fail(err, LC_ERR_REFUSED,
                "%s cuts keys to their %s, and the rules of %s look at the other end", argument,
                has.end ? "end" : "beginning", path);
    } else {
        /* A key that is longer than all of them is none of theirs, and must not become one. */
        if (rules->kind == LC_KIND_EXACT)
            need.bytes = longest_key(rules) + 1;
        if (need.bytes <= has.bytes)
            return 0;
        lc_fail(err, LC_ERR_REFUSED, "%s cuts keys to %u bytes, and the rules of %s look at %u",
                argument, has.bytes, path, need.bytes);
    }
    lc_hint(err, "the argument must fit the rules: livecol new --rederive … --narrow and livecol "
                 "inline --narrow write it for --rules FILE");
    return LC_ERR_REFUSED;
}

/* Append toLowCardinality(left(KEY, n)); what is no text is cut as the text that a function is given. */
static int add_narrow(const struct lc_column *d, const char *key, const struct lc_narrow *narrow,
                      struct lc_buf *out, struct lc_error *err)
{
    char *type = NULL, plain[LC_TYPE_BYTES];
    bool text = true;
    int rc = 0;

    if (narrow->bytes)
        rc = lc_column_type_of_expr(d, key, &type, err);
    if (rc)
        return rc;
    if (type)
        text = strcmp(lc_type_plain(type, plain), "String") == 0;
    free(type);
    if (narrow->bytes == 0)
        rc = lc_buf_addf(out, "toLowCardinality(%s)", key);
    else
        rc = lc_buf_addf(
            out, text ? "toLowCardinality(%s(%s, %u))" : "toLowCardinality(%s(toString(%s), %u))",
            narrow->end ? "right" : "left", key, narrow->bytes);
    return rc ? lc_no_memory(err) : 0;
}

/*
 * toString(KEY), which only the narrow form needs: KEY. The result is a part of `key`. A
 * toString of a String is the author's own and stays; so does one whose argument's type the
 * server does not tell.
 */
static struct lc_slice without_to_string(const struct lc_column *d, struct lc_slice key)
{
    char *text = strndup((const char *)key.p, key.n), *type = NULL, plain[LC_TYPE_BYTES];
    struct lc_expr_call *v = NULL;
    struct lc_slice inner = key;
    size_t n = 0;

    if (text && lc_expr_calls(text, &v, &n, NULL) == 0 && n && v[0].at == 0 && v[0].n == key.n &&
        v[0].args == 1 && strcmp(v[0].name, "toString") == 0) {
        struct lc_slice part = lc_expr_argument(text, &v[0], 0);
        char *of = strndup((const char *)part.p, part.n);

        if (of && lc_column_type_of_expr(d, of, &type, NULL) == 0 &&
            strcmp(lc_type_plain(type, plain), "String") != 0)
            inner = (struct lc_slice){key.p + v[0].args_at, v[0].args_len};
        free(of);
    }
    lc_expr_free_calls(v, n);
    free(type);
    free(text);
    return inner;
}

/* The argument as it is to be. With narrow NULL: the bare key, taken out of its narrow form. */
static int add_argument(const struct lc_column *d, const char *argument,
                        const struct lc_narrow *narrow, struct lc_buf *out, struct lc_error *err)
{
    struct lc_slice key = {(const uint8_t *)argument, strlen(argument)};
    struct lc_narrow was;
    char *text;
    int rc;

    if (lc_narrow_read(argument, &key, &was) && was.bytes)
        key = without_to_string(d, key);
    text = strndup((const char *)key.p, key.n);
    if (!text)
        return lc_no_memory(err);
    rc = narrow ? add_narrow(d, text, narrow, out, err)
                : (lc_buf_adds(out, text) ? lc_no_memory(err) : 0);
    free(text);
    return rc;
}

int lc_narrow_expression(const struct lc_column *d, const struct lc_narrow *narrow,
                         struct lc_buf *out, struct lc_error *err)
{
    const struct lc_column_call *call = NULL;
    struct lc_buf argument;
    size_t done = 0;
    int rc = lc_column_one_call(d, &call, err);

    if (rc)
        return rc;
    if (call->dictionary)
        return lc_fail(err, LC_ERR_REFUSED, "%s asks a dictionary: no key goes through a pipe",
                       d->expr);
    lc_buf_init(&argument, SQL_BYTES);
    rc = add_argument(d, call->argument, narrow, &argument, err);
    /*
     * All calls have one function and one argument (lc_column_one_call): each becomes the same
     * new call, and the text between them stays.
     */
    for (size_t i = 0; rc == 0 && i < d->calls_n; i++) {
        if (lc_buf_add(out, d->expr + done, d->calls[i].at - done) ||
            lc_sql_add_name(out, call->function) || !lc_buf_str(&argument) ||
            lc_buf_addf(out, "(%s)", lc_buf_str(&argument)))
            rc = lc_no_memory(err);
        done = d->calls[i].at + d->calls[i].n;
    }
    if (rc == 0 && lc_buf_adds(out, d->expr + done))
        rc = lc_no_memory(err);
    lc_buf_release(&argument);
    return rc;
}

/*
 * How many different keys the narrow form leaves, in blocks of a granule. *distinct is the mean
 * over those blocks, 0 where there is none. The argument is computed by the server's own
 * functions: the function itself is not called.
 */
static int count_distinct(const struct lc_column *d, const char *narrow_expr, uint64_t rows,
                          const atomic_bool *cancel, double *distinct, struct lc_error *err)
{
    enum { KEYS, BLOCKS, WIDTH }; /* of the SELECT below */
    struct lc_column_call *calls = NULL;
    struct lc_answer t = {0};
    struct lc_buf sql;
    size_t n = 0;
    int rc = lc_column_calls_of(d->b, narrow_expr, &calls, &n, err);

    *distinct = 0;
    lc_buf_init(&sql, SQL_BYTES);
    if (rc == 0 && (n == 0 || !calls[0].argument))
        rc = lc_fail(err, LC_ERR_REFUSED, "%s calls no function of one argument", narrow_expr);
    if (rc == 0 &&
        (lc_buf_addf(&sql,
                     "SELECT toUInt64(sum(livecol_n)) AS keys, count() AS blocks FROM (SELECT "
                     "uniqExact(livecol_k) AS livecol_n FROM (SELECT (%s\n) AS livecol_k, "
                     "intDiv(rowNumberInAllBlocks(), %d) AS livecol_block FROM ",
                     calls[0].argument, GRANULE_ROWS) ||
         lc_column_add_rows(d, &sql) ||
         lc_buf_addf(&sql, " LIMIT %" PRIu64 ") GROUP BY livecol_block)", rows) ||
         !lc_buf_str(&sql)))
        rc = lc_no_memory(err);
    if (rc == 0) {
        const struct lc_query q = {.sql = lc_buf_str(&sql), .cancel = cancel};

        rc = lc_backend_query(d->b, &q, &t, err);
    }
    if (rc == 0)
        rc = lc_answer_check_shape(&t, true, WIDTH, WIDTH, err);
    if (rc == 0 && lc_answer_u64(&t, 0, BLOCKS, 0))
        *distinct = (double)lc_answer_u64(&t, 0, KEYS, 0) / (double)lc_answer_u64(&t, 0, BLOCKS, 0);
    lc_answer_release(&t);
    lc_buf_release(&sql);
    lc_column_free_calls(calls, n);
    return rc;
}

int lc_narrow_measure(const struct lc_column *d, const char *narrow_expr, const atomic_bool *cancel,
                      struct lc_narrow_times *times, struct lc_error *err)
{
    const struct lc_time_request q = {.block_rows = GRANULE_ROWS, .cancel = cancel};
    const char *const exprs[] = {d->expr, narrow_expr};
    uint64_t best[2] = {0, 0};
    int rc = lc_time_rows(d, &q, &times->rows, err);

    times->distinct = 0;
    if (rc == 0 && times->rows)
        rc = count_distinct(d, narrow_expr, times->rows, cancel, &times->distinct, err);
    if (rc == 0 && times->rows)
        rc = lc_time_by_turns(d, exprs, 2, TURNS, &q, best, err);
    times->whole_ns = best[0];
    times->narrow_ns = best[1];
    return rc;
}

bool lc_narrow_pays(const struct lc_narrow_times *times)
{
    return times->rows && times->narrow_ns * 100 < times->whole_ns * (100 - GAIN_PERCENT);
}
