/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Set once, never cleared. Atomic, so that a handler may write what any thread reads. */
static atomic_bool asked;
static atomic_int signal_seen;
static _Atomic(const char *) notice;

/*
 * The first signal asks for a stop, which takes as long as the work needs to reach a state that
 * can be resumed. A second one, of any kind, ends the process at once, by the signal's default.
 */
static void on_signal(int sig)
{
    const char *text;
    int was = errno;

    if (atomic_exchange(&asked, true)) {
        signal(sig, SIG_DFL);
        raise(sig);
        return;
    }
    atomic_store(&signal_seen, sig);
    text = atomic_load(&notice);
    if (text && write(STDERR_FILENO, text, strlen(text)) < 0) {
        /* Nobody is there to read it. */
    }
    errno = was;
}

void lc_stop_notice(const char *text)
{
    atomic_store(&notice, text);
}

void lc_stop_init(void)
{
    /*
     * What SIGHUP meant when the process began; a later call would see our own handler
     * instead.
     */
    static enum { UNKNOWN, PAUSES, IGNORED } hup;
    struct sigaction act = {.sa_handler = on_signal}, before;

    sigemptyset(&act.sa_mask);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    /* The terminal has gone: as good a reason to pause; unless nohup has said that it is none. */
    if (hup == UNKNOWN && sigaction(SIGHUP, NULL, &before) == 0)
        hup = before.sa_handler == SIG_IGN ? IGNORED : PAUSES;
    if (hup == IGNORED)
        signal(SIGHUP, SIG_IGN);
    else
        sigaction(SIGHUP, &act, NULL);
    /* A peer that hangs up is an error of that connection, not the end of this process. */
    act.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &act, NULL);
}

bool lc_stop_asked(void)
{
    return atomic_load(&asked);
}

const atomic_bool *lc_stop_flag(void)
{
    return &asked;
}

int lc_stop_exit_code(void)
{
    int sig = atomic_load(&signal_seen);

    return sig ? 128 + sig : 0;
}

void lc_stop_at_once(void)
{
    static const int signals[] = {SIGINT, SIGTERM}; /* SIGHUP may be ignored, by nohup */

    if (lc_stop_asked())
        return;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
}
