/* SPDX-License-Identifier: Apache-2.0 */
/* An outcome for people: the same words as text and as a page. */
#include "base/format.h"
#include "bench/result/result.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { AFTER_MAX_BYTES = 1 << 22 };

/* For people three digits; for programs (raw) all that the figure has. */
static void number_cell(struct lc_text_table *r, double v, bool raw)
{
    if (raw) {
        lc_text_table_cell(r, "%.10g", v);
    } else {
        lc_text_table_number(r, v);
    }
}

/* Nothing, where there are too few runs for it. */
static void percentile_cell(struct lc_text_table *r, const struct lc_series *s, double p, bool raw)
{
    if (s->n < lc_stats_enough(p)) {
        lc_text_table_cell(r, "%s", raw ? "" : "–");
    } else {
        number_cell(r, lc_stats_percentile(s->sorted, s->n, p), raw);
    }
}

/* Server-side columns only where a server said something. */
static bool server_known(const struct lc_result *o)
{
    for (size_t i = 0; i < o->n_series; i++) {
        if (lc_series_server_known(o->series[i])) {
            return true;
        }
    }
    return false;
}

/* Nothing, where it is not known. */
static void known_cell(struct lc_text_table *r, bool known, double v)
{
    if (known) {
        number_cell(r, v, true);
    } else {
        lc_text_table_cell(r, "%s", "");
    }
}

void lc_result_table(const struct lc_result *o, bool raw, struct lc_text_table *r)
{
    static const double ps[] = {0.5, 0.9, 0.95, 0.99, 0.999};
    /* Programs get the same columns every time. */
    bool server = raw || server_known(o);
    /* Titles for programs carry units and no blanks; they are the members of the JSON. */
    lc_text_table_init(
        r, raw      ? "name|n|errors|qps|mean_ms|sd_ms|min_ms|p50_ms|p90_ms|p95_ms|p99_ms|p99_9_ms|"
                      "max_ms|server_mean_ms|rows_read|bytes_read"
           : server ? "name|n|errors|qps|mean ms|σ|p50|p90|p95|p99|p99.9|max|server ms|"
                      "rows read|MB read"
                    : "name|n|errors|qps|mean ms|σ|p50|p90|p95|p99|p99.9|max");
    for (size_t i = 0; i < o->n_series; i++) {
        const struct lc_series *s = o->series[i];
        char text[40];
        lc_text_table_cell(r, "%s", s->name);
        lc_text_table_cell(r, "%zu", s->n);
        lc_text_table_cell(r, "%" PRIu64, s->errors);
        number_cell(r, s->qps, raw);
        if (raw) {
            known_cell(r, s->n > 0, s->stats.mean);
            known_cell(r, s->n > 0, s->stats.sd);
            known_cell(r, s->n > 0, s->stats.min);
        } else if (s->n == 0) {
            lc_text_table_cell(r, "–");
            lc_text_table_cell(r, "–");
        } else {
            lc_text_table_number(r, s->stats.mean);
            lc_text_table_number(r, s->stats.sd);
        }
        for (size_t k = 0; k < sizeof ps / sizeof *ps; k++) {
            percentile_cell(r, s, ps[k], raw);
        }
        percentile_cell(r, s, 1, raw);
        if (raw) {
            known_cell(r, lc_series_server_known(s), s->server_ms);
            known_cell(r, lc_series_server_known(s), s->rows_read);
            known_cell(r, lc_series_server_known(s), s->bytes_read);
        } else if (server && !lc_series_server_known(s)) {
            for (int k = 0; k < 3; k++) {
                lc_text_table_cell(r, "–"); /* the server did not say */
            }
        } else if (server) {
            lc_text_table_number(r, s->server_ms);
            lc_text_table_cell(r, "%s", lc_format_count(s->rows_read, text, sizeof text));
            lc_text_table_number(r, s->bytes_read / 1e6);
        }
    }
}

void lc_result_slowest(const struct lc_result *o, struct lc_text_table *r)
{
    lc_text_table_init(r, "the slowest of|due at s|ms|waited ms|server ms|the rest");
    for (size_t i = 0; i < o->n_series; i++) {
        const struct lc_series *s = o->series[i];
        size_t k = 0;
        for (size_t j = 1; j < s->n; j++) {
            k = s->ms[j] > s->ms[k] ? j : k;
        }
        if (s->n == 0) {
            continue;
        }
        lc_text_table_cell(r, "%s", s->name);
        lc_text_table_cell(r, "%.3f", s->at_ms[k] / 1e3);
        lc_text_table_number(r, s->ms[k]);
        lc_text_table_number(r, s->waited_ms[k]);
        if (s->server_each_ms[k] > 0) {
            lc_text_table_number(r, s->server_each_ms[k]);
            lc_text_table_number(r, s->ms[k] - s->waited_ms[k] - s->server_each_ms[k]);
        } else {
            lc_text_table_cell(r, "–"); /* the server did not say */
            lc_text_table_cell(r, "–");
        }
    }
}

/*
 * Two lines: the machine; then the build, the server, the load and the
 * date, each where it is known.
 */
int lc_result_where(const struct lc_result *o, struct lc_buf *out)
{
    const struct lc_machine *m = &o->machine;
    char memory[40];
    int rc = lc_buf_addf(out, "%s, %u cores, %s; %s; %s\n", m->cpu, m->cores,
                         lc_format_bytes((double)m->memory_bytes, memory, sizeof memory), m->os,
                         m->kernel);
    rc = rc == 0 ? lc_buf_addf(out, "livecol %s (%s), %s %s", m->version, m->commit, m->compiler,
                               m->build)
                 : rc;
    if (rc == 0 && o->engine[0] != '\0') {
        rc = lc_buf_addf(out, "; ClickHouse %s, %s", o->engine, o->where);
    }
    if (rc == 0 && o->rows > 0) {
        rc = lc_buf_addf(out, "; %" PRIu64 " rows", o->rows);
    }
    if (rc == 0 && o->how[0] != '\0') {
        rc = lc_buf_addf(out, "; %s", o->how);
    }
    return rc == 0 ? lc_buf_addf(out, "; %s\n", m->date) : rc;
}

