/* SPDX-License-Identifier: Apache-2.0 */
/*
 * livecol bench compare: two results of earlier runs, A (then) and B (now).
 *
 *   load both ─► pair series by name ─► Welch's t-test a pair ─► notes on what differs ─► print
 *
 * Nothing is measured here, and no server is asked. What makes the two less comparable than
 * their names say (another machine, other statements, an interrupted run) becomes a note, not
 * an error: whether the comparison still makes sense is for the person to judge.
 */
#include "base/strings.h"
#include "bench/cmd_bench.h"
#include "bench/result/output.h"
#include "bench/result/result.h"
#include "cli/term/message.h"
#include "cli/term/options.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 1 << 24 };

/* The series of that name, or n_series. */
static size_t find(const struct lc_result *o, const char *name)
{
    size_t i = 0;
    while (i < o->n_series && strcmp(o->series[i]->name, name) != 0) {
        i++;
    }
    return i;
}

/* A series that both results have, and what became of it. */
struct pair {
    const struct lc_series *then, *now;
    struct lc_welch welch;
    double ratio; /* of the means; 0: there is none */
    bool regressed;
};

/*
 * The two results and what came of them. A pair's series belong to a and b, so that both
 * live as long as the pairs.
 */
struct comparison {
    struct lc_result a, b;
    struct pair *pairs;
    size_t n;
    struct lc_buf notes; /* a line each */
    bool failed, undecided, regressed;
};

/*
 * Exit codes, as of all bench commands: see lc_output_exit_code. A test that
 * cannot decide counts as missed.
 */
enum { FAILED = 1, MISSED = 4, REGRESSED = 6 };

/*
 * Runs that failed in one of the results, a line for each series. Sets `failed`, and with it
 * the exit code: a mean without the runs that failed proves nothing.
 */
static void note_failures(struct comparison *c, const struct lc_result *o, const char *where)
{
    for (size_t i = 0; i < o->n_series; i++) {
        const struct lc_series *s = o->series[i];
        if (s->errors > 0) {
            c->failed = true;
            lc_buf_addf(&c->notes, "FAILED  %s: %" PRIu64 " runs failed in %s%s%s\n", s->name,
                        s->errors, where, s->error != NULL ? ": " : "",
                        s->error != NULL ? s->error : "");
        }
    }
}

/*
 * Series of o that `other` does not have. They are named, not compared, and do
 * not change the exit code.
 */
static void note_missing(struct comparison *c, const struct lc_result *o,
                         const struct lc_result *other, const char *where)
{
    for (size_t i = 0; i < o->n_series; i++) {
        if (find(other, o->series[i]->name) == other->n_series) {
            lc_buf_addf(&c->notes, "note    %s is in %s only\n", o->series[i]->name, where);
        }
    }
}

/* What makes two results less alike than their names say. */
static void note_differences(struct comparison *c)
{
    if (strcmp(c->a.machine.cpu, c->b.machine.cpu) != 0 ||
        c->a.machine.cores != c->b.machine.cores) {
        lc_buf_adds(&c->notes, "note    they come from different machines\n");
    }
    if (strcmp(c->a.how, c->b.how) != 0) {
        lc_buf_addf(&c->notes, "note    the loads differ: A %s; B %s\n",
                    c->a.how[0] != '\0' ? c->a.how : "not known",
                    c->b.how[0] != '\0' ? c->b.how : "not known");
    }
    if (c->a.partial || c->b.partial) {
        lc_buf_addf(&c->notes, "note    %s interrupted: incomplete\n",
                    c->a.partial && c->b.partial ? "both were"
                    : c->a.partial               ? "A was"
                                                 : "B was");
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct lc_series *x = c->pairs[i].then;
        const struct lc_series *y = c->pairs[i].now;
        /* A scenario without statements has no sql: that is no difference. */
        bool same = x->sql == NULL || y->sql == NULL || strcmp(x->sql, y->sql) == 0;
        if (!same) {
            lc_buf_addf(&c->notes, "note    %s: the statements differ\n", x->name);
        }
        if (same && x->answer_known && y->answer_known && x->answer != y->answer &&
            !x->answer_varies && !y->answer_varies) {
            lc_buf_addf(&c->notes, "note    %s: the answers differ\n", x->name);
        }
    }
}

