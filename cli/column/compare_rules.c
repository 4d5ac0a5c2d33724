/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys are made from the rules: each rule's own key, and what is next to it at either end (a byte more, a
 * byte less, letters of the other case, a number before the first and behind the last). They travel as rows of an array, since the server would
 * fold a call over constants. The expected answers come from the same matcher that the program has.
 */
#include "cli/column/compare_rules.h"

#include "cli/sql/quote.h"
#include "cli/sql/type_name.h"
#include "udf/column_type.h"
#include "udf/rules/match.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough to meet every rule of a small set and a spread of a large one, in one statement; what a
 * server takes as one is 256 KiB where nobody has changed that (max_query_size). */
enum {
    RULE_KEYS = 2000,
    OWN_KEYS = 1000,
    MAX_KEYS = RULE_KEYS + OWN_KEYS,
    KEYS_MAX_BYTES = 200 << 10, /* of the list of keys, as SQL */
    RULE_MAX_BYTES = 140 << 10, /* of those that rules make: the others keep some room */
    MAX_SQL_BYTES = 4 << 20,
    SLACK = 16 /* bytes that the matcher may read after a key */
};

/* Columns of an answer. */
enum { A_ANSWER, A_TYPE, A_KEY };

/* The keys to ask for, end to end: key i is text[at[i]] up to text[at[i + 1]]. */
struct keys {
    struct lc_buf text;
    size_t at[MAX_KEYS + 1];
    size_t n;
    size_t sql_bytes;        /* of the list that they make */
    size_t n_max, bytes_max; /* there is room for so many, now */
};

static bool has_key(const struct keys *k, const void *p, size_t n)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->at[i + 1] - k->at[i] == n && (n == 0 || memcmp(k->text.p + k->at[i], p, n) == 0))
            return true;
    return false;
}

/* One that is there, or that there is no room for, is left out. */
static int add_key(struct keys *k, const void *p, size_t n)
{
    size_t more = lc_sql_bytes_size(p, n) + 2;

    if (k->n >= k->n_max || k->sql_bytes + more > k->bytes_max || has_key(k, p, n))
        return 0;
    k->sql_bytes += more;
    k->at[k->n++] = k->text.n;
    if (lc_buf_add(&k->text, p, n))
        return LC_ERR_NOMEM;
    k->at[k->n] = k->text.n;
    return 0;
}

static int add_number(struct keys *k, uint64_t number)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRIu64, number);

    return add_key(k, text, (size_t)n);
}

/* Keys that add_rule_keys makes of one rule. */
enum { NEAR_KEYS = 6, NEAR_NAMES = 11 };

/*
 * What is next to a domain's name: a name below it, with a dot behind it, and as an address. Of a rule
 * for what is below alone (*.name) the name itself, which it does not take. There are two bytes
 * before name, and one behind it, to be written to.
 */
static int add_name_keys(struct keys *k, char *name, size_t n)
{
    int rc;

    name[-2] = 'x';
    name[-1] = '.';
    name[n] = '.';
    rc = add_key(k, name - 2, n + 2) || add_key(k, name, n + 1);
    name[-1] = '@';
    rc = rc || add_key(k, name - 2, n + 2);
    if (rc == 0 && n > 2 && name[0] == '*' && name[1] == '.')
        rc = add_key(k, name + 2, n - 2) || add_key(k, name + 1, n - 1);
    return rc ? LC_ERR_NOMEM : 0;
}

/*
 * The key of a rule, one byte longer at either end, one shorter at either end, and in the other
 * case: every second letter, so that neither upper nor lower case alone makes it the rule's.
 */
static int add_rule_keys(struct keys *k, struct lc_slice key, enum lc_kind kind)
{
    char longer[LC_MAX_KEY_BYTES + 8], *same = longer + 2;
    size_t n = key.n, letters = 0;
    int rc;

    if (n > LC_MAX_KEY_BYTES + 2)
        return 0; /* of damaged rules, which the matcher refuses */
    if (n)
        memcpy(same, key.p, n);
    same[-1] = same[n] = 'x';
    rc = add_key(k, same, n) || add_key(k, same, n + 1) || add_key(k, same - 1, n + 1);
    if (rc == 0 && n)
        rc = add_key(k, same, n - 1) || add_key(k, same + 1, n - 1);
    if (rc == 0 && kind == LC_KIND_DOMAIN)
        rc = add_name_keys(k, same, n);
    for (size_t i = 0; i < n; i++)
        if ((same[i] | 32) >= 'a' && (same[i] | 32) <= 'z' && letters++ % 2 == 0)
            same[i] ^= 32;
    return rc || add_key(k, same, n) ? LC_ERR_NOMEM : 0;
}

