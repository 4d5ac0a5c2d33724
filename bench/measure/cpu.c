/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processor time of this process and its children, in seconds. The kernel counts a child's
 * time for its parent only when the child has been waited for; a pool's processes live on, so
 * they are looked up in /proc.
 */
#include "bench/measure/cpu.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timespec t)
{
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The parent of a process, by /proc/PID/stat; 0 where it has gone. */
static int parent_of(int pid)
{
    char path[64], line[512];
    const char *end = NULL;
    int parent = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    f = fopen(path, "re");
    if (!f)
        return 0;
    if (fgets(line, sizeof line, f)) /* the name, in brackets, may hold anything */
        for (const char *p = line; *p; p++)
            end = *p == ')' ? p : end;
    if (end && sscanf(end + 1, " %*c %d", &parent) != 1)
        parent = 0;
    fclose(f);
    return parent;
}

/*
 * Children that run, each by its own clock. One that ends meanwhile is left out, or
 * counted in the next reading.
 */
static double live_children(void)
{
    DIR *proc = opendir("/proc");
    struct dirent *e;
    double sum = 0;

    while (proc && (e = readdir(proc))) {
        int pid = atoi(e->d_name);
        struct timespec t;
        clockid_t clock;

        if (pid > 0 && parent_of(pid) == getpid() && clock_getcpuclockid(pid, &clock) == 0 &&
            clock_gettime(clock, &t) == 0)
            sum += seconds(t);
    }
    if (proc)
        closedir(proc);
    return sum;
}

double lc_cpu_seconds(void)
{
    struct timespec own = {0};
    struct rusage ended = {0};

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    getrusage(RUSAGE_CHILDREN, &ended);
    return seconds(own) + live_children() +
           (double)(ended.ru_utime.tv_sec + ended.ru_stime.tv_sec) +
           (double)(ended.ru_utime.tv_usec + ended.ru_stime.tv_usec) / 1e6;
}
