/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table is read in portions of its distinct keys (by a hash, so that a portion fits into memory).
 * For each key the server gives its rows and what the column stores, and both rule sets answer here:
 *
 *   key ─► old rules ─► old value id ─┐                  ┌─ same ──────────► nothing changes
 *       └► new rules ─► new value id ─┴► what is stored ─┤─ is the old's ──► would change
 *                                        for each id     ├─ is the new's ──► already there
 *                                        (asked once)    └─ is neither's ──► given: it stays
 *
 * Pairs of value ids are counted in an open hash table; their texts are asked of the server only once,
 * through the whole expression around the call.
 */
#include "cli/column/impact.h"

#include "cli/server/query.h"
#include "cli/server/server_error.h"
#include "cli/sql/quote.h"
#include "cli/sql/type_name.h"
#include "livecol_sql.h"
#include "udf/argument.h"
#include "udf/column_type.h"
#include "udf/rules/match.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PORTION_KEYS = 500000, /* distinct keys that are fetched at once, about */
    QUERY_WAIT_MS = 24 * 3600 * 1000,
    MAX_SQL_BYTES = 4 << 20,
    STATEMENT_BYTES = 100 << 10, /* servers refuse more than max_query_size, 256 KiB */
    VALUES_AT_ONCE = 1000,       /* answers whose stored values are asked for in one statement */
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

/* What the column stores for an answer. */
struct stored {
    char *text; /* n bytes, any of which may be 0 */
    size_t n;
    bool known, is_null;
};

/* Of one rule set: what is stored for each of its values, by their ids. */
struct side {
    const struct lc_rules *rules;
    uint32_t attribute;
    struct stored *v; /* by value id; filled when a row needs it */
    uint32_t n;       /* values, the miss (id 0) among them */
    struct lc_column_type
        typed; /* what the function gives, where that is a number, a date or Bool */
};

/* Does the function take NULL? Then no rule but the default takes such a key. */
enum null_keys { NULL_TAKEN, NULL_NOT_TAKEN, NULL_NOT_KNOWN };

/* What the text of a key is taken of, so that the rules are asked about what the function is given. */
struct key_as {
    const char *open, *close;
};

struct run {
    struct lc_impact *out;
    const struct lc_column *d;
    const struct lc_impact_rules *rules;
    const atomic_bool *cancel;
    struct side old, new;
    char *gives; /* the type of the function's answer */
    const struct key_as *key_as;
    enum null_keys null_keys;
    struct pair *pairs;
    size_t used, cap;
};

/* Where the pair is, or the free place where it goes. At least half of the places are free. */
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

/* One more key, with so many rows, goes from old to new. */
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

/* Run it; a scan of a large table may take a day. */
static int ask(const struct run *r, struct lc_buf *sql, struct lc_answer *t, struct lc_error *err)
{
    struct lc_query q = {
        .sql = lc_buf_str(sql), .sql_n = sql->n, .timeout_ms = QUERY_WAIT_MS, .cancel = r->cancel};

    return q.sql ? lc_backend_query(r->d->b, &q, t, err) : lc_no_memory(err);
}

/*
 * The column's expression with the answer in the place of the call, as SQL over livecol_a. The
 * caller has seen that all of d->calls are the same call (lc_column_one_call); they are in
 * order of place.
 */
static int add_whole(const struct run *r, struct lc_buf *sql)
{
    const struct lc_column_call *c = r->rules->call;
    const char *expr = r->d->expr;
    size_t done = 0;
    int rc = 0;

    if (!c)
        return lc_buf_adds(sql, "livecol_a");
    /* The same call may be made several times. */
    for (size_t i = 0; rc == 0 && i < r->d->calls_n; i++) {
        const struct lc_column_call *one = &r->d->calls[i];

        rc = lc_buf_add(sql, expr + done, one->at - done) || lc_buf_adds(sql, "livecol_a");
        done = one->at + one->n;
    }
    return rc || lc_buf_adds(sql, expr + done);
}

