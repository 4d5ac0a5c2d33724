/* SPDX-License-Identifier: Apache-2.0 */
/*
 * livecol bench query: times statements.
 *
 *   column, --query, --queries ─► entries ─► lc_interleave_run ─► budgets ─► output, exit code
 *
 * Entries are contestants of interleave.h. With a reference each one has a partner in the
 * second half of the array: `reference` for --reference, the same statement on the other
 * server for --reference-url.
 */
#include "base/signals.h"
#include "base/strings.h"
#include "bench/cmd_bench.h"
#include "bench/measure/column_queries.h"
#include "bench/result/interleave.h"
#include "bench/result/output.h"
#include "cli/server/connect.h"
#include "cli/sql/split.h"
#include "cli/term/message.h"
#include "cli/term/status_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUERIES_MAX = 64, FILE_MAX_BYTES = 1 << 24, RUNS_MAX = 1000000000 };

/* The command line. Its numbers are in range once check() has seen them. */
struct request {
    struct lc_global global;
    struct lc_output delivery;
    struct lc_strings sql, rest;
    const char *file, *reference, *reference_url;
    uint64_t workers, runs, warm_up;
    double seconds, rate;
    bool cold;
};

/* The statements, named, and whose text they are. */
struct entries {
    struct lc_contestant v[2 * QUERIES_MAX];
    size_t n;
    char names[2 * QUERIES_MAX][LC_RESULT_NAME_BYTES];
    /*
     * Owned, unlike the text of --query; names point into `names`, so that an
     * entry outlives its source.
     */
    char *texts[QUERIES_MAX]; /* of the file */
    size_t n_texts;
    struct lc_column_queries column;
};

/* Do the options go together? */
static int check(const struct request *q, struct lc_error *err)
{
    if (q->rest.n > 1) {
        return lc_fail(err, LC_ERR_USAGE, "one column at most, but '%s' is a second", q->rest.v[1]);
    }
    if ((q->rest.n > 0) + (q->sql.n > 0) + (q->file != NULL) != 1) {
        lc_fail(err, LC_ERR_USAGE, "give exactly one of a column, --query and --queries");
        lc_hint(err, "livecol bench query --help shows examples");
        return LC_ERR_USAGE;
    }
    if (q->workers == 0 || q->workers > 1024 || (q->runs == 0 && q->seconds <= 0)) {
        return lc_fail(err, LC_ERR_USAGE, "-c must be 1 … 1024, and -i or -t above 0");
    }
    if (q->runs > RUNS_MAX || q->warm_up > RUNS_MAX) {
        return lc_fail(err, LC_ERR_USAGE, "-i and -w are %d at most", RUNS_MAX);
    }
    if (q->reference != NULL && (q->sql.n != 1 || q->reference_url != NULL)) {
        return lc_fail(err, LC_ERR_USAGE, "--reference compares with one --query, on one server");
    }
    if (q->cold && (q->workers > 1 || q->rate > 0)) {
        return lc_fail(
            err, LC_ERR_USAGE,
            "--cold needs one connection and no --rate, since dropping caches takes time");
    }
    return 0;
}

