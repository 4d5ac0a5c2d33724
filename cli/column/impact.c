#include "cli/column/impact.h"

#include "cli/server/query.h"
#include "cli/sql/quote.h"
#include "cli/sql/type_name.h"
#include "udf/rules/match.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PORTION_KEYS = 500000,
    QUERY_WAIT_MS = 24 * 3600 * 1000,
    MAX_SQL_BYTES = 1 << 20,
    MAX_BATCH_BYTES = 1 << 28,
    SLACK = 16 /* bytes that the matcher may read behind a key */
};

/* Columns of a portion. */
enum { K_KEY, K_VALUE, K_ROWS };

/* Pairs of value ids, in an open hash table of a power of two. */
struct pair {
    uint32_t old, new;
    uint64_t rows, keys; /* keys 0: free */
};

struct run {
    struct lc_impact *out;
    const struct lc_column *d;
    const struct lc_impact_rules *rules;
    const atomic_bool *cancel;
    bool nullable, numbers; /* what the column's type is */
    struct pair *pairs;
    size_t used, cap;
};

static struct pair *find(struct pair *v, size_t cap, uint32_t old, uint32_t new)
{
    size_t i = (old * 0x9e3779b1u ^ new * 0x85ebca77u) & (cap - 1);

    while (v[i].keys && (v[i].old != old || v[i].new != new))
        i = (i + 1) & (cap - 1);
    return &v[i];
}

static int grow(struct run *r)
{
    size_t cap = r->cap ? r->cap * 2 : 256;
    struct pair *v = calloc(cap, sizeof *v);

    if (!v)
        return LC_ERR_NOMEM;
    for (size_t i = 0; i < r->cap; i++) {
        if (r->pairs[i].keys)
            *find(v, cap, r->pairs[i].old, r->pairs[i].new) = r->pairs[i];
    }
    free(r->pairs);
    r->pairs = v;
    r->cap = cap;
    return 0;
}

static int note(struct run *r, uint32_t old, uint32_t new, uint64_t rows)
{
    struct pair *p;

    if (r->used * 2 >= r->cap && grow(r))
        return LC_ERR_NOMEM;
    p = find(r->pairs, r->cap, old, new);
    if (!p->keys)
        r->used++;
    p->old = old;
    p->new = new;
    p->keys++;
    p->rows += rows;
    return 0;
}

/*
 * Is the stored value this one? A miss (id 0) is stored as NULL where the column can hold it, else
 * as the empty value: '' or 0. A number is stored without the zeros before it.
 */
static bool holds(const struct run *r, const struct lc_cell *stored, struct lc_slice value,
                  uint32_t value_id)
{
    char text[24];

    if (stored->is_null || (r->nullable && value_id == 0))
        return stored->is_null && value_id == 0;
    if (r->numbers && value.n < sizeof text) {
        snprintf(text, sizeof text, "%.*s", (int)value.n, (const char *)value.p);
        return strtoull(stored->p, NULL, 10) == strtoull(text, NULL, 10);
    }
    return stored->n == value.n && (value.n == 0 || memcmp(stored->p, value.p, value.n) == 0);
}

static int take_row(struct run *r, const struct lc_answer *t, size_t row, uint32_t old_rule,
                    uint32_t new_rule)
{
    const struct lc_impact_rules *k = r->rules;
    uint32_t old_id = lc_rules_value_id(k->old, k->old_attribute, old_rule);
    uint32_t new_id = lc_rules_value_id(k->new, k->new_attribute, new_rule);
    struct lc_slice old = lc_rules_value(k->old, k->old_attribute, old_id);
    struct lc_slice new = lc_rules_value(k->new, k->new_attribute, new_id);
    const struct lc_cell *stored = lc_answer_at(t, row, K_VALUE);
    uint64_t rows = lc_answer_u64(t, row, K_ROWS, 0);
    bool same = old.n == new.n && (old.n == 0 || memcmp(old.p, new.p, old.n) == 0);

    r->out->rows += rows;
    if (lc_answer_at(t, row, K_KEY)->is_null) { /* no function is asked for it */
        r->out->given += rows;
        return 0;
    }
    if (holds(r, stored, old, old_id)) {
        if (same)
            return 0;
        r->out->change += rows;
        return note(r, old_id, new_id, rows);
    }
    if (holds(r, stored, new, new_id))
        r->out->already += rows;
    else
        r->out->given += rows;
    return 0;
}

