/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three contests over the same rows, each by rounds in which every contestant runs once:
 *
 *   GROUP BY      the expression over the whole table, nothing stored
 *   MATERIALIZE   ADD COLUMN with the expression as DEFAULT, then the mutation (timed)
 *   INSERT        a million rows into a table with that DEFAULT (timed)
 *
 * A contestant's answer is reduced to a checksum and must be that of multiIf; a figure is the
 * median of its rounds, a row, as a share of multiIf's or of the transport's limit. Interrupted
 * contests report the rounds that were whole.
 */
#include "bench/udf/comparison.h"

#include "base/clock.h"
#include "base/signals.h"
#include "base/stats.h"
#include "bench/measure/cpu.h"
#include "bench/result/interleave.h"
#include "bench/udf/setup.h"
#include "cli/column/multiif.h"
#include "cli/column/narrow_key.h"
#include "cli/column/rule_expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PYTHON_ROWS     1000000u
#define MANY_RULES_ROWS 500000u /* a thousand comparisons a row take their time */
#define INSERT_ROWS     1000000u

/* What a contestant is compared with, and how its expression is made. */
enum role {
    ROLE_BUILTIN, /* multiIf: what the others of as many rules are compared with */
    ROLE_LIMIT,   /* the transport's limit of its type */
    ROLE_FUNCTION,
    ROLE_NARROW, /* sql names a function, which is given no more of a key than its rules look at */
    ROLE_SQL,    /* the rules as built-in expressions: livecol config function --as sql */
    ROLE_OTHER
};

/* Which expressions run; those of ROLE_BUILTIN and ROLE_SQL are made from the rules. */
struct contestant {
    uint32_t rules;
    const char *name, *sql;
    enum role role;
    const char *type;  /* of the column, to pair a function with the limit of its type */
    double goal;       /* at most, of the built-in form's time */
    double limit_goal; /* at least, of the limit's speed */
    bool slow;
    uint64_t max_rows; /* 0: all */
};

#define LOW "LowCardinality(String)"

/* The order is that of the table that a person reads. A goal of 0 is none. */
static const struct contestant contestants[] = {
    {3, "multiIf", NULL, ROLE_BUILTIN, "String", 0, 0, false, 0},
    {3, "Native Enum8", "f3_enum(user_id)", ROLE_FUNCTION, "Enum8", 1.15, 0.97, false, 0},
    {3, "Native String", "f3_string(user_id)", ROLE_FUNCTION, "String", 1.25, 0.97, false, 0},
    {3, "Native LowCardinality", "f3_low(user_id)", ROLE_FUNCTION, LOW, 0, 0.97, false, 0},
    {0, "constant Enum8", "const_enum(user_id)", ROLE_LIMIT, "Enum8", 0, 0, false, 0},
    {0, "constant String", "const_string(user_id)", ROLE_LIMIT, "String", 0, 0, false, 0},
    {0, "constant LowCardinality", "const_low(user_id)", ROLE_LIMIT, LOW, 0, 0, false, 0},
    {3, "transform of two bytes",
     "transform(substring(user_id, 1, 2), ['u1', 'u2'], ['us-east', 'eu-west'], 'unknown')",
     ROLE_OTHER, "String", 0, 0, false, 0},
    {3, "SQL function", NULL, ROLE_SQL, "String", 0.78, 0, false, 0},
    {3, "Native LowCardinality, narrow key", "f3_low", ROLE_NARROW, LOW, 1.5, 0, false, 0},
    {3, "RowBinary String", "f3_row(user_id)", ROLE_FUNCTION, "String", 0, 0, false, 0},
    {3, "TabSeparated String", "f3_tsv(user_id)", ROLE_FUNCTION, "String", 0, 0, false, 0},
    {3, "Native String, a process a block", "f3_once(user_id)", ROLE_OTHER, "String", 0, 0, true,
     0},
    {3, "Python, TabSeparated by lines", "python(user_id)", ROLE_OTHER, "String", 0, 0, true,
     PYTHON_ROWS},
    {10, "multiIf", NULL, ROLE_BUILTIN, "String", 0, 0, false, 0},
    {10, "Native String", "f10_string(user_id)", ROLE_FUNCTION, "String", 0, 0, false, 0},
    {100, "multiIf", NULL, ROLE_BUILTIN, "String", 0, 0, true, 0},
    {100, "Native String", "f100_string(user_id)", ROLE_FUNCTION, "String", 1.0 / 20, 0.95, false,
     0},
    {100, "Native LowCardinality", "f100_low(user_id)", ROLE_FUNCTION, LOW, 0, 0, false, 0},
    {100, "Native LowCardinality, narrow key", "f100_low", ROLE_NARROW, LOW, 1.0 / 15, 0, false, 0},
    {100, "SQL function", NULL, ROLE_SQL, "String", 1.0 / 16, 0, false, 0},
    {100, "regexp_tree dictionary", "dictGet('bench.regexp_tree', 'v', user_id)", ROLE_OTHER,
     "String", 0, 0, true, 0},
    {100, "hashed dictionary, each length",
     "coalesce(dictGetOrNull('bench.hashed', 'v', tuple(substring(user_id, 1, 5))), "
     "dictGetOrNull('bench.hashed', 'v', tuple(substring(user_id, 1, 4))), 'none')",
     ROLE_OTHER, "String", 0, 0, true, 0},
    {1000, "multiIf", NULL, ROLE_BUILTIN, "String", 0, 0, true, MANY_RULES_ROWS},
    {1000, "Native LowCardinality, narrow key", "f1000_low", ROLE_NARROW, LOW, 1.0 / 100, 0, false,
     0},
    {1000, "SQL function", NULL, ROLE_SQL, "String", 0, 0, false, 0},
    {1000, "Native String", "f1000_string(user_id)", ROLE_FUNCTION, "String", 0, 0.95, false, 0},
    {100000, "Native String", "f100000_string(user_id)", ROLE_FUNCTION, "String", 0, 0.95, false,
     0},
    {1000000, "Native String", "f1000000_string(user_id)", ROLE_FUNCTION, "String", 0, 0.85, false,
     0},
};

