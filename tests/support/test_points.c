/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks of base/test_points.h, for livecol-hooks. */
#include "base/test_points.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A gate of tests/support/wait.sh: leaves NAME.reached, and waits while NAME.hold is there. */
static void wait_at_gate(const char *folder, const char *name)
{
    const struct timespec pause = {0, 10000000};
    char hold[4096], reached[4096];
    FILE *f;

    snprintf(hold, sizeof(hold), "%s/%s.hold", folder, name);
    snprintf(reached, sizeof(reached), "%s/%s.reached", folder, name);
    if (access(hold, F_OK) != 0)
        return;
    f = fopen(reached, "w");
    if (f)
        fclose(f);
    while (access(hold, F_OK) == 0)
        nanosleep(&pause, NULL);
}

void lc_test_gate(const char *name)
{
    const char *gate = getenv("LIVECOL_TEST_GATE");

    if (gate)
        wait_at_gate(gate, name);
}

/* Every point is named on stderr where LIVECOL_TEST_POINTS is set, so that a
 * test can count them. */
void lc_test_point(const char *name)
{
    static unsigned passed;
    unsigned at = lc_test_number("LIVECOL_TEST_KILL_AT", 0);

    passed++;
    lc_test_gate(name);
    if (getenv("LIVECOL_TEST_POINTS"))
        fprintf(stderr, "point %u: %s\n", passed, name);
    if (at == passed)
        raise(SIGKILL);
    if (lc_test_number("LIVECOL_TEST_INT_AT", 0) == passed)
        kill(getpid(), SIGINT);
    if (lc_test_number("LIVECOL_TEST_STOP_AT", 0) == passed)
        raise(SIGSTOP);
}

unsigned lc_test_number(const char *variable, unsigned otherwise)
{
    const char *text = getenv(variable);

    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}
