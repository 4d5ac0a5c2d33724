/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How samples become figures, comparisons and verdicts. Everything that grows does so by one
 * element at a time: a result has at most a few hundred of each. Where there is no memory
 * the result is marked as failed rather than each caller asked to check, and
 * lc_output_hand_out refuses it.
 */
#include "bench/result/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long the machine is watched at rest before the measuring. */
enum { REST_MS = 200 };

void lc_result_begin(struct lc_result *o, const char *scenario, struct lc_backend *b)
{
    *o = (struct lc_result){.scenario = scenario, .confidence = 0.995};
    lc_machine_read(&o->machine);
    if (b != NULL) {
        o->embedded = strcmp(lc_backend_kind(b), "embedded") == 0;
        /* An embedded engine's data path is nobody's business but this machine's. */
        (void)snprintf(o->where, sizeof o->where, "%s",
                       o->embedded ? "embedded" : lc_backend_where(b));
        (void)snprintf(o->engine, sizeof o->engine, "%s", lc_backend_version(b));
    } else {
        /* No server: all the work is in this process, so that others' load is noise. */
        o->embedded = true;
    }
    o->rest = lc_noise_rest(REST_MS);
    lc_noise_mark(&o->began);
}

void lc_result_end(struct lc_result *o)
{
    struct lc_noise_mark now;
    lc_noise_mark(&now);
    o->during = lc_noise_between(&o->began, &now);
    o->noisy = lc_noise_is_noisy(&o->rest, &o->during, o->embedded);
}

void lc_result_release(struct lc_result *o)
{
    for (size_t i = 0; i < o->n_series; i++) {
        struct lc_series *s = o->series[i];
        free(s->sql);
        free(s->ms);
        free(s->at_ms);
        free(s->waited_ms);
        free(s->server_each_ms);
        free(s->sorted);
        free(s->error);
        free(s);
    }
    /* A series is a block of its own: pointers to it stay good while the array grows. */
    free(o->series);
    free(o->comparisons);
    free(o->judgements);
    free(o->stretches);
    lc_json_free(o->facts);
    lc_json_free(o->source);
    *o = (struct lc_result){0};
}

/* Room for one more element behind n of them; NULL, and o->failed, where there is no memory. */
static void *grow(struct lc_result *o, void *array, size_t n, size_t element_bytes)
{
    void *more = realloc(array, (n + 1) * element_bytes);
    o->failed = o->failed || more == NULL;
    return more;
}

struct lc_series *lc_result_add(struct lc_result *o, const char *name, const char *sql)
{
    struct lc_series *s = calloc(1, sizeof *s);
    struct lc_series **more =
        s != NULL ? grow(o, o->series, o->n_series, sizeof(struct lc_series *)) : NULL;
    if (more == NULL) {
        o->failed = true;
        free(s);
        return NULL;
    }
    o->series = more;
    o->series[o->n_series++] = s;
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    /* Without memory for a copy the series has no statement, and is still good. */
    s->sql = sql != NULL ? strdup(sql) : NULL;
    return s;
}

void lc_result_stretch(struct lc_result *o, const char *name, double from_ms, double to_ms)
{
    struct lc_stretch *more = grow(o, o->stretches, o->n_stretches, sizeof *more);
    if (more == NULL) {
        return;
    }
    o->stretches = more;
    struct lc_stretch *s = &more[o->n_stretches++];
    *s = (struct lc_stretch){.from_ms = from_ms, .to_ms = to_ms};
    (void)snprintf(s->name, sizeof s->name, "%s", name);
}

/* Does the sample belong to the series? Negative: any phase, any variant. */
static bool wanted(const struct lc_sample *s, const struct lc_series_of *of)
{
    return (of->phase < 0 || s->phase == of->phase) &&
           (of->variant < 0 || s->variant == of->variant);
}

