/* SPDX-License-Identifier: Apache-2.0 */
/*
 * livecol bench live: the command around bench/live/run.h.
 *
 *   parse ─► check ─► settle (rules, migrations) ─► connect ─► lc_live_run ─► deliver ─► drop
 *
 * A run that was interrupted or whose proof failed is delivered too: its figures are
 * what a person needs to see why. The exit code is the worst of it: 1 a proof
 * failed, 4 a budget is missed.
 */
#include "base/signals.h"
#include "base/strings.h"
#include "bench/cmd_bench.h"
#include "bench/live/data.h"
#include "bench/live/run.h"
#include "bench/result/output.h"
#include "cli/deploy/locate.h"
#include "cli/server/connect.h"
#include "cli/term/message.h"
#include "cli/term/status_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * NICE_MAX: the highest nice value of Linux. OPTIONS_MAX: room for the tables below,
 * which are copied into one.
 */
enum { SUMMARY_MAX_BYTES = 1 << 20, NICE_MAX = 19, OPTIONS_MAX = 40 };

/* What the command line asks for, and the strings behind it. */
struct request {
    struct lc_live_options live;
    struct lc_output delivery;
    struct lc_global global;
    bool keep, details, long_run;
    char *migrations_dir;
    char *rules;
};

/*
 * Do the options go together? Fills in the default budget, and reads the budgets. LC_ERR_USAGE,
 * before anything is connected.
 */
static int check(struct request *q, const struct lc_strings *rest, struct lc_error *err)
{
    const struct lc_live_options *l = &q->live;
    static const char *default_budget[] = {"p99=100ms"};
    if (rest->n > 0) {
        return lc_fail(err, LC_ERR_USAGE, "bench live takes no operands: '%s'", rest->v[0]);
    }
    if (l->rows == 0 || l->batch_rows == 0 || l->samples == 0) {
        return lc_fail(err, LC_ERR_USAGE, "--rows, --batch-rows and --samples must be above 0");
    }
    if (l->phase_s <= 0 || l->write_rate <= 0 || l->limit_rate <= 0 || l->group_rate < 0 ||
        (l->four_readers && (l->point_rate <= 0 || l->range_rate <= 0))) {
        return lc_fail(err, LC_ERR_USAGE, "rates and --phase-seconds must be above 0");
    }
    if (l->nice > NICE_MAX) {
        return lc_fail(err, LC_ERR_USAGE, "--nice is 0 to %d, not %" PRIu64, NICE_MAX, l->nice);
    }
    if (l->hold_ms > 0 && l->search_s <= 0) {
        return lc_fail(err, LC_ERR_USAGE, "--search-seconds must be above 0");
    }
    if (q->delivery.budget_texts.n == 0) {
        q->delivery.budget_texts = (struct lc_strings){default_budget, 1};
    }
    int rc = lc_output_settle(&q->delivery, q->global.json, err);
    for (size_t i = 0; rc == 0 && i < q->delivery.n_budgets; i++) {
        if (q->delivery.budgets[i].of == LC_BUDGET_RATIO) {
            rc = lc_fail(err, LC_ERR_USAGE, "bench live has no reference for the budget %s",
                         q->delivery.budgets[i].text);
        }
    }
    return rc;
}

/* --long changes what the other options' defaults are, and a --group-rate is not lowered. */
static bool is_given(int argc, const char **argv, const char *option)
{
    size_t n = strlen(option);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], option, n) == 0 && (argv[i][n] == '\0' || argv[i][n] == '=')) {
            return true;
        }
    }
    return false;
}

/* What is generated and derived, and how long each phase lasts. */
static size_t add_table_options(struct lc_option *to, struct request *q)
{
    struct lc_live_options *l = &q->live;
    const struct lc_option options[] = {
        {"long", 0, LC_OPT_FLAG, &q->long_run, NULL,
         "20 M rows and four readers (point, LIMIT, GROUP BY, range); point, LIMIT and range "
         "reads run at half the highest rate that keeps their p99 within 50 ms before the "
         "change; the budget also applies to point reads and writes"},
        {"rows", 'n', LC_OPT_UINT, &l->rows, "N", "rows to generate (default: 5M; --long: 20M)"},
        {"partitioned", 0, LC_OPT_FLAG, &l->partitioned, NULL, "partition the table by month"},
        {"migrations-dir", 'd', LC_OPT_STRING, &l->migrations_dir, "DIR",
         "migrations that add the column region and fill it in (default: the shipped ones)"},
        {"rules", 0, LC_OPT_STRING, &l->rules, "FILE",
         "the rules of the column, to verify it with (default: config/region.csv)"},
        {"phase-seconds", 0, LC_OPT_DOUBLE, &l->phase_s, "S",
         "minimum length of each phase (default: 5; --long: 15)"},
        {"samples", 0, LC_OPT_UINT, &l->samples, "N",
         "minimum number of LIMIT reads in each phase (default: 200)"},
        {"repeat-seconds", 0, LC_OPT_DOUBLE, &l->repeat_s, "S",
         "repeat a backfill that is too short for that, for at most S seconds (default: 60; "
         "--long: 300)"},
        {"add-apart", 0, LC_OPT_FLAG, &l->add_apart, NULL,
         "report ADD COLUMN separately and do not apply the budget to it: for old servers, where "
         "it waits for running SELECTs"},
    };
    memcpy(to, options, sizeof options);
    return sizeof options / sizeof *options;
}

