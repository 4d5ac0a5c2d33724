/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a benchmark found: named series of times, comparisons, verdicts on budgets, and the machine
 * they come from. One shape for every scenario, so that all of them print, plot, export and compare
 * alike. As JSON it is described by bench/schema.json.
 */
#ifndef LC_BENCH_RESULT_RESULT_H
#define LC_BENCH_RESULT_RESULT_H
#include "base/json.h"
#include "base/stats.h"
#include "bench/measure/load.h"
#include "bench/measure/machine.h"
#include "bench/result/budget.h"
#include "cli/server/backend.h"
#include "cli/term/text_table.h"

enum { LC_RESULT_NAME_BYTES = 64 };

/* Times of one thing that was done over and over. All text is owned by the series. */
struct lc_series {
    char name[LC_RESULT_NAME_BYTES]; /* unique within the outcome: "limit/backfill" */
    char *sql;                       /* NULL: it was no single statement */
    bool reference;                  /* what others are compared with */
    size_t n;                        /* good runs */
    double *ms;                      /* n, in the order in which they were due */
    double *at_ms;                   /* n: when they were due, since the start */
    double *waited_ms;               /* n: of ms, how long it was due before it began */
    double *server_each_ms;          /* n: of ms, the server's own time; 0: not known */
    double *sorted;                  /* n, ascending */
    struct lc_stats stats;           /* of ms */
    uint64_t errors;
    char *error;      /* the first one's text; NULL: none */
    double seconds;   /* that it was measured for */
    double qps;       /* good runs a second; see lc_series_take */
    double server_ms; /* mean of the server's own time; 0: not known */
    double rows_read; /* mean a run; 0: not known */
    double bytes_read;
    uint64_t answer; /* checksum of the answer, whatever the order of its rows */
    bool answer_known;
    bool answer_varies; /* runs of this series disagreed with each other */
};

/* series[of] against series[against]. */
struct lc_difference {
    size_t of, against;
    double ratio; /* of the means; above 1: slower */
    struct lc_welch welch;
    bool answers_agree; /* also true where answers are not known */
    bool regressed;     /* proven slower by more than the outcome's tolerance */
};

struct lc_judgement {
    struct lc_budget budget;
    size_t series;
    double actual;
    enum lc_verdict verdict;
};

/* A stretch of the run that has a name of its own; for plots. */
struct lc_stretch {
    char name[24];
    double from_ms, to_ms;
};

struct lc_result {
    const char *scenario; /* "query", "live", "udf", "match"; static text */
    struct lc_machine machine;
    char where[200]; /* what it was connected to; "" for none */
    char engine[64]; /* its version */
    char how[160];   /* the load: "open loop, 50 a second, 4 connections"; "" where it is fixed */
    bool embedded;
    uint64_t rows; /* in the table, where there is one that matters */
    double confidence;
    double tolerance; /* how much slower is no regression, as a share of the reference's mean */
    struct lc_noise_mark began;
    struct lc_noise rest, during;
    bool noisy;
    bool partial; /* interrupted */
    struct lc_series **series;
    size_t n_series;
    struct lc_difference *comparisons;
    size_t n_comparisons;
    struct lc_judgement *judgements;
    size_t n_judgements;
    struct lc_stretch *stretches;
    size_t n_stretches;
    struct lc_json *facts;  /* what only this scenario has, an object; owned; NULL: nothing */
    struct lc_json *source; /* what it was loaded from; owned; NULL: it was measured here */
    char commit[64];        /* of what was loaded */
    bool failed;            /* there was no memory for something: the outcome is not whole */
};

/* Begin: reads the machine, and looks for 200 ms how busy it is without us. b may be NULL. */
void lc_result_begin(struct lc_result *o, const char *scenario, struct lc_backend *b);

/* End of the measuring: settles the noise. */
void lc_result_end(struct lc_result *o);

void lc_result_release(struct lc_result *o);

/* Add an empty series; NULL where there is no memory. Stays valid until the release. */
struct lc_series *lc_result_add(struct lc_result *o, const char *name, const char *sql);

/* Which samples make a series, and how they came about. */
struct lc_series_of {
    int phase, variant; /* LC_SERIES_ALL: whatever it is */
    unsigned workers;   /* how many took turns at it */
    double seconds;     /* of the whole */
    bool open;          /* at an open rate: qps is runs a second of `seconds` */
};
enum { LC_SERIES_ALL = -1 };

/* All samples of one worker in a closed loop: qps is what it would do if it did nothing else. */
#define LC_SERIES_OF_ALL                                                                           \
    ((struct lc_series_of){.phase = LC_SERIES_ALL, .variant = LC_SERIES_ALL, .workers = 1})

/* Fill the series from those of n samples. 0 or LC_ERR_NOMEM. */
int lc_series_take(struct lc_series *s, const struct lc_sample *samples, size_t n,
                   struct lc_series_of of);

/* True where the server told its own time, or what it read. */
bool lc_series_server_known(const struct lc_series *s);

/* Note a stretch of time. */
void lc_result_stretch(struct lc_result *o, const char *name, double from_ms, double to_ms);

/* Compare two of its series; confidence and tolerance are the outcome's. */
void lc_result_compare(struct lc_result *o, size_t of, size_t against);

/* Judge a series by a budget; ratio: to its reference, 0: none. */
void lc_result_judge(struct lc_result *o, const struct lc_budget *budget, size_t series,
                     double ratio);

/* True where that test proves b slower than a, of which this is the mean, by more than `tolerance`
 * of it: the whole confidence interval lies beyond. */
bool lc_is_regression(const struct lc_welch *w, double mean_a, double tolerance);

/* True where a comparison proves a series slower than its reference by more than the tolerance. */
bool lc_result_regressed(const struct lc_result *o);

/* What a person calls it: "slower, proven", "no difference proven", "too few runs", …; static. */
const char *lc_result_verdict(const struct lc_welch *w, bool regressed);

/* True where a budget is missed, or could not be judged. */
bool lc_result_missed(const struct lc_result *o);

/* The table of all series, for people, or with `raw` for programs: plain numbers, nothing where
 * there are too few runs for a percentile. The report is to be released. */
void lc_result_table(const struct lc_result *o, bool raw, struct lc_text_table *r);

/*
 * The slowest run of each series, and where its time went: before it began, since its connection was busy or its
 * thread did not run; in the server; the rest. The report is to be released.
 */
void lc_result_slowest(const struct lc_result *o, struct lc_text_table *r);

/* Append two lines on where it was measured; a line where the machine was
 * noisy. 0, LC_ERR_NOMEM. */
int lc_result_where(const struct lc_result *o, struct lc_buf *out);
int lc_result_noise(const struct lc_result *o, struct lc_buf *out);

/* Append what a person reads: machine, table, comparisons, budgets. 0 or LC_ERR_NOMEM. */
int lc_result_text(const struct lc_result *o, struct lc_buf *out);
/* The same as a page in Markdown. */
int lc_result_markdown(const struct lc_result *o, struct lc_buf *out);

/* As JSON, every raw time with it; to be freed by lc_json_free. NULL: no memory. The facts move
 * into it. */
struct lc_json *lc_result_json(struct lc_result *o);

/* Read the JSON of an earlier run: scenario, series, machine lines. 0, LC_ERR_IO, LC_ERR_INPUT. */
int lc_result_load(struct lc_result *o, const char *path, struct lc_error *err);

#endif
