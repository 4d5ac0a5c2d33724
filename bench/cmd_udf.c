/* SPDX-License-Identifier: Apache-2.0 */
/*
 * livecol bench udf: the command around bench/udf.
 *
 *   startup (the program alone) ─► comparison (in the engine) ─► scale ─► pictures ─► print
 *
 * All of it happens in a folder that is made for the run and removed after it. Goals are
 * printed next to the figures and do not change the exit code; answers that differ do.
 */
#include "base/format.h"
#include "base/strings.h"
#include "bench/cmd_bench.h"
#include "bench/result/result.h"
#include "bench/udf/comparison.h"
#include "bench/udf/scale.h"
#include "bench/udf/startup.h"
#include "cli/term/message.h"
#include "cli/term/options.h"
#include "cli/term/text_table.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_BYTES 9.0 /* of each made-up user_id */

/* Progress goes to stderr: stdout has the result. */
static void say_line(const char *line)
{
    lc_say("%s", line);
}

/* For nftw, which calls it with a folder after all that is in it (FTW_DEPTH). */
static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static void print_machine(const struct lc_machine *m, const char *version, uint64_t rows)
{
    char shown[40];

    printf("machine   %s, %u cores, %s, %s\n", m->cpu, m->cores,
           lc_format_bytes((double)m->memory_bytes, shown, sizeof shown), m->kernel);
    printf("build     %s, %s, %s, commit %s\n", m->compiler, m->build, m->flags, m->commit);
    printf("engine    %s, %s rows, %s\n\n", version,
           lc_format_count((double)rows, shown, sizeof shown), m->date);
}

/* A number, or an empty cell where there is none. */
static void cell_if(struct lc_text_table *table, bool is_there, const char *before, int digits,
                    double v)
{
    if (is_there)
        lc_text_table_cell(table, "%s%.*f", before, digits, v);
    else
        lc_text_table_cell(table, "%s", "");
}

/*
 * One table for all statements. "of limit" is the share of the transport's own
 * speed, "x multiIf" the time as a multiple of the built-in form's: an empty cell
 * has nothing to compare with.
 */
static void print_entries(const struct lc_entry *e, size_t n)
{
    struct lc_text_table table;
    struct lc_buf text;
    char shown[40];

    lc_text_table_init(&table, "what|rules|expression|seconds|M rows/s|ns/row|MB/s|x multiIf|of "
                               "limit|CPU s|CPU x multiIf|CPU of limit|"
                               "goal|spread");
    lc_buf_init(&text, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        double rate = (double)e[i].rows / e[i].seconds;

        lc_text_table_cell(&table, "%s", e[i].what);
        lc_text_table_cell(&table, "%s",
                           e[i].rules ? lc_format_integer(e[i].rules, shown, sizeof shown) : "");
        lc_text_table_cell(&table, "%s", e[i].name);
        lc_text_table_number(&table, e[i].seconds);
        lc_text_table_number(&table, rate / 1e6);
        lc_text_table_number(&table, 1e9 / rate);
        lc_text_table_number(&table, rate * KEY_BYTES / 1e6);
        cell_if(&table, e[i].of_builtin > 0, "", 3, e[i].of_builtin);
        cell_if(&table, e[i].of_limit > 0, "", 3, e[i].of_limit);
        lc_text_table_number(&table, e[i].cpu_seconds);
        cell_if(&table, e[i].cpu_of_builtin > 0, "", 3, e[i].cpu_of_builtin);
        cell_if(&table, e[i].cpu_of_limit > 0, "", 3, e[i].cpu_of_limit);
        cell_if(&table, e[i].goal > 0, e[i].goal_is_limit ? "limit >= " : "x <= ", 2, e[i].goal);
        lc_text_table_cell(&table, "%.0f%%", 100 * e[i].spread);
    }
    if (!lc_text_table_write(&table, LC_TEXT_TABLE_TEXT, &text))
        fputs(lc_buf_str(&text), stdout);
    lc_text_table_release(&table);
    lc_buf_release(&text);
}