#define CONTESTANTS (sizeof contestants / sizeof contestants[0])

/* The stored column is an Enum8 where `type` says so, else a LowCardinality(String). */
static const struct contestant materialized[] = {
    {3, "multiIf", NULL, ROLE_BUILTIN, "String", 0, 0, false, 0},
    {3, "Native Enum8", "f3_enum(user_id)", ROLE_FUNCTION, "Enum8", 1.6, 0.97, false, 0},
    {3, "Native LowCardinality", "f3_low(user_id)", ROLE_FUNCTION, LOW, 0, 0.97, false, 0},
    {3, "Native LowCardinality, narrow key", "f3_low", ROLE_NARROW, LOW, 0, 0, false, 0},
    {3, "SQL function", NULL, ROLE_SQL, LOW, 0, 0, false, 0},
    {0, "constant Enum8", "const_enum(user_id)", ROLE_LIMIT, "Enum8", 0, 0, false, 0},
    {0, "constant LowCardinality", "const_low(user_id)", ROLE_LIMIT, LOW, 0, 0, false, 0},
    {100, "multiIf", NULL, ROLE_BUILTIN, "String", 0, 0, true, 0},
    {100, "Native LowCardinality", "f100_low(user_id)", ROLE_FUNCTION, LOW, 1.0 / 5, 0, false, 0},
    {100, "Native LowCardinality, narrow key", "f100_low", ROLE_NARROW, LOW, 0, 0, false, 0},
    {100, "SQL function", NULL, ROLE_SQL, LOW, 0, 0, false, 0},
};

#define MATERIALIZED (sizeof materialized / sizeof materialized[0])

/* An INSERT of a million rows; "the value given" is what the others are compared with. */
static const struct contestant inserted[] = {
    {3, "the value given", "c", ROLE_BUILTIN, LOW, 0, 0, false, 0},
    {3, "multiIf", NULL, ROLE_OTHER, LOW, 0, 0, false, 0},
    {3, "SQL function", NULL, ROLE_SQL, LOW, 1.3, 0, false, 0},
    {3, "Native LowCardinality", "f3_low(user_id)", ROLE_FUNCTION, LOW, 0, 0, false, 0},
    {3, "Native LowCardinality, narrow key", "f3_low", ROLE_NARROW, LOW, 1.3, 0, false, 0},
};

#define INSERTED (sizeof inserted / sizeof inserted[0])

