/* livecol bench live */
#include "cmd_bench.h"

#include "budget.h"
#include "follow.h"
#include "live.h"
#include "options.h"
#include "places.h"
#include "report.h"
#include "stop.h"
#include "talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUDGETS = 8, SUMMARY_MAX_BYTES = 1 << 20 };

/* What the command line asks for, and the strings behind it. */
struct request {
    struct lc_live_options live;
    struct lc_strings budget_texts;
    struct lc_budget budgets[BUDGETS];
    size_t n_budgets;
    struct lc_global global;
    bool keep;
    char *migrations_dir;
    char *rules;
};

static int parse(struct request *q, int argc, const char **argv, struct lc_error *err)
{
    struct lc_live_options *l = &q->live;
    *l = lc_live_defaults();
    const struct lc_option options[] = {
        {"rows", 'n', LC_OPT_UINT, &l->rows, "N", "rows to generate (default: 5M)"},
        {"partitioned", 0, LC_OPT_FLAG, &l->partitioned, NULL, "partition the table by month"},
        {"migrations-dir", 'd', LC_OPT_STRING, &l->migrations_dir, "DIR",
         "migrations that add and fill the column region (default: the shipped ones)"},
        {"rules", 0, LC_OPT_STRING, &l->rules, "FILE",
         "the rules behind the column, to prove it by (default: config/region.csv)"},
        {"phase-seconds", 0, LC_OPT_DOUBLE, &l->phase_s, "S",
         "each phase lasts at least so long (default: 5)"},
        {"samples", 0, LC_OPT_UINT, &l->samples, "N",
         "each phase has at least so many LIMIT reads (default: 200)"},
        {"write-rate", 0, LC_OPT_DOUBLE, &l->write_rate, "R", "batches a second (default: 5)"},
        {"batch-rows", 0, LC_OPT_UINT, &l->batch_rows, "N", "rows a batch (default: 1000)"},
        {"limit-rate", 0, LC_OPT_DOUBLE, &l->limit_rate, "R", "LIMIT reads a second (default: 50)"},
        {"group-rate", 0, LC_OPT_DOUBLE, &l->group_rate, "R",
         "GROUP BY reads a second; 0: one after the other (default: 2)"},
        {"budget", 'b', LC_OPT_LIST, &q->budget_texts, "BUDGET",
         "what LIMIT reads must keep to in every phase; several may be given (default: p99=100ms)"},
        {"drop-existing", 0, LC_OPT_FLAG, &l->drop_existing, NULL,
         "drop the table analytics.events that is there; else such a run is refused"},
        {"keep", 0, LC_OPT_FLAG, &q->keep, NULL,
         "leave the tables; else they are dropped at the end"},
        {0},
    };
    const struct lc_command command = {
        .name = "bench live",
        .synopsis = "[OPTIONS]",
        .about =
            "Adds the column region to a live table of events and fills it in, while a writer "
            "and two readers go on, and proves that nothing broke: no read or write failed, no "
            "row is lost, every region is what the rules say, and LIMIT reads kept their "
            "budget before, during and after.",
        .options = options,
        .connects = true,
        .examples = "  livecol bench live --backend embedded --path \"$(mktemp -d)\"\n"
                    "  CLICKHOUSE_URL=http://default@127.0.0.1:8123/default livecol bench live\n"
                    "  livecol bench live --rows 1M --partitioned --budget p99=50ms\n",
    };
    struct lc_strings rest = {0};
    int rc = lc_options_parse(&command, argc, argv, &q->global, &rest, err);
    if (rc != 0) {
        return rc;
    }
    if (rest.n > 0) {
        return lc_fail(err, LC_ERR_USAGE, "bench live takes no operand, and '%s' is one",
                       rest.v[0]);
    }
    if (l->rows == 0 || l->batch_rows == 0 || l->samples == 0) {
        return lc_fail(err, LC_ERR_USAGE, "--rows, --batch-rows and --samples must be above 0");
    }
    if (l->phase_s < 0 || l->write_rate <= 0 || l->limit_rate <= 0 || l->group_rate < 0) {
        return lc_fail(err, LC_ERR_USAGE, "rates and --phase-seconds must be above 0");
    }
    static const char *default_budget[] = {"p99=100ms"};
    if (q->budget_texts.n == 0) {
        q->budget_texts = (struct lc_strings){default_budget, 1};
    }
    for (size_t i = 0; i < q->budget_texts.n; i++) {
        if (q->n_budgets == BUDGETS) {
            return lc_fail(err, LC_ERR_USAGE, "at most %d budgets", BUDGETS);
        }
        rc = lc_budget_parse(q->budget_texts.v[i], &q->budgets[q->n_budgets], err);
        if (rc != 0) {
            return rc;
        }
        if (q->budgets[q->n_budgets++].of == LC_BUDGET_RATIO) {
            return lc_fail(err, LC_ERR_USAGE, "bench live has no reference for '%s'",
                           q->budget_texts.v[i]);
        }
    }
    return 0;
}

