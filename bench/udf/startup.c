/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program without a server: how long a million rules take to compile, how soon a process
 * answers, how much memory is its own, and what a call costs. A process is started as the
 * server does it, over two pipes.
 */
#include "bench/udf/startup.h"

#include "base/clock.h"
#include "base/stats.h"
#include "cli/deploy/locate.h"
#include "udf/rules/csv.h"
#include "udf/rules/open.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RULES 1000000u
/* Odd, so that the median is a figure that was measured. */
#define STARTS 21
#define CALLS  21

#define GRANULE_ROWS 8192u
#define INSERT_ROWS  1048576u

extern char **environ;

/*
 * From CSV in memory to a compiled file at path: parse, build, write.
 * Making the CSV is not counted.
 */
static int compile(const char *path, double *seconds, struct lc_error *err)
{
    struct lc_rules *rules = NULL;
    struct lc_buf csv;
    uint64_t start;
    int rc;

    lc_buf_init(&csv, 1 << 28);
    rc = lc_buf_adds(&csv, "prefix,v\n,99\n");
    for (unsigned i = 1; i < RULES && !rc; i++)
        rc = lc_buf_addf(&csv, "u%u_%06u,%u\n", i % 9 + 1, i, i % 10);
    start = lc_clock_now(lc_clock_system());
    if (!rc)
        rc = lc_rules_parse_csv(&rules, csv.p, csv.n, "a million rules", err);
    if (!rc)
        rc = lc_rules_write(rules, path, err);
    *seconds = (double)(lc_clock_now(lc_clock_system()) - start) / 1e9;
    lc_rules_free(rules);
    lc_buf_release(&csv);
    return rc;
}

/*
 * Private_Dirty of a process, in bytes; 0 where the kernel does not say. Its clean pages are the
 * program and the rules, which it shares with the page cache and with every other process.
 */
static double private_bytes(pid_t pid)
{
    char path[64], line[256];
    double sum = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        unsigned long kib;

        if (sscanf(line, "Private_Dirty: %lu kB", &kib) == 1)
            sum += (double)kib * 1024;
    }
    if (f)
        fclose(f);
    return sum;
}

/* A child, and the pipes to and from it. */
struct child {
    pid_t pid;
    int to, from;
};

/*
 * Blocks of RowBinary behind chunk headers: an answer comes when its block is whole, so that
 * neither side can wait for the other's pipe.
 */
static int start(struct child *c, char *program, char *rules, struct lc_error *err)
{
    char *argv[] = {program,     "--rules",        rules, "--type", "UInt8", "--format",
                    "RowBinary", "--chunk-header", NULL};
    posix_spawn_file_actions_t actions;
    int to[2], from[2], failed;

    if (pipe(to))
        return lc_fail(err, LC_ERR_IO, "cannot make a pipe: %s", strerror(errno));
    if (pipe(from)) {
        close(to[0]);
        close(to[1]);
        return lc_fail(err, LC_ERR_IO, "cannot make a pipe: %s", strerror(errno));
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, to[1]);
    posix_spawn_file_actions_addclose(&actions, from[0]);
    failed = posix_spawn(&c->pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    c->to = to[1];
    c->from = from[0];
    if (!failed)
        return 0;
    close(c->to);
    close(c->from);
    return lc_fail(err, LC_ERR_IO, "%s: cannot start: %s", program, strerror(failed));
}

/* End its input, and wait for it; it must end well. */
static int end(struct child *c, const char *program, struct lc_error *err)
{
    int status;

    close(c->to);
    close(c->from);
    if (waitpid(c->pid, &status, 0) != c->pid || status != 0)
        return lc_fail(err, LC_ERR_IO, "%s: it failed", program);
    return 0;
}

/* Write n bytes, then read `answer` bytes: one call, as the server makes it. ms, or a failure. */
static int call(const struct child *c, const uint8_t *p, size_t n, size_t answer, double *ms,
                struct lc_error *err)
{
    uint64_t begun = lc_clock_now(lc_clock_system());
    static uint8_t block[1 << 20];

    while (n) {
        ssize_t wrote = write(c->to, p, n);

        if (wrote < 0)
            return lc_fail(err, LC_ERR_IO, "livecol-udf takes no input: %s", strerror(errno));
        p += wrote;
        n -= (size_t)wrote;
    }
    while (answer) {
        ssize_t got = read(c->from, block, answer < sizeof block ? answer : sizeof block);

        if (got <= 0)
            return lc_fail(err, LC_ERR_IO, "livecol-udf gives no answer");
        answer -= (size_t)got;
    }
    *ms = (double)(lc_clock_now(lc_clock_system()) - begun) / 1e6;
    return 0;
}

/* Start it, ask one key, wait for the answer, end it. */
static int start_once(char *program, char *rules, double *ms, double *bytes, struct lc_error *err)
{
    uint64_t begun = lc_clock_now(lc_clock_system());
    struct child c;
    double ignored;
    int rc = start(&c, program, rules, err), ended;

    if (rc)
        return rc;
    /*
     * The chunk header "1\n" (one row), then a RowBinary string: its length 9, a tab as a byte,
     * and the key. One byte comes back, a UInt8.
     */
    rc = call(&c, (const uint8_t *)"1\n\x09u1_000009", 12, 1, &ignored, err);
    *ms = (double)(lc_clock_now(lc_clock_system()) - begun) / 1e6;
    *bytes = private_bytes(c.pid);
    /* The process is ended in any case; only the first failure is kept. */
    ended = end(&c, program, rc ? NULL : err);
    return rc ? rc : ended;
}

/* Median time of a call of `rows` keys, in RowBinary, to a process that is warm. */
static int time_calls(char *program, char *rules, unsigned rows, double *median,
                      struct lc_error *err)
{
    struct lc_buf in;
    struct child c;
    double ms[CALLS];
    int rc = start(&c, program, rules, err), ended;

    if (rc)
        return rc;
    lc_buf_init(&in, (size_t)rows * 16 + 64);
    rc = lc_buf_addf(&in, "%u\n", rows);
    for (unsigned i = 0; i < rows && !rc; i++)
        rc = lc_buf_addf(&in, "\x09u%u_%06u", i % 9 + 1, i * 7919 % 1000000);
    if (!rc)
        rc = call(&c, in.p, in.n, rows, &ms[0], err); /* warm */
    for (int i = 0; i < CALLS && !rc; i++)
        rc = call(&c, in.p, in.n, rows, &ms[i], err);
    if (!rc)
        *median = lc_stats_median(ms, CALLS);
    lc_buf_release(&in);
    ended = end(&c, program, rc ? NULL : err);
    return rc ? rc : ended;
}

int lc_startup_measure(const char *folder, struct lc_startup *out, struct lc_error *err)
{
    char rules[1024], *program = NULL;
    double ms[STARTS];
    int rc = lc_locate_udf(&program, err);

    *out = (struct lc_startup){.rules = RULES};
    snprintf(rules, sizeof rules, "%s/startup.rules", folder);
    if (!rc)
        rc = compile(rules, &out->compile_s, err);
    for (int i = 0; i < STARTS && !rc; i++)
        rc = start_once(program, rules, &ms[i], &out->private_bytes, err);
    if (!rc)
        out->first_answer_ms = lc_stats_median(ms, STARTS);
    if (!rc)
        rc = time_calls(program, rules, GRANULE_ROWS, &out->granule_ms, err);
    if (!rc)
        rc = time_calls(program, rules, INSERT_ROWS, &out->insert_ms, err);
    unlink(rules);
    free(program);
    return rc;
}
