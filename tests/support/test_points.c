/* The hooks of cli/test_points.h, for livecol-hooks. */
#include "test_points.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* Every point is named on stderr where LIVECOL_TEST_POINTS is set, so that a test can count them.
 */
void lc_test_point(const char *name)
{
    static unsigned passed;
    unsigned at = lc_test_number("LIVECOL_TEST_KILL_AT", 0);

    passed++;
    if (getenv("LIVECOL_TEST_POINTS"))
        fprintf(stderr, "point %u: %s\n", passed, name);
    if (at == passed)
        raise(SIGKILL);
}

unsigned lc_test_number(const char *variable, unsigned otherwise)
{
    const char *text = getenv(variable);

    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}