/* The goals are part of the text: a figure that misses one is shown, and is no failure. */
static void print_startup(const struct lc_startup *s)
{
    char shown[40], rules[40];

    printf(
        "\n%s rules: compiled in %.2f s (goal 1 s); first answer %.2f ms after exec (goal 2 ms); "
        "%s private memory a process (goal 4 MiB)\n",
        lc_format_integer(s->rules, rules, sizeof rules), s->compile_s, s->first_answer_ms,
        lc_format_bytes(s->private_bytes, shown, sizeof shown));
    printf("a call of 8,192 rows (a granule: mutations) %.2f ms, of 1,048,576 (an INSERT) %.1f ms, "
           "RowBinary to UInt8, without the server\n",
           s->granule_ms, s->insert_ms);
}

/* The rounds of an entry, as every benchmark's runs are: a series. */
static int add_series(struct lc_result *o, const struct lc_entry *e)
{
    struct lc_sample samples[LC_ROUNDS_MAX];
    char name[LC_RESULT_NAME_BYTES];
    struct lc_series *s;

    memset(samples, 0, sizeof samples);
    for (unsigned i = 0; i < e->rounds; i++) {
        samples[i].latency_ns = lc_double_to_u64(e->round_s[i] * 1e9);
        samples[i].service_ns = samples[i].latency_ns;
    }
    snprintf(name, sizeof name, "%s/%u/%s", e->what, e->rules, e->name);
    s = lc_result_add(o, name, NULL);
    return s ? lc_series_take(s, samples, e->rounds, LC_SERIES_OF_ALL) : LC_ERR_NOMEM;
}

/* Entries as an array. A ratio that does not exist is left out. */
static struct lc_json *entries_json(const struct lc_entry *e, size_t n)
{
    struct lc_json *list = lc_json_array();

    for (size_t i = 0; i < n; i++) {
        struct lc_json *one = lc_json_object();

        lc_json_set_str(one, "what", e[i].what);
        lc_json_set_int(one, "rules", e[i].rules);
        lc_json_set_str(one, "expression", e[i].name);
        lc_json_set_int(one, "rows", (int64_t)e[i].rows);
        lc_json_set_double(one, "seconds", e[i].seconds);
        lc_json_set_double(one, "spread", e[i].spread);
        if (e[i].of_builtin > 0)
            lc_json_set_double(one, "of_builtin", e[i].of_builtin);
        if (e[i].of_limit > 0)
            lc_json_set_double(one, "of_limit", e[i].of_limit);
        lc_json_set_double(one, "cpu_seconds", e[i].cpu_seconds);
        if (e[i].cpu_of_builtin > 0)
            lc_json_set_double(one, "cpu_of_builtin", e[i].cpu_of_builtin);
        if (e[i].cpu_of_limit > 0)
            lc_json_set_double(one, "cpu_of_limit", e[i].cpu_of_limit);
        lc_json_add(list, one);
    }
    return list;
}

/* What only this scenario has. */
static struct lc_json *facts_json(const struct lc_entry *e, size_t n,
                                  const struct lc_startup *startup, const struct lc_scale *scale,
                                  size_t sizes)
{
    struct lc_json *facts = lc_json_object(), *start = lc_json_object();
    struct lc_json *scaled = lc_json_array();

    lc_json_set(facts, "entries", entries_json(e, n));
    lc_json_set_int(start, "rules", startup->rules);
    lc_json_set_double(start, "compile_seconds", startup->compile_s);
    lc_json_set_double(start, "first_answer_ms", startup->first_answer_ms);
    lc_json_set_double(start, "private_bytes", startup->private_bytes);
    lc_json_set_double(start, "call_8192_rows_ms", startup->granule_ms);
    lc_json_set_double(start, "call_1048576_rows_ms", startup->insert_ms);
    /* Setting a member gives it away: `start` is freed with `facts`. */
    lc_json_set(facts, "startup", start);
    for (size_t i = 0; i < sizes; i++) {
        struct lc_json *one = lc_json_object();

        lc_json_set_int(one, "rows", (int64_t)scale[i].rows);
        lc_json_set(one, "entries", entries_json(scale[i].entries, scale[i].n));
        lc_json_add(scaled, one);
    }
    lc_json_set(facts, "scale", scaled);
    return facts;
}