static int parse(struct request *q, int argc, const char **argv, struct lc_error *err)
{
    *q = (struct request){.delivery = LC_OUTPUT_INIT, .workers = 1, .runs = 100, .warm_up = 3};
    const struct lc_option options[] = {
        {"query", 'q', LC_OPT_LIST, &q->sql, "SQL", "a statement to run; may be repeated"},
        {"queries", 0, LC_OPT_STRING, &q->file, "FILE",
         "statements to run, separated by ';' (- for standard input)"},
        {"concurrency", 'c', LC_OPT_UINT, &q->workers, "N",
         "number of connections (default: 1); with --rate, for each statement"},
        {"iterations", 'i', LC_OPT_UINT, &q->runs, "N", "runs of each statement (default: 100)"},
        {"time-limit", 't', LC_OPT_ABOVE, &q->seconds, "S",
         "run for S seconds instead; with --rate, runs that are due by then are still made"},
        {"warm-up", 'w', LC_OPT_UINT, &q->warm_up, "N",
         "runs of each statement first, not counted (default: 3); each is tried once before that"},
        {"rate", 0, LC_OPT_ABOVE, &q->rate, "R",
         "runs a second, all statements together, each timed from when it was due (open loop)"},
        {"cold", 0, LC_OPT_FLAG, &q->cold, NULL,
         "drop the engine's caches before each run, as far as it allows"},
        {"reference", 0, LC_OPT_STRING, &q->reference, "SQL",
         "a statement to compare with, run in turns; the answers must be equal"},
        {"reference-url", 0, LC_OPT_STRING, &q->reference_url, "URL",
         "a server to compare with, which runs the same statements; its password comes from "
         "CLICKHOUSE_REFERENCE_PASSWORD or CLICKHOUSE_REFERENCE_PASSWORD_FILE"},
        LC_COMPARISON_OPTIONS(&q->delivery),
        LC_OUTPUT_OPTIONS(&q->delivery),
        {0},
    };
    const struct lc_command command = {
        .name = "bench query",
        .synopsis = "[OPTIONS] [DATABASE.TABLE.COLUMN]",
        .about =
            "Time statements, run in turns. With the name of a column, run typical queries on a "
            "derived column: a point read, LIMIT 10, GROUP BY, a filter, one whole row. "
            "Percentiles are by nearest rank; a budget on a percentile that has too few runs is "
            "refused.",
        .options = options,
        .connects = true,
        .examples =
            "  livecol bench query analytics.events.region --budget p99=100ms\n"
            "  livecol bench query -q 'SELECT count() FROM t' -c 4 -t 10 --rate 200\n"
            "  livecol bench query -q 'SELECT f(k) AS r, count() FROM t GROUP BY r' \\\n"
            "    --reference 'SELECT multiIf(k < 9, 1, 2) AS r, count() FROM t GROUP BY r' \\\n"
            "    --budget ratio=2 --export-json now.json\n",
    };
    int rc = lc_options_parse(&command, argc, argv, &q->global, &q->rest, err);
    rc = rc == 0 ? lc_output_settle(&q->delivery, q->global.json, err) : rc;
    return rc == 0 ? check(q, err) : rc;
}

/*
 * One more entry. name is copied; sql must outlive *e. LC_ERR_USAGE where there are too many:
 * the second half of the arrays is for the references.
 */
static int add(struct entries *e, struct lc_backend *b, const char *name, const char *sql,
               struct lc_error *err)
{
    if (e->n == QUERIES_MAX) {
        return lc_fail(err, LC_ERR_USAGE, "at most %d statements", QUERIES_MAX);
    }
    (void)snprintf(e->names[e->n], sizeof e->names[0], "%s", name);
    e->v[e->n] =
        (struct lc_contestant){.name = e->names[e->n], .sql = sql, .backend = b, .against = -1};
    e->n++;
    return 0;
}

/*
 * The whole file, or stdin for "-", appended to *text. A pipe has no size, so
 * it is read until its end.
 */
static int read_all(const char *path, struct lc_buf *text, struct lc_error *err)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (f == NULL) {
        return lc_fail(err, LC_ERR_IO, "cannot read %s: %m", path);
    }
    int rc = 0;
    size_t n = 1;
    while (rc == 0 && n > 0) {
        rc = lc_buf_reserve(text, 1 << 16);
        n = rc == 0 ? fread(text->p + text->n, 1, 1 << 16, f) : 0;
        text->n += n;
    }
    rc = rc != 0 ? lc_fail(err, LC_ERR_NOMEM, "%s is too large", path)
                 : (ferror(f) != 0 ? lc_fail(err, LC_ERR_IO, "cannot read %s: %m", path) : 0);
    if (f != stdin) {
        (void)fclose(f);
    }
    return rc;
}

/*
 * The statements of a file's text, named by the line they begin on, as an editor shows it;
 * several on one line get a number each.
 */
