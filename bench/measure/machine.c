/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All from /proc, /sys and a few system calls, none of which needs a privilege. What is missing
 * in a container is "unknown" or 0.
 */
#include "bench/measure/machine.h"

#include "livecol_version.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* The text behind `key` and its separator in a file of "key<sep>value" lines. */
static void line_value(const char *path, const char *key, char *out, size_t size)
{
    (void)snprintf(out, size, "unknown");
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        return;
    }
    char line[512];
    size_t key_n = strlen(key);
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, key, key_n) != 0) {
            continue;
        }
        const char *v = line + key_n + strspn(line + key_n, " \t:=\"");
        (void)snprintf(out, size, "%.*s", (int)strcspn(v, "\"\n"), v);
        break;
    }
    (void)fclose(f);
}

/* Processors that this process may run on, as `taskset` and cpusets leave them. */
static unsigned cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return (unsigned)CPU_COUNT(&set);
    }
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 0;
}

void lc_machine_read(struct lc_machine *m)
{
    *m = (struct lc_machine){
        .compiler = LIVECOL_COMPILER,
        .flags = LIVECOL_BUILD_FLAGS,
        .build = LIVECOL_BUILD_TYPE,
        .commit = LIVECOL_COMMIT,
        .version = LIVECOL_VERSION,
    };
    line_value("/proc/cpuinfo", "model name", m->cpu, sizeof m->cpu);
    line_value("/etc/os-release", "PRETTY_NAME", m->os, sizeof m->os);
    m->cores = cores();
    long pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGE_SIZE);
    m->memory_bytes = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
    struct utsname u;
    if (uname(&u) == 0) {
        (void)snprintf(m->kernel, sizeof m->kernel, "%.24s %.40s %.20s", u.sysname, u.release,
                       u.machine);
    } else {
        (void)snprintf(m->kernel, sizeof m->kernel, "unknown");
    }
    time_t now = time(NULL);
    struct tm tm;
    if (gmtime_r(&now, &tm) != NULL) {
        (void)strftime(m->date, sizeof m->date, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
}

/* In clock ticks, the unit of /proc/stat. */
static uint64_t ticks_of(const struct timeval *t)
{
    uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
    return (uint64_t)t->tv_sec * hz + (uint64_t)t->tv_usec * hz / 1000000U;
}

void lc_noise_mark(struct lc_noise_mark *mark)
{
    *mark = (struct lc_noise_mark){0};
    /* cpu user nice system idle iowait irq softirq steal …: see proc(5) */
    char text[256];
    line_value("/proc/stat", "cpu ", text, sizeof text);
    char *at = text;
    for (unsigned i = 0; i < 8; i++) {
        uint64_t ticks = strtoull(at, &at, 10);
        /*
         * Waiting for a disk is idle time; time that the hypervisor took
         * for others is counted apart.
         */
        bool idle = i == 3 || i == 4;
        mark->total_ticks += ticks;
        mark->busy_ticks += idle || i == 7 ? 0 : ticks;
        mark->steal_ticks += i == 7 ? ticks : 0;
    }
    static const int who[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
    for (unsigned i = 0; i < 2; i++) {
        struct rusage usage;
        if (getrusage(who[i], &usage) == 0) {
            mark->own_ticks += ticks_of(&usage.ru_utime) + ticks_of(&usage.ru_stime);
        }
    }
    line_value("/sys/fs/cgroup/cpu.stat", "nr_throttled", text, sizeof text);
    mark->throttled = strtoull(text, NULL, 10);
}

struct lc_noise lc_noise_between(const struct lc_noise_mark *from, const struct lc_noise_mark *to)
{
    struct lc_noise noise = {.throttled = to->throttled - from->throttled};
    uint64_t total = to->total_ticks - from->total_ticks;
    uint64_t busy = to->busy_ticks - from->busy_ticks;
    uint64_t own = to->own_ticks - from->own_ticks;
    if (total > 0) {
        noise.others = busy > own ? (double)(busy - own) / (double)total : 0;
        noise.steal = (double)(to->steal_ticks - from->steal_ticks) / (double)total;
    }
    return noise;
}

struct lc_noise lc_noise_rest(unsigned ms)
{
    struct lc_noise_mark from;
    struct lc_noise_mark to;
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};
    lc_noise_mark(&from);
    (void)nanosleep(&t, NULL);
    lc_noise_mark(&to);
    return lc_noise_between(&from, &to);
}

bool lc_noise_is_noisy(const struct lc_noise *rest, const struct lc_noise *during, bool embedded)
{
    return rest->others > LC_NOISY_OTHERS || during->steal > LC_NOISY_STEAL ||
           during->throttled > 0 || (embedded && during->others > LC_NOISY_OTHERS);
}
