/* SPDX-License-Identifier: Apache-2.0 */
/* livecol rules diff: what changes from one rules file to another, and in how many rows. */
#include "base/format.h"
#include "base/json.h"
#include "base/signals.h"
#include "cli/column/impact.h"
#include "cli/column/narrow_key.h"
#include "cli/commands/rules.h"
#include "cli/server/query.h"
#include "cli/sql/lexer.h"
#include "cli/sql/quote.h"
#include "cli/term/message.h"
#include "livecol_sql.h"
#include "udf/rules/open.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two rule sets side by side, and what was found so far. */
struct diff {
    const struct lc_rules *old, *new;
    int *new_attribute; /* by attribute of old: its number in new */
    bool json;
    uint32_t added, removed, changed;
};

/*
 * A rule's first and last point, numbers in units of 10^-scale: rule sets of different scales
 * are compared in the finer one. The ends of the line (no bound) stay as they are. A rule
 * without points has 0 and 0.
 */
static void ends_of(const struct lc_rules *r, uint32_t rule, unsigned scale, lc_point end[2])
{
    const struct lc_takes is = lc_rules_line(r), to = {LC_ORDER_NUMBER, scale};

    end[0] = end[1] = 0;
    lc_rules_span(r, rule, &end[0], &end[1]);
    for (unsigned i = 0; i < 2 && is.order == LC_ORDER_NUMBER; i++)
        if (end[i] != 0 && end[i] != LC_POINT_LAST)
            end[i] = lc_point_of_number(&to, lc_point_number(end[i]), is.scale);
}

/* By the first end, the wider before; a default last. */
static int compare_spans(const struct lc_rules *a, uint32_t x, const struct lc_rules *b, uint32_t y)
{
    unsigned scale = lc_rules_line(a).scale > lc_rules_line(b).scale ? lc_rules_line(a).scale
                                                                     : lc_rules_line(b).scale;
    bool x_default = x == a->default_rule, y_default = y == b->default_rule;
    lc_point p[2], q[2];

    if (x_default || y_default)
        return x_default - y_default;
    ends_of(a, x, scale, p);
    ends_of(b, y, scale, q);
    if (p[0] != q[0])
        return p[0] < q[0] ? -1 : 1;
    return p[1] > q[1] ? -1 : p[1] < q[1];
}

/* Order of rule x of a and rule y of b by what they match: -1, 0, 1. */
static int compare(const struct lc_rules *a, uint32_t x, const struct lc_rules *b, uint32_t y)
{
    bool x_default = x == a->default_rule, y_default = y == b->default_rule;
    struct lc_slice k, l;
    int c;

    if (a->kind == LC_KIND_BUCKET)
        return x < y ? -1 : x > y;
    if (lc_rules_line(a).order != LC_ORDER_TEXT)
        return compare_spans(a, x, b, y);
    if (a->kind == LC_KIND_EXACT && x_default != y_default)
        return x_default ? 1 : -1;
    k = lc_rules_key(a, x);
    l = lc_rules_key(b, y);
    c = memcmp(k.p, l.p, k.n < l.n ? k.n : l.n);
    if (c)
        return c < 0 ? -1 : 1;
    if (k.n != l.n)
        return k.n < l.n ? -1 : 1;
    return (int)lc_rules_is_below(a, x) - (int)lc_rules_is_below(b, y);
}

/* For qsort_r: two rules of one set. */
static int compare_own(const void *x, const void *y, void *rules)
{
    return compare(rules, *(const uint32_t *)x, rules, *(const uint32_t *)y);
}

/*
 * The rules by what they match; to be freed. Domain rules of one name are apart in a rule set.
 * NULL: no memory.
 */
static uint32_t *in_order(const struct lc_rules *r)
{
    uint32_t *order = malloc(r->rules * sizeof *order);

    for (uint32_t i = 0; order && i < r->rules; i++)
        order[i] = i;
    if (order && r->below_bits)
        qsort_r(order, r->rules, sizeof *order, compare_own, (void *)(uintptr_t)r);
    return order;
}

/*
 * Does rule x of old give what rule y of new does? Attributes are matched by name, values by
 * their bytes; of buckets the weight counts as well.
 */