/* Value `id` as the function gives it: a miss is NULL, 0 or ''. */
static int add_answer(const struct run *r, const struct side *s, uint32_t id, struct lc_buf *sql)
{
    struct lc_slice value = lc_rules_value(s->rules, s->attribute, id);
    char cast[LC_TYPE_BYTES], text[LC_SCALAR_TEXT_BYTES];

    if (s->typed.base == LC_BASE_SCALAR && !lc_column_type_is_null(&s->typed, id))
        return lc_buf_adds(sql, "CAST(") ||
               lc_sql_add_bytes(sql, text, lc_column_type_text(&s->typed, id, text)) ||
               lc_buf_adds(sql, ", ") || lc_sql_add_str(sql, r->gives) || lc_buf_adds(sql, ")");
    if (id && s->typed.base == LC_BASE_SCALAR)
        id = 0;
    if (id == 0 && strstr(r->gives, "Nullable("))
        return lc_buf_adds(sql, "CAST(NULL, ") || lc_sql_add_str(sql, r->gives) ||
               lc_buf_adds(sql, ")");
    if (id == 0)
        return lc_table_add_empty(r->gives, sql);
    return lc_buf_adds(sql, "CAST(") || lc_sql_add_bytes(sql, value.p, value.n) ||
           lc_buf_adds(sql, ", ") || lc_sql_add_str(sql, lc_type_to_cast(r->gives, cast)) ||
           lc_buf_adds(sql, ")");
}

/* Ask for `id` and those behind it, at most so many and as go into a statement. */
static int read_some(struct run *r, struct side *s, uint32_t id, uint32_t most,
                     struct lc_error *err)
{
    enum { NUMBER, VALUE }; /* of the SELECT below */
    struct lc_answer t = {0};
    struct lc_buf sql, whole;
    uint32_t n = 0;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    lc_buf_init(&whole, MAX_SQL_BYTES);
    rc = add_whole(r, &whole) || !lc_buf_str(&whole) ||
         lc_buf_adds(&sql, "SELECT livecol_n, toString(") ||
         lc_column_add_expected(r->d, lc_buf_str(&whole), &sql) ||
         lc_buf_adds(&sql, ") AS livecol_v FROM (SELECT livecol_p.1 AS livecol_n, livecol_p.2 AS "
                           "livecol_a FROM (SELECT arrayJoin([");
    /* tuple(id, answer), …: rows come back in any order, so each brings its id with it. */
    while (rc == 0 && n < most && id + n < s->n && sql.n < STATEMENT_BYTES) {
        rc = lc_buf_addf(&sql, "%stuple(%" PRIu32 ", ", n ? ", " : "", id + n) ||
             add_answer(r, s, id + n, &sql) || lc_buf_adds(&sql, ")");
        n++;
    }
    rc = rc || lc_buf_adds(&sql, "]) AS livecol_p))") ? lc_no_memory(err) : ask(r, &sql, &t, err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        uint64_t answer = lc_answer_u64(&t, i, NUMBER, UINT64_MAX);
        const struct lc_cell *cell = lc_answer_at(&t, i, VALUE);
        struct stored *v = answer < s->n ? &s->v[answer] : NULL;

        if (!v || v->known)
            continue;
        v->text = malloc(cell->n + 1);
        if (v->text)
            memcpy(v->text, cell->p, cell->n);
        v->n = cell->n;
        v->is_null = cell->is_null;
        v->known = v->text != NULL;
        if (!v->known)
            rc = lc_no_memory(err);
    }
    if (rc == 0 && !s->v[id].known)
        rc = lc_fail(err, LC_ERR_SERVER, "the server did not say what is stored for an answer");
    lc_answer_release(&t);
    lc_buf_release(&sql);
    lc_buf_release(&whole);
    return rc;
}

