/* livecol rules diff: what changes from one rules file to another. */
#include "cmd_rules.h"

#include "json.h"
#include "options.h"

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

/* Order of rule x of a and rule y of b by what they match: -1, 0, 1. */
static int compare(const struct lc_rules *a, uint32_t x, const struct lc_rules *b, uint32_t y)
{
    bool x_default = x == a->default_rule, y_default = y == b->default_rule;
    struct lc_slice k, l;
    int c;

    if (a->kind == LC_KIND_BUCKET)
        return x < y ? -1 : x > y;
    if (a->kind == LC_KIND_RANGE) {
        uint64_t p[2] = {a->bounds[x], a->bounds[a->rules + x]};
        uint64_t q[2] = {b->bounds[y], b->bounds[b->rules + y]};

        if (p[0] != q[0])
            return p[0] < q[0] ? -1 : 1;
        return p[1] < q[1] ? -1 : p[1] > q[1];
    }
    if (a->kind == LC_KIND_EXACT && x_default != y_default)
        return x_default ? 1 : -1;
    k = lc_rules_key(a, x);
    l = lc_rules_key(b, y);
    c = memcmp(k.p, l.p, k.n < l.n ? k.n : l.n);
    return c ? (c < 0 ? -1 : 1) : k.n < l.n ? -1 : k.n > l.n;
}

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

static void say(const struct diff *d, char sign, const struct lc_rules *before, uint32_t x,
                const struct lc_rules *after, uint32_t y)
{
    struct lc_buf key, was, is;

    lc_buf_init(&key, 1 << 16);
    lc_buf_init(&was, 1 << 22);
    lc_buf_init(&is, 1 << 22);
    lc_rules_add_key(&key, after ? after : before, after ? y : x);
    if (before)
        lc_rules_add_values(&was, before, x);
    if (after)
        lc_rules_add_values(&is, after, y);
    if (d->json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "change", sign == '+' ? "added" : sign == '-' ? "removed" : "changed");
        lc_json_set_str(o, "rule", lc_buf_str(&key));
        if (before)
            lc_json_set_str(o, "old", lc_buf_str(&was));
        if (after)
            lc_json_set_str(o, "new", lc_buf_str(&is));
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

static void walk(struct diff *d)
{
    uint32_t x = 0, y = 0;

    while (x < d->old->rules || y < d->new->rules) {
        int c = x == d->old->rules ? 1 : y == d->new->rules ? -1 : compare(d->old, x, d->new, y);

        if (c < 0) {
            say(d, '-', d->old, x++, NULL, 0);
            d->removed++;
        } else if (c > 0) {
            say(d, '+', NULL, 0, d->new, y++);
            d->added++;
        } else {
            if (!same(d, x, y)) {
                say(d, '~', d->old, x, d->new, y);
                d->changed++;
            }
            x++;
            y++;
        }
    }
}

/* Both must be of one kind and have the same attributes, in whatever order. */
static int line_up(struct diff *d, struct lc_error *err)
{
    if (d->old->kind != d->new->kind)
        return lc_fail(err, LC_ERR_INPUT,
                       "the old rules are %s, the new ones %s: nothing to compare",
                       lc_kind_name(d->old->kind), lc_kind_name(d->new->kind));
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

int lc_cmd_rules_diff(int argc, const char **argv)
{
    bool exit_code = false;
    const struct lc_option options[] = {
        {"exit-code", 0, LC_OPT_FLAG, &exit_code, NULL, "exit 8 where the rules differ"},
        {0},
    };
    const struct lc_command cmd = {
        .name = "rules diff",
        .synopsis = "OLD NEW",
        .about =
            "Say which rules were added (+), removed (-) or changed (~) from one rules file to "
            "another, CSV or compiled.",
        .options = options,
        .examples = "livecol rules diff region_v1.csv region_v2.csv",
    };
    struct lc_error err = LC_ERROR_INIT;
    struct lc_global global;
    struct lc_strings rest;
    struct lc_rules *old = NULL, *new = NULL;
    struct diff d = {0};
    int rc = lc_options_parse(&cmd, argc, argv, &global, &rest, &err);

    if (!rc && rest.n != 2) {
        rc = lc_fail(&err, LC_ERR_USAGE, "rules diff takes two files, OLD and NEW");
        lc_hint(&err, "livecol rules diff region_v1.csv region_v2.csv");
    }
    if (!rc)
        rc = lc_rules_open(&old, rest.v[0], &err);
    if (!rc)
        rc = lc_rules_open(&new, rest.v[1], &err);
    if (!rc) {
        d = (struct diff){.old = old, .new = new, .json = global.json};
        rc = line_up(&d, &err);
    }
    if (!rc) {
        walk(&d);
        if (!global.json)
            printf("added %u, removed %u, changed %u\n", d.added, d.removed, d.changed);
    }
    free(d.new_attribute);
    lc_rules_free(old);
    lc_rules_free(new);
    if (rc)
        return lc_rules_fail(&err);
    return exit_code && d.added + d.removed + d.changed ? 8 : 0;
}