/* A contestant while it runs. */
struct runner {
    const struct contestant *c;
    struct lc_buf sql;
    uint64_t rows;
    double seconds[LC_ROUNDS_MAX], cpu[LC_ROUNDS_MAX];
    uint64_t answer; /* checksum */
};

/* f(toLowCardinality(left(user_id, N))), N of the rules. */
static int add_narrow(const struct lc_rules *rules, const char *function, struct lc_buf *out,
                      struct lc_error *err)
{
    struct lc_narrow narrow;
    int rc = lc_narrow_of(rules, &narrow, err);

    return rc ? rc
              : lc_buf_addf(out, "%s(toLowCardinality(left(user_id, %u)))", function, narrow.bytes);
}

/* Append the contestant's expression over user_id. */
static int make_expression(const struct lc_comparison_place *place, const struct contestant *c,
                           struct lc_buf *out, struct lc_error *err)
{
    const struct lc_rules *rules = lc_comparison_rules(place, c->rules);

    if (c->role == ROLE_NARROW)
        return add_narrow(rules, c->sql, out, err);
    if (c->role == ROLE_SQL)
        return lc_rule_expression(rules, 0, NULL, "user_id", NULL, out, err);
    if (c->sql)
        return lc_buf_adds(out, c->sql) ? lc_no_memory(err) : 0;
    return lc_multiif_multiif(rules, 0, "user_id", NULL, out, err);
}

static int make_query(const struct lc_comparison_place *place, struct runner *r,
                      struct lc_error *err)
{
    char from[80] = "bench.t";
    int rc;

    /* A slow one runs over fewer rows, and is compared by its time a row. */
    if (r->c->max_rows && r->c->max_rows < r->rows) {
        r->rows = r->c->max_rows;
        snprintf(from, sizeof from, "(SELECT user_id FROM bench.t LIMIT %llu)",
                 (unsigned long long)r->rows);
    }
    lc_buf_init(&r->sql, 1 << 24);
    if (lc_buf_adds(&r->sql, "SELECT toString(g) AS r, c FROM (SELECT "))
        return lc_no_memory(err);
    rc = make_expression(place, r->c, &r->sql, err);
    if (rc)
        return rc;
    return lc_buf_addf(&r->sql,
                       " AS g, count() AS c FROM %s GROUP BY g) ORDER BY r "
                       "SETTINGS max_query_size = 10000000",
                       from) ||
                   !lc_buf_str(&r->sql)
               ? lc_no_memory(err)
               : 0;
}

/* Run a statement and note its time on the wall and on the processors. */
static int timed(struct lc_backend *b, const struct lc_query *q, struct runner *r, unsigned round,
                 struct lc_answer *out, struct lc_error *err)
{
    const struct lc_clock *clock = lc_clock_system();
    double cpu = lc_cpu_seconds();
    uint64_t start = lc_clock_now(clock);
    int rc = lc_backend_query(b, q, out, err);

    r->seconds[round] = (double)(lc_clock_now(clock) - start) / 1e9;
    r->cpu[round] = lc_cpu_seconds() - cpu;
    return rc;
}

/* One run, its answer reduced. Round 0 is used for the warm-up as well, and then overwritten. */
static int run_once(struct lc_backend *b, struct runner *r, unsigned round, struct lc_error *err)
{
    struct lc_query q = {.sql = lc_buf_str(&r->sql)};
    struct lc_answer t = {0};
    int rc = timed(b, &q, r, round, &t, err);

    r->answer = rc ? 0 : lc_interleave_checksum(&t);
    lc_answer_release(&t);
    return rc;
}

/* All over the whole table and of as many rules must have given what multiIf gave. */
static int check_answers(const struct runner *runs, size_t n, struct lc_error *err)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            const struct contestant *a = runs[i].c, *b = runs[k].c;

            if (a->role == ROLE_BUILTIN && b->role != ROLE_LIMIT && a->rules == b->rules &&
                runs[i].rows == runs[k].rows && runs[i].answer != runs[k].answer)
                return lc_fail(err, LC_ERR_INPUT, "%s and %s of %u rules answered differently",
                               a->name, b->name, a->rules);
        }
    return 0;
}

/*
 * The first of that role: the limit by its result type, others by their number of
 * rules. NULL: it did not run.
 */
