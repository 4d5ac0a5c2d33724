/* SPDX-License-Identifier: Apache-2.0 */
/*
 * livecol bench match: the command around bench/udf/matcher.h. Every figure becomes two series,
 * the matcher's and the comparator's, and a comparison of the two, so that results of several
 * days can be compared by bench compare.
 */
#include "base/strings.h"
#include "base/format.h"
#include "bench/cmd_bench.h"
#include "bench/result/output.h"
#include "bench/result/result.h"
#include "bench/udf/matcher.h"
#include "cli/term/message.h"
#include "cli/term/options.h"
#include "cli/term/text_table.h"

#include <stdio.h>
#include <string.h>

enum { REPORT_MAX_BYTES = 1 << 20 };

/*
 * A row a figure, in the order of measuring. Goals are shown next to the ratio that they are
 * for; they do not change the exit code.
 */
static void add_table(const struct lc_match_figure *f, size_t n, struct lc_buf *text)
{
    struct lc_text_table table;
    char rules[40];

    lc_text_table_init(&table,
                       "kind|rules|key bytes|keys|hits|ns/key|XXH3+memcmp ns|ratio|goal|spread");
    for (size_t i = 0; i < n; i++) {
        lc_text_table_cell(&table, "%s", f[i].kind);
        lc_text_table_cell(&table, "%s", lc_format_integer(f[i].rules, rules, sizeof rules));
        lc_text_table_cell(&table, "%s", f[i].lengths);
        lc_text_table_cell(&table, "%s", f[i].cold ? "cold" : "warm");
        lc_text_table_cell(&table, "%.0f%%", 100 * f[i].hits);
        lc_text_table_number(&table, f[i].ns);
        lc_text_table_number(&table, f[i].comparator_ns);
        lc_text_table_cell(&table, "%.2f", f[i].ns / f[i].comparator_ns);
        if (f[i].goal > 0)
            lc_text_table_cell(&table, "<= %.1f", f[i].goal);
        else
            lc_text_table_cell(&table, "%s", "");
        lc_text_table_cell(&table, "%.0f%%", 100 * f[i].spread);
    }
    lc_text_table_write(&table, LC_TEXT_TABLE_TEXT, text);
    lc_text_table_release(&table);
}

/*
 * The figures as JSON: what a series has no place for (kind, hits, spread).
 * The caller takes it over.
 */
static struct lc_json *facts(const struct lc_match_figure *f, size_t n)
{
    struct lc_json *o = lc_json_object(), *list = lc_json_array();

    for (size_t i = 0; i < n; i++) {
        struct lc_json *one = lc_json_object();

        lc_json_set_str(one, "kind", f[i].kind);
        lc_json_set_int(one, "rules", f[i].rules);
        lc_json_set_str(one, "key_bytes", f[i].lengths);
        lc_json_set_bool(one, "cold", f[i].cold);
        lc_json_set_int(one, "keys", (int64_t)f[i].keys);
        lc_json_set_double(one, "hits", f[i].hits);
        lc_json_set_double(one, "ns_per_key", f[i].ns);
        lc_json_set_double(one, "comparator_ns_per_key", f[i].comparator_ns);
        lc_json_set_double(one, "ratio", f[i].ns / f[i].comparator_ns);
        lc_json_set_double(one, "spread", f[i].spread);
        lc_json_add(list, one);
    }
    lc_json_set(o, "figures", list);
    return o;
}

/* The rounds, as every benchmark's runs are; the time of all keys of a round. */
static int add_series(struct lc_result *o, const struct lc_match_figure *f, bool comparator)
{
    struct lc_sample samples[LC_MATCH_ROUNDS_MAX];
    const double *ns = comparator ? f->comparator_round_ns : f->round_ns;
    char name[LC_RESULT_NAME_BYTES];
    struct lc_series *s;

    memset(samples, 0, sizeof samples);
    for (unsigned i = 0; i < f->rounds; i++) {
        samples[i].latency_ns = lc_double_to_u64(ns[i] * (double)f->keys);
        samples[i].service_ns = samples[i].latency_ns;
    }
    snprintf(name, sizeof name, "%s/%u/%s/%s%s", f->kind, f->rules, f->lengths,
             f->cold ? "cold" : "warm", comparator ? "/XXH3+memcmp" : "");
    s = lc_result_add(o, name, NULL);
    if (!s)
        return LC_ERR_NOMEM;
    s->reference = comparator;
    return lc_series_take(s, samples, f->rounds, LC_SERIES_OF_ALL);
}

/*
 * Series 2i is the matcher of figure i, 2i + 1 its comparator: the numbers that
 * lc_result_compare gets. Takes what there is of an interrupted run, too.
 */