int lc_series_take(struct lc_series *s, const struct lc_sample *samples, size_t n,
                   struct lc_series_of of)
{
    double service_s = 0;
    double server_s = 0;
    double rows_read = 0;
    double bytes_read = 0;
    s->ms = calloc(n + 1, sizeof *s->ms);
    s->at_ms = calloc(n + 1, sizeof *s->at_ms);
    s->waited_ms = calloc(n + 1, sizeof *s->waited_ms);
    s->server_each_ms = calloc(n + 1, sizeof *s->server_each_ms);
    s->sorted = calloc(n + 1, sizeof *s->sorted);
    if (s->ms == NULL || s->at_ms == NULL || s->waited_ms == NULL || s->server_each_ms == NULL ||
        s->sorted == NULL) {
        return LC_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (!wanted(&samples[i], &of)) {
            continue;
        }
        /* A run that failed has no latency: an error at once would look fast. */
        if (samples[i].failed) {
            s->errors++;
            continue;
        }
        s->ms[s->n] = (double)samples[i].latency_ns / 1e6;
        s->at_ms[s->n] = (double)samples[i].at_ns / 1e6;
        s->waited_ms[s->n] = s->ms[s->n] - (double)samples[i].service_ns / 1e6;
        s->server_each_ms[s->n] = samples[i].server_s * 1e3;
        s->n++;
        service_s += (double)samples[i].service_ns / 1e9;
        server_s += samples[i].server_s;
        rows_read += (double)samples[i].rows_read;
        bytes_read += (double)samples[i].bytes_read;
    }
    /* ms stays in the order of time, for the time line; percentiles take a sorted copy. */
    memcpy(s->sorted, s->ms, s->n * sizeof *s->ms);
    lc_stats_sort(s->sorted, s->n);
    s->stats = lc_stats_of(s->ms, s->n);
    s->seconds = of.seconds;
    if (s->n > 0) {
        double good = (double)s->n;
        /*
         * A closed loop's rate is that of workers that do nothing else: time spent
         * on other contestants of the round does not count. An open loop's is what
         * was served of its schedule.
         */
        double busy_s = of.open ? of.seconds : service_s / of.workers;
        s->qps = busy_s > 0 ? good / busy_s : 0;
        s->server_ms = server_s * 1000 / good;
        s->rows_read = rows_read / good;
        s->bytes_read = bytes_read / good;
    }
    return 0;
}

bool lc_series_server_known(const struct lc_series *s)
{
    return s->server_ms > 0 || s->rows_read > 0;
}

bool lc_is_regression(const struct lc_welch *w, double mean_a, double tolerance)
{
    return w->proven && w->low > tolerance * mean_a;
}

void lc_result_compare(struct lc_result *o, size_t of, size_t against)
{
    struct lc_difference *more = grow(o, o->comparisons, o->n_comparisons, sizeof *more);
    if (more == NULL) {
        return;
    }
    o->comparisons = more;
    const struct lc_series *a = o->series[against];
    const struct lc_series *b = o->series[of];
    /* Results of which no answer is known cannot be said to disagree. */
    bool known = a->answer_known && b->answer_known;
    struct lc_welch welch = lc_stats_welch(&a->stats, &b->stats, o->confidence);
    more[o->n_comparisons++] = (struct lc_difference){
        .of = of,
        .against = against,
        .ratio = a->stats.mean > 0 ? b->stats.mean / a->stats.mean : 0,
        .welch = welch,
        .regressed = lc_is_regression(&welch, a->stats.mean, o->tolerance),
        .answers_agree =
            !known || (a->answer == b->answer && !a->answer_varies && !b->answer_varies),
    };
}

void lc_result_judge(struct lc_result *o, const struct lc_budget *budget, size_t series,
                     double ratio)
{
    struct lc_judgement *more = grow(o, o->judgements, o->n_judgements, sizeof *more);
    if (more == NULL) {
        return;
    }
    o->judgements = more;
    const struct lc_series *s = o->series[series];
    struct lc_judgement *j = &more[o->n_judgements++];
    *j = (struct lc_judgement){.budget = *budget, .series = series};
    struct lc_measured m = {
        .sorted_ms = s->sorted, .n = s->n, .errors = s->errors, .qps = s->qps, .ratio = ratio};
    j->verdict = lc_budget_check(budget, &m, &j->actual);
}

bool lc_result_regressed(const struct lc_result *o)
{
    for (size_t i = 0; i < o->n_comparisons; i++) {
        if (o->comparisons[i].regressed) {
            return true;
        }
    }
    return false;
}

const char *lc_result_verdict(const struct lc_welch *w, bool regressed)
{
    if (!w->decided) {
        return "too few runs";
    }
    if (!w->proven) {
        return "no difference proven";
    }
    /* The tolerance excuses what is slower; what is faster needs none. */
    if (w->difference > 0) {
        return regressed ? "slower, proven" : "slower, within the tolerance";
    }
    return "faster, proven";
}

bool lc_result_missed(const struct lc_result *o)
{
    for (size_t i = 0; i < o->n_judgements; i++) {
        if (o->judgements[i].verdict != LC_VERDICT_MET) {
            return true;
        }
    }
    return false;
}