/* Keys of the next rows, copied so that the matcher may read behind each. */
static int make_batch(struct lc_batch *batch, struct lc_buf *bytes, const struct lc_answer *t,
                      size_t first, bool numbers, struct lc_error *err)
{
    size_t at[LC_BATCH];

    lc_buf_reset(bytes);
    batch->n = t->rows - first < LC_BATCH ? t->rows - first : LC_BATCH;
    for (size_t i = 0; i < batch->n; i++) {
        const struct lc_cell *c = lc_answer_at(t, first + i, K_KEY);
        char *end = NULL;

        at[i] = bytes->n;
        batch->len[i] = c->n;
        errno = 0;
        batch->number[i] = numbers ? strtoull(c->p, &end, 10) : 0;
        if (numbers && !c->is_null && (*c->p < '0' || *c->p > '9' || *end || errno))
            return lc_fail(err, LC_ERR_INPUT,
                           "the key \"%.40s\" is no whole number from 0 up, which range rules take",
                           c->p);
        if (lc_buf_add(bytes, c->p, c->n) || lc_buf_reserve(bytes, SLACK))
            return lc_no_memory(err);
    }
    for (size_t i = 0; i < batch->n; i++)
        batch->p[i] = bytes->p + at[i];
    return 0;
}

static int take_portion(struct run *r, const struct lc_answer *t, struct lc_error *err)
{
    struct lc_batch batch;
    uint32_t old[LC_BATCH], new[LC_BATCH];
    struct lc_buf bytes;
    int rc = 0;

    lc_buf_init(&bytes, MAX_BATCH_BYTES);
    for (size_t first = 0; rc == 0 && first < t->rows; first += LC_BATCH) {
        rc = make_batch(&batch, &bytes, t, first, lc_kind_takes_numbers(r->rules->old->kind), err);
        if (rc == 0 &&
            (lc_match(r->rules->old, &batch, old) || lc_match(r->rules->new, &batch, new)))
            rc = lc_fail(err, LC_ERR_INPUT, "a rules file is corrupt");
        for (size_t i = 0; rc == 0 && i < batch.n; i++) {
            if (take_row(r, t, first + i, old[i], new[i]))
                rc = lc_no_memory(err);
        }
    }
    lc_buf_release(&bytes);
    return rc;
}

static int ask(const struct run *r, struct lc_buf *sql, struct lc_answer *t, struct lc_error *err)
{
    struct lc_query q = {
        .sql = lc_buf_str(sql), .sql_n = sql->n, .timeout_ms = QUERY_WAIT_MS, .cancel = r->cancel};

    return q.sql ? lc_backend_query(r->d->b, &q, t, err) : lc_no_memory(err);
}

static int count_keys(const struct run *r, uint64_t *keys, struct lc_error *err)
{
    struct lc_answer t = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_adds(&sql, "SELECT uniq(") || lc_sql_add_id(&sql, r->rules->key) ||
         lc_buf_adds(&sql, ") AS keys FROM ") || lc_column_add_table(r->d, &sql);
    rc = rc ? lc_no_memory(err) : ask(r, &sql, &t, err);
    *keys = rc == 0 ? lc_answer_u64(&t, 0, 0, 0) : 0;
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rc;
}