static int deliver(const struct lc_match_figure *f, size_t n, struct lc_result *o,
                   const struct lc_output *d, bool json, struct lc_error *err)
{
    struct lc_buf text;
    const char *shown;
    int rc = 0;

    for (size_t i = 0; i < n && !rc; i++) {
        rc = add_series(o, &f[i], false);
        rc = rc ? rc : add_series(o, &f[i], true);
        if (!rc)
            lc_result_compare(o, 2 * i, 2 * i + 1);
    }
    o->facts = facts(f, n);
    lc_buf_init(&text, REPORT_MAX_BYTES);
    if (!rc)
        rc = lc_result_where(o, &text);
    if (!rc)
        rc = lc_buf_adds(&text, "\n");
    if (!rc)
        add_table(f, n, &text);
    if (!rc)
        rc = lc_result_noise(o, &text);
    shown = rc ? NULL : lc_buf_str(&text);
    rc = shown ? lc_output_hand_out(d, o, json, shown, err)
               : lc_fail(err, LC_ERR_NOMEM, "not enough memory for the results");
    lc_buf_release(&text);
    return rc;
}

/* What is asked for. */
struct request {
    struct lc_global global;
    struct lc_match_bench how;
    struct lc_output delivery;
};

/* Fills in what is asked for over the defaults in *q. 0, LC_HELP_PRINTED, or LC_ERR_USAGE. */
static int parse(struct request *q, int argc, const char **argv, struct lc_error *err)
{
    uint64_t rounds = q->how.rounds;
    const struct lc_option options[] = {
        {"keys", 'n', LC_OPT_UINT, &q->how.keys, "N", "keys in a round (default: 2M)"},
        {"rounds", 'r', LC_OPT_UINT, &rounds, "N",
         "number of rounds; the result is their median (default: 7)"},
        {"max-rules", 0, LC_OPT_UINT, &q->how.max_rules, "N",
         "skip larger rule sets (default: 1M)"},
        {"seed", 0, LC_OPT_UINT, &q->how.seed, "N",
         "seed of the random rules and keys (default: 1)"},
        {"export-json", 0, LC_OPT_STRING, &q->delivery.export_json, "FILE",
         "write all results with the time of every round (bench/schema.json); - for stdout"},
        {0},
    };
    const struct lc_command cmd = {
        .name = "bench match",
        .synopsis = "[OPTIONS]",
        .about =
            "Time the matcher alone on one thread, in turns with one XXH3 and one memcmp per "
            "key: by kind, number of rules and length, with keys in the cache (warm) and out of "
            "it (cold). Half of the keys match a rule.",
        .options = options,
        .examples = "livecol bench match\nlivecol bench match --max-rules 1k --rounds 3",
    };
    struct lc_strings rest;
    int rc = lc_options_parse(&cmd, argc, argv, &q->global, &rest, err);

    if (!rc &&
        (rest.n || rounds < 1 || rounds > LC_MATCH_ROUNDS_MAX || q->how.keys < LC_MATCH_MIN_KEYS))
        rc = lc_fail(err, LC_ERR_USAGE,
                     rest.n ? "bench match takes no operand" : "1 to 31 rounds, at least %u keys",
                     LC_MATCH_MIN_KEYS);
    q->how.rounds = (unsigned)rounds;
    return rc ? rc : lc_output_settle(&q->delivery, q->global.json, err);
}

int lc_cmd_bench_match(int argc, const char **argv)
{
    /* Static, since a process runs one command, and the rounds of all figures are large. */
    static struct lc_match_figure figures[LC_MATCH_FIGURES];
    struct request q = {
        .how = {.keys = 2000000, .rounds = 7, .max_rules = 1000000, .seed = 1},
        .delivery = LC_OUTPUT_INIT,
    };
    struct lc_error err = LC_ERROR_INIT, later = LC_ERROR_INIT;
    struct lc_result o = {0};
    size_t n = 0;
    int code, rc = parse(&q, argc, argv, &err);

    if (rc == LC_HELP_PRINTED)
        return 0;
    if (!rc) {
        lc_result_begin(&o, "match", NULL);
        rc = lc_bench_match(&q.how, figures, &n, &err);
        lc_result_end(&o);
        /*
         * Figures of settings that were finished are whole; those that
         * were not begun are not there.
         */
        o.partial = rc == LC_ERR_STOPPED;
    }
    code = rc ? lc_message_fail(q.global.json && !n, &err) : 0;
    if (n && deliver(figures, n, &o, &q.delivery, q.global.json, &later)) {
        lc_complain(&later);
        code = code ? code : lc_exit_code(&later);
    }
    lc_result_release(&o);
    return code;
}