static int add_file(struct entries *e, struct lc_backend *b, const char *path, struct lc_buf *text,
                    struct lc_error *err)
{
    struct lc_split script = {0};
    const char *all = lc_buf_str(text);
    int rc = all != NULL ? lc_split_split(&script, all, text->n, err)
                         : lc_fail(err, LC_ERR_NOMEM, "no memory");
    unsigned long long line = 0;
    unsigned of_line = 0;
    for (size_t i = 0; rc == 0 && i < script.n; i++) {
        const struct lc_piece *p = &script.v[i];
        if (p->kind != LC_PIECE_STATEMENT) {
            continue;
        }
        char name[LC_RESULT_NAME_BYTES];
        char *sql = strndup(all + p->at, p->n);
        of_line = p->line == line ? of_line + 1 : 1;
        line = p->line;
        (void)snprintf(name, sizeof name, of_line > 1 ? "line %llu, statement %u" : "line %llu",
                       line, of_line);
        rc = sql == NULL ? lc_fail(err, LC_ERR_NOMEM, "no memory") : add(e, b, name, sql, err);
        if (rc == 0) {
            e->texts[e->n_texts++] = sql;
        } else {
            free(sql);
        }
    }
    if (rc == 0 && e->n == 0) {
        rc = lc_fail(err, LC_ERR_INPUT, "%s contains no statement", path);
    }
    lc_split_release(&script);
    return rc;
}

/* What to run, and next to each what it is compared with. */
static int gather(const struct request *q, struct entries *e, struct lc_buf *text,
                  struct lc_backend *b, struct lc_backend *other, struct lc_error *err)
{
    int rc = 0;
    if (q->rest.n > 0) {
        rc = lc_column_queries_make(&e->column, b, q->rest.v[0], err);
        for (size_t i = 0; rc == 0 && i < LC_COLUMN_QUERIES; i++) {
            rc = add(e, b, e->column.names[i], e->column.sql[i], err);
        }
    } else if (q->file != NULL) {
        rc = add_file(e, b, q->file, text, err);
    }
    for (size_t i = 0; rc == 0 && i < q->sql.n; i++) {
        char name[LC_RESULT_NAME_BYTES];
        (void)snprintf(name, sizeof name, q->sql.n > 1 ? "query %zu" : "query", i + 1);
        rc = add(e, b, name, q->sql.v[i], err);
    }
    /* Here the first half ends. Reference i is entry n + i. */
    size_t n = e->n;
    if (rc == 0 && q->reference != NULL) {
        rc = add(e, b, "reference", q->reference, err);
    }
    for (size_t i = 0; rc == 0 && other != NULL && i < n; i++) {
        (void)snprintf(e->names[e->n], sizeof e->names[0], "%.50s, reference", e->v[i].name);
        e->v[e->n] = (struct lc_contestant){
            .name = e->names[e->n], .sql = e->v[i].sql, .backend = other, .against = -1};
        e->n++;
    }
    for (size_t i = n; rc == 0 && i < e->n; i++) {
        e->v[i].reference = true;
        e->v[i - n].against = (int)i;
    }
    return rc;
}

/* Every budget for every statement that is no reference. */
static void judge(const struct request *q, struct lc_result *o)
{
    for (size_t b = 0; b < q->delivery.n_budgets; b++) {
        for (size_t i = 0; i < o->n_series; i++) {
            double ratio = 0;
            /*
             * A ratio needs a reference; a series without one keeps 0,
             * which no ratio budget accepts.
             */
            for (size_t c = 0; c < o->n_comparisons; c++) {
                ratio = o->comparisons[c].of == i ? o->comparisons[c].ratio : ratio;
            }
            /*
             * A reference is there to be compared with, not to be fast;
             * but it must not fail either.
             */
            if (!o->series[i]->reference || q->delivery.budgets[b].of == LC_BUDGET_ERRORS) {
                lc_result_judge(o, &q->delivery.budgets[b], i, ratio);
            }
        }
    }
}

/* The load in words, for the report, and for whoever compares with it. */
static void describe(const struct request *q, char *out, size_t size)
{
    char loop[64] = "closed loop";
    if (q->rate > 0) {
        (void)snprintf(loop, sizeof loop, "open loop, %.6g a second", q->rate);
    }
    (void)snprintf(out, size, "%s, %llu connection%s%s, %llu runs to warm up%s", loop,
                   (unsigned long long)q->workers, q->workers == 1 ? "" : "s",
                   q->rate > 0 ? " a statement" : "", (unsigned long long)q->warm_up,
                   q->cold ? ", cold" : "");
}

