/* SPDX-License-Identifier: Apache-2.0 */
/* An outcome as JSON, and back: the shape that bench/schema.json describes. */
#include "bench/result/result.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT 1

static struct lc_json *machine_json(const struct lc_machine *m)
{
    struct lc_json *j = lc_json_object();
    lc_json_set_str(j, "cpu", m->cpu);
    lc_json_set_int(j, "cores", m->cores);
    lc_json_set_int(j, "memory_bytes", (int64_t)m->memory_bytes);
    lc_json_set_str(j, "os", m->os);
    lc_json_set_str(j, "kernel", m->kernel);
    lc_json_set_str(j, "compiler", m->compiler);
    lc_json_set_str(j, "flags", m->flags);
    lc_json_set_str(j, "build", m->build);
    lc_json_set_str(j, "commit", m->commit);
    lc_json_set_str(j, "version", m->version);
    return j;
}

/* How quiet the machine was, in shares of all its processors' time. */
static struct lc_json *noise_json(const struct lc_result *o)
{
    struct lc_json *j = lc_json_object();
    lc_json_set_bool(j, "noisy", o->noisy);
    lc_json_set_double(j, "others_before", o->rest.others);
    if (o->embedded) {
        lc_json_set_double(j, "others_during", o->during.others);
    } else {
        lc_json_set_str(j, "others_during", NULL); /* the server is among them */
    }
    lc_json_set_double(j, "steal_during", o->during.steal);
    lc_json_set_int(j, "throttled", (int64_t)o->during.throttled);
    return j;
}

/* An array of the numbers as they are: all figures can be made of the raw times again. */
static struct lc_json *numbers_json(const double *v, size_t n)
{
    struct lc_json *j = lc_json_array();
    for (size_t i = 0; i < n; i++) {
        lc_json_add_double(j, v[i]);
    }
    return j;
}

/* A percentile that there are too few runs for is null. */
static void set_percentile(struct lc_json *j, const char *key, const struct lc_series *s, double p)
{
    if (s->n < lc_stats_enough(p)) {
        lc_json_set_str(j, key, NULL);
    } else {
        lc_json_set_double(j, key, lc_stats_percentile(s->sorted, s->n, p));
    }
}

/* A figure, or null: 0 would be taken for a measured one. */
static void set_known(struct lc_json *j, const char *key, bool known, double v)
{
    if (known) {
        lc_json_set_double(j, key, v);
    } else {
        lc_json_set_str(j, key, NULL);
    }
}

static struct lc_json *series_json(const struct lc_series *s)
{
    struct lc_json *j = lc_json_object();
    char answer[24];
    lc_json_set_str(j, "name", s->name);
    lc_json_set_str(j, "sql", s->sql);
    lc_json_set_bool(j, "reference", s->reference);
    lc_json_set_int(j, "n", (int64_t)s->n);
    lc_json_set_int(j, "errors", (int64_t)s->errors);
    lc_json_set_str(j, "error", s->error);
    lc_json_set_double(j, "seconds", s->seconds);
    lc_json_set_double(j, "qps", s->qps);
    set_known(j, "mean_ms", s->n > 0, s->stats.mean);
    set_known(j, "sd_ms", s->n > 0, s->stats.sd);
    set_known(j, "min_ms", s->n > 0, s->stats.min);
    set_percentile(j, "p50_ms", s, 0.5);
    set_percentile(j, "p90_ms", s, 0.9);
    set_percentile(j, "p95_ms", s, 0.95);
    set_percentile(j, "p99_ms", s, 0.99);
    set_percentile(j, "p99_9_ms", s, 0.999);
    set_known(j, "max_ms", s->n > 0, s->stats.max);
    set_known(j, "server_mean_ms", lc_series_server_known(s), s->server_ms);
    set_known(j, "rows_read", lc_series_server_known(s), s->rows_read);
    set_known(j, "bytes_read", lc_series_server_known(s), s->bytes_read);
    /* As text: a 64-bit number loses its last digits in most readers of JSON. */
    (void)snprintf(answer, sizeof answer, "%016" PRIx64, s->answer);
    lc_json_set_str(j, "answer", s->answer_known ? answer : NULL);
    lc_json_set_bool(j, "answer_varies", s->answer_varies);
    lc_json_set(j, "at_ms", numbers_json(s->at_ms, s->n));
    lc_json_set(j, "times_ms", numbers_json(s->ms, s->n));
    lc_json_set(j, "waited_ms", numbers_json(s->waited_ms, s->n));
    lc_json_set(j, "server_times_ms", numbers_json(s->server_each_ms, s->n));
    return j;
}

