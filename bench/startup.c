#include "startup.h"

#include "clock.h"
#include "places.h"
#include "rules_csv.h"
#include "stats.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RULES  1000000u
#define STARTS 21

extern char **environ;

static int compile(const char *path, double *seconds, struct lc_error *err)
{
    struct lc_rules *rules = NULL;
    struct lc_buf csv;
    uint64_t start;
    int rc;

    lc_buf_init(&csv, 1 << 28);
    rc = lc_buf_adds(&csv, "prefix,v\n,none\n");
    for (unsigned i = 1; i < RULES && !rc; i++)
        rc = lc_buf_addf(&csv, "u%u_%06u,r%u\n", i % 9 + 1, i, i % 10);
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

/* Start it, ask one key, wait for the answer, end it. */
static int start_once(char *program, char *rules, double *ms, double *bytes, struct lc_error *err)
{
    char *argv[] = {program, "--rules", rules, "--format", "RowBinary", NULL};
    posix_spawn_file_actions_t actions;
    int to[2], from[2], rc = 0;
    uint64_t start;
    char answer[64];
    pid_t pid;

    if (pipe(to) || pipe(from))
        return lc_fail(err, LC_ERR_IO, "cannot make a pipe: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, to[1]);
    posix_spawn_file_actions_addclose(&actions, from[0]);
    start = lc_clock_now(lc_clock_system());
    errno = posix_spawn(&pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    if (errno) {
        rc = lc_fail(err, LC_ERR_IO, "%s: cannot start: %s", program, strerror(errno));
    } else {
        int status;

        if (write(to[1], "\x09u1_000009", 10) != 10 || read(from[0], answer, sizeof answer) <= 0)
            rc = lc_fail(err, LC_ERR_IO, "%s: no answer", program);
        *ms = (double)(lc_clock_now(lc_clock_system()) - start) / 1e6;
        *bytes = private_bytes(pid);
        close(to[1]);
        to[1] = -1;
        if (waitpid(pid, &status, 0) != pid || (!rc && status != 0))
            rc = lc_fail(err, LC_ERR_IO, "%s: it failed", program);
    }
    if (to[1] >= 0)
        close(to[1]);
    close(from[0]);
    return rc;
}

int lc_startup_measure(const char *folder, struct lc_startup *out, struct lc_error *err)
{
    char rules[1024], *program = NULL;
    double ms[STARTS];
    int rc = lc_place_udf(&program, err);

    *out = (struct lc_startup){.rules = RULES};
    snprintf(rules, sizeof rules, "%s/startup.rules", folder);
    if (!rc)
        rc = compile(rules, &out->compile_s, err);
    for (int i = 0; i < STARTS && !rc; i++)
        rc = start_once(program, rules, &ms[i], &out->private_bytes, err);
    if (!rc)
        out->first_answer_ms = lc_stats_median(ms, STARTS);
    unlink(rules);
    free(program);
    return rc;
}
