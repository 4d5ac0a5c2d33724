/* SPDX-License-Identifier: Apache-2.0 */
/* livecol rules check: what a rules file is, and what may be wrong in it. */
#include "base/json.h"
#include "cli/commands/rules.h"
#include "cli/commands/rules_sizes.h"
#include "cli/commands/rules_speed.h"
#include "cli/deploy/server_xml.h"
#include "cli/term/message.h"
#include "cli/term/options.h"
#include "udf/argument.h"
#include "udf/rules/match.h"
#include "udf/rules/open.h"
#include "udf/rules/segments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 5 /* examples of each finding */

/* Do two rules give the same values? Ids are enough: each value has one in a rule set. */
static bool same_values(const struct lc_rules *r, uint32_t x, uint32_t y)
{
    for (uint32_t a = 0; a < r->attributes; a++)
        if (lc_rules_value_id(r, a, x) != lc_rules_value_id(r, a, y))
            return false;
    return true;
}

/* A rule that a file could do without. */
struct idle_rule {
    uint32_t rule, other; /* LC_NONE: no key meets the rule; else what gives the same */
    const char *why;      /* no key does; NULL */
};

/* How many there are, and the first of them in the file. */
struct idle {
    uint32_t never; /* no key meets them */
    uint32_t same;  /* every key gets the same values without them */
    uint32_t kept[2];
    struct idle_rule first[2][SHOWN_MAX]; /* never, same; by line */
};

/* Keep it, where it is one of the first. `kind`: 0 never, 1 same. */
static void keep_idle(const struct lc_rules *r, struct idle *idle, unsigned kind,
                      struct idle_rule found)
{
    struct idle_rule *v = idle->first[kind];
    uint32_t *kept = &idle->kept[kind], at = *kept;

    while (at && r->lines[found.rule] < r->lines[v[at - 1].rule])
        at--;
    if (at == SHOWN_MAX)
        return;
    *kept += *kept < SHOWN_MAX;
    memmove(v + at + 1, v + at, (*kept - at - 1) * sizeof *v);
    v[at] = found;
}

/* Count a rule that no key meets. */
static void note_never(const struct lc_rules *r, uint32_t rule, const char *why, struct idle *idle)
{
    idle->never++;
    keep_idle(r, idle, 0, (struct idle_rule){rule, LC_NONE, why});
}

/* Count a rule without which its keys get the same from `other`. */
static void note_same(const struct lc_rules *r, uint32_t rule, uint32_t other, struct idle *idle)
{
    idle->same++;
    keep_idle(r, idle, 1, (struct idle_rule){rule, other, NULL});
}

/* Describe the first of each kind, a line each. */
static void print_idle(const struct lc_rules *r, const struct idle *idle)
{
    struct lc_buf b;

    lc_buf_init(&b, 1 << 16);
    for (unsigned kind = 0; kind < 2; kind++)
        for (uint32_t i = 0; i < idle->kept[kind]; i++) {
            const struct idle_rule *at = &idle->first[kind][i];

            lc_buf_addf(&b, "  line %u: ", r->lines[at->rule]);
            lc_rules_add_key(&b, r, at->rule);
            if (at->other == LC_NONE) {
                lc_buf_addf(&b, " %s\n", at->why);
                continue;
            }
            lc_buf_adds(&b, " gives what ");
            lc_rules_add_key(&b, r, at->other);
            lc_buf_addf(&b, " (line %u) gives without it\n", r->lines[at->other]);
        }
    printf("%s", b.n ? lc_buf_str(&b) : "");
    lc_buf_release(&b);
}

/* Ranges and networks: what each rule does next to the others is told by the segments. */
static int find_idle_spans(const struct lc_rules *r, struct idle *idle)
{
    enum lc_segments_use *use = calloc(r->rules + 1u, sizeof *use);
    uint32_t *instead = calloc(r->rules + 1u, sizeof *instead);
    int rc = use && instead ? lc_segments_use(r, use, instead) : LC_ERR_NOMEM;

    for (uint32_t i = 0; i < r->rules && !rc; i++) {
        if (use[i] == LC_USE_NONE)
            note_never(r, i, "is never met: narrower rules cover all of it", idle);
        else if (use[i] == LC_USE_SAME)
            note_same(r, i, instead[i], idle);
    }
    free(use);
    free(instead);
    return rc;
}