/* A point's text, as the server has it: without zeros behind a fraction. One of no text is left out. */
static int add_point(struct keys *k, const struct lc_takes *takes, lc_point p)
{
    char text[LC_POINT_TEXT_BYTES];
    size_t n;

    lc_point_text(takes, p, text);
    n = strlen(text);
    if (takes->order == LC_ORDER_NUMBER && strchr(text, '.')) {
        while (text[n - 1] == '0')
            n--;
        n -= text[n - 1] == '.';
    }
    return n ? add_key(k, text, n) : 0;
}

/* The ends of rules, and what is next to them. */
static int make_points(struct keys *k, const struct lc_rules *r, uint32_t step)
{
    lc_point next = r->takes.order == LC_ORDER_NUMBER ? 2 : 1, first, last;
    int rc = 0;

    if (r->takes.order == LC_ORDER_TIME) /* their text depends on a zone */
        return 0;
    for (uint32_t i = 0; rc == 0 && i < r->rules; i += step) {
        if (!lc_rules_span(r, i, &first, &last))
            continue;
        rc = add_point(k, &r->takes, first) || add_point(k, &r->takes, last) ? LC_ERR_NOMEM : 0;
        if (rc == 0 && r->takes.order != LC_ORDER_FLOAT && first > next)
            rc = add_point(k, &r->takes, first - next);
        if (rc == 0 && r->takes.order != LC_ORDER_FLOAT && last < LC_POINT_LAST - next)
            rc = add_point(k, &r->takes, last + next);
    }
    return rc;
}

/* The bounds of unsigned ranges, and what is next to them; a number below all. */
static int make_numbers(struct keys *k, const struct lc_rules *r, uint32_t step)
{
    int rc = add_key(k, "-1", 2) || add_number(k, 0);

    for (uint32_t i = 0; rc == 0 && i < r->rules; i += step) {
        uint64_t low = r->bounds[i], high = r->bounds[r->rules + i];

        rc = add_number(k, low) || add_number(k, high) || (low && add_number(k, low - 1)) ||
             (high < UINT64_MAX && add_number(k, high + 1));
    }
    return rc ? LC_ERR_NOMEM : 0;
}

/* Any texts: each is in some bucket. */
static int make_any(struct keys *k)
{
    char text[24];
    int rc = 0;

    for (int i = 0; rc == 0 && i < RULE_KEYS; i++) {
        int n = snprintf(text, sizeof text, "k%d", i);

        rc = add_key(k, text, (size_t)n);
    }
    return rc;
}

/* Of a large set, or one of long keys, every so-many-th rule: so that there is room for all. */
static uint32_t step_of(const struct lc_rules *r, uint32_t near)
{
    uint64_t bytes = 0, by_bytes;

    for (uint32_t i = 0; i < r->rules; i++)
        bytes += near * (lc_rules_key(r, i).n + sizeof "'', x");
    by_bytes = bytes / RULE_MAX_BYTES + 1;
    return by_bytes > r->rules / (RULE_KEYS / near) + 1 ? (uint32_t)by_bytes
                                                        : r->rules / (RULE_KEYS / near) + 1;
}

/*
 * By the kind of rules: those that are searched by points get the ends of their spans, unsigned
 * ranges their bounds, buckets any texts, all others their keys and the keys near them.
 */
static int make_keys(struct keys *k, const struct lc_rules *r)
{
    uint32_t near = r->kind == LC_KIND_DOMAIN ? NEAR_NAMES : NEAR_KEYS, step = step_of(r, near);
    int rc;

    if (lc_kind_about(r->kind)->index == LC_INDEX_SEGMENTS)
        return make_points(k, r, step);
    if (r->kind == LC_KIND_RANGE)
        return make_numbers(k, r, step);
    if (r->kind == LC_KIND_BUCKET)
        return make_any(k);
    rc = add_key(k, "", 0) || add_key(k, "\xff no such key", 13) ? LC_ERR_NOMEM : 0;
    for (uint32_t i = 0; rc == 0 && i < r->rules; i += step) {
        struct lc_key_text text;

        rc = add_rule_keys(k, lc_rules_key_text(r, i, &text), r->kind);
    }
    return rc;
}