/*
 * Fills the pairs, in the order of B, and the notes. LC_ERR_INPUT where no series is in both:
 * an empty table would look like "nothing got slower".
 */
static int compare_all(struct comparison *c, const struct lc_output *d, struct lc_error *err)
{
    c->pairs = calloc(c->b.n_series + 1, sizeof *c->pairs);
    if (c->pairs == NULL) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory for the comparison");
    }
    for (size_t i = 0; i < c->b.n_series; i++) {
        size_t k = find(&c->a, c->b.series[i]->name);
        if (k == c->a.n_series) {
            continue;
        }
        struct pair *p = &c->pairs[c->n++];
        *p = (struct pair){.then = c->a.series[k], .now = c->b.series[i]};
        double mean = p->then->stats.mean;
        p->welch = lc_stats_welch(&p->then->stats, &p->now->stats, d->confidence_percent / 100);
        /* Without runs on either side there is no mean, and no ratio. */
        p->ratio = mean > 0 && p->now->n > 0 ? p->now->stats.mean / mean : 0;
        p->regressed = lc_is_regression(&p->welch, mean, d->tolerance_percent / 100);
        c->regressed = c->regressed || p->regressed;
        c->undecided = c->undecided || (!p->welch.decided && p->then->n + p->now->n > 0);
    }
    if (c->n == 0) {
        lc_fail(err, LC_ERR_INPUT, "the two have no series in common: there is nothing to compare");
        lc_hint(err, "compare results of the same bench command and statements");
        return LC_ERR_INPUT;
    }
    note_failures(c, &c->a, "A");
    note_failures(c, &c->b, "B");
    note_differences(c);
    note_missing(c, &c->a, &c->b, "A");
    note_missing(c, &c->b, &c->a, "B");
    return 0;
}

/* The line of one result above the table: where its figures come from. */
static int describe(const char *letter, const char *path, const struct lc_result *o,
                    struct lc_buf *out)
{
    return lc_buf_addf(out, "%s  %s: %s, %s, %s, %u cores, livecol %s%s%s%s%s\n", letter, path,
                       o->scenario, o->machine.date, o->machine.cpu, o->machine.cores,
                       o->machine.commit, o->engine[0] != '\0' ? ", ClickHouse " : "", o->engine,
                       o->how[0] != '\0' ? "; " : "", o->how);
}

static void mean_cell(struct lc_text_table *r, const struct lc_series *s)
{
    if (s->n == 0) {
        lc_text_table_cell(r, "–");
    } else {
        lc_text_table_number(r, s->stats.mean);
    }
}

/* A row a pair. Where one side has no good run all columns that need both means are left out. */
static void add_table(const struct comparison *c, struct lc_buf *out)
{
    struct lc_text_table r;
    lc_text_table_init(&r, "name|n|n|mean ms|mean ms|ratio|difference ms|between|and|p|verdict");
    for (size_t i = 0; i < c->n; i++) {
        const struct pair *p = &c->pairs[i];
        const struct lc_welch *w = &p->welch;
        lc_text_table_cell(&r, "%s", p->now->name);
        lc_text_table_cell(&r, "%zu", p->then->n);
        lc_text_table_cell(&r, "%zu", p->now->n);
        mean_cell(&r, p->then);
        mean_cell(&r, p->now);
        if (p->then->n == 0 || p->now->n == 0) {
            for (int k = 0; k < 5; k++) {
                lc_text_table_cell(&r, "–");
            }
            lc_text_table_cell(&r, "%s", lc_result_verdict(w, p->regressed));
            continue;
        }
        lc_text_table_cell(&r, "%.3f", p->ratio);
        lc_text_table_cell(&r, "%+.3g", w->difference);
        lc_text_table_cell(&r, "%+.3g", w->low);
        lc_text_table_cell(&r, "%+.3g", w->high);
        lc_text_table_cell(&r, "%.2g", w->p);
        lc_text_table_cell(&r, "%s", lc_result_verdict(w, p->regressed));
    }
    lc_text_table_write(&r, LC_TEXT_TABLE_TEXT, out);
    lc_text_table_release(&r);
}