static int count_portion(struct run *r, uint64_t i, uint64_t portions, struct lc_error *err)
{
    struct lc_answer t = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_adds(&sql, "SELECT toString(") || lc_sql_add_id(&sql, r->rules->key) ||
         lc_buf_adds(&sql, ") AS livecol_k, toString(") || lc_sql_add_id(&sql, r->d->column) ||
         lc_buf_adds(&sql, ") AS livecol_v, count() AS livecol_n FROM ") ||
         lc_column_add_table(r->d, &sql);
    if (rc == 0 && portions > 1)
        rc = lc_buf_adds(&sql, " WHERE ifNull(cityHash64(") || lc_sql_add_id(&sql, r->rules->key) ||
             lc_buf_addf(&sql, "), 0) %% %" PRIu64 " = %" PRIu64, portions, i);
    rc = rc || lc_buf_adds(&sql, " GROUP BY livecol_k, livecol_v") ? lc_no_memory(err)
                                                                   : ask(r, &sql, &t, err);
    if (rc == 0)
        rc = take_portion(r, &t, err);
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rc;
}

static int compare_slices(struct lc_slice a, struct lc_slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;

    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static int most_rows_first(const void *a, const void *b)
{
    const struct lc_impact_change *x = a, *y = b;

    int c;

    if (x->rows != y->rows)
        return x->rows > y->rows ? -1 : 1;
    c = compare_slices(x->old, y->old);
    return c ? c : compare_slices(x->new, y->new);
}

static int list_changes(struct run *r, struct lc_error *err)
{
    const struct lc_impact_rules *k = r->rules;
    struct lc_impact *out = r->out;

    out->v = calloc(r->used + 1, sizeof *out->v);
    if (!out->v)
        return lc_no_memory(err);
    for (size_t i = 0; i < r->cap; i++) {
        const struct pair *p = &r->pairs[i];

        if (p->keys)
            out->v[out->n++] =
                (struct lc_impact_change){.old = lc_rules_value(k->old, k->old_attribute, p->old),
                                          .new = lc_rules_value(k->new, k->new_attribute, p->new),
                                          .rows = p->rows,
                                          .keys = p->keys};
    }
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, most_rows_first);
    return 0;
}

/* Rules are for texts and numbers. */
static int check_key(const struct lc_column *d, const char *key, struct lc_error *err)
{
    static const char *const types[] = {"Array(",  "Tuple(", "Map(",   "Variant(",
                                        "Dynamic", "JSON",   "Nested("};
    const char *type = lc_column_type_of(d, key);

    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++) {
        if (strncmp(type, types[i], strlen(types[i])) != 0)
            continue;
        lc_fail(err, LC_ERR_REFUSED, "%s.%s.%s is %s: rules take texts and whole numbers",
                d->database, d->table, key, type);
        lc_hint(err, "--key names the column that the function is called with");
        return LC_ERR_REFUSED;
    }
    return 0;
}

int lc_impact_count(struct lc_impact *out, const struct lc_column *d,
                    const struct lc_impact_rules *rules, const atomic_bool *cancel,
                    struct lc_error *err)
{
    struct run r = {.out = out,
                    .d = d,
                    .rules = rules,
                    .cancel = cancel,
                    .nullable = strstr(d->type, "Nullable(") != NULL,
                    .numbers = lc_type_is_integer(d->type)};
    uint64_t keys = 0, portions = 0;
    int rc;

    *out = (struct lc_impact){0};
    rc = check_key(d, rules->key, err);
    rc = rc ? rc : count_keys(&r, &keys, err);
    if (rc == 0)
        portions = keys / PORTION_KEYS + 1;
    for (uint64_t i = 0; rc == 0 && i < portions; i++)
        rc = count_portion(&r, i, portions, err);
    if (rc == 0)
        rc = list_changes(&r, err);
    free(r.pairs);
    return rc;
}

void lc_impact_release(struct lc_impact *i)
{
    free(i->v);
    *i = (struct lc_impact){0};
}