/* A series is named by its name, not its number: numbers would change when a series is added. */
static struct lc_json *comparison_json(const struct lc_result *o, const struct lc_difference *c)
{
    struct lc_json *j = lc_json_object();
    lc_json_set_str(j, "series", o->series[c->of]->name);
    lc_json_set_str(j, "reference", o->series[c->against]->name);
    lc_json_set_double(j, "ratio", c->ratio);
    lc_json_set_double(j, "difference_ms", c->welch.difference);
    lc_json_set_double(j, "low_ms", c->welch.low);
    lc_json_set_double(j, "high_ms", c->welch.high);
    lc_json_set_double(j, "t", c->welch.t);
    lc_json_set_double(j, "df", c->welch.df);
    lc_json_set_double(j, "p", c->welch.p);
    lc_json_set_bool(j, "proven", c->welch.proven);
    lc_json_set_bool(j, "regressed", c->regressed);
    lc_json_set_bool(j, "answers_agree", c->answers_agree);
    return j;
}

static struct lc_json *judgement_json(const struct lc_result *o, const struct lc_judgement *g)
{
    /* In the order of enum lc_verdict. */
    static const char *const verdicts[] = {"met", "missed", "too few"};
    struct lc_json *j = lc_json_object();
    lc_json_set_str(j, "budget", g->budget.text);
    lc_json_set_str(j, "series", o->series[g->series]->name);
    lc_json_set_double(j, "actual", g->actual);
    lc_json_set_str(j, "verdict", verdicts[g->verdict]);
    return j;
}

/* The facts move into the JSON, which then owns them: a second call would have none. */
struct lc_json *lc_result_json(struct lc_result *o)
{
    struct lc_json *j = lc_json_object();
    lc_json_set_int(j, "format", FORMAT);
    lc_json_set_str(j, "scenario", o->scenario);
    lc_json_set_str(j, "date", o->machine.date);
    lc_json_set(j, "machine", machine_json(&o->machine));
    lc_json_set_str(j, "engine", o->engine[0] != '\0' ? o->engine : NULL);
    lc_json_set_str(j, "where", o->where[0] != '\0' ? o->where : NULL);
    lc_json_set_int(j, "rows", (int64_t)o->rows);
    lc_json_set_str(j, "how", o->how[0] != '\0' ? o->how : NULL);
    lc_json_set_double(j, "confidence", o->confidence);
    lc_json_set_double(j, "tolerance", o->tolerance);
    lc_json_set_bool(j, "partial", o->partial);
    lc_json_set(j, "noise", noise_json(o));
    struct lc_json *series = lc_json_array();
    for (size_t i = 0; i < o->n_series; i++) {
        lc_json_add(series, series_json(o->series[i]));
    }
    lc_json_set(j, "series", series);
    struct lc_json *comparisons = lc_json_array();
    for (size_t i = 0; i < o->n_comparisons; i++) {
        lc_json_add(comparisons, comparison_json(o, &o->comparisons[i]));
    }
    lc_json_set(j, "comparisons", comparisons);
    struct lc_json *budgets = lc_json_array();
    for (size_t i = 0; i < o->n_judgements; i++) {
        lc_json_add(budgets, judgement_json(o, &o->judgements[i]));
    }
    lc_json_set(j, "budgets", budgets);
    struct lc_json *phases = lc_json_array();
    for (size_t i = 0; i < o->n_stretches; i++) {
        struct lc_json *p = lc_json_object();
        lc_json_set_str(p, "name", o->stretches[i].name);
        lc_json_set_double(p, "from_ms", o->stretches[i].from_ms);
        lc_json_set_double(p, "to_ms", o->stretches[i].to_ms);
        lc_json_add(phases, p);
    }
    lc_json_set(j, "phases", phases);
    if (o->facts != NULL) {
        lc_json_set(j, "facts", o->facts);
        o->facts = NULL;
    }
    return j;
}

/* False where there is no such member, or it is something else. */
static bool is_true(const struct lc_json *j, const char *key)
{
    return lc_json_bool(lc_json_get(j, key), false);
}

/* A text of the file, such as a terminal can show. */
static void load_text(const struct lc_json *j, const char *key, const char *otherwise, char *out,
                      size_t size)
{
    const char *text = lc_json_str(lc_json_get(j, key), otherwise);
    (void)lc_printable(text, strlen(text), out, size);
}

/* The times of a series, as the samples that they were made of: *out, to be freed. */
static int load_samples(struct lc_sample **out, size_t *n, const struct lc_json *j,
                        const char *name, const char *path, struct lc_error *err)
{
    const struct lc_json *times = lc_json_get(j, "times_ms");
    const struct lc_json *at = lc_json_get(j, "at_ms");
    *n = lc_json_size(times);
    struct lc_sample *samples = calloc(*n + 1, sizeof *samples);
    if (samples == NULL) {
        return lc_no_memory(err);
    }
    for (size_t i = 0; i < *n; i++) {
        double ms = lc_json_num(lc_json_at(times, i), -1);
        double at_ms = lc_json_num(lc_json_at(at, i), 0);
        if (ms < 0 || ms > 1e12) {
            free(samples);
            return lc_fail(err, LC_ERR_INPUT, "%s: time %zu of %s is not a number of ms", path, i,
                           name);
        }
        samples[i].latency_ns = (uint64_t)(ms * 1e6 + 0.5);
        samples[i].service_ns = samples[i].latency_ns;
        samples[i].at_ns = at_ms > 0 && at_ms < 1e12 ? (uint64_t)(at_ms * 1e6 + 0.5) : 0;
    }
    *out = samples;
    return 0;
}

