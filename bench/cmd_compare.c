/* livecol bench compare */
#include "cmd_bench.h"

#include "delivery.h"
#include "options.h"
#include "outcome.h"
#include "talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 1 << 24 };

/* The series of that name, or n_series. */
static size_t find(const struct lc_outcome *o, const char *name)
{
    size_t i = 0;
    while (i < o->n_series && strcmp(o->series[i]->name, name) != 0) {
        i++;
    }
    return i;
}

static const char *verdict(const struct lc_welch *w)
{
    if (!w->decided) {
        return "too few runs";
    }
    if (!w->proven) {
        return "no difference proven";
    }
    return w->difference > 0 ? "slower, proven" : "faster, proven";
}

/* One row a series that both have; *regressed where one is proven slower beyond the tolerance. */
static void compare_all(const struct lc_outcome *a, const struct lc_outcome *b,
                        const struct lc_delivery *d, struct lc_report *r, bool *regressed)
{
    lc_report_init(r, "name|n|n|mean ms|mean ms|ratio|difference ms|between|and|p|verdict");
    for (size_t i = 0; i < b->n_series; i++) {
        const struct lc_series *now = b->series[i];
        size_t k = find(a, now->name);
        if (k == a->n_series) {
            continue;
        }
        const struct lc_series *then = a->series[k];
        struct lc_welch w = lc_stats_welch(&then->stats, &now->stats, d->confidence_percent / 100);
        double ratio = then->stats.mean > 0 ? now->stats.mean / then->stats.mean : 0;
        lc_report_cell(r, "%s", now->name);
        lc_report_cell(r, "%zu", then->n);
        lc_report_cell(r, "%zu", now->n);
        lc_report_number(r, then->stats.mean);
        lc_report_number(r, now->stats.mean);
        lc_report_cell(r, "%.3f", ratio);
        lc_report_cell(r, "%+.3g", w.difference);
        lc_report_cell(r, "%+.3g", w.low);
        lc_report_cell(r, "%+.3g", w.high);
        lc_report_cell(r, "%.2g", w.p);
        lc_report_cell(r, "%s", verdict(&w));
        *regressed = *regressed || (w.proven && ratio > 1 + d->tolerance_percent / 100);
    }
}

static int only_in(const struct lc_outcome *a, const struct lc_outcome *b, const char *where,
                   struct lc_buf *out)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < a->n_series; i++) {
        if (find(b, a->series[i]->name) == b->n_series) {
            rc = lc_buf_addf(out, "%s is in %s only\n", a->series[i]->name, where);
        }
    }
    return rc;
}

static int describe(const char *letter, const char *path, const struct lc_outcome *o,
                    struct lc_buf *out)
{
    return lc_buf_addf(out, "%s  %s: %s, %s, %s, %u cores, livecol %s%s%s\n", letter, path,
                       o->scenario, o->machine.date, o->machine.cpu, o->machine.cores,
                       o->machine.commit, o->engine[0] != '\0' ? ", ClickHouse " : "", o->engine);
}

static int run(const char *path_a, const char *path_b, const struct lc_delivery *d, bool *regressed,
               struct lc_error *err)
{
    struct lc_outcome a = {0};
    struct lc_outcome b = {0};
    struct lc_report r = {0};
    struct lc_buf out;
    lc_buf_init(&out, TEXT_MAX_BYTES);
    int rc = lc_outcome_load(&a, path_a, err);
    rc = rc == 0 ? lc_outcome_load(&b, path_b, err) : rc;
    if (rc == 0 && strcmp(a.scenario, b.scenario) != 0) {
        rc = lc_fail(err, LC_ERR_USAGE, "%s is of bench %s, %s of bench %s: not to be compared",
                     path_a, a.scenario, path_b, b.scenario);
    }
    if (rc == 0) {
        compare_all(&a, &b, d, &r, regressed);
        int text = describe("A", path_a, &a, &out);
        text = text == 0 ? describe("B", path_b, &b, &out) : text;
        text = text == 0 && strcmp(a.machine.cpu, b.machine.cpu) != 0
                   ? lc_buf_adds(&out, "They come from different machines.\n")
                   : text;
        text = text == 0 ? lc_buf_addf(&out, "Welch's t-test at %.4g %%; first A, then B\n\n",
                                       d->confidence_percent)
                         : text;
        text = text == 0 ? lc_report_write(&r, LC_REPORT_TEXT, &out) : text;
        text = text == 0 ? only_in(&a, &b, "A", &out) : text;
        text = text == 0 ? only_in(&b, &a, "B", &out) : text;
        rc = text != 0 ? lc_fail(err, LC_ERR_NOMEM, "no memory for the report")
                       : lc_report_save("-", out.p, out.n, err);
    }
    lc_report_release(&r);
    lc_buf_release(&out);
    lc_outcome_release(&a);
    lc_outcome_release(&b);
    return rc;
}

int lc_cmd_bench_compare(int argc, const char **argv)
{
    enum { REGRESSED = 6 };
    struct lc_delivery d = LC_DELIVERY_INIT;
    struct lc_global global;
    struct lc_strings rest;
    struct lc_error err = LC_ERROR_INIT;
    bool regressed = false;
    const struct lc_option options[] = {LC_COMPARISON_OPTIONS(&d), {0}};
    const struct lc_command command = {
        .name = "bench compare",
        .synopsis = "[OPTIONS] A.json B.json",
        .about = "Says what got slower or faster from A to B, and whether that is proven. Both "
                 "are results that a bench command wrote with --export-json or --json.",
        .options = options,
        .examples = "  livecol bench query t.events.region --export-json before.json\n"
                    "  livecol bench query t.events.region --export-json after.json\n"
                    "  livecol bench compare before.json after.json --tolerance 5\n",
    };
    int rc = lc_options_parse(&command, argc, argv, &global, &rest, &err);
    if (rc == LC_ERR_FOUND) {
        return 0; /* the help was printed */
    }
    rc = rc == 0 ? lc_delivery_settle(&d, &err) : rc;
    if (rc == 0 && rest.n != 2) {
        rc =
            lc_fail(&err, LC_ERR_USAGE, "bench compare takes two files, and %zu are given", rest.n);
    }
    rc = rc == 0 ? run(rest.v[0], rest.v[1], &d, &regressed, &err) : rc;
    if (rc != 0) {
        lc_complain(&err);
        return lc_exit_code(&err);
    }
    return regressed ? REGRESSED : 0;
}