/* To stdout, to a file, or both; the facts are taken over. */
static int write_json(struct lc_result *o, const struct lc_entry *e, size_t n,
                      struct lc_json *facts, bool print, const char *path, struct lc_error *err)
{
    struct lc_json *j;
    char *text;
    int rc = 0;

    o->facts = facts;
    for (size_t i = 0; i < n && !rc; i++)
        rc = add_series(o, &e[i]);
    if (rc || o->failed)
        return lc_fail(err, LC_ERR_NOMEM, "not enough memory for the results");
    j = lc_result_json(o);
    text = lc_json_text(j);
    lc_json_free(j);
    if (!text)
        return lc_fail(err, LC_ERR_NOMEM, "not enough memory for the results");
    if (print)
        puts(text);
    if (path)
        rc = lc_text_table_save(path, text, strlen(text), err);
    free(text);
    return rc;
}

static void print_scale(const struct lc_scale *scale, size_t n)
{
    struct lc_text_table table;
    struct lc_buf text;

    if (n == 0)
        return;
    lc_scale_table(scale, n, &table);
    lc_buf_init(&text, 1 << 20);
    if (!lc_text_table_write(&table, LC_TEXT_TABLE_TEXT, &text))
        printf("\nHow the cost grows with the rows, seconds ~ rows^exponent\n%s",
               lc_buf_str(&text));
    lc_text_table_release(&table);
    lc_buf_release(&text);
}

/* Nothing where the machine was quiet. */
static void print_noise(const struct lc_result *o)
{
    struct lc_buf text;

    lc_buf_init(&text, 1 << 12);
    if (!lc_result_noise(o, &text) && text.n)
        printf("\n%s", lc_buf_str(&text));
    lc_buf_release(&text);
}

/* What is asked for, and what was measured. */
struct request {
    struct lc_global global;
    uint64_t rows, rounds;
    bool quick, no_materialize, scaled;
    const char *plot, *json_path;
    char folder[1024], version[64];
    struct lc_entry entries[LC_ENTRIES];
    struct lc_scale scale[LC_SCALE_SIZES];
    struct lc_startup startup;
    size_t n, sizes;
};

/* 0, LC_HELP_PRINTED, or LC_ERR_USAGE. At most 31 rounds: the arrays of an entry hold so many. */
static int parse(struct request *q, int argc, const char **argv, struct lc_error *err)
{
    const struct lc_option options[] = {
        {"rows", 'n', LC_OPT_UINT, &q->rows, "N",
         "rows of the table (default: 5M; the figures in the README: 20M)"},
        {"rounds", 'r', LC_OPT_UINT, &q->rounds, "N",
         "number of rounds; the result is their median (default: 7)"},
        {"quick", 0, LC_OPT_FLAG, &q->quick, NULL, "skip what is slow, and large rule sets"},
        {"no-materialize", 0, LC_OPT_FLAG, &q->no_materialize, NULL,
         "skip MATERIALIZE COLUMN and INSERT"},
        {"scale", 0, LC_OPT_FLAG, &q->scaled, NULL,
         "afterwards also run the quick ones on 1M, 2M, 5M … rows, to show how the cost grows"},
        {"export-json", 0, LC_OPT_STRING, &q->json_path, "FILE",
         "write all results with the time of every round (bench/schema.json)"},
        {"plot", 0, LC_OPT_STRING, &q->plot, "DIR",
         "draw rules.svg, and with --scale rows.svg, into DIR with gnuplot"},
        {0},
    };
    const struct lc_command cmd = {
        .name = "bench udf",
        .synopsis = "[OPTIONS]",
        .about =
            "Compare the function with its alternatives on the embedded engine: built-in "
            "multiIf, dictionaries, each block format, a Python script, and the limit of the "
            "transport (the same pool answering a constant). All of them run in turns; the "
            "result is the median; different answers are a failure. Works in a temporary folder "
            "(about 15 bytes per row).",
        .options = options,
        .examples = "livecol bench udf --rows 20M --scale --plot pictures\nlivecol bench udf "
                    "--quick --rows 1M --rounds 3",
    };
    struct lc_strings rest;
    int rc = lc_options_parse(&cmd, argc, argv, &q->global, &rest, err);

    if (!rc && (rest.n || q->rounds < 1 || q->rounds > 31 || q->rows < 1000))
        rc = lc_fail(err, LC_ERR_USAGE,
                     rest.n ? "bench udf takes no operand" : "1 to 31 rounds, at least 1000 rows");
    return rc;
}

