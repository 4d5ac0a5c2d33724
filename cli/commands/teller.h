/* SPDX-License-Identifier: Apache-2.0 */
/* Tells a person, or a program, what a run of migrations does. */
#ifndef LC_CLI_COMMANDS_TELLER_H
#define LC_CLI_COMMANDS_TELLER_H
#include "base/turns.h"
#include "cli/commands/shared.h"
#include "cli/migrate/event.h"

/* Tell the events of a run: lines, or with --json an object a line, on stdout; talk on stderr. */
struct lc_teller {
    const struct lc_migrate *m;
    struct {
        uint64_t version; /* of a migration that is waited for; 0: none */
        uint64_t next_ms; /* when the next line of its progress may be shown */
    } waits[LC_TURNS_MAX];
    uint64_t shown; /* the version whose passing line is redrawn on the terminal */
};
void lc_teller_init(struct lc_teller *t, const struct lc_migrate *m);
void lc_teller_event(void *ctx, const struct lc_run_event *e);
/* The last line: "applied 2, skipped 7 in 1.3 s". */
void lc_teller_done(struct lc_teller *t, const struct lc_up_report *report, bool down);

#endif