static int refuse_answer(const struct run *r, const struct side *s, uint32_t id,
                         const struct lc_error *why, struct lc_error *err)
{
    struct lc_slice value = lc_rules_value(s->rules, s->attribute, id);
    char shown[80];

    lc_fail(
        err, LC_ERR_REFUSED,
        "%s rules answer \"%s\" for rows of %s.%s, and what %s makes of that is no value of %s, "
        "which is %s: %.400s",
        s == &r->old ? "the old" : "the new", lc_printable(value.p, value.n, shown, sizeof shown),
        r->d->database, r->d->table, r->d->expr, r->d->column, r->d->type, why->msg);
    lc_hint(err,
            "with such rules INSERTs of these rows fail: choose another answer, or a column that "
            "accepts it");
    return LC_ERR_REFUSED;
}

/*
 * Ask for `id`, and by the way for those behind it; for the miss alone. One of these that no row has
 * may be none that the column takes: then for `id` alone.
 */
static int read_stored(struct run *r, struct side *s, uint32_t id, struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    int rc = read_some(r, s, id, id == 0 ? 1 : VALUES_AT_ONCE, &why);

    if (rc == LC_ERR_SERVER && id) {
        why = LC_ERROR_INIT;
        rc = read_some(r, s, id, 1, &why);
    }
    if (rc == LC_ERR_SERVER && why.server_code != LC_SERVER_UNKNOWN_IDENTIFIER)
        return refuse_answer(r, s, id, &why, err);
    if (rc)
        lc_error_pass(err, &why);
    return rc;
}

/* Does the column hold what is stored for an answer? Both are texts by the server's toString. */
static bool holds(const struct lc_cell *cell, const struct stored *s)
{
    if (cell->is_null || s->is_null)
        return cell->is_null && s->is_null;
    return cell->n == s->n && memcmp(cell->p, s->text, s->n) == 0;
}

/* Are two answers stored as the same value? Then nothing changes for their rows. */
static bool same(const struct stored *a, const struct stored *b)
{
    return a->is_null == b->is_null &&
           (a->is_null || (a->n == b->n && memcmp(a->text, b->text, a->n) == 0));
}

/* What is stored for value `id`, asked for when the first row needs it. */
static int stored_of(struct run *r, struct side *s, uint32_t id, const struct stored **out,
                     struct lc_error *err)
{
    int rc = 0;

    if (id >= s->n)
        return lc_fail(err, LC_ERR_INPUT, "a rules file is corrupt");
    if (!s->v[id].known)
        rc = read_stored(r, s, id, err);
    *out = &s->v[id];
    return rc;
}

static int refuse_null(const struct run *r, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED,
            "%s is NULL in rows of %s.%s, and whether %s takes that is not known: it is not on "
            "the server",
            r->rules->key, r->d->database, r->d->table, r->rules->call->function);
    lc_hint(err, "install it: livecol config install; or ifNull(key, '') in the DEFAULT");
    return LC_ERR_REFUSED;
}

/*
 * One row of a portion: a key with one stored value, and the number of table rows that have
 * both. A key may come with several values, so that it counts for each of them.
 */
static int take_row(struct run *r, const struct lc_answer *t, size_t row, uint32_t old_rule,
                    uint32_t new_rule, struct lc_error *err)
{
    const struct lc_impact_rules *k = r->rules;
    const struct lc_cell *cell = lc_answer_at(t, row, K_VALUE);
    const struct stored *old = NULL, *new = NULL;
    uint32_t old_id, new_id;
    uint64_t rows = lc_answer_u64(t, row, K_ROWS, 0);
    int rc;

    r->out->rows += rows;
    if (lc_answer_at(t, row, K_KEY)->is_null) {
        if (r->null_keys == NULL_NOT_KNOWN)
            return refuse_null(r, err);
        if (r->null_keys == NULL_NOT_TAKEN) { /* the value was given: the DEFAULT fails */
            r->out->given += rows;
            return 0;
        }
        old_rule = k->old->default_rule == LC_NONE ? k->old->rules : k->old->default_rule;
        new_rule = k->new->default_rule == LC_NONE ? k->new->rules : k->new->default_rule;
    }
    old_id = lc_rules_value_id(k->old, k->old_attribute, old_rule);
    new_id = lc_rules_value_id(k->new, k->new_attribute, new_rule);
    rc = stored_of(r, &r->old, old_id, &old, err);
    rc = rc ? rc : stored_of(r, &r->new, new_id, &new, err);
    if (rc)
        return rc;
    if (holds(cell, old)) {
        if (same(old, new))
            return 0;
        r->out->change += rows;
        return note(r, old_id, new_id, rows) ? lc_no_memory(err) : 0;
    }
    if (holds(cell, new))
        r->out->already += rows;
    else
        r->out->given += rows;
    return 0;
}

