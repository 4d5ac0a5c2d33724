/*
 * Points at which a test may end the process, as a power cut would: LIVECOL_TEST_KILL_AT=n raises
 * SIGKILL at the n-th point that is passed. Compiled in with LIVECOL_TEST_HOOKS only.
 */
#ifndef LC_TEST_POINTS_H
#define LC_TEST_POINTS_H

#ifdef LIVECOL_TEST_HOOKS
void lc_test_point(const char *name);
#define LC_TEST_POINT(name) lc_test_point(name)
#else
#define LC_TEST_POINT(name) ((void)0)
#endif

#endif