/* The writer and the readers. */
static size_t add_load_options(struct lc_option *to, struct lc_live_options *l)
{
    const struct lc_option options[] = {
        {"write-rate", 0, LC_OPT_DOUBLE, &l->write_rate, "R",
         "batches a second (default: 5; --long: 20)"},
        {"batch-rows", 0, LC_OPT_UINT, &l->batch_rows, "N", "rows in a batch (default: 1000)"},
        {"limit-rate", 0, LC_OPT_DOUBLE, &l->limit_rate, "R",
         "LIMIT reads a second (default: 50; --long: 20, scaled by the rate search)"},
        {"group-rate", 0, LC_OPT_DOUBLE, &l->group_rate, "R",
         "GROUP BY reads a second; 0: one after another (default: 2; --long: 0.5; fewer if the "
         "table is so large that they take more than a quarter of the time)"},
        {"point-rate", 0, LC_OPT_DOUBLE, &l->point_rate, "R",
         "with --long: reads by key, a second (default: 20, scaled by the rate search)"},
        {"range-rate", 0, LC_OPT_DOUBLE, &l->range_rate, "R",
         "with --long: reads of ten minutes of events, a second (default: 5, scaled by the rate "
         "search)"},
        {"nice", 0, LC_OPT_UINT, &l->nice, "N",
         "nice value of the threads of GROUP BY reads and of the embedded engine's merges and "
         "mutations, so that they yield to the others; needs CAP_SYS_NICE; a server's "
         "configuration sets that of its mutations (default: 0; --long: 10)"},
        {"hold", 0, LC_OPT_DOUBLE, &l->hold_ms, "MS",
         "with --long: the p99 that the highest rate must keep (default: 50); 0: do not search, "
         "use the rates given"},
        {"search-seconds", 0, LC_OPT_DOUBLE, &l->search_s, "S",
         "with --long: how long to try each rate (default: 4)"},
    };
    memcpy(to, options, sizeof options);
    return sizeof options / sizeof *options;
}

/*
 * What happens to the tables and the results; ends the table of options. The three functions of
 * this kind return how many options they have put to `to`.
 */
static size_t add_end_options(struct lc_option *to, struct request *q)
{
    struct lc_live_options *l = &q->live;
    const struct lc_option options[] = {
        {"drop-existing", 0, LC_OPT_FLAG, &l->drop_existing, NULL,
         "drop an existing table analytics.events; without this option livecol refuses to run if "
         "there is one"},
        {"details", 0, LC_OPT_FLAG, &q->details, NULL,
         "also print n, errors, qps, mean, σ and all percentiles of each stream and phase, and where the time "
         "of the slowest run went"},
        {"keep", 0, LC_OPT_FLAG, &q->keep, NULL,
         "keep the tables, which are otherwise dropped at the end"},
        LC_OUTPUT_OPTIONS(&q->delivery),
        {0},
    };
    memcpy(to, options, sizeof options);
    return sizeof options / sizeof *options;
}

/*
 * Options into *q, which may be released after any outcome. The defaults depend on --long, so
 * they are chosen before the options are read.
 */
static int parse(struct request *q, int argc, const char **argv, struct lc_error *err)
{
    struct lc_live_options *l = &q->live;
    *q = (struct request){.live =
                              is_given(argc, argv, "--long") ? lc_live_long() : lc_live_defaults(),
                          .delivery = LC_OUTPUT_INIT};
    l->group_fits = !is_given(argc, argv, "--group-rate");
    struct lc_option options[OPTIONS_MAX];
    size_t n = add_table_options(options, q);
    n += add_load_options(options + n, l);
    add_end_options(options + n, q);
    const struct lc_command command = {
        .name = "bench live",
        .synopsis = "[OPTIONS]",
        .about =
            "Add the column region to a live table of events and fill it in while a writer and "
            "two readers run, then verify that no read or write failed, no row is lost, and "
            "every region is what the rules say. LIMIT reads must stay within the budget, by "
            "default p99=100ms, in every phase: before ADD COLUMN, after it, during the "
            "backfill, and after the backfill. The folder of --path is created if it does not "
            "exist.",
        .options = options,
        .connects = true,
        .examples =
            "  livecol bench live --backend embedded --path \"$(mktemp -d)\"\n"
            "  CLICKHOUSE_URL=http://default@127.0.0.1:8123/default livecol bench live\n"
            "  livecol bench live --rows 1M --partitioned --budget p99=50ms --plot pictures\n"
            "  livecol bench live --long --partitioned --export-json long.json\n",
    };
    struct lc_strings rest = {0};
    int rc = lc_options_parse(&command, argc, argv, &q->global, &rest, err);
    return rc == 0 ? check(q, &rest, err) : rc;
}