/* Keys of a portion's rows: their bytes, and where each is. */
struct keys {
    struct lc_buf bytes;
    size_t at[LC_BATCH], n;
};

/* Keys of the next rows, copied so that the matcher may read behind each. */
static int copy_keys(struct keys *k, const struct lc_answer *t, size_t first, struct lc_error *err)
{
    lc_buf_reset(&k->bytes);
    k->n = t->rows - first < LC_BATCH ? t->rows - first : LC_BATCH;
    for (size_t i = 0; i < k->n; i++) {
        const struct lc_cell *c = lc_answer_at(t, first + i, K_KEY);

        k->at[i] = k->bytes.n;
        if (lc_buf_add(&k->bytes, c->p, c->n) || lc_buf_reserve(&k->bytes, SLACK))
            return lc_no_memory(err);
    }
    return 0;
}

/* The rules that hold for them. */
static int match_keys(const struct keys *k, const struct lc_answer *t, size_t first,
                      const struct lc_rules *r, uint32_t *rule, struct lc_error *err)
{
    uint32_t none = r->default_rule == LC_NONE ? r->rules : r->default_rule;
    enum lc_key_is is[LC_BATCH];
    struct lc_batch batch = {.n = k->n};

    for (size_t i = 0; i < k->n; i++) {
        const struct lc_cell *c = lc_answer_at(t, first + i, K_KEY);

        is[i] = lc_batch_set_text(r, &batch, i, (struct lc_slice){k->bytes.p + k->at[i], c->n});
        if (is[i] == LC_KEY_BAD && !c->is_null)
            return lc_fail(err, LC_ERR_REFUSED,
                           "the key \"%.40s\" is not %s, which range rules take", c->p,
                           lc_order_name(&r->takes));
    }
    if (lc_match(r, &batch, rule))
        return lc_fail(err, LC_ERR_INPUT, "a rules file is corrupt");
    for (size_t i = 0; i < k->n; i++)
        rule[i] = is[i] == LC_KEY_GOOD ? rule[i] : none;
    return 0;
}

/* Match the keys of a portion against both rule sets, a batch at a time. */
static int take_portion(struct run *r, const struct lc_answer *t, struct lc_error *err)
{
    uint32_t old[LC_BATCH], new[LC_BATCH];
    struct keys k;
    int rc = 0;

    lc_buf_init(&k.bytes, MAX_BATCH_BYTES);
    for (size_t first = 0; rc == 0 && first < t->rows; first += LC_BATCH) {
        rc = copy_keys(&k, t, first, err);
        rc = rc ? rc : match_keys(&k, t, first, r->rules->old, old, err);
        rc = rc ? rc : match_keys(&k, t, first, r->rules->new, new, err);
        for (size_t i = 0; rc == 0 && i < k.n; i++)
            rc = take_row(r, t, first + i, old[i], new[i], err);
    }
    lc_buf_release(&k.bytes);
    return rc;
}

/* About how many distinct keys there are (uniq is an estimate): enough to choose the portions. */
static int count_keys(const struct run *r, uint64_t *keys, struct lc_error *err)
{
    struct lc_answer t = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_addf(&sql, "SELECT uniq((%s\n)) AS livecol_keys FROM ", r->rules->key) ||
         lc_column_add_table(r->d, &sql);
    rc = rc ? lc_no_memory(err) : ask(r, &sql, &t, err);
    if (rc == 0)
        rc = lc_answer_check_shape(&t, true, 1, 1, err);
    *keys = rc == 0 ? lc_answer_u64(&t, 0, 0, 0) : 0;
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rc;
}

/*
 * Portion i: the keys whose hash is i modulo the number of portions. All rows of a key are in
 * one portion. ifNull: a NULL key, whose hash may be NULL, goes into portion 0.
 */
