/* SPDX-License-Identifier: Apache-2.0 */
/* livecol verify: do the rows hold what the column's expression says? */
#include "base/format.h"
#include "base/json.h"
#include "cli/column/verify.h"
#include "cli/commands/frame.h"
#include "cli/term/message.h"

#include <inttypes.h>
#include <stdio.h>

enum { LINE_BYTES = 1 << 16 }; /* one line of text: a value may be long */

/*
 * The summary for a person:
 *
 *   partition          rows    looked at       differ    parts  lacking    not where all is right
 *   differs: user_id 'u1_001', stored 'x', computed 'us-east', …           up to LC_VERIFY_EXAMPLES
 *   analytics.events.region: 131072 of 20000000 rows, a sample: …
 *
 * Keys and values come from the table, and may hold what steers a terminal.
 */
static void print_text(const struct lc_column *d, const struct lc_verify *v)
{
    char line[LINE_BYTES], name[800];

    if (!lc_verify_is_clean(v))
        printf("%-16s %12s %12s %12s %8s %8s\n", "partition", "rows", "checked", "differ", "parts",
               "lacking");
    for (size_t i = 0; i < v->n && !lc_verify_is_clean(v); i++) {
        const struct lc_verify_partition *p = &v->v[i];

        printf("%-16s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", p->id,
               p->rows, p->checked, p->differ, p->parts, p->parts_lacking);
    }
    for (size_t i = 0; i < v->examples.rows; i++) {
        lc_verify_example(line, sizeof line, v, i);
        lc_message_plain(line);
        printf("differs: %s\n", line);
    }
    lc_verify_line(line, sizeof line, v);
    lc_message_plain(line);
    snprintf(name, sizeof name, "%s.%s.%s", d->database, d->table, d->column);
    lc_message_plain(name);
    printf("%s: %s\n", name, line);
}

static void add_counts(struct lc_json *o, const struct lc_verify_partition *p)
{
    lc_json_set_int(o, "rows", (int64_t)p->rows);
    lc_json_set_int(o, "checked", (int64_t)p->checked);
    lc_json_set_int(o, "differ", (int64_t)p->differ);
    lc_json_set_int(o, "parts", (int64_t)p->parts);
    lc_json_set_int(o, "parts_lacking", (int64_t)p->parts_lacking);
    lc_json_set_int(o, "rows_lacking", (int64_t)p->rows_lacking);
}

/*
 * A value of the table as a member of o; NULL becomes null.
 */
static void set_cell(struct lc_json *o, const char *name, const struct lc_cell *cell)
{
    if (cell->is_null)
        lc_json_set_str(o, name, NULL);
    else
        lc_json_set_bytes(o, name, cell->p, cell->n);
}

/*
 * One row that differs, as an object that the caller frees. Its keys are what the expression
 * reads.
 */
static struct lc_json *example_json(const struct lc_verify *v, size_t row)
{
    const struct lc_answer *t = &v->examples;
    struct lc_json *o = lc_json_object(), *keys = lc_json_object();

    for (size_t k = 0; k < v->keys_n; k++)
        set_cell(keys, v->key_names[k], lc_answer_at(t, row, LC_VERIFY_KEYS + k));
    lc_json_set_str(o, "event", "differs");
    lc_json_set_str(o, "partition", lc_answer_at(t, row, LC_VERIFY_PARTITION)->p);
    lc_json_set(o, "keys", keys);
    set_cell(o, "stored", lc_answer_at(t, row, lc_verify_stored(v)));
    set_cell(o, "computed", lc_answer_at(t, row, lc_verify_computed(v)));
    return o;
}

/*
 * An object for each partition and each example, then "verified" with the sum, which also says
 * that the output is whole.
 */
static void print_json(const struct lc_column *d, const struct lc_verify *v)
{
    struct lc_json *o;

    for (size_t i = 0; i < v->n; i++) {
        o = lc_json_object();
        lc_json_set_str(o, "event", "partition");
        lc_json_set_str(o, "partition", v->v[i].id);
        add_counts(o, &v->v[i]);
        lc_json_line(o, stdout);
        lc_json_free(o);
    }
    for (size_t i = 0; i < v->examples.rows; i++) {
        o = example_json(v, i);
        lc_json_line(o, stdout);
        lc_json_free(o);
    }
    o = lc_json_object();
    lc_json_set_str(o, "event", "verified");
    lc_json_set_str(o, "database", d->database);
    lc_json_set_str(o, "table", d->table);
    lc_json_set_str(o, "column", d->column);
    lc_json_set_str(o, "against", v->against);
    lc_json_set_bool(o, "clean", lc_verify_is_clean(v));
    lc_json_set_bool(o, "sampled", v->share < 1);
    add_counts(o, &v->sum);
    lc_json_line(o, stdout);
    lc_json_free(o);
}