static const struct runner *find(const struct runner *runs, size_t n, enum role role,
                                 uint32_t rules, const char *type)
{
    for (size_t i = 0; i < n; i++)
        if (runs[i].c->role == role &&
            (role == ROLE_LIMIT ? strcmp(runs[i].c->type, type) == 0 : runs[i].c->rules == rules))
            return &runs[i];
    return NULL;
}

/* The median a row, of r->seconds or r->cpu. */
static double per_row(const double *values, const struct runner *r, unsigned rounds)
{
    double copy[LC_ROUNDS_MAX];

    memcpy(copy, values, sizeof copy);
    return lc_stats_median(copy, rounds) / (double)r->rows;
}

/*
 * Figures of all runners after `rounds` rounds, appended to out. More
 * than LC_ENTRIES are left out.
 */
static void report(const char *what, const struct runner *runs, size_t n, unsigned rounds,
                   struct lc_entry *out, size_t *count)
{
    for (size_t i = 0; i < n; i++) {
        const struct contestant *c = runs[i].c;
        const struct runner *builtin = find(runs, n, ROLE_BUILTIN, c->rules, NULL);
        const struct runner *limit = find(runs, n, ROLE_LIMIT, 0, c->type);
        double sorted[LC_ROUNDS_MAX], own = per_row(runs[i].seconds, &runs[i], rounds);
        double cpu = per_row(runs[i].cpu, &runs[i], rounds);
        struct lc_entry e = {
            .what = what, .rules = c->rules, .name = c->name, .rows = runs[i].rows};

        memcpy(sorted, runs[i].seconds, sizeof sorted);
        e.rounds = rounds;
        memcpy(e.round_s, runs[i].seconds, sizeof e.round_s);
        e.seconds = lc_stats_median(sorted, rounds);
        e.spread = (sorted[rounds - 1] - sorted[0]) / e.seconds;
        e.cpu_seconds = cpu * (double)runs[i].rows;
        if (builtin && c->role != ROLE_BUILTIN) {
            e.of_builtin = own / per_row(builtin->seconds, builtin, rounds);
            e.cpu_of_builtin = cpu / per_row(builtin->cpu, builtin, rounds);
        }
        if (limit && c->role == ROLE_FUNCTION) {
            e.of_limit = per_row(limit->seconds, limit, rounds) / own;
            e.cpu_of_limit = per_row(limit->cpu, limit, rounds) / cpu;
        }
        e.goal = e.of_builtin > 0 && c->goal > 0 ? c->goal : c->limit_goal;
        e.goal_is_limit = !(e.of_builtin > 0 && c->goal > 0);
        if (*count < LC_ENTRIES)
            out[(*count)++] = e;
    }
}

/* Progress, where the caller wants it. */
static void say_round(const struct lc_comparison *how, const char *what, unsigned round)
{
    char line[120];

    snprintf(line, sizeof line, "%s: round %u of %u", what, round, how->rounds);
    if (how->say)
        how->say(line);
}

/*
 * The first contest. The functions' pools start in the warm-up, which also shows
 * whether all answer alike.
 */
static int group_by(const struct lc_comparison *how, struct lc_comparison_place *place,
                    struct lc_entry *out, size_t *count, struct lc_error *err)
{
    struct runner *runs = calloc(CONTESTANTS, sizeof *runs);
    size_t n = 0;
    unsigned done = 0;
    int rc = runs ? 0 : lc_fail(err, LC_ERR_NOMEM, "not enough memory");

    for (size_t i = 0; i < CONTESTANTS && !rc; i++) {
        if (how->quick && (contestants[i].slow || contestants[i].rules > 1000))
            continue;
        runs[n].c = &contestants[i];
        runs[n].rows = how->rows;
        rc = make_query(place, &runs[n++], err);
    }
    for (size_t i = 0; i < n && !rc; i++) { /* pools are started, caches warm */
        rc = run_once(place->backend, &runs[i], 0, err);
    }
    if (!rc)
        rc = check_answers(runs, n, err);
    while (!rc && done < how->rounds) {
        say_round(how, "GROUP BY", done + 1);
        for (size_t i = 0; i < n && !rc; i++) {
            rc = run_once(place->backend, &runs[i], done, err);
            if (!rc && lc_stop_asked())
                rc = lc_fail(err, LC_ERR_STOPPED, "interrupted after %u whole rounds", done);
        }
        done += rc == 0;
    }
    if (done)
        report("GROUP BY", runs, n, done, out, count);
    for (size_t i = 0; i < n; i++)
        lc_buf_release(&runs[i].sql);
    free(runs);
    return rc;
}