static bool same(const struct diff *d, uint32_t x, uint32_t y)
{
    if (d->old->kind == LC_KIND_BUCKET &&
        d->old->bounds[d->old->rules + x] != d->new->bounds[d->new->rules + y])
        return false;
    for (uint32_t a = 0; a < d->old->attributes; a++) {
        uint32_t b = (uint32_t)d->new_attribute[a];
        struct lc_slice v = lc_rules_value(d->old, a, lc_rules_value_id(d->old, a, x));
        struct lc_slice w = lc_rules_value(d->new, b, lc_rules_value_id(d->new, b, y));

        if (v.n != w.n || memcmp(v.p, w.p, v.n) != 0)
            return false;
    }
    return true;
}

/* Of buckets what may have changed is the weight. */
static void add_weight(struct lc_buf *b, const struct lc_rules *r, uint32_t rule)
{
    if (r->kind == LC_KIND_BUCKET)
        lc_buf_addf(b, " (weight %llu)", (unsigned long long)r->bounds[r->rules + rule]);
}

/*
 * Print one change. sign: + added, - removed, ~ changed; before or after is NULL where the rule
 * is not in that set.
 */
static void say(const struct diff *d, char sign, const struct lc_rules *before, uint32_t x,
                const struct lc_rules *after, uint32_t y)
{
    struct lc_buf key, was, is;

    lc_buf_init(&key, 1 << 16);
    lc_buf_init(&was, 1 << 22);
    lc_buf_init(&is, 1 << 22);
    lc_rules_add_key(&key, after ? after : before, after ? y : x);
    if (before) {
        lc_rules_add_values(&was, before, x);
        add_weight(&was, before, x);
    }
    if (after) {
        lc_rules_add_values(&is, after, y);
        add_weight(&is, after, y);
    }
    if (d->json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "change", sign == '+' ? "added" : sign == '-' ? "removed" : "changed");
        lc_rules_set_key(o, after ? after : before, after ? y : x);
        if (before)
            lc_json_set(o, "old", lc_rules_values(lc_json_object(), before, x));
        if (after)
            lc_json_set(o, "new", lc_rules_values(lc_json_object(), after, y));
        if (before && before->kind == LC_KIND_BUCKET)
            lc_json_set_int(o, "old_weight", (int64_t)before->bounds[before->rules + x]);
        if (after && after->kind == LC_KIND_BUCKET)
            lc_json_set_int(o, "new_weight", (int64_t)after->bounds[after->rules + y]);
        lc_json_line(o, stdout);
        lc_json_free(o);
    } else if (before && after) {
        printf("%c %s\t%s -> %s\n", sign, lc_buf_str(&key), lc_buf_str(&was), lc_buf_str(&is));
    } else {
        printf("%c %s\t%s\n", sign, lc_buf_str(&key), lc_buf_str(before ? &was : &is));
    }
    lc_buf_release(&key);
    lc_buf_release(&was);
    lc_buf_release(&is);
}

/*
 * Merge the two sorted lists, as diff of sorted files does: what is in one alone was added or
 * removed, what is in both may have changed.
 */
static void walk_in(struct diff *d, const uint32_t *was, const uint32_t *is)
{
    uint32_t x = 0, y = 0;

    while (x < d->old->rules || y < d->new->rules) {
        int c = x == d->old->rules   ? 1
                : y == d->new->rules ? -1
                                     : compare(d->old, was[x], d->new, is[y]);

        if (c < 0) {
            say(d, '-', d->old, was[x++], NULL, 0);
            d->removed++;
        } else if (c > 0) {
            say(d, '+', NULL, 0, d->new, is[y++]);
            d->added++;
        } else {
            if (!same(d, was[x], is[y])) {
                say(d, '~', d->old, was[x], d->new, is[y]);
                d->changed++;
            }
            x++;
            y++;
        }
    }
}

static int walk(struct diff *d, struct lc_error *err)
{
    uint32_t *was = in_order(d->old), *is = in_order(d->new);
    int rc = was && is ? 0 : lc_no_memory(err);

    if (!rc)
        walk_in(d, was, is);
    free(was);
    free(is);
    return rc;
}

/*
 * Ranges of unsigned numbers and of other points have two kinds, and can be compared with each
 * other.
 */
static bool is_range(const struct lc_rules *r)
{
    return r->kind == LC_KIND_RANGE || r->kind == LC_KIND_SPAN;
}

/*
 * Can the two be compared? Both must be of one kind and have the same attributes, in whatever
 * order: d->new_attribute maps them. The caller frees it.
 */
