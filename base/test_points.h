/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests need of the inside, compiled in with LIVECOL_TEST_HOOKS only; else it costs nothing.
 *
 *   LIVECOL_TEST_KILL_AT=n     raise SIGKILL at the n-th point that is passed, as a power cut would
 *   LIVECOL_TEST_INT_AT=n      raise SIGINT there, as Ctrl-C would
 *   LIVECOL_TEST_STOP_AT=n     raise SIGSTOP there: every thread is stopped, the heartbeat too
 *   LIVECOL_TEST_POINTS=1      name each point on stderr as it is passed
 *   LIVECOL_TEST_GATE=DIR      at the point NAME, wait while DIR/NAME.hold is there, after leaving
 *                              DIR/NAME.reached; blanks of the name stay blanks. A LC_TEST_GATE
 *                              is only that, and does not count as a point
 *   LIVECOL_TEST_STALE_S=n     a lock is stale after so many seconds
 *   LIVECOL_TEST_BACKOFF_MS=n  the first pause before something is tried again
 */
#ifndef LC_BASE_TEST_POINTS_H
#define LC_BASE_TEST_POINTS_H

#ifdef LIVECOL_TEST_HOOKS
void lc_test_point(const char *name);
void lc_test_gate(const char *name);
unsigned lc_test_number(const char *variable, unsigned otherwise);
#define LC_TEST_POINT(name)                 lc_test_point(name)
#define LC_TEST_GATE(name)                  lc_test_gate(name)
#define LC_TEST_NUMBER(variable, otherwise) lc_test_number(variable, otherwise)
#else
#define LC_TEST_POINT(name)                 ((void)0)
#define LC_TEST_GATE(name)                  ((void)0)
#define LC_TEST_NUMBER(variable, otherwise) (otherwise)
#endif

#endif
