/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine and the build that figures come from, and whether it was quiet meanwhile: a figure
 * without them is no figure.
 */
#ifndef LC_BENCH_MEASURE_MACHINE_H
#define LC_BENCH_MEASURE_MACHINE_H
#include <stdbool.h>
#include <stdint.h>

struct lc_machine {
    char cpu[96];   /* "AMD EPYC 7B13", "unknown" */
    unsigned cores; /* that this process may run on */
    uint64_t memory_bytes;
    char kernel[96];      /* "Linux 6.1.0-18-amd64 x86_64" */
    char os[96];          /* "Debian GNU/Linux 12 (bookworm)" */
    const char *compiler; /* of livecol itself */
    const char *flags;
    const char *build; /* Release, Debug … */
    const char *commit;
    const char *version;
    char date[32]; /* UTC, ISO 8601, when lc_machine_read was called */
};

/* What the kernel says of this machine; what it does not say is "unknown" or 0. Never fails. */
void lc_machine_read(struct lc_machine *m);

/* Counters of the whole machine, to be compared later. */
struct lc_noise_mark {
    uint64_t total_ticks; /* of all CPUs */
    uint64_t busy_ticks;
    uint64_t steal_ticks; /* taken by the hypervisor for others */
    uint64_t own_ticks;   /* of this process and the children it has waited for */
    uint64_t throttled;   /* times that the cgroup's CPU limit stopped us */
};

/* How the machine was between two marks, as shares of its whole CPU time. */
struct lc_noise {
    double others; /* used by other processes; a server that is measured is among them */
    double steal;
    uint64_t throttled;
};

void lc_noise_mark(struct lc_noise_mark *mark);
struct lc_noise lc_noise_between(const struct lc_noise_mark *from, const struct lc_noise_mark *to);

/* Look at the machine for `ms` while this process rests: what others use of it right now. */
struct lc_noise lc_noise_rest(unsigned ms);

/* The shares above which a machine is said to have been noisy. */
#define LC_NOISY_OTHERS 0.10
#define LC_NOISY_STEAL  0.02

/*
 * True where the figures deserve a warning. `rest` was taken before the work, `during` over the
 * work; its share of others counts only where the engine runs in this process (embedded).
 */
bool lc_noise_is_noisy(const struct lc_noise *rest, const struct lc_noise *during, bool embedded);

#endif