static int line_up(struct diff *d, struct lc_error *err)
{
    const struct lc_takes was = lc_rules_line(d->old), is = lc_rules_line(d->new);
    bool ranges = is_range(d->old) && is_range(d->new);

    if (ranges && was.order != is.order)
        return lc_fail(err, LC_ERR_INPUT,
                       "the keys of the old rules are %s, of the new ones %s: nothing to compare",
                       lc_order_name(&was), lc_order_name(&is));
    if (!ranges && (d->old->kind != d->new->kind || d->old->form != d->new->form ||
                    d->old->options != d->new->options))
        return lc_fail(err, LC_ERR_INPUT,
                       "the old rules are %s, the new ones %s: nothing to compare",
                       lc_kind_name_with(d->old->kind, d->old->options),
                       lc_kind_name_with(d->new->kind, d->new->options));
    d->new_attribute = calloc(d->old->attributes, sizeof *d->new_attribute);
    if (!d->new_attribute)
        return lc_fail(err, LC_ERR_NOMEM, "not enough memory");
    for (uint32_t a = 0; a < d->old->attributes; a++) {
        char *name = strndup((const char *)d->old->names[a].p, d->old->names[a].n);

        d->new_attribute[a] = name ? lc_rules_attribute(d->new, name) : -1;
        if (d->new_attribute[a] < 0)
            lc_fail(err, LC_ERR_INPUT, "the new rules have no attribute '%s'", name ? name : "?");
        free(name);
        if (d->new_attribute[a] < 0)
            return LC_ERR_INPUT;
    }
    if (d->new->attributes != d->old->attributes)
        return lc_fail(err, LC_ERR_INPUT, "%u attributes before, %u after", d->old->attributes,
                       d->new->attributes);
    return 0;
}

/* What --table names, and how it is to be looked at. */
struct wanted {
    const char *column, *key, *attribute;
    struct lc_rules_reading reading;
    struct lc_csv_options how;
    bool exit_code;
};

/* The attribute that the column holds: the one that is named, of its name, or the only one. */
static int choose_attribute(const struct diff *d, const struct wanted *w,
                            const struct lc_column *column, uint32_t *attribute,
                            struct lc_error *err)
{
    int a = lc_rules_attribute(d->old, w->attribute ? w->attribute : column->column);

    if (a < 0 && !w->attribute && d->old->attributes == 1)
        a = 0;
    if (a < 0) {
        lc_fail(err, LC_ERR_USAGE, "the rules have no attribute '%s'",
                w->attribute ? w->attribute : column->column);
        lc_hint(err, "--attribute names the one that the column holds");
        return LC_ERR_USAGE;
    }
    *attribute = (uint32_t)a;
    return 0;
}

/* Are the two texts the same SQL, but for blanks and comments? */
static bool same_sql(const char *a, const char *b)
{
    return lc_lex_same(a, strlen(a), b, strlen(b));
}

/*
 * What the rules are asked about: the argument of the call in the DEFAULT, or what --key says of a
 * column whose DEFAULT calls none. A --key that is not what the function gets would give wrong
 * numbers.
 */
static int choose_key(const struct wanted *w, struct lc_column *c, struct lc_buf *key,
                      struct lc_buf *argument, struct lc_impact_rules *rules, struct lc_error *err)
{
    struct lc_narrow narrow;
    struct lc_slice whole;
    struct lc_error why = LC_ERROR_INIT;
    int rc = lc_column_read_calls(c, err);

    /* A plain name is one, whatever it has in it. */
    if (rc == 0 && w->key &&
        ((lc_column_type_of(c, w->key) ? lc_sql_add_id(key, w->key) : lc_buf_adds(key, w->key)) ||
         !lc_buf_str(key)))
        rc = lc_no_memory(err);
    if (rc)
        return rc;
    if (c->calls_n == 0 && w->key) {
        rules->key = lc_buf_str(key);
        return 0;
    }
    rc = lc_column_one_call(c, &rules->call, &why);
    if (rc && c->calls_n == 0)
        lc_hint(&why, "--key names the key of the rules");
    if (rc) {
        lc_error_pass(err, &why);
        return rc;
    }
    rules->key = rules->call->argument;
    /*
     * New rules may look at more of a key than those that it is cut for: both are asked about
     * it all.
     */
    if (lc_narrow_read(rules->key, &whole, &narrow)) {
        rc = lc_narrow_fits(rules->key, rules->old, "the old rules", err);
        if (rc == 0 && (lc_buf_add(argument, whole.p, whole.n) || !lc_buf_str(argument)))
            rc = lc_no_memory(err);
        if (rc)
            return rc;
        rules->key = lc_buf_str(argument);
    }
    if (w->key && !same_sql(lc_buf_str(key), rules->key)) {
        lc_fail(err, LC_ERR_REFUSED, "the DEFAULT of %s.%s.%s asks %s about %s, and not about %s",
                c->database, c->table, c->column, rules->call->function, rules->key, w->key);
        lc_hint(err, "leave --key out");
        return LC_ERR_REFUSED;
    }
    return 0;
}

