/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look measures what the limits name, no more, and keeps the words of the limit that was reached:
 * they are what the backfill says while it waits. What cannot be measured counts as reached, because
 * going on blindly is what a limit is there to prevent. The p99 of the probe query comes from a thread
 * of its own (load_probe.c), whose readings a look only takes.
 */
#include "cli/column/throttle.h"

#include "base/clock.h"
#include "base/signals.h"
#include "base/suggest.h"
#include "cli/column/load_probe.h"
#include "cli/server/query.h"
#include "livecol_sql.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * PROBE_ROWS: what the default probe query reads. QUERY_LIMIT_MS: the client's limit for the
 * throttle query.
 */
enum { LOOK_EVERY_MS = 1000, PROBE_ROWS = 10, QUERY_LIMIT_MS = 7000 };

/* The server ends it before the client gives it up. */
#define QUERY_LIMIT_S "5"

static const struct {
    const char *name;  /* in --max-load */
    const char *label; /* for a person */
    const char *unit;  /* understood behind the number, and shown; "" none */
} metrics[LC_METRICS] = {
    [LC_METRIC_PARTS] = {"parts", "active parts", ""},
    [LC_METRIC_MUTATIONS] = {"mutations", "other mutations", ""},
    [LC_METRIC_MERGES] = {"merges", "running merges", ""},
    [LC_METRIC_QUERIES] = {"queries", "running queries", ""},
    [LC_METRIC_REPLICA_QUEUE] = {"replica_queue", "replica queue", ""},
    [LC_METRIC_REPLICA_DELAY] = {"replica_delay", "replica delay", "s"},
    [LC_METRIC_P99] = {"p99", "probe p99", "ms"},
};

/*
 * Options and names are the caller's. probe is NULL where no limit is on p99. verdict and why
 * are those of the last look; why means nothing with LC_THROTTLE_GO.
 */
struct lc_throttle {
    struct lc_backend *b;
    const struct lc_throttle_options *o;
    const char *database, *table;
    struct lc_probe *probe;
    uint64_t next_ms; /* of the next look */
    enum lc_throttle_verdict verdict;
    char why[256];
};

/*
 * One measure of a look. known is false where no limit asks for it, or measuring it failed. The
 * value is INFINITY where the probe fails.
 */
struct measured {
    bool known;
    double value;
};

/* Always LC_ERR_USAGE. The hint names the metric that is near to what was typed. */
static int bad_limit(const char *item, size_t n, struct lc_error *err)
{
    struct lc_suggest near = {0};
    char shown[64], name[32];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(item, "=,"), item);
    for (size_t i = 0; i < LC_METRICS; i++)
        lc_suggest_offer(&near, name, metrics[i].name);
    lc_fail(err, LC_ERR_USAGE, "\"%s\" is not a limit", lc_printable(item, n, shown, sizeof shown));
    lc_hint(err,
            "metric=value,… of parts, mutations, merges, queries, replica_queue, replica_delay "
            "(seconds), p99 (milliseconds)%s%s%s",
            near.best ? "; did you mean " : "", near.best ? near.best : "", near.best ? "?" : "");
    return LC_ERR_USAGE;
}

/* "parts=300" of n bytes. */
static int parse_one(struct lc_load_limits *limits, const char *item, size_t n,
                     struct lc_error *err)
{
    for (size_t i = 0; i < LC_METRICS; i++) {
        size_t name_n = strlen(metrics[i].name);
        char *end;
        double at;

        if (name_n >= n || strncmp(item, metrics[i].name, name_n) != 0 || item[name_n] != '=')
            continue;
        at = strtod(item + name_n + 1, &end);
        if (end == item + name_n + 1 || !isfinite(at) || at < 0)
            break;
        if (*metrics[i].unit && strncmp(end, metrics[i].unit, strlen(metrics[i].unit)) == 0)
            end += strlen(metrics[i].unit);
        if (end != item + n)
            break;
        limits->given[i] = true;
        limits->at[i] = at;
        return 0;
    }
    return bad_limit(item, n, err);
}

int lc_load_parse(struct lc_load_limits *limits, const char *text, struct lc_error *err)
{
    for (const char *p = text;;) {
        size_t n = strcspn(p, ",");
        int rc = parse_one(limits, p, n, err);

        if (rc || !p[n])
            return rc;
        p += n + 1;
    }
}