/* ADD COLUMN c DEFAULT expression, MATERIALIZE it (timed), check that it is stored, DROP it. */
static int materialize_once(const struct lc_comparison_place *place, struct runner *r,
                            unsigned round, struct lc_error *err)
{
    const struct lc_setting sync[] = {{"mutations_sync", "2"}, {NULL, NULL}};
    struct lc_query q = {.sql = "ALTER TABLE bench.t MATERIALIZE COLUMN c", .settings = sync};
    struct lc_answer t = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, 1 << 24);
    rc = lc_buf_adds(&sql, "ALTER TABLE bench.t ADD COLUMN c ");
    /* An Enum8 column has to know every value that its DEFAULT can give. */
    if (!rc && strcmp(r->c->type, "Enum8") == 0)
        rc = r->c->role == ROLE_LIMIT
                 ? lc_buf_adds(&sql, "Enum8('unknown'=1)")
                 : lc_comparison_enum(&sql, lc_comparison_rules(place, r->c->rules));
    else if (!rc)
        rc = lc_buf_adds(&sql, LOW); /* what a region-like column is stored as */
    rc = rc || lc_buf_adds(&sql, " DEFAULT ") ? lc_no_memory(err) : 0;
    if (!rc)
        rc = make_expression(place, r->c, &sql, err);
    if (!rc)
        rc = lc_buf_str(&sql) ? 0 : lc_no_memory(err);
    if (!rc)
        rc = lc_backend_run(place->backend, lc_buf_str(&sql), NULL, err);
    if (!rc)
        rc = timed(place->backend, &q, r, round, NULL, err);
    if (!rc)
        rc = lc_backend_run(place->backend,
                            "SELECT toString(c) AS r, count() FROM bench.t GROUP BY r ORDER BY r",
                            &t, err);
    if (!rc)
        r->answer = lc_interleave_checksum(&t);
    if (!rc)
        rc = lc_backend_run(place->backend, "ALTER TABLE bench.t DROP COLUMN c", NULL, err);
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rc;
}

/*
 * The second contest. ALTER waits for the mutation (mutations_sync), so that the
 * statement's time is the mutation's.
 */
static int materialize(const struct lc_comparison *how, struct lc_comparison_place *place,
                       struct lc_entry *out, size_t *count, struct lc_error *err)
{
    struct runner *runs = calloc(MATERIALIZED, sizeof *runs);
    unsigned done = 0;
    size_t n = 0;
    int rc = runs ? 0 : lc_fail(err, LC_ERR_NOMEM, "not enough memory");

    for (size_t i = 0; i < MATERIALIZED && !rc; i++) {
        if (how->quick && materialized[i].slow)
            continue;
        runs[n].c = &materialized[i];
        runs[n++].rows = how->rows;
    }
    while (!rc && done < how->rounds) {
        say_round(how, "MATERIALIZE", done + 1);
        for (size_t i = 0; i < n && !rc; i++) {
            rc = materialize_once(place, &runs[i], done, err);
            if (!rc && lc_stop_asked())
                rc = lc_fail(err, LC_ERR_STOPPED, "interrupted after %u whole rounds", done);
        }
        if (!rc)
            rc = check_answers(runs, n, err);
        done += rc == 0;
    }
    if (done)
        report("MATERIALIZE", runs, n, done, out, count);
    free(runs);
    return rc;
}

/* The rows to insert, with the values that multiIf gives. */
static int make_rows(const struct lc_comparison_place *place, struct lc_error *err)
{
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, 1 << 20);
    rc = lc_buf_adds(&sql, "CREATE TABLE bench.given ENGINE = MergeTree ORDER BY tuple() AS SELECT "
                           "user_id, CAST(");
    rc = rc ? rc : lc_multiif_multiif(lc_comparison_rules(place, 3), 0, "user_id", NULL, &sql, err);
    rc = rc || lc_buf_addf(&sql, ", '%s') AS c FROM bench.t LIMIT %u", LOW, INSERT_ROWS) ||
         !lc_buf_str(&sql);
    rc = rc ? lc_fail(err, LC_ERR_NOMEM, "not enough memory")
            : lc_backend_run(place->backend, lc_buf_str(&sql), NULL, err);
    lc_buf_release(&sql);
    return rc;
}