enum { SHOWN_CHANGES = 20 };

/* How many rows would change, the changes of most rows first, and which rows would not. */
static void print_impact(const struct lc_column *c, const struct lc_impact *i)
{
    char was[200], is[200];

    for (size_t k = 0; k < i->n && k < SHOWN_CHANGES; k++)
        printf("  %s -> %s: %" PRIu64 " row%s, %" PRIu64 " key%s\n",
               lc_printable(i->v[k].old.p, i->v[k].old.n, was, sizeof was),
               lc_printable(i->v[k].new.p, i->v[k].new.n, is, sizeof is), i->v[k].rows,
               LC_S(i->v[k].rows), i->v[k].keys, LC_S(i->v[k].keys));
    if (i->n > SHOWN_CHANGES)
        printf("  and %zu more\n", i->n - SHOWN_CHANGES);
    printf("%s.%s.%s: %" PRIu64 " of %" PRIu64 " row%s would change\n", c->database, c->table,
           c->column, i->change, i->rows, LC_S(i->rows));
    if (i->already)
        printf("%" PRIu64 " row%s what the new rules say already\n", i->already,
               i->already == 1 ? " holds" : "s hold");
    if (i->given)
        printf("%" PRIu64 " row%s what neither says (given, or out of date), and %s it\n", i->given,
               i->given == 1 ? " holds" : "s hold", i->given == 1 ? "keeps" : "keep");
}

/* An object for each change, then one for the table. */
static void print_impact_json(const struct lc_column *c, const struct lc_impact *i)
{
    struct lc_json *o;

    for (size_t k = 0; k < i->n; k++) {
        struct lc_slice was = i->v[k].old, is = i->v[k].new;

        o = lc_json_object();
        lc_json_set_str(o, "change", "rows");
        lc_json_set_bytes(o, "old", was.n ? (const void *)was.p : "", was.n);
        lc_json_set_bytes(o, "new", is.n ? (const void *)is.p : "", is.n);
        lc_json_set_int(o, "rows", (int64_t)i->v[k].rows);
        lc_json_set_int(o, "keys", (int64_t)i->v[k].keys);
        lc_json_line(o, stdout);
        lc_json_free(o);
    }
    o = lc_json_object();
    lc_json_set_str(o, "change", "table");
    lc_json_set_str(o, "database", c->database);
    lc_json_set_str(o, "table", c->table);
    lc_json_set_str(o, "column", c->column);
    lc_json_set_int(o, "rows", (int64_t)i->rows);
    lc_json_set_int(o, "would_change", (int64_t)i->change);
    lc_json_set_int(o, "already", (int64_t)i->already);
    lc_json_set_int(o, "given", (int64_t)i->given);
    lc_json_line(o, stdout);
    lc_json_free(o);
}

/*
 * How many rows the table's parts have, asked before they are counted: rows that come meanwhile then
 * make no difference. *known is false where the user may not see the parts, which is said.
 */
static int ask_rows(const struct lc_column *c, uint64_t *rows, bool *known, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", c->database}, {"table", c->table}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer a = {0};
    int rc = lc_query_read(c->b, lc_sql_table_rows, args, &a, &why);

    *known = rc == 0;
    *rows = rc == 0 ? lc_answer_u64(&a, 0, LC_SQL_TABLE_ROWS_TABLE_ROWS, 0) : 0;
    lc_answer_release(&a);
    if (rc && rc != LC_ERR_SERVER)
        return lc_error_pass(err, &why);
    if (rc)
        lc_warn("whether a row policy hides rows of %s.%s is not known: %s", c->database, c->table,
                why.msg);
    return 0;
}

/*
 * Count over the table's keys what the new rules would change. Nothing is written, and the new
 * function need not be on the server.
 */