/* To stdout in one piece: the two lines, the table, the notes. */
static int print_text(const struct comparison *c, const char *path_a, const char *path_b,
                      const struct lc_output *d, struct lc_error *err)
{
    struct lc_buf out;
    lc_buf_init(&out, TEXT_MAX_BYTES);
    int rc = describe("A", path_a, &c->a, &out);
    rc = rc == 0 ? describe("B", path_b, &c->b, &out) : rc;
    rc = rc == 0 ? lc_buf_addf(&out,
                               "Welch's t-test at %.4g %%, tolerance %.4g %%; first A, then B\n\n",
                               d->confidence_percent, d->tolerance_percent)
                 : rc;
    if (rc == 0) {
        add_table(c, &out);
        rc = c->notes.n > 0 ? lc_buf_add(&out, c->notes.p, c->notes.n) : 0;
    }
    rc = rc != 0 ? lc_fail(err, LC_ERR_NOMEM, "no memory for the report")
                 : lc_text_table_save("-", out.p, out.n, err);
    lc_buf_release(&out);
    return rc;
}

/* What tells one result from the other; its times stay in its own file. */
static struct lc_json *side_json(const char *path, const struct lc_result *o)
{
    struct lc_json *j = lc_json_object();
    lc_json_set_str(j, "file", path);
    lc_json_set_str(j, "date", o->machine.date);
    lc_json_set_str(j, "cpu", o->machine.cpu);
    lc_json_set_int(j, "cores", o->machine.cores);
    lc_json_set_str(j, "commit", o->machine.commit);
    lc_json_set_str(j, "engine", o->engine[0] != '\0' ? o->engine : NULL);
    lc_json_set_str(j, "how", o->how[0] != '\0' ? o->how : NULL);
    lc_json_set_bool(j, "partial", o->partial);
    return j;
}

/*
 * One line on stdout. A figure that does not exist is null, so that a script
 * never takes a 0 for a time.
 */
static int print_json(struct comparison *c, const char *path_a, const char *path_b,
                      const struct lc_output *d, struct lc_error *err)
{
    struct lc_json *j = lc_json_object();
    struct lc_json *series = lc_json_array();
    struct lc_json *notes = lc_json_array();
    lc_json_set_str(j, "scenario", c->a.scenario);
    lc_json_set_double(j, "confidence", d->confidence_percent / 100);
    lc_json_set_double(j, "tolerance", d->tolerance_percent / 100);
    lc_json_set(j, "a", side_json(path_a, &c->a));
    lc_json_set(j, "b", side_json(path_b, &c->b));
    for (size_t i = 0; i < c->n; i++) {
        const struct pair *p = &c->pairs[i];
        struct lc_json *one = lc_json_object();
        lc_json_set_str(one, "name", p->now->name);
        lc_json_set_int(one, "n_a", (int64_t)p->then->n);
        lc_json_set_int(one, "n_b", (int64_t)p->now->n);
        lc_json_set_int(one, "errors_a", (int64_t)p->then->errors);
        lc_json_set_int(one, "errors_b", (int64_t)p->now->errors);
        /* What is not finite becomes null: there were no runs. */
        lc_json_set_double(one, "mean_a_ms", p->then->n > 0 ? p->then->stats.mean : NAN);
        lc_json_set_double(one, "mean_b_ms", p->now->n > 0 ? p->now->stats.mean : NAN);
        lc_json_set_double(one, "ratio", p->ratio > 0 ? p->ratio : NAN);
        lc_json_set_double(one, "difference_ms",
                           p->then->n > 0 && p->now->n > 0 ? p->welch.difference : NAN);
        lc_json_set_double(one, "low_ms", p->welch.low);
        lc_json_set_double(one, "high_ms", p->welch.high);
        lc_json_set_double(one, "p", p->welch.p);
        lc_json_set_str(one, "verdict", lc_result_verdict(&p->welch, p->regressed));
        lc_json_set_bool(one, "regressed", p->regressed);
        lc_json_add(series, one);
    }
    /* The notes are kept as one text, a line each: here they become an array. */
    const char *line = c->notes.n > 0 ? lc_buf_str(&c->notes) : "";
    while (line != NULL && *line != '\0') {
        size_t n = strcspn(line, "\n");
        char *text = strndup(line, n);
        lc_json_add_str(notes, text != NULL ? text : "");
        free(text);
        line += n + (line[n] == '\n');
    }
    lc_json_set(j, "series", series);
    lc_json_set(j, "notes", notes);
    int rc = lc_json_line(j, stdout);
    lc_json_free(j);
    return rc == 0 ? 0 : lc_fail(err, rc, "cannot write the comparison to standard output");
}