/* Defaults that are looked for, and the embedded engine's folder. */
static int settle(struct request *q, struct lc_error *err)
{
    int rc = 0;
    if (q->live.migrations_dir == NULL) {
        rc = lc_locate_shipped("migrations", &q->migrations_dir, err);
        q->live.migrations_dir = q->migrations_dir;
    }
    if (rc == 0 && q->live.rules == NULL) {
        rc = lc_locate_shipped("config/region.csv", &q->rules, err);
        q->live.rules = q->rules;
    }
    struct lc_connect *c = &q->global.connect;
    c->merge_nice = (unsigned)q->live.nice;
    /*
     * The folder of --path belongs to the benchmark: other commands
     * refuse one that is not there.
     */
    c->make_path = true;
    /*
     * The embedded engine reads its functions when it starts, so the shipped ones
     * are looked up before that.
     */
    if (rc == 0 && c->embedded && c->path != NULL && c->functions == NULL) {
        rc = lc_locate_function(c->path, c->scripts, err);
    }
    return rc;
}

/* What the budgets are for, and how it is called; with --long all of them. */
static const struct {
    enum lc_live_stream stream;
    const char *what;
} budgeted[] = {
    {LC_LIVE_LIMIT, "LIMIT reads"}, {LC_LIVE_POINT, "point reads"}, {LC_LIVE_WRITE, "writes"}};

/* Budgets hold for LIMIT reads; in a long run also for point reads and writes. */
static size_t n_budgeted(const struct request *q)
{
    return q->live.four_readers ? sizeof budgeted / sizeof *budgeted : 1;
}

/* The phase of a series of that stream; NULL: it is another stream's. */
static const char *phase_of(const struct lc_series *s, enum lc_live_stream stream)
{
    const char *name = lc_live_stream_name(stream);
    size_t n = strlen(name);
    return strncmp(s->name, name, n) == 0 && s->name[n] == '/' ? s->name + n + 1 : NULL;
}

/* Every phase of those streams by every budget. */
static void judge(const struct request *q, struct lc_result *o)
{
    for (size_t b = 0; b < q->delivery.n_budgets; b++) {
        for (size_t k = 0; k < n_budgeted(q); k++) {
            for (size_t i = 0; i < o->n_series; i++) {
                const char *phase = phase_of(o->series[i], budgeted[k].stream);
                if (phase != NULL && strcmp(phase, lc_live_phase_name(LC_LIVE_ADDING)) != 0) {
                    lc_result_judge(o, &q->delivery.budgets[b], i, 0);
                }
            }
        }
    }
}

/* The line of a budget: the stream's worst phase. */
static void add_verdict(const struct lc_result *o, const struct lc_budget *budget,
                        enum lc_live_stream stream, const char *what, struct lc_buf *out)
{
    const struct lc_judgement *worst = NULL;
    char figure[48];
    for (size_t i = 0; i < o->n_judgements; i++) {
        const struct lc_judgement *j = &o->judgements[i];
        /* The worst figure is the lowest of a rate, and the highest of a time or a count. */
        bool least = budget->of == LC_BUDGET_QPS;
        if (strcmp(j->budget.text, budget->text) == 0 &&
            phase_of(o->series[j->series], stream) != NULL &&
            (worst == NULL || j->verdict > worst->verdict ||
             (j->verdict == worst->verdict &&
              (least ? j->actual < worst->actual : j->actual > worst->actual)))) {
            worst = j;
        }
    }
    if (worst == NULL) {
        return;
    }
    const struct lc_series *s = o->series[worst->series];
    if (worst->verdict == LC_VERDICT_TOO_FEW) {
        (void)lc_buf_addf(out, "MISSED  %s keep %s: refused, %s has %zu of them and it takes %zu\n",
                          what, budget->text, phase_of(s, stream), s->n,
                          lc_stats_enough(budget->p));
    } else {
        (void)lc_buf_addf(
            out, "%s  %s keep %s: %s in the worst phase, %s\n",
            worst->verdict == LC_VERDICT_MET ? "ok    " : "MISSED", what, budget->text,
            lc_budget_figure(budget, worst->actual, figure, sizeof figure), phase_of(s, stream));
    }
}