/* Defaults that are looked for, and the embedded engine's folder. */
static int settle(struct request *q, struct lc_error *err)
{
    int rc = 0;
    if (q->live.migrations_dir == NULL) {
        rc = lc_place_shipped("migrations", &q->migrations_dir, err);
        q->live.migrations_dir = q->migrations_dir;
    }
    if (rc == 0 && q->live.rules == NULL) {
        rc = lc_place_shipped("config/region.csv", &q->rules, err);
        q->live.rules = q->rules;
    }
    const struct lc_connect *c = &q->global.connect;
    if (rc == 0 && c->embedded && c->path != NULL && c->functions == NULL) {
        rc = lc_place_function(c->path, c->scripts, err);
    }
    return rc;
}

/* Judge every phase by every budget; the worst of each is said. 0, or LC_ERR_FOUND: missed. */
static int judge(const struct request *q, const struct lc_live *live, struct lc_buf *out)
{
    int rc = 0;
    for (size_t i = 0; i < q->n_budgets; i++) {
        const struct lc_budget *budget = &q->budgets[i];
        enum lc_verdict verdict = LC_VERDICT_MET;
        double worst = 0;
        unsigned worst_phase = 0;
        for (unsigned p = 0; p < LC_LIVE_PHASES; p++) {
            size_t n;
            double actual;
            double *ms = lc_live_ms(live, LC_LIVE_LIMIT, p, &n);
            struct lc_measured m = {.sorted_ms = ms,
                                    .n = n,
                                    .errors = lc_load_failed(live->load, LC_LIVE_LIMIT),
                                    .qps = (double)n / lc_live_phase_seconds(live, p)};
            enum lc_verdict v = lc_budget_check(budget, &m, &actual);
            bool worse = budget->of == LC_BUDGET_QPS ? actual < worst : actual > worst;
            if (p == 0 || worse) {
                worst = actual;
                worst_phase = p;
            }
            verdict = v > verdict ? v : verdict;
            free(ms);
        }
        char figure[48];
        (void)lc_buf_addf(out, "%s  budget %s of LIMIT reads: ",
                          verdict == LC_VERDICT_MET ? "ok    " : "MISSED", budget->text);
        if (verdict == LC_VERDICT_TOO_FEW) {
            (void)lc_buf_addf(out, "a phase has fewer than the %zu samples that it takes\n",
                              lc_stats_enough(budget->p));
        } else {
            (void)lc_buf_addf(out, "%s in the worst phase, %s\n",
                              lc_budget_figure(budget, worst, figure, sizeof figure),
                              lc_live_phase_name(worst_phase));
        }
        rc = verdict == LC_VERDICT_MET ? rc : LC_ERR_FOUND;
    }
    return rc;
}

enum { EXIT_FAILED = 1, EXIT_BUDGET = 4 };

static int run(struct request *q, struct lc_error *err)
{
    struct lc_backend *b = NULL;
    struct lc_live live = {0};
    struct lc_buf out;
    struct lc_follow follow;
    int code = 0;
    lc_buf_init(&out, SUMMARY_MAX_BYTES);
    int rc = settle(q, err);
    rc = rc == 0 ? lc_global_open(&q->global, &b, err) : rc;
    if (rc != 0) {
        goto done;
    }
    lc_follow_init(&follow, q->global.quiet);
    q->live.cancel = lc_stop_flag();
    q->live.line = lc_follow_line;
    q->live.ctx = &follow;
    rc = lc_live_run(&live, b, &q->live, err);
    lc_follow_end(&follow);
    if (live.load != NULL) {
        (void)lc_live_summary(&live, &out);
        if (!live.partial && judge(q, &live, &out) != 0) {
            code = EXIT_BUDGET;
        }
        (void)fwrite(out.p, 1, out.n, stdout);
    }
    if (!q->keep) {
        struct lc_error later = LC_ERROR_INIT;
        if (lc_live_clean(&live, b, &later) != 0) {
            lc_warn("the tables of this run could not be dropped: %s", later.msg);
        }
    }
done:
    if (rc != 0) {
        lc_complain(err);
        code = rc == LC_ERR_FOUND ? EXIT_FAILED : lc_exit_code(err);
    }
    lc_live_release(&live);
    lc_backend_free(b);
    lc_buf_release(&out);
    return code;
}

int lc_cmd_bench_live(int argc, const char **argv)
{
    struct request q = {0};
    struct lc_error err = LC_ERROR_INIT;
    int rc = parse(&q, argc, argv, &err);
    int code = 0;
    if (rc == 0) {
        code = run(&q, &err);
    } else if (rc != LC_ERR_FOUND) { /* else the help was printed */
        lc_complain(&err);
        code = lc_exit_code(&err);
    }
    free(q.migrations_dir);
    free(q.rules);
    return code;
}