/* *code: the exit code of a comparison that could be made. Otherwise a failure with *err. */
static int run(const char *path_a, const char *path_b, const struct lc_output *d, bool json,
               int *code, struct lc_error *err)
{
    struct comparison c = {0};
    lc_buf_init(&c.notes, TEXT_MAX_BYTES);
    int rc = lc_result_load(&c.a, path_a, err);
    rc = rc == 0 ? lc_result_load(&c.b, path_b, err) : rc;
    if (rc == 0 && strcmp(c.a.scenario, c.b.scenario) != 0) {
        rc =
            lc_fail(err, LC_ERR_USAGE, "%s is of bench %s, %s of bench %s: they cannot be compared",
                    path_a, c.a.scenario, path_b, c.b.scenario);
    }
    rc = rc == 0 ? compare_all(&c, d, err) : rc;
    if (rc == 0) {
        rc = json ? print_json(&c, path_a, path_b, d, err) : print_text(&c, path_a, path_b, d, err);
        *code = c.failed ? FAILED : c.undecided ? MISSED : c.regressed ? REGRESSED : 0;
    }
    free(c.pairs);
    lc_buf_release(&c.notes);
    lc_result_release(&c.a);
    lc_result_release(&c.b);
    return rc;
}

int lc_cmd_bench_compare(int argc, const char **argv)
{
    struct lc_output d = LC_OUTPUT_INIT;
    struct lc_global global;
    struct lc_strings rest;
    struct lc_error err = LC_ERROR_INIT;
    int code = 0;
    const struct lc_option options[] = {LC_COMPARISON_OPTIONS(&d), {0}};
    const struct lc_command command = {
        .name = "bench compare",
        .synopsis = "[OPTIONS] A.json B.json",
        .about = "Show what got slower or faster from A to B, and whether that is proven. Both are "
                 "results that a bench command wrote with --export-json or --json.",
        .options = options,
        .examples = "  livecol bench query t.events.region --export-json before.json\n"
                    "  livecol bench query t.events.region --export-json after.json\n"
                    "  livecol bench compare before.json after.json --tolerance 5\n",
    };
    int rc = lc_options_parse(&command, argc, argv, &global, &rest, &err);
    if (rc == LC_HELP_PRINTED) {
        return 0; /* the help was printed */
    }
    rc = rc == 0 ? lc_output_settle(&d, global.json, &err) : rc;
    if (rc == 0 && rest.n != 2) {
        rc =
            lc_fail(&err, LC_ERR_USAGE, "bench compare takes two files, and %zu are given", rest.n);
    }
    rc = rc == 0 ? run(rest.v[0], rest.v[1], &d, global.json, &code, &err) : rc;
    if (rc != 0) {
        return lc_message_fail(global.json, &err);
    }
    return code;
}