/* What a series has besides its times. */
static void load_figures(struct lc_series *s, const struct lc_json *j)
{
    double errors = lc_json_num(lc_json_get(j, "errors"), 0);
    const char *answer = lc_json_str(lc_json_get(j, "answer"), NULL);
    char error[300];
    s->errors = errors > 0 && errors < 1e15 ? (uint64_t)errors : 0;
    s->qps = lc_json_num(lc_json_get(j, "qps"), 0);
    s->seconds = lc_json_num(lc_json_get(j, "seconds"), 0);
    s->server_ms = lc_json_num(lc_json_get(j, "server_mean_ms"), 0);
    s->rows_read = lc_json_num(lc_json_get(j, "rows_read"), 0);
    s->bytes_read = lc_json_num(lc_json_get(j, "bytes_read"), 0);
    s->answer_known = answer != NULL;
    s->answer = answer != NULL ? strtoull(answer, NULL, 16) : 0;
    s->answer_varies = is_true(j, "answer_varies");
    load_text(j, "error", "", error, sizeof error);
    s->error = error[0] != '\0' ? strdup(error) : NULL;
}

/*
 * Add a series from a file. Its statistics are computed again from the times, by the code that
 * made them; only what the times do not tell is read. A name that comes twice would be
 * compared with the wrong one.
 */
static int load_series(struct lc_result *o, const struct lc_json *j, const char *path,
                       struct lc_error *err)
{
    char name[LC_RESULT_NAME_BYTES];
    load_text(j, "name", "", name, sizeof name);
    if (name[0] == '\0' || !lc_json_is_array(lc_json_get(j, "times_ms"))) {
        return lc_fail(err, LC_ERR_INPUT, "%s: series %zu has no name, or no list times_ms", path,
                       o->n_series + 1);
    }
    for (size_t i = 0; i < o->n_series; i++) {
        if (strcmp(o->series[i]->name, name) == 0) {
            return lc_fail(err, LC_ERR_INPUT, "%s: two series are called %s", path, name);
        }
    }
    size_t n;
    struct lc_sample *samples = NULL;
    int rc = load_samples(&samples, &n, j, name, path, err);
    if (rc != 0) {
        return rc;
    }
    struct lc_series *s = lc_result_add(o, name, lc_json_str(lc_json_get(j, "sql"), NULL));
    rc = s == NULL ? LC_ERR_NOMEM : lc_series_take(s, samples, n, LC_SERIES_OF_ALL);
    free(samples);
    if (rc == 0) {
        load_figures(s, j);
    }
    return rc == LC_ERR_NOMEM ? lc_no_memory(err) : rc;
}

int lc_result_load(struct lc_result *o, const char *path, struct lc_error *err)
{
    *o = (struct lc_result){.confidence = 0.995};
    int rc = lc_json_load(path, &o->source, err);
    if (rc != 0) {
        return rc;
    }
    const struct lc_json *machine = lc_json_get(o->source, "machine");
    const struct lc_json *series = lc_json_get(o->source, "series");
    /* Borrowed from o->source, which lives as long as the result. */
    o->scenario = lc_json_str(lc_json_get(o->source, "scenario"), NULL);
    if (o->scenario == NULL || machine == NULL || series == NULL) {
        lc_fail(err, LC_ERR_INPUT, "%s is not a result of livecol bench", path);
        lc_hint(err, "--export-json and --json write such results: see bench/schema.json");
        return LC_ERR_INPUT;
    }
    /* A newer format may mean other things by the same names; there is no older one. */
    double format = lc_json_num(lc_json_get(o->source, "format"), 0);
    if (format > FORMAT) {
        return lc_fail(err, LC_ERR_INPUT, "%s comes from a newer livecol: format %.0f, not %d",
                       path, format, FORMAT);
    }
    if (format != FORMAT || !lc_json_is_array(series)) {
        return lc_fail(err, LC_ERR_INPUT, "%s is not of format %d, or has no list of series", path,
                       FORMAT);
    }
    struct lc_machine *m = &o->machine;
    load_text(machine, "cpu", "unknown", m->cpu, sizeof m->cpu);
    load_text(o->source, "date", "unknown", m->date, sizeof m->date);
    load_text(o->source, "engine", "", o->engine, sizeof o->engine);
    load_text(o->source, "how", "", o->how, sizeof o->how);
    double cores = lc_json_num(lc_json_get(machine, "cores"), 0);
    m->cores = cores > 0 && cores < 1e6 ? (unsigned)cores : 0;
    /* m->commit points into *o: a loaded result has no static text of its own. */
    load_text(machine, "commit", "unknown", o->commit, sizeof o->commit);
    m->commit = o->commit;
    o->partial = is_true(o->source, "partial");
    for (size_t i = 0; rc == 0 && i < lc_json_size(series); i++) {
        rc = load_series(o, lc_json_at(series, i), path, err);
    }
    return rc;
}