/* The hint where rows differ: what may differ on purpose, and what changes the rest. */
static void hint_differ(const struct lc_column *d, const struct lc_verify *v, struct lc_error *err)
{
    struct lc_error ignored = LC_ERROR_INIT;
    const struct lc_table_column *key;

    if (lc_column_expiring(d, v->against, &key, &ignored) == 0 && key)
        lc_hint(
            err,
            "a TTL resets %s: rows where it has hold what they were derived to before, and "
            "livecol new NAME --rederive %s.%s.%s --recompute would overwrite that. A value that "
            "an INSERT gave may differ on purpose, too",
            key->name, d->database, d->table, d->column);
    else
        lc_hint(err,
                "a value that an INSERT gave may differ on purpose, and nothing in the table "
                "distinguishes it from one that is out of date. For new rules: livecol new NAME "
                "--rederive %s.%s.%s --to FUNCTION; to overwrite every row that differs, given "
                "values too: livecol new NAME --rederive %s.%s.%s --recompute",
                d->database, d->table, d->column, d->database, d->table, d->column);
}

/*
 * The failure of a verify that found something, LC_ERR_FOUND, with the way out. Rows that
 * differ come first: storing what is missing would not change them.
 */
static int found(const struct lc_column *d, const struct lc_verify *v, struct lc_error *err)
{
    if (v->sum.differ) {
        lc_fail(err, LC_ERR_FOUND, "%" PRIu64 " row%s of %s.%s.%s %s from %s", v->sum.differ,
                LC_S(v->sum.differ), d->database, d->table, d->column,
                v->sum.differ == 1 ? "differs" : "differ", v->against);
        hint_differ(d, v, err);
    } else {
        lc_fail(err, LC_ERR_FOUND, "%" PRIu64 " part%s (%" PRIu64 " row%s) %s not store %s.%s.%s",
                v->sum.parts_lacking, LC_S(v->sum.parts_lacking), v->sum.rows_lacking,
                LC_S(v->sum.rows_lacking), v->sum.parts_lacking == 1 ? "does" : "do", d->database,
                d->table, d->column);
        lc_hint(
            err,
            "livecol backfill %s.%s.%s stores it (18.16: ALTER TABLE … UPDATE %s = %s WHERE 1); "
            "until then it is computed whenever it is read",
            d->database, d->table, d->column, d->column, d->column);
    }
    return LC_ERR_FOUND;
}

/* --sample is a share and not a percentage; 0: not given. */
static int check_share(struct lc_frame_run *r, struct lc_error *err)
{
    const struct lc_verify_options *o = r->ctx;

    if (o->sample < 0 || o->sample > 1)
        return lc_fail(err, LC_ERR_USAGE, "--sample takes a share, 0 to 1: 0.01 is one row in 100");
    if (o->full && o->sample > 0)
        return lc_fail(err, LC_ERR_USAGE, "--full and --sample contradict each other");
    return 0;
}

/*
 * Look, print, and fail where something is wrong. The output comes before the error in any
 * case.
 */
static int verify(struct lc_frame_run *r, struct lc_error *err)
{
    struct lc_verify_options *o = r->ctx;
    struct lc_column d = {0};
    struct lc_verify v = {0};
    int rc = lc_column_open(&d, &r->b, &r->m.global, r->m.rest.v[0], err);

    o->cancel = r->m.up.cancel;
    if (rc == 0)
        rc = lc_verify(&v, &d, o, err);
    if (rc == 0) {
        r->failure = LC_FAILURE_SHOWN; /* what it has found */
        if (r->m.global.json)
            print_json(&d, &v);
        else
            print_text(&d, &v);
        if (!lc_verify_is_clean(&v))
            rc = found(&d, &v, err);
    }
    lc_verify_release(&v);
    lc_column_release(&d);
    return rc;
}

int lc_cmd_verify(int argc, const char **argv)
{
    struct lc_verify_options o = {0};
    struct lc_frame_run r = {.ctx = &o};
    const struct lc_option own[] = {
        {"against", 0, LC_OPT_STRING, &o.against, "EXPRESSION",
         "compare with this expression over the table's columns (default: the column's DEFAULT)"},
        {"sample", 0, LC_OPT_ABOVE, &o.sample, "SHARE",
         "check this share of the rows, above 0 and up to 1, in whole granules, at least 131072 "
         "rows (default: as many as take about 10 s)"},
        {"full", 0, LC_OPT_FLAG, &o.full, NULL, "check every row"},
        {0},
    };
    const struct lc_frame c = {
        .command =
            {.name = "verify",
             .synopsis = "[OPTIONS] [DATABASE.]TABLE.COLUMN",
             .about =
                 "Compare the stored values with what the column's DEFAULT computes: how many "
                 "rows differ, by partition, and which parts do not store the column. Reads only "
                 "the column and what the expression reads. If rows differ or parts lack the "
                 "column, it shows the first keys and exits with 8. A value that an INSERT gave "
                 "may differ on purpose: nothing in a table distinguishes it from one that is "
                 "out of date.",
             .connects = true,
             .examples = "livecol verify analytics.events.region\n"
                         "livecol verify analytics.events.region --full --json\n"
                         "livecol verify analytics.events.region --against 'region_v2(user_id)'"},
        .more = own,
        .least = 1,
        .most = 1,
        .operands = "the column, as DATABASE.TABLE.COLUMN,",
        .failure = LC_FAILURE_READS,
        .check = check_share,
        .act = verify,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
