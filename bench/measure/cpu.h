/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor time that this process and its children have used: unlike the time on the wall, it
 * is the same however busy the machine is, so a ratio of two is a figure on a noisy one too.
 */
#ifndef LC_BENCH_MEASURE_CPU_H
#define LC_BENCH_MEASURE_CPU_H

/*
 * Seconds of processor time, user and system, of this process, of children that live (a pool's) and
 * of those that have ended and were waited for. Only differences mean anything.
 */
double lc_cpu_seconds(void);

#endif