/* In a temporary folder, which goes with the run. */
static int measure(struct request *q, struct lc_result *outcome, struct lc_error *err)
{
    const char *tmp = getenv("TMPDIR");
    struct lc_comparison how = {.path = q->folder,
                                .rows = q->rows,
                                .rounds = (unsigned)q->rounds,
                                .materialize = !q->no_materialize,
                                .quick = q->quick,
                                .say = say_line};
    int rc;

    snprintf(q->folder, sizeof q->folder, "%s/livecol-bench.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(q->folder))
        return lc_fail(err, LC_ERR_IO, "%s: cannot make a temporary folder", q->folder);
    lc_result_begin(outcome, "udf", NULL);
    /* Before the engine is loaded: its threads would run next to the program that is timed. */
    rc = lc_startup_measure(q->folder, &q->startup, err);
    if (!rc)
        rc = lc_comparison_run(&how, q->entries, &q->n, q->version, sizeof q->version, err);
    if (!rc && q->scaled)
        rc = lc_scale_run(&how, q->scale, &q->sizes, err);
    if (!rc && q->plot)
        rc = lc_scale_plot(q->entries, q->n, q->scale, q->sizes, q->plot, err);
    nftw(q->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    lc_result_end(outcome);
    return rc;
}

/* Print what there is, for a person or as JSON, and write the file. */
static int deliver(struct request *q, struct lc_result *outcome, struct lc_error *err)
{
    if (!q->global.json) {
        print_machine(&outcome->machine, q->version, q->rows);
        print_entries(q->entries, q->n);
        print_startup(&q->startup);
        print_scale(q->scale, q->sizes);
        print_noise(outcome);
    }
    if (!q->global.json && !q->json_path)
        return 0;
    snprintf(outcome->engine, sizeof outcome->engine, "%s", q->version);
    snprintf(outcome->where, sizeof outcome->where, "embedded");
    outcome->rows = q->rows;
    return write_json(outcome, q->entries, q->n,
                      facts_json(q->entries, q->n, &q->startup, q->scale, q->sizes), q->global.json,
                      q->json_path, err);
}

int lc_cmd_bench_udf(int argc, const char **argv)
{
    static struct request q = {.rows = 5000000, .rounds = 7}; /* large; a command a process */
    struct lc_error err = LC_ERROR_INIT;
    struct lc_result outcome = {0};
    int written, rc = parse(&q, argc, argv, &err);

    if (!rc)
        rc = measure(&q, &outcome, &err);
    written = q.n ? deliver(&q, &outcome, &err) : 0;
    rc = rc ? rc : written;
    lc_result_release(&outcome);
    return rc ? lc_message_fail(q.global.json && !q.n, &err) : 0;
}
