/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What livecol doctor looks at: each a line, ok, warn (it will hurt, or waits for somebody) or fail
 * (it does not work now), with what to do.
 *
 * A look that the server refuses (no right to read a system table) is a warning, and the next one
 * goes on; the functions give an error only where nothing more can be asked.
 */
#ifndef LC_CLI_COMMANDS_DOCTOR_SERVER_H
#define LC_CLI_COMMANDS_DOCTOR_SERVER_H
#include "base/strings.h"
#include "cli/commands/doctor_limits.h"
#include "cli/migrate/session.h"
#include "cli/server/abilities.h"

struct lc_doctor {
    const struct lc_session *s; /* opened; the caller's */
    struct lc_abilities facts;
    struct lc_strings rules; /* "FILE" or "function=FILE" */
    bool json;
    unsigned count[LC_LEVEL_FAIL + 1];
};

/* Say one finding; hint may be NULL. */
void lc_doctor_say(struct lc_doctor *d, enum lc_level level, const char *about, const char *hint,
                   const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* What a look ended with: a refusal of the server is said, and is no error. */
int lc_doctor_end(struct lc_doctor *d, const char *about, int rc, const struct lc_error *one,
                  struct lc_error *err);

/* The server: version and abilities, disks, limits that are near, replicas. */
int lc_doctor_server(struct lc_doctor *d, struct lc_error *err);

/* Functions: loaded, answering, as the rules say, set up so that they last. */
int lc_doctor_functions(struct lc_doctor *d, struct lc_error *err);

/* DEFAULTs that call a function: do they answer, and is the column stored everywhere? */
int lc_doctor_defaults(struct lc_doctor *d, struct lc_error *err);

/* Unfinished mutations, and those that fail. */
int lc_doctor_mutations(struct lc_doctor *d, struct lc_error *err);

#endif