static bool any(const struct lc_load_limits *l)
{
    for (size_t i = 0; i < LC_METRICS; i++) {
        if (l->given[i])
            return true;
    }
    return false;
}

/* Does a limit of either kind name it? What none names is not measured. */
static bool wants(const struct lc_throttle *t, enum lc_metric metric)
{
    return t->o->max.given[metric] || t->o->critical.given[metric];
}

/* Append "max load: active parts 300, probe p99 50 ms"; nothing where there are no limits. */
static void describe_limits(struct lc_buf *b, const char *what, const struct lc_load_limits *l)
{
    const char *before = what;

    for (size_t i = 0; i < LC_METRICS; i++) {
        if (!l->given[i])
            continue;
        lc_buf_addf(b, "%s %s %g%s%s", before, metrics[i].label, l->at[i],
                    *metrics[i].unit ? " " : "", metrics[i].unit);
        before = ",";
    }
}

void lc_throttle_describe(const struct lc_throttle_options *o, char *out, size_t size)
{
    struct lc_buf b;

    lc_buf_init(&b, 4096);
    describe_limits(&b, "max load:", &o->max);
    if (any(&o->critical)) {
        if (b.n)
            lc_buf_adds(&b, "; ");
        describe_limits(&b, "critical load:", &o->critical);
    }
    if (o->query)
        lc_buf_addf(&b, "%sthrottle query: %.200s", b.n ? "; " : "", o->query);
    if (o->pause_file)
        lc_buf_addf(&b, "%spause file: %s", b.n ? "; " : "", o->pause_file);
    snprintf(out, size, "%s", b.n && lc_buf_str(&b) ? lc_buf_str(&b) : "none");
    lc_buf_release(&b);
}

/*
 * Four measures by one query. The backfill's own mutations, and that query itself, are not
 * counted.
 */
static int measure_load(struct lc_throttle *t, unsigned own_mutations, struct measured *m,
                        struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->table}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc;

    if (!wants(t, LC_METRIC_PARTS) && !wants(t, LC_METRIC_MUTATIONS) &&
        !wants(t, LC_METRIC_MERGES) && !wants(t, LC_METRIC_QUERIES))
        return 0;
    rc = lc_query_run(t->b, lc_sql_load, args, &a, err);
    if (rc == 0 && a.rows) {
        double mutations = lc_answer_f64(&a, 0, LC_SQL_LOAD_MUTATIONS, 0) - own_mutations;
        double queries =
            lc_answer_f64(&a, 0, LC_SQL_LOAD_QUERIES, 1) - 1; /* the one that counted them */

        m[LC_METRIC_PARTS] = (struct measured){true, lc_answer_f64(&a, 0, LC_SQL_LOAD_PARTS, 0)};
        m[LC_METRIC_MUTATIONS] = (struct measured){true, mutations > 0 ? mutations : 0};
        m[LC_METRIC_MERGES] = (struct measured){true, lc_answer_f64(&a, 0, LC_SQL_LOAD_MERGES, 0)};
        m[LC_METRIC_QUERIES] = (struct measured){true, queries > 0 ? queries : 0};
    }
    lc_answer_release(&a);
    return rc;
}

/* A table that is not replicated has no queue and no delay. */
static int measure_replica(struct lc_throttle *t, struct measured *m, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", t->database}, {"table", t->table}, {NULL, NULL}};
    struct lc_answer a = {0};
    int rc;

    if (!wants(t, LC_METRIC_REPLICA_QUEUE) && !wants(t, LC_METRIC_REPLICA_DELAY))
        return 0;
    rc = lc_query_run(t->b, lc_sql_load_replica, args, &a, err);
    if (rc == 0) {
        m[LC_METRIC_REPLICA_QUEUE] = (struct measured){
            true, a.rows ? lc_answer_f64(&a, 0, LC_SQL_LOAD_REPLICA_QUEUE_SIZE, 0) : 0};
        m[LC_METRIC_REPLICA_DELAY] = (struct measured){
            true, a.rows ? lc_answer_f64(&a, 0, LC_SQL_LOAD_REPLICA_ABSOLUTE_DELAY, 0) : 0};
    }
    lc_answer_release(&a);
    return rc;
}

static void wait_for(struct lc_throttle *t, const char *why)
{
    t->verdict = LC_THROTTLE_WAIT;
    snprintf(t->why, sizeof t->why, "%s", why);
}