/* Keys that the caller found in the table, where there is room for them. NULL is none. */
static int add_own_keys(struct keys *k, const struct lc_answer *own)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && own && i < own->rows; i++) {
        const struct lc_cell *c = lc_answer_at(own, i, 0);

        if (!c->is_null)
            rc = add_key(k, c->p, c->n);
    }
    return rc;
}

/* Can keys of that type be made from texts? */
static bool takes_texts(const char *plain)
{
    static const char *const types[] = {"String",  "FixedString(", "UInt",     "Int",
                                        "Date",    "UUID",         "Decimal(", "Float32",
                                        "Float64", "IPv4",         "IPv6"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strncmp(plain, types[i], strlen(types[i])) == 0)
            return true;
    return false;
}

static int add_key_list(struct lc_buf *sql, const struct keys *k)
{
    int rc = lc_buf_adds(sql, "arrayJoin([");

    for (size_t i = 0; rc == 0 && i < k->n; i++)
        rc = (i && lc_buf_adds(sql, ", ")) ||
             lc_sql_add_bytes(sql, k->text.p + k->at[i], k->at[i + 1] - k->at[i]);
    return rc || lc_buf_adds(sql, "]) AS livecol_key");
}

/*
 * SELECT the answers over a column of these keys: a column, so that nothing is folded; of a key
 * that is no string those that are such a key's text alone. The call is next to the FROM that
 * names the host, since only that SELECT is done there. seconds: the answers are times, of a
 * zone that is not known here.
 *
 *   SELECT toString(livecol_answer) AS answer, toTypeName(livecol_answer) AS type,
 *     livecol_key AS key, f(CAST(arrayJoin(['a', …]) AS livecol_key, 'String')) AS livecol_answer
 *   FROM system.one
 */
static int make_sql(struct lc_buf *sql, const struct lc_cluster *c, size_t host,
                    const struct lc_compare_call *call, struct keys *k, bool seconds)
{
    char room[LC_TYPE_BYTES], cast[LC_TYPE_BYTES];
    const char *plain = lc_type_plain(call->column_type, room);
    bool strings = strcmp(plain, "String") == 0;
    /* The text of a Float32 may be another double's: of 0.1 no Float32 is the value. */
    const char *text_of = strcmp(plain, "Float32") == 0 ? "toString(toFloat64(" : "toString((";
    int rc = lc_buf_adds(sql, seconds ? "SELECT toString(toUnixTimestamp(livecol_answer)) AS "
                                        "answer, "
                                      : "SELECT toString(livecol_answer) AS answer, ") ||
             lc_buf_adds(sql, "toTypeName(livecol_answer) AS type, livecol_key AS key, ") ||
             lc_sql_add_id(sql, call->function) || lc_buf_adds(sql, "(");

    if (rc == 0 && call->dictionary)
        rc = lc_sql_add_str(sql, call->dictionary) || lc_buf_adds(sql, ", ") ||
             lc_sql_add_str(sql, call->attribute) || lc_buf_adds(sql, ", ");
    rc = rc || (call->tuple && lc_buf_adds(sql, "tuple(")) || lc_buf_adds(sql, "CAST(");
    if (rc == 0 && strings)
        rc = add_key_list(sql, k);
    else if (rc == 0)
        rc = lc_buf_adds(sql, "assumeNotNull(accurateCastOrNull(") || add_key_list(sql, k) ||
             lc_buf_adds(sql, ", ") || lc_sql_add_str(sql, plain) || lc_buf_adds(sql, "))");
    rc = rc || lc_buf_adds(sql, ", ") ||
         lc_sql_add_str(sql, lc_type_to_cast(call->column_type, cast)) ||
         lc_buf_adds(sql,
                     call->tuple ? "))) AS livecol_answer FROM " : ")) AS livecol_answer FROM ") ||
         lc_cluster_add_from(c, host, sql, "system", "one");
    if (rc == 0 && !strings)
        rc = lc_buf_addf(sql, " WHERE %saccurateCastOrNull(livecol_key, ", text_of) ||
             lc_sql_add_str(sql, plain) || lc_buf_adds(sql, "))) = livecol_key");
    return rc ? LC_ERR_NOMEM : 0;
}