static int count_portion(struct run *r, uint64_t i, uint64_t portions, struct lc_error *err)
{
    struct lc_answer t = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    rc = lc_buf_addf(&sql, "SELECT toString(%s(%s\n)%s) AS livecol_k, toString(", r->key_as->open,
                     r->rules->key, r->key_as->close) ||
         lc_sql_add_id(&sql, r->d->column) ||
         lc_buf_adds(&sql, ") AS livecol_v, count() AS livecol_n FROM ") ||
         lc_column_add_table(r->d, &sql);
    if (rc == 0 && portions > 1)
        rc = lc_buf_addf(&sql, " WHERE ifNull(cityHash64((%s\n)), 0) %% %" PRIu64 " = %" PRIu64,
                         r->rules->key, portions, i);
    rc = rc || lc_buf_adds(&sql, " GROUP BY livecol_k, livecol_v") ? lc_no_memory(err)
                                                                   : ask(r, &sql, &t, err);
    if (rc == 0)
        rc = lc_answer_check_shape(&t, false, K_ROWS + 1, 1, err);
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

/* The order of the list; by texts where the rows are equal, so that two runs print the same. */
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

/* The key as it is. */
static const struct key_as itself = {"", ""};

/* Of a number, a time or an address that is given by its value, not by its text. */
static const struct key_as *choose_key_as(enum lc_argument_base base, enum lc_order order)
{
    static const struct key_as number = {"toInt64(", ")"}, ipv4_number = {"toUInt32(", ")"},
                               real = {"toFloat64(", ")"}, day = {"toDate32(", ")"},
                               second = {"toUnixTimestamp(", ")"}, ipv4 = {"IPv4NumToString(", ")"},
                               /* toUnixTimestamp of a time before 1970 is none */
        whole_second = {"toInt64(floor(toDecimal128(", ", 9)))"};

    switch (base) {
    case LC_ARG_DATETIME:
        return order == LC_ORDER_DATE ? &day : &second;
    case LC_ARG_DATETIME64:
        return order == LC_ORDER_DATE ? &day : &whole_second;
    case LC_ARG_FLOAT:
        return &real;
    case LC_ARG_UINT:
        return order == LC_ORDER_ADDRESS ? &ipv4 : &itself;
    case LC_ARG_IPV4:
        return order == LC_ORDER_ADDRESS ? &itself : &ipv4_number;
    case LC_ARG_BOOL:
    case LC_ARG_ENUM:
        return &number;
    case LC_ARG_DATE:
    case LC_ARG_DATE32:
        return order == LC_ORDER_DATE ? &itself : &number;
    default:
        return &itself;
    }
}

/* Keys of that type against ranges and networks: may they be given them, and what of a key is asked for? */
static int check_order(struct run *r, const char *type, const struct lc_rules *rules,
                       struct lc_error *err)
{
    struct lc_argument arg = {0};
    struct lc_error why = LC_ERROR_INIT;
    int rc = lc_argument_parse(&arg, type, &why);

    rc = rc ? rc : lc_argument_fits(&arg, type, rules->kind, &rules->takes, LC_FORMAT_NATIVE, &why);
    if (rc) {
        lc_fail(err, LC_ERR_REFUSED, "%s", why.msg);
        lc_hint(err, "%s", why.hint);
        rc = LC_ERR_REFUSED;
    } else {
        r->key_as = choose_key_as(arg.base, rules->takes.order);
    }
    lc_argument_release(&arg);
    return rc;
}

/*
 * Rules are for texts, numbers, times and addresses: arrays and the like are refused. Sets
 * r->key_as.
 */
static int check_key(struct run *r, struct lc_error *err)
{
    static const char *const types[] = {"Array(", "Tuple(", "Map(", "JSON", "Nested("};
    const struct lc_column *d = r->d;
    char *type = NULL;
    int rc = lc_column_type_of_expr(d, r->rules->key, &type, err);

    r->key_as = &itself;
    if (rc == 0 && r->rules->old->takes.order != LC_ORDER_TEXT)
        rc = check_order(r, type, r->rules->old, err);
    if (rc == 0 && r->rules->new->takes.order != LC_ORDER_TEXT)
        rc = check_order(r, type, r->rules->new, err);
    for (size_t i = 0; rc == 0 && i < sizeof types / sizeof *types; i++) {
        if (strncmp(type, types[i], strlen(types[i])) != 0)
            continue;
        rc = lc_fail(err, LC_ERR_REFUSED, "%s of %s.%s is %s: rules take texts and whole numbers",
                     r->rules->key, d->database, d->table, type);
        lc_hint(err, "the rules are asked about what the function is called with");
    }
    free(type);
    return rc;
}

/* Does the whole read anything but the answer? Then no answer tells what is stored. */
static int check_whole(const struct run *r, struct lc_error *err)
{
    const struct lc_column *d = r->d;
    struct lc_buf whole;
    char **names = NULL;
    size_t n = 0;
    int rc;

    lc_buf_init(&whole, MAX_SQL_BYTES);
    rc = add_whole(r, &whole) || !lc_buf_str(&whole)
             ? lc_no_memory(err)
             : lc_column_mentions(&d->t, lc_buf_str(&whole), &names, &n, err);
    if (rc == 0 && n) {
        rc = lc_fail(err, LC_ERR_REFUSED,
                     "%s of %s.%s.%s puts the answer into an expression that reads %s too: what "
                     "new rules change cannot be known from the answers alone",
                     d->expr, d->database, d->table, d->column, names[0]);
        lc_hint(err,
                "install the new function, then livecol verify %s.%s.%s --against "
                "'EXPRESSION' with it counts the rows",
                d->database, d->table, d->column);
    }
    lc_column_free_names(names, n);
    lc_buf_release(&whole);
    return rc;
}

/* The type of the function's answer; where it is not there, as the column takes it. */
static int find_answer_type(struct run *r, struct lc_error *err)
{
    const struct lc_column_call *c = r->rules->call;
    const struct lc_column *d = r->d;
    struct lc_error why = LC_ERROR_INIT;
    struct lc_scalar scalar;
    bool nullable;
    char *text = c ? strndup(d->expr + c->at, c->n) : NULL;
    int rc = text ? lc_column_type_of_expr(d, text, &r->gives, &why) : LC_ERR_SERVER;

    free(text);
    if (rc == LC_ERR_SERVER && (!c || lc_column_is_call(d->expr, c))) {
        r->gives = strdup(strstr(d->type, "Nullable(") ? "Nullable(String)" : "String");
        if (lc_type_is_integer(d->type) ||
            lc_scalar_type_parse(&scalar, &nullable, d->type)) { /* a miss is 0 */
            free(r->gives);
            r->gives = strdup(d->type);
        }
        return r->gives ? 0 : lc_no_memory(err);
    }
    if (rc == LC_ERR_SERVER) {
        rc = lc_fail(err, LC_ERR_REFUSED,
                     "%s of %s.%s.%s puts the answer of %s into a larger expression, and the "
                     "server cannot evaluate that: %s",
                     d->expr, d->database, d->table, d->column, c->function, why.msg);
        lc_hint(err, "install the function first: livecol config install");
    } else if (rc) {
        lc_error_pass(err, &why);
    }
    return rc;
}

/*
 * By the declared type of the function's argument; without a call, NULL goes to the default
 * rule.
 */
static int find_null_keys(struct run *r, struct lc_error *err)
{
    const struct lc_column_call *c = r->rules->call;
    const struct lc_sql_arg args[] = {{"name", c ? c->function : ""}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc;

    r->null_keys = NULL_TAKEN;
    if (!c)
        return 0;
    rc = lc_query_read(r->d->b, lc_sql_udf_argument, args, &t, &why);
    if (rc == LC_ERR_SERVER || (rc == 0 && t.rows == 0)) {
        r->null_keys = NULL_NOT_KNOWN;
        rc = 0;
    } else if (rc) {
        lc_error_pass(err, &why);
    } else if (!strstr(lc_answer_at(&t, 0, LC_SQL_UDF_ARGUMENT_ARGUMENT)->p, "Nullable(")) {
        r->null_keys = NULL_NOT_TAKEN;
    }
    lc_answer_release(&t);
    return rc;
}

/*
 * Room for each value's text. Where the function gives numbers, dates or Bools, the values are
 * parsed as the program does when it loads its rules; lc_column_type has their ids.
 */
static int open_side(struct side *s, const struct lc_rules *rules, uint32_t attribute,
                     const char *gives, const char *name, struct lc_error *err)
{
    struct lc_scalar scalar;
    bool nullable;

    *s = (struct side){.rules = rules, .attribute = attribute, .n = rules->attrs[attribute].values};
    s->v = calloc(s->n + 1, sizeof *s->v);
    if (!s->v)
        return lc_no_memory(err);
    return lc_scalar_type_parse(&scalar, &nullable, gives)
               ? lc_column_type_init(&s->typed, rules, attribute, gives, name, err)
               : 0;
}

static void close_side(struct side *s)
{
    for (uint32_t i = 0; s->v && i < s->n; i++)
        free(s->v[i].text);
    free(s->v);
    lc_column_type_release(&s->typed);
}

/* All that may be refused, before the table is read. */
static int prepare(struct run *r, struct lc_error *err)
{
    const struct lc_impact_rules *k = r->rules;
    int rc = lc_column_check_steady(r->d, r->d->expr, "compared with rules", err);

    if (rc == 0)
        rc = lc_column_check_stored_key(r->d, k->key, "be compared with rules", err);
    if (rc == 0)
        rc = check_key(r, err);
    if (rc == 0 && k->call)
        rc = check_whole(r, err);
    if (rc == 0)
        rc = find_answer_type(r, err);
    if (rc == 0)
        rc = find_null_keys(r, err);
    if (rc == 0)
        rc = open_side(&r->old, k->old, k->old_attribute, r->gives, "the old rules", err);
    return rc ? rc : open_side(&r->new, k->new, k->new_attribute, r->gives, "the new rules", err);
}

/* A part of the expression has a name that another part makes: x -> f(x), or g(k AS x). */
static int refuse_parts(const struct run *r, const struct lc_error *why, struct lc_error *err)
{
    const struct lc_column *d = r->d;

    lc_fail(err, LC_ERR_REFUSED,
            "%s of %s.%s.%s cannot be analysed, so what new rules change cannot be known from the "
            "answers alone: %s",
            d->expr, d->database, d->table, d->column, why->msg);
    lc_hint(err,
            "install the new function, then livecol verify %s.%s.%s --against 'EXPRESSION' with it "
            "counts the rows",
            d->database, d->table, d->column);
    return LC_ERR_REFUSED;
}

int lc_impact_count(struct lc_impact *out, const struct lc_column *d,
                    const struct lc_impact_rules *rules, const atomic_bool *cancel,
                    struct lc_error *err)
{
    struct lc_error why = LC_ERROR_INIT;
    struct run r = {.out = out, .d = d, .rules = rules, .cancel = cancel};
    uint64_t keys = 0, portions = 0;
    int rc;

    *out = (struct lc_impact){0};
    rc = prepare(&r, &why);
    rc = rc ? rc : count_keys(&r, &keys, &why);
    if (rc == 0)
        portions = keys / PORTION_KEYS + 1;
    for (uint64_t i = 0; rc == 0 && i < portions; i++)
        rc = count_portion(&r, i, portions, &why);
    if (rc == 0)
        rc = list_changes(&r, &why);
    if (rc == LC_ERR_SERVER && why.server_code == LC_SERVER_UNKNOWN_IDENTIFIER)
        rc = refuse_parts(&r, &why, err);
    else if (rc)
        lc_error_pass(err, &why);
    close_side(&r.old);
    close_side(&r.new);
    free(r.gives);
    free(r.pairs);
    return rc;
}

void lc_impact_release(struct lc_impact *i)
{
    free(i->v);
    *i = (struct lc_impact){0};
}