/*
 * True where a limit is reached, with the words for the first one in t->why: "active parts 310
 * ≥ 300". An unknown measure reaches no limit: look() waits already where measuring failed.
 */
static bool reached(struct lc_throttle *t, const struct lc_load_limits *l, const struct measured *m)
{
    for (size_t i = 0; i < LC_METRICS; i++) {
        const char *space = *metrics[i].unit ? " " : "", *unit = metrics[i].unit;

        if (!l->given[i] || !m[i].known || m[i].value < l->at[i])
            continue;
        if (isinf(m[i].value))
            snprintf(t->why, sizeof t->why, "%s: the probe fails", metrics[i].label);
        else
            snprintf(t->why, sizeof t->why, "%s %.*f%s%s ≥ %g%s%s", metrics[i].label,
                     i == LC_METRIC_P99, m[i].value, space, unit, l->at[i], space, unit);
        return true;
    }
    return false;
}

/*
 * The first value of its answer as a number; LC_ERR_USAGE where it is none. A lost answer
 * (LC_ERR_UNKNOWN) becomes LC_ERR_SERVER: the query changes nothing, so there is no outcome to
 * find out.
 */
static int ask_query(struct lc_throttle *t, double *value, struct lc_error *err)
{
    const struct lc_setting settings[] = {
        {"limit", "1"}, {"max_execution_time", QUERY_LIMIT_S}, {NULL, NULL}};
    const struct lc_query q = {.sql = t->o->query,
                               .settings = settings,
                               .timeout_ms = QUERY_LIMIT_MS,
                               .cancel = lc_stop_flag()};
    struct lc_answer a = {0};
    struct lc_error why = LC_ERROR_INIT;
    int rc = lc_backend_query(t->b, &q, &a, &why);

    *value = 0;
    if (rc)
        rc = lc_fail(err, rc == LC_ERR_UNKNOWN ? LC_ERR_SERVER : rc, "the throttle query fails: %s",
                     why.msg);
    if (rc == 0 && (a.rows == 0 || a.cols == 0))
        rc = lc_fail(err, LC_ERR_USAGE, "the throttle query returns no value");
    if (rc == 0) {
        char *end;

        *value = strtod(lc_answer_at(&a, 0, 0)->p, &end);
        if (*end || end == lc_answer_at(&a, 0, 0)->p || isnan(*value))
            rc = lc_fail(err, LC_ERR_USAGE, "the throttle query returns \"%.60s\", not a number",
                         lc_answer_at(&a, 0, 0)->p);
    }
    lc_answer_release(&a);
    return rc;
}

/* Not asked while something else makes the backfill wait. A failure is a reason to wait. */
static void look_at_query(struct lc_throttle *t)
{
    struct lc_error err = LC_ERROR_INIT;
    char why[sizeof t->why];
    double value = 0;

    if (!t->o->query || t->verdict != LC_THROTTLE_GO)
        return;
    if (ask_query(t, &value, &err))
        snprintf(why, sizeof why, "%.200s", err.msg);
    else
        snprintf(why, sizeof why, "throttle query %g > 0", value);
    if (err.code || value > 0)
        wait_for(t, why);
}

/* Takes the p99 into m; until there are enough runs for one, the backfill waits. */
static void look_at_probe(struct lc_throttle *t, struct measured *m)
{
    unsigned runs;

    if (!t->probe)
        return;
    if (lc_probe_p99(t->probe, &m[LC_METRIC_P99].value, &runs)) {
        m[LC_METRIC_P99].known = true;
    } else if (t->verdict == LC_THROTTLE_GO) {
        t->verdict = LC_THROTTLE_WAIT;
        snprintf(t->why, sizeof t->why, "probe p99 is not known before %u runs, %u are done",
                 LC_PROBE_LEAST_RUNS, runs);
    }
}

/*
 * The reasons in rising order, the last one that holds is kept: measuring failed, the probe or
 * the throttle query, the pause file, --max-load, --critical-load.
 */