/* The error of the first key that differs. */
static int differ(const struct lc_compare_call *call, struct lc_slice key, struct lc_slice want,
                  const struct lc_cell *got, const char *rules_path, struct lc_error *err)
{
    char key_text[80], want_text[80], got_text[80];

    lc_fail(err, LC_ERR_REFUSED, "%s answers %s%s%s for the key \"%s\", and %s says \"%s\"",
            call->function, got->is_null ? "" : "\"",
            got->is_null ? "NULL" : lc_printable(got->p, got->n, got_text, sizeof got_text),
            got->is_null ? "" : "\"", lc_printable(key.p, key.n, key_text, sizeof key_text),
            rules_path, lc_printable(want.p, want.n, want_text, sizeof want_text));
    lc_hint(err,
            "the server runs other rules than this file, or its return_name is not the name "
            "that the program gives its column: compare the two, then SYSTEM RELOAD %s",
            call->dictionary ? "DICTIONARIES" : "FUNCTIONS");
    return LC_ERR_REFUSED;
}

/*
 * A key without a rule has the type's empty value: '', 0 or NULL; so has an empty cell, where the type
 * is Nullable. Values are compared, not texts: 007 is stored as 7 in a number.
 */
static bool is_answer(const struct lc_cell *got, const char *type, struct lc_slice want)
{
    const struct lc_slice text = {(const uint8_t *)got->p, got->n};
    uint8_t is[16], wanted[16] = {0};
    struct lc_scalar scalar;
    bool nullable;

    if (!lc_scalar_type_parse(&scalar, &nullable, type))
        return got->n == want.n && (want.n == 0 || memcmp(got->p, want.p, want.n) == 0);
    if (want.n == 0 && nullable)
        return got->is_null;
    if (got->is_null || lc_scalar_read(&scalar, text, is) ||
        (want.n && lc_scalar_read(&scalar, want, wanted)))
        return false;
    return memcmp(is, wanted, sizeof is) == 0;
}

/*
 * Copy the keys that the server took, with what the matcher may read behind them. is[i]: what key i is to
 * the rules.
 */
static int take_keys(const struct lc_rules *r, const struct lc_answer *t, size_t first,
                     struct lc_buf *bytes, struct lc_batch *batch, enum lc_key_is *is)
{
    size_t at[LC_BATCH];

    lc_buf_reset(bytes);
    batch->n = t->rows - first < LC_BATCH ? t->rows - first : LC_BATCH;
    for (size_t i = 0; i < batch->n; i++) {
        const struct lc_cell *key = lc_answer_at(t, first + i, A_KEY);

        at[i] = bytes->n;
        if (lc_buf_add(bytes, key->p, key->n) || lc_buf_reserve(bytes, SLACK))
            return LC_ERR_NOMEM;
    }
    for (size_t i = 0; i < batch->n; i++)
        is[i] = lc_batch_set_text(
            r, batch, i, (struct lc_slice){bytes->p + at[i], lc_answer_at(t, first + i, A_KEY)->n});
    return 0;
}

/*
 * The rows of the answer, in batches as the matcher takes them. *compared counts keys that are
 * of the rules' kind: one that is not (LC_KEY_BAD) proves nothing.
 */
static int compare(const struct lc_compare_call *call, const struct lc_rules *r,
                   const struct lc_answer *t, uint32_t attribute, const char *rules_path,
                   uint64_t *compared, struct lc_error *err)
{
    uint32_t none = r->default_rule == LC_NONE ? r->rules : r->default_rule;
    enum lc_key_is is[LC_BATCH];
    struct lc_batch batch;
    uint32_t rule[LC_BATCH];
    struct lc_buf bytes;
    int rc = 0;

    lc_buf_init(&bytes, MAX_SQL_BYTES);
    for (size_t first = 0; rc == 0 && first < t->rows; first += LC_BATCH) {
        rc = take_keys(r, t, first, &bytes, &batch, is);
        if (rc)
            lc_fail(err, rc, "no memory for sample keys");
        else if (lc_match(r, &batch, rule))
            rc = lc_fail(err, LC_ERR_INPUT, "%s is corrupt", rules_path);
        for (size_t i = 0; rc == 0 && i < batch.n; i++) {
            uint32_t held = is[i] == LC_KEY_GOOD ? rule[i] : none;
            struct lc_slice want =
                lc_rules_value(r, attribute, lc_rules_value_id(r, attribute, held));
            const struct lc_cell *got = lc_answer_at(t, first + i, A_ANSWER);

            if (is[i] == LC_KEY_BAD)
                continue;
            ++*compared;
            if (!is_answer(got, lc_answer_at(t, first + i, A_TYPE)->p, want))
                rc = differ(call, (struct lc_slice){batch.p[i], batch.len[i]}, want, got,
                            rules_path, err);
        }
    }
    lc_buf_release(&bytes);
    return rc;
}