static int look_at_table(const struct diff *d, struct lc_frame_run *r, struct lc_error *err)
{
    const struct wanted *w = r->ctx;
    struct lc_column c = {0};
    struct lc_impact impact = {0};
    struct lc_impact_rules rules = {.old = d->old, .new = d->new};
    struct lc_buf key, argument;
    uint64_t rows = 0;
    bool known = false;
    int rc = lc_column_open(&c, &r->b, &r->m.global, w->column, err);

    lc_buf_init(&key, 1 << 16);
    lc_buf_init(&argument, 1 << 16);

    if (rc == 0)
        rc = choose_attribute(d, w, &c, &rules.old_attribute, err);
    if (rc == 0)
        rc = choose_key(w, &c, &key, &argument, &rules, err);
    if (rc == 0)
        rc = ask_rows(&c, &rows, &known, err);
    if (rc == 0) {
        rules.new_attribute = (uint32_t)d->new_attribute[rules.old_attribute];
        rc = lc_impact_count(&impact, &c, &rules, lc_stop_flag(), err);
    }
    if (rc == 0 && r->m.global.json)
        print_impact_json(&c, &impact);
    else if (rc == 0)
        print_impact(&c, &impact);
    if (rc == 0 && known && impact.rows < rows)
        lc_warn("%" PRIu64
                " row%s that the parts of %s.%s have %s in no count: deleted, merged away "
                "since, or hidden by a row policy",
                rows - impact.rows, LC_S(rows - impact.rows), c.database, c.table,
                rows - impact.rows == 1 ? "is" : "are");
    lc_buf_release(&key);
    lc_buf_release(&argument);
    lc_impact_release(&impact);
    lc_column_release(&c);
    return rc;
}

static int check_wanted(struct lc_frame_run *r, struct lc_error *err)
{
    struct wanted *w = r->ctx;

    if (r->m.rest.n != 2) {
        lc_fail(err, LC_ERR_USAGE, "rules diff takes two files, OLD and NEW");
        lc_hint(err, "livecol rules diff region_v1.csv region_v2.csv");
        return LC_ERR_USAGE;
    }
    return lc_rules_reading(&w->reading, &w->how, err);
}

/* Both rule sets side by side, then the table. */
static int compare_files(struct diff *d, struct lc_frame_run *r, struct lc_error *err)
{
    const struct wanted *w = r->ctx;
    int rc = line_up(d, err);

    rc = rc ? rc : walk(d, err);
    if (rc == 0 && !d->json)
        printf("added %u, removed %u, changed %u\n", d->added, d->removed, d->changed);
    if (rc == 0 && w->column)
        rc = look_at_table(d, r, err);
    r->exit_code = w->exit_code && d->added + d->removed + d->changed ? LC_EXIT_FOUND : 0;
    return rc;
}

static int diff(struct lc_frame_run *r, struct lc_error *err)
{
    const struct wanted *w = r->ctx;
    struct lc_rules *old = NULL, *new = NULL;
    struct diff d = {.json = r->m.global.json};
    int rc = lc_rules_open_with(&old, r->m.rest.v[0], &w->how, err);

    rc = rc ? rc : lc_rules_open_with(&new, r->m.rest.v[1], &w->how, err);
    if (rc == 0) {
        d.old = old;
        d.new = new;
        rc = compare_files(&d, r, err);
    }
    free(d.new_attribute);
    lc_rules_free(old);
    lc_rules_free(new);
    return rc;
}

int lc_cmd_rules_diff(int argc, const char **argv)
{
    struct wanted w = {0};
    struct lc_frame_run r = {.ctx = &w};
    const struct lc_option options[] = {
        LC_RULES_READING(w.reading),
        {"table", 0, LC_OPT_STRING, &w.column, "DB.TABLE.COLUMN",
         "also print how many rows would change, counted over the table's keys"},
        {"key", 0, LC_OPT_STRING, &w.key, "EXPRESSION",
         "the key, if the column's DEFAULT calls no function"},
        {"attribute", 0, LC_OPT_STRING, &w.attribute, "NAME",
         "the attribute that the column holds (default: the column's name)"},
        {"exit-code", 0, LC_OPT_FLAG, &w.exit_code, NULL, "exit with 8 if the rules differ"},
        {0},
    };
    const struct lc_frame c = {
        .command =
            {.name = "rules diff",
             .synopsis = "[OPTIONS] OLD NEW",
             .about =
                 "Print which rules were added (+), removed (-) or changed (~) from one rules "
                 "file to another, CSV or compiled; with --table, also how many rows of a table "
                 "would change. The server evaluates the argument that the DEFAULT passes to its "
                 "function; livecol itself applies the rules, so the new function need not exist "
                 "yet. livecol refuses what it cannot count exactly.",
             .connects = true,
             .examples = "livecol rules diff region_v1.csv region_v2.csv\n"
                         "livecol rules diff region_v1.csv region_v2.csv \\\n"
                         "    --table analytics.events.region"},
        .more = options,
        .most = SIZE_MAX,
        .failure = LC_FAILURE_READS,
        .check = check_wanted,
        .act = diff,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