int lc_result_noise(const struct lc_result *o, struct lc_buf *out)
{
    char meanwhile[80] = ""; /* next to a server, which is another process, nobody can tell */
    if (!o->noisy) {
        return 0;
    }
    if (o->embedded) {
        (void)snprintf(meanwhile, sizeof meanwhile, " and %.0f %% meanwhile",
                       100 * o->during.others);
    }
    return lc_buf_addf(out,
                       "The machine was noisy: others used %.0f %% of it before%s, %.1f %% was "
                       "stolen, throttled %" PRIu64 " times. Do not trust small differences.\n",
                       100 * o->rest.others, meanwhile, 100 * o->during.steal, o->during.throttled);
}

/* Answers first: where they differ no time counts. */
static int comparison_line(const struct lc_result *o, const struct lc_difference *c,
                           struct lc_buf *out)
{
    const char *name = o->series[c->of]->name;
    const char *reference = o->series[c->against]->name;
    const struct lc_welch *w = &c->welch;
    double confidence = 100 * o->confidence;
    if (!c->answers_agree) {
        return lc_buf_addf(out, "FAILED  %s and %s give different answers\n", name, reference);
    }
    if (!w->decided) {
        return lc_buf_addf(out, "%s against %s: too few runs to compare\n", name, reference);
    }
    return lc_buf_addf(out,
                       "%s against %s: %s at %.4g %% (ratio %.3f, difference %+.3g ms, between "
                       "%+.3g and %+.3g)\n",
                       name, reference, lc_result_verdict(w, c->regressed), confidence, c->ratio,
                       w->difference, w->low, w->high);
}

static int judgement_line(const struct lc_result *o, const struct lc_judgement *j,
                          struct lc_buf *out)
{
    char figure[48];
    const struct lc_series *s = o->series[j->series];
    if (j->verdict == LC_VERDICT_TOO_FEW) {
        /* A ratio that cannot be judged is short of a reference, not of runs. */
        if (j->budget.of == LC_BUDGET_RATIO) {
            return lc_buf_addf(out,
                               "MISSED  budget %s of %s: there is no reference to compare with\n",
                               j->budget.text, s->name);
        }
        return lc_buf_addf(
            out, "MISSED  budget %s of %s: refused, %zu runs are too few (%zu needed)\n",
            j->budget.text, s->name, s->n,
            j->budget.of == LC_BUDGET_PERCENTILE ? lc_stats_enough(j->budget.p) : (size_t)1);
    }
    return lc_buf_addf(out, "%s  budget %s of %s: %s\n",
                       j->verdict == LC_VERDICT_MET ? "ok    " : "MISSED", j->budget.text, s->name,
                       lc_budget_figure(&j->budget, j->actual, figure, sizeof figure));
}

/* What follows the table: failures, comparisons, verdicts, noise. */
static int after_table(const struct lc_result *o, struct lc_buf *out)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->n_series; i++) {
        const struct lc_series *s = o->series[i];
        if (s->answer_varies) {
            rc = lc_buf_addf(out, "note    %s: the answer was not the same in all runs\n", s->name);
        }
        if (rc == 0 && s->errors > 0) {
            rc = lc_buf_addf(out, "FAILED  %s: %" PRIu64 " failed%s%s\n", s->name, s->errors,
                             s->error != NULL ? ": " : "", s->error != NULL ? s->error : "");
        }
    }
    for (size_t i = 0; rc == 0 && i < o->n_comparisons; i++) {
        rc = comparison_line(o, &o->comparisons[i], out);
    }
    for (size_t i = 0; rc == 0 && i < o->n_judgements; i++) {
        rc = judgement_line(o, &o->judgements[i], out);
    }
    rc = rc == 0 ? lc_result_noise(o, out) : rc;
    if (rc == 0 && o->partial) {
        rc = lc_buf_adds(out, "Interrupted: these are the results so far.\n");
    }
    return rc;
}

/*
 * Where it was measured, the table, then the lines after it; in Markdown these are in a fence,
 * as they are aligned by blanks.
 */
static int write_all(const struct lc_result *o, enum lc_text_table_form form, struct lc_buf *out)
{
    struct lc_text_table r;
    bool page = form == LC_TEXT_TABLE_MARKDOWN;
    lc_result_table(o, false, &r);
    struct lc_buf after;
    lc_buf_init(&after, AFTER_MAX_BYTES);
    int rc = lc_result_where(o, out);
    rc = rc == 0 ? lc_buf_adds(out, "\n") : rc;
    rc = rc == 0 ? lc_text_table_write(&r, form, out) : rc;
    rc = rc == 0 ? after_table(o, &after) : rc;
    if (rc == 0 && after.n > 0) {
        rc = lc_buf_adds(out, page ? "\n```\n" : "\n");
        rc = rc == 0 ? lc_buf_add(out, after.p, after.n) : rc;
        rc = rc == 0 && page ? lc_buf_adds(out, "```\n") : rc;
    }
    lc_buf_release(&after);
    lc_text_table_release(&r);
    return rc;
}

int lc_result_text(const struct lc_result *o, struct lc_buf *out)
{
    return write_all(o, LC_TEXT_TABLE_TEXT, out);
}

int lc_result_markdown(const struct lc_result *o, struct lc_buf *out)
{
    return write_all(o, LC_TEXT_TABLE_MARKDOWN, out);
}
