/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two numbers of a MergeTree table at which the server slows down, and then refuses: of parts in a
 * partition, and of unfinished mutations. What 0 means differs (tried on 26.7):
 *
 *   parts_to_delay_insert, parts_to_throw_insert      0 parts are too many: a throw of 0 refuses every INSERT
 *   number_of_mutations_to_delay, …_to_throw          0 turns it off
 */
#ifndef LC_CLI_COMMANDS_DOCTOR_LIMITS_H
#define LC_CLI_COMMANDS_DOCTOR_LIMITS_H
#include <stdint.h>

/* Of what doctor says: well; it will hurt, or waits for somebody; it does not work now. */
enum lc_level { LC_LEVEL_OK, LC_LEVEL_WARN, LC_LEVEL_FAIL };

/* No such limit. */
#define LC_LIMIT_NEVER UINT64_MAX

struct lc_limits {
    uint64_t slow_at, fail_at;
};

struct lc_limits lc_limits_of_parts(uint64_t delay, uint64_t refuse);
struct lc_limits lc_limits_of_mutations(uint64_t delay, uint64_t refuse);

/*
 * How near is n to the first of them? Half of it is a warning; all of it a failure, since the slow-down
 * has begun:
 *
 *   0            first / 2             first
 *   ├── ok ──────┼── warn ─────────────┼── fail
 */
enum lc_level lc_limits_level(uint64_t n, const struct lc_limits *l);

/* Room for what lc_limits_text writes. */
enum { LC_LIMITS_BYTES = 120 };

/*
 * "slow down at 1000, fail at 3000": what of it the server does, in the words `slow` and `fail`. A
 * slow-down that is not below the failure is left out.
 */
void lc_limits_text(char out[LC_LIMITS_BYTES], const char *slow, const char *fail,
                    const struct lc_limits *l);

#endif