/* Are the answers times whose text depends on a zone? */
static bool has_zoned_times(const struct lc_answer *t)
{
    struct lc_scalar scalar;
    bool nullable;

    return t->rows && lc_scalar_type_parse(&scalar, &nullable, lc_answer_at(t, 0, A_TYPE)->p) &&
           scalar.base == LC_SCALAR_DATETIME && !scalar.utc;
}

/* Which attribute of the rules the call answers. */
static int find_attribute(const struct lc_compare_call *call, const struct lc_rules *rules,
                          const char *rules_path, uint32_t *attribute, struct lc_error *err)
{
    int at = call->attribute ? lc_rules_attribute(rules, call->attribute) : 0;

    *attribute = at < 0 ? 0 : (uint32_t)at;
    if (at >= 0 || rules->attributes <= 1)
        return 0;
    lc_fail(err, LC_ERR_REFUSED,
            "%s has several attributes, none of them '%s', and which one %s answers is not known",
            rules_path, call->attribute, call->function);
    lc_hint(err, "add --attribute NAME to its command, or give the column the attribute's name");
    return LC_ERR_REFUSED;
}

/* Ask the function about the keys; where it answers in times of a zone, in seconds. */
static int ask_keys(const struct lc_cluster *c, size_t host, const struct lc_compare_call *call,
                    struct keys *k, struct lc_answer *t, struct lc_error *err)
{
    struct lc_buf sql;
    int rc = 0;

    lc_buf_init(&sql, MAX_SQL_BYTES);
    for (int seconds = 0; rc == 0 && seconds < 2; seconds++) {
        lc_answer_release(t);
        lc_buf_reset(&sql);
        rc = make_sql(&sql, c, host, call, k, seconds);
        if (rc || !lc_buf_str(&sql)) {
            rc = rc ? rc : LC_ERR_NOMEM;
            break;
        }
        rc = lc_cluster_run(c, host, lc_buf_str(&sql), t, err);
        if (rc == 0 && !has_zoned_times(t))
            break;
    }
    lc_buf_release(&sql);
    return rc;
}

int lc_compare_host(const struct lc_cluster *c, size_t host, const struct lc_compare_call *call,
                    const struct lc_rules *rules, const char *rules_path, uint64_t *compared,
                    struct lc_error *err)
{
    struct keys *k;
    struct lc_answer t = {0};
    char plain[LC_TYPE_BYTES];
    uint32_t attribute;
    int rc;

    *compared = 0;
    if (!takes_texts(lc_type_plain(call->column_type, plain)) ||
        rules->takes.order == LC_ORDER_TIME)
        return 0;
    rc = find_attribute(call, rules, rules_path, &attribute, err);
    if (rc)
        return rc;
    k = calloc(1, sizeof *k);
    if (!k)
        return lc_no_memory(err);
    lc_buf_init(&k->text, MAX_SQL_BYTES);
    k->n_max = RULE_KEYS;
    k->bytes_max = RULE_MAX_BYTES;
    rc = make_keys(k, rules);
    k->n_max = MAX_KEYS;
    k->bytes_max = KEYS_MAX_BYTES;
    rc = rc ? rc : add_own_keys(k, call->own);
    rc = rc ? rc : ask_keys(c, host, call, k, &t, err);
    if (rc == LC_ERR_NOMEM)
        lc_fail(err, rc, "no room for the sample keys of %s", rules_path);
    if (rc == 0)
        rc = compare(call, rules, &t, attribute, rules_path, compared, err);
    lc_buf_release(&k->text);
    free(k);
    lc_answer_release(&t);
    return rc;
}

int lc_compare_with(struct lc_backend *b, const struct lc_compare_call *call,
                    const struct lc_rules *rules, const char *rules_path, uint64_t *compared,
                    struct lc_error *err)
{
    struct lc_cluster alone;
    int rc = lc_cluster_alone(&alone, b, err);

    if (rc == 0)
        rc = lc_compare_host(&alone, 0, call, rules, rules_path, compared, err);
    lc_cluster_release(&alone);
    return rc;
}

const char *lc_compare_file(const char *argument, size_t *name_n)
{
    size_t n = strspn(argument, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.");

    *name_n = n && argument[n] == '=' ? n : 0;
    return *name_n ? argument + n + 1 : argument;
}
