/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Once the rules are open, livecol-udf needs few calls of the kernel: read keys, write answers, look at the rules,
 * memory. The rest is given up by a seccomp filter: no file, socket, process, signal to others, nor code that is not
 * in the program. A key that would find a fault in the program could do no more than answer wrongly.
 *
 * A call that is given up fails with EPERM. It does not end the process: the C library may try one, and go on
 * without.
 */
#ifndef LC_UDF_SANDBOX_H
#define LC_UDF_SANDBOX_H
#include "base/error.h"

#include <stdbool.h>

enum lc_sandbox {
    LC_SANDBOX_IF_ANY, /* where the kernel, and this build, has it */
    LC_SANDBOX_NEEDED,
    LC_SANDBOX_NONE
};

/*
 * Enter it, for good. Descriptors but 0 to 2 and `keep` (-1: none) are closed, since the server may
 * have left some of its own. 0, also where there is none and none is needed; LC_ERR_REFUSED: it is
 * needed, and the kernel refuses it or the build (a sanitizer's, another processor's) has none.
 */
int lc_sandbox_enter(enum lc_sandbox want, int keep, struct lc_error *err);

/* For tests: what is tried inside, in a build that has it (tests/support/attempts.c). */
#ifdef LIVECOL_TEST_HOOKS
void lc_test_attempts(void);
#define LC_TEST_ATTEMPTS() lc_test_attempts()
#else
#define LC_TEST_ATTEMPTS() ((void)0)
#endif

#endif