/*
 * Of texts every rule is met by one key at least, the one that is written in it. It changes
 * nothing where the next shorter rule, or the default, gives the same.
 */
static void find_idle_texts(const struct lc_rules *r, struct idle *idle)
{
    for (uint32_t i = 0; i < r->rules; i++) {
        uint32_t other = lc_kind_about(r->kind)->index == LC_INDEX_TRIE ? lc_match_without(r, i)
                         : r->default_rule != LC_NONE                   ? r->default_rule
                                                                        : r->rules;

        if (other < r->rules && other != i && same_values(r, i, other))
            note_same(r, i, other, idle);
    }
}

/* Find the rules that a file could do without. 0, LC_ERR_NOMEM. */
static int find_idle(const struct lc_rules *r, struct idle *idle)
{
    int rc = 0;

    *idle = (struct idle){0};
    if (lc_kind_has_keys(r->kind))
        find_idle_texts(r, idle);
    else if (r->kind != LC_KIND_BUCKET)
        rc = find_idle_spans(r, idle);
    for (uint32_t i = 0; i < r->rules && r->kind == LC_KIND_BUCKET; i++)
        if (r->bounds[r->rules + i] == 0)
            note_never(r, i, "is never chosen: its weight is 0", idle);
    return rc;
}

/* The time of a match; nothing where no keys of the kind can be made. */
static void print_speed(const struct lc_rules *r)
{
    struct lc_rules_speed speed;

    if (lc_rules_measure(r, &speed) == 0)
        printf("speed: %.0f ns a key, of 100,000 of its own keys\n", speed.ns_per_key);
}

/*
 * All that is known of the rules, for a person. An attribute's values are counted without the
 * miss, which has an id too.
 */
static int print_check(const struct lc_rules *r, const char *path, struct lc_error *err)
{
    struct idle idle;

    if (find_idle(r, &idle))
        return lc_no_memory(err);
    printf("%s: %s, %u rule%s, %s\n", path, lc_kind_name_with(r->kind, r->options), r->rules,
           r->rules == 1 ? "" : "s",
           r->kind == LC_KIND_BUCKET    ? "every key has a bucket"
           : r->default_rule == LC_NONE ? "no default: a miss gives '' or NULL"
                                        : "with a default");
    for (uint32_t a = 0; a < r->attributes; a++)
        printf("attribute %.*s: %u value%s%s\n", (int)r->names[a].n, (const char *)r->names[a].p,
               r->attrs[a].values - 1, r->attrs[a].values == 2 ? "" : "s",
               r->attrs[a].not_number == LC_NONE ? ", all whole numbers" : "");
    if (r->takes.order > LC_ORDER_UINT) {
        char usual[60];

        lc_argument_usual(r, usual, sizeof usual);
        printf("key: %s, given as %s\n", lc_order_name(&r->takes), usual);
    }
    lc_rules_print_sizes(r);
    printf("conflicts: none\nshadowed: %u\nnever met: %u\n", idle.same, idle.never);
    print_idle(r, &idle);
    printf("memory: %.1f KiB%s\n", (double)r->size / 1024,
           r->mapped ? " (compiled, shared between processes)" : "");
    print_speed(r);
    return 0;
}

/* The same as an object; warnings of the CSV are in it. */
static int json_check(const struct lc_rules *r, const struct lc_csv_notes *notes, const char *path,
                      struct lc_error *err)
{
    struct lc_json *o = lc_json_object(), *attributes = lc_json_array();
    struct lc_rules_speed speed;
    struct idle idle;
    int rc;