/* The tables of all series, between empty lines. */
static int add_details(const struct lc_result *o, struct lc_buf *out)
{
    struct lc_text_table all, slowest;
    lc_result_table(o, false, &all);
    lc_result_slowest(o, &slowest);
    int rc = lc_buf_adds(out, "\n");
    rc = rc == 0 ? lc_text_table_write(&all, LC_TEXT_TABLE_TEXT, out) : rc;
    rc = rc == 0 ? lc_buf_adds(out, "\n") : rc;
    rc = rc == 0 ? lc_text_table_write(&slowest, LC_TEXT_TABLE_TEXT, out) : rc;
    rc = rc == 0 ? lc_buf_adds(out, "\n") : rc;
    lc_text_table_release(&all);
    lc_text_table_release(&slowest);
    return rc;
}

/* What a run says at its end: its summary, the budgets, and a warning of a noisy machine. */
static int deliver(const struct request *q, const struct lc_live *live, struct lc_result *o,
                   struct lc_error *err)
{
    struct lc_buf out;
    lc_buf_init(&out, SUMMARY_MAX_BYTES);
    int rc = lc_live_outcome(live, o);
    /*
     * Phases of an interrupted run are short of samples: a verdict on
     * them would blame the server.
     */
    if (rc == 0 && !live->partial) {
        judge(q, o);
    }
    rc = rc == 0 ? lc_result_where(o, &out) : rc;
    rc = rc == 0 ? lc_buf_adds(&out, "\n") : rc;
    rc = rc == 0 ? lc_live_summary(live, &out) : rc;
    rc = rc == 0 && q->details ? add_details(o, &out) : rc;
    for (size_t i = 0; rc == 0 && i < q->delivery.n_budgets; i++) {
        for (size_t k = 0; k < n_budgeted(q); k++) {
            add_verdict(o, &q->delivery.budgets[i], budgeted[k].stream, budgeted[k].what, &out);
        }
    }
    rc = rc == 0 ? lc_result_noise(o, &out) : rc;
    const char *text = rc == 0 ? lc_buf_str(&out) : NULL;
    rc = text == NULL ? lc_fail(err, LC_ERR_NOMEM, "no memory for the report")
                      : lc_output_hand_out(&q->delivery, o, q->global.json, text, err);
    lc_buf_release(&out);
    return rc;
}

/* One run. Returns the exit code, having said every error itself; *err holds the first one. */
static int run(struct request *q, struct lc_error *err)
{
    enum { FAILED = 1, MISSED = 4 };
    struct lc_backend *b = NULL;
    struct lc_live live = {0};
    struct lc_result o = {0};
    struct lc_status_line follow;
    struct lc_error later = LC_ERROR_INIT;
    int code = 0;
    int rc = settle(q, err);
    rc = rc == 0 ? lc_connection_open(&q->global, &b, err) : rc;
    if (rc != 0) {
        goto done;
    }
    lc_status_line_init(&follow, q->global.quiet);
    q->live.cancel = lc_stop_flag();
    q->live.line = lc_status_line_line;
    q->live.ctx = &follow;
    lc_result_begin(&o, "live", b);
    rc = lc_live_run(&live, b, &q->live, err);
    lc_result_end(&o);
    lc_status_line_end(&follow);
    if (live.load != NULL) {
        if (deliver(q, &live, &o, &later) != 0) {
            lc_complain(&later);
            code = lc_exit_code(&later);
        }
        code = code == 0 && lc_result_missed(&o) ? MISSED : code;
    }
    /*
     * Tables that stay do not change the exit code: the figures are good,
     * and what is left is said.
     */
    later = LC_ERROR_INIT;
    if (!q->keep && lc_live_clean(&live, b, &later) != 0) {
        lc_warn("the tables of this run could not be dropped: %s", later.msg);
    }
done:
    if (rc != 0) { /* with a load there was a result to hand out */
        code = lc_message_fail(q->global.json && live.load == NULL, err);
        code = rc == LC_ERR_FOUND ? FAILED : code;
    }
    lc_live_release(&live);
    lc_result_release(&o);
    lc_backend_free(b);
    return code;
}

int lc_cmd_bench_live(int argc, const char **argv)
{
    struct request q;
    struct lc_error err = LC_ERROR_INIT;
    int rc = parse(&q, argc, argv, &err);
    int code = 0;
    if (rc == 0) {
        code = run(&q, &err);
    } else if (rc != LC_HELP_PRINTED) { /* else the help was printed */
        code = lc_message_fail(q.global.json, &err);
    }
    free(q.migrations_dir);
    free(q.rules);
    return code;
}