/* A fresh table with the DEFAULT, the INSERT (timed), what it stored. */
static int insert_once(const struct lc_comparison_place *place, struct runner *r, unsigned round,
                       struct lc_error *err)
{
    bool given = r->c->role == ROLE_BUILTIN;
    struct lc_query q = {.sql = given ? "INSERT INTO bench.i (user_id, c) SELECT user_id, c FROM "
                                        "bench.given"
                                      : "INSERT INTO bench.i (user_id) SELECT user_id FROM "
                                        "bench.given"};
    struct lc_answer t = {0};
    struct lc_buf sql;
    int rc;

    lc_buf_init(&sql, 1 << 20);
    rc = lc_buf_adds(&sql, "CREATE TABLE bench.i (user_id String, c " LOW) ||
                 (!given && lc_buf_adds(&sql, " DEFAULT "))
             ? lc_no_memory(err)
             : 0;
    if (!rc && !given)
        rc = make_expression(place, r->c, &sql, err);
    if (!rc && (lc_buf_adds(&sql, ") ENGINE = MergeTree ORDER BY tuple()") || !lc_buf_str(&sql)))
        rc = lc_no_memory(err);
    if (!rc)
        rc = lc_backend_run(place->backend, lc_buf_str(&sql), NULL, err);
    if (!rc)
        rc = timed(place->backend, &q, r, round, NULL, err);
    if (!rc)
        rc = lc_backend_run(place->backend,
                            "SELECT toString(c) AS r, count() FROM bench.i GROUP BY r ORDER BY r",
                            &t, err);
    if (!rc)
        r->answer = lc_interleave_checksum(&t);
    if (!rc)
        rc = lc_backend_run(place->backend, "DROP TABLE bench.i", NULL, err);
    lc_answer_release(&t);
    lc_buf_release(&sql);
    return rc;
}

/*
 * The third contest. A fresh table for each run: parts of runs before
 * would be merged meanwhile.
 */
static int insert(const struct lc_comparison *how, struct lc_comparison_place *place,
                  struct lc_entry *out, size_t *count, struct lc_error *err)
{
    struct runner *runs = calloc(INSERTED, sizeof *runs);
    unsigned done = 0;
    int rc = runs ? make_rows(place, err) : lc_fail(err, LC_ERR_NOMEM, "not enough memory");

    for (size_t i = 0; i < INSERTED && !rc; i++) {
        runs[i].c = &inserted[i];
        runs[i].rows = how->rows < INSERT_ROWS ? how->rows : INSERT_ROWS;
    }
    while (!rc && done < how->rounds) {
        say_round(how, "INSERT", done + 1);
        for (size_t i = 0; i < INSERTED && !rc; i++) {
            rc = insert_once(place, &runs[i], done, err);
            if (!rc && lc_stop_asked())
                rc = lc_fail(err, LC_ERR_STOPPED, "interrupted after %u whole rounds", done);
        }
        if (!rc)
            rc = check_answers(runs, INSERTED, err);
        done += rc == 0;
    }
    if (done)
        report("INSERT", runs, INSERTED, done, out, count);
    free(runs);
    return rc;
}

int lc_comparison_run(const struct lc_comparison *how, struct lc_entry *out, size_t *n,
                      char *version, size_t version_size, struct lc_error *err)
{
    struct lc_comparison_place place;
    int rc;

    *n = 0;
    if (how->say)
        how->say("making rules, functions and rows");
    rc = lc_comparison_prepare(how, &place, err);
    if (!rc) {
        snprintf(version, version_size, "%s", lc_backend_version(place.backend));
        rc = group_by(how, &place, out, n, err);
    }
    if (!rc && how->materialize)
        rc = materialize(how, &place, out, n, err);
    if (!rc && how->materialize)
        rc = insert(how, &place, out, n, err);
    lc_comparison_release(&place);
    return rc;
}