/* Run what was gathered, by turns; what there is goes into *o. */
static int measure(const struct request *q, struct entries *e, struct lc_backend *b,
                   struct lc_result *o, struct lc_error *err)
{
    struct lc_status_line follow;
    struct lc_interleave trial = {.contestants = e->v,
                                  .n = e->n,
                                  .workers = (unsigned)q->workers,
                                  .runs = q->seconds > 0 ? 0 : q->runs,
                                  .seconds = q->seconds,
                                  .warm_up = q->warm_up,
                                  .rate_per_s = q->rate,
                                  .cold = q->cold,
                                  .cancel = lc_stop_flag(),
                                  .line = lc_status_line_line,
                                  .ctx = &follow};
    lc_status_line_init(&follow, q->global.quiet);
    if (q->cold) {
        char caches[200];
        lc_say("cold: %s dropped before each run; the system's own page cache stays",
               lc_interleave_caches(b, caches, sizeof caches));
    }
    /* From here until lc_result_end the machine is watched for noise. */
    lc_result_begin(o, "query", b);
    o->confidence = q->delivery.confidence_percent / 100;
    o->tolerance = q->delivery.tolerance_percent / 100;
    describe(q, o->how, sizeof o->how);
    o->rows = e->column.rows;
    int rc = lc_interleave_run(&trial, o, err);
    lc_result_end(o);
    lc_status_line_end(&follow);
    return rc;
}

/* Judge a whole run, and hand out what there is of any. The exit code. */
static int deliver(const struct request *q, struct lc_result *o, bool whole)
{
    struct lc_error later = LC_ERROR_INIT;
    int code = 0;
    if (whole) {
        judge(q, o);
        code = lc_output_exit_code(o);
    }
    if (lc_output_hand_out(&q->delivery, o, q->global.json, NULL, &later) != 0) {
        lc_complain(&later);
        code = code != 0 ? code : lc_exit_code(&later);
    }
    return code;
}

static int run(const struct request *q, struct entries *e, struct lc_error *err)
{
    struct lc_backend *b = NULL;
    struct lc_backend *other = NULL;
    struct lc_result o = {0};
    struct lc_buf text;
    int code = 0;
    lc_buf_init(&text, FILE_MAX_BYTES);
    /* Before the engine, to which stdin is closed. */
    int rc = q->rest.n == 0 && q->file != NULL ? read_all(q->file, &text, err) : 0;
    rc = rc == 0 ? lc_connection_open(&q->global, &b, err) : rc;
    if (rc == 0 && q->reference_url != NULL) {
        rc = lc_connection_reference(&q->global, q->reference_url, &other, err);
    }
    rc = rc == 0 ? gather(q, e, &text, b, other, err) : rc;
    rc = rc == 0 ? measure(q, e, b, &o, err) : rc;
    /*
     * An interrupted run is delivered without a verdict: its budgets would
     * be judged on too few runs.
     */
    bool delivered = o.n_series > 0 && (rc == 0 || rc == LC_ERR_STOPPED);
    if (delivered) {
        code = deliver(q, &o, rc == 0);
    }
    if (rc != 0) {
        code = lc_message_fail(q->global.json && !delivered, err);
    }
    lc_result_release(&o);
    lc_buf_release(&text);
    lc_backend_free(other);
    lc_backend_free(b);
    return code;
}

int lc_cmd_bench_query(int argc, const char **argv)
{
    struct request q;
    struct lc_error err = LC_ERROR_INIT;
    int rc = parse(&q, argc, argv, &err);
    if (rc == LC_HELP_PRINTED) {
        return 0; /* the help was printed */
    }
    /* On the heap: it has room for the names of all statements and their references. */
    struct entries *e = rc == 0 ? calloc(1, sizeof *e) : NULL;
    if (e == NULL) {
        lc_fail(&err, LC_ERR_NOMEM, "no memory"); /* unless there is an error already */
        return lc_message_fail(q.global.json, &err);
    }
    int code = run(&q, e, &err);
    for (size_t i = 0; i < e->n_texts; i++) {
        free(e->texts[i]);
    }
    lc_column_queries_release(&e->column);
    free(e);
    return code;
}