static void look(struct lc_throttle *t, unsigned own_mutations)
{
    struct measured m[LC_METRICS] = {0};
    struct lc_error err = LC_ERROR_INIT;

    t->verdict = LC_THROTTLE_GO;
    if (measure_load(t, own_mutations, m, &err) || measure_replica(t, m, &err)) {
        t->verdict = LC_THROTTLE_WAIT;
        snprintf(t->why, sizeof t->why, "the load cannot be measured: %.180s", err.msg);
    }
    look_at_probe(t, m);
    look_at_query(t);
    /* A file that cannot be looked at counts as there. */
    if (t->o->pause_file && (access(t->o->pause_file, F_OK) == 0 || errno != ENOENT)) {
        t->verdict = LC_THROTTLE_WAIT;
        snprintf(t->why, sizeof t->why, "%.200s %s", t->o->pause_file,
                 access(t->o->pause_file, F_OK) == 0 ? "is there" : strerror(errno));
    }
    if (reached(t, &t->o->max, m))
        t->verdict = LC_THROTTLE_WAIT;
    if (reached(t, &t->o->critical, m))
        t->verdict = LC_THROTTLE_CRITICAL;
}

/* The default query reads a few values of the column, as a reader of the table would. */
static int start_probe(struct lc_throttle *t, const char *column, struct lc_error *err)
{
    struct lc_buf sql;
    int rc = 0;

    if (!wants(t, LC_METRIC_P99))
        return 0;
    if (t->o->probe)
        return lc_probe_start(&t->probe, t->b, t->o->probe, err);
    lc_buf_init(&sql, 4096);
    if (lc_buf_adds(&sql, "SELECT ") || lc_sql_add_id(&sql, column) ||
        lc_buf_adds(&sql, " FROM ") || lc_sql_add_id(&sql, t->database) || lc_buf_adds(&sql, ".") ||
        lc_sql_add_id(&sql, t->table) || lc_buf_addf(&sql, " LIMIT %d", PROBE_ROWS) ||
        !lc_buf_str(&sql))
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory for a probe");
    else
        rc = lc_probe_start(&t->probe, t->b, lc_buf_str(&sql), err);
    lc_buf_release(&sql);
    return rc;
}

int lc_pause_file_check(const char *path, struct lc_error *err)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    struct stat st;
    char *folder;
    int rc = 0;

    if (!path)
        return 0;
    if (!*path)
        return lc_fail(err, LC_ERR_USAGE, "--pause-file needs a path");
    /* With the '/' at its end, so that the root folder is not the empty string. */
    folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
    if (!folder)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for throttling");
    if (stat(folder, &st) != 0 || access(folder, X_OK) != 0)
        rc = lc_fail(err, LC_ERR_USAGE, "--pause-file: its folder %s cannot be opened: %s", folder,
                     strerror(errno));
    free(folder);
    return rc;
}

int lc_throttle_try(const struct lc_throttle_options *o, struct lc_backend *b, struct lc_error *err)
{
    struct lc_throttle t = {.b = b, .o = o};
    double value;

    return o->query ? ask_query(&t, &value, err) : 0;
}

int lc_throttle_open(struct lc_throttle **out, struct lc_backend *b,
                     const struct lc_throttle_options *o, const char *database, const char *table,
                     const char *column, struct lc_error *err)
{
    struct lc_throttle *t = calloc(1, sizeof *t);
    struct measured m[LC_METRICS] = {0};
    int rc;

    *out = NULL;
    if (!t)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for throttling");
    *t = (struct lc_throttle){.b = b, .o = o, .database = database, .table = table};
    rc = measure_load(t, 0, m, err);
    if (rc == 0)
        rc = measure_replica(t, m, err);
    if (rc == 0)
        rc = lc_throttle_try(o, b, err);
    if (rc == 0)
        rc = start_probe(t, column, err);
    if (rc)
        lc_throttle_free(t);
    else
        *out = t;
    return rc;
}

enum lc_throttle_verdict lc_throttle_look(struct lc_throttle *t, unsigned own_mutations,
                                          const char **why)
{
    uint64_t now = lc_now_ms();

    if (now >= t->next_ms) {
        look(t, own_mutations);
        /* Counted from the end of a look, so that slow ones leave a pause between them. */
        t->next_ms = lc_now_ms() + LOOK_EVERY_MS;
    }
    *why = t->verdict == LC_THROTTLE_GO ? NULL : t->why;
    return t->verdict;
}

void lc_throttle_free(struct lc_throttle *t)
{
    if (!t)
        return;
    lc_probe_free(t->probe);
    free(t);
}