    if (find_idle(r, &idle)) {
        lc_json_free(attributes);
        lc_json_free(o);
        return lc_no_memory(err);
    }
    lc_json_set_str(o, "file", path);
    lc_json_set_str(o, "kind", lc_kind_name_with(r->kind, r->options));
    lc_json_set_int(o, "rules", r->rules);
    lc_json_set_bool(o, "default", r->default_rule != LC_NONE);
    lc_json_set_bool(o, "compiled", r->mapped);
    for (uint32_t a = 0; a < r->attributes; a++) {
        struct lc_json *one = lc_json_object();
        char shown[200];

        lc_json_set_str(one, "name",
                        lc_printable(r->names[a].p, r->names[a].n, shown, sizeof shown));
        lc_json_set_int(one, "values", r->attrs[a].values - 1);
        lc_json_add(attributes, one);
    }
    lc_json_set(o, "attributes", attributes);
    lc_json_set_int(o, "shadowed", idle.same);
    lc_json_set_int(o, "never_met", idle.never);
    lc_json_set_int(o, "memory_bytes", (int64_t)r->size);
    lc_rules_set_sizes(o, r);
    lc_json_set(o, "warnings", lc_rules_warnings(notes));
    if (lc_rules_measure(r, &speed) == 0)
        lc_json_set_double(o, "ns_per_key", speed.ns_per_key);
    rc = lc_json_line(o, stdout) ? lc_no_memory(err) : 0;
    lc_json_free(o);
    return rc;
}

/* How the files are read: as typed, and what that means. */
struct wanted {
    struct lc_rules_reading reading;
    struct lc_csv_options how;
};

static int check_wanted(struct lc_frame_run *r, struct lc_error *err)
{
    struct wanted *w = r->ctx;
    int rc = lc_rules_operands(&r->m.rest, 1, SIZE_MAX, "rules check", "a rules FILE", err);

    return rc ? rc : lc_rules_reading(&w->reading, &w->how, err);
}

/*
 * What no function's command and no dictionary can name: config refuses it, when it is chosen
 * there.
 */
static void warn_names(const struct lc_rules *r, const char *path)
{
    for (uint32_t a = 0; a < r->attributes; a++) {
        char name[400];

        snprintf(name, sizeof name, "%.*s", (int)r->names[a].n, (const char *)r->names[a].p);
        if (!lc_server_xml_is_word(name))
            lc_warn("%s:1: livecol config takes no attribute '%s': only letters, digits and _, no "
                    "digit first",
                    path, name);
    }
}

/* One file: what it holds, or what is wrong with it, whose exit code is returned. */
static int check_file(const char *path, struct lc_csv_options how, bool json)
{
    struct lc_error why = LC_ERROR_INIT;
    struct lc_csv_notes notes = {0};
    struct lc_rules *r = NULL;
    int code = 0;

    how.notes = &notes;
    if (lc_rules_open_with(&r, path, &how, &why) ||
        (r->mapped && lc_rules_check_content(r, path, &why)))
        code = lc_message_fail(json, &why);
    else if (json ? json_check(r, &notes, path, &why) : print_check(r, path, &why))
        code = lc_message_fail(json, &why);
    if (r && why.code == 0 && !json) {
        lc_rules_warn(&notes, path);
        warn_names(r, path);
    }
    lc_rules_free(r);
    return code;
}

/* All files are looked at; the exit code is of the last one that is wrong. */
static int check_files(struct lc_frame_run *r, struct lc_error *err)
{
    const struct wanted *w = r->ctx;

    (void)err;
    for (size_t i = 0; i < r->m.rest.n; i++) {
        int code = check_file(r->m.rest.v[i], w->how, r->m.global.json);

        r->exit_code = code ? code : r->exit_code;
    }
    return 0;
}

int lc_cmd_rules_check(int argc, const char **argv)
{
    struct wanted w = {0};
    struct lc_frame_run r = {.ctx = &w};
    const struct lc_option options[] = {LC_RULES_READING(w.reading), {0}};
    const struct lc_frame c = {
        .command =
            {.name = "rules check",
             .synopsis = "[OPTIONS] FILE…",
             .about =
                 "Load rules files, CSV or compiled, and describe them: kind, attributes, rules "
                 "by length, the longest key, rules that change nothing or that no key can "
                 "match, memory, and the time per match, measured here on the file's own keys. "
                 "The content of a compiled file is compared with its hash. The first error in a "
                 "file is reported with its line. Things that are unusual but valid are "
                 "warnings: blanks around a field, keys that look like networks or patterns, "
                 "domains that no host has, rules that are there twice, comments that look like rules, and fields "
                 "that a spreadsheet has rewritten, such as 4.91E+11, 1-Mar and #N/A.",
             .examples =
                 "livecol rules check region.csv\nlivecol rules check --json region_v1.rules"},
        .more = options,
        .most = SIZE_MAX,
        .check = check_wanted,
        .act = check_files,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
